/* meeting.c: see meeting.h. */
#include "syncd/desk/meeting.h"

#include "base/words.h"
#include "schema/vote/meeting_json.h"
#include "syncd/desk/listing.h"

/* ---- reading ---- */

enum rc desk_meeting_read(struct seat *seat, const char *id, struct desk_meeting *out,
                          struct err *err) {
    enum rc rc = seat_record(seat, id, &out->seen, err);

    return rc == RC_OK ? meeting_read(&out->seen.reading, &seat->arena, &out->meeting, err) : rc;
}

struct found {
    struct arena *arena;
    struct dot *ids;
    uint32_t count, capacity;
};

static enum rc note_id(void *context, const struct stored_record *record, struct err *err) {
    struct found *found = context;
    struct dot *id;

    if (record->withdrawn)
        return RC_OK;
    if (found->count == DESK_MEETINGS_MAX)
        return err_set(err, RC_LIMIT, "more than %u meetings; name an area with --area",
                       DESK_MEETINGS_MAX);
    id = arena_push(found->arena, &found->ids, &found->count, &found->capacity, sizeof(*id));
    if (id == NULL)
        return arena_check(found->arena, "meetings", err);
    *id = record->id;
    return RC_OK;
}

enum rc desk_meetings_read(struct seat *seat, uint64_t area, struct desk_meeting **out,
                           uint32_t *count, struct err *err) {
    struct found found = {.arena = &seat->arena};
    struct desk_meeting *list;
    enum rc rc = store_list(seat->ledger->store, view_text(MEETING_FORM), area, (struct dot){0, 0},
                            note_id, &found, err);

    *count = 0;
    if (rc != RC_OK)
        return rc;
    list = arena_array(&seat->arena, found.count, sizeof(*list));
    if (list == NULL)
        return arena_check(&seat->arena, "meetings", err);
    for (uint32_t i = 0; i < found.count && rc == RC_OK; i++) {
        char text[DOT_TEXT_BYTES];

        dot_text(found.ids[i], text);
        rc = desk_meeting_read(seat, text, &list[*count], err);
        if (rc == RC_UNSUPPORTED) { /* its form has not come: it is no meeting to us yet */
            err_clear(err);
            rc = RC_OK;
        } else if (rc == RC_OK) {
            ++*count;
        }
    }
    *out = list;
    return rc;
}

/* ---- looking at them ---- */

void desk_meeting_sum(const struct meeting *meeting, struct meeting_sum *out) {
    *out = (struct meeting_sum){0};
    for (uint32_t i = 0; i < meeting->item_count; i++) {
        struct tally tally;

        meeting_tally(meeting, &meeting->items[i], &tally);
        switch ((enum tally_state)tally.state) {
        case TALLY_PASSED:
            out->passed++;
            break;
        case TALLY_FAILED:
            out->failed++;
            break;
        case TALLY_VOID:
            out->voided++;
            break;
        case TALLY_OPEN:
            out->open++;
            break;
        }
    }
}

static bool decided(const struct meeting *meeting, const struct meeting_item *item,
                    struct tally *tally) {
    meeting_tally(meeting, item, tally);
    return tally->state == TALLY_PASSED || tally->state == TALLY_FAILED;
}

static enum rc compare(const struct meeting *meeting, const struct meeting *other,
                       struct arena *arena, struct meeting_double **list, uint32_t *count,
                       uint32_t *capacity, struct err *err) {
    for (uint32_t i = 0; i < meeting->item_count; i++) {
        const struct meeting_item *item = &meeting->items[i];
        const struct meeting_item *again = meeting_household(other, item->household);
        struct meeting_double *entry;
        struct tally here, there;

        if (again == NULL || !decided(meeting, item, &here) || !decided(other, again, &there))
            continue;
        entry = arena_push(arena, list, count, capacity, sizeof(*entry));
        if (entry == NULL)
            return arena_check(arena, "meetings", err);
        *entry = (struct meeting_double){
            .meeting = meeting, .item = item, .other = other, .differs = here.state != there.state};
    }
    return RC_OK;
}

