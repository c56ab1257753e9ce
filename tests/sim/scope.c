/* scope.c: what staff have granted to which tablet, known from their commands alone, and whether it
 * holds: in each answer of the county, and on each tablet in the end.
 *
 * A restored county has forgotten what it granted since; then nothing is known of a tablet until
 * staff say it again. */
#include "agent/store/traffic.h"
#include "schema/wire/exchange.h"
#include "schema/wire/snapshot.h"
#include "tests/sim/world.h"

static const uint64_t VILLAGES[] = {VILLAGE_A, VILLAGE_B, VILLAGE_C};

#define ALL 7u /* a bit for each of them */

/* ---- what is granted ---- */

static struct granted *find(struct world *world, uint64_t device) {
    for (uint32_t i = 0; i < world->granted_count; i++)
        if (world->granted[i].device == device)
            return &world->granted[i];
    return NULL;
}

static uint8_t bits_of(const uint64_t *areas, uint32_t count) {
    uint8_t bits = 0;

    for (uint32_t i = 0; i < count; i++)
        for (uint32_t village = 0; village < 3; village++)
            if (areas[i] == VILLAGES[village])
                bits |= (uint8_t)(1u << village);
    return bits;
}

void scope_granted(struct world *world, uint64_t device, const uint64_t *areas, uint32_t count,
                   enum rc rc) {
    struct granted *granted = find(world, device);

    if (rc != RC_OK && rc != RC_IO)
        return;
    if (granted == NULL) {
        if (world->granted_count == sizeof(world->granted) / sizeof(world->granted[0]))
            world_fail(world, "more devices than scope.c can remember");
        granted = &world->granted[world->granted_count++];
        *granted = (struct granted){.device = device};
    }
    if (granted->revoked && rc == RC_OK)
        world_fail(world, "a tablet that is revoked got areas");
    if (rc == RC_IO) { /* it may have been done */
        granted->unknown = true;
        return;
    }
    granted->areas = bits_of(areas, count);
    granted->unknown = false;
}

void scope_revoked(struct world *world, uint64_t device, bool wipe, enum rc rc) {
    struct granted *granted = find(world, device);
    bool may_be_wiped;

    if (granted == NULL)
        return;
    may_be_wiped = granted->may_be_wiped || (wipe && (rc == RC_OK || rc == RC_IO));
    granted->may_be_wiped = may_be_wiped;
    granted->unknown = granted->unknown || rc == RC_IO;
    if (rc == RC_OK)
        *granted = (struct granted){
            .device = device, .revoked = true, .wipe = wipe, .may_be_wiped = may_be_wiped};
}

bool scope_may_be_wiped(struct world *world, uint64_t device) {
    const struct granted *granted = find(world, device);

    return granted != NULL && granted->may_be_wiped;
}

void scope_forgotten(struct world *world) {
    for (uint32_t i = 0; i < world->granted_count; i++) {
        world->granted[i].unknown = true;
        world->granted[i].revoked = world->granted[i].wipe = false;
    }
}

/* Who has a village that was merged has the other one, too. */
static uint8_t with_merged(const struct world *world, uint8_t areas) {
    const uint8_t both = 6;

    return world->hall.merged_into != 0 && (areas & both) != 0 ? areas | both : areas;
}

/* NULL: not known. */
static const struct granted *known(struct world *world, uint64_t device) {
    const struct granted *granted = find(world, device);

    return granted == NULL || granted->unknown || world->hall.merge_unsure ? NULL : granted;
}

/* ---- what the county gives ---- */

struct given {
    struct world *world;
    struct pad *pad;
    const struct granted *granted;
};

static void check_area(const struct given *given, uint64_t area, const char *what) {
    uint8_t bit = bits_of(&area, 1);

    if (area == 0 && !given->granted->revoked) /* of the staff log */
        return;
    if (given->granted->revoked || (with_merged(given->world, given->granted->areas) & bit) == 0)
        world_fail(given->world, "the county gives %s of %llu to %s, %s", what,
                   (unsigned long long)area, given->pad->machine.name,
                   given->granted->revoked ? "which is revoked" : "which may not have it");
}

