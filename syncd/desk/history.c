/* history.c: see history.h; the command prints it. */
#include "syncd/desk/history.h"

#include "base/words.h"
#include "schema/erasure.h"
#include "syncd/desk/listing.h"
#include "syncd/desk/values.h"

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

struct view history_device(struct seat *seat, uint64_t actor_id) {
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

    erasure_text(found, &erasure, history->lang, out);
}

/* What an entry says, in words where it is not an answer. */
static void value_words(struct history *history, const struct change *change,
                        const struct entry *entry, struct buf *out) {
    const struct form *form = history->seen.reading.form;
    char area[AREA_TEXT_BYTES];

    if (change->insane) {
        buf_add_text(out, words(history->lang, "(cannot be understood)"));
    } else if (entry->value.type == VALUE_ERASED) {
        erased_words(history, change, entry, out);
    } else if (entry->field == FIELD_AREA && entry->value.type == VALUE_INT) {
        area_text((uint64_t)entry->value.number, area);
        buf_add_text(out, area);
    } else if (entry->field == FIELD_EXISTS) {
        buf_add_text(out,
                     words(history->lang, value_is_cover(&entry->value) ? "(removed)" : "(there)"));
    } else if (entry->field == FIELD_ACCEPT) {
        buf_add_text(out, words(history->lang, "(accepted)"));
    } else if (entry->field >= FIELD_SEAL && entry->field <= FIELD_SEAL_LAST) {
        buf_add_text(out, words(history->lang, "(sealed)"));
    } else {
        desk_value_text(form, entry->field, &entry->value, history->masked, out);
    }
}

static enum rc show_entry(struct history *history, const struct stored_change *indexed,
                          const struct log_frame *frame, const struct change *change,
                          const struct entry *entry, struct err *err) {
    struct history_row row = {
        .indexed = indexed,
        .change = change,
        .entry = entry,
        .area = frame->stored.area,
        .author = seat_person_name(history->seat, change->person),
        .device = history_device(history->seat, change->dot.actor),
        .made_ms = log_frame_time(&frame->stored, change->wall_ms),
        .received_ms = frame->stored.received_ms,
    };
    struct buf path, value;
    enum rc rc = RC_OK;

    buf_init(&path, LIMIT_PATH_BYTES * 4u);
    buf_init(&value, LIMIT_VALUE_BYTES * 4u);
    if (!change->insane)
        rc = answers_path_text(&history->seen.reading, entry->instance, entry->field, &path, err);
    if (rc == RC_OK) {
        value_words(history, change, entry, &value);
        row.path = buf_view(&path);
        row.value = buf_view(&value);
        rc = history->visit(history->context, &row, err);
    }
    buf_release(&path);
    buf_release(&value);
    return rc;
}

/* Who, when and why it was kept aside: nothing else in it can be relied on. */
static enum rc show_insane(struct history *history, const struct stored_change *indexed,
                           const struct log_frame *frame, const struct change *change,
                           struct err *err) {
    static const struct entry none = {.value = {.type = VALUE_TEXT}};
    struct change shown = {.dot = change->dot,
                           .kind = change->kind,
                           .person = change->person,
                           .wall_ms = change->wall_ms,
                           .insane = true};

    return show_entry(history, indexed, frame, &shown, &none, err);
}

enum rc history_walk(struct history *history, bool masked, enum lang lang, history_visit *visit,
                     void *context, struct err *err) {
    enum rc rc = RC_OK;

    history->masked = masked;
    history->lang = lang;
    history->visit = visit;
    history->context = context;
    for (size_t i = 0; i < history->count && rc == RC_OK; i++) {
        const struct stored_change *indexed = &history->changes[i];
        const struct log_frame *frame = NULL;
        const struct frame_change *item = NULL;

        rc = log_frames_change(&history->frames, indexed, &frame, &item, err);
        if (rc != RC_OK)
            break;
        if (item->change.insane) {
            if (!history->one_field)
                rc = show_insane(history, indexed, frame, &item->change, err);
            continue;
        }
        for (uint32_t e = 0; e < item->change.entry_count && rc == RC_OK; e++) {
            const struct entry *entry = &item->change.entries[e];

            if (history->one_field && (entry->field != history->field ||
                                       !instance_equal(entry->instance, history->instance)))
                continue;
            rc = show_entry(history, indexed, frame, &item->change, entry, err);
        }
    }
    return rc;
}

enum rc history_open(struct seat *seat, const char *record, struct view path,
                     struct history *history, struct err *err) {
    struct dot id;
    enum rc rc;

    *history = (struct history){.seat = seat};
    rc = log_frames_open(&history->frames, seat->ledger->store, err);
    if (rc == RC_OK)
        rc = dot_parse(view_text(record), &id, err);
    if (rc == RC_OK)
        rc = store_history(seat->ledger->store, id, change_visit, history, err);
    if (rc != RC_OK)
        return rc;
    rc = seat_record(seat, record, &history->seen, err);
    if (rc == RC_NOT_FOUND && history->count > 0) {
        /* Nothing of it was admitted; its changes wait in quarantine all the same. */
        err_clear(err);
        record_init(&history->seen.record, id);
        rc = reading_make(&history->seen.record, NULL, &seat->arena, &history->seen.reading, err);
    }
    if (rc == RC_OK && path.size > 0) {
        history->one_field = true;
        rc = answers_path(history->seen.reading.form, &history->seen.reading, path,
                          &history->instance, &history->field, err);
    }
    return rc;
}

