/* succession.h: areas that were merged, got another code, or another name.
 *
 * The county's table is append-only: each act says what happened at one moment. A code that was
 * given up maps to the one that took its place, and further through later acts, to the code in
 * force. A change keeps the code that its author knew; whoever reads a record, grants an area or
 * looks for one goes through this table. So nothing has to be written again when areas merge, and a
 * tablet that was away for months may still write under the old code.
 *
 * Grants are kept as they were given and are read through the table: whoever may work in an area
 * may work in the one that took its place. A grant for a township does not follow a village out of
 * it; what was written under the village's old code lies in the township still.
 *
 * An area above the villages takes what lies beneath along, with the same last digits: where two
 * villages would fall together by that, the county asks for the villages first
 * (syncd/desk/area.c). The most specific act counts.
 *
 * TABLE: version (1 byte, now 1), varint count, each: kind (1 byte), from, to (word.h's area
 * without audience; to is from for a name), time (signed), name (text; empty but for a name). */
#ifndef YG_SCHEMA_SUCCESSION_H
#define YG_SCHEMA_SUCCESSION_H

#include "schema/area.h"
#include "schema/reading.h"

enum area_act_kind {
    AREA_MERGED = 1,  /* from became a part of to */
    AREA_RECODED = 2, /* from is called to, and is what it was */
    AREA_NAMED = 3,   /* from has a new name */
};
const char *area_act_name(enum area_act_kind kind); /* "merge", "recode", "rename" */

struct area_act {
    uint8_t kind;
    uint64_t from, to;
    int64_t at_ms;
    struct view name;
};

struct succession {
    uint32_t count;
    const struct area_act *acts; /* in order of time */
};

/* The code in force for this one: itself, when nothing has taken its place. */
uint64_t succession_of(const struct succession *table, uint64_t area);
/* Whether a grant for these areas holds for this one. */
bool succession_grants(const struct succession *table, const uint64_t *areas, uint32_t count,
                       uint64_t area);
/* The areas as given and their successors, each once; out has room for 2 * count. */
uint32_t succession_expand(const struct succession *table, const uint64_t *areas, uint32_t count,
                           uint64_t *out);
/* The codes in force for these, each once, in their order; out may be areas. */
uint32_t succession_current(const struct succession *table, const uint64_t *areas, uint32_t count,
                            uint64_t *out);
/* The newest name; an area with a new code keeps its name. Empty: none is known. */
struct view succession_name(const struct succession *table, uint64_t area);

/* Whether this act may follow; the arena is for scratch: RC_INVALID for areas of two levels, for
 * one that was given up before, for one within the other, and for what would lead in a circle. */
enum rc succession_check(const struct succession *table, const struct area_act *act,
                         struct arena *arena, struct err *err);

/* A reading through the table: its areas become those in force, and a question between two areas
 * that are one now is none. Arrays in the arena; its failure is to be checked by the caller. */
void reading_succeed(const struct succession *table, struct reading *reading, struct arena *arena);

void succession_write(const struct succession *table, struct buf *out);
/* Names borrow from bytes. */
enum rc succession_read(struct view bytes, struct arena *arena, struct succession *out,
                        struct err *err);

#endif
