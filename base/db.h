/* db.h: the door to SQLite, for both programs. Only db.c sees the library.
 *
 * What is acknowledged must survive a power cut, and Debian 12's SQLite (3.40.1) has the WAL-reset
 * bug: two connections that write or checkpoint one WAL at the same moment may lose a committed
 * transaction. So a file has one writing connection, in one process, and only that connection
 * checkpoints. The three modes are the three ways to keep that rule:
 *
 *   DB_OWNER   reads and writes, and holds the file's exclusive lock for as long as it is open. The
 *              WAL index lives in the heap; a second opener in any mode gets RC_LOCKED. The tablet.
 *   DB_WRITER  reads and writes beside DB_READERs of the same process. The county. SQLite does not
 *              refuse a second DB_WRITER: the program holds a lock on its data directory first.
 *   DB_READER  never writes, never checkpoints, not even when it is the last to close.
 *
 * Every connection: journal_mode=WAL and synchronous=FULL, set and read back; foreign keys on;
 * temporary things in memory; no memory map (a bad sector would be a signal, not an error);
 * no ATTACH, no extensions, no trusted schema, defensive.
 *
 * SQL is a literal, prepared once. A module keeps an enum and a table of literals side by side and
 * prepares the whole table when it opens, so that a typing error shows at start:
 *
 *   enum { SQL_PUT, SQL_GET, SQL_COUNT };
 *   static const char *const SQL[SQL_COUNT] = {
 *       [SQL_PUT] = "INSERT INTO t(id, body) VALUES(?1, ?2)",
 *       [SQL_GET] = "SELECT body FROM t WHERE id = ?1",
 *   };
 *   struct statement *statements[SQL_COUNT];
 *   db_prepare_all(db, SQL, SQL_COUNT, statements, err);
 *
 * One thread at a time may use a connection and its statements. This file makes no system call of
 * its own: all goes through SQLite's VFS, which a simulator replaces with options.vfs_name.
 *
 * Errors: RC_IO (disk refused, disk full, read-only folder), RC_CORRUPT (not a database, damaged),
 * RC_AGAIN (somebody else holds a lock for the moment), RC_LOCKED (at open: owned by another
 * process), RC_CONFLICT (a UNIQUE, FOREIGN KEY or CHECK rule refused), RC_LIMIT (value too big),
 * RC_INVALID (misuse: wrong index, wrong SQL), RC_NO_MEMORY. SQLite's own words are in the
 * detail. */
#ifndef YG_BASE_DB_H
#define YG_BASE_DB_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct statement;

enum db_mode { DB_OWNER, DB_WRITER, DB_READER };

struct db_options {
    const char *vfs_name;             /* NULL: the system's */
    int cache_kib;                    /* page cache of this connection */
    int page_size_bytes;              /* only a new file takes it; a power of two */
    int autocheckpoint_pages;         /* commit checkpoints beyond this; 0: only db_checkpoint */
    int busy_timeout_ms;              /* how long a statement waits for a lock */
    bool secure_delete;               /* zeros over what is deleted, not only in the log */
    int64_t journal_size_limit_bytes; /* the WAL is cut to this after a checkpoint */
};

/* The defaults: the system's VFS, 8 MiB of cache, 4,096-byte pages, checkpoint at 1,000 pages,
 * 2 s of patience (none while a DB_OWNER takes its lock), 16 MiB of WAL kept. */
void db_options_default(struct db_options *options);

/* Opens or (not DB_READER) creates the file at path. options NULL: defaults. The caller closes
 * *db. RC_LOCKED when another process owns the file; RC_NOT_FOUND when a DB_READER finds no file.
 * DB_READER needs that the DB_WRITER has opened the file before. */
enum rc db_open(const char *path, enum db_mode mode, const struct db_options *options,
                struct db **db, struct err *err);

/* Releases every statement, rolls back what is open, closes. NULL is allowed. A writer or owner
 * checkpoints here; nothing depends on it. */
void db_close(struct db *db);

/* Prepares count literals; statements[i] is the statement of sql[i]. They belong to db and live
 * until db_close. On error none is usable. SQL text must never be built from data. */
enum rc db_prepare_all(struct db *db, const char *const *sql, size_t count,
                       struct statement **statements, struct err *err);

/* Runs a literal of one or more statements without parameters or rows: DDL, fixtures. */
enum rc db_execute(struct db *db, const char *sql, struct err *err);

/* ---- statements ---------------------------------------------------------------------------- */

