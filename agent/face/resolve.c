/* resolve.c: answers an open question of a record.
 *
 * One place may have several questions at once (two values, and a broken rule about them), so the
 * kind of answer chooses among them: --same and --different answer a proposal, --accept a broken
 * rule, --keep, --value and --remove the rest. */
#include "agent/face/draft.h"
#include "base/text.h"
#include "schema/form/answers.h"
#include "schema/resolution.h"

static const char *const answer_options[] = {
    [RESOLUTION_KEEP] = "--keep",     [RESOLUTION_VALUE] = "--value",
    [RESOLUTION_REMOVE] = "--remove", [RESOLUTION_ACCEPT] = "--accept",
    [RESOLUTION_SAME] = "--same",     [RESOLUTION_DIFFER] = "--different",
};
#define ANSWERS (sizeof(answer_options) / sizeof(answer_options[0]))

static enum rc which_answer(const struct command *command, enum resolution *out, struct err *err) {
    size_t given = 0;

    for (size_t i = 0; i < ANSWERS; i++) {
        if (command_option(command, answer_options[i]) != NULL) {
            *out = (enum resolution)i;
            given++;
        }
    }
    if (given != 1)
        return err_set(err, RC_USAGE,
                       "resolve: give one answer: --keep DOT, --value V, --remove, --accept, "
                       "--same or --different");
    return RC_OK;
}

static enum rc find_conflict(const struct draft *draft, const char *path, enum resolution answer,
                             const struct conflict **out, uint16_t *field, struct err *err) {
    const struct reading *reading = &draft->seen.reading;
    struct instance_id instance;
    bool other = false;
    enum rc rc = answers_path(draft->seen.form, reading, view_text(path), &instance, field, err);

    if (rc != RC_OK)
        return rc;
    for (uint32_t i = 0; i < reading->conflict_count; i++) {
        const struct conflict *conflict = &reading->conflicts[i];

        if (!conflict_stands_at(conflict, draft->seen.form, instance, *field))
            continue;
        if (resolution_fits(answer, conflict->kind)) {
            *out = conflict;
            return RC_OK;
        }
        other = true;
    }
    if (other)
        return err_set(err, RC_INVALID,
                       "%s: the open question here is not answered by %s; see: yg-agent conflicts",
                       path, answer_options[answer]);
    return err_set(err, RC_NOT_FOUND, "%s: there is no open question; see: yg-agent conflicts",
                   path);
}

/* Whoever keeps the side that is the removal wants the removal to stand. */
static bool is_removal(const struct draft *draft, const struct conflict *conflict,
                       struct version_id wanted) {
    for (uint32_t i = 0; i < conflict->version_count && conflict->kind == CONFLICT_REMOVED; i++)
        if (version_id_compare(version_name(&draft->seen.record, conflict->versions[i]), wanted) ==
            0)
            return value_is_cover(&conflict->versions[i]->value);
    return false;
}

/* A side by its dot. Of a removal any other dot keeps the instance: they all do. */
static enum rc keep(struct draft *draft, const struct conflict *conflict, const char *text,
                    struct err *err) {
    struct version_id wanted;
    bool found = conflict->kind == CONFLICT_REMOVED;
    enum rc rc = version_parse(view_text(text), &wanted, err);

    if (rc != RC_OK)
        return err_prefix(err, "--keep %.60s: ", text);
    for (uint32_t i = 0; i < conflict->version_count && !found; i++) {
        struct version_id side = version_name(&draft->seen.record, conflict->versions[i]);

        found = version_id_compare(side, wanted) == 0 ||
                (conflict->kind == CONFLICT_GROUP && dot_equal(side.dot, wanted.dot));
    }
    if (!found)
        return err_set(err, RC_NOT_FOUND,
                       "--keep %s: is not one of the sides; see: yg-agent conflicts %s", text,
                       draft->visit.command->words[0]);
    return is_removal(draft, conflict, wanted)
               ? edit_resolve_remove(&draft->edit, conflict, err)
               : edit_resolve_keep(&draft->edit, conflict, wanted, err);
}

/* What all sides of a group say alike need not be said again; where they differ, edit_finish asks
 * for it. */
static enum rc keep_agreed(struct draft *draft, const struct conflict *conflict, struct err *err) {
    const struct form *form = draft->seen.form;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < form->field_count && rc == RC_OK; i++) {
        const struct form_field *field = &form->fields[i];
        const struct cell *cell;
        bool agreed;

        if (field->merge_group != conflict->field)
            continue;
        cell = reading_cell(&draft->seen.reading, conflict->instance, field->number);
        /* Whoever did not write it wrote null. */
        agreed = cell != NULL && cell->version_count == conflict->version_count;
        for (uint32_t k = 1; agreed && k < cell->version_count; k++)
            agreed = value_equal(&cell->versions[0]->value, &cell->versions[k]->value);
        if (agreed)
            rc = edit_set(&draft->edit, conflict->instance, field->number,
                          &cell->versions[0]->value, cell->versions[0]->rank, err);
    }
    return rc;
}

