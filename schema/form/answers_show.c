/* answers_show.c: a reading as JSON: values, conflicts, what is still missing. */
#include "base/date.h"
#include "base/text.h"
#include "base/words.h"
#include "schema/erasure.h"
#include "schema/form/answers.h"
#include "schema/form/fill.h"
#include "schema/limits.h"

#define SHOWN_BYTES (LIMIT_VALUE_BYTES * 4u) /* a masked text grows at most so much */

/* ---- one value ---- */

bool answers_is_sensitive(const struct form_field *field, uint16_t number) {
    return number >= FIELD_FIRST_OF_FORM && (field == NULL || field->sensitive);
}

void answers_mask(const struct form_field *field, const struct value *value, struct buf *out) {
    struct view text = value->bytes;
    size_t keep = 0;

    if (field != NULL && field->type == FIELD_TYPE_TEXT && !field->key &&
        value->type == VALUE_TEXT && text.size > 0) {
        (void)utf8_next(text, &keep);
        buf_add(out, text.data, keep);
        for (size_t count = utf8_length(view_slice(text, keep, text.size)); count > 0; count--)
            buf_add_u8(out, '*');
    }
    if (keep == 0 || keep == text.size)
        buf_add_text(out, "****");
}

static const struct form_field *field_of(const struct reading *reading, uint16_t number) {
    return reading->form == NULL || number < FIELD_FIRST_OF_FORM
               ? NULL
               : form_field_by_number(reading->form, number);
}

/* Adds the value under the key (NULL in an array); NULL without memory. */
static struct json *add_value(const struct reading *reading, uint16_t number,
                              const struct value *value, bool mask, struct json *parent,
                              const char *key) {
    const struct form_field *field = field_of(reading, number);
    struct json *added;
    struct buf text;

    if (value->type == VALUE_NULL)
        return json_add_null(parent, key);
    if (number == FIELD_AREA && value->type == VALUE_INT) {
        char area[AREA_TEXT_BYTES];

        area_text((uint64_t)value->number, area);
        return json_add_text(parent, key, area);
    }
    mask = mask && answers_is_sensitive(field, number);
    if (!mask && value->type == VALUE_INT)
        return json_add_int(parent, key, value->number);
    if (!mask && value->type == VALUE_DECIMAL)
        return json_add_decimal(parent, key,
                                (struct decimal){.mantissa = value->number, .scale = value->scale});
    buf_init(&text, SHOWN_BYTES);
    if (mask)
        answers_mask(field, value, &text);
    else
        value_text(value, &text);
    added = text.failed != RC_OK ? NULL : json_add_buf(parent, key, &text);
    buf_release(&text);
    return added;
}

/* ---- values ---- */

/* The cells of one instance stand together. */
static const struct cell *cells_of(const struct reading *reading, struct instance_id instance,
                                   uint32_t *count) {
    uint32_t low = 0, high = reading->cell_count, end;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (instance_compare(reading->cells[middle].instance, instance) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low;
         end < reading->cell_count && instance_equal(reading->cells[end].instance, instance);)
        end++;
    *count = end - low;
    return reading->cells + low;
}

static enum rc no_memory(struct err *err) {
    return err_set(err, RC_NO_MEMORY, "the answers do not fit into memory");
}

/* NULL without memory. */
static struct json *add_erased(const struct reading *reading, const struct cell *cell,
                               struct json *out, const char *key) {
    const struct record *record = reading->record;
    struct json *item = json_add_object(out, key);
    struct erasure erasure;
    struct arena arena;
    char at[TIME_TEXT_BYTES];
    bool good = item != NULL && json_add_bool(item, "erased", true) != NULL;

    arena_init(&arena, LIMIT_RECORD_BYTES * 4);
    if (good && erasure_find(record, record->absorbed[cell->versions[0]->change].dot,
                             cell->instance, cell->field, &arena, &erasure) == RC_OK) {
        time_format(erasure.at_ms, at);
        good = json_add_text(item, "at", at) != NULL &&
               json_add_view(item, "by", erasure.who) != NULL &&
               json_add_view(item, "reason", erasure.reason) != NULL;
    }
    arena_release(&arena);
    return good ? item : NULL;
}

