/* snapshot_chunk.c: the states of many records, laid out so that zlib finds what they share.
 *
 * A chunk is one zlib stream. Open:
 *   entries    varint count, each: size (varint), body of a feed entry (feed.c)
 *   records    varint count
 *   lanes      varint L, then L varints: their sizes; then the bytes of lane 0, 1, ... L - 1
 *
 * The lanes hold packed records (record_pack.c), one after the other, every piece of them in the
 * lane of its like; lanes that nothing was put into may be left out at the end. So both directions
 * are one walk over the grammar of a packed record: making a chunk it takes each piece from the
 * packed bytes and puts it into the lane, reading one it takes it from the lane. Pieces go over as
 * they are, but: ids        byte or varint: 0 and 8 bytes, for an id that is new to this chunk,
 * else 1 + its place among those that were new (the first 255; what comes then is spelled out each
 * time). Actors have one list; forms and persons another first numbers, first times, first Lamport
 * times of a record: the difference (zigzag, modulo 2^64) to the last one: of this place in the
 * list of actors for numbers (255 and above share one), of the record before for the others further
 * Lamport times of a record: the difference to the one before in this record The lanes: see enum
 * lane. Behind them are two for each field, in the order in which fields first come up: its types,
 * numbers and sizes; and its bytes. Fields from the 1,024th on share two. */
#include "schema/record.h"
#include "schema/wire/snapshot.h"

enum lane {
    LANE_COUNTS,   /* format, counts, sizes of runs */
    LANE_ACTORS,   /* of runs of absorbed dots */
    LANE_NUMBERS,  /* first number of such a run */
    LANE_STEPS,    /* the others */
    LANE_META,     /* kinds and their flags */
    LANE_AGES,     /* of forms and persons */
    LANE_IDS,      /* of those that an age of 0 spells out */
    LANE_TIMES,    /* the first of a record */
    LANE_WAITS,    /* the others */
    LANE_LAMPORTS, /* the first of a record */
    LANE_TICKS,    /* the others */
    LANE_REFERENCES,
    LANE_INSTANCES, /* ordinals */
    LANE_HEADS,     /* fields and bits of versions */
    LANE_CHANGES,   /* which change wrote a version */
    LANE_REPLACED,
    LANE_REST,    /* ranks, ordinals of versions, awaited ones */
    LANE_DIGESTS, /* of seals; erasures */
    LANE_FIELDS,  /* the first of a field's two */
};

#define FIELD_SLOTS   1024u
#define LANES_MAX     (LANE_FIELDS + 2 * FIELD_SLOTS)
#define IDS_KNOWN     255u
#define PIECE_BYTES   8192u /* lanes below this share Huffman tables with their neighbours */
#define RECORDS_MAX   (1u << 24)
#define META_UNDER    32u
#define BIT_RANK      1u
#define BIT_ORDINAL   2u
#define BIT_REPLACED  4u
#define HEAD_SHIFT    3u
#define FORMAT_ERASED 2u /* of a packed record */

struct id_list {
    uint64_t ids[IDS_KNOWN];
    uint32_t count;
};

struct snapshot_lanes {
    bool reading;
    struct buf out[LANES_MAX];
    struct reader in[LANES_MAX];
    uint32_t lane_count;
    uint16_t slots[FIELD_LAST + 1]; /* 1 + which field this is; 0: has not come up */
    uint32_t field_count;
    struct id_list actors, others;
    uint64_t numbers[IDS_KNOWN + 1];
    uint64_t time, lamport;
    struct buf entries; /* making: their bodies, with sizes */
    uint32_t entry_count, record_count;
    size_t open_bytes;
    struct buf open; /* reading: the open chunk */
    struct reader entries_in;
    struct reader packed; /* making: the record that is taken apart */
    struct buf *joined;   /* reading: the record that is put together */
    struct view pieces[2 * LANES_MAX + 1];
    bool failed; /* of this record */
};

enum rc snapshot_lanes_new(struct arena *arena, struct snapshot_lanes **out, struct err *err) {
    struct snapshot_lanes *lanes = arena_array(arena, 1, sizeof(*lanes));

