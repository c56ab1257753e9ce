/* frame_decode.c: columns into changes. The layout stands at the top of frame.c.
 *
 * Nothing is allocated per value. First all planes are read, column by column, which tells how many
 * entries each row has; then the entries of all changes get one array, in canonical order, and each
 * column strews its values into it. Planes and columns are given back at the end: together they are
 * nearly as large as what the frame keeps. What is nonsense in a change (order, bounds) is found by
 * change_check, which runs over every change before its leaf is made. Such a change marks itself
 * only: what the layout itself cannot hold is damage of the frame, everything else is the change's
 * own affair (frame_decode_raw). */
#include "base/crypt.h"
#include "schema/wire/frame_decoder.h"

int64_t *decoder_numbers(struct decoder *decoder, uint32_t count, int64_t low, int64_t high) {
    int64_t *values = plane_ints(&decoder->planes, count);

    for (uint32_t i = 0; values != NULL && i < count; i++) {
        if (values[i] < low || values[i] > high) {
            decoder_fail(decoder);
            return NULL;
        }
    }
    return values;
}

uint32_t *decoder_list(struct decoder *decoder, uint32_t of, uint32_t *count) {
    uint32_t size = (uint32_t)read_varint_max(decoder_lane0(decoder), of);
    int64_t *gaps = decoder_numbers(decoder, size, 0, of);
    uint32_t *out = decoder_room(decoder, size, sizeof(*out));
    int64_t at = -1;

    *count = 0;
    if (size == 0)
        decoder_fail(decoder);
    if (gaps == NULL || out == NULL)
        return NULL;
    for (uint32_t i = 0; i < size; i++) {
        at += gaps[i] + 1;
        if (at >= (int64_t)of) {
            decoder_fail(decoder);
            return NULL;
        }
        out[i] = (uint32_t)at;
    }
    *count = decoder_failed(decoder) ? 0 : size;
    return decoder_failed(decoder) ? NULL : out;
}

struct dot *decoder_references(struct decoder *decoder, const uint64_t *owns, uint32_t count) {
    int64_t *kinds = decoder_numbers(decoder, count, 0, (int64_t)decoder->actor_count + 1);
    struct dot *dots = decoder_room(decoder, count, sizeof(*dots));
    int64_t *others;
    uint32_t away = 0;

