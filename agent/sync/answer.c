/* answer.c: one answer of the county, taken as a whole or not at all.
 *
 * Order: the county's signature; a new epoch; areas; receipts; certificates; scope; forms; entries;
 * cursors; heads. While locked the parts after SIGNED come sealed: the whole answer is then put
 * into the inbox, sealed for the vault, and the heads tell how far its feeds reach. When somebody
 * unlocks, the same code takes it from there, without what was taken at once.
 *
 * Entries are believed only if they lead to the heads that the county has signed. If they do not,
 * only what is signed is taken: receipts still count. People are told, and the feed is asked for
 * from its beginning the next time, in case it is our own place in it that is wrong. */
#include "agent/sync/taking.h"

#include "schema/wire/bundle.h"

/* ---- where its feeds lead ---- */

static const struct feed_head *head_of(const struct answer *answer, const struct feed_id *feed) {
    for (uint32_t i = 0; i < answer->head_count; i++) {
        if (answer->heads[i].area == feed->area && answer->heads[i].audience == feed->audience)
            return &answer->heads[i];
    }
    return NULL;
}

/* Every feed that entries came for must now be where the county has signed that it is. */
static enum rc check_heads(struct taking *taking, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < taking->feed_count && rc == RC_OK; i++) {
        const struct feed_id *feed = &taking->feeds[i];
        const struct feed_head *head = head_of(&taking->answer, feed);
        struct feed_cursor cursor;

        rc = tablet_cursor(taking->tablet, feed->area, feed->audience, &cursor, err);
        if (rc == RC_OK)
            rc = tablet_end_snapshot(taking->tablet, feed->area, feed->audience, cursor.position,
                                     err);
        if (rc != RC_OK)
            return rc;
        if (head != NULL && cursor.position == head->position &&
            crypt_equal(cursor.chain, head->chain, sizeof(head->chain)))
            continue;
        if (head != NULL && (taking->later || taking->bundled) && cursor.position > head->position)
            continue; /* an older answer: all of it was known */
        if (head != NULL && taking->apply.gaps > 0 && cursor.position < head->position)
            continue; /* ahead of our place: nothing of it was taken */
        if (taking->apply.had_own)
            return err_set(err, RC_CONFLICT, "own changes came back other than they were sent");
        taking->broken = *feed;
        return err_set(err, RC_CORRUPT,
                       "the server's history does not lead to what the county has signed");
    }
    return rc;
}

enum rc answer_tell_broken(struct tablet *tablet, struct feed_id feed, struct err *err) {
    struct feed_cursor cursor;
    enum rc rc = tablet_cursor(tablet, feed.area, feed.audience, &cursor, err);

    if (rc == RC_OK)
        rc = tablet_alarm(tablet, &cursor, err);
    return rc != RC_OK ? rc : tablet_delete_cursor(tablet, feed.area, feed.audience, err);
}

static bool is_log(const struct feed_head *head) {
    return head->area == 0 && head->audience == 0;
}

/* Of the staff log only the head is kept, in the place of a cursor. */
static enum rc keep_log_head(struct taking *taking, const struct feed_head *head, struct err *err) {
    struct feed_cursor cursor = {.position = head->position};

    memcpy(cursor.chain, head->chain, sizeof(cursor.chain));
    return tablet_put_cursor(taking->tablet, &cursor, err);
}

/* A head that lies behind our place, or is another one there, is history that was changed: nothing
 * has to come for that to show. Such a feed is asked for from its beginning. */
static enum rc watch_heads(struct taking *taking, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < taking->answer.head_count && rc == RC_OK; i++) {
        const struct feed_head *head = &taking->answer.heads[i];
        struct feed_cursor cursor;
        bool follows;

        rc = tablet_cursor(taking->tablet, head->area, head->audience, &cursor, err);
        if (rc != RC_OK)
            break;
        follows = cursor.position == 0 || head->position > cursor.position ||
                  (head->position == cursor.position &&
                   crypt_equal(head->chain, cursor.chain, sizeof(head->chain)));
        if (!follows)
            rc = answer_tell_broken(
                taking->tablet, (struct feed_id){.area = head->area, .audience = head->audience},
                err);
        if (rc == RC_OK && is_log(head))
            rc = keep_log_head(taking, head, err);
    }
    return rc;
}

