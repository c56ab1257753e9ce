/* Applying, joining and judging changes, one rule at a time. What must hold for all of them
 * together is in tests/property/test_merge.c. */
#include "schema/limits.h"
#include "tests/unit/world_fixture.h"

enum { A = 0x0a, B = 0x0b, C = 0x0c };

static struct world world;
static const struct dot created = {A, 1};

static int start(void **state) {
    (void)state;
    world_start(&world);
    return 0;
}

static int end(void **state) {
    (void)state;
    world_end(&world);
    return 0;
}

/* A change of one entry, field 40, that replaces at most one version. */
static const struct change *change_of(struct dot dot, enum change_kind kind, int64_t number,
                                      struct dot replaces, uint8_t flags) {
    struct change *change = arena_alloc(&world.arena, sizeof(*change));
    struct entry *entry = arena_alloc(&world.arena, sizeof(*entry));
    struct version_id *replaced = arena_alloc(&world.arena, sizeof(*replaced));

    assert_true(change != NULL && entry != NULL && replaced != NULL);
    replaced->dot = replaces;
    *entry = (struct entry){.field = 40, .flags = flags, .value = value_of_int(number)};
    if (replaces.number != 0) {
        entry->replaces = replaced;
        entry->replaces_count = 1;
    }
    *change = (struct change){.dot = dot,
                              .kind = (uint8_t)kind,
                              .record = created,
                              .person = dot.actor,
                              .wall_ms = 100,
                              .lamport = dot.number,
                              .entry_count = 1,
                              .entries = entry};
    return change;
}

static void apply(struct record *record, const struct change *change) {
    OK(&world, merge_apply(record, change, (struct admission){.time_ms = change->wall_ms},
                           &world.arena, record, &world.err));
}

static void a_replaced_version_goes(void **state) {
    struct record record;

    (void)state;
    record_init(&record, created);
    apply(&record, change_of(created, CHANGE_CREATE, 1, (struct dot){0}, 0));
    assert_int_equal(record.version_count, 1);
    apply(&record, change_of((struct dot){B, 1}, CHANGE_EDIT, 2, created, 0));
    assert_int_equal(record.version_count, 1);
    assert_int_equal(record.versions[0].value.number, 2);
    assert_int_equal(record.absorbed_count, 2);
}

static void a_kept_version_stays_marked(void **state) {
    struct record record;

    (void)state;
    record_init(&record, created);
    apply(&record, change_of(created, CHANGE_CREATE, 1, (struct dot){0}, 0));
    apply(&record, change_of((struct dot){C, 1}, CHANGE_EDIT, 2, created, ENTRY_KEEP));
    apply(&record, change_of((struct dot){B, 1}, CHANGE_EDIT, 3, created, ENTRY_KEEP));
    assert_int_equal(record.version_count, 3);
    assert_int_equal(record.versions[0].replaced_count, 2);
    assert_int_equal(record.versions[0].replaced_by[0], 1);
    assert_int_equal(record.versions[0].replaced_by[1], 2);
    assert_int_equal(record.versions[1].replaced_count, 0);
    /* Who does not ask to keep it ends it, whatever came before. */
    apply(&record, change_of((struct dot){B, 2}, CHANGE_EDIT, 4, created, 0));
    assert_int_equal(record.version_count, 3);
    assert_int_equal(record.versions[0].value.number, 3);
}

static void what_is_awaited_arrives_replaced(void **state) {
    struct record record;

    (void)state;
    record_init(&record, created);
    apply(&record, change_of((struct dot){B, 1}, CHANGE_EDIT, 2, created, 0));
    assert_int_equal(record.awaited_count, 1);
    apply(&record, change_of(created, CHANGE_CREATE, 1, (struct dot){0}, 0));
    assert_int_equal(record.awaited_count, 0);
    assert_int_equal(record.version_count, 1);
    assert_int_equal(record.versions[0].value.number, 2);
}

