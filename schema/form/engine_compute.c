/* Computing everything again.
 *
 * One pass goes over the fields in the form's order and settles each node: relevance, calculation,
 * the number of instances, choices that are gone. Whatever a rule reads has been settled before it,
 * so one pass is enough, unless instances came or went, or the form's rules go in circles: then
 * passes are repeated until nothing changes. From the middle on, what has once been found not to be
 * relevant stays so for the rest of this computation, so that it always ends in the same state.
 * What is required, read-only and wrong is looked at last, once. */
#include "schema/form/engine_parts.h"

#include "base/text.h"
#include "schema/form/model_value.h"

#define LATCH_PASS (ENGINE_PASSES_MAX / 2)

static bool parent_is_relevant(const struct engine_cell *cell) {
    const struct engine_cell *parent = cell_of(cell->node->parent);

    return parent == NULL || parent->is_relevant;
}

/* Keeps what the failed expression said. */
static void keep_trouble(struct engine *engine, struct engine_cell *cell) {
    if (cell->trouble == NULL || strcmp(cell->trouble, engine->trouble.text) != 0)
        cell->trouble = arena_text(&engine->tree, "%s", engine->trouble.text);
    cell->has_trouble = true;
}

enum rc compute_write(struct engine *engine, struct engine_cell *cell, struct view text,
                      bool *changed, struct err *err) {
    struct buf cast;
    enum rc rc = RC_OK;

    buf_init(&cast, XPATH_VALUE_BYTES);
    model_value_cast(cell_field(engine, cell)->type, text, &cast);
    rc = buf_check(&cast, "a computed value", err);
    if (rc == RC_OK && !view_equal(buf_view(&cast), cell_value(cell))) {
        *changed = true;
        rc = cell_set(engine, cell, buf_view(&cast), err);
    }
    buf_release(&cast);
    return rc;
}

/* People may write over what is computed here. */
static bool is_for_people(const struct engine *engine, const struct engine_cell *cell) {
    const struct model_field *field = cell_field(engine, cell);

    return field->control != MODEL_NONE && field->readonly.xpath == NULL;
}

static enum rc calculate(struct engine *engine, struct engine_cell *cell, bool *changed,
                         struct err *err) {
    const struct xpath *xpath = cell_field(engine, cell)->calculate.xpath;
    struct view text;
    uint64_t hash;
    bool is_fine, is_volatile, keep;

    eval_reset(engine);
    engine->is_probing = true;
    engine->was_touched = false;
    is_fine = eval_text(engine, xpath, cell->node, NULL, &text);
    engine->is_probing = false;
    is_volatile = engine->was_touched;
    hash = engine_hash(is_fine, text);
    if (!is_fine)
        keep_trouble(engine, cell);
    if (cell->has_computed && cell->computed == hash)
        return RC_OK;
    keep = engine->is_opening && cell_value(cell).size > 0 &&
           (is_volatile || is_for_people(engine, cell));
    cell->has_computed = true;
    cell->computed = hash;
    if (keep)
        return RC_OK;
    if (is_volatile) {
        eval_reset(engine);
        if (!eval_text(engine, xpath, cell->node, NULL, &text))
            keep_trouble(engine, cell);
    }
    return compute_write(engine, cell, text, changed, err);
}

/* Drops answers that the choices do not offer any more, and remembers them: they come back with
 * their choices. Only when the offer has changed under our eyes: a list that is missing today must
 * not take answers away. */
static enum rc filter(struct engine *engine, const struct model_control *control,
                      struct engine_cell *cell, bool *changed, struct err *err) {
    struct view value = cell->kept != NULL ? view_text(cell->kept) : cell_value(cell);
    struct option *options = NULL;
    uint32_t count = 0;
    uint64_t hash = 0;
    struct buf left;
    size_t at = 0;
    enum rc rc;

    if (value.size == 0) {
        cell->has_choices = false;
        return RC_OK;
    }
    eval_reset(engine);
    if (choices_of(engine, control, cell, false, &engine->scratch, &options, &count) != RC_OK) {
        keep_trouble(engine, cell);
        return RC_OK;
    }
    for (uint32_t i = 0; i < count; i++)
        hash = engine_hash(hash, options[i].value);
    if (cell->has_choices && cell->choices == hash)
        return RC_OK;
    cell->choices = hash;
    if (!cell->has_choices) {
        cell->has_choices = true;
        return RC_OK;
    }
    buf_init(&left, XPATH_VALUE_BYTES);
    while (at < value.size) {
        size_t start = at;
        bool is_there = false;

        while (at < value.size && value.data[at] > ' ')
            at++;
        for (uint32_t i = 0; i < count && !is_there; i++)
            is_there = view_equal(options[i].value, view_slice(value, start, at - start));
        if (is_there) {
            if (left.size > 0)
                buf_add_u8(&left, ' ');
            buf_add_view(&left, view_slice(value, start, at - start));
        }
        while (at < value.size && value.data[at] <= ' ')
            at++;
    }
    rc = buf_check(&left, "an answer", err);
    if (rc == RC_OK && !view_equal(buf_view(&left), cell_value(cell))) {
        char *kept = view_equal(buf_view(&left), value)
                         ? NULL
                         : arena_text(&engine->tree, "%.*s", VIEW_PRINT(value));

        *changed = true;
        rc = cell_set(engine, cell, buf_view(&left), err);
        cell->kept = kept;
    }
    buf_release(&left);
    return rc;
}

