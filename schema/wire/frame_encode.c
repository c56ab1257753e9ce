/* frame_encode.c: changes into columns. The layout stands at the top of frame.c. */
#include "base/crypt.h"
#include "schema/limits.h"
#include "schema/wire/frame_encoder.h"
#include "schema/wire/word.h"

#define SCRATCH_BYTES (512u * 1024u * 1024u) /* more than the limits of a frame ask for */
#define LETTERS_TEXTS 64u /* below that many texts a table of characters does not pay */
/* A Huffman table for each lane: not below the first, always from the second on, and what is
 * smaller in between. */
#define TABLES_BYTES     2048u
#define TABLES_PAY_BYTES 32768u

/* ---- what is there ---- */

/* Whether columns give back exactly these entries: the record's own stand first and follow each
 * other; all names and sizes are such that they can be written. */
static bool columns_carry_entries(const struct change *change) {
    for (uint32_t i = 0; i < change->entry_count; i++) {
        const struct entry *entry = &change->entries[i];
        const struct entry *previous = i == 0 ? NULL : &entry[-1];
        bool follows = previous != NULL && entry_follows(previous, entry);

        if (instance_is_root(entry->instance)
                ? entry->instance.dot.actor != 0 || entry->instance.ordinal != 0 ||
                      (previous != NULL && !follows)
                : entry->instance.dot.number > LIMIT_NUMBER || entry->instance.ordinal == 0)
            return false;
        if (entry->field == 0 || (!follows && entry->ordinal != 0) ||
            (entry->flags & ~(unsigned)ENTRY_KEEP) != 0 || entry->value.type > VALUE_ERASED ||
            entry->value.bytes.size > LIMIT_VALUE_BYTES || entry->replaces_count > LIMIT_REPLACES)
            return false;
        for (uint32_t j = 0; j < entry->replaces_count; j++) {
            uint64_t number = entry->replaces[j].dot.number;

            if (number == 0 || number > LIMIT_NUMBER)
                return false;
        }
    }
    return true;
}

static bool columns_carry(const struct change *change) {
    return change->record.number != 0 && change->record.number <= LIMIT_NUMBER &&
           (change->kind != CHANGE_CREATE || dot_equal(change->record, change->dot)) &&
           change->lamport <= LIMIT_NUMBER + change->dot.number &&
           change->reason.size <= LIMIT_VALUE_BYTES && change->evidence_count <= LIMIT_EVIDENCE &&
           change->under_count <= LIMIT_UNDER && columns_carry_entries(change);
}

static enum rc encode_checked(const struct change *change, struct buf *canonical, struct err *err) {
    if (!change->insane)
        return change_encode(change, canonical, err);
    if (!columns_carry(change))
        return err_set(err, RC_INVALID, "frame: no columns can hold such a change");
    return change_encode_raw(change, canonical, err);
}

static enum rc check_frame(const struct frame *frame, struct err *err) {
    size_t bytes = 0, entries = 0, replaced = 0;
    struct buf canonical;
    enum rc rc = RC_OK;

    if (frame->count == 0 || frame->area >= WORD_AREA_END || frame->audience > 3)
        return err_set(err, RC_INVALID, "frame: empty, or of no area");
    if (frame->count > LIMIT_FRAME_CHANGES)
        return err_set(err, RC_LIMIT, "frame: more than %u changes", LIMIT_FRAME_CHANGES);
    buf_init(&canonical, LIMIT_FRAME_RAW_BYTES);
    for (uint32_t i = 0; i < frame->count && rc == RC_OK; i++) {
        const struct change *change = &frame->changes[i].change;
        uint64_t number = change->dot.number;

        if (number == 0 || number > LIMIT_NUMBER ||
            (i > 0 && number <= frame->changes[i - 1].change.dot.number)) {
            rc = err_set(err, RC_INVALID, "frame, change %u: numbers do not ascend", i);
        } else {
            if (change->dot.actor != frame->actor || change->form != frame->form)
                rc = err_set(err, RC_INVALID, "frame, change %u: of another actor or form", i);
            buf_clear(&canonical);
            if (rc == RC_OK)
                rc = encode_checked(change, &canonical, err);
            bytes += canonical.size;
            entries += change->entry_count;
            for (uint32_t k = 0; k < change->entry_count; k++)
                replaced += change->entries[k].replaces_count;
        }
    }
    buf_release(&canonical);
    if (rc == RC_OK && (bytes > LIMIT_FRAME_RAW_BYTES || entries > FRAME_ENTRIES_MAX ||
                        replaced > FRAME_ENTRIES_MAX))
        rc = err_set(err, RC_LIMIT, "frame: more than %u bytes of changes; make two of them",
                     LIMIT_FRAME_RAW_BYTES);
    return rc;
}

