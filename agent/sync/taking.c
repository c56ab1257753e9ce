/* taking.c: see taking.h. What a part of an answer says is taken here; whether the answer as a
 * whole is to be believed, answer.c says. */
#include "agent/sync/taking.h"

#include "schema/wire/credential.h"

/* ---- what is signed ---- */

/* What was saved before now was saved under the scope that ends. */
static void note_former(const struct tablet *tablet, struct facts *facts) {
    const struct own_actor *actor = tablet_actor(tablet, tablet_actor_count(tablet) - 1);

    if (facts->former_count == FORMER_SCOPES_MAX) {
        facts->former_count--;
        memmove(facts->former_scopes, facts->former_scopes + 1,
                facts->former_count * sizeof(facts->former_scopes[0]));
    }
    facts->former_scopes[facts->former_count++] =
        (struct former_scope){actor->serial, actor->number, facts->scope.serial};
    facts->scope_at = actor->number;
}

/* Of areas that are not granted any more, where there is no cursor yet. */
static enum rc drop_snapshots(struct taking *taking, struct err *err) {
    struct feed_snapshot *rows;
    uint32_t count;
    enum rc rc = tablet_snapshots(taking->tablet, &taking->arena, &rows, &count, err);

    for (uint32_t i = 0; rc == RC_OK && i < count; i++)
        if (!tablet_in_scope(taking->tablet, rows[i].area))
            rc =
                tablet_end_snapshot(taking->tablet, rows[i].area, rows[i].audience, INT64_MAX, err);
    return rc;
}

/* Within an epoch the county counts what it grants a tablet, and a stick may be read after a
 * younger one: its time does not say which is which, since the county's clock may have been set
 * back. */
static enum rc take_scope(struct taking *taking, struct err *err) {
    struct tablet *tablet = taking->tablet;
    struct facts facts = *tablet_facts(tablet);
    const struct scope *scope = &taking->answer.scope;
    struct feed_cursor *cursors;
    uint32_t count;
    enum rc rc;

    if (!taking->answer.has_scope || scope->serial == facts.scope.serial ||
        (taking->bundled && !taking->flow->new_epoch && scope->serial < facts.scope.serial))
        return RC_OK;
    note_former(tablet, &facts);
    facts.scope = *scope;
    rc = tablet_put_facts(tablet, &facts, err);
    if (rc == RC_OK)
        rc = tablet_grant(tablet, scope, err);
    if (rc == RC_OK)
        rc = tablet_notice(tablet, scope->revoked ? NOTICE_REVOKED : NOTICE_SCOPE, 0, scope->serial,
                           err);
    if (rc == RC_OK)
        rc = tablet_cursors(tablet, &taking->arena, &cursors, &count, err);
    for (uint32_t i = 0; rc == RC_OK && i < count; i++) {
        if (cursors[i].area != 0 && !tablet_in_scope(tablet, cursors[i].area))
            rc = tablet_delete_cursor(tablet, cursors[i].area, cursors[i].audience, err);
    }
    taking->flow->advanced = true;
    return rc == RC_OK ? drop_snapshots(taking, err) : rc;
}

/* A bundle's time does not say how old its table is: the county's clock may have been set back
 * since. But within an epoch the table only grows, and what was told over the network is not told
 * again. */
static enum rc take_areas(struct taking *taking, struct err *err) {
    if (taking->areas.size == 0)
        return RC_OK;
    if (taking->bundled && !taking->flow->new_epoch)
        return tablet_grow_areas(taking->tablet, taking->areas, err);
    return tablet_put_areas(taking->tablet, taking->areas, err);
}

enum rc taking_signed(struct taking *taking, struct err *err) {
    struct tablet *tablet = taking->tablet;
    enum freshness freshness = taking->stale     ? ANSWER_STALE
                               : taking->bundled ? ANSWER_BUNDLED
                                                 : ANSWER_NOW;
    enum rc rc = take_areas(taking, err);

    if (rc == RC_OK)
        rc =
            receipt_take_all(tablet, &taking->answer, freshness, taking->report, taking->flow, err);
    /* A county that was restored has forgotten what an earlier answer said that it keeps. */
    for (uint32_t i = 0; i < taking->kept_count && rc == RC_OK && !taking->flow->new_epoch; i++)
        rc = tablet_baggage_kept(tablet, taking->kept[i], err);
    if (rc == RC_OK && !taking->bundled)
        rc = tablet_baggage_answered(tablet, err);
    for (uint32_t i = 0; i < taking->answer.certificate_count && rc == RC_OK; i++)
        rc = tablet_put_author(tablet, &taking->answer.certificates[i], err);
    if (rc == RC_OK && taking->flow->alarmed > 0)
        rc = tablet_alarms_told(tablet, taking->flow->alarmed, err);
    if (rc == RC_OK)
        rc = slices_answered(tablet, &taking->answer, taking->flow->brought,
                             &taking->flow->advanced, err);
    if (rc == RC_OK)
        rc = take_scope(taking, err);
    if (rc == RC_OK)
        rc = tablet_purge(tablet, err);
    return rc != RC_OK ? rc : tablet_forget(tablet, err);
}

