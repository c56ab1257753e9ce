/* What there is in a filling, and how it is kept between two answers: a byte of the version, the
 * form's hash; the number of base cells and of each the field's number, the instance (8 bytes) and
 * the text; the number of old instances and of each actor (8 bytes), number and ordinal; the
 * engine's draft. Numbers are varints, texts have their size before them. */
#include "base/crypt.h"
#include "base/text.h"
#include "schema/form/filling_parts.h"
#include "schema/form/form_json.h"
#include "schema/limits.h"

#include <stdlib.h>

#define KEPT_VERSION 1
#define ID_DIGITS    16u

void filling_init(struct filling *filling, const struct form_program *program,
                  const struct engine_host *host, enum lang lang) {
    *filling = (struct filling){.program = program};
    engine_init(&filling->engine, program->model, host, lang, ENGINE_BYTES);
    arena_init(&filling->arena, FILLING_BYTES);
}

void filling_release(struct filling *filling) {
    engine_release(&filling->engine);
    arena_release(&filling->arena);
}

bool filling_writes(const struct form_field *field) {
    return form_field_holds_value(field) && field->type != FIELD_TYPE_CALCULATE &&
           field->type != FIELD_TYPE_NOTE && field->policy != POLICY_SERVER;
}

bool filling_is_album(const struct form_field *field) {
    return field->policy == POLICY_UNION && field->type == FIELD_TYPE_ATTACHMENT;
}

bool filling_only_adds(const struct form_field *field) {
    return field->policy == POLICY_UNION && field->type != FIELD_TYPE_SELECT_MULTIPLE &&
           !filling_is_album(field);
}

/* --- the cells of the engine --- */

enum rc filling_instances(struct filling *filling, struct arena *arena, struct live *live,
                          struct err *err) {
    struct live_instance *root =
        arena_push(arena, &live->list, &live->count, &live->capacity, sizeof(*root));
    uint64_t around[FORM_DEPTH + 1] = {0};
    uint32_t depth_of[FORM_DEPTH + 1] = {0}, depth = 0, count = 0;
    struct question *stops;
    enum rc rc;

    if (root == NULL)
        return arena_check(arena, "a draft", err);
    *root = (struct live_instance){.repeat = FORM_NO_PARENT};
    rc = engine_walk(&filling->engine, arena, &stops, &count, err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        struct live_instance *instance;

        if (!stops[i].is_instance)
            continue;
        while (depth > 0 && depth_of[depth] >= stops[i].depth)
            depth--;
        instance = arena_push(arena, &live->list, &live->count, &live->capacity, sizeof(*instance));
        if (instance == NULL || depth == FORM_DEPTH)
            return arena_check(arena, "a draft", err);
        *instance =
            (struct live_instance){.id = stops[i].place.instance,
                                   .parent = around[depth],
                                   .repeat = filling->program->compiled[stops[i].place.field]};
        depth++;
        around[depth] = instance->id;
        depth_of[depth] = stops[i].depth;
    }
    return rc;
}

struct view filling_live_text(const struct filling *filling, uint32_t field, uint64_t instance) {
    struct engine_place place = {.field = filling->program->fields[field], .instance = instance};

    return text_trim(engine_value(&filling->engine, place));
}

static int compare_cells(const void *left, const void *right) {
    const struct filled_cell *a = left, *b = right;

    if (a->instance != b->instance)
        return a->instance < b->instance ? -1 : 1;
    return a->field == b->field ? 0 : a->field < b->field ? -1 : 1;
}

struct view filling_base_text(const struct filling *filling, uint32_t field, uint64_t instance) {
    struct filled_cell key = {.field = field, .instance = instance};
    const struct filled_cell *found =
        filling->base_count == 0
            ? NULL
            : bsearch(&key, filling->base, filling->base_count, sizeof(key), compare_cells);

    return found == NULL ? (struct view){0} : found->text;
}

const struct old_instance *filling_old(const struct filling *filling, uint64_t id) {
    for (uint32_t i = 0; i < filling->old_count; i++)
        if (filling->olds[i].id == id)
            return &filling->olds[i];
    return NULL;
}

/* --- beginning --- */

/* XForms bring one empty instance of every repeat. A person adds what there is: an empty income
 * that nobody has would have to be removed before the record can be saved. */
static enum rc drop_defaults(struct filling *filling, struct err *err) {
    struct question *stops;
    uint32_t count = 0;
    struct arena arena;
    enum rc rc;

    arena_init(&arena, FILLING_BYTES);
    rc = engine_walk(&filling->engine, &arena, &stops, &count, err);
    for (uint32_t i = count; i > 0 && rc == RC_OK; i--)
        if (stops[i - 1].is_instance && stops[i - 1].can_remove)
            rc = engine_remove(&filling->engine, stops[i - 1].place, err);
    arena_release(&arena);
    return rc;
}

enum rc filling_begin(struct filling *filling, struct err *err) {
    enum rc rc = engine_begin(&filling->engine, err);

    return rc == RC_OK ? drop_defaults(filling, err) : rc;
}

