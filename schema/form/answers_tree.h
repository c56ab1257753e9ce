/* answers_tree.h: a record as a tree in the order of its form, with the words of the form: groups
 * hold what is in them, repeats their instances, values their text. What has no answer is left out.
 *
 *   {kind: "group", path, name, label, values: [...]}
 *   {kind: "repeat", path, name, label, instances: [{id, values: [...]}]}
 *   {kind: "value", path, name, label, type, value, text}   text: of a choice its label
 *     options: [{value, text}]   of a sealed choice, where options_max says so
 *   {kind: "set", ..., elements: [{value, text}]}
 *   {kind: "conflict", path, name, label, type}
 *   {kind: "erased", ..., text}                             by law; text says by whom and when
 *   {kind: "unknown", number, value}                        of a newer form, or of none known here
 *
 * with sensitive, sealed and by_policy where they are true. */
#ifndef YG_SCHEMA_FORM_ANSWERS_TREE_H
#define YG_SCHEMA_FORM_ANSWERS_TREE_H

#include "base/json.h"
#include "schema/reading.h"

struct answers_tree {
    const struct reading *reading;
    struct view language; /* of labels, as form_label has it */
    enum lang lang;       /* of sentences */
    uint32_t options_max; /* of what is sealed and one out of a list, the list: options; 0: never,
                           * and not of longer lists */
    bool mask;            /* sensitive values are, and of photos it is not said which */
    struct arena *arena;
    /* Adds to the item of an attachment where it is; may be NULL. */
    void (*attachment)(void *context, struct view hash, struct json *item);
    void *context;
};

/* Adds all of it to the array. Without memory something is missing, as with any json_add. */
void answers_tree(const struct answers_tree *tree, struct json *list);

/* Parts of it, for whoever shows one answer: path, name and label of a field; value and text. field
 * NULL: one that the form does not know. */
void answers_tree_path(const struct answers_tree *tree, struct json *item,
                       struct instance_id instance, uint16_t field);
void answers_tree_label(const struct answers_tree *tree, struct json *item,
                        const struct form_field *field);
void answers_tree_value(const struct answers_tree *tree, struct json *item,
                        const struct form_field *field, const struct value *value);

#endif
