/* Drafts: what a change that somebody wants has to replace, carry and refuse. */
#include "schema/limits.h"
#include "tests/unit/world_fixture.h"

enum { A = 0x0a, B = 0x0b, C = 0x0c };

static struct world world;
static struct tablet a, b;
static struct instance_id member;

static int start(void **state) {
    (void)state;
    world_start(&world);
    a = tablet_of(&world, A, 1);
    b = tablet_of(&world, B, 2);
    tablet_receive(&b, tablet_create(&a, "Xu Yulan", &member));
    return 0;
}

static int end(void **state) {
    (void)state;
    world_end(&world);
    return 0;
}

static enum rc try_set(struct tablet *tablet, enum change_kind kind, struct instance_id instance,
                       int field, struct value value) {
    tablet_begin(tablet, kind);
    return edit_set(&tablet->draft, instance, (uint16_t)field, &value, 0, &world.err);
}

static void a_new_record_replaces_nothing(void **state) {
    const struct change *created;
    struct tablet other = tablet_of(&world, C, 3);

    (void)state;
    created = tablet_create(&other, "name", NULL);
    assert_true(dot_equal(created->record, created->dot));
    assert_true(created->form == FORM_ID);
    for (uint32_t i = 0; i < created->entry_count; i++)
        assert_int_equal(created->entries[i].replaces_count, 0);
    assert_int_equal(created->entries[0].field, FIELD_AREA);
}

static void a_new_record_needs_an_area(void **state) {
    struct tablet other = tablet_of(&world, C, 3);
    struct change change;

    (void)state;
    tablet_begin(&other, CHANGE_CREATE);
    tablet_set(&other, ROOT, F_NAME, text_value("name"), 0);
    assert_int_equal(edit_finish(&other.draft, view_text(""), &change, &world.err), RC_INVALID);
}

static void an_edit_replaces_what_its_author_saw(void **state) {
    const struct change *edit = tablet_edit(&a, ROOT, F_PIGS, value_of_int(9));

    (void)state;
    assert_int_equal(edit->entry_count, 1);
    assert_int_equal(edit->entries[0].replaces_count, 1);
    assert_true(dot_equal(edit->entries[0].replaces[0].dot, a.state.id));
    assert_int_equal(edit->entries[0].flags, 0);
    edit = tablet_edit(&a, ROOT, F_FINDING, text_value("x"));
    assert_int_equal(edit->entries[0].replaces_count, 0);
    edit = tablet_edit(&a, ROOT, F_FINDING, text_value("y"));
    assert_int_equal(edit->entries[0].flags, ENTRY_KEEP); /* it can be sealed */
}

static void nothing_new_is_nothing_to_save(void **state) {
    struct change change;

    (void)state;
    tablet_begin(&a, CHANGE_EDIT);
    assert_int_equal(edit_finish(&a.draft, view_text(""), &change, &world.err), RC_INVALID);
    tablet_set(&a, ROOT, F_PIGS, value_of_int(3), 0);
    assert_int_equal(edit_finish(&a.draft, view_text(""), &change, &world.err), RC_INVALID);
}

static void the_last_of_several_counts(void **state) {
    const struct change *edit;

    (void)state;
    tablet_begin(&a, CHANGE_EDIT);
    tablet_set(&a, ROOT, F_PIGS, value_of_int(7), 0);
    tablet_set(&a, ROOT, F_DECLARED, value_of_int(5), 0);
    tablet_set(&a, ROOT, F_PIGS, value_of_int(8), 0);
    edit = tablet_save(&a, "");
    assert_int_equal(edit->entry_count, 2);
    assert_reads(&a, ROOT, F_PIGS, value_of_int(8));
}

