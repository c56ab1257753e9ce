/* redact.c: the law's erasure, ordered at the desk: which fields are meant, and by whose order.
 * syncd/sync/redact.h does the rest. */
#include "syncd/sync/redact.h"
#include "base/crypt.h"
#include "base/text.h"
#include "schema/limits.h"
#include "syncd/desk/desk.h"
#include "syncd/sync/attachment.h"

struct cell_list {
    struct seat *seat;
    struct erased_cell *cells;
    uint32_t count, capacity;
};

static enum rc add_cell(struct cell_list *list, struct erased_cell cell, struct err *err) {
    struct erased_cell *row =
        arena_push(&list->seat->arena, &list->cells, &list->count, &list->capacity, sizeof(*row));

    if (row == NULL)
        return arena_check(&list->seat->arena, "the fields", err);
    *row = cell;
    return RC_OK;
}

/* Whether the field stands in this group or repeat, however deep; or is it. */
static bool lies_in(const struct form *form, uint32_t at, uint32_t container) {
    while (at != container && at != FORM_NO_PARENT)
        at = form->fields[at].parent;
    return at == container;
}

/* A question in whatever instance; a group or a repeat with everything in it. */
static enum rc add_everywhere(struct cell_list *list, const struct form *form, uint32_t container,
                              struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < form->field_count && rc == RC_OK; i++) {
        const struct form_field *field = &form->fields[i];

        if (form_field_holds_value(field) && lies_in(form, i, container))
            rc = add_cell(list, (struct erased_cell){.everywhere = true, .field = field->number},
                          err);
    }
    return rc;
}

static bool is_within(const struct reading *reading, struct instance_id id,
                      struct instance_id outer) {
    for (uint32_t depth = 0; depth < LIMIT_INSTANCE_DEPTH; depth++) {
        const struct seen_instance *seen = reading_instance(reading, id);

        if (instance_equal(id, outer))
            return true;
        if (seen == NULL)
            return false;
        id = seen->parent;
    }
    return false;
}

/* One instance and those in it. */
static enum rc add_instance(struct cell_list *list, const struct reading *reading,
                            struct instance_id outer, struct err *err) {
    const struct form *form = reading->form;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < reading->instance_count && rc == RC_OK; i++) {
        const struct seen_instance *seen = &reading->instances[i];

        if (!is_within(reading, seen->id, outer))
            continue;
        for (uint32_t k = 0; k < form->field_count && rc == RC_OK; k++) {
            const struct form_field *field = &form->fields[k];

            if (form_field_holds_value(field) && field->repeat != FORM_NO_PARENT &&
                form->fields[field->repeat].number == seen->repeat)
                rc = add_cell(
                    list, (struct erased_cell){.instance = seen->id, .field = field->number}, err);
        }
    }
    return rc;
}

static enum rc find_cells(struct cell_list *list, const struct reading *reading, const char *path,
                          struct err *err) {
    const struct form *form = reading->form;
    const struct form_field *plain =
        form == NULL ? NULL : form_field_by_path(form, view_text(path));
    struct instance_id instance;
    uint16_t field;
    enum rc rc;

    if (plain != NULL)
        return add_everywhere(list, form, (uint32_t)(plain - form->fields), err);
    rc = answers_path(form, reading, view_text(path), &instance, &field, err);
    if (rc != RC_OK)
        return rc;
    if (field == FIELD_EXISTS && !instance_is_root(instance) && form != NULL)
        return add_instance(list, reading, instance, err);
    if (field < FIELD_FIRST_OF_FORM)
        return err_set(err, RC_INVALID,
                       "%s: holds no answer; areas, seals and what was added or removed are never "
                       "erased",
                       path);
    return add_cell(list, (struct erased_cell){.instance = instance, .field = field}, err);
}

static enum rc find_record(struct seat *seat, struct command *command, struct cell_list *list,
                           struct redaction *redaction, struct err *err) {
    struct seen_record seen;
    enum rc rc = dot_parse(view_text(command->words[0]), &redaction->record, err);

    if (rc != RC_OK || redaction->what == NULL)
        return rc; /* also of a record of which everything waits in quarantine */
    rc = seat_record(seat, command->words[0], &seen, err);
    if (rc == RC_OK)
        rc = find_cells(list, &seen.reading, redaction->what, err);
    redaction->cells = list->cells;
    redaction->cell_count = list->count;
    return rc;
}

/* --as: in somebody's name, who proves it. */
static enum rc who_orders(struct seat *seat, struct command *command, struct view *who,
                          struct err *err) {
    const char *user = command_option(command, "--as");
    char secret[LIMIT_SECRET_BYTES];
    struct staff staff;
    enum rc rc;

    *who = view_text("command line");
    if (user == NULL)
        return RC_OK;
    *who = view_text(user);
    rc = command_secret(command, "secret: ", secret, sizeof(secret), err);
    if (rc == RC_OK)
        rc = people_unlock(seat, *who, view_text(secret), &staff, err);
    crypt_wipe(secret, sizeof(secret));
    if (rc == RC_OK && staff.role != ROLE_COUNTY && staff.role != ROLE_ADMIN)
        rc = err_set(err, RC_DENIED, "%s: only the county's own people order an erasure", user);
    crypt_wipe(&staff, sizeof(staff));
    return rc;
}

static enum rc print_done(struct command *command, const struct redaction *redaction,
                          struct err *err) {
    struct json *json;

    if (command->json) {
        json = json_object();
        json_add_text(json, "id", command->words[0]);
        if (redaction->what != NULL)
            json_add_text(json, "path", redaction->what);
        json_add_int(json, "changes", redaction->change_count);
        return command_print_json(command, json, err);
    }
    if (redaction->change_count == 0) {
        command_say(command, "nothing of it was left to erase");
        return RC_OK;
    }
    command_say(command, "erased in %u changes; the tablets hear of it when they sync",
                (unsigned)redaction->change_count);
    command_say(command,
                "older backups still hold it: let them run out as docs/operations.md says, "
                "and keep a copy of the file redactions with the newest one");
    return RC_OK;
}

enum rc desk_redact(void *context, struct command *command, struct err *err) {
    const char *reason = command_option(command, "--reason");
    struct seat seat;
    struct redaction redaction = {.what = command->word_count > 1 ? command->words[1] : NULL};
    struct cell_list list = {.seat = &seat};
    struct redact_order order = {.redaction = &redaction};
    enum rc rc;

    if (reason == NULL || text_trim(view_text(reason)).size == 0)
        return err_set(err, RC_USAGE, "--reason TEXT is missing; an erasure says why");
    redaction.reason = text_trim(view_text(reason));
    if (redaction.reason.size > LIMIT_ERASURE_REASON_BYTES || !utf8_valid(redaction.reason))
        return err_set(err, RC_USAGE, "--reason: at most %u bytes of text",
                       LIMIT_ERASURE_REASON_BYTES);
    rc = seat_open(context, command, &seat, err);
    order.office = seat.office;
    if (rc == RC_OK)
        rc = find_record(&seat, command, &list, &redaction, err);
    if (rc == RC_OK)
        rc = who_orders(&seat, command, &redaction.who, err);
    if (rc == RC_OK)
        rc = office_act(seat.office, redact_act, &order, err);
    if (rc == RC_OK)
        rc = attachment_sweep(seat.ledger->store, seat.office->directory, err);
    if (rc == RC_OK)
        rc = print_done(command, &redaction, err);
    seat_close(&seat);
    return rc;
}
