/* db.c: see db.h. The only file that includes sqlite3.h.
 *
 * Opening is a list of settings, each of which is read back where losing it would lose data: a
 * journal that is not WAL, or a synchronous level below FULL, is an error and not a warning.
 *
 * An owner takes its lock by PRAGMA locking_mode=EXCLUSIVE before the first look at the WAL: SQLite
 * then locks the whole file and keeps the WAL index in its heap, so that no -shm file exists for a
 * second connection to join.
 *
 * SQLite rolls a transaction back by itself after some errors (disk full, I/O error, no memory).
 * The next statement would then run outside of any transaction and be durable on its own. The flag
 * `transaction` knows what the caller believes; where it differs from what SQLite says, every
 * statement is refused until db_rollback. */
#include "base/db.h"

#include "base/planted.h"
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { SQL_BEGIN, SQL_BEGIN_READ, SQL_COMMIT, SQL_ROLLBACK, SQL_USER_VERSION, SQL_COUNT };

static const char *const SQL[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_BEGIN_READ] = "BEGIN",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_USER_VERSION] = "PRAGMA user_version",
};

struct statement {
    struct db *db;
    sqlite3_stmt *handle;
    int bind_result; /* the first failure of a bind since the last reset */
    struct statement *next;
};

struct db {
    sqlite3 *handle;
    sqlite3_vfs *vfs;
    enum db_mode mode;
    bool transaction; /* between db_begin and db_commit or db_rollback */
    struct statement *statements;
    struct statement *own[SQL_COUNT];
    char *path;
};

void db_options_default(struct db_options *options) {
    *options = (struct db_options){
        .vfs_name = NULL,
        .cache_kib = 8192,
        .page_size_bytes = 4096,
        .autocheckpoint_pages = 1000,
        .busy_timeout_ms = 2000,
        .journal_size_limit_bytes = 16 * 1024 * 1024,
    };
}

/* ---- errors -------------------------------------------------------------------------------- */

/* Turns what SQLite said into our closed set. handle may be NULL when opening failed early. */
static enum rc fail(sqlite3 *handle, const char *path, int result, struct err *err) {
    int primary = result & 0xff;

    if (result == SQLITE_IOERR_NOMEM)
        primary = SQLITE_NOMEM;
    switch (primary) {
    case SQLITE_FULL:
        err_set(err, RC_IO, "database %s: no space left on the disk; free some and try again",
                path);
        break;
    case SQLITE_IOERR:
        err_set(err, RC_IO, "database %s: the disk refused to read or write; check the disk", path);
        break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        err_set(err, RC_IO,
                "database %s: the file or its folder cannot be written; check the permissions",
                path);
        break;
    case SQLITE_CANTOPEN:
        err_set(err, RC_IO,
                "database %s: cannot be opened; check that the folder exists and its permissions",
                path);
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        err_set(err, RC_CORRUPT,
                "database %s: damaged, or not a database; restore it from a backup", path);
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
        err_set(err, RC_AGAIN, "database %s: busy for the moment; try again", path);
        break;
    case SQLITE_CONSTRAINT:
        err_set(err, RC_CONFLICT, "database %s: a rule of the tables refused the change", path);
        break;
    case SQLITE_TOOBIG:
        err_set(err, RC_LIMIT, "database %s: a value is too big", path);
        break;
    case SQLITE_NOMEM:
        err_set(err, RC_NO_MEMORY, "database %s: out of memory", path);
        break;
    default:
        err_set(err, RC_INVALID, "database %s: a statement or a value is wrong", path);
        break;
    }
    /* The handle's message belongs to its last call; it is only right for that result. */
    if (handle != NULL && (sqlite3_extended_errcode(handle) & 0xff) == (result & 0xff))
        return err_detail(err, "sqlite %d: %s", result, sqlite3_errmsg(handle));
    return err_detail(err, "sqlite %d: %s", result, sqlite3_errstr(result));
}

static enum rc db_fail(struct db *db, int result, struct err *err) {
    return fail(db->handle, db->path, result, err);
}

/* Whether SQLite has dropped the transaction that the caller believes to be in. */
static bool transaction_lost(const struct db *db) {
    return db->transaction && sqlite3_get_autocommit(db->handle) != 0;
}

static enum rc fail_lost(const struct db *db, struct err *err) {
    return err_set(err, RC_IO,
                   "database %s: an earlier error has undone the transaction; start it again",
                   db->path);
}

/* ---- opening ------------------------------------------------------------------------------- */

