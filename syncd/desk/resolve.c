/* resolve.c: somebody of the staff answers an open question of a record.
 *
 * What he saw is read first, outside of the writer; the answer is made inside, against the state as
 * it is then. Between the two the question is the same only if every side is: otherwise the record
 * has moved on, and nothing is decided. The answer is a change like any other, by the county's own
 * actor, in the person's name and with his signature. */
#include "base/crypt.h"
#include "base/text.h"
#include "schema/resolution.h"
#include "syncd/desk/desk.h"
#include "syncd/sync/author.h"

#define SIDES_MAX 256u

struct question {
    uint8_t kind;
    struct instance_id instance, other;
    uint16_t field;
    uint32_t side_count;
    struct version_id sides[SIDES_MAX];
    struct dot twin; /* a proposal between records: the older one; number 0: inside the record */
};

struct decision {
    struct seat *seat;
    struct command *command;
    const char *path;
    enum resolution answer;
    const char *text; /* of --keep or --value */
    struct staff staff;
    struct seen_record seen;
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
    if (older.number == 0 ||
        (!dot_equal(row->record, find->record) && !dot_equal(older, find->record)) ||
        (find->wanted.number != 0 && !dot_equal(twin, find->wanted)))
        return RC_OK;
    find->younger = row->record;
    find->older = older;
    find->count++;
    return RC_OK;
}

/* A proposal between two records stands in the list of conflicts, at the younger one. */
static enum rc find_pair(struct decision *decision, struct err *err) {
    struct find_twin find = {.record = decision->seen.stored.id};
    enum rc rc = RC_OK;

    if (decision->text != NULL)
        rc = dot_parse(view_text(decision->text + 1), &find.wanted, err);
    if (rc == RC_OK)
        rc = store_conflicts(decision->seat->ledger->store, 0, twin_visit, &find, err);
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

/* A side by its dot. Of a removal any dot keeps the instance: they all do. */
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
    return edit_resolve_keep(edit, open, wanted, err);
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

static enum rc decide(void *context, struct work *work, struct err *err) {
    struct decision *decision = context;
    struct view reason = view_text(command_option(decision->command, "--reason"));
    struct author_request request = {
        .record = decision->record,
        .kind = resolution_change(decision->answer),
        .person = decision->staff.person,
        .person_secret = decision->staff.secret_key,
        .reason = reason,
        .build = build,
        .context = decision,
    };
    char object[DOT_TEXT_BYTES + 1024], id[DOT_TEXT_BYTES];
    enum rc rc;

    rc = author_change(work, &request, &decision->made, err);
    if (rc != RC_OK)
        return rc;
    dot_text(decision->record, id);
    snprintf(object, sizeof(object), "%s %s", id, decision->path);
    return work_act(work, command_option(decision->command, "--as"), "resolve", object, reason,
                    err);
}

/* --- the command --- */

static enum rc which_answer(struct decision *decision, struct err *err) {
    static const struct {
        const char *option;
        enum resolution answer;
    } options[] = {
        {"--keep", RESOLUTION_KEEP},     {"--value", RESOLUTION_VALUE},
        {"--remove", RESOLUTION_REMOVE}, {"--accept", RESOLUTION_ACCEPT},
        {"--same", RESOLUTION_SAME},     {"--different", RESOLUTION_DIFFER},
    };
    const char *value = command_option(decision->command, "--value");
    size_t given = 0, path_size = strlen(decision->path);

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (command_option(decision->command, options[i].option) != NULL) {
            decision->answer = options[i].answer;
            given++;
        }
    if (given != 1)
        return err_set(err, RC_USAGE,
                       "give one answer: --keep DOT, --value V, --remove, --accept, --same or "
                       "--different");
    if (decision->answer == RESOLUTION_KEEP || decision->answer == RESOLUTION_VALUE)
        decision->text = decision->answer == RESOLUTION_KEEP
                             ? command_option(decision->command, "--keep")
                             : value;
    if (decision->answer == RESOLUTION_VALUE && path_size >= 5 &&
        strcmp(decision->path + path_size - 5, "@same") == 0) {
        if (value[0] != '=' && value[0] != '!')
            return err_set(err, RC_USAGE, "--value: write =ID (the same) or !ID (not the same)");
        decision->answer = value[0] == '=' ? RESOLUTION_SAME : RESOLUTION_DIFFER;
    }
    return RC_OK;
}

static enum rc check_position(const struct decision *decision, struct err *err) {
    const char *text = command_option(decision->command, "--position");
    uint64_t position = 0;

    if (text == NULL)
        return RC_OK;
    if (!parse_u64(view_text(text), &position))
        return err_set(err, RC_USAGE, "--position %s: write the number that show gives", text);
    return position == decision->seen.record.absorbed_count ? RC_OK : moved_on(decision, err);
}

static enum rc unlock(struct decision *decision, struct err *err) {
    const char *user = command_option(decision->command, "--as");
    char secret[LIMIT_SECRET_BYTES];
    enum rc rc = command_secret(decision->command, "secret: ", secret, sizeof(secret), err);

    if (rc == RC_OK)
        rc = people_unlock(decision->seat, view_text(user), view_text(secret), &decision->staff,
                           err);
    crypt_wipe(secret, sizeof(secret));
    if (rc == RC_OK && !role_may((enum role)decision->staff.role, ABILITY_RESOLVE))
        rc = err_set(err, RC_DENIED, "%s: the role %s decides no conflicts; ask somebody else",
                     user, role_name((enum role)decision->staff.role));
    return rc;
}

static enum rc print_made(const struct decision *decision, struct err *err) {
    char dot[DOT_TEXT_BYTES], id[DOT_TEXT_BYTES];
    struct json *json;

    dot_text(decision->made, dot);
    dot_text(decision->record, id);
    if (!decision->command->json) {
        command_say(decision->command, "decided: %s of %s", decision->path, id);
        return command_printf(decision->command, err, "%s\n", dot);
    }
    json = json_object();
    json_add_text(json, "id", id);
    json_add_text(json, "path", decision->path);
    json_add_text(json, "dot", dot);
    return command_print_json(decision->command, json, err);
}

enum rc desk_resolve(void *context, struct command *command, struct err *err) {
    const char *reason = command_option(command, "--reason");
    struct seat seat;
    struct decision decision = {.seat = &seat, .command = command, .path = command->words[1]};
    enum rc rc = which_answer(&decision, err);

    if (rc != RC_OK)
        return rc;
    if (command_option(command, "--as") == NULL)
        return err_set(err, RC_USAGE, "--as USER is missing; a decision is somebody's");
    if (reason == NULL || text_trim(view_text(reason)).size == 0)
        return err_set(err, RC_USAGE, "--reason TEXT is missing; a decision says why");
    rc = seat_open(context, command, &seat, err);
    if (rc == RC_OK)
        rc = seat_record(&seat, command->words[0], &decision.seen, err);
    if (rc == RC_OK) {
        decision.record = decision.seen.stored.id;
        rc = check_position(&decision, err);
    }
    if (rc == RC_OK)
        rc = find_question(&decision, err);
    if (rc == RC_OK)
        rc = unlock(&decision, err);
    if (rc == RC_OK)
        rc = office_act(seat.office, decide, &decision, err);
    if (rc == RC_OK)
        rc = print_made(&decision, err);
    crypt_wipe(&decision.staff, sizeof(decision.staff));
    seat_close(&seat);
    return rc;
}
