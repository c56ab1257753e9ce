/* reading_build.h: the working state of reading_make, shared by its parts:
 *   seals.c              which versions count: seals, amendments, what came late
 *   reading_instances.c  instances, removals, who is the same as whom
 *   reading_cells.c      values and their conflicts
 * Order: seals_read, instances_read, cells_read, same_read, soft_read. */
#ifndef YG_SCHEMA_READING_BUILD_H
#define YG_SCHEMA_READING_BUILD_H

#include "schema/policy.h"
#include "schema/reading.h"

#define NO_NODE UINT32_MAX

struct node { /* the record itself (index 0), or an instance that somebody added */
    struct instance_id id, parent_id;
    uint32_t parent; /* index; the record for what has no known parent */
    uint16_t repeat;
    uint64_t lamport;    /* of the change that added it */
    uint32_t first, end; /* its versions */
    bool removal;        /* somebody removed it */
    bool unnamed;        /* something inside that no removal named */
    bool hidden;         /* by removal, its own or one further out */
    bool alias;          /* hidden as the same as an older one */
    uint32_t dot_count;  /* what its removals named, sorted */
    const struct dot *dots;
};

struct pending_conflict {
    struct conflict conflict;
    uint32_t node;
};

struct reading_build {
    const struct record *record;
    const struct form *form;
    struct arena *arena;
    bool *live;         /* per version */
    uint16_t *in_force; /* per absorbed, NULL if nothing is sealed */
    uint16_t sealed;
    uint32_t node_count;
    struct node *nodes; /* the record, then instances by id */
    uint32_t *order;    /* nodes but the record, oldest first */
    uint32_t *rank;     /* node -> place in order */
    uint32_t cell_count;
    struct cell *cells;
    uint32_t *cell_node; /* cell -> node, NO_NODE for an instance that nobody added */
    const struct form_field **cell_field; /* cell -> field of the form, NULL for an unknown one */
    uint32_t conflict_count, conflict_capacity;
    struct pending_conflict *conflicts;
    uint32_t late_count;
    const struct version **late;
    uint32_t area_count;
    uint64_t *areas;
};

/* All of these leave failures of the arena to its check at the end of reading_make. */
void seals_read(struct reading_build *build);
void instances_read(struct reading_build *build);
void cells_read(struct reading_build *build);
void same_read(struct reading_build *build);
void soft_read(struct reading_build *build);

/* live: per version of the record. */
bool cell_accepted(const struct record *record, const bool *live, const struct cell *cell,
                   struct arena *arena);

/* NULL when the arena is exhausted. The caller fills in versions. */
struct conflict *build_conflict(struct reading_build *build, enum conflict_kind kind, uint32_t node,
                                uint16_t field);
/* Fields of the form, nested instances, seals: what a removal must name. */
bool version_is_inside(const struct version *version);
uint32_t build_find_node(const struct reading_build *build, struct instance_id id);
bool node_hidden(const struct reading_build *build, uint32_t node);

#endif
