/* task_cli.c: tasks and notes on the command line; what they are, task.h says. */
#include "base/crypt.h"
#include "base/text.h"
#include "base/words.h"
#include "syncd/desk/listing.h"
#include "syncd/desk/task.h"

/* --- who says it --- */

/* --as USER and that user's secret; the caller wipes the staff. */
static enum rc unlock(struct seat *seat, struct command *command, struct staff *staff,
                      struct speaker *speaker, struct err *err) {
    const char *user = command_option(command, "--as");
    char secret[LIMIT_SECRET_BYTES];
    enum rc rc;

    if (user == NULL)
        return err_set(err, RC_USAGE, "--as USER is missing; a word is somebody's");
    rc = command_secret(command, "secret: ", secret, sizeof(secret), err);
    if (rc == RC_OK)
        rc = people_unlock(seat, view_text(user), view_text(secret), staff, err);
    crypt_wipe(secret, sizeof(secret));
    *speaker = (struct speaker){.staff = staff, .name = view_text(user)};
    return rc;
}

static struct view option_view(const struct command *command, const char *name) {
    const char *text = command_option(command, name);

    return view_text(text == NULL ? "" : text);
}

static enum rc print_made(struct command *command, struct dot made, struct err *err) {
    struct json *json;
    char text[DOT_TEXT_BYTES];

    dot_text(made, text);
    if (!command->json) {
        command_say(command, "written; tablets of the area get it at their next sync");
        return command_printf(command, err, "%s\n", text);
    }
    json = json_object();
    json_add_text(json, "dot", text);
    return command_print_json(command, json, err);
}

/* --- tasks --- */

static enum rc read_order(struct seat *seat, const struct command *command,
                          struct task_order *order, struct err *err) {
    const char *to = command_option(command, "--to"), *area = command_option(command, "--area");
    enum rc rc = RC_OK;

    order->kind = option_view(command, "--kind");
    order->due = option_view(command, "--due");
    order->message = option_view(command, "--message");
    if (command->word_count > 0)
        rc = dot_parse(view_text(command->words[0]), &order->household, err);
    if (rc == RC_OK && area != NULL) {
        rc = seat_area(seat, area, &order->area, err);
        if (rc == RC_OK)
            rc = seat_areas_check(seat, &order->area, 1, err);
    }
    if (rc == RC_OK && to != NULL)
        rc = seat_person(seat, to, &order->assignee, err);
    return rc;
}

enum rc desk_task_assign(void *context, struct command *command, struct err *err) {
    struct task_order order = {0};
    struct staff staff = {0};
    struct speaker speaker;
    struct seat seat;
    struct dot made = {0, 0};
    enum rc rc;

    if (command_option(command, "--kind") == NULL)
        return err_set(err, RC_USAGE, "--kind K is missing; see: yg-syncd task assign --help");
    if ((command->word_count > 0) == (command_option(command, "--area") != NULL))
        return err_set(err, RC_USAGE, "give a record, or --area CODE where it is about none");
    rc = seat_open(context, command, &seat, err);
    if (rc == RC_OK)
        rc = read_order(&seat, command, &order, err);
    if (rc == RC_OK)
        rc = unlock(&seat, command, &staff, &speaker, err);
    if (rc == RC_OK)
        rc = task_assign(seat.office, &speaker, &order, &made, err);
    if (rc == RC_OK)
        rc = print_made(command, made, err);
    crypt_wipe(&staff, sizeof(staff));
    seat_close(&seat);
    return rc;
}

static enum rc change(struct desk *desk, struct command *command, bool cancel, struct err *err) {
    const char *to = command_option(command, "--to");
    struct view due = option_view(command, "--due"), reason = option_view(command, "--reason");
    struct staff staff = {0};
    struct speaker speaker;
    struct seat seat;
    struct dot task = {0, 0}, made = {0, 0};
    char assignee[17] = "";
    uint64_t person = 0;
    enum rc rc = seat_open(desk, command, &seat, err);

