/* compile_head.c: which column means what, in which language, and what the settings say.
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

enum sheet_mask { IN_SURVEY = 1, IN_CHOICES = 2, IN_SETTINGS = 4 };

struct head {
    const char *text;
    uint8_t kind;
    uint8_t sheets; /* enum sheet_mask */
};

static const struct head heads[] = {
    {"type", COLUMN_TYPE, IN_SURVEY},
    {"name", COLUMN_NAME, IN_SURVEY | IN_CHOICES},
    {"value", COLUMN_NAME, IN_CHOICES},
    {"label", COLUMN_LABEL, IN_SURVEY | IN_CHOICES},
    {"hint", COLUMN_HINT, IN_SURVEY},
    {"constraint_message", COLUMN_CONSTRAINT_MESSAGE, IN_SURVEY},
    {"constraint_msg", COLUMN_CONSTRAINT_MESSAGE, IN_SURVEY},
    {"bind::jr:constraintmsg", COLUMN_CONSTRAINT_MESSAGE, IN_SURVEY},
    {"required_message", COLUMN_REQUIRED_MESSAGE, IN_SURVEY},
    {"required_msg", COLUMN_REQUIRED_MESSAGE, IN_SURVEY},
    {"bind::jr:requiredmsg", COLUMN_REQUIRED_MESSAGE, IN_SURVEY},
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
    {"parameters", COLUMN_PARAMETERS, IN_SURVEY},
    {"repeat_count", COLUMN_REPEAT_COUNT, IN_SURVEY},
    {"jr:count", COLUMN_REPEAT_COUNT, IN_SURVEY},
    {"trigger", COLUMN_TRIGGER, IN_SURVEY},
    {"bind::yg:merge", COLUMN_MERGE, IN_SURVEY},
    {"bind::yg:group", COLUMN_GROUP, IN_SURVEY},
    {"bind::yg:seal", COLUMN_SEAL, IN_SURVEY},
    {"bind::yg:rank", COLUMN_RANK, IN_SURVEY},
    {"bind::yg:key", COLUMN_KEY, IN_SURVEY},
    {"bind::yg:post", COLUMN_POST, IN_SURVEY},
    {"bind::yg:sensitive", COLUMN_SENSITIVE, IN_SURVEY},
    {"guidance_hint", COLUMN_IGNORED, IN_SURVEY},
    {"media", COLUMN_IGNORED, IN_SURVEY | IN_CHOICES},
    {"image", COLUMN_IGNORED, IN_SURVEY | IN_CHOICES},
    {"big_image", COLUMN_IGNORED, IN_SURVEY | IN_CHOICES},
    {"audio", COLUMN_IGNORED, IN_SURVEY | IN_CHOICES},
    {"video", COLUMN_IGNORED, IN_SURVEY | IN_CHOICES},
    {"instance", COLUMN_IGNORED, IN_SURVEY},
    {"body", COLUMN_IGNORED, IN_SURVEY},
    {"control", COLUMN_IGNORED, IN_SURVEY},
    {"save_to", COLUMN_IGNORED, IN_SURVEY},
    {"autoplay", COLUMN_IGNORED, IN_SURVEY},
    {"list_name", COLUMN_LIST_NAME, IN_CHOICES},
    {"listname", COLUMN_LIST_NAME, IN_CHOICES},
    {"list", COLUMN_LIST_NAME, IN_CHOICES},
    {"form_id", COLUMN_FORM_ID, IN_SETTINGS},
    {"id_string", COLUMN_FORM_ID, IN_SETTINGS},
    {"form_title", COLUMN_TITLE, IN_SETTINGS},
    {"title", COLUMN_TITLE, IN_SETTINGS},
    {"version", COLUMN_VERSION, IN_SETTINGS},
    {"default_language", COLUMN_DEFAULT_LANGUAGE, IN_SETTINGS},
    {"instance_name", COLUMN_INSTANCE_NAME, IN_SETTINGS},
    {"yg:audience", COLUMN_AUDIENCE, IN_SETTINGS},
    {"allow_choice_duplicates", COLUMN_ALLOW_DUPLICATES, IN_SETTINGS},
    {"style", COLUMN_IGNORED, IN_SETTINGS},
    {"submission_url", COLUMN_IGNORED, IN_SETTINGS},
    {"public_key", COLUMN_IGNORED, IN_SETTINGS},
    {"auto_send", COLUMN_IGNORED, IN_SETTINGS},
    {"auto_delete", COLUMN_IGNORED, IN_SETTINGS},
    {"namespaces", COLUMN_IGNORED, IN_SETTINGS},
    {"sms_keyword", COLUMN_IGNORED, IN_SETTINGS},
};