    *out = lanes;
    if (lanes == NULL)
        return arena_check(arena, "snapshot", err);
    for (size_t i = 0; i < LANES_MAX; i++)
        buf_init(&lanes->out[i], LIMIT_SNAPSHOT_OPEN_BYTES);
    buf_init(&lanes->entries, LIMIT_SNAPSHOT_OPEN_BYTES);
    buf_init(&lanes->open, LIMIT_SNAPSHOT_OPEN_BYTES);
    return RC_OK;
}

void snapshot_lanes_release(struct snapshot_lanes *lanes) {
    if (lanes == NULL)
        return;
    for (size_t i = 0; i < LANES_MAX; i++)
        buf_release(&lanes->out[i]);
    buf_release(&lanes->entries);
    buf_release(&lanes->open);
}

static void begin(struct snapshot_lanes *lanes, bool reading) {
    for (size_t i = 0; i < lanes->lane_count && !lanes->reading; i++)
        buf_clear(&lanes->out[i]);
    lanes->reading = reading;
    lanes->lane_count = 0;
    memset(lanes->slots, 0, sizeof(lanes->slots));
    memset(lanes->numbers, 0, sizeof(lanes->numbers));
    lanes->field_count = lanes->actors.count = lanes->others.count = 0;
    lanes->time = lanes->lamport = 0;
    lanes->entry_count = lanes->record_count = 0;
    lanes->open_bytes = 0;
    buf_clear(&lanes->entries);
    buf_clear(&lanes->open);
}

/* ---- one piece ---- */

static struct reader *source(struct snapshot_lanes *lanes, uint32_t lane) {
    return lanes->reading ? &lanes->in[lane] : &lanes->packed;
}

static struct buf *target(struct snapshot_lanes *lanes, uint32_t lane) {
    if (!lanes->reading && lane >= lanes->lane_count)
        lanes->lane_count = lane + 1;
    return lanes->reading ? lanes->joined : &lanes->out[lane];
}

static void note(struct snapshot_lanes *lanes, uint32_t lane) {
    if (source(lanes, lane)->failed || target(lanes, lane)->failed != RC_OK)
        lanes->failed = true;
}

static uint64_t move_varint(struct snapshot_lanes *lanes, uint32_t lane) {
    uint64_t value = read_varint(source(lanes, lane));

    buf_add_varint(target(lanes, lane), value);
    note(lanes, lane);
    return lanes->failed ? 0 : value;
}

static uint8_t move_byte(struct snapshot_lanes *lanes, uint32_t lane) {
    uint8_t value = read_u8(source(lanes, lane));

    buf_add_u8(target(lanes, lane), value);
    note(lanes, lane);
    return lanes->failed ? 0 : value;
}

static void move_bytes(struct snapshot_lanes *lanes, uint32_t lane, uint64_t size) {
    buf_add_view(target(lanes, lane), read_bytes(source(lanes, lane), size));
    note(lanes, lane);
}

/* A number that stands as it is in the packed record, and as a difference in its lane. */
static uint64_t move_step(struct snapshot_lanes *lanes, uint32_t lane, uint64_t before) {
    struct reader *in = source(lanes, lane);
    uint64_t value;

    if (lanes->reading) {
        value = before + (uint64_t)read_zigzag(in);
        buf_add_varint(target(lanes, lane), value);
    } else {
        value = read_varint(in);
        buf_add_zigzag(target(lanes, lane), (int64_t)(value - before));
    }
    note(lanes, lane);
    return lanes->failed ? before : value;
}

/* The same for one that is zigzag in both. */
static uint64_t move_signed_step(struct snapshot_lanes *lanes, uint32_t lane, uint64_t before) {
    uint64_t read = (uint64_t)read_zigzag(source(lanes, lane));
    uint64_t value = lanes->reading ? before + read : read;

    buf_add_zigzag(target(lanes, lane), (int64_t)(lanes->reading ? value : value - before));
    note(lanes, lane);
    return lanes->failed ? before : value;
}

static uint32_t id_place(const struct id_list *list, uint64_t id) {
    for (uint32_t i = list->count; i > 0; i--)
        if (list->ids[i - 1] == id)
            return i;
    return 0;
}