static enum rc settle_cell(struct engine *engine, struct engine_cell *cell, bool *changed,
                           struct err *err) {
    const struct model_field *field = cell_field(engine, cell);
    bool is_relevant = parent_is_relevant(cell);

    if (is_relevant && field->relevant.xpath != NULL &&
        !eval_bool(engine, field->relevant.xpath, cell->node, &is_relevant))
        keep_trouble(engine, cell);
    if (engine->pass >= LATCH_PASS && !cell->is_relevant)
        is_relevant = false;
    if (is_relevant != cell->is_relevant) {
        *changed = true;
        cell->is_relevant = is_relevant;
    }
    if (!is_relevant || !field->is_leaf)
        return RC_OK;
    if (field->calculate.xpath != NULL && calculate(engine, cell, changed, err) != RC_OK)
        return err->rc;
    if (field->control != MODEL_NONE) {
        const struct model_control *control = &engine->model->controls[field->control];

        if (control->itemset.nodes != NULL && !control->itemset.is_constant)
            return filter(engine, control, cell, changed, err);
    }
    return RC_OK;
}

/* ---- how many instances ---- */

/* A node of the repeat below parent that stands nowhere: for rules of a repeat without instance. */
static struct xml_node phantom_of(const struct engine *engine, struct xml_node *parent,
                                  uint32_t field) {
    const struct model_field *about = &engine->model->fields[field];

    return (struct xml_node){.kind = XML_ELEMENT,
                             .mark = field + 1,
                             .name = about->local,
                             .uri = about->uri,
                             .parent = parent,
                             .order = parent->order};
}

bool compute_range_relevant(struct engine *engine, struct xml_node *parent, uint32_t field) {
    const struct model_field *about = &engine->model->fields[field];
    struct xml_node phantom = phantom_of(engine, parent, field);
    bool is_relevant = cell_of(parent) == NULL || cell_of(parent)->is_relevant;

    if (is_relevant && about->relevant.xpath != NULL)
        (void)eval_bool(engine, about->relevant.xpath, &phantom, &is_relevant);
    return is_relevant;
}

static bool wanted_count(struct engine *engine, struct engine_cell *parent, uint32_t field,
                         uint32_t *wanted) {
    struct xml_node phantom = phantom_of(engine, parent->node, field);
    struct xpath_value value;
    struct xpath_number number;
    const struct xpath_host host = {0};
    const struct xpath_scope scope = {.host = &host, .node = &phantom};

    eval_reset(engine);
    if (eval_value(engine, engine->model->fields[field].count.xpath, &phantom, NULL, &value) !=
            RC_OK ||
        xpath_to_number(&value, &scope, &engine->scratch, &number, &engine->trouble) != RC_OK) {
        keep_trouble(engine, parent);
        return false;
    }
    *wanted = !(number.value >= 1)                   ? 0
              : number.value >= ENGINE_INSTANCES_MAX ? ENGINE_INSTANCES_MAX
                                                     : (uint32_t)number.value;
    return true;
}

static enum rc settle_count(struct engine *engine, struct engine_cell *parent, uint32_t field,
                            struct err *err) {
    const struct model_field *about = &engine->model->fields[field];
    struct engine_cell *last, *added;
    uint32_t wanted, have;

    if (!parent->is_relevant || !wanted_count(engine, parent, field, &wanted))
        return RC_OK;
    last = tree_last_instance(parent->node, field, &have);
    while (have > wanted) {
        tree_cut(engine, last);
        last = tree_last_instance(parent->node, field, &have);
    }
    for (; have < wanted; have++) {
        const struct xml_node *pattern =
            have < about->default_count ? about->defaults[have] : about->pattern;

        if (tree_add_instance(engine, parent->node, field, pattern, 0, &added, err) != RC_OK)
            return err->rc;
    }
    return RC_OK;
}

