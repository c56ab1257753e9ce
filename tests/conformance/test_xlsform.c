/* Another converter's own test suite: conformance/xlsform.jsonl below YG_TEST_DATA, one JSON object
 * a line (its README there says what each member is). A case is a workbook, and what the XForm made
 * of it must hold: XPath expressions that are true in it, fragments that it contains, or that the
 * workbook is refused. Where it is, or where a warning is wanted, a finding of ours must name the
 * same cell as far as the message names one; words need not be the same.
 *
 * Every case passes or stands in tests/conformance/xlsform_unsupported.tsv with its reason; a case
 * that stands there and passes is a failure as well, so that the list stays true.
 *
 * Without YG_TEST_DATA the test is skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/json.h"
#include "schema/form/xlsform.h"
#include "schema/form/xpath.h"

#include <cmocka.h>

#define ARENA_BYTES (256u << 20)
#define SHEETS_MAX  16u
#define ROWS_MAX    256u
#define COLUMNS_MAX 64u
#define LIST_MAX    64u

static const char list_path[] = "tests/conformance/xlsform_unsupported.tsv";

struct entry {
    struct view test;
    uint32_t occurrence; /* among cases of one name, from 1; 0: all */
};

struct list {
    char *bytes;
    struct entry entries[LIST_MAX];
    uint32_t used[LIST_MAX];
    uint32_t count;
};

struct sample {
    const struct json *json;
    struct arena arena;
    struct buf compiled, plain; /* plain: the XForm in the spelling that is compared */
    struct err err;
    struct findings findings;
    struct sheet sheets[SHEETS_MAX];
    struct workbook workbook;
    struct form *form;
    struct xml_node *document;
    char why[600];
};

