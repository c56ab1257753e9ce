/* console_picture.c: the photo, sound or file that a record names. Which one it is stands in the
 * address; that the record names it, in a field that the asker may see, is looked up each time.
 * And what a form shows beside its questions. */
#include "base/crypt.h"
#include "base/file.h"
#include "base/text.h"
#include "schema/attachment.h"
#include "syncd/desk/console_seen.h"
#include "syncd/desk/history.h"
#include "syncd/desk/values.h"
#include "syncd/sync/attachment.h"

struct named {
    bool found, sensitive;
};

static enum rc nothing(const char *hex, struct err *err) {
    return err_set(err, RC_NOT_FOUND, "%.64s: the record names no such file", hex);
}

/* Every version of the state may be looked at: the history shows those that were replaced. What is
 * sensitive anywhere is. */
static void find_in_state(const struct seen_record *seen, const char *hex, struct named *named) {
    const struct form *form = seen->reading.form;

    for (uint32_t i = 0; i < seen->record.version_count; i++) {
        const struct version *version = &seen->record.versions[i];
        const struct form_field *field =
            form == NULL ? NULL : form_field_by_number(form, version->field);

        if (version->value.type != VALUE_TEXT || !view_is(version->value.bytes, hex))
            continue;
        named->found = true;
        named->sensitive = named->sensitive || answers_is_sensitive(field, version->field);
    }
}

/* Photos that somebody gave as the reason of a change. They belong to no field: they are as
 * confidential as what the change says. */
static enum rc find_in_evidence(struct console_call *call, const struct seen_record *seen,
                                const uint8_t hash[32], struct named *named, struct err *err) {
    const struct form *form = seen->reading.form;
    struct history history;
    enum rc rc =
        history_open(&call->seat, console_param(call, "record"), (struct view){0}, &history, err);

    for (size_t i = 0; i < history.count && rc == RC_OK; i++) {
        const struct log_frame *frame = NULL;
        const struct frame_change *item = NULL;
        bool names = false;

        rc = log_frames_change(&history.frames, &history.changes[i], &frame, &item, err);
        if (rc != RC_OK || item->change.insane)
            continue;
        for (uint32_t k = 0; k < item->change.evidence_count; k++)
            names = names || memcmp(item->change.evidence[k], hash, 32) == 0;
        if (!names)
            continue;
        named->found = true;
        named->sensitive = named->sensitive || change_is_sensitive(&item->change, form);
    }
    history_close(&history);
    return rc;
}

static bool is_shown(enum attachment_kind kind) {
    return kind != ATTACHMENT_OTHER && kind != ATTACHMENT_PDF;
}

static enum rc send(struct console_call *call, const char *path, const uint8_t hash[32],
                    uint32_t size, struct err *err) {
    struct http_response *response = &call->exchange->response;
    enum attachment_kind kind;
    struct buf content;
    enum rc rc = attachment_file_check(path, hash, size, err);

    buf_init(&content, LIMIT_ATTACHMENT_BYTES);
    if (rc == RC_OK)
        rc = file_read(path, LIMIT_ATTACHMENT_BYTES, &content, err);
    if (rc == RC_OK) {
        kind = attachment_sniff(buf_view(&content));
        response->content_type = attachment_media_type((uint8_t)kind);
        if (!is_shown(kind))
            rc = http_response_header(response, "Content-Disposition", "attachment", err);
        buf_clear(&response->body);
        buf_add_view(&response->body, buf_view(&content));
    }
    if (rc == RC_OK)
        rc = buf_check(&response->body, "the answer", err);
    buf_release(&content);
    return rc;
}

enum rc console_picture(struct console_call *call, struct err *err) {
    const char *hex = console_param(call, "hash");
    char object[DOT_TEXT_BYTES + 80], path[ATTACHMENT_PATH_BYTES];
    struct stored_attachment stored;
    struct named named = {false, false};
    struct seen_record seen;
    uint8_t hash[32];
    bool masked = true;
    enum rc rc = console_seen(call, &seen, err);

    if (rc != RC_OK)
        return rc;
    if (strlen(hex) == 64 && hex_decode(view_text(hex), hash, sizeof(hash)))
        find_in_state(&seen, hex, &named);
    if (!named.found && strlen(hex) == 64 && hex_decode(view_text(hex), hash, sizeof(hash)))
        rc = find_in_evidence(call, &seen, hash, &named, err);
    if (rc != RC_OK)
        return rc;
    if (!named.found)
        return nothing(hex, err);
    rc = store_attachment(call->seat.ledger->store, hash, &stored, err);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && (stored.erased || stored.received_ms == 0)))
        return err_set(err, RC_NOT_FOUND, "%.64s: it has not come to the county yet, or is gone",
                       hex);
    if (rc != RC_OK)
        return rc;
    snprintf(object, sizeof(object), "%s %.64s", console_param(call, "record"), hex);
    if (call->body != NULL)
        rc = console_mask(call, object, &masked, err);
    else if (named.sensitive)
        rc = err_set(err, RC_DENIED, "%.64s: this is masked; say why you look at it", hex);
    if (rc == RC_OK)
        rc = attachment_path(call->seat.office->directory, hash, path, err);
    return rc == RC_OK ? send(call, path, hash, stored.size, err) : rc;
}

/* What a form shows is nobody's secret: everybody sees forms. */
enum rc console_form_medium(struct console_call *call, struct err *err) {
    const char *name = console_param(call, "name"), *which = console_param(call, "form");
    char path[FILE_PATH_BYTES_MAX] = "";
    const struct form_medium *medium;
    const struct form *form = NULL;
    enum rc rc = console_form_which(call, which, &form, err);

    if (rc != RC_OK)
        return rc;
    medium = form_medium_named(form, view_text(name));
    if (medium == NULL)
        return err_set(err, RC_NOT_FOUND, "%.60s: this was not brought with the form", name);
    if (strcmp(which, "uploaded") == 0)
        rc = form_shelf_path(console_shelf(call->console), call->session.stored.name, medium->hash,
                             path, err);
    if (rc == RC_OK && !file_exists(path)) /* of the version in force */
        rc = attachment_path(call->seat.office->directory, medium->hash, path, err);
    return rc == RC_OK ? send(call, path, medium->hash, medium->size, err) : rc;
}
