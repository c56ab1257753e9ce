/* insane.c: see insane.h. */
#include "tests/support/insane.h"

#include "schema/limits.h"

#include <assert.h>

#define FIELD 40u

enum { WAYS_WHOLE = 12, WAYS_NAMES = 10 };

/* Room for more entries behind those that the change has; the first new one is returned. */
static struct entry *more(struct arena *arena, struct change *change, uint32_t count) {
    struct entry *entries = arena_array(arena, change->entry_count + count, sizeof(*entries));

    assert(entries != NULL);
    if (change->entry_count > 0)
        memcpy(entries, change->entries, change->entry_count * sizeof(*entries));
    change->entries = entries;
    change->entry_count += count;
    return &entries[change->entry_count - count];
}

/* All entries go but these new ones. */
static struct entry *only(struct arena *arena, struct change *change, uint32_t count) {
    change->entry_count = 0;
    return more(arena, change, count);
}

static struct view many(struct arena *arena, size_t size) {
    uint8_t *bytes = arena_array(arena, size, 1);

    assert(bytes != NULL);
    memset(bytes, 'x', size);
    return view_of(bytes, size);
}

static struct instance_id instance(uint64_t number, uint32_t ordinal) {
    return (struct instance_id){.dot = {0xb2, number}, .ordinal = ordinal};
}

static struct value number(int64_t value) {
    return value_of_int(value);
}

static void replace(struct arena *arena, struct change *change, struct dot first,
                    struct dot second) {
    struct version_id *replaces = arena_array(arena, 2, sizeof(*replaces));

    assert(replaces != NULL);
    replaces[0].dot = first;
    replaces[1].dot = second;
    *only(arena, change, 1) = (struct entry){
        .field = FIELD, .value = number(1), .replaces_count = 2, .replaces = replaces};
}

static void as_edit(struct change *change) {
    change->kind = CHANGE_EDIT;
    change->record = (struct dot){0xb2, 4};
}

static const char *whole(uint32_t way, struct arena *arena, struct change *change) {
    switch (way) {
    case 0:
        as_edit(change);
        change->kind = 0;
        return "kind 0";
    case 1:
        as_edit(change);
        change->kind = 255;
        return "a kind that is none";
    case 2:
        as_edit(change);
        change->record = change->dot;
        return "an edit of a record that it makes itself";
    case 3:
        as_edit(change);
        change->record = (struct dot){change->dot.actor, change->dot.number + 9};
        return "of a record that its author has not made yet";
    case 4:
        as_edit(change);
        change->record = (struct dot){0, 7};
        return "of a record of nobody";
    case 5:
        change->lamport = LIMIT_NUMBER + 1;
        return "a Lamport time out of bounds";
    case 6:
        change->wall_ms = INT64_MIN;
        return "a clock far in the past";
    case 7:
        change->wall_ms = INT64_MAX;
        return "a clock far in the future";
    case 8:
        change->reason = view_of("\xff\xfe", 2);
        return "a reason that is no text";
    case 9:
        change->reason = many(arena, LIMIT_REASON_BYTES + 1);
        return "a reason that is too long";
    case 10:
        as_edit(change);
        change->entry_count = 0;
        for (uint32_t i = 0; i < 3; i++) {
            struct entry *entries = more(arena, change, 7000);

            for (uint32_t k = 0; k < 7000; k++)
                entries[k] = (struct entry){.field = (uint16_t)(FIELD + i), .ordinal = k};
        }
        return "more answers than a change may have";
    case 11:
        as_edit(change);
        change->entry_count = 0;
        for (uint32_t i = 0; i < 9; i++)
            *more(arena, change, 1) = (struct entry){
                .field = (uint16_t)(FIELD + i),
                .value = {.type = VALUE_BYTES, .bytes = many(arena, LIMIT_VALUE_BYTES)}};
        return "more bytes than a change may have";
    default:
        return NULL;
    }
}

static const char *names(uint32_t way, struct arena *arena, struct change *change) {
    struct dot own = change->dot;
    struct entry *entries;

    switch (way) {
    case 0:
        entries = only(arena, change, 2);
        entries[0] = (struct entry){.instance = instance(5, 2), .field = FIELD};
        entries[1] = (struct entry){.instance = instance(5, 1), .field = FIELD};
        return "instances in the wrong order";
    case 1:
        entries = only(arena, change, 2);
        entries[0] = (struct entry){.instance = instance(5, 2), .field = FIELD + 1};
        entries[1] = (struct entry){.instance = instance(5, 2), .field = FIELD};
        return "one instance twice, its fields in the wrong order";
    case 2:
        entries = only(arena, change, 3);
        for (uint32_t i = 0; i < 3; i++)
            entries[i] = (struct entry){
                .instance = instance(5, 2), .field = FIELD, .value = number((int64_t)i)};
        return "one answer of an instance three times, each as the first";
    case 3:
        *only(arena, change, 1) =
            (struct entry){.instance = {{own.actor, own.number + 1}, 1}, .field = FIELD};
        return "an instance of the future";
    case 4:
        *only(arena, change, 1) = (struct entry){.instance = {own, 1}, .field = FIELD};
        return "an instance of its own that it does not add";
    case 5:
        *only(arena, change, 1) = (struct entry){.instance = {{0, 3}, 1}, .field = FIELD};
        return "an instance of nobody";
    case 6:
        as_edit(change);
        replace(arena, change, (struct dot){own.actor, 1}, own);
        return "replaces itself";
    case 7:
        as_edit(change);
        replace(arena, change, (struct dot){0xb2, 9}, (struct dot){0xb2, 8});
        return "replaces in the wrong order";
    case 8:
        as_edit(change);
        replace(arena, change, (struct dot){0xb2, 9}, (struct dot){0xb2, 9});
        return "replaces one thing twice";
    case 9:
        change->kind = CHANGE_CREATE;
        change->record = own;
        replace(arena, change, (struct dot){0xb2, 8}, (struct dot){0xb2, 9});
        return "a new record that replaces something";
    default:
        return NULL;
    }
}

