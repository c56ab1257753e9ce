/* test_redact.c: what the law erases is nowhere any more: not in the county's log, feeds, states
 * and files, not on the tablets, not in what they print; and no restore and no tablet brings it
 * back. */
#include "tests/support/clerk.h"

#include "agent/store/inside.h"
#include "base/file.h"
#include "schema/erasure.h"
#include "syncd/sync/redactions.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define SECRET "Wang-Guilan-13912345678"
#define OTHER  "Wang-Guilan-the-second"

/* --- where a text may be --- */

struct search {
    struct arena arena;
    struct zip_inflater *inflater;
    const char *text;
    uint32_t found;  /* places with the text */
    uint32_t secret; /* frames with secrets of runs */
    struct ledger *ledger;
};

static void search_in(struct search *search, struct view bytes) {
    search->found += memmem(bytes.data, bytes.size, search->text, strlen(search->text)) != NULL;
}

static void search_frame(struct search *search, struct view bytes) {
    struct frame_head head;
    struct frame frame;
    struct buf canonical;
    struct err err;

    err_init(&err, LANG_EN);
    arena_reset(&search->arena);
    buf_init(&canonical, LIMIT_CHANGE_BYTES + 1);
    clerk_must(frame_peek(bytes, &head, &err), &err);
    search->secret += !head.one_by_one;
    clerk_must(frame_decode(bytes, search->inflater, &search->arena, &frame, &err), &err);
    for (uint32_t i = 0; i < frame.count; i++) {
        buf_clear(&canonical);
        clerk_must(change_encode(&frame.changes[i].change, &canonical, &err), &err);
        search_in(search, buf_view(&canonical));
    }
    buf_release(&canonical);
}

static enum rc frame_visit(void *context, const struct stored_frame *frame, struct err *err) {
    (void)err;
    search_frame(context, frame->bytes);
    return RC_OK;
}

static enum rc entry_visit(void *context, const struct stored_entry *entry, struct err *err) {
    (void)err;
    if (entry->entry.kind == FEED_FRAME)
        search_frame(context, entry->entry.content);
    else
        search_in(context, entry->entry.content);
    return RC_OK;
}

static enum rc feed_visit(void *context, const struct stored_feed *feed, struct err *err) {
    struct search *search = context;

    return store_entries(search->ledger->store, feed->area, feed->audience, 0, entry_visit, search,
                         err);
}

static enum rc record_visit(void *context, const struct stored_record *record, struct err *err) {
    (void)err;
    search_in(context, record->packed);
    search_in(context, record->title);
    return RC_OK;
}

static void search_file(struct search *search, const char *path) {
    struct buf bytes;
    struct err err;

    err_init(&err, LANG_EN);
    buf_init(&bytes, 64u * 1024u * 1024u);
    if (file_exists(path)) {
        clerk_must(file_read(path, 64u * 1024u * 1024u, &bytes, &err), &err);
        search_in(search, buf_view(&bytes));
    }
    buf_release(&bytes);
}

/* In how many places of the county the text stands. */
static uint32_t places(struct clerk *world, const char *text) {
    const struct office *office = service_office(world->service);
    const uint64_t everywhere = 0;
    struct search search = {.text = text};
    struct err err;

    err_init(&err, LANG_EN);
    arena_init(&search.arena, 64u * 1024u * 1024u);
    clerk_must(zip_inflater_new(&search.inflater, &err), &err);
    clerk_must(office->borrow(office->context, &search.ledger, &err), &err);
    clerk_must(store_frames(search.ledger->store, 0, frame_visit, &search, &err), &err);
    clerk_must(
        store_feeds(search.ledger->store, &everywhere, 1, UINT8_MAX, feed_visit, &search, &err),
        &err);
    clerk_must(store_list(search.ledger->store, view_text(""), 0, (struct dot){0, 0}, record_visit,
                          &search, &err),
               &err);
    office->give_back(office->context, search.ledger);
    search_file(&search, arena_text(&world->arena, "%s/county.db", world->data));
    search_file(&search, arena_text(&world->arena, "%s/county.db-wal", world->data));
    search_file(&search, arena_text(&world->arena, "%s/redactions", world->data));
    arena_release(&search.arena);
    zip_inflater_free(search.inflater);
    return search.found;
}