/* ---- parts ---- */

static void add_records(struct encoder *encoder) {
    struct reference *references =
        encoder_room(encoder, encoder->change_count, sizeof(*references));
    int64_t *kinds = encoder_numbers(encoder, encoder->change_count);
    uint32_t count = 0;

    if (references == NULL || kinds == NULL)
        return;
    for (uint32_t i = 0; i < encoder->change_count; i++) {
        const struct change *change = &encoder->changes[i]->change;

        kinds[i] = change->kind;
        if (change->kind == CHANGE_CREATE)
            continue;
        references[count++] = (struct reference){
            .own = change->dot.number,
            .dot = change->record,
            .home = i > 0 && dot_equal(change->record, encoder->changes[i - 1]->change.record)};
    }
    encoder_ints(encoder, kinds, encoder->change_count);
    encoder_references(encoder, references, count);
}

static void add_persons(struct encoder *encoder) {
    uint64_t *persons = encoder_room(encoder, encoder->change_count, sizeof(*persons));
    int64_t *indexes = encoder_numbers(encoder, encoder->change_count);
    uint32_t count = 0;

    if (persons == NULL || indexes == NULL)
        return;
    for (uint32_t i = 0; i < encoder->change_count; i++) {
        uint64_t person = encoder->changes[i]->change.person;
        uint32_t at = 0;

        if (person == 0)
            continue;
        while (at < count && persons[at] != person)
            at++;
        if (at == count) {
            persons[count++] = person;
            buf_add_id(&encoder->planes.raw, person);
        }
        indexes[i] = (int64_t)at + 1;
    }
    buf_add_varint(&encoder->planes.lane0, count);
    if (count > 0)
        encoder_ints(encoder, indexes, encoder->change_count);
}

static void add_times(struct encoder *encoder) {
    int64_t *walls = encoder_numbers(encoder, encoder->change_count);
    int64_t *lamports = encoder_numbers(encoder, encoder->change_count);

    if (walls == NULL || lamports == NULL)
        return;
    for (uint32_t i = 0; i < encoder->change_count; i++) {
        const struct change *change = &encoder->changes[i]->change;

        walls[i] = change->wall_ms;
        lamports[i] = (int64_t)change->lamport - (int64_t)change->dot.number;
    }
    encoder_ints(encoder, walls, encoder->change_count);
    encoder_ints(encoder, lamports, encoder->change_count);
}

static bool has(const struct change *change, unsigned feature) {
    switch (feature) {
    case FEATURE_REASON:
        return change->reason.size > 0;
    case FEATURE_EVIDENCE:
        return change->evidence_count > 0;
    case FEATURE_UNDER:
        return change->under_count > 0;
    default:
        return change->is_signed;
    }
}

/* Reasons, evidence, seals, signatures: what few changes have. */
static void add_sparse(struct encoder *encoder, unsigned feature) {
    uint32_t *indexes = encoder_room(encoder, encoder->change_count, sizeof(*indexes));
    int64_t *counts = encoder_numbers(encoder, encoder->change_count);
    struct view *texts = encoder_room(encoder, encoder->change_count, sizeof(*texts));
    struct buf *raw = &encoder->planes.raw;
    uint32_t count = 0;

    if ((encoder->features & feature) == 0 || indexes == NULL || counts == NULL || texts == NULL)
        return;
    for (uint32_t i = 0; i < encoder->change_count; i++) {
        const struct change *change = &encoder->changes[i]->change;

        if (!has(change, feature))
            continue;
        indexes[count] = i;
        texts[count] = change->reason;
        if (feature == FEATURE_EVIDENCE) {
            counts[count] = change->evidence_count;
            buf_add(raw, change->evidence, change->evidence_count * sizeof(*change->evidence));
        } else if (feature == FEATURE_UNDER) {
            counts[count] = change->under_count;
            buf_add(raw, change->under, change->under_count * sizeof(*change->under));
        } else if (feature == FEATURE_SIGNED) {
            buf_add(raw, change->signature, sizeof(change->signature));
        }
        count++;
    }
    encoder_list(encoder, indexes, count);
    if (feature == FEATURE_REASON)
        plane_add_texts(&encoder->planes, texts, count, true);
    else if (feature != FEATURE_SIGNED)
        encoder_ints(encoder, counts, count);
}

