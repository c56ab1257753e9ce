/* test_county.c: tablets and a county in one process: what a person saved arrives once, whatever
 * happens on the way. */
#include "tests/support/realm.h"
#include "tests/support/shell.h"

#include "base/file.h"
#include "schema/edit.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

struct world {
    struct county *county;
    char folder[256];
    struct arena arena;
};

static void must(enum rc rc, const struct err *err) {
    if (rc != RC_OK)
        fail_msg("%s: %s %s", rc_name(rc), err->text, err->detail);
}

static int set_up(void **state) {
    struct world *world = calloc(1, sizeof(*world));
    const char *temporary = getenv("TMPDIR");

    assert_non_null(world);
    snprintf(world->folder, sizeof(world->folder), "%s/yg-county-XXXXXX",
             temporary == NULL ? "/tmp" : temporary);
    assert_non_null(mkdtemp(world->folder));
    world->county = county_new(42);
    arena_init(&world->arena, 64u * 1024u * 1024u);
    county_publish(world->county, "schema/forms/household");
    *state = world;
    return 0;
}

static int tear_down(void **state) {
    struct world *world = *state;
    char command[400];

    county_free(world->county);
    arena_release(&world->arena);
    snprintf(command, sizeof(command), "rm -rf '%s'", world->folder);
    assert_int_equal(shell_run(command), 0);
    free(world);
    return 0;
}

static const char *folder_of(struct world *world, const char *name) {
    return arena_text(&world->arena, "%s/%s", world->folder, name);
}

static struct tablet *enrol(struct world *world, const char *name) {
    static const uint64_t area = COUNTY_AREA;
    struct tablet *tablet = county_enrol(world->county, folder_of(world, name), name, &area, 1);

    county_sync(world->county, tablet, RC_OK, NULL);
    return tablet;
}

static uint16_t number_of(const struct form *form, const char *path) {
    const struct form_field *field = form_field_by_path(form, view_text(path));

    assert_non_null(field);
    return field->number;
}

static const struct instance_id ROOT;

/* A new household of this name; returns its id. */
static struct dot save_new(struct world *world, struct session *session, const char *name) {
    const struct form *form = tablet_form_named(session_tablet(session), view_text("household"));
    struct dot dot = session_next_dot(session);
    struct value value = value_of_text(view_text(name));
    struct change change;
    struct edit edit;
    struct err err;

    err_init(&err, LANG_EN);
    assert_non_null(form);
    must(edit_start(&edit, CHANGE_CREATE, dot, session_person(session), form, NULL, NULL,
                    &world->arena, &err),
         &err);
    must(edit_set_area(&edit, COUNTY_AREA, &err), &err);
    must(edit_set(&edit, ROOT, number_of(form, "head/name"), &value, 0, &err), &err);
    must(edit_finish(&edit, view_text(""), &change, &err), &err);
    must(session_save(session, &change, NULL, form, &err), &err);
    return dot;
}

static void save_edit(struct world *world, struct session *session, struct dot record,
                      const char *path, const char *text) {
    struct seen seen;
    struct value value = value_of_text(view_text(text));
    struct change change;
    struct edit edit;
    struct err err;

    err_init(&err, LANG_EN);
    must(session_see(session, record, &world->arena, &seen, &err), &err);
    must(edit_start(&edit, CHANGE_EDIT, session_next_dot(session), session_person(session),
                    seen.form, &seen.record, &seen.reading, &world->arena, &err),
         &err);
    must(edit_set(&edit, ROOT, number_of(seen.form, path), &value, 0, &err), &err);
    must(edit_finish(&edit, view_text(""), &change, &err), &err);
    must(session_save(session, &change, &seen.record, seen.form, &err), &err);
}

static const char *text_of(struct world *world, const struct reading *reading, const char *path) {
    const struct cell *cell = reading_cell(reading, ROOT, number_of(reading->form, path));
    struct buf text;
    const char *copy;

    if (cell == NULL || cell->kind == CELL_EMPTY)
        return "";
    if (cell->kind == CELL_CONFLICT)
        return "?";
    buf_init(&text, 65536);
    value_text(&cell->value, &text);
    copy = arena_text(&world->arena, "%s", buf_text(&text));
    buf_release(&text);
    return copy;
}

