/* sqlite_commit.c: one delta, one transaction.
 *
 * The parts are written in an order in which each finds what it stands on: frames get their serials
 * first, changes look at the actors' former numbers before these are put, records take the trails
 * (changes of records that they did not create) that the changes have left for them. */
#include "syncd/store/sqlite.h"

enum rc county_load(struct sqlite *sqlite, struct county *out, struct err *err) {
    struct statement *row = sqlite->sql[SQL_COUNTY];
    enum rc rc = statement_one(row, err);

    if (rc == RC_NOT_FOUND) {
        return err_set(err, RC_CORRUPT, "store: the county's own row is missing");
    }
    if (rc != RC_OK) {
        return rc;
    }
    out->counts = (struct store_counts){
        .records = column_bits(row, 0),
        .changes = column_bits(row, 1),
        .frames = column_bits(row, 2),
        .conflicts = column_bits(row, 3),
        .quarantined = column_bits(row, 4),
        .devices = column_bits(row, 5),
        .forms = column_bits(row, 6),
        .entries = column_bits(row, 7),
        .acts = column_bits(row, 8),
        .bytes_log = column_bits(row, 9),
        .bytes_states = column_bits(row, 10),
    };
    out->next_row = statement_i64(row, 12);
    rc = column_bytes(row, 11, out->act_chain, sizeof out->act_chain, err);
    statement_reset(row);
    return rc;
}

static enum rc county_save(struct sqlite *sqlite, struct err *err) {
    const struct store_counts *counts = &sqlite->county.counts;
    struct statement *put = sqlite->sql[SQL_COUNTY_PUT];

    statement_bind_i64(put, 1, bits(counts->records));
    statement_bind_i64(put, 2, bits(counts->changes));
    statement_bind_i64(put, 3, bits(counts->frames));
    statement_bind_i64(put, 4, bits(counts->conflicts));
    statement_bind_i64(put, 5, bits(counts->quarantined));
    statement_bind_i64(put, 6, bits(counts->devices));
    statement_bind_i64(put, 7, bits(counts->forms));
    statement_bind_i64(put, 8, bits(counts->entries));
    statement_bind_i64(put, 9, bits(counts->acts));
    statement_bind_i64(put, 10, bits(counts->bytes_log));
    statement_bind_i64(put, 11, bits(counts->bytes_states));
    statement_bind_blob(put, 12, view_of(sqlite->county.act_chain, 32));
    statement_bind_i64(put, 13, sqlite->county.next_row);
    return statement_run(put, err);
}

static enum rc write_all(struct sqlite *sqlite, const struct store_delta *delta, struct err *err) {
    enum rc rc = county_load(sqlite, &sqlite->county, err);
    uint64_t frame_base = sqlite->county.counts.frames;

    sqlite->trail_count = 0;
    sqlite->open_shelf = (struct shelf){0};
    if (rc == RC_OK) {
        rc = frames_add(sqlite, delta, err);
    }
    if (rc == RC_OK) {
        rc = changes_add(sqlite, delta, frame_base, err);
    }
    if (rc == RC_OK) {
        rc = actors_put(sqlite, delta, err);
    }
    if (rc == RC_OK) {
        rc = verdicts_put(sqlite, delta, err);
    }
    if (rc == RC_OK) {
        rc = forms_add(sqlite, delta, err);
    }
    if (rc == RC_OK) {
        rc = records_put(sqlite, delta, err);
    }
    if (rc == RC_OK) {
        rc = trails_rest(sqlite, err);
    }
    if (rc == RC_OK) {
        rc = shelf_close(sqlite, err);
    }
    if (rc == RC_OK) {
        rc = entries_add(sqlite, delta, frame_base, err);
    }
    if (rc == RC_OK) {
        rc = content_cut(sqlite, delta, err);
    }
    if (rc == RC_OK) {
        rc = people_put(sqlite, delta, err);
    }
    if (rc == RC_OK) {
        rc = waiting_put(sqlite, delta, err);
    }
    if (rc == RC_OK) {
        rc = acts_add(sqlite, delta, err);
    }
    if (rc == RC_OK) {
        rc = snapshots_write(sqlite, delta, err);
    }
    if (rc == RC_OK) {
        rc = attachments_write(sqlite, delta, err);
    }
    if (rc == RC_OK) {
        rc = logins_write(sqlite, delta, err);
    }
    if (rc == RC_OK) {
        rc = gists_write(sqlite, delta, err);
    }
    return rc == RC_OK ? county_save(sqlite, err) : rc;
}

enum rc sqlite_commit(struct store *store, const struct store_delta *delta, struct err *err) {
    struct sqlite *sqlite = sqlite_of(store);
    enum rc rc = db_begin(sqlite->db, err);

    if (rc != RC_OK) {
        return rc;
    }
    rc = write_all(sqlite, delta, err);
    if (rc == RC_OK) {
        rc = db_commit(sqlite->db, err);
    }
    if (rc != RC_OK) {
        db_rollback(sqlite->db);
        ids_forget(sqlite);
        if (rc == RC_NOT_FOUND) { /* nothing was asked for: a row that must be there is not */
            rc = err_set(err, RC_CORRUPT, "store: a row that others point to is missing");
        }
    }
    return rc;
}
