/* sqlite_find.c: a page of what a question finds (sqlite_finding.h). The best are kept in a heap
 * whose root is the worst of them, so that nearly every line costs one comparison. */
#include "syncd/store/sqlite_finding.h"

#include <stdlib.h>

struct candidate {
    struct record_cursor cursor;
    int64_t row, id;
    uint8_t flags;
    uint64_t reviewed, created_by, changed_by;
};

struct page {
    struct finding finding;
    struct candidate *best;
    uint32_t best_count;
};

/* --- the best of a page --- */

static int candidate_order(const struct page *page, const struct candidate *left,
                           const struct candidate *right) {
    return listed_compare(page->finding.query, &left->cursor, &right->cursor);
}

static void sink(struct page *page, uint32_t at) {
    struct candidate *best = page->best;

    for (;;) {
        uint32_t child = 2 * at + 1;
        struct candidate moved = best[at];

        if (child >= page->best_count)
            return;
        if (child + 1 < page->best_count &&
            candidate_order(page, &best[child], &best[child + 1]) < 0)
            child++;
        if (candidate_order(page, &best[at], &best[child]) >= 0)
            return;
        best[at] = best[child];
        best[child] = moved;
        at = child;
    }
}

static void rise(struct page *page, uint32_t at) {
    struct candidate *best = page->best;

    while (at > 0 && candidate_order(page, &best[(at - 1) / 2], &best[at]) < 0) {
        struct candidate moved = best[at];

        best[at] = best[(at - 1) / 2];
        best[(at - 1) / 2] = moved;
        at = (at - 1) / 2;
    }
}

/* Whether what a record is sorted by first, which lies from low to high, tells that it is not of
 * this page: nearly always. */
static bool first_is_out(const struct page *page, uint64_t low, uint64_t high) {
    const struct record_query *query = page->finding.query;

    if (query->descending) {
        uint64_t turned = ~low;

        low = ~high;
        high = turned;
    }
    return (query->after != NULL && high < query->after->key[0]) ||
           (page->best_count == query->most && low > page->best[0].cursor.key[0]);
}

static bool line_is_out(const struct page *page, const uint8_t *line) {
    uint64_t first = 0, spread = 0;

    switch (page->finding.query->order) {
    case RECORDS_BY_CHANGED:
        first = line_get(line, LINE_CHANGED, TIME_BYTES);
        break;
    case RECORDS_BY_CREATED:
        first = line_get(line, LINE_CREATED, TIME_BYTES);
        break;
    case RECORDS_BY_AREA:
        first = line_get(line, LINE_AREA, AREA_BYTES);
        break;
    case RECORDS_BY_NAME:
        first = line_get(line, LINE_RANK, 2) << 48;
        spread = (UINT64_C(1) << 48) - 1; /* the other characters are in the rest of the line */
        break;
    }
    return first_is_out(page, first, first + spread);
}

/* Whether a key can be told to be too late without its dot. */
static bool key_is_late(const struct page *page, const uint64_t key[3]) {
    const uint64_t *worst = page->best[0].cursor.key;

    for (int i = 0; i < 3; i++)
        if (key[i] != worst[i])
            return key[i] > worst[i];
    return false;
}

static void keep(struct page *page, const struct candidate *item) {
    if (page->best_count < page->finding.query->most) {
        page->best[page->best_count] = *item;
        rise(page, page->best_count++);
    } else if (candidate_order(page, item, &page->best[0]) < 0) {
        page->best[0] = *item;
        sink(page, 0);
    }
}

