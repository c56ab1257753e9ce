/* test_desk_verify.c: the county's command line: exports, verify against broken files, and commands
 * while the service runs. */
#include "tests/support/clerk.h"

#include "base/file.h"
#include "syncd/sync/snapshot.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

/* --- export --- */

static void csv_is_quoted_disarmed_and_masked(void **state) {
    struct clerk *world = *state;
    const struct answer_pair nasty[] = {{"name", "=cmd|' /C calc'!A0"},
                                        {"phone", "13812345678"},
                                        {"pigs", "-3"},
                                        {"bank", "a \"b\", c"},
                                        {NULL, NULL}};
    const char *record, *other;

    clerk_begin(world);
    record = clerk_new(world, world->wang, nasty);
    clerk_sync(world);
    other = clerk_conflict(world);
    RUNS(world, 2, "export", "--csv");
    RUNS(world, 2, "export", "--form", "home");
    RUNS(world, 1, "export", "--form", "nothing", "--csv");
    RUNS(world, 0, "export", "--form", "home", "--csv");
    SAYS(world->out, "'=cmd|");
    SAYS(world->out, ",-3,");
    SAYS(world->out, "\"a \"\"b\"\", c\"");
    SAYS(world->out, record);
    KEEPS_QUIET(world->out, "13812345678");
    SAYS(world->out, ",pigs\r\n"); /* the open conflict, in the last column */
    RUNS(world, 0, "export", "--form", "home", "--csv", "--repeat", "member");
    SAYS(world->out, "'=1+1");
    SAYS(world->out, ",100,");
    SAYS(world->out, other);
    RUNS(world, 1, "export", "--form", "home", "--csv", "--repeat", "cow");
    RUNS(world, 0, "export", "--form", "home", "--json");
    {
        struct json *json = clerk_json(world);

        assert_int_equal(json_count(json), 2);
        json_free(json);
    }
    RUNS(world, 2, "export", "--form", "home", "--csv", "--reveal");
    RUNS(world, 0, "export", "--form", "home", "--csv", "--reveal", "--reason", "audit");
    SAYS(world->out, "13812345678");
    RUNS(world, 0, "log");
    SAYS(world->out, "export");
    SAYS(world->out, "audit");
}

/* --- verify --- */

/* Where these bytes stand in the database file. The service is closed: all of it is in that file.
 */
static off_t place_of(struct clerk *world, struct view pattern) {
    const char *path = arena_text(&world->arena, "%s/county.db", world->data);
    struct buf file;
    uint8_t *at;
    off_t place;
    struct err err;

    err_init(&err, LANG_EN);
    buf_init(&file, 64u * 1024u * 1024u);
    clerk_must(file_read(path, 64u * 1024u * 1024u, &file, &err), &err);
    at = memmem(file.data, file.size, pattern.data, pattern.size);
    assert_non_null(at);
    place = at - file.data;
    buf_release(&file);
    return place;
}

static void flip_at(struct clerk *world, off_t place) {
    const char *path = arena_text(&world->arena, "%s/county.db", world->data);
    int descriptor = open(path, O_RDWR);
    uint8_t byte;

    assert_true(descriptor >= 0);
    assert_int_equal(pread(descriptor, &byte, 1, place), 1);
    byte ^= 1;
    assert_int_equal(pwrite(descriptor, &byte, 1, place), 1);
    close(descriptor);
}

/* Flips one byte of the first place where pattern stands, offset bytes in. */
static void flip(struct clerk *world, struct view pattern, size_t offset) {
    service_close(world->service);
    world->service = NULL;
    flip_at(world, place_of(world, pattern) + (off_t)offset);
    clerk_open(world);
}

static struct ledger *borrow(struct clerk *world) {
    struct ledger *ledger = NULL;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(world->county->office.borrow(world->county->office.context, &ledger, &err), &err);
    return ledger;
}

static void give_back(struct clerk *world, struct ledger *ledger) {
    world->county->office.give_back(world->county->office.context, ledger);
}

/* Wherever in a frame the byte is: in the compressed columns, in a salt, in the head. */
static void verify_finds_any_flipped_byte_in_a_frame(void **state) {
    struct clerk *world = *state;
    struct stored_frame frame;
    struct ledger *ledger;
    off_t place;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    clerk_conflict(world);
    RUNS(world, 0, "verify");
    ledger = borrow(world);
    clerk_must(store_frame(ledger->store, 2, &world->arena, &frame, &err), &err);
    give_back(world, ledger);
    service_close(world->service);
    world->service = NULL;
    place = place_of(world, frame.bytes);
    for (size_t offset = 0; offset < frame.bytes.size; offset += 11) {
        flip_at(world, place + (off_t)offset);
        clerk_open(world);
        if (clerk_run(world, "verify", NULL) != 1)
            fail_msg("byte %zu of %zu: %s", offset, frame.bytes.size, world->err);
        SAYS(world->err, "frame 2 of the log");
        SAYS(world->err, "restore a backup");
        service_close(world->service);
        world->service = NULL;
        flip_at(world, place + (off_t)offset);
    }
    clerk_open(world);
    RUNS(world, 0, "verify");
}

