/* Packed bytes of a record's state. They are canonical: one state, one encoding.
 *
 *   format     1 byte, 1; 2 if there are erasures
 *   absorbed   count N (varint), then in order of dots, actor by actor until N are said:
 *                actor (8 bytes, big-endian), its count (varint, at least 1), its numbers, each as
 *                the difference to the one before (varint; the first to 0)
 *              then N times: kind | 16 if provisional | 32 if under follows (1 byte),
 *                form (id), person (id), time_ms - time_ms of the one before (zigzag),
 *                lamport (varint), and if said: count (varint, at least 1), 16 bytes each
 *              An id is 0 and 8 bytes, or 1 to 15: the one that was spelled out so many ids ago
 *              (15 are remembered, forms and persons apart).
 *   record id  dot reference
 *   versions   count (varint), then runs of one instance each:
 *                instance   ordinal (varint; 0: the record itself), dot reference unless 0
 *                size       versions in this run (varint, at least 1)
 *                version    (field - field of the one before) << 3 | bits (varint): 1 a rank, 2 an
 *                           ordinal, 4 replacing changes follow; then
 *                             change    index into absorbed (varint); left out when N is 1
 *                             rank      1 byte; ordinal: varint, at least 1
 *                             replaced  count (varint, at least 1), indices, each as the difference
 *                                       to the one before (the first to 0)
 *                             value     see value.c
 *   awaited    count (varint), then each: instance, field (varint), actor (8), number, ordinal,
 *              1 if keep else 0 (1 byte), and if keep: replacing changes as above
 *   erasures   in format 2: count (varint, at least 1), then each: size (varint), erasure_encode
 *
 * A dot reference is an index into absorbed plus 1 (varint), or 0, actor (8) and number (varint)
 * for a dot that is not absorbed. Arrays in the state are sorted, so runs and differences are small
 * and decoding can insist on the order. */
#include "schema/erasure.h"
#include "schema/limits.h"
#include "schema/record.h"

#define FORMAT            1u
#define FORMAT_ERASED     2u
#define RECENT_IDS        15u
#define VERSION_BYTES_MIN 2u
#define AWAITED_BYTES_MIN 13u

enum { META_KIND = 15, META_PROVISIONAL = 16, META_UNDER = 32, META_ALL = 63 };
enum { BIT_RANK = 1, BIT_ORDINAL = 2, BIT_REPLACED = 4, HEAD_SHIFT = 3 };

/* ---- ids that repeat ---- */

struct recent {
    uint64_t ids[RECENT_IDS]; /* a ring */
    uint32_t count;           /* ever spelled out */
};

/* How many spelled-out ids ago this one was the newest; 0: not remembered. */
static uint32_t recent_age(const struct recent *recent, uint64_t id) {
    uint32_t known = recent->count < RECENT_IDS ? recent->count : RECENT_IDS;

    for (uint32_t age = 1; age <= known; age++) {
        if (recent->ids[(recent->count - age) % RECENT_IDS] == id)
            return age;
    }
    return 0;
}

static void recent_spell(struct recent *recent, uint64_t id) {
    recent->ids[recent->count % RECENT_IDS] = id;
    recent->count++;
}

static void add_recent(struct buf *out, struct recent *recent, uint64_t id) {
    uint32_t age = recent_age(recent, id);

    buf_add_u8(out, (uint8_t)age);
    if (age == 0) {
        buf_add_id(out, id);
        recent_spell(recent, id);
    }
}

static uint64_t read_recent(struct reader *in, struct recent *recent) {
    uint32_t age = read_u8(in);
    uint64_t id;

    if (age == 0) {
        id = read_id(in);
        if (recent_age(recent, id) != 0)
            reader_fail(in);
        recent_spell(recent, id);
        return id;
    }
    if (age > RECENT_IDS || age > recent->count) {
        reader_fail(in);
        return 0;
    }
    id = recent->ids[(recent->count - age) % RECENT_IDS];
    if (recent_age(recent, id) != age)
        reader_fail(in);
    return id;
}

/* ---- packing ---- */

