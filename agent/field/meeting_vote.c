/* meeting_vote.c: from the first vote to the sealed record; see meeting.h.
 *
 * A vote leaves nothing behind but the urn's new ciphertext: no change, no draft, no line of a log.
 * What the voter may do is looked up in the record, which does not change by it. */
#include "agent/field/meeting_inside.h"

#include "agent/store/blobs.h"
#include "agent/store/traffic.h"
#include "base/planted.h"
#include "base/text.h"

/* ---- beginning ---- */

uint64_t meeting_voters(const struct meeting *meeting, const struct urn *urn,
                        const struct meeting_item *item) {
    uint64_t present = urn_joined(urn) ? meeting->expected : meeting->present;

    return meeting->expected & present & ~item->recused & urn_seats(urn);
}

bool meeting_too_small(const struct meeting *meeting, const struct meeting_item *item,
                       uint64_t seats) {
    uint64_t voters = meeting->expected & meeting->present & ~item->recused;

    if (seats != 0)
        voters &= seats;
    return (int64_t)vote_seats_count(voters) < vote_number(&meeting->rules, VOTE_SECRECY_MIN);
}

bool meeting_postponed(const struct meeting *meeting, const struct meeting_item *item) {
    return (int64_t)vote_seats_count(meeting->expected & meeting->present & ~item->recused) <
           vote_number(&meeting->rules, VOTE_MIN_VOTERS);
}

static enum rc check_vote(const struct meeting *meeting, const struct meeting_vote *vote,
                          struct err *err) {
    uint32_t small = 0;

    if (meeting->state == MEETING_PLANNED || !meeting->has_rules)
        return err_set(err, RC_CONFLICT, "the meeting is not open; run: yg-agent meeting open");
    if (meeting->state >= MEETING_CLOSED)
        return err_set(err, RC_CONFLICT, "voting is over; call a new meeting to vote again");
    if (vote->mode < 1 || vote->mode > VOTE_MODE_LAST ||
        (vote_number(&meeting->rules, VOTE_MODES) >> vote->mode & 1) == 0)
        return err_set(err, RC_INVALID,
                       "the rules of this meeting do not allow this way of voting");
    if (vote->joined && vote->mode != VOTE_SECRET_DEVICE)
        return err_set(err, RC_INVALID,
                       "paper and hands are counted on the tablet where people signed in");
    if ((vote->seats & ~meeting->expected) != 0)
        return err_set(err, RC_NOT_FOUND, "there is no such seat; see: yg-agent meeting show");
    if (!vote->joined && meeting->present == 0)
        return err_set(err, RC_CONFLICT, "nobody has signed in; run: yg-agent meeting sign-in");
    for (uint32_t i = 0; i < meeting->item_count && !vote->joined; i++)
        small += meeting_too_small(meeting, &meeting->items[i], vote->seats);
    if (small > 0 && vote->mode != VOTE_HANDS && !vote->small_is_known)
        return err_set(err, RC_LIMIT,
                       "of %u households so few may vote that the result could tell how somebody "
                       "voted: tell them first, then begin with --few",
                       small);
    return RC_OK;
}

static enum rc make_urn(struct meeting_edit *edit, const struct meeting_vote *vote,
                        struct urn **out, struct err *err) {
    const struct meeting *meeting = &edit->at.meeting;
    struct instance_id *items = arena_array(&edit->arena, meeting->item_count + 1u, sizeof(*items));
    struct urn_plan plan = {.meeting = meeting->id,
                            .area = edit->at.seen.area,
                            .round = meeting->voided_count + 1,
                            .mode = vote->mode,
                            .seats = vote->seats == 0 ? meeting->expected : vote->seats,
                            .joined = vote->joined,
                            .item_count = meeting->item_count,
                            .items = items};

    if (items == NULL)
        return arena_check(&edit->arena, "a meeting", err);
    for (uint32_t i = 0; i < meeting->item_count; i++)
        items[i] = meeting->items[i].id;
    if (plan.round > VOTE_ROUNDS_MAX)
        return err_set(err, RC_LIMIT, "a meeting has at most %u rounds", VOTE_ROUNDS_MAX);
    return urn_new(edit->session, &plan, &vote->secrets, out, err);
}

