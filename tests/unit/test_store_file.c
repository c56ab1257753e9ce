/* What the SQLite engine owes to its being a file: it survives the death of the process at any
 * moment, says clearly when the disk refuses, and does not touch files that are not its own. */
#include "tests/support/county_case.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/db.h"
#include "syncd/store/sqlite.h"

/* The n-th commit (from 0): one of everything, so that a torn one shows. */
static enum rc commit_nth(struct store *store, uint64_t n, struct err *err) {
    static const char *const WHO = "li";
    uint64_t area = VILLAGE_1;
    struct stored_actor actor = {.actor = HIGH, .number = n + 1};
    struct stored_frame frame = {.actor = HIGH, .bytes = view_text("a frame of one change")};
    struct stored_change change = {
        .dot = {HIGH, n + 1}, .record = {HIGH, n + 1}, .frame = 1, .kind = CHANGE_CREATE};
    struct stored_record record = household(HIGH, n + 1, &area);
    struct stored_conflict conflict = {.record = {HIGH, n + 1}, .area = VILLAGE_1};
    struct stored_entry entry = {.entry = {.area = VILLAGE_1, .audience = 1, .position = n + 1},
                                 .frame = 1};
    struct stored_act act = {.at_ms = (int64_t)n, .who = view_text(WHO)};
    struct stored_setting setting = {"last", view_of(&n, sizeof(n))};
    struct store_delta delta = {
        .actor_count = 1,
        .actors = &actor,
        .frame_count = 1,
        .frames = &frame,
        .change_count = 1,
        .changes = &change,
        .record_count = 1,
        .records = &record,
        .conflict_count = 1,
        .conflicts = &conflict,
        .entry_count = 1,
        .entries = &entry,
        .act_count = 1,
        .acts = &act,
        .setting_count = 1,
        .settings = &setting,
    };

    return store_commit(store, &delta, err);
}

static enum rc see_inflow(void *context, const struct stored_inflow *row, struct err *err) {
    (void)err;
    assert_int_equal(see(context, (uint64_t)row->day), RC_OK);
    assert_int_equal(see(context, row->area), RC_OK);
    return see(context, row->frames * 1000 + row->changes);
}

/* In a child: commits from n on and reports each through the pipe after it has returned. */
static void commit_for_ever(const char *path, uint64_t n, int pipe_end) {
    struct store *store;
    struct err err;

    err_init(&err, LANG_EN);
    if (store_sqlite_open(path, true, &store, &err) != RC_OK)
        _exit(1);
    for (;; n++) {
        if (commit_nth(store, n, &err) != RC_OK)
            _exit(2);
        if (write(pipe_end, &n, sizeof(n)) != (ssize_t)sizeof(n))
            _exit(3);
    }
}

/* Lets a child commit until it has reported `wanted` times, then kills it; the last report. */
static uint64_t kill_after(const char *path, uint64_t n, unsigned wanted) {
    uint64_t reported = UINT64_MAX;
    int ends[2], status;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(ends[0]);
        commit_for_ever(path, n, ends[1]);
    }
    (void)close(ends[1]);
    for (unsigned i = 0; i < wanted; i++)
        assert_int_equal(read(ends[0], &reported, sizeof(reported)), sizeof(reported));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    while (read(ends[0], &n, sizeof(n)) == (ssize_t)sizeof(n))
        reported = n; /* it was quick */
    (void)close(ends[0]);
    return reported;
}

static void test_killed(void **state) {
    struct county_store *county = county_of(state);
    struct county_store twin;
    uint64_t committed = 0, replayed = 0;
    uint8_t digest[32], expected[32];

    county_init(&twin, COUNTY_MEMORY);
    for (unsigned round = 0; round < 8; round++) {
        uint64_t reported;
        struct store_counts counts;

        store_close(county->store);
        county->store = NULL;
        reported = kill_after(county->path, committed, 1 + round * 3);
        county_reopen(county);
        assert_int_equal(store_count(county->store, &counts, &county->err), RC_OK);
        /* Everything reported is there; of the last one perhaps all, perhaps nothing. */
        committed = counts.frames;
        assert_in_range(committed, reported + 1, reported + 2);
        for (; replayed < committed; replayed++)
            assert_int_equal(commit_nth(twin.store, replayed, &twin.err), RC_OK);
        county_digest(county, digest);
        county_digest(&twin, expected);
        assert_memory_equal(digest, expected, 32);
        assert_int_equal(store_check(county->store, &county->err), RC_OK);
    }
    county_release(&twin);
}

/* A child with a limit on the size of files stands for a full disk. Exit status 0: all as promised.
 */
