/* attachment_pull.c: see attachment_pull.h.
 *
 * What a form shows is given to every tablet that gets the form.
 *
 * A record names an attachment where one of its versions, a replaced one included, holds the hash
 * as text: so both sides of a conflict can be looked at, and a sealed value that was written over.
 * The file is read chunk by chunk and not hashed again: the tablet checks the whole, and a bad disk
 * is the business of `attachment verify`. */
#include "syncd/sync/attachment_pull.h"

#include "base/file.h"
#include "base/text.h"
#include "base/words.h"
#include "schema/wire/attachment_pull.h"
#include "syncd/sync/attachment.h"
#include "syncd/sync/auth.h"
#include "syncd/sync/gate.h"

#include <stdio.h>

#define HEX_BYTES 64u

struct giving {
    const struct office *office;
    struct ledger *ledger;
    struct pull_request request;
    struct stored_device device;
    struct pull_answer answer;
    struct buf content; /* of the chunks */
};

static bool in_scope(const struct giving *giving, const struct stored_record *record) {
    const struct scope *scope = &giving->device.scope;

    if (scope->revoked || record->audience != AUDIENCE_FIELD ||
        (scope->audience_mask & 1u << AUDIENCE_FIELD) == 0)
        return false;
    for (uint32_t i = 0; i < record->area_count; i++)
        if (succession_grants(&giving->ledger->areas, scope->areas, scope->area_count,
                              record->areas[i]))
            return true;
    return false;
}

static enum rc look_for_name(struct giving *giving, const struct stored_record *stored, bool *named,
                             struct err *err) {
    char hex[HEX_BYTES + 1];
    struct record record;
    enum rc rc = record_unpack(stored->packed, &giving->ledger->visit, &record, err);

    if (rc != RC_OK)
        return rc;
    hex_encode(view_of(giving->request.hash, sizeof(giving->request.hash)), hex);
    for (uint32_t i = 0; i < record.version_count && !*named; i++)
        *named = record.versions[i].value.type == VALUE_TEXT &&
                 view_is(record.versions[i].value.bytes, hex);
    return RC_OK;
}

/* PULL_DENIED unless the form is the tablet's to fill and shows it. */
static enum rc check_form(struct giving *giving, struct err *err) {
    const struct scope *scope = &giving->device.scope;
    const struct form *form = NULL;
    enum rc rc = ledger_form(giving->ledger, giving->request.record.actor, &form, err);

    giving->answer.state = PULL_DENIED;
    if (rc != RC_OK || form == NULL || scope->revoked || form->audience != AUDIENCE_FIELD ||
        (scope->audience_mask & 1u << AUDIENCE_FIELD) == 0)
        return rc;
    for (uint32_t i = 0; i < form->media_count; i++)
        if (memcmp(form->media[i].hash, giving->request.hash, sizeof(giving->request.hash)) == 0)
            giving->answer.state = PULL_NOT_HERE;
    return RC_OK;
}

/* PULL_DENIED unless the record is the tablet's to read and names it. */
static enum rc check_record(struct giving *giving, struct err *err) {
    struct arena *arena = &giving->ledger->visit;
    struct stored_record stored;
    bool named = false;
    enum rc rc = store_record(giving->ledger->store, giving->request.record, arena, &stored, err);

    giving->answer.state = PULL_DENIED;
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc == RC_OK && in_scope(giving, &stored))
        rc = look_for_name(giving, &stored, &named, err);
    if (named)
        giving->answer.state = PULL_NOT_HERE;
    return rc;
}

static enum rc read_chunks(struct giving *giving, const char *path, struct err *err) {
    struct pull_answer *answer = &giving->answer;
    uint32_t count = attachment_chunk_count(answer->size);
    size_t at = 0;
    enum rc rc = RC_OK;

    answer->first = giving->request.first;
    for (uint32_t i = answer->first; i < count && rc == RC_OK; i++) {
        uint32_t size = attachment_chunk_size(answer->size, i);
        size_t before = giving->content.size;

        if (answer->chunk_count == PULL_CHUNKS_MAX)
            break;
        rc = file_read_at(path, (uint64_t)i * ATTACHMENT_CHUNK_BYTES, size, &giving->content, err);
        if (rc == RC_OK && giving->content.size - before != size)
            rc = err_set(err, RC_CORRUPT, "%s: it does not have the size that it came with", path);
        answer->chunk_count++;
    }
    /* Views are made when the buffer does not grow any more. */
    for (uint32_t i = 0; i < answer->chunk_count && rc == RC_OK; i++) {
        uint32_t size = attachment_chunk_size(answer->size, answer->first + i);

        answer->chunks[i] = view_of(giving->content.data + at, size);
        at += size;
    }
    return rc;
}

static enum rc give(struct giving *giving, struct err *err) {
    struct stored_attachment row;
    char path[ATTACHMENT_PATH_BYTES];
    enum rc rc = giving->request.record.number == PULL_OF_FORM ? check_form(giving, err)
                                                               : check_record(giving, err);

    if (rc != RC_OK || giving->answer.state == PULL_DENIED)
        return rc;
    rc = store_attachment(giving->ledger->store, giving->request.hash, &row, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc == RC_OK)
        rc = attachment_path(giving->office->directory, row.hash, path, err);
    if (rc != RC_OK)
        return rc;
    if (row.erased) {
        giving->answer.state = PULL_ERASED;
    } else if (row.received_ms != 0 && file_exists(path)) {
        giving->answer.state = PULL_HERE;
        giving->answer.size = row.size;
        giving->answer.kind = row.kind;
        return read_chunks(giving, path, err);
    }
    return RC_OK;
}

static enum rc know_device(struct giving *giving, struct view body, struct err *err) {
    enum rc rc = pull_request_read(body, &giving->request, err);

    if (rc == RC_OK)
        rc = store_device(giving->ledger->store, giving->request.device, &giving->ledger->visit,
                          &giving->device, err);
    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_DENIED, "this tablet is not enrolled here");
    return rc != RC_OK ? rc : pull_request_verify(body, giving->device.sign_public, err);
}

enum rc attachment_pull(const struct office *office, struct view body, struct buf *answer,
                        unsigned *status, struct err *err) {
    struct giving giving = {.office = office};
    uint32_t news;
    enum rc rc = office->borrow(office->context, &giving.ledger, err);

    *status = 200;
    if (rc != RC_OK)
        return rc;
    arena_reset(&giving.ledger->visit);
    buf_init(&giving.content, PULL_CHUNKS_MAX * ATTACHMENT_CHUNK_BYTES);
    rc = know_device(&giving, body, err);
    if (rc == RC_OK && !auth_nonce_good(office->keys, giving.device.device,
                                        env_wall_ms(office->env), giving.request.nonce, &news)) {
        *status = 401;
    } else if (rc == RC_OK) {
        giving.answer.epoch = office->epoch;
        memcpy(giving.answer.hash, giving.request.hash, sizeof(giving.answer.hash));
        rc = give(&giving, err);
        if (rc == RC_OK)
            rc = pull_answer_write(&giving.answer, office->keys->sign_secret, answer, err);
    }
    buf_release(&giving.content);
    arena_reset(&giving.ledger->visit);
    office->give_back(office->context, giving.ledger);
    return rc;
}

enum rc attachment_pull_handler(void *context, struct http_exchange *exchange, struct err *err) {
    const struct office *office = context;
    unsigned status = 200;
    enum rc rc =
        attachment_pull(office, exchange->request.body, &exchange->response.body, &status, err);

    exchange->response.status = status;
    return rc;
}
