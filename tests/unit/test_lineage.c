/* test_lineage.c: copies of copies: names, and whole stories in every order of arrival. */
#include "schema/merge.h"
#include "schema/wire/lineage.h"
#include "tests/support/visitor.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define COPIES 3

/* ---- the table ---- */

#define A UINT64_C(0xa1)
#define F UINT64_C(0xf1)
#define G UINT64_C(0x01)

static const struct fork_range RANGES[3] = {{A, 4, F}, {A, 6, G}, {A + 1, 9, F}};

static uint64_t name_of(uint64_t actor, uint64_t number) {
    const struct lineage lineage = {3, RANGES};
    struct dot dot = lineage_read(&lineage, (struct dot){actor, number});

    assert_true(dot.number == number);
    return dot.actor;
}

static void each_number_has_one_name(void **state) {
    (void)state;
    assert_true(name_of(A, 3) == A);
    assert_true(name_of(A, 4) == F && name_of(A, 5) == F);
    assert_true(name_of(A, 6) == G && name_of(A, 600) == G);
    assert_true(name_of(A + 1, 8) == A + 1 && name_of(A + 1, 9) == F);
    assert_true(name_of(F, 7) == F && name_of(G, 1) == G);
}

/* Numbers that have another name than those around them are no part of what a history grew out of.
 */
static void strays_are_no_histories(void **state) {
    const struct fork_range rows[] = {{A, 2, G}, {A, 3, A},     {A, 4, F},
                                      {A, 5, A}, {A, 6, F},     {A, 7, G},
                                      {A, 8, F}, {A + 1, 5, G}, {A + 1, 6, A + 1}};
    struct lineage trunk;
    struct arena arena;
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    arena_init(&arena, 100000);
    assert_int_equal(lineage_trunk(&(struct lineage){9, rows}, &arena, &trunk, &err), RC_OK);
    assert_int_equal(trunk.count, 1);
    assert_true(trunk.ranges[0].name == F && trunk.ranges[0].from == 4);
    assert_int_equal(lineage_trunk(&(struct lineage){3, RANGES}, &arena, &trunk, &err), RC_OK);
    assert_int_equal(trunk.count, 3);
    assert_int_equal(lineage_trunk(&(struct lineage){0}, &arena, &trunk, &err), RC_OK);
    assert_int_equal(trunk.count, 0);
    arena_release(&arena);
}

static void a_name_of_a_restored_county_is_that_of_its_epoch(void **state) {
    const uint8_t leaf[32] = {7};
    uint64_t plain = lineage_name(A, 4, leaf, 0);

    (void)state;
    assert_true(plain == lineage_name(A, 4, leaf, 0));
    assert_true(lineage_name(A, 4, leaf, 17) != plain);
    assert_true(lineage_name(A, 4, leaf, 17) != lineage_name(A, 4, leaf, 18));
    assert_true(lineage_name(A, 5, leaf, 17) != lineage_name(A, 4, leaf, 17));
}

