/* test_fault_lost.c: a tablet that has rolled something back while it could not read what stands on
 * its disk knows nothing any more. It says nothing else than before then, and writes nothing of
 * what was rolled back; and it knows everything again as soon as it can be read. */
#include "agent/store/drafts.h"
#include "agent/store/inside.h"
#include "agent/store/traffic.h"
#include "agent/store/urn.h"
#include "tests/fault/fault.h"
#include "tests/fault/stage.h"
#include "tests/sim/vfs.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#define ELSEWHERE UINT64_C(430626117206)

struct loser {
    struct tablet *tablet;
    enum fault_kind kind;
    uint64_t number; /* of the first request that is refused */
};

/* Takes note of another server and another area, and rolls that back while what stands on disk
 * cannot be read. */
static void lose(const struct loser *loser) {
    uint64_t areas[] = {STAGE_AREA, ELSEWHERE};
    struct facts facts;
    struct err err;

    err_init(&err, LANG_EN);
    assert_int_equal(tablet_begin(loser->tablet, &err), RC_OK);
    facts = *tablet_facts(loser->tablet);
    facts.server = view_text("https://elsewhere");
    facts.scope.areas = areas;
    facts.scope.area_count = 2;
    assert_int_equal(tablet_grant(loser->tablet, &facts.scope, &err), RC_OK);
    assert_int_equal(tablet_put_facts(loser->tablet, &facts, &err), RC_OK);
    fault_arm(loser->kind, loser->number, true);
    tablet_rollback(loser->tablet);
    fault_disarm();
}

static enum rc lose_and_be_silent(void *context, const char *path, struct view body,
                                  struct buf *answer, struct link_result *result, struct err *err) {
    (void)path;
    (void)body;
    (void)answer;
    (void)result;
    lose(context);
    return err_set(err, RC_NETWORK, "nobody answers");
}

static void sync_in_vain(struct loser *loser, struct err *err) {
    struct link link = {loser, lose_and_be_silent};
    struct sync_report report;

    assert_int_equal(sync_run(loser->tablet, &link, NULL, &report, err), RC_NETWORK);
}

static enum rc lose_and_keep(void *context, struct view bytes, struct err *err) {
    (void)bytes;
    (void)err;
    lose(context);
    return RC_OK;
}

static void write_bundle(struct loser *loser, struct err *err) {
    struct bundle_written written;

    assert_int_equal(sync_bundle_write(loser->tablet, lose_and_keep, loser, &written, err), RC_OK);
}

static void look_for_copies(struct loser *loser, struct err *err) {
    lose(loser);
    assert_int_equal(tablet_check_incarnation(loser->tablet, err), RC_OK);
}

static void set_wiped(struct loser *loser, struct err *err) {
    assert_int_equal(session_close(loser->tablet->sessions, err), RC_OK);
    lose(loser);
    assert_int_equal(tablet_wipe(loser->tablet, err), RC_OK);
}

/* After the step what is in memory and on disk is what was there before. */
static void go_on(struct stage *stage, const struct stage_image *image, enum fault_kind kind,
                  void (*step)(struct loser *loser, struct err *err)) {
    struct loser loser = {.kind = kind, .number = 1};
    char server[200];
    struct err err;

    err_init(&err, LANG_EN);
    stage_bring(stage, image, 1);
    assert_int_equal(stage_open_tablet(stage, WANG, &err), RC_OK);
    loser.tablet = stage->tablets[WANG];
    (void)snprintf(server, sizeof(server), "%.*s", VIEW_PRINT(tablet_server(loser.tablet)));
    step(&loser, &err);
    if (loser.tablet->sessions == NULL)
        stage->sessions[WANG] = NULL;
    err_clear(&err);
    for (int again = 0; again < 2; again++) {
        const struct tablet *tablet = stage->tablets[WANG];

        assert_true(view_is(tablet_server(tablet), server));
        assert_int_equal(tablet_facts(tablet)->scope.area_count, 1);
        assert_true(tablet_facts(tablet)->scope.areas[0] == STAGE_AREA);
        assert_int_equal(tablet_actor_count(tablet), 1);
        assert_true(stage_down(stage));
        assert_int_equal(tablet_open("/wang/tablet", &(struct tablet_options){.env = &stage->env},
                                     &stage->tablets[WANG], &err),
                         RC_OK);
    }
    assert_true(stage_down(stage));
}