    if (rc == RC_OK)
        rc = dot_parse(view_text(command->words[0]), &task, err);
    if (rc == RC_OK && to != NULL && strcmp(to, "-") != 0) {
        rc = seat_person(&seat, to, &person, err);
        id_text(person, assignee);
    } else if (to != NULL) {
        memcpy(assignee, "-", 2);
    }
    if (rc == RC_OK)
        rc = unlock(&seat, command, &staff, &speaker, err);
    if (rc == RC_OK)
        rc = cancel
                 ? task_cancel(seat.office, &speaker, task, reason, &made, err)
                 : task_change(seat.office, &speaker, task, view_text(assignee), due, &made, err);
    if (rc == RC_OK)
        rc = print_made(command, made, err);
    crypt_wipe(&staff, sizeof(staff));
    seat_close(&seat);
    return rc;
}

enum rc desk_task_change(void *context, struct command *command, struct err *err) {
    if (command_option(command, "--to") == NULL && command_option(command, "--due") == NULL)
        return err_set(err, RC_USAGE, "give --to PERSON or --due DAY");
    return change(context, command, false, err);
}

enum rc desk_task_cancel(void *context, struct command *command, struct err *err) {
    const char *reason = command_option(command, "--reason");

    if (reason == NULL || text_trim(view_text(reason)).size == 0)
        return err_set(err, RC_USAGE, "--reason TEXT is missing; a decision says why");
    return change(context, command, true, err);
}

static const char *state_word(uint8_t state) {
    return state == TASK_DONE        ? WORD("done")
           : state == TASK_CANCELLED ? WORD("taken back")
                                     : WORD("to do");
}

static const char *kind_word(uint8_t kind) {
    static const char *const kinds[] = {[NOTE_COMMENT] = WORD("comment"),
                                        [NOTE_RETURN] = WORD("returned"),
                                        [NOTE_APPROVE] = WORD("approved"),
                                        [NOTE_MARK] = WORD("marked"),
                                        [NOTE_REOPEN] = WORD("opened again")};

    return kinds[kind];
}

struct listed {
    struct seat *seat;
    struct command *command;
    struct listing table;
};

static enum rc list_task(void *context, const struct task_row *row, struct err *err) {
    struct listed *list = context;
    const struct task *task = &row->task;
    char id[DOT_TEXT_BYTES], household[DOT_TEXT_BYTES] = "", visit[DOT_TEXT_BYTES] = "";
    char assignee[17] = "", due[DATE_TEXT_BYTES] = "";
    struct buf areas;

    dot_text(row->stored->id, id);
    if (task->household.number != 0)
        dot_text(task->household, household);
    if (task->visit.number != 0)
        dot_text(task->visit, visit);
    if (task->assignee != 0)
        id_text(task->assignee, assignee);
    if (task->due.year != 0)
        date_format(task->due, due);
    buf_init(&areas, 4096);
    seat_areas_text(row->stored->areas, row->stored->area_count, &areas);
    if (list->command->json) {
        struct json *json = json_object();

        json_add_text(json, "id", id);
        json_add_text(json, "state", task_state_name((enum task_state)task->state));
        json_add_view(json, "kind", task->kind);
        json_add_text(json, "due", due);
        json_add_buf(json, "area", &areas);
        json_add_text(json, "household", household);
        json_add_view(json, "title", row->title);
        json_add_text(json, "assignee", assignee);
        json_add_view(json, "name", row->assignee);
        json_add_view(json, "message", task->message);
        json_add_text(json, "visit", visit);
        buf_release(&areas);
        return listing_item(&list->table, json, err);
    }
    listing_cell(&list->table, view_text(id));
    listing_cell(&list->table, view_text(words(list->command->lang, state_word(task->state))));
    listing_cell(&list->table, task->kind);
    listing_cell(&list->table, view_text(due));
    listing_cell(&list->table, buf_view(&areas));
    listing_cell(&list->table, row->title);
    listing_cell(&list->table, task->assignee == 0      ? view_text("-")
                               : row->assignee.size > 0 ? row->assignee
                                                        : view_text(assignee));
    listing_cell(&list->table, task->message);
    buf_release(&areas);
    return RC_OK;
}

