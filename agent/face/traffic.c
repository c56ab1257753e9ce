/* traffic.c: commands about what waits and whether all is whole: status, quarantine, verify. */
#include "agent/face/columns.h"
#include "agent/face/face.h"
#include "agent/face/show.h"
#include "base/date.h"
#include "base/words.h"
#include "schema/merge.h"

#include <inttypes.h>

#define PROBLEMS_BYTES (4u * 1024u * 1024u)

/* ---- status ---- */

/* Of the running service; it writes these in its own turns. */
static void add_sync(struct face *face, struct json *document) {
    struct json *trouble;

    json_add_bool(document, "syncing", face_is_syncing(face));
    if (face->syncing) {
        json_add_int(document, "sync_done", (int64_t)face->sync_done);
        json_add_int(document, "sync_total", (int64_t)face->sync_total);
    }
    if (face->sync_trouble.rc == RC_OK) {
        json_add_null(document, "trouble");
        return;
    }
    trouble = json_add_object(document, "trouble");
    json_add_text(trouble, "error", rc_name(face->sync_trouble.rc));
    json_add_text(trouble, "message", face->sync_trouble.text);
}

static enum rc status_json(struct visit *visit, const struct tablet_status *status,
                           const struct notice *notices, uint32_t count, const struct alarm *alarms,
                           uint32_t alarm_count, struct err *err) {
    struct json *document = json_object(), *list, *item, *photos;
    char id[17];

    id_text(status->device, id);
    json_add_text(document, "device", id);
    json_add_view(document, "name", status->device_name);
    id_text(status->actor, id);
    json_add_text(document, "actor", id);
    json_add_view(document, "server", status->server);
    add_areas(document, "areas", status->areas, status->area_count);
    add_area_names(document, visit->tablet, status->areas, status->area_count);
    json_add_bool(document, "locked", tablet_locked(visit->tablet));
    json_add_bool(document, "serving", !visit->own_tablet);
    json_add_int(document, "on_tablet", (int64_t)status->on_tablet);
    json_add_int(document, "on_server", (int64_t)status->on_server);
    json_add_int(document, "backed_up", (int64_t)status->backed_up);
    json_add_int(document, "unsent", (int64_t)status->unsent);
    json_add_text(document, "waiting", waiting_name(status->waiting));
    json_add_int(document, "quarantined", (int64_t)status->quarantined);
    json_add_int(document, "returned", (int64_t)status->returned);
    json_add_int(document, "records", (int64_t)status->records);
    json_add_int(document, "inbox", (int64_t)status->inbox);
    json_add_int(document, "snapshot_pieces", (int64_t)status->snapshot_chunks);
    json_add_int(document, "snapshot_taken", (int64_t)status->snapshot_taken);
    json_add_int(document, "forms", status->form_count);
    add_time(document, "synced", status->synced_ms);
    add_time(document, "tried", status->tried_ms);
    add_time(document, "bundled", status->bundled_ms);
    json_add_int(document, "carried", (int64_t)status->carried);
    json_add_int(document, "carried_bytes", (int64_t)status->carried_bytes);
    photos = json_add_object(document, "attachments");
    json_add_int(photos, "waiting", (int64_t)status->attachments.waiting);
    json_add_int(photos, "waiting_bytes", (int64_t)status->attachments.waiting_bytes);
    json_add_int(photos, "on_server", (int64_t)status->attachments.on_server);
    json_add_int(photos, "backed_up", (int64_t)status->attachments.backed_up);
    json_add_int(photos, "refused", (int64_t)status->attachments.refused);
    json_add_int(document, "offset_ms", status->offset_ms);
    json_add_bool(document, "clock_wrong", status->clock_wrong);
    json_add_bool(document, "leaving", status->leaving);
    json_add_int(document, "epoch", status->epoch);
    json_add_int(document, "scope", status->scope_serial);
    json_add_bool(document, "revoked", status->revoked);
    add_time(document, "ready_until", status->ready_until_ms);
    add_sync(visit->face, document);
    list = json_add_array(document, "alarms");
    for (uint32_t i = 0; i < alarm_count; i++) {
        item = json_add_object(list, NULL);
        add_area(item, "area", alarms[i].kept.area);
        json_add_int(item, "position", (int64_t)alarms[i].kept.position);
        add_time(item, "at", alarms[i].at_ms);
        json_add_bool(item, "told", alarms[i].told);
        json_add_bool(item, "seen", alarms[i].seen);
    }
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

/* How far the tablet's clock is off: "3 minutes slow". */
static void clock_row(struct columns *columns, enum lang lang, int64_t offset_ms) {
    static const struct {
        int64_t ms;
        const char *slow, *fast;
    } units[] = {
        {MS_PER_DAY, "days slow", "days fast"},
        {MS_PER_HOUR, "hours slow", "hours fast"},
        {MS_PER_MINUTE, "minutes slow", "minutes fast"},
        {MS_PER_SECOND, "seconds slow", "seconds fast"},
    };
    int64_t off = offset_ms < 0 ? -offset_ms : offset_ms;
    struct buf text;
    size_t i = 0;

    while (i < 3 && off < 2 * units[i].ms)
        i++;
    buf_init(&text, 128);
    if (off < MS_PER_SECOND)
        buf_add_text(&text, words(lang, "right"));
    else
        buf_addf(&text, "%lld %s", (long long)(off / units[i].ms),
                 words(lang, offset_ms > 0 ? units[i].slow : units[i].fast));
    text_row(columns, lang, "clock at the last sync", buf_text(&text));
    buf_release(&text);
}

static void areas_row(struct columns *columns, enum lang lang, const struct tablet *tablet,
                      const struct tablet_status *status) {
    struct buf text;

    buf_init(&text, LIMIT_AREAS * (AREA_TEXT_BYTES + LIMIT_NAME_BYTES + 3));
    for (uint32_t i = 0; i < status->area_count; i++) {
        if (i > 0)
            buf_add_text(&text, ", ");
        area_words(tablet, status->areas[i], &text);
    }
    text_row(columns, lang, "areas", buf_text(&text));
    buf_release(&text);
}

/* It is said until it has been read and the county has been told. */
static void say_alarm(struct command *command, const struct alarm *alarm) {
    char area[AREA_TEXT_BYTES], at[TIME_TEXT_BYTES];

    if (alarm->seen && alarm->told)
        return;
    area_text(alarm->kept.area, area);
    time_format(alarm->at_ms, at);
    if (alarm->kept.area == 0) {
        command_say(command,
                    "ALARM %s: the server shows another staff log than it had signed up to act "
                    "%llu; tell the county's auditor",
                    at, (unsigned long long)alarm->kept.position);
        return;
    }
    command_say(command,
                "ALARM %s, area %s: the server shows another history than it had signed up to "
                "entry %llu; nothing is lost here, tell the county's auditor",
                at, area, (unsigned long long)alarm->kept.position);
}

static enum rc status_text(struct visit *visit, const struct tablet_status *status,
                           const struct notice *notices, uint32_t count, const struct alarm *alarms,
                           uint32_t alarm_count, struct err *err) {
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
    areas_row(&columns, lang, visit->tablet, status);
    number_row(&columns, lang, "records", status->records);
    number_row(&columns, lang, "own changes on the tablet", status->on_tablet);
    number_row(&columns, lang, "of these on the server", status->on_server);
    number_row(&columns, lang, "of these backed up", status->backed_up);
    number_row(&columns, lang, "wait to be sent", status->unsent);
    if (status->unsent > 0)
        text_row(&columns, lang, "because", words(lang, waiting_words(status->waiting)));
    if (status->quarantined > 0)
        number_row(&columns, lang, "wait for the county's staff", status->quarantined);
    if (status->returned > 0)
        number_row(&columns, lang, "given back by the staff, with a reason to read",
                   status->returned);
    if (status->inbox > 0)
        number_row(&columns, lang, "came while locked", status->inbox);
    if (status->snapshot_chunks > 0) {
        number_row(&columns, lang, "pieces of the areas' state, to be taken",
                   status->snapshot_chunks);
        number_row(&columns, lang, "of these taken", status->snapshot_taken);
    }
    if (status->carried > 0)
        number_row(&columns, lang, "batches carried for other tablets", status->carried);
    if (status->attachments.waiting > 0) {
        number_row(&columns, lang, "photos and files that wait to be sent",
                   status->attachments.waiting);
        number_row(&columns, lang, "their kilobytes",
                   (status->attachments.waiting_bytes + 999) / 1000);
    }
    if (status->attachments.refused > 0)
        number_row(&columns, lang, "photos and files that the county does not take",
                   status->attachments.refused);
    time_row(&columns, lang, "last sync", status->synced_ms);
    if (status->bundled_ms != 0)
        time_row(&columns, lang, "last bundle", status->bundled_ms);
    clock_row(&columns, lang, status->offset_ms);
    time_row(&columns, lang, "ready offline until", status->ready_until_ms);
    text_row(&columns, lang, "now",
             words(lang, tablet_locked(visit->tablet) ? "locked" : "unlocked"));
    rc = columns_print(&columns, command, err);
    columns_release(&columns);
    for (uint32_t i = 0; i < alarm_count; i++)
        say_alarm(command, &alarms[i]);
    if (status->returned > 0)
        command_say(command, "the county's staff gave changes of yours back; read why: yg-agent "
                             "quarantine");
    if (status->clock_wrong)
        command_say(command, "the clock is wrong: set it by the county's; nothing is lost by it, "
                             "but dates that people read may be wrong");
    if (status->leaving)
        command_say(command, "areas were withdrawn; what belongs to them is removed when your "
                             "changes there have reached the county");
    for (uint32_t i = 0; i < count; i++)
        if (!notices[i].seen)
            command_say(command, "notice: %s",
                        words(lang, notice_words((enum notice_kind)notices[i].kind)));
    return rc;
}

enum rc face_status(void *context, struct command *command, struct err *err) {
    struct tablet_status status;
    struct notice *notices;
    struct alarm *alarms;
    struct visit visit;
    uint32_t count, alarm_count;
    enum rc rc = visit_open(context, command, NEED_TABLET, &visit, err);

    if (rc == RC_OK)
        rc = tablet_status(visit.tablet, &visit.arena, &status, err);
    if (rc == RC_OK)
        rc = tablet_notices(visit.tablet, &visit.arena, &notices, &count, err);
    if (rc == RC_OK)
        rc = tablet_alarms(visit.tablet, &visit.arena, &alarms, &alarm_count, err);
    if (rc == RC_OK && command->json) {
        rc = status_json(&visit, &status, notices, count, alarms, alarm_count, err);
    } else if (rc == RC_OK) {
        rc = status_text(&visit, &status, notices, count, alarms, alarm_count, err);
        /* Whoever read them as text has seen them; a program that polls has not. */
        if (rc == RC_OK && count > 0)
            rc = tablet_notices_seen(visit.tablet, notices[count - 1].serial, err);
        if (rc == RC_OK && alarm_count > 0)
            rc = tablet_alarms_seen(visit.tablet, alarms[alarm_count - 1].id, err);
    }
    visit_close(&visit);
    return rc;
}

/* ---- quarantine ---- */

void quarantined_json(struct json *list, const struct tablet_quarantined *waiting) {
    struct json *item = json_add_object(list, NULL);

    add_dot(item, "id", waiting->record);
    add_dot(item, "dot", waiting->dot);
    json_add_text(item, "verdict", verdict_name((enum verdict)waiting->verdict));
    json_add_bool(item, "returned", waiting->returned);
    if (waiting->reason.size > 0)
        json_add_view(item, "reason", waiting->reason);
}

enum rc face_quarantine(void *context, struct command *command, struct err *err) {
    struct tablet_quarantined *waiting;
    struct columns columns;
    struct visit visit;
    uint32_t count;
    enum rc rc = visit_open(context, command, WANT_SESSION, &visit, err);

    if (rc == RC_OK)
        rc = tablet_quarantine(visit.tablet, &visit.arena, &waiting, &count, err);
    if (rc == RC_OK && command->json) {
        struct json *list = json_array();

        for (uint32_t i = 0; i < count; i++)
            quarantined_json(list, &waiting[i]);
        rc = command_print_json(command, list, err);
    } else if (rc == RC_OK) {
        columns_init(&columns, 5);
        for (uint32_t i = 0; i < count; i++) {
            char record[DOT_TEXT_BYTES], dot[DOT_TEXT_BYTES];

            dot_text(waiting[i].record, record);
            dot_text(waiting[i].dot, dot);
            columns_add_text(&columns, record);
            columns_add_text(&columns, dot);
            columns_add_words(&columns, command->lang,
                              verdict_words((enum verdict)waiting[i].verdict));
            columns_add_words(&columns, command->lang,
                              waiting[i].returned ? "given back" : "waits");
            if (waiting[i].returned && waiting[i].reason.size == 0)
                columns_add_words(&columns, command->lang, "unlock to read why");
            else
                columns_add(&columns, waiting[i].reason);
            columns_end_row(&columns);
        }
        rc = columns_print(&columns, command, err);
        columns_release(&columns);
        /* Whoever read them as text has seen them; a program that polls has not. */
        if (rc == RC_OK)
            rc = tablet_returns_seen(visit.tablet, waiting, count, err);
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
        face_progress_end(command);
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
