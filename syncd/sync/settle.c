/* settle.c: the end of a step (work_commit in work.h).
 *
 * For every touched record: read it with its governing form; its areas, conflicts, title and keys
 * are what the reading says. A record that now lives in an area where it did not live before enters
 * that area's feed whole (frames admitted in this step may be contained twice, which is nothing to
 * merge); one that has left says so in the old feed.
 *
 * Same-as proposals between records: two records of one form with equal keys, compared by a keyed
 * hash. The proposal belongs to the younger record (the larger dot), so an older record that got
 * such a key pulls the younger one in, and so does one that has it no more, is withdrawn, or holds
 * an answer now. Hence two passes: first all rows and keys, then proposals, while the list may
 * still grow by younger ones. */
#include "syncd/sync/work.h"

#include "base/crypt.h"
#include "base/planted.h"
#include "schema/title.h"
#include "syncd/sync/examine.h"
#include "syncd/sync/listed.h"

#include <stdlib.h>

#define CONFLICT_DUE_MS (10 * 86400000ll)

struct settled {
    struct work_record **order; /* whose rows these are */
    uint32_t order_count, order_capacity;
    struct stored_key **by_hash; /* keys of the first pass, sorted */
    uint32_t by_hash_count;
    struct settled_row {
        struct stored_record row;
        uint32_t first_key, key_count;
        uint32_t conflict_count; /* without proposals */
    } * records;                 /* beside order */
    uint32_t record_count, record_capacity;
    uint32_t first_count;              /* of these, those of the first pass */
    struct stored_conflict *conflicts; /* in order of the records */
    uint32_t conflict_count, conflict_capacity;
    struct stored_conflict *proposals; /* likewise; they are found later */
    uint32_t proposal_count, proposal_capacity;
    struct stored_key *keys;
    uint32_t key_count, key_capacity;
};

static enum rc no_room(struct work *work, struct err *err) {
    return arena_check(&work->arena, "a step of the writer", err);
}

static int64_t newest_time(const struct record *record, const struct conflict *conflict) {
    int64_t newest = 0;

    for (uint32_t i = 0; i < conflict->version_count; i++) {
        int64_t time_ms = record->absorbed[conflict->versions[i]->change].time_ms;

        newest = time_ms > newest ? time_ms : newest;
    }
    return newest;
}

static enum rc add_conflicts(struct work *work, struct settled *settled,
                             const struct work_record *record, const struct reading *reading,
                             struct err *err) {
    for (uint32_t i = 0; i < reading->conflict_count; i++) {
        const struct conflict *conflict = &reading->conflicts[i];
        struct stored_conflict *row =
            arena_push(&work->arena, &settled->conflicts, &settled->conflict_count,
                       &settled->conflict_capacity, sizeof(*row));
        int64_t since_ms = newest_time(&record->state, conflict);

        if (row == NULL)
            return no_room(work, err);
        *row = (struct stored_conflict){
            .record = record->state.id,
            .area = reading->area_count > 0 ? reading->areas[0] : 0,
            .kind = conflict->kind,
            .instance = conflict->instance,
            .field = conflict->field,
            .other = conflict->other,
            .since_ms = since_ms,
            .due_ms = since_ms + CONFLICT_DUE_MS,
        };
    }
    return RC_OK;
}

/* --- keys --- */

static enum rc add_keys(struct work *work, struct settled *settled,
                        const struct work_record *record, const struct reading *reading,
                        struct err *err) {
    if (reading->form == NULL || !reading->form->has_keys || reading->withdrawn)
        return RC_OK;
    for (uint32_t i = 0; i < reading->cell_count; i++) {
        const struct cell *cell = &reading->cells[i];
        const struct form_field *field = form_field_by_number(reading->form, cell->field);
        struct stored_key *key;

        if (field == NULL || !field->key || cell->kind != CELL_VALUE ||
            cell->value.type == VALUE_NULL || !reading_shows(reading, cell->instance))
            continue;
        key = arena_push(&work->arena, &settled->keys, &settled->key_count, &settled->key_capacity,
                         sizeof(*key));
        if (key == NULL)
            return no_room(work, err);
        buf_clear(&work->scratch);
        buf_add_sized(&work->scratch, reading->form->name);
        buf_add_sized(&work->scratch, field->path);
        value_text(&cell->value, &work->scratch);
        crypt_mac(work->keys->index_key, "yg key", buf_view(&work->scratch), key->hash);
        key->record = record->state.id;
        key->instance = cell->instance;
    }
    return RC_OK;
}

