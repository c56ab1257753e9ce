/* income.c: what a household lives on by the county's table, as the decision will see it. The table
 * is the file income_standard.csv that travels with the household form (schema/income.h says how it
 * is read). Amounts are sensitive: without --reveal only the verdict and the reasons are shown. */
#include "base/date.h"
#include "base/words.h"
#include "schema/income_facts.h"
#include "syncd/desk/desk.h"
#include "syncd/desk/listing.h"

#define TABLE_FILE "income_standard.csv"

struct income_view {
    struct seat seat;
    struct command *command;
    struct seen_record seen;
    struct income_table table;
    struct income_household household;
    struct income_result result;
    bool masked;
};

static enum rc read_table(struct income_view *at, struct err *err) {
    const struct form *form = at->seen.reading.form;

    for (uint32_t i = 0; form != NULL && i < form->file_count; i++)
        if (view_is(form->files[i].name, TABLE_FILE))
            return income_table_load(form->files[i].content, &at->seat.arena, &at->table, err);
    return err_set(err, RC_UNSUPPORTED,
                   "the form of this record has no file %s; attach it and publish the form again",
                   TABLE_FILE);
}

/* The day of --on, else today. */
static enum rc reference_day(const struct income_view *at, struct date *out, struct err *err) {
    const char *text = command_option(at->command, "--on");

    *out = date_from_ms(env_wall_ms(at->seat.office->env));
    if (text != NULL && !date_parse(view_text(text), out))
        return err_set(err, RC_USAGE, "--on %s: write a day such as 2026-11-23", text);
    return RC_OK;
}

