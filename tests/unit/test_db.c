/* Tests of base/db: the promises of the three modes, durability settings, errors. */
#include "base/db.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char folder[64];
    char path[96];
    char other[96];
};

static struct err err;

static int set_up(void **state) {
    struct place *place = calloc(1, sizeof(*place));

    assert_non_null(place);
    (void)snprintf(place->folder, sizeof(place->folder), "/tmp/yg_test_db_XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    (void)snprintf(place->path, sizeof(place->path), "%s/a.db", place->folder);
    (void)snprintf(place->other, sizeof(place->other), "%s/b.db", place->folder);
    err_init(&err, LANG_EN);
    *state = place;
    return 0;
}

static int tear_down(void **state) {
    static const char *const names[] = {"a.db",     "a.db-wal",     "a.db-shm", "b.db",
                                        "b.db-wal", "b.db-journal", "b.db-shm"};
    struct place *place = *state;
    char path[128];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", place->folder, names[i]);
        (void)unlink(path);
    }
    /* Fails, and the test with it, when something was left that nobody expects. */
    assert_int_equal(rmdir(place->folder), 0);
    free(place);
    return 0;
}

static struct db *open_db(const char *path, enum db_mode mode) {
    struct db_options options;
    struct db *db = NULL;

    db_options_default(&options);
    options.busy_timeout_ms = 0;
    if (db_open(path, mode, &options, &db, &err) != RC_OK)
        fail_msg("%s (%s)", err.text, err.detail);
    return db;
}

static struct statement *prepare(struct db *db, const char *sql) {
    struct statement *statement = NULL;

    if (db_prepare_all(db, &sql, 1, &statement, &err) != RC_OK)
        fail_msg("%s (%s)", err.text, err.detail);
    return statement;
}

static int64_t number(struct db *db, const char *sql) {
    struct statement *statement = prepare(db, sql);
    int64_t value = 0;

    assert_int_equal(statement_one(statement, &err), RC_OK);
    value = statement_i64(statement, 0);
    statement_reset(statement);
    return value;
}

static void execute(struct db *db, const char *sql) {
    if (db_execute(db, sql, &err) != RC_OK)
        fail_msg("%s (%s)", err.text, err.detail);
}

static void test_settings(void **state) {
    static const enum db_mode modes[] = {DB_OWNER, DB_WRITER};
    struct place *place = *state;

    for (size_t i = 0; i < 2; i++) {
        struct db *db = open_db(place->path, modes[i]);
        struct statement *journal = prepare(db, "PRAGMA journal_mode");

        assert_int_equal(number(db, "PRAGMA synchronous"), 2);
        assert_int_equal(number(db, "PRAGMA foreign_keys"), 1);
        assert_int_equal(number(db, "PRAGMA temp_store"), 2);
        assert_int_equal(number(db, "PRAGMA mmap_size"), 0);
        assert_int_equal(number(db, "PRAGMA trusted_schema"), 0);
        assert_int_equal(number(db, "PRAGMA page_size"), 4096);
        assert_int_equal(number(db, "PRAGMA wal_autocheckpoint"), 1000);
        assert_int_equal(number(db, "PRAGMA cache_size"), -8192);
        assert_int_equal(statement_one(journal, &err), RC_OK);
        assert_true(view_is(statement_text(journal, 0), "wal"));
        assert_int_equal(db_execute(db, "ATTACH ':memory:' AS other", &err), RC_INVALID);
        assert_true(db_memory_bytes(db) > 0);
        db_close(db);
    }
}