/* Of a bundle. Its way here says nothing about clocks, and its nonce is none. */
static enum rc take_bundle_facts(struct taking *taking, struct err *err) {
    struct tablet *tablet = taking->tablet;
    const struct answer *answer = &taking->answer;
    struct facts facts = *tablet_facts(tablet);
    int64_t now = env_wall_ms(tablet_env(tablet)), written = answer->server_ms - facts.offset_ms;
    enum rc rc = RC_OK;

    taking->flow->new_epoch = facts.epoch != 0 && facts.epoch != answer->epoch;
    if (taking->flow->new_epoch) {
        rc = receipt_new_epoch(tablet, answer->epoch, err);
        facts = *tablet_facts(tablet);
    }
    facts.epoch = answer->epoch;
    if (answer->server_ms > facts.answered_ms)
        facts.answered_ms = answer->server_ms;
    if (written > now)
        written = now;
    if (!answer->more && written > facts.synced_ms)
        facts.synced_ms = written;
    return rc != RC_OK ? rc : tablet_put_facts(tablet, &facts, err);
}

static enum rc take_answer_facts(struct taking *taking, struct err *err) {
    struct tablet *tablet = taking->tablet;
    const struct answer *answer = &taking->answer;
    uint32_t known = tablet_facts(tablet)->epoch;
    struct facts facts;
    int64_t now = env_wall_ms(tablet_env(tablet)), offset;
    enum rc rc = RC_OK;

    taking->flow->new_epoch = known != 0 && known != answer->epoch;
    if (taking->flow->new_epoch)
        rc = receipt_new_epoch(tablet, answer->epoch, err);
    if (rc != RC_OK)
        return rc;
    facts = *tablet_facts(tablet);
    facts.epoch = answer->epoch;
    memcpy(facts.hello_nonce, answer->nonce, sizeof(facts.hello_nonce));
    facts.offset_ms = answer->server_ms - now;
    facts.answered_ms = answer->server_ms;
    facts.tried_ms = now;
    if (!answer->more)
        facts.synced_ms = now;
    rc = tablet_put_facts(tablet, &facts, err);
    offset = facts.offset_ms < 0 ? -facts.offset_ms : facts.offset_ms;
    if (rc == RC_OK && offset > CLOCK_WARN_MS)
        rc = tablet_notice(tablet, NOTICE_CLOCK, 0, 0, err);
    return rc;
}

enum rc taking_facts(struct taking *taking, struct err *err) {
    return taking->bundled ? take_bundle_facts(taking, err) : take_answer_facts(taking, err);
}

/* ---- what comes after it ---- */

static enum rc take_form(struct taking *taking, struct view content, struct err *err) {
    struct arena arena;
    struct form *form = NULL;
    struct view json;
    uint64_t position, id = 0;
    bool expected = false, is_new = false;
    struct err unreadable;
    enum rc rc = exchange_read_form(content, &position, &json, err);

    if (rc != RC_OK)
        return rc;
    arena_init(&arena, LIMIT_FORM_BYTES * 16);
    err_init(&unreadable, err->lang);
    rc = tablet_read_form(json, &arena, &form, &unreadable);
    for (uint32_t i = 0; i < taking->answer.form_hash_count && rc == RC_OK; i++) {
        if (crypt_equal(taking->answer.form_hashes[i], form->hash, 32))
            expected = true;
    }
    if (rc == RC_OK)
        id = form->id;
    arena_release(&arena);
    if (rc == RC_NO_MEMORY) {
        *err = unreadable;
        return rc;
    }
    if (rc !=
        RC_OK) /* of a newer program: people are told; its place is not lost, it stays asked */
        return tablet_notice(taking->tablet, NOTICE_FORM_BROKEN, 0, position, err);
    if (!expected)
        return err_set(err, RC_DENIED, "a form came that the county has not signed");
    rc = tablet_put_form(taking->tablet, id, position, json, &is_new, err);
    if (is_new && taking->report != NULL)
        taking->report->forms++;
    if (is_new)
        taking->flow->advanced = true;
    return rc;
}

/* Shown to the county if it should not know this tablet any more. */
static enum rc has_credential(struct taking *taking, bool *out, struct err *err) {
    struct buf content;
    enum rc rc;

    buf_init(&content, LIMIT_CREDENTIAL_BYTES);
    rc = tablet_credential(taking->tablet, &content, err);
    *out = content.size > 0;
    buf_release(&content);
    return rc;
}

static enum rc take_credential(struct taking *taking, struct view content, struct err *err) {
    const uint8_t *county = tablet_facts(taking->tablet)->county_sign_public;
    struct credential credential;
    bool has_one = false;
    enum rc rc = RC_OK;

