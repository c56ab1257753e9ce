/* test_vectors.c: docs/vectors.json, against which other implementations test themselves, says what
 * this one does.
 *
 *     test_vectors            compares
 *     test_vectors --write    writes docs/vectors.json anew, after a change of the protocol */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/crypt.h"
#include "base/text.h"
#include "schema/erasure.h"
#include "schema/limits.h"
#include "schema/merge.h"
#include "schema/wire/exchange.h"
#include "schema/wire/word.h"
#include "tests/support/insane.h"
#include "tests/support/told.h"
#include "tests/support/wire.h"

#include <inttypes.h>

#define PATH     "docs/vectors.json"
#define NOW      INT64_C(1763884800000)
#define TOWNSHIP UINT64_C(430621101000)
#define FORM     UINT64_C(0x0f0f0f0f01020304)
#define OTHER    UINT64_C(0x8899aabbccddeeff) /* another actor */
#define SURVEYS  96u
#define CODE     "4F7QM-2ZX9K-B3RTW-8YHCD-6NVEP-G"

struct vectors {
    struct buf json;
    struct arena arena;
    struct err err;
    struct env env;
    uint8_t county_sign[64], county_public[32], county_box[32], county_box_public[32];
    uint8_t device_sign[64], device_public[32], vault[32], vault_public[32];
    uint8_t person_sign[64], person_public[32];
    uint8_t incarnation[16], salt_secret[16];
    uint64_t actor, person;
    struct frame frame; /* one change of each kind */
    uint8_t chain[32];  /* behind them */
    struct buf encoded;
};

static void require(struct vectors *vectors, enum rc rc) {
    if (rc != RC_OK)
        fail_msg("%s", vectors->err.text);
}

/* ---- JSON ---- */

static void add(struct vectors *vectors, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct vectors *vectors, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    buf_addv(&vectors->json, format, arguments);
    va_end(arguments);
}

static void add_hex(struct vectors *vectors, const char *name, struct view bytes,
                    const char *behind) {
    char *text = arena_alloc(&vectors->arena, bytes.size * 2 + 1);

    assert_non_null(text);
    hex_encode(bytes, text);
    add(vectors, "\"%s\": \"%s\"%s", name, text, behind);
}

static void add_fixed(struct vectors *vectors, const char *name, const uint8_t *bytes, size_t size,
                      const char *behind) {
    add_hex(vectors, name, view_of(bytes, size), behind);
}

static void add_dot(struct vectors *vectors, const char *name, struct dot dot, const char *behind) {
    char text[DOT_TEXT_BYTES];

    dot_text(dot, text);
    add(vectors, "\"%s\": \"%s\"%s", name, text, behind);
}

/* ---- words ---- */

static void add_words(struct vectors *vectors) {
    static const uint64_t numbers[] = {0, 1, 127, 128, 300, 16383, 16384, LIMIT_NUMBER, UINT64_MAX};
    static const int64_t signeds[] = {0, -1, 1, -2, 63, 64, -65, INT64_MIN, INT64_MAX};
    static const uint64_t areas[] = {430000000000, 430600000000, 430621000000, TOWNSHIP,
                                     430621101207};
    uint8_t bytes[VARINT_BYTES_MAX], hash[32];

    add(vectors, "\"varints\": [");
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        add(vectors, "%s{\"value\": \"%" PRIu64 "\", ", i == 0 ? "" : ", ", numbers[i]);
        add_fixed(vectors, "bytes", bytes, varint_put(bytes, numbers[i]), "}");
    }
    add(vectors, "],\n\"signed\": [");
    for (size_t i = 0; i < sizeof(signeds) / sizeof(signeds[0]); i++) {
        add(vectors, "%s{\"value\": \"%" PRId64 "\", ", i == 0 ? "" : ", ", signeds[i]);
        add_fixed(vectors, "bytes", bytes, varint_put(bytes, zigzag_fold(signeds[i])), "}");
    }
    add(vectors, "],\n\"areas\": [");
    for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
        struct buf word;

        buf_init(&word, 20);
        word_add_area(&word, areas[i], 1);
        add(vectors, "%s{\"area\": \"%" PRIu64 "\", \"audience\": 1, ", i == 0 ? "" : ", ",
            areas[i]);
        add_hex(vectors, "bytes", buf_view(&word), "}");
        buf_release(&word);
    }
    crypt_hash("yg test", view_text("阳光"), hash);
    add(vectors, "],\n\"hash\": {\"tag\": \"yg test\", \"data\": \"阳光\", ");
    add_fixed(vectors, "hash", hash, 32, ", ");
    crypt_mac(hash, "yg test", view_text("阳光"), hash);
    add_fixed(vectors, "mac_with_that_hash_as_key", hash, 32, "},\n");
}

/* ---- keys ---- */

static void sign_key(uint8_t fill, uint8_t public_key[32], uint8_t secret[64]) {
    uint8_t seed[32];

    memset(seed, fill, sizeof(seed));
    crypt_sign_keypair(seed, public_key, secret);
}

static void box_key(uint8_t fill, uint8_t public_key[32], uint8_t secret[32]) {
    uint8_t seed[32];

    memset(seed, fill, sizeof(seed));
    crypt_box_keypair(seed, public_key, secret);
}

static void make_keys(struct vectors *vectors) {
    sign_key(0x11, vectors->county_public, vectors->county_sign);
    box_key(0x22, vectors->county_box_public, vectors->county_box);
    sign_key(0x33, vectors->device_public, vectors->device_sign);
    box_key(0x44, vectors->vault_public, vectors->vault);
    sign_key(0x55, vectors->person_public, vectors->person_sign);
    memset(vectors->incarnation, 0x66, sizeof(vectors->incarnation));
    memset(vectors->salt_secret, 0x99, sizeof(vectors->salt_secret));
    vectors->actor = batch_actor(vectors->device_public, vectors->incarnation);
    vectors->person = id_of_person(vectors->person_public);
}