/* Whether somebody has answered that these two are, or are not, the same. */
static bool same_answered(const struct record *record, struct dot other) {
    char name[DOT_TEXT_BYTES];
    uint32_t count = 0;
    const struct version *versions =
        record_field(record, (struct instance_id){{0, 0}, 0}, FIELD_SAME, &count);

    dot_text(other, name);
    for (uint32_t i = 0; i < count; i++) {
        struct view text = versions[i].value.bytes;

        if (versions[i].replaced_count == 0 && versions[i].value.type == VALUE_TEXT &&
            text.size > 1 && view_is(view_slice(text, 1, text.size), name))
            return true;
    }
    return false;
}

struct twin_search {
    struct work *work;
    const struct settled *settled;
    struct dot self;
    struct dot *twins;
    uint32_t count, capacity;
};

static enum rc twin_add(struct twin_search *search, struct dot twin, struct err *err) {
    struct dot *row;

    if (dot_equal(twin, search->self))
        return RC_OK;
    for (uint32_t i = 0; i < search->count; i++)
        if (dot_equal(search->twins[i], twin))
            return RC_OK;
    row = arena_push(&search->work->arena, &search->twins, &search->count, &search->capacity,
                     sizeof(*row));
    if (row == NULL)
        return no_room(search->work, err);
    *row = twin;
    return RC_OK;
}

/* What the store says of records of the first pass is of before this step. */
static enum rc twin_visit(void *context, const struct stored_key *key, struct err *err) {
    struct twin_search *search = context;

    for (uint32_t i = 0; i < search->settled->first_count; i++)
        if (dot_equal(search->settled->order[i]->state.id, key->record))
            return RC_OK;
    return twin_add(search, key->record, err);
}

static int by_hash(const void *left, const void *right) {
    return memcmp((*(struct stored_key *const *)left)->hash,
                  (*(struct stored_key *const *)right)->hash, 32);
}

static enum rc sort_keys(struct work *work, struct settled *settled, struct err *err) {
    if (settled->key_count == 0)
        return RC_OK;
    settled->by_hash = arena_array(&work->arena, settled->key_count, sizeof(*settled->by_hash));
    if (settled->by_hash == NULL)
        return no_room(work, err);
    for (uint32_t i = 0; i < settled->key_count; i++)
        settled->by_hash[i] = &settled->keys[i];
    settled->by_hash_count = settled->key_count;
    qsort(settled->by_hash, settled->by_hash_count, sizeof(*settled->by_hash), by_hash);
    return RC_OK;
}

/* Others with this key: in the store, and among the records of this step. */
static enum rc find_twins(struct twin_search *search, const struct stored_key *key,
                          struct err *err) {
    const struct settled *settled = search->settled;
    uint32_t low = 0, high = settled->by_hash_count;
    enum rc rc = store_keys(search->work->ledger->store, key->hash, twin_visit, search, err);

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (memcmp(settled->by_hash[middle]->hash, key->hash, 32) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < settled->by_hash_count && rc == RC_OK; low++) {
        if (memcmp(settled->by_hash[low]->hash, key->hash, 32) != 0)
            break;
        rc = twin_add(search, settled->by_hash[low]->record, err);
    }
    return rc;
}

