/* write.c: commands that change one record. Each makes one change and saves it. */
#include "agent/face/assign.h"
#include "agent/face/draft.h"
#include "agent/field/home_visit.h"
#include "agent/store/blobs.h"
#include "agent/store/traffic.h"
#include "base/crypt.h"
#include "base/text.h"
#include "schema/form/answers.h"

#define PROBLEMS_BYTES (1024u * 1024u)

/* ---- drafts ---- */

enum rc draft_open(struct face *face, struct command *command, enum change_kind kind,
                   struct draft *draft, struct err *err) {
    enum rc rc = visit_open(face, command, NEED_SESSION, &draft->visit, err);

    if (rc == RC_OK)
        rc = visit_see(&draft->visit, command->words[0], &draft->seen, err);
    if (rc == RC_OK && draft->seen.form == NULL)
        rc = err_set(err, RC_UNSUPPORTED,
                     "%s: the form of this record has not come yet; run: yg-agent sync",
                     command->words[0]);
    if (rc != RC_OK)
        return rc;
    return edit_start(&draft->edit, kind, session_next_dot(draft->visit.session),
                      session_person(draft->visit.session), draft->seen.form, &draft->seen.record,
                      &draft->seen.reading, &draft->visit.arena, err);
}

void draft_close(struct draft *draft) {
    visit_close(&draft->visit);
}

void draft_warn(struct visit *visit, struct dot record) {
    struct command *command = visit->command;
    struct err ignored;
    struct seen seen;
    struct buf lines;
    uint32_t count = 0;

    err_init(&ignored, command->lang);
    buf_init(&lines, PROBLEMS_BYTES);
    if (session_see(visit->session, record, &visit->arena, &seen, &ignored) == RC_OK &&
        seen.form != NULL && !seen.reading.withdrawn &&
        answers_problems(&seen.reading, &lines, &count, &ignored) == RC_OK && count > 0) {
        command_say(command, "saved; still to do:");
        (void)command->write(command->sink, CONTROL_STDERR, buf_view(&lines), &ignored);
    }
    buf_release(&lines);
}

/* Saves, and says on standard error what is still missing or breaks a rule of the form. */
static enum rc draft_save(struct draft *draft, const char *reason, struct err *err) {
    struct change change;
    enum rc rc = edit_finish(&draft->edit, view_text(reason), &change, err);

    if (rc == RC_OK)
        rc =
            session_save(draft->visit.session, &change, &draft->seen.record, draft->seen.form, err);
    if (rc == RC_OK)
        draft_warn(&draft->visit, draft->seen.record.id);
    return rc;
}

/* {"id", "dot"} under --json, otherwise nothing. */
static enum rc draft_print(struct draft *draft, struct dot dot, struct err *err) {
    struct command *command = draft->visit.command;
    struct json *document;

    if (!command->json)
        return RC_OK;
    document = json_object();
    add_dot(document, "id", draft->seen.record.id);
    add_dot(document, "dot", tablet_dot_now(draft->visit.tablet, dot));
    return command_print_json(command, document, err);
}

enum rc draft_end(struct draft *draft, enum rc rc, const char *reason, struct err *err) {
    if (rc == RC_OK)
        rc = draft_save(draft, reason, err);
    if (rc == RC_OK)
        rc = draft_print(draft, draft->edit.change.dot, err);
    draft_close(draft);
    return rc;
}

enum rc draft_reason(const struct command *command, const char **out, struct err *err) {
    *out = command_option(command, "--reason");
    if (*out == NULL || text_trim(view_text(*out)).size == 0)
        return err_set(err, RC_USAGE, "%s: say why, with --reason TEXT", command->spec->name);
    if (!utf8_valid(view_text(*out)))
        return err_set(err, RC_INVALID, "--reason: not UTF-8; check the terminal");
    return RC_OK;
}

/* ---- new ---- */

