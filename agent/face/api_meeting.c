/* api_meeting.c: evaluation meetings but for the voting (api_vote.c): lists, calling one, who
 * comes, what is done, signing. What is done is done by agent/field/meeting.h, as on the command
 * line. */
#include "agent/face/api_meeting.h"

#include "base/qr.h"
#include "base/text.h"
#include "base/words.h"
#include "schema/vote/meeting_json.h"

#define MEETINGS_MAX    500u
#define SIGNATURE_BYTES (512u * 1024u)

/* ---- what the routes share ---- */

enum rc web_at_meeting(struct web_call *call, struct web_meeting_at *at, struct err *err) {
    enum rc rc = web_visit(call, &at->visit, err);

    if (rc == RC_OK && dot_parse(view_text(web_param(call, "id")), &at->id, err) != RC_OK)
        rc = err_set(err, RC_NOT_FOUND, "address: there is nothing here");
    if (rc == RC_OK)
        rc = meeting_see(at->visit.session, at->id, &at->visit.arena, &at->at, err);
    return rc;
}

enum rc web_meeting_end(struct web_call *call, struct web_meeting_at *at, enum rc rc,
                        struct err *err) {
    visit_close(&at->visit);
    return rc == RC_OK ? web_done(call, err) : rc;
}

enum rc web_seats(const struct web_call *call, const char *key, uint64_t *out, struct err *err) {
    const struct json *list = json_get(call->body, key);

    *out = 0;
    if (list == NULL)
        return RC_OK;
    for (const struct json *item = json_first(list); item != NULL; item = json_next(item)) {
        int64_t seat;

        if (!json_int(item, &seat) || seat < 1 || seat > VOTE_SEATS_MAX)
            return err_set(err, RC_INVALID, "%s: seats are numbers from 1 to %u", key,
                           VOTE_SEATS_MAX);
        *out |= vote_seat((unsigned)seat);
    }
    return RC_OK;
}

enum rc web_item(const struct web_call *call, const struct meeting *meeting,
                 const struct meeting_item **out, struct err *err) {
    struct instance_id id;
    const char *text;
    enum rc rc = web_need(call, "item", &text, err);

    if (rc == RC_OK)
        rc = instance_parse(view_text(text), &id, err);
    if (rc == RC_OK && (*out = meeting_item(meeting, id)) == NULL)
        rc = err_set(err, RC_NOT_FOUND,
                     "there is no such seat or household; see: yg-agent meeting show");
    return rc;
}

/* Optional texts; a missing one is empty. */
static enum rc take_text(const struct web_call *call, const char *key, struct view *out,
                         struct err *err) {
    const char *text = NULL;
    enum rc rc = web_text(call, key, &text, err);

    *out = view_text(text);
    return rc;
}

/* The content of an image, in hexadecimal. Empty when there is none. */
static enum rc take_signature(const struct json *text, struct arena *arena, struct view *out,
                              struct err *err) {
    struct view hex = json_text(text);
    uint8_t *bytes;

    *out = (struct view){0};
    if (hex.size == 0)
        return RC_OK;
    if (hex.size > 2 * SIGNATURE_BYTES)
        return err_set(err, RC_LIMIT, "signature: has more than %u bytes", SIGNATURE_BYTES);
    bytes = arena_alloc(arena, hex.size / 2 + 1);
    if (bytes == NULL)
        return arena_check(arena, "a signature", err);
    if (hex.size % 2 != 0 || !hex_decode(hex, bytes, hex.size / 2))
        return err_set(err, RC_INVALID, "signature: is an image in hexadecimal digits");
    *out = view_of(bytes, hex.size / 2);
    return RC_OK;
}

/* ---- lists ---- */

static void add_place(struct json *to, const struct visit *visit, uint64_t area) {
    struct view name = succession_name(tablet_areas(visit->tablet), area);

    add_area(to, "area", area);
    if (name.size > 0)
        json_add_view(to, "area_name", name);
}

