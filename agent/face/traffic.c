/* traffic.c: commands about what goes out and comes in: sync, status, quarantine, verify. */
#include "agent/store/traffic.h"
#include "agent/face/columns.h"
#include "agent/face/face.h"
#include "agent/sync/sync.h"
#include "base/date.h"
#include "base/words.h"

#include <inttypes.h>

#define PROBLEMS_BYTES (4u * 1024u * 1024u)

/* ---- sync ---- */

/* The county wants this tablet to forget. Keys that are in use now are keys all the same. */
static enum rc wipe_now(struct face *face, struct tablet *tablet, struct session **session,
                        struct err *err) {
    const struct facts *facts = tablet_facts(tablet);
    struct err ignored;

    if (!facts->scope.wipe || facts->wiped || tablet_locked(tablet))
        return RC_OK;
    err_init(&ignored, err->lang);
    for (size_t i = 0; i < FACE_SEATS_MAX; i++) {
        struct seat *seat = &face->seats[i];

        if (seat->session == NULL || seat->busy > 0)
            continue;
        if (seat->session == *session)
            *session = NULL;
        (void)session_close(seat->session, &ignored);
        *seat = (struct seat){0};
    }
    (void)session_close(*session, &ignored);
    *session = NULL;
    /* An import that is at work keeps its session; the next sync finds it closed. */
    return tablet_locked(tablet) ? tablet_wipe(tablet, err) : RC_OK;
}

static void set_syncing(struct face *face, bool syncing) {
    pthread_mutex_lock(&face->mutex);
    face->syncing = syncing;
    pthread_cond_broadcast(&face->synced);
    pthread_mutex_unlock(&face->mutex);
}

static void away(void *context) {
    face_end_turn(context);
}

static void back(void *context) {
    face_take_turn(context);
}

enum rc face_exchange(struct face *face, struct tablet *tablet, struct session **session,
                      const char *server, const struct sync_options *options,
                      struct sync_report *report, struct err *err) {
    const struct link_pause pause = {.context = face, .away = away, .back = back};
    struct link_http *http = NULL;
    struct err wiping;
    enum rc rc;

    *report = (struct sync_report){.retry_after_s = -1};
    face_settle(face); /* one sync at a time */
    set_syncing(face, true);
    rc = link_http_open(tablet, view_text(server), &http, err);
    if (rc == RC_OK) {
        link_http_pause(http, &pause);
        rc = sync_run(tablet, link_http_link(http), options, report, err);
    }
    link_http_close(http);
    set_syncing(face, false);
    err_init(&wiping, err->lang);
    if (wipe_now(face, tablet, session, &wiping) != RC_OK && rc == RC_OK) {
        *err = wiping;
        rc = wiping.rc;
    }
    return rc;
}

static void sync_progress(void *context, uint64_t done, uint64_t total) {
    command_progress(context, "%llu of %llu changes", (unsigned long long)done,
                     (unsigned long long)total);
}

static void clear_progress(struct command *command) {
    struct err ignored;

    err_init(&ignored, command->lang);
    if (command->is_terminal)
        (void)command->write(command->sink, CONTROL_STDERR, view_text("\r\033[K"), &ignored);
}

static enum rc sync_json(struct command *command, const struct sync_report *report,
                         struct err *err) {
    struct json *document = json_object();

    json_add_int(document, "sent", (int64_t)report->sent);
    json_add_int(document, "received", (int64_t)report->received);
    json_add_int(document, "unsent", (int64_t)report->unsent);
    json_add_int(document, "quarantined", (int64_t)report->quarantined);
    json_add_int(document, "conflicts", (int64_t)report->conflicts);
    json_add_int(document, "forms", (int64_t)report->forms);
    json_add_int(document, "requests", report->requests);
    json_add_int(document, "bytes_up", (int64_t)report->bytes_up);
    json_add_int(document, "bytes_down", (int64_t)report->bytes_down);
    json_add_bool(document, "locked", report->locked);
    json_add_bool(document, "more", report->more);
    json_add_int(document, "elapsed_ms", report->elapsed_ms);
    return command_print_json(command, document, err);
}

