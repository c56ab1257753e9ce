/* oracle.c: what every person saved and what every acknowledgement promised, and whether it is so.
 *
 * Each change has a text of its own as its reason, the canary and the number of its save, so that
 * it is found in the county's log whatever names its actor got meanwhile. A save is sure when the
 * tablet said so; it becomes a maybe when the last disk that held it is gone before the county had
 * it. */
#include "agent/store/traffic.h"
#include "schema/wire/frame.h"
#include "syncd/sync/recall.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>

#define MARK_FIELD 33u /* "mark", the second question of hall.c's form */
#define KIN_FIELD  53u /* "kin", its last */

const char *oracle_token(struct world *world) {
    return arena_text(&world->arena, CANARY "%u", world->save_count);
}

/* The number in a token; UINT32_MAX: it is none. */
static uint32_t token_number(struct view text) {
    uint32_t number = 0;

    if (text.size <= strlen(CANARY) || memcmp(text.data, CANARY, strlen(CANARY)) != 0)
        return UINT32_MAX;
    for (size_t i = strlen(CANARY); i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return UINT32_MAX;
        number = number * 10 + (uint32_t)(text.data[i] - '0');
    }
    return number;
}

uint32_t oracle_mark(const struct record *state) {
    for (uint32_t i = 0; i < state->version_count; i++) {
        const struct version *version = &state->versions[i];

        if (version->field == MARK_FIELD && version->value.type == VALUE_TEXT &&
            dot_equal(state->absorbed[version->change].dot, state->id))
            return token_number(version->value.bytes);
    }
    return UINT32_MAX;
}

void oracle_saved(struct world *world, struct pad *pad, enum rc rc, struct dot record) {
    struct save *save = &world->saves[world->save_count];
    const struct own_actor *actor;
    uint32_t meant = world->meant, named = world->named;

    world->meant = world->named = UINT32_MAX;
    if (rc != RC_OK && rc != RC_IO)
        return;
    *save = (struct save){.state = rc == RC_OK ? SAVE_SURE : SAVE_MAYBE,
                          .record = record,
                          .staff = pad == NULL,
                          .meant = meant,
                          .named = named,
                          .at_ms = world->now_ms};
    if (pad != NULL && rc == RC_OK) {
        actor = tablet_actor(pad->tablet, tablet_actor_count(pad->tablet) - 1);
        save->actor = actor->actor;
        save->number = actor->number;
        memcpy(save->hash, actor->hash, 32);
        pad_hold(pad, world->save_count);
    }
    world->save_count++;
    world->saved += rc == RC_OK;
}

/* ---- saved survives, on the tablet ---- */

static const struct own_actor *actor_of(const struct pad *pad, uint64_t id) {
    for (uint32_t i = 0; i < tablet_actor_count(pad->tablet); i++)
        if (tablet_actor(pad->tablet, i)->actor == id)
            return tablet_actor(pad->tablet, i);
    return NULL;
}

void oracle_pad_opened(struct world *world, struct pad *pad) {
    for (uint32_t i = 0; i < pad->held_count; i++) {
        const struct save *save = &world->saves[pad->held[i]];
        const struct own_actor *actor = actor_of(pad, save->actor);
        uint8_t hash[32];
        enum rc rc = RC_NOT_FOUND;

        if (actor != NULL && actor->number >= save->number)
            rc = tablet_chain(pad->tablet, actor, save->number, hash, &world->err);
        if (rc == RC_IO && !world->healing)
            return;
        if (rc != RC_OK || memcmp(hash, save->hash, 32) != 0)
            world_fail(world, "%s has lost " CANARY "%u, which was saved (number %u: %s)",
                       pad->machine.name, pad->held[i], (unsigned)save->number, rc_name(rc));
    }
}

/* ---- what a tablet that forgets still has ---- */

/* Everything up to here is sealed for the county, or there. */
static uint64_t sealed_to(struct world *world, struct pad *pad, const struct own_actor *actor) {
    uint64_t first, last, bytes;

    world_must(world, tablet_outbox_last(pad->tablet, actor, &first, &last, &bytes, &world->err),
               "what is sealed for the county");
    return last > actor->receipt ? last : actor->receipt;
}

uint64_t oracle_sealed(struct world *world, struct pad *pad) {
    uint64_t unsent = 0;

    for (uint32_t i = 0; i < tablet_actor_count(pad->tablet); i++) {
        const struct own_actor *actor = tablet_actor(pad->tablet, i);

        unsent += sealed_to(world, pad, actor) - actor->receipt;
    }
    return unsent;
}

