/* county_case.h: what the cases about stores share: small deltas, and walks into arrays of names.
 */
#ifndef YG_TESTS_SUPPORT_COUNTY_CASE_H
#define YG_TESTS_SUPPORT_COUNTY_CASE_H

#include "tests/support/county.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))
#define VILLAGE_1    430626100201u
#define VILLAGE_2    430626100202u
#define TOWNSHIP     430626100000u
#define COUNTY       430626000000u
#define ELSEWHERE    430681100201u

/* Actors on both sides of the signed border, so that an order by signed numbers shows. */
#define LOW  UINT64_C(0x1000000000000001)
#define HIGH UINT64_C(0xf000000000000001)

static inline struct county_store *county_of(void **state) {
    return *state;
}

/* --- walks into an array of names --- */

struct seen {
    uint32_t count;
    uint64_t names[200];
    uint32_t stop_at; /* 0: never */
    enum rc stop_rc;
};

static inline enum rc see(struct seen *seen, uint64_t name) {
    assert_true(seen->count < COUNT(seen->names));
    seen->names[seen->count++] = name;
    return seen->stop_at != 0 && seen->count == seen->stop_at ? seen->stop_rc : RC_OK;
}

#define assert_seen(seen, ...)                                                                     \
    do {                                                                                           \
        const uint64_t expected[] = {__VA_ARGS__};                                                 \
        assert_int_equal((seen).count, COUNT(expected));                                           \
        assert_memory_equal((seen).names, expected, sizeof(expected));                             \
    } while (0)

#define SEE(type, name)                                                                            \
    static inline enum rc see_##type(void *context, const struct stored_##type *item,              \
                                     struct err *err) {                                            \
        (void)err;                                                                                 \
        return see(context, name);                                                                 \
    }
SEE(device, item->device)
SEE(person, item->person)
SEE(actor, item->actor)
SEE(form, item->form)
SEE(record, item->id.actor ^ item->id.number)
SEE(conflict, item->field)
SEE(quarantine, item->dot.number)
SEE(feed, item->area * 10 + item->audience)
SEE(entry, item->entry.position)
SEE(frame, item->serial)
SEE(change, item->dot.number)
SEE(pending, item->first)
SEE(act, item->serial)
SEE(key, item->instance.ordinal)

/* --- small deltas --- */

static inline void put_actor(struct county_store *county, uint64_t actor, uint64_t number) {
    struct stored_actor put = {.actor = actor, .number = number};

    county_commit(county, &(struct store_delta){.actor_count = 1, .actors = &put});
}

/* A frame with these changes, their actors raised to what they need. */
static inline struct store_delta log_delta(const struct stored_frame *frame,
                                           const struct stored_actor *actors, uint32_t actor_count,
                                           const struct stored_change *changes,
                                           uint32_t change_count) {
    return (struct store_delta){
        .frame_count = 1,
        .frames = frame,
        .actor_count = actor_count,
        .actors = actors,
        .change_count = change_count,
        .changes = changes,
    };
}

static inline void put_record(struct county_store *county, struct stored_record record) {
    county_commit(county, &(struct store_delta){.record_count = 1, .records = &record});
}

static inline void get_record(struct county_store *county, struct dot id,
                              struct stored_record *out) {
    assert_int_equal(store_record(county->store, id, &county->arena, out, &county->err), RC_OK);
}

static inline struct stored_record household(uint64_t actor, uint64_t number, uint64_t *area) {
    return (struct stored_record){
        .id = {actor, number},
        .form = 99,
        .form_name = view_text("household"),
        .audience = AUDIENCE_FIELD,
        .area_count = area == NULL ? 0 : 1,
        .areas = area,
        .title = view_text("张三"),
        .created_ms = 1000,
        .changed_ms = 2000,
        .packed = view_text("packed state"),
    };
}

/* --- every case twice --- */

static inline int county_setup(void **state, enum county_engine engine) {
    struct county_store *county = malloc(sizeof(*county));

    if (county == NULL)
        return -1;
    county_init(county, engine);
    *state = county;
    return 0;
}

static inline int county_setup_sqlite(void **state) {
    return county_setup(state, COUNTY_SQLITE);
}

static inline int county_setup_memory(void **state) {
    return county_setup(state, COUNTY_MEMORY);
}

static inline int county_teardown(void **state) {
    county_release(*state);
    free(*state);
    return 0;
}

#define BOTH(test)                                                                                 \
    {#test " (SQLite)", test, county_setup_sqlite, county_teardown, NULL}, {                       \
#test " (memory)", test, county_setup_memory, county_teardown, NULL                        \
    }

#endif
