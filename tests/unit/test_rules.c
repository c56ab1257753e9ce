/* Constraints over what several people have written: two edits that are fine alone and break a rule
 * together, and all that must not be taken for it. */
#include "schema/form/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schema/edit.h"
#include "schema/merge.h"
#include "tests/support/formkit.h"

static const char survey[] =
    "type,name,label,required,relevant,constraint,constraint_message,constraint_message::zh,"
    "calculation,bind::yg:merge\n"
    "integer,amount,Amount,,,,,,,human\n"
    "integer,paid,Paid,,,. <= ${amount},More than the amount ${amount},超过金额,,human\n"
    "calculate,double,,,,,,,${amount} * 2,\n"
    "integer,spent,Spent,,,. <= ${double},Too much,太多,,human\n"
    "text,why,Why,,${amount} > 10,string-length(.) > 3,Say more,多说点,,human\n"
    "text,tags,Tags,,,string-length(.) > 100,,,,union\n"
    "integer,must,Must,yes,,. > 0,,,,human\n"
    "date,seen,Seen,,,. <= today(),,,,latest\n"
    "begin repeat,member,Member,,,,,,,\n"
    "integer,income,Income,,,,,,,human\n"
    "integer,tax,Tax,,,. <= ${income},,,,human\n"
    "end repeat,,,,,,,,,\n"
    "integer,all_tax,All tax,,,. <= sum(${tax}),,,,human\n";
static const char settings[] = "form_id,default_language\ntest,default\n";

static struct formkit kit;
static struct form_program program;
static struct form_rules rules;
static struct arena arena;
static struct err err;

static void must(enum rc rc) {
    if (rc != RC_OK)
        fail_msg("%s", err.text);
}

static int set_up(void **state) {
    (void)state;
    formkit_init(&kit, LANG_EN);
    err_init(&err, LANG_EN);
    arena_init(&arena, (size_t)256 << 20);
    if (formkit_compile(&kit, survey, NULL, settings, NULL, 1) != RC_OK)
        fail_msg("%s", kit.err.text);
    must(form_program_load(kit.form, &kit.arena, &program, &err));
    must(form_rules_load(&program, &kit.arena, &rules, &err));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_release(&arena);
    formkit_release(&kit);
    return 0;
}

/* ---- people who write ---- */

static const struct instance_id ROOT = {.ordinal = 0};

struct writer {
    uint64_t actor, next;
    bool has_record;
    struct record record;
    struct reading reading;
    struct edit edit;
};

static void look(struct writer *writer) {
    struct broken_rule *broken;
    uint32_t count;

    must(reading_make(&writer->record, kit.form, &arena, &writer->reading, &err));
    must(rules_find(&rules, &writer->reading, &arena, &broken, &count, &err));
    must(rules_add(&writer->reading, broken, count, &arena, &err));
}

static void take(struct writer *writer, const struct change *change) {
    if (!writer->has_record)
        record_init(&writer->record, change->record);
    writer->has_record = true;
    must(merge_apply(&writer->record, change, (struct admission){.time_ms = change->wall_ms},
                     &arena, &writer->record, &err));
    look(writer);
}

static void begin(struct writer *writer, enum change_kind kind) {
    bool is_new = kind == CHANGE_CREATE;

    must(edit_start(&writer->edit, kind, (struct dot){writer->actor, ++writer->next}, writer->actor,
                    kit.form, is_new ? NULL : &writer->record, is_new ? NULL : &writer->reading,
                    &arena, &err));
    if (is_new)
        must(edit_set_area(&writer->edit, 430626100200, &err));
}

static uint16_t number(const char *path) {
    const struct form_field *field = form_field_by_path(kit.form, view_text(path));

    assert_non_null(field);
    return field->number;
}

static void set_value(struct writer *writer, struct instance_id instance, const char *path,
                      struct value value) {
    must(edit_set(&writer->edit, instance, number(path), &value, 0, &err));
}

static void set(struct writer *writer, const char *path, int64_t value) {
    set_value(writer, ROOT, path, value_of_int(value));
}

static const struct change *save(struct writer *writer) {
    struct change *change = arena_alloc(&arena, sizeof(*change));

    assert_non_null(change);
    must(edit_finish(&writer->edit, view_text("because"), change, &err));
    change->wall_ms = INT64_C(1795400000000) + (int64_t)writer->next;
    change->lamport = 1 + (writer->has_record ? record_lamport(&writer->record) : 0);
    change->is_signed = true;
    take(writer, change);
    return change;
}

