/* outgoing.c: own actors, own changes and the batches made of them, as agent/sync sees them. */
#include "agent/store/inside.h"

#define NUMBER_MAX    ((UINT64_C(1) << CHANGE_NUMBER_BITS) - 1)
#define LINEAGE_BYTES 4096u

const struct own_actor *tablet_own_actor(const struct tablet *tablet, uint64_t actor) {
    for (size_t i = 0; i < tablet->actor_count; i++)
        if (tablet->actors[i].actor == actor)
            return &tablet->actors[i];
    return NULL;
}

enum rc tablet_put_actor(struct tablet *tablet, const struct own_actor *actor, struct err *err) {
    struct statement *put = tablet->sql[SQL_ACTOR_PUT];
    const struct own_actor next = *actor; /* it may be a row of the array below */
    struct buf forks;
    enum rc rc;

    statement_bind_i64(put, 1, next.serial);
    statement_bind_i64(put, 2, (int64_t)next.number);
    statement_bind_blob(put, 3, view_of(next.hash, sizeof(next.hash)));
    statement_bind_i64(put, 4, (int64_t)next.lamport);
    statement_bind_i64(put, 5, (int64_t)next.receipt);
    statement_bind_i64(put, 6, (int64_t)next.backed_up);
    statement_bind_i64(put, 7, (int64_t)next.sent);
    buf_init(&forks, LINEAGE_BYTES);
    lineage_encode(&next.lineage, &forks);
    statement_bind_blob(put, 8, buf_view(&forks));
    statement_bind_i64(put, 9, (int64_t)next.told);
    rc = buf_check(&forks, "lineage", err);
    if (rc == RC_OK)
        rc = statement_run(put, err);
    buf_release(&forks);
    if (rc == RC_OK && next.serial >= 1 && next.serial <= tablet->actor_count)
        tablet->actors[next.serial - 1] = next;
    return rc;
}

enum rc tablet_chain(struct tablet *tablet, const struct own_actor *actor, uint64_t number,
                     uint8_t out[32], struct err *err) {
    struct statement *get = tablet->sql[SQL_CHANGE_GET];
    enum rc rc;

    if (number == 0) {
        chain_start(actor->actor, out);
        return RC_OK;
    }
    if (number > actor->number || number > NUMBER_MAX)
        return RC_NOT_FOUND;
    statement_bind_i64(get, 1, change_row(actor->serial, number));
    rc = statement_one(get, err);
    if (rc != RC_OK)
        return rc;
    if (statement_blob(get, 3).size == 32)
        memcpy(out, statement_blob(get, 3).data, 32);
    else
        rc = err_set(err, RC_CORRUPT, "tablet.db, table change: a hash is damaged; run verify");
    statement_reset(get);
    return rc;
}

/* ---- names ---- */

/* Own numbers from first to last have another name now. */
struct naming {
    uint32_t serial;
    uint64_t from, to, first, last;
};

static enum rc run_naming(struct tablet *tablet, enum sql sql, const struct naming *naming,
                          struct err *err) {
    struct statement *run = tablet->sql[sql];

    statement_bind_i64(run, 1, (int64_t)naming->from);
    statement_bind_i64(run, 2, (int64_t)naming->to);
    statement_bind_i64(run, 3, (int64_t)naming->first);
    statement_bind_i64(run, 4, (int64_t)naming->last);
    statement_bind_i64(run, 5, change_row(naming->serial, 0));
    return statement_run(run, err);
}

/* Later actors of ours call the records by the names that these had when they wrote. The county
 * reads that as it stands, so it keeps to the former name here, too, in a row of its own; where the
 * next name has such a row from before, the two change places. */
static enum rc rename_records(struct tablet *tablet, const struct naming *naming, struct err *err) {
    struct statement *back = tablet->sql[SQL_RECORD_ASIDE_BACK];
    enum rc rc = run_naming(tablet, SQL_RECORD_ASIDE, naming, err);

    if (rc == RC_OK)
        rc = run_naming(tablet, SQL_RECORD_FORK, naming, err);
    statement_bind_i64(back, 1, (int64_t)naming->from);
    if (rc == RC_OK)
        rc = statement_run(back, err);
    if (rc == RC_OK)
        rc = run_naming(tablet, SQL_RECORD_STAYS, naming, err);
    return rc == RC_OK ? run_naming(tablet, SQL_CHANGE_STAYS, naming, err) : rc;
}

/* What the feeds brought under the names that own numbers had is of another copy: where it was
 * joined with ours it is dropped, and the feeds are read anew. */
