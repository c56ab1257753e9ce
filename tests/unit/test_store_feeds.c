/* What the verbs of syncd/store/store.h promise about feeds, forms, the staff log, what waits, and
 * about walks and handles; asked of both engines: every case runs twice. */
#include "tests/support/county_case.h"

#include "base/crypt.h"
#include "syncd/store/engine.h"

/* --- what came in, day by day --- */

static enum rc see_inflow(void *context, const struct stored_inflow *sum, struct err *err) {
    (void)err;
    assert_int_equal(see(context, (uint64_t)sum->day), RC_OK);
    assert_int_equal(see(context, sum->area), RC_OK);
    return see(context, sum->frames * 1000 + sum->changes);
}

static void test_inflow(void **state) {
    struct county_store *county = county_of(state);
    const int64_t midnight = 100 * MS_PER_DAY - CHINA_OFFSET_MS; /* of China's day 100 */
    const struct stored_frame frames[] = {
        {.first = 1, .last = 20, .area = VILLAGE_1, .received_ms = midnight - 1},
        {.first = 21, .last = 21, .area = VILLAGE_1, .received_ms = midnight},
        {.first = 22, .last = 30, .area = VILLAGE_2, .received_ms = midnight},
        {.first = 31, .last = 33, .area = VILLAGE_1, .received_ms = midnight + MS_PER_DAY - 1},
        {.first = 34, .last = 9000, .area = VILLAGE_2, .received_ms = midnight + MS_PER_DAY},
    };
    struct seen seen = {0};

    for (uint32_t i = 0; i < COUNT(frames); i += 2) /* in one commit, or in several */
        county_commit(county, &(struct store_delta){.frame_count = COUNT(frames) - i < 2 ? 1 : 2,
                                                    .frames = &frames[i]});
    assert_int_equal(store_inflow(county->store, 0, 200, see_inflow, &seen, &county->err), RC_OK);
    assert_seen(seen, 99, VILLAGE_1, 1020, 100, VILLAGE_1, 2004, 100, VILLAGE_2, 1009, 101,
                VILLAGE_2, 1512);
    seen.count = 0;
    assert_int_equal(store_inflow(county->store, 100, 100, see_inflow, &seen, &county->err), RC_OK);
    assert_int_equal(seen.count, 6);
}

/* --- feeds --- */

static struct stored_entry entry_of(uint64_t area, uint8_t audience, uint64_t position,
                                    const char *content) {
    return (struct stored_entry){
        .entry = {.area = area,
                  .audience = audience,
                  .position = position,
                  .kind = 1,
                  .content = view_text(content)},
        .chain = {(uint8_t)position, audience},
    };
}

static void put_entries(struct county_store *county, const struct stored_entry *entries,
                        uint32_t count) {
    county_commit(county, &(struct store_delta){.entry_count = count, .entries = entries});
}

static enum rc take_entry(void *context, const struct stored_entry *entry, struct err *err) {
    struct stored_entry *out = context;

    (void)err;
    *out = *entry;
    assert_true(view_is(entry->entry.content, "the second frame"));
    assert_true(view_equal(entry->entry.mask, view_of("\5\0", 2)));
    assert_true(view_equal(entry->entry.forks, view_of("a\0b", 3)));
    return RC_OK;
}

