/* wire.c: see wire.h. */
#include "tests/support/wire.h"

#include "base/crypt.h"
#include "schema/limits.h"

#include <assert.h>
#include <stdlib.h>

#define ENTRIES_MAX 200u

static const uint64_t actors[] = {0x1111111111111111, 0x0123456789abcdef, 0x8000000000000001,
                                  0xffffffffffffffff};
static const char *const texts[] = {"",
                                    "甲",
                                    "王小明",
                                    "1",
                                    "-42",
                                    "007",
                                    "𠮷野家",
                                    "a b c",
                                    "湖南省岳阳县新墙镇",
                                    "9223372036854775807",
                                    "9223372036854775808"};

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

static bool writes_fields(uint8_t kind) {
    return kind == CHANGE_CREATE || kind == CHANGE_EDIT || kind == CHANGE_RESOLVE ||
           kind == CHANGE_AMEND;
}

static uint64_t some_number(struct chance *chance) {
    switch (chance_below(chance, 4)) {
    case 0:
        return 1 + chance_below(chance, 5);
    case 1:
        return LIMIT_NUMBER - chance_below(chance, 3);
    default:
        return 1 + chance_below(chance, 100000);
    }
}

/* A dot that the change may refer to. */
static struct dot some_dot(struct chance *chance, struct dot own) {
    struct dot dot = {.actor = actors[chance_below(chance, COUNT(actors))]};

    dot.number = some_number(chance);

    if (dot.actor == own.actor || (own.number > 1 && chance_percent(chance, 50))) {
        dot.actor = own.number > 1 ? own.actor : own.actor ^ 1;
        if (own.number > 1)
            dot.number = 1 + chance_next(chance) % (own.number - 1);
    }
    return dot;
}

static struct view some_bytes(struct chance *chance, struct arena *arena, uint32_t max) {
    uint32_t size = chance_below(chance, max + 1);
    uint8_t *bytes = arena_alloc(arena, size);

    assert(bytes != NULL);
    chance_bytes(chance, bytes, size);
    return view_of(bytes, size);
}

static int64_t some_integer(struct chance *chance) {
    switch (chance_below(chance, 6)) {
    case 0:
        return 0;
    case 1:
        return INT64_MIN + (int64_t)chance_below(chance, 2);
    case 2:
        return INT64_MAX - (int64_t)chance_below(chance, 2);
    case 3:
        return (int64_t)chance_next(chance);
    default:
        return (int64_t)chance_below(chance, 200) - 100;
    }
}

/* Mostly the type that goes with the field, sometimes another. */
static struct value some_value(struct chance *chance, uint16_t field, struct arena *arena) {
    struct value value = {.type = (uint8_t)(field % 6)};

    if (chance_percent(chance, 10))
        value.type = (uint8_t)chance_below(chance, 6);
    switch (value.type) {
    case VALUE_INT:
        value.number = field % 5 == 0 ? (int64_t)chance_below(chance, 3) : some_integer(chance);
        break;
    case VALUE_DECIMAL:
        value.scale = (uint8_t)chance_below(chance, 19);
        value.number = some_integer(chance);
        break;
    case VALUE_DATE:
        value.number = (int64_t)chance_below(chance, 30000) - 10000;
        break;
    case VALUE_TEXT:
        value.bytes = view_text(texts[chance_below(chance, COUNT(texts))]);
        break;
    case VALUE_BYTES:
        value.bytes = some_bytes(chance, arena, 40);
        break;
    default:
        break;
    }
    return value;
}

static int version_order(const void *left, const void *right) {
    const struct version_id *a = left, *b = right;

    return version_id_compare(*a, *b);
}

static void add_replaced(struct chance *chance, const struct change *change, struct arena *arena,
                         struct entry *entry) {
    uint32_t count = chance_percent(chance, 60) ? 1 : chance_below(chance, 5);
    struct version_id *replaces = arena_array(arena, count, sizeof(*replaces));
    uint32_t kept = 0;

    assert(replaces != NULL);
    for (uint32_t i = 0; i < count; i++) {
        replaces[i].dot =
            chance_percent(chance, 50) ? change->record : some_dot(chance, change->dot);
        replaces[i].ordinal = chance_percent(chance, 80) ? 0 : chance_below(chance, 5);
    }
    if (count > 0)
        qsort(replaces, count, sizeof(*replaces), version_order);
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || version_id_compare(replaces[kept - 1], replaces[i]) != 0)
            replaces[kept++] = replaces[i];
    }
    entry->replaces = replaces;
    entry->replaces_count = kept;
}