/* Reads the answers; without --file the record begins empty. */
static enum rc read_answers(const struct command *command, struct json **out, struct err *err) {
    struct json_limits limits = {.bytes = LIMIT_ANSWERS_BYTES, .depth = LIMIT_ANSWERS_DEPTH};
    const char *path = command_option(command, "--file");
    struct buf text;
    enum rc rc;

    *out = NULL;
    buf_init(&text, LIMIT_ANSWERS_BYTES);
    if (path == NULL)
        buf_add_text(&text, "{}");
    else if ((rc = command_read(command, path, LIMIT_ANSWERS_BYTES, &text, err)) != RC_OK)
        goto out;
    rc = buf_check(&text, "the answers", err);
    if (rc == RC_OK)
        rc = json_parse(buf_view(&text), limits, out, err);
    if (rc != RC_OK)
        err_prefix(err, "%.200s: ", path == NULL || strcmp(path, "-") == 0 ? "-" : path);
out:
    buf_release(&text);
    return rc;
}

/* All problems go to standard error when there is more than the one in err. */
static void say_problems(struct command *command, const struct buf *problems) {
    struct err ignored;
    size_t lines = 0;

    for (size_t i = 0; i < problems->size; i++)
        lines += problems->data[i] == '\n';
    err_init(&ignored, command->lang);
    if (lines > 1)
        (void)command->write(command->sink, CONTROL_STDERR, buf_view(problems), &ignored);
}

static enum rc fill_new(struct visit *visit, const struct form *form, uint64_t area,
                        const struct json *answers, struct change *change, struct err *err) {
    struct command *command = visit->command;
    struct instance_id root = {0};
    struct buf problems;
    struct edit edit;
    enum rc rc = edit_start(&edit, CHANGE_CREATE, session_next_dot(visit->session),
                            session_person(visit->session), form, NULL, NULL, &visit->arena, err);

    if (rc == RC_OK)
        rc = edit_set_area(&edit, area, err);
    if (rc != RC_OK)
        return rc;
    buf_init(&problems, PROBLEMS_BYTES);
    rc = command_option(command, "--draft") != NULL
             ? answers_fill_draft(&edit, root, FORM_NO_PARENT, answers, &problems, err)
             : answers_fill(&edit, root, FORM_NO_PARENT, answers, &problems, err);
    if (rc != RC_OK)
        say_problems(command, &problems);
    buf_release(&problems);
    return rc == RC_OK ? edit_finish(&edit, view_text(NULL), change, err) : rc;
}

enum rc face_area(const struct command *command, uint64_t *out, struct err *err) {
    const char *text = command_option(command, "--area");
    enum rc rc;

    if (text == NULL)
        return err_set(err, RC_USAGE, "%s: give --area CODE; status lists the areas",
                       command->spec->name);
    rc = area_parse(view_text(text), out, err);
    return rc == RC_OK ? RC_OK : err_prefix(err, "--area: ");
}

enum rc face_new(void *context, struct command *command, struct err *err) {
    const char *name = command->words[0];
    const struct form *form = NULL;
    struct json *answers = NULL, *document;
    char text[DOT_TEXT_BYTES];
    struct dot id = {0, 0};
    struct change change;
    struct visit visit;
    uint64_t area;
    enum rc rc = face_area(command, &area, err);

    if (rc == RC_OK)
        rc = read_answers(command, &answers, err);
    if (rc != RC_OK)
        return rc;
    rc = visit_open(context, command, NEED_SESSION, &visit, err);
    if (rc == RC_OK && (form = tablet_form_named(visit.tablet, view_text(name))) == NULL)
        rc =
            err_set(err, RC_NOT_FOUND, "%s: there is no such form here; see: yg-agent forms", name);
    if (rc == RC_OK)
        rc = fill_new(&visit, form, succession_of(tablet_areas(visit.tablet), area), answers,
                      &change, err);
    if (rc == RC_OK)
        rc = session_save(visit.session, &change, NULL, form, err);
    if (rc == RC_OK)
        id = tablet_dot_now(visit.tablet, change.dot);
    if (rc == RC_OK && command_option(command, "--draft") != NULL)
        draft_warn(&visit, id);
    if (rc == RC_OK && command->json) {
        document = json_object();
        add_dot(document, "id", id);
        rc = command_print_json(command, document, err);
    } else if (rc == RC_OK) {
        dot_text(id, text);
        rc = command_printf(command, err, "%s\n", text);
    }
    visit_close(&visit);
    json_free(answers);
    return rc;
}

