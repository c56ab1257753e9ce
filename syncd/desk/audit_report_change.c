/* audit_report_change.c: who changed an answer: from what to what, on which device, offline or
 * online, when it reached the server, and why. From the log, so also what nobody reads any more. */
#include "schema/erasure.h"
#include "schema/form/answers.h"
#include "syncd/desk/audit_report_parts.h"
#include "syncd/desk/log_frames.h"
#include "syncd/desk/values.h"

/* Saved so long before it came in: the tablet had no line, or did not use it. */
#define OFFLINE_MS (10 * 60000ll)

/* The name of a version tells it from the others of its cell only: one change may write many. */
struct past_value {
    struct version_id name;
    struct instance_id instance;
    uint16_t field;
    struct view text;
};

struct changes {
    struct report *report;
    struct log_frames frames;
    struct record record;
    struct reading reading;
    bool one_field;
    struct instance_id instance;
    uint16_t field;
    struct past_value *values; /* every value so far, in the report's arena */
    uint32_t value_count, value_capacity;
};

static struct view person_name_of(const struct audit_ask *ask, uint64_t id, struct arena *arena) {
    struct stored_person person;
    struct err ignored;

    err_init(&ignored, ask->lang);
    if (id == 0)
        return view_text("county");
    return store_person(ask->ledger->store, id, arena, &person, &ignored) == RC_OK
               ? person.name
               : (struct view){0};
}

static struct view device_name_of(const struct audit_ask *ask, uint64_t actor_id,
                                  struct arena *arena) {
    struct stored_actor actor;
    struct stored_device device;
    struct err ignored;

    err_init(&ignored, ask->lang);
    if (store_actor(ask->ledger->store, actor_id, &actor, &ignored) != RC_OK)
        return (struct view){0};
    if (actor.device == 0)
        return view_text("county");
    return store_device(ask->ledger->store, actor.device, arena, &device, &ignored) == RC_OK
               ? device.name
               : (struct view){0};
}

static enum rc value_words(struct changes *at, const struct change *change,
                           const struct entry *entry, struct view *out, struct err *err) {
    const struct audit_ask *ask = at->report->ask;
    struct buf text;
    enum rc rc;

    buf_init(&text, LIMIT_VALUE_BYTES * 4u);
    if (entry->value.type == VALUE_ERASED) {
        struct erasure erasure;
        enum rc found = erasure_find(&at->record, change->dot, entry->instance, entry->field,
                                     &at->report->arena, &erasure);

        erasure_text(found, &erasure, ask->lang, &text);
    } else if (entry->field == FIELD_AREA && entry->value.type == VALUE_INT) {
        char area[AREA_TEXT_BYTES];

        area_text((uint64_t)entry->value.number, area);
        buf_add_text(&text, area);
    } else {
        desk_value_text(at->reading.form, entry->field, &entry->value, ask->masked, &text);
    }
    rc = buf_check(&text, "an answer", err);
    *out = arena_view(ask->arena, buf_view(&text));
    buf_release(&text);
    return rc == RC_OK ? arena_check(ask->arena, "a report", err) : rc;
}

/* What the entry takes the place of, as its author saw it. */
static struct view former(struct changes *at, const struct entry *entry) {
    struct buf text;
    struct view kept;

    buf_init(&text, 1024u * 1024u);
    for (uint32_t r = 0; r < entry->replaces_count; r++)
        for (uint32_t i = 0; i < at->value_count; i++)
            if (version_id_compare(at->values[i].name, entry->replaces[r]) == 0 &&
                at->values[i].field == entry->field &&
                instance_equal(at->values[i].instance, entry->instance)) {
                if (text.size > 0)
                    buf_add_text(&text, " | ");
                buf_add_view(&text, at->values[i].text);
            }
    kept = arena_view(&at->report->arena, buf_view(&text));
    buf_release(&text);
    return kept;
}

