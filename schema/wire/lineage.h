/* lineage.h: under which names the numbers of copied databases are known.
 *
 * A database that was copied gives numbers twice. Each history but the first one to reach the
 * county is a fork: from its first number with another content on it has a name of its own. A copy
 * of a copy is a fork of a fork, so one history may go through several names:
 *
 *     A 1 2 3 4 5 6 7 8           known as A
 *           4'5'6'                from 4 on known as F
 *               6" 7"             4' and 5' are F's; from 6 on known as G
 *
 * A lineage is the table that says so for one history: number n of `actor` is known under the name
 * of the last row of that actor whose `from` is not larger than n; under its own before the first.
 *
 * A county that was restored may have a number under the name of an earlier epoch, because others
 * brought it, while those around it go by another one (syncd/sync/fork.h). Such a number is a
 * stray: one row leads to its name, and the next one back to that of its history, which may be
 * `actor`. */
#ifndef YG_SCHEMA_WIRE_LINEAGE_H
#define YG_SCHEMA_WIRE_LINEAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "schema/id.h"
#include "schema/limits.h"

struct fork_range {
    uint64_t actor; /* as the author wrote it */
    uint64_t from;  /* at least 1 */
    uint64_t name;  /* as it is read */
};

struct lineage {
    uint32_t count;                  /* 0: nothing was copied */
    const struct fork_range *ranges; /* by actor, then from; at most LIMIT_LINEAGE of them */
};

/* fork = id_from_hash(hash("yg fork", parent (id), from (8 bytes, big-endian), leaf there)): the
 * name of the history that differs from parent's first in this number. Whoever computes it gets the
 * same. epoch, unless 0, follows (8 bytes, big-endian): the county was restored, and cannot know
 * what it had called by the parent's name; so this name begins in its present epoch. */
uint64_t lineage_name(uint64_t parent, uint64_t from, const uint8_t leaf[32], uint32_t epoch);

/* The name under which this dot is known. */
struct dot lineage_read(const struct lineage *lineage, struct dot dot);

/* Without its strays: the names that the history goes through, each once. In the arena. */
enum rc lineage_trunk(const struct lineage *lineage, struct arena *arena, struct lineage *out,
                      struct err *err);

/* varint count (at least 1), then each: actor (id), from (varint), name (id). Nothing at all for an
 * empty lineage. */
void lineage_encode(const struct lineage *lineage, struct buf *out);
/* Moves the reader behind the lineage; out is its encoding, checked. */
struct view lineage_skip(struct reader *in);
/* Empty bytes are an empty lineage. RC_CORRUPT for others than lineage_encode writes. */
enum rc lineage_decode(struct view bytes, struct arena *arena, struct lineage *out,
                       struct err *err);

#endif
