/* The conflict cases of the county's dossier: what two people record offline, and what everybody
 * sees when they have met. Each test says the case in its first line. The server is a tablet here
 * that nobody writes on: merging is the same code everywhere. */
#include "tests/unit/world_fixture.h"

enum { LI = 101, WANG = 102, ZHAO = 103, CHEN = 104 };

struct meeting {
    struct world world;
    struct tablet a, b, c, server;
    struct instance_id member;
};

/* Li's tablet A has recorded the household; Wang's B and the server know it. */
static int meet(void **state) {
    struct meeting *m = calloc(1, sizeof(*m));
    const struct change *created;

    if (m == NULL)
        return -1;
    world_start(&m->world);
    m->a = tablet_of(&m->world, 0xa, LI);
    m->b = tablet_of(&m->world, 0xb, WANG);
    m->c = tablet_of(&m->world, 0xc, ZHAO);
    m->server = tablet_of(&m->world, 0x5, CHEN);
    created = tablet_create(&m->a, "Xu Yulan", &m->member);
    tablet_receive(&m->b, created);
    tablet_receive(&m->c, created);
    tablet_receive(&m->server, created);
    *state = m;
    return 0;
}

static int part(void **state) {
    struct meeting *m = *state;

    world_end(&m->world);
    free(m);
    return 0;
}

static void both_receive(struct meeting *m, const struct change *of_a, const struct change *of_b) {
    tablet_receive(&m->a, of_b);
    tablet_receive(&m->b, of_a);
    tablet_receive(&m->server, of_a);
    tablet_receive(&m->server, of_b);
}

static void assert_all_agree(struct meeting *m) {
    struct tablet *tablets[] = {&m->a, &m->b};

    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(tablets[i]->reading.conflict_count, m->server.reading.conflict_count);
        assert_int_equal(tablets[i]->reading.cell_count, m->server.reading.cell_count);
        for (uint32_t k = 0; k < m->server.reading.cell_count; k++) {
            const struct cell *left = &tablets[i]->reading.cells[k];
            const struct cell *right = &m->server.reading.cells[k];

            assert_int_equal(left->kind, right->kind);
            assert_int_equal(left->version_count, right->version_count);
        }
    }
}

static void case_01_different_fields_merge_by_themselves(void **state) {
    struct meeting *m = *state;
    const struct change *of_a = tablet_edit(&m->a, ROOT, F_PHONE, text_value("13800000000"));
    const struct change *of_b = tablet_edit(&m->b, ROOT, F_GROUP, text_value("Group 3"));

    both_receive(m, of_a, of_b);
    assert_int_equal(m->server.reading.conflict_count, 0);
    assert_reads(&m->server, ROOT, F_PHONE, text_value("13800000000"));
    assert_reads(&m->server, ROOT, F_GROUP, text_value("Group 3"));
    assert_all_agree(m);
}

static void case_02_two_phone_numbers_the_later_one_reads_the_other_is_kept(void **state) {
    struct meeting *m = *state;
    const struct change *of_a;
    const struct change *of_b;

    m->a.clock_ms = 2000000;
    m->b.clock_ms = 3000000;
    of_a = tablet_edit(&m->a, ROOT, F_PHONE, text_value("13800000000"));
    of_b = tablet_edit(&m->b, ROOT, F_PHONE, text_value("13911111111"));
    both_receive(m, of_a, of_b);
    assert_int_equal(m->server.reading.conflict_count, 0);
    assert_reads(&m->server, ROOT, F_PHONE, text_value("13911111111"));
    assert_true(tablet_cell(&m->server, ROOT, F_PHONE)->by_policy);
    assert_int_equal(tablet_cell(&m->server, ROOT, F_PHONE)->version_count, 2);
    assert_all_agree(m);
}

