/* form_scan.h: a walk over JSON that has one spelling only; see form_load.c.
 *
 * Failures are sticky: after the first one every step does nothing and returns nothing. */
#ifndef YG_SCHEMA_FORM_FORM_SCAN_H
#define YG_SCHEMA_FORM_FORM_SCAN_H

#include "schema/form.h"

struct scan {
    struct view json;
    size_t at; /* the end after a failure */
    struct arena *arena;
    struct form *form;
    const struct view *no_text; /* one empty view per language */
    uint32_t choices;           /* of all lists */
    enum rc rc;
    struct err *err;
};

/* The first failure stays. */
void scan_fail(struct scan *scan, const char *expected);
void scan_limit(struct scan *scan, const char *what, uint32_t limit);

/* Whether exactly this stands here; if so, moves behind it. */
bool scan_take(struct scan *scan, const char *literal);
/* The same for ,"KEY": */
bool scan_take_key(struct scan *scan, const char *key);
/* It must stand here. */
void scan_expect(struct scan *scan, const char *literal);
void scan_expect_key(struct scan *scan, const char *key);

uint32_t scan_number(struct scan *scan, uint32_t max);
/* A text; borrows from json, or from the arena when it has escapes. */
struct view scan_text(struct scan *scan, size_t max_bytes);
/* A text behind a key, or an empty view if the key is not here. */
struct view scan_optional(struct scan *scan, const char *key);

/* Room for one more item at the end of an array in the arena; NULL after a failure. The old one is
 * left behind: since capacity doubles, that costs at most as much again. */
void *scan_grow(struct scan *scan, void *items, size_t item_bytes, uint32_t count,
                uint32_t *capacity);

#endif
