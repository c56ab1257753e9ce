/* Functions of nodes and of other instances. */
#include "schema/form/xpath_function.h"

#include <assert.h>

#include "base/words.h"

FUNCTION(function_last) {
    (void)run;
    (void)call;
    return give_number(number_of_int(focus->size), value);
}

/* Of a node: its place among its siblings of the same name. */
FUNCTION(function_position) {
    struct xpath_value nodes;
    int64_t place = 1;

    if (call->operand_count == 0)
        return give_number(number_of_int(focus->position), value);
    if (argument_nodes(run, call, 0, focus, &nodes) != RC_OK)
        return run->err->rc;
    if (nodes.count == 0)
        return give_text(run, view_of("", 0), value);
    for (const struct xml_node *at = nodes.nodes[0]->previous; at != NULL; at = at->previous) {
        if (run_spend(run, 1) != RC_OK)
            return run->err->rc;
        place += at->kind == nodes.nodes[0]->kind && view_equal(at->name, nodes.nodes[0]->name);
    }
    return give_number(number_of_int(place), value);
}

FUNCTION(function_count) {
    struct xpath_value nodes;
    enum rc rc = argument_nodes(run, call, 0, focus, &nodes);

    return rc != RC_OK ? rc : give_number(number_of_int(nodes.count), value);
}

FUNCTION(function_count_non_empty) {
    struct xpath_value nodes;
    int64_t count = 0;

    if (argument_nodes(run, call, 0, focus, &nodes) != RC_OK)
        return run->err->rc;
    for (uint32_t i = 0; i < nodes.count; i++) {
        struct view text;

        if (run_spend(run, 1) != RC_OK || node_text(run, nodes.nodes[i], &text) != RC_OK)
            return run->err->rc;
        count += text.size > 0;
    }
    return give_number(number_of_int(count), value);
}

/* Whether a word stands in a list of words. */
static bool has_word(struct view list, struct view word) {
    size_t at = 0;

    while (at < list.size) {
        size_t start;

        while (at < list.size && strchr(" \t\r\n", list.data[at]) != NULL)
            at++;
        start = at;
        while (at < list.size && strchr(" \t\r\n", list.data[at]) == NULL)
            at++;
        if (word.size > 0 && view_equal(view_slice(list, start, at - start), word))
            return true;
    }
    return false;
}

/* Elements whose id or xml:id is among the words of the argument. */
FUNCTION(function_id) {
    struct texts texts = {0};
    struct xml_node *top = focus->node;
    struct xml_node **found = NULL;
    uint32_t count = 0, capacity = 0;

    if (arguments_texts(run, call, 0, focus, &texts) != RC_OK)
        return run->err->rc;
    while (top->parent != NULL)
        top = top->parent;
    for (struct xml_node *node = top; node != NULL; node = xml_walk(node, top)) {
        const struct xml_node *id = node->attributes;
        bool wanted = false;

        while (id != NULL && !view_is(id->name, "id"))
            id = id->next;
        for (uint32_t i = 0; id != NULL && i < texts.count && !wanted; i++)
            wanted = has_word(texts.items[i], id->value);
        if (run_spend(run, 1 + texts.count) != RC_OK)
            return run->err->rc;
        if (wanted) {
            struct xml_node **slot =
                arena_push(run->arena, &found, &count, &capacity, sizeof(*found));

            if (slot == NULL)
                return run_no_memory(run);
            *slot = node;
        }
    }
    return give_nodes(run, found, count, value);
}

/* The first node of the argument, or the context node; NULL for an empty set. */
static enum rc node_or_self(struct run *run, const struct expression *call,
                            const struct focus *focus, const struct xml_node **node) {
    struct xpath_value nodes;

    *node = focus->node;
    if (call->operand_count == 0)
        return RC_OK;
    if (argument_nodes(run, call, 0, focus, &nodes) != RC_OK)
        return run->err->rc;
    *node = nodes.count == 0 ? NULL : nodes.nodes[0];
    return RC_OK;
}

FUNCTION(function_local_name) {
    const struct xml_node *node;
    enum rc rc = node_or_self(run, call, focus, &node);

    return rc != RC_OK ? rc : give_text(run, node == NULL ? view_of("", 0) : node->name, value);
}

FUNCTION(function_namespace_uri) {
    const struct xml_node *node;
    enum rc rc = node_or_self(run, call, focus, &node);

    return rc != RC_OK ? rc : give_text(run, node == NULL ? view_of("", 0) : node->uri, value);
}

