/* meeting_json.c: see meeting_json.h. */
#include "schema/vote/meeting_json.h"

#include "base/text.h"
#include "base/words.h"

static void add_seats(struct json *object, const char *key, uint64_t seats) {
    struct json *list = json_add_array(object, key);

    for (unsigned seat = 1; seat <= VOTE_SEATS_MAX; seat++)
        if ((seats & vote_seat(seat)) != 0)
            json_add_int(list, NULL, seat);
}

static void add_instance(struct json *object, struct instance_id id) {
    char text[INSTANCE_TEXT_BYTES];

    instance_text(id, text);
    json_add_text(object, "id", text);
}

void vote_rules_json(const struct vote_rules *rules, struct json *object) {
    struct json *values, *unstated;
    char day[DATE_TEXT_BYTES];

    date_format(rules->valid_from, day);
    json_add_view(object, "profile", rules->profile);
    json_add_text(object, "valid_from", day);
    values = json_add_object(object, "values");
    unstated = json_add_array(object, "unstated");
    for (unsigned r = 0; r < VOTE_RULE_COUNT; r++) {
        struct buf text;

        buf_init(&text, 100);
        vote_value_text((enum vote_rule)r, rules->values[r], &text);
        json_add_view(values, vote_rule_name((enum vote_rule)r), buf_view(&text));
        buf_release(&text);
        if ((rules->unstated >> r & 1) != 0)
            json_add_text(unstated, NULL, vote_rule_name((enum vote_rule)r));
    }
}

static void add_rules(const struct meeting *meeting, struct json *object) {
    char hex[2 * CRYPT_HASH_BYTES + 1];
    struct json *to;

    if (!meeting->has_rules) {
        json_add_null(object, "rules");
        return;
    }
    to = json_add_object(object, "rules");
    vote_rules_json(&meeting->rules, to);
    hex_encode(view_of(meeting->rules_hash, CRYPT_HASH_BYTES), hex);
    json_add_text(to, "hash", hex);
}

static void add_members(const struct meeting *meeting, struct json *object) {
    struct json *list = json_add_array(object, "members");

    for (uint32_t i = 0; i < meeting->member_count; i++) {
        const struct meeting_member *member = &meeting->members[i];
        struct json *to = json_add_object(list, NULL);

        add_instance(to, member->id);
        json_add_int(to, "seat", member->seat);
        json_add_view(to, "name", member->name);
        json_add_int(to, "category", member->category);
        json_add_bool(to, "present", member->present);
        json_add_bool(to, "signed", member->has_signature);
    }
}

static void add_counts(const struct tally *tally, struct json *to) {
    static const char *const reasons[VOTE_REASON_COUNT] = {"income",  "property", "members",
                                                           "support", "hidden",   "other"};
    struct json *list;

    json_add_bool(to, "withheld", tally->withheld);
    if (tally->withheld || tally->state == TALLY_OPEN) {
        json_add_null(to, "yes");
        json_add_null(to, "no");
        json_add_null(to, "abstain");
    } else {
        json_add_int(to, "yes", tally->yes);
        json_add_int(to, "no", tally->no);
        json_add_int(to, "abstain", tally->abstain);
    }
    json_add_int(to, "invalid", tally->invalid);
    json_add_int(to, "unused", tally->unused);
    if (tally->reasons_withheld || tally->state == TALLY_OPEN) {
        json_add_null(to, "reasons");
        return;
    }
    list = json_add_object(to, "reasons");
    for (unsigned r = 0; r < VOTE_REASON_COUNT; r++)
        json_add_int(list, reasons[r], tally->reasons[r]);
}

static void add_figures(const struct tally *tally, struct json *to) {
    struct json *voids;

    json_add_int(to, "eligible", tally->eligible);
    json_add_int(to, "present", tally->present);
    json_add_int(to, "expected", tally->expected);
    json_add_int(to, "recused", tally->recused);
    json_add_int(to, "base", tally->base);
    json_add_int(to, "needed", tally->needed);
    json_add_bool(to, "quorum_ok", tally->quorum_ok);
    json_add_bool(to, "composition_ok", tally->composition_ok);
    json_add_int(to, "late", tally->late);
    json_add_int(to, "repeated", tally->repeated);
    json_add_int(to, "tablets", tally->batches);
    add_seats(to, "missing", tally->missing);
    add_seats(to, "twice", tally->twice);
    voids = json_add_array(to, "voids");
    for (uint32_t i = 0; i < TALLY_VOID_BITS; i++)
        if ((tally->voids >> i & 1) != 0)
            json_add_text(voids, NULL, tally_void_name((enum tally_void)(1u << i)));
}

