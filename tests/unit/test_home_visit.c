/* test_home_visit.c: two people of one tablet visit a household: who stands in the visit, who signs
 * it, what is told before and after, and what the day's list says of it. */
#include "tests/support/visitor.h"

#include "agent/field/benefit.h"
#include "agent/field/home_visit.h"
#include "agent/field/today.h"
#include "base/date.h"
#include "base/file.h"
#include "base/text.h"
#include "schema/title.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct world {
    struct visitor *visitor;
    struct tablet *tablet;
    struct session *wang, *li;
    struct dot home;
};

static int set_up(void **state) {
    static struct world world;
    struct visitor *visitor;
    static const uint64_t area = VILLAGE_A;
    uint64_t person;

    if (visitor_set_up(state) != 0)
        return -1;
    visitor = *state;
    county_publish(visitor->county, "schema/forms/visit");
    county_publish(visitor->county, "schema/forms/task");
    county_publish(visitor->county, "schema/forms/note");
    world = (struct world){.visitor = visitor};
    world.tablet = visitor_enrol(visitor, "wang", 1);
    world.wang = county_session(world.tablet, "wang");
    visitor_must(visitor, session_add_person(world.wang, view_text("li"), view_text("secret-of-li"),
                                             &area, 1, &person, &visitor->err));
    county_sync(visitor->county, world.tablet, RC_OK, NULL);
    world.li = county_session(world.tablet, "li");
    world.home = visitor_save(visitor, world.wang, VILLAGE_A, "王桂兰");
    *state = &world;
    return 0;
}

static int tear_down(void **state) {
    struct world *world = *state;

    tablet_close(world->tablet);
    *state = world->visitor;
    return visitor_tear_down(state);
}

/* ---- small words ---- */

static void put(struct world *world, struct filler *filler, const char *path, const char *text) {
    struct engine_place place;
    char ref[200];

    snprintf(ref, sizeof(ref), "/data/%s", path);
    visitor_must(world->visitor,
                 engine_place(filler_engine(filler), view_text(ref), &place, &world->visitor->err));
    visitor_must(world->visitor,
                 engine_set(filler_engine(filler), place, view_text(text), &world->visitor->err));
}

static const char *got(struct world *world, struct filler *filler, const char *path) {
    struct engine_place place;
    char ref[200];

    snprintf(ref, sizeof(ref), "/data/%s", path);
    visitor_must(world->visitor,
                 engine_place(filler_engine(filler), view_text(ref), &place, &world->visitor->err));
    return arena_text(&world->visitor->arena, "%.*s",
                      VIEW_PRINT(engine_value(filler_engine(filler), place)));
}

static struct filler *begin(struct world *world, struct dot task) {
    struct filler *filler;

    visitor_must(world->visitor, home_visit_begin(world->wang, world->home, '0', task, &filler,
                                                  &world->visitor->err));
    return filler;
}

/* Half an hour later, with the given outcome. */
static struct dot finish(struct world *world, struct filler *filler, const char *outcome) {
    struct visitor *visitor = world->visitor;
    struct dot record;
    uint32_t problems = 0;

    visitor->county->now_ms += 30 * MS_PER_MINUTE;
    put(world, filler, "outcome", outcome);
    if (strcmp(outcome, "1") == 0)
        put(world, filler, "no_position", "no signal in the house");
    visitor_must(visitor, filler_finish(filler, &record, &problems, &visitor->err));
    filler_close(filler);
    return record;
}

static struct home_visit look(struct world *world, struct dot record) {
    struct visitor *visitor = world->visitor;
    struct home_visit visit;
    struct seen seen;

    visitor_must(visitor, session_see(world->wang, record, &visitor->arena, &seen, &visitor->err));
    visitor_must(visitor,
                 home_visit_see(world->wang, &seen, &visitor->arena, &visit, &visitor->err));
    return visit;
}

static enum benefit_state shown(struct world *world, bool drafted) {
    struct visitor *visitor = world->visitor;
    struct benefit benefit;
    struct seen seen;

    visitor_must(visitor,
                 session_see(world->wang, world->home, &visitor->arena, &seen, &visitor->err));
    visitor_must(visitor, benefit_see(world->wang, &seen, drafted, &visitor->arena, &benefit,
                                      &visitor->err));
    return (enum benefit_state)benefit.state;
}

