/* blobs.c: see blobs.h.
 *
 * Tables:
 *   blob        id, key, tag: mac of the hash with the area's locking key (16 bytes), label, size,
 *               sealed: locked row of hash (32), size and kind (varint each), key (32); state,
 *               tries; epoch in which the state was told; asked and done: when
 *   blob_chunk  blob << 8 | index, bytes (of what is pulled, those that have come)
 *   blob_use    draft, blob: what a draft holds */
#include "agent/store/blobs.h"

#include "agent/store/blob_row.h"
#include "base/planted.h"
#include "base/text.h"
#include "schema/wire/batch.h"

#define CHUNK_BITS       8 /* LIMIT_ATTACHMENT_CHUNKS of them */
#define ROW_BYTES        256u
#define NAMED_BYTES_MAX  (8u * 1024u * 1024u)
#define SEALED_CHUNK_MAX (ATTACHMENT_CHUNK_BYTES + CRYPT_SEAL_EXTRA_BYTES)

void blob_tag(const struct open_key *key, const uint8_t hash[32], uint8_t out[BLOB_TAG_BYTES]) {
    uint8_t mac[CRYPT_HASH_BYTES];

    crypt_mac(key->lock, "yg blob", view_of(hash, 32), mac);
    memcpy(out, mac, BLOB_TAG_BYTES);
}

/* ---- adding ---- */

static void hash_of(struct view content, uint8_t out[32]) {
    struct crypt_sha256 hasher;

    crypt_sha256_init(&hasher);
    crypt_sha256_add(&hasher, content.data, content.size);
    crypt_sha256_end(&hasher, out);
}

enum rc blob_write_chunk(struct tablet *tablet, int64_t id, const uint8_t key[32], uint32_t index,
                         struct view plain, struct err *err) {
    struct statement *add = tablet->sql[SQL_BLOB_CHUNK_ADD];
    struct buf sealed;
    enum rc rc;

    buf_init(&sealed, SEALED_CHUNK_MAX);
    rc = attachment_chunk_seal(key, index, plain, tablet->env, &sealed, err);
    if (rc == RC_OK) {
        statement_bind_i64(add, 1, id << CHUNK_BITS | (int64_t)index);
        statement_bind_blob(add, 2, buf_view(&sealed));
        rc = statement_run(add, err);
    }
    buf_release(&sealed);
    return rc;
}

static enum rc seal_row(struct tablet *tablet, const struct open_key *key, int64_t id,
                        const struct attachment_label *label, struct err *err) {
    struct statement *put = tablet->sql[SQL_BLOB_SEAL];
    struct buf plain;
    enum rc rc;

    buf_init(&plain, ROW_BYTES);
    buf_add(&plain, label->hash, sizeof(label->hash));
    buf_add_varint(&plain, label->size);
    buf_add_varint(&plain, label->kind);
    buf_add(&plain, label->key, sizeof(label->key));
    rc = buf_check(&plain, "an attachment's row", err);
    buf_clear(&tablet->locked);
    if (rc == RC_OK)
        rc = row_lock(tablet, key, "blob", (uint64_t)id, 0, buf_view(&plain), &tablet->locked, err);
    if (rc == RC_OK) {
        statement_bind_i64(put, 1, id);
        statement_bind_blob(put, 2, buf_view(&tablet->locked));
        rc = statement_run(put, err);
    }
    crypt_buf_release(&plain);
    return rc;
}

enum rc blob_write_row(struct tablet *tablet, const struct open_key *key, const uint8_t *tag,
                       const struct attachment_label *label, int64_t *id, struct err *err) {
    struct statement *add = tablet->sql[SQL_BLOB_ADD];
    struct buf sealed;
    enum rc rc;

    buf_init(&sealed, LIMIT_ATTACHMENT_LABEL);
    rc = attachment_label_seal(label, batch_county(tablet->facts.county_sign_public),
                               tablet->facts.county_box_public, tablet->env, &sealed, err);
    if (rc == RC_OK) {
        statement_bind_i64(add, 1, (int64_t)key->key);
        statement_bind_blob(add, 2, view_of(tag, BLOB_TAG_BYTES));
        statement_bind_blob(add, 3, buf_view(&sealed));
        statement_bind_i64(add, 4, label->size);
        rc = statement_run(add, err);
    }
    buf_release(&sealed);
    if (rc == RC_OK) {
        *id = db_last_insert_id(tablet->db);
        rc = seal_row(tablet, key, *id, label, err);
    }
    return rc;
}

