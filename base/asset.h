/* asset.h: text files that travel inside the program.
 *
 * base/embed.c packs them at build time:   build/host/embed OUT.c SYMBOL ROOT FILE...
 * OUT.c then defines `const struct asset_table SYMBOL`, sorted by name, where a name is the file's
 * path below ROOT ("forms/household/survey.csv"). Users declare
 * `extern const struct asset_table SYMBOL;`. */
#ifndef YG_BASE_ASSET_H
#define YG_BASE_ASSET_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct asset {
    const char *name;
    const uint8_t *data; /* a NUL stands behind it that is not counted */
    size_t size;
};

struct asset_table {
    const struct asset *items;
    size_t count;
};

/* The asset with exactly that name, or NULL. */
const struct asset *asset_find(const struct asset_table *table, const char *name);

/* The index of the first asset whose name begins with prefix, count if there is none; those that
 * follow it with the prefix stand directly behind it. */
size_t asset_first(const struct asset_table *table, const char *prefix);

#endif
