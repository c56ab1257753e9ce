/* erasure.c: see erasure.h. */
#include "schema/erasure.h"

#include "base/date.h"
#include "base/planted.h"
#include "base/text.h"
#include "base/words.h"
#include "schema/dots.h"
#include "schema/limits.h"
#include "schema/merge.h"
#include "schema/wire/lineage.h"

#define FORMAT         1u
#define CELL_BYTES_MIN 2u

void erasure_encode(const struct erasure *erasure, struct buf *out) {
    buf_add_u8(out, FORMAT);
    buf_add_zigzag(out, erasure->at_ms);
    buf_add_sized(out, erasure->who);
    buf_add_sized(out, erasure->reason);
    buf_add_varint(out, erasure->cell_count);
    for (uint32_t i = 0; i < erasure->cell_count; i++) {
        const struct erased_cell *cell = &erasure->cells[i];

        buf_add_u8(out, cell->everywhere ? 1 : 0);
        buf_add_varint(out, cell->field);
        if (!cell->everywhere)
            instance_add(out, cell->instance);
    }
    dots_add(out, erasure->dots, erasure->dot_count);
}

static void read_cells(struct reader *in, struct arena *arena, struct erasure *out) {
    uint32_t count = (uint32_t)read_varint_max(in, LIMIT_ERASURE_CELLS);
    struct erased_cell *cells;

    if (count > read_left(in) / CELL_BYTES_MIN)
        reader_fail(in);
    cells = in->failed ? NULL : arena_array(arena, count, sizeof(*cells));
    if (cells == NULL)
        return;
    for (uint32_t i = 0; i < count && !in->failed; i++) {
        unsigned everywhere = read_u8(in);
        uint64_t field = read_varint_max(in, FIELD_LAST);

        if (everywhere > 1 || field < FIELD_FIRST_OF_FORM)
            reader_fail(in);
        cells[i].everywhere = everywhere == 1;
        cells[i].field = (uint16_t)field;
        if (everywhere == 0)
            cells[i].instance = instance_read(in);
    }
    out->cells = cells;
    out->cell_count = in->failed ? 0 : count;
}

enum rc erasure_decode(struct view bytes, struct arena *arena, struct erasure *out,
                       struct err *err) {
    struct reader in;

    memset(out, 0, sizeof(*out));
    reader_init(&in, bytes);
    if (read_u8(&in) != FORMAT)
        reader_fail(&in);
    out->at_ms = read_zigzag(&in);
    out->who = read_bytes(&in, read_varint_max(&in, LIMIT_NAME_BYTES));
    out->reason = read_bytes(&in, read_varint_max(&in, LIMIT_ERASURE_REASON_BYTES));
    if (!utf8_valid(out->who) || !utf8_valid(out->reason))
        reader_fail(&in);
    read_cells(&in, arena, out);
    out->dots = dots_read(&in, arena, &out->dot_count);
    if (arena->failed != RC_OK)
        return arena_check(arena, "erasure", err);
    return reader_check(&in, "erasure", err);
}

bool erasure_names(const struct erasure *erasure, struct dot dot) {
    return dots_have(erasure->dots, erasure->dot_count, dot);
}

bool erasure_covers(const struct erasure *erasure, struct instance_id instance, uint16_t field) {
    if (field < FIELD_FIRST_OF_FORM)
        return false;
    for (uint32_t i = 0; i < erasure->cell_count; i++) {
        const struct erased_cell *cell = &erasure->cells[i];

        if (cell->field == field && (cell->everywhere || instance_equal(cell->instance, instance)))
            return true;
    }
    return erasure->cell_count == 0;
}

static struct dot known_as(const struct lineage *lineage, struct dot dot) {
    return lineage == NULL || dot.number == 0 ? dot : lineage_read(lineage, dot);
}