static void test_options(void **state) {
    struct place *place = *state;
    struct db_options options;
    struct db *db = NULL;

    db_options_default(&options);
    options.page_size_bytes = 8192;
    options.autocheckpoint_pages = 7;
    options.cache_kib = 333;
    assert_int_equal(db_open(place->path, DB_OWNER, &options, &db, &err), RC_OK);
    assert_int_equal(number(db, "PRAGMA page_size"), 8192);
    assert_int_equal(number(db, "PRAGMA wal_autocheckpoint"), 7);
    assert_int_equal(number(db, "PRAGMA cache_size"), -333);
    db_close(db);
    options.page_size_bytes = 1000;
    assert_int_equal(db_open(place->path, DB_OWNER, &options, &db, &err), RC_INVALID);
    assert_null(db);
    db_options_default(&options);
    options.vfs_name = "no such thing";
    assert_int_equal(db_open(place->path, DB_OWNER, &options, &db, &err), RC_INVALID);
    assert_null(db);
}

/* Tries to open in a process of its own; returns the rc. */
static int open_elsewhere(const char *path, enum db_mode mode) {
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        struct db_options options;
        struct db *db = NULL;
        struct err own;

        err_init(&own, LANG_EN);
        db_options_default(&options);
        options.busy_timeout_ms = 0;
        _exit((int)db_open(path, mode, &options, &db, &own));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_one_owner(void **state) {
    static const enum db_mode modes[] = {DB_OWNER, DB_READER};
    struct place *place = *state;
    struct db *owner = open_db(place->path, DB_OWNER);
    struct db *second = NULL;
    struct db_options options;
    struct stat found;
    char shm[128];

    db_options_default(&options);
    options.busy_timeout_ms = 0;
    for (size_t i = 0; i < 2; i++) {
        err_clear(&err);
        assert_int_equal(db_open(place->path, modes[i], &options, &second, &err), RC_LOCKED);
        assert_null(second);
        assert_non_null(strstr(err.text, "another process owns it"));
        assert_int_equal(open_elsewhere(place->path, modes[i]), RC_LOCKED);
    }
    execute(owner, "CREATE TABLE t(a)");
    (void)snprintf(shm, sizeof(shm), "%s-shm", place->path);
    assert_int_not_equal(stat(shm, &found), 0); /* the WAL index is in the heap */
    db_close(owner);
    assert_int_equal(open_elsewhere(place->path, DB_OWNER), RC_OK);
}

static void test_owner_refused_beside_writer(void **state) {
    struct place *place = *state;
    struct db *writer = open_db(place->path, DB_WRITER);
    struct db *second = NULL;

    assert_int_equal(db_open(place->path, DB_OWNER, NULL, &second, &err), RC_LOCKED);
    assert_null(second);
    execute(writer, "CREATE TABLE t(a)"); /* undisturbed */
    db_close(writer);
}

static void test_reader(void **state) {
    struct place *place = *state;
    struct db *writer = open_db(place->path, DB_WRITER);
    struct db *reader = NULL;
    struct statement *count = NULL;

    execute(writer, "CREATE TABLE t(a)");
    reader = open_db(place->path, DB_READER);
    count = prepare(reader, "SELECT count(*) FROM t");
    assert_int_equal(db_begin(writer, &err), RC_OK);
    execute(writer, "INSERT INTO t VALUES(1)");
    assert_int_equal(statement_one(count, &err), RC_OK);
    assert_int_equal(statement_i64(count, 0), 0); /* not committed */
    statement_reset(count);
    assert_int_equal(db_commit(writer, &err), RC_OK);
    assert_int_equal(statement_one(count, &err), RC_OK);
    assert_int_equal(statement_i64(count, 0), 1);
    statement_reset(count);

    /* One view of one moment. */
    assert_int_equal(db_begin(reader, &err), RC_OK);
    assert_int_equal(number(reader, "SELECT count(*) FROM t"), 1);
    execute(writer, "INSERT INTO t VALUES(2)");
    assert_int_equal(number(reader, "SELECT count(*) FROM t"), 1);
    assert_int_equal(db_checkpoint(writer, true, &err), RC_AGAIN); /* the reader stands there */
    assert_int_equal(db_commit(reader, &err), RC_OK);
    assert_int_equal(number(reader, "SELECT count(*) FROM t"), 2);
    assert_int_equal(db_checkpoint(writer, true, &err), RC_OK);

    assert_int_equal(db_execute(reader, "INSERT INTO t VALUES(3)", &err), RC_IO);
    assert_int_equal(db_checkpoint(reader, false, &err), RC_DENIED);
    db_close(reader);
    db_close(writer);
}

static int64_t wal_bytes(const struct place *place) {
    struct stat found;
    char path[128];

    (void)snprintf(path, sizeof(path), "%s-wal", place->path);
    return stat(path, &found) == 0 ? (int64_t)found.st_size : -1;
}

static void test_last_reader_leaves_the_wal(void **state) {
    struct place *place = *state;
    int status = 0;
    struct db *reader = NULL;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) { /* a writer that dies without closing */
        struct db *writer = NULL;

        if (db_open(place->path, DB_WRITER, NULL, &writer, &err) != RC_OK ||
            db_execute(writer, "CREATE TABLE t(a); INSERT INTO t VALUES(1)", &err) != RC_OK)
            _exit(1);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(wal_bytes(place) > 0);
    reader = open_db(place->path, DB_READER);
    assert_int_equal(number(reader, "SELECT count(*) FROM t"), 1);
    db_close(reader);
    assert_true(wal_bytes(place) > 0);
    db_close(open_db(place->path, DB_WRITER));
    assert_int_equal(wal_bytes(place), -1); /* a writer's close does checkpoint */
}

static void test_values(void **state) {
    static const char *const sql[] = {
        "INSERT INTO t(a, b, c, d) VALUES(?1, ?2, ?3, ?4)",
        "SELECT a, b, c, d FROM t ORDER BY rowid",
    };
    struct place *place = *state;
    struct db *db = open_db(place->path, DB_OWNER);
    struct statement *statements[2];
    static const uint8_t bytes[] = {0, 1, 0xff, 0};

    execute(db, "CREATE TABLE t(a, b, c, d)");
    assert_int_equal(db_prepare_all(db, sql, 2, statements, &err), RC_OK);
    statement_bind_i64(statements[0], 1, INT64_MIN);
    statement_bind_text(statements[0], 2, view_text("\xf0\xa0\xae\xb7\xe6\x9d\x8e"));
    statement_bind_blob(statements[0], 3, view_of(bytes, sizeof(bytes)));
    statement_bind_null(statements[0], 4);
    assert_int_equal(statement_run(statements[0], &err), RC_OK);
    assert_int_equal(db_changes(db), 1);
    assert_int_equal(db_last_insert_id(db), 1);
    /* Empty is not NULL, and what is not bound is NULL: nothing is left of the first run. */
    statement_bind_text(statements[0], 2, (struct view){0});
    statement_bind_blob(statements[0], 3, (struct view){0});
    assert_int_equal(statement_run(statements[0], &err), RC_OK);

    assert_int_equal(statement_step(statements[1], &err), RC_OK);
    assert_true(statement_i64(statements[1], 0) == INT64_MIN);
    assert_true(view_is(statement_text(statements[1], 1), "\xf0\xa0\xae\xb7\xe6\x9d\x8e"));
    assert_true(view_equal(statement_blob(statements[1], 2), view_of(bytes, sizeof(bytes))));
    assert_true(statement_is_null(statements[1], 3));
    assert_int_equal(statement_step(statements[1], &err), RC_OK);
    assert_true(statement_is_null(statements[1], 0));
    assert_false(statement_is_null(statements[1], 1));
    assert_int_equal(statement_text(statements[1], 1).size, 0);
    assert_false(statement_is_null(statements[1], 2));
    assert_int_equal(statement_blob(statements[1], 2).size, 0);
    assert_int_equal(statement_step(statements[1], &err), RC_NOT_FOUND);
    statement_reset(statements[1]);
    db_close(db);
}

static void test_bind_errors_are_remembered(void **state) {
    struct place *place = *state;
    struct db *db = open_db(place->path, DB_OWNER);
    struct statement *put = NULL;

    execute(db, "CREATE TABLE t(a)");
    put = prepare(db, "INSERT INTO t VALUES(?1)");
    statement_bind_i64(put, 2, 1);
    statement_bind_i64(put, 1, 1);
    assert_int_equal(statement_run(put, &err), RC_INVALID);
    assert_int_equal(number(db, "SELECT count(*) FROM t"), 0);
    statement_bind_i64(put, 1, 1); /* forgotten after the report */
    assert_int_equal(statement_run(put, &err), RC_OK);
    db_close(db);
}

static void test_bad_sql(void **state) {
    static const char *const sql[] = {"SELECT 1", "SELECT a FROM nowhere"};
    struct place *place = *state;
    struct db *db = open_db(place->path, DB_OWNER);
    struct statement *statements[2];

    assert_int_equal(db_prepare_all(db, sql, 2, statements, &err), RC_INVALID);
    assert_non_null(strstr(err.text, "statement 1"));
    if (strstr(err.detail, "nowhere") == NULL)
        fail_msg("%s", err.detail);
    db_close(db);
}

static void test_transactions(void **state) {
    struct place *place = *state;
    struct db *db = open_db(place->path, DB_OWNER);
    struct statement *put = NULL;

    execute(db, "CREATE TABLE t(a UNIQUE)");
    put = prepare(db, "INSERT INTO t VALUES(?1)");
    assert_int_equal(db_commit(db, &err), RC_INVALID);
    assert_int_equal(db_begin(db, &err), RC_OK);
    assert_true(db_in_transaction(db));
    assert_int_equal(db_begin(db, &err), RC_INVALID);
    statement_bind_i64(put, 1, 1);
    assert_int_equal(statement_run(put, &err), RC_OK);
    db_rollback(db);
    assert_false(db_in_transaction(db));
    assert_int_equal(number(db, "SELECT count(*) FROM t"), 0);
    db_rollback(db); /* nothing to do */

    /* A refused row leaves the transaction to its owner. */
    assert_int_equal(db_begin(db, &err), RC_OK);
    statement_bind_i64(put, 1, 1);
    assert_int_equal(statement_run(put, &err), RC_OK);
    statement_bind_i64(put, 1, 1);
    assert_int_equal(statement_run(put, &err), RC_CONFLICT);
    statement_bind_i64(put, 1, 2);
    assert_int_equal(statement_run(put, &err), RC_OK);
    assert_int_equal(db_commit(db, &err), RC_OK);
    assert_int_equal(number(db, "SELECT count(*) FROM t"), 2);
    db_close(db);
}

/* A full file makes SQLite drop the transaction by itself: nothing may slip out behind it. */
static void test_lost_transaction(void **state) {
    struct place *place = *state;
    struct db *db = open_db(place->path, DB_OWNER);
    struct statement *put = NULL;

    execute(db, "CREATE TABLE t(a); PRAGMA max_page_count=3");
    put = prepare(db, "INSERT INTO t VALUES(zeroblob(?1))");
    assert_int_equal(db_begin(db, &err), RC_OK);
    statement_bind_i64(put, 1, 10);
    assert_int_equal(statement_run(put, &err), RC_OK);
    statement_bind_i64(put, 1, 100000);
    assert_int_equal(statement_run(put, &err), RC_IO);
    assert_non_null(strstr(err.text, "no space left"));
    assert_true(db_in_transaction(db));
    assert_int_equal(db_execute(db, "INSERT INTO t VALUES(1)", &err), RC_IO);
    db_rollback(db);
    execute(db, "PRAGMA max_page_count=1000");

    /* The same state, made by hand. */
    assert_int_equal(db_begin(db, &err), RC_OK);
    execute(db, "ROLLBACK");
    statement_bind_i64(put, 1, 10);
    assert_int_equal(statement_run(put, &err), RC_IO);
    assert_int_equal(db_execute(db, "INSERT INTO t VALUES(1)", &err), RC_IO);
    assert_int_equal(db_commit(db, &err), RC_IO);
    assert_false(db_in_transaction(db));
    assert_int_equal(number(db, "SELECT count(*) FROM t"), 0);
    db_close(db);
}

static void test_migrations(void **state) {
    static const struct db_migration list[] = {
        {"0001_first", "CREATE TABLE t(a); INSERT INTO t VALUES(1)"},
        {"0002_second", "ALTER TABLE t ADD COLUMN b; INSERT INTO t VALUES(2, 2)"},
        {"0003_broken", "INSERT INTO t VALUES(3, 3); INSERT INTO nowhere VALUES(1)"},
    };
    struct place *place = *state;
    struct db *db = open_db(place->path, DB_OWNER);
    int version = -1;

    assert_int_equal(db_migrate(db, list, 1, &err), RC_OK);
    assert_int_equal(db_migrate(db, list, 1, &err), RC_OK); /* not twice */
    assert_int_equal(number(db, "SELECT count(*) FROM t"), 1);
    assert_int_equal(db_migrate(db, list, 2, &err), RC_OK);
    assert_int_equal(number(db, "SELECT count(*) FROM t"), 2);
    assert_int_equal(db_migrate(db, list, 3, &err), RC_INVALID);
    assert_non_null(strstr(err.text, "0003_broken"));
    assert_int_equal(db_user_version(db, &version, &err), RC_OK);
    assert_int_equal(version, 2);
    assert_int_equal(number(db, "SELECT count(*) FROM t"), 2); /* as a whole or not at all */
    assert_int_equal(db_migrate(db, list, 1, &err), RC_UNSUPPORTED);
    assert_non_null(strstr(err.text, "newer program"));
    db_close(db);
}

static void test_backup(void **state) {
    struct place *place = *state;
    struct db *db = open_db(place->path, DB_WRITER);
    struct db *copy = NULL;
    struct stat found;
    char path[128];

    execute(db, "CREATE TABLE t(a); INSERT INTO t VALUES(41), (1); PRAGMA user_version=7");
    assert_int_equal(db_begin(db, &err), RC_OK);
    assert_int_equal(db_backup(db, place->other, &err), RC_INVALID);
    db_rollback(db);
    assert_int_equal(db_backup(db, place->other, &err), RC_OK);
    assert_int_equal(db_backup(db, place->other, &err), RC_CONFLICT);
    (void)snprintf(path, sizeof(path), "%s-wal", place->other);
    assert_int_not_equal(stat(path, &found), 0);
    execute(db, "INSERT INTO t VALUES(100)"); /* the copy does not follow */
    copy = open_db(place->other, DB_OWNER);
    assert_int_equal(number(copy, "SELECT sum(a) FROM t"), 42);
    assert_int_equal(number(copy, "PRAGMA user_version"), 7);
    assert_int_equal(db_integrity_check(copy, &err), RC_OK);
    db_close(copy);
    db_close(db);
    (void)snprintf(path, sizeof(path), "%s/no/such/folder.db", place->folder);
    db = open_db(place->path, DB_OWNER);
    assert_int_equal(db_backup(db, path, &err), RC_IO);
    db_close(db);
}

static void test_damage(void **state) {
    struct place *place = *state;
    struct db *db = open_db(place->path, DB_OWNER);
    uint8_t garbage[512];
    int file = -1;

    execute(db, "CREATE TABLE t(a); CREATE INDEX i ON t(a)");
    execute(db, "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2000) "
                "INSERT INTO t SELECT x FROM n");
    assert_int_equal(db_integrity_check(db, &err), RC_OK);
    db_close(db);
    memset(garbage, 0xa5, sizeof(garbage));
    file = open(place->path, O_RDWR);
    assert_true(file >= 0);
    assert_int_equal(pwrite(file, garbage, sizeof(garbage), 3 * 4096), sizeof(garbage));
    db = open_db(place->path, DB_OWNER);
    assert_int_equal(db_integrity_check(db, &err), RC_CORRUPT);
    db_close(db);
    assert_int_equal(pwrite(file, garbage, sizeof(garbage), 0), sizeof(garbage));
    assert_int_equal(close(file), 0);
    assert_int_equal(db_open(place->path, DB_OWNER, NULL, &db, &err), RC_CORRUPT);
    assert_null(db);
}

static void test_broken_reference(void **state) {
    struct place *place = *state;
    struct db *db = open_db(place->path, DB_OWNER);

    execute(db, "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p)");
    assert_int_equal(db_execute(db, "INSERT INTO c VALUES(1)", &err), RC_CONFLICT);
    execute(db, "PRAGMA foreign_keys=0; INSERT INTO c VALUES(1); PRAGMA foreign_keys=1");
    assert_int_equal(db_integrity_check(db, &err), RC_CORRUPT);
    assert_non_null(strstr(err.text, "table c"));
    db_close(db);
}

static void test_missing(void **state) {
    struct place *place = *state;
    struct db *db = NULL;

    assert_int_equal(db_open(place->path, DB_READER, NULL, &db, &err), RC_NOT_FOUND);
    assert_null(db);
    assert_int_equal(db_open("/no/such/folder/a.db", DB_OWNER, NULL, &db, &err), RC_IO);
    assert_null(db);
    assert_int_equal(db_open(place->folder, DB_OWNER, NULL, &db, &err), RC_IO);
    assert_null(db);
}

/* What a commit has answered for survives a kill -9, and what was not committed does not. */
static void test_kill(void **state) {
    struct place *place = *state;
    int pipes[2];
    int status = 0;
    char byte = 0;
    pid_t child = 0;
    struct db *db = NULL;

    assert_int_equal(pipe(pipes), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        static const char *const sql[] = {"INSERT INTO t VALUES(?1, zeroblob(3000))"};
        struct statement *put = NULL;
        bool good = db_open(place->path, DB_OWNER, NULL, &db, &err) == RC_OK &&
                    db_execute(db, "CREATE TABLE t(a, b)", &err) == RC_OK &&
                    db_prepare_all(db, sql, 1, &put, &err) == RC_OK;

        for (int i = 0; good && i < 20; i++) {
            good = db_begin(db, &err) == RC_OK;
            for (int j = 0; good && j < 50; j++) {
                statement_bind_i64(put, 1, i);
                good = statement_run(put, &err) == RC_OK;
            }
            good = good && db_commit(db, &err) == RC_OK;
        }
        good = good && db_begin(db, &err) == RC_OK;
        for (int j = 0; good && j < 5000; j++) { /* enough to spill into the WAL */
            statement_bind_i64(put, 1, 1000);
            good = statement_run(put, &err) == RC_OK;
        }
        byte = good ? 'y' : 'n';
        (void)!write(pipes[1], &byte, 1);
        for (;;)
            pause();
    }
    assert_int_equal(close(pipes[1]), 0);
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(close(pipes[0]), 0);
    assert_int_equal(byte, 'y');
    db = open_db(place->path, DB_OWNER);
    assert_int_equal(number(db, "SELECT count(*) FROM t"), 1000);
    assert_int_equal(number(db, "SELECT max(a) FROM t"), 19);
    assert_int_equal(db_integrity_check(db, &err), RC_OK);
    db_close(db);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_settings),
        TEST(test_options),
        TEST(test_one_owner),
        TEST(test_owner_refused_beside_writer),
        TEST(test_reader),
        TEST(test_last_reader_leaves_the_wal),
        TEST(test_values),
        TEST(test_bind_errors_are_remembered),
        TEST(test_bad_sql),
        TEST(test_transactions),
        TEST(test_lost_transaction),
        TEST(test_migrations),
        TEST(test_backup),
        TEST(test_damage),
        TEST(test_broken_reference),
        TEST(test_missing),
        TEST(test_kill),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
