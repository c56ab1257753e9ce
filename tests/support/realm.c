/* realm.c: see realm.h. */
#include "tests/support/realm.h"

#include "base/csv.h"
#include "base/file.h"
#include "schema/form/xlsform.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

static void must(enum rc rc, const struct err *err) {
    if (rc != RC_OK)
        fail_msg("%s: %s %s", rc_name(rc), err->text, err->detail);
}

/* --- clock and entropy --- */

static int64_t wall(void *context) {
    return ((struct county *)context)->now_ms;
}

static void entropy(void *context, void *bytes, size_t size) {
    struct county *county = context;
    uint8_t *out = bytes;

    for (size_t i = 0; i < size; i++) { /* xorshift64* */
        county->random ^= county->random >> 12;
        county->random ^= county->random << 25;
        county->random ^= county->random >> 27;
        out[i] = (uint8_t)((county->random * UINT64_C(0x2545f4914f6cdd1d)) >> 56);
    }
}

/* --- the office --- */

static enum rc borrow(void *context, struct ledger **out, struct err *err) {
    struct county *county = context;
    struct store *store = NULL;
    enum rc rc = store_memory_open(county->memory, false, &store, err);

    return rc == RC_OK ? ledger_open(store, out, err) : rc;
}

static void give_back(void *context, struct ledger *ledger) {
    (void)context;
    ledger_close(ledger);
}

static struct ingest_room *enter(void *context) {
    struct county *county = context;

    return &county->room;
}

static void leave(void *context, struct ingest_room *room) {
    (void)context;
    arena_reset(&room->arena);
}

static void job_done(void *context, struct writer_job *job) {
    (void)context;
    (void)job;
}

static void write_job(void *context, struct writer_job *job) {
    struct county *county = context;

    job->next = NULL;
    job->done = job_done;
    writer_step(county->writer, job);
}

static enum rc exchange(void *context, const char *path, struct view body, struct buf *answer,
                        struct link_result *result, struct err *err) {
    struct county *county = context;
    struct http_table table = {api_routes, api_route_count, &county->office, NULL, NULL};
    struct http_exchange *http = calloc(1, sizeof(*http));
    enum rc rc;

    *result = (struct link_result){.retry_after_s = -1, .bytes_up = body.size};
    county->requests++;
    assert_non_null(http);
    if (county->lose_up > 0) {
        county->lose_up--;
        free(http);
        return err_set(err, RC_NETWORK, "the request was lost");
    }
    http_exchange_init(http, LIMIT_EXCHANGE_BYTES);
    rc = http_request_init(&http->request, "POST", path, body, err);
    must(rc, err);
    (void)http_route(&table, http);
    result->status = (int)http->response.status;
    result->bytes_down = http->response.body.size;
    buf_add_view(answer, buf_view(&http->response.body));
    http_exchange_release(http);
    free(http);
    if (county->lose_down > 0) {
        county->lose_down--;
        return err_set(err, RC_NETWORK, "the answer was lost");
    }
    return buf_check(answer, "an answer", err);
}

struct county *county_new(uint64_t seed) {
    struct county *county = calloc(1, sizeof(*county));
    uint8_t root[32] = {0}, nonce[16], actor_bytes[8], epoch = 1;
    struct store *store = NULL;
    struct stored_actor actor = {0};
    struct err err;

    assert_non_null(county);
    err_init(&err, LANG_EN);
    must(crypt_start(&err), &err);
    county->random = seed * 2 + 1;
    county->now_ms = INT64_C(1795400000000);
    county->env = (struct env){county, wall, wall, entropy};
    entropy(county, root, sizeof(root));
    keys_derive(root, &county->keys);
    must(store_memory_new(&county->memory, &err), &err);
    must(store_memory_open(county->memory, true, &store, &err), &err);
    entropy(county, nonce, sizeof(nonce));
    actor.actor = batch_actor(county->keys.sign_public, nonce);
    chain_start(actor.actor, actor.hash);
    for (unsigned i = 0; i < 8; i++)
        actor_bytes[i] = (uint8_t)(actor.actor >> (8 * i));
    {
        struct stored_setting settings[2] = {{"actor", view_of(actor_bytes, 8)},
                                             {"epoch", view_of(&epoch, 1)}};
        struct store_delta delta = {
            .actor_count = 1, .actors = &actor, .setting_count = 2, .settings = settings};

        must(store_commit(store, &delta, &err), &err);
    }
    must(writer_open(store, &county->keys, &county->env, NULL, &county->writer, &err), &err);
    arena_init(&county->room.arena, 512u * 1024u * 1024u);
    county->office = (struct office){
        .keys = &county->keys,
        .env = &county->env,
        .directory = ".",
        .epoch = 1,
        .context = county,
        .borrow = borrow,
        .give_back = give_back,
        .enter = enter,
        .leave = leave,
        .write = write_job,
    };
    county->link = (struct link){county, exchange};
    return county;
}

void county_free(struct county *county) {
    writer_close(county->writer);
    arena_release(&county->room.arena);
    store_memory_free(county->memory);
    free(county);
}

/* --- forms --- */

struct publication {
    struct stored_form row;
};

static enum rc publish_act(void *context, struct work *work, struct err *err) {
    struct publication *publication = context;
    struct stored_form *row = WORK_ADD(work, forms, form_count, form_capacity);

    (void)err;
    *row = publication->row;
    return RC_OK;
}

static enum rc last_position(void *context, const struct stored_form *form, struct err *err) {
    (void)err;
    *(uint64_t *)context = form->position;
    return RC_OK;
}

static struct view read_table(struct arena *arena, const char *folder, const char *name) {
    char path[512];
    struct buf csv;
    struct view out;
    struct err err;