static enum rc add_listed(struct json *list, struct visit *visit, const struct listed *listed,
                          enum lang lang, struct err *err) {
    struct meeting_seen at;
    struct arena arena;
    struct json *to;
    enum rc rc;

    arena_init(&arena, FACE_ARENA_BYTES);
    rc = meeting_see(visit->session, listed->id, &arena, &at, err);
    if (rc == RC_UNSUPPORTED) { /* its form has not come: it is no meeting to us yet */
        err_clear(err);
        rc = RC_OK;
    } else if (rc == RC_OK) {
        to = json_add_object(list, NULL);
        add_dot(to, "id", listed->id);
        json_add_view(to, "title", at.meeting.title);
        add_place(to, visit, listed->area);
        json_add_text(to, "state", meeting_state_name(at.meeting.state));
        json_add_text(to, "state_words", words(lang, meeting_state_words(at.meeting.state)));
        json_add_int(to, "households", at.meeting.item_count);
        json_add_int(to, "due", vote_seats_count(at.meeting.expected));
        json_add_int(to, "present", vote_seats_count(at.meeting.present & at.meeting.expected));
        add_time(to, "changed", listed->changed_ms);
        json_add_bool(to, "pending", listed->pending);
    }
    arena_release(&arena);
    return rc;
}

enum rc web_meetings(struct web_call *call, struct err *err) {
    const struct list_query query = {.form_name = view_text(MEETING_FORM), .limit = MEETINGS_MAX};
    struct json *document = json_object(), *list = json_add_array(document, "meetings");
    uint32_t count = 0, total = 0;
    struct listed *listed;
    struct visit visit;
    enum rc rc = web_visit(call, &visit, err);

    if (rc == RC_OK)
        rc = session_list(visit.session, &query, &visit.arena, &listed, &count, &total, err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        rc = add_listed(list, &visit, &listed[i], call->exchange->request.lang, err);
    if (rc == RC_OK) {
        json_add_int(document, "total", total);
        rc = web_reply(call, document, err);
        document = NULL;
    }
    json_free(document);
    visit_close(&visit);
    return rc;
}

/* ---- one meeting ---- */

/* The first answer to a question: its text into the document, nothing where there is none. */
static void add_answer(struct json *to, const char *key, const struct reading *reading,
                       struct instance_id instance, const char *path) {
    uint16_t field = meeting_field(reading->form, path);
    const struct cell *cell = field == 0 ? NULL : reading_cell(reading, instance, field);
    const struct value *value = NULL;
    struct buf text;

