/* visit.c: the day's work and visits on the command line: what there is to do, and a draft of a
 * visit. Its questions are answered with `fill` or `draft`; each investigator signs with `seal
 * RECORD visit --person P`. */
#include "agent/face/columns.h"
#include "agent/face/face.h"
#include "agent/field/home_visit.h"
#include "agent/field/today.h"
#include "base/text.h"

#define DUE_SHOWN 50u

static void today_row(struct columns *columns, const struct today_item *item) {
    char id[DOT_TEXT_BYTES] = "", due[DATE_TEXT_BYTES] = "", kind[2] = {item->kind, '\0'};

    if (item->due_days != INT64_MAX)
        date_format(date_from_days(item->due_days), due);
    columns_add_text(columns, due);
    columns_add_text(columns, kind);
    if (item->household.number != 0)
        dot_text(item->household, id);
    columns_add_text(columns, id);
    columns_add(columns, item->title);
    if (item->task.number != 0) {
        dot_text(item->task, id);
        columns_add_text(columns, id);
    } else {
        columns_add_text(columns, "");
    }
    columns_add(columns, item->message);
}

static void today_json(struct json *list, const struct today_item *item) {
    struct json *object = json_add_object(list, NULL);
    char due[DATE_TEXT_BYTES], kind[2] = {item->kind, '\0'};

    if (item->task.number != 0)
        add_dot(object, "task", item->task);
    if (item->household.number != 0)
        add_dot(object, "household", item->household);
    json_add_view(object, "title", item->title);
    add_area(object, "area", item->area);
    json_add_text(object, "kind", kind);
    json_add_view(object, "message", item->message);
    json_add_bool(object, "mine", item->mine);
    if (item->due_days != INT64_MAX) {
        date_format(date_from_days(item->due_days), due);
        json_add_text(object, "due", due);
    }
    add_time(object, "visited", item->visited_ms);
}

enum rc face_today(void *context, struct command *command, struct err *err) {
    struct today_item *items;
    struct columns columns;
    struct visit visit;
    uint32_t count = 0, due = 0;
    enum rc rc = visit_open(context, command, NEED_SESSION, &visit, err);

    if (rc == RC_OK)
        rc = today_list(visit.session, env_wall_ms(visit.face->env), DUE_SHOWN, &visit.arena,
                        &items, &count, &due, err);
    if (rc == RC_OK && command->json) {
        struct json *list = json_array();

        for (uint32_t i = 0; i < count; i++)
            today_json(list, &items[i]);
        rc = command_print_json(command, list, err);
    } else if (rc == RC_OK) {
        columns_init(&columns, 6);
        for (uint32_t i = 0; i < count; i++)
            today_row(&columns, &items[i]);
        rc = columns_print(&columns, command, err);
        columns_release(&columns);
        if (rc == RC_OK && due > DUE_SHOWN)
            command_say(command, "%u of %u households that are due", DUE_SHOWN, due);
    }
    visit_close(&visit);
    return rc;
}

static enum rc print_draft(struct command *command, uint64_t draft, struct err *err) {
    struct json *document;

    if (!command->json)
        return command_printf(command, err, "%llu\n", (unsigned long long)draft);
    document = json_object();
    json_add_int(document, "draft", (int64_t)draft);
    return command_print_json(command, document, err);
}

enum rc face_visit(void *context, struct command *command, struct err *err) {
    const char *kind = command_option(command, "--kind"), *task = command_option(command, "--task");
    struct dot household, answered = {0, 0};
    struct filler *filler = NULL;
    struct visit visit;
    enum rc rc = dot_parse(view_text(command->words[0]), &household, err);

    if (rc == RC_OK && task != NULL)
        rc = dot_parse(view_text(task), &answered, err);
    if (rc == RC_OK && kind != NULL && (strlen(kind) != 1 || kind[0] < '1' || kind[0] > '6'))
        rc = err_set(err, RC_USAGE, "--kind %s: write a digit from 1 to 6", kind);
    if (rc != RC_OK)
        return rc;
    rc = visit_open(context, command, NEED_SESSION, &visit, err);
    if (rc == RC_OK)
        rc = home_visit_begin(visit.session, household, kind == NULL ? '0' : kind[0], answered,
                              &filler, err);
    if (rc == RC_OK)
        rc = print_draft(command, filler_draft(filler), err);
    filler_close(filler);
    visit_close(&visit);
    return rc;
}