static enum rc write_new(struct tablet *tablet, const struct open_key *key, const uint8_t *tag,
                         const struct attachment_label *label, struct view content, int64_t *id,
                         struct err *err) {
    uint32_t count = attachment_chunk_count((uint32_t)content.size);
    enum rc rc = blob_write_row(tablet, key, tag, label, id, err);

    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        rc = blob_write_chunk(
            tablet, *id, label->key, i,
            view_slice(content, (size_t)i * ATTACHMENT_CHUNK_BYTES, ATTACHMENT_CHUNK_BYTES), err);
    return rc;
}

enum rc blob_find(struct tablet *tablet, const struct open_key *key, const uint8_t *tag,
                  struct blob_found *out, struct err *err) {
    struct statement *get = tablet->sql[SQL_BLOB_FIND];
    enum rc rc;

    statement_bind_i64(get, 1, (int64_t)key->key);
    statement_bind_blob(get, 2, view_of(tag, BLOB_TAG_BYTES));
    rc = statement_one(get, err);
    if (rc == RC_OK) {
        out->id = statement_i64(get, 0);
        out->state = (enum blob_state)statement_i64(get, 1);
        statement_reset(get);
    }
    return rc;
}

/* What was pulled and is now this tablet's own is sent like any other; of what is still on its way
 * nothing is kept. */
static enum rc make_own(struct tablet *tablet, struct blob_found *found, struct err *err) {
    struct statement *hold = tablet->sql[SQL_BLOB_HOLD];
    enum rc rc = RC_OK;

    if (found->state == BLOB_PULLING) {
        rc = blob_drop(tablet, found->id, err);
        found->id = 0;
    } else if (found->state == BLOB_PULLED) {
        statement_bind_i64(hold, 1, found->id);
        rc = statement_run(hold, err);
    }
    return rc;
}

static enum rc use(struct tablet *tablet, uint64_t draft, int64_t id, struct err *err) {
    struct statement *add = tablet->sql[SQL_BLOB_USE_ADD];

    if (draft == 0)
        return RC_OK;
    statement_bind_i64(add, 1, (int64_t)draft);
    statement_bind_i64(add, 2, id);
    return statement_run(add, err);
}

static enum rc count_held(struct tablet *tablet, int64_t *out, struct err *err) {
    struct statement *count = tablet->sql[SQL_BLOB_HELD];
    enum rc rc = statement_one(count, err);

    if (rc != RC_OK)
        return rc;
    *out = statement_i64(count, 0);
    statement_reset(count);
    return RC_OK;
}

static enum rc check_room(struct tablet *tablet, struct err *err) {
    int64_t count;
    enum rc rc = count_held(tablet, &count, err);

    if (rc != RC_OK)
        return rc;
    return count >= (int64_t)BLOBS_HELD_MAX
               ? err_set(err, RC_LIMIT,
                         "the drafts on this tablet hold %u attachments already; finish or "
                         "discard some",
                         BLOBS_HELD_MAX)
               : RC_OK;
}

