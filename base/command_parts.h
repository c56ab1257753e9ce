/* command_parts.h: inside of the command line: command.c is what commands use, command_parse.c
 * reads the words, command_run.c decides where they run. */
#ifndef YG_BASE_COMMAND_PARTS_H
#define YG_BASE_COMMAND_PARTS_H

#include "base/command.h"

#define COMMAND_PATH_BYTES 4096u
#define COMMAND_LINE_BYTES (64u * 1024u)

/* Fills spec, words, options and what they mean in the command. RC_USAGE says what is wrong. */
enum rc command_parse(const struct command_table *table, struct command *command, size_t count,
                      const char *const *arguments, struct err *err);

/* The text of --help: of one command, or of the program. */
void command_help(struct buf *out, enum lang lang, const char *program,
                  const struct command_spec *spec);
void command_help_all(struct buf *out, enum lang lang, const struct command_table *table);

#endif
