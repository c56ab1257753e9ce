/* bundle.c: sticks that come from villages without a network, and go back there. */
#include "syncd/sync/bundle.h"
#include "base/file.h"
#include "syncd/desk/desk.h"

/* --- read --- */

static enum rc read_json(struct seat *seat, struct command *command,
                         const struct bundle_report *report, struct err *err) {
    struct json *document = json_object(), *list, *item;
    char id[17], time[TIME_TEXT_BYTES];

    (void)seat;
    id_text(report->device, id);
    json_add_text(document, "device", id);
    time_text(report->made_ms, time);
    json_add_text(document, "made", time);
    json_add_int(document, "changes", (int64_t)report->changes);
    json_add_int(document, "batches", report->batches);
    json_add_int(document, "attachments", report->attachments);
    json_add_int(document, "refused", report->refused);
    json_add_int(document, "damaged", report->damaged);
    json_add_bool(document, "more", report->more);
    list = json_add_array(document, "actors");
    for (uint32_t i = 0; i < report->actor_count; i++) {
        const struct bundle_actor *actor = &report->actors[i];

        item = json_add_object(list, NULL);
        id_text(actor->actor, id);
        json_add_text(item, "actor", id);
        id_text(actor->device.device, id);
        json_add_text(item, "device", id);
        json_add_view(item, "name", actor->device.name);
        json_add_int(item, "first", (int64_t)actor->first);
        json_add_int(item, "last", (int64_t)actor->last);
        json_add_int(item, "new", (int64_t)actor->fresh);
        json_add_int(item, "number", (int64_t)actor->number);
        json_add_int(item, "waits_from", (int64_t)actor->want_from);
        json_add_int(item, "quarantined", actor->quarantined);
        json_add_bool(item, "carried", actor->device.device != report->device);
        json_add_bool(item, "forked", actor->fork_actor != 0);
    }
    return command_print_json(command, document, err);
}

static void say_actor(struct command *command, const struct bundle_actor *actor) {
    if (actor->batches == 0)
        return;
    command_say(command, "%.*s: changes %llu to %llu, %llu of them new; here up to %llu",
                VIEW_PRINT(actor->device.name), (unsigned long long)actor->first,
                (unsigned long long)actor->last, (unsigned long long)actor->fresh,
                (unsigned long long)actor->number);
    if (actor->want_from != 0)
        command_say(command,
                    "%.*s: %llu to %llu are missing; what comes after them is kept and waits",
                    VIEW_PRINT(actor->device.name), (unsigned long long)actor->number + 1,
                    (unsigned long long)actor->first - 1);
    if (actor->fork_actor != 0)
        command_say(command,
                    "%.*s: another copy of this tablet has used the same numbers; both are kept",
                    VIEW_PRINT(actor->device.name));
    if (actor->quarantined > 0)
        command_say(command, "%.*s: %u changes are in quarantine; see: yg-syncd quarantine",
                    VIEW_PRINT(actor->device.name), actor->quarantined);
}

static enum rc read_text(struct command *command, const struct bundle_report *report,
                         struct err *err) {
    for (uint32_t i = 0; i < report->actor_count; i++)
        say_actor(command, &report->actors[i]);
    if (report->attachments > 0)
        command_say(command, "%u photos and files have come with it", report->attachments);
    if (report->damaged > 0)
        command_say(command,
                    "%u parts of the bundle are damaged or missing; copy it from its source again, "
                    "and read it once more",
                    report->damaged);
    if (report->refused > 0)
        command_say(command, "%u batches were refused: %.*s", report->refused,
                    VIEW_PRINT(report->why));
    if (report->more)
        command_say(command, "more waits on that tablet than this bundle holds");
    return command_printf(command, err, "%llu\n", (unsigned long long)report->changes);
}

enum rc desk_bundle_read(void *context, struct command *command, struct err *err) {
    struct bundle_report report;
    struct seat seat;
    struct buf bytes;
    enum rc rc;

    buf_init(&bytes, LIMIT_BUNDLE_BYTES);
    rc = command_read(command, command->words[0], LIMIT_BUNDLE_BYTES, &bytes, err);
    if (rc != RC_OK) {
        buf_release(&bytes);
        return rc;
    }
    rc = seat_open(context, command, &seat, err);
    if (rc == RC_OK)
        rc = bundle_ingest(seat.office, seat.ledger, buf_view(&bytes), &seat.arena, &report, err);
    if (rc == RC_OK)
        rc = command->json ? read_json(&seat, command, &report, err)
                           : read_text(command, &report, err);
    seat_close(&seat);
    buf_release(&bytes);
    return rc;
}

/* --- write --- */

static enum rc write_out(struct command *command, const char *path, struct view bytes,
                         const struct bundle_made *made, struct err *err) {
    struct json *document;
    enum rc rc;

    if (path == NULL)
        return command_print(command, bytes, err);
    rc = file_write(path, bytes, FILE_MODE_SHARED, err);
    if (rc != RC_OK)
        return rc;
    if (made->more)
        command_say(command,
                    "the bundle is full; the tablet's next bundle will say where to go on");
    if (!command->json) {
        command_say(command, "written for the tablet, %zu bytes; nobody else can read it",
                    bytes.size);
        return RC_OK;
    }
    document = json_object();
    json_add_text(document, "file", path);
    json_add_int(document, "bytes", (int64_t)bytes.size);
    json_add_int(document, "answers", made->answers);
    json_add_bool(document, "from_start", made->from_start);
    json_add_bool(document, "more", made->more);
    return command_print_json(command, document, err);
}

enum rc desk_bundle_write(void *context, struct command *command, struct err *err) {
    const char *name = command_option(command, "--device");
    bool to_output = strcmp(command->words[0], "-") == 0;
    char path[FILE_PATH_BYTES_MAX] = "";
    struct stored_device device;
    struct bundle_made made;
    struct seat seat;
    struct buf bytes;
    enum rc rc = RC_OK;

    if (name == NULL)
        return err_set(err, RC_USAGE,
                       "--device DEVICE is missing; see: yg-syncd bundle write --help");
    if (!to_output)
        rc = command_path(command, command->words[0], path, sizeof(path), err);
    if (rc != RC_OK)
        return rc;
    if (!to_output && file_exists(path))
        return err_set(err, RC_CONFLICT,
                       "%s: there is such a file already; give the bundle another name", path);
    buf_init(&bytes, LIMIT_BUNDLE_BYTES);
    rc = seat_open(context, command, &seat, err);
    if (rc == RC_OK)
        rc = seat_device(&seat, name, &device, err);
    if (rc == RC_OK)
        rc = bundle_make(seat.office, seat.ledger, &device,
                         command_option(command, "--from-start") != NULL, &bytes, &made, err);
    if (rc == RC_OK)
        rc = write_out(command, to_output ? NULL : path, buf_view(&bytes), &made, err);
    seat_close(&seat);
    buf_release(&bytes);
    return rc;
}
