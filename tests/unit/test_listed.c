/* test_listed.c: the county finds records by what people know of them, and keeps no identity number
 * in the clear for it. */
#include "tests/support/clerk.h"

#include "base/file.h"
#include "syncd/desk/task.h"
#include "syncd/sync/listed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HOME(person, number)                                                                       \
    (const struct answer_pair[]) {                                                                 \
        {"name", person}, {"card", number}, {                                                      \
            NULL, NULL                                                                             \
        }                                                                                          \
    }

static void begin(struct clerk *world) {
    clerk_begin(world);
    (void)clerk_new(world, world->wang, HOME("王芳", "430626197001010023"));
    (void)clerk_new(world, world->wang, HOME("单雄", "43062619700101123X"));
    (void)clerk_new(world, world->zhang, HOME("阿依·古丽", "430626197001014567"));
    clerk_sync(world);
}

static void finds(struct clerk *world, const char *text, const char *name) {
    RUNS(world, 0, "records", "--find", text);
    SAYS(world->out, name);
}

static void finds_nothing(struct clerk *world, const char *text) {
    RUNS(world, 0, "records", "--find", text);
    SAYS(world->err, "there are none");
}

static void people_are_found_as_people_are_known(void **state) {
    struct clerk *world = *state;

    begin(world);
    finds(world, "王", "王芳");
    finds(world, "芳", "王芳");
    finds(world, "WF", "王芳");
    finds(world, "wangf", "王芳");
    finds(world, "shan", "单雄");
    finds(world, "123x", "单雄");
    finds(world, "１２３Ｘ", "单雄");
    finds(world, "ayi 4567", "古丽");
    finds_nothing(world, "ayi 123x");
    finds_nothing(world, "李");
    RUNS(world, 0, "area", "rename", VILLAGE, "石牌村", "--reason", "x");
    finds(world, "石牌", "王芳");
    finds(world, "石牌 wf", "王芳");
    finds_nothing(world, "石头");
}

static void lists_are_sorted_and_cut(void **state) {
    struct clerk *world = *state;
    const char *first, *second;

    begin(world);
    RUNS(world, 0, "records", "--sort", "name");
    first = strstr(world->out, "阿依");
    second = strstr(world->out, "王芳");
    assert_true(first != NULL && second != NULL && first < second);
    RUNS(world, 0, "records", "--sort", "name", "--reverse", "--limit", "1");
    SAYS(world->out, "王芳");
    KEEPS_QUIET(world->out, "阿依");
    SAYS(world->err, "1 of 3 records");
    RUNS(world, 2, "records", "--sort", "colour");
    RUNS(world, 2, "records", "--state", "sad");
    RUNS(world, 2, "records", "--limit", "0");
    RUNS(world, 1, "records", "--find", "a b c d e f g");
}

static void states_are_filters(void **state) {
    struct clerk *world = *state;
    const char *home;

    begin(world);
    home = clerk_conflict(world);
    RUNS(world, 0, "records", "--state", "conflict");
    SAYS(world->out, home);
    KEEPS_QUIET(world->out, "王芳");
    RUNS(world, 0, "records", "--state", "withdrawn");
    SAYS(world->err, "there are none");
}

/* A county of before there were lists: the same is found after they were made. */
static void lists_can_be_made_again(void **state) {
    struct clerk *world = *state;

    begin(world);
    RUNS(world, 0, "reindex");
    SAYS(world->err, "3 records");
    finds(world, "wf", "王芳");
    finds(world, "0023", "王芳");
}

static enum rc take_review(void *context, const struct found_record *found, struct err *err) {
    (void)err;
    *(uint8_t *)context = found->review;
    return RC_OK;
}

static uint8_t review_of(struct clerk *world) {
    const struct office *office = service_office(world->service);
    struct record_query query = {.form_name = view_text("home"), .most = 1};
    struct ledger *ledger = NULL;
    uint8_t review = 99;
    uint64_t total = 0;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(office->borrow(office->context, &ledger, &err), &err);
    clerk_must(store_find(ledger->store, &query, take_review, &review, &total, &err), &err);
    office->give_back(office->context, ledger);
    return review;
}

static void a_note_of_staff_is_a_review(void **state) {
    struct clerk *world = *state;
    const char *home;

    RUNS(world, 0, "form", "publish", "schema/forms/note");
    clerk_begin(world);
    clerk_user(world, "李四", "county");
    home = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    assert_int_equal(review_of(world), 0);
    RUNS(world, 0, "note", home, "--kind", "return", "--text", "缺照片", "--as", "李四");
    assert_int_equal(review_of(world), NOTE_RETURN);
    RUNS(world, 0, "note", home, "--kind", "comment", "--text", "好", "--as", "李四");
    assert_int_equal(review_of(world), NOTE_RETURN);
    RUNS(world, 0, "reindex");
    assert_int_equal(review_of(world), NOTE_RETURN);
}

/* What a tablet is given it may also take back; then what was said before it counts again. */
static void withdraw(struct clerk *world, const char *note) {
    struct seen seen;
    struct edit edit;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_start(world, world->wang, note, CHANGE_REMOVE, &seen, &edit);
    clerk_must(edit_remove_instance(&edit, (struct instance_id){0}, &err), &err);
    clerk_finish(world, world->wang, &seen, &edit);
    clerk_sync(world);
}

/* The id of the note about the record that says this. */
static void note_saying(struct clerk *world, const char *about, const char *text, char out[40]) {
    struct json *list;

    RUNS(world, 0, "notes", about, "--json");
    list = clerk_json(world);
    out[0] = '\0';
    for (const struct json *item = json_first(list); item != NULL; item = json_next(item))
        if (view_is(json_text(json_get(item, "text")), text))
            snprintf(out, 40, "%s", json_text_or(json_get(item, "id"), ""));
    json_free(list);
    assert_true(out[0] != '\0');
}

static void a_note_that_is_taken_back_counts_no_more(void **state) {
    struct clerk *world = *state;
    char home[40], first[40], second[40];

    RUNS(world, 0, "form", "publish", "schema/forms/note");
    clerk_begin(world);
    clerk_user(world, "李四", "county");
    snprintf(home, sizeof(home), "%s", clerk_new(world, world->wang, CLERK_HOME("王桂兰")));
    clerk_sync(world);
    RUNS(world, 0, "note", home, "--kind", "return", "--text", "缺照片", "--as", "李四");
    RUNS(world, 0, "note", home, "--kind", "approve", "--text", "已看", "--as", "李四");
    clerk_sync(world);
    note_saying(world, home, "缺照片", first);
    note_saying(world, home, "已看", second);
    assert_int_equal(review_of(world), NOTE_APPROVE);
    withdraw(world, second);
    assert_int_equal(review_of(world), NOTE_RETURN);
    RUNS(world, 0, "reindex");
    assert_int_equal(review_of(world), NOTE_RETURN);
    withdraw(world, first);
    assert_int_equal(review_of(world), 0);
    RUNS(world, 0, "note", home, "--kind", "mark", "--text", "抽查", "--as", "李四");
    assert_int_equal(review_of(world), NOTE_MARK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(people_are_found_as_people_are_known, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(lists_are_sorted_and_cut, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(states_are_filters, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(lists_can_be_made_again, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_note_of_staff_is_a_review, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_note_that_is_taken_back_counts_no_more, clerk_set_up,
                                        clerk_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
