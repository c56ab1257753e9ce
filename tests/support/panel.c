/* panel.c: see panel.h. */
#include "tests/support/panel.h"

#include "schema/edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const struct instance_id root = {.ordinal = 0};

void panel_publish(struct visitor *visitor) {
    county_publish(visitor->county, "schema/forms/panel");
    county_publish(visitor->county, "schema/forms/meeting");
}

static void put(struct visitor *visitor, struct edit *edit, struct instance_id instance,
                const char *path, const char *text) {
    const struct form_field *field = form_field_by_path(edit->form, view_text(path));
    struct value value;

    assert_non_null(field);
    visitor_must(visitor, form_value_parse(edit->form, field, view_text(text), &visitor->arena,
                                           &value, &visitor->err));
    visitor_must(visitor, edit_set(edit, instance, field->number, &value, 0, &visitor->err));
}

struct dot panel_new(struct visitor *visitor, struct session *session, uint32_t members) {
    const struct form *form = tablet_form_named(session_tablet(session), view_text(PANEL_FORM));
    struct change change;
    struct edit edit;

    assert_non_null(form);
    visitor_must(visitor, edit_start(&edit, CHANGE_CREATE, session_next_dot(session),
                                     session_person(session), form, NULL, NULL, &visitor->arena,
                                     &visitor->err));
    visitor_must(visitor, edit_set_area(&edit, VILLAGE_A, &visitor->err));
    put(visitor, &edit, root, "title", "石牌村评议小组");
    for (uint32_t i = 0; i <= members; i++) {
        struct instance_id member;
        char name[32];

        snprintf(name, sizeof(name), "成员%u", i + 1);
        visitor_must(visitor, edit_add_instance(&edit, meeting_field(form, "member"), root, &member,
                                                &visitor->err));
        put(visitor, &edit, member, "member/name", name);
        put(visitor, &edit, member, "member/category", i % 3 == 2 ? "2" : "7");
        put(visitor, &edit, member, "member/active", i == members ? "0" : "1");
    }
    visitor_must(visitor, edit_finish(&edit, view_text(""), &change, &visitor->err));
    visitor_must(visitor, session_save(session, &change, NULL, form, &visitor->err));
    return change.dot;
}

struct dot panel_meeting(struct visitor *visitor, struct session *session, struct dot panel,
                         uint32_t households) {
    static const struct view tellers[] = {{(const uint8_t *)"赵", 3}, {(const uint8_t *)"钱", 3}};
    struct dot list[VOTE_ITEMS_MAX], id;
    struct meeting_plan plan = {
        .area = VILLAGE_A,
        .panel = panel,
        .title = view_text("一季度评议"),
        .place = view_text("村部"),
        .chair = view_text("李主任"),
        .recorder = view_text("周文书"),
        .teller_count = 2,
        .tellers = tellers,
        .household_count = households,
        .households = list,
    };

    for (uint32_t i = 0; i < households; i++) {
        char name[32];

        snprintf(name, sizeof(name), "户主%u", i + 1);
        list[i] = visitor_save(visitor, session, VILLAGE_A, name);
    }
    visitor_must(visitor, meeting_new(session, &plan, &id, &visitor->err));
    return id;
}

struct dot panel_open(struct visitor *visitor, struct session *session, uint32_t members,
                      uint32_t present, uint32_t households) {
    struct dot id =
        panel_meeting(visitor, session, panel_new(visitor, session, members), households);
    uint64_t seats = 0;

    for (uint32_t i = 1; i <= present; i++)
        seats |= vote_seat(i);
    visitor_must(visitor, meeting_open(session, id, &visitor->err));
    visitor_must(visitor, meeting_sign_in(session, id, seats, view_text(NULL), &visitor->err));
    return id;
}

struct meeting_seen panel_see(struct visitor *visitor, struct session *session, struct dot id) {
    struct meeting_seen seen;

    visitor_must(visitor, meeting_see(session, id, &visitor->arena, &seen, &visitor->err));
    return seen;
}

static struct urn_secrets secrets(void) {
    return (struct urn_secrets){.chair = view_text(PANEL_CHAIR), .teller = view_text(PANEL_TELLER)};
}

struct urn *panel_urn(struct visitor *visitor, struct session *session, struct dot id) {
    struct meeting_vote vote = {
        .mode = VOTE_SECRET_DEVICE, .secrets = secrets(), .small_is_known = true};
    struct urn *urn;

    visitor_must(visitor, meeting_begin_vote(session, id, &vote, &urn, &visitor->err));
    return urn;
}

struct urn *panel_resume(struct visitor *visitor, struct session *session, struct dot id) {
    struct urn_secrets both = secrets();
    struct urn *urn;

    visitor_must(visitor, meeting_resume_vote(session, id, &both, &urn, &visitor->err));
    return urn;
}

void panel_cast(struct visitor *visitor, struct session *session, struct urn *urn, struct dot id,
                uint32_t seat, enum urn_answer answer) {
    struct meeting_seen at = panel_see(visitor, session, id);
    struct meeting_answer answers[VOTE_ITEMS_MAX];
    uint32_t count = 0;

    for (uint32_t i = 0; i < at.meeting.item_count; i++)
        if ((meeting_voters(&at.meeting, urn, &at.meeting.items[i]) & vote_seat(seat)) != 0)
            answers[count++] = (struct meeting_answer){.item = at.meeting.items[i].id,
                                                       .answer = (uint8_t)answer,
                                                       .reasons = answer == URN_NO ? 1 : 0};
    visitor_must(visitor, meeting_cast(session, urn, id, seat, answers, count, &visitor->err));
    crypt_wipe(answers, sizeof(answers));
}

void panel_close(struct visitor *visitor, struct session *session, struct dot id, struct urn *urn) {
    visitor_must(visitor, meeting_close(session, id, urn, false, &visitor->err));
    urn_close(urn);
}

struct tally panel_tally(struct visitor *visitor, struct session *session, struct dot id,
                         uint32_t item) {
    struct meeting_seen at = panel_see(visitor, session, id);
    struct tally tally;

    assert_true(item < at.meeting.item_count);
    meeting_tally(&at.meeting, &at.meeting.items[item], &tally);
    return tally;
}
