/* vote.c: an evaluation meeting at the beginning of a world or in its midst, on one tablet or two,
 * secret or on paper, with a network or without, while the power goes, the network loses, tablets
 * are copied and put back, and people try once more. The urn: vote_urn.c, copies: vote_copies.c.
 *
 * What each member chose is known here and nowhere else. In the end tablets and county show what
 * was chosen, or withhold it and say rightly what came out (vote_end.c). The one-time secrets hold
 * the canary. */
#include "tests/sim/vote_inside.h"

#include <stdio.h>

static const struct instance_id ROOT;

static const struct meeting_signer signers[] = {
    {{(const uint8_t *)"chair", 5}, {(const uint8_t *)"Li", 2}, {NULL, 0}},
    {{(const uint8_t *)"teller", 6}, {(const uint8_t *)"Zhao", 4}, {NULL, 0}},
};

/* ---- changes of a meeting, which bring no token ---- */

static const struct own_actor *present_actor(const struct pad *pad) {
    return tablet_actor(pad->tablet, tablet_actor_count(pad->tablet) - 1);
}

void vote_ready(struct world *world, struct pad *pad) {
    bool ready = pad_ready(world, pad);

    if (ready && present_actor(pad) == NULL) { /* its memory could not be read: off, and on again */
        pad_close(world, pad);
        ready = pad_ready(world, pad);
    }
    if (!ready)
        world_fail(world, "%s cannot be unlocked: %s", pad->machine.name, world->err.text);
}

void vote_note_from_here(struct pad *pad) {
    pad->noted_actor = present_actor(pad)->actor;
    pad->noted = present_actor(pad)->number;
}

/* Two copies may write the very same at the same time: that is one change. */
static uint32_t same_save(const struct world *world, const struct save *save) {
    uint32_t at = 0;

    while (at < world->save_count &&
           (world->saves[at].actor != save->actor || world->saves[at].number != save->number ||
            memcmp(world->saves[at].hash, save->hash, sizeof(save->hash)) != 0))
        at++;
    return at;
}

void vote_note_saves(struct world *world, struct pad *pad) {
    const struct own_actor *actor = present_actor(pad);

    if (pad->noted_actor != actor->actor) { /* a new life */
        pad->noted_actor = actor->actor;
        pad->noted = 0;
    }
    while (pad->noted < actor->number) {
        struct save *save = &world->saves[world->save_count];
        uint32_t same;

        if (world->save_count + 1 >= SAVES_MAX)
            world_fail(world, "a meeting saves too much");
        *save = (struct save){.meant = UINT32_MAX,
                              .named = UINT32_MAX,
                              .state = SAVE_SURE,
                              .quiet = true,
                              .actor = actor->actor,
                              .number = ++pad->noted,
                              .at_ms = world->now_ms};
        world_must(world,
                   tablet_chain(pad->tablet, actor, save->number - 1, save->before, &world->err),
                   "a hash of the chain");
        world_must(world, tablet_chain(pad->tablet, actor, save->number, save->hash, &world->err),
                   "a hash of the chain");
        same = same_save(world, save);
        pad_hold(pad, same);
        if (same == world->save_count) {
            world->save_count++;
            world->saved++;
        }
    }
}

void vote_tempt(struct hall_vote *at) {
    at->world->now_ms += 1000 + (int64_t)chance(at->world, 120000);
    err_clear(&at->world->err);
    if (!at->world->calm)
        machine_tempt(&at->pad->machine, TURN_POWER, TURN_DISK);
}

bool vote_again(struct hall_vote *at, enum rc rc, const char *what) {
    struct world *world = at->world;

    tell(world, "meeting on %s: %s: %s%s%s", at->pad->machine.name, what, rc_name(rc),
         rc == RC_OK ? "" : " ", rc == RC_OK ? "" : world->err.text);
    if (rc == RC_IO || disk_is_dead(at->pad->machine.disk)) {
        vote_close_urn(at);
        pad_close(world, at->pad);
    }
    if (at->pad->tablet != NULL && present_actor(at->pad) == NULL)
        vote_close_urn(at); /* as vote_ready does */
    pad_after(world, at->pad);
    vote_ready(world, at->pad);
    vote_note_saves(world, at->pad);
    if (rc != RC_OK && rc != RC_IO)
        world_must(world, rc, what);
    return rc == RC_IO;
}

