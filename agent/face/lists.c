/* lists.c: reading many things at once: list and conflicts. */
#include "agent/face/columns.h"
#include "agent/face/face.h"
#include "agent/face/show.h"
#include "base/date.h"
#include "base/text.h"
#include "base/words.h"
#include "schema/form/answers.h"
#include "schema/title.h"

/* ---- list ---- */

struct json *listed_json(struct json *list, const struct listed *listed) {
    struct json *item = json_add_object(list, NULL);

    add_dot(item, "id", listed->id);
    if (listed->form_name.size == 0)
        json_add_null(item, "form");
    else
        json_add_view(item, "form", listed->form_name);
    add_area(item, "area", listed->area);
    json_add_view(item, "title", listed->title);
    json_add_int(item, "conflicts", listed->conflicts);
    json_add_bool(item, "sealed", listed->sealed);
    json_add_bool(item, "pending", listed->pending);
    json_add_bool(item, "withdrawn", listed->withdrawn);
    add_time(item, "changed", listed->changed_ms);
    return item;
}

static void listed_row(struct columns *columns, const struct listed *listed, enum lang lang) {
    char id[DOT_TEXT_BYTES], area[AREA_TEXT_BYTES], time[TIME_TEXT_BYTES], count[32];

    dot_text(listed->id, id);
    columns_add_text(columns, id);
    columns_add(columns, listed->form_name);
    area_text(listed->area, area);
    columns_add_text(columns, area);
    time_format(listed->changed_ms, time);
    time[16] = '\0'; /* to the minute */
    time[10] = ' ';
    columns_add_text(columns, time);
    columns_add(columns, listed->title);
    snprintf(count, sizeof(count), "%s %u", words(lang, "questions:"), listed->conflicts);
    columns_add_text(columns, listed->conflicts > 0 ? count : "");
    columns_add_words(columns, lang, listed->pending ? "waits for sync" : "on the server");
    columns_add(columns, view_text(listed->withdrawn ? words(lang, "withdrawn")
                                   : listed->sealed  ? words(lang, "sealed")
                                                     : ""));
    columns_end_row(columns);
}

static enum rc list_query(const struct command *command, struct list_query *query,
                          struct err *err) {
    const char *area = command_option(command, "--area");
    const char *limit = command_option(command, "--limit");
    uint64_t number = 0;

    query->form_name = view_text(command_option(command, "--form"));
    query->search = view_text(command_option(command, "--search"));
    query->pending_only = command_option(command, "--pending") != NULL;
    query->withdrawn_too = command_option(command, "--withdrawn") != NULL;
    if (limit != NULL &&
        (!parse_u64(view_text(limit), &number) || number == 0 || number > UINT32_MAX))
        return err_set(err, RC_USAGE, "--limit %s: write a number from 1 on", limit);
    query->limit = (uint32_t)number;
    if (area != NULL && area_parse(view_text(area), &query->area, err) != RC_OK)
        return err_prefix(err, "--area: ");
    return RC_OK;
}

enum rc face_list(void *context, struct command *command, struct err *err) {
    struct list_query query = {0};
    struct columns columns;
    struct listed *listed;
    struct visit visit;
    uint32_t count, total;
    enum rc rc = list_query(command, &query, err);

    if (rc != RC_OK)
        return rc;
    rc = visit_open(context, command, NEED_SESSION, &visit, err);
    if (rc == RC_OK)
        rc = session_list(visit.session, &query, &visit.arena, &listed, &count, &total, err);
    if (rc == RC_OK && command->json) {
        struct json *list = json_array();

        for (uint32_t i = 0; i < count; i++)
            listed_json(list, &listed[i]);
        rc = command_print_json(command, list, err);
    } else if (rc == RC_OK) {
        columns_init(&columns, 8);
        for (uint32_t i = 0; i < count; i++)
            listed_row(&columns, &listed[i], command->lang);
        rc = columns_print(&columns, command, err);
        columns_release(&columns);
        if (rc == RC_OK && count < total)
            command_say(command, "%u of %u records", count, total);
    }
    visit_close(&visit);
    return rc;
}

/* ---- conflicts ---- */

/* One object for each open question; `path` and `sides` as in show. */
static void add_questions(struct json *list, const struct seen *seen, struct view title,
                          const struct json *conflicts) {
    for (const struct json *sides = json_first(conflicts); sides != NULL;
         sides = json_next(sides)) {
        struct json *item = json_add_object(list, NULL);

        add_dot(item, "id", seen->record.id);
        show_form(item, seen);
        add_area(item, "area", seen->area);
        json_add_view(item, "title", title);
        json_add_text(item, "path", json_key(sides));
        json_add_text(item, "kind", json_text_or(json_get(json_at(sides, 0), "kind"), ""));
        json_add_tree(item, "sides", json_copy(sides));
    }
}

static enum rc add_conflicts(struct visit *visit, struct dot id, struct json *list,
                             struct err *err) {
    struct json *conflicts;
    struct seen seen;
    struct buf title;
    enum rc rc = session_see(visit->session, id, &visit->arena, &seen, err);

    if (rc != RC_OK || seen.reading.conflict_count == 0)
        return rc;
    conflicts = json_object();
    if (conflicts == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    rc = answers_conflicts(&seen.record, &seen.reading, false, session_author, visit->session,
                           conflicts, err);
    buf_init(&title, TITLE_BYTES * 2);
    title_make(&seen.reading, &title);
    if (rc == RC_OK && visit->command->json) {
        add_questions(list, &seen, buf_view(&title), conflicts);
    } else if (rc == RC_OK) {
        char name[DOT_TEXT_BYTES];

        dot_text(id, name);
        rc = command_printf(visit->command, err, "%s  %.*s  %.*s\n", name,
                            VIEW_PRINT(seen.form == NULL ? view_text("-") : seen.form->name),
                            VIEW_PRINT(buf_view(&title)));
        if (rc == RC_OK)
            rc = show_conflicts(visit, conflicts, err);
    }
    buf_release(&title);
    json_free(conflicts);
    return rc;
}

static enum rc conflicts_of(struct visit *visit, struct json *list, struct err *err) {
    struct list_query query = {.questions_only = true};
    struct arena arena;
    struct listed *listed;
    uint32_t count, total;
    enum rc rc;

    if (visit->command->word_count == 1) {
        struct seen seen;

        rc = visit_see(visit, visit->command->words[0], &seen, err);
        return rc == RC_OK ? add_conflicts(visit, seen.record.id, list, err) : rc;
    }
    arena_init(&arena, FACE_ARENA_BYTES);
    rc = session_list(visit->session, &query, &arena, &listed, &count, &total, err);
    for (uint32_t i = 0; rc == RC_OK && i < count; i++) {
        rc = add_conflicts(visit, listed[i].id, list, err);
        arena_reset(&visit->arena);
    }
    arena_release(&arena);
    return rc;
}

enum rc face_conflicts(void *context, struct command *command, struct err *err) {
    struct json *list = json_array();
    struct visit visit;
    enum rc rc = visit_open(context, command, NEED_SESSION, &visit, err);

    if (rc == RC_OK)
        rc = conflicts_of(&visit, list, err);
    if (rc == RC_OK && command->json) {
        rc = command_print_json(command, list, err);
        list = NULL;
    }
    json_free(list);
    visit_close(&visit);
    return rc;
}
