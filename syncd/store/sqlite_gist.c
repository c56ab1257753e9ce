/* sqlite_gist.c: what is about a record, and how it stands. */
#include "syncd/store/sqlite.h"

enum rc gists_write(struct sqlite *sqlite, const struct store_delta *delta, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->gist_count && rc == RC_OK; i++) {
        const struct stored_gist *item = &delta->gists[i];
        const struct gist *gist = &item->gist;
        struct statement *put =
            sqlite->sql[gist->kind == GIST_NONE ? SQL_GIST_REMOVE : SQL_GIST_PUT];

        statement_bind_i64(put, 1, bias(item->record.actor));
        statement_bind_i64(put, 2, bias(item->record.number));
        if (gist->kind != GIST_NONE) {
            statement_bind_i64(put, 3, gist->kind);
            statement_bind_i64(put, 4, gist->state);
            statement_bind_i64(put, 5, gist->when);
            statement_bind_i64(put, 6, bits(item->area));
            statement_bind_i64(put, 7, bias(gist->about.actor));
            statement_bind_i64(put, 8, bias(gist->about.number));
            statement_bind_i64(put, 9, bias(gist->person));
            statement_bind_i64(put, 10,
                               (uint8_t)gist->code[0] | (int64_t)(uint8_t)gist->code[1] << 8);
        }
        rc = statement_run(put, err);
    }
    return rc;
}

static enum rc walk(struct statement *row, store_visit_gist *visit, void *context,
                    struct err *err) {
    enum rc rc;

    while ((rc = statement_step(row, err)) == RC_OK) {
        int64_t code = statement_i64(row, 9);
        struct stored_gist item = {
            .record = {column_name(row, 0), column_name(row, 1)},
            .area = column_bits(row, 5),
            .gist = {.kind = (uint8_t)statement_i64(row, 2),
                     .state = (uint8_t)statement_i64(row, 3),
                     .code = {(char)(code & 0xff), (char)(code >> 8 & 0xff)},
                     .about = {column_name(row, 6), column_name(row, 7)},
                     .person = column_name(row, 8),
                     .when = statement_i64(row, 4)},
        };

        rc = visit(context, &item, err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(row);
    return rc;
}

enum rc sqlite_about(struct store *store, struct dot about, store_visit_gist *visit, void *context,
                     struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_ABOUT];

    statement_bind_i64(row, 1, bias(about.actor));
    statement_bind_i64(row, 2, bias(about.number));
    return walk(row, visit, context, err);
}

static void bind(struct statement *row, uint8_t kind, uint8_t state, uint64_t area) {
    struct area_range range = area_range_of(area);

    statement_bind_i64(row, 1, kind);
    statement_bind_i64(row, 2, state);
    statement_bind_i64(row, 3, bits(range.low));
    statement_bind_i64(row, 4, bits(range.high));
}

enum rc sqlite_gists(struct store *store, uint8_t kind, uint8_t state, uint64_t area,
                     store_visit_gist *visit, void *context, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_GISTS];

    bind(row, kind, state, area);
    return walk(row, visit, context, err);
}

enum rc sqlite_gist_count(struct store *store, uint8_t kind, uint8_t state, uint64_t area,
                          int64_t before, struct gist_counts *out, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_GIST_COUNT];
    enum rc rc;

    bind(row, kind, state, area);
    statement_bind_i64(row, 5, before);
    rc = statement_one(row, err);
    if (rc == RC_OK) {
        *out = (struct gist_counts){column_bits(row, 0), column_bits(row, 1)};
        statement_reset(row);
    }
    return rc;
}