static void wrong_fields_and_values_are_refused(void **state) {
    struct instance_id nobody = {.dot = {A, 99}, .ordinal = 1};

    (void)state;
    assert_int_equal(try_set(&a, CHANGE_EDIT, ROOT, 9999, value_of_int(1)), RC_NOT_FOUND);
    assert_int_equal(try_set(&a, CHANGE_EDIT, ROOT, F_MEMBER, value_of_int(1)), RC_INVALID);
    assert_int_equal(try_set(&a, CHANGE_EDIT, ROOT, F_WAGE, value_of_int(1)), RC_INVALID);
    assert_int_equal(try_set(&a, CHANGE_EDIT, member, F_PIGS, value_of_int(1)), RC_INVALID);
    assert_int_equal(try_set(&a, CHANGE_EDIT, member, F_JOB_PAY, value_of_int(1)), RC_INVALID);
    assert_int_equal(try_set(&a, CHANGE_EDIT, nobody, F_WAGE, value_of_int(1)), RC_NOT_FOUND);
    assert_int_equal(try_set(&a, CHANGE_EDIT, ROOT, F_PIGS, text_value("many")), RC_INVALID);
    assert_int_equal(try_set(&a, CHANGE_EDIT, ROOT, F_CASE, text_value("1")), RC_DENIED);
    assert_int_equal(try_set(&a, CHANGE_MOVE, ROOT, F_PIGS, value_of_int(1)), RC_INVALID);
}

static void what_is_written_once_takes_an_amendment(void **state) {
    const struct change *amendment;

    (void)state;
    (void)tablet_edit(&a, ROOT, F_CREATED, text_value("yesterday"));
    assert_int_equal(try_set(&a, CHANGE_EDIT, ROOT, F_CREATED, text_value("today")), RC_DENIED);
    assert_int_equal(try_set(&a, CHANGE_AMEND, ROOT, F_CREATED, text_value("today")), RC_OK);
    amendment = tablet_save(&a, "misread");
    assert_int_equal(amendment->entries[0].replaces_count, 1);
    assert_reads(&a, ROOT, F_CREATED, text_value("today"));
}

static void an_amendment_says_why(void **state) {
    struct change change;

    (void)state;
    assert_int_equal(try_set(&a, CHANGE_AMEND, ROOT, F_PIGS, value_of_int(8)), RC_OK);
    assert_int_equal(edit_finish(&a.draft, view_text(""), &change, &world.err), RC_INVALID);
}

static void a_group_is_carried_whole(void **state) {
    const struct change *edit;

    (void)state;
    tablet_begin(&a, CHANGE_EDIT);
    tablet_set(&a, ROOT, F_BANK, text_value("Rural Bank"), 0);
    tablet_set(&a, ROOT, F_ACCOUNT, text_value("111"), 0);
    (void)tablet_save(&a, "");
    edit = tablet_edit(&a, ROOT, F_ACCOUNT, text_value("112"));
    assert_int_equal(edit->entry_count, 2); /* the holder has never been answered */
    assert_int_equal(edit->entries[0].field, F_BANK);
    assert_true(view_is(edit->entries[0].value.bytes, "Rural Bank"));
    assert_int_equal(edit->entries[0].replaces_count, 1);
}

static void a_group_in_conflict_is_not_mixed(void **state) {
    const struct change *of_a;
    const struct change *of_b;
    struct tablet c = tablet_of(&world, C, 3);
    struct change change;
    struct value account = text_value("999");
    const struct conflict *conflict;

    (void)state;
    c.has_record = true;
    c.state = a.state;
    tablet_read(&c);
    tablet_begin(&a, CHANGE_EDIT);
    tablet_set(&a, ROOT, F_BANK, text_value("Rural Bank"), 0);
    tablet_set(&a, ROOT, F_ACCOUNT, text_value("111"), 0);
    of_a = tablet_save(&a, "");
    tablet_begin(&b, CHANGE_EDIT);
    tablet_set(&b, ROOT, F_BANK, text_value("Post Bank"), 0);
    tablet_set(&b, ROOT, F_ACCOUNT, text_value("222"), 0);
    of_b = tablet_save(&b, "");
    tablet_receive(&c, of_a);
    tablet_receive(&c, of_b);
    tablet_receive(&a, of_b);

    /* Zhao has no side: whose bank would go with his number? */
    assert_int_equal(try_set(&c, CHANGE_EDIT, ROOT, F_ACCOUNT, account), RC_OK);
    assert_int_equal(edit_finish(&c.draft, view_text(""), &change, &world.err), RC_CONFLICT);
    /* Li corrects his own side. */
    assert_int_equal(tablet_edit(&a, ROOT, F_ACCOUNT, text_value("112"))->entry_count, 2);
    assert_int_equal(find_conflict(&a, CONFLICT_GROUP, ROOT, F_BANK)->version_count, 2);

    /* A decision with a value of its own gives all fields. */
    conflict = find_conflict(&c, CONFLICT_GROUP, ROOT, F_BANK);
    tablet_begin(&c, CHANGE_RESOLVE);
    OK(&world, edit_resolve_value(&c.draft, conflict, &account, &world.err));
    assert_int_equal(edit_finish(&c.draft, view_text("why"), &change, &world.err), RC_INVALID);
    tablet_begin(&c, CHANGE_RESOLVE);
    OK(&world, edit_resolve_value(&c.draft, conflict, &account, &world.err));
    tablet_set(&c, ROOT, F_ACCOUNT, account, 0);
    (void)tablet_save(&c, "why");
    assert_int_equal(c.reading.conflict_count, 0);
    assert_reads(&c, ROOT, F_ACCOUNT, account);
}

