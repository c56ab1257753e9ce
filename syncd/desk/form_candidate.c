/* form_candidate.c: see form_candidate.h. */
#include "syncd/desk/form_candidate.h"

#include "base/file.h"
#include "base/zip.h"
#include "schema/attachment.h"
#include "syncd/sync/attachment.h"
#include "syncd/sync/quarantine.h"
#include "syncd/sync/replay.h"

void form_candidate_init(struct form_candidate *candidate, struct seat *seat,
                         const struct form_source *source, bool is_lenient) {
    *candidate = (struct form_candidate){.seat = seat, .source = source, .is_lenient = is_lenient};
    buf_init(&candidate->json, LIMIT_FORM_BYTES);
}

void form_candidate_release(struct form_candidate *candidate) {
    buf_release(&candidate->json);
}

/* --- compiling --- */

static enum rc compile(struct form_candidate *candidate, const struct form *previous,
                       uint32_t sequence, struct err *err) {
    return form_make(candidate->is_lenient, candidate->source, previous, sequence,
                     &candidate->seat->arena, &candidate->findings, &candidate->json,
                     &candidate->form, err);
}

/* Compiled as what the newest version is, the same content gives the same bytes and hash. */
enum rc form_candidate_make(struct form_candidate *candidate, struct err *err) {
    enum rc rc = compile(candidate, NULL, 1, err);

    candidate->is_same = false;
    if (rc != RC_OK)
        return rc;
    rc = ledger_newest(candidate->seat->ledger, candidate->form->name, &candidate->newest, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        candidate->newest = NULL;
        return RC_OK;
    }
    if (rc == RC_OK)
        rc = compile(candidate, candidate->newest, candidate->newest->sequence, err);
    if (rc != RC_OK)
        return rc;
    candidate->is_same = candidate->form->id == candidate->newest->id;
    return candidate->is_same
               ? RC_OK
               : compile(candidate, candidate->newest, candidate->newest->sequence + 1, err);
}

/* --- the act --- */

struct publication {
    const struct form_candidate *candidate;
    struct view reason;
    struct buf compressed;
};

struct last_form {
    struct view name;
    uint64_t position;
    uint32_t sequence;
};

static enum rc last_visit(void *context, const struct stored_form *form, struct err *err) {
    struct last_form *last = context;

    (void)err;
    last->position = form->position;
    if (view_equal(form->name, last->name) && form->sequence > last->sequence)
        last->sequence = form->sequence;
    return RC_OK;
}

/* ---- what it shows ---- */

/* Contents first: what a published form names is there. */
static enum rc keep_media(const struct form_candidate *candidate, struct err *err) {
    const struct form_source *source = candidate->source;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < source->media_count && rc == RC_OK; i++) {
        struct buf content;

        if (source->media_paths[i] == NULL)
            continue;
        buf_init(&content, LIMIT_MEDIUM_BYTES);
        rc = file_read(source->media_paths[i], LIMIT_MEDIUM_BYTES, &content, err);
        if (rc == RC_OK)
            rc = attachment_keep(candidate->seat->office->directory, source->media[i].hash,
                                 buf_view(&content), err);
        buf_release(&content);
    }
    return rc;
}

static enum rc add_medium(struct work *work, const struct form_medium *medium, uint64_t area,
                          struct err *err) {
    struct stored_attachment *row =
        WORK_ADD(work, attachments, attachment_count, attachment_capacity);
    enum rc rc;

    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    rc = store_attachment(work->ledger->store, medium->hash, row, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        *row = (struct stored_attachment){
            .size = medium->size, .kind = medium->kind, .area = area, .announced_ms = work->now_ms};
        memcpy(row->hash, medium->hash, sizeof(row->hash));
        rc = RC_OK;
    }
    if (rc == RC_OK && row->erased)
        rc = err_set(err, RC_DENIED, "%.*s: this picture was erased by law and is not taken again",
                     VIEW_PRINT(medium->name));
    if (rc == RC_OK && row->received_ms == 0)
        row->received_ms = work->now_ms;
    return rc;
}

static enum rc add_media(const struct publication *at, struct work *work, struct err *err) {
    const struct form *form = at->candidate->form;
    uint64_t area = 0;
    enum rc rc = seat_root_area(at->candidate->seat, &area, err);

    for (uint32_t i = 0; i < form->media_count && rc == RC_OK; i++) {
        bool is_twice = false; /* under another name */

        for (uint32_t k = 0; k < i && !is_twice; k++)
            is_twice =
                memcmp(form->media[k].hash, form->media[i].hash, sizeof(form->media[i].hash)) == 0;
        if (!is_twice)
            rc = add_medium(work, &form->media[i], area, err);
    }
    return rc;
}

static enum rc publish_act(void *context, struct work *work, struct err *err) {
    const struct publication *at = context;
    const struct form_candidate *candidate = at->candidate;
    const struct form *form = candidate->form;
    struct last_form last = {.name = form->name};
    struct stored_form *row;
    char object[17];
    enum rc rc = store_forms(work->ledger->store, 0, last_visit, &last, err);

    if (rc != RC_OK)
        return rc;
    if (last.sequence + 1 != form->sequence)
        return err_set(err, RC_CONFLICT,
                       "%.*s: somebody else has published it meanwhile; publish again",
                       VIEW_PRINT(form->name));
    row = WORK_ADD(work, forms, form_count, form_capacity);
    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    *row = (struct stored_form){
        .form = form->id,
        .position = last.position + 1,
        .name = form->name,
        .version = form->version,
        .sequence = form->sequence,
        .audience = form->audience,
        .published_ms = work->now_ms,
        .compressed = buf_view(&at->compressed),
    };
    rc = add_media(at, work, err);
    if (rc != RC_OK)
        return rc;
    id_text(form->id, object);
    return work_act(work, candidate->seat->who, "form publish", object, at->reason, err);
}

enum rc form_candidate_publish(struct form_candidate *candidate, struct view reason,
                               struct err *err) {
    const struct office *office = candidate->seat->office;
    struct publication publication = {.candidate = candidate, .reason = reason};
    uint32_t admitted = 0, understood = 0;
    enum rc rc;

    if (candidate->is_same)
        return RC_OK;
    buf_init(&publication.compressed, LIMIT_FORM_BYTES);
    rc = keep_media(candidate, err);
    if (rc == RC_OK)
        rc = zip_deflate(buf_view(&candidate->json), ZIP_LEVEL_BEST, &publication.compressed, err);
    if (rc == RC_OK)
        rc = office_act(office, publish_act, &publication, err);
    if (rc == RC_OK)
        rc = quarantine_rejudge(office, 0, &admitted, err);
    if (rc == RC_OK)
        rc = replay_unknown(office, &understood, err);
    buf_release(&publication.compressed);
    return rc;
}
