/* spool.h: files too large for memory, piece by piece. What is written appears under its name as a
 * whole or not at all, and never in the place of another file. Errors as in file.h. */
#ifndef YG_BASE_SPOOL_H
#define YG_BASE_SPOOL_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

struct spool;

/* Writes to "path.part" until spool_finish; what an earlier attempt left there is overwritten.
 * RC_CONFLICT: path exists. */
enum rc spool_create(const char *path, mode_t mode, struct spool **out, struct err *err);
enum rc spool_write(struct spool *spool, struct view bytes, struct err *err);
/* Makes it durable and gives it its name; closes the spool in any case. RC_CONFLICT: somebody has
 * made a file of that name meanwhile. */
enum rc spool_finish(struct spool *spool, struct err *err);

/* For reading, from the beginning; the system is asked to forget what it has cached, so that the
 * medium itself is read. RC_NOT_FOUND. */
enum rc spool_open(const char *path, struct spool **out, struct err *err);
/* Appends up to size bytes to out; fewer only at the end of the file. */
enum rc spool_read(struct spool *spool, size_t size, struct buf *out, struct err *err);

/* Closes; what was being written is removed. NULL is allowed. */
void spool_close(struct spool *spool);

#endif
