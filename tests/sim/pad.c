/* pad.c: a tablet: its disk, which loses its power, is copied and put back; its clock; its people.
 */
#include "agent/store/traffic.h"
#include "base/file.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

/* ---- life ---- */

struct pad *pad_new(struct world *world, const char *name, struct disk *disk) {
    struct pad *pad = &world->pads[world->pad_count++];

    *pad = (struct pad){.there = true};
    disk_forbid(disk, CANARY);
    machine_init(&pad->machine, world, name, disk);
    buf_init(&pad->last_answer, LIMIT_EXCHANGE_BYTES);
    (void)snprintf(pad->people[0], sizeof(pad->people[0]), "%s", name);
    (void)snprintf(pad->person, sizeof(pad->person), "%s", name);
    pad->person_count = 1;
    return pad;
}

static void folder_of(const struct pad *pad, char out[40]) {
    (void)snprintf(out, 40, "/%s/tablet", pad->machine.name);
}

void pad_open(struct world *world, struct pad *pad) {
    struct tablet_options options = {.env = &pad->machine.env,
                                     .cost = {.passes = 1, .memory_kib = 8}};
    char folder[40];
    enum rc rc;

    folder_of(pad, folder);
    err_clear(&world->err);
    machine_tempt_start(&pad->machine, TURN_POWER, TURN_DISK);
    rc = tablet_open(folder, &options, &pad->tablet, &world->err);
    pad->session = NULL;
    if (rc == RC_OK) {
        sync_attach(pad->tablet);
        oracle_pad_opened(world, pad);
        draft_pad_opened(pad);
    } else if ((rc != RC_IO && rc != RC_NOT_FOUND) || world->healing) {
        world_must(world, rc, "a tablet cannot be opened");
    }
    pad_after(world, pad);
}

void pad_close(struct world *world, struct pad *pad) {
    (void)world;
    tablet_close(pad->tablet);
    pad->tablet = NULL;
    pad->session = NULL;
}

void pad_after(struct world *world, struct pad *pad) {
    machine_calm(&pad->machine);
    if (!disk_is_dead(pad->machine.disk)) {
        oracle_looks_wiped(world, pad);
        return;
    }
    pad_close(world, pad);
    if (disk_open_files(pad->machine.disk) != 0)
        world_fail(world, "%s leaves files open", pad->machine.name);
    disk_restart(pad->machine.disk);
    world->crashed++;
    tell(world, "%s loses its power", pad->machine.name);
    pad_open(world, pad);
}

bool pad_unlock(struct world *world, struct pad *pad) {
    char secret[80];
    enum rc rc;

    if (pad->tablet == NULL || pad->session != NULL)
        return pad->session != NULL;
    (void)snprintf(secret, sizeof(secret), CANARY "secret-of-%s", pad->person);
    err_clear(&world->err);
    machine_tempt_start(&pad->machine, TURN_POWER, TURN_DISK);
    rc = session_open(pad->tablet, view_text(pad->person), view_text(secret), &pad->session,
                      &world->err);
    if (rc != RC_OK) {
        pad->session = NULL;
        if (rc == RC_NOT_FOUND && pad->person_count > 1) { /* put back to before he came */
            memcpy(pad->person, pad->people[0], sizeof(pad->person));
            pad->person_count = 1;
            return pad_unlock(world, pad);
        }
        if ((rc != RC_IO || world->healing) && !(rc == RC_DENIED && pad->wiped))
            world_must(world, rc, "a tablet cannot be unlocked");
    } else if (pad->wiped) {
        world_fail(world, "%s has forgotten what it held, and can be unlocked", pad->machine.name);
    }
    if (rc == RC_OK && world->turns[TURN_REVOKE])
        pad->has_keys = forget_keys(pad->tablet, pad->person, pad->keys) || pad->has_keys;
    if (rc == RC_OK && world->turns[TURN_DRAFT])
        draft_unlocked(world, pad);
    pad_after(world, pad);
    return pad->session != NULL;
}

bool pad_ready(struct world *world, struct pad *pad) {
    if (pad->tablet == NULL)
        pad_open(world, pad);
    return pad->tablet != NULL && pad_unlock(world, pad);
}