static void what_is_awaited_and_kept_arrives_marked(void **state) {
    struct record record;

    (void)state;
    record_init(&record, created);
    apply(&record, change_of((struct dot){B, 1}, CHANGE_EDIT, 2, created, ENTRY_KEEP));
    apply(&record, change_of(created, CHANGE_CREATE, 1, (struct dot){0}, 0));
    assert_int_equal(record.version_count, 2);
    assert_int_equal(record.versions[0].replaced_count, 1);
    assert_true(
        dot_equal(record.absorbed[record.versions[0].replaced_by[0]].dot, (struct dot){B, 1}));
}

/* A faulty author names a version that its change never had: nothing waits for ever. */
static void a_name_without_a_version_does_not_stay(void **state) {
    struct record record;
    struct record other;
    const struct change *bad = change_of((struct dot){B, 1}, CHANGE_EDIT, 2, (struct dot){C, 5}, 0);
    struct change *empty = arena_alloc(&world.arena, sizeof(*empty));

    (void)state;
    assert_non_null(empty);
    *empty = *change_of((struct dot){C, 5}, CHANGE_EDIT, 9, (struct dot){0}, 0);
    empty->entry_count = 0;
    record_init(&record, created);
    apply(&record, bad);
    assert_int_equal(record.awaited_count, 1);
    apply(&record, empty);
    assert_int_equal(record.awaited_count, 0);
    record_init(&other, created);
    apply(&other, empty);
    apply(&other, bad);
    assert_true(same_state(&world, &record, &other));
}

static void applying_again_only_corrects_the_time(void **state) {
    struct record record;
    const struct change *create = change_of(created, CHANGE_CREATE, 1, (struct dot){0}, 0);
    struct admission times[] = {{.time_ms = 500, .provisional = true},
                                {.time_ms = 900},
                                {.time_ms = 100, .provisional = true},
                                {.time_ms = 800},
                                {.time_ms = 850}};
    const int64_t expected[] = {500, 900, 900, 800, 800};

    (void)state;
    record_init(&record, created);
    for (size_t i = 0; i < 5; i++) {
        OK(&world, merge_apply(&record, create, times[i], &world.arena, &record, &world.err));
        assert_int_equal(record.absorbed[0].time_ms, expected[i]);
        assert_int_equal(record.absorbed[0].flags, i == 0 ? ABSORBED_PROVISIONAL : 0);
        assert_int_equal(record.version_count, 1);
    }
}

/* Of two states that hold one change the better time counts, whichever is joined to the other. */
static void joining_takes_the_better_time(void **state) {
    static const struct {
        struct admission a, b;
        int64_t time_ms;
        bool provisional;
    } cases[] = {
        {{.time_ms = 900}, {.time_ms = 800}, 800, false},
        {{.time_ms = 900}, {.time_ms = 100, .provisional = true}, 900, false},
        {{.time_ms = 900}, {.time_ms = 950, .provisional = true}, 900, false},
        {{.time_ms = 500, .provisional = true}, {.time_ms = 400, .provisional = true}, 400, true},
    };
    const struct change *create = change_of(created, CHANGE_CREATE, 1, (struct dot){0}, 0);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct record a, b;

        record_init(&a, created);
        record_init(&b, created);
        OK(&world, merge_apply(&a, create, cases[i].a, &world.arena, &a, &world.err));
        OK(&world, merge_apply(&b, create, cases[i].b, &world.arena, &b, &world.err));
        for (int order = 0; order < 2; order++) {
            struct record joined;

            OK(&world, merge_join(order == 0 ? &a : &b, order == 0 ? &b : &a, &world.arena, &joined,
                                  &world.err));
            assert_int_equal(joined.absorbed[0].time_ms, cases[i].time_ms);
            assert_int_equal(joined.absorbed[0].flags,
                             cases[i].provisional ? ABSORBED_PROVISIONAL : 0);
        }
    }
}

/* What was erased already and comes again with its time: without memory that is not told as done.
 */
