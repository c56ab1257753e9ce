/* frame_columns.c: writes the columns of a frame. The layout stands at the top of frame.c. */
#include "schema/wire/frame_encoder.h"

/* A list over `of` things: which of them have it. */
void encoder_list(struct encoder *encoder, const uint32_t *indexes, uint32_t count) {
    int64_t *gaps = encoder_numbers(encoder, count);

    buf_add_varint(&encoder->planes.lane0, count);
    for (uint32_t i = 0; gaps != NULL && i < count; i++)
        gaps[i] = i == 0 ? indexes[0] : (int64_t)indexes[i] - indexes[i - 1] - 1;
    encoder_ints(encoder, gaps, count);
}

void encoder_references(struct encoder *encoder, const struct reference *references,
                        uint32_t count) {
    int64_t *kinds = encoder_numbers(encoder, count);
    int64_t *others = encoder_numbers(encoder, count);
    uint32_t away = 0;

    if (kinds == NULL || others == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct reference *reference = &references[i];
        uint32_t actor;

        if (reference->home)
            continue;
        actor = encoder_actor(encoder, reference->dot.actor);
        kinds[i] = 1 + (int64_t)actor;
        others[away++] = actor == 0 ? (int64_t)reference->own - (int64_t)reference->dot.number
                                    : (int64_t)reference->dot.number;
    }
    encoder_ints(encoder, kinds, count);
    encoder_ints(encoder, others, away);
}

static unsigned wire_type(const struct entry *entry) {
    struct place place;

    return encoder_place(entry, &place) ? COLUMN_PLACE : entry->value.type;
}

static void add_places(struct encoder *encoder, const struct cell *cells, uint32_t count) {
    int64_t *repeats = encoder_numbers(encoder, count);
    int64_t *ordinals = encoder_numbers(encoder, count);
    struct reference *references = encoder_room(encoder, count, sizeof(*references));

    if (repeats == NULL || ordinals == NULL || references == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct row *row = &encoder->rows[cells[i].row];
        struct dot own = encoder->changes[row->change]->change.dot;
        struct place place = {0};

        (void)encoder_place(cells[i].entry, &place); /* it is one: wire_type has asked */
        repeats[i] = place.repeat;
        references[i] = (struct reference){
            .own = own.number, .dot = place.parent.dot, .home = dot_equal(place.parent.dot, own)};
        ordinals[i] = references[i].home ? (int64_t)row->id.ordinal - place.parent.ordinal
                                         : place.parent.ordinal;
    }
    encoder_ints(encoder, repeats, count);
    encoder_references(encoder, references, count);
    encoder_ints(encoder, ordinals, count);
}

static void add_values(struct encoder *encoder, unsigned type, const struct cell *cells,
                       uint32_t count);