/* Of a line that may be of this page. Apart, so that take has nothing to make ready. */
__attribute__((noinline)) static enum rc consider(struct page *page, const uint8_t *line,
                                                  int64_t row, struct err *err) {
    const struct record_query *query = page->finding.query;
    struct candidate item = {.row = row};
    const uint8_t *rest = NULL;
    enum rc rc = finding_rest(&page->finding, row, &rest, err);

    if (rc != RC_OK)
        return rc;
    listed_key(query, line_get(line, LINE_AREA, AREA_BYTES),
               line_get(line, LINE_CREATED, TIME_BYTES), line_get(line, LINE_CHANGED, TIME_BYTES),
               rest_get(rest, REST_CODE, 8), item.cursor.key);
    if (page->best_count == query->most && key_is_late(page, item.cursor.key))
        return RC_OK;
    item.id = (int64_t)rest_get(rest, REST_ID, 8);
    rc = dot_of(page->finding.sqlite, item.id, &item.cursor.record, err);
    if (rc != RC_OK)
        return rc;
    if (query->after != NULL && listed_compare(query, &item.cursor, query->after) <= 0)
        return RC_OK;
    item.flags = line[LINE_FLAGS];
    item.reviewed = rest_get(rest, REST_REVIEWED, TIME_BYTES);
    item.created_by = line_get(line, LINE_CREATED_BY, 8);
    item.changed_by = line_get(line, LINE_CHANGED_BY, 8);
    keep(page, &item);
    return RC_OK;
}

/* For nearly all records that pass this is the end. */
static enum rc take(void *context, const uint8_t *line, int64_t row, struct err *err) {
    struct page *page = context;

    if (page->finding.query->most == 0 || line_is_out(page, line))
        return RC_OK;
    return consider(page, line, row, err);
}

/* --- showing --- */

static enum rc show(struct page *page, const struct candidate *item, struct arena *arena,
                    store_visit_found *visit, void *context, struct err *err) {
    struct statement *get = page->finding.sqlite->sql[SQL_RECORD];
    struct found_record found = {.cursor = item->cursor,
                                 .states = item->flags & LINE_STATES,
                                 .review = item->flags >> REVIEW_SHIFT,
                                 .review_ms = (int64_t)item->reviewed,
                                 .created_by = item->created_by,
                                 .changed_by = item->changed_by};
    enum rc rc;

    if ((page->finding.marks[item->row - 1] & MARK_WAITING) != 0)
        found.states |= RECORD_QUARANTINED;
    arena_reset(arena);
    statement_bind_i64(get, 1, item->row);
    rc = statement_one(get, err);
    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_CORRUPT, "store: the list has a record that is not there");
    if (rc == RC_OK) {
        rc = record_row(get, item->cursor.record, arena, &found.record, err);
        statement_reset(get);
    }
    found.record.packed = view_of(NULL, 0);
    return rc == RC_OK ? visit(context, &found, err) : rc;
}

static enum rc show_all(struct page *page, store_visit_found *visit, void *context,
                        struct err *err) {
    uint32_t count = page->best_count;
    struct arena arena;
    enum rc rc = RC_OK;

    while (page->best_count > 1) { /* the worst goes to the end */
        struct candidate worst = page->best[0];

        page->best[0] = page->best[--page->best_count];
        page->best[page->best_count] = worst;
        sink(page, 0);
    }
    arena_init(&arena, WALK_BYTES);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        rc = show(page, &page->best[i], &arena, visit, context, err);
    arena_release(&arena);
    return rc;
}

enum rc sqlite_find(struct store *store, const struct record_query *query, store_visit_found *visit,
                    void *context, uint64_t *total, struct err *err) {
    struct page page = {.best = NULL};
    enum rc rc = finding_start(&page.finding, store, query, err);

    if (rc == RC_OK) {
        page.best = calloc((size_t)query->most + 1, sizeof(*page.best));
        if (page.best == NULL)
            rc = err_set(err, RC_NO_MEMORY, "store: out of memory");
    }
    if (rc == RC_OK)
        rc = finding_run(&page.finding, take, &page, err);
    *total = page.finding.total;
    if (rc == RC_OK)
        rc = show_all(&page, visit, context, err);
    finding_end(&page.finding);
    free(page.best);
    return rc;
}
