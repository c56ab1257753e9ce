/* store_sqlite.c: opens and closes the SQLite engine; sqlite.h tells where the rest is.
 *
 * A handle for writing holds the lock PATH.lock for as long as it is open, because SQLite itself
 * would admit a second writer. Handles for reading need that the tables are there: the writer has
 * opened the file at least once. */
#include "syncd/store/sqlite.h"

/* A big write-ahead log lets edits of the same page be moved to the file once, and a log that is
 * kept at its size is overwritten instead of grown, which makes fsync several times cheaper. Pages
 * of 8 KiB: new records come in 15 % faster than with 4, edits not slower; with 16 edits suffer
 * (tests/bench/bench_store.c). The caches are small, because the system keeps the file's pages
 * anyway and every reader has one of its own: four times as much gains edits a few per cent. */
enum {
    PAGE_BYTES = 8192,
    CHECKPOINT_PAGES = 5000,
    CACHE_KIB = 16 * 1024,
    READER_CACHE_KIB = 2 * 1024,
};
#define LOG_KEPT_BYTES (64 * 1024 * 1024)

/* What the writer reads changes by nobody but itself; it holds a transaction all the same, because
 * outside of one every statement takes and drops locks of the file, and a verb may run hundreds. */
static enum rc sqlite_hold(struct store *store, struct err *err) {
    struct sqlite *sqlite = sqlite_of(store);
    enum rc rc = RC_OK;

    if (sqlite->held == 0) {
        rc = db_begin(sqlite->db, err);
    }
    sqlite->held += rc == RC_OK;
    return rc;
}

static void sqlite_let_go(struct store *store) {
    struct sqlite *sqlite = sqlite_of(store);

    sqlite->held--;
    if (sqlite->held == 0) {
        db_rollback(sqlite->db);
    }
}

static enum rc sqlite_count(struct store *store, struct store_counts *out, struct err *err) {
    struct county county;
    enum rc rc = county_load(sqlite_of(store), &county, err);

    if (rc == RC_OK) {
        *out = county.counts;
    }
    return rc;
}

static enum rc sqlite_check(struct store *store, struct err *err) {
    return db_integrity_check(sqlite_of(store)->db, err);
}

static enum rc sqlite_scrub(struct store *store, struct err *err) {
    return db_scrub(sqlite_of(store)->db, err);
}

static enum rc sqlite_backup(struct store *store, const char *path, struct err *err) {
    return db_backup(sqlite_of(store)->db, path, err);
}

static void sqlite_close(struct store *store) {
    struct sqlite *sqlite = sqlite_of(store);

    db_close(sqlite->db);
    if (store->writing) {
        file_unlock(&sqlite->lock);
    }
    buf_release(&sqlite->run_bytes);
    buf_release(&sqlite->areas);
    buf_release(&sqlite->heads);
    buf_release(&sqlite->history);
    buf_release(&sqlite->list.lines.bytes);
    buf_release(&sqlite->list.rests.bytes);
    buf_release(&sqlite->list.words.bytes);
    buf_release(&sqlite->list.spare);
    free(sqlite->run);
    free(sqlite->trails);
    free(sqlite);
}

static const struct store_engine ENGINE = {
    .hold = sqlite_hold,
    .let_go = sqlite_let_go,
    .commit = sqlite_commit,
    .setting = sqlite_setting,
    .device = sqlite_device,
    .person = sqlite_person,
    .person_named = sqlite_person_named,
    .invitation = sqlite_invitation,
    .actor = sqlite_actor,
    .quarantined = sqlite_quarantined,
    .form = sqlite_form,
    .change = sqlite_change,
    .frame = sqlite_frame,
    .record = sqlite_record,
    .feed = sqlite_feed,
    .feed_chain = sqlite_feed_chain,
    .feed_weight = sqlite_feed_weight,
    .chunk = sqlite_chunk,
    .count = sqlite_count,
    .settings = sqlite_settings,
    .devices = sqlite_devices,
    .persons = sqlite_persons,
    .device_persons = sqlite_device_persons,
    .new_persons = sqlite_new_persons,
    .invitations = sqlite_invitations,
    .actors = sqlite_actors,
    .device_actors = sqlite_device_actors,
    .actor_forks = sqlite_actor_forks,
    .forms = sqlite_forms,
    .list = sqlite_list,
    .conflicts = sqlite_conflicts,
    .conflict_times = sqlite_conflict_times,
    .inflow = sqlite_inflow,
    .record_conflicts = sqlite_record_conflicts,
    .proposals = sqlite_proposals,
    .quarantine = sqlite_quarantine,
    .actor_quarantine = sqlite_actor_quarantine,
    .waiting = sqlite_waiting,
    .feeds = sqlite_feeds,
    .entries = sqlite_entries,
    .frames = sqlite_frames,
    .history = sqlite_history,
    .actor_changes = sqlite_actor_changes,
    .pending = sqlite_pending,
    .acts = sqlite_acts,
    .keys = sqlite_keys,
    .snapshots = sqlite_snapshots,
    .find = sqlite_find,
    .tally = sqlite_tally,
    .attachment = sqlite_attachment,
    .attachments = sqlite_attachments,
    .login = sqlite_login,
    .logins = sqlite_logins,
    .session = sqlite_session,
    .sessions = sqlite_sessions,
    .about = sqlite_about,
    .gists = sqlite_gists,
    .gist_count = sqlite_gist_count,
    .check = sqlite_check,
    .scrub = sqlite_scrub,
    .backup = sqlite_backup,
    .close = sqlite_close,
};

