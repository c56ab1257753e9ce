/* taking.h: an answer of the county while it is taken (answer.c), and what its parts do to the
 * tablet. All inside the answer's transaction. */
#ifndef YG_AGENT_SYNC_TAKING_H
#define YG_AGENT_SYNC_TAKING_H

#include "agent/sync/inside.h"

#define ANSWER_ARENA_BYTES (16u * 1024u * 1024u)

struct taking {
    struct tablet *tablet;
    struct apply apply;
    struct arena arena;
    struct answer answer;
    struct view sealed;        /* content of PART_SEALED; empty: none */
    struct view signed_part;   /* content of PART_SIGNED */
    struct view areas;         /* the county's table; empty: none came */
    const uint8_t (*kept)[32]; /* names of what the county keeps of the baggage */
    uint32_t kept_count;
    bool later;            /* from the inbox */
    bool bundled;          /* out of a bundle */
    bool stale;            /* a newer answer was taken before */
    bool outdated;         /* and the county was restored in between: nothing of it counts */
    bool signed_only;      /* entries were refused */
    struct feed_id *feeds; /* that entries came for */
    uint32_t feed_count;
    struct arriving *snapshots;
    uint32_t snapshot_count, snapshot_capacity;
    struct feed_id broken; /* area 0: none */
    bool needs_bundle;     /* refused unless it was written for this device's bundle */
    struct sync_report *report;
    struct flow *flow;
};

/* What stands in clear: epoch, clock, nonce. */
enum rc taking_facts(struct taking *taking, struct err *err);
/* PART_SIGNED: receipts, certificates, what slices the county has, the scope; then what has to go.
 */
enum rc taking_signed(struct taking *taking, struct err *err);
/* What comes behind: forms, credential, snapshots, entries. Notes in taking which feeds it moved.
 */
enum rc taking_parts(struct taking *taking, struct reader *parts, struct err *err);

#endif