enum rc desk_meeting_doubles(const struct desk_meeting *list, uint32_t count,
                             const struct meeting *of, struct arena *arena,
                             struct meeting_double **out, uint32_t *out_count, struct err *err) {
    uint32_t capacity = 0;
    enum rc rc = RC_OK;

    *out = NULL;
    *out_count = 0;
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        const struct meeting *meeting = of != NULL ? of : &list[i].meeting;

        for (uint32_t k = of != NULL ? i : i + 1; k < count && rc == RC_OK; k++) {
            if (!dot_equal(list[k].meeting.id, meeting->id))
                rc = compare(meeting, &list[k].meeting, arena, out, out_count, &capacity, err);
        }
        if (of != NULL)
            break;
    }
    return rc;
}

/* ---- meetings ---- */

static uint32_t problem_count(const struct meeting *meeting) {
    uint32_t count = 0;

    for (uint32_t i = 0; i < MEETING_PROBLEM_BITS; i++)
        count += meeting->problems >> i & 1;
    return count;
}

static enum rc list_json(struct listing *table, const struct desk_meeting *at, struct err *err) {
    struct json *json = json_object();
    struct meeting_sum sum;
    char id[DOT_TEXT_BYTES];

    desk_meeting_sum(&at->meeting, &sum);
    dot_text(at->meeting.id, id);
    json_add_text(json, "id", id);
    seat_areas_json(json, "areas", at->seen.reading.areas, at->seen.reading.area_count);
    json_add_view(json, "title", at->meeting.title);
    json_add_text(json, "state", meeting_state_name(at->meeting.state));
    json_add_int(json, "households", at->meeting.item_count);
    json_add_int(json, "passed", sum.passed);
    json_add_int(json, "failed", sum.failed);
    json_add_int(json, "void", sum.voided);
    json_add_int(json, "open", sum.open);
    json_add_int(json, "problems", problem_count(&at->meeting));
    return listing_item(table, json, err);
}

static void list_row(struct listing *table, const struct desk_meeting *at) {
    struct meeting_sum sum;
    char id[DOT_TEXT_BYTES];
    struct buf areas;

    desk_meeting_sum(&at->meeting, &sum);
    dot_text(at->meeting.id, id);
    buf_init(&areas, 4096);
    seat_areas_text(at->seen.reading.areas, at->seen.reading.area_count, &areas);
    listing_cell(table, view_text(id));
    listing_cell(table, buf_view(&areas));
    listing_cell(table, at->meeting.title);
    listing_cell(table,
                 view_text(words(table->command->lang, meeting_state_words(at->meeting.state))));
    listing_cellf(table, "%u", sum.passed);
    listing_cellf(table, "%u", sum.failed);
    listing_cellf(table, "%u", sum.voided);
    listing_cellf(table, "%u", sum.open);
    listing_cellf(table, "%u", problem_count(&at->meeting));
    buf_release(&areas);
}

enum rc desk_meetings(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {
        WORD("meeting"),   WORD("area"), WORD("title"), WORD("state"),    WORD("true"),
        WORD("not found"), WORD("void"), WORD("open"),  WORD("problems"), NULL};
    const char *area_word = command_option(command, "--area");
    struct desk_meeting *list = NULL;
    struct listing table;
    struct seat seat;
    uint32_t count = 0;
    uint64_t area = 0;
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK && area_word != NULL)
        rc = seat_area(&seat, area_word, &area, err);
    if (rc == RC_OK)
        rc = desk_meetings_read(&seat, area, &list, &count, err);
    if (rc == RC_OK) {
        listing_start(&table, command, &seat.arena, heads);
        for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
            if (command->json)
                rc = list_json(&table, &list[i], err);
            else
                list_row(&table, &list[i]);
        }
        rc = listing_end(&table, rc, err);
    }
    seat_close(&seat);
    return rc;
}

/* ---- meeting show ---- */