static void test_entries(void **state) {
    struct county_store *county = county_of(state);
    struct stored_frame frames[] = {{.bytes = view_text("the first frame")},
                                    {.bytes = view_text("the second frame")}};
    struct stored_entry entries[] = {entry_of(VILLAGE_1, 1, 1, "own content"),
                                     entry_of(VILLAGE_1, 1, 2, ""),
                                     entry_of(VILLAGE_1, 2, 1, "another audience")};
    struct store_delta delta = {
        .frame_count = 2, .frames = frames, .entry_count = 3, .entries = entries};
    struct stored_feed feed;
    struct stored_entry got;
    struct seen seen = {0};
    uint8_t chain[32];

    county_commit(county, &(struct store_delta){.frame_count = 1, .frames = frames});
    entries[1].frame = 2;
    entries[1].entry.kind = 200;
    entries[1].entry.received_ms = -7;
    entries[1].entry.offset_ms = INT64_MIN;
    entries[1].entry.forks = view_of("a\0b", 3);
    entries[1].entry.mask = view_of("\5\0", 2);
    county_commit(county, &delta);
    assert_int_equal(store_entries(county->store, VILLAGE_1, 1, 0, see_entry, &seen, &county->err),
                     RC_OK);
    assert_seen(seen, 1, 2);
    assert_int_equal(store_entries(county->store, VILLAGE_1, 1, 1, take_entry, &got, &county->err),
                     RC_OK);
    assert_true(got.entry.area == VILLAGE_1 && got.entry.audience == 1);
    assert_true(got.entry.position == 2 && got.entry.kind == 200 && got.frame == 3);
    assert_true(got.entry.received_ms == -7 && got.entry.offset_ms == INT64_MIN);
    assert_memory_equal(got.chain, entries[1].chain, 32);
    assert_int_equal(store_feed(county->store, VILLAGE_1, 1, &feed, &county->err), RC_OK);
    assert_int_equal(feed.position, 2);
    assert_memory_equal(feed.chain, entries[1].chain, 32);
    assert_int_equal(store_feed_chain(county->store, VILLAGE_1, 1, 1, chain, &county->err), RC_OK);
    assert_memory_equal(chain, entries[0].chain, 32);
    assert_int_equal(store_feed_chain(county->store, VILLAGE_1, 1, 3, chain, &county->err),
                     RC_NOT_FOUND);
    assert_int_equal(store_feed_chain(county->store, VILLAGE_1, 1, UINT64_MAX, chain, &county->err),
                     RC_NOT_FOUND);
    seen.count = 0;
    assert_int_equal(
        store_entries(county->store, VILLAGE_1, 1, UINT64_MAX, see_entry, &seen, &county->err),
        RC_OK);
    assert_int_equal(seen.count, 0);
}

/* --- what the law erases --- */

static enum rc see_cut(void *context, const struct stored_entry *entry, struct err *err) {
    (void)err;
    if (entry->entry.position == 1) {
        assert_int_equal(entry->entry.kind, 6);
        assert_true(view_is(entry->entry.content, "less"));
    } else {
        assert_true(view_is(entry->entry.content, "a shorter frame"));
    }
    assert_int_equal(entry->chain[0], entry->entry.position); /* as it was */
    (*(uint32_t *)context)++;
    return RC_OK;
}

static void test_cut(void **state) {
    struct county_store *county = county_of(state);
    struct stored_frame frames[] = {{.bytes = view_text("the first frame, which is long")}};
    struct stored_entry entries[] = {entry_of(VILLAGE_1, 1, 1, "own content"),
                                     entry_of(VILLAGE_1, 1, 2, "")};
    struct stored_frame cut_frame = {.serial = 1, .bytes = view_text("a shorter frame")};
    struct stored_entry cut_entry = entry_of(VILLAGE_1, 1, 1, "less");
    struct store_delta delta = {.cut_frame_count = 1,
                                .cut_frames = &cut_frame,
                                .cut_entry_count = 1,
                                .cut_entries = &cut_entry};
    struct store_counts counts;
    uint32_t seen = 0;
    uint8_t before[32], after[32];

    entries[1].frame = 1;
    county_commit(county,
                  &(struct store_delta){
                      .frame_count = 1, .frames = frames, .entry_count = 2, .entries = entries});
    assert_int_equal(store_digest(county->store, before, &county->err), RC_OK);
    cut_frame.serial = 2;
    assert_int_equal(store_commit(county->store, &delta, &county->err), RC_CONFLICT);
    cut_frame.serial = 1;
    cut_entry.entry.position = 3;
    assert_int_equal(store_commit(county->store, &delta, &county->err), RC_CONFLICT);
    assert_int_equal(store_digest(county->store, after, &county->err), RC_OK);
    assert_memory_equal(before, after, 32); /* nothing of a refused delta */
    cut_entry.entry.position = 1;
    cut_entry.entry.kind = 6;
    county_commit(county, &delta);
    assert_int_equal(store_entries(county->store, VILLAGE_1, 1, 0, see_cut, &seen, &county->err),
                     RC_OK);
    assert_int_equal(seen, 2);
    assert_int_equal(store_count(county->store, &counts, &county->err), RC_OK);
    assert_int_equal(counts.bytes_log, sizeof("a shorter frame") - 1);
    assert_int_equal(store_scrub(county->store, &county->err), RC_OK);
    assert_int_equal(store_entries(county->store, VILLAGE_1, 1, 0, see_cut, &seen, &county->err),
                     RC_OK);
    assert_int_equal(seen, 4);
}

