/* Looking into an expression without evaluating it: which paths it reads and what it calls. */
#include "schema/form/xpath_inside.h"

#include "base/words.h"

struct list {
    void *items; /* of references or calls */
    uint32_t count;
    uint32_t capacity;
};

/* ---- paths as text ---- */

/* Where a path stands while its steps are taken. */
struct trail {
    struct view path; /* without / at its end; empty for the root or the unknown beginning */
    struct view instance;
    bool absolute;
    bool loose;
    bool filtered;
};

struct look {
    struct arena *arena;
    struct trail context; /* of the node for which the expression is evaluated */
    struct list *references;
    struct err *err;
};

static enum rc no_memory(struct look *look) {
    return arena_check(look->arena, WORD("expression"), look->err);
}

static enum rc find_references(struct look *look, const struct expression *expression,
                               const struct trail *here, bool inner, struct trail *out);

static enum rc extend(struct look *look, struct trail *trail, const char *mark, struct view prefix,
                      struct view name) {
    char *text = arena_text(look->arena, "%.*s%s%s%.*s%s%.*s", VIEW_PRINT(trail->path),
                            trail->path.size > 0 || trail->absolute ? "/" : "", mark,
                            VIEW_PRINT(prefix), prefix.size > 0 ? ":" : "", VIEW_PRINT(name));

    if (text == NULL)
        return no_memory(look);
    trail->path = view_text(text);
    return RC_OK;
}

/* The parent: one name less, or one ".." more where nothing is known. */
static enum rc shorten(struct look *look, struct trail *trail) {
    size_t at = trail->path.size;

    while (at > 0 && trail->path.data[at - 1] != '/')
        at--;
    if (trail->path.size == 0 && trail->absolute)
        return RC_OK;
    if (trail->path.size == 0 || view_is(view_slice(trail->path, at, trail->path.size), ".."))
        return extend(look, trail, "", view_of("", 0), view_text(".."));
    trail->path.size = at > 0 ? at - 1 : 0;
    return RC_OK;
}

static enum rc follow_step(struct look *look, const struct step *step, struct trail *trail) {
    switch (step->axis) {
    case AXIS_SELF:
        return RC_OK;
    case AXIS_PARENT:
        return trail->loose ? RC_OK : shorten(look, trail);
    case AXIS_CHILD:
    case AXIS_ATTRIBUTE:
        if (trail->loose || (step->test != TEST_NAME && step->test != TEST_ANY_NAME))
            return RC_OK;
        return extend(look, trail, step->axis == AXIS_ATTRIBUTE ? "@" : "", step->prefix,
                      step->test == TEST_ANY_NAME ? view_text("*") : step->name);
    case AXIS_FOLLOWING_SIBLING:
    case AXIS_PRECEDING_SIBLING:
        if (!trail->loose && shorten(look, trail) != RC_OK)
            return look->err->rc;
        trail->loose = trail->loose || step->test != TEST_NAME;
        return trail->loose ? RC_OK : extend(look, trail, "", step->prefix, step->name);
    case AXIS_ANCESTOR:
    case AXIS_ANCESTOR_OR_SELF:
    case AXIS_FOLLOWING:
    case AXIS_PRECEDING:
        trail->path = view_of("", 0); /* from anywhere: the root */
        trail->loose = true;
        return RC_OK;
    case AXIS_DESCENDANT:
    case AXIS_DESCENDANT_OR_SELF:
    case AXIS_NAMESPACE:
        trail->loose = true;
        return RC_OK;
    }
    return RC_OK;
}

static enum rc add_reference(struct look *look, const struct trail *trail, bool inner,
                             struct xpath_place place) {
    struct xpath_reference *slot =
        arena_push(look->arena, &look->references->items, &look->references->count,
                   &look->references->capacity, sizeof(*slot));

    if (slot == NULL)
        return no_memory(look);
    *slot = (struct xpath_reference){
        .path = trail->path.size == 0 && trail->absolute ? view_text("/") : trail->path,
        .instance = trail->instance,
        .loose = trail->loose,
        .filtered = trail->filtered,
        .inner = inner,
        .place = place,
    };
    if (slot->path.size == 0)
        slot->path = view_text(".");
    return RC_OK;
}