static int commit_on_a_full_disk(const char *path) {
    struct rlimit limit;
    uint8_t before[32], after[32];
    struct store *store;
    struct err err;
    uint64_t n = 0;
    rlim_t former;
    enum rc rc;

    err_init(&err, LANG_EN);
    if (store_sqlite_open(path, true, &store, &err) != RC_OK)
        return 1;
    (void)signal(SIGXFSZ, SIG_IGN);
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 2;
    former = limit.rlim_cur;
    limit.rlim_cur = 512 * 1024;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 3;
    do {
        if (store_digest(store, before, &err) != RC_OK)
            return 4;
        rc = commit_nth(store, n++, &err);
    } while (rc == RC_OK && n < 10000);
    if (rc != RC_IO || err.text[0] == '\0')
        return 5;
    if (store_digest(store, after, &err) != RC_OK || memcmp(before, after, 32) != 0)
        return 6;
    limit.rlim_cur = former; /* somebody has made room */
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 7;
    if (commit_nth(store, n - 1, &err) != RC_OK)
        return 8;
    store_close(store);
    return 0;
}

static void test_full_disk(void **state) {
    struct county_store *county = county_of(state);
    int status;
    pid_t child;

    store_close(county->store);
    county->store = NULL;
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(commit_on_a_full_disk(county->path));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    county_reopen(county);
    assert_int_equal(store_check(county->store, &county->err), RC_OK);
}

