/* A meeting from the call to the seal: on one tablet and on two, with a crash, a lost secret, a
 * member on two tablets; what is refused on the way; and the same result in the county. */
#include "agent/field/meeting_inside.h"
#include "schema/vote/meeting_json.h"
#include "tests/support/panel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct meeting_signer signers[] = {
    {{(const uint8_t *)"chair", 5}, {(const uint8_t *)"李主任", 9}, {NULL, 0}},
    {{(const uint8_t *)"teller", 6}, {(const uint8_t *)"赵", 3}, {NULL, 0}},
};

struct room {
    struct visitor *visitor;
    struct tablet *tablet;
    struct session *session;
};

static struct room room_of(void **state) {
    struct room room = {.visitor = *state};

    panel_publish(room.visitor);
    room.tablet = visitor_enrol(room.visitor, "wang", 1);
    room.session = county_session(room.tablet, "wang");
    return room;
}

#define MUST(room, call) visitor_must((room)->visitor, call)
#define REFUSES(room, rc, words, call)                                                             \
    do {                                                                                           \
        assert_int_equal(call, rc);                                                                \
        if (strstr((room)->visitor->err.text, words) == NULL)                                      \
            fail_msg("%s", (room)->visitor->err.text);                                             \
    } while (0)

/* As the pages get it. Returns the result of the item; the whole is released with object. */
static const struct json *result_of(struct room *room, const struct meeting *meeting, size_t item,
                                    struct json *object) {
    const struct json *items;
    struct arena arena;

    arena_init(&arena, 1u << 20);
    MUST(room, meeting_json(meeting, LANG_EN, &arena, object, &room->visitor->err));
    arena_release(&arena);
    items = json_get(object, "items");
    assert_int_equal(json_count(items), meeting->item_count);
    assert_int_equal(json_count(json_get(object, "members")), meeting->member_count);
    return json_get(json_at(items, item), "result");
}

static void assert_told(struct room *room, struct dot id, bool open) {
    struct meeting_seen at = panel_see(room->visitor, room->session, id);

    for (size_t i = 0; i < 2; i++) {
        struct json *object = json_object();
        const struct json *result = result_of(room, &at.meeting, i, object);
        int64_t number = -1;

        assert_int_equal(json_int(json_get(result, "yes"), &number), !open);
        assert_int_equal(number, open ? -1 : i == 0 ? 6 : 5);
        assert_int_equal(json_int(json_get(json_get(result, "reasons"), "income"), &number), !open);
        assert_int_equal(number, open ? -1 : 3);
        json_free(object);
    }
}

/* How people vote, and which of the six steps are over. */
static void assert_head(struct room *room, struct dot id, const char *mode, unsigned steps) {
    struct meeting_seen at = panel_see(room->visitor, room->session, id);
    struct json *object = json_object();
    const struct json *list;

    (void)result_of(room, &at.meeting, 0, object);
    assert_true(view_equal(json_text(json_get(object, "mode")), view_text(mode)));
    list = json_get(object, "steps");
    assert_int_equal(json_count(list), MEETING_STEPS);
    for (unsigned i = 0; i < MEETING_STEPS; i++) {
        bool is_over = false;

        assert_true(json_bool(json_at(list, i), &is_over));
        assert_int_equal(is_over, steps >> i & 1);
    }
    json_free(object);
}