static void case_03_four_pigs_against_two_is_a_question_for_a_third_person(void **state) {
    struct meeting *m = *state;
    const struct change *of_a = tablet_edit(&m->a, ROOT, F_PIGS, value_of_int(4));
    const struct change *of_b = tablet_edit(&m->b, ROOT, F_PIGS, value_of_int(2));
    const struct conflict *conflict;
    const struct change *answer;

    both_receive(m, of_a, of_b);
    conflict = find_conflict(&m->server, CONFLICT_FIELD, ROOT, F_PIGS);
    assert_non_null(conflict);
    assert_int_equal(conflict->version_count, 2);
    assert_int_equal(tablet_cell(&m->server, ROOT, F_PIGS)->kind, CELL_CONFLICT);
    assert_all_agree(m);

    /* Li wrote one side: his tablet does not let him decide. */
    tablet_begin(&m->a, CHANGE_RESOLVE);
    assert_int_equal(
        edit_resolve_value(&m->a.draft, find_conflict(&m->a, CONFLICT_FIELD, ROOT, F_PIGS),
                           &(struct value){.type = VALUE_INT, .number = 4}, &m->world.err),
        RC_DENIED);

    /* Chen at the county keeps Wang's. */
    tablet_begin(&m->server, CHANGE_RESOLVE);
    OK(&m->world, edit_resolve_keep(&m->server.draft, conflict,
                                    (struct version_id){.dot = of_b->dot}, &m->world.err));
    answer = tablet_save(&m->server, "counted again with the neighbour");
    tablet_receive(&m->a, answer);
    tablet_receive(&m->b, answer);
    assert_reads(&m->a, ROOT, F_PIGS, value_of_int(2));
    assert_reads(&m->b, ROOT, F_PIGS, value_of_int(2));
    assert_int_equal(m->a.reading.conflict_count, 0);
}

static void case_03_nobody_edits_the_question_away(void **state) {
    struct meeting *m = *state;
    const struct change *of_a = tablet_edit(&m->a, ROOT, F_PIGS, value_of_int(4));
    const struct change *of_b = tablet_edit(&m->b, ROOT, F_PIGS, value_of_int(2));
    const struct change *again;
    struct change forged;
    struct entry entry;
    struct version_id both[2] = {{.dot = of_a->dot}, {.dot = of_b->dot}};

    both_receive(m, of_a, of_b);
    /* An ordinary edit corrects the author's own side and leaves the other. */
    again = tablet_edit(&m->a, ROOT, F_PIGS, value_of_int(5));
    assert_int_equal(tablet_judge(&m->server, again), VERDICT_ADMIT);
    tablet_receive(&m->server, again);
    assert_int_equal(find_conflict(&m->server, CONFLICT_FIELD, ROOT, F_PIGS)->version_count, 2);

    /* A program that replaces both sides without a decision is stopped by the server. */
    forged = *again;
    forged.dot.number = 9;
    entry = again->entries[0];
    both[0].dot = again->dot;
    entry.replaces = both;
    entry.replaces_count = 2;
    forged.entries = &entry;
    assert_int_equal(tablet_judge(&m->server, &forged), VERDICT_NEEDS_RESOLVE);
}

static void case_04_declared_and_observed_are_two_fields(void **state) {
    struct meeting *m = *state;
    const struct change *of_a = tablet_edit(&m->a, ROOT, F_DECLARED, value_of_int(3));
    const struct change *of_b = tablet_edit(&m->b, ROOT, F_PIGS, value_of_int(4));

    both_receive(m, of_a, of_b);
    assert_int_equal(m->server.reading.conflict_count, 0);
    assert_reads(&m->server, ROOT, F_DECLARED, value_of_int(3));
    assert_reads(&m->server, ROOT, F_PIGS, value_of_int(4));
}

static const struct change *add_person(struct tablet *tablet, const char *id_number, int wage,
                                       struct instance_id *out) {
    tablet_begin(tablet, CHANGE_EDIT);
    *out = tablet_add(tablet, F_MEMBER, ROOT);
    tablet_set(tablet, *out, F_ID_NUMBER, text_value(id_number), 0);
    tablet_set(tablet, *out, F_WAGE, value_of_int(wage), 0);
    return tablet_save(tablet, "");
}

