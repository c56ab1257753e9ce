/* console_conflict.c: what people contradict each other in: the list by due date, the questions of
 * one record, what would follow from an answer, and the answer. */
#include "base/crypt.h"
#include "base/date.h"
#include "base/text.h"
#include "syncd/desk/console_question.h"
#include "syncd/desk/income.h"
#include "syncd/desk/resolve.h"

#define LIST_DEFAULT 50u

/* ---- the list ---- */

/* Where a page ended: due time, record, and which of its questions. */
struct list_place {
    int64_t due_ms;
    struct dot record;
    uint32_t nth;
};

struct list {
    struct console_call *call;
    struct json *items;
    struct view kinds; /* with commas between; empty: all */
    uint64_t area, most, count;
    struct list_place after, now;
    bool has_after, more;
    struct arena arena; /* of the record at hand */
    struct stored_record stored;
    struct record record;
    struct reading reading;
};

static bool has_word(struct view words, const char *word) {
    size_t start = 0;

    for (size_t end = 0; end <= words.size; end++)
        if (end == words.size || words.data[end] == ',') {
            if (view_is(view_slice(words, start, end - start), word))
                return true;
            start = end + 1;
        }
    return words.size == 0;
}

static bool is_before(const struct list_place *place, const struct list_place *after) {
    if (place->due_ms != after->due_ms)
        return place->due_ms < after->due_ms;
    if (!dot_equal(place->record, after->record))
        return place->record.actor != after->record.actor
                   ? place->record.actor < after->record.actor
                   : place->record.number < after->record.number;
    return place->nth <= after->nth;
}

static enum rc load(struct list *list, struct dot id, struct err *err) {
    struct ledger *ledger = list->call->seat.ledger;
    enum rc rc;

    if (dot_equal(list->stored.id, id))
        return RC_OK;
    arena_reset(&list->arena);
    rc = store_record(ledger->store, id, &list->arena, &list->stored, err);
    return rc == RC_OK ? ledger_read(ledger, &list->stored, &list->arena, &list->record,
                                     &list->reading, err)
                       : rc;
}

static enum rc list_visit(void *context, const struct stored_conflict *row, struct err *err) {
    struct list *list = context;
    struct console_call *call = list->call;
    uint64_t area = succession_of(&call->seat.ledger->areas, row->area);
    bool same_record = dot_equal(list->now.record, row->record) && list->now.due_ms == row->due_ms;
    struct answers_tree tree;
    struct json *item;
    enum rc rc;

    list->now = (struct list_place){row->due_ms, row->record, same_record ? list->now.nth + 1 : 0};
    if ((list->has_after && is_before(&list->now, &list->after)) || !console_holds(call, area) ||
        (list->area != 0 && !area_contains(list->area, area)) ||
        !has_word(list->kinds, conflict_kind_name((enum conflict_kind)row->kind)))
        return RC_OK;
    if (list->count == list->most) {
        list->more = true;
        return RC_NOT_FOUND;
    }
    rc = load(list, row->record, err);
    if (rc == RC_NOT_FOUND) { /* gone since the list began */
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    list->after = list->now;
    list->count++;
    console_tree(call, &list->reading, true, &tree);
    tree.arena = &list->arena;
    item = json_add_object(list->items, NULL);
    console_add_brief(call, item, &list->stored);
    json_add_text(item, "kind", conflict_kind_name((enum conflict_kind)row->kind));
    answers_tree_path(&tree, item, row->instance,
                      row->kind == CONFLICT_SAME ? (uint16_t)FIELD_SAME : row->field);
    if (list->reading.form != NULL && row->field >= FIELD_FIRST_OF_FORM)
        answers_tree_label(&tree, item, form_field_by_number(list->reading.form, row->field));
    console_add_area(call, item, "area", area);
    console_add_time(item, "since", row->since_ms);
    console_add_time(item, "due", row->due_ms);
    return item == NULL ? err_set(err, RC_NO_MEMORY, "out of memory") : RC_OK;
}

/* "DUE.RECORD.NTH" */
static enum rc read_after(struct list *list, struct err *err) {
    struct view text = {0}, part[3] = {{0}};
    uint64_t due = 0, nth = 0;
    uint32_t parts = 0;
    size_t start = 0;
    enum rc rc = console_word(list->call, "after", &text, err);

