/* A rule's sources are found once for each form: from the constraint over the values that it reads
 * to what those are computed from, and what decides whether they are asked, offered or counted, and
 * so on. What was reached by a path that may mean other instances of a repeat than the rule's own
 * counts in all of them ("elsewhere"), else only in the instances that hold the rule's own.
 *
 * For a record, the fields without a known value are collected first; a rule with one of them among
 * its sources is not asked about. The rest is what the engine says of the draft. */
#include "schema/form/rules.h"

#include "schema/form/filling_parts.h"
#include "schema/form/form_json.h"

#define SCRATCH_BYTES (64u * 1024u * 1024u)

struct source {
    uint32_t field; /* index of the compiled field */
    bool is_elsewhere;
};

struct form_rule {
    uint32_t field; /* index of the compiled field */
    uint32_t source_count;
    const struct source *sources;
};

bool form_has_rules(const struct form *form) {
    static const char mark[] = " constraint=";
    size_t size = sizeof(mark) - 1;

    for (size_t at = 0; at + size <= form->xform.size; at++)
        if (memcmp(form->xform.data + at, mark, size) == 0)
            return true;
    return false;
}

/* ---- sources ---- */

enum { NOT_SEEN, SEEN_HERE, SEEN_ELSEWHERE };

struct tracing {
    const struct form_program *program;
    const uint32_t *back; /* by field of the XForm: the compiled one, MODEL_NONE */
    struct arena *scratch;
    uint8_t *seen;   /* by field of the XForm */
    uint32_t *stack; /* fields that are to be followed; each at most twice */
    uint32_t depth;
    uint32_t *reached; /* those seen */
    uint32_t reached_count;
    const uint32_t *shown; /* by field of the XForm: the control whose choices it takes */
    struct err *err;
};

static void reach(struct tracing *tracing, uint32_t field, bool is_elsewhere) {
    uint8_t how = is_elsewhere ? SEEN_ELSEWHERE : SEEN_HERE;

    if (tracing->seen[field] >= how)
        return;
    if (tracing->seen[field] == NOT_SEEN)
        tracing->reached[tracing->reached_count++] = field;
    tracing->seen[field] = how;
    tracing->stack[tracing->depth++] = field;
}

/* Whether the repeats around `to` are around `from`, too: then one instance is meant. */
static bool is_around(const struct model *model, uint32_t from, uint32_t to) {
    uint32_t repeat = model->fields[to].repeat;

    return repeat == MODEL_NONE || (repeat <= from && from < model->fields[repeat].end);
}

/* The field at the path, or the last one on the way to it that there is. */
static uint32_t field_on(const struct model *model, struct view path, bool *is_whole) {
    uint32_t field = model_field_at(model, path);

    *is_whole = field != MODEL_NONE;
    while (field == MODEL_NONE && path.size > 0) {
        do
            path.size--;
        while (path.size > 0 && path.data[path.size] != '/');
        field = path.size == 0 ? MODEL_NONE : model_field_at(model, path);
    }
    return field;
}

static enum rc follow(struct tracing *tracing, uint32_t from, bool is_elsewhere,
                      const struct xpath *xpath) {
    const struct model *model = tracing->program->model;
    struct xpath_reference *references = NULL;
    struct xpath_call *calls = NULL;
    uint32_t count = 0, call_count = 0;
    enum rc rc;

    if (xpath == NULL)
        return RC_OK;
    rc = xpath_references(xpath, model->fields[from].path, tracing->scratch, &references, &count,
                          tracing->err);
    if (rc == RC_OK)
        rc = xpath_calls(xpath, tracing->scratch, &calls, &call_count, tracing->err);
    for (uint32_t i = 0; i < call_count && rc == RC_OK; i++)
        is_elsewhere |= view_is(calls[i].name, "indexed-repeat");
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        bool is_whole, any = is_elsewhere || references[i].filtered || references[i].loose;
        uint32_t to = references[i].instance.size > 0
                          ? MODEL_NONE
                          : field_on(model, references[i].path, &is_whole);

        if (to == MODEL_NONE)
            continue;
        reach(tracing, to, any || !is_around(model, from, to));
        if (is_whole && !references[i].loose &&
            (model->fields[to].is_leaf || references[i].counted))
            continue;
        for (uint32_t below = to + 1; below < model->fields[to].end; below++)
            reach(tracing, below, true);
    }
    return rc;
}

