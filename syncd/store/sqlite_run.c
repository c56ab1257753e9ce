/* sqlite_run.c: the slim index of changes.
 *
 * A run is the changes of one actor that one commit added, with numbers in a row, up to 512 of
 * them. Its key is the dot of its first change, so the run that holds a dot is the last one whose
 * key is not above it. Runs of one actor never overlap: what lies between two runs may be added
 * later (changes that a carrier brought before their author), but never within one. In a run every
 * change is a byte of flags, and what differs from what the change before
 * it lets one expect, in this order:
 *
 *   NUMBER    varint: how many numbers are left out before this one
 *   FRAME     zigzag: serial of its frame minus that of the one before
 *   POSITION  varint: position in the frame; otherwise one more than the one before
 *   RECORD    varints: prefix and low number of its record; otherwise the change's own dot
 *   KIND      byte; PERSON: 8 bytes; otherwise as the one before
 *   VERDICT   byte; otherwise VERDICT_ADMIT
 *
 * so a bulk of new records costs one byte each.
 */
#include "syncd/store/sqlite.h"

enum run_flag {
    RUN_NUMBER = 1,
    RUN_FRAME = 2,
    RUN_POSITION = 4,
    RUN_RECORD = 8,
    RUN_KIND = 16,
    RUN_PERSON = 32,
    RUN_VERDICT = 64,
};

struct run_reader {
    struct sqlite *sqlite;
    struct reader in;
    struct stored_change last; /* the one before */
};

static void run_start(struct stored_change *last, struct dot first) {
    *last = (struct stored_change){.dot = {first.actor, first.number - 1}, .position = UINT32_MAX};
}

static enum rc run_open(struct sqlite *sqlite, struct statement *row, struct run_reader *out,
                        struct err *err) {
    struct dot first;
    enum rc rc = dot_of(sqlite, statement_i64(row, 0), &first, err);

    out->sqlite = sqlite;
    reader_init(&out->in, statement_blob(row, 1));
    run_start(&out->last, first);
    return rc;
}

/* RC_NOT_FOUND at the end. */
static enum rc run_next(struct run_reader *run, struct stored_change *out, struct err *err) {
    struct reader *in = &run->in;
    struct stored_change change = run->last;
    uint8_t flags;
    enum rc rc = RC_OK;

    if (read_left(in) == 0) {
        return RC_NOT_FOUND;
    }
    flags = read_u8(in);
    change.dot.number += 1 + ((flags & RUN_NUMBER) != 0 ? read_varint(in) : 0);
    if ((flags & RUN_FRAME) != 0) {
        change.frame += (uint64_t)read_zigzag(in);
    }
    change.position++;
    if ((flags & RUN_POSITION) != 0) {
        change.position = (uint32_t)read_varint(in);
    }
    change.record = change.dot;
    if ((flags & RUN_RECORD) != 0) {
        int64_t prefix = (int64_t)read_varint_max(in, (uint64_t)PREFIX_MAX);
        int64_t low = (int64_t)read_varint_max(in, (uint64_t)LOW_MASK);

        rc = dot_of(run->sqlite, prefix << LOW_BITS | low, &change.record, err);
    }
    if ((flags & RUN_KIND) != 0) {
        change.kind = read_u8(in);
    }
    if ((flags & RUN_PERSON) != 0) {
        change.person = read_le64(in);
    }
    change.verdict = (flags & RUN_VERDICT) != 0 ? read_u8(in) : 0;
    if (rc == RC_OK && in->failed) {
        rc = err_set(err, RC_CORRUPT, "store: the index of changes is damaged");
    }
    run->last = change;
    *out = change;
    return rc;
}

static enum rc run_pack(struct sqlite *sqlite, const struct stored_change *changes, uint32_t count,
                        struct buf *out, struct err *err) {
    struct stored_change last;

    buf_clear(out);
    run_start(&last, changes[0].dot);
    for (uint32_t i = 0; i < count; i++) {
        const struct stored_change *change = &changes[i];
        uint64_t gap = change->dot.number - last.dot.number - 1;
        bool own = dot_equal(change->record, change->dot);
        uint8_t flags = 0;

        flags |= gap != 0 ? RUN_NUMBER : 0;
        flags |= change->frame != last.frame ? RUN_FRAME : 0;
        flags |= change->position != last.position + 1 ? RUN_POSITION : 0;
        flags |= own ? 0 : RUN_RECORD;
        flags |= change->kind != last.kind ? RUN_KIND : 0;
        flags |= change->person != last.person ? RUN_PERSON : 0;
        flags |= change->verdict != 0 ? RUN_VERDICT : 0;
        buf_add_u8(out, flags);
        if (gap != 0) {
            buf_add_varint(out, gap);
        }
        if (change->frame != last.frame) {
            buf_add_zigzag(out, (int64_t)(change->frame - last.frame));
        }
        if ((flags & RUN_POSITION) != 0) {
            buf_add_varint(out, change->position);
        }
        if (!own) {
            int64_t id;
            enum rc rc = dot_put(sqlite, change->record, &id, err);

            if (rc != RC_OK) {
                return rc;
            }
            buf_add_varint(out, (uint64_t)(id >> LOW_BITS));
            buf_add_varint(out, (uint64_t)(id & LOW_MASK));
        }
        if ((flags & RUN_KIND) != 0) {
            buf_add_u8(out, change->kind);
        }
        if ((flags & RUN_PERSON) != 0) {
            buf_add_le64(out, change->person);
        }
        if (change->verdict != 0) {
            buf_add_u8(out, change->verdict);
        }
        last = *change;
    }
    return buf_check(out, "a run of changes", err);
}

