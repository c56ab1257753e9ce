/* drafts.c: a form question by question, one step a command: what a page does, and what `fill` does
 * for somebody at a terminal. Every step reads the draft, does one thing, and has it on disk when
 * it ends. */
#include "agent/store/drafts.h"
#include "agent/face/columns.h"
#include "agent/face/face.h"
#include "agent/face/show.h"
#include "agent/field/album.h"
#include "base/crypt.h"
#include "base/date.h"
#include "base/text.h"
#include "base/words.h"

#include <stdio.h>

#define REF_BYTES (LIMIT_PATH_BYTES + 256u)

struct drafting {
    struct visit visit;
    struct filler *filler;
};

static enum rc number_of(const struct command *command, uint64_t *draft, struct err *err) {
    if (parse_u64(view_text(command->words[0]), draft) && *draft > 0)
        return RC_OK;
    return err_set(err, RC_USAGE, "%s: write the number of a draft; see: yg-agent draft list",
                   command->words[0]);
}

/* In the language of the messages, unless another one is asked for. */
static enum rc speak(struct drafting *at, struct err *err) {
    struct command *command = at->visit.command;
    const char *language = command_option(command, "--language");
    struct err ignored;

    if (language != NULL)
        return engine_speak(filler_engine(at->filler), view_text(language), err);
    err_init(&ignored, command->lang);
    (void)engine_speak(filler_engine(at->filler), view_text(command->lang == LANG_ZH ? "zh" : "en"),
                       &ignored);
    return RC_OK;
}

static enum rc drafting_open(void *context, struct command *command, struct drafting *at,
                             struct err *err) {
    uint64_t draft = 0;
    enum rc rc = number_of(command, &draft, err);

    *at = (struct drafting){0};
    if (rc != RC_OK)
        return rc;
    rc = visit_open(context, command, NEED_SESSION, &at->visit, err);
    /* Two fillers of one draft would write over one another. */
    if (rc == RC_OK && at->visit.seat != NULL)
        face_put_away(at->visit.seat);
    if (rc == RC_OK)
        rc = filler_resume(at->visit.session, draft, &at->filler, err);
    return rc == RC_OK ? speak(at, err) : rc;
}

static void drafting_close(struct drafting *at) {
    filler_close(at->filler);
    if (at->visit.command != NULL)
        visit_close(&at->visit);
}

/* --- showing --- */

static void line_of(struct columns *columns, const struct json *question) {
    const char *trouble = json_get(question, "error") != NULL ? "error" : "warning";
    bool required = false;

    (void)json_bool(json_get(question, "required"), &required);
    columns_add(columns, json_text(json_get(question, "ref")));
    columns_add(columns, json_text(json_get(question, "label")));
    columns_add_text(columns, required ? "*" : "");
    columns_add(columns, json_text(json_get(question, "value")));
    columns_add(columns, json_text(json_get(question, trouble)));
    columns_end_row(columns);
}

static enum rc show(struct drafting *at, struct err *err) {
    struct command *command = at->visit.command;
    struct json *document = json_object();
    struct columns columns;
    enum rc rc = filler_json(at->filler, command_option(command, "--all") != NULL, document, err);

    if (rc == RC_OK && command->json)
        return command_print_json(command, document, err);
    if (rc == RC_OK) {
        columns_init(&columns, 5);
        for (const struct json *question = json_first(json_get(document, "questions"));
             question != NULL; question = json_next(question))
            line_of(&columns, question);
        rc = columns_print(&columns, command, err);
        columns_release(&columns);
    }
    json_free(document);
    return rc;
}

enum rc face_draft_show(void *context, struct command *command, struct err *err) {
    struct drafting at;
    enum rc rc = drafting_open(context, command, &at, err);

    if (rc == RC_OK)
        rc = show(&at, err);
    drafting_close(&at);
    return rc;
}

/* --- beginning --- */

static enum rc begun(struct drafting *at, struct err *err) {
    struct command *command = at->visit.command;
    uint64_t draft = filler_draft(at->filler);
    struct json *document;

    if (!command->json)
        return command_printf(command, err, "%llu\n", (unsigned long long)draft);
    document = json_object();
    json_add_int(document, "draft", (int64_t)draft);
    return command_print_json(command, document, err);
}

enum rc face_draft_begin(void *context, struct command *command, struct err *err) {
    struct drafting at = {0};
    uint64_t area;
    enum rc rc = face_area(command, &area, err);

    if (rc != RC_OK)
        return rc;
    rc = visit_open(context, command, NEED_SESSION, &at.visit, err);
    if (rc == RC_OK)
        rc = filler_begin(at.visit.session, view_text(command->words[0]), area, &at.filler, err);
    if (rc == RC_OK)
        rc = begun(&at, err);
    drafting_close(&at);
    return rc;
}

