/* What the verbs of syncd/store/store.h promise, asked of both engines: every case runs twice. */
#include "tests/support/county_case.h"

/* --- nothing yet --- */

static void test_empty(void **state) {
    struct county_store *county = county_of(state);
    struct store *store = county->store;
    struct arena *arena = &county->arena;
    struct err *err = &county->err;
    static const uint8_t ZEROS[32];
    struct stored_device device;
    struct stored_person person;
    struct stored_invitation invitation;
    struct stored_actor actor;
    struct stored_form form;
    struct stored_change change;
    struct stored_frame frame;
    struct stored_record record;
    struct stored_feed feed = {.position = 5};
    struct store_counts counts = {.records = 5};
    struct view value;
    struct seen seen = {0};
    uint8_t chain[32] = {1};

    assert_int_equal(store_setting(store, "epoch", arena, &value, err), RC_NOT_FOUND);
    assert_int_equal(store_device(store, 1, arena, &device, err), RC_NOT_FOUND);
    assert_int_equal(store_person(store, 1, arena, &person, err), RC_NOT_FOUND);
    assert_int_equal(store_person_named(store, view_text("li"), arena, &person, err), RC_NOT_FOUND);
    assert_int_equal(store_invitation(store, ZEROS, arena, &invitation, err), RC_NOT_FOUND);
    assert_int_equal(store_actor(store, 1, &actor, err), RC_NOT_FOUND);
    assert_int_equal(store_form(store, 1, arena, &form, err), RC_NOT_FOUND);
    assert_int_equal(store_change(store, (struct dot){1, 1}, &change, err), RC_NOT_FOUND);
    assert_int_equal(store_frame(store, 1, arena, &frame, err), RC_NOT_FOUND);
    assert_int_equal(store_record(store, (struct dot){1, 1}, arena, &record, err), RC_NOT_FOUND);
    assert_int_equal(store_feed(store, COUNTY, 1, &feed, err), RC_OK);
    assert_int_equal(feed.area, COUNTY);
    assert_int_equal(feed.audience, 1);
    assert_int_equal(feed.position, 0);
    assert_memory_equal(feed.chain, ZEROS, 32);
    assert_int_equal(store_feed_chain(store, COUNTY, 1, 0, chain, err), RC_OK);
    assert_memory_equal(chain, ZEROS, 32);
    assert_int_equal(store_feed_chain(store, COUNTY, 1, 1, chain, err), RC_NOT_FOUND);
    assert_int_equal(store_entries(store, COUNTY, 1, 0, see_entry, &seen, err), RC_OK);
    assert_int_equal(store_list(store, view_text("household"), COUNTY, (struct dot){0, 0},
                                see_record, &seen, err),
                     RC_OK);
    assert_int_equal(store_history(store, (struct dot){1, 1}, see_change, &seen, err), RC_OK);
    assert_int_equal(store_actor_changes(store, 1, 0, UINT64_MAX, see_change, &seen, err), RC_OK);
    assert_int_equal(store_keys(store, ZEROS, see_key, &seen, err), RC_OK);
    assert_int_equal(seen.count, 0);
    assert_int_equal(store_count(store, &counts, err), RC_OK);
    assert_int_equal(counts.records, 0);
    county_commit(county, &(struct store_delta){0});
    assert_int_equal(store_check(store, err), RC_OK);
}

/* --- people --- */