static void a_time_that_finds_no_room_is_no_success(void **state) {
    const struct admission own = {.time_ms = 900, .provisional = true}, first = {.time_ms = 100};
    struct change *erased = arena_alloc(&world.arena, sizeof(*erased));
    struct entry *entry = arena_alloc(&world.arena, sizeof(*entry));
    struct record record;
    struct arena none;

    (void)state;
    assert_true(erased != NULL && entry != NULL);
    *erased = *change_of(created, CHANGE_CREATE, 1, (struct dot){0}, 0);
    *entry = erased->entries[0];
    entry->value = (struct value){.type = VALUE_ERASED};
    erased->entries = entry;
    erased->erased = true;
    record_init(&record, created);
    OK(&world, merge_apply(&record, erased, own, &world.arena, &record, &world.err));
    arena_init(&none, 1);
    assert_int_equal(merge_apply(&record, erased, first, &none, &record, &world.err), RC_LIMIT);
    assert_int_equal(record.absorbed[0].time_ms, 900);
    OK(&world, merge_apply(&record, erased, first, &world.arena, &record, &world.err));
    assert_int_equal(record.absorbed[0].time_ms, 100);
    arena_release(&none);
}

/* Of a change that a restored county took in again, the new time counts; never for a change whose
 * only time is its author's. */
static void a_county_that_was_restored_fixes_times_anew(void **state) {
    const struct change *create = change_of(created, CHANGE_CREATE, 1, (struct dot){0}, 0);
    const struct admission first = {.time_ms = 100}, own = {.time_ms = 50, .provisional = true};
    struct record record, later;

    (void)state;
    record_init(&record, created);
    OK(&world, merge_apply(&record, create, first, &world.arena, &record, &world.err));
    OK(&world, merge_retime(&record, created, 900, &world.arena, &later, &world.err));
    assert_int_equal(later.absorbed[0].time_ms, 900);
    assert_int_equal(record.absorbed[0].time_ms, 100);
    OK(&world, merge_retime(&record, (struct dot){B, 1}, 900, &world.arena, &later, &world.err));
    assert_int_equal(later.absorbed[0].time_ms, 100);
    record_init(&record, created);
    OK(&world, merge_apply(&record, create, own, &world.arena, &record, &world.err));
    OK(&world, merge_retime(&record, created, 900, &world.arena, &later, &world.err));
    assert_int_equal(later.absorbed[0].time_ms, 50);
}

static void another_record_is_refused(void **state) {
    struct record record;
    struct record other;

    (void)state;
    record_init(&record, (struct dot){C, 3});
    record_init(&other, created);
    assert_int_equal(merge_apply(&record, change_of(created, CHANGE_CREATE, 1, (struct dot){0}, 0),
                                 (struct admission){0}, &world.arena, &other, &world.err),
                     RC_INVALID);
    assert_int_equal(merge_join(&record, &other, &world.arena, &other, &world.err), RC_INVALID);
}

static void joining_drops_what_one_side_knows_to_be_replaced(void **state) {
    struct record a;
    struct record b;
    struct record joined;
    const struct change *create = change_of(created, CHANGE_CREATE, 1, (struct dot){0}, 0);
    const struct change *edit = change_of((struct dot){B, 1}, CHANGE_EDIT, 2, created, 0);

    (void)state;
    record_init(&a, created);
    record_init(&b, created);
    apply(&a, create);
    apply(&b, edit);
    OK(&world, merge_join(&a, &b, &world.arena, &joined, &world.err));
    assert_int_equal(joined.version_count, 1);
    assert_int_equal(joined.versions[0].value.number, 2);
    assert_int_equal(joined.awaited_count, 0);
    apply(&b, create);
    assert_true(same_state(&world, &b, &joined));
}

/* Two contents under one name come from faulty or hostile peers; even so all must agree. */
static void unequal_twins_join_to_one(void **state) {
    struct record a;
    struct record b;
    struct record ab;
    struct record ba;

    (void)state;
    record_init(&a, created);
    record_init(&b, created);
    apply(&a, change_of(created, CHANGE_CREATE, 1, (struct dot){0}, 0));
    apply(&b, change_of(created, CHANGE_CREATE, 2, (struct dot){0}, 0));
    OK(&world, merge_join(&a, &b, &world.arena, &ab, &world.err));
    OK(&world, merge_join(&b, &a, &world.arena, &ba, &world.err));
    assert_true(same_state(&world, &ab, &ba));
}