/* How many frames of the log or the feeds hold secrets of runs. */
static uint32_t secrets(struct clerk *world) {
    const struct office *office = service_office(world->service);
    struct search search = {.text = SECRET};
    struct err err;

    err_init(&err, LANG_EN);
    arena_init(&search.arena, 64u * 1024u * 1024u);
    clerk_must(zip_inflater_new(&search.inflater, &err), &err);
    clerk_must(office->borrow(office->context, &search.ledger, &err), &err);
    clerk_must(store_frames(search.ledger->store, 0, frame_visit, &search, &err), &err);
    office->give_back(office->context, search.ledger);
    arena_release(&search.arena);
    zip_inflater_free(search.inflater);
    return search.secret;
}

/* --- on a tablet --- */

static const struct cell *sees(struct clerk *world, struct session *session, const char *record,
                               const char *path, struct seen *seen) {
    struct instance_id instance;
    struct dot id;
    uint16_t field;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(dot_parse(view_text(record), &id, &err), &err);
    clerk_must(session_see(session, id, &world->arena, seen, &err), &err);
    clerk_must(answers_path(seen->form, &seen->reading, view_text(path), &instance, &field, &err),
               &err);
    return reading_cell(&seen->reading, instance, field);
}

static enum rc own_visit(void *context, const struct own_change *change, struct err *err) {
    (void)err;
    search_in(context, change->canonical);
    return RC_OK;
}

static uint32_t own_places(struct tablet *tablet, const char *text) {
    struct search search = {.text = text};
    bool readable;
    struct err err;

    err_init(&err, LANG_EN);
    for (uint32_t i = 0; i < tablet_actor_count(tablet); i++)
        clerk_must(tablet_own_changes(tablet, tablet_actor(tablet, i), 1, own_visit, &search,
                                      &readable, &err),
                   &err);
    return search.found;
}

static void tablet_is_whole(struct tablet *tablet) {
    struct tablet_verified verified;
    struct buf problems;
    struct err err;

    err_init(&err, LANG_EN);
    buf_init(&problems, 65536);
    clerk_must(tablet_verify(tablet, NULL, NULL, &problems, &verified, &err), &err);
    if (verified.problems != 0)
        fail_msg("%s", buf_text(&problems));
    buf_release(&problems);
}

static void all_is_whole(struct clerk *world) {
    RUNS(world, 0, "verify");
    tablet_is_whole(world->a);
    tablet_is_whole(world->b);
}

/* --- a field --- */