FUNCTION(function_name) {
    const struct xml_node *node;
    char *text;
    enum rc rc = node_or_self(run, call, focus, &node);

    if (rc != RC_OK)
        return rc;
    if (node == NULL || node->prefix.size == 0)
        return give_text(run, node == NULL ? view_of("", 0) : node->name, value);
    text = arena_text(run->arena, "%.*s:%.*s", VIEW_PRINT(node->prefix), VIEW_PRINT(node->name));
    return text == NULL ? run_no_memory(run) : give_text(run, view_text(text), value);
}

static bool same_letters(struct view left, struct view right) {
    if (left.size != right.size)
        return false;
    for (size_t i = 0; i < left.size; i++) {
        uint8_t a = left.data[i], b = right.data[i];

        a = a >= 'A' && a <= 'Z' ? (uint8_t)(a + 32) : a;
        b = b >= 'A' && b <= 'Z' ? (uint8_t)(b + 32) : b;
        if (a != b)
            return false;
    }
    return true;
}

/* The nearest xml:lang is the language or one of its regions. */
FUNCTION(function_lang) {
    struct view wanted, found = view_of("", 0);
    const struct xml_node *at = focus->node;
    enum rc rc = argument_text(run, call, 0, focus, &wanted);

    if (rc != RC_OK)
        return rc;
    for (; at != NULL && found.size == 0; at = at->parent) {
        const struct xml_node *lang =
            xml_attribute_of(at, "http://www.w3.org/XML/1998/namespace", "lang");

        if (lang != NULL)
            found = lang->value;
    }
    return give_bool(wanted.size > 0 && same_letters(view_slice(found, 0, wanted.size), wanted) &&
                         (found.size == wanted.size || found.data[wanted.size] == '-'),
                     value);
}

FUNCTION(function_current) {
    (void)call;
    (void)focus;
    return give_nodes(run, &run->current, 1, value);
}

/* ---- instances ---- */

static enum rc find_instance(struct run *run, const struct expression *call, struct view id,
                             struct xml_node **node) {
    if (run->host->instance == NULL)
        return call_unsupported(run, call);
    *node = run->host->instance(run->host->user, id);
    if (*node != NULL)
        return RC_OK;
    (void)err_set(run->err, RC_NOT_FOUND, "there is no instance '%.*s'; attach or declare it",
                  VIEW_PRINT(utf8_cut(id, 60)));
    return run_fail_at(run, call->place);
}

FUNCTION(function_instance) {
    struct xml_node *node;
    struct view id;
    enum rc rc = argument_text(run, call, 0, focus, &id);

    if (rc == RC_OK)
        rc = find_instance(run, call, id, &node);
    return rc != RC_OK ? rc : give_nodes(run, &node, 1, value);
}

static struct xml_node *child_named(const struct xml_node *parent, struct view name) {
    struct xml_node *child = xml_child(parent, NULL);

    while (child != NULL && !view_equal(child->name, name))
        child = xml_sibling(child, NULL);
    return child;
}

/* instance('id')/root/item[column = key]/wanted, the first one. */
static enum rc look_up(struct run *run, const struct expression *call, const struct view *texts,
                       struct view *cell) {
    struct xml_node *instance;

    if (find_instance(run, call, texts[0], &instance) != RC_OK)
        return run->err->rc;
    for (struct xml_node *item = xml_child(xml_child(instance, NULL), NULL); item != NULL;
         item = xml_sibling(item, NULL)) {
        struct xml_node *column = child_named(item, texts[2]);
        struct view key;

        if (run_spend(run, 1) != RC_OK)
            return run->err->rc;
        if (column == NULL)
            continue;
        if (node_text(run, column, &key) != RC_OK)
            return run->err->rc;
        if (!view_equal(key, texts[3]))
            continue;
        column = child_named(item, texts[1]);
        return column == NULL ? RC_OK : node_text(run, column, cell);
    }
    return RC_OK;
}

FUNCTION(function_pulldata) {
    const struct xpath_host *host = run->host;
    struct view texts[4];
    struct view cell = view_of("", 0);

    for (uint32_t i = 0; i < 4; i++)
        if (argument_text(run, call, i, focus, &texts[i]) != RC_OK)
            return run->err->rc;
    if (host->pulldata != NULL) {
        if (!host->pulldata(host->user, texts[0], texts[1], texts[2], texts[3], &cell))
            cell = view_of("", 0);
    } else if (look_up(run, call, texts, &cell) != RC_OK) {
        return run->err->rc;
    }
    return give_text(run, cell, value);
}

/* ---- repeats ---- */

static bool is_below(const struct xml_node *node, const struct xml_node *top) {
    while (node != NULL && node != top)
        node = node->parent;
    return node == top && top != NULL;
}

/* Keeps the nodes at or below top (NULL: all). */
static enum rc keep_below(struct run *run, struct xpath_value *nodes, const struct xml_node *top) {
    uint32_t kept = 0;

