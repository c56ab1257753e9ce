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
/* Saves, and says on standard error what is still missing or breaks a rule of the form. */
enum rc draft_save(struct draft *draft, const char *reason, struct err *err);
/* {"id", "dot"} under --json, otherwise nothing. */
enum rc draft_print(struct draft *draft, struct dot dot, struct err *err);
void draft_close(struct draft *draft);

/* What a record still lacks, one line each on standard error. Never fails the command. */
void draft_warn(struct visit *visit, struct dot record);

/* The text of --reason; RC_USAGE when it is missing or empty. */
enum rc draft_reason(const struct command *command, const char **out, struct err *err);

#endif
