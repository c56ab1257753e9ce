/* test_task.c: the county gives workers something to do and says a word about records: who may,
 * where it goes, what a tablet reads, and what comes back. */
#include "tests/support/clerk.h"

#include "agent/field/today.h"
#include "syncd/desk/task.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *publish_and_begin(struct clerk *world) {
    const char *home;

    RUNS(world, 0, "form", "publish", "schema/forms/task");
    RUNS(world, 0, "form", "publish", "schema/forms/note");
    clerk_begin(world);
    clerk_user(world, "李四", "county");
    clerk_user(world, "村干部", "village");
    home = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    return home;
}

static char *line(struct clerk *world) {
    char *text = arena_text(&world->arena, "%s", world->out);

    assert_non_null(text);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static void look(struct clerk *world, struct session *session, const char *id, struct seen *seen) {
    struct dot dot = {0, 0};
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(dot_parse(view_text(id), &dot, &err), &err);
    clerk_must(session_see(session, dot, &world->arena, seen, &err), &err);
}

static void a_task_reaches_the_tablet_and_comes_back_done(void **state) {
    struct clerk *world = *state;
    const char *home = publish_and_begin(world), *made;
    struct seen seen;
    struct task task;
    struct json *json;
    char text[DOT_TEXT_BYTES];

    RUNS(world, 0, "task", "assign", home, "--kind", "2", "--to", "wang", "--due", "2026-11-28",
         "--message", "复核收入", "--as", "李四");
    made = line(world);
    clerk_sync(world);
    look(world, world->zhang, made, &seen);
    task_read(&seen.reading, &task);
    dot_text(task.household, text);
    assert_string_equal(text, home);
    assert_true(view_is(task.kind, "2"));
    assert_true(view_is(task.message, "复核收入"));
    assert_int_equal(task.due.year * 10000 + task.due.month * 100 + task.due.day, 20261128);
    assert_int_equal(task.state, TASK_OPEN);
    assert_int_not_equal(task.assignee, 0);
    assert_int_equal(seen.reading.area_count, 1);
    assert_true(seen.reading.areas[0] == COUNTY_AREA);
    (void)clerk_edit(world, world->wang, made, "state", "done");
    (void)clerk_edit(world, world->wang, made, "visit", home);
    clerk_sync(world);
    RUNS(world, 0, "task", "list");
    SAYS(world->err, "there are none");
    RUNS(world, 0, "task", "list", "--all", "--json");
    json = clerk_json(world);
    assert_int_equal(json_count(json), 1);
    assert_string_equal(json_text_or(json_get(json_at(json, 0), "state"), ""), "done");
    assert_string_equal(json_text_or(json_get(json_at(json, 0), "visit"), ""), home);
    assert_string_equal(json_text_or(json_get(json_at(json, 0), "title"), ""), "王桂兰");
    assert_string_equal(json_text_or(json_get(json_at(json, 0), "name"), ""), "wang");
    json_free(json);
    RUNS(world, 0, "log");
    SAYS(world->out, "task assign");
    SAYS(world->out, "李四");
    KEEPS_QUIET(world->out, "复核收入");
    RUNS(world, 0, "verify");
}

static void a_task_is_changed_and_taken_back(void **state) {
    struct clerk *world = *state;
    const char *home = publish_and_begin(world), *made;
    struct seen seen;
    struct task task;

    RUNS(world, 0, "task", "assign", "--area", VILLAGE, "--kind", "9", "--message", "换公示栏",
         "--as", "李四");
    made = line(world);
    RUNS(world, 2, "task", "change", made, "--as", "李四");
    RUNS(world, 0, "task", "change", made, "--to", "zhang", "--due", "2026-12-01", "--as", "李四");
    clerk_sync(world);
    look(world, world->zhang, made, &seen);
    task_read(&seen.reading, &task);
    assert_int_not_equal(task.assignee, 0);
    assert_int_equal(task.due.month, 12);
    assert_int_equal(task.household.number, 0);
    RUNS(world, 0, "task", "change", made, "--to", "-", "--due", "-", "--as", "李四");
    RUNS(world, 2, "task", "cancel", made, "--as", "李四");
    RUNS(world, 1, "task", "cancel", home, "--reason", "x", "--as", "李四");
    SAYS(world->err, "is no task");
    RUNS(world, 0, "task", "cancel", made, "--reason", "已经换过", "--as", "李四");
    clerk_sync(world);
    look(world, world->wang, made, &seen);
    task_read(&seen.reading, &task);
    assert_int_equal(task.state, TASK_CANCELLED);
    assert_int_equal(task.assignee, 0);
    assert_int_equal(task.due.year, 0);
    RUNS(world, 0, "task", "list");
    SAYS(world->err, "there are none");
}

/* Also after the lists were made anew. */
static void open_tasks_are_listed_by_due(void **state) {
    struct clerk *world = *state;
    const char *home = publish_and_begin(world);

    RUNS(world, 0, "task", "assign", home, "--kind", "2", "--due", "2026-12-09", "--as", "李四");
    RUNS(world, 0, "task", "assign", "--area", VILLAGE, "--kind", "9", "--as", "李四");
    RUNS(world, 0, "task", "assign", home, "--kind", "2", "--due", "2026-12-02", "--as", "李四");
    for (int i = 0; i < 2; i++) {
        struct json *json;

        RUNS(world, 0, "task", "list", "--json");
        json = clerk_json(world);
        assert_int_equal(json_count(json), 3);
        assert_string_equal(json_text_or(json_get(json_at(json, 0), "due"), ""), "2026-12-02");
        assert_string_equal(json_text_or(json_get(json_at(json, 1), "due"), ""), "2026-12-09");
        json_free(json);
        RUNS(world, 0, "reindex");
    }
}

static void whoever_may_not_review_gives_no_tasks(void **state) {
    struct clerk *world = *state;
    const char *home = publish_and_begin(world);

    RUNS(world, 1, "task", "assign", home, "--kind", "2", "--as", "村干部");
    SAYS(world->err, "ask somebody else");
    RUNS(world, 1, "return", home, "--note", "x", "--as", "村干部");
    RUNS(world, 0, "note", home, "--text", "他家昨天搬走了", "--as", "村干部");
    world->environment.passphrase = "wrong";
    RUNS(world, 1, "note", home, "--text", "x", "--as", "李四");
    world->environment.passphrase = "county-secret";
    RUNS(world, 2, "task", "assign", home, "--kind", "2");
    RUNS(world, 2, "task", "assign", home, "--as", "李四");
    RUNS(world, 2, "task", "assign", "--kind", "2", "--as", "李四");
    RUNS(world, 1, "task", "assign", home, "--kind", "7", "--as", "李四");
    RUNS(world, 1, "task", "assign", home, "--kind", "2", "--due", "soon", "--as", "李四");
    RUNS(world, 1, "task", "assign", home, "--kind", "2", "--to", "nobody", "--as", "李四");
    RUNS(world, 1, "task", "assign", "0123456789abcdef-9", "--kind", "2", "--as", "李四");
    RUNS(world, 1, "task", "assign", "--area", "430681", "--kind", "2", "--as", "李四");
    RUNS(world, 0, "task", "list", "--all");
    SAYS(world->err, "there are none");
    RUNS(world, 0, "verify");
}

static void a_note_is_read_where_it_belongs(void **state) {
    struct clerk *world = *state;
    const char *home = publish_and_begin(world), *made;
    struct seen seen;
    struct note note;
    struct json *json;

    RUNS(world, 1, "note", home, "no/such", "--text", "x", "--as", "李四");
    RUNS(world, 1, "note", home, "--as", "李四");
    RUNS(world, 1, "note", home, "--text", "x", "--kind", "wave", "--as", "李四");
    RUNS(world, 0, "note", home, "pigs", "--text", "数字与照片不符", "--as", "李四");
    made = line(world);
    RUNS(world, 0, "return", home, "--note", "请补拍猪圈", "--as", "李四");
    clerk_sync(world);
    look(world, world->wang, made, &seen);
    note_read(&seen.reading, &note);
    assert_int_equal(note.kind, NOTE_COMMENT);
    assert_true(view_is(note.field, "pigs"));
    assert_true(view_is(note.text, "数字与照片不符"));
    assert_true(view_is(note.from, "李四"));
    assert_true(note.at_ms > 0);
    RUNS(world, 0, "notes", home, "--json");
    json = clerk_json(world);
    assert_int_equal(json_count(json), 2);
    assert_string_equal(json_text_or(json_get(json_at(json, 1), "kind"), ""), "return");
    assert_string_equal(json_text_or(json_get(json_at(json, 1), "author"), ""), "李四");
    json_free(json);
}

static uint32_t returned(struct clerk *world, struct session *session, struct today_note **notes) {
    uint32_t count = 0;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(today_returned(session, &world->arena, notes, &count, &err), &err);
    return count;
}

static void a_returned_record_waits_for_its_last_author(void **state) {
    struct clerk *world = *state;
    const char *home = publish_and_begin(world);
    struct today_note *notes;

    (void)clerk_edit(world, world->zhang, home, "pigs", "5");
    clerk_sync(world);
    world->county->now_ms += 60000;
    RUNS(world, 0, "note", home, "--text", "随便说说", "--as", "李四");
    RUNS(world, 0, "return", home, "pigs", "--note", "请补拍猪圈", "--as", "李四");
    clerk_sync(world);
    assert_int_equal(returned(world, world->wang, &notes), 0);
    assert_int_equal(returned(world, world->zhang, &notes), 1);
    assert_true(view_is(notes[0].text, "请补拍猪圈"));
    assert_true(view_is(notes[0].field, "pigs"));
    assert_true(view_is(notes[0].from, "李四"));
    assert_true(view_is(notes[0].title, "王桂兰"));
    world->county->now_ms += 60000;
    (void)clerk_edit(world, world->zhang, home, "pigs", "4");
    assert_int_equal(returned(world, world->zhang, &notes), 0);
    world->county->now_ms += 60000;
    clerk_sync(world);
    RUNS(world, 0, "return", home, "--note", "再看一次", "--as", "李四");
    world->county->now_ms += 60000;
    RUNS(world, 0, "note", home, "--kind", "approve", "--as", "李四");
    clerk_sync(world);
    assert_int_equal(returned(world, world->zhang, &notes), 0); /* a later review stands */
}

static void the_kind_of_a_note_is_the_countys_word(void **state) {
    struct clerk *world = *state;
    const char *home = publish_and_begin(world), *made;
    struct seen seen;
    struct edit edit;
    struct value value = value_of_text(view_text("approve"));
    const struct form_field *kind;
    struct err err;

    err_init(&err, LANG_EN);
    RUNS(world, 0, "note", home, "--text", "看过", "--as", "李四");
    made = line(world);
    clerk_sync(world);
    clerk_start(world, world->wang, made, CHANGE_EDIT, &seen, &edit);
    kind = form_field_by_path(edit.form, view_text("kind"));
    assert_non_null(kind);
    assert_int_equal(
        edit_set(&edit, (struct instance_id){{0, 0}, 0}, kind->number, &value, 0, &err), RC_DENIED);
}

static void the_newest_review_stands(void **state) {
    struct clerk *world = *state;
    const char *home = publish_and_begin(world);
    struct command command = {0};
    struct seen_record seen;
    struct seat seat;
    enum note_kind kind = NOTE_COMMENT;
    int64_t at_ms = 0;
    struct err err;

    err_init(&err, LANG_EN);
    RUNS(world, 0, "note", home, "--kind", "return", "--text", "补正", "--as", "李四");
    world->county->now_ms += 60000;
    RUNS(world, 0, "note", home, "--kind", "approve", "--as", "李四");
    world->county->now_ms += 60000;
    RUNS(world, 0, "note", home, "--text", "只是留言", "--as", "李四");
    clerk_must(seat_open(&world->desk, &command, &seat, &err), &err);
    clerk_must(seat_record(&seat, home, &seen, &err), &err);
    clerk_must(note_review(&seat, &seen.stored, &kind, &at_ms, &err), &err);
    assert_int_equal(kind, NOTE_APPROVE);
    seat_close(&seat);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, clerk_set_up, clerk_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_task_reaches_the_tablet_and_comes_back_done),
        CASE(a_task_is_changed_and_taken_back),
        CASE(open_tasks_are_listed_by_due),
        CASE(whoever_may_not_review_gives_no_tasks),
        CASE(a_note_is_read_where_it_belongs),
        CASE(a_returned_record_waits_for_its_last_author),
        CASE(the_kind_of_a_note_is_the_countys_word),
        CASE(the_newest_review_stands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
