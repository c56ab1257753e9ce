/* audit_report_command.c: `audit report` and `log`: an inspector's questions and what the staff
 * did, as a table for people, as CSV, or as JSON. */
#include "base/csv.h"
#include "base/text.h"
#include "base/words.h"
#include "syncd/desk/audit.h"
#include "syncd/desk/desk.h"
#include "syncd/desk/listing.h"

#define ROW_BYTES (4u * 1024u * 1024u)

/* --- audit report --- */

struct report_command {
    struct seat seat;
    struct command *command;
    struct audit_ask ask;
    struct listing listing;
    bool csv;
    struct csv_writer writer;
    struct buf out;
};

void audit_cell_text(const struct audit_cell *cell, bool is_csv, enum lang lang, struct buf *out) {
    char text[TIME_TEXT_BYTES];

    buf_clear(out);
    switch ((enum audit_cell_kind)cell->kind) {
    case AUDIT_TEXT:
        buf_add_view(out, cell->text);
        break;
    case AUDIT_NUMBER:
        buf_addf(out, "%lld", (long long)cell->number);
        break;
    case AUDIT_FEN:
        buf_addf(out, "%s%lld.%02lld", cell->number < 0 ? "-" : "",
                 (long long)(cell->number < 0 ? -(cell->number / 100) : cell->number / 100),
                 (long long)(cell->number < 0 ? -(cell->number % 100) : cell->number % 100));
        break;
    case AUDIT_FLAG:
        buf_add_text(out, is_csv              ? (cell->number != 0 ? "1" : "0")
                          : cell->number != 0 ? words(lang, WORD("yes"))
                                              : words(lang, WORD("no")));
        break;
    case AUDIT_TIME:
        time_text(cell->number, text);
        buf_add_text(out, text);
        break;
    }
}

void audit_cell_json(const struct audit_cell *cell, struct json *item) {
    char text[TIME_TEXT_BYTES];

    switch ((enum audit_cell_kind)cell->kind) {
    case AUDIT_TEXT:
        json_add_view(item, cell->key, cell->text);
        break;
    case AUDIT_NUMBER:
        json_add_int(item, cell->key, cell->number);
        break;
    case AUDIT_FEN:
        json_add_decimal(item, cell->key, (struct decimal){.mantissa = cell->number, .scale = 2});
        break;
    case AUDIT_FLAG:
        json_add_bool(item, cell->key, cell->number != 0);
        break;
    case AUDIT_TIME:
        time_text(cell->number, text);
        json_add_text(item, cell->key, text);
        break;
    }
}

static enum rc print_row(struct report_command *at, struct err *err) {
    enum rc rc = buf_check(&at->out, "a line of the report", err);

    csv_write_end_row(&at->writer);
    if (rc == RC_OK)
        rc = command_print(at->command, buf_view(&at->out), err);
    buf_clear(&at->out);
    return rc;
}

static enum rc line_visit(void *context, const struct audit_cell *cells, uint32_t count,
                          struct err *err) {
    struct report_command *at = context;
    struct buf text;
    enum rc rc = RC_OK;

    if (at->command->json) {
        struct json *item = json_object();

        for (uint32_t i = 0; i < count; i++)
            audit_cell_json(&cells[i], item);
        return listing_item(&at->listing, item, err);
    }
    buf_init(&text, ROW_BYTES);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        audit_cell_text(&cells[i], at->csv, at->command->lang, &text);
        rc = buf_check(&text, "a line of the report", err);
        if (at->csv)
            csv_write_cell(&at->writer, cells[i].kind == AUDIT_TEXT ? CSV_TEXT : CSV_VALUE,
                           buf_view(&text));
        else
            listing_cell(&at->listing, buf_view(&text));
    }
    buf_release(&text);
    return rc == RC_OK && at->csv ? print_row(at, err) : rc;
}

static enum rc need_words(const struct report_command *at, size_t least, size_t most,
                          struct err *err) {
    if (at->command->word_count >= least && at->command->word_count <= most)
        return RC_OK;
    return err_set(err, RC_USAGE,
                   "say: audit report visits | changes RECORD [FIELD] | incomes [RECORD] | tablet "
                   "DEVICE");
}

static enum rc read_question(struct report_command *at, struct err *err) {
    const struct command *command = at->command;
    const char *word = command->words[0];
    const char *given = command_option(command, "--area"), *day = command_option(command, "--on");
    struct date date = date_from_ms(env_wall_ms(at->seat.office->env));
    struct stored_device device;
    enum rc rc = RC_OK;

