/* Copies of a tablet with an open urn, and of one whose meeting a copy's numbers have given another
 * name: votes are counted once, or the household is voted on again; never twice, and never some
 * under one name and some under another. */
#include "agent/field/filler.h"
#include "agent/store/traffic.h"
#include "base/file.h"
#include "tests/support/face_rig.h"
#include "tests/support/panel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MEMBERS 11u

static const struct meeting_signer signers[] = {
    {{(const uint8_t *)"chair", 5}, {(const uint8_t *)"李主任", 9}, {NULL, 0}},
    {{(const uint8_t *)"teller", 6}, {(const uint8_t *)"赵", 3}, {NULL, 0}},
};

struct one { /* of the two that were one tablet */
    struct tablet *tablet;
    struct session *session;
    struct urn *urn;
};

struct copies {
    struct visitor *visitor;
    struct one a, b;
    struct dot id; /* of the meeting */
};

#define MUST(copies, call) visitor_must((copies)->visitor, call)
#define REFUSES(copies, rc, words, call)                                                           \
    do {                                                                                           \
        assert_int_equal(call, rc);                                                                \
        if (strstr((copies)->visitor->err.text, words) == NULL)                                    \
            fail_msg("%s", (copies)->visitor->err.text);                                           \
    } while (0)

static struct copies begin(void **state) {
    struct copies copies = {.visitor = *state};

    panel_publish(copies.visitor);
    copies.a.tablet = visitor_enrol(copies.visitor, "wang", 1);
    copies.a.session = county_session(copies.a.tablet, "wang");
    return copies;
}

static struct one switched_on(struct copies *copies, const char *folder) {
    struct one one = {
        .tablet = county_tablet(copies->visitor->county, visitor_path(copies->visitor, folder))};

    one.session = county_session(one.tablet, "wang");
    return one;
}

static void switch_off(struct copies *copies, struct one *one) {
    urn_close(one->urn);
    if (one->session != NULL)
        MUST(copies, session_close(one->session, &copies->visitor->err));
    tablet_close(one->tablet);
    *one = (struct one){0};
}

/* The whole folder, nonce and all. */
static void copy(struct copies *copies) {
    switch_off(copies, &copies->a);
    visitor_copy(copies->visitor, "wang", "clone");
    copies->a = switched_on(copies, "wang");
    copies->b = switched_on(copies, "clone");
}

static void sync_all(struct copies *copies) {
    for (unsigned i = 0; i < 3; i++) {
        county_sync(copies->visitor->county, copies->a.tablet, RC_OK, NULL);
        if (copies->b.tablet != NULL)
            county_sync(copies->visitor->county, copies->b.tablet, RC_OK, NULL);
    }
}

static void vote(struct copies *copies, struct one *one, uint32_t from, uint32_t to,
                 enum urn_answer answer) {
    if (one->urn == NULL)
        one->urn = panel_resume(copies->visitor, one->session, copies->id);
    for (uint32_t seat = from; seat <= to; seat++)
        panel_cast(copies->visitor, one->session, one->urn, copies->id, seat, answer);
}

static void close_urn(struct copies *copies, struct one *one) {
    panel_close(copies->visitor, one->session, copies->id, one->urn);
    one->urn = NULL;
}

static void sign(struct copies *copies, struct one *one) {
    MUST(copies, meeting_sign(one->session, copies->id, signers, 2, false, &copies->visitor->err));
}

static struct tally tally_of(struct copies *copies, const struct one *one) {
    return panel_tally(copies->visitor, one->session, copies->id, 0);
}

/* The last record of meetings that the tablet lists. */
static struct dot listed_meeting(struct copies *copies, const struct one *one) {
    struct list_query query = {.form_name = view_text(MEETING_FORM)};
    struct listed *listed;
    uint32_t count, total;

    MUST(copies, session_list(one->session, &query, &copies->visitor->arena, &listed, &count,
                              &total, &copies->visitor->err));
    assert_int_equal(count, 1);
    return listed[0].id;
}

