/* test_disk.c: the simulated disk: what was synced survives a power cut and what was not may be
 * lost, torn or kept; and SQLite's commits, and files written as a whole, stand on it through any
 * cut, at any call. */
#include "base/db.h"
#include "base/file.h"
#include "tests/sim/disk.h"
#include "tests/sim/vfs.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static struct err err;

static struct disk *fresh(uint64_t seed) {
    struct disk *disk = disk_new(seed);

    disk_mount("m", disk);
    err_init(&err, LANG_EN);
    return disk;
}

static void put(const char *path, uint64_t at, const void *bytes, size_t size, bool sync) {
    struct disk_file *file = NULL;

    assert_int_equal(disk_open(path, DISK_CREATE, &file), 0);
    assert_int_equal(disk_write(file, at, bytes, size), 0);
    if (sync)
        assert_int_equal(disk_sync(file), 0);
    disk_close(file);
}

static size_t get(const char *path, void *bytes, size_t size) {
    struct disk_file *file = NULL;
    size_t got = 0;

    if (disk_open(path, 0, &file) != 0)
        return SIZE_MAX;
    assert_int_equal(disk_read(file, 0, bytes, size, &got), 0);
    disk_close(file);
    return got;
}

static void cut(struct disk *disk) {
    struct disk_file *file = NULL;

    disk_cut_after(disk, 1);
    (void)disk_open("/m/the-cut", DISK_CREATE, &file);
    if (file != NULL)
        disk_close(file);
    assert_true(disk_is_dead(disk));
    disk_restart(disk);
}

static void what_is_synced_survives(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct disk *disk = fresh(seed);
        char old[1500], new[1500], now[1600];

        memset(old, 'o', sizeof(old));
        memset(new, 'n', sizeof(new));
        put("/m/file", 0, old, sizeof(old), true);
        assert_int_equal(disk_sync_names("/m"), 0);
        put("/m/file", 0, new, sizeof(new), false);
        cut(disk);
        assert_int_equal(get("/m/file", now, sizeof(now)), sizeof(old));
        for (size_t i = 0; i < sizeof(old); i++) { /* sector by sector one of the two */
            assert_true(now[i] == 'o' || now[i] == 'n');
            assert_int_equal(now[i], now[i / DISK_SECTOR_BYTES * DISK_SECTOR_BYTES]);
        }
        disk_free(disk);
    }
}

static void what_is_not_synced_may_be_lost_torn_or_kept(void **state) {
    uint32_t lost = 0, torn = 0, kept = 0, nameless = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct disk *disk = fresh(seed);
        char old[2048] = {0}, new[2048], now[2048];

        memset(new, 'n', sizeof(new));
        put("/m/file", 0, old, sizeof(old), true);
        assert_int_equal(disk_sync_names("/m"), 0);
        put("/m/file", 0, new, sizeof(new), false);
        put("/m/other", 0, new, sizeof(new), false);
        cut(disk);
        assert_int_equal(get("/m/file", now, sizeof(now)), sizeof(now));
        if (memcmp(now, old, sizeof(now)) == 0)
            lost++;
        else if (memcmp(now, new, sizeof(now)) == 0)
            kept++;
        else
            torn++;
        nameless += get("/m/other", now, sizeof(now)) == SIZE_MAX;
        disk_free(disk);
    }
    assert_true(lost > 5 && torn > 5 && kept > 5);
    assert_true(nameless > 20 && nameless < 80);
}

static void a_file_that_was_cut_shorter_is_shorter_or_is_not(void **state) {
    uint32_t shorter = 0, not = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct disk *disk = fresh(seed);
        struct disk_file *file = NULL;
        char old[4096], now[4096];
        size_t got;

        memset(old, 'o', sizeof(old));
        put("/m/file", 0, old, sizeof(old), true);
        assert_int_equal(disk_sync_names("/m"), 0);
        assert_int_equal(disk_open("/m/file", 0, &file), 0);
        assert_int_equal(disk_truncate(file, 100), 0);
        disk_close(file);
        cut(disk);
        got = get("/m/file", now, sizeof(now));
        assert_true(got == 100 || got == sizeof(old));
        assert_memory_equal(now, old, got);
        shorter += got == 100;
        not += got == sizeof(old);
        disk_free(disk);
    }
    assert_true(shorter > 20 && not > 20);
}

static void a_dead_disk_refuses_everything(void **state) {
    struct disk *disk = fresh(1);
    struct disk_file *file = NULL, *other = NULL;
    char byte = 'x';
    size_t got;

    (void)state;
    assert_int_equal(disk_open("/m/file", DISK_CREATE, &file), 0);
    disk_cut_after(disk, 2);
    assert_int_equal(disk_write(file, 0, &byte, 1), 0);
    assert_int_equal(disk_write(file, 1, &byte, 1), EIO);
    assert_int_equal(disk_sync(file), EIO);
    assert_int_equal(disk_read(file, 0, &byte, 1, &got), EIO);
    assert_int_equal(disk_open("/m/file", 0, &other), EIO);
    disk_close(file);
    disk_free(disk);
}

