/* clerk.c: see clerk.h. */
#include "tests/support/clerk.h"

#include "agent/store/traffic.h"
#include "base/db.h"
#include "base/file.h"
#include "base/text.h"
#include "schema/wire/lineage.h"
#include "syncd/sync/restore.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

static const struct instance_id ROOT;

void clerk_must(enum rc rc, const struct err *err) {
    if (rc != RC_OK)
        fail_msg("%s: %s %s", rc_name(rc), err->text, err->detail);
}

/* --- a county --- */

static enum rc give_office(void *context, const struct command *command, const struct office **out,
                           struct err *err) {
    struct clerk *world = context;

    (void)command;
    (void)err;
    *out = service_office(world->service);
    return RC_OK;
}

void clerk_open(struct clerk *world) {
    struct service_options options = {.directory = world->data, .env = &world->county->env};
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(service_open(&options, &world->service, &err), &err);
    world->county->office = *service_office(world->service);
}

static void write_file(struct clerk *world, const char *folder, const char *name,
                       const char *text) {
    const char *path = arena_text(&world->arena, "%s/%s", folder, name);
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(file_make_directory(folder, &err), &err);
    clerk_must(file_write(path, view_text(text), FILE_MODE_SHARED, &err), &err);
}

void clerk_form(struct clerk *world, const char *survey) {
    write_file(world, world->form, "survey.csv", survey);
    write_file(world, world->form, "settings.csv",
               "form_id,form_title,version,instance_name\nhome,Home,v1,${name}\n");
}

int clerk_set_up(void **state) {
    struct clerk *world = calloc(1, sizeof(*world));
    const char *temporary = getenv("TMPDIR");
    char first[80], second[80];
    struct err err;

    assert_non_null(world);
    err_init(&err, LANG_EN);
    arena_init(&world->arena, 256u * 1024u * 1024u);
    snprintf(world->folder, sizeof(world->folder), "%s/yg-desk-XXXXXX",
             temporary == NULL ? "/tmp" : temporary);
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->data, sizeof(world->data), "%s/county", world->folder);
    snprintf(world->form, sizeof(world->form), "%s/form", world->folder);
    world->county = county_new(7);
    clerk_must(service_create(world->data, &world->county->env, UINT64_C(430626000000), first,
                              second, &err),
               &err);
    clerk_open(world);
    world->desk = (struct desk){.context = world, .office = give_office};
    world->table = (struct command_table){
        .program = "yg-syncd",
        .summary = "test",
        .specs = desk_commands,
        .count = desk_command_count,
        .socket = "control",
        .default_data = world->data,
        .context = &world->desk,
    };
    world->environment = (struct command_environment){.passphrase = "county-secret"};
    clerk_form(world, CLERK_SURVEY);
    *state = world;
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

const char *clerk_path(struct clerk *world, const char *name) {
    return arena_text(&world->arena, "%s/%s", world->folder, name);
}

void clerk_copy(struct clerk *world, const char *from, const char *to) {
    const char **names = NULL;
    size_t count = 0;
    struct err err;

    err_init(&err, LANG_EN);
    from = clerk_path(world, from);
    to = clerk_path(world, to);
    clerk_must(file_make_directory(to, &err), &err);
    clerk_must(file_list(from, 100, &world->arena, &names, &count, &err), &err);
    for (size_t i = 0; i < count; i++) {
        struct buf bytes;

        buf_init(&bytes, 64u * 1024u * 1024u);
        clerk_must(file_read(arena_text(&world->arena, "%s/%s", from, names[i]),
                             64u * 1024u * 1024u, &bytes, &err),
                   &err);
        clerk_must(file_write(arena_text(&world->arena, "%s/%s", to, names[i]), buf_view(&bytes),
                              FILE_MODE_PRIVATE, &err),
                   &err);
        buf_release(&bytes);
    }
}