static const char *tablet_text(struct world *world, struct session *session, struct dot record,
                               const char *path) {
    struct seen seen;
    struct err err;

    err_init(&err, LANG_EN);
    must(session_see(session, record, &world->arena, &seen, &err), &err);
    return text_of(world, &seen.reading, path);
}

static const char *county_text(struct world *world, struct dot id, const char *path) {
    struct ledger *ledger = county_read(world->county);
    struct stored_record stored;
    struct record record;
    struct reading reading;
    const char *text;
    struct err err;

    err_init(&err, LANG_EN);
    must(store_record(ledger->store, id, &world->arena, &stored, &err), &err);
    must(ledger_read(ledger, &stored, &world->arena, &record, &reading, &err), &err);
    text = text_of(world, &reading, path);
    ledger_close(ledger);
    return text;
}

static struct store_counts counts(struct world *world) {
    struct ledger *ledger = county_read(world->county);
    struct store_counts out;
    struct err err;

    err_init(&err, LANG_EN);
    must(store_count(ledger->store, &out, &err), &err);
    ledger_close(ledger);
    return out;
}

static void minute(struct world *world) {
    world->county->now_ms += 60000;
}

/* --- the cases --- */

static void recorded_offline_it_arrives_on_the_other_tablet(void **state) {
    struct world *world = *state;
    struct tablet *a = enrol(world, "wang"), *b = enrol(world, "zhang");
    struct session *wang = county_session(a, "wang"), *zhang = county_session(b, "zhang");
    struct dot record = save_new(world, wang, "王桂兰");
    struct sync_report report;

    county_sync(world->county, a, RC_OK, &report);
    assert_int_equal(report.sent, 1);
    county_sync(world->county, b, RC_OK, NULL);
    assert_string_equal(tablet_text(world, zhang, record, "head/name"), "王桂兰");
    assert_string_equal(county_text(world, record, "head/name"), "王桂兰");
    tablet_close(a);
    tablet_close(b);
}

static void a_lost_answer_is_repeated_and_counts_once(void **state) {
    struct world *world = *state;
    struct tablet *a = enrol(world, "wang");
    struct session *wang = county_session(a, "wang");
    struct dot record = save_new(world, wang, "张三");
    struct store_counts before;

    world->county->lose_down = 1;
    county_sync(world->county, a, RC_NETWORK, NULL);
    before = counts(world);
    assert_int_equal(before.changes, 1);
    county_sync(world->county, a, RC_OK, NULL);
    assert_int_equal(counts(world).changes, 1);
    assert_int_equal(counts(world).frames, before.frames);
    assert_string_equal(county_text(world, record, "head/name"), "张三");
    tablet_close(a);
}

static void equal_fields_conflict_and_others_merge(void **state) {
    struct world *world = *state;
    struct tablet *a = enrol(world, "wang"), *b = enrol(world, "zhang");
    struct session *wang = county_session(a, "wang"), *zhang = county_session(b, "zhang");
    struct dot record = save_new(world, wang, "李四");

    county_sync(world->county, a, RC_OK, NULL);
    county_sync(world->county, b, RC_OK, NULL);
    minute(world);
    save_edit(world, wang, record, "head/phone", "13800000001");
    save_edit(world, wang, record, "head/name", "李四一");
    minute(world);
    save_edit(world, zhang, record, "head/phone", "13800000002");
    save_edit(world, zhang, record, "home/group_name", "三组");
    save_edit(world, zhang, record, "head/name", "李四二");
    county_sync(world->county, b, RC_OK, NULL);
    county_sync(world->county, a, RC_OK, NULL);
    county_sync(world->county, b, RC_OK, NULL);
    assert_string_equal(tablet_text(world, wang, record, "head/phone"), "13800000002");
    assert_string_equal(tablet_text(world, zhang, record, "home/group_name"), "三组");
    assert_string_equal(tablet_text(world, wang, record, "home/group_name"), "三组");
    assert_string_equal(tablet_text(world, wang, record, "head/name"), "?");
    assert_string_equal(tablet_text(world, zhang, record, "head/name"), "?");
    assert_string_equal(county_text(world, record, "head/name"), "?");
    assert_int_equal(counts(world).conflicts, 1);
    tablet_close(a);
    tablet_close(b);
}

