/* Both engines of the store are given the same random deltas, some of them wrong. After every step
 * they have said the same and hold the same; a refused delta has left nothing behind; and they
 * answer the same questions alike. A failure prints the seed and the step. */
#include "tests/support/county.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/crypt.h"

enum { WORLDS = 14, STEPS = 120, PARTS_MAX = 16, GISTS = 4 };

static const uint64_t ACTORS[] = {1, UINT64_C(0x7000000000000001), UINT64_C(0x8000000000000001),
                                  UINT64_C(0xf000000000000001), UINT64_MAX};
static const uint64_t AREAS[] = {430626000000u, 430626100000u, 430626100201u,
                                 430626100202u, 430681100201u, 0};
static const char *const NAMES[] = {"household", "visit", "", "走访"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(array)  ((array)[below(dice, COUNT(array))])

struct dice {
    uint64_t state;
};

static uint64_t roll(struct dice *dice) {
    dice->state ^= dice->state << 13;
    dice->state ^= dice->state >> 7;
    dice->state ^= dice->state << 17;
    return dice->state * UINT64_C(0x2545f4914f6cdd1d);
}

static uint64_t below(struct dice *dice, uint64_t limit) {
    return (roll(dice) >> 16) % limit;
}

static bool chance(struct dice *dice, unsigned percent) {
    return below(dice, 100) < percent;
}

/* What a delta points to. Everything random and valid, as far as the memory engine knows. */
struct parts {
    struct stored_actor actors[PARTS_MAX];
    struct stored_frame frames[PARTS_MAX];
    struct stored_change changes[64], verdicts[PARTS_MAX];
    struct stored_record records[PARTS_MAX];
    struct stored_conflict conflicts[64];
    struct stored_key keys[64];
    struct stored_entry entries[PARTS_MAX];
    struct stored_quarantine quarantine[PARTS_MAX];
    struct stored_device devices[PARTS_MAX];
    struct stored_person persons[PARTS_MAX];
    struct stored_invitation invitations[PARTS_MAX];
    struct stored_form forms[PARTS_MAX];
    struct stored_pending pending[PARTS_MAX], settled[PARTS_MAX];
    struct stored_act acts[PARTS_MAX];
    struct stored_setting settings[PARTS_MAX];
    struct stored_snapshot snapshots[2], dropped[2];
    struct stored_chunk chunks[8];
    struct stored_listed listed[PARTS_MAX];
    struct stored_review reviews[4];
    struct stored_gist gists[GISTS];
    struct stored_attachment attachments[4];
    struct stored_login logins[4];
    struct stored_session sessions[4], ended[4];
    struct stored_entry cut_entries[2];
    struct arena arena;
    struct store_delta delta;
};

static struct view bytes(struct dice *dice, struct parts *parts) {
    size_t size = below(dice, 30);
    uint8_t *data = arena_alloc(&parts->arena, size);

    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)('a' + below(dice, 26)); /* some of it is text */
    return view_of(data, size);
}

static uint64_t *areas(struct dice *dice, struct parts *parts, uint32_t *count) {
    uint64_t *list = arena_array(&parts->arena, COUNT(AREAS), sizeof(*list));

    *count = 0;
    for (size_t i = 0; i + 1 < COUNT(AREAS); i++) /* they stand in order */
        if (chance(dice, 30))
            list[(*count)++] = AREAS[i];
    return list;
}

static struct dot any_dot(struct dice *dice) {
    uint64_t number = chance(dice, 3) ? roll(dice) : 1 + below(dice, 12);

    return (struct dot){PICK(ACTORS), number == 0 ? 1 : number};
}

