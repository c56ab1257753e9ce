/* test_fault_plays.c: a county and two tablets play scenes (plays.h), and at one moment the machine
 * does not give what it is asked for: memory, a file, a read, a write, a sync, or power; at every
 * moment, once or from then on. Afterwards
 *   - nothing has crashed, no file is open; under AddressSanitizer nothing has leaked
 *   - the scene has ended well, or with an error that says what was missing
 *   - played again on what is left, it ends well; county and tablets verify, hold the same bytes,
 *     and the log has as many changes as if nothing had happened: nothing lost, nothing doubled
 *
 *     test_fault_plays                              some moments of each scene
 *     test_fault_plays --full [PLAY [KIND [WHICH]]]  all, of one scene or kind ("all"); goes on
 *                                                   behind what breaks. WHICH: each so manieth,
 *                                                   or "places": the first from each place in the
 *                                                   code, by all its callers, in this scene; "new":
 *                                                   that no earlier scene has had
 *     test_fault_plays PLAY KIND NUMBER [after]     one, and what it says */
#include "tests/fault/fault.h"
#include "tests/fault/plays.h"
#include "tests/sim/vfs.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

/* Moments of each scene, kind and manner that are tried without --full. */
#ifdef __SANITIZE_ADDRESS__
#define MOMENTS 2
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MOMENTS 2
#endif
#endif
#ifndef MOMENTS
#define MOMENTS 4
#endif

static struct {
    bool full, tells;
    const char *only, *kind; /* NULL: all */
    uint64_t stride;         /* 0: places */
    bool new_places;
    uint64_t tried, broken;
    jmp_buf next; /* the next moment, after one that broke */
} options;

struct scene {
    const struct play *play;
    struct stage stage;
    struct stage_image image; /* where it begins */
    uint64_t changes;         /* in the log, when nothing goes wrong */
    enum fault_kind kind;
    uint64_t number;
    bool ever_after;
};

static void __attribute__((format(printf, 3, 4), noreturn))
broken(const struct scene *scene, const struct err *err, const char *format, ...) {
    char what[300];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    print_error("test_fault_plays %s %s %llu%s\n%s: %s: %s %s\n", scene->play->name,
                fault_name(scene->kind), (unsigned long long)scene->number,
                scene->ever_after ? " after" : "", what, rc_name(err->rc), err->text, err->detail);
    if (options.full && scene->number > 0 && ++options.broken < 100)
        longjmp(options.next, 1);
    fail();
    abort();
}

/* ---- what must hold afterwards ---- */

struct count {
    struct scene *scene;
    struct store *store;
    uint64_t changes, records;
};

static enum rc count_change(void *context, const struct stored_change *change, struct err *err) {
    (void)change;
    (void)err;
    ((struct count *)context)->changes++;
    return RC_OK;
}

static enum rc count_actor(void *context, const struct stored_actor *actor, struct err *err) {
    struct count *count = context;

    return store_actor_changes(count->store, actor->actor, 1, actor->number, count_change, count,
                               err);
}

static enum rc compare(void *context, const struct stored_record *stored, struct err *err) {
    struct count *count = context;
    struct stage *stage = &count->scene->stage;

    count->records++;
    for (int at = 0; at < TABLETS; at++) {
        struct record state;
        struct buf packed;
        enum rc rc = session_record(stage->sessions[at], stored->id, &stage->arena, &state, err);

        buf_init(&packed, LIMIT_RECORD_BYTES);
        if (rc == RC_OK)
            rc = record_pack(&state, &packed, err);
        if (rc != RC_OK || !view_equal(buf_view(&packed), stored->packed))
            broken(count->scene, err, "tablet %d holds other bytes than the county", at);
        buf_release(&packed);
    }
    return RC_OK;
}

static void check_tablet(struct scene *scene, int at, uint64_t records) {
    struct stage *stage = &scene->stage;
    struct tablet_verified verified;
    struct tablet_status status;
    struct buf problems;
    struct err err;

    err_init(&err, LANG_EN);
    buf_init(&problems, 65536);
    if (tablet_verify(stage->tablets[at], NULL, NULL, &problems, &verified, &err) != RC_OK)
        broken(scene, &err, "tablet %d: %s", at, buf_text(&problems));
    buf_release(&problems);
    if (tablet_status(stage->tablets[at], &stage->arena, &status, &err) != RC_OK)
        broken(scene, &err, "tablet %d", at);
    if (status.unsent != 0 || status.inbox != 0 || status.records != records)
        broken(scene, &err, "tablet %d: %u unsent, %u unread, %u records", at,
               (unsigned)status.unsent, (unsigned)status.inbox, (unsigned)status.records);
}