static void test_entries_refused(void **state) {
    struct county_store *county = county_of(state);
    struct stored_entry entries[] = {entry_of(VILLAGE_1, 1, 1, "a"),
                                     entry_of(VILLAGE_1, 1, 3, "b")};
    struct store_delta delta = {.entry_count = 2, .entries = entries};

    county_refuses(county, &delta, RC_CONFLICT); /* a gap */
    entries[1].entry.position = 1;
    county_refuses(county, &delta, RC_CONFLICT); /* twice */
    delta.entry_count = 1;
    county_commit(county, &delta);
    county_refuses(county, &delta, RC_CONFLICT); /* again */
    entries[0].entry.position = 0;
    county_refuses(county, &delta, RC_CONFLICT);
    entries[0].entry.position = 2;
    entries[0].frame = 1;
    county_refuses(county, &delta, RC_INVALID); /* no such frame in the delta */
    entries[0].frame = 0;
    entries[0].entry.audience = 8;
    county_refuses(county, &delta, RC_INVALID);
    entries[0].entry.audience = 1;
    entries[0].entry.area = UINT64_MAX;
    county_refuses(county, &delta, RC_INVALID);
}

static void feeds(struct county_store *county, const uint64_t *areas, uint32_t count, uint8_t mask,
                  struct seen *seen) {
    seen->count = 0;
    assert_int_equal(store_feeds(county->store, areas, count, mask, see_feed, seen, &county->err),
                     RC_OK);
}

static void test_feeds(void **state) {
    struct county_store *county = county_of(state);
    const uint64_t nested[] = {VILLAGE_1, COUNTY, TOWNSHIP}, two[] = {ELSEWHERE, VILLAGE_2};
    const uint64_t everywhere[] = {0}, none[] = {430626100203u};
    struct stored_entry entries[] = {
        entry_of(VILLAGE_2, 1, 1, ""), entry_of(VILLAGE_1, 3, 1, ""), entry_of(ELSEWHERE, 1, 1, ""),
        entry_of(COUNTY, 1, 1, ""),    entry_of(VILLAGE_1, 1, 1, ""),
    };
    struct seen seen = {0};

    put_entries(county, entries, 5);
    feeds(county, nested, 3, 0xff, &seen);
    assert_seen(seen, COUNTY * 10 + 1, VILLAGE_1 * 10 + 1, VILLAGE_1 * 10 + 3, VILLAGE_2 * 10 + 1);
    feeds(county, nested, 3, 1 << 3, &seen);
    assert_seen(seen, VILLAGE_1 * 10 + 3);
    feeds(county, nested, 1, 1 << 1, &seen);
    assert_seen(seen, VILLAGE_1 * 10 + 1);
    feeds(county, two, 2, 0xff, &seen);
    assert_seen(seen, VILLAGE_2 * 10 + 1, ELSEWHERE * 10 + 1);
    feeds(county, everywhere, 1, 0xff, &seen);
    assert_int_equal(seen.count, 5);
    feeds(county, none, 1, 0xff, &seen);
    feeds(county, none, 0, 0xff, &seen);
    assert_int_equal(seen.count, 0);
}

/* The numbers of an area's branch are what area_contains says. */
static void test_area_ranges(void **state) {
    static const uint64_t AREAS[] = {430000000000u, 430600000000u, 430626000000u, 430626100000u,
                                     430626100201u, 430626200000u, 110101001001u, 999999999999u};

    (void)state;
    for (uint32_t i = 0; i < COUNT(AREAS); i++)
        for (uint32_t j = 0; j < COUNT(AREAS); j++) {
            struct area_range range = area_range_of(AREAS[i]);

            assert_int_equal(AREAS[j] >= range.low && AREAS[j] <= range.high,
                             area_contains(AREAS[i], AREAS[j]));
        }
    assert_true(area_range_of(0).low == 0 && area_range_of(0).high == 999999999999u);
}

/* --- forms --- */

