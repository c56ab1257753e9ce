/* album.c: see album.h. An answer with several names is a text with a space between them, which the
 * engine takes for one answer and schema/form/filling_write.c for a set. */
#include "agent/field/album.h"

#include "base/text.h"

#define ANSWER_BYTES (LIMIT_ALBUM * ALBUM_HEX_BYTES)

static bool takes_several(const struct form_field *field) {
    return field->policy == POLICY_UNION;
}

static enum rc takes_none(const struct filler *filler, struct engine_place place, struct err *err) {
    const struct model *model = filler_program(filler)->model;
    struct view path = view_text("");

    if (place.field != MODEL_NONE)
        path = model->fields[place.field].path;
    return err_set(err, RC_INVALID, "%.*s: this question takes no photo, sound or file",
                   VIEW_PRINT(path));
}

enum rc album_field(const struct filler *filler, struct engine_place place,
                    const struct form_field **out, struct err *err) {
    const struct form_program *program = filler_program(filler);
    uint32_t index = place.field == MODEL_NONE ? FORM_NO_PARENT : program->compiled[place.field];

    *out = index == FORM_NO_PARENT ? NULL : &program->form->fields[index];
    if (*out != NULL && (*out)->type == FIELD_TYPE_ATTACHMENT)
        return RC_OK;
    return takes_none(filler, place, err);
}

static uint32_t count_words(struct view text) {
    uint32_t count = 0;
    size_t at = 0;

    while (text_word(text, &at).size > 0)
        count++;
    return count;
}

static enum rc too_many(struct err *err) {
    return err_set(err, RC_LIMIT, "one question takes at most %u attachments", LIMIT_ALBUM);
}

/* What the answer will be with this one. */
static enum rc join(const struct form_field *field, struct view before, const char *hex,
                    struct buf *out, struct err *err) {
    bool is_known = text_has_word(before, view_text(hex));

    if (takes_several(field) && before.size > 0) {
        if (!is_known && count_words(before) >= LIMIT_ALBUM)
            return too_many(err);
        buf_add_view(out, before);
        if (!is_known)
            buf_add_u8(out, ' ');
    }
    if (!is_known || !takes_several(field))
        buf_add_text(out, hex);
    return buf_check(out, "an answer", err);
}

/* Before anything is kept: the question would refuse it. */
static enum rc check_open(struct filler *filler, struct engine_place place, struct err *err) {
    struct engine_state state;

    if (!engine_look(filler_engine(filler), place, &state))
        return err_set(err, RC_NOT_FOUND, "there is no such question in the draft any more");
    if (state.is_read_only)
        return err_set(err, RC_DENIED, "this answer cannot be changed: it is read-only");
    if (!state.is_relevant)
        return err_set(err, RC_DENIED, "this question does not apply now");
    return RC_OK;
}

enum rc album_add(struct filler *filler, struct engine_place place, struct view content,
                  char hex[ALBUM_HEX_BYTES], struct err *err) {
    const struct form_field *field = NULL;
    uint8_t hash[32];
    struct buf answer;
    enum rc rc = album_field(filler, place, &field, err);

    if (rc == RC_OK)
        rc = check_open(filler, place, err);
    if (rc != RC_OK)
        return rc;
    rc = blobs_add(filler_session(filler), filler_area(filler), attachment_use_of(field), content,
                   filler_draft(filler), hash, err);
    if (rc != RC_OK)
        return rc;
    hex_encode(view_of(hash, sizeof(hash)), hex);
    buf_init(&answer, ANSWER_BYTES);
    rc = join(field, text_trim(engine_value(filler_engine(filler), place)), hex, &answer, err);
    if (rc == RC_OK)
        rc = engine_set(filler_engine(filler), place, buf_view(&answer), err);
    if (rc == RC_OK)
        rc = filler_keep(filler, err);
    buf_release(&answer);
    return rc;
}

static bool parse_name(struct view word, uint8_t hash[32]) {
    return word.size == 64 && hex_decode(word, hash, 32);
}

/* Is on this tablet, stands in the answer, or stood in the record. */
static enum rc check_known(struct filler *filler, struct engine_place place, struct view word,
                           struct err *err) {
    struct blob_seen seen;
    uint8_t hash[32];
    enum rc rc;

    if (!parse_name(word, hash))
        return err_set(err, RC_INVALID,
                       "an answer here is the name of an attachment, 64 hexadecimal digits");
    if (text_has_word(engine_value(filler_engine(filler), place), word) ||
        text_has_word(filler_base(filler, place), word))
        return RC_OK;
    rc = blobs_look(filler_session(filler), hash, &seen, err);
    if (rc == RC_OK && seen.place == BLOB_ELSEWHERE)
        return err_set(err, RC_INVALID, "this attachment is not on this tablet");
    return rc;
}

enum rc album_check(struct filler *filler, struct engine_place place, struct view text,
                    struct err *err) {
    const struct form_field *field = NULL;
    size_t at = 0;
    enum rc rc = album_field(filler, place, &field, err);

    if (rc == RC_OK && count_words(text) > (takes_several(field) ? LIMIT_ALBUM : 1u))
        rc = takes_several(field)
                 ? too_many(err)
                 : err_set(err, RC_INVALID, "this question takes one attachment, not several");
    while (rc == RC_OK && at < text.size) {
        struct view word = text_word(text, &at);

        if (word.size > 0)
            rc = check_known(filler, place, word, err);
    }
    return rc;
}

/* ---- for a screen ---- */

enum rc album_add_one(struct session *session, struct view hex, struct json *list,
                      struct json **item, struct err *err) {
    struct json *added = NULL;
    struct blob_seen seen;
    uint8_t hash[32];
    enum rc rc = RC_OK;

    if (parse_name(hex, hash)) {
        rc = blobs_look(session, hash, &seen, err);
        if (rc == RC_OK) {
            added = json_add_object(list, NULL);
            json_add_view(added, "hash", hex);
            json_add_text(added, "state", blob_place_name(seen.place));
        }
        if (rc == RC_OK && seen.place != BLOB_ELSEWHERE) {
            json_add_text(added, "type", attachment_media_type(seen.kind));
            json_add_int(added, "bytes", seen.size);
        }
    }
    if (item != NULL)
        *item = added;
    return rc;
}

/* "image" of "image/jpeg" and the like; whatever else is asked for is a file. */
static struct view accept_word(struct view accept) {
    static const char *const words[] = {"image", "audio", "video"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (view_is(view_slice(accept, 0, strlen(words[i])), words[i]))
            return view_text(words[i]);
    return view_text("file");
}

enum rc album_json(struct filler *filler, const struct form_field *field, struct view accept,
                   struct view text, struct json *object, struct err *err) {
    struct json *list = NULL;
    size_t at = 0;
    enum rc rc = RC_OK;

    json_add_view(object, "accept", accept_word(accept));
    if (field != NULL && takes_several(field))
        json_add_bool(object, "several", true);
    while (at < text.size && rc == RC_OK) {
        struct view word = text_word(text, &at);

        if (word.size == 0)
            continue;
        if (list == NULL)
            list = json_add_array(object, "attachments");
        rc = album_add_one(filler_session(filler), word, list, NULL, err);
    }
    return rc;
}
