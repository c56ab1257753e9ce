/* history.c: who wrote what and when, of a record and of one value, and why: what a state knows
 * (schema/record.h), and the reasons that are kept beside it (agent/store/reason.c). */
#include "agent/face/columns.h"
#include "agent/face/face.h"
#include "agent/face/show.h"
#include "base/text.h"
#include "base/words.h"
#include "schema/erasure.h"
#include "schema/form/answers.h"

#include <stdlib.h>

static const char *const kind_names[] = {
    [CHANGE_CREATE] = "create",   [CHANGE_EDIT] = "edit",     [CHANGE_REMOVE] = "remove",
    [CHANGE_RESOLVE] = "resolve", [CHANGE_SEAL] = "seal",     [CHANGE_AMEND] = "amend",
    [CHANGE_MOVE] = "move",       [CHANGE_ACCEPT] = "accept", [CHANGE_SAME] = "same",
};

static const char *kind_name(uint8_t kind) {
    return kind < sizeof(kind_names) / sizeof(kind_names[0]) && kind_names[kind] != NULL
               ? kind_names[kind]
               : "?";
}

enum rc history_read(struct history *history, struct visit *visit, const struct seen *seen,
                     struct err *err) {
    const struct record *record = &seen->record;
    enum rc rc;

    *history = (struct history){.visit = visit, .seen = seen};
    rc = session_reasons(visit->session, record->id, &visit->arena, &history->reasons,
                         &history->reason_count, err);
    history->erasures =
        arena_array(&visit->arena, record->erasure_count, sizeof(*history->erasures));
    if (rc == RC_OK)
        rc = arena_check(&visit->arena, "the history", err);
    for (uint32_t i = 0; i < record->erasure_count && rc == RC_OK; i++)
        rc = erasure_decode(record->erasures[i], &visit->arena, &history->erasures[i], err);
    return rc;
}

/* Whether the law took something of this change: its reason went, too. */
static bool is_erased(const struct history *history, struct dot dot) {
    for (uint32_t i = 0; i < history->seen->record.erasure_count; i++)
        if (erasure_names(&history->erasures[i], dot))
            return true;
    return false;
}

void history_add(const struct history *history, struct json *item,
                 const struct absorbed *absorbed) {
    struct visit *visit = history->visit;
    struct view name = session_author(visit->session, absorbed->person);
    struct view reason = reason_of(history->reasons, history->reason_count, absorbed->dot);
    char id[17];

    id_text(absorbed->person, id);
    if (name.size > 0)
        json_add_view(item, "author", name);
    else
        json_add_text(item, "author", id);
    add_time(item, "at", absorbed->time_ms);
    json_add_text(item, "kind", kind_name(absorbed->kind));
    if (reason.size > 0)
        json_add_view(item, "reason", reason);
    if (is_erased(history, absorbed->dot))
        json_add_bool(item, "reason_erased", true);
}

static int by_lamport(const void *left, const void *right) {
    const struct absorbed *a = *(const struct absorbed *const *)left;
    const struct absorbed *b = *(const struct absorbed *const *)right;

    if (a->lamport != b->lamport)
        return a->lamport < b->lamport ? -1 : 1;
    return dot_compare(a->dot, b->dot);
}

const struct absorbed **history_sorted(const struct history *history) {
    const struct record *record = &history->seen->record;
    const struct absorbed **sorted =
        arena_array(&history->visit->arena, record->absorbed_count, sizeof(*sorted));

    for (uint32_t i = 0; sorted != NULL && i < record->absorbed_count; i++)
        sorted[i] = &record->absorbed[i];
    if (sorted != NULL && record->absorbed_count > 1)
        qsort(sorted, record->absorbed_count, sizeof(struct absorbed *), by_lamport);
    return sorted;
}

/* What a decision or an amendment was about, as far as it stands in the state. */
static enum rc add_fields(const struct history *history, const struct absorbed *change,
                          struct json *item, struct buf *path, struct err *err) {
    const struct seen *seen = history->seen;
    struct json *list = NULL;
    enum rc rc = RC_OK;

    if (seen->form == NULL || (change->kind != CHANGE_RESOLVE && change->kind != CHANGE_AMEND))
        return RC_OK;
    for (uint32_t i = 0; i < seen->record.version_count && rc == RC_OK; i++) {
        const struct version *version = &seen->record.versions[i];
        const struct form_field *field = form_field_by_number(seen->form, version->field);
        struct json *one;

        if (field == NULL || &seen->record.absorbed[version->change] != change)
            continue;
        if (list == NULL)
            list = json_add_array(item, "fields");
        buf_clear(path);
        rc = answers_path_text(&seen->reading, version->instance, version->field, path, err);
        one = json_add_object(list, NULL);
        json_add_buf(one, "path", path);
        json_add_view(one, "label",
                      form_field_label(seen->form, field, history->visit->command->lang));
    }
    return rc;
}

static enum rc changes_json(const struct history *history, struct json *list, struct err *err) {
    const struct absorbed **sorted = history_sorted(history);
    struct buf path;
    enum rc rc = RC_OK;