static void refused(const char *path, bool writing, enum rc rc) {
    struct store *store = NULL;
    struct err err;

    err_init(&err, LANG_EN);
    assert_int_equal(store_sqlite_open(path, writing, &store, &err), rc);
    assert_null(store);
    assert_true(err.text[0] != '\0');
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void test_wrong_places(void **state) {
    struct county_store *county = county_of(state);
    char path[300], inside[400], text[4096];
    struct db *db;
    struct err *err = &county->err;

    county_path(path, "file");
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    write_file(path, text);
    refused(path, true, RC_CORRUPT); /* not a database */
    (void)snprintf(inside, sizeof(inside), "%s/store.db", path);
    refused(inside, true, RC_IO); /* a file where the folder should be */
    county_remove_files(path);
    refused(path, false, RC_NOT_FOUND);
    (void)snprintf(inside, sizeof(inside), "%s/no/such/folder/store.db", path);
    refused(inside, true, RC_NOT_FOUND);

    /* Of a newer program: neither read nor changed. */
    store_close(county->store);
    county->store = NULL;
    assert_int_equal(db_open(county->path, DB_WRITER, NULL, &db, err), RC_OK);
    assert_int_equal(db_set_user_version(db, 99, err), RC_OK);
    refused(county->path, false, RC_UNSUPPORTED);
    db_close(db);
    refused(county->path, true, RC_UNSUPPORTED);
}

/* A file of an older program, which did not keep what came in by day: a frame before midnight in
 * China, two behind it, one that makes no sense, and another area. */
static void test_older_file(void **state) {
    static const char FRAMES[] =
        "INSERT INTO frame VALUES (1, 7, x'', 1, 20, 430626101201, 1, 1, 57599999, 0, 0, x''),"
        " (2, 7, x'', 21, 22, 430626101201, 1, 1, 57600000, 0, 0, x''),"
        " (3, 7, x'', 23, 23, 430626101201, 1, 1, 143999999, 0, 0, x''),"
        " (4, 7, x'', 9, 3, 430626101201, 1, 1, -5, 0, 0, x''),"
        " (5, 7, x'', 24, 29, 430626101202, 1, 1, 57600000, 0, 0, x'');";
    struct county_store *county = county_of(state);
    struct seen seen = {0};
    struct db_options options;
    struct db *db = NULL;

    store_close(county->store);
    county->store = NULL;
    county_remove_files(county->path);
    db_options_default(&options);
    assert_int_equal(db_open(county->path, DB_WRITER, &options, &db, &county->err), RC_OK);
    assert_int_equal(db_migrate(db, SQLITE_TABLES, 8, &county->err), RC_OK);
    assert_int_equal(db_execute(db, FRAMES, &county->err), RC_OK);
    db_close(db);
    county_reopen(county);
    assert_int_equal(
        store_inflow(county->store, INT64_MIN, INT64_MAX, see_inflow, &seen, &county->err), RC_OK);
    assert_seen(seen, 0, 430626101201, 2532, 1, 430626101201, 2003, 1, 430626101202, 1006);
}

static enum rc see_of(void *context, const struct found_record *item, struct err *err) {
    (void)err;
    assert_int_equal(item->created_by, 1);
    return see(context, item->record.id.number);
}

static void find_named(struct county_store *county, struct seen *seen) {
    struct query_word word = {.text = view_text("zs")};
    struct record_query query = {
        .word_count = 1, .words = &word, .order = RECORDS_BY_NAME, .most = 9};
    uint64_t total = 0;

    seen->count = 0;
    assert_int_equal(store_find(county->store, &query, see_of, seen, &total, &county->err), RC_OK);
    assert_int_equal(total, seen->count);
}

/* A file of an older program, whose lists were in other tables: nothing is in the list until it is
 * made anew, and a record that comes meanwhile is wholly in it. */
static void test_older_lists(void **state) {
    struct county_store *county = county_of(state);
    uint64_t area = VILLAGE_1;
    struct stored_record records[] = {household(HIGH, 1, &area), household(HIGH, 2, &area)};
    struct stored_listed listed[] = {
        {.record = {HIGH, 1}, .created_by = 1, .names = view_text("张三")},
        {.record = {HIGH, 2}, .created_by = 1, .names = view_text("张三")}};
    struct seen seen = {0};
    struct db *db = NULL;

    county_commit(county,
                  &(struct store_delta){
                      .record_count = 2, .records = records, .listed_count = 2, .listed = listed});
    find_named(county, &seen);
    assert_seen(seen, 1, 2);
    store_close(county->store);
    county->store = NULL;
    assert_int_equal(db_open(county->path, DB_WRITER, NULL, &db, &county->err), RC_OK);
    assert_int_equal(db_execute(db,
                                "DROP INDEX conflict_other; DROP TABLE rest;"
                                " UPDATE line SET lines = x'0102030405';"
                                "DROP INDEX person_device; DROP INDEX person_created;"
                                "DROP INDEX actor_device; DROP INDEX actor_fork;"
                                "DROP INDEX quarantine_settled; DROP INDEX quarantine_since;"
                                "DROP INDEX quarantine_device; PRAGMA user_version = 11",
                                &county->err),
                     RC_OK);
    db_close(db);
    county_reopen(county);
    find_named(county, &seen);
    assert_int_equal(seen.count, 0);
    records[1].revision = 1; /* the title is the same */
    county_commit(county, &(struct store_delta){.record_count = 1,
                                                .records = &records[1],
                                                .listed_count = 1,
                                                .listed = &listed[1]});
    find_named(county, &seen);
    assert_seen(seen, 2);
    county_commit(county, &(struct store_delta){.listed_count = 1, .listed = listed});
    find_named(county, &seen);
    assert_seen(seen, 1, 2);
}

static void test_reopened(void **state) {
    struct county_store *county = county_of(state);
    uint8_t before[32], after[32];
    struct store *reader;

    for (uint64_t n = 0; n < 5; n++)
        assert_int_equal(commit_nth(county->store, n, &county->err), RC_OK);
    county_digest(county, before);
    county_reopen(county);
    county_digest(county, after);
    assert_memory_equal(before, after, 32);
    store_close(county->store);
    county->store = NULL;
    reader = county_reader(county); /* without a writer beside it */
    assert_int_equal(store_digest(reader, after, &county->err), RC_OK);
    assert_memory_equal(before, after, 32);
    store_close(reader);
    county_reopen(county);
    assert_int_equal(commit_nth(county->store, 5, &county->err), RC_OK);
}

/* So many places that the list walks all records instead of gathering them. */
static void test_scattered_list(void **state) {
    enum { SCATTERED = 66000 };
    struct county_store *county = county_of(state);
    uint64_t areas[] = {VILLAGE_1, ELSEWHERE};
    struct stored_record *records = calloc(SCATTERED, sizeof(*records));
    struct seen seen = {.stop_at = 3, .stop_rc = RC_NOT_FOUND};
    struct dot after = {HIGH, 1000};

    assert_non_null(records);
    for (uint32_t i = 0; i < SCATTERED; i++) {
        records[i] = household(HIGH, 1000 + 100 * (uint64_t)i, &areas[i % 4 == 3]);
        records[i].packed = view_text("");
    }
    county_commit(county, &(struct store_delta){.record_count = SCATTERED, .records = records});
    free(records);
    assert_int_equal(store_list(county->store, view_text("household"), 430000000000u, after,
                                see_record, &seen, &county->err),
                     RC_OK);
    assert_seen(seen, HIGH ^ 1100, HIGH ^ 1200, HIGH ^ 1300);
    seen.count = 0;
    assert_int_equal(store_list(county->store, view_text("household"), TOWNSHIP, after, see_record,
                                &seen, &county->err),
                     RC_OK);
    assert_seen(seen, HIGH ^ 1100, HIGH ^ 1200, HIGH ^ 1400);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_killed, county_setup_sqlite, county_teardown),
        cmocka_unit_test_setup_teardown(test_full_disk, county_setup_sqlite, county_teardown),
        cmocka_unit_test_setup_teardown(test_wrong_places, county_setup_sqlite, county_teardown),
        cmocka_unit_test_setup_teardown(test_older_file, county_setup_sqlite, county_teardown),
        cmocka_unit_test_setup_teardown(test_older_lists, county_setup_sqlite, county_teardown),
        cmocka_unit_test_setup_teardown(test_reopened, county_setup_sqlite, county_teardown),
        cmocka_unit_test_setup_teardown(test_scattered_list, county_setup_sqlite, county_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