static void a_full_arena_is_an_error_and_not_a_wrong_state(void **state) {
    struct arena small;
    struct record record;
    struct record out;

    (void)state;
    record_init(&record, created);
    apply(&record, change_of(created, CHANGE_CREATE, 1, (struct dot){0}, 0));
    arena_init(&small, 64);
    assert_int_equal(merge_apply(&record, change_of((struct dot){B, 1}, CHANGE_EDIT, 2, created, 0),
                                 (struct admission){0}, &small, &out, &world.err),
                     RC_LIMIT);
    arena_release(&small);
    arena_init(&small, 64);
    assert_int_equal(merge_join(&record, &record, &small, &out, &world.err), RC_LIMIT);
    arena_release(&small);
}

/* ---- verdicts ---- */

struct trial {
    struct tablet a, server;
    struct instance_id member;
};

static void trial_start(struct trial *trial) {
    trial->a = tablet_of(&world, A, 1);
    trial->server = tablet_of(&world, C, 3);
    tablet_receive(&trial->server, tablet_create(&trial->a, "name", &trial->member));
}

static struct change forged(const struct change *from, struct entry *entry) {
    struct change change = *from;

    *entry = from->entries[0];
    change.entries = entry;
    change.entry_count = 1;
    return change;
}

static void a_sane_edit_is_admitted_also_twice(void **state) {
    struct trial trial;
    const struct change *edit;

    (void)state;
    trial_start(&trial);
    edit = tablet_edit(&trial.a, trial.member, F_WAGE, value_of_int(7));
    assert_int_equal(tablet_judge(&trial.server, edit), VERDICT_ADMIT);
    tablet_receive(&trial.server, edit);
    assert_int_equal(tablet_judge(&trial.server, edit), VERDICT_ADMIT);
}

static void values_are_judged_by_the_form(void **state) {
    struct trial trial;
    struct change change;
    struct entry entry;
    const struct change *edit;

    (void)state;
    trial_start(&trial);
    edit = tablet_edit(&trial.a, ROOT, F_PIGS, value_of_int(7));
    change = forged(edit, &entry);
    entry.value = text_value("seven");
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_WRONG_VALUE);
    assert_int_equal(merge_judge(&trial.server.state, &change, NULL, false, &world.arena),
                     VERDICT_ADMIT);
    entry.value = value_of_int(7);
    entry.field = F_WAGE; /* of a member, not of the record */
    entry.replaces_count = 0;
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_WRONG_VALUE);
    entry.field = F_MEMBER; /* holds no answer */
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_WRONG_VALUE);
    entry.field = 9999; /* of a newer form: stored as it came */
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_ADMIT);
    entry.field = F_CASE;
    entry.value = text_value("2026-1");
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_SERVER_FIELD);
    assert_int_equal(
        merge_judge(&trial.server.state, &change, &world.fixture.form, true, &world.arena),
        VERDICT_ADMIT);
}

static void what_decides_is_signed_and_says_why(void **state) {
    struct trial trial;
    struct tablet b = tablet_of(&world, B, 2);
    struct change change;
    const struct change *decision;
    struct value three = value_of_int(3);

    (void)state;
    trial_start(&trial);
    b.has_record = true;
    b.state = trial.server.state;
    tablet_read(&b);
    tablet_receive(&trial.server, tablet_edit(&trial.a, ROOT, F_PIGS, value_of_int(8)));
    tablet_receive(&trial.server, tablet_edit(&b, ROOT, F_PIGS, value_of_int(9)));
    tablet_begin(&trial.server, CHANGE_RESOLVE);
    OK(&world, edit_resolve_value(&trial.server.draft,
                                  find_conflict(&trial.server, CONFLICT_FIELD, ROOT, F_PIGS),
                                  &three, &world.err));
    OK(&world, edit_finish(&trial.server.draft, view_text("why"), &change, &world.err));
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_NOT_SIGNED);
    change.is_signed = true;
    change.reason = view_text("");
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_NO_REASON);
    change.reason = view_text("why");
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_ADMIT);
    change.person = 2; /* who wrote one of the sides */
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_FOUR_EYES);

    /* Also when somebody else's decision was there first. */
    decision = tablet_save(&trial.server, "why");
    assert_int_equal(decision->kind, CHANGE_RESOLVE);
    change.dot = (struct dot){B, 50};
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_FOUR_EYES);
}

