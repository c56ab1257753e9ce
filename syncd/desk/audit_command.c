/* audit_command.c: `audit export`: the wish from the command line, the file on the caller's disk.
 */
#include "base/crypt.h"
#include "base/file.h"
#include "base/text.h"
#include "syncd/desk/audit.h"
#include "syncd/desk/desk.h"

#define LIST_BYTES 4096u

struct export_command {
    struct seat seat;
    struct command *command;
    struct audit_wish wish;
    uint32_t record_capacity;
    struct dot *records;
    uint64_t areas[LIMIT_AREAS];
    char object[LIMIT_NAME_BYTES + 1]; /* of the act: what was asked for */
};

/* ---- the wish ---- */

static enum rc add_records(struct export_command *at, const char *list, struct err *err) {
    struct view rest = view_text(list);

    while (rest.size > 0) {
        const uint8_t *comma = memchr(rest.data, ',', rest.size);
        size_t size = comma == NULL ? rest.size : (size_t)(comma - rest.data);
        struct dot *row = arena_push(&at->seat.arena, &at->records, &at->wish.record_count,
                                     &at->record_capacity, sizeof(*row));
        enum rc rc;

        if (row == NULL)
            return arena_check(&at->seat.arena, "a list of records", err);
        rc = dot_parse(view_slice(rest, 0, size), row, err);
        if (rc != RC_OK)
            return rc;
        rest = view_slice(rest, size + (comma != NULL), rest.size);
    }
    return RC_OK;
}

static enum rc read_selection(struct export_command *at, struct err *err) {
    struct command *command = at->command;
    const char *area = command_option(command, "--area");
    const char *list = command_option_at(command, "--records", 0);
    bool all = command_option(command, "--all") != NULL;
    enum rc rc = RC_OK;

    if ((area != NULL) + (list != NULL) + all != 1)
        return err_set(err, RC_USAGE, "say --records ID,..., --area A or --all");
    at->wish.selection = all ? AUDIT_ALL : area != NULL ? AUDIT_AREA : AUDIT_RECORDS;
    if (area != NULL) {
        rc = seat_area(&at->seat, area, &at->areas[0], err);
        at->wish.area_count = 1;
        at->wish.areas = at->areas;
    }
    for (size_t i = 0; list != NULL && rc == RC_OK;
         list = command_option_at(command, "--records", ++i))
        rc = add_records(at, list, err);
    at->wish.records = at->records;
    if (rc == RC_OK && at->wish.selection == AUDIT_RECORDS && at->wish.record_count == 0)
        rc = err_set(err, RC_USAGE, "say --records ID,..., --area A or --all");
    if (at->wish.selection == AUDIT_RECORDS && at->wish.record_count == 1)
        dot_text(at->records[0], at->object);
    else if (at->wish.selection == AUDIT_RECORDS)
        snprintf(at->object, sizeof(at->object), "%u records", at->wish.record_count);
    else
        snprintf(at->object, sizeof(at->object), "%s", all ? "all" : area);
    return rc;
}

static enum rc read_wish(struct export_command *at, struct err *err) {
    struct command *command = at->command;
    const char *day = command_option(command, "--on");
    const char *reason = command_option(command, "--reason");
    struct date date = date_from_ms(env_wall_ms(at->seat.office->env));

    at->wish.full = command_option(command, "--reveal") != NULL;
    at->wish.contents = command_option(command, "--attachments") != NULL;
    at->wish.by = view_text("command line");
    at->wish.reason = view_text(reason);
    if (at->wish.full && at->wish.reason.size == 0)
        return err_set(err, RC_USAGE, "--reveal: say why, with --reason TEXT; it is logged");
    if (at->wish.reason.size > LIMIT_REASON_BYTES)
        return err_set(err, RC_LIMIT, "--reason: more than %u bytes", LIMIT_REASON_BYTES);
    if (at->wish.contents && !at->wish.full)
        return err_set(err, RC_USAGE,
                       "--attachments shows what cannot be masked; give --reveal --reason TEXT");
    if (day != NULL && !date_parse(view_text(day), &date))
        return err_set(err, RC_USAGE, "--on %s: write a day such as 2026-11-23", day);
    at->wish.day = date_to_days(date);
    return read_selection(at, err);
}

