/* meeting.c: see meeting.h. What is in conflict has no value here: it is a problem of its own. */
#include "schema/vote/meeting.h"

#include "base/planted.h"
#include "base/text.h"
#include "base/words.h"

#include <stdlib.h>

struct gather {
    const struct reading *reading;
    const struct form *form;
    struct arena *arena;
    struct meeting *out;
};

const char *meeting_state_name(unsigned state) {
    static const char *const names[] = {"planned", "open", "voting", "closed", "signed"};

    return state <= MEETING_SIGNED ? names[state] : "?";
}

const char *meeting_state_words(unsigned state) {
    static const char *const texts[] = {WORD("planned"), WORD("open"), WORD("voting"),
                                        WORD("voting is over"), WORD("signed")};

    return state <= MEETING_SIGNED ? texts[state] : "?";
}

const char *meeting_step_words(unsigned step) {
    static const char *const texts[MEETING_STEPS] = {
        WORD("the rules are explained"),  WORD("the facts are reported"),
        WORD("questions and discussion"), WORD("the vote"),
        WORD("the result is announced"),  WORD("everybody signs")};

    return step >= 1 && step <= MEETING_STEPS ? texts[step - 1] : "?";
}

const char *meeting_recusal_words(unsigned reason) {
    return reason == 1   ? WORD("near relative")
           : reason == 2 ? WORD("has an interest")
           : reason == 3 ? WORD("own application")
                         : WORD("other reason");
}

static const struct {
    const char *name, *text;
} problems[MEETING_PROBLEM_BITS] = {
    {"no_rules", WORD("the rules that the meeting was opened under are missing or in question")},
    {"rules_hash", WORD("the rules are not those that were written down at the opening")},
    {"no_chair", WORD("nobody is named as chair")},
    {"no_recorder", WORD("nobody is named as recorder")},
    {"few_tellers", WORD("fewer tellers than the rules ask for")},
    {"no_observer", WORD("nobody of the county or township watched")},
    {"seats", WORD("two members have one seat, or one has none")},
    {"broken_votes", WORD("the result of a tablet cannot be read, or is of another meeting")},
    {"late", WORD("the result of a tablet came after the sealing and is not counted")},
    {"conflict", WORD("something in the record is in question; see its conflicts")},
    {"not_signed", WORD("voting is over, and the record is not sealed")},
    {"unsigned_seats", WORD("somebody was present and has not signed")},
    {"steps", WORD("not all of the six steps are recorded")},
    {"voided", WORD("a round of voting was void and was held again")},
    {"twice", WORD("a household stands twice on the agenda")},
};

static uint32_t bit_index(enum meeting_problem bit) {
    uint32_t index = 0;

    while (index + 1 < MEETING_PROBLEM_BITS && (uint32_t)bit >> index != 1)
        index++;
    return index;
}

const char *meeting_problem_name(enum meeting_problem bit) {
    return problems[bit_index(bit)].name;
}

const char *meeting_problem_words(enum meeting_problem bit) {
    return problems[bit_index(bit)].text;
}

uint16_t meeting_field(const struct form *form, const char *path) {
    const struct form_field *field = form_field_by_path(form, view_text(path));

    return field == NULL ? 0 : field->number;
}

/* ---- cells ---- */

static const struct cell *cell_at(const struct gather *at, struct instance_id instance,
                                  const char *path) {
    uint16_t field = meeting_field(at->form, path);

    return field == 0 ? NULL : reading_cell(at->reading, instance, field);
}

static struct view text_at(const struct gather *at, struct instance_id instance, const char *path) {
    const struct cell *cell = cell_at(at, instance, path);

    return cell != NULL && cell->kind == CELL_VALUE && cell->value.type == VALUE_TEXT
               ? cell->value.bytes
               : (struct view){0};
}

static int64_t number_at(const struct gather *at, struct instance_id instance, const char *path) {
    const struct cell *cell = cell_at(at, instance, path);
    int64_t number = 0;

    if (cell == NULL || cell->kind != CELL_VALUE)
        return 0;
    if (cell->value.type == VALUE_INT)
        return cell->value.number;
    return cell->value.type == VALUE_TEXT && parse_i64(cell->value.bytes, &number) ? number : 0;
}