static struct dot visited(struct world *world) {
    struct visitor *visitor = world->visitor;
    struct filler *filler = begin(world, (struct dot){0, 0});
    struct dot record;

    visitor_must(visitor, home_visit_join(filler, world->li, &visitor->err));
    record = finish(world, filler, "1");
    visitor_must(visitor, home_visit_sign(world->wang, record, &visitor->err));
    visitor_must(visitor, home_visit_sign(world->li, record, &visitor->err));
    return record;
}

/* ---- the visit ---- */

static void a_visit_begins_with_what_is_known(void **state) {
    struct world *world = *state;
    struct visitor *visitor = world->visitor;
    struct filler *filler = begin(world, (struct dot){0, 0}), *again;
    char id[DOT_TEXT_BYTES];
    uint64_t draft;

    dot_text(world->home, id);
    assert_string_equal(got(world, filler, "household"), id);
    assert_string_equal(got(world, filler, "household_name"), "王桂兰");
    assert_string_equal(got(world, filler, "kind"), "1");
    assert_string_equal(got(world, filler, "investigator[1]/name"), "wang");
    assert_string_equal(got(world, filler, "investigator[1]/role"), "lead");
    assert_int_equal(strlen(got(world, filler, "investigator[1]/person")), 16);
    assert_true(strlen(got(world, filler, "begun")) >= strlen("2026-11-23T10:15:00+08:00"));
    draft = filler_draft(filler);
    filler_close(filler);
    again = begin(world, (struct dot){0, 0}); /* the same one goes on */
    assert_true(filler_draft(again) == draft);
    filler_close(again);
    visitor_must(visitor, home_visit_draft(world->wang, world->home, &draft, &visitor->err));
    assert_true(draft != 0);
    visitor_must(visitor, home_visit_draft(world->li, world->home, &draft, &visitor->err));
    assert_true(draft == 0);
    assert_int_equal(home_visit_begin(world->wang, (struct dot){1, 1}, '0', (struct dot){0, 0},
                                      &again, &visitor->err),
                     RC_NOT_FOUND);
}

/* The name of a record may be a field of a group, whatever texts stand before it. */
static void a_household_is_called_by_its_head(void **state) {
    struct world *world = *state;
    struct filler *filler;

    visitor_edit(world->visitor, world->wang, world->home, "privacy/version", "2026-1");
    filler = begin(world, (struct dot){0, 0});
    assert_string_equal(got(world, filler, "household_name"), "王桂兰");
    filler_close(filler);
    assert_int_equal(visitor_count(world->visitor, world->wang, "王桂兰"), 1);
}

static void the_second_is_somebody_else(void **state) {
    struct world *world = *state;
    struct visitor *visitor = world->visitor;
    struct filler *filler = begin(world, (struct dot){0, 0});

    assert_int_equal(home_visit_join(filler, world->wang, &visitor->err), RC_CONFLICT);
    visitor_must(visitor, home_visit_join(filler, world->li, &visitor->err));
    assert_string_equal(got(world, filler, "investigator[2]/name"), "li");
    assert_string_equal(got(world, filler, "investigator[2]/role"), "second");
    assert_int_equal(home_visit_join(filler, world->li, &visitor->err), RC_CONFLICT);
    filler_close(filler);
}

static void both_sign_with_their_own_keys(void **state) {
    struct world *world = *state;
    struct visitor *visitor = world->visitor;
    struct filler *filler = begin(world, (struct dot){0, 0});
    struct home_visit visit;
    struct dot record;

    visitor_must(visitor, home_visit_join(filler, world->li, &visitor->err));
    record = finish(world, filler, "1");
    visit = look(world, record);
    assert_int_equal(visit.people_count, 2);
    assert_false(visit.sealed);
    assert_int_equal(visit.facts, FACTS_SAME);
    visitor_must(visitor, home_visit_sign(world->wang, record, &visitor->err));
    visit = look(world, record);
    assert_true(visit.sealed);
    assert_false(visit.complete);
    assert_int_equal(home_visit_sign(world->wang, record, &visitor->err), RC_CONFLICT);
    visitor_must(visitor, home_visit_sign(world->li, record, &visitor->err));
    visit = look(world, record);
    assert_true(visit.complete);
    assert_true(visit.people[0].signed_ && visit.people[1].signed_);
    /* The county takes both, and sees no quarrel. */
    county_sync(visitor->county, world->tablet, RC_OK, NULL);
    county_sync(visitor->county, world->tablet, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, world->tablet).quarantined, 0);
    visit = look(world, record);
    assert_true(visit.complete);
    assert_string_equal(visitor_text(visitor, world->wang, record, "outcome"), "1");
    visitor_verify(visitor, world->tablet);
}

