/* gist.h: the little that lists need of a record beside its title: whom it is about, and how it
 * stands. Kept with the summary of each record, so that the day's work is found without opening
 * thousands of them.
 *
 * Read by the field names of the forms that ship (household, visit, task, note); of any other form
 * the gist is GIST_NONE. What is in conflict reads as empty. */
#ifndef YG_SCHEMA_GIST_H
#define YG_SCHEMA_GIST_H

#include "schema/reading.h"

enum gist_kind { GIST_NONE = 0, GIST_HOUSEHOLD, GIST_VISIT, GIST_TASK, GIST_NOTE };

#define VISIT_FORM     "visit"
#define HOUSEHOLD_FORM "household"
#define VISIT_SCOPE    "visit"
#define VISIT_DONE     '1' /* outcome: somebody was there and answered */

struct gist {
    uint8_t kind;     /* enum gist_kind */
    uint8_t state;    /* task: enum task_state; note: enum note_kind; visit: who signed the seal */
    char code[2];     /* household: class, kind of register; visit: kind, outcome; task: kind; 0 */
    struct dot about; /* visit, task: the household; note: the record; number 0: none */
    uint64_t person;  /* task: assignee; note: author */
    int64_t when;     /* household: when it was made; visit: begun; note: written, all in ms;
                       * task: due, in days since 1970, INT64_MAX without one */
};

void gist_make(const struct reading *reading, struct gist *out);

/* As it stands in a summary. */
void gist_encode(const struct gist *gist, struct buf *out);
struct gist gist_decode(struct reader *in);

/* Which scope has this name; FORM_NO_SCOPE if none has. */
uint32_t form_scope(const struct form *form, const char *name);

#endif