void vote_see(struct hall_vote *at, struct meeting_seen *seen) {
    world_must(at->world,
               meeting_see(at->pad->session, at->id, &at->world->arena, seen, &at->world->err),
               "the meeting");
}

bool vote_find(struct hall_vote *at) {
    struct world *world = at->world;
    struct list_query query = {.form_name = view_text(MEETING_FORM)};
    struct listed *list;
    uint32_t count, total;

    world_must(
        world,
        session_list(at->pad->session, &query, &world->arena, &list, &count, &total, &world->err),
        "the list of meetings");
    for (uint32_t i = 0; i < count; i++)
        if (dot_equal(list[i].id, at->id))
            return true;
    if (count > 0)
        at->id = list[0].id;
    return count > 0;
}

/* Whether somebody who may hold meetings has unlocked it. */
bool vote_may_meet(struct pad *pad) {
    return strcmp(pad->person, pad->people[0]) == 0 && !tablet_facts(pad->tablet)->scope.revoked &&
           tablet_in_scope(pad->tablet, VILLAGE_A) && session_may(pad->session, VILLAGE_A);
}

/* ---- the call ---- */

static enum rc put(struct world *world, struct edit *edit, struct instance_id instance,
                   const char *path, const char *text) {
    const struct form_field *field = form_field_by_path(edit->form, view_text(path));
    struct value value;
    enum rc rc = field == NULL ? RC_NOT_FOUND
                               : form_value_parse(edit->form, field, view_text(text), &world->arena,
                                                  &value, &world->err);

    return rc == RC_OK ? edit_set(edit, instance, field->number, &value, 0, &world->err) : rc;
}

static void start(struct hall_vote *at, const char *name, struct edit *edit,
                  const struct form **form) {
    struct world *world = at->world;
    struct session *session = at->pad->session;

    *form = tablet_form_named(at->pad->tablet, view_text(name));
    if (*form == NULL)
        world_fail(world, "there is no form %s", name);
    world_must(world,
               edit_start(edit, CHANGE_CREATE, session_next_dot(session), session_person(session),
                          *form, NULL, NULL, &world->arena, &world->err),
               "a new record");
    world_must(world, edit_set_area(edit, VILLAGE_A, &world->err), "an area");
}

static struct dot save(struct hall_vote *at, struct edit *edit, const struct form *form) {
    struct world *world = at->world;
    struct change change;
    enum rc rc = edit_finish(edit, view_text(""), &change, &world->err);

    if (rc == RC_OK)
        rc = session_save(at->pad->session, &change, NULL, form, &world->err);
    world_must(world, rc, "saving for a meeting");
    return tablet_dot_now(at->pad->tablet, change.dot); /* as the lists call it */
}

static struct dot make_panel(struct hall_vote *at) {
    const struct form *form;
    struct world *world = at->world;
    struct edit edit;

    start(at, PANEL_FORM, &edit, &form);
    world_must(world, put(world, &edit, ROOT, "title", CANARY "panel"), "a panel");
    for (uint32_t i = 0; i < MEMBERS; i++) {
        struct instance_id member;
        char name[24];

        (void)snprintf(name, sizeof(name), CANARY "m%u", i + 1);
        world_must(
            world,
            edit_add_instance(&edit, meeting_field(form, "member"), ROOT, &member, &world->err),
            "a member");
        world_must(world, put(world, &edit, member, "member/name", name), "a member");
        world_must(world, put(world, &edit, member, "member/category", i % 3 == 2 ? "2" : "7"),
                   "a member");
        world_must(world, put(world, &edit, member, "member/active", "1"), "a member");
    }
    return save(at, &edit, form);
}

static struct dot make_home(struct hall_vote *at, uint32_t number) {
    const struct form *form;
    struct edit edit;
    char name[24];

    start(at, "home", &edit, &form);
    (void)snprintf(name, sizeof(name), CANARY "h%u", number);
    world_must(at->world, put(at->world, &edit, ROOT, "name", name), "a home");
    return save(at, &edit, form);
}