static bool is_settled(const struct settled *settled, struct dot id) {
    for (uint32_t i = 0; i < settled->order_count; i++)
        if (dot_equal(settled->order[i]->state.id, id))
            return true;
    return false;
}

static enum rc settle_record(struct work *work, struct settled *settled, struct work_record *record,
                             struct err *err);

static enum rc former_visit(void *context, const struct stored_conflict *row, struct err *err) {
    return twin_add(context, row->record, err);
}

/* Who was proposed as the same as this one is looked at again. */
static enum rc settle_former(struct work *work, struct settled *settled, uint32_t at,
                             struct err *err) {
    const struct work_record *record = settled->order[at];
    struct twin_search search = {.work = work, .settled = settled, .self = record->state.id};
    enum rc rc = RC_OK;

    if (record->stored.revision > 0 && !PLANTED(STALE_TWIN))
        rc = store_proposals(work->ledger->store, record->state.id, former_visit, &search, err);
    for (uint32_t i = 0; i < search.count && rc == RC_OK; i++) {
        struct work_record *younger = NULL;

        if (is_settled(settled, search.twins[i]))
            continue;
        rc = work_record(work, search.twins[i], &younger, err);
        if (rc == RC_OK)
            rc = settle_record(work, settled, younger, err);
    }
    return rc;
}

static enum rc add_proposals(struct work *work, struct settled *settled, uint32_t at,
                             struct err *err) {
    const struct work_record *record = settled->order[at];
    struct twin_search search = {.work = work, .settled = settled, .self = record->state.id};
    enum rc rc = RC_OK;

    for (uint32_t k = 0; k < settled->records[at].key_count && rc == RC_OK; k++)
        rc = find_twins(&search, &settled->keys[settled->records[at].first_key + k], err);
    for (uint32_t i = 0; i < search.count && rc == RC_OK; i++) {
        struct work_record *twin = NULL;
        struct stored_conflict *row;

        rc = work_record(work, search.twins[i], &twin, err);
        if (rc != RC_OK || same_answered(&record->state, search.twins[i]) ||
            same_answered(&twin->state, record->state.id))
            continue;
        if (dot_compare(search.twins[i], record->state.id) > 0) {
            if (!is_settled(settled, search.twins[i]))
                rc = settle_record(work, settled, twin, err);
            continue;
        }
        row = arena_push(&work->arena, &settled->proposals, &settled->proposal_count,
                         &settled->proposal_capacity, sizeof(*row));
        if (row == NULL)
            return no_room(work, err);
        *row = (struct stored_conflict){
            .record = record->state.id,
            .area = settled->records[at].row.area_count > 0 ? settled->records[at].row.areas[0] : 0,
            .kind = CONFLICT_SAME,
            .other_actor = search.twins[i].actor,
            .other_number = search.twins[i].number,
            .since_ms = work->now_ms,
            .due_ms = work->now_ms + CONFLICT_DUE_MS,
        };
    }
    return rc;
}

/* --- moving in and out --- */

static bool has_area(const uint64_t *areas, uint32_t count, uint64_t area) {
    for (uint32_t i = 0; i < count; i++)
        if (areas[i] == area)
            return true;
    return false;
}

static enum rc move_entry(struct work *work, const struct work_record *record, uint64_t area,
                          uint8_t kind, struct view packed, struct err *err) {
    struct stored_entry entry = {
        .entry = {.area = area,
                  .audience = record->audience,
                  .kind = kind,
                  .received_ms = work->now_ms},
    };
    uint8_t digest[32], salt[FEED_SALT_BYTES];
    struct buf *scratch = &work->scratch;
    bool enters = kind == FEED_ENTER;

    buf_clear(scratch);
    env_entropy(work->env, salt, sizeof(salt));
    feed_record_add(scratch, view_of(salt, enters ? sizeof(salt) : 0), record->state.id,
                    enters ? packed : view_text(""));
    if (buf_check(scratch, "a feed entry", err) != RC_OK)
        return err->rc;
    entry.entry.content = arena_view(&work->arena, buf_view(scratch));
    feed_entry_digest(&entry.entry, NULL, digest);
    return work_entry(work, entry, digest, err);
}