static enum rc print_item(struct command *command, struct arena *arena,
                          const struct meeting *meeting, uint32_t index, struct err *err) {
    const struct meeting_item *item = &meeting->items[index];
    const struct tally_part *parts;
    struct tally tally;
    uint32_t count = 0;
    enum rc rc;

    meeting_tally(meeting, item, &tally);
    rc = command_printf(command, err, "\n%u. %.*s (%.*s): %s\n", index + 1,
                        VIEW_PRINT(item->subject), VIEW_PRINT(item->household),
                        words(command->lang, tally_state_words((enum tally_state)tally.state)));
    if (rc == RC_OK && meeting->has_rules)
        rc = tally_explain(&tally, &meeting->rules, command->lang, arena, &parts, &count, err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        rc = command_printf(command, err, "   %s %.*s\n", parts[i].ok ? " " : "!",
                            VIEW_PRINT(parts[i].text));
    return rc;
}

static enum rc print_wrong(struct command *command, const struct meeting *meeting,
                           const struct meeting_double *doubles, uint32_t count, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < MEETING_PROBLEM_BITS && rc == RC_OK; i++)
        if ((meeting->problems >> i & 1) != 0)
            rc = command_printf(
                command, err, "! %s\n",
                words(command->lang, meeting_problem_words((enum meeting_problem)(1u << i))));
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        char id[DOT_TEXT_BYTES];

        dot_text(doubles[i].other->id, id);
        rc = command_printf(
            command, err, "! %.*s: %s: %s\n", VIEW_PRINT(doubles[i].item->subject),
            words(command->lang, doubles[i].differs
                                     ? WORD("another meeting came to another result; a person "
                                            "decides which counts")
                                     : WORD("another meeting came to the same result")),
            id);
    }
    return rc;
}

static void add_doubles(struct json *document, const struct meeting_double *doubles,
                        uint32_t count) {
    struct json *list = json_add_array(document, "doubles");

    for (uint32_t i = 0; i < count; i++) {
        struct json *to = json_add_object(list, NULL);
        char id[DOT_TEXT_BYTES];

        dot_text(doubles[i].other->id, id);
        json_add_view(to, "household", doubles[i].item->household);
        json_add_view(to, "subject", doubles[i].item->subject);
        json_add_text(to, "meeting", id);
        json_add_bool(to, "differs", doubles[i].differs);
    }
}

static enum rc show(struct seat *seat, struct command *command, const struct meeting *meeting,
                    const struct meeting_double *doubles, uint32_t count, struct err *err) {
    struct json *document;
    enum rc rc;

    if (command->json) {
        document = json_object();
        rc = meeting_json(meeting, command->lang, &seat->arena, document, err);
        add_doubles(document, doubles, count);
        if (rc == RC_OK)
            return command_print_json(command, document, err);
        json_free(document);
        return rc;
    }
    rc = command_printf(command, err, "%.*s: %s\n", VIEW_PRINT(meeting->title),
                        words(command->lang, meeting_state_words(meeting->state)));
    if (rc == RC_OK)
        rc = print_wrong(command, meeting, doubles, count, err);
    for (uint32_t i = 0; rc == RC_OK && i < meeting->item_count; i++)
        rc = print_item(command, &seat->arena, meeting, i, err);
    return rc;
}

enum rc desk_meeting_show(void *context, struct command *command, struct err *err) {
    struct meeting_double *doubles = NULL;
    struct desk_meeting at, *list = NULL;
    uint32_t count = 0, double_count = 0;
    struct seat seat;
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK)
        rc = desk_meeting_read(&seat, command->words[0], &at, err);
    if (rc == RC_OK && at.seen.reading.area_count > 0)
        rc = desk_meetings_read(&seat, at.seen.reading.areas[0], &list, &count, err);
    if (rc == RC_OK)
        rc = desk_meeting_doubles(list, count, &at.meeting, &seat.arena, &doubles, &double_count,
                                  err);
    if (rc == RC_OK)
        rc = show(&seat, command, &at.meeting, doubles, double_count, err);
    seat_close(&seat);
    return rc;
}
