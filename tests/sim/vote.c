/* vote.c: an evaluation meeting at the beginning of a world or in its midst, on one tablet or two,
 * secret or on paper, while the power goes, the network loses, and people try once more.
 *
 * What each member chose is known here and nowhere else. At every look into the urn its counters
 * are the sum of what was chosen by those whom it marks; in the end tablets and county show that
 * sum, or withhold it and show what came out. The one-time secrets hold the canary. */
#include "agent/field/meeting.h"
#include "agent/store/traffic.h"
#include "tests/sim/world.h"

#include <stdio.h>

#define MEMBERS   11u
#define TRIES_MAX 60

static const struct instance_id ROOT;

static const struct meeting_signer signers[] = {
    {{(const uint8_t *)"chair", 5}, {(const uint8_t *)"Li", 2}, {NULL, 0}},
    {{(const uint8_t *)"teller", 6}, {(const uint8_t *)"Zhao", 4}, {NULL, 0}},
};

struct hall_vote { /* one tablet of the meeting */
    struct world *world;
    struct pad *pad;
    struct urn *urn;
    uint64_t seats;
    bool joined;
    struct meeting_vote vote;
};

/* ---- changes of a meeting, which bring no token ---- */

/* Everything that is on this disk and not known yet was saved. */
static void note_saves(struct world *world, struct pad *pad) {
    const struct own_actor *actor = tablet_actor(pad->tablet, tablet_actor_count(pad->tablet) - 1);

    while (pad->noted < actor->number) {
        struct save *save = &world->saves[world->save_count];

        if (world->save_count + 1 >= SAVES_MAX)
            world_fail(world, "a meeting saves too much");
        *save = (struct save){.meant = UINT32_MAX,
                              .state = SAVE_SURE,
                              .quiet = true,
                              .actor = actor->actor,
                              .number = ++pad->noted,
                              .at_ms = world->now_ms};
        world_must(world, tablet_chain(pad->tablet, actor, save->number, save->hash, &world->err),
                   "a hash of the chain");
        pad_hold(pad, world->save_count++);
        world->saved++;
    }
}

/* Before what may fail. */
static void tempt(struct hall_vote *at) {
    at->world->now_ms += 1000 + (int64_t)chance(at->world, 120000);
    err_clear(&at->world->err);
    if (!at->world->calm)
        machine_tempt(&at->pad->machine, TURN_POWER, TURN_DISK);
}

/* Behind it: true when it has to be tried again, on a tablet that was switched off and on. */
static bool again(struct hall_vote *at, enum rc rc, const char *what) {
    struct world *world = at->world;

    tell(world, "meeting on %s: %s: %s%s%s", at->pad->machine.name, what, rc_name(rc),
         rc == RC_OK ? "" : " ", rc == RC_OK ? "" : world->err.text);
    if (rc == RC_IO || disk_is_dead(at->pad->machine.disk)) {
        urn_close(at->urn);
        at->urn = NULL;
        pad_close(world, at->pad);
    }
    pad_after(world, at->pad);
    if (!pad_ready(world, at->pad))
        world_fail(world, "%s cannot be unlocked: %s", at->pad->machine.name, world->err.text);
    note_saves(world, at->pad);
    if (rc != RC_OK && rc != RC_IO)
        world_must(world, rc, what);
    return rc == RC_IO;
}

static void see(struct hall_vote *at, struct meeting_seen *seen) {
    world_must(at->world,
               meeting_see(at->pad->session, at->world->ballot.id, &at->world->arena, seen,
                           &at->world->err),
               "the meeting");
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
    return change.dot;
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
    world_must(world, meeting_new(at->pad->session, &plan, &ballot->id, &world->err),
               "calling a meeting");
    note_saves(world, at->pad);
}

