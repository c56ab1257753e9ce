/* test_fault_wipe.c: a tablet that the county orders to forget does, whatever its disk refuses and
 * whenever its power goes; and not before what was saved on it is sealed for the county. */
#include "agent/store/inside.h"
#include "agent/store/traffic.h"
#include "tests/fault/fault.h"
#include "tests/fault/stage.h"
#include "tests/sim/forget.h"
#include "tests/sim/vfs.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#define WRAPPED_BYTES 32u /* of the wrapped keys of its person: as many as nobody guesses */

static void order(struct stage *stage, struct err *err) {
    struct tablet *tablet = stage->tablets[WANG];
    struct facts facts;

    assert_int_equal(tablet_begin(tablet, err), RC_OK);
    facts = *tablet_facts(tablet);
    facts.scope.wipe = true;
    assert_int_equal(tablet_put_facts(tablet, &facts, err), RC_OK);
    assert_int_equal(tablet_commit(tablet, err), RC_OK);
}

static void start(struct stage *stage, struct err *err) {
    struct dot home;

    err_init(err, LANG_EN);
    stage_init(stage);
    assert_int_equal(stage_open_county(stage, err), RC_OK);
    assert_int_equal(stage_open_tablet(stage, WANG, err), RC_OK);
    assert_int_equal(stage_sync(stage, WANG, err), RC_OK);
    order(stage, err);
    assert_int_equal(stage_home(stage, WANG, "Li", &home, err), RC_OK);
}

/* His keys, as his secret wraps them: nothing else opens what is on the tablet. */
static void wrapped(struct stage *stage, uint8_t out[WRAPPED_BYTES], struct err *err) {
    struct person_row *rows;
    uint32_t count = 0;

    assert_int_equal(person_rows(stage->tablets[WANG], &stage->arena, &rows, &count, err), RC_OK);
    assert_int_equal(count, 1);
    assert_true(rows[0].wrapped.size > WRAPPED_BYTES);
    memcpy(out, rows[0].wrapped.data, WRAPPED_BYTES);
}

static void what_is_not_sealed_for_the_county_is_not_forgotten(void **state) {
    static struct stage stage;
    struct disk_faults none = {0}, full = {.write_errors = 1};
    struct tablet_status status;
    struct err err;

    (void)state;
    start(&stage, &err);
    disk_set_faults(stage.disks[DISK_WANG], &full);
    assert_int_equal(forget_ordered(stage.tablets[WANG], &stage.sessions[WANG], &err), RC_IO);
    disk_set_faults(stage.disks[DISK_WANG], &none);
    err_clear(&err);
    assert_int_equal(stage_sync(&stage, WANG, &err), RC_OK);
    assert_int_equal(forget_ordered(stage.tablets[WANG], &stage.sessions[WANG], &err), RC_OK);
    assert_int_equal(stage_sync(&stage, WANG, &err), RC_OK);
    assert_int_equal(tablet_status(stage.tablets[WANG], &stage.arena, &status, &err), RC_OK);
    assert_int_equal(status.unsent, 0);
    assert_true(tablet_facts(stage.tablets[WANG])->wiped);
    assert_true(stage_down(&stage));
    stage_release(&stage);
}

static enum rc nobody_answers(void *context, const char *path, struct view body, struct buf *answer,
                              struct link_result *result, struct err *err) {
    (void)context;
    (void)path;
    (void)body;
    (void)answer;
    (void)result;
    return err_set(err, RC_NETWORK, "nobody answers");
}

/* The next sync, whatever comes of it, ends what was begun. */
static void the_keys_go_whenever_the_power_does(void **state) {
    static struct stage stage;
    struct link link = {NULL, nobody_answers};
    struct stage_image image;
    uint8_t keys[WRAPPED_BYTES];
    bool cut = true;
    struct err err;

    (void)state;
    start(&stage, &err);
    wrapped(&stage, keys, &err);
    assert_true(stage_down(&stage));
    stage_keep(&stage, &image);
    for (uint64_t calls = 1; cut; calls++) {
        struct tablet_options options = {.env = &stage.env};
        struct sync_report report;
        struct disk *disk;

        stage_bring(&stage, &image, calls);
        disk = stage.disks[DISK_WANG];
        assert_int_equal(tablet_open("/wang/tablet", &options, &stage.tablets[WANG], &err), RC_OK);
        disk_cut_after(disk, calls);
        (void)sync_run(stage.tablets[WANG], &link, NULL, &report, &err);
        cut = disk_is_dead(disk);
        if (cut) {
            assert_true(stage_down(&stage));
            assert_int_equal(tablet_open("/wang/tablet", &options, &stage.tablets[WANG], &err),
                             RC_OK);
        }
        disk_cut_after(disk, 0);
        err_clear(&err);
        assert_int_equal(sync_run(stage.tablets[WANG], &link, NULL, &report, &err), RC_NETWORK);
        assert_true(tablet_facts(stage.tablets[WANG])->wiped);
        assert_false(disk_holds(disk, keys, sizeof(keys)));
        err_clear(&err);
        assert_true(stage_down(&stage));
    }
    stage_release(&stage);
    stage_image_release(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_sealed_for_the_county_is_not_forgotten),
        cmocka_unit_test(the_keys_go_whenever_the_power_does),
    };

    fault_begin();
    vfs_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
