/* form_difference.h: what is different between two versions of a form, for whoever publishes the
 * next one or wants to know what changed: fields, choices, tables, settings; and what each change
 * does to answers that are there already. */
#ifndef YG_SCHEMA_FORM_FORM_DIFFERENCE_H
#define YG_SCHEMA_FORM_FORM_DIFFERENCE_H

#include "schema/form.h"

enum form_difference_kind { FORM_ADDED = 1, FORM_REMOVED, FORM_CHANGED };
enum form_difference_part {
    FORM_PART_SETTING = 1,
    FORM_PART_FIELD,
    FORM_PART_CHOICE,
    FORM_PART_FILE
};

struct form_difference {
    uint8_t kind, part;
    struct view name;          /* path of the field, list of the choice, name of the file */
    struct view choice;        /* FORM_PART_CHOICE */
    const char *property;      /* FORM_CHANGED: "label", "constraint", ... */
    struct view language;      /* of a text; empty: none */
    struct view before, after; /* as written; labels where something came or went */
    const char *effect;        /* on answers that are there; a key of the catalogue; NULL: none */
};

/* The views are good until it returns. */
typedef enum rc form_difference_visit(void *context, const struct form_difference *difference,
                                      struct err *err);

/* Settings, then fields in the order of the newer form with those that went behind, then lists,
 * then files. Stops with what visit returns. */
enum rc form_difference(const struct form *before, const struct form *after,
                        form_difference_visit *visit, void *context, struct err *err);

#endif
