/* stage.c: see stage.h. */
#include "tests/fault/stage.h"

#include "base/file.h"
#include "syncd/sync/api.h"
#include "syncd/sync/auth.h"
#include "tests/fault/fault.h"
#include "tests/sim/vfs.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const machines[DISKS] = {"wang", "li", "county", "shelf"};
static const char *const folders[TABLETS] = {"/wang/tablet", "/li/tablet"};
static const struct instance_id ROOT;

static void must(enum rc rc, const struct err *err, const char *what) {
    if (rc == RC_OK)
        return;
    fprintf(stderr, "%s: %s: %s %s\n", what, rc_name(rc), err->text, err->detail);
    abort();
}

/* ---- the world ---- */

static int64_t wall(void *context) {
    return ((struct stage *)context)->now_ms;
}

static void entropy(void *context, void *bytes, size_t size) {
    struct stage *stage = context;
    uint8_t *out = bytes;

    for (size_t i = 0; i < size; i++) { /* xorshift64* */
        stage->random ^= stage->random >> 12;
        stage->random ^= stage->random << 25;
        stage->random ^= stage->random >> 27;
        out[i] = (uint8_t)((stage->random * UINT64_C(0x2545f4914f6cdd1d)) >> 56);
    }
}

static enum rc give_office(void *context, const struct command *command, const struct office **out,
                           struct err *err) {
    struct stage *stage = context;

    (void)command;
    (void)err;
    *out = service_office(stage->service);
    return RC_OK;
}

static enum rc exchange(void *context, const char *path, struct view body, struct buf *answer,
                        struct link_result *result, struct err *err) {
    struct stage *stage = context;
    struct http_table table = {api_routes, api_route_count, NULL, NULL, NULL};
    struct http_exchange *http;
    enum rc rc;

    *result = (struct link_result){.retry_after_s = -1, .bytes_up = body.size};
    if (stage->service == NULL)
        return err_set(err, RC_NETWORK, "nobody answers");
    fault_pause();
    http = calloc(1, sizeof(*http));
    assert(http != NULL);
    http_exchange_init(http, LIMIT_EXCHANGE_BYTES);
    rc = http_request_init(&http->request, "POST", path, body, err);
    fault_resume();
    must(rc, err, "a request");
    table.context = (void *)(uintptr_t)service_office(stage->service);
    fault_county(true);
    (void)http_route(&table, http);
    fault_county(false);
    fault_pause();
    result->status = (int)http->response.status;
    result->bytes_down = http->response.body.size;
    buf_add_view(answer, buf_view(&http->response.body));
    http_exchange_release(http);
    free(http);
    fault_resume();
    return buf_check(answer, "an answer", err);
}

static void mount(struct stage *stage) {
    for (int at = 0; at < DISKS; at++)
        disk_mount(machines[at], stage->disks[at]);
    fault_machines(stage->disks, DISKS);
}

void stage_sheet(struct stage *stage, const char *folder, const char *name, struct view text) {
    char path[200];
    struct err err;

    (void)stage;
    err_init(&err, LANG_EN);
    fault_pause();
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    must(file_make_directory(folder, &err), &err, folder);
    must(file_write(path, text, FILE_MODE_SHARED, &err), &err, path);
    fault_resume();
}

void stage_home_form(struct stage *stage, const char *folder, unsigned version) {
    static const char survey[] = "type,name,label,bind::yg:merge,bind::yg:group,bind::yg:seal\n"
                                 "text,name,Name,,,\n"
                                 "text,phone,Phone,latest,,\n"
                                 "text,remark,Remark,,,\n"
                                 "image,photo,Photo,,,\n"
                                 "integer,pigs,Pigs,,,\n"
                                 "text,bank,Bank,,account,\n"
                                 "text,account,Account,,account,\n"
                                 "text,finding,Finding,,,visit\n"
                                 "begin repeat,member,Member,,,\n"
                                 "text,called,Called,,,\n"
                                 "end repeat,,,,,\n";
    char whole[1000], settings[200];

    (void)snprintf(whole, sizeof(whole), "%s%s", survey, version > 1 ? "text,more,More,,,\n" : "");
    (void)snprintf(settings, sizeof(settings),
                   "form_id,form_title,version,instance_name\nhome,Home,v%u,${name}\n", version);
    stage_sheet(stage, folder, "survey.csv", view_text(whole));
    stage_sheet(stage, folder, "settings.csv", view_text(settings));
}

static void invite(struct stage *stage, int at) {
    static const uint64_t area = STAGE_AREA;
    struct invitation invitation = {.device_name = view_text(machines[at]),
                                    .person_name = view_text(machines[at]),
                                    .role = ROLE_INVESTIGATOR,
                                    .areas = &area,
                                    .area_count = 1};
    struct err err;

    err_init(&err, LANG_EN);
    must(auth_invite(service_office(stage->service), &invitation, "test", stage->codes[at], &err),
         &err, "an invitation");
}