uint32_t clerk_restore(struct clerk *world, const char *file, const char *name) {
    const char *folder = clerk_path(world, name);
    struct restore_options options = {
        .backup = file, .directory = folder, .env = &world->county->env};
    struct backup_info info;
    uint32_t epoch = 0;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(file_make_directory(folder, &err), &err);
    clerk_copy(world, "county/keys", arena_text(&world->arena, "%s/keys", name));
    service_close(world->service);
    world->service = NULL;
    clerk_must(restore_county(&options, &world->arena, &info, &epoch, &err), &err);
    snprintf(world->data, sizeof(world->data), "%s", folder);
    clerk_open(world);
    assert_int_equal(service_office(world->service)->epoch, epoch);
    return info.redactions;
}

int clerk_tear_down(void **state) {
    struct clerk *world = *state;
    tablet_close(world->a);
    tablet_close(world->b);
    service_close(world->service);
    county_free(world->county);
    arena_release(&world->arena);
    assert_int_equal(nftw(world->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(world);
    return 0;
}

/* --- running a command --- */

static int redirect(struct clerk *world, int descriptor, const char *name) {
    const char *path = arena_text(&world->arena, "%s/%s", world->folder, name);
    int kept = dup(descriptor), file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

    assert_true(kept >= 0 && file >= 0);
    assert_int_equal(dup2(file, descriptor), descriptor);
    close(file);
    return kept;
}

static char *restore(struct clerk *world, int descriptor, int kept, const char *name) {
    const char *path = arena_text(&world->arena, "%s/%s", world->folder, name);
    struct buf text;
    char *copy;
    struct err err;

    err_init(&err, LANG_EN);
    assert_int_equal(dup2(kept, descriptor), descriptor);
    close(kept);
    buf_init(&text, 16u * 1024u * 1024u);
    clerk_must(file_read(path, 16u * 1024u * 1024u, &text, &err), &err);
    copy = arena_text(&world->arena, "%s", buf_text(&text));
    buf_release(&text);
    return copy;
}

/* Runs words, ended by NULL; what it printed is in world->out and world->err. */
int clerk_run(struct clerk *world, const char *first, ...) {
    char *words[40] = {(char *)(uintptr_t) "yg-syncd", (char *)(uintptr_t)first};
    int count = 2, out, err, status;
    va_list arguments;

    va_start(arguments, first);
    while (count < 39 && (words[count] = va_arg(arguments, char *)) != NULL)
        count++;
    va_end(arguments);
    fflush(stdout);
    fflush(stderr);
    out = redirect(world, 1, "out");
    err = redirect(world, 2, "err");
    status = command_main(&world->table, count, words, &world->environment);
    world->out = restore(world, 1, out, "out");
    world->err = restore(world, 2, err, "err");
    return status;
}

struct json *clerk_json(struct clerk *world) {
    struct json *json = NULL;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(json_parse(view_text(world->out), (struct json_limits){16u * 1024u * 1024u, 32},
                          &json, &err),
               &err);
    return json;
}

/* --- tablets and records --- */

static struct tablet *enrol(struct clerk *world, const char *name) {
    static const uint64_t area = COUNTY_AREA;
    const char *folder = arena_text(&world->arena, "%s/%s", world->folder, name);
    struct tablet *tablet = county_enrol(world->county, folder, name, &area, 1);

    county_sync(world->county, tablet, RC_OK, NULL);
    return tablet;
}

/* Publishes the form and gives two people a tablet each. */
void clerk_begin(struct clerk *world) {
    RUNS(world, 0, "form", "publish", world->form);
    world->a = enrol(world, "wang");
    world->b = enrol(world, "zhang");
    world->wang = county_session(world->a, "wang");
    world->zhang = county_session(world->b, "zhang");
}

void clerk_sync(struct clerk *world) {
    county_sync(world->county, world->a, RC_OK, NULL);
    county_sync(world->county, world->b, RC_OK, NULL);
    county_sync(world->county, world->a, RC_OK, NULL);
}

static const struct form_field *field_of(const struct form *form, const char *path) {
    const struct form_field *field = form_field_by_path(form, view_text(path));

    assert_non_null(field);
    return field;
}

static struct value value_of(struct clerk *world, const struct form *form, const char *path,
                             const char *text) {
    struct value value;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(
        form_value_parse(form, field_of(form, path), view_text(text), &world->arena, &value, &err),
        &err);
    return value;
}

void clerk_set(struct clerk *world, struct edit *edit, struct instance_id instance,
               const struct answer_pair *pairs) {
    struct err err;

    err_init(&err, LANG_EN);
    for (; pairs->path != NULL; pairs++) {
        struct value value = value_of(world, edit->form, pairs->path, pairs->text);

        clerk_must(
            edit_set(edit, instance, field_of(edit->form, pairs->path)->number, &value, 0, &err),
            &err);
    }
}

/* A new home with these answers and one member; returns its id as text. */
const char *clerk_new(struct clerk *world, struct session *session,
                      const struct answer_pair *pairs) {
    return clerk_new_in(world, session, COUNTY_AREA, pairs);
}

const char *clerk_new_in(struct clerk *world, struct session *session, uint64_t area,
                         const struct answer_pair *pairs) {
    const struct form *form = tablet_form_named(session_tablet(session), view_text("home"));
    struct dot dot = session_next_dot(session);
    char *text = arena_alloc(&world->arena, DOT_TEXT_BYTES);
    struct instance_id member;
    struct change change;
    struct edit edit;
    struct err err;

    err_init(&err, LANG_EN);
    assert_non_null(form);
    clerk_must(edit_start(&edit, CHANGE_CREATE, dot, session_person(session), form, NULL, NULL,
                          &world->arena, &err),
               &err);
    clerk_must(edit_set_area(&edit, area, &err), &err);
    clerk_set(world, &edit, ROOT, pairs);
    clerk_must(edit_add_instance(&edit, field_of(form, "member")->number, ROOT, &member, &err),
               &err);
    clerk_set(world, &edit, member,
              (const struct answer_pair[]){
                  {"member/called", "=1+1"}, {"member/wage", "100"}, {NULL, NULL}});
    clerk_must(edit_finish(&edit, view_text(""), &change, &err), &err);
    clerk_must(session_save(session, &change, NULL, form, &err), &err);
    dot_text(dot, text);
    return text;
}

void clerk_start(struct clerk *world, struct session *session, const char *record,
                 enum change_kind kind, struct seen *seen, struct edit *edit) {
    struct dot id;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(dot_parse(view_text(record), &id, &err), &err);
    clerk_must(session_see(session, id, &world->arena, seen, &err), &err);
    clerk_must(edit_start(edit, kind, session_next_dot(session), session_person(session),
                          seen->form, &seen->record, &seen->reading, &world->arena, &err),
               &err);
}

const char *clerk_finish(struct clerk *world, struct session *session, struct seen *seen,
                         struct edit *edit) {
    char *text = arena_alloc(&world->arena, DOT_TEXT_BYTES);
    struct change change;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(edit_finish(edit, view_text(""), &change, &err), &err);
    clerk_must(session_save(session, &change, &seen->record, seen->form, &err), &err);
    dot_text(change.dot, text);
    return text;
}

/* Returns the dot of the change. */
const char *clerk_edit(struct clerk *world, struct session *session, const char *record,
                       const char *path, const char *text) {
    struct seen seen;
    struct edit edit;

    clerk_start(world, session, record, CHANGE_EDIT, &seen, &edit);
    clerk_set(world, &edit, ROOT, (const struct answer_pair[]){{path, text}, {NULL, NULL}});
    world->county->now_ms += 60000;
    return clerk_finish(world, session, &seen, &edit);
}

const char *clerk_move(struct clerk *world, struct session *session, const char *record,
                       uint64_t area) {
    struct seen seen;
    struct edit edit;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_start(world, session, record, CHANGE_MOVE, &seen, &edit);
    clerk_must(edit_set_area(&edit, area, &err), &err);
    return clerk_finish(world, session, &seen, &edit);
}

/* A home on which Wang says 4 pigs and Zhang says 6; returns its id. */
const char *clerk_conflict(struct clerk *world) {
    const char *record = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));

    clerk_sync(world);
    clerk_edit(world, world->wang, record, "pigs", "4");
    clerk_edit(world, world->zhang, record, "pigs", "6");
    clerk_sync(world);
    return record;
}