static void add_letters(struct encoder *encoder) {
    struct view *texts = encoder_room(encoder, encoder->cell_count, sizeof(*texts));
    size_t count = 0;

    if ((encoder->features & FEATURE_LETTERS) == 0 || texts == NULL)
        return;
    for (uint32_t i = 0; i < encoder->cell_count; i++) {
        if (encoder->cells[i].entry->value.type == VALUE_TEXT)
            texts[count++] = encoder->cells[i].entry->value.bytes;
    }
    plane_add_letters(&encoder->planes, texts, count);
}

static void add_instances(struct encoder *encoder) {
    uint32_t count = encoder->row_count - encoder->change_count;
    int64_t *per_change = encoder_numbers(encoder, encoder->change_count);
    int64_t *levels = encoder_numbers(encoder, count);
    int64_t *ordinals = encoder_numbers(encoder, count);
    struct reference *references = encoder_room(encoder, count, sizeof(*references));
    uint32_t at = 0, away = 0, next = 1;

    if ((encoder->features & FEATURE_INSTANCES) == 0 || per_change == NULL || levels == NULL ||
        ordinals == NULL || references == NULL)
        return;
    for (uint32_t i = 0; i < encoder->row_count; i++) {
        const struct row *row = &encoder->rows[i];
        struct dot own = encoder->changes[row->change]->change.dot;
        bool home;

        if (row->level == 0) {
            next = 1;
            continue;
        }
        per_change[row->change]++;
        levels[at] = row->level;
        home = dot_equal(row->id.dot, own) && row->id.ordinal == next;
        if (dot_equal(row->id.dot, own))
            next = row->id.ordinal + 1;
        if (!home)
            ordinals[away++] = row->id.ordinal;
        references[at++] = (struct reference){.own = own.number, .dot = row->id.dot, .home = home};
    }
    encoder_ints(encoder, per_change, encoder->change_count);
    buf_add_varint(&encoder->planes.lane0, encoder->level_count - 1);
    if (encoder->level_count > 2)
        encoder_ints(encoder, levels, count);
    encoder_references(encoder, references, count);
    encoder_ints(encoder, ordinals, away);
}

/* ---- all of it ---- */

static void find_features(struct encoder *encoder) {
    uint32_t texts = 0;

    for (uint32_t i = 0; i < encoder->change_count; i++) {
        const struct change *change = &encoder->changes[i]->change;

        for (unsigned feature = FEATURE_REASON; feature <= FEATURE_SIGNED; feature *= 2)
            encoder->features |= has(change, feature) ? feature : 0;
    }
    if (encoder->row_count > encoder->change_count)
        encoder->features |= FEATURE_INSTANCES;
    for (uint32_t i = 0; i < encoder->cell_count; i++) {
        const struct entry *entry = encoder->cells[i].entry;

        texts += entry->value.type == VALUE_TEXT;
        for (uint32_t j = 0; j < entry->replaces_count; j++) {
            if (entry->replaces[j].ordinal != 0)
                encoder->features |= FEATURE_ORDINALS;
        }
    }
    if (texts >= LETTERS_TEXTS)
        encoder->features |= FEATURE_LETTERS;
}