struct guesses { /* frames with changes of a record whose place was not known */
    struct arena *arena;
    uint64_t *frames;
    uint32_t count, capacity;
};

static enum rc note_guess(void *context, const struct stored_change *change, struct err *err) {
    struct guesses *guesses = context;
    uint64_t *frame;

    if (change->verdict != VERDICT_ADMIT)
        return RC_OK;
    frame = arena_push(guesses->arena, &guesses->frames, &guesses->count, &guesses->capacity,
                       sizeof(*frame));
    if (frame == NULL)
        return arena_check(guesses->arena, "a step of the writer", err);
    *frame = change->frame;
    return RC_OK;
}

/* What others wrote in a record whose beginning waited in quarantine went where they took it to be.
 * Now that its place is known it leaves the others of these areas. */
static enum rc leave_guessed(struct work *work, const struct work_record *record,
                             const struct stored_record *row, struct err *err) {
    struct guesses guesses = {.arena = &work->arena};
    uint64_t left[WORK_AREAS_MAX];
    uint32_t left_count = 0;
    enum rc rc = RC_OK;

    if (record->brought != 0)
        left[left_count++] = record->brought;
    if (record->stored.revision > 0)
        rc = store_history(work->ledger->store, record->state.id, note_guess, &guesses, err);
    for (uint32_t i = 0; i < guesses.count && rc == RC_OK; i++) {
        struct stored_frame frame;
        uint64_t area;

        rc = store_frame(work->ledger->store, guesses.frames[i], &work->arena, &frame, err);
        area = rc == RC_OK ? succession_of(&work->ledger->areas, frame.area) : 0;
        if (rc == RC_OK && left_count < WORK_AREAS_MAX && !has_area(left, left_count, area))
            left[left_count++] = area;
    }
    for (uint32_t i = 0; i < left_count && rc == RC_OK; i++)
        if (!has_area(row->areas, row->area_count, left[i]))
            rc = move_entry(work, record, left[i], FEED_LEAVE, row->packed, err);
    return rc;
}

static enum rc add_moves(struct work *work, const struct work_record *record,
                         const struct stored_record *row, struct err *err) {
    /* Where all of it was brought in this step, it is. */
    uint64_t brought = record->stored.revision == 0 ? record->brought : 0;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < row->area_count && rc == RC_OK; i++)
        if (!has_area(record->old_areas, record->old_area_count, row->areas[i]) &&
            row->areas[i] != brought && !PLANTED(NO_ENTER))
            rc = move_entry(work, record, row->areas[i], FEED_ENTER, row->packed, err);
    for (uint32_t i = 0; i < record->old_area_count && rc == RC_OK; i++)
        if (!has_area(row->areas, row->area_count, record->old_areas[i]))
            rc = move_entry(work, record, record->old_areas[i], FEED_LEAVE, row->packed, err);
    return rc == RC_OK && record->old_area_count == 0 && row->area_count > 0
               ? leave_guessed(work, record, row, err)
               : rc;
}

/* --- one record --- */

static void add_times(const struct record *record, struct stored_record *row) {
    for (uint32_t i = 0; i < record->absorbed_count; i++) {
        int64_t time_ms = record->absorbed[i].time_ms;

        if (i == 0 || time_ms > row->changed_ms)
            row->changed_ms = time_ms;
        if (i == 0 || time_ms < row->created_ms)
            row->created_ms = time_ms;
    }
}