const struct sheet *compile_sheet(const struct compiler *compiler, const char *name) {
    for (uint32_t i = 0; i < compiler->workbook->sheet_count; i++)
        if (view_is(compiler->workbook->sheets[i].name, name))
            return &compiler->workbook->sheets[i];
    return NULL;
}

struct view cell_at(const struct sheet *sheet, uint32_t row, uint32_t column) {
    if (sheet == NULL || row >= sheet->row_count || column >= sheet->column_count)
        return view_of(NULL, 0);
    return text_trim(sheet->cells[(size_t)row * sheet->column_count + column]);
}

struct view table_cell(const struct table *table, uint32_t row, enum column_kind kind) {
    return cell_at(table->sheet, row, table->first[kind]);
}

bool row_is_empty(const struct sheet *sheet, uint32_t row) {
    for (uint32_t i = 0; i < sheet->column_count; i++)
        if (cell_at(sheet, row, i).size > 0)
            return false;
    return true;
}

struct form_text table_text(struct compiler *compiler, const struct table *table, uint32_t row,
                            enum column_kind kind) {
    struct form_text text = {0};
    struct view *texts = NULL;

    for (uint32_t i = 0; table->sheet != NULL && i < table->sheet->column_count; i++) {
        struct view cell;

        if (table->columns[i].kind != kind || (cell = cell_at(table->sheet, row, i)).size == 0)
            continue;
        if (cell.size > FORM_EXPRESSION_BYTES) {
            finding_add(compiler, true, table->sheet, row, i,
                        "the text is too long; at most %u bytes are allowed",
                        FORM_EXPRESSION_BYTES);
            continue;
        }
        if (texts == NULL)
            texts = compile_array(compiler, compiler->form.language_count, sizeof(*texts));
        if (texts == NULL)
            return text;
        texts[table->columns[i].language] = cell;
    }
    text.by_language = texts;
    return text;
}

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

/* One head: its kind and its language. */
static struct column head_read(struct compiler *compiler, const struct sheet *sheet,
                               uint32_t column, uint8_t sheets) {
    struct view head = cell_at(sheet, 0, column), language = {0};
    struct column out = {0};
    const struct head *known;
    char small[HEAD_BYTES];
    size_t colons = colons_at(head);

    normalise(head, small);
    known = head_find(small, sheets);
    if (known == NULL && colons < head.size) {
        language = text_trim(view_slice(head, colons + 2, head.size));
        normalise(text_trim(view_slice(head, 0, colons)), small);
        known = head_find(small, sheets);
        if (known != NULL && !is_text(known->kind) && known->kind != COLUMN_IGNORED)
            known = NULL;
        normalise(head, small);
    }
    if (known != NULL) {
        out.kind = known->kind;
        if (is_text(out.kind))
            out.language = language_index(compiler, sheet, column, language);
    } else if (head.size > 0 && sheets != IN_CHOICES) {
        const char *nearest = head_nearest(small, sheets);

        if (strstr(small, "yg:") != NULL) /* to overlook a policy would lose data later */
            finding_add(compiler, true, sheet, 0, column,
                        "this is not one of our columns; they are bind::yg:merge, group, seal, "
                        "rank, key, post, sensitive, and yg:audience in the settings");
        else if (nearest != NULL)
            finding_add(compiler, false, sheet, 0, column,
                        "this column is not known and not used; did you mean \"%s\"?", nearest);
        else
            finding_add(compiler, false, sheet, 0, column, "this column is not known and not used");
    }
    return out;
}