/* The urn first: a record that says VOTING without an urn only needs the urn; the other way round
 * nobody could tell whether votes are lost. */
enum rc meeting_begin_vote(struct session *session, struct dot id, const struct meeting_vote *vote,
                           struct urn **out, struct err *err) {
    struct meeting_edit edit;
    enum rc rc = meeting_edit_start(&edit, session, id, CHANGE_EDIT, err);

    *out = NULL;
    if (rc == RC_OK)
        rc = check_vote(&edit.at.meeting, vote, err);
    if (rc == RC_OK && edit.at.meeting.mode != 0 && edit.at.meeting.mode != vote->mode)
        rc = err_set(err, RC_INVALID, "this meeting votes in another way already: %s",
                     vote_mode_name(edit.at.meeting.mode));
    if (rc == RC_OK)
        rc = make_urn(&edit, vote, out, err);
    if (rc == RC_OK)
        rc = meeting_put_number(&edit.edit, meeting_root, "state", MEETING_VOTING, err);
    if (rc == RC_OK && edit.at.meeting.mode == 0)
        rc = meeting_put(&edit.edit, meeting_root, "mode", view_text(vote_mode_name(vote->mode)),
                         err);
    rc = meeting_edit_end(&edit, rc, err);
    if (rc != RC_OK) {
        urn_close(*out);
        *out = NULL;
    }
    return rc;
}

/* The urn as it was opened and the record are of one meeting, by one name, and its votes have not
 * been counted: there is an urn or a result. Where there are both, somebody has copied the tablet,
 * or put it back; what he has of the votes must not be counted beside them. */
static enum rc check_urn(struct session *session, const struct meeting *meeting,
                         const struct urn *urn, struct err *err) {
    struct urn_about about;
    bool counted = false;
    enum rc rc;

    if (!dot_equal(urn_meeting(urn), meeting->id))
        return err_set(err, RC_CONFLICT,
                       "a copy of this tablet is at work, and the meeting has another name now; "
                       "open the voting again with its two secrets");
    for (uint32_t i = 0; i < meeting->heard_count; i++)
        counted = counted || meeting_is_own(session, meeting->heard[i].batch->tablet);
    if (!counted || PLANTED(COPY_COUNTED))
        return RC_OK;
    rc = urn_find(session, meeting->id, &about, err);
    if (rc == RC_NOT_FOUND) { /* counted here: whoever writes to the urn is told */
        err_clear(err);
        return RC_OK;
    }
    return rc != RC_OK ? rc
                       : err_set(err, RC_CONFLICT,
                                 "the votes of this tablet have been counted, on a copy of it or "
                                 "before it was put back; make the round void here");
}

enum rc meeting_resume_vote(struct session *session, struct dot id,
                            const struct urn_secrets *secrets, struct urn **out, struct err *err) {
    struct meeting_edit edit;
    enum rc rc = meeting_edit_start(&edit, session, id, CHANGE_EDIT, err);

    *out = NULL;
    if (rc == RC_OK)
        rc = urn_open(session, id, edit.at.seen.area, secrets, out, err);
    if (rc == RC_OK)
        rc = check_urn(session, &edit.at.meeting, *out, err);
    for (uint32_t i = 0; rc == RC_OK && i < urn_item_count(*out); i++)
        urn_name_item(*out, i, meeting_item_now(&edit.at.meeting, urn_item(*out, i)));
    /* A crash between urn and record. */
    if (rc == RC_OK && edit.at.meeting.state < MEETING_VOTING)
        rc = meeting_put_number(&edit.edit, meeting_root, "state", MEETING_VOTING, err);
    if (rc == RC_OK && edit.at.meeting.mode == 0)
        rc = meeting_put(&edit.edit, meeting_root, "mode",
                         view_text(vote_mode_name(urn_mode(*out))), err);
    rc = meeting_edit_end(&edit, rc, err);
    if (rc != RC_OK) {
        urn_close(*out);
        *out = NULL;
    }
    return rc;
}