static void a_lineage_comes_back(void **state) {
    const struct lineage lineage = {3, RANGES};
    struct lineage back;
    struct arena arena;
    struct buf bytes;
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    arena_init(&arena, 100000);
    buf_init(&bytes, 1000);
    lineage_encode(&(struct lineage){0}, &bytes);
    assert_int_equal(bytes.size, 0);
    assert_int_equal(lineage_decode(buf_view(&bytes), &arena, &back, &err), RC_OK);
    assert_int_equal(back.count, 0);
    lineage_encode(&lineage, &bytes);
    assert_int_equal(lineage_decode(buf_view(&bytes), &arena, &back, &err), RC_OK);
    assert_int_equal(back.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(back.ranges[i].actor == RANGES[i].actor &&
                    back.ranges[i].from == RANGES[i].from && back.ranges[i].name == RANGES[i].name);
    for (size_t cut = 1; cut < bytes.size; cut++)
        assert_int_equal(lineage_decode(view_slice(buf_view(&bytes), 0, cut), &arena, &back, &err),
                         RC_CORRUPT);
    buf_release(&bytes);
    arena_release(&arena);
}

static void check_refused(const struct fork_range *ranges, uint32_t count) {
    struct lineage back;
    struct arena arena;
    struct buf bytes;
    struct err err;

    err_init(&err, LANG_EN);
    arena_init(&arena, 100000);
    buf_init(&bytes, 10000);
    lineage_encode(&(struct lineage){count, ranges}, &bytes);
    assert_int_equal(lineage_decode(buf_view(&bytes), &arena, &back, &err), RC_CORRUPT);
    buf_release(&bytes);
    arena_release(&arena);
}

static void what_is_no_lineage_is_refused(void **state) {
    struct fork_range many[LIMIT_LINEAGE + 1];

    (void)state;
    check_refused((const struct fork_range[]){{A, 6, G}, {A, 4, F}}, 2);
    check_refused((const struct fork_range[]){{A, 6, G}, {A, 6, F}}, 2);
    check_refused((const struct fork_range[]){{A + 1, 1, G}, {A, 4, F}}, 2);
    check_refused((const struct fork_range[]){{A, 0, F}}, 1);
    check_refused((const struct fork_range[]){{A, 1, A}}, 1);
    check_refused((const struct fork_range[]){{A, 1, 0}}, 1);
    check_refused((const struct fork_range[]){{A, 4, F}, {A, 6, F}}, 2);
    for (uint32_t i = 0; i <= LIMIT_LINEAGE; i++)
        many[i] = (struct fork_range){A, i + 1, F};
    check_refused(many, LIMIT_LINEAGE + 1);
}

/* ---- stories ---- */

struct copy {
    struct tablet *tablet;
    struct session *session;
    const char *folder;
};

static void copy_open(struct visitor *visitor, struct copy *copy) {
    copy->tablet = county_tablet(visitor->county, visitor_path(visitor, copy->folder));
    copy->session = county_session(copy->tablet, "wang");
}

static void copy_clone(struct visitor *visitor, struct copy *from, struct copy *to,
                       const char *folder) {
    *to = (struct copy){.folder = folder};
    tablet_close(from->tablet);
    visitor_copy(visitor, from->folder, folder); /* with everything, the nonce too */
    copy_open(visitor, from);
    copy_open(visitor, to);
}

static void sync_copy(struct visitor *visitor, struct copy *copy) {
    county_sync(visitor->county, copy->tablet, RC_OK, NULL);
}

/* The one record whose title this is. */
static struct dot find(struct visitor *visitor, struct copy *copy, const char *title) {
    struct list_query query = {.search = view_text(title)};
    struct listed *listed = NULL;
    uint32_t count = 0, total = 0;

    visitor_must(visitor, session_list(copy->session, &query, &visitor->arena, &listed, &count,
                                       &total, &visitor->err));
    assert_int_equal(count, 1);
    return listed[0].id;
}

static void assert_answer(struct visitor *visitor, struct copy *copy, const char *title,
                          const char *path, const char *text) {
    assert_string_equal(visitor_text(visitor, copy->session, find(visitor, copy, title), path),
                        text);
}

static struct view packed(struct visitor *visitor, struct copy *copy, struct dot id) {
    struct record record;
    struct buf bytes;
    struct view kept;

    buf_init(&bytes, LIMIT_RECORD_BYTES);
    visitor_must(visitor,
                 session_record(copy->session, id, &visitor->arena, &record, &visitor->err));
    visitor_must(visitor, record_pack(&record, &bytes, &visitor->err));
    kept = arena_view(&visitor->arena, buf_view(&bytes));
    buf_release(&bytes);
    return kept;
}

static void assert_same(struct visitor *visitor, struct copy *copies, int count,
                        const char *title) {
    struct dot id = find(visitor, &copies[0], title);

    for (int i = 1; i < count; i++)
        assert_true(view_equal(packed(visitor, &copies[0], id), packed(visitor, &copies[i], id)));
}

static void settle(struct visitor *visitor, struct copy *copies, int count) {
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < count; i++)
            sync_copy(visitor, &copies[i]);
    for (int i = 0; i < count; i++) {
        visitor_verify(visitor, copies[i].tablet);
        assert_int_equal(visitor_status(visitor, copies[i].tablet).unsent, 0);
    }
}

