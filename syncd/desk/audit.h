/* audit.h: the desk's answers to an auditor: files that prove what they say (schema/audit/audit.h),
 * and the questions of an inspector as reports. No printing here: commands (audit_command.c) and
 * the console show what these functions give. */
#ifndef YG_SYNCD_DESK_AUDIT_H
#define YG_SYNCD_DESK_AUDIT_H

#include "schema/audit/audit.h"
#include "syncd/sync/office.h"

/* ---- the signed export ---- */

#define AUDIT_RECORDS_MAX 1000000u

struct audit_wish {
    uint8_t selection; /* enum audit_selection */
    uint32_t record_count;
    const struct dot *records; /* AUDIT_RECORDS */
    uint32_t area_count;
    uint64_t *areas; /* AUDIT_AREA: by the codes in force, with what lies beneath */
    bool full;       /* sensitive values too; else they are masked */
    bool contents;   /* the attachments themselves, too */
    struct view by, reason;
    int64_t day; /* on which incomes are computed: days since 1970-01-01 */
};

/* Writes a whole file through write. Reads one moment of the county, however long it takes. The
 * caller has put the act into the staff log before. RC_NOT_FOUND: one of the records; RC_LIMIT.
 * What was written is no file unless RC_OK comes back. */
enum rc audit_export(const struct office *office, struct ledger *ledger,
                     const struct audit_wish *wish,
                     enum rc (*write)(void *sink, struct view bytes, struct err *err), void *sink,
                     struct err *err);

#endif
