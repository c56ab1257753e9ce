/* seat.c: what every command of the desk sits on; see desk.h. */
#include "syncd/desk/desk.h"

#include <stdio.h>

enum rc seat_open_at(const struct office *office, const char *who, struct seat *seat,
                     struct err *err) {
    *seat = (struct seat){.office = office, .who = who};
    arena_init(&seat->arena, DESK_ARENA_BYTES);
    return office->borrow(office->context, &seat->ledger, err);
}

enum rc seat_open(struct desk *desk, const struct command *command, struct seat *seat,
                  struct err *err) {
    const struct office *office;
    enum rc rc = desk->office(desk->context, command, &office, err);

    *seat = (struct seat){0};
    return rc == RC_OK ? seat_open_at(office, "command line", seat, err) : rc;
}

void seat_close(struct seat *seat) {
    if (seat->ledger != NULL)
        seat->office->give_back(seat->office->context, seat->ledger);
    seat->ledger = NULL;
    arena_release(&seat->arena);
}

struct view seat_person_name(void *context, uint64_t person) {
    struct seat *seat = context;
    struct stored_person stored;
    struct err err;
    enum rc rc;

    err_init(&err, LANG_EN);
    if (person == 0)
        return view_text("county");
    rc = store_person(seat->ledger->store, person, &seat->arena, &stored, &err);
    if (rc == RC_NO_MEMORY) /* nobody gets an answer that lacks names for that */
        seat->arena.failed = rc;
    return rc == RC_OK ? stored.name : view_text("");
}

enum rc seat_record(struct seat *seat, const char *id, struct seen_record *out, struct err *err) {
    struct dot dot;
    enum rc rc = dot_parse(view_text(id), &dot, err);

    if (rc == RC_OK)
        rc = store_record(seat->ledger->store, dot, &seat->arena, &out->stored, err);
    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_NOT_FOUND, "%s: there is no such record; see: yg-syncd records", id);
    if (rc == RC_OK)
        rc =
            ledger_read(seat->ledger, &out->stored, &seat->arena, &out->record, &out->reading, err);
    if (rc == RC_OK)
        rc = ledger_examine(seat->ledger, &out->reading, &seat->arena, err);
    return rc;
}

struct reveal {
    const char *who, *object, *reason;
};

static enum rc reveal_act(void *context, struct work *work, struct err *err) {
    const struct reveal *reveal = context;

    return work_act(work, reveal->who, "reveal", reveal->object, view_text(reveal->reason), err);
}

enum rc seat_mask(struct seat *seat, const struct command *command, const char *object,
                  bool *masked, struct err *err) {
    struct reveal reveal = {
        .who = seat->who, .object = object, .reason = command_option(command, "--reason")};

    *masked = command_option(command, "--reveal") == NULL;
    if (*masked)
        return RC_OK;
    if (reveal.reason == NULL || reveal.reason[0] == '\0')
        return err_set(err, RC_USAGE, "--reveal: say why, with --reason TEXT; it is logged");
    return office_act(seat->office, reveal_act, &reveal, err);
}

void time_text(int64_t time_ms, char out[TIME_TEXT_BYTES]) {
    if (time_ms == 0)
        snprintf(out, TIME_TEXT_BYTES, "-");
    else
        time_format(time_ms, out);
}

enum rc seat_root_area(struct seat *seat, uint64_t *area, struct err *err) {
    struct view setting;
    struct reader reader;
    enum rc rc = store_setting(seat->ledger->store, "area", &seat->arena, &setting, err);

    if (rc != RC_OK)
        return rc;
    reader_init(&reader, setting);
    *area = read_le64(&reader);
    return reader_check(&reader, "the setting area", err);
}

enum rc seat_areas_check(struct seat *seat, const uint64_t *areas, uint32_t count,
                         struct err *err) {
    uint64_t root = 0;
    enum rc rc = seat_root_area(seat, &root, err);

    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        char text[AREA_TEXT_BYTES], root_text[AREA_TEXT_BYTES];

        if (area_contains(root, areas[i]))
            continue;
        area_text(areas[i], text);
        area_text(root, root_text);
        rc = err_set(err, RC_INVALID, "area %s: lies outside of this county, which has %s", text,
                     root_text);
    }
    return rc;
}

enum rc seat_area(struct seat *seat, const char *text, uint64_t *area, struct err *err) {
    enum rc rc = area_parse(view_text(text), area, err);

    if (rc == RC_OK)
        *area = succession_of(&seat->ledger->areas, *area);
    return rc;
}

void seat_areas_current(struct seat *seat, uint64_t *list, uint32_t *count) {
    *count = succession_current(&seat->ledger->areas, list, *count, list);
}

void seat_areas_json(struct json *parent, const char *key, const uint64_t *areas, uint32_t count) {
    struct json *array = json_add_array(parent, key);
    char text[AREA_TEXT_BYTES];

    for (uint32_t i = 0; i < count; i++) {
        area_text(areas[i], text);
        json_add_text(array, NULL, text);
    }
}

void seat_areas_text(const uint64_t *areas, uint32_t count, struct buf *out) {
    char text[AREA_TEXT_BYTES];

    for (uint32_t i = 0; i < count; i++) {
        area_text(areas[i], text);
        buf_add_text(out, i == 0 ? "" : ",");
        buf_add_text(out, text);
    }
}