/* A tablet is cloned before it syncs, and its clone is cloned; all work on. */
static void play_clones(struct visitor *visitor, const int order[COPIES]) {
    static const char *const titles[] = {"Peng", "Deng", "Long", "Ouyang"};
    struct copy copies[COPIES] = {{.folder = "wang"}};
    struct dot peng, deng, ouyang;

    copies[0].tablet = visitor_enrol(visitor, "wang", 1);
    copies[0].session = county_session(copies[0].tablet, "wang");
    peng = visitor_save(visitor, copies[0].session, VILLAGE_A, "Peng");
    sync_copy(visitor, &copies[0]);
    copy_clone(visitor, &copies[0], &copies[1], "copy");
    visitor_edit(visitor, copies[0].session, peng, "head/phone", "1-by-a");
    (void)visitor_save(visitor, copies[0].session, VILLAGE_A, "Long");
    deng = visitor_save(visitor, copies[1].session, VILLAGE_A, "Deng");
    visitor_edit(visitor, copies[1].session, deng, "head/phone", "1-by-b");
    copy_clone(visitor, &copies[1], &copies[2], "copy of copy");
    visitor_edit(visitor, copies[1].session, deng, "head/phone", "2-by-b");
    visitor_edit(visitor, copies[2].session, deng, "home/live_addr", "1-by-c");
    ouyang = visitor_save(visitor, copies[2].session, VILLAGE_A, "Ouyang");
    visitor_edit(visitor, copies[2].session, ouyang, "head/phone", "2-by-c");
    visitor_edit(visitor, copies[2].session, ouyang, "head/phone", "3-by-c");
    for (int i = 0; i < COPIES; i++)
        sync_copy(visitor, &copies[order[i]]);
    settle(visitor, copies, COPIES);
    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
        assert_same(visitor, copies, COPIES, titles[i]);
    for (int i = 0; i < COPIES; i++) {
        assert_int_equal(visitor_count(visitor, copies[i].session, ""), 4);
        assert_answer(visitor, &copies[i], "Peng", "head/phone", "1-by-a");
        assert_answer(visitor, &copies[i], "Deng", "head/phone", "2-by-b");
        assert_answer(visitor, &copies[i], "Deng", "home/live_addr", "1-by-c");
        assert_answer(visitor, &copies[i], "Ouyang", "head/phone", "3-by-c");
        tablet_close(copies[i].tablet);
    }
}

static void copies_of_copies_agree_in_every_order(void **state) {
    static const int orders[6][COPIES] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                          {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        void *made = NULL;

        assert_int_equal(visitor_set_up(&made), 0);
        play_clones(made, orders[i]);
        assert_int_equal(visitor_tear_down(&made), 0);
    }
}

/* Two batches of one request: what is known of the first is not of the second. */
static void a_fork_is_told_with_the_batch_in_which_it_begins(void **state) {
    struct visitor *visitor = *state;
    struct copy copies[2] = {{.folder = "wang"}};
    struct dot peng;
    char *notes = malloc(100001);
    uint32_t noise = 1;

    assert_non_null(notes);
    copies[0].tablet = visitor_enrol(visitor, "wang", 1);
    copies[0].session = county_session(copies[0].tablet, "wang");
    peng = visitor_save(visitor, copies[0].session, VILLAGE_A, "Peng");
    for (int i = 0; i < 100000; i++) { /* too much to be cut into a batch anew */
        noise = noise * 1664525u + 1013904223u;
        notes[i] = (char)('!' + noise / 65536 % 90);
    }
    notes[100000] = '\0';
    visitor_edit(visitor, copies[0].session, peng, "situation/notes", notes);
    free(notes);
    visitor->county->lose_up = 1;
    county_sync(visitor->county, copies[0].tablet, RC_NETWORK, NULL);
    copy_clone(visitor, &copies[0], &copies[1], "copy");
    (void)visitor_save(visitor, copies[0].session, VILLAGE_A, "Long");
    sync_copy(visitor, &copies[0]);
    (void)visitor_save(visitor, copies[1].session, VILLAGE_A, "Deng");
    sync_copy(visitor, &copies[1]);
    assert_true(visitor_noticed(visitor, copies[1].tablet, NOTICE_FORKED));
    settle(visitor, copies, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(visitor_count(visitor, copies[i].session, ""), 3);
        tablet_close(copies[i].tablet);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_number_has_one_name),
        cmocka_unit_test(strays_are_no_histories),
        cmocka_unit_test(a_name_of_a_restored_county_is_that_of_its_epoch),
        cmocka_unit_test(a_lineage_comes_back),
        cmocka_unit_test(what_is_no_lineage_is_refused),
        cmocka_unit_test(copies_of_copies_agree_in_every_order),
        cmocka_unit_test_setup_teardown(a_fork_is_told_with_the_batch_in_which_it_begins,
                                        visitor_set_up, visitor_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
