/* conflict.c: what waits for people: open conflicts by due date. */
#include "base/words.h"
#include "syncd/desk/desk.h"
#include "syncd/desk/listing.h"
#include "syncd/sync/examine.h"

#define PORTIONS_FIRST 8u

/* --- conflicts --- */

struct list_conflicts {
    struct seat *seat;
    struct command *command;
    bool masked;
    struct listing listing;
    struct arena arena; /* of the record at hand, kept while its conflicts come one after another */
    struct seen_record seen;
    struct json *sides; /* {path: [...]} of that record */
};

static enum rc load_record(struct list_conflicts *list, struct dot id, struct err *err) {
    struct seat *seat = list->seat;
    enum rc rc;

    if (list->sides != NULL && dot_equal(list->seen.stored.id, id))
        return RC_OK;
    json_free(list->sides);
    list->sides = NULL;
    arena_reset(&list->arena);
    rc = store_record(seat->ledger->store, id, &list->arena, &list->seen.stored, err);
    if (rc == RC_OK)
        rc = ledger_read(seat->ledger, &list->seen.stored, &list->arena, &list->seen.record,
                         &list->seen.reading, err);
    if (rc == RC_OK)
        rc = ledger_examine(seat->ledger, &list->seen.reading, &list->arena, err);
    if (rc != RC_OK)
        return rc;
    list->sides = json_object();
    if (list->sides == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    return answers_conflicts(&list->seen.record, &list->seen.reading, list->masked,
                             seat_person_name, seat, list->sides, err);
}

static enum rc conflict_path(struct list_conflicts *list, const struct stored_conflict *conflict,
                             struct buf *path, struct err *err) {
    uint16_t field = conflict->kind == CONFLICT_SAME ? (uint16_t)FIELD_SAME : conflict->field;

    return answers_path_text(&list->seen.reading, conflict->instance, field, path, err);
}

/* For people: the sides in one cell, value and author; and the rule that they break. Conflicts of
 * several kinds may share a path. */
static void sides_text(const struct json *sides, uint8_t kind, struct buf *out) {
    const char *name = conflict_kind_name((enum conflict_kind)kind);
    struct view rule = {0};
    bool any = false;

    for (const struct json *side = json_first(sides); side != NULL; side = json_next(side)) {
        if (!view_is(json_text(json_get(side, "kind")), name))
            continue;
        if (any)
            buf_add_text(out, " | ");
        any = true;
        json_as_text(json_get(side, "value"), out);
        buf_addf(out, " (%s)", json_text_or(json_get(side, "author"), ""));
        if (json_get(side, "rule") != NULL)
            rule = json_text(json_get(side, "rule"));
    }
    if (rule.size > 0)
        buf_addf(out, ": %.*s", VIEW_PRINT(rule));
}

static enum rc conflict_visit(void *context, const struct stored_conflict *conflict,
                              struct err *err) {
    struct list_conflicts *list = context;
    struct dot other = {conflict->other_actor, conflict->other_number};
    const char *kind = conflict_kind_name((enum conflict_kind)conflict->kind);
    char id[DOT_TEXT_BYTES], twin[DOT_TEXT_BYTES] = "", area[AREA_TEXT_BYTES];
    char since[TIME_TEXT_BYTES], due[TIME_TEXT_BYTES];
    const struct json *sides;
    struct buf path, text;
    enum rc rc = load_record(list, conflict->record, err);

    if (rc == RC_NOT_FOUND) { /* gone since the list began */
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    buf_init(&path, LIMIT_PATH_BYTES * 4u);
    buf_init(&text, LIMIT_VALUE_BYTES * 8u);
    rc = conflict_path(list, conflict, &path, err);
    if (rc != RC_OK)
        goto out;
    dot_text(conflict->record, id);
    area_text(conflict->area, area);
    time_text(conflict->since_ms, since);
    time_text(conflict->due_ms, due);
    if (other.number != 0)
        dot_text(other, twin);
    sides = json_get(list->sides, buf_text(&path));
    if (list->command->json) {
        struct json *json = json_object();

        json_add_text(json, "id", id);
        json_add_view(json, "form", list->seen.stored.form_name);
        json_add_text(json, "area", area);
        json_add_view(json, "title", list->seen.stored.title);
        json_add_buf(json, "path", &path);
        json_add_text(json, "kind", kind);
        if (other.number != 0)
            json_add_text(json, "same_as", twin);
        json_add_text(json, "since", since);
        json_add_text(json, "due", due);
        json_add_tree(json, "sides", sides == NULL ? json_array() : json_copy(sides));
        rc = listing_item(&list->listing, json, err);
        goto out;
    }
    if (other.number != 0)
        buf_addf(&text, words(list->command->lang, "the same as %s?"), twin);
    else
        sides_text(sides, conflict->kind, &text);
    listing_cell(&list->listing, view_text(id));
    listing_cell(&list->listing, list->seen.stored.title);
    listing_cell(&list->listing, buf_view(&path));
    listing_cell(&list->listing, view_text(words(list->command->lang, kind)));
    listing_cell(&list->listing, view_of(area, strlen(area)));
    listing_cell(&list->listing, view_of(due, due[0] == '-' ? 1 : 10));
    listing_cell(&list->listing, buf_view(&text));
out:
    buf_release(&path);
    buf_release(&text);
    return rc;
}

/* What came in a moment ago is examined before it is listed; of a mountain of it only the top. */
static enum rc look_first(const struct seat *seat, struct command *command, struct err *err) {
    bool more = true;
    enum rc rc = RC_OK;

    for (unsigned i = 0; i < PORTIONS_FIRST && more && rc == RC_OK; i++)
        rc = examine_portion(seat->office, EXAMINE_CHANGES_MAX, &more, err);
    if (rc == RC_OK && more)
        command_say(command, "the rules of the forms have yet to be run over some of the records; "
                             "ask again later");
    return rc;
}

enum rc desk_conflicts(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {"record", "title", "field", "kind",
                                        "area",   "due",   "sides", NULL};
    const char *given = command_option(command, "--area");
    struct seat seat;
    struct list_conflicts list = {.seat = &seat, .command = command, .masked = true};
    uint64_t area = 0;
    enum rc rc;

    arena_init(&list.arena, DESK_ARENA_BYTES);
    rc = seat_open(context, command, &seat, err);
    if (rc == RC_OK && given != NULL)
        rc = seat_area(&seat, given, &area, err);
    if (rc == RC_OK)
        rc = seat_mask(&seat, command, "conflicts", &list.masked, err);
    if (rc == RC_OK)
        rc = look_first(&seat, command, err);
    if (rc == RC_OK) {
        listing_start(&list.listing, command, &seat.arena, heads);
        rc = store_conflicts(seat.ledger->store, area, INT64_MIN, conflict_visit, &list, err);
        rc = listing_end(&list.listing, rc, err);
    }
    json_free(list.sides);
    arena_release(&list.arena);
    seat_close(&seat);
    return rc;
}
