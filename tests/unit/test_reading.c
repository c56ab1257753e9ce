/* What people see of a state: policies, groups, sets, instances, removals, seals, broken rules. */
#include "schema/limits.h"
#include "tests/unit/world_fixture.h"

enum { A = 0x0a, B = 0x0b, C = 0x0c };

static struct world world;
static struct tablet a, b, server;
static struct instance_id member;

static int start(void **state) {
    const struct change *created;

    (void)state;
    world_start(&world);
    a = tablet_of(&world, A, 1);
    b = tablet_of(&world, B, 2);
    server = tablet_of(&world, C, 3);
    created = tablet_create(&a, "Xu Yulan", &member);
    tablet_receive(&b, created);
    tablet_receive(&server, created);
    return 0;
}

static int end(void **state) {
    (void)state;
    world_end(&world);
    return 0;
}

/* Both edit the field without knowing of each other; the server gets both. */
static void both_edit(int field, struct value of_a, unsigned rank_a, struct value of_b,
                      unsigned rank_b) {
    tablet_begin(&a, CHANGE_EDIT);
    tablet_set(&a, ROOT, field, of_a, (uint8_t)rank_a);
    tablet_receive(&server, tablet_save(&a, ""));
    tablet_begin(&b, CHANGE_EDIT);
    tablet_set(&b, ROOT, field, of_b, (uint8_t)rank_b);
    tablet_receive(&server, tablet_save(&b, ""));
}

static const struct cell *cell_of(int field) {
    const struct cell *cell = tablet_cell(&server, ROOT, field);

    assert_non_null(cell);
    return cell;
}

static void equal_values_are_one(void **state) {
    (void)state;
    both_edit(F_DECLARED, value_of_int(4), 0, value_of_int(4), 0);
    assert_reads(&server, ROOT, F_DECLARED, value_of_int(4));
    assert_int_equal(cell_of(F_DECLARED)->version_count, 2);
    assert_false(cell_of(F_DECLARED)->by_policy);
    assert_int_equal(server.reading.conflict_count, 0);
}

static void human_asks(void **state) {
    (void)state;
    both_edit(F_DECLARED, value_of_int(4), 0, value_of_int(5), 0);
    assert_int_equal(cell_of(F_DECLARED)->kind, CELL_CONFLICT);
    assert_non_null(find_conflict(&server, CONFLICT_FIELD, ROOT, F_DECLARED));
}

static void no_answer_differs_from_an_answer(void **state) {
    (void)state;
    both_edit(F_DECLARED, value_of_int(4), 0, (struct value){.type = VALUE_NULL}, 0);
    assert_non_null(find_conflict(&server, CONFLICT_FIELD, ROOT, F_DECLARED));
}

static void an_explicit_null_is_an_empty_cell(void **state) {
    (void)state;
    tablet_receive(&server, tablet_edit(&a, ROOT, F_PIGS, (struct value){.type = VALUE_NULL}));
    assert_int_equal(cell_of(F_PIGS)->kind, CELL_EMPTY);
    assert_int_equal(cell_of(F_PIGS)->version_count, 1);
    assert_null(tablet_cell(&server, ROOT, F_DECLARED));
}

static void latest_takes_the_later_and_breaks_ties_by_name(void **state) {
    (void)state;
    a.clock_ms = b.clock_ms = 5000;
    both_edit(F_PHONE, text_value("1"), 0, text_value("2"), 0);
    assert_reads(&server, ROOT, F_PHONE, text_value("2"));
    assert_true(cell_of(F_PHONE)->by_policy);
    assert_true(view_is(cell_of(F_PHONE)->versions[0]->value.bytes, "2"));
    assert_true(view_is(cell_of(F_PHONE)->versions[1]->value.bytes, "1"));
}

