/* bundle.c: sync with a stick instead of a network: `bundle write`, `bundle read`. */
#include "agent/face/columns.h"
#include "agent/face/face.h"
#include "agent/store/traffic.h"
#include "agent/sync/sync.h"
#include "base/date.h"
#include "base/file.h"

#include <inttypes.h>

struct row {
    const char *name;
    uint64_t count;
    bool always;
};

static enum rc print_rows(struct command *command, const struct row *rows, size_t count,
                          struct err *err) {
    struct columns columns;
    enum rc rc;

    columns_init(&columns, 2);
    for (size_t i = 0; i < count; i++) {
        char number[24];

        if (!rows[i].always && rows[i].count == 0)
            continue;
        snprintf(number, sizeof(number), "%" PRIu64, rows[i].count);
        columns_add_text(&columns, number);
        columns_add_words(&columns, command->lang, rows[i].name);
        columns_end_row(&columns);
    }
    rc = columns_print(&columns, command, err);
    columns_release(&columns);
    return rc;
}

/* ---- write ---- */

struct target {
    struct command *command;
    const char *path; /* NULL: standard output */
    uint64_t bytes;
};

static enum rc keep(void *context, struct view bytes, struct err *err) {
    struct target *target = context;

    target->bytes = bytes.size;
    if (target->path == NULL)
        return command_print(target->command, bytes, err);
    return file_write(target->path, bytes, FILE_MODE_SHARED, err);
}

static enum rc written_text(struct command *command, const struct bundle_written *written,
                            const struct target *target, struct err *err) {
    const struct row rows[] = {
        {"changes are in the bundle", written->changes, true},
        {"batches carried for other tablets", written->carried, false},
        {"photos and files are in it", written->attachments, false},
        {"changes are not: who wrote them must unlock first", written->unready, false},
    };
    enum rc rc = RC_OK;

    if (target->path != NULL)
        rc = print_rows(command, rows, sizeof(rows) / sizeof(rows[0]), err);
    if (written->more)
        command_say(command, "the bundle is full; bring it to the county, and write the next one "
                             "when the county's bundle has come back");
    command_say(command, "nothing counts as sent before the county's bundle is read here");
    return rc;
}

static enum rc written_json(struct command *command, const struct bundle_written *written,
                            const struct target *target, struct err *err) {
    struct json *document = json_object();

    json_add_text(document, "file", target->path);
    json_add_int(document, "bytes", (int64_t)target->bytes);
    json_add_int(document, "changes", (int64_t)written->changes);
    json_add_int(document, "unready", (int64_t)written->unready);
    json_add_int(document, "carried", (int64_t)written->carried);
    json_add_int(document, "attachments", (int64_t)written->attachments);
    json_add_bool(document, "more", written->more);
    return command_print_json(command, document, err);
}

enum rc face_bundle_write(void *context, struct command *command, struct err *err) {
    struct target target = {.command = command};
    char path[FILE_PATH_BYTES_MAX];
    struct bundle_written written;
    struct visit visit;
    enum rc rc = RC_OK;

    if (strcmp(command->words[0], "-") != 0) {
        rc = command_path(command, command->words[0], path, sizeof(path), err);
        if (rc != RC_OK)
            return rc;
        if (file_exists(path))
            return err_set(err, RC_CONFLICT,
                           "%s: there is such a file already; give the bundle another name", path);
        target.path = path;
    }
    rc = visit_open(context, command, WANT_SESSION, &visit, err);
    if (rc == RC_OK)
        rc = sync_bundle_write(visit.tablet, keep, &target, &written, err);
    if (rc == RC_OK)
        rc = command->json && target.path != NULL ? written_json(command, &written, &target, err)
                                                  : written_text(command, &written, &target, err);
    visit_close(&visit);
    return rc;
}

/* ---- read ---- */