/* ---- the others ---- */

/* A photo as the reason of a change: it is kept with the record and sent, and whoever decides about
 * the value sees it. */
static enum rc add_evidence(struct draft *draft, const char *file, struct err *err) {
    uint8_t(*hash)[32] = arena_array(&draft->visit.arena, 1, sizeof(*hash));
    struct buf content;
    enum rc rc;

    if (hash == NULL)
        return arena_check(&draft->visit.arena, "draft", err);
    buf_init(&content, LIMIT_PHOTO_BYTES);
    rc = command_read(draft->visit.command, file, LIMIT_PHOTO_BYTES, &content, err);
    if (rc == RC_OK) {
        rc = blobs_add(draft->visit.session, draft->seen.area, ATTACHMENT_FOR_IMAGE,
                       buf_view(&content), 0, hash[0], err);
        if (rc != RC_OK)
            err_prefix(err, "%.200s: ", file);
    }
    crypt_buf_release(&content);
    draft->edit.change.evidence = (const uint8_t(*)[32])hash;
    draft->edit.change.evidence_count = 1;
    return rc;
}

static enum rc write_words(void *context, struct command *command, enum change_kind kind,
                           const char *reason, struct err *err) {
    struct draft draft;
    enum rc rc = draft_open(context, command, kind, &draft, err);

    for (size_t i = 1; i < command->word_count && rc == RC_OK; i++)
        rc = assign(&draft.edit, command->words[i], err);
    if (rc == RC_OK && command_option(command, "--evidence") != NULL)
        rc = add_evidence(&draft, command_option(command, "--evidence"), err);
    return draft_end(&draft, rc, reason, err);
}

enum rc face_set(void *context, struct command *command, struct err *err) {
    return write_words(context, command, CHANGE_EDIT, NULL, err);
}

enum rc face_amend(void *context, struct command *command, struct err *err) {
    const char *reason;
    enum rc rc = draft_reason(command, &reason, err);

    return rc == RC_OK ? write_words(context, command, CHANGE_AMEND, reason, err) : rc;
}

enum rc face_add(void *context, struct command *command, struct err *err) {
    const struct form_field *repeat = NULL;
    struct instance_id parent, instance;
    char text[INSTANCE_TEXT_BYTES];
    struct json *document;
    struct draft draft;
    enum rc rc = draft_open(context, command, CHANGE_EDIT, &draft, err);

    if (rc == RC_OK)
        rc = assign_repeat(&draft.edit, command->words[1], &repeat, &parent, err);
    if (rc == RC_OK)
        rc = edit_add_instance(&draft.edit, repeat->number, parent, &instance, err);
    for (size_t i = 2; i < command->word_count && rc == RC_OK; i++)
        rc = assign_inside(&draft.edit, repeat, instance, command->words[i], err);
    if (rc == RC_OK)
        rc = draft_save(&draft, NULL, err);
    if (rc == RC_OK && command->json) {
        document = json_object();
        add_dot(document, "id", draft.seen.record.id);
        instance_text(instance, text);
        json_add_text(document, "instance", text);
        rc = command_print_json(command, document, err);
    } else if (rc == RC_OK) {
        instance_text(instance, text);
        rc = command_printf(command, err, "%s\n", text);
    }
    draft_close(&draft);
    return rc;
}