/* Until both tablets hold what the county has. */
static void meet(struct world *world) {
    world->calm = true;
    for (int i = 0; i < 12; i++)
        for (int at = 0; at < 2; at++) {
            world->hall.down_until_ms = 0;
            world->pads[at].away_until_ms = 0;
            pad_sync(world, &world->pads[at]);
            if (!pad_ready(world, &world->pads[at]))
                world_fail(world, "%s cannot be unlocked", world->pads[at].machine.name);
        }
    world->calm = false;
}

/* Somebody syncs while people vote, whatever comes of it. The urn is closed before: it may lock. */
static void sync_between(struct hall_vote *at) {
    if (!one_in(at->world, 8))
        return;
    urn_close(at->urn);
    at->urn = NULL;
    pad_sync(at->world, at->pad);
    if (!pad_ready(at->world, at->pad))
        world_fail(at->world, "%s cannot be unlocked", at->pad->machine.name);
}

static void open_meeting(struct hall_vote *at, uint64_t present) {
    struct world *world = at->world;
    enum rc rc;

    do {
        struct meeting_seen seen;

        see(at, &seen);
        tempt(at);
        rc = seen.meeting.state == MEETING_PLANNED
                 ? meeting_open(at->pad->session, world->ballot.id, &world->err)
                 : RC_OK;
    } while (again(at, rc, "opens"));
    do {
        tempt(at);
        rc = meeting_sign_in(at->pad->session, world->ballot.id, present, view_text(NULL),
                             &world->err);
    } while (again(at, rc, "signs in"));
}

/* ---- the urn ---- */

/* Its counters say what those have chosen whom it marks. */
static void check_urn(struct hall_vote *at) {
    struct world *world = at->world;
    const struct vote_item_count *counts;
    struct meeting_seen seen;
    uint32_t count;

    see(at, &seen);
    world_must(world, urn_counts(at->urn, &world->arena, &counts, &count, &world->err),
               "what an urn holds");
    for (uint32_t i = 0; i < world->ballot.item_count; i++) {
        uint32_t index = urn_index(at->urn, seen.meeting.items[i].id);
        uint64_t marks = urn_marks(at->urn, index);
        uint32_t chosen[4] = {0};

        for (uint32_t seat = 1; seat <= MEMBERS; seat++)
            if ((marks & vote_seat(seat)) != 0)
                chosen[world->ballot.chosen[i][seat]]++;
        if (urn_mode(at->urn) != VOTE_SECRET_DEVICE)
            continue;
        if (counts[index].count.yes != chosen[URN_YES] ||
            counts[index].count.no != chosen[URN_NO] ||
            counts[index].count.abstain != chosen[URN_ABSTAIN])
            world_fail(world,
                       "the urn on %s counts %u yes, %u no, %u abstained of those who said "
                       "%u, %u, %u",
                       at->pad->machine.name, counts[index].count.yes, counts[index].count.no,
                       counts[index].count.abstain, chosen[URN_YES], chosen[URN_NO],
                       chosen[URN_ABSTAIN]);
    }
}

/* The urn is open, be it new or the one from before the power went. */
static void open_urn(struct hall_vote *at) {
    struct world *world = at->world;
    enum rc rc;

    while (at->urn == NULL) {
        struct urn_about about;

        rc = urn_find(at->pad->session, world->ballot.id, &about, &world->err);
        if (rc != RC_OK && rc != RC_NOT_FOUND)
            world_must(world, rc, "looking for the urn");
        tempt(at);
        rc = rc == RC_OK ? meeting_resume_vote(at->pad->session, world->ballot.id,
                                               &at->vote.secrets, &at->urn, &world->err)
                         : meeting_begin_vote(at->pad->session, world->ballot.id, &at->vote,
                                              &at->urn, &world->err);
        if (rc != RC_OK)
            at->urn = NULL;
        (void)again(at, rc, "opens the urn");
    }
    check_urn(at);
}

static bool is_marked(struct hall_vote *at, uint32_t seat) {
    struct meeting_seen seen;

    see(at, &seen);
    return (urn_marks(at->urn, urn_index(at->urn, seen.meeting.items[0].id)) & vote_seat(seat)) !=
           0;
}