static bool fails(struct sample *sample, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool fails(struct sample *sample, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sample->why, sizeof(sample->why), format, arguments);
    va_end(arguments);
    return false;
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

/* ---- the workbook ---- */

struct grid { /* a sheet that grows */
    struct view cells[ROWS_MAX][COLUMNS_MAX];
    uint32_t rows, columns;
};

static void sheet_close(struct sample *sample, struct view name, const struct grid *grid) {
    struct sheet *sheet = &sample->sheets[sample->workbook.sheet_count++];
    struct view *cells =
        arena_array(&sample->arena, (size_t)grid->rows * grid->columns, sizeof(*cells));

    assert_non_null(cells);
    for (uint32_t row = 0; row < grid->rows; row++)
        memcpy(cells + (size_t)row * grid->columns, grid->cells[row],
               grid->columns * sizeof(*cells));
    *sheet = (struct sheet){
        .name = name, .row_count = grid->rows, .column_count = grid->columns, .cells = cells};
}

/* The next cell of a line of a table; "\|" is no end. */
static struct view take_cell(struct view *line) {
    size_t at = 0;
    struct view cell;

    while (at < line->size && (line->data[at] != '|' || (at > 0 && line->data[at - 1] == '\\')))
        at++;
    cell = text_trim(view_slice(*line, 0, at));
    *line = view_slice(*line, at + 1, line->size);
    return cell;
}

/* A line of the table; the first cell names a sheet, and then the others are nothing. */
static struct view read_line(struct view line, struct grid *grid) {
    struct view first;
    bool any = false;

    line = view_slice(line, 1, line.size);
    first = take_cell(&line);
    if (first.size > 0 || grid == NULL || grid->rows == ROWS_MAX)
        return first;
    memset(grid->cells[grid->rows], 0, sizeof(grid->cells[0]));
    for (uint32_t i = 0; line.size > 0 && i < COLUMNS_MAX; i++) {
        grid->cells[grid->rows][i] = take_cell(&line);
        any = any || grid->cells[grid->rows][i].size > 0;
        if (i >= grid->columns && grid->cells[grid->rows][i].size > 0)
            grid->columns = i + 1;
    }
    grid->rows += any ? 1 : 0;
    return first;
}

static void read_table(struct sample *sample, struct view text) {
    struct grid *grid = calloc(1, sizeof(*grid));
    struct view name = {0};

    assert_non_null(grid);
    while (text.size > 0) {
        struct view line = text_trim(take_until(&text, '\n')), next;

        if (line.size == 0 || line.data[0] != '|')
            continue;
        next = read_line(line, name.size > 0 ? grid : NULL);
        if (next.size == 0)
            continue;
        if (name.size > 0)
            sheet_close(sample, name, grid);
        name = next;
        grid->rows = grid->columns = 0;
    }
    if (name.size > 0)
        sheet_close(sample, name, grid);
    free(grid);
}

/* {"survey": [{"type": "text", ...}]}: heads are the keys in order of their first use. */
static void read_structure(struct sample *sample, const struct json *sheets) {
    struct grid *grid = calloc(1, sizeof(*grid));

    assert_non_null(grid);
    for (const struct json *sheet = json_first(sheets); sheet != NULL; sheet = json_next(sheet)) {
        if (json_type(sheet) != JSON_ARRAY)
            continue;
        memset(grid, 0, sizeof(*grid));
        grid->rows = 1;
        for (const struct json *row = json_first(sheet); row != NULL; row = json_next(row)) {
            for (const struct json *cell = json_first(row); cell != NULL; cell = json_next(cell)) {
                uint32_t column = 0;

                while (column < grid->columns && !view_is(grid->cells[0][column], json_key(cell)))
                    column++;
                if (column == grid->columns)
                    grid->cells[0][grid->columns++] = view_text(json_key(cell));
                grid->cells[grid->rows][column] = json_text(cell);
            }
            grid->rows++;
        }
        sheet_close(sample, view_text(json_key(sheet)), grid);
    }
    free(grid);
}

/* ---- one spelling for all XML ---- */

struct attribute {
    struct view name, value;
};

static int attribute_compare(const void *left, const void *right) {
    const struct attribute *a = left, *b = right;

    return view_compare(a->name, b->name);
}

static bool is_blank(uint8_t c) {
    return c <= ' ';
}

/* Runs of blanks as one, none at the ends; what needs no escape is not escaped. */
static void put_collapsed(struct buf *out, struct view text) {
    size_t start = out->size;

    for (size_t i = 0; i < text.size; i++) {
        if (text.size - i >= 5 && memcmp(text.data + i, "&#10;", 5) == 0) {
            i += 4;
            if (out->size > start && out->data[out->size - 1] != ' ')
                buf_add_u8(out, ' ');
        } else if (text.size - i >= 4 && memcmp(text.data + i, "&gt;", 4) == 0) {
            buf_add_u8(out, '>');
            i += 3;
        } else if (!is_blank(text.data[i])) {
            buf_add_u8(out, text.data[i]);
        } else if (out->size > start && out->data[out->size - 1] != ' ') {
            buf_add_u8(out, ' ');
        }
    }
    while (out->size > start && out->data[out->size - 1] == ' ')
        out->size--;
}

/* The attributes of a tag, declarations of namespaces left out; the bytes of its name. */
static size_t read_attributes(struct view tag, struct attribute list[32], uint32_t *count) {
    size_t at = 0, name_size;

    while (at < tag.size && !is_blank(tag.data[at]) && tag.data[at] != '/')
        at++;
    name_size = at == 0 ? 1 : at;
    for (*count = 0; at < tag.size && *count < 32;) {
        size_t start, equals, quote;

        while (at < tag.size && is_blank(tag.data[at]))
            at++;
        start = at;
        while (at < tag.size && tag.data[at] != '=')
            at++;
        equals = at++;
        quote = at++;
        while (at < tag.size && quote < tag.size && tag.data[at] != tag.data[quote])
            at++;
        if (at >= tag.size)
            break;
        if (equals - start < 5 || memcmp(tag.data + start, "xmlns", 5) != 0)
            list[(*count)++] =
                (struct attribute){.name = view_slice(tag, start, equals - start),
                                   .value = view_slice(tag, quote + 1, at - quote - 1)};
        at++;
    }
    qsort(list, *count, sizeof(*list), attribute_compare);
    return name_size;
}

static void put_attributes(struct buf *out, const struct attribute *list, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        buf_add_u8(out, ' ');
        buf_add_view(out, list[i].name);
        buf_add_text(out, "=\"");
        put_collapsed(out, list[i].value);
        buf_add_u8(out, '"');
    }
}

