/* How a filling is kept between two answers: a byte of the version, the form's hash; the number of
 * base cells and of each the field's number, the instance (8 bytes) and the text; the number of old
 * instances and of each actor (8 bytes), number and ordinal; the engine's draft. Numbers are
 * varints, texts have their size before them. */
#include "schema/form/filling_parts.h"

#include "base/crypt.h"
#include "base/text.h"

#include <stdlib.h>

#define KEPT_VERSION 1
#define ID_DIGITS    16u

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
    filling_sort_base(filling);
    return arena_check(&filling->arena, "a draft", err);
}

/* ---- other names ----
 *
 * The instances of a draft are named by changes of which some may have got another name since; so
 * are the records that its answers name. */

static bool is_digit_at(struct view bytes, size_t at) {
    return at < bytes.size && bytes.data[at] >= '0' && bytes.data[at] <= '9';
}

enum rc filling_dots(const struct filling *filling, struct view kept, struct arena *arena,
                     struct dot **out, uint32_t *count, struct err *err) {
    uint32_t capacity = 0;
    struct dot *to;

    *out = NULL;
    *count = 0;
    for (uint32_t i = 0; i < filling->old_count; i++) {
        to = arena_push(arena, out, count, &capacity, sizeof(*to));
        if (to == NULL)
            return arena_check(arena, "a draft", err);
        *to = filling->olds[i].instance.dot;
    }
    for (size_t at = 0; at < kept.size; at++) {
        struct dot dot;
        size_t end = at + 1;

        if (kept.data[at] != '-' || at < ID_DIGITS)
            continue;
        while (is_digit_at(kept, end))
            end++;
        if (!name_in_text(view_slice(kept, at - ID_DIGITS, ID_DIGITS + (end - at)), &dot))
            continue;
        to = arena_push(arena, out, count, &capacity, sizeof(*to));
        if (to == NULL)
            return arena_check(arena, "a draft", err);
        *to = dot;
    }
    return RC_OK;
}

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

/* The actor, as it stands in a text that is a name and is called otherwise now. */
static bool rename_text(const struct renaming *renaming, struct view text, char actor[17]) {
    struct dot was, now;

    if (!name_in_text(text, &was))
        return false;
    now = filling_name_now(renaming->names, renaming->name_count, was);
    id_text(now.actor, actor);
    return now.actor != was.actor;
}

static enum rc rename_base(struct filling *filling, const struct renaming *renaming,
                           struct err *err) {
    for (uint32_t i = 0; i < filling->base_count; i++) {
        struct filled_cell *cell = &filling->base[i];
        const struct filling_id *id = find_id(renaming, cell->instance);
        char actor[17], *text;

        if (id != NULL)
            cell->instance = id->now;
        if (!rename_text(renaming, cell->text, actor))
            continue;
        text = arena_text(&filling->arena, "%s%.*s", actor,
                          VIEW_PRINT(view_slice(cell->text, ID_DIGITS, cell->text.size)));
        if (text == NULL)
            return arena_check(&filling->arena, "a draft", err);
        cell->text = view_text(text);
    }
    filling_sort_base(filling);
    return RC_OK;
}

/* What stands between two tags, from at on: where it is a name that is another now, the blanks
 * before it and its actor are written, and it is told how many bytes these were. */
static size_t rename_answer(const struct renaming *renaming, struct view xml, size_t at,
                            struct buf *out) {
    struct view rest = view_slice(xml, at, xml.size), text;
    const uint8_t *end = rest.size == 0 ? NULL : memchr(rest.data, '<', rest.size);
    char actor[17];
    size_t blanks;

    if (end == NULL)
        return 0;
    text = text_trim(view_slice(rest, 0, (size_t)(end - rest.data)));
    if (!rename_text(renaming, text, actor))
        return 0;
    blanks = (size_t)(text.data - rest.data);
    buf_add(out, rest.data, blanks);
    buf_add(out, actor, ID_DIGITS);
    return blanks + ID_DIGITS;
}

/* In the XForm an id is an attribute of 16 digits between quotes. It is a hash: nothing else that
 * stands there is the same. */
static void rename_xml(const struct renaming *renaming, struct view xml, struct buf *out) {
    for (size_t at = 0; at < xml.size; at++) {
        const struct filling_id *id = NULL;
        uint8_t bytes[8];
        uint64_t was = 0;

        buf_add_u8(out, xml.data[at]);
        if (xml.data[at] == '>')
            at += rename_answer(renaming, xml, at + 1, out);
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
    bool any = false;
    enum rc rc;

    for (uint32_t i = 0; i < renaming->name_count; i++)
        any = any || !dot_equal(renaming->names[i].was, renaming->names[i].now);
    if (!any)
        return engine_open(&filling->engine, ENGINE_RESUME, xml, err);
    rc = rename_base(filling, renaming, err);
    if (rc != RC_OK)
        return rc;
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
