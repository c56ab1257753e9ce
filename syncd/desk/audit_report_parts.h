/* audit_report_parts.h: inside the reports: a line being made, and the questions. */
#ifndef YG_SYNCD_DESK_AUDIT_REPORT_PARTS_H
#define YG_SYNCD_DESK_AUDIT_REPORT_PARTS_H

#include "schema/reading.h"
#include "syncd/desk/audit.h"

struct report {
    const struct audit_ask *ask;
    audit_visit_line *visit;
    void *context;
    struct arena arena; /* of the record at hand */
    struct audit_cell cells[AUDIT_CELLS_MAX];
    uint32_t count;
};

/* The next cell of the line; texts must live until report_line. The key is that of
 * audit_report_keys at this place. */
void report_text(struct report *report, struct view text);
void report_number(struct report *report, enum audit_cell_kind kind, int64_t number);
/* Copied into the arena of the record at hand. */
void report_dot(struct report *report, struct dot dot);
void report_area(struct report *report, uint64_t area);
enum rc report_line(struct report *report, struct err *err);

/* Where the part begins; and whether this record belongs to it: if not, the walk ends
 * (RC_NOT_FOUND). Whoever has told its line says so. */
struct dot report_after(const struct report *report);
bool report_begins(struct report *report);
void report_reached(struct report *report, struct dot record);

/* The value of a field of an instance, NULL where it has none. path as in form_field.path. */
const struct value *report_value(const struct reading *reading, struct instance_id instance,
                                 const char *path);
struct view report_value_text(const struct reading *reading, struct instance_id instance,
                              const char *path);

enum rc report_visits(struct report *report, struct err *err);  /* audit_report_visit.c */
enum rc report_changes(struct report *report, struct err *err); /* audit_report_change.c */
enum rc report_incomes(struct report *report, struct err *err); /* audit_report.c */
enum rc report_tablet(struct report *report, struct err *err);  /* audit_report_tablet.c */

#endif