static const struct change *edit(struct writer *writer, const char *path, int64_t value) {
    begin(writer, CHANGE_EDIT);
    set(writer, path, value);
    return save(writer);
}

/* a has made a record that b has, too. */
static void both(struct writer *a, struct writer *b) {
    *a = (struct writer){.actor = 10};
    *b = (struct writer){.actor = 20};
    begin(a, CHANGE_CREATE);
    set(a, "amount", 100);
    set(a, "paid", 40);
    take(b, save(a));
}

static const struct conflict *soft(const struct writer *writer, struct instance_id instance,
                                   const char *path) {
    for (uint32_t i = 0; i < writer->reading.conflict_count; i++) {
        const struct conflict *conflict = &writer->reading.conflicts[i];

        if (conflict->kind == CONFLICT_SOFT && conflict->field == number(path) &&
            instance_equal(conflict->instance, instance))
            return conflict;
    }
    return NULL;
}

/* a pays more, b lowers the amount; both know both in the end. */
static void break_it(struct writer *a, struct writer *b) {
    const struct change *of_a, *of_b;

    both(a, b);
    of_a = edit(a, "paid", 90);
    of_b = edit(b, "amount", 50);
    assert_int_equal(a->reading.conflict_count, 0);
    assert_int_equal(b->reading.conflict_count, 0);
    take(a, of_b);
    take(b, of_a);
}

/* ---- cases ---- */

static void each_is_fine_and_together_they_break_a_rule(void **state) {
    struct writer a, b;
    const struct conflict *conflict;

    (void)state;
    break_it(&a, &b);
    assert_int_equal(a.reading.conflict_count, 1);
    assert_int_equal(b.reading.conflict_count, 1);
    conflict = soft(&a, ROOT, "paid");
    assert_non_null(conflict);
    assert_non_null(conflict->rule);
    assert_int_equal(conflict->version_count, 1);
    assert_int_equal(conflict->versions[0]->value.number, 90);
    assert_string_equal(arena_text(&arena, "%.*s", VIEW_PRINT(conflict->message)),
                        "More than the amount 50");
    assert_true(conflict->tells);
    assert_non_null(soft(&b, ROOT, "paid"));
}

static void it_speaks_the_language_of_whoever_asks(void **state) {
    struct writer a, b;

    (void)state;
    break_it(&a, &b);
    err_init(&err, LANG_ZH);
    look(&a);
    assert_true(view_is(soft(&a, ROOT, "paid")->message, "超过金额"));
    err_init(&err, LANG_EN);
}

static void an_edit_of_either_mends_it(void **state) {
    struct writer a, b;

    (void)state;
    break_it(&a, &b);
    take(&a, edit(&b, "amount", 95));
    assert_int_equal(a.reading.conflict_count, 0);
    (void)edit(&a, "paid", 96);
    assert_non_null(soft(&a, ROOT, "paid"));
    (void)edit(&a, "paid", 95);
    assert_int_equal(a.reading.conflict_count, 0);
}

static void an_acceptance_closes_it_for_these_values(void **state) {
    struct writer a, b;
    const struct change *accepted;

    (void)state;
    break_it(&a, &b);
    begin(&b, CHANGE_ACCEPT);
    must(edit_accept(&b.edit, soft(&b, ROOT, "paid"), &err));
    accepted = save(&b);
    assert_int_equal(b.reading.conflict_count, 0);
    take(&a, accepted);
    assert_int_equal(a.reading.conflict_count, 0);
    (void)edit(&a, "paid", 91);
    assert_non_null(soft(&a, ROOT, "paid"));
}

static void an_open_question_is_asked_first(void **state) {
    struct writer a, b;
    const struct change *of_b;

    (void)state;
    both(&a, &b);
    begin(&b, CHANGE_EDIT);
    set(&b, "amount", 50);
    of_b = save(&b);
    begin(&a, CHANGE_EDIT);
    set(&a, "paid", 300);
    set(&a, "spent", 900);
    set(&a, "amount", 60);
    set_value(&a, ROOT, "why", value_of_text(view_text("no")));
    (void)save(&a);
    assert_int_equal(a.reading.conflict_count, 3);
    /* Two amounts: nobody can say whether it is more than the amount, nor than what is computed
     * from it, nor whether the reason was asked for. */
    take(&a, of_b);
    assert_int_equal(a.reading.conflict_count, 1);
    assert_int_equal(a.reading.conflicts[0].kind, CONFLICT_FIELD);
}

