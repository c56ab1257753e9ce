/* resolve.c: see resolve.h.
 *
 * Where both are kept, up to three changes are made in one step: the resolution, which keeps one
 * side; an edit that adds an instance with what stood beside it and the other side's values; and,
 * where the form would propose the two as one, the answer that they are two. */
#include "syncd/desk/resolve.h"

#include "base/text.h"
#include "syncd/sync/author.h"

#define SIDES_MAX  256u
#define COPIES_MAX LIMIT_FORM_FIELDS

struct question {
    uint8_t kind;
    struct instance_id instance, other;
    uint16_t field;
    uint32_t side_count;
    struct version_id sides[SIDES_MAX];
    struct dot twin; /* a proposal between records: the older one; number 0: inside the record */
};

/* An answer that a new instance takes over. */
struct copied {
    uint16_t field;
    uint8_t rank;
    struct value value;
};

struct decision {
    struct seat *seat;
    const struct resolve_order *order;
    const char *path;
    enum resolution answer;
    const char *text;
    const struct staff *staff;
    const char *who;
    struct seen_record seen;
    /* both: the instance that stays, and what the one at hand gets */
    struct instance_id parent, made_instance;
    uint16_t repeat;
    struct copied *copies[SIDES_MAX]; /* of each side but the kept one */
    uint32_t copy_count[SIDES_MAX], copy_sides, at;
    struct instance_id instance;
    uint16_t field;
    struct question question;
    struct dot record; /* whose change it is: of a pair, the younger */
    struct dot made;
};

/* --- what is asked --- */

/* Of several proposals about one instance the answer may name the other. */
static bool names_other(const struct decision *decision, const struct conflict *conflict) {
    char other[INSTANCE_TEXT_BYTES];

    if (decision->text == NULL ||
        (decision->answer != RESOLUTION_SAME && decision->answer != RESOLUTION_DIFFER))
        return true;
    instance_text(conflict->other, other);
    return strcmp(decision->text + 1, other) == 0;
}

static enum rc take_question(const struct record *record, const struct conflict *conflict,
                             struct question *out, struct err *err) {
    *out = (struct question){.kind = conflict->kind,
                             .instance = conflict->instance,
                             .other = conflict->other,
                             .field = conflict->field,
                             .side_count = conflict->version_count};
    if (conflict->version_count > SIDES_MAX)
        return err_set(err, RC_LIMIT, "a conflict has at most %u sides", SIDES_MAX);
    for (uint32_t i = 0; i < conflict->version_count; i++)
        out->sides[i] = version_name(record, conflict->versions[i]);
    return RC_OK;
}

struct find_twin {
    struct dot record, wanted; /* wanted.number 0: any */
    struct dot younger, older;
    uint32_t count;
};

static enum rc twin_visit(void *context, const struct stored_conflict *row, struct err *err) {
    struct find_twin *find = context;
    struct dot older = {row->other_actor, row->other_number};
    struct dot twin = dot_equal(row->record, find->record) ? older : row->record;

    (void)err;
    if (older.number == 0 || (find->wanted.number != 0 && !dot_equal(twin, find->wanted)))
        return RC_OK;
    find->younger = row->record;
    find->older = older;
    find->count++;
    return RC_OK;
}

/* A proposal between two records stands in the list of conflicts, at the younger one. */
static enum rc find_pair(struct decision *decision, struct err *err) {
    struct find_twin find = {.record = decision->seen.stored.id};
    struct store *store = decision->seat->ledger->store;
    enum rc rc = RC_OK;

    if (decision->text != NULL)
        rc = dot_parse(view_text(decision->text + 1), &find.wanted, err);
    if (rc == RC_OK)
        rc = store_record_conflicts(store, find.record, twin_visit, &find, err);
    if (rc == RC_OK)
        rc = store_proposals(store, find.record, twin_visit, &find, err);
    if (rc != RC_OK)
        return rc;
    if (find.count == 0)
        return err_set(err, RC_NOT_FOUND, "%s: nothing is proposed here; see: yg-syncd conflicts",
                       decision->path);
    if (find.count > 1)
        return err_set(err, RC_INVALID,
                       "%s: several records are proposed; name one: --value =ID or --value !ID",
                       decision->path);
    decision->record = find.younger;
    decision->question = (struct question){.kind = CONFLICT_SAME, .twin = find.older};
    return RC_OK;
}