/* --- writing --- */

enum rc run_add(struct sqlite *sqlite, uint32_t count, struct err *err) {
    struct statement *add = sqlite->sql[SQL_RUN_ADD];
    int64_t id;
    enum rc rc = dot_put(sqlite, sqlite->run[0].dot, &id, err);

    if (rc == RC_OK) {
        rc = run_pack(sqlite, sqlite->run, count, &sqlite->run_bytes, err);
    }
    if (rc == RC_OK) {
        statement_bind_i64(add, 1, id);
        statement_bind_blob(add, 2, buf_view(&sqlite->run_bytes));
        rc = statement_run(add, err);
    }
    return rc;
}

/* Finds the run that may hold the dot and opens it; the statement is to be reset. */
static enum rc run_find(struct sqlite *sqlite, struct dot dot, struct run_reader *out,
                        struct err *err) {
    struct statement *find = sqlite->sql[SQL_RUN_FIND];
    int64_t id;
    enum rc rc = dot_find(sqlite, dot, &id, err);

    if (rc == RC_OK) {
        statement_bind_i64(find, 1, id);
        statement_bind_i64(find, 2, id & ~LOW_MASK);
        rc = statement_one(find, err);
    }
    if (rc == RC_OK) {
        rc = run_open(sqlite, find, out, err);
    }
    return rc;
}

enum rc change_find(struct sqlite *sqlite, struct dot dot, struct stored_change *out,
                    struct err *err) {
    struct run_reader run;
    enum rc rc = run_find(sqlite, dot, &run, err);

    while (rc == RC_OK) {
        rc = run_next(&run, out, err);
        if (rc == RC_OK && out->dot.number >= dot.number) {
            rc = out->dot.number == dot.number ? RC_OK : RC_NOT_FOUND;
            break;
        }
    }
    statement_reset(sqlite->sql[SQL_RUN_FIND]);
    return rc;
}

/* A verdict changes seldom: the run is unpacked, changed and packed again. */
static enum rc verdict_put(struct sqlite *sqlite, const struct stored_change *verdict,
                           struct err *err) {
    struct statement *put = sqlite->sql[SQL_RUN_PUT];
    struct run_reader run;
    uint32_t count = 0;
    bool found = false;
    int64_t id = 0;
    enum rc rc = run_find(sqlite, verdict->dot, &run, err);

    if (rc == RC_OK) {
        id = statement_i64(sqlite->sql[SQL_RUN_FIND], 0);
    }
    while (rc == RC_OK && count < RUN_CHANGES) {
        struct stored_change *change = &sqlite->run[count];

        rc = run_next(&run, change, err);
        if (rc == RC_OK) {
            count++;
            if (dot_equal(change->dot, verdict->dot)) {
                change->verdict = verdict->verdict;
                found = true;
            }
        }
    }
    statement_reset(sqlite->sql[SQL_RUN_FIND]);
    if (rc != RC_OK && rc != RC_NOT_FOUND) {
        return rc;
    }
    if (!found) {
        return err_set(err, RC_CONFLICT, "store: verdict for change %llu, which is not there",
                       (unsigned long long)verdict->dot.number);
    }
    rc = run_pack(sqlite, sqlite->run, count, &sqlite->run_bytes, err);
    if (rc == RC_OK) {
        statement_bind_i64(put, 1, id);
        statement_bind_blob(put, 2, buf_view(&sqlite->run_bytes));
        rc = statement_run(put, err);
    }
    return rc;
}

enum rc verdicts_put(struct sqlite *sqlite, const struct store_delta *delta, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->verdict_count && rc == RC_OK; i++) {
        rc = verdict_put(sqlite, &delta->verdicts[i], err);
    }
    return rc;
}

/* --- reading --- */

enum rc sqlite_change(struct store *store, struct dot dot, struct stored_change *out,
                      struct err *err) {
    return change_find(sqlite_of(store), dot, out, err);
}

enum rc sqlite_actor_changes(struct store *store, uint64_t actor, uint64_t from, uint64_t to,
                             store_visit_change *visit, void *context, struct err *err) {
    struct sqlite *sqlite = sqlite_of(store);
    struct statement *row = sqlite->sql[SQL_RUNS];
    enum rc rc;

    statement_bind_i64(row, 1, bias(actor));
    statement_bind_i64(row, 2, bits(from >> LOW_BITS));
    statement_bind_i64(row, 3, bits(to >> LOW_BITS));
    statement_bind_i64(row, 4, bits(from) & LOW_MASK);
    while ((rc = statement_step(row, err)) == RC_OK) {
        struct stored_change change;
        struct run_reader run;

        rc = run_open(sqlite, row, &run, err);
        while (rc == RC_OK && (rc = run_next(&run, &change, err)) == RC_OK) {
            if (change.dot.number > to) {
                goto out;
            }
            if (change.dot.number >= from) {
                rc = visit(context, &change, err);
            }
            if (rc != RC_OK) {
                goto out;
            }
        }
        if (rc != RC_NOT_FOUND) {
            break;
        }
    }
out:
    statement_reset(row);
    return rc;
}