/* The languages that columns name, before those that name none are put to one of them. */
static void languages_collect(struct compiler *compiler, const struct sheet *sheet,
                              uint8_t sheets) {
    for (uint32_t i = 0; sheet != NULL && i < sheet->column_count; i++) {
        struct view head = cell_at(sheet, 0, i);
        size_t colons = colons_at(head);
        const struct head *known;
        char small[HEAD_BYTES];

        if (colons == head.size)
            continue;
        normalise(text_trim(view_slice(head, 0, colons)), small);
        known = head_find(small, sheets);
        if (known != NULL && is_text(known->kind))
            (void)language_index(compiler, sheet, i,
                                 text_trim(view_slice(head, colons + 2, head.size)));
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
    for (uint32_t i = 0; i < sheet->column_count && table->columns != NULL; i++) {
        struct column column = head_read(compiler, sheet, i, sheets);
        bool doubled = false;

        if (column.kind <= COLUMN_IGNORED) {
            table->columns[i] = column;
            continue;
        }
        for (uint32_t j = 0; j < i; j++)
            doubled = doubled || (table->columns[j].kind == column.kind &&
                                  table->columns[j].language == column.language);
        if (doubled) {
            finding_add(compiler, true, sheet, 0, i,
                        "this column stands here twice; remove one of them");
            continue;
        }
        table->columns[i] = column;
        if (table->first[column.kind] == NO_COLUMN)
            table->first[column.kind] = i;
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
    if (compiler->form.language_count == 0)
        (void)language_index(compiler, settings, 0, view_of(NULL, 0));
    compiler->form.languages = compiler->languages;
    compiler->form.default_language = default_language(compiler, settings, named_at);
}

void compile_settings(struct compiler *compiler) {
    const struct table *table = &compiler->settings;
    struct form *form = &compiler->form;
    enum audience audience = AUDIENCE_FIELD;
    struct view cell;

    form->audience = AUDIENCE_FIELD;
    form->name = table_cell(table, 1, COLUMN_FORM_ID);
    form->version = table_cell(table, 1, COLUMN_VERSION);
    form->title = table_text(compiler, table, 1, COLUMN_TITLE);
    form->instance_name = table_cell(table, 1, COLUMN_INSTANCE_NAME);
    compiler->allow_duplicates = yes_or_no(table_cell(table, 1, COLUMN_ALLOW_DUPLICATES)) == 1;
    if (table->sheet == NULL)
        return; /* said by xlsform_compile */
    if (form->name.size == 0)
        finding_add(compiler, true, table->sheet, NO_ROW, NO_COLUMN,
                    "form_id is missing; write the name of the form in row 2 below form_id");
    else if (!form_name_valid(form->name))
        finding_add(compiler, true, table->sheet, 1, table->first[COLUMN_FORM_ID],
                    "\"%.*s\" can not be a name; use letters, digits, _ - and ., and no blank",
                    VIEW_PRINT(finding_shown(form->name)));
    if (form->version.size > LIMIT_NAME_BYTES)
        finding_add(compiler, true, table->sheet, 1, table->first[COLUMN_VERSION],
                    "the text is too long; at most %u bytes are allowed", LIMIT_NAME_BYTES);
    cell = table_cell(table, 1, COLUMN_AUDIENCE);
    if (cell.size > 0 && audience_parse(cell, &audience, &(struct err){0}) != RC_OK)
        finding_add(compiler, true, table->sheet, 1, table->first[COLUMN_AUDIENCE],
                    "\"%.*s\" is not an audience; write field, office or restricted",
                    VIEW_PRINT(finding_shown(cell)));
    form->audience = (uint8_t)audience;
}
