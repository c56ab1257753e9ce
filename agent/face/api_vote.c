/* api_vote.c: the voting of a meeting in the pages: the same steps as on the command line
 * (meeting_vote.c), with one difference: the urn stays open in the seat of whoever has unlocked,
 * until he locks, is idle, or the service ends; then the two secrets are asked again.
 *
 * A vote is one request with the seat and all that it says, and is answered {} whatever it says.
 * Nothing of it is logged, drafted or cached; the request is wiped (api.c), and so is what is made
 * of it here. Secrets come in bodies only, and only the urn's key outlives the request. */
#include "agent/face/api_meeting.h"
#include "base/text.h"

#include <stdlib.h>

/* ---- the urn of the seat ---- */

static void put_urn(struct seat *seat, struct dot meeting, struct urn *urn) {
    urn_close(seat->urn);
    seat->urn = urn;
    seat->urn_meeting = meeting;
}

static void drop_urn(struct seat *seat) {
    urn_close(seat->urn);
    seat->urn = NULL;
}

static struct urn *open_urn(const struct web_meeting_at *at) {
    const struct seat *seat = at->visit.seat;

    return seat != NULL && dot_equal(seat->urn_meeting, at->id) ? seat->urn : NULL;
}

/* RC_DENIED, code "secrets": it lies on disk, and the two secrets are needed. */
static enum rc need_urn(struct web_call *call, struct web_meeting_at *at, struct urn **out,
                        struct err *err) {
    const struct urn_secrets none = {{0}, {0}};
    struct urn_about about;
    enum rc rc = RC_OK;

    *out = open_urn(at);
    if (*out != NULL)
        return RC_OK;
    rc = urn_find(at->visit.session, at->id, &about, err);
    if (rc == RC_OK && about.mode == VOTE_SECRET_DEVICE) {
        call->code = "secrets";
        return err_set(err, RC_DENIED, "the secrets of chair and teller are both needed");
    }
    if (rc == RC_OK)
        rc = meeting_resume_vote(at->visit.session, at->id, &none, out, err);
    if (rc == RC_OK)
        put_urn(at->visit.seat, at->id, *out);
    return rc;
}

/* ---- where the voting stands ---- */

/* Whether the seat has still to say something on it. */
static bool waits(const struct meeting *meeting, const struct urn *urn,
                  const struct meeting_item *item, uint32_t seat) {
    uint32_t index = urn_index(urn, item->id);

    return index != UINT32_MAX && (urn_joined(urn) || !meeting_postponed(meeting, item)) &&
           (meeting_voters(meeting, urn, item) & ~urn_marks(urn, index) & vote_seat(seat)) != 0;
}

static void add_voter(struct json *list, const struct meeting *meeting, const struct urn *urn,
                      const struct meeting_member *member) {
    struct json *to = NULL, *items = NULL;

    for (uint32_t i = 0; i < meeting->item_count; i++) {
        char id[INSTANCE_TEXT_BYTES];

        if (!waits(meeting, urn, &meeting->items[i], member->seat))
            continue;
        if (to == NULL) {
            to = json_add_object(list, NULL);
            json_add_int(to, "seat", member->seat);
            json_add_view(to, "name", member->name);
            items = json_add_array(to, "items");
        }
        instance_text(meeting->items[i].id, id);
        json_add_text(items, NULL, id);
    }
}

/* Of paper and hands: on which households both tellers have counted, and who may vote on it. */
static void add_counting(struct json *document, const struct meeting *meeting,
                         const struct urn *urn) {
    struct json *list = json_add_array(document, "counting");

    for (uint32_t i = 0; i < meeting->item_count; i++) {
        const struct meeting_item *item = &meeting->items[i];
        uint32_t index = urn_index(urn, item->id);
        char id[INSTANCE_TEXT_BYTES];
        struct json *to;

        if (index == UINT32_MAX)
            continue;
        to = json_add_object(list, NULL);
        instance_text(item->id, id);
        json_add_text(to, "item", id);
        json_add_int(to, "voters", vote_seats_count(meeting_voters(meeting, urn, item)));
        json_add_bool(to, "counted", urn_marks(urn, index) != 0);
        json_add_bool(to, "postponed", meeting_postponed(meeting, item));
    }
}

