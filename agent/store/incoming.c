/* incoming.c: what comes down and is not a record: cursors, keys, notices, and the inbox. */
#include "agent/store/inside.h"

/* ---- cursors ---- */

static void read_cursor(struct statement *row, struct feed_cursor *out) {
    struct view chain = statement_blob(row, 3), ahead = statement_blob(row, 5);

    *out = (struct feed_cursor){.area = (uint64_t)statement_i64(row, 0),
                                .audience = (uint8_t)statement_i64(row, 1),
                                .position = (uint64_t)statement_i64(row, 2),
                                .ahead_position = (uint64_t)statement_i64(row, 4)};
    if (chain.size == sizeof(out->chain))
        memcpy(out->chain, chain.data, chain.size);
    if (ahead.size == sizeof(out->ahead_digest))
        memcpy(out->ahead_digest, ahead.data, ahead.size);
}

enum rc tablet_cursors(struct tablet *tablet, struct arena *arena, struct feed_cursor **out,
                       uint32_t *count, struct err *err) {
    struct statement *list = tablet->sql[SQL_CURSOR_LIST];
    struct feed_cursor *cursors = arena_array(arena, LIMIT_EXCHANGE_CURSORS, sizeof(*cursors));
    uint32_t found = 0;
    enum rc rc;

    if (cursors == NULL)
        return arena_check(arena, "the cursors", err);
    while ((rc = statement_step(list, err)) == RC_OK && found < LIMIT_EXCHANGE_CURSORS)
        read_cursor(list, &cursors[found++]);
    statement_reset(list);
    *out = cursors;
    *count = found;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc tablet_cursor(struct tablet *tablet, uint64_t area, uint8_t audience,
                      struct feed_cursor *out, struct err *err) {
    struct statement *get = tablet->sql[SQL_CURSOR_GET];
    enum rc rc;

    statement_bind_i64(get, 1, (int64_t)area);
    statement_bind_i64(get, 2, audience);
    rc = statement_one(get, err);
    if (rc == RC_NOT_FOUND) {
        *out = (struct feed_cursor){.area = area, .audience = audience};
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    read_cursor(get, out);
    statement_reset(get);
    return RC_OK;
}

enum rc tablet_put_cursor(struct tablet *tablet, const struct feed_cursor *cursor,
                          struct err *err) {
    struct statement *put = tablet->sql[SQL_CURSOR_PUT];

    statement_bind_i64(put, 1, (int64_t)cursor->area);
    statement_bind_i64(put, 2, cursor->audience);
    statement_bind_i64(put, 3, (int64_t)cursor->position);
    statement_bind_blob(put, 4, view_of(cursor->chain, sizeof(cursor->chain)));
    statement_bind_i64(put, 5, (int64_t)cursor->ahead_position);
    statement_bind_blob(put, 6, view_of(cursor->ahead_digest, sizeof(cursor->ahead_digest)));
    return statement_run(put, err);
}

enum rc tablet_delete_cursor(struct tablet *tablet, uint64_t area, uint8_t audience,
                             struct err *err) {
    struct statement *drop = tablet->sql[SQL_CURSOR_DELETE];

    enum rc rc;

    statement_bind_i64(drop, 1, (int64_t)area);
    statement_bind_i64(drop, 2, audience);
    rc = statement_run(drop, err);
    return rc == RC_OK ? tablet_end_snapshot(tablet, area, audience, INT64_MAX, err) : rc;
}

enum rc tablet_clear_cursors(struct tablet *tablet, struct err *err) {
    enum rc rc = statement_run(tablet->sql[SQL_CURSOR_CLEAR], err);

    return rc == RC_OK ? statement_run(tablet->sql[SQL_SNAPSHOT_CLEAR], err) : rc;
}

enum rc tablet_doubt_county(struct tablet *tablet, struct err *err) {
    struct facts facts = tablet->facts;
    enum rc rc = tablet_clear_cursors(tablet, err);

    facts.form_position = 0;
    if (rc == RC_OK)
        rc = tablet_put_facts(tablet, &facts, err);
    if (rc == RC_OK)
        rc = statement_run(tablet->sql[SQL_PERSON_DOUBT], err);
    if (rc == RC_OK)
        rc = states_doubt(tablet, err);
    if (rc == RC_OK) /* of the former feeds; it comes again */
        rc = statement_run(tablet->sql[SQL_INBOX_WIPE], err);
    return rc == RC_OK ? tablet_slices_doubt(tablet, err) : rc;
}

enum rc tablet_clear_ahead(struct tablet *tablet, struct err *err) {
    enum rc rc = statement_run(tablet->sql[SQL_CURSOR_AHEAD], err);

    return rc == RC_OK ? statement_run(tablet->sql[SQL_SNAPSHOT_AHEAD], err) : rc;
}

/* ---- snapshots ---- */

static void read_snapshot(struct statement *row, struct feed_snapshot *out) {
    struct view name = statement_blob(row, 2), ahead = statement_blob(row, 7);

    *out = (struct feed_snapshot){.area = (uint64_t)statement_i64(row, 0),
                                  .audience = (uint8_t)statement_i64(row, 1),
                                  .position = (uint64_t)statement_i64(row, 3),
                                  .record_count = (uint32_t)statement_i64(row, 4),
                                  .chunk_count = (uint32_t)statement_i64(row, 5),
                                  .next = (uint32_t)statement_i64(row, 6),
                                  .ahead_next = (uint32_t)statement_i64(row, 8)};
    if (name.size == sizeof(out->name))
        memcpy(out->name, name.data, name.size);
    if (ahead.size == sizeof(out->ahead_name))
        memcpy(out->ahead_name, ahead.data, ahead.size);
}

enum rc tablet_snapshots(struct tablet *tablet, struct arena *arena, struct feed_snapshot **out,
                         uint32_t *count, struct err *err) {
    struct statement *list = tablet->sql[SQL_SNAPSHOT_LIST];
    uint32_t capacity = 0;
    enum rc rc;

    *out = NULL;
    *count = 0;
    while ((rc = statement_step(list, err)) == RC_OK && *count < LIMIT_EXCHANGE_CURSORS) {
        struct feed_snapshot *snapshot = arena_push(arena, out, count, &capacity, sizeof(**out));

        if (snapshot == NULL)
            break;
        read_snapshot(list, snapshot);
    }
    statement_reset(list);
    if (rc == RC_OK || rc == RC_NOT_FOUND)
        rc = arena_check(arena, "the snapshots", err);
    return rc;
}

enum rc tablet_snapshot(struct tablet *tablet, uint64_t area, uint8_t audience,
                        struct feed_snapshot *out, struct err *err) {
    struct statement *get = tablet->sql[SQL_SNAPSHOT_GET];
    enum rc rc;

    *out = (struct feed_snapshot){.area = area, .audience = audience};
    statement_bind_i64(get, 1, (int64_t)area);
    statement_bind_i64(get, 2, audience);
    rc = statement_one(get, err);
    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    read_snapshot(get, out);
    statement_reset(get);
    return RC_OK;
}

enum rc tablet_put_snapshot(struct tablet *tablet, const struct feed_snapshot *snapshot,
                            struct err *err) {
    struct statement *put = tablet->sql[SQL_SNAPSHOT_PUT];

    statement_bind_i64(put, 1, (int64_t)snapshot->area);
    statement_bind_i64(put, 2, snapshot->audience);
    statement_bind_blob(put, 3, view_of(snapshot->name, sizeof(snapshot->name)));
    statement_bind_i64(put, 4, (int64_t)snapshot->position);
    statement_bind_i64(put, 5, snapshot->record_count);
    statement_bind_i64(put, 6, snapshot->chunk_count);
    statement_bind_i64(put, 7, snapshot->next);
    statement_bind_blob(put, 8, view_of(snapshot->ahead_name, sizeof(snapshot->ahead_name)));
    statement_bind_i64(put, 9, snapshot->ahead_next);
    return statement_run(put, err);
}

enum rc tablet_end_snapshot(struct tablet *tablet, uint64_t area, uint8_t audience,
                            uint64_t position, struct err *err) {
    struct statement *drop = tablet->sql[SQL_SNAPSHOT_DELETE];

    statement_bind_i64(drop, 1, (int64_t)area);
    statement_bind_i64(drop, 2, audience);
    statement_bind_i64(drop, 3, (int64_t)position);
    return statement_run(drop, err);
}

enum rc tablet_grant(struct tablet *tablet, const struct scope *scope, struct err *err) {
    return area_keys_grant(tablet, scope->areas, scope->area_count, err);
}

enum rc tablet_put_credential(struct tablet *tablet, struct view content, struct err *err) {
    return setting_put(tablet, "credential", content, err);
}

enum rc tablet_credential(struct tablet *tablet, struct buf *out, struct err *err) {
    enum rc rc = setting_find(tablet, "credential", out, err);

    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        rc = RC_OK;
    }
    return rc;
}

enum rc tablet_saw_lamport(struct tablet *tablet, uint64_t lamport, struct err *err) {
    struct facts facts = tablet->facts;

    if (lamport <= facts.lamport)
        return RC_OK;
    facts.lamport = lamport;
    return tablet_put_facts(tablet, &facts, err);
}

enum rc tablet_notice(struct tablet *tablet, enum notice_kind kind, uint64_t about, uint64_t number,
                      struct err *err) {
    struct statement *known = tablet->sql[SQL_NOTICE_KNOWN], *add = tablet->sql[SQL_NOTICE_ADD];
    enum rc rc;

    statement_bind_i64(known, 1, kind);
    statement_bind_i64(known, 2, (int64_t)about);
    statement_bind_i64(known, 3, (int64_t)number);
    rc = statement_one(known, err);
    if (rc == RC_OK)
        statement_reset(known);
    if (rc != RC_NOT_FOUND)
        return rc;
    statement_bind_i64(add, 1, env_wall_ms(tablet->env));
    statement_bind_i64(add, 2, kind);
    statement_bind_i64(add, 3, (int64_t)about);
    statement_bind_i64(add, 4, (int64_t)number);
    return statement_run(add, err);
}

/* ---- inbox ---- */

enum rc tablet_inbox_put(struct tablet *tablet, uint64_t area, const uint8_t base[8],
                         struct view plain, struct err *err) {
    static const uint8_t none[8];
    struct statement *replace = tablet->sql[SQL_INBOX_REPLACE], *put = tablet->sql[SQL_INBOX_PUT];
    const struct area_key *key = area == 0 ? NULL : area_key_of(tablet, area);
    enum rc rc = RC_OK;

    if (base != NULL) {
        statement_bind_i64(replace, 1, key == NULL ? 0 : (int64_t)key->key);
        statement_bind_blob(replace, 2, view_of(base, 8));
        rc = statement_run(replace, err);
    }
    buf_clear(&tablet->locked);
    if (rc == RC_OK)
        rc = crypt_seal(tablet->env, key == NULL ? tablet->facts.vault_public : key->box_public,
                        plain, view_text("yg inbox"), &tablet->locked, err);
    if (rc != RC_OK)
        return rc;
    statement_bind_i64(put, 1, key == NULL ? 0 : (int64_t)key->key);
    statement_bind_blob(put, 2, view_of(base == NULL ? none : base, 8));
    statement_bind_blob(put, 3, buf_view(&tablet->locked));
    return statement_run(put, err);
}

enum rc tablet_inbox_next(struct tablet *tablet, uint64_t after, struct arena *arena,
                          struct inbox_part *out, struct err *err) {
    struct statement *list = tablet->sql[SQL_INBOX_LIST];
    bool found = false;
    enum rc rc;

    statement_bind_i64(list, 1, (int64_t)after);
    while (!found && tablet->sessions != NULL && (rc = statement_step(list, err)) == RC_OK) {
        uint64_t id = (uint64_t)statement_i64(list, 1);
        const struct area_key *key = id == 0 ? NULL : area_key_find(tablet, id);
        const struct open_key *open = key == NULL ? NULL : area_key_open(tablet, NULL, id);

        if (id != 0 && open == NULL)
            continue;
        buf_clear(&tablet->plain);
        rc = crypt_seal_open(id == 0 ? tablet->facts.vault_public : key->box_public,
                             id == 0 ? tablet->sessions->secrets->vault_secret : open->box_secret,
                             statement_blob(list, 2), view_text("yg inbox"), &tablet->plain, err);
        if (rc != RC_OK)
            break;
        *out = (struct inbox_part){.part = (uint64_t)statement_i64(list, 0),
                                   .is_answer = id == 0,
                                   .bytes = arena_view(arena, buf_view(&tablet->plain))};
        found = true;
    }
    statement_reset(list);
    if (found)
        return arena_check(arena, "what came while locked", err);
    return tablet->sessions == NULL ? RC_NOT_FOUND : rc;
}

enum rc tablet_inbox_delete(struct tablet *tablet, uint64_t part, struct err *err) {
    struct statement *drop = tablet->sql[SQL_INBOX_DELETE];

    statement_bind_i64(drop, 1, (int64_t)part);
    return statement_run(drop, err);
}

enum rc tablet_open_sealed(struct tablet *tablet, struct view content, struct buf *parts,
                           struct err *err) {
    if (tablet->sessions == NULL)
        return err_set(err, RC_LOCKED, "the tablet is locked; unlock it first");
    return exchange_open_sealed(content, tablet->facts.vault_public,
                                tablet->sessions->secrets->vault_secret, parts, err);
}
