/* form.h: a compiled form: fields, rules, labels, and per field its merge policy, its posting
 * rule, its sensitivity. Immutable; named by the hash of its canonical JSON (form_json.c writes
 * it, docs/protocol specifies it). The seam for expressions (relevant, constraint, calculate,
 * choice_filter) is their source text, kept as written; the engine that runs them is separate.
 *
 * Field numbers belong to the form name for ever: a new version takes the numbers of its
 * predecessor by path, new paths get new numbers, none is reused or retyped. */
#ifndef YG_SCHEMA_FORM_H
#define YG_SCHEMA_FORM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "schema/area.h"
#include "schema/value.h"

enum field_type {
    FIELD_TYPE_TEXT = 1,
    FIELD_TYPE_INTEGER,
    FIELD_TYPE_DECIMAL,
    FIELD_TYPE_DATE,
    FIELD_TYPE_TIME,
    FIELD_TYPE_DATETIME,
    FIELD_TYPE_SELECT_ONE,
    FIELD_TYPE_SELECT_MULTIPLE, /* one version per chosen element under policy union; else one
                                 * text, names sorted as in the list, separated by spaces */
    FIELD_TYPE_GEOPOINT,
    FIELD_TYPE_ATTACHMENT, /* image, audio, video, file, signature: SHA-256 in hex */
    FIELD_TYPE_ACKNOWLEDGE,
    FIELD_TYPE_BARCODE,
    FIELD_TYPE_NOTE,      /* shown, never stored */
    FIELD_TYPE_CALCULATE, /* computed, stored as text, never merged: policy latest by nature */
    FIELD_TYPE_HIDDEN,
    FIELD_TYPE_META,  /* start, end, today, deviceid, username */
    FIELD_TYPE_GROUP, /* a container without number of its own in changes */
    FIELD_TYPE_REPEAT,
};

enum policy {
    POLICY_HUMAN = 0,
    POLICY_LATEST,
    POLICY_MAX,
    POLICY_MIN,
    POLICY_OR,
    POLICY_UNION,
    POLICY_AUTHORITY,
    POLICY_ONCE,
    POLICY_SERVER,
};
const char *policy_name(enum policy policy);

enum posting { POSTING_NO = 0, POSTING_YES, POSTING_MASK };

#define FORM_NO_PARENT UINT32_MAX
#define FORM_NO_LIST   UINT32_MAX
#define FORM_NO_SCOPE  255

struct form_text { /* one text in every language of the form; may be empty views */
    const struct view *by_language;
};

struct form_choice {
    struct view name;
    struct form_text label;
    const struct view *cells; /* what stands in the list's columns, for choice_filter */
};

struct form_list {
    struct view name;
    uint32_t column_count;
    const struct view *columns; /* names of further columns of the choices sheet */
    uint32_t choice_count;
    const struct form_choice *choices;
    const uint32_t *by_name; /* indices into choices, sorted by name; NULL: none was made */
};

struct form_field {
    uint16_t number; /* >= FIELD_FIRST_OF_FORM; groups have numbers too, for stability */
    uint8_t type;    /* enum field_type */
    uint8_t policy;  /* enum policy */
    uint8_t posting; /* enum posting */
    uint8_t rank;    /* default rank of answers given here (yg:rank), 0 none */
    uint8_t scope;   /* seal scope 0..15, FORM_NO_SCOPE */
    bool sensitive, required, read_only, key; /* key: same value = proposed as the same (yg:key) */
    uint16_t merge_group; /* number shared by the fields of a group (the smallest); 0 none */
    uint32_t parent;      /* index of the enclosing group or repeat, FORM_NO_PARENT */
    uint32_t repeat;      /* index of the nearest enclosing repeat, FORM_NO_PARENT */
    uint32_t list;        /* index into lists, FORM_NO_LIST */
    struct view name;     /* last step of the path */
    struct view path;     /* "head/name"; steps of groups and repeats by name, no leading slash */
    struct form_text label, hint, constraint_message, required_message, warning_message;
    struct view xlsform_type; /* as written: "select_one relation", "integer"... */
    struct view relevant, constraint, calculation, choice_filter, default_value, appearance,
        parameters, repeat_count, trigger; /* as written */
    struct view required_if, read_only_if; /* expressions, where the cell was not a plain yes */
    struct view warning; /* what must hold lest people are asked to look again; never refuses */
};