static void end(struct copies *copies) {
    visitor_verify(copies->visitor, copies->a.tablet);
    switch_off(copies, &copies->a);
    if (copies->b.tablet != NULL) {
        visitor_verify(copies->visitor, copies->b.tablet);
        switch_off(copies, &copies->b);
    }
}

/* Seats 1 to `before` have voted when the tablet is copied. */
static struct copies copied_urn(void **state, uint32_t before) {
    struct copies copies = begin(state);

    copies.id = panel_open(copies.visitor, copies.a.session, MEMBERS, MEMBERS, 2);
    county_sync(copies.visitor->county, copies.a.tablet, RC_OK, NULL);
    copies.a.urn = panel_urn(copies.visitor, copies.a.session, copies.id);
    vote(&copies, &copies.a, 1, before, URN_YES);
    copy(&copies);
    return copies;
}

static void assert_void(struct copies *copies, uint32_t voids) {
    for (unsigned i = 0; i < 2; i++) {
        struct tally tally = tally_of(copies, i == 0 ? &copies->a : &copies->b);

        assert_int_equal(tally.state, TALLY_VOID);
        assert_int_equal(tally.voids & voids, voids);
        assert_int_equal(tally.batches, 2);
        assert_true(tally.withheld);
        assert_int_equal(tally.yes + tally.no + tally.abstain, 0);
    }
}

static void two_copies_that_count_void_the_vote(void **state) {
    struct copies copies = copied_urn(state, 5);

    vote(&copies, &copies.a, 6, MEMBERS, URN_YES);
    vote(&copies, &copies.b, 6, MEMBERS, URN_NO);
    close_urn(&copies, &copies.a);
    close_urn(&copies, &copies.b);
    sync_all(&copies);
    assert_void(&copies, TALLY_TWICE | TALLY_CONTRADICTS);
    end(&copies);
}

static void copies_whose_voters_share_the_seats_void_it_too(void **state) {
    struct copies copies = copied_urn(state, 0);

    vote(&copies, &copies.a, 1, 6, URN_YES);
    vote(&copies, &copies.b, 7, MEMBERS, URN_YES);
    MUST(&copies,
         meeting_close(copies.a.session, copies.id, copies.a.urn, true, &copies.visitor->err));
    MUST(&copies,
         meeting_close(copies.b.session, copies.id, copies.b.urn, true, &copies.visitor->err));
    sync_all(&copies);
    assert_void(&copies, TALLY_TWICE | TALLY_CONTRADICTS);
    end(&copies);
}

static void what_both_have_alike_counts_once(void **state) {
    struct copies copies = copied_urn(state, 7);

    vote(&copies, &copies.a, 8, MEMBERS, URN_NO);
    vote(&copies, &copies.b, 8, MEMBERS, URN_NO);
    close_urn(&copies, &copies.a);
    close_urn(&copies, &copies.b);
    sync_all(&copies);
    for (unsigned i = 0; i < 2; i++) {
        struct tally tally = tally_of(&copies, i == 0 ? &copies.a : &copies.b);

        assert_int_equal(tally.yes, 7);
        assert_int_equal(tally.no, 4);
        assert_int_equal(tally.batches, 1);
    }
    end(&copies);
}

static void seals_of_both_let_nothing_pass(void **state) {
    struct copies copies = copied_urn(state, 5);
    struct meeting_seen at;

    vote(&copies, &copies.a, 6, MEMBERS, URN_YES);
    vote(&copies, &copies.b, 6, MEMBERS, URN_NO);
    close_urn(&copies, &copies.a);
    sign(&copies, &copies.a);
    close_urn(&copies, &copies.b);
    sign(&copies, &copies.b);
    sync_all(&copies);
    assert_void(&copies, TALLY_TWICE | TALLY_CONTRADICTS);
    at = panel_see(copies.visitor, copies.b.session, copies.id);
    assert_true((at.meeting.problems & MEETING_CONFLICT) != 0);
    end(&copies);
}