static uint32_t set_size(const struct gather *at, struct instance_id instance, const char *path) {
    const struct cell *cell = cell_at(at, instance, path);

    return cell != NULL && cell->kind == CELL_SET ? cell->version_count : 0;
}

static const struct instance_id root = {.ordinal = 0};

/* ---- members and items ---- */

static int by_seat(const void *left, const void *right) {
    const struct meeting_member *a = left, *b = right;

    if (a->seat != b->seat)
        return a->seat < b->seat ? -1 : 1;
    return instance_compare(a->id, b->id);
}

static int by_order(const void *left, const void *right) {
    const struct meeting_item *a = left, *b = right;

    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    return instance_compare(a->id, b->id);
}

static void note_seat(struct meeting *out, const struct meeting_member *member) {
    uint64_t seat = vote_seat(member->seat);

    if (seat == 0 || (out->expected & seat) != 0)
        out->problems |= MEETING_SEATS;
    out->expected |= seat;
    if (member->present)
        out->present |= seat;
    if (member->present && !member->has_signature)
        out->problems |= MEETING_UNSIGNED_SEATS;
    if (member->category == PANEL_REPRESENTATIVE)
        out->reps |= seat;
    if (member->category == PANEL_COMMITTEE)
        out->committee |= seat;
}

static enum rc read_members(struct gather *at, struct err *err) {
    uint16_t repeat = meeting_field(at->form, "member");
    struct meeting_member *members = NULL;
    uint32_t capacity = 0;

    for (uint32_t i = 0; i < at->reading->instance_count; i++) {
        const struct seen_instance *seen = &at->reading->instances[i];
        struct meeting_member *member;
        int64_t seat, category;

        if (seen->repeat != repeat || seen->removed)
            continue;
        member =
            arena_push(at->arena, &members, &at->out->member_count, &capacity, sizeof(*member));
        if (member == NULL)
            return arena_check(at->arena, "a meeting", err);
        seat = number_at(at, seen->id, "member/seat");
        category = number_at(at, seen->id, "member/category");
        *member = (struct meeting_member){
            .id = seen->id,
            .seat = seat >= 1 && seat <= (int64_t)VOTE_SEATS_MAX ? (uint32_t)seat : 0,
            .category = category >= 1 && category <= PANEL_CATEGORY_LAST ? (uint8_t)category : 0,
            .name = text_at(at, seen->id, "member/name"),
            .roster = text_at(at, seen->id, "member/roster"),
            .present = number_at(at, seen->id, "member/present") == 1,
            .has_signature = set_size(at, seen->id, "member/signature") > 0,
        };
        note_seat(at->out, member);
    }
    if (at->out->member_count > 0)
        qsort(members, at->out->member_count, sizeof(*members), by_seat);
    at->out->members = members;
    return RC_OK;
}

/* Elements are "SEAT REASON". */
static uint64_t recused_at(const struct gather *at, struct instance_id item) {
    const struct cell *cell = cell_at(at, item, "item/recused");
    uint64_t seats = 0;

    for (uint32_t i = 0; cell != NULL && cell->kind == CELL_SET && i < cell->version_count; i++) {
        size_t from = 0;
        int64_t seat = 0;

        if (parse_i64(text_word(cell->versions[i]->value.bytes, &from), &seat) && seat >= 1 &&
            seat <= (int64_t)VOTE_SEATS_MAX)
            seats |= vote_seat((unsigned)seat);
    }
    return seats;
}

static enum rc read_items(struct gather *at, struct err *err) {
    uint16_t repeat = meeting_field(at->form, "item");
    struct meeting_item *items = NULL;
    uint32_t capacity = 0;