    if (top == NULL)
        return RC_OK;
    if (run_spend(run, nodes->count) != RC_OK)
        return run->err->rc;
    for (uint32_t i = 0; i < nodes->count; i++)
        if (is_below(nodes->nodes[i], top))
            nodes->nodes[kept++] = nodes->nodes[i];
    nodes->count = kept;
    return RC_OK;
}

/* indexed-repeat(node, repeat, index, inner repeat, index, ...): the node in the instance that the
 * pairs choose from outside to inside. The first repeat is found as from here, so a repeat around
 * it is the one we are in; what follows is found everywhere and kept where it lies in the choice.
 */
FUNCTION(function_indexed_repeat) {
    bool wide = run->wide;
    struct xml_node *chosen = NULL;
    struct xpath_value nodes;
    enum rc rc = RC_OK;

    if (call->operand_count % 2 == 0)
        return call_fail(run, call, RC_INVALID,
                         WORD("indexed-repeat takes a node and pairs of a repeat and an index"));
    for (uint32_t i = 1; i < call->operand_count && rc == RC_OK; i += 2) {
        struct xpath_number index;

        rc = argument_number(run, call, i + 1, focus, &index);
        run->wide = wide || i > 1;
        if (rc == RC_OK)
            rc = argument_nodes(run, call, i, focus, &nodes);
        run->wide = wide;
        if (rc == RC_OK)
            rc = keep_below(run, &nodes, chosen);
        if (rc != RC_OK)
            return rc;
        if (!(index.value >= 1 && index.value <= nodes.count))
            return give_nodes(run, NULL, 0, value);
        chosen = nodes.nodes[(uint32_t)index.value - 1];
    }
    run->wide = true;
    rc = argument_nodes(run, call, 0, focus, &nodes);
    run->wide = wide;
    if (rc == RC_OK)
        rc = keep_below(run, &nodes, chosen);
    return rc != RC_OK ? rc : give_nodes(run, nodes.nodes, nodes.count, value);
}

/* ---- translations and labels ---- */

FUNCTION(function_itext) {
    struct view id, text = view_of("", 0);
    enum rc rc = argument_text(run, call, 0, focus, &id);

    if (rc != RC_OK)
        return rc;
    if (run->host->itext == NULL)
        return call_unsupported(run, call);
    if (!run->host->itext(run->host->user, id, &text))
        text = view_of("", 0);
    return give_text(run, text, value);
}

/* The node that a path in a text means. What is no path, or calls functions on the way to one that
 * is, is not followed: a text may come from an answer. */
static enum rc follow(struct run *run, struct view path, const struct focus *focus,
                      struct xml_node **node) {
    struct xpath_value nodes;
    struct xpath *parsed;
    struct err err;
    struct view source = run->source;
    enum rc rc;

    *node = NULL;
    err_init(&err, run->err->lang);
    rc = xpath_parse(path, run->arena, &parsed, NULL, &err);
    if (rc == RC_NO_MEMORY || (rc == RC_LIMIT && run->arena->failed != RC_OK))
        return run_no_memory(run);
    if (rc != RC_OK || parsed->root->kind != EXPRESSION_PATH || run->nested)
        return RC_OK;
    run->nested = true;
    run->source = parsed->text;
    rc = run_path(run, parsed->root, focus, &nodes);
    run->nested = false;
    run->source = source;
    if (rc == RC_OK && nodes.count > 0)
        *node = nodes.nodes[0];
    return rc;
}

/* The second argument is a path in a text literal, or the path itself. */
FUNCTION(function_choice_name) {
    const struct xpath_host *host = run->host;
    struct view name, path, label = view_of("", 0);
    struct xml_node *node = NULL;
    struct xpath_value second;
    enum rc rc = argument_text(run, call, 0, focus, &name);

    if (rc == RC_OK)
        rc = run_evaluate(run, call->operands[1], focus, &second);
    if (rc != RC_OK)
        return rc;
    path =
        view_slice(run->source, call->operands[1]->place.offset, call->operands[1]->place.length);
    if (second.type == XPATH_NODES) {
        node = second.count == 0 ? NULL : second.nodes[0];
    } else {
        rc = value_to_text(run, &second, &path);
        path = text_trim(path);
        if (rc == RC_OK)
            rc = follow(run, path, focus, &node);
        if (rc != RC_OK)
            return rc;
    }
    if (host->choice_name == NULL)
        return call_unsupported(run, call);
    if (!host->choice_name(host->user, name, node, path, &label))
        label = view_of("", 0);
    return give_text(run, label, value);
}

FUNCTION(function_version) {
    (void)call;
    (void)focus;
    return give_text(run, run->host->version, value);
}
