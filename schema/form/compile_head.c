/* compile_head.c: which column means what, and in which language.
 *
 * A head is compared in lower case with blanks as underscores. What stands behind "::" of a text's
 * column is its language, taken as written; a text without one is in the default language of the
 * settings, or in the language "default" if they name none. */
#include "base/text.h"
#include "schema/form/compile.h"
#include "schema/form/form_choice.h"
#include "schema/limits.h"

#define HEAD_BYTES  64u
#define NO_LANGUAGE "default"

enum sheet_mask { IN_SURVEY = 1, IN_CHOICES = 2, IN_SETTINGS = 4, IN_ENTITIES = 8 };

struct head {
    const char *text;
    uint8_t kind;
    uint8_t sheets; /* enum sheet_mask */
};

static const struct head heads[] = {
    {"type", COLUMN_TYPE, IN_SURVEY},
    {"command", COLUMN_TYPE, IN_SURVEY},
    {"name", COLUMN_NAME, IN_SURVEY | IN_CHOICES},
    {"tag", COLUMN_NAME, IN_SURVEY},
    {"value", COLUMN_NAME, IN_SURVEY | IN_CHOICES},
    {"label", COLUMN_LABEL, IN_SURVEY | IN_CHOICES | IN_ENTITIES},
    {"caption", COLUMN_LABEL, IN_SURVEY},
    {"hint", COLUMN_HINT, IN_SURVEY},
    {"guidance_hint", COLUMN_GUIDANCE, IN_SURVEY},
    {"image", COLUMN_IMAGE, IN_SURVEY | IN_CHOICES},
    {"big-image", COLUMN_BIG_IMAGE, IN_SURVEY | IN_CHOICES},
    {"big_image", COLUMN_BIG_IMAGE, IN_SURVEY | IN_CHOICES},
    {"audio", COLUMN_AUDIO, IN_SURVEY | IN_CHOICES},
    {"video", COLUMN_VIDEO, IN_SURVEY | IN_CHOICES},
    {"constraint_message", COLUMN_CONSTRAINT_MESSAGE, IN_SURVEY},
    {"constraint_msg", COLUMN_CONSTRAINT_MESSAGE, IN_SURVEY},
    {"constraint-message", COLUMN_CONSTRAINT_MESSAGE, IN_SURVEY},
    {"bind::jr:constraintmsg", COLUMN_CONSTRAINT_MESSAGE, IN_SURVEY},
    {"required_message", COLUMN_REQUIRED_MESSAGE, IN_SURVEY},
    {"required_msg", COLUMN_REQUIRED_MESSAGE, IN_SURVEY},
    {"requiredmsg", COLUMN_REQUIRED_MESSAGE, IN_SURVEY},
    {"bind::jr:requiredmsg", COLUMN_REQUIRED_MESSAGE, IN_SURVEY},
    {"bind::yg:warning_message", COLUMN_WARNING_MESSAGE, IN_SURVEY},
    {"noapperrorstring", COLUMN_NO_APP_MESSAGE, IN_SURVEY},
    {"no_app_error_string", COLUMN_NO_APP_MESSAGE, IN_SURVEY},
    {"bind::jr:noapperrorstring", COLUMN_NO_APP_MESSAGE, IN_SURVEY},
    {"required", COLUMN_REQUIRED, IN_SURVEY},
    {"bind::required", COLUMN_REQUIRED, IN_SURVEY},
    {"read_only", COLUMN_READ_ONLY, IN_SURVEY},
    {"readonly", COLUMN_READ_ONLY, IN_SURVEY},
    {"bind::readonly", COLUMN_READ_ONLY, IN_SURVEY},
    {"relevant", COLUMN_RELEVANT, IN_SURVEY},
    {"relevance", COLUMN_RELEVANT, IN_SURVEY},
    {"bind::relevant", COLUMN_RELEVANT, IN_SURVEY},
    {"constraint", COLUMN_CONSTRAINT, IN_SURVEY},
    {"bind::constraint", COLUMN_CONSTRAINT, IN_SURVEY},
    {"calculation", COLUMN_CALCULATION, IN_SURVEY},
    {"calculate", COLUMN_CALCULATION, IN_SURVEY},
    {"bind::calculate", COLUMN_CALCULATION, IN_SURVEY},
    {"choice_filter", COLUMN_CHOICE_FILTER, IN_SURVEY},
    {"default", COLUMN_DEFAULT, IN_SURVEY},
    {"appearance", COLUMN_APPEARANCE, IN_SURVEY},
    {"control::appearance", COLUMN_APPEARANCE, IN_SURVEY},
    {"body::appearance", COLUMN_APPEARANCE, IN_SURVEY},
    {"parameters", COLUMN_PARAMETERS, IN_SURVEY},
    {"repeat_count", COLUMN_REPEAT_COUNT, IN_SURVEY},
    {"count", COLUMN_REPEAT_COUNT, IN_SURVEY},
    {"jr:count", COLUMN_REPEAT_COUNT, IN_SURVEY},
    {"control::jr:count", COLUMN_REPEAT_COUNT, IN_SURVEY},
    {"trigger", COLUMN_TRIGGER, IN_SURVEY},
    {"save_to", COLUMN_SAVE_TO, IN_SURVEY},
    {"bind::entities:saveto", COLUMN_SAVE_TO, IN_SURVEY},
    {"bind::yg:warning", COLUMN_WARNING, IN_SURVEY},
    {"bind::yg:merge", COLUMN_MERGE, IN_SURVEY},
    {"bind::yg:group", COLUMN_GROUP, IN_SURVEY},
    {"bind::yg:seal", COLUMN_SEAL, IN_SURVEY},
    {"bind::yg:rank", COLUMN_RANK, IN_SURVEY},
    {"bind::yg:key", COLUMN_KEY, IN_SURVEY},
    {"bind::yg:post", COLUMN_POST, IN_SURVEY},
    {"bind::yg:sensitive", COLUMN_SENSITIVE, IN_SURVEY},
    {"list_name", COLUMN_LIST_NAME, IN_CHOICES | IN_ENTITIES},
    {"listname", COLUMN_LIST_NAME, IN_CHOICES},
    {"list", COLUMN_LIST_NAME, IN_CHOICES},
    {"dataset", COLUMN_LIST_NAME, IN_ENTITIES},
    {"entity_id", COLUMN_ENTITY_ID, IN_ENTITIES},
    {"create_if", COLUMN_CREATE_IF, IN_ENTITIES},
    {"update_if", COLUMN_UPDATE_IF, IN_ENTITIES},
    {"repeat", COLUMN_REPEAT, IN_ENTITIES},
    {"form_id", COLUMN_FORM_ID, IN_SETTINGS},
    {"id_string", COLUMN_FORM_ID, IN_SETTINGS},
    {"form_title", COLUMN_TITLE, IN_SETTINGS},
    {"title", COLUMN_TITLE, IN_SETTINGS},
    {"name", COLUMN_ROOT_NAME, IN_SETTINGS},
    {"version", COLUMN_VERSION, IN_SETTINGS},
    {"default_language", COLUMN_DEFAULT_LANGUAGE, IN_SETTINGS},
    {"instance_name", COLUMN_INSTANCE_NAME, IN_SETTINGS},
    {"yg:audience", COLUMN_AUDIENCE, IN_SETTINGS},
    {"allow_choice_duplicates", COLUMN_ALLOW_DUPLICATES, IN_SETTINGS},
    {"style", COLUMN_STYLE, IN_SETTINGS},
    {"submission_url", COLUMN_SUBMISSION_URL, IN_SETTINGS},
    {"public_key", COLUMN_PUBLIC_KEY, IN_SETTINGS},
    {"auto_send", COLUMN_AUTO_SEND, IN_SETTINGS},
    {"auto_delete", COLUMN_AUTO_DELETE, IN_SETTINGS},
    {"client_editable", COLUMN_CLIENT_EDITABLE, IN_SETTINGS},
    {"namespaces", COLUMN_NAMESPACES, IN_SETTINGS},
    {"instance_xmlns", COLUMN_INSTANCE_XMLNS, IN_SETTINGS},
    {"prefix", COLUMN_PREFIX, IN_SETTINGS},
    {"compact_prefix", COLUMN_PREFIX, IN_SETTINGS},
    {"delimiter", COLUMN_DELIMITER, IN_SETTINGS},
    {"omit_instanceid", COLUMN_OMIT_INSTANCE_ID, IN_SETTINGS},
    {"clean_text_values", COLUMN_IGNORED, IN_SETTINGS},
    {"set_form_title", COLUMN_TITLE, IN_SETTINGS},
    {"set_form_id", COLUMN_FORM_ID, IN_SETTINGS},
    {"sms_keyword", COLUMN_IGNORED, IN_SETTINGS},
    {"sms_separator", COLUMN_IGNORED, IN_SETTINGS},
    {"sms_allow_media", COLUMN_IGNORED, IN_SETTINGS},
    {"sms_date_format", COLUMN_IGNORED, IN_SETTINGS},
    {"sms_datetime_format", COLUMN_IGNORED, IN_SETTINGS},
    {"sms_response", COLUMN_IGNORED, IN_SETTINGS},
    {"media", COLUMN_IGNORED, IN_SURVEY | IN_CHOICES},
    {"disabled", COLUMN_DISABLED, IN_SURVEY},
    {"compact_tag", COLUMN_IGNORED, IN_SURVEY},
    {"sms_field", COLUMN_IGNORED, IN_SURVEY},
    {"sms_option", COLUMN_IGNORED, IN_CHOICES},
};

