/* attachment.h: what may stand beside a record: photos, signatures, sound, files.
 *
 * An attachment is bytes under the name of their SHA-256. What it is, is told by its content and
 * never by its name: a field for photos takes JPEG, PNG and WebP, one for sound M4A, Ogg, WAV and
 * WebM (which browsers record); a field for files takes those, PDF, and anything else. Its caps
 * stand in limits.h.
 *
 * The looks are structural: from the first part to the last, so that what was cut off, or is
 * something else under a picture's beginning, is noticed while the person who took it still stands
 * before the thing. Pixels are not decoded. */
#ifndef YG_SCHEMA_ATTACHMENT_H
#define YG_SCHEMA_ATTACHMENT_H

#include "base/buf.h"
#include "schema/form.h"
#include "schema/limits.h"

enum attachment_kind { /* on the wire and on disk: append only */
                       ATTACHMENT_OTHER = 0,
                       ATTACHMENT_JPEG,
                       ATTACHMENT_PNG,
                       ATTACHMENT_WEBP,
                       ATTACHMENT_M4A,
                       ATTACHMENT_OGG,
                       ATTACHMENT_WAV,
                       ATTACHMENT_PDF,
                       ATTACHMENT_WEBM,
                       ATTACHMENT_GIF,
                       ATTACHMENT_MP3,
};
#define ATTACHMENT_KIND_LAST ATTACHMENT_MP3

/* "image/jpeg"; "application/octet-stream" for others. */
const char *attachment_media_type(uint8_t kind);
/* What the first bytes say. */
enum attachment_kind attachment_sniff(struct view content);

enum attachment_use {
    ATTACHMENT_FOR_IMAGE, /* image, photo, signature */
    ATTACHMENT_FOR_SOUND, /* audio, background audio */
    ATTACHMENT_FOR_FILE,  /* file, video and the rest */
};
enum attachment_use attachment_use_of(const struct form_field *field);
/* The most bytes that may be read for this use. */
uint32_t attachment_bytes_max(enum attachment_use use);

/* RC_OK with its kind. RC_INVALID: empty, of another kind than the use wants, or not whole.
 * RC_LIMIT: larger than its kind may be. */
enum rc attachment_check(struct view content, enum attachment_use use, enum attachment_kind *kind,
                         struct err *err);

/* The same for what a form shows beside its questions: pictures, sounds and films that browsers
 * play. Drawings that can hold a program (SVG) are none. RC_LIMIT: above LIMIT_MEDIUM_BYTES. */
enum rc attachment_check_medium(struct view content, enum attachment_kind *kind, struct err *err);

#endif