/* Everybody syncs; then all agree. Returns the changes in the log. */
static uint64_t check(struct scene *scene) {
    struct stage *stage = &scene->stage;
    struct count count = {.scene = scene};
    const struct office *office;
    struct ledger *ledger;
    struct err err;
    enum rc rc;

    err_init(&err, LANG_EN);
    rc = stage_open_county(stage, &err);
    for (int at = 0; at < TABLETS && rc == RC_OK; at++)
        rc = stage_open_tablet(stage, at, &err);
    for (int at = 0; at < 2 * TABLETS && rc == RC_OK; at++)
        rc = stage_sync(stage, at % TABLETS, &err);
    if (rc == RC_OK)
        rc = stage_run(stage, &err, desk_verify, NULL);
    office = service_office(stage->service);
    if (rc == RC_OK)
        rc = office->borrow(office->context, &ledger, &err);
    if (rc != RC_OK)
        broken(scene, &err, "afterwards");
    count.store = ledger->store;
    rc = store_actors(ledger->store, count_actor, &count, &err);
    if (rc == RC_OK)
        rc = store_list(ledger->store, view_text(""), 0, (struct dot){0, 0}, compare, &count, &err);
    office->give_back(office->context, ledger);
    if (rc != RC_OK)
        broken(scene, &err, "the county's log");
    for (int at = 0; at < TABLETS; at++)
        check_tablet(scene, at, count.records);
    return count.changes;
}

static void down(struct scene *scene) {
    struct err err;

    err_init(&err, LANG_EN);
    if (!stage_down(&scene->stage))
        broken(scene, &err, "a file is left open");
}

/* ---- one moment ---- */

/* What may be said about it. A sync cannot know more of the county than that it did not work. */
static bool is_clear(const struct scene *scene, enum rc rc, const struct err *err) {
    if (err->rc != rc || err->text[0] == '\0')
        return false;
    if (fault_struck_county() && (rc == RC_NETWORK || rc == RC_AGAIN))
        return true;
    /* A name that a power cut took away is missing; in life nobody is there any more to be told. */
    if (scene->kind == FAULT_POWER && rc == RC_NOT_FOUND)
        return true;
    return rc == (scene->kind == FAULT_MEMORY || scene->kind == FAULT_ARENA ? RC_NO_MEMORY : RC_IO);
}

/* false: that was beyond the end. */
static bool moment(struct scene *scene) {
    struct stage *stage = &scene->stage;
    struct err err;
    enum rc rc;

    err_init(&err, LANG_EN);
    stage_bring(stage, &scene->image, scene->number);
    fault_arm(scene->kind, scene->number, scene->ever_after);
    rc = scene->play->act(stage, &err);
    fault_disarm();
    if (options.tells)
        printf("%s %s %llu: %s %s (%s)\n", scene->play->name, fault_name(scene->kind),
               (unsigned long long)scene->number, rc_name(rc), err.text, err.detail);
    if (rc != RC_OK && !fault_struck())
        broken(scene, &err, "fails by itself");
    if (rc != RC_OK && !is_clear(scene, rc, &err))
        broken(scene, &err, "not a clear error");
    down(scene);
    if (!fault_struck())
        return false;
    options.tried++;
    err_clear(&err);
    if (rc != RC_OK) {
        rc = scene->play->act(stage, &err);
        if (rc != RC_OK)
            broken(scene, &err, "does not go on afterwards");
    }
    if (check(scene) != scene->changes)
        broken(scene, &err, "other changes in the log than %u", (unsigned)scene->changes);
    down(scene);
    return true;
}

/* ---- all moments ---- */

/* With places: the calls that come from a new one, and how many calls there are. */
static uint64_t calls_of(struct scene *scene) {
    struct err err;
    enum rc rc;

    err_init(&err, LANG_EN);
    scene->number = 0;
    stage_bring(&scene->stage, &scene->image, 0);
    fault_arm(scene->kind, 0, false);
    if (options.full && options.stride == 0)
        fault_learn(!options.new_places);
    rc = scene->play->act(&scene->stage, &err);
    fault_disarm();
    if (rc != RC_OK)
        broken(scene, &err, "without a fault");
    down(scene);
    return fault_calls();
}

/* false: there is nothing more. */
static bool try(struct scene *scene) {
    if (setjmp(options.next) == 0)
        return moment(scene);
    fault_disarm();
    (void)stage_down(&scene->stage);
    return true;
}

