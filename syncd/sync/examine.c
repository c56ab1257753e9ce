/* examine.c: see examine.h.
 *
 * What the examiner found outside of the writer is true of the revision that it read. If the record
 * has moved on meanwhile, the writer runs the constraints of that one record itself: the change
 * that moved it may not be in the log behind the examiner's position (an area that was renamed). */
#include "syncd/sync/examine.h"

#include "schema/form/rules.h"
#include "syncd/sync/area.h"
#include "syncd/sync/news.h"

#include <stdlib.h>

#define SETTING     "examined"
#define IN_STEP_MAX 16u /* records of a step whose constraints the writer runs by itself */
#define FRAMES_MAX  256u
#define ARENA_BYTES (512u * 1024u * 1024u)
#define KEPT_BYTES  (1024u * 1024u)

/* --- how far --- */

static enum rc decode(enum rc rc, struct view setting, struct examined *out, struct err *err) {
    struct reader reader;

    *out = (struct examined){0};
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    reader_init(&reader, setting);
    out->serial = read_varint(&reader);
    out->changes = (uint32_t)read_varint_max(&reader, UINT32_MAX);
    return reader_check(&reader, "the setting examined", err);
}

enum rc examine_position(struct store *store, struct examined *out, struct err *err) {
    struct arena arena;
    struct view setting = {0};
    enum rc rc;

    arena_init(&arena, 4096);
    rc = store_setting(store, SETTING, &arena, &setting, err);
    rc = decode(rc, setting, out, err);
    arena_release(&arena);
    return rc;
}

static bool is_behind(const struct examined *examined, uint64_t serial, uint32_t position) {
    return serial <= examined->serial ||
           (serial == examined->serial + 1 && position < examined->changes);
}

bool examine_is_ahead(const struct examined *examined, const struct stored_change *change) {
    return !is_behind(examined, change->frame, change->position);
}

static enum rc put_position(struct work *work, struct examined examined, struct err *err) {
    struct buf setting;
    enum rc rc;

    buf_init(&setting, 64);
    buf_add_varint(&setting, examined.serial);
    buf_add_varint(&setting, examined.changes);
    rc = buf_check(&setting, "the setting examined", err);
    if (rc == RC_OK)
        rc = work_put_setting(work, SETTING, buf_view(&setting), err);
    buf_release(&setting);
    return rc;
}

enum rc examine_again(struct work *work, struct err *err) {
    return put_position(work, (struct examined){0}, err);
}

/* --- what is known --- */

struct known {
    struct arena *arena;
    struct broken_rule *list;
    uint32_t count, capacity;
};

static enum rc known_visit(void *context, const struct stored_conflict *row, struct err *err) {
    struct known *known = context;
    struct broken_rule *broken;

    if (row->kind != CONFLICT_SOFT)
        return RC_OK;
    broken =
        arena_push(known->arena, &known->list, &known->count, &known->capacity, sizeof(*broken));
    if (broken == NULL)
        return arena_check(known->arena, "reading of a record", err);
    *broken = (struct broken_rule){.instance = row->instance, .field = row->field};
    return RC_OK;
}

enum rc examine_known(struct store *store, struct dot record, struct reading *reading,
                      struct arena *arena, struct err *err) {
    struct known known = {.arena = arena};
    enum rc rc = store_record_conflicts(store, record, known_visit, &known, err);

    return rc == RC_OK ? rules_add(reading, known.list, known.count, arena, err) : rc;
}

/* --- in the writer --- */

static bool is_met(const struct work_record *record) {
    const struct record *state = &record->state;

    for (uint32_t i = 1; i < state->absorbed_count; i++)
        if (state->absorbed[i].dot.actor != state->absorbed[0].dot.actor)
            return record->stored.revision != 0;
    return false;
}

