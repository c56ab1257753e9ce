/* plays.c: see plays.h. */
#include "tests/fault/plays.h"

#include "agent/store/blobs.h"
#include "agent/store/drafts.h"
#include "agent/store/traffic.h"
#include "base/file.h"
#include "base/text.h"
#include "schema/form/answers.h"
#include "syncd/sync/backup.h"
#include "syncd/sync/bundle.h"
#include "syncd/sync/restore.h"
#include "tests/fault/fault.h"
#include "tests/fault/plays_more.h"
#include "tests/support/picture.h"

#include <stdio.h>

static const struct instance_id ROOT;

enum rc play_open_all(struct stage *stage, struct err *err) {
    enum rc rc = stage_open_county(stage, err);

    for (int at = 0; at < TABLETS && rc == RC_OK; at++)
        rc = stage_open_tablet(stage, at, err);
    return rc;
}

enum rc play_sync_all(struct stage *stage, struct err *err) {
    enum rc rc = stage_sync(stage, WANG, err);

    if (rc == RC_OK)
        rc = stage_sync(stage, LI, err);
    return rc == RC_OK ? stage_sync(stage, WANG, err) : rc;
}

enum rc play_home_once(struct stage *stage, int at, const char *name, struct dot *out,
                       struct err *err) {
    enum rc rc = stage_find(stage, at, "home", name, out, err);

    return rc == RC_NOT_FOUND ? stage_home(stage, at, name, out, err) : rc;
}

static const struct cell *cell_of(const struct seen *seen, const char *path) {
    const struct form_field *field = form_field_by_path(seen->form, view_text(path));

    return reading_cell(&seen->reading, ROOT, field->number);
}

/* ---- beginning ---- */

static enum rc enrol(struct stage *stage, struct err *err) {
    enum rc rc = play_open_all(stage, err);

    return rc == RC_OK ? play_sync_all(stage, err) : rc;
}

static enum rc save(struct stage *stage, struct err *err) {
    struct dot home;
    enum rc rc = stage_open_tablet(stage, WANG, err);

    if (rc == RC_OK)
        rc = play_home_once(stage, WANG, "first", &home, err);
    if (rc == RC_OK)
        rc = play_home_once(stage, WANG, "second", &home, err);
    return rc == RC_OK ? stage_close_tablet(stage, WANG, err) : rc;
}

static enum rc sync_both(struct stage *stage, struct err *err) {
    enum rc rc = play_open_all(stage, err);

    return rc == RC_OK ? play_sync_all(stage, err) : rc;
}

/* ---- drafts ---- */

static enum rc finish_draft(struct stage *stage, uint64_t draft, struct err *err) {
    struct session *session = stage->sessions[WANG];
    const struct form *form = tablet_form_named(stage->tablets[WANG], view_text("home"));
    struct value value = value_of_text(view_text("drafted"));
    struct change change;
    struct save *made;
    struct edit edit;
    enum rc rc = save_open(session, &made, err);

    if (rc != RC_OK)
        return rc;
    rc = edit_start(&edit, CHANGE_CREATE, save_next(made), session_person(session), form, NULL,
                    NULL, &stage->arena, err);
    if (rc == RC_OK)
        rc = edit_set_area(&edit, STAGE_AREA, err);
    if (rc == RC_OK)
        rc = edit_set(&edit, ROOT, form_field_by_path(form, view_text("name"))->number, &value, 0,
                      err);
    if (rc == RC_OK)
        rc = edit_finish(&edit, view_text(""), &change, err);
    if (rc == RC_OK)
        rc = save_add(made, &change, NULL, form, err);
    if (rc == RC_OK) {
        save_ends_draft(made, draft);
        rc = save_commit(made, err);
    }
    save_close(made);
    return rc;
}

/* Never both a draft and a home, and never neither once it was begun. */
static enum rc draft(struct stage *stage, struct err *err) {
    struct kept_draft *list;
    struct dot home;
    uint32_t count = 0;
    uint64_t id = 0;
    enum rc found, rc = stage_open_tablet(stage, WANG, err);