static void test_forms(void **state) {
    struct county_store *county = county_of(state);
    struct stored_form form = {
        .form = HIGH,
        .position = 1,
        .name = view_text("household"),
        .version = view_text("2026-1"),
        .sequence = UINT32_MAX,
        .audience = AUDIENCE_OFFICE,
        .published_ms = -3,
        .compressed = view_of("\0zlib", 5),
    };
    struct store_delta delta = {.form_count = 1, .forms = &form};
    struct stored_form got;
    struct seen seen = {0};

    county_commit(county, &delta);
    county_refuses(county, &delta, RC_CONFLICT); /* again */
    form.position = 2;
    county_refuses(county, &delta, RC_CONFLICT); /* the same form */
    form.form = LOW;
    form.position = 3;
    county_refuses(county, &delta, RC_CONFLICT); /* a gap */
    form.position = 2;
    county_commit(county, &delta);
    assert_int_equal(store_form(county->store, HIGH, &county->arena, &got, &county->err), RC_OK);
    assert_true(got.form == HIGH && got.position == 1 && view_is(got.name, "household"));
    assert_true(view_is(got.version, "2026-1") && got.sequence == UINT32_MAX);
    assert_true(got.audience == AUDIENCE_OFFICE && got.published_ms == -3);
    assert_true(view_equal(got.compressed, form.compressed));
    assert_int_equal(store_forms(county->store, 0, see_form, &seen, &county->err), RC_OK);
    assert_seen(seen, HIGH, LOW);
    seen.count = 0;
    assert_int_equal(store_forms(county->store, 1, see_form, &seen, &county->err), RC_OK);
    assert_seen(seen, LOW);
    seen.count = 0;
    assert_int_equal(store_forms(county->store, UINT64_MAX, see_form, &seen, &county->err), RC_OK);
    assert_int_equal(seen.count, 0);
}

/* --- what waits, and the staff log --- */

static void test_pending(void **state) {
    struct county_store *county = county_of(state);
    struct stored_pending items[] = {
        {.actor = LOW, .first = UINT64_MAX, .last = UINT64_MAX, .bytes = view_text("far")},
        {.actor = LOW,
         .first = 5,
         .last = 9,
         .carrier = HIGH,
         .received_ms = 4,
         .bytes = view_text("sealed")},
        {.actor = LOW, .first = 5, .last = 6, .bytes = view_text("not taken")},
        {.actor = HIGH, .first = 2, .last = 3},
    };
    struct seen seen = {0};

    county_commit(county, &(struct store_delta){.pending_count = 4, .pending = items});
    assert_int_equal(store_pending(county->store, LOW, see_pending, &seen, &county->err), RC_OK);
    assert_seen(seen, 5, UINT64_MAX);
    seen.count = 0;
    assert_int_equal(store_pending(county->store, 0, see_pending, &seen, &county->err), RC_OK);
    assert_seen(seen, 5, UINT64_MAX, 2);
    /* Removed first, then added: the same name may be in both. */
    county_commit(county, &(struct store_delta){.pending_count = 1,
                                                .pending = &items[2],
                                                .settled_count = 2,
                                                .settled = items});
    seen.count = 0;
    assert_int_equal(store_pending(county->store, LOW, see_pending, &seen, &county->err), RC_OK);
    assert_seen(seen, 5);
}

static enum rc check_act(void *context, const struct stored_act *act, struct err *err) {
    uint8_t(*chain)[32] = context;
    struct buf buf;
    uint8_t digest[32], expected[32];

    (void)err;
    buf_init(&buf, 1000);
    buf_add_varint(&buf, act->serial);
    buf_add_zigzag(&buf, act->at_ms);
    buf_add_sized(&buf, act->who);
    buf_add_sized(&buf, act->action);
    buf_add_sized(&buf, act->object);
    buf_add_sized(&buf, act->reason);
    crypt_hash("yg act content", buf_view(&buf), digest);
    buf_clear(&buf);
    buf_add(&buf, *chain, 32);
    buf_add(&buf, digest, 32);
    crypt_hash("yg act", buf_view(&buf), expected);
    buf_release(&buf);
    assert_memory_equal(act->chain, expected, 32);
    memcpy(*chain, act->chain, 32);
    return RC_OK;
}

