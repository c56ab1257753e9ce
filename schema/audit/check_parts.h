/* check_parts.h: inside the verifier of audit files. */
#ifndef YG_SCHEMA_AUDIT_CHECK_PARTS_H
#define YG_SCHEMA_AUDIT_CHECK_PARTS_H

#include "schema/audit/check.h"
#include "schema/form.h"
#include "schema/succession.h"

/* A leaf where a feed has it. */
struct placed {
    uint64_t actor, number; /* as the author wrote them */
    const uint8_t *leaf;
    const struct audit_entry *entry;
    uint32_t feed;
    bool given; /* its change stands in a record */
};

/* A leaf under a device's signature. */
struct written {
    uint64_t actor, number;
    const uint8_t *leaf;
};

struct redaction {
    struct dot record;
    struct view erasure;
};

struct checked { /* a record whose state was made again */
    struct dot id;
    struct view state;
};

struct check {
    const struct audit_options *options;
    struct audit_result *result;
    struct arena *arena;  /* of the whole run */
    struct arena *record; /* of the record at hand */
    struct err found;
    const struct audit_piece *pieces;
    uint32_t piece_count;
    const struct audit_piece *piece; /* at hand */
    struct succession areas;
    const struct form **forms;
    uint32_t form_count, form_capacity;
    struct audit_person *people;
    uint64_t *person_ids; /* beside them */
    uint32_t person_count;
    struct audit_device *devices;
    uint64_t *device_ids;
    uint32_t device_count;
    struct feed_head *feeds;
    uint32_t feed_count, feed_capacity;
    struct placed *placed; /* sorted once all feeds are read */
    uint32_t placed_count, placed_capacity;
    struct written *written;
    uint32_t written_count, written_capacity;
    struct redaction *redactions;
    uint32_t redaction_count, redaction_capacity;
    struct checked *checked;
    uint32_t checked_count, checked_capacity;
    struct audit_file *files;
    uint32_t file_count;
};

void check_add(struct check *check, const struct err *found);
/* One difference in the part at hand: err_set's arguments. */
#define CHECK_FOUND(check, ...)                                                                    \
    do {                                                                                           \
        err_clear(&(check)->found);                                                                \
        (void)err_set(&(check)->found, RC_CORRUPT, __VA_ARGS__);                                   \
        check_add(check, &(check)->found);                                                         \
    } while (0)

/* Whether this is trouble with the machine rather than with the file. */
bool check_ends(enum rc rc);

/* The first of those with this name and leaf; NULL. *count: how many there are. */
struct placed *check_placed(const struct check *check, struct dot dot, const uint8_t leaf[32],
                            uint32_t *count);
bool check_written(const struct check *check, struct dot dot, const uint8_t leaf[32]);
const struct audit_person *check_person_named(const struct check *check, uint64_t person);
/* A record of which the state has been made; once all are checked. */
const struct checked *check_made(const struct check *check, struct dot id);
const struct form *check_form(void *check, uint64_t id); /* a form_lookup */

/* check_chain.c: feeds, batches, the staff log. */
enum rc check_feed(struct check *check, struct view content, struct err *err);
enum rc check_batch(struct check *check, struct view content, struct err *err);
enum rc check_log(struct check *check, struct view content, struct err *err);
void check_sort_leaves(struct check *check);
/* Every change in the feeds that were chosen is given. */
void check_whole(struct check *check);

/* check_record.c */
enum rc check_record(struct check *check, struct view content, struct err *err);
enum rc check_income(struct check *check, struct view content, struct err *err);

#endif