bool answers_erased_text(const struct json *value, enum lang lang, struct buf *out) {
    const struct json *at = json_get(value, "at");
    struct erasure erasure = {0};
    bool erased = false;

    if (json_type(value) != JSON_OBJECT || !json_bool(json_get(value, "erased"), &erased) ||
        !erased)
        return false;
    if (json_type(at) == JSON_TEXT && time_parse(json_text(at), &erasure.at_ms)) {
        erasure.who = json_text(json_get(value, "by"));
        erasure.reason = json_text(json_get(value, "reason"));
        erasure_text(RC_OK, &erasure, lang, out);
    } else {
        erasure_text(RC_NOT_FOUND, NULL, lang, out);
    }
    return true;
}

static enum rc show_cell(const struct reading *reading, const struct cell *cell, bool mask,
                         struct buf *path, struct json *out, struct err *err) {
    struct json *array;
    enum rc rc;

    if (cell->field < FIELD_FIRST_OF_FORM || cell->kind == CELL_EMPTY ||
        cell->kind == CELL_CONFLICT)
        return RC_OK;
    buf_clear(path);
    rc = answers_path_text(reading, cell->instance, cell->field, path, err);
    if (rc != RC_OK)
        return rc;
    if (cell->kind == CELL_ERASED)
        return add_erased(reading, cell, out, buf_text(path)) == NULL ? no_memory(err) : RC_OK;
    if (cell->kind == CELL_VALUE)
        return add_value(reading, cell->field, &cell->value, mask, out, buf_text(path)) == NULL
                   ? no_memory(err)
                   : RC_OK;
    array = json_add_array(out, buf_text(path));
    if (array == NULL)
        return no_memory(err);
    for (uint32_t i = 0; i < cell->version_count; i++)
        if (add_value(reading, cell->field, &cell->versions[i]->value, mask, array, NULL) == NULL)
            return no_memory(err);
    return RC_OK;
}

static enum rc show_instance(const struct reading *reading, struct instance_id instance, bool mask,
                             struct buf *path, struct json *out, struct err *err) {
    uint32_t count;
    const struct cell *cells = cells_of(reading, instance, &count);
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        rc = show_cell(reading, &cells[i], mask, path, out, err);
    return rc;
}

enum rc answers_values(const struct reading *reading, bool mask, struct json *out,
                       struct err *err) {
    struct buf path;
    enum rc rc;

    buf_init(&path, LIMIT_ANSWERS_BYTES);
    rc = show_instance(reading, (struct instance_id){0}, mask, &path, out, err);
    for (uint32_t i = 0; i < reading->instance_count && rc == RC_OK; i++)
        if (!reading->instances[i].removed)
            rc = show_instance(reading, reading->instances[i].id, mask, &path, out, err);
    buf_release(&path);
    return rc;
}

/* ---- conflicts ---- */

struct opened {
    struct instance_id instance;
    uint16_t field;
    struct json *array;
};

struct shower {
    const struct record *record;
    const struct reading *reading;
    bool mask;
    person_name *name;
    void *context;
    struct json *out;
    struct buf opened; /* struct opened of the paths so far, one behind the other */
    struct buf path;
    struct err *err;
};

/* The array of a path: conflicts of different kinds may share one. NULL after a failure. */
static struct json *open_path(struct shower *shower, struct instance_id instance, uint16_t field) {
    struct opened opened;

    for (size_t at = 0; at < shower->opened.size; at += sizeof(opened)) {
        memcpy(&opened, shower->opened.data + at, sizeof(opened));
        if (opened.field == field && instance_equal(opened.instance, instance))
            return opened.array;
    }
    buf_clear(&shower->path);
    if (answers_path_text(shower->reading, instance, field, &shower->path, shower->err) != RC_OK)
        return NULL;
    memset(&opened, 0, sizeof(opened));
    opened.instance = instance;
    opened.field = field;
    opened.array = json_add_array(shower->out, buf_text(&shower->path));
    buf_add(&shower->opened, &opened, sizeof(opened));
    if (opened.array == NULL || shower->opened.failed != RC_OK) {
        no_memory(shower->err);
        return NULL;
    }
    return opened.array;
}