    if (cell != NULL && cell->kind == CELL_VALUE)
        value = &cell->value;
    else if (cell != NULL && cell->kind == CELL_SET && cell->version_count > 0)
        value = &cell->versions[0]->value;
    if (value == NULL)
        return;
    buf_init(&text, LIMIT_VALUE_BYTES);
    value_text(value, &text);
    if (text.size > 0)
        json_add_buf(to, key, &text);
    buf_release(&text);
}

static void add_set(struct json *to, const char *key, const struct reading *reading,
                    const char *path) {
    uint16_t field = meeting_field(reading->form, path);
    const struct cell *cell =
        field == 0 ? NULL : reading_cell(reading, (struct instance_id){.ordinal = 0}, field);
    struct json *list = json_add_array(to, key);

    for (uint32_t i = 0; cell != NULL && cell->kind == CELL_SET && i < cell->version_count; i++)
        json_add_view(list, NULL, cell->versions[i]->value.bytes);
}

/* What the papers have beside the result: times, names and signatures. */
static void add_papers(struct json *document, const struct meeting *meeting) {
    const struct instance_id root = {.ordinal = 0};
    const struct reading *reading = meeting->reading;
    uint16_t repeat = meeting_field(reading->form, "signed");
    struct json *to = json_add_object(document, "papers"), *list;
    char path[16], seat[16];

    add_answer(to, "begun", reading, root, "begun");
    add_answer(to, "ended", reading, root, "ended");
    for (unsigned step = 1; step <= MEETING_STEPS; step++) {
        snprintf(path, sizeof(path), "step%u_at", step);
        add_answer(to, path, reading, root, path);
    }
    add_set(to, "tellers", reading, "tellers");
    add_set(to, "minutes", reading, "minutes");
    list = json_add_object(to, "signatures");
    for (uint32_t i = 0; i < meeting->member_count; i++) {
        snprintf(seat, sizeof(seat), "%u", meeting->members[i].seat);
        if (json_get(list, seat) == NULL)
            add_answer(list, seat, reading, meeting->members[i].id, "member/signature");
    }
    list = json_add_array(to, "signers");
    for (uint32_t i = 0; i < reading->instance_count; i++) {
        const struct seen_instance *seen = &reading->instances[i];
        struct json *signer;

        if (seen->repeat != repeat || seen->removed)
            continue;
        signer = json_add_object(list, NULL);
        add_answer(signer, "role", reading, seen->id, "signed/signer");
        add_answer(signer, "name", reading, seen->id, "signed/name");
        add_answer(signer, "signature", reading, seen->id, "signed/signature");
    }
}

/* So that a telephone reads from the paper what the county must have, too. */
static enum rc add_qr(struct json *document, const struct meeting *meeting, struct err *err) {
    char text[16 + 2 * CRYPT_HASH_BYTES + DOT_TEXT_BYTES], id[DOT_TEXT_BYTES];
    char hex[2 * CRYPT_HASH_BYTES + 1];
    uint8_t hash[CRYPT_HASH_BYTES];
    unsigned size = 0;
    struct json *to;
    struct buf path;
    enum rc rc;

    if (!meeting_result_hash(meeting, hash))
        return RC_OK;
    hex_encode(view_of(hash, sizeof(hash)), hex);
    dot_text(meeting->id, id);
    snprintf(text, sizeof(text), "YG %s %s", id, hex);
    buf_init(&path, 64u * 1024u);
    rc = qr_path(view_text(text), &size, &path, err);
    if (rc == RC_OK) {
        to = json_add_object(document, "result_qr");
        json_add_int(to, "size", size);
        json_add_buf(to, "path", &path);
    }
    buf_release(&path);
    return rc;
}

enum rc web_meeting(struct web_call *call, struct err *err) {
    struct web_meeting_at at = {0};
    struct json *document = json_object();
    enum rc rc = web_at_meeting(call, &at, err);

    if (rc == RC_OK)
        rc = meeting_json(&at.at.meeting, call->exchange->request.lang, &at.visit.arena, document,
                          err);
    if (rc == RC_OK) {
        add_place(document, &at.visit, at.at.seen.area);
        json_add_bool(document, "pending", at.at.seen.pending);
        add_papers(document, &at.at.meeting);
        rc = add_qr(document, &at.at.meeting, err);
    }
    if (rc == RC_OK) {
        rc = web_reply(call, document, err);
        document = NULL;
    }
    json_free(document);
    visit_close(&at.visit);
    return rc;
}

/* ---- the rules that hold today ---- */

enum rc web_rules(struct web_call *call, struct err *err) {
    struct json *document;
    struct vote_rules rules;
    const struct form *form;
    struct visit visit;
    struct buf text;
    uint64_t area = 0;
    enum rc rc = web_visit(call, &visit, err);