/* Binding: parameters are numbered from 1. A failure is remembered and returned by the next
 * statement_step or statement_run, so that calls can follow each other. Bytes are not copied: they
 * must stay where they are until statement_reset, or until statement_run has returned. An empty
 * view is an empty value, not NULL. What is not bound is NULL. */
void statement_bind_i64(struct statement *statement, int index, int64_t value);
void statement_bind_text(struct statement *statement, int index, struct view text);
void statement_bind_blob(struct statement *statement, int index, struct view blob);
void statement_bind_null(struct statement *statement, int index);

/* RC_OK: there is a row, read its columns. RC_NOT_FOUND: no more rows (err is left as it was).
 * Anything else is an error; the statement is then reset already. */
enum rc statement_step(struct statement *statement, struct err *err);

/* Ready to be bound and run again; bindings are cleared. Do this as soon as the rows have been
 * read: an unreset SELECT keeps its read transaction open. */
void statement_reset(struct statement *statement);

/* For statements without interesting rows: steps to the end and resets, also on error. */
enum rc statement_run(struct statement *statement, struct err *err);

/* For queries of at most one row: as statement_step, where RC_NOT_FOUND also resets. After RC_OK
 * the caller reads the columns and resets. */
enum rc statement_one(struct statement *statement, struct err *err);

/* Columns of the current row, numbered from 0. Views are borrowed until the next step or reset.
 * NULL reads as 0 and as the empty view. */
int64_t statement_i64(struct statement *statement, int column);
struct view statement_text(struct statement *statement, int column);
struct view statement_blob(struct statement *statement, int column);
bool statement_is_null(struct statement *statement, int column);

/* ---- transactions -------------------------------------------------------------------------- */

/* BEGIN IMMEDIATE: takes the write lock now, so that no later statement can fail for it. For a
 * DB_READER: BEGIN, a stable view of one moment from its first read on. */
enum rc db_begin(struct db *db, struct err *err);

/* When this has returned RC_OK the transaction is on disk (DB_OWNER, DB_WRITER). When it fails the
 * transaction is rolled back; only after an RC_IO it may still be there after a restart. */
enum rc db_commit(struct db *db, struct err *err);

/* Also resets all statements. Allowed, and nothing, when no transaction is open. */
void db_rollback(struct db *db);

bool db_in_transaction(const struct db *db);

/* Rows changed by the last INSERT, UPDATE or DELETE; the rowid of the last INSERT. */
int64_t db_changes(const struct db *db);
int64_t db_last_insert_id(const struct db *db);

/* ---- versions, care, copies ---------------------------------------------------------------- */

enum rc db_user_version(struct db *db, int *version, struct err *err);
enum rc db_set_user_version(struct db *db, int version, struct err *err);

struct db_migration {
    const char *name; /* for messages: "0001_first" */
    const char *sql;  /* a literal or an embedded file; never changed after a release */
};

/* Brings the file from user_version n to count by running list[n] to list[count - 1], each in one
 * transaction together with its new user_version. RC_UNSUPPORTED when the file is newer than the
 * list: a newer program wrote it. */
enum rc db_migrate(struct db *db, const struct db_migration *list, size_t count, struct err *err);

/* SQLite's integrity check and foreign key check; RC_CORRUPT with the first finding. Reads the
 * whole file. */
enum rc db_integrity_check(struct db *db, struct err *err);

/* Moves the WAL into the file. With truncate the WAL is emptied, which needs that no reader stands
 * in an old view: RC_AGAIN otherwise (what could be moved was moved). DB_READER: RC_DENIED. */
enum rc db_checkpoint(struct db *db, bool truncate, struct err *err);

/* Writes the whole file anew and empties the WAL, so that nothing that was overwritten or deleted
 * is left in either. Takes the time of a copy, and as much room beside it in the folder for
 * temporary files; readers go on, but one that stands in an old view for longer than the busy
 * timeout makes it RC_AGAIN (the file is written anew then, the WAL is not empty). Not inside a
 * transaction. */
enum rc db_scrub(struct db *db, struct err *err);

/* Copies the file as it stands, in one step, to a new file at path, made durable before return,
 * without a WAL of its own. RC_CONFLICT when path exists. Not inside a transaction. A half-made
 * copy may remain after an error; its name is the caller's business. */
enum rc db_backup(struct db *db, const char *path, struct err *err);

/* Bytes of heap that SQLite uses for this connection (page cache, schema, statements). */
int64_t db_memory_bytes(struct db *db);

#endif
