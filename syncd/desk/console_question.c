/* console_question.c: see console_question.h.
 *
 * A side is a change: who made it and when by his clock as corrected, with which device and where,
 * when it came in, why, and with which photos. A group is one question with a value of each side
 * for each of its fields. Two items that may be the same stand beside each other with all their
 * answers. A proposal between two records names the other one. */
#include "syncd/desk/console_question.h"

#include "base/text.h"
#include "base/words.h"
#include "schema/resolution.h"
#include "syncd/desk/history.h"
#include "syncd/desk/values.h"

#define OPTIONS_MAX  1000u /* of a list, for a third value */
#define EVIDENCE_MAX 32u   /* of a side */

/* ---- the fields in question ---- */

static bool is_asked(const struct form_field *field, const struct conflict *conflict) {
    return conflict->kind == CONFLICT_GROUP ? field->merge_group == conflict->field
                                            : field->number == conflict->field;
}

/* For a third value: as the renderer of forms has it. */
static void add_options(struct questions *at, struct json *item, const struct form_field *field) {
    const struct form *form = at->seen.reading.form;
    const struct form_list *list;
    struct json *options;

    if (field->list == FORM_NO_LIST)
        return;
    list = &form->lists[field->list];
    options = json_add_array(item, "options");
    for (uint32_t i = 0; i < list->choice_count && i < OPTIONS_MAX; i++) {
        struct json *option = json_add_object(options, NULL);

        json_add_view(option, "value", list->choices[i].name);
        json_add_view(option, "label",
                      *form_label(form, &list->choices[i].label, at->tree.language));
    }
}

static void add_field(struct questions *at, struct json *list, struct instance_id instance,
                      const struct form_field *field) {
    struct json *item = json_add_object(list, NULL);

    answers_tree_path(&at->tree, item, instance, field->number);
    answers_tree_label(&at->tree, item, field);
    json_add_view(item, "hint",
                  *form_label(at->seen.reading.form, &field->hint, at->tree.language));
    json_add_text(item, "type", field_type_name((enum field_type)field->type));
    json_add_view(item, "appearance", field->appearance);
    json_add_text(item, "policy", policy_name((enum policy)field->policy));
    json_add_bool(item, "sensitive", field->sensitive);
    add_options(at, item, field);
}

static void add_fields(struct questions *at, struct json *list, const struct conflict *conflict) {
    const struct form *form = at->seen.reading.form;

    for (uint32_t i = 0; form != NULL && i < form->field_count; i++)
        if (is_asked(&form->fields[i], conflict) && form_field_holds_value(&form->fields[i]))
            add_field(at, list, conflict->instance, &form->fields[i]);
}

/* ---- a side ---- */

/* What the change of this side said about a field; NULL: nothing that still lives. */
static const struct version *said_by(const struct record *record, const struct version *side,
                                     uint16_t field) {
    uint32_t count;
    const struct version *versions = record_field(record, side->instance, field, &count);

    for (uint32_t i = 0; i < count; i++)
        if (versions[i].change == side->change && versions[i].replaced_count == 0)
            return &versions[i];
    return NULL;
}

static void add_said(struct questions *at, struct json *list, const struct version *version,
                     uint16_t number) {
    const struct form *form = at->seen.reading.form;
    const struct form_field *field = form == NULL ? NULL : form_field_by_number(form, number);
    struct json *item = json_add_object(list, NULL);
    char area[AREA_TEXT_BYTES];

    answers_tree_label(&at->tree, item, field);
    if (version == NULL || version->value.type == VALUE_NULL) {
        json_add_null(item, "value");
    } else if (version->value.type == VALUE_BYTES) { /* a removal, a seal */
        json_add_bool(item, "removed", value_is_cover(&version->value));
        json_add_null(item, "value");
    } else if (number == FIELD_AREA) {
        area_text((uint64_t)version->value.number, area);
        json_add_text(item, "value", area);
        json_add_view(
            item, "text",
            succession_name(&at->call->seat.ledger->areas, (uint64_t)version->value.number));
    } else {
        answers_tree_value(&at->tree, item, field, &version->value);
    }
}

static void add_values(struct questions *at, struct json *side, const struct conflict *conflict,
                       const struct version *version) {
    const struct form *form = at->seen.reading.form;
    struct json *list = json_add_array(side, "values");

    if (conflict->kind != CONFLICT_GROUP || form == NULL) {
        add_said(at, list, version, version->field);
        return;
    }
    for (uint32_t i = 0; i < form->field_count; i++)
        if (is_asked(&form->fields[i], conflict) && form_field_holds_value(&form->fields[i]))
            add_said(at, list, said_by(&at->seen.record, version, form->fields[i].number),
                     form->fields[i].number);
}

static void add_photo(struct questions *at, struct json *list, struct view hash,
                      bool is_sensitive) {
    struct json *item = console_add_attachment(at->call, list, NULL, hash);

    if (is_sensitive && item != NULL)
        json_add_bool(item, "sensitive", true);
}