/* What the value of a field, or whether it counts, depends on. */
static enum rc follow_field(struct tracing *tracing, uint32_t at) {
    const struct model *model = tracing->program->model;
    bool is_elsewhere = tracing->seen[at] == SEEN_ELSEWHERE;
    uint32_t control = tracing->shown[at];
    enum rc rc = follow(tracing, at, is_elsewhere, model->fields[at].calculate.xpath);

    if (rc == RC_OK && control != MODEL_NONE)
        rc = follow(tracing, at, is_elsewhere, model->controls[control].itemset.nodes);
    for (uint32_t up = at; up != MODEL_NONE && rc == RC_OK; up = model->fields[up].parent) {
        rc = follow(tracing, up, is_elsewhere, model->fields[up].relevant.xpath);
        if (rc == RC_OK)
            rc = follow(tracing, up, is_elsewhere, model->fields[up].count.xpath);
    }
    return rc;
}

static enum rc trace(struct tracing *tracing, uint32_t field, struct arena *arena,
                     struct form_rule *out) {
    const struct model *model = tracing->program->model;
    uint32_t at = tracing->program->fields[field];
    struct source *sources;
    enum rc rc;

    arena_reset(tracing->scratch);
    for (uint32_t i = 0; i < tracing->reached_count; i++)
        tracing->seen[tracing->reached[i]] = NOT_SEEN;
    tracing->reached_count = 0;
    reach(tracing, at, false);
    rc = follow(tracing, at, false, model->fields[at].constraint.xpath);
    while (tracing->depth > 0 && rc == RC_OK)
        rc = follow_field(tracing, tracing->stack[--tracing->depth]);
    if (rc != RC_OK)
        return rc;
    sources = arena_array(arena, tracing->reached_count, sizeof(*sources));
    if (sources == NULL)
        return arena_check(arena, "a form", tracing->err);
    *out = (struct form_rule){.field = field, .sources = sources};
    for (uint32_t i = 0; i < tracing->reached_count; i++) {
        uint32_t reached = tracing->reached[i];

        if (tracing->back[reached] != MODEL_NONE)
            sources[out->source_count++] =
                (struct source){.field = tracing->back[reached],
                                .is_elsewhere = tracing->seen[reached] == SEEN_ELSEWHERE};
    }
    return RC_OK;
}

static bool has_rule(const struct form_program *program, uint32_t field) {
    uint32_t at = program->fields[field];

    return at != MODEL_NONE && form_field_holds_value(&program->form->fields[field]) &&
           program->model->fields[at].is_leaf &&
           program->model->fields[at].constraint.xpath != NULL;
}

/* Arrays of the search. */
static void tracing_start(struct tracing *tracing, struct arena *arena) {
    const struct form_program *program = tracing->program;
    uint32_t count = program->model->field_count;
    uint32_t *back = arena_array(arena, count, sizeof(*back));
    uint32_t *shown = arena_array(arena, count, sizeof(*shown));

    tracing->reached = arena_array(arena, count, sizeof(*tracing->reached));
    tracing->stack = arena_array(arena, (size_t)count * 2, sizeof(*tracing->stack));
    tracing->seen = arena_array(arena, count, sizeof(*tracing->seen));
    tracing->back = back;
    tracing->shown = shown;
    if (arena->failed != RC_OK)
        return;
    for (uint32_t i = 0; i < count; i++)
        back[i] = shown[i] = MODEL_NONE;
    for (uint32_t i = 0; i < program->form->field_count; i++)
        if (program->fields[i] != MODEL_NONE)
            back[program->fields[i]] = i;
    for (uint32_t i = 0; i < program->model->control_count; i++)
        if (program->model->controls[i].field != MODEL_NONE &&
            program->model->controls[i].itemset.nodes != NULL)
            shown[program->model->controls[i].field] = i;
}

enum rc form_rules_load(const struct form_program *program, struct arena *arena,
                        struct form_rules *out, struct err *err) {
    struct tracing tracing = {.program = program, .err = err};
    struct arena arrays, scratch;
    struct form_rule *list;
    uint32_t count = 0;
    enum rc rc;

    *out = (struct form_rules){.program = program};
    for (uint32_t i = 0; i < program->form->field_count; i++)
        count += has_rule(program, i);
    if (count == 0)
        return RC_OK;
    arena_init(&arrays, SCRATCH_BYTES);
    arena_init(&scratch, SCRATCH_BYTES);
    tracing.scratch = &scratch;
    tracing_start(&tracing, &arrays);
    list = arena_array(arena, count, sizeof(*list));
    rc = arena_check(&arrays, "a form", err);
    if (rc == RC_OK)
        rc = arena_check(arena, "a form", err);
    for (uint32_t i = 0; i < program->form->field_count && rc == RC_OK; i++)
        if (has_rule(program, i))
            rc = trace(&tracing, i, arena, &list[out->count++]);
    out->list = list;
    arena_release(&scratch);
    arena_release(&arrays);
    return rc;
}