static void keeping_one_side_of_a_group_keeps_all_of_it(void **state) {
    const struct change *of_b;
    struct tablet c = tablet_of(&world, C, 3);

    (void)state;
    c.has_record = true;
    c.state = a.state;
    tablet_begin(&a, CHANGE_EDIT);
    tablet_set(&a, ROOT, F_BANK, text_value("Rural Bank"), 0);
    tablet_set(&a, ROOT, F_ACCOUNT, text_value("111"), 0);
    tablet_receive(&c, tablet_save(&a, ""));
    tablet_begin(&b, CHANGE_EDIT);
    tablet_set(&b, ROOT, F_BANK, text_value("Post Bank"), 0);
    of_b = tablet_save(&b, "");
    tablet_receive(&c, of_b);
    tablet_begin(&c, CHANGE_RESOLVE);
    OK(&world, edit_resolve_keep(&c.draft, find_conflict(&c, CONFLICT_GROUP, ROOT, F_BANK),
                                 (struct version_id){.dot = of_b->dot}, &world.err));
    (void)tablet_save(&c, "why");
    assert_int_equal(c.reading.conflict_count, 0);
    assert_reads(&c, ROOT, F_BANK, text_value("Post Bank"));
    assert_int_equal(tablet_cell(&c, ROOT, F_ACCOUNT)->kind, CELL_EMPTY);
}

static void an_edit_in_a_conflict_replaces_only_its_authors_side(void **state) {
    const struct change *of_b = tablet_edit(&b, ROOT, F_PIGS, value_of_int(5));
    const struct change *edit;
    struct tablet c = tablet_of(&world, C, 3);

    (void)state;
    c.has_record = true;
    c.state = a.state;
    tablet_receive(&c, tablet_edit(&a, ROOT, F_PIGS, value_of_int(4)));
    tablet_receive(&c, of_b);
    tablet_receive(&a, of_b);
    edit = tablet_edit(&a, ROOT, F_PIGS, value_of_int(6));
    assert_int_equal(edit->entries[0].replaces_count, 1);
    assert_true(edit->entries[0].replaces[0].dot.actor == A);
    edit = tablet_edit(&c, ROOT, F_PIGS, value_of_int(7));
    assert_int_equal(edit->entries[0].replaces_count, 0);
    assert_int_equal(find_conflict(&c, CONFLICT_FIELD, ROOT, F_PIGS)->version_count, 3);
}