/* Its place in the list; IDS_KNOWN for one that the list has no room for. */
static uint32_t move_id(struct snapshot_lanes *lanes, uint32_t lane, struct id_list *list) {
    struct reader *in = source(lanes, lane);
    struct buf *out = target(lanes, lane);
    uint64_t id, place;

    if (lanes->reading) {
        place = read_varint(in);
        if (place > list->count)
            lanes->failed = true;
        id = place == 0 ? read_id(in) : lanes->failed ? 0 : list->ids[place - 1];
        if (place == 0 && id_place(list, id) != 0)
            lanes->failed = true;
        buf_add_id(out, id);
    } else {
        id = read_id(in);
        place = id_place(list, id);
        buf_add_varint(out, place);
        if (place == 0)
            buf_add_id(out, id);
    }
    note(lanes, lane);
    if (place != 0)
        return lanes->failed ? 0 : (uint32_t)place - 1;
    if (list->count == IDS_KNOWN)
        return IDS_KNOWN;
    list->ids[list->count++] = id;
    return list->count - 1;
}

/* ---- the grammar of a packed record ---- */

static void walk_absorbed(struct snapshot_lanes *lanes, uint64_t count) {
    uint64_t lamport = 0;

    for (uint64_t i = 0; i < count && !lanes->failed;) {
        uint32_t actor = move_id(lanes, LANE_ACTORS, &lanes->actors);
        uint64_t size = move_varint(lanes, LANE_COUNTS);

        if (size == 0 || size > count - i) {
            lanes->failed = true;
            return;
        }
        lanes->numbers[actor] = move_step(lanes, LANE_NUMBERS, lanes->numbers[actor]);
        for (i++, size--; size > 0 && !lanes->failed; i++, size--)
            (void)move_varint(lanes, LANE_STEPS);
    }
    for (uint64_t i = 0; i < count && !lanes->failed; i++) {
        unsigned meta = move_byte(lanes, LANE_META);

        for (int of = 0; of < 2; of++) /* form, person */
            if (move_byte(lanes, LANE_AGES) == 0 && !lanes->failed)
                (void)move_id(lanes, LANE_IDS, &lanes->others);
        if (i == 0) {
            lanes->time = move_signed_step(lanes, LANE_TIMES, lanes->time);
            lanes->lamport = lamport = move_step(lanes, LANE_LAMPORTS, lanes->lamport);
        } else {
            (void)move_varint(lanes, LANE_WAITS);
            lamport = move_step(lanes, LANE_TICKS, lamport);
        }
        if ((meta & META_UNDER) != 0)
            move_bytes(lanes, LANE_DIGESTS, move_varint(lanes, LANE_COUNTS) * 16u);
    }
}

static void walk_dot(struct snapshot_lanes *lanes) {
    if (move_varint(lanes, LANE_REFERENCES) == 0 && !lanes->failed) {
        (void)move_id(lanes, LANE_ACTORS, &lanes->actors);
        (void)move_varint(lanes, LANE_REFERENCES);
    }
}

static void walk_instance(struct snapshot_lanes *lanes) {
    if (move_varint(lanes, LANE_INSTANCES) != 0)
        walk_dot(lanes);
}

static void walk_indices(struct snapshot_lanes *lanes) {
    for (uint64_t count = move_varint(lanes, LANE_REPLACED); count > 0 && !lanes->failed; count--)
        (void)move_varint(lanes, LANE_REPLACED);
}

static uint32_t lane_of(struct snapshot_lanes *lanes, uint64_t field) {
    if (field > FIELD_LAST) {
        lanes->failed = true;
        return LANE_FIELDS;
    }
    if (lanes->slots[field] == 0) {
        if (lanes->field_count < FIELD_SLOTS)
            lanes->field_count++;
        lanes->slots[field] = (uint16_t)lanes->field_count;
    }
    return LANE_FIELDS + 2u * (lanes->slots[field] - 1u);
}

