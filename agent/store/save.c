/* save.c: from a draft to the disk.
 *
 * save_add gives a change what only the tablet knows (person, times, signature), judges it with the
 * rules that the county will apply, seals it, and extends the chain in memory. save_commit writes
 * all of them in one transaction: change rows, the actor's new number and hash, and what lists show
 * of their records (doubt.c).
 * The order of a leaf is fixed here once: salt, leaf and chain are what the county will recompute
 * from the frame. */
#include "agent/store/drafts.h"
#include "agent/store/inside.h"
#include "agent/store/urn.h"

#include "base/list.h"
#include "base/planted.h"

#include <stdlib.h>

/* What a change may have at most so that a frame can always carry it, however badly it packs. */
#define CHANGE_BYTES_MAX (LIMIT_FRAME_BYTES - 64u * 1024u)
#define SAVE_BYTES_MAX   (128u * 1024u * 1024u)

struct saved { /* one change that waits for the commit; bytes in the save's arena */
    uint64_t number;
    struct dot record;
    const struct open_key *key;
    struct view sealed;
    uint8_t chain[32], leaf[32];
    struct view attachments; /* that it names: blobs_named */
};

struct save {
    struct session *session;
    struct arena arena;
    struct saved *saved;
    size_t count, capacity;
    uint64_t actor;
    uint64_t base;     /* number of the newest change on disk */
    uint8_t chain[32]; /* after the last one added */
    uint64_t lamport;
    uint64_t draft; /* that ends with the commit; 0 none */
    struct dot urn; /* that ends with the commit; number 0: none */
    bool urn_known; /* its block must be the one with this nonce */
    uint8_t urn_nonce[URN_NONCE_BYTES];
    struct buf canonical, plain;
};

static const struct own_actor *current(const struct tablet *tablet) {
    return tablet_actor(tablet, tablet_actor_count(tablet) - 1);
}

static enum rc restart(struct save *save, struct err *err) {
    const struct tablet *tablet = save->session->tablet;
    const struct own_actor *actor = current(tablet);

    if (actor == NULL)
        return err_set(err, RC_IO, "the tablet's memory could not be read; open it again");
    arena_reset(&save->arena);
    save->count = 0;
    save->actor = actor->actor;
    save->base = actor->number;
    save->lamport = actor->lamport > tablet->facts.lamport ? actor->lamport : tablet->facts.lamport;
    memcpy(save->chain, actor->hash, sizeof(save->chain));
    return RC_OK;
}

enum rc save_open(struct session *session, struct save **out, struct err *err) {
    struct save *save;
    enum rc rc = tablet_regain(session->tablet, err);

    *out = NULL;
    if (rc != RC_OK)
        return rc;
    if (session->tablet->saving)
        return err_set(err, RC_AGAIN, "somebody else is saving on this tablet; try again");
    save = calloc(1, sizeof(*save));
    if (save == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    save->session = session;
    arena_init(&save->arena, SAVE_BYTES_MAX);
    buf_init(&save->canonical, LIMIT_CHANGE_BYTES);
    buf_init(&save->plain, LIMIT_CHANGE_BYTES + 256);
    session->tablet->saving = true;
    rc = restart(save, err);
    if (rc != RC_OK) {
        save_close(save);
        save = NULL;
    }
    *out = save;
    return rc;
}

void save_close(struct save *save) {
    if (save == NULL)
        return;
    crypt_buf_release(&save->canonical);
    crypt_buf_release(&save->plain);
    arena_release(&save->arena);
    free(save->saved);
    save->session->tablet->saving = false;
    free(save);
}

struct dot save_next(const struct save *save) {
    return (struct dot){save->actor, save->base + save->count + 1};
}

uint32_t save_count(const struct save *save) {
    return (uint32_t)save->count;
}

/* ---- what the tablet adds ---- */

static bool needs_signature(const struct change *change) {
    return change->kind == CHANGE_RESOLVE || change->kind == CHANGE_SEAL ||
           change->kind == CHANGE_AMEND;
}

static enum rc complete(struct save *save, struct change *change, const struct record *state,
                        struct err *err) {
    uint64_t lamport = save->lamport;
    uint8_t hash[32];
    enum rc rc;

    if (state != NULL && record_lamport(state) > lamport)
        lamport = record_lamport(state);
    change->person = save->session->person;
    change->wall_ms = env_wall_ms(save->session->tablet->env);
    change->lamport = lamport + 1;
    change->is_signed = false;
    memset(change->signature, 0, sizeof(change->signature));
    if (!needs_signature(change))
        return RC_OK;
    rc = change_signed_hash(change, hash, err);
    if (rc != RC_OK)
        return rc;
    crypt_sign(save->session->secrets->sign_secret, view_of(hash, sizeof(hash)), change->signature);
    change->is_signed = true;
    return RC_OK;
}

/* Where the change is sent: a new record's own area, else where the record is known to be. */
static uint64_t area_of(const struct change *change, const struct record *state,
                        const struct index_entry *entry) {
    if (state != NULL && entry != NULL)
        return entry->summary.area;
    for (uint32_t i = 0; i < change->entry_count; i++) {
        const struct entry *at = &change->entries[i];

        if (at->field == FIELD_AREA && instance_is_root(at->instance) &&
            at->value.type == VALUE_INT)
            return (uint64_t)at->value.number;
    }
    return 0;
}

static enum rc check_area(const struct save *save, uint64_t area, struct err *err) {
    char text[AREA_TEXT_BYTES];

