/* test_answered_names.c: answers that are the name of another record (the household of a visit and
 * of an item of a meeting, its panel, a member of that), where copies of a tablet have used one
 * number for different records. Everywhere, each such answer names what its author meant. */
#include "tests/support/panel.h"

#include "agent/field/home_visit.h"
#include "agent/store/traffic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LISTED_MAX 20u

struct one { /* of Wang's tablets: the first, its copy, a copy of that */
    struct tablet *tablet;
    struct session *session;
};

struct names {
    struct visitor *visitor;
    struct one a, b, c;
    struct one third; /* Zhang's, which was never copied */
};

#define MUST(names, call) visitor_must((names)->visitor, call)

static struct names begin(void **state) {
    static const uint64_t areas[] = {VILLAGE_A, VILLAGE_B};
    struct names names = {.visitor = *state};
    struct county *county = names.visitor->county;

    panel_publish(names.visitor);
    county_publish(county, "schema/forms/visit");
    county_publish(county, "schema/forms/task");
    county_publish(county, "schema/forms/note");
    names.a.tablet = visitor_enrol(names.visitor, "wang", 2);
    names.third.tablet =
        county_enrol(county, visitor_path(names.visitor, "zhang"), "zhang", areas, 2);
    names.third.session = county_session(names.third.tablet, "zhang");
    county_sync(county, names.third.tablet, RC_OK, NULL);
    return names;
}

static void switch_off(struct names *names, struct one *one) {
    if (one->session != NULL)
        MUST(names, session_close(one->session, &names->visitor->err));
    tablet_close(one->tablet);
    *one = (struct one){0};
}

static struct one switch_on(struct names *names, const char *folder) {
    struct one one = {
        .tablet = county_tablet(names->visitor->county, visitor_path(names->visitor, folder))};

    one.session = county_session(one.tablet, "wang");
    return one;
}

/* The power goes, so that what was saved last is not cut for sending; then it is on again, locked,
 * and has synced. */
static void crash_and_sync(struct names *names, struct one *one, const char *from, const char *to) {
    visitor_copy(names->visitor, from, to);
    tablet_close(one->tablet);
    one->tablet = county_tablet(names->visitor->county, visitor_path(names->visitor, to));
    county_sync(names->visitor->county, one->tablet, RC_OK, NULL);
    one->session = county_session(one->tablet, "wang");
}

static void sync_one(struct names *names, struct one *one) {
    if (one->tablet != NULL)
        county_sync(names->visitor->county, one->tablet, RC_OK, NULL);
}

static void sync_all(struct names *names) {
    for (int round = 0; round < 4; round++) {
        sync_one(names, &names->a);
        sync_one(names, &names->b);
        sync_one(names, &names->c);
        sync_one(names, &names->third);
    }
}

static uint32_t list(struct names *names, const struct one *one, const char *form,
                     struct dot out[LISTED_MAX]) {
    struct list_query query = {.form_name = view_text(form)};
    struct listed *listed;
    uint32_t count, total;

    MUST(names, session_list(one->session, &query, &names->visitor->arena, &listed, &count, &total,
                             &names->visitor->err));
    assert_true(count == total && count <= LISTED_MAX);
    for (uint32_t i = 0; i < count; i++)
        out[i] = listed[i].id;
    return count;
}

static struct dot household(struct names *names, const struct one *one, const char *name) {
    return visitor_save(names->visitor, one->session, VILLAGE_A, name);
}

static void put(struct names *names, struct filler *filler, const char *ref, const char *text) {
    struct engine_place place;
    struct err *err = &names->visitor->err;

    MUST(names, engine_place(filler_engine(filler), view_text(ref), &place, err));
    MUST(names, engine_set(filler_engine(filler), place, view_text(text), err));
    MUST(names, filler_keep(filler, err));
}

static struct filler *begin_visit(struct names *names, const struct one *one, struct dot home) {
    struct filler *filler;

    MUST(names, home_visit_begin(one->session, home, '0', (struct dot){0, 0}, &filler,
                                 &names->visitor->err));
    return filler;
}

/* Nobody was at home. */
static struct dot end_visit(struct names *names, struct filler *filler) {
    uint32_t problems = 0;
    struct dot record;

    names->visitor->county->now_ms += 1800000;
    put(names, filler, "/data/outcome", "2");
    MUST(names, filler_finish(filler, &record, &problems, &names->visitor->err));
    assert_int_equal(problems, 0);
    filler_close(filler);
    return record;
}

static struct dot visit(struct names *names, const struct one *one, struct dot home) {
    return end_visit(names, begin_visit(names, one, home));
}

/* The name of the household that an answer names. */
static const char *family(struct names *names, const struct one *one, struct view answer) {
    struct dot home;

    MUST(names, dot_parse(answer, &home, &names->visitor->err));
    return visitor_text(names->visitor, one->session, home, "head/name");
}