static void case_05_the_same_person_added_twice_is_proposed_as_one(void **state) {
    struct meeting *m = *state;
    struct instance_id first;
    struct instance_id second;
    const struct change *of_a = add_person(&m->a, "430600195603120012", 800, &first);
    const struct change *of_b = add_person(&m->b, "430600195603120012", 900, &second);
    const struct conflict *conflict;
    const struct change *answer;
    char text[INSTANCE_TEXT_BYTES + 1] = "=";

    both_receive(m, of_a, of_b);
    conflict = find_conflict(&m->server, CONFLICT_SAME, second, F_ID_NUMBER);
    assert_non_null(conflict);
    assert_true(instance_equal(conflict->other, first));
    assert_false(reading_instance(&m->server.reading, first)->removed);
    assert_false(reading_instance(&m->server.reading, second)->removed);

    /* "They are the same": the younger one is hidden, nothing of it is lost. */
    instance_text(first, text + 1);
    tablet_begin(&m->server, CHANGE_SAME);
    OK(&m->world, edit_same(&m->server.draft, second, view_text(text), &m->world.err));
    answer = tablet_save(&m->server, "");
    tablet_receive(&m->a, answer);
    assert_int_equal(m->a.reading.conflict_count, 0);
    assert_false(reading_instance(&m->a.reading, first)->removed);
    assert_true(reading_instance(&m->a.reading, second)->removed);
    assert_reads(&m->a, second, F_WAGE, value_of_int(900));
}

static void case_05_two_people_with_one_number_can_be_told_apart(void **state) {
    struct meeting *m = *state;
    struct instance_id first;
    struct instance_id second;
    const struct change *of_a = add_person(&m->a, "430600195603120012", 800, &first);
    const struct change *of_b = add_person(&m->b, "430600195603120012", 900, &second);
    char text[INSTANCE_TEXT_BYTES + 1] = "!";

    both_receive(m, of_a, of_b);
    instance_text(second, text + 1);
    tablet_begin(&m->server, CHANGE_SAME);
    OK(&m->world, edit_same(&m->server.draft, first, view_text(text), &m->world.err));
    (void)tablet_save(&m->server, "");
    assert_int_equal(m->server.reading.conflict_count, 0);
    assert_false(reading_instance(&m->server.reading, second)->removed);
}

static void case_06_removed_here_and_edited_there_stays_until_somebody_decides(void **state) {
    struct meeting *m = *state;
    const struct change *removal;
    const struct change *wage = tablet_edit(&m->b, m->member, F_WAGE, value_of_int(1500));
    const struct conflict *conflict;
    const struct change *answer;

    tablet_begin(&m->a, CHANGE_REMOVE);
    OK(&m->world, edit_remove_instance(&m->a.draft, m->member, &m->world.err));
    removal = tablet_save(&m->a, "married and moved out");
    assert_true(reading_instance(&m->a.reading, m->member)->removed);

    both_receive(m, removal, wage);
    conflict = find_conflict(&m->server, CONFLICT_REMOVED, m->member, FIELD_EXISTS);
    assert_non_null(conflict);
    assert_int_equal(conflict->version_count, 2);
    assert_false(reading_instance(&m->server.reading, m->member)->removed);
    assert_reads(&m->server, m->member, F_WAGE, value_of_int(1500));
    assert_all_agree(m);

    tablet_begin(&m->server, CHANGE_RESOLVE);
    OK(&m->world, edit_resolve_remove(&m->server.draft, conflict, &m->world.err));
    answer = tablet_save(&m->server, "marriage certificate seen");
    assert_int_equal(tablet_judge(&m->a, answer), VERDICT_ADMIT);
    tablet_receive(&m->b, answer);
    assert_int_equal(m->b.reading.conflict_count, 0);
    assert_true(reading_instance(&m->b.reading, m->member)->removed);
}