static enum rc add_listed(struct work *work, const struct work_record *record,
                          const struct reading *reading, struct view title, struct err *err) {
    struct stored_listed *listed = WORK_ADD(work, listed, listed_count, listed_capacity);
    struct stored_review review, *row;
    struct stored_gist gist, *kept;
    bool again = false;

    if (listed == NULL)
        return no_room(work, err);
    if (listed_standing(work, reading, &again, &review, err) != RC_OK)
        return err->rc;
    if (again || listed_review(reading, &review)) {
        row = WORK_ADD(work, reviews, review_count, review_capacity);
        if (row == NULL)
            return no_room(work, err);
        *row = review;
    }
    if (listed_gist(reading, &gist)) {
        kept = WORK_ADD(work, gists, gist_count, gist_capacity);
        if (kept == NULL)
            return no_room(work, err);
        *kept = gist;
    }
    return listed_make(work->keys, &record->state, reading, title, &work->arena, listed, err);
}

static enum rc settle_record(struct work *work, struct settled *settled, struct work_record *record,
                             struct err *err) {
    struct work_record **place = arena_push(&work->arena, &settled->order, &settled->order_count,
                                            &settled->order_capacity, sizeof(struct work_record *));
    struct settled_row *added = arena_push(&work->arena, &settled->records, &settled->record_count,
                                           &settled->record_capacity, sizeof(*added));
    struct stored_record *row;
    struct reading reading;
    uint64_t *areas;
    enum rc rc;

    if (place == NULL || added == NULL)
        return no_room(work, err);
    *place = record;
    row = &added->row;
    arena_reset(&work->reading);
    rc = ledger_see(work->ledger, &record->state, &work->reading, &reading, err);
    if (rc == RC_OK)
        rc = examine_settle(work, record, &reading, err);
    if (rc != RC_OK)
        return rc;
    if (reading.form != NULL)
        record->audience = reading.form->audience;
    areas = arena_array(&work->arena, reading.area_count + 1u, sizeof(*areas));
    if (areas == NULL)
        return no_room(work, err);
    if (reading.area_count > 0)
        memcpy(areas, reading.areas, reading.area_count * sizeof(*areas));
    *row = (struct stored_record){
        .id = record->state.id,
        .revision = record->stored.revision,
        .form = reading.form == NULL ? 0 : reading.form->id,
        .form_name = reading.form == NULL ? view_text("") : reading.form->name,
        .audience = record->audience,
        .area_count = reading.area_count,
        .areas = areas,
        .withdrawn = reading.withdrawn,
        .sealed_scopes = reading.sealed_scopes,
    };
    add_times(&record->state, row);
    buf_clear(&work->scratch);
    title_make(&reading, &work->scratch);
    row->title = arena_view(&work->arena, buf_view(&work->scratch));
    rc = buf_check(&work->scratch, "the title", err);
    added->first_key = settled->key_count;
    added->conflict_count = reading.conflict_count;
    if (rc == RC_OK)
        rc = add_conflicts(work, settled, record, &reading, err);
    if (rc == RC_OK)
        rc = add_keys(work, settled, record, &reading, err);
    added->key_count = settled->key_count - added->first_key;
    if (rc == RC_OK)
        rc = add_listed(work, record, &reading, row->title, err);
    buf_clear(&work->scratch);
    if (rc == RC_OK)
        rc = record_pack(&record->state, &work->scratch, err);
    if (rc != RC_OK)
        return rc;
    row->packed = arena_view(&work->arena, buf_view(&work->scratch));
    return add_moves(work, record, row, err);
}

/* Puts each record's proposals behind its other conflicts: the store wants them by record. */
static enum rc join_proposals(struct work *work, struct settled *settled, struct err *err) {
    uint32_t total = settled->conflict_count + settled->proposal_count;
    struct stored_conflict *joined = arena_array(&work->arena, total, sizeof(*joined));
    const struct stored_conflict *conflict = settled->conflicts, *proposal = settled->proposals;
    const struct stored_conflict *end;
    struct stored_conflict *out = joined;

