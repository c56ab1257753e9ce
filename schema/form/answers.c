/* answers.c: a JSON object of answers becomes the entries of a draft. */
#include "schema/form/answers.h"

#include "base/text.h"
#include "schema/form/fill.h"
#include "schema/form/form_choice.h"
#include "schema/limits.h"

struct filler {
    struct edit *edit;
    struct fill_problems problems;
    struct buf place; /* path at hand, "member[2]/name": positions, since ids are new */
    struct err err;   /* of the step at hand */
    bool draft;       /* required answers may be missing */
};

static enum rc complain(struct filler *filler) {
    return fill_problem(&filler->problems, buf_view(&filler->place), &filler->err);
}

/* Adds a step to the place; the caller cuts it off again. */
static void step(struct filler *filler, struct view name) {
    if (filler->place.size > 0)
        buf_add_u8(&filler->place, '/');
    buf_add_view(&filler->place, name);
}

static void cut(struct filler *filler, size_t size) {
    filler->place.size = size;
}

/* The repeat that a container is or lies in. */
static uint32_t repeat_of(const struct form *form, uint32_t container) {
    if (container == FORM_NO_PARENT || form->fields[container].type == FIELD_TYPE_REPEAT)
        return container;
    return form->fields[container].repeat;
}

/* A member's key is a name beneath the container; "head/name" also says it. */
static const struct form_field *find(struct filler *filler, uint32_t container, const char *key) {
    const struct form *form = filler->edit->form;
    const struct form_field *field = NULL;
    char path[LIMIT_PATH_BYTES + 1];
    int size = -1;

    if (container == FORM_NO_PARENT)
        field = form_field_by_path(form, view_text(key));
    else
        size =
            snprintf(path, sizeof(path), "%.*s/%s", VIEW_PRINT(form->fields[container].path), key);
    if (size > 0 && (size_t)size < sizeof(path))
        field = form_field_by_path(form, view_of(path, (size_t)size));
    /* What lies in a repeat further in needs an instance, which the key does not name. */
    if (field == NULL || field->repeat != repeat_of(form, container))
        return NULL;
    return field;
}

static enum rc unknown(struct filler *filler, uint32_t container, const char *key) {
    const struct form *form = filler->edit->form;
    const struct form_field *near = NULL;
    uint32_t best = 4;

    for (uint32_t i = 0; i < form->field_count; i++) {
        uint32_t distance;

        if (form->fields[i].parent != container)
            continue;
        distance = word_distance(view_text(key), form->fields[i].name, best);
        if (distance < best) {
            best = distance;
            near = &form->fields[i];
        }
    }
    if (near != NULL)
        err_set(&filler->err, RC_INVALID,
                "the form has no question with this name here; did you mean \"%.*s\"?",
                VIEW_PRINT(near->name));
    else
        err_set(&filler->err, RC_INVALID, "the form has no question with this name here");
    return complain(filler);
}

/* One scalar. */
static enum rc fill_scalar(struct filler *filler, struct instance_id instance,
                           const struct form_field *field, const struct json *item) {
    char number[DECIMAL_TEXT_BYTES];
    struct decimal decimal;
    struct view text = json_text(item);

    switch (json_type(item)) {
    case JSON_NULL:
        return RC_OK;
    case JSON_TEXT:
        break;
    case JSON_NUMBER:
        text = json_number_text(item);
        if (json_decimal(item, &decimal) && !decimal_parse(text, &(struct decimal){0}))
            text = view_of(number, decimal_format(decimal, number)); /* 1e3 */
        break;
    case JSON_BOOL:
        err_set(&filler->err, RC_INVALID,
                "true and false are no answers; write the name of a choice, or OK");
        return complain(filler);
    default:
        err_set(&filler->err, RC_INVALID, "one answer is expected here, as text or number");
        return complain(filler);
    }
    if (fill_text(filler->edit, instance, field, text, &filler->err) != RC_OK)
        return complain(filler);
    return RC_OK;
}

/* An array: elements of a set, or the names of a select_multiple. */
static enum rc fill_array(struct filler *filler, struct instance_id instance,
                          const struct form_field *field, const struct json *array) {
    bool one_text = field->type == FIELD_TYPE_SELECT_MULTIPLE && field->policy != POLICY_UNION;
    struct buf joined;
    enum rc rc = RC_OK;

    if (field->policy != POLICY_UNION && !one_text) {
        err_set(&filler->err, RC_INVALID, "one answer is expected here, as text or number");
        return complain(filler);
    }
    buf_init(&joined, LIMIT_VALUE_BYTES);
    for (const struct json *item = json_first(array); item != NULL && rc == RC_OK;
         item = json_next(item)) {
        if (!one_text) {
            rc = fill_scalar(filler, instance, field, item);
        } else if (json_type(item) == JSON_TEXT || json_type(item) == JSON_NUMBER) {
            buf_add_u8(&joined, ' ');
            buf_add_view(&joined,
                         json_type(item) == JSON_TEXT ? json_text(item) : json_number_text(item));
        } else {
            err_set(&filler->err, RC_INVALID, "names of choices are expected here");
            rc = complain(filler);
        }
    }
    if (rc == RC_OK && one_text) {
        rc = buf_check(&joined, "answer", &filler->err);
        if (rc == RC_OK)
            rc = fill_text(filler->edit, instance, field, buf_view(&joined), &filler->err);
        if (rc != RC_OK)
            rc = complain(filler);
    }
    buf_release(&joined);
    return rc;
}