/* The table of actors must be there before lane 0 begins to refer to it: ask for each once. */
static void find_actors(struct encoder *encoder) {
    for (uint32_t i = 0; i < encoder->change_count; i++) {
        if (encoder->changes[i]->change.kind != CHANGE_CREATE)
            (void)encoder_actor(encoder, encoder->changes[i]->change.record.actor);
    }
    for (uint32_t i = 0; i < encoder->row_count; i++) {
        if (encoder->rows[i].level != 0)
            (void)encoder_actor(encoder, encoder->rows[i].id.dot.actor);
    }
    for (uint32_t i = 0; i < encoder->cell_count; i++) {
        const struct entry *entry = encoder->cells[i].entry;
        struct place place;

        for (uint32_t j = 0; j < entry->replaces_count; j++)
            (void)encoder_actor(encoder, entry->replaces[j].dot.actor);
        if (encoder_place(entry, &place))
            (void)encoder_actor(encoder, place.parent.dot.actor);
    }
    if (encoder->actor_count > 0)
        encoder->features |= FEATURE_ACTORS;
}

/* Numbers, and which changes are erased, with their leaves. */
static void add_numbers(struct encoder *encoder, unsigned flags) {
    const struct frame *frame = encoder->frame;
    int64_t *gaps = encoder_numbers(encoder, frame->count);
    uint32_t *erased = encoder_room(encoder, frame->count, sizeof(*erased));
    uint32_t erased_count = 0;

    if (gaps == NULL || erased == NULL)
        return;
    for (uint32_t i = 0; i < frame->count; i++) {
        if (i > 0)
            gaps[i - 1] = (int64_t)(frame->changes[i].change.dot.number -
                                    frame->changes[i - 1].change.dot.number - 1);
        if (frame->changes[i].change.erased) {
            erased[erased_count++] = i;
            buf_add(&encoder->planes.raw, frame->changes[i].leaf, 32);
        }
    }
    if ((flags & FRAME_GAPS) != 0)
        encoder_ints(encoder, gaps, frame->count - 1);
    if ((flags & FRAME_ERASED) != 0)
        encoder_list(encoder, erased, erased_count);
}

static void add_salts(struct encoder *encoder, frame_secret *secret, void *context) {
    uint64_t run = 0;

    for (uint32_t i = 0; i < encoder->change_count; i++) {
        const struct frame_change *change = encoder->changes[i];
        uint8_t bytes[16];

        if (change->change.erased)
            continue;
        if (secret == NULL) {
            buf_add(&encoder->planes.raw, change->salt, sizeof(change->salt));
            continue;
        }
        if (i > 0 && change->change.dot.number / 64 == run)
            continue;
        run = change->change.dot.number / 64;
        secret(context, run, bytes);
        buf_add(&encoder->planes.raw, bytes, sizeof(bytes));
        crypt_wipe(bytes, sizeof(bytes));
    }
}

static enum rc make_body(struct encoder *encoder, unsigned flags, frame_secret *secret,
                         void *context, struct err *err) {
    struct buf *lane0 = &encoder->planes.lane0;

    if (!encoder_gather(encoder))
        return arena_check(&encoder->arena, "frame", err);
    find_features(encoder);
    find_actors(encoder);
    buf_add_u8(lane0, (uint8_t)encoder->features);
    if (encoder->actor_count > 0) {
        buf_add_varint(lane0, encoder->actor_count);
        for (uint32_t i = 0; i < encoder->actor_count; i++)
            buf_add_id(&encoder->planes.raw, encoder->actors[i]);
    }
    add_numbers(encoder, flags);
    add_salts(encoder, secret, context);
    add_records(encoder);
    add_persons(encoder);
    add_times(encoder);
    for (unsigned feature = FEATURE_REASON; feature <= FEATURE_SIGNED; feature *= 2)
        add_sparse(encoder, feature);
    add_letters(encoder);
    add_instances(encoder);
    encoder_columns(encoder);
    return arena_check(&encoder->arena, "frame", err);
}

static void add_front(const struct frame *frame, unsigned flags, size_t body_bytes, struct view raw,
                      struct buf *out) {
    uint64_t first = frame->changes[0].change.dot.number;
    uint64_t last = frame->changes[frame->count - 1].change.dot.number;

    buf_add_u8(out, FRAME_VERSION);
    buf_add_u8(out, (uint8_t)flags);
    buf_add_id(out, frame->actor);
    buf_add_id(out, frame->form);
    word_add_area(out, frame->area, frame->audience);
    buf_add_varint(out, first);
    buf_add_varint(out, frame->count);
    if ((flags & FRAME_GAPS) != 0)
        buf_add_varint(out, last - first - (frame->count - 1));
    if ((flags & FRAME_DEFLATED) != 0)
        buf_add_varint(out, body_bytes);
    buf_add_sized(out, raw);
}

