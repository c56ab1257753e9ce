/* console_meeting.c: meetings for the pages: a list, one of them with its results and what is
 * wrong, and the word of a person on what disagrees.
 *
 * The county changes nothing in a meeting, and counts nothing else than the tablets did. Whoever
 * decides says in a note about the meeting, signed with his key, whether its result for a household
 * stands or is to be voted on again, and why; tablets of the area pull it, and the log says that he
 * did. */
#include "base/crypt.h"
#include "base/text.h"
#include "base/words.h"
#include "schema/vote/meeting_json.h"
#include "syncd/desk/console_seen.h"
#include "syncd/desk/meeting.h"

#include <stdio.h>

#define FIELD_BYTES 128u

/* ---- the list ---- */

struct page {
    struct console_call *call;
    struct dot ids[CONSOLE_PAGE_ITEMS];
    uint32_t count;
    bool more;
};

static bool is_within(const struct console_call *call, const uint64_t *areas, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (console_holds(call, succession_of(&call->seat.ledger->areas, areas[i])))
            return true;
    return false;
}

static enum rc note_id(void *context, const struct stored_record *record, struct err *err) {
    struct page *page = context;

    (void)err;
    if (record->withdrawn || !is_within(page->call, record->areas, record->area_count))
        return RC_OK;
    page->more = page->count == CONSOLE_PAGE_ITEMS;
    if (page->more)
        return RC_NOT_FOUND; /* enough */
    page->ids[page->count++] = record->id;
    return RC_OK;
}

static void add_listed(struct console_call *call, struct json *items,
                       const struct desk_meeting *at) {
    const struct meeting *meeting = &at->meeting;
    struct json *to = json_add_object(items, NULL);
    char id[DOT_TEXT_BYTES];
    uint32_t problems = 0;
    struct meeting_sum sum;

    desk_meeting_sum(meeting, &sum);
    for (uint32_t i = 0; i < MEETING_PROBLEM_BITS; i++)
        problems += meeting->problems >> i & 1;
    dot_text(meeting->id, id);
    json_add_text(to, "id", id);
    json_add_view(to, "title", meeting->title);
    if (at->seen.reading.area_count > 0)
        console_add_area(call, to, "area", at->seen.reading.areas[0]);
    json_add_text(to, "state", meeting_state_name(meeting->state));
    json_add_text(to, "state_words",
                  words(call->exchange->request.lang, meeting_state_words(meeting->state)));
    json_add_int(to, "households", meeting->item_count);
    json_add_int(to, "passed", sum.passed);
    json_add_int(to, "failed", sum.failed);
    json_add_int(to, "void", sum.voided);
    json_add_int(to, "open", sum.open);
    json_add_int(to, "problems", problems);
    console_add_time(to, "changed", at->seen.stored.changed_ms);
}

/* One after the other, each in memory of its own. */
static enum rc add_one(struct console_call *call, struct dot id, struct json *items,
                       struct err *err) {
    struct seat seat = call->seat;
    struct desk_meeting at;
    char text[DOT_TEXT_BYTES];
    enum rc rc;

    dot_text(id, text);
    arena_init(&seat.arena, DESK_ARENA_BYTES);
    rc = desk_meeting_read(&seat, text, &at, err);
    if (rc == RC_OK) {
        add_listed(call, items, &at);
    } else if (rc == RC_UNSUPPORTED) { /* its form has not come: it is no meeting to us yet */
        err_clear(err);
        rc = RC_OK;
    }
    arena_release(&seat.arena);
    return rc;
}

enum rc console_meetings(struct console_call *call, struct err *err) {
    struct page *page = arena_alloc(&call->seat.arena, sizeof(*page));
    struct dot after = {0, 0};
    struct json *json, *items;
    char cursor[DOT_TEXT_BYTES];
    uint64_t area = 0;
    struct buf text;
    enum rc rc;

    if (page == NULL)
        return arena_check(&call->seat.arena, "a list", err);
    *page = (struct page){.call = call};
    buf_init(&text, DOT_TEXT_BYTES);
    rc = console_need_area(call, &area, err);
    if (rc == RC_OK)
        rc = console_filter(call, "after", &text, err);
    if (rc == RC_OK && text.size > 0)
        rc = dot_parse(buf_view(&text), &after, err);
    buf_release(&text);
    if (rc == RC_OK)
        rc = store_list(call->seat.ledger->store, view_text(MEETING_FORM), area, after, note_id,
                        page, err);
    if (rc == RC_NOT_FOUND && page->more) {
        err_clear(err);
        rc = RC_OK;
    }
    json = json_object();
    items = json_add_array(json, "items");
    for (uint32_t i = 0; i < page->count && rc == RC_OK; i++)
        rc = add_one(call, page->ids[i], items, err);
    if (rc != RC_OK) {
        json_free(json);
        return rc;
    }
    if (page->more) {
        dot_text(page->ids[page->count - 1], cursor);
        json_add_text(json, "next", cursor);
    } else {
        json_add_null(json, "next");
    }
    return console_reply(call, json, err);
}

/* ---- one ---- */

/* The meeting of the route, if it lies within the person's areas. */
static enum rc read_meeting(struct console_call *call, struct desk_meeting *out, struct err *err) {
    const char *id = console_param(call, "meeting");
    struct dot dot;
    enum rc rc;

    if (dot_parse(view_text(id), &dot, err) != RC_OK)
        return err_set(err, RC_NOT_FOUND, "address: there is nothing here");
    rc = desk_meeting_read(&call->seat, id, out, err);
    if (rc == RC_OK && !is_within(call, out->seen.reading.areas, out->seen.reading.area_count))
        rc = err_set(err, RC_NOT_FOUND, "%s: there is no such record; see: yg-syncd records", id);
    return rc;
}

