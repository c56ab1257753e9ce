/* test_backup.c: a backup holds one moment, is readable by nobody else, is refused when a byte of
 * it is wrong, and only when it has been read back do tablets hear that their work is safe. */
#include "tests/support/clerk.h"

#include "agent/store/traffic.h"
#include "base/file.h"
#include "syncd/sync/backup.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

static const struct own_actor *actor_of(const struct tablet *tablet) {
    return tablet_actor(tablet, tablet_actor_count(tablet) - 1);
}

static void only_a_backup_that_was_read_back_moves_the_watermark(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup");
    struct sync_report report;

    clerk_begin(world);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_new(world, world->wang, CLERK_HOME("李四"));
    clerk_sync(world);
    RUNS(world, 0, "backup", file);
    assert_true(file_exists(file));
    clerk_sync(world);
    assert_int_equal(actor_of(world->a)->receipt, 2);
    assert_int_equal(actor_of(world->a)->backed_up, 0);
    clerk_new(world, world->wang, CLERK_HOME("张三"));
    clerk_sync(world);
    RUNS(world, 0, "backup", "confirm", file);
    SAYS(world->err, "whole");
    county_sync(world->county, world->a, RC_OK, &report);
    assert_int_equal(report.requests, 1);
    assert_int_equal(actor_of(world->a)->receipt, 3);
    assert_int_equal(actor_of(world->a)->backed_up, 2); /* what the file holds, not what is here */
    county_sync(world->county, world->a, RC_OK, &report);
    assert_int_equal(report.requests, 1);
    assert_true(report.bytes_up + report.bytes_down < 260); /* told once */
    /* again: nothing moves, and an older one never moves it back */
    RUNS(world, 0, "backup", "confirm", file);
    SAYS(world->err, "nothing that was not safe");
    RUNS(world, 0, "backup", clerk_path(world, "two.backup"));
    RUNS(world, 0, "backup", "confirm", clerk_path(world, "two.backup"));
    RUNS(world, 0, "backup", "confirm", file);
    county_sync(world->county, world->a, RC_OK, NULL);
    assert_int_equal(actor_of(world->a)->backed_up, 3);
    RUNS(world, 0, "log");
    SAYS(world->out, "backup confirm");
    RUNS(world, 0, "verify");
}

static void a_lost_answer_does_not_lose_the_news(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup");

    clerk_begin(world);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    RUNS(world, 0, "backup", file);
    RUNS(world, 0, "backup", "confirm", file);
    world->county->lose_down = 1;
    county_sync(world->county, world->a, RC_NETWORK, NULL);
    assert_int_equal(actor_of(world->a)->backed_up, 0);
    county_sync(world->county, world->a, RC_OK, NULL);
    assert_int_equal(actor_of(world->a)->backed_up, 1);
    /* and after weeks, when the nonce is too old */
    clerk_new(world, world->wang, CLERK_HOME("李四"));
    clerk_sync(world);
    RUNS(world, 0, "backup", clerk_path(world, "two.backup"));
    RUNS(world, 0, "backup", "confirm", clerk_path(world, "two.backup"));
    world->county->now_ms += 30 * 86400000ll;
    county_sync(world->county, world->a, RC_OK, NULL);
    assert_int_equal(actor_of(world->a)->backed_up, 2);
}

static void nothing_is_overwritten(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "mine.txt");
    struct buf bytes;
    struct err err;

    err_init(&err, LANG_EN);
    buf_init(&bytes, 1000);
    clerk_must(file_write(file, view_text("mine"), FILE_MODE_SHARED, &err), &err);
    RUNS(world, 1, "backup", file);
    SAYS(world->err, "not overwritten");
    clerk_must(file_read(file, 1000, &bytes, &err), &err);
    assert_string_equal(buf_text(&bytes), "mine");
    buf_release(&bytes);
    RUNS(world, 1, "backup", "confirm", file);
    SAYS(world->err, "not a backup");
    RUNS(world, 1, "backup", "confirm", clerk_path(world, "nothing"));
    assert_false(file_exists(clerk_path(world, "county/backup.tmp")));
    RUNS(world, 1, "backup", clerk_path(world, "no/such/folder"));
    assert_false(file_exists(clerk_path(world, "county/backup.tmp")));
}

static void refuses(struct clerk *world, struct view bytes, const char *what) {
    const char *file = clerk_path(world, "bad.backup");
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(file_write(file, bytes, FILE_MODE_PRIVATE, &err), &err);
    if (clerk_run(world, "backup", "confirm", file, NULL) != 1)
        fail_msg("a backup was confirmed although %s", what);
}

static void every_byte_counts(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup");
    struct buf bytes;
    struct err err;
    char what[80];

    err_init(&err, LANG_EN);
    clerk_begin(world);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰不可读"));
    clerk_sync(world);
    RUNS(world, 0, "backup", file);
    buf_init(&bytes, 64u * 1024u * 1024u);
    clerk_must(file_read(file, 64u * 1024u * 1024u, &bytes, &err), &err);
    assert_null(memmem(bytes.data, bytes.size, "王桂兰", 9));
    assert_null(memmem(bytes.data, bytes.size, "SQLite", 6));
    for (size_t i = 0; i < 40; i++) {
        size_t at = i < 12 ? i * 3 : i * (bytes.size - 1) / 39;

        bytes.data[at] ^= 0x40;
        snprintf(what, sizeof(what), "byte %zu of %zu is wrong", at, bytes.size);
        refuses(world, buf_view(&bytes), what);
        bytes.data[at] ^= 0x40;
    }
    for (size_t i = 0; i < 10; i++) {
        snprintf(what, sizeof(what), "it is cut off at %zu tenths", i);
        refuses(world, view_of(bytes.data, bytes.size * i / 10), what);
    }
    refuses(world, view_of(bytes.data, bytes.size - 1), "its last byte is missing");
    buf_add_u8(&bytes, 0);
    refuses(world, buf_view(&bytes), "there is something behind its end");
    bytes.size--;
    RUNS(world, 0, "backup", "confirm", file);
    buf_release(&bytes);
}

static void another_countys_backup_is_told_apart(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup"), *folder = clerk_path(world, "other");
    char first[80], second[80];
    struct err err;

    err_init(&err, LANG_EN);
    RUNS(world, 0, "backup", file);
    clerk_must(
        service_create(folder, &world->county->env, UINT64_C(430626000000), first, second, &err),
        &err);
    service_close(world->service);
    snprintf(world->data, sizeof(world->data), "%s", folder);
    clerk_open(world);
    RUNS(world, 1, "backup", "confirm", file);
    SAYS(world->err, "another county");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_a_backup_that_was_read_back_moves_the_watermark,
                                        clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_lost_answer_does_not_lose_the_news, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_overwritten, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(every_byte_counts, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(another_countys_backup_is_told_apart, clerk_set_up,
                                        clerk_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