static void verify_finds_a_changed_state(void **state) {
    struct clerk *world = *state;
    const char *record;

    clerk_begin(world);
    record = clerk_new(world, world->wang,
                       (const struct answer_pair[]){{"name", "UNMISTAKABLE"}, {NULL, NULL}});
    clerk_sync(world);
    {
        struct ledger *ledger = borrow(world);
        struct stored_record stored;
        struct dot id;
        struct err err;
        const uint8_t *at;

        err_init(&err, LANG_EN);
        clerk_must(dot_parse(view_text(record), &id, &err), &err);
        clerk_must(store_record(ledger->store, id, &world->arena, &stored, &err), &err);
        give_back(world, ledger);
        at = memmem(stored.packed.data, stored.packed.size, "UNMISTAKABLE", 12);
        assert_non_null(at);
        flip(world, stored.packed, (size_t)(at - stored.packed.data));
    }
    RUNS(world, 1, "verify", "--json");
    SAYS(world->out, record);
    SAYS(world->out, "first at name");
    SAYS(world->out, "\"ok\": false");
}

/* Of what came in by day and area: a wrong sum, a row too many, a row that is missing, none at all.
 */
static void verify_finds_wrong_sums_of_what_came_in(void **state) {
    struct clerk *world = *state;

    clerk_begin(world);
    clerk_conflict(world);
    RUNS(world, 0, "verify");
    clerk_tamper(world, "UPDATE inflow SET changes = changes + 1");
    RUNS(world, 1, "verify");
    SAYS(world->err, "what came in on ");
    SAYS(world->err, VILLAGE);
    clerk_tamper(world, "UPDATE inflow SET changes = changes - 1");
    RUNS(world, 0, "verify");
    clerk_tamper(world, "INSERT INTO inflow VALUES (0, 430626000000, 1, 1)");
    RUNS(world, 1, "verify");
    SAYS(world->err, "what came in on 1970-01-01 from 430626");
    clerk_tamper(world, "DELETE FROM inflow WHERE day > 0");
    RUNS(world, 1, "verify");
    SAYS(world->err, "differences");
    clerk_tamper(world, "DELETE FROM inflow");
    RUNS(world, 1, "verify");
    SAYS(world->err, "what came in on ");
}

static void verify_finds_a_changed_line_of_the_staff_log(void **state) {
    struct clerk *world = *state;

    clerk_begin(world);
    RUNS(world, 0, "device", "revoke", "zhang", "--reason", "UNMISTAKABLE");
    flip(world, view_text("UNMISTAKABLE"), 3);
    RUNS(world, 1, "verify");
    SAYS(world->err, "staff log, act ");
}

static void verify_finds_a_changed_chain_of_a_feed(void **state) {
    struct clerk *world = *state;
    struct ledger *ledger;
    struct stored_feed feed;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    clerk_conflict(world);
    ledger = borrow(world);
    clerk_must(store_feed(ledger->store, COUNTY_AREA, AUDIENCE_FIELD, &feed, &err), &err);
    give_back(world, ledger);
    assert_int_equal(feed.position, 3);
    flip(world, view_of(feed.chain, 32), 5);
    RUNS(world, 1, "verify");
    SAYS(world->err, "feed " VILLAGE " field");
}

/* Two copies of one tablet write under the same numbers: the second becomes a fork, whose chain
 * goes on from the middle of the first one's. */