/* Lower case, runs of blanks and underscores as one underscore. */
static void normalise(struct view text, char out[HEAD_BYTES]) {
    size_t size = 0;

    for (size_t i = 0; i < text.size && size < HEAD_BYTES - 1; i++) {
        char c = (char)text.data[i];

        if (c == ' ' || c == '\t' || c == '\n' || c == '_')
            c = '_';
        if (c != '_' || (size > 0 && out[size - 1] != '_'))
            out[size++] = c;
    }
    out[size] = '\0';
    text_to_lower(out);
}

/* Where "::" begins; the end if there is none. */
static size_t colons_at(struct view head) {
    for (size_t i = 0; i + 1 < head.size; i++)
        if (head.data[i] == ':' && head.data[i + 1] == ':')
            return i;
    return head.size;
}

static const struct head *head_find(const char *small, uint8_t sheets) {
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        if ((heads[i].sheets & sheets) != 0 && strcmp(heads[i].text, small) == 0)
            return &heads[i];
    return NULL;
}

static const char *head_nearest(const char *small, uint8_t sheets) {
    const char *found = NULL;
    uint32_t best = 3;

    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        uint32_t distance = word_distance(view_text(small), view_text(heads[i].text), best);

        if ((heads[i].sheets & sheets) != 0 && distance < best && strlen(small) > 3) {
            best = distance;
            found = heads[i].text;
        }
    }
    return found;
}