static enum rc store_blob(struct tablet *tablet, const struct open_key *key,
                          struct attachment_label *label, struct view content, uint64_t draft,
                          struct err *err) {
    struct blob_found found = {.id = 0};
    uint8_t tag[BLOB_TAG_BYTES];
    enum rc rc = tablet_begin(tablet, err);

    if (rc != RC_OK)
        return rc;
    blob_tag(key, label->hash, tag);
    rc = blob_find(tablet, key, tag, &found, err);
    if (rc == RC_OK)
        rc = make_own(tablet, &found, err);
    else if (rc == RC_NOT_FOUND)
        rc = check_room(tablet, err);
    if (rc == RC_OK && found.id == 0) {
        env_entropy(tablet->env, label->key, sizeof(label->key));
        rc = write_new(tablet, key, tag, label, content, &found.id, err);
    }
    if (rc == RC_OK)
        rc = use(tablet, draft, found.id, err);
    if (rc == RC_OK)
        return tablet_commit(tablet, err);
    tablet_rollback(tablet);
    return rc;
}

enum rc blobs_add(struct session *session, uint64_t area, enum attachment_use use,
                  struct view content, uint64_t draft, uint8_t hash[32], struct err *err) {
    struct tablet *tablet = session->tablet;
    enum rc rc = tablet_regain(tablet, err);
    const struct area_key *key = area_key_of(tablet, area);
    const struct open_key *open = key == NULL ? NULL : area_key_open(tablet, session, key->key);
    struct attachment_label label = {.area = area};
    enum attachment_kind kind;

    if (rc == RC_OK)
        rc = attachment_check(content, use, &kind, err);
    if (rc == RC_OK && (open == NULL || !session_may(session, area)))
        rc = err_set(err, RC_DENIED, "the key of this area is not yours; see person list");
    if (rc != RC_OK)
        return rc;
    label.kind = (uint8_t)kind;
    label.size = (uint32_t)content.size;
    hash_of(content, label.hash);
    memcpy(hash, label.hash, 32);
    rc = store_blob(tablet, open, &label, content, draft, err);
    crypt_wipe(&label, sizeof(label));
    return rc;
}

/* ---- what a change names ---- */

static bool hash_parse(const struct value *value, uint8_t hash[32]) {
    return value->type == VALUE_TEXT && value->bytes.size == 64 &&
           hex_decode(value->bytes, hash, 32);
}

/* Beneath every key that the person holds: the draft may have been moved to another area since. */
static void add_tags(const struct session *session, const uint8_t hash[32], struct buf *out) {
    for (size_t i = 0; i < session->secrets->key_count; i++) {
        const struct open_key *key = &session->secrets->keys[i];
        uint8_t tag[BLOB_TAG_BYTES];

        blob_tag(key, hash, tag);
        buf_add_le64(out, key->key);
        buf_add(out, tag, sizeof(tag));
    }
}

enum rc blobs_named(const struct session *session, const struct change *change,
                    const struct record *state, struct arena *arena, struct view *tags,
                    struct err *err) {
    int64_t held = 0;
    uint8_t hash[32];
    struct buf out;
    enum rc rc = count_held(session->tablet, &held, err);

    if (rc != RC_OK)
        return rc;
    buf_init(&out, NAMED_BYTES_MAX);
    for (uint32_t i = 0; change != NULL && i < change->entry_count; i++)
        if (hash_parse(&change->entries[i].value, hash))
            add_tags(session, hash, &out);
    for (uint32_t i = 0; change != NULL && i < change->evidence_count; i++)
        add_tags(session, change->evidence[i], &out);
    for (uint32_t i = 0; held > 0 && state != NULL && i < state->version_count; i++)
        if (hash_parse(&state->versions[i].value, hash))
            add_tags(session, hash, &out);
    rc = buf_check(&out, "the attachments of a change", err);
    *tags = arena_view(arena, buf_view(&out));
    buf_release(&out);
    return rc != RC_OK ? rc : arena_check(arena, "a save", err);
}

enum rc blobs_saved(struct tablet *tablet, struct view tags, struct err *err) {
    struct statement *save = tablet->sql[SQL_BLOB_SAVED];
    struct reader in;
    enum rc rc = RC_OK;

    reader_init(&in, tags);
    while (read_left(&in) > 0 && rc == RC_OK && !PLANTED(PHOTO_ORPHAN)) {
        statement_bind_i64(save, 1, (int64_t)read_le64(&in));
        statement_bind_blob(save, 2, read_bytes(&in, BLOB_TAG_BYTES));
        rc = statement_run(save, err);
    }
    return rc;
}

