/* media.c: see media.h. A row of `medium` says that all chunks are there and were checked. */
#include "agent/store/media.h"

#include "agent/store/inside.h"
#include "base/crypt.h"
#include "schema/wire/attachment.h"

static struct view hash_view(const uint8_t hash[32]) {
    return view_of(hash, 32);
}

static enum rc is_whole(struct tablet *tablet, const uint8_t hash[32], bool *out, struct err *err) {
    struct statement *get = tablet->sql[SQL_MEDIUM_GET];
    enum rc rc;

    statement_bind_blob(get, 1, hash_view(hash));
    rc = statement_one(get, err);
    *out = rc == RC_OK;
    if (rc == RC_OK)
        statement_reset(get);
    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    return RC_OK;
}

enum rc media_look(struct tablet *tablet, const uint8_t hash[32], struct media_state *out,
                   struct err *err) {
    struct statement *count = tablet->sql[SQL_MEDIUM_CHUNK_COUNT];
    enum rc rc = is_whole(tablet, hash, &out->whole, err);

    out->next = 0;
    if (rc != RC_OK || out->whole)
        return rc;
    statement_bind_blob(count, 1, hash_view(hash));
    rc = statement_one(count, err);
    if (rc != RC_OK)
        return rc;
    out->next = (uint32_t)statement_i64(count, 0);
    statement_reset(count);
    return RC_OK;
}

static enum rc drop(struct tablet *tablet, const uint8_t hash[32], struct err *err) {
    struct statement *chunks = tablet->sql[SQL_MEDIUM_CHUNK_DROP];
    struct statement *row = tablet->sql[SQL_MEDIUM_DROP];
    enum rc rc;

    statement_bind_blob(chunks, 1, hash_view(hash));
    rc = statement_run(chunks, err);
    if (rc != RC_OK)
        return rc;
    statement_bind_blob(row, 1, hash_view(hash));
    return statement_run(row, err);
}

/* Every chunk in order, to the hasher, and to out unless that is NULL. */
static enum rc walk(struct tablet *tablet, const uint8_t hash[32], struct crypt_sha256 *hasher,
                    struct buf *out, struct err *err) {
    struct statement *list = tablet->sql[SQL_MEDIUM_CHUNK_LIST];
    enum rc rc;

    statement_bind_blob(list, 1, hash_view(hash));
    while ((rc = statement_step(list, err)) == RC_OK) {
        struct view bytes = statement_blob(list, 0);

        crypt_sha256_add(hasher, bytes.data, bytes.size);
        if (out != NULL)
            buf_add_view(out, bytes);
    }
    statement_reset(list);
    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    return out == NULL ? RC_OK : buf_check(out, "the answer", err);
}

static enum rc finish(struct tablet *tablet, const uint8_t hash[32], bool *is_other,
                      struct err *err) {
    struct statement *put = tablet->sql[SQL_MEDIUM_PUT];
    struct crypt_sha256 hasher;
    uint8_t found[32];
    enum rc rc;

    crypt_sha256_init(&hasher);
    rc = walk(tablet, hash, &hasher, NULL, err);
    crypt_sha256_end(&hasher, found);
    if (rc != RC_OK)
        return rc;
    *is_other = memcmp(found, hash, sizeof(found)) != 0;
    if (*is_other)
        return drop(tablet, hash, err);
    statement_bind_blob(put, 1, hash_view(hash));
    return statement_run(put, err);
}

enum rc media_put(struct tablet *tablet, const struct form_medium *medium, uint32_t next,
                  struct view plain, struct err *err) {
    struct statement *put = tablet->sql[SQL_MEDIUM_CHUNK_PUT];
    uint32_t count = attachment_chunk_count(medium->size);
    bool is_other = false;
    enum rc rc;

    if (next >= count || plain.size != attachment_chunk_size(medium->size, next))
        return err_set(err, RC_CORRUPT, "the county has sent another part of the attachment");
    rc = tablet_begin(tablet, err);
    if (rc != RC_OK)
        return rc;
    statement_bind_blob(put, 1, hash_view(medium->hash));
    statement_bind_i64(put, 2, next);
    statement_bind_blob(put, 3, plain);
    rc = statement_run(put, err);
    if (rc == RC_OK && next + 1 == count)
        rc = finish(tablet, medium->hash, &is_other, err);
    if (rc != RC_OK) {
        tablet_rollback(tablet);
        return rc;
    }
    rc = tablet_commit(tablet, err);
    if (rc == RC_OK && is_other)
        return err_set(err, RC_CORRUPT,
                       "what the county has sent is not this attachment; try again, and tell the "
                       "county if it happens again");
    return rc;
}

enum rc media_read(struct tablet *tablet, const uint8_t hash[32], struct buf *out,
                   struct err *err) {
    struct crypt_sha256 hasher;
    bool whole = false;
    enum rc rc = is_whole(tablet, hash, &whole, err);

    if (rc == RC_OK && !whole)
        rc = err_set(err, RC_NOT_FOUND,
                     "this picture of the form is not on this tablet yet; it comes with the next "
                     "syncs");
    if (rc != RC_OK)
        return rc;
    crypt_sha256_init(&hasher);
    return walk(tablet, hash, &hasher, out, err);
}

static bool is_shown(const struct tablet *tablet, struct view hash) {
    for (size_t i = 0; i < tablet->form_count; i++) {
        const struct form *form = tablet->forms[i]->loaded;

        if (form == NULL || form->media_count == 0 || tablet_form_named(tablet, form->name) != form)
            continue;
        for (uint32_t k = 0; k < form->media_count; k++)
            if (view_equal(hash, hash_view(form->media[k].hash)))
                return true;
    }
    return false;
}

/* One that is not shown any more; RC_NOT_FOUND: there is none. */
static enum rc next_unused(struct tablet *tablet, uint8_t hash[32], struct err *err) {
    struct statement *list = tablet->sql[SQL_MEDIUM_LIST];
    enum rc rc;

    while ((rc = statement_step(list, err)) == RC_OK) {
        struct view found = statement_blob(list, 0);

        if (found.size != 32 || is_shown(tablet, found))
            continue;
        memcpy(hash, found.data, 32);
        break;
    }
    statement_reset(list);
    return rc;
}

enum rc media_sweep(struct tablet *tablet, struct err *err) {
    struct statement *drafts = tablet->sql[SQL_DRAFT_ANY];
    uint8_t hash[32];
    enum rc rc = statement_one(drafts, err);

    if (rc == RC_OK) {
        statement_reset(drafts);
        return RC_OK;
    }
    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    while ((rc = next_unused(tablet, hash, err)) == RC_OK) {
        rc = tablet_begin(tablet, err);
        if (rc == RC_OK)
            rc = drop(tablet, hash, err);
        if (rc == RC_OK)
            rc = tablet_commit(tablet, err);
        else
            tablet_rollback(tablet);
        if (rc != RC_OK)
            return rc;
    }
    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    return RC_OK;
}
