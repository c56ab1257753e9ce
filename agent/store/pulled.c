/* pulled.c: photos that another tablet took, brought here because somebody wants to look at them.
 *
 * A copy lies beside the tablet's own attachments and is sealed like them, in a state of its own,
 * so that it is never offered to the county, which has it. While it comes, its chunks are there
 * from the first to the last that has come: that is all that going on needs. */
#include "agent/store/blob_row.h"

const char *blob_place_name(enum blob_place place) {
    static const char *const names[] = {
        [BLOB_IN_DRAFT] = "draft",      [BLOB_ON_TABLET] = "tablet",  [BLOB_AT_COUNTY] = "server",
        [BLOB_IN_BACKUP] = "backed_up", [BLOB_NOT_TAKEN] = "refused", [BLOB_COPY] = "copy",
        [BLOB_ELSEWHERE] = "elsewhere",
    };

    return names[place];
}

static enum blob_place place_of(enum blob_state state) {
    switch (state) {
    case BLOB_HELD:
        return BLOB_IN_DRAFT;
    case BLOB_WAITING:
        return BLOB_ON_TABLET;
    case BLOB_SENT:
        return BLOB_AT_COUNTY;
    case BLOB_BACKED_UP:
        return BLOB_IN_BACKUP;
    case BLOB_REFUSED:
        return BLOB_NOT_TAKEN;
    case BLOB_PULLED:
        return BLOB_COPY;
    case BLOB_PULLING:
        break;
    }
    return BLOB_ELSEWHERE;
}

enum rc blobs_look(struct session *session, const uint8_t hash[32], struct blob_seen *out,
                   struct err *err) {
    const struct open_key *key;
    struct attachment_label label;
    struct blob_found found;
    enum rc rc = blob_of(session, hash, &key, &found, err);

    *out = (struct blob_seen){.place = BLOB_ELSEWHERE};
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc == RC_OK)
        rc = blob_label(session->tablet, key, found.id, &label, err);
    if (rc != RC_OK)
        return rc;
    out->place = place_of(found.state);
    out->size = out->place == BLOB_ELSEWHERE ? 0 : label.size;
    out->kind = out->place == BLOB_ELSEWHERE ? 0 : label.kind;
    crypt_wipe(&label, sizeof(label));
    return RC_OK;
}

enum rc blobs_pull_resume(struct session *session, const uint8_t hash[32], struct blob_pull *out,
                          struct err *err) {
    struct statement *count = session->tablet->sql[SQL_BLOB_CHUNK_COUNT];
    const struct open_key *key;
    struct blob_found found;
    enum rc rc = blob_of(session, hash, &key, &found, err);

    *out = (struct blob_pull){.id = 0};
    if (rc == RC_OK && found.state != BLOB_PULLING)
        return err_set(err, RC_CONFLICT, "this attachment is on this tablet already");
    if (rc == RC_OK)
        rc = blob_label(session->tablet, key, found.id, &out->label, err);
    if (rc != RC_OK)
        return rc;
    out->id = found.id;
    statement_bind_i64(count, 1, found.id);
    rc = statement_one(count, err);
    if (rc != RC_OK)
        return rc;
    out->next = (uint32_t)statement_i64(count, 0);
    statement_reset(count);
    return RC_OK;
}

static enum rc put_state(struct tablet *tablet, int64_t id, enum blob_state state,
                         struct err *err) {
    struct statement *put = tablet->sql[SQL_BLOB_PULL];

    statement_bind_i64(put, 1, id);
    statement_bind_i64(put, 2, state);
    statement_bind_i64(put, 3, env_wall_ms(tablet->env) + tablet->facts.offset_ms);
    return statement_run(put, err);
}

static enum rc end(struct tablet *tablet, enum rc rc, struct err *err) {
    if (rc == RC_OK)
        return tablet_commit(tablet, err);
    tablet_rollback(tablet);
    return rc;
}

enum rc blobs_pull_begin(struct session *session, uint64_t area, const uint8_t hash[32],
                         uint32_t size, uint8_t kind, struct blob_pull *out, struct err *err) {
    struct tablet *tablet = session->tablet;
    enum rc rc = tablet_regain(tablet, err);
    const struct area_key *key = area_key_of(tablet, area);
    const struct open_key *open = key == NULL ? NULL : area_key_open(tablet, session, key->key);
    uint8_t tag[BLOB_TAG_BYTES];

    *out = (struct blob_pull){.label = {.area = area, .size = size, .kind = kind}};
    if (rc != RC_OK)
        return rc;
    if (open == NULL || !session_may(session, area))
        return err_set(err, RC_DENIED, "the key of this area is not yours; see person list");
    memcpy(out->label.hash, hash, sizeof(out->label.hash));
    env_entropy(tablet->env, out->label.key, sizeof(out->label.key));
    blob_tag(open, hash, tag);
    rc = tablet_begin(tablet, err);
    if (rc != RC_OK)
        return rc;
    rc = blob_write_row(tablet, open, tag, &out->label, &out->id, err);
    if (rc == RC_OK)
        rc = put_state(tablet, out->id, BLOB_PULLING, err);
    return end(tablet, rc, err);
}

enum rc tablet_pull_chunk(struct tablet *tablet, struct blob_pull *pull, struct view plain,
                          struct err *err) {
    uint32_t count = attachment_chunk_count(pull->label.size);
    bool is_other = false;
    enum rc rc;

    if (pull->next >= count || plain.size != attachment_chunk_size(pull->label.size, pull->next))
        return err_set(err, RC_CORRUPT, "the county has sent another part of the attachment");
    rc = tablet_begin(tablet, err);
    if (rc != RC_OK)
        return rc;
    rc = blob_write_chunk(tablet, pull->id, pull->label.key, pull->next, plain, err);
    if (rc == RC_OK && pull->next + 1 == count) {
        rc = blob_content(tablet, pull->id, &pull->label, NULL, err);
        is_other = rc == RC_CORRUPT;
        if (is_other)
            rc = blob_drop(tablet, pull->id, err);
        else if (rc == RC_OK)
            rc = put_state(tablet, pull->id, BLOB_PULLED, err);
    }
    rc = end(tablet, rc, err);
    if (rc == RC_OK)
        pull->next++;
    if (rc == RC_OK && is_other)
        return err_set(err, RC_CORRUPT,
                       "what the county has sent is not this attachment; try again, and tell the "
                       "county if it happens again");
    return rc;
}