static void sets_gain_and_lose_elements(void **state) {
    struct value poor = text_value("poor");
    const struct change *edit = tablet_edit(&a, ROOT, F_TAGS, poor);
    struct change change;

    (void)state;
    assert_int_equal(edit->entries[0].replaces_count, 0);
    assert_int_equal(try_set(&a, CHANGE_EDIT, ROOT, F_TAGS, poor), RC_OK);
    assert_int_equal(edit_finish(&a.draft, view_text(""), &change, &world.err), RC_INVALID);
    tablet_begin(&a, CHANGE_EDIT);
    tablet_set(&a, ROOT, F_TAGS, text_value("old"), 0);
    tablet_set(&a, ROOT, F_TAGS, text_value("ill"), 0);
    edit = tablet_save(&a, "");
    assert_int_equal(edit->entry_count, 2);
    assert_int_equal(edit->entries[1].ordinal, 1);
    assert_int_equal(tablet_cell(&a, ROOT, F_TAGS)->version_count, 3);
    tablet_begin(&a, CHANGE_EDIT);
    assert_int_equal(edit_remove_element(&a.draft, ROOT, F_TAGS,
                                         &(struct value){.type = VALUE_INT, .number = 1},
                                         &world.err),
                     RC_NOT_FOUND);
    OK(&world, edit_remove_element(&a.draft, ROOT, F_TAGS, &poor, &world.err));
    edit = tablet_save(&a, "");
    assert_int_equal(edit->entries[0].replaces_count, 1);
    assert_int_equal(tablet_cell(&a, ROOT, F_TAGS)->version_count, 2);
    /* The mark that the removal left goes with the next element. */
    edit = tablet_edit(&a, ROOT, F_TAGS, poor);
    assert_int_equal(edit->entries[0].replaces_count, 1);
    assert_int_equal(tablet_cell(&a, ROOT, F_TAGS)->version_count, 3);
}

static void instances_are_added_where_the_form_has_them(void **state) {
    struct instance_id id;
    struct instance_id job;

    (void)state;
    tablet_begin(&a, CHANGE_EDIT);
    assert_int_equal(edit_add_instance(&a.draft, F_PIGS, ROOT, &id, &world.err), RC_NOT_FOUND);
    assert_int_equal(edit_add_instance(&a.draft, F_JOB, ROOT, &id, &world.err), RC_INVALID);
    id = tablet_add(&a, F_MEMBER, ROOT);
    job = tablet_add(&a, F_JOB, id);
    tablet_set(&a, job, F_JOB_PAY, value_of_int(5), 0);
    (void)tablet_save(&a, "");
    assert_true(instance_equal(reading_instance(&a.reading, job)->parent, id));
    assert_int_equal(id.ordinal, 1);
    assert_int_equal(job.ordinal, 2);
}

static void what_is_removed_takes_no_edits(void **state) {
    (void)state;
    tablet_begin(&a, CHANGE_REMOVE);
    OK(&world, edit_remove_instance(&a.draft, member, &world.err));
    (void)tablet_save(&a, "");
    assert_int_equal(try_set(&a, CHANGE_EDIT, member, F_WAGE, value_of_int(1)), RC_CONFLICT);
    tablet_begin(&a, CHANGE_REMOVE);
    assert_int_equal(edit_remove_instance(&a.draft, member, &world.err), RC_CONFLICT);
    OK(&world, edit_remove_instance(&a.draft, ROOT, &world.err));
    (void)tablet_save(&a, "");
    assert_true(a.reading.withdrawn);
    assert_int_equal(try_set(&a, CHANGE_EDIT, ROOT, F_PIGS, value_of_int(1)), RC_CONFLICT);
}

static void sealing_waits_for_answers(void **state) {
    const struct change *of_b = tablet_edit(&b, ROOT, F_FINDING, text_value("b"));

    (void)state;
    (void)tablet_edit(&a, ROOT, F_FINDING, text_value("a"));
    tablet_receive(&a, of_b);
    tablet_begin(&a, CHANGE_SEAL);
    assert_int_equal(edit_seal(&a.draft, SCOPE_VISIT, &world.err), RC_CONFLICT);
    assert_int_equal(edit_seal(&a.draft, 2, &world.err), RC_NOT_FOUND);
    /* A question elsewhere does not stand in the way. */
    tablet_receive(&b, tablet_edit(&a, ROOT, F_PIGS, value_of_int(8)));
    tablet_begin(&b, CHANGE_SEAL);
    OK(&world, edit_seal(&b.draft, SCOPE_VISIT, &world.err));
    (void)tablet_save(&b, "");
    tablet_begin(&b, CHANGE_SEAL);
    assert_int_equal(edit_seal(&b.draft, SCOPE_VISIT, &world.err), RC_CONFLICT);
}

