/* frame_spread.c: rows and columns of a frame into entries. See frame_decoder.h. */
#include "schema/wire/frame_decoder.h"

#define STREWN_ROWS 32u

/* ---- rows ---- */

/* The rows of each level, once all rows are there. */
static void sort_levels(struct decoder *decoder) {
    for (uint32_t i = 0; i < decoder->row_count; i++)
        decoder->level_sizes[decoder->rows[i].level]++;
    for (uint32_t level = 0; level <= decoder->level_count; level++) {
        decoder->level_rows[level] =
            decoder_room(decoder, decoder->level_sizes[level], sizeof(*decoder->level_rows[level]));
        decoder->level_sizes[level] = 0;
    }
    for (uint32_t i = 0; i < decoder->row_count && !decoder_failed(decoder); i++) {
        uint32_t level = decoder->rows[i].level;

        decoder->level_rows[level][decoder->level_sizes[level]++] = i;
    }
}

/* The names of instances: home ones count on within their change. */
static void name_instances(struct decoder *decoder, const struct dot *dots,
                           const int64_t *ordinals) {
    uint32_t next = 1, at = 0, away = 0;

    for (uint32_t i = 0; i < decoder->row_count; i++) {
        struct row *row = &decoder->rows[i];
        struct dot own = decoder->changes[row->change]->dot;

        if (row->level == 0) {
            next = 1;
            continue;
        }
        row->id.dot = dots[at].number == 0 ? own : dots[at];
        row->id.ordinal = dots[at].number == 0 ? next : (uint32_t)ordinals[away++];
        if (row->id.ordinal == 0) /* behind the last one there is */
            decoder_fail(decoder);
        if (dot_equal(row->id.dot, own))
            next = row->id.ordinal + 1;
        at++;
    }
}

static void read_rows(struct decoder *decoder) {
    bool any = (decoder->features & FEATURE_INSTANCES) != 0;
    int64_t *counts = NULL, *levels = NULL, *ordinals;
    struct dot *dots;
    uint64_t *owns;
    uint64_t sum = 0;
    uint32_t at = 0, away = 0;

    if (any)
        counts = decoder_numbers(decoder, decoder->change_count, 0, FRAME_ENTRIES_MAX);
    for (uint32_t i = 0; counts != NULL && i < decoder->change_count; i++)
        sum += (uint64_t)counts[i];
    if (any && (sum == 0 || sum > FRAME_ENTRIES_MAX))
        decoder_fail(decoder);
    decoder->row_count = decoder->change_count + (uint32_t)sum;
    decoder->rows = decoder_room(decoder, decoder->row_count, sizeof(*decoder->rows));
    owns = decoder_room(decoder, (size_t)sum, sizeof(*owns));
    if (decoder->rows == NULL || owns == NULL)
        return;
    if (any) {
        decoder->level_count = (uint32_t)read_varint_max(decoder_lane0(decoder), FRAME_LEVELS_MAX);
        if (decoder->level_count == 0)
            decoder_fail(decoder);
        if (decoder->level_count > 1)
            levels = decoder_numbers(decoder, (uint32_t)sum, 1, decoder->level_count);
        if (decoder_failed(decoder))
            return;
    }
    sum = 0;
    for (uint32_t i = 0; i < decoder->change_count; i++) {
        decoder->rows[at++] = (struct row){.change = i};
        for (int64_t j = 0; counts != NULL && j < counts[i]; j++) {
            decoder->rows[at++] =
                (struct row){.change = i, .level = levels == NULL ? 1 : (uint32_t)levels[sum]};
            owns[sum++] = decoder->changes[i]->dot.number;
        }
    }
    if (any) {
        dots = decoder_references(decoder, owns, (uint32_t)sum);
        for (uint32_t i = 0; dots != NULL && i < sum; i++)
            away += dots[i].number != 0;
        ordinals = decoder_numbers(decoder, away, 1, UINT32_MAX);
        if (dots == NULL || ordinals == NULL)
            return;
        name_instances(decoder, dots, ordinals);
    }
    sort_levels(decoder);
}

/* ---- columns ---- */