static enum rc find_question(struct decision *decision, struct err *err) {
    const struct reading *reading = &decision->seen.reading;
    bool other = false;
    enum rc rc = answers_path(reading->form, reading, view_text(decision->path),
                              &decision->instance, &decision->field, err);

    if (rc != RC_OK)
        return rc;
    for (uint32_t i = 0; i < reading->conflict_count; i++) {
        const struct conflict *conflict = &reading->conflicts[i];

        if (!conflict_stands_at(conflict, reading->form, decision->instance, decision->field))
            continue;
        if (resolution_fits(decision->answer, conflict->kind) && names_other(decision, conflict))
            return take_question(&decision->seen.record, conflict, &decision->question, err);
        if (decision->answer == RESOLUTION_VALUE && conflict->kind == CONFLICT_REMOVED &&
            strcmp(decision->text, "remove") == 0) {
            decision->answer = RESOLUTION_REMOVE;
            return take_question(&decision->seen.record, conflict, &decision->question, err);
        }
        other = true;
    }
    if (decision->field == FIELD_SAME && instance_is_root(decision->instance) &&
        (decision->answer == RESOLUTION_SAME || decision->answer == RESOLUTION_DIFFER))
        return find_pair(decision, err);
    if (other)
        return err_set(err, RC_INVALID,
                       "%s: this question takes another answer; see: yg-syncd resolve --help",
                       decision->path);
    return err_set(err, RC_NOT_FOUND, "%s: there is no open question here; see: yg-syncd conflicts",
                   decision->path);
}

/* --- the answer, in the writer --- */

static enum rc moved_on(const struct decision *decision, struct err *err) {
    return err_set(err, RC_CONFLICT,
                   "%s: the record has moved on; look at it again and decide anew", decision->path);
}

/* The same question in the state as it is now, side by side. */
static enum rc same_question(const struct decision *decision, const struct edit *edit,
                             const struct conflict **out, struct err *err) {
    const struct question *asked = &decision->question;

    for (uint32_t i = 0; i < edit->reading->conflict_count; i++) {
        const struct conflict *open = &edit->reading->conflicts[i];
        bool same = open->kind == asked->kind && open->field == asked->field &&
                    instance_equal(open->instance, asked->instance) &&
                    instance_equal(open->other, asked->other) &&
                    open->version_count == asked->side_count;

        for (uint32_t k = 0; same && k < asked->side_count; k++)
            same = version_id_compare(version_name(edit->state, open->versions[k]),
                                      asked->sides[k]) == 0;
        if (same) {
            *out = open;
            return RC_OK;
        }
    }
    return moved_on(decision, err);
}

/* Whoever keeps the side that is the removal wants the removal to stand. */
static bool is_removal(const struct edit *edit, const struct conflict *open,
                       struct version_id wanted) {
    for (uint32_t i = 0; i < open->version_count && open->kind == CONFLICT_REMOVED; i++)
        if (version_id_compare(version_name(edit->state, open->versions[i]), wanted) == 0)
            return value_is_cover(&open->versions[i]->value);
    return false;
}

/* A side by its dot. Of a removal any other dot keeps the instance: they all do. */
static enum rc keep(const struct decision *decision, struct edit *edit, const struct conflict *open,
                    struct err *err) {
    struct version_id wanted;
    bool found = open->kind == CONFLICT_REMOVED;
    enum rc rc = version_parse(view_text(decision->text), &wanted, err);

    if (rc != RC_OK)
        return err_prefix(err, "--keep %.60s: ", decision->text);
    for (uint32_t i = 0; i < open->version_count && !found; i++)
        found = version_id_compare(version_name(edit->state, open->versions[i]), wanted) == 0 ||
                (open->kind == CONFLICT_GROUP &&
                 dot_equal(version_name(edit->state, open->versions[i]).dot, wanted.dot));
    if (!found)
        return err_set(err, RC_CONFLICT,
                       "--keep %s: this is not one of the sides, or the record has moved on; see: "
                       "yg-syncd show",
                       decision->text);
    return is_removal(edit, open, wanted) ? edit_resolve_remove(edit, open, err)
                                          : edit_resolve_keep(edit, open, wanted, err);
}