/* The names in a bundle are sealed, because a stick goes through many hands. */
static enum rc take_sealed_names(struct taking *taking, struct reader parts, struct err *err) {
    struct answer names = {.server_ms = taking->answer.server_ms};
    struct part part;
    enum rc rc;

    memcpy(names.nonce, taking->answer.nonce, sizeof(names.nonce));
    while ((rc = exchange_next(&parts, &part, err)) == RC_OK) {
        if (part.kind != PART_SIGNED)
            continue;
        rc = exchange_read_signed(part.content, tablet_facts(taking->tablet)->county_sign_public,
                                  &taking->arena, &names, err);
        for (uint32_t i = 0; i < names.certificate_count && rc == RC_OK; i++)
            rc = tablet_put_author(taking->tablet, &names.certificates[i], err);
        if (rc != RC_OK)
            return rc;
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc take_sealed(struct taking *taking, struct err *err) {
    struct buf parts;
    struct reader reader;
    enum rc rc;

    buf_init(&parts, LIMIT_EXCHANGE_BYTES);
    rc = tablet_open_sealed(taking->tablet, taking->sealed, &parts, err);
    reader_init(&reader, buf_view(&parts));
    if (rc == RC_OK && taking->bundled)
        rc = take_sealed_names(taking, reader, err);
    if (rc == RC_OK)
        rc = taking_parts(taking, &reader, err);
    crypt_buf_release(&parts);
    return rc;
}

static enum rc keep_sealed(struct taking *taking, struct view body, const uint8_t base[8],
                           struct err *err) {
    enum rc rc = tablet_inbox_put(taking->tablet, 0, base, body, err);

    /* What a bundle brings may have a gap before it, which cannot be seen yet: the next sync asks
     * from where the feeds are. */
    for (uint32_t i = 0; i < taking->answer.head_count && rc == RC_OK && !taking->bundled; i++) {
        const struct feed_head *head = &taking->answer.heads[i];
        struct feed_cursor cursor;

        if (is_log(head))
            continue;
        rc = tablet_cursor(taking->tablet, head->area, head->audience, &cursor, err);
        if (rc != RC_OK || cursor.ahead_position == head->position)
            continue;
        cursor.ahead_position = head->position;
        memcpy(cursor.ahead_digest, head->chain, sizeof(cursor.ahead_digest));
        taking->flow->advanced = true;
        rc = tablet_put_cursor(taking->tablet, &cursor, err);
    }
    for (uint32_t i = 0; i < taking->snapshot_count && rc == RC_OK && !taking->bundled; i++)
        rc = snapshot_wait(taking->tablet, &taking->snapshots[i], &taking->flow->advanced, err);
    return rc;
}

/* ---- an answer ---- */

static void check_bundled(struct taking *taking) {
    const struct facts *facts = tablet_facts(taking->tablet);
    uint8_t nonce[16];

    bundle_nonce(facts->device, taking->answer.epoch, taking->answer.server_ms, nonce);
    taking->bundled = memcmp(nonce, taking->answer.nonce, sizeof(nonce)) == 0;
    taking->stale = taking->bundled && taking->answer.server_ms < facts->answered_ms;
    taking->apply.overlaps = taking->bundled || taking->later;
    taking->apply.may_gap = taking->bundled || taking->flow->opened;
}

static enum rc read_head(struct taking *taking, struct view body, struct reader *parts,
                         struct err *err) {
    struct part part;
    struct reader ahead;
    enum rc rc = exchange_open(body, parts, err);

    if (rc == RC_OK)
        rc = exchange_next(parts, &part, err);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && part.kind != PART_ANSWER))
        return err_set(err, RC_CORRUPT, "the answer is not one of a county's server");
    if (rc == RC_OK)
        rc = exchange_read_answer(part.content, &taking->answer, err);
    if (rc != RC_OK)
        return rc;
    check_bundled(taking);
    if (taking->needs_bundle && !taking->bundled)
        return err_set(err, RC_DENIED,
                       "the bundle's answer was not written for this tablet; ask the county");
    ahead = *parts;
    while ((rc = exchange_next(&ahead, &part, err)) == RC_OK) {
        if (part.kind == PART_SIGNED)
            taking->signed_part = part.content;
        if (part.kind == PART_SIGNED)
            rc =
                exchange_read_signed(part.content, tablet_facts(taking->tablet)->county_sign_public,
                                     &taking->arena, &taking->answer, err);
        if (part.kind == PART_AREAS)
            rc = exchange_read_areas(part.content, taking->answer.nonce,
                                     tablet_facts(taking->tablet)->county_sign_public,
                                     &taking->areas, err);
        if (part.kind == PART_KEPT)
            rc = exchange_read_kept(part.content, taking->answer.nonce,
                                    tablet_facts(taking->tablet)->county_sign_public, &taking->kept,
                                    &taking->kept_count, err);
        if (rc != RC_OK)
            return rc;
        if (part.kind == PART_SEALED)
            taking->sealed = part.content;
    }
    if (rc != RC_NOT_FOUND)
        return rc;
    if (taking->bundled && !taking->answer.has_signed)
        return err_set(err, RC_DENIED, "the bundle's answer is not signed; ask the county");
    return RC_OK;
}