/* Two investigators sign one visit: both seals stand, are no conflict, and an amendment names the
 * seal once. */
static void a_second_person_adds_a_signature(void **state) {
    const struct change *finding = tablet_edit(&a, ROOT, F_FINDING, text_value("a")), *seal;
    uint64_t persons[4];

    (void)state;
    tablet_receive(&b, finding);
    assert_int_equal(reading_signers(&a.reading, SCOPE_VISIT, persons, 4), 0);
    tablet_begin(&a, CHANGE_SEAL);
    OK(&world, edit_seal(&a.draft, SCOPE_VISIT, &world.err));
    tablet_receive(&b, tablet_save(&a, ""));
    tablet_begin(&b, CHANGE_SEAL);
    OK(&world, edit_seal(&b.draft, SCOPE_VISIT, &world.err));
    seal = tablet_save(&b, "");
    assert_int_equal(seal->entries[0].replaces_count, 0);
    tablet_receive(&a, seal);
    assert_int_equal(a.reading.conflict_count, 0);
    assert_int_equal(reading_signers(&a.reading, SCOPE_VISIT, persons, 4), 2);
    assert_true(persons[0] < persons[1]);
    assert_int_equal(reading_signers(&a.reading, SCOPE_VISIT, persons, 1), 1);
    tablet_begin(&b, CHANGE_SEAL);
    assert_int_equal(edit_seal(&b.draft, SCOPE_VISIT, &world.err), RC_CONFLICT);
    tablet_begin(&a, CHANGE_AMEND);
    tablet_set(&a, ROOT, F_FINDING, text_value("later"), 0);
    assert_int_equal(tablet_save(&a, "seen again")->under_count, 1);
}

static void decisions_need_an_open_question(void **state) {
    const struct change *of_b = tablet_edit(&b, ROOT, F_PIGS, value_of_int(5));
    struct tablet c = tablet_of(&world, C, 3);
    struct value value = value_of_int(1);
    struct conflict conflict;

    (void)state;
    c.has_record = true;
    c.state = a.state;
    tablet_receive(&c, tablet_edit(&a, ROOT, F_PIGS, value_of_int(4)));
    tablet_receive(&c, of_b);
    conflict = *find_conflict(&c, CONFLICT_FIELD, ROOT, F_PIGS);
    tablet_begin(&c, CHANGE_RESOLVE);
    assert_int_equal(
        edit_resolve_keep(&c.draft, &conflict, (struct version_id){.dot = {B, 77}}, &world.err),
        RC_NOT_FOUND);
    assert_int_equal(edit_resolve_remove(&c.draft, &conflict, &world.err), RC_INVALID);
    assert_int_equal(edit_accept(&c.draft, &conflict, &world.err), RC_INVALID);
    OK(&world, edit_resolve_value(&c.draft, &conflict, &value, &world.err));
    (void)tablet_save(&c, "why");
    tablet_begin(&c, CHANGE_RESOLVE);
    assert_int_equal(edit_resolve_value(&c.draft, &conflict, &value, &world.err), RC_CONFLICT);
    tablet_begin(&c, CHANGE_EDIT);
    assert_int_equal(edit_resolve_value(&c.draft, &conflict, &value, &world.err), RC_INVALID);
}

static void one_area_is_chosen_of_two(void **state) {
    const struct change *of_b;
    struct tablet c = tablet_of(&world, C, 3);

    (void)state;
    c.has_record = true;
    c.state = a.state;
    tablet_begin(&b, CHANGE_MOVE);
    OK(&world, edit_set_area(&b.draft, AREA_OTHER, &world.err));
    of_b = tablet_save(&b, "");
    tablet_begin(&a, CHANGE_MOVE);
    OK(&world, edit_set_area(&a.draft, UINT64_C(430626106000), &world.err));
    tablet_receive(&c, tablet_save(&a, ""));
    tablet_receive(&c, of_b);
    tablet_begin(&c, CHANGE_RESOLVE);
    OK(&world, edit_resolve_keep(&c.draft, find_conflict(&c, CONFLICT_AREA, ROOT, FIELD_AREA),
                                 (struct version_id){.dot = of_b->dot}, &world.err));
    (void)tablet_save(&c, "asked");
    assert_int_equal(c.reading.area_count, 1);
    assert_true(c.reading.areas[0] == AREA_OTHER);
}