static void what_was_rolled_back_is_not_written_later(void **state) {
    static void (*const steps[])(struct loser *, struct err *) = {sync_in_vain, write_bundle,
                                                                  look_for_copies, set_wiped};
    static struct stage stage;
    struct stage_image image;
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    stage_init(&stage);
    assert_int_equal(stage_open_county(&stage, &err), RC_OK);
    assert_int_equal(stage_open_tablet(&stage, WANG, &err), RC_OK);
    assert_int_equal(stage_sync(&stage, WANG, &err), RC_OK);
    assert_true(stage_down(&stage));
    stage_keep(&stage, &image);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        go_on(&stage, &image, FAULT_ARENA, steps[i]);
        go_on(&stage, &image, FAULT_MEMORY, steps[i]);
    }
    stage_release(&stage);
    stage_image_release(&image);
}

/* ---- what is said then ---- */

struct knower {
    struct stage *stage;
    struct tablet *tablet;
    struct session *session; /* NULL: locked */
    struct err err;
    struct dot home; /* saved, and not sent */
};

typedef void know(struct knower *knower);

/* What is read first may be known, and the rest not: at whatever request it ends. */
static void each_loss(know *step, bool locked, enum fault_kind kind) {
    static struct stage stage;
    struct stage_image image;
    struct knower knower = {.stage = &stage};
    struct loser loser = {.kind = kind};
    bool any = true;

    err_init(&knower.err, LANG_EN);
    stage_init(&stage);
    assert_int_equal(stage_open_county(&stage, &knower.err), RC_OK);
    assert_int_equal(stage_open_tablet(&stage, WANG, &knower.err), RC_OK);
    assert_int_equal(stage_sync(&stage, WANG, &knower.err), RC_OK);
    assert_true(stage_down(&stage));
    stage_keep(&stage, &image);
    for (loser.number = 1; any; loser.number++) {
        stage_bring(&stage, &image, loser.number);
        assert_int_equal(stage_open_tablet(&stage, WANG, &knower.err), RC_OK);
        assert_int_equal(stage_home(&stage, WANG, "Li", &knower.home, &knower.err), RC_OK);
        loser.tablet = knower.tablet = stage.tablets[WANG];
        if (locked) {
            assert_int_equal(session_close(stage.sessions[WANG], &knower.err), RC_OK);
            stage.sessions[WANG] = NULL;
        }
        lose(&loser);
        any = fault_struck();
        knower.session = stage.sessions[WANG];
        step(&knower);
        err_clear(&knower.err);
        assert_true(stage_down(&stage));
    }
    assert_true(loser.number > 2);
    stage_release(&stage);
    stage_image_release(&image);
}

static void each_loss_of_memory(know *step, bool locked) {
    each_loss(step, locked, FAULT_MEMORY);
    each_loss(step, locked, FAULT_ARENA);
}

static void unlock(struct knower *knower) {
    struct seen seen;

    assert_int_equal(stage_open_tablet(knower->stage, WANG, &knower->err), RC_OK);
    assert_int_equal(session_see(knower->stage->sessions[WANG], knower->home, &knower->stage->arena,
                                 &seen, &knower->err),
                     RC_OK);
}

static void it_can_be_unlocked(void **state) {
    (void)state;
    each_loss_of_memory(unlock, true);
}

static void look_at_status(struct knower *knower) {
    struct tablet_status status;

    assert_int_equal(tablet_status(knower->tablet, &knower->stage->arena, &status, &knower->err),
                     RC_OK);
    assert_int_equal(status.unsent, 1);
    assert_int_equal(status.area_count, 1);
}

static void nobody_is_told_that_all_is_sent(void **state) {
    (void)state;
    each_loss_of_memory(look_at_status, false);
}

static void verify(struct knower *knower) {
    struct tablet_verified found;
    struct buf problems;

    buf_init(&problems, 65536);
    assert_int_equal(tablet_verify(knower->tablet, NULL, NULL, &problems, &found, &knower->err),
                     RC_OK);
    assert_int_equal(found.changes, 1);
    buf_release(&problems);
}

