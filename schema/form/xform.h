/* xform.h: inside the writer of ODK XForms. The tree of survey rows (compile.h) is written in the
 * order that an XForm has:
 *   xform_text.c       texts: which need translations, and the block of them
 *   xform_instance.c   the primary instance with its templates
 *   xform_list.c       secondary instances: lists, files, last-saved
 *   xform_bind.c       binds and actions of the model
 *   xform_body.c       groups, repeats, questions
 *   xform_reference.c  ${name} as a path
 *   xform_entity.c     entities
 * xform.c holds them together. The output is what pyxform 4 makes of the same workbook, down to the
 * blanks around expanded references, since other tools compare. */
#ifndef YG_SCHEMA_FORM_XFORM_H
#define YG_SCHEMA_FORM_XFORM_H

#include "schema/form/compile.h"

enum text_form { TEXT_LONG = 0, TEXT_GUIDANCE, TEXT_IMAGE, TEXT_BIG_IMAGE, TEXT_AUDIO, TEXT_VIDEO };
#define TEXT_FORMS 6u

struct text_entry { /* a text with an id */
    struct view id;
    uint32_t row;                         /* of the tree, for references in it; or NO_PARENT */
    const struct view *forms[TEXT_FORMS]; /* by language; NULL: none */
};

/* Where an expression stands. */
struct context {
    struct view path; /* of its node; empty: it has none, references are absolute */
    uint32_t row;     /* of the tree, NO_PARENT: the top */
    uint32_t repeat;  /* the nearest repeat around the node, or NO_PARENT */
    bool is_current;  /* a predicate: "." is something else, so paths begin with current() */
    uint32_t items;   /* the repeat whose instances the predicate filters, or NO_ROW */
};

struct xform {
    struct compiler *compiler;
    struct buf *out;
    struct buf scratch;
    struct text_entry *texts;
    uint32_t text_count, text_capacity;
    bool used[LIMIT_FORM_LANGUAGES];
};

/* --- xform.c --- */

/* Writes the XForm of a form without error findings; adds findings of its own. */
void xform_write(struct compiler *compiler, struct buf *out);

void put_escaped(struct buf *out, struct view text);
/* ` name="value"`. */
void put_attribute(struct buf *out, const char *name, struct view value);

/* The same unless the element that begins at start has an attribute of that name already. */
void put_attribute_once(struct buf *out, size_t start, const char *name, struct view value);

/* --- xform_reference.c --- */

struct context xform_context(const struct xform *xform, uint32_t row);
/* Appends the expression with its references as paths. */
void xform_expand(const struct xform *xform, struct view text, const struct context *context,
                  struct buf *out);
/* An empty buffer for what goes into the form next. What it had no room or memory for before fails
 * the form: a rule that is missing would be another form. */
struct buf *xform_scratch(struct xform *xform);
/* ` name="expanded"`, unless the element that begins at start has it already. */
void xform_expression_once(struct xform *xform, size_t start, const char *name, struct view text,
                           const struct context *context);
/* ` name="expanded"`. */
void xform_expression(struct xform *xform, const char *name, struct view text,
                      const struct context *context);
/* The relative path from one node to another, without blanks: "../../name". */
void xform_path(struct view from, struct view to, struct buf *out);
/* Whether a default is an expression rather than a value. */
bool default_is_dynamic(struct view text, const struct survey_row *row);
/* Where a call of the function begins at or behind `from`, and its arguments; false if none. */
struct call {
    size_t start, end; /* of the whole */
    struct view arguments[8];
    size_t argument_count;
};
bool call_next(struct view text, size_t from, const char *function, struct call *out);

/* --- xform_text.c --- */

void xform_texts_collect(struct xform *xform);
void xform_texts_write(struct xform *xform);
bool row_label_is_text(const struct xform *xform, uint32_t row);
bool row_hint_is_text(const struct xform *xform, uint32_t row);
bool row_message_is_text(const struct xform *xform, uint32_t row, enum column_kind kind);
bool list_is_text(const struct xform *xform, uint32_t list);
/* The plain text of a cell that is not translated. */
struct view row_plain(const struct xform *xform, uint32_t row, enum column_kind kind);
/* A text with <output> for its references. */
void xform_mixed(struct xform *xform, struct view text, uint32_t row);
/* <label> and <hint> of a row; nothing where there is none unless is_needed. */
void xform_label(struct xform *xform, uint32_t row, bool is_needed);
void xform_hint(struct xform *xform, uint32_t row);

/* --- the parts --- */

void xform_instance(struct xform *xform);
void xform_lists(struct xform *xform);
void xform_binds(struct xform *xform);
void xform_body(struct xform *xform);
/* setvalue and its likes: the action of a dynamic default or a trigger. */
void xform_setvalue(struct xform *xform, uint32_t row, const char *event, struct view value);

/* The entity of a group, or of the form for NO_PARENT: its node in an instance, its binds, and
 * what happens in a new repeat. */
const struct entity *xform_entity_of(const struct xform *xform, uint32_t container);
void xform_entity_node(struct xform *xform, const struct entity *entity);
void xform_entity_binds(struct xform *xform, const struct entity *entity);
void xform_entity_new_repeat(struct xform *xform, const struct entity *entity);

#endif