    if (kinds == NULL || dots == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        away += kinds[i] > 0;
    others = decoder_numbers(decoder, away, -(int64_t)LIMIT_NUMBER, (int64_t)LIMIT_NUMBER);
    if (others == NULL)
        return NULL;
    away = 0;
    for (uint32_t i = 0; i < count; i++) {
        int64_t number;

        if (kinds[i] == 0)
            continue;
        number = others[away++];
        dots[i].actor = kinds[i] == 1 ? decoder->front.head.actor : decoder->actors[kinds[i] - 2];
        if (kinds[i] == 1)
            number = (int64_t)owns[i] - number;
        if (number < 1 || number > (int64_t)LIMIT_NUMBER) {
            decoder_fail(decoder);
            return NULL;
        }
        dots[i].number = (uint64_t)number;
    }
    return dots;
}

static const uint8_t *raw(struct decoder *decoder, size_t size) {
    struct view bytes = read_bytes(&decoder->planes.raw, size);

    if (bytes.data == NULL || bytes.size != size) {
        decoder_fail(decoder);
        return NULL;
    }
    return bytes.data;
}

/* ---- what belongs to whole changes ---- */

static void read_actors(struct decoder *decoder) {
    decoder->features = read_u8(decoder_lane0(decoder));
    if ((decoder->features & FEATURE_ACTORS) == 0)
        return;
    decoder->actor_count =
        (uint32_t)read_varint_max(decoder_lane0(decoder), read_left(&decoder->planes.raw) / 8);
    decoder->actors = decoder_room(decoder, decoder->actor_count, sizeof(*decoder->actors));
    for (uint32_t i = 0; decoder->actors != NULL && i < decoder->actor_count; i++)
        decoder->actors[i] = read_id(&decoder->planes.raw);
}

/* Makes the changes, with their names; an erased one has its leaf here. */
static void read_numbers(struct decoder *decoder) {
    const struct frame_head *head = &decoder->front.head;
    struct frame *frame = decoder->frame;
    int64_t *gaps = NULL;
    uint32_t *erased = NULL;
    uint32_t erased_count = 0;
    uint64_t number = head->first;

    frame->changes = decoder_keep(decoder, head->count, sizeof(*frame->changes));
    decoder->changes = decoder_room(decoder, head->count, sizeof(struct change *));
    if (frame->changes == NULL || decoder->changes == NULL)
        return;
    if ((decoder->front.flags & FRAME_GAPS) != 0)
        gaps = decoder_numbers(decoder, head->count - 1, 0, (int64_t)LIMIT_NUMBER);
    if ((decoder->front.flags & FRAME_ERASED) != 0)
        erased = decoder_list(decoder, head->count, &erased_count);
    if (decoder_failed(decoder))
        return;
    for (uint32_t i = 0, at = 0; i < head->count; i++) {
        struct frame_change *change = &frame->changes[i];

        if (i > 0)
            number += 1 + (gaps == NULL ? 0 : (uint64_t)gaps[i - 1]);
        if (number > head->last) {
            decoder_fail(decoder);
            return;
        }
        change->change.dot = (struct dot){.actor = head->actor, .number = number};
        change->change.form = head->form;
        if (at < erased_count && erased[at] == i) {
            const uint8_t *leaf = raw(decoder, sizeof(change->leaf));

            if (leaf == NULL)
                return;
            memcpy(change->leaf, leaf, sizeof(change->leaf));
            change->change.erased = true;
            at++;
        }
        decoder->changes[decoder->change_count++] = &change->change;
    }
    if (number != head->last)
        decoder_fail(decoder);
}

static void read_salts(struct decoder *decoder) {
    bool one_by_one = (decoder->front.flags & FRAME_SALTS) != 0;
    size_t count = 0;

    for (uint32_t i = 0; i < decoder->change_count; i++) {
        if (one_by_one)
            count += !decoder->changes[i]->erased;
        else
            count += i == 0 || decoder->changes[i]->dot.number / 64 !=
                                   decoder->changes[i - 1]->dot.number / 64;
    }
    if (count > 0)
        decoder->salts = raw(decoder, count * 16);
}

static void read_records(struct decoder *decoder) {
    int64_t *kinds = decoder_numbers(decoder, decoder->change_count, 0, UINT8_MAX);
    uint64_t *owns = decoder_room(decoder, decoder->change_count, sizeof(*owns));
    struct dot *dots;
    uint32_t count = 0, at = 0;

    if (kinds == NULL || owns == NULL)
        return;
    for (uint32_t i = 0; i < decoder->change_count; i++) {
        decoder->changes[i]->kind = (uint8_t)kinds[i];
        if (kinds[i] != CHANGE_CREATE)
            owns[count++] = decoder->changes[i]->dot.number;
    }
    dots = decoder_references(decoder, owns, count);
    if (dots == NULL)
        return;
    for (uint32_t i = 0; i < decoder->change_count; i++) {
        struct change *change = decoder->changes[i];

        if (change->kind == CHANGE_CREATE) {
            change->record = change->dot;
            continue;
        }
        change->record = dots[at++];
        if (change->record.number == 0) {
            if (i == 0) {
                decoder_fail(decoder);
                return;
            }
            change->record = decoder->changes[i - 1]->record;
        }
    }
}

static void read_persons(struct decoder *decoder) {
    uint32_t count =
        (uint32_t)read_varint_max(decoder_lane0(decoder), read_left(&decoder->planes.raw) / 8);
    const uint8_t *ids;
    int64_t *indexes;

    if (count == 0)
        return;
    ids = raw(decoder, (size_t)count * 8);
    indexes = decoder_numbers(decoder, decoder->change_count, 0, count);
    for (uint32_t i = 0; ids != NULL && indexes != NULL && i < decoder->change_count; i++) {
        struct reader in;

        if (indexes[i] == 0)
            continue;
        reader_init(&in, view_of(ids + 8 * (indexes[i] - 1), 8));
        decoder->changes[i]->person = read_id(&in);
    }
}

static void read_times(struct decoder *decoder) {
    int64_t *walls = plane_ints(&decoder->planes, decoder->change_count);
    int64_t *lamports = decoder_numbers(decoder, decoder->change_count, -(int64_t)LIMIT_NUMBER,
                                        (int64_t)LIMIT_NUMBER);

    for (uint32_t i = 0; walls != NULL && lamports != NULL && i < decoder->change_count; i++) {
        struct change *change = decoder->changes[i];
        int64_t lamport = lamports[i] + (int64_t)change->dot.number;

        if (lamport < 0)
            decoder_fail(decoder);
        change->wall_ms = walls[i];
        change->lamport = (uint64_t)lamport;
    }
}

static void read_reasons(struct decoder *decoder) {
    uint32_t count = 0;
    uint32_t *indexes = decoder_list(decoder, decoder->change_count, &count);
    struct view *texts = decoder_room(decoder, count, sizeof(*texts));

    if (indexes == NULL || texts == NULL)
        return;
    plane_read_texts(&decoder->planes, texts, count);
    for (uint32_t i = 0; i < count; i++) {
        if (texts[i].size == 0) /* then it would not be in the list */
            decoder_fail(decoder);
        decoder->changes[indexes[i]]->reason = texts[i];
    }
}

/* Evidence (32 bytes each) or the digests of seals (16). */
static void read_hashes(struct decoder *decoder, unsigned feature) {
    uint32_t count = 0;
    uint32_t *indexes = decoder_list(decoder, decoder->change_count, &count);
    bool evidence = feature == FEATURE_EVIDENCE;
    int64_t *counts = decoder_numbers(decoder, count, 1, evidence ? LIMIT_EVIDENCE : LIMIT_UNDER);

    for (uint32_t i = 0; indexes != NULL && counts != NULL && i < count; i++) {
        size_t size = (size_t)counts[i] * (evidence ? 32 : 16);
        const uint8_t *bytes = raw(decoder, size);
        struct change *change = decoder->changes[indexes[i]];

        bytes = bytes == NULL ? NULL : arena_copy(decoder->arena, bytes, size);
        if (bytes == NULL) {
            decoder_fail(decoder);
            return;
        }
        if (evidence) {
            change->evidence = (const uint8_t(*)[32])(const void *)bytes;
            change->evidence_count = (uint32_t)counts[i];
        } else {
            change->under = (const uint8_t(*)[16])(const void *)bytes;
            change->under_count = (uint32_t)counts[i];
        }
    }
}

static void read_signatures(struct decoder *decoder) {
    uint32_t count = 0;
    uint32_t *indexes = decoder_list(decoder, decoder->change_count, &count);

    for (uint32_t i = 0; indexes != NULL && i < count; i++) {
        struct change *change = decoder->changes[indexes[i]];
        const uint8_t *bytes = raw(decoder, sizeof(change->signature));

        if (bytes == NULL)
            return;
        memcpy(change->signature, bytes, sizeof(change->signature));
        change->is_signed = true;
    }
}

/* Its canonical bytes, whether it is sane or not. */
static enum rc encode_decoded(struct change *change, struct buf *canonical, struct err *err) {
    struct err ignored;
    enum rc rc = change_encode_raw(change, canonical, err);

