/* test_former.c: what a tablet wrote under actors that it has left behind is told, asked for and
 * kept like what it writes under the present one. */
#include "tests/support/clerk.h"

#include "agent/store/inside.h"
#include "base/file.h"
#include "syncd/sync/restore.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <setjmp.h>

#include <cmocka.h>

#define OTHER_VILLAGE UINT64_C(430626117206)

static const char *path_of(struct clerk *world, const char *name) {
    return arena_text(&world->arena, "%s/%s", world->folder, name);
}

static struct store_counts counts(struct clerk *world) {
    struct ledger *ledger = NULL;
    const struct office *office = service_office(world->service);
    struct store_counts out;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(office->borrow(office->context, &ledger, &err), &err);
    clerk_must(store_count(ledger->store, &out, &err), &err);
    office->give_back(office->context, ledger);
    return out;
}

/* The county is lost, and made again from the file in a new folder, with its keys at hand. */
static void restore(struct clerk *world, const char *file, const char *name) {
    const char *folder = path_of(world, name);
    struct restore_options options = {
        .backup = file, .directory = folder, .env = &world->county->env};
    struct backup_info info;
    uint32_t epoch = 0;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(file_make_directory(folder, &err), &err);
    clerk_copy(world, "county/keys", arena_text(&world->arena, "%s/keys", name));
    service_close(world->service);
    world->service = NULL;
    clerk_must(restore_county(&options, &world->arena, &info, &epoch, &err), &err);
    snprintf(world->data, sizeof(world->data), "%s", folder);
    clerk_open(world);
    assert_int_equal(service_office(world->service)->epoch, epoch);
}

static void incarnate(struct tablet *tablet) {
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(tablet_begin(tablet, &err), &err);
    clerk_must(tablet_incarnate(tablet, &err), &err);
    clerk_must(tablet_commit(tablet, &err), &err);
}

/* It was written under an actor that the tablet has left since: the reason of staff is there all
 * the same. */
static void what_is_given_back_to_a_former_life_has_its_reason(void **state) {
    struct clerk *world = *state;
    struct tablet_quarantined *list = NULL;
    const char *record, *move;
    uint32_t count = 0;
    struct seen seen;
    struct edit edit;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    clerk_user(world, "Li Si", "county");
    record = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_start(world, world->wang, record, CHANGE_MOVE, &seen, &edit);
    clerk_must(edit_set_area(&edit, OTHER_VILLAGE, &err), &err);
    move = clerk_finish(world, world->wang, &seen, &edit);
    clerk_sync(world);
    incarnate(world->a);
    clerk_sync(world);
    RUNS(world, 0, "quarantine", "return", move, "--as", "Li Si", "--reason", "not your village");
    clerk_sync(world);
    clerk_must(tablet_quarantine(world->a, &world->arena, &list, &count, &err), &err);
    assert_int_equal(count, 1);
    assert_true(view_equal(list[0].reason, view_text("not your village")));
}

/* The tablet had been told that a backup holds it, and the county comes from an older one. */
static void what_a_former_life_sent_is_asked_for_again(void **state) {
    struct clerk *world = *state;
    const char *older = path_of(world, "one.backup"), *file = path_of(world, "two.backup");

    clerk_begin(world);
    RUNS(world, 0, "backup", older);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    county_sync(world->county, world->a, RC_OK, NULL);
    RUNS(world, 0, "backup", file);
    RUNS(world, 0, "backup", "confirm", file);
    county_sync(world->county, world->a, RC_OK, NULL);
    incarnate(world->a);
    county_sync(world->county, world->a, RC_OK, NULL);
    restore(world, older, "again");
    county_sync(world->county, world->a, RC_OK, NULL);
    county_sync(world->county, world->a, RC_OK, NULL);
    assert_int_equal(counts(world).changes, 1);
    RUNS(world, 0, "verify");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clerk_set_up, clerk_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(what_is_given_back_to_a_former_life_has_its_reason),
                                       TEST(what_a_former_life_sent_is_asked_for_again)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