static void whoever_was_not_there_does_not_sign(void **state) {
    struct world *world = *state;
    struct visitor *visitor = world->visitor;
    struct filler *filler = begin(world, (struct dot){0, 0});
    struct dot record;

    record = finish(world, filler, "3");
    assert_int_equal(home_visit_sign(world->li, record, &visitor->err), RC_DENIED);
    filler = begin(world, (struct dot){0, 0});
    visitor_must(visitor, home_visit_join(filler, world->li, &visitor->err));
    put(world, filler, "investigator[2]/is_relative", "1");
    record = finish(world, filler, "3");
    assert_int_equal(home_visit_sign(world->li, record, &visitor->err), RC_DENIED);
    assert_int_equal(home_visit_sign(world->wang, world->home, &visitor->err), RC_INVALID);
}

/* ---- the benefit ---- */

static void the_benefit_is_told_when_both_have_signed(void **state) {
    struct world *world = *state;
    struct visitor *visitor = world->visitor;
    struct filler *filler;
    struct dot record;

    assert_int_equal(shown(world, false), BENEFIT_NO_VISIT);
    filler = begin(world, (struct dot){0, 0});
    visitor_must(visitor, home_visit_join(filler, world->li, &visitor->err));
    record = finish(world, filler, "1");
    assert_int_equal(shown(world, false), BENEFIT_UNSEALED);
    visitor_must(visitor, home_visit_sign(world->wang, record, &visitor->err));
    assert_int_equal(shown(world, false), BENEFIT_UNSEALED);
    visitor_must(visitor, home_visit_sign(world->li, record, &visitor->err));
    assert_int_equal(shown(world, false), BENEFIT_NOBODY); /* nobody lives in it yet */
    assert_int_equal(shown(world, true), BENEFIT_VISITING);
    /* A telephone number is no fact; the kind of register is. */
    visitor_edit(visitor, world->wang, world->home, "head/phone", "13812345678");
    assert_int_equal(shown(world, false), BENEFIT_NOBODY);
    visitor_edit(visitor, world->wang, world->home, "home/hukou_nature", "1");
    assert_int_equal(shown(world, false), BENEFIT_CHANGED);
}

/* ---- the day ---- */

static uint32_t today(struct world *world, struct session *session, struct today_item **items) {
    struct visitor *visitor = world->visitor;
    uint32_t count = 0, due = 0;

    visitor_must(visitor, today_list(session, visitor->county->now_ms, 50, &visitor->arena, items,
                                     &count, &due, &visitor->err));
    return count;
}

/* A record of a form that the county or anybody may write, by its answers. */
static struct dot write_record(struct world *world, const char *form_name,
                               const char *const answers[][2]) {
    struct visitor *visitor = world->visitor;
    const struct form *form = tablet_form_named(world->tablet, view_text(form_name));
    const struct instance_id root = {{0, 0}, 0};
    struct change change;
    struct edit edit;

    assert_non_null(form);
    visitor_must(visitor, edit_start(&edit, CHANGE_CREATE, session_next_dot(world->wang),
                                     session_person(world->wang), form, NULL, NULL, &visitor->arena,
                                     &visitor->err));
    visitor_must(visitor, edit_set_area(&edit, VILLAGE_A, &visitor->err));
    for (size_t i = 0; answers[i][0] != NULL; i++) {
        const struct form_field *field = form_field_by_path(form, view_text(answers[i][0]));
        struct value value;

        assert_non_null(field);
        visitor_must(visitor, form_value_parse(form, field, view_text(answers[i][1]),
                                               &visitor->arena, &value, &visitor->err));
        visitor_must(visitor, edit_set(&edit, root, field->number, &value, 0, &visitor->err));
    }
    visitor_must(visitor, edit_finish(&edit, (struct view){0}, &change, &visitor->err));
    visitor_must(visitor, session_save(world->wang, &change, NULL, form, &visitor->err));
    return change.record;
}

