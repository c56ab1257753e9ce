/* net.c: what lies between tablets and county: requests and answers that are lost, come twice,
 * late, cut off; and bundles in somebody's pocket, read in any order and as often as it pleases. */
#include "syncd/sync/api.h"
#include "syncd/sync/bundle.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>

#define HOUR_MS INT64_C(3600000)

/* The county works on a request. false: it is down, or lost its power on the way. */
static bool deliver(struct world *world, struct pad *pad, const char *path, struct view body,
                    struct buf *answer, int *status) {
    struct http_table table = {api_routes, api_route_count, NULL, NULL, NULL};
    struct http_exchange *http;
    struct err err;
    bool lost;

    if (!hall_up(world))
        return false;
    table.context = (void *)(uintptr_t)hall_office(world);
    http = calloc(1, sizeof(*http));
    if (http == NULL)
        abort();
    err_init(&err, LANG_EN);
    http_exchange_init(http, LIMIT_EXCHANGE_BYTES);
    world_must(world, http_request_init(&http->request, "POST", path, body, &err), "a request");
    machine_tempt(&world->hall.machine, TURN_HALL, TURN_HALL_DISK);
    (void)http_route(&table, http);
    *status = (int)http->response.status;
    if (answer != NULL)
        buf_add_view(answer, buf_view(&http->response.body));
    if (*status != 200)
        tell(world, "  the county answers %d", *status);
    http_exchange_release(http);
    free(http);
    lost = hall_after(world);
    if (!lost && pad != NULL && *status == 200)
        oracle_answered(world, pad);
    if (pad != NULL && *status == 200 && strcmp(path, "/v1/sync") == 0)
        scope_answered(world, pad, buf_view(answer));
    return !lost;
}

static void keep_for_later(struct world *world, const char *path, struct view body) {
    struct later *later = &world->later[chance(world, LATER_MAX)];

    if (later->at_ms != 0)
        return;
    buf_init(&later->body, LIMIT_EXCHANGE_BYTES);
    buf_add_view(&later->body, body);
    (void)snprintf(later->path, sizeof(later->path), "%s", path);
    later->at_ms = world->now_ms + (int64_t)chance(world, 48 * (uint64_t)HOUR_MS);
    tell(world, "  a request takes its time");
}

void net_later(struct world *world) {
    for (int i = 0; i < LATER_MAX; i++) {
        struct later *later = &world->later[i];
        int status = 0;

        if (later->at_ms == 0 || later->at_ms > world->now_ms)
            continue;
        later->at_ms = 0;
        (void)deliver(world, NULL, later->path, buf_view(&later->body), NULL, &status);
        tell(world, "  a late request arrives: %d", status);
        buf_release(&later->body);
    }
}

static enum rc lost(struct world *world, const char *what, struct err *err) {
    tell(world, "  %s", what);
    return err_set(err, RC_NETWORK, "the line was cut");
}

