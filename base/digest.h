/* digest.h: the hashes that forms may ask for by name, digest() of ODK's expressions.
 *
 * Only for compatibility with forms and files of others: MD5 and SHA-1 protect nothing any more.
 * What this house itself hashes goes through base/crypt.h. GnuTLS computes them. */
#ifndef YG_BASE_DIGEST_H
#define YG_BASE_DIGEST_H

#include <stdbool.h>

#include "base/buf.h"

/* Appends the hash's bytes. algorithm is "MD5", "SHA-1", "SHA-256", "SHA-384" or "SHA-512"; false
 * for any other, and where the library refuses one; nothing is appended then. */
bool digest(struct view algorithm, struct view data, struct buf *out);

#endif
