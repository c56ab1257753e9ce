/* purge.c: what a withdrawal of areas takes from the tablet.
 *
 * Nothing goes before the county has receipted every own change of the area, and none before the
 * outbox holds it sealed for the county until a backup does: so a county that is restored from a
 * backup gets it again from a tablet that cannot read it any more.
 *
 * An area mostly has a key of its own. Then everything under the key goes, and the key with it,
 * also while the tablet is locked. Where an area was withdrawn in part, the key is still needed for
 * the rest; records must be looked at one by one, so that waits for somebody who holds the key.
 *
 * A record that was here through such a key alone has left the tablet as if the county had said so:
 * what was written of it while it lay elsewhere, under keys that stay, comes back in no feed, so it
 * is not laid over anything any more once it is receipted. */
#include "agent/store/inside.h"

#include "base/planted.h"

#define NUMBER_MASK ((UINT64_C(1) << CHANGE_NUMBER_BITS) - 1)

static enum rc run_with(struct tablet *tablet, enum sql sql, uint64_t first, uint64_t second,
                        bool two, struct err *err) {
    struct statement *statement = tablet->sql[sql];

    statement_bind_i64(statement, 1, (int64_t)first);
    if (two)
        statement_bind_i64(statement, 2, (int64_t)second);
    return statement_run(statement, err);
}

static enum rc has_row(struct statement *query, bool *has, struct err *err) {
    enum rc rc = statement_one(query, err);

    *has = rc == RC_OK;
    if (rc == RC_OK)
        statement_reset(query);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* Whether the county, and the outbox, have all own changes under this key (of one record, or of
 * all: 0). Of all also means that nobody is still filling a form under it. */
static enum rc all_safe(struct tablet *tablet, uint64_t key, uint64_t record, bool *safe,
                        struct err *err) {
    struct statement *unsent = tablet->sql[SQL_PURGE_UNSENT];
    struct statement *drafts = tablet->sql[SQL_DRAFT_OF_KEY];
    bool has_unsent, has_drafts = false;
    enum rc rc;

    statement_bind_i64(unsent, 1, (int64_t)key);
    statement_bind_i64(unsent, 2, (int64_t)record);
    rc = has_row(unsent, &has_unsent, err);
    if (rc == RC_OK && record == 0) {
        statement_bind_i64(drafts, 1, (int64_t)key);
        rc = has_row(drafts, &has_drafts, err);
    }
    *safe = rc == RC_OK && !has_unsent && !has_drafts;
    return rc;
}

/* ---- a whole key ---- */

static enum rc drop_key(struct tablet *tablet, uint64_t key, struct err *err) {
    static const enum sql steps[] = {SQL_PURGE_STATES,  SQL_PURGE_REASONS, SQL_PURGE_SUMMARIES,
                                     SQL_PURGE_CHANGES, SQL_PURGE_INBOX,   SQL_PURGE_PULLED,
                                     SQL_PURGE_BLOBS,   SQL_PURGE_SHARES,  SQL_PURGE_KEY};
    enum rc rc = run_with(tablet, SQL_PURGE_LEFT, key, 0, false, err);

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && rc == RC_OK; i++)
        rc = run_with(tablet, steps[i], key, 0, false, err);
    return rc == RC_OK ? statement_run(tablet->sql[SQL_BLOB_CHUNK_ORPHANS], err) : rc;
}

/* ---- record by record ---- */

static bool lives_in_scope(const struct tablet *tablet, const struct record *view) {
    const struct instance_id root = {{0, 0}, 0};
    uint32_t count;
    const struct version *areas = record_field(view, root, FIELD_AREA, &count);
    bool any = false;

    for (uint32_t i = 0; i < count; i++) {
        if (areas[i].replaced_count > 0 || areas[i].value.type != VALUE_INT)
            continue;
        any = true;
        if (tablet_in_scope(tablet, (uint64_t)areas[i].value.number))
            return true;
    }
    return !any; /* of unknown place: nobody has withdrawn it */
}

static enum rc drop_record(struct tablet *tablet, uint64_t record, uint64_t key, bool *left,
                           struct err *err) {
    bool safe;
    enum rc rc = all_safe(tablet, key, record, &safe, err);

    if (rc != RC_OK || !safe) {
        *left = true;
        return rc;
    }
    rc = run_with(tablet, SQL_STATE_DELETE, record, key, true, err);
    if (rc == RC_OK)
        rc = run_with(tablet, SQL_REASON_DELETE, record, key, true, err);
    if (rc == RC_OK)
        rc = run_with(tablet, SQL_RECORD_GONE, record, 0, false, err);
    if (rc == RC_OK)
        rc = run_with(tablet, SQL_RECORD_FORGET, record, key, true, err);
    if (rc == RC_OK) /* which of them were the record's is not known; they can be pulled again */
        rc = run_with(tablet, SQL_PURGE_PULLED, key, 0, false, err);
    return rc == RC_OK ? statement_run(tablet->sql[SQL_BLOB_CHUNK_ORPHANS], err) : rc;
}

/* The next record behind *record that stands under the key; RC_NOT_FOUND. */
static enum rc next_record(struct tablet *tablet, uint64_t key, uint64_t *record, struct dot *id,
                           struct err *err) {
    struct statement *next = tablet->sql[SQL_RECORD_OF_KEY];
    struct statement *name = tablet->sql[SQL_RECORD_NAME];
    enum rc rc;

    statement_bind_i64(next, 1, (int64_t)key);
    statement_bind_i64(next, 2, (int64_t)*record);
    rc = statement_one(next, err);
    if (rc != RC_OK)
        return rc;
    *record = (uint64_t)statement_i64(next, 0);
    statement_reset(next);
    statement_bind_i64(name, 1, (int64_t)*record);
    rc = statement_one(name, err);
    if (rc != RC_OK)
        return rc;
    *id = (struct dot){(uint64_t)statement_i64(name, 0), (uint64_t)statement_i64(name, 1)};
    statement_reset(name);
    return RC_OK;
}