/* A tag without its brackets. <a></a> is <a/>; *open is where the tag before this one begins, if it
 * opens and nothing has followed. */
static void put_tag(struct buf *out, struct view tag, size_t *open) {
    struct attribute list[32];
    uint32_t count;
    bool is_end = tag.size > 0 && tag.data[0] == '/', is_empty;
    size_t name_size;

    if (is_end && *open != SIZE_MAX && out->size - *open > tag.size &&
        memcmp(out->data + *open + 1, tag.data + 1, tag.size - 1) == 0) {
        out->size--;
        buf_add_text(out, "/>");
        *open = SIZE_MAX;
        return;
    }
    *open = is_end ? SIZE_MAX : out->size;
    buf_add_u8(out, '<');
    if (is_end) {
        buf_add_view(out, text_trim(tag));
        buf_add_u8(out, '>');
        return;
    }
    is_empty = tag.size > 0 && tag.data[tag.size - 1] == '/';
    name_size = read_attributes(tag, list, &count);
    buf_add_view(out, view_slice(tag, 0, name_size));
    put_attributes(out, list, count);
    buf_add_text(out, is_empty ? "/>" : ">");
    if (is_empty)
        *open = SIZE_MAX;
}

static void put_plain(struct buf *out, struct view text) {
    size_t open = SIZE_MAX;

    for (size_t at = 0; at < text.size;) {
        size_t end = at;

        if (text.data[at] == '<') {
            while (end < text.size && text.data[end] != '>')
                end++;
            put_tag(out, view_slice(text, at + 1, end - at - 1), &open);
            at = end + 1;
            continue;
        }
        while (end < text.size && text.data[end] != '<')
            end++;
        if (text_trim(view_slice(text, at, end - at)).size > 0)
            open = SIZE_MAX;
        put_collapsed(out, view_slice(text, at, end - at));
        at = end;
    }
}

static bool holds(struct view text, struct view part) {
    for (size_t i = 0; i + part.size <= text.size; i++)
        if (part.size == 0 || memcmp(text.data + i, part.data, part.size) == 0)
            return true;
    return part.size == 0;
}

/* Some tag has all of these attributes. */
static bool holds_attributes(struct view plain, struct view fragment) {
    struct attribute list[32];
    uint32_t count;
    struct buf padded;
    bool found = false;

    buf_init(&padded, 1u << 20);
    buf_add_text(&padded, fragment.size > 0 && fragment.data[0] == '<' ? "" : "x ");
    buf_add_view(&padded, fragment);
    (void)read_attributes(buf_view(&padded), list, &count);
    for (size_t at = 0; at < plain.size && !found; at++) {
        size_t end = at;
        uint32_t met = 0;

        if (plain.data[at] != '<')
            continue;
        while (end < plain.size && !(plain.data[end] == '>' && plain.data[end - 1] == '"') &&
               !(end > at && plain.data[end] == '<'))
            end++;
        for (uint32_t i = 0; i < count; i++) {
            struct buf one;

            buf_init(&one, 1u << 20);
            put_attributes(&one, &list[i], 1);
            met += holds(view_slice(plain, at, end - at), buf_view(&one)) ? 1 : 0;
            buf_release(&one);
        }
        found = count > 0 && met == count;
    }
    buf_release(&padded);
    return found;
}

static bool contains(struct sample *sample, struct view fragment) {
    struct buf plain;
    bool found;

    fragment = text_trim(fragment);
    if (fragment.size > 5 && memcmp(fragment.data, "xmlns", 5) == 0)
        return holds(sample->form->xform, fragment);
    buf_init(&plain, 1u << 20);
    put_plain(&plain, fragment);
    found = holds(buf_view(&sample->plain), buf_view(&plain)) ||
            (fragment.size > 0 && memchr(fragment.data, '>', fragment.size) == NULL &&
             holds_attributes(buf_view(&sample->plain), fragment));
    buf_release(&plain);
    return found;
}