/* The dot of the side with this value. */
const char *clerk_side(struct clerk *world, const char *record, const char *path,
                       const char *value) {
    struct json *json;
    const char *dot = NULL;

    RUNS(world, 0, "show", record, "--json");
    json = clerk_json(world);
    for (const struct json *side = json_first(json_get(json_get(json, "conflicts"), path));
         side != NULL; side = json_next(side)) {
        struct buf text;

        buf_init(&text, 4096);
        json_as_text(json_get(side, "value"), &text);
        if (strcmp(buf_text(&text), value) == 0)
            dot = arena_text(&world->arena, "%s", json_text_or(json_get(side, "dot"), ""));
        buf_release(&text);
    }
    json_free(json);
    assert_non_null(dot);
    return dot;
}

void clerk_user(struct clerk *world, const char *name, const char *role) {
    RUNS(world, 0, "user", "add", name, "--role", role);
}

/* --- what there is --- */

struct store_counts clerk_counts(struct clerk *world) {
    const struct office *office = service_office(world->service);
    struct ledger *ledger = NULL;
    struct store_counts out;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(office->borrow(office->context, &ledger, &err), &err);
    clerk_must(store_count(ledger->store, &out, &err), &err);
    office->give_back(office->context, ledger);
    return out;
}

uint32_t clerk_kept_aside(struct clerk *world, struct tablet *tablet) {
    struct tablet_quarantined *list = NULL;
    uint32_t count = 0;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(tablet_quarantine(tablet, &world->arena, &list, &count, &err), &err);
    return count;
}