static enum rc cast_once(struct hall_vote *at, uint32_t seat) {
    struct world *world = at->world;
    struct meeting_answer answers[BALLOT_ITEMS];
    struct meeting_seen seen;

    see(at, &seen);
    for (uint32_t i = 0; i < world->ballot.item_count; i++)
        answers[i] =
            (struct meeting_answer){.item = seen.meeting.items[i].id,
                                    .answer = world->ballot.chosen[i][seat],
                                    .reasons = world->ballot.chosen[i][seat] == URN_NO ? 1 : 0};
    return meeting_cast(at->pad->session, at->urn, world->ballot.id, seat, answers,
                        world->ballot.item_count, &world->err);
}

/* A member votes; when nothing was said, he looks whether he has, and tries again. */
static void cast(struct hall_vote *at, uint32_t seat) {
    struct world *world = at->world;

    for (;;) {
        enum rc rc;

        open_urn(at);
        if (is_marked(at, seat))
            break;
        tempt(at);
        rc = cast_once(at, seat);
        if (!again(at, rc, "votes"))
            break;
    }
    open_urn(at);
    if (!is_marked(at, seat))
        world_fail(world, "a vote on %s that was confirmed is not marked", at->pad->machine.name);
    if (one_in(world, 4) && cast_once(at, seat) != RC_CONFLICT)
        world_fail(world, "a member has voted twice on %s", at->pad->machine.name);
    err_clear(&world->err);
    sync_between(at);
}

/* Two tellers count paper, now and then differently at first. */
static void count_paper(struct hall_vote *at) {
    struct world *world = at->world;

    for (uint32_t i = 0; i < world->ballot.item_count; i++) {
        struct vote_count count = {0};
        enum urn_entered state = URN_WAITS;
        int tries = 0;

        for (uint32_t seat = 1; seat <= MEMBERS; seat++) {
            count.yes += world->ballot.chosen[i][seat] == URN_YES;
            count.no += world->ballot.chosen[i][seat] == URN_NO;
            count.abstain += world->ballot.chosen[i][seat] == URN_ABSTAIN;
        }
        while (state != URN_AGREED && tries++ < TRIES_MAX) {
            struct meeting_seen seen;
            struct vote_count wrong = count;
            enum rc rc;

            if (one_in(world, 4) && wrong.yes > 0) {
                wrong.yes--;
                wrong.invalid++;
            }
            open_urn(at);
            see(at, &seen);
            tempt(at);
            rc = meeting_enter(at->pad->session, at->urn, world->ballot.id,
                               seen.meeting.items[i].id, 1 + (uint32_t)(tries % 2),
                               tries % 2 == 0 ? &wrong : &count, &state, &world->err);
            if (rc == RC_CONFLICT) { /* both had counted before the power went */
                state = URN_AGREED;
                rc = RC_OK;
            }
            if (again(at, rc, "counts paper"))
                state = URN_WAITS; /* agreed, but not on disk */
        }
    }
}

/* There is an urn or a result, whatever happens, and never both. */
static void close_meeting(struct hall_vote *at) {
    struct world *world = at->world;

    for (;;) {
        struct meeting_seen seen;
        struct urn_about about;
        uint64_t own =
            tablet_actor(at->pad->tablet, tablet_actor_count(at->pad->tablet) - 1)->actor;
        bool heard = false;
        enum rc rc = urn_find(at->pad->session, world->ballot.id, &about, &world->err);

        see(at, &seen);
        for (uint32_t i = 0; i < seen.meeting.heard_count; i++)
            heard = heard || seen.meeting.heard[i].batch->tablet == own;
        if ((rc == RC_OK) == heard)
            world_fail(world, "%s has %s", at->pad->machine.name,
                       heard ? "the urn beside its result" : "neither urn nor result");
        err_clear(&world->err);
        if (heard)
            break;
        open_urn(at);
        tempt(at);
        rc = meeting_close(at->pad->session, world->ballot.id, at->urn, false, &world->err);
        urn_close(at->urn);
        at->urn = NULL;
        (void)again(at, rc, "closes");
    }
}

