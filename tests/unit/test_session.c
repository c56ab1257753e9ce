/* test_session.c: who may see what on a tablet: secrets, persons, areas, and what lies on the disk.
 */
#include "tests/support/visitor.h"

#include "base/file.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static enum rc open_as(struct visitor *visitor, struct tablet *tablet, const char *name,
                       const char *secret) {
    struct session *session = NULL;
    enum rc rc = session_open(tablet, view_text(name), view_text(secret), &session, &visitor->err);

    if (rc == RC_OK)
        visitor_must(visitor, session_close(session, &visitor->err));
    else
        assert_null(session);
    return rc;
}

static void a_wrong_secret_opens_nothing_and_is_counted(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);

    assert_int_equal(open_as(visitor, tablet, "wang", "not the secret"), RC_DENIED);
    assert_int_equal(open_as(visitor, tablet, "wang", ""), RC_DENIED);
    assert_int_equal(open_as(visitor, tablet, "zhao", "secret-of-wang"), RC_NOT_FOUND);
    assert_true(tablet_locked(tablet));
    for (int i = 0; i < 9; i++)
        assert_int_equal(open_as(visitor, tablet, "wang", "guess"), RC_DENIED);
    /* Now even the right one has to wait, also after a restart, and longer every time. */
    assert_int_equal(open_as(visitor, tablet, "wang", "secret-of-wang"), RC_AGAIN);
    tablet_close(tablet);
    tablet = county_tablet(visitor->county, visitor_path(visitor, "wang"));
    assert_int_equal(open_as(visitor, tablet, "wang", "secret-of-wang"), RC_AGAIN);
    visitor->county->now_ms += 1100;
    assert_int_equal(open_as(visitor, tablet, "wang", "guess"), RC_DENIED);
    visitor->county->now_ms += 1100;
    assert_int_equal(open_as(visitor, tablet, "wang", "secret-of-wang"), RC_AGAIN);
    visitor->county->now_ms += 1000;
    assert_int_equal(open_as(visitor, tablet, "", "secret-of-wang"), RC_OK);
    assert_int_equal(open_as(visitor, tablet, "wang", "guess"), RC_DENIED);
    assert_int_equal(open_as(visitor, tablet, "wang", "secret-of-wang"), RC_OK);
    tablet_close(tablet);
}

static void a_clock_set_back_does_not_lock_anybody_out(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);

    for (int i = 0; i < 11; i++)
        (void)open_as(visitor, tablet, "wang", "guess");
    assert_int_equal(open_as(visitor, tablet, "wang", "secret-of-wang"), RC_AGAIN);
    visitor->county->now_ms -= INT64_C(2) * 365 * 86400000;
    assert_int_equal(open_as(visitor, tablet, "wang", "secret-of-wang"), RC_OK);
    tablet_close(tablet);
}

static struct session *add_person(struct visitor *visitor, struct session *by, const char *name,
                                  const uint64_t *areas, uint32_t count) {
    char secret[80];
    uint64_t person;

    snprintf(secret, sizeof(secret), "secret-of-%s", name);
    visitor_must(visitor, session_add_person(by, view_text(name), view_text(secret), areas, count,
                                             &person, &visitor->err));
    return county_session(session_tablet(by), name);
}

