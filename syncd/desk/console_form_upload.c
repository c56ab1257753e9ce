/* console_form_upload.c: a form comes to the console as a workbook: what is wrong with it, cell by
 * cell, what is different from the version in force, and then its publication.
 *
 * What was brought lies on the shelf of the login (form_shelf.h), and is looked at anew for each
 * answer, so that nothing is published that nobody has seen: the page says which form it showed.
 * Tables of the newest version that the workbook came without stay with the form, unless they are
 * left out by name. Forms are the whole county's: who publishes has all of its areas. */
#include "base/text.h"
#include "base/words.h"
#include "syncd/desk/console.h"
#include "syncd/desk/form_candidate.h"
#include "syncd/sync/attachment.h"

#define FILE_NAME_SHOWN 100u

struct upload {
    struct console_call *call;
    struct shelved_form shelved;
    struct form_source source;
    struct form_candidate candidate;
    struct form_trouble *troubles;
    uint32_t trouble_count;
    struct err made; /* why it could not be made */
};

static int64_t now_ms(const struct console_call *call) {
    return env_wall_ms(call->seat.office->env);
}

static enum rc open_upload(struct console_call *call, struct upload *at, struct err *err) {
    uint64_t root = 0;
    enum rc rc = seat_root_area(&call->seat, &root, err);

    *at = (struct upload){.call = call};
    form_candidate_init(&at->candidate, &call->seat, &at->source, false);
    err_init(&at->made, err->lang);
    if (rc == RC_OK && !console_holds(call, root))
        rc = err_set(err, RC_DENIED,
                     "forms are those of the whole county; only who manages all of it publishes");
    return rc;
}

static void close_upload(struct upload *at) {
    form_candidate_release(&at->candidate);
}

/* ---- looking at what was brought ---- */

static bool is_left(const struct upload *at, struct view name) {
    for (uint32_t i = 0; i < at->shelved.left_count; i++)
        if (view_equal(at->shelved.left[i], name))
            return true;
    return false;
}

static bool is_brought(const struct upload *at, struct view name) {
    for (uint32_t i = 0; i < at->shelved.file_count; i++)
        if (view_equal(at->shelved.files[i].name, name))
            return true;
    return false;
}

static bool is_brought_medium(const struct upload *at, struct view name) {
    for (uint32_t i = 0; i < at->shelved.media_count; i++)
        if (view_equal(at->shelved.media[i].name, name))
            return true;
    return false;
}

/* The tables and media of the newest version that are to stay. */
static enum rc keep_tables(struct upload *at, bool *any, struct err *err) {
    const struct form *newest = at->candidate.newest;
    enum rc rc = RC_OK;

    *any = false;
    for (uint32_t i = 0; newest != NULL && i < newest->file_count && rc == RC_OK; i++) {
        if (is_left(at, newest->files[i].name) || is_brought(at, newest->files[i].name))
            continue;
        rc = form_source_add(&at->source, newest->files[i], &at->call->seat.arena, err);
        *any = true;
    }
    for (uint32_t i = 0; newest != NULL && i < newest->media_count && rc == RC_OK; i++) {
        if (is_left(at, newest->media[i].name) || is_brought_medium(at, newest->media[i].name))
            continue;
        rc =
            form_source_add_medium(&at->source, newest->media[i], NULL, &at->call->seat.arena, err);
        *any = true;
    }
    return rc;
}

static enum rc add_brought_medium(struct upload *at, const struct form_medium *medium,
                                  struct err *err) {
    struct console_call *call = at->call;
    char path[FILE_PATH_BYTES_MAX], *kept;
    enum rc rc = form_shelf_path(console_shelf(call->console), call->session.stored.name,
                                 medium->hash, path, err);

    if (rc != RC_OK)
        return rc;
    kept = arena_alloc(&call->seat.arena, strlen(path) + 1);
    if (kept == NULL)
        return arena_check(&call->seat.arena, "a form", err);
    memcpy(kept, path, strlen(path) + 1);
    return form_source_add_medium(&at->source, *medium, kept, &call->seat.arena, err);
}

/* RC_OK also when it cannot be a form: made and the findings tell. */
static enum rc examine(struct upload *at, struct err *err) {
    struct arena *arena = &at->call->seat.arena;
    const char *what =
        at->shelved.name.size > 0 ? (const char *)at->shelved.name.data : "workbook.xlsx";
    bool any = false;
    enum rc rc = form_read_workbook(what, at->shelved.workbook, arena, &at->source, err);