static void add_keys(struct vectors *vectors) {
    add(vectors, "\"keys\": {\n");
    add_fixed(vectors, "county_sign_seed", vectors->county_sign, 32, ", ");
    add_fixed(vectors, "county_sign_public", vectors->county_public, 32, ",\n");
    add_fixed(vectors, "county_box_secret", vectors->county_box, 32, ", ");
    add_fixed(vectors, "county_box_public", vectors->county_box_public, 32, ",\n");
    add_fixed(vectors, "device_sign_seed", vectors->device_sign, 32, ", ");
    add_fixed(vectors, "device_sign_public", vectors->device_public, 32, ",\n");
    add_fixed(vectors, "vault_secret", vectors->vault, 32, ", ");
    add_fixed(vectors, "vault_public", vectors->vault_public, 32, ",\n");
    add_fixed(vectors, "person_sign_seed", vectors->person_sign, 32, ", ");
    add_fixed(vectors, "person_sign_public", vectors->person_public, 32, ",\n");
    add_fixed(vectors, "incarnation_nonce", vectors->incarnation, 16, ",\n");
    add(vectors,
        "\"county\": \"%08" PRIx32 "\", \"device\": \"%016" PRIx64 "\", \"actor\": \"%016" PRIx64
        "\", \"person\": \"%016" PRIx64 "\"},\n",
        batch_county(vectors->county_public), batch_device(vectors->device_public), vectors->actor,
        vectors->person);
}

/* ---- changes ---- */

static struct entry *entries_of(struct vectors *vectors, struct change *change, uint32_t count) {
    struct entry *entries = arena_array(&vectors->arena, count, sizeof(*entries));

    assert_non_null(entries);
    change->entries = entries;
    change->entry_count = count;
    return entries;
}

static struct view copied(struct vectors *vectors, struct buf *bytes) {
    struct view view = arena_view(&vectors->arena, buf_view(bytes));

    buf_clear(bytes);
    return view;
}

static const struct version_id *replaced(struct vectors *vectors, struct dot dot,
                                         uint32_t ordinal) {
    struct version_id *version = arena_array(&vectors->arena, 1, sizeof(*version));

    assert_non_null(version);
    *version = (struct version_id){dot, ordinal};
    return version;
}

static void sign(struct vectors *vectors, struct change *change) {
    uint8_t hash[32];

    require(vectors, change_signed_hash(change, hash, &vectors->err));
    crypt_sign(vectors->person_sign, view_of(hash, 32), change->signature);
    change->is_signed = true;
}

static void make_create(struct vectors *vectors, struct change *change) {
    struct entry *entry = entries_of(vectors, change, 12);
    struct instance_id first = {change->dot, 1}, second = {change->dot, 2};
    struct place place = {.repeat = 60, .parent = first};
    struct buf bytes;

    change->kind = CHANGE_CREATE;
    change->record = change->dot;
    buf_init(&bytes, 1000);
    place_encode(&place, &bytes);
    entry[0] = (struct entry){.field = FIELD_AREA, .value = value_of_int((int64_t)TOWNSHIP)};
    entry[1] = (struct entry){.field = 32, .value = value_of_text(view_text("王小明"))};
    entry[2] =
        (struct entry){.field = 33, .value = value_of_text(view_text("𠮷")), .flags = ENTRY_KEEP};
    entry[3] = (struct entry){.field = 34, .value = value_of_int(-5), .rank = 4};
    entry[4] =
        (struct entry){.field = 35, .value = {.type = VALUE_DECIMAL, .scale = 2, .number = 150}};
    entry[5] = (struct entry){.field = 36, .value = {.type = VALUE_DATE, .number = 20415}};
    entry[6] = (struct entry){.field = 37, .value = {.type = VALUE_NULL}};
    entry[7] = (struct entry){.field = 38, .value = value_of_int(1)};
    entry[8] = (struct entry){.field = 38, .value = value_of_int(3)}; /* a set of two */
    entry[9] = (struct entry){.instance = first, .field = FIELD_EXISTS, .value = value_of_int(50)};
    entry[10] = (struct entry){
        .instance = first, .field = 51, .value = value_of_text(view_text("430699199001011234"))};
    entry[11] = (struct entry){.instance = second,
                               .field = FIELD_EXISTS,
                               .value = {.type = VALUE_BYTES, .bytes = copied(vectors, &bytes)}};
    change_sort(entry, change->entry_count);
    buf_release(&bytes);
}

static void make_edit(struct vectors *vectors, struct change *change, struct dot record) {
    struct entry *entry = entries_of(vectors, change, 3);

    change->kind = CHANGE_EDIT;
    change->record = record;
    entry[0] = (struct entry){.field = 32,
                              .value = value_of_text(view_text("王晓明")),
                              .replaces_count = 1,
                              .replaces = replaced(vectors, record, 0)};
    entry[1] = (struct entry){.field = 38,
                              .value = value_of_int(2),
                              .replaces_count = 1,
                              .replaces = replaced(vectors, record, 1)};
    entry[2] = (struct entry){.instance = {record, 1},
                              .field = 51,
                              .value = value_of_text(view_text("430699199001011226")),
                              .replaces_count = 1,
                              .replaces = replaced(vectors, record, 0)};
    change_sort(entry, change->entry_count);
}