static enum rc reply_voting(struct web_call *call, struct web_meeting_at *at, struct err *err) {
    const struct meeting *meeting = &at->at.meeting;
    const struct urn *urn = open_urn(at);
    struct json *document = json_object(), *list;
    struct urn_about about;

    if (urn == NULL && urn_find(at->visit.session, at->id, &about, err) != RC_OK) {
        err_clear(err);
        json_add_null(document, "mode");
        json_add_bool(document, "open", false);
        return web_reply(call, document, err);
    }
    json_add_text(document, "mode", vote_mode_name(urn != NULL ? urn_mode(urn) : about.mode));
    json_add_int(document, "round", urn != NULL ? urn_round(urn) : about.round);
    json_add_bool(document, "open", urn != NULL);
    if (urn == NULL)
        return web_reply(call, document, err);
    json_add_bool(document, "joined", urn_joined(urn));
    if (urn_mode(urn) != VOTE_SECRET_DEVICE) {
        add_counting(document, meeting, urn);
        return web_reply(call, document, err);
    }
    list = json_add_array(document, "voters");
    for (uint32_t i = 0; i < meeting->member_count; i++)
        add_voter(list, meeting, urn, &meeting->members[i]);
    return web_reply(call, document, err);
}

enum rc web_voting(struct web_call *call, struct err *err) {
    struct web_meeting_at at = {0};
    enum rc rc = web_at_meeting(call, &at, err);

    if (rc == RC_OK)
        rc = reply_voting(call, &at, err);
    visit_close(&at.visit);
    return rc;
}

/* ---- beginning, and going on ---- */

static enum rc read_vote(const struct web_call *call, struct meeting_vote *vote, const char **code,
                         struct err *err) {
    const char *chair = NULL, *teller = NULL, *mode = NULL;
    enum rc rc = web_text(call, "chair", &chair, err);

    if (rc == RC_OK)
        rc = web_text(call, "teller", &teller, err);
    if (rc == RC_OK)
        rc = web_text(call, "mode", &mode, err);
    if (rc == RC_OK)
        rc = web_text(call, "code", code, err);
    if (rc == RC_OK)
        rc = web_seats(call, "seats", &vote->seats, err);
    if (rc != RC_OK)
        return rc;
    vote->mode = (uint8_t)vote_mode_parse(view_text(mode));
    (void)json_bool(json_get(call->body, "few"), &vote->small_is_known);
    if (vote->mode == VOTE_HANDS)
        vote->small_is_known = true;
    if (vote->mode != VOTE_SECRET_PAPER && vote->mode != VOTE_HANDS)
        vote->secrets =
            (struct urn_secrets){.chair = view_text(chair), .teller = view_text(teller)};
    return RC_OK;
}

static enum rc begin(struct web_meeting_at *at, struct meeting_vote *vote, const char *code,
                     struct urn **out, struct err *err) {
    struct session *session = at->visit.session;
    struct dot joined;
    enum rc rc = RC_OK;

    if (code != NULL && code[0] != '\0') {
        vote->joined = true;
        rc = meeting_join(session, view_text(code), &joined, &vote->seats, err);
        if (rc == RC_OK && !dot_equal(joined, at->id))
            rc = err_set(err, RC_INVALID, "this code is of another meeting");
    }
    return rc == RC_OK ? meeting_begin_vote(session, at->id, vote, out, err) : rc;
}

enum rc web_voting_open(struct web_call *call, struct err *err) {
    struct meeting_vote vote = {0};
    struct web_meeting_at at = {0};
    struct urn_about about;
    struct urn *urn = NULL;
    const char *code = NULL;
    enum rc rc = read_vote(call, &vote, &code, err);

    if (rc != RC_OK)
        return rc;
    rc = web_at_meeting(call, &at, err);
    if (rc == RC_OK) {
        drop_urn(at.visit.seat); /* what is open may be older than the disk */
        if (urn_find(at.visit.session, at.id, &about, err) == RC_OK) {
            if (about.mode != VOTE_SECRET_DEVICE)
                vote.secrets = (struct urn_secrets){{0}, {0}};
            rc = meeting_resume_vote(at.visit.session, at.id, &vote.secrets, &urn, err);
        } else {
            err_clear(err);
            rc = begin(&at, &vote, code, &urn, err);
        }
    }
    if (rc == RC_OK) {
        put_urn(at.visit.seat, at.id, urn);
        rc = meeting_see(at.visit.session, at.id, &at.visit.arena, &at.at, err);
    }
    if (rc == RC_OK)
        rc = reply_voting(call, &at, err);
    if (rc == RC_LIMIT)
        call->code = "few"; /* people are told first */
    visit_close(&at.visit);
    return rc;
}