struct making {
    struct chance *chance;
    struct arena *arena;
    struct change *change;
    struct entry *entries;
};

static struct entry *add(struct making *making, struct instance_id instance, uint16_t field,
                         struct value value) {
    struct entry *entry = &making->entries[making->change->entry_count++];

    assert(making->change->entry_count <= ENTRIES_MAX);
    *entry = (struct entry){.instance = instance, .field = field, .value = value};
    if (chance_percent(making->chance, 20))
        entry->flags = ENTRY_KEEP;
    if (chance_percent(making->chance, 20))
        entry->rank = (uint8_t)chance_below(making->chance, 5);
    if (making->change->kind != CHANGE_CREATE && chance_percent(making->chance, 70))
        add_replaced(making->chance, making->change, making->arena, entry);
    return entry;
}

static struct value bytes_value(struct making *making, struct buf *bytes) {
    struct value value = {.type = VALUE_BYTES, .bytes = arena_view(making->arena, buf_view(bytes))};

    buf_release(bytes);
    return value;
}

static void add_fields(struct making *making, struct instance_id instance, uint16_t base) {
    uint16_t field = base;

    while (field < base + 14) {
        uint32_t times = chance_percent(making->chance, 10) ? 3 : 1;

        for (uint32_t i = 0; i < times && chance_percent(making->chance, 70); i++)
            add(making, instance, field, some_value(making->chance, field, making->arena));
        field++;
    }
}

static struct instance_id some_instance(struct making *making) {
    struct instance_id id = {.ordinal = 1 + chance_below(making->chance, 3)};

    id.dot = some_dot(making->chance, making->change->dot);
    return id;
}

/* Instances that the change adds, some inside of others. */
static void add_own(struct making *making) {
    uint32_t count = chance_below(making->chance, 5);
    struct instance_id id = {.dot = making->change->dot};

    for (uint32_t i = 0; i < count; i++) {
        uint16_t repeat = (uint16_t)(100 + 20 * chance_below(making->chance, 3));
        struct value exists = value_of_int(repeat);
        struct buf bytes;

        id.ordinal += chance_percent(making->chance, 90) ? 1 : 1000;
        if (chance_percent(making->chance, 40)) {
            struct place place = {.repeat = repeat, .parent = some_instance(making)};

            if (i > 0 && chance_percent(making->chance, 70))
                place.parent = (struct instance_id){
                    making->change->dot, 1 + chance_below(making->chance, id.ordinal - 1)};
            buf_init(&bytes, 100);
            place_encode(&place, &bytes);
            exists = bytes_value(making, &bytes);
        }
        add(making, id, FIELD_EXISTS, exists);
        if (chance_percent(making->chance, 80))
            add_fields(making, id, repeat);
    }
}

/* Sorted dots without doubles. */
static struct dot *some_dots(struct making *making, uint32_t *count) {
    struct dot *dots = arena_array(making->arena, 6, sizeof(*dots));
    uint32_t kept = 0;

    assert(dots != NULL);
    for (uint32_t i = 0; i < 6; i++)
        dots[i] = some_dot(making->chance, making->change->dot);
    qsort(dots, 6, sizeof(*dots), dot_order);
    for (uint32_t i = 0; i < 6; i++) {
        if (i == 0 || dot_compare(dots[kept - 1], dots[i]) != 0)
            dots[kept++] = dots[i];
    }
    *count = kept;
    return dots;
}

static void add_removal(struct making *making) {
    struct cover cover = {.repeat = 100};
    struct buf bytes;

    cover.dots = some_dots(making, &cover.count);
    if (chance_percent(making->chance, 50))
        cover.parent = some_instance(making);
    buf_init(&bytes, 1000);
    cover_encode(&cover, &bytes);
    add(making, some_instance(making), FIELD_EXISTS, bytes_value(making, &bytes));
}

static void add_seal(struct making *making) {
    struct seal seal = {0};
    struct buf bytes;

    chance_bytes(making->chance, seal.digest, sizeof(seal.digest));
    seal.dots = some_dots(making, &seal.count);
    buf_init(&bytes, 1000);
    seal_encode(&seal, &bytes);
    add(making, (struct instance_id){0}, (uint16_t)(FIELD_SEAL + chance_below(making->chance, 16)),
        bytes_value(making, &bytes));
}