    if (rc != RC_OK)
        return rc;
    rc = drafts_list(stage->sessions[WANG], &stage->arena, &list, &count, err);
    if (rc != RC_OK)
        return rc;
    found = stage_find(stage, WANG, "home", "drafted", &home, err);
    if (found != RC_OK && found != RC_NOT_FOUND)
        return found;
    if (count > 1 || (count == 1 && found == RC_OK))
        return err_set(err, RC_CORRUPT, "%u drafts beside a home", (unsigned)count);
    if (found == RC_OK)
        return RC_OK;
    if (count == 1)
        id = list[0].draft;
    else
        rc = drafts_add(stage->sessions[WANG], STAGE_AREA, view_text("one"), &id, err);
    for (int i = 0; i < 3 && rc == RC_OK; i++)
        rc = drafts_put(stage->sessions[WANG], id, view_text("more answers"), err);
    return rc == RC_OK ? finish_draft(stage, id, err) : rc;
}

/* ---- two opinions ---- */

/* Unless he has said so already, or there is a question about it. */
static enum rc say_pigs(struct stage *stage, int at, int64_t pigs, struct err *err) {
    const struct cell *cell;
    struct seen seen;
    struct dot home;
    enum rc rc = stage_find(stage, at, "home", "first", &home, err);

    if (rc == RC_OK)
        rc = session_see(stage->sessions[at], home, &stage->arena, &seen, err);
    if (rc != RC_OK)
        return rc;
    cell = cell_of(&seen, "pigs");
    if (cell != NULL && cell->kind != CELL_EMPTY)
        return RC_OK;
    return stage_edit(stage, at, home, "pigs", value_of_int(pigs), err);
}

static enum rc conflict(struct stage *stage, struct err *err) {
    enum rc rc = play_open_all(stage, err);

    if (rc == RC_OK)
        rc = say_pigs(stage, WANG, 4, err);
    if (rc == RC_OK)
        rc = say_pigs(stage, LI, 6, err);
    return rc == RC_OK ? play_sync_all(stage, err) : rc;
}

struct question {
    struct dot record;
    bool open;
};

static enum rc note_question(void *context, const struct stored_conflict *found, struct err *err) {
    struct question *question = context;

    (void)err;
    question->record = found->record;
    question->open = true;
    return RC_OK;
}

/* The side that a question about pigs is decided for. */
static enum rc side_of(struct stage *stage, struct ledger *ledger, struct dot id,
                       char side[INSTANCE_TEXT_BYTES], struct err *err) {
    struct stored_record stored;
    struct record record;
    struct reading reading;
    enum rc rc = store_record(ledger->store, id, &stage->arena, &stored, err);

    if (rc == RC_OK)
        rc = ledger_read(ledger, &stored, &stage->arena, &record, &reading, err);
    if (rc == RC_OK && reading.conflict_count == 0)
        rc = err_set(err, RC_CORRUPT, "a listed conflict is none");
    if (rc == RC_OK)
        version_text(version_name(&record, reading.conflicts[0].versions[0]), side);
    return rc;
}

static enum rc resolve(struct stage *stage, struct err *err) {
    struct question question = {.open = false};
    char id[DOT_TEXT_BYTES], side[INSTANCE_TEXT_BYTES] = "";
    const struct office *office;
    struct ledger *ledger;
    enum rc rc = play_open_all(stage, err);

    if (rc != RC_OK)
        return rc;
    fault_county(true);
    office = service_office(stage->service);
    rc = office->borrow(office->context, &ledger, err);
    if (rc == RC_OK) {
        rc = store_conflicts(ledger->store, 0, INT64_MIN, note_question, &question, err);
        if (rc == RC_OK && question.open)
            rc = side_of(stage, ledger, question.record, side, err);
        office->give_back(office->context, ledger);
    }
    dot_text(question.record, id);
    if (rc == RC_OK && question.open)
        rc = stage_run(stage, err, desk_resolve, id, "pigs", "--keep", side, "--as", "chief",
                       "--reason", "asked both", NULL);
    fault_county(false);
    return rc == RC_OK ? play_sync_all(stage, err) : rc;
}

static enum rc seal(struct stage *stage, struct err *err) {
    struct session *session;
    const struct cell *cell;
    struct change change;
    struct seen seen;
    struct edit edit;
    struct dot home;
    enum rc rc = play_open_all(stage, err);