static void check_part(const struct given *given, const struct part *part) {
    struct world *world = given->world;

    if (part->kind == PART_ENTRY) {
        struct feed_entry entry;

        world_must(world, exchange_read_entry(part->content, &entry, &world->err), "an entry");
        check_area(given, entry.area, "an entry");
    } else if (part->kind == PART_SNAPSHOT) {
        struct snapshot_part snapshot;
        struct snapshot manifest;

        world_must(world,
                   exchange_read_snapshot(part->content,
                                          tablet_facts(given->pad->tablet)->county_sign_public,
                                          &snapshot, &world->err),
                   "a snapshot");
        world_must(world, snapshot_read(snapshot.manifest, &world->arena, &manifest, &world->err),
                   "a manifest");
        check_area(given, manifest.area, "a snapshot");
    }
}

/* Sealed ones are looked at where the tablet has a session to open them. */
void scope_answered(struct world *world, struct pad *pad, struct view answer) {
    struct given given = {world, pad, known(world, pad->device)};
    struct reader in, inner;
    struct part part;
    struct buf parts;

    if (given.granted == NULL || pad->tablet == NULL)
        return;
    world_must(world, exchange_open(answer, &in, &world->err), "an answer");
    while (exchange_next(&in, &part, &world->err) == RC_OK) {
        check_part(&given, &part);
        if (part.kind != PART_SEALED || pad->session == NULL)
            continue;
        buf_init(&parts, LIMIT_EXCHANGE_BYTES);
        if (tablet_open_sealed(pad->tablet, part.content, &parts, &world->err) == RC_OK) {
            reader_init(&inner, buf_view(&parts));
            while (exchange_next(&inner, &part, &world->err) == RC_OK)
                check_part(&given, &part);
        }
        buf_release(&parts);
    }
    err_clear(&world->err);
}

/* ---- what a tablet has in the end ---- */

struct holding {
    struct world *world;
    struct pad *pad;
    uint64_t area;
};

static enum rc check_gone(void *context, const struct stored_record *stored, struct err *err) {
    struct holding *holding = context;
    struct record state;
    enum rc rc = tablet_state(holding->pad->tablet, holding->area, stored->id,
                              &holding->world->arena, &state, err);

    if (rc == RC_OK && state.absorbed_count > 0)
        world_fail(holding->world, "%s keeps record %04x-%u of %llu, which is not its own any more",
                   holding->pad->machine.name, (unsigned)(stored->id.actor >> 48),
                   (unsigned)stored->id.number, (unsigned long long)holding->area);
    err_clear(err);
    return RC_OK;
}

void scope_end(struct world *world, struct pad *pad) {
    const struct granted *granted = known(world, pad->device);
    struct ledger *ledger;
    uint8_t areas;

    if (granted == NULL)
        return;
    if (granted->revoked != tablet_facts(pad->tablet)->scope.revoked)
        world_fail(world, "%s %s that it is revoked", pad->machine.name,
                   granted->revoked ? "does not know" : "believes");
    if (granted->wipe && !pad->wiped)
        world_fail(world, "%s is to forget what it holds, and does not", pad->machine.name);
    if (granted->revoked || pad->wiped)
        return;
    areas = with_merged(world, granted->areas);
    ledger = hall_read(world);
    for (uint32_t i = 0; i < 3; i++) {
        struct holding holding = {world, pad, VILLAGES[i]};
        bool may = (areas >> i & 1) != 0;

        if (tablet_in_scope(pad->tablet, VILLAGES[i]) != may)
            world_fail(world, "%s %s village %llu, and staff say otherwise", pad->machine.name,
                       may ? "does not know that it may have" : "believes that it may have",
                       (unsigned long long)VILLAGES[i]);
        if (!may)
            world_must(world,
                       store_list(ledger->store, view_text(""), 0, (struct dot){0, 0}, check_gone,
                                  &holding, &world->err),
                       "the county's records");
    }
    hall_give_back(world, ledger);
}