/* What the engine shows before the person does anything. */
static enum rc take_base(struct filling *filling, struct err *err) {
    const struct form *form = filling->program->form;
    uint32_t capacity = 0;
    struct live live = {0};
    enum rc rc = filling_instances(filling, &filling->arena, &live, err);

    for (uint32_t i = 0; i < live.count && rc == RC_OK; i++)
        for (uint32_t f = 0; f < form->field_count; f++) {
            struct view text;
            struct filled_cell *cell;

            if (form->fields[f].repeat != live.list[i].repeat ||
                !filling_writes(&form->fields[f]) || filling->program->fields[f] == MODEL_NONE)
                continue;
            text = filling_live_text(filling, f, live.list[i].id);
            if (text.size == 0)
                continue;
            cell = arena_push(&filling->arena, &filling->base, &filling->base_count, &capacity,
                              sizeof(*cell));
            if (cell == NULL)
                return arena_check(&filling->arena, "a draft", err);
            *cell = (struct filled_cell){
                .field = f, .instance = live.list[i].id, .text = arena_view(&filling->arena, text)};
        }
    if (rc == RC_OK && filling->base_count > 0)
        qsort(filling->base, filling->base_count, sizeof(*filling->base), compare_cells);
    return rc == RC_OK ? arena_check(&filling->arena, "a draft", err) : rc;
}

enum rc filling_see(struct filling *filling, const struct reading *reading, struct err *err) {
    struct buf xml;
    enum rc rc;

    buf_init(&xml, ENGINE_INSTANCE_BYTES);
    rc = filling_instance_xml(filling->program, reading, &xml, err);
    if (rc == RC_OK)
        rc = engine_open(&filling->engine, ENGINE_RESUME, buf_view(&xml), err);
    buf_release(&xml);
    if (rc != RC_OK)
        return rc;
    filling->olds = arena_array(&filling->arena, reading->instance_count, sizeof(*filling->olds));
    if (filling->olds == NULL)
        return arena_check(&filling->arena, "a draft", err);
    for (uint32_t i = 0; i < reading->instance_count; i++)
        if (!reading->instances[i].removed)
            filling->olds[filling->old_count++] =
                (struct old_instance){.id = filling_instance(reading->instances[i].id),
                                      .instance = reading->instances[i].id};
    return take_base(filling, err);
}

/* --- keeping --- */

enum rc filling_keep(struct filling *filling, struct buf *out, struct err *err) {
    const struct form *form = filling->program->form;
    struct buf xml;
    enum rc rc;

    buf_init(&xml, ENGINE_INSTANCE_BYTES);
    rc = engine_write(&filling->engine, ENGINE_DRAFT, &xml, err);
    buf_add_u8(out, KEPT_VERSION);
    buf_add(out, form->hash, sizeof(form->hash));
    buf_add_varint(out, filling->base_count);
    for (uint32_t i = 0; i < filling->base_count; i++) {
        buf_add_varint(out, form->fields[filling->base[i].field].number);
        buf_add_le64(out, filling->base[i].instance);
        buf_add_sized(out, filling->base[i].text);
    }
    buf_add_varint(out, filling->old_count);
    for (uint32_t i = 0; i < filling->old_count; i++) {
        buf_add_le64(out, filling->olds[i].instance.dot.actor);
        buf_add_varint(out, filling->olds[i].instance.dot.number);
        buf_add_varint(out, filling->olds[i].instance.ordinal);
    }
    buf_add_sized(out, buf_view(&xml));
    buf_release(&xml);
    return rc == RC_OK ? buf_check(out, "a draft", err) : rc;
}

static enum rc not_a_draft(struct err *err) {
    return err_set(err, RC_CORRUPT, "the draft is not what was written; run verify");
}

static enum rc read_base(struct filling *filling, struct reader *in, struct err *err) {
    const struct form *form = filling->program->form;
    uint64_t count = read_varint_max(in, in->size);

    filling->base = arena_array(&filling->arena, count, sizeof(*filling->base));
    for (uint64_t i = 0; i < count && filling->base != NULL; i++) {
        uint64_t number = read_varint(in);
        struct filled_cell *cell = &filling->base[filling->base_count++];
        const struct form_field *field =
            number > UINT16_MAX ? NULL : form_field_by_number(form, (uint16_t)number);

        if (field == NULL)
            return not_a_draft(err);
        cell->field = (uint32_t)(field - form->fields);
        cell->instance = read_le64(in);
        cell->text = arena_view(&filling->arena, read_sized(in));
    }
    if (filling->base_count > 0)
        qsort(filling->base, filling->base_count, sizeof(*filling->base), compare_cells);
    return arena_check(&filling->arena, "a draft", err);
}

/* ---- other names ----
 *
 * The instances of a draft are named by changes of which some may have got another name since. */

struct filling_id { /* of an instance, to the engine */
    uint64_t was, now;
};

struct renaming {
    const struct filling_name *names;
    uint32_t name_count;
    struct filling_id *ids; /* those that have changed */
    uint32_t count, capacity;
};