/* Runs one pragma; when want is not NULL the first column of its row must read so. */
static enum rc pragma(struct db *db, const char *sql, const char *want, struct err *err) {
    sqlite3_stmt *handle = NULL;
    enum rc rc = RC_OK;
    int result = sqlite3_prepare_v2(db->handle, sql, -1, &handle, NULL);

    if (result == SQLITE_OK)
        result = sqlite3_step(handle);
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
        rc = db_fail(db, result, err);
        goto out;
    }
    if (want != NULL) {
        const char *got =
            result == SQLITE_ROW ? (const char *)sqlite3_column_text(handle, 0) : NULL;
        if (got == NULL && result == SQLITE_ROW) { /* there was no room to write it as text */
            rc = db_fail(db, SQLITE_NOMEM, err);
        } else if (got == NULL || strcmp(got, want) != 0) {
            rc =
                err_set(err, RC_UNSUPPORTED, "database %s: %s gives %s and not %s; refusing to run",
                        db->path, sql, got == NULL ? "nothing" : got, want);
        }
    }
out:
    sqlite3_finalize(handle);
    return rc;
}

/* The same with a number in it. format is a literal with one %lld. */
static enum rc pragma_number(struct db *db, const char *name, int64_t value, struct err *err) {
    char sql[80];

    sqlite3_snprintf((int)sizeof(sql), sql, "PRAGMA %s=%lld", name, (sqlite3_int64)value);
    return pragma(db, sql, NULL, err);
}

static enum rc configure(struct db *db, int option, int value, struct err *err) {
    int now = -1;
    int result = sqlite3_db_config(db->handle, option, value, &now);

    if (result != SQLITE_OK)
        return db_fail(db, result, err);
    if (now != value) {
        return err_set(err, RC_UNSUPPORTED, "database %s: SQLite refuses setting %d", db->path,
                       option);
    }
    return RC_OK;
}

/* Settings that need no look at the file. */
static enum rc configure_all(struct db *db, const struct db_options *options, struct err *err) {
    enum rc rc = RC_OK;

    sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_extended_result_codes(db->handle, 1);
    rc = configure(db, SQLITE_DBCONFIG_DEFENSIVE, 1, err);
    if (rc == RC_OK)
        rc = configure(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, err);
    if (rc == RC_OK)
        rc = configure(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, err);
    if (rc == RC_OK)
        rc = configure(db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, err);
    if (rc == RC_OK && db->mode == DB_READER)
        rc = configure(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, err);
    if (rc == RC_OK)
        rc = pragma(db, "PRAGMA temp_store=MEMORY", NULL, err);
    if (rc == RC_OK)
        rc = pragma_number(db, "cache_size", -(int64_t)options->cache_kib, err);
    return rc;
}

/* Settings that read or write the file. The order matters: page size before there is a file,
 * locking mode before the WAL is opened. */
static enum rc configure_file(struct db *db, const struct db_options *options, struct err *err) {
    int64_t autocheckpoint = db->mode == DB_READER ? 0 : options->autocheckpoint_pages;
    enum rc rc = RC_OK;

    if (db->mode == DB_OWNER)
        rc = pragma(db, "PRAGMA locking_mode=EXCLUSIVE", "exclusive", err);
    if (rc == RC_OK && db->mode != DB_READER)
        rc = pragma_number(db, "page_size", options->page_size_bytes, err);
    if (rc == RC_OK) {
        rc = pragma(db, db->mode == DB_READER ? "PRAGMA journal_mode" : "PRAGMA journal_mode=WAL",
                    "wal", err);
    }
    if (rc == RC_OK)
        rc = pragma(db, PLANTED(NO_SYNC) ? "PRAGMA synchronous=OFF" : "PRAGMA synchronous=FULL",
                    NULL, err);
    if (rc == RC_OK)
        rc = pragma(db, "PRAGMA synchronous", PLANTED(NO_SYNC) ? "0" : "2", err);
    if (rc == RC_OK)
        rc = pragma(db, "PRAGMA foreign_keys", "1", err);
    if (rc == RC_OK)
        rc = pragma_number(db, "mmap_size", 0, err);
    if (rc == RC_OK)
        rc = pragma_number(db, "journal_size_limit", options->journal_size_limit_bytes, err);
    if (rc == RC_OK)
        rc = pragma_number(db, "wal_autocheckpoint", autocheckpoint, err);
    if (rc == RC_OK && options->secure_delete)
        rc = pragma(db, "PRAGMA secure_delete=ON", "1", err);
    if (rc == RC_OK && db->mode == DB_READER)
        rc = pragma(db, "PRAGMA query_only=1", NULL, err);
    /* Until the first transaction a connection holds no lock on the file at all: take it now, so
     * that an owner keeps everybody out and any other keeps an owner out. */
    if (rc == RC_OK && db->mode != DB_READER) {
        rc = pragma(db, "BEGIN IMMEDIATE", NULL, err);
        if (rc == RC_OK)
            rc = pragma(db, "COMMIT", NULL, err);
    } else if (rc == RC_OK) {
        rc = pragma(db, "SELECT count(*) FROM sqlite_schema", NULL, err);
    }
    return rc;
}

