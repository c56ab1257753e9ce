/* form_load.c: reads the canonical JSON that form_json.c describes.
 *
 * The bytes may come from anybody, so the reader accepts the one spelling that the writer has and
 * nothing else: it walks along the writer's own order of keys, and in the end writes the form
 * again and compares. It needs no JSON tree, and its memory grows with what is really there. */
#include "base/crypt.h"
#include "base/text.h"
#include "schema/change.h"
#include "schema/form/form_index.h"
#include "schema/form/form_json.h"
#include "schema/form/form_scan.h"
#include "schema/limits.h"

static struct view *scan_texts(struct scan *scan, uint32_t max, size_t max_bytes, uint32_t *count) {
    struct view *texts = NULL;
    uint32_t capacity = 0;

    *count = 0;
    scan_expect(scan, "[");
    do {
        if (*count >= max) {
            scan_limit(scan, "texts in a row", max);
            return NULL;
        }
        texts = scan_grow(scan, texts, sizeof(*texts), *count, &capacity);
        if (texts == NULL)
            return NULL;
        texts[(*count)++] = scan_text(scan, max_bytes);
    } while (scan_take(scan, ","));
    scan_expect(scan, "]");
    return texts;
}

static struct form_text scan_languages(struct scan *scan, const char *key) {
    struct form_text text = {.by_language = scan->no_text};
    struct view *texts;
    uint32_t count;

    if (!scan_take_key(scan, key))
        return text;
    texts = scan_texts(scan, scan->form->language_count, FORM_EXPRESSION_BYTES, &count);
    if (count != scan->form->language_count)
        scan_fail(scan, "one text for each language");
    if (scan->rc == RC_OK)
        text.by_language = texts;
    return text;
}

/* The index of one of the words, 0 and a failure if it is none of them. */
static uint8_t scan_word(struct scan *scan, const char *const *words, size_t count) {
    struct view text = scan_text(scan, LIMIT_NAME_BYTES);

    for (size_t i = 0; i < count; i++)
        if (words[i] != NULL && view_is(text, words[i]))
            return (uint8_t)i;
    scan_fail(scan, "a word that this version knows");
    return 0;
}

#define WORDS(table) (table), sizeof(table) / sizeof((table)[0])

static void scan_retired(struct scan *scan) {
    struct form_retired *retired = NULL;
    uint32_t capacity = 0, last = FIELD_FIRST_OF_FORM - 1;

    if (!scan_take_key(scan, "retired"))
        return;
    scan_expect(scan, "[");
    do {
        struct form_retired *item;

        retired = scan_grow(scan, retired, sizeof(*retired), scan->form->retired_count, &capacity);
        if (retired == NULL)
            return;
        item = &retired[scan->form->retired_count++];
        scan_expect(scan, "{\"number\":");
        item->number = (uint16_t)scan_number(scan, FIELD_LAST);
        if (item->number <= last)
            scan_fail(scan, "a larger number");
        last = item->number;
        scan_expect_key(scan, "path");
        item->path = scan_text(scan, LIMIT_PATH_BYTES);
        scan_expect_key(scan, "type");
        item->type = scan_word(scan, WORDS(form_type_names));
        scan_expect(scan, "}");
    } while (scan_take(scan, ","));
    scan_expect(scan, "]");
    scan->form->retired = retired;
}

static void scan_choice(struct scan *scan, const struct form_list *list,
                        struct form_choice *choice) {
    uint32_t count = 0;

    scan_expect(scan, "{\"name\":");
    choice->name = scan_text(scan, LIMIT_NAME_BYTES);
    if (choice->name.size == 0)
        scan_fail(scan, "a name of a choice");
    choice->label = scan_languages(scan, "label");
    if (list->column_count > 0) {
        scan_expect_key(scan, "cells");
        choice->cells = scan_texts(scan, list->column_count, FORM_EXPRESSION_BYTES, &count);
        if (count != list->column_count)
            scan_fail(scan, "one cell for each column");
    }
    scan_expect(scan, "}");
}