enum rc erasure_apply(const struct erasure *erasure, const struct lineage *lineage,
                      struct change *change, struct arena *arena, bool *done, struct err *err) {
    struct entry *entries;

    *done = erasure_names(erasure, known_as(lineage, change->dot));
    if (!*done)
        return RC_OK;
    if (change->insane) /* which of its answers is which cannot be told: all of them go */
        change->entry_count = 0;
    entries = arena_array(arena, change->entry_count, sizeof(*entries));
    if (entries == NULL)
        return arena_check(arena, "change", err);
    for (uint32_t i = 0; i < change->entry_count; i++) {
        struct instance_id instance = change->entries[i].instance;

        entries[i] = change->entries[i];
        instance.dot = known_as(lineage, instance.dot);
        if (erasure_covers(erasure, instance, entries[i].field) &&
            !(PLANTED(ERASED_IN_PART) && entries[i].replaces_count > 0))
            entries[i].value = (struct value){.type = VALUE_ERASED};
    }
    change->entries = entries;
    change->reason = (struct view){0};
    change->evidence_count = 0;
    change->evidence = NULL;
    change->is_signed = false;
    memset(change->signature, 0, sizeof(change->signature));
    change->erased = true;
    return RC_OK;
}

enum rc erasure_apply_all(const struct record *record, const struct lineage *lineage,
                          struct change *change, struct arena *arena, bool *done, struct err *err) {
    enum rc rc = RC_OK;

    *done = false;
    for (uint32_t i = 0; i < record->erasure_count && rc == RC_OK; i++) {
        struct erasure erasure;
        bool named = false;

        rc = erasure_decode(record->erasures[i], arena, &erasure, err);
        if (rc == RC_OK)
            rc = erasure_apply(&erasure, lineage, change, arena, &named, err);
        *done = *done || named;
    }
    return rc;
}

/* ---- states ---- */

enum rc erasure_enforce(struct record *record, struct arena *arena, struct err *err) {
    struct version *versions = NULL;

    for (uint32_t i = 0; i < record->erasure_count; i++) {
        struct erasure erasure;
        enum rc rc = erasure_decode(record->erasures[i], arena, &erasure, err);

        if (rc != RC_OK)
            return rc;
        for (uint32_t k = 0; k < record->version_count; k++) {
            const struct version *version = &record->versions[k];

            if (version->value.type == VALUE_ERASED ||
                !erasure_covers(&erasure, version->instance, version->field) ||
                !erasure_names(&erasure, record->absorbed[version->change].dot))
                continue;
            if (versions == NULL) {
                versions =
                    arena_copy(arena, record->versions, record->version_count * sizeof(*versions));
                if (versions == NULL)
                    return arena_check(arena, "record", err);
                record->versions = versions;
            }
            versions[k].value = (struct value){.type = VALUE_ERASED};
        }
    }
    return RC_OK;
}

enum rc merge_erase(const struct record *state, struct view erasure, struct arena *arena,
                    struct record *out, struct err *err) {
    struct erasure checked;
    struct record alone;
    enum rc rc = erasure_decode(erasure, arena, &checked, err);

    if (rc != RC_OK)
        return rc;
    record_init(&alone, state->id);
    alone.erasures = &erasure;
    alone.erasure_count = 1;
    return merge_join(state, &alone, arena, out, err);
}

enum rc erasure_find(const struct record *record, struct dot dot, struct instance_id instance,
                     uint16_t field, struct arena *arena, struct erasure *out) {
    bool found = false;
    struct err ignored;

    err_init(&ignored, LANG_EN);
    for (uint32_t i = 0; i < record->erasure_count; i++) {
        struct erasure erasure;

        if (erasure_decode(record->erasures[i], arena, &erasure, &ignored) != RC_OK ||
            !erasure_covers(&erasure, instance, field) || !erasure_names(&erasure, dot))
            continue;
        if (!found || erasure.at_ms > out->at_ms)
            *out = erasure;
        found = true;
    }
    return found ? RC_OK : RC_NOT_FOUND;
}

void erasure_text(enum rc found, const struct erasure *erasure, enum lang lang, struct buf *out) {
    char at[TIME_TEXT_BYTES];

    if (found != RC_OK) {
        buf_add_text(out, words(lang, "(erased by law)"));
        return;
    }
    time_format(erasure->at_ms, at);
    buf_addf(out, words(lang, "(erased by law on %.10s by %.*s: %.*s)"), at,
             VIEW_PRINT(erasure->who), VIEW_PRINT(erasure->reason));
}