static void test_acts(void **state) {
    struct county_store *county = county_of(state);
    struct stored_act acts[] = {
        {.serial = 99, /* given by the store */
         .at_ms = -1,
         .who = view_text("li"),
         .action = view_text("reveal"),
         .object = view_text("0123456789abcdef-1"),
         .reason = view_text("复核")},
        {.at_ms = 2},
    };
    struct store_delta delta = {.act_count = 2, .acts = acts};
    uint8_t chain[32] = {0};
    struct seen seen = {0};

    county_commit(county, &delta);
    county_commit(county, &delta);
    assert_int_equal(store_acts(county->store, 0, check_act, &chain, &county->err), RC_OK);
    assert_int_equal(store_acts(county->store, 2, see_act, &seen, &county->err), RC_OK);
    assert_seen(seen, 3, 4);
}

/* --- walks and handles --- */

static void test_visitors(void **state) {
    struct county_store *county = county_of(state);
    struct stored_entry entries[] = {entry_of(VILLAGE_1, 1, 1, "a"),
                                     entry_of(VILLAGE_1, 1, 2, "b")};
    struct seen polite = {.stop_at = 1, .stop_rc = RC_NOT_FOUND};
    struct seen rude = {.stop_at = 1, .stop_rc = RC_LIMIT};

    put_entries(county, entries, 2);
    assert_int_equal(
        store_entries(county->store, VILLAGE_1, 1, 0, see_entry, &polite, &county->err), RC_OK);
    assert_int_equal(polite.count, 1);
    assert_int_equal(store_entries(county->store, VILLAGE_1, 1, 0, see_entry, &rude, &county->err),
                     RC_LIMIT);
    assert_int_equal(rude.count, 1);
}

struct nest {
    struct county_store *county;
    unsigned calls;
};

static enum rc nest_entry(void *context, const struct stored_entry *entry, struct err *err) {
    struct nest *nest = context;
    struct stored_feed feed;
    struct seen seen = {0};
    uint8_t digest[32];

    nest->calls++;
    assert_int_equal(store_commit(nest->county->store, &(struct store_delta){0}, err), RC_INVALID);
    assert_int_equal(store_digest(nest->county->store, digest, err), RC_INVALID);
    assert_int_equal(store_entries(nest->county->store, VILLAGE_1, 1, 0, see_entry, &seen, err),
                     RC_INVALID);
    /* Other verbs are welcome. */
    assert_int_equal(store_feed(nest->county->store, VILLAGE_1, 1, &feed, err), RC_OK);
    assert_int_equal(store_frames(nest->county->store, 0, see_frame, &seen, err), RC_OK);
    assert_int_equal(store_actors(nest->county->store, see_actor, &seen, err), RC_OK);
    assert_int_equal(feed.position, 2);
    assert_true(entry->entry.content.size == 1);
    return RC_OK;
}

static void test_nested_verbs(void **state) {
    struct county_store *county = county_of(state);
    struct stored_entry entries[] = {entry_of(VILLAGE_1, 1, 1, "a"),
                                     entry_of(VILLAGE_1, 1, 2, "b")};
    struct nest nest = {.county = county};

    put_entries(county, entries, 2);
    assert_int_equal(store_entries(county->store, VILLAGE_1, 1, 0, nest_entry, &nest, &county->err),
                     RC_OK);
    assert_int_equal(nest.calls, 2);
    put_actor(county, HIGH, 1); /* and afterwards commits are welcome again */
}

struct two_handles {
    struct county_store *county;
    struct store *reader;
};

/* The writer goes on while a reader walks: the reader's moment stays. */
static enum rc commit_meanwhile(void *context, const struct stored_actor *actor, struct err *err) {
    struct two_handles *both = context;
    struct stored_actor got;

    assert_true(actor->actor == LOW);
    put_actor(both->county, HIGH, 5);
    assert_int_equal(store_actor(both->county->store, HIGH, &got, err), RC_OK);
    assert_int_equal(store_actor(both->reader, HIGH, &got, err), RC_NOT_FOUND);
    return RC_OK;
}

