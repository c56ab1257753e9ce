/* console_question.h: one open question of a record, as the console shows it: what is asked, its
 * sides with all that is known of who wrote them, and what may be answered. */
#ifndef YG_SYNCD_DESK_CONSOLE_QUESTION_H
#define YG_SYNCD_DESK_CONSOLE_QUESTION_H

#include "syncd/desk/console_seen.h"
#include "syncd/desk/log_frames.h"

struct questions {
    struct console_call *call;
    struct seen_record seen;
    bool masked;
    struct answers_tree tree;
    struct log_frames frames;
};

/* All of the record, as an array of the document. */
enum rc questions_add(struct questions *at, struct json *list, struct err *err);

#endif
