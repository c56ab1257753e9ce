/* xpath_regex.h: regular expressions for regex().
 *
 * The language that people write in forms: characters, classes with ranges and ^, . * + ? {n,m}
 * (with a ? behind them, which changes nothing here), groups, |, ^ and $, \b, \d \w \s and their
 * capitals, \t \n \r \f \xHH \uHHHH, (?i) at the beginning. What would need backtracking does not
 * exist: back references and looking ahead or behind. Characters are code points; \d \w \s and
 * (?i) know ASCII only.
 *
 * The pattern must match the whole text, as in ODK. Time is at most text times pattern. */
#ifndef YG_SCHEMA_FORM_XPATH_REGEX_H
#define YG_SCHEMA_FORM_XPATH_REGEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define REGEX_PROGRAM_MAX 4000u /* characters of the pattern, counted repeats multiplied out */

struct regex;

/* Compiles into the arena. RC_INVALID for a pattern that is malformed, RC_UNSUPPORTED for what we
 * do not have, RC_LIMIT when it is too long, RC_NO_MEMORY. */
enum rc regex_parse(struct view pattern, struct arena *arena, struct regex **regex,
                    struct err *err);

/* Whether the whole text matches. *steps goes down with the work; RC_LIMIT when it is used up. */
enum rc regex_match(const struct regex *regex, struct view text, struct arena *scratch,
                    uint32_t *steps, bool *matches, struct err *err);

#endif