static void a_copy_of_what_is_counted_only_goes(void **state) {
    struct copies copies = copied_urn(state, 5);
    struct urn_secrets secrets = {view_text(PANEL_CHAIR), view_text(PANEL_TELLER)};
    struct err *err = &copies.visitor->err;
    struct urn_about about;
    struct urn *urn;

    vote(&copies, &copies.b, 6, 6, URN_NO);
    vote(&copies, &copies.a, 6, 9, URN_YES);
    vote(&copies, &copies.a, 10, MEMBERS, URN_NO);
    close_urn(&copies, &copies.a);
    sync_all(&copies);
    REFUSES(&copies, RC_CONFLICT, "have been counted",
            meeting_close(copies.b.session, copies.id, copies.b.urn, true, err));
    urn_close(copies.b.urn);
    copies.b.urn = NULL;
    REFUSES(&copies, RC_CONFLICT, "have been counted",
            meeting_resume_vote(copies.b.session, copies.id, &secrets, &urn, err));
    MUST(&copies, meeting_void(copies.b.session, copies.id, view_text("a copy's"), err));
    assert_int_equal(urn_find(copies.b.session, copies.id, &about, err), RC_NOT_FOUND);
    sync_all(&copies);
    assert_int_equal(tally_of(&copies, &copies.a).yes, 9);
    assert_int_equal(tally_of(&copies, &copies.b).yes, 9);
    end(&copies);
}

static void a_copys_urn_goes_when_the_meeting_is_signed(void **state) {
    struct copies copies = copied_urn(state, 5);
    struct err *err = &copies.visitor->err;
    struct urn_about about;

    vote(&copies, &copies.a, 6, 9, URN_YES);
    vote(&copies, &copies.a, 10, MEMBERS, URN_NO);
    close_urn(&copies, &copies.a);
    sign(&copies, &copies.a);
    sync_all(&copies);
    MUST(&copies, meeting_void(copies.b.session, copies.id, view_text("a copy's"), err));
    assert_int_equal(urn_find(copies.b.session, copies.id, &about, err), RC_NOT_FOUND);
    sync_all(&copies);
    assert_int_equal(tally_of(&copies, &copies.b).yes, 9);
    end(&copies);
}

/* From its own backup, which leaves the nonce out: it is another actor, and has the old urn. */
static void a_tablet_that_was_put_back_is_not_counted_twice(void **state) {
    struct copies copies = copied_urn(state, 5);
    struct visitor *visitor = copies.visitor;
    struct urn_secrets secrets = {view_text(PANEL_CHAIR), view_text(PANEL_TELLER)};
    struct urn *urn;

    switch_off(&copies, &copies.b);
    MUST(&copies, file_remove(visitor_path(visitor, "clone/incarnation"), &visitor->err));
    vote(&copies, &copies.a, 6, 9, URN_YES);
    vote(&copies, &copies.a, 10, MEMBERS, URN_NO);
    close_urn(&copies, &copies.a);
    county_sync(visitor->county, copies.a.tablet, RC_OK, NULL);
    copies.b = switched_on(&copies, "clone");
    vote(&copies, &copies.b, 6, MEMBERS, URN_NO); /* it has not heard of the result */
    sync_all(&copies);
    REFUSES(&copies, RC_CONFLICT, "have been counted",
            meeting_close(copies.b.session, copies.id, copies.b.urn, true, &visitor->err));
    urn_close(copies.b.urn);
    copies.b.urn = NULL;
    REFUSES(&copies, RC_CONFLICT, "have been counted",
            meeting_resume_vote(copies.b.session, copies.id, &secrets, &urn, &visitor->err));
    assert_int_equal(tally_of(&copies, &copies.b).yes, 9);
    end(&copies);
}