static void call(struct hall_vote *at) {
    static const struct view tellers[] = {{(const uint8_t *)"Zhao", 4},
                                          {(const uint8_t *)"Qian", 4}};
    struct world *world = at->world;
    struct ballot *ballot = &world->ballot;
    struct dot homes[BALLOT_ITEMS];
    struct meeting_plan plan = {.area = VILLAGE_A,
                                .title = view_text(CANARY "meeting"),
                                .place = view_text("hall"),
                                .chair = view_text("Li"),
                                .recorder = view_text("Zhou"),
                                .teller_count = 2,
                                .tellers = tellers,
                                .households = homes};

    ballot->item_count = 1 + (uint32_t)chance(world, BALLOT_ITEMS);
    plan.household_count = ballot->item_count;
    plan.panel = make_panel(at);
    for (uint32_t i = 0; i < ballot->item_count; i++)
        homes[i] = make_home(at, i);
    world_must(world, meeting_new(at->pad->session, &plan, &at->id, &world->err),
               "calling a meeting");
    vote_note_saves(world, at->pad);
    ballot->call = world->save_count - 1;
}

/* Until both tablets hold what the county has. */
static void meet(struct world *world) {
    world->calm = true;
    for (int i = 0; i < 12; i++)
        for (int at = 0; at < 2; at++) {
            world->hall.down_until_ms = 0;
            world->pads[at].away_until_ms = 0;
            pad_sync(world, &world->pads[at]);
            vote_ready(world, &world->pads[at]);
        }
    world->calm = false;
}

static void open_meeting(struct hall_vote *at, uint64_t present) {
    struct world *world = at->world;
    enum rc rc;

    do {
        struct meeting_seen seen;

        vote_see(at, &seen);
        vote_tempt(at);
        rc = seen.meeting.state == MEETING_PLANNED
                 ? meeting_open(at->pad->session, at->id, &world->err)
                 : RC_OK;
    } while (vote_again(at, rc, "opens"));
    do {
        vote_tempt(at);
        rc = meeting_sign_in(at->pad->session, at->id, present, view_text(NULL), &world->err);
    } while (vote_again(at, rc, "signs in"));
}

/* false: their clocks are so far apart that other rules hold on the one; then they vote on the
 * other.
 */
static bool pair(struct hall_vote *a, struct hall_vote *b) {
    struct world *world = a->world;
    char code[MEETING_CODE_BYTES];
    enum rc rc;

    do {
        vote_tempt(a);
        rc = meeting_pair(a->pad->session, a->id, b->seats, code, &world->err);
    } while (vote_again(a, rc, "pairs"));
    rc = meeting_join(b->pad->session, view_text(code), &b->id, &b->vote.seats, &world->err);
    if (rc == RC_CONFLICT && a->pad->machine.offset_ms != b->pad->machine.offset_ms) {
        tell(world, "meeting on %s: %s cannot join", a->pad->machine.name, b->pad->machine.name);
        err_clear(&world->err);
        return false;
    }
    world_must(world, rc, "joining a meeting");
    b->vote.joined = true;
    return true;
}

/* The disk may fail behind the commit: then the next try would be one too many. */
bool vote_is_signed(struct hall_vote *at) {
    struct meeting_seen seen;

    vote_see(at, &seen);
    return seen.meeting.sealed;
}

void vote_sign(struct hall_vote *at, bool incomplete) {
    struct world *world = at->world;
    enum rc rc;

    do {
        vote_tempt(at);
        rc = meeting_sign(at->pad->session, at->id, signers, 2, incomplete, &world->err);
    } while (vote_again(at, rc, "is signed") && !vote_is_signed(at));
}

/* ---- the day ---- */

static void choose(struct world *world) {
    for (uint32_t i = 0; i < world->ballot.item_count; i++)
        for (uint32_t seat = 1; seat <= MEMBERS; seat++) {
            uint64_t draw = chance(world, 10);

            world->ballot.chosen[i][seat] = draw < 6 ? URN_YES : draw < 9 ? URN_NO : URN_ABSTAIN;
        }
}

static void shuffle(struct world *world, uint32_t seats[MEMBERS]) {
    for (uint32_t i = 0; i < MEMBERS; i++)
        seats[i] = i + 1;
    for (uint32_t i = MEMBERS - 1; i > 0; i--) {
        uint32_t other = (uint32_t)chance(world, i + 1), seat = seats[i];

        seats[i] = seats[other];
        seats[other] = seat;
    }
}

void vote_draw(struct world *world) {
    world->ballot.step = one_in(world, 2) ? 0 : (uint32_t)chance(world, world->steps);
}

/* Somebody has copied the tablet before the meeting is called: what the copy writes, and brings to
 * the county, has the numbers under which it will be called. */
