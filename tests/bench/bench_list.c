/* bench_list.c: lists of records at a million of them: every filter, order and search, and memory.
 *
 *   bench_list [RECORDS]     (default 1000000)
 *
 * A store is filled with made-up households of 2,000 villages (names as common as they are in
 * China: every fourteenth person is a 王), one in a hundred with an open conflict; then each
 * question is asked 25 times on a handle for reading, as the console would. Shown are the median,
 * the 95th of a hundred, the worst, the processor's part of the mean (the rest is what others use
 * the machine for), how many records there were in all, and what the process holds
 * in memory. The aim is 100 ms. */
#include "base/crypt.h"
#include "syncd/store/store.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

enum {
    PER_COMMIT = 500,
    VILLAGES = 2000,
    TOWNSHIPS = 25,
    PACKED_BYTES = 500,
    RUNS = 25,
    MEMBERS = 4,
};

static const char *const SURNAMES[] = {"王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周",
                                       "徐", "孙", "马", "朱", "胡", "郭", "何", "林", "高", "罗",
                                       "郑", "梁", "谢", "宋", "唐", "许", "韩", "邓", "冯", "曹",
                                       "彭", "曾", "肖", "田", "董", "潘", "袁", "蔡", "蒋", "余"};
static const char *const GIVEN[] = {"芳", "伟", "娜", "敏", "静", "秀", "强", "磊", "军", "洋",
                                    "勇", "艳", "杰", "娟", "涛", "明", "超", "兰", "霞", "平",
                                    "刚", "桂", "英", "华", "玉", "红", "建", "国", "文", "辉"};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct err err;
static uint8_t noise[4096];
static uint64_t state = 88172645463325252u;

static uint64_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state >> 8;
}

static double clock_s(clockid_t clock) {
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(enum rc rc, const char *what) {
    if (rc != RC_OK) {
        fprintf(stderr, "bench_list: %s: %s (%s)\n", what, err.text, err.detail);
        exit(1);
    }
}

static uint64_t village(uint32_t index) {
    return 430626100000u + (uint64_t)(index / (VILLAGES / TOWNSHIPS)) * 1000u + 200u +
           index % (VILLAGES / TOWNSHIPS);
}

static size_t add_name(char *out, size_t size) {
    size_t length = (size_t)snprintf(out, size, "%s%s",
                                     SURNAMES[next_random() % 14 == 0 ? 0 : next_random() % 40],
                                     GIVEN[next_random() % COUNT(GIVEN)]);

    if (next_random() % 3 != 0)
        length += (size_t)snprintf(out + length, size - length, "%s",
                                   GIVEN[next_random() % COUNT(GIVEN)]);
    return length;
}

static void fill(const char *path, uint32_t records) {
    static struct stored_record puts[PER_COMMIT];
    static struct stored_change changes[PER_COMMIT];
    static struct stored_listed listed[PER_COMMIT];
    static struct stored_conflict conflicts[PER_COMMIT];
    static struct stored_review reviews[PER_COMMIT];
    static uint64_t areas[PER_COMMIT];
    static char names[PER_COMMIT][LISTED_NAMES_BYTES];
    static uint32_t tails[PER_COMMIT][MEMBERS];
    struct store *store;

    must(store_sqlite_open(path, true, &store, &err), "open");
    for (uint32_t first = 0; first < records; first += PER_COMMIT) {
        uint32_t batch = first / PER_COMMIT;
        struct stored_actor actor = {.actor = (batch % 1000 + 1) * UINT64_C(0x9e3779b97f4a7c15),
                                     .device = 7};
        struct stored_frame frame = {.actor = actor.actor,
                                     .area = village(batch % VILLAGES),
                                     .audience = 1,
                                     .bytes = view_of(noise, 1000)};
        struct store_delta delta = {.actor_count = 1,
                                    .actors = &actor,
                                    .frame_count = 1,
                                    .frames = &frame,
                                    .change_count = PER_COMMIT,
                                    .changes = changes,
                                    .record_count = PER_COMMIT,
                                    .records = puts,
                                    .conflicts = conflicts,
                                    .listed_count = PER_COMMIT,
                                    .listed = listed,
                                    .reviews = reviews};

        for (uint32_t i = 0; i < PER_COMMIT; i++) {
            struct dot id = {actor.actor, (uint64_t)batch / 1000 * PER_COMMIT + i + 1};
            size_t size = 0, head;

            areas[i] = village((batch + (i % 50 == 0 ? i : 0)) % VILLAGES);
            head = add_name(names[i], 64);
            size = head;
            for (int m = 1; m < MEMBERS; m++) {
                names[i][size++] = '\n';
                size += add_name(names[i] + size, 64);
            }
            for (int m = 0; m < MEMBERS; m++)
                tails[i][m] = (uint32_t)(next_random() % 11000);
            changes[i] = (struct stored_change){
                .dot = id, .record = id, .frame = 1, .position = i, .kind = 1, .person = 42};
            puts[i] = (struct stored_record){
                .id = id,
                .form = 1,
                .form_name = view_text(i % 10 == 9 ? "visit" : "household"),
                .audience = 1,
                .area_count = 1,
                .areas = &areas[i],
                .title = view_of(names[i], head),
                .created_ms = 1700000000000 + (int64_t)(next_random() % 90000000000u),
                .withdrawn = next_random() % 50 == 0,
                .packed = view_of(noise + next_random() % 3000, PACKED_BYTES),
            };
            puts[i].changed_ms = puts[i].created_ms + (int64_t)(next_random() % 10000000000u);
            listed[i] = (struct stored_listed){.record = id,
                                               .created_by = 1 + batch % 1000,
                                               .changed_by = 1 + next_random() % 1000,
                                               .names = view_of(names[i], size),
                                               .tail_count = MEMBERS,
                                               .tails = tails[i]};
            if (next_random() % 100 == 0)
                conflicts[delta.conflict_count++] = (struct stored_conflict){
                    .record = id, .area = areas[i], .kind = 1, .field = 300};
            if (next_random() % 4 == 0)
                reviews[delta.review_count++] =
                    (struct stored_review){.record = id,
                                           .stands = true,
                                           .at_ms = puts[i].changed_ms,
                                           .state = (uint8_t)(2 + next_random() % 2)};
        }
        frame.first = puts[0].id.number;
        frame.last = actor.number = puts[PER_COMMIT - 1].id.number;
        must(store_commit(store, &delta, &err), "commit");
    }
    store_close(store);
}

static unsigned resident_kb(void) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file != NULL && fscanf(file, "%*s %lu", &pages) != 1)
        pages = 0;
    if (file != NULL)
        fclose(file);
    return (unsigned)(pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024);
}