static void read_presence(struct decoder *decoder, struct column *column, unsigned present) {
    const uint32_t *rows = decoder->level_rows[column->level];
    uint32_t size = decoder->level_sizes[column->level];
    uint32_t count = 0;
    uint32_t *list;

    switch (present) {
    case PRESENT_ALL:
        column->count = size;
        column->rows = decoder->level_rows[column->level];
        break;
    case PRESENT_ONE:
        count = (uint32_t)read_varint(decoder_lane0(decoder));
        column->rows = decoder_room(decoder, 1, sizeof(*column->rows));
        if (count >= size || column->rows == NULL) {
            decoder_fail(decoder);
            return;
        }
        column->rows[0] = rows[count];
        column->count = 1;
        break;
    case PRESENT_LIST:
        list = decoder_list(decoder, size, &count);
        for (uint32_t i = 0; list != NULL && i < count; i++)
            list[i] = rows[list[i]];
        column->rows = list;
        column->count = count;
        break;
    default: {
        int64_t *counts = decoder_numbers(decoder, size, 0, LIMIT_CHANGE_ENTRIES);
        uint64_t sum = 0;

        for (uint32_t i = 0; counts != NULL && i < size; i++)
            sum += (uint64_t)counts[i];
        if (sum > FRAME_ENTRIES_MAX)
            decoder_fail(decoder);
        column->rows = decoder_room(decoder, (size_t)sum, sizeof(*column->rows));
        if (counts == NULL || column->rows == NULL)
            return;
        for (uint32_t i = 0; i < size; i++) {
            for (int64_t j = 0; j < counts[i]; j++)
                column->rows[count++] = rows[i];
        }
        column->count = count;
    }
    }
    if (decoder_failed(decoder) || column->count == 0 ||
        column->count > FRAME_ENTRIES_MAX - decoder->entry_count) {
        decoder_fail(decoder);
        return;
    }
    decoder->entry_count += column->count;
    for (uint32_t i = 0; i < column->count; i++)
        decoder->rows[column->rows[i]].entries++;
}

static void read_places(struct decoder *decoder, const uint32_t *rows, struct value *values,
                        uint32_t count) {
    int64_t *repeats = decoder_numbers(decoder, count, 1, FIELD_LAST);
    uint64_t *owns = decoder_room(decoder, count, sizeof(*owns));
    struct dot *dots = NULL;
    int64_t *ordinals;
    uint8_t memory[64];
    struct buf bytes;

    for (uint32_t i = 0; owns != NULL && i < count; i++)
        owns[i] = decoder->changes[decoder->rows[rows[i]].change]->dot.number;
    if (owns != NULL)
        dots = decoder_references(decoder, owns, count);
    ordinals = decoder_numbers(decoder, count, -(int64_t)UINT32_MAX, UINT32_MAX);
    if (repeats == NULL || dots == NULL || ordinals == NULL)
        return;
    buf_init_on(&bytes, memory, sizeof(memory));
    for (uint32_t i = 0; i < count && !decoder_failed(decoder); i++) {
        const struct row *row = &decoder->rows[rows[i]];
        struct place place = {.repeat = (uint16_t)repeats[i], .parent.dot = dots[i]};
        int64_t ordinal = ordinals[i];

        if (dots[i].number == 0) {
            place.parent.dot = decoder->changes[row->change]->dot;
            ordinal = (int64_t)row->id.ordinal - ordinal;
        }
        if (ordinal < 1 || ordinal > UINT32_MAX) {
            decoder_fail(decoder);
            break;
        }
        place.parent.ordinal = (uint32_t)ordinal;
        buf_clear(&bytes);
        place_encode(&place, &bytes);
        values[i] = (struct value){.type = VALUE_BYTES,
                                   .bytes = arena_view(decoder->arena, buf_view(&bytes))};
        if (values[i].bytes.data == NULL || bytes.failed != RC_OK)
            decoder_fail(decoder);
    }
}

static void read_values(struct decoder *decoder, unsigned type, const uint32_t *rows,
                        struct value *values, uint32_t count);

static void read_mixed(struct decoder *decoder, const uint32_t *rows, struct value *values,
                       uint32_t count) {
    int64_t *types = decoder_numbers(decoder, count, 0, COLUMN_PLACE);
    struct value *some = decoder_room(decoder, count, sizeof(*some));
    uint32_t *some_rows = decoder_room(decoder, count, sizeof(*some_rows));

    if (types == NULL || some == NULL || some_rows == NULL)
        return;
    for (unsigned type = 0; type <= COLUMN_PLACE; type++) {
        uint32_t found = 0;

        for (uint32_t i = 0; i < count; i++) {
            if (types[i] == (int64_t)type)
                some_rows[found++] = rows[i];
        }
        if (found == 0)
            continue;
        for (uint32_t i = 0; type == VALUE_ERASED && i < found; i++)
            some[i] = (struct value){.type = VALUE_ERASED};
        if (type != VALUE_ERASED)
            read_values(decoder, type, some_rows, some, found);
        found = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (types[i] == (int64_t)type)
                values[i] = some[found++];
        }
    }
}