/* ---- votes ---- */

struct cast {
    struct meeting_answer answers[VOTE_ITEMS_MAX];
    uint32_t count;
};

/* {"votes": [{"item", "answer": "yes", "no:1,3" or "abstain"}]} */
static enum rc read_votes(const struct web_call *call, struct cast *cast, struct err *err) {
    enum rc rc = RC_OK;

    for (const struct json *item = json_first(json_get(call->body, "votes"));
         item != NULL && rc == RC_OK; item = json_next(item)) {
        struct meeting_answer *answer = &cast->answers[cast->count];

        if (cast->count == VOTE_ITEMS_MAX)
            return err_set(err, RC_LIMIT, "a meeting hears at most %u households", VOTE_ITEMS_MAX);
        rc = instance_parse(json_text(json_get(item, "item")), &answer->item, err);
        if (rc == RC_OK)
            rc = meeting_answer_word(json_text(json_get(item, "answer")), answer, err);
        cast->count++;
    }
    return rc;
}

enum rc web_vote(struct web_call *call, struct err *err) {
    struct cast *cast = calloc(1, sizeof(*cast));
    struct web_meeting_at at = {0};
    struct urn *urn = NULL;
    uint64_t seat = 0;
    enum rc rc;

    if (cast == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    (void)crypt_guard(cast, sizeof(*cast));
    rc = web_number(call, "seat", VOTE_SEATS_MAX, 0, &seat, err);
    if (rc == RC_OK)
        rc = read_votes(call, cast, err);
    if (rc == RC_OK) {
        rc = web_at_meeting(call, &at, err);
        if (rc == RC_OK)
            rc = need_urn(call, &at, &urn, err);
        if (rc == RC_OK) {
            rc = meeting_cast(at.visit.session, urn, at.id, (uint32_t)seat, cast->answers,
                              cast->count, err);
            if (rc == RC_IO) /* it must be read again */
                drop_urn(at.visit.seat);
        }
        visit_close(&at.visit);
    }
    crypt_unguard(cast, sizeof(*cast));
    free(cast);
    return rc == RC_OK ? web_done(call, err) : rc;
}

/* ---- counts by hand ---- */

static enum rc read_counts(const struct web_call *call, struct vote_count *out, uint32_t *teller,
                           struct err *err) {
    static const char *const names[] = {"yes", "no", "abstain", "invalid", "unused", "teller"};
    uint32_t *const to[] = {&out->yes,     &out->no,     &out->abstain,
                            &out->invalid, &out->unused, teller};
    const struct json *reasons = json_get(call->body, "reasons"), *item = json_first(reasons);
    uint64_t number = 0;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && rc == RC_OK; i++) {
        rc = web_number(call, names[i], VOTE_SEATS_MAX, 0, &number, err);
        *to[i] = (uint32_t)number;
    }
    for (unsigned i = 0; i < VOTE_REASON_COUNT && item != NULL && rc == RC_OK; i++) {
        int64_t count;

        if (!json_int(item, &count) || count < 0 || count > VOTE_SEATS_MAX)
            return err_set(err, RC_INVALID, "reasons: six numbers, in the order of the list");
        out->reasons[i] = (uint32_t)count;
        item = json_next(item);
    }
    return rc;
}

enum rc web_count(struct web_call *call, struct err *err) {
    static const char *const names[] = {"waits", "agreed", "differs"};
    const struct meeting_item *item = NULL;
    enum urn_entered entered = URN_WAITS;
    struct vote_count count = {0};
    struct web_meeting_at at = {0};
    struct urn *urn = NULL;
    struct json *document;
    uint32_t teller = 0;
    enum rc rc = read_counts(call, &count, &teller, err);

