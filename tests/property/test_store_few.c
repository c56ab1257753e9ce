/* What is asked of the store for one tablet is found by an index, and is the same, in the same
 * order, as what a walk over everything would have found; in both engines. So are the forks that
 * have grown out of an actor, as a step of the writer sees them. A failure prints the seed. */
#include "syncd/sync/fork.h"
#include "tests/support/county.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { WORLDS = 12, STEPS = 12, ROWS = 12, ACTORS = 24, DEVICES = 4, SERIALS = 5 };

struct dice {
    uint64_t state;
};

static uint64_t below(struct dice *dice, uint64_t limit) {
    dice->state ^= dice->state << 13;
    dice->state ^= dice->state >> 7;
    dice->state ^= dice->state << 17;
    return ((dice->state * UINT64_C(0x2545f4914f6cdd1d)) >> 16) % limit;
}

/* Both halves of the unsigned numbers; 0 is nobody. */
static uint64_t actor_name(uint64_t index) {
    return index == 0 ? 0 : index * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t device_name(struct dice *dice) {
    static const uint64_t NAMES[DEVICES] = {0, 7, UINT64_C(0x8000000000000007), DEVICE_UNKNOWN};

    return NAMES[below(dice, DEVICES)];
}

/* --- a county --- */

struct parts {
    struct stored_actor actors[ROWS];
    struct stored_person persons[ROWS];
    struct stored_quarantine rows[ROWS];
};

/* Out of a smaller one, or out of none; always the same. */
static uint64_t parent_of(uint64_t index) {
    return index % 3 == 0 ? 0 : actor_name(index / 2);
}

static void make_actor(struct dice *dice, struct county_store *county, struct stored_actor *out) {
    uint64_t index = 1 + below(dice, ACTORS - 1);
    struct stored_actor known = {.number = 0};

    if (store_actor(county->store, actor_name(index), &known, &county->err) != RC_OK)
        err_clear(&county->err);
    *out = (struct stored_actor){.actor = actor_name(index),
                                 .device = device_name(dice),
                                 .number = known.number + below(dice, 5),
                                 .fork_of = parent_of(index),
                                 .fork_from = parent_of(index) == 0 ? 0 : 1 + index / 4};
}

static void make_delta(struct dice *dice, struct county_store *county, struct parts *parts,
                       struct store_delta *delta) {
    *delta = (struct store_delta){.actor_count = (uint32_t)below(dice, ROWS),
                                  .actors = parts->actors,
                                  .person_count = (uint32_t)below(dice, ROWS),
                                  .persons = parts->persons,
                                  .quarantine_count = (uint32_t)below(dice, ROWS),
                                  .quarantine = parts->rows};
    for (uint32_t i = 0; i < delta->actor_count; i++) {
        make_actor(dice, county, &parts->actors[i]);
        for (uint32_t j = 0; j < i; j++)
            if (parts->actors[j].actor == parts->actors[i].actor)
                parts->actors[i].number = parts->actors[j].number;
    }
    for (uint32_t i = 0; i < delta->person_count; i++)
        parts->persons[i] = (struct stored_person){.person = 1 + below(dice, 20),
                                                   .name = view_text("王芳"),
                                                   .device = device_name(dice),
                                                   .created_ms = (int64_t)below(dice, 6) - 2};
    for (uint32_t i = 0; i < delta->quarantine_count; i++)
        parts->rows[i] = (struct stored_quarantine){
            .dot = {actor_name(1 + below(dice, 6)), below(dice, 3) == 0 ? UINT64_MAX : i + 1},
            .device = device_name(dice),
            .verdict = 9,
            .since_ms = (int64_t)below(dice, 4) - 1,
            .settled = below(dice, 2) == 0 ? 0 : (uint32_t)below(dice, SERIALS)};
}

/* --- a walk over everything, and what is kept of it --- */

enum few { DEVICE_PERSONS, NEW_PERSONS, DEVICE_ACTORS, ACTOR_FORKS, ACTOR_ROWS, WAITING, FEW };

struct asked {
    enum few what;
    uint64_t name; /* device or actor */
    int64_t after_ms;
    uint32_t settled;
    bool waiting;
    const struct stored_quarantine *after;
    struct buf *out;
};

static enum rc note_person(void *context, const struct stored_person *person, struct err *err) {
    (void)err;
    buf_add_le64(context, person->person);
    buf_add_le64(context, (uint64_t)person->created_ms);
    return RC_OK;
}

static enum rc note_actor(void *context, const struct stored_actor *actor, struct err *err) {
    (void)err;
    buf_add_le64(context, actor->actor);
    buf_add_le64(context, actor->number);
    return RC_OK;
}

static enum rc note_row(void *context, const struct stored_quarantine *row, struct err *err) {
    (void)err;
    buf_add_le64(context, row->dot.actor);
    buf_add_le64(context, row->dot.number);
    buf_add_varint(context, row->settled);
    return RC_OK;
}

static enum rc keep_person(void *context, const struct stored_person *person, struct err *err) {
    const struct asked *asked = context;
    bool kept = asked->what == NEW_PERSONS ? person->created_ms > asked->after_ms
                                           : person->device == asked->name;

    return kept ? note_person(asked->out, person, err) : RC_OK;
}

static enum rc keep_actor(void *context, const struct stored_actor *actor, struct err *err) {
    const struct asked *asked = context;
    bool kept = asked->what == ACTOR_FORKS ? actor->fork_of != 0 && actor->fork_of == asked->name
                                           : actor->device == asked->name;

    return kept ? note_actor(asked->out, actor, err) : RC_OK;
}

static bool is_behind(const struct stored_quarantine *row, const struct stored_quarantine *after) {
    if (after == NULL || row->since_ms != after->since_ms)
        return after == NULL || row->since_ms > after->since_ms;
    return dot_compare(row->dot, after->dot) > 0;
}

static enum rc keep_row(void *context, const struct stored_quarantine *row, struct err *err) {
    const struct asked *asked = context;
    bool kept;

    if (asked->what == WAITING)
        kept = row->settled == 0 && (asked->name == 0 || row->device == asked->name) &&
               is_behind(row, asked->after);
    else
        kept = row->dot.actor == asked->name &&
               (row->settled == 0 ? asked->waiting : row->settled > asked->settled);
    return kept ? note_row(asked->out, row, err) : RC_OK;
}

static enum rc ask_all(struct store *store, struct asked *asked, struct err *err) {
    if (asked->what <= NEW_PERSONS)
        return store_persons(store, keep_person, asked, err);
    return asked->what <= ACTOR_FORKS ? store_actors(store, keep_actor, asked, err)
                                      : store_quarantine(store, true, keep_row, asked, err);
}

static enum rc ask_few(struct store *store, const struct asked *asked, struct err *err) {
    struct buf *out = asked->out;

    switch (asked->what) {
    case DEVICE_PERSONS:
        return store_device_persons(store, asked->name, note_person, out, err);
    case NEW_PERSONS:
        return store_new_persons(store, asked->after_ms, note_person, out, err);
    case DEVICE_ACTORS:
        return store_device_actors(store, asked->name, note_actor, out, err);
    case ACTOR_FORKS:
        return store_actor_forks(store, asked->name, note_actor, out, err);
    case ACTOR_ROWS:
        return store_actor_quarantine(store, asked->name, asked->settled, asked->waiting, note_row,
                                      out, err);
    case WAITING:
    case FEW:
        break;
    }
    return store_waiting(store, asked->name, asked->after, note_row, out, err);
}

static void check_few(struct dice *dice, struct county_store *county, uint64_t seed,
                      uint64_t *found) {
    struct stored_quarantine after = {.since_ms = (int64_t)below(dice, 4) - 1,
                                      .dot = {actor_name(1 + below(dice, 6)), below(dice, 5)}};
    struct buf few, all;
    struct asked asked = {.what = (enum few)below(dice, FEW),
                          .after_ms = (int64_t)below(dice, 6) - 3,
                          .settled = (uint32_t)below(dice, SERIALS),
                          .waiting = below(dice, 2) == 0,
                          .after = below(dice, 2) == 0 ? NULL : &after,
                          .out = &few};

    asked.name = asked.what == ACTOR_FORKS || asked.what == ACTOR_ROWS
                     ? actor_name(below(dice, ACTORS))
                     : device_name(dice);
    buf_init(&few, 1u << 16);
    buf_init(&all, 1u << 16);
    assert_int_equal(ask_few(county->store, &asked, &county->err), RC_OK);
    asked.out = &all;
    assert_int_equal(ask_all(county->store, &asked, &county->err), RC_OK);
    if (!view_equal(buf_view(&few), buf_view(&all)))
        fail_msg("seed %llu, question %d: %zu bytes of rows, but the walk finds %zu",
                 (unsigned long long)seed, (int)asked.what, few.size, all.size);
    *found += few.size > 0;
    buf_release(&few);
    buf_release(&all);
}

struct search {
    struct dot dot;
    struct stored_quarantine row;
    bool found;
};

static enum rc find_row(void *context, const struct stored_quarantine *row, struct err *err) {
    struct search *search = context;

    (void)err;
    if (dot_equal(row->dot, search->dot)) {
        search->row = *row;
        search->found = true;
    }
    return RC_OK;
}

/* One row, as the walk has it. */
static void check_row(struct dice *dice, struct county_store *county) {
    struct search search = {.dot = {actor_name(1 + below(dice, 6)), 1 + below(dice, ROWS)}};
    struct stored_quarantine row = {.settled = 0};
    enum rc rc = store_quarantined(county->store, search.dot, &row, &county->err);

    err_clear(&county->err);
    assert_int_equal(store_quarantine(county->store, true, find_row, &search, &county->err), RC_OK);
    assert_int_equal(rc, search.found ? RC_OK : RC_NOT_FOUND);
    if (search.found)
        assert_true(dot_equal(row.dot, search.dot) && row.settled == search.row.settled &&
                    row.since_ms == search.row.since_ms && row.device == search.row.device);
}

/* --- forks, as they are when all actors are looked at --- */

struct all_actors {
    struct stored_actor list[ACTORS * 2];
    uint32_t count;
};

static struct stored_actor *actor_in(struct all_actors *all, uint64_t actor) {
    for (uint32_t i = 0; i < all->count; i++)
        if (all->list[i].actor == actor)
            return &all->list[i];
    return NULL;
}

static enum rc put_actor(void *context, const struct stored_actor *actor, struct err *err) {
    struct all_actors *all = context;
    struct stored_actor *known = actor_in(all, actor->actor);

    (void)err;
    if (known == NULL)
        known = &all->list[all->count++];
    *known = *actor;
    return RC_OK;
}

static bool grows_out_of(struct all_actors *all, const struct stored_actor *fork, uint64_t root) {
    while (fork != NULL && fork->fork_of != 0) {
        if (fork->fork_of == root)
            return true;
        fork = actor_in(all, fork->fork_of);
    }
    return false;
}

static void check_tree(struct dice *dice, struct county_store *county, uint64_t seed,
                       uint64_t *found) {
    struct stored_actor pending[ROWS], *tree = NULL, root;
    struct work work = {.actors = pending, .actor_count = (uint32_t)below(dice, ROWS)};
    struct all_actors all = {.count = 0};
    uint32_t count = 0, forks = 0;

    for (uint32_t i = 0; i < work.actor_count; i++)
        make_actor(dice, county, &pending[i]);
    for (uint32_t i = 1; i < work.actor_count; i++) /* a step has each once */
        for (uint32_t j = 0; j < i; j++)
            if (pending[j].actor == pending[i].actor)
                pending[i--] = pending[--work.actor_count], j = i;
    assert_int_equal(store_actors(county->store, put_actor, &all, &county->err), RC_OK);
    for (uint32_t i = 0; i < work.actor_count; i++)
        (void)put_actor(&all, &pending[i], &county->err);
    if (all.count == 0)
        return;
    for (int i = 0; i < 4 && (i == 0 || root.fork_of != 0); i++) /* rather no fork */
        root = all.list[below(dice, all.count)];
    assert_int_equal(
        fork_tree(county->store, &work, &root, &county->arena, &tree, &count, &county->err), RC_OK);
    for (uint32_t i = 0; i < all.count && root.fork_of == 0; i++)
        forks += grows_out_of(&all, &all.list[i], root.actor);
    if (count != forks + 1)
        fail_msg("seed %llu: %u forks of %016llx, but the walk finds %u", (unsigned long long)seed,
                 count - 1, (unsigned long long)root.actor, forks);
    assert_int_equal(tree[0].actor, root.actor);
    for (uint32_t i = 1; i < count; i++) {
        assert_true(grows_out_of(&all, &tree[i], root.actor));
        assert_int_equal(tree[i].number, actor_in(&all, tree[i].actor)->number);
        assert_true(i == 1 || tree[i - 1].actor < tree[i].actor);
    }
    *found += forks > 0;
    arena_reset(&county->arena);
}

static void run_world(uint64_t seed, enum county_engine engine, uint64_t *found) {
    struct dice dice = {seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
    struct county_store county;
    struct store_delta delta;
    struct parts parts;

    county_init(&county, engine);
    for (int step = 0; step < STEPS; step++) {
        make_delta(&dice, &county, &parts, &delta);
        county_commit(&county, &delta);
        for (int i = 0; i < 20; i++)
            check_few(&dice, &county, seed, &found[0]);
        for (int i = 0; i < 5; i++) {
            check_row(&dice, &county);
            check_tree(&dice, &county, seed, &found[1]);
        }
    }
    county_release(&county);
}

static void test_few(void **state) {
    uint64_t found[2] = {0};

    (void)state;
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        run_world(seed, COUNTY_SQLITE, found);
        run_world(seed, COUNTY_MEMORY, found);
    }
    /* Something is asked for that is there. */
    assert_true(found[0] > (uint64_t)WORLDS * STEPS * 2 * 20 / 4);
    assert_true(found[1] > (uint64_t)WORLDS * STEPS * 2 * 5 / 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_few)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