static void make_log(struct dice *dice, struct parts *parts, struct county_store *county) {
    struct store_delta *delta = &parts->delta;

    delta->frame_count = (uint32_t)below(dice, 4);
    for (uint32_t i = 0; i < delta->frame_count; i++)
        parts->frames[i] = (struct stored_frame){.actor = PICK(ACTORS),
                                                 .forks = bytes(dice, parts),
                                                 .first = roll(dice),
                                                 .area = PICK(AREAS),
                                                 .received_ms = (int64_t)roll(dice),
                                                 .bytes = bytes(dice, parts)};
    for (uint32_t i = 0; i < COUNT(ACTORS); i++) {
        struct stored_actor *actor = &parts->actors[delta->actor_count];
        uint64_t number;

        if (!chance(dice, 40))
            continue;
        memset(actor, 0, sizeof(*actor));
        (void)store_actor(county->store, ACTORS[i], actor, &county->err);
        number = actor->number;
        actor->actor = ACTORS[i];
        actor->lamport = roll(dice);
        actor->number += below(dice, 6);
        if (chance(dice, 2) && actor->number < UINT64_C(1) << 60)
            actor->number += UINT64_C(1) << 38;
        delta->actor_count++;
        while (number < actor->number && delta->frame_count > 0 && delta->change_count < 60) {
            struct dot dot = {ACTORS[i], ++number};

            if (chance(dice, 10)) /* a gap */
                number += below(dice, actor->number - number + 1);
            if (actor->number - number > 100)
                number = actor->number - 2;
            parts->changes[delta->change_count++] =
                (struct stored_change){.dot = dot,
                                       .record = chance(dice, 50) ? dot : any_dot(dice),
                                       .frame = 1 + below(dice, delta->frame_count),
                                       .position = (uint32_t)below(dice, 9),
                                       .kind = (uint8_t)below(dice, 10),
                                       .verdict = (uint8_t)(chance(dice, 10) ? 9 : 0),
                                       .person = below(dice, 3)};
        }
    }
    for (uint32_t i = delta->change_count; i > 1 && chance(dice, 50); i--) {
        uint32_t other = (uint32_t)below(dice, i);
        struct stored_change moved = parts->changes[i - 1];

        parts->changes[i - 1] = parts->changes[other];
        parts->changes[other] = moved;
    }
    for (int i = 0; i < 2; i++) {
        struct stored_change known;

        if (store_change(county->store, any_dot(dice), &known, &county->err) == RC_OK) {
            known.verdict = (uint8_t)below(dice, 15);
            parts->verdicts[delta->verdict_count++] = known;
        }
    }
}

static const char *const PEOPLE[] = {
    "王芳", "单雄", "王", "张伟\nAnna Li", "阿依·古丽\n王芳", "\xf0\xa0\xae\xb7王", ""};
static const char *const WORDS[] = {"wf",  "王", "王芳", "shan", "anna", "a",
                                    "dan", "li", "",     "x",    "古丽", "ay"};

static void make_records(struct dice *dice, struct parts *parts, struct county_store *county) {
    struct store_delta *delta = &parts->delta;

    for (uint32_t i = (uint32_t)below(dice, 5); i > 0; i--) {
        struct stored_record *record = &parts->records[delta->record_count];
        struct stored_record known = {.revision = 0};
        struct dot id = any_dot(dice);

        (void)store_record(county->store, id, &parts->arena, &known, &county->err);
        for (uint32_t j = 0; j < delta->record_count; j++) /* twice in one delta: it counts on */
            known.revision += dot_equal(parts->records[j].id, id);
        delta->record_count++;
        *record = (struct stored_record){.id = id,
                                         .revision = known.revision,
                                         .form = roll(dice),
                                         .form_name = view_text(PICK(NAMES)),
                                         .audience = (uint8_t)below(dice, 4),
                                         .title = chance(dice, 50) ? view_text(PICK(PEOPLE))
                                                                   : bytes(dice, parts),
                                         .created_ms = (int64_t)roll(dice),
                                         .changed_ms = (int64_t)below(dice, 6) - 1,
                                         .withdrawn = chance(dice, 20),
                                         .sealed_scopes = (uint16_t)roll(dice),
                                         .packed = bytes(dice, parts)};
        record->areas = areas(dice, parts, &record->area_count);
        for (uint64_t j = below(dice, 3); j > 0; j--) {
            struct dot other = chance(dice, 50) ? any_dot(dice) : (struct dot){0, 0};

            parts->conflicts[delta->conflict_count++] =
                (struct stored_conflict){.record = id,
                                         .area = PICK(AREAS),
                                         .kind = (uint8_t)below(dice, 8),
                                         .instance = {any_dot(dice), (uint32_t)below(dice, 5)},
                                         .field = (uint16_t)roll(dice),
                                         .other_actor = other.actor,
                                         .other_number = other.number,
                                         .due_ms = (int64_t)below(dice, 4) - 2};
        }
        for (uint64_t j = below(dice, 3); j > 0; j--)
            parts->keys[delta->key_count++] =
                (struct stored_key){.hash = {(uint8_t)below(dice, 4)},
                                    .record = id,
                                    .instance = {any_dot(dice), (uint32_t)below(dice, 5)}};
    }
}

