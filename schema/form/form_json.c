/* form_json.c: the canonical JSON of a compiled form.
 *
 * A form is named by the hash of these bytes: hash("yg form", bytes), and its id is the first 8
 * bytes of that. So there is exactly one way to write a form: UTF-8, no white space, keys in the
 * order below, a key left out when it has its resting value, numbers as plain decimal integers,
 * texts escaped as JavaScript's JSON.stringify does it (\" \\ \b \f \n \r \t, other characters
 * below U+0020 as \u00xx in lower case, everything else as it is). In JavaScript,
 * JSON.stringify(JSON.parse(bytes)) gives the same bytes. form_load refuses anything else.
 *
 * The form:
 *   yangguang_form    1; a larger number is a newer format
 *   name              form_id of the settings sheet
 *   version           as the author wrote it; may be ""
 *   sequence          1, 2, ... per name
 *   audience          "field", "office" or "restricted"
 *   languages         ["中文 (zh)", ...]; at least one
 *   default_language  index into languages
 *   title             a text; left out when empty
 *   instance_name     left out when empty
 *   scopes            names of seal scopes by number; left out when there are none
 *   next_number       the number that the next new path gets
 *   retired           [{"number", "path", "type"}] sorted by number; left out when empty
 *   lists             [{"name", "columns"?, "choices": [{"name", "label"?, "cells"?}]}]; left out
 *                     when empty; cells are as many as columns
 *   fields            in the order of the form; may be empty (a form that only keeps an audit log)
 *   xform             the ODK XForm as text; left out in forms of before there was one
 *   files             [{"name", "content"}] sorted by name: lists and tables that the XForm reads;
 *                     left out when there are none
 *   media             [{"name", "hash", "bytes"}] sorted by name: pictures, sounds and films that
 *                     it shows, which travel by themselves; hash is the SHA-256 of the content in
 *                     64 hexadecimal digits; left out when there are none
 *
 * A text (title, label, hint, messages) is an array with one string per language, left out when
 * all of them are empty.
 *
 * A field:
 *   number            32..65535
 *   type              "text", "integer", ... (form_type_names)
 *   name              last step of its path; the path is the names of its parents and its own,
 *                     joined by "/"
 *   parent            index of the enclosing group or repeat; left out at the top
 *   written           the type as the author wrote it
 *   policy            left out when "human"
 *   posting           "yes" or "mask"; left out when no
 *   rank              1..4; left out when none
 *   scope             index into scopes; left out when none
 *   sensitive, required, read_only, key    true; left out when not
 *   merge_group       the smallest number in the merge group; left out when none
 *   list              index into lists; left out when none
 *   label, hint, constraint_message, required_message, warning_message    texts
 *   relevant, constraint, calculation, choice_filter, default, appearance, parameters,
 *   repeat_count, trigger, required_if, read_only_if, warning    as written; left out when
 *                     empty */
#include "schema/form/form_json.h"

#include "base/text.h"
#include "schema/change.h"
#include "schema/limits.h"

const char *const form_type_names[FIELD_TYPE_REPEAT + 1] = {
    [FIELD_TYPE_TEXT] = "text",
    [FIELD_TYPE_INTEGER] = "integer",
    [FIELD_TYPE_DECIMAL] = "decimal",
    [FIELD_TYPE_DATE] = "date",
    [FIELD_TYPE_TIME] = "time",
    [FIELD_TYPE_DATETIME] = "datetime",
    [FIELD_TYPE_SELECT_ONE] = "select_one",
    [FIELD_TYPE_SELECT_MULTIPLE] = "select_multiple",
    [FIELD_TYPE_GEOPOINT] = "geopoint",
    [FIELD_TYPE_ATTACHMENT] = "attachment",
    [FIELD_TYPE_ACKNOWLEDGE] = "acknowledge",
    [FIELD_TYPE_BARCODE] = "barcode",
    [FIELD_TYPE_NOTE] = "note",
    [FIELD_TYPE_CALCULATE] = "calculate",
    [FIELD_TYPE_HIDDEN] = "hidden",
    [FIELD_TYPE_META] = "meta",
    [FIELD_TYPE_GROUP] = "group",
    [FIELD_TYPE_REPEAT] = "repeat",
};