static void a_meeting_goes_forward(void **state) {
    struct room room = room_of(state);
    struct err *err = &room.visitor->err;
    struct dot panel = panel_new(room.visitor, room.session, 11);
    struct dot id = panel_meeting(room.visitor, room.session, panel, 3);
    struct meeting_seen at = panel_see(room.visitor, room.session, id);
    struct instance_id second = at.meeting.items[1].id;
    struct tally tally;
    struct urn *urn;

    assert_int_equal(at.meeting.member_count, 11);
    assert_int_equal(at.meeting.item_count, 3);
    assert_int_equal(at.meeting.state, MEETING_PLANNED);
    assert_int_equal(vote_seats_count(at.meeting.reps), 8);
    REFUSES(&room, RC_CONFLICT, "not open",
            meeting_sign_in(room.session, id, 1, view_text(NULL), err));
    MUST(&room, meeting_open(room.session, id, err));
    REFUSES(&room, RC_CONFLICT, "only goes forward", meeting_open(room.session, id, err));
    REFUSES(&room, RC_NOT_FOUND, "no such seat",
            meeting_sign_in(room.session, id, vote_seat(12), view_text(NULL), err));
    MUST(&room, meeting_sign_in(room.session, id, (1u << 9) - 1, view_text(NULL), err));
    MUST(&room, meeting_sign_in(room.session, id, 7, view_text(NULL), err)); /* once more */
    MUST(&room, meeting_recuse(room.session, id, second, 2, 1, err));
    for (uint32_t step = 1; step <= 3; step++)
        MUST(&room, meeting_step(room.session, id, step, err));
    assert_head(&room, id, NULL, 7);
    urn = panel_urn(room.visitor, room.session, id);
    REFUSES(&room, RC_CONFLICT, "voting has begun",
            meeting_recuse(room.session, id, second, 3, 1, err));
    for (uint32_t seat = 1; seat <= 9; seat++) {
        REFUSES(&room, RC_CONFLICT, "has not voted yet",
                meeting_close(room.session, id, urn, false, err));
        panel_cast(room.visitor, room.session, urn, id, seat, seat <= 6 ? URN_YES : URN_NO);
    }
    assert_told(&room, id, true);
    assert_head(&room, id, "secret_device", 7);
    panel_close(room.visitor, room.session, id, urn);
    assert_told(&room, id, false);
    tally = panel_tally(room.visitor, room.session, id, 0);
    assert_int_equal(tally.state, TALLY_PASSED);
    assert_int_equal(tally.yes, 6);
    assert_int_equal(tally.reasons[VOTE_REASON_INCOME], 3);
    tally = panel_tally(room.visitor, room.session, id, 1);
    assert_int_equal(tally.yes, 5);
    assert_int_equal(tally.eligible, 8);
    assert_int_equal(tally.needed, 5);
    assert_int_equal(tally.state, TALLY_PASSED);
    REFUSES(&room, RC_CONFLICT, "nobody signs in",
            meeting_sign_in(room.session, id, vote_seat(10), view_text(NULL), err));
    MUST(&room, meeting_step(room.session, id, 5, err));
    MUST(&room, meeting_sign(room.session, id, signers, 2, false, err));
    at = panel_see(room.visitor, room.session, id);
    assert_true(at.meeting.sealed);
    assert_true(at.meeting.items[0].recused == 0 && at.meeting.items[1].recused == vote_seat(2));
    assert_int_equal(at.meeting.state, MEETING_SIGNED);
    assert_int_equal(at.meeting.problems, MEETING_UNSIGNED_SEATS);
    for (uint32_t seat = 1; seat <= 11; seat++)
        assert_int_equal(meeting_seat(&at.meeting, seat)->seat, seat);
    assert_null(meeting_seat(&at.meeting, 0));
    assert_null(meeting_seat(&at.meeting, 12));
    REFUSES(&room, RC_CONFLICT, "call a new one", meeting_step(room.session, id, 5, err));
    visitor_verify(room.visitor, room.tablet);
    tablet_close(room.tablet);
}