    for (uint32_t i = 0; i < at->reading->instance_count; i++) {
        const struct seen_instance *seen = &at->reading->instances[i];
        struct meeting_item *item;

        if (seen->repeat != repeat || seen->removed)
            continue;
        item = arena_push(at->arena, &items, &at->out->item_count, &capacity, sizeof(*item));
        if (item == NULL)
            return arena_check(at->arena, "a meeting", err);
        *item = (struct meeting_item){
            .id = seen->id,
            .household = text_at(at, seen->id, "item/household"),
            .subject = text_at(at, seen->id, "item/subject"),
            .presenter = text_at(at, seen->id, "item/presenter"),
            .order = number_at(at, seen->id, "item/order"),
            .recused = recused_at(at, seen->id),
            .attended = number_at(at, seen->id, "item/attended") == 1,
            .disputed = number_at(at, seen->id, "item/disputed") == 1,
            .note_count = set_size(at, seen->id, "item/notes"),
        };
        for (uint32_t k = 0; k + 1 < at->out->item_count; k++)
            if (view_equal(items[k].household, item->household))
                at->out->problems |= MEETING_TWICE;
    }
    if (at->out->item_count > 0)
        qsort(items, at->out->item_count, sizeof(*items), by_order);
    at->out->items = items;
    return RC_OK;
}

/* ---- votes ---- */

/* What a batch names is called as its tablet called it when it counted. Where a copy of the tablet
 * had used the numbers first, the record has got another name since, and so have its items: they
 * keep their numbers. *ours: it is not of another meeting. */
static enum rc name_now(const struct gather *at, struct vote_batch *batch, bool *ours,
                        struct err *err) {
    const struct meeting *meeting = at->out;
    bool named = dot_equal(batch->meeting, meeting->id), known = true;
    struct vote_item_count *items;

    for (uint32_t i = 0; i < batch->item_count; i++)
        known = known && meeting_item(meeting, batch->items[i].item) != NULL;
    *ours = batch->meeting.number == meeting->id.number;
    if (PLANTED(FORMER_NAME))
        *ours = named;
    if ((named && known) || !*ours)
        return RC_OK;
    items = arena_array(at->arena, batch->item_count + 1u, sizeof(*items));
    if (items == NULL)
        return arena_check(at->arena, "a meeting", err);
    for (uint32_t i = 0; i < batch->item_count; i++) {
        items[i] = batch->items[i];
        items[i].item = meeting_item_now(meeting, items[i].item);
        *ours = *ours && (named || meeting_item(meeting, items[i].item) != NULL);
    }
    if (batch->item_count > 1)
        qsort(items, batch->item_count, sizeof(*items), vote_item_order);
    batch->items = items;
    return RC_OK;
}

static enum rc hear(struct gather *at, const struct version *version, bool late,
                    struct vote_heard **heard, uint32_t *capacity, struct err *err) {
    struct vote_batch *batch = arena_alloc(at->arena, sizeof(*batch));
    struct vote_heard *entry;
    struct err ignored;
    bool ours = false;
    enum rc rc;

    if (batch == NULL)
        return arena_check(at->arena, "a meeting", err);
    err_init(&ignored, LANG_EN);
    rc = vote_batch_parse(version->value.type == VALUE_TEXT ? version->value.bytes
                                                            : (struct view){0},
                          at->arena, batch, &ignored);
    if (rc == RC_NO_MEMORY || rc == RC_LIMIT)
        return err_set(err, rc, "out of memory");
    if (rc == RC_OK) {
        rc = name_now(at, batch, &ours, err);
        if (rc != RC_OK)
            return rc;
    }
    if (!ours || at->out->heard_count == VOTE_BATCHES_MAX) {
        at->out->problems |= MEETING_BROKEN_VOTES;
        return RC_OK;
    }
    entry = arena_push(at->arena, heard, &at->out->heard_count, capacity, sizeof(*entry));
    if (entry == NULL)
        return arena_check(at->arena, "a meeting", err);
    *entry = (struct vote_heard){.batch = batch, .late = late, .text = version->value.bytes};
    return RC_OK;
}

static int by_name(const struct vote_heard *a, const struct vote_heard *b) {
    return memcmp(a->batch->hash, b->batch->hash, CRYPT_HASH_BYTES);
}

/* The same ones together, those in time first. */
static int by_hash(const void *left, const void *right) {
    const struct vote_heard *a = left, *b = right;
    int order = by_name(a, b);

    return order != 0 ? order : (int)a->late - (int)b->late;
}

static enum rc read_votes(struct gather *at, struct err *err) {
    const struct cell *cell = cell_at(at, root, "votes");
    uint16_t field = meeting_field(at->form, "votes");
    struct vote_heard *heard = NULL;
    uint32_t capacity = 0;
    enum rc rc = RC_OK;

