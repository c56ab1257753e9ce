/* qr.h: QR codes, to be drawn by whoever shows them; the only door to libqrencode. */
#ifndef YG_BASE_QR_H
#define YG_BASE_QR_H

#include "base/buf.h"
#include "base/err.h"

#define QR_TEXT_BYTES_MAX 1000u
#define QR_QUIET          4u /* modules of white around the code, which readers need */

/* Appends the dark modules as the path of an SVG image: "M4 4h7v1h-7z...", in units of one module,
 * within a square of *size units that has the quiet zone around it. Error correction M: a code on a
 * screen is seldom dirty. RC_LIMIT: the text is too long. */
enum rc qr_path(struct view text, unsigned *size, struct buf *path, struct err *err);

#endif