static void copy_folder(struct world *world, const char *from, const char *to) {
    char command[900];

    snprintf(command, sizeof(command), "cp -a '%s' '%s'", folder_of(world, from),
             folder_of(world, to));
    assert_int_equal(shell_run(command), 0);
}

/* Wang's tablet, closed, and its copy: both go on, each taking itself for the one. */
static void copy_tablet(struct world *world, struct tablet **wang, struct session *session,
                        struct tablet **clone) {
    struct err err;

    err_init(&err, LANG_EN);
    must(session_close(session, &err), &err);
    tablet_close(*wang);
    copy_folder(world, "wang", "clone");
    *wang = county_tablet(world->county, folder_of(world, "wang"));
    *clone = county_tablet(world->county, folder_of(world, "clone"));
}

/* The whole folder is cloned, nonce and all, so that only the county can notice. */
static void a_cloned_tablet_is_noticed_and_nothing_is_lost(void **state) {
    struct world *world = *state;
    struct tablet *a = enrol(world, "wang"), *b;
    struct session *wang = county_session(a, "wang"), *clone;
    struct dot first = save_new(world, wang, "共同的"), one, two;
    struct err err;

    err_init(&err, LANG_EN);
    county_sync(world->county, a, RC_OK, NULL);
    copy_tablet(world, &a, wang, &b);
    wang = county_session(a, "wang");
    clone = county_session(b, "wang");
    one = save_new(world, wang, "原件写的");
    minute(world);
    two = save_new(world, clone, "副本写的");
    save_edit(world, clone, two, "home/group_name", "副本组");
    save_edit(world, clone, first, "home/group_name", "副本也改");
    assert_true(dot_equal(one, two)); /* the same name for two different things */
    county_sync(world->county, a, RC_OK, NULL);
    county_sync(world->county, b, RC_OK, NULL);
    county_sync(world->county, a, RC_OK, NULL);
    county_sync(world->county, b, RC_OK, NULL);
    assert_int_equal(counts(world).records, 3);
    assert_string_equal(county_text(world, one, "head/name"), "原件写的");
    assert_string_equal(tablet_text(world, wang, first, "home/group_name"), "副本也改");
    /* both tablets hold all three, and go on working */
    {
        struct list_query query = {0};
        struct listed *listed = NULL;
        uint32_t count = 0, total = 0;

        must(session_list(wang, &query, &world->arena, &listed, &count, &total, &err), &err);
        assert_int_equal(count, 3);
        must(session_list(clone, &query, &world->arena, &listed, &count, &total, &err), &err);
        assert_int_equal(count, 3);
    }
    save_new(world, wang, "原件又写");
    save_new(world, clone, "副本又写");
    county_sync(world->county, a, RC_OK, NULL);
    county_sync(world->county, b, RC_OK, NULL);
    county_sync(world->county, a, RC_OK, NULL);
    assert_int_equal(counts(world).records, 5);
    tablet_close(a);
    tablet_close(b);
}

/* What is written under numbers that are known to be a copy's bears the copy's name at once. */
static void a_copy_that_knows_its_name_goes_on_writing(void **state) {
    struct world *world = *state;
    struct tablet *a = enrol(world, "wang"), *b;
    struct session *wang = county_session(a, "wang"), *clone;
    struct list_query query = {0};
    struct listed *listed = NULL;
    uint32_t count = 0, total = 0;
    struct seen seen;
    struct err err;

    err_init(&err, LANG_EN);
    copy_tablet(world, &a, wang, &b);
    wang = county_session(a, "wang");
    save_new(world, wang, "原件写的");
    county_sync(world->county, a, RC_OK, NULL);
    clone = county_session(b, "wang");
    save_new(world, clone, "副本写的");
    must(session_close(clone, &err), &err);
    clone = county_session(b, "wang");
    save_new(world, clone, "断电之前写的");
    copy_folder(world, "clone", "crashed"); /* the power goes: this one was not cut for sending */
    tablet_close(b);
    b = county_tablet(world->county, folder_of(world, "crashed"));
    county_sync(world->county, b, RC_OK, NULL); /* locked */
    clone = county_session(b, "wang");
    save_new(world, clone, "知道以后写的");
    for (int round = 0; round < 2; round++) {
        must(session_list(clone, &query, &world->arena, &listed, &count, &total, &err), &err);
        assert_int_equal(count, round == 0 ? 3 : 4);
        for (uint32_t i = 0; i < count; i++)
            must(session_see(clone, listed[i].id, &world->arena, &seen, &err), &err);
        county_sync(world->county, b, RC_OK, NULL);
        county_sync(world->county, b, RC_OK, NULL);
    }
    tablet_close(a);
    tablet_close(b);
}