static void a_field_is_gone_everywhere(void **state) {
    struct clerk *world = *state;
    const char *record, *other;
    struct seen seen;

    clerk_begin(world);
    clerk_user(world, "Li Si", "county");
    record = clerk_new(world, world->wang, CLERK_HOME(SECRET));
    other = clerk_new(world, world->wang, CLERK_HOME("Zhao Liu"));
    clerk_sync(world);
    clerk_edit(world, world->zhang, record, "name", OTHER);
    clerk_edit(world, world->wang, record, "pigs", "8");
    clerk_sync(world);
    assert_true(places(world, SECRET) > 0 && places(world, OTHER) > 0);
    assert_true(secrets(world) > 0);

    RUNS(world, 2, "redact", record, "name");
    RUNS(world, 1, "redact", record, "nothing", "--reason", "x");
    RUNS(world, 1, "redact", record, "@area", "--reason", "x");
    RUNS(world, 0, "redact", record, "name", "--as", "Li Si", "--reason", "asked for it");
    SAYS(world->err, "2 changes");
    assert_int_equal(places(world, SECRET), 0);
    assert_int_equal(places(world, OTHER), 0);
    RUNS(world, 0, "verify");
    RUNS(world, 0, "show", record);
    SAYS(world->out, "erased by law on");
    SAYS(world->out, "by Li Si: asked for it");
    RUNS(world, 0, "show", record, "--json");
    SAYS(world->out, "\"erased\": true");
    SAYS(world->out, "\"pigs\": 8");
    RUNS(world, 0, "show", other);
    SAYS(world->out, "Zhao Liu");
    RUNS(world, 0, "history", record);
    SAYS(world->out, "erased by law");
    KEEPS_QUIET(world->out, "Guilan");
    RUNS(world, 0, "export", "--form", "home", "--csv");
    SAYS(world->out, "(erased by law)");
    KEEPS_QUIET(world->out, "Guilan");
    RUNS(world, 0, "export", "--form", "home", "--json");
    KEEPS_QUIET(world->out, "Guilan");
    RUNS(world, 0, "records");
    KEEPS_QUIET(world->out, "Guilan");
    RUNS(world, 0, "conflicts");
    KEEPS_QUIET(world->out, record);
    RUNS(world, 0, "log");
    SAYS(world->out, "redact");
    SAYS(world->out, "asked for it");

    /* nothing is left of it; asking again does no harm */
    RUNS(world, 0, "redact", record, "name", "--reason", "again");
    SAYS(world->err, "nothing of it was left");

    assert_true(own_places(world->a, SECRET) > 0 && own_places(world->b, OTHER) > 0);
    clerk_sync(world);
    assert_int_equal(own_places(world->a, SECRET), 0);
    assert_int_equal(own_places(world->b, OTHER), 0);
    assert_int_equal(sees(world, world->wang, record, "name", &seen)->kind, CELL_ERASED);
    assert_int_equal(sees(world, world->zhang, record, "name", &seen)->kind, CELL_ERASED);
    assert_int_equal(seen.reading.conflict_count, 0);
    assert_true(sees(world, world->zhang, record, "pigs", &seen)->value.number == 8);
    all_is_whole(world);

    /* what is written from now on is a fact like any other */
    clerk_edit(world, world->wang, record, "name", "W.");
    clerk_sync(world);
    RUNS(world, 0, "show", record);
    SAYS(world->out, "W.");
    KEEPS_QUIET(world->out, "erased");
    assert_int_equal(sees(world, world->zhang, record, "name", &seen)->kind, CELL_VALUE);
    all_is_whole(world);
}

static void what_is_written_without_knowing_counts(void **state) {
    struct clerk *world = *state;
    const char *record;

    clerk_begin(world);
    record = clerk_new(world, world->wang, CLERK_HOME(SECRET));
    clerk_sync(world);
    clerk_edit(world, world->zhang, record, "name", "Liu"); /* offline */
    RUNS(world, 0, "redact", record, "name", "--reason", "request");
    clerk_sync(world);
    RUNS(world, 0, "show", record);
    SAYS(world->out, "Liu");
    assert_int_equal(places(world, SECRET), 0);
    all_is_whole(world);
}

static void a_whole_record_or_an_instance(void **state) {
    struct clerk *world = *state;
    const char *record, *second, *path;
    struct seen seen;

    clerk_begin(world);
    record = clerk_new(world, world->wang, CLERK_HOME(SECRET));
    second = clerk_new(world, world->zhang, CLERK_HOME("Zhao Liu"));
    clerk_sync(world);
    RUNS(world, 0, "redact", record, "--reason", "request");
    assert_int_equal(places(world, SECRET), 0);
    RUNS(world, 0, "show", record);
    KEEPS_QUIET(world->out, "=1+1");
    (void)sees(world, world->zhang, second, "name", &seen);
    path = arena_text(&world->arena, "member[%s.1]/called", second);
    RUNS(world, 0, "redact", second, path, "--reason", "request");
    RUNS(world, 0, "show", second);
    SAYS(world->out, "Zhao Liu");
    SAYS(world->out, "100");
    KEEPS_QUIET(world->out, "=1+1");
    RUNS(world, 0, "redact", second, "member", "--reason", "request");
    RUNS(world, 0, "show", second);
    KEEPS_QUIET(world->out, "100");
    clerk_sync(world);
    all_is_whole(world);
}