/* What nobody had sealed for the county when it forgot, because the power had gone before it was
 * locked, is lost with the rest. */
void oracle_looks_wiped(struct world *world, struct pad *pad) {
    uint32_t *gone, count = 0, kept = 0;

    if (pad->tablet == NULL || pad->wiped)
        return;
    if (tablet_regain(pad->tablet, &world->err) != RC_OK || !tablet_facts(pad->tablet)->wiped)
        return;
    if (!scope_may_be_wiped(world, pad->device))
        world_fail(world, "%s has forgotten what it held, and nobody said so", pad->machine.name);
    tell(world, "  %s has forgotten what it held", pad->machine.name);
    pad->wiped = true;
    pad->draft_count = 0;
    pad->draft_maybe = false;
    gone = malloc((pad->held_count + 1) * sizeof(*gone));
    if (gone == NULL)
        abort();
    for (uint32_t i = 0; i < pad->held_count; i++) {
        const struct save *save = &world->saves[pad->held[i]];
        const struct own_actor *actor = actor_of(pad, save->actor);

        if (actor != NULL && save->number <= sealed_to(world, pad, actor))
            pad->held[kept++] = pad->held[i];
        else
            gone[count++] = pad->held[i];
    }
    pad->held_count = kept;
    if (count > 0)
        oracle_disk_gone(world, gone, count);
    free(gone);
}

/* ---- acknowledged survives, at the county ---- */

static void note_acked(struct hall *hall, uint64_t actor, uint64_t number) {
    uint32_t at = 0;

    while (at < hall->acked_count && hall->acked[at].actor != actor)
        at++;
    if (at == hall->acked_count) {
        if (at == sizeof(hall->acked) / sizeof(hall->acked[0]))
            return;
        hall->acked[hall->acked_count++] = (struct acked){actor, 0};
    }
    if (hall->acked[at].number < number)
        hall->acked[at].number = number;
}

static uint64_t county_number(struct world *world, struct ledger *ledger, uint64_t actor) {
    struct stored_actor row;
    enum rc rc = store_actor(ledger->store, actor, &row, &world->err);

    if (rc == RC_NOT_FOUND)
        return 0;
    world_must(world, rc, "an actor of the county");
    return row.number;
}

void oracle_answered(struct world *world, struct pad *pad) {
    struct ledger *ledger;

    if (pad->tablet == NULL)
        return;
    ledger = hall_read(world);
    for (uint32_t i = 0; i < tablet_actor_count(pad->tablet); i++) {
        uint64_t actor = tablet_actor(pad->tablet, i)->actor;

        note_acked(&world->hall, actor, county_number(world, ledger, actor));
    }
    hall_give_back(world, ledger);
}

void oracle_hall_opened(struct world *world) {
    struct hall *hall = &world->hall;
    struct ledger *ledger = hall_read(world);

    photo_hall_opened(world);
    for (uint32_t i = 0; i < hall->acked_count; i++)
        if (county_number(world, ledger, hall->acked[i].actor) < hall->acked[i].number)
            world_fail(world, "the county has lost changes up to %u of %04x, which it receipted",
                       (unsigned)hall->acked[i].number, (unsigned)(hall->acked[i].actor >> 48));
    hall_give_back(world, ledger);
}

/* ---- exactly once, nothing invented: the county's log ---- */

struct search {
    struct world *world;
    struct ledger *ledger;
    struct arena arena;
    uint32_t unproven; /* which save they are is not known yet (quiet.c) */
    bool again;        /* only these */
};

/* In its reason; of one that came of a draft, an answer. */
static uint32_t token_of(const struct change *change) {
    uint32_t number = token_number(change->reason);

    for (uint32_t i = 0; change->reason.size == 0 && i < change->entry_count; i++)
        if (number == UINT32_MAX && change->entries[i].value.type == VALUE_TEXT)
            number = token_number(change->entries[i].value.bytes);
    return number;
}

