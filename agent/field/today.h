/* today.h: what somebody has to do: tasks of the county for him or for anybody of his areas, and
 * households whose next visit is due by the county's table of intervals (schema/reverify.h); and
 * what the county gave back to him with a word (notes). All of it is worked out from the summaries
 * of the session, so that ten thousand households cost milliseconds; only tasks and notes that are
 * shown are opened. */
#ifndef YG_AGENT_FIELD_TODAY_H
#define YG_AGENT_FIELD_TODAY_H

#include "agent/store/session.h"
#include "schema/task.h"

#define TODAY_TASKS_MAX 500u
#define TODAY_NOTES_MAX 200u

struct today_item {
    struct dot task;      /* number 0: due by the table of intervals */
    struct dot household; /* number 0: a task about none */
    uint64_t area;
    struct view title;   /* of the household; empty: not on this tablet, or none */
    struct view message; /* of a task */
    char kind;           /* of the visit: '1' new, '2' review... '9' other */
    bool mine;           /* assigned to this person, not to anybody */
    int64_t due_days;    /* since 1970; INT64_MAX: none */
    int64_t visited_ms;  /* begin of the last visit that was sealed; 0: none */
};

/* Sorted by due day, tasks before others. due_total: how many of the second kind there are; only
 * the first `most` of them are given. now_ms decides what is due. */
enum rc today_list(struct session *session, int64_t now_ms, uint32_t most, struct arena *arena,
                   struct today_item **out, uint32_t *count, uint32_t *due_total, struct err *err);

/* Notes with kind return that stand, on records whose last author this person is and which he has
 * not changed since. */
struct today_note {
    struct dot note, about;
    uint64_t area;
    struct view form_name, title; /* of the record */
    struct view field, text, from;
    int64_t at_ms;
};
enum rc today_returned(struct session *session, struct arena *arena, struct today_note **out,
                       uint32_t *count, struct err *err);

/* The table of intervals of the newest household form; RC_NOT_FOUND, err then clear: it has none.
 */
struct reverify;
enum rc today_intervals(struct session *session, struct reverify *out, struct err *err);

#endif
