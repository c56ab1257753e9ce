/* records.c: what the county holds: the list of records, and one record as people read it. */
#include "base/text.h"
#include "base/words.h"
#include "syncd/desk/desk.h"
#include "syncd/desk/listing.h"
#include "syncd/desk/record_words.h"
#include "syncd/sync/listed.h"

/* --- records --- */

struct list_records {
    struct seat *seat;
    struct command *command;
    struct listing table;
};

/* The version that the author of the form wrote; empty while the form is unknown. */
static struct view version_of(struct seat *seat, uint64_t form_id) {
    const struct form *form = form_id == 0 ? NULL : ledger_lookup(seat->ledger, form_id);

    return form == NULL ? view_text("") : form->version;
}

static enum rc record_visit(void *context, const struct stored_record *record, struct err *err) {
    struct list_records *list = context;
    char id[DOT_TEXT_BYTES], changed[TIME_TEXT_BYTES];
    struct buf areas;

    dot_text(record->id, id);
    time_text(record->changed_ms, changed);
    buf_init(&areas, 4096);
    seat_areas_text(record->areas, record->area_count, &areas);
    if (list->command->json) {
        struct json *json = json_object();

        json_add_text(json, "id", id);
        json_add_view(json, "form", record->form_name);
        json_add_view(json, "version", version_of(list->seat, record->form));
        json_add_buf(json, "area", &areas);
        json_add_view(json, "title", record->title);
        json_add_text(json, "changed", changed);
        json_add_bool(json, "sealed", record->sealed_scopes != 0);
        json_add_bool(json, "withdrawn", record->withdrawn);
        buf_release(&areas);
        if (ledger_trouble(list->seat->ledger, err) != RC_OK) {
            json_free(json);
            return err->rc;
        }
        return listing_item(&list->table, json, err);
    }
    listing_cell(&list->table, view_text(id));
    listing_cell(&list->table, record->form_name.size == 0 ? view_text("?") : record->form_name);
    listing_cell(&list->table, buf_view(&areas));
    listing_cell(&list->table, record->title);
    listing_cell(&list->table, view_text(changed));
    listing_cell(&list->table,
                 view_text(record->withdrawn            ? words(list->command->lang, "withdrawn")
                           : record->sealed_scopes != 0 ? words(list->command->lang, "sealed")
                                                        : ""));
    buf_release(&areas);
    return RC_OK;
}

/* --- found, sorted, a page --- */

#define LIMIT_DEFAULT 50u

static enum rc found_visit(void *context, const struct found_record *found, struct err *err) {
    return record_visit(context, &found->record, err);
}

static enum rc read_query(struct seat *seat, const struct command *command,
                          struct query_word *words, struct record_query *query, struct err *err) {
    const char *find = command_option(command, "--find");
    const char *sort = command_option(command, "--sort");
    const char *state = command_option(command, "--state");
    const char *limit = command_option(command, "--limit");
    uint64_t most = LIMIT_DEFAULT;
    const struct choice *order =
        choice_find(record_orders, view_text(sort == NULL ? "changed" : sort));
    const struct choice *with = state == NULL ? NULL : choice_find(record_states, view_text(state));

    if (order == NULL)
        return err_set(err, RC_USAGE, "--sort %s: say changed, created, area or name", sort);
    if (state != NULL && with == NULL)
        return err_set(err, RC_USAGE, "--state %s: say conflict, quarantined, sealed or withdrawn",
                       state);
    if (limit != NULL &&
        (!parse_u64(view_text(limit), &most) || most == 0 || most > QUERY_PAGE_MAX))
        return err_set(err, RC_USAGE, "--limit %s: say a number from 1 to %u", limit,
                       QUERY_PAGE_MAX);
    query->order = (enum record_order)order->value;
    query->descending =
        (sort == NULL || order->value == RECORDS_BY_CHANGED ||
         order->value == RECORDS_BY_CREATED) != (command_option(command, "--reverse") != NULL);
    query->with = with == NULL ? 0 : (uint8_t)with->value;
    query->most = (uint32_t)most;
    query->words = words;
    return find == NULL ? RC_OK
                        : listed_words(seat->ledger, seat->office->keys, view_text(find),
                                       &seat->arena, words, &query->word_count, err);
}