bool clerk_shows(struct clerk *world, const char *record, const char *text) {
    RUNS(world, 0, "show", record);
    return strstr(world->out, text) != NULL;
}

void clerk_verify(struct tablet *tablet) {
    struct tablet_verified verified;
    struct buf problems;
    struct err err;

    err_init(&err, LANG_EN);
    buf_init(&problems, 100000);
    if (tablet_verify(tablet, NULL, NULL, &problems, &verified, &err) != RC_OK)
        fail_msg("%s: %.*s", err.text, (int)problems.size, (const char *)problems.data);
    buf_release(&problems);
}

const char *clerk_own_name(struct clerk *world, const struct tablet *tablet, uint64_t number) {
    const struct own_actor *actor = tablet_actor(tablet, 0);
    char text[DOT_TEXT_BYTES];

    dot_text(lineage_read(&actor->lineage, (struct dot){actor->actor, number}), text);
    return arena_text(&world->arena, "%s", text);
}

bool clerk_noticed(struct clerk *world, struct tablet *tablet, uint8_t kind) {
    struct notice *notices = NULL;
    uint32_t count = 0;
    bool found = false;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(tablet_notices(tablet, &world->arena, &notices, &count, &err), &err);
    for (uint32_t i = 0; i < count; i++)
        found = found || notices[i].kind == kind;
    return found;
}

uint32_t clerk_listed(struct clerk *world, struct session *session) {
    struct list_query query = {0};
    struct listed *list = NULL;
    uint32_t count = 0, total = 0;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(session_list(session, &query, &world->arena, &list, &count, &total, &err), &err);
    return total;
}

bool clerk_one_round(struct clerk *world, struct tablet *tablet) {
    struct sync_options options = {.rounds_max = 1};
    struct sync_report report;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(sync_run(tablet, &world->county->link, &options, &report, &err), &err);
    return report.more;
}

void clerk_tamper(struct clerk *world, const char *sql) {
    const char *path = arena_text(&world->arena, "%s/county.db", world->data);
    struct db *db = NULL;
    struct err err;

    err_init(&err, LANG_EN);
    service_close(world->service);
    world->service = NULL;
    clerk_must(db_open(path, DB_OWNER, NULL, &db, &err), &err);
    clerk_must(db_execute(db, sql, &err), &err);
    db_close(db);
    clerk_open(world);
}