static enum rc parse_answer(const struct edit *edit, const struct form_field *field,
                            struct view text, struct value *out, struct err *err) {
    return form_value_parse(edit->form, field, text, edit->arena, out, err);
}

/* Of what is decided together, what all sides say alike need not be said again. Where they differ,
 * edit_finish asks for it. What is written later counts. */
static enum rc keep_agreed(struct edit *edit, const struct conflict *open, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < edit->form->field_count && rc == RC_OK; i++) {
        const struct form_field *field = &edit->form->fields[i];
        const struct cell *cell;
        bool agreed;

        if (field->merge_group != open->field)
            continue;
        cell = reading_cell(edit->reading, open->instance, field->number);
        /* Whoever did not write it wrote null. */
        agreed = cell != NULL && cell->version_count == open->version_count;
        for (uint32_t k = 1; agreed && k < cell->version_count; k++)
            agreed = value_equal(&cell->versions[0]->value, &cell->versions[k]->value);
        if (agreed)
            rc = edit_set(edit, open->instance, field->number, &cell->versions[0]->value,
                          cell->versions[0]->rank, err);
    }
    return rc;
}

/* A group is answered as a whole: by the value of the field in question where the sides agree on
 * the rest, or by {"field": "value", ...}, names as in show or their last step. */
static enum rc group_value(const struct decision *decision, struct edit *edit,
                           const struct conflict *open, struct err *err) {
    const struct form_field *asked = form_field_by_number(edit->form, decision->field);
    struct json *object = NULL;
    size_t used = 0;
    enum rc rc = keep_agreed(edit, open, err);

    if (rc != RC_OK)
        return rc;
    if (asked != NULL && decision->text[0] != '{') {
        struct value value;

        rc = parse_answer(edit, asked, view_text(decision->text), &value, err);
        if (rc == RC_OK)
            rc = edit_set(edit, open->instance, asked->number, &value, asked->rank, err);
        return rc == RC_OK ? RC_OK : err_prefix(err, "--value: ");
    }
    rc = json_parse(view_text(decision->text), JSON_LIMITS_DEFAULT, &object, err);
    if (rc != RC_OK || json_type(object) != JSON_OBJECT) {
        json_free(object);
        return err_set(err, RC_INVALID,
                       "--value: these fields are decided together; write all of them, as "
                       "'{\"field\": \"value\", ...}', or use --keep DOT");
    }
    for (uint32_t i = 0; i < edit->form->field_count && rc == RC_OK; i++) {
        const struct form_field *field = &edit->form->fields[i];
        const struct json *item;
        char path[LIMIT_PATH_BYTES + 1], last[LIMIT_NAME_BYTES + 1];
        struct value value;
        struct buf text;

        if (field->merge_group != open->field)
            continue;
        snprintf(path, sizeof(path), "%.*s", VIEW_PRINT(field->path));
        snprintf(last, sizeof(last), "%.*s", VIEW_PRINT(field->name));
        item = json_get(object, path) != NULL ? json_get(object, path) : json_get(object, last);
        if (item == NULL)
            continue; /* edit_finish says so, where it has been answered */
        used++;
        buf_init(&text, LIMIT_VALUE_BYTES);
        if (json_type(item) != JSON_NULL)
            json_as_text(item, &text);
        rc = buf_check(&text, "--value", err);
        if (rc == RC_OK)
            rc = parse_answer(edit, field, arena_view(edit->arena, buf_view(&text)), &value, err);
        if (rc == RC_OK)
            rc = edit_set(edit, open->instance, field->number, &value, field->rank, err);
        buf_release(&text);
    }
    if (rc == RC_OK && used != json_count(object))
        rc = err_set(err, RC_INVALID, "--value: only fields of this group belong here");
    json_free(object);
    return rc;
}

