/* area.h: nodes of the division tree, as 12-digit codes (GB/T 2260 and the statistical codes).
 *
 * A code is held as a number below 10^12; shorter codes are padded with zeros on the right:
 * "430626" and "430626000000" are the same county. 4306.. city, 6 digits county, 9 township,
 * 12 village. Areas that merge or get another code are mapped by a table (succession.h), which is
 * consulted before these functions. */
#ifndef YG_SCHEMA_AREA_H
#define YG_SCHEMA_AREA_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define AREA_TEXT_BYTES 13u

/* Accepts 2, 4, 6, 9 or 12 digits. */
enum rc area_parse(struct view text, uint64_t *out, struct err *err);
/* Twelve digits; nothing for 0, which is no area. */
void area_text(uint64_t area, char out[AREA_TEXT_BYTES]);

/* What the digits below the node's level count: 1 for a village, 1000 for a township, ... */
uint64_t area_step(uint64_t area);
/* Whether inner is outer or lies beneath it. */
bool area_contains(uint64_t outer, uint64_t inner);

/* A comma-separated list, at most LIMIT_AREAS. */
enum rc area_list_parse(struct view text, uint64_t *out, uint32_t *count, struct err *err);
/* Whether some area of one list is, contains, or lies beneath some area of the other. */
bool area_lists_meet(const uint64_t *a, uint32_t a_count, const uint64_t *b, uint32_t b_count);
bool area_list_contains(const uint64_t *areas, uint32_t count, uint64_t inner);

/* Who may hold a form's records. Tips and matched bank data never reach a tablet. */
enum audience { AUDIENCE_FIELD = 1, AUDIENCE_OFFICE = 2, AUDIENCE_RESTRICTED = 3 };
const char *audience_name(enum audience audience);
enum rc audience_parse(struct view text, enum audience *out, struct err *err);

#endif