/* ---- what nobody knows ---- */

struct unknown {
    uint32_t field; /* index of the compiled field */
    struct instance_id instance;
};

struct asking {
    const struct form_rules *rules;
    const struct reading *reading;
    struct arena *arena;
    struct unknown *unknown;
    uint32_t unknown_count;
    int64_t now_ms;
};

static void find_unknown(struct asking *asking) {
    const struct reading *reading = asking->reading;
    const struct form *form = reading->form;

    asking->unknown = arena_array(asking->arena, reading->cell_count, sizeof(*asking->unknown));
    for (uint32_t i = 0; i < reading->cell_count && asking->unknown != NULL; i++) {
        const struct cell *cell = &reading->cells[i];
        const struct form_field *field =
            cell->field < FIELD_FIRST_OF_FORM ? NULL : form_field_by_number(form, cell->field);

        if (field == NULL || (cell->kind != CELL_CONFLICT && cell->kind != CELL_ERASED &&
                              !(cell->kind == CELL_SET && filling_only_adds(field))))
            continue;
        asking->unknown[asking->unknown_count++] =
            (struct unknown){.field = (uint32_t)(field - form->fields), .instance = cell->instance};
    }
}

static bool stands_in(const struct reading *reading, struct instance_id inner,
                      struct instance_id outer) {
    for (uint32_t depth = 0; depth <= FORM_DEPTH; depth++) {
        const struct seen_instance *seen;

        if (instance_equal(inner, outer))
            return true;
        seen = instance_is_root(inner) ? NULL : reading_instance(reading, inner);
        if (seen == NULL)
            return false;
        inner = seen->parent;
    }
    return false;
}

static bool is_open(const struct asking *asking, const struct form_rule *rule,
                    struct instance_id instance) {
    for (uint32_t i = 0; i < asking->unknown_count; i++)
        for (uint32_t k = 0; k < rule->source_count; k++)
            if (rule->sources[k].field == asking->unknown[i].field &&
                (rule->sources[k].is_elsewhere ||
                 stands_in(asking->reading, instance, asking->unknown[i].instance)))
                return true;
    return false;
}

/* ---- asking the engine ---- */

static int64_t newest_ms(void *context) {
    const struct asking *asking = context;

    return asking->now_ms;
}

static void no_chance(void *context, void *bytes, size_t size) {
    (void)context;
    memset(bytes, 0x5a, size);
}

static bool is_computed(const struct model *model, const struct model_text *text) {
    if (text->expression != NULL)
        return true;
    for (uint32_t i = 0; i < text->parts.count; i++)
        if (text->parts.list[i].output != NULL)
            return true;
    for (uint32_t i = 0; text->itext != NULL && i < model->language_count; i++) {
        const struct model_translation *said = &text->itext->by_language[i];

        for (uint32_t k = 0; k < said->count; k++)
            for (uint32_t p = 0; p < said->list[k].parts.count; p++)
                if (said->list[k].parts.list[p].output != NULL)
                    return true;
    }
    return false;
}

static enum rc add_broken(struct asking *asking, struct engine *engine, struct engine_place place,
                          const struct cell *cell, struct broken_rule *out, struct err *err) {
    const struct model *model = asking->rules->program->model;
    struct question question = {.place = place};
    struct arena words;
    enum rc rc;

    arena_init(&words, SCRATCH_BYTES);
    rc = engine_ask(engine, &words, &question, err);
    if (rc == RC_OK) {
        *out = (struct broken_rule){
            .instance = cell->instance,
            .field = cell->field,
            .message = arena_view(asking->arena, text_trim(question.error)),
            .tells = is_computed(model, &model->fields[place.field].constraint_message)};
        rc = arena_check(asking->arena, "reading of a record", err);
    }
    arena_release(&words);
    return rc;
}