    err_init(&err, LANG_EN);
    snprintf(path, sizeof(path), "%s/%s.csv", folder, name);
    buf_init(&csv, LIMIT_FORM_BYTES);
    must(file_read(path, LIMIT_FORM_BYTES, &csv, &err), &err);
    out = arena_view(arena, buf_view(&csv));
    buf_release(&csv);
    return out;
}

/* The tables that stand beside the sheets. */
static void read_tables(const char *folder, struct workbook *workbook, struct form_file *files,
                        uint32_t room, struct arena *arena) {
    const char **names = NULL;
    size_t count = 0;
    struct err err;

    err_init(&err, LANG_EN);
    must(file_list(folder, 100, arena, &names, &count, &err), &err);
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(names[i]);
        char name[256];

        if (size <= 4 || strcmp(names[i] + size - 4, ".csv") != 0 ||
            xlsform_sheet_known(view_of(names[i], size - 4)) || workbook->file_count == room)
            continue;
        snprintf(name, sizeof(name), "%.*s", (int)(size - 4), names[i]);
        files[workbook->file_count++] =
            (struct form_file){.name = arena_view(arena, view_text(names[i])),
                               .content = read_table(arena, folder, name)};
    }
}

void county_publish(struct county *county, const char *folder) {
    static const char *const names[] = {"survey", "choices", "settings"};
    struct arena arena;
    struct sheet sheets[3];
    struct form_file files[8];
    struct workbook workbook = {.sheet_count = 3, .sheets = sheets, .files = files};
    struct findings findings = {0};
    struct buf json, compressed;
    struct form *form = NULL;
    struct publication publication = {{0}};
    struct ledger *ledger = county_read(county);
    const struct form *previous = NULL;
    struct err err;

    err_init(&err, LANG_EN);
    arena_init(&arena, 64u * 1024u * 1024u);
    buf_init(&json, LIMIT_FORM_BYTES);
    buf_init(&compressed, LIMIT_FORM_BYTES);
    for (size_t i = 0; i < 3; i++)
        must(sheet_from_csv(view_text(names[i]), read_table(&arena, folder, names[i]), &arena,
                            &sheets[i], &err),
             &err);
    read_tables(folder, &workbook, files, 8, &arena);
    must(xlsform_compile(&workbook, previous, 1, NULL, &arena, &findings, &json, &err), &err);
    must(form_load(buf_view(&json), &arena, &form, &err), &err);
    must(zip_deflate(buf_view(&json), 9, &compressed, &err), &err);
    publication.row = (struct stored_form){
        .form = form->id,
        .name = form->name,
        .version = form->version,
        .sequence = form->sequence,
        .audience = form->audience,
        .published_ms = county->now_ms,
        .compressed = buf_view(&compressed),
    };
    must(store_forms(ledger->store, 0, last_position, &publication.row.position, &err), &err);
    publication.row.position++;
    must(office_act(&county->office, publish_act, &publication, &err), &err);
    ledger_close(ledger);
    buf_release(&json);
    buf_release(&compressed);
    arena_release(&arena);
}

/* --- tablets --- */

static struct tablet_options options_of(struct county *county) {
    return (struct tablet_options){.env = &county->env, .cost = {.passes = 1, .memory_kib = 8}};
}

struct tablet *county_enrol(struct county *county, const char *directory, const char *name,
                            const uint64_t *areas, uint32_t area_count) {
    struct invitation invitation = {
        .device_name = view_text(name),
        .person_name = view_text(name),
        .role = county->role != 0 ? county->role : ROLE_INVESTIGATOR,
        .areas = areas,
        .area_count = area_count,
    };
    char code[CODE_TEXT_BYTES], secret[80];
    struct enrol_options options = {.directory = directory,
                                    .tablet = options_of(county),
                                    .server = view_text("http://127.0.0.1:1"),
                                    .link = &county->link};
    struct tablet *tablet = NULL;
    struct err err;

    err_init(&err, LANG_EN);
    must(auth_invite(&county->office, &invitation, "test", code, &err), &err);
    snprintf(secret, sizeof(secret), "secret-of-%s", name);
    options.code = view_text(code);
    options.secret = view_text(secret);
    must(enrol_run(&options, &tablet, &err), &err);
    return tablet;
}

struct tablet *county_tablet(struct county *county, const char *directory) {
    struct tablet_options options = options_of(county);
    struct tablet *tablet = NULL;
    struct err err;

    err_init(&err, LANG_EN);
    must(tablet_open(directory, &options, &tablet, &err), &err);
    sync_attach(tablet);
    return tablet;
}

struct session *county_session(struct tablet *tablet, const char *name) {
    struct session *session = NULL;
    char secret[80];
    struct err err;

    err_init(&err, LANG_EN);
    snprintf(secret, sizeof(secret), "secret-of-%s", name);
    must(session_open(tablet, view_text(name), view_text(secret), &session, &err), &err);
    return session;
}

void county_sync(struct county *county, struct tablet *tablet, enum rc wanted,
                 struct sync_report *report) {
    struct sync_report own;
    struct err err;
    enum rc rc;

    err_init(&err, LANG_EN);
    rc = sync_run(tablet, &county->link, NULL, report != NULL ? report : &own, &err);
    if (rc != wanted)
        fail_msg("sync: %s instead of %s: %s %s", rc_name(rc), rc_name(wanted), err.text,
                 err.detail);
}

struct ledger *county_read(struct county *county) {
    struct ledger *ledger = NULL;
    struct err err;

    err_init(&err, LANG_EN);
    must(borrow(county, &ledger, &err), &err);
    return ledger;
}