static uint32_t language_index(struct compiler *compiler, const struct sheet *sheet,
                               uint32_t column, struct view name) {
    struct form *form = &compiler->form;

    bool plain = name.size == 0;

    if (plain)
        name = compiler->default_language.size > 0 ? compiler->default_language
                                                   : view_text(NO_LANGUAGE);
    for (uint32_t i = 0; i < form->language_count; i++)
        if (view_equal(compiler->languages[i], name) ||
            (plain && form_language_is(compiler->languages[i], name)))
            return i;
    if (form->language_count == LIMIT_FORM_LANGUAGES || name.size > LIMIT_NAME_BYTES) {
        finding_add(compiler, true, sheet, 0, column, "a form has at most %u languages",
                    LIMIT_FORM_LANGUAGES);
        return 0;
    }
    compiler->languages[form->language_count] = name;
    return form->language_count++;
}

static bool is_text(uint8_t kind) {
    return kind >= COLUMN_LABEL && kind <= COLUMN_TITLE;
}

/* Whether a head begins with that word and "::"; what follows goes to rest. */
static bool begins_with(struct view head, const char *word, struct view *rest) {
    size_t size = strlen(word), at = colons_at(head);
    char small[HEAD_BYTES];

    if (at != size || at == head.size)
        return false;
    normalise(view_slice(head, 0, at), small);
    *rest = text_trim(view_slice(head, at + 2, head.size));
    return strcmp(small, word) == 0 && rest->size > 0;
}