    session = stage->sessions[WANG];
    if (rc == RC_OK)
        rc = stage_find(stage, WANG, "home", "first", &home, err);
    if (rc == RC_OK)
        rc = session_see(session, home, &stage->arena, &seen, err);
    if (rc != RC_OK)
        return rc;
    cell = cell_of(&seen, "finding");
    if (cell == NULL || cell->kind == CELL_EMPTY) {
        rc = stage_edit(stage, WANG, home, "finding", value_of_text(view_text("poor")), err);
        if (rc == RC_OK)
            rc = session_see(session, home, &stage->arena, &seen, err);
    }
    if (rc == RC_OK && seen.reading.sealed_scopes == 0) {
        stage->now_ms += 60000;
        rc = edit_start(&edit, CHANGE_SEAL, session_next_dot(session), session_person(session),
                        seen.form, &seen.record, &seen.reading, &stage->arena, err);
        if (rc == RC_OK)
            rc = edit_seal(&edit, 0, err);
        if (rc == RC_OK)
            rc = edit_finish(&edit, view_text(""), &change, err);
        if (rc == RC_OK)
            rc = session_save(session, &change, &seen.record, seen.form, err);
    }
    return rc == RC_OK ? play_sync_all(stage, err) : rc;
}

/* ---- photos and sticks ---- */

static enum rc photo(struct stage *stage, struct err *err) {
    struct buf content;
    struct dot home;
    uint8_t hash[32];
    char hex[65];
    const struct cell *cell;
    struct seen seen;
    enum rc rc = play_open_all(stage, err);

    if (rc == RC_OK)
        rc = stage_find(stage, WANG, "home", "second", &home, err);
    if (rc == RC_OK)
        rc = session_see(stage->sessions[WANG], home, &stage->arena, &seen, err);
    if (rc != RC_OK)
        return rc;
    cell = cell_of(&seen, "photo");
    if (cell == NULL || cell->kind == CELL_EMPTY) {
        fault_pause();
        buf_init(&content, LIMIT_PHOTO_BYTES);
        picture_jpeg(&content, 3000, 7);
        fault_resume();
        rc = blobs_add(stage->sessions[WANG], STAGE_AREA, ATTACHMENT_FOR_IMAGE, buf_view(&content),
                       0, hash, err);
        buf_release(&content);
        hex_encode(view_of(hash, 32), hex);
        if (rc == RC_OK)
            rc = stage_edit(stage, WANG, home, "photo", value_of_text(view_text(hex)), err);
    }
    return rc == RC_OK ? play_sync_all(stage, err) : rc;
}

enum rc play_put_on_stick(void *context, struct view bytes, struct err *err) {
    struct stage *stage = context;

    (void)err;
    fault_pause();
    buf_clear(&stage->stick);
    buf_add_view(&stage->stick, bytes);
    fault_resume();
    return RC_OK;
}

static enum rc county_takes_stick(struct stage *stage, struct err *err) {
    const struct office *office = service_office(stage->service);
    struct bundle_report report = {0};
    struct stored_device device;
    struct bundle_made made;
    struct ledger *ledger;
    enum rc rc = office->borrow(office->context, &ledger, err);

    if (rc != RC_OK)
        return rc;
    rc = bundle_ingest(office, ledger, buf_view(&stage->stick), &stage->arena, &report, err);
    office->give_back(office->context, ledger);
    if (rc == RC_OK)
        rc = office->borrow(office->context, &ledger, err);
    if (rc != RC_OK)
        return rc;
    buf_clear(&stage->stick);
    rc = store_device(ledger->store, tablet_facts(stage->tablets[WANG])->device, &stage->arena,
                      &device, err);
    if (rc == RC_OK)
        rc = bundle_make(office, ledger, &device, false, &stage->stick, &made, err);
    office->give_back(office->context, ledger);
    return rc;
}

static enum rc bundle(struct stage *stage, struct err *err) {
    struct bundle_written written = {0};
    struct bundle_taken taken = {0};
    struct dot home;
    enum rc rc = play_open_all(stage, err);

    if (rc == RC_OK)
        rc = play_home_once(stage, WANG, "carried", &home, err);
    if (rc == RC_OK)
        rc = sync_bundle_write(stage->tablets[WANG], play_put_on_stick, stage, &written, err);
    if (rc == RC_OK) {
        fault_county(true);
        rc = county_takes_stick(stage, err);
        fault_county(false);
    }
    if (rc == RC_OK)
        rc = sync_bundle_read(stage->tablets[WANG], buf_view(&stage->stick), &taken, err);
    return rc == RC_OK ? stage_close_tablet(stage, WANG, err) : rc;
}

