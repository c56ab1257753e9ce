/* author.c: see author.h. */
#include "syncd/sync/author.h"

#include "base/crypt.h"
#include "base/words.h"
#include "syncd/sync/admit.h"

enum rc author_actor(struct work *work, uint64_t *actor, struct err *err) {
    struct view setting;
    struct reader reader;
    enum rc rc = store_setting(work->ledger->store, "actor", &work->arena, &setting, err);

    if (rc != RC_OK)
        return rc;
    reader_init(&reader, setting);
    *actor = read_le64(&reader);
    return reader_check(&reader, "the setting actor", err);
}

/* Sees the record, or takes the newest form for a new one, and starts the draft. */
static enum rc start_draft(struct work *work, const struct author_request *request, struct dot dot,
                           const struct work_record *record, struct edit *edit, struct err *err) {
    bool is_new = request->kind == CHANGE_CREATE;
    struct reading *reading = NULL;
    const struct form *form = NULL;
    enum rc rc;

    if (is_new) {
        rc = ledger_newest(work->ledger, request->form, &form, err);
        if (rc == RC_NOT_FOUND)
            rc = err_set(err, RC_NOT_FOUND, "form %.*s: it is not published here; publish it first",
                         VIEW_PRINT(request->form));
    } else {
        reading = arena_alloc(&work->arena, sizeof(*reading));
        if (reading == NULL)
            return arena_check(&work->arena, "a step of the writer", err);
        rc = ledger_see(work->ledger, &record->state, &work->arena, reading, err);
        if (rc == RC_OK)
            rc = ledger_examine(work->ledger, reading, &work->arena, err);
        if (rc == RC_OK && reading->form == NULL)
            rc = err_set(err, RC_UNSUPPORTED,
                         "this record's form is not published here; publish it first");
        if (rc == RC_OK)
            form = reading->form;
    }
    if (rc == RC_OK)
        rc = edit_start(edit, request->kind, dot, request->person, form,
                        is_new ? NULL : &record->state, reading, &work->arena, err);
    if (rc == RC_OK)
        edit->by_server = true;
    if (rc == RC_OK && is_new)
        rc = edit_set_area(edit, request->area, err);
    return rc;
}

static enum rc make_change(struct work *work, const struct author_request *request,
                           const struct stored_actor *actor, struct work_record *record,
                           struct frame_change *out, struct err *err) {
    struct edit edit;
    struct dot dot = {actor->actor, actor->number + 1};
    uint64_t lamport = record_lamport(&record->state);
    uint8_t hash[32], secret[32];
    enum rc rc = start_draft(work, request, dot, record, &edit, err);

    if (rc == RC_OK)
        rc = request->build(request->context, &edit, err);
    if (rc == RC_OK)
        rc = edit_finish(&edit, request->reason, &out->change, err);
    if (rc != RC_OK)
        return rc;
    out->change.dot = dot;
    out->change.record = edit.change.record;
    out->change.form = edit.form->id;
    out->change.person = request->person;
    out->change.wall_ms = work->now_ms;
    out->change.lamport = (lamport > actor->lamport ? lamport : actor->lamport) + 1;
    if (request->person_secret != NULL) {
        rc = change_signed_hash(&out->change, hash, err);
        if (rc != RC_OK)
            return rc;
        crypt_sign(request->person_secret, view_of(hash, 32), out->change.signature);
        out->change.is_signed = true;
    }
    crypt_mac(work->keys->salt_secret, "yg salt", view_of(&dot.actor, sizeof(dot.actor)), secret);
    chain_salt(secret, dot.number, out->salt);
    buf_clear(&work->scratch);
    rc = change_encode(&out->change, &work->scratch, err);
    if (rc == RC_OK)
        chain_leaf(out->salt, buf_view(&work->scratch), out->leaf);
    return rc;
}

enum rc author_change(struct work *work, const struct author_request *request, struct dot *made,
                      struct err *err) {
    struct stored_actor *actor = NULL;
    struct work_record *record = NULL;
    struct frame_change *item = arena_alloc(&work->arena, sizeof(*item));
    struct frame *frame = arena_alloc(&work->arena, sizeof(*frame));
    struct view *bytes = arena_alloc(&work->arena, sizeof(*bytes));
    struct ingested in = {.change_count = 1, .frames = frame};
    struct admit_source source = {0};
    struct receipt receipt;
    const struct form *form = NULL; /* of a new record */
    bool is_new = request->kind == CHANGE_CREATE;
    uint64_t server = 0;
    enum rc rc;

    in.places = arena_array(&work->arena, 1, sizeof(*in.places));
    in.chain = arena_array(&work->arena, 1, sizeof(*in.chain));
    in.signed_hash = arena_array(&work->arena, 1, sizeof(*in.signed_hash));
    if (item == NULL || frame == NULL || bytes == NULL || in.places == NULL || in.chain == NULL ||
        in.signed_hash == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    rc = author_actor(work, &server, err);
    if (rc == RC_OK)
        rc = work_actor(work, server, &actor, err);
    if (rc == RC_OK)
        rc = work_record(work, is_new ? (struct dot){server, actor->number + 1} : request->record,
                         &record, err);
    if (rc == RC_OK && !is_new && record->stored.revision == 0)
        rc = err_set(err, RC_NOT_FOUND, "there is no such record; see: yg-syncd records");
    if (rc == RC_OK)
        rc = make_change(work, request, actor, record, item, err);
    if (rc == RC_OK && is_new)
        rc = ledger_form(work->ledger, item->change.form, &form, err);
    if (rc != RC_OK)
        return rc;
    *frame = (struct frame){
        .actor = server,
        .area = is_new                       ? request->area
                : record->old_area_count > 0 ? record->old_areas[0]
                                             : 0,
        .audience = form != NULL ? form->audience : record->audience,
        .form = item->change.form,
        .count = 1,
        .changes = item,
    };
    buf_clear(&work->scratch);
    rc = frame_encode(frame, NULL, NULL, work->deflater, &work->scratch, err);
    if (rc != RC_OK)
        return rc;
    *bytes = arena_view(&work->arena, buf_view(&work->scratch));
    in.batch = (struct batch){
        .outer = {.county = work->keys->county,
                  .actor = server,
                  .first = item->change.dot.number,
                  .last = item->change.dot.number},
        .frame_count = 1,
        .frames = bytes,
    };
    memcpy(in.batch.previous, actor->hash, 32);
    chain_next(actor->hash, item->leaf, in.chain[0]);
    if (item->change.is_signed)
        rc = change_signed_hash(&item->change, in.signed_hash[0], err);
    if (rc == RC_OK)
        rc = admit_batch(work, &in, &source, &receipt, err);
    if (rc == RC_OK && receipt.outcome_count > 0)
        rc = err_set(err, RC_DENIED, "%s",
                     words(err->lang, verdict_words(receipt.outcomes[0].verdict)));
    if (rc == RC_OK)
        *made = item->change.dot;
    return rc;
}
