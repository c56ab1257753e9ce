/* succession.c: see succession.h.
 *
 * The code in force is found step by step: of the acts whose `from` is this area or lies above it,
 * the most specific one counts; the digits beneath are kept. Acts are only taken when this ends for
 * every area (succession_check), and a code has at most one act that gives it up, so the number of
 * acts bounds the steps.
 *
 * A circle, if there were one, would pass through the `from` of its most specific act, so it is
 * enough to start from every `from`. */
#include "schema/succession.h"

#include "schema/limits.h"
#include "schema/wire/word.h"

#include <stdlib.h>

#define TABLE_VERSION 1u
#define ACT_BYTES_MIN 5u

const char *area_act_name(enum area_act_kind kind) {
    static const char *const names[] = {
        [AREA_MERGED] = "merge", [AREA_RECODED] = "recode", [AREA_NAMED] = "rename"};

    return kind >= AREA_MERGED && kind <= AREA_NAMED ? names[kind] : "unknown";
}

/* The most specific act that gives this code up; NULL: it is in force. */
static const struct area_act *giving_up(const struct succession *table, uint64_t area) {
    const struct area_act *best = NULL;

    for (uint32_t i = 0; i < table->count; i++) {
        const struct area_act *act = &table->acts[i];

        if (act->kind != AREA_NAMED && area_contains(act->from, area) &&
            (best == NULL || area_contains(best->from, act->from)))
            best = act;
    }
    return best;
}

/* false: it leads in a circle. */
static bool follow(const struct succession *table, uint64_t *area) {
    for (uint32_t step = 0; step <= table->count; step++) {
        const struct area_act *act = giving_up(table, *area);

        if (act == NULL)
            return true;
        *area = act->to + (*area - act->from);
    }
    return false;
}

uint64_t succession_of(const struct succession *table, uint64_t area) {
    uint64_t found = area;

    return table->count > 0 && follow(table, &found) ? found : area;
}

bool succession_grants(const struct succession *table, const uint64_t *areas, uint32_t count,
                       uint64_t area) {
    uint64_t current;

    if (area_list_contains(areas, count, area))
        return true;
    if (table->count == 0)
        return false;
    current = succession_of(table, area);
    for (uint32_t i = 0; i < count; i++)
        if (area_contains(areas[i], current) ||
            area_contains(succession_of(table, areas[i]), current))
            return true;
    return false;
}

static void add_once(uint64_t *list, uint32_t *count, uint64_t area) {
    for (uint32_t i = 0; i < *count; i++)
        if (list[i] == area)
            return;
    list[(*count)++] = area;
}

uint32_t succession_expand(const struct succession *table, const uint64_t *areas, uint32_t count,
                           uint64_t *out) {
    uint32_t found = 0;

    for (uint32_t i = 0; i < count; i++)
        add_once(out, &found, areas[i]);
    for (uint32_t i = 0; i < count; i++)
        add_once(out, &found, succession_of(table, areas[i]));
    return found;
}

uint32_t succession_current(const struct succession *table, const uint64_t *areas, uint32_t count,
                            uint64_t *out) {
    uint32_t found = 0;

    for (uint32_t i = 0; i < count; i++) /* found never passes i, so out may be areas */
        add_once(out, &found, succession_of(table, areas[i]));
    return found;
}

struct view succession_name(const struct succession *table, uint64_t area) {
    for (uint32_t i = table->count; i > 0; i--) {
        const struct area_act *act = &table->acts[i - 1];

        if (act->kind == AREA_NAMED && act->from == area)
            return act->name;
        if (act->kind == AREA_RECODED && act->to == area)
            area = act->from;
    }
    return (struct view){0};
}

static enum rc check_pair(const struct succession *table, const struct area_act *act,
                          struct err *err) {
    char from[AREA_TEXT_BYTES], to[AREA_TEXT_BYTES], now[AREA_TEXT_BYTES];
    uint64_t current = succession_of(table, act->to);

    area_text(act->from, from);
    area_text(act->to, to);
    if (area_step(act->from) != area_step(act->to))
        return err_set(err, RC_INVALID,
                       "area %s and %s: not of one level; merge villages with villages, townships "
                       "with townships",
                       from, to);
    if (act->from == act->to)
        return err_set(err, RC_INVALID, "area %s: cannot take its own place", from);
    if (current != act->to) {
        area_text(current, now);
        return err_set(err, RC_INVALID, "area %s: was given up itself; use %s", to, now);
    }
    current = succession_of(table, act->from);
    if (current != act->from) {
        area_text(current, now);
        return err_set(err, RC_INVALID, "area %s: was given up before, for %s", from, now);
    }
    return RC_OK;
}