static void add_mixed(struct encoder *encoder, const struct cell *cells, uint32_t count) {
    struct cell *some = encoder_room(encoder, count, sizeof(*some));
    int64_t *types = encoder_numbers(encoder, count);

    if (some == NULL || types == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        types[i] = wire_type(cells[i].entry);
    encoder_ints(encoder, types, count);
    for (unsigned type = 0; type <= COLUMN_PLACE; type++) {
        uint32_t found = 0;

        for (uint32_t i = 0; i < count; i++) {
            if (types[i] == (int64_t)type)
                some[found++] = cells[i];
        }
        if (found > 0 && type != VALUE_ERASED) /* of that there is nothing to write */
            add_values(encoder, type, some, found);
    }
}

static void add_values(struct encoder *encoder, unsigned type, const struct cell *cells,
                       uint32_t count) {
    int64_t *first = encoder_numbers(encoder, count);
    int64_t *second = encoder_numbers(encoder, count);
    struct view *texts = encoder_room(encoder, count, sizeof(*texts));

    if (first == NULL || second == NULL || texts == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct value *value = &cells[i].entry->value;

        first[i] = type == VALUE_DECIMAL ? value->scale : value->number;
        second[i] = value->number;
        texts[i] = value->bytes;
    }
    switch (type) {
    case VALUE_INT:
    case VALUE_DATE:
        encoder_ints(encoder, first, count);
        return;
    case VALUE_DECIMAL:
        encoder_ints(encoder, first, count);
        encoder_ints(encoder, second, count);
        return;
    case VALUE_TEXT:
    case VALUE_BYTES:
        plane_add_texts(&encoder->planes, texts, count, type == VALUE_TEXT);
        return;
    case COLUMN_MIXED:
        add_mixed(encoder, cells, count);
        return;
    case COLUMN_PLACE:
        add_places(encoder, cells, count);
        return;
    default: /* VALUE_NULL */
        return;
    }
}

static void add_presence(struct encoder *encoder, unsigned present, const struct cell *cells,
                         uint32_t count, uint32_t rows) {
    uint32_t *indexes = encoder_room(encoder, count, sizeof(*indexes));
    int64_t *counts = encoder_numbers(encoder, rows);

    if (indexes == NULL || counts == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        indexes[i] = encoder->rows[cells[i].row].index;
        counts[indexes[i]]++;
    }
    if (present == PRESENT_ONE)
        buf_add_varint(&encoder->planes.lane0, indexes[0]);
    else if (present == PRESENT_LIST)
        encoder_list(encoder, indexes, count);
    else if (present == PRESENT_COUNTS)
        encoder_ints(encoder, counts, rows);
}

static void add_column(struct encoder *encoder, const struct column *column,
                       uint16_t previous_field) {
    const struct cell *cells = &encoder->cells[column->at];
    uint32_t count = column->count, rows = encoder->level_rows[column->level];
    struct buf *out = &encoder->planes.lane0;
    unsigned type = wire_type(cells[0].entry), attributes = 0, tag, present;
    bool keep = true, no_keep = true, same_rank = true, single = true, one = true, none = true;
    uint8_t rank = cells[0].entry->rank;
    int64_t *flags = encoder_numbers(encoder, count), *ranks = encoder_numbers(encoder, count);
    int64_t *replaces = encoder_numbers(encoder, count);

    if (flags == NULL || ranks == NULL || replaces == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct entry *entry = cells[i].entry;

        if (i > 0 && wire_type(entry) != type)
            type = COLUMN_MIXED;
        if (i > 0 && cells[i].row == cells[i - 1].row)
            single = false;
        flags[i] = entry->flags;
        ranks[i] = entry->rank;
        replaces[i] = entry->replaces_count;
        keep = keep && entry->flags == ENTRY_KEEP;
        no_keep = no_keep && entry->flags == 0;
        same_rank = same_rank && entry->rank == rank;
        one = one && entry->replaces_count == 1;
        none = none && entry->replaces_count == 0;
    }
    if (single && count == rows)
        present = PRESENT_ALL;
    else if (count == 1)
        present = PRESENT_ONE;
    else
        present = single && count < rows / 8 + 4 ? PRESENT_LIST : PRESENT_COUNTS;
    attributes |= !keep && !no_keep ? ATTRIBUTE_FLAGS : 0;
    attributes |= !same_rank || rank > 7 ? ATTRIBUTE_RANKS : (unsigned)rank << ATTRIBUTE_RANK_SHIFT;
    attributes |= !one && !none ? ATTRIBUTE_REPLACES : 0;
    tag = type | present << TAG_PRESENT_SHIFT | (one ? TAG_REPLACES_ONE : 0u) |
          (attributes != 0 ? TAG_ATTRIBUTES : 0u) | (keep ? TAG_KEEP : 0u);
    buf_add_varint(out, (uint64_t)(column->field - previous_field - 1));
    buf_add_u8(out, (uint8_t)tag);
    if (attributes != 0)
        buf_add_u8(out, (uint8_t)attributes);
    add_presence(encoder, present, cells, count, rows);
    if ((attributes & ATTRIBUTE_FLAGS) != 0)
        encoder_ints(encoder, flags, count);
    if ((attributes & ATTRIBUTE_RANKS) != 0)
        encoder_ints(encoder, ranks, count);
    if ((attributes & ATTRIBUTE_REPLACES) != 0)
        encoder_ints(encoder, replaces, count);
    add_values(encoder, type, cells, count);
}

static void add_levels(struct encoder *encoder) {
    uint32_t at = 0;

    for (uint32_t level = 0; level < encoder->level_count; level++) {
        uint32_t end = at;
        uint16_t field = 0;

        while (end < encoder->column_count && encoder->columns[end].level == level)
            end++;
        buf_add_varint(&encoder->planes.lane0, end - at);
        for (; at < end; at++) {
            add_column(encoder, &encoder->columns[at], field);
            field = encoder->columns[at].field;
        }
    }
}

static void add_replaced(struct encoder *encoder) {
    uint32_t count = 0, at = 0;
    struct reference *references;
    int64_t *ordinals;

    for (uint32_t i = 0; i < encoder->cell_count; i++)
        count += encoder->cells[i].entry->replaces_count;
    references = encoder_room(encoder, count, sizeof(*references));
    ordinals = encoder_numbers(encoder, count);
    if (references == NULL || ordinals == NULL)
        return;
    for (uint32_t i = 0; i < encoder->cell_count; i++) {
        const struct entry *entry = encoder->cells[i].entry;
        const struct row *row = &encoder->rows[encoder->cells[i].row];
        const struct change *change = &encoder->changes[row->change]->change;
        struct dot home = row->level == 0 ? change->record : row->id.dot;

        for (uint32_t j = 0; j < entry->replaces_count; j++) {
            ordinals[at] = entry->replaces[j].ordinal;
            references[at++] = (struct reference){.own = change->dot.number,
                                                  .dot = entry->replaces[j].dot,
                                                  .home = dot_equal(entry->replaces[j].dot, home)};
        }
    }
    encoder_references(encoder, references, count);
    if ((encoder->features & FEATURE_ORDINALS) != 0)
        encoder_ints(encoder, ordinals, count);
}

void encoder_columns(struct encoder *encoder) {
    add_levels(encoder);
    add_replaced(encoder);
}
