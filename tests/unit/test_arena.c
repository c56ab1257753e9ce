/* Arenas and growing arrays: alignment, zeros, caps, reuse. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"

static void allocations_are_aligned_zeroed_and_apart(void **state) {
    struct arena arena;
    uint8_t *blocks[200];
    size_t index;
    size_t byte;

    (void)state;
    arena_init(&arena, 1u << 20);
    for (index = 0; index < 200; index++) {
        blocks[index] = arena_alloc(&arena, index * 7);
        assert_non_null(blocks[index]);
        assert_int_equal((uintptr_t)blocks[index] % ARENA_ALIGN_BYTES, 0);
        for (byte = 0; byte < index * 7; byte++)
            assert_int_equal(blocks[index][byte], 0);
        memset(blocks[index], (int)index, index * 7);
    }
    for (index = 0; index < 200; index++)
        for (byte = 0; byte < index * 7; byte++)
            assert_int_equal(blocks[index][byte], index);
    arena_release(&arena);
    arena_release(&arena);
}

static void copies_are_terminated(void **state) {
    struct arena arena;
    struct view copy;

    (void)state;
    arena_init(&arena, 1u << 20);
    assert_string_equal(arena_copy(&arena, "abcdef", 3), "abc");
    assert_string_equal(arena_copy(&arena, NULL, 0), "");
    copy = arena_view(&arena, view_of("0123456789abcdef", 16));
    assert_int_equal(copy.size, 16);
    assert_string_equal((const char *)copy.data, "0123456789abcdef");
    assert_string_equal(arena_text(&arena, "%s-%d", "x", 5), "x-5");
    arena_release(&arena);
}

static void a_list_grows_and_keeps_its_items(void **state) {
    struct arena arena;
    uint64_t *numbers = NULL;
    uint32_t count = 0;
    uint32_t capacity = 0;
    uint64_t index;

    (void)state;
    arena_init(&arena, 1u << 16);
    for (index = 0; index < 1000; index++) {
        uint64_t *number = arena_push(&arena, &numbers, &count, &capacity, sizeof(*number));

        assert_non_null(number);
        assert_ptr_equal(number, &numbers[index]);
        assert_int_equal(*number, 0);
        *number = index * 3;
    }
    assert_int_equal(count, 1000);
    for (index = 0; index < 1000; index++)
        assert_int_equal(numbers[index], index * 3);
    while (arena_push(&arena, &numbers, &count, &capacity, sizeof(*numbers)) != NULL)
        assert_true(count < (1u << 16) / sizeof(*numbers));
    assert_int_equal(arena.failed, RC_LIMIT);
    assert_int_equal(count, capacity); /* what was there stays */
    assert_int_equal(numbers[999], 2997);
    arena_release(&arena);
}

static void the_cap_holds_and_is_remembered(void **state) {
    struct arena arena;
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    arena_init(&arena, 10000);
    assert_non_null(arena_alloc(&arena, 4000));
    assert_non_null(arena_alloc(&arena, 5000));
    assert_int_equal(arena_check(&arena, "the form", &err), RC_OK);
    assert_null(arena_alloc(&arena, 5000));
    assert_int_equal(arena_check(&arena, "the form", &err), RC_LIMIT);
    assert_non_null(strstr(err.text, "the form"));
    assert_true(arena.held_bytes <= 10000);
    arena_reset(&arena);
    assert_int_equal(arena_check(&arena, "the form", &err), RC_OK);
    assert_non_null(arena_alloc(&arena, 5000));
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_array(&arena, SIZE_MAX / 2, 4));
    assert_null(arena_copy(&arena, "", SIZE_MAX));
    assert_int_equal(arena_check(&arena, "the form", &err), RC_LIMIT);
    arena_release(&arena);
    arena_init(&arena, 8);
    assert_null(arena_text(&arena, "too long for the cap"));
    assert_null(arena_view(&arena, view_text("too long for the cap")).data);
    arena_release(&arena);
}

