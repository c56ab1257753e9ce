/* states.c: confirmed states: what the feeds have said of each record.
 *
 * A confirmed state belongs to the key of the granted area through which it came, because a person
 * who may see one area must not learn of the record through another. A record that lies in two
 * granted areas (while people differ on where it belongs) has a state under each.
 *
 * When the county was restored from a backup, all states are former ones: what its feeds had said
 * before. People go on seeing them, so that nothing vanishes on the way home. But the feeds are
 * read anew, and what they say now takes the place of a former state instead of joining it; when
 * they are at their ends the former ones that are left are dropped. So nobody holds more than the
 * county has. What it lacks is not lost by that: own changes lie over the states again, and what
 * was pulled of others is kept for it as it came (slices.c). */
#include "agent/store/inside.h"

static const struct open_key *open_of_area(const struct tablet *tablet, uint64_t area) {
    const struct area_key *key = area_key_of(tablet, area);

    return key == NULL ? NULL : area_key_open(tablet, NULL, key->key);
}

bool tablet_reads(const struct tablet *tablet, uint64_t area) {
    return open_of_area(tablet, area) != NULL;
}

static enum rc no_key(struct err *err) {
    return err_set(err, RC_LOCKED, "nobody who holds the key of this area has unlocked");
}

/* The state under one key; RC_NOT_FOUND (err untouched). */
static enum rc read_state(struct tablet *tablet, uint64_t record, const struct open_key *key,
                          struct arena *arena, struct record *out, bool *former, struct err *err) {
    struct statement *states = tablet->sql[SQL_STATE_LIST];
    bool found = false;
    enum rc rc;

    statement_bind_i64(states, 1, (int64_t)record);
    while ((rc = statement_step(states, err)) == RC_OK) {
        struct view kept;

        if ((uint64_t)statement_i64(states, 0) != key->key)
            continue;
        *former = statement_i64(states, 3) != 0;
        buf_clear(&tablet->plain);
        rc = row_unlock(key, "state", record, (uint64_t)statement_i64(states, 1),
                        statement_blob(states, 2), &tablet->plain, err);
        kept = arena_view(arena, buf_view(&tablet->plain));
        if (rc == RC_OK)
            rc = arena_check(arena, "a record", err);
        if (rc == RC_OK)
            rc = record_unpack(kept, arena, out, err);
        found = rc == RC_OK;
        break;
    }
    statement_reset(states);
    return found ? RC_OK : rc;
}

