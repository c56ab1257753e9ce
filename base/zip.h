/* zip.h: compression; the only door to zlib. Streams are in the zlib format (RFC 1950).
 *
 * Inflating is bounded on every side: the caller says how many bytes may come out, input must end
 * exactly where the stream ends, and memory grows with what really comes out, never with a claim
 * in a header. Inflaters and deflaters keep their state between runs, because setting one up costs
 * more than a small frame; they are not thread safe: one for each thread. */
#ifndef YG_BASE_ZIP_H
#define YG_BASE_ZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define ZIP_LEVEL_DEFAULT 6
#define ZIP_LEVEL_BEST    9

struct zip_inflater;
struct zip_deflater;

/* RC_NO_MEMORY. */
enum rc zip_inflater_new(struct zip_inflater **inflater, struct err *err);
void zip_inflater_free(struct zip_inflater *inflater); /* NULL is allowed */

/* level 0 to 9. RC_NO_MEMORY. */
enum rc zip_deflater_new(int level, struct zip_deflater **deflater, struct err *err);
void zip_deflater_free(struct zip_deflater *deflater); /* NULL is allowed */

/* Appends the inflated bytes to out. At most max_bytes may come out (RC_LIMIT); with exact_bytes
 * above 0 exactly that many must (RC_CORRUPT; exact_bytes above max_bytes is RC_LIMIT). RC_CORRUPT
 * for a broken or truncated stream, a preset dictionary, or bytes behind the stream's end. On
 * failure out is as long as before. The inflater may be used again after any failure. */
enum rc zip_inflater_run(struct zip_inflater *inflater, struct view packed, size_t max_bytes,
                         size_t exact_bytes, struct buf *out, struct err *err);

/* Appends one stream of all pieces in order to out. With flush_between a new deflate block begins
 * at each piece, so that pieces with different statistics (columns) get Huffman tables of their
 * own; this costs nothing but the tables. */
enum rc zip_deflater_run(struct zip_deflater *deflater, const struct view *pieces, size_t count,
                         bool flush_between, struct buf *out, struct err *err);

/* The same with a state set up for one run. */
enum rc zip_inflate(struct view packed, size_t max_bytes, size_t exact_bytes, struct buf *out,
                    struct err *err);
enum rc zip_deflate(struct view plain, int level, struct buf *out, struct err *err);
enum rc zip_deflate_pieces(const struct view *pieces, size_t count, int level, bool flush_between,
                           struct buf *out, struct err *err);

#endif
