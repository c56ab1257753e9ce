/* record_words.c: see record_words.h. */
#include "syncd/desk/record_words.h"

#include "syncd/store/store.h"

const struct choice record_orders[] = {{"changed", RECORDS_BY_CHANGED},
                                       {"created", RECORDS_BY_CREATED},
                                       {"area", RECORDS_BY_AREA},
                                       {"name", RECORDS_BY_NAME},
                                       {NULL, 0}};
const struct choice record_states[] = {{"conflict", RECORD_CONFLICT},
                                       {"quarantined", RECORD_QUARANTINED},
                                       {"sealed", RECORD_SEALED},
                                       {"withdrawn", RECORD_WITHDRAWN},
                                       {NULL, 0}};

const struct choice *choice_find(const struct choice *choices, struct view name) {
    for (; choices->name != NULL; choices++)
        if (view_is(name, choices->name))
            return choices;
    return NULL;
}
