/* task.h: the county's staff gives workers something to do, and says a word about records.
 *
 * A task and a note are records of the forms that schema/task.h reads, made by the county's own
 * actor in the name of one of the staff and signed with that person's key. Each lies in the area of
 * the record that it is about, so every tablet of that area pulls it. The command line
 * (task_cli.c) and the console call these; each is one act in the writer, and in the staff log.
 *
 * Whoever may not review (ABILITY_REVIEW) gives no tasks and writes comments only: RC_DENIED. Areas
 * outside of the person's grant are refused by judge.h, as any change would be. RC_NOT_FOUND when
 * the record is not there, or the form is not published here. */
#ifndef YG_SYNCD_DESK_TASK_H
#define YG_SYNCD_DESK_TASK_H

#include "schema/task.h"
#include "syncd/desk/desk.h"

/* Who says it: staff with the unlocked key, and the name under which it stands in the log and on
 * the note. */
struct speaker {
    const struct staff *staff;
    struct view name;
};

struct task_order {
    struct dot household; /* number 0: none, then area says where */
    uint64_t area;
    struct view kind;  /* a code of the form's list: "2" */
    uint64_t assignee; /* 0: anybody of the area */
    struct view due;   /* 2026-11-28; empty: none */
    struct view message;
};

/* RC_INVALID names the field and what is wrong with it. */
enum rc task_assign(const struct office *office, const struct speaker *speaker,
                    const struct task_order *order, struct dot *made, struct err *err);
/* Also of a task that is done already: the latest word counts. */
enum rc task_cancel(const struct office *office, const struct speaker *speaker, struct dot task,
                    struct view reason, struct dot *made, struct err *err);
/* Gives a task to somebody else, or another day; an empty view leaves that as it is, "-" empties
 * it. */
enum rc task_change(const struct office *office, const struct speaker *speaker, struct dot task,
                    struct view assignee, struct view due, struct dot *made, struct err *err);

struct note_order {
    struct dot about;
    struct view field; /* a path of that record as `show` has it; empty: all of it */
    enum note_kind kind;
    struct view text; /* of a comment and a return never empty */
};

/* RC_DENIED also about a record that tablets do not hold: a note would tell them of it. */
enum rc note_write(const struct office *office, const struct speaker *speaker,
                   const struct note_order *order, struct dot *made, struct err *err);

/* --- reading; views live in the seat's arena, until the visitor returns --- */

struct task_row {
    const struct stored_record *stored;
    struct task task;
    struct view assignee; /* name; empty: anybody, or unknown */
    struct view title;    /* of the household */
};
typedef enum rc task_visit(void *, const struct task_row *, struct err *);
/* Tasks of this area and beneath (0: all), the open ones by due, all of them by id; withdrawn ones
 * are left out. */
enum rc task_list(struct seat *seat, uint64_t area, bool open_only, task_visit *visit,
                  void *context, struct err *err);

struct note_row {
    const struct stored_record *stored;
    struct note note;
    uint64_t person; /* who wrote it */
};
typedef enum rc note_visit(void *, const struct note_row *, struct err *);
/* Notes about one record, by id. Costs what there are. */
enum rc note_list(struct seat *seat, const struct stored_record *about, note_visit *visit,
                  void *context, struct err *err);
/* The review that stands: the newest note of the county about the record that is no comment.
 * RC_NOT_FOUND, err then clear: there is none. */
enum rc note_review(struct seat *seat, const struct stored_record *about, enum note_kind *kind,
                    int64_t *at_ms, struct err *err);

#endif