/* Asks the VFS, not the system, so that a simulated disk answers for itself. */
static bool vfs_has(sqlite3_vfs *vfs, const char *path) {
    int found = 0;

    return vfs->xAccess(vfs, path, SQLITE_ACCESS_EXISTS, &found) == SQLITE_OK && found != 0;
}

static enum rc check_options(const struct db_options *options, struct err *err) {
    int page = options->page_size_bytes;

    if (page < 512 || page > 65536 || (page & (page - 1)) != 0)
        return err_set(err, RC_INVALID, "page size %d: not a power of two from 512 to 65536", page);
    if (options->cache_kib < 1 || options->autocheckpoint_pages < 0 ||
        options->busy_timeout_ms < 0 || options->journal_size_limit_bytes < 0)
        return err_set(err, RC_INVALID, "database options: a number is out of its range");
    return RC_OK;
}

enum rc db_open(const char *path, enum db_mode mode, const struct db_options *options,
                struct db **out_db, struct err *err) {
    struct db_options defaults;
    struct db *db = NULL;
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    int result = SQLITE_OK;
    enum rc rc = RC_OK;

    *out_db = NULL;
    if (options == NULL) {
        db_options_default(&defaults);
        options = &defaults;
    }
    rc = check_options(options, err);
    if (rc != RC_OK)
        return rc;
    db = calloc(1, sizeof(*db));
    if (db != NULL)
        db->path = strdup(path);
    if (db == NULL || db->path == NULL) {
        rc = err_set(err, RC_NO_MEMORY, "database %s: out of memory", path);
        goto out;
    }
    db->mode = mode;
    db->vfs = sqlite3_vfs_find(options->vfs_name);
    if (db->vfs == NULL) {
        rc = err_set(err, RC_INVALID, "database %s: there is no VFS of that name", path);
        goto out;
    }
    if (mode == DB_READER && !vfs_has(db->vfs, path)) {
        rc = err_set(err, RC_NOT_FOUND, "database %s: there is no such file", path);
        goto out;
    }
    flags |= mode == DB_READER ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    result = sqlite3_open_v2(path, &db->handle, flags, options->vfs_name);
    if (result != SQLITE_OK) {
        rc = db_fail(db, result, err);
        goto out;
    }
    /* An owner does not wait for another owner: that one will not go away. */
    sqlite3_busy_timeout(db->handle, mode == DB_OWNER ? 0 : options->busy_timeout_ms);
    rc = configure_all(db, options, err);
    if (rc == RC_OK)
        rc = configure_file(db, options, err);
    if (rc == RC_AGAIN) {
        rc = err_set(err, RC_LOCKED,
                     "database %s: another process owns it; stop that process or use its service",
                     path);
    }
    if (rc == RC_OK)
        rc = db_prepare_all(db, SQL, SQL_COUNT, db->own, err);
    sqlite3_busy_timeout(db->handle, options->busy_timeout_ms);
out:
    if (rc != RC_OK) {
        db_close(db);
        return rc;
    }
    *out_db = db;
    return RC_OK;
}

void db_close(struct db *db) {
    if (db == NULL)
        return;
    while (db->statements != NULL) {
        struct statement *statement = db->statements;

        db->statements = statement->next;
        sqlite3_finalize(statement->handle);
        free(statement);
    }
    /* With every statement finalized this cannot be refused; it rolls back what is open. */
    (void)sqlite3_close_v2(db->handle);
    free(db->path);
    free(db);
}

/* ---- statements ---------------------------------------------------------------------------- */