    if (session_may(save->session, area))
        return RC_OK;
    area_text(area, text);
    return err_set(err, RC_DENIED, "area %s: not granted to this tablet or not to you; see status",
                   text);
}

static enum rc judge(const struct change *change, const struct record *state,
                     const struct form *form, struct arena *arena, struct err *err) {
    struct record empty;
    enum verdict verdict;

    record_init(&empty, change->record);
    verdict = merge_judge(state == NULL ? &empty : state, change, form, false, arena);
    if (arena->failed == RC_NO_MEMORY) /* that is no verdict */
        return arena_check(arena, "a save", err);
    if (verdict != VERDICT_ADMIT)
        return err_set(err, RC_DENIED, "not saved: %s", verdict_words(verdict));
    return RC_OK;
}

/* ---- adding ---- */

/* *written: as it goes into the chain and to the county. *change stays as people see it, completed.
 */
static enum rc name_own(struct save *save, struct change *change, const struct record *state,
                        struct change *written, struct err *err) {
    struct tablet *tablet = save->session->tablet;
    struct dot record = change->record;
    const struct entry *entries = change->entries;
    enum rc rc;

    *written = *change;
    rc = own_change_unname(tablet, written, &tablet->scratch, err);
    if (rc == RC_OK)
        rc = complete(save, written, state, err);
    *change = *written;
    change->record = record;
    change->entries = entries;
    return rc;
}

static enum rc seal_change(struct save *save, const struct own_scope *scope, uint64_t number,
                           struct saved *saved, struct err *err) {
    struct tablet *tablet = save->session->tablet;
    uint32_t serial = current(tablet)->serial;
    uint8_t secret[16], salt[16];
    enum rc rc;

    buf_clear(&save->plain);
    own_change_encode(scope, buf_view(&save->canonical), &save->plain);
    rc = buf_check(&save->plain, "a change", err);
    buf_clear(&tablet->locked);
    if (rc == RC_OK)
        rc = row_lock(tablet, saved->key, "change", (uint64_t)change_row(serial, number), 0,
                      buf_view(&save->plain), &tablet->locked, err);
    if (rc != RC_OK)
        return rc;
    saved->sealed = arena_view(&save->arena, buf_view(&tablet->locked));
    own_salt_secret(save->session->secrets, save->actor, scope, number / 64, secret);
    chain_salt(secret, number, salt);
    chain_leaf(salt, buf_view(&save->canonical), saved->leaf);
    chain_next(save->chain, saved->leaf, saved->chain);
    return arena_check(&save->arena, "a save", err);
}

/* The record's name as it is once it is read back: copies may be at work. */
static enum rc name_record(struct save *save, const struct change *change, struct saved *saved,
                           struct err *err) {
    struct tablet *tablet = save->session->tablet;
    struct change named = *change;
    enum rc rc = own_change_rename(tablet, current(tablet)->serial, &named, &tablet->scratch, err);

    saved->record = named.record;
    return rc;
}

enum rc save_add(struct save *save, struct change *change, const struct record *state,
                 const struct form *form, struct err *err) {
    struct tablet *tablet = save->session->tablet;
    const struct index_entry *entry = index_get(&save->session->index, change->record);
    struct own_scope scope = {.form = change->form,
                              .audience = form == NULL ? AUDIENCE_FIELD : form->audience};
    struct saved saved = {.number = save_next(save).number};
    struct change written;
    const struct area_key *key;
    enum rc rc;

    if (save->count == SAVE_CHANGES_MAX)
        return err_set(err, RC_LIMIT, "more than %u changes in one save; commit first",
                       SAVE_CHANGES_MAX);
    if (!dot_equal(change->dot, save_next(save)))
        return err_set(err, RC_CONFLICT, "the draft is older than the last save; make it again");
    if (state != NULL && entry == NULL)
        return err_set(err, RC_NOT_FOUND, "the record is not on this tablet any more");
    arena_reset(&tablet->scratch);
    scope.area = area_of(change, state, entry);
    rc = check_area(save, scope.area, err);
    if (rc == RC_OK)
        rc = name_own(save, change, state, &written, err);
    if (rc == RC_OK)
        rc = judge(change, state, form, &tablet->scratch, err);
    buf_clear(&save->canonical);
    if (rc == RC_OK)
        rc = change_encode(&written, &save->canonical, err);
    if (rc == RC_OK && save->canonical.size > CHANGE_BYTES_MAX)
        rc = err_set(err, RC_LIMIT, "more than %u bytes in one change; save it in parts",
                     CHANGE_BYTES_MAX);
    if (rc != RC_OK)
        return rc;
    key = area_key_of(tablet, scope.area);
    saved.key = key == NULL ? NULL : area_key_open(tablet, save->session, key->key);
    if (saved.key == NULL)
        return err_set(err, RC_DENIED, "the key of this area is not yours; see person list");
    rc = array_grow(&save->saved, sizeof(*save->saved), save->count + 1, SAVE_CHANGES_MAX,
                    "changes in one save", &save->capacity, err);
    if (rc == RC_OK)
        rc = seal_change(save, &scope, saved.number, &saved, err);
    if (rc == RC_OK)
        rc = name_record(save, &written, &saved, err);
    if (rc == RC_OK)
        rc = blobs_named(save->session, change, state, &save->arena, &saved.attachments, err);
    if (rc != RC_OK)
        return rc;
    save->saved[save->count++] = saved;
    memcpy(save->chain, saved.chain, sizeof(save->chain));
    save->lamport = change->lamport;
    return RC_OK;
}

/* ---- committing ---- */

static enum rc write_one(struct save *save, const struct saved *saved, uint32_t serial,
                         struct err *err) {
    struct tablet *tablet = save->session->tablet;
    struct statement *add = tablet->sql[SQL_CHANGE_ADD];
    uint64_t record;
    enum rc rc = record_number(tablet, saved->record, true, &record, err);