/* What lists are searched by: of most records of the delta, and of some others. */
static void make_listed(struct dice *dice, struct parts *parts) {
    struct store_delta *delta = &parts->delta;

    for (uint32_t i = 0; i < delta->record_count + 2u; i++) {
        bool other = i >= delta->record_count;
        struct stored_listed *listed = &parts->listed[delta->listed_count];
        uint32_t *tails = arena_array(&parts->arena, 3, sizeof(*tails));
        bool again = false;

        for (uint32_t j = 0; !other && j < i; j++)
            again |= dot_equal(parts->records[j].id, parts->records[i].id);
        if (chance(dice, 30) || again)
            continue;
        delta->listed_count++;
        for (int j = 0; j < 3; j++)
            tails[j] = (uint32_t)below(dice, 9);
        *listed = (struct stored_listed){.record = other ? any_dot(dice) : parts->records[i].id,
                                         .created_by = below(dice, 3),
                                         .changed_by = below(dice, 3),
                                         .names = view_text(PICK(PEOPLE)),
                                         .tail_count = (uint32_t)below(dice, 4),
                                         .tails = tails};
    }
    for (uint64_t i = below(dice, 4); i > 0; i--)
        parts->reviews[delta->review_count++] =
            (struct stored_review){.record = any_dot(dice),
                                   .stands = chance(dice, 30),
                                   .at_ms = (int64_t)below(dice, 4) - 1,
                                   .state = (uint8_t)below(dice, REVIEW_STATE_MAX + 1)};
    for (uint64_t i = below(dice, GISTS + 1); i > 0; i--)
        parts->gists[delta->gist_count++] =
            (struct stored_gist){.record = any_dot(dice),
                                 .area = PICK(AREAS),
                                 .gist = {.kind = (uint8_t)below(dice, 3),
                                          .state = (uint8_t)below(dice, 2),
                                          .code = {(char)below(dice, 200), 'x'},
                                          .about = any_dot(dice),
                                          .person = roll(dice),
                                          .when = (int64_t)below(dice, 5) - 2}};
}

static void make_entries(struct dice *dice, struct parts *parts, struct county_store *county) {
    struct store_delta *delta = &parts->delta;

    for (uint32_t i = (uint32_t)below(dice, 4); i > 0; i--) {
        struct stored_entry *entry = &parts->entries[delta->entry_count];
        struct stored_feed feed;

        *entry = (struct stored_entry){
            .entry = {.area = PICK(AREAS),
                      .audience = (uint8_t)(1 + below(dice, 3)),
                      .kind = (uint8_t)below(dice, 5),
                      .forks = bytes(dice, parts),
                      .mask = bytes(dice, parts),
                      .content = chance(dice, 50) ? bytes(dice, parts) : view_of(NULL, 0)},
            .frame = below(dice, delta->frame_count + 1u),
            .chain = {(uint8_t)roll(dice)}};
        (void)store_feed(county->store, entry->entry.area, entry->entry.audience, &feed,
                         &county->err);
        entry->entry.position = feed.position + 1;
        for (uint32_t j = 0; j < delta->entry_count; j++)
            entry->entry.position += parts->entries[j].entry.area == entry->entry.area &&
                                     parts->entries[j].entry.audience == entry->entry.audience;
        delta->entry_count++;
    }
}

static void make_people(struct dice *dice, struct parts *parts, struct county_store *county) {
    struct store_delta *delta = &parts->delta;
    struct store_counts counts;

    if (chance(dice, 20)) {
        struct stored_device *device = &parts->devices[delta->device_count++];

        *device = (struct stored_device){.device = 1 + below(dice, 4),
                                         .name = bytes(dice, parts),
                                         .own_last = roll(dice),
                                         .scope.revoked = chance(dice, 50)};
        device->scope.areas = areas(dice, parts, &device->scope.area_count);
    }
    if (chance(dice, 20)) {
        struct stored_person *person = &parts->persons[delta->person_count++];

        *person = (struct stored_person){.person = 1 + below(dice, 5),
                                         .name = view_text(PICK(NAMES)),
                                         .device = below(dice, 2),
                                         .wrapped = bytes(dice, parts),
                                         .disabled = chance(dice, 30)};
        person->areas = areas(dice, parts, &person->area_count);
    }
    if (chance(dice, 10)) {
        struct stored_invitation *item = &parts->invitations[delta->invitation_count++];

        *item = (struct stored_invitation){.code_id = {(uint8_t)below(dice, 3)},
                                           .device_name = bytes(dice, parts),
                                           .device = roll(dice)};
        item->areas = areas(dice, parts, &item->area_count);
    }
    if (chance(dice, 10)) {
        (void)store_count(county->store, &counts, &county->err);
        parts->forms[delta->form_count++] =
            (struct stored_form){.form = chance(dice, 90) ? roll(dice) : 7,
                                 .position = counts.forms + 1,
                                 .name = view_text(PICK(NAMES)),
                                 .compressed = bytes(dice, parts)};
    }
    if (chance(dice, 20))
        parts->settings[delta->setting_count++] =
            (struct stored_setting){chance(dice, 50) ? "epoch" : "nonce", bytes(dice, parts)};
}