static enum rc add_result(const struct meeting *meeting, const struct meeting_item *item,
                          enum lang lang, struct arena *arena, struct json *object,
                          struct err *err) {
    struct json *to = json_add_object(object, "result"), *list;
    const struct tally_part *parts;
    struct tally tally;
    uint32_t count = 0;
    enum rc rc = RC_OK;

    meeting_tally(meeting, item, &tally);
    json_add_text(to, "state", tally_state_name((enum tally_state)tally.state));
    json_add_text(to, "state_words", words(lang, tally_state_words((enum tally_state)tally.state)));
    json_add_text(to, "next", tally_next_name((enum tally_next)tally.next));
    json_add_text(to, "next_words", words(lang, tally_next_words((enum tally_next)tally.next)));
    add_counts(&tally, to);
    add_figures(&tally, to);
    list = json_add_array(to, "parts");
    if (meeting->has_rules)
        rc = tally_explain(&tally, &meeting->rules, lang, arena, &parts, &count, err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        struct json *part = json_add_object(list, NULL);

        json_add_text(part, "kind", parts[i].kind);
        json_add_bool(part, "ok", parts[i].ok);
        json_add_view(part, "text", parts[i].text);
    }
    return rc;
}

static enum rc add_items(const struct meeting *meeting, enum lang lang, struct arena *arena,
                         struct json *object, struct err *err) {
    struct json *list = json_add_array(object, "items");
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < meeting->item_count && rc == RC_OK; i++) {
        const struct meeting_item *item = &meeting->items[i];
        struct json *to = json_add_object(list, NULL);
        uint64_t voters = meeting->expected & meeting->present & ~item->recused;

        add_instance(to, item->id);
        json_add_int(to, "position", (int64_t)i + 1);
        json_add_view(to, "household", item->household);
        json_add_view(to, "subject", item->subject);
        json_add_view(to, "presenter", item->presenter);
        json_add_bool(to, "attended", item->attended);
        json_add_bool(to, "disputed", item->disputed);
        add_seats(to, "recused", item->recused);
        json_add_bool(to, "few",
                      meeting->has_rules && (int64_t)vote_seats_count(voters) <
                                                vote_number(&meeting->rules, VOTE_SECRECY_MIN));
        rc = add_result(meeting, item, lang, arena, to, err);
    }
    return rc;
}

static void add_problems(const struct meeting *meeting, enum lang lang, struct json *object) {
    struct json *list = json_add_array(object, "problems");

    for (uint32_t i = 0; i < MEETING_PROBLEM_BITS; i++) {
        enum meeting_problem bit = (enum meeting_problem)(1u << i);
        struct json *to;

        if ((meeting->problems & bit) == 0)
            continue;
        to = json_add_object(list, NULL);
        json_add_text(to, "name", meeting_problem_name(bit));
        json_add_text(to, "text", words(lang, meeting_problem_words(bit)));
    }
}

static void add_head(const struct meeting *meeting, enum lang lang, struct json *object) {
    const char *mode = vote_mode_name(meeting->mode);
    char id[DOT_TEXT_BYTES];
    struct json *steps;

    dot_text(meeting->id, id);
    json_add_text(object, "id", id);
    json_add_view(object, "title", meeting->title);
    json_add_text(object, "state", meeting_state_name(meeting->state));
    json_add_text(object, "state_words", words(lang, meeting_state_words(meeting->state)));
    if (mode != NULL)
        json_add_text(object, "mode", mode);
    else
        json_add_null(object, "mode");
    json_add_view(object, "panel", meeting->panel);
    json_add_view(object, "place", meeting->place);
    json_add_view(object, "chair", meeting->chair);
    json_add_view(object, "recorder", meeting->recorder);
    json_add_view(object, "observer", meeting->observer);
    json_add_int(object, "tellers", meeting->teller_count);
    json_add_int(object, "roster", meeting->roster);
    json_add_bool(object, "sealed", meeting->sealed);
    steps = json_add_array(object, "steps");
    for (unsigned step = 0; step < MEETING_STEPS; step++)
        json_add_bool(steps, NULL, (meeting->steps >> step & 1) != 0);
}

enum rc meeting_json(const struct meeting *meeting, enum lang lang, struct arena *arena,
                     struct json *object, struct err *err) {
    char hex[2 * CRYPT_HASH_BYTES + 1];
    uint8_t hash[CRYPT_HASH_BYTES];
    enum rc rc;

    add_head(meeting, lang, object);
    add_rules(meeting, object);
    add_members(meeting, object);
    rc = add_items(meeting, lang, arena, object, err);
    add_problems(meeting, lang, object);
    if (meeting_result_hash(meeting, hash)) {
        hex_encode(view_of(hash, sizeof(hash)), hex);
        json_add_text(object, "result_hash", hex);
        hex[8] = '\0';
        json_add_text(object, "result_short", hex);
    } else {
        json_add_null(object, "result_hash");
        json_add_null(object, "result_short");
    }
    return rc;
}