static struct view broken_rule(const struct shower *shower, const struct conflict *conflict) {
    if (conflict->message.size > 0 && !(shower->mask && conflict->tells))
        return conflict->message;
    return view_text(words(shower->err->lang, conflict->rule));
}

/* One side: what the change of version said about the field. */
static enum rc show_side(struct shower *shower, const struct conflict *conflict, struct json *array,
                         uint16_t field, const struct version *side, const struct value *value) {
    const struct absorbed *absorbed = &shower->record->absorbed[side->change];
    struct view author =
        shower->name == NULL ? view_of(NULL, 0) : shower->name(shower->context, absorbed->person);
    struct json *item = json_add_object(array, NULL);
    char dot[INSTANCE_TEXT_BYTES], at[TIME_TEXT_BYTES], person[17];
    bool good = item != NULL;

    version_text(version_name(shower->record, side), dot);
    time_format(absorbed->time_ms, at);
    id_text(absorbed->person, person);
    if (author.size == 0)
        author = view_text(person);
    if (value->type == VALUE_BYTES) /* removals and seals: the dot says all */
        good = good && json_add_null(item, "value") != NULL;
    else
        good =
            good && add_value(shower->reading, field, value, shower->mask, item, "value") != NULL;
    good = good && json_add_text(item, "dot", dot) != NULL;
    good = good && json_add_view(item, "author", author) != NULL;
    good = good && json_add_text(item, "at", at) != NULL;
    good = good && json_add_int(item, "rank", side->rank) != NULL;
    good = good && json_add_text(item, "kind",
                                 conflict_kind_name((enum conflict_kind)conflict->kind)) != NULL;
    if (conflict->kind == CONFLICT_SAME) {
        instance_text(conflict->other, dot);
        good = good && json_add_text(item, "same_as", dot) != NULL;
    }
    if (conflict->kind == CONFLICT_SOFT)
        good = good && json_add_view(item, "rule", broken_rule(shower, conflict)) != NULL;
    return good ? RC_OK : no_memory(shower->err);
}

/* The value of the change of `side` in a field, null if it wrote none that still lives. */
static const struct version *written_by(const struct shower *shower, const struct version *side,
                                        uint16_t field) {
    uint32_t count;
    const struct version *versions = record_field(shower->record, side->instance, field, &count);

    for (uint32_t i = 0; i < count; i++)
        if (versions[i].change == side->change && versions[i].replaced_count == 0)
            return &versions[i];
    return NULL;
}

/* at: the field of the path; field: whose value it is. */
static enum rc show_field(struct shower *shower, const struct conflict *conflict, uint16_t at,
                          uint16_t field) {
    static const struct value nothing = {.type = VALUE_NULL};
    struct json *array = open_path(shower, conflict->instance, at);
    enum rc rc = array == NULL ? shower->err->rc : RC_OK;

    for (uint32_t i = 0; i < conflict->version_count && rc == RC_OK; i++) {
        const struct version *side = conflict->versions[i], *written = side;

        if (conflict->kind == CONFLICT_GROUP)
            written = written_by(shower, side, field);
        rc = show_side(shower, conflict, array, field, written == NULL ? side : written,
                       written == NULL ? &nothing : &written->value);
    }
    return rc;
}

/* A group is shown field by field: each side says something about each of them. */
static enum rc show_conflict(struct shower *shower, const struct conflict *conflict) {
    const struct form *form = shower->reading->form;
    enum rc rc = RC_OK;

    if (conflict->kind == CONFLICT_SAME)
        return show_field(shower, conflict, FIELD_SAME, conflict->field);
    if (conflict->kind != CONFLICT_GROUP || form == NULL)
        return show_field(shower, conflict, conflict->field, conflict->field);
    for (uint32_t i = 0; i < form->field_count && rc == RC_OK; i++) {
        const struct form_field *field = &form->fields[form->by_number[i]];

        if (field->merge_group == conflict->field)
            rc = show_field(shower, conflict, field->number, field->number);
    }
    return rc;
}