static enum rc prepare(struct db *db, const char *sql, struct statement **out_statement,
                       struct err *err) {
    struct statement *statement = calloc(1, sizeof(*statement));
    int result = SQLITE_OK;

    *out_statement = NULL;
    if (statement == NULL)
        return db_fail(db, SQLITE_NOMEM, err);
    result = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement->handle,
                                NULL);
    if (result != SQLITE_OK || statement->handle == NULL) {
        enum rc rc = db_fail(db, result == SQLITE_OK ? SQLITE_MISUSE : result, err);

        sqlite3_finalize(statement->handle);
        free(statement);
        return rc;
    }
    statement->db = db;
    statement->next = db->statements;
    db->statements = statement;
    *out_statement = statement;
    return RC_OK;
}

enum rc db_prepare_all(struct db *db, const char *const *sql, size_t count,
                       struct statement **statements, struct err *err) {
    memset(statements, 0, count * sizeof(statements[0]));
    for (size_t i = 0; i < count; i++) {
        enum rc rc = prepare(db, sql[i], &statements[i], err);

        if (rc != RC_OK)
            return err_prefix(err, "statement %zu: ", i);
    }
    return RC_OK;
}

enum rc db_execute(struct db *db, const char *sql, struct err *err) {
    int result = SQLITE_OK;

    if (transaction_lost(db))
        return fail_lost(db, err);
    result = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? RC_OK : db_fail(db, result, err);
}

static void bound(struct statement *statement, int result) {
    if (statement->bind_result == SQLITE_OK)
        statement->bind_result = result;
}

void statement_bind_i64(struct statement *statement, int index, int64_t value) {
    bound(statement, sqlite3_bind_int64(statement->handle, index, value));
}

void statement_bind_text(struct statement *statement, int index, struct view text) {
    /* A NULL pointer would bind NULL; an empty view is an empty text. */
    const char *bytes = text.size == 0 ? "" : (const char *)text.data;

    bound(statement, sqlite3_bind_text64(statement->handle, index, bytes, text.size, SQLITE_STATIC,
                                         SQLITE_UTF8));
}

void statement_bind_blob(struct statement *statement, int index, struct view blob) {
    const void *bytes = blob.size == 0 ? (const void *)"" : blob.data;

    bound(statement,
          sqlite3_bind_blob64(statement->handle, index, bytes, blob.size, SQLITE_STATIC));
}

void statement_bind_null(struct statement *statement, int index) {
    bound(statement, sqlite3_bind_null(statement->handle, index));
}

enum rc statement_step(struct statement *statement, struct err *err) {
    struct db *db = statement->db;
    enum rc rc = RC_OK;
    int result = statement->bind_result;

    if (result != SQLITE_OK) {
        rc = fail(NULL, db->path, result, err);
        statement_reset(statement);
        return rc;
    }
    if (transaction_lost(db)) {
        statement_reset(statement);
        return fail_lost(db, err);
    }
    result = sqlite3_step(statement->handle);
    if (result == SQLITE_ROW)
        return RC_OK;
    if (result == SQLITE_DONE)
        return RC_NOT_FOUND;
    rc = db_fail(db, result, err);
    statement_reset(statement);
    return rc;
}

void statement_reset(struct statement *statement) {
    /* Repeats the error of the last step, which statement_step has reported. */
    (void)sqlite3_reset(statement->handle);
    (void)sqlite3_clear_bindings(statement->handle);
    statement->bind_result = SQLITE_OK;
}

enum rc statement_run(struct statement *statement, struct err *err) {
    enum rc rc = RC_OK;

    do {
        rc = statement_step(statement, err);
    } while (rc == RC_OK);
    if (rc == RC_NOT_FOUND) {
        statement_reset(statement);
        rc = RC_OK;
    }
    return rc;
}

enum rc statement_one(struct statement *statement, struct err *err) {
    enum rc rc = statement_step(statement, err);

    if (rc == RC_NOT_FOUND)
        statement_reset(statement);
    return rc;
}

int64_t statement_i64(struct statement *statement, int column) {
    return sqlite3_column_int64(statement->handle, column);
}

struct view statement_text(struct statement *statement, int column) {
    /* The text first: asking for the size first could convert the value twice. */
    const uint8_t *data = sqlite3_column_text(statement->handle, column);
    int size = sqlite3_column_bytes(statement->handle, column);

    return (struct view){.data = data, .size = data == NULL ? 0 : (size_t)size};
}

struct view statement_blob(struct statement *statement, int column) {
    const uint8_t *data = sqlite3_column_blob(statement->handle, column);
    int size = sqlite3_column_bytes(statement->handle, column);

    return (struct view){.data = data, .size = data == NULL ? 0 : (size_t)size};
}