static void search_change(struct search *search, const struct stored_frame *stored,
                          const struct frame_change *entry) {
    struct world *world = search->world;
    const struct change *change = &entry->change;
    struct dot name = {stored->actor, change->dot.number};
    uint32_t number = token_of(change);
    enum quiet quiet = QUIET_NONE;

    if (change->erased || change->insane)
        return;
    if (number == UINT32_MAX)
        quiet = quiet_find(world, search->ledger,
                           &(struct logged){change->dot, name, stored->carrier != 0, entry->leaf},
                           search->again);
    search->unproven += quiet == QUIET_UNPROVEN;
    if (quiet != QUIET_NONE || search->again)
        return;
    if (number >= world->save_count)
        world_fail(world, "the county's log holds a change that nobody made: %04x-%u '%.*s'",
                   (unsigned)(stored->actor >> 48), (unsigned)change->dot.number,
                   VIEW_PRINT(change->reason));
    world->saves[number].logged = name;
    if (world->saves[number].found++ > 0)
        tell(world, "  " CANARY "%u again: %04x-%u of frame %u", number,
             (unsigned)(stored->actor >> 48), (unsigned)change->dot.number,
             (unsigned)stored->serial);
    if (world->saves[number].state != SAVE_ERASED)
        draft_in_log(world, number, change);
}

static enum rc search_frame(void *context, const struct stored_frame *stored, struct err *err) {
    struct search *search = context;
    struct frame frame;
    enum rc rc;

    arena_reset(&search->arena);
    rc = frame_decode_raw(stored->bytes, search->ledger->inflater, &search->arena, &frame, err);
    for (uint32_t i = 0; rc == RC_OK && i < frame.count; i++) {
        struct dot dot = {stored->actor, frame.changes[i].change.dot.number};
        struct stored_change row;

        rc = store_change(search->ledger->store, dot, &row, err);
        if (rc == RC_NOT_FOUND) {
            err_clear(err);
            rc = RC_OK;
        } else if (rc == RC_OK && row.frame == stored->serial && row.position == i) {
            search_change(search, stored, &frame.changes[i]);
        }
    }
    return rc;
}

/* Counts in saves[].found. */
static void search_log(struct world *world) {
    struct search search = {.world = world};
    bool calm = world->calm;

    for (uint32_t i = 0; i < world->save_count; i++)
        world->saves[i].found = 0;
    world->hall.down_until_ms = 0;
    world->calm = true;
    if (!hall_up(world))
        world_fail(world, "the county cannot be opened: %s", world->err.text);
    world->calm = calm;
    search.ledger = hall_read(world);
    arena_init(&search.arena, 64u * 1024u * 1024u);
    for (int pass = 0; pass == 0 || (pass == 1 && search.unproven > 0); pass++) {
        search.again = pass == 1;
        world_must(world, store_frames(search.ledger->store, 0, search_frame, &search, &world->err),
                   "the county's log");
    }
    arena_release(&search.arena);
    hall_give_back(world, search.ledger);
}

static bool held_somewhere(const struct world *world, uint32_t number) {
    for (int at = 0; at < world->pad_count; at++)
        for (uint32_t i = 0; i < world->pads[at].held_count; i++)
            if (world->pads[at].held[i] == number)
                return true;
    return false;
}

/* Whether somebody has taken it out of a feed: then he can bring it back. Where records move, or
 * the county gives snapshots, it may have come to him as a part of a state only, which proves no
 * change; and copies get other names. */
static bool pulled_somewhere(struct world *world, const struct save *save) {
    static const uint64_t areas[] = {VILLAGE_A, VILLAGE_B, VILLAGE_C};
    bool pulled = false;

    if (save->logged.actor == 0 || world->hall.gives_snapshots || world->turns[TURN_MOVE] ||
        world->turns[TURN_AREA] || world->turns[TURN_CLONE] || world->turns[TURN_PUT_BACK])
        return false;
    for (int at = 0; at < world->pad_count && !pulled; at++) {
        struct pad *pad = &world->pads[at];

        for (int a = 0; pad->session != NULL && a < 3 && !pulled; a++) {
            struct record state;

            pulled = tablet_in_scope(pad->tablet, areas[a]) &&
                     tablet_state(pad->tablet, areas[a], save->record, &world->arena, &state,
                                  &world->err) == RC_OK &&
                     record_has_absorbed(&state, save->logged);
        }
        if (pulled)
            tell(world, "  %s can prove %04x-%u", pad->machine.name,
                 (unsigned)(save->logged.actor >> 48), (unsigned)save->logged.number);
    }
    err_clear(&world->err);
    return pulled;
}