static void monotone_facts_are_computed(void **state) {
    (void)state;
    both_edit(F_MOST, value_of_int(4), 0, value_of_int(9), 0);
    both_edit(F_LEAST, value_of_int(4), 0, value_of_int(9), 0);
    both_edit(F_SEEN, value_of_int(1), 0, value_of_int(0), 0);
    assert_reads(&server, ROOT, F_MOST, value_of_int(9));
    assert_reads(&server, ROOT, F_LEAST, value_of_int(4));
    assert_reads(&server, ROOT, F_SEEN, value_of_int(1));
    assert_int_equal(server.reading.conflict_count, 0);
}

static void no_answer_is_neither_most_nor_least(void **state) {
    struct value nothing = {.type = VALUE_NULL};

    (void)state;
    both_edit(F_MOST, nothing, 0, value_of_int(-9), 0);
    both_edit(F_LEAST, value_of_int(4), 0, nothing, 0);
    assert_reads(&server, ROOT, F_MOST, value_of_int(-9));
    assert_reads(&server, ROOT, F_LEAST, value_of_int(4));
}

static void authority_takes_the_higher_rank(void **state) {
    struct value ten = {.type = VALUE_DECIMAL, .number = 100, .scale = 1};
    struct value nine = {.type = VALUE_DECIMAL, .number = 9};

    (void)state;
    both_edit(F_INCOME, ten, 1, nine, 4);
    assert_reads(&server, ROOT, F_INCOME, nine);
    assert_true(cell_of(F_INCOME)->by_policy);
    assert_int_equal(server.reading.conflict_count, 0);
}

static void equal_authority_asks_those_on_top_only(void **state) {
    struct tablet third = tablet_of(&world, 0x0d, 4);
    struct value values[] = {{.type = VALUE_DECIMAL, .number = 1},
                             {.type = VALUE_DECIMAL, .number = 2},
                             {.type = VALUE_DECIMAL, .number = 3}};

    (void)state;
    third.has_record = true;
    third.state = server.state;
    tablet_read(&third);
    both_edit(F_INCOME, values[0], 3, values[1], 3);
    tablet_begin(&third, CHANGE_EDIT);
    tablet_set(&third, ROOT, F_INCOME, values[2], 1);
    tablet_receive(&server, tablet_save(&third, ""));
    assert_int_equal(find_conflict(&server, CONFLICT_FIELD, ROOT, F_INCOME)->version_count, 2);
    assert_int_equal(cell_of(F_INCOME)->version_count, 3);
}

/* Of three sides one is erased by law, whichever: the other two still disagree. */
static void what_was_erased_hides_nobody_else(void **state) {
    struct tablet third = tablet_of(&world, 0x0d, 4);

    (void)state;
    third.has_record = true;
    third.state = server.state;
    tablet_read(&third);
    both_edit(F_DECLARED, value_of_int(4), 0, value_of_int(5), 0);
    tablet_begin(&third, CHANGE_EDIT);
    tablet_set(&third, ROOT, F_DECLARED, value_of_int(6), 0);
    tablet_receive(&server, tablet_save(&third, ""));
    for (int erased = 4; erased <= 6; erased++) {
        struct tablet seen = server;
        struct version *versions =
            arena_array(&world.arena, server.state.version_count, sizeof(*versions));

        memcpy(versions, server.state.versions, server.state.version_count * sizeof(*versions));
        for (uint32_t i = 0; i < seen.state.version_count; i++)
            if (versions[i].field == F_DECLARED && versions[i].value.number == erased)
                versions[i].value = (struct value){.type = VALUE_ERASED};
        seen.state.versions = versions;
        tablet_read(&seen);
        assert_int_equal(find_conflict(&seen, CONFLICT_FIELD, ROOT, F_DECLARED)->version_count, 2);
    }
}