static void make_waiting(struct dice *dice, struct parts *parts) {
    struct store_delta *delta = &parts->delta;

    if (chance(dice, 30))
        parts->quarantine[delta->quarantine_count++] =
            (struct stored_quarantine){.dot = any_dot(dice),
                                       .record = any_dot(dice),
                                       .verdict = (uint8_t)below(dice, 15),
                                       .since_ms = (int64_t)below(dice, 3),
                                       .settled = chance(dice, 40)};
    if (chance(dice, 30))
        parts->pending[delta->pending_count++] =
            (struct stored_pending){.actor = PICK(ACTORS),
                                    .first = chance(dice, 20) ? UINT64_MAX : below(dice, 4),
                                    .last = roll(dice),
                                    .bytes = bytes(dice, parts)};
    if (chance(dice, 30))
        parts->settled[delta->settled_count++] =
            (struct stored_pending){.actor = PICK(ACTORS), .first = below(dice, 4)};
    for (uint64_t i = below(dice, 3); i > 0; i--)
        parts->acts[delta->act_count++] = (struct stored_act){
            .at_ms = (int64_t)roll(dice), .who = bytes(dice, parts), .reason = bytes(dice, parts)};
}

static void make_snapshots(struct dice *dice, struct parts *parts) {
    struct store_delta *delta = &parts->delta;

    for (uint64_t i = below(dice, 3); i > 0; i--)
        parts->dropped[delta->dropped_count++] =
            (struct stored_snapshot){.name = {(uint8_t)below(dice, 6)}};
    for (uint64_t i = below(dice, 3); i > 0; i--) {
        struct stored_snapshot *snapshot = &parts->snapshots[delta->snapshot_count++];

        *snapshot = (struct stored_snapshot){.name = {(uint8_t)below(dice, 6)},
                                             .area = PICK(AREAS),
                                             .audience = (uint8_t)below(dice, 3),
                                             .position = below(dice, 3),
                                             .record_count = (uint32_t)roll(dice),
                                             .chunk_count = (uint32_t)below(dice, 4),
                                             .bytes = roll(dice),
                                             .made_ms = (int64_t)roll(dice),
                                             .manifest = bytes(dice, parts)};
        for (uint32_t index = 0; index < snapshot->chunk_count; index++) {
            struct stored_chunk *chunk = &parts->chunks[delta->chunk_count++];

            *chunk = (struct stored_chunk){.index = index, .bytes = bytes(dice, parts)};
            memcpy(chunk->name, snapshot->name, sizeof(chunk->name));
        }
    }
}

/* One thing goes wrong, where there is that thing. Some of these happen to be harmless. */
static void spoil(struct dice *dice, struct parts *parts) {
    struct store_delta *delta = &parts->delta;
    uint64_t what = below(dice, 13);

    if (what == 0 && delta->actor_count > 0 && parts->actors[0].number > 0)
        parts->actors[0].number -= 1 + below(dice, parts->actors[0].number);
    if (what == 1 && delta->change_count > 0)
        parts->changes[0].dot.number = 1 + below(dice, parts->changes[0].dot.number);
    if (what == 2 && delta->change_count > 1)
        parts->changes[0].dot = parts->changes[1].dot;
    if (what == 3 && delta->change_count > 0)
        parts->changes[0].frame = below(dice, 2) == 0 ? 0 : 1u + delta->frame_count;
    if (what == 4)
        parts->verdicts[delta->verdict_count++].dot = any_dot(dice);
    if (what == 5 && delta->record_count > 0)
        parts->records[delta->record_count - 1].revision += 1 + below(dice, 3);
    if (what == 6 && delta->conflict_count > 0)
        parts->conflicts[0].record = any_dot(dice);
    if (what == 7 && delta->key_count > 0)
        parts->keys[delta->key_count - 1].record = any_dot(dice);
    if (what == 8 && delta->entry_count > 0)
        parts->entries[delta->entry_count - 1].entry.position = below(dice, 5);
    if (what == 9 && delta->entry_count > 0)
        parts->entries[0].frame = 1u + delta->frame_count;
    if (what == 10 && delta->form_count > 0)
        parts->forms[0].position += below(dice, 3);
    if (what == 11 && delta->record_count > 0)
        parts->records[0].id = any_dot(dice);
    if (what == 12 && delta->chunk_count > 0)
        delta->chunk_count--;
}

static void make_attachments(struct dice *dice, struct parts *parts) {
    struct store_delta *delta = &parts->delta;

    for (uint64_t i = below(dice, 4); i > 0; i--)
        parts->attachments[delta->attachment_count++] =
            (struct stored_attachment){.hash = {(uint8_t)below(dice, 6)},
                                       .size = (uint32_t)below(dice, 9),
                                       .kind = (uint8_t)below(dice, 3),
                                       .area = PICK(AREAS),
                                       .device = PICK(ACTORS),
                                       .announced_ms = (int64_t)below(dice, 5),
                                       .received_ms = (int64_t)below(dice, 3),
                                       .backed_up_ms = (int64_t)below(dice, 2),
                                       .erased = chance(dice, 20)};
}