/* It goes on as another actor; but what it counts are the votes of the urn that both have. */
static void what_was_put_back_and_counted_is_known_to_the_other(void **state) {
    struct copies copies = copied_urn(state, 5);
    struct visitor *visitor = copies.visitor;
    struct urn_secrets secrets = {view_text(PANEL_CHAIR), view_text(PANEL_TELLER)};
    struct urn *urn;

    switch_off(&copies, &copies.b);
    MUST(&copies, file_remove(visitor_path(visitor, "clone/incarnation"), &visitor->err));
    copies.b = switched_on(&copies, "clone");
    county_sync(visitor->county, copies.b.tablet, RC_OK, NULL);
    assert_int_equal(tablet_actor_count(copies.b.tablet), 2);
    vote(&copies, &copies.b, 6, 9, URN_YES);
    vote(&copies, &copies.b, 10, MEMBERS, URN_NO);
    close_urn(&copies, &copies.b);
    sync_all(&copies);
    REFUSES(&copies, RC_CONFLICT, "have been counted",
            meeting_resume_vote(copies.a.session, copies.id, &secrets, &urn, &visitor->err));
    MUST(&copies, meeting_void(copies.a.session, copies.id, view_text("put back"), &visitor->err));
    sync_all(&copies);
    assert_int_equal(tally_of(&copies, &copies.a).yes, 9);
    assert_int_equal(tally_of(&copies, &copies.b).yes, 9);
    end(&copies);
}

static void the_same_votes_of_what_was_put_back_count_once(void **state) {
    struct copies copies = copied_urn(state, 5);
    struct visitor *visitor = copies.visitor;

    switch_off(&copies, &copies.b);
    MUST(&copies, file_remove(visitor_path(visitor, "clone/incarnation"), &visitor->err));
    copies.b = switched_on(&copies, "clone");
    county_sync(visitor->county, copies.b.tablet, RC_OK, NULL);
    for (unsigned i = 0; i < 2; i++) {
        struct one *one = i == 0 ? &copies.a : &copies.b;

        vote(&copies, one, 6, 9, URN_YES);
        vote(&copies, one, 10, MEMBERS, URN_NO);
        close_urn(&copies, one);
    }
    sync_all(&copies);
    for (unsigned i = 0; i < 2; i++) {
        struct tally tally = tally_of(&copies, i == 0 ? &copies.a : &copies.b);

        assert_int_equal(tally.yes, 9);
        assert_int_equal(tally.batches, 1);
    }
    end(&copies);
}

static void of_two_results_none_is_handed_out(void **state) {
    struct copies copies = copied_urn(state, 5);
    struct err *err = &copies.visitor->err;
    struct buf text;

    vote(&copies, &copies.a, 6, MEMBERS, URN_YES);
    vote(&copies, &copies.b, 6, MEMBERS, URN_NO);
    close_urn(&copies, &copies.a);
    close_urn(&copies, &copies.b);
    buf_init(&text, 2 * VOTE_BATCH_BYTES);
    MUST(&copies, meeting_part(copies.a.session, copies.id, &text, err));
    sync_all(&copies);
    buf_clear(&text);
    REFUSES(&copies, RC_CONFLICT, "counted twice",
            meeting_part(copies.a.session, copies.id, &text, err));
    assert_int_equal(text.size, 0);
    buf_release(&text);
    end(&copies);
}

/* ---- names ---- */

/* Both write a record under the same number; the copy's comes to the county first. */
static struct copies named_anew(void **state) {
    struct copies copies = begin(state);

    copy(&copies);
    visitor_save(copies.visitor, copies.b.session, VILLAGE_A, "副本写的");
    county_sync(copies.visitor->county, copies.b.tablet, RC_OK, NULL);
    copies.id = panel_open(copies.visitor, copies.a.session, MEMBERS, MEMBERS, 2);
    copies.a.urn = panel_urn(copies.visitor, copies.a.session, copies.id);
    vote(&copies, &copies.a, 1, 5, URN_YES);
    return copies;
}

static void assert_counted(struct copies *copies) {
    for (unsigned i = 0; i < 2; i++) {
        struct one *one = i == 0 ? &copies->a : &copies->b;
        struct meeting_seen at = panel_see(copies->visitor, one->session, copies->id);
        struct tally tally = tally_of(copies, one);

        assert_int_equal(at.meeting.problems & MEETING_BROKEN_VOTES, 0);
        assert_int_equal(tally.state, TALLY_PASSED);
        assert_int_equal(tally.yes, 8);
        assert_int_equal(tally.no, 3);
    }
}