    for (uint32_t i = 0;
         rc == RC_OK && cell != NULL && cell->kind == CELL_SET && i < cell->version_count; i++)
        rc = hear(at, cell->versions[i], false, &heard, &capacity, err);
    for (uint32_t i = 0; rc == RC_OK && i < at->reading->late_count; i++)
        if (at->reading->late[i]->field == field)
            rc = hear(at, at->reading->late[i], true, &heard, &capacity, err);
    if (at->out->heard_count > 0)
        qsort(heard, at->out->heard_count, sizeof(*heard), by_hash);
    /* What was carried over on the spot comes by the county, too: that is late, and no news. */
    for (uint32_t i = 0; i < at->out->heard_count; i++)
        if (heard[i].late && (i == 0 || by_name(&heard[i - 1], &heard[i]) != 0))
            at->out->problems |= MEETING_LATE;
    at->out->heard = heard;
    return rc;
}

/* ---- the whole ---- */

static enum rc read_rules(struct gather *at, struct err *err) {
    struct view text = text_at(at, root, "rules"), hash = text_at(at, root, "rules_hash");
    struct meeting *out = at->out;
    uint8_t wanted[CRYPT_HASH_BYTES];
    struct err ignored;
    enum rc rc = RC_NOT_FOUND;

    err_init(&ignored, LANG_EN);
    if (text.size > 0)
        rc = vote_rules_parse(text, &out->rules, &ignored);
    if (rc == RC_NO_MEMORY)
        return err_set(err, rc, "out of memory");
    if (rc == RC_OK) {
        out->has_rules = true;
        vote_rules_hash(text, out->rules_hash);
        if (!hex_decode(hash, wanted, sizeof(wanted)) ||
            memcmp(wanted, out->rules_hash, sizeof(wanted)) != 0)
            out->problems |= MEETING_RULES_HASH;
    } else if (out->state > MEETING_PLANNED) {
        out->problems |= MEETING_NO_RULES;
    }
    return RC_OK;
}

static void read_head(struct gather *at) {
    struct meeting *out = at->out;
    int64_t state = number_at(at, root, "state"), roster = number_at(at, root, "roster_size");

    out->title = text_at(at, root, "title");
    out->panel = text_at(at, root, "panel");
    out->join_code = text_at(at, root, "join_code");
    out->place = text_at(at, root, "place");
    out->chair = text_at(at, root, "chair");
    out->recorder = text_at(at, root, "recorder");
    out->observer = text_at(at, root, "observer");
    out->state = state >= 0 && state <= MEETING_SIGNED ? (uint8_t)state : 0;
    out->mode = (uint8_t)vote_mode_parse(text_at(at, root, "mode"));
    out->roster = roster > 0 && roster < 100000 ? (uint32_t)roster : 0;
    out->teller_count = set_size(at, root, "tellers");
    out->minutes_count = set_size(at, root, "minutes");
    out->photo_count = set_size(at, root, "photos");
    out->voided_count = set_size(at, root, "voided");
    for (unsigned step = 1; step <= MEETING_STEPS; step++) {
        char path[16] = "step0";

        path[4] = (char)('0' + step);
        if (number_at(at, root, path) == 1)
            out->steps |= 1u << (step - 1);
    }
    for (uint32_t i = 0; i < at->reading->instance_count; i++)
        if (at->reading->instances[i].repeat == meeting_field(at->form, "signed") &&
            !at->reading->instances[i].removed)
            out->signature_count++;
}

/* What a meeting that is over must have. */
static void find_problems(struct gather *at) {
    struct meeting *out = at->out;

    if (at->reading->conflict_count > 0)
        out->problems |= MEETING_CONFLICT;
    if (out->state == MEETING_PLANNED)
        return;
    if (out->chair.size == 0)
        out->problems |= MEETING_NO_CHAIR;
    if (out->recorder.size == 0)
        out->problems |= MEETING_NO_RECORDER;
    if (out->has_rules && (int64_t)out->teller_count < vote_number(&out->rules, VOTE_TELLERS))
        out->problems |= MEETING_FEW_TELLERS;
    if (out->has_rules && vote_number(&out->rules, VOTE_OBSERVER) != 0 && out->observer.size == 0)
        out->problems |= MEETING_NO_OBSERVER;
    if (out->voided_count > 0)
        out->problems |= MEETING_VOIDED;
    if (out->state >= MEETING_CLOSED && !out->sealed)
        out->problems |= MEETING_NOT_SIGNED;
    if (out->state >= MEETING_CLOSED && out->steps != (1u << MEETING_STEPS) - 1u)
        out->problems |= MEETING_STEPS_MISSING;
}