static void add_acceptance(struct making *making) {
    struct version_id version = {.dot = some_dot(making->chance, making->change->dot)};
    struct acceptance acceptance = {.field = 40, .count = 1, .versions = &version};
    struct buf bytes;

    buf_init(&bytes, 1000);
    acceptance_encode(&acceptance, &bytes);
    add(making, (struct instance_id){0}, FIELD_ACCEPT, bytes_value(making, &bytes));
}

static void add_same(struct making *making) {
    char text[DOT_TEXT_BYTES];
    struct buf bytes;
    struct value value;

    dot_text(some_dot(making->chance, making->change->dot), text);
    buf_init(&bytes, 100);
    buf_addf(&bytes, "%c%s", chance_percent(making->chance, 50) ? '=' : '!', text);
    value = bytes_value(making, &bytes);
    value.type = VALUE_TEXT;
    add(making, (struct instance_id){0}, FIELD_SAME, value);
}

static void add_trimmings(struct chance *chance, struct arena *arena, struct change *out) {
    uint8_t(*evidence)[32] = arena_array(arena, 3, sizeof(*evidence));
    uint8_t(*under)[16] = arena_array(arena, 2, sizeof(*under));

    assert(evidence != NULL && under != NULL);
    if (chance_percent(chance, 25))
        out->reason = view_text(texts[1 + chance_below(chance, COUNT(texts) - 1)]);
    if (chance_percent(chance, 25)) {
        out->evidence_count = 1 + chance_below(chance, 3);
        chance_bytes(chance, evidence, out->evidence_count * sizeof(*evidence));
        out->evidence = (const uint8_t(*)[32])evidence;
    }
    if (chance_percent(chance, 25)) {
        out->under_count = 1 + chance_below(chance, 2);
        chance_bytes(chance, under, out->under_count * sizeof(*under));
        out->under = (const uint8_t(*)[16])under;
    }
    if (chance_percent(chance, 40)) {
        out->is_signed = true;
        chance_bytes(chance, out->signature, sizeof(out->signature));
    }
}

void wire_change(struct chance *chance, struct dot dot, uint64_t form, struct arena *arena,
                 struct change *out) {
    struct making making = {.chance = chance, .arena = arena, .change = out};
    struct err err;

    making.entries = arena_array(arena, ENTRIES_MAX, sizeof(*making.entries));
    assert(making.entries != NULL);
    memset(out, 0, sizeof(*out));
    out->dot = dot;
    out->kind = (uint8_t)(CHANGE_CREATE + chance_below(chance, CHANGE_SAME));
    out->record = out->kind == CHANGE_CREATE ? dot : some_dot(chance, dot);
    out->form = form;
    out->person = chance_percent(chance, 20) ? 0 : 0xabcdef0000000000u + chance_below(chance, 3);
    out->wall_ms = chance_percent(chance, 95)
                       ? 1763884800000 + (int64_t)(dot.number % 1000000) * 1000
                       : -(int64_t)LIMIT_NUMBER;
    out->lamport = chance_percent(chance, 90) ? dot.number : some_number(chance);
    out->entries = making.entries;
    if (out->kind == CHANGE_CREATE || out->kind == CHANGE_MOVE)
        add(&making, (struct instance_id){0}, FIELD_AREA, value_of_int(430621101000));
    if (writes_fields(out->kind)) {
        add_fields(&making, (struct instance_id){0}, 32);
        add_own(&making);
        for (uint32_t i = chance_below(chance, 3); i > 0; i--)
            add_fields(&making, some_instance(&making), 100);
    }
    if (out->kind == CHANGE_REMOVE)
        add_removal(&making);
    if (out->kind == CHANGE_SEAL)
        add_seal(&making);
    if (out->kind == CHANGE_ACCEPT)
        add_acceptance(&making);
    if (out->kind == CHANGE_SAME)
        add_same(&making);
    add_trimmings(chance, arena, out);
    change_sort(making.entries, out->entry_count);
    err_init(&err, LANG_EN);
    if (change_check(out, &err) != RC_OK) {
        (void)fprintf(stderr, "wire_change: %s\n", err.text);
        assert(false);
    }
}

