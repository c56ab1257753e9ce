/* Other engines' cases for expressions: conformance/xpath.jsonl below YG_TEST_DATA, one JSON object
 * a line (its README there says what each member is). Every case passes or stands in
 * tests/conformance/xpath_unsupported.tsv with its reason; a case that stands there and passes is a
 * failure as well, so that the list stays true.
 *
 * Without YG_TEST_DATA the test is skipped. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/date.h"
#include "base/digest.h"
#include "base/json.h"
#include "schema/form/xpath.h"
#include "schema/form/xpath_regex.h"

#include <cmocka.h>

#define ARENA_BYTES (64u << 20)
#define LIST_MAX    64u

static const char list_path[] = "tests/conformance/xpath_unsupported.tsv";

struct entry {
    struct view file, expression, type, context; /* "*" stands for all */
};

struct list {
    char *bytes;
    struct entry entries[LIST_MAX];
    uint32_t count;
    uint32_t used[LIST_MAX];
};

struct sample {
    struct xml_node *document;
    struct arena arena;
    struct arena scratch;
    struct view lang;
    int64_t now_ms;
    uint8_t chance;
    bool strict; /* names without prefix mean no namespace */
    struct err err;
};

/* ---- the world of a case ---- */

static int64_t give_now(void *user) {
    return ((struct sample *)user)->now_ms;
}

static int64_t give_offset(void *user, int64_t utc_ms) {
    (void)user;
    (void)utc_ms;
    return -7 * MS_PER_HOUR; /* America/Phoenix, which all cases were recorded in */
}

static void give_chance(void *user, uint8_t *out, size_t size) {
    struct sample *sample = user;

    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(sample->chance = (uint8_t)(sample->chance * 5 + 113));
}

static struct xml_node *give_instance(void *user, struct view id) {
    struct sample *sample = user;
    struct xml_node *node = sample->document;

    while (node != NULL && !(node->kind == XML_ELEMENT && view_is(node->name, "instance") &&
                             view_equal(xml_attribute_value(node, "id"), id)))
        node = xml_walk(node, sample->document);
    return node;
}

/* The text of the session's language, or of the default one, or of the first. */
static bool give_itext(void *user, struct view id, struct view *text) {
    struct sample *sample = user;
    struct xml_node *chosen = NULL;

    for (struct xml_node *node = sample->document; node != NULL;
         node = xml_walk(node, sample->document)) {
        if (node->kind != XML_ELEMENT || !view_is(node->name, "translation"))
            continue;
        if (chosen == NULL || (sample->lang.size == 0 && xml_attribute(node, "default") != NULL) ||
            view_equal(xml_attribute_value(node, "lang"), sample->lang))
            chosen = node;
    }
    for (struct xml_node *item = xml_child(chosen, "text"); item != NULL;
         item = xml_sibling(item, "text")) {
        struct xml_node *value = xml_child(item, "value");

        while (value != NULL && xml_attribute(value, "form") != NULL)
            value = xml_sibling(value, "value");
        if (value != NULL && view_equal(xml_attribute_value(item, "id"), id))
            return xml_text(value, &sample->scratch, text, &sample->err) == RC_OK;
    }
    return false;
}

static bool give_digest(void *user, struct view algorithm, struct view data, struct buf *out) {
    (void)user;
    return digest(algorithm, data, out);
}

static struct view give_namespace(void *user, struct view prefix) {
    static const struct {
        const char *prefix, *uri;
    } known[] = {
        {"xhtml", "http://www.w3.org/1999/xhtml"},     {"jr", "http://openrosa.org/javarosa"},
        {"OpenClinica", "http://openclinica.com/odm"}, {"enk", "http://enketo.org/xforms"},
        {"ev", "http://some-namespace.com/nss"},
    };
    struct sample *sample = user;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (view_is(prefix, known[i].prefix))
            return view_text(known[i].uri);
    return prefix.size == 0 && sample->strict ? view_of("", 0) : view_of(NULL, 0);
}

static enum rc evaluate(struct sample *sample, const struct xpath_host *host, struct xml_node *node,
                        struct view text, struct xpath_value *value) {
    struct xpath_scope scope = {.host = host, .node = node};
    struct xpath *expression;
    enum rc rc = xpath_parse(text, &sample->arena, &expression, NULL, &sample->err);

    return rc != RC_OK ? rc
                       : xpath_evaluate(expression, &scope, &sample->scratch, value, &sample->err);
}

/* The node that a path of the case names: our own engine finds it, in a plain world. */
static struct xml_node *find(struct sample *sample, struct view path) {
    static const struct xpath_host plain = {0};
    struct xpath_value value;

    if (view_is(path, "(detached)")) /* an attribute; the cases with .. mean that of <q4> */
        path = view_text("//q4/@q4attr");
    if (evaluate(sample, &plain, sample->document, path, &value) != RC_OK || value.count == 0)
        return NULL;
    return value.nodes[0];
}

