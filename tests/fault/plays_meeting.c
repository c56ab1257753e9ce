/* plays_meeting.c: a meeting with secret ballots, from the call to the seal; see plays_more.h. */
#include "tests/fault/plays_more.h"

#include "agent/field/meeting.h"
#include "base/file.h"

#include <stdio.h>

#define MEMBERS 7u /* and one who has left */

static const struct instance_id ROOT;

/* ---- the forms, and a panel ---- */

static enum rc publish_folder(struct stage *stage, const char *name, struct err *err) {
    static const char *const sheets[] = {"survey.csv", "choices.csv", "settings.csv",
                                         "evaluation_rules.csv"};
    char from[100], to[100];
    struct buf text;

    (void)snprintf(to, sizeof(to), "/shelf/%s", name);
    for (size_t i = 0; i < sizeof(sheets) / sizeof(sheets[0]); i++) {
        FILE *file;
        uint8_t *room;

        (void)snprintf(from, sizeof(from), "schema/forms/%s/%s", name, sheets[i]);
        file = fopen(from, "rb");
        if (file == NULL)
            continue;
        buf_init(&text, 1u << 20);
        room = buf_reserve(&text, 1u << 20);
        if (room != NULL)
            text.size = fread(room, 1, 1u << 20, file);
        (void)fclose(file);
        stage_sheet(stage, to, sheets[i], buf_view(&text));
        buf_release(&text);
    }
    return stage_publish(stage, to, err);
}

static enum rc put(struct stage *stage, struct edit *edit, struct instance_id instance,
                   const char *path, const char *text, struct err *err) {
    const struct form_field *field = form_field_by_path(edit->form, view_text(path));
    struct value value;
    enum rc rc = form_value_parse(edit->form, field, view_text(text), &stage->arena, &value, err);

    return rc == RC_OK ? edit_set(edit, instance, field->number, &value, 0, err) : rc;
}

static enum rc add_member(struct stage *stage, struct edit *edit, uint32_t at, struct err *err) {
    struct instance_id member;
    char name[32];
    enum rc rc = edit_add_instance(edit, meeting_field(edit->form, "member"), ROOT, &member, err);

    (void)snprintf(name, sizeof(name), "成员%u", at + 1);
    if (rc == RC_OK)
        rc = put(stage, edit, member, "member/name", name, err);
    if (rc == RC_OK)
        rc = put(stage, edit, member, "member/category", at % 3 == 2 ? "2" : "7", err);
    return rc == RC_OK ? put(stage, edit, member, "member/active", at == MEMBERS ? "0" : "1", err)
                       : rc;
}

static enum rc save_panel(struct stage *stage, struct err *err) {
    struct session *session = stage->sessions[WANG];
    const struct form *form = tablet_form_named(stage->tablets[WANG], view_text(PANEL_FORM));
    struct change change;
    struct edit edit;
    enum rc rc = edit_start(&edit, CHANGE_CREATE, session_next_dot(session),
                            session_person(session), form, NULL, NULL, &stage->arena, err);

    if (rc == RC_OK)
        rc = edit_set_area(&edit, STAGE_AREA, err);
    if (rc == RC_OK)
        rc = put(stage, &edit, ROOT, "title", "panel", err);
    for (uint32_t i = 0; i <= MEMBERS && rc == RC_OK; i++)
        rc = add_member(stage, &edit, i, err);
    if (rc == RC_OK)
        rc = edit_finish(&edit, view_text(""), &change, err);
    return rc == RC_OK ? session_save(session, &change, NULL, form, err) : rc;
}

enum rc meeting_prepare(struct stage *stage, struct err *err) {
    enum rc rc = stage_open_county(stage, err);

    if (rc == RC_OK)
        rc = publish_folder(stage, PANEL_FORM, err);
    if (rc == RC_OK)
        rc = publish_folder(stage, MEETING_FORM, err);
    if (rc == RC_OK)
        rc = play_open_all(stage, err);
    if (rc == RC_OK)
        rc = play_sync_all(stage, err);
    return rc == RC_OK ? save_panel(stage, err) : rc;
}

/* ---- the meeting ---- */

static enum rc call(struct stage *stage, struct dot *out, struct err *err) {
    static const struct view tellers[] = {{(const uint8_t *)"赵", 3}, {(const uint8_t *)"钱", 3}};
    struct dot homes[2];
    struct meeting_plan plan = {.area = STAGE_AREA,
                                .title = view_text("meeting"),
                                .place = view_text("hall"),
                                .chair = view_text("Li"),
                                .recorder = view_text("Zhou"),
                                .teller_count = 2,
                                .tellers = tellers,
                                .household_count = 2,
                                .households = homes};
    enum rc rc = stage_find(stage, WANG, MEETING_FORM, "meeting", out, err);

