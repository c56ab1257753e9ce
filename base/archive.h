/* archive.h: files inside a .zip archive (a workbook is one); the only door to libzip.
 *
 * Reading is from memory only. Everything is bounded before a byte is inflated: the number of
 * entries, the size an entry claims, the ratio of claimed to packed size (a bomb); and while it is
 * inflated again by what really comes out, and by the check sum. Encrypted entries are refused. */
#ifndef YG_BASE_ARCHIVE_H
#define YG_BASE_ARCHIVE_H

#include "base/arena.h"

#define ARCHIVE_ENTRIES_MAX 10000u
#define ARCHIVE_RATIO_MAX   300u /* sheets of empty styled cells reach 60 */

struct archive;

/* The bytes stay valid and unchanged until archive_close. RC_INVALID for what is no archive,
 * RC_LIMIT for too many entries. */
enum rc archive_open(struct view bytes, struct archive **out, struct err *err);
void archive_close(struct archive *archive); /* NULL is allowed */

/* Whether there is an entry with exactly that name. */
bool archive_has(const struct archive *archive, struct view name);

/* Inflates an entry into the arena. RC_NOT_FOUND, RC_LIMIT above max_bytes or the ratio, RC_CORRUPT
 * for a broken entry or check sum, RC_UNSUPPORTED for an encrypted one or an unknown packer. */
enum rc archive_read(struct archive *archive, struct view name, size_t max_bytes,
                     struct arena *arena, struct view *out, struct err *err);

/* Writes an archive of these files, which are read piece by piece and stay; a file that is in the
 * way is replaced. RC_IO. */
enum rc archive_write(const char *path, const char *const *names, const char *const *files,
                      uint32_t count, struct err *err);

#endif
