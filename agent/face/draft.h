/* draft.h: a change of one record in the making, for the commands that write. */
#ifndef YG_AGENT_FACE_DRAFT_H
#define YG_AGENT_FACE_DRAFT_H

#include "agent/face/face.h"
#include "schema/edit.h"

struct draft {
    struct visit visit;
    struct seen seen;
    struct edit edit;
};

/* Opens the record that the first word names. Close it in every case. */
enum rc draft_open(struct face *face, struct command *command, enum change_kind kind,
                   struct draft *draft, struct err *err);
void draft_close(struct draft *draft);
/* How most commands end: if all went well so far (rc), saves, says on standard error what is still
 * missing or breaks a rule of the form, and prints {"id", "dot"} under --json, otherwise nothing.
 * Closes in every case. Returns rc or what failed. */
enum rc draft_end(struct draft *draft, enum rc rc, const char *reason, struct err *err);

/* What a record still lacks, one line each on standard error. Never fails the command. */
void draft_warn(struct visit *visit, struct dot record);

/* The text of --reason; RC_USAGE when it is missing or empty. */
enum rc draft_reason(const struct command *command, const char **out, struct err *err);

#endif