static const char *answers(uint32_t way, struct arena *arena, struct change *change) {
    static const struct {
        const char *what;
        uint16_t field;
        uint8_t kind; /* 0: an edit */
        uint8_t rank;
        bool in_instance;
        struct value value;
    } odd[] = {
        {"a rank that is none", FIELD, 0, 5, false, {.type = VALUE_NULL}},
        {"a rank of 200", FIELD, 0, 200, false, {.type = VALUE_NULL}},
        {"a decimal of 40 places", FIELD, 0, 0, false, {.type = VALUE_DECIMAL, .scale = 40}},
        {"a text that is none",
         FIELD,
         0,
         0,
         false,
         {.type = VALUE_TEXT, .bytes = {(const uint8_t *)"\xc3\x28\xf0", 3}}},
        {"erased, and not by law", FIELD, 0, 0, false, {.type = VALUE_ERASED}},
        {"a move that writes answers", FIELD, CHANGE_MOVE, 0, false, {.type = VALUE_NULL}},
        {"an edit that writes the area", FIELD_AREA, 0, 0, false, {.type = VALUE_INT, .number = 9}},
        {"an area of an instance",
         FIELD_AREA,
         CHANGE_MOVE,
         0,
         true,
         {.type = VALUE_INT, .number = INT64_C(430621101000)}},
        {"no area", FIELD_AREA, CHANGE_MOVE, 0, false, {.type = VALUE_NULL}},
        {"an edit that removes",
         FIELD_EXISTS,
         0,
         0,
         true,
         {.type = VALUE_BYTES, .bytes = {(const uint8_t *)"\x02", 1}}},
        {"an edit that puts an instance back",
         FIELD_EXISTS,
         0,
         0,
         true,
         {.type = VALUE_INT, .number = 49}},
        {"an edit that says who is the same",
         FIELD_SAME,
         0,
         0,
         false,
         {.type = VALUE_TEXT, .bytes = {(const uint8_t *)"=00000000000000b2-4", 19}}},
        {"the same as nobody",
         FIELD_SAME,
         CHANGE_SAME,
         0,
         false,
         {.type = VALUE_TEXT, .bytes = {(const uint8_t *)"=me", 3}}},
        {"an edit that accepts",
         FIELD_ACCEPT,
         0,
         0,
         false,
         {.type = VALUE_BYTES, .bytes = {(const uint8_t *)"\x20", 1}}},
        {"a seal without a digest",
         FIELD_SEAL,
         CHANGE_SEAL,
         0,
         false,
         {.type = VALUE_BYTES, .bytes = {(const uint8_t *)"\x20", 1}}},
    };

    if (way >= sizeof(odd) / sizeof(odd[0]))
        return NULL;
    as_edit(change);
    if (odd[way].kind != 0)
        change->kind = odd[way].kind;
    *only(arena, change, 1) = (struct entry){
        .instance = odd[way].in_instance ? instance(5, 2) : (struct instance_id){.ordinal = 0},
        .field = odd[way].field,
        .rank = odd[way].rank,
        .value = odd[way].value,
    };
    return odd[way].what;
}

const char *insane_make(uint32_t way, struct arena *arena, struct change *change) {
    const char *what;

    change->insane = true;
    if (way < WAYS_WHOLE)
        return whole(way, arena, change);
    what = way < WAYS_WHOLE + WAYS_NAMES ? names(way - WAYS_WHOLE, arena, change) : NULL;
    return what != NULL ? what : answers(way - WAYS_WHOLE - WAYS_NAMES, arena, change);
}

void insane_frame(uint64_t actor, uint64_t form, uint64_t person, int64_t wall_ms,
                  struct arena *arena, struct frame *out) {
    struct version_id *versions = arena_array(arena, 2, sizeof(*versions));

    *out = (struct frame){.actor = actor,
                          .area = UINT64_C(430621101000),
                          .audience = 1,
                          .form = form,
                          .count = 5,
                          .changes = arena_array(arena, 5, sizeof(*out->changes))};
    assert(out->changes != NULL && versions != NULL);
    versions[0] = (struct version_id){{actor, 20}, 1};
    versions[1] = (struct version_id){{actor, 2}, 0};
    for (uint32_t i = 0; i < 5; i++) {
        struct change *change = &out->changes[i].change;
        struct entry *entries;

        *change = (struct change){.dot = {actor, 10 + i},
                                  .kind = i == 1 ? 0 : CHANGE_EDIT,
                                  .record = {0xb2, 3},
                                  .form = form,
                                  .person = person,
                                  .wall_ms = wall_ms,
                                  .lamport = 10 + i,
                                  .insane = i > 0 && i < 4};
        entries = only(arena, change, 3);
        for (uint32_t k = 0; k < 3; k++)
            entries[k] = (struct entry){.field = (uint16_t)(32 + k), .value = number(7 + k)};
        for (uint32_t k = 0; i == 2 && k < 3; k++)
            entries[k] = (struct entry){.instance = instance(7, 2),
                                        .field = k == 0 ? 33 : 32,
                                        .rank = 9,
                                        .value = number(k)};
        if (i == 3) {
            entries[0].replaces = versions;
            entries[0].replaces_count = 2;
        }
    }
}