enum rc answers_conflicts(const struct record *record, const struct reading *reading, bool mask,
                          person_name *name, void *context, struct json *out, struct err *err) {
    struct shower shower = {.record = record,
                            .reading = reading,
                            .mask = mask,
                            .name = name,
                            .context = context,
                            .out = out,
                            .err = err};
    enum rc rc = RC_OK;

    buf_init(&shower.path, LIMIT_ANSWERS_BYTES);
    buf_init(&shower.opened, LIMIT_RECORD_BYTES);
    for (uint32_t i = 0; i < reading->conflict_count && rc == RC_OK; i++)
        rc = show_conflict(&shower, &reading->conflicts[i]);
    buf_release(&shower.path);
    buf_release(&shower.opened);
    return rc;
}

/* ---- problems ---- */

static enum rc add_problem(const struct reading *reading, struct instance_id instance,
                           const struct form_field *field, const struct err *problem,
                           struct buf *out, uint32_t *count, struct err *err) {
    enum rc rc = answers_path_text(reading, instance, field->number, out, err);

    buf_addf(out, ": %s\n", problem->text);
    (*count)++;
    return rc;
}

static enum rc check_cell(const struct reading *reading, const struct cell *cell, struct buf *out,
                          uint32_t *count, struct err *err) {
    const struct form_field *field = field_of(reading, cell->field);
    uint32_t values = cell->kind == CELL_SET ? cell->version_count : 1;
    struct err problem;
    enum rc rc = RC_OK;

    err_init(&problem, err->lang);
    if (field == NULL || cell->kind == CELL_EMPTY || cell->kind == CELL_CONFLICT ||
        cell->kind == CELL_ERASED)
        return RC_OK;
    for (uint32_t i = 0; i < values && rc == RC_OK; i++) {
        const struct value *value =
            cell->kind == CELL_SET ? &cell->versions[i]->value : &cell->value;

        if (form_value_check(reading->form, field, value, &problem) != RC_OK)
            rc = add_problem(reading, cell->instance, field, &problem, out, count, err);
    }
    return rc;
}

static enum rc check_instance(const struct reading *reading, struct instance_id instance,
                              uint32_t repeat, struct buf *out, uint32_t *count, struct err *err) {
    const struct form *form = reading->form;
    struct err problem;
    uint32_t cell_count;
    const struct cell *cells = cells_of(reading, instance, &cell_count);
    enum rc rc = RC_OK;

    err_init(&problem, err->lang);
    for (uint32_t i = 0; i < form->field_count && rc == RC_OK; i++) {
        const struct form_field *field = &form->fields[i];
        const struct cell *cell;

        if (field->repeat != repeat || !fill_is_required(form, field))
            continue;
        cell = reading_cell(reading, instance, field->number);
        if (cell != NULL && cell->kind != CELL_EMPTY)
            continue;
        err_set(&problem, RC_INVALID, "%.*s: an answer is required",
                VIEW_PRINT(utf8_cut(form_field_label(form, field, err->lang), 40)));
        rc = add_problem(reading, instance, field, &problem, out, count, err);
    }
    for (uint32_t i = 0; i < cell_count && rc == RC_OK; i++)
        rc = check_cell(reading, &cells[i], out, count, err);
    return rc;
}

enum rc answers_problems(const struct reading *reading, struct buf *out, uint32_t *count,
                         struct err *err) {
    enum rc rc;

    *count = 0;
    if (reading->form == NULL)
        return RC_OK;
    rc = check_instance(reading, (struct instance_id){0}, FORM_NO_PARENT, out, count, err);
    for (uint32_t i = 0; i < reading->instance_count && rc == RC_OK; i++) {
        const struct seen_instance *seen = &reading->instances[i];
        const struct form_field *repeat = field_of(reading, seen->repeat);

        if (!seen->removed && repeat != NULL && repeat->type == FIELD_TYPE_REPEAT)
            rc = check_instance(reading, seen->id, (uint32_t)(repeat - reading->form->fields), out,
                                count, err);
    }
    return rc;
}