enum rc blobs_keep(struct session *session, const struct record *state, struct arena *arena,
                   struct err *err) {
    struct tablet *tablet = session->tablet;
    struct view tags;
    enum rc rc = blobs_named(session, NULL, state, arena, &tags, err);

    if (rc != RC_OK || tags.size == 0)
        return rc;
    rc = tablet_begin(tablet, err);
    if (rc != RC_OK)
        return rc;
    rc = blobs_saved(tablet, tags, err);
    if (rc == RC_OK)
        return tablet_commit(tablet, err);
    tablet_rollback(tablet);
    return rc;
}

enum rc blobs_orphans(struct tablet *tablet, struct err *err) {
    enum rc rc = statement_run(tablet->sql[SQL_BLOB_ORPHANS], err);

    return rc == RC_OK && db_changes(tablet->db) > 0
               ? statement_run(tablet->sql[SQL_BLOB_CHUNK_ORPHANS], err)
               : rc;
}

enum rc blobs_draft_ended(struct tablet *tablet, uint64_t draft, struct err *err) {
    struct statement *drop = tablet->sql[SQL_BLOB_USE_DROP];
    enum rc rc;

    statement_bind_i64(drop, 1, (int64_t)draft);
    rc = statement_run(drop, err);
    return rc == RC_OK && db_changes(tablet->db) > 0 ? blobs_orphans(tablet, err) : rc;
}

enum rc blobs_ask(struct tablet *tablet, struct err *err) {
    enum rc rc = statement_run(tablet->sql[SQL_BLOB_ASK], err);

    /* What others took can be pulled again where the law leaves it. */
    if (rc == RC_OK)
        rc = statement_run(tablet->sql[SQL_BLOB_PULLED_DROP], err);
    return rc == RC_OK && db_changes(tablet->db) > 0
               ? statement_run(tablet->sql[SQL_BLOB_CHUNK_ORPHANS], err)
               : rc;
}

/* By the county's clock, as forget.c. */
static int64_t county_now(const struct tablet *tablet) {
    return env_wall_ms(tablet->env) + tablet->facts.offset_ms;
}

enum rc blobs_forget(struct tablet *tablet, struct err *err) {
    struct statement *forget = tablet->sql[SQL_BLOB_FORGET];
    enum rc rc;

    statement_bind_i64(forget, 1, county_now(tablet) - FORGET_DAYS * INT64_C(86400000));
    rc = statement_run(forget, err);
    return rc == RC_OK && db_changes(tablet->db) > 0
               ? statement_run(tablet->sql[SQL_BLOB_CHUNK_ORPHANS], err)
               : rc;
}

/* ---- reading ---- */

enum rc blob_label(struct tablet *tablet, const struct open_key *key, int64_t id,
                   struct attachment_label *out, struct err *err) {
    struct statement *get = tablet->sql[SQL_BLOB_GET];
    struct reader in;
    struct buf plain;
    enum rc rc;

    memset(out, 0, sizeof(*out));
    statement_bind_i64(get, 1, id);
    rc = statement_one(get, err);
    if (rc != RC_OK)
        return rc;
    buf_init(&plain, ROW_BYTES * 2);
    rc = row_unlock(key, "blob", (uint64_t)id, 0, statement_blob(get, 0), &plain, err);
    statement_reset(get);
    if (rc == RC_OK) {
        struct view hash, secret;

        reader_init(&in, buf_view(&plain));
        hash = read_bytes(&in, sizeof(out->hash));
        out->size = (uint32_t)read_varint_max(&in, LIMIT_ATTACHMENT_BYTES);
        out->kind = (uint8_t)read_varint_max(&in, UINT8_MAX);
        secret = read_bytes(&in, sizeof(out->key));
        rc = reader_check(&in, "an attachment's row", err);
        if (rc == RC_OK) {
            memcpy(out->hash, hash.data, sizeof(out->hash));
            memcpy(out->key, secret.data, sizeof(out->key));
        }
    }
    crypt_buf_release(&plain);
    return rc;
}