static void a_full_disk_says_so(void **state) {
    struct disk *disk = fresh(1);
    char bytes[3000] = {0};
    struct disk_file *file = NULL;

    (void)state;
    disk_set_faults(disk, &(struct disk_faults){.room_bytes = 4096});
    assert_int_equal(disk_open("/m/file", DISK_CREATE, &file), 0);
    assert_int_equal(disk_write(file, 0, bytes, sizeof(bytes)), 0);
    assert_int_equal(disk_write(file, sizeof(bytes), bytes, sizeof(bytes)), ENOSPC);
    assert_int_equal(disk_write(file, 0, bytes, sizeof(bytes)), 0); /* in its place it can */
    disk_close(file);
    disk_free(disk);
}

static void a_copy_is_another_disk(void **state) {
    struct disk *disk = fresh(1), *copy;
    char now[8] = {0};

    (void)state;
    put("/m/file", 0, "first", 5, false);
    copy = disk_copy(disk, 2);
    put("/m/file", 0, "other", 5, false);
    disk_mount("copy", copy);
    assert_int_equal(get("/copy/file", now, sizeof(now)), 5);
    assert_memory_equal(now, "first", 5);
    disk_free(copy);
    disk_free(disk);
}

static void what_must_not_be_written_is_seen(void **state) {
    struct disk *disk = fresh(1);
    const char *where = NULL;

    (void)state;
    disk_forbid(disk, "secret");
    put("/m/file", 0, "open", 4, false);
    assert_int_equal(disk_forbidden(disk, &where), 0);
    put("/m/leak", 0, "a secret of hers", 16, false);
    assert_int_equal(disk_forbidden(disk, &where), 1);
    assert_string_equal(where, "/m/leak");
    disk_free(disk);
}

/* Either the old file or the new one, whenever the power goes. */
static void a_file_is_replaced_as_a_whole_or_not_at_all(void **state) {
    uint32_t before = 0, after = 0;

    (void)state;
    for (uint64_t at = 1; at < 12; at++)
        for (uint64_t seed = 1; seed <= 20; seed++) {
            struct disk *disk = fresh(seed);
            struct buf found;
            enum rc rc;

            assert_int_equal(file_make_directory("/m/keys", &err), RC_OK);
            assert_int_equal(file_write("/m/keys/root", view_text("old"), FILE_MODE_PRIVATE, &err),
                             RC_OK);
            disk_cut_after(disk, at);
            rc = file_write("/m/keys/root", view_text("the new one"), FILE_MODE_PRIVATE, &err);
            assert_int_equal(rc == RC_OK, !disk_is_dead(disk));
            disk_restart(disk);
            buf_init(&found, 100);
            assert_int_equal(file_read("/m/keys/root", 100, &found, &err), RC_OK);
            if (rc == RC_OK)
                assert_true(view_is(buf_view(&found), "the new one"));
            else
                assert_true(view_is(buf_view(&found), "the new one") ||
                            view_is(buf_view(&found), "old"));
            before += view_is(buf_view(&found), "old");
            after += view_is(buf_view(&found), "the new one");
            buf_release(&found);
            disk_free(disk);
        }
    assert_true(before > 0 && after > 0);
}

/* ---- SQLite ---- */

enum { SQL_PUT, SQL_SUM, SQL_COUNT };
static const char *const SQL[SQL_COUNT] = {
    [SQL_PUT] = "INSERT INTO t(n, body) VALUES(?1, zeroblob(2000))",
    [SQL_SUM] = "SELECT count(*), coalesce(max(n), 0) FROM t",
};

static enum rc open_base(enum db_mode mode, struct db **db, struct statement **sql) {
    struct db_options options;
    enum rc rc;

    db_options_default(&options);
    options.autocheckpoint_pages = 8; /* so that the cut meets checkpoints, too */
    rc = db_open("/m/base.db", mode, &options, db, &err);
    if (rc == RC_OK && mode != DB_READER)
        rc =
            db_execute(*db, "CREATE TABLE IF NOT EXISTS t(n INTEGER PRIMARY KEY, body BLOB)", &err);
    if (rc == RC_OK)
        rc = db_prepare_all(*db, SQL, SQL_COUNT, sql, &err);
    if (rc != RC_OK) {
        db_close(*db);
        *db = NULL;
    }
    return rc;
}

static enum rc add(struct db *db, struct statement **sql, int64_t number) {
    enum rc rc = db_begin(db, &err);

