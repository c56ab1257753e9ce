/* income.c: see income.h. */
#include "syncd/desk/income.h"

#include "base/words.h"

#define TABLE_FILE "income_standard.csv"

bool income_has_table(const struct form *form) {
    for (uint32_t i = 0; form != NULL && i < form->file_count; i++)
        if (view_is(form->files[i].name, TABLE_FILE))
            return true;
    return false;
}

static enum rc read_table(struct income_look *look, const struct form *form, struct arena *arena,
                          struct err *err) {
    for (uint32_t i = 0; form != NULL && i < form->file_count; i++)
        if (view_is(form->files[i].name, TABLE_FILE))
            return income_table_load(form->files[i].content, arena, &look->table, err);
    return err_set(err, RC_UNSUPPORTED,
                   "the form of this record has no file %s; attach it and publish the form again",
                   TABLE_FILE);
}

enum rc income_see(const struct reading *reading, struct date day, struct arena *arena,
                   struct income_look *out, struct err *err) {
    enum rc rc = read_table(out, reading->form, arena, err);

    out->reading = reading;
    if (rc == RC_OK)
        rc = income_household_read(reading, day, arena, &out->household, err);
    if (rc == RC_OK)
        rc = income_compute(&out->table, &out->household.facts, arena, &out->result, err);
    return rc;
}

bool income_is_decided(const struct income_look *look) {
    return !look->result.blocked && look->household.unclear_count == 0;
}

const char *income_note_words(enum income_note note) {
    switch (note) {
    case INCOME_NOTE_NONE:
        return "";
    case INCOME_NOTE_EXEMPT:
        return WORD("not counted by its code");
    case INCOME_NOTE_UNKNOWN:
        return WORD("not in the table");
    case INCOME_NOTE_TWICE:
        return WORD("stands twice: nobody has decided");
    case INCOME_NOTE_LABOUR:
        return WORD("counted as labour of the member");
    case INCOME_NOTE_SUPPORT:
        return WORD("counted as support of the families");
    }
    return "";
}

const char *income_unclear_words(enum income_unclear_why why) {
    switch (why) {
    case INCOME_UNCLEAR_CONFLICT:
        return WORD("two values, and nobody has decided");
    case INCOME_UNCLEAR_OWNER:
        return WORD("names no member of the household, or two");
    case INCOME_UNCLEAR_BIRTH:
        return WORD("the date of birth is missing");
    }
    return "";
}

/* 12345 is "123.45". */
static void add_yuan(struct json *object, const char *key, int64_t fen) {
    json_add_decimal(object, key, (struct decimal){.mantissa = fen, .scale = 2});
}

void income_path(const struct income_look *at, const struct income_unclear *unclear,
                 struct buf *out) {
    struct err ignored;

    err_init(&ignored, LANG_EN);
    buf_clear(out);
    if (answers_path_text(at->reading, unclear->instance, unclear->field, out, &ignored) != RC_OK)
        buf_clear(out);
}

/* --- for programs --- */

struct view income_label(const struct income_look *at, struct view code, enum lang lang) {
    for (uint32_t i = 0; i < at->table.item_count; i++)
        if (view_equal(at->table.items[i].code, code))
            return lang == LANG_ZH ? at->table.items[i].zh : at->table.items[i].en;
    return code;
}

static void lines_json(const struct income_look *at, enum lang lang, struct json *json) {
    struct json *list = json_add_array(json, "items");

    for (uint32_t i = 0; i < at->household.facts.item_count; i++) {
        const struct income_line *line = &at->result.lines[i];
        struct json *item = json_add_object(list, NULL);

        json_add_view(item, "code", at->household.facts.items[i].code);
        json_add_view(item, "label", income_label(at, at->household.facts.items[i].code, lang));
        add_yuan(item, "yuan", line->fen);
        json_add_bool(item, "counted", line->counted);
        if (line->note != INCOME_NOTE_NONE)
            json_add_text(item, "note",
                          words(lang, income_note_words((enum income_note)line->note)));
    }
    list = json_add_array(json, "labour");
    for (uint32_t i = 0; i < at->household.facts.member_count; i++)
        add_yuan(list, NULL, at->result.labour_fen[i]);
    list = json_add_array(json, "support");
    for (uint32_t i = 0; i < at->household.facts.supporter_count; i++)
        add_yuan(list, NULL, at->result.support_fen[i]);
    add_yuan(json, "total", at->result.total_fen);
    add_yuan(json, "deducted", at->result.deducted_fen);
    add_yuan(json, "net", at->result.net_fen);
    add_yuan(json, "per_head", at->result.per_head_fen);
    add_yuan(json, "gap", at->result.gap_fen);
    add_yuan(json, "benefit", at->result.benefit_fen);
}

struct json *income_document(const struct income_look *at, enum lang lang, bool masked) {
    struct json *json = json_object(), *list;
    struct buf path;

    json_add_view(json, "table", at->table.name);
    json_add_int(json, "persons", at->result.persons);
    json_add_bool(json, "decided", income_is_decided(at));
    json_add_bool(json, "eligible", at->result.eligible);
    json_add_bool(json, "edge", at->result.edge);
    json_add_bool(json, "car", at->result.has_car);
    json_add_bool(json, "company", at->result.has_company);
    json_add_bool(json, "assets", at->result.assets_too_high);
    list = json_add_array(json, "unclear");
    buf_init(&path, LIMIT_PATH_BYTES);
    for (uint32_t i = 0; i < at->household.unclear_count; i++) {
        const struct income_unclear *unclear = &at->household.unclear[i];
        struct json *item = json_add_object(list, NULL);

        income_path(at, unclear, &path);
        json_add_buf(item, "path", &path);
        json_add_text(item, "why",
                      words(lang, income_unclear_words((enum income_unclear_why)unclear->why)));
    }
    buf_release(&path);
    if (!masked)
        lines_json(at, lang, json);
    return json;
}