    if (rc != RC_OK || text.size == 0)
        return rc;
    for (size_t end = 0; end <= text.size && parts < 3; end++)
        if (end == text.size || text.data[end] == '.') {
            part[parts++] = view_slice(text, start, end - start);
            start = end + 1;
        }
    if (parts != 3 || !parse_u64(part[0], &due) || due > INT64_MAX || !parse_u64(part[2], &nth) ||
        nth > UINT32_MAX || dot_parse(part[1], &list->after.record, err) != RC_OK)
        return err_set(err, RC_INVALID, "%s: this is no cursor of a list", "after");
    list->after.due_ms = (int64_t)due;
    list->after.nth = (uint32_t)nth;
    list->has_after = true;
    return RC_OK;
}

static void add_next(const struct list *list, struct json *json) {
    char id[DOT_TEXT_BYTES], next[DOT_TEXT_BYTES + 48];

    if (!list->more) {
        json_add_null(json, "next");
        return;
    }
    dot_text(list->after.record, id);
    snprintf(next, sizeof(next), "%lld.%s.%u", (long long)list->after.due_ms, id, list->after.nth);
    json_add_text(json, "next", next);
}

enum rc console_conflicts(struct console_call *call, struct err *err) {
    struct json *json = json_object();
    struct list list = {.call = call, .items = json_add_array(json, "items"), .most = LIST_DEFAULT};
    enum rc rc = console_need_area(call, &list.area, err);

    arena_init(&list.arena, DESK_ARENA_BYTES);
    if (rc == RC_OK)
        rc = console_word(call, "kind", &list.kinds, err);
    if (rc == RC_OK)
        rc = console_number(call, "limit", CONSOLE_PAGE_ITEMS, LIST_DEFAULT, &list.most, err);
    if (rc == RC_OK)
        rc = read_after(&list, err);
    if (rc == RC_OK)
        rc =
            store_conflicts(call->seat.ledger->store, list.area,
                            list.has_after ? list.after.due_ms : INT64_MIN, list_visit, &list, err);
    arena_release(&list.arena);
    add_next(&list, json);
    if (rc == RC_OK)
        return console_reply(call, json, err);
    json_free(json);
    return rc;
}

/* ---- of one record ---- */

enum rc console_questions(struct console_call *call, struct err *err) {
    struct questions at = {.call = call};
    struct json *json = json_object();
    enum rc rc = log_frames_open(&at.frames, call->seat.ledger->store, err);

    if (rc == RC_OK)
        rc = console_seen(call, &at.seen, err);
    if (rc == RC_OK)
        rc = console_mask(call, console_param(call, "record"), &at.masked, err);
    if (rc == RC_OK) {
        console_tree(call, &at.seen.reading, at.masked, &at.tree);
        console_add_brief(call, json, &at.seen.stored);
        json_add_bool(json, "masked", at.masked);
        json_add_bool(json, "income", income_has_table(at.seen.reading.form));
        json_add_int(json, "position", at.seen.record.absorbed_count);
        rc = questions_add(&at, json_add_array(json, "items"), err);
    }
    log_frames_close(&at.frames);
    if (rc == RC_OK)
        return console_reply(call, json, err);
    json_free(json);
    return rc;
}

/* ---- an answer ---- */

/* One of these says what the answer is; "with" which one it is the same as. */
static enum rc read_answer(struct console_call *call, struct resolve_order *order,
                           struct err *err) {
    static const struct {
        const char *key;
        enum resolution answer;
        bool is_flag;
    } answers[] = {
        {"keep", RESOLUTION_KEEP, false},    {"value", RESOLUTION_VALUE, false},
        {"remove", RESOLUTION_REMOVE, true}, {"accept", RESOLUTION_ACCEPT, true},
        {"same", RESOLUTION_SAME, true},     {"different", RESOLUTION_DIFFER, true},
    };
    struct arena *arena = &call->seat.arena;
    const char *with = json_text_or(json_get(call->body, "with"), "");
    uint32_t count = 0;
    struct buf text;
    enum rc rc;

    buf_init(&text, CONSOLE_SMALL);
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const struct json *item = json_get(call->body, answers[i].key);
        bool yes = false;