/* The smallest of: as it is, one run of zlib, and one with a Huffman table for each lane. */
static enum rc add_body(struct encoder *encoder, unsigned flags, struct zip_deflater *deflater,
                        struct buf *out, struct err *err) {
    struct view pieces[PLANE_LANES + 1];
    struct view best;
    struct buf packed[2];
    uint32_t count = 0;
    size_t open = 0;
    enum rc rc = plane_writer_finish(&encoder->planes, pieces, &count, err);

    buf_init(&packed[0], LIMIT_FRAME_RAW_BYTES * 2);
    buf_init(&packed[1], LIMIT_FRAME_RAW_BYTES * 2);
    for (uint32_t i = 0; i < count; i++)
        open += pieces[i].size;
    if (rc == RC_OK && open > LIMIT_FRAME_RAW_BYTES)
        rc = err_set(err, RC_LIMIT, "frame: more than %u bytes of changes; make two of them",
                     LIMIT_FRAME_RAW_BYTES);
    if (rc == RC_OK && (open < TABLES_PAY_BYTES || count == 2))
        rc = zip_deflater_run(deflater, pieces, count, false, &packed[0], err);
    if (rc == RC_OK && open >= TABLES_BYTES && count > 2)
        rc = zip_deflater_run(deflater, pieces, count, true, &packed[1], err);
    if (rc == RC_OK) {
        best = buf_view(&packed[packed[0].size > 0 ? 0 : 1]);
        if (packed[1].size > 0 && packed[1].size < best.size)
            best = buf_view(&packed[1]);
        if (best.size + varint_size(open) < open)
            flags |= FRAME_DEFLATED;
        add_front(encoder->frame, flags, open, buf_view(&encoder->planes.raw), out);
        if ((flags & FRAME_DEFLATED) != 0)
            buf_add_view(out, best);
        for (uint32_t i = 0; (flags & FRAME_DEFLATED) == 0 && i < count; i++)
            buf_add_view(out, pieces[i]);
        rc = buf_check(out, "frame", err);
    }
    buf_release(&packed[0]);
    buf_release(&packed[1]);
    return rc;
}

enum rc frame_encode(const struct frame *frame, frame_secret *secret, void *context,
                     struct zip_deflater *deflater, struct buf *out, struct err *err) {
    struct encoder encoder = {.frame = frame};
    size_t before = out->size;
    unsigned flags = 0;
    enum rc rc = check_frame(frame, err);

    if (rc != RC_OK)
        return rc;
    arena_init(&encoder.arena, SCRATCH_BYTES);
    plane_writer_init(&encoder.planes, &encoder.arena, LIMIT_FRAME_RAW_BYTES * 2);
    encoder.changes = encoder_room(&encoder, frame->count, sizeof(*encoder.changes));
    if (encoder.changes == NULL) {
        rc = arena_check(&encoder.arena, "frame", err);
        goto out;
    }
    for (uint32_t i = 0; i < frame->count; i++) {
        encoder.changes[encoder.change_count++] = &frame->changes[i];
        if (frame->changes[i].change.erased)
            flags |= FRAME_ERASED;
    }
    if ((flags & FRAME_ERASED) != 0)
        secret = NULL;
    if (secret == NULL)
        flags |= FRAME_SALTS;
    if (frame->changes[frame->count - 1].change.dot.number - frame->changes[0].change.dot.number >=
        frame->count)
        flags |= FRAME_GAPS;
    rc = make_body(&encoder, flags, secret, context, err);
    if (rc == RC_OK)
        rc = add_body(&encoder, flags, deflater, out, err);
    if (rc == RC_OK && out->size - before > LIMIT_FRAME_BYTES)
        rc = err_set(err, RC_LIMIT, "frame: more than %u bytes; make two of them",
                     LIMIT_FRAME_BYTES);
    if (rc != RC_OK && out->failed == RC_OK)
        out->size = before;
out:
    plane_writer_release(&encoder.planes);
    arena_release(&encoder.arena);
    return rc;
}