    err_init(&ignored, LANG_EN);
    change->insane =
        canonical->size > LIMIT_CHANGE_BYTES || change_check(change, &ignored) != RC_OK;
    return rc;
}

static enum rc make_leaves(struct decoder *decoder, struct err *err) {
    bool one_by_one = (decoder->front.flags & FRAME_SALTS) != 0;
    const uint8_t *salts = decoder->salts;
    struct buf canonical;
    size_t sum = 0;
    uint64_t run = 0;
    bool started = false;
    enum rc rc = RC_OK;

    buf_init(&canonical, LIMIT_FRAME_RAW_BYTES);
    for (uint32_t i = 0; i < decoder->frame->count && rc == RC_OK; i++) {
        struct frame_change *change = &decoder->frame->changes[i];
        uint64_t number = change->change.dot.number;

        buf_clear(&canonical);
        rc = encode_decoded(&change->change, &canonical, err);
        sum += canonical.size;
        if (rc == RC_OK && sum > LIMIT_FRAME_RAW_BYTES)
            rc = err_set(err, RC_LIMIT, "frame: unpacks to more than %u bytes",
                         LIMIT_FRAME_RAW_BYTES);
        if (change->change.erased)
            continue;
        if (started && (one_by_one || number / 64 != run))
            salts += 16;
        started = true;
        run = number / 64;
        if (one_by_one)
            memcpy(change->salt, salts, sizeof(change->salt));
        else
            chain_salt(salts, number, change->salt);
        if (rc == RC_OK)
            chain_leaf(change->salt, buf_view(&canonical), change->leaf);
    }
    buf_release(&canonical);
    return rc;
}

static void read_body(struct decoder *decoder) {
    read_actors(decoder);
    read_numbers(decoder);
    if (decoder_failed(decoder))
        return;
    read_salts(decoder);
    read_records(decoder);
    read_persons(decoder);
    read_times(decoder);
    if ((decoder->features & FEATURE_REASON) != 0)
        read_reasons(decoder);
    if ((decoder->features & FEATURE_EVIDENCE) != 0)
        read_hashes(decoder, FEATURE_EVIDENCE);
    if ((decoder->features & FEATURE_UNDER) != 0)
        read_hashes(decoder, FEATURE_UNDER);
    if ((decoder->features & FEATURE_SIGNED) != 0)
        read_signatures(decoder);
    if ((decoder->features & FEATURE_LETTERS) != 0)
        plane_read_letters(&decoder->planes);
    decoder_spread(decoder);
}

/* The open body, in the arena: what is decoded borrows from it. */
static enum rc open_body(const struct frame_front *front, struct zip_inflater *inflater,
                         struct arena *arena, struct view *out, struct err *err) {
    struct buf open;
    enum rc rc = RC_OK;