static enum rc settle(struct tablet *tablet, struct err *err) {
    enum rc rc = tablet_slices_settle(tablet, err);

    return rc == RC_OK ? tablet_states_settle(tablet, err) : rc;
}

static enum rc take_all(struct taking *taking, struct view body, struct reader *parts,
                        const uint8_t base[8], struct err *err) {
    uint64_t forms = taking->report == NULL ? 0 : taking->report->forms;
    bool kept = taking->sealed.data != NULL && tablet_locked(taking->tablet);
    enum rc rc = RC_OK;

    /* Written before the county was restored: what it says may not be true any more. */
    if (taking->stale && taking->answer.epoch != tablet_facts(taking->tablet)->epoch) {
        taking->outdated = true;
        return RC_OK;
    }
    if (!taking->later) {
        rc = taking_facts(taking, err);
        if (rc == RC_OK)
            rc = taking_signed(taking, err);
    }
    if (rc == RC_OK && taking->signed_only)
        return answer_tell_broken(taking->tablet, taking->broken, err);
    if (rc == RC_OK && (taking->flow->held || (taking->flow->anew && !taking->bundled)))
        return RC_OK; /* its entries go on from where we are not any more */
    if (rc == RC_OK && !taking->later && !taking->bundled)
        rc = watch_heads(taking, err);
    if (rc == RC_OK)
        rc = taking_parts(taking, parts, err);
    if (rc != RC_OK)
        return rc;
    if (kept)
        rc = keep_sealed(taking, body, base, err);
    else if (taking->sealed.data != NULL)
        rc = take_sealed(taking, err);
    if (rc == RC_OK)
        rc = check_heads(taking, err);
    if (rc == RC_OK)
        rc = gather_keep(&taking->apply.gather, taking->tablet, &taking->answer,
                         taking->signed_part, err);
    /* Not while anything of it is still to come. */
    if (rc == RC_OK && !taking->later && !taking->bundled && !taking->answer.more &&
        taking->apply.gaps == 0)
        rc = settle(taking->tablet, err);
    if (rc == RC_OK && (taking->later || (taking->report->forms > forms && !kept)))
        rc = tablet_forms_came(taking->tablet, err);
    return rc;
}

static enum rc take(struct taking *taking, struct view body, const uint8_t base[8],
                    struct err *err) {
    struct reader parts;
    enum rc rc;

    arena_init(&taking->arena, ANSWER_ARENA_BYTES);
    rc = apply_init(&taking->apply, taking->tablet, err);
    if (rc == RC_OK)
        rc = read_head(taking, body, &parts, err);
    if (rc == RC_OK)
        rc = take_all(taking, body, &parts, base, err);
    if (rc == RC_CONFLICT && !taking->apply.held)
        taking->flow->whole = true;
    apply_release(&taking->apply);
    arena_release(&taking->arena);
    return rc;
}

static enum rc take_once(struct taking *taking, struct view body, const uint8_t base[8],
                         struct err *err) {
    enum rc rc = tablet_begin(taking->tablet, err);

    if (rc != RC_OK)
        return rc;
    rc = take(taking, body, base, err);
    if (rc == RC_OK)
        return tablet_commit(taking->tablet, err);
    tablet_rollback(taking->tablet);
    return rc;
}

