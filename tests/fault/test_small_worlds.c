/* test_small_worlds.c: every world of a few steps. Two tablets have one home with one member in it,
 * and each step is one of
 *
 *   tablet A or B:  e  answers a question that a seal covers      s  seals
 *                   n  answers a question about the member        m  removes the member
 *                   y  syncs
 *   R               staff decide the first open question
 *
 * All orders are played, but for those that cannot differ: a step that changes nothing ends its
 * branch; work on A and work on B between syncs is done in one order only; the first step is A's,
 * because A and B are alike. In the end everybody syncs, and then
 *   - each saved change stands in the county's log, once, and the home has absorbed it
 *   - both tablets hold the county's bytes, have nothing more to send, and verify, as the county
 * does
 *
 * Each step is a process of its own, so that all branches begin from the same memory and disks.
 *
 *     test_small_worlds [STEPS]       all worlds of so many steps; without STEPS of few
 *     test_small_worlds =Ae,By,As     one, step by step */
#include "schema/form/answers.h"
#include "tests/fault/fault.h"
#include "tests/fault/stage.h"
#include "tests/sim/vfs.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define STEPS_MAX 8

#ifdef __SANITIZE_ADDRESS__
#define STEPS 2
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STEPS 2
#endif
#endif
#ifndef STEPS
#define STEPS 4 /* as many as a few seconds of make check have room for */
#endif

static const char LETTERS[] = "enmsy";

struct world {
    struct stage stage;
    struct dot home;
    struct instance_id member;
    struct dot saved[STEPS_MAX + 2];
    uint32_t saved_count, decided;
    uint64_t changes; /* in the log at the beginning */
    char path[4 * STEPS_MAX + 1];
    unsigned steps, steps_max;
};

struct tally {
    uint64_t worlds, steps;
};
static struct tally *tally; /* shared by all processes */

static const struct instance_id ROOT;

static void __attribute__((format(printf, 3, 4), noreturn))
broken(const struct world *world, const struct err *err, const char *format, ...) {
    va_list arguments;

    fprintf(stderr, "test_small_worlds =%s: ", world->path);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, ": %s: %s %s\n", rc_name(err->rc), err->text, err->detail);
    fflush(stderr);
    _exit(1);
}

static void must(const struct world *world, enum rc rc, const struct err *err, const char *what) {
    if (rc != RC_OK)
        broken(world, err, "%s", what);
}

/* ---- steps: RC_OK when something has changed ---- */

static uint16_t number_of(const struct form *form, const char *path) {
    return form_field_by_path(form, view_text(path))->number;
}

static enum rc change(struct world *world, int at, char what, struct err *err) {
    struct stage *stage = &world->stage;
    struct session *session = stage->sessions[at];
    struct change made;
    struct seen seen;
    struct edit edit;
    struct value value;
    char text[24];
    enum rc rc = session_see(session, world->home, &stage->arena, &seen, err);

    must(world, rc, err, "the home is gone");
    (void)snprintf(text, sizeof(text), "%c%u", at == WANG ? 'A' : 'B', world->steps);
    value = value_of_text(view_text(text));
    stage->now_ms += 60000;
    must(world,
         edit_start(&edit,
                    what == 's'   ? CHANGE_SEAL
                    : what == 'm' ? CHANGE_REMOVE
                                  : CHANGE_EDIT,
                    session_next_dot(session), session_person(session), seen.form, &seen.record,
                    &seen.reading, &stage->arena, err),
         err, "an edit");
    if (what == 'e')
        rc = edit_set(&edit, ROOT, number_of(seen.form, "finding"), &value, 0, err);
    else if (what == 'n')
        rc = edit_set(&edit, world->member, number_of(seen.form, "member/called"), &value, 0, err);
    else if (what == 'm')
        rc = edit_remove_instance(&edit, world->member, err);
    else
        rc = edit_seal(&edit, 0, err);
    if (rc == RC_OK)
        rc = edit_finish(&edit, view_text(""), &made, err);
    if (rc == RC_OK) {
        rc = session_save(session, &made, &seen.record, seen.form, err);
        must(world, rc, err, "saving");
        world->saved[world->saved_count++] = made.dot;
    }
    return rc;
}

static enum rc sync_pad(struct world *world, int at, struct err *err) {
    struct sync_report report;
    enum rc rc;

    world->stage.now_ms += 60000;
    rc = sync_run(world->stage.tablets[at], &world->stage.link, NULL, &report, err);
    must(world, rc, err, "a sync");
    return report.sent > 0 || report.received > 0 ? RC_OK : RC_NOT_FOUND;
}

static enum rc decide(struct world *world, struct err *err) {
    struct stage *stage = &world->stage;
    const struct office *office = service_office(stage->service);
    char id[DOT_TEXT_BYTES], side[INSTANCE_TEXT_BYTES], path[100] = "";
    const struct conflict *conflict = NULL;
    struct stored_record stored;
    struct record record;
    struct reading reading;
    struct ledger *ledger;