void stage_init(struct stage *stage) {
    char first[80], second[80];
    struct err err;

    err_init(&err, LANG_EN);
    *stage = (struct stage){.now_ms = INT64_C(1795300000000), .random = 4711};
    stage->env = (struct env){stage, wall, wall, entropy};
    stage->link = (struct link){stage, exchange};
    stage->desk = (struct desk){.context = stage, .office = give_office};
    arena_init(&stage->arena, 256u * 1024u * 1024u);
    buf_init(&stage->stick, LIMIT_BUNDLE_BYTES);
    for (int at = 0; at < DISKS; at++)
        stage->disks[at] = disk_new((uint64_t)at + 1);
    mount(stage);
    vfs_world(stage->now_ms, 1);
    must(service_create(STAGE_COUNTY, &stage->env, UINT64_C(430626000000), first, second, &err),
         &err, "a county");
    must(stage_open_county(stage, &err), &err, "a county");
    stage_home_form(stage, "/shelf/home1", 1);
    must(stage_publish(stage, "/shelf/home1", &err), &err, "the form");
    must(stage_run(stage, &err, desk_user_add, "chief", "--role", "county", NULL), &err, "a chief");
    for (int at = 0; at < TABLETS; at++)
        invite(stage, at);
    assert(stage_down(stage));
}

void stage_release(struct stage *stage) {
    (void)stage_down(stage);
    for (int at = 0; at < DISKS; at++)
        disk_free(stage->disks[at]);
    arena_release(&stage->arena);
    buf_release(&stage->stick);
}

void stage_keep(struct stage *stage, struct stage_image *image) {
    *image = (struct stage_image){.now_ms = stage->now_ms, .random = stage->random};
    memcpy(image->codes, stage->codes, sizeof(image->codes));
    for (int at = 0; at < DISKS; at++)
        image->disks[at] = disk_copy(stage->disks[at], 0);
}

void stage_bring(struct stage *stage, const struct stage_image *image, uint64_t seed) {
    stage->now_ms = image->now_ms;
    stage->random = image->random;
    memcpy(stage->codes, image->codes, sizeof(stage->codes));
    for (int at = 0; at < DISKS; at++) {
        if (disk_open_files(stage->disks[at]) == 0) /* else what broke is lost with its disk */
            disk_free(stage->disks[at]);
        stage->disks[at] = disk_copy(image->disks[at], seed + (uint64_t)at);
    }
    mount(stage);
    vfs_world(stage->now_ms, seed);
    buf_clear(&stage->stick);
}

void stage_image_release(struct stage_image *image) {
    for (int at = 0; at < DISKS; at++)
        disk_free(image->disks[at]);
}

/* ---- on and off ---- */

enum rc stage_open_county(struct stage *stage, struct err *err) {
    struct service_options options = {.directory = STAGE_COUNTY, .env = &stage->env};
    enum rc rc;

    if (stage->service != NULL)
        return RC_OK;
    fault_county(true);
    rc = service_open(&options, &stage->service, err);
    fault_county(false);
    if (rc != RC_OK)
        stage->service = NULL;
    return rc;
}

static struct tablet_options tablet_of(struct stage *stage) {
    return (struct tablet_options){.env = &stage->env, .cost = {.passes = 1, .memory_kib = 8}};
}

static void secret_of(int at, char out[40]) {
    (void)snprintf(out, 40, "secret-of-%s", machines[at]);
}

/* Whether an enrolment has ended: what was cut off is begun again with the same code. */
static bool enrolled(int at) {
    char pending[60];

    (void)snprintf(pending, sizeof(pending), "%s/enrolling", folders[at]);
    return tablet_exists(folders[at]) && !file_exists(pending);
}

/* Enrolled at its first use. */
enum rc stage_open_tablet(struct stage *stage, int at, struct err *err) {
    struct tablet_options tablet = tablet_of(stage);
    struct enrol_options enrol = {.directory = folders[at],
                                  .tablet = tablet,
                                  .server = view_text("http://127.0.0.1:1"),
                                  .code = view_text(stage->codes[at]),
                                  .link = &stage->link};
    struct tablet **out = &stage->tablets[at];
    char secret[40];
    enum rc rc = RC_OK;

    secret_of(at, secret);
    enrol.secret = view_text(secret);
    if (*out == NULL && enrolled(at)) {
        rc = tablet_open(folders[at], &tablet, out, err);
        if (rc == RC_OK)
            sync_attach(*out);
    } else if (*out == NULL) {
        rc = enrol_run(&enrol, out, err);
    }
    if (rc != RC_OK)
        return rc;
    if (stage->sessions[at] == NULL)
        rc = session_open(*out, view_text(machines[at]), view_text(secret), &stage->sessions[at],
                          err);
    if (rc != RC_OK)
        stage->sessions[at] = NULL;
    return rc;
}

enum rc stage_close_tablet(struct stage *stage, int at, struct err *err) {
    enum rc rc = session_close(stage->sessions[at], err);

