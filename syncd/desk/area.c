/* area.c: areas that were merged, or got another code or name: what the county's staff says of
 * them, after the decree that did it. Nothing is ever taken out of the table; an act that was wrong
 * is followed by another one.
 *
 * That an area was parted in two is no act here: which record lies on which side is for a person to
 * say, record by record (yg-agent move). */
#include "syncd/sync/area.h"
#include "base/csv.h"
#include "base/text.h"
#include "base/words.h"
#include "syncd/desk/desk.h"
#include "syncd/desk/listing.h"
#include "syncd/sync/quarantine.h"

#define NAMES_BYTES_MAX (1024u * 1024u) /* a file of codes and names */

/* --- acting --- */

static enum rc print_done(struct command *command, const struct area_request *request,
                          uint32_t moved, struct err *err) {
    struct json *json;

    if (!command->json) {
        if (request->acts[0].kind == AREA_NAMED)
            command_say(command, "noted; the tablets learn the name at their next sync");
        else
            command_say(command, "noted; %u records moved, the tablets learn it at their next sync",
                        moved);
        return RC_OK;
    }
    json = json_object();
    json_add_int(json, "acts", request->count);
    json_add_int(json, "moved", moved);
    return command_print_json(command, json, err);
}

/* What waits in quarantine because of a grant may be granted through the table now. */
static enum rc act(struct desk *desk, struct command *command, struct area_request *request,
                   struct err *err) {
    const char *reason = command_option(command, "--reason");
    struct seat seat;
    uint32_t moved = 0, admitted = 0;
    enum rc rc;

    if (reason == NULL || text_trim(view_text(reason)).size == 0)
        return err_set(err, RC_USAGE, "--reason TEXT is missing; it is logged");
    if (strlen(reason) > LIMIT_REASON_BYTES)
        return err_set(err, RC_LIMIT, "--reason: at most %u bytes; say it shorter",
                       LIMIT_REASON_BYTES);
    request->reason = view_text(reason);
    rc = seat_open(desk, command, &seat, err);
    for (uint32_t i = 0; i < request->count && rc == RC_OK; i++) {
        const uint64_t codes[2] = {request->acts[i].from, request->acts[i].to};

        rc = seat_areas_check(&seat, codes, 2, err);
    }
    if (rc == RC_OK)
        rc = office_act(seat.office, area_act, request, err);
    if (rc == RC_OK)
        rc = area_move(seat.office, &moved, err);
    if (rc == RC_OK && request->acts[0].kind != AREA_NAMED)
        rc = quarantine_rejudge(seat.office, 0, &admitted, err);
    if (rc == RC_OK)
        rc = print_done(command, request, moved, err);
    seat_close(&seat);
    return rc;
}

enum rc desk_area_merge(void *context, struct command *command, struct err *err) {
    const char *into = command_option(command, "--into");
    struct area_act acts[LIMIT_AREAS] = {{0}};
    struct area_request request = {.acts = acts, .count = (uint32_t)command->word_count};
    uint64_t to;
    enum rc rc;

    if (into == NULL)
        return err_set(err, RC_USAGE, "--into CODE is missing; see: yg-syncd area merge --help");
    if (command->word_count > LIMIT_AREAS)
        return err_set(err, RC_LIMIT, "areas: more than %u", LIMIT_AREAS);
    rc = area_parse(view_text(into), &to, err);
    for (uint32_t i = 0; i < request.count && rc == RC_OK; i++) {
        acts[i] = (struct area_act){.kind = AREA_MERGED, .to = to};
        rc = area_parse(view_text(command->words[i]), &acts[i].from, err);
    }
    return rc == RC_OK ? act(context, command, &request, err) : rc;
}

enum rc desk_area_recode(void *context, struct command *command, struct err *err) {
    struct area_act one = {.kind = AREA_RECODED};
    struct area_request request = {.acts = &one, .count = 1};
    enum rc rc = area_parse(view_text(command->words[0]), &one.from, err);

    if (rc == RC_OK)
        rc = area_parse(view_text(command->words[1]), &one.to, err);
    return rc == RC_OK ? act(context, command, &request, err) : rc;
}

static enum rc name_check(struct view name, struct err *err) {
    if (text_trim(name).size != name.size || name.size == 0 || name.size > LIMIT_NAME_BYTES ||
        !utf8_valid(name))
        return err_set(err, RC_INVALID,
                       "the name must have 1 to %u bytes, without spaces at its ends",
                       LIMIT_NAME_BYTES);
    return RC_OK;
}

enum rc desk_area_rename(void *context, struct command *command, struct err *err) {
    struct area_act one = {.kind = AREA_NAMED, .name = view_text(command->words[1])};
    struct area_request request = {.acts = &one, .count = 1};
    enum rc rc = area_parse(view_text(command->words[0]), &one.from, err);