static enum rc third_value(const struct decision *decision, struct edit *edit,
                           const struct conflict *open, struct err *err) {
    const struct form_field *field = NULL;
    struct value value;
    uint64_t area = 0;
    enum rc rc;

    if (open->kind == CONFLICT_GROUP) {
        if (reading_wrote_side(edit->reading, open, edit->change.person))
            return err_set(err, RC_DENIED,
                           "conflict: whoever wrote one side may not decide; ask somebody else");
        return group_value(decision, edit, open, err);
    }
    if (open->kind == CONFLICT_AREA) {
        rc = area_parse(view_text(decision->text), &area, err);
        value = value_of_int((int64_t)area);
    } else {
        field = form_field_by_number(edit->form, open->field);
        if (field == NULL)
            return err_set(err, RC_INVALID, "--value: the form has no such field; use --keep DOT");
        rc = parse_answer(edit, field, view_text(decision->text), &value, err);
    }
    if (rc != RC_OK)
        return err_prefix(err, "--value: ");
    return edit_resolve_value(edit, open, &value, err);
}

static enum rc same_answer(const struct decision *decision, struct edit *edit, struct err *err) {
    char answer[INSTANCE_TEXT_BYTES + 1] = {decision->answer == RESOLUTION_SAME ? '=' : '!'};

    if (decision->question.twin.number != 0)
        dot_text(decision->question.twin, answer + 1);
    else
        instance_text(decision->question.other, answer + 1);
    return edit_same(edit, decision->question.instance, view_text(answer), err);
}

static enum rc build(void *context, struct edit *edit, struct err *err) {
    const struct decision *decision = context;
    const struct conflict *open = NULL;
    enum rc rc;

    if (decision->question.twin.number != 0)
        return same_answer(decision, edit, err);
    rc = same_question(decision, edit, &open, err);
    if (rc != RC_OK)
        return rc;
    switch (decision->answer) {
    case RESOLUTION_KEEP:
        return keep(decision, edit, open, err);
    case RESOLUTION_VALUE:
        return third_value(decision, edit, open, err);
    case RESOLUTION_REMOVE:
        return edit_resolve_remove(edit, open, err);
    case RESOLUTION_ACCEPT:
        return edit_accept(edit, open, err);
    case RESOLUTION_SAME:
    case RESOLUTION_DIFFER:
        break;
    }
    return same_answer(decision, edit, err);
}

/* --- both are kept --- */

static bool is_of_conflict(const struct form_field *field, const struct conflict *open) {
    return open->kind == CONFLICT_GROUP ? field->merge_group == open->field
                                        : field->number == open->field;
}

/* What the change of this side said about the field; NULL: nothing. */
static const struct version *said_by(const struct record *record, const struct version *side,
                                     uint16_t field) {
    uint32_t count;
    const struct version *versions = record_field(record, side->instance, field, &count);

    for (uint32_t i = 0; i < count; i++)
        if (versions[i].change == side->change && versions[i].replaced_count == 0)
            return &versions[i];
    return NULL;
}

static enum rc copy_value(struct decision *decision, struct arena *arena, uint16_t field,
                          uint8_t rank, const struct value *value, struct err *err) {
    uint32_t at = decision->copy_sides;
    struct copied *copy;

    if (value->type == VALUE_NULL || value->type == VALUE_ERASED)
        return RC_OK;
    if (decision->copies[at] == NULL)
        decision->copies[at] = arena_array(arena, COPIES_MAX, sizeof(struct copied));
    if (decision->copies[at] == NULL)
        return arena_check(arena, "a decision", err);
    if (decision->copy_count[at] == COPIES_MAX)
        return err_set(err, RC_LIMIT, "this item has too many answers to be kept twice");
    copy = &decision->copies[at][decision->copy_count[at]++];
    *copy = (struct copied){.field = field, .rank = rank, .value = *value};
    copy->value.bytes = arena_view(arena, value->bytes);
    return arena_check(arena, "a decision", err);
}