static void test_readers(void **state) {
    struct county_store *county = county_of(state);
    struct two_handles both = {county, county_reader(county)};
    struct store *second = NULL;
    struct stored_actor got;
    struct err *err = &county->err;

    put_actor(county, LOW, 3);
    assert_int_equal(store_actor(both.reader, LOW, &got, err), RC_OK);
    assert_int_equal(store_actors(both.reader, commit_meanwhile, &both, err), RC_OK);
    assert_int_equal(store_actor(both.reader, HIGH, &got, err), RC_OK);
    assert_int_equal(got.number, 5);
    assert_int_equal(store_commit(both.reader, &(struct store_delta){0}, err), RC_DENIED);
    store_close(both.reader);

    if (county->engine == COUNTY_SQLITE)
        assert_int_equal(store_sqlite_open(county->path, true, &second, err), RC_LOCKED);
    else
        assert_int_equal(store_memory_open(county->memory, true, &second, err), RC_LOCKED);
    assert_null(second);
    county_reopen(county); /* when the first one has gone, there may be another */
    assert_int_equal(store_actor(county->store, HIGH, &got, err), RC_OK);
}

/* --- attachments --- */

static enum rc see_attachment(void *context, const struct stored_attachment *item,
                              struct err *err) {
    char *seen = context;
    size_t size = strlen(seen);

    (void)err;
    seen[size] = (char)item->hash[0];
    return RC_OK;
}

static void test_attachments(void **state) {
    struct county_store *county = county_of(state);
    struct stored_attachment items[] = {
        {.hash = "c", .size = 5, .kind = 1, .area = VILLAGE_1, .device = UINT64_MAX},
        {.hash = "a", .size = 1, .announced_ms = -3, .received_ms = 9, .backed_up_ms = 10},
        {.hash = "b", .size = 2, .erased = true}};
    struct stored_attachment got;
    uint8_t before[32], after[32];
    char seen[8] = "";

    county_digest(county, before);
    county_commit(county, &(struct store_delta){.attachment_count = 3, .attachments = items});
    county_digest(county, after);
    assert_memory_not_equal(before, after, 32);
    assert_int_equal(store_attachment(county->store, items[0].hash, &got, &county->err), RC_OK);
    assert_memory_equal(got.hash, items[0].hash, 32);
    assert_true(got.device == UINT64_MAX && got.area == VILLAGE_1);
    assert_int_equal(got.size, 5);
    assert_int_equal(got.kind, 1);
    assert_int_equal(store_attachments(county->store, false, see_attachment, seen, &county->err),
                     RC_OK);
    assert_string_equal(seen, "abc");
    memset(seen, 0, sizeof(seen));
    assert_int_equal(store_attachments(county->store, true, see_attachment, seen, &county->err),
                     RC_OK);
    assert_string_equal(seen, "c");
    items[0].received_ms = 77;
    county_commit(county, &(struct store_delta){.attachment_count = 1, .attachments = items});
    assert_int_equal(store_attachment(county->store, items[0].hash, &got, &county->err), RC_OK);
    assert_int_equal(got.received_ms, 77);
    assert_int_equal(store_attachment(county->store, items[1].hash, &got, &county->err), RC_OK);
    assert_int_equal(got.announced_ms, -3);
    assert_int_equal(got.backed_up_ms, 10);
    assert_int_equal(store_attachment(county->store, (const uint8_t[32]){9}, &got, &county->err),
                     RC_NOT_FOUND);
}

/* --- logins and sessions --- */

static enum rc see_session(void *context, const struct stored_session *item, struct err *err) {
    char *seen = context;
    size_t size = strlen(seen);

    (void)err;
    seen[size] = (char)item->name[0];
    return RC_OK;
}

static enum rc see_login(void *context, const struct stored_login *item, struct err *err) {
    uint64_t *sum = context;

    (void)err;
    *sum = *sum * 10 + item->person % 10;
    return RC_OK;
}

