/* attachment_pull.c: brings here what another tablet took, chunk by chunk. Each request asks for
 * the first chunk that is not on disk; so whatever breaks off, the next try goes on from there.
 * Needs the session all the time: the key of the area seals the copy's own, and tells after each
 * answer how far the copy is by then. What forms show comes by itself, at the end of a sync, and
 * needs no session. */
#include "agent/sync/inside.h"

#include "agent/store/blobs.h"
#include "agent/store/media.h"
#include "base/crypt.h"
#include "schema/wire/attachment_pull.h"

#define ARENA_BYTES      (1024u * 1024u)
#define MEDIA_AT_MOST_MS 60000 /* of one sync: the rest comes with the next ones */

struct bringing {
    struct session *session; /* NULL: what a form shows, which needs nobody */
    struct tablet *tablet;
    struct link *link;
    const struct attachment_wanted *wanted;
    struct blob_pull pull;
    struct pull_answer given;
    struct buf body, answer;
};

static enum rc check_state(const struct bringing *at, struct err *err) {
    if (at->given.epoch != tablet_facts(at->tablet)->epoch)
        return err_set(err, RC_AGAIN,
                       "the county was restored from a backup meanwhile; sync again");
    if (memcmp(at->given.hash, at->wanted->hash, sizeof(at->given.hash)) != 0)
        return err_set(err, RC_CORRUPT, "the county has sent another part of the attachment");
    switch (at->given.state) {
    case PULL_HERE:
        return RC_OK;
    case PULL_NOT_HERE:
        return err_set(err, RC_NOT_FOUND,
                       "the county does not have this photo yet: it is still on the tablet that "
                       "took it");
    case PULL_ERASED:
        return err_set(err, RC_NOT_FOUND, "this photo was erased by law");
    default:
        return err_set(err, RC_DENIED,
                       "the county gives this photo to no tablet of these areas; sync, and look "
                       "at the record again");
    }
}

static enum rc ask(struct bringing *at, uint32_t first, struct err *err) {
    const struct facts *facts = tablet_facts(at->tablet);
    struct pull_request request = {
        .device = facts->device, .record = at->wanted->record, .first = first};
    struct link_result result = {.retry_after_s = -1};
    enum rc rc;

    memcpy(request.nonce, facts->hello_nonce, sizeof(request.nonce));
    memcpy(request.hash, at->wanted->hash, sizeof(request.hash));
    buf_clear(&at->body);
    buf_clear(&at->answer);
    rc = pull_request_write(&request, tablet_device_secret(at->tablet), &at->body, err);
    if (rc == RC_OK)
        rc = at->link->exchange(at->link->context, "/v1/attachments/pull", buf_view(&at->body),
                                &at->answer, &result, err);
    if (rc != RC_OK)
        return rc;
    if (result.status == 404 || result.status == 405)
        return err_set(err, RC_UNSUPPORTED, "the county's program is too old to give photos back");
    if (result.status == 401 || result.status == 429 || result.status == 503)
        return err_set(err, RC_AGAIN, "the server does not know this tablet's nonce; sync again");
    if (result.status != 200)
        return err_set(err, RC_NETWORK, "the server answered attachments with status %d",
                       result.status);
    rc = pull_answer_read(buf_view(&at->answer), tablet_facts(at->tablet)->county_sign_public,
                          &at->given, err);
    return rc == RC_OK ? check_state(at, err) : rc;
}

static enum rc keep(struct bringing *at, struct err *err) {
    const struct pull_answer *given = &at->given;
    enum rc rc = RC_OK;

    if (at->pull.id == 0)
        rc = blobs_pull_begin(at->session, at->wanted->area, given->hash, given->size, given->kind,
                              &at->pull, err);
    if (rc == RC_OK && (given->size != at->pull.label.size || given->first != at->pull.next ||
                        given->chunk_count == 0))
        rc = err_set(err, RC_CORRUPT, "the county has sent another part of the attachment");
    for (uint32_t i = 0; i < given->chunk_count && rc == RC_OK; i++)
        rc = tablet_pull_chunk(at->tablet, &at->pull, given->chunks[i], err);
    return rc;
}