static void case_06_or_the_member_stays(void **state) {
    struct meeting *m = *state;
    const struct change *removal;
    const struct change *wage = tablet_edit(&m->b, m->member, F_WAGE, value_of_int(1500));
    const struct conflict *conflict;
    const struct change *answer;

    tablet_begin(&m->a, CHANGE_REMOVE);
    OK(&m->world, edit_remove_instance(&m->a.draft, m->member, &m->world.err));
    removal = tablet_save(&m->a, "");
    both_receive(m, removal, wage);
    conflict = find_conflict(&m->server, CONFLICT_REMOVED, m->member, FIELD_EXISTS);
    tablet_begin(&m->server, CHANGE_RESOLVE);
    OK(&m->world, edit_resolve_keep(&m->server.draft, conflict, (struct version_id){.ordinal = 0},
                                    &m->world.err));
    answer = tablet_save(&m->server, "still lives there");
    tablet_receive(&m->a, answer);
    assert_int_equal(m->a.reading.conflict_count, 0);
    assert_false(reading_instance(&m->a.reading, m->member)->removed);
    /* And it can be edited and removed again later. */
    (void)tablet_edit(&m->a, m->member, F_WAGE, value_of_int(1600));
    tablet_begin(&m->a, CHANGE_REMOVE);
    OK(&m->world, edit_remove_instance(&m->a.draft, m->member, &m->world.err));
    (void)tablet_save(&m->a, "");
    assert_true(reading_instance(&m->a.reading, m->member)->removed);
    assert_int_equal(m->a.reading.conflict_count, 0);
}

static void case_07_a_death_here_and_a_pension_there_are_both_kept(void **state) {
    struct meeting *m = *state;
    struct value died = {.type = VALUE_DATE, .number = 20515};
    const struct change *of_a = tablet_edit(&m->a, m->member, F_DIED, died);
    const struct change *of_b = tablet_edit(&m->b, m->member, F_PENSION, value_of_int(128));

    both_receive(m, of_a, of_b);
    assert_reads(&m->server, m->member, F_DIED, died);
    assert_reads(&m->server, m->member, F_PENSION, value_of_int(128));

    /* Two dates of death are a question; payments are the case's business. */
    died.number = 20517;
    tablet_receive(&m->c, of_b);
    tablet_receive(&m->server, tablet_edit(&m->c, m->member, F_DIED, died));
    assert_non_null(find_conflict(&m->server, CONFLICT_FIELD, m->member, F_DIED));
}

static void case_08_what_comes_after_the_seal_is_listed_beside_it(void **state) {
    struct meeting *m = *state;
    const struct change *found = tablet_edit(&m->a, ROOT, F_FINDING, text_value("leaking roof"));
    const struct change *draft;
    const struct change *seal;
    const struct change *amendment;

    tablet_receive(&m->b, found);
    draft = tablet_edit(&m->b, ROOT, F_FINDING, text_value("roof mended"));
    tablet_begin(&m->a, CHANGE_SEAL);
    OK(&m->world, edit_seal(&m->a.draft, SCOPE_VISIT, &m->world.err));
    seal = tablet_save(&m->a, "");

    /* In whatever order they reach the server. */
    tablet_receive(&m->server, draft);
    tablet_receive(&m->server, seal);
    tablet_receive(&m->server, found);
    assert_int_equal(m->server.reading.sealed_scopes, 1 << SCOPE_VISIT);
    assert_reads(&m->server, ROOT, F_FINDING, text_value("leaking roof"));
    assert_true(tablet_cell(&m->server, ROOT, F_FINDING)->sealed);
    assert_int_equal(m->server.reading.conflict_count, 0);
    assert_int_equal(m->server.reading.late_count, 1);
    assert_true(view_is(m->server.reading.late[0]->value.bytes, "roof mended"));

    /* Afterwards only an amendment gets in, and it settles what came late. */
    tablet_receive(&m->a, draft);
    tablet_begin(&m->a, CHANGE_EDIT);
    assert_int_equal(edit_set(&m->a.draft, ROOT, F_FINDING,
                              &(struct value){.type = VALUE_TEXT, .bytes = view_text("x")}, 0,
                              &m->world.err),
                     RC_DENIED);
    tablet_begin(&m->a, CHANGE_AMEND);
    tablet_set(&m->a, ROOT, F_FINDING, text_value("mended since the visit"), 0);
    amendment = tablet_save(&m->a, "second look with the owner");
    assert_int_equal(tablet_judge(&m->server, amendment), VERDICT_ADMIT);
    tablet_receive(&m->server, amendment);
    assert_reads(&m->server, ROOT, F_FINDING, text_value("mended since the visit"));
    assert_int_equal(m->server.reading.late_count, 0);
}

