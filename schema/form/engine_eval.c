/* What expressions can ask of an engine, and how they are asked.
 *
 * A calculation is first evaluated as a probe: uuid(), random() and the clock give constants then,
 * and are remembered as touched. Only when the probe's result differs from that of last time is the
 * calculation evaluated in earnest. So random values stay what they are until something else that
 * they depend on changes, with no list of dependencies. */
#include "schema/form/engine_parts.h"

#include "base/date.h"
#include "base/digest.h"
#include "base/text.h"

#define PROBE_MS INT64_C(1577836800000)

static int64_t now_ms(void *user) {
    struct engine *engine = user;

    engine->was_touched = true;
    if (engine->is_probing)
        return PROBE_MS;
    return engine->host.now_ms(engine->host.context);
}

static int64_t offset_ms(void *user, int64_t utc_ms) {
    struct engine *engine = user;

    if (engine->host.offset_ms == NULL)
        return CHINA_OFFSET_MS;
    return engine->host.offset_ms(engine->host.context, utc_ms);
}

static void random_bytes(void *user, uint8_t *out, size_t size) {
    struct engine *engine = user;

    engine->was_touched = true;
    if (engine->is_probing)
        memset(out, 0x5a, size);
    else
        engine->host.random(engine->host.context, out, size);
}

static struct xml_node *instance_of(void *user, struct view id) {
    struct engine *engine = user;

    for (uint32_t i = 0; i < engine->model->instance_count; i++)
        if (view_equal(engine->model->instances[i].id, id))
            return (struct xml_node *)engine->model->instances[i].document;
    return NULL;
}

static bool is_repeat(void *user, const struct xml_node *node) {
    struct engine *engine = user;

    return node->tag != NULL && cell_field(engine, cell_of(node))->is_repeat;
}

static bool is_hidden(void *user, const struct xml_node *node) {
    (void)user;
    return node->tag != NULL && !cell_of(node)->is_relevant;
}

static bool itext(void *user, struct view id, struct view *text) {
    struct engine *engine = user;
    const struct model_itext *found = model_itext_of(engine->model, id);

    if (found == NULL)
        return false;
    *text = text_of_itext(engine, found, engine->itext_kind == NULL ? "" : engine->itext_kind,
                          engine->rendering_node, &engine->scratch);
    return true;
}

/* The control whose choices the question's field takes. */
static const struct model_control *control_of(const struct engine *engine, uint32_t field) {
    uint32_t control = field == MODEL_NONE ? MODEL_NONE : engine->model->fields[field].control;

    return control == MODEL_NONE ? NULL : &engine->model->controls[control];
}

static bool choice_name(void *user, struct view name, const struct xml_node *node, struct view path,
                        struct view *label) {
    struct engine *engine = user;
    uint32_t field = node != NULL && node->tag != NULL ? cell_of(node)->field
                                                       : model_field_at(engine->model, path);
    const struct model_control *control = control_of(engine, field);
    struct engine_cell *cell;
    struct option *options = NULL;
    uint32_t count = 0;

    if (control == NULL)
        return false;
    cell = node != NULL && node->tag != NULL ? cell_of(node)
                                             : tree_near(engine, engine->rendering_node, field);
    if (cell == NULL || engine->rendering > 4 ||
        choices_of(engine, control, cell, true, &engine->scratch, &options, &count) != RC_OK)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (view_equal(options[i].value, name)) {
            *label = options[i].label;
            return true;
        }
    return false;
}

static bool digest_bytes(void *user, struct view algorithm, struct view data, struct buf *out) {
    (void)user;
    return digest(algorithm, data, out);
}

/* pulldata(): column names may begin with '@', and the list's name may end with ".csv". */
static struct view cell_of_row(const struct xml_node *row, struct view column) {
    bool is_attribute = column.size > 0 && column.data[0] == '@';
    const struct xml_node *cell = is_attribute ? row->attributes : row->first;

    if (is_attribute)
        column = view_slice(column, 1, column.size);
    while (cell != NULL && !view_equal(cell->name, column))
        cell = cell->next;
    if (cell == NULL)
        return (struct view){0};
    if (is_attribute)
        return cell->value;
    return cell->first == NULL ? view_of("", 0) : cell->first->value;
}