/* Guards of secrets, and who is at the console. */
static void make_logins(struct dice *dice, struct parts *parts) {
    struct store_delta *delta = &parts->delta;

    for (uint64_t i = below(dice, 3); i > 0; i--)
        parts->logins[delta->login_count++] =
            (struct stored_login){.person = 1 + below(dice, 5),
                                  .failures = (uint32_t)below(dice, 9),
                                  .wait_ms = (int64_t)below(dice, 9),
                                  .must_change = chance(dice, 50),
                                  .changed_ms = (int64_t)below(dice, 9),
                                  .seen_ms = (int64_t)below(dice, 9),
                                  .former = below(dice, 4),
                                  .code_step = roll(dice) >> 1,
                                  .second = bytes(dice, parts)};
    for (uint64_t i = below(dice, 3); i > 0; i--)
        parts->sessions[delta->session_count++] =
            (struct stored_session){.name = {(uint8_t)below(dice, 5)},
                                    .person = 1 + below(dice, 5),
                                    .epoch = (uint32_t)below(dice, 3),
                                    .stage = (uint8_t)below(dice, 4),
                                    .since_ms = (int64_t)below(dice, 9),
                                    .used_ms = (int64_t)below(dice, 9),
                                    .until_ms = (int64_t)below(dice, 9),
                                    .address = bytes(dice, parts),
                                    .agent = bytes(dice, parts),
                                    .wrapped = bytes(dice, parts)};
    for (uint64_t i = below(dice, 3); i > 0; i--)
        parts->ended[delta->ended_count++] =
            (struct stored_session){.name = {(uint8_t)below(dice, 5)}};
}

static enum rc note_feed(void *context, const struct stored_feed *feed, struct err *err) {
    (void)err;
    if (feed->position > 0)
        *(struct stored_feed *)context = *feed;
    return RC_OK;
}

/* What the law takes out of an entry that is there. */
static void make_cuts(struct dice *dice, struct parts *parts, struct county_store *county) {
    struct store_delta *delta = &parts->delta;
    uint64_t area = PICK(AREAS);
    struct stored_feed feed = {.position = 0};

    if (!chance(dice, 20) ||
        store_feeds(county->store, &area, 1, 0xff, note_feed, &feed, &county->err) != RC_OK ||
        feed.position == 0)
        return;
    parts->cut_entries[delta->cut_entry_count++] =
        (struct stored_entry){.entry = {.area = area,
                                        .audience = feed.audience,
                                        .position = 1 + below(dice, feed.position),
                                        .kind = FEED_ERASED,
                                        .content = bytes(dice, parts)}};
}

static void make_delta(struct dice *dice, struct parts *parts, struct county_store *county) {
    arena_reset(&parts->arena);
    parts->delta = (struct store_delta){
        .actors = parts->actors,
        .frames = parts->frames,
        .changes = parts->changes,
        .verdicts = parts->verdicts,
        .records = parts->records,
        .conflicts = parts->conflicts,
        .entries = parts->entries,
        .quarantine = parts->quarantine,
        .devices = parts->devices,
        .persons = parts->persons,
        .invitations = parts->invitations,
        .forms = parts->forms,
        .pending = parts->pending,
        .settled = parts->settled,
        .keys = parts->keys,
        .acts = parts->acts,
        .settings = parts->settings,
        .snapshots = parts->snapshots,
        .dropped = parts->dropped,
        .chunks = parts->chunks,
        .listed = parts->listed,
        .reviews = parts->reviews,
        .gists = parts->gists,
        .attachments = parts->attachments,
        .logins = parts->logins,
        .sessions = parts->sessions,
        .ended = parts->ended,
        .cut_entries = parts->cut_entries,
    };
    memset(parts->verdicts, 0, sizeof(parts->verdicts));
    make_log(dice, parts, county);
    make_records(dice, parts, county);
    make_listed(dice, parts);
    make_entries(dice, parts, county);
    make_people(dice, parts, county);
    make_waiting(dice, parts);
    make_snapshots(dice, parts);
    make_attachments(dice, parts);
    make_logins(dice, parts);
    make_cuts(dice, parts, county);
    if (chance(dice, 25))
        spoil(dice, parts);
}

/* --- the same questions --- */

#define WRITE(type, first, second)                                                                 \
    static enum rc write_##type(void *context, const struct stored_##type *item,                   \
                                struct err *err) {                                                 \
        (void)err;                                                                                 \
        buf_add_varint(context, first);                                                            \
        buf_add_varint(context, second);                                                           \
        return RC_OK;                                                                              \
    }
WRITE(record, item->id.actor, item->id.number)
WRITE(conflict, item->record.number, item->field)
WRITE(change, item->dot.actor, item->dot.number)
WRITE(feed, item->area, item->audience)
WRITE(entry, item->entry.position, item->entry.content.size)
WRITE(key, item->record.actor, item->instance.ordinal)
WRITE(quarantine, item->dot.actor, item->dot.number)
WRITE(pending, item->actor, item->first)