static void two_persons_see_their_own_areas_only(void **state) {
    static const uint64_t only_b = VILLAGE_B;
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 2);
    struct session *wang = county_session(tablet, "wang"), *li;
    struct dot in_a = visitor_save(visitor, wang, VILLAGE_A, "甲村的");
    struct dot in_b = visitor_save(visitor, wang, VILLAGE_B, "乙村的"), third;
    struct seen seen;

    li = add_person(visitor, wang, "li", &only_b, 1);
    assert_int_equal(visitor_count(visitor, wang, ""), 2);
    assert_int_equal(visitor_count(visitor, li, ""), 1);
    assert_string_equal(visitor_text(visitor, li, in_b, "head/name"), "乙村的");
    assert_int_equal(session_see(li, in_a, &visitor->arena, &seen, &visitor->err), RC_NOT_FOUND);
    assert_false(session_may(li, VILLAGE_A));
    assert_int_equal(visitor_try_save(visitor, li, VILLAGE_A, "不许"), RC_DENIED);
    /* What one saves the other sees at once, if it is his. */
    third = visitor_save(visitor, li, VILLAGE_B, "李记的");
    assert_string_equal(visitor_text(visitor, wang, third, "head/name"), "李记的");
    assert_string_equal((const char *)session_author(wang, session_person(wang)).data, "wang");
    /* The name is taken; areas beyond one's own cannot be given away. */
    {
        static const uint64_t both[] = {VILLAGE_A, VILLAGE_B};
        uint64_t person;

        assert_int_equal(session_add_person(li, view_text("wang"), view_text("longsecret"), NULL, 0,
                                            &person, &visitor->err),
                         RC_CONFLICT);
        assert_int_equal(session_add_person(li, view_text("zhao"), view_text("longsecret"), both, 2,
                                            &person, &visitor->err),
                         RC_DENIED);
        assert_int_equal(session_add_person(li, view_text("zhao"), view_text("short"), NULL, 0,
                                            &person, &visitor->err),
                         RC_INVALID);
    }
    visitor_must(visitor, session_close(wang, &visitor->err));
    visitor_must(visitor, session_close(li, &visitor->err));
    /* Unlocked by one who may not read the other village, all is still sent and taken. */
    li = county_session(tablet, "li");
    county_sync(visitor->county, tablet, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, tablet).unsent, 0);
    assert_int_equal(visitor_count(visitor, li, ""), 2);
    visitor_must(visitor, session_close(li, &visitor->err));
    assert_true(visitor_status(visitor, tablet).inbox > 0);
    wang = county_session(tablet, "wang");
    assert_int_equal(visitor_status(visitor, tablet).inbox, 0);
    assert_int_equal(visitor_count(visitor, wang, ""), 3);
    visitor_verify(visitor, tablet);
    tablet_close(tablet);
}

static void lists_and_search(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 2);
    struct session *wang = county_session(tablet, "wang");
    struct dot first = visitor_save(visitor, wang, VILLAGE_A, "Zhang Wei"), second;
    struct list_query query = {.limit = 1};
    struct listed *listed;
    uint32_t count, total;

    second = visitor_save(visitor, wang, VILLAGE_B, "𠮷田一郎");
    assert_int_equal(visitor_count(visitor, wang, "zhang"), 1);
    assert_int_equal(visitor_count(visitor, wang, "WEI  zh"), 1);
    assert_int_equal(visitor_count(visitor, wang, "𠮷田"), 1);
    assert_int_equal(visitor_count(visitor, wang, "zhang 𠮷"), 0);
    visitor_must(visitor, session_list(wang, &query, &visitor->arena, &listed, &count, &total,
                                       &visitor->err));
    assert_int_equal(count, 1);
    assert_int_equal(total, 2);
    assert_true(dot_equal(listed[0].id, second)); /* newest first */
    assert_true(listed[0].pending);
    query = (struct list_query){.area = VILLAGE_A, .form_name = view_text("household")};
    visitor_must(visitor, session_list(wang, &query, &visitor->arena, &listed, &count, &total,
                                       &visitor->err));
    assert_int_equal(count, 1);
    assert_true(dot_equal(listed[0].id, first));
    assert_true(view_is(listed[0].title, "Zhang Wei"));
    visitor_edit(visitor, wang, first, "head/name", "Zhang Yi");
    assert_int_equal(visitor_count(visitor, wang, "wei"), 0);
    assert_int_equal(visitor_count(visitor, wang, "yi"), 1);
    county_sync(visitor->county, tablet, RC_OK, NULL);
    query = (struct list_query){.pending_only = true};
    visitor_must(visitor, session_list(wang, &query, &visitor->arena, &listed, &count, &total,
                                       &visitor->err));
    assert_int_equal(count, 0);
    tablet_close(tablet);
}

