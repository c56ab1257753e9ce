/* Canonical bytes of a change.
 *
 *   format      1 byte, now 1
 *   kind        1 byte
 *   actor       8 bytes, big-endian (all ids are), number (varint)
 *   record      dot
 *   form        8 bytes
 *   person      8 bytes
 *   wall_ms     zigzag varint, lamport (varint)
 *   reason      size (varint), UTF-8
 *   evidence    count (varint), 32 bytes each
 *   under       count (varint), 16 bytes each
 *   entries     total count (varint), then runs of one instance each:
 *     instance  ordinal (varint; 0: the record itself), dot unless it is the record itself
 *     size      entries in this run (varint, at least 1)
 *     entry     (field - field of the entry before in this run, 0 at first) << 3 | bits (varint):
 *                 1 keep, 2 a rank follows, 4 replaced versions follow
 *               rank      1 byte (1 to 4), if said
 *               replaces  count (varint, at least 1), then each: dot, ordinal (varint); if said
 *               value     see value.c
 *   signature   1 byte, 0 or 1; 64 bytes if 1. 2: something was erased by law, and the signature
 *               with it: these bytes are not what was hashed and signed
 *
 * A dot is number << 2 | tag (varint) with tag 0: the change's own actor; 1: the actor that was
 * spelled out last; 2: another actor, spelled out in the 8 bytes that follow. The smallest tag that
 * fits is the only right one. Runs are in order of instance_compare, entries in order of field.
 *
 * A change that is not sane has such bytes, too, because its leaf is needed before anybody can say
 * what becomes of it. Its entries stand as the frame had them; a run then ends where the instance
 * changes or an entry does not follow the one before (entry_follows). These are never read back. */
#include "schema/change.h"

#include "base/crypt.h"
#include "schema/limits.h"

#define FORMAT          1u
#define ENTRY_BYTES_MIN 2u /* head and a null value */

enum { BIT_KEEP = 1, BIT_RANK = 2, BIT_REPLACES = 4, HEAD_SHIFT = 3 };
enum { ACTOR_OWN = 0, ACTOR_LAST = 1, ACTOR_SPELLED = 2, DOT_SHIFT = 2 };

struct dot_coder {
    uint64_t own;
    uint64_t last; /* spelled out last */
    bool spelled;  /* there is one: of what is not sane, it may be actor 0 */
};

static void add_dot(struct buf *out, struct dot_coder *coder, struct dot dot) {
    unsigned tag = dot.actor == coder->own                      ? ACTOR_OWN
                   : coder->spelled && dot.actor == coder->last ? ACTOR_LAST
                                                                : ACTOR_SPELLED;

    buf_add_varint(out, dot.number << DOT_SHIFT | tag);
    if (tag == ACTOR_SPELLED) {
        buf_add_id(out, dot.actor);
        coder->last = dot.actor;
        coder->spelled = true;
    }
}

static struct dot read_dot(struct reader *in, struct dot_coder *coder) {
    uint64_t head = read_varint(in);
    struct dot dot = {.number = head >> DOT_SHIFT};

    switch (head & 3u) {
    case ACTOR_OWN:
        dot.actor = coder->own;
        break;
    case ACTOR_LAST:
        dot.actor = coder->last;
        break;
    case ACTOR_SPELLED:
        dot.actor = read_id(in);
        if (dot.actor == coder->own || dot.actor == coder->last)
            reader_fail(in);
        coder->last = dot.actor;
        break;
    default:
        reader_fail(in);
    }
    return dot;
}

static void add_entry(struct buf *out, struct dot_coder *coder, const struct entry *entry,
                      uint16_t previous_field) {
    unsigned bits = 0;

    if ((entry->flags & ENTRY_KEEP) != 0)
        bits |= BIT_KEEP;
    if (entry->rank != 0)
        bits |= BIT_RANK;
    if (entry->replaces_count != 0)
        bits |= BIT_REPLACES;
    buf_add_varint(out, (uint64_t)(entry->field - previous_field) << HEAD_SHIFT | bits);
    if (entry->rank != 0)
        buf_add_u8(out, entry->rank);
    if (entry->replaces_count != 0) {
        buf_add_varint(out, entry->replaces_count);
        for (uint32_t i = 0; i < entry->replaces_count; i++) {
            add_dot(out, coder, entry->replaces[i].dot);
            buf_add_varint(out, entry->replaces[i].ordinal);
        }
    }
    value_encode(&entry->value, out);
}

static uint32_t run_size(const struct change *change, uint32_t from) {
    uint32_t end = from + 1;

    while (end < change->entry_count &&
           entry_follows(&change->entries[end - 1], &change->entries[end]))
        end++;
    return end - from;
}