static void a_set_keeps_what_was_added_meanwhile(void **state) {
    const struct change *removal;
    struct value old = text_value("old");

    (void)state;
    both_edit(F_TAGS, text_value("poor"), 0, text_value("old"), 0);
    assert_int_equal(cell_of(F_TAGS)->kind, CELL_SET);
    assert_int_equal(cell_of(F_TAGS)->version_count, 2);
    assert_true(view_is(cell_of(F_TAGS)->versions[0]->value.bytes, "old"));
    /* B takes its own away, A adds the same again without knowing: it stays. */
    tablet_begin(&b, CHANGE_EDIT);
    OK(&world, edit_remove_element(&b.draft, ROOT, F_TAGS, &old, &world.err));
    removal = tablet_save(&b, "");
    assert_int_equal(tablet_cell(&b, ROOT, F_TAGS)->kind, CELL_EMPTY);
    tablet_receive(&server, tablet_edit(&a, ROOT, F_TAGS, old));
    assert_int_equal(cell_of(F_TAGS)->version_count, 2);
    tablet_receive(&server, removal);
    assert_int_equal(cell_of(F_TAGS)->version_count, 2);
    assert_int_equal(server.reading.conflict_count, 0);
}

static void a_group_conflicts_as_a_whole(void **state) {
    const struct conflict *conflict;

    (void)state;
    tablet_begin(&a, CHANGE_EDIT);
    tablet_set(&a, ROOT, F_BANK, text_value("Rural Bank"), 0);
    tablet_set(&a, ROOT, F_ACCOUNT, text_value("111"), 0);
    tablet_receive(&b, tablet_save(&a, ""));
    /* One corrects the number, the other the bank: no mixture of both was ever an account. */
    tablet_receive(&server, tablet_edit(&a, ROOT, F_ACCOUNT, text_value("112")));
    tablet_receive(&server, tablet_edit(&b, ROOT, F_BANK, text_value("Post Bank")));
    conflict = find_conflict(&server, CONFLICT_GROUP, ROOT, F_BANK);
    assert_non_null(conflict);
    assert_int_equal(conflict->version_count, 2);
    assert_int_equal(cell_of(F_BANK)->kind, CELL_CONFLICT);
    assert_int_equal(cell_of(F_ACCOUNT)->kind, CELL_CONFLICT);
    assert_int_equal(cell_of(F_BANK)->version_count, 2);
    assert_int_equal(server.reading.conflict_count, 1);
}

static void a_group_wins_as_a_whole(void **state) {
    (void)state;
    a.clock_ms = 5000000;
    tablet_begin(&a, CHANGE_EDIT);
    tablet_set(&a, ROOT, F_TOWN, text_value("Shipai"), 0);
    tablet_receive(&server, tablet_save(&a, ""));
    tablet_begin(&b, CHANGE_EDIT);
    tablet_set(&b, ROOT, F_TOWN, text_value("Nanjiang"), 0);
    tablet_set(&b, ROOT, F_STREET, text_value("Main street"), 0);
    tablet_receive(&server, tablet_save(&b, ""));
    /* A's town came later and had no street: B's street is not mixed into it. */
    assert_reads(&server, ROOT, F_TOWN, text_value("Shipai"));
    assert_int_equal(cell_of(F_STREET)->kind, CELL_EMPTY);
    assert_true(cell_of(F_STREET)->by_policy);
    assert_int_equal(server.reading.conflict_count, 0);
}

static void unknown_fields_read_as_human(void **state) {
    struct reading reading;

    (void)state;
    both_edit(F_PHONE, text_value("1"), 0, text_value("2"), 0);
    OK(&world, reading_make(&server.state, NULL, &world.arena, &reading, &world.err));
    assert_int_equal(reading.conflict_count, 1);
    assert_int_equal(reading.conflicts[0].field, F_PHONE);
}

static const struct form *look_up(void *context, uint64_t id) {
    const struct form *forms = context;

    for (int i = 0; i < 2; i++) {
        if (forms[i].id == id)
            return &forms[i];
    }
    return NULL;
}

