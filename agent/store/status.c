/* status.c: what people are told about the tablet, with or without a session. */
#include "agent/store/inside.h"

#include "base/date.h"
#include "base/list.h"
#include "base/words.h"

#define READY_MS       (30 * MS_PER_DAY)
#define NOTICES_MAX    1000u
#define QUARANTINE_MAX 10000u

const char *waiting_name(enum waiting waiting) {
    static const char *const names[] = {
        [WAITING_NOTHING] = "nothing",   [WAITING_FOR_SYNC] = "sync",
        [WAITING_FOR_UNLOCK] = "unlock", [WAITING_FOR_ANSWER] = "answer",
        [WAITING_REVOKED] = "revoked",   [WAITING_FOR_BUNDLE] = "bundle"};

    return names[waiting];
}

const char *waiting_words(enum waiting waiting) {
    static const char *const texts[] = {
        [WAITING_NOTHING] = WORD("Everything is on the server."),
        [WAITING_FOR_SYNC] = WORD("There was no sync since the last save."),
        [WAITING_FOR_UNLOCK] = WORD("Who wrote these changes must unlock before they can be sent."),
        [WAITING_FOR_ANSWER] =
            WORD("No receipt of the county has come for them; sync again when there is a network."),
        [WAITING_REVOKED] = WORD("The county has withdrawn this tablet; bring it to the office."),
        [WAITING_FOR_BUNDLE] =
            WORD("They were written to a bundle; the county's bundle has not come back yet.")};

    return texts[waiting];
}

struct notice_text {
    const char *name, *text;
};

static const struct notice_text NOTICES[] = {
    [NOTICE_INCARNATED] =
        {"incarnated", WORD("This folder was copied or restored. Nothing is lost; new changes are "
                            "numbered anew.")},
    [NOTICE_FORKED] =
        {"forked", WORD("Another copy of this tablet has sent changes with the same numbers. Both "
                        "are kept; tell the county which tablets were copied.")},
    [NOTICE_RECEIPT_BROKEN] = {"receipt_broken",
                               WORD("The server's receipt does not fit what this tablet sent. "
                                    "Everything is kept here; tell the county.")},
    [NOTICE_FEED_BROKEN] = {"feed_broken",
                            WORD("The history that the server shows does not follow what it showed "
                                 "before. Tell the county's auditor.")},
    [NOTICE_EPOCH] = {"epoch",
                      WORD("The server was restored from a backup; the tablet sends again what "
                           "it lacks.")},
    [NOTICE_SCOPE] = {"scope", WORD("The areas granted to this tablet have changed.")},
    [NOTICE_REVOKED] = {"revoked",
                        WORD("The county has withdrawn this tablet; bring it to the office.")},
    [NOTICE_CLOCK] = {"clock", WORD("The tablet's clock is wrong; set it. Nothing is lost by it.")},
    [NOTICE_FORM_BROKEN] = {"form_broken",
                            WORD(
                                "A form has come that this program cannot read; update yg-agent.")},
    [NOTICE_PINS] = {"pins", WORD("The server's TLS keys have changed, certified by the county.")},
    [NOTICE_BAGGAGE] =
        {"baggage",
         WORD("The county refused what this tablet carried for another one. Tell whoever "
              "gave you the bundle.")},
    [NOTICE_PURGED] = {"purged",
                       WORD(
                           "The records of areas that were withdrawn are removed from this tablet. "
                           "The county has them.")},
    [NOTICE_AREAS] = {"areas", WORD("Areas were merged, or have another code or name; records are "
                                    "listed under the new one.")},
    [NOTICE_ATTACHMENT] = {"attachment",
                           WORD("A photo or another attachment does not arrive at the county as it "
                                "is here. It stays on this tablet; tell the county.")},
    [NOTICE_DAMAGED] = {"damaged",
                        WORD("A change that was saved here is damaged and cannot be read or sent "
                             "any more. The others go on, and the county is told of it; see which: "
                             "yg-agent quarantine")},
    [NOTICE_KEY] = {"key", WORD("The key of an area is damaged on this tablet: what lies there "
                                "cannot be read here, and what was not sent yet waits. Nothing is "
                                "removed; bring the tablet to the county.")},
};

const char *notice_name(enum notice_kind kind) {
    size_t at = (size_t)kind;

    return at >= 1 && at < sizeof(NOTICES) / sizeof(NOTICES[0]) ? NOTICES[at].name : "unknown";
}

const char *notice_words(enum notice_kind kind) {
    size_t at = (size_t)kind;

    return at >= 1 && at < sizeof(NOTICES) / sizeof(NOTICES[0]) ? NOTICES[at].text : "";
}

/* ---- status ---- */

static enum rc count_of(struct tablet *tablet, enum sql sql, uint64_t *out, struct err *err) {
    enum rc rc = statement_one(tablet->sql[sql], err);