static void an_urn_follows_the_name_of_its_meeting(void **state) {
    struct copies copies = named_anew(state);
    struct err *err = &copies.visitor->err;
    struct dot before = copies.id;
    struct meeting_vote again = {.mode = VOTE_SECRET_DEVICE,
                                 .small_is_known = true,
                                 .secrets = {view_text(PANEL_CHAIR), view_text(PANEL_TELLER)}};
    struct meeting_answer answer = {.answer = URN_YES};
    struct urn *urn;

    county_sync(copies.visitor->county, copies.a.tablet, RC_OK, NULL);
    copies.id = listed_meeting(&copies, &copies.a);
    assert_false(dot_equal(before, copies.id));
    /* The urn in hand is of the former name. */
    answer.item = panel_see(copies.visitor, copies.a.session, copies.id).meeting.items[0].id;
    REFUSES(&copies, RC_CONFLICT, "another name",
            meeting_cast(copies.a.session, copies.a.urn, copies.id, 6, &answer, 1, err));
    urn_close(copies.a.urn);
    copies.a.urn = NULL;
    REFUSES(&copies, RC_CONFLICT, "under way",
            meeting_begin_vote(copies.a.session, copies.id, &again, &urn, err));
    vote(&copies, &copies.a, 6, 8, URN_YES);
    vote(&copies, &copies.a, 9, MEMBERS, URN_NO);
    close_urn(&copies, &copies.a);
    sign(&copies, &copies.a);
    sync_all(&copies);
    assert_counted(&copies);
    end(&copies);
}

static void a_result_counts_under_the_new_name(void **state) {
    struct copies copies = named_anew(state);
    struct err *err = &copies.visitor->err;
    struct buf text, later;

    vote(&copies, &copies.a, 6, 8, URN_YES);
    vote(&copies, &copies.a, 9, MEMBERS, URN_NO);
    close_urn(&copies, &copies.a);
    buf_init(&text, 2 * VOTE_BATCH_BYTES);
    buf_init(&later, 2 * VOTE_BATCH_BYTES);
    MUST(&copies, meeting_part(copies.a.session, copies.id, &text, err));
    sync_all(&copies);
    copies.id = listed_meeting(&copies, &copies.a);
    assert_counted(&copies);
    MUST(&copies, meeting_part(copies.a.session, copies.id, &later, err)); /* still the same */
    assert_string_equal(buf_text(&later), buf_text(&text));
    sign(&copies, &copies.a);
    sync_all(&copies);
    assert_counted(&copies);
    buf_release(&text);
    buf_release(&later);
    end(&copies);
}

/* Somebody saves while the first answer is on its way, and then there is no network any more. */
static enum rc answer_once(void *context, const char *path, struct view body, struct buf *answer,
                           struct link_result *result, struct err *err) {
    struct copies *copies = context;
    const struct link *county = &copies->visitor->county->link;
    enum rc rc = county->exchange(county->context, path, body, answer, result, err);

    if (rc == RC_OK)
        visitor_save(copies->visitor, copies->a.session, VILLAGE_A, "路上写的");
    copies->visitor->county->lose_up = 1;
    return rc;
}

/* The county knows all its numbers by another name, those to come as well; and a new actor cannot
 * begin yet, because the last number has no receipt. */
static struct copies named_before(void **state) {
    struct copies copies = begin(state);
    struct link link = {&copies, answer_once};
    struct sync_report report;

    copy(&copies);
    visitor_save(copies.visitor, copies.b.session, VILLAGE_A, "副本写的");
    county_sync(copies.visitor->county, copies.b.tablet, RC_OK, NULL);
    visitor_save(copies.visitor, copies.a.session, VILLAGE_A, "原来的");
    assert_int_equal(sync_run(copies.a.tablet, &link, NULL, &report, &copies.visitor->err),
                     RC_NETWORK);
    err_clear(&copies.visitor->err);
    copies.visitor->county->lose_up = 0;
    assert_false(tablet_may_incarnate(copies.a.tablet));
    return copies;
}