    for (uint32_t i = 0; i < at->shelved.file_count && rc == RC_OK; i++)
        rc = form_source_add(&at->source, at->shelved.files[i], arena, err);
    for (uint32_t i = 0; i < at->shelved.media_count && rc == RC_OK; i++)
        rc = add_brought_medium(at, &at->shelved.media[i], err);
    if (rc != RC_OK)
        return rc;
    (void)form_candidate_make(&at->candidate, &at->made);
    if (at->made.rc == RC_OK) {
        rc = keep_tables(at, &any, err);
        if (rc == RC_OK && any)
            (void)form_candidate_make(&at->candidate, &at->made);
    }
    if (rc == RC_OK && at->made.rc == RC_OK)
        rc = form_try(at->candidate.form, err->lang, arena, &at->troubles, &at->trouble_count, err);
    return rc;
}

static void add_tables(const struct upload *at, struct json *json) {
    struct json *array = json_add_array(json, "files");

    for (uint32_t i = 0; i < at->source.workbook.file_count; i++) {
        const struct form_file *file = &at->source.workbook.files[i];
        struct json *item = json_add_object(array, NULL);

        json_add_view(item, "name", file->name);
        json_add_int(item, "bytes", (int64_t)file->content.size);
        json_add_bool(item, "kept", !is_brought(at, file->name));
    }
    array = json_add_array(json, "media");
    for (uint32_t i = 0; i < at->source.media_count; i++) {
        const struct form_medium *medium = &at->source.media[i];
        struct json *item = json_add_object(array, NULL);

        json_add_view(item, "name", medium->name);
        json_add_int(item, "bytes", medium->size);
        json_add_bool(item, "kept", !is_brought_medium(at, medium->name));
    }
}

static enum rc add_made(const struct upload *at, struct json *json, struct err *err) {
    const struct form *form = at->candidate.form, *newest = at->candidate.newest;

    console_add_id(json, "form", form->id);
    json_add_view(json, "name", form->name);
    json_add_view(json, "title",
                  *form_label(form, &form->title, view_text(err->lang == LANG_ZH ? "zh" : "en")));
    json_add_view(json, "version", form->version);
    json_add_int(json, "sequence", form->sequence);
    json_add_int(json, "fields", form->field_count);
    json_add_bool(json, "same", at->candidate.is_same);
    if (newest == NULL)
        return RC_OK;
    console_add_id(json, "former", newest->id);
    json_add_view(json, "former_version", newest->version);
    json_add_int(json, "former_sequence", newest->sequence);
    return console_add_difference(json, newest, form, err->lang, err);
}

static enum rc answer(struct upload *at, struct err *err) {
    const struct findings *findings = &at->candidate.findings;
    bool is_made = at->made.rc == RC_OK;
    struct json *json = json_object(), *array;
    enum rc rc = RC_OK;

    json_add_view(json, "workbook", at->shelved.name);
    json_add_bool(json, "ok", is_made);
    json_add_int(json, "errors", findings->error_count);
    json_add_int(json, "warnings", findings->count - findings->error_count);
    form_findings_json(json, &at->source, findings);
    if (!is_made && findings->error_count == 0)
        json_add_text(json, "why", at->made.text);
    array = json_add_array(json, "trouble");
    for (uint32_t i = 0; i < at->trouble_count; i++) {
        struct json *item = json_add_object(array, NULL);

        json_add_view(item, "ref", at->troubles[i].ref);
        json_add_view(item, "text", at->troubles[i].text);
    }
    add_tables(at, json);
    if (is_made)
        rc = add_made(at, json, err);
    if (rc == RC_OK)
        return console_reply(at->call, json, err);
    json_free(json);
    return rc;
}

static enum rc shelve(struct upload *at, struct err *err) {
    struct console_call *call = at->call;
    enum rc rc;

    at->shelved.json = at->made.rc == RC_OK ? buf_view(&at->candidate.json) : (struct view){0};
    rc = form_shelf_put(console_shelf(call->console), call->session.stored.name, now_ms(call),
                        &at->shelved, err);
    return rc == RC_OK ? answer(at, err) : rc;
}