/* ---- staff ---- */

static enum rc publish(struct stage *stage, struct err *err) {
    const struct form *form;
    enum rc rc = play_open_all(stage, err);

    if (rc != RC_OK)
        return rc;
    form = tablet_form_named(stage->tablets[LI], view_text("home"));
    if (form != NULL && form_field_by_path(form, view_text("more")) == NULL) {
        stage_home_form(stage, "/shelf/home2", 2);
        fault_county(true);
        rc = stage_publish(stage, "/shelf/home2", err);
        fault_county(false);
    }
    return rc == RC_OK ? play_sync_all(stage, err) : rc;
}

static enum rc redact(struct stage *stage, struct err *err) {
    char id[DOT_TEXT_BYTES];
    struct dot home;
    enum rc rc = play_open_all(stage, err);

    if (rc == RC_OK)
        rc = stage_find(stage, WANG, "home", "drafted", &home, err);
    if (rc == RC_OK) {
        dot_text(home, id);
        fault_county(true);
        rc = stage_run(stage, err, desk_redact, id, "name", "--as", "chief", "--reason", "law",
                       NULL);
        fault_county(false);
    } else if (rc == RC_NOT_FOUND) {
        rc = RC_OK; /* it has no name any more */
    }
    return rc == RC_OK ? play_sync_all(stage, err) : rc;
}

#define BACKUP "/shelf/backup"

static enum rc backup(struct stage *stage, struct err *err) {
    struct backup_info info;
    bool moved = false;
    enum rc rc;

    fault_county(true);
    rc = stage_open_county(stage, err);
    if (rc == RC_OK && !file_exists(BACKUP))
        rc = backup_make(service_office(stage->service), BACKUP, &stage->arena, &info, err);
    if (rc == RC_OK)
        rc = backup_confirm(service_office(stage->service), BACKUP, &stage->arena, &info, &moved,
                            err);
    fault_county(false);
    return rc;
}

/* The county's disk has died; two homes were saved since the backup. */
static enum rc lose_county(struct stage *stage, struct err *err) {
    struct dot home;
    enum rc rc = play_open_all(stage, err);

    if (rc == RC_OK)
        rc = play_home_once(stage, WANG, "after the backup", &home, err);
    if (rc == RC_OK)
        rc = play_sync_all(stage, err);
    (void)stage_down(stage);
    (void)disk_unlink(STAGE_COUNTY "/county.db");
    (void)disk_unlink(STAGE_COUNTY "/county.db-wal");
    (void)disk_sync_names(STAGE_COUNTY);
    return rc;
}

static enum rc restore(struct stage *stage, struct err *err) {
    struct restore_options options = {
        .backup = BACKUP, .directory = STAGE_COUNTY, .env = &stage->env};
    struct backup_info info;
    uint32_t epoch = 0;
    enum rc rc = RC_OK;

    fault_county(true);
    if (!file_exists(STAGE_COUNTY "/county.db"))
        rc = restore_county(&options, &stage->arena, &info, &epoch, err);
    fault_county(false);
    if (rc == RC_OK)
        rc = play_open_all(stage, err);
    return rc == RC_OK ? play_sync_all(stage, err) : rc;
}

const struct play plays[] = {
    {"enrol", NULL, enrol},
    {"save", NULL, save},
    {"sync", NULL, sync_both},
    {"draft", NULL, draft},
    {"conflict", NULL, conflict},
    {"resolve", NULL, resolve},
    {"seal", NULL, seal},
    {"photo", NULL, photo},
    {"bundle", NULL, bundle},
    {"publish", NULL, publish},
    {"redact", NULL, redact},
    {"backup", NULL, backup},
    {"restore", lose_county, restore},
    {"relay", NULL, relay_act},
    {"pull", NULL, pull_act},
    {"meeting", meeting_prepare, meeting_act},
    {"audit", NULL, audit_act},
    {"console", console_prepare, console_act},
};
const unsigned play_count = sizeof(plays) / sizeof(plays[0]);