static void walk_value(struct snapshot_lanes *lanes, uint64_t field) {
    uint32_t lane = lane_of(lanes, field);
    uint8_t type = move_byte(lanes, lane);

    if (type == VALUE_DECIMAL)
        (void)move_byte(lanes, lane);
    if (type == VALUE_INT || type == VALUE_DECIMAL || type == VALUE_DATE)
        (void)move_varint(lanes, lane);
    else if (type == VALUE_TEXT || type == VALUE_BYTES)
        move_bytes(lanes, lane + 1, move_varint(lanes, lane));
    else if (type != VALUE_NULL && type != VALUE_ERASED)
        lanes->failed = true;
}

static void walk_versions(struct snapshot_lanes *lanes, bool with_change) {
    uint64_t count = move_varint(lanes, LANE_COUNTS);

    while (count > 0 && !lanes->failed) {
        uint64_t field = 0, size;

        walk_instance(lanes);
        size = move_varint(lanes, LANE_COUNTS);
        if (size == 0 || size > count)
            lanes->failed = true;
        for (; size > 0 && !lanes->failed; size--, count--) {
            uint64_t head = move_varint(lanes, LANE_HEADS);

            field += head >> HEAD_SHIFT;
            if (with_change)
                (void)move_varint(lanes, LANE_CHANGES);
            if ((head & BIT_RANK) != 0)
                (void)move_byte(lanes, LANE_REST);
            if ((head & BIT_ORDINAL) != 0)
                (void)move_varint(lanes, LANE_REST);
            if ((head & BIT_REPLACED) != 0)
                walk_indices(lanes);
            walk_value(lanes, field);
        }
    }
}

static void walk_record(struct snapshot_lanes *lanes) {
    uint64_t count;
    unsigned format;

    lanes->failed = false;
    format = move_byte(lanes, LANE_COUNTS);
    count = move_varint(lanes, LANE_COUNTS);
    walk_absorbed(lanes, count);
    walk_dot(lanes);
    walk_versions(lanes, count > 1);
    for (count = move_varint(lanes, LANE_COUNTS); count > 0 && !lanes->failed; count--) {
        walk_instance(lanes);
        (void)move_varint(lanes, LANE_REST);
        (void)move_id(lanes, LANE_ACTORS, &lanes->actors);
        (void)move_varint(lanes, LANE_REST);
        (void)move_varint(lanes, LANE_REST);
        if (move_byte(lanes, LANE_REST) != 0)
            walk_indices(lanes);
    }
    if (format != FORMAT_ERASED)
        return;
    for (count = move_varint(lanes, LANE_COUNTS); count > 0 && !lanes->failed; count--)
        move_bytes(lanes, LANE_DIGESTS, move_varint(lanes, LANE_REST));
}

/* ---- making ---- */

enum rc snapshot_add_record(struct snapshot_lanes *lanes, struct view packed, struct err *err) {
    if (lanes->reading)
        begin(lanes, false);
    reader_init(&lanes->packed, packed);
    walk_record(lanes);
    if (lanes->failed || !read_done(&lanes->packed))
        return err_set(err, RC_CORRUPT, "snapshot: a record's state is damaged");
    lanes->record_count++;
    lanes->open_bytes += packed.size;
    return RC_OK;
}

void snapshot_add_entry(struct snapshot_lanes *lanes, const struct feed_entry *entry) {
    struct buf body;

    if (lanes->reading)
        begin(lanes, false);
    buf_init(&body, LIMIT_SNAPSHOT_OPEN_BYTES);
    feed_entry_body(&body, entry);
    if (body.failed != RC_OK)
        lanes->entries.failed = body.failed;
    buf_add_sized(&lanes->entries, buf_view(&body));
    lanes->entry_count++;
    lanes->open_bytes += body.size;
    buf_release(&body);
}

size_t snapshot_open_bytes(const struct snapshot_lanes *lanes) {
    return lanes->reading ? 0 : lanes->open_bytes;
}