static void a_group_in_conflict_needs_a_decision(void **state) {
    struct trial trial;
    struct tablet b = tablet_of(&world, B, 2);
    struct entry entry;
    struct change change;
    const struct change *of_a;
    const struct change *of_b;
    struct version_id both[2];

    (void)state;
    trial_start(&trial);
    b.has_record = true;
    b.state = trial.server.state;
    tablet_read(&b);
    of_a = tablet_edit(&trial.a, ROOT, F_BANK, text_value("Rural Bank"));
    of_b = tablet_edit(&b, ROOT, F_BANK, text_value("Post Bank"));
    tablet_receive(&trial.server, of_a);
    tablet_receive(&trial.server, of_b);
    assert_non_null(find_conflict(&trial.server, CONFLICT_GROUP, ROOT, F_BANK));
    change = forged(of_a, &entry);
    change.dot.number = 40;
    both[0].dot = of_a->dot;
    both[0].ordinal = 0;
    both[1].dot = of_b->dot;
    both[1].ordinal = 0;
    entry.replaces = both;
    entry.replaces_count = 2;
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_NEEDS_RESOLVE);
    /* Two phone numbers are not a question: correcting both is an ordinary edit. */
    entry.field = F_PHONE;
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_ADMIT);
}

static void whoever_knows_the_seal_amends(void **state) {
    struct trial trial;
    const struct change *before;
    struct change change;
    struct entry entry;

    (void)state;
    trial_start(&trial);
    before = tablet_edit(&trial.a, ROOT, F_FINDING, text_value("dry"));
    tablet_receive(&trial.server, before);
    tablet_begin(&trial.a, CHANGE_SEAL);
    OK(&world, edit_seal(&trial.a.draft, SCOPE_VISIT, &world.err));
    tablet_receive(&trial.server, tablet_save(&trial.a, ""));
    change = forged(before, &entry);
    entry.value = text_value("wet");
    change.dot.number = 40; /* the actor that sealed */
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_NEEDS_AMEND);
    change.dot = (struct dot){B, 1}; /* another, who may not have known: late, not wrong */
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_ADMIT);
}

static void what_is_written_once_is_amended(void **state) {
    struct trial trial;
    const struct change *first;
    struct change change;
    struct entry entry;
    struct version_id replaced;

    (void)state;
    trial_start(&trial);
    first = tablet_edit(&trial.a, ROOT, F_CREATED, text_value("2026-01-01"));
    tablet_receive(&trial.server, first);
    change = forged(first, &entry);
    change.dot.number = 40;
    replaced = (struct version_id){.dot = first->dot};
    entry.replaces = &replaced;
    entry.replaces_count = 1;
    entry.value = text_value("2026-01-02");
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_NEEDS_AMEND);
    change.kind = CHANGE_AMEND;
    change.reason = view_text("misread");
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_ADMIT);
}

static void nonsense_is_malformed(void **state) {
    struct trial trial;
    struct change change;
    struct entry entry;
    const struct change *edit;

    (void)state;
    trial_start(&trial);
    edit = tablet_edit(&trial.a, ROOT, F_PIGS, value_of_int(7));
    change = forged(edit, &entry);
    change.record = (struct dot){B, 3};
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_MALFORMED);
    change = forged(edit, &entry);
    change.kind = 99;
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_MALFORMED);
    change = forged(edit, &entry);
    change.kind = CHANGE_REMOVE;
    entry = (struct entry){.field = FIELD_EXISTS,
                           .value = {.type = VALUE_BYTES, .bytes = view_text("\x02garbage")}};
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_MALFORMED);
    /* A record without an area would be in nobody's feed. */
    change = forged(edit, &entry);
    change.kind = CHANGE_CREATE;
    change.dot = (struct dot){B, 3};
    change.record = change.dot;
    entry.replaces_count = 0;
    trial.server.state.id = change.dot;
    assert_int_equal(tablet_judge(&trial.server, &change), VERDICT_MALFORMED);
}