static enum rc write_snapshot(void *context, const struct stored_snapshot *item, struct err *err) {
    (void)err;
    buf_add(context, item->name, sizeof(item->name));
    buf_add_varint(context, item->area);
    buf_add_varint(context, item->position);
    buf_add_varint(context, item->record_count + item->bytes + (uint64_t)item->made_ms);
    buf_add_sized(context, item->manifest);
    return RC_OK;
}

static enum rc write_found(void *context, const struct found_record *item, struct err *err) {
    (void)err;
    buf_add_varint(context, item->record.id.actor);
    buf_add_varint(context, item->record.id.number);
    buf_add_varint(context, item->record.revision);
    buf_add_sized(context, item->record.title);
    buf_add_varint(context, item->states);
    buf_add_varint(context, item->review);
    buf_add_varint(context, (uint64_t)item->review_ms);
    buf_add_varint(context, item->created_by * 10 + item->changed_by);
    return RC_OK;
}

static enum rc write_tally(void *context, const struct record_tally *item, struct err *err) {
    (void)err;
    buf_add_varint(context, item->area);
    buf_add_sized(context, item->form_name);
    buf_add_varint(context, item->records);
    buf_add_varint(context, item->conflicts * 100 + item->sealed);
    buf_add_varint(context, item->withdrawn);
    for (unsigned i = 0; i <= REVIEW_STATE_MAX; i++)
        buf_add_varint(context, item->reviewed[i]);
    buf_add_varint(context, (uint64_t)item->changed_ms);
    return RC_OK;
}

struct page {
    struct buf *out;
    uint32_t count;
    struct record_cursor last;
};

static enum rc page_visit(void *context, const struct found_record *item, struct err *err) {
    struct page *page = context;

    page->count++;
    page->last = item->cursor;
    return write_found(page->out, item, err);
}

/* One list, page after page: the pages are as long as they may be, and as many as the total says.
 */
static void ask_list(struct dice *dice, struct county_store *county, struct buf *out) {
    struct query_word words[2];
    uint64_t some[3] = {PICK(AREAS), PICK(AREAS), PICK(AREAS)};
    struct record_query query = {
        .form_name = view_text(chance(dice, 50) ? PICK(NAMES) : ""),
        .area_count = (uint32_t)below(dice, 4),
        .areas = some,
        .audiences = (uint8_t)(chance(dice, 30) ? roll(dice) : 0),
        .with = (uint8_t)(chance(dice, 30) ? 1u << below(dice, 4) : 0),
        .without = (uint8_t)(chance(dice, 30) ? 1u << below(dice, 4) : 0),
        .reviews = (uint8_t)(chance(dice, 30) ? roll(dice) : 0),
        .person = chance(dice, 30) ? below(dice, 3) : 0,
        .changed_from_ms = chance(dice, 30) ? (int64_t)below(dice, 5) : 0,
        .changed_to_ms = chance(dice, 30) ? (int64_t)below(dice, 6) : 0,
        .word_count = (uint32_t)(chance(dice, 50) ? below(dice, 3) : 0),
        .words = words,
        .order = (enum record_order)below(dice, 4),
        .descending = chance(dice, 50),
        .most = 1 + (uint32_t)below(dice, 5),
    };
    struct page page = {.out = out};
    uint64_t total = 0, all = 0;
    enum rc rc;

    for (int i = 0; i < 2; i++)
        words[i] = (struct query_word){.text = view_text(PICK(WORDS)),
                                       .has_tail = chance(dice, 40),
                                       .tail = (uint32_t)below(dice, 9),
                                       .area_count = (uint32_t)(chance(dice, 30) ? 1 : 0),
                                       .areas = some + 1};
    rc = store_tally(county->store, &query, write_tally, out, &county->err);
    buf_add_u8(out, (uint8_t)rc);
    do {
        page.count = 0;
        rc = store_find(county->store, &query, page_visit, &page, &total, &county->err);
        query.after = &page.last;
        all += page.count;
        buf_add_u8(out, (uint8_t)rc);
    } while (rc == RC_OK && page.count == query.most);
    buf_add_varint(out, total);
    if (rc != RC_OK || total != all)
        fail_msg("%s %s: %llu of %llu", rc_name(rc), county->err.text, (unsigned long long)all,
                 (unsigned long long)total);
}

static enum rc write_gist(void *context, const struct stored_gist *item, struct err *err) {
    (void)err;
    buf_add_le64(context, item->record.actor);
    buf_add_varint(context, item->record.number);
    buf_add_varint(context, item->area);
    gist_encode(&item->gist, context);
    return RC_OK;
}

static enum rc write_time(void *context, int64_t since_ms, int64_t due_ms, struct err *err) {
    (void)err;
    buf_add_le64(context, (uint64_t)since_ms);
    buf_add_le64(context, (uint64_t)due_ms);
    return RC_OK;
}