static enum rc exchange(void *context, const char *path, struct view body, struct buf *answer,
                        struct link_result *result, struct err *err) {
    struct pad *pad = context;
    struct world *world = pad->machine.world;
    bool breaks = !world->healing && !world->calm;
    bool may_lock = strcmp(path, "/v1/attachments/pull") != 0; /* who pulls, has unlocked */
    bool with_poison;
    struct buf came, sent;
    int came_status;
    enum rc rc = RC_OK;

    *result = (struct link_result){.retry_after_s = -1, .bytes_up = body.size};
    if (world->now_ms < pad->away_until_ms)
        return lost(world, "there is no network", err);
    if (breaks && world->turns[TURN_LOSS] && one_in(world, 8))
        return lost(world, "a request is lost", err);
    if (breaks && world->turns[TURN_LATER] && one_in(world, 8)) {
        keep_for_later(world, path, body);
        return lost(world, "nobody answers", err);
    }
    if (breaks && one_in(world, 6))
        step_amid(world, pad, may_lock);
    buf_init(&came, LIMIT_EXCHANGE_BYTES);
    buf_init(&sent, LIMIT_EXCHANGE_BYTES);
    with_poison = strcmp(path, "/v1/sync") == 0 && poison_request(world, body, breaks, &sent);
    if (with_poison) {
        body = buf_view(&sent);
    } else if (breaks && world->turns[TURN_CUT] && one_in(world, 16)) {
        buf_add_view(&sent, body);
        if (one_in(world, 3))
            sent.size = chance(world, sent.size);
        else
            sent.data[chance(world, sent.size)] ^= (uint8_t)(1u << chance(world, 8));
        body = buf_view(&sent);
        tell(world, "  a request is %s", sent.size < result->bytes_up ? "cut off" : "damaged");
    }
    if (!deliver(world, pad, path, body, &came, &result->status))
        rc = lost(world, "the county does not answer", err);
    else if (with_poison)
        poison_answered(world);
    if (rc == RC_OK && breaks && world->turns[TURN_TWICE] && one_in(world, 8)) {
        tell(world, "  a request comes twice");
        buf_clear(&came);
        if (!deliver(world, pad, path, body, &came, &result->status))
            rc = lost(world, "the county does not answer", err);
    }
    if (rc == RC_OK && breaks && one_in(world, 6))
        step_amid(world, pad, may_lock);
    if (rc == RC_OK && breaks && world->turns[TURN_LOSS] && one_in(world, 8))
        rc = lost(world, "an answer is lost", err);
    /* A body keeps its own status, also where another is handed on: of a 401 only the nonce is
     * taken, so an answer with news must never come as one. No county sends such. */
    came_status = result->status;
    if (rc == RC_OK && breaks && world->turns[TURN_CUT] && one_in(world, 12)) {
        if (one_in(world, 2) && pad->last_answer.size > 0) {
            buf_add_view(answer, buf_view(&pad->last_answer));
            result->status = pad->last_status;
            tell(world, "  an earlier answer comes again");
        } else {
            buf_add_view(answer, view_slice(buf_view(&came), 0, chance(world, came.size + 1)));
            tell(world, "  an answer is cut off");
        }
    } else if (rc == RC_OK) {
        buf_add_view(answer, buf_view(&came));
    }
    if (rc == RC_OK && world->turns[TURN_CUT] && one_in(world, 4)) {
        buf_clear(&pad->last_answer);
        buf_add_view(&pad->last_answer, buf_view(&came));
        pad->last_status = came_status;
    }
    result->bytes_down = answer->size;
    buf_release(&came);
    buf_release(&sent);
    return rc;
}

void net_begin(struct world *world, struct pad *pad) {
    (void)world;
    pad->link = (struct link){pad, exchange};
}

/* ---- bundles ---- */

/* To write on. */
static struct stick *some_stick(struct world *world) {
    return &world->sticks[chance(world, STICKS_MAX)];
}

/* With a bundle for this tablet, 0: for the county; now and then any; an empty one if there is
 * none. */
static struct stick *full_stick(struct world *world, uint64_t device) {
    uint32_t first = (uint32_t)chance(world, STICKS_MAX);
    bool any = one_in(world, 4);

    for (uint32_t i = 0; i < STICKS_MAX; i++) {
        struct stick *stick = &world->sticks[(first + i) % STICKS_MAX];

        if (stick->bytes.size > 0 && (any || stick->device == device))
            return stick;
    }
    return &world->sticks[first];
}

static enum rc keep(void *context, struct view bytes, struct err *err) {
    struct stick *stick = context;

    (void)err;
    buf_release(&stick->bytes);
    buf_init(&stick->bytes, LIMIT_BUNDLE_BYTES);
    buf_add_view(&stick->bytes, bytes);
    stick->device = 0;
    return RC_OK;
}