/* Where a copy of this tablet turns out to be at work, only what is signed is taken: the entries
 * come again when all of ours has its names. */
static enum rc take_committed(struct taking *taking, struct view body, const uint8_t base[8],
                              struct err *err) {
    struct taking again = *taking;
    struct sync_report report = *taking->report;
    struct flow flow = *taking->flow;
    enum rc rc = take_once(taking, body, base, err);

    if (rc != RC_CONFLICT || !taking->apply.held)
        return rc;
    err_clear(err);
    *taking = again;
    *taking->report = report;
    *taking->flow = flow;
    taking->flow->held = true;
    return take_once(taking, body, base, err);
}

enum rc answer_take(struct tablet *tablet, struct view body, const uint8_t base[8],
                    struct sync_report *report, struct flow *flow, struct err *err) {
    struct sync_report before = *report;
    struct taking taking = {.tablet = tablet, .report = report, .flow = flow};
    enum rc rc = take_committed(&taking, body, base, err);

    if (rc == RC_CORRUPT && taking.broken.area != 0) {
        *report = before;
        *flow = (struct flow){
            .brought = flow->brought, .alarmed = flow->alarmed, .opened = flow->opened};
        taking = (struct taking){.tablet = tablet,
                                 .report = report,
                                 .flow = flow,
                                 .signed_only = true,
                                 .broken = taking.broken};
        err_clear(err);
        rc = take_committed(&taking, body, base, err);
        if (rc == RC_OK)
            taking.answer.more = false;
    }
    if (rc != RC_OK) {
        *report = before;
        if (!flow->whole)
            return rc;
        err_clear(err);
        return RC_OK;
    }
    flow->more = taking.answer.more || flow->anew || taking.apply.gaps > 0;
    report->received += taking.apply.received;
    report->conflicts += tablet_conflicted(tablet);
    return RC_OK;
}

enum rc answer_take_bundle(struct tablet *tablet, struct view body, struct sync_report *report,
                           uint64_t *gaps, bool *stale, struct err *err) {
    struct flow flow = {.more = false};
    struct taking taking = {.tablet = tablet, .needs_bundle = true};
    uint8_t hash[CRYPT_HASH_BYTES];
    struct sync_report before = *report;
    enum rc rc;

    taking.report = report;
    taking.flow = &flow;
    crypt_hash("yg base", body, hash); /* the same bundle twice while locked is kept once */
    rc = take_committed(&taking, body, hash, err);
    if (rc == RC_CORRUPT && taking.broken.area != 0) {
        struct feed_id broken = taking.broken;

        *report = before;
        err_clear(err);
        taking = (struct taking){.tablet = tablet,
                                 .report = report,
                                 .flow = &flow,
                                 .needs_bundle = true,
                                 .signed_only = true,
                                 .broken = broken};
        rc = take_committed(&taking, body, hash, err);
    }
    if (rc != RC_OK) {
        *report = before;
        return rc;
    }
    *gaps += taking.apply.gaps;
    *stale = taking.outdated;
    report->received += taking.apply.received;
    report->conflicts += tablet_conflicted(tablet);
    report->more = report->more || taking.answer.more;
    return RC_OK;
}

enum rc answer_nonce(struct tablet *tablet, struct view body, struct err *err) {
    struct flow flow = {.more = false};
    struct taking taking = {.tablet = tablet, .flow = &flow};
    struct reader parts;
    struct facts facts;
    enum rc rc = tablet_regain(tablet, err);

    if (rc != RC_OK)
        return rc;
    arena_init(&taking.arena, ANSWER_ARENA_BYTES);
    rc = read_head(&taking, body, &parts, err);
    arena_release(&taking.arena);
    if (rc != RC_OK)
        return rc;
    facts = *tablet_facts(tablet);
    memcpy(facts.hello_nonce, taking.answer.nonce, sizeof(facts.hello_nonce));
    return tablet_put_facts(tablet, &facts, err);
}

enum rc answer_later(struct tablet *tablet, struct view body, struct feed_id *broken,
                     struct err *err) {
    struct flow flow = {.more = false};
    struct sync_report report = {.sent = 0};
    struct taking taking = {.tablet = tablet, .report = &report, .flow = &flow, .later = true};
    enum rc rc = take(&taking, body, NULL, err);

    *broken = taking.broken;
    return rc;
}