/* Photos that the author gave as a reason, and those that he took for the same item. */
static void add_evidence(struct questions *at, struct json *side, const struct version *version,
                         const struct change *change) {
    const struct form *form = at->seen.reading.form;
    struct json *list = json_add_array(side, "evidence");
    bool is_sensitive = change != NULL && change_is_sensitive(change, form);
    uint32_t count = 0;

    for (uint32_t i = 0; change != NULL && !(at->masked && is_sensitive) &&
                         i < change->evidence_count && i < EVIDENCE_MAX;
         i++) {
        char hex[65];

        hex_encode(view_of(change->evidence[i], 32), hex);
        add_photo(at, list, view_text(hex), is_sensitive);
    }
    for (uint32_t i = 0; i < at->seen.record.version_count && count < EVIDENCE_MAX; i++) {
        const struct version *other = &at->seen.record.versions[i];
        const struct form_field *field =
            form == NULL ? NULL : form_field_by_number(form, other->field);

        if (other->change != version->change || field == NULL ||
            field->type != FIELD_TYPE_ATTACHMENT || other->value.type != VALUE_TEXT ||
            !instance_equal(other->instance, version->instance) || (at->masked && field->sensitive))
            continue;
        add_photo(at, list, other->value.bytes, field->sensitive);
        count++;
    }
}

/* *mine: the asker wrote it. */
static enum rc add_author(struct questions *at, struct json *side, const struct version *version,
                          bool *mine, struct err *err) {
    const struct absorbed *absorbed = &at->seen.record.absorbed[version->change];
    struct store *store = at->call->seat.ledger->store;
    struct stored_change indexed;
    const struct log_frame *frame = NULL;
    const struct frame_change *found = NULL;
    bool is_mine = false;
    enum rc rc = store_change(store, absorbed->dot, &indexed, err);

    if (rc == RC_OK)
        rc = log_frames_change(&at->frames, &indexed, &frame, &found, err);
    if (rc == RC_NOT_FOUND) /* erased, or of a state that came whole */
        err_clear(err);
    else if (rc != RC_OK)
        return rc;
    rc = console_add_person(at->call, side, "author", absorbed->person, err);
    if (rc == RC_OK && json_bool(json_get(json_get(side, "author"), "mine"), &is_mine) && is_mine)
        *mine = true;
    json_add_view(side, "device", history_device(&at->call->seat, absorbed->dot.actor));
    json_add_text(side, "change", desk_kind_name((enum change_kind)absorbed->kind));
    console_add_time(side, "made", absorbed->time_ms);
    if (frame != NULL) {
        int64_t waited = frame->stored.received_ms - absorbed->time_ms;

        console_add_area(at->call, side, "area", frame->stored.area);
        console_add_time(side, "received", frame->stored.received_ms);
        json_add_int(side, "offline_ms", waited > 0 ? waited : 0);
        json_add_view(side, "reason", found->change.reason);
    }
    add_evidence(at, side, version, found == NULL ? NULL : &found->change);
    return rc;
}

static enum rc add_sides(struct questions *at, struct json *item, const struct conflict *conflict,
                         bool *mine, struct err *err) {
    struct json *list = json_add_array(item, "sides");
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < conflict->version_count && rc == RC_OK; i++) {
        const struct version *version = conflict->versions[i];
        struct json *side = json_add_object(list, NULL);
        char dot[INSTANCE_TEXT_BYTES];

        version_text(version_name(&at->seen.record, version), dot);
        json_add_text(side, "dot", dot);
        add_values(at, side, conflict, version);
        rc = add_author(at, side, version, mine, err);
    }
    return rc;
}

/* Two items that may be one: all that is known of both. */
static void add_items(struct questions *at, struct json *item, const struct conflict *conflict) {
    const struct instance_id both[2] = {conflict->other, conflict->instance};
    struct json *list = json_add_array(item, "items");
    char id[INSTANCE_TEXT_BYTES];

    for (int i = 0; i < 2; i++) {
        struct json *one = json_add_object(list, NULL);
        struct json *values = json_add_array(one, "values");

        instance_text(both[i], id);
        json_add_text(one, "id", id);
        for (uint32_t k = 0; k < at->seen.reading.cell_count; k++) {
            const struct cell *cell = &at->seen.reading.cells[k];
            const struct form_field *field =
                at->seen.reading.form == NULL
                    ? NULL
                    : form_field_by_number(at->seen.reading.form, cell->field);
            struct json *value;

            if (field == NULL || cell->kind != CELL_VALUE ||
                !instance_equal(cell->instance, both[i]))
                continue;
            value = json_add_object(values, NULL);
            answers_tree_label(&at->tree, value, field);
            answers_tree_value(&at->tree, value, field, &cell->value);
        }
    }
}

/* ---- one question ---- */

struct due {
    const struct conflict *conflict;
    int64_t since_ms, due_ms;
};

static enum rc due_visit(void *context, const struct stored_conflict *row, struct err *err) {
    struct due *due = context;

    (void)err;
    if (row->kind != due->conflict->kind || row->field != due->conflict->field ||
        !instance_equal(row->instance, due->conflict->instance))
        return RC_OK;
    due->since_ms = row->since_ms;
    due->due_ms = row->due_ms;
    return RC_NOT_FOUND;
}

