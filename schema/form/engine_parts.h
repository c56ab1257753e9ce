/* engine_parts.h: what the parts of the engine share; nobody else includes it.
 *
 * The instance is a tree of XML nodes, which expressions read as it stands. Every node that the
 * form knows has its field's number + 1 as mark and a cell as tag. */
#ifndef YG_SCHEMA_FORM_ENGINE_PARTS_H
#define YG_SCHEMA_FORM_ENGINE_PARTS_H

#include "schema/form/engine.h"
#include "schema/form/model_build.h"

struct engine_cell {
    struct xml_node *node;
    uint32_t field;
    uint64_t id;       /* of an instance of a repeat */
    uint64_t computed; /* hash of what the calculation gave last */
    uint64_t choices;  /* hash of what the choice list offered last */
    uint64_t fired;    /* hash of the value that actions have seen */
    uint64_t shown;    /* hash of what engine_changes has told */
    uint64_t changed;  /* at that mark */
    bool is_relevant, is_required, is_read_only;
    bool has_computed, has_choices;
    bool is_new;       /* its actions of a new instance have not run */
    bool is_pending;   /* its actions of a changed value have not run */
    uint8_t violation; /* enum engine_violation */
    bool is_warned;
    char *kept;       /* the whole answer, while choices that it names are not offered */
    bool has_trouble; /* an expression failed in this computation */
    char *trouble;    /* and said this */
};

static inline const struct model_field *cell_field(const struct engine *engine,
                                                   const struct engine_cell *cell) {
    return &engine->model->fields[cell->field];
}

static inline struct engine_cell *cell_of(const struct xml_node *node) {
    return node == NULL ? NULL : node->tag;
}

/* 64 bits of a text, for telling whether it changed. */
uint64_t engine_hash(uint64_t before, struct view text);

/* ---- engine_tree.c ---- */

struct view cell_value(const struct engine_cell *cell);
/* No casting; RC_LIMIT or RC_NO_MEMORY. */
enum rc cell_set(struct engine *engine, struct engine_cell *cell, struct view value,
                 struct err *err);
/* Gives cells to the nodes at and below node. */
enum rc tree_adopt(struct engine *engine, struct xml_node *node, struct err *err);
/* Numbers nodes and links the cells of each field. */
enum rc tree_link(struct engine *engine, struct err *err);
/* A copy of the pattern (or default) as the last instance below parent. */
enum rc tree_add_instance(struct engine *engine, struct xml_node *parent, uint32_t field,
                          const struct xml_node *pattern, uint64_t id, struct engine_cell **added,
                          struct err *err);
/* The last instance of the repeat below parent, or NULL, and how many there are. */
struct engine_cell *tree_last_instance(const struct xml_node *parent, uint32_t field,
                                       uint32_t *count);
/* Takes a node and all below it out; the caller links again. */
void tree_cut(struct engine *engine, struct engine_cell *cell);
uint64_t tree_new_id(struct engine *engine);
bool tree_has_id(const struct engine *engine, uint64_t id);
/* The cell around a repeat as a whole; NULL. */
struct engine_cell *tree_parent(const struct engine *engine, struct engine_place repeat);
/* The first child (not an attribute) of that field; NULL. */
struct xml_node *tree_child(const struct xml_node *node, uint32_t field);
/* Packs the tree when much of its memory is garbage. */
enum rc tree_pack(struct engine *engine, struct err *err);
/* The cell of a place; NULL. */
struct engine_cell *tree_find(const struct engine *engine, struct engine_place place);
struct engine_place tree_place(const struct engine *engine, const struct engine_cell *cell);
/* The innermost repeat instance around a node, itself included; 0. */
uint64_t tree_instance(const struct engine *engine, const struct xml_node *node);
/* The cells of field that share the repeat instances of context stand one behind the other in
 * engine->cells: from *from on, before *to. */
void tree_range(const struct engine *engine, const struct xml_node *context, uint32_t field,
                uint32_t *from, uint32_t *to);
/* The first of them; NULL. */
struct engine_cell *tree_near(const struct engine *engine, const struct xml_node *context,
                              uint32_t field);

/* ---- engine_eval.c ---- */

/* Evaluates on the node. A failure is kept in engine->trouble and gives RC_INVALID; only want of
 * memory is passed on through err. */
enum rc eval_value(struct engine *engine, const struct xpath *xpath, struct xml_node *node,
                   struct xml_node *current, struct xpath_value *value);
bool eval_bool(struct engine *engine, const struct xpath *xpath, struct xml_node *node,
               bool *result);
/* The text lies in the scratch arena; NaN is empty. */
bool eval_text(struct engine *engine, const struct xpath *xpath, struct xml_node *node,
               struct xml_node *current, struct view *text);
/* Fresh memory for the next evaluation. */
void eval_reset(struct engine *engine);
void engine_uuid(struct engine *engine, char out[48]); /* "uuid:..." */

/* ---- engine_compute.c ---- */

enum rc compute_all(struct engine *engine, struct err *err);
/* Whether the repeat as a whole may be shown, though it has no instance. */
bool compute_range_relevant(struct engine *engine, struct xml_node *parent, uint32_t field);
/* Writes a computed text, cast to the field's type; *changed is set, never cleared. */
enum rc compute_write(struct engine *engine, struct engine_cell *cell, struct view text,
                      bool *changed, struct err *err);

/* ---- engine_action.c ---- */

enum rc action_preload(struct engine *engine, struct err *err);
enum rc action_stamp_end(struct engine *engine, struct err *err);
enum rc action_load(struct engine *engine, bool is_first, struct err *err);
/* Remembers the present values as those that actions have seen. */
void action_baseline(struct engine *engine);
/* Runs actions of changed values and of new instances; computes until nothing is left to do. */
enum rc action_settle(struct engine *engine, struct err *err);

/* ---- engine_text.c ---- */

/* The text as it reads at the node, of that kind ("" plain, else long or short; "image", ...). In
 * the arena or the form. */
struct view text_render(struct engine *engine, const struct model_text *text, const char *kind,
                        struct xml_node *node, struct xml_node *current, struct arena *arena);
struct view text_of_itext(struct engine *engine, const struct model_itext *itext, const char *kind,
                          struct xml_node *node, struct arena *arena);

/* ---- engine_choice.c ---- */

/* The values that a question offers at its cell, in the arena; labels too if wanted. */
enum rc choices_of(struct engine *engine, const struct model_control *control,
                   struct engine_cell *cell, bool with_labels, struct arena *arena,
                   struct option **options, uint32_t *count);
bool choice_has(struct view list, struct view value);

#endif