const char *const form_policy_names[POLICY_SERVER + 1] = {
    [POLICY_HUMAN] = "human",
    [POLICY_LATEST] = "latest",
    [POLICY_MAX] = "max",
    [POLICY_MIN] = "min",
    [POLICY_OR] = "or",
    [POLICY_UNION] = "union",
    [POLICY_AUTHORITY] = "authority",
    [POLICY_ONCE] = "once",
    [POLICY_SERVER] = "server",
};

bool form_name_valid(struct view name) {
    if (name.size == 0 || name.size > LIMIT_NAME_BYTES || !utf8_valid(name))
        return false;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;

        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.')))
            return false;
    }
    return true;
}

static void put_text(struct buf *out, struct view text) {
    static const char digits[] = "0123456789abcdef";
    static const char escapes[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    size_t start = 0;

    buf_add_u8(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_add(out, text.data + start, i - start);
        start = i + 1;
        buf_add_u8(out, '\\');
        if (c >= 0x20) {
            buf_add_u8(out, c);
        } else if (escapes[c] != 0) {
            buf_add_u8(out, (uint8_t)escapes[c]);
        } else {
            buf_add_text(out, "u00");
            buf_add_u8(out, (uint8_t)digits[c >> 4]);
            buf_add_u8(out, (uint8_t)digits[c & 15]);
        }
    }
    if (text.size > start)
        buf_add(out, text.data + start, text.size - start);
    buf_add_u8(out, '"');
}

static void put_texts(struct buf *out, const char *key, const struct view *texts, uint32_t count) {
    buf_addf(out, ",\"%s\":[", key);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_u8(out, ',');
        put_text(out, texts[i]);
    }
    buf_add_u8(out, ']');
}

/* A text in all languages, unless it is empty in all of them. */
static void put_languages(struct buf *out, const char *key, const struct form *form,
                          const struct form_text *text) {
    if (text->by_language == NULL)
        return;
    for (uint32_t i = 0; i < form->language_count; i++) {
        if (text->by_language[i].size > 0) {
            put_texts(out, key, text->by_language, form->language_count);
            return;
        }
    }
}

static void put_optional(struct buf *out, const char *key, struct view text) {
    if (text.size == 0)
        return;
    buf_addf(out, ",\"%s\":", key);
    put_text(out, text);
}

static void put_flag(struct buf *out, const char *key, bool flag) {
    if (flag)
        buf_addf(out, ",\"%s\":true", key);
}

static void put_list(struct buf *out, const struct form *form, const struct form_list *list) {
    buf_add_text(out, "{\"name\":");
    put_text(out, list->name);
    if (list->column_count > 0)
        put_texts(out, "columns", list->columns, list->column_count);
    buf_add_text(out, ",\"choices\":[");
    for (uint32_t i = 0; i < list->choice_count; i++) {
        const struct form_choice *choice = &list->choices[i];

        buf_add_text(out, i > 0 ? ",{\"name\":" : "{\"name\":");
        put_text(out, choice->name);
        put_languages(out, "label", form, &choice->label);
        if (list->column_count > 0)
            put_texts(out, "cells", choice->cells, list->column_count);
        buf_add_u8(out, '}');
    }
    buf_add_text(out, "]}");
}

