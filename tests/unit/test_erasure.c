/* test_erasure.c: what the law erases: bytes, names under forks, words. The algebra stands in
 * tests/property/test_merge.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "schema/erasure.h"
#include "schema/wire/lineage.h"

#define AUTHOR UINT64_C(0x1111111111111111)
#define FORK   UINT64_C(0x2222222222222222)

struct kit {
    struct arena arena;
    struct buf bytes;
    struct err err;
};

static int start(void **state) {
    struct kit *kit = calloc(1, sizeof(*kit));

    if (kit == NULL)
        return -1;
    arena_init(&kit->arena, 1u << 20);
    buf_init(&kit->bytes, 1u << 20);
    err_init(&kit->err, LANG_EN);
    *state = kit;
    return 0;
}

static int stop(void **state) {
    struct kit *kit = *state;

    arena_release(&kit->arena);
    buf_release(&kit->bytes);
    free(kit);
    return 0;
}

static void bytes_come_back_and_nothing_else_passes(void **state) {
    struct kit *kit = *state;
    const struct dot dots[] = {{AUTHOR, 3}, {AUTHOR, 9}, {FORK, 4}};
    const struct erased_cell cells[] = {{.field = 40},
                                        {.everywhere = true, .field = 41},
                                        {.instance = {{AUTHOR, 3}, 2}, .field = 42}};
    const struct erasure erasure = {.at_ms = -5,
                                    .who = view_text("Li Si"),
                                    .reason = view_text("request"),
                                    .cell_count = 3,
                                    .cells = cells,
                                    .dot_count = 3,
                                    .dots = dots};
    struct erasure back;
    size_t size;

    erasure_encode(&erasure, &kit->bytes);
    size = kit->bytes.size;
    assert_int_equal(erasure_decode(buf_view(&kit->bytes), &kit->arena, &back, &kit->err), RC_OK);
    assert_true(back.at_ms == -5 && view_is(back.who, "Li Si") && view_is(back.reason, "request"));
    assert_true(back.cell_count == 3 && back.dot_count == 3);
    assert_true(erasure_names(&back, dots[0]) && erasure_names(&back, dots[2]));
    assert_false(erasure_names(&back, (struct dot){AUTHOR, 4}));
    assert_true(erasure_covers(&back, (struct instance_id){{0, 0}, 0}, 40));
    assert_false(erasure_covers(&back, (struct instance_id){{AUTHOR, 3}, 1}, 40));
    assert_true(erasure_covers(&back, (struct instance_id){{AUTHOR, 3}, 1}, 41));
    assert_true(erasure_covers(&back, (struct instance_id){{AUTHOR, 3}, 2}, 42));
    back.cell_count = 0; /* everything, but never what holds the record together */
    assert_true(erasure_covers(&back, (struct instance_id){{0, 0}, 0}, 99));
    assert_false(erasure_covers(&back, (struct instance_id){{0, 0}, 0}, FIELD_AREA));
    for (size_t cut = 0; cut < size; cut++)
        assert_int_not_equal(erasure_decode(view_slice(buf_view(&kit->bytes), 0, cut), &kit->arena,
                                            &back, &kit->err),
                             RC_OK);
    kit->bytes.data[0] = 2;
    assert_int_not_equal(erasure_decode(buf_view(&kit->bytes), &kit->arena, &back, &kit->err),
                         RC_OK);
}

/* A frame keeps the author's names; the erasure has those by which the county knows the changes. */
static void a_fork_is_erased_under_its_own_name(void **state) {
    struct kit *kit = *state;
    const struct fork_range range = {.actor = AUTHOR, .from = 5, .name = FORK};
    const struct lineage lineage = {.count = 1, .ranges = &range};
    const struct dot dots[] = {{AUTHOR, 6}, {FORK, 7}};
    const struct erased_cell cell = {.instance = {{FORK, 5}, 1}, .field = 40};
    const struct erasure erasure = {.cell_count = 1, .cells = &cell, .dot_count = 2, .dots = dots};
    const struct entry entries[] = {
        {.field = 40, .value = value_of_int(1)},
        {.instance = {{AUTHOR, 5}, 1}, .field = 40, .value = value_of_int(2)}};
    struct change change = {.dot = {AUTHOR, 7},
                            .reason = view_text("as he said"),
                            .is_signed = true,
                            .entry_count = 2,
                            .entries = entries};
    struct change other = change;
    bool done = false;

    assert_int_equal(erasure_apply(&erasure, &lineage, &change, &kit->arena, &done, &kit->err),
                     RC_OK);
    assert_true(done && change.erased && !change.is_signed && change.reason.size == 0);
    assert_int_equal(change.entries[0].value.type, VALUE_INT);
    assert_int_equal(change.entries[1].value.type, VALUE_ERASED);
    /* number 6 of this copy is the fork's, and not the one that is named */
    other.dot.number = 6;
    assert_int_equal(erasure_apply(&erasure, &lineage, &other, &kit->arena, &done, &kit->err),
                     RC_OK);
    assert_false(done || other.erased);
    assert_int_equal(erasure_apply(&erasure, NULL, &other, &kit->arena, &done, &kit->err), RC_OK);
    assert_true(done);
}

static void the_words_say_when_who_and_why(void **state) {
    struct kit *kit = *state;
    const struct erasure erasure = {
        .at_ms = INT64_C(1763884800000), .who = view_text("Li Si"), .reason = view_text("request")};

    erasure_text(RC_OK, &erasure, LANG_EN, &kit->bytes);
    assert_string_equal(buf_text(&kit->bytes), "(erased by law on 2025-11-23 by Li Si: request)");
    buf_clear(&kit->bytes);
    erasure_text(RC_NOT_FOUND, NULL, LANG_ZH, &kit->bytes);
    assert_string_equal(buf_text(&kit->bytes), "（已依法删除）");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bytes_come_back_and_nothing_else_passes, start, stop),
        cmocka_unit_test_setup_teardown(a_fork_is_erased_under_its_own_name, start, stop),
        cmocka_unit_test_setup_teardown(the_words_say_when_who_and_why, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