    if (rc != RC_OK)
        return rc;
    rc = web_at_meeting(call, &at, err);
    if (rc == RC_OK)
        rc = web_item(call, &at.at.meeting, &item, err);
    if (rc == RC_OK)
        rc = need_urn(call, &at, &urn, err);
    if (rc == RC_OK) {
        rc = meeting_enter(at.visit.session, urn, at.id, item->id, teller, &count, &entered, err);
        if (rc == RC_IO)
            drop_urn(at.visit.seat);
    }
    visit_close(&at.visit);
    if (rc != RC_OK)
        return rc;
    document = json_object();
    json_add_text(document, "entered", names[entered]);
    return web_reply(call, document, err);
}

/* ---- the end ---- */

enum rc web_voting_close(struct web_call *call, struct err *err) {
    struct web_meeting_at at = {0};
    struct urn *urn = NULL;
    bool rest = false;
    enum rc rc = web_at_meeting(call, &at, err);

    (void)json_bool(json_get(call->body, "rest_unused"), &rest);
    if (rc == RC_OK)
        rc = need_urn(call, &at, &urn, err);
    if (rc == RC_NOT_FOUND && at.at.seen.form != NULL) { /* a desk whose booth has counted */
        err_clear(err);
        rc = RC_OK;
    }
    if (rc == RC_OK) {
        rc = meeting_close(at.visit.session, at.id, urn, rest, err);
        if (urn != NULL && rc != RC_CONFLICT)
            drop_urn(at.visit.seat);
    }
    return web_meeting_end(call, &at, rc, err);
}

enum rc web_voting_void(struct web_call *call, struct err *err) {
    struct web_meeting_at at = {0};
    const char *reason;
    enum rc rc = web_need(call, "reason", &reason, err);

    if (rc != RC_OK)
        return rc;
    rc = web_at_meeting(call, &at, err);
    if (rc == RC_OK) {
        drop_urn(at.visit.seat);
        rc = meeting_void(at.visit.session, at.id, view_text(reason), err);
    }
    return web_meeting_end(call, &at, rc, err);
}

/* ---- two tablets ---- */

enum rc web_meeting_pair(struct web_call *call, struct err *err) {
    struct web_meeting_at at = {0};
    char code[MEETING_CODE_BYTES];
    struct json *document;
    uint64_t seats = 0;
    enum rc rc = web_seats(call, "seats", &seats, err);

    if (rc != RC_OK)
        return rc;
    rc = web_at_meeting(call, &at, err);
    if (rc == RC_OK)
        rc = meeting_pair(at.visit.session, at.id, seats, code, err);
    visit_close(&at.visit);
    if (rc != RC_OK)
        return rc;
    document = json_object();
    json_add_text(document, "code", code);
    return web_reply(call, document, err);
}

enum rc web_meeting_join(struct web_call *call, struct err *err) {
    struct json *document;
    struct visit visit;
    uint64_t seats = 0;
    const char *code;
    struct dot id;
    enum rc rc = web_need(call, "code", &code, err);

    if (rc != RC_OK)
        return rc;
    rc = web_visit(call, &visit, err);
    if (rc == RC_OK)
        rc = meeting_join(visit.session, view_text(code), &id, &seats, err);
    visit_close(&visit);
    if (rc != RC_OK)
        return rc;
    document = json_object();
    add_dot(document, "id", id);
    return web_reply(call, document, err);
}

enum rc web_meeting_part(struct web_call *call, struct err *err) {
    struct web_meeting_at at = {0};
    struct json *document;
    struct buf text;
    enum rc rc = web_at_meeting(call, &at, err);

    buf_init(&text, 4 * VOTE_BATCH_BYTES);
    if (rc == RC_OK)
        rc = meeting_part(at.visit.session, at.id, &text, err);
    if (rc == RC_OK) {
        document = json_object();
        json_add_buf(document, "part", &text);
        rc = web_reply(call, document, err);
    }
    buf_release(&text);
    visit_close(&at.visit);
    return rc;
}

enum rc web_meeting_take(struct web_call *call, struct err *err) {
    struct web_meeting_at at = {0};
    const char *part;
    enum rc rc = web_need(call, "part", &part, err);

    if (rc != RC_OK)
        return rc;
    rc = web_at_meeting(call, &at, err);
    if (rc == RC_OK)
        rc = meeting_take(at.visit.session, at.id, text_trim(view_text(part)), err);
    return web_meeting_end(call, &at, rc, err);
}
