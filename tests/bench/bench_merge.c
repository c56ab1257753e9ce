/* bench_merge: what merging costs, for a survey of 92 short answers. Targets: a new record applied
 * and packed within 6 us; unpacked, edited and packed within 12 us. */
#include <inttypes.h>

#include "schema/limits.h"
#include "schema/merge.h"
#include "schema/reading.h"

#define FIELDS 92u
#define ROUNDS 20000u

static int64_t now_ns(void) {
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void must(enum rc rc, const struct err *err) {
    if (rc == RC_OK)
        return;
    (void)fprintf(stderr, "bench_merge: %s\n", err->text);
    exit(1);
}

static void survey(struct change *change, struct entry entries[FIELDS + 1]) {
    static const char *const choices[] = {"yes", "no", "wood", "brick", "spouse", "4306", "rice"};

    memset(change, 0, sizeof(*change));
    memset(entries, 0, (FIELDS + 1) * sizeof(*entries));
    entries[0].field = FIELD_AREA;
    entries[0].value = value_of_int(INT64_C(430626104000));
    for (uint32_t i = 0; i < FIELDS; i++) {
        entries[i + 1].field = (uint16_t)(FIELD_FIRST_OF_FORM + i);
        if (i % 3 == 0)
            entries[i + 1].value = value_of_int(i * 37);
        else
            entries[i + 1].value = value_of_text(view_text(choices[i % 7]));
    }
    change->kind = CHANGE_CREATE;
    change->dot = (struct dot){.actor = UINT64_C(0x1122334455667788), .number = 77};
    change->record = change->dot;
    change->form = 5;
    change->person = 6;
    change->wall_ms = INT64_C(1790000000000);
    change->lamport = 80;
    change->entries = entries;
    change->entry_count = FIELDS + 1;
}

/* A form with these fields, all of them decided by people. */
static void questionnaire(struct form *form, struct form_field fields[FIELDS],
                          uint32_t by_number[FIELDS]) {
    memset(form, 0, sizeof(*form));
    memset(fields, 0, FIELDS * sizeof(*fields));
    for (uint32_t i = 0; i < FIELDS; i++) {
        by_number[i] = i;
        fields[i].number = (uint16_t)(FIELD_FIRST_OF_FORM + i);
        fields[i].type = i % 3 == 0 ? FIELD_TYPE_INTEGER : FIELD_TYPE_TEXT;
        fields[i].scope = FORM_NO_SCOPE;
        fields[i].parent = fields[i].repeat = FORM_NO_PARENT;
        fields[i].list = FORM_NO_LIST;
    }
    form->id = 5;
    form->field_count = FIELDS;
    form->fields = fields;
    form->by_number = by_number;
}

static void say(const char *what, int64_t from_ns) {
    printf("%-52s %7.2f us\n", what, (double)(now_ns() - from_ns) / ROUNDS / 1000.0);
}

int main(void) {
    struct entry entries[FIELDS + 1];
    struct entry edited = {.field = FIELD_FIRST_OF_FORM + 40, .value = {.type = VALUE_NULL}};
    struct admission admission = {.time_ms = INT64_C(1790000000000)};
    struct version_id replaced;
    struct change create;
    struct change edit;
    struct record empty;
    struct record record;
    struct reading reading;
    struct arena arena;
    struct buf packed;
    struct buf after;
    struct buf bytes;
    struct err err;
    struct form form;
    struct form_field fields[FIELDS];
    uint32_t by_number[FIELDS];
    int64_t start;

    err_init(&err, LANG_EN);
    arena_init(&arena, (size_t)64 << 20);
    buf_init(&packed, LIMIT_RECORD_BYTES);
    buf_init(&after, LIMIT_RECORD_BYTES);
    buf_init(&bytes, LIMIT_CHANGE_BYTES);
    survey(&create, entries);
    record_init(&empty, create.record);
    replaced = (struct version_id){.dot = create.dot};
    edit = create;
    edit.kind = CHANGE_EDIT;
    edit.dot.number = 90;
    edited.replaces = &replaced;
    edited.replaces_count = 1;
    edit.entries = &edited;
    edit.entry_count = 1;

    start = now_ns();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        arena_reset(&arena);
        buf_clear(&packed);
        must(merge_apply(&empty, &create, admission, &arena, &record, &err), &err);
        must(record_pack(&record, &packed, &err), &err);
    }
    say("apply a new record, pack", start);
    start = now_ns();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        arena_reset(&arena);
        buf_clear(&after);
        must(record_unpack(buf_view(&packed), &arena, &record, &err), &err);
        must(merge_apply(&record, &edit, admission, &arena, &record, &err), &err);
        must(record_pack(&record, &after, &err), &err);
    }
    say("unpack, apply an edit, pack", start);
    start = now_ns();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        arena_reset(&arena);
        must(record_unpack(buf_view(&packed), &arena, &record, &err), &err);
    }
    say("unpack", start);
    start = now_ns();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        buf_clear(&bytes);
        must(change_encode(&create, &bytes, &err), &err);
    }
    say("check and encode the change", start);
    start = now_ns();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct change decoded;

        arena_reset(&arena);
        must(change_decode(buf_view(&bytes), &arena, &decoded, &err), &err);
    }
    say("decode and check the change", start);
    arena_reset(&arena);
    must(record_unpack(buf_view(&packed), &arena, &record, &err), &err);
    start = now_ns();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        if (i % 100 == 0) {
            arena_reset(&arena);
            must(record_unpack(buf_view(&packed), &arena, &record, &err), &err);
        }
        must(reading_make(&record, NULL, &arena, &reading, &err), &err);
    }
    say("read (without a form)", start);
    start = now_ns();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        arena_reset(&arena);
        if (merge_judge(&empty, &create, NULL, false, &arena) != VERDICT_ADMIT)
            return 1;
    }
    say("judge the new record (without a form)", start);
    questionnaire(&form, fields, by_number);
    start = now_ns();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        arena_reset(&arena);
        must(merge_apply(&empty, &create, admission, &arena, &record, &err), &err);
        must(reading_make(&record, &form, &arena, &reading, &err), &err);
    }
    say("apply a new record, read it with its form", start);
    start = now_ns();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        arena_reset(&arena);
        if (merge_judge(&empty, &create, &form, false, &arena) != VERDICT_ADMIT)
            return 1;
    }
    say("judge the new record with its form", start);
    printf("canonical bytes of the change %zu, packed record %zu, after the edit %zu\n", bytes.size,
           packed.size, after.size);
    buf_release(&packed);
    buf_release(&after);
    buf_release(&bytes);
    arena_release(&arena);
    return 0;
}