enum rc meeting_read(const struct reading *reading, struct arena *arena, struct meeting *out,
                     struct err *err) {
    struct gather at = {.reading = reading, .form = reading->form, .arena = arena, .out = out};
    enum rc rc;

    *out = (struct meeting){.reading = reading, .id = reading->record->id};
    if (reading->form == NULL || !view_is(reading->form->name, MEETING_FORM))
        return err_set(err, RC_UNSUPPORTED, "this record is not an evaluation meeting");
    for (uint32_t i = 0; i < reading->form->scope_count; i++)
        if (view_is(reading->form->scopes[i], MEETING_SCOPE))
            out->sealed = (reading->sealed_scopes >> i & 1) != 0;
    read_head(&at);
    rc = read_rules(&at, err);
    if (rc == RC_OK)
        rc = read_members(&at, err);
    if (rc == RC_OK)
        rc = read_items(&at, err);
    if (rc == RC_OK)
        rc = read_votes(&at, err);
    if (rc == RC_OK)
        find_problems(&at);
    return rc;
}

/* ---- results ---- */

void meeting_facts(const struct meeting *meeting, const struct meeting_item *item,
                   struct vote_facts *out) {
    *out = (struct vote_facts){
        .expected = meeting->expected,
        .present = meeting->present,
        .recused = item->recused,
        .reps = meeting->reps,
        .committee = meeting->committee,
        .roster = meeting->roster,
    };
    memcpy(out->rules, meeting->rules_hash, sizeof(out->rules));
}

void meeting_tally(const struct meeting *meeting, const struct meeting_item *item,
                   struct tally *out) {
    struct vote_facts facts;

    *out = (struct tally){0};
    if (!meeting->has_rules)
        return;
    meeting_facts(meeting, item, &facts);
    tally_count(&meeting->rules, &facts, item->id, meeting->heard, meeting->heard_count, out);
}

const struct meeting_item *meeting_item(const struct meeting *meeting, struct instance_id id) {
    for (uint32_t i = 0; i < meeting->item_count; i++)
        if (instance_equal(meeting->items[i].id, id))
            return &meeting->items[i];
    return NULL;
}

struct instance_id meeting_item_now(const struct meeting *meeting, struct instance_id id) {
    const struct meeting_item *found = NULL;
    uint32_t count = 0;

    for (uint32_t i = 0; i < meeting->item_count; i++) {
        const struct instance_id item = meeting->items[i].id;

        if (instance_equal(item, id))
            return id;
        if (item.dot.number == id.dot.number && item.ordinal == id.ordinal) {
            found = &meeting->items[i];
            count++;
        }
    }
    return count == 1 ? found->id : id;
}

const struct meeting_member *meeting_seat(const struct meeting *meeting, uint32_t seat) {
    for (uint32_t i = 0; i < meeting->member_count && seat != 0; i++)
        if (meeting->members[i].seat == seat)
            return &meeting->members[i];
    return NULL;
}

const struct meeting_item *meeting_household(const struct meeting *meeting, struct view household) {
    for (uint32_t i = 0; i < meeting->item_count; i++)
        if (view_equal(meeting->items[i].household, household))
            return &meeting->items[i];
    return NULL;
}

bool meeting_result_hash(const struct meeting *meeting, uint8_t out[CRYPT_HASH_BYTES]) {
    struct crypt_hasher hasher;
    const uint8_t *last = NULL;

    crypt_hasher_init(&hasher, "yg meeting result");
    for (uint32_t i = 0; i < meeting->heard_count; i++) {
        const struct vote_heard *heard = &meeting->heard[i];

        if (heard->late || (last != NULL && memcmp(last, heard->batch->hash, 32) == 0))
            continue;
        last = heard->batch->hash;
        crypt_hasher_add(&hasher, last, CRYPT_HASH_BYTES);
    }
    crypt_hasher_end(&hasher, out);
    return last != NULL;
}