static void what_may_not_be_is_refused(void **state) {
    struct room room = room_of(state);
    struct err *err = &room.visitor->err;
    struct dot id = panel_open(room.visitor, room.session, 11, 9, 2);
    struct meeting_seen at = panel_see(room.visitor, room.session, id);
    struct meeting_answer answer = {.item = at.meeting.items[0].id, .answer = URN_YES};
    struct meeting_vote vote = {.mode = VOTE_SECRET_DEVICE};
    struct urn *urn, *other;

    vote.secrets = (struct urn_secrets){view_text("short"), view_text("long-enough")};
    REFUSES(&room, RC_INVALID, "6 characters",
            meeting_begin_vote(room.session, id, &vote, &urn, err));
    vote.secrets = (struct urn_secrets){view_text("long-enough"), view_text("long-enough")};
    REFUSES(&room, RC_INVALID, "the same", meeting_begin_vote(room.session, id, &vote, &urn, err));
    vote.secrets.teller = view_text("another-one");
    vote.seats = 7;
    REFUSES(&room, RC_LIMIT, "2 households so few",
            meeting_begin_vote(room.session, id, &vote, &urn, err));
    vote.seats = 0;
    MUST(&room, meeting_begin_vote(room.session, id, &vote, &urn, err));
    REFUSES(&room, RC_CONFLICT, "under way",
            meeting_begin_vote(room.session, id, &vote, &other, err));
    REFUSES(&room, RC_DENIED, "not present",
            meeting_cast(room.session, urn, id, 10, &answer, 1, err));
    MUST(&room, meeting_cast(room.session, urn, id, 1, &answer, 1, err));
    REFUSES(&room, RC_CONFLICT, "voted on it already",
            meeting_cast(room.session, urn, id, 1, &answer, 1, err));
    answer.answer = URN_NO;
    REFUSES(&room, RC_INVALID, "gives a reason",
            meeting_cast(room.session, urn, id, 2, &answer, 1, err));
    answer.reasons = 2;
    MUST(&room, meeting_cast(room.session, urn, id, 2, &answer, 1, err));
    urn_close(urn);
    vote.secrets.chair = view_text("wrong-secret");
    REFUSES(&room, RC_DENIED, "is wrong",
            meeting_resume_vote(room.session, id, &vote.secrets, &urn, err));
    REFUSES(&room, RC_DENIED, "both needed",
            meeting_resume_vote(room.session, id, &(struct urn_secrets){{0}, {0}}, &urn, err));
    REFUSES(&room, RC_DENIED, "both needed", meeting_close(room.session, id, NULL, false, err));
    vote.secrets.chair = view_text("long-enough");
    MUST(&room, meeting_resume_vote(room.session, id, &vote.secrets, &urn, err));
    assert_int_equal(urn_marks(urn, urn_index(urn, answer.item)), 3);
    MUST(&room, meeting_close(room.session, id, urn, true, err)); /* the rest has not voted */
    urn_close(urn);
    assert_int_equal(panel_tally(room.visitor, room.session, id, 0).state, TALLY_FAILED);
    tablet_close(room.tablet);
}

/* The page has it open, and somebody else opens it on the command line. */
static void two_at_one_urn_lose_nothing(void **state) {
    struct room room = room_of(state);
    struct err *err = &room.visitor->err;
    struct dot id = panel_open(room.visitor, room.session, 9, 9, 1);
    struct urn *first = panel_urn(room.visitor, room.session, id);
    struct urn *second = panel_resume(room.visitor, room.session, id);
    struct meeting_seen at = panel_see(room.visitor, room.session, id);
    struct meeting_answer answer = {.item = at.meeting.items[0].id, .answer = URN_YES};

    panel_cast(room.visitor, room.session, second, id, 1, URN_YES);
    REFUSES(&room, RC_CONFLICT, "continued or ended elsewhere",
            meeting_cast(room.session, first, id, 2, &answer, 1, err));
    REFUSES(&room, RC_CONFLICT, "continued or ended elsewhere",
            meeting_close(room.session, id, first, true, err));
    urn_close(first);
    first = panel_resume(room.visitor, room.session, id);
    assert_int_equal(urn_marks(first, 0), 1);
    for (uint32_t seat = 2; seat <= 9; seat++)
        panel_cast(room.visitor, room.session, second, id, seat, URN_NO);
    panel_close(room.visitor, room.session, id, second);
    REFUSES(&room, RC_CONFLICT, "continued or ended elsewhere",
            meeting_cast(room.session, first, id, 2, &answer, 1, err));
    urn_close(first);
    assert_int_equal(panel_tally(room.visitor, room.session, id, 0).state, TALLY_FAILED);
    tablet_close(room.tablet);
}