static void the_newest_form_among_the_live_governs(void **state) {
    struct form forms[2];

    (void)state;
    forms[0] = world.fixture.form;
    forms[1] = world.fixture.form;
    forms[1].id = 77;
    forms[1].sequence = 2;
    assert_ptr_equal(reading_governing_form(&server.state, look_up, forms), &forms[0]);
    world.fixture.form.id = 77;
    tablet_receive(&server, tablet_edit(&a, ROOT, F_PIGS, value_of_int(8)));
    assert_ptr_equal(reading_governing_form(&server.state, look_up, forms), &forms[1]);
    forms[0].id = forms[1].id = 1;
    assert_null(reading_governing_form(&server.state, look_up, forms));
}

/* Two forms that were published as one number, because a county was restored: everybody takes the
 * same one, whichever is met first. */
static void of_two_forms_of_one_number_the_greater_name_governs(void **state) {
    const uint64_t first = world.fixture.form.id;
    struct form forms[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        forms[i] = world.fixture.form;
        forms[i].sequence = 2;
    }
    for (int greater = 0; greater < 2; greater++) {
        forms[1].id = world.fixture.form.id = greater == 1 ? first + 1 : first - 1;
        tablet_receive(&server, tablet_edit(&a, ROOT, F_PIGS, value_of_int(8 + greater)));
        assert_ptr_equal(reading_governing_form(&server.state, look_up, forms), &forms[greater]);
    }
}

static void instances_stand_in_order_of_their_making(void **state) {
    struct instance_id second;
    struct instance_id third;

    (void)state;
    tablet_begin(&b, CHANGE_EDIT);
    second = tablet_add(&b, F_MEMBER, ROOT);
    tablet_receive(&a, tablet_save(&b, ""));
    tablet_begin(&a, CHANGE_EDIT);
    third = tablet_add(&a, F_MEMBER, ROOT);
    (void)tablet_save(&a, "");
    assert_int_equal(a.reading.instance_count, 3);
    assert_true(instance_equal(a.reading.instances[0].id, member));
    assert_true(instance_equal(a.reading.instances[1].id, second));
    assert_true(instance_equal(a.reading.instances[2].id, third));
    assert_int_equal(a.reading.instances[0].repeat, F_MEMBER);
    assert_ptr_equal(reading_instance(&a.reading, second), &a.reading.instances[1]);
    assert_null(reading_instance(&a.reading, ROOT));
}

static void removing_hides_what_lies_inside(void **state) {
    struct instance_id job;

    (void)state;
    tablet_begin(&a, CHANGE_EDIT);
    job = tablet_add(&a, F_JOB, member);
    tablet_set(&a, job, F_JOB_PAY, value_of_int(9), 0);
    (void)tablet_save(&a, "");
    assert_true(instance_equal(reading_instance(&a.reading, job)->parent, member));
    tablet_begin(&a, CHANGE_REMOVE);
    OK(&world, edit_remove_instance(&a.draft, member, &world.err));
    (void)tablet_save(&a, "");
    assert_true(reading_instance(&a.reading, member)->removed);
    assert_true(reading_instance(&a.reading, job)->removed);
    assert_int_equal(a.reading.conflict_count, 0);
    assert_false(a.reading.withdrawn);
}

static void something_added_inside_meanwhile_is_a_question(void **state) {
    const struct change *added;
    struct instance_id job;

    (void)state;
    tablet_begin(&b, CHANGE_EDIT);
    job = tablet_add(&b, F_JOB, member);
    added = tablet_save(&b, "");
    tablet_begin(&a, CHANGE_REMOVE);
    OK(&world, edit_remove_instance(&a.draft, member, &world.err));
    tablet_receive(&server, tablet_save(&a, ""));
    assert_int_equal(server.reading.conflict_count, 0);
    tablet_receive(&server, added);
    assert_non_null(find_conflict(&server, CONFLICT_REMOVED, member, FIELD_EXISTS));
    assert_false(reading_instance(&server.reading, job)->removed);
}

