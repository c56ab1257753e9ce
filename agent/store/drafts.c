/* A row's generation rises with every write, so that an older state of a draft put back under the
 * newer number does not open. Plain bytes are zlib of what the caller gave. */
#include "agent/store/drafts.h"

#include "agent/store/inside.h"
#include "base/zip.h"

static enum rc too_large(struct err *err) {
    return err_set(err, RC_LIMIT, "a draft has at most %u bytes", DRAFT_BYTES_MAX);
}

/* Adds the sealed row to locked. */
static enum rc seal_draft(struct session *session, const struct open_key *key, uint64_t draft,
                          uint64_t generation, struct view bytes, struct buf *locked,
                          struct err *err) {
    struct tablet *tablet = session->tablet;
    struct buf packed;
    enum rc rc;

    if (bytes.size > DRAFT_BYTES_MAX)
        return too_large(err);
    buf_init(&packed, DRAFT_BYTES_MAX);
    rc = zip_deflate(bytes, ZIP_LEVEL_DEFAULT, &packed, err);
    if (rc == RC_OK)
        rc = row_lock(tablet, key, "draft", draft, generation, buf_view(&packed), locked, err);
    crypt_buf_release(&packed);
    return rc;
}

/* The statement stands on the person's row: key, generation, sealed, begun_ms. */
static enum rc find(struct session *session, uint64_t draft, struct statement **out,
                    struct err *err) {
    struct statement *get = session->tablet->sql[SQL_DRAFT_GET];
    enum rc rc;

    statement_bind_i64(get, 1, (int64_t)draft);
    statement_bind_i64(get, 2, (int64_t)session->person);
    rc = statement_one(get, err);
    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_NOT_FOUND, "there is no draft %llu of yours",
                       (unsigned long long)draft);
    *out = get;
    return rc;
}

static enum rc write_row(struct session *session, uint64_t draft, uint64_t key, uint64_t generation,
                         int64_t begun_ms, struct view locked, struct err *err) {
    struct tablet *tablet = session->tablet;
    struct statement *put = tablet->sql[SQL_DRAFT_PUT];
    enum rc rc = tablet_begin(tablet, err);

    if (rc != RC_OK)
        return rc;
    statement_bind_i64(put, 1, (int64_t)draft);
    statement_bind_i64(put, 2, (int64_t)session->person);
    statement_bind_i64(put, 3, (int64_t)key);
    statement_bind_i64(put, 4, (int64_t)generation);
    statement_bind_i64(put, 5, begun_ms);
    statement_bind_i64(put, 6, env_wall_ms(tablet->env));
    statement_bind_blob(put, 7, locked);
    rc = statement_run(put, err);
    if (rc == RC_OK)
        return tablet_commit(tablet, err);
    tablet_rollback(tablet);
    return rc;
}

enum rc drafts_add(struct session *session, uint64_t area, struct view bytes, uint64_t *draft,
                   struct err *err) {
    struct tablet *tablet = session->tablet;
    struct statement *next = tablet->sql[SQL_DRAFT_NEXT];
    enum rc rc = tablet_regain(tablet, err);
    const struct area_key *key = area_key_of(tablet, area);
    const struct open_key *open = key == NULL ? NULL : area_key_open(tablet, session, key->key);
    struct buf locked;

    if (rc != RC_OK)
        return rc;
    if (open == NULL || !session_may(session, area))
        return err_set(err, RC_DENIED, "the key of this area is not yours; see person list");
    statement_bind_i64(next, 1, (int64_t)session->person);
    rc = statement_one(next, err);
    if (rc != RC_OK)
        return rc;
    *draft = (uint64_t)statement_i64(next, 0);
    if (statement_i64(next, 1) >= (int64_t)DRAFTS_MAX)
        rc = err_set(err, RC_LIMIT, "you have %u drafts already; finish or discard some",
                     DRAFTS_MAX);
    statement_reset(next);
    if (rc != RC_OK)
        return rc;
    buf_init(&locked, DRAFT_BYTES_MAX);
    rc = seal_draft(session, open, *draft, 1, bytes, &locked, err);
    if (rc == RC_OK)
        rc = write_row(session, *draft, key->key, 1, env_wall_ms(tablet->env), buf_view(&locked),
                       err);
    buf_release(&locked);
    return rc;
}

