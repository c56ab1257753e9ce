/* test_photos.c: what a county says that it has of photos survives a power cut, also where its disk
 * had refused the last step of keeping it, and it was found there later. */
#include "agent/store/traffic.h"
#include "base/crypt.h"
#include "base/file.h"
#include "schema/wire/attachment.h"
#include "schema/wire/batch.h"
#include "syncd/sync/attachment.h"
#include "tests/sim/disk.h"
#include "tests/sim/vfs.h"
#include "tests/support/picture.h"
#include "tests/support/realm.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#define SEEDS  40u
#define TRIES  30
#define FOLDER "/hall/data"

static const uint64_t area = COUNTY_AREA;

static void hash_of(struct view content, uint8_t out[32]) {
    struct crypt_sha256 hasher;

    crypt_sha256_init(&hasher);
    crypt_sha256_add(&hasher, content.data, content.size);
    crypt_sha256_end(&hasher, out);
}

/* The power goes; some disks have kept the last names, others not. */
static bool survives_a_cut(struct disk *disk, const uint8_t hash[32]) {
    char path[ATTACHMENT_PATH_BYTES];
    struct err err;

    err_init(&err, LANG_EN);
    assert_int_equal(attachment_path(FOLDER, hash, path, &err), RC_OK);
    disk_set_faults(disk, &(struct disk_faults){0});
    disk_restart(disk);
    return file_exists(path);
}

/* A tablet's request: one photo in one chunk. */
static void write_request(struct county *county, struct tablet *tablet, struct view content,
                          struct buf *label_bytes, struct buf *chunk_bytes, struct buf *out) {
    struct attachment_label label = {
        .size = (uint32_t)content.size, .kind = ATTACHMENT_JPEG, .area = area, .key = {9}};
    struct view offer;
    struct attachment_chunk chunk = {.offer = 0, .index = 0};
    struct attachment_request request = {.device = tablet_facts(tablet)->device,
                                         .offer_count = 1,
                                         .offers = &offer,
                                         .chunk_count = 1,
                                         .chunks = &chunk};
    struct err err;

    err_init(&err, LANG_EN);
    hash_of(content, label.hash);
    assert_int_equal(attachment_label_seal(&label, batch_county(county->keys.sign_public),
                                           county->keys.box_public, &county->env, label_bytes,
                                           &err),
                     RC_OK);
    assert_int_equal(attachment_chunk_seal(label.key, 0, content, &county->env, chunk_bytes, &err),
                     RC_OK);
    offer = buf_view(label_bytes);
    chunk.sealed = buf_view(chunk_bytes);
    assert_int_equal(attachment_request_write(&request, tablet_device_secret(tablet), out, &err),
                     RC_OK);
}

static void a_photo_that_was_found_after_a_failure_stays(void **state) {
    struct county *county = county_new(7);
    struct disk *tablets = disk_new(1);
    struct tablet *tablet;
    uint32_t failed = 0;

    (void)state;
    disk_mount("wang", tablets);
    tablet = county_enrol(county, "/wang/tablet", "wang", &area, 1);
    county->office.directory = FOLDER;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct disk *disk = disk_new(seed);
        struct buf content, label, chunk, request;
        uint32_t arrived = 0;
        enum rc rc = RC_IO;
        uint8_t hash[32];

        disk_mount("hall", disk);
        buf_init(&content, LIMIT_PHOTO_BYTES);
        buf_init(&label, 1000);
        buf_init(&chunk, LIMIT_PHOTO_BYTES);
        buf_init(&request, LIMIT_ATTACHMENT_REQUEST);
        picture_jpeg(&content, 3000, seed);
        hash_of(buf_view(&content), hash);
        write_request(county, tablet, buf_view(&content), &label, &chunk, &request);
        disk_set_faults(disk, &(struct disk_faults){.sync_errors = 2});
        for (int tries = 0; tries < TRIES && rc == RC_IO; tries++) {
            struct err err;

            err_init(&err, LANG_EN);
            rc = attachment_take(&county->office, buf_view(&request), tablet_facts(tablet)->device,
                                 &arrived, &err);
            failed += rc == RC_IO;
        }
        assert_int_equal(rc, RC_OK);
        assert_int_equal(arrived, 1);
        assert_true(survives_a_cut(disk, hash));
        buf_release(&content);
        buf_release(&label);
        buf_release(&chunk);
        buf_release(&request);
        disk_free(disk);
    }
    assert_true(failed > 0);
    tablet_close(tablet);
    disk_free(tablets);
    county_free(county);
}

/* A file of a form, that staff upload. */
static void a_file_that_was_kept_after_a_failure_stays(void **state) {
    struct view content = view_text("every child of a household");
    uint32_t failed = 0;
    uint8_t hash[32];

    (void)state;
    hash_of(content, hash);
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct disk *disk = disk_new(seed);
        enum rc rc = RC_IO;

        disk_mount("hall", disk);
        disk_set_faults(disk, &(struct disk_faults){.sync_errors = 2});
        for (int tries = 0; tries < TRIES && rc == RC_IO; tries++) {
            struct err err;

            err_init(&err, LANG_EN);
            rc = attachment_keep(FOLDER, hash, content, &err);
            failed += rc == RC_IO;
        }
        assert_int_equal(rc, RC_OK);
        assert_true(survives_a_cut(disk, hash));
        disk_free(disk);
    }
    assert_true(failed > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_photo_that_was_found_after_a_failure_stays),
        cmocka_unit_test(a_file_that_was_kept_after_a_failure_stays),
    };

    vfs_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