static void make_remove(struct vectors *vectors, struct change *change, struct dot record) {
    struct dot dots[2] = {record, {vectors->actor, 2}};
    struct cover cover = {.repeat = 50, .count = 2, .dots = dots};
    struct entry *entry = entries_of(vectors, change, 1);
    struct buf bytes;

    change->kind = CHANGE_REMOVE;
    change->record = record;
    buf_init(&bytes, 1000);
    cover_encode(&cover, &bytes);
    entry[0] = (struct entry){.instance = {record, 1},
                              .field = FIELD_EXISTS,
                              .value = {.type = VALUE_BYTES, .bytes = copied(vectors, &bytes)},
                              .replaces_count = 1,
                              .replaces = replaced(vectors, record, 0)};
    buf_release(&bytes);
}

static void make_resolve(struct vectors *vectors, struct change *change, struct dot record) {
    struct version_id *both = arena_array(&vectors->arena, 2, sizeof(*both));
    struct entry *entry = entries_of(vectors, change, 1);

    assert_non_null(both);
    both[0] = (struct version_id){{vectors->actor, 2}, 0};
    both[1] = (struct version_id){{OTHER, 7}, 0};
    if (version_id_compare(both[0], both[1]) > 0) {
        struct version_id swap = both[0];

        both[0] = both[1];
        both[1] = swap;
    }
    change->kind = CHANGE_RESOLVE;
    change->record = record;
    change->reason = view_text("以身份证为准");
    entry[0] = (struct entry){.field = 32,
                              .value = value_of_text(view_text("王晓明")),
                              .replaces_count = 2,
                              .replaces = both};
    sign(vectors, change);
}

static void make_seal(struct vectors *vectors, struct change *change, struct dot record) {
    struct dot dots[1] = {record};
    struct seal seal = {.count = 1, .dots = dots};
    struct entry *entry = entries_of(vectors, change, 1);
    struct buf bytes;

    change->kind = CHANGE_SEAL;
    change->record = record;
    memset(seal.digest, 0xab, sizeof(seal.digest));
    buf_init(&bytes, 1000);
    seal_encode(&seal, &bytes);
    entry[0] = (struct entry){.field = FIELD_SEAL,
                              .value = {.type = VALUE_BYTES, .bytes = copied(vectors, &bytes)}};
    buf_release(&bytes);
    sign(vectors, change);
}

static void make_amend(struct vectors *vectors, struct change *change, struct dot record) {
    uint8_t(*under)[16] = arena_array(&vectors->arena, 1, sizeof(*under));
    uint8_t(*evidence)[32] = arena_array(&vectors->arena, 1, sizeof(*evidence));
    struct entry *entry = entries_of(vectors, change, 1);

    assert_true(under != NULL && evidence != NULL);
    memset(under, 0xab, sizeof(*under));
    memset(evidence, 0xcd, sizeof(*evidence));
    change->kind = CHANGE_AMEND;
    change->record = record;
    change->reason = view_text("补充医院证明");
    change->under = (const uint8_t(*)[16])under;
    change->under_count = 1;
    change->evidence = (const uint8_t(*)[32])evidence;
    change->evidence_count = 1;
    entry[0] = (struct entry){.field = 34,
                              .value = value_of_int(-4),
                              .flags = ENTRY_KEEP,
                              .rank = 4,
                              .replaces_count = 1,
                              .replaces = replaced(vectors, record, 0)};
    sign(vectors, change);
}

static void make_small(struct vectors *vectors, struct change *change, uint8_t kind,
                       struct dot record, uint16_t field, struct value value) {
    struct entry *entry = entries_of(vectors, change, 1);

    change->kind = kind;
    change->record = record;
    entry[0] = (struct entry){.field = field, .value = value};
    if (field == FIELD_AREA) {
        entry[0].replaces = replaced(vectors, record, 0);
        entry[0].replaces_count = 1;
    }
}

static void make_changes(struct vectors *vectors) {
    struct dot record = {vectors->actor, 1};
    struct version_id seen = {record, 0};
    struct acceptance acceptance = {.field = 34, .count = 1, .versions = &seen};
    struct buf bytes;
    struct change *change;

    vectors->frame = (struct frame){
        .actor = vectors->actor, .area = TOWNSHIP, .audience = 1, .form = FORM, .count = 9};
    vectors->frame.changes = arena_array(&vectors->arena, 9, sizeof(struct frame_change));
    assert_non_null(vectors->frame.changes);
    for (uint32_t i = 0; i < 9; i++) {
        change = &vectors->frame.changes[i].change;
        change->dot = (struct dot){vectors->actor, 1 + i};
        change->form = FORM;
        change->person = vectors->person;
        change->wall_ms = NOW + 60000 * (int64_t)i;
        change->lamport = 1 + i + (i > 4 ? 3 : 0);
    }
    change = NULL;
    make_create(vectors, &vectors->frame.changes[0].change);
    make_edit(vectors, &vectors->frame.changes[1].change, record);
    make_remove(vectors, &vectors->frame.changes[2].change, record);
    make_resolve(vectors, &vectors->frame.changes[3].change, record);
    make_seal(vectors, &vectors->frame.changes[4].change, record);
    make_amend(vectors, &vectors->frame.changes[5].change, record);
    make_small(vectors, &vectors->frame.changes[6].change, CHANGE_MOVE, record, FIELD_AREA,
               value_of_int(430621102000));
    buf_init(&bytes, 1000);
    acceptance_encode(&acceptance, &bytes);
    make_small(vectors, &vectors->frame.changes[7].change, CHANGE_ACCEPT, record, FIELD_ACCEPT,
               (struct value){.type = VALUE_BYTES, .bytes = copied(vectors, &bytes)});
    make_small(vectors, &vectors->frame.changes[8].change, CHANGE_SAME, (struct dot){OTHER, 7},
               FIELD_SAME, value_of_text(view_text("=8899aabbccddeeff-3")));
    buf_release(&bytes);
}

