/* staff.c: what the county's staff do, through the commands of the desk: scopes, forms, areas,
 * decisions, erasures, backups and a restore. */
#include "base/file.h"
#include "schema/form/answers.h"
#include "syncd/sync/backup.h"
#include "syncd/sync/examine.h"
#include "syncd/sync/recall.h"
#include "syncd/sync/restore.h"
#include "tests/sim/world.h"

#include <stdio.h>

static const uint64_t VILLAGES[] = {VILLAGE_A, VILLAGE_B, VILLAGE_C};

/* What a command may be refused for; anything else is a mistake. */
static void refused(struct world *world, enum rc rc, const char *what) {
    tell(world, "staff: %s: %s%s%s", what, rc_name(rc), rc == RC_OK ? "" : " ",
         rc == RC_OK ? "" : world->err.text);
    if (rc == RC_CORRUPT || rc == RC_NO_MEMORY || rc == RC_LIMIT || rc == RC_USAGE)
        world_fail(world, "staff: %s: %s: %s %s", what, rc_name(rc), world->err.text,
                   world->err.detail);
}

/* The disk may fail in what comes next. */
static struct world *tempted(struct world *world) {
    machine_tempt(&world->hall.machine, TURN_HALL, TURN_HALL_DISK);
    return world;
}

/* ---- scopes ---- */

static void scope(struct world *world) {
    struct pad *pad = &world->pads[chance(world, (uint64_t)world->pad_count)];
    char id[17], areas[60] = "";
    uint64_t which = 1 + chance(world, 7), grant[3];
    uint32_t count = 0;
    enum rc rc;

    for (int i = 0; i < 3; i++)
        if ((which >> i & 1) != 0) {
            grant[count++] = VILLAGES[i];
            (void)snprintf(areas + strlen(areas), sizeof(areas) - strlen(areas), "%s%llu",
                           areas[0] == '\0' ? "" : ",", (unsigned long long)VILLAGES[i]);
        }
    id_text(pad->device, id);
    rc = hall_run(tempted(world), desk_device_scope, id, "--areas", areas, "--reason", "new work",
                  NULL);
    refused(world, rc, areas);
    scope_granted(world, pad->device, grant, count, rc);
    tell(world, "  is the scope of %s", pad->machine.name);
}

/* Whoever has come back from what the county has forgotten gets what he had. */
void staff_confirm(struct world *world) {
    for (int at = 0; at < world->pad_count; at++) {
        struct ledger *ledger = hall_read(world);
        struct stored_device device;
        char id[17];
        enum rc rc = store_device(ledger->store, world->pads[at].device, &world->arena, &device,
                                  &world->err);
        bool waits = rc == RC_OK && recall_waits(&device);

        hall_give_back(world, ledger);
        if (rc != RC_OK && rc != RC_NOT_FOUND)
            world_must(world, rc, "a device");
        err_clear(&world->err);
        if (!waits)
            continue;
        id_text(world->pads[at].device, id);
        world_must(world, hall_run(world, desk_device_scope, id, NULL), "confirming a tablet");
        tell(world, "staff confirm %s", world->pads[at].machine.name);
        world->moved++;
    }
}

static void revoke(struct world *world) {
    struct pad *pad = &world->pads[chance(world, (uint64_t)world->pad_count)];
    /* Votes that are not counted yet go, too: an urn stays on no tablet that was stolen. */
    bool wipe = !world->turns[TURN_VOTE] && one_in(world, 3);
    char id[17];
    enum rc rc;

    id_text(pad->device, id);
    rc = hall_run(tempted(world), desk_device_revoke, id, "--reason", wipe ? "stolen" : "lost",
                  wipe ? "--wipe" : NULL, wipe ? "" : NULL, NULL);
    refused(world, rc,
            arena_text(&world->arena, "%s%s", pad->machine.name, wipe ? ", which forgets" : ""));
    scope_revoked(world, pad->device, wipe, rc);
}

/* ---- decisions ---- */

struct pick { /* one of what is listed, by chance */
    struct world *world;
    uint64_t count;
    struct dot dot;
    struct dot twin; /* of a proposal: the older record; else 0-0 */
};

static enum rc pick_record(void *context, const struct stored_record *record, struct err *err) {
    struct pick *pick = context;

    (void)err;
    if (one_in(pick->world, ++pick->count))
        pick->dot = record->id;
    return RC_OK;
}

static enum rc pick_conflict(void *context, const struct stored_conflict *conflict,
                             struct err *err) {
    struct pick *pick = context;

    (void)err;
    if (one_in(pick->world, ++pick->count)) {
        pick->dot = conflict->record;
        pick->twin = (struct dot){conflict->other_actor, conflict->other_number};
    }
    return RC_OK;
}

static enum rc pick_quarantine(void *context, const struct stored_quarantine *row,
                               struct err *err) {
    struct pick *pick = context;

    (void)err;
    if (one_in(pick->world, ++pick->count))
        pick->dot = row->dot;
    return RC_OK;
}

