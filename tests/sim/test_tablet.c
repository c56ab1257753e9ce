/* test_tablet.c: a tablet on a disk that fails at times says so, does not blame others, and goes
 * on when the disk is mended. */
#include "agent/store/traffic.h"
#include "base/file.h"
#include "tests/sim/disk.h"
#include "tests/sim/vfs.h"
#include "tests/support/visitor.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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

static void put_sheet(struct visitor *visitor, const char *path, const char *text) {
    visitor_must(visitor, file_write(path, view_text(text), FILE_MODE_SHARED, &visitor->err));
}

/* Only simulated disks can be read here; they have the little of the form that visits write. */
static void publish(struct visitor *visitor) {
    struct disk *disk = disk_new(1);

    disk_mount("forms", disk);
    put_sheet(visitor, "/forms/survey.csv",
              "type,name,label\nbegin group,head,Head\ntext,name,Name\nend group,,\n");
    put_sheet(visitor, "/forms/choices.csv", "list_name,name,label\n");
    put_sheet(visitor, "/forms/settings.csv",
              "form_id,form_title,version,instance_name\nhousehold,Household,1,${name}\n");
    county_publish(visitor->county, "/forms");
    disk_mount("forms", NULL);
    disk_free(disk);
}

/* The place from which a locked tablet asks is where its inbox leads. false: the power has stayed.
 */
static bool the_power_goes_while_unlocking(struct visitor *visitor, uint64_t calls) {
    struct county *county = visitor->county;
    struct sync_options small = {.answer_bytes_max = 1, .rounds_max = 1};
    struct disk *wangs = disk_new(calls), *zhaos = disk_new(1);
    struct tablet *a, *b;
    struct session *wang = NULL, *zhao;
    struct sync_report report;
    bool went;
    enum rc rc;

    disk_mount("wang", wangs);
    disk_mount("zhao", zhaos);
    snprintf(visitor->folder, sizeof(visitor->folder), "/wang");
    a = visitor_enrol(visitor, "wang", 1);
    snprintf(visitor->folder, sizeof(visitor->folder), "/zhao");
    b = visitor_enrol(visitor, "zhao", 1);
    zhao = county_session(b, "zhao");
    (void)visitor_save(visitor, zhao, VILLAGE_A, "锁着时来的");
    county_sync(county, b, RC_OK, NULL);
    county_sync(county, a, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, a).inbox, 1);

    disk_cut_between(wangs, calls);
    rc = session_open(a, view_text("wang"), view_text("secret-of-wang"), &wang, &visitor->err);
    went = disk_is_dead(wangs);
    assert_true(went || rc == RC_OK);
    disk_cut_between(wangs, 0);
    if (went) {
        tablet_close(a);
        disk_restart(wangs);
        err_clear(&visitor->err);
        a = county_tablet(county, "/wang/wang");
        wang = county_session(a, "wang");
    }
    for (int i = 0; i < 2; i++) {
        (void)visitor_save(visitor, zhao, VILLAGE_A, "打开后来的");
        county_sync(county, b, RC_OK, NULL);
    }
    county_sync(county, a, RC_OK, NULL);
    assert_int_equal(visitor_count(visitor, wang, ""), 3);
    visitor_must(visitor, session_close(wang, &visitor->err));

    /* Nothing is new: nothing comes, and nobody is told that the county has changed its history. */
    visitor_must(visitor, sync_run(a, &county->link, &small, &report, &visitor->err));
    assert_int_equal(visitor_status(visitor, a).inbox, 0);
    assert_false(visitor_noticed(visitor, a, NOTICE_FEED_BROKEN));
    tablet_close(a);
    tablet_close(b);
    disk_free(wangs);
    disk_free(zhaos);
    return went;
}

static void a_power_cut_while_unlocking_does_not_leave_a_former_place_to_ask_from(void **state) {
    bool goes_on = true;

    (void)state;
    for (uint64_t calls = 1; goes_on; calls++) {
        struct visitor visitor = {.county = county_new(7)};

        err_init(&visitor.err, LANG_EN);
        arena_init(&visitor.arena, 256u * 1024u * 1024u);
        publish(&visitor);
        goes_on = the_power_goes_while_unlocking(&visitor, calls);
        assert_true(goes_on || calls > 1);
        county_free(visitor.county);
        arena_release(&visitor.arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tablet_survives_a_disk_that_fails_and_syncs_when_it_is_mended),
        cmocka_unit_test(a_power_cut_while_unlocking_does_not_leave_a_former_place_to_ask_from)};

    vfs_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
