/* check.h: the verifier of audit files (audit.h). Pure: bytes in, verdict out; it asks nobody and
 * trusts nothing in the file but what follows from hashes and signatures. What it finds it tells at
 * once, with the place, and goes on, so that one damaged part does not hide another.
 *
 * Proven, when nothing is found: that the county has signed this file; that the changes given lead,
 * leaf by leaf, to the feed heads that it states, which are those that tablets keep; which device
 * has signed which change, and which person which decision; and that these changes, merged by the
 * rules of the house, make the states that the county claims. docs/audit.md says what cannot be
 * proven. */
#ifndef YG_SCHEMA_AUDIT_CHECK_H
#define YG_SCHEMA_AUDIT_CHECK_H

#include "schema/audit/audit.h"
#include "schema/reading.h"

struct audit_finding {
    uint64_t at;      /* byte of the file at which the part begins in which it was found */
    const char *part; /* "record", ... */
    const char *text; /* what is wrong, in the language of err */
};

struct audit_options {
    const uint8_t *county_public; /* of whom the file must be; NULL: of whoever it says */
    void *context;
    /* Each may be NULL. What they get lives during the call only. */
    void (*found)(void *context, const struct audit_finding *finding);
    void (*feed)(void *context, const struct feed_head *head);
    void (*record)(void *context, const struct record *record, const struct reading *reading);
    void (*act)(void *context, const struct audit_act *act);
};

struct audit_result {
    struct audit_head head; /* texts borrow from the file */
    bool has_head;
    uint64_t parts, forms, people, devices, feeds, entries, leaves, batches;
    uint64_t records, changes;
    uint64_t open;   /* changes whose content is what their leaf says */
    uint64_t erased; /* by law: only the leaf is proven */
    uint64_t masked; /* in this file: the same */
    uint64_t signed_by_device, signed_by_person;
    uint64_t asides;   /* in quarantine: they count nowhere */
    uint64_t withheld; /* leaves in these feeds whose content is not given */
    uint64_t unknown_forms;
    uint64_t conflicts; /* open questions of these records */
    uint64_t incomes, acts, acts_shown, files, contents;
    struct audit_log_head log;
    bool whole; /* of the feeds in the selection every change is given */
    uint64_t differences;
};

/* RC_OK: the file was checked; it is valid if out->differences is 0. RC_INVALID, RC_UNSUPPORTED: it
 * is no such file; RC_NO_MEMORY, RC_LIMIT. file is what struct audit_result borrows from. */
enum rc audit_check(struct view file, const struct audit_options *options, struct audit_result *out,
                    struct err *err);

#endif
