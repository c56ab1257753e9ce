/* What the verbs of syncd/store/store.h promise about records, their lists, conflicts and keys;
 * asked of both engines: every case runs twice. */
#include "tests/support/county_case.h"

static const struct dot FROM_START = {0, 0};

static void list(struct county_store *county, const char *form_name, uint64_t area,
                 struct dot after, struct seen *seen) {
    seen->count = 0;
    assert_int_equal(store_list(county->store, view_text(form_name), area, after, see_record, seen,
                                &county->err),
                     RC_OK);
}

static void test_record(void **state) {
    struct county_store *county = county_of(state);
    uint64_t areas[] = {VILLAGE_1, ELSEWHERE};
    struct stored_record record = household(HIGH, UINT64_MAX, areas);
    struct store_delta delta = {.record_count = 1, .records = &record};
    struct stored_record got;
    struct store_counts counts;

    record.form = UINT64_MAX;
    record.area_count = 2;
    record.created_ms = -1;
    record.withdrawn = true;
    record.sealed_scopes = 0xffff;
    county_commit(county, &delta);
    get_record(county, record.id, &got);
    assert_true(dot_equal(got.id, record.id));
    assert_true(got.revision == 1 && got.form == UINT64_MAX && got.audience == AUDIENCE_FIELD);
    assert_true(view_is(got.form_name, "household") && view_is(got.title, "张三"));
    assert_int_equal(got.area_count, 2);
    assert_memory_equal(got.areas, areas, sizeof(areas));
    assert_true(got.created_ms == -1 && got.changed_ms == 2000);
    assert_true(got.withdrawn && got.sealed_scopes == 0xffff);
    assert_true(view_is(got.packed, "packed state"));

    county_refuses(county, &delta, RC_CONFLICT); /* it is there already */
    record.revision = 2;
    county_refuses(county, &delta, RC_CONFLICT);
    record.revision = 1;
    record.withdrawn = false;
    record.sealed_scopes = 1;
    record.title = view_of(NULL, 0);
    record.packed = view_text("another");
    county_commit(county, &delta);
    get_record(county, record.id, &got);
    assert_true(got.revision == 2 && !got.withdrawn && got.sealed_scopes == 1);
    assert_true(got.title.size == 0 && view_is(got.packed, "another"));
    record.id.number--;
    county_refuses(county, &delta, RC_CONFLICT); /* not there at all */
    assert_int_equal(store_count(county->store, &counts, &county->err), RC_OK);
    assert_int_equal(counts.records, 1);
    assert_int_equal(counts.bytes_states, 7);
}

static void test_records(void **state) {
    struct county_store *county = county_of(state);
    const struct dot ids[] = {{LOW, 2}, {LOW, 1}, {HIGH, 1}, {LOW, 2}, {5, 5}};
    struct stored_record got[5];

    put_record(county, household(LOW, 1, NULL));
    put_record(county, household(LOW, 2, NULL));
    assert_int_equal(store_records(county->store, ids, 5, &county->arena, got, &county->err),
                     RC_OK);
    assert_true(got[0].revision == 1 && got[1].revision == 1 && got[3].revision == 1);
    assert_true(got[2].revision == 0 && got[4].revision == 0);
    for (int i = 0; i < 5; i++)
        assert_true(dot_equal(got[i].id, ids[i]));
}

