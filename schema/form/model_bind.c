/* The rest of a form's model: binds with their rules, secondary instances, actions. */
#include "base/text.h"
#include "schema/form/model_build.h"

/* ---- binds ---- */

static enum model_type type_of(struct view word) {
    static const struct {
        const char *word;
        enum model_type type;
    } types[] = {
        {"string", MODEL_STRING},     {"int", MODEL_INT},           {"integer", MODEL_INT},
        {"long", MODEL_INT},          {"decimal", MODEL_DECIMAL},   {"double", MODEL_DECIMAL},
        {"boolean", MODEL_BOOLEAN},   {"date", MODEL_DATE},         {"time", MODEL_TIME},
        {"dateTime", MODEL_DATETIME}, {"geopoint", MODEL_GEOPOINT}, {"geotrace", MODEL_GEOTRACE},
        {"geoshape", MODEL_GEOSHAPE}, {"binary", MODEL_BINARY},     {"barcode", MODEL_BARCODE},
    };

    for (size_t i = 0; i < word.size; i++)
        if (word.data[i] == ':')
            word = view_slice(word, i + 1, word.size);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (view_is(word, types[i].word))
            return types[i].type;
    return MODEL_STRING;
}

const char *model_type_word(enum model_type type) {
    static const char *const names[] = {
        [MODEL_STRING] = "string",     [MODEL_INT] = "int",           [MODEL_DECIMAL] = "decimal",
        [MODEL_BOOLEAN] = "boolean",   [MODEL_DATE] = "date",         [MODEL_TIME] = "time",
        [MODEL_DATETIME] = "dateTime", [MODEL_GEOPOINT] = "geopoint", [MODEL_GEOTRACE] = "geotrace",
        [MODEL_GEOSHAPE] = "geoshape", [MODEL_BINARY] = "binary",     [MODEL_BARCODE] = "barcode",
    };

    return names[type];
}

static enum model_preload preload_of(struct view preload, struct view parameter) {
    static const struct {
        const char *preload, *parameter;
        enum model_preload value;
    } words[] = {
        {"uid", NULL, MODEL_PRELOAD_UID},
        {"timestamp", "start", MODEL_PRELOAD_TIMESTAMP_START},
        {"timestamp", "end", MODEL_PRELOAD_TIMESTAMP_END},
        {"date", "today", MODEL_PRELOAD_TODAY},
        {"property", "deviceid", MODEL_PRELOAD_DEVICE_ID},
        {"property", "username", MODEL_PRELOAD_USER_NAME},
        {"property", "email", MODEL_PRELOAD_EMAIL},
        {"property", "phonenumber", MODEL_PRELOAD_PHONE_NUMBER},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (view_is(preload, words[i].preload) &&
            (words[i].parameter == NULL || view_is(parameter, words[i].parameter)))
            return words[i].value;
    return MODEL_PRELOAD_NONE;
}

static enum rc read_rule(struct model_build *build, const struct xml_node *bind, const char *uri,
                         const char *name, struct model_rule *rule) {
    const struct xml_node *attribute = xml_attribute_of(bind, uri, name);
    struct view source = attribute == NULL ? view_of("", 0) : text_trim(attribute->value);

    if (source.size == 0)
        return RC_OK;
    rule->line = bind->line;
    return build_expression(build, bind, source, &rule->xpath);
}

static enum rc read_bind(struct model_build *build, const struct xml_node *bind) {
    struct view nodeset = xml_attribute_value(bind, "nodeset");
    const struct xml_node *attribute;
    struct model_field *field;
    uint32_t index;