struct dot filling_name_now(const struct filling_name *names, uint32_t count, struct dot was) {
    for (uint32_t i = 0; i < count; i++)
        if (dot_equal(names[i].was, was))
            return names[i].now;
    return was;
}

static enum rc rename_old(struct filling *filling, struct renaming *renaming,
                          struct old_instance *old, struct err *err) {
    struct filling_id *id;

    old->id = filling_instance(old->instance);
    old->instance.dot = filling_name_now(renaming->names, renaming->name_count, old->instance.dot);
    if (filling_instance(old->instance) == old->id)
        return RC_OK;
    id = arena_push(&filling->arena, &renaming->ids, &renaming->count, &renaming->capacity,
                    sizeof(*id));
    if (id == NULL)
        return arena_check(&filling->arena, "a draft", err);
    *id = (struct filling_id){old->id, filling_instance(old->instance)};
    old->id = id->now;
    return RC_OK;
}

static const struct filling_id *find_id(const struct renaming *renaming, uint64_t was) {
    for (uint32_t i = 0; i < renaming->count; i++)
        if (renaming->ids[i].was == was)
            return &renaming->ids[i];
    return NULL;
}

static void rename_base(struct filling *filling, const struct renaming *renaming) {
    for (uint32_t i = 0; i < filling->base_count; i++) {
        const struct filling_id *id = find_id(renaming, filling->base[i].instance);

        if (id != NULL)
            filling->base[i].instance = id->now;
    }
    if (filling->base_count > 0)
        qsort(filling->base, filling->base_count, sizeof(*filling->base), compare_cells);
}

/* In the XForm an id is an attribute of 16 digits between quotes. It is a hash: nothing else that
 * stands there is the same. */
static void rename_xml(const struct renaming *renaming, struct view xml, struct buf *out) {
    for (size_t at = 0; at < xml.size; at++) {
        const struct filling_id *id = NULL;
        uint8_t bytes[8];
        uint64_t was = 0;

        buf_add_u8(out, xml.data[at]);
        if (xml.data[at] != '"' || !hex_decode(view_slice(xml, at + 1, ID_DIGITS), bytes, 8))
            continue;
        for (int i = 0; i < 8; i++)
            was = was << 8 | bytes[i];
        id = find_id(renaming, was);
        if (id != NULL) {
            buf_addf(out, "%016llx", (unsigned long long)id->now);
            at += ID_DIGITS;
        }
    }
}

static enum rc open_renamed(struct filling *filling, const struct renaming *renaming,
                            struct view xml, struct err *err) {
    struct buf renamed;
    enum rc rc;

    if (renaming->count == 0)
        return engine_open(&filling->engine, ENGINE_RESUME, xml, err);
    rename_base(filling, renaming);
    buf_init(&renamed, ENGINE_INSTANCE_BYTES);
    rename_xml(renaming, xml, &renamed);
    rc = buf_check(&renamed, "an instance", err);
    if (rc == RC_OK)
        rc = engine_open(&filling->engine, ENGINE_RESUME, buf_view(&renamed), err);
    crypt_buf_release(&renamed);
    return rc;
}

static enum rc read_olds(struct filling *filling, struct reader *in, struct renaming *renaming,
                         struct err *err) {
    uint64_t count = read_varint_max(in, in->size);

    filling->olds = arena_array(&filling->arena, count, sizeof(*filling->olds));
    for (uint64_t i = 0; i < count && filling->olds != NULL; i++) {
        struct old_instance *old = &filling->olds[filling->old_count++];
        uint64_t ordinal;

        old->instance.dot.actor = read_le64(in);
        old->instance.dot.number = read_varint(in);
        ordinal = read_varint(in);
        if (ordinal > UINT32_MAX)
            return not_a_draft(err);
        old->instance.ordinal = (uint32_t)ordinal;
        if (rename_old(filling, renaming, old, err) != RC_OK)
            return err->rc;
    }
    return arena_check(&filling->arena, "a draft", err);
}

enum rc filling_resume(struct filling *filling, struct view kept, const struct filling_name *names,
                       uint32_t name_count, struct err *err) {
    struct renaming renaming = {.names = names, .name_count = name_count};
    const struct form *form = filling->program->form;
    struct reader in;
    struct view hash, xml;
    enum rc rc;

    reader_init(&in, kept);
    if (read_u8(&in) != KEPT_VERSION)
        return not_a_draft(err);
    hash = read_bytes(&in, sizeof(form->hash));
    if (!view_equal(hash, view_of(form->hash, sizeof(form->hash))))
        return err_set(err, RC_CONFLICT, "the draft was begun with another version of the form");
    rc = read_base(filling, &in, err);
    if (rc == RC_OK)
        rc = read_olds(filling, &in, &renaming, err);
    if (rc != RC_OK)
        return rc;
    xml = read_sized(&in);
    if (!read_done(&in))
        return not_a_draft(err);
    return open_renamed(filling, &renaming, xml, err);
}
