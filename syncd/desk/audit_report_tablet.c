/* audit_report_tablet.c: what a tablet held that was lost: every record of the areas and audiences
 * that it was granted, and every record it wrote in, wherever that is now.
 *
 * A tablet may hold less than it was granted, never more. `confirmed` says that the tablet has told
 * that it applied the scope in force: after a withdrawal, that what lay outside of it is gone from
 * the tablet; after a wipe, that everything is. A tablet that was never seen again confirms
 * nothing; what was on it is under its people's secrets. */
#include "syncd/desk/audit_report_parts.h"
#include "syncd/sync/scope.h"

#include <stdlib.h>

#define PORTION 200u

struct holding {
    struct report *report;
    struct stored_device device;
    uint64_t areas[LIMIT_AREAS * 2];
    uint32_t area_count;
    uint64_t *actors;
    uint32_t actor_count, actor_capacity;
    struct dot *written;
    uint32_t written_count, written_capacity;
    struct dot *portion;
    uint32_t portion_count, portion_end;
};

static enum rc actor_visit(void *context, const struct stored_actor *actor, struct err *err) {
    struct holding *holding = context;
    struct arena *arena = holding->report->ask->arena;
    uint64_t *row;

    if (actor->device != holding->device.device)
        return RC_OK;
    row = arena_push(arena, &holding->actors, &holding->actor_count, &holding->actor_capacity,
                     sizeof(*row));
    if (row == NULL)
        return arena_check(arena, "a report", err);
    *row = actor->actor;
    return RC_OK;
}

static enum rc change_visit(void *context, const struct stored_change *change, struct err *err) {
    struct holding *holding = context;
    struct arena *arena = holding->report->ask->arena;
    struct dot *row = arena_push(arena, &holding->written, &holding->written_count,
                                 &holding->written_capacity, sizeof(*row));

    if (row == NULL)
        return arena_check(arena, "a report", err);
    *row = change->record;
    return RC_OK;
}

static bool has_written(const struct holding *holding, struct dot id) {
    return dots_have(holding->written, holding->written_count, id);
}

static bool was_granted(const struct holding *holding, const struct stored_record *stored) {
    if ((holding->device.scope.audience_mask >> stored->audience & 1) == 0)
        return false;
    for (uint32_t i = 0; i < stored->area_count; i++)
        if (area_list_contains(holding->areas, holding->area_count, stored->areas[i]))
            return true;
    return false;
}

static enum rc tell(struct holding *holding, const struct stored_record *stored, struct err *err) {
    struct report *report = holding->report;
    bool wrote = has_written(holding, stored->id), granted = was_granted(holding, stored);

    if (!wrote && !granted)
        return RC_OK;
    report_dot(report, stored->id);
    report_text(report, stored->form_name);
    report_area(report, stored->area_count > 0 ? stored->areas[0] : 0);
    report_text(report, stored->title);
    report_number(report, AUDIT_FLAG, wrote);
    report_number(report, AUDIT_FLAG, granted);
    report_number(report, AUDIT_FLAG,
                  holding->device.scope_confirmed >= holding->device.scope.serial);
    return report_line(report, err);
}

/* ---- a portion, by id: the first behind a record in each of its areas, and of what it wrote ----
 */

static enum rc portion_visit(void *context, const struct stored_record *stored, struct err *err) {
    struct holding *holding = context;

    (void)err;
    if (holding->portion_count == holding->portion_end)
        return RC_NOT_FOUND;
    holding->portion[holding->portion_count++] = stored->id;
    return RC_OK;
}

static enum rc gather(struct holding *holding, struct dot after, struct err *err) {
    struct store *store = holding->report->ask->ledger->store;
    uint32_t written = 0;
    enum rc rc = RC_OK;