static void tablet_writes(struct world *world, struct pad *pad) {
    struct stick *stick = some_stick(world);
    struct bundle_written report = {0};
    enum rc rc;

    if (pad->tablet == NULL)
        return;
    machine_tempt(&pad->machine, TURN_POWER, TURN_DISK);
    rc = sync_bundle_write(pad->tablet, keep, stick, &report, &world->err);
    tell(world, "%s writes a bundle: %s, %u changes, %u carried", pad->machine.name, rc_name(rc),
         (unsigned)report.changes, (unsigned)report.carried);
    if (rc != RC_OK && rc != RC_IO)
        world_must(world, rc, "writing a bundle");
    pad_after(world, pad);
}

static void tablet_reads(struct world *world, struct pad *pad) {
    struct stick *stick = full_stick(world, one_in(world, 2) ? pad->device : 0);
    struct bundle_taken report = {0};
    struct view bytes = buf_view(&stick->bytes);
    enum rc rc;

    if (pad->tablet == NULL || bytes.size == 0)
        return;
    if (one_in(world, 6))
        bytes = view_slice(bytes, 0, chance(world, bytes.size));
    machine_tempt(&pad->machine, TURN_POWER, TURN_DISK);
    rc = sync_bundle_read(pad->tablet, bytes, &report, &world->err);
    tell(world, "%s reads a bundle%s: %s, %u received, %u carried", pad->machine.name,
         stick->device != 0 ? " of the county" : "", rc_name(rc), (unsigned)report.sync.received,
         (unsigned)report.baggage);
    if (rc == RC_NO_MEMORY || rc == RC_LIMIT)
        world_must(world, rc, "reading a bundle");
    pad_after(world, pad);
}

static void county_reads(struct world *world) {
    struct stick *stick = full_stick(world, 0);
    struct bundle_report report = {0};
    struct ledger *ledger;
    struct view bytes = buf_view(&stick->bytes);
    enum rc rc;

    if (bytes.size == 0 || !hall_up(world))
        return;
    if (one_in(world, 6))
        bytes = view_slice(bytes, 0, chance(world, bytes.size));
    ledger = hall_read(world);
    machine_tempt(&world->hall.machine, TURN_HALL, TURN_HALL_DISK);
    rc = bundle_ingest(hall_office(world), ledger, bytes, &world->arena, &report, &world->err);
    tell(world, "the county reads a bundle: %s, %u changes", rc_name(rc), (unsigned)report.changes);
    hall_give_back(world, ledger);
    if (rc == RC_NO_MEMORY || rc == RC_LIMIT)
        world_must(world, rc, "reading a bundle");
    (void)hall_after(world);
}

static void county_writes(struct world *world) {
    struct pad *pad = &world->pads[chance(world, (uint64_t)world->pad_count)];
    struct stick *stick = some_stick(world);
    struct stored_device device;
    struct bundle_made made;
    struct ledger *ledger;
    enum rc rc;

    if (!hall_up(world))
        return;
    ledger = hall_read(world);
    rc = store_device(ledger->store, pad->device, &world->arena, &device, &world->err);
    buf_release(&stick->bytes);
    buf_init(&stick->bytes, LIMIT_BUNDLE_BYTES);
    stick->device = pad->device;
    if (rc == RC_OK)
        rc = bundle_make(hall_office(world), ledger, &device, one_in(world, 3), &stick->bytes,
                         &made, &world->err);
    tell(world, "the county writes a bundle for %s: %s", pad->machine.name, rc_name(rc));
    hall_give_back(world, ledger);
    if (rc != RC_OK) {
        buf_release(&stick->bytes);
        if (rc != RC_NOT_FOUND && rc != RC_DENIED && rc != RC_IO)
            world_must(world, rc, "writing a bundle");
    }
    (void)hall_after(world);
}

/* A ride to town: what is written is read before it is old. */
void step_stick(struct world *world) {
    for (uint64_t left = 1 + chance(world, 4); left > 0; left--) {
        struct pad *pad = some_pad(world);

        switch (chance(world, 4)) {
        case 0:
            tablet_writes(world, pad);
            break;
        case 1:
            tablet_reads(world, pad);
            break;
        case 2:
            county_reads(world);
            break;
        default:
            county_writes(world);
            break;
        }
        world->now_ms += (int64_t)chance(world, (uint64_t)HOUR_MS);
    }
}
