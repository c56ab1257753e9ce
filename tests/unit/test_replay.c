/* test_replay.c: what a county cannot understand yet is taken, kept, and understood later. */
#include "syncd/sync/replay.h"
#include "tests/support/visitor.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

struct copying {
    struct visitor *visitor;
    struct stored_device device;
    struct stored_person person;
};

static enum rc take_device(void *context, const struct stored_device *device, struct err *err) {
    struct copying *copying = context;
    struct arena *arena = &copying->visitor->arena;

    copying->device = *device;
    copying->device.name = arena_view(arena, device->name);
    copying->device.scope.areas =
        arena_copy(arena, device->scope.areas, device->scope.area_count * sizeof(uint64_t));
    return arena_check(arena, "a test", err);
}

static enum rc take_person(void *context, const struct stored_person *person, struct err *err) {
    struct copying *copying = context;
    struct arena *arena = &copying->visitor->arena;

    copying->person = *person;
    copying->person.name = arena_view(arena, person->name);
    copying->person.areas = arena_copy(arena, person->areas, person->area_count * sizeof(uint64_t));
    return arena_check(arena, "a test", err);
}

static enum rc put_both(void *context, struct work *work, struct err *err) {
    struct copying *copying = context;
    struct stored_device *device = WORK_ADD(work, devices, device_count, device_capacity);
    struct stored_person *person = WORK_ADD(work, persons, person_count, person_capacity);

    (void)err;
    assert_non_null(device);
    assert_non_null(person);
    *device = copying->device;
    *person = copying->person;
    return RC_OK;
}

/* The same county with the same keys, which knows the tablet but has no form. */
static struct county *formless_twin(struct visitor *visitor, uint64_t seed) {
    struct county *twin = county_new(seed);
    struct copying copying = {.visitor = visitor};
    struct ledger *ledger = county_read(visitor->county);

    assert_memory_equal(twin->keys.sign_public, visitor->county->keys.sign_public, 32);
    visitor_must(visitor, store_devices(ledger->store, take_device, &copying, &visitor->err));
    visitor_must(visitor, store_persons(ledger->store, take_person, &copying, &visitor->err));
    ledger_close(ledger);
    visitor_must(visitor, office_act(&twin->office, put_both, &copying, &visitor->err));
    return twin;
}

static struct stored_record stored(struct visitor *visitor, struct county *county,
                                   struct dot record) {
    struct ledger *ledger = county_read(county);
    struct stored_record out;

    visitor_must(visitor,
                 store_record(ledger->store, record, &visitor->arena, &out, &visitor->err));
    ledger_close(ledger);
    return out;
}

static void an_unknown_form_is_understood_when_it_is_published(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "王桂兰");
    struct county *twin = formless_twin(visitor, 7);
    uint32_t understood = 9;

    county_sync(twin, tablet, RC_OK, NULL);
    assert_int_equal(stored(visitor, twin, record).form, 0);
    assert_int_equal(stored(visitor, twin, record).title.size, 0);
    visitor_must(visitor, replay_unknown(&twin->office, &understood, &visitor->err));
    assert_int_equal(understood, 0); /* nothing to understand it by */
    county_publish(twin, "schema/forms/household");
    visitor_must(visitor, replay_unknown(&twin->office, &understood, &visitor->err));
    assert_int_equal(understood, 1);
    assert_true(view_is(stored(visitor, twin, record).form_name, "household"));
    assert_true(view_is(stored(visitor, twin, record).title, "王桂兰"));
    visitor_must(visitor, replay_unknown(&twin->office, &understood, &visitor->err));
    assert_int_equal(understood, 0);
    tablet_close(tablet);
    county_free(twin);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_unknown_form_is_understood_when_it_is_published,
                                        visitor_set_up, visitor_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