static void test_logins(void **state) {
    struct county_store *county = county_of(state);
    struct err *err = &county->err;
    uint64_t areas[] = {UINT64_C(430626000000), UINT64_C(430626117205)};
    struct stored_login logins[] = {
        {.person = UINT64_MAX,
         .failures = 3,
         .wait_ms = 99,
         .former = UINT64_MAX - 1,
         .seen_ms = 8,
         .second = view_text("sealed"),
         .reset_by = UINT64_MAX - 2,
         .reset_ms = 77,
         .reset_confirmed_by = 9,
         .grant = {.by = UINT64_MAX - 3,
                   .at_ms = 78,
                   .role = ROLE_COUNTY,
                   .enables = true,
                   .area_count = 2,
                   .areas = areas}},
        {.person = 7, .must_change = true, .changed_ms = -1, .code_step = 5}};
    struct stored_session sessions[] = {{.name = "z",
                                         .person = 7,
                                         .epoch = 2,
                                         .stage = 4,
                                         .since_ms = 1,
                                         .used_ms = 2,
                                         .until_ms = 3,
                                         .address = view_text("::1"),
                                         .agent = view_text("fox"),
                                         .wrapped = view_text("key"),
                                         .label = view_text("figures"),
                                         .abilities = UINT32_MAX,
                                         .area_count = 2,
                                         .areas = areas},
                                        {.name = "a", .person = 8}};
    struct stored_login login;
    struct stored_session session;
    uint8_t before[32], after[32];
    char seen[8] = "";
    uint64_t sum = 0;

    county_digest(county, before);
    county_commit(county, &(struct store_delta){.session_count = 2, .sessions = sessions});
    county_digest(county, after);
    assert_memory_equal(before, after, 32);
    county_commit(county, &(struct store_delta){.login_count = 2, .logins = logins});
    county_digest(county, after);
    assert_memory_not_equal(before, after, 32);
    assert_int_equal(store_login(county->store, UINT64_MAX, &county->arena, &login, err), RC_OK);
    assert_true(login.failures == 3 && login.wait_ms == 99 && !login.must_change);
    assert_true(view_is(login.second, "sealed") && login.seen_ms == 8);
    assert_true(login.former == UINT64_MAX - 1);
    assert_true(login.reset_by == UINT64_MAX - 2 && login.reset_ms == 77 &&
                login.reset_confirmed_by == 9);
    assert_true(login.grant.by == UINT64_MAX - 3 && login.grant.at_ms == 78 &&
                login.grant.role == ROLE_COUNTY && login.grant.enables &&
                login.grant.area_count == 2 && login.grant.areas[1] == areas[1]);
    assert_int_equal(store_login(county->store, 7, &county->arena, &login, err), RC_OK);
    assert_true(login.must_change && login.changed_ms == -1 && login.code_step == 5);
    assert_true(login.grant.by == 0 && login.grant.area_count == 0);
    assert_int_equal(store_login(county->store, 8, &county->arena, &login, err), RC_NOT_FOUND);
    assert_int_equal(store_logins(county->store, see_login, &sum, err), RC_OK);
    assert_int_equal(sum, 75); /* by person, without sign */
    assert_int_equal(store_session(county->store, sessions[0].name, &county->arena, &session, err),
                     RC_OK);
    assert_true(session.person == 7 && session.epoch == 2 && session.stage == 4);
    assert_true(session.since_ms == 1 && session.used_ms == 2 && session.until_ms == 3);
    assert_true(view_is(session.address, "::1") && view_is(session.agent, "fox") &&
                view_is(session.wrapped, "key"));
    assert_true(view_is(session.label, "figures") && session.abilities == UINT32_MAX &&
                session.area_count == 2 && session.areas[1] == areas[1]);
    assert_int_equal(store_sessions(county->store, see_session, seen, err), RC_OK);
    assert_string_equal(seen, "az");
    sessions[1].used_ms = 50;
    county_commit(county, &(struct store_delta){.ended_count = 1,
                                                .ended = sessions,
                                                .session_count = 1,
                                                .sessions = sessions + 1});
    assert_int_equal(store_session(county->store, sessions[0].name, &county->arena, &session, err),
                     RC_NOT_FOUND);
    assert_int_equal(store_session(county->store, sessions[1].name, &county->arena, &session, err),
                     RC_OK);
    assert_int_equal(session.used_ms, 50);
    sessions[0].person = 0;
    county_refuses(county, &(struct store_delta){.session_count = 1, .sessions = sessions},
                   RC_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BOTH(test_logins),       BOTH(test_attachments),
        BOTH(test_cut),          BOTH(test_inflow),
        BOTH(test_entries),      BOTH(test_entries_refused),
        BOTH(test_feeds),        cmocka_unit_test(test_area_ranges),
        BOTH(test_forms),        BOTH(test_pending),
        BOTH(test_acts),         BOTH(test_visitors),
        BOTH(test_nested_verbs), BOTH(test_readers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
