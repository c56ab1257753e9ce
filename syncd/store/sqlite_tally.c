/* sqlite_tally.c: what a question finds (sqlite_finding.h), counted by area and form. */
#include "syncd/store/sqlite_finding.h"

#include "base/list.h"

#include <stdlib.h>

struct counting {
    struct finding finding;
    struct record_tally *tallies;
    uint16_t *names; /* of forms, by tally */
    size_t count, capacity, names_capacity;
    uint32_t *slots; /* a hash table: number of a tally + 1 */
    size_t slot_count;
};

static struct record_tally *tally_of(struct counting *counting, uint64_t area, uint16_t name,
                                     struct err *err) {
    uint64_t mixed = (area * 8191u + name) * UINT64_C(0x9e3779b97f4a7c15);
    size_t at;

    if (counting->count * 2 >= counting->slot_count) {
        size_t count = counting->slot_count == 0 ? 1024 : counting->slot_count * 2;
        uint32_t *slots = calloc(count, sizeof(*slots));

        if (slots == NULL) {
            (void)err_set(err, RC_NO_MEMORY, "store: out of memory");
            return NULL;
        }
        for (size_t i = 0; i < counting->count; i++) {
            uint64_t known = (counting->tallies[i].area * 8191u + counting->names[i]) *
                             UINT64_C(0x9e3779b97f4a7c15);

            for (at = known >> 32 & (count - 1); slots[at] != 0; at = (at + 1) & (count - 1))
                continue;
            slots[at] = (uint32_t)i + 1;
        }
        free(counting->slots);
        counting->slots = slots;
        counting->slot_count = count;
    }
    for (at = mixed >> 32 & (counting->slot_count - 1); counting->slots[at] != 0;
         at = (at + 1) & (counting->slot_count - 1)) {
        size_t i = counting->slots[at] - 1;

        if (counting->tallies[i].area == area && counting->names[i] == name)
            return &counting->tallies[i];
    }
    if (array_grow(&counting->tallies, sizeof(*counting->tallies), counting->count + 1, UINT32_MAX,
                   "areas", &counting->capacity, err) != RC_OK ||
        array_grow(&counting->names, sizeof(*counting->names), counting->count + 1, UINT32_MAX,
                   "areas", &counting->names_capacity, err) != RC_OK)
        return NULL;
    counting->slots[at] = (uint32_t)counting->count + 1;
    counting->names[counting->count] = name;
    counting->tallies[counting->count] = (struct record_tally){.area = area};
    return &counting->tallies[counting->count++];
}

static enum rc tally_add(void *context, const uint8_t *line, int64_t row, struct err *err) {
    struct counting *counting = context;
    struct record_tally *tally = tally_of(counting, line_get(line, LINE_AREA, AREA_BYTES),
                                          (uint16_t)line_get(line, LINE_NAME, 2), err);
    int64_t changed = (int64_t)line_get(line, LINE_CHANGED, TIME_BYTES);
    uint8_t flags = line[LINE_FLAGS];

    (void)row;
    if (tally == NULL)
        return err->rc;
    tally->records++;
    tally->conflicts += (flags & RECORD_CONFLICT) != 0;
    tally->sealed += (flags & RECORD_SEALED) != 0;
    tally->withdrawn += (flags & RECORD_WITHDRAWN) != 0;
    tally->reviewed[flags >> REVIEW_SHIFT]++;
    tally->changed_ms = changed > tally->changed_ms ? changed : tally->changed_ms;
    return RC_OK;
}

static int tally_order(const void *left, const void *right) {
    const struct record_tally *a = left, *b = right;

    if (a->area != b->area)
        return a->area < b->area ? -1 : 1;
    return view_compare(a->form_name, b->form_name);
}

static enum rc tally_names(struct counting *counting, struct arena *arena, struct err *err) {
    struct statement *get = counting->finding.sqlite->sql[SQL_NAME_OF];
    enum rc rc = RC_OK;

    for (size_t i = 0; i < counting->count && rc == RC_OK; i++) {
        statement_bind_i64(get, 1, counting->names[i]);
        rc = statement_one(get, err);
        if (rc == RC_OK) {
            counting->tallies[i].form_name = column_text(get, 0, arena);
            statement_reset(get);
        }
    }
    return rc == RC_OK ? arena_check(arena, "a list", err) : rc;
}

enum rc sqlite_tally(struct store *store, const struct record_query *query,
                     store_visit_tally *visit, void *context, struct err *err) {
    struct counting counting = {.count = 0};
    struct arena arena;
    enum rc rc = finding_start(&counting.finding, store, query, err);

    arena_init(&arena, WALK_BYTES);
    if (rc == RC_OK)
        rc = finding_run(&counting.finding, tally_add, &counting, err);
    if (rc == RC_OK)
        rc = tally_names(&counting, &arena, err);
    if (rc == RC_OK && counting.count > 1)
        qsort(counting.tallies, counting.count, sizeof(*counting.tallies), tally_order);
    for (size_t i = 0; i < counting.count && rc == RC_OK; i++)
        rc = visit(context, &counting.tallies[i], err);
    arena_release(&arena);
    finding_end(&counting.finding);
    free(counting.tallies);
    free(counting.names);
    free(counting.slots);
    return rc;
}
