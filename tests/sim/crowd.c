/* crowd.c: the evening on which a thousand tablets come home within the same minutes.
 *
 * Requests are worked on one after the other, as everything in a world; but each that the county's
 * gate has let in stays inside for as long as it would take on a small machine, so that the gate is
 * full and sends others away, who come again when it told them to. Some requests and answers are
 * lost, and the county's power goes once. In the end every change is there, nobody has waited much
 * longer than it takes to serve all, and tablets hold what their neighbours wrote. */
#include "agent/store/traffic.h"
#include "syncd/sync/api.h"
#include "syncd/sync/auth.h"
#include "syncd/sync/gate.h"
#include "tests/sim/vfs.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>

#define INSIDE_MAX   6u
#define SERVICE_MS   2000
#define ARRIVE_MS    180000
#define NETWORK_S    60
#define AREA_FIRST   UINT64_C(430626100001)
#define AREA_TABLETS 4u /* of one village */
#define SAVES_EACH   8u

static const struct instance_id ROOT;

struct comer {
    struct disk *disk;
    char name[16];
    uint64_t area;
    uint64_t actor, number; /* of its last change */
    uint8_t hash[32];
    uint32_t tries;
    int64_t came_ms, due_ms, done_ms; /* done_ms 0: not yet */
};

struct inside {       /* a request that the county works on */
    int64_t until_ms; /* 0: nobody */
    struct gate_pass pass;
};

struct crowd {
    struct world *world;
    struct gate gate;
    bool gated;
    struct inside inside[INSIDE_MAX + 1];
    struct comer *comers;
    uint32_t count, sent_away, lost, let_in, left;
    struct link link;
    struct machine machine; /* of the tablet that is switched on */
    struct tablet *tablet;
    struct session *session;
};

/* ---- the county's door ---- */

static void leave_due(struct crowd *crowd) {
    for (uint32_t i = 0; i <= INSIDE_MAX; i++)
        if (crowd->inside[i].until_ms != 0 && crowd->inside[i].until_ms <= crowd->world->now_ms) {
            gate_leave(&crowd->gate, &crowd->inside[i].pass);
            crowd->inside[i].until_ms = 0;
        }
}

static void stay(struct crowd *crowd, const struct gate_pass *pass) {
    uint32_t at = 0;

    while (at < INSIDE_MAX && crowd->inside[at].until_ms != 0)
        at++;
    if (!pass->counted || at == INSIDE_MAX) {
        gate_leave(&crowd->gate, pass);
        return;
    }
    crowd->let_in++;
    crowd->inside[at] = (struct inside){crowd->world->now_ms + SERVICE_MS, *pass};
}

static enum rc work(struct crowd *crowd, const char *path, struct view body, struct buf *answer,
                    int *status) {
    struct world *world = crowd->world;
    const struct office *office = hall_office(world);
    struct http_table table = {api_routes, api_route_count, (void *)(uintptr_t)office, NULL, NULL};
    struct http_exchange *http = calloc(1, sizeof(*http));
    struct err err;
    enum rc rc;

    if (http == NULL)
        abort();
    err_init(&err, LANG_EN);
    if (strcmp(path, "/v1/sync") == 0) {
        unsigned code = 200;

        rc = api_exchange(office, body, answer, &code, &err);
        *status = rc == RC_OK ? (int)code : 500;
    } else {
        http_exchange_init(http, LIMIT_EXCHANGE_BYTES);
        world_must(world, http_request_init(&http->request, "POST", path, body, &err), "a request");
        (void)http_route(&table, http);
        *status = (int)http->response.status;
        buf_add_view(answer, buf_view(&http->response.body));
        http_exchange_release(http);
    }
    free(http);
    return RC_OK;
}

static enum rc exchange(void *context, const char *path, struct view body, struct buf *answer,
                        struct link_result *result, struct err *err) {
    struct crowd *crowd = context;
    struct world *world = crowd->world;
    struct gate_pass pass;
    enum rc rc;

    *result = (struct link_result){.retry_after_s = -1, .bytes_up = body.size};
    if (!hall_up(world) || (crowd->gated && one_in(world, 50))) {
        crowd->lost++;
        return err_set(err, RC_NETWORK, "the line was cut");
    }
    leave_due(crowd);
    if (crowd->gated && !gate_enter(&crowd->gate, body, &pass)) {
        result->status = 429;
        result->retry_after_s = gate_retry_s(&crowd->gate, &world->hall.machine.env);
        crowd->sent_away++;
        return RC_OK;
    }
    rc = work(crowd, path, body, answer, &result->status);
    if (crowd->gated)
        stay(crowd, &pass);
    if (hall_after(world) || (crowd->gated && one_in(world, 50))) {
        crowd->lost++;
        return err_set(err, RC_NETWORK, "the line was cut");
    }
    return rc;
}