    if (nodeset.size == 0)
        nodeset = xml_attribute_value(bind, "ref");
    index = model_resolve(build->model, MODEL_NONE, nodeset, NULL);
    if (index == MODEL_NONE) {
        build_note(build, bind->line, (struct view){0},
                   WORD("a bind names a node that the instance does not have"));
        return RC_OK;
    }
    field = &build->model->fields[index];
    field->has_bind = true;
    field->bind = xml_clone(bind, build->arena);
    if (xml_attribute_value(bind, "type").size > 0) {
        field->type_name = arena_view(build->arena, xml_attribute_value(bind, "type"));
        field->type = type_of(field->type_name);
    }
    if (view_is(text_trim(xml_attribute_value(bind, "readonly")), "true()"))
        field->readonly_always = true;
    attribute = xml_attribute_of(bind, URI_JAVAROSA, "preload");
    if (attribute != NULL) {
        const struct xml_node *parameter = xml_attribute_of(bind, URI_JAVAROSA, "preloadParams");

        field->preload =
            preload_of(attribute->value, parameter == NULL ? view_of("", 0) : parameter->value);
        if (field->preload == MODEL_PRELOAD_NONE)
            build_note(build, bind->line, (struct view){0},
                       WORD("a preload that this version does not know"));
    }
    if (read_rule(build, bind, "", "relevant", &field->relevant) != RC_OK ||
        read_rule(build, bind, "", "required", &field->required) != RC_OK ||
        read_rule(build, bind, "", "readonly", &field->readonly) != RC_OK ||
        read_rule(build, bind, "", "constraint", &field->constraint) != RC_OK ||
        read_rule(build, bind, "", "calculate", &field->calculate) != RC_OK ||
        read_rule(build, bind, URI_YANGGUANG, "warning", &field->warning) != RC_OK ||
        build_message(build, bind, URI_JAVAROSA, "constraintMsg", &field->constraint_message) !=
            RC_OK ||
        build_message(build, bind, URI_JAVAROSA, "requiredMsg", &field->required_message) !=
            RC_OK ||
        build_message(build, bind, URI_YANGGUANG, "warning_message", &field->warning_message) !=
            RC_OK)
        return build->err->rc;
    return build_memory(build);
}

enum rc build_binds(struct model_build *build) {
    for (const struct xml_node *bind = xml_child(build->model_element, "bind"); bind != NULL;
         bind = xml_sibling(bind, "bind"))
        if (read_bind(build, bind) != RC_OK)
            return build->err->rc;
    return RC_OK;
}

/* ---- secondary instances ---- */

static bool ends_with(struct view text, const char *ending) {
    size_t size = strlen(ending);

    return text.size >= size && memcmp(text.data + text.size - size, ending, size) == 0;
}

static bool begins_with(struct view text, const char *beginning) {
    size_t size = strlen(beginning);

    return text.size >= size && memcmp(text.data, beginning, size) == 0;
}

static enum rc read_attached(struct model_build *build, const struct xml_node *node,
                             struct model_instance *instance) {
    const struct model_host *host = build->host;
    struct xml_node *document = NULL;
    struct view bytes = {0};
    struct xml_limits limits = XML_LIMITS_DEFAULT;
    enum rc rc = RC_NOT_FOUND;

    if (host != NULL && host->attachment != NULL)
        rc = host->attachment(host->context, instance->source, &bytes, build->err);
    if (rc == RC_NOT_FOUND) {
        err_clear(build->err);
        build_note(build, node->line, instance->source,
                   WORD("an attached list is not there; it counts as empty"));
        instance->document = xml_document_new(build->arena);
        return build_memory(build);
    }
    limits.bytes = MODEL_ATTACHMENT_BYTES;
    if (rc == RC_OK && bytes.size > MODEL_ATTACHMENT_BYTES)
        rc = err_set(build->err, RC_LIMIT, "an attached list of more than %u bytes",
                     MODEL_ATTACHMENT_BYTES);
    if (rc == RC_OK) {
        if (ends_with(instance->source, ".geojson"))
            rc = list_from_geojson(bytes, build->arena, &document, build->err);
        else if (begins_with(instance->source, "jr://file-csv/") ||
                 ends_with(instance->source, ".csv"))
            rc = list_from_csv(bytes, build->arena, &document, build->err);
        else
            rc = xml_tree_parse(bytes, limits, build->arena, &document, build->err);
    }
    if (rc != RC_OK) {
        err_prefix(build->err, "%.*s: ", VIEW_PRINT(instance->source));
        return build_refuse(build, node);
    }
    instance->document = document;
    return RC_OK;
}

static enum rc read_instance(struct model_build *build, const struct xml_node *node,
                             struct model_instance *instance) {
    const struct xml_node *data = xml_child(node, NULL);
    struct xml_node *document, *root;

    /* What tools write inside of an attached list only holds its place. It counts where the list is
     * not there. */
    if (instance->source.size > 0 && read_attached(build, node, instance) != RC_OK)
        return build->err->rc;
    if (instance->document != NULL && (data == NULL || xml_root(instance->document) != NULL))
        return RC_OK;
    document = xml_document_new(build->arena);
    root = data == NULL ? NULL : model_copy(data, build->arena);
    if (document == NULL || (data != NULL && root == NULL))
        return build_memory(build);
    if (root != NULL)
        xml_append(document, root);
    instance->document = document;
    return RC_OK;
}

enum rc build_instances(struct model_build *build) {
    struct model *model = build->model;
    const struct xml_node *node = xml_child(build->model_element, "instance");