    must(world, office->borrow(office->context, &ledger, err), err, "a reader");
    must(world, store_record(ledger->store, world->home, &stage->arena, &stored, err), err, "home");
    must(world, ledger_read(ledger, &stored, &stage->arena, &record, &reading, err), err, "home");
    for (uint32_t i = 0; i < reading.conflict_count && conflict == NULL; i++)
        if (reading.conflicts[i].version_count > 0)
            conflict = &reading.conflicts[i];
    if (conflict != NULL) {
        struct buf text;

        version_text(version_name(&record, conflict->versions[0]), side);
        buf_init(&text, 1000);
        must(world, answers_path_text(&reading, conflict->instance, conflict->field, &text, err),
             err, "the place of a question");
        (void)snprintf(path, sizeof(path), "%s", buf_text(&text));
        buf_release(&text);
    }
    office->give_back(office->context, ledger);
    if (conflict == NULL)
        return RC_NOT_FOUND;
    dot_text(world->home, id);
    stage->now_ms += 60000;
    must(world,
         stage_run(stage, err, desk_resolve, id, path, "--keep", side, "--as", "chief", "--reason",
                   "asked", NULL),
         err, path);
    world->decided++;
    return RC_OK;
}

static enum rc step(struct world *world, const char *name, struct err *err) {
    arena_reset(&world->stage.arena);
    err_clear(err);
    if (name[0] == 'R')
        return decide(world, err);
    if (name[1] == 'y')
        return sync_pad(world, name[0] == 'A' ? WANG : LI, err);
    return change(world, name[0] == 'A' ? WANG : LI, name[1], err);
}

/* ---- the end of a world ---- */

struct counted {
    struct store *store;
    uint64_t changes;
};

static enum rc count_change(void *context, const struct stored_change *found, struct err *err) {
    (void)found;
    (void)err;
    ((struct counted *)context)->changes++;
    return RC_OK;
}

static enum rc count_actor(void *context, const struct stored_actor *actor, struct err *err) {
    struct counted *log = context;

    return store_actor_changes(log->store, actor->actor, 1, actor->number, count_change, log, err);
}

static uint64_t count_changes(struct world *world, struct ledger *ledger, struct err *err) {
    struct counted log = {.store = ledger->store};

    must(world, store_actors(ledger->store, count_actor, &log, err), err, "the log");
    return log.changes;
}

static bool has_absorbed(const struct record *record, struct dot dot) {
    for (uint32_t i = 0; i < record->absorbed_count; i++)
        if (dot_equal(record->absorbed[i].dot, dot))
            return true;
    return false;
}

static void check_tablet(struct world *world, int at, struct view packed, struct err *err) {
    struct stage *stage = &world->stage;
    struct tablet_verified verified;
    struct tablet_status status;
    struct record record;
    struct buf bytes;

    buf_init(&bytes, LIMIT_RECORD_BYTES);
    must(world, session_record(stage->sessions[at], world->home, &stage->arena, &record, err), err,
         "a tablet's home");
    must(world, record_pack(&record, &bytes, err), err, "a tablet's home");
    if (!view_equal(packed, buf_view(&bytes)))
        broken(world, err, "tablet %c holds other bytes than the county", 'A' + at);
    must(world, tablet_status(stage->tablets[at], &stage->arena, &status, err), err, "status");
    if (status.unsent != 0 || status.inbox != 0 || status.quarantined != 0)
        broken(world, err, "tablet %c is not done", 'A' + at);
    buf_clear(&bytes);
    must(world, tablet_verify(stage->tablets[at], NULL, NULL, &bytes, &verified, err), err,
         "a tablet does not verify");
    buf_release(&bytes);
}

static void finish(struct world *world) {
    struct stage *stage = &world->stage;
    const struct office *office = service_office(stage->service);
    struct stored_record stored;
    struct record record;
    struct ledger *ledger;
    uint64_t changes;
    struct err err;

    err_init(&err, LANG_EN);
    for (int i = 0; i < 3; i++)
        (void)sync_pad(world, i % 2, &err);
    must(world, stage_run(stage, &err, desk_verify, NULL), &err, "the county does not verify");
    must(world, office->borrow(office->context, &ledger, &err), &err, "a reader");
    changes = count_changes(world, ledger, &err);
    if (changes != world->changes + world->saved_count + world->decided)
        broken(world, &err, "the log has %u changes, %u were saved and %u decided",
               (unsigned)(changes - world->changes), world->saved_count, world->decided);
    must(world, store_record(ledger->store, world->home, &stage->arena, &stored, &err), &err,
         "the home");
    must(world, record_unpack(stored.packed, &stage->arena, &record, &err), &err, "the home");
    for (uint32_t i = 0; i < world->saved_count; i++)
        if (!has_absorbed(&record, world->saved[i]))
            broken(world, &err, "a saved change is missing in the home");
    for (int at = 0; at < TABLETS; at++)
        check_tablet(world, at, stored.packed, &err);
    office->give_back(office->context, ledger);
    tally->worlds++;
}

/* ---- all orders ---- */