static void add_value(struct vectors *vectors, const struct value *value) {
    static const char *const names[] = {"null", "int", "decimal", "date", "text", "bytes"};

    add(vectors, "\"type\": \"%s\"", names[value->type]);
    if (value->type == VALUE_DECIMAL)
        add(vectors, ", \"scale\": %u", value->scale);
    if (value->type >= VALUE_INT && value->type <= VALUE_DATE)
        add(vectors, ", \"number\": %" PRId64, value->number);
    else if (value->type == VALUE_TEXT)
        add(vectors, ", \"text\": \"%.*s\"", VIEW_PRINT(value->bytes));
    else if (value->type == VALUE_BYTES) {
        add(vectors, ", ");
        add_hex(vectors, "bytes", value->bytes, "");
    }
}

static void add_entry(struct vectors *vectors, const struct entry *entry) {
    char text[INSTANCE_TEXT_BYTES];

    add(vectors, "  {");
    if (!instance_is_root(entry->instance)) {
        instance_text(entry->instance, text);
        add(vectors, "\"instance\": \"%s\", ", text);
    }
    add(vectors, "\"field\": %u, ", entry->field);
    if (entry->flags != 0)
        add(vectors, "\"keep\": true, ");
    if (entry->rank != 0)
        add(vectors, "\"rank\": %u, ", entry->rank);
    if (entry->ordinal != 0)
        add(vectors, "\"ordinal\": %u, ", entry->ordinal);
    for (uint32_t i = 0; i < entry->replaces_count; i++) {
        version_text(entry->replaces[i], text);
        add(vectors, "%s\"%s\"", i == 0 ? "\"replaces\": [" : ", ", text);
    }
    if (entry->replaces_count > 0)
        add(vectors, "], ");
    add_value(vectors, &entry->value);
    add(vectors, "}");
}

static void add_change(struct vectors *vectors, struct frame_change *framed, bool whole) {
    const struct change *change = &framed->change;
    struct buf canonical;

    buf_init(&canonical, LIMIT_CHANGE_BYTES);
    require(vectors, change_encode_raw(change, &canonical, &vectors->err));
    assert_int_equal(change_check(change, &vectors->err) != RC_OK, change->insane);
    err_clear(&vectors->err);
    chain_salt(vectors->salt_secret, change->dot.number, framed->salt);
    chain_leaf(framed->salt, buf_view(&canonical), framed->leaf);
    chain_next(vectors->chain, framed->leaf, vectors->chain);
    if (whole) {
        add_dot(vectors, "dot", change->dot, ", ");
        add(vectors, "\"kind\": %u, ", change->kind);
        add_dot(vectors, "record", change->record, ", ");
        add(vectors, "\"form\": \"%016" PRIx64 "\", \"person\": \"%016" PRIx64 "\", ", change->form,
            change->person);
        add(vectors, "\"wall_ms\": %" PRId64 ", \"lamport\": %" PRIu64 ", \"reason\": \"%.*s\",\n",
            change->wall_ms, change->lamport, VIEW_PRINT(change->reason));
        if (change->evidence_count > 0)
            add_fixed(vectors, "evidence", change->evidence[0], 32, ", ");
        if (change->under_count > 0)
            add_fixed(vectors, "under", change->under[0], 16, ", ");
        if (change->is_signed)
            add_fixed(vectors, "signature", change->signature, 64, ",\n");
        add(vectors, " \"entries\": [\n");
        for (uint32_t i = 0; i < change->entry_count; i++) {
            add_entry(vectors, &change->entries[i]);
            add(vectors, i + 1 < change->entry_count ? ",\n" : "],\n");
        }
        add_hex(vectors, "canonical", buf_view(&canonical), ",\n");
        add_fixed(vectors, "salt", framed->salt, 16, ", ");
    }
    add_fixed(vectors, "leaf", framed->leaf, 32, ",\n");
    add_fixed(vectors, "chain", vectors->chain, 32, "");
    buf_release(&canonical);
}

static void same_secret(void *context, uint64_t run, uint8_t secret[16]) {
    (void)run;
    memcpy(secret, context, 16);
}

static void encode_frame(struct vectors *vectors, const struct frame *frame, bool salts) {
    struct zip_deflater *deflater = NULL;

    require(vectors, zip_deflater_new(ZIP_LEVEL_DEFAULT, &deflater, &vectors->err));
    buf_clear(&vectors->encoded);
    require(vectors, frame_encode(frame, salts ? NULL : same_secret, vectors->salt_secret, deflater,
                                  &vectors->encoded, &vectors->err));
    zip_deflater_free(deflater);
}

/* As an erasure of every answer would. */
static void vectors_erase(struct vectors *vectors, struct change *change) {
    struct dot dot = change->dot;
    struct erasure erasure = {.dot_count = 1, .dots = &dot};
    bool done;

    require(vectors, erasure_apply(&erasure, NULL, change, &vectors->arena, &done, &vectors->err));
}

static void add_changes(struct vectors *vectors) {
    struct frame erased = vectors->frame;

    add_fixed(vectors, "salt_secret", vectors->salt_secret, 16, ",\n");
    chain_start(vectors->actor, vectors->chain);
    add_fixed(vectors, "chain_start", vectors->chain, 32, ",\n");
    add(vectors, "\"changes\": [\n");
    for (uint32_t i = 0; i < vectors->frame.count; i++) {
        add(vectors, "{");
        add_change(vectors, &vectors->frame.changes[i], true);
        add(vectors, i + 1 < vectors->frame.count ? "},\n" : "}],\n");
    }
    encode_frame(vectors, &vectors->frame, false);
    add(vectors, "\"frame\": {\"note\": \"the changes above, salts by runs\", ");
    add_hex(vectors, "bytes", buf_view(&vectors->encoded), "},\n");
    erased.changes =
        arena_copy(&vectors->arena, vectors->frame.changes, 9 * sizeof(*erased.changes));
    assert_non_null(erased.changes);
    vectors_erase(vectors, &erased.changes[1].change);
    erased.changes[4] = erased.changes[8];
    erased.count = 5;
    encode_frame(vectors, &erased, true);
    add(vectors, "\"frame_cut\": {\"note\": \"changes 1, 2 (erased), 3, 4 and 9 of them, salts one "
                 "by one\", ");
    add_hex(vectors, "bytes", buf_view(&vectors->encoded), "},\n");
    encode_frame(vectors, &vectors->frame, false);
}