/* Where the language begins: behind the last "::", or behind a single colon, as old forms have it.
 * The end if there is none. *behind: the bytes of the colons. */
static size_t language_at(struct view head, size_t *behind) {
    for (size_t i = head.size; i-- > 1;) {
        if (head.data[i] == ':' && head.data[i - 1] == ':') {
            *behind = 2;
            return i - 1;
        }
    }
    for (size_t i = 0; i < head.size; i++) {
        if (head.data[i] == ':') {
            *behind = 1;
            return i;
        }
    }
    *behind = 0;
    return head.size;
}

/* A text with its language: "label::中文 (zh)". NULL if it is none. */
static const struct head *text_find(struct view head, uint8_t sheets, struct view *language) {
    size_t behind, at = language_at(head, &behind);
    const struct head *known;
    char small[HEAD_BYTES];

    *language = view_of(NULL, 0);
    if (at == head.size)
        return NULL;
    normalise(text_trim(view_slice(head, 0, at)), small);
    known = head_find(small, sheets);
    if (known == NULL || !is_text(known->kind))
        return NULL;
    *language = text_trim(view_slice(head, at + behind, head.size));
    return language->size > 0 ? known : NULL;
}

/* "media::image" is "image". */
static struct view without_media(struct view head) {
    struct view rest;

    return begins_with(head, "media", &rest) ? rest : head;
}

static const struct head *known_find(struct view head, uint8_t sheets, struct view *language) {
    const struct head *known;
    char small[HEAD_BYTES];

    *language = view_of(NULL, 0);
    head = without_media(head);
    normalise(head, small);
    known = head_find(small, sheets);
    return known != NULL ? known : text_find(head, sheets, language);
}

/* "bind::odk:length", "body::accept", "attribute::xyz": an attribute that we hand through. */
static bool attribute_find(struct view head, uint8_t sheets, struct column *out) {
    static const struct {
        const char *word;
        uint8_t kind, sheets;
    } places[] = {{"bind", COLUMN_BIND, IN_SURVEY},
                  {"control", COLUMN_CONTROL, IN_SURVEY},
                  {"body", COLUMN_CONTROL, IN_SURVEY},
                  {"instance", COLUMN_INSTANCE, IN_SURVEY},
                  {"attribute", COLUMN_ATTRIBUTE, IN_SETTINGS}};

    if (sheets == IN_SURVEY && (view_is(head, "autoplay") || view_is(head, "intent"))) {
        *out = (struct column){.kind = COLUMN_CONTROL, .attribute = head};
        return true;
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if ((places[i].sheets & sheets) != 0 &&
            begins_with(head, places[i].word, &out->attribute)) {
            out->kind = places[i].kind;
            return true;
        }
    }
    return false;
}