        if (item == NULL || (answers[i].is_flag && (!json_bool(item, &yes) || !yes)))
            continue;
        count++;
        order->answer = answers[i].answer;
        if (!answers[i].is_flag && json_type(item) == JSON_TEXT)
            buf_add_view(&text, json_text(item));
        else if (!answers[i].is_flag)
            json_print(item, false, &text);
    }
    (void)json_bool(json_get(call->body, "both"), &order->both);
    rc = buf_check(&text, "the answer", err);
    if (rc == RC_OK && count != 1)
        rc = err_set(err, RC_INVALID,
                     "request: give one answer: keep, value, remove, accept, same or different");
    if (order->answer == RESOLUTION_KEEP || order->answer == RESOLUTION_VALUE)
        order->text = arena_text(arena, "%.*s", VIEW_PRINT(buf_view(&text)));
    else if (with[0] != '\0')
        order->text = arena_text(arena, "%c%s", order->answer == RESOLUTION_SAME ? '=' : '!', with);
    buf_release(&text);
    return rc == RC_OK ? arena_check(arena, "a request", err) : rc;
}

static enum rc read_order(struct console_call *call, struct resolve_order *order, struct err *err) {
    int64_t position = 0;
    enum rc rc = console_need(call, "path", &order->path, err);

    order->record = console_param(call, "record");
    if (json_int(json_get(call->body, "position"), &position) && position >= 0) {
        order->has_position = true;
        order->position = (uint64_t)position;
    }
    return rc == RC_OK ? read_answer(call, order, err) : rc;
}

static enum rc moved(struct console_call *call, enum rc rc, struct err *err) {
    return rc == RC_CONFLICT ? console_refuse(call, 409, "moved", err) : rc;
}

enum rc console_resolve(struct console_call *call, struct err *err) {
    struct resolve_order order = {0};
    struct resolved resolved;
    struct seen_record seen;
    struct speaker speaker;
    struct staff staff = {0};
    struct json *json;
    enum rc rc = console_seen(call, &seen, err);

    if (rc == RC_OK)
        rc = console_reason(call, &order.reason, err);
    if (rc == RC_OK)
        rc = read_order(call, &order, err);
    if (rc == RC_OK)
        rc = console_speaker(call, &staff, &speaker, err);
    if (rc == RC_OK)
        rc = resolve_record(&call->seat, &order, &staff, call->seat.who, &resolved, err);
    crypt_wipe(&staff, sizeof(staff));
    if (rc != RC_OK)
        return moved(call, rc, err);
    json = json_object();
    console_add_dot(json, "record", resolved.record);
    console_add_dot(json, "dot", resolved.made);
    return console_reply(call, json, err);
}

/* ---- what would follow ---- */

/* Benefits are published, so they are told; what they are made of stays masked. */
static enum rc add_income(struct console_call *call, struct json *json, const char *key,
                          const struct reading *reading, struct err *err) {
    struct date today = date_from_ms(env_wall_ms(call->seat.office->env));
    struct income_look *look = arena_alloc(&call->seat.arena, sizeof(*look));
    struct json *item;
    enum rc rc;

    if (look == NULL)
        return arena_check(&call->seat.arena, "a request", err);
    rc = income_see(reading, today, &call->seat.arena, look, err);
    if (rc == RC_INVALID || rc == RC_UNSUPPORTED) {
        item = json_add_object(json, key);
        json_add_bool(item, "decided", false);
        json_add_text(item, "why", err->text);
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    item = json_add_tree(json, key, income_document(look, call->exchange->request.lang, true));
    if (item != NULL && income_is_decided(look))
        json_add_decimal(item, "benefit",
                         (struct decimal){.mantissa = look->result.benefit_fen, .scale = 2});
    return item == NULL ? err_set(err, RC_NO_MEMORY, "out of memory") : RC_OK;
}

enum rc console_effect(struct console_call *call, struct err *err) {
    struct resolve_order order = {.reason = view_text("-")};
    struct seen_record seen, then;
    struct json *json = json_object();
    enum rc rc = console_seen(call, &seen, err);

    if (rc == RC_OK)
        rc = read_order(call, &order, err);
    if (rc == RC_OK && !income_has_table(seen.reading.form))
        rc = err_set(err, RC_UNSUPPORTED, "%s: what follows from this answer cannot be computed",
                     order.path);
    if (rc == RC_OK)
        rc = resolve_try(&call->seat, &order, &then, err);
    if (rc == RC_OK)
        rc = add_income(call, json, "before", &seen.reading, err);
    if (rc == RC_OK)
        rc = add_income(call, json, "after", &then.reading, err);
    if (rc == RC_OK)
        return console_reply(call, json, err);
    json_free(json);
    return moved(call, rc, err);
}