/* One more frame, chained behind the changes above; the first `whole` changes with their content.
 */
static void add_frame(struct vectors *vectors, const char *name, const char *note,
                      const struct frame *frame, uint32_t whole) {
    uint8_t behind[32];
    struct view kept = arena_view(&vectors->arena, buf_view(&vectors->encoded));

    memcpy(behind, vectors->chain, sizeof(behind));
    add(vectors, "\"%s\": {\"note\": \"%s; chained behind the changes above\",\n", name, note);
    encode_frame(vectors, frame, false);
    add_hex(vectors, "bytes", buf_view(&vectors->encoded), ",\n");
    add(vectors, "\"changes\": [\n");
    for (uint32_t i = 0; i < frame->count; i++) {
        add(vectors, "{");
        add_change(vectors, &frame->changes[i], i < whole);
        add(vectors, i + 1 < frame->count ? "},\n" : "}]},\n");
    }
    memcpy(vectors->chain, behind, sizeof(behind));
    buf_clear(&vectors->encoded);
    buf_add_view(&vectors->encoded, kept);
}

static struct frame frame_of(struct vectors *vectors, uint32_t count) {
    struct frame frame = vectors->frame;

    frame.count = count;
    frame.changes = arena_array(&vectors->arena, count, sizeof(*frame.changes));
    assert_non_null(frame.changes);
    return frame;
}

/* A frame large enough to use lanes, tables and the other codings. */
static void add_surveys(struct vectors *vectors) {
    struct chance chance = {.state = 2026};
    struct frame frame = frame_of(vectors, SURVEYS);
    int64_t wall_ms = NOW;

    for (uint32_t i = 0; i < SURVEYS; i++)
        survey_make(&chance, (struct dot){vectors->actor, 10 + i}, FORM, vectors->person, &wall_ms,
                    &vectors->arena, &frame.changes[i].change);
    add_frame(vectors, "surveys", "96 creates, numbers from 10", &frame, 1);
}

/* ---- batch, exchange ---- */

static struct view make_batch(struct vectors *vectors) {
    struct view frames[1] = {buf_view(&vectors->encoded)};
    struct batch batch = {.introduces = true,
                          .epoch = 1,
                          .scope_serial = 1,
                          .wall_ms = NOW + 600000,
                          .frame_count = 1,
                          .frames = frames};
    struct buf out;
    struct view view;

    batch.outer = (struct batch_outer){batch_county(vectors->county_public), vectors->actor, 1,
                                       vectors->frame.count};
    batch.device = batch_device(vectors->device_public);
    memcpy(batch.nonce, vectors->incarnation, 16);
    chain_start(vectors->actor, batch.previous);
    buf_init(&out, 1u << 20);
    require(vectors, batch_write(&batch, vectors->chain, vectors->device_sign,
                                 vectors->county_box_public, &vectors->env, &out, &vectors->err));
    view = copied(vectors, &out);
    buf_release(&out);
    add(vectors,
        "\"batch\": {\"note\": \"of the frame; ephemeral secret: 32 bytes of 77\", "
        "\"epoch\": 1, \"scope_serial\": 1, \"wall_ms\": %" PRId64 ", ",
        batch.wall_ms);
    add_fixed(vectors, "previous", batch.previous, 32, ", ");
    add_fixed(vectors, "last_hash", vectors->chain, 32, ",\n");
    add_hex(vectors, "bytes", view, "},\n");
    return view;
}

static void add_up(struct vectors *vectors, struct view batch) {
    struct cursor cursors[2] = {{TOWNSHIP, 1, 300, {1, 2, 3, 4, 5, 6, 7, 8}},
                                {430621101207, 1, 0, {0}}};
    struct hello_person person = {{0}, {0}};
    struct hello hello = {.device = batch_device(vectors->device_public),
                          .actor = vectors->actor,
                          .epoch = 1,
                          .scope_serial = 2,
                          .scope_confirm = 2,
                          .scope_at = 5,
                          .form_position = 3,
                          .wall_ms = NOW + 600000,
                          .own_last = vectors->frame.count,
                          .person_count = 1,
                          .persons = &person,
                          .cursor_count = 2,
                          .cursors = cursors};
    struct buf out;

    memset(hello.nonce, 0x88, sizeof(hello.nonce));
    memcpy(person.sign_public, vectors->person_public, 32);
    person.name = view_text("张三");
    buf_init(&out, 1u << 20);
    exchange_start(&out);
    require(vectors, exchange_add_hello(&out, &hello, vectors->device_sign, &vectors->err));
    exchange_add_part(&out, PART_PROGRAM, view_text("yg-agent 0.1.0"));
    exchange_add_batch(&out, batch);
    add(vectors,
        "\"request\": {\"note\": \"HELLO, PROGRAM and the batch\", \"program\": \"yg-agent "
        "0.1.0\", \"epoch\": 1, \"scope_serial\": 2, "
        "\"scope_confirm\": 2, \"scope_at\": 5, \"form_position\": 3, \"wall_ms\": %" PRId64
        ", \"own_last\": %" PRIu64 ", \"nonce\": \"16 bytes of 88\", \"persons\": [{\"name\": "
        "\"张三\"}], \"cursors\": [{\"area\": \"430621101000\", \"audience\": 1, \"position\": "
        "300, \"digest\": \"0102030405060708\"}, {\"area\": \"430621101207\", \"audience\": 1, "
        "\"position\": 0}],\n",
        hello.wall_ms, hello.own_last);
    add_hex(vectors, "bytes", buf_view(&out), "},\n");
    buf_release(&out);
}