    if (taking->later || taking->stale) /* there may be a newer one */
        rc = has_credential(taking, &has_one, err);
    if (rc != RC_OK || has_one)
        return rc;
    rc = credential_read(content, county, &taking->arena, &credential, err);
    if (rc == RC_OK && batch_device(credential.sign_public) != tablet_facts(taking->tablet)->device)
        rc = err_set(err, RC_DENIED, "a credential: of another device; ask for a new code");
    return rc != RC_OK ? rc : tablet_put_credential(taking->tablet, content, err);
}

static enum rc note_feed(struct taking *taking, uint64_t area, uint8_t audience, struct err *err) {
    if (taking->feeds == NULL)
        taking->feeds = arena_array(&taking->arena, LIMIT_EXCHANGE_CURSORS, sizeof(*taking->feeds));
    if (taking->feeds == NULL)
        return arena_check(&taking->arena, "an answer", err);
    for (uint32_t i = 0; i < taking->feed_count; i++) {
        if (taking->feeds[i].area == area && taking->feeds[i].audience == audience)
            return RC_OK;
    }
    if (taking->feed_count == LIMIT_EXCHANGE_CURSORS)
        return err_set(err, RC_LIMIT, "more than %u feeds in one answer", LIMIT_EXCHANGE_CURSORS);
    taking->feeds[taking->feed_count++] = (struct feed_id){.area = area, .audience = audience};
    return RC_OK;
}

/* While locked nothing is begun: the whole answer waits. */
static enum rc take_snapshot(struct taking *taking, struct view content, struct err *err) {
    struct arriving *arriving =
        arena_push(&taking->arena, &taking->snapshots, &taking->snapshot_count,
                   &taking->snapshot_capacity, sizeof(*arriving));
    enum rc rc;

    if (arriving == NULL)
        return arena_check(&taking->arena, "an answer", err);
    arriving->content = content;
    rc = exchange_read_snapshot(content, tablet_facts(taking->tablet)->county_sign_public,
                                &arriving->part, err);
    if (rc == RC_OK)
        rc = snapshot_read(arriving->part.manifest, &taking->arena, &arriving->snapshot, err);
    if (rc != RC_OK)
        return rc;
    snapshot_name(arriving->part.manifest, arriving->name);
    if (!tablet_in_scope(taking->tablet, arriving->snapshot.area)) {
        taking->snapshot_count--;
        return RC_OK;
    }
    return taking->sealed.data != NULL && tablet_locked(taking->tablet)
               ? RC_OK
               : snapshot_begin(&taking->apply, arriving, err);
}

static enum rc take_chunk(struct taking *taking, struct view content, struct err *err) {
    struct chunk_part part;
    bool ended = false;
    enum rc rc = exchange_read_chunk(content, &part, err);

    for (uint32_t i = 0; i < taking->snapshot_count && rc == RC_OK; i++) {
        const struct arriving *arriving = &taking->snapshots[i];

        if (memcmp(arriving->name, part.name, sizeof(part.name)) != 0)
            continue;
        taking->flow->advanced = true;
        rc = snapshot_take(&taking->apply, arriving, &part, &ended, err);
        if (rc == RC_OK && ended)
            rc = note_feed(taking, arriving->snapshot.area, arriving->snapshot.audience, err);
        break;
    }
    return rc;
}

static enum rc take_part(struct taking *taking, const struct part *part, struct err *err) {
    struct feed_entry entry;
    enum rc rc;

    if (part->kind == PART_FORM)
        return take_form(taking, part->content, err);
    if (part->kind == PART_CREDENTIAL)
        return take_credential(taking, part->content, err);
    if (part->kind == PART_SNAPSHOT)
        return take_snapshot(taking, part->content, err);
    if (part->kind == PART_CHUNK)
        return take_chunk(taking, part->content, err);
    if (part->kind != PART_ENTRY)
        return RC_OK; /* cursors say nothing that entries and heads do not; unknown parts */
    rc = exchange_read_entry(part->content, &entry, err);
    if (rc == RC_OK && !tablet_in_scope(taking->tablet, entry.area))
        return RC_OK; /* of an area that was withdrawn since */
    if (rc == RC_OK)
        rc = note_feed(taking, entry.area, entry.audience, err);
    if (rc == RC_OK)
        rc = apply_entry(&taking->apply, &entry, err);
    taking->flow->advanced = true;
    return rc;
}

enum rc taking_parts(struct taking *taking, struct reader *parts, struct err *err) {
    struct part part;
    enum rc rc;

    while ((rc = exchange_next(parts, &part, err)) == RC_OK) {
        if (part.kind == PART_ANSWER || part.kind == PART_SIGNED || part.kind == PART_SEALED)
            continue;
        rc = take_part(taking, &part, err);
        if (rc != RC_OK)
            return rc;
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}