enum rc face_draft_edit(void *context, struct command *command, struct err *err) {
    struct drafting at = {0};
    struct dot record;
    enum rc rc = dot_parse(view_text(command->words[0]), &record, err);

    if (rc != RC_OK)
        return err_prefix(err, "%.60s: ", command->words[0]);
    rc = visit_open(context, command, NEED_SESSION, &at.visit, err);
    if (rc == RC_OK)
        rc = filler_edit(at.visit.session, record, &at.filler, err);
    if (rc == RC_OK)
        rc = begun(&at, err);
    drafting_close(&at);
    return rc;
}

/* --- steps --- */

/* "member[2]/name" is "/data/member[2]/name". */
static enum rc place_of(struct drafting *at, struct view ref, struct engine_place *place,
                        struct err *err) {
    const struct engine *engine = filler_engine(at->filler);
    char full[REF_BYTES];
    int size;

    if (ref.size > 0 && ref.data[0] == '/')
        return engine_place(engine, ref, place, err);
    size = snprintf(full, sizeof(full), "%.*s/%.*s", VIEW_PRINT(engine->model->fields[0].path),
                    VIEW_PRINT(view_slice(ref, 0, LIMIT_PATH_BYTES)));
    return engine_place(engine, view_of(full, (size_t)size < sizeof(full) ? (size_t)size : 0),
                        place, err);
}

static enum rc answer_word(struct drafting *at, const char *word, struct err *err) {
    const char *equals = strchr(word, '=');
    struct engine_place place;
    enum rc rc;

    if (!utf8_valid(view_text(word)))
        return err_set(err, RC_INVALID, "a word of the command is not UTF-8; check the terminal");
    if (equals == NULL || equals == word)
        return err_set(err, RC_USAGE, "%.60s: write REF=VALUE, such as head/name=Li", word);
    rc = place_of(at, view_of(word, (size_t)(equals - word)), &place, err);
    return rc == RC_OK ? engine_set(filler_engine(at->filler), place, view_text(equals + 1), err)
                       : rc;
}

/* What a step prints: everything, for programs; for people only what they would not know. */
static enum rc stepped(struct drafting *at, enum rc rc, struct err *err) {
    if (rc == RC_OK)
        rc = filler_keep(at->filler, err);
    if (rc == RC_OK && at->visit.command->json)
        rc = show(at, err);
    drafting_close(at);
    return rc;
}

enum rc face_draft_answer(void *context, struct command *command, struct err *err) {
    struct drafting at;
    enum rc rc = drafting_open(context, command, &at, err);

    for (size_t i = 1; i < command->word_count && rc == RC_OK; i++)
        rc = answer_word(&at, command->words[i], err);
    return stepped(&at, rc, err);
}

static enum rc attach(struct drafting *at, const char *ref, const char *file, struct err *err) {
    const struct form_field *field = NULL;
    struct engine_place place;
    char hex[ALBUM_HEX_BYTES];
    struct buf content;
    enum rc rc = place_of(at, view_text(ref), &place, err);

    if (rc == RC_OK)
        rc = album_field(at->filler, place, &field, err);
    if (rc != RC_OK)
        return rc;
    buf_init(&content, LIMIT_ATTACHMENT_BYTES);
    rc = command_read(at->visit.command, file, attachment_bytes_max(attachment_use_of(field)),
                      &content, err);
    if (rc == RC_OK) {
        rc = album_add(at->filler, place, buf_view(&content), hex, err);
        if (rc != RC_OK)
            err_prefix(err, "%.200s: ", file);
    }
    crypt_buf_release(&content);
    return rc;
}

enum rc face_draft_attach(void *context, struct command *command, struct err *err) {
    struct drafting at;
    enum rc rc = drafting_open(context, command, &at, err);

    if (rc == RC_OK)
        rc = attach(&at, command->words[1], command->words[2], err);
    return stepped(&at, rc, err);
}

enum rc face_draft_add(void *context, struct command *command, struct err *err) {
    struct engine_place place, added;
    struct drafting at;
    enum rc rc = drafting_open(context, command, &at, err);

    if (rc == RC_OK)
        rc = place_of(&at, view_text(command->words[1]), &place, err);
    if (rc == RC_OK)
        rc = engine_add(filler_engine(at.filler), place, 0, &added, err);
    return stepped(&at, rc, err);
}

enum rc face_draft_remove(void *context, struct command *command, struct err *err) {
    struct engine_place place;
    struct drafting at;
    enum rc rc = drafting_open(context, command, &at, err);