static void add_change(struct buf *out, const struct change *change, bool with_signature) {
    struct dot_coder coder = {.own = change->dot.actor};
    uint32_t at = 0;

    buf_add_u8(out, FORMAT);
    buf_add_u8(out, change->kind);
    buf_add_id(out, change->dot.actor);
    buf_add_varint(out, change->dot.number);
    add_dot(out, &coder, change->record);
    buf_add_id(out, change->form);
    buf_add_id(out, change->person);
    buf_add_zigzag(out, change->wall_ms);
    buf_add_varint(out, change->lamport);
    buf_add_sized(out, change->reason);
    buf_add_varint(out, change->evidence_count);
    buf_add(out, change->evidence, change->evidence_count * sizeof(*change->evidence));
    buf_add_varint(out, change->under_count);
    buf_add(out, change->under, change->under_count * sizeof(*change->under));
    buf_add_varint(out, change->entry_count);
    while (at < change->entry_count) {
        const struct entry *first = &change->entries[at];
        uint32_t size = run_size(change, at);
        uint16_t field = 0;

        buf_add_varint(out, first->instance.ordinal);
        if (first->instance.ordinal != 0)
            add_dot(out, &coder, first->instance.dot);
        buf_add_varint(out, size);
        for (uint32_t i = 0; i < size; i++) {
            add_entry(out, &coder, &first[i], field);
            field = first[i].field;
        }
        at += size;
    }
    buf_add_u8(out, change->erased ? 2 : with_signature && change->is_signed ? 1 : 0);
    if (with_signature && change->is_signed)
        buf_add(out, change->signature, sizeof(change->signature));
}

enum rc change_encode_raw(const struct change *change, struct buf *out, struct err *err) {
    add_change(out, change, true);
    return buf_check(out, "change", err);
}

enum rc change_encode(const struct change *change, struct buf *out, struct err *err) {
    size_t before = out->size;
    enum rc rc = change_check(change, err);

    if (rc == RC_OK)
        rc = change_encode_raw(change, out, err);
    if (rc == RC_OK && out->size - before > LIMIT_CHANGE_BYTES)
        rc = err_set(err, RC_LIMIT, "change: more than %u bytes; save it in smaller parts",
                     LIMIT_CHANGE_BYTES);
    return rc;
}

enum rc change_signed_hash(const struct change *change, uint8_t out[32], struct err *err) {
    struct buf bytes;
    enum rc rc;

    memset(out, 0, 32);
    if (change->insane)
        return RC_OK;
    rc = change_check(change, err);
    if (rc != RC_OK)
        return rc;
    buf_init(&bytes, LIMIT_CHANGE_BYTES);
    add_change(&bytes, change, false);
    rc = buf_check(&bytes, "change", err);
    if (rc == RC_OK)
        crypt_hash("yg person", buf_view(&bytes), out);
    buf_release(&bytes);
    return rc;
}

/* ---- reading ---- */

static void read_replaces(struct reader *in, struct dot_coder *coder, struct arena *arena,
                          struct entry *entry) {
    uint32_t count = (uint32_t)read_varint_max(in, LIMIT_REPLACES);
    struct version_id *replaces;

    if (count == 0 || count > read_left(in)) {
        reader_fail(in);
        return;
    }
    replaces = arena_array(arena, count, sizeof(*replaces));
    if (replaces == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        replaces[i].dot = read_dot(in, coder);
        replaces[i].ordinal = (uint32_t)read_varint_max(in, UINT32_MAX);
    }
    entry->replaces = replaces;
    entry->replaces_count = count;
}

/* The entries of one instance. *at counts on; ordinals are derived. */
static void read_run(struct reader *in, struct dot_coder *coder, struct arena *arena,
                     struct entry *entries, uint32_t count, uint32_t *at) {
    struct instance_id instance = {.ordinal = (uint32_t)read_varint_max(in, UINT32_MAX)};
    uint32_t size;
    uint64_t field = 0;

    if (instance.ordinal != 0)
        instance.dot = read_dot(in, coder);
    size = (uint32_t)read_varint_max(in, count - *at);
    if (size == 0 || (*at > 0 && instance_compare(entries[*at - 1].instance, instance) >= 0))
        reader_fail(in);
    for (uint32_t i = 0; i < size && !in->failed && arena->failed == RC_OK; i++) {
        struct entry *entry = &entries[*at];
        uint64_t head = read_varint_max(in, (uint64_t)FIELD_LAST << HEAD_SHIFT | 7u);

        field += head >> HEAD_SHIFT;
        if (field > FIELD_LAST)
            reader_fail(in);
        entry->instance = instance;
        entry->field = (uint16_t)field;
        entry->ordinal = i > 0 && head >> HEAD_SHIFT == 0 ? entry[-1].ordinal + 1 : 0;
        entry->flags = (head & BIT_KEEP) != 0 ? ENTRY_KEEP : 0;
        if ((head & BIT_RANK) != 0) {
            entry->rank = read_u8(in);
            if (entry->rank == 0)
                reader_fail(in);
        }
        if ((head & BIT_REPLACES) != 0)
            read_replaces(in, coder, arena, entry);
        entry->value = value_decode(in);
        (*at)++;
    }
}