static enum rc write_inflow(void *context, const struct stored_inflow *sum, struct err *err) {
    (void)err;
    buf_add_le64(context, (uint64_t)sum->day);
    buf_add_varint(context, sum->area);
    buf_add_varint(context, sum->frames);
    buf_add_varint(context, sum->changes);
    return RC_OK;
}

static enum rc write_attachment(void *context, const struct stored_attachment *item,
                                struct err *err) {
    (void)err;
    buf_add(context, item->hash, sizeof(item->hash));
    buf_add_varint(context, item->size);
    buf_add_u8(context, item->kind);
    buf_add_varint(context, item->area);
    buf_add_le64(context, item->device);
    buf_add_varint(context, (uint64_t)item->announced_ms);
    buf_add_varint(context, (uint64_t)item->received_ms);
    buf_add_varint(context, (uint64_t)item->backed_up_ms);
    buf_add_u8(context, item->erased);
    return RC_OK;
}

static enum rc write_login(void *context, const struct stored_login *item, struct err *err) {
    (void)err;
    buf_add_varint(context, item->person);
    buf_add_varint(context, item->failures);
    buf_add_varint(context, (uint64_t)item->wait_ms);
    buf_add_u8(context, item->must_change);
    buf_add_varint(context, (uint64_t)item->changed_ms);
    buf_add_varint(context, (uint64_t)item->seen_ms);
    buf_add_varint(context, item->former);
    buf_add_varint(context, item->code_step);
    buf_add_sized(context, item->second);
    return RC_OK;
}

static enum rc write_session(void *context, const struct stored_session *item, struct err *err) {
    (void)err;
    buf_add(context, item->name, sizeof(item->name));
    buf_add_varint(context, item->person);
    buf_add_varint(context, item->epoch);
    buf_add_u8(context, item->stage);
    buf_add_varint(context, (uint64_t)item->since_ms);
    buf_add_varint(context, (uint64_t)item->used_ms);
    buf_add_varint(context, (uint64_t)item->until_ms);
    buf_add_sized(context, item->address);
    buf_add_sized(context, item->agent);
    buf_add_sized(context, item->wrapped);
    return RC_OK;
}

/* One of each, and all. */
static void ask_console(struct dice *dice, struct county_store *county, struct buf *out) {
    struct store *store = county->store;
    struct err *err = &county->err;
    uint8_t name[32] = {(uint8_t)below(dice, 6)};
    uint64_t id = 1 + below(dice, 6);
    struct stored_attachment attachment;
    struct stored_session session;
    struct stored_login login;
    enum rc rc[6];

    rc[0] = store_attachment(store, name, &attachment, err);
    if (rc[0] == RC_OK)
        (void)write_attachment(out, &attachment, err);
    rc[1] = store_login(store, id, &county->arena, &login, err);
    if (rc[1] == RC_OK)
        (void)write_login(out, &login, err);
    rc[2] = store_session(store, name, &county->arena, &session, err);
    if (rc[2] == RC_OK)
        (void)write_session(out, &session, err);
    rc[3] = store_attachments(store, chance(dice, 50), write_attachment, out, err);
    rc[4] = store_logins(store, write_login, out, err);
    rc[5] = store_sessions(store, write_session, out, err);
    for (size_t i = 0; i < COUNT(rc); i++)
        buf_add_u8(out, (uint8_t)rc[i]);
}