static bool pulldata(void *user, struct view id, struct view wanted, struct view column,
                     struct view key, struct view *cell) {
    const struct xml_node *document = instance_of(user, id), *root;

    if (document == NULL && id.size > 4 && memcmp(id.data + id.size - 4, ".csv", 4) == 0)
        document = instance_of(user, view_slice(id, 0, id.size - 4));
    root = document == NULL ? NULL : xml_root(document);
    for (const struct xml_node *row = root == NULL ? NULL : root->first; row != NULL;
         row = row->next) {
        struct view found = cell_of_row(row, column);

        if (found.data == NULL || !view_equal(found, key))
            continue;
        *cell = cell_of_row(row, wanted);
        return cell->data != NULL;
    }
    return false;
}

static struct view namespace_of(void *user, struct view prefix) {
    struct engine *engine = user;

    /* Names without prefix are found whatever namespace is around them. */
    for (uint32_t i = 0; i < engine->model->namespace_count && prefix.size > 0; i++)
        if (view_equal(engine->model->namespaces[i].prefix, prefix))
            return engine->model->namespaces[i].uri;
    return (struct view){0};
}

/* ---- asking ---- */

void eval_reset(struct engine *engine) {
    arena_reset(&engine->scratch);
}

static struct view language_code(const struct engine *engine) {
    const struct model *model = engine->model;
    struct view name;

    if (model->language_count == 0)
        return view_text(engine->lang == LANG_ZH ? "zh" : "en");
    name = model->languages[engine->language];
    if (name.size >= 4 && name.data[name.size - 1] == ')' && name.data[name.size - 4] == '(')
        return view_slice(name, name.size - 3, 2);
    return view_slice(name, 0, 2);
}

enum rc eval_value(struct engine *engine, const struct xpath *xpath, struct xml_node *node,
                   struct xml_node *current, struct xpath_value *value) {
    const struct xpath_host host = {
        .user = engine,
        .primary = engine->document,
        .now_ms = now_ms,
        .offset_ms = offset_ms,
        .random = random_bytes,
        .instance = instance_of,
        .is_repeat = is_repeat,
        .is_hidden = is_hidden,
        .itext = itext,
        .choice_name = choice_name,
        .pulldata = pulldata,
        .digest = digest_bytes,
        .namespace_of = namespace_of,
        .version = engine->model->version,
        .language = language_code(engine),
    };
    const struct xpath_scope scope = {
        .host = &host,
        .node = node,
        .current = current,
        .steps = &engine->steps,
    };
    struct xml_node *before = engine->rendering_node;
    enum rc rc;

    engine->rendering_node = current == NULL ? node : current;
    err_clear(&engine->trouble);
    rc = xpath_evaluate(xpath, &scope, &engine->scratch, value, &engine->trouble);
    engine->rendering_node = before;
    return rc;
}

bool eval_bool(struct engine *engine, const struct xpath *xpath, struct xml_node *node,
               bool *result) {
    struct xpath_value value;

    eval_reset(engine);
    if (eval_value(engine, xpath, node, NULL, &value) != RC_OK)
        return false;
    *result = xpath_to_bool(&value);
    return true;
}

bool eval_text(struct engine *engine, const struct xpath *xpath, struct xml_node *node,
               struct xml_node *current, struct view *text) {
    struct xpath_value value;

    *text = view_of("", 0);
    if (eval_value(engine, xpath, node, current, &value) != RC_OK)
        return false;
    if (value.type == XPATH_NUMBER && !value.number.exact &&
        !(value.number.value == value.number.value))
        return true;
    return xpath_to_text(&value, &engine->scratch, text, &engine->trouble) == RC_OK;
}

void engine_uuid(struct engine *engine, char out[48]) {
    uint8_t bytes[16];
    char hex[33];

    engine->host.random(engine->host.context, bytes, sizeof(bytes));
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    hex_encode(view_of(bytes, sizeof(bytes)), hex);
    (void)snprintf(out, 48, "uuid:%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                   hex + 20);
}
