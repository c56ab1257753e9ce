/* marks.c: see marks.h.
 *
 * The setting "feed marks" is a table: area (varint), audience (1 byte), position (varint),
 * ascending by area and audience. It is read only when there is news. */
#include "syncd/sync/marks.h"

#include "syncd/sync/news.h"

#define SETTING      "feed marks"
#define ROW_BYTES    21u
#define ANSWER_MARKS LIMIT_EXCHANGE_CURSORS

static bool read_row(struct reader *in, struct backup_feed *out) {
    if (read_left(in) == 0)
        return false;
    out->area = read_varint(in);
    out->audience = read_u8(in);
    out->position = read_varint(in);
    return !in->failed;
}

static int compare(const struct backup_feed *left, const struct backup_feed *right) {
    if (left->area != right->area)
        return left->area < right->area ? -1 : 1;
    return (left->audience > right->audience) - (left->audience < right->audience);
}

static void add_row(struct buf *out, const struct backup_feed *row) {
    buf_add_varint(out, row->area);
    buf_add_u8(out, row->audience);
    buf_add_varint(out, row->position);
}

/* Both are sorted: one pass. */
static enum rc merge(struct view old, const struct backup_feed *feeds, uint32_t count,
                     struct buf *out, struct err *err) {
    struct backup_feed row;
    struct reader in;
    uint32_t i = 0;
    bool has_old;

    reader_init(&in, old);
    has_old = read_row(&in, &row);
    while (has_old || i < count) {
        int order = !has_old ? 1 : i == count ? -1 : compare(&row, &feeds[i]);
        struct backup_feed next = order <= 0 ? row : feeds[i];

        if (order == 0 && feeds[i].position > next.position)
            next.position = feeds[i].position;
        add_row(out, &next);
        i += order >= 0;
        if (order <= 0)
            has_old = read_row(&in, &row);
    }
    if (in.failed)
        return reader_check(&in, "the setting feed marks", err);
    return buf_check(out, "the setting feed marks", err);
}

enum rc marks_move(struct work *work, const struct backup_feed *feeds, uint32_t count,
                   struct err *err) {
    struct view old = {0};
    struct buf table;
    uint32_t serial;
    enum rc rc = work_setting(work, SETTING, &old, err);

    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        rc = RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    buf_init(&table, old.size + (size_t)count * ROW_BYTES + 1u);
    rc = merge(old, feeds, count, &table, err);
    if (rc == RC_OK && !view_equal(buf_view(&table), old)) {
        rc = work_put_setting(work, SETTING, buf_view(&table), err);
        if (rc == RC_OK)
            rc = news_raise(work, &serial, err);
    }
    buf_release(&table);
    return rc;
}

enum rc marks_of(struct ledger *ledger, const struct scope *scope, struct arena *arena,
                 struct answer *answer, struct err *err) {
    struct view table = {0};
    struct backup_feed row;
    struct reader in;
    uint32_t capacity = 0;
    enum rc rc = store_setting(ledger->store, SETTING, arena, &table, err);

    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    reader_init(&in, table);
    while (rc == RC_OK && answer->mark_count < ANSWER_MARKS && read_row(&in, &row)) {
        struct feed_mark *mark;

        if (row.position == 0 || (scope->audience_mask & 1u << row.audience) == 0 ||
            !succession_grants(&ledger->areas, scope->areas, scope->area_count, row.area))
            continue;
        mark = arena_push(arena, &answer->marks, &answer->mark_count, &capacity, sizeof(*mark));
        if (mark == NULL)
            return arena_check(arena, "an answer", err);
        *mark = (struct feed_mark){
            .area = row.area, .audience = row.audience, .position = row.position};
    }
    return rc;
}