/* In both manners, as far as they are asked for. */
static void sweep(struct scene *scene, bool once, bool after) {
    uint64_t calls = calls_of(scene), count, stride = options.stride;
    const uint64_t *first = fault_places(&count);
    uint64_t *own;

    if (!options.full)
        stride = calls <= MOMENTS ? 1 : calls / MOMENTS;
    fault_pause();
    own = calloc(count + 1, sizeof(*own));
    fault_resume();
    assert_non_null(own);
    memcpy(own, first, count * sizeof(*own));
    for (int manner = 0; manner < 2; manner++) {
        if (!(manner == 0 ? once : after))
            continue;
        scene->ever_after = manner == 1;
        for (uint64_t at = 0; stride == 0 && at < count; at++) {
            scene->number = own[at];
            (void)try(scene);
        }
        for (scene->number = 1; stride > 0 && scene->number <= calls + 200; scene->number += stride)
            if (!try(scene))
                break;
    }
    free(own);
}

static void begin(struct scene *scene, const struct play *play) {
    struct err err;

    err_init(&err, LANG_EN);
    *scene = (struct scene){.play = play};
    stage_init(&scene->stage);
    for (const struct play *before = plays;; before++) {
        scene->play = before;
        if (before->prepare != NULL && before->prepare(&scene->stage, &err) != RC_OK)
            broken(scene, &err, "the preparation");
        down(scene);
        if (before == play)
            break;
        if (before->act(&scene->stage, &err) != RC_OK)
            broken(scene, &err, "without a fault");
        down(scene);
    }
    stage_keep(&scene->stage, &scene->image);
    if (play->act(&scene->stage, &err) != RC_OK)
        broken(scene, &err, "without a fault");
    down(scene);
    scene->changes = check(scene);
    down(scene);
}

static void end(struct scene *scene) {
    stage_release(&scene->stage);
    stage_image_release(&scene->image);
}

static void scene_test(void **state) {
    static struct scene scene;

    bool is_left =
        options.only != NULL && strcmp(options.only, ((const struct play *)*state)->name) != 0;

    if (is_left && !options.new_places)
        skip();
    begin(&scene, *state);
    options.broken = 0;
    for (int kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++) {
        uint64_t before = options.tried;

        if (options.kind != NULL && strcmp(options.kind, fault_name((enum fault_kind)kind)) != 0)
            continue;
        scene.kind = (enum fault_kind)kind;
        if (is_left) { /* only learns which places are not new */
            (void)calls_of(&scene);
            continue;
        }
        /* Without --full, one manner of each kind must do. */
        sweep(&scene, options.full || kind % 2 == 0,
              kind != FAULT_POWER && (options.full || kind % 2 == 1));
        if (options.full)
            print_message("# %s: %s: %llu moments\n", scene.play->name, fault_name(scene.kind),
                          (unsigned long long)(options.tried - before));
    }
    end(&scene);
    assert_true(options.broken == 0);
}

static int one(int argc, char **argv) {
    static struct scene scene;

    options.tells = true;
    for (unsigned at = 0; at < play_count; at++)
        if (strcmp(plays[at].name, argv[1]) == 0)
            begin(&scene, &plays[at]);
    if (scene.play == NULL)
        return 2;
    for (int kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++)
        if (strcmp(fault_name((enum fault_kind)kind), argv[2]) == 0)
            scene.kind = (enum fault_kind)kind;
    scene.number = strtoull(argv[3], NULL, 10);
    scene.ever_after = argc > 4;
    printf("%s\n", moment(&scene) ? "held" : "beyond the end");
    end(&scene);
    return 0;
}

int main(int argc, char **argv) {
    struct CMUnitTest tests[32] = {{0}};

    fault_begin();
    vfs_begin();
    disk_mount("temporary", disk_new(2));
    options.full = argc > 1 && strcmp(argv[1], "--full") == 0;
    if (argc > 3 && !options.full)
        return one(argc, argv);
    options.only = argc > 2 && strcmp(argv[2], "all") != 0 ? argv[2] : NULL;
    options.kind = argc > 3 && strcmp(argv[3], "all") != 0 ? argv[3] : NULL;
    options.new_places = argc > 4 && strcmp(argv[4], "new") == 0;
    options.stride = argc <= 4 ? 1 : strtoull(argv[4], NULL, 10);
    for (unsigned at = 0; at < play_count; at++)
        tests[at] = (struct CMUnitTest){.name = plays[at].name,
                                        .test_func = scene_test,
                                        .initial_state = (void *)(uintptr_t)&plays[at]};
    return _cmocka_run_group_tests("scenes", tests, play_count, NULL, NULL);
}