struct asked { /* an open question */
    uint8_t kind;
    uint16_t field;
    char path[300], side[INSTANCE_TEXT_BYTES];
};

/* One about this record, and one of its sides. */
static bool question(struct world *world, struct ledger *ledger, const struct pick *pick,
                     struct asked *out) {
    struct stored_record stored;
    struct record record;
    struct reading reading;
    const struct conflict *conflict;
    struct buf text;
    enum rc rc = store_record(ledger->store, pick->dot, &world->arena, &stored, &world->err);

    if (rc == RC_OK)
        rc = ledger_read(ledger, &stored, &world->arena, &record, &reading, &world->err);
    if (rc == RC_OK)
        rc = examine_known(ledger->store, pick->dot, &reading, &world->arena, &world->err);
    world_must(world, rc, "a record with an open question");
    if (pick->twin.number != 0) {
        *out = (struct asked){.kind = CONFLICT_SAME, .path = "@same"};
        world->meant = oracle_mark(&record);
        return true;
    }
    if (reading.conflict_count == 0)
        return false;
    conflict = &reading.conflicts[chance(world, reading.conflict_count)];
    if (conflict->version_count == 0)
        return false;
    *out = (struct asked){.kind = conflict->kind, .field = conflict->field};
    world->meant = oracle_mark(&record);
    version_text(version_name(&record, conflict->versions[chance(world, conflict->version_count)]),
                 out->side);
    buf_init(&text, 1000);
    rc = answers_path_text(&reading, conflict->instance,
                           conflict->kind == CONFLICT_SAME ? FIELD_SAME : conflict->field, &text,
                           &world->err);
    (void)snprintf(out->path, sizeof(out->path), "%s", rc == RC_OK ? buf_text(&text) : "");
    buf_release(&text);
    return rc == RC_OK;
}

/* False: nothing is open, or the disk has refused. */
static bool resolve(struct world *world) {
    struct pick pick = {.world = world};
    struct ledger *ledger = hall_read(world);
    struct asked asked = {.kind = 0};
    const char *answer = "--keep";
    char id[DOT_TEXT_BYTES];
    bool open;
    enum rc rc;

    world_must(world,
               store_conflicts(ledger->store, 0, INT64_MIN, pick_conflict, &pick, &world->err),
               "the list of conflicts");
    open = pick.count > 0 && question(world, ledger, &pick, &asked);
    hall_give_back(world, ledger);
    if (!open || world->save_count + 1 >= SAVES_MAX)
        return false;
    dot_text(pick.dot, id);
    if (asked.kind == CONFLICT_SOFT)
        answer = "--accept";
    else if (asked.kind == CONFLICT_SAME && asked.field != FIELD_SAME)
        answer = one_in(world, 2) ? "--same" : "--different";
    rc = hall_run(tempted(world), desk_resolve, id, asked.path, answer,
                  strcmp(answer, "--keep") == 0 ? asked.side : "", "--as", "chief", "--reason",
                  oracle_token(world), NULL);
    refused(world, rc,
            arena_text(&world->arena, "decides (%s) about a conflict",
                       conflict_kind_name((enum conflict_kind)asked.kind)));
    if (rc == RC_OK || rc == RC_IO)
        oracle_saved(world, NULL, rc, pick.dot);
    world->meant = UINT32_MAX;
    return rc != RC_IO;
}

/* Some of what is open, with all that people have said before them. */
void staff_decide(struct world *world) {
    uint64_t most = 1 + chance(world, 6);

    while (most-- > 0 && resolve(world) && !hall_after(world))
        world->moved++;
}

static void settle(struct world *world) {
    struct pick pick = {.world = world};
    struct ledger *ledger = hall_read(world);
    char dot[DOT_TEXT_BYTES];
    bool release = one_in(world, 2);

    world_must(world, store_quarantine(ledger->store, false, pick_quarantine, &pick, &world->err),
               "what is in quarantine");
    hall_give_back(world, ledger);
    if (pick.count == 0)
        return;
    dot_text(pick.dot, dot);
    refused(world,
            hall_run(tempted(world), release ? desk_quarantine_release : desk_quarantine_return,
                     dot, "--as", "chief", "--reason", "looked at", NULL),
            release ? "releases" : "returns");
}

static enum rc order_erasure(struct world *world, const struct order *order) {
    char id[DOT_TEXT_BYTES];
    enum rc rc;

    dot_text(order->record, id);
    if (order->path == NULL)
        rc = hall_run(world, desk_redact, id, "--as", "chief", "--reason", "law", NULL);
    else
        rc =
            hall_run(world, desk_redact, id, order->path, "--as", "chief", "--reason", "law", NULL);
    oracle_erased(world, order->record);
    return rc;
}