    if (rc == RC_OK)
        rc = place_of(&at, view_text(command->words[1]), &place, err);
    if (rc == RC_OK)
        rc = engine_remove(filler_engine(at.filler), place, err);
    return stepped(&at, rc, err);
}

/* --- the end --- */

static enum rc print_record(struct command *command, struct dot record, struct err *err) {
    char text[DOT_TEXT_BYTES];
    struct json *document;

    dot_text(record, text);
    if (!command->json)
        return command_printf(command, err, "%s\n", text);
    document = json_object();
    add_dot(document, "id", record);
    return command_print_json(command, document, err);
}

/* What is missing or wrong ("error"), or to be looked at again ("warning"): a line each on standard
 * error. */
static void say_problems(struct drafting *at, const char *key) {
    struct json *document = json_object();
    struct err ignored;

    err_init(&ignored, at->visit.command->lang);
    if (filler_json(at->filler, false, document, &ignored) == RC_OK)
        for (const struct json *question = json_first(json_get(document, "questions"));
             question != NULL; question = json_next(question)) {
            struct view problem = json_text(json_get(question, key));

            if (json_get(question, key) != NULL)
                command_say(at->visit.command, "%.*s: %.*s",
                            VIEW_PRINT(json_text(json_get(question, "ref"))), VIEW_PRINT(problem));
        }
    json_free(document);
}

enum rc face_draft_finish(void *context, struct command *command, struct err *err) {
    struct drafting at;
    struct dot record;
    uint32_t problems = 0;
    enum rc rc = drafting_open(context, command, &at, err);

    if (rc == RC_OK) {
        rc = filler_finish(at.filler, &record, &problems, err);
        if (rc == RC_INVALID && problems > 0 && !command->json)
            say_problems(&at, "error");
    }
    if (rc == RC_OK && !command->json)
        say_problems(&at, "warning");
    if (rc == RC_OK)
        rc = print_record(command, record, err);
    drafting_close(&at);
    return rc;
}

enum rc face_draft_discard(void *context, struct command *command, struct err *err) {
    struct visit visit;
    uint64_t draft = 0;
    enum rc rc = number_of(command, &draft, err);

    if (rc != RC_OK)
        return rc;
    rc = visit_open(context, command, NEED_SESSION, &visit, err);
    if (rc == RC_OK && visit.seat != NULL)
        face_put_away(visit.seat);
    if (rc == RC_OK)
        rc = drafts_remove(visit.session, draft, err);
    visit_close(&visit);
    return rc;
}

/* --- the list --- */

struct json *draft_json(struct json *list, const struct kept_draft *draft,
                        const struct draft_head *head) {
    struct json *item = json_add_object(list, NULL);

    json_add_int(item, "draft", (int64_t)draft->draft);
    if (head->form != NULL) {
        json_add_view(item, "form", head->form->name);
        add_area(item, "area", head->area);
        if (head->record.number != 0)
            add_dot(item, "record", head->record);
        json_add_view(item, "title", head->title);
    }
    add_time(item, "begun", draft->begun_ms);
    add_time(item, "saved", draft->saved_ms);
    return item;
}

static void draft_row(struct columns *columns, const struct kept_draft *draft,
                      const struct draft_head *head) {
    char text[TIME_TEXT_BYTES];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)draft->draft);
    columns_add_text(columns, text);
    columns_add(columns, head->form == NULL ? view_text("?") : head->form->name);
    time_format(draft->saved_ms, text);
    text[16] = '\0';
    text[10] = ' ';
    columns_add_text(columns, text);
    columns_add(columns, head->title);
    columns_end_row(columns);
}

enum rc face_draft_list(void *context, struct command *command, struct err *err) {
    struct json *document = json_object(), *list = json_add_array(document, "drafts");
    struct kept_draft *drafts = NULL;
    struct columns columns;
    uint32_t count = 0;
    struct visit visit;
    enum rc rc = visit_open(context, command, NEED_SESSION, &visit, err);

    columns_init(&columns, 4);
    if (rc == RC_OK)
        rc = drafts_list(visit.session, &visit.arena, &drafts, &count, err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        struct draft_head head;
        struct err why;

        err_init(&why, command->lang);
        if (filler_peek(visit.session, drafts[i].draft, &visit.arena, &head, &why) != RC_OK)
            command_say(command, "draft %llu: %s", (unsigned long long)drafts[i].draft, why.text);
        (void)draft_json(list, &drafts[i], &head);
        draft_row(&columns, &drafts[i], &head);
    }
    if (rc == RC_OK && command->json) {
        rc = command_print_json(command, document, err);
        document = NULL;
    } else if (rc == RC_OK) {
        rc = columns_print(&columns, command, err);
    }
    json_free(document);
    columns_release(&columns);
    visit_close(&visit);
    return rc;
}