static void two_removals_agree(void **state) {
    const struct change *first;
    const struct change *wage = tablet_edit(&b, member, F_WAGE, value_of_int(7));

    (void)state;
    tablet_begin(&a, CHANGE_REMOVE);
    OK(&world, edit_remove_instance(&a.draft, member, &world.err));
    first = tablet_save(&a, "");
    tablet_begin(&b, CHANGE_REMOVE);
    OK(&world, edit_remove_instance(&b.draft, member, &world.err));
    tablet_receive(&server, first);
    tablet_receive(&server, wage);
    assert_int_equal(server.reading.conflict_count, 1);
    tablet_receive(&server, tablet_save(&b, ""));
    assert_int_equal(server.reading.conflict_count, 0);
    assert_true(reading_instance(&server.reading, member)->removed);
}

static void two_with_one_number_are_asked_about(void **state) {
    struct instance_id second;

    (void)state;
    (void)tablet_edit(&a, member, F_ID_NUMBER, text_value("430626199001010011"));
    assert_int_equal(a.reading.conflict_count, 0);
    tablet_begin(&a, CHANGE_EDIT);
    second = tablet_add(&a, F_MEMBER, ROOT);
    tablet_set(&a, second, F_ID_NUMBER, text_value("430626199001010011"), 0);
    (void)tablet_save(&a, "");
    assert_non_null(find_conflict(&a, CONFLICT_SAME, second, F_ID_NUMBER));
}

static void a_withdrawn_record_asks_nothing(void **state) {
    (void)state;
    both_edit(F_DECLARED, value_of_int(4), 0, value_of_int(5), 0);
    tablet_begin(&server, CHANGE_REMOVE);
    OK(&world, edit_remove_instance(&server.draft, ROOT, &world.err));
    (void)tablet_save(&server, "");
    assert_true(server.reading.withdrawn);
    assert_int_equal(server.reading.conflict_count, 0);
    assert_true(reading_instance(&server.reading, member)->removed);
    /* An edit that nobody knew of brings it back as a question. */
    tablet_receive(&server, tablet_edit(&a, ROOT, F_PIGS, value_of_int(1)));
    assert_false(server.reading.withdrawn);
    assert_non_null(find_conflict(&server, CONFLICT_REMOVED, ROOT, FIELD_EXISTS));
}

static void what_a_removal_inside_names_is_named_further_out(void **state) {
    const struct change *wage = tablet_edit(&b, member, F_WAGE, value_of_int(7));
    const struct change *withdrawn;

    (void)state;
    tablet_begin(&a, CHANGE_REMOVE);
    OK(&world, edit_remove_instance(&a.draft, ROOT, &world.err));
    withdrawn = tablet_save(&a, "");
    tablet_begin(&b, CHANGE_REMOVE);
    OK(&world, edit_remove_instance(&b.draft, member, &world.err));
    tablet_receive(&server, withdrawn);
    tablet_receive(&server, wage);
    /* Whoever withdrew the record did not know of the wage, but nobody wants it any more. */
    assert_false(server.reading.withdrawn);
    tablet_receive(&server, tablet_save(&b, ""));
    assert_true(server.reading.withdrawn);
    assert_int_equal(server.reading.conflict_count, 0);
}

static void a_record_that_is_taken_out_takes_out_who_came_meanwhile(void **state) {
    const struct conflict *question;
    const struct change *added;
    struct instance_id second;

    (void)state;
    tablet_begin(&b, CHANGE_EDIT);
    second = tablet_add(&b, F_MEMBER, ROOT);
    added = tablet_save(&b, "");
    tablet_begin(&a, CHANGE_REMOVE);
    OK(&world, edit_remove_instance(&a.draft, ROOT, &world.err));
    tablet_receive(&server, tablet_save(&a, ""));
    tablet_receive(&server, added);
    question = find_conflict(&server, CONFLICT_REMOVED, ROOT, FIELD_EXISTS);
    assert_non_null(question);
    assert_false(reading_instance(&server.reading, second)->removed);
    tablet_begin(&server, CHANGE_RESOLVE);
    OK(&world, edit_resolve_remove(&server.draft, question, &world.err));
    (void)tablet_save(&server, "moved away");
    assert_true(server.reading.withdrawn);
    assert_true(reading_instance(&server.reading, second)->removed);
}