static void add_told(struct vectors *vectors) {
    struct hello hello = {.device = batch_device(vectors->device_public), .actor = vectors->actor};
    struct buf out;
    uint64_t name;

    hello.scope_serial = hello.scope_confirm = 2;
    hello.own_last = 12;
    memset(hello.nonce, 0x88, sizeof(hello.nonce));
    buf_init(&out, 1u << 20);
    require(vectors, told_hello(&hello, &vectors->frame, OTHER, vectors->device_sign, &out, &name,
                                &vectors->err));
    add(vectors,
        "\"told\": {\"former_epoch\": %u, \"name\": \"%016" PRIx64 "\", \"epoch\": %u, "
        "\"scope_serial\": 2, \"wall_ms\": 0, \"own_last\": 12, \"other\": \"%016" PRIx64 "\",\n",
        TOLD_FORMER_EPOCH, name, TOLD_EPOCH, OTHER);
    add_hex(vectors, "bytes", buf_view(&out), "},\n");
    buf_release(&out);
}

/* The entries of one feed, chained from its beginning. */
/* The record of change 1, erased but for its area: as it had entered, and the act itself. */
static void add_erased(struct vectors *vectors, uint8_t chain[32], struct buf *out) {
    const struct change *create = &vectors->frame.changes[0].change;
    struct erasure erasure = {.at_ms = NOW + 900000,
                              .who = view_text("李四"),
                              .reason = view_text("本人申请删除"),
                              .dot_count = 1,
                              .dots = &create->dot};
    struct admission admission = {.time_ms = create->wall_ms};
    struct feed_entry entry = {.area = TOWNSHIP,
                               .audience = 1,
                               .position = 3,
                               .kind = FEED_ENTER,
                               .received_ms = NOW + 850000};
    uint8_t salt[FEED_SALT_BYTES], entered[32], digest[32];
    struct buf act, packed, content;
    struct record state;

    memset(salt, 0x33, sizeof(salt));
    buf_init(&act, 4096);
    buf_init(&packed, 1u << 20);
    buf_init(&content, 1u << 20);
    record_init(&state, create->record);
    require(vectors,
            merge_apply(&state, create, admission, &vectors->arena, &state, &vectors->err));
    require(vectors, record_pack(&state, &packed, &vectors->err));
    feed_record_add(&content, view_of(salt, sizeof(salt)), create->record, buf_view(&packed));
    entry.content = buf_view(&content);
    require(vectors, feed_entered_hash(&entry, entered, &vectors->err));
    feed_entry_digest(&entry, NULL, digest);
    feed_chain_next(chain, digest, chain);
    add(vectors, "{\"note\": \"the record of change 1 entered, and was erased; entered is what it "
                 "was\", ");
    add_hex(vectors, "entered", buf_view(&content), ",\n");
    erasure_encode(&erasure, &act);
    require(vectors, merge_erase(&state, buf_view(&act), &vectors->arena, &state, &vectors->err));
    buf_clear(&packed);
    buf_clear(&content);
    require(vectors, record_pack(&state, &packed, &vectors->err));
    feed_record_add(&content, view_of(entered, 32), create->record, buf_view(&packed));
    entry.kind = FEED_ERASED;
    entry.content = buf_view(&content);
    exchange_add_entry(out, &entry);
    add_fixed(vectors, "digest", digest, 32, ", ");
    add_fixed(vectors, "chain", chain, 32, "},\n");
    buf_clear(&content);
    feed_record_add(&content, view_text(""), create->record, buf_view(&act));
    entry.kind = FEED_REDACT;
    entry.position = 4;
    entry.received_ms = NOW + 900000;
    entry.content = buf_view(&content);
    feed_entry_digest(&entry, NULL, digest);
    feed_chain_next(chain, digest, chain);
    exchange_add_entry(out, &entry);
    add(vectors, "{\"note\": \"the act that erased\", ");
    add_fixed(vectors, "digest", digest, 32, ", ");
    add_fixed(vectors, "chain", chain, 32, "},\n");
    buf_release(&act);
    buf_release(&packed);
    buf_release(&content);
}

/* The frame once more, as that of a fork of a fork. */
static void add_forked(struct vectors *vectors, uint8_t chain[32], struct buf *out) {
    struct fork_range ranges[2] = {{vectors->actor, 4, 0}, {vectors->actor, 6, 0}};
    struct lineage lineage = {2, ranges};
    struct feed_entry entry = {.area = TOWNSHIP,
                               .audience = 1,
                               .position = 5,
                               .kind = FEED_FRAME,
                               .received_ms = NOW + 950000,
                               .content = buf_view(&vectors->encoded)};
    struct buf forks;
    uint8_t digest[32];

    ranges[0].name = lineage_name(vectors->actor, 4, vectors->frame.changes[3].leaf, 0);
    ranges[1].name = lineage_name(ranges[0].name, 6, vectors->frame.changes[5].leaf, 0);
    buf_init(&forks, 1000);
    lineage_encode(&lineage, &forks);
    entry.forks = buf_view(&forks);
    feed_entry_digest(&entry, &vectors->frame, digest);
    feed_chain_next(chain, digest, chain);
    exchange_add_entry(out, &entry);
    add(vectors, "{\"note\": \"the frame once more, of a fork of a fork: its changes from 4 on are "
                 "read by the first name, from 6 on by the second\", ");
    add_fixed(vectors, "digest", digest, 32, ", ");
    add_fixed(vectors, "chain", chain, 32, ",\n");
    told_answers(&lineage, OTHER, &vectors->arena, &vectors->json);
    buf_release(&forks);
}