enum rc succession_check(const struct succession *table, const struct area_act *act,
                         struct arena *arena, struct err *err) {
    struct area_act *acts;
    struct succession longer;
    bool ends = true;
    enum rc rc;

    if (table->count >= LIMIT_AREA_ACTS)
        return err_set(err, RC_LIMIT, "areas: more than %u acts", LIMIT_AREA_ACTS);
    if (act->kind == AREA_NAMED)
        return RC_OK;
    rc = check_pair(table, act, err);
    if (rc != RC_OK)
        return rc;
    acts = arena_array(arena, (size_t)table->count + 1, sizeof(*acts));
    if (acts == NULL)
        return arena_check(arena, "areas", err);
    if (table->count > 0)
        memcpy(acts, table->acts, table->count * sizeof(*acts));
    acts[table->count] = *act;
    longer = (struct succession){.count = table->count + 1, .acts = acts};
    for (uint32_t i = 0; i < longer.count && ends; i++) {
        uint64_t area = acts[i].from;

        ends = acts[i].kind == AREA_NAMED || follow(&longer, &area);
    }
    return ends ? RC_OK
                : err_set(err, RC_INVALID,
                          "areas: this would lead in a circle; what took a place cannot give it "
                          "back");
}

/* ---- readings ---- */

static int by_code(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return a < b ? -1 : a > b;
}

/* The question between areas that have become one is answered by that. */
static void settle_question(struct reading *reading, uint64_t area, struct arena *arena) {
    struct conflict *conflicts =
        arena_array(arena, reading->conflict_count, sizeof(*reading->conflicts));
    struct cell *cells;
    uint32_t count = 0;

    if (conflicts == NULL)
        return;
    for (uint32_t i = 0; i < reading->conflict_count; i++)
        if (reading->conflicts[i].kind != CONFLICT_AREA)
            conflicts[count++] = reading->conflicts[i];
    reading->conflicts = conflicts;
    reading->conflict_count = count;
    if (reading->cell_count == 0 || reading->cells[0].field != FIELD_AREA)
        return;
    cells = arena_copy(arena, reading->cells, reading->cell_count * sizeof(*cells));
    if (cells == NULL)
        return;
    cells[0].kind = CELL_VALUE;
    cells[0].value = value_of_int((int64_t)area);
    reading->cells = cells;
}

void reading_succeed(const struct succession *table, struct reading *reading, struct arena *arena) {
    uint64_t *areas;
    uint32_t count;
    bool moved = false;

    if (table->count == 0)
        return;
    for (uint32_t i = 0; i < reading->area_count; i++)
        moved = moved || succession_of(table, reading->areas[i]) != reading->areas[i];
    if (!moved)
        return;
    areas = arena_array(arena, reading->area_count, sizeof(*areas));
    if (areas == NULL)
        return;
    count = succession_current(table, reading->areas, reading->area_count, areas);
    qsort(areas, count, sizeof(*areas), by_code);
    if (count == 1 && reading->area_count > 1)
        settle_question(reading, areas[0], arena);
    reading->areas = areas;
    reading->area_count = count;
}

/* ---- the table as bytes ---- */

void succession_write(const struct succession *table, struct buf *out) {
    buf_add_u8(out, TABLE_VERSION);
    buf_add_varint(out, table->count);
    for (uint32_t i = 0; i < table->count; i++) {
        const struct area_act *act = &table->acts[i];

        buf_add_u8(out, act->kind);
        word_add_area(out, act->from, 0);
        word_add_area(out, act->to, 0);
        buf_add_zigzag(out, act->at_ms);
        buf_add_sized(out, act->name);
    }
}

enum rc succession_read(struct view bytes, struct arena *arena, struct succession *out,
                        struct err *err) {
    struct reader in;
    struct area_act *acts;
    uint64_t count;

    *out = (struct succession){0};
    reader_init(&in, bytes);
    if (read_u8(&in) != TABLE_VERSION)
        return err_set(err, RC_UNSUPPORTED, "areas: of a newer format; update this program");
    count = read_varint_max(&in, LIMIT_AREA_ACTS);
    if (count > read_left(&in) / ACT_BYTES_MIN)
        reader_fail(&in);
    acts = arena_array(arena, in.failed ? 0 : (size_t)count, sizeof(*acts));
    if (acts == NULL)
        return arena_check(arena, "areas", err);
    for (uint64_t i = 0; i < count && !in.failed; i++) {
        uint8_t audience;

        acts[i].kind = read_u8(&in);
        acts[i].from = word_read_area(&in, &audience);
        acts[i].to = word_read_area(&in, &audience);
        acts[i].at_ms = read_zigzag(&in);
        acts[i].name = read_bytes(&in, (size_t)read_varint_max(&in, LIMIT_NAME_BYTES));
        if (acts[i].kind < AREA_MERGED || acts[i].kind > AREA_NAMED)
            reader_fail(&in);
    }
    out->acts = acts;
    out->count = in.failed ? 0 : (uint32_t)count;
    return reader_check(&in, "areas", err);
}