/* One head: its kind and its language. */
static struct column head_read(struct compiler *compiler, const struct sheet *sheet,
                               uint32_t column, uint8_t sheets) {
    struct view head = cell_at(sheet, 0, column), language;
    const struct head *known = known_find(head, sheets, &language);
    struct column out = {0};
    const char *nearest;
    char small[HEAD_BYTES];

    normalise(head, small);
    if (known != NULL) {
        out.kind = known->kind;
        out.translated = language.size > 0;
        if (is_text(out.kind) && sheets != IN_ENTITIES)
            out.language = language_index(compiler, sheet, column, language);
        if ((out.kind >= COLUMN_MERGE && out.kind <= COLUMN_SENSITIVE) ||
            out.kind == COLUMN_WARNING || out.kind == COLUMN_WARNING_MESSAGE)
            compiler->has_extensions = true;
        return out;
    }
    if (sheets == IN_CHOICES && head.size > 0 && !form_name_valid(head))
        finding_add(compiler, false, sheet, 0, column,
                    "\"%.*s\" is no name, so expressions can not look at this column",
                    VIEW_PRINT(finding_shown(head)));
    if (head.size == 0 || sheets == IN_CHOICES)
        return out;
    if (strstr(small, "yg:") != NULL) { /* to overlook a policy would lose data later */
        finding_add(compiler, true, sheet, 0, column,
                    "this is not one of our columns; they are bind::yg:merge, group, seal, "
                    "rank, key, post, sensitive, warning, warning_message, and yg:audience in "
                    "the settings");
        return out;
    }
    if (attribute_find(head, sheets, &out))
        return out;
    nearest = head_nearest(small, sheets);
    if (nearest != NULL)
        finding_add(compiler, sheets == IN_ENTITIES, sheet, 0, column,
                    "this column is not known and not used; did you mean \"%s\"?", nearest);
    else
        finding_add(compiler, sheets == IN_ENTITIES, sheet, 0, column,
                    "this column is not known and not used");
    return out;
}

/* The languages that columns name, before those that name none are put to one of them. */
static void languages_collect(struct compiler *compiler, const struct sheet *sheet,
                              uint8_t sheets) {
    for (uint32_t i = 0; sheet != NULL && i < sheet->column_count; i++) {
        struct view language;

        if (known_find(cell_at(sheet, 0, i), sheets, &language) != NULL && language.size > 0)
            (void)language_index(compiler, sheet, i, language);
    }
}

static void table_make(struct compiler *compiler, const struct sheet *sheet, uint8_t sheets,
                       struct table *table) {
    table->sheet = sheet;
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        table->first[i] = NO_COLUMN;
    if (sheet == NULL)
        return;
    table->columns = compile_array(compiler, sheet->column_count, sizeof(*table->columns));
    if (table->columns == NULL && sheet->column_count > 0)
        table->sheet = NULL; /* without memory nothing comes of the form anyway */
    for (uint32_t i = 0; i < sheet->column_count && table->columns != NULL; i++) {
        struct column column = head_read(compiler, sheet, i, sheets);
        bool doubled = false;

        if (column.kind <= COLUMN_IGNORED) {
            table->columns[i] = column;
            continue;
        }
        for (uint32_t j = 0; j < i; j++) {
            bool same = table->columns[j].kind == column.kind &&
                        table->columns[j].language == column.language &&
                        view_equal(table->columns[j].attribute, column.attribute);

            if (same && table->columns[j].translated != column.translated) {
                /* "label" beside "label::en" where en is the default: the one that says so. */
                if (column.translated)
                    table->columns[j].kind = COLUMN_IGNORED;
                else
                    column.kind = COLUMN_IGNORED;
            } else {
                doubled = doubled || same;
            }
        }
        if (doubled) {
            finding_add(compiler, !compiler->options.lenient, sheet, 0, i,
                        "this column stands here twice; remove one of them");
            continue;
        }
        table->columns[i] = column;
        if (table->first[column.kind] == NO_COLUMN)
            table->first[column.kind] = i;
    }
}

/* "English (en)", or the code alone. */
static bool is_code(struct view name) {
    size_t open = 0;

    while (open < name.size && name.data[open] != '(')
        open++;
    return name.size == 2 || view_is(name, NO_LANGUAGE) ||
           (open < name.size && name.data[name.size - 1] == ')');
}

static void check_codes(struct compiler *compiler, const struct table *table) {
    bool said[LIMIT_FORM_LANGUAGES] = {false};

    for (uint32_t i = 0; table->sheet != NULL && i < table->sheet->column_count; i++) {
        const struct column *column = &table->columns[i];

        if (!is_text(column->kind) || !column->translated || said[column->language] ||
            is_code(compiler->languages[column->language]))
            continue;
        said[column->language] = true;
        finding_add(compiler, false, table->sheet, 0, i,
                    "programs can not tell which language \"%.*s\" is; write its code behind it, "
                    "as in \"English (en)\"",
                    VIEW_PRINT(finding_shown(compiler->languages[column->language])));
    }
}

