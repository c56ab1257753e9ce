/* console_kept.c: what is in a change that was kept aside, so that whoever releases or returns it
 * knows what he does. Nothing of it counts yet, and of a record that began with it the county knows
 * nothing else: so it is read out of the log, by the form that its author filled. */
#include "schema/form/form_json.h"
#include "syncd/desk/console_seen.h"
#include "syncd/desk/history.h"
#include "syncd/desk/values.h"
#include "syncd/sync/quarantine.h"

#define VALUES_MAX 2000u /* of one change, of the greatest that tablets make */

struct kept {
    struct console_call *call;
    struct dot dot;
    bool found;
    struct stored_quarantine row;
    struct history history;
    struct json *json, *items;
    uint32_t count;
    bool told; /* who, when and why stands there */
    bool masked;
};

static enum rc row_visit(void *context, const struct stored_quarantine *row, struct err *err) {
    struct kept *at = context;

    (void)err;
    if (!dot_equal(row->dot, at->dot))
        return RC_OK;
    at->found = true;
    at->row = *row;
    return RC_NOT_FOUND;
}

static enum rc find_row(struct kept *at, struct err *err) {
    struct console_call *call = at->call;
    enum rc rc = dot_parse(view_text(console_param(call, "dot")), &at->dot, err);

    if (rc == RC_OK)
        rc = store_quarantine(call->seat.ledger->store, true, row_visit, at, err);
    if (rc == RC_OK &&
        !(at->found && console_holds(call, succession_of(&call->seat.ledger->areas, at->row.area))))
        rc = err_set(err, RC_NOT_FOUND, "%s: no such change was kept aside",
                     console_param(call, "dot"));
    return rc;
}

/* ---- what it says ---- */

/* "成员 · 工资": the groups around a field, outermost first. */
static void add_groups(const struct kept *at, struct json *item, const struct form *form,
                       const struct form_field *field) {
    const struct view language =
        view_text(at->call->exchange->request.lang == LANG_ZH ? "zh" : "en");
    const struct form_field *chain[FORM_DEPTH];
    struct json *list = json_add_array(item, "within");
    uint32_t depth = 0;

    while (field->parent != FORM_NO_PARENT && depth < FORM_DEPTH) {
        field = &form->fields[field->parent];
        chain[depth++] = field;
    }
    while (depth > 0) {
        const struct view *label = form_label(form, &chain[--depth]->label, language);

        json_add_view(list, NULL, label->size > 0 ? *label : chain[depth]->name);
    }
}

static void add_answer(const struct kept *at, struct json *item, const struct history_row *row) {
    const struct reading *reading = &at->history.seen.reading;
    const struct form_field *field =
        console_add_answer(at->call, item, reading, at->masked, row->entry->field, row->value);

    if (field == NULL)
        return;
    add_groups(at, item, reading->form, field);
    json_add_text(item, "type", field_type_name((enum field_type)field->type));
    if (at->masked && field->sensitive)
        json_add_bool(item, "masked", true);
}

static void tell_change(struct kept *at, const struct history_row *row) {
    at->told = true;
    json_add_text(at->json, "kind", desk_kind_name((enum change_kind)row->change->kind));
    json_add_view(at->json, "said", row->change->reason);
    console_add_time(at->json, "made", row->made_ms);
    console_add_time(at->json, "received", row->received_ms);
    json_add_int(at->json, "offline_ms",
                 row->received_ms > row->made_ms ? row->received_ms - row->made_ms : 0);
}

static enum rc value_visit(void *context, const struct history_row *row, struct err *err) {
    struct kept *at = context;
    struct json *item;

    (void)err;
    if (!dot_equal(row->change->dot, at->dot))
        return RC_OK;
    if (!at->told)
        tell_change(at, row);
    if (at->count++ >= VALUES_MAX)
        return RC_NOT_FOUND;
    item = json_add_object(at->items, NULL);
    json_add_view(item, "path", row->path);
    if (!instance_is_root(row->entry->instance)) {
        char name[INSTANCE_TEXT_BYTES];

        instance_text(row->entry->instance, name);
        json_add_text(item, "item", name);
    }
    if (row->entry->value.type == VALUE_NULL)
        json_add_null(item, "value");
    else
        json_add_view(item, "value", row->value);
    add_answer(at, item, row);
    return RC_OK;
}

/* Of a record that is not known, the form is what its author filled. */
static enum rc find_form(struct kept *at, struct err *err) {
    struct history *history = &at->history;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < history->count && rc == RC_OK; i++) {
        const struct log_frame *frame = NULL;
        const struct frame_change *item = NULL;
        const struct form *form = history->seen.reading.form;

        if (!dot_equal(history->changes[i].dot, at->dot))
            continue;
        rc = log_frames_change(&history->frames, &history->changes[i], &frame, &item, err);
        if (rc == RC_OK && form == NULL && !item->change.insane)
            rc = ledger_form(at->call->seat.ledger, item->change.form, &form, err);
        history->seen.reading.form = form;
        if (rc == RC_OK && form != NULL) {
            json_add_view(at->json, "form", form->name);
            json_add_view(
                at->json, "form_title",
                *form_label(form, &form->title,
                            view_text(at->call->exchange->request.lang == LANG_ZH ? "zh" : "en")));
        }
    }
    return rc;
}

static enum rc tell(struct kept *at, struct err *err) {
    struct console_call *call = at->call;
    char record[DOT_TEXT_BYTES], object[2 * DOT_TEXT_BYTES + 2];
    enum rc rc = find_row(at, err);

    if (rc != RC_OK)
        return rc;
    dot_text(at->row.record, record);
    snprintf(object, sizeof(object), "%s %s", record, console_param(call, "dot"));
    rc = console_mask(call, object, &at->masked, err);
    if (rc == RC_OK)
        rc = console_add_kept(call, at->json, &at->row, err);
    if (rc == RC_OK)
        rc = history_open(&call->seat, record, (struct view){0}, &at->history, err);
    if (rc == RC_OK)
        rc = find_form(at, err);
    json_add_bool(at->json, "masked", at->masked);
    at->items = json_add_array(at->json, "items");
    if (rc == RC_OK)
        rc = history_walk(&at->history, at->masked, call->exchange->request.lang, value_visit, at,
                          err);
    if (rc == RC_NOT_FOUND && at->count > VALUES_MAX) {
        err_clear(err);
        rc = RC_OK;
    }
    json_add_bool(at->json, "more", at->count > VALUES_MAX);
    return rc;
}

enum rc console_kept(struct console_call *call, struct err *err) {
    struct kept at = {.call = call, .json = json_object()};
    enum rc rc = tell(&at, err);

    history_close(&at.history);
    if (rc == RC_OK)
        return console_reply(call, at.json, err);
    json_free(at.json);
    return rc;
}