static void maybe_now(struct world *world, uint32_t number) {
    struct save *save = &world->saves[number];

    if (save->state == SAVE_SURE && save->found == 0 && !held_somewhere(world, number) &&
        !pulled_somewhere(world, save)) {
        save->state = SAVE_MAYBE;
        tell(world, "  nobody has " CANARY "%u any more", number);
    }
}

void oracle_losing(struct world *world) {
    search_log(world);
}

void oracle_disk_gone(struct world *world, const uint32_t *held, uint32_t count) {
    search_log(world);
    for (uint32_t i = 0; i < count; i++)
        maybe_now(world, held[i]);
}

void oracle_restored(struct world *world) {
    world->hall.acked_count = 0;
    search_log(world);
    for (uint32_t i = 0; i < world->save_count; i++)
        maybe_now(world, i);
}

void oracle_erased(struct world *world, struct dot record) {
    (void)record;
    photo_erased(world);
    /* Which texts are gone, the log tells: whatever it held before and holds no more. */
    for (uint32_t i = 0; i < world->save_count; i++)
        if (world->saves[i].state == SAVE_SURE)
            world->saves[i].state = SAVE_ERASED;
}

static void check_log(struct world *world) {
    search_log(world);
    for (uint32_t i = 0; i < world->save_count; i++) {
        const struct save *save = &world->saves[i];

        if (save->found > 1)
            world_fail(world, CANARY "%u stands in the county's log %u times", i, save->found);
        if (save->state == SAVE_SURE && save->found == 0)
            world_fail(world, CANARY "%u was saved and is not in the county's log", i);
    }
}

/* ---- who meant a record reaches it ---- */

/* An answer of the save is the name of a record: of the one that was meant. */
static void check_named(struct world *world, struct ledger *ledger, uint32_t number,
                        const struct record *state) {
    const struct save *save = &world->saves[number];

    for (uint32_t i = 0; i < state->version_count; i++) {
        const struct version *version = &state->versions[i];
        struct stored_record stored;
        struct record named;
        struct dot dot;
        uint32_t mark;
        enum rc rc;

        if (version->field != KIN_FIELD || version->value.type != VALUE_TEXT ||
            !dot_equal(state->absorbed[version->change].dot, save->logged))
            continue;
        world_must(world, dot_parse(version->value.bytes, &dot, &world->err),
                   "the answer that is a name");
        rc = store_record(ledger->store, dot, &world->arena, &stored, &world->err);
        if (rc == RC_NOT_FOUND)
            continue;
        world_must(world, rc, "a record");
        world_must(world, record_unpack(stored.packed, &world->arena, &named, &world->err),
                   "a record");
        mark = oracle_mark(&named);
        if (mark != UINT32_MAX && mark != save->named)
            world_fail(world,
                       CANARY "%u names the record of " CANARY "%u in an answer, which reads as "
                              "that of " CANARY "%u",
                       number, save->named, mark);
        tell(world, "  " CANARY "%u names the record that it means", number);
    }
}

static void check_meant(struct world *world) {
    struct ledger *ledger = hall_read(world);

    for (uint32_t i = 0; i < world->save_count; i++) {
        const struct save *save = &world->saves[i];
        struct stored_change row;
        struct stored_record stored;
        struct record state;
        uint32_t mark;

        if ((save->meant == UINT32_MAX && save->named == UINT32_MAX) || save->found == 0)
            continue;
        if (store_change(ledger->store, save->logged, &row, &world->err) != RC_OK ||
            row.verdict != VERDICT_ADMIT)
            continue;
        world_must(world,
                   store_record(ledger->store, row.record, &world->arena, &stored, &world->err),
                   "a record");
        world_must(world, record_unpack(stored.packed, &world->arena, &state, &world->err),
                   "a record");
        if (save->named != UINT32_MAX)
            check_named(world, ledger, i, &state);
        mark = oracle_mark(&state);
        if (save->meant != UINT32_MAX && mark != UINT32_MAX && mark != save->meant)
            world_fail(world,
                       CANARY "%u was written about the record of " CANARY
                              "%u, and stands in that of " CANARY "%u",
                       i, save->meant, mark);
    }
    err_clear(&world->err);
    hall_give_back(world, ledger);
}

/* ---- everybody has the same ---- */

struct comparison {
    struct world *world;
    struct pad *pad;
    struct ledger *ledger;
    struct arena arena;
    uint32_t count;
};