    holding->portion_count = 0;
    for (uint32_t i = 0; i < holding->area_count && rc == RC_OK; i++) {
        holding->portion_end = holding->portion_count + PORTION;
        rc =
            store_list(store, view_text(""), holding->areas[i], after, portion_visit, holding, err);
    }
    for (uint32_t i = 0; i < holding->written_count && written < PORTION; i++)
        if (dot_compare(holding->written[i], after) > 0 &&
            (i == 0 || !dot_equal(holding->written[i], holding->written[i - 1]))) {
            holding->portion[holding->portion_count++] = holding->written[i];
            written++;
        }
    if (holding->portion_count > 1)
        qsort(holding->portion, holding->portion_count, sizeof(*holding->portion), dot_order);
    return rc;
}

/* Behind the first PORTION of them, some of one list may be missing. */
static enum rc tell_portion(struct holding *holding, struct dot *after, bool *more,
                            struct err *err) {
    struct report *report = holding->report;
    uint32_t told = 0;
    enum rc rc = gather(holding, *after, err);

    *more = false;
    for (uint32_t i = 0; i < holding->portion_count && rc == RC_OK; i++) {
        struct stored_record stored;
        struct dot id = holding->portion[i];

        if (i > 0 && dot_equal(id, holding->portion[i - 1]))
            continue;
        if (told++ == PORTION) {
            *more = true;
            break;
        }
        if (!report_begins(report))
            return RC_NOT_FOUND;
        arena_reset(&report->arena);
        rc = store_record(report->ask->ledger->store, id, &report->arena, &stored, err);
        if (rc == RC_OK)
            rc = tell(holding, &stored, err);
        else if (rc == RC_NOT_FOUND) { /* only changes that were kept aside are known of it */
            err_clear(err);
            rc = RC_OK;
        }
        if (rc == RC_OK) {
            report_reached(report, id);
            *after = id;
        }
    }
    return rc;
}

/* The areas in force, and those of scopes it had before: it may hold them until it confirms. */
static enum rc read_areas(struct holding *holding, struct err *err) {
    const struct audit_ask *ask = holding->report->ask;
    char name[SCOPE_SETTING_BYTES_MAX];
    struct past_scopes former = {0};
    struct view setting;
    enum rc rc;

    for (uint32_t i = 0; i < holding->device.scope.area_count; i++)
        holding->areas[holding->area_count++] = holding->device.scope.areas[i];
    scope_setting_name(holding->device.device, name);
    rc = store_setting(ask->ledger->store, name, ask->arena, &setting, err);
    if (rc == RC_OK)
        rc = scope_setting_read(setting, ask->arena, &former, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    for (uint32_t s = 0; rc == RC_OK && s < former.count; s++)
        for (uint32_t i = 0; i < former.list[s].area_count; i++)
            if (holding->area_count < LIMIT_AREAS * 2)
                holding->areas[holding->area_count++] = former.list[s].areas[i];
    return rc;
}

enum rc report_tablet(struct report *report, struct err *err) {
    const struct audit_ask *ask = report->ask;
    struct holding holding = {.report = report};
    struct store *store = ask->ledger->store;
    struct dot after = report_after(report);
    bool more = true;
    enum rc rc = store_device(store, ask->device, ask->arena, &holding.device, err);

    if (rc == RC_OK)
        rc = read_areas(&holding, err);
    if (rc == RC_OK)
        rc = store_actors(store, actor_visit, &holding, err);
    for (uint32_t i = 0; i < holding.actor_count && rc == RC_OK; i++)
        rc = store_actor_changes(store, holding.actors[i], 1, LIMIT_NUMBER, change_visit, &holding,
                                 err);
    if (rc == RC_OK && holding.written_count > 0)
        qsort(holding.written, holding.written_count, sizeof(*holding.written), dot_order);
    holding.area_count =
        succession_current(&ask->ledger->areas, holding.areas, holding.area_count, holding.areas);
    holding.portion =
        arena_array(ask->arena, (holding.area_count + 1u) * PORTION, sizeof(*holding.portion));
    if (rc == RC_OK && holding.portion == NULL)
        rc = arena_check(ask->arena, "a report", err);
    while (rc == RC_OK && more)
        rc = tell_portion(&holding, &after, &more, err);
    return rc == RC_NOT_FOUND && ask->part != NULL && ask->part->more ? RC_OK : rc;
}