static void case_08_two_unequal_seals_are_a_question_two_equal_ones_are_not(void **state) {
    struct meeting *m = *state;
    const struct change *found = tablet_edit(&m->a, ROOT, F_FINDING, text_value("leaking roof"));
    const struct change *seal_a;
    const struct change *seal_b;
    const struct change *seal_c;

    tablet_receive(&m->b, found);
    tablet_receive(&m->c, found);
    (void)tablet_edit(&m->c, ROOT, F_VISIT_DATE, (struct value){.type = VALUE_DATE, .number = 1});
    tablet_begin(&m->a, CHANGE_SEAL);
    OK(&m->world, edit_seal(&m->a.draft, SCOPE_VISIT, &m->world.err));
    seal_a = tablet_save(&m->a, "");
    tablet_begin(&m->b, CHANGE_SEAL);
    OK(&m->world, edit_seal(&m->b.draft, SCOPE_VISIT, &m->world.err));
    seal_b = tablet_save(&m->b, "");
    tablet_begin(&m->c, CHANGE_SEAL);
    OK(&m->world, edit_seal(&m->c.draft, SCOPE_VISIT, &m->world.err));
    seal_c = tablet_save(&m->c, "");

    tablet_receive(&m->server, found);
    tablet_receive(&m->server, seal_a);
    tablet_receive(&m->server, seal_b);
    assert_int_equal(m->server.reading.conflict_count, 0);
    tablet_receive(&m->server, seal_c);
    assert_non_null(find_conflict(&m->server, CONFLICT_SEAL, ROOT, FIELD_SEAL + SCOPE_VISIT));
}

static void case_15_a_clock_two_years_behind_loses_nothing(void **state) {
    struct meeting *m = *state;
    const int64_t two_years_ms = INT64_C(2) * 365 * 24 * 3600 * 1000;
    const struct change *of_a;
    const struct change *of_b;

    /* B edits later than A, but its clock stands two years back; the server measured that. */
    m->a.clock_ms = 5000000;
    m->b.clock_ms = 6000000 - two_years_ms;
    of_a = tablet_edit(&m->a, ROOT, F_PHONE, text_value("13800000000"));
    of_b = tablet_edit(&m->b, ROOT, F_PHONE, text_value("13911111111"));
    tablet_receive(&m->server, of_a);
    tablet_apply(&m->server, of_b, (struct admission){.time_ms = of_b->wall_ms + two_years_ms});
    assert_reads(&m->server, ROOT, F_PHONE, text_value("13911111111"));

    /* On B, its own clock counts until the corrected time comes back with the feed. */
    tablet_receive(&m->b, of_a);
    assert_reads(&m->b, ROOT, F_PHONE, text_value("13800000000"));
    tablet_apply(&m->b, of_b, (struct admission){.time_ms = of_b->wall_ms + two_years_ms});
    assert_reads(&m->b, ROOT, F_PHONE, text_value("13911111111"));
}

static const struct change *decide(struct tablet *tablet, struct value value) {
    tablet_begin(tablet, CHANGE_RESOLVE);
    OK(tablet->world,
       edit_resolve_value(&tablet->draft, find_conflict(tablet, CONFLICT_FIELD, ROOT, F_PIGS),
                          &value, &tablet->world->err));
    return tablet_save(tablet, "asked the village");
}