    for (node = xml_sibling(node, "instance"); node != NULL; node = xml_sibling(node, "instance")) {
        struct model_instance *instance;

        if (model->instance_count >= MODEL_INSTANCES_MAX) {
            err_set(build->err, RC_LIMIT, "more than %u instances", MODEL_INSTANCES_MAX);
            return build_refuse(build, node);
        }
        instance = arena_push(build->arena, &model->instances, &model->instance_count,
                              &build->instance_capacity, sizeof(*model->instances));
        if (instance == NULL)
            return build_memory(build);
        *instance = (struct model_instance){
            .id = arena_view(build->arena, xml_attribute_value(node, "id")),
            .source = arena_view(build->arena, xml_attribute_value(node, "src")),
        };
        if (read_instance(build, node, instance) != RC_OK)
            return build->err->rc;
        (void)xml_tree_number((struct xml_node *)instance->document, 0);
    }
    return RC_OK;
}

/* ---- actions ---- */

static uint32_t events_of(struct view words) {
    static const struct {
        const char *word;
        uint32_t event;
    } events[] = {
        {"odk-instance-first-load", MODEL_ON_FIRST_LOAD},
        {"odk-instance-load", MODEL_ON_LOAD},
        {"odk-new-repeat", MODEL_ON_NEW_REPEAT},
        {"xforms-value-changed", MODEL_ON_VALUE_CHANGED},
        {"xforms-ready", MODEL_ON_FIRST_LOAD},
        {"jr-insert", MODEL_ON_NEW_REPEAT},
    };
    uint32_t result = 0;
    size_t at = 0;

    while (at < words.size) {
        size_t start = at;

        while (at < words.size && words.data[at] > ' ')
            at++;
        for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
            if (view_is(view_slice(words, start, at - start), events[i].word))
                result |= events[i].event;
        at++;
    }
    return result;
}

static bool is_action(const struct xml_node *node, enum model_action_kind *kind) {
    if (view_is(node->name, "setvalue"))
        *kind = MODEL_SET_VALUE;
    else if (view_is(node->name, "setgeopoint"))
        *kind = MODEL_SET_GEOPOINT;
    else if (view_is(node->name, "recordaudio"))
        *kind = MODEL_RECORD_AUDIO;
    else
        return false;
    return true;
}

enum rc build_action(struct model_build *build, const struct xml_node *node, uint32_t context,
                     uint32_t source) {
    struct model *model = build->model;
    enum model_action_kind kind;
    struct model_action action = {.source = source, .line = node->line};
    struct model_action *slot;
    const struct xml_node *value;
    struct view place;
    bool has_predicate;

    if (!is_action(node, &kind))
        return RC_OK;
    action.kind = kind;
    action.events = events_of(xml_attribute_value(node, "event"));
    place = build_place(build, node);
    action.target = model_resolve(model, context, place, &has_predicate);
    if (action.target == MODEL_NONE || action.events == 0) {
        build_note(build, node->line, (struct view){0},
                   action.events == 0
                       ? WORD("an action waits for an event that this version does not know")
                       : WORD("an action names a node that the instance does not have"));
        return RC_OK;
    }
    if (has_predicate && build_expression(build, node, place, &action.place) != RC_OK)
        return build->err->rc;
    value = xml_attribute(node, "value");
    if (value != NULL && text_trim(value->value).size > 0) {
        if (build_expression(build, node, value->value, &action.value) != RC_OK)
            return build->err->rc;
    } else if (value == NULL) {
        struct view text;

        if (xml_text(node, build->scratch, &text, build->err) != RC_OK)
            return build->err->rc;
        action.literal = arena_view(build->arena, text);
    }
    if (model->action_count >= MODEL_ACTIONS_MAX) {
        err_set(build->err, RC_LIMIT, "more than %u actions", MODEL_ACTIONS_MAX);
        return build_refuse(build, node);
    }
    slot = arena_push(build->arena, &model->actions, &model->action_count, &build->action_capacity,
                      sizeof(*model->actions));
    if (slot == NULL)
        return build_memory(build);
    *slot = action;
    return build_memory(build);
}

enum rc build_model_actions(struct model_build *build) {
    for (const struct xml_node *node = xml_child(build->model_element, NULL); node != NULL;
         node = xml_sibling(node, NULL))
        if (build_action(build, node, MODEL_NONE, MODEL_NONE) != RC_OK)
            return build->err->rc;
    return RC_OK;
}