    buf_init(&text, 64);
    if (rc == RC_OK)
        rc = web_filter(call, "area", &text, err);
    if (rc == RC_OK)
        rc = area_parse(buf_view(&text), &area, err);
    if (rc == RC_OK) {
        form = tablet_form_named(visit.tablet, view_text(MEETING_FORM));
        rc = form == NULL
                 ? err_set(err, RC_NOT_FOUND, "%s: there is no such form here; see: yg-agent forms",
                           MEETING_FORM)
                 : meeting_rules_today(visit.session, form, area, &visit.arena, &rules, err);
    }
    if (rc == RC_OK) {
        document = json_object();
        vote_rules_json(&rules, document);
        rc = web_reply(call, document, err);
    }
    buf_release(&text);
    visit_close(&visit);
    return rc;
}

/* ---- calling one ---- */

struct new_meeting {
    struct meeting_plan plan;
    struct view tellers[MEETING_TELLERS_MAX];
    struct dot households[VOTE_ITEMS_MAX];
};

static enum rc read_lists(const struct web_call *call, struct new_meeting *at, struct err *err) {
    const struct json *item;
    enum rc rc = RC_OK;

    for (item = json_first(json_get(call->body, "tellers")); item != NULL; item = json_next(item)) {
        if (at->plan.teller_count == MEETING_TELLERS_MAX)
            return err_set(err, RC_LIMIT, "tellers: are more than %u", MEETING_TELLERS_MAX);
        at->tellers[at->plan.teller_count++] = json_text(item);
    }
    for (item = json_first(json_get(call->body, "households")); item != NULL && rc == RC_OK;
         item = json_next(item)) {
        if (at->plan.household_count == VOTE_ITEMS_MAX)
            return err_set(err, RC_LIMIT, "a meeting hears at most %u households", VOTE_ITEMS_MAX);
        rc = dot_parse(json_text(item), &at->households[at->plan.household_count++], err);
    }
    at->plan.tellers = at->tellers;
    at->plan.households = at->households;
    return rc;
}

static enum rc read_plan(const struct web_call *call, struct new_meeting *at, struct err *err) {
    const char *area, *panel;
    enum rc rc = web_need(call, "area", &area, err);

    if (rc == RC_OK)
        rc = area_parse(view_text(area), &at->plan.area, err);
    if (rc == RC_OK)
        rc = web_need(call, "panel", &panel, err);
    if (rc == RC_OK)
        rc = dot_parse(view_text(panel), &at->plan.panel, err);
    if (rc == RC_OK)
        rc = take_text(call, "title", &at->plan.title, err);
    if (rc == RC_OK)
        rc = take_text(call, "place", &at->plan.place, err);
    if (rc == RC_OK)
        rc = take_text(call, "chair", &at->plan.chair, err);
    if (rc == RC_OK)
        rc = take_text(call, "recorder", &at->plan.recorder, err);
    if (rc == RC_OK)
        rc = take_text(call, "observer", &at->plan.observer, err);
    return rc == RC_OK ? read_lists(call, at, err) : rc;
}

enum rc web_meeting_new(struct web_call *call, struct err *err) {
    struct new_meeting at = {0};
    struct visit visit;
    struct dot id;
    struct json *document;
    enum rc rc = read_plan(call, &at, err);

    if (rc != RC_OK)
        return rc;
    rc = web_visit(call, &visit, err);
    if (rc == RC_OK) {
        at.plan.area = succession_of(tablet_areas(visit.tablet), at.plan.area);
        rc = meeting_new(visit.session, &at.plan, &id, err);
    }
    visit_close(&visit);
    if (rc != RC_OK)
        return rc;
    document = json_object();
    add_dot(document, "id", id);
    return web_reply(call, document, err);
}

enum rc web_meeting_household(struct web_call *call, struct err *err) {
    struct web_meeting_at at = {0};
    struct dot household;
    const char *text;
    enum rc rc = web_need(call, "household", &text, err);

    if (rc == RC_OK)
        rc = dot_parse(view_text(text), &household, err);
    if (rc != RC_OK)
        return rc;
    rc = web_at_meeting(call, &at, err);
    if (rc == RC_OK)
        rc = meeting_add_household(at.visit.session, at.id, household, err);
    return web_meeting_end(call, &at, rc, err);
}

/* ---- in the room ---- */

enum rc web_meeting_open(struct web_call *call, struct err *err) {
    struct web_meeting_at at = {0};
    enum rc rc = web_at_meeting(call, &at, err);