/* Each visit says in words whom its author has seen. */
static void check_visits_of(struct names *names, const struct one *one, uint32_t wanted) {
    struct dot visits[LISTED_MAX];

    if (one->tablet == NULL)
        return;
    assert_int_equal(list(names, one, "visit", visits), wanted);
    for (uint32_t i = 0; i < wanted; i++) {
        const char *answer = visitor_text(names->visitor, one->session, visits[i], "household");
        const char *meant = visitor_text(names->visitor, one->session, visits[i], "household_name");

        assert_string_equal(family(names, one, view_text(answer)), meant);
    }
}

/* The county's bytes are those of the third tablet. */
static void check_county(struct names *names, const char *form) {
    struct visitor *visitor = names->visitor;
    struct ledger *ledger = county_read(visitor->county);
    struct dot ids[LISTED_MAX];
    uint32_t count = list(names, &names->third, form, ids);

    for (uint32_t i = 0; i < count; i++) {
        struct stored_record stored;
        struct record state;
        struct buf packed;

        buf_init(&packed, LIMIT_RECORD_BYTES);
        MUST(names, store_record(ledger->store, ids[i], &visitor->arena, &stored, &visitor->err));
        MUST(names, tablet_state(names->third.tablet, VILLAGE_A, ids[i], &visitor->arena, &state,
                                 &visitor->err));
        MUST(names, record_pack(&state, &packed, &visitor->err));
        assert_true(view_equal(buf_view(&packed), stored.packed));
        buf_release(&packed);
    }
    ledger_close(ledger);
}

static void check_visits(struct names *names, uint32_t wanted) {
    check_visits_of(names, &names->a, wanted);
    check_visits_of(names, &names->b, wanted);
    check_visits_of(names, &names->c, wanted);
    check_visits_of(names, &names->third, wanted);
    check_county(names, "visit");
}

static void end_one(struct names *names, struct one *one) {
    if (one->tablet == NULL)
        return;
    visitor_verify(names->visitor, one->tablet);
    switch_off(names, one);
}

static void end(struct names *names) {
    end_one(names, &names->a);
    end_one(names, &names->b);
    end_one(names, &names->c);
    end_one(names, &names->third);
}

/* Two tablets that were one. */
static struct names pair(void **state) {
    struct names names = begin(state);

    switch_off(&names, &names.a);
    visitor_copy(names.visitor, "wang", "clone");
    names.a = switch_on(&names, "wang");
    names.b = switch_on(&names, "clone");
    return names;
}

static void a_visit_stays_with_its_household(void **state) {
    struct names names = pair(state);
    struct dot first = household(&names, &names.a, "原件的户");
    struct dot second = household(&names, &names.b, "副本的户");

    assert_true(dot_equal(first, second));
    visit(&names, &names.a, first);
    visit(&names, &names.b, second);
    sync_all(&names);
    check_visits(&names, 2);
    /* and what is written when all names are known */
    for (int i = 0; i < 2; i++) {
        struct one *one = i == 0 ? &names.a : &names.b;
        struct dot homes[LISTED_MAX];

        assert_int_equal(list(&names, one, "household", homes), 2);
        visit(&names, one, homes[0]);
        visit(&names, one, homes[1]);
    }
    sync_all(&names);
    check_visits(&names, 6);
    end(&names);
}

/* Before it is sent, too: the tablet reads its own answers as the county will. */
static void what_is_not_sent_follows_its_household(void **state) {
    struct names names = pair(state);

    visit(&names, &names.a, household(&names, &names.a, "原件的户"));
    sync_one(&names, &names.a);
    household(&names, &names.b, "副本的第一户");
    switch_off(&names, &names.b);
    names.b = switch_on(&names, "clone");
    visit(&names, &names.b, household(&names, &names.b, "副本的第二户"));
    crash_and_sync(&names, &names.b, "clone", "crashed");
    check_visits_of(&names, &names.b, 1);
    sync_all(&names);
    check_visits(&names, 2);
    end(&names);
}

/* Begun under the name that the household had before the tablet learned of its copy. */
static void a_draft_of_a_visit_follows_its_household(void **state) {
    struct names names = pair(state);
    struct dot mine, homes[LISTED_MAX];
    struct filler *filler;
    uint64_t draft;

    household(&names, &names.a, "原件的户");
    mine = household(&names, &names.b, "副本的户");
    filler = begin_visit(&names, &names.b, mine);
    draft = filler_draft(filler);
    filler_close(filler);
    sync_one(&names, &names.a);
    sync_one(&names, &names.b);
    sync_one(&names, &names.b);
    MUST(&names, filler_resume(names.b.session, draft, &filler, &names.visitor->err));
    assert_string_equal(
        visitor_text(names.visitor, names.b.session, home_visit_household(filler), "head/name"),
        "副本的户");
    filler_close(filler);
    /* his draft, not another one: the household is the same */
    assert_int_equal(list(&names, &names.b, "household", homes), 2);
    for (uint32_t i = 0; i < 2; i++) {
        const char *name = visitor_text(names.visitor, names.b.session, homes[i], "head/name");

        filler = begin_visit(&names, &names.b, homes[i]);
        assert_true((filler_draft(filler) == draft) == (strcmp(name, "副本的户") == 0));
        end_visit(&names, filler);
    }
    sync_all(&names);
    check_visits(&names, 2);
    end(&names);
}