static bool wants_page(const struct command *command) {
    return command_option(command, "--find") != NULL || command_option(command, "--sort") != NULL ||
           command_option(command, "--state") != NULL || command_option(command, "--limit") != NULL;
}

static enum rc find_records(struct list_records *list, struct view form, uint64_t area,
                            struct err *err) {
    struct query_word words[QUERY_WORDS_MAX];
    struct record_query query = {
        .form_name = form, .areas = &area, .area_count = area == 0 ? 0 : 1};
    uint64_t total = 0;
    enum rc rc = read_query(list->seat, list->command, words, &query, err);

    if (rc == RC_OK)
        rc = store_find(list->seat->ledger->store, &query, found_visit, list, &total, err);
    rc = listing_end(&list->table, rc, err);
    if (rc == RC_OK && total > query.most)
        command_say(list->command, "%u of %llu records", query.most, (unsigned long long)total);
    return rc;
}

static enum rc again_act(void *context, struct work *work, struct err *err) {
    (void)context;
    return listed_again(work, err);
}

enum rc desk_reindex(void *context, struct command *command, struct err *err) {
    struct seat seat;
    struct store_counts counts = {0};
    bool more = true;
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK)
        rc = office_act(seat.office, again_act, NULL, err);
    while (rc == RC_OK && more)
        rc = listed_portion(seat.office, &more, err);
    if (rc == RC_OK)
        rc = store_count(seat.ledger->store, &counts, err);
    if (rc == RC_OK)
        command_say(command, "%llu records can be found again", (unsigned long long)counts.records);
    seat_close(&seat);
    return rc;
}

enum rc desk_records(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {"record",  "form",  "area", "title",
                                        "changed", "state", NULL};
    const char *form = command_option(command, "--form");
    const char *area_text_given = command_option(command, "--area");
    struct seat seat;
    struct list_records list = {.seat = &seat, .command = command};
    uint64_t area = 0;
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK && area_text_given != NULL)
        rc = seat_area(&seat, area_text_given, &area, err);
    if (rc == RC_OK) {
        listing_start(&list.table, command, &seat.arena, heads);
        if (wants_page(command)) {
            rc = find_records(&list, view_text(form == NULL ? "" : form), area, err);
        } else {
            rc = store_list(seat.ledger->store, view_text(form == NULL ? "" : form), area,
                            (struct dot){0, 0}, record_visit, &list, err);
            rc = listing_end(&list.table, rc, err);
        }
    }
    seat_close(&seat);
    return rc;
}

/* --- show --- */

enum rc seen_json(struct seat *seat, const struct seen_record *seen, bool mask, struct json **out,
                  struct err *err) {
    struct json *json = json_object();
    const struct reading *reading = &seen->reading;
    char id[DOT_TEXT_BYTES];
    struct buf areas;
    struct json *values, *conflicts;
    enum rc rc;

    dot_text(seen->stored.id, id);
    buf_init(&areas, 4096);
    seat_areas_text(reading->areas, reading->area_count, &areas);
    json_add_text(json, "id", id);
    json_add_view(json, "form", reading->form == NULL ? view_text("") : reading->form->name);
    json_add_view(json, "version", reading->form == NULL ? view_text("") : reading->form->version);
    json_add_buf(json, "area", &areas);
    values = json_add_object(json, "values");
    conflicts = json_add_object(json, "conflicts");
    rc = answers_values(reading, mask, values, err);
    if (rc == RC_OK)
        rc =
            answers_conflicts(&seen->record, reading, mask, seat_person_name, seat, conflicts, err);
    json_add_bool(json, "sealed", reading->sealed_scopes != 0);
    if (json_add_int(json, "position", seen->record.absorbed_count) == NULL && rc == RC_OK)
        rc = err_set(err, RC_NO_MEMORY, "out of memory");
    buf_release(&areas);
    if (rc != RC_OK) {
        json_free(json);
        json = NULL;
    }
    *out = json;
    return rc;
}

void json_as_text(const struct json *value, struct buf *out) {
    switch (json_type(value)) {
    case JSON_TEXT:
        buf_add_view(out, json_text(value));
        break;
    case JSON_ARRAY:
        for (const struct json *item = json_first(value); item != NULL; item = json_next(item)) {
            if (item != json_first(value))
                buf_add_text(out, " | ");
            json_as_text(item, out);
        }
        break;
    case JSON_NULL:
        buf_add_text(out, "-");
        break;
    default:
        json_print(value, false, out);
        break;
    }
}