    one.to = one.from;
    if (rc == RC_OK)
        rc = name_check(one.name, err);
    return rc == RC_OK ? act(context, command, &request, err) : rc;
}

/* --- many names at once --- */

struct naming {
    struct arena arena;
    struct area_act *acts;
    uint32_t count, capacity;
};

/* A first row that begins with no code is a heading. */
static enum rc name_row(struct naming *naming, const struct csv_row *row, struct err *err) {
    struct area_act *one;
    uint64_t area;
    enum rc rc = area_parse(text_trim(row->cells[0]), &area, err);

    if (rc != RC_OK && row->number == 1) {
        err_clear(err);
        return RC_OK;
    }
    if (rc == RC_OK && row->count < 2)
        rc = err_set(err, RC_INVALID, "write a code and a name on each line");
    if (rc == RC_OK)
        rc = name_check(text_trim(row->cells[1]), err);
    if (rc != RC_OK)
        return err_prefix(err, "line %llu", (unsigned long long)row->line);
    if (naming->count == LIMIT_AREA_ACTS)
        return err_set(err, RC_LIMIT, "areas: more than %u", LIMIT_AREA_ACTS);
    one =
        arena_push(&naming->arena, &naming->acts, &naming->count, &naming->capacity, sizeof(*one));
    if (one == NULL)
        return arena_check(&naming->arena, "areas", err);
    *one = (struct area_act){.kind = AREA_NAMED,
                             .from = area,
                             .to = area,
                             .name = arena_view(&naming->arena, text_trim(row->cells[1]))};
    return arena_check(&naming->arena, "areas", err);
}

static enum rc read_names(const struct command *command, struct naming *naming, struct err *err) {
    struct csv *csv = NULL;
    struct csv_row row = {0};
    struct buf bytes;
    enum rc rc;

    buf_init(&bytes, NAMES_BYTES_MAX);
    rc = command_read(command, command->words[0], NAMES_BYTES_MAX, &bytes, err);
    if (rc == RC_OK)
        rc = csv_open(buf_view(&bytes), CSV_LIMITS_DEFAULT, &csv, err);
    while (rc == RC_OK) {
        rc = csv_next(csv, &row, err);
        if (rc != RC_OK || row.count == 0)
            break;
        rc = name_row(naming, &row, err);
    }
    if (rc == RC_OK && naming->count == 0)
        rc = err_set(err, RC_INVALID, "write a code and a name on each line");
    csv_close(csv);
    buf_release(&bytes);
    return rc;
}

enum rc desk_area_names(void *context, struct command *command, struct err *err) {
    struct naming naming = {0};
    struct area_request request = {0};
    enum rc rc;

    arena_init(&naming.arena, 4 * NAMES_BYTES_MAX);
    rc = read_names(command, &naming, err);
    request.acts = naming.acts;
    request.count = naming.count;
    if (rc == RC_OK)
        rc = act(context, command, &request, err);
    arena_release(&naming.arena);
    return rc;
}

/* --- listing --- */

static enum rc list_act(struct listing *table, struct command *command,
                        const struct succession *areas, const struct area_act *one,
                        struct err *err) {
    char from[AREA_TEXT_BYTES], to[AREA_TEXT_BYTES], now[AREA_TEXT_BYTES], at[TIME_TEXT_BYTES];
    const char *kind = area_act_name((enum area_act_kind)one->kind);
    struct view name = succession_name(areas, succession_of(areas, one->to));

    area_text(one->from, from);
    area_text(one->to, to);
    area_text(succession_of(areas, one->from), now);
    time_text(one->at_ms, at);
    if (command->json) {
        struct json *json = json_object();

        json_add_text(json, "at", at);
        json_add_text(json, "act", kind);
        json_add_text(json, "from", from);
        json_add_text(json, "to", to);
        json_add_text(json, "now", now);
        json_add_view(json, "name", one->kind == AREA_NAMED ? one->name : name);
        return listing_item(table, json, err);
    }
    listing_cell(table, view_text(at));
    listing_cell(table, view_text(words(command->lang, kind)));
    listing_cell(table, view_text(from));
    listing_cell(table, view_text(one->kind == AREA_NAMED ? "-" : to));
    listing_cell(table, view_text(now));
    listing_cell(table, one->kind == AREA_NAMED ? one->name : name);
    return RC_OK;
}

enum rc desk_area_list(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {"time",          "act",  "area", "into",
                                        "code in force", "name", NULL};
    struct listing table;
    struct seat seat;
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK) {
        const struct succession *areas = &seat.ledger->areas;

        listing_start(&table, command, &seat.arena, heads);
        for (uint32_t i = 0; i < areas->count && rc == RC_OK; i++)
            rc = list_act(&table, command, areas, &areas->acts[i], err);
        rc = listing_end(&table, rc, err);
    }
    seat_close(&seat);
    return rc;
}