static enum rc look_into(struct look *look, struct expression *const *list, uint32_t count,
                         const struct trail *here, bool inner) {
    struct trail unused;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        rc = find_references(look, list[i], here, inner, &unused);
    return rc;
}

static enum rc path_references(struct look *look, const struct expression *path,
                               const struct trail *here, bool inner, struct trail *trail) {
    enum rc rc = RC_OK;

    *trail = *here;
    if (path->absolute)
        *trail = (struct trail){.absolute = true};
    trail->filtered = path->predicate_count > 0;
    if (path->operand_count > 0) {
        /* The operand reports itself unless it is only a beginning: instance(), current(). */
        struct list *references = look->references;
        uint32_t before = references->count;

        rc = find_references(look, path->operands[0], here, inner, trail);
        if (rc == RC_OK && path->operands[0]->kind == EXPRESSION_CALL &&
            before < references->count && path->operands[0]->operand_count == 0)
            references->count = before;
        if (rc == RC_OK)
            rc = look_into(look, path->predicates, path->predicate_count, trail, true);
        trail->filtered = trail->filtered || path->predicate_count > 0;
    }
    for (uint32_t i = 0; i < path->step_count && rc == RC_OK; i++) {
        const struct step *step = &path->steps[i];

        rc = follow_step(look, step, trail);
        trail->filtered = trail->filtered || step->predicate_count > 0;
        if (rc == RC_OK)
            rc = look_into(look, step->predicates, step->predicate_count, trail, true);
    }
    return rc != RC_OK ? rc : add_reference(look, trail, inner, path->place);
}

static enum rc choice_reference(struct look *look, const struct expression *literal,
                                const struct trail *here, bool inner) {
    struct xpath *parsed;
    struct trail unused;
    struct err err;
    uint32_t before = look->references->count;
    enum rc rc;

    err_init(&err, look->err->lang);
    rc = xpath_parse(literal->text, look->arena, &parsed, NULL, &err);
    if (look->arena->failed != RC_OK)
        return no_memory(look);
    if (rc != RC_OK || parsed->root->kind != EXPRESSION_PATH || parsed->root->operand_count > 0)
        return RC_OK; /* evaluating does not follow it either */
    rc = path_references(look, parsed->root, here, inner, &unused);
    for (uint32_t i = before; i < look->references->count; i++)
        ((struct xpath_reference *)look->references->items)[i].place = literal->place;
    return rc;
}

/* The path that is the argument itself, not what stands in its predicates. */
static void mark_counted(struct look *look, uint32_t from, const struct expression *path) {
    struct xpath_reference *references = look->references->items;

    for (uint32_t i = from; i < look->references->count; i++)
        if (references[i].place.offset == path->place.offset &&
            references[i].place.length == path->place.length)
            references[i].counted = true;
}

static enum rc call_references(struct look *look, const struct expression *call,
                               const struct trail *here, bool inner, struct trail *out) {
    uint32_t before = look->references->count;
    enum rc rc;

    *out = (struct trail){.absolute = true, .loose = true};
    if (view_is(call->text, "instance") && call->operand_count == 1 &&
        call->operands[0]->kind == EXPRESSION_TEXT) {
        *out = (struct trail){.absolute = true, .instance = call->operands[0]->text};
        return RC_OK;
    }
    if (view_is(call->text, "current") && call->operand_count == 0) {
        *out = look->context;
        return add_reference(look, out, inner, call->place);
    }
    if (view_is(call->text, "jr:choice-name") && call->operand_count == 2 &&
        call->operands[1]->kind == EXPRESSION_TEXT) {
        rc = choice_reference(look, call->operands[1], here, inner);
        if (rc != RC_OK)
            return rc;
    }
    if (view_is(call->text, "randomize") && call->operand_count > 0) {
        rc = find_references(look, call->operands[0], here, inner, out);
        return rc != RC_OK
                   ? rc
                   : look_into(look, call->operands + 1, call->operand_count - 1, here, inner);
    }
    rc = look_into(look, call->operands, call->operand_count, here, inner);
    if (rc == RC_OK && call->operand_count == 1 &&
        (view_is(call->text, "count") || view_is(call->text, "position")))
        mark_counted(look, before, call->operands[0]);
    return rc;
}