    if ((front->flags & FRAME_DEFLATED) == 0) {
        *out = arena_view(arena, front->body);
        return arena_check(arena, "frame", err);
    }
    buf_init(&open, LIMIT_FRAME_RAW_BYTES);
    rc = zip_inflater_run(inflater, front->body, LIMIT_FRAME_RAW_BYTES, (size_t)front->body_bytes,
                          &open, err);
    if (rc == RC_OK) {
        *out = arena_view(arena, buf_view(&open));
        rc = arena_check(arena, "frame", err);
    }
    buf_release(&open);
    return rc;
}

enum rc frame_decode_raw(struct view bytes, struct zip_inflater *inflater, struct arena *arena,
                         struct frame *out, struct err *err) {
    struct arena scratch;
    struct decoder decoder = {.frame = out, .arena = arena, .scratch = &scratch};
    struct view body;
    enum rc rc = frame_read_front(bytes, &decoder.front, err);

    memset(out, 0, sizeof(*out));
    if (rc == RC_OK)
        rc = open_body(&decoder.front, inflater, arena, &body, err);
    if (rc != RC_OK)
        return rc;
    out->actor = decoder.front.head.actor;
    out->area = decoder.front.head.area;
    out->audience = decoder.front.head.audience;
    out->form = decoder.front.head.form;
    out->count = decoder.front.head.count;
    arena_init(&scratch, arena->cap_bytes);
    plane_reader_init(&decoder.planes, body, decoder.front.raw, LIMIT_FRAME_RAW_BYTES, arena,
                      &scratch);
    if (!decoder_failed(&decoder))
        read_body(&decoder);
    rc = arena_check(arena, "frame", err);
    if (rc == RC_OK)
        rc = arena_check(&scratch, "frame", err);
    arena_release(&scratch);
    if (rc == RC_OK && (decoder_failed(&decoder) || !plane_done(&decoder.planes)))
        rc = err_set(err, RC_CORRUPT, "frame: damaged");
    if (rc == RC_OK)
        rc = make_leaves(&decoder, err);
    return rc;
}

enum rc frame_decode(struct view bytes, struct zip_inflater *inflater, struct arena *arena,
                     struct frame *out, struct err *err) {
    enum rc rc = frame_decode_raw(bytes, inflater, arena, out, err);

    for (uint32_t i = 0; rc == RC_OK && i < out->count; i++) {
        if (!out->changes[i].change.insane)
            continue;
        rc = change_check(&out->changes[i].change, err);
        if (rc == RC_OK)
            rc = err_set(err, RC_LIMIT, "change: more than %u bytes", LIMIT_CHANGE_BYTES);
    }
    return rc;
}