static void a_lost_secret_voids_the_round_only(void **state) {
    struct room room = room_of(state);
    struct err *err = &room.visitor->err;
    struct dot id = panel_open(room.visitor, room.session, 9, 9, 1);
    struct urn *urn = panel_urn(room.visitor, room.session, id);
    struct meeting_seen at;

    panel_cast(room.visitor, room.session, urn, id, 1, URN_YES);
    urn_close(urn);
    tablet_close(room.tablet);
    room.tablet = county_tablet(room.visitor->county, visitor_path(room.visitor, "wang"));
    room.session = county_session(room.tablet, "wang");
    REFUSES(&room, RC_INVALID, "say why", meeting_void(room.session, id, view_text(" "), err));
    MUST(&room, meeting_void(room.session, id, view_text("the chair forgot his secret"), err));
    REFUSES(&room, RC_NOT_FOUND, "no voting",
            meeting_void(room.session, id, view_text("again"), err));
    urn = panel_urn(room.visitor, room.session, id);
    assert_int_equal(urn_round(urn), 2);
    assert_int_equal(urn_marks(urn, 0), 0);
    for (uint32_t seat = 1; seat <= 9; seat++)
        panel_cast(room.visitor, room.session, urn, id, seat, seat < 4 ? URN_YES : URN_ABSTAIN);
    panel_close(room.visitor, room.session, id, urn);
    assert_int_equal(panel_tally(room.visitor, room.session, id, 0).state, TALLY_FAILED);
    assert_int_equal(panel_tally(room.visitor, room.session, id, 0).next, TALLY_INVESTIGATE);
    at = panel_see(room.visitor, room.session, id);
    assert_true((at.meeting.problems & MEETING_VOIDED) != 0);
    tablet_close(room.tablet);
}

static void tellers_count_paper_apart(void **state) {
    struct room room = room_of(state);
    struct err *err = &room.visitor->err;
    struct dot id = panel_open(room.visitor, room.session, 11, 11, 1);
    struct meeting_seen at = panel_see(room.visitor, room.session, id);
    struct instance_id item = at.meeting.items[0].id;
    struct meeting_vote vote = {.mode = VOTE_SECRET_PAPER};
    struct vote_count first = {.yes = 7, .no = 3, .invalid = 1};
    struct vote_count second = {.yes = 8, .no = 3};
    enum urn_entered entered;
    struct tally tally;
    struct urn *urn;

    MUST(&room, meeting_begin_vote(room.session, id, &vote, &urn, err));
    MUST(&room, meeting_enter(room.session, urn, id, item, 1, &first, &entered, err));
    assert_int_equal(entered, URN_WAITS);
    MUST(&room, meeting_enter(room.session, urn, id, item, 2, &second, &entered, err));
    assert_int_equal(entered, URN_DIFFERS);
    REFUSES(&room, RC_CONFLICT, "have not both counted",
            meeting_close(room.session, id, urn, false, err));
    second.yes = 9;
    REFUSES(&room, RC_INVALID, "as many as may vote: 11",
            meeting_enter(room.session, urn, id, item, 2, &second, &entered, err));
    MUST(&room, meeting_enter(room.session, urn, id, item, 2, &first, &entered, err));
    urn_close(urn); /* another day, another session: nothing is forgotten */
    MUST(&room, meeting_resume_vote(room.session, id, &vote.secrets, &urn, err));
    MUST(&room, meeting_enter(room.session, urn, id, item, 1, &first, &entered, err));
    assert_int_equal(entered, URN_AGREED);
    REFUSES(&room, RC_CONFLICT, "both tellers have counted",
            meeting_enter(room.session, urn, id, item, 1, &first, &entered, err));
    panel_close(room.visitor, room.session, id, urn);
    tally = panel_tally(room.visitor, room.session, id, 0);
    assert_int_equal(tally.state, TALLY_PASSED);
    assert_int_equal(tally.invalid, 1);
    assert_int_equal(tally.yes, 7);
    tablet_close(room.tablet);
}

/* 30 households and 15 members: few bytes on the wire, from the call to the seal. */
static void a_large_meeting_is_small_on_the_wire(void **state) {
    struct room room = room_of(state);
    struct visitor *visitor = room.visitor;
    struct dot panel = panel_new(visitor, room.session, 15), id;
    struct sync_report report;
    int64_t began_ms, voted_ms;
    struct urn *urn;
    uint64_t bytes;

    id = panel_meeting(visitor, room.session, panel, 30);
    county_sync(visitor->county, room.tablet, RC_OK, &report);
    bytes = report.bytes_up; /* households, panel and call */
    MUST(&room, meeting_open(room.session, id, &visitor->err));
    for (uint32_t seat = 1; seat <= 15; seat++)
        MUST(&room,
             meeting_sign_in(room.session, id, vote_seat(seat), view_text(NULL), &visitor->err));
    urn = panel_urn(visitor, room.session, id);
    began_ms = env_monotonic_ms(env_system());
    for (uint32_t seat = 1; seat <= 15; seat++)
        panel_cast(visitor, room.session, urn, id, seat, seat % 4 == 0 ? URN_NO : URN_YES);
    voted_ms = env_monotonic_ms(env_system());
    panel_close(visitor, room.session, id, urn);
    MUST(&room, meeting_sign(room.session, id, signers, 2, false, &visitor->err));
    print_message("  a member's votes took %lld ms, closing and sealing %lld ms\n",
                  (long long)(voted_ms - began_ms) / 15,
                  (long long)(env_monotonic_ms(env_system()) - voted_ms));
    county_sync(visitor->county, room.tablet, RC_OK, &report);
    print_message("  %llu bytes with the households before, %llu for the meeting\n",
                  (unsigned long long)bytes, (unsigned long long)report.bytes_up);
    assert_true(report.bytes_up <= 10000);
    assert_int_equal(panel_tally(visitor, room.session, id, 29).yes, 12);
    tablet_close(room.tablet);
}

