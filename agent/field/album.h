/* album.h: photos, signatures, sound and files as answers of a draft.
 *
 * An answer to such a question is the SHA-256 of the content; where several are taken (the field's
 * policy is union) their names, parted by spaces. The content is sealed on disk before its name
 * stands in the answer, and is held for the draft: what is taken out of an answer can be put back
 * until the draft ends, and whatever no answer names then is forgotten with it. */
#ifndef YG_AGENT_FIELD_ALBUM_H
#define YG_AGENT_FIELD_ALBUM_H

#include "agent/field/filler.h"
#include "agent/store/blobs.h"

#define ALBUM_HEX_BYTES 65u

/* The field that the place asks for. RC_INVALID: it takes no photo, sound or file. */
enum rc album_field(const struct filler *filler, struct engine_place place,
                    const struct form_field **out, struct err *err);

/* Looks at the content, keeps it, and answers with it: instead of what was there, or beside it.
 * hex: its name. When it returns RC_OK all of it is on disk. RC_INVALID: not of the kind that the
 * question asks for, empty, or not whole. RC_LIMIT: too large, or too many. RC_DENIED: read-only,
 * not relevant, or not the person's area. */
enum rc album_add(struct filler *filler, struct engine_place place, struct view content,
                  char hex[ALBUM_HEX_BYTES], struct err *err);

/* Whether an answer may be this: names of what is on this tablet for this person, or was in the
 * record before; one of them where one is asked for. Empty is. RC_INVALID, RC_LIMIT. */
enum rc album_check(struct filler *filler, struct engine_place place, struct view text,
                    struct err *err);

/* Adds to the question's object (filler_json.c adds "max_pixels"): "accept" (image, audio, video,
 * file), "several" and "attachments" (see album_add_one), one for each name in the answer. */
enum rc album_json(struct filler *filler, const struct form_field *field, struct view accept,
                   struct view text, struct json *object, struct err *err);

/* Adds {"hash", "state", "type", "bytes"} to a list: enum blob_place; the last two only where it is
 * here. A text that is no name is left out, and *item is NULL then; item may be NULL. */
enum rc album_add_one(struct session *session, struct view hex, struct json *list,
                      struct json **item, struct err *err);

#endif