void pad_hold(struct pad *pad, uint32_t save) {
    if (pad->held_count == pad->held_room) {
        pad->held_room = pad->held_room == 0 ? 64 : pad->held_room * 2;
        pad->held = realloc(pad->held, pad->held_room * sizeof(pad->held[0]));
        if (pad->held == NULL)
            abort();
    }
    pad->held[pad->held_count++] = save;
}

void pad_release(struct pad *pad) {
    disk_free(pad->backup.disk);
    free(pad->backup.held);
    pad->backup = (struct image){0};
    free(pad->held);
    pad->held = NULL;
    buf_release(&pad->last_answer);
    machine_release(&pad->machine);
}

/* ---- syncing ---- */

static bool expected(const struct world *world, enum rc rc) {
    switch (rc) {
    case RC_OK:
        return true;
    case RC_NETWORK:
    case RC_IO:
    case RC_AGAIN:
        return !world->healing;
    case RC_CORRUPT: /* a cut answer; never the disk, which every start checks */
    case RC_DENIED:
    case RC_UNSUPPORTED:
        return world->turns[TURN_CUT] && !world->healing;
    default:
        return false;
    }
}

/* Whoever has unlocked is locked out when the tablet is to forget. */
static void obey(struct world *world, struct pad *pad) {
    enum rc rc;

    if (pad->tablet == NULL || pad->session == NULL || !tablet_facts(pad->tablet)->scope.wipe ||
        tablet_facts(pad->tablet)->wiped)
        return;
    machine_tempt(&pad->machine, TURN_POWER, TURN_DISK);
    err_clear(&world->err);
    rc = forget_ordered(pad->tablet, &pad->session, &world->err);
    tell(world, "%s is to forget: %s", pad->machine.name, rc_name(rc));
    if (rc != RC_OK && (rc != RC_IO || world->healing))
        world_must(world, rc, "forgetting");
    pad_after(world, pad);
}

void pad_sync(struct world *world, struct pad *pad) {
    struct sync_options options = {.rounds_max = 0};
    struct sync_report report = {0};
    enum rc rc;

    if (!world->healing && one_in(world, 4)) { /* a slow link, that is cut */
        options.answer_bytes_max = 1;
        options.rounds_max = 1;
    }
    if (pad->tablet == NULL)
        pad_open(world, pad);
    if (pad->tablet == NULL)
        return;
    if (!world->healing && pad->session != NULL && one_in(world, 6)) {
        machine_tempt(&pad->machine, TURN_POWER, TURN_DISK);
        (void)session_close(pad->session, &world->err);
        pad->session = NULL;
        pad_after(world, pad);
        if (pad->tablet == NULL)
            return;
    }
    machine_tempt(&pad->machine, TURN_POWER, TURN_DISK);
    err_clear(&world->err);
    rc = sync_run(pad->tablet, &pad->link, &options, &report, &world->err);
    machine_calm(&pad->machine);
    world->synced++;
    world->moved += report.sent + report.received;
    tell(world, "%s syncs%s: %s, %u sent, %u received%s%s", pad->machine.name,
         pad->session == NULL ? " locked" : "", rc_name(rc), (unsigned)report.sent,
         (unsigned)report.received, rc == RC_OK ? "" : ": ", rc == RC_OK ? "" : world->err.text);
    if (rc == RC_DENIED && tablet_facts(pad->tablet)->scope.revoked)
        rc = RC_OK;
    if (rc == RC_DENIED && !disk_is_dead(pad->machine.disk) && enrol_anew(world, pad))
        return;
    if (!expected(world, rc))
        world_fail(world, "%s cannot sync: %s: %s %s", pad->machine.name, rc_name(rc),
                   world->err.text, world->err.detail);
    if (rc == RC_OK && !disk_is_dead(pad->machine.disk))
        oracle_synced(world, pad, &report);
    if (rc == RC_OK && !disk_is_dead(pad->machine.disk) && pad->session != NULL)
        photo_synced(world, pad);
    if (rc == RC_IO && !disk_is_dead(pad->machine.disk) && one_in(world, 2))
        pad_close(world, pad); /* somebody switches it off and on */
    pad_after(world, pad);
    obey(world, pad);
    if (!world->healing && !one_in(world, 4))
        (void)pad_unlock(world, pad);
    if (world->healing && !pad_ready(world, pad) && !pad->wiped)
        world_fail(world, "%s cannot be unlocked", pad->machine.name);
}