static enum rc copy_side(struct decision *decision, const struct edit *edit,
                         const struct conflict *open, const struct version *side, struct err *err) {
    const struct reading *reading = edit->reading;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < edit->form->field_count && rc == RC_OK; i++) {
        const struct form_field *field = &edit->form->fields[i];
        const struct cell *cell = reading_cell(reading, open->instance, field->number);
        const struct version *said;

        if (is_of_conflict(field, open)) {
            said = open->kind == CONFLICT_GROUP ? said_by(edit->state, side, field->number) : side;
            if (said != NULL)
                rc =
                    copy_value(decision, edit->arena, field->number, said->rank, &said->value, err);
            continue;
        }
        if (cell == NULL || (cell->kind != CELL_VALUE && cell->kind != CELL_SET))
            continue;
        for (uint32_t k = 0; k < (cell->kind == CELL_SET ? cell->version_count : 1) && rc == RC_OK;
             k++)
            rc = copy_value(decision, edit->arena, field->number, cell->versions[k]->rank,
                            cell->kind == CELL_SET ? &cell->versions[k]->value : &cell->value, err);
    }
    decision->copy_sides++;
    return rc;
}

/* Before the resolution is made: afterwards the other sides are gone. */
static enum rc copy_others(struct decision *decision, const struct edit *edit,
                           const struct conflict *open, struct err *err) {
    const struct seen_instance *seen = reading_instance(edit->reading, open->instance);
    struct version_id kept;
    enum rc rc = version_parse(view_text(decision->text), &kept, err);

    if (rc != RC_OK)
        return rc;
    if (seen == NULL || (open->kind != CONFLICT_FIELD && open->kind != CONFLICT_GROUP))
        return err_set(err, RC_INVALID,
                       "%s: only an item of a list can be kept twice; choose one, or write what "
                       "is right",
                       decision->path);
    decision->parent = seen->parent;
    decision->repeat = seen->repeat;
    decision->copy_sides = 0;
    for (uint32_t i = 0; i < open->version_count && rc == RC_OK; i++) {
        struct version_id name = version_name(edit->state, open->versions[i]);

        if (open->kind == CONFLICT_GROUP ? !dot_equal(name.dot, kept.dot)
                                         : version_id_compare(name, kept) != 0)
            rc = copy_side(decision, edit, open, open->versions[i], err);
    }
    return rc;
}

static enum rc build_second(void *context, struct edit *edit, struct err *err) {
    struct decision *decision = context;
    enum rc rc =
        edit_add_instance(edit, decision->repeat, decision->parent, &decision->made_instance, err);

    for (uint32_t i = 0; i < decision->copy_count[decision->at] && rc == RC_OK; i++) {
        const struct copied *copy = &decision->copies[decision->at][i];

        rc = edit_set(edit, decision->made_instance, copy->field, &copy->value, copy->rank, err);
    }
    return rc;
}

static enum rc build_two(void *context, struct edit *edit, struct err *err) {
    const struct decision *decision = context;
    char answer[INSTANCE_TEXT_BYTES + 1] = "!";

    instance_text(decision->instance, answer + 1);
    return edit_same(edit, decision->made_instance, view_text(answer), err);
}

static bool has_key(const struct form *form, uint16_t repeat) {
    for (uint32_t i = 0; form != NULL && i < form->field_count; i++) {
        const struct form_field *field = &form->fields[i];

        if (field->key && field->repeat != FORM_NO_PARENT &&
            form->fields[field->repeat].number == repeat)
            return true;
    }
    return false;
}

/* --- in the writer --- */

static enum rc build_one(void *context, struct edit *edit, struct err *err) {
    struct decision *decision = context;
    const struct conflict *open = NULL;
    enum rc rc = RC_OK;

    if (decision->order->both) {
        rc = same_question(decision, edit, &open, err);
        if (rc == RC_OK)
            rc = copy_others(decision, edit, open, err);
    }
    return rc == RC_OK ? build(decision, edit, err) : rc;
}

static enum rc make_seconds(struct decision *decision, struct work *work,
                            struct author_request *request, struct err *err) {
    bool sealed = decision->seen.reading.sealed_scopes != 0;
    struct dot made;
    enum rc rc = RC_OK;

    for (decision->at = 0; decision->at < decision->copy_sides && rc == RC_OK; decision->at++) {
        request->kind = sealed ? CHANGE_AMEND : CHANGE_EDIT;
        request->build = build_second;
        rc = author_change(work, request, &made, err);
        if (rc != RC_OK || !has_key(decision->seen.reading.form, decision->repeat))
            continue;
        request->kind = CHANGE_SAME;
        request->build = build_two;
        rc = author_change(work, request, &made, err);
    }
    return rc;
}

