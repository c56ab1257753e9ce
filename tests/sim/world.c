/* world.c: see world.h. What a seed draws, the steps, the healing, and how a world ends. */
#include "tests/sim/world.h"

#include "tests/sim/vfs.h"

#include <stdio.h>
#include <stdlib.h>

#define START_MS  INT64_C(1795400000000)
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)
#define HEAL_DAYS 7

static uint64_t draw(uint64_t *random) {
    uint64_t mixed = *random += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

uint64_t chance(struct world *world, uint64_t below) {
    return draw(&world->random) % below;
}

void tell(struct world *world, const char *format, ...) {
    char *line = world->log[world->log_count++ % LOG_LINES];
    va_list arguments;
    int size;

    size = snprintf(line, LINE_BYTES, "%4u %7.2fd  ", world->step,
                    (double)(world->now_ms - START_MS) / (double)DAY_MS);
    va_start(arguments, format);
    (void)vsnprintf(line + size, LINE_BYTES - (size_t)size, format, arguments);
    va_end(arguments);
    for (const char *at = line; *at != '\0'; at++)
        world->trace = (world->trace ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
    if (world->tells)
        printf("%s\n", line);
    if (world->census != NULL)
        census_line(world->census, world->seed, line + size);
}

void world_fail(struct world *world, const char *format, ...) {
    va_list arguments;
    size_t size;

    va_start(arguments, format);
    (void)vsnprintf(world->failure, sizeof(world->failure), format, arguments);
    va_end(arguments);
    for (size = strlen(world->failure); size > 0 && world->failure[size - 1] <= ' '; size--)
        world->failure[size - 1] = '\0';
    for (size = 0; world->failure[size] != '\0'; size++) /* one line */
        if (world->failure[size] == '\n')
            world->failure[size] = ' ';
    longjmp(world->out, 1);
}

void world_must(struct world *world, enum rc rc, const char *what) {
    if (rc != RC_OK)
        world_fail(world, "%s: %s: %s %s", what, rc_name(rc), world->err.text, world->err.detail);
}

/* ---- machines ---- */

static int64_t wall(void *context) {
    struct machine *machine = context;

    return machine->world->now_ms + machine->offset_ms + disk_stalling_ms(machine->disk);
}

static int64_t monotonic(void *context) {
    struct machine *machine = context;

    return machine->world->now_ms + disk_stalling_ms(machine->disk);
}

static void entropy(void *context, void *bytes, size_t size) {
    struct machine *machine = context;
    uint8_t *out = bytes;

    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(draw(&machine->random) >> 32);
}

void machine_init(struct machine *machine, struct world *world, const char *name,
                  struct disk *disk) {
    *machine = (struct machine){.world = world, .disk = disk, .random = chance(world, UINT64_MAX)};
    (void)snprintf(machine->name, sizeof(machine->name), "%s", name);
    machine->env = (struct env){machine, wall, monotonic, entropy};
    disk_mount(machine->name, disk);
}

void machine_release(struct machine *machine) {
    if (machine->disk != NULL)
        disk_mount(machine->name, NULL);
    disk_free(machine->disk);
    machine->disk = NULL;
}

void machine_tempt(struct machine *machine, enum turn power, enum turn disk) {
    struct world *world = machine->world;
    struct disk_faults faults = {0};

    if (world->healing || world->calm)
        return;
    if (world->turns[power] && one_in(world, 12)) {
        if (one_in(world, 3))
            disk_cut_between(machine->disk, 1 + chance(world, 6));
        else
            disk_cut_after(machine->disk, 1 + chance(world, one_in(world, 3) ? 150 : 25));
    }
    if (world->turns[disk] && one_in(world, 8)) {
        faults.write_errors = one_in(world, 2) ? 1 + (uint32_t)chance(world, 40) : 0;
        faults.sync_errors = one_in(world, 2) ? 1 + (uint32_t)chance(world, 10) : 0;
        faults.read_errors = one_in(world, 3) ? 1 + (uint32_t)chance(world, 60) : 0;
        faults.stalls = 2;
    }
    if (world->turns[disk] && one_in(world, 2))
        faults.portions = 3;
    if (world->turns[TURN_FULL] && one_in(world, 15))
        faults.room_bytes = 1 + chance(world, 2000000);
    disk_set_faults(machine->disk, &faults);
}

void machine_tempt_start(struct machine *machine, enum turn power, enum turn disk) {
    if (machine->world->step > 0 && !machine->world->still)
        machine_tempt(machine, power, disk);
    if (machine->world->step > 0 && !machine->world->still && !machine->world->calm &&
        !machine->world->healing && machine->world->turns[power] && one_in(machine->world, 6))
        disk_cut_after(machine->disk, 1 + chance(machine->world, 30));
}

/* For whoever reads what happened. */
static void tell_harm(struct machine *machine) {
    struct disk_harm harm = disk_harm(machine->disk);
    struct world *world = machine->world;

    if (harm.cut != NULL)
        tell(world, "  the power of %s goes while %s", machine->name, harm.cut);
    if (harm.reads > 0)
        tell(world, "  %s cannot read, %u times", machine->name, harm.reads);
    if (harm.writes > 0)
        tell(world, "  %s cannot write, %u times", machine->name, harm.writes);
    if (harm.syncs > 0)
        tell(world, "  %s cannot sync, %u times", machine->name, harm.syncs);
    if (harm.full > 0)
        tell(world, "  %s has no space, %u times", machine->name, harm.full);
    if (harm.stalls > 0)
        tell(world, "  %s waits for its disk, %u times", machine->name, harm.stalls);
    if (harm.portions > 0)
        tell(world, "  %s reads and writes in portions, %u times", machine->name, harm.portions);
}

void machine_calm(struct machine *machine) {
    struct disk_faults none = {0};

    tell_harm(machine);
    disk_set_faults(machine->disk, &none);
    if (!disk_is_dead(machine->disk))
        disk_cut_after(machine->disk, 0);
    machine->world->now_ms += disk_stalled_ms(machine->disk);
}

struct pad *some_pad(struct world *world) {
    struct pad *pad = &world->pads[chance(world, (uint64_t)world->pad_count)];

    if (pad == world->busy)
        pad = &world->pads[(pad - world->pads + 1) % world->pad_count];
    return pad;
}

/* ---- steps ---- */

static void pass_time(struct world *world) {
    uint64_t what = chance(world, 40);

    if (what < 30)
        world->now_ms += (int64_t)chance(world, 20 * (uint64_t)MINUTE_MS);
    else if (what < 37)
        world->now_ms += (int64_t)chance(world, 12 * (uint64_t)HOUR_MS);
    else if (what < 39 || !world->turns[TURN_MONTHS])
        world->now_ms += (int64_t)chance(world, 3 * (uint64_t)DAY_MS);
    else {
        tell(world, "months pass");
        world->now_ms += (int64_t)chance(world, 120 * (uint64_t)DAY_MS);
    }
    vfs_world(world->now_ms, world->random);
}

static enum turn some_turn(struct world *world) {
    uint32_t total = 0, at;

    for (int turn = 0; turn < TURN_COUNT; turn++)
        total += world->turns[turn] ? world->weights[turn] : 0;
    if (total == 0)
        return TURN_COUNT;
    at = (uint32_t)chance(world, total);
    for (int turn = 0; turn < TURN_COUNT; turn++) {
        uint32_t weight = world->turns[turn] ? world->weights[turn] : 0;

        if (at < weight)
            return (enum turn)turn;
        at -= weight;
    }
    return TURN_COUNT;
}

static void special(struct world *world) {
    enum turn turn = some_turn(world);

    switch (turn) {
    case TURN_AWAY:
    case TURN_CLOCK:
    case TURN_CLONE:
    case TURN_PUT_BACK:
    case TURN_LEND:
        step_pad(world, turn);
        break;
    case TURN_STICK:
        step_stick(world);
        break;
    case TURN_ENROL:
        step_enrol(world);
        break;
    case TURN_POISON:
        step_poison(world);
        break;
    case TURN_RESTORE:
    case TURN_SCOPE:
    case TURN_REVOKE:
    case TURN_FORM:
    case TURN_AREA:
    case TURN_ERASE:
    case TURN_STAFF:
    case TURN_BACKUP:
        step_staff(world, turn);
        break;
    default: /* faults happen by themselves; seals and moves are people's */
        step_people(world);
        break;
    }
}

static void step(struct world *world) {
    uint64_t what = chance(world, 100);

    pass_time(world);
    net_later(world);
    arena_reset(&world->arena);
    if (what < 45)
        step_people(world);
    else if (what < 72)
        pad_sync(world, some_pad(world));
    else
        special(world);
    oracle_wrote(world);
    fold_look(world);
}

/* Only one thing happens amid another, and while a tablet is enrolled nothing does; nor when its
 * power has gone, of which its sync hears with the next write only: the tablet is off by then. */
void step_amid(struct world *world, struct pad *pad, bool may_lock) {
    bool calm = world->calm;
    uint64_t what = chance(world, 100);

    if (!world->turns[TURN_AMID] || world->busy != NULL || world->still || pad->tablet == NULL ||
        disk_is_dead(pad->machine.disk))
        return;
    world->busy = pad;
    world->now_ms += (int64_t)chance(world, 2 * (uint64_t)MINUTE_MS);
    tell(world, "  meanwhile:");
    if (what < 40) {
        /* A failing disk is the sync's own: nobody else would know what becomes of it. */
        machine_calm(&pad->machine);
        world->calm = true;
        if (may_lock && pad->session != NULL && what < 5) {
            tell(world, "%s is locked", pad->machine.name);
            world_must(world, session_close(pad->session, &world->err), "locking");
            pad->session = NULL;
        } else {
            people_amid(world, pad);
        }
        world->calm = calm;
        machine_tempt(&pad->machine, TURN_POWER, TURN_DISK);
    } else if (what < 60) {
        pad_sync(world, some_pad(world));
    } else if (what < 70) {
        step_people(world);
    } else {
        special(world);
    }
    err_clear(&world->err);
    world->busy = NULL;
}

/* ---- healing ---- */

static bool settled(struct world *world) {
    world->said[0] = '\0';
    for (int at = 0; at < world->pad_count; at++) {
        struct tablet_status status;

        world_must(world,
                   tablet_status(world->pads[at].tablet, &world->arena, &status, &world->err),
                   "status");
        if (world->pads[at].wiped) {
            status.unsent = oracle_sealed(world, &world->pads[at]);
            status.inbox = 0; /* of what a restored county gives it again, nobody reads anything */
            status.leaving = false;
        }
        if (status.unsent == 0 && status.inbox == 0 && !status.leaving && status.carried == 0)
            continue;
        (void)snprintf(world->said, sizeof(world->said),
                       "%s has %llu unsent, %llu unread, %llu carried%s",
                       world->pads[at].machine.name, (unsigned long long)status.unsent,
                       (unsigned long long)status.inbox, (unsigned long long)status.carried,
                       status.leaving ? ", and an area to leave" : "");
        return false;
    }
    return true;
}

/* Nothing breaks any more; everybody unlocks, and syncs four times a day. */
static void heal(struct world *world) {
    bool decides = world->turns[TURN_STAFF] && one_in(world, 2);
    int64_t end_ms;
    uint64_t reach = 0;
    uint32_t quiet = 0;

    world->healing = true;
    tell(world, "nothing breaks from here on");
    machine_calm(&world->hall.machine);
    world->hall.down_until_ms = 0;
    if (!hall_up(world))
        world_fail(world, "the county cannot be opened on a good disk: %s", world->err.text);
    for (int at = 0; at < world->pad_count; at++) {
        struct pad *pad = &world->pads[at];

        machine_calm(&pad->machine);
        pad->away_until_ms = 0;
        if (!pad_ready(world, pad) && !pad->wiped)
            world_fail(world, "%s cannot be opened on a good disk: %s", pad->machine.name,
                       world->err.text);
        draft_end_all(world, pad);
        vote_end_all(world, pad);
    }
    staff_repeat(world);
    for (int i = 0; i < LATER_MAX; i++)
        if (world->later[i].at_ms > world->now_ms)
            world->later[i].at_ms = world->now_ms;
    net_later(world);
    end_ms = world->now_ms + HEAL_DAYS * DAY_MS;
    while (quiet < 2) {
        uint64_t moved = world->moved, before = reach;

        if (world->now_ms > end_ms)
            world_fail(world, "not everything is settled after %d days without faults: %s",
                       HEAL_DAYS, world->said);
        world->now_ms += 6 * HOUR_MS;
        arena_reset(&world->arena);
        for (int at = 0; at < world->pad_count; at++)
            pad_sync(world, &world->pads[at]);
        staff_confirm(world);
        hall_examine(world);
        if (quiet == 1 && decides) {
            staff_decide(world);
            decides = false;
        }
        /* A tablet that confirms its scope may release what waited, without a change sent. */
        reach = hall_reach(world);
        quiet = settled(world) && world->moved == moved && reach == before ? quiet + 1 : 0;
    }
}

/* ---- a whole world ---- */

static void draw_turns(struct world *world) {
    for (int turn = 0; turn < TURN_COUNT; turn++) {
        world->turns[turn] = one_in(world, 2);
        world->weights[turn] = 1 + (uint32_t)chance(world, 8);
    }
    /* What costs much, or makes the rest hard to see, is rarer. */
    if (!one_in(world, 3))
        world->turns[TURN_ERASE] = false;
    if (one_in(world, 3))
        world->turns[TURN_PHOTO] = false;
    if (!one_in(world, 3))
        world->turns[TURN_VOTE] = false;
    if (one_in(world, 2))
        world->turns[TURN_RESTORE] = false;
    world->weights[TURN_ENROL] = 1;
    world->weights[TURN_VOTE] = world->weights[TURN_AMID] = 0;
    world->weights[TURN_ERASE] = 1;
    world->weights[TURN_RESTORE] = 1;
    world->weights[TURN_REVOKE] = 1;
    world->weights[TURN_STICK] += 2;
    world->weights[TURN_STAFF] += 4;
    if (world->turns[TURN_RESTORE] && world->turns[TURN_ENROL]) /* it may forget whom it enrolled */
        world->weights[TURN_ENROL] = world->weights[TURN_RESTORE] = world->weights[TURN_BACKUP] = 6;
    world->weights[TURN_AREA] = 5; /* it happens once */
    world->weights[TURN_FORM] = 1;
    world->steps = 50 + (uint32_t)chance(world, 100);
}

static void play_vote(struct world *world) {
    world->still = true;
    vote_play(world);
    world->still = false;
}

bool world_play(struct world *world, uint64_t seed, bool tells) {
    struct census *census = world->census;

    memset(world, 0, sizeof(*world));
    world->census = census;
    world->seed = seed;
    world->random = seed;
    world->tells = tells;
    world->meant = world->named = UINT32_MAX;
    world->now_ms = START_MS;
    world->trace = UINT64_C(0xcbf29ce484222325);
    err_init(&world->err, LANG_EN);
    arena_init(&world->arena, 256u * 1024u * 1024u);
    if (setjmp(world->out) != 0)
        return false;
    vfs_world(world->now_ms, seed);
    draw_turns(world);
    hall_begin(world);
    if (world->turns[TURN_VOTE])
        vote_draw(world);
    for (world->step = 0; world->step <= world->steps; world->step++) {
        if (world->turns[TURN_VOTE] && world->step == world->ballot.step)
            play_vote(world);
        if (world->step > 0)
            step(world);
    }
    heal(world);
    oracle_end(world);
    return true;
}

/* After a failure things are as they were in the middle: then the process keeps them. */
void world_release(struct world *world) {
    for (int at = 0; at < world->pad_count; at++) {
        pad_close(world, &world->pads[at]);
        pad_release(&world->pads[at]);
    }
    hall_close(world);
    poison_release(world);
    machine_release(&world->hall.machine);
    for (int i = 0; i < STICKS_MAX; i++)
        buf_release(&world->sticks[i].bytes);
    for (int i = 0; i < LATER_MAX; i++)
        buf_release(&world->later[i].body);
    arena_release(&world->arena);
}