void history_close(struct history *history) {
    log_frames_close(&history->frames);
}

/* --- the command --- */

struct print {
    struct command *command;
    struct listing listing;
};

static void add_replaced(const struct entry *entry, struct json *array, struct buf *text) {
    char name[INSTANCE_TEXT_BYTES];

    for (uint32_t i = 0; i < entry->replaces_count; i++) {
        version_text(entry->replaces[i], name);
        json_add_text(array, NULL, name);
        buf_add_text(text, i == 0 ? "" : " ");
        buf_add_text(text, name);
    }
}

static enum rc print_json(struct print *print, const struct history_row *row, struct err *err) {
    char dot[INSTANCE_TEXT_BYTES], made[TIME_TEXT_BYTES], received[TIME_TEXT_BYTES];
    struct json *json = json_object();
    struct buf replaced;

    buf_init(&replaced, LIMIT_REPLACES * INSTANCE_TEXT_BYTES);
    version_text((struct version_id){row->change->dot, row->entry->ordinal}, dot);
    time_text(row->made_ms, made);
    time_text(row->received_ms, received);
    json_add_view(json, "path", row->path);
    if (row->entry->value.type == VALUE_NULL)
        json_add_null(json, "value");
    else
        json_add_view(json, "value", row->value);
    json_add_text(json, "dot", dot);
    json_add_text(json, "kind", desk_kind_name((enum change_kind)row->change->kind));
    json_add_view(json, "author", row->author);
    json_add_view(json, "device", row->device);
    json_add_text(json, "at", made);
    json_add_text(json, "received", received);
    json_add_view(json, "reason", row->change->reason);
    add_replaced(row->entry, json_add_array(json, "replaces"), &replaced);
    json_add_bool(json, "signed", row->change->is_signed);
    if (row->entry->value.type == VALUE_ERASED)
        json_add_bool(json, "erased", true);
    if (row->indexed->verdict != VERDICT_ADMIT)
        json_add_text(json, "quarantine", verdict_name((enum verdict)row->indexed->verdict));
    buf_release(&replaced);
    return listing_item(&print->listing, json, err);
}

static enum rc print_row(void *context, const struct history_row *row, struct err *err) {
    struct print *print = context;
    struct listing *listing = &print->listing;
    enum lang lang = print->command->lang;
    char dot[INSTANCE_TEXT_BYTES], made[TIME_TEXT_BYTES], received[TIME_TEXT_BYTES];
    struct buf replaced;

    if (print->command->json)
        return print_json(print, row, err);
    buf_init(&replaced, LIMIT_REPLACES * INSTANCE_TEXT_BYTES);
    version_text((struct version_id){row->change->dot, row->entry->ordinal}, dot);
    time_text(row->made_ms, made);
    time_text(row->received_ms, received);
    add_replaced(row->entry, NULL, &replaced);
    listing_cell(listing, row->path);
    listing_cell(listing, row->entry->value.type == VALUE_NULL ? view_text("-") : row->value);
    listing_cell(listing, row->author);
    listing_cell(listing, row->device);
    listing_cell(listing, view_text(made));
    listing_cell(listing, view_text(received));
    listing_cell(listing,
                 view_text(words(lang, desk_kind_name((enum change_kind)row->change->kind))));
    listing_cell(listing, view_text(dot));
    listing_cell(listing, buf_view(&replaced));
    listing_cell(listing,
                 view_text(row->indexed->verdict != VERDICT_ADMIT
                               ? words(lang, verdict_words((enum verdict)row->indexed->verdict))
                               : ""));
    listing_cell(listing, row->change->reason);
    buf_release(&replaced);
    return RC_OK;
}

enum rc desk_history(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {"field",    "value",      "author", "device",
                                        "at",       "received",   "kind",   "dot",
                                        "replaces", "quarantine", "reason", NULL};
    struct seat seat;
    struct history history = {.count = 0};
    struct print print = {.command = command};
    bool masked = true;
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK)
        rc = history_open(&seat, command->words[0],
                          view_text(command->word_count > 1 ? command->words[1] : ""), &history,
                          err);
    if (rc == RC_OK)
        rc = seat_mask(&seat, command, command->words[0], &masked, err);
    if (rc == RC_OK) {
        listing_start(&print.listing, command, &seat.arena, heads);
        rc = history_walk(&history, masked, command->lang, print_row, &print, err);
        rc = listing_end(&print.listing, rc, err);
    }
    history_close(&history);
    seat_close(&seat);
    return rc;
}