static void add_absorbed(struct buf *out, const struct record *record) {
    uint32_t count = record->absorbed_count;
    struct recent forms = {.count = 0};
    struct recent persons = {.count = 0};
    int64_t time_ms = 0;

    buf_add_varint(out, count);
    for (uint32_t i = 0; i < count;) {
        uint64_t actor = record->absorbed[i].dot.actor;
        uint64_t number = 0;
        uint32_t end = i;

        while (end < count && record->absorbed[end].dot.actor == actor)
            end++;
        buf_add_id(out, actor);
        buf_add_varint(out, end - i);
        for (; i < end; i++) {
            buf_add_varint(out, record->absorbed[i].dot.number - number);
            number = record->absorbed[i].dot.number;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct absorbed *absorbed = &record->absorbed[i];
        unsigned meta = absorbed->kind;

        if ((absorbed->flags & ABSORBED_PROVISIONAL) != 0)
            meta |= META_PROVISIONAL;
        if (absorbed->under_count != 0)
            meta |= META_UNDER;
        buf_add_u8(out, (uint8_t)meta);
        add_recent(out, &forms, absorbed->form);
        add_recent(out, &persons, absorbed->person);
        /* Differences wrap around, so that any two times have one. */
        buf_add_zigzag(out, (int64_t)((uint64_t)absorbed->time_ms - (uint64_t)time_ms));
        time_ms = absorbed->time_ms;
        buf_add_varint(out, absorbed->lamport);
        if (absorbed->under_count != 0) {
            buf_add_varint(out, absorbed->under_count);
            buf_add(out, absorbed->under, absorbed->under_count * sizeof(*absorbed->under));
        }
    }
}

static void add_dot(struct buf *out, const struct record *record, struct dot dot) {
    uint32_t at;

    if (record_find(record, dot, &at)) {
        buf_add_varint(out, at + 1u);
    } else {
        buf_add_varint(out, 0);
        buf_add_id(out, dot.actor);
        buf_add_varint(out, dot.number);
    }
}

static void add_instance(struct buf *out, const struct record *record, struct instance_id id) {
    buf_add_varint(out, id.ordinal);
    if (id.ordinal != 0)
        add_dot(out, record, id.dot);
}

static void add_indices(struct buf *out, const uint32_t *indices, uint32_t count) {
    uint32_t previous = 0;

    buf_add_varint(out, count);
    for (uint32_t i = 0; i < count; i++) {
        buf_add_varint(out, indices[i] - previous);
        previous = indices[i];
    }
}

static void add_version(struct buf *out, const struct version *version, uint16_t field,
                        bool with_change) {
    unsigned bits = 0;

    if (version->rank != 0)
        bits |= BIT_RANK;
    if (version->ordinal != 0)
        bits |= BIT_ORDINAL;
    if (version->replaced_count != 0)
        bits |= BIT_REPLACED;
    buf_add_varint(out, (uint64_t)(version->field - field) << HEAD_SHIFT | bits);
    if (with_change)
        buf_add_varint(out, version->change);
    if (bits != 0) {
        if (version->rank != 0)
            buf_add_u8(out, version->rank);
        if (version->ordinal != 0)
            buf_add_varint(out, version->ordinal);
        if (version->replaced_count != 0)
            add_indices(out, version->replaced_by, version->replaced_count);
    }
    value_encode(&version->value, out);
}

static void add_versions(struct buf *out, const struct record *record) {
    uint32_t count = record->version_count;

    buf_add_varint(out, count);
    for (uint32_t i = 0; i < count;) {
        struct instance_id instance = record->versions[i].instance;
        uint16_t field = 0;
        uint32_t end = i;

        while (end < count && instance_equal(record->versions[end].instance, instance))
            end++;
        add_instance(out, record, instance);
        buf_add_varint(out, end - i);
        for (; i < end; i++) {
            add_version(out, &record->versions[i], field, record->absorbed_count > 1);
            field = record->versions[i].field;
        }
    }
}

enum rc record_pack(const struct record *record, struct buf *out, struct err *err) {
    size_t before = out->size;
    enum rc rc;

    if (record->absorbed_count > LIMIT_RECORD_CHANGES)
        return err_set(err, RC_LIMIT, "record: more than %u changes", LIMIT_RECORD_CHANGES);
    if (record->erasure_count > LIMIT_RECORD_ERASURES)
        return err_set(err, RC_LIMIT, "record: more than %u erasures", LIMIT_RECORD_ERASURES);
    buf_add_u8(out, record->erasure_count > 0 ? FORMAT_ERASED : FORMAT);
    add_absorbed(out, record);
    add_dot(out, record, record->id);
    add_versions(out, record);
    buf_add_varint(out, record->awaited_count);
    for (uint32_t i = 0; i < record->awaited_count; i++) {
        const struct awaited *awaited = &record->awaited[i];

        add_instance(out, record, awaited->instance);
        buf_add_varint(out, awaited->field);
        buf_add_id(out, awaited->version.dot.actor);
        buf_add_varint(out, awaited->version.dot.number);
        buf_add_varint(out, awaited->version.ordinal);
        buf_add_u8(out, awaited->keep ? 1 : 0);
        if (awaited->keep)
            add_indices(out, awaited->replaced_by, awaited->replaced_count);
    }
    if (record->erasure_count > 0)
        buf_add_varint(out, record->erasure_count);
    for (uint32_t i = 0; i < record->erasure_count; i++)
        buf_add_sized(out, record->erasures[i]);
    rc = buf_check(out, "record", err);
    if (rc == RC_OK && out->size - before > LIMIT_RECORD_BYTES)
        rc =
            err_set(err, RC_LIMIT, "record: its state is larger than %u bytes", LIMIT_RECORD_BYTES);
    return rc;
}

/* ---- unpacking ---- */

static void read_numbers(struct reader *in, struct absorbed *absorbed, uint32_t count) {
    uint64_t actor = 0;

    for (uint32_t i = 0; i < count && !in->failed;) {
        uint64_t next = read_id(in);
        uint64_t size = read_varint_max(in, count - i);
        uint64_t number = 0;

        if (next <= actor || size == 0)
            reader_fail(in);
        actor = next;
        for (; size > 0 && !in->failed; size--, i++) {
            uint64_t step = read_varint_max(in, LIMIT_NUMBER);

            number += step;
            if (step == 0 || number > LIMIT_NUMBER)
                reader_fail(in);
            absorbed[i].dot = (struct dot){.actor = actor, .number = number};
        }
    }
}

static void read_absorbed(struct reader *in, struct arena *arena, struct record *out) {
    uint32_t count = (uint32_t)read_varint_max(in, LIMIT_RECORD_CHANGES);
    struct recent forms = {.count = 0};
    struct recent persons = {.count = 0};
    struct absorbed *absorbed;
    int64_t time_ms = 0;

    if (count > read_left(in))
        reader_fail(in);
    absorbed = in->failed ? NULL : arena_array(arena, count, sizeof(*absorbed));
    if (absorbed == NULL)
        return;
    out->absorbed = absorbed;
    out->absorbed_count = count;
    read_numbers(in, absorbed, count);
    for (uint32_t i = 0; i < count && !in->failed; i++) {
        unsigned meta = read_u8(in);

        absorbed[i].kind = meta & META_KIND;
        absorbed[i].flags = (meta & META_PROVISIONAL) != 0 ? ABSORBED_PROVISIONAL : 0;
        if ((meta & ~(unsigned)META_ALL) != 0 || absorbed[i].kind < CHANGE_CREATE ||
            absorbed[i].kind > CHANGE_SAME)
            reader_fail(in);
        absorbed[i].form = read_recent(in, &forms);
        absorbed[i].person = read_recent(in, &persons);
        time_ms = (int64_t)((uint64_t)time_ms + (uint64_t)read_zigzag(in));
        absorbed[i].time_ms = time_ms;
        absorbed[i].lamport = read_varint_max(in, LIMIT_NUMBER);
        if ((meta & META_UNDER) != 0) {
            uint32_t under = (uint32_t)read_varint_max(in, LIMIT_UNDER);

            if (under == 0)
                reader_fail(in);
            absorbed[i].under = (const uint8_t(*)[16])read_bytes(in, under * 16u).data;
            absorbed[i].under_count = in->failed ? 0 : under;
        }
    }
}

static struct dot read_dot(struct reader *in, const struct record *record) {
    uint64_t at = read_varint_max(in, record->absorbed_count);
    struct dot dot = {0};

    if (in->failed)
        return dot;
    if (at > 0)
        return record->absorbed[at - 1].dot;
    dot.actor = read_id(in);
    dot.number = read_varint_max(in, LIMIT_NUMBER);
    if (dot.actor == 0 || dot.number == 0 || record_has_absorbed(record, dot))
        reader_fail(in);
    return dot;
}

static struct instance_id read_instance(struct reader *in, const struct record *record) {
    struct instance_id id = {.ordinal = (uint32_t)read_varint_max(in, UINT32_MAX)};

    if (id.ordinal != 0)
        id.dot = read_dot(in, record);
    return id;
}

static const uint32_t *read_indices(struct reader *in, struct arena *arena,
                                    const struct record *record, uint32_t *count) {
    uint32_t promised = (uint32_t)read_varint_max(in, record->absorbed_count);
    uint32_t *indices;
    uint64_t index = 0;

    if (promised == 0 || promised > read_left(in))
        reader_fail(in);
    indices = in->failed ? NULL : arena_array(arena, promised, sizeof(*indices));
    if (indices == NULL)
        return NULL;
    for (uint32_t i = 0; i < promised; i++) {
        uint64_t step = read_varint_max(in, UINT32_MAX);

        index += step;
        if ((i > 0 && step == 0) || index >= record->absorbed_count) {
            reader_fail(in);
            return NULL;
        }
        indices[i] = (uint32_t)index;
    }
    *count = promised;
    return indices;
}

/* One run. previous is the version before in the same run, NULL for its first. */
static void read_version(struct reader *in, struct arena *arena, const struct record *record,
                         struct version *version, const struct version *previous) {
    uint64_t head = read_varint_max(in, (uint64_t)FIELD_LAST << HEAD_SHIFT | 7u);
    uint64_t field = (head >> HEAD_SHIFT) + (previous == NULL ? 0 : previous->field);

    if (field == 0 || field > FIELD_LAST)
        reader_fail(in);
    version->field = (uint16_t)field;
    if (record->absorbed_count > 1)
        version->change = (uint32_t)read_varint_max(in, record->absorbed_count - 1u);
    if ((head & BIT_RANK) != 0) {
        version->rank = read_u8(in);
        if (version->rank == 0)
            reader_fail(in);
    }
    if ((head & BIT_ORDINAL) != 0) {
        version->ordinal = (uint32_t)read_varint_max(in, UINT32_MAX);
        if (version->ordinal == 0)
            reader_fail(in);
    }
    if (previous != NULL && previous->field == version->field &&
        (previous->change > version->change ||
         (previous->change == version->change && previous->ordinal >= version->ordinal)))
        reader_fail(in);
    if ((head & BIT_REPLACED) != 0)
        version->replaced_by = read_indices(in, arena, record, &version->replaced_count);
    version->value = value_decode(in);
}

static void read_versions(struct reader *in, struct arena *arena, struct record *out) {
    uint32_t count = (uint32_t)read_varint_max(in, read_left(in) / VERSION_BYTES_MIN);
    struct version *versions;
    struct instance_id last = {.ordinal = 0};

    if (count > 0 && out->absorbed_count == 0)
        reader_fail(in);
    versions = in->failed ? NULL : arena_array(arena, count, sizeof(*versions));
    if (versions == NULL)
        return;
    out->versions = versions;
    for (uint32_t i = 0; i < count && !in->failed && arena->failed == RC_OK;) {
        struct instance_id instance = read_instance(in, out);
        uint32_t end = i + (uint32_t)read_varint_max(in, count - i);

        if (end == i || (i > 0 && instance_compare(last, instance) >= 0)) {
            reader_fail(in);
            break;
        }
        last = instance;
        for (uint32_t first = i; i < end && !in->failed && arena->failed == RC_OK; i++) {
            versions[i].instance = instance;
            read_version(in, arena, out, &versions[i], i == first ? NULL : &versions[i - 1]);
        }
    }
    out->version_count = in->failed || arena->failed != RC_OK ? 0 : count;
}

static int awaited_compare(const struct awaited *a, const struct awaited *b) {
    int order = instance_compare(a->instance, b->instance);

    if (order == 0)
        order = (int)a->field - (int)b->field;
    return order != 0 ? order : version_id_compare(a->version, b->version);
}

static void read_awaited(struct reader *in, struct arena *arena, struct record *out) {
    uint32_t count = (uint32_t)read_varint_max(in, read_left(in) / AWAITED_BYTES_MIN);
    struct awaited *awaited = in->failed ? NULL : arena_array(arena, count, sizeof(*awaited));

    if (awaited == NULL)
        return;
    out->awaited = awaited;
    for (uint32_t i = 0; i < count && !in->failed && arena->failed == RC_OK; i++) {
        struct version_id *name = &awaited[i].version;
        unsigned keep;

        awaited[i].instance = read_instance(in, out);
        awaited[i].field = (uint16_t)read_varint_max(in, FIELD_LAST);
        name->dot.actor = read_id(in);
        name->dot.number = read_varint_max(in, LIMIT_NUMBER);
        name->ordinal = (uint32_t)read_varint_max(in, UINT32_MAX);
        keep = read_u8(in);
        if (name->dot.actor == 0 || name->dot.number == 0 || keep > 1 || awaited[i].field == 0 ||
            record_has_absorbed(out, name->dot) ||
            (i > 0 && awaited_compare(&awaited[i - 1], &awaited[i]) >= 0))
            reader_fail(in);
        awaited[i].keep = keep == 1;
        if (awaited[i].keep)
            awaited[i].replaced_by = read_indices(in, arena, out, &awaited[i].replaced_count);
    }
    out->awaited_count = in->failed || arena->failed != RC_OK ? 0 : count;
}

static void read_erasures(struct reader *in, struct arena *arena, struct record *out) {
    uint32_t count = (uint32_t)read_varint_max(in, LIMIT_RECORD_ERASURES);
    struct view *erasures = in->failed ? NULL : arena_array(arena, count, sizeof(*erasures));
    struct erasure erasure;
    struct err ignored;

    err_init(&ignored, LANG_EN);
    if (count == 0)
        reader_fail(in);
    if (erasures == NULL)
        return;
    for (uint32_t i = 0; i < count && !in->failed && arena->failed == RC_OK; i++) {
        erasures[i] = read_sized(in);
        if (in->failed || erasure_decode(erasures[i], arena, &erasure, &ignored) != RC_OK ||
            (i > 0 && view_compare(erasures[i - 1], erasures[i]) >= 0))
            reader_fail(in);
    }
    out->erasures = erasures;
    out->erasure_count = in->failed || arena->failed != RC_OK ? 0 : count;
}

uint32_t record_packed_changes(struct view bytes) {
    struct reader in;

    reader_init(&in, bytes);
    (void)read_u8(&in);
    return (uint32_t)read_varint_max(&in, LIMIT_RECORD_CHANGES);
}

enum rc record_unpack(struct view bytes, struct arena *arena, struct record *out, struct err *err) {
    struct reader in;
    uint8_t format;
    enum rc rc;

    memset(out, 0, sizeof(*out));
    if (bytes.size > LIMIT_RECORD_BYTES)
        return err_set(err, RC_LIMIT, "record: its state is larger than %u bytes",
                       LIMIT_RECORD_BYTES);
    reader_init(&in, bytes);
    format = read_u8(&in);
    if (format != FORMAT && format != FORMAT_ERASED)
        return err_set(err, RC_UNSUPPORTED, "record: of a newer format; update this program");
    read_absorbed(&in, arena, out);
    out->id = read_dot(&in, out);
    read_versions(&in, arena, out);
    read_awaited(&in, arena, out);
    if (format == FORMAT_ERASED)
        read_erasures(&in, arena, out);
    rc = arena_check(arena, "record", err);
    return rc == RC_OK ? reader_check(&in, "record", err) : rc;
}