static void read_values(struct decoder *decoder, unsigned type, const uint32_t *rows,
                        struct value *values, uint32_t count) {
    switch (type) {
    case VALUE_NULL:
        for (uint32_t i = 0; i < count; i++)
            values[i] = (struct value){.type = VALUE_NULL};
        return;
    case VALUE_INT:
    case VALUE_DATE: {
        int64_t *numbers = plane_ints(&decoder->planes, count);

        for (uint32_t i = 0; numbers != NULL && i < count; i++)
            values[i] = (struct value){.type = (uint8_t)type, .number = numbers[i]};
        return;
    }
    case VALUE_DECIMAL: {
        int64_t *scales = decoder_numbers(decoder, count, 0, UINT8_MAX);
        int64_t *numbers = plane_ints(&decoder->planes, count);

        for (uint32_t i = 0; scales != NULL && numbers != NULL && i < count; i++)
            values[i] = (struct value){
                .type = VALUE_DECIMAL, .scale = (uint8_t)scales[i], .number = numbers[i]};
        return;
    }
    case VALUE_TEXT:
    case VALUE_BYTES: {
        struct view *texts = decoder_room(decoder, count, sizeof(*texts));

        if (texts == NULL)
            return;
        plane_read_texts(&decoder->planes, texts, count);
        for (uint32_t i = 0; i < count; i++)
            values[i] = (struct value){.type = (uint8_t)type, .bytes = texts[i]};
        return;
    }
    case COLUMN_PLACE:
        read_places(decoder, rows, values, count);
        return;
    default:
        read_mixed(decoder, rows, values, count);
    }
}

static void read_column(struct decoder *decoder, uint32_t level, uint32_t *field) {
    struct column *column = &decoder->columns[decoder->column_count++];
    unsigned tag, attributes = 0;

    *field += (uint32_t)read_varint_max(decoder_lane0(decoder), FIELD_LAST) + 1;
    tag = read_u8(decoder_lane0(decoder));
    if ((tag & TAG_ATTRIBUTES) != 0)
        attributes = read_u8(decoder_lane0(decoder));
    if (*field > FIELD_LAST || (attributes & ~(unsigned)ATTRIBUTE_KNOWN) != 0)
        decoder_fail(decoder);
    *column = (struct column){.level = level,
                              .field = (uint16_t)*field,
                              .keep = (tag & TAG_KEEP) != 0 ? ENTRY_KEEP : 0,
                              .rank = (uint8_t)(attributes >> ATTRIBUTE_RANK_SHIFT),
                              .one = (tag & TAG_REPLACES_ONE) != 0};
    read_presence(decoder, column, tag >> TAG_PRESENT_SHIFT & 3);
    if ((attributes & ATTRIBUTE_FLAGS) != 0)
        column->flags = decoder_numbers(decoder, column->count, 0, ENTRY_KEEP);
    if ((attributes & ATTRIBUTE_RANKS) != 0)
        column->ranks = decoder_numbers(decoder, column->count, 0, UINT8_MAX);
    if ((attributes & ATTRIBUTE_REPLACES) != 0)
        column->replaces = decoder_numbers(decoder, column->count, 0, LIMIT_REPLACES);
    column->values = arena_room(decoder->scratch, column->count, sizeof(*column->values));
    if (column->values == NULL)
        decoder_fail(decoder);
    if (decoder_failed(decoder))
        return;
    read_values(decoder, tag & TAG_TYPE, column->rows, column->values, column->count);
}

static bool grow_columns(struct decoder *decoder) {
    uint32_t more = decoder->column_room == 0 ? 128 : decoder->column_room * 2;
    struct column *columns = decoder_room(decoder, more, sizeof(*columns));

    if (columns == NULL)
        return false;
    if (decoder->column_count > 0)
        memcpy(columns, decoder->columns, decoder->column_count * sizeof(*columns));
    decoder->columns = columns;
    decoder->column_room = more;
    return true;
}

static void read_columns(struct decoder *decoder) {
    for (uint32_t level = 0; level <= decoder->level_count; level++) {
        uint64_t count = read_varint_max(decoder_lane0(decoder), FIELD_LAST);
        uint32_t field = 0;

        for (uint64_t i = 0; i < count && !decoder_failed(decoder); i++) {
            if (decoder->column_count < decoder->column_room || grow_columns(decoder))
                read_column(decoder, level, &field);
        }
    }
}