static void test_devices(void **state) {
    struct county_store *county = county_of(state);
    uint64_t areas[] = {VILLAGE_2, TOWNSHIP};
    struct stored_device device = {
        .device = HIGH,
        .name = view_text("tablet 1"),
        .sign_public = {1, 2, 3},
        .box_public = {4, 5, 6},
        .person = HIGH + 1,
        .enrolled_ms = -5,
        .seen_ms = 1795000000000,
        .offset_ms = -86400000,
        .own_last = UINT64_MAX,
        .actor = HIGH + 2,
        .scope = {.serial = 3,
                  .area_count = 2,
                  .areas = areas,
                  .audience_mask = 6,
                  .revoked = true,
                  .wipe = false},
        .scope_confirmed = 2,
        .scope_at = UINT64_MAX - 1,
    };
    struct stored_device others[] = {{.device = LOW}, {.device = 1, .scope.wipe = true}};
    struct stored_device got;
    struct store_counts counts;
    struct seen seen = {0};

    county_commit(county, &(struct store_delta){.device_count = 1, .devices = &device});
    county_commit(county, &(struct store_delta){.device_count = 2, .devices = others});
    assert_int_equal(store_device(county->store, HIGH, &county->arena, &got, &county->err), RC_OK);
    assert_true(view_is(got.name, "tablet 1"));
    assert_memory_equal(got.sign_public, device.sign_public, 32);
    assert_memory_equal(got.box_public, device.box_public, 32);
    assert_true(got.person == device.person && got.enrolled_ms == -5);
    assert_true(got.seen_ms == device.seen_ms && got.offset_ms == -86400000);
    assert_true(got.own_last == UINT64_MAX && got.actor == device.actor);
    assert_int_equal(got.scope.serial, 3);
    assert_int_equal(got.scope.area_count, 2);
    assert_memory_equal(got.scope.areas, areas, sizeof(areas)); /* in the order given */
    assert_int_equal(got.scope.audience_mask, 6);
    assert_true(got.scope.revoked && !got.scope.wipe);
    assert_int_equal(got.scope_confirmed, 2);
    assert_true(got.scope_at == UINT64_MAX - 1);

    device.name = view_text("tablet one");
    device.scope.area_count = 0;
    county_commit(county, &(struct store_delta){.device_count = 1, .devices = &device});
    assert_int_equal(store_device(county->store, HIGH, &county->arena, &got, &county->err), RC_OK);
    assert_true(view_is(got.name, "tablet one"));
    assert_int_equal(got.scope.area_count, 0);
    assert_int_equal(store_devices(county->store, see_device, &seen, &county->err), RC_OK);
    assert_seen(seen, 1, LOW, HIGH);
    assert_int_equal(store_count(county->store, &counts, &county->err), RC_OK);
    assert_int_equal(counts.devices, 3);
}

static void test_persons(void **state) {
    struct county_store *county = county_of(state);
    uint64_t areas[] = {COUNTY};
    struct stored_person persons[] = {
        {.person = HIGH,
         .name = view_text("li"),
         .sign_public = {7},
         .role = ROLE_COUNTY,
         .area_count = 1,
         .areas = areas,
         .wrapped = view_of("\0key", 4),
         .created_ms = 12},
        {.person = LOW, .name = view_text("li"), .disabled = true},
        {.person = 5, .name = view_text("li"), .device = 9},
        {.person = HIGH + 1, .name = view_text("li")},
    };
    struct stored_person got;
    struct seen seen = {0};

    county_commit(county, &(struct store_delta){.person_count = 4, .persons = persons});
    assert_int_equal(store_person(county->store, HIGH, &county->arena, &got, &county->err), RC_OK);
    assert_true(view_is(got.name, "li") && got.sign_public[0] == 7 && got.role == ROLE_COUNTY);
    assert_true(got.area_count == 1 && got.areas[0] == COUNTY);
    assert_true(view_equal(got.wrapped, persons[0].wrapped));
    assert_true(!got.disabled && got.created_ms == 12 && got.device == 0);
    /* Staff only; those who may still log in first. */
    assert_int_equal(
        store_person_named(county->store, view_text("li"), &county->arena, &got, &county->err),
        RC_OK);
    assert_true(got.person == HIGH);
    assert_int_equal(
        store_person_named(county->store, view_text("l"), &county->arena, &got, &county->err),
        RC_NOT_FOUND);
    assert_int_equal(store_persons(county->store, see_person, &seen, &county->err), RC_OK);
    assert_seen(seen, 5, LOW, HIGH, HIGH + 1);
}