bool statement_is_null(struct statement *statement, int column) {
    return sqlite3_column_type(statement->handle, column) == SQLITE_NULL;
}

/* ---- transactions -------------------------------------------------------------------------- */

enum rc db_begin(struct db *db, struct err *err) {
    enum rc rc = RC_OK;

    if (db->transaction)
        return err_set(err, RC_INVALID, "database %s: a transaction is open already", db->path);
    rc = statement_run(db->own[db->mode == DB_READER ? SQL_BEGIN_READ : SQL_BEGIN], err);
    db->transaction = rc == RC_OK;
    return rc;
}

enum rc db_commit(struct db *db, struct err *err) {
    enum rc rc = RC_OK;

    if (!db->transaction)
        return err_set(err, RC_INVALID, "database %s: no transaction is open", db->path);
    rc = statement_run(db->own[SQL_COMMIT], err);
    if (rc != RC_OK) {
        db_rollback(db);
        return rc;
    }
    db->transaction = false;
    return RC_OK;
}

void db_rollback(struct db *db) {
    for (struct statement *s = db->statements; s != NULL; s = s->next)
        statement_reset(s);
    if (sqlite3_get_autocommit(db->handle) == 0) {
        /* ROLLBACK ends the transaction whatever it returns. */
        (void)sqlite3_step(db->own[SQL_ROLLBACK]->handle);
        statement_reset(db->own[SQL_ROLLBACK]);
    }
    db->transaction = false;
}

bool db_in_transaction(const struct db *db) {
    return db->transaction;
}

int64_t db_changes(const struct db *db) {
    return sqlite3_changes64(db->handle);
}

int64_t db_last_insert_id(const struct db *db) {
    return sqlite3_last_insert_rowid(db->handle);
}

/* ---- versions, care, copies ---------------------------------------------------------------- */

enum rc db_user_version(struct db *db, int *version, struct err *err) {
    struct statement *statement = db->own[SQL_USER_VERSION];
    enum rc rc = statement_step(statement, err);

    if (rc == RC_OK) {
        *version = (int)statement_i64(statement, 0);
        statement_reset(statement);
    } else if (rc == RC_NOT_FOUND) {
        statement_reset(statement);
        rc = db_fail(db, SQLITE_CORRUPT, err);
    }
    return rc;
}

enum rc db_set_user_version(struct db *db, int version, struct err *err) {
    if (transaction_lost(db))
        return fail_lost(db, err);
    return pragma_number(db, "user_version", version, err);
}

static enum rc migrate_one(struct db *db, const struct db_migration *migration, int version,
                           struct err *err) {
    enum rc rc = db_begin(db, err);

    if (rc == RC_OK)
        rc = db_execute(db, migration->sql, err);
    if (rc == RC_OK)
        rc = db_set_user_version(db, version, err);
    if (rc == RC_OK)
        rc = db_commit(db, err);
    if (rc != RC_OK) {
        db_rollback(db);
        return err_prefix(err, "migration %s: ", migration->name);
    }
    return RC_OK;
}

enum rc db_migrate(struct db *db, const struct db_migration *list, size_t count, struct err *err) {
    int version = 0;
    enum rc rc = db_user_version(db, &version, err);