    if (sorted == NULL)
        return arena_check(&history->visit->arena, "the history", err);
    buf_init(&path, LIMIT_PATH_BYTES + LIMIT_INSTANCE_DEPTH * INSTANCE_TEXT_BYTES);
    for (uint32_t i = 0; i < history->seen->record.absorbed_count && rc == RC_OK; i++) {
        struct json *item = json_add_object(list, NULL);

        add_dot(item, "dot", sorted[i]->dot);
        history_add(history, item, sorted[i]);
        rc = add_fields(history, sorted[i], item, &path, err);
    }
    buf_release(&path);
    return rc;
}

static void erased_words(struct visit *visit, const struct seen *seen,
                         const struct version *version, struct buf *out) {
    const struct record *record = &seen->record;
    struct erasure erasure;
    enum rc found = erasure_find(record, record->absorbed[version->change].dot, version->instance,
                                 version->field, &visit->arena, &erasure);

    erasure_text(found, &erasure, visit->command->lang, out);
}

/* The label of a choice, in the language of whoever asks. */
static void add_label(struct visit *visit, const struct seen *seen, uint16_t field,
                      struct view value, struct json *item) {
    const struct form *form = seen->form;
    struct view language = view_text(visit->command->lang == LANG_ZH ? "zh" : "en");
    const struct form_field *asked = form_field_by_number(form, field);
    const struct form_choice *choice;

    if (asked == NULL || asked->list == FORM_NO_LIST)
        return;
    choice = form_list_choice(&form->lists[asked->list], value);
    if (choice != NULL)
        json_add_view(item, "text", *form_label(form, &choice->label, language));
}

static enum rc versions_json(const struct history *history, const char *path, struct json *list,
                             struct err *err) {
    struct visit *visit = history->visit;
    const struct seen *seen = history->seen;
    const struct version *versions;
    struct instance_id instance;
    uint32_t count = 0;
    uint16_t field;
    enum rc rc = answers_path(seen->form, &seen->reading, view_text(path), &instance, &field, err);

    if (rc != RC_OK)
        return rc;
    versions = record_field(&seen->record, instance, field, &count);
    for (uint32_t i = 0; i < count; i++) {
        struct json *item = json_add_object(list, NULL);
        char name[INSTANCE_TEXT_BYTES];
        struct buf text;

        buf_init(&text, LIMIT_VALUE_BYTES * 2);
        value_text(&versions[i].value, &text);
        if (versions[i].value.type == VALUE_ERASED)
            erased_words(visit, seen, &versions[i], &text);
        version_text(version_name(&seen->record, &versions[i]), name);
        if (versions[i].value.type == VALUE_NULL)
            json_add_null(item, "value");
        else
            json_add_buf(item, "value", &text);
        add_label(visit, seen, field, buf_view(&text), item);
        buf_release(&text);
        json_add_text(item, "dot", name);
        history_add(history, item, &seen->record.absorbed[versions[i].change]);
        json_add_bool(item, "live", versions[i].replaced_count == 0);
        if (versions[i].value.type == VALUE_ERASED)
            json_add_bool(item, "erased", true);
    }
    return RC_OK;
}

static enum rc print_history(struct visit *visit, const struct json *list, bool values,
                             struct err *err) {
    static const char *const keys[] = {"dot", "kind", "author", "at", "value"};
    const size_t count = values ? 5 : 4;
    struct columns columns;
    enum rc rc;

    columns_init(&columns, values ? 7 : 5);
    for (const struct json *item = json_first(list); item != NULL; item = json_next(item)) {
        bool live = true;

        for (size_t i = 0; i < count; i++)
            columns_add_text(&columns, json_text_or(json_get(item, keys[i]), "-"));
        if (values && json_bool(json_get(item, "live"), &live) && !live)
            columns_add_words(&columns, visit->command->lang, "replaced");
        else if (values)
            columns_add_text(&columns, "");
        columns_add_text(&columns, json_text_or(json_get(item, "reason"), ""));
        columns_end_row(&columns);
    }
    rc = columns_print(&columns, visit->command, err);
    columns_release(&columns);
    return rc;
}

enum rc face_history(void *context, struct command *command, struct err *err) {
    bool values = command->word_count == 2;
    struct json *list = json_array();
    struct history history;
    struct visit visit;
    struct seen seen;
    enum rc rc = visit_open(context, command, NEED_SESSION, &visit, err);

    if (rc == RC_OK)
        rc = visit_see(&visit, command->words[0], &seen, err);
    if (rc == RC_OK)
        rc = history_read(&history, &visit, &seen, err);
    if (rc == RC_OK)
        rc = values ? versions_json(&history, command->words[1], list, err)
                    : changes_json(&history, list, err);
    if (rc == RC_OK && command->json) {
        rc = command_print_json(command, list, err);
        list = NULL;
    } else if (rc == RC_OK) {
        rc = print_history(&visit, list, values, err);
        if (rc == RC_OK && values && seen.record.absorbed_count > 1)
            rc = command_printf(command, err, "%s\n",
                                words(command->lang, "values that were replaced, or are older than "
                                                     "the snapshot with which this tablet began, "
                                                     "are kept by the county"));
    }
    json_free(list);
    visit_close(&visit);
    return rc;
}