/* ---- expressions ---- */

static struct view give_namespace(void *user, struct view prefix) {
    static const struct {
        const char *prefix, *uri;
    } known[] = {{"x", "http://www.w3.org/2002/xforms"},
                 {"h", "http://www.w3.org/1999/xhtml"},
                 {"jr", "http://openrosa.org/javarosa"},
                 {"orx", "http://openrosa.org/xforms"},
                 {"odk", "http://www.opendatakit.org/xforms"},
                 {"entities", "http://www.opendatakit.org/xforms/entities"},
                 {"ev", "http://www.w3.org/2001/xml-events"}};
    struct sample *sample = user;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (view_is(prefix, known[i].prefix))
            return view_text(known[i].uri);
    return prefix.size == 0 ? view_of("", 0) : xml_namespace(xml_root(sample->document), prefix);
}

static bool evaluate(struct sample *sample, struct view text, struct xpath_value *value) {
    struct xpath_host host = {.user = sample, .namespace_of = give_namespace};
    struct xpath_scope scope = {.host = &host, .node = sample->document};
    struct xpath *expression;

    return xpath_parse(text_trim(text), &sample->arena, &expression, NULL, &sample->err) == RC_OK &&
           xpath_evaluate(expression, &scope, &sample->arena, value, &sample->err) == RC_OK;
}

/* &lt; and its likes in a text that stood in a file. */
static struct view unescaped(struct sample *sample, struct view text) {
    static const struct {
        const char *from;
        char to;
    } pairs[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&amp;", '&'}};
    char *copy = arena_alloc(&sample->arena, text.size + 1);
    size_t size = 0;

    assert_non_null(copy);
    for (size_t i = 0; i < text.size; i++) {
        char c = (char)text.data[i];

        for (size_t j = 0; j < 4; j++) {
            size_t length = strlen(pairs[j].from);

            if (text.size - i >= length && memcmp(text.data + i, pairs[j].from, length) == 0) {
                c = pairs[j].to;
                i += length - 1;
                break;
            }
        }
        copy[size++] = c;
    }
    return text_trim(view_of(copy, size));
}

static bool is_node(struct sample *sample, const struct xml_node *node, struct view wanted) {
    struct buf ours, theirs;
    struct view text = {0};
    bool same;

    if (node->kind != XML_ELEMENT)
        return xml_text(node, &sample->arena, &text, &sample->err) == RC_OK &&
               view_equal(unescaped(sample, wanted), text_trim(text));
    buf_init(&ours, 1u << 20);
    buf_init(&theirs, 1u << 20);
    xml_write(node, false, &ours);
    put_plain(&theirs, buf_view(&ours));
    buf_clear(&ours);
    put_plain(&ours, wanted);
    same = view_equal(buf_view(&ours), buf_view(&theirs));
    buf_release(&ours);
    buf_release(&theirs);
    return same;
}

/* The nodes are these, in any order, however often each. */
static bool is_exactly(struct sample *sample, const struct json *pair) {
    const struct json *wanted = json_at(pair, 1);
    struct xpath_value value;

    if (!evaluate(sample, json_text(json_at(pair, 0)), &value) || value.type != XPATH_NODES)
        return false;
    for (uint32_t i = 0; i < value.count; i++) {
        bool found = false;

        for (const struct json *item = json_first(wanted); item != NULL; item = json_next(item))
            found = found || is_node(sample, value.nodes[i], json_text(item));
        if (!found)
            return false;
    }
    for (const struct json *item = json_first(wanted); item != NULL; item = json_next(item)) {
        bool found = false;

        for (uint32_t i = 0; i < value.count && !found; i++)
            found = is_node(sample, value.nodes[i], json_text(item));
        if (!found)
            return false;
    }
    return true;
}

/* ---- findings ---- */

/* What stands between two texts; empty if they are not there. */
static struct view between(struct view text, const char *before, const char *behind) {
    size_t size = strlen(before);