/* ---- what is expected ---- */

static double expected_number(const struct json *json) {
    struct view text = json_number_text(json);
    char copy[64];

    if (text.data == NULL)
        text = json_text(json); /* "NaN", "-Infinity" */
    snprintf(copy, sizeof(copy), "%.*s", VIEW_PRINT(text));
    return strtod(copy, NULL);
}

static bool same_number(double got, double wanted) {
    if (isnan(wanted) || isinf(wanted))
        return isnan(wanted) ? isnan(got) : got == wanted;
    return got == wanted || fabs(got - wanted) <= 1e-15 * fabs(wanted);
}

static bool same_text(struct sample *sample, const struct xpath_value *value,
                      const struct json *wanted, const char *type) {
    struct view text;
    struct regex *regex;
    struct buf pattern;
    uint32_t steps = 1000000;
    bool matches = false;
    struct view source = json_text(wanted);

    if (xpath_to_text(value, &sample->scratch, &text, &sample->err) != RC_OK)
        return false;
    if (strcmp(type, "string_length") == 0)
        return (double)utf8_length(text) == expected_number(wanted);
    if (strcmp(type, "string") == 0)
        return view_equal(text, source);
    /* Slashes around it, and found anywhere: ours match all. */
    buf_init(&pattern, 4096);
    buf_add_text(&pattern, ".*(");
    buf_add_view(&pattern, view_slice(source, 1, source.size - 2));
    buf_add_text(&pattern, ").*");
    if (regex_parse(buf_view(&pattern), &sample->scratch, &regex, &sample->err) != RC_OK ||
        regex_match(regex, text, &sample->scratch, &steps, &matches, &sample->err) != RC_OK)
        matches = false;
    buf_release(&pattern);
    return matches;
}

static bool same_nodes(struct sample *sample, const struct xpath_value *value,
                       const struct json *wanted) {
    uint32_t at = 0;

    if (value->type != XPATH_NODES)
        return false;
    if (json_type(wanted) == JSON_TEXT)
        return value->count > 0 && find(sample, json_text(wanted)) == value->nodes[0];
    for (const struct json *item = json_first(wanted); item != NULL; item = json_next(item))
        if (at >= value->count || find(sample, json_text(item)) != value->nodes[at++])
            return false;
    return at == value->count;
}

static bool same(struct sample *sample, const struct xpath_scope *scope,
                 const struct xpath_value *value, const struct json *json) {
    const char *type = json_text_or(json_get(json, "type"), "");
    const struct json *wanted = json_get(json, "expected");
    struct xpath_number number;
    double factor;
    bool truth = false;

    if (strcmp(type, "boolean") == 0)
        return json_bool(wanted, &truth) && xpath_to_bool(value) == truth;
    if (strncmp(type, "string", 6) == 0)
        return same_text(sample, value, wanted, type);
    if (strcmp(type, "nodeset") == 0 || strcmp(type, "firstnode") == 0)
        return same_nodes(sample, value, wanted);
    if (strcmp(type, "count") == 0)
        return value->type == XPATH_NODES && value->count == expected_number(wanted);
    if (xpath_to_number(value, scope, &sample->scratch, &number, &sample->err) != RC_OK)
        return false;
    if (strcmp(type, "number") == 0)
        return same_number(number.value, expected_number(wanted));
    factor = json_get(json, "factor") == NULL ? 1e15 : expected_number(json_get(json, "factor"));
    return same_number(round(number.value * factor) / factor, expected_number(wanted)) ||
           fabs(number.value - expected_number(wanted)) <= 0.6 / factor;
}

/* ---- one case ---- */

static bool run_case(struct sample *sample, const struct json *json) {
    struct xpath_host host = {
        .user = sample,
        .now_ms = give_now,
        .offset_ms = give_offset,
        .random = give_chance,
        .instance = give_instance,
        .itext = give_itext,
        .digest = give_digest,
        .namespace_of = give_namespace,
    };
    struct xpath_scope scope = {.host = &host};
    struct xpath_value value;
    struct view xml = json_text(json_get(json, "xml"));

    sample->lang = json_text(json_get(json, "lang"));
    sample->strict = json_get(json, "nsresolver") != NULL;
    if (!time_parse(json_text(json_get(json, "now")), &sample->now_ms) ||
        xml_tree_parse(text_trim(xml), XML_LIMITS_DEFAULT, &sample->arena, &sample->document,
                       &sample->err) != RC_OK)
        return false;
    if (json_get(json, "root") != NULL)
        host.primary = find(sample, json_text(json_get(json, "root")));
    scope.node = find(sample, json_text(json_get(json, "context")));
    if (scope.node == NULL)
        scope.node = sample->document;
    return evaluate(sample, &host, scope.node, json_text(json_get(json, "expr")), &value) ==
               RC_OK &&
           same(sample, &scope, &value, json);
}