enum rc examine_settle(struct work *work, struct work_record *record, struct reading *reading,
                       struct err *err) {
    const struct form_rules *rules = NULL;
    enum rc rc;

    if (reading->form == NULL || (record->stored.revision == 0 && !record->examine))
        return RC_OK;
    if (record->examined)
        return rules_add(reading, record->broken, record->broken_count, &work->reading, err);
    rc = ledger_rules(work->ledger, reading->form, &rules, err);
    if (rc != RC_OK || rules == NULL)
        return rc;
    if (!record->examine && (work->examined_count >= IN_STEP_MAX || !is_met(record)))
        return examine_known(work->ledger->store, record->state.id, reading, &work->reading, err);
    work->examined_count++;
    return ledger_examine(work->ledger, reading, &work->reading, err);
}

/* --- the examiner --- */

struct finding { /* what is broken differs from what the store has */
    struct dot record;
    uint64_t revision;
    struct broken_rule *broken;
    uint32_t broken_count;
};

struct examining {
    const struct office *office;
    struct ledger *ledger;
    struct arena arena;  /* of the portion */
    struct arena record; /* of one record */
    struct examined from, to;
    uint32_t most, seen;
    struct {
        uint64_t serial, actor, first, last, form;
    } frames[FRAMES_MAX];
    uint32_t frame_count;
    uint64_t last_form;
    bool last_has_rules;
    uint64_t serial; /* of the frame at hand */
    uint32_t behind; /* its changes that have been examined */
    struct dot records[EXAMINE_CHANGES_MAX];
    uint32_t record_count;
    struct finding *findings;
    uint32_t finding_count, finding_capacity;
};

struct namesake {
    struct ledger *ledger;
    const struct form *form;
    bool has_rules;
};

static enum rc form_visit(void *context, const struct stored_form *stored, struct err *err) {
    struct namesake *namesake = context;
    const struct form *form = NULL;
    enum rc rc = RC_OK;

    if (view_equal(stored->name, namesake->form->name))
        rc = ledger_form(namesake->ledger, stored->form, &form, err);
    namesake->has_rules |= form != NULL && form_has_rules(form);
    return rc;
}

/* Whether a version of this form has constraints: any may govern the records of a frame. */
static enum rc may_have_rules(struct examining *at, uint64_t form, bool *out, struct err *err) {
    struct namesake namesake = {.ledger = at->ledger};
    enum rc rc = ledger_form(at->ledger, form, &namesake.form, err);

    *out = true;
    if (rc != RC_OK || namesake.form == NULL)
        return rc; /* an unknown one may stand in a record with known ones */
    if (form != at->last_form)
        rc = store_forms(at->ledger->store, 0, form_visit, &namesake, err);
    else
        namesake.has_rules = at->last_has_rules;
    at->last_form = form;
    at->last_has_rules = *out = namesake.has_rules;
    return rc;
}

static enum rc frame_visit(void *context, const struct stored_frame *frame, struct err *err) {
    struct examining *at = context;
    uint64_t changes = 0;

    (void)err;
    for (uint32_t i = 0; i < at->frame_count; i++)
        changes += at->frames[i].last - at->frames[i].first + 1;
    if (at->frame_count == FRAMES_MAX || changes >= (uint64_t)at->most + at->from.changes)
        return RC_NOT_FOUND;
    at->frames[at->frame_count].serial = frame->serial;
    at->frames[at->frame_count].actor = frame->actor;
    at->frames[at->frame_count].form = frame->form;
    at->frames[at->frame_count].first = frame->first;
    at->frames[at->frame_count++].last = frame->last;
    return RC_OK;
}

static enum rc change_visit(void *context, const struct stored_change *change, struct err *err) {
    struct examining *at = context;