    if (rc == RC_OK)
        rc = meeting_open(at.visit.session, at.id, err);
    return web_meeting_end(call, &at, rc, err);
}

enum rc web_meeting_sign_in(struct web_call *call, struct err *err) {
    struct web_meeting_at at = {0};
    struct view signature = {0};
    uint64_t seats = 0;
    enum rc rc = web_seats(call, "seats", &seats, err);

    if (rc != RC_OK)
        return rc;
    rc = web_at_meeting(call, &at, err);
    if (rc == RC_OK)
        rc = take_signature(json_get(call->body, "signature"), &at.visit.arena, &signature, err);
    if (rc == RC_OK)
        rc = meeting_sign_in(at.visit.session, at.id, seats, signature, err);
    return web_meeting_end(call, &at, rc, err);
}

enum rc web_meeting_recuse(struct web_call *call, struct err *err) {
    const struct meeting_item *item = NULL;
    struct web_meeting_at at = {0};
    uint64_t seat = 0, reason = 0;
    enum rc rc = web_number(call, "seat", VOTE_SEATS_MAX, 0, &seat, err);

    if (rc == RC_OK)
        rc = web_number(call, "reason", 9, 0, &reason, err);
    if (rc != RC_OK)
        return rc;
    rc = web_at_meeting(call, &at, err);
    if (rc == RC_OK)
        rc = web_item(call, &at.at.meeting, &item, err);
    if (rc == RC_OK)
        rc = meeting_recuse(at.visit.session, at.id, item->id, (uint32_t)seat, (uint32_t)reason,
                            err);
    return web_meeting_end(call, &at, rc, err);
}

enum rc web_meeting_step(struct web_call *call, struct err *err) {
    struct web_meeting_at at = {0};
    uint64_t step = 0;
    enum rc rc = web_number(call, "step", MEETING_STEPS, 0, &step, err);

    if (rc != RC_OK)
        return rc;
    rc = web_at_meeting(call, &at, err);
    if (rc == RC_OK)
        rc = meeting_step(at.visit.session, at.id, (uint32_t)step, err);
    return web_meeting_end(call, &at, rc, err);
}

/* ---- signing ---- */

static enum rc read_signers(const struct web_call *call, struct arena *arena,
                            struct meeting_signer *out, uint32_t *count, struct err *err) {
    enum rc rc = RC_OK;

    *count = 0;
    for (const struct json *item = json_first(json_get(call->body, "signers"));
         item != NULL && rc == RC_OK; item = json_next(item)) {
        struct meeting_signer *signer = &out[*count];

        if (*count == VOTE_SEATS_MAX)
            return err_set(err, RC_LIMIT, "signers: are more than %u", VOTE_SEATS_MAX);
        signer->role = json_text(json_get(item, "role"));
        signer->name = json_text(json_get(item, "name"));
        if (signer->role.size == 0 || signer->name.size == 0)
            return err_set(err, RC_INVALID, "signers: each has a role and a name");
        rc = take_signature(json_get(item, "signature"), arena, &signer->signature, err);
        ++*count;
    }
    return rc;
}

enum rc web_meeting_sign(struct web_call *call, struct err *err) {
    struct meeting_signer signers[VOTE_SEATS_MAX];
    struct web_meeting_at at = {0};
    bool incomplete = false;
    uint32_t count = 0;
    enum rc rc = web_at_meeting(call, &at, err);

    (void)json_bool(json_get(call->body, "incomplete"), &incomplete);
    if (rc == RC_OK)
        rc = read_signers(call, &at.visit.arena, signers, &count, err);
    if (rc == RC_OK)
        rc = meeting_sign(at.visit.session, at.id, signers, count, incomplete, err);
    return web_meeting_end(call, &at, rc, err);
}
