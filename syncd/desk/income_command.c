/* income_command.c: `yg-syncd income`. */
#include "base/date.h"
#include "base/words.h"
#include "syncd/desk/income.h"
#include "syncd/desk/listing.h"

struct income_view {
    struct seat seat;
    struct command *command;
    struct seen_record seen;
    struct income_look look;
    bool masked;
};

/* The day of --on, else today. */
static enum rc reference_day(const struct income_view *at, struct date *out, struct err *err) {
    const char *text = command_option(at->command, "--on");

    *out = date_from_ms(env_wall_ms(at->seat.office->env));
    if (text != NULL && !date_parse(view_text(text), out))
        return err_set(err, RC_USAGE, "--on %s: write a day such as 2026-11-23", text);
    return RC_OK;
}

/* --- for people --- */

static void row(struct listing *listing, enum lang lang, const char *english, int64_t fen) {
    char text[DECIMAL_TEXT_BYTES];

    decimal_format((struct decimal){.mantissa = fen, .scale = 2}, text);
    listing_cell(listing, view_text(words(lang, english)));
    listing_cell(listing, view_text(text));
    listing_cell(listing, (struct view){0});
}

static enum rc print_amounts(struct income_view *at, struct err *err) {
    static const char *const heads[] = {WORD("what"), WORD("yuan"), WORD("note"), NULL};
    const struct income_result *result = &at->look.result;
    enum lang lang = at->command->lang;
    struct listing listing;

    listing_start(&listing, at->command, &at->seat.arena, heads);
    for (uint32_t i = 0; i < at->look.household.facts.item_count; i++) {
        const struct income_line *line = &result->lines[i];
        char text[DECIMAL_TEXT_BYTES];

        decimal_format((struct decimal){.mantissa = line->fen, .scale = 2}, text);
        listing_cell(&listing,
                     income_label(&at->look, at->look.household.facts.items[i].code, lang));
        listing_cell(&listing, view_text(text));
        listing_cell(&listing,
                     view_text(words(lang, income_note_words((enum income_note)line->note))));
    }
    for (uint32_t i = 0; i < at->look.household.facts.member_count; i++)
        if (result->labour_fen[i] > 0)
            row(&listing, lang, WORD("labour of a member"), result->labour_fen[i]);
    for (uint32_t i = 0; i < at->look.household.facts.supporter_count; i++)
        row(&listing, lang, WORD("support of a family"), result->support_fen[i]);
    row(&listing, lang, WORD("total"), result->total_fen);
    row(&listing, lang, WORD("deducted"), result->deducted_fen);
    row(&listing, lang, WORD("net"), result->net_fen);
    row(&listing, lang, WORD("a person and year"), result->per_head_fen);
    row(&listing, lang, WORD("benefit a month"), result->benefit_fen);
    return listing_end(&listing, RC_OK, err);
}

static enum rc print_verdict(struct income_view *at, struct err *err) {
    const struct income_result *result = &at->look.result;
    struct command *command = at->command;
    enum lang lang = command->lang;
    const char *verdict = !income_is_decided(&at->look) ? WORD("not decided: see below")
                          : result->eligible            ? WORD("below the standard")
                          : result->edge ? WORD("above the standard, an edge household")
                                         : WORD("above the standard");
    struct buf path;
    enum rc rc;

    rc = command_printf(command, err, "%.*s, %s %u: %s\n", VIEW_PRINT(at->look.table.name),
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
    for (uint32_t i = 0; i < at->look.household.unclear_count && rc == RC_OK; i++) {
        const struct income_unclear *unclear = &at->look.household.unclear[i];

        income_path(&at->look, unclear, &path);
        rc = command_printf(
            command, err, "%.*s: %s\n", VIEW_PRINT(buf_view(&path)),
            words(lang, income_unclear_words((enum income_unclear_why)unclear->why)));
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
        rc = reference_day(&at, &day, err);
    if (rc == RC_OK)
        rc = income_see(&at.seen.reading, day, &at.seat.arena, &at.look, err);
    if (rc == RC_OK)
        rc = seat_mask(&at.seat, command, command->words[0], &at.masked, err);
    if (rc == RC_OK && command->json)
        rc = command_print_json(command, income_document(&at.look, command->lang, at.masked), err);
    else if (rc == RC_OK)
        rc = print_verdict(&at, err);
    if (rc == RC_OK && !command->json && !at.masked)
        rc = print_amounts(&at, err);
    seat_close(&at.seat);
    return rc;
}