static enum rc examine_and_shelve(struct upload *at, struct err *err) {
    enum rc rc = examine(at, err);

    return rc == RC_OK ? shelve(at, err) : rc;
}

static enum rc take_from_shelf(struct upload *at, struct err *err) {
    struct console_call *call = at->call;

    return form_shelf_get(console_shelf(call->console), call->session.stored.name, now_ms(call),
                          &call->seat.arena, &at->shelved, err);
}

/* ---- bringing ---- */

/* What was brought beside a workbook stays when a mended one of the same name comes. */
static enum rc take_beside(struct upload *at, struct view name, struct err *err) {
    enum rc rc = take_from_shelf(at, err);

    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        rc = RC_OK;
    }
    if (name.size == 0 || !view_equal(at->shelved.name, name))
        at->shelved = (struct shelved_form){0};
    return rc;
}

enum rc console_form_upload(struct console_call *call, struct err *err) {
    struct view called = {0};
    struct upload at;
    struct buf name;
    enum rc rc = open_upload(call, &at, err);

    buf_init(&name, LIMIT_NAME_BYTES);
    if (rc == RC_OK)
        rc = console_filter(call, "name", &name, err);
    called = arena_view(&call->seat.arena, utf8_cut(buf_view(&name), FILE_NAME_SHOWN));
    if (rc == RC_OK)
        rc = take_beside(&at, called, err);
    at.shelved.name = called;
    at.shelved.workbook = call->exchange->request.body;
    if (rc == RC_OK)
        rc = arena_check(&call->seat.arena, "a form", err);
    if (rc == RC_OK)
        rc = examine_and_shelve(&at, err);
    if (rc != RC_OK)
        form_shelf_forget(console_shelf(call->console), call->session.stored.name);
    buf_release(&name);
    close_upload(&at);
    return rc;
}

enum rc console_form_uploaded(struct console_call *call, struct err *err) {
    struct upload at;
    enum rc rc = open_upload(call, &at, err);

    if (rc == RC_OK)
        rc = take_from_shelf(&at, err);
    if (rc == RC_OK)
        rc = examine(&at, err);
    if (rc == RC_OK)
        rc = answer(&at, err);
    close_upload(&at);
    return rc;
}

/* In place of one of the same name. */
static void put_file(struct shelved_form *shelved, struct form_file file) {
    uint32_t i = 0;

    while (i < shelved->file_count && !view_equal(shelved->files[i].name, file.name))
        i++;
    if (i == LIMIT_FORM_FILES)
        return; /* examine refuses as many */
    shelved->files[i] = file;
    shelved->file_count += i == shelved->file_count;
}

/* The content goes into the shelf's folder, and from there among the attachments when the form is
 * published: what nobody publishes stays nowhere. */
static enum rc bring_medium(struct console_call *call, struct err *err) {
    struct view content = call->exchange->request.body;
    struct form_source probe = {0};
    struct form_medium medium;
    struct upload at;
    uint32_t i = 0;
    enum rc rc = open_upload(call, &at, err);

    if (rc == RC_OK)
        rc = form_medium_look(view_text(console_param(call, "name")), content, &medium, err);
    if (rc == RC_OK)
        rc = form_source_add_medium(&probe, medium, NULL, &call->seat.arena, err);
    if (rc == RC_OK)
        rc = take_from_shelf(&at, err);
    while (rc == RC_OK && i < at.shelved.media_count &&
           !view_equal(at.shelved.media[i].name, medium.name))
        i++;
    if (rc == RC_OK && i == LIMIT_FORM_MEDIA)
        rc = err_set(err, RC_LIMIT, "%.*s: a form shows at most %u pictures, sounds and films",
                     VIEW_PRINT(medium.name), LIMIT_FORM_MEDIA);
    if (rc == RC_OK) {
        at.shelved.media[i] = medium;
        at.shelved.media_count += i == at.shelved.media_count;
        rc = examine(&at, err);
    }
    if (rc == RC_OK)
        rc = attachment_room(call->seat.office->directory, err);
    if (rc == RC_OK)
        rc = form_shelf_bring(console_shelf(call->console), call->session.stored.name, medium.hash,
                              content, err);
    if (rc == RC_OK) /* if it is not taken, the content goes, too */
        rc = shelve(&at, err);
    close_upload(&at);
    return rc;
}