/* Only what he may see: the other meeting may lie in an area that is not his. */
static enum rc add_doubles(struct console_call *call, const struct desk_meeting *at,
                           struct json *document, struct err *err) {
    struct json *list = json_add_array(document, "doubles");
    struct meeting_double *doubles = NULL;
    struct desk_meeting *others = NULL;
    uint32_t count = 0, double_count = 0;
    enum rc rc = RC_OK;

    if (at->seen.reading.area_count > 0)
        rc = desk_meetings_read(&call->seat, at->seen.reading.areas[0], &others, &count, err);
    if (rc == RC_OK)
        rc = desk_meeting_doubles(others, count, &at->meeting, &call->seat.arena, &doubles,
                                  &double_count, err);
    for (uint32_t i = 0; i < double_count && rc == RC_OK; i++) {
        struct json *to = json_add_object(list, NULL);
        char id[DOT_TEXT_BYTES], item[INSTANCE_TEXT_BYTES];

        dot_text(doubles[i].other->id, id);
        instance_text(doubles[i].item->id, item);
        json_add_text(to, "item", item);
        json_add_view(to, "subject", doubles[i].item->subject);
        json_add_text(to, "meeting", id);
        json_add_view(to, "title", doubles[i].other->title);
        json_add_bool(to, "differs", doubles[i].differs);
    }
    return rc;
}

static void item_field(struct instance_id item, char out[FIELD_BYTES]) {
    char text[INSTANCE_TEXT_BYTES];

    instance_text(item, text);
    snprintf(out, FIELD_BYTES, "item[%s]", text);
}

struct decisions {
    const struct meeting *meeting;
    struct json *list;
};

static enum rc add_decision(void *context, const struct note_row *row, struct err *err) {
    struct decisions *at = context;
    struct json *to;

    (void)err;
    if (row->note.kind != NOTE_APPROVE && row->note.kind != NOTE_REOPEN)
        return RC_OK;
    to = json_add_object(at->list, NULL);
    for (uint32_t i = 0; i < at->meeting->item_count; i++) {
        char field[FIELD_BYTES], item[INSTANCE_TEXT_BYTES];

        item_field(at->meeting->items[i].id, field);
        if (!view_is(row->note.field, field))
            continue;
        instance_text(at->meeting->items[i].id, item);
        json_add_text(to, "item", item);
    }
    json_add_text(to, "decision", row->note.kind == NOTE_APPROVE ? "stands" : "again");
    json_add_view(to, "reason", row->note.text);
    json_add_view(to, "by", row->note.from);
    console_add_time(to, "at", row->note.at_ms);
    return RC_OK;
}

enum rc console_meeting(struct console_call *call, struct err *err) {
    struct decisions decisions;
    struct json *document;
    struct desk_meeting at;
    enum rc rc = read_meeting(call, &at, err);

    if (rc != RC_OK)
        return rc;
    document = json_object();
    rc = meeting_json(&at.meeting, call->exchange->request.lang, &call->seat.arena, document, err);
    if (rc == RC_OK && at.seen.reading.area_count > 0)
        console_add_area(call, document, "area", at.seen.reading.areas[0]);
    if (rc == RC_OK)
        rc = add_doubles(call, &at, document, err);
    decisions =
        (struct decisions){.meeting = &at.meeting, .list = json_add_array(document, "decisions")};
    if (rc == RC_OK)
        rc = note_list(&call->seat, &at.seen.stored, add_decision, &decisions, err);
    if (rc == RC_OK)
        return console_reply(call, document, err);
    json_free(document);
    return rc;
}

/* ---- a person decides ---- */

static enum rc read_decision(const struct console_call *call, const struct meeting *meeting,
                             char field[FIELD_BYTES], struct note_order *out, struct err *err) {
    const char *item = NULL, *decision;
    struct instance_id id;
    enum rc rc = console_text(call, "item", &item, err);

    if (rc == RC_OK)
        rc = console_need(call, "decision", &decision, err);
    if (rc == RC_OK)
        rc = console_reason(call, &out->text, err);
    if (rc == RC_OK && item != NULL && item[0] != '\0') {
        rc = instance_parse(view_text(item), &id, err);
        if (rc == RC_OK && meeting_item(meeting, id) == NULL)
            rc = err_set(err, RC_NOT_FOUND, "item: does not stand on the agenda of this meeting");
        if (rc == RC_OK)
            item_field(id, field);
    }
    if (rc != RC_OK)
        return rc;
    out->about = meeting->id;
    out->field = view_text(field);
    out->kind = strcmp(decision, "stands") == 0 ? NOTE_APPROVE : NOTE_REOPEN;
    return strcmp(decision, "stands") == 0 || strcmp(decision, "again") == 0
               ? RC_OK
               : err_set(err, RC_INVALID, "decision: is stands or again");
}

enum rc console_meeting_decide(struct console_call *call, struct err *err) {
    struct staff staff = {0};
    struct speaker speaker;
    char field[FIELD_BYTES] = "";
    struct note_order order = {0};
    struct desk_meeting at;
    struct dot made;
    enum rc rc = read_meeting(call, &at, err);

    if (rc == RC_OK)
        rc = read_decision(call, &at.meeting, field, &order, err);
    if (rc == RC_OK && at.meeting.state < MEETING_CLOSED)
        rc = err_set(err, RC_CONFLICT, "this meeting is not over; there is nothing to decide yet");
    if (rc == RC_OK)
        rc = console_speaker(call, &staff, &speaker, err);
    if (rc == RC_OK)
        rc = note_write(call->seat.office, &speaker, &order, &made, err);
    crypt_wipe(staff.secret_key, sizeof(staff.secret_key));
    return rc == RC_OK ? console_done(call, err) : rc;
}