/* ---- a tablet ---- */

static void switch_on(struct crowd *crowd, struct comer *comer, bool unlocks) {
    struct world *world = crowd->world;
    struct tablet_options options = {.env = &crowd->machine.env,
                                     .cost = {.passes = 1, .memory_kib = 8}};
    char folder[40], secret[80];

    machine_init(&crowd->machine, world, comer->name, comer->disk);
    (void)snprintf(folder, sizeof(folder), "/%s/tablet", comer->name);
    (void)snprintf(secret, sizeof(secret), CANARY "secret-of-%s", comer->name);
    err_clear(&world->err);
    world_must(world, tablet_open(folder, &options, &crowd->tablet, &world->err), "a tablet");
    sync_attach(crowd->tablet);
    crowd->session = NULL;
    if (unlocks)
        world_must(world,
                   session_open(crowd->tablet, view_text(comer->name), view_text(secret),
                                &crowd->session, &world->err),
                   "unlocking");
}

static void switch_off(struct crowd *crowd) {
    const char *where;

    if (crowd->session != NULL)
        (void)session_close(crowd->session, &crowd->world->err);
    tablet_close(crowd->tablet);
    crowd->tablet = NULL;
    if (disk_forbidden(crowd->machine.disk, &where) > 0)
        world_fail(crowd->world, "an answer was written in clear to %s", where);
    disk_mount(crowd->machine.name, NULL);
}

static void save_home(struct crowd *crowd, const struct comer *comer, uint32_t number) {
    struct world *world = crowd->world;
    const struct form *form = tablet_form_named(crowd->tablet, view_text("home"));
    struct change change;
    struct value value;
    struct edit edit;
    enum rc rc;

    arena_reset(&world->arena);
    value =
        value_of_text(view_text(arena_text(&world->arena, CANARY "%s-%u", comer->name, number)));
    if (form == NULL)
        world_fail(world, "%s has no form", comer->name);
    rc = edit_start(&edit, CHANGE_CREATE, session_next_dot(crowd->session),
                    session_person(crowd->session), form, NULL, NULL, &world->arena, &world->err);
    if (rc == RC_OK)
        rc = edit_set_area(&edit, comer->area, &world->err);
    if (rc == RC_OK)
        rc = edit_set(&edit, ROOT, form_field_by_path(form, view_text("name"))->number, &value, 0,
                      &world->err);
    if (rc == RC_OK)
        rc = edit_finish(&edit, view_text(""), &change, &world->err);
    if (rc == RC_OK)
        rc = session_save(crowd->session, &change, NULL, form, &world->err);
    world_must(world, rc, "saving");
    world->saved++;
}

static void enrol(struct crowd *crowd, struct comer *comer) {
    struct world *world = crowd->world;
    struct invitation invitation = {.device_name = view_text(comer->name),
                                    .person_name = view_text(comer->name),
                                    .role = ROLE_INVESTIGATOR,
                                    .areas = &comer->area,
                                    .area_count = 1};
    char code[CODE_TEXT_BYTES], secret[80], folder[40];
    struct enrol_options options = {
        .directory = folder,
        .server = view_text("http://127.0.0.1:1"),
        .tablet = {.env = &crowd->machine.env, .cost = {.passes = 1, .memory_kib = 8}},
        .link = &crowd->link};
    struct sync_report report;

    machine_init(&crowd->machine, world, comer->name, comer->disk);
    (void)snprintf(secret, sizeof(secret), CANARY "secret-of-%s", comer->name);
    (void)snprintf(folder, sizeof(folder), "/%s/tablet", comer->name);
    world_must(world, auth_invite(hall_office(world), &invitation, "test", code, &world->err),
               "an invitation");
    options.code = view_text(code);
    options.secret = view_text(secret);
    world_must(world, enrol_run(&options, &crowd->tablet, &world->err), "enrolling");
    world_must(world, sync_run(crowd->tablet, &crowd->link, NULL, &report, &world->err),
               "the first sync");
    crowd->session = NULL;
    switch_off(crowd);
}