static void copy_before(struct hall_vote *at) {
    struct world *world = at->world;
    struct hall_vote copy = *at;

    if (world->pad_count == PADS_MAX)
        return;
    pad_copy(world, at->pad);
    copy.pad = &world->pads[world->pad_count - 1];
    vote_ready(world, at->pad);
    vote_ready(world, copy.pad);
    if (!vote_may_meet(copy.pad))
        return;
    vote_note_from_here(copy.pad);
    (void)make_home(&copy, 9);
    vote_note_saves(world, copy.pad);
    pad_sync(world, copy.pad);
}

/* false: one of them has learned that it may not go on. */
static bool vote_on_both(struct hall_vote *a, struct hall_vote *b, const uint32_t seats[MEMBERS]) {
    for (uint32_t i = 0; i < MEMBERS; i++) {
        struct hall_vote *at = (a->seats & vote_seat(seats[i])) != 0 ? a : b;

        vote_cast(at, seats[i]);
        if (one_in(at->world, 8) && !vote_sync(at))
            return false;
    }
    return true;
}

/* What both have counted comes together, by hand or by the county. */
static bool join_parts(struct hall_vote *a, struct hall_vote *b) {
    if (one_in(a->world, 2)) {
        vote_carry(b, a);
        return true;
    }
    meet(a->world);
    return vote_may_meet(a->pad) && vote_find(a);
}

/* false: nobody can say what came of it. */
static bool hold(struct hall_vote *a, struct hall_vote *b, bool paper) {
    struct world *world = a->world;
    bool two = b->seats != 0;
    uint32_t seats[MEMBERS];

    open_meeting(a, a->seats | b->seats);
    if (two && !pair(a, b)) {
        two = false;
        a->seats |= b->seats;
        a->vote.seats = a->seats;
    }
    world->ballot.votes[0] = a->vote;
    world->ballot.votes[1] = b->vote;
    b->pad->joined = two;
    shuffle(world, seats);
    if (world->ballot.copied) {
        vote_with_copies(a, two ? b : NULL, seats);
        return true;
    }
    if (paper)
        vote_count_paper(a);
    else if (!vote_on_both(a, b, seats))
        return false;
    vote_close_meeting(a, false);
    if (two) {
        vote_close_meeting(b, false);
        if (!join_parts(a, b))
            return false;
    }
    vote_sign(a, false);
    return true;
}

void vote_play(struct world *world) {
    const uint64_t all = (1u << MEMBERS) - 1;
    bool copied = (world->turns[TURN_CLONE] || world->turns[TURN_PUT_BACK]) && one_in(world, 2);
    bool two = one_in(world, 2), paper = !copied && !two && one_in(world, 3);
    bool alone = !two && one_in(world, 2); /* without a network since the call */
    struct hall_vote a = {.world = world, .pad = &world->pads[0], .seats = all};
    struct hall_vote b = {.world = world, .pad = &world->pads[1]};

    for (int at = 0; at < 2; at++)
        vote_ready(world, &world->pads[at]);
    if (world->step > 0 && !alone)
        meet(world);
    if (!vote_may_meet(a.pad) || (two && !vote_may_meet(b.pad))) {
        tell(world, "there is no meeting: nobody here may hold it");
        return;
    }
    if (alone && world->turns[TURN_CLONE] && one_in(world, 2))
        copy_before(&a);
    for (int at = 0; at < 2; at++)
        vote_note_from_here(&world->pads[at]);
    call(&a);
    choose(world);
    if (!alone)
        meet(world);
    if (!vote_find(&a) || (two && !vote_find(&b))) {
        tell(world, "there is no meeting: it waits at the county");
        return;
    }
    b.seats = two ? 1 + chance(world, all - 1) : 0;
    a.seats = all & ~b.seats;
    world->ballot.copied = copied;
    a.vote = (struct meeting_vote){
        .mode = paper ? VOTE_SECRET_PAPER : VOTE_SECRET_DEVICE,
        .seats = a.seats,
        .small_is_known = true,
        .secrets = {view_text(CANARY "river"), view_text(CANARY "crane")},
    };
    if (paper)
        a.vote.secrets = (struct urn_secrets){{0}, {0}};
    b.vote = a.vote;
    b.vote.seats = b.seats;
    b.vote.secrets = (struct urn_secrets){view_text(CANARY "stone"), view_text(CANARY "heron")};
    world->ballot.held = hold(&a, &b, paper);
    vote_close_urn(&a);
    vote_close_urn(&b);
    if (!world->ballot.held)
        tell(world, "the meeting breaks off");
    else if (!world->ballot.copied && !alone && !one_in(world, 4))
        meet(world);
    else
        world->ballot.on_the_way = true;
}