enum rc drafts_put(struct session *session, uint64_t draft, struct view bytes, struct err *err) {
    const struct open_key *open;
    struct statement *get;
    uint64_t key, generation;
    struct buf locked;
    int64_t begun_ms;
    enum rc rc = find(session, draft, &get, err);

    if (rc != RC_OK)
        return rc;
    key = (uint64_t)statement_i64(get, 0);
    generation = (uint64_t)statement_i64(get, 1) + 1;
    begun_ms = statement_i64(get, 3);
    statement_reset(get);
    open = area_key_open(session->tablet, session, key);
    if (open == NULL)
        return err_set(err, RC_DENIED, "the key of this area is not yours; see person list");
    buf_init(&locked, DRAFT_BYTES_MAX);
    rc = seal_draft(session, open, draft, generation, bytes, &locked, err);
    if (rc == RC_OK)
        rc = write_row(session, draft, key, generation, begun_ms, buf_view(&locked), err);
    buf_release(&locked);
    return rc;
}

enum rc drafts_get(struct session *session, uint64_t draft, struct buf *out, struct err *err) {
    const struct open_key *open;
    struct statement *get;
    struct buf packed;
    enum rc rc = find(session, draft, &get, err);

    if (rc != RC_OK)
        return rc;
    buf_init(&packed, DRAFT_BYTES_MAX);
    open = area_key_open(session->tablet, session, (uint64_t)statement_i64(get, 0));
    if (open == NULL)
        rc = err_set(err, RC_DENIED, "the key of this area is not yours; see person list");
    else
        rc = row_unlock(open, "draft", draft, (uint64_t)statement_i64(get, 1),
                        statement_blob(get, 2), &packed, err);
    statement_reset(get);
    if (rc == RC_OK)
        rc = zip_inflate(buf_view(&packed), DRAFT_BYTES_MAX, 0, out, err);
    crypt_buf_release(&packed);
    return rc;
}

enum rc drafts_delete(struct tablet *tablet, uint64_t draft, uint64_t person, struct err *err) {
    struct statement *delete = tablet->sql[SQL_DRAFT_DELETE];
    enum rc rc;

    statement_bind_i64(delete, 1, (int64_t)draft);
    statement_bind_i64(delete, 2, (int64_t)person);
    rc = statement_run(delete, err);
    if (rc == RC_OK && db_changes(tablet->db) == 0)
        return err_set(err, RC_NOT_FOUND, "there is no draft %llu of yours",
                       (unsigned long long)draft);
    return rc != RC_OK ? rc : blobs_draft_ended(tablet, draft, err);
}

enum rc drafts_remove(struct session *session, uint64_t draft, struct err *err) {
    struct tablet *tablet = session->tablet;
    enum rc rc = tablet_begin(tablet, err);

    if (rc != RC_OK)
        return rc;
    rc = drafts_delete(tablet, draft, session->person, err);
    if (rc == RC_OK)
        return tablet_commit(tablet, err);
    tablet_rollback(tablet);
    return rc;
}

enum rc drafts_list(struct session *session, struct arena *arena, struct kept_draft **out,
                    uint32_t *count, struct err *err) {
    struct statement *list = session->tablet->sql[SQL_DRAFT_LIST];
    uint32_t capacity = 0;
    enum rc rc;

    *out = NULL;
    *count = 0;
    statement_bind_i64(list, 1, (int64_t)session->person);
    while ((rc = statement_step(list, err)) == RC_OK) {
        struct kept_draft *draft = arena_push(arena, out, count, &capacity, sizeof(*draft));

        if (draft == NULL)
            break;
        *draft = (struct kept_draft){.draft = (uint64_t)statement_i64(list, 0),
                                     .begun_ms = statement_i64(list, 1),
                                     .saved_ms = statement_i64(list, 2),
                                     .bytes = (uint32_t)statement_i64(list, 3)};
    }
    statement_reset(list);
    if (rc == RC_NOT_FOUND)
        rc = RC_OK;
    return rc == RC_OK ? arena_check(arena, "drafts", err) : rc;
}