struct page {
    uint32_t count;
    struct record_cursor last;
};

static enum rc visit(void *context, const struct found_record *found, struct err *failure) {
    struct page *page = context;

    (void)failure;
    page->count++;
    page->last = found->cursor;
    return RC_OK;
}

static enum rc visit_tally(void *context, const struct record_tally *tally, struct err *failure) {
    (void)failure;
    *(uint64_t *)context += tally->records;
    return RC_OK;
}

static int ascending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static void show(const char *what, double *took, double cpu, uint64_t total) {
    qsort(took, RUNS, sizeof(*took), ascending);
    printf("  %-38s %7.1f %7.1f %7.1f %7.1f ms  %9" PRIu64 "\n", what, took[RUNS / 2] * 1e3,
           took[RUNS * 95 / 100] * 1e3, took[RUNS - 1] * 1e3, cpu / RUNS * 1e3, total);
    (void)fflush(stdout);
}

static void ask(struct store *store, const char *what, const struct record_query *query) {
    double took[RUNS], cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID);
    struct page page = {0};
    uint64_t total = 0;

    for (int i = 0; i < RUNS; i++) {
        double started = clock_s(CLOCK_MONOTONIC);

        must(store_find(store, query, visit, &page, &total, &err), what);
        took[i] = clock_s(CLOCK_MONOTONIC) - started;
    }
    show(what, took, clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu, total);
}

static void ask_tally(struct store *store, const char *what, const struct record_query *query) {
    double took[RUNS], cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t total = 0;

    for (int i = 0; i < RUNS; i++) {
        double started = clock_s(CLOCK_MONOTONIC);

        total = 0;
        must(store_tally(store, query, visit_tally, &total, &err), what);
        took[i] = clock_s(CLOCK_MONOTONIC) - started;
    }
    show(what, took, clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu, total);
}

