/* Drafts: on disk after every write, seen by their owner only, readable by nobody on the disk, and
 * gone in the moment in which they become a change. */
#include "tests/support/visitor.h"

#include "agent/store/drafts.h"
#include "base/file.h"
#include "schema/edit.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static uint64_t add(struct visitor *visitor, struct session *session, const char *text) {
    uint64_t draft = 0;

    visitor_must(visitor, drafts_add(session, VILLAGE_A, view_text(text), &draft, &visitor->err));
    return draft;
}

static void expect(struct visitor *visitor, struct session *session, uint64_t draft,
                   const char *text) {
    struct buf got;

    buf_init(&got, 65536);
    visitor_must(visitor, drafts_get(session, draft, &got, &visitor->err));
    assert_string_equal(buf_text(&got), text);
    buf_release(&got);
}

static uint32_t count_of(struct visitor *visitor, struct session *session) {
    struct kept_draft *list;
    uint32_t count = 0;

    visitor_must(visitor, drafts_list(session, &visitor->arena, &list, &count, &visitor->err));
    return count;
}

static void a_draft_survives_and_belongs_to_its_author(void **state) {
    static const uint64_t area = VILLAGE_A;
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang"), *li;
    uint64_t first = add(visitor, wang, "一"), second, person;
    struct kept_draft *list;
    uint32_t count;
    struct buf got;

    visitor->county->now_ms += 1000;
    second = add(visitor, wang, "two");
    assert_true(first != second);
    visitor->county->now_ms += 1000;
    visitor_must(visitor, drafts_put(wang, first, view_text("一，改了"), &visitor->err));
    visitor_must(visitor, drafts_list(wang, &visitor->arena, &list, &count, &visitor->err));
    assert_int_equal(count, 2);
    assert_int_equal(list[0].draft, first);
    assert_int_equal(list[0].saved_ms - list[0].begun_ms, 2000);
    visitor_must(visitor, session_add_person(wang, view_text("li"), view_text("secret-of-li"),
                                             &area, 1, &person, &visitor->err));
    li = county_session(tablet, "li");
    assert_int_equal(count_of(visitor, li), 0);
    buf_init(&got, 100);
    assert_int_equal(drafts_get(li, first, &got, &visitor->err), RC_NOT_FOUND);
    assert_int_equal(drafts_put(li, first, view_text("x"), &visitor->err), RC_NOT_FOUND);
    assert_int_equal(drafts_remove(li, first, &visitor->err), RC_NOT_FOUND);
    buf_release(&got);
    tablet_close(tablet);
    tablet = county_tablet(visitor->county, visitor_path(visitor, "wang"));
    wang = county_session(tablet, "wang");
    expect(visitor, wang, first, "一，改了");
    expect(visitor, wang, second, "two");
    visitor_must(visitor, drafts_remove(wang, second, &visitor->err));
    assert_int_equal(count_of(visitor, wang), 1);
    assert_true(add(visitor, wang, "three") > second); /* a number is never used again */
    tablet_close(tablet);
}

static void a_draft_is_not_readable_on_the_disk(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    static const char *const files[] = {"tablet.db", "tablet.db-wal"};
    static const char word[] = "plainly-visible-answer";

    add(visitor, wang, word);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char path[FILE_PATH_BYTES_MAX];
        struct buf bytes;

        snprintf(path, sizeof(path), "%s/%s", visitor_path(visitor, "wang"), files[i]);
        buf_init(&bytes, 64u << 20);
        visitor_must(visitor, file_read(path, 64u << 20, &bytes, &visitor->err));
        assert_true(bytes.size > 0);
        assert_null(memmem(bytes.data, bytes.size, word, strlen(word)));
        buf_release(&bytes);
    }
    tablet_close(tablet);
}

/* A change that ends a draft: both or neither. */
static enum rc finish(struct visitor *visitor, struct session *session, uint64_t draft,
                      const char *name, bool commit) {
    const struct form *form = tablet_form_named(session_tablet(session), view_text("household"));
    struct value value = value_of_text(view_text(name));
    const struct instance_id root = {{0, 0}, 0};
    struct change change;
    struct save *save;
    struct edit edit;
    enum rc rc;

    visitor_must(visitor, save_open(session, &save, &visitor->err));
    visitor_must(visitor, edit_start(&edit, CHANGE_CREATE, save_next(save), session_person(session),
                                     form, NULL, NULL, &visitor->arena, &visitor->err));
    visitor_must(visitor, edit_set_area(&edit, VILLAGE_A, &visitor->err));
    visitor_must(visitor,
                 edit_set(&edit, root, form_field_by_path(form, view_text("head/name"))->number,
                          &value, 0, &visitor->err));
    visitor_must(visitor, edit_finish(&edit, view_text(""), &change, &visitor->err));
    visitor_must(visitor, save_add(save, &change, NULL, form, &visitor->err));
    save_ends_draft(save, draft);
    rc = commit ? save_commit(save, &visitor->err) : RC_OK;
    save_close(save);
    return rc;
}

static void a_draft_becomes_a_change_once(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    uint64_t draft = add(visitor, wang, "half filled");

    assert_int_equal(finish(visitor, wang, draft, "赵六", false), RC_OK);
    assert_int_equal(count_of(visitor, wang), 1);
    assert_int_equal(visitor_count(visitor, wang, ""), 0);
    assert_int_equal(finish(visitor, wang, draft, "赵六", true), RC_OK);
    assert_int_equal(count_of(visitor, wang), 0);
    assert_int_equal(visitor_count(visitor, wang, "赵六"), 1);
    /* pressed twice: the second one finds no draft and saves nothing */
    assert_int_equal(finish(visitor, wang, draft, "赵六", true), RC_NOT_FOUND);
    assert_int_equal(visitor_count(visitor, wang, "赵六"), 1);
    visitor_verify(visitor, tablet);
    tablet_close(tablet);
}

static void bounds_are_kept(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    uint64_t draft;
    uint8_t *large = calloc(1, DRAFT_BYTES_MAX + 1);

    assert_non_null(large);
    assert_int_equal(drafts_add(wang, VILLAGE_B, view_text("x"), &draft, &visitor->err), RC_DENIED);
    assert_int_equal(
        drafts_add(wang, VILLAGE_A, view_of(large, DRAFT_BYTES_MAX + 1), &draft, &visitor->err),
        RC_LIMIT);
    visitor_must(visitor, drafts_add(wang, VILLAGE_A, view_of(large, DRAFT_BYTES_MAX), &draft,
                                     &visitor->err));
    free(large);
    tablet_close(tablet);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_draft_survives_and_belongs_to_its_author, visitor_set_up,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(a_draft_is_not_readable_on_the_disk, visitor_set_up,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(a_draft_becomes_a_change_once, visitor_set_up,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(bounds_are_kept, visitor_set_up, visitor_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
