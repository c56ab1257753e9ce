/* form_show.c: a published form, as its author and its reviewers want to see it: one line a field
 * with its number and what happens when two people disagree. */
#include "base/words.h"
#include "syncd/desk/desk.h"
#include "syncd/desk/form_report.h"
#include "syncd/desk/listing.h"

#include <stdio.h>

struct showing {
    struct seat *seat;
    struct command *command;
    struct view name;
    uint32_t wanted; /* sequence; 0: the newest */
    struct stored_form stored;
    struct json *versions; /* of --json */
    struct buf line;       /* of people: "1 (v1), 2 (v2)" */
    const struct form *form;
};

/* --- finding it --- */

static enum rc version_visit(void *context, const struct stored_form *form, struct err *err) {
    struct showing *at = context;
    char id[17], published[TIME_TEXT_BYTES];
    struct json *json;

    (void)err;
    if (!view_equal(form->name, at->name))
        return RC_OK;
    if (at->wanted == form->sequence || (at->wanted == 0 && form->sequence > at->stored.sequence))
        at->stored = (struct stored_form){
            .form = form->form, .sequence = form->sequence, .published_ms = form->published_ms};
    buf_addf(&at->line, "%s%u (%.*s)", at->line.size > 0 ? ", " : "", form->sequence,
             VIEW_PRINT(form->version));
    id_text(form->form, id);
    time_text(form->published_ms, published);
    json = json_add_object(at->versions, NULL);
    json_add_int(json, "sequence", form->sequence);
    json_add_view(json, "version", form->version);
    json_add_text(json, "form", id);
    json_add_text(json, "published", published);
    return RC_OK;
}

static enum rc find(struct showing *at, struct err *err) {
    const char *text = command_option(at->command, "--version");
    enum rc rc;

    if (text != NULL && (sscanf(text, "%9u", &at->wanted) != 1 || at->wanted == 0))
        return err_set(err, RC_USAGE,
                       "--version: %s is not a number; the numbers are in: yg-syncd form list",
                       text);
    rc = store_forms(at->seat->ledger->store, 0, version_visit, at, err);
    if (rc != RC_OK)
        return rc;
    if (at->stored.form == 0 && at->line.size > 0)
        return err_set(err, RC_NOT_FOUND, "%.*s: there is no number %u; there are: %s",
                       VIEW_PRINT(at->name), at->wanted, buf_text(&at->line));
    if (at->stored.form == 0)
        return err_set(err, RC_NOT_FOUND,
                       "%.*s: no form of this name is published; see: yg-syncd form list",
                       VIEW_PRINT(at->name));
    rc = ledger_form(at->seat->ledger, at->stored.form, &at->form, err);
    if (rc == RC_OK && at->form == NULL)
        rc = err_set(err, RC_CORRUPT, "%.*s: the form cannot be read", VIEW_PRINT(at->name));
    return rc;
}

/* --- as a document --- */

static enum rc print_json(struct showing *at, struct err *err) {
    const struct form *form = at->form;
    struct json *json = json_object(), *array;
    char id[17], published[TIME_TEXT_BYTES];

    id_text(form->id, id);
    time_text(at->stored.published_ms, published);
    json_add_text(json, "form", id);
    json_add_view(json, "name", form->name);
    json_add_view(json, "version", form->version);
    json_add_int(json, "sequence", form->sequence);
    json_add_text(json, "audience", audience_name((enum audience)form->audience));
    json_add_text(json, "published", published);
    array = json_add_array(json, "languages");
    for (uint32_t i = 0; i < form->language_count; i++)
        json_add_view(array, NULL, form->languages[i]);
    form_texts_json(json, "title", form, &form->title);
    array = json_add_array(json, "files");
    for (uint32_t i = 0; i < form->file_count; i++)
        json_add_view(array, NULL, form->files[i].name);
    array = json_add_array(json, "fields");
    for (uint32_t i = 0; i < form->field_count; i++)
        form_field_json(array, form, &form->fields[i]);
    json_add_tree(json, "versions", at->versions);
    at->versions = NULL;
    return command_print_json(at->command, json, err);
}