static void tasks_concern_their_assignee_or_anybody(void **state) {
    struct world *world = *state;
    char home[DOT_TEXT_BYTES], li[17];
    struct today_item *items;

    dot_text(world->home, home);
    id_text(session_person(world->li), li);
    (void)write_record(world, "task",
                       (const char *const[][2]){{"household", home},
                                                {"kind", "2"},
                                                {"assignee", li},
                                                {"due", "2026-12-05"},
                                                {"message", "复核收入"},
                                                {"state", "open"},
                                                {NULL, NULL}});
    (void)write_record(world, "task",
                       (const char *const[][2]){
                           {"kind", "9"}, {"message", "公示栏"}, {"state", "open"}, {NULL, NULL}});
    (void)write_record(world, "task",
                       (const char *const[][2]){
                           {"kind", "9"}, {"message", "旧事"}, {"state", "done"}, {NULL, NULL}});
    assert_int_equal(today(world, world->wang, &items), 1);
    assert_true(view_is(items[0].message, "公示栏"));
    assert_int_equal(today(world, world->li, &items), 2);
    assert_true(view_is(items[0].title, "王桂兰")); /* what has a day comes first */
    assert_true(items[0].mine);
    assert_int_equal(items[0].kind, '2');
    assert_false(items[1].mine);
}

static void a_visit_closes_its_task(void **state) {
    struct world *world = *state;
    struct visitor *visitor = world->visitor;
    char home[DOT_TEXT_BYTES], visit[DOT_TEXT_BYTES];
    struct today_item *items;
    struct filler *filler;
    struct dot task, record;

    dot_text(world->home, home);
    task = write_record(world, "task",
                        (const char *const[][2]){
                            {"household", home}, {"kind", "4"}, {"state", "open"}, {NULL, NULL}});
    visitor_must(visitor,
                 home_visit_begin(world->wang, world->home, '4', task, &filler, &visitor->err));
    assert_string_equal(got(world, filler, "kind"), "4");
    visitor_must(visitor, home_visit_join(filler, world->li, &visitor->err));
    record = finish(world, filler, "1");
    visitor_must(visitor, home_visit_sign(world->li, record, &visitor->err));
    assert_string_equal(visitor_text(visitor, world->wang, task, "state"), "open");
    visitor_must(visitor, home_visit_sign(world->wang, record, &visitor->err));
    assert_string_equal(visitor_text(visitor, world->wang, task, "state"), "done");
    dot_text(record, visit);
    assert_string_equal(visitor_text(visitor, world->wang, task, "visit"), visit);
    assert_int_equal(today(world, world->wang, &items), 0);
}

/* ---- the power goes ---- */

#define WAL_HEADER_BYTES 32u
#define WAL_FRAME_BYTES  24u
#define FILE_BYTES_MAX   (64u * 1024u * 1024u)

struct left {
    bool complete, done;
};

/* What is there when the tablet starts again and its disk has only so much of the journal. */
static struct left start_again(struct world *world, struct view journal, struct dot visit,
                               struct dot task) {
    struct visitor *visitor = world->visitor;
    struct world cut = *world;
    struct left left;

    visitor_must(visitor, file_write(visitor_path(visitor, "cut/tablet.db-wal"), journal,
                                     FILE_MODE_PRIVATE, &visitor->err));
    cut.tablet = county_tablet(visitor->county, visitor_path(visitor, "cut"));
    cut.wang = county_session(cut.tablet, "wang");
    left.complete = look(&cut, visit).complete;
    left.done = strcmp(visitor_text(visitor, cut.wang, task, "state"), "done") == 0;
    tablet_close(cut.tablet);
    return left;
}

/* Whatever part of the save a power cut leaves on the disk, it is never the one without the other.
 */
