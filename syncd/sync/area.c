/* area.c: see area.h.
 *
 * The setting: varint serial of the county's news with which the table changed last, then the table
 * (schema/succession.h). */
#include "syncd/sync/area.h"

#include "syncd/sync/news.h"

#include <stdio.h>
#include <stdlib.h>

#define PORTION            500u
#define TABLE_BYTES_MAX    (2u * 1024u * 1024u)
#define OBJECT_BYTES       (2u * AREA_TEXT_BYTES + 8u)
#define EVERY_AUDIENCE     UINT8_MAX
#define SETTING_ARENA_SIZE (4u * TABLE_BYTES_MAX)

/* --- adding acts --- */

struct beneath {
    const struct succession *table;
    const struct area_act *act;
    bool found;
    uint64_t lost, other; /* that would fall together */
};

static enum rc any_visit(void *context, const struct stored_feed *feed, struct err *err) {
    struct beneath *beneath = context;

    (void)feed;
    (void)err;
    beneath->found = true;
    return RC_NOT_FOUND;
}

static enum rc has_feed(struct work *work, uint64_t area, bool *out, struct err *err) {
    struct beneath beneath = {.found = false};
    enum rc rc =
        store_feeds(work->ledger->store, &area, 1, EVERY_AUDIENCE, any_visit, &beneath, err);

    *out = beneath.found;
    return rc;
}

static enum rc beneath_visit(void *context, const struct stored_feed *feed, struct err *err) {
    struct beneath *beneath = context;
    const struct area_act *act = beneath->act;

    (void)err;
    if (feed->area == act->from || succession_of(beneath->table, feed->area) != feed->area)
        return RC_OK;
    beneath->lost = feed->area;
    beneath->other = act->to + (feed->area - act->from);
    return RC_NOT_FOUND;
}

/* What lies beneath keeps its last digits. */
static enum rc check_beneath(struct work *work, const struct succession *table,
                             const struct area_act *act, struct err *err) {
    struct beneath beneath = {.table = table, .act = act};
    char lost[AREA_TEXT_BYTES], other[AREA_TEXT_BYTES];
    bool taken = false;
    enum rc rc = RC_OK;

    if (act->kind == AREA_RECODED) {
        rc = has_feed(work, act->to, &taken, err);
        area_text(act->to, other);
        if (rc == RC_OK && taken)
            return err_set(err, RC_CONFLICT,
                           "area %s: has records already; a new code must be free, or use area "
                           "merge",
                           other);
        return rc;
    }
    if (act->kind != AREA_MERGED || area_step(act->from) == 1)
        return RC_OK;
    /* Only where both sides have something: asked one by one, because feeds are few. */
    rc = has_feed(work, act->to, &taken, err);
    if (rc == RC_OK && taken)
        rc = store_feeds(work->ledger->store, &act->from, 1, EVERY_AUDIENCE, beneath_visit,
                         &beneath, err);
    if (rc != RC_OK || beneath.lost == 0)
        return rc;
    area_text(beneath.lost, lost);
    area_text(beneath.other, other);
    return err_set(err, RC_CONFLICT,
                   "area %s: would become %s; first say with area merge or area recode where each "
                   "village goes",
                   lost, other);
}

static enum rc log_act(struct work *work, const struct area_act *act, struct view reason,
                       struct err *err) {
    char object[OBJECT_BYTES + LIMIT_NAME_BYTES], from[AREA_TEXT_BYTES], to[AREA_TEXT_BYTES];
    char action[16];

    area_text(act->from, from);
    area_text(act->to, to);
    if (act->kind == AREA_NAMED)
        snprintf(object, sizeof(object), "%s %.*s", from, VIEW_PRINT(act->name));
    else
        snprintf(object, sizeof(object), "%s -> %s", from, to);
    snprintf(action, sizeof(action), "area %s", area_act_name((enum area_act_kind)act->kind));
    return work_act(work, "command line", arena_text(&work->arena, "%s", action), object, reason,
                    err);
}

static enum rc put_table(struct work *work, const struct succession *table, struct err *err) {
    struct buf setting;
    uint32_t serial;
    enum rc rc = news_raise(work, &serial, err);

    buf_init(&setting, TABLE_BYTES_MAX);
    if (rc == RC_OK) {
        buf_add_varint(&setting, serial);
        succession_write(table, &setting);
        rc = buf_check(&setting, "areas", err);
    }
    if (rc == RC_OK)
        rc = work_put_setting(work, "areas", buf_view(&setting), err);
    buf_release(&setting);
    return rc;
}

enum rc area_act(void *context, struct work *work, struct err *err) {
    const struct area_request *request = context;
    struct succession table = work->ledger->areas;
    struct area_act *acts =
        arena_array(&work->arena, (size_t)table.count + request->count, sizeof(*acts));
    enum rc rc = RC_OK;

    if (acts == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    if (table.count > 0)
        memcpy(acts, table.acts, table.count * sizeof(*acts));
    table.acts = acts;
    for (uint32_t i = 0; i < request->count && rc == RC_OK; i++) {
        struct area_act *act = &acts[table.count];

        *act = request->acts[i];
        act->at_ms = work->now_ms;
        rc = succession_check(&table, act, &work->arena, err);
        if (rc == RC_OK)
            rc = check_beneath(work, &table, act, err);
        table.count++;
        if (rc == RC_OK)
            rc = log_act(work, act, request->reason, err);
    }
    return rc == RC_OK ? put_table(work, &table, err) : rc;
}

/* --- moving --- */

struct moving {
    const struct succession *table;
    uint64_t from;
    struct dot after;
    struct dot ids[PORTION];
    uint32_t count;
    bool more;
};

static enum rc moving_visit(void *context, const struct stored_record *stored, struct err *err) {
    struct moving *moving = context;