    (void)err;
    if (change->frame != at->serial || change->position < at->behind)
        return RC_OK;
    if (at->seen == at->most)
        return RC_NOT_FOUND;
    at->seen++;
    at->to = (struct examined){at->serial - 1, change->position + 1};
    if (change->verdict != VERDICT_ADMIT)
        return RC_OK;
    for (uint32_t i = at->record_count; i > 0; i--)
        if (dot_equal(at->records[i - 1], change->record))
            return RC_OK;
    at->records[at->record_count++] = change->record;
    return RC_OK;
}

/* Which records the next changes are of. */
static enum rc gather(struct examining *at, struct err *err) {
    struct store *store = at->ledger->store;
    enum rc rc = examine_position(store, &at->from, err);

    at->to = at->from;
    if (rc == RC_OK)
        rc = store_frames(store, at->from.serial, frame_visit, at, err);
    for (uint32_t i = 0; i < at->frame_count && rc == RC_OK; i++) {
        bool has_rules = false;

        at->serial = at->frames[i].serial;
        at->behind = i == 0 ? at->from.changes : 0;
        rc = may_have_rules(at, at->frames[i].form, &has_rules, err);
        if (rc == RC_OK && has_rules)
            rc = store_actor_changes(store, at->frames[i].actor, at->frames[i].first,
                                     at->frames[i].last, change_visit, at, err);
        if (at->seen == at->most)
            break;
        at->to = (struct examined){at->serial, 0};
    }
    return rc;
}

/* Whether the soft conflicts of the store, in their order, are those of the reading. */
struct comparing {
    const struct reading *reading;
    uint32_t next;
    bool differs;
};

static bool next_soft(struct comparing *comparing, const struct conflict **out) {
    const struct reading *reading = comparing->reading;

    while (comparing->next < reading->conflict_count) {
        *out = &reading->conflicts[comparing->next++];
        if ((*out)->kind == CONFLICT_SOFT)
            return true;
    }
    return false;
}

static enum rc compare_visit(void *context, const struct stored_conflict *row, struct err *err) {
    struct comparing *comparing = context;
    const struct conflict *conflict;

    (void)err;
    if (row->kind == CONFLICT_SOFT &&
        (!next_soft(comparing, &conflict) || conflict->field != row->field ||
         !instance_equal(conflict->instance, row->instance)))
        comparing->differs = true;
    return comparing->differs ? RC_NOT_FOUND : RC_OK;
}

static enum rc add_finding(struct examining *at, const struct stored_record *stored,
                           const struct broken_rule *broken, uint32_t count, struct err *err) {
    struct finding *finding = arena_push(&at->arena, &at->findings, &at->finding_count,
                                         &at->finding_capacity, sizeof(*finding));

    if (finding == NULL)
        return arena_check(&at->arena, "reading of a record", err);
    *finding = (struct finding){.record = stored->id, .revision = stored->revision};
    finding->broken = arena_array(&at->arena, count, sizeof(*broken));
    for (; finding->broken != NULL && finding->broken_count < count; finding->broken_count++)
        finding->broken[finding->broken_count] =
            (struct broken_rule){.instance = broken[finding->broken_count].instance,
                                 .field = broken[finding->broken_count].field};
    return arena_check(&at->arena, "reading of a record", err);
}

static enum rc examine_record(struct examining *at, struct dot id, struct err *err) {
    struct ledger *ledger = at->ledger;
    const struct form_rules *rules = NULL;
    const struct form *form = NULL;
    const struct conflict *conflict;
    struct stored_record stored;
    struct record record;
    struct reading reading;
    struct comparing comparing = {.reading = &reading};
    struct broken_rule *broken = NULL;
    uint32_t count = 0;
    enum rc rc = store_record(ledger->store, id, &at->record, &stored, err);

    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc == RC_OK)
        rc = ledger_form(ledger, stored.form, &form, err);
    if (rc == RC_OK && form != NULL)
        rc = ledger_rules(ledger, form, &rules, err);
    if (rc != RC_OK || rules == NULL)
        return rc;
    rc = ledger_read(ledger, &stored, &at->record, &record, &reading, err);
    if (rc != RC_OK || reading.form != form)
        return rc;
    rc = rules_find(rules, &reading, &at->record, &broken, &count, err);
    if (rc == RC_OK)
        rc = rules_add(&reading, broken, count, &at->record, err);
    if (rc == RC_OK)
        rc = store_record_conflicts(ledger->store, id, compare_visit, &comparing, err);
    if (rc != RC_OK || (!comparing.differs && !next_soft(&comparing, &conflict)))
        return rc;
    return add_finding(at, &stored, broken, count, err);
}

