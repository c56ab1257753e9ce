/* json_scan.h: the strict scan behind json_parse. Only base/json*.c include this. */
#ifndef YG_BASE_JSON_SCAN_H
#define YG_BASE_JSON_SCAN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/words.h"

/* Checks the text against everything that json.h promises and appends its canonical form to out:
 * the same JSON without white space, string values as "Stext" and numbers as "N123.450". RC_INVALID
 * with line and column, RC_LIMIT, RC_NO_MEMORY. */
enum rc json_scan(struct view text, struct json_limits limits, struct buf *out, struct err *err);

/* Whether the text is a number of JSON's grammar, of any size. */
bool json_number_valid(struct view text);

/* The exact value of one JSON number; false if it is malformed or cannot be kept exactly. */
bool json_number_decimal(struct view text, struct decimal *value);

#endif