static void test_list(void **state) {
    struct county_store *county = county_of(state);
    uint64_t village_1[] = {VILLAGE_1}, village_2[] = {VILLAGE_2}, other[] = {ELSEWHERE};
    uint64_t both[] = {VILLAGE_1, ELSEWHERE};
    struct stored_record visit = household(LOW, 4, village_1);
    struct stored_record torn = household(LOW, 5, both);
    struct seen seen = {0};

    torn.area_count = 2;
    visit.form_name = view_text("visit");
    put_record(county, household(HIGH, 3, village_1));
    put_record(county, household(HIGH, 1, village_2));
    put_record(county, household(HIGH, 2, other));
    put_record(county, household(LOW, 3, village_1));
    put_record(county, household(LOW, 6, NULL));
    put_record(county, visit);
    put_record(county, torn);

    list(county, "", 0, FROM_START, &seen);
    assert_seen(seen, LOW ^ 3, LOW ^ 4, LOW ^ 5, LOW ^ 6, HIGH ^ 1, HIGH ^ 2, HIGH ^ 3);
    list(county, "", 0, (struct dot){LOW, 5}, &seen);
    assert_seen(seen, LOW ^ 6, HIGH ^ 1, HIGH ^ 2, HIGH ^ 3);
    list(county, "", 0, (struct dot){HIGH, 0}, &seen);
    assert_seen(seen, HIGH ^ 1, HIGH ^ 2, HIGH ^ 3);
    list(county, "", VILLAGE_1, FROM_START, &seen);
    assert_seen(seen, LOW ^ 3, LOW ^ 4, LOW ^ 5, HIGH ^ 3);
    list(county, "", TOWNSHIP, FROM_START, &seen);
    assert_seen(seen, LOW ^ 3, LOW ^ 4, LOW ^ 5, HIGH ^ 1, HIGH ^ 3);
    list(county, "", COUNTY, (struct dot){LOW, 4}, &seen);
    assert_seen(seen, LOW ^ 5, HIGH ^ 1, HIGH ^ 3);
    list(county, "", 430000000000u, FROM_START, &seen); /* once, though in two areas */
    assert_seen(seen, LOW ^ 3, LOW ^ 4, LOW ^ 5, HIGH ^ 1, HIGH ^ 2, HIGH ^ 3);
    list(county, "household", 0, FROM_START, &seen); /* those without an area too */
    assert_seen(seen, LOW ^ 3, LOW ^ 5, LOW ^ 6, HIGH ^ 1, HIGH ^ 2, HIGH ^ 3);
    list(county, "visit", COUNTY, FROM_START, &seen);
    assert_seen(seen, LOW ^ 4);
    list(county, "visit", ELSEWHERE, FROM_START, &seen);
    assert_int_equal(seen.count, 0);
    list(county, "unknown", 0, FROM_START, &seen);
    assert_int_equal(seen.count, 0);

    /* It moves, and its form is understood later. */
    visit.revision = 1;
    visit.areas = other;
    county_commit(county, &(struct store_delta){.record_count = 1, .records = &visit});
    list(county, "visit", VILLAGE_1, FROM_START, &seen);
    assert_int_equal(seen.count, 0);
    list(county, "visit", ELSEWHERE, FROM_START, &seen);
    assert_seen(seen, LOW ^ 4);
    visit.revision = 2;
    visit.form_name = view_text("household");
    visit.area_count = 0;
    county_commit(county, &(struct store_delta){.record_count = 1, .records = &visit});
    list(county, "visit", 0, FROM_START, &seen);
    assert_int_equal(seen.count, 0);
    list(county, "household", ELSEWHERE, FROM_START, &seen);
    assert_seen(seen, LOW ^ 5, HIGH ^ 2);
    list(county, "household", 0, (struct dot){LOW, 3}, &seen);
    assert_seen(seen, LOW ^ 4, LOW ^ 5, LOW ^ 6, HIGH ^ 1, HIGH ^ 2, HIGH ^ 3);
}

/* Areas of one actor's records that come in turn: neighbours must not slip into each other's list.
 */
static void test_list_of_mixed_areas(void **state) {
    struct county_store *county = county_of(state);
    uint64_t areas[] = {VILLAGE_1, VILLAGE_2, ELSEWHERE};
    struct stored_record records[90];
    struct seen seen = {0};

    for (uint32_t i = 0; i < COUNT(records); i++)
        records[i] = household(HIGH, i * i + 1, &areas[i % 3]);
    county_commit(county, &(struct store_delta){.record_count = 90, .records = records});
    list(county, "household", VILLAGE_2, FROM_START, &seen);
    assert_int_equal(seen.count, 30);
    for (uint32_t i = 0; i < 30; i++)
        assert_true(seen.names[i] == (HIGH ^ ((3 * i + 1) * (3 * i + 1) + 1)));
    list(county, "household", TOWNSHIP, (struct dot){HIGH, 1}, &seen);
    assert_int_equal(seen.count, 59);
}

/* --- conflicts --- */

static enum rc see_time(void *context, int64_t since_ms, int64_t due_ms, struct err *err) {
    (void)since_ms;
    (void)err;
    return see(context, (uint64_t)due_ms);
}