/* ---- two tablets ---- */

struct two {
    struct room a, b;
    struct dot id;
};

static struct two two_of(void **state, uint32_t present) {
    struct two two = {.a = room_of(state)};
    struct visitor *visitor = two.a.visitor;
    uint64_t seats = 0;

    two.b = (struct room){.visitor = visitor, .tablet = visitor_enrol(visitor, "zhang", 1)};
    two.b.session = county_session(two.b.tablet, "zhang");
    two.id = panel_meeting(visitor, two.a.session, panel_new(visitor, two.a.session, 12), 2);
    county_sync(visitor->county, two.a.tablet, RC_OK, NULL);
    county_sync(visitor->county, two.b.tablet, RC_OK, NULL);
    MUST(&two.a, meeting_open(two.a.session, two.id, &visitor->err));
    for (uint32_t i = 1; i <= present; i++)
        seats |= vote_seat(i);
    MUST(&two.a, meeting_sign_in(two.a.session, two.id, seats, view_text(NULL), &visitor->err));
    return two;
}

static struct urn *join(struct two *two, uint64_t seats) {
    struct visitor *visitor = two->a.visitor;
    struct meeting_vote vote = {
        .mode = VOTE_SECRET_DEVICE,
        .joined = true,
        .secrets = {view_text("secret-of-b"), view_text("other-of-b")},
    };
    char code[MEETING_CODE_BYTES];
    struct urn *urn;
    struct dot id;

    MUST(&two->a, meeting_pair(two->a.session, two->id, seats, code, &visitor->err));
    MUST(&two->b, meeting_join(two->b.session, view_text(code), &id, &vote.seats, &visitor->err));
    assert_true(dot_equal(id, two->id));
    assert_int_equal(vote.seats, seats);
    MUST(&two->b, meeting_begin_vote(two->b.session, id, &vote, &urn, &visitor->err));
    return urn;
}

static struct urn *begin_first(struct two *two, uint64_t seats) {
    struct meeting_vote vote = {
        .mode = VOTE_SECRET_DEVICE,
        .seats = seats,
        .secrets = {view_text("secret-of-a"), view_text("other-of-a")},
    };
    struct urn *urn;

    MUST(&two->a, meeting_begin_vote(two->a.session, two->id, &vote, &urn, &two->a.visitor->err));
    return urn;
}

static void take(struct two *two, uint32_t times) {
    struct visitor *visitor = two->a.visitor;
    struct buf text;

    buf_init(&text, 2 * VOTE_BATCH_BYTES);
    MUST(&two->b, meeting_part(two->b.session, two->id, &text, &visitor->err));
    for (uint32_t i = 0; i < times; i++)
        MUST(&two->a, meeting_take(two->a.session, two->id, buf_view(&text), &visitor->err));
    buf_release(&text);
}

static void sync_both(struct two *two) {
    struct county *county = two->a.visitor->county;

    for (unsigned i = 0; i < 2; i++) {
        county_sync(county, two->a.tablet, RC_OK, NULL);
        county_sync(county, two->b.tablet, RC_OK, NULL);
    }
}

static void end_two(struct two *two) {
    tablet_close(two->a.tablet);
    tablet_close(two->b.tablet);
}