enum rc console_form_upload_file(struct console_call *call, struct err *err) {
    struct form_file file = {.name = view_text(console_param(call, "name")),
                             .content = call->exchange->request.body};
    struct form_source probe = {0};
    struct upload at;
    enum rc rc;

    if (form_is_medium(file.name))
        return bring_medium(call, err);
    rc = open_upload(call, &at, err);
    if (rc == RC_OK)
        rc = form_source_add(&probe, file, &call->seat.arena, err);
    if (rc == RC_OK)
        rc = take_from_shelf(&at, err);
    if (rc == RC_OK && at.shelved.file_count == LIMIT_FORM_FILES)
        rc = err_set(err, RC_LIMIT, "%.*s: too large, or one of more than %u tables",
                     VIEW_PRINT(file.name), LIMIT_FORM_FILES);
    if (rc == RC_OK) {
        put_file(&at.shelved, file);
        rc = examine_and_shelve(&at, err);
    }
    close_upload(&at);
    return rc;
}

/* {file}: without this table; nothing: without all of it. */
enum rc console_form_upload_leave(struct console_call *call, struct err *err) {
    const char *name;
    struct upload at;
    enum rc rc = open_upload(call, &at, err);

    if (rc == RC_OK)
        rc = console_text(call, "file", &name, err);
    if (rc == RC_OK && name == NULL) {
        form_shelf_forget(console_shelf(call->console), call->session.stored.name);
        close_upload(&at);
        return console_done(call, err);
    }
    if (rc == RC_OK)
        rc = take_from_shelf(&at, err);
    if (rc == RC_OK) {
        struct shelved_form *shelved = &at.shelved;
        uint32_t kept = 0;

        for (uint32_t i = 0; i < shelved->file_count; i++)
            if (!view_is(shelved->files[i].name, name))
                shelved->files[kept++] = shelved->files[i];
        shelved->file_count = kept;
        kept = 0;
        for (uint32_t i = 0; i < shelved->media_count; i++)
            if (!view_is(shelved->media[i].name, name))
                shelved->media[kept++] = shelved->media[i];
        shelved->media_count = kept;
        if (!is_left(&at, view_text(name)) &&
            shelved->left_count < LIMIT_FORM_FILES + LIMIT_FORM_MEDIA)
            shelved->left[shelved->left_count++] = view_text(name);
        rc = examine_and_shelve(&at, err);
    }
    close_upload(&at);
    return rc;
}

/* ---- publishing ---- */

static enum rc publish(struct upload *at, const char *shown, struct view reason, struct err *err) {
    struct console_call *call = at->call;
    const struct form *form;
    struct json *json;
    char id[17];
    enum rc rc;

    if (at->made.rc != RC_OK)
        return err_set(err, RC_INVALID, "this cannot be a form yet; mend the errors first");
    form = at->candidate.form;
    id_text(form->id, id);
    if (strcmp(id, shown) != 0) {
        err_set(err, RC_CONFLICT,
                "%.*s: somebody else has published it meanwhile; look at the differences again",
                VIEW_PRINT(form->name));
        return console_refuse(call, 409, "moved", err);
    }
    if (at->candidate.is_same)
        return err_set(err, RC_CONFLICT,
                       "%.*s: this is what number %u says already; nothing to publish",
                       VIEW_PRINT(form->name), form->sequence);
    rc = form_candidate_publish(&at->candidate, reason, err);
    if (rc != RC_OK)
        return rc;
    form_shelf_forget(console_shelf(call->console), call->session.stored.name);
    json = json_object();
    json_add_text(json, "form", id);
    json_add_int(json, "sequence", form->sequence);
    return console_reply(call, json, err);
}

enum rc console_form_publish(struct console_call *call, struct err *err) {
    const char *shown;
    struct view reason;
    struct upload at;
    enum rc rc = open_upload(call, &at, err);

    if (rc == RC_OK)
        rc = console_reason(call, &reason, err);
    if (rc == RC_OK)
        rc = console_need(call, "form", &shown, err);
    if (rc == RC_OK)
        rc = take_from_shelf(&at, err);
    if (rc == RC_OK)
        rc = examine(&at, err);
    if (rc == RC_OK)
        rc = publish(&at, shown, reason, err);
    close_upload(&at);
    return rc;
}