static void all_of_it_is_verified(void **state) {
    (void)state;
    each_loss_of_memory(verify, false);
}

static void save(struct knower *knower) {
    struct dot home;

    assert_int_equal(stage_home(knower->stage, WANG, "Zhao", &home, &knower->err), RC_OK);
    assert_int_equal(home.number, 2);
}

static void people_go_on_saving(void **state) {
    (void)state;
    each_loss_of_memory(save, false);
}

static void list(struct knower *knower) {
    struct list_query query = {.limit = 10};
    struct listed *listed;
    uint32_t count, total;

    assert_int_equal(session_list(knower->session, &query, &knower->stage->arena, &listed, &count,
                                  &total, &knower->err),
                     RC_OK);
    assert_int_equal(count, 1);
    assert_true(listed[0].pending);
}

static void a_list_says_what_waits(void **state) {
    (void)state;
    each_loss_of_memory(list, false);
}

static void lock(struct knower *knower) {
    struct tablet_status status;

    assert_int_equal(session_close(knower->session, &knower->err), RC_OK);
    knower->stage->sessions[WANG] = NULL;
    assert_int_equal(tablet_status(knower->tablet, &knower->stage->arena, &status, &knower->err),
                     RC_OK);
    assert_int_equal(status.waiting, WAITING_FOR_SYNC); /* and not until he unlocks again */
}

static void what_was_saved_can_be_sent_when_it_is_locked(void **state) {
    (void)state;
    each_loss_of_memory(lock, false);
}

/* ---- what is written then ---- */

static void keep_draft(struct knower *knower) {
    uint64_t draft;

    assert_int_equal(
        drafts_add(knower->session, ELSEWHERE, view_text("answer"), &draft, &knower->err),
        RC_DENIED);
}

static void keep_photo(struct knower *knower) {
    struct view file = view_text("%PDF-1.4 a page %%EOF");
    uint8_t hash[32];

    assert_int_equal(
        blobs_add(knower->session, ELSEWHERE, ATTACHMENT_FOR_FILE, file, 0, hash, &knower->err),
        RC_DENIED);
}

static void pull_photo(struct knower *knower) {
    struct blob_pull pull;
    uint8_t hash[32] = {1};

    assert_int_equal(
        blobs_pull_begin(knower->session, ELSEWHERE, hash, 100, 1, &pull, &knower->err), RC_DENIED);
}

static void open_urn(struct knower *knower) {
    struct instance_id item = {knower->home, 1};
    struct urn_plan plan = {.meeting = knower->home,
                            .area = ELSEWHERE,
                            .round = 1,
                            .mode = VOTE_HANDS,
                            .seats = 3,
                            .item_count = 1,
                            .items = &item};
    struct urn *urn;

    assert_int_equal(urn_new(knower->session, &plan, NULL, &urn, &knower->err), RC_DENIED);
}

static void add_person(struct knower *knower) {
    uint64_t person, area = ELSEWHERE;

    assert_int_equal(session_add_person(knower->session, view_text("zhou"),
                                        view_text("secret-of-zhou"), &area, 1, &person,
                                        &knower->err),
                     RC_DENIED);
}

/* The key of an area that was never granted is on no disk: what it locks is lost. */
static void nothing_is_locked_with_a_key_that_was_rolled_back(void **state) {
    (void)state;
    each_loss_of_memory(keep_draft, false);
    each_loss_of_memory(keep_photo, false);
    each_loss_of_memory(pull_photo, false);
    each_loss_of_memory(open_urn, false);
    each_loss_of_memory(add_person, false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_rolled_back_is_not_written_later),
        cmocka_unit_test(it_can_be_unlocked),
        cmocka_unit_test(nobody_is_told_that_all_is_sent),
        cmocka_unit_test(all_of_it_is_verified),
        cmocka_unit_test(people_go_on_saving),
        cmocka_unit_test(a_list_says_what_waits),
        cmocka_unit_test(what_was_saved_can_be_sent_when_it_is_locked),
        cmocka_unit_test(nothing_is_locked_with_a_key_that_was_rolled_back),
    };

    fault_begin();
    vfs_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