static enum rc rename_own(struct tablet *tablet, const struct naming *naming, bool *anew,
                          struct err *err) {
    /* whatever came later may name them in an answer */
    enum rc rc = doubt_own(tablet, naming->serial, naming->first, NUMBER_MAX, err);

    if (rc == RC_OK)
        rc = run_naming(tablet, SQL_STATE_FORK, naming, err);
    if (rc == RC_OK && db_changes(tablet->db) > 0) {
        rc = tablet_clear_cursors(tablet, err);
        *anew = true;
    }
    return rc == RC_OK ? rename_records(tablet, naming, err) : rc;
}

/* The first number behind n at which the lineage gives the actor another name. */
static uint64_t next_name(const struct lineage *lineage, uint64_t actor, uint64_t n) {
    uint64_t next = NUMBER_MAX + 1;

    for (uint32_t i = 0; i < lineage->count; i++)
        if (lineage->ranges[i].actor == actor && lineage->ranges[i].from > n &&
            lineage->ranges[i].from < next)
            next = lineage->ranges[i].from;
    return next;
}

/* Whether these are the names that are known of the numbers up to upto: a receipt for a part of
 * what was sent knows the first only, and says nothing of those behind it. */
static bool is_known(const struct lineage *next, const struct lineage *known, uint64_t upto) {
    for (uint32_t i = 0; i < next->count; i++)
        if (i >= known->count || known->ranges[i].from != next->ranges[i].from ||
            known->ranges[i].name != next->ranges[i].name)
            return false;
    return next->count == known->count || known->ranges[next->count].from > upto;
}

enum rc tablet_fork(struct tablet *tablet, const struct own_actor *actor, struct view forks,
                    uint64_t upto, bool *anew, struct err *err) {
    struct own_actor next = *actor;
    uint64_t first = 1;
    enum rc rc = lineage_decode(forks, &tablet->lineages, &next.lineage, err);

    *anew = false;
    if (rc != RC_OK || is_known(&next.lineage, &actor->lineage, upto))
        return rc;
    while (rc == RC_OK && first <= NUMBER_MAX) {
        const struct dot dot = {next.actor, first};
        struct naming naming = {.serial = next.serial,
                                .from = lineage_read(&actor->lineage, dot).actor,
                                .to = lineage_read(&next.lineage, dot).actor,
                                .first = first};
        uint64_t end = next_name(&actor->lineage, next.actor, first);
        uint64_t new_end = next_name(&next.lineage, next.actor, first);

        if (new_end < end)
            end = new_end;
        naming.last = end - 1;
        if (naming.from != naming.to)
            rc = rename_own(tablet, &naming, anew, err);
        first = end;
    }
    for (struct session *session = tablet->sessions; session != NULL; session = session->next)
        session->index_stale = true;
    tablet->namings++;
    return rc == RC_OK ? tablet_put_actor(tablet, &next, err) : rc;
}

bool tablet_own_dot(const struct tablet *tablet, struct dot dot, struct dot *own) {
    for (size_t i = 0; i < tablet->actor_count; i++) {
        const struct own_actor *actor = &tablet->actors[i];

        *own = (struct dot){actor->actor, dot.number};
        if (dot.number >= 1 && dot.number <= actor->number &&
            dot_equal(lineage_read(&actor->lineage, *own), dot))
            return true;
    }
    return false;
}

struct dot tablet_dot_now(const struct tablet *tablet, struct dot own) {
    const struct own_actor *actor = tablet_own_actor(tablet, own.actor);

    return actor == NULL ? own : lineage_read(&actor->lineage, own);
}

uint32_t tablet_namings(const struct tablet *tablet) {
    return tablet->namings;
}

bool tablet_is_own_name(const struct tablet *tablet, uint64_t name) {
    for (size_t i = 0; i < tablet->actor_count; i++) {
        const struct own_actor *own = &tablet->actors[i];

        if (own->actor == name)
            return true;
        for (uint32_t k = 0; k < own->lineage.count; k++)
            if (own->lineage.ranges[k].name == name)
                return true;
    }
    return false;
}