static void an_instance_that_nobody_added_waits(void **state) {
    struct tablet late = tablet_of(&world, 0x0d, 4);
    const struct change *wage = tablet_edit(&a, member, F_WAGE, value_of_int(7));

    (void)state;
    tablet_receive(&late, wage);
    assert_int_equal(late.reading.instance_count, 0);
    assert_null(reading_instance(&late.reading, member));
    assert_reads(&late, member, F_WAGE, value_of_int(7));
    assert_int_equal(late.reading.conflict_count, 0);
}

/* Only a hostile author makes a circle; reading it must end. */
static void parents_in_a_circle_end(void **state) {
    struct instance_id one = {.dot = {A, 50}, .ordinal = 1};
    struct instance_id two = {.dot = {B, 50}, .ordinal = 1};
    struct version versions[2];
    struct absorbed absorbed[2] = {{.dot = {A, 50}, .kind = CHANGE_EDIT},
                                   {.dot = {B, 50}, .kind = CHANGE_EDIT}};
    struct record record = {.id = {A, 1},
                            .absorbed_count = 2,
                            .absorbed = absorbed,
                            .version_count = 2,
                            .versions = versions};
    struct buf places[2];
    struct reading reading;

    (void)state;
    memset(versions, 0, sizeof(versions));
    for (int i = 0; i < 2; i++) {
        struct place place = {.repeat = F_MEMBER, .parent = i == 0 ? two : one};

        buf_init(&places[i], 100);
        place_encode(&place, &places[i]);
        versions[i] =
            (struct version){.instance = i == 0 ? one : two,
                             .field = FIELD_EXISTS,
                             .change = (uint32_t)i,
                             .value = {.type = VALUE_BYTES, .bytes = buf_view(&places[i])}};
    }
    OK(&world, reading_make(&record, &world.fixture.form, &world.arena, &reading, &world.err));
    assert_int_equal(reading.instance_count, 2);
    buf_release(&places[0]);
    buf_release(&places[1]);
}

/* ---- seals ---- */

static void seal(struct tablet *tablet) {
    tablet_begin(tablet, CHANGE_SEAL);
    OK(&world, edit_seal(&tablet->draft, SCOPE_VISIT, &world.err));
    (void)tablet_save(tablet, "");
}

static void what_is_late_stays_late_when_sealed_again(void **state) {
    struct reading unsealed;
    const struct change *late = tablet_edit(&b, ROOT, F_FINDING, text_value("late"));

    (void)state;
    (void)tablet_edit(&a, ROOT, F_FINDING, text_value("first"));
    seal(&a);
    tablet_receive(&a, late);
    tablet_begin(&a, CHANGE_AMEND);
    tablet_set(&a, ROOT, F_VISIT_DATE, (struct value){.type = VALUE_DATE, .number = 5}, 0);
    (void)tablet_save(&a, "forgotten");
    seal(&a);
    assert_reads(&a, ROOT, F_FINDING, text_value("first"));
    assert_reads(&a, ROOT, F_VISIT_DATE, (struct value){.type = VALUE_DATE, .number = 5});
    assert_int_equal(a.reading.late_count, 1);
    assert_int_equal(a.reading.conflict_count, 0);
    /* Whoever has no form cannot tell what is sealed, and sees both. */
    OK(&world, reading_make(&a.state, NULL, &world.arena, &unsealed, &world.err));
    assert_int_equal(unsealed.conflict_count, 1);
}

static void drafts_before_the_seal_do_not_come_back(void **state) {
    (void)state;
    (void)tablet_edit(&a, ROOT, F_FINDING, text_value("one"));
    (void)tablet_edit(&a, ROOT, F_FINDING, text_value("two"));
    (void)tablet_edit(&a, ROOT, F_FINDING, text_value("three"));
    seal(&a);
    assert_reads(&a, ROOT, F_FINDING, text_value("three"));
    assert_int_equal(tablet_cell(&a, ROOT, F_FINDING)->version_count, 1);
    assert_int_equal(a.reading.late_count, 0);
}

