/* model_build.h: what the parts of the XForm loader share with each other, and a little with
 * the engine; nobody else includes it. */
#ifndef YG_SCHEMA_FORM_MODEL_BUILD_H
#define YG_SCHEMA_FORM_MODEL_BUILD_H

#include "base/words.h"
#include "schema/form/model.h"

#define URI_XFORMS    "http://www.w3.org/2002/xforms"
#define URI_XHTML     "http://www.w3.org/1999/xhtml"
#define URI_JAVAROSA  "http://openrosa.org/javarosa"
#define URI_YANGGUANG "urn:yangguang:xforms"
#define URI_ODK       "http://www.opendatakit.org/xforms"
#define URI_ROSA      MODEL_URI_ROSA

struct model_build {
    struct model *model;
    struct arena *arena;   /* of the form */
    struct arena *scratch; /* of the loader */
    const struct model_host *host;
    const struct xml_node *model_element; /* of the document being read */
    const struct xml_node *body;
    uint32_t field_capacity, control_capacity, action_capacity, instance_capacity;
    uint32_t note_capacity;
    uint32_t expression_count;
    bool made_instance_id, made_deprecated_id;
    struct err *err;
};

/* Refuses: "XForm, line N: " is put in front. RC is err->rc. */
enum rc build_refuse(struct model_build *build, const struct xml_node *at);

/* Remembers something that was left out. text is a catalogue literal without arguments. */
void build_note(struct model_build *build, uint32_t line, struct view about, const char *text);

/* RC_OK or why the arena failed. */
enum rc build_memory(struct model_build *build);

/* model_model.c: the primary instance becomes fields. */
enum rc build_fields(struct model_build *build);

/* model_bind.c */
enum rc build_binds(struct model_build *build);
enum rc build_instances(struct model_build *build);
enum rc build_model_actions(struct model_build *build);
enum rc build_action(struct model_build *build, const struct xml_node *node, uint32_t context,
                     uint32_t source);

/* Gives the nodes of an instance their fields' numbers (mark = field + 1; 0: unknown to the form).
 * field is node's. */
void model_mark(const struct model *model, struct xml_node *node, uint32_t field);

/* A copy of an instance's element without comments, without white space beside elements, and
 * without the namespace of XForms, which is around it only because it is around everything. NULL
 * without memory. */
struct xml_node *model_copy(const struct xml_node *element, struct arena *arena);

/* model_path.c: the field that ref names, seen from context (MODEL_NONE: the top of the body).
 * MODEL_NONE if there is none. *has_predicate tells whether brackets were skipped; it may be NULL.
 */
uint32_t model_resolve(const struct model *model, uint32_t context, struct view ref,
                       bool *has_predicate);
/* The child element (or attribute, name with '@') of that name; MODEL_NONE. */
uint32_t model_child_named(const struct model *model, uint32_t field, struct view name);

/* What an element refers to: by the id of a bind, or by a path (ref, nodeset). */
struct view build_place(struct model_build *build, const struct xml_node *node);

/* model_text.c */
enum rc build_itext(struct model_build *build);
enum rc build_text(struct model_build *build, const struct xml_node *element,
                   struct model_text *text);
/* jr:itext(...) or plain words, from an attribute. */
enum rc build_message(struct model_build *build, const struct xml_node *bind, const char *uri,
                      const char *name, struct model_text *text);
enum rc build_expression(struct model_build *build, const struct xml_node *at, struct view source,
                         const struct xpath **xpath);

/* model_body.c */
enum rc build_body(struct model_build *build);

/* model_order.c */
enum rc build_order(struct model_build *build);

/* model_list.c: attached lists as root/item trees. */
enum rc list_from_csv(struct view csv, struct arena *arena, struct xml_node **document,
                      struct err *err);
enum rc list_from_geojson(struct view json, struct arena *arena, struct xml_node **document,
                          struct err *err);

#endif