/* Leaves out what the tablet sends: as if its disk had not let it cut a batch. */
static enum rc mute_exchange(void *context, const char *path, struct view body, struct buf *answer,
                             struct link_result *result, struct err *err) {
    struct county *county = context;
    struct reader parts;
    struct part part;
    struct buf rest;
    enum rc rc = exchange_open(body, &parts, err);

    buf_init(&rest, LIMIT_EXCHANGE_BYTES);
    exchange_start(&rest);
    while (rc == RC_OK && (rc = exchange_next(&parts, &part, err)) == RC_OK)
        if (part.kind != PART_BATCH)
            exchange_add_part(&rest, part.kind, part.content);
    if (rc == RC_NOT_FOUND)
        rc =
            county->link.exchange(county->link.context, path, buf_view(&rest), answer, result, err);
    buf_release(&rest);
    return rc;
}

/* What it had taken under its own numbers was another copy's. It reads the feeds anew when it is
 * told so, and the answer that tells it goes on from where it had been. */
static void a_copy_reads_anew_when_it_learns_its_name(void **state) {
    struct world *world = *state;
    struct tablet *a = enrol(world, "wang"), *b;
    struct session *wang = county_session(a, "wang"), *clone;
    struct list_query query = {0};
    struct listed *listed = NULL;
    struct link mute = {world->county, mute_exchange};
    struct sync_report report;
    uint32_t count = 0, total = 0;
    struct dot one, two;
    struct err err;

    err_init(&err, LANG_EN);
    copy_tablet(world, &a, wang, &b);
    wang = county_session(a, "wang");
    one = save_new(world, wang, "原件写的");
    county_sync(world->county, a, RC_OK, NULL);
    clone = county_session(b, "wang");
    two = save_new(world, clone, "副本写的");
    assert_true(dot_equal(one, two));
    must(sync_run(b, &mute, NULL, &report, &err), &err);
    save_new(world, wang, "原件又写");
    county_sync(world->county, a, RC_OK, NULL);
    county_sync(world->county, b, RC_OK, NULL);
    must(session_list(clone, &query, &world->arena, &listed, &count, &total, &err), &err);
    assert_int_equal(count, 3);
    assert_int_equal(counts(world).records, 3);
    tablet_close(a);
    tablet_close(b);
}

/* A name that the county has told for some numbers is not the last word for those that it has not
 * seen: what is written about one's own is about one's own, whatever it is called in the end. */
static void a_copy_of_a_copy_edits_what_is_its_own(void **state) {
    struct world *world = *state;
    struct tablet *a = enrol(world, "wang"), *b, *c;
    struct session *wang = county_session(a, "wang"), *clone, *other;
    struct list_query query = {0};
    struct listed *listed = NULL;
    uint32_t count = 0, total = 0, edited = 0;
    struct dot mine;
    struct err err;

    err_init(&err, LANG_EN);
    must(session_close(wang, &err), &err);
    tablet_close(a);
    copy_folder(world, "wang", "clone");
    b = county_tablet(world->county, folder_of(world, "clone"));
    clone = county_session(b, "wang");
    save_new(world, clone, "副本写的");
    must(session_close(clone, &err), &err);
    tablet_close(b);
    copy_folder(world, "clone", "other");
    a = county_tablet(world->county, folder_of(world, "wang"));
    b = county_tablet(world->county, folder_of(world, "clone"));
    c = county_tablet(world->county, folder_of(world, "other"));
    wang = county_session(a, "wang");
    save_new(world, wang, "原件写的");
    county_sync(world->county, a, RC_OK, NULL);
    /* both copies have the first number of a copy, and give the second to something else */
    clone = county_session(b, "wang");
    mine = save_new(world, clone, "我的");
    copy_folder(world, "clone", "crashed"); /* the power goes: it was not cut for sending */
    tablet_close(b);
    b = county_tablet(world->county, folder_of(world, "crashed"));
    county_sync(world->county, b, RC_OK, NULL); /* locked: learns the name of the first */
    other = county_session(c, "wang");
    save_new(world, other, "别人的");
    county_sync(world->county, c, RC_OK, NULL);
    clone = county_session(b, "wang");
    must(session_list(clone, &query, &world->arena, &listed, &count, &total, &err), &err);
    for (uint32_t i = 0; i < count; i++)
        if (listed[i].pending &&
            strcmp(tablet_text(world, clone, listed[i].id, "head/name"), "我的") == 0)
            mine = listed[i].id;
    save_edit(world, clone, mine, "home/group_name", "我的组");
    for (int round = 0; round < 3; round++) {
        county_sync(world->county, b, RC_OK, NULL);
        county_sync(world->county, a, RC_OK, NULL);
    }
    must(session_list(wang, &query, &world->arena, &listed, &count, &total, &err), &err);
    assert_int_equal(count, 4);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = tablet_text(world, wang, listed[i].id, "head/name");

        if (strcmp(tablet_text(world, wang, listed[i].id, "home/group_name"), "我的组") != 0)
            continue;
        assert_string_equal(name, "我的");
        edited++;
    }
    assert_int_equal(edited, 1);
    tablet_close(a);
    tablet_close(b);
    tablet_close(c);
}