enum rc tablet_state(struct tablet *tablet, uint64_t area, struct dot id, struct arena *arena,
                     struct record *out, struct err *err) {
    const struct open_key *key = open_of_area(tablet, area);
    uint64_t record;
    bool former = false;
    enum rc rc;

    record_init(out, id);
    if (key == NULL)
        return no_key(err);
    rc = record_number(tablet, id, false, &record, err);
    if (rc == RC_OK)
        rc = read_state(tablet, record, key, arena, out, &former, err);
    if (rc == RC_OK && former)
        record_init(out, id);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* Own changes that the state contains have come back: they leave the overlay. */
static enum rc settle(struct tablet *tablet, uint64_t record, const struct record *state,
                      struct err *err) {
    struct statement *overlay = tablet->sql[SQL_CHANGE_OVERLAY];
    struct statement *done = tablet->sql[SQL_CHANGE_SETTLE];
    int64_t rows[64];
    size_t count;
    enum rc rc;

    do {
        count = 0;
        statement_bind_i64(overlay, 1, (int64_t)record);
        while ((rc = statement_step(overlay, err)) == RC_OK && count < 64) {
            int64_t row = statement_i64(overlay, 0);
            const struct own_actor *actor =
                tablet_actor(tablet, (uint32_t)((uint64_t)row >> CHANGE_NUMBER_BITS) - 1);
            struct dot dot = {0, (uint64_t)row & ((UINT64_C(1) << CHANGE_NUMBER_BITS) - 1)};

            if (actor == NULL)
                continue;
            dot = lineage_read(&actor->lineage, (struct dot){actor->actor, dot.number});
            if (record_has_absorbed(state, dot))
                rows[count++] = row;
        }
        statement_reset(overlay);
        if (rc != RC_OK && rc != RC_NOT_FOUND)
            return rc;
        rc = RC_OK;
        for (size_t i = 0; i < count && rc == RC_OK; i++) {
            statement_bind_i64(done, 1, rows[i]);
            rc = statement_run(done, err);
        }
    } while (rc == RC_OK && count == 64);
    return rc;
}

static enum rc write_state(struct tablet *tablet, uint64_t record, const struct open_key *key,
                           uint64_t generation, const struct record *state, struct err *err) {
    struct statement *put = tablet->sql[SQL_STATE_PUT];
    struct buf packed;
    enum rc rc;

    buf_init(&packed, LIMIT_RECORD_BYTES * 2);
    rc = record_pack(state, &packed, err);
    if (rc == RC_OK)
        rc = buf_check(&packed, "a record", err);
    buf_clear(&tablet->locked);
    if (rc == RC_OK)
        rc = row_lock(tablet, key, "state", record, generation, buf_view(&packed), &tablet->locked,
                      err);
    if (rc == RC_OK) {
        statement_bind_i64(put, 1, (int64_t)record);
        statement_bind_i64(put, 2, (int64_t)key->key);
        statement_bind_i64(put, 3, (int64_t)generation);
        statement_bind_blob(put, 4, buf_view(&tablet->locked));
        rc = statement_run(put, err);
    }
    crypt_buf_release(&packed);
    return rc;
}

static enum rc set_left(struct tablet *tablet, uint64_t record, bool left, struct err *err) {
    struct statement *put = tablet->sql[SQL_RECORD_LEFT];

    statement_bind_i64(put, 1, (int64_t)record);
    statement_bind_i64(put, 2, left);
    return statement_run(put, err);
}

/* 0: there is none yet. */
static enum rc generation_now(struct tablet *tablet, uint64_t record, uint64_t key,
                              uint64_t *generation, struct err *err) {
    struct statement *states = tablet->sql[SQL_STATE_LIST];
    enum rc rc;

    *generation = 0;
    statement_bind_i64(states, 1, (int64_t)record);
    while ((rc = statement_step(states, err)) == RC_OK) {
        if ((uint64_t)statement_i64(states, 0) == key)
            *generation = (uint64_t)statement_i64(states, 1);
    }
    statement_reset(states);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc tablet_put_state(struct tablet *tablet, uint64_t area, const struct record *state,
                         struct err *err) {
    const struct open_key *key = open_of_area(tablet, area);
    uint64_t record, generation = 0;
    enum rc rc;

    if (key == NULL)
        return no_key(err);
    rc = record_number(tablet, state->id, true, &record, err);
    if (rc == RC_OK)
        rc = generation_now(tablet, record, key->key, &generation, err);
    if (rc == RC_OK)
        rc = write_state(tablet, record, key, generation + 1, state, err);
    if (rc == RC_OK)
        rc = reasons_erased(tablet, record, state, err);
    if (rc == RC_OK)
        rc = settle(tablet, record, state, err);
    return rc == RC_OK ? set_left(tablet, record, false, err) : rc;
}

uint64_t tablet_conflicted(const struct tablet *tablet) {
    return tablet->conflicted;
}

/* Whether the state names another live area beneath the same key. */
static bool stays(const struct tablet *tablet, const struct record *state, uint64_t left,
                  uint64_t key) {
    const struct instance_id root = {{0, 0}, 0};
    uint32_t count;
    const struct version *areas = record_field(state, root, FIELD_AREA, &count);

    for (uint32_t i = 0; i < count; i++) {
        uint64_t area = succession_of(&tablet->areas, (uint64_t)areas[i].value.number);
        const struct area_key *of = area_key_of(tablet, area);

        if (areas[i].replaced_count == 0 && areas[i].value.type == VALUE_INT && area != left &&
            of != NULL && of->key == key)
            return true;
    }
    return false;
}

enum rc tablet_remove_state(struct tablet *tablet, uint64_t area, struct dot id, struct err *err) {
    const struct open_key *key = open_of_area(tablet, area);
    struct statement *drop = tablet->sql[SQL_STATE_DELETE], *rest = tablet->sql[SQL_STATE_COUNT];
    struct record state;
    uint64_t record;
    bool former = false;
    int64_t left;
    enum rc rc;

    if (key == NULL)
        return no_key(err);
    arena_reset(&tablet->scratch);
    rc = record_number(tablet, id, false, &record, err);
    if (rc == RC_NOT_FOUND)
        return RC_OK;
    if (rc == RC_OK)
        rc = read_state(tablet, record, key, &tablet->scratch, &state, &former, err);
    if (rc == RC_OK && !former && stays(tablet, &state, area, key->key))
        return doubt_record(tablet, record, err); /* where it lies may have become no question */
    if (rc == RC_OK) {
        statement_bind_i64(drop, 1, (int64_t)record);
        statement_bind_i64(drop, 2, (int64_t)key->key);
        rc = statement_run(drop, err);
    } else if (rc == RC_NOT_FOUND) { /* own changes of it may be here all the same */
        rc = RC_OK;
    }
    if (rc == RC_OK) {
        statement_bind_i64(rest, 1, (int64_t)record);
        rc = statement_one(rest, err);
    }
    if (rc != RC_OK)
        return rc;
    left = statement_i64(rest, 0);
    statement_reset(rest);
    rc = set_left(tablet, record, left == 0, err);
    /* Own changes that are receipted will come back in a feed that this tablet does not take. */
    for (uint32_t i = 0; i < tablet_actor_count(tablet) && rc == RC_OK && left == 0; i++)
        rc = tablet_settle_left(tablet, tablet_actor(tablet, i), err);
    return rc;
}

enum rc states_doubt(struct tablet *tablet, struct err *err) {
    struct statement *former = tablet->sql[SQL_STATE_FORMER];
    enum rc rc;

    statement_bind_i64(former, 1, tablet->facts.scope.serial);
    rc = statement_run(former, err);
    if (rc == RC_OK)
        rc = statement_run(tablet->sql[SQL_RECORD_BACK], err);
    return rc == RC_OK ? statement_run(tablet->sql[SQL_CHANGE_UNSETTLE], err) : rc;
}

enum rc tablet_states_settle(struct tablet *tablet, struct err *err) {
    struct statement *any = tablet->sql[SQL_STATE_FORMER_ANY];
    struct statement *drop = tablet->sql[SQL_STATE_FORMER_DROP];
    uint64_t waiting = 0;
    /* Not before: a record may leave one area of the tablet to come again in another. */
    enum rc rc = statement_run(tablet->sql[SQL_REASON_LEFT], err);

    if (rc != RC_OK)
        return rc;
    statement_bind_i64(any, 1, tablet->facts.scope.serial);
    rc = statement_one(any, err);
    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    statement_reset(any);
    rc = tablet_slices_due(tablet, &waiting, err);
    if (rc != RC_OK || waiting > 0 || tablet->facts.scope.revoked)
        return rc;
    rc = statement_one(tablet->sql[SQL_INBOX_COUNT], err);
    if (rc != RC_OK)
        return rc;
    waiting = (uint64_t)statement_i64(tablet->sql[SQL_INBOX_COUNT], 0);
    statement_reset(tablet->sql[SQL_INBOX_COUNT]);
    if (waiting > 0)
        return RC_OK;
    statement_bind_i64(drop, 1, tablet->facts.scope.serial);
    rc = statement_run(drop, err);
    return rc == RC_OK ? statement_run(tablet->sql[SQL_REASON_SETTLE], err) : rc;
}

enum rc tablet_forms_came(struct tablet *tablet, struct err *err) {
    enum rc rc = RC_OK;

    for (struct session *session = tablet->sessions; session != NULL; session = session->next) {
        for (size_t i = 0; i < session->index.count && rc == RC_OK; i++) {
            const struct summary *summary = &session->index.entries[i].summary;
            uint64_t record;

            if (summary->form_known)
                continue;
            rc = record_number(tablet, summary->id, false, &record, err);
            if (rc == RC_OK)
                rc = doubt_record(tablet, record, err);
            if (rc == RC_NOT_FOUND) /* it has got another name in this transaction */
                rc = RC_OK;
        }
    }
    return rc;
}
