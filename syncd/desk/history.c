/* history.c: every value that anybody ever gave a record or one of its fields, from the log: who,
 * with which device, when by his clock as corrected and when it came in, in which kind of change
 * and for what reason, and what it replaced. Changes in quarantine stand there too, marked; one
 * that makes no sense is a line of its own, and nothing of what it says is shown. */
#include "base/words.h"
#include "schema/erasure.h"
#include "syncd/desk/desk.h"
#include "syncd/desk/listing.h"
#include "syncd/desk/log_frames.h"
#include "syncd/desk/values.h"

struct history {
    struct seat *seat;
    struct command *command;
    struct seen_record seen;
    bool masked;
    bool one_field;
    struct instance_id instance;
    uint16_t field;
    struct log_frames frames;
    struct stored_change *changes; /* in order of commit */
    size_t count, capacity;
    struct listing listing;
};

static enum rc change_visit(void *context, const struct stored_change *change, struct err *err) {
    struct history *history = context;
    struct arena *arena = &history->seat->arena;

    if (history->count == history->capacity) {
        size_t wanted = history->capacity * 2 + 64;
        struct stored_change *grown = arena_array(arena, wanted, sizeof(*grown));

        if (grown == NULL)
            return arena_check(arena, "a history", err);
        if (history->count > 0)
            memcpy(grown, history->changes, history->count * sizeof(*grown));
        history->changes = grown;
        history->capacity = wanted;
    }
    history->changes[history->count++] = *change;
    return RC_OK;
}

static struct view device_name(struct history *history, uint64_t actor_id) {
    struct seat *seat = history->seat;
    struct stored_actor actor;
    struct stored_device device;
    struct err ignored;

    err_init(&ignored, LANG_EN);
    if (store_actor(seat->ledger->store, actor_id, &actor, &ignored) != RC_OK)
        return view_text("");
    if (actor.device == 0)
        return view_text("county");
    if (store_device(seat->ledger->store, actor.device, &seat->arena, &device, &ignored) != RC_OK)
        return view_text("");
    return device.name;
}

static void erased_words(struct history *history, const struct change *change,
                         const struct entry *entry, struct buf *out) {
    struct erasure erasure;
    enum rc found = erasure_find(&history->seen.record, change->dot, entry->instance, entry->field,
                                 &history->seat->arena, &erasure);

    erasure_text(found, &erasure, history->command->lang, out);
}

/* What an entry says, in words where it is not an answer. */
static void value_words(struct history *history, const struct change *change,
                        const struct entry *entry, struct buf *out) {
    const struct form *form = history->seen.reading.form;
    char area[AREA_TEXT_BYTES];

    if (change->insane) {
        buf_add_text(out, words(history->command->lang, "(cannot be understood)"));
    } else if (entry->value.type == VALUE_ERASED) {
        erased_words(history, change, entry, out);
    } else if (entry->field == FIELD_AREA && entry->value.type == VALUE_INT) {
        area_text((uint64_t)entry->value.number, area);
        buf_add_text(out, area);
    } else if (entry->field == FIELD_EXISTS) {
        buf_add_text(out, words(history->command->lang,
                                value_is_cover(&entry->value) ? "(removed)" : "(there)"));
    } else if (entry->field == FIELD_ACCEPT) {
        buf_add_text(out, words(history->command->lang, "(accepted)"));
    } else if (entry->field >= FIELD_SEAL && entry->field <= FIELD_SEAL_LAST) {
        buf_add_text(out, words(history->command->lang, "(sealed)"));
    } else {
        desk_value_text(form, entry->field, &entry->value, history->masked, out);
    }
}

static void add_replaced(const struct entry *entry, struct json *array, struct buf *text) {
    char name[INSTANCE_TEXT_BYTES];

    for (uint32_t i = 0; i < entry->replaces_count; i++) {
        version_text(entry->replaces[i], name);
        json_add_text(array, NULL, name);
        buf_add_text(text, i == 0 ? "" : " ");
        buf_add_text(text, name);
    }
}

