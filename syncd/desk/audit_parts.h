/* audit_parts.h: inside the signed export: what is gathered before the first part is written. */
#ifndef YG_SYNCD_DESK_AUDIT_PARTS_H
#define YG_SYNCD_DESK_AUDIT_PARTS_H

#include "syncd/desk/audit.h"
#include "syncd/desk/log_frames.h"

struct audit_feed_name {
    uint64_t area;
    uint8_t audience;
};

struct gathered_batch {
    struct dot dot; /* of one of its changes, as it is known */
    struct view proof;
    struct view forks;
};

struct gathered {
    const struct office *office;
    struct ledger *ledger;
    const struct audit_wish *wish;
    struct arena arena;       /* of the whole run */
    struct arena scratch;     /* of the record or entry at hand */
    struct log_frames frames; /* raw */
    struct dot *records;      /* sorted, each once */
    uint32_t record_count, record_capacity;
    struct audit_feed_name *feeds;
    uint32_t feed_count, feed_capacity;
    uint64_t *people, *actors, *devices, *forms;
    uint32_t people_count, people_capacity, actor_count, actor_capacity;
    uint32_t device_count, device_capacity, form_count, form_capacity;
    struct gathered_batch *batches;
    uint32_t batch_count, batch_capacity;
    struct view last_proof; /* of the batch added last: changes of one batch stand together */
    uint8_t (*hashes)[32];  /* of attachments */
    uint32_t hash_count, hash_capacity;
};

/* audit_gather.c */
enum rc gather(struct gathered *gathered, struct err *err);
bool gathered_record(const struct gathered *gathered, struct dot id);
/* Whether a field of a form version is to be masked in this file. */
bool gathered_masks(const struct gathered *gathered, uint64_t form, uint16_t field);

#endif