static void an_instance_added_after_the_seal_is_late(void **state) {
    const struct change *added;
    struct instance_id item;

    (void)state;
    tablet_begin(&b, CHANGE_EDIT);
    item = tablet_add(&b, F_ITEM, ROOT);
    tablet_set(&b, item, F_ITEM_WHAT, text_value("television"), 0);
    added = tablet_save(&b, "");
    (void)tablet_edit(&a, ROOT, F_FINDING, text_value("one"));
    seal(&a);
    tablet_receive(&a, added);
    assert_null(reading_instance(&a.reading, item));
    assert_int_equal(a.reading.late_count, 2);
    assert_null(tablet_cell(&a, item, F_ITEM_WHAT));
}

static void a_removal_after_the_seal_is_late(void **state) {
    struct instance_id item;
    const struct change *added;
    const struct change *removed;

    (void)state;
    tablet_begin(&a, CHANGE_EDIT);
    item = tablet_add(&a, F_ITEM, ROOT);
    added = tablet_save(&a, "");
    tablet_receive(&b, added);
    tablet_begin(&b, CHANGE_REMOVE);
    OK(&world, edit_remove_instance(&b.draft, item, &world.err));
    removed = tablet_save(&b, "");
    seal(&a);
    tablet_receive(&a, removed);
    assert_false(reading_instance(&a.reading, item)->removed);
    assert_int_equal(a.reading.late_count, 1);
    assert_int_equal(a.reading.conflict_count, 0);
}

static void two_amendments_are_a_question_and_its_answer_counts(void **state) {
    const struct change *of_b;

    (void)state;
    (void)tablet_edit(&a, ROOT, F_FINDING, text_value("one"));
    seal(&a);
    b.state = a.state;
    tablet_read(&b);
    server.state = a.state;
    tablet_begin(&a, CHANGE_AMEND);
    tablet_set(&a, ROOT, F_FINDING, text_value("two"), 0);
    tablet_receive(&server, tablet_save(&a, "why"));
    tablet_begin(&b, CHANGE_AMEND);
    tablet_set(&b, ROOT, F_FINDING, text_value("three"), 0);
    of_b = tablet_save(&b, "why");
    assert_int_equal(of_b->under_count, 1);
    tablet_receive(&server, of_b);
    assert_non_null(find_conflict(&server, CONFLICT_FIELD, ROOT, F_FINDING));
    tablet_begin(&server, CHANGE_RESOLVE);
    OK(&world,
       edit_resolve_keep(&server.draft, find_conflict(&server, CONFLICT_FIELD, ROOT, F_FINDING),
                         (struct version_id){.dot = of_b->dot}, &world.err));
    (void)tablet_save(&server, "looked at the photos");
    assert_reads(&server, ROOT, F_FINDING, text_value("three"));
    assert_int_equal(server.reading.late_count, 0);
}

/* ---- broken rules ---- */

static void what_does_not_fit_the_form_can_be_accepted(void **state) {
    (void)state;
    (void)tablet_edit(&a, ROOT, F_NAME, text_value("Xu"));
    /* The next version of the form asks for a number here. */
    world.fixture.fields[0].type = FIELD_TYPE_INTEGER;
    tablet_read(&a);
    assert_int_equal(a.reading.conflict_count, 1);
    assert_int_equal(a.reading.conflicts[0].kind, CONFLICT_SOFT);
    assert_non_null(a.reading.conflicts[0].rule);
    tablet_begin(&a, CHANGE_ACCEPT);
    OK(&world, edit_accept(&a.draft, &a.reading.conflicts[0], &world.err));
    (void)tablet_save(&a, "");
    assert_int_equal(a.reading.conflict_count, 0);
    /* It was about this value, not about any other. */
    world.fixture.fields[0].type = FIELD_TYPE_TEXT;
    (void)tablet_edit(&a, ROOT, F_NAME, text_value("Yu"));
    world.fixture.fields[0].type = FIELD_TYPE_INTEGER;
    tablet_read(&a);
    assert_int_equal(a.reading.conflict_count, 1);
}