static void two_tablets_share_the_panel(void **state) {
    struct two two = two_of(state, 12);
    struct visitor *visitor = two.a.visitor;
    struct urn *b = join(&two, UINT64_C(0xfc0)), *a = begin_first(&two, UINT64_C(0x3f));
    struct tally tally, there;
    uint8_t hash[32], other[32];
    struct meeting_seen at;

    for (uint32_t seat = 1; seat <= 12; seat++)
        panel_cast(visitor, seat <= 6 ? two.a.session : two.b.session, seat <= 6 ? a : b, two.id,
                   seat, seat % 3 == 0 ? URN_NO : URN_YES);
    assert_int_equal(
        meeting_cast(two.b.session, b, two.id, 1,
                     &(struct meeting_answer){
                         .item = panel_see(visitor, two.b.session, two.id).meeting.items[0].id,
                         .answer = URN_YES},
                     1, &visitor->err),
        RC_DENIED);
    panel_close(visitor, two.a.session, two.id, a);
    panel_close(visitor, two.b.session, two.id, b);
    REFUSES(&two.a, RC_CONFLICT, "are missing",
            meeting_sign(two.a.session, two.id, signers, 2, false, &visitor->err));
    take(&two, 2);
    tally = panel_tally(visitor, two.a.session, two.id, 0);
    assert_int_equal(tally.state, TALLY_PASSED);
    assert_int_equal(tally.yes, 8);
    assert_int_equal(tally.batches, 2);
    MUST(&two.a, meeting_sign(two.a.session, two.id, signers, 2, false, &visitor->err));
    at = panel_see(visitor, two.a.session, two.id);
    assert_true(meeting_result_hash(&at.meeting, hash));
    /* The same comes a second time by the county, late: nothing changes anywhere. */
    sync_both(&two);
    for (uint32_t item = 0; item < 2; item++) {
        tally = panel_tally(visitor, two.a.session, two.id, item);
        there = panel_tally(visitor, two.b.session, two.id, item);
        assert_memory_equal(&tally, &there, sizeof(tally));
        assert_int_equal(tally.state, TALLY_PASSED);
        assert_int_equal(tally.late, 0);
    }
    at = panel_see(visitor, two.b.session, two.id);
    assert_true(meeting_result_hash(&at.meeting, other));
    assert_memory_equal(hash, other, 32);
    assert_int_equal(at.meeting.problems & MEETING_LATE, 0);
    end_two(&two);
}

static void one_tablet_is_the_booth(void **state) {
    struct two two = two_of(state, 10);
    struct visitor *visitor = two.a.visitor;
    struct urn *b = join(&two, UINT64_C(0xfff));

    for (uint32_t seat = 1; seat <= 10; seat++)
        panel_cast(visitor, two.b.session, b, two.id, seat, seat <= 6 ? URN_YES : URN_NO);
    panel_close(visitor, two.b.session, two.id, b);
    REFUSES(&two.a, RC_CONFLICT, "no other tablet's",
            meeting_close(two.a.session, two.id, NULL, false, &visitor->err));
    take(&two, 1);
    MUST(&two.a, meeting_close(two.a.session, two.id, NULL, false, &visitor->err));
    MUST(&two.a, meeting_sign(two.a.session, two.id, signers, 2, false, &visitor->err));
    sync_both(&two);
    assert_int_equal(panel_tally(visitor, two.a.session, two.id, 1).yes, 6);
    assert_int_equal(panel_tally(visitor, two.b.session, two.id, 1).state, TALLY_PASSED);
    end_two(&two);
}

static void a_member_on_two_tablets_voids_the_item(void **state) {
    struct two two = two_of(state, 12);
    struct visitor *visitor = two.a.visitor;
    struct urn *b = join(&two, UINT64_C(0xfe0)), *a = begin_first(&two, UINT64_C(0x3f));
    struct tally tally;

    for (uint32_t seat = 1; seat <= 6; seat++)
        panel_cast(visitor, two.a.session, a, two.id, seat, URN_YES);
    for (uint32_t seat = 6; seat <= 12; seat++)
        panel_cast(visitor, two.b.session, b, two.id, seat, URN_YES);
    panel_close(visitor, two.a.session, two.id, a);
    panel_close(visitor, two.b.session, two.id, b);
    sync_both(&two);
    for (unsigned i = 0; i < 2; i++) {
        tally = panel_tally(visitor, i == 0 ? two.a.session : two.b.session, two.id, 0);
        assert_int_equal(tally.state, TALLY_VOID);
        assert_int_equal(tally.voids, TALLY_TWICE);
        assert_int_equal(tally.twice, vote_seat(6));
        assert_int_equal(tally.yes, 0);
    }
    end_two(&two);
}