/* "ID", or "member[ID]" as show prints it. */
static enum rc parse_instance(const struct draft *draft, const char *text, struct instance_id *out,
                              struct err *err) {
    const struct seen_instance *seen;
    uint16_t field = FIELD_EXISTS;
    enum rc rc;

    if (strchr(text, '[') != NULL)
        rc =
            answers_path(draft->seen.form, &draft->seen.reading, view_text(text), out, &field, err);
    else if ((rc = instance_parse(view_text(text), out, err)) != RC_OK)
        err_prefix(err, "%.80s: ", text);
    if (rc != RC_OK)
        return rc;
    seen = reading_instance(&draft->seen.reading, *out);
    if (seen == NULL || seen->removed || field != FIELD_EXISTS)
        return err_set(err, RC_NOT_FOUND,
                       "%s: the record has no such instance; see: yg-agent show %s", text,
                       draft->visit.command->words[0]);
    return RC_OK;
}

enum rc face_remove(void *context, struct command *command, struct err *err) {
    bool whole = command_option(command, "--record") != NULL;
    struct instance_id instance = {0};
    struct draft draft;
    enum rc rc;

    if (whole == (command->word_count == 2))
        return err_set(err, RC_USAGE, "remove: name one instance, or give --record for all of it");
    rc = draft_open(context, command, CHANGE_REMOVE, &draft, err);
    if (rc == RC_OK && !whole)
        rc = parse_instance(&draft, command->words[1], &instance, err);
    if (rc == RC_OK)
        rc = edit_remove_instance(&draft.edit, instance, err);
    return draft_end(&draft, rc, command_option(command, "--reason"), err);
}

static enum rc find_scope(const struct form *form, const char *name, uint32_t *out,
                          struct err *err) {
    struct buf known;

    for (uint32_t i = 0; i < form->scope_count; i++) {
        if (view_is(form->scopes[i], name)) {
            *out = i;
            return RC_OK;
        }
    }
    buf_init(&known, 400);
    for (uint32_t i = 0; i < form->scope_count; i++)
        buf_addf(&known, "%s%.*s", i == 0 ? "" : ", ", VIEW_PRINT(form->scopes[i]));
    if (form->scope_count == 0)
        err_set(err, RC_NOT_FOUND, "%s: this form has nothing to seal", name);
    else
        err_set(err, RC_NOT_FOUND, "%s: no such scope; the form has: %s", name, buf_text(&known));
    buf_release(&known);
    return RC_NOT_FOUND;
}

enum rc face_seal(void *context, struct command *command, struct err *err) {
    struct draft draft;
    uint32_t scope;
    enum rc rc = draft_open(context, command, CHANGE_SEAL, &draft, err);

    if (rc == RC_OK)
        rc = find_scope(draft.seen.form, command->words[1], &scope, err);
    /* A visit is signed by its investigators, which is more than a seal. */
    if (rc == RC_OK && view_is(draft.seen.form->name, VISIT_FORM) &&
        scope == form_scope(draft.seen.form, VISIT_SCOPE)) {
        rc = home_visit_sign(draft.visit.session, draft.seen.record.id, err);
        if (rc == RC_OK)
            rc = draft_print(&draft, draft.edit.change.dot, err);
        draft_close(&draft);
        return rc;
    }
    if (rc == RC_OK)
        rc = edit_seal(&draft.edit, scope, err);
    return draft_end(&draft, rc, NULL, err);
}

enum rc face_move(void *context, struct command *command, struct err *err) {
    const char *reason;
    struct draft draft;
    uint64_t area;
    enum rc rc = face_area(command, &area, err);

    if (rc == RC_OK)
        rc = draft_reason(command, &reason, err);
    if (rc != RC_OK)
        return rc;
    rc = draft_open(context, command, CHANGE_MOVE, &draft, err);
    if (rc == RC_OK)
        rc = edit_set_area(&draft.edit, succession_of(tablet_areas(draft.visit.tablet), area), err);
    return draft_end(&draft, rc, reason, err);
}