/* ---- the file ---- */

struct file_sink {
    char path[FILE_PATH_BYTES_MAX + 8];
    uint64_t written;
    struct buf waiting;
};

#define PORTION_BYTES (1024u * 1024u)

static enum rc sink_flush(struct file_sink *sink, struct err *err) {
    enum rc rc =
        file_write_at(sink->path, sink->written, buf_view(&sink->waiting), FILE_MODE_PRIVATE, err);

    sink->written += sink->waiting.size;
    buf_clear(&sink->waiting);
    return rc;
}

static enum rc sink_write(void *context, struct view bytes, struct err *err) {
    struct file_sink *sink = context;

    if (sink->waiting.size + bytes.size > PORTION_BYTES && sink->waiting.size > 0) {
        enum rc rc = sink_flush(sink, err);

        if (rc != RC_OK)
            return rc;
    }
    if (bytes.size > PORTION_BYTES) {
        enum rc rc = file_write_at(sink->path, sink->written, bytes, FILE_MODE_PRIVATE, err);

        sink->written += bytes.size;
        return rc;
    }
    buf_add_view(&sink->waiting, bytes);
    return buf_check(&sink->waiting, "an audit file", err);
}

static enum rc export_act(void *context, struct work *work, struct err *err) {
    const struct export_command *at = context;

    return work_act(work, "command line", at->wish.full ? "audit export in full" : "audit export",
                    at->object, at->wish.reason, err);
}

/* What is half written never has the name that was asked for. */
static enum rc export_to(struct export_command *at, const char *path, struct err *err) {
    struct file_sink sink = {.written = 0};
    struct err ignored;
    enum rc rc;

    if (file_exists(path))
        return err_set(err, RC_CONFLICT, "%s: the file exists already; give another name", path);
    snprintf(sink.path, sizeof(sink.path), "%s.part", path);
    err_init(&ignored, err->lang);
    (void)file_remove(sink.path, &ignored);
    buf_init(&sink.waiting, PORTION_BYTES + AUDIT_MAGIC_BYTES);
    rc = office_act(at->seat.office, export_act, at, err);
    if (rc == RC_OK)
        rc = audit_export(at->seat.office, at->seat.ledger, &at->wish, sink_write, &sink, err);
    if (rc == RC_OK)
        rc = sink_flush(&sink, err);
    if (rc == RC_OK)
        rc = file_sync(sink.path, err);
    if (rc == RC_OK)
        rc = file_rename(sink.path, path, err);
    if (rc != RC_OK)
        (void)file_remove(sink.path, &ignored);
    buf_release(&sink.waiting);
    return rc;
}

static enum rc say_done(struct export_command *at, const char *path, struct err *err) {
    char key[65];
    struct json *json;

    hex_encode(view_of(at->seat.office->keys->sign_public, 32), key);
    if (at->command->json) {
        json = json_object();
        json_add_text(json, "file", path);
        json_add_text(json, "county_key", key);
        json_add_bool(json, "masked", !at->wish.full);
        return command_print_json(at->command, json, err);
    }
    command_say(at->command,
                "%s is written; whoever checks it with yg-verify should know the county's key from "
                "elsewhere:",
                path);
    return command_printf(at->command, err, "%s\n", key);
}

enum rc desk_audit_export(void *context, struct command *command, struct err *err) {
    struct export_command at = {.command = command};
    char path[FILE_PATH_BYTES_MAX];
    enum rc rc = command_path(command, command->words[0], path, sizeof(path), err);

    if (rc == RC_OK)
        rc = seat_open(context, command, &at.seat, err);
    if (rc != RC_OK)
        return rc;
    rc = read_wish(&at, err);
    if (rc == RC_OK)
        rc = export_to(&at, path, err);
    if (rc == RC_OK)
        rc = say_done(&at, path, err);
    seat_close(&at.seat);
    return rc;
}
