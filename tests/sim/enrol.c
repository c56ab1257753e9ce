/* enrol.c: somebody new gets a tablet in the midst of everything. The request is lost, or its
 * answer, or comes a day late; the power goes; he tries again with the same code, while others sync
 * and carry bundles. In the end there is one device for one code, and nobody else can use it. */
#include "agent/store/traffic.h"
#include "schema/wire/credential.h"
#include "syncd/sync/auth.h"
#include "tests/sim/world.h"

#include <stdio.h>

#define TRIES_MAX 40
#define ENROL_MAX 3u

static const uint64_t AREAS[] = {VILLAGE_A, VILLAGE_B, VILLAGE_C};

static bool may_fail(const struct world *world, enum rc rc) {
    switch (rc) {
    case RC_NETWORK:
    case RC_IO:
    case RC_AGAIN:
        return true;
    case RC_CORRUPT:
    case RC_DENIED:
    case RC_UNSUPPORTED:
        return world->turns[TURN_CUT];
    default:
        return false;
    }
}

/* The power of a tablet that is none yet. */
static void restart(struct world *world, struct pad *pad) {
    machine_calm(&pad->machine);
    if (!disk_is_dead(pad->machine.disk))
        return;
    if (disk_open_files(pad->machine.disk) != 0)
        world_fail(world, "an enrolment that was cut off leaves files open");
    disk_restart(pad->machine.disk);
    world->crashed++;
    tell(world, "%s loses its power", pad->machine.name);
}

static enum rc try_once(struct world *world, struct pad *pad, const char *code) {
    char secret[80], folder[40];
    struct enrol_options options = {
        .directory = folder,
        .server = view_text("http://127.0.0.1:1"),
        .code = view_text(code),
        .tablet = {.env = &pad->machine.env, .cost = {.passes = 1, .memory_kib = 8}},
        .link = &pad->link};
    enum rc rc;

    (void)snprintf(secret, sizeof(secret), CANARY "secret-of-%s", pad->people[0]);
    (void)snprintf(folder, sizeof(folder), "/%s/tablet", pad->machine.name);
    options.secret = view_text(secret);
    err_clear(&world->err);
    rc = enrol_run(&options, &pad->tablet, &world->err);
    tell(world, "%s enrols: %s%s%s", pad->machine.name, rc_name(rc), rc == RC_OK ? "" : ": ",
         rc == RC_OK ? "" : world->err.text);
    return rc;
}

static enum rc count_one(void *context, const struct stored_device *device, struct err *err) {
    uint32_t *count = context;

    (void)device;
    (void)err;
    (*count)++;
    return RC_OK;
}

static uint32_t known_devices(struct world *world) {
    struct ledger *ledger = hall_read(world);
    uint32_t count = 0;

    world_must(world, store_devices(ledger->store, count_one, &count, &world->err),
               "the list of devices");
    hall_give_back(world, ledger);
    return count;
}

void enrol_restored(struct world *world) {
    world->forgotten = PEOPLE + world->enrolled - known_devices(world);
    if (world->forgotten > 0)
        tell(world, "  it has forgotten %u tablets", world->forgotten);
}

/* Those that a restored county has forgotten show themselves when they come; one that is lost never
 * does. */
void enrol_check(struct world *world) {
    uint32_t count = known_devices(world), all = PEOPLE + world->enrolled;

    if (count > all || count < all - world->forgotten)
        world_fail(world, "the county knows %u devices, and %u were enrolled", count, all);
}

/* Somebody else has seen the code. */
static void steal(struct world *world, const char *code) {
    struct machine machine;
    struct pad thief = {.there = true};
    enum rc rc;

    machine_init(&machine, world, "thief", disk_new(chance(world, UINT64_MAX)));
    thief.machine = machine;
    thief.machine.env.context = &thief.machine;
    (void)snprintf(thief.people[0], sizeof(thief.people[0]), "thief");
    net_begin(world, &thief);
    world->calm = true;
    rc = try_once(world, &thief, code);
    world->calm = false;
    if (rc != RC_DENIED)
        world_fail(world, "a code that was used enrols another device: %s", rc_name(rc));
    err_clear(&world->err);
    machine_release(&thief.machine);
}