static enum rc lock_take(struct sqlite *sqlite, const char *path, struct err *err) {
    char lock[FILE_PATH_BYTES_MAX];
    int size = snprintf(lock, sizeof lock, "%s.lock", path);

    if (size < 0 || (size_t)size >= sizeof lock) {
        return err_set(err, RC_LIMIT, "store: the path has more than %u bytes",
                       FILE_PATH_BYTES_MAX);
    }
    return file_lock_take(lock, &sqlite->lock, err);
}

static enum rc tables_check(struct sqlite *sqlite, const char *path, struct err *err) {
    int version = 0;
    enum rc rc = db_user_version(sqlite->db, &version, err);

    if (rc == RC_OK && version != (int)SQLITE_TABLES_COUNT) {
        rc = err_set(err, RC_UNSUPPORTED,
                     "store %s: its tables are of version %d and not %zu; open it for writing with "
                     "a program of the right version first",
                     path, version, SQLITE_TABLES_COUNT);
    }
    return rc;
}

enum rc store_sqlite_open(const char *path, bool writing, struct store **out, struct err *err) {
    struct db_options options;
    struct sqlite *sqlite = calloc(1, sizeof *sqlite);
    enum rc rc = RC_OK;

    *out = NULL;
    if (sqlite == NULL) {
        return err_set(err, RC_NO_MEMORY, "store %s: out of memory", path);
    }
    sqlite->store = (struct store){.engine = &ENGINE, .writing = writing};
    sqlite->lock.descriptor = -1;
    buf_init(&sqlite->run_bytes, SCRATCH_BYTES);
    buf_init(&sqlite->areas, SCRATCH_BYTES);
    buf_init(&sqlite->heads, SCRATCH_BYTES);
    buf_init(&sqlite->history, SCRATCH_BYTES);
    buf_init(&sqlite->list.lines.bytes, SCRATCH_BYTES);
    buf_init(&sqlite->list.rests.bytes, SCRATCH_BYTES);
    buf_init(&sqlite->list.words.bytes, SCRATCH_BYTES);
    buf_init(&sqlite->list.spare, SCRATCH_BYTES);
    lines_forget(sqlite);
    db_options_default(&options);
    options.cache_kib = writing ? CACHE_KIB : READER_CACHE_KIB;
    options.page_size_bytes = PAGE_BYTES;
    options.autocheckpoint_pages = CHECKPOINT_PAGES;
    options.journal_size_limit_bytes = LOG_KEPT_BYTES;
    if (writing) {
        sqlite->run = calloc(RUN_CHANGES, sizeof *sqlite->run);
        rc = sqlite->run == NULL ? err_set(err, RC_NO_MEMORY, "store %s: out of memory", path)
                                 : lock_take(sqlite, path, err);
    }
    if (rc == RC_OK) {
        rc = db_open(path, writing ? DB_WRITER : DB_READER, &options, &sqlite->db, err);
    }
    if (rc == RC_OK) {
        rc = writing ? db_migrate(sqlite->db, SQLITE_TABLES, SQLITE_TABLES_COUNT, err)
                     : tables_check(sqlite, path, err);
    }
    if (rc == RC_OK) {
        rc = db_prepare_all(sqlite->db, SQLITE_SQL, writing ? SQL_COUNT : SQL_READING_COUNT,
                            sqlite->sql, err);
    }
    if (rc != RC_OK) {
        sqlite_close(&sqlite->store);
        return rc;
    }
    *out = &sqlite->store;
    return RC_OK;
}