/* A week without a network. */
static void a_week(struct crowd *crowd, struct comer *comer) {
    uint32_t homes = 1 + (uint32_t)chance(crowd->world, SAVES_EACH);
    const struct own_actor *actor;

    if (one_in(crowd->world, 30))
        homes *= 20;
    switch_on(crowd, comer, true);
    for (uint32_t i = 0; i < homes; i++)
        save_home(crowd, comer, i);
    actor = tablet_actor(crowd->tablet, tablet_actor_count(crowd->tablet) - 1);
    comer->actor = actor->actor;
    comer->number = actor->number;
    memcpy(comer->hash, actor->hash, 32);
    switch_off(crowd);
}

/* ---- the evening ---- */

static void come(struct crowd *crowd, struct comer *comer) {
    struct world *world = crowd->world;
    struct sync_options options = {.rounds_max = 1};
    struct sync_report report;
    enum rc rc;

    if (comer->tries++ == 0)
        comer->came_ms = world->now_ms;
    switch_on(crowd, comer, false);
    rc = sync_run(crowd->tablet, &crowd->link, &options, &report, &world->err);
    if (rc != RC_OK && rc != RC_AGAIN && rc != RC_NETWORK)
        world_must(world, rc, "a sync in a crowd");
    switch_off(crowd);
    if (rc == RC_AGAIN)
        comer->due_ms = world->now_ms + 1000 * report.retry_after_s;
    else if (rc == RC_NETWORK)
        comer->due_ms = world->now_ms + 1000 * NETWORK_S;
    else if (report.more || report.unsent > 0 || report.sent > 0)
        comer->due_ms = world->now_ms + SERVICE_MS;
    else {
        comer->done_ms = world->now_ms;
        crowd->left--;
    }
}

static void evening(struct crowd *crowd) {
    struct world *world = crowd->world;
    int64_t began_ms = world->now_ms;
    uint32_t until_cut = crowd->count / 2;

    gate_init(&crowd->gate, INSIDE_MAX, INSIDE_MAX / 2, 64u * 1024u * 1024u);
    crowd->gated = true;
    crowd->left = crowd->count;
    for (uint32_t i = 0; i < crowd->count; i++)
        crowd->comers[i].due_ms = began_ms + (int64_t)chance(world, ARRIVE_MS);
    while (crowd->left > 0) {
        struct comer *next = NULL;

        for (uint32_t i = 0; i < crowd->count; i++)
            if (crowd->comers[i].done_ms == 0 &&
                (next == NULL || crowd->comers[i].due_ms < next->due_ms))
                next = &crowd->comers[i];
        if (next->due_ms > world->now_ms)
            world->now_ms = next->due_ms;
        vfs_world(world->now_ms, world->random);
        arena_reset(&world->arena);
        if (crowd->left == until_cut && world->crashed == 0)
            disk_cut_after(world->hall.machine.disk, 1 + chance(world, 30));
        come(crowd, next);
        if (world->now_ms - began_ms > INT64_C(7200000))
            world_fail(world, "%u tablets have not settled after two hours", crowd->left);
    }
    crowd->gated = false;
}

/* ---- what must hold ---- */

static int by_wait(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return a < b ? -1 : a > b;
}

/* Everybody is served in about the time that it takes to serve all. */
static void check_waits(struct crowd *crowd, char *out, size_t size) {
    int64_t *waits = calloc(crowd->count, sizeof(*waits));
    int64_t all_ms = (int64_t)crowd->let_in * SERVICE_MS / INSIDE_MAX;
    uint32_t tries = 0;

    if (waits == NULL)
        abort();
    for (uint32_t i = 0; i < crowd->count; i++) {
        waits[i] = crowd->comers[i].done_ms - crowd->comers[i].came_ms;
        tries = crowd->comers[i].tries > tries ? crowd->comers[i].tries : tries;
    }
    qsort(waits, crowd->count, sizeof(*waits), by_wait);
    (void)snprintf(out, size,
                   "%u sent away, %u lost, serving all takes %llds; waited: half %llds, 99 %% "
                   "%llds, longest %llds, %u tries at most",
                   crowd->sent_away, crowd->lost, (long long)all_ms / 1000,
                   (long long)waits[crowd->count / 2] / 1000,
                   (long long)waits[crowd->count * 99 / 100] / 1000,
                   (long long)waits[crowd->count - 1] / 1000, tries);
    if (waits[crowd->count - 1] > 3 * all_ms + 5 * 1000 * NETWORK_S)
        world_fail(crowd->world, "somebody has waited too long: %s", out);
    free(waits);
}