    for (size_t i = 0; i + size <= text.size; i++) {
        struct view rest;

        if (memcmp(text.data + i, before, size) != 0)
            continue;
        rest = view_slice(text, i + size, text.size);
        for (size_t j = 0; j + strlen(behind) <= rest.size; j++)
            if (memcmp(rest.data + j, behind, strlen(behind)) == 0)
                return view_slice(rest, 0, j);
    }
    return view_of(NULL, 0);
}

static void lower(struct view text, char out[64]) {
    snprintf(out, 64, "%.*s", VIEW_PRINT(view_slice(text, 0, 63)));
    text_to_lower(out);
    for (char *c = out; *c != '\0'; c++)
        *c = *c == ' ' ? '_' : *c;
}

/* A head without its language or what stands in brackets behind it. */
static void head_of(struct view head, char out[64]) {
    size_t size = 0;

    while (size < head.size && head.data[size] != '(' &&
           !(size + 1 < head.size && head.data[size] == ':' && head.data[size + 1] == ':'))
        size++;
    lower(text_trim(view_slice(head, 0, size)), out);
    if (strcmp(out, "dataset") == 0)
        snprintf(out, 64, "list_name");
}

static bool same_column(const struct sample *sample, const struct finding *finding,
                        struct view wanted) {
    char theirs[64], ours[64] = "";