static void test_invitations_and_settings(void **state) {
    struct county_store *county = county_of(state);
    uint64_t areas[] = {VILLAGE_1, VILLAGE_2};
    struct stored_invitation invitation = {
        .code_id = {1, 2},
        .code_key = {3, 4},
        .device_name = view_text("d"),
        .person_name = view_text("p"),
        .role = ROLE_CLERK,
        .area_count = 2,
        .areas = areas,
        .expires_ms = 77,
    };
    struct stored_setting setting = {"epoch", view_of("\1\0\2", 3)};
    struct store_delta delta = {.invitation_count = 1,
                                .invitations = &invitation,
                                .setting_count = 1,
                                .settings = &setting};
    struct stored_invitation got;
    struct view value;

    county_commit(county, &delta);
    invitation.device = HIGH;
    setting.value = view_of(NULL, 0);
    assert_int_equal(store_setting(county->store, "epoch", &county->arena, &value, &county->err),
                     RC_OK);
    assert_true(view_equal(value, view_of("\1\0\2", 3)));
    county_commit(county, &delta);
    assert_int_equal(store_setting(county->store, "epoch", &county->arena, &value, &county->err),
                     RC_OK);
    assert_int_equal(value.size, 0);
    assert_int_equal(
        store_invitation(county->store, invitation.code_id, &county->arena, &got, &county->err),
        RC_OK);
    assert_memory_equal(got.code_key, invitation.code_key, 32);
    assert_true(view_is(got.device_name, "d") && view_is(got.person_name, "p"));
    assert_true(got.role == ROLE_CLERK && got.area_count == 2 && got.areas[1] == VILLAGE_2);
    assert_true(got.expires_ms == 77 && got.device == HIGH);
}

/* --- the log --- */

static void test_actors(void **state) {
    struct county_store *county = county_of(state);
    struct stored_actor actor = {.actor = HIGH,
                                 .device = HIGH + 1,
                                 .number = 10,
                                 .hash = {9},
                                 .lamport = UINT64_MAX,
                                 .fork_of = LOW,
                                 .fork_from = 4,
                                 .retired = true};
    struct store_delta delta = {.actor_count = 1, .actors = &actor};
    struct stored_actor got;
    struct seen seen = {0};

    county_commit(county, &delta);
    put_actor(county, LOW, 3);
    assert_int_equal(store_actor(county->store, HIGH, &got, &county->err), RC_OK);
    assert_true(got.device == HIGH + 1 && got.number == 10 && got.hash[0] == 9);
    assert_true(got.lamport == UINT64_MAX && got.fork_of == LOW && got.fork_from == 4);
    assert_true(got.retired);
    county_commit(county, &delta); /* as far as it was: allowed */
    actor.number = 9;
    county_refuses(county, &delta, RC_CONFLICT);
    assert_int_equal(store_actors(county->store, see_actor, &seen, &county->err), RC_OK);
    assert_seen(seen, LOW, HIGH);
}

