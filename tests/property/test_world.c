/* test_world.c: small worlds from a seed: tablets and a county in one process, people who save,
 * edit, lock and unlock, clones of clones and restored backups of restored tablets, with their
 * nonce and without, wrong clocks, requests and answers that are lost. When everybody has synced in
 * the end:
 *   - every text that a person saved stands in the county's log, once (a tablet that was restored
 *     from its backup has really lost what only its dead disk held)
 *   - every tablet holds for every record exactly the bytes that the county holds
 *   - tablets verify, nothing waits
 *
 *     test_world [SEED]   plays that world alone, and tells what happens */
#include "base/file.h"
#include "tests/support/shell.h"
#include "tests/support/visitor.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define WORLDS      15
#define STEPS       70
#define TABLETS_MAX 7
#define SAVED_MAX   200
#define RECORDS_MAX 64

struct saved {
    char text[32];
    int tablet;
    bool gone; /* only on a disk that was replaced */
};

struct holder { /* a tablet in somebody's hands */
    struct tablet *tablet;
    struct session *session;
    char name[16]; /* of the folder */
    const char *person;
    char backup[16];
    uint32_t backup_at; /* how many texts had been saved when the backup was made; 0: none */
};

struct world {
    struct visitor *visitor;
    uint64_t random;
    bool tells;
    struct holder places[TABLETS_MAX];
    int place_count;
    struct saved saved[SAVED_MAX];
    uint32_t saved_count;
    struct dot records[RECORDS_MAX];
    uint32_t record_count;
    uint32_t copies;
};

static uint64_t chance(struct world *world, uint64_t below) {
    world->random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = world->random;

    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (mixed ^ (mixed >> 31)) % below;
}