static void add_feed(struct vectors *vectors, struct buf *out, uint8_t chain[32]) {
    static const uint8_t mask[2] = {0xfd, 0x01};
    struct feed_entry entry = {.area = TOWNSHIP,
                               .audience = 1,
                               .position = 1,
                               .kind = FEED_FRAME,
                               .received_ms = NOW + 700000,
                               .offset_ms = -1500,
                               .mask = view_of(mask, 2),
                               .content = buf_view(&vectors->encoded)};
    struct buf content;
    uint8_t digest[32];

    memset(chain, 0, 32);
    feed_entry_digest(&entry, &vectors->frame, digest);
    feed_chain_next(chain, digest, chain);
    exchange_add_entry(out, &entry);
    add(vectors, "\"feed\": [{\"note\": \"the frame; change 2 is not admitted\", ");
    add_fixed(vectors, "digest", digest, 32, ", ");
    add_fixed(vectors, "chain", chain, 32, "},\n");
    buf_init(&content, 1000);
    buf_add_id(&content, OTHER);
    buf_add_varint(&content, 7);
    entry = (struct feed_entry){.area = TOWNSHIP,
                                .audience = 1,
                                .position = 2,
                                .kind = FEED_LEAVE,
                                .received_ms = NOW + 800000,
                                .content = buf_view(&content)};
    feed_entry_digest(&entry, NULL, digest);
    feed_chain_next(chain, digest, chain);
    exchange_add_entry(out, &entry);
    add(vectors, "{\"note\": \"8899aabbccddeeff-7 leaves\", ");
    add_fixed(vectors, "digest", digest, 32, ", ");
    add_fixed(vectors, "chain", chain, 32, "},\n");
    buf_release(&content);
    add_erased(vectors, chain, out);
    add_forked(vectors, chain, out);
}

static void add_down(struct vectors *vectors) {
    struct outcome outcome = {2, VERDICT_FOUR_EYES};
    struct receipt receipt = {.actor = vectors->actor,
                              .number = vectors->frame.count,
                              .backed_up = 4,
                              .outcome_count = 1,
                              .outcomes = &outcome};
    uint64_t areas[2] = {TOWNSHIP, 430621101207};
    struct feed_head head = {TOWNSHIP, 1, 5, {0}};
    struct certificate certificate = {.role = 2, .name = view_text("张三")};
    struct answer answer = {.epoch = 1,
                            .server_ms = NOW + 601000,
                            .receipt_count = 1,
                            .receipts = &receipt,
                            .has_scope = true,
                            .scope = {3, 2, areas, 2, false, false},
                            .head_count = 1,
                            .heads = &head,
                            .certificate_count = 1,
                            .certificates = &certificate};
    struct cursor cursor = {TOWNSHIP, 1, 5, {0}};
    uint8_t nonce[16]; /* of the request */
    struct buf out, entries;

    memset(answer.nonce, 0x89, sizeof(answer.nonce));
    memcpy(receipt.hash, vectors->chain, 32);
    memcpy(certificate.sign_public, vectors->person_public, 32);
    buf_init(&out, 1u << 20);
    buf_init(&entries, 1u << 20);
    add_feed(vectors, &entries, head.chain);
    exchange_start(&out);
    exchange_add_answer(&out, &answer);
    require(vectors, exchange_add_signed(&out, &answer, vectors->county_sign, &vectors->err));
    buf_add_view(&out, buf_view(&entries));
    memcpy(cursor.digest, head.chain, 8);
    exchange_add_cursor(&out, &cursor);
    memset(nonce, 0x88, sizeof(nonce));
    exchange_add_end(&out, nonce);
    add(vectors,
        "\"answer\": {\"note\": \"ANSWER, SIGNED, five ENTRY, CURSOR, END\", \"epoch\": 1, "
        "\"server_ms\": %" PRId64 ", \"nonce\": \"16 bytes of 89\", \"more\": false, \"receipt\": "
        "{\"number\": 9, \"backed_up\": 4, \"outcomes\": [{\"number\": 2, \"verdict\": %u}]}, "
        "\"scope\": {\"serial\": 3, \"areas\": [\"430621101000\", \"430621101207\"], "
        "\"audience_mask\": 2}, \"head\": {\"position\": 5}, \"certificate\": {\"role\": 2, "
        "\"name\": \"张三\"},\n",
        answer.server_ms, VERDICT_FOUR_EYES);
    add_hex(vectors, "bytes", buf_view(&out), "},\n");
    buf_release(&entries);
    buf_clear(&out);
    exchange_add_cursor(&out, &cursor);
    {
        struct buf sealed;

        buf_init(&sealed, 1000);
        require(vectors, exchange_add_sealed(&sealed, buf_view(&out), vectors->vault_public,
                                             &vectors->env, &vectors->err));
        add(vectors, "\"sealed\": {\"note\": \"a SEALED part with one CURSOR part inside; "
                     "ephemeral secret: 32 bytes of 77\",\n");
        add_hex(vectors, "inside", buf_view(&out), ",\n");
        add_hex(vectors, "bytes", buf_view(&sealed), "},\n");
        buf_release(&sealed);
    }
    buf_release(&out);
}