/* How far it is on this tablet by now. */
static enum rc look(struct bringing *at, bool *is_whole, struct err *err) {
    enum rc rc = blobs_pull_resume(at->session, at->wanted->hash, &at->pull, err);

    *is_whole = rc == RC_CONFLICT;
    if (rc != RC_CONFLICT && rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    return RC_OK;
}

enum rc sync_pull_attachment(struct session *session, struct link *link,
                             const struct attachment_wanted *wanted, struct err *err) {
    struct bringing at = {
        .session = session, .tablet = session_tablet(session), .link = link, .wanted = wanted};
    bool is_whole;
    enum rc rc = look(&at, &is_whole, err);

    buf_init(&at.body, PULL_REQUEST_BYTES);
    buf_init(&at.answer, PULL_ANSWER_BYTES_MAX);
    while (rc == RC_OK && !is_whole) {
        uint32_t asked = at.pull.next;

        rc = ask(&at, asked, err);
        /* While the answer was on its way people went on: the same photo may be theirs by now. */
        if (rc == RC_OK)
            rc = look(&at, &is_whole, err);
        if (rc != RC_OK || is_whole || at.pull.next != asked)
            continue;
        rc = keep(&at, err);
        is_whole = rc == RC_OK && at.pull.next == attachment_chunk_count(at.pull.label.size);
    }
    buf_release(&at.body);
    buf_release(&at.answer);
    crypt_wipe(&at.pull, sizeof(at.pull));
    return rc;
}

/* ---- what forms show ---- */

static enum rc bring_medium(struct bringing *at, const struct form_medium *medium,
                            struct err *err) {
    struct media_state state = {0};
    enum rc rc = media_look(at->tablet, medium->hash, &state, err);

    while (rc == RC_OK && !state.whole) {
        const struct pull_answer *given = &at->given;

        rc = ask(at, state.next, err);
        if (rc == RC_OK &&
            (given->size != medium->size || given->first != state.next || given->chunk_count == 0))
            rc = err_set(err, RC_CORRUPT, "the county has sent another part of the attachment");
        for (uint32_t i = 0; rc == RC_OK && i < given->chunk_count; i++)
            rc = media_put(at->tablet, medium, state.next + i, given->chunks[i], err);
        if (rc == RC_OK)
            rc = media_look(at->tablet, medium->hash, &state, err);
    }
    return rc;
}

/* What the county does not give is left for another sync; only the line ends this one. */
static enum rc bring_all(struct bringing *at, const struct form *form, int64_t until_ms,
                         struct err *err) {
    const struct env *env = tablet_env(at->tablet);
    struct attachment_wanted wanted = {.record = {form->id, PULL_OF_FORM}};
    enum rc rc = RC_OK;

    at->wanted = &wanted;
    for (uint32_t i = 0; i < form->media_count && rc == RC_OK; i++) {
        if (env_monotonic_ms(env) > until_ms)
            break;
        memcpy(wanted.hash, form->media[i].hash, sizeof(wanted.hash));
        rc = bring_medium(at, &form->media[i], err);
        if (rc == RC_NOT_FOUND || rc == RC_DENIED || rc == RC_CORRUPT) {
            err_clear(err);
            rc = RC_OK;
        }
    }
    at->wanted = NULL;
    return rc;
}

enum rc media_run(struct tablet *tablet, struct link *link, struct err *err) {
    struct bringing at = {.tablet = tablet, .link = link};
    int64_t until_ms = env_monotonic_ms(tablet_env(tablet)) + MEDIA_AT_MOST_MS;
    const struct form *const *forms = NULL;
    struct arena arena;
    uint32_t count = 0;
    enum rc rc;

    arena_init(&arena, ARENA_BYTES);
    buf_init(&at.body, PULL_REQUEST_BYTES);
    buf_init(&at.answer, PULL_ANSWER_BYTES_MAX);
    rc = tablet_forms(tablet, &arena, &forms, &count, err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        rc = bring_all(&at, forms[i], until_ms, err);
    if (rc == RC_UNSUPPORTED) { /* the county's program is older than its forms */
        err_clear(err);
        rc = RC_OK;
    }
    if (rc == RC_OK)
        rc = media_sweep(tablet, err);
    buf_release(&at.body);
    buf_release(&at.answer);
    arena_release(&arena);
    return rc;
}