static void ask_all(struct store *store) {
    static const uint64_t TOWNSHIP[] = {430626103000u}, VILLAGE[] = {430626103210u};
    static const struct record_query ALL = {
        .order = RECORDS_BY_CHANGED, .descending = true, .most = 50};
    struct query_word words[2] = {{.text = {0}}};
    struct record_query query;
    struct record_cursor middle;
    struct page page = {0};
    uint64_t total = 0;

#define ASK(what, ...)                                                                             \
    do {                                                                                           \
        query = ALL;                                                                               \
        __VA_ARGS__;                                                                               \
        ask(store, what, &query);                                                                  \
    } while (0)
#define WORD_OF(what, ...)                                                                         \
    do {                                                                                           \
        words[0] = (struct query_word)__VA_ARGS__;                                                 \
        ASK(what, query.words = words, query.word_count = 1);                                      \
    } while (0)

    ASK("all, newest change first", (void)0);
    ASK("all, by name", query.order = RECORDS_BY_NAME, query.descending = false);
    ASK("all, by area", query.order = RECORDS_BY_AREA, query.descending = false);
    ASK("all, by creation, 200 a page", query.order = RECORDS_BY_CREATED, query.most = 200);
    query = ALL;
    query.changed_to_ms = 1745000000000;
    query.most = 1;
    must(store_find(store, &query, visit, &page, &total, &err), "middle");
    middle = page.last;
    ASK("all, a page in the middle", query.after = &middle);
    ASK("a township", query.areas = TOWNSHIP, query.area_count = 1);
    ASK("a village, by name", query.areas = VILLAGE, query.area_count = 1,
        query.order = RECORDS_BY_NAME);
    ASK("visits of a township", query.areas = TOWNSHIP, query.area_count = 1,
        query.form_name = view_text("visit"));
    ASK("with an open conflict", query.with = RECORD_CONFLICT);
    ASK("in quarantine", query.with = RECORD_QUARANTINED);
    ASK("withdrawn, by name", query.with = RECORD_WITHDRAWN, query.order = RECORDS_BY_NAME);
    ASK("returned", query.reviews = 1u << 2);
    ASK("of one person", query.person = 77);
    ASK("changed within a month", query.changed_from_ms = 1745000000000,
        query.changed_to_ms = 1747600000000);
    WORD_OF("search 王", {.text = view_text("王")});
    WORD_OF("search 王芳", {.text = view_text("王芳")});
    WORD_OF("search wf", {.text = view_text("wf")});
    WORD_OF("search w", {.text = view_text("w")});
    WORD_OF("search wangfang", {.text = view_text("wangfang")});
    WORD_OF("search an ID's end", {.text = view_text("1234"), .has_tail = true, .tail = 1234});
    WORD_OF("search a village", {.text = view_text("石牌"), .area_count = 1, .areas = VILLAGE});
    WORD_OF("search nobody", {.text = view_text("爨")});
    words[0] = (struct query_word){.text = view_text("wang")};
    words[1] = (struct query_word){.text = view_text("1234"), .has_tail = true, .tail = 1234};
    ASK("search wang 1234, by name", query.words = words, query.word_count = 2,
        query.order = RECORDS_BY_NAME);
    ASK("search wang 1234 in a township", query.words = words, query.word_count = 2,
        query.areas = TOWNSHIP, query.area_count = 1);
    query = ALL;
    ask_tally(store, "counts of all villages", &query);
    query.areas = TOWNSHIP;
    query.area_count = 1;
    ask_tally(store, "counts of the villages of a township", &query);
}

int main(int argc, char **argv) {
    static const char *const ENDS[] = {"", "-wal", "-shm", ".lock"};
    uint32_t records = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
    const char *folder = getenv("TMPDIR");
    char path[256];
    struct store *store;
    double started;
    unsigned before;

    records -= records % PER_COMMIT;
    if (records == 0) {
        fprintf(stderr, "bench_list: at least %d records\n", PER_COMMIT);
        return 2;
    }
    err_init(&err, LANG_EN);
    must(crypt_start(&err), "crypt");
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (uint8_t)(next_random() >> 32);
    (void)snprintf(path, sizeof(path), "%s/bench_list-%ld", folder ? folder : "/tmp",
                   (long)getpid());
    started = clock_s(CLOCK_MONOTONIC);
    fill(path, records);
    printf("%" PRIu32 " records with names, filled at %.0f records/s\n", records,
           records / (clock_s(CLOCK_MONOTONIC) - started));
    before = resident_kb();
    must(store_sqlite_open(path, false, &store, &err), "open for reading");
    printf("  %-38s %7s %7s %7s %7s     %9s\n", "", "p50", "p95", "worst", "CPU", "in all");
    ask_all(store);
    printf("resident before the questions %u kB, after them %u kB\n", before, resident_kb());
    store_close(store);
    for (size_t i = 0; i < COUNT(ENDS); i++) {
        char name[300];

        (void)snprintf(name, sizeof(name), "%s%s", path, ENDS[i]);
        (void)unlink(name);
    }
    return 0;
}