/* What has not come back in a feed is listed as its author saved it: also that is erased. */
static void the_list_of_a_tablet_forgets_it(void **state) {
    struct clerk *world = *state;
    const char *record;
    struct list_query query = {0};
    struct listed *listed = NULL;
    struct erasure erasure = {.who = view_text("Li Si"), .reason = view_text("request")};
    uint32_t count = 0, total = 0;
    struct dot dot;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    record = clerk_new(world, world->wang, CLERK_HOME(SECRET));
    clerk_must(dot_parse(view_text(record), &dot, &err), &err);
    erasure.dots = &dot;
    erasure.dot_count = 1;
    clerk_must(tablet_begin(world->a, &err), &err);
    clerk_must(tablet_redact_own(world->a, &erasure, &err), &err);
    clerk_must(tablet_commit(world->a, &err), &err);
    for (int opened = 0; opened < 2; opened++) {
        clerk_must(session_list(world->wang, &query, &world->arena, &listed, &count, &total, &err),
                   &err);
        assert_int_equal(count, 1);
        assert_null(strstr(arena_text(&world->arena, "%.*s", VIEW_PRINT(listed[0].title)), SECRET));
        query.search = view_text(SECRET);
        clerk_must(session_list(world->wang, &query, &world->arena, &listed, &count, &total, &err),
                   &err);
        assert_int_equal(count, 0);
        query.search = (struct view){0};
        clerk_must(session_close(world->wang, &err), &err);
        world->wang = county_session(world->a, "wang");
    }
    tablet_is_whole(world->a);
}

/* --- a restore of an older backup --- */

static void copy_file(const char *from, const char *to) {
    struct buf bytes;
    struct err err;

    err_init(&err, LANG_EN);
    buf_init(&bytes, 64u * 1024u * 1024u);
    clerk_must(file_read(from, 64u * 1024u * 1024u, &bytes, &err), &err);
    clerk_must(file_write(to, buf_view(&bytes), FILE_MODE_PRIVATE, &err), &err);
    buf_release(&bytes);
}

/* With the list of what was erased by law, which lies beside the backup. */
static uint32_t restore(struct clerk *world, const char *file, const char *name) {
    const char *folder = clerk_path(world, name);
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(file_make_directory(folder, &err), &err);
    copy_file(clerk_path(world, "county/redactions"),
              arena_text(&world->arena, "%s/redactions", folder));
    return clerk_restore(world, file, name);
}

static void an_older_backup_does_not_bring_it_back(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "old.backup"), *first, *second, *third;
    struct seen seen;

    clerk_begin(world);
    first = clerk_new(world, world->wang, CLERK_HOME(SECRET));
    clerk_sync(world);
    RUNS(world, 0, "backup", file);
    RUNS(world, 0, "backup", "confirm", file);
    /* two that the backup does not hold, of a tablet that will not hear of the erasures in time */
    second = clerk_new(world, world->zhang, CLERK_HOME(OTHER));
    third = clerk_new(world, world->zhang, CLERK_HOME(OTHER));
    clerk_sync(world);
    RUNS(world, 0, "redact", first, "name", "--reason", "request");
    RUNS(world, 0, "redact", second, "name", "--reason", "request");
    RUNS(world, 0, "redact", third, "name", "--reason", "request");
    assert_int_equal(restore(world, file, "again"), 3);
    assert_int_equal(places(world, SECRET), 0);
    RUNS(world, 0, "show", first);
    SAYS(world->out, "erased by law on");
    RUNS(world, 0, "log");
    SAYS(world->out, "redact again");
    RUNS(world, 0, "verify");

    /* the tablets still have all of it, and send it */
    assert_true(own_places(world->a, SECRET) > 0 && own_places(world->b, OTHER) > 0);
    clerk_sync(world);
    clerk_sync(world);
    clerk_sync(world);
    RUNS(world, 0, "show", second);
    SAYS(world->out, "erased by law on");
    RUNS(world, 0, "show", third);
    SAYS(world->out, "erased by law on");
    assert_int_equal(places(world, SECRET), 0);
    assert_int_equal(places(world, OTHER), 0);
    assert_int_equal(own_places(world->b, OTHER), 0); /* he had not heard of it */
    assert_int_equal(own_places(world->a, SECRET), 0);
    assert_int_equal(sees(world, world->wang, first, "name", &seen)->kind, CELL_ERASED);
    assert_int_equal(sees(world, world->zhang, first, "name", &seen)->kind, CELL_ERASED);
    all_is_whole(world);
}

/* After the restore nobody knows that the copy's numbers have a name of their own. They come as the
 * other's, and in the same runs as what it wrote. */