    if (day != NULL && !date_parse(view_text(day), &date))
        return err_set(err, RC_USAGE, "--on %s: write a day such as 2026-11-23", day);
    at->ask.day = date_to_days(date);
    if (given != NULL)
        rc = seat_area(&at->seat, given, &at->ask.area, err);
    if (rc != RC_OK)
        return rc;
    if (strcmp(word, "visits") == 0) {
        at->ask.question = AUDIT_VISITS;
        return need_words(at, 1, 1, err);
    }
    if (strcmp(word, "changes") == 0) {
        at->ask.question = AUDIT_CHANGES;
        rc = need_words(at, 2, 3, err);
        if (rc == RC_OK && command->word_count == 3)
            at->ask.path = view_text(command->words[2]);
        return rc == RC_OK ? dot_parse(view_text(command->words[1]), &at->ask.record, err) : rc;
    }
    if (strcmp(word, "incomes") == 0) {
        at->ask.question = AUDIT_INCOMES;
        rc = need_words(at, 1, 2, err);
        return rc == RC_OK && command->word_count == 2
                   ? dot_parse(view_text(command->words[1]), &at->ask.record, err)
                   : rc;
    }
    if (strcmp(word, "tablet") != 0)
        return need_words(at, 99, 99, err);
    at->ask.question = AUDIT_TABLET;
    rc = need_words(at, 2, 2, err);
    if (rc == RC_OK)
        rc = seat_device(&at->seat, command->words[1], &device, err);
    if (rc == RC_OK)
        at->ask.device = device.device;
    return rc;
}

static enum rc print_head(struct report_command *at, const char *const *keys, struct err *err) {
    csv_writer_init(&at->writer, &at->out, true);
    for (size_t i = 0; keys[i] != NULL; i++)
        csv_write_cell(&at->writer, CSV_TEXT, view_text(keys[i]));
    return print_row(at, err);
}

static enum rc run_report(struct report_command *at, struct err *err) {
    const char *const *keys = audit_report_keys((enum audit_question)at->ask.question);
    const char *object = at->ask.record.number == 0 ? "audit report" : at->command->words[1];
    enum rc rc = seat_mask(&at->seat, at->command, object, &at->ask.masked, err);

    if (rc != RC_OK)
        return rc;
    at->ask.ledger = at->seat.ledger;
    at->ask.arena = &at->seat.arena;
    at->ask.lang = at->command->lang;
    if (at->csv) {
        rc = print_head(at, keys, err);
        return rc == RC_OK ? audit_report(&at->ask, line_visit, at, err) : rc;
    }
    listing_start(&at->listing, at->command, &at->seat.arena, keys);
    rc = audit_report(&at->ask, line_visit, at, err);
    return listing_end(&at->listing, rc, err);
}

enum rc desk_audit_report(void *context, struct command *command, struct err *err) {
    struct report_command at = {.command = command,
                                .csv = command_option(command, "--csv") != NULL};
    enum rc rc = seat_open(context, command, &at.seat, err);

    buf_init(&at.out, ROW_BYTES * 4u);
    if (rc == RC_OK)
        rc = read_question(&at, err);
    if (rc == RC_OK)
        rc = run_report(&at, err);
    buf_release(&at.out);
    seat_close(&at.seat);
    return rc;
}

/* --- log --- */

struct list_acts {
    struct command *command;
    struct listing listing;
};

static enum rc act_visit(void *context, const struct stored_act *act, struct err *err) {
    struct list_acts *list = context;
    char at[TIME_TEXT_BYTES], chain[65];

    time_text(act->at_ms, at);
    if (list->command->json) {
        struct json *json = json_object();

        hex_encode(view_of(act->chain, 32), chain);
        json_add_int(json, "number", (int64_t)act->serial);
        json_add_text(json, "at", at);
        json_add_view(json, "who", act->who);
        json_add_view(json, "action", act->action);
        json_add_view(json, "object", act->object);
        json_add_view(json, "reason", act->reason);
        json_add_text(json, "chain", chain);
        return listing_item(&list->listing, json, err);
    }
    listing_cellf(&list->listing, "%llu", (unsigned long long)act->serial);
    listing_cell(&list->listing, view_text(at));
    listing_cell(&list->listing, act->who);
    listing_cell(&list->listing, act->action);
    listing_cell(&list->listing, act->object);
    listing_cell(&list->listing, act->reason);
    return RC_OK;
}

/* A day means its beginning in China. */
static enum rc read_day(const struct command *command, const char *option, int64_t plus_days,
                        int64_t *out, struct err *err) {
    const char *text = command_option(command, option);
    struct date date;

    if (text == NULL)
        return RC_OK;
    if (!date_parse(view_text(text), &date))
        return err_set(err, RC_USAGE, "%s %s: write a day such as 2026-11-23", option, text);
    *out = date_to_ms(date) + plus_days * MS_PER_DAY;
    return RC_OK;
}

enum rc desk_log(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {"number", "at", "who", "action", "object", "reason", NULL};
    struct audit_log_wish wish = {
        .who = view_text(command_option(command, "--who")),
        .action = view_text(command_option(command, "--action")),
        .object = view_text(command_option(command, "--object")),
    };
    struct seat seat;
    struct list_acts list = {.command = command};
    enum rc rc = read_day(command, "--from", 0, &wish.from_ms, err);

    if (rc == RC_OK)
        rc = read_day(command, "--to", 1, &wish.to_ms, err);
    if (rc != RC_OK)
        return rc;
    rc = seat_open(context, command, &seat, err);
    if (rc == RC_OK) {
        listing_start(&list.listing, command, &seat.arena, heads);
        rc = audit_log(seat.ledger->store, &wish, act_visit, &list, err);
        rc = listing_end(&list.listing, rc, err);
    }
    seat_close(&seat);
    return rc;
}