enum rc desk_task_list(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {"task",   "state",       "kind",    "due", "area",
                                        "record", "assigned to", "message", NULL};
    const char *area_given = command_option(command, "--area");
    struct seat seat;
    struct listed list = {.seat = &seat, .command = command};
    uint64_t area = 0;
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK && area_given != NULL)
        rc = seat_area(&seat, area_given, &area, err);
    if (rc == RC_OK) {
        listing_start(&list.table, command, &seat.arena, heads);
        rc =
            task_list(&seat, area, command_option(command, "--all") == NULL, list_task, &list, err);
        rc = listing_end(&list.table, rc, err);
    }
    seat_close(&seat);
    return rc;
}

/* --- notes --- */

static enum rc check_field(struct seat *seat, const char *record, const char *field,
                           struct err *err) {
    struct seen_record seen;
    struct instance_id instance;
    uint16_t number = 0;
    enum rc rc = seat_record(seat, record, &seen, err);

    if (rc == RC_OK && field != NULL && seen.reading.form != NULL)
        rc = answers_path(seen.reading.form, &seen.reading, view_text(field), &instance, &number,
                          err);
    return rc;
}

static enum rc write_note(struct desk *desk, struct command *command, enum note_kind kind,
                          struct view text, struct err *err) {
    const char *field = command->word_count > 1 ? command->words[1] : NULL;
    struct note_order order = {.kind = kind, .text = text};
    struct staff staff = {0};
    struct speaker speaker;
    struct seat seat;
    struct dot made = {0, 0};
    enum rc rc = seat_open(desk, command, &seat, err);

    if (rc == RC_OK)
        rc = dot_parse(view_text(command->words[0]), &order.about, err);
    if (rc == RC_OK)
        rc = check_field(&seat, command->words[0], field, err);
    if (rc == RC_OK)
        rc = unlock(&seat, command, &staff, &speaker, err);
    if (rc == RC_OK) {
        order.field = view_text(field == NULL ? "" : field);
        rc = note_write(seat.office, &speaker, &order, &made, err);
    }
    if (rc == RC_OK)
        rc = print_made(command, made, err);
    crypt_wipe(&staff, sizeof(staff));
    seat_close(&seat);
    return rc;
}

enum rc desk_note(void *context, struct command *command, struct err *err) {
    const char *given = command_option(command, "--kind");
    enum note_kind kind = NOTE_COMMENT;
    enum rc rc = given == NULL ? RC_OK : note_kind_parse(view_text(given), &kind, err);

    return rc == RC_OK ? write_note(context, command, kind, option_view(command, "--text"), err)
                       : rc;
}

enum rc desk_return(void *context, struct command *command, struct err *err) {
    return write_note(context, command, NOTE_RETURN, option_view(command, "--note"), err);
}

static enum rc list_note(void *context, const struct note_row *row, struct err *err) {
    struct listed *list = context;
    const char *kind = note_kind_name((enum note_kind)row->note.kind);
    char id[DOT_TEXT_BYTES], at[TIME_TEXT_BYTES];
    struct view name = seat_person_name(list->seat, row->person);

    dot_text(row->stored->id, id);
    time_text(row->note.at_ms, at);
    if (list->command->json) {
        struct json *json = json_object();

        json_add_text(json, "id", id);
        json_add_text(json, "kind", kind);
        json_add_view(json, "field", row->note.field);
        json_add_view(json, "text", row->note.text);
        json_add_view(json, "author", name);
        json_add_text(json, "at", at);
        return listing_item(&list->table, json, err);
    }
    listing_cell(&list->table, view_text(at));
    listing_cell(&list->table, view_text(words(list->command->lang, kind_word(row->note.kind))));
    listing_cell(&list->table, name);
    listing_cell(&list->table, row->note.field);
    listing_cell(&list->table, row->note.text);
    return RC_OK;
}

enum rc desk_notes(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {"at", "kind", "author", "field", "note", NULL};
    struct seat seat;
    struct listed list = {.seat = &seat, .command = command};
    struct seen_record seen;
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK)
        rc = seat_record(&seat, command->words[0], &seen, err);
    if (rc == RC_OK) {
        listing_start(&list.table, command, &seat.arena, heads);
        rc = note_list(&seat, &seen.stored, list_note, &list, err);
        rc = listing_end(&list.table, rc, err);
    }
    seat_close(&seat);
    return rc;
}