static void add_answers(struct questions *at, struct json *item, const struct conflict *conflict) {
    static const struct {
        enum resolution answer;
        const char *name;
    } answers[] = {{RESOLUTION_KEEP, "keep"},     {RESOLUTION_VALUE, "value"},
                   {RESOLUTION_REMOVE, "remove"}, {RESOLUTION_ACCEPT, "accept"},
                   {RESOLUTION_SAME, "same"},     {RESOLUTION_DIFFER, "different"}};
    struct json *list = json_add_array(item, "answers");
    bool is_list = conflict->kind == CONFLICT_FIELD || conflict->kind == CONFLICT_GROUP;

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        if (resolution_fits(answers[i].answer, conflict->kind) &&
            !(conflict->kind == CONFLICT_SAME && answers[i].answer == RESOLUTION_KEEP))
            json_add_text(list, NULL, answers[i].name);
    if (is_list && reading_instance(&at->seen.reading, conflict->instance) != NULL)
        json_add_text(list, NULL, "both");
}

/* In the form's words, unless they repeat what is masked. */
static struct view rule_words(const struct questions *at, const struct conflict *conflict) {
    if (conflict->message.size > 0 && !(at->masked && conflict->tells))
        return conflict->message;
    return view_text(conflict->rule == NULL ? "" : words(at->tree.lang, conflict->rule));
}

static enum rc add_question(struct questions *at, struct json *list,
                            const struct conflict *conflict, struct err *err) {
    struct json *item = json_add_object(list, NULL);
    uint16_t field = conflict->kind == CONFLICT_SAME ? (uint16_t)FIELD_SAME : conflict->field;
    const struct form *form = at->seen.reading.form;
    bool mine = false, may = role_may(at->call->role, ABILITY_RESOLVE);
    struct due due = {.conflict = conflict};
    enum rc rc = store_record_conflicts(at->call->seat.ledger->store, at->seen.stored.id, due_visit,
                                        &due, err);

    json_add_text(item, "kind", conflict_kind_name((enum conflict_kind)conflict->kind));
    answers_tree_path(&at->tree, item, conflict->instance, field);
    if (form != NULL && conflict->field >= FIELD_FIRST_OF_FORM)
        answers_tree_label(&at->tree, item, form_field_by_number(form, conflict->field));
    console_add_time(item, "since", due.since_ms);
    console_add_time(item, "due", due.due_ms);
    if (conflict->kind == CONFLICT_SOFT)
        json_add_view(item, "rule", rule_words(at, conflict));
    if (conflict->kind == CONFLICT_SAME)
        add_items(at, item, conflict);
    add_fields(at, json_add_array(item, "fields"), conflict);
    if (rc == RC_OK)
        rc = add_sides(at, item, conflict, &mine, err);
    add_answers(at, item, conflict);
    /* Four eyes: what breaks a rule may be accepted by its author, what contradicts may not be
     * decided by one of those who do. */
    mine = mine && conflict->kind != CONFLICT_SOFT && conflict->kind != CONFLICT_SAME;
    json_add_bool(item, "may", may && !mine);
    json_add_text(item, "why", !may ? "role" : mine ? "mine" : "");
    return rc;
}

/* ---- proposals between records ---- */

struct pairs {
    struct questions *at;
    struct json *list;
};

static enum rc pair_visit(void *context, const struct stored_conflict *row, struct err *err) {
    struct pairs *pairs = context;
    struct questions *at = pairs->at;
    struct dot other = {row->other_actor, row->other_number};
    struct stored_record stored;
    struct json *item, *answers;
    bool may = role_may(at->call->role, ABILITY_RESOLVE);
    enum rc rc;

    if (row->kind != CONFLICT_SAME || other.number == 0)
        return RC_OK;
    rc = store_record(at->call->seat.ledger->store, other, &at->call->seat.arena, &stored, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    item = json_add_object(pairs->list, NULL);
    json_add_text(item, "kind", "same");
    json_add_text(item, "path", "@same");
    console_add_time(item, "since", row->since_ms);
    console_add_time(item, "due", row->due_ms);
    console_add_brief(at->call, json_add_object(item, "other"), &stored);
    answers = json_add_array(item, "answers");
    json_add_text(answers, NULL, "same");
    json_add_text(answers, NULL, "different");
    json_add_array(item, "fields");
    json_add_array(item, "sides");
    json_add_bool(item, "may", may);
    json_add_text(item, "why", may ? "" : "role");
    return RC_OK;
}

enum rc questions_add(struct questions *at, struct json *list, struct err *err) {
    struct pairs pairs = {at, list};
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < at->seen.reading.conflict_count && rc == RC_OK; i++)
        rc = add_question(at, list, &at->seen.reading.conflicts[i], err);
    return rc == RC_OK ? store_record_conflicts(at->call->seat.ledger->store, at->seen.stored.id,
                                                pair_visit, &pairs, err)
                       : rc;
}