static const char *note_words(enum income_note note) {
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

static const char *unclear_words(enum income_unclear_why why) {
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

static bool is_decided(const struct income_view *at) {
    return !at->result.blocked && at->household.unclear_count == 0;
}

static void path_of(const struct income_view *at, const struct income_unclear *unclear,
                    struct buf *out) {
    struct err ignored;

    err_init(&ignored, at->command->lang);
    buf_clear(out);
    if (answers_path_text(&at->seen.reading, unclear->instance, unclear->field, out, &ignored) !=
        RC_OK)
        buf_clear(out);
}

/* --- for programs --- */

static void lines_json(const struct income_view *at, struct json *json) {
    struct json *list = json_add_array(json, "items");

    for (uint32_t i = 0; i < at->household.facts.item_count; i++) {
        const struct income_line *line = &at->result.lines[i];
        struct json *item = json_add_object(list, NULL);

        json_add_view(item, "code", at->household.facts.items[i].code);
        add_yuan(item, "yuan", line->fen);
        json_add_bool(item, "counted", line->counted);
        if (line->note != INCOME_NOTE_NONE)
            json_add_text(item, "note",
                          words(at->command->lang, note_words((enum income_note)line->note)));
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

static struct json *document(const struct income_view *at) {
    struct json *json = json_object(), *list;
    struct buf path;

    json_add_view(json, "table", at->table.name);
    json_add_int(json, "persons", at->result.persons);
    json_add_bool(json, "decided", is_decided(at));
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

        path_of(at, unclear, &path);
        json_add_view(item, "path", buf_view(&path));
        json_add_text(
            item, "why",
            words(at->command->lang, unclear_words((enum income_unclear_why)unclear->why)));
    }
    buf_release(&path);
    if (!at->masked)
        lines_json(at, json);
    return json;
}

/* --- for people --- */

static void row(struct listing *listing, enum lang lang, const char *english, int64_t fen) {
    char text[DECIMAL_TEXT_BYTES];

    decimal_format((struct decimal){.mantissa = fen, .scale = 2}, text);
    listing_cell(listing, view_text(words(lang, english)));
    listing_cell(listing, view_text(text));
    listing_cell(listing, (struct view){0});
}

static struct view item_label(const struct income_view *at, struct view code) {
    for (uint32_t i = 0; i < at->table.item_count; i++)
        if (view_equal(at->table.items[i].code, code))
            return at->command->lang == LANG_ZH ? at->table.items[i].zh : at->table.items[i].en;
    return code;
}

static enum rc print_amounts(struct income_view *at, struct err *err) {
    static const char *const heads[] = {WORD("what"), WORD("yuan"), WORD("note"), NULL};
    const struct income_result *result = &at->result;
    enum lang lang = at->command->lang;
    struct listing listing;

    listing_start(&listing, at->command, &at->seat.arena, heads);
    for (uint32_t i = 0; i < at->household.facts.item_count; i++) {
        const struct income_line *line = &result->lines[i];
        char text[DECIMAL_TEXT_BYTES];

        decimal_format((struct decimal){.mantissa = line->fen, .scale = 2}, text);
        listing_cell(&listing, item_label(at, at->household.facts.items[i].code));
        listing_cell(&listing, view_text(text));
        listing_cell(&listing, view_text(words(lang, note_words((enum income_note)line->note))));
    }
    for (uint32_t i = 0; i < at->household.facts.member_count; i++)
        if (result->labour_fen[i] > 0)
            row(&listing, lang, WORD("labour of a member"), result->labour_fen[i]);
    for (uint32_t i = 0; i < at->household.facts.supporter_count; i++)
        row(&listing, lang, WORD("support of a family"), result->support_fen[i]);
    row(&listing, lang, WORD("total"), result->total_fen);
    row(&listing, lang, WORD("deducted"), result->deducted_fen);
    row(&listing, lang, WORD("net"), result->net_fen);
    row(&listing, lang, WORD("a person and year"), result->per_head_fen);
    row(&listing, lang, WORD("benefit a month"), result->benefit_fen);
    return listing_end(&listing, RC_OK, err);
}

static enum rc print_verdict(struct income_view *at, struct err *err) {
    const struct income_result *result = &at->result;
    struct command *command = at->command;
    enum lang lang = command->lang;
    const char *verdict = !is_decided(at)    ? WORD("not decided: see below")
                          : result->eligible ? WORD("below the standard")
                          : result->edge     ? WORD("above the standard, an edge household")
                                             : WORD("above the standard");
    struct buf path;
    enum rc rc;

    rc = command_printf(command, err, "%.*s, %s %u: %s\n", VIEW_PRINT(at->table.name),
                        words(lang, WORD("persons")), result->persons, words(lang, verdict));
    if (rc == RC_OK && result->has_car)
        rc = command_printf(command, err, "%s\n", words(lang, WORD("against it: a car")));
    if (rc == RC_OK && result->has_company)
        rc = command_printf(command, err, "%s\n",
                            words(lang, WORD("against it: a company or shop")));
    if (rc == RC_OK && result->assets_too_high)
        rc = command_printf(command, err, "%s\n",
                            words(lang, WORD("against it: financial assets above the bound")));
    buf_init(&path, LIMIT_PATH_BYTES);
    for (uint32_t i = 0; i < at->household.unclear_count && rc == RC_OK; i++) {
        const struct income_unclear *unclear = &at->household.unclear[i];

        path_of(at, unclear, &path);
        rc = command_printf(command, err, "%.*s: %s\n", VIEW_PRINT(buf_view(&path)),
                            words(lang, unclear_words((enum income_unclear_why)unclear->why)));
    }
    buf_release(&path);
    return rc;
}

enum rc desk_income(void *context, struct command *command, struct err *err) {
    struct income_view at = {.command = command, .masked = true};
    struct date day;
    enum rc rc = seat_open(context, command, &at.seat, err);

    if (rc == RC_OK)
        rc = seat_record(&at.seat, command->words[0], &at.seen, err);
    if (rc == RC_OK)
        rc = read_table(&at, err);
    if (rc == RC_OK)
        rc = reference_day(&at, &day, err);
    if (rc == RC_OK)
        rc = income_household_read(&at.seen.reading, day, &at.seat.arena, &at.household, err);
    if (rc == RC_OK)
        rc = income_compute(&at.table, &at.household.facts, &at.seat.arena, &at.result, err);
    if (rc == RC_OK)
        rc = seat_mask(&at.seat, command, command->words[0], &at.masked, err);
    if (rc == RC_OK && command->json)
        rc = command_print_json(command, document(&at), err);
    else if (rc == RC_OK)
        rc = print_verdict(&at, err);
    if (rc == RC_OK && !command->json && !at.masked)
        rc = print_amounts(&at, err);
    seat_close(&at.seat);
    return rc;
}