static void carry_over(struct hall_vote *from, struct hall_vote *to) {
    struct world *world = to->world;
    struct buf text;
    enum rc rc;

    buf_init(&text, 2 * VOTE_BATCH_BYTES);
    world_must(world, meeting_part(from->pad->session, world->ballot.id, &text, &world->err),
               "a tablet's part");
    do {
        tempt(to);
        rc = meeting_take(to->pad->session, world->ballot.id, buf_view(&text), &world->err);
    } while (again(to, rc, "takes the other part"));
    buf_release(&text);
}

static void pair(struct hall_vote *a, struct hall_vote *b) {
    struct world *world = a->world;
    char code[MEETING_CODE_BYTES];
    struct dot id;
    enum rc rc;

    do {
        tempt(a);
        rc = meeting_pair(a->pad->session, world->ballot.id, b->seats, code, &world->err);
    } while (again(a, rc, "pairs"));
    world_must(world,
               meeting_join(b->pad->session, view_text(code), &id, &b->vote.seats, &world->err),
               "joining a meeting");
    b->vote.joined = true;
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

/* The disk may fail behind the commit: then the next try would be one too many. */
static bool is_signed(struct hall_vote *at) {
    struct meeting_seen seen;

    see(at, &seen);
    return seen.meeting.sealed;
}

/* Whether somebody who may hold meetings has unlocked it. */
static bool may_meet(struct world *world, int at) {
    struct pad *pad = &world->pads[at];

    return strcmp(pad->person, pad->people[0]) == 0 && !tablet_facts(pad->tablet)->scope.revoked &&
           tablet_in_scope(pad->tablet, VILLAGE_A) && session_may(pad->session, VILLAGE_A);
}

void vote_draw(struct world *world) {
    bool copies = world->turns[TURN_CLONE] || world->turns[TURN_PUT_BACK];

    world->ballot.step = copies || one_in(world, 2) ? 0 : (uint32_t)chance(world, world->steps);
}

void vote_play(struct world *world) {
    const uint64_t all = (1u << MEMBERS) - 1;
    bool two = one_in(world, 2), paper = !two && one_in(world, 3);
    struct hall_vote a = {.world = world, .pad = &world->pads[0], .seats = all};
    struct hall_vote b = {.world = world, .pad = &world->pads[1]};
    uint32_t seats[MEMBERS];
    enum rc rc;

    for (int at = 0; at < 2; at++)
        if (!pad_ready(world, &world->pads[at]))
            world_fail(world, "%s cannot be unlocked", world->pads[at].machine.name);
    if (world->step > 0) { /* others may have written what not both tablets have: on one */
        two = false;
        meet(world);
    }
    if (!may_meet(world, 0) || (two && !may_meet(world, 1))) {
        tell(world, "there is no meeting: nobody here may hold it");
        return;
    }
    for (int at = 0; at < 2; at++) {
        struct tablet *tablet = world->pads[at].tablet;

        world->pads[at].noted = tablet_actor(tablet, tablet_actor_count(tablet) - 1)->number;
    }
    call(&a);
    choose(world);
    meet(world);
    b.seats = two ? 1 + chance(world, all - 1) : 0;
    a.seats = all & ~b.seats;
    a.vote = (struct meeting_vote){
        .mode = paper ? VOTE_SECRET_PAPER : VOTE_SECRET_DEVICE,
        .seats = a.seats,
        .small_is_known = true,
        .secrets = {view_text(CANARY "river"), view_text(CANARY "crane")},
    };
    if (paper)
        a.vote.secrets = (struct urn_secrets){{0}, {0}};
    b.vote = a.vote;
    b.vote.secrets = (struct urn_secrets){view_text(CANARY "stone"), view_text(CANARY "heron")};
    open_meeting(&a, all);
    if (two)
        pair(&a, &b);
    shuffle(world, seats);
    for (uint32_t i = 0; i < MEMBERS && !paper; i++)
        cast((a.seats & vote_seat(seats[i])) != 0 ? &a : &b, seats[i]);
    if (paper)
        count_paper(&a);
    close_meeting(&a);
    if (two) {
        close_meeting(&b);
        if (one_in(world, 2))
            carry_over(&b, &a);
        else
            meet(world);
    }
    do {
        tempt(&a);
        rc = meeting_sign(a.pad->session, world->ballot.id, signers, 2, false, &world->err);
    } while (again(&a, rc, "is signed") && !is_signed(&a));
    world->ballot.held = true;
    if (!one_in(world, 4))
        meet(world);
    else
        world->ballot.on_the_way = true;
}

/* ---- what everybody must see ---- */

static void check_result(struct world *world, const struct meeting *meeting, const char *who) {
    for (uint32_t i = 0; i < meeting->item_count; i++) {
        uint32_t chosen[4] = {0};
        struct tally tally;

        for (uint32_t seat = 1; seat <= MEMBERS; seat++)
            chosen[world->ballot.chosen[i][seat]]++;
        meeting_tally(meeting, &meeting->items[i], &tally);
        if (tally.eligible != MEMBERS || tally.voids != 0)
            world_fail(world, "%s: of a sound vote it says: %u could vote, void %x", who,
                       tally.eligible, tally.voids);
        if ((tally.state == TALLY_PASSED) != (chosen[URN_YES] >= tally.needed))
            world_fail(world, "%s: %u of %u needed said yes, and it says %s", who, chosen[URN_YES],
                       tally.needed, tally_state_name((enum tally_state)tally.state));
        if (!tally.withheld && (tally.yes != chosen[URN_YES] || tally.no != chosen[URN_NO] ||
                                tally.abstain != chosen[URN_ABSTAIN]))
            world_fail(world, "%s counts %u yes, %u no, %u abstained of %u, %u, %u", who, tally.yes,
                       tally.no, tally.abstain, chosen[URN_YES], chosen[URN_NO],
                       chosen[URN_ABSTAIN]);
    }
}

/* A tablet whose scope staff have changed since: what it had not sent may wait for them. */
static bool is_kept_back(const struct world *world) {
    for (int at = 0; at < 2; at++)
        if (tablet_facts(world->pads[at].tablet)->scope.serial > 1)
            return true;
    return false;
}

void vote_end(struct world *world) {
    struct ledger *ledger;
    struct stored_record stored;
    struct reading reading;
    struct meeting meeting;
    struct record record;
    enum rc rc;

    if (!world->ballot.held || (world->ballot.on_the_way && is_kept_back(world)))
        return;
    ledger = hall_read(world);
    rc = store_record(ledger->store, world->ballot.id, &world->arena, &stored, &world->err);
    if (rc == RC_OK)
        rc = ledger_read(ledger, &stored, &world->arena, &record, &reading, &world->err);
    if (rc == RC_OK)
        rc = meeting_read(&reading, &world->arena, &meeting, &world->err);
    world_must(world, rc, "the meeting at the county");
    if (meeting.item_count != world->ballot.item_count || !meeting.sealed)
        world_fail(world, "the county does not have the whole meeting");
    check_result(world, &meeting, "the county");
    for (int at = 0; at < world->pad_count; at++) {
        struct meeting_seen seen;

        rc = meeting_see(world->pads[at].session, world->ballot.id, &world->arena, &seen,
                         &world->err);
        if (rc == RC_OK && !tablet_facts(world->pads[at].tablet)->scope.revoked)
            check_result(world, &seen.meeting, world->pads[at].machine.name);
        err_clear(&world->err);
    }
    hall_give_back(world, ledger);
}