/* Work on A and then on B or at the county, without a sync between, is the same the other way
 * round: only the order A, B, R is played. */
static bool is_twin(const struct world *world, const char *name) {
    const char *last = world->path + strlen(world->path) - 2;

    return world->steps > 0 && last[1] != 'y' && name[1] != 'y' && name[0] < last[0];
}

static void explore(struct world *world);

static void branch(struct world *world, const char *name) {
    pid_t child;
    int status = 0;

    if (is_twin(world, name) || (world->steps == 0 && name[0] != 'A'))
        return;
    fflush(NULL);
    child = fork();
    if (child == 0) {
        size_t length = strlen(world->path);
        struct err err;

        err_init(&err, LANG_EN);
        (void)snprintf(world->path + length, sizeof(world->path) - length, "%s%s",
                       length > 0 ? "," : "", name);
        if (step(world, name, &err) != RC_OK)
            _exit(0);
        tally->steps++;
        world->steps++;
        explore(world);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        if (!WIFEXITED(status))
            fprintf(stderr, "test_small_worlds =%s%s%s: signal %d\n", world->path,
                    world->steps > 0 ? "," : "", name, WTERMSIG(status));
        if (world->steps > 0)
            _exit(1);
        fail();
    }
}

static void explore(struct world *world) {
    char name[3] = "";

    if (world->steps == world->steps_max) {
        finish(world);
        return;
    }
    for (int at = 0; at < TABLETS; at++) {
        for (size_t i = 0; LETTERS[i] != '\0'; i++) {
            name[0] = (char)('A' + at);
            name[1] = LETTERS[i];
            branch(world, name);
        }
    }
    branch(world, "R!");
}

/* ---- the beginning ---- */

static void begin(struct world *world, unsigned steps) {
    struct stage *stage = &world->stage;
    const struct office *office;
    const struct form *form;
    struct value value = value_of_text(view_text("first"));
    struct change made;
    struct ledger *ledger;
    struct edit edit;
    struct err err;

    err_init(&err, LANG_EN);
    *world = (struct world){.steps_max = steps};
    stage_init(stage);
    must(world, stage_open_county(stage, &err), &err, "the county");
    for (int at = 0; at < TABLETS; at++)
        must(world, stage_open_tablet(stage, at, &err), &err, "a tablet");
    (void)sync_pad(world, WANG, &err);
    form = tablet_form_named(stage->tablets[WANG], view_text("home"));
    world->home = session_next_dot(stage->sessions[WANG]);
    must(world,
         edit_start(&edit, CHANGE_CREATE, world->home, session_person(stage->sessions[WANG]), form,
                    NULL, NULL, &stage->arena, &err),
         &err, "a home");
    must(world, edit_set_area(&edit, STAGE_AREA, &err), &err, "a home");
    must(world, edit_set(&edit, ROOT, number_of(form, "name"), &value, 0, &err), &err, "a home");
    must(world, edit_add_instance(&edit, number_of(form, "member"), ROOT, &world->member, &err),
         &err, "a member");
    must(world, edit_set(&edit, world->member, number_of(form, "member/called"), &value, 0, &err),
         &err, "a member");
    must(world, edit_finish(&edit, view_text(""), &made, &err), &err, "a home");
    must(world, session_save(stage->sessions[WANG], &made, NULL, form, &err), &err, "a home");
    for (int i = 0; i < 3; i++)
        (void)sync_pad(world, i % 2, &err);
    office = service_office(stage->service);
    must(world, office->borrow(office->context, &ledger, &err), &err, "a reader");
    world->changes = count_changes(world, ledger, &err);
    office->give_back(office->context, ledger);
}

static unsigned steps_wanted = STEPS;

static void all_worlds_of_a_few_steps_keep_everything(void **state) {
    static struct world world;

    (void)state;
    begin(&world, steps_wanted);
    explore(&world);
    print_message("# %llu worlds of %u steps, %llu steps\n", (unsigned long long)tally->worlds,
                  steps_wanted, (unsigned long long)tally->steps);
    assert_true(tally->worlds > 0);
    stage_release(&world.stage);
}

static int one(const char *path) {
    static struct world world;
    struct err err;

    err_init(&err, LANG_EN);
    begin(&world, STEPS_MAX);
    for (const char *at = path; at != NULL && at[0] != '\0'; at = strchr(at, ',')) {
        at += at[0] == ',';
        printf("%.2s: %s %s\n", at, rc_name(step(&world, at, &err)), err.text);
        world.steps++;
    }
    finish(&world);
    printf("held\n");
    stage_release(&world.stage);
    return 0;
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_worlds_of_a_few_steps_keep_everything)};

    fault_begin();
    vfs_begin();
    disk_mount("temporary", disk_new(2));
    tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (tally == MAP_FAILED)
        return 1;
    if (argc > 1 && argv[1][0] == '=')
        return one(argv[1] + 1);
    if (argc > 1)
        steps_wanted = (unsigned)strtoul(argv[1], NULL, 10);
    if (steps_wanted < 1 || steps_wanted > STEPS_MAX)
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
