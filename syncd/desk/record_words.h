/* record_words.h: how the command line and the console call the orders and states of lists of
 * records. */
#ifndef YG_SYNCD_DESK_RECORD_WORDS_H
#define YG_SYNCD_DESK_RECORD_WORDS_H

#include "base/buf.h"

struct choice {
    const char *name; /* NULL behind the last one */
    unsigned value;
};

extern const struct choice record_orders[]; /* enum record_order */
extern const struct choice record_states[]; /* enum record_state */

/* NULL: none is called so. */
const struct choice *choice_find(const struct choice *choices, struct view name);

#endif