static enum rc compare_record(void *context, const struct stored_record *stored, struct err *err) {
    struct comparison *comparison = context;
    struct world *world = comparison->world;
    struct pad *pad = comparison->pad;

    for (uint32_t i = 0; i < stored->area_count; i++) {
        struct record state, theirs;
        struct buf packed;
        bool same;
        enum rc rc;

        if (!tablet_in_scope(pad->tablet, stored->areas[i]))
            continue;
        comparison->count++;
        arena_reset(&comparison->arena);
        rc = tablet_state(pad->tablet, stored->areas[i], stored->id, &comparison->arena, &state,
                          err);
        if (rc != RC_OK && rc != RC_NOT_FOUND)
            return rc;
        buf_init(&packed, LIMIT_RECORD_BYTES);
        same = rc == RC_OK && record_pack(&state, &packed, err) == RC_OK &&
               view_equal(buf_view(&packed), stored->packed);
        buf_release(&packed);
        if (same)
            continue;
        if (rc == RC_OK)
            show_record(world, &state, pad->machine.name);
        if (record_unpack(stored->packed, &comparison->arena, &theirs, err) == RC_OK)
            show_record(world, &theirs, "county");
        show_history(world, pad, comparison->ledger, stored->id);
        world_fail(world, "%s holds %s than the county of record %04x-%u", pad->machine.name,
                   rc == RC_OK && state.absorbed_count > 0 ? "other bytes" : "less",
                   (unsigned)(stored->id.actor >> 48), (unsigned)stored->id.number);
    }
    return RC_OK;
}

static bool waits_in_quarantine(const struct tablet_quarantined *list, uint32_t count,
                                struct dot record) {
    for (uint32_t i = 0; i < count; i++)
        if (dot_equal(list[i].record, record))
            return true;
    return false;
}

static void show_listed(struct world *world, struct pad *pad, struct ledger *ledger,
                        struct dot id) {
    static const uint64_t villages[] = {VILLAGE_A, VILLAGE_B, VILLAGE_C};
    struct record state;

    for (size_t i = 0; i < sizeof(villages) / sizeof(villages[0]); i++) {
        if (tablet_state(pad->tablet, villages[i], id, &world->arena, &state, &world->err) != RC_OK)
            continue;
        tell(world, "  %s under the key of %llu:", pad->machine.name,
             (unsigned long long)villages[i]);
        show_record(world, &state, pad->machine.name);
    }
    show_history(world, pad, ledger, id);
}

/* What the tablet lists and the county does not have in its areas: only what waits there. */
static void check_listed(struct world *world, struct pad *pad, struct ledger *ledger) {
    struct list_query query = {.withdrawn_too = true};
    struct tablet_quarantined *waiting;
    struct listed *listed;
    uint32_t count = 0, total, waiting_count = 0;

    world_must(
        world,
        session_list(pad->session, &query, &world->arena, &listed, &count, &total, &world->err),
        "a list");
    world_must(world,
               tablet_quarantine(pad->tablet, &world->arena, &waiting, &waiting_count, &world->err),
               "a tablet's quarantine");
    for (uint32_t i = 0; i < count; i++) {
        struct stored_record stored;
        bool shared;
        enum rc rc = store_record(ledger->store, listed[i].id, &world->arena, &stored, &world->err);

        if (listed[i].pending || waits_in_quarantine(waiting, waiting_count, listed[i].id))
            continue;
        /* Of unknown place: others wrote in it, but its beginning waits at the county, or was
         * returned. Then it is where they took it to be. */
        shared = rc == RC_OK && stored.area_count == 0;
        for (uint32_t a = 0; rc == RC_OK && a < stored.area_count; a++)
            shared = shared || tablet_in_scope(pad->tablet, stored.areas[a]);
        if (shared)
            continue;
        show_listed(world, pad, ledger, listed[i].id);
        world_fail(world, "%s shows record %04x-%u, which %s (%llu)", pad->machine.name,
                   (unsigned)(listed[i].id.actor >> 48), (unsigned)listed[i].id.number,
                   rc == RC_OK ? "is not of its areas" : "the county does not have",
                   rc == RC_OK && stored.area_count > 0 ? (unsigned long long)stored.areas[0] : 0);
    }
}