static void assert_opens(struct copies *copies, struct dot id) {
    struct seen seen;

    MUST(copies,
         session_see(copies->a.session, id, &copies->visitor->arena, &seen, &copies->visitor->err));
    assert_true(dot_equal(seen.record.id, id));
}

static void a_meeting_is_told_by_the_name_it_has(void **state) {
    struct copies copies = named_before(state);
    struct meeting_plan plan = {.area = VILLAGE_A,
                                .title = view_text("二季度评议"),
                                .place = view_text("村部"),
                                .chair = view_text("李主任"),
                                .recorder = view_text("周文书")};
    struct view tellers[] = {view_text("赵"), view_text("钱")};
    struct list_query query = {.form_name = view_text(PANEL_FORM)};
    struct listed *listed;
    uint32_t count, total;

    plan.tellers = tellers;
    plan.teller_count = 2;
    (void)panel_new(copies.visitor, copies.a.session, MEMBERS);
    MUST(&copies, session_list(copies.a.session, &query, &copies.visitor->arena, &listed, &count,
                               &total, &copies.visitor->err));
    assert_int_equal(count, 1);
    plan.panel = listed[0].id;
    MUST(&copies, meeting_new(copies.a.session, &plan, &copies.id, &copies.visitor->err));
    assert_true(dot_equal(copies.id, listed_meeting(&copies, &copies.a)));
    assert_opens(&copies, copies.id);
    MUST(&copies, meeting_open(copies.a.session, copies.id, &copies.visitor->err));
    end(&copies);
}

static void a_draft_ends_as_a_record_that_opens(void **state) {
    struct copies copies = named_before(state);
    struct err *err = &copies.visitor->err;
    struct engine_place place;
    struct filler *filler;
    uint32_t problems;
    struct dot record;

    MUST(&copies, filler_begin(copies.a.session, view_text(PANEL_FORM), VILLAGE_A, &filler, err));
    MUST(&copies, engine_place(filler_engine(filler), view_text("/data/title"), &place, err));
    MUST(&copies, engine_set(filler_engine(filler), place, view_text("评议小组"), err));
    MUST(&copies, filler_finish(filler, &record, &problems, err));
    filler_close(filler);
    assert_opens(&copies, record);
    end(&copies);
}

static void the_id_that_new_prints_can_be_shown(void **state) {
    struct copies copies = named_before(state);
    struct face_rig rig;
    const char *file;
    char *id;

    end(&copies);
    rig_init_empty(&rig, &copies.visitor->county->env, "secret-of-wang");
    (void)snprintf(rig.data, sizeof(rig.data), "%s", visitor_path(copies.visitor, "wang"));
    file = rig_file(&rig, "panel.json", view_text("{\"title\":\"评议小组\"}"));
    rig_good(&rig, "new", "panel", "--area", RIG_AREA, "--file", file);
    id = rig_line(&rig);
    rig_good(&rig, "show", id);
    free(id);
    rig_release(&rig);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, visitor_set_up, visitor_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(two_copies_that_count_void_the_vote),
        TEST(copies_whose_voters_share_the_seats_void_it_too),
        TEST(what_both_have_alike_counts_once),
        TEST(seals_of_both_let_nothing_pass),
        TEST(a_copy_of_what_is_counted_only_goes),
        TEST(a_copys_urn_goes_when_the_meeting_is_signed),
        TEST(a_tablet_that_was_put_back_is_not_counted_twice),
        TEST(what_was_put_back_and_counted_is_known_to_the_other),
        TEST(the_same_votes_of_what_was_put_back_count_once),
        TEST(of_two_results_none_is_handed_out),
        TEST(an_urn_follows_the_name_of_its_meeting),
        TEST(a_result_counts_under_the_new_name),
        TEST(a_meeting_is_told_by_the_name_it_has),
        TEST(a_draft_ends_as_a_record_that_opens),
        TEST(the_id_that_new_prints_can_be_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