/* A dozen questions with arguments from the dice; rc and answers go into out. */
static void ask(struct dice *dice, struct county_store *county, struct buf *out) {
    struct store *store = county->store;
    struct err *err = &county->err;
    struct stored_person person = {0};
    struct stored_record record = {.revision = 0};
    uint64_t some[2];
    uint8_t chain[32] = {0}, hash[32] = {(uint8_t)below(dice, 4)};
    uint64_t area = PICK(AREAS), from = below(dice, 20);
    struct view chunk = {0};
    struct feed_weight weight = {0};
    struct gist_counts gists = {0};
    enum rc rc[24];
    size_t count = 0;

    rc[count++] =
        store_list(store, view_text(PICK(NAMES)), area, any_dot(dice), write_record, out, err);
    rc[count++] = store_list(store, view_text(PICK(NAMES)), PICK(AREAS), (struct dot){0, 0},
                             write_record, out, err);
    rc[count++] =
        store_conflicts(store, area, chance(dice, 50) ? INT64_MIN : (int64_t)below(dice, 9) - 4,
                        write_conflict, out, err);
    rc[count++] = store_conflict_times(store, area, write_time, out, err);
    rc[count++] = store_inflow(store, chance(dice, 50) ? INT64_MIN : (int64_t)below(dice, 3),
                               chance(dice, 50) ? INT64_MAX : (int64_t)below(dice, 9), write_inflow,
                               out, err);
    rc[count++] = store_record_conflicts(store, any_dot(dice), write_conflict, out, err);
    rc[count++] = store_proposals(store, any_dot(dice), write_conflict, out, err);
    rc[count++] = store_history(store, any_dot(dice), write_change, out, err);
    rc[count++] = store_actor_changes(store, PICK(ACTORS), from, from + below(dice, 9),
                                      write_change, out, err);
    some[0] = PICK(AREAS);
    some[1] = PICK(AREAS);
    rc[count++] = store_feeds(store, some, 2, (uint8_t)roll(dice), write_feed, out, err);
    rc[count++] =
        store_entries(store, area, (uint8_t)(1 + below(dice, 3)), from, write_entry, out, err);
    rc[count++] = store_feed_chain(store, area, 1, from, chain, err);
    rc[count++] = store_keys(store, hash, write_key, out, err);
    rc[count++] = store_quarantine(store, chance(dice, 50), write_quarantine, out, err);
    rc[count++] = store_pending(store, PICK(ACTORS), write_pending, out, err);
    rc[count++] = store_person_named(store, view_text(PICK(NAMES)), &county->arena, &person, err);
    rc[count++] = store_record(store, any_dot(dice), &county->arena, &record, err);
    rc[count++] = store_snapshots(store, area, write_snapshot, out, err);
    rc[count++] = store_chunk(store, hash, (uint32_t)below(dice, 4), &county->arena, &chunk, err);
    rc[count++] = store_feed_weight(store, area, (uint8_t)(1 + below(dice, 3)), from,
                                    chance(dice, 50) ? PICK(ACTORS) : 0, &weight, err);
    rc[count++] = store_about(store, any_dot(dice), write_gist, out, err);
    rc[count++] = store_gists(store, (uint8_t)(1 + below(dice, 2)), (uint8_t)below(dice, 2), area,
                              write_gist, out, err);
    rc[count++] = store_gist_count(store, (uint8_t)(1 + below(dice, 2)), (uint8_t)below(dice, 2),
                                   PICK(AREAS), (int64_t)below(dice, 5) - 2, &gists, err);
    for (int i = 0; i < 3; i++)
        ask_list(dice, county, out);
    ask_console(dice, county, out);
    for (size_t i = 0; i < count; i++)
        buf_add_u8(out, (uint8_t)rc[i]);
    buf_add_sized(out, chunk);
    buf_add_varint(out, weight.bytes);
    buf_add_varint(out, weight.changes);
    buf_add_varint(out, gists.all);
    buf_add_varint(out, gists.before);
    buf_add_varint(out, person.person);
    buf_add_varint(out, record.revision);
    buf_add(out, chain, sizeof(chain));
    arena_reset(&county->arena);
}

static bool same_answers(struct dice *dice, struct county_store *a, struct county_store *b) {
    struct dice again = *dice;
    struct buf left, right;
    bool same;

    buf_init(&left, 1u << 20);
    buf_init(&right, 1u << 20);
    ask(dice, a, &left);
    ask(&again, b, &right);
    same = left.failed == RC_OK && view_equal(buf_view(&left), buf_view(&right));
    buf_release(&left);
    buf_release(&right);
    return same;
}

static void run_world(uint64_t seed, unsigned *refused) {
    static struct parts parts;
    struct dice dice = {seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
    struct county_store disk, twin;
    uint8_t now[32], digest[32];

    arena_init(&parts.arena, 1u << 20);
    county_init(&disk, COUNTY_SQLITE);
    county_init(&twin, COUNTY_MEMORY);
    county_digest(&twin, now);
    for (int step = 0; step < STEPS; step++) {
        enum rc left, right;
        bool same;

        make_delta(&dice, &parts, &twin);
        left = store_commit(disk.store, &parts.delta, &disk.err);
        right = store_commit(twin.store, &parts.delta, &twin.err);
        same = left == right;
        county_digest(&disk, digest);
        if (right != RC_OK) {
            (*refused)++;
            same = same && memcmp(now, digest, 32) == 0;
        }
        county_digest(&twin, now);
        same = same && memcmp(now, digest, 32) == 0 && same_answers(&dice, &disk, &twin);
        if (!same)
            fail_msg("seed %llu, step %d: SQLite says %s (%s), memory %s (%s)",
                     (unsigned long long)seed, step, rc_name(left), disk.err.text, rc_name(right),
                     twin.err.text);
        err_clear(&disk.err);
        err_clear(&twin.err);
        if (step % 40 == 39) {
            county_reopen(&disk);
            county_digest(&disk, digest);
            assert_memory_equal(now, digest, 32);
        }
    }
    assert_int_equal(store_check(disk.store, &disk.err), RC_OK);
    county_release(&disk);
    county_release(&twin);
    arena_release(&parts.arena);
}

static void test_twins(void **state) {
    unsigned refused = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= WORLDS; seed++)
        run_world(seed, &refused);
    /* The spoiled ones are meant to be refused, the others to pass. */
    assert_in_range(refused, WORLDS * STEPS / 20, WORLDS * STEPS / 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_twins)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
