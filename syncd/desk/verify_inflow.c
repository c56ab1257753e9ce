/* verify_inflow.c: what came in, day by day, made again from the log: the same rows, no others. */
#include "base/date.h"
#include "syncd/desk/verify.h"

#include <stdlib.h>

#define INFLOW_ARENA_BYTES (512u * 1024u * 1024u)

struct inflow_check {
    struct verify *verify;
    struct arena arena;
    struct stored_inflow *sums; /* of frames that stand side by side; then by day and area */
    uint32_t count, capacity, at;
    bool has_log;
};

static enum rc frame_visit(void *context, const struct stored_frame *frame, struct err *err) {
    struct inflow_check *check = context;
    int64_t day = inflow_day(frame->received_ms);
    struct stored_inflow *last = check->count > 0 ? &check->sums[check->count - 1] : NULL;

    if (last == NULL || last->day != day || last->area != frame->area) {
        last =
            arena_push(&check->arena, &check->sums, &check->count, &check->capacity, sizeof(*last));
        if (last == NULL)
            return arena_check(&check->arena, "a report", err);
        *last = (struct stored_inflow){.day = day, .area = frame->area};
    }
    last->frames++;
    last->changes += frame_span(frame);
    return RC_OK;
}

static int by_day(const void *left, const void *right) {
    const struct stored_inflow *a = left, *b = right;

    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    return a->area < b->area ? -1 : a->area > b->area;
}

static void add_up(struct inflow_check *check) {
    uint32_t count = 0;

    if (check->count > 1)
        qsort(check->sums, check->count, sizeof(check->sums[0]), by_day);
    for (uint32_t i = 0; i < check->count; i++) {
        if (count > 0 && by_day(&check->sums[count - 1], &check->sums[i]) == 0) {
            check->sums[count - 1].frames += check->sums[i].frames;
            check->sums[count - 1].changes += check->sums[i].changes;
        } else {
            check->sums[count++] = check->sums[i];
        }
    }
    check->count = count;
}

static enum rc read_log(struct inflow_check *check, struct err *err) {
    enum rc rc = store_frames(check->verify->seat->ledger->store, 0, frame_visit, check, err);

    check->has_log = true;
    if (rc == RC_OK)
        add_up(check);
    return rc;
}

static void tell(struct inflow_check *check, const struct stored_inflow *sum) {
    char area[AREA_TEXT_BYTES];
    struct date day = date_from_ms(sum->day * MS_PER_DAY - CHINA_OFFSET_MS);

    area_text(sum->area, area);
    VERIFY_FOUND(check->verify, "what came in on %04d-%02d-%02d from %s: the log says otherwise",
                 day.year, day.month, day.day, area);
}

/* The first row has the log read: a visitor sees the same moment of everything. */
static enum rc row_visit(void *context, const struct stored_inflow *row, struct err *err) {
    struct inflow_check *check = context;

    if (!check->has_log) {
        enum rc rc = read_log(check, err);

        if (rc != RC_OK)
            return rc;
    }
    while (check->at < check->count && by_day(&check->sums[check->at], row) < 0)
        tell(check, &check->sums[check->at++]);
    if (check->at == check->count || by_day(&check->sums[check->at], row) != 0) {
        tell(check, row);
        return RC_OK;
    }
    if (check->sums[check->at].frames != row->frames ||
        check->sums[check->at].changes != row->changes)
        tell(check, row);
    check->at++;
    return RC_OK;
}

enum rc verify_inflow(struct verify *verify, struct err *err) {
    struct inflow_check check = {.verify = verify};
    struct store *store = verify->seat->ledger->store;
    struct store_counts before;
    enum rc rc = store_count(store, &before, err);

    arena_init(&check.arena, INFLOW_ARENA_BYTES);
    if (rc == RC_OK)
        rc = store_inflow(store, INT64_MIN, INT64_MAX, row_visit, &check, err);
    if (rc == RC_OK && !check.has_log && before.frames > 0)
        rc = read_log(&check, err);
    while (rc == RC_OK && check.at < check.count)
        tell(&check, &check.sums[check.at++]);
    arena_release(&check.arena);
    return rc;
}