static void test_frames(void **state) {
    struct county_store *county = county_of(state);
    struct stored_frame frames[] = {
        {.actor = HIGH,
         .forks = view_of("a\0b", 3),
         .first = 1,
         .last = UINT64_MAX,
         .area = UINT64_MAX,
         .audience = 255,
         .form = HIGH,
         .received_ms = 5,
         .offset_ms = -6,
         .carrier = HIGH + 2,
         .bytes = view_text("first frame")},
        {.bytes = view_text("second")},
    };
    struct stored_frame got;
    struct seen seen = {0};
    struct store_counts counts;

    county_commit(county, &(struct store_delta){.frame_count = 2, .frames = frames});
    county_commit(county, &(struct store_delta){.frame_count = 1, .frames = frames});
    assert_int_equal(store_frame(county->store, 1, &county->arena, &got, &county->err), RC_OK);
    assert_true(got.serial == 1 && got.actor == HIGH);
    assert_true(view_equal(got.forks, view_of("a\0b", 3)));
    assert_true(got.first == 1 && got.last == UINT64_MAX);
    assert_true(got.area == UINT64_MAX && got.audience == 255 && got.form == HIGH);
    assert_true(got.received_ms == 5 && got.offset_ms == -6 && got.carrier == HIGH + 2);
    assert_true(view_is(got.bytes, "first frame"));
    assert_int_equal(store_frames(county->store, 1, see_frame, &seen, &county->err), RC_OK);
    assert_seen(seen, 2, 3);
    assert_int_equal(store_frames(county->store, UINT64_MAX, see_frame, &seen, &county->err),
                     RC_OK);
    assert_int_equal(seen.count, 2);
    assert_int_equal(store_count(county->store, &counts, &county->err), RC_OK);
    assert_int_equal(counts.frames, 3);
    assert_int_equal(counts.bytes_log, 11 + 6 + 11);
}

static void assert_change(struct county_store *county, struct stored_change expected) {
    struct stored_change got;

    assert_int_equal(store_change(county->store, expected.dot, &got, &county->err), RC_OK);
    assert_true(dot_equal(got.dot, expected.dot) && dot_equal(got.record, expected.record));
    assert_true(got.frame == expected.frame && got.position == expected.position);
    assert_true(got.kind == expected.kind && got.verdict == expected.verdict);
    assert_true(got.person == expected.person);
}

static void test_changes(void **state) {
    struct county_store *county = county_of(state);
    struct stored_frame frame = {.bytes = view_text("f")};
    const uint64_t far = UINT64_C(1) << 40; /* numbers that need more than the usual bits */
    struct stored_actor actors[] = {{.actor = HIGH, .number = UINT64_MAX},
                                    {.actor = LOW, .number = 4}};
    struct stored_change changes[] = {
        /* out of order, with gaps, of two actors */
        {{HIGH, 7}, {HIGH, 7}, 1, 2, CHANGE_CREATE, VERDICT_ADMIT, 42},
        {{LOW, 4}, {HIGH, 7}, 1, 9, CHANGE_EDIT, VERDICT_OUT_OF_SCOPE, HIGH},
        {{HIGH, 5}, {HIGH, 5}, 1, 1, CHANGE_CREATE, VERDICT_ADMIT, 42},
        {{HIGH, far}, {far, UINT64_MAX}, 1, UINT32_MAX, 255, 255, UINT64_MAX},
        {{HIGH, UINT64_MAX}, {LOW, 4}, 1, 3, CHANGE_SEAL, VERDICT_ADMIT, 0},
        {{HIGH, far + 1}, {HIGH, far + 1}, 1, 0, CHANGE_CREATE, VERDICT_ADMIT, 42},
    };
    struct store_delta delta = log_delta(&frame, actors, 2, changes, COUNT(changes));
    struct stored_change got;
    struct seen seen = {0};

    county_commit(county, &delta);
    for (uint32_t i = 0; i < COUNT(changes); i++)
        assert_change(county, changes[i]);
    assert_int_equal(store_change(county->store, (struct dot){HIGH, 6}, &got, &county->err),
                     RC_NOT_FOUND);
    assert_int_equal(store_change(county->store, (struct dot){HIGH, 4}, &got, &county->err),
                     RC_NOT_FOUND);
    assert_int_equal(store_change(county->store, (struct dot){LOW, 5}, &got, &county->err),
                     RC_NOT_FOUND);
    assert_int_equal(
        store_actor_changes(county->store, HIGH, 0, UINT64_MAX, see_change, &seen, &county->err),
        RC_OK);
    assert_seen(seen, 5, 7, far, far + 1, UINT64_MAX);
    seen.count = 0;
    assert_int_equal(
        store_actor_changes(county->store, HIGH, 7, far, see_change, &seen, &county->err), RC_OK);
    assert_seen(seen, 7, far);
}