static void check_states(struct world *world, struct pad *pad) {
    struct comparison comparison = {.world = world, .pad = pad};
    struct ledger *ledger = hall_read(world);

    comparison.ledger = ledger;
    arena_init(&comparison.arena, 64u * 1024u * 1024u);
    world_must(world,
               store_list(ledger->store, view_text(""), 0, (struct dot){0, 0}, compare_record,
                          &comparison, &world->err),
               "the county's records");
    arena_release(&comparison.arena);
    if (world->healing)
        poison_end(world, pad, ledger);
    check_listed(world, pad, ledger);
    hall_give_back(world, ledger);
}

static bool revoked(const struct pad *pad) {
    return tablet_facts(pad->tablet)->scope.revoked;
}

/* A restored county had forgotten it, and gives it no feeds before staff have confirmed it. */
static bool is_unconfirmed(struct world *world, const struct pad *pad) {
    struct ledger *ledger = hall_read(world);
    struct stored_device device;
    enum rc rc = store_device(ledger->store, pad->device, &world->arena, &device, &world->err);

    hall_give_back(world, ledger);
    world_must(world, rc, "a device");
    return recall_waits(&device);
}

void oracle_synced(struct world *world, struct pad *pad, const struct sync_report *report) {
    struct tablet_status status;
    struct ledger *ledger;

    if (world->hall.service == NULL)
        return;
    world_must(world, tablet_status(pad->tablet, &world->arena, &status, &world->err), "status");
    ledger = hall_read(world);
    for (uint32_t i = 0; i < tablet_actor_count(pad->tablet); i++) {
        const struct own_actor *actor = tablet_actor(pad->tablet, i);

        if (tablet_facts(pad->tablet)->epoch == hall_office(world)->epoch &&
            actor->receipt > county_number(world, ledger, actor->actor) &&
            actor->lineage.count == 0)
            world_fail(world, "%s believes that the county has %u of %04x, but it has %u",
                       pad->machine.name, (unsigned)actor->receipt, (unsigned)(actor->actor >> 48),
                       (unsigned)county_number(world, ledger, actor->actor));
    }
    hall_give_back(world, ledger);
    /* Once it has nothing more to send or to take, it has what the county has, then and there. */
    if (report->more || pad->session == NULL || revoked(pad) || world->healing || !one_in(world, 4))
        return;
    world->calm = true;
    for (int quiet = 0, i = 0; quiet < 2 && i < 6; i++) {
        struct sync_report again;
        enum rc rc = sync_run(pad->tablet, &pad->link, NULL, &again, &world->err);

        if (rc == RC_DENIED && revoked(pad))
            break;
        world_must(world, rc, "one more sync");
        quiet = again.sent + again.received == 0 ? quiet + 1 : 0;
    }
    world->calm = false;
    world_must(world, tablet_status(pad->tablet, &world->arena, &status, &world->err), "status");
    if (status.inbox == 0 && !status.leaving && !revoked(pad) && !is_unconfirmed(world, pad))
        check_states(world, pad);
}

/* ---- the end ---- */

void oracle_wrote(struct world *world) {
    for (int at = 0; at < world->pad_count; at++) {
        const char *where;

        if (disk_forbidden(world->pads[at].machine.disk, &where) > 0)
            world_fail(world, "an answer was written in clear to %s", where);
    }
}

static void check_tablet(struct world *world, struct pad *pad) {
    struct tablet_verified verified;
    struct buf problems;
    bool good;

    buf_init(&problems, 65536);
    good = tablet_verify(pad->tablet, NULL, NULL, &problems, &verified, &world->err) == RC_OK;
    if (!good)
        world_fail(world, "%s does not verify: %s: %s", pad->machine.name, world->err.text,
                   buf_text(&problems));
    buf_release(&problems);
    if (!revoked(pad) && !pad->wiped)
        check_states(world, pad);
    scope_end(world, pad);
    if (pad->wiped && pad->has_keys && disk_holds(pad->machine.disk, pad->keys, sizeof(pad->keys)))
        world_fail(world, "%s has forgotten what it held, and has its person's keys",
                   pad->machine.name);
}

void oracle_end(struct world *world) {
    check_log(world);
    check_meant(world);
    if (hall_run(world, desk_verify, NULL) != RC_OK)
        world_fail(world, "the county does not verify: %s: %s", world->err.text, world->said);
    for (int at = 0; at < world->pad_count; at++)
        check_tablet(world, &world->pads[at]);
    fold_end(world);
    enrol_check(world);
    photo_end(world);
    vote_end(world);
    oracle_wrote(world);
}
