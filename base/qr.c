/* qr.c: see qr.h. The only file that includes qrencode.h. */
#include "base/qr.h"

#include <qrencode.h>

/* One run of dark modules in a row. */
static void add_run(struct buf *path, unsigned row, unsigned from, unsigned to) {
    buf_addf(path, "M%u %uh%uv1h-%uz", from + QR_QUIET, row + QR_QUIET, to - from, to - from);
}

enum rc qr_path(struct view text, unsigned *size, struct buf *path, struct err *err) {
    QRcode *code;
    unsigned width;

    if (text.size == 0 || text.size > QR_TEXT_BYTES_MAX)
        return err_set(err, RC_LIMIT, "a QR code holds 1 to %u bytes", QR_TEXT_BYTES_MAX);
    code = QRcode_encodeData((int)text.size, text.data, 0, QR_ECLEVEL_M);
    if (code == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    width = (unsigned)code->width;
    for (unsigned row = 0; row < width; row++) {
        const unsigned char *modules = code->data + (size_t)row * width;

        for (unsigned at = 0; at < width;) {
            unsigned end = at;

            while (end < width && (modules[end] & 1u) != 0)
                end++;
            if (end > at)
                add_run(path, row, at, end);
            at = end > at ? end : at + 1;
        }
    }
    *size = width + 2 * QR_QUIET;
    QRcode_free(code);
    return buf_check(path, "a QR code", err);
}
