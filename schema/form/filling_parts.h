/* filling_parts.h: inside of a filling: its cells and repeat instances.
 *   filling.c         a program; a record as an XForm instance
 *   filling_cells.c   beginning, what is there
 *   filling_kept.c    keeping it between two answers, and by other names
 *   filling_write.c   what has changed, as a change
 *   filling_renew.c   the same answers over a newer state of the record */
#ifndef YG_SCHEMA_FORM_FILLING_PARTS_H
#define YG_SCHEMA_FORM_FILLING_PARTS_H

#include "schema/form/filling.h"

#define FILLING_BYTES (64u * 1024u * 1024u)

struct live_instance {
    uint64_t id, parent;
    uint32_t repeat; /* index of the compiled field */
};

struct live {
    struct live_instance *list; /* the record itself first, parents before what is in them */
    uint32_t count, capacity;
};

/* Whether a person's answer may become an entry of a change. */
bool filling_writes(const struct form_field *field);
/* What is typed into it adds an element, and what is there is not shown. */
bool filling_only_adds(const struct form_field *field);
/* Photos of which there may be several: their names stand in the answer, parted by spaces. Whoever
 * adds one to an answer that somebody else has changed meanwhile adds it all the same. */
bool filling_is_album(const struct form_field *field);

/* All repeat instances, as a walk through the body meets them; in the arena. */
enum rc filling_instances(struct filling *filling, struct arena *arena, struct live *live,
                          struct err *err);
/* The trimmed text of a cell, until the next change. field is an index of the compiled form. */
struct view filling_live_text(const struct filling *filling, uint32_t field, uint64_t instance);
/* By instance and field. */
void filling_sort_base(struct filling *filling);
/* An instance that was there at the beginning, or NULL. */
const struct old_instance *filling_old(const struct filling *filling, uint64_t id);

#endif