static void put_field(struct buf *out, const struct form *form, const struct form_field *field) {
    buf_addf(out, "{\"number\":%u,\"type\":\"%s\",\"name\":", field->number,
             form_type_names[field->type]);
    put_text(out, field->name);
    if (field->parent != FORM_NO_PARENT)
        buf_addf(out, ",\"parent\":%u", field->parent);
    buf_add_text(out, ",\"written\":");
    put_text(out, field->xlsform_type);
    if (field->policy != POLICY_HUMAN)
        buf_addf(out, ",\"policy\":\"%s\"", form_policy_names[field->policy]);
    if (field->posting != POSTING_NO)
        buf_addf(out, ",\"posting\":\"%s\"", field->posting == POSTING_YES ? "yes" : "mask");
    if (field->rank != 0)
        buf_addf(out, ",\"rank\":%u", field->rank);
    if (field->scope != FORM_NO_SCOPE)
        buf_addf(out, ",\"scope\":%u", field->scope);
    put_flag(out, "sensitive", field->sensitive);
    put_flag(out, "required", field->required);
    put_flag(out, "read_only", field->read_only);
    put_flag(out, "key", field->key);
    if (field->merge_group != 0)
        buf_addf(out, ",\"merge_group\":%u", field->merge_group);
    if (field->list != FORM_NO_LIST)
        buf_addf(out, ",\"list\":%u", field->list);
    put_languages(out, "label", form, &field->label);
    put_languages(out, "hint", form, &field->hint);
    put_languages(out, "constraint_message", form, &field->constraint_message);
    put_languages(out, "required_message", form, &field->required_message);
    put_languages(out, "warning_message", form, &field->warning_message);
    put_optional(out, "relevant", field->relevant);
    put_optional(out, "constraint", field->constraint);
    put_optional(out, "calculation", field->calculation);
    put_optional(out, "choice_filter", field->choice_filter);
    put_optional(out, "default", field->default_value);
    put_optional(out, "appearance", field->appearance);
    put_optional(out, "parameters", field->parameters);
    put_optional(out, "repeat_count", field->repeat_count);
    put_optional(out, "trigger", field->trigger);
    put_optional(out, "required_if", field->required_if);
    put_optional(out, "read_only_if", field->read_only_if);
    put_optional(out, "warning", field->warning);
    buf_add_u8(out, '}');
}

void form_write(const struct form *form, struct buf *out) {
    buf_addf(out, "{\"yangguang_form\":%u,\"name\":", FORM_FORMAT);
    put_text(out, form->name);
    buf_add_text(out, ",\"version\":");
    put_text(out, form->version);
    buf_addf(out, ",\"sequence\":%u,\"audience\":\"%s\"", form->sequence,
             audience_name((enum audience)form->audience));
    put_texts(out, "languages", form->languages, form->language_count);
    buf_addf(out, ",\"default_language\":%u", form->default_language);
    put_languages(out, "title", form, &form->title);
    put_optional(out, "instance_name", form->instance_name);
    if (form->scope_count > 0)
        put_texts(out, "scopes", form->scopes, form->scope_count);
    buf_addf(out, ",\"next_number\":%u", form->next_number);
    for (uint32_t i = 0; i < form->retired_count; i++) {
        const struct form_retired *retired = &form->retired[i];

        buf_addf(out, "%s{\"number\":%u,\"path\":", i == 0 ? ",\"retired\":[" : ",",
                 retired->number);
        put_text(out, retired->path);
        buf_addf(out, ",\"type\":\"%s\"}", form_type_names[retired->type]);
    }
    buf_add_text(out, form->retired_count > 0 ? "]" : "");
    for (uint32_t i = 0; i < form->list_count; i++) {
        buf_add_text(out, i == 0 ? ",\"lists\":[" : ",");
        put_list(out, form, &form->lists[i]);
    }
    buf_add_text(out, form->list_count > 0 ? "]" : "");
    buf_add_text(out, ",\"fields\":[");
    for (uint32_t i = 0; i < form->field_count; i++) {
        buf_add_text(out, i == 0 ? "" : ",");
        put_field(out, form, &form->fields[i]);
    }
    buf_add_text(out, "]");
    put_optional(out, "xform", form->xform);
    for (uint32_t i = 0; i < form->file_count; i++) {
        buf_add_text(out, i == 0 ? ",\"files\":[{\"name\":" : ",{\"name\":");
        put_text(out, form->files[i].name);
        buf_add_text(out, ",\"content\":");
        put_text(out, form->files[i].content);
        buf_add_text(out, "}");
    }
    buf_add_text(out, form->file_count > 0 ? "]" : "");
    for (uint32_t i = 0; i < form->media_count; i++) {
        char hex[65];

        buf_add_text(out, i == 0 ? ",\"media\":[{\"name\":" : ",{\"name\":");
        put_text(out, form->media[i].name);
        hex_encode(view_of(form->media[i].hash, sizeof(form->media[i].hash)), hex);
        buf_addf(out, ",\"hash\":\"%s\",\"bytes\":%u}", hex, form->media[i].size);
    }
    buf_add_text(out, form->media_count > 0 ? "]}" : "}");
}