    if (rc != RC_OK)
        return rc;
    if (version < 0 || (size_t)version > count) {
        return err_set(err, RC_UNSUPPORTED,
                       "database %s: written by a newer program (version %d, this one knows %zu); "
                       "install the newer program",
                       db->path, version, count);
    }
    for (size_t i = (size_t)version; i < count; i++) {
        rc = migrate_one(db, &list[i], (int)i + 1, err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

/* What the check found. A page that it could not get, because the disk or the memory failed, it
 * reports like damage, with the reason in the text only. */
static enum rc fail_check(struct db *db, const char *found, struct err *err) {
    const char *code = strstr(found, "error code=");
    int result =
        code == NULL ? SQLITE_CORRUPT : (int)strtol(code + strlen("error code="), NULL, 10);

    if (code == NULL && strstr(found, "failed to get page") != NULL)
        result = SQLITE_IOERR;
    return db_fail(db, result == SQLITE_OK ? SQLITE_CORRUPT : result, err);
}

enum rc db_integrity_check(struct db *db, struct err *err) {
    sqlite3_stmt *handle = NULL;
    enum rc rc = RC_OK;
    int result = sqlite3_prepare_v2(db->handle, "PRAGMA integrity_check(1)", -1, &handle, NULL);

    if (result == SQLITE_OK)
        result = sqlite3_step(handle);
    if (result == SQLITE_ROW) {
        const char *found = (const char *)sqlite3_column_text(handle, 0);

        if (found == NULL)
            rc = db_fail(db, SQLITE_NOMEM, err);
        else if (strcmp(found, "ok") != 0)
            rc = fail_check(db, found, err);
    } else {
        rc = db_fail(db, result, err);
    }
    sqlite3_finalize(handle);
    handle = NULL;
    if (rc != RC_OK)
        return rc;
    result = sqlite3_prepare_v2(db->handle, "PRAGMA foreign_key_check", -1, &handle, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(handle);
    if (result == SQLITE_ROW) {
        rc = err_set(err, RC_CORRUPT, "database %s: a row of table %s points to a row that is gone",
                     db->path, (const char *)sqlite3_column_text(handle, 0));
    } else if (result != SQLITE_DONE) {
        rc = db_fail(db, result, err);
    }
    sqlite3_finalize(handle);
    return rc;
}

enum rc db_checkpoint(struct db *db, bool truncate, struct err *err) {
    int result = SQLITE_OK;

    if (db->mode == DB_READER)
        return err_set(err, RC_DENIED, "database %s: a reader never checkpoints", db->path);
    result = sqlite3_wal_checkpoint_v2(
        db->handle, "main", truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, NULL,
        NULL);
    return result == SQLITE_OK ? RC_OK : db_fail(db, result, err);
}

enum rc db_scrub(struct db *db, struct err *err) {
    enum rc rc;

    if (db->mode == DB_READER || db->transaction)
        return err_set(err, RC_INVALID, "database %s: only its writer scrubs, between transactions",
                       db->path);
    /* The copy that VACUUM makes on the way may be larger than memory. */
    rc = pragma(db, "PRAGMA temp_store=FILE", NULL, err);
    /* VACUUM attaches its copy, which nobody else may. */
    (void)sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 1);
    if (rc == RC_OK)
        rc = db_execute(db, "VACUUM", err);
    (void)sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 0);
    if (rc == RC_OK)
        rc = pragma(db, "PRAGMA temp_store=MEMORY", NULL, err);
    return rc == RC_OK ? db_checkpoint(db, true, err) : rc;
}

/* Runs one statement on the copy. */
static int copy_execute(sqlite3 *copy, const char *sql) {
    return sqlite3_exec(copy, sql, NULL, NULL, NULL);
}

enum rc db_backup(struct db *db, const char *path, struct err *err) {
    sqlite3 *copy = NULL;
    sqlite3_backup *backup = NULL;
    enum rc rc = RC_OK;
    int result = SQLITE_OK;

    if (db->transaction)
        return err_set(err, RC_INVALID, "database %s: no backup inside a transaction", db->path);
    if (vfs_has(db->vfs, path))
        return err_set(err, RC_CONFLICT, "backup %s: exists already; choose another name", path);
    result =
        sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, db->vfs->zName);
    /* EXCLUSIVE: the copy takes over a header that says WAL, and no -shm must appear beside it.
     * EXTRA: the folder too is flushed before we say that the copy is there. */
    if (result == SQLITE_OK)
        result = copy_execute(copy, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=EXTRA");
    if (result != SQLITE_OK) {
        rc = fail(copy, path, result, err);
        goto out;
    }
    backup = sqlite3_backup_init(copy, "main", db->handle, "main");
    if (backup == NULL) {
        rc = fail(copy, path, sqlite3_extended_errcode(copy), err);
        goto out;
    }
    result = sqlite3_backup_step(backup, -1);
    if (result == SQLITE_DONE)
        result = sqlite3_backup_finish(backup);
    else
        (void)sqlite3_backup_finish(backup); /* repeats result */
    if (result == SQLITE_OK)
        result = copy_execute(copy, "PRAGMA journal_mode=DELETE");
    if (result != SQLITE_OK)
        rc = fail(copy, path, result, err);
out:
    (void)sqlite3_close_v2(copy);
    return rc;
}

int64_t db_memory_bytes(struct db *db) {
    static const int kinds[] = {SQLITE_DBSTATUS_CACHE_USED, SQLITE_DBSTATUS_SCHEMA_USED,
                                SQLITE_DBSTATUS_STMT_USED};
    int64_t total = 0;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        int now = 0;
        int high = 0;

        if (sqlite3_db_status(db->handle, kinds[i], &now, &high, 0) == SQLITE_OK)
            total += now;
    }
    return total;
}