static void say_troubles(struct command *command, const struct bundle_taken *taken) {
    if (taken->damaged > 0)
        command_say(command,
                    "%llu parts of the bundle are damaged or missing; copy it from its "
                    "source again, and read it once more",
                    (unsigned long long)taken->damaged);
    if (taken->gaps > 0)
        command_say(command, "a bundle that was written before this one is missing: read that one, "
                             "and then this one again");
    if (taken->outdated)
        command_say(command, "the bundle was written before the county was restored from a backup; "
                             "nothing of it was taken");
    if (taken->sealed)
        command_say(command, "what came is sealed until somebody unlocks");
    if (taken->more)
        command_say(command, taken->from_county
                                 ? "the county has more for this tablet than this bundle holds"
                                 : "more waits on that tablet than this bundle holds");
}

static enum rc read_text(struct command *command, const struct bundle_taken *taken,
                         struct err *err) {
    const struct row down[] = {
        {"changes are at the county now", taken->sync.sent, true},
        {"still only on the tablet", taken->sync.unsent, true},
        {"received", taken->sync.received, true},
        {"records with new open questions", taken->sync.conflicts, false},
        {"wait for the county's staff", taken->sync.quarantined, false},
        {"new forms", taken->sync.forms, false},
        {"photos and files arrived at the county", taken->sync.attachments, false},
    };
    const struct row up[] = {
        {"batches are carried to the county from now on", taken->baggage, true},
        {"batches were carried already", taken->known, false},
        {"batches are this tablet's own", taken->own, false},
    };
    enum rc rc = taken->from_county ? print_rows(command, down, sizeof(down) / sizeof(down[0]), err)
                                    : print_rows(command, up, sizeof(up) / sizeof(up[0]), err);

    say_troubles(command, taken);
    return rc;
}

static enum rc read_json(struct command *command, const struct bundle_taken *taken,
                         struct err *err) {
    struct json *document = json_object();
    char device[17];

    id_text(taken->device, device);
    json_add_text(document, "from", taken->from_county ? "county" : "tablet");
    json_add_text(document, "device", device);
    add_time(document, "made", taken->made_ms);
    json_add_int(document, "damaged", (int64_t)taken->damaged);
    json_add_bool(document, "more", taken->more);
    if (taken->from_county) {
        json_add_int(document, "sent", (int64_t)taken->sync.sent);
        json_add_int(document, "unsent", (int64_t)taken->sync.unsent);
        json_add_int(document, "received", (int64_t)taken->sync.received);
        json_add_int(document, "conflicts", (int64_t)taken->sync.conflicts);
        json_add_int(document, "quarantined", (int64_t)taken->sync.quarantined);
        json_add_int(document, "forms", (int64_t)taken->sync.forms);
        json_add_int(document, "attachments", (int64_t)taken->sync.attachments);
        json_add_int(document, "gaps", (int64_t)taken->gaps);
        json_add_bool(document, "outdated", taken->outdated);
        json_add_bool(document, "sealed", taken->sealed);
    } else {
        json_add_int(document, "carried", (int64_t)taken->baggage);
        json_add_int(document, "known", (int64_t)taken->known);
        json_add_int(document, "own", (int64_t)taken->own);
    }
    return command_print_json(command, document, err);
}

enum rc face_bundle_read(void *context, struct command *command, struct err *err) {
    struct session *none = NULL, **session = &none;
    struct bundle_taken taken;
    struct visit visit;
    struct buf bytes;
    enum rc rc;

    buf_init(&bytes, LIMIT_BUNDLE_BYTES);
    rc = command_read(command, command->words[0], LIMIT_BUNDLE_BYTES, &bytes, err);
    if (rc != RC_OK) {
        buf_release(&bytes);
        return rc;
    }
    rc = visit_open(context, command, WANT_SESSION, &visit, err);
    if (rc == RC_OK) {
        face_await_sync(visit.face);
        rc = sync_bundle_read(visit.tablet, buf_view(&bytes), &taken, err);
    }
    if (rc == RC_OK && visit.seat == NULL)
        session = &visit.session;
    if (rc == RC_OK)
        rc = face_wipe(context, visit.tablet, session, err);
    if (rc == RC_OK)
        rc = command->json ? read_json(command, &taken, err) : read_text(command, &taken, err);
    visit_close(&visit);
    buf_release(&bytes);
    return rc;
}