/* --- for people --- */

static enum rc print_head(struct showing *at, struct err *err) {
    const struct form *form = at->form;
    enum lang lang = at->command->lang;
    const struct view *title =
        form_label(form, &form->title, view_text(lang == LANG_ZH ? "zh" : "en"));
    struct buf languages;
    enum rc rc;

    buf_init(&languages, 8192);
    for (uint32_t i = 0; i < form->language_count; i++)
        buf_addf(&languages, "%s%.*s", i > 0 ? ", " : "", VIEW_PRINT(form->languages[i]));
    rc = command_printf(at->command, err, "%.*s  %.*s\n", VIEW_PRINT(form->name),
                        VIEW_PRINT(*title));
    if (rc == RC_OK)
        rc = command_printf(at->command, err,
                            words(lang, "number %u, version %.*s, for %s; languages: %s\n"),
                            form->sequence, VIEW_PRINT(form->version),
                            audience_name((enum audience)form->audience), buf_text(&languages));
    if (rc == RC_OK)
        rc =
            command_printf(at->command, err, words(lang, "published: %s\n\n"), buf_text(&at->line));
    buf_release(&languages);
    return rc;
}

static void list_field(struct listing *table, const struct form *form,
                       const struct form_field *field, enum lang lang) {
    const char *type = field_type_name((enum field_type)field->type);

    listing_cellf(table, "%u", field->number);
    listing_cell(table, field->path);
    if (field->list != FORM_NO_LIST)
        listing_cellf(table, "%s %.*s", type, VIEW_PRINT(form->lists[field->list].name));
    else
        listing_cell(table, view_text(type));
    listing_cell(
        table,
        view_text(form_field_holds_value(field) ? policy_name((enum policy)field->policy) : ""));
    listing_cell(table, view_text(form_posting_word(field->posting)));
    listing_cell(table, view_text(field->sensitive ? "yes" : ""));
    listing_cell(table,
                 field->scope == FORM_NO_SCOPE ? (struct view){0} : form->scopes[field->scope]);
    listing_cell(table, form_field_label(form, field, lang));
}

static enum rc print_table(struct showing *at, struct err *err) {
    static const char *const heads[] = {"number",    "field", "type",  "policy", "posting",
                                        "sensitive", "seal",  "label", NULL};
    struct listing table;
    enum rc rc = print_head(at, err);

    if (rc != RC_OK)
        return rc;
    listing_start(&table, at->command, &at->seat->arena, heads);
    for (uint32_t i = 0; i < at->form->field_count; i++)
        list_field(&table, at->form, &at->form->fields[i], at->command->lang);
    return listing_end(&table, RC_OK, err);
}

enum rc desk_form_show(void *context, struct command *command, struct err *err) {
    struct seat seat;
    struct showing at = {.seat = &seat, .command = command, .name = view_text(command->words[0])};
    enum rc rc = seat_open(context, command, &seat, err);

    buf_init(&at.line, 64u * 1024u);
    at.versions = json_array();
    if (rc == RC_OK)
        rc = find(&at, err);
    if (rc != RC_OK)
        goto out;
    if (command_option(command, "--xform") == NULL)
        rc = command->json ? print_json(&at, err) : print_table(&at, err);
    else if (at.form->xform.size > 0)
        rc = command_print(command, at.form->xform, err);
    else
        rc = err_set(err, RC_NOT_FOUND,
                     "%.*s, number %u: it was published before forms carried their XForm; "
                     "publish it again",
                     VIEW_PRINT(at.form->name), at.form->sequence);
out:
    json_free(at.versions);
    buf_release(&at.line);
    seat_close(&seat);
    return rc;
}