/* ---- nothing readable on the disk ---- */

static const char *const SECRETS[] = {"欧阳震华", "𠮷小明", "13974012345", "第七组", "wangluodan"};

static void search_folder(struct visitor *visitor, const char *when) {
    const char *folder = visitor_path(visitor, "wang"), **names;
    size_t count;

    visitor_must(visitor, file_list(folder, 100, &visitor->arena, &names, &count, &visitor->err));
    assert_true(count >= 3);
    for (size_t i = 0; i < count; i++) {
        struct buf bytes;

        buf_init(&bytes, 64u * 1024u * 1024u);
        visitor_must(visitor, file_read(arena_text(&visitor->arena, "%s/%s", folder, names[i]),
                                        64u * 1024u * 1024u, &bytes, &visitor->err));
        for (size_t k = 0; k < sizeof(SECRETS) / sizeof(SECRETS[0]); k++) {
            if (bytes.size > 0 &&
                memmem(bytes.data, bytes.size, SECRETS[k], strlen(SECRETS[k])) != NULL)
                fail_msg("%s: %s lies readable in %s", when, SECRETS[k], names[i]);
        }
        buf_release(&bytes);
    }
}

static void no_byte_on_the_disk_tells_what_was_recorded(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 2), *other;
    struct session *wang = county_session(tablet, "wang"), *zhao;
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, SECRETS[0]);

    visitor_edit(visitor, wang, record, "head/phone", SECRETS[2]);
    visitor_edit(visitor, wang, record, "home/group_name", SECRETS[3]);
    search_folder(visitor, "after saving");
    visitor_must(visitor, session_close(wang, &visitor->err));
    search_folder(visitor, "after locking");
    other = visitor_enrol(visitor, "zhao", 2);
    zhao = county_session(other, "zhao");
    visitor_save(visitor, zhao, VILLAGE_B, SECRETS[1]);
    visitor_save(visitor, zhao, VILLAGE_B, SECRETS[4]);
    county_sync(visitor->county, other, RC_OK, NULL);
    county_sync(visitor->county, tablet, RC_OK, NULL); /* locked: comes sealed */
    assert_true(visitor_status(visitor, tablet).inbox > 0);
    search_folder(visitor, "after a sync while locked");
    wang = county_session(tablet, "wang");
    assert_int_equal(visitor_count(visitor, wang, SECRETS[1]), 1);
    search_folder(visitor, "after unlocking");
    visitor_edit(visitor, wang, record, "head/phone", "13974012346");
    county_sync(visitor->county, tablet, RC_OK, NULL);
    search_folder(visitor, "after a sync");
    tablet_close(tablet); /* checkpoints */
    search_folder(visitor, "after closing");
    tablet_close(other);
}

static void a_wiped_tablet_still_sends_what_was_sealed_for_the_county(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");

    visitor_save(visitor, wang, VILLAGE_A, "要送出的");
    assert_int_equal(tablet_wipe(tablet, &visitor->err), RC_CONFLICT);
    visitor_must(visitor, session_close(wang, &visitor->err));
    visitor_must(visitor, tablet_wipe(tablet, &visitor->err));
    assert_int_equal(open_as(visitor, tablet, "wang", "secret-of-wang"), RC_DENIED);
    county_sync(visitor->county, tablet, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, tablet).unsent, 0);
    tablet_close(tablet);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, visitor_set_up, visitor_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_wrong_secret_opens_nothing_and_is_counted),
        TEST(a_clock_set_back_does_not_lock_anybody_out),
        TEST(two_persons_see_their_own_areas_only),
        TEST(lists_and_search),
        TEST(no_byte_on_the_disk_tells_what_was_recorded),
        TEST(a_wiped_tablet_still_sends_what_was_sealed_for_the_county),
    };

    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
