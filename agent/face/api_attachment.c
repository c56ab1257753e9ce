/* api_attachment.c: photos, sound and files of a draft go in, and those of drafts and records come
 * out again.
 *
 * What is sent is looked at before it is kept: a browser's word for its type is not asked. What is
 * given out has the type that its first bytes show, out of a short list; anything else is bytes to
 * be downloaded. So nothing that somebody has attached is ever run as part of a page. Addresses
 * hold a hash or a draft's number, never a name. */
#include "agent/face/api_inside.h"

#include "agent/field/album.h"
#include "agent/store/media.h"
#include "base/crypt.h"
#include "base/text.h"

static enum rc reply(struct web_call *call, struct filler *filler, const char *hex,
                     struct err *err) {
    struct json *document = json_object();

    json_add_text(document, "hash", hex);
    return web_draft_reply(call, filler, document, err);
}

enum rc web_draft_attach(struct web_call *call, struct err *err) {
    struct engine_place place;
    struct filler *filler;
    char hex[ALBUM_HEX_BYTES];
    struct visit visit;
    struct buf ref;
    enum rc rc = web_draft_visit(call, &visit, &filler, err);

    buf_init(&ref, WEB_REF_BYTES);
    if (rc == RC_OK)
        rc = web_filter(call, "ref", &ref, err);
    if (rc == RC_OK && ref.size == 0)
        rc = err_set(err, RC_INVALID, "%s: is missing in the request", "ref");
    if (rc == RC_OK)
        rc = web_draft_place(filler, buf_text(&ref), &place, err);
    if (rc == RC_OK) {
        rc = album_add(filler, place, call->exchange->request.body, hex, err);
        if (rc == RC_OK)
            rc = reply(call, filler, hex, err);
        else if (rc != RC_INVALID && rc != RC_LIMIT && rc != RC_DENIED)
            face_put_away(visit.seat); /* the draft is read anew, as it is on disk */
    }
    buf_release(&ref);
    visit_close(&visit);
    return rc;
}

static bool is_shown(enum attachment_kind kind) {
    return kind != ATTACHMENT_OTHER && kind != ATTACHMENT_PDF;
}

static enum rc answer_content(struct web_call *call, struct buf *content, struct err *err) {
    struct http_response *response = &call->exchange->response;
    enum attachment_kind kind = attachment_sniff(buf_view(content));
    enum rc rc = RC_OK;

    response->content_type = attachment_media_type((uint8_t)kind);
    if (!is_shown(kind))
        rc = http_response_header(response, "Content-Disposition", "attachment", err);
    buf_clear(&response->body);
    buf_add_view(&response->body, buf_view(content));
    return rc == RC_OK ? buf_check(&response->body, "the answer", err) : rc;
}

enum rc web_attachment(struct web_call *call, struct err *err) {
    const char *hex = web_param(call, "hash");
    struct visit visit;
    struct buf content;
    uint8_t hash[32];
    enum rc rc = web_visit(call, &visit, err);

    buf_init(&content, LIMIT_ATTACHMENT_BYTES);
    if (rc == RC_OK && (strlen(hex) != 64 || !hex_decode(view_text(hex), hash, sizeof(hash))))
        rc = err_set(err, RC_NOT_FOUND, "this attachment is not on this tablet");
    if (rc == RC_OK)
        rc = blobs_read(visit.session, hash, &content, err);
    visit_close(&visit);
    if (rc == RC_OK)
        rc = answer_content(call, &content, err);
    crypt_buf_release(&content);
    return rc;
}

/* What a form shows beside its questions. */
enum rc web_medium(struct web_call *call, struct err *err) {
    const struct form_medium *medium;
    const struct form *form = NULL;
    struct visit visit;
    struct buf content;
    uint64_t id = 0;
    enum rc rc = web_visit(call, &visit, err);

    buf_init(&content, LIMIT_MEDIUM_BYTES);
    if (rc == RC_OK)
        rc = id_parse(view_text(web_param(call, "form")), &id, err);
    if (rc == RC_OK)
        form = tablet_form(visit.tablet, id);
    medium = form == NULL ? NULL : form_medium_named(form, view_text(web_param(call, "name")));
    if (rc == RC_OK && medium == NULL)
        rc = err_set(err, RC_NOT_FOUND, "the form was published without this picture");
    if (rc == RC_OK)
        rc = media_read(visit.tablet, medium->hash, &content, err);
    visit_close(&visit);
    if (rc == RC_OK)
        rc = answer_content(call, &content, err);
    buf_release(&content);
    return rc;
}

enum rc web_fetch(struct web_call *call, struct err *err) {
    const char *hash;
    enum rc rc = web_need(call, "hash", &hash, err);

    if (rc != RC_OK)
        return rc;
    web_word(call, web_param(call, "id"));
    web_option(call, "--fetch", hash);
    return web_run(call, face_attachments, err);
}