/* Until it is a tablet. */
static void enrol(struct world *world, struct pad *pad, const char *code) {
    enum rc rc = RC_AGAIN;
    struct pad *other;
    bool calm, still = world->still;

    world->still = true; /* nobody clones what is no tablet yet, or takes it away for months */
    for (int tries = 0; rc != RC_OK; tries++) {
        world->calm = tries >= TRIES_MAX;
        if (world->calm)
            world->hall.down_until_ms = 0;
        machine_tempt(&pad->machine, TURN_POWER, TURN_DISK);
        rc = try_once(world, pad, code);
        if (rc == RC_OK && disk_is_dead(pad->machine.disk))
            pad_close(world, pad); /* it is whole already */
        restart(world, pad);
        if (rc != RC_OK && (!may_fail(world, rc) || tries > TRIES_MAX + 2))
            world_must(world, rc, "enrolling");
        world->calm = false;
        world->now_ms += (int64_t)chance(world, 600000);
        other = &world->pads[chance(world, (uint64_t)world->pad_count - 1)];
        if (rc != RC_OK && other != world->busy && one_in(world, 3))
            pad_sync(world, other);
        else if (rc != RC_OK && one_in(world, 4))
            step_stick(world);
    }
    world->still = still;
    world->enrolled++;
    calm = world->calm;
    world->calm = true;
    if (!pad_ready(world, pad))
        world_fail(world, "%s cannot be unlocked: %s", pad->machine.name, world->err.text);
    world->calm = calm;
    pad->device = tablet_facts(pad->tablet)->device;
}

/* Returns how many areas. */
static uint32_t invite(struct world *world, const struct pad *pad, char code[CODE_TEXT_BYTES],
                       uint64_t grant[3]) {
    struct invitation invitation = {.device_name = view_text(pad->people[0]),
                                    .person_name = view_text(pad->people[0]),
                                    .role = ROLE_CLERK,
                                    .areas = grant};

    for (int i = 0; i < 3; i++)
        if (one_in(world, 2) || (i == 2 && invitation.area_count == 0))
            grant[invitation.area_count++] = AREAS[i];
    world_must(world, auth_invite(hall_office(world), &invitation, "test", code, &world->err),
               "an invitation");
    return invitation.area_count;
}

void step_enrol(struct world *world) {
    char code[CODE_TEXT_BYTES], name[16];
    uint64_t grant[3];
    uint32_t count;
    struct pad *pad;

    if (world->pad_count == PADS_MAX || world->enrolled == ENROL_MAX || !hall_up(world))
        return;
    (void)snprintf(name, sizeof(name), "new%u", ++world->names);
    pad = pad_new(world, name, disk_new(chance(world, UINT64_MAX)));
    net_begin(world, pad);
    count = invite(world, pad, code, grant);
    enrol(world, pad, code);
    scope_granted(world, pad->device, grant, count, RC_OK);
    if (!hall_up(world))
        return;
    enrol_check(world);
    if (one_in(world, 3))
        steal(world, code);
}

/* The county has been restored from a backup of before, and it had not come since: it has no
 * credential to show. Nothing was saved on it, because it had no form yet. */
bool enrol_anew(struct world *world, struct pad *pad) {
    char code[CODE_TEXT_BYTES];
    uint64_t grant[3];
    uint32_t count;
    struct buf credential;
    bool has_none;

    buf_init(&credential, LIMIT_CREDENTIAL_BYTES);
    world_must(world, tablet_credential(pad->tablet, &credential, &world->err), "a credential");
    has_none = credential.size == 0;
    buf_release(&credential);
    if (!has_none || world->forgotten == 0 || !hall_up(world))
        return false;
    if (pad->held_count > 0 || pad->draft_count > 0)
        world_fail(world, "%s has nothing to show, but answers", pad->machine.name);
    tell(world, "%s is enrolled anew", pad->machine.name);
    pad_blank(world, pad);
    count = invite(world, pad, code, grant);
    enrol(world, pad, code);
    scope_granted(world, pad->device, grant, count, RC_OK);
    return true;
}