static enum rc remember(struct changes *at, const struct change *change, const struct entry *entry,
                        struct view text, struct err *err) {
    struct arena *arena = at->report->ask->arena;
    struct past_value *row =
        arena_push(arena, &at->values, &at->value_count, &at->value_capacity, sizeof(*row));

    if (row == NULL)
        return arena_check(arena, "a report", err);
    *row = (struct past_value){.name = {change->dot, entry->ordinal},
                               .instance = entry->instance,
                               .field = entry->field,
                               .text = text};
    return RC_OK;
}

static enum rc tell(struct changes *at, const struct stored_change *indexed,
                    const struct log_frame *frame, const struct change *change,
                    const struct entry *entry, struct err *err) {
    struct report *report = at->report;
    const struct audit_ask *ask = report->ask;
    int64_t at_ms = log_frame_time(&frame->stored, change->wall_ms);
    bool aside = indexed->verdict != VERDICT_ADMIT;
    struct view value;
    struct buf path;
    enum rc rc = value_words(at, change, entry, &value, err);

    buf_init(&path, LIMIT_PATH_BYTES * 4u);
    if (rc == RC_OK)
        rc = answers_path_text(&at->reading, entry->instance, entry->field, &path, err);
    if (rc == RC_OK)
        rc = remember(at, change, entry, value, err);
    if (rc == RC_OK) {
        report_text(report, arena_view(&report->arena, buf_view(&path)));
        report_text(report, former(at, entry));
        report_text(report, value);
        report_text(report, person_name_of(ask, change->person, &report->arena));
        report_text(report, device_name_of(ask, change->dot.actor, &report->arena));
        report_number(report, AUDIT_TIME, at_ms);
        report_number(report, AUDIT_TIME, frame->stored.received_ms);
        report_number(report, AUDIT_FLAG, frame->stored.received_ms - at_ms > OFFLINE_MS);
        report_text(report, view_text(desk_kind_name((enum change_kind)change->kind)));
        report_dot(report, change->dot);
        report_text(report, view_text(aside ? verdict_name((enum verdict)indexed->verdict) : ""));
        report_text(report, change->reason);
        rc = report_line(report, err);
    }
    buf_release(&path);
    return rc;
}

static bool is_asked(const struct changes *at, const struct entry *entry) {
    if (!at->one_field)
        return entry->field == FIELD_AREA || entry->field >= FIELD_FIRST_OF_FORM;
    return entry->field == at->field && instance_equal(entry->instance, at->instance);
}

static enum rc change_visit(void *context, const struct stored_change *indexed, struct err *err) {
    struct changes *at = context;
    const struct log_frame *frame = NULL;
    const struct frame_change *item = NULL;
    enum rc rc = log_frames_change(&at->frames, indexed, &frame, &item, err);

    for (uint32_t i = 0; rc == RC_OK && !item->change.insane && i < item->change.entry_count; i++)
        if (is_asked(at, &item->change.entries[i]))
            rc = tell(at, indexed, frame, &item->change, &item->change.entries[i], err);
    return rc;
}

enum rc report_changes(struct report *report, struct err *err) {
    const struct audit_ask *ask = report->ask;
    struct changes at = {.report = report, .one_field = ask->path.size > 0};
    struct stored_record stored;
    enum rc rc = log_frames_open(&at.frames, ask->ledger->store, err);

    if (rc == RC_OK)
        rc = store_record(ask->ledger->store, ask->record, ask->arena, &stored, err);
    if (rc == RC_OK)
        rc = ledger_read(ask->ledger, &stored, ask->arena, &at.record, &at.reading, err);
    if (rc == RC_OK && at.one_field)
        rc = answers_path(at.reading.form, &at.reading, ask->path, &at.instance, &at.field, err);
    if (rc == RC_OK)
        rc = store_history(ask->ledger->store, ask->record, change_visit, &at, err);
    log_frames_close(&at.frames);
    return rc;
}