static void scan_list(struct scan *scan, struct form_list *list) {
    struct form_choice *choices = NULL;
    uint32_t capacity = 0;

    scan_expect(scan, "{\"name\":");
    list->name = scan_text(scan, LIMIT_NAME_BYTES);
    if (scan_take_key(scan, "columns"))
        list->columns = scan_texts(scan, LIMIT_NAME_BYTES, LIMIT_NAME_BYTES, &list->column_count);
    scan_expect_key(scan, "choices");
    scan_expect(scan, "[");
    do {
        choices = scan_grow(scan, choices, sizeof(*choices), list->choice_count, &capacity);
        if (choices == NULL)
            return;
        scan_choice(scan, list, &choices[list->choice_count++]);
        if (++scan->choices > LIMIT_FORM_CHOICES)
            scan_limit(scan, "choices", LIMIT_FORM_CHOICES);
    } while (scan_take(scan, ","));
    scan_expect(scan, "]");
    scan_expect(scan, "}");
    list->choices = choices;
    if (scan->rc == RC_OK)
        scan->rc = form_index_list(list, scan->arena, scan->err);
}

static void scan_lists(struct scan *scan) {
    struct form_list *lists = NULL;
    uint32_t capacity = 0;

    if (!scan_take_key(scan, "lists"))
        return;
    scan_expect(scan, "[");
    do {
        lists = scan_grow(scan, lists, sizeof(*lists), scan->form->list_count, &capacity);
        if (lists == NULL)
            return;
        scan_list(scan, &lists[scan->form->list_count++]);
    } while (scan_take(scan, ","));
    scan_expect(scan, "]");
    scan->form->lists = lists;
}

/* What the keys of one field may say together. */
static void field_check(struct scan *scan, const struct form_field *field) {
    bool select = field->type == FIELD_TYPE_SELECT_ONE || field->type == FIELD_TYPE_SELECT_MULTIPLE;

    if (!form_name_valid(field->name))
        scan_fail(scan, "a name of letters, digits, _ - and .");
    if (field->number < FIELD_FIRST_OF_FORM || field->number >= scan->form->next_number)
        scan_fail(scan, "a field number below next_number");
    if (field->list != FORM_NO_LIST && !select && field->type != FIELD_TYPE_TEXT)
        scan_fail(scan, "a list only where something is selected");
    if (field->sensitive && field->posting == POSTING_YES)
        scan_fail(scan, "a sensitive field that is not posted");
    if (form_retired_number(scan->form, field->number) != NULL)
        scan_fail(scan, "a number that is not retired");
}

static void scan_field(struct scan *scan, struct form_field *field) {
    const char *const postings[] = {[POSTING_YES] = "yes", [POSTING_MASK] = "mask"};
    struct form *form = scan->form;

    *field =
        (struct form_field){.parent = FORM_NO_PARENT, .list = FORM_NO_LIST, .scope = FORM_NO_SCOPE};
    scan_expect(scan, "{\"number\":");
    field->number = (uint16_t)scan_number(scan, FIELD_LAST);
    scan_expect_key(scan, "type");
    field->type = scan_word(scan, WORDS(form_type_names));
    scan_expect_key(scan, "name");
    field->name = scan_text(scan, LIMIT_NAME_BYTES);
    if (scan_take_key(scan, "parent"))
        field->parent = scan_number(scan, LIMIT_FORM_FIELDS);
    scan_expect_key(scan, "written");
    field->xlsform_type = scan_text(scan, LIMIT_PATH_BYTES);
    if (scan_take_key(scan, "policy"))
        field->policy = scan_word(scan, WORDS(form_policy_names));
    if (scan_take_key(scan, "posting"))
        field->posting = scan_word(scan, WORDS(postings));
    if (scan_take_key(scan, "rank"))
        field->rank = (uint8_t)scan_number(scan, 4);
    if (scan_take_key(scan, "scope"))
        field->scope = (uint8_t)scan_number(scan, form->scope_count - 1u);
    field->sensitive = scan_take(scan, ",\"sensitive\":true");
    field->required = scan_take(scan, ",\"required\":true");
    field->read_only = scan_take(scan, ",\"read_only\":true");
    field->key = scan_take(scan, ",\"key\":true");
    if (scan_take_key(scan, "merge_group"))
        field->merge_group = (uint16_t)scan_number(scan, FIELD_LAST);
    if (scan_take_key(scan, "list"))
        field->list = scan_number(scan, form->list_count - 1u);
    field->label = scan_languages(scan, "label");
    field->hint = scan_languages(scan, "hint");
    field->constraint_message = scan_languages(scan, "constraint_message");
    field->required_message = scan_languages(scan, "required_message");
    field->warning_message = scan_languages(scan, "warning_message");
    field->relevant = scan_optional(scan, "relevant");
    field->constraint = scan_optional(scan, "constraint");
    field->calculation = scan_optional(scan, "calculation");
    field->choice_filter = scan_optional(scan, "choice_filter");
    field->default_value = scan_optional(scan, "default");
    field->appearance = scan_optional(scan, "appearance");
    field->parameters = scan_optional(scan, "parameters");
    field->repeat_count = scan_optional(scan, "repeat_count");
    field->trigger = scan_optional(scan, "trigger");
    field->required_if = scan_optional(scan, "required_if");
    field->read_only_if = scan_optional(scan, "read_only_if");
    field->warning = scan_optional(scan, "warning");
    scan_expect(scan, "}");
    if ((field->scope != FORM_NO_SCOPE && form->scope_count == 0) ||
        (field->list != FORM_NO_LIST && form->list_count == 0))
        scan_fail(scan, "a scope and a list that the form has");
    if (scan->rc == RC_OK)
        field_check(scan, field);
}