static void verify_follows_a_fork(void **state) {
    struct clerk *world = *state;
    const char *first;
    struct tablet *clone;
    struct session *copy;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    first = clerk_new(world, world->wang, CLERK_HOME("共同的"));
    clerk_edit(world, world->wang, first, "pigs", "4");
    clerk_sync(world);
    clerk_must(session_close(world->wang, &err), &err);
    tablet_close(world->a);
    clerk_copy(world, "wang", "clone");
    world->a = county_tablet(world->county, arena_text(&world->arena, "%s/wang", world->folder));
    world->wang = county_session(world->a, "wang");
    clone = county_tablet(world->county, arena_text(&world->arena, "%s/clone", world->folder));
    copy = county_session(clone, "wang");
    clerk_new(world, world->wang, CLERK_HOME("原件写的"));
    clerk_new(world, copy, CLERK_HOME("副本写的"));
    clerk_edit(world, copy, first, "pigs", "5");
    county_sync(world->county, world->a, RC_OK, NULL);
    county_sync(world->county, clone, RC_OK, NULL);
    RUNS(world, 0, "log");
    SAYS(world->out, "fork");
    RUNS(world, 0, "records", "--json");
    SAYS(world->out, "副本写的");
    RUNS(world, 0, "verify", "--json");
    SAYS(world->out, "\"records\": 3");
    county_sync(world->county, clone, RC_OK, NULL);
    clerk_new(world, copy, CLERK_HOME("副本又写"));
    county_sync(world->county, clone, RC_OK, NULL);
    RUNS(world, 0, "verify", "--json");
    SAYS(world->out, "\"records\": 4");
    tablet_close(clone);
}

/* --- the running service --- */

struct serving {
    struct clerk *world;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool up, stop;
    enum rc rc;
    struct err err;
};

static struct serving *served; /* service_serve's wait has no context */

static void wait_for_stop(void) {
    pthread_mutex_lock(&served->mutex);
    served->up = true;
    pthread_cond_broadcast(&served->changed);
    while (!served->stop)
        pthread_cond_wait(&served->changed, &served->mutex);
    pthread_mutex_unlock(&served->mutex);
}

static enum rc swallow(void *sink, enum control_stream stream, struct view bytes, struct err *err) {
    (void)sink;
    (void)stream;
    (void)bytes;
    (void)err;
    return RC_OK;
}

static void *serve(void *context) {
    struct serving *serving = context;
    struct serve_options options = {.listen = "127.0.0.1:0", .plain = true};
    struct command command = {.write = swallow};

    serving->rc = service_serve(serving->world->service, &options, &serving->world->table,
                                wait_for_stop, &command, &serving->err);
    pthread_mutex_lock(&serving->mutex);
    serving->up = true; /* also when it failed: nobody waits for ever */
    pthread_cond_broadcast(&serving->changed);
    pthread_mutex_unlock(&serving->mutex);
    return NULL;
}

struct asker {
    struct clerk *world;
    pthread_t thread;
    int status;
};

/* ---- snapshots ---- */

struct planting {
    struct dot of;           /* the state of this record ... */
    bool invents, mislabels; /* ... made worse */
};

static enum rc plant(void *context, struct work *work, struct err *err) {
    const struct planting *planting = context;
    struct stored_snapshot *row = WORK_ADD(work, snapshots, snapshot_count, snapshot_capacity);
    struct stored_chunk *chunk = WORK_ADD(work, chunks, chunk_count, chunk_capacity);
    struct snapshot_piece piece;
    struct snapshot snapshot = {.area = 430626117205,
                                .audience = AUDIENCE_FIELD,
                                .position = 1,
                                .record_count = 1,
                                .chunk_count = 1,
                                .chunks = &piece};
    struct snapshot_lanes *lanes = NULL;
    struct stored_record stored;
    struct absorbed *absorbed;
    struct record record;
    struct buf bytes;

    buf_init(&bytes, 1u << 20);
    clerk_must(store_record(work->ledger->store, planting->of, &work->arena, &stored, err), err);
    clerk_must(record_unpack(stored.packed, &work->arena, &record, err), err);
    absorbed =
        arena_copy(&work->arena, record.absorbed, record.absorbed_count * sizeof(*record.absorbed));
    if (planting->invents)
        absorbed[record.absorbed_count - 1].dot.number += 1000;
    record.absorbed = absorbed;
    clerk_must(record_pack(&record, &bytes, err), err);
    clerk_must(snapshot_lanes_new(&work->arena, &lanes, err), err);
    clerk_must(snapshot_add_record(lanes, buf_view(&bytes), err), err);
    buf_clear(&bytes);
    clerk_must(snapshot_end_chunk(lanes, work->deflater, &bytes, err), err);
    chunk->bytes = arena_view(&work->arena, buf_view(&bytes));
    snapshot_chunk_hash(chunk->bytes, piece.hash);
    piece.bytes = (uint32_t)chunk->bytes.size;
    clerk_must(store_feed_chain(work->ledger->store, snapshot.area, snapshot.audience, 1,
                                snapshot.chain, err),
               err);
    buf_clear(&bytes);
    snapshot_write(&snapshot, &bytes);
    *row = (struct stored_snapshot){.area = snapshot.area,
                                    .audience = snapshot.audience,
                                    .position = 1,
                                    .record_count = 1,
                                    .chunk_count = 1,
                                    .bytes = piece.bytes,
                                    .manifest = arena_view(&work->arena, buf_view(&bytes))};
    snapshot_name(row->manifest, row->name);
    row->name[0] ^= planting->mislabels;
    memcpy(chunk->name, row->name, sizeof(chunk->name));
    snapshot_lanes_release(lanes);
    buf_release(&bytes);
    return RC_OK;
}

