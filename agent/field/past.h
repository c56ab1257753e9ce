/* past.h: what a record says beside its answers, for the draft that changes it: since when an
 * answer stands and from whom, where people contradict each other, which rule of the form their
 * answers break together. It is shown beside the questions, and copied into nothing. */
#ifndef YG_AGENT_FIELD_PAST_H
#define YG_AGENT_FIELD_PAST_H

#include "agent/store/session.h"
#include "schema/form/filling.h"

struct past_cell {
    uint64_t instance; /* as engines know it, 0 for the record */
    uint32_t field;    /* index in the compiled form */
    bool in_conflict;  /* its sides are in the record; the question shows no value */
    bool is_broken;    /* a soft conflict: `rule` tells */
    bool is_accepted;  /* somebody has said that the answer may stay as it is, whatever it breaks */
    int64_t at_ms;     /* of the answer that reads; 0: none does */
    struct view author, rule;
    struct view value; /* of an earlier visit: as the question would hold it */
};

struct past {
    struct arena arena;
    uint32_t count, capacity;
    struct past_cell *cells; /* sorted by instance, field */
};

void past_init(struct past *past);
void past_release(struct past *past);

/* Reads it anew; names of people come from the session. */
enum rc past_read(struct past *past, struct session *session, const struct form_program *program,
                  const struct seen *seen, enum lang lang, struct err *err);

/* So that cells are found. */
void past_sort(struct past *past);

struct filler;
/* Of a new visit: what the newest visit to the same household said (earlier.c); of any other draft
 * nothing. */
enum rc earlier_read(struct past *past, struct filler *filler, struct err *err);

/* NULL: the record says nothing there. */
const struct past_cell *past_find(const struct past *past, uint32_t field, uint64_t instance);

#endif
