/* picture.h: small attachments that are what they say, for tests. */
#ifndef YG_TESTS_SUPPORT_PICTURE_H
#define YG_TESTS_SUPPORT_PICTURE_H

#include "base/buf.h"

/* Adds a whole JPEG of exactly this many bytes (at least 64), different for each seed. */
void picture_jpeg(struct buf *out, size_t size, uint32_t seed);
/* Adds a small whole one. */
void picture_png(struct buf *out);
void picture_webp(struct buf *out);
void picture_m4a(struct buf *out);
void picture_ogg(struct buf *out);
void picture_wav(struct buf *out);
void picture_webm(struct buf *out);
void picture_pdf(struct buf *out);

#endif
