/* plays.h: what people do on a stage, each from the unlocking to the end, written as somebody would
 * do it who starts again after a failure: what is there already is not done once more. So a play
 * that failed is played again, and then everything is there once. */
#ifndef YG_TESTS_FAULT_PLAYS_H
#define YG_TESTS_FAULT_PLAYS_H

#include "tests/fault/stage.h"

struct play {
    const char *name;
    enum rc (*prepare)(struct stage *stage, struct err *err); /* without faults; may be NULL */
    enum rc (*act)(struct stage *stage, struct err *err);
};
/* In this order: each begins where the one before has ended. */
extern const struct play plays[];
extern const unsigned play_count;

#endif
