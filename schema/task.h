/* task.h: what the county says to its workers, as records of two forms: a task (schema/forms/task),
 * something to do, and a note (schema/forms/note), a word about a record or one of its fields.
 *
 * They are ordinary records: they travel, merge and are read like any other. This reads their
 * fields by the paths that the forms that ship have; a form that lacks one reads as empty there. */
#ifndef YG_SCHEMA_TASK_H
#define YG_SCHEMA_TASK_H

#include "base/date.h"
#include "schema/reading.h"

#define TASK_FORM "task"
#define NOTE_FORM "note"

#define TASK_THIRD_PARTY '6' /* its kind: somebody of a third party is sent to see for himself */

enum task_state { TASK_OPEN = 1, TASK_DONE, TASK_CANCELLED };
const char *task_state_name(enum task_state state); /* "open", "done", "cancelled" */

struct task {
    struct dot household; /* number 0: none */
    struct view kind;     /* a code of the form: the kind of visit, or "9" */
    uint64_t assignee;    /* a person; 0: anybody of the area */
    struct date due;      /* year 0: none */
    struct view message;
    uint8_t state;    /* enum task_state; what no longer can be read is open */
    struct dot visit; /* the record that answered it; number 0: none */
};

/* Texts borrow from the record. What does not parse reads as empty. */
void task_read(const struct reading *reading, struct task *out);

enum note_kind { NOTE_COMMENT = 1, NOTE_RETURN, NOTE_APPROVE, NOTE_MARK, NOTE_REOPEN };
/* "comment", "return", "approve", "mark", "reopen". RC_INVALID lists them. */
const char *note_kind_name(enum note_kind kind);
enum rc note_kind_parse(struct view text, enum note_kind *out, struct err *err);

struct note {
    struct dot about;  /* number 0: cannot be read */
    struct view field; /* path in that record; empty: all of it */
    uint8_t kind;      /* enum note_kind; only the county writes other ones than comment */
    struct view text;
    struct view from; /* name as shown */
    int64_t at_ms;    /* corrected time of its first change */
};

void note_read(const struct reading *reading, struct note *out);

#endif