/* ---- voting ---- */

static enum rc check_answer(const struct meeting *meeting, const struct urn *urn, uint64_t seat,
                            const struct meeting_answer *answer, struct err *err) {
    const struct meeting_item *item = meeting_item(meeting, answer->item);

    if (item == NULL || urn_index(urn, answer->item) == UINT32_MAX)
        return err_set(err, RC_NOT_FOUND,
                       "this household is not voted on; see: yg-agent meeting "
                       "show");
    if ((item->recused & seat) != 0)
        return err_set(err, RC_DENIED, "this seat has to withdraw from this household");
    if ((meeting_voters(meeting, urn, item) & seat) == 0)
        return err_set(err, RC_DENIED, "this seat is not present, or does not vote on this tablet");
    if (!urn_joined(urn) && meeting_postponed(meeting, item))
        return err_set(err, RC_DENIED,
                       "too few may vote on this household: it is heard in another meeting");
    if (answer->answer == URN_ABSTAIN && vote_number(&meeting->rules, VOTE_ABSTAIN) == 0)
        return err_set(err, RC_INVALID, "the rules of this meeting do not allow to abstain");
    if (answer->answer == URN_NO && answer->reasons == 0 &&
        vote_number(&meeting->rules, VOTE_REASONS) != 0)
        return err_set(err, RC_INVALID, "whoever says no gives a reason from the list");
    return RC_OK;
}

enum rc meeting_cast(struct session *session, struct urn *urn, struct dot id, uint32_t seat,
                     const struct meeting_answer *answers, uint32_t count, struct err *err) {
    struct urn_vote votes[VOTE_ITEMS_MAX];
    struct meeting_seen at;
    struct arena arena;
    enum rc rc;

    if (count == 0 || count > VOTE_ITEMS_MAX)
        return err_set(err, RC_INVALID, "this is no answer that can be given here");
    arena_init(&arena, MEETING_ARENA_BYTES);
    rc = meeting_see(session, id, &arena, &at, err);
    if (rc == RC_OK)
        rc = check_urn(session, &at.meeting, urn, err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        rc = check_answer(&at.meeting, urn, vote_seat(seat), &answers[i], err);
        votes[i] = (struct urn_vote){.item = urn_index(urn, answers[i].item),
                                     .answer = answers[i].answer,
                                     .reasons = answers[i].reasons};
    }
    if (rc == RC_OK)
        rc = urn_cast(urn, seat, votes, count, err);
    crypt_wipe(votes, sizeof(votes));
    arena_release(&arena);
    return rc;
}

enum rc meeting_enter(struct session *session, struct urn *urn, struct dot id,
                      struct instance_id item, uint32_t teller, const struct vote_count *count,
                      enum urn_entered *state, struct err *err) {
    const struct meeting_item *found = NULL;
    struct vote_count counted = *count;
    struct meeting_seen at;
    struct arena arena;
    enum rc rc;

    arena_init(&arena, MEETING_ARENA_BYTES);
    rc = meeting_see(session, id, &arena, &at, err);
    if (rc == RC_OK)
        rc = check_urn(session, &at.meeting, urn, err);
    if (rc == RC_OK && (found = meeting_item(&at.meeting, item)) == NULL)
        rc = err_set(err, RC_NOT_FOUND,
                     "this household is not voted on; see: yg-agent meeting "
                     "show");
    if (rc == RC_OK && (teller < 1 || teller > 2))
        rc = err_set(err, RC_INVALID, "teller 1 or 2 counts one household of the agenda");
    if (rc == RC_OK) {
        counted.withheld = counted.passed = false;
        counted.marks = meeting_voters(&at.meeting, urn, found);
        if (counted.yes + counted.no + counted.abstain + counted.invalid + counted.unused !=
            vote_seats_count(counted.marks))
            rc = err_set(err, RC_INVALID,
                         "yes, no, abstained, invalid and not used together are as many as may "
                         "vote: %u",
                         vote_seats_count(counted.marks));
    }
    if (rc == RC_OK)
        rc = urn_enter(urn, urn_index(urn, item), teller - 1, &counted, state, err);
    arena_release(&arena);
    return rc;
}