    if (rc != RC_NOT_FOUND)
        return rc;
    rc = stage_find(stage, WANG, PANEL_FORM, "panel", &plan.panel, err);
    if (rc == RC_OK)
        rc = stage_find(stage, WANG, "home", "first", &homes[0], err);
    if (rc == RC_OK)
        rc = stage_find(stage, WANG, "home", "second", &homes[1], err);
    return rc == RC_OK ? meeting_new(stage->sessions[WANG], &plan, out, err) : rc;
}

static enum rc cast(struct stage *stage, struct urn *urn, struct dot id, uint32_t seat,
                    struct err *err) {
    struct meeting_answer answers[VOTE_ITEMS_MAX];
    struct meeting_seen at;
    uint32_t count = 0;
    enum rc rc = meeting_see(stage->sessions[WANG], id, &stage->arena, &at, err);

    for (uint32_t i = 0; rc == RC_OK && i < at.meeting.item_count; i++)
        if ((urn_marks(urn, i) & vote_seat(seat)) == 0)
            answers[count++] = (struct meeting_answer){.item = at.meeting.items[i].id,
                                                       .answer = seat % 2 == 0 ? URN_NO : URN_YES,
                                                       .reasons = seat % 2 == 0};
    if (rc != RC_OK || count == 0)
        return rc;
    return meeting_cast(stage->sessions[WANG], urn, id, seat, answers, count, err);
}

static enum rc vote(struct stage *stage, struct dot id, uint8_t state, struct err *err) {
    struct meeting_vote how = {.mode = VOTE_SECRET_DEVICE,
                               .small_is_known = true,
                               .secrets = {view_text("river-stone"), view_text("white-crane")}};
    struct session *session = stage->sessions[WANG];
    struct urn *urn = NULL;
    enum rc rc = RC_CONFLICT;

    if (state == MEETING_OPEN)
        rc = meeting_begin_vote(session, id, &how, &urn, err);
    if (rc == RC_CONFLICT) /* there is an urn already, as it says */
        rc = meeting_resume_vote(session, id, &how.secrets, &urn, err);
    for (uint32_t seat = 1; seat <= MEMBERS && rc == RC_OK; seat++)
        rc = cast(stage, urn, id, seat, err);
    if (rc == RC_OK)
        rc = meeting_close(session, id, urn, false, err);
    urn_close(urn);
    return rc;
}

static enum rc next_step(struct stage *stage, struct dot id, uint8_t state, struct err *err) {
    static const struct meeting_signer signers[] = {
        {{(const uint8_t *)"chair", 5}, {(const uint8_t *)"Li", 2}, {NULL, 0}},
        {{(const uint8_t *)"teller", 6}, {(const uint8_t *)"赵", 3}, {NULL, 0}},
    };
    struct session *session = stage->sessions[WANG];
    enum rc rc;

    stage->now_ms += 60000;
    switch (state) {
    case MEETING_PLANNED:
        return meeting_open(session, id, err);
    case MEETING_OPEN:
        rc = meeting_sign_in(session, id, (vote_seat(MEMBERS) << 1) - vote_seat(1), view_text(""),
                             err);
        return rc == RC_OK ? vote(stage, id, state, err) : rc;
    case MEETING_VOTING:
        return vote(stage, id, state, err);
    case MEETING_CLOSED:
    case MEETING_SIGNED: /* and not sealed yet */
        return meeting_sign(session, id, signers, 2, false, err);
    default:
        return RC_OK;
    }
}

/* Each household has had seven votes, three of them no: nothing lost, nothing doubled. */
static enum rc count(const struct meeting *meeting, struct err *err) {
    if (!meeting->sealed || meeting->item_count != 2)
        return err_set(err, RC_CORRUPT, "the meeting is not sealed");
    for (uint32_t i = 0; i < meeting->item_count; i++) {
        struct tally tally;

        meeting_tally(meeting, &meeting->items[i], &tally);
        if (tally.yes != (MEMBERS + 1) / 2 || tally.no != MEMBERS / 2)
            return err_set(err, RC_CORRUPT, "%u yes, %u no", tally.yes, tally.no);
    }
    return RC_OK;
}

enum rc meeting_act(struct stage *stage, struct err *err) {
    struct meeting_seen at;
    struct dot id;
    enum rc rc = play_open_all(stage, err);

    if (rc == RC_OK)
        rc = call(stage, &id, err);
    for (int step = 0; step < 5 && rc == RC_OK; step++) {
        rc = meeting_see(stage->sessions[WANG], id, &stage->arena, &at, err);
        if (rc == RC_OK && !at.meeting.sealed)
            rc = next_step(stage, id, at.meeting.state, err);
    }
    if (rc == RC_OK)
        rc = meeting_see(stage->sessions[WANG], id, &stage->arena, &at, err);
    if (rc == RC_OK)
        rc = count(&at.meeting, err);
    return rc == RC_OK ? play_sync_all(stage, err) : rc;
}
