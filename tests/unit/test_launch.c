/* The way into the web app: the token opens it and nothing like it does; browsers are told apart,
 * act in the seat that they were given, and the one that was away longest makes room. */
#include "agent/face/launch.h"
#include "base/file.h"
#include "base/text.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>

#include <cmocka.h>

struct world {
    struct env env;
    int64_t now_ms;
    uint8_t next;
    char folder[256];
    struct launch launch;
    struct err err;
};

static int64_t now_of(void *context) {
    return ((struct world *)context)->now_ms;
}

static void entropy_of(void *context, void *bytes, size_t size) {
    struct world *world = context;

    for (size_t i = 0; i < size; i++)
        ((uint8_t *)bytes)[i] = world->next++;
}

static int set_up(void **state) {
    struct world *world = calloc(1, sizeof(*world));
    const char *temporary = getenv("TMPDIR");

    assert_non_null(world);
    world->env = (struct env){world, now_of, now_of, entropy_of};
    err_init(&world->err, LANG_EN);
    snprintf(world->folder, sizeof(world->folder), "%s/yg-launch-XXXXXX",
             temporary == NULL ? "/tmp" : temporary);
    assert_non_null(mkdtemp(world->folder));
    assert_int_equal(
        launch_init(&world->launch, &world->env, world->folder, 8080, LANG_EN, &world->err), RC_OK);
    *state = world;
    return 0;
}

static int tear_down(void **state) {
    struct world *world = *state;

    if (world->launch.path != NULL)
        launch_release(&world->launch);
    (void)file_remove(world->folder, &world->err);
    free(world);
    return 0;
}

/* As it stands in the page. */
static void token_of(struct world *world, char token[LAUNCH_TEXT_BYTES]) {
    static const char before[] = "name=\"token\" value=\"";
    const char *found;
    struct buf page;

    buf_init(&page, 65536);
    assert_int_equal(file_read(world->launch.path, 65536, &page, &world->err), RC_OK);
    found = strstr(buf_text(&page), before);
    assert_non_null(found);
    memcpy(token, found + sizeof(before) - 1, LAUNCH_TEXT_BYTES - 1);
    token[LAUNCH_TEXT_BYTES - 1] = '\0';
    assert_non_null(strstr(buf_text(&page), "action=\"http://127.0.0.1:8080/api/launch\""));
    buf_release(&page);
}

static void only_the_token_opens(void **state) {
    struct world *world = *state;
    char token[LAUNCH_TEXT_BYTES], changed[LAUNCH_TEXT_BYTES + 1];
    struct stat file;

    token_of(world, token);
    assert_int_equal(stat(world->launch.path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    assert_true(launch_knows(&world->launch, view_text(token)));
    for (size_t i = 0; i < LAUNCH_TEXT_BYTES - 1; i++) {
        memcpy(changed, token, sizeof(token));
        changed[i] = changed[i] == '0' ? '1' : '0';
        assert_false(launch_knows(&world->launch, view_text(changed)));
        changed[i] = 'g';
        assert_false(launch_knows(&world->launch, view_text(changed)));
        changed[i] = '\0';
        assert_false(launch_knows(&world->launch, view_of(changed, LAUNCH_TEXT_BYTES - 1)));
    }
    snprintf(changed, sizeof(changed), "%s0", token);
    assert_false(launch_knows(&world->launch, view_text(changed)));
    assert_false(launch_knows(&world->launch, view_text("")));
    assert_false(launch_knows(&world->launch, (struct view){0}));
}

static void the_page_ends_with_the_service(void **state) {
    struct world *world = *state;
    char path[512];

    snprintf(path, sizeof(path), "%s/" LAUNCH_FILE, world->folder);
    assert_true(file_exists(path));
    launch_release(&world->launch);
    assert_false(file_exists(path));
}

static void browsers_are_told_apart(void **state) {
    struct world *world = *state;
    char first[LAUNCH_TEXT_BYTES], second[LAUNCH_TEXT_BYTES], token[LAUNCH_TEXT_BYTES];
    uint64_t seat = 99;

    token_of(world, token);
    launch_admit(&world->launch, first);
    launch_admit(&world->launch, second);
    assert_string_not_equal(first, second);
    assert_false(launch_find(&world->launch, view_text(token), &seat));
    assert_false(launch_find(&world->launch, view_text("00000000000000000000000000000000"), &seat));
    assert_false(launch_find(&world->launch, (struct view){0}, &seat));
    assert_true(launch_find(&world->launch, view_text(first), &seat));
    assert_int_equal(seat, 0);
    launch_sit(&world->launch, view_text(first), 7);
    assert_true(launch_find(&world->launch, view_text(first), &seat));
    assert_int_equal(seat, 7);
    assert_true(launch_find(&world->launch, view_text(second), &seat));
    assert_int_equal(seat, 0);
    launch_sit(&world->launch, view_text(first), 0);
    assert_true(launch_find(&world->launch, view_text(first), &seat));
    assert_int_equal(seat, 0);
}

static void the_one_that_was_away_longest_makes_room(void **state) {
    struct world *world = *state;
    char cookies[LAUNCH_BROWSERS_MAX + 1][LAUNCH_TEXT_BYTES];
    uint64_t seat;

    for (size_t i = 0; i < LAUNCH_BROWSERS_MAX; i++) {
        world->now_ms += 1000;
        launch_admit(&world->launch, cookies[i]);
    }
    world->now_ms += 1000;
    assert_true(launch_find(&world->launch, view_text(cookies[0]), &seat));
    launch_admit(&world->launch, cookies[LAUNCH_BROWSERS_MAX]);
    assert_true(launch_find(&world->launch, view_text(cookies[0]), &seat));
    assert_false(launch_find(&world->launch, view_text(cookies[1]), &seat));
    for (size_t i = 2; i <= LAUNCH_BROWSERS_MAX; i++)
        assert_true(launch_find(&world->launch, view_text(cookies[i]), &seat));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_the_token_opens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_page_ends_with_the_service, set_up, tear_down),
        cmocka_unit_test_setup_teardown(browsers_are_told_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_one_that_was_away_longest_makes_room, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