/* Instances come and go at the end of a field's turn; the cells are linked again then. */
static enum rc settle_counts(struct engine *engine, uint32_t field, bool *changed,
                             struct err *err) {
    uint32_t parent = engine->model->fields[field].parent;
    bool had_moved = engine->has_moved;

    engine->has_moved = false;
    for (uint32_t i = engine->start[parent]; i < engine->start[parent + 1]; i++)
        if (settle_count(engine, engine->cells[i], field, err) != RC_OK)
            return err->rc;
    if (!engine->has_moved) {
        engine->has_moved = had_moved;
        return RC_OK;
    }
    *changed = true;
    return tree_link(engine, err);
}

/* ---- the passes ---- */

static enum rc one_pass(struct engine *engine, bool *changed, struct err *err) {
    const struct model *model = engine->model;

    for (uint32_t i = 0; i < model->field_count; i++) {
        uint32_t field = model->order[i];

        if (model->fields[field].count.xpath != NULL && model->fields[field].is_repeat &&
            settle_counts(engine, field, changed, err) != RC_OK)
            return err->rc;
        for (uint32_t k = engine->start[field]; k < engine->start[field + 1]; k++)
            if (settle_cell(engine, engine->cells[k], changed, err) != RC_OK)
                return err->rc;
    }
    return RC_OK;
}

static enum engine_violation judge(struct engine *engine, struct engine_cell *cell,
                                   struct buf *scratch) {
    const struct model_field *field = cell_field(engine, cell);
    struct view value = cell_value(cell);
    bool holds = true;

    if (!cell->is_relevant)
        return ENGINE_FINE;
    if (cell->has_trouble)
        return ENGINE_TROUBLE;
    if (!field->is_leaf)
        return ENGINE_FINE;
    /* Nobody can answer what no question shows: a required calculation stops nobody. */
    if (value.size == 0)
        return cell->is_required && field->control != MODEL_NONE ? ENGINE_MISSING : ENGINE_FINE;
    if (field->type != MODEL_STRING) {
        buf_clear(scratch);
        if (!model_value_read(field->type, value, scratch))
            return ENGINE_TYPE;
    }
    if (field->constraint.xpath != NULL &&
        !eval_bool(engine, field->constraint.xpath, cell->node, &holds)) {
        keep_trouble(engine, cell);
        return ENGINE_TROUBLE;
    }
    return holds ? ENGINE_FINE : ENGINE_CONSTRAINT;
}

static bool is_warned(struct engine *engine, struct engine_cell *cell) {
    const struct model_rule *rule = &cell_field(engine, cell)->warning;
    bool holds = true;

    if (rule->xpath == NULL || !cell->is_relevant || cell->violation != ENGINE_FINE ||
        !cell_field(engine, cell)->is_leaf || cell_value(cell).size == 0)
        return false;
    if (!eval_bool(engine, rule->xpath, cell->node, &holds)) {
        keep_trouble(engine, cell);
        cell->violation = ENGINE_TROUBLE;
        return false;
    }
    return !holds;
}

static void judge_all(struct engine *engine) {
    struct buf scratch;

    buf_init(&scratch, XPATH_VALUE_BYTES);
    for (uint32_t i = 0; i < engine->cell_count; i++) {
        struct engine_cell *cell = engine->cells[i];
        const struct model_field *field = cell_field(engine, cell);
        const struct engine_cell *parent = cell_of(cell->node->parent);
        bool is_required = false, is_read_only = false;

        if (field->required.xpath != NULL &&
            !eval_bool(engine, field->required.xpath, cell->node, &is_required))
            keep_trouble(engine, cell);
        if (field->readonly.xpath != NULL &&
            !eval_bool(engine, field->readonly.xpath, cell->node, &is_read_only))
            keep_trouble(engine, cell);
        cell->is_required = is_required;
        /* The parent has been judged: fields are numbered from the root down. */
        cell->is_read_only = is_read_only || (parent != NULL && parent->is_read_only);
        cell->violation = (uint8_t)judge(engine, cell, &scratch);
        cell->is_warned = is_warned(engine, cell);
    }
    buf_release(&scratch);
}

enum rc compute_all(struct engine *engine, struct err *err) {
    bool again = true;

    for (uint32_t i = 0; i < engine->cell_count; i++)
        engine->cells[i]->has_trouble = false;
    for (engine->pass = 0; again && engine->pass < ENGINE_PASSES_MAX; engine->pass++) {
        bool changed = false;

        again = false;
        engine->has_moved = false;
        if (one_pass(engine, &changed, err) != RC_OK)
            return err->rc;
        again = engine->has_moved || (changed && engine->model->is_circular);
    }
    judge_all(engine);
    return RC_OK;
}