static enum rc print_entry(struct history *history, const struct stored_change *indexed,
                           const struct log_frame *frame, const struct change *change,
                           const struct entry *entry, struct err *err) {
    char dot[INSTANCE_TEXT_BYTES], made[TIME_TEXT_BYTES], received[TIME_TEXT_BYTES];
    const char *kind = desk_kind_name((enum change_kind)change->kind);
    const char *verdict = verdict_name((enum verdict)indexed->verdict);
    bool is_aside = indexed->verdict != VERDICT_ADMIT;
    struct view author = seat_person_name(history->seat, change->person);
    struct view device = device_name(history, change->dot.actor);
    struct buf path, value, replaced;
    enum rc rc = RC_OK;

    buf_init(&path, LIMIT_PATH_BYTES * 4u);
    buf_init(&value, LIMIT_VALUE_BYTES * 4u);
    buf_init(&replaced, LIMIT_REPLACES * INSTANCE_TEXT_BYTES);
    version_text((struct version_id){change->dot, entry->ordinal}, dot);
    time_text(log_frame_time(&frame->stored, change->wall_ms), made);
    time_text(frame->stored.received_ms, received);
    if (!change->insane)
        rc = answers_path_text(&history->seen.reading, entry->instance, entry->field, &path, err);
    if (rc != RC_OK)
        goto out;
    value_words(history, change, entry, &value);
    if (history->command->json) {
        struct json *json = json_object();

        json_add_view(json, "path", buf_view(&path));
        if (entry->value.type == VALUE_NULL)
            json_add_null(json, "value");
        else
            json_add_view(json, "value", buf_view(&value));
        json_add_text(json, "dot", dot);
        json_add_text(json, "kind", kind);
        json_add_view(json, "author", author);
        json_add_view(json, "device", device);
        json_add_text(json, "at", made);
        json_add_text(json, "received", received);
        json_add_view(json, "reason", change->reason);
        add_replaced(entry, json_add_array(json, "replaces"), &replaced);
        json_add_bool(json, "signed", change->is_signed);
        if (entry->value.type == VALUE_ERASED)
            json_add_bool(json, "erased", true);
        if (is_aside)
            json_add_text(json, "quarantine", verdict);
        rc = listing_item(&history->listing, json, err);
        goto out;
    }
    add_replaced(entry, NULL, &replaced);
    listing_cell(&history->listing, buf_view(&path));
    listing_cell(&history->listing,
                 entry->value.type == VALUE_NULL ? view_text("-") : buf_view(&value));
    listing_cell(&history->listing, author);
    listing_cell(&history->listing, device);
    listing_cell(&history->listing, view_text(made));
    listing_cell(&history->listing, view_text(received));
    listing_cell(&history->listing, view_text(words(history->command->lang, kind)));
    listing_cell(&history->listing, view_text(dot));
    listing_cell(&history->listing, buf_view(&replaced));
    listing_cell(&history->listing,
                 view_text(is_aside ? words(history->command->lang,
                                            verdict_words((enum verdict)indexed->verdict))
                                    : ""));
    listing_cell(&history->listing, change->reason);
out:
    buf_release(&path);
    buf_release(&value);
    buf_release(&replaced);
    return rc;
}

/* Who, when and why it was kept aside: nothing else in it can be relied on. */
static enum rc print_insane(struct history *history, const struct stored_change *indexed,
                            const struct log_frame *frame, const struct change *change,
                            struct err *err) {
    static const struct entry none = {.value = {.type = VALUE_TEXT}};
    struct change shown = {.dot = change->dot,
                           .kind = change->kind,
                           .person = change->person,
                           .wall_ms = change->wall_ms,
                           .insane = true};

    return print_entry(history, indexed, frame, &shown, &none, err);
}

static enum rc print_changes(struct history *history, struct err *err) {
    enum rc rc = RC_OK;

    for (size_t i = 0; i < history->count && rc == RC_OK; i++) {
        const struct stored_change *indexed = &history->changes[i];
        const struct log_frame *frame = NULL;
        const struct frame_change *item = NULL;

        rc = log_frames_change(&history->frames, indexed, &frame, &item, err);
        if (rc != RC_OK)
            break;
        if (item->change.insane) {
            if (!history->one_field)
                rc = print_insane(history, indexed, frame, &item->change, err);
            continue;
        }
        for (uint32_t e = 0; e < item->change.entry_count && rc == RC_OK; e++) {
            const struct entry *entry = &item->change.entries[e];

            if (history->one_field && (entry->field != history->field ||
                                       !instance_equal(entry->instance, history->instance)))
                continue;
            rc = print_entry(history, indexed, frame, &item->change, entry, err);
        }
    }
    return rc;
}

static enum rc history_load(struct history *history, struct err *err) {
    struct command *command = history->command;
    struct dot id;
    enum rc rc = dot_parse(view_text(command->words[0]), &id, err);

    if (rc == RC_OK)
        rc = store_history(history->seat->ledger->store, id, change_visit, history, err);
    if (rc != RC_OK)
        return rc;
    rc = seat_record(history->seat, command->words[0], &history->seen, err);
    if (rc == RC_NOT_FOUND && history->count > 0) {
        /* Nothing of it was admitted; its changes wait in quarantine all the same. */
        err_clear(err);
        record_init(&history->seen.record, id);
        rc = reading_make(&history->seen.record, NULL, &history->seat->arena,
                          &history->seen.reading, err);
    }
    if (rc == RC_OK && command->word_count > 1) {
        history->one_field = true;
        rc = answers_path(history->seen.reading.form, &history->seen.reading,
                          view_text(command->words[1]), &history->instance, &history->field, err);
    }
    return rc;
}

enum rc desk_history(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {"field",    "value",      "author", "device",
                                        "at",       "received",   "kind",   "dot",
                                        "replaces", "quarantine", "reason", NULL};
    struct seat seat;
    struct history history = {.seat = &seat, .command = command};
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK)
        rc = log_frames_open(&history.frames, seat.ledger->store, err);
    if (rc == RC_OK)
        rc = history_load(&history, err);
    if (rc == RC_OK)
        rc = seat_mask(&seat, command, command->words[0], &history.masked, err);
    if (rc == RC_OK) {
        listing_start(&history.listing, command, &seat.arena, heads);
        rc = print_changes(&history, err);
        rc = listing_end(&history.listing, rc, err);
    }
    log_frames_close(&history.frames);
    seat_close(&seat);
    return rc;
}