/* "12 sent, 0 waiting, 2 need your attention" */
static enum rc sync_text(struct command *command, const struct sync_report *report,
                         struct err *err) {
    struct columns columns;
    const struct {
        const char *name;
        uint64_t count;
        bool always;
    } rows[] = {
        {"sent", report->sent, true},
        {"still only on the tablet", report->unsent, true},
        {"received", report->received, true},
        {"records with new open questions", report->conflicts, false},
        {"wait for the county's staff", report->quarantined, false},
        {"new forms", report->forms, false},
    };
    enum rc rc;

    columns_init(&columns, 2);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
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
    if (report->locked && report->received > 0)
        command_say(command, "what came is sealed until somebody unlocks");
    return rc;
}

enum rc face_sync(void *context, struct command *command, struct err *err) {
    const char *server = command_option(command, "--server");
    struct sync_options options = {.progress = sync_progress, .progress_context = command};
    struct sync_report report;
    struct visit visit;
    enum rc rc = visit_open(context, command, WANT_SESSION, &visit, err);

    if (rc == RC_OK) {
        /* A session of the service stays with the service: others may use it meanwhile. */
        if (visit.seat != NULL)
            visit.session = NULL;
        visit.seat = NULL;
        rc = face_exchange(context, visit.tablet, &visit.session, server, &options, &report, err);
        clear_progress(command);
        /* Remembered once it has proved to be the county's. */
        if (rc == RC_OK && server != NULL)
            rc = tablet_set_server(visit.tablet, view_text(server), err);
        if (rc == RC_OK)
            rc =
                command->json ? sync_json(command, &report, err) : sync_text(command, &report, err);
        else if (report.sent + report.received > 0)
            command_say(command, "before that: %llu sent, %llu received",
                        (unsigned long long)report.sent, (unsigned long long)report.received);
    }
    visit_close(&visit);
    return rc;
}

/* ---- status ---- */

static enum rc status_json(struct visit *visit, const struct tablet_status *status,
                           const struct notice *notices, uint32_t count, struct err *err) {
    struct json *document = json_object(), *list, *item;
    char id[17];

    id_text(status->device, id);
    json_add_text(document, "device", id);
    json_add_view(document, "name", status->device_name);
    id_text(status->actor, id);
    json_add_text(document, "actor", id);
    json_add_view(document, "server", status->server);
    add_areas(document, "areas", status->areas, status->area_count);
    json_add_bool(document, "locked", tablet_locked(visit->tablet));
    json_add_bool(document, "serving", !visit->own_tablet);
    json_add_int(document, "on_tablet", (int64_t)status->on_tablet);
    json_add_int(document, "on_server", (int64_t)status->on_server);
    json_add_int(document, "backed_up", (int64_t)status->backed_up);
    json_add_int(document, "unsent", (int64_t)status->unsent);
    json_add_text(document, "waiting", waiting_name(status->waiting));
    json_add_int(document, "quarantined", (int64_t)status->quarantined);
    json_add_int(document, "records", (int64_t)status->records);
    json_add_int(document, "inbox", (int64_t)status->inbox);
    json_add_int(document, "forms", status->form_count);
    add_time(document, "synced", status->synced_ms);
    add_time(document, "tried", status->tried_ms);
    json_add_int(document, "offset_ms", status->offset_ms);
    json_add_int(document, "epoch", status->epoch);
    json_add_int(document, "scope", status->scope_serial);
    json_add_bool(document, "revoked", status->revoked);
    add_time(document, "ready_until", status->ready_until_ms);
    list = json_add_array(document, "notices");
    for (uint32_t i = 0; i < count; i++) {
        item = json_add_object(list, NULL);
        json_add_text(item, "kind", notice_name((enum notice_kind)notices[i].kind));
        add_time(item, "at", notices[i].at_ms);
        json_add_bool(item, "seen", notices[i].seen);
    }
    return command_print_json(visit->command, document, err);
}