static void what_comes_after_the_seal_is_late(void **state) {
    struct two two = two_of(state, 12);
    struct visitor *visitor = two.a.visitor;
    struct urn *b = join(&two, UINT64_C(0xfc0)), *a = begin_first(&two, UINT64_C(0x3f));
    struct meeting_seen at;
    struct tally tally;

    for (uint32_t seat = 1; seat <= 12; seat++)
        panel_cast(visitor, seat <= 6 ? two.a.session : two.b.session, seat <= 6 ? a : b, two.id,
                   seat, URN_YES);
    panel_close(visitor, two.a.session, two.id, a);
    MUST(&two.a, meeting_sign(two.a.session, two.id, signers, 2, true, &visitor->err));
    panel_close(visitor, two.b.session, two.id, b);
    sync_both(&two);
    at = panel_see(visitor, two.a.session, two.id);
    assert_true((at.meeting.problems & MEETING_LATE) != 0);
    tally = panel_tally(visitor, two.a.session, two.id, 0);
    assert_int_equal(tally.late, 1);
    assert_int_equal(tally.state, TALLY_VOID);
    assert_int_equal(tally.voids, TALLY_MISSING);
    end_two(&two);
}

/* Who is there, and what the first tablet counted, has not come: sealed there, both would be late.
 */
static void the_second_tablet_does_not_end_it_alone(void **state) {
    struct two two = two_of(state, 12);
    struct visitor *visitor = two.a.visitor;
    struct urn *b = join(&two, UINT64_C(0xfc0)), *a = begin_first(&two, UINT64_C(0x3f));

    for (uint32_t seat = 1; seat <= 12; seat++)
        panel_cast(visitor, seat <= 6 ? two.a.session : two.b.session, seat <= 6 ? a : b, two.id,
                   seat, seat <= 8 ? URN_YES : URN_NO);
    panel_close(visitor, two.b.session, two.id, b);
    REFUSES(&two.b, RC_CONFLICT, "missing",
            meeting_sign(two.b.session, two.id, signers, 2, false, &visitor->err));
    panel_close(visitor, two.a.session, two.id, a);
    sync_both(&two);
    MUST(&two.b, meeting_sign(two.b.session, two.id, signers, 2, false, &visitor->err));
    sync_both(&two);
    assert_int_equal(panel_tally(visitor, two.a.session, two.id, 0).yes, 8);
    end_two(&two);
}

/* On the second one another year's rules hold: it must not write them beside those of the meeting.
 */
static void a_wrong_clock_does_not_spoil_the_rules(void **state) {
    struct two two = two_of(state, 12);
    struct visitor *visitor = two.a.visitor;
    int64_t now_ms = visitor->county->now_ms;
    char code[MEETING_CODE_BYTES];
    struct meeting_seen at;
    uint64_t seats;
    struct dot id;

    MUST(&two.a, meeting_pair(two.a.session, two.id, 1, code, &visitor->err));
    visitor->county->now_ms = INT64_C(1500000000000); /* 2017 */
    REFUSES(&two.b, RC_CONFLICT, "the same meeting",
            meeting_join(two.b.session, view_text(code), &id, &seats, &visitor->err));
    visitor->county->now_ms = now_ms;
    sync_both(&two);
    at = panel_see(visitor, two.a.session, two.id);
    assert_true(at.meeting.has_rules);
    assert_int_equal(at.meeting.problems & (MEETING_NO_RULES | MEETING_CONFLICT), 0);
    end_two(&two);
}