    head_of(wanted, theirs);
    for (uint32_t i = 0; i < sample->workbook.sheet_count && finding->column > 0; i++)
        if (view_equal(sample->sheets[i].name, finding->sheet) &&
            finding->column <= sample->sheets[i].column_count)
            head_of(sample->sheets[i].cells[finding->column - 1], ours);
    return ours[0] == '\0' || strcmp(ours, theirs) == 0 || strstr(finding->text, theirs) != NULL;
}

/* Whether a finding names what one line of a message names. */
static bool names(const struct sample *sample, const struct finding *finding, struct view line) {
    struct view row = between(line, "[row : ", "]"), sheet = between(line, "On the '", "' sheet");
    struct view column = between(line, "the '", "' value"), similar;
    struct view language = between(line, "Language '", "' is missing");
    char name[64], text[64];

    if (holds(column, view_text("'"))) /* began in a word before it */
        column = between(view_slice(line, (size_t)(column.data - line.data), line.size), "the '",
                         "' value");
    lower(finding->sheet, name);
    snprintf(text, sizeof(text), "%u", finding->row);
    if (row.size > 0 && !view_is(row, "unknown") && !view_is(row, text))
        return false;
    if (sheet.size > 0 && !view_is(sheet, name))
        return false;
    if (column.size > 0 && !same_column(sample, finding, column))
        return false;
    similar = between(line, "similar names were found: ", ".");
    if (similar.size > 0 && !holds(similar, finding->sheet))
        return false;
    if (language.size > 0) {
        const char *where = holds(line, view_text("the choices col")) ||
                                    holds(line, view_text("missing the choices"))
                                ? "choices"
                                : "survey";

        return strcmp(name, where) == 0 && holds(view_text(finding->text), language);
    }
    return true;
}

static bool is_named(struct sample *sample, struct view message, bool is_error) {
    while (message.size > 0) {
        struct view line = take_until(&message, '\n');
        bool found = false;

        for (uint32_t i = 0; i < sample->findings.count && i < 200 && !found; i++)
            found = sample->findings.list[i].is_error == is_error &&
                    names(sample, &sample->findings.list[i], line);
        if (!found)
            return fails(sample, "no finding for: %.*s; the first is: %s", VIEW_PRINT(line),
                         sample->findings.count > 0 ? sample->findings.list[0].text : "none");
    }
    return true;
}

/* ---- one case ---- */

typedef bool check_fn(struct sample *sample, const struct json *item);

/* A member is one thing or an array of them. */
static bool each(struct sample *sample, const char *key, check_fn *check) {
    const struct json *member = json_get(sample->json, key);

    if (json_type(member) != JSON_ARRAY)
        return member == NULL || check(sample, member);
    for (const struct json *item = json_first(member); item != NULL; item = json_next(item))
        if (!check(sample, item))
            return false;
    return true;
}

static bool check_match(struct sample *sample, const struct json *item) {
    struct xpath_value value;

    if (!evaluate(sample, json_text(item), &value))
        return fails(sample, "%s in %.*s", sample->err.text, VIEW_PRINT(json_text(item)));
    return xpath_to_bool(&value) || fails(sample, "false: %.*s", VIEW_PRINT(json_text(item)));
}

static bool check_count(struct sample *sample, const struct json *item) {
    struct xpath_value value;
    int64_t wanted = -1;

    if (!evaluate(sample, json_text(json_at(item, 0)), &value) ||
        !json_int(json_at(item, 1), &wanted))
        return fails(sample, "%s", sample->err.text);
    return value.count == wanted ||
           fails(sample, "%u of: %.*s", value.count, VIEW_PRINT(json_text(json_at(item, 0))));
}

static bool check_exact(struct sample *sample, const struct json *item) {
    return is_exactly(sample, item) ||
           fails(sample, "other texts: %.*s", VIEW_PRINT(json_text(json_at(item, 0))));
}

static bool check_contains(struct sample *sample, const struct json *item) {
    return contains(sample, json_text(item)) ||
           fails(sample, "not in it: %.*s", VIEW_PRINT(json_text(item)));
}

static bool check_excludes(struct sample *sample, const struct json *item) {
    return !contains(sample, json_text(item)) ||
           fails(sample, "in it: %.*s", VIEW_PRINT(json_text(item)));
}

static bool check_warning(struct sample *sample, const struct json *item) {
    return is_named(sample, json_text(item), false);
}

static bool check_error(struct sample *sample, const struct json *item) {
    return is_named(sample, json_text(item), true);
}

static bool check_xform(struct sample *sample) {
    if (xml_tree_parse(sample->form->xform, XML_LIMITS_DEFAULT, &sample->arena, &sample->document,
                       &sample->err) != RC_OK)
        return fails(sample, "%s", sample->err.text);
    put_plain(&sample->plain, sample->form->xform);
    return each(sample, "xml__xpath_match", check_match) &&
           each(sample, "xml__xpath_count", check_count) &&
           each(sample, "xml__xpath_exact", check_exact) &&
           each(sample, "xml__contains", check_contains) &&
           each(sample, "model__contains", check_contains) &&
           each(sample, "instance__contains", check_contains) &&
           each(sample, "itext__contains", check_contains) &&
           each(sample, "xml__excludes", check_excludes) &&
           each(sample, "itext__excludes", check_excludes);
}

static bool run_case(struct sample *sample) {
    const struct json *json = sample->json;
    struct view name = json_text(json_get(json, "name"));
    struct xlsform_options options = {.fallback_name = view_text("data"),
                                      .root_name = name.size > 0 ? name : view_text("test_name")};
    bool refused = false;
    int64_t warnings;
    enum rc rc;

    if (json_get(json, "md") != NULL)
        read_table(sample, json_text(json_get(json, "md")));
    else if (json_get(json, "ss_structure") != NULL)
        read_structure(sample, json_get(json, "ss_structure"));
    else
        return fails(sample, "no workbook");
    sample->workbook.sheets = sample->sheets;
    rc = xlsform_compile(&sample->workbook, NULL, 1, &options, &sample->arena, &sample->findings,
                         &sample->compiled, &sample->err);
    (void)json_bool(json_get(json, "errored"), &refused);
    if (refused || json_get(json, "error__contains") != NULL)
        return rc == RC_INVALID ? each(sample, "error__contains", check_error)
                                : fails(sample, "not refused");
    if (rc != RC_OK)
        return fails(sample, "refused: %s", sample->err.text);
    assert_int_equal(
        form_load(buf_view(&sample->compiled), &sample->arena, &sample->form, &sample->err), RC_OK);
    if (json_int(json_get(json, "warnings_count"), &warnings) && sample->findings.count != warnings)
        return fails(sample, "%u warnings, the first: %s", sample->findings.count,
                     sample->findings.count > 0 ? sample->findings.list[0].text : "none");
    return check_xform(sample) && each(sample, "warnings__contains", check_warning);
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

/* test, occurrence (* for all), reason: separated by tabs; # begins a comment. */
static void read_list(struct list *list) {
    struct view rest;
    size_t size = 0;

    list->bytes = read_file(list_path, &size);
    assert_non_null(list->bytes);
    rest = view_of(list->bytes, size);
    while (rest.size > 0) {
        struct view line = take_until(&rest, '\n'), occurrence;
        struct entry *entry = &list->entries[list->count];
        int64_t number = 0;

        if (line.size == 0 || line.data[0] == '#')
            continue;
        assert_true(list->count < LIST_MAX);
        entry->test = take_until(&line, '\t');
        occurrence = take_until(&line, '\t');
        assert_true(view_is(occurrence, "*") || parse_i64(occurrence, &number));
        entry->occurrence = (uint32_t)number;
        assert_true(line.size > 0); /* the reason */
        list->count++;
    }
}

static int listed(const struct list *list, struct view test, uint32_t occurrence) {
    for (uint32_t i = 0; i < list->count; i++)
        if (view_equal(list->entries[i].test, test) &&
            (list->entries[i].occurrence == 0 || list->entries[i].occurrence == occurrence))
            return (int)i;
    return -1;
}

static bool run_line(struct view line, char why[600], char test[256]) {
    struct json_limits limits = {.bytes = 1u << 20, .depth = 32};
    struct sample sample = {0};
    struct json *json;
    bool passes;

    err_init(&sample.err, LANG_EN);
    arena_init(&sample.arena, ARENA_BYTES);
    buf_init(&sample.compiled, 64u << 20);
    buf_init(&sample.plain, 64u << 20);
    assert_int_equal(json_parse(line, limits, &json, &sample.err), RC_OK);
    sample.json = json;
    snprintf(test, 256, "%s", json_text_or(json_get(json, "test"), ""));
    passes = run_case(&sample);
    snprintf(why, 600, "%s", sample.why);
    json_free(json);
    arena_release(&sample.arena);
    buf_release(&sample.compiled);
    buf_release(&sample.plain);
    return passes;
}

static void test_cases(void **state) {
    const char *data = getenv("YG_TEST_DATA");
    uint32_t passed = 0, failed = 0, left_out = 0, occurrence = 0;
    struct list list = {0};
    char path[4096], why[600], test[256], before[256] = "";
    struct view rest;
    char *bytes;
    size_t size;

    (void)state;
    if (data == NULL) {
        print_message("skipped: YG_TEST_DATA is not set\n");
        skip();
    }
    snprintf(path, sizeof(path), "%s/conformance/xlsform.jsonl", data);
    bytes = read_file(path, &size);
    if (bytes == NULL) {
        print_message("skipped: no %s\n", path);
        skip();
    }
    read_list(&list);
    rest = view_of(bytes, size);
    while (rest.size > 0) {
        bool passes = run_line(take_until(&rest, '\n'), why, test);
        int entry;

        occurrence = strcmp(test, before) == 0 ? occurrence + 1 : 1;
        snprintf(before, sizeof(before), "%s", test);
        entry = listed(&list, view_text(test), occurrence);
        if (entry >= 0)
            list.used[entry]++;
        if (passes != (entry < 0)) {
            failed++;
            print_message("%s | %s | %u | %s\n",
                          passes ? "listed as unsupported, but passes" : "failed", test, occurrence,
                          why);
        }
        passed += passes;
        left_out += entry >= 0;
    }
    for (uint32_t i = 0; i < list.count; i++)
        if (list.used[i] == 0) {
            failed++;
            print_message("listed, but no such case: %.*s\n", VIEW_PRINT(list.entries[i].test));
        }
    print_message("xlsform: %u passed, %u unsupported, %u wrong\n", passed, left_out, failed);
    free(list.bytes);
    free(bytes);
    assert_int_equal(failed, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