static void contradicting_answers_are_decided(void **state) {
    struct instance_id second;
    const struct change *added;
    const struct change *of_b;
    struct tablet c = tablet_of(&world, C, 3);
    const struct conflict *conflict;
    char text[INSTANCE_TEXT_BYTES + 1] = "=";

    (void)state;
    tablet_begin(&a, CHANGE_EDIT);
    second = tablet_add(&a, F_MEMBER, ROOT);
    added = tablet_save(&a, "");
    tablet_receive(&b, added);
    c.has_record = true;
    c.state = a.state;
    instance_text(member, text + 1);
    tablet_begin(&a, CHANGE_SAME);
    OK(&world, edit_same(&a.draft, second, view_text(text), &world.err));
    tablet_receive(&c, tablet_save(&a, ""));
    text[0] = '!';
    tablet_begin(&b, CHANGE_SAME);
    OK(&world, edit_same(&b.draft, second, view_text(text), &world.err));
    of_b = tablet_save(&b, "");
    tablet_receive(&c, of_b);
    conflict = find_conflict(&c, CONFLICT_SAME, second, FIELD_SAME);
    assert_non_null(conflict);
    assert_false(reading_instance(&c.reading, second)->removed);
    tablet_begin(&c, CHANGE_RESOLVE);
    OK(&world,
       edit_resolve_keep(&c.draft, conflict, (struct version_id){.dot = of_b->dot}, &world.err));
    (void)tablet_save(&c, "two sisters");
    assert_int_equal(c.reading.conflict_count, 0);
    assert_false(reading_instance(&c.reading, second)->removed);
    tablet_begin(&c, CHANGE_SAME);
    assert_int_equal(edit_same(&c.draft, second, view_text("=nobody"), &world.err), RC_INVALID);
    assert_int_equal(edit_same(&c.draft, second, view_text("x"), &world.err), RC_INVALID);
}

static void a_draft_starts_from_what_its_kind_needs(void **state) {
    struct edit edit;

    (void)state;
    assert_int_equal(edit_start(&edit, CHANGE_EDIT, (struct dot){A, 9}, 1, &world.fixture.form,
                                NULL, NULL, &world.arena, &world.err),
                     RC_INVALID);
    assert_int_equal(edit_start(&edit, CHANGE_CREATE, (struct dot){A, 9}, 1, &world.fixture.form,
                                &a.state, &a.reading, &world.arena, &world.err),
                     RC_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_new_record_replaces_nothing),
        TEST(a_new_record_needs_an_area),
        TEST(an_edit_replaces_what_its_author_saw),
        TEST(nothing_new_is_nothing_to_save),
        TEST(the_last_of_several_counts),
        TEST(wrong_fields_and_values_are_refused),
        TEST(what_is_written_once_takes_an_amendment),
        TEST(an_amendment_says_why),
        TEST(a_group_is_carried_whole),
        TEST(a_group_in_conflict_is_not_mixed),
        TEST(keeping_one_side_of_a_group_keeps_all_of_it),
        TEST(an_edit_in_a_conflict_replaces_only_its_authors_side),
        TEST(sets_gain_and_lose_elements),
        TEST(instances_are_added_where_the_form_has_them),
        TEST(what_is_removed_takes_no_edits),
        TEST(sealing_waits_for_answers),
        TEST(a_second_person_adds_a_signature),
        TEST(decisions_need_an_open_question),
        TEST(one_area_is_chosen_of_two),
        TEST(contradicting_answers_are_decided),
        TEST(a_draft_starts_from_what_its_kind_needs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