static enum rc drop_records(struct tablet *tablet, const struct session *session, uint64_t key,
                            bool *left, struct err *err) {
    struct dot id = {0, 0};
    uint64_t record = 0;
    enum rc rc;

    while ((rc = next_record(tablet, key, &record, &id, err)) == RC_OK) {
        struct record view;

        arena_reset(&tablet->scratch);
        rc = view_build(tablet, session, record, id, &tablet->scratch, &view, err);
        if (rc == RC_OK && !lives_in_scope(tablet, &view))
            rc = drop_record(tablet, record, key, left, err);
        if (rc != RC_OK && rc != RC_NOT_FOUND)
            return rc;
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* ---- all of it ---- */

static bool needed_beneath(const struct tablet *tablet, uint64_t area) {
    const struct scope *scope = &tablet->facts.scope;
    uint64_t current = succession_of(&tablet->areas, area);

    for (uint32_t i = 0; i < scope->area_count; i++)
        if (area_contains(area, scope->areas[i]) ||
            area_contains(current, succession_of(&tablet->areas, scope->areas[i])))
            return true;
    return false;
}

static enum rc purge_key(struct tablet *tablet, const struct area_key *key, bool *left, bool *any,
                         struct err *err) {
    bool safe = false, needed = needed_beneath(tablet, key->area);
    struct session *holder = tablet->sessions;
    enum rc rc;

    if (!needed) {
        rc = all_safe(tablet, key->key, 0, &safe, err);
        if (rc == RC_OK && safe)
            rc = drop_key(tablet, key->key, err);
        *left = *left || !safe;
        *any = *any || safe;
        return rc;
    }
    while (holder != NULL && area_key_open(tablet, holder, key->key) == NULL)
        holder = holder->next;
    if (holder == NULL) {
        *left = true;
        return RC_OK;
    }
    return drop_records(tablet, holder, key->key, left, err);
}

enum rc tablet_purge(struct tablet *tablet, struct err *err) {
    struct facts facts = tablet->facts;
    const struct scope *scope = &tablet->facts.scope;
    bool left = false, any = false;
    enum rc rc = RC_OK;

    if (facts.scope_confirmed == scope->serial)
        return RC_OK;
    for (size_t i = 0; i < tablet->key_count && rc == RC_OK; i++) {
        const struct area_key *key = &tablet->keys[i];

        /* 0: areas that had become one are not any more (area.c): records of both may lie there. */
        if (key->area != 0 && !PLANTED(NOT_PURGED) &&
            (facts.scope_confirmed == 0 || !tablet_in_scope(tablet, key->area)))
            rc = purge_key(tablet, key, &left, &any, err);
    }
    for (uint32_t i = 0; i < tablet_actor_count(tablet) && rc == RC_OK; i++)
        rc = tablet_settle_left(tablet, tablet_actor(tablet, i), err);
    if (rc == RC_OK && any) {
        rc = area_keys_load(tablet, err);
        tablet->purge_due = true;
        for (struct session *session = tablet->sessions; session != NULL; session = session->next)
            session->index_stale = true;
    }
    if (rc == RC_OK && !left)
        rc = slices_withdrawn(tablet, err);
    if (rc == RC_OK && any)
        rc = tablet_notice(tablet, NOTICE_PURGED, 0, scope->serial, err);
    if (rc != RC_OK || left)
        return rc;
    facts.scope_confirmed = scope->serial;
    return tablet_put_facts(tablet, &facts, err);
}

void purge_settle(struct tablet *tablet) {
    struct err ignored; /* what stays in the log is sealed with a key that nobody has any more */

    if (!tablet->purge_due)
        return;
    tablet->purge_due = false;
    for (struct session *session = tablet->sessions; session != NULL; session = session->next) {
        struct secrets *secrets = session->secrets;
        size_t kept = 0;

        for (size_t i = 0; i < secrets->key_count; i++) {
            if (area_key_find(tablet, secrets->keys[i].key) == NULL)
                continue;
            if (kept != i)
                secrets->keys[kept] = secrets->keys[i];
            kept++;
        }
        crypt_wipe(&secrets->keys[kept], (secrets->key_count - kept) * sizeof(secrets->keys[0]));
        secrets->key_count = kept;
    }
    err_init(&ignored, LANG_EN);
    (void)db_checkpoint(tablet->db, true, &ignored);
}

/* ---- under which scope a change was made ---- */

static const struct former_scope *former_of(const struct tablet *tablet,
                                            const struct own_actor *actor, uint64_t number) {
    for (uint32_t i = 0; i < tablet->facts.former_count; i++) {
        const struct former_scope *former = &tablet->facts.former_scopes[i];

        if (former->actor_serial > actor->serial ||
            (former->actor_serial == actor->serial && number <= former->number))
            return former;
    }
    return NULL;
}

uint32_t tablet_scope_of(const struct tablet *tablet, const struct own_actor *actor,
                         uint64_t number) {
    const struct former_scope *former = former_of(tablet, actor, number);

    return former == NULL ? tablet->facts.scope.serial : former->scope_serial;
}

uint64_t tablet_scope_end(const struct tablet *tablet, const struct own_actor *actor,
                          uint64_t number) {
    const struct former_scope *former = former_of(tablet, actor, number);

    return former == NULL || former->actor_serial > actor->serial ? NUMBER_MASK : former->number;
}