static enum rc not_as_written(struct err *err) {
    return err_set(err, RC_CORRUPT,
                   "tablet.db, table blob: an attachment is not what was written; run verify");
}

/* Opens every chunk, and adds it to out unless that is NULL. */
enum rc blob_content(struct tablet *tablet, int64_t id, const struct attachment_label *label,
                     struct buf *out, struct err *err) {
    struct crypt_sha256 hasher;
    struct buf sealed, plain;
    uint8_t hash[32];
    enum rc rc = RC_OK;

    crypt_sha256_init(&hasher);
    buf_init(&sealed, SEALED_CHUNK_MAX);
    buf_init(&plain, ATTACHMENT_CHUNK_BYTES);
    for (uint32_t i = 0; i < attachment_chunk_count(label->size) && rc == RC_OK; i++) {
        buf_clear(&sealed);
        buf_clear(&plain);
        rc = tablet_blob_chunk(tablet, (uint64_t)id, i, &sealed, err);
        if (rc == RC_OK)
            rc = attachment_chunk_open(label->key, i, buf_view(&sealed), &plain, err);
        crypt_sha256_add(&hasher, plain.data, plain.size);
        if (out != NULL)
            buf_add_view(out, buf_view(&plain));
    }
    crypt_sha256_end(&hasher, hash);
    buf_release(&sealed);
    crypt_buf_release(&plain);
    if (rc == RC_DENIED || (rc == RC_OK && memcmp(hash, label->hash, sizeof(hash)) != 0))
        return not_as_written(err);
    return rc == RC_OK && out != NULL ? buf_check(out, "an attachment", err) : rc;
}

enum rc blobs_check(struct tablet *tablet, struct buf *problems, uint64_t *count, struct err *err) {
    struct statement *next = tablet->sql[SQL_BLOB_NEXT];
    int64_t id = 0;

    for (;;) {
        struct attachment_label label;
        const struct open_key *key;
        enum rc rc;

        statement_bind_i64(next, 1, id);
        rc = statement_one(next, err);
        if (rc != RC_OK)
            return rc == RC_NOT_FOUND ? RC_OK : rc;
        id = statement_i64(next, 0);
        key = area_key_open(tablet, NULL, (uint64_t)statement_i64(next, 1));
        statement_reset(next);
        if (key == NULL)
            continue;
        rc = blob_label(tablet, key, id, &label, err);
        if (rc == RC_OK)
            rc = blob_content(tablet, id, &label, NULL, err);
        crypt_wipe(&label, sizeof(label));
        if (rc == RC_CORRUPT) {
            buf_addf(problems, "attachment %lld: %s\n", (long long)id, err->text);
            (*count)++;
            err_clear(err);
        } else if (rc != RC_OK) {
            return rc;
        }
    }
}

enum rc blob_of(struct session *session, const uint8_t hash[32], const struct open_key **key,
                struct blob_found *out, struct err *err) {
    for (size_t i = 0; i < session->secrets->key_count; i++) {
        uint8_t tag[BLOB_TAG_BYTES];
        enum rc rc;

        *key = &session->secrets->keys[i];
        blob_tag(*key, hash, tag);
        rc = blob_find(session->tablet, *key, tag, out, err);
        if (rc != RC_NOT_FOUND)
            return rc;
    }
    return err_set(err, RC_NOT_FOUND, "this attachment is not on this tablet");
}

enum rc blobs_read(struct session *session, const uint8_t hash[32], struct buf *out,
                   struct err *err) {
    const struct open_key *key;
    struct attachment_label label;
    struct blob_found found;
    enum rc rc = blob_of(session, hash, &key, &found, err);

    if (rc == RC_OK && found.state == BLOB_PULLING)
        rc = err_set(err, RC_NOT_FOUND, "this attachment is not on this tablet");
    if (rc != RC_OK)
        return rc;
    rc = blob_label(session->tablet, key, found.id, &label, err);
    if (rc == RC_OK)
        rc = blob_content(session->tablet, found.id, &label, out, err);
    crypt_wipe(&label, sizeof(label));
    return rc;
}