static void a_copy_does_not_bring_it_back(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "old.backup"), *record;
    struct session *first, *second;
    struct tablet *tablet, *copy;
    const uint64_t area = COUNTY_AREA;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    tablet = county_enrol(world->county, clerk_path(world, "chen"), "chen", &area, 1);
    tablet_close(tablet);
    clerk_copy(world, "chen", "copy");
    tablet = county_tablet(world->county, clerk_path(world, "chen"));
    copy = county_tablet(world->county, clerk_path(world, "copy"));
    county_sync(world->county, tablet, RC_OK, NULL);
    county_sync(world->county, copy, RC_OK, NULL);
    RUNS(world, 0, "backup", file);
    first = county_session(tablet, "chen");
    second = county_session(copy, "chen");
    clerk_new(world, first, CLERK_HOME("another"));
    clerk_new(world, second, CLERK_HOME(SECRET));
    county_sync(world->county, tablet, RC_OK, NULL);
    county_sync(world->county, copy, RC_OK, NULL);
    record = clerk_own_name(world, copy, 1);
    assert_string_not_equal(record, clerk_own_name(world, tablet, 1));
    RUNS(world, 0, "redact", record, "name", "--reason", "request");
    assert_int_equal(places(world, SECRET), 0);
    assert_int_equal(restore(world, file, "again"), 1);
    county_sync(world->county, tablet, RC_OK, NULL);
    for (int i = 0; i < 3; i++) {
        county_sync(world->county, copy, RC_OK, NULL);
        county_sync(world->county, tablet, RC_OK, NULL);
    }
    RUNS(world, 0, "show", record);
    SAYS(world->out, "erased by law on");
    assert_int_equal(places(world, SECRET), 0);
    assert_int_equal(own_places(copy, SECRET), 0);
    assert_int_equal(secrets(world), 0);
    RUNS(world, 0, "verify");
    tablet_is_whole(tablet);
    tablet_is_whole(copy);
    tablet_close(tablet);
    tablet_close(copy);
}

static void the_file_is_believed_only_whole(void **state) {
    struct clerk *world = *state;
    const char *path, *record;
    struct ordered_redaction *list = NULL;
    struct keys keys;
    struct buf bytes;
    uint32_t count = 0;
    struct err err;

    clerk_begin(world);
    record = clerk_new(world, world->wang, CLERK_HOME(SECRET));
    clerk_sync(world);
    RUNS(world, 0, "redact", record, "name", "--reason", "one");
    RUNS(world, 0, "redact", record, "phone", "--reason", "two");
    path = arena_text(&world->arena, "%s/redactions", world->data);
    err_init(&err, LANG_EN);
    clerk_must(keys_read(world->data, &keys, &err), &err);
    clerk_must(redactions_read(path, &keys, &world->arena, &list, &count, &err), &err);
    assert_int_equal(count, 2);
    buf_init(&bytes, 65536);
    clerk_must(file_read(path, 65536, &bytes, &err), &err);
    /* a crash at its end */
    clerk_must(
        file_write(path, view_slice(buf_view(&bytes), 0, bytes.size - 3), FILE_MODE_PRIVATE, &err),
        &err);
    clerk_must(redactions_read(path, &keys, &world->arena, &list, &count, &err), &err);
    assert_int_equal(count, 1);
    clerk_must(redactions_add(path, &keys, list[0].record, view_text("more"), &err), &err);
    clerk_must(redactions_read(path, &keys, &world->arena, &list, &count, &err), &err);
    assert_int_equal(count, 2);
    /* somebody's hand in the middle */
    bytes.data[30] ^= 1;
    clerk_must(file_write(path, buf_view(&bytes), FILE_MODE_PRIVATE, &err), &err);
    assert_int_equal(redactions_read(path, &keys, &world->arena, &list, &count, &err), RC_CORRUPT);
    buf_release(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_field_is_gone_everywhere, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(what_is_written_without_knowing_counts, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_whole_record_or_an_instance, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(the_list_of_a_tablet_forgets_it, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(an_older_backup_does_not_bring_it_back, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_copy_does_not_bring_it_back, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(the_file_is_believed_only_whole, clerk_set_up,
                                        clerk_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