static enum rc set_field(struct draft *draft, const struct conflict *conflict,
                         const struct form_field *field, struct view text, struct err *err) {
    struct value value;
    enum rc rc = form_value_parse(draft->seen.form, field, text, &draft->visit.arena, &value, err);

    return rc == RC_OK
               ? edit_set(&draft->edit, conflict->instance, field->number, &value, field->rank, err)
               : rc;
}

/* The field of the group with that path or last step. */
static const struct form_field *group_field(const struct form *form, uint16_t group,
                                            const char *name) {
    for (uint32_t i = 0; i < form->field_count; i++)
        if (form->fields[i].merge_group == group &&
            (view_is(form->fields[i].path, name) || view_is(form->fields[i].name, name)))
            return &form->fields[i];
    return NULL;
}

/* Fields that are decided together: the value of the one in question where the sides agree on the
 * rest, or {"field": "value", ...}. */
static enum rc group_value(struct draft *draft, const struct conflict *conflict, uint16_t number,
                           const char *text, struct err *err) {
    const struct form_field *asked = form_field_by_number(draft->seen.form, number);
    struct json *object = NULL;
    enum rc rc;

    if (reading_wrote_side(&draft->seen.reading, conflict, draft->edit.change.person))
        return err_set(err, RC_DENIED,
                       "conflict: whoever wrote one side may not decide; ask somebody else");
    rc = keep_agreed(draft, conflict, err);
    if (rc != RC_OK || (asked != NULL && text[0] != '{'))
        return rc == RC_OK ? set_field(draft, conflict, asked, view_text(text), err) : rc;
    rc = json_parse(view_text(text), JSON_LIMITS_DEFAULT, &object, err);
    for (const struct json *item = json_first(object); item != NULL && rc == RC_OK;
         item = json_next(item)) {
        const struct form_field *field =
            group_field(draft->seen.form, conflict->field, json_key(item));
        struct view value =
            json_type(item) == JSON_NUMBER ? json_number_text(item) : json_text(item);

        if (field == NULL)
            rc =
                err_set(err, RC_NOT_FOUND, "%s: is not decided together with this", json_key(item));
        else /* the value must outlive the document */
            rc = set_field(draft, conflict, field, arena_view(&draft->visit.arena, value), err);
    }
    json_free(object);
    return rc;
}

static enum rc third_value(struct draft *draft, const struct conflict *conflict, uint16_t number,
                           const char *text, struct err *err) {
    const struct form_field *field = form_field_by_number(draft->seen.form, conflict->field);
    struct value value;
    uint64_t area = 0;
    enum rc rc;

    if (conflict->kind == CONFLICT_GROUP) {
        rc = group_value(draft, conflict, number, text, err);
        return rc == RC_OK ? RC_OK : err_prefix(err, "--value: ");
    }
    if (conflict->kind == CONFLICT_AREA) {
        rc = area_parse(view_text(text), &area, err);
        value = value_of_int((int64_t)area);
    } else if (field == NULL) {
        rc = err_set(err, RC_INVALID, "no third value is possible here; use --keep DOT");
    } else {
        rc = form_value_parse(draft->seen.form, field, view_text(text), &draft->visit.arena, &value,
                              err);
    }
    if (rc != RC_OK)
        return err_prefix(err, "--value: ");
    return edit_resolve_value(&draft->edit, conflict, &value, err);
}

static enum rc same(struct draft *draft, const struct conflict *conflict, bool is_same,
                    struct err *err) {
    char answer[INSTANCE_TEXT_BYTES + 1] = {is_same ? '=' : '!'};
    char other[INSTANCE_TEXT_BYTES];

    instance_text(conflict->other, other);
    memcpy(answer + 1, other, strlen(other) + 1);
    return edit_same(&draft->edit, conflict->instance, view_text(answer), err);
}

static enum rc give(struct draft *draft, const struct conflict *conflict, uint16_t field,
                    enum resolution answer, struct err *err) {
    const char *text = command_option(draft->visit.command, answer_options[answer]);

    switch (answer) {
    case RESOLUTION_KEEP:
        return keep(draft, conflict, text, err);
    case RESOLUTION_VALUE:
        return third_value(draft, conflict, field, text, err);
    case RESOLUTION_REMOVE:
        return edit_resolve_remove(&draft->edit, conflict, err);
    case RESOLUTION_ACCEPT:
        return edit_accept(&draft->edit, conflict, err);
    case RESOLUTION_SAME:
    case RESOLUTION_DIFFER:
        break;
    }
    return same(draft, conflict, answer == RESOLUTION_SAME, err);
}

enum rc face_resolve(void *context, struct command *command, struct err *err) {
    const struct conflict *conflict = NULL;
    enum resolution answer = RESOLUTION_KEEP;
    const char *reason;
    struct draft draft;
    uint16_t field = 0;
    enum rc rc = which_answer(command, &answer, err);

    if (rc == RC_OK)
        rc = draft_reason(command, &reason, err);
    if (rc != RC_OK)
        return rc;
    rc = draft_open(context, command, resolution_change(answer), &draft, err);
    if (rc == RC_OK)
        rc = find_conflict(&draft, command->words[1], answer, &conflict, &field, err);
    if (rc == RC_OK)
        rc = give(&draft, conflict, field, answer, err);
    return draft_end(&draft, rc, reason, err);
}