static struct form_field *scan_fields(struct scan *scan) {
    struct form_field *fields = NULL;
    uint32_t capacity = 0;

    scan_expect_key(scan, "fields");
    if (scan_take(scan, "[]"))
        return arena_alloc(scan->arena, 1);
    scan_expect(scan, "[");
    do {
        if (scan->form->field_count >= LIMIT_FORM_FIELDS) {
            scan_limit(scan, "fields", LIMIT_FORM_FIELDS);
            return NULL;
        }
        fields = scan_grow(scan, fields, sizeof(*fields), scan->form->field_count, &capacity);
        if (fields == NULL)
            return NULL;
        scan_field(scan, &fields[scan->form->field_count++]);
    } while (scan_take(scan, ","));
    scan_expect(scan, "]");
    return fields;
}

static void scan_files(struct scan *scan) {
    struct form *form = scan->form;
    struct form_file *files = NULL;
    uint32_t capacity = 0;

    if (!scan_take_key(scan, "files"))
        return;
    scan_expect(scan, "[");
    do {
        struct form_file *file;

        if (form->file_count >= LIMIT_FORM_FILES) {
            scan_limit(scan, "files", LIMIT_FORM_FILES);
            return;
        }
        files = scan_grow(scan, files, sizeof(*files), form->file_count, &capacity);
        if (files == NULL)
            return;
        file = &files[form->file_count++];
        scan_expect(scan, "{\"name\":");
        file->name = scan_text(scan, LIMIT_NAME_BYTES);
        if (file->name.size == 0 ||
            (form->file_count > 1 && view_compare(file[-1].name, file->name) >= 0))
            scan_fail(scan, "a larger name of a file");
        scan_expect_key(scan, "content");
        file->content = scan_text(scan, LIMIT_FORM_BYTES);
        scan_expect(scan, "}");
    } while (scan_take(scan, ","));
    scan_expect(scan, "]");
    form->files = files;
}

static void scan_media(struct scan *scan) {
    struct form *form = scan->form;
    struct form_medium *media = NULL;
    uint32_t capacity = 0;

    if (!scan_take_key(scan, "media"))
        return;
    scan_expect(scan, "[");
    do {
        struct form_medium *medium;
        struct view hex;

        if (form->media_count >= LIMIT_FORM_MEDIA) {
            scan_limit(scan, "media", LIMIT_FORM_MEDIA);
            return;
        }
        media = scan_grow(scan, media, sizeof(*media), form->media_count, &capacity);
        if (media == NULL)
            return;
        medium = &media[form->media_count++];
        scan_expect(scan, "{\"name\":");
        medium->name = scan_text(scan, LIMIT_NAME_BYTES);
        if (medium->name.size == 0 ||
            (form->media_count > 1 && view_compare(medium[-1].name, medium->name) >= 0))
            scan_fail(scan, "a larger name of a medium");
        scan_expect_key(scan, "hash");
        hex = scan_text(scan, 64);
        if (hex.size != 64 || !hex_decode(hex, medium->hash, sizeof(medium->hash)))
            scan_fail(scan, "a hash of 64 hexadecimal digits");
        scan_expect_key(scan, "bytes");
        medium->size = scan_number(scan, LIMIT_MEDIUM_BYTES);
        scan_expect(scan, "}");
    } while (scan_take(scan, ","));
    scan_expect(scan, "]");
    form->media = media;
}

static void scan_tail(struct scan *scan) {
    if (scan_take_key(scan, "xform"))
        scan->form->xform = scan_text(scan, LIMIT_XFORM_BYTES);
    scan_files(scan);
    scan_media(scan);
    scan_expect(scan, "}");
    if (scan->at != scan->json.size)
        scan_fail(scan, "the end");
}