static void test_conflicts(void **state) {
    struct county_store *county = county_of(state);
    struct stored_record records[] = {household(HIGH, 1, NULL), household(LOW, 1, NULL),
                                      household(LOW, 2, NULL)};
    struct stored_conflict conflicts[] = {
        {.record = {HIGH, 1}, .area = VILLAGE_1, .field = 1, .due_ms = 5},
        {.record = {HIGH, 1}, .area = VILLAGE_1, .field = 2, .due_ms = -5},
        {.record = {LOW, 1}, .area = VILLAGE_2, .field = 4, .due_ms = 5},
        {.record = {LOW, 1}, .area = ELSEWHERE, .field = 3, .due_ms = 5},
    };
    struct store_delta delta = {
        .record_count = 3, .records = records, .conflict_count = 4, .conflicts = conflicts};
    struct store_counts counts;
    struct seen seen = {0};

    county_commit(county, &delta);
    assert_int_equal(
        store_conflicts(county->store, 0, INT64_MIN, see_conflict, &seen, &county->err), RC_OK);
    assert_seen(seen, 2, 4, 3, 1); /* by due, record, and then as given */
    seen.count = 0;
    assert_int_equal(
        store_conflicts(county->store, TOWNSHIP, INT64_MIN, see_conflict, &seen, &county->err),
        RC_OK);
    assert_seen(seen, 2, 4, 1);
    seen.count = 0;
    assert_int_equal(store_conflicts(county->store, 0, -4, see_conflict, &seen, &county->err),
                     RC_OK);
    assert_seen(seen, 4, 3, 1);
    seen.count = 0;
    assert_int_equal(store_conflict_times(county->store, 0, see_time, &seen, &county->err), RC_OK);
    assert_seen(seen, (uint64_t)-5, 5, 5, 5);
    seen.count = 0;
    assert_int_equal(store_conflict_times(county->store, ELSEWHERE, see_time, &seen, &county->err),
                     RC_OK);
    assert_seen(seen, 5);
    seen.count = 0;
    assert_int_equal(store_record_conflicts(county->store, (struct dot){LOW, 1}, see_conflict,
                                            &seen, &county->err),
                     RC_OK);
    assert_seen(seen, 4, 3); /* as given */
    seen.count = 0;
    assert_int_equal(store_record_conflicts(county->store, (struct dot){LOW, 77}, see_conflict,
                                            &seen, &county->err),
                     RC_OK);
    assert_int_equal(seen.count, 0);

    /* Those of a record that is put again are replaced, the others stay. */
    records[0] = records[1];
    records[0].revision = 1;
    conflicts[0] = conflicts[2];
    conflicts[0].field = 7;
    delta.record_count = delta.conflict_count = 1;
    county_commit(county, &delta);
    seen.count = 0;
    assert_int_equal(
        store_conflicts(county->store, 0, INT64_MIN, see_conflict, &seen, &county->err), RC_OK);
    assert_seen(seen, 2, 7, 1);
    assert_int_equal(store_count(county->store, &counts, &county->err), RC_OK);
    assert_int_equal(counts.conflicts, 3);
    records[0].revision = 2;
    delta.conflict_count = 0;
    county_commit(county, &delta);
    seen.count = 0;
    assert_int_equal(
        store_conflicts(county->store, 0, INT64_MIN, see_conflict, &seen, &county->err), RC_OK);
    assert_seen(seen, 2, 1);
    assert_int_equal(store_count(county->store, &counts, &county->err), RC_OK);
    assert_int_equal(counts.conflicts, 2);
}

static enum rc take_conflict(void *context, const struct stored_conflict *conflict,
                             struct err *err) {
    (void)err;
    *(struct stored_conflict *)context = *conflict;
    return RC_OK;
}

static void test_conflict_fields(void **state) {
    struct county_store *county = county_of(state);
    struct stored_record record = household(HIGH, 1, NULL);
    struct stored_conflict put = {
        .record = {HIGH, 1},
        .area = VILLAGE_1,
        .kind = CONFLICT_SAME,
        .instance = {{HIGH, UINT64_MAX}, UINT32_MAX},
        .field = UINT16_MAX,
        .other = {{LOW, 4}, 3},
        .other_actor = UINT64_MAX,
        .other_number = UINT64_MAX - 1,
        .since_ms = INT64_MIN,
        .due_ms = INT64_MAX,
    };
    struct stored_conflict got;

    county_commit(
        county, &(struct store_delta){
                    .record_count = 1, .records = &record, .conflict_count = 1, .conflicts = &put});
    assert_int_equal(
        store_conflicts(county->store, 0, INT64_MIN, take_conflict, &got, &county->err), RC_OK);
    assert_true(dot_equal(got.record, put.record) && got.area == VILLAGE_1);
    assert_true(got.kind == CONFLICT_SAME && instance_equal(got.instance, put.instance));
    assert_true(got.field == UINT16_MAX && instance_equal(got.other, put.other));
    assert_true(got.other_actor == UINT64_MAX && got.other_number == UINT64_MAX - 1);
    assert_true(got.since_ms == INT64_MIN && got.due_ms == INT64_MAX);
    memset(&got, 0, sizeof(got));
    assert_int_equal(store_proposals(county->store, (struct dot){UINT64_MAX, UINT64_MAX - 1},
                                     take_conflict, &got, &county->err),
                     RC_OK);
    assert_true(dot_equal(got.record, put.record) && got.due_ms == INT64_MAX);
    memset(&got, 0, sizeof(got));
    assert_int_equal(
        store_proposals(county->store, (struct dot){HIGH, 1}, take_conflict, &got, &county->err),
        RC_OK);
    assert_int_equal(got.record.number, 0);
}