/* ---- closing ---- */

/* Whoever may still vote does not: not used. */
static enum rc fill_rest(const struct meeting *meeting, struct urn *urn, bool rest_unused,
                         struct err *err) {
    uint32_t missing = 0;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < meeting->item_count && !urn_joined(urn) && rc == RC_OK; i++) {
        const struct meeting_item *item = &meeting->items[i];
        struct urn_vote vote = {.item = urn_index(urn, item->id), .answer = URN_UNUSED};
        uint64_t left = meeting_voters(meeting, urn, item);

        if (vote.item == UINT32_MAX || meeting_postponed(meeting, item))
            continue;
        left &= ~urn_marks(urn, vote.item);
        if (!rest_unused || urn_mode(urn) != VOTE_SECRET_DEVICE) {
            missing += left != 0;
            continue;
        }
        for (uint32_t seat = 1; seat <= VOTE_SEATS_MAX && rc == RC_OK; seat++)
            if ((left & vote_seat(seat)) != 0)
                rc = urn_cast(urn, seat, &vote, 1, err);
    }
    if (rc == RC_OK && missing > 0)
        rc = err_set(err, RC_CONFLICT,
                     "on %u households somebody who may vote has not voted yet, or the tellers "
                     "have not both counted",
                     missing);
    return rc;
}

/* The set of counts, as it leaves the tablet. Whatever would tell is taken out where this tablet
 * knows everything: it served all, and knows who was there. */
static enum rc count_urn(struct meeting_edit *edit, const struct urn *urn, struct buf *bytes,
                         struct err *err) {
    const struct meeting *meeting = &edit->at.meeting;
    bool whole = !urn_joined(urn) && (meeting->present & ~urn_seats(urn)) == 0;
    struct vote_batch batch = {.meeting = meeting->id,
                               .tablet = urn_maker(urn),
                               .round = urn_round(urn),
                               .mode = urn_mode(urn),
                               .seats = urn_seats(urn)};
    const struct vote_item_count *counts = NULL;
    struct vote_item_count *items;
    struct arena secret; /* wiped, unlike the edit's */
    enum rc rc;

    arena_init(&secret, 1024u * 1024u);
    memcpy(batch.rules, meeting->rules_hash, sizeof(batch.rules));
    rc = urn_counts(urn, &secret, &counts, &batch.item_count, err);
    items = (struct vote_item_count *)(uintptr_t)counts;
    for (uint32_t i = 0; rc == RC_OK && i < batch.item_count; i++) {
        const struct meeting_item *item = meeting_item(meeting, items[i].item);
        struct vote_facts facts;

        if (item == NULL || !whole)
            continue;
        meeting_facts(meeting, item, &facts);
        tally_withhold(&meeting->rules, &facts, batch.mode, &items[i].count);
    }
    batch.items = items;
    if (rc == RC_OK)
        rc = vote_batch_encode(&batch, bytes, err);
    if (items != NULL)
        crypt_wipe(items, batch.item_count * sizeof(*items));
    arena_release(&secret);
    return rc;
}

static enum rc put_part(struct meeting_edit *edit, struct view bytes, struct err *err) {
    char *hex = arena_alloc(&edit->arena, 2 * bytes.size + 1);

    if (hex == NULL)
        return arena_check(&edit->arena, "votes", err);
    hex_encode(bytes, hex);
    return meeting_put(&edit->edit, meeting_root, "votes", view_text(hex), err);
}

static enum rc put_end(struct meeting_edit *edit, struct err *err) {
    enum rc rc = meeting_put_number(&edit->edit, meeting_root, "state", MEETING_CLOSED, err);

    if (rc == RC_OK)
        rc = meeting_put_now(&edit->edit, edit->session, meeting_root, "ended", err);
    if (rc == RC_OK && (edit->at.meeting.steps >> 3 & 1) == 0) {
        rc = meeting_put(&edit->edit, meeting_root, "step4", view_text("1"), err);
        if (rc == RC_OK)
            rc = meeting_put_now(&edit->edit, edit->session, meeting_root, "step4_at", err);
    }
    return rc;
}