static void scan_head(struct scan *scan) {
    const char *const audiences[] = {[AUDIENCE_FIELD] = "field",
                                     [AUDIENCE_OFFICE] = "office",
                                     [AUDIENCE_RESTRICTED] = "restricted"};
    struct form *form = scan->form;

    scan_expect_key(scan, "name");
    form->name = scan_text(scan, LIMIT_NAME_BYTES);
    if (!form_name_valid(form->name))
        scan_fail(scan, "a name of the form");
    scan_expect_key(scan, "version");
    form->version = scan_text(scan, LIMIT_NAME_BYTES);
    scan_expect_key(scan, "sequence");
    form->sequence = scan_number(scan, UINT32_MAX);
    if (form->sequence == 0)
        scan_fail(scan, "a sequence of 1 or more");
    scan_expect_key(scan, "audience");
    form->audience = scan_word(scan, WORDS(audiences));
    scan_expect_key(scan, "languages");
    form->languages =
        scan_texts(scan, LIMIT_FORM_LANGUAGES, LIMIT_NAME_BYTES, &form->language_count);
    scan_expect_key(scan, "default_language");
    form->default_language = scan_number(scan, LIMIT_FORM_LANGUAGES);
    if (form->default_language >= form->language_count)
        scan_fail(scan, "an index into languages");
    scan->no_text = arena_array(scan->arena, form->language_count, sizeof(struct view));
    if (scan->no_text == NULL)
        scan_fail(scan, "memory");
    form->title = scan_languages(scan, "title");
    form->instance_name = scan_optional(scan, "instance_name");
    if (scan_take_key(scan, "scopes"))
        form->scopes = scan_texts(scan, FORM_SCOPES, LIMIT_NAME_BYTES, &form->scope_count);
    scan_expect_key(scan, "next_number");
    form->next_number = scan_number(scan, FIELD_LAST + 1);
    scan_retired(scan);
    if (form->retired_count > 0 &&
        form->retired[form->retired_count - 1].number >= form->next_number)
        scan_fail(scan, "retired numbers below next_number");
}

/* Writes the form again: the same bytes, or they were not canonical. */
static enum rc spelling_check(const struct form *form, struct view json, struct err *err) {
    struct buf again;
    enum rc rc;

    buf_init(&again, LIMIT_FORM_BYTES);
    form_write(form, &again);
    rc = buf_check(&again, "form", err);
    if (rc == RC_OK && !view_equal(buf_view(&again), json))
        rc = err_set(err, RC_INVALID, "form: this is not the canonical spelling; compile it again");
    buf_release(&again);
    return rc;
}

enum rc form_load(struct view json, struct arena *arena, struct form **out, struct err *err) {
    struct scan scan = {.arena = arena, .err = err};
    struct form_field *fields;
    enum rc rc;

    *out = NULL;
    if (json.size > LIMIT_FORM_BYTES)
        return err_set(err, RC_LIMIT, "form: at most %u bytes are allowed", LIMIT_FORM_BYTES);
    if (!utf8_valid(json))
        return err_set(err, RC_INVALID, "form: this is not valid UTF-8; the form may be damaged");
    scan.json = arena_view(arena, json);
    scan.form = arena_alloc(arena, sizeof(*scan.form));
    if (scan.form == NULL || arena_check(arena, "form", err) != RC_OK)
        return arena_check(arena, "form", err);
    scan_expect(&scan, "{\"yangguang_form\":");
    if (scan_number(&scan, UINT32_MAX) != FORM_FORMAT && scan.rc == RC_OK)
        return err_set(err, RC_UNSUPPORTED,
                       "form: it has a newer format; install a newer version of this program");
    scan_head(&scan);
    scan_lists(&scan);
    fields = scan_fields(&scan);
    scan_tail(&scan);
    if (scan.rc != RC_OK) /* what had no memory is not wrong */
        return arena->failed != RC_OK ? arena_check(arena, "form", err) : scan.rc;
    rc = form_index(scan.form, fields, arena, err);
    if (rc == RC_OK)
        rc = spelling_check(scan.form, json, err);
    if (rc != RC_OK)
        return rc;
    crypt_hash("yg form", json, scan.form->hash);
    scan.form->id = id_from_hash(scan.form->hash);
    *out = scan.form;
    return RC_OK;
}