/* ---- the lane ---- */

enum rc tablet_blobs_due(struct tablet *tablet, blob_visit *visit, void *context, struct err *err) {
    struct statement *list = tablet->sql[SQL_BLOB_DUE];
    enum rc rc;

    statement_bind_i64(list, 1, tablet->facts.epoch);
    statement_bind_i64(list, 2, env_wall_ms(tablet->env) - BLOB_ASK_AGAIN_MS);
    statement_bind_i64(list, 3, env_wall_ms(tablet->env));
    while ((rc = statement_step(list, err)) == RC_OK) {
        struct kept_blob blob = {.id = (uint64_t)statement_i64(list, 0),
                                 .label = statement_blob(list, 1),
                                 .size = (uint32_t)statement_i64(list, 2),
                                 .sent = statement_i64(list, 3) != BLOB_WAITING};

        rc = visit(context, &blob, err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(list);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc tablet_blob_chunk(struct tablet *tablet, uint64_t id, uint32_t index, struct buf *out,
                          struct err *err) {
    struct statement *get = tablet->sql[SQL_BLOB_CHUNK_GET];
    enum rc rc;

    statement_bind_i64(get, 1, (int64_t)(id << CHUNK_BITS | index));
    rc = statement_one(get, err);
    if (rc == RC_NOT_FOUND)
        return not_as_written(err);
    if (rc != RC_OK)
        return rc;
    buf_add_view(out, statement_blob(get, 0));
    statement_reset(get);
    return buf_check(out, "an attachment", err);
}

static enum rc put_state(struct tablet *tablet, uint64_t id, enum blob_state state, uint32_t tries,
                         struct err *err) {
    struct statement *put = tablet->sql[SQL_BLOB_STATE];

    statement_bind_i64(put, 1, (int64_t)id);
    statement_bind_i64(put, 2, state);
    statement_bind_i64(put, 3, tries);
    statement_bind_i64(put, 4, tablet->facts.epoch);
    statement_bind_i64(put, 5, env_wall_ms(tablet->env));
    statement_bind_i64(put, 6, county_now(tablet));
    return statement_run(put, err);
}

enum rc blob_drop(struct tablet *tablet, int64_t id, struct err *err) {
    struct statement *drop = tablet->sql[SQL_BLOB_DELETE];
    enum rc rc;

    statement_bind_i64(drop, 1, id);
    rc = statement_run(drop, err);
    return rc != RC_OK ? rc : statement_run(tablet->sql[SQL_BLOB_CHUNK_ORPHANS], err);
}

enum rc tablet_blob_told(struct tablet *tablet, uint64_t id, uint8_t state, bool *moved,
                         struct err *err) {
    struct statement *get = tablet->sql[SQL_BLOB_TRIES];
    enum blob_state before, next = BLOB_WAITING;
    uint32_t tries;
    enum rc rc;

    *moved = false;
    statement_bind_i64(get, 1, (int64_t)id);
    rc = statement_one(get, err);
    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    before = (enum blob_state)statement_i64(get, 0);
    tries = (uint32_t)statement_i64(get, 1);
    statement_reset(get);
    if (state == ATTACHMENT_ERASED) {
        *moved = true;
        return blob_drop(tablet, (int64_t)id, err);
    }
    if (state == ATTACHMENT_HERE)
        next = BLOB_SENT;
    else if (state == ATTACHMENT_BACKED_UP)
        next = BLOB_BACKED_UP;
    else if (state == ATTACHMENT_REFUSED || (state == ATTACHMENT_WRONG && ++tries >= BLOB_TRIES))
        next = BLOB_REFUSED;
    *moved = next != before;
    rc = put_state(tablet, id, next, tries, err);
    return rc == RC_OK && next == BLOB_REFUSED && *moved
               ? tablet_notice(tablet, NOTICE_ATTACHMENT, 0, id, err)
               : rc;
}
