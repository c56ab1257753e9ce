/* Byte layout of the structured values of pseudo-fields.
 *
 *   dot list    count (varint), then sorted dots: number << 1 | 1 (varint) and the actor (8 bytes,
 *               big-endian) where the actor differs from the one before, else number << 1
 *   instance    ordinal (varint; 0 is the record itself and ends it), actor (8), number (varint)
 *   place       1, repeat (varint), parent (instance, not the record itself)
 *   cover       2, repeat (varint), parent (instance), dot list
 *   seal        digest (16), dot list
 *   acceptance  field (varint), count (varint), sorted versions: actor (8), number, ordinal
 *
 * Everything has one encoding only; the decoders refuse all others. */
#include "schema/change.h"
#include "schema/dots.h"
#include "schema/limits.h"

enum { TAG_PLACE = 1, TAG_COVER = 2 };

#define DOT_BYTES_MIN     1u
#define VERSION_BYTES_MIN 10u

void dots_add(struct buf *out, const struct dot *dots, uint32_t count) {
    uint64_t actor = 0;

    buf_add_varint(out, count);
    for (uint32_t i = 0; i < count; i++) {
        bool other = dots[i].actor != actor;

        buf_add_varint(out, dots[i].number << 1 | (other ? 1u : 0u));
        if (other)
            buf_add_id(out, dots[i].actor);
        actor = dots[i].actor;
    }
}

const struct dot *dots_read(struct reader *in, struct arena *arena, uint32_t *count) {
    uint64_t promised = read_varint_max(in, read_left(in) / DOT_BYTES_MIN);
    struct dot *dots = arena_array(arena, (size_t)promised, sizeof(*dots));
    struct dot last = {0};

    if (dots == NULL)
        return NULL;
    for (uint64_t i = 0; i < promised; i++) {
        uint64_t head = read_varint(in);

        dots[i] = (struct dot){.actor = last.actor, .number = head >> 1};
        if ((head & 1) != 0) {
            dots[i].actor = read_id(in);
            if (dots[i].actor == last.actor)
                reader_fail(in);
        }
        if (dots[i].number > LIMIT_NUMBER || dots[i].number == 0 || dots[i].actor == 0 ||
            dot_compare(dots[i], last) <= 0)
            reader_fail(in);
        if (in->failed)
            return NULL;
        last = dots[i];
    }
    *count = (uint32_t)promised;
    return dots;
}

void instance_add(struct buf *out, struct instance_id id) {
    buf_add_varint(out, id.ordinal);
    if (id.ordinal == 0)
        return;
    buf_add_id(out, id.dot.actor);
    buf_add_varint(out, id.dot.number);
}

struct instance_id instance_read(struct reader *in) {
    struct instance_id id = {.ordinal = (uint32_t)read_varint_max(in, UINT32_MAX)};

    if (id.ordinal == 0)
        return id;
    id.dot.actor = read_id(in);
    id.dot.number = read_varint_max(in, LIMIT_NUMBER);
    if (id.dot.actor == 0 || id.dot.number == 0)
        reader_fail(in);
    return id;
}

static uint16_t read_repeat(struct reader *in) {
    uint16_t repeat = (uint16_t)read_varint_max(in, FIELD_LAST);

    if (repeat != 0 && repeat < FIELD_FIRST_OF_FORM)
        reader_fail(in);
    return repeat;
}

void place_encode(const struct place *place, struct buf *out) {
    buf_add_u8(out, TAG_PLACE);
    buf_add_varint(out, place->repeat);
    instance_add(out, place->parent);
}

enum rc place_decode(struct view bytes, struct place *out, struct err *err) {
    struct reader in;

    reader_init(&in, bytes);
    if (read_u8(&in) != TAG_PLACE)
        reader_fail(&in);
    out->repeat = read_repeat(&in);
    out->parent = instance_read(&in);
    if (out->repeat == 0 || instance_is_root(out->parent))
        reader_fail(&in);
    return reader_check(&in, "place of an instance", err);
}

bool value_is_cover(const struct value *value) {
    return value->type == VALUE_BYTES && value->bytes.size > 0 && value->bytes.data[0] == TAG_COVER;
}

void cover_encode(const struct cover *cover, struct buf *out) {
    buf_add_u8(out, TAG_COVER);
    buf_add_varint(out, cover->repeat);
    instance_add(out, cover->parent);
    dots_add(out, cover->dots, cover->count);
}

enum rc cover_decode(struct view bytes, struct arena *arena, struct cover *out, struct err *err) {
    struct reader in;

    reader_init(&in, bytes);
    if (read_u8(&in) != TAG_COVER)
        reader_fail(&in);
    out->repeat = read_repeat(&in);
    out->parent = instance_read(&in);
    if (out->repeat == 0 && !instance_is_root(out->parent))
        reader_fail(&in);
    out->dots = dots_read(&in, arena, &out->count);
    if (arena->failed != RC_OK)
        return arena_check(arena, "removal", err);
    return reader_check(&in, "removal", err);
}

void seal_encode(const struct seal *seal, struct buf *out) {
    buf_add(out, seal->digest, sizeof(seal->digest));
    dots_add(out, seal->dots, seal->count);
}

enum rc seal_decode(struct view bytes, struct arena *arena, struct seal *out, struct err *err) {
    struct reader in;
    struct view digest;

    reader_init(&in, bytes);
    digest = read_bytes(&in, sizeof(out->digest));
    if (!in.failed)
        memcpy(out->digest, digest.data, sizeof(out->digest));
    out->dots = dots_read(&in, arena, &out->count);
    if (arena->failed != RC_OK)
        return arena_check(arena, "seal", err);
    return reader_check(&in, "seal", err);
}

void acceptance_encode(const struct acceptance *acceptance, struct buf *out) {
    buf_add_varint(out, acceptance->field);
    buf_add_varint(out, acceptance->count);
    for (uint32_t i = 0; i < acceptance->count; i++) {
        buf_add_id(out, acceptance->versions[i].dot.actor);
        buf_add_varint(out, acceptance->versions[i].dot.number);
        buf_add_varint(out, acceptance->versions[i].ordinal);
    }
}

enum rc acceptance_decode(struct view bytes, struct arena *arena, struct acceptance *out,
                          struct err *err) {
    struct reader in;
    struct version_id *versions;
    struct version_id last = {0};

    reader_init(&in, bytes);
    out->field = (uint16_t)read_varint_max(&in, FIELD_LAST);
    out->count = (uint32_t)read_varint_max(&in, read_left(&in) / VERSION_BYTES_MIN);
    versions = arena_array(arena, out->count, sizeof(*versions));
    if (versions == NULL)
        return arena_check(arena, "acceptance", err);
    for (uint32_t i = 0; i < out->count; i++) {
        versions[i].dot.actor = read_id(&in);
        versions[i].dot.number = read_varint_max(&in, LIMIT_NUMBER);
        versions[i].ordinal = (uint32_t)read_varint_max(&in, UINT32_MAX);
        if (versions[i].dot.actor == 0 || versions[i].dot.number == 0 ||
            version_id_compare(versions[i], last) <= 0)
            reader_fail(&in);
        last = versions[i];
    }
    out->versions = versions;
    return reader_check(&in, "acceptance", err);
}