/* A path that an earlier version had. Its number is never given to another path; should the path
 * come back with its type, it takes its number again. */
struct form_retired {
    uint16_t number;
    uint8_t type; /* enum field_type */
    struct view path;
};

/* A list or table beside the workbook that the form reads: "areas.csv", "plots.geojson". */
struct form_file {
    struct view name, content;
};

/* A picture, sound or film that questions and choices show. Its content is an attachment (its
 * SHA-256 names it) that travels by itself: a form is there before its pictures are. */
struct form_medium {
    struct view name; /* "goat.jpg", as the form's cells say it */
    uint8_t hash[32];
    uint32_t size; /* bytes */
    uint8_t kind;  /* enum attachment_kind, while it is being published; not in the JSON */
};

struct form {
    uint64_t id; /* id_from_hash(hash) */
    uint8_t hash[32];
    struct view name;    /* form_id of the settings */
    struct view version; /* as the author wrote it */
    uint32_t sequence;   /* 1, 2, ... per name, given at publish */
    uint8_t audience;    /* enum audience */
    struct form_text title;
    uint32_t language_count, default_language;
    const struct view *languages;
    uint32_t field_count;
    const struct form_field *fields; /* in order of the form */
    uint32_t list_count;
    const struct form_list *lists;
    uint32_t scope_count;
    const struct view *scopes; /* names of seal scopes, by number */
    const uint32_t *by_number; /* indices into fields, sorted by number */
    const uint32_t *by_path;   /* the same, sorted by path; NULL: none was made */
    bool has_keys;             /* some field is one */
    struct view instance_name; /* expression or ${field}, as written */
    uint32_t next_number;      /* what the next new path gets */
    uint32_t retired_count;
    const struct form_retired *retired; /* sorted by number */
    struct view xform;                  /* the ODK XForm; empty in forms of before there was one */
    uint32_t file_count;
    const struct form_file *files; /* sorted by name */
    uint32_t media_count;
    const struct form_medium *media; /* sorted by name */
};

/* Reads canonical JSON. All memory in the arena (which must outlive the form). Computes hash, id.
 * RC_INVALID / RC_LIMIT / RC_UNSUPPORTED (newer format). */
enum rc form_load(struct view json, struct arena *arena, struct form **out, struct err *err);

const struct form_field *form_field_by_number(const struct form *form, uint16_t number);
/* path as in form_field.path; NULL if there is none. */
const struct form_field *form_field_by_path(const struct form *form, struct view path);
/* The text in that language ("zh", "中文", or "中文 (zh)"), else in the default one, else in any
 * that has one. Never NULL; an empty view if there is none. */
const struct view *form_label(const struct form *form, const struct form_text *text,
                              struct view language);
/* The label of a field in the language of messages; the name of a field without a label. */
struct view form_field_label(const struct form *form, const struct form_field *field,
                             enum lang lang);
/* NULL if it has none of that name. */
const struct form_medium *form_medium_named(const struct form *form, struct view name);
/* The choice with that name, or NULL. */
const struct form_choice *form_list_choice(const struct form_list *list, struct view name);
const char *field_type_name(enum field_type type); /* "text", "select_one", ... */
/* Whether this field can hold an answer (not a group, note, repeat). */
bool form_field_holds_value(const struct form_field *field);

/* --- one answer --- */

/* Turns what a person typed or a file holds into a typed value, and checks it: type, choices,
 * bounds. Empty text gives VALUE_NULL. Full-width digits are folded; text is trimmed.
 * RC_INVALID with a message that names the field by its label and says the mend. */
enum rc form_value_parse(const struct form *form, const struct form_field *field, struct view text,
                         struct arena *arena, struct value *out, struct err *err);
/* The same check for a value that came from elsewhere. */
enum rc form_value_check(const struct form *form, const struct form_field *field,
                         const struct value *value, struct err *err);

#endif