/* ---- files ---- */

static char *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    char *bytes;
    long length;

    if (file == NULL)
        return NULL;
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    length = ftell(file);
    assert_true(length >= 0);
    rewind(file);
    bytes = malloc((size_t)length + 1);
    assert_non_null(bytes);
    *size = fread(bytes, 1, (size_t)length, file);
    bytes[*size] = '\0';
    fclose(file);
    return bytes;
}

/* The text up to a byte; *rest moves behind it. */
static struct view take_until(struct view *rest, char byte) {
    const uint8_t *found =
        rest->size == 0 ? NULL : memchr(rest->data, (unsigned char)byte, rest->size);
    struct view taken =
        view_slice(*rest, 0, found == NULL ? rest->size : (size_t)(found - rest->data));

    *rest = view_slice(*rest, taken.size + 1, rest->size);
    return taken;
}

/* file, expression, type, context, reason: separated by tabs; # begins a comment. */
static void read_list(struct list *list) {
    struct view rest;
    size_t size = 0;

    list->bytes = read_file(list_path, &size);
    assert_non_null(list->bytes);
    rest = view_of(list->bytes, size);
    while (rest.size > 0) {
        struct view line = take_until(&rest, '\n');
        struct entry *entry = &list->entries[list->count];

        if (line.size == 0 || line.data[0] == '#')
            continue;
        assert_true(list->count < LIST_MAX);
        entry->file = take_until(&line, '\t');
        entry->expression = take_until(&line, '\t');
        entry->type = take_until(&line, '\t');
        entry->context = take_until(&line, '\t');
        assert_true(line.size > 0); /* the reason */
        list->count++;
    }
}

static int listed(const struct list *list, const struct json *json) {
    for (uint32_t i = 0; i < list->count; i++) {
        const struct entry *entry = &list->entries[i];

        if (view_equal(entry->file, json_text(json_get(json, "file"))) &&
            view_equal(entry->expression, json_text(json_get(json, "expr"))) &&
            (view_is(entry->type, "*") ||
             view_equal(entry->type, json_text(json_get(json, "type")))) &&
            (view_is(entry->context, "*") ||
             view_equal(entry->context, json_text(json_get(json, "context")))))
            return (int)i;
    }
    return -1;
}

static void test_cases(void **state) {
    const char *data = getenv("YG_TEST_DATA");
    struct json_limits limits = {.bytes = 1u << 20, .depth = 32};
    struct list list = {0};
    uint32_t passed = 0, failed = 0, left_out = 0;
    char path[4096];
    struct view rest;
    char *bytes;
    size_t size;

    (void)state;
    if (data == NULL) {
        print_message("skipped: YG_TEST_DATA is not set\n");
        skip();
    }
    snprintf(path, sizeof(path), "%s/conformance/xpath.jsonl", data);
    bytes = read_file(path, &size);
    if (bytes == NULL) {
        print_message("skipped: no %s\n", path);
        skip();
    }
    read_list(&list);
    rest = view_of(bytes, size);
    while (rest.size > 0) {
        struct view line = take_until(&rest, '\n');
        struct sample sample = {0};
        struct json *json;
        int entry;
        bool passes;

        err_init(&sample.err, LANG_EN);
        arena_init(&sample.arena, ARENA_BYTES);
        arena_init(&sample.scratch, ARENA_BYTES);
        if (json_parse(line, limits, &json, &sample.err) != RC_OK) {
            /* The one NUL that base64-decode() makes: no text of ours may hold it. */
            left_out++;
            continue;
        }
        passes = run_case(&sample, json);
        entry = listed(&list, json);
        if (entry >= 0)
            list.used[entry]++;
        if (passes != (entry < 0)) {
            failed++;
            print_message("%s | %s | %.*s | %s | %s | %s | %s\n",
                          passes ? "listed as unsupported, but passes" : "failed",
                          json_text_or(json_get(json, "file"), ""),
                          VIEW_PRINT(json_text(json_get(json, "expr"))),
                          json_text_or(json_get(json, "type"), ""),
                          json_text_or(json_get(json, "context"), ""),
                          json_text_or(json_get(json, "test"), ""), sample.err.text);
        }
        passed += passes;
        left_out += entry >= 0;
        json_free(json);
        arena_release(&sample.arena);
        arena_release(&sample.scratch);
    }
    for (uint32_t i = 0; i < list.count; i++)
        if (list.used[i] == 0) {
            failed++;
            print_message("listed, but no such case: %.*s\n",
                          VIEW_PRINT(list.entries[i].expression));
        }
    print_message("xpath: %u passed, %u unsupported, %u wrong\n", passed, left_out, failed);
    free(list.bytes);
    free(bytes);
    assert_int_equal(failed, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