static void text_row(struct columns *columns, enum lang lang, const char *english,
                     const char *text) {
    columns_add_words(columns, lang, english);
    columns_add_text(columns, text);
    columns_end_row(columns);
}

static void number_row(struct columns *columns, enum lang lang, const char *english,
                       uint64_t number) {
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, number);
    text_row(columns, lang, english, text);
}

static void time_row(struct columns *columns, enum lang lang, const char *english,
                     int64_t wall_ms) {
    char text[TIME_TEXT_BYTES];

    if (wall_ms != 0)
        time_format(wall_ms, text);
    text_row(columns, lang, english, wall_ms == 0 ? words(lang, "never") : text);
}

static void areas_row(struct columns *columns, enum lang lang, const struct tablet_status *status) {
    struct buf text;

    buf_init(&text, LIMIT_AREAS * (AREA_TEXT_BYTES + 1));
    for (uint32_t i = 0; i < status->area_count; i++) {
        char area[AREA_TEXT_BYTES];

        area_text(status->areas[i], area);
        buf_addf(&text, "%s%s", i > 0 ? " " : "", area);
    }
    text_row(columns, lang, "areas", buf_text(&text));
    buf_release(&text);
}

static enum rc status_text(struct visit *visit, const struct tablet_status *status,
                           const struct notice *notices, uint32_t count, struct err *err) {
    struct command *command = visit->command;
    enum lang lang = command->lang;
    struct columns columns;
    enum rc rc;

    columns_init(&columns, 2);
    columns_add_words(&columns, lang, "tablet");
    columns_add(&columns, status->device_name);
    columns_end_row(&columns);
    columns_add_words(&columns, lang, "server");
    columns_add(&columns, status->server);
    columns_end_row(&columns);
    areas_row(&columns, lang, status);
    number_row(&columns, lang, "records", status->records);
    number_row(&columns, lang, "own changes on the tablet", status->on_tablet);
    number_row(&columns, lang, "of these on the server", status->on_server);
    number_row(&columns, lang, "of these backed up", status->backed_up);
    number_row(&columns, lang, "wait to be sent", status->unsent);
    if (status->unsent > 0)
        text_row(&columns, lang, "because", words(lang, waiting_words(status->waiting)));
    if (status->quarantined > 0)
        number_row(&columns, lang, "wait for the county's staff", status->quarantined);
    if (status->inbox > 0)
        number_row(&columns, lang, "came while locked", status->inbox);
    time_row(&columns, lang, "last sync", status->synced_ms);
    time_row(&columns, lang, "ready offline until", status->ready_until_ms);
    text_row(&columns, lang, "now",
             words(lang, tablet_locked(visit->tablet) ? "locked" : "unlocked"));
    rc = columns_print(&columns, command, err);
    columns_release(&columns);
    for (uint32_t i = 0; i < count; i++)
        if (!notices[i].seen)
            command_say(command, "notice: %s",
                        words(lang, notice_words((enum notice_kind)notices[i].kind)));
    return rc;
}

enum rc face_status(void *context, struct command *command, struct err *err) {
    struct tablet_status status;
    struct notice *notices;
    struct visit visit;
    uint32_t count;
    enum rc rc = visit_open(context, command, NEED_TABLET, &visit, err);

    if (rc == RC_OK)
        rc = tablet_status(visit.tablet, &visit.arena, &status, err);
    if (rc == RC_OK)
        rc = tablet_notices(visit.tablet, &visit.arena, &notices, &count, err);
    if (rc == RC_OK && command->json) {
        rc = status_json(&visit, &status, notices, count, err);
    } else if (rc == RC_OK) {
        rc = status_text(&visit, &status, notices, count, err);
        /* Whoever read them as text has seen them; a program that polls has not. */
        if (rc == RC_OK && count > 0)
            rc = tablet_notices_seen(visit.tablet, notices[count - 1].serial, err);
    }
    visit_close(&visit);
    return rc;
}