static void other_meetings_do_not_pair(void **state) {
    struct two two = two_of(state, 12);
    struct visitor *visitor = two.a.visitor;
    struct dot extra = visitor_save(visitor, two.a.session, VILLAGE_A, "另一户"), id;
    char code[MEETING_CODE_BYTES];
    uint64_t seats;

    MUST(&two.a, meeting_add_household(two.a.session, two.id, extra, &visitor->err));
    MUST(&two.a, meeting_pair(two.a.session, two.id, 1, code, &visitor->err));
    REFUSES(&two.b, RC_CONFLICT, "the same meeting",
            meeting_join(two.b.session, view_text(code), &id, &seats, &visitor->err));
    code[0] = code[0] == '7' ? '8' : '7';
    REFUSES(&two.b, RC_NOT_FOUND, "does not hold",
            meeting_join(two.b.session, view_text(code), &id, &seats, &visitor->err));
    REFUSES(&two.b, RC_INVALID, "no code",
            meeting_join(two.b.session, view_text("hello"), &id, &seats, &visitor->err));
    end_two(&two);
}

/* One more member as another program may put him into the record: with a seat, or none. */
static enum rc add_member(struct edit *edit, const char *seat, struct err *err) {
    struct instance_id member;
    enum rc rc = edit_add_instance(edit, meeting_field(edit->form, "member"),
                                   (struct instance_id){.ordinal = 0}, &member, err);

    if (rc == RC_OK)
        rc = meeting_put(edit, member, "member/name", view_text("生人"), err);
    if (rc == RC_OK)
        rc = meeting_put(edit, member, "member/category", view_text("3"), err); /* committee */
    return rc == RC_OK ? meeting_put(edit, member, "member/seat", view_text(seat), err) : rc;
}

/* Each thing that is wrong is named beside the others, and a seat counts once. */
static void one_seat_is_one_members(void **state) {
    static const struct {
        const char *seat; /* of one member more */
        bool good;
    } cases[] = {{"12", true}, {"11", false}, {"1", false}, {"", false}, {"65", false}};
    struct room room = room_of(state);
    struct dot panel = panel_new(room.visitor, room.session, 11);
    struct err *err = &room.visitor->err;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct dot id = panel_meeting(room.visitor, room.session, panel, 1);
        struct meeting_edit edit;
        struct meeting_seen at;
        unsigned wrong;

        MUST(&room, meeting_open(room.session, id, err));
        wrong = panel_see(room.visitor, room.session, id).meeting.problems;
        assert_int_equal(wrong & (MEETING_RULES_HASH | MEETING_SEATS | MEETING_UNSIGNED_SEATS), 0);
        MUST(&room, meeting_edit_start(&edit, room.session, id, CHANGE_EDIT, err));
        MUST(&room, meeting_put(&edit.edit, (struct instance_id){.ordinal = 0}, "rules_hash",
                                view_text("00"), err));
        MUST(&room, meeting_put(&edit.edit, edit.at.meeting.members[8].id, "member/present",
                                view_text("1"), err));
        MUST(&room, add_member(&edit.edit, cases[i].seat, err));
        MUST(&room, add_member(&edit.edit, "13", err));
        MUST(&room, meeting_edit_end(&edit, RC_OK, err));
        at = panel_see(room.visitor, room.session, id);
        wrong |= MEETING_RULES_HASH | MEETING_UNSIGNED_SEATS;
        assert_int_equal(at.meeting.problems, cases[i].good ? wrong : wrong | MEETING_SEATS);
        assert_int_equal(vote_seats_count(at.meeting.expected), cases[i].good ? 13 : 12);
        assert_true(at.meeting.present == vote_seat(9));
        if (cases[i].good)
            assert_true(at.meeting.committee == (vote_seat(12) | vote_seat(13)));
        for (uint32_t k = 1; k < at.meeting.member_count; k++)
            assert_true(at.meeting.members[k - 1].seat <= at.meeting.members[k].seat);
    }
    tablet_close(room.tablet);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, visitor_set_up, visitor_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_meeting_goes_forward),
        TEST(what_may_not_be_is_refused),
        TEST(two_at_one_urn_lose_nothing),
        TEST(a_lost_secret_voids_the_round_only),
        TEST(tellers_count_paper_apart),
        TEST(a_large_meeting_is_small_on_the_wire),
        TEST(two_tablets_share_the_panel),
        TEST(one_tablet_is_the_booth),
        TEST(a_member_on_two_tablets_voids_the_item),
        TEST(what_comes_after_the_seal_is_late),
        TEST(the_second_tablet_does_not_end_it_alone),
        TEST(a_wrong_clock_does_not_spoil_the_rules),
        TEST(other_meetings_do_not_pair),
        TEST(one_seat_is_one_members),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