    if (rc != RC_OK)
        return rc;
    statement_bind_i64(add, 1, change_row(serial, saved->number));
    statement_bind_i64(add, 2, (int64_t)record);
    statement_bind_i64(add, 3, (int64_t)saved->key->key);
    statement_bind_blob(add, 4, saved->sealed);
    statement_bind_blob(add, 5, view_of(saved->chain, sizeof(saved->chain)));
    statement_bind_blob(add, 6, view_of(saved->leaf, sizeof(saved->leaf)));
    rc = statement_run(add, err);
    return rc == RC_OK ? blobs_saved(tablet, saved->attachments, err) : rc;
}

enum rc save_commit(struct save *save, struct err *err) {
    struct tablet *tablet = save->session->tablet;
    const struct own_actor *actor = current(tablet);
    struct own_actor next;
    struct err ignored;
    enum rc rc;

    if (save->count == 0)
        return RC_OK;
    if (actor == NULL || actor->actor != save->actor || actor->number != save->base)
        return err_set(err, RC_CONFLICT, "the draft is older than the last save; make it again");
    if (PLANTED(DRAFT_FIRST) && save->draft != 0) {
        rc = drafts_remove(save->session, save->draft, err);
        save->draft = 0;
        if (rc != RC_OK)
            return rc;
    }
    rc = tablet_begin(tablet, err);
    if (rc == RC_OK && PLANTED(URN_FIRST) && save->urn.number != 0) {
        (void)urn_delete(tablet, save->urn, NULL, err);
        save->urn = (struct dot){0, 0};
        (void)tablet_commit(tablet, err);
        rc = tablet_begin(tablet, err);
    }
    if (rc != RC_OK)
        return rc;
    next = *actor;
    next.number = save->base + save->count;
    next.lamport = save->lamport;
    memcpy(next.hash, save->chain, sizeof(next.hash));
    for (size_t i = 0; i < save->count && rc == RC_OK; i++)
        rc = write_one(save, &save->saved[i], next.serial, err);
    if (rc == RC_OK)
        rc = tablet_put_actor(tablet, &next, err);
    if (rc == RC_OK && save->draft != 0)
        rc = drafts_delete(tablet, save->draft, save->session->person, err);
    if (rc == RC_OK && save->urn.number != 0)
        rc = urn_delete(tablet, save->urn, save->urn_known ? save->urn_nonce : NULL, err);
    if (rc == RC_OK)
        rc = tablet_commit(tablet, err);
    else
        tablet_rollback(tablet);
    save->draft = 0;
    save->urn = (struct dot){0, 0};
    if (rc == RC_OK)
        return restart(save, err);
    save->count = 0; /* nothing was saved; where the numbers stand now is read from the tablet */
    err_init(&ignored, err->lang);
    (void)restart(save, &ignored);
    return rc;
}

void save_ends_draft(struct save *save, uint64_t draft) {
    save->draft = draft;
}

void save_ends_urn(struct save *save, struct dot meeting, const struct urn *urn) {
    save->urn = meeting;
    save->urn_known = urn != NULL;
    if (urn != NULL)
        urn_nonce(urn, save->urn_nonce);
}

/* ---- a single change ---- */

struct dot session_next_dot(const struct session *session) {
    const struct own_actor *actor;
    struct err ignored; /* whoever saves with number 0 is told of it */

    err_init(&ignored, LANG_EN);
    (void)tablet_regain(session->tablet, &ignored);
    actor = current(session->tablet);
    return actor == NULL ? (struct dot){0, 0} : (struct dot){actor->actor, actor->number + 1};
}

enum rc session_save(struct session *session, struct change *change, const struct record *state,
                     const struct form *form, struct err *err) {
    struct save *save;
    enum rc rc = save_open(session, &save, err);

    if (rc == RC_OK)
        rc = save_add(save, change, state, form, err);
    if (rc == RC_OK)
        rc = save_commit(save, err);
    save_close(save);
    return rc;
}