    if (settled->proposal_count == 0)
        return RC_OK;
    if (joined == NULL)
        return no_room(work, err);
    end = proposal + settled->proposal_count;
    for (uint32_t i = 0; i < settled->record_count; i++) {
        for (uint32_t c = 0; c < settled->records[i].conflict_count; c++)
            *out++ = *conflict++;
        while (!PLANTED(PROPOSALS_LAST) && proposal < end &&
               dot_equal(proposal->record, settled->records[i].row.id))
            *out++ = *proposal++;
    }
    while (proposal < end)
        *out++ = *proposal++;
    settled->conflicts = joined;
    settled->conflict_count = total;
    return RC_OK;
}

static enum rc settle_all(struct work *work, struct settled *settled, struct stored_record **rows,
                          struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < work->record_count && rc == RC_OK; i++)
        if (work->records[i]->touched)
            rc = settle_record(work, settled, work->records[i], err);
    if (rc == RC_OK)
        rc = sort_keys(work, settled, err);
    settled->first_count = settled->record_count;
    for (uint32_t i = 0; i < settled->record_count && rc == RC_OK; i++) {
        rc = settle_former(work, settled, i, err);
        if (rc == RC_OK && settled->records[i].key_count > 0)
            rc = add_proposals(work, settled, i, err);
    }
    if (rc == RC_OK)
        rc = join_proposals(work, settled, err);
    if (rc != RC_OK)
        return rc;
    *rows = arena_array(&work->arena, settled->record_count, sizeof(**rows));
    if (*rows == NULL)
        return no_room(work, err);
    for (uint32_t i = 0; i < settled->record_count; i++)
        (*rows)[i] = settled->records[i].row;
    return arena_check(&work->arena, "a step of the writer", err);
}

enum rc work_commit(struct work *work, struct err *err) {
    struct settled settled = {0};
    struct stored_record *records = NULL;
    struct store_delta delta;
    enum rc rc = settle_all(work, &settled, &records, err);

    if (rc != RC_OK)
        return rc;
    delta = (struct store_delta){
        .actor_count = work->actor_count,
        .actors = work->actors,
        .frame_count = work->frame_count,
        .frames = work->frames,
        .change_count = work->change_count,
        .changes = work->changes,
        .verdict_count = work->verdict_count,
        .verdicts = work->verdicts,
        .record_count = settled.record_count,
        .records = records,
        .conflict_count = settled.conflict_count,
        .conflicts = settled.conflicts,
        .entry_count = work->entry_count,
        .entries = work->entries,
        .quarantine_count = work->quarantine_count,
        .quarantine = work->quarantine,
        .device_count = work->device_count,
        .devices = work->devices,
        .person_count = work->person_count,
        .persons = work->persons,
        .invitation_count = work->invitation_count,
        .invitations = work->invitations,
        .form_count = work->form_count,
        .forms = work->forms,
        .pending_count = work->pending_count,
        .pending = work->pending,
        .settled_count = work->settled_count,
        .settled = work->settled,
        .key_count = settled.key_count,
        .keys = settled.keys,
        .listed_count = work->listed_count,
        .listed = work->listed,
        .review_count = work->review_count,
        .reviews = work->reviews,
        .gist_count = work->gist_count,
        .gists = work->gists,
        .act_count = work->act_count,
        .acts = work->acts,
        .snapshot_count = work->snapshot_count,
        .snapshots = work->snapshots,
        .chunk_count = work->chunk_count,
        .chunks = work->chunks,
        .dropped_count = work->dropped_count,
        .dropped = work->dropped,
        .cut_frame_count = work->cut_frame_count,
        .cut_frames = work->cut_frames,
        .cut_entry_count = work->cut_entry_count,
        .cut_entries = work->cut_entries,
        .attachment_count = work->attachment_count,
        .attachments = work->attachments,
        .login_count = work->login_count,
        .logins = work->logins,
        .ended_count = work->ended_count,
        .ended = work->ended,
        .session_count = work->session_count,
        .sessions = work->sessions,
        .setting_count = work->setting_count,
        .settings = work->settings,
    };
    return store_commit(work->ledger->store, &delta, err);
}
