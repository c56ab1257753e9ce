/* frame_gather.c: which rows and columns the changes of a frame have. See frame_encoder.h. */
#include "schema/wire/frame_encoder.h"

#define FIELDS 65536u

static uint32_t actor_slot(const struct encoder *encoder, uint64_t actor) {
    uint32_t slot = (uint32_t)((actor * 0x9e3779b97f4a7c15u) >> 32) & encoder->actor_mask;

    while (encoder->actor_slots[slot] != 0 &&
           encoder->actors[encoder->actor_slots[slot] - 1] != actor)
        slot = (slot + 1) & encoder->actor_mask;
    return slot;
}

/* Room for twice as many actors; the slots are four times as many as the actors at most. */
static bool grow_actors(struct encoder *encoder) {
    uint32_t more = encoder->actor_room == 0 ? 16 : encoder->actor_room * 2;
    uint64_t *actors = encoder_room(encoder, more, sizeof(*actors));

    encoder->actor_slots = encoder_room(encoder, more * 4, sizeof(*encoder->actor_slots));
    if (actors == NULL || encoder->actor_slots == NULL)
        return false;
    if (encoder->actor_count > 0)
        memcpy(actors, encoder->actors, encoder->actor_count * sizeof(*actors));
    encoder->actors = actors;
    encoder->actor_room = more;
    encoder->actor_mask = more * 4 - 1;
    for (uint32_t i = 0; i < encoder->actor_count; i++)
        encoder->actor_slots[actor_slot(encoder, actors[i])] = i + 1;
    return true;
}

uint32_t encoder_actor(struct encoder *encoder, uint64_t actor) {
    uint32_t slot;

    if (actor == encoder->frame->actor || encoder->arena.failed != RC_OK)
        return 0;
    if (encoder->actor_count == encoder->actor_room && !grow_actors(encoder))
        return 0;
    slot = actor_slot(encoder, actor);
    if (encoder->actor_slots[slot] == 0) {
        encoder->actors[encoder->actor_count++] = actor;
        encoder->actor_slots[slot] = encoder->actor_count;
    }
    return encoder->actor_slots[slot];
}

bool encoder_place(const struct entry *entry, struct place *place) {
    struct err ignored;

    if (entry->field != FIELD_EXISTS || entry->value.type != VALUE_BYTES ||
        value_is_cover(&entry->value))
        return false;
    err_init(&ignored, LANG_EN);
    return place_decode(entry->value.bytes, place, &ignored) == RC_OK;
}

/* ---- rows and columns ---- */

/* Gives each row a level: rows that share a field share a level, so that members lie with members.
 * For rows that are added in this frame, FIELD_EXISTS says which repeat they belong to. */
struct leveller {
    uint8_t *of_field; /* level where the field was seen first; 0: nowhere */
};

static uint32_t choose_level(struct encoder *encoder, struct leveller *leveller,
                             const struct entry *entries, uint32_t count) {
    uint32_t level = 0;
    struct place place;

    for (uint32_t i = 0; i < count && level == 0; i++) {
        const struct entry *entry = &entries[i];

        if (entry->field >= FIELD_FIRST_OF_FORM)
            level = leveller->of_field[entry->field];
        else if (entry->field == FIELD_EXISTS && entry->value.type == VALUE_INT &&
                 entry->value.number > 0 && entry->value.number < (int64_t)FIELDS)
            level = leveller->of_field[entry->value.number];
        else if (encoder_place(entry, &place))
            level = leveller->of_field[place.repeat];
    }
    if (level == 0)
        level = encoder->level_count < FRAME_LEVELS_MAX + 1 ? encoder->level_count++ : 1;
    for (uint32_t i = 0; i < count; i++) {
        const struct entry *entry = &entries[i];
        uint32_t field = entry->field;

        if (field == FIELD_EXISTS && entry->value.type == VALUE_INT && entry->value.number > 0 &&
            entry->value.number < (int64_t)FIELDS)
            field = (uint32_t)entry->value.number;
        else if (encoder_place(entry, &place))
            field = place.repeat;
        if (field >= FIELD_FIRST_OF_FORM && leveller->of_field[field] == 0)
            leveller->of_field[field] = (uint8_t)level;
    }
    return level;
}