static void add_enrolment(struct vectors *vectors) {
    struct enrol_request request = {.wall_ms = NOW};
    uint64_t areas[1] = {TOWNSHIP};
    uint8_t pins[1][32], key[32];
    struct enrol_answer answer = {.epoch = 1,
                                  .server_ms = NOW + 1000,
                                  .device = batch_device(vectors->device_public),
                                  .role = 2,
                                  .scope = {1, 1, areas, 2, false, false},
                                  .pin_count = 1,
                                  .pins = (const uint8_t(*)[32])pins};
    struct key_list list = {.serial = 5, .pin_count = 1, .pins = (const uint8_t(*)[32])pins};
    struct buf out;

    memset(pins, 0xaa, sizeof(pins));
    memset(request.nonce, 0xbb, sizeof(request.nonce));
    memset(answer.next_nonce, 0xcc, sizeof(answer.next_nonce));
    memcpy(request.device_sign_public, vectors->device_public, 32);
    memcpy(request.device_box_public, vectors->vault_public, 32);
    memcpy(request.person_sign_public, vectors->person_public, 32);
    request.person_name = view_text("张三");
    memcpy(answer.county_sign_public, vectors->county_public, 32);
    memcpy(answer.county_box_public, vectors->county_box_public, 32);
    answer.device_name = view_text("平板一");
    answer.person_name = view_text("张三");
    enrol_derive(view_text(CODE), request.code_id, key);
    buf_init(&out, 10000);
    require(vectors, enrol_write_request(&request, key, &out, &vectors->err));
    add(vectors, "\"enrolment\": {\"code\": \"%s\", ", CODE);
    add_fixed(vectors, "code_id", request.code_id, 16, ", ");
    add_fixed(vectors, "code_key", key, 32, ",\n");
    add_hex(vectors, "request", buf_view(&out), ",\n");
    buf_clear(&out);
    require(vectors, enrol_write_answer(&answer, &request, key, &out, &vectors->err));
    add_hex(vectors, "answer", buf_view(&out), "},\n");
    buf_clear(&out);
    require(vectors, key_list_write(&list, vectors->county_sign, &out, &vectors->err));
    add_hex(vectors, "key_list", buf_view(&out), "\n");
    buf_release(&out);
}

/* ---- all ---- */

static void fill_77(void *context, void *bytes, size_t size) {
    (void)context;
    memset(bytes, 0x77, size);
}

static void make_all(struct vectors *vectors) {
    struct frame insane;

    memset(vectors, 0, sizeof(*vectors));
    err_init(&vectors->err, LANG_EN);
    require(vectors, crypt_start(&vectors->err));
    buf_init(&vectors->json, 4u << 20);
    buf_init(&vectors->encoded, 1u << 20);
    arena_init(&vectors->arena, 64u << 20);
    vectors->env = (struct env){.entropy = fill_77};
    make_keys(vectors);
    make_changes(vectors);
    add(vectors, "{\n\"about\": \"Test vectors of docs/protocol.md. Bytes are hexadecimal.\",\n");
    add_words(vectors);
    add_keys(vectors);
    add_changes(vectors);
    insane_frame(vectors->actor, FORM, vectors->person, NOW, &vectors->arena, &insane);
    add_frame(vectors, "insane", "numbers from 10: 11, 12 and 13 are not sane", &insane, 5);
    add_surveys(vectors);
    {
        struct view batch = make_batch(vectors);

        add_up(vectors, batch);
    }
    add_told(vectors);
    add_down(vectors);
    add_enrolment(vectors);
    add(vectors, "}\n");
    require(vectors, buf_check(&vectors->json, "vectors", &vectors->err));
}

static void release(struct vectors *vectors) {
    buf_release(&vectors->json);
    buf_release(&vectors->encoded);
    arena_release(&vectors->arena);
}

static void the_file_says_what_we_do(void **state) {
    struct vectors vectors;
    struct buf file;
    FILE *in = fopen(PATH, "rb");
    uint8_t *room;

    (void)state;
    make_all(&vectors);
    buf_init(&file, 8u << 20);
    if (in == NULL)
        fail_msg("%s cannot be read: run this test from the root of the tree", PATH);
    room = buf_reserve(&file, 4u << 20);
    assert_non_null(room);
    file.size = fread(room, 1, 4u << 20, in);
    (void)fclose(in);
    for (size_t i = 0; i < file.size && i < vectors.json.size; i++) {
        if (file.data[i] != vectors.json.data[i])
            fail_msg("%s differs at byte %zu: %.60s", PATH, i, (const char *)&file.data[i]);
    }
    assert_int_equal(file.size, vectors.json.size);
    buf_release(&file);
    release(&vectors);
}

/* What the vectors hold also reads back: so the frames are more than what we happen to write. */
static void the_frames_read_back(void **state) {
    struct zip_inflater *inflater = NULL;
    struct vectors vectors;
    struct frame back;

    (void)state;
    make_all(&vectors);
    require(&vectors, zip_inflater_new(&inflater, &vectors.err));
    require(&vectors, frame_decode(buf_view(&vectors.encoded), inflater, &vectors.arena, &back,
                                   &vectors.err));
    assert_int_equal(back.count, vectors.frame.count);
    for (uint32_t i = 0; i < back.count; i++)
        assert_memory_equal(back.changes[i].leaf, vectors.frame.changes[i].leaf, 32);
    zip_inflater_free(inflater);
    release(&vectors);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_says_what_we_do),
        cmocka_unit_test(the_frames_read_back),
    };
    struct vectors vectors;
    FILE *out;

    if (argc < 2 || strcmp(argv[1], "--write") != 0)
        return cmocka_run_group_tests(tests, NULL, NULL);
    make_all(&vectors);
    out = fopen(PATH, "wb");
    if (out == NULL || fwrite(vectors.json.data, 1, vectors.json.size, out) != vectors.json.size ||
        fclose(out) != 0) {
        (void)fprintf(stderr, "test_vectors: cannot write %s\n", PATH);
        return 1;
    }
    release(&vectors);
    return 0;
}