/* ---- copies ---- */

static uint32_t *copy_held(const uint32_t *held, uint32_t count) {
    uint32_t *copy = malloc((count + 1) * sizeof(*copy));

    if (copy == NULL)
        abort();
    if (count > 0)
        memcpy(copy, held, count * sizeof(*copy));
    return copy;
}

/* Backups leave the nonce out; images of the whole disk do not. */
static struct disk *image_of(struct world *world, struct pad *pad, bool whole) {
    struct disk *disk = disk_copy(pad->machine.disk, chance(world, UINT64_MAX));

    if (!whole) {
        disk_mount("image", disk);
        (void)disk_unlink("/image/tablet/incarnation");
        (void)disk_sync_names("/image/tablet");
        disk_mount("image", NULL);
    }
    return disk;
}

void pad_copy(struct world *world, struct pad *pad) {
    struct pad *made;
    char name[16];

    if (world->pad_count == PADS_MAX)
        return;
    pad_close(world, pad);
    (void)snprintf(name, sizeof(name), "clone%u", ++world->names);
    made = pad_new(world, name, image_of(world, pad, true));
    net_begin(world, made);
    made->device = pad->device;
    made->granted = pad->granted;
    made->joined = pad->joined;
    made->wiped = pad->wiped;
    made->has_keys = pad->has_keys;
    memcpy(made->keys, pad->keys, sizeof(made->keys));
    made->person_count = pad->person_count;
    memcpy(made->people, pad->people, sizeof(made->people));
    memcpy(made->person, pad->person, sizeof(made->person));
    made->held = copy_held(pad->held, pad->held_count);
    made->held_count = pad->held_count;
    made->held_room = pad->held_count + 1;
    made->photos = pad->photos;
    made->draft_count = pad->draft_count;
    memcpy(made->drafts, pad->drafts, sizeof(made->drafts));
    made->draft_maybe = pad->draft_maybe;
    tell(world, "%s is cloned as %s", pad->machine.name, made->machine.name);
    (void)pad_ready(world, made);
    (void)pad_ready(world, pad);
}

void pad_put_aside(struct world *world, struct pad *pad) {
    bool whole = one_in(world, 3);

    pad_close(world, pad);
    disk_free(pad->backup.disk);
    free(pad->backup.held);
    pad->backup = (struct image){.disk = image_of(world, pad, whole),
                                 .held = copy_held(pad->held, pad->held_count),
                                 .held_count = pad->held_count,
                                 .photos = pad->photos,
                                 .draft_count = pad->draft_count,
                                 .draft_maybe = pad->draft_maybe,
                                 .at_ms = world->now_ms};
    memcpy(pad->backup.drafts, pad->drafts, sizeof(pad->drafts));
    tell(world, "%s is backed up%s", pad->machine.name, whole ? ", with its nonce" : "");
    (void)pad_ready(world, pad);
}

void pad_put_back(struct world *world, struct pad *pad) {
    uint32_t *held = pad->held, count = pad->held_count;

    pad_close(world, pad);
    disk_mount(pad->machine.name, NULL);
    disk_free(pad->machine.disk);
    pad->machine.disk = disk_copy(pad->backup.disk, chance(world, UINT64_MAX));
    disk_mount(pad->machine.name, pad->machine.disk);
    pad->held = copy_held(pad->backup.held, pad->backup.held_count);
    pad->held_count = pad->backup.held_count;
    pad->held_room = pad->held_count + 1;
    pad->photos = pad->backup.photos;
    pad->draft_count = pad->backup.draft_count;
    memcpy(pad->drafts, pad->backup.drafts, sizeof(pad->drafts));
    pad->draft_maybe = pad->backup.draft_maybe;
    pad->wiped = false; /* unless it was then */
    tell(world, "%s is put back from its backup", pad->machine.name);
    oracle_disk_gone(world, held, count);
    free(held);
    (void)pad_ready(world, pad);
}