/* What it had locked is at the county, where another copy has gone on under the same numbers as
 * what a power cut has kept from being sent: until the names of that are known, nothing of the
 * other copy's is to be seen, or somebody would write into it. */
static void a_copy_sees_nothing_under_names_of_its_own(void **state) {
    struct world *world = *state;
    struct tablet *a = enrol(world, "wang"), *b;
    struct session *wang = county_session(a, "wang"), *clone;
    struct list_query query = {0};
    struct listed *listed = NULL;
    uint32_t count = 0, total = 0;
    struct sync_report report;
    struct err err;

    err_init(&err, LANG_EN);
    save_new(world, wang, "一");
    must(session_close(wang, &err), &err);
    tablet_close(a);
    copy_folder(world, "wang", "clone");
    b = county_tablet(world->county, folder_of(world, "clone"));
    clone = county_session(b, "wang");
    save_new(world, clone, "副本二");
    save_new(world, clone, "副本三");
    county_sync(world->county, b, RC_OK, NULL);
    a = county_tablet(world->county, folder_of(world, "wang"));
    wang = county_session(a, "wang");
    save_new(world, wang, "原件二");
    copy_folder(world, "wang", "crashed"); /* the power goes: this one was not cut for sending */
    tablet_close(a);
    a = county_tablet(world->county, folder_of(world, "crashed"));
    county_sync(world->county, a, RC_OK, &report); /* locked */
    assert_int_equal(report.sent, 1);
    wang = county_session(a, "wang");
    must(session_list(wang, &query, &world->arena, &listed, &count, &total, &err), &err);
    assert_int_equal(count, 2);
    for (int round = 0; round < 2; round++) {
        county_sync(world->county, a, RC_OK, NULL);
        county_sync(world->county, b, RC_OK, NULL);
    }
    must(session_list(wang, &query, &world->arena, &listed, &count, &total, &err), &err);
    assert_int_equal(count, 4);
    assert_int_equal(counts(world).records, 4);
    tablet_close(a);
    tablet_close(b);
}

static void an_own_change_comes_back_as_a_number(void **state) {
    struct world *world = *state;
    struct tablet *a = enrol(world, "wang");
    struct session *wang = county_session(a, "wang");
    struct sync_report many, none;

    for (int i = 0; i < 200; i++)
        save_new(world, wang, "同名户主很长的名字");
    county_sync(world->county, a, RC_OK, &many);
    assert_int_equal(many.sent, 200);
    assert_true(many.bytes_down < 1200);
    county_sync(world->county, a, RC_OK, &none);
    assert_int_equal(none.requests, 1);
    assert_true(none.bytes_up + none.bytes_down < 260); /* without HTTP heads */
    tablet_close(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(recorded_offline_it_arrives_on_the_other_tablet, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_lost_answer_is_repeated_and_counts_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(equal_fields_conflict_and_others_merge, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cloned_tablet_is_noticed_and_nothing_is_lost, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_copy_that_knows_its_name_goes_on_writing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_copy_reads_anew_when_it_learns_its_name, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_copy_sees_nothing_under_names_of_its_own, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_copy_of_a_copy_edits_what_is_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_own_change_comes_back_as_a_number, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
