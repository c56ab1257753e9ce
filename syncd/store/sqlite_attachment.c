/* sqlite_attachment.c: what is known of attachments; their content is not in the file. */
#include "syncd/store/sqlite.h"

static enum rc put(struct sqlite *sqlite, const struct stored_attachment *item, struct err *err) {
    struct statement *row = sqlite->sql[SQL_ATTACHMENT_PUT];

    statement_bind_blob(row, 1, view_of(item->hash, sizeof item->hash));
    statement_bind_i64(row, 2, item->size);
    statement_bind_i64(row, 3, item->kind);
    statement_bind_i64(row, 4, bits(item->area));
    statement_bind_i64(row, 5, bias(item->device));
    statement_bind_i64(row, 6, item->announced_ms);
    statement_bind_i64(row, 7, item->received_ms);
    statement_bind_i64(row, 8, item->backed_up_ms);
    statement_bind_i64(row, 9, item->erased);
    return statement_run(row, err);
}

enum rc attachments_write(struct sqlite *sqlite, const struct store_delta *delta, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->attachment_count && rc == RC_OK; i++) {
        rc = put(sqlite, &delta->attachments[i], err);
    }
    return rc;
}

static enum rc read_row(struct statement *row, struct stored_attachment *out, struct err *err) {
    *out = (struct stored_attachment){
        .size = (uint32_t)statement_i64(row, 1),
        .kind = (uint8_t)statement_i64(row, 2),
        .area = column_bits(row, 3),
        .device = column_name(row, 4),
        .announced_ms = statement_i64(row, 5),
        .received_ms = statement_i64(row, 6),
        .backed_up_ms = statement_i64(row, 7),
        .erased = statement_i64(row, 8) != 0,
    };
    return column_bytes(row, 0, out->hash, sizeof out->hash, err);
}

enum rc sqlite_attachment(struct store *store, const uint8_t *hash, struct stored_attachment *out,
                          struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_ATTACHMENT];
    enum rc rc;

    statement_bind_blob(row, 1, view_of(hash, 32));
    rc = statement_one(row, err);
    if (rc == RC_OK) {
        rc = read_row(row, out, err);
        statement_reset(row);
    }
    return rc;
}

enum rc sqlite_attachments(struct store *store, bool missing_only, store_visit_attachment *visit,
                           void *context, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_ATTACHMENTS];
    enum rc rc;

    statement_bind_i64(row, 1, missing_only);
    while ((rc = statement_step(row, err)) == RC_OK) {
        struct stored_attachment item;

        rc = read_row(row, &item, err);
        if (rc == RC_OK) {
            rc = visit(context, &item, err);
        }
        if (rc != RC_OK) {
            break;
        }
    }
    statement_reset(row);
    return rc;
}