static void *read_items(struct reader *in, struct arena *arena, size_t size, uint32_t max,
                        uint32_t *count) {
    uint32_t promised = (uint32_t)read_varint_max(in, max);
    struct view bytes = read_bytes(in, promised * size);

    *count = in->failed ? 0 : promised;
    return arena_copy(arena, bytes.data == NULL ? (const uint8_t *)"" : bytes.data, bytes.size);
}

enum rc change_decode(struct view bytes, struct arena *arena, struct change *out, struct err *err) {
    struct reader in;
    struct dot_coder coder = {0};
    struct entry *entries;
    uint32_t at = 0;
    enum rc rc;

    memset(out, 0, sizeof(*out));
    if (bytes.size > LIMIT_CHANGE_BYTES)
        return err_set(err, RC_LIMIT, "change: more than %u bytes", LIMIT_CHANGE_BYTES);
    reader_init(&in, bytes);
    if (read_u8(&in) != FORMAT)
        return err_set(err, RC_UNSUPPORTED, "change: of a newer format; update this program");
    out->kind = read_u8(&in);
    out->dot.actor = read_id(&in);
    out->dot.number = read_varint(&in);
    coder.own = out->dot.actor;
    out->record = read_dot(&in, &coder);
    out->form = read_id(&in);
    out->person = read_id(&in);
    out->wall_ms = read_zigzag(&in);
    out->lamport = read_varint(&in);
    out->reason = read_bytes(&in, read_varint_max(&in, LIMIT_REASON_BYTES));
    out->evidence =
        read_items(&in, arena, sizeof(*out->evidence), LIMIT_EVIDENCE, &out->evidence_count);
    out->under = read_items(&in, arena, sizeof(*out->under), LIMIT_UNDER, &out->under_count);
    out->entry_count = (uint32_t)read_varint_max(&in, LIMIT_CHANGE_ENTRIES);
    if (out->entry_count > read_left(&in) / ENTRY_BYTES_MIN)
        reader_fail(&in);
    if (in.failed)
        return reader_check(&in, "change", err);
    entries = arena_array(arena, out->entry_count, sizeof(*entries));
    if (entries == NULL || arena->failed != RC_OK)
        return arena_check(arena, "change", err);
    while (at < out->entry_count && !in.failed && arena->failed == RC_OK)
        read_run(&in, &coder, arena, entries, out->entry_count, &at);
    out->entries = entries;
    switch (read_u8(&in)) {
    case 0:
        break;
    case 1: {
        struct view signature = read_bytes(&in, sizeof(out->signature));

        out->is_signed = true;
        if (!in.failed)
            memcpy(out->signature, signature.data, sizeof(out->signature));
        break;
    }
    case 2:
        out->erased = true;
        break;
    default:
        reader_fail(&in);
    }
    rc = arena_check(arena, "change", err);
    if (rc == RC_OK)
        rc = reader_check(&in, "change", err);
    if (rc == RC_OK)
        rc = change_check(out, err);
    return rc;
}

/* ---- for builders ---- */

static int entry_order(const struct entry *a, const struct entry *b) {
    int order = instance_compare(a->instance, b->instance);

    return order != 0 ? order : (int)a->field - (int)b->field;
}

static int entry_compare(const void *left, const void *right) {
    const struct entry *a = left;
    const struct entry *b = right;
    int order = entry_order(a, b);

    if (order != 0)
        return order;
    return a->ordinal == b->ordinal ? 0 : a->ordinal < b->ordinal ? -1 : 1;
}

void change_sort(struct entry *entries, uint32_t count) {
    bool sorted = true;

    for (uint32_t i = 0; i < count; i++) {
        entries[i].ordinal = i;
        if (i > 0 && entry_order(&entries[i - 1], &entries[i]) > 0)
            sorted = false;
    }
    if (!sorted)
        qsort(entries, count, sizeof(*entries), entry_compare);
    for (uint32_t i = 0; i < count; i++) {
        bool same = i > 0 && entry_order(&entries[i - 1], &entries[i]) == 0;

        entries[i].ordinal = same ? entries[i - 1].ordinal + 1 : 0;
    }
}