enum rc meeting_close(struct session *session, struct dot id, struct urn *urn, bool rest_unused,
                      struct err *err) {
    struct meeting_edit edit;
    struct urn_about about;
    struct buf bytes;
    enum rc rc = meeting_edit_start(&edit, session, id, CHANGE_EDIT, err);

    buf_init(&bytes, VOTE_BATCH_BYTES);
    if (rc == RC_OK && urn == NULL && urn_find(session, id, &about, err) == RC_OK)
        rc = err_set(err, RC_DENIED, "the secrets of chair and teller are both needed");
    else if (rc == RC_OK && urn == NULL && edit.at.meeting.heard_count == 0)
        rc = err_set(err, RC_CONFLICT,
                     "nothing was voted on this tablet, and no other tablet's "
                     "result is here; run: yg-agent meeting take");
    if (rc == RC_OK && urn != NULL)
        rc = check_urn(session, &edit.at.meeting, urn, err);
    if (rc == RC_OK && urn != NULL)
        rc = fill_rest(&edit.at.meeting, urn, rest_unused, err);
    if (rc == RC_OK && urn != NULL)
        rc = count_urn(&edit, urn, &bytes, err);
    if (rc == RC_OK && urn != NULL) {
        rc = put_part(&edit, buf_view(&bytes), err);
        edit.ends_urn = id;
        edit.urn = urn;
    }
    if (rc == RC_OK) {
        err_clear(err);
        rc = put_end(&edit, err);
    }
    buf_release(&bytes);
    return meeting_edit_end(&edit, rc, err);
}

static bool is_sealed(const struct meeting_edit *edit, enum rc rc) {
    return rc == RC_CONFLICT && edit->at.meeting.sealed;
}

/* That the round is void and the end of its urn are one save. In a record that is sealed already
 * there is nothing to say, but the urn goes all the same. */
enum rc meeting_void(struct session *session, struct dot id, struct view reason, struct err *err) {
    struct meeting_edit edit;
    struct urn_about about;
    struct buf text;
    enum rc rc = meeting_edit_start(&edit, session, id, CHANGE_EDIT, err);

    if (is_sealed(&edit, rc)) {
        arena_release(&edit.arena);
        err_clear(err);
        return urn_void(session, id, err);
    }
    buf_init(&text, LIMIT_REASON_BYTES + 64u);
    if (rc == RC_OK)
        rc = urn_find(session, id, &about, err);
    if (rc == RC_OK && (text_trim(reason).size == 0 || reason.size > LIMIT_REASON_BYTES))
        rc = err_set(err, RC_INVALID, "say why this round is void");
    if (rc == RC_OK) {
        buf_addf(&text, "%u %016llx: ", about.round,
                 (unsigned long long)session_next_dot(session).actor);
        buf_add_view(&text, text_trim(reason));
        rc = buf_check(&text, "a reason", err);
    }
    if (rc == RC_OK)
        rc = meeting_put(&edit.edit, meeting_root, "voided", buf_view(&text), err);
    edit.ends_urn = id;
    buf_release(&text);
    return meeting_edit_end(&edit, rc, err);
}

/* ---- signing ---- */

static enum rc check_complete(const struct meeting *meeting, bool incomplete, struct err *err) {
    uint32_t open = 0;

    /* Votes of somebody who has not signed in: on a tablet that has joined, the sign-ins and the
     * other's result are still to come. */
    if (meeting->state < MEETING_CLOSED)
        return err_set(err, RC_CONFLICT, "voting is not over; run: yg-agent meeting close");
    for (uint32_t i = 0; i < meeting->item_count; i++) {
        struct tally tally;

        meeting_tally(meeting, &meeting->items[i], &tally);
        open += (tally.state == TALLY_OPEN && (tally.voids & TALLY_FEW_VOTERS) == 0) ||
                (tally.voids & (TALLY_MISSING | TALLY_STRANGER)) != 0;
    }
    if (open > 0 && !incomplete)
        return err_set(err, RC_CONFLICT,
                       "on %u households votes or sign-ins are missing; add the other tablet's "
                       "result (meeting take) or sync, or sign with --incomplete",
                       open);
    return RC_OK;
}

