/* model.h: an ODK XForm, loaded: the questions, their rules and texts, and the lists they choose
 * from. Immutable once it is loaded, so that any number of engines (engine.h) share one.
 *
 * The model is flat. Fields are the nodes of the primary instance in document order: an element, a
 * group, a repeat (once, however many instances it will have), an attribute that a bind or an
 * action names. Controls are the body in document order. Both know their parent and where their
 * subtree ends, so that walking needs no recursion.
 *
 * Read are: the ODK XForms specification as Collect and pyxform speak it. Where real forms are
 * sloppy without harm (a bind or a question for a node that is not there, an unknown attribute) the
 * loader goes on and leaves a note. What it cannot understand it refuses with the line and plain
 * words. Values that depend on themselves are refused with the path of the circle. */
#ifndef YG_SCHEMA_FORM_MODEL_H
#define YG_SCHEMA_FORM_MODEL_H

#include "base/arena.h"
#include "base/xml_tree.h"
#include "schema/form/xpath.h"

#define MODEL_NONE UINT32_MAX

/* Caps of one form. The largest real one that we know has 700 questions and 250 kB. */
#define MODEL_FIELDS_MAX       20000u
#define MODEL_CONTROLS_MAX     20000u
#define MODEL_EXPRESSIONS_MAX  100000u
#define MODEL_ITEMS_MAX        20000u /* of one question, written in the body */
#define MODEL_INSTANCES_MAX    200u
#define MODEL_ROWS_MAX         200000u /* of one attached list */
#define MODEL_ACTIONS_MAX      5000u
#define MODEL_LANGUAGES_MAX    100u
#define MODEL_NOTES_MAX        100u
#define MODEL_BYTES_MAX        (8u * 1024u * 1024u) /* the XForm itself */
#define MODEL_ATTACHMENT_BYTES (32u * 1024u * 1024u)
#define MODEL_ARENA_BYTES      (256u * 1024u * 1024u)

enum model_type {
    MODEL_STRING = 0,
    MODEL_INT,
    MODEL_DECIMAL,
    MODEL_BOOLEAN,
    MODEL_DATE,
    MODEL_TIME,
    MODEL_DATETIME,
    MODEL_GEOPOINT,
    MODEL_GEOTRACE,
    MODEL_GEOSHAPE,
    MODEL_BINARY, /* the name of an attached file */
    MODEL_BARCODE,
};

/* What fills a field by itself when a draft begins or is finalised. */
enum model_preload {
    MODEL_PRELOAD_NONE = 0,
    MODEL_PRELOAD_UID,
    MODEL_PRELOAD_TIMESTAMP_START,
    MODEL_PRELOAD_TIMESTAMP_END,
    MODEL_PRELOAD_TODAY,
    MODEL_PRELOAD_DEVICE_ID,
    MODEL_PRELOAD_USER_NAME,
    MODEL_PRELOAD_EMAIL,
    MODEL_PRELOAD_PHONE_NUMBER,
};

/* ---- texts ---- */

/* A stretch of text, or an <output> whose expression is shown in its place. */
struct model_part {
    struct view literal;
    const struct xpath *output; /* NULL: the literal */
};

struct model_parts {
    uint32_t count;
    const struct model_part *list;
};

/* One form of a translated text: the plain one (kind empty), long, short, guidance, image, audio,
 * video, big-image. */
struct model_saying {
    struct view kind;
    struct model_parts parts;
};

struct model_translation {
    uint32_t count;
    const struct model_saying *list;
};

/* One id of the itext: its text in every language. */
struct model_itext {
    struct view id;
    const struct model_translation *by_language; /* count of 0 where a language lacks it */
};

/* A label, hint or message. Exactly one of the three, or nothing at all. */
struct model_text {
    const struct model_itext *itext; /* jr:itext('id') */
    const struct xpath *expression;  /* any other ref */
    struct model_parts parts;        /* inline text */
};

static inline bool model_text_is_empty(const struct model_text *text) {
    return text->itext == NULL && text->expression == NULL && text->parts.count == 0;
}

/* Of attributes such as orx:max-pixels of a bind. */
#define MODEL_URI_ROSA "http://openrosa.org/xforms"

/* ---- fields ---- */

struct model_rule {
    const struct xpath *xpath; /* NULL: none */
    uint32_t line;
};

struct model_field {
    struct view name;  /* as written, with its prefix: "orx:meta", "@version" */
    struct view local; /* without */
    struct view uri;   /* its namespace; empty without one */
    struct view path;  /* "/data/group/name" */
    uint32_t parent;   /* MODEL_NONE for the root */
    uint32_t end;      /* one behind the last field below it; attributes come first */
    uint32_t repeat;   /* the innermost repeat that it is or stands in; MODEL_NONE */
    uint32_t depth;    /* the root has 0 */
    uint32_t control;  /* the question, group or repeat that shows it; MODEL_NONE */
    uint32_t line;
    bool is_attribute;
    bool is_leaf; /* has no elements below it: holds a value */
    bool is_repeat;
    bool has_bind;
    enum model_type type;
    struct view type_name; /* as written; empty: none */
    struct model_rule relevant, required, readonly, constraint, calculate;
    struct model_rule warning; /* yg:warning: what must hold lest people are asked to look again */
    bool readonly_always;      /* readonly="true()" */
    struct model_text constraint_message, required_message, warning_message;
    enum model_preload preload;
    const struct xml_node *sample; /* of elements: the node with its default, for what is missing */
    const struct xml_node *bind;   /* for whoever looks for other attributes: yg:merge, ... */