static void what_is_missing_or_not_asked_for_is_no_conflict(void **state) {
    struct writer a = {.actor = 10};

    (void)state;
    begin(&a, CHANGE_CREATE);
    set(&a, "amount", 5);
    set_value(&a, ROOT, "why", value_of_text(view_text("no")));
    set_value(&a, ROOT, "tags", value_of_text(view_text("short")));
    (void)save(&a);
    assert_int_equal(a.reading.conflict_count, 0); /* required, not relevant, a set */
    (void)edit(&a, "amount", 11);
    assert_int_equal(a.reading.conflict_count, 1);
    assert_non_null(soft(&a, ROOT, "why"));
}

static void now_is_when_the_newest_change_was_made(void **state) {
    struct writer a = {.actor = 10};

    (void)state;
    begin(&a, CHANGE_CREATE);
    set_value(&a, ROOT, "seen",
              (struct value){.type = VALUE_DATE, .number = 20779}); /* 2026-11-22 */
    (void)save(&a);
    assert_int_equal(a.reading.conflict_count, 0);
    begin(&a, CHANGE_EDIT);
    set_value(&a, ROOT, "seen", (struct value){.type = VALUE_DATE, .number = 20789});
    (void)save(&a);
    assert_non_null(soft(&a, ROOT, "seen"));
}

static void members_are_told_apart(void **state) {
    struct writer a = {.actor = 10}, b = {.actor = 20};
    const struct change *of_a, *of_b;
    struct instance_id first, second;

    (void)state;
    begin(&a, CHANGE_CREATE);
    must(edit_add_instance(&a.edit, number("member"), ROOT, &first, &err));
    must(edit_add_instance(&a.edit, number("member"), ROOT, &second, &err));
    set_value(&a, first, "member/income", value_of_int(100));
    set_value(&a, first, "member/tax", value_of_int(10));
    set_value(&a, second, "member/income", value_of_int(100));
    set_value(&a, second, "member/tax", value_of_int(10));
    set(&a, "all_tax", 15);
    take(&b, save(&a));
    assert_int_equal(a.reading.conflict_count, 0);
    begin(&a, CHANGE_EDIT);
    set_value(&a, second, "member/income", value_of_int(50));
    of_a = save(&a);
    begin(&b, CHANGE_EDIT);
    set_value(&b, second, "member/tax", value_of_int(60));
    set_value(&b, first, "member/tax", value_of_int(70));
    of_b = save(&b);
    take(&a, of_b);
    take(&b, of_a);
    assert_int_equal(a.reading.conflict_count, 1);
    assert_non_null(soft(&a, second, "member/tax"));
    assert_non_null(soft(&b, second, "member/tax"));

    /* A question about the first one's income is none about the second's tax; but one about any tax
     * is one about the sum of them. */
    begin(&a, CHANGE_EDIT);
    set_value(&a, first, "member/income", value_of_int(20));
    set(&a, "all_tax", 1000);
    of_a = save(&a);
    assert_non_null(soft(&a, ROOT, "all_tax"));
    begin(&b, CHANGE_EDIT);
    set_value(&b, first, "member/income", value_of_int(30));
    of_b = save(&b);
    take(&a, of_b);
    assert_null(soft(&a, first, "member/tax"));
    assert_non_null(soft(&a, second, "member/tax"));
    assert_non_null(soft(&a, ROOT, "all_tax"));
    take(&b, of_a);
    begin(&a, CHANGE_EDIT);
    set_value(&a, first, "member/tax", value_of_int(1));
    of_a = save(&a);
    begin(&b, CHANGE_EDIT);
    set_value(&b, first, "member/tax", value_of_int(2));
    of_b = save(&b);
    take(&a, of_b);
    assert_null(soft(&a, ROOT, "all_tax"));
}

static void a_removed_member_breaks_nothing(void **state) {
    struct writer a = {.actor = 10};
    struct instance_id member;

    (void)state;
    begin(&a, CHANGE_CREATE);
    must(edit_add_instance(&a.edit, number("member"), ROOT, &member, &err));
    set_value(&a, member, "member/income", value_of_int(1));
    set_value(&a, member, "member/tax", value_of_int(2));
    (void)save(&a);
    assert_non_null(soft(&a, member, "member/tax"));
    begin(&a, CHANGE_REMOVE);
    must(edit_remove_instance(&a.edit, member, &err));
    (void)save(&a);
    assert_int_equal(a.reading.conflict_count, 0);
}

