/* api_around.c: what there is to do today, and what stands around a record: its visits, the notes
 * about it, what the household is entitled to once that may be seen. */
#include "agent/face/api_inside.h"

#include "agent/face/show.h"
#include "agent/field/benefit.h"
#include "agent/field/home_visit.h"
#include "agent/field/today.h"
#include "base/words.h"

#define DUE_SHOWN 50u

/* ---- today ---- */

static void add_code(struct json *item, const char *key, char code) {
    const char text[2] = {code, '\0'};

    if (code != '\0')
        json_add_text(item, key, text);
}

static void add_day(struct json *item, const char *key, int64_t days) {
    char text[DATE_TEXT_BYTES];

    if (days == INT64_MAX)
        return;
    date_format(date_from_days(days), text);
    json_add_text(item, key, text);
}

static void add_place(struct json *item, const struct visit *visit, uint64_t area) {
    struct view name = succession_name(tablet_areas(visit->tablet), area);

    add_area(item, "area", area);
    if (name.size > 0)
        json_add_view(item, "area_name", name);
}

static void add_item(struct visit *visit, struct json *list, const struct today_item *one) {
    struct json *item = json_add_object(list, NULL);

    if (one->task.number != 0)
        add_dot(item, "task", one->task);
    if (one->household.number != 0)
        add_dot(item, "household", one->household);
    json_add_view(item, "title", one->title);
    add_place(item, visit, one->area);
    add_code(item, "kind", one->kind);
    if (one->message.size > 0)
        json_add_view(item, "message", one->message);
    if (one->mine)
        json_add_bool(item, "mine", true);
    add_day(item, "due", one->due_days);
    if (one->visited_ms != 0)
        add_time(item, "visited", one->visited_ms);
}

static void add_note(struct visit *visit, struct json *list, const struct today_note *note) {
    struct json *item = json_add_object(list, NULL);

    add_dot(item, "note", note->note);
    add_dot(item, "id", note->about);
    json_add_view(item, "form", note->form_name);
    json_add_view(item, "title", note->title);
    add_place(item, visit, note->area);
    if (note->field.size > 0)
        json_add_view(item, "field", note->field);
    json_add_view(item, "text", note->text);
    json_add_view(item, "from", note->from);
    add_time(item, "at", note->at_ms);
}

enum rc web_add_today(struct visit *visit, struct json *document, struct err *err) {
    int64_t now_ms = env_wall_ms(visit->face->env);
    struct json *list = json_add_array(document, "today");
    struct today_note *notes;
    struct today_item *items;
    uint32_t count = 0, due = 0;
    enum rc rc =
        today_list(visit->session, now_ms, DUE_SHOWN, &visit->arena, &items, &count, &due, err);

    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        add_item(visit, list, &items[i]);
    json_add_int(document, "due", due);
    count = 0;
    list = json_add_array(document, "notes");
    if (rc == RC_OK)
        rc = today_returned(visit->session, &visit->arena, &notes, &count, err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        add_note(visit, list, &notes[i]);
    return rc;
}

/* ---- around a record ---- */

static void add_visit(struct visit *visit, struct json *list, const struct listed *listed) {
    struct json *item = listed_json(list, listed);

    (void)visit;
    add_code(item, "kind", listed->gist.code[0]);
    add_code(item, "outcome", listed->gist.code[1]);
    add_time(item, "begun", listed->gist.when);
    json_add_int(item, "signers", listed->gist.state);
}

static enum rc add_visits(struct visit *visit, struct dot about, struct json *document,
                          struct err *err) {
    struct list_query query = {
        .form_name = view_text(VISIT_FORM), .about = about, .limit = WEB_ITEMS_MAX};
    struct json *list = json_add_array(document, "visits");
    struct listed *listed;
    uint32_t count = 0, total;
    enum rc rc = session_list(visit->session, &query, &visit->arena, &listed, &count, &total, err);

    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        add_visit(visit, list, &listed[i]);
    return rc;
}

static enum rc add_notes(struct visit *visit, struct dot about, struct json *document,
                         struct err *err) {
    struct list_query query = {
        .form_name = view_text(NOTE_FORM), .about = about, .limit = WEB_ITEMS_MAX};
    struct json *list = json_add_array(document, "notes");
    struct listed *listed;
    uint32_t count = 0, total;
    enum rc rc = session_list(visit->session, &query, &visit->arena, &listed, &count, &total, err);

    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        struct json *item;
        struct note note;
        struct seen seen;

        rc = session_see(visit->session, listed[i].id, &visit->arena, &seen, err);
        if (rc != RC_OK)
            break;
        note_read(&seen.reading, &note);
        item = json_add_object(list, NULL);
        add_dot(item, "note", listed[i].id);
        json_add_text(item, "kind", note_kind_name((enum note_kind)note.kind));
        if (note.field.size > 0)
            json_add_view(item, "field", note.field);
        json_add_view(item, "text", note.text);
        json_add_view(item, "from", note.from);
        add_time(item, "at", note.at_ms);
    }
    return rc;
}