void wire_erase(struct chance *chance, struct arena *arena, struct change *change) {
    struct entry *entries =
        arena_copy(arena, change->entries, change->entry_count * sizeof(*entries));

    assert(entries != NULL);
    for (uint32_t i = 0; i < change->entry_count; i++)
        if (entries[i].field >= FIELD_FIRST_OF_FORM && chance_percent(chance, 60))
            entries[i].value = (struct value){.type = VALUE_ERASED};
    change->entries = entries;
    change->erased = true;
    change->is_signed = false;
    change->reason = (struct view){0};
    change->evidence_count = 0;
}

void wire_frame(struct chance *chance, uint32_t max, struct arena *arena, struct frame *out) {
    struct dot dot = {actors[1], some_number(chance)};
    bool gaps = chance_percent(chance, 25), erased = chance_percent(chance, 25);

    out->actor = dot.actor;
    out->area = chance_percent(chance, 50) ? 430621101000 : 430621101207;
    out->audience = (uint8_t)(1 + chance_below(chance, 3));
    out->form = 0x5555555500000000u + chance_below(chance, 9);
    out->count = 1 + chance_below(chance, max);
    out->changes = arena_array(arena, out->count, sizeof(*out->changes));
    assert(out->changes != NULL);
    if (dot.number > LIMIT_NUMBER - 100 * (uint64_t)out->count)
        dot.number = LIMIT_NUMBER - 100 * (uint64_t)out->count;
    for (uint32_t i = 0; i < out->count; i++) {
        struct frame_change *change = &out->changes[i];

        wire_change(chance, dot, out->form, arena, &change->change);
        if (erased && chance_percent(chance, 30)) {
            wire_erase(chance, arena, &change->change);
            chance_bytes(chance, change->leaf, sizeof(change->leaf));
        }
        chance_bytes(chance, change->salt, sizeof(change->salt));
        dot.number += 1 + (gaps ? chance_below(chance, 90) : 0);
    }
}

void wire_secret(void *context, uint64_t run, uint8_t secret[16]) {
    uint8_t hash[CRYPT_HASH_BYTES], bytes[8];

    (void)context;
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(run >> (8 * i));
    crypt_hash("test secret", view_of(bytes, sizeof(bytes)), hash);
    memcpy(secret, hash, 16);
}

enum rc wire_leaves(struct frame *frame, struct err *err) {
    struct buf canonical;
    enum rc rc = RC_OK;

    buf_init(&canonical, LIMIT_CHANGE_BYTES);
    for (uint32_t i = 0; i < frame->count && rc == RC_OK; i++) {
        struct frame_change *change = &frame->changes[i];
        uint8_t secret[16];

        if (change->change.erased)
            continue;
        wire_secret(NULL, change->change.dot.number / 64, secret);
        chain_salt(secret, change->change.dot.number, change->salt);
        buf_clear(&canonical);
        rc = change_encode(&change->change, &canonical, err);
        if (rc == RC_OK)
            chain_leaf(change->salt, buf_view(&canonical), change->leaf);
    }
    buf_release(&canonical);
    return rc;
}

int wire_kit_start(void **state) {
    struct wire_kit *kit = calloc(1, sizeof(*kit));

    if (kit == NULL)
        return -1;
    *state = kit;
    err_init(&kit->err, LANG_EN);
    arena_init(&kit->arena, 256u << 20);
    buf_init(&kit->out, 16u << 20);
    if (crypt_start(&kit->err) != RC_OK ||
        zip_deflater_new(ZIP_LEVEL_DEFAULT, &kit->deflater, &kit->err) != RC_OK ||
        zip_inflater_new(&kit->inflater, &kit->err) != RC_OK)
        return -1;
    return 0;
}

int wire_kit_stop(void **state) {
    struct wire_kit *kit = *state;

    zip_deflater_free(kit->deflater);
    zip_inflater_free(kit->inflater);
    arena_release(&kit->arena);
    buf_release(&kit->out);
    free(kit);
    return 0;
}

static int64_t world_wall_ms(void *context) {
    const struct wire_world *world = context;

    return world->wall_ms;
}

static void world_entropy(void *context, void *bytes, size_t size) {
    struct wire_world *world = context;

    chance_bytes(&world->chance, bytes, size);
}

struct env wire_env(struct wire_world *world) {
    return (struct env){.context = world,
                        .wall_ms = world_wall_ms,
                        .monotonic_ms = world_wall_ms,
                        .entropy = world_entropy};
}