/* --- keys --- */

static void keys(struct county_store *county, uint8_t first, uint8_t last, struct seen *seen) {
    uint8_t hash[32] = {first};

    hash[31] = last;
    seen->count = 0;
    assert_int_equal(store_keys(county->store, hash, see_key, seen, &county->err), RC_OK);
}

static void test_keys(void **state) {
    struct county_store *county = county_of(state);
    struct stored_record records[] = {household(HIGH, 1, NULL), household(LOW, 1, NULL)};
    struct stored_key put[] = {
        {.hash = {1}, .record = {HIGH, 1}, .instance = {{HIGH, 1}, 1}},
        {.hash = {1}, .record = {HIGH, 1}, .instance = {{HIGH, 1}, 2}},
        {.hash = {1}, .record = {LOW, 1}, .instance = {{LOW, 1}, 3}},
        {.hash = {1}, .record = {LOW, 1}, .instance = {{LOW, 1}, 4}},
        {.hash = {9}, .record = {LOW, 1}, .instance = {{LOW, 1}, 5}},
    };
    struct store_delta delta = {.record_count = 2, .records = records, .key_count = 5, .keys = put};
    struct seen seen = {0};

    put[3].hash[31] = 1; /* differs only in the last byte */
    county_commit(county, &delta);
    keys(county, 1, 0, &seen);
    assert_seen(seen, 3, 1, 2);
    keys(county, 1, 1, &seen);
    assert_seen(seen, 4);
    keys(county, 2, 0, &seen);
    assert_int_equal(seen.count, 0);

    records[0] = records[1];
    records[0].revision = 1;
    put[0] = put[4];
    put[0].instance.ordinal = 6;
    delta.record_count = delta.key_count = 1;
    county_commit(county, &delta);
    keys(county, 1, 0, &seen);
    assert_seen(seen, 1, 2);
    keys(county, 1, 1, &seen);
    assert_int_equal(seen.count, 0);
    keys(county, 9, 0, &seen);
    assert_seen(seen, 6);
}

/* --- what a delta may not say --- */

static void test_refused(void **state) {
    struct county_store *county = county_of(state);
    uint64_t areas[] = {VILLAGE_2, VILLAGE_1};
    struct stored_record records[] = {household(HIGH, 1, NULL), household(LOW, 1, NULL)};
    struct stored_conflict conflicts[] = {{.record = {LOW, 1}}, {.record = {HIGH, 1}}};
    struct stored_key stray = {.record = {LOW, 2}};
    struct store_delta delta = {
        .record_count = 2, .records = records, .conflict_count = 2, .conflicts = conflicts};

    county_refuses(county, &delta, RC_INVALID); /* not in the order of the records */
    conflicts[0].record = conflicts[1].record;
    conflicts[1].record = records[1].id;
    conflicts[1].area = 1000000000000u;
    county_refuses(county, &delta, RC_INVALID); /* 13 digits */
    conflicts[1].area = 0;
    delta.key_count = 1;
    delta.keys = &stray;
    county_refuses(county, &delta, RC_INVALID); /* of a record that is not put */
    delta.key_count = 0;
    records[1].areas = areas;
    records[1].area_count = 2;
    county_refuses(county, &delta, RC_INVALID); /* not sorted */
    areas[1] = VILLAGE_2;
    county_refuses(county, &delta, RC_INVALID); /* twice */
    records[1].area_count = 1;
    records[0].id.number = 0;
    county_refuses(county, &delta, RC_INVALID); /* no name */
    records[0].id.number = 1;
    records[1].revision = 1;
    county_refuses(county, &delta, RC_CONFLICT); /* the first was put, and is taken back */
    records[1].revision = 0;
    county_commit(county, &delta);
}