/* Rows in canonical order: of each change first the record itself, then its instances. */
static bool make_rows(struct encoder *encoder) {
    struct leveller leveller = {.of_field = arena_alloc(&encoder->arena, FIELDS)};
    uint32_t count = 0;

    for (uint32_t i = 0; i < encoder->change_count; i++) {
        const struct change *change = &encoder->changes[i]->change;

        count++;
        for (uint32_t j = 0; j < change->entry_count; j++) {
            if (!instance_is_root(change->entries[j].instance) &&
                (j == 0 || !entry_follows(&change->entries[j - 1], &change->entries[j])))
                count++;
        }
        encoder->cell_count += change->entry_count;
    }
    encoder->rows = encoder_room(encoder, count, sizeof(*encoder->rows));
    encoder->level_rows = encoder_room(encoder, FRAME_LEVELS_MAX + 1, sizeof(*encoder->level_rows));
    if (leveller.of_field == NULL || encoder->rows == NULL || encoder->level_rows == NULL)
        return false;
    encoder->level_count = 1;
    for (uint32_t i = 0; i < encoder->change_count; i++) {
        const struct change *change = &encoder->changes[i]->change;
        uint32_t at = 0;

        encoder->rows[encoder->row_count++] =
            (struct row){.change = i, .index = encoder->level_rows[0]++};
        while (at < change->entry_count && instance_is_root(change->entries[at].instance))
            at++;
        while (at < change->entry_count) {
            const struct entry *first = &change->entries[at];
            uint32_t size = 1;
            uint32_t level;

            while (at + size < change->entry_count && entry_follows(&first[size - 1], &first[size]))
                size++;
            level = choose_level(encoder, &leveller, first, size);
            encoder->rows[encoder->row_count++] =
                (struct row){.change = i,
                             .index = encoder->level_rows[level]++,
                             .level = level,
                             .id = first->instance};
            at += size;
        }
    }
    return true;
}

static int column_order(const void *left, const void *right) {
    const struct column *a = left, *b = right;

    if (a->level != b->level)
        return a->level < b->level ? -1 : 1;
    return (int)a->field - (int)b->field;
}

/* Which column, by (level, field): open addressing in a table of twice the cells. */
struct column_map {
    uint32_t *slots; /* 1 + column */
    uint32_t mask;
};

static uint32_t find_column(struct encoder *encoder, struct column_map *map, uint32_t level,
                            uint16_t field) {
    uint32_t slot = ((level << 16 | field) * 2654435761u) >> 8 & map->mask;

    while (map->slots[slot] != 0) {
        const struct column *column = &encoder->columns[map->slots[slot] - 1];

        if (column->level == level && column->field == field)
            return map->slots[slot] - 1;
        slot = (slot + 1) & map->mask;
    }
    map->slots[slot] = ++encoder->column_count;
    encoder->columns[encoder->column_count - 1] = (struct column){.level = level, .field = field};
    return encoder->column_count - 1;
}

static bool make_columns(struct encoder *encoder) {
    uint32_t cells = encoder->cell_count, at = 0;
    struct column_map map = {.mask = 63};
    struct cell *found = encoder_room(encoder, cells, sizeof(*found));
    uint32_t *column_of = encoder_room(encoder, cells, sizeof(*column_of));
    uint32_t *new_index;

    while (map.mask < cells * 2)
        map.mask = map.mask * 2 + 1;
    map.slots = encoder_room(encoder, map.mask + 1, sizeof(*map.slots));
    encoder->columns = encoder_room(encoder, cells, sizeof(*encoder->columns));
    encoder->cells = encoder_room(encoder, cells, sizeof(*encoder->cells));
    if (found == NULL || column_of == NULL || map.slots == NULL || encoder->columns == NULL ||
        encoder->cells == NULL)
        return false;
    for (uint32_t i = 0, row = 0; i < encoder->change_count; i++) {
        const struct change *change = &encoder->changes[i]->change;

        /* row stands at the change's own row; its instances follow. */
        for (uint32_t j = 0; j < change->entry_count; j++) {
            const struct entry *entry = &change->entries[j];
            bool root = instance_is_root(entry->instance);

            if (!root && (j == 0 || !entry_follows(&entry[-1], entry)))
                row++;
            found[at] = (struct cell){.entry = entry, .row = row};
            column_of[at] = find_column(encoder, &map, encoder->rows[row].level, entry->field);
            encoder->columns[column_of[at]].count++;
            encoder->columns[column_of[at]].at = column_of[at]; /* its number before sorting */
            at++;
        }
        row++;
    }
    new_index = encoder_room(encoder, encoder->column_count, sizeof(*new_index));
    if (new_index == NULL)
        return false;
    if (encoder->column_count > 0)
        qsort(encoder->columns, encoder->column_count, sizeof(*encoder->columns), column_order);
    at = 0;
    for (uint32_t i = 0; i < encoder->column_count; i++) {
        new_index[encoder->columns[i].at] = at;
        encoder->columns[i].at = at;
        at += encoder->columns[i].count;
    }
    for (uint32_t i = 0; i < cells; i++)
        encoder->cells[new_index[column_of[i]]++] = found[i];
    return true;
}

bool encoder_gather(struct encoder *encoder) {
    return make_rows(encoder) && make_columns(encoder);
}