static void an_alias_of_somebody_removed_is_seen_again(void **state) {
    struct instance_id second;
    char text[INSTANCE_TEXT_BYTES + 1] = "=";

    (void)state;
    tablet_begin(&a, CHANGE_EDIT);
    second = tablet_add(&a, F_MEMBER, ROOT);
    (void)tablet_save(&a, "");
    instance_text(member, text + 1);
    tablet_begin(&a, CHANGE_SAME);
    OK(&world, edit_same(&a.draft, second, view_text(text), &world.err));
    (void)tablet_save(&a, "");
    assert_true(reading_instance(&a.reading, second)->removed);
    tablet_begin(&a, CHANGE_REMOVE);
    OK(&world, edit_remove_instance(&a.draft, member, &world.err));
    (void)tablet_save(&a, "");
    assert_true(reading_instance(&a.reading, member)->removed);
    assert_false(reading_instance(&a.reading, second)->removed);
}

static void two_areas_are_a_question_and_the_record_is_in_both(void **state) {
    const struct change *of_a;

    (void)state;
    assert_int_equal(server.reading.area_count, 1);
    tablet_begin(&a, CHANGE_MOVE);
    OK(&world, edit_set_area(&a.draft, AREA_OTHER, &world.err));
    of_a = tablet_save(&a, "");
    tablet_begin(&b, CHANGE_MOVE);
    OK(&world, edit_set_area(&b.draft, UINT64_C(430626106000), &world.err));
    tablet_receive(&server, of_a);
    assert_int_equal(server.reading.area_count, 1);
    assert_true(server.reading.areas[0] == AREA_OTHER);
    tablet_receive(&server, tablet_save(&b, ""));
    assert_int_equal(server.reading.area_count, 2);
    assert_non_null(find_conflict(&server, CONFLICT_AREA, ROOT, FIELD_AREA));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(equal_values_are_one),
        TEST(human_asks),
        TEST(no_answer_differs_from_an_answer),
        TEST(an_explicit_null_is_an_empty_cell),
        TEST(latest_takes_the_later_and_breaks_ties_by_name),
        TEST(monotone_facts_are_computed),
        TEST(no_answer_is_neither_most_nor_least),
        TEST(authority_takes_the_higher_rank),
        TEST(equal_authority_asks_those_on_top_only),
        TEST(what_was_erased_hides_nobody_else),
        TEST(a_set_keeps_what_was_added_meanwhile),
        TEST(a_group_conflicts_as_a_whole),
        TEST(a_group_wins_as_a_whole),
        TEST(unknown_fields_read_as_human),
        TEST(the_newest_form_among_the_live_governs),
        TEST(of_two_forms_of_one_number_the_greater_name_governs),
        TEST(instances_stand_in_order_of_their_making),
        TEST(removing_hides_what_lies_inside),
        TEST(something_added_inside_meanwhile_is_a_question),
        TEST(two_removals_agree),
        TEST(two_with_one_number_are_asked_about),
        TEST(a_withdrawn_record_asks_nothing),
        TEST(what_a_removal_inside_names_is_named_further_out),
        TEST(a_record_that_is_taken_out_takes_out_who_came_meanwhile),
        TEST(an_instance_that_nobody_added_waits),
        TEST(parents_in_a_circle_end),
        TEST(what_is_late_stays_late_when_sealed_again),
        TEST(drafts_before_the_seal_do_not_come_back),
        TEST(an_instance_added_after_the_seal_is_late),
        TEST(a_removal_after_the_seal_is_late),
        TEST(two_amendments_are_a_question_and_its_answer_counts),
        TEST(what_does_not_fit_the_form_can_be_accepted),
        TEST(an_alias_of_somebody_removed_is_seen_again),
        TEST(two_areas_are_a_question_and_the_record_is_in_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