    if (rc == RC_OK) {
        statement_bind_i64(sql[SQL_PUT], 1, number);
        rc = statement_run(sql[SQL_PUT], &err);
    }
    if (rc == RC_OK)
        return db_commit(db, &err);
    db_rollback(db);
    return rc;
}

static void what_is_committed_survives(enum db_mode mode, uint64_t seed, uint64_t at,
                                       const struct disk_faults *faults) {
    struct disk *disk = fresh(seed);
    struct db *db = NULL;
    struct statement *sql[SQL_COUNT];
    int64_t number = 0, failed = 0;

    disk_set_faults(disk, faults);
    disk_cut_after(disk, at);
    if (open_base(mode, &db, sql) == RC_OK) {
        while (number < 60 && !disk_is_dead(disk)) {
            if (add(db, sql, number + 1) == RC_OK)
                number++;
            else if (++failed == 5)
                break;
        }
    }
    db_close(db);
    db = NULL;
    disk_set_faults(disk, &(struct disk_faults){0});
    if (!disk_is_dead(disk))
        cut(disk);
    else
        disk_restart(disk);
    assert_int_equal(open_base(mode, &db, sql), RC_OK);
    assert_int_equal(db_integrity_check(db, &err), RC_OK);
    assert_int_equal(statement_one(sql[SQL_SUM], &err), RC_OK);
    assert_int_equal(statement_i64(sql[SQL_SUM], 0), statement_i64(sql[SQL_SUM], 1));
    /* The one that failed may be there, but none that was committed may be missing. */
    assert_in_range(statement_i64(sql[SQL_SUM], 0), number, number + 1);
    db_close(db);
    assert_int_equal(disk_open_files(disk), 0);
    disk_free(disk);
}

static void commits_survive_a_cut_at_any_call(void **state) {
    (void)state;
    for (uint64_t at = 1; at < 200; at++) {
        what_is_committed_survives(DB_OWNER, at, at, &(struct disk_faults){0});
        what_is_committed_survives(DB_WRITER, at * 7, at, &(struct disk_faults){0});
    }
}

static void commits_survive_a_disk_that_fails_at_times(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed < 200; seed++)
        what_is_committed_survives(DB_OWNER, seed, seed % 3 == 0 ? 0 : 40 + seed,
                                   &(struct disk_faults){.read_errors = 50,
                                                         .write_errors = 40,
                                                         .sync_errors = 20,
                                                         .room_bytes = seed % 2 == 0 ? 60000 : 0});
}

static void an_owner_keeps_others_out_and_a_writer_has_readers(void **state) {
    struct disk *disk = fresh(1);
    struct db *db = NULL, *other = NULL;
    struct statement *sql[SQL_COUNT], *reading[SQL_COUNT];

    (void)state;
    assert_int_equal(open_base(DB_OWNER, &db, sql), RC_OK);
    assert_int_equal(open_base(DB_OWNER, &other, reading), RC_LOCKED);
    db_close(db);
    assert_int_equal(open_base(DB_WRITER, &db, sql), RC_OK);
    assert_int_equal(db_open("/m/base.db", DB_READER, NULL, &other, &err), RC_OK);
    assert_int_equal(db_prepare_all(other, SQL, SQL_COUNT, reading, &err), RC_OK);
    assert_int_equal(db_begin(other, &err), RC_OK);
    assert_int_equal(statement_one(reading[SQL_SUM], &err), RC_OK);
    assert_int_equal(statement_i64(reading[SQL_SUM], 0), 0);
    statement_reset(reading[SQL_SUM]);
    assert_int_equal(add(db, sql, 1), RC_OK);
    assert_int_equal(statement_one(reading[SQL_SUM], &err), RC_OK);
    assert_int_equal(statement_i64(reading[SQL_SUM], 0), 0); /* its view stands still */
    db_rollback(other);
    assert_int_equal(statement_one(reading[SQL_SUM], &err), RC_OK);
    assert_int_equal(statement_i64(reading[SQL_SUM], 0), 1);
    db_close(other);
    db_close(db);
    disk_free(disk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_synced_survives),
        cmocka_unit_test(what_is_not_synced_may_be_lost_torn_or_kept),
        cmocka_unit_test(a_file_that_was_cut_shorter_is_shorter_or_is_not),
        cmocka_unit_test(a_dead_disk_refuses_everything),
        cmocka_unit_test(a_full_disk_says_so),
        cmocka_unit_test(a_copy_is_another_disk),
        cmocka_unit_test(what_must_not_be_written_is_seen),
        cmocka_unit_test(a_file_is_replaced_as_a_whole_or_not_at_all),
        cmocka_unit_test(commits_survive_a_cut_at_any_call),
        cmocka_unit_test(commits_survive_a_disk_that_fails_at_times),
        cmocka_unit_test(an_owner_keeps_others_out_and_a_writer_has_readers),
    };

    vfs_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