static bool has_signed(const struct meeting *meeting, const struct meeting_signer *signer) {
    const struct reading *reading = meeting->reading;
    uint16_t role = meeting_field(reading->form, "signed/signer");
    uint16_t name = meeting_field(reading->form, "signed/name");

    for (uint32_t i = 0; i < reading->instance_count; i++) {
        const struct seen_instance *seen = &reading->instances[i];
        const struct cell *a = reading_cell(reading, seen->id, role);
        const struct cell *b = reading_cell(reading, seen->id, name);

        if (!seen->removed && a != NULL && b != NULL && a->kind == CELL_VALUE &&
            b->kind == CELL_VALUE && view_equal(a->value.bytes, signer->role) &&
            view_equal(b->value.bytes, text_trim(signer->name)))
            return true;
    }
    return false;
}

static enum rc add_signer(struct meeting_edit *edit, const struct meeting_signer *signer,
                          struct err *err) {
    struct instance_id instance;
    uint8_t hash[32];
    char hex[65];
    enum rc rc;

    if (has_signed(&edit->at.meeting, signer))
        return RC_OK;
    rc = edit_add_instance(&edit->edit, meeting_field(edit->edit.form, "signed"), meeting_root,
                           &instance, err);
    if (rc == RC_OK)
        rc = meeting_put(&edit->edit, instance, "signed/signer", signer->role, err);
    if (rc == RC_OK)
        rc = meeting_put(&edit->edit, instance, "signed/name", signer->name, err);
    if (rc != RC_OK || signer->signature.size == 0)
        return rc;
    rc = blobs_add(edit->session, edit->at.seen.area, ATTACHMENT_FOR_IMAGE, signer->signature, 0,
                   hash, err);
    if (rc != RC_OK)
        return rc;
    hex_encode(view_of(hash, sizeof(hash)), hex);
    return meeting_put(&edit->edit, instance, "signed/signature", view_text(hex), err);
}

static enum rc add_signers(struct session *session, struct dot id,
                           const struct meeting_signer *signers, uint32_t count, bool incomplete,
                           struct err *err) {
    struct meeting_edit edit;
    enum rc rc = meeting_edit_start(&edit, session, id, CHANGE_EDIT, err);

    if (rc == RC_OK)
        rc = check_complete(&edit.at.meeting, incomplete, err);
    if (rc == RC_OK && count == 0 && edit.at.meeting.signature_count == 0)
        rc = err_set(err, RC_INVALID, "somebody signs: chair, recorder and tellers at least");
    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        rc = add_signer(&edit, &signers[i], err);
    if (rc == RC_OK)
        rc = meeting_put_number(&edit.edit, meeting_root, "state", MEETING_SIGNED, err);
    if (rc == RC_OK && (edit.at.meeting.steps >> 5 & 1) == 0) {
        rc = meeting_put(&edit.edit, meeting_root, "step6", view_text("1"), err);
        if (rc == RC_OK)
            rc = meeting_put_now(&edit.edit, session, meeting_root, "step6_at", err);
    }
    return meeting_edit_end(&edit, rc, err);
}

enum rc meeting_sign(struct session *session, struct dot id, const struct meeting_signer *signers,
                     uint32_t count, bool incomplete, struct err *err) {
    struct meeting_edit edit;
    enum rc rc = add_signers(session, id, signers, count, incomplete, err);

    if (rc != RC_OK)
        return rc;
    rc = meeting_edit_start(&edit, session, id, CHANGE_SEAL, err);
    if (rc == RC_OK) {
        const struct form *form = edit.at.seen.form;
        uint32_t scope = 0;

        while (scope < form->scope_count && !view_is(form->scopes[scope], MEETING_SCOPE))
            scope++;
        rc = scope == form->scope_count
                 ? err_set(err, RC_UNSUPPORTED, "%s: this form has nothing to seal", MEETING_SCOPE)
                 : edit_seal(&edit.edit, scope, err);
    }
    return meeting_edit_end(&edit, rc, err);
}