static void verify_looks_into_snapshots(void **state) {
    struct clerk *world = *state;
    struct planting planting = {.invents = false};
    const struct office *office;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    clerk_must(
        dot_parse(view_text(clerk_new(world, world->wang, CLERK_HOME("Li"))), &planting.of, &err),
        &err);
    clerk_sync(world);
    office = service_office(world->service);
    clerk_must(office_act(office, plant, &planting, &err), &err);
    RUNS(world, 0, "verify");
    SAYS(world->out, "1  snapshots");
    planting.mislabels = true;
    clerk_must(office_act(office, plant, &planting, &err), &err);
    RUNS(world, 1, "verify");
    SAYS(world->err, "its name is not that of what is in it");
    planting = (struct planting){.of = planting.of, .invents = true};
    clerk_must(office_act(office, plant, &planting, &err), &err);
    RUNS(world, 1, "verify");
    SAYS(world->err, "more of record");
}

/* A client of the control socket, as command_main is one, without touching this process's output.
 */
static void *read_records(void *context) {
    struct asker *reader = context;
    struct control_request request = {
        .argument_count = 2, .arguments = {"records", "--json"}, .directory = "/"};
    char socket[400];
    struct err err;

    err_init(&err, LANG_EN);
    snprintf(socket, sizeof(socket), "%s/control", reader->world->data);
    for (unsigned i = 0; i < 20 && reader->status == 0; i++)
        if (control_call(socket, &request, swallow, NULL, &reader->status, &err) != RC_OK)
            reader->status = -1;
    return NULL;
}

static void commands_work_in_the_running_service_at_the_same_time(void **state) {
    struct clerk *world = *state;
    struct serving serving = {.world = world};
    struct asker readers[3] = {{0}};
    pthread_t thread;
    const char *record, *dot;

    clerk_begin(world);
    clerk_user(world, "李四", "county");
    record = clerk_conflict(world);
    dot = clerk_side(world, record, "pigs", "4");
    err_init(&serving.err, LANG_EN);
    pthread_mutex_init(&serving.mutex, NULL);
    pthread_cond_init(&serving.changed, NULL);
    served = &serving;
    assert_int_equal(pthread_create(&thread, NULL, serve, &serving), 0);
    pthread_mutex_lock(&serving.mutex);
    while (!serving.up)
        pthread_cond_wait(&serving.changed, &serving.mutex);
    pthread_mutex_unlock(&serving.mutex);
    clerk_must(serving.rc, &serving.err);
    for (size_t i = 0; i < 3; i++) {
        readers[i].world = world;
        assert_int_equal(pthread_create(&readers[i].thread, NULL, read_records, &readers[i]), 0);
    }
    RUNS(world, 0, "resolve", record, "pigs", "--keep", dot, "--as", "李四", "--reason", "seen");
    RUNS(world, 0, "show", record, "--json");
    SAYS(world->out, "\"pigs\": 4");
    RUNS(world, 0, "verify");
    RUNS(world, 1, "show", "0123456789abcdef-42");
    SAYS(world->err, "there is no such record");
    RUNS(world, 2, "show");
    for (size_t i = 0; i < 3; i++) {
        pthread_join(readers[i].thread, NULL);
        assert_int_equal(readers[i].status, 0);
    }
    pthread_mutex_lock(&serving.mutex);
    serving.stop = true;
    pthread_cond_broadcast(&serving.changed);
    pthread_mutex_unlock(&serving.mutex);
    pthread_join(thread, NULL);
    clerk_must(serving.rc, &serving.err);
    RUNS(world, 0, "records"); /* and without it again */
    SAYS(world->out, record);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, clerk_set_up, clerk_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(verify_looks_into_snapshots),
        CASE(csv_is_quoted_disarmed_and_masked),
        CASE(verify_finds_any_flipped_byte_in_a_frame),
        CASE(verify_finds_a_changed_state),
        CASE(verify_finds_wrong_sums_of_what_came_in),
        CASE(verify_finds_a_changed_line_of_the_staff_log),
        CASE(verify_finds_a_changed_chain_of_a_feed),
        CASE(verify_follows_a_fork),
        CASE(commands_work_in_the_running_service_at_the_same_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