enum rc tablet_put_verdict(struct tablet *tablet, const struct own_actor *actor, uint64_t number,
                           uint8_t verdict, bool *is_new, struct err *err) {
    struct statement *put = tablet->sql[SQL_CHANGE_VERDICT];
    enum rc rc;

    *is_new = false;
    if (number == 0 || number > actor->number || number > NUMBER_MAX)
        return RC_OK; /* not ours, or of another life: nothing here can be marked */
    statement_bind_i64(put, 1, change_row(actor->serial, number));
    statement_bind_i64(put, 2, verdict);
    rc = statement_run(put, err);
    *is_new = rc == RC_OK && verdict != VERDICT_ADMIT && db_changes(tablet->db) > 0;
    if (rc == RC_OK && verdict == VERDICT_ADMIT)
        rc = returned_drop(tablet, change_row(actor->serial, number), err);
    return rc;
}

enum rc tablet_settle_left(struct tablet *tablet, const struct own_actor *actor, struct err *err) {
    struct statement *left = tablet->sql[SQL_CHANGE_LEFT];

    statement_bind_i64(left, 1, change_row(actor->serial, 1));
    statement_bind_i64(left, 2, change_row(actor->serial, actor->receipt));
    return statement_run(left, err);
}

/* ---- own changes ---- */

static enum rc visit_row(struct tablet *tablet, struct statement *range, bool *readable,
                         own_change_visit *visit, void *context, struct err *err) {
    uint64_t row = (uint64_t)statement_i64(range, 0);
    const struct open_key *key = area_key_open(tablet, NULL, (uint64_t)statement_i64(range, 2));
    struct own_change change = {
        .number = row & NUMBER_MAX,
        .record = {(uint64_t)statement_i64(range, 6), (uint64_t)statement_i64(range, 7)}};
    const struct area_key *of;
    struct own_scope scope = {.area = 0};
    enum rc rc;

    *readable = key != NULL && statement_blob(range, 3).size > 0; /* empty: forgotten */
    if (!*readable)
        return RC_NOT_FOUND;
    rc = own_change_open(tablet, key, row, statement_blob(range, 3), &scope, &change.canonical,
                         &change.damaged, err);
    if (rc != RC_OK)
        return rc;
    if (change.damaged) {
        of = area_key_find(tablet, key->key);
        scope = (struct own_scope){.area = of == NULL ? 0 : of->area, .audience = AUDIENCE_FIELD};
        change.canonical = (struct view){0};
    }
    if (statement_blob(range, 5).size != sizeof(change.leaf))
        return err_set(err, RC_CORRUPT, "tablet.db, table change: a hash is damaged; run verify");
    memcpy(change.leaf, statement_blob(range, 5).data, sizeof(change.leaf));
    change.area = scope.area;
    change.audience = scope.audience;
    change.form = scope.form;
    return visit(context, &change, err);
}