enum rc snapshot_end_chunk(struct snapshot_lanes *lanes, struct zip_deflater *deflater,
                           struct buf *out, struct err *err) {
    struct view *pieces = lanes->pieces;
    size_t count = 0, at;
    enum rc rc;

    if (lanes->reading)
        begin(lanes, false);
    buf_add_varint(&lanes->open, lanes->entry_count);
    buf_add_view(&lanes->open, buf_view(&lanes->entries));
    buf_add_varint(&lanes->open, lanes->record_count);
    buf_add_varint(&lanes->open, lanes->lane_count);
    for (uint32_t i = 0; i < lanes->lane_count; i++)
        buf_add_varint(&lanes->open, lanes->out[i].size);
    at = lanes->open.size;
    for (uint32_t i = 0; i < lanes->lane_count; i++)
        buf_add_view(&lanes->open, buf_view(&lanes->out[i]));
    rc = buf_check(&lanes->open, "snapshot", err);
    if (rc == RC_OK)
        rc = buf_check(&lanes->entries, "snapshot", err);
    if (rc != RC_OK) {
        begin(lanes, false);
        return rc;
    }
    pieces[count++] = view_of(lanes->open.data, at);
    for (uint32_t i = 0; i < lanes->lane_count; i++) {
        size_t size = lanes->out[i].size;

        if (size >= PIECE_BYTES && pieces[count - 1].size > 0)
            pieces[count++] = view_of(lanes->open.data + at, 0);
        pieces[count - 1].size += size;
        at += size;
        if (size >= PIECE_BYTES)
            pieces[count++] = view_of(lanes->open.data + at, 0);
    }
    count -= pieces[count - 1].size == 0;
    rc = zip_deflater_run(deflater, pieces, count, true, out, err);
    if (rc == RC_OK)
        rc = buf_check(out, "snapshot", err);
    begin(lanes, false);
    return rc;
}

/* ---- reading ---- */

static enum rc damaged(struct err *err) {
    return err_set(err, RC_CORRUPT, "a piece of a snapshot is damaged; sync again");
}

enum rc snapshot_open_chunk(struct snapshot_lanes *lanes, struct view chunk,
                            struct zip_inflater *inflater, struct err *err) {
    struct reader in;
    size_t sizes;
    enum rc rc;

    begin(lanes, true);
    rc = zip_inflater_run(inflater, chunk, LIMIT_SNAPSHOT_OPEN_BYTES, 0, &lanes->open, err);
    if (rc != RC_OK)
        return rc;
    reader_init(&in, buf_view(&lanes->open));
    lanes->entry_count = (uint32_t)read_varint_max(&in, in.size);
    lanes->entries_in = in;
    for (uint32_t i = 0; i < lanes->entry_count && !in.failed; i++)
        (void)read_sized(&in);
    lanes->record_count = (uint32_t)read_varint_max(&in, RECORDS_MAX);
    lanes->lane_count = (uint32_t)read_varint_max(&in, LANES_MAX);
    sizes = in.at;
    for (uint32_t i = 0; i < lanes->lane_count; i++)
        (void)read_varint(&in);
    for (uint32_t i = 0; i < LANES_MAX; i++)
        reader_init(&lanes->in[i], (struct view){0});
    for (uint32_t i = 0; i < lanes->lane_count && !in.failed; i++) {
        struct reader size = {.data = in.data, .size = in.size, .at = sizes};

        reader_init(&lanes->in[i], read_bytes(&in, read_varint(&size)));
        sizes = size.at;
    }
    return read_done(&in) ? RC_OK : damaged(err);
}

enum rc snapshot_next_entry(struct snapshot_lanes *lanes, struct feed_entry *out, struct err *err) {
    if (lanes->entry_count == 0)
        return err_set(err, RC_NOT_FOUND, "snapshot: no more entries");
    lanes->entry_count--;
    memset(out, 0, sizeof(*out));
    return feed_entry_body_decode(read_sized(&lanes->entries_in), out, err);
}

enum rc snapshot_next_record(struct snapshot_lanes *lanes, struct buf *packed, struct err *err) {
    if (lanes->record_count == 0) {
        for (uint32_t i = 0; i < lanes->lane_count; i++)
            if (!read_done(&lanes->in[i]))
                return damaged(err);
        return err_set(err, RC_NOT_FOUND, "snapshot: no more records");
    }
    lanes->record_count--;
    lanes->joined = packed;
    walk_record(lanes);
    if (packed->failed != RC_OK)
        return buf_check(packed, "snapshot", err);
    return lanes->failed ? damaged(err) : RC_OK;
}