static enum rc ask(struct asking *asking, struct engine *engine, struct broken_rule **out,
                   uint32_t *count, struct err *err) {
    const struct form_program *program = asking->rules->program;
    const struct reading *reading = asking->reading;
    uint32_t capacity = 0;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < asking->rules->count && rc == RC_OK; i++) {
        const struct form_rule *rule = &asking->rules->list[i];
        uint16_t number = program->form->fields[rule->field].number;

        for (uint32_t k = 0; k < reading->cell_count && rc == RC_OK; k++) {
            const struct cell *cell = &reading->cells[k];
            struct engine_place place = {.field = program->fields[rule->field]};
            struct engine_state state = {0};
            struct broken_rule *broken;

            if (cell->field != number)
                continue;
            place.instance = filling_instance(cell->instance);
            if (!engine_look(engine, place, &state) || !state.is_relevant ||
                state.violation != ENGINE_CONSTRAINT || is_open(asking, rule, cell->instance))
                continue;
            broken = arena_push(asking->arena, out, count, &capacity, sizeof(*broken));
            if (broken == NULL)
                return arena_check(asking->arena, "reading of a record", err);
            rc = add_broken(asking, engine, place, cell, broken, err);
        }
    }
    return rc;
}

enum rc rules_find(const struct form_rules *rules, const struct reading *reading,
                   struct arena *arena, struct broken_rule **out, uint32_t *count,
                   struct err *err) {
    struct asking asking = {.rules = rules, .reading = reading, .arena = arena};
    struct engine_host host = {.context = &asking, .now_ms = newest_ms, .random = no_chance};
    struct engine engine;
    struct buf xml;
    struct err ignored;
    enum rc rc;

    *out = NULL;
    *count = 0;
    if (rules->count == 0 || reading->withdrawn)
        return RC_OK;
    for (uint32_t i = 0; i < reading->record->absorbed_count; i++)
        if (i == 0 || reading->record->absorbed[i].time_ms > asking.now_ms)
            asking.now_ms = reading->record->absorbed[i].time_ms;
    find_unknown(&asking);
    buf_init(&xml, ENGINE_INSTANCE_BYTES);
    engine_init(&engine, rules->program->model, &host, err->lang, ENGINE_BYTES);
    rc = arena_check(arena, "reading of a record", err);
    if (rc == RC_OK)
        rc = filling_instance_xml(rules->program, reading, &xml, err);
    if (rc == RC_OK)
        rc = engine_open(&engine, ENGINE_RESUME, buf_view(&xml), err);
    if (rc == RC_OK) {
        /* A form that lacks the language speaks its own. */
        err_init(&ignored, err->lang);
        (void)engine_speak(&engine, view_text(err->lang == LANG_ZH ? "zh" : "en"), &ignored);
        rc = ask(&asking, &engine, out, count, err);
    }
    engine_release(&engine);
    buf_release(&xml);
    return rc;
}

/* ---- into the reading ---- */

static bool is_soft_already(const struct conflict *list, uint32_t count,
                            const struct broken_rule *broken) {
    for (uint32_t i = 0; i < count; i++)
        if (list[i].kind == CONFLICT_SOFT && list[i].field == broken->field &&
            instance_equal(list[i].instance, broken->instance))
            return true;
    return false;
}

enum rc rules_add(struct reading *reading, const struct broken_rule *broken, uint32_t count,
                  struct arena *arena, struct err *err) {
    struct conflict *added = arena_array(arena, count, sizeof(*added));
    uint32_t added_count = 0;

    if (count == 0 || reading->withdrawn) /* what is out asks nothing */
        return RC_OK;
    for (uint32_t i = 0; i < count && added != NULL; i++) {
        const struct cell *cell = reading_cell(reading, broken[i].instance, broken[i].field);

        if (cell == NULL || (cell->kind != CELL_VALUE && cell->kind != CELL_SET) ||
            !reading_shows(reading, broken[i].instance) ||
            is_soft_already(reading->conflicts, reading->conflict_count, &broken[i]) ||
            is_soft_already(added, added_count, &broken[i]) ||
            reading_accepted(reading, cell, arena))
            continue;
        added[added_count++] = (struct conflict){.kind = CONFLICT_SOFT,
                                                 .instance = cell->instance,
                                                 .field = cell->field,
                                                 .rule = "the answers break a rule of the form",
                                                 .message = broken[i].message,
                                                 .tells = broken[i].tells,
                                                 .version_count = cell->version_count,
                                                 .versions = cell->versions};
    }
    return reading_add_conflicts(reading, added, added_count, arena, err);
}