    /* Of repeats. */
    struct model_rule count;          /* jr:count */
    bool no_add_remove;               /* people neither add nor remove instances */
    const struct xml_node *pattern;   /* what a new instance is made of */
    const struct xml_node **defaults; /* instances that the form itself brings, if not nested */
    uint32_t default_count;
};

/* ---- controls ---- */

enum model_kind {
    MODEL_GROUP = 0,
    MODEL_REPEAT,
    MODEL_INPUT,
    MODEL_NOTE, /* an input that is always read-only and computes nothing */
    MODEL_SELECT_ONE,
    MODEL_SELECT_MANY,
    MODEL_RANK,
    MODEL_RANGE,
    MODEL_UPLOAD,
    MODEL_TRIGGER,
};

struct model_item {
    struct view value;
    struct model_text label;
};

/* <itemset>: a question's choices are computed. */
struct model_itemset {
    const struct xpath *nodes; /* NULL: none */
    const struct xpath *value;
    struct model_text label; /* evaluated on each of the nodes */
    bool is_constant;        /* always the same choices: reads nothing of the draft */
};

struct model_parameter {
    struct view name, value; /* "start" "1" of a range, "odk:max-pixels" "1024" of an upload */
};

struct model_control {
    enum model_kind kind;
    uint32_t field;  /* MODEL_NONE: a group without ref */
    uint32_t parent; /* MODEL_NONE at the top */
    uint32_t end;    /* one behind the last control inside */
    uint32_t line;
    struct model_text label, hint;
    struct view appearance;
    struct view media_type; /* of uploads */
    uint32_t parameter_count;
    const struct model_parameter *parameters;
    uint32_t item_count;
    const struct model_item *items;
    struct model_itemset itemset;
};

/* ---- actions ---- */

enum {
    MODEL_ON_FIRST_LOAD = 1,   /* odk-instance-first-load */
    MODEL_ON_LOAD = 2,         /* odk-instance-load */
    MODEL_ON_NEW_REPEAT = 4,   /* odk-new-repeat */
    MODEL_ON_VALUE_CHANGED = 8 /* xforms-value-changed */
};

enum model_action_kind { MODEL_SET_VALUE, MODEL_SET_GEOPOINT, MODEL_RECORD_AUDIO };

struct model_action {
    enum model_action_kind kind;
    uint32_t events; /* MODEL_ON_* */
    uint32_t source; /* field of the question or repeat that it stands in; MODEL_NONE: model */
    uint32_t target; /* field */
    const struct xpath *place; /* the target as an expression, when it has predicates; or NULL */
    const struct xpath *value; /* NULL: the literal */
    struct view literal;
    bool is_plain; /* reads nothing of the draft, and its target is always relevant */
    uint32_t line;
};

/* ---- the form ---- */

struct model_instance { /* a secondary one */
    struct view id;
    struct view source; /* jr://...; empty: inside of the form */
    const struct xml_node *document;
};

struct model_namespace {
    struct view prefix, uri;
};

struct model_note {
    uint32_t line;
    struct view about; /* the attached list; empty: what stands in the line */
    const char *text;  /* English, key of the catalogue */
};

struct model {
    struct arena *arena;
    struct view title, id, version;
    struct view submission_action, submission_key;
    const struct xml_node *root; /* the primary instance's, as in the document, with templates */

    uint32_t field_count;
    struct model_field *fields;
    uint32_t control_count;
    struct model_control *controls;
    uint32_t action_count;
    struct model_action *actions;
    uint32_t instance_count;
    struct model_instance *instances;
    uint32_t language_count;
    struct view *languages;
    uint32_t default_language;
    uint32_t itext_count;
    struct model_itext *itexts; /* sorted by id */
    uint32_t note_count;
    struct model_note *notes;

    uint32_t *order;  /* fields, each behind those that its relevance and value depend on */
    bool is_circular; /* somewhere the order can't hold: engines go round until nothing changes */
    uint32_t meta;    /* the fields of the form's own data; MODEL_NONE where it lacks them */
    uint32_t instance_id;     /* meta/instanceID */
    uint32_t deprecated_id;   /* meta/deprecatedID */
    uint32_t instance_name;   /* meta/instanceName */
    uint32_t namespace_count; /* that the form declares, for prefixes in paths */
    struct model_namespace *namespaces;
    const struct xml_node *deprecated; /* meta/deprecatedID, for instances that are edited */
    bool has_rosa_namespace;           /* the form declares OpenRosa's namespace, by this prefix */
    struct view rosa_prefix;
};

/* Gives the bytes behind jr://file-csv/x.csv, jr://file/x.xml and the like; they must live until
 * model_load returns. RC_NOT_FOUND: not there; the list is then empty and a note is left. */
typedef enum rc model_attachment_fn(void *context, struct view uri, struct view *bytes,
                                    struct err *err);

struct model_host {
    void *context;
    model_attachment_fn *attachment; /* NULL: there are none */
};

/* Loads. Everything is made in the arena, which must outlive the form; the document's bytes need
 * not. RC_INVALID with the line and plain words, RC_LIMIT, RC_UNSUPPORTED, RC_NO_MEMORY. */
enum rc model_load(struct view document, const struct model_host *host, struct arena *arena,
                   struct model **model, struct err *err);

/* The field with that path ("/data/group/name"; positions in brackets are skipped; a prefix may be
 * left out). MODEL_NONE if there is none. */
uint32_t model_field_at(const struct model *model, struct view path);

/* The translated text of that id, NULL if there is none. */
const struct model_itext *model_itext_of(const struct model *model, struct view id);

/* The language of that name: exactly, or by the code in brackets ("zh" finds "中文 (zh)").
 * MODEL_NONE if there is none. */
uint32_t model_language(const struct model *model, struct view name);

const char *model_type_word(enum model_type type); /* "int", "geopoint", ... */

#endif