static void the_last_signature_and_the_end_of_its_task_come_together(void **state) {
    struct world *world = *state;
    struct visitor *visitor = world->visitor;
    struct filler *filler;
    struct dot task, visit;
    uint32_t signed_ = 0, unsigned_ = 0;
    size_t page_bytes;
    struct buf journal;

    task = write_record(world, "task",
                        (const char *const[][2]){{"kind", "4"}, {"state", "open"}, {NULL, NULL}});
    visitor_must(visitor,
                 home_visit_begin(world->wang, world->home, '4', task, &filler, &visitor->err));
    visitor_must(visitor, home_visit_join(filler, world->li, &visitor->err));
    visit = finish(world, filler, "1");
    visitor_must(visitor, home_visit_sign(world->li, visit, &visitor->err));
    tablet_close(world->tablet); /* the journal is empty then */
    world->tablet = county_tablet(visitor->county, visitor_path(visitor, "wang"));
    world->wang = county_session(world->tablet, "wang");
    visitor_must(visitor, home_visit_sign(world->wang, visit, &visitor->err));
    buf_init(&journal, FILE_BYTES_MAX);
    visitor_must(visitor, file_read(visitor_path(visitor, "wang/tablet.db-wal"), FILE_BYTES_MAX,
                                    &journal, &visitor->err));
    assert_true(journal.size > WAL_HEADER_BYTES);
    page_bytes = (size_t)journal.data[10] << 8 | journal.data[11];
    for (size_t size = WAL_HEADER_BYTES; size <= journal.size;
         size += WAL_FRAME_BYTES + page_bytes) {
        struct left left;

        visitor_copy(visitor, "wang", "cut");
        left = start_again(world, view_of(journal.data, size), visit, task);
        assert_int_equal(left.complete, left.done);
        signed_ += left.complete;
        unsigned_ += !left.complete;
        visitor_remove(visitor, "cut");
    }
    assert_true(signed_ > 0 && unsigned_ > 0);
    buf_release(&journal);
}

static void nobody_at_home_leaves_the_task_open(void **state) {
    struct world *world = *state;
    struct visitor *visitor = world->visitor;
    char home[DOT_TEXT_BYTES];
    struct filler *filler;
    struct dot task, record;

    dot_text(world->home, home);
    task = write_record(world, "task",
                        (const char *const[][2]){
                            {"household", home}, {"kind", "2"}, {"state", "open"}, {NULL, NULL}});
    visitor_must(visitor,
                 home_visit_begin(world->wang, world->home, '2', task, &filler, &visitor->err));
    visitor_must(visitor, home_visit_join(filler, world->li, &visitor->err));
    record = finish(world, filler, "3");
    visitor_must(visitor, home_visit_sign(world->wang, record, &visitor->err));
    visitor_must(visitor, home_visit_sign(world->li, record, &visitor->err));
    assert_string_equal(visitor_text(visitor, world->wang, task, "state"), "open");
}

static void households_are_due_by_the_table_of_the_county(void **state) {
    struct world *world = *state;
    struct visitor *visitor = world->visitor;
    struct today_item *items;

    assert_int_equal(today(world, world->wang, &items), 0); /* new today: 14 days, told 7 before */
    visitor->county->now_ms += 8 * MS_PER_DAY;
    assert_int_equal(today(world, world->wang, &items), 1);
    assert_int_equal(items[0].kind, '1');
    assert_int_equal(items[0].task.number, 0);
    (void)visited(world);
    assert_int_equal(today(world, world->wang, &items), 0);
    visitor_edit(visitor, world->wang, world->home, "situation/manage_class", "C");
    visitor_edit(visitor, world->wang, world->home, "home/hukou_nature", "2");
    visitor->county->now_ms += 80 * MS_PER_DAY; /* quarterly in the country */
    assert_int_equal(today(world, world->wang, &items), 0);
    visitor->county->now_ms += 10 * MS_PER_DAY;
    assert_int_equal(today(world, world->wang, &items), 1);
    assert_int_equal(items[0].kind, '2');
    assert_true(items[0].visited_ms != 0);
    visitor_edit(visitor, world->wang, world->home, "situation/manage_class", "A");
    assert_int_equal(today(world, world->wang, &items), 0); /* yearly */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_visit_begins_with_what_is_known),
        CASE(a_household_is_called_by_its_head),
        CASE(the_second_is_somebody_else),
        CASE(both_sign_with_their_own_keys),
        CASE(whoever_was_not_there_does_not_sign),
        CASE(the_benefit_is_told_when_both_have_signed),
        CASE(tasks_concern_their_assignee_or_anybody),
        CASE(a_visit_closes_its_task),
        CASE(the_last_signature_and_the_end_of_its_task_come_together),
        CASE(nobody_at_home_leaves_the_task_open),
        CASE(households_are_due_by_the_table_of_the_county),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