static void a_withdrawn_record_breaks_nothing(void **state) {
    struct writer a, b;

    (void)state;
    break_it(&a, &b);
    begin(&a, CHANGE_REMOVE);
    must(edit_remove_instance(&a.edit, ROOT, &err));
    (void)save(&a);
    assert_true(a.reading.withdrawn);
    assert_null(soft(&a, ROOT, "paid"));
}

static void an_old_finding_is_left_out_where_it_is_no_more(void **state) {
    const struct broken_rule old[] = {
        {.instance = ROOT, .field = number("paid")},
        {.instance = ROOT, .field = number("paid")},
        {.instance = {{10, 1}, 7}, .field = number("member/tax")},
        {.instance = ROOT, .field = number("spent")},
    };
    struct writer a, b;
    uint32_t count;

    (void)state;
    both(&a, &b);
    count = a.reading.conflict_count;
    must(rules_add(&a.reading, old, 4, &arena, &err));
    /* What is there is believed, once; no answer, no member: no conflict. */
    assert_int_equal(a.reading.conflict_count, count + 1);
    must(rules_add(&a.reading, old, 1, &arena, &err));
    assert_int_equal(a.reading.conflict_count, count + 1);
}

static void a_form_without_constraints_costs_nothing(void **state) {
    struct form_rules none;

    (void)state;
    assert_true(form_has_rules(kit.form));
    if (formkit_compile(&kit, "type,name,label\ninteger,n,N\n", NULL, settings, NULL, 1) != RC_OK)
        fail_msg("%s", kit.err.text);
    assert_false(form_has_rules(kit.form));
    must(form_program_load(kit.form, &kit.arena, &program, &err));
    must(form_rules_load(&program, &kit.arena, &none, &err));
    assert_int_equal(none.count, 0);
}

/* Any order of arrival, any duplicates: the same questions. */
static void the_order_of_arrival_does_not_matter(void **state) {
    static const char *const paths[] = {"amount", "paid", "spent", "all_tax"};
    uint64_t seed = 7;

    (void)state;
    for (uint32_t round = 0; round < 30; round++) {
        struct writer people[3] = {{.actor = 10}, {.actor = 20}, {.actor = 30}};
        struct writer readers[2] = {{.actor = 40}, {.actor = 50}};
        const struct change *changes[16];
        uint32_t count = 0;

        begin(&people[0], CHANGE_CREATE);
        set(&people[0], "amount", 5);
        changes[count++] = save(&people[0]);
        take(&people[1], changes[0]);
        take(&people[2], changes[0]);
        while (count < 12) {
            struct writer *who;

            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            who = &people[(seed >> 33) % 3];
            if ((seed >> 50) % 3 == 0) {
                take(who, changes[(seed >> 20) % count]);
                continue;
            }
            begin(who, CHANGE_EDIT);
            set(who, paths[(seed >> 55) % 4],
                100 + (int64_t)count * ((seed >> 60) % 2 == 0 ? 20 : -7));
            changes[count++] = save(who);
        }
        for (uint32_t i = 0; i < count; i++) {
            take(&readers[0], changes[i]);
            take(&readers[1], changes[count - 1 - i]);
            take(&readers[1], changes[(i * 5 + round) % count]);
        }
        assert_int_equal(readers[0].reading.conflict_count, readers[1].reading.conflict_count);
        for (uint32_t i = 0; i < readers[0].reading.conflict_count; i++) {
            const struct conflict *left = &readers[0].reading.conflicts[i];
            const struct conflict *right = &readers[1].reading.conflicts[i];

            assert_int_equal(left->kind, right->kind);
            assert_int_equal(left->field, right->field);
            assert_int_equal(left->version_count, right->version_count);
            assert_true(view_equal(left->message, right->message));
        }
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(each_is_fine_and_together_they_break_a_rule),
        CASE(it_speaks_the_language_of_whoever_asks),
        CASE(an_edit_of_either_mends_it),
        CASE(an_acceptance_closes_it_for_these_values),
        CASE(an_open_question_is_asked_first),
        CASE(what_is_missing_or_not_asked_for_is_no_conflict),
        CASE(now_is_when_the_newest_change_was_made),
        CASE(members_are_told_apart),
        CASE(a_removed_member_breaks_nothing),
        CASE(a_withdrawn_record_breaks_nothing),
        CASE(an_old_finding_is_left_out_where_it_is_no_more),
        CASE(a_form_without_constraints_costs_nothing),
        CASE(the_order_of_arrival_does_not_matter),
    };

    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