/* ---- the benefit ---- */

static void add_yuan(struct json *object, const char *key, int64_t fen) {
    json_add_decimal(object, key, (struct decimal){.mantissa = fen, .scale = 2});
}

static struct view item_label(const struct income_table *table, struct view code, enum lang lang) {
    for (uint32_t i = 0; i < table->item_count; i++)
        if (view_equal(table->items[i].code, code))
            return lang == LANG_ZH ? table->items[i].zh : table->items[i].en;
    return code;
}

static const char *note_name(uint8_t note) {
    static const char *const names[] = {
        [INCOME_NOTE_NONE] = NULL,         [INCOME_NOTE_EXEMPT] = "exempt",
        [INCOME_NOTE_UNKNOWN] = "unknown", [INCOME_NOTE_TWICE] = "twice",
        [INCOME_NOTE_LABOUR] = "labour",   [INCOME_NOTE_SUPPORT] = "support"};

    return note < sizeof(names) / sizeof(names[0]) ? names[note] : NULL;
}

static void add_lines(struct json *object, const struct benefit *benefit, enum lang lang) {
    struct json *list = json_add_array(object, "items");

    for (uint32_t i = 0; i < benefit->household.facts.item_count; i++) {
        const struct income_item *fact = &benefit->household.facts.items[i];
        const struct income_line *line = &benefit->result.lines[i];
        struct json *item = json_add_object(list, NULL);

        json_add_view(item, "label", item_label(&benefit->table, fact->code, lang));
        if (fact->quantity.mantissa != 0)
            json_add_decimal(item, "quantity", fact->quantity);
        add_yuan(item, "yuan", line->fen);
        json_add_bool(item, "counted", line->counted);
        if (note_name(line->note) != NULL)
            json_add_text(item, "note", note_name(line->note));
    }
}

static int64_t sum(const int64_t *fen, uint32_t count) {
    int64_t total = 0;

    for (uint32_t i = 0; i < count; i++)
        total += fen[i];
    return total;
}

static void add_amounts(struct json *object, const struct benefit *benefit, enum lang lang) {
    const struct income_result *result = &benefit->result;
    char day[DATE_TEXT_BYTES];

    date_format(benefit->reference, day);
    add_dot(object, "visit", benefit->visit);
    json_add_text(object, "on", day);
    json_add_view(object, "table", benefit->table.name);
    json_add_bool(object, "decided", benefit->is_decided);
    if (!benefit->is_decided)
        return;
    json_add_int(object, "persons", result->persons);
    add_yuan(object, "standard", result->standard_fen);
    add_lines(object, benefit, lang);
    add_yuan(object, "labour", sum(result->labour_fen, benefit->household.facts.member_count));
    add_yuan(object, "support", sum(result->support_fen, benefit->household.facts.supporter_count));
    add_yuan(object, "total", result->total_fen);
    add_yuan(object, "deducted", result->deducted_fen);
    add_yuan(object, "net", result->net_fen);
    add_yuan(object, "per_head", result->per_head_fen);
    json_add_bool(object, "eligible", result->eligible);
    json_add_bool(object, "edge", result->edge);
    json_add_bool(object, "car", result->has_car);
    json_add_bool(object, "company", result->has_company);
    json_add_bool(object, "assets", result->assets_too_high);
    add_yuan(object, "gap", result->gap_fen);
    add_yuan(object, "benefit", result->benefit_fen);
}

static enum rc add_benefit(struct visit *visit, const struct seen *seen, struct json *document,
                           struct err *err) {
    struct json *object;
    struct benefit benefit;
    uint64_t draft = 0;
    enum rc rc = home_visit_draft(visit->session, seen->record.id, &draft, err);

    if (rc == RC_OK)
        rc = benefit_see(visit->session, seen, draft != 0, &visit->arena, &benefit, err);
    if (rc != RC_OK)
        return rc;
    if (draft != 0)
        json_add_int(document, "draft", (int64_t)draft);
    object = json_add_object(document, "benefit");
    json_add_text(object, "state", benefit_state_name((enum benefit_state)benefit.state));
    if (benefit.state == BENEFIT_SHOWN)
        add_amounts(object, &benefit, visit->command->lang);
    return RC_OK;
}

enum rc web_around(struct web_call *call, struct err *err) {
    struct json *document = json_object();
    struct visit visit;
    struct seen seen;
    enum rc rc = web_visit(call, &visit, err);

    if (rc == RC_OK)
        rc = visit_see(&visit, web_param(call, "id"), &seen, err);
    if (rc == RC_OK)
        rc = add_notes(&visit, seen.record.id, document, err);
    if (rc == RC_OK)
        rc = add_visits(&visit, seen.record.id, document, err);
    if (rc == RC_OK && seen.form != NULL && view_is(seen.form->name, HOUSEHOLD_FORM))
        rc = add_benefit(&visit, &seen, document, err);
    if (rc == RC_OK) {
        rc = web_reply(call, document, err);
        document = NULL;
    }
    json_free(document);
    visit_close(&visit);
    return rc;
}