static enum rc fill_object(struct filler *filler, struct instance_id instance, uint32_t container,
                           const struct json *object);

/* What must be answered in this instance and is not. */
static enum rc check_required(struct filler *filler, struct instance_id instance, uint32_t repeat,
                              uint32_t start) {
    const struct form *form = filler->edit->form;
    size_t size = filler->place.size;

    for (uint32_t i = 0; i < form->field_count; i++) {
        const struct form_field *field = &form->fields[i];
        size_t skip = repeat == FORM_NO_PARENT ? 0 : form->fields[repeat].path.size + 1;
        enum rc rc;

        if (field->repeat != repeat || !fill_is_required(form, field) ||
            fill_has(filler->edit, start, instance, field->number))
            continue;
        step(filler, view_slice(field->path, skip, field->path.size));
        err_set(&filler->err, RC_INVALID, "%.*s: an answer is required",
                VIEW_PRINT(utf8_cut(form_field_label(form, field, filler->err.lang), 40)));
        rc = complain(filler);
        cut(filler, size);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

/* One instance: everything in the object, then what is missing. */
static enum rc fill_instance(struct filler *filler, struct instance_id instance, uint32_t container,
                             const struct json *object) {
    uint32_t start = filler->edit->entry_count;
    enum rc rc = fill_object(filler, instance, container, object);

    if (rc == RC_OK && !filler->draft)
        rc = check_required(filler, instance, repeat_of(filler->edit->form, container), start);
    return rc;
}

static enum rc fill_repeat(struct filler *filler, struct instance_id parent,
                           const struct form_field *field, const struct json *array) {
    uint32_t index = (uint32_t)(field - filler->edit->form->fields);
    size_t size = filler->place.size;
    uint32_t position = 0;
    enum rc rc = RC_OK;

    if (json_type(array) != JSON_ARRAY) {
        err_set(&filler->err, RC_INVALID, "a repeat is written as an array of objects");
        return complain(filler);
    }
    for (const struct json *item = json_first(array); item != NULL && rc == RC_OK;
         item = json_next(item)) {
        struct instance_id instance;

        buf_addf(&filler->place, "[%u]", ++position);
        if (json_type(item) != JSON_OBJECT) {
            err_set(&filler->err, RC_INVALID, "a repeat is written as an array of objects");
            rc = complain(filler);
        } else {
            rc = edit_add_instance(filler->edit, field->number, parent, &instance, &filler->err);
            if (rc == RC_OK)
                rc = fill_instance(filler, instance, index, item);
        }
        cut(filler, size);
    }
    return rc;
}

static enum rc fill_member(struct filler *filler, struct instance_id instance,
                           const struct form_field *field, const struct json *item) {
    if (json_type(item) == JSON_NULL)
        return RC_OK;
    if (field->type == FIELD_TYPE_REPEAT)
        return fill_repeat(filler, instance, field, item);
    if (field->type == FIELD_TYPE_GROUP) {
        if (json_type(item) == JSON_OBJECT)
            return fill_object(filler, instance, (uint32_t)(field - filler->edit->form->fields),
                               item);
        err_set(&filler->err, RC_INVALID, "a group is written as an object");
        return complain(filler);
    }
    if (json_type(item) == JSON_ARRAY)
        return fill_array(filler, instance, field, item);
    return fill_scalar(filler, instance, field, item);
}

static enum rc fill_object(struct filler *filler, struct instance_id instance, uint32_t container,
                           const struct json *object) {
    size_t size = filler->place.size;
    enum rc rc = RC_OK;

    for (const struct json *item = json_first(object); item != NULL && rc == RC_OK;
         item = json_next(item)) {
        const char *key = json_key(item);
        const struct form_field *field = find(filler, container, key);

        step(filler, view_text(key));
        rc = field == NULL ? unknown(filler, container, key)
                           : fill_member(filler, instance, field, item);
        cut(filler, size);
    }
    return rc;
}

static enum rc fill(struct edit *edit, struct instance_id instance, uint32_t container,
                    const struct json *object, bool draft, struct buf *problems, struct err *err) {
    struct filler filler = {.edit = edit, .problems = {.lines = problems}, .draft = draft};
    enum rc rc;

    if (edit->form == NULL || json_type(object) != JSON_OBJECT)
        return err_set(err, RC_INVALID, "answers are written as a JSON object, as the form nests");
    err_init(&filler.err, err->lang);
    err_init(&filler.problems.first, err->lang);
    buf_init(&filler.place, LIMIT_ANSWERS_BYTES);
    rc = fill_instance(&filler, instance, container, object);
    if (rc != RC_OK)
        *err = filler.err;
    else
        rc = buf_check(&filler.place, "answers", err);
    buf_release(&filler.place);
    return rc == RC_OK ? fill_end(&filler.problems, err) : rc;
}

enum rc answers_fill(struct edit *edit, struct instance_id instance, uint32_t container,
                     const struct json *object, struct buf *problems, struct err *err) {
    return fill(edit, instance, container, object, false, problems, err);
}

enum rc answers_fill_draft(struct edit *edit, struct instance_id instance, uint32_t container,
                           const struct json *object, struct buf *problems, struct err *err) {
    return fill(edit, instance, container, object, true, problems, err);
}
