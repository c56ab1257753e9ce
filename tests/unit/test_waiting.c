/* test_waiting.c: what waits at the county for what was written in front of it is shown to staff.
 */
#include "tests/support/clerk.h"

#include "schema/wire/exchange.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

/* A road on which the first batch of every request is lost. */
static enum rc without_first(void *context, const char *path, struct view body, struct buf *answer,
                             struct link_result *result, struct err *err) {
    struct county *county = context;
    struct reader parts;
    struct part part;
    struct buf rest;
    bool lost = false;
    enum rc rc = exchange_open(body, &parts, err);

    buf_init(&rest, LIMIT_EXCHANGE_BYTES);
    exchange_start(&rest);
    while (rc == RC_OK && (rc = exchange_next(&parts, &part, err)) == RC_OK) {
        if (part.kind == PART_BATCH && !lost)
            lost = true;
        else
            exchange_add_part(&rest, part.kind, part.content);
    }
    assert_true(lost);
    if (rc == RC_NOT_FOUND)
        rc =
            county->link.exchange(county->link.context, path, buf_view(&rest), answer, result, err);
    buf_release(&rest);
    return rc;
}

/* It was on its way, and did not arrive. */
static void save_and_lose(struct clerk *world, const char *name) {
    clerk_new(world, world->wang, CLERK_HOME(name));
    world->county->lose_up = 1;
    county_sync(world->county, world->a, RC_NETWORK, NULL);
}

/* A text of which a batch is full, also compressed: what is saved later stands in another. */
static const char *long_text(struct clerk *world) {
    enum { SIZE = 200000 };
    char *text = arena_alloc(&world->arena, SIZE + 1);
    uint32_t state = 1;

    assert_non_null(text);
    for (int i = 0; i < SIZE; i++) {
        state = state * 1664525u + 1013904223u;
        text[i] = (char)('a' + (state >> 24) % 26);
    }
    text[SIZE] = 0;
    return text;
}

static void says_number(const struct json *row, const char *name, int64_t wanted) {
    int64_t value = 0;

    assert_true(json_int(json_get(row, name), &value));
    assert_int_equal(value, wanted);
}

static void what_waits_behind_a_gap_is_listed(void **state) {
    struct clerk *world = *state;
    struct link link = {world->county, without_first};
    struct sync_options once = {.rounds_max = 1};
    struct sync_report report;
    struct json *json;
    const struct json *row;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    RUNS(world, 0, "waiting", "--json");
    json = clerk_json(world);
    assert_int_equal(json_count(json), 0);
    json_free(json);
    save_and_lose(world, long_text(world));
    save_and_lose(world, "李四");
    save_and_lose(world, "张三");
    clerk_must(sync_run(world->a, &link, &once, &report, &err), &err);
    assert_int_equal(clerk_counts(world).records, 0);
    RUNS(world, 0, "waiting", "--json");
    json = clerk_json(world);
    assert_int_equal(json_count(json), 1);
    row = json_first(json);
    assert_string_equal(json_text_or(json_get(row, "device"), ""), "wang");
    says_number(row, "lacks_from", 1);
    says_number(row, "lacks_to", 1);
    says_number(row, "batches", 1);
    says_number(row, "changes", 2);
    json_free(json);
    RUNS(world, 0, "waiting");
    SAYS(world->out, "1-1");
    KEEPS_QUIET(world->out, "李四"); /* it is sealed, and stays so */
    clerk_sync(world);
    assert_int_equal(clerk_counts(world).records, 3);
    RUNS(world, 0, "waiting", "--json");
    json = clerk_json(world);
    assert_int_equal(json_count(json), 0);
    json_free(json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_waits_behind_a_gap_is_listed, clerk_set_up,
                                        clerk_tear_down),
    };

    return cmocka_run_group_tests_name("waiting", tests, NULL, NULL);
}
