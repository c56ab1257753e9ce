/* bench_store.c: what a commit costs beyond the one thing that it cannot avoid, a row per record.
 *
 *   bench_store [RECORDS]     (default 40000)
 *
 * Commits of 500 new records with one frame, 500 changes and one feed entry, against plain inserts
 * of equally large blobs in transactions of the same size, into files with the same settings. Then
 * edits of random records, 100 in a commit, among all the records and among ten times fewer. All
 * are durable (synchronous=FULL); the rounds alternate, and medians are shown. Ratios are what
 * counts: times depend on the machine and on who else uses it. */
#include "base/crypt.h"
#include "base/db.h"
#include "syncd/store/store.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

enum {
    ROUNDS = 5,
    PER_COMMIT = 500,
    EDITS_PER_COMMIT = 100,
    PACKED_BYTES = 900,
    FRAME_BYTES = 60000,
    EDITED = 10000,
    ACTORS = 8,
};

static struct err err;
static uint8_t noise[FRAME_BYTES + PACKED_BYTES];
static uint64_t state = 88172645463325252u;

static uint64_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static double now_s(void) {
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(enum rc rc, const char *what) {
    if (rc != RC_OK) {
        fprintf(stderr, "bench_store: %s: %s (%s)\n", what, err.text, err.detail);
        exit(1);
    }
}

static void path_of(char path[256], const char *name) {
    const char *folder = getenv("TMPDIR");

    (void)snprintf(path, 256, "%s/bench_store-%ld-%s", folder ? folder : "/tmp", (long)getpid(),
                   name);
}

static void remove_files(const char *path) {
    static const char *const ENDS[] = {"", "-wal", "-shm", ".lock"};

    for (size_t i = 0; i < sizeof(ENDS) / sizeof(ENDS[0]); i++) {
        char name[300];

        (void)snprintf(name, sizeof(name), "%s%s", path, ENDS[i]);
        (void)unlink(name);
    }
}

/* Not the same bytes everywhere, and none that any file system could compress. */
static struct view blob(size_t size) {
    return view_of(noise + next_random() % PACKED_BYTES, size);
}

static double bench_plain(uint32_t records, const char *path) {
    static const char *const SQL[] = {"INSERT INTO t VALUES (?1, ?2)"};
    struct db_options options;
    struct statement *insert;
    struct db *db;
    double started;

    db_options_default(&options);
    options.cache_kib = 64 * 1024;
    options.page_size_bytes = 8192;
    options.autocheckpoint_pages = 5000;
    options.journal_size_limit_bytes = 64 * 1024 * 1024;
    must(db_open(path, DB_WRITER, &options, &db, &err), "open");
    must(db_execute(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT", &err),
         "table");
    must(db_prepare_all(db, SQL, 1, &insert, &err), "prepare");
    started = now_s();
    for (uint32_t i = 0; i < records; i++) {
        if (i % PER_COMMIT == 0)
            must(db_begin(db, &err), "begin");
        statement_bind_i64(insert, 1, i + 1);
        statement_bind_blob(insert, 2, blob(PACKED_BYTES));
        must(statement_run(insert, &err), "insert");
        if (i % PER_COMMIT == PER_COMMIT - 1)
            must(db_commit(db, &err), "commit");
    }
    db_close(db); /* moves the rest of the log: part of the price */
    return now_s() - started;
}

static uint64_t actor_of(uint32_t index) {
    return (index % ACTORS + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static struct dot record_of(uint32_t index) {
    uint32_t batch = index / PER_COMMIT;

    return (struct dot){actor_of(batch),
                        (uint64_t)batch / ACTORS * PER_COMMIT + index % PER_COMMIT + 1};
}

static double bench_store(uint32_t records, const char *path) {
    static struct stored_record puts[PER_COMMIT];
    static struct stored_change changes[PER_COMMIT];
    uint64_t positions[ACTORS] = {0};
    struct store *store;
    double started;

    must(store_sqlite_open(path, true, &store, &err), "open");
    started = now_s();
    for (uint32_t first = 0; first < records; first += PER_COMMIT) {
        uint32_t which = first / PER_COMMIT % ACTORS;
        uint64_t area = 430626100201u + which;
        struct stored_actor actor = {.actor = record_of(first).actor, .device = 7};
        struct stored_frame frame = {
            .actor = actor.actor, .area = area, .audience = 1, .bytes = blob(FRAME_BYTES)};
        struct stored_entry entry = {
            .entry = {.area = area, .audience = 1, .position = ++positions[which], .kind = 1},
            .frame = 1};
        struct store_delta delta = {
            .actor_count = 1,
            .actors = &actor,
            .frame_count = 1,
            .frames = &frame,
            .change_count = PER_COMMIT,
            .changes = changes,
            .record_count = PER_COMMIT,
            .records = puts,
            .entry_count = 1,
            .entries = &entry,
        };

        for (uint32_t i = 0; i < PER_COMMIT; i++) {
            struct dot id = record_of(first + i);

            changes[i] = (struct stored_change){
                .dot = id, .record = id, .frame = 1, .position = i, .kind = 1, .person = 42};
            puts[i] = (struct stored_record){
                .id = id,
                .form = UINT64_C(0x123456789abcdef0),
                .form_name = view_text("household"),
                .audience = 1,
                .area_count = 1,
                .areas = &area,
                .title = view_text("\xe5\xbc\xa0\xe4\xb8\x89"),
                .created_ms = 1795000000000,
                .changed_ms = 1795000000000,
                .packed = blob(PACKED_BYTES),
            };
        }
        frame.first = puts[0].id.number;
        frame.last = actor.number = puts[PER_COMMIT - 1].id.number;
        must(store_commit(store, &delta, &err), "commit");
    }
    store_close(store);
    return now_s() - started;
}

/* Edits of random ones among the first `among` records. A new actor each time. */
static double bench_edits(const char *path, uint32_t among) {
    static struct stored_record puts[EDITS_PER_COMMIT];
    static struct stored_change changes[EDITS_PER_COMMIT];
    static struct dot ids[EDITS_PER_COMMIT];
    struct stored_actor actor = {.actor = next_random() | 1, .device = 7};
    struct arena arena;
    struct store *store;
    double started;

    arena_init(&arena, 64u << 20);
    must(store_sqlite_open(path, true, &store, &err), "open");
    started = now_s();
    for (uint32_t done = 0; done < EDITED; done += EDITS_PER_COMMIT) {
        struct stored_frame frame = {
            .actor = actor.actor, .area = 430626100201u, .audience = 1, .bytes = blob(5000)};
        struct store_delta delta = {
            .actor_count = 1,
            .actors = &actor,
            .frame_count = 1,
            .frames = &frame,
            .change_count = EDITS_PER_COMMIT,
            .changes = changes,
            .record_count = EDITS_PER_COMMIT,
            .records = puts,
        };

        arena_reset(&arena);
        /* Steps of a prime through the records: random enough, and none twice in a commit. */
        for (uint32_t i = 0, at = (uint32_t)(next_random() % among); i < EDITS_PER_COMMIT; i++) {
            at = (at + 7919) % among;
            ids[i] = record_of(at);
        }
        must(store_records(store, ids, EDITS_PER_COMMIT, &arena, puts, &err), "records");
        for (uint32_t i = 0; i < EDITS_PER_COMMIT; i++) {
            changes[i] = (struct stored_change){.dot = {actor.actor, ++actor.number},
                                                .record = ids[i],
                                                .frame = 1,
                                                .position = i,
                                                .kind = 2,
                                                .person = 42};
            puts[i].packed = blob(PACKED_BYTES + 40);
        }
        must(store_commit(store, &delta, &err), "edits");
    }
    store_close(store);
    arena_release(&arena);
    return now_s() - started;
}

static int ascending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static double median(double values[ROUNDS]) {
    qsort(values, ROUNDS, sizeof(*values), ascending);
    return values[ROUNDS / 2];
}

int main(int argc, char **argv) {
    uint32_t records = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 40000;
    double plain[ROUNDS], stored[ROUNDS], few[ROUNDS], many[ROUNDS];
    char path[256];

    records -= records % (10 * PER_COMMIT);
    if (records < 10 * PER_COMMIT) {
        fprintf(stderr, "bench_store: at least %d records\n", 10 * PER_COMMIT);
        return 2;
    }
    err_init(&err, LANG_EN);
    must(crypt_start(&err), "crypt");
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (uint8_t)(next_random() >> 32);
    for (int round = 0; round < ROUNDS; round++) {
        path_of(path, "plain");
        plain[round] = bench_plain(records, path);
        remove_files(path);
        path_of(path, "store");
        stored[round] = bench_store(records, path);
        few[round] = bench_edits(path, records / 10);
        many[round] = bench_edits(path, records);
        remove_files(path);
    }
    printf("%" PRIu32 " records, %d in a commit, durable\n", records, PER_COMMIT);
    printf("plain blob insert    %8.0f records/s\n", records / median(plain));
    printf("store_commit         %8.0f records/s   %.2f x plain\n", records / median(stored),
           median(plain) / median(stored));
    printf("edits, %7" PRIu32 " rec.  %8.0f edits/s\n", records / 10, EDITED / median(few));
    printf("edits, %7" PRIu32 " rec.  %8.0f edits/s     %.2f x the former\n", records,
           EDITED / median(many), median(few) / median(many));
    return 0;
}