/* More changes than one row of an index is likely to hold, in several commits. */
static void test_many_changes(void **state) {
    struct county_store *county = county_of(state);
    struct stored_frame frame = {.bytes = view_text("f")};
    static struct stored_change changes[1500];
    struct seen seen = {.count = 0};

    for (uint32_t round = 0; round < 2; round++) {
        struct stored_actor actor = {.actor = HIGH, .number = 1500 * (round + 1)};
        struct store_delta delta = log_delta(&frame, &actor, 1, changes, COUNT(changes));

        for (uint32_t i = 0; i < COUNT(changes); i++) {
            struct dot dot = {HIGH, 1500 * round + i + 1};

            changes[i] = (struct stored_change){
                dot, i % 3 == 0 ? (struct dot){LOW, i + 1} : dot, 1, i, CHANGE_EDIT, 0, i % 2};
        }
        county_commit(county, &delta);
        for (uint32_t i = 0; i < COUNT(changes); i++) {
            struct stored_change expected = changes[i];

            expected.frame = round + 1;
            assert_change(county, expected);
        }
    }
    assert_int_equal(
        store_actor_changes(county->store, HIGH, 1100, 1299, see_change, &seen, &county->err),
        RC_OK);
    assert_int_equal(seen.count, 200);
    assert_int_equal(seen.names[0], 1100);
    assert_int_equal(seen.names[199], 1299);
}

static void test_changes_refused(void **state) {
    struct county_store *county = county_of(state);
    struct stored_frame frame = {.bytes = view_text("f")};
    struct stored_actor actor = {.actor = HIGH, .number = 3};
    struct stored_change changes[] = {{{HIGH, 3}, {HIGH, 3}, 1, 0, CHANGE_CREATE, 0, 0},
                                      {{HIGH, 3}, {HIGH, 3}, 1, 1, CHANGE_CREATE, 0, 0}};
    struct store_delta delta = log_delta(&frame, &actor, 1, changes, 2);

    county_refuses(county, &delta, RC_CONFLICT); /* twice the same */
    delta.change_count = 1;
    county_commit(county, &delta);
    county_refuses(county, &delta, RC_CONFLICT); /* it is there already */
    changes[0].dot.number = 2;
    county_refuses(county, &delta, RC_CONFLICT); /* the actor has gone past it */
    changes[0].dot.number = 4;
    county_refuses(county, &delta, RC_INVALID); /* above the actor's number */
    actor.number = 4;
    changes[0].frame = 2;
    county_refuses(county, &delta, RC_INVALID); /* no such frame */
    changes[0].frame = 0;
    county_refuses(county, &delta, RC_INVALID);
    changes[0].frame = 1;
    delta.actor_count = 0;
    county_refuses(county, &delta, RC_INVALID); /* without its actor */
    delta.actor_count = 1;
    county_commit(county, &delta);
}

static void test_verdicts(void **state) {
    struct county_store *county = county_of(state);
    struct stored_frame frame = {.bytes = view_text("f")};
    struct stored_actor actor = {.actor = HIGH, .number = 3};
    struct stored_change changes[] = {
        {{HIGH, 1}, {HIGH, 1}, 1, 0, CHANGE_CREATE, VERDICT_OUT_OF_SCOPE, 5},
        {{HIGH, 2}, {HIGH, 1}, 1, 1, CHANGE_EDIT, VERDICT_OUT_OF_SCOPE, 5},
        {{HIGH, 3}, {HIGH, 3}, 1, 2, CHANGE_CREATE, VERDICT_ADMIT, 6}};
    struct store_delta log = log_delta(&frame, &actor, 1, changes, 3);
    struct stored_change verdict = {.dot = {HIGH, 2}, .verdict = VERDICT_ADMIT};
    struct store_delta delta = {.verdict_count = 1, .verdicts = &verdict};

    county_commit(county, &log);
    county_commit(county, &delta);
    changes[1].verdict = VERDICT_ADMIT;
    for (uint32_t i = 0; i < 3; i++)
        assert_change(county, changes[i]);
    verdict.dot.number = 4;
    county_refuses(county, &delta, RC_CONFLICT);
}

