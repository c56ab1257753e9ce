/* test_fault_db.c: the check of a database that could not be read says so, and not that the
 * database is damaged. */
#include "base/db.h"
#include "tests/fault/fault.h"
#include "tests/sim/disk.h"
#include "tests/sim/vfs.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

static void must(enum rc rc, const struct err *err) {
    if (rc != RC_OK)
        fail_msg("%s: %s %s", rc_name(rc), err->text, err->detail);
}

static void make(void) {
    struct db *db;
    struct err err;

    err_init(&err, LANG_EN);
    must(db_open("/machine/a.db", DB_OWNER, NULL, &db, &err), &err);
    must(db_execute(db,
                    "CREATE TABLE t(id INTEGER PRIMARY KEY, body BLOB);"
                    "CREATE INDEX by_body ON t(body);"
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
                    " INSERT INTO t SELECT i, zeroblob(40 * i) FROM n;"
                    "DELETE FROM t WHERE id % 3 = 0",
                    &err),
         &err);
    db_close(db);
}

/* Fails the so many-th call of the check; false: it has no more of them. */
static bool check(enum fault_kind kind, uint64_t number) {
    struct db *db;
    struct err err;
    bool struck;
    enum rc rc;

    err_init(&err, LANG_EN);
    must(db_open("/machine/a.db", DB_OWNER, NULL, &db, &err), &err);
    fault_arm(kind, number, false);
    rc = db_integrity_check(db, &err);
    fault_disarm();
    struck = fault_struck();
    /* SQLite does not always tell whether it was the memory that a page could not be had for. */
    if (rc != RC_OK && rc != RC_IO && (kind != FAULT_MEMORY || rc != RC_NO_MEMORY))
        fail_msg("%s %llu: %s: %s %s", fault_name(kind), (unsigned long long)number, rc_name(rc),
                 err.text, err.detail);
    must(db_integrity_check(db, &err), &err);
    db_close(db);
    return struck;
}

static void a_check_that_could_not_read_does_not_say_damaged(void **state) {
    struct disk *disk = disk_new(1);
    uint64_t number = 0;

    (void)state;
    disk_mount("machine", disk);
    make();
    while (check(FAULT_READ, ++number))
        continue;
    assert_true(number > 50);
    for (number = 1; check(FAULT_MEMORY, number); number++)
        continue;
    assert_true(number > 50);
    disk_free(disk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_that_could_not_read_does_not_say_damaged)};

    fault_begin();
    vfs_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