static void reset_keeps_the_first_block_and_clears_it(void **state) {
    struct arena arena;
    uint8_t *first;
    uint8_t *again;
    size_t index;

    (void)state;
    arena_init(&arena, 1u << 20);
    first = arena_alloc(&arena, 64);
    assert_non_null(first);
    memset(first, 0xAA, 64);
    for (index = 0; index < 100; index++)
        assert_non_null(arena_alloc(&arena, 1000));
    arena_reset(&arena);
    again = arena_alloc(&arena, 64);
    assert_ptr_equal(first, again);
    for (index = 0; index < 64; index++)
        assert_int_equal(again[index], 0);
    arena_release(&arena);
}

static void reset_keeps_as_much_as_it_is_told_to(void **state) {
    struct arena arena;
    void *places[100];

    (void)state;
    arena_init(&arena, 1u << 20);
    arena_keep(&arena, 64u * 1024u);
    for (unsigned round = 0; round < 3; round++) {
        size_t held;

        for (size_t i = 0; i < 40; i++) {
            void *place = arena_room(&arena, 10, 100);

            assert_non_null(place);
            if (round == 0)
                places[i] = place;
            assert_ptr_equal(place, places[i]); /* the same blocks in the same order */
        }
        held = arena.held_bytes;
        assert_true(held > 4096 && held <= 64u * 1024u);
        arena_reset(&arena);
        assert_int_equal(arena.held_bytes, held);
    }
    for (size_t i = 0; i < 500; i++)
        assert_non_null(arena_alloc(&arena, 1000));
    assert_true(arena.held_bytes > 64u * 1024u);
    arena_reset(&arena);
    assert_true(arena.held_bytes <= 64u * 1024u);
    arena_release(&arena);
    assert_int_equal(arena.held_bytes, 0);
}

static void blocks_that_were_kept_do_not_count_against_a_large_one(void **state) {
    struct arena arena;

    (void)state;
    arena_init(&arena, 100000);
    arena_keep(&arena, 100000);
    for (size_t i = 0; i < 60; i++)
        assert_non_null(arena_alloc(&arena, 1000));
    arena_reset(&arena);
    assert_true(arena.held_bytes >= 60000);
    assert_non_null(arena_alloc(&arena, 90000));
    assert_true(arena.held_bytes <= 100000);
    assert_null(arena_alloc(&arena, 90000));
    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, 90000));
    assert_null(arena_room(&arena, SIZE_MAX / 2, 4));
    arena_release(&arena);
}

static void arrays_grow_up_to_their_cap(void **state) {
    struct err err;
    uint32_t *items = NULL;
    size_t capacity = 0;
    uint32_t index;

    (void)state;
    err_init(&err, LANG_EN);
    for (index = 0; index < 100; index++) {
        assert_int_equal(
            array_grow(&items, sizeof(*items), index + 1, 100, "the list", &capacity, &err), RC_OK);
        items[index] = index;
    }
    for (index = 0; index < 100; index++)
        assert_int_equal(items[index], index);
    assert_int_equal(capacity, 100);
    assert_int_equal(array_grow(&items, sizeof(*items), 101, 100, "the list", &capacity, &err),
                     RC_LIMIT);
    assert_non_null(strstr(err.text, "the list"));
    assert_int_equal(capacity, 100);
    assert_int_equal(
        array_grow(&items, sizeof(*items), SIZE_MAX / 3, SIZE_MAX, "the list", &capacity, &err),
        RC_LIMIT);
    assert_int_equal(items[99], 99);
    free(items);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_aligned_zeroed_and_apart),
        cmocka_unit_test(copies_are_terminated),
        cmocka_unit_test(a_list_grows_and_keeps_its_items),
        cmocka_unit_test(the_cap_holds_and_is_remembered),
        cmocka_unit_test(reset_keeps_the_first_block_and_clears_it),
        cmocka_unit_test(reset_keeps_as_much_as_it_is_told_to),
        cmocka_unit_test(blocks_that_were_kept_do_not_count_against_a_large_one),
        cmocka_unit_test(arrays_grow_up_to_their_cap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