enum rc tablet_own_changes(struct tablet *tablet, const struct own_actor *actor, uint64_t from,
                           own_change_visit *visit, void *context, bool *readable,
                           struct err *err) {
    struct statement *range = tablet->sql[SQL_CHANGE_RANGE];
    enum rc rc;

    *readable = true;
    statement_bind_i64(range, 1, change_row(actor->serial, from));
    statement_bind_i64(range, 2, change_row(actor->serial, NUMBER_MAX));
    while ((rc = statement_step(range, err)) == RC_OK) {
        rc = visit_row(tablet, range, readable, visit, context, err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(range);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* The statement stands on its row, whose key is *row: record, key, sealed, chain, leaf. */
static enum rc find_own(struct tablet *tablet, struct dot dot, uint64_t *row, struct err *err) {
    struct statement *get = tablet->sql[SQL_CHANGE_GET];
    const struct own_actor *actor = tablet_own_actor(tablet, dot.actor);

    if (actor == NULL || dot.number == 0 || dot.number > NUMBER_MAX)
        return RC_NOT_FOUND;
    *row = (uint64_t)change_row(actor->serial, dot.number);
    statement_bind_i64(get, 1, (int64_t)*row);
    return statement_one(get, err);
}

enum rc tablet_own_change(struct tablet *tablet, struct dot dot, uint8_t leaf[32],
                          struct buf *canonical, struct err *err) {
    struct statement *get = tablet->sql[SQL_CHANGE_GET];
    const struct open_key *key;
    struct own_scope scope;
    struct view bytes;
    uint64_t row;
    enum rc rc = find_own(tablet, dot, &row, err);

    if (rc != RC_OK)
        return rc;
    if (statement_blob(get, 4).size == 32)
        memcpy(leaf, statement_blob(get, 4).data, 32);
    else
        rc = err_set(err, RC_CORRUPT, "tablet.db, table change: a hash is damaged; run verify");
    if (rc == RC_OK && canonical != NULL) {
        key = area_key_open(tablet, NULL, (uint64_t)statement_i64(get, 1));
        buf_clear(&tablet->plain);
        if (statement_blob(get, 2).size == 0)
            rc = RC_NOT_FOUND; /* forgotten */
        else if (key == NULL)
            rc = err_set(err, RC_LOCKED, "whoever wrote this change must unlock first");
        else
            rc = row_unlock(key, "change", row, 0, statement_blob(get, 2), &tablet->plain, err);
        if (rc == RC_OK)
            rc = own_change_decode(buf_view(&tablet->plain), &scope, &bytes, err);
        if (rc == RC_OK) {
            buf_add_view(canonical, bytes);
            rc = buf_check(canonical, "a change", err);
        }
    }
    statement_reset(get);
    return rc;
}

enum rc tablet_own_kept(struct tablet *tablet, struct dot dot, bool *out, struct err *err) {
    struct statement *get = tablet->sql[SQL_CHANGE_GET];
    uint64_t row;
    enum rc rc = find_own(tablet, dot, &row, err);

    *out = false;
    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    *out = statement_blob(get, 2).size > 0;
    statement_reset(get);
    return RC_OK;
}

void tablet_salt_secret(void *salt_source, uint64_t run, uint8_t secret[16]) {
    const struct salt_source *source = salt_source;
    const struct own_scope scope = {
        .area = source->area, .audience = source->audience, .form = source->form};

    /* The salt master is the same for every person of the tablet. */
    if (source->tablet->sessions == NULL)
        memset(secret, 0,
               16); /* a programmer's error; the chain will not fit and nothing is sent */
    else
        own_salt_secret(source->tablet->sessions->secrets, source->actor, &scope, run, secret);
}

/* ---- outbox ---- */

enum rc tablet_outbox(struct tablet *tablet, outbox_visit *visit, void *context, struct err *err) {
    struct statement *list = tablet->sql[SQL_OUTBOX_LIST];
    enum rc rc;

    while ((rc = statement_step(list, err)) == RC_OK) {
        uint64_t row = (uint64_t)statement_i64(list, 0);
        struct outbox_batch batch = {.serial = (uint32_t)(row >> CHANGE_NUMBER_BITS),
                                     .first = row & NUMBER_MAX,
                                     .last = (uint64_t)statement_i64(list, 1),
                                     .bytes = statement_blob(list, 2)};
        const struct own_actor *actor = tablet_actor(tablet, batch.serial - 1);

        if (actor == NULL || batch.last <= actor->receipt)
            continue;
        rc = visit(context, &batch, err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(list);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc tablet_outbox_last(struct tablet *tablet, const struct own_actor *actor, uint64_t *first,
                           uint64_t *last, uint64_t *bytes, struct err *err) {
    struct statement *get = tablet->sql[SQL_OUTBOX_LAST];
    enum rc rc;

    *first = *last = *bytes = 0;
    statement_bind_i64(get, 1, change_row(actor->serial, 1));
    statement_bind_i64(get, 2, change_row(actor->serial, NUMBER_MAX));
    rc = statement_one(get, err);
    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    *first = (uint64_t)statement_i64(get, 0) & NUMBER_MAX;
    *last = (uint64_t)statement_i64(get, 1);
    *bytes = (uint64_t)statement_i64(get, 2);
    statement_reset(get);
    return RC_OK;
}

enum rc tablet_outbox_put(struct tablet *tablet, const struct outbox_batch *batch,
                          struct err *err) {
    struct statement *put = tablet->sql[SQL_OUTBOX_PUT];

    statement_bind_i64(put, 1, change_row(batch->serial, batch->first));
    statement_bind_i64(put, 2, (int64_t)batch->last);
    statement_bind_blob(put, 3, batch->bytes);
    return statement_run(put, err);
}

enum rc tablet_outbox_delete(struct tablet *tablet, const struct own_actor *actor, uint64_t first,
                             struct err *err) {
    struct statement *drop = tablet->sql[SQL_OUTBOX_DELETE];

    statement_bind_i64(drop, 1, change_row(actor->serial, first));
    return statement_run(drop, err);
}

enum rc tablet_outbox_receipted(struct tablet *tablet, const struct own_actor *actor,
                                struct err *err) {
    struct statement *drop = tablet->sql[SQL_OUTBOX_RECEIPTED];

    statement_bind_i64(drop, 1, change_row(actor->serial, 1));
    statement_bind_i64(drop, 2, change_row(actor->serial, NUMBER_MAX));
    statement_bind_i64(drop, 3, (int64_t)actor->backed_up);
    return statement_run(drop, err);
}