static void a_record_cannot_outgrow_its_limit(void **state) {
    struct trial trial;
    struct record full;
    struct version *versions;
    const uint32_t count = LIMIT_RECORD_BYTES / LIMIT_VALUE_BYTES + 1;
    struct buf text;
    const struct change *edit;

    (void)state;
    trial_start(&trial);
    edit = tablet_edit(&trial.a, ROOT, F_PIGS, value_of_int(7));
    buf_init(&text, LIMIT_VALUE_BYTES);
    for (uint32_t i = 0; i < LIMIT_VALUE_BYTES / 8; i++)
        buf_add_text(&text, "12345678");
    full = trial.server.state;
    versions = arena_array(&world.arena, full.version_count + count, sizeof(*versions));
    assert_non_null(versions);
    for (uint32_t i = 0; i < count; i++)
        versions[i] =
            (struct version){.field = (uint16_t)(100 + i), .value = value_of_text(buf_view(&text))};
    full.versions = versions;
    full.version_count = count;
    assert_int_equal(merge_judge(&full, edit, &world.fixture.form, false, &world.arena),
                     VERDICT_TOO_LARGE);
    full.version_count = count - 2;
    assert_int_equal(merge_judge(&full, edit, &world.fixture.form, false, &world.arena),
                     VERDICT_ADMIT);
    buf_release(&text);
}

/* A client that leaves the mark out would destroy what a seal may hold. */
static void a_sealable_field_is_replaced_with_the_mark_only(void **state) {
    struct trial trial;
    struct change without;
    struct entry entry;
    const struct change *edit;

    (void)state;
    trial_start(&trial);
    tablet_receive(&trial.server, tablet_edit(&trial.a, ROOT, F_FINDING, text_value("dry")));
    edit = tablet_edit(&trial.a, ROOT, F_FINDING, text_value("damp"));
    assert_int_equal(tablet_judge(&trial.server, edit), VERDICT_ADMIT);
    without = forged(edit, &entry);
    assert_int_equal(entry.replaces_count, 1);
    entry.flags = 0;
    assert_int_equal(tablet_judge(&trial.server, &without), VERDICT_MALFORMED);
}

static void every_verdict_has_a_name_and_a_sentence(void **state) {
    (void)state;
    for (int i = 0; i < VERDICT_COUNT; i++) {
        assert_string_not_equal(verdict_name((enum verdict)i), "unknown");
        assert_string_not_equal(verdict_words((enum verdict)i), "unknown");
    }
    assert_string_equal(verdict_name(VERDICT_FOUR_EYES), "four_eyes");
    assert_string_equal(verdict_name((enum verdict)99), "unknown");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_replaced_version_goes),
        TEST(a_kept_version_stays_marked),
        TEST(what_is_awaited_arrives_replaced),
        TEST(what_is_awaited_and_kept_arrives_marked),
        TEST(a_name_without_a_version_does_not_stay),
        TEST(applying_again_only_corrects_the_time),
        TEST(joining_takes_the_better_time),
        TEST(a_time_that_finds_no_room_is_no_success),
        TEST(a_county_that_was_restored_fixes_times_anew),
        TEST(another_record_is_refused),
        TEST(joining_drops_what_one_side_knows_to_be_replaced),
        TEST(unequal_twins_join_to_one),
        TEST(a_full_arena_is_an_error_and_not_a_wrong_state),
        TEST(a_sane_edit_is_admitted_also_twice),
        TEST(values_are_judged_by_the_form),
        TEST(what_decides_is_signed_and_says_why),
        TEST(a_group_in_conflict_needs_a_decision),
        TEST(whoever_knows_the_seal_amends),
        TEST(what_is_written_once_is_amended),
        TEST(nonsense_is_malformed),
        TEST(a_record_cannot_outgrow_its_limit),
        TEST(a_sealable_field_is_replaced_with_the_mark_only),
        TEST(every_verdict_has_a_name_and_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