/* Another folder, in which nothing is. */
void pad_blank(struct world *world, struct pad *pad) {
    pad_close(world, pad);
    disk_mount(pad->machine.name, NULL);
    disk_free(pad->machine.disk);
    pad->machine.disk = disk_new(chance(world, UINT64_MAX));
    disk_forbid(pad->machine.disk, CANARY);
    disk_mount(pad->machine.name, pad->machine.disk);
    pad->photos = 0;
    pad->granted = 0;
    pad->wiped = pad->has_keys = false;
    pad->person_count = 1;
    memcpy(pad->person, pad->people[0], sizeof(pad->person));
}

void pad_lose(struct world *world) {
    struct pad *pad = &world->pads[world->pad_count - 1];

    if (world->pad_count < 3 || pad == world->busy)
        return;
    pad_close(world, pad);
    world->pad_count--;
    tell(world, "%s is lost", pad->machine.name);
    oracle_restored(world); /* what it could have given back, it cannot any more */
    pad_release(pad);
}

/* ---- people and clocks ---- */

static void lend(struct world *world, struct pad *pad) {
    char name[16], secret[80];
    uint64_t person;
    enum rc rc;

    if (!pad_ready(world, pad))
        return;
    if (pad->person_count == 3 || (pad->person_count > 1 && one_in(world, 2))) {
        const char *next = pad->people[chance(world, pad->person_count)];

        machine_tempt(&pad->machine, TURN_POWER, TURN_DISK);
        (void)session_close(pad->session, &world->err);
        pad->session = NULL;
        memcpy(pad->person, next, sizeof(pad->person));
        tell(world, "%s is lent to %s", pad->machine.name, next);
        pad_after(world, pad);
        (void)pad_unlock(world, pad);
        return;
    }
    (void)snprintf(name, sizeof(name), "guest%u", ++world->names);
    (void)snprintf(secret, sizeof(secret), CANARY "secret-of-%s", name);
    machine_tempt(&pad->machine, TURN_POWER, TURN_DISK);
    rc = session_add_person(pad->session, view_text(name), view_text(secret), NULL, 0, &person,
                            &world->err);
    if (rc == RC_OK) {
        (void)snprintf(pad->people[pad->person_count++], sizeof(pad->people[0]), "%s", name);
        tell(world, "%s also works on %s", name, pad->machine.name);
    } else if (rc != RC_IO) {
        world_must(world, rc, "adding a person");
    }
    pad_after(world, pad);
}

static void turn_clock(struct world *world, struct machine *machine) {
    static const int64_t spans_ms[] = {HOUR_MS, DAY_MS, 400 * DAY_MS, 3000 * DAY_MS};
    int64_t span_ms = spans_ms[chance(world, 4)];

    machine->offset_ms =
        one_in(world, 3) ? 0 : (int64_t)chance(world, 2 * (uint64_t)span_ms) - span_ms;
    tell(world, "the clock of %s is off by %.2f days", machine->name,
         (double)machine->offset_ms / (double)DAY_MS);
}

void step_pad(struct world *world, enum turn turn) {
    struct pad *pad = some_pad(world);

    if (turn == TURN_AWAY) {
        bool months = world->turns[TURN_MONTHS] && one_in(world, 3);

        pad->away_until_ms =
            world->now_ms + (int64_t)chance(world, (months ? 200 : 6) * (uint64_t)DAY_MS);
        tell(world, "%s has no network for %s", pad->machine.name, months ? "months" : "a while");
    } else if (turn == TURN_CLOCK) {
        /* Not amid a sync: who has just got a nonce of today may be refused with it yesterday. */
        turn_clock(world,
                   world->busy == NULL && one_in(world, 4) ? &world->hall.machine : &pad->machine);
    } else if (turn == TURN_LEND) {
        lend(world, pad);
    } else if (turn == TURN_CLONE) {
        pad_copy(world, pad);
    } else if (pad->backup.disk == NULL || one_in(world, 2)) {
        pad_put_aside(world, pad);
    } else {
        pad_put_back(world, pad);
    }
}