static void check_county(struct crowd *crowd) {
    struct world *world = crowd->world;
    struct ledger *ledger;

    world->hall.down_until_ms = 0;
    if (!hall_up(world))
        world_fail(world, "the county cannot be opened: %s", world->err.text);
    ledger = hall_read(world);
    for (uint32_t i = 0; i < crowd->count; i++) {
        const struct comer *comer = &crowd->comers[i];
        struct stored_actor row;

        world_must(world, store_actor(ledger->store, comer->actor, &row, &world->err),
                   "an actor of the county");
        if (row.number != comer->number || memcmp(row.hash, comer->hash, 32) != 0)
            world_fail(world, "of %s the county has %u of %u changes", comer->name,
                       (unsigned)row.number, (unsigned)comer->number);
    }
    hall_give_back(world, ledger);
    if (hall_run(world, desk_verify, NULL) != RC_OK)
        world_fail(world, "the county does not verify: %s: %s", world->err.text, world->said);
}

/* Some tablets, at leisure: all that was written in their villages. */
static void check_neighbours(struct crowd *crowd) {
    struct world *world = crowd->world;

    for (uint32_t i = 0; i < crowd->count; i += 1 + crowd->count / 40) {
        struct list_query query = {.limit = 1};
        struct comer *comer = &crowd->comers[i];
        struct listed *listed;
        struct sync_report report;
        uint32_t count, total, wanted = 0;

        for (uint32_t k = 0; k < crowd->count; k++)
            if (crowd->comers[k].area == comer->area)
                wanted += (uint32_t)crowd->comers[k].number;
        arena_reset(&world->arena);
        switch_on(crowd, comer, true);
        world_must(world, sync_run(crowd->tablet, &crowd->link, NULL, &report, &world->err),
                   "the next morning");
        world_must(world,
                   session_list(crowd->session, &query, &world->arena, &listed, &count, &total,
                                &world->err),
                   "a list");
        if (total != wanted)
            world_fail(world, "%s shows %u of %u homes", comer->name, total, wanted);
        switch_off(crowd);
    }
}

static void play(struct crowd *crowd, char *out, size_t size) {
    struct world *world = crowd->world;

    hall_start(world);
    for (uint32_t i = 0; i < crowd->count; i++) {
        struct comer *comer = &crowd->comers[i];

        (void)snprintf(comer->name, sizeof(comer->name), "t%u", i);
        comer->area = AREA_FIRST + i / AREA_TABLETS;
        comer->disk = disk_new(chance(world, UINT64_MAX));
        disk_forbid(comer->disk, CANARY);
        enrol(crowd, comer);
        a_week(crowd, comer);
    }
    world->healing = false;
    evening(crowd);
    world->healing = true;
    check_county(crowd);
    check_neighbours(crowd);
    check_waits(crowd, out, size);
}

bool crowd_play(struct world *world, uint64_t seed, uint32_t count, char *out, size_t size) {
    struct crowd crowd = {.world = world, .count = count, .link = {&crowd, exchange}};

    memset(world, 0, sizeof(*world));
    world->seed = world->random = seed;
    world->now_ms = INT64_C(1795400000000);
    world->healing = true;
    err_init(&world->err, LANG_EN);
    arena_init(&world->arena, 256u * 1024u * 1024u);
    crowd.comers = calloc(count, sizeof(*crowd.comers));
    if (crowd.comers == NULL)
        abort();
    if (setjmp(world->out) != 0)
        return false;
    vfs_world(world->now_ms, seed);
    play(&crowd, out, size);
    for (uint32_t i = 0; i < count; i++)
        disk_free(crowd.comers[i].disk);
    free(crowd.comers);
    world_release(world);
    return true;
}