static void __attribute__((format(printf, 2, 3)))
tell(const struct world *world, const char *format, ...) {
    va_list arguments;

    if (!world->tells)
        return;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

static const char *new_text(struct world *world, int tablet) {
    struct saved *saved = &world->saved[world->saved_count++];

    snprintf(saved->text, sizeof(saved->text), "text-%u-of-%d", world->saved_count, tablet);
    saved->tablet = tablet;
    return saved->text;
}

static void open_place(struct world *world, struct holder *place) {
    place->tablet =
        county_tablet(world->visitor->county, visitor_path(world->visitor, place->name));
    place->session = county_session(place->tablet, place->person);
}

static void close_place(struct holder *place) {
    tablet_close(place->tablet);
    place->tablet = NULL;
    place->session = NULL;
}

static bool knows(struct world *world, struct holder *place, struct dot record) {
    struct record state;
    struct err err;

    err_init(&err, LANG_EN);
    return session_record(place->session, record, &world->visitor->arena, &state, &err) == RC_OK;
}

static struct dot *some_record(struct world *world, struct holder *place) {
    for (int i = 0; i < 4 && world->record_count > 0; i++) {
        struct dot *record = &world->records[chance(world, world->record_count)];

        if (knows(world, place, *record))
            return record;
    }
    return NULL;
}

/* --- what people do --- */

static void step_new(struct world *world, int at) {
    struct holder *place = &world->places[at];
    struct dot dot;

    if (world->record_count == RECORDS_MAX)
        return;
    dot = visitor_save(world->visitor, place->session, VILLAGE_A, new_text(world, at));
    world->records[world->record_count++] = dot;
    tell(world, "%s saves a household: %s", place->name, world->saved[world->saved_count - 1].text);
}

static void step_edit(struct world *world, int at) {
    static const char *const paths[] = {"head/name", "head/phone", "home/group_name",
                                        "situation/notes", "home/live_addr"};
    struct holder *place = &world->places[at];
    struct dot *record = some_record(world, place);
    const char *path = paths[chance(world, 5)];

    if (record == NULL ||
        strcmp(visitor_text(world->visitor, place->session, *record, path), "?") == 0)
        return;
    visitor_edit(world->visitor, place->session, *record, path, new_text(world, at));
    tell(world, "%s edits %s of number %u: %s", place->name, path, (unsigned)record->number,
         world->saved[world->saved_count - 1].text);
}

static void step_sync(struct world *world, int at) {
    struct county *county = world->visitor->county;
    struct sync_options options = {.rounds_max = 0};
    struct sync_report report;
    struct err err;
    enum rc rc;

    err_init(&err, LANG_EN);
    county->lose_up = chance(world, 6) == 0;
    county->lose_down = chance(world, 5) == 0;
    if (chance(world, 4) == 0) /* a slow link, that is cut */
        options = (struct sync_options){.answer_bytes_max = 1, .rounds_max = 1};
    rc = sync_run(world->places[at].tablet, &county->link, &options, &report, &err);
    county->lose_up = 0;
    county->lose_down = 0;
    tell(world, "%s syncs: %s, %u sent, %u received", world->places[at].name, rc_name(rc),
         (unsigned)report.sent, (unsigned)report.received);
    if (rc != RC_OK && rc != RC_NETWORK)
        fail_msg("sync: %s: %s %s", rc_name(rc), err.text, err.detail);
}

static void step_lock(struct world *world, int at) {
    struct holder *place = &world->places[at];

    tell(world, "%s is locked, syncs, and is opened again", place->name);
    close_place(place);
    place->tablet =
        county_tablet(world->visitor->county, visitor_path(world->visitor, place->name));
    step_sync(world, at);
    place->session = county_session(place->tablet, place->person);
}

static void step_backup(struct world *world, int at) {
    struct holder *place = &world->places[at];
    bool whole = chance(world, 2) == 0; /* an image of the disk, or files without the nonce */

    snprintf(place->backup, sizeof(place->backup), "copy%u", ++world->copies);
    close_place(place);
    visitor_copy(world->visitor, place->name, place->backup);
    if (!whole) /* it may be such a copy itself */
        (void)unlink(arena_text(&world->visitor->arena, "%s/incarnation",
                                visitor_path(world->visitor, place->backup)));
    open_place(world, place);
    place->backup_at = world->saved_count + 1;
    tell(world, "%s is backed up%s", place->name, whole ? ", with its nonce" : "");
}

/* What stands in the county's log, change by change (a frame that was sent again in part stands in
 * it twice, but each change is known by one place only). */
struct log_search {
    struct world *world;
    struct store *store;
    struct zip_inflater *inflater;
    uint32_t found[SAVED_MAX];
};

static enum rc search_change(void *context, const struct stored_change *change, struct err *err) {
    struct log_search *search = context;
    struct stored_frame stored;
    struct arena arena;
    struct frame frame;
    enum rc rc;

    arena_init(&arena, 64u * 1024u * 1024u);
    rc = store_frame(search->store, change->frame, &arena, &stored, err);
    if (rc == RC_OK)
        rc = frame_decode_raw(stored.bytes, search->inflater, &arena, &frame, err);
    if (rc == RC_OK) {
        const struct change *found = &frame.changes[change->position].change;

        for (uint32_t e = 0; e < found->entry_count; e++)
            for (uint32_t s = 0; s < search->world->saved_count; s++)
                search->found[s] +=
                    found->entries[e].value.type == VALUE_TEXT &&
                    view_is(found->entries[e].value.bytes, search->world->saved[s].text);
    }
    arena_release(&arena);
    return rc;
}

static enum rc search_actor(void *context, const struct stored_actor *actor, struct err *err) {
    struct log_search *search = context;

    return store_actor_changes(search->store, actor->actor, 1, actor->number, search_change, search,
                               err);
}

static void search_log(struct world *world, struct log_search *search) {
    struct ledger *ledger = county_read(world->visitor->county);
    struct err err;

    err_init(&err, LANG_EN);
    *search = (struct log_search){.world = world, .store = ledger->store};
    visitor_must(world->visitor, zip_inflater_new(&search->inflater, &err));
    visitor_must(world->visitor, store_actors(ledger->store, search_actor, search, &err));
    zip_inflater_free(search->inflater);
    ledger_close(ledger);
}

/* The disk dies; the tablet goes on from its backup. */
static void step_restore(struct world *world, int at) {
    struct holder *place = &world->places[at];
    struct log_search search;
    char line[900];

    if (place->backup_at == 0)
        return;
    search_log(world, &search);
    for (uint32_t i = place->backup_at - 1; i < world->saved_count; i++)
        if (world->saved[i].tablet == at && search.found[i] == 0)
            world->saved[i].gone = true;
    close_place(place);
    snprintf(line, sizeof(line), "rm -rf '%s'", visitor_path(world->visitor, place->name));
    assert_int_equal(shell_run(line), 0);
    visitor_copy(world->visitor, place->backup, place->name);
    place->backup_at = 0;
    open_place(world, place);
    tell(world, "%s is restored from its backup", place->name);
}

static void step_clone(struct world *world, int at) {
    struct holder *place = &world->places[at], *clone;

    if (world->place_count == TABLETS_MAX)
        return;
    clone = &world->places[world->place_count++];
    *clone = (struct holder){.person = place->person};
    snprintf(clone->name, sizeof(clone->name), "clone%u", ++world->copies);
    close_place(place);
    visitor_copy(world->visitor, place->name, clone->name);
    open_place(world, place);
    open_place(world, clone);
    tell(world, "%s is cloned as %s", place->name, clone->name);
}

static void step(struct world *world) {
    int at = (int)chance(world, (uint64_t)world->place_count);
    uint64_t what = chance(world, 100);

    world->visitor->county->now_ms += (int64_t)chance(world, 600000);
    if (world->saved_count + 1 >= SAVED_MAX)
        return;
    if (what < 25)
        step_new(world, at);
    else if (what < 55)
        step_edit(world, at);
    else if (what < 77)
        step_sync(world, at);
    else if (what < 81)
        step_lock(world, at);
    else if (what < 88)
        step_backup(world, at);
    else if (what < 92)
        step_restore(world, at);
    else if (what < 97)
        step_clone(world, at);
    else
        world->visitor->county->now_ms -= (int64_t)chance(world, 86400000); /* clocks jump back */
}

/* --- the end --- */

/* Somebody who has seen nothing of all this. */
static void come_late(struct world *world) {
    struct holder *place = &world->places[world->place_count];

    if (world->place_count == TABLETS_MAX)
        return;
    world->place_count++;
    snprintf(place->name, sizeof(place->name), "zhao");
    place->person = "zhao";
    place->tablet = visitor_enrol(world->visitor, "zhao", 1);
    place->session = county_session(place->tablet, "zhao");
}

static void heal(struct world *world) {
    for (int round = 0; round < 4; round++)
        for (int at = 0; at < world->place_count; at++)
            county_sync(world->visitor->county, world->places[at].tablet, RC_OK, NULL);
}

static void check_log(struct world *world, uint64_t seed) {
    struct log_search search;

    search_log(world, &search);
    for (uint32_t i = 0; i < world->saved_count; i++) {
        if (world->saved[i].gone)
            continue;
        if (search.found[i] != 1)
            fail_msg("seed %llu: %s stands in the county's log %u times", (unsigned long long)seed,
                     world->saved[i].text, search.found[i]);
    }
}

struct comparison {
    struct world *world;
    uint64_t seed;
    uint32_t count;
};

static void dump(const char *who, const struct record *record) {
    printf("%s:\n", who);
    for (uint32_t i = 0; i < record->absorbed_count; i++)
        printf("  absorbed %04llx-%llu kind %u time %lld flags %u\n",
               (unsigned long long)record->absorbed[i].dot.actor >> 48,
               (unsigned long long)record->absorbed[i].dot.number, record->absorbed[i].kind,
               (long long)record->absorbed[i].time_ms, record->absorbed[i].flags);
    for (uint32_t i = 0; i < record->version_count; i++)
        printf("  field %u by %u: %.*s\n", record->versions[i].field, record->versions[i].change,
               VIEW_PRINT(record->versions[i].value.bytes));
    for (uint32_t i = 0; i < record->awaited_count; i++)
        printf("  field %u awaits %04llx-%llu\n", record->awaited[i].field,
               (unsigned long long)record->awaited[i].version.dot.actor >> 48,
               (unsigned long long)record->awaited[i].version.dot.number);
}

static enum rc compare_record(void *context, const struct stored_record *stored, struct err *err) {
    struct comparison *comparison = context;
    struct world *world = comparison->world;

    comparison->count++;
    for (int at = 0; at < world->place_count; at++) {
        struct record state;
        struct buf packed;
        enum rc rc = session_record(world->places[at].session, stored->id, &world->visitor->arena,
                                    &state, err);

        if (rc != RC_OK)
            fail_msg("seed %llu: %s lacks a record that the county has",
                     (unsigned long long)comparison->seed, world->places[at].name);
        buf_init(&packed, LIMIT_RECORD_BYTES);
        rc = record_pack(&state, &packed, err);
        if (world->tells && (rc != RC_OK || !view_equal(buf_view(&packed), stored->packed))) {
            struct record theirs;

            if (record_unpack(stored->packed, &world->visitor->arena, &theirs, err) == RC_OK)
                dump("county", &theirs);
            dump(world->places[at].name, &state);
        }
        if (rc != RC_OK || !view_equal(buf_view(&packed), stored->packed))
            fail_msg("seed %llu: %s holds other bytes than the county of record %llx-%llu",
                     (unsigned long long)comparison->seed, world->places[at].name,
                     (unsigned long long)stored->id.actor, (unsigned long long)stored->id.number);
        buf_release(&packed);
    }
    return RC_OK;
}

static void check_states(struct world *world, uint64_t seed) {
    struct comparison comparison = {.world = world, .seed = seed};
    struct ledger *ledger = county_read(world->visitor->county);
    struct err err;

    err_init(&err, LANG_EN);
    visitor_must(world->visitor, store_list(ledger->store, view_text(""), 0, (struct dot){0, 0},
                                            compare_record, &comparison, &err));
    ledger_close(ledger);
    for (int at = 0; at < world->place_count; at++) {
        struct tablet_status status = visitor_status(world->visitor, world->places[at].tablet);

        if (visitor_count(world->visitor, world->places[at].session, "") != comparison.count)
            fail_msg("seed %llu: %s lists other records than the county", (unsigned long long)seed,
                     world->places[at].name);
        if (status.unsent != 0)
            fail_msg("seed %llu: %llu changes wait on %s", (unsigned long long)seed,
                     (unsigned long long)status.unsent, world->places[at].name);
        visitor_verify(world->visitor, world->places[at].tablet);
    }
}

static void play(uint64_t seed, bool tells) {
    static const char *const people[] = {"wang", "zhang", "li"};
    struct world *world = calloc(1, sizeof(*world));
    void *state = NULL;

    assert_non_null(world);
    assert_int_equal(visitor_set_up(&state), 0);
    world->visitor = state;
    world->random = seed;
    world->tells = tells;
    for (int at = 0; at < 3; at++) {
        struct holder *place = &world->places[at];

        snprintf(place->name, sizeof(place->name), "%s", people[at]);
        place->person = people[at];
        place->tablet = visitor_enrol(world->visitor, people[at], 1);
        place->session = county_session(place->tablet, people[at]);
    }
    world->place_count = 3;
    if (seed % 3 != 0) { /* a county that prefers to give snapshots */
        world->visitor->county->office.snapshot_tail_bytes = 1;
        world->visitor->county->office.snapshot_chunk_bytes = 256;
    }
    for (int i = 0; i < STEPS; i++)
        step(world);
    come_late(world);
    heal(world);
    check_log(world, seed);
    check_states(world, seed);
    for (int at = 0; at < world->place_count; at++)
        close_place(&world->places[at]);
    assert_int_equal(visitor_tear_down(&state), 0);
    free(world);
}

static void whatever_happens_everybody_agrees_in_the_end(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= WORLDS; seed++)
        play(seed, false);
}

static uint64_t chosen;

static void this_world(void **state) {
    (void)state;
    play(chosen, true);
}

int main(int argc, char **argv) {
    const struct CMUnitTest all[] = {
        cmocka_unit_test(whatever_happens_everybody_agrees_in_the_end)};
    const struct CMUnitTest one[] = {cmocka_unit_test(this_world)};

    if (argc > 1) {
        chosen = strtoull(argv[1], NULL, 10);
        return cmocka_run_group_tests(one, NULL, NULL);
    }
    return cmocka_run_group_tests(all, NULL, NULL);
}