static enum rc find_references(struct look *look, const struct expression *expression,
                               const struct trail *here, bool inner, struct trail *out) {
    *out = (struct trail){.absolute = true, .loose = true};
    switch (expression->kind) {
    case EXPRESSION_NUMBER:
    case EXPRESSION_TEXT:
        return RC_OK;
    case EXPRESSION_CHAIN:
    case EXPRESSION_NEGATE:
        return look_into(look, expression->operands, expression->operand_count, here, inner);
    case EXPRESSION_CALL:
        return call_references(look, expression, here, inner, out);
    case EXPRESSION_PATH:
        break;
    }
    return path_references(look, expression, here, inner, out);
}

enum rc xpath_references(const struct xpath *expression, struct view context_path,
                         struct arena *arena, struct xpath_reference **references, uint32_t *count,
                         struct err *err) {
    struct list list = {0};
    struct look look = {.arena = arena, .references = &list, .err = err};
    struct trail unused;
    enum rc rc;

    if (context_path.size > 0 && context_path.data[context_path.size - 1] == '/')
        context_path.size--;
    look.context = (struct trail){.path = context_path, .absolute = context_path.size > 0};
    rc = find_references(&look, expression->root, &look.context, false, &unused);
    *references = list.items;
    *count = rc == RC_OK ? list.count : 0;
    return rc;
}

/* ---- calls ---- */

static enum rc find_calls(const struct expression *expression, struct arena *arena,
                          struct list *calls, struct err *err);

static enum rc find_all(struct expression *const *list, uint32_t count, struct arena *arena,
                        struct list *calls, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        rc = find_calls(list[i], arena, calls, err);
    return rc;
}

static enum rc find_calls(const struct expression *expression, struct arena *arena,
                          struct list *calls, struct err *err) {
    enum rc rc = RC_OK;

    if (expression->kind == EXPRESSION_CALL) {
        struct xpath_call *slot =
            arena_push(arena, &calls->items, &calls->count, &calls->capacity, sizeof(*slot));

        if (slot == NULL)
            return arena_check(arena, WORD("expression"), err);
        *slot = (struct xpath_call){
            .name = expression->text,
            .known = expression->function != NULL,
            .argument_count = expression->operand_count,
            .place = expression->place,
        };
        slot->arity_wrong =
            slot->known && !function_takes(expression->function, expression->operand_count);
        if (expression->operand_count > 0 && expression->operands[0]->kind == EXPRESSION_TEXT)
            slot->first_text = expression->operands[0]->text;
    }
    rc = find_all(expression->operands, expression->operand_count, arena, calls, err);
    if (rc == RC_OK)
        rc = find_all(expression->predicates, expression->predicate_count, arena, calls, err);
    for (uint32_t i = 0; i < expression->step_count && rc == RC_OK; i++)
        rc = find_all(expression->steps[i].predicates, expression->steps[i].predicate_count, arena,
                      calls, err);
    return rc;
}

enum rc xpath_calls(const struct xpath *expression, struct arena *arena, struct xpath_call **calls,
                    uint32_t *count, struct err *err) {
    struct list list = {0};
    enum rc rc = find_calls(expression->root, arena, &list, err);

    *calls = list.items;
    *count = rc == RC_OK ? list.count : 0;
    return rc;
}

/* ---- constants ---- */

static bool is_constant(const struct expression *expression) {
    bool constant = true;

    if (expression->kind == EXPRESSION_PATH)
        return false;
    if (expression->kind == EXPRESSION_CALL)
        return expression->operand_count == 0 &&
               (view_is(expression->text, "true") || view_is(expression->text, "false"));
    for (uint32_t i = 0; i < expression->operand_count && constant; i++)
        constant = is_constant(expression->operands[i]);
    return constant;
}

bool xpath_is_constant(const struct xpath *expression) {
    return is_constant(expression->root);
}