static void case_17_two_decisions(void **state, int other, bool open) {
    struct meeting *m = *state;
    const struct change *of_a = tablet_edit(&m->a, ROOT, F_PIGS, value_of_int(4));
    const struct change *of_b = tablet_edit(&m->b, ROOT, F_PIGS, value_of_int(2));
    const struct change *first;
    const struct change *second;
    const struct conflict *stale;

    both_receive(m, of_a, of_b);
    tablet_receive(&m->c, of_a);
    tablet_receive(&m->c, of_b);
    stale = find_conflict(&m->server, CONFLICT_FIELD, ROOT, F_PIGS);
    first = decide(&m->server, value_of_int(3));
    second = decide(&m->c, value_of_int(other));
    assert_int_equal(tablet_judge(&m->server, second), VERDICT_ADMIT);
    tablet_receive(&m->server, second);
    tablet_receive(&m->c, first);
    assert_int_equal(find_conflict(&m->server, CONFLICT_FIELD, ROOT, F_PIGS) != NULL, open);
    assert_int_equal(find_conflict(&m->c, CONFLICT_FIELD, ROOT, F_PIGS) != NULL, open);

    /* Somebody who still looks at the old question is told that it has moved on. */
    tablet_begin(&m->server, CHANGE_RESOLVE);
    assert_int_equal(edit_resolve_value(&m->server.draft, stale,
                                        &(struct value){.type = VALUE_INT, .number = 1},
                                        &m->world.err),
                     RC_CONFLICT);
}

static void case_17_two_unequal_decisions_are_a_question_again(void **state) {
    case_17_two_decisions(state, 2, true);
}

static void case_17_two_equal_decisions_are_one(void **state) {
    case_17_two_decisions(state, 3, false);
}

static void case_20_one_household_recorded_by_two_teams_is_marked_on_the_record(void **state) {
    struct meeting *m = *state;
    struct tablet second = tablet_of(&m->world, 0xd, ZHAO);
    const struct change *created = tablet_create(&second, "Xu Yulan", NULL);
    const struct change *answer;
    char text[DOT_TEXT_BYTES + 1] = "=";

    /* Two records are proposed by whoever sees both; the answer is a change of the younger one. */
    dot_text(m->a.state.id, text + 1);
    tablet_begin(&second, CHANGE_SAME);
    OK(&m->world, edit_same(&second.draft, ROOT, view_text(text), &m->world.err));
    answer = tablet_save(&second, "");
    assert_int_equal(answer->entries[0].field, FIELD_SAME);
    assert_true(view_is(answer->entries[0].value.bytes, text));
    assert_int_equal(second.reading.conflict_count, 0);

    /* Another team says that they are two: the answers contradict. */
    m->c.has_record = false;
    tablet_receive(&m->c, created);
    text[0] = '!';
    tablet_begin(&m->c, CHANGE_SAME);
    OK(&m->world, edit_same(&m->c.draft, ROOT, view_text(text), &m->world.err));
    tablet_receive(&second, tablet_save(&m->c, ""));
    assert_non_null(find_conflict(&second, CONFLICT_SAME, ROOT, FIELD_SAME));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, meet, part)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(case_01_different_fields_merge_by_themselves),
        CASE(case_02_two_phone_numbers_the_later_one_reads_the_other_is_kept),
        CASE(case_03_four_pigs_against_two_is_a_question_for_a_third_person),
        CASE(case_03_nobody_edits_the_question_away),
        CASE(case_04_declared_and_observed_are_two_fields),
        CASE(case_05_the_same_person_added_twice_is_proposed_as_one),
        CASE(case_05_two_people_with_one_number_can_be_told_apart),
        CASE(case_06_removed_here_and_edited_there_stays_until_somebody_decides),
        CASE(case_06_or_the_member_stays),
        CASE(case_07_a_death_here_and_a_pension_there_are_both_kept),
        CASE(case_08_what_comes_after_the_seal_is_listed_beside_it),
        CASE(case_08_two_unequal_seals_are_a_question_two_equal_ones_are_not),
        CASE(case_15_a_clock_two_years_behind_loses_nothing),
        CASE(case_17_two_unequal_decisions_are_a_question_again),
        CASE(case_17_two_equal_decisions_are_one),
        CASE(case_20_one_household_recorded_by_two_teams_is_marked_on_the_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
