/* test_tablet.c: a tablet on a disk that fails at times says so, does not blame others, and goes
 * on when the disk is mended. */
#include "agent/store/traffic.h"
#include "tests/sim/disk.h"
#include "tests/sim/vfs.h"
#include "tests/support/realm.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

static const uint64_t area = COUNTY_AREA;

static enum rc drop_file(void *context, struct view bytes, struct err *err) {
    (void)context;
    (void)bytes;
    (void)err;
    return RC_OK;
}

/* Whatever could not be written or read, and whenever. */
static void a_tablet_survives_a_disk_that_fails_and_syncs_when_it_is_mended(void **state) {
    struct county *county = county_new(7);
    struct disk *first = disk_new(1);
    struct tablet *tablet;

    (void)state;
    disk_mount("wang", first);
    tablet = county_enrol(county, "/wang/tablet", "wang", &area, 1);
    tablet_close(tablet);
    for (uint64_t seed = 1; seed <= 150; seed++) {
        struct disk *disk = disk_copy(first, seed);
        struct sync_report report;
        struct err err;

        err_init(&err, LANG_EN);
        disk_mount("wang", disk);
        tablet = county_tablet(county, "/wang/tablet");
        disk_set_faults(disk, &(struct disk_faults){.read_errors = 1 + (uint32_t)seed % 3,
                                                    .write_errors = 1 + (uint32_t)seed % 7,
                                                    .sync_errors = 2});
        for (int i = 0; i < 4; i++) {
            struct bundle_written written;
            enum rc rc = sync_run(tablet, &county->link, NULL, &report, &err);

            assert_true(rc == RC_OK || rc == RC_IO);
            rc = sync_bundle_write(tablet, drop_file, NULL, &written, &err);
            assert_true(rc == RC_OK || rc == RC_IO);
        }
        disk_set_faults(disk, &(struct disk_faults){0});
        county->now_ms += INT64_C(8) * 86400000; /* the nonce is too old */
        county_sync(county, tablet, RC_OK, NULL);
        tablet_close(tablet);
        disk_free(disk);
    }
    disk_free(first);
    county_free(county);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tablet_survives_a_disk_that_fails_and_syncs_when_it_is_mended)};

    vfs_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