/* A name that the county has told for some numbers is not the last word for those that it has not
 * seen: a copy of the copy comes first with these. */
static void a_visit_on_a_copy_of_a_copy_stays_with_its_household(void **state) {
    struct names names = begin(state);
    struct dot homes[LISTED_MAX];
    uint32_t count;

    visitor_copy(names.visitor, "wang", "clone");
    names.b = switch_on(&names, "clone");
    household(&names, &names.b, "两个副本都有的户");
    switch_off(&names, &names.b);
    visitor_copy(names.visitor, "clone", "other");
    switch_off(&names, &names.a);
    names.a = switch_on(&names, "wang");
    names.b = switch_on(&names, "clone");
    names.c = switch_on(&names, "other");
    household(&names, &names.a, "原件的户");
    sync_one(&names, &names.a);
    household(&names, &names.b, "第一个副本的户");
    crash_and_sync(&names, &names.b, "clone", "crashed");
    visit(&names, &names.c, household(&names, &names.c, "第二个副本的户"));
    sync_one(&names, &names.c);
    count = list(&names, &names.b, "household", homes);
    for (uint32_t i = 0; i < count; i++)
        visit(&names, &names.b, homes[i]);
    sync_all(&names);
    check_visits(&names, 1 + count);
    end(&names);
}

/* ---- meetings ---- */

/* About one household, by a panel of the same name as the meeting. */
static void meet(struct names *names, const struct one *one, const char *title,
                 const char *family_name) {
    struct visitor *visitor = names->visitor;
    struct meeting_plan plan = {.area = VILLAGE_A,
                                .title = view_text(title),
                                .place = view_text("村部"),
                                .chair = view_text("李主任"),
                                .recorder = view_text("周文书"),
                                .household_count = 1};
    struct dot home = household(names, one, family_name), later, id;

    plan.panel = panel_new(visitor, one->session, 5);
    plan.households = &home;
    visitor_edit(visitor, one->session, plan.panel, "title", title);
    MUST(names, meeting_new(one->session, &plan, &id, &visitor->err));
    later = household(names, one, family_name);
    MUST(names, meeting_add_household(one->session, id, later, &visitor->err));
}

static void check_meetings_of(struct names *names, const struct one *one) {
    struct visitor *visitor = names->visitor;
    struct dot ids[LISTED_MAX];

    assert_int_equal(list(names, one, "meeting", ids), 2);
    for (uint32_t i = 0; i < 2; i++) {
        const struct meeting meeting = panel_see(visitor, one->session, ids[i]).meeting;
        struct instance_id member;
        struct dot panel;

        MUST(names, dot_parse(meeting.panel, &panel, &visitor->err));
        assert_true(view_is(meeting.title, visitor_text(visitor, one->session, panel, "title")));
        assert_int_equal(meeting.item_count, 2);
        for (uint32_t k = 0; k < 2; k++)
            assert_true(
                view_is(meeting.items[k].subject, family(names, one, meeting.items[k].household)));
        assert_int_equal(meeting.member_count, 5);
        for (uint32_t k = 0; k < 5; k++) {
            MUST(names, instance_parse(meeting.members[k].roster, &member, &visitor->err));
            assert_true(dot_equal(member.dot, panel));
        }
        assert_int_equal(meeting.problems & MEETING_TWICE, 0);
    }
}

static void a_meeting_hears_the_households_that_it_was_called_for(void **state) {
    struct names names = pair(state);

    meet(&names, &names.a, "原件的会", "原件的户");
    meet(&names, &names.b, "副本的会", "副本的户");
    sync_all(&names);
    check_meetings_of(&names, &names.a);
    check_meetings_of(&names, &names.b);
    check_meetings_of(&names, &names.third);
    check_county(&names, "meeting");
    end(&names);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, visitor_set_up, visitor_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_visit_stays_with_its_household),
        TEST(what_is_not_sent_follows_its_household),
        TEST(a_draft_of_a_visit_follows_its_household),
        TEST(a_visit_on_a_copy_of_a_copy_stays_with_its_household),
        TEST(a_meeting_hears_the_households_that_it_was_called_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
