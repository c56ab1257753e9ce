/* attach.h: a file that somebody names becomes an attachment. */
#ifndef YG_AGENT_FACE_ATTACH_H
#define YG_AGENT_FACE_ATTACH_H

#include "agent/face/face.h"

#define ATTACH_HEX_BYTES 65u

/* Reads the file (or standard input for "-"), looks at it, and keeps it sealed for the save that
 * follows, or for the draft. hex: its hash, which is the answer. RC_INVALID: the field takes none,
 * or not this; RC_LIMIT. */
enum rc attach_file(struct session *session, const struct command *command, uint64_t area,
                    const struct form_field *field, const char *file, uint64_t draft,
                    char hex[ATTACH_HEX_BYTES], struct err *err);

#endif