    stage->sessions[at] = NULL;
    tablet_close(stage->tablets[at]);
    stage->tablets[at] = NULL;
    return rc;
}

bool stage_down(struct stage *stage) {
    bool shut = true;

    for (int at = 0; at < TABLETS; at++) {
        tablet_close(stage->tablets[at]);
        stage->tablets[at] = NULL;
        stage->sessions[at] = NULL;
    }
    service_close(stage->service);
    stage->service = NULL;
    arena_reset(&stage->arena);
    for (int at = 0; at < DISKS; at++) {
        if (disk_open_files(stage->disks[at]) != 0) {
            shut = false;
            continue;
        }
        if (disk_is_dead(stage->disks[at]))
            disk_restart(stage->disks[at]);
        disk_cut_after(stage->disks[at], 0);
    }
    return shut;
}

/* ---- what people do ---- */

static enum rc drop(void *sink, enum control_stream stream, struct view bytes, struct err *err) {
    (void)sink;
    (void)stream;
    (void)bytes;
    (void)err;
    return RC_OK;
}

enum rc stage_run(struct stage *stage, struct err *err,
                  enum rc (*run)(void *, struct command *, struct err *), const char *first, ...) {
    struct command command = {.lang = LANG_EN,
                              .json = true,
                              .directory = STAGE_COUNTY,
                              .data = STAGE_COUNTY,
                              .secret = view_text("secret-of-the-chief"),
                              .write = drop,
                              .sink = stage};
    va_list arguments;
    enum rc rc;

    va_start(arguments, first);
    for (const char *word = first; word != NULL; word = va_arg(arguments, const char *)) {
        if (strncmp(word, "--", 2) == 0)
            command.given[command.option_count++] =
                (struct command_given){word, va_arg(arguments, const char *)};
        else
            command.words[command.word_count++] = word;
    }
    va_end(arguments);
    rc = run(&stage->desk, &command, err);
    return rc;
}

enum rc stage_publish(struct stage *stage, const char *folder, struct err *err) {
    return stage_run(stage, err, desk_form_publish, folder, NULL);
}

enum rc stage_sync(struct stage *stage, int at, struct err *err) {
    struct sync_report report;

    stage->now_ms += 60000;
    return sync_run(stage->tablets[at], &stage->link, NULL, &report, err);
}

enum rc stage_find(struct stage *stage, int at, const char *form, const char *title,
                   struct dot *out, struct err *err) {
    struct list_query query = {.form_name = view_text(form)};
    struct listed *listed;
    uint32_t count = 0, total = 0;
    enum rc rc =
        session_list(stage->sessions[at], &query, &stage->arena, &listed, &count, &total, err);

    if (rc != RC_OK)
        return rc;
    for (uint32_t i = 0; i < count; i++) {
        if (!view_is(listed[i].title, title))
            continue;
        *out = listed[i].id;
        return RC_OK;
    }
    return RC_NOT_FOUND;
}

static uint16_t number_of(const struct form *form, const char *path) {
    const struct form_field *field = form_field_by_path(form, view_text(path));

    assert(field != NULL);
    return field->number;
}

enum rc stage_home(struct stage *stage, int at, const char *name, struct dot *out,
                   struct err *err) {
    struct session *session = stage->sessions[at];
    const struct form *form = tablet_form_named(stage->tablets[at], view_text("home"));
    struct value value = value_of_text(view_text(name));
    struct change change;
    struct edit edit;
    enum rc rc;

    if (form == NULL)
        return err_set(err, RC_NOT_FOUND, "the tablet has no form yet");
    stage->now_ms += 60000;
    *out = session_next_dot(session);
    rc = edit_start(&edit, CHANGE_CREATE, *out, session_person(session), form, NULL, NULL,
                    &stage->arena, err);
    if (rc == RC_OK)
        rc = edit_set_area(&edit, STAGE_AREA, err);
    if (rc == RC_OK)
        rc = edit_set(&edit, ROOT, number_of(form, "name"), &value, 0, err);
    if (rc == RC_OK)
        rc = edit_finish(&edit, view_text(""), &change, err);
    return rc == RC_OK ? session_save(session, &change, NULL, form, err) : rc;
}

enum rc stage_edit(struct stage *stage, int at, struct dot record, const char *path,
                   struct value value, struct err *err) {
    struct session *session = stage->sessions[at];
    struct change change;
    struct seen seen;
    struct edit edit;
    enum rc rc = session_see(session, record, &stage->arena, &seen, err);

    stage->now_ms += 60000;
    if (rc == RC_OK)
        rc = edit_start(&edit, CHANGE_EDIT, session_next_dot(session), session_person(session),
                        seen.form, &seen.record, &seen.reading, &stage->arena, err);
    if (rc == RC_OK)
        rc = edit_set(&edit, ROOT, number_of(seen.form, path), &value, 0, err);
    if (rc == RC_OK)
        rc = edit_finish(&edit, view_text(""), &change, err);
    return rc == RC_OK ? session_save(session, &change, &seen.record, seen.form, err) : rc;
}
