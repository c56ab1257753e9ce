/* random_fill.h: fills a form as people might, with random answers that its rules allow, for tests
 * that want whole drafts of forms that nobody wrote for them. The same seed gives the same answers.
 */
#ifndef YG_TESTS_SUPPORT_RANDOM_FILL_H
#define YG_TESTS_SUPPORT_RANDOM_FILL_H

#include "schema/form/engine.h"

struct random_fill {
    uint64_t seed; /* of the next random number */
    /* Told of every answer that was taken, and of every repeat instance that was added (its own
     * place, no text); may be NULL. */
    void (*tell)(void *context, const struct engine *engine, struct engine_place place,
                 struct view text);
    void *context;
    /* Counted by random_fill_run. */
    uint32_t answered; /* questions that have an answer of ours */
    uint32_t skipped;  /* questions that are not required, and were left out */
    uint32_t given_up; /* questions for which no answer was found that the constraint allows */
    uint32_t added;    /* repeat instances */
};

/* Answers every question that is relevant, some repeats having one or two instances more; rounds of
 * it until no question comes up any more. A question without an answer that its constraint allows
 * stays empty. RC_LIMIT and the like of the engine. */
enum rc random_fill_run(struct random_fill *fill, struct engine *engine, struct err *err);

/* A random number below the limit. */
uint32_t random_fill_below(struct random_fill *fill, uint32_t limit);

/* An answer for the question (asked, with its options), as the engine takes it; attempt counts from
 * 0 and makes it stranger. Empty: there is none. */
void random_fill_answer(struct random_fill *fill, const struct question *question, uint32_t attempt,
                        struct buf *out);

#endif