/* What a refused delta was the first to mention must not be remembered. */
static void test_refused_names(void **state) {
    struct county_store *county = county_of(state);
    struct stored_record records[] = {household(HIGH, 1, NULL), household(HIGH, 2, NULL),
                                      household(HIGH, 3, NULL)};
    struct store_delta delta = {.record_count = 3, .records = records};
    struct seen seen = {0};

    records[2].revision = 5;
    county_refuses(county, &delta, RC_CONFLICT);
    records[0].id.actor = LOW;
    records[0].form_name = view_text("visit");
    delta.record_count = 1;
    county_commit(county, &delta);
    delta.records = &records[1];
    county_commit(county, &delta);
    list(county, "household", 0, FROM_START, &seen);
    assert_seen(seen, HIGH ^ 2);
    list(county, "", 0, FROM_START, &seen);
    assert_seen(seen, LOW ^ 1, HIGH ^ 2);
}

/* Nor where it would have stood. */
static void test_refused_places(void **state) {
    struct county_store *county = county_of(state);
    struct stored_record records[] = {household(HIGH, 1, NULL), household(LOW, 1, NULL),
                                      household(HIGH, 1, NULL)};
    struct stored_record got;

    put_record(county, household(HIGH, 500, NULL));
    put_record(county, household(LOW, 500, NULL));
    records[2].revision = 5; /* the first once more, and wrong */
    county_refuses(county, &(struct store_delta){.record_count = 3, .records = records},
                   RC_CONFLICT);
    put_record(county, household(LOW, 7, NULL));
    assert_int_equal(store_record(county->store, records[0].id, &county->arena, &got, &county->err),
                     RC_NOT_FOUND);
    put_record(county, records[0]);
    get_record(county, (struct dot){LOW, 7}, &got);
    assert_int_equal(got.revision, 1);
}

/* --- quarantine --- */

static enum rc take_quarantine(void *context, const struct stored_quarantine *item,
                               struct err *err) {
    (void)err;
    *(struct stored_quarantine *)context = *item;
    return RC_NOT_FOUND;
}

static void test_quarantine(void **state) {
    struct county_store *county = county_of(state);
    struct stored_quarantine items[] = {
        {.dot = {HIGH, 1}, .since_ms = 9},
        {.dot = {LOW, UINT64_MAX}, .since_ms = 9},
        {.dot = {LOW, 3}, .since_ms = 9},
        {.dot = {HIGH, 4},
         .record = {HIGH, UINT64_MAX},
         .area = UINT64_MAX,
         .person = HIGH,
         .device = HIGH,
         .verdict = VERDICT_OUT_OF_SCOPE,
         .since_ms = -9},
    };
    struct stored_quarantine got;
    struct store_counts counts;
    struct seen seen = {0};

    county_commit(county, &(struct store_delta){.quarantine_count = 4, .quarantine = items});
    assert_int_equal(store_quarantine(county->store, false, see_quarantine, &seen, &county->err),
                     RC_OK);
    assert_seen(seen, 4, 3, UINT64_MAX, 1);
    assert_int_equal(store_quarantine(county->store, false, take_quarantine, &got, &county->err),
                     RC_OK);
    assert_true(dot_equal(got.dot, items[3].dot) && dot_equal(got.record, items[3].record));
    assert_true(got.area == UINT64_MAX && got.person == HIGH && got.device == HIGH);
    assert_true(got.verdict == VERDICT_OUT_OF_SCOPE && got.since_ms == -9 && !got.settled);
    items[2].settled = true;
    items[2].since_ms = 8;
    county_commit(county, &(struct store_delta){.quarantine_count = 1, .quarantine = &items[2]});
    seen.count = 0;
    assert_int_equal(store_quarantine(county->store, false, see_quarantine, &seen, &county->err),
                     RC_OK);
    assert_seen(seen, 4, UINT64_MAX, 1);
    seen.count = 0;
    assert_int_equal(store_quarantine(county->store, true, see_quarantine, &seen, &county->err),
                     RC_OK);
    assert_seen(seen, 4, 3, UINT64_MAX, 1);
    assert_int_equal(store_count(county->store, &counts, &county->err), RC_OK);
    assert_int_equal(counts.quarantined, 3);
    county_commit(county, &(struct store_delta){.quarantine_count = 1, .quarantine = &items[2]});
    assert_int_equal(store_count(county->store, &counts, &county->err), RC_OK);
    assert_int_equal(counts.quarantined, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BOTH(test_record),        BOTH(test_records),
        BOTH(test_list),          BOTH(test_list_of_mixed_areas),
        BOTH(test_conflicts),     BOTH(test_conflict_fields),
        BOTH(test_keys),          BOTH(test_refused),
        BOTH(test_refused_names), BOTH(test_refused_places),
        BOTH(test_quarantine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
