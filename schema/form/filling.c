/* The way in: a reading is written as an XForm instance, fields in the order of the XForm, repeats
 * as often as the reading shows them, and the engine opens it as it opens any draft. The way out is
 * in filling_write.c. */
#include "schema/form/filling_parts.h"

#include "base/crypt.h"
#include "schema/limits.h"

#define PATH_BYTES (LIMIT_PATH_BYTES + LIMIT_NAME_BYTES + 2u)

/* --- a program --- */

struct files {
    const struct form *form;
};

/* jr://file-csv/areas.csv: the file of that name that travels with the form. */
static enum rc give_file(void *context, struct view uri, struct view *bytes, struct err *err) {
    const struct files *files = context;
    size_t at = uri.size;
    struct view name;

    while (at > 0 && uri.data[at - 1] != '/')
        at--;
    name = view_slice(uri, at, uri.size);
    for (uint32_t i = 0; i < files->form->file_count; i++)
        if (view_equal(files->form->files[i].name, name)) {
            *bytes = files->form->files[i].content;
            return RC_OK;
        }
    return err_set(err, RC_NOT_FOUND, "the form has no file %.*s", VIEW_PRINT(name));
}

enum rc form_program_load(const struct form *form, struct arena *arena, struct form_program *out,
                          struct err *err) {
    struct files files = {.form = form};
    struct model_host host = {.context = &files, .attachment = give_file};
    enum rc rc;

    *out = (struct form_program){.form = form};
    if (form->xform.size == 0)
        return err_set(err, RC_UNSUPPORTED,
                       "%.*s: this version of the form cannot be filled question by question; "
                       "publish it again",
                       VIEW_PRINT(form->name));
    rc = model_load(form->xform, &host, arena, &out->model, err);
    if (rc != RC_OK)
        return rc;
    out->fields = arena_array(arena, form->field_count, sizeof(*out->fields));
    out->compiled = arena_array(arena, out->model->field_count, sizeof(*out->compiled));
    if (out->fields == NULL || out->compiled == NULL)
        return arena_check(arena, "a form", err);
    for (uint32_t i = 0; i < out->model->field_count; i++)
        out->compiled[i] = FORM_NO_PARENT;
    for (uint32_t i = 0; i < form->field_count; i++) {
        char path[PATH_BYTES];
        int size = snprintf(path, sizeof(path), "%.*s/%.*s", VIEW_PRINT(out->model->fields[0].path),
                            VIEW_PRINT(form->fields[i].path));

        out->fields[i] = size > 0 && (size_t)size < sizeof(path)
                             ? model_field_at(out->model, view_of(path, (size_t)size))
                             : MODEL_NONE;
        if (out->fields[i] != MODEL_NONE)
            out->compiled[out->fields[i]] = i;
    }
    return RC_OK;
}

uint64_t filling_instance(struct instance_id instance) {
    uint8_t bytes[20], hash[CRYPT_HASH_BYTES];
    uint64_t id = 0;

    if (instance_is_root(instance))
        return 0;
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(instance.dot.actor >> (56 - 8 * i));
        bytes[8 + i] = (uint8_t)(instance.dot.number >> (56 - 8 * i));
    }
    for (int i = 0; i < 4; i++)
        bytes[16 + i] = (uint8_t)(instance.ordinal >> (24 - 8 * i));
    crypt_hash("yg filling instance", view_of(bytes, sizeof(bytes)), hash);
    for (int i = 0; i < 8; i++)
        id = id << 8 | hash[i];
    return id == 0 ? 1 : id;
}

/* --- the way in --- */

void filling_cell_text(const struct reading *reading, struct instance_id instance,
                       const struct form_field *field, struct buf *out) {
    const struct cell *cell = reading_cell(reading, instance, field->number);

    if (cell == NULL || filling_only_adds(field))
        return;
    if (cell->kind == CELL_VALUE)
        value_text(&cell->value, out);
    for (uint32_t i = 0; cell->kind == CELL_SET && i < cell->version_count; i++) {
        if (i > 0)
            buf_add_u8(out, ' ');
        value_text(&cell->versions[i]->value, out);
    }
}

struct writing {
    const struct form_program *program;
    const struct reading *reading;
    struct buf *out;
    struct buf text;
};

static void write_below(struct writing *writing, uint32_t from, uint32_t end,
                        struct instance_id instance);

static void write_element(struct writing *writing, uint32_t at, struct instance_id instance,
                          uint64_t id) {
    const struct model_field *field = &writing->program->model->fields[at];
    uint32_t compiled = writing->program->compiled[at];

    buf_addf(writing->out, "<%.*s", VIEW_PRINT(field->name));
    if (id != 0)
        buf_addf(writing->out, " yg:id=\"%016llx\"", (unsigned long long)id);
    buf_add_u8(writing->out, '>');
    if (field->is_leaf && compiled != FORM_NO_PARENT) {
        buf_clear(&writing->text);
        filling_cell_text(writing->reading, instance, &writing->program->form->fields[compiled],
                          &writing->text);
        xml_escape(buf_view(&writing->text), false, writing->out);
    } else {
        write_below(writing, at + 1, field->end, instance);
    }
    buf_addf(writing->out, "</%.*s>", VIEW_PRINT(field->name));
}

static void write_repeat(struct writing *writing, uint32_t at, struct instance_id parent) {
    uint32_t compiled = writing->program->compiled[at];

    for (uint32_t i = 0; compiled != FORM_NO_PARENT && i < writing->reading->instance_count; i++) {
        const struct seen_instance *seen = &writing->reading->instances[i];

        if (seen->removed || !instance_equal(seen->parent, parent) ||
            seen->repeat != writing->program->form->fields[compiled].number)
            continue;
        write_element(writing, at, seen->id, filling_instance(seen->id));
    }
}

/* Depth is bounded by that of forms. Fields of other namespaces are the form's own data. */
static void write_below(struct writing *writing, uint32_t from, uint32_t end,
                        struct instance_id instance) {
    const struct model_field *fields = writing->program->model->fields;

    for (uint32_t at = from; at < end; at = fields[at].end) {
        if (fields[at].is_attribute || fields[at].name.size != fields[at].local.size)
            continue;
        if (fields[at].is_repeat)
            write_repeat(writing, at, instance);
        else
            write_element(writing, at, instance, 0);
    }
}

enum rc filling_instance_xml(const struct form_program *program, const struct reading *reading,
                             struct buf *out, struct err *err) {
    const struct model *model = program->model;
    struct writing writing = {.program = program, .reading = reading, .out = out};
    enum rc rc;

    buf_init(&writing.text, LIMIT_VALUE_BYTES * 4);
    buf_addf(out, "<%.*s", VIEW_PRINT(model->fields[0].name));
    if (model->fields[0].uri.size > 0)
        buf_addf(out, " xmlns=\"%.*s\"", VIEW_PRINT(model->fields[0].uri));
    buf_add_text(out, " xmlns:yg=\"" ENGINE_ID_URI "\"");
    if (model->id.size > 0) {
        buf_add_text(out, " id=\"");
        xml_escape(model->id, true, out);
        buf_add_u8(out, '"');
    }
    buf_add_u8(out, '>');
    write_below(&writing, 1, model->fields[0].end, (struct instance_id){0});
    buf_addf(out, "</%.*s>", VIEW_PRINT(model->fields[0].name));
    rc = buf_check(&writing.text, "an answer", err);
    if (rc == RC_OK)
        rc = buf_check(out, "an instance", err);
    buf_release(&writing.text);
    return rc;
}