    *out = 0;
    if (rc == RC_OK) {
        *out = (uint64_t)statement_i64(tablet->sql[sql], 0);
        statement_reset(tablet->sql[sql]);
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc snapshot_counts(struct tablet *tablet, struct tablet_status *out, struct err *err) {
    struct statement *sum = tablet->sql[SQL_SNAPSHOT_STATUS];
    enum rc rc = statement_one(sum, err);

    if (rc != RC_OK)
        return rc;
    out->snapshot_chunks = (uint64_t)statement_i64(sum, 0);
    out->snapshot_taken = (uint64_t)statement_i64(sum, 1);
    statement_reset(sum);
    return RC_OK;
}

static enum rc attachment_counts(struct tablet *tablet, struct tablet_status *out,
                                 struct err *err) {
    struct statement *sum = tablet->sql[SQL_BLOB_STATUS];
    enum rc rc = statement_one(sum, err);

    if (rc != RC_OK)
        return rc;
    out->attachments.waiting = (uint64_t)statement_i64(sum, 0);
    out->attachments.waiting_bytes = (uint64_t)statement_i64(sum, 1);
    out->attachments.on_server = (uint64_t)statement_i64(sum, 2);
    out->attachments.backed_up = (uint64_t)statement_i64(sum, 3);
    out->attachments.refused = (uint64_t)statement_i64(sum, 4);
    statement_reset(sum);
    return RC_OK;
}

static enum rc why_waiting(struct tablet *tablet, enum waiting *out, struct err *err) {
    enum waiting waiting = tablet->facts.scope.revoked ? WAITING_REVOKED : WAITING_FOR_SYNC;

    for (size_t i = 0; i < tablet->actor_count && waiting != WAITING_REVOKED; i++) {
        const struct own_actor *actor = &tablet->actors[i];
        uint64_t first, last, bytes;

        if (actor->number <= actor->receipt)
            continue;
        if (tablet_outbox_last(tablet, actor, &first, &last, &bytes, err) != RC_OK)
            return err->rc;
        if (last < actor->number && tablet->sessions == NULL)
            waiting = WAITING_FOR_UNLOCK;
        else if (actor->sent > actor->receipt && waiting == WAITING_FOR_SYNC)
            waiting = tablet->facts.bundled_ms > tablet->facts.tried_ms ? WAITING_FOR_BUNDLE
                                                                        : WAITING_FOR_ANSWER;
    }
    *out = waiting;
    return RC_OK;
}

enum rc tablet_status(struct tablet *tablet, struct arena *arena, struct tablet_status *out,
                      struct err *err) {
    const struct facts *facts = &tablet->facts;
    const struct form *const *forms;
    struct tablet_quarantined *quarantined;
    uint64_t *areas;
    uint32_t count = 0;
    bool due;
    enum rc rc = tablet_regain(tablet, err); /* or nothing would seem to be unsent */

    if (rc != RC_OK)
        return rc;
    areas = arena_array(arena, facts->scope.area_count, sizeof(*areas));
    if (areas == NULL)
        return arena_check(arena, "the status", err);

    *out = (struct tablet_status){
        .device = facts->device,
        .device_name = arena_view(arena, facts->device_name),
        .server = arena_view(arena, facts->server),
        .synced_ms = facts->synced_ms,
        .tried_ms = facts->tried_ms,
        .bundled_ms = facts->bundled_ms,
        .clock_wrong = facts->offset_ms > CLOCK_WARN_MS || facts->offset_ms < -CLOCK_WARN_MS,
        .leaving = facts->scope_confirmed != facts->scope.serial,
        .offset_ms = facts->offset_ms,
        .epoch = facts->epoch,
        .scope_serial = facts->scope.serial,
        .area_count =
            succession_current(&tablet->areas, facts->scope.areas, facts->scope.area_count, areas),
        .areas = areas,
        .revoked = facts->scope.revoked};
    if (facts->synced_ms != 0)
        out->ready_until_ms = facts->synced_ms + READY_MS;
    for (size_t i = 0; i < tablet->actor_count; i++) {
        out->actor = tablet->actors[i].actor;
        out->on_tablet += tablet->actors[i].number;
        out->on_server += tablet->actors[i].receipt;
        out->backed_up += tablet->actors[i].backed_up;
    }
    out->unsent = out->on_tablet - out->on_server;
    rc = out->unsent == 0 ? RC_OK : why_waiting(tablet, &out->waiting, err);
    if (rc == RC_OK)
        rc = tablet_baggage_count(tablet, &out->carried, &out->carried_bytes, &due, err);
    if (rc == RC_OK)
        rc = count_of(tablet, SQL_RECORD_COUNT, &out->records, err);
    if (rc == RC_OK)
        rc = count_of(tablet, SQL_INBOX_COUNT, &out->inbox, err);
    if (rc == RC_OK)
        rc = snapshot_counts(tablet, out, err);
    if (rc == RC_OK)
        rc = attachment_counts(tablet, out, err);
    if (rc == RC_OK)
        rc = count_of(tablet, SQL_NOTICE_COUNT, &out->notices, err);
    if (rc == RC_OK)
        rc = count_of(tablet, SQL_RETURNED_COUNT, &out->returned, err);
    if (rc == RC_OK)
        rc = tablet_quarantine(tablet, arena, &quarantined, &count, err);
    out->quarantined = count;
    if (rc == RC_OK)
        rc = tablet_forms(tablet, arena, &forms, &out->form_count, err);
    return rc != RC_OK ? rc : arena_check(arena, "the status", err);
}

enum rc tablet_quarantine(struct tablet *tablet, struct arena *arena,
                          struct tablet_quarantined **out, uint32_t *count, struct err *err) {
    struct statement *list = tablet->sql[SQL_CHANGE_QUARANTINED];
    struct tablet_quarantined *found = NULL;
    size_t used = 0, capacity = 0;
    enum rc rc = tablet_regain(tablet, err);

    *count = 0;
    if (rc != RC_OK)
        return rc;
    while ((rc = statement_step(list, err)) == RC_OK) {
        uint64_t row = (uint64_t)statement_i64(list, 0);
        const struct own_actor *actor =
            tablet_actor(tablet, (uint32_t)(row >> CHANGE_NUMBER_BITS) - 1);

        rc = array_grow(&found, sizeof(*found), used + 1, QUARANTINE_MAX, "changes in quarantine",
                        &capacity, err);
        if (rc != RC_OK)
            break;
        found[used++] = (struct tablet_quarantined){
            .dot = {actor == NULL ? 0 : actor->actor,
                    row & ((UINT64_C(1) << CHANGE_NUMBER_BITS) - 1)},
            .record = {(uint64_t)statement_i64(list, 1), (uint64_t)statement_i64(list, 2)},
            .verdict = (uint8_t)statement_i64(list, 3)};
        rc = returned_read(tablet, (int64_t)row, arena, &found[used - 1], err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(list);
    *count = (uint32_t)used;
    *out = arena_copy(arena, found, used * sizeof(*found));
    free(found);
    return rc == RC_NOT_FOUND ? arena_check(arena, "the quarantine", err) : rc;
}

enum rc tablet_notices(struct tablet *tablet, struct arena *arena, struct notice **out,
                       uint32_t *count, struct err *err) {
    struct statement *list = tablet->sql[SQL_NOTICE_LIST];
    struct notice *notices = arena_array(arena, NOTICES_MAX, sizeof(*notices));
    uint32_t used = 0;
    enum rc rc;

    if (notices == NULL)
        return arena_check(arena, "the notices", err);
    while ((rc = statement_step(list, err)) == RC_OK && used < NOTICES_MAX)
        notices[used++] = (struct notice){.serial = (uint64_t)statement_i64(list, 0),
                                          .at_ms = statement_i64(list, 1),
                                          .kind = (uint8_t)statement_i64(list, 2),
                                          .about = (uint64_t)statement_i64(list, 3),
                                          .number = (uint64_t)statement_i64(list, 4),
                                          .seen = statement_i64(list, 5) != 0};
    statement_reset(list);
    *out = notices;
    *count = used;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc tablet_notices_seen(struct tablet *tablet, uint64_t serial, struct err *err) {
    struct statement *seen = tablet->sql[SQL_NOTICE_SEEN];

    statement_bind_i64(seen, 1, (int64_t)serial);
    return statement_run(seen, err);
}

/* ---- wipe ---- */

static enum rc wipe(struct tablet *tablet, struct err *err) {
    struct facts facts;
    enum rc rc = tablet_begin(tablet, err);

    if (rc != RC_OK)
        return rc;
    facts = tablet->facts;
    facts.wiped = true;
    rc = statement_run(tablet->sql[SQL_PERSON_WIPE], err);
    if (rc == RC_OK)
        rc = statement_run(tablet->sql[SQL_SHARE_WIPE], err);
    if (rc == RC_OK)
        rc = statement_run(tablet->sql[SQL_INBOX_WIPE], err);
    if (rc == RC_OK)
        rc = statement_run(tablet->sql[SQL_URN_WIPE], err);
    if (rc == RC_OK)
        rc = tablet_put_facts(tablet, &facts, err);
    if (rc == RC_OK)
        return tablet_commit(tablet, err);
    tablet_rollback(tablet);
    return rc;
}

enum rc tablet_wipe(struct tablet *tablet, struct err *err) {
    enum rc rc;

    if (tablet->sessions != NULL)
        return err_set(err, RC_CONFLICT, "lock the tablet first");
    rc = tablet_regain(tablet, err);
    if (rc == RC_OK && !tablet->facts.wiped)
        rc = wipe(tablet, err);
    /* The wrapped keys must not stay behind in the WAL either, also where the power went, or the
     * disk refused it, when they had gone from the tables. */
    return rc != RC_OK ? rc : db_checkpoint(tablet->db, true, err);
}