static void erase(struct world *world) {
    static const char *const paths[] = {"name", "name",  "card",  "account",
                                        "pigs", "label", "member"};
    struct hall *hall = &world->hall;
    struct pick pick = {.world = world};
    struct ledger *ledger = hall_read(world);
    struct order order = {.path = one_in(world, 2) ? paths[chance(world, 7)] : NULL};
    enum rc rc;

    world_must(world,
               store_list(ledger->store, view_text("home"), 0, (struct dot){0, 0}, pick_record,
                          &pick, &world->err),
               "the list of records");
    hall_give_back(world, ledger);
    if (pick.count == 0)
        return;
    order.record = pick.dot;
    rc = order_erasure(tempted(world), &order);
    refused(world, rc, "erases");
    if (rc == RC_IO && hall->order_count < sizeof(hall->orders) / sizeof(hall->orders[0]))
        hall->orders[hall->order_count++] = order;
}

void staff_repeat(struct world *world) {
    for (uint32_t i = 0; i < world->hall.order_count; i++) {
        enum rc rc = order_erasure(world, &world->hall.orders[i]);

        tell(world, "staff erase again: %s", rc_name(rc));
        if (rc != RC_NOT_FOUND && rc != RC_INVALID) /* no such record or member, after a restore */
            world_must(world, rc, "an erasure that is repeated");
        err_clear(&world->err);
    }
    world->hall.order_count = 0;
}

/* ---- areas ---- */

static void merge(struct world *world) {
    char from[24], into[24];
    enum rc rc;

    if (world->hall.merged_into != 0)
        return;
    (void)snprintf(from, sizeof(from), "%llu", (unsigned long long)VILLAGE_C);
    (void)snprintf(into, sizeof(into), "%llu", (unsigned long long)VILLAGE_B);
    rc =
        hall_run(tempted(world), desk_area_merge, from, "--into", into, "--reason", "merged", NULL);
    refused(world, rc, "merges a village");
    if (rc == RC_IO) /* the records that are still to move do so when it starts again */
        hall_close(world);
    world->hall.merge_unsure = rc != RC_OK;
    world->hall.merged_into = VILLAGE_B;
}

/* ---- backups ---- */

static void backup(struct world *world) {
    struct hall *hall = &world->hall;
    struct backup_info info;
    bool moved = false;
    char path[48];
    enum rc rc;

    (void)snprintf(path, sizeof(path), "/backups/b%u", ++world->names);
    rc = backup_make(hall_office(tempted(world)), path, &world->arena, &info, &world->err);
    refused(world, rc, "makes a backup");
    if (rc != RC_OK)
        return;
    if (one_in(world, 2)) {
        rc = backup_confirm(hall_office(world), path, &world->arena, &info, &moved, &world->err);
        refused(world, rc, "reads it back");
        if (rc == RC_OK || rc == RC_IO)
            memcpy(hall->confirmed, path, sizeof(path));
    }
    memcpy(hall->backups[hall->backup_count++ % 4], path, sizeof(path));
}

/* The county's disk has died. It comes back from the newest backup that was read back, or a newer
 * one: what is older cannot have what tablets may have forgotten. */
static void restore(struct world *world) {
    struct hall *hall = &world->hall;
    const char *path = hall->backup_count > 0 && (one_in(world, 2) || hall->confirmed[0] == '\0')
                           ? hall->backups[(hall->backup_count - 1) % 4]
                           : hall->confirmed;
    struct restore_options options = {
        .backup = path, .directory = "/county/data", .env = &hall->machine.env};
    struct backup_info info;
    uint32_t epoch = 0;
    bool calm;
    enum rc rc;

    if (path[0] == '\0' || hall->restores >= 2)
        return;
    oracle_losing(world);
    hall_close(world);
    (void)disk_unlink("/county/data/county.db");
    (void)disk_unlink("/county/data/county.db-wal");
    (void)disk_sync_names("/county/data");
    rc = restore_county(&options, &world->arena, &info, &epoch, &world->err);
    refused(world, rc, "brings the county back from a backup");
    world_must(world, rc, "a restore");
    hall->restores++;
    hall->acked_count = 0;
    hall->merged_into = 0;
    hall->merge_unsure = true; /* the backup may have it */
    calm = world->calm;
    world->calm = true;
    if (!hall_open(world))
        world_fail(world, "the county cannot be opened after a restore: %s", world->err.text);
    world->calm = calm;
    oracle_restored(world);
    scope_forgotten(world);
    enrol_restored(world);
    if (one_in(world, 3)) /* the flood took a tablet, too */
        pad_lose(world);
}

void step_staff(struct world *world, enum turn turn) {
    if (!hall_up(world))
        return;
    err_clear(&world->err);
    switch (turn) {
    case TURN_SCOPE:
        scope(world);
        break;
    case TURN_REVOKE:
        revoke(world);
        break;
    case TURN_FORM:
        if (world->hall.form_version < 5)
            hall_form(world, world->hall.form_version + 1);
        break;
    case TURN_AREA:
        merge(world);
        break;
    case TURN_ERASE:
        erase(world);
        break;
    case TURN_BACKUP:
        backup(world);
        break;
    case TURN_RESTORE:
        restore(world);
        break;
    default:
        if (one_in(world, 3))
            settle(world);
        else
            for (uint64_t most = 1 + chance(world, 3); most > 0; most--)
                if (!resolve(world) || hall_after(world))
                    break;
        break;
    }
    (void)hall_after(world);
}