static void test_history(void **state) {
    struct county_store *county = county_of(state);
    struct stored_frame frames[] = {{.bytes = view_text("a")}, {.bytes = view_text("b")}};
    struct stored_actor actors[] = {{.actor = LOW, .number = 9}, {.actor = HIGH, .number = 9}};
    struct dot record = {HIGH, 9};
    /* An edit comes before the record that it edits, and one is kept aside. */
    struct stored_change early[] = {{{LOW, 2}, record, 1, 5, CHANGE_EDIT, 0, 0},
                                    {{LOW, 3}, record, 1, 4, CHANGE_EDIT, VERDICT_NO_RECORD, 0},
                                    {{LOW, 4}, {LOW, 4}, 1, 6, CHANGE_CREATE, 0, 0}};
    struct stored_change late[] = {{{LOW, 6}, record, 2, 0, CHANGE_EDIT, 0, 0},
                                   {record, record, 1, 1, CHANGE_CREATE, 0, 0},
                                   {{LOW, 7}, record, 1, 0, CHANGE_EDIT, 0, 0},
                                   {{LOW, 8}, {LOW, 8}, 1, 2, CHANGE_CREATE, 0, 0}};
    struct stored_record put = household(HIGH, 9, NULL);
    struct store_delta delta = log_delta(frames, actors, 2, early, 3);
    struct stored_record got;
    struct store_counts counts;
    struct seen seen = {0};

    actors[0].number = 4;
    actors[1].number = 0;
    county_commit(county, &delta);
    assert_int_equal(store_record(county->store, record, &county->arena, &got, &county->err),
                     RC_NOT_FOUND);
    assert_int_equal(store_count(county->store, &counts, &county->err), RC_OK);
    assert_int_equal(counts.records, 0);
    assert_int_equal(store_history(county->store, record, see_change, &seen, &county->err), RC_OK);
    assert_seen(seen, 3, 2);
    assert_int_equal(store_list(county->store, view_of(NULL, 0), 0, (struct dot){0, 0}, see_record,
                                &seen, &county->err),
                     RC_OK);
    assert_int_equal(seen.count, 2);

    actors[0].number = actors[1].number = 9;
    delta = log_delta(frames, actors, 2, late, 4);
    delta.frame_count = 2;
    delta.record_count = 1;
    delta.records = &put;
    county_commit(county, &delta);
    get_record(county, record, &got);
    assert_int_equal(got.revision, 1);
    seen.count = 0;
    assert_int_equal(store_history(county->store, record, see_change, &seen, &county->err), RC_OK);
    assert_seen(seen, 3, 2, 7, 9, 6);
    /* Created, but without a state of its own; and never heard of. */
    seen.count = 0;
    assert_int_equal(
        store_history(county->store, (struct dot){LOW, 4}, see_change, &seen, &county->err), RC_OK);
    assert_seen(seen, 4);
    assert_int_equal(
        store_history(county->store, (struct dot){LOW, 5}, see_change, &seen, &county->err), RC_OK);
    /* A change of that name, but of another record. */
    assert_int_equal(
        store_history(county->store, (struct dot){LOW, 3}, see_change, &seen, &county->err), RC_OK);
    assert_int_equal(seen.count, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BOTH(test_empty),           BOTH(test_devices),
        BOTH(test_persons),         BOTH(test_invitations_and_settings),
        BOTH(test_actors),          BOTH(test_frames),
        BOTH(test_changes),         BOTH(test_many_changes),
        BOTH(test_changes_refused), BOTH(test_verdicts),
        BOTH(test_history),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