    (void)err;
    moving->after = stored->id;
    for (uint32_t i = 0; i < stored->area_count; i++)
        if (succession_of(moving->table, stored->areas[i]) != stored->areas[i]) {
            moving->ids[moving->count++] = stored->id;
            break;
        }
    moving->more = moving->count == PORTION;
    return moving->more ? RC_NOT_FOUND : RC_OK;
}

/* work_commit reads them through the table, and writes what enters and leaves. */
static enum rc move_portion(void *context, struct work *work, struct err *err) {
    struct moving *moving = context;
    enum rc rc;

    moving->count = 0;
    moving->more = false;
    moving->table = &work->ledger->areas;
    rc = store_list(work->ledger->store, view_text(""), moving->from, moving->after, moving_visit,
                    moving, err);
    if (rc == RC_OK)
        rc = work_prefetch(work, moving->ids, moving->count, err);
    for (uint32_t i = 0; i < moving->count && rc == RC_OK; i++) {
        struct work_record *record = NULL;

        rc = work_record(work, moving->ids[i], &record, err);
        if (rc == RC_OK)
            record->touched = true;
    }
    return rc;
}

/* What is read here stays read although a commit follows: the ledger is the writer's. */
static enum rc copy_codes(void *context, struct work *work, struct err *err) {
    struct succession *copy = context;
    const struct succession *table = &work->ledger->areas;
    struct area_act *acts;

    (void)err;
    acts = (struct area_act *)(uintptr_t)copy->acts;
    copy->count = table->count;
    for (uint32_t i = 0; i < table->count; i++)
        acts[i] = table->acts[i];
    return RC_OK;
}

enum rc area_move(const struct office *office, uint32_t *moved, struct err *err) {
    struct arena arena;
    struct succession table = {0};
    struct moving *moving;
    enum rc rc;

    *moved = 0;
    arena_init(&arena, SETTING_ARENA_SIZE);
    table.acts = arena_array(&arena, LIMIT_AREA_ACTS, sizeof(*table.acts));
    moving = arena_alloc(&arena, sizeof(*moving));
    rc = arena_check(&arena, "areas", err);
    if (rc == RC_OK)
        rc = office_act(office, copy_codes, &table, err);
    for (uint32_t i = 0; i < table.count && rc == RC_OK; i++) {
        if (table.acts[i].kind == AREA_NAMED)
            continue;
        *moving = (struct moving){.from = table.acts[i].from};
        do {
            rc = office_act(office, move_portion, moving, err);
            *moved += rc == RC_OK ? moving->count : 0;
        } while (rc == RC_OK && moving->more);
    }
    arena_release(&arena);
    return rc;
}

static enum rc left_visit(void *context, const struct stored_record *stored, struct err *err) {
    struct moving *moving = context;
    enum rc rc = moving_visit(context, stored, err);

    return rc == RC_OK && moving->count > 0 ? RC_NOT_FOUND : rc;
}

enum rc area_left(const struct ledger *ledger, bool *left, struct err *err) {
    const struct succession *table = &ledger->areas;
    struct moving *moving;
    enum rc rc = RC_OK;

    *left = false;
    if (table->count == 0)
        return RC_OK;
    moving = calloc(1, sizeof(*moving));
    if (moving == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    moving->table = table;
    for (uint32_t i = 0; i < table->count && rc == RC_OK && moving->count == 0; i++)
        if (table->acts[i].kind != AREA_NAMED)
            rc = store_list(ledger->store, view_text(""), table->acts[i].from, (struct dot){0, 0},
                            left_visit, moving, err);
    *left = rc == RC_OK && moving->count > 0;
    free(moving);
    return rc;
}

/* --- telling --- */

enum rc area_tell(const struct ledger *ledger, const uint8_t nonce[16],
                  const uint8_t county_secret[64], struct buf *out, struct err *err) {
    struct buf table;
    enum rc rc;

    buf_init(&table, TABLE_BYTES_MAX);
    succession_write(&ledger->areas, &table);
    rc = buf_check(&table, "areas", err);
    if (rc == RC_OK)
        exchange_add_areas(out, buf_view(&table), nonce, county_secret);
    buf_release(&table);
    return rc == RC_OK ? buf_check(out, "an answer", err) : rc;
}

bool area_meets(const struct ledger *ledger, const struct stored_person *person,
                const struct scope *scope) {
    uint64_t theirs[2 * LIMIT_AREAS], ours[2 * LIMIT_AREAS];
    uint32_t their_count, our_count;

    if (person->area_count > LIMIT_AREAS || scope->area_count > LIMIT_AREAS)
        return false;
    their_count = succession_expand(&ledger->areas, person->areas, person->area_count, theirs);
    our_count = succession_expand(&ledger->areas, scope->areas, scope->area_count, ours);
    return area_lists_meet(theirs, their_count, ours, our_count);
}