static enum rc decide(void *context, struct work *work, struct err *err) {
    struct decision *decision = context;
    struct author_request request = {
        .record = decision->record,
        .kind = resolution_change(decision->answer),
        .person = decision->staff->person,
        .person_secret = decision->staff->secret_key,
        .reason = decision->order->reason,
        .build = build_one,
        .context = decision,
    };
    char object[DOT_TEXT_BYTES + 1024], id[DOT_TEXT_BYTES];
    enum rc rc = author_change(work, &request, &decision->made, err);

    if (rc == RC_OK && decision->order->both)
        rc = make_seconds(decision, work, &request, err);
    if (rc != RC_OK)
        return rc;
    dot_text(decision->record, id);
    snprintf(object, sizeof(object), "%s %s", id, decision->path);
    return work_act(work, decision->who, "resolve", object, decision->order->reason, err);
}

/* --- what the callers want --- */

static enum rc look(struct seat *seat, const struct resolve_order *order, struct decision *decision,
                    struct err *err) {
    enum rc rc;

    decision->seat = seat;
    decision->order = order;
    decision->path = order->path;
    decision->answer = order->answer;
    decision->text = order->text;
    if (order->both && order->answer != RESOLUTION_KEEP)
        return err_set(err, RC_INVALID, "%s: to keep both, say which one stays as it is",
                       order->path);
    rc = seat_record(seat, order->record, &decision->seen, err);
    if (rc != RC_OK)
        return rc;
    decision->record = decision->seen.stored.id;
    if (order->has_position && order->position != decision->seen.record.absorbed_count)
        return moved_on(decision, err);
    return find_question(decision, err);
}

static struct decision *decision_new(struct seat *seat) {
    struct decision *decision = arena_alloc(&seat->arena, sizeof(*decision));

    if (decision != NULL)
        memset(decision, 0, sizeof(*decision));
    return decision;
}

enum rc resolve_record(struct seat *seat, const struct resolve_order *order,
                       const struct staff *staff, const char *who, struct resolved *out,
                       struct err *err) {
    struct decision *decision = decision_new(seat);
    enum rc rc;

    if (decision == NULL)
        return arena_check(&seat->arena, "a decision", err);
    rc = look(seat, order, decision, err);
    decision->staff = staff;
    decision->who = who;
    if (rc == RC_OK)
        rc = office_act(seat->office, decide, decision, err);
    *out = (struct resolved){decision->record, decision->made};
    return rc;
}

/* The change that the answer would be, merged into a copy of the state: by nobody, since who
 * decides has no say in what follows. */
enum rc resolve_try(struct seat *seat, const struct resolve_order *order, struct seen_record *out,
                    struct err *err) {
    static const struct dot nobody = {1, 1};
    struct decision *decision = decision_new(seat);
    struct change change;
    struct edit edit;
    enum rc rc;

    if (decision == NULL)
        return arena_check(&seat->arena, "a decision", err);
    rc = look(seat, order, decision, err);
    if (rc == RC_OK && (order->both || decision->question.twin.number != 0 ||
                        decision->answer == RESOLUTION_ACCEPT))
        rc = err_set(err, RC_UNSUPPORTED, "%s: what follows from this answer cannot be computed",
                     order->path);
    if (rc == RC_OK)
        rc = edit_start(&edit, resolution_change(decision->answer), nobody, 0,
                        decision->seen.reading.form, &decision->seen.record,
                        &decision->seen.reading, &seat->arena, err);
    if (rc == RC_OK)
        rc = build(decision, &edit, err);
    if (rc == RC_OK)
        rc = edit_finish(&edit, view_text("-"), &change, err);
    if (rc != RC_OK)
        return rc;
    change.dot = nobody;
    change.record = decision->seen.stored.id;
    change.form = decision->seen.reading.form->id;
    change.wall_ms = env_wall_ms(seat->office->env);
    change.lamport = record_lamport(&decision->seen.record) + 1;
    *out = decision->seen;
    rc = merge_apply(&decision->seen.record, &change, (struct admission){change.wall_ms, false},
                     &seat->arena, &out->record, err);
    return rc == RC_OK ? ledger_see(seat->ledger, &out->record, &seat->arena, &out->reading, err)
                       : rc;
}