/* ---- quarantine ---- */

enum rc face_quarantine(void *context, struct command *command, struct err *err) {
    struct tablet_quarantined *waiting;
    struct columns columns;
    struct visit visit;
    uint32_t count;
    enum rc rc = visit_open(context, command, NEED_TABLET, &visit, err);

    if (rc == RC_OK)
        rc = tablet_quarantine(visit.tablet, &visit.arena, &waiting, &count, err);
    if (rc == RC_OK && command->json) {
        struct json *list = json_array();

        for (uint32_t i = 0; i < count; i++) {
            struct json *item = json_add_object(list, NULL);

            add_dot(item, "id", waiting[i].record);
            add_dot(item, "dot", waiting[i].dot);
            json_add_text(item, "verdict", verdict_name((enum verdict)waiting[i].verdict));
        }
        rc = command_print_json(command, list, err);
    } else if (rc == RC_OK) {
        columns_init(&columns, 3);
        for (uint32_t i = 0; i < count; i++) {
            char record[DOT_TEXT_BYTES], dot[DOT_TEXT_BYTES];

            dot_text(waiting[i].record, record);
            dot_text(waiting[i].dot, dot);
            columns_add_text(&columns, record);
            columns_add_text(&columns, dot);
            columns_add_words(&columns, command->lang,
                              verdict_words((enum verdict)waiting[i].verdict));
            columns_end_row(&columns);
        }
        rc = columns_print(&columns, command, err);
        columns_release(&columns);
    }
    visit_close(&visit);
    return rc;
}

/* ---- verify ---- */

static void verify_progress(void *context, uint64_t done, uint64_t total) {
    command_progress(context, "%llu of %llu checked", (unsigned long long)done,
                     (unsigned long long)total);
}

static enum rc verify_json(struct command *command, const struct tablet_verified *verified,
                           const struct buf *problems, struct err *err) {
    struct json *document = json_object();
    struct json *list;
    size_t start = 0;

    json_add_int(document, "changes", (int64_t)verified->changes);
    json_add_int(document, "records", (int64_t)verified->records);
    json_add_int(document, "unreadable", (int64_t)verified->unreadable);
    list = json_add_array(document, "problems");
    for (size_t i = 0; i < problems->size; i++) {
        if (problems->data[i] != '\n')
            continue;
        json_add_view(list, NULL, view_slice(buf_view(problems), start, i - start));
        start = i + 1;
    }
    return command_print_json(command, document, err);
}

static enum rc verify_text(struct command *command, const struct tablet_verified *verified,
                           struct err *err) {
    struct columns columns;
    enum rc rc;

    columns_init(&columns, 2);
    number_row(&columns, command->lang, "own changes checked", verified->changes);
    number_row(&columns, command->lang, "records checked", verified->records);
    if (verified->unreadable > 0)
        number_row(&columns, command->lang, "not readable without the secret",
                   verified->unreadable);
    number_row(&columns, command->lang, "problems", verified->problems);
    rc = columns_print(&columns, command, err);
    columns_release(&columns);
    return rc;
}

enum rc face_verify(void *context, struct command *command, struct err *err) {
    struct tablet_verified verified = {0};
    struct buf problems;
    struct visit visit;
    struct err ignored;
    enum rc rc = visit_open(context, command, WANT_SESSION, &visit, err);

    buf_init(&problems, PROBLEMS_BYTES);
    if (rc == RC_OK) {
        rc = tablet_verify(visit.tablet, verify_progress, command, &problems, &verified, err);
        clear_progress(command);
        if (rc == RC_OK || rc == RC_CORRUPT) {
            err_init(&ignored, command->lang);
            (void)command->write(command->sink, CONTROL_STDERR, buf_view(&problems), &ignored);
            (void)(command->json ? verify_json(command, &verified, &problems, &ignored)
                                 : verify_text(command, &verified, &ignored));
        }
    }
    buf_release(&problems);
    visit_close(&visit);
    return rc;
}