static void add_pair(struct listing *table, const char *name, struct view value) {
    listing_cell(table, view_text(words(table->command->lang, name)));
    listing_cell(table, value);
}

static enum rc print_values(struct command *command, struct arena *arena, const struct json *json,
                            struct err *err) {
    static const char *const heads[] = {"field", "value", NULL};
    struct listing table;
    struct buf text;

    buf_init(&text, 1024u * 1024u);
    listing_start(&table, command, arena, heads);
    add_pair(&table, "record", json_text(json_get(json, "id")));
    json_as_text(json_get(json, "form"), &text);
    buf_addf(&text, " (%s)", json_text_or(json_get(json, "version"), ""));
    add_pair(&table, "form", buf_view(&text));
    add_pair(&table, "area", json_text(json_get(json, "area")));
    for (const struct json *item = json_first(json_get(json, "values")); item != NULL;
         item = json_next(item)) {
        buf_clear(&text);
        if (!answers_erased_text(item, command->lang, &text))
            json_as_text(item, &text);
        listing_cell(&table, view_text(json_key(item)));
        listing_cell(&table, buf_view(&text));
    }
    buf_release(&text);
    return listing_end(&table, RC_OK, err);
}

static enum rc print_conflicts(struct command *command, struct arena *arena,
                               const struct json *json, struct err *err) {
    static const char *const heads[] = {"conflict", "value",       "author", "at",
                                        "dot",      "broken rule", NULL};
    const struct json *conflicts = json_get(json, "conflicts");
    struct listing table;
    struct buf text;
    enum rc rc;

    if (json_count(conflicts) == 0)
        return RC_OK;
    rc = command_print(command, view_text("\n"), err);
    if (rc != RC_OK)
        return rc;
    buf_init(&text, 1024u * 1024u);
    listing_start(&table, command, arena, heads);
    for (const struct json *path = json_first(conflicts); path != NULL; path = json_next(path))
        for (const struct json *side = json_first(path); side != NULL; side = json_next(side)) {
            buf_clear(&text);
            json_as_text(json_get(side, "value"), &text);
            listing_cell(&table, view_text(side == json_first(path) ? json_key(path) : ""));
            listing_cell(&table, buf_view(&text));
            listing_cell(&table, json_text(json_get(side, "author")));
            listing_cell(&table, json_text(json_get(side, "at")));
            listing_cell(&table, json_text(json_get(side, "dot")));
            listing_cell(&table, json_text(json_get(side, "rule")));
        }
    buf_release(&text);
    return listing_end(&table, RC_OK, err);
}

static enum rc print_rest(struct command *command, const struct seen_record *seen,
                          struct err *err) {
    enum rc rc = RC_OK;

    if (seen->reading.withdrawn)
        rc = command_printf(command, err, "\n%s\n",
                            words(command->lang, "This record has been withdrawn."));
    if (rc == RC_OK && seen->reading.sealed_scopes != 0)
        rc = command_printf(
            command, err,
            words(command->lang, "\nSealed; %u answers came late and stand beside it.\n"),
            seen->reading.late_count);
    return rc;
}

enum rc desk_show(void *context, struct command *command, struct err *err) {
    struct seat seat;
    struct seen_record seen;
    struct json *json = NULL;
    bool masked = true;
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK)
        rc = seat_record(&seat, command->words[0], &seen, err);
    if (rc == RC_OK)
        rc = seat_mask(&seat, command, command->words[0], &masked, err);
    if (rc == RC_OK)
        rc = seen_json(&seat, &seen, masked, &json, err);
    if (rc == RC_OK && command->json) {
        rc = command_print_json(command, json, err);
        json = NULL;
    } else if (rc == RC_OK) {
        rc = print_values(command, &seat.arena, json, err);
        if (rc == RC_OK)
            rc = print_conflicts(command, &seat.arena, json, err);
        if (rc == RC_OK)
            rc = print_rest(command, &seen, err);
    }
    json_free(json);
    seat_close(&seat);
    return rc;
}