/* A record that cannot be examined stops nobody. */
static enum rc examine_records(struct examining *at, struct err *err) {
    for (uint32_t i = 0; i < at->record_count; i++) {
        enum rc rc;

        arena_reset(&at->record);
        rc = examine_record(at, at->records[i], err);
        if (rc == RC_NO_MEMORY || rc == RC_IO)
            return rc;
        if (rc != RC_OK) {
            char id[DOT_TEXT_BYTES];

            dot_text(at->records[i], id);
            log_warn(at->office->log, LOG_EVENT("record.not_examined"), LOG_TEXT("record", id),
                     LOG_TEXT("why", err->text));
            err_clear(err);
        }
    }
    return RC_OK;
}

static enum rc examine_act(void *context, struct work *work, struct err *err) {
    const struct examining *at = context;
    struct examined now;
    struct view setting = {0};
    enum rc rc = work_setting(work, SETTING, &setting, err);

    rc = decode(rc, setting, &now, err);
    if (rc != RC_OK || now.serial != at->from.serial || now.changes != at->from.changes)
        return rc; /* sent back to the beginning meanwhile */
    for (uint32_t i = 0; i < at->finding_count && rc == RC_OK; i++) {
        const struct finding *finding = &at->findings[i];
        struct work_record *record = NULL;

        rc = work_record(work, finding->record, &record, err);
        if (rc != RC_OK)
            break;
        record->touched = true;
        record->examined = record->stored.revision == finding->revision;
        record->examine = !record->examined;
        record->broken = finding->broken;
        record->broken_count = finding->broken_count;
    }
    return rc == RC_OK ? put_position(work, at->to, err) : rc;
}

/* What a failing disk has left of a merger of areas: nobody may come back to that command. */
static enum rc finish_moves(const struct office *office, struct err *err) {
    struct ledger *ledger = NULL;
    uint32_t moved = 0;
    bool left = false;
    enum rc rc = office->borrow(office->context, &ledger, err);

    if (rc == RC_OK)
        rc = area_left(ledger, &left, err);
    if (ledger != NULL)
        office->give_back(office->context, ledger);
    return rc == RC_OK && left ? area_move(office, &moved, err) : rc;
}

enum rc examine_portion(const struct office *office, uint32_t most, bool *more, struct err *err) {
    struct examining *at;
    enum rc rc = finish_moves(office, err);

    *more = false;
    if (rc != RC_OK)
        return rc;
    at = calloc(1, sizeof(*at));
    if (at == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    at->office = office;
    at->most = most;
    arena_init(&at->arena, ARENA_BYTES);
    arena_init(&at->record, ARENA_BYTES);
    arena_keep(&at->record, KEPT_BYTES);
    if (office->begin_examining != NULL)
        office->begin_examining(office->context);
    rc = office->borrow(office->context, &at->ledger, err);
    if (rc == RC_OK)
        rc = gather(at, err);
    if (rc == RC_OK)
        rc = examine_records(at, err);
    if (at->ledger != NULL)
        office->give_back(office->context, at->ledger);
    *more = at->frame_count > 0;
    if (rc == RC_OK && *more)
        rc = office_act(office, examine_act, at, err);
    if (office->end_examining != NULL)
        office->end_examining(office->context);
    arena_release(&at->record);
    arena_release(&at->arena);
    free(at);
    return rc;
}
