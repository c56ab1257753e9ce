/* exchange.c: sync, by command and from the service. */
#include "agent/face/columns.h"
#include "agent/face/face.h"
#include "agent/store/traffic.h"
#include "agent/sync/sync.h"

#include <inttypes.h>

/* The county wants this tablet to forget. Keys that are in use now are keys all the same. */
enum rc face_wipe(struct face *face, struct tablet *tablet, struct session **session,
                  struct err *err) {
    const struct facts *facts = tablet_facts(tablet);
    struct err ignored;

    if (!facts->scope.wipe || facts->wiped || tablet_locked(tablet))
        return RC_OK;
    /* What is not sealed for the county when the keys go is lost: the next sync tries again. */
    if (sync_seal(tablet, err) != RC_OK)
        return err->rc;
    err_init(&ignored, err->lang);
    for (size_t i = 0; i < FACE_SEATS_MAX; i++) {
        struct seat *seat = &face->seats[i];

        if (seat->session == NULL || seat->busy > 0)
            continue;
        if (seat->session == *session)
            *session = NULL;
        (void)face_close_seat(seat, &ignored);
    }
    (void)session_close(*session, &ignored);
    *session = NULL;
    /* An import that is at work keeps its session; the next sync finds it closed. */
    return tablet_locked(tablet) ? tablet_wipe(tablet, err) : RC_OK;
}

/* `syncing` changes only in somebody's turn, so it can be read in one's own without the mutex. */
void face_await_sync(struct face *face) {
    while (face->syncing) {
        face_end_turn(face);
        pthread_mutex_lock(&face->mutex);
        while (face->syncing)
            pthread_cond_wait(&face->synced, &face->mutex);
        pthread_mutex_unlock(&face->mutex);
        face_take_turn(face);
    }
}

static void set_syncing(struct face *face, bool syncing) {
    pthread_mutex_lock(&face->mutex);
    face->syncing = syncing;
    face->sync_done = face->sync_total = 0;
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
    face_await_sync(face);
    set_syncing(face, true);
    rc = link_http_open(tablet, view_text(server), &http, err);
    if (rc == RC_OK) {
        link_http_pause(http, &pause);
        rc = sync_run(tablet, link_http_link(http), options, report, err);
    }
    link_http_close(http);
    set_syncing(face, false);
    err_init(&face->sync_trouble, err->lang);
    if (rc != RC_OK)
        face->sync_trouble = *err;
    err_init(&wiping, err->lang);
    if (face_wipe(face, tablet, session, &wiping) != RC_OK && rc == RC_OK) {
        *err = wiping;
        rc = wiping.rc;
    }
    return rc;
}

/* One pull over HTTP, without a sync before it. */
static enum rc pull_once(struct visit *visit, const struct attachment_wanted *wanted,
                         struct err *err) {
    const struct link_pause pause = {.context = visit->face, .away = away, .back = back};
    struct link_http *http = NULL;
    enum rc rc;

    face_await_sync(visit->face);
    set_syncing(visit->face, true);
    rc = link_http_open(visit->tablet, view_text(NULL), &http, err);
    if (rc == RC_OK) {
        link_http_pause(http, &pause);
        rc = sync_pull_attachment(visit->session, link_http_link(http), wanted, err);
    }
    link_http_close(http);
    set_syncing(visit->face, false);
    return rc;
}

enum rc face_pull(struct visit *visit, const struct attachment_wanted *wanted, struct err *err) {
    struct session *nobody = NULL;
    struct sync_report report;
    enum rc rc;

    if (visit->seat != NULL)
        visit->seat->busy++;
    rc = pull_once(visit, wanted, err);
    if (rc == RC_AGAIN) { /* our nonce is too old: a sync brings a new one */
        err_clear(err);
        rc = face_exchange(visit->face, visit->tablet, &nobody, NULL, NULL, &report, err);
        if (rc == RC_OK)
            rc = pull_once(visit, wanted, err);
    }
    if (visit->seat != NULL) {
        visit->seat->busy--;
        visit->seat->used_ms = env_monotonic_ms(visit->face->env);
    }
    return rc;
}

static void sync_progress(void *context, uint64_t done, uint64_t total) {
    command_progress(context, "%llu of %llu changes", (unsigned long long)done,
                     (unsigned long long)total);
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
    json_add_int(document, "attachments", (int64_t)report->attachments);
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
        {"photos and files arrived at the county", report->attachments, false},
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
        face_progress_end(command);
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