static void read_replaced(struct decoder *decoder) {
    uint64_t count = 0;
    uint64_t *owns;
    uint32_t *rows;
    struct dot *dots;
    int64_t *ordinals = NULL;
    uint32_t at = 0;

    for (uint32_t i = 0; i < decoder->column_count; i++) {
        const struct column *column = &decoder->columns[i];

        count += column->replaces == NULL && column->one ? column->count : 0;
        for (uint32_t j = 0; column->replaces != NULL && j < column->count; j++)
            count += (uint64_t)column->replaces[j];
    }
    if (count > FRAME_ENTRIES_MAX)
        decoder_fail(decoder);
    owns = decoder_room(decoder, (size_t)count, sizeof(*owns));
    rows = decoder_room(decoder, (size_t)count, sizeof(*rows));
    decoder->replaced = decoder_keep(decoder, (size_t)count, sizeof(*decoder->replaced));
    if (owns == NULL || rows == NULL || decoder->replaced == NULL)
        return;
    for (uint32_t i = 0; i < decoder->column_count; i++) {
        const struct column *column = &decoder->columns[i];

        for (uint32_t j = 0; (column->replaces != NULL || column->one) && j < column->count; j++) {
            int64_t each = column->replaces == NULL ? 1 : column->replaces[j];

            for (; each > 0; each--) {
                rows[at] = column->rows[j];
                owns[at++] = decoder->changes[decoder->rows[column->rows[j]].change]->dot.number;
            }
        }
    }
    dots = decoder_references(decoder, owns, at);
    if ((decoder->features & FEATURE_ORDINALS) != 0)
        ordinals = decoder_numbers(decoder, at, 0, UINT32_MAX);
    if (decoder_failed(decoder))
        return;
    for (uint32_t i = 0; i < at; i++) {
        const struct row *row = &decoder->rows[rows[i]];

        decoder->replaced[i].dot = dots[i];
        if (dots[i].number == 0)
            decoder->replaced[i].dot =
                row->level == 0 ? decoder->changes[row->change]->record : row->id.dot;
        decoder->replaced[i].ordinal = ordinals == NULL ? 0 : (uint32_t)ordinals[i];
    }
}

/* ---- entries ---- */

/* The entries of the rows below end. */
static void strew(struct decoder *decoder, struct column *column, struct entry *entries,
                  uint32_t end) {
    uint32_t i = column->next;

    for (; i < column->count && column->rows[i] < end; i++) {
        struct row *row = &decoder->rows[column->rows[i]];
        struct entry *entry = &entries[row->at++];

        entry->instance = row->id;
        entry->field = column->field;
        entry->flags = column->flags == NULL ? column->keep : (uint8_t)column->flags[i];
        entry->rank = column->ranks == NULL ? column->rank : (uint8_t)column->ranks[i];
        entry->ordinal =
            i > 0 && column->rows[i] == column->rows[i - 1] ? entry[-1].ordinal + 1 : 0;
        entry->value = column->values[i];
        entry->replaces_count =
            column->replaces != NULL ? (uint32_t)column->replaces[i] : column->one;
        entry->replaces = entry->replaces_count > 0 ? &decoder->replaced[column->replaced] : NULL;
        column->replaced += entry->replaces_count;
    }
    column->next = i;
}

/* Some rows at a time, so that their entries stay near the processor while one column after the
 * other writes into them. */
static void strew_all(struct decoder *decoder, struct entry *entries) {
    uint32_t replaced = 0;

    for (uint32_t i = 0; i < decoder->column_count; i++) {
        struct column *column = &decoder->columns[i];

        column->replaced = replaced;
        if (column->replaces == NULL)
            replaced += column->one ? column->count : 0;
        for (uint32_t j = 0; column->replaces != NULL && j < column->count; j++)
            replaced += (uint32_t)column->replaces[j];
    }
    for (uint32_t end = STREWN_ROWS; end < decoder->row_count + STREWN_ROWS; end += STREWN_ROWS)
        for (uint32_t i = 0; i < decoder->column_count; i++)
            strew(decoder, &decoder->columns[i], entries, end);
}

static void make_entries(struct decoder *decoder) {
    struct entry *entries = arena_room(decoder->arena, decoder->entry_count, sizeof(*entries));
    uint32_t at = 0;

    if (entries == NULL) {
        decoder_fail(decoder);
        return;
    }
    for (uint32_t i = 0; i < decoder->row_count; i++) {
        struct row *row = &decoder->rows[i];
        struct change *change = decoder->changes[row->change];

        if (row->level == 0)
            change->entries = entries + at;
        else if (row->entries == 0) /* such a row would not be there */
            decoder_fail(decoder);
        row->at = at;
        at += row->entries;
        change->entry_count += row->entries;
    }
    strew_all(decoder, entries);
}

void decoder_spread(struct decoder *decoder) {
    read_rows(decoder);
    read_columns(decoder);
    if (!decoder_failed(decoder))
        read_replaced(decoder);
    if (!decoder_failed(decoder))
        make_entries(decoder);
}
