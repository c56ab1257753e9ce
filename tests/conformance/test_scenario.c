/* The engine against the recorded scenarios of getodk/web-forms: form, steps, and the state of
 * every node after each step. The cases are read from YG_TEST_DATA/conformance/scenario.jsonl;
 * without it the test is skipped. Cases that upstream itself fails are run, too, but not counted.
 * What we do not do, or do differently, stands in scenario_unsupported.tsv with the reason; a
 * listed case that passes is a failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "tests/support/enginekit.h"

#define CASES_BYTES (64u * 1024u * 1024u)

struct counts {
    uint32_t upstream, passed, listed, known_failures, agreed_failures;
};

struct trial {
    struct enginekit kit;
    char why[1024]; /* the first difference; empty: none */
    uint32_t step;  /* in which it showed; 0: before the first one */
};

static void differ(struct trial *trial, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void differ(struct trial *trial, const char *format, ...) {
    va_list arguments;

    if (trial->why[0] != '\0')
        return;
    va_start(arguments, format);
    (void)vsnprintf(trial->why, sizeof(trial->why), format, arguments);
    va_end(arguments);
}

/* ---- values that differ from run to run ---- */

static bool masked(struct view text) {
    return text.size >= 5 && memcmp(text.data, "uuid:", 5) == 0;
}

static bool same_value(struct view ours, struct view theirs) {
    return view_equal(ours, theirs) || (masked(ours) && masked(theirs));
}

/* ---- XML ---- */

static bool same_attributes(const struct xml_node *ours, const struct xml_node *theirs) {
    uint32_t count = 0;

    for (const struct xml_node *a = ours->attributes; a != NULL; a = a->next, count++) {
        const struct xml_node *b = theirs->attributes;

        while (b != NULL && !(view_equal(a->name, b->name) && view_equal(a->uri, b->uri)))
            b = b->next;
        if (b == NULL || (!same_value(a->value, b->value) && a->value.size != 36))
            return false;
    }
    for (const struct xml_node *b = theirs->attributes; b != NULL; b = b->next)
        count--;
    return count == 0;
}

static void compare_xml(struct trial *trial, const struct xml_node *ours,
                        const struct xml_node *theirs) {
    const struct xml_node *a = ours->first, *b = theirs->first;

    if (ours->kind != theirs->kind || !view_equal(ours->name, theirs->name) ||
        !view_equal(ours->uri, theirs->uri) || !same_attributes(ours, theirs)) {
        differ(trial, "XML: <%.*s> against <%.*s>", VIEW_PRINT(ours->name),
               VIEW_PRINT(theirs->name));
        return;
    }
    if (ours->kind == XML_TEXT && !same_value(ours->value, theirs->value))
        differ(trial, "XML: \"%.*s\" against \"%.*s\"", VIEW_PRINT(ours->value),
               VIEW_PRINT(theirs->value));
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        compare_xml(trial, a, b);
    if (a != NULL || b != NULL)
        differ(
            trial, "XML: children of <%.*s>: we have %s%.*s", VIEW_PRINT(ours->name),
            a == NULL ? "too few, not " : "too many: ", VIEW_PRINT(a != NULL ? a->name : b->name));
}

static void compare_document(struct trial *trial, struct view expected) {
    struct enginekit *kit = &trial->kit;
    struct xml_node *ours = NULL, *theirs = NULL;

    buf_clear(&kit->xml);
    if (engine_write(&kit->engine, ENGINE_SUBMISSION, &kit->xml, &kit->err) != RC_OK ||
        xml_tree_parse(buf_view(&kit->xml), XML_LIMITS_DEFAULT, &kit->arena, &ours, &kit->err) !=
            RC_OK ||
        xml_tree_parse(expected, XML_LIMITS_DEFAULT, &kit->arena, &theirs, &kit->err) != RC_OK)
        differ(trial, "XML: %s", kit->err.text);
    else
        compare_xml(trial, xml_root(ours), xml_root(theirs));
}

/* ---- nodes ---- */

static const char *type_of(const struct enginekit *kit, const struct question *question) {
    static const char *const words[] = {
        [MODEL_GROUP] = "group",       [MODEL_REPEAT] = "repeat-instance",
        [MODEL_INPUT] = "input",       [MODEL_NOTE] = "note",
        [MODEL_SELECT_ONE] = "select", [MODEL_SELECT_MANY] = "select",
        [MODEL_RANK] = "rank",         [MODEL_RANGE] = "range",
        [MODEL_UPLOAD] = "upload",     [MODEL_TRIGGER] = "trigger",
    };
    const struct model_field *field = &kit->model->fields[question->place.field];

    if (question->place.field == 0)
        return "root";
    if (field->is_repeat) {
        size_t size = question->ref.size;

        if (size > 0 && question->ref.data[size - 1] == ']')
            return "repeat-instance";
        return field->count.xpath != NULL ? "repeat-range:controlled" : "repeat-range:uncontrolled";
    }
    if (field->control == MODEL_NONE ||
        kit->model->controls[field->control].field != question->place.field)
        return field->is_leaf ? "model-value" : "group";
    return words[kit->model->controls[field->control].kind];
}

static const char *violation_word(enum engine_violation violation) {
    return violation == ENGINE_MISSING      ? "required"
           : violation == ENGINE_CONSTRAINT ? "constraint"
           : violation == ENGINE_FINE       ? ""
                                            : "trouble";
}

static void compare_flag(struct trial *trial, struct view ref, const struct json *node,
                         const char *key, bool ours) {
    bool theirs = false;

    (void)json_bool(json_get(node, key), &theirs);
    if (ours != theirs)
        differ(trial, "%.*s: %s is %d, should be %d", VIEW_PRINT(ref), key, ours, theirs);
}

static void compare_options(struct trial *trial, const struct json *expected,
                            const struct question *question) {
    uint32_t i = 0;

    for (const struct json *option = json_first(expected); option != NULL;
         option = json_next(option), i++) {
        if (i >= question->option_count ||
            !view_equal(question->options[i].value, json_text(json_at(option, 0))) ||
            !view_equal(question->options[i].label, json_text(json_at(option, 1)))) {
            differ(trial, "%.*s: choice %u should be %s (%s)", VIEW_PRINT(question->ref), i + 1,
                   json_text_or(json_at(option, 0), ""), json_text_or(json_at(option, 1), ""));
            return;
        }
    }
    if (i != question->option_count)
        differ(trial, "%.*s: %u choices, should be %u", VIEW_PRINT(question->ref),
               question->option_count, i);
}

static void compare_node(struct trial *trial, const struct json *node) {
    struct enginekit *kit = &trial->kit;
    struct view ref = json_text(json_get(node, "ref")), value, label;
    struct question question = {.control = MODEL_NONE};
    struct engine_state state = {0};
    const char *violation = json_text_or(json_get(node, "viol"), "");

    if (engine_place(&kit->engine, ref, &question.place, &kit->err) != RC_OK ||
        !engine_look(&kit->engine, question.place, &state) ||
        (kit->model->fields[question.place.field].is_repeat &&
         (question.control = kit->model->fields[question.place.field].control) == MODEL_NONE) ||
        engine_ask(&kit->engine, &kit->arena, &question, &kit->err) != RC_OK) {
        differ(trial, "%.*s: %s", VIEW_PRINT(ref), kit->err.text);
        return;
    }
    if (!view_equal(question.ref, ref))
        differ(trial, "%.*s: our ref is %.*s", VIEW_PRINT(ref), VIEW_PRINT(question.ref));
    if (!view_is(json_text(json_get(node, "t")), type_of(kit, &question)))
        differ(trial, "%.*s: type %s", VIEW_PRINT(ref), type_of(kit, &question));
    compare_flag(trial, ref, node, "rel", state.is_relevant);
    compare_flag(trial, ref, node, "req", state.is_required);
    compare_flag(trial, ref, node, "ro", state.is_read_only);
    if (strcmp(violation, violation_word(state.violation)) != 0)
        differ(trial, "%.*s: violation \"%s\" (%.*s), should be \"%s\"", VIEW_PRINT(ref),
               violation_word(state.violation), VIEW_PRINT(question.error), violation);
    value = state.is_relevant ? question.value : view_of("", 0);
    if (json_get(node, "v") != NULL && !same_value(value, json_text(json_get(node, "v"))))
        differ(trial, "%.*s: \"%.*s\", should be \"%s\"", VIEW_PRINT(ref), VIEW_PRINT(value),
               json_text_or(json_get(node, "v"), ""));
    label = json_text(json_get(node, "label"));
    if (json_get(node, "label") != NULL && !view_equal(label, question.label))
        differ(trial, "%.*s: label \"%.*s\", should be \"%.*s\"", VIEW_PRINT(ref),
               VIEW_PRINT(question.label), VIEW_PRINT(label));
    if (json_get(node, "options") != NULL)
        compare_options(trial, json_get(node, "options"), &question);
}

/* Elements, and repeats as a whole, are what upstream lists. */
static uint32_t count_nodes(const struct enginekit *kit) {
    uint32_t count = 0;

    for (const struct xml_node *node = kit->engine.document; node != NULL;
         node = xml_walk(node, kit->engine.document)) {
        if (node->kind != XML_ELEMENT || node->mark == 0)
            continue;
        count++;
        for (uint32_t i = node->mark; i < kit->model->fields[node->mark - 1].end;
             i = kit->model->fields[i].end)
            count += kit->model->fields[i].is_repeat;
    }
    return count;
}

static void compare_state(struct trial *trial, const struct json *state) {
    uint32_t count = 0;

    for (const struct json *node = json_first(json_get(state, "nodes")); node != NULL;
         node = json_next(node), count++)
        compare_node(trial, node);
    if (count != count_nodes(&trial->kit))
        differ(trial, "%u nodes, should be %u", count_nodes(&trial->kit), count);
    compare_document(trial, json_text(json_get(state, "xml")));
}

/* ---- one case ---- */

static enum rc take_step(struct enginekit *kit, const struct json *step) {
    struct view op = json_text(json_get(step, "op")), ref = json_text(json_get(step, "ref"));
    struct engine_place place = {0};

    if (view_is(op, "setLanguage"))
        return engine_speak(&kit->engine, json_text(json_get(step, "value")), &kit->err);
    if (engine_place(&kit->engine, ref, &place, &kit->err) != RC_OK)
        return kit->err.rc;
    if (view_is(op, "set"))
        return engine_set(&kit->engine, place, json_text(json_get(step, "value")), &kit->err);
    if (view_is(op, "addRepeat"))
        return engine_add(&kit->engine, place, 0, &place, &kit->err);
    return engine_remove(&kit->engine, place, &kit->err);
}

/* from_instance: the state that upstream began with, where the case opened an instance. */
static void run(struct trial *trial, const struct json *test, bool from_instance) {
    struct enginekit *kit = &trial->kit;
    const struct json *initial = json_get(test, "initial");
    enum rc rc;

    trial->why[0] = '\0';
    trial->step = 0;
    if (enginekit_load(kit, json_text(json_get(test, "form"))) != RC_OK) {
        differ(trial, "load: %s", kit->err.text);
        return;
    }
    rc = from_instance ? engine_open(&kit->engine, ENGINE_RESUME,
                                     json_text(json_get(initial, "xml")), &kit->err)
                       : engine_begin(&kit->engine, &kit->err);
    if (rc != RC_OK)
        differ(trial, "begin: %s", kit->err.text);
    else
        compare_state(trial, initial);
    for (const struct json *step = json_first(json_get(test, "steps"));
         step != NULL && trial->why[0] == '\0'; step = json_next(step)) {
        trial->step++;
        if (take_step(kit, step) != RC_OK)
            differ(trial, "refused: %s", kit->err.text);
        else
            compare_state(trial, json_get(step, "after"));
    }
}

static bool passes(struct trial *trial, const struct json *test) {
    char why[sizeof(trial->why)];

    enginekit_init(&trial->kit);
    run(trial, test, false);
    memcpy(why, trial->why, sizeof(why));
    if (why[0] != '\0' && trial->step == 0) {
        enginekit_release(&trial->kit);
        enginekit_init(&trial->kit);
        run(trial, test, true);
        if (trial->why[0] != '\0')
            memcpy(trial->why, why, sizeof(why));
    }
    enginekit_release(&trial->kit);
    return trial->why[0] == '\0';
}

/* ---- all cases ---- */

static bool is_listed(struct view list, struct view name) {
    size_t at = 0;

    while (at < list.size) {
        size_t start = at, end;

        while (at < list.size && list.data[at] != '\n')
            at++;
        for (end = start; end < at && list.data[end] != '\t'; end++)
            ;
        if (view_equal(view_slice(list, start, end - start), name))
            return true;
        at++;
    }
    return false;
}

static void run_line(struct view line, struct view list, struct counts *counts, bool is_verbose) {
    struct json_limits limits = {.bytes = CASES_BYTES, .depth = 32};
    struct json *test = NULL;
    struct trial trial = {0};
    struct err err;
    bool fails = false, passed, listed;

    err_init(&err, LANG_EN);
    assert_int_equal(json_parse(line, limits, &test, &err), RC_OK);
    (void)json_bool(json_get(test, "fails"), &fails);
    passed = passes(&trial, test);
    listed = is_listed(list, json_text(json_get(test, "test")));
    counts->known_failures += fails;
    counts->agreed_failures += fails && passed;
    if (!fails) {
        counts->upstream++;
        counts->passed += passed;
        counts->listed += listed;
        if (passed == listed || is_verbose)
            printf("# %s: %s\n#     step %u: %s\n", passed ? "passes though it is listed" : "fails",
                   json_text_or(json_get(test, "test"), ""), trial.step, trial.why);
        if (passed == listed)
            counts->upstream |= UINT32_C(1) << 31;
    }
    json_free(test);
}

static void scenarios(void **state) {
    const char *folder = getenv("YG_TEST_DATA");
    char path[FILE_PATH_BYTES_MAX];
    struct buf cases, list;
    struct counts counts = {0};
    struct err err;
    size_t at = 0;
    bool surprised;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/conformance/scenario.jsonl",
                   folder == NULL ? "" : folder);
    if (folder == NULL || !file_exists(path))
        skip();
    err_init(&err, LANG_EN);
    buf_init(&cases, CASES_BYTES);
    buf_init(&list, CASES_BYTES);
    assert_int_equal(file_read(path, CASES_BYTES, &cases, &err), RC_OK);
    assert_int_equal(
        file_read("tests/conformance/scenario_unsupported.tsv", CASES_BYTES, &list, &err), RC_OK);
    while (at < cases.size) {
        const uint8_t *end = memchr(cases.data + at, '\n', cases.size - at);
        size_t size = end == NULL ? cases.size - at : (size_t)(end - cases.data) - at;

        if (size > 0)
            run_line(view_of(cases.data + at, size), buf_view(&list), &counts, false);
        at += size + 1;
    }
    surprised = (counts.upstream & UINT32_C(1) << 31) != 0;
    counts.upstream &= ~(UINT32_C(1) << 31);
    printf("# scenarios: %u of %u that upstream passes (%u listed); %u of its %u known failures "
           "give the same state\n",
           counts.passed, counts.upstream, counts.listed, counts.agreed_failures,
           counts.known_failures);
    assert_false(surprised);
    assert_true(counts.passed * 100 >= counts.upstream * 95);
    buf_release(&cases);
    buf_release(&list);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(scenarios)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