/* In a sheet with translations, a text that has a column in one language should have one in each
 * that the sheet has. A column without a language is one in the default language. */
static void check_missing(struct compiler *compiler, const struct table *table) {
    bool used[LIMIT_FORM_LANGUAGES] = {false}, translated = false;

    for (uint32_t i = 0; table->sheet != NULL && i < table->sheet->column_count; i++) {
        if (!is_text(table->columns[i].kind))
            continue;
        used[table->columns[i].language] = true;
        translated = translated || table->columns[i].translated;
    }
    for (uint32_t i = 0; translated && i < table->sheet->column_count; i++) {
        uint8_t kind = table->columns[i].kind;
        bool there[LIMIT_FORM_LANGUAGES] = {false}, first = is_text(kind);

        for (uint32_t j = 0; j < table->sheet->column_count; j++) {
            if (table->columns[j].kind != kind)
                continue;
            there[table->columns[j].language] = true;
            first = first && j >= i;
        }
        for (uint32_t j = 0; first && j < compiler->form.language_count; j++)
            if (used[j] && !there[j])
                finding_add(compiler, false, table->sheet, 0, i,
                            "this column is missing in the language %.*s",
                            VIEW_PRINT(finding_shown(compiler->languages[j])));
    }
}

/* The default language may be named in short: "zh" for "中文 (zh)". */
static uint32_t default_language(struct compiler *compiler, const struct sheet *settings,
                                 uint32_t column) {
    if (compiler->default_language.size == 0) {
        for (uint32_t i = 0; i < compiler->form.language_count; i++)
            if (view_is(compiler->languages[i], NO_LANGUAGE))
                return i;
        return 0;
    }
    for (uint32_t i = 0; i < compiler->form.language_count; i++)
        if (form_language_is(compiler->languages[i], compiler->default_language))
            return i;
    finding_add(compiler, false, settings, 1, column,
                "no column has a text in this language; the first language is taken instead");
    return 0;
}

void compile_heads(struct compiler *compiler) {
    const struct sheet *settings = compile_sheet(compiler, "settings");
    uint32_t named_at = NO_COLUMN;
    char small[HEAD_BYTES];

    for (uint32_t i = 0; settings != NULL && i < settings->column_count; i++) {
        normalise(cell_at(settings, 0, i), small);
        if (strcmp(small, "default_language") == 0) {
            compiler->default_language = cell_at(settings, 1, i);
            named_at = i;
        }
    }
    languages_collect(compiler, compile_sheet(compiler, "survey"), IN_SURVEY);
    languages_collect(compiler, compile_sheet(compiler, "choices"), IN_CHOICES);
    languages_collect(compiler, settings, IN_SETTINGS);
    table_make(compiler, compile_sheet(compiler, "survey"), IN_SURVEY, &compiler->survey);
    table_make(compiler, compile_sheet(compiler, "choices"), IN_CHOICES, &compiler->choices);
    table_make(compiler, settings, IN_SETTINGS, &compiler->settings);
    table_make(compiler, compile_sheet(compiler, "entities"), IN_ENTITIES, &compiler->entities);
    table_make(compiler, compile_sheet(compiler, "external_choices"), IN_CHOICES,
               &compiler->external_choices);
    table_make(compiler, compile_sheet(compiler, "osm"), IN_CHOICES, &compiler->osm);
    if (compiler->form.language_count == 0)
        (void)language_index(compiler, settings, 0, view_of(NULL, 0));
    compiler->form.languages = compiler->languages;
    compiler->form.default_language = default_language(compiler, settings, named_at);
    check_codes(compiler, &compiler->survey);
    check_missing(compiler, &compiler->survey);
    check_missing(compiler, &compiler->choices);
}
