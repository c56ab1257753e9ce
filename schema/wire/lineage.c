/* lineage.c: see lineage.h. */
#include "schema/wire/lineage.h"

#include "base/crypt.h"

uint64_t lineage_name(uint64_t parent, uint64_t from, const uint8_t leaf[32], uint32_t epoch) {
    uint8_t bytes[56], hash[CRYPT_HASH_BYTES];

    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(parent >> (56 - 8 * i));
        bytes[8 + i] = (uint8_t)(from >> (56 - 8 * i));
        bytes[48 + i] = (uint8_t)((uint64_t)epoch >> (56 - 8 * i));
    }
    memcpy(bytes + 16, leaf, 32);
    crypt_hash("yg fork", view_of(bytes, epoch == 0 ? 48 : sizeof(bytes)), hash);
    return id_from_hash(hash);
}

struct dot lineage_read(const struct lineage *lineage, struct dot dot) {
    for (uint32_t i = lineage->count; i > 0; i--) {
        const struct fork_range *range = &lineage->ranges[i - 1];

        if (range->actor == dot.actor && range->from <= dot.number)
            return (struct dot){range->name, dot.number};
    }
    return dot;
}

/* The first row of this one's actor with the same name. */
static uint32_t first_so_called(const struct lineage *lineage, uint32_t at) {
    uint32_t first = at;

    for (uint32_t i = at; i-- > 0 && lineage->ranges[i].actor == lineage->ranges[at].actor;)
        if (lineage->ranges[i].name == lineage->ranges[at].name)
            first = i;
    return first;
}

/* A lineage ends with the name of its history, which begins where that comes first: what lies
 * between are strays. In front of it the same goes for what it has grown out of. */
enum rc lineage_trunk(const struct lineage *lineage, struct arena *arena, struct lineage *out,
                      struct err *err) {
    struct fork_range *kept;
    uint32_t count = lineage->count, at = count;
    uint64_t done = 0; /* of this actor the rest are strays: it has its own name there */

    *out = (struct lineage){0};
    if (count == 0)
        return RC_OK;
    kept = arena_array(arena, count, sizeof(*kept));
    if (kept == NULL)
        return arena_check(arena, "lineage", err);
    for (uint32_t i = count; i-- > 0;) {
        const struct fork_range *range = &lineage->ranges[i];

        if (range->actor == done)
            continue;
        if (range->name == range->actor) {
            done = range->actor;
            continue;
        }
        i = first_so_called(lineage, i);
        kept[--at] = lineage->ranges[i];
    }
    *out = (struct lineage){count - at, kept + at};
    return RC_OK;
}

void lineage_encode(const struct lineage *lineage, struct buf *out) {
    if (lineage->count > 0)
        buf_add_varint(out, lineage->count);
    for (uint32_t i = 0; i < lineage->count; i++) {
        buf_add_id(out, lineage->ranges[i].actor);
        buf_add_varint(out, lineage->ranges[i].from);
        buf_add_id(out, lineage->ranges[i].name);
    }
}

static struct fork_range read_range(struct reader *in, const struct fork_range *before) {
    struct fork_range range;
    uint64_t former; /* each row tells of another name */

    range.actor = read_id(in);
    range.from = read_varint_max(in, LIMIT_NUMBER);
    range.name = read_id(in);
    former = range.actor == before->actor ? before->name : range.actor;
    if (range.actor == 0 || range.from == 0 || range.name == 0 || range.name == former ||
        range.actor < before->actor || (range.actor == before->actor && range.from <= before->from))
        reader_fail(in);
    return range;
}

static uint32_t read_count(struct reader *in) {
    uint64_t count = read_varint_max(in, LIMIT_LINEAGE);

    if (count == 0)
        reader_fail(in);
    return (uint32_t)count;
}

struct view lineage_skip(struct reader *in) {
    struct fork_range range = {0};
    size_t start = in->at;
    uint32_t count = read_count(in);

    for (uint32_t i = 0; i < count && !in->failed; i++)
        range = read_range(in, &range);
    return in->failed ? (struct view){0} : view_of(in->data + start, in->at - start);
}

enum rc lineage_decode(struct view bytes, struct arena *arena, struct lineage *out,
                       struct err *err) {
    struct fork_range *ranges;
    struct reader in;
    uint32_t count;

    *out = (struct lineage){0};
    if (bytes.size == 0)
        return RC_OK;
    reader_init(&in, bytes);
    count = read_count(&in);
    if (in.failed)
        return reader_check(&in, "lineage", err);
    ranges = arena_array(arena, count, sizeof(*ranges));
    if (ranges == NULL)
        return arena_check(arena, "lineage", err);
    for (uint32_t i = 0; i < count && !in.failed; i++)
        ranges[i] = read_range(&in, i == 0 ? &(struct fork_range){0} : &ranges[i - 1]);
    *out = (struct lineage){count, ranges};
    return reader_check(&in, "lineage", err);
}
