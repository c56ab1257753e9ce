/* test_tablet.c: the tablet's file: saved means on disk, one owner, copies are noticed, and trouble
 * with the disk is told and loses nothing. */
#include "tests/support/visitor.h"

#include "base/file.h"

#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

static enum rc try_open(struct visitor *visitor, const char *name) {
    struct tablet_options options = {.env = &visitor->county->env};
    struct tablet *tablet = NULL;
    enum rc rc = tablet_open(visitor_path(visitor, name), &options, &tablet, &visitor->err);

    if (rc == RC_OK)
        tablet_close(tablet);
    else
        assert_null(tablet);
    return rc;
}

static void a_folder_without_a_tablet_says_what_to_do(void **state) {
    struct visitor *visitor = *state;

    assert_int_equal(try_open(visitor, "nothing"), RC_NOT_FOUND);
    assert_non_null(strstr(visitor->err.text, "enrol"));
    assert_false(tablet_exists(visitor_path(visitor, "nothing")));
}

static void everything_is_there_after_a_restart(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "户主甲");
    uint64_t actor = record.actor;

    visitor_edit(visitor, wang, record, "head/phone", "13800000000");
    tablet_close(tablet);
    tablet = county_tablet(visitor->county, visitor_path(visitor, "wang"));
    assert_int_equal(visitor_status(visitor, tablet).on_tablet, 2);
    assert_int_equal(visitor_status(visitor, tablet).on_server, 0);
    assert_int_equal(visitor_status(visitor, tablet).actor, actor);
    assert_false(visitor_noticed(visitor, tablet, NOTICE_INCARNATED));
    wang = county_session(tablet, "wang");
    assert_string_equal(visitor_text(visitor, wang, record, "head/phone"), "13800000000");
    assert_int_equal(session_next_dot(wang).number, 3);
    visitor_verify(visitor, tablet);
    tablet_close(tablet);
}

/* ---- kill -9 ---- */

static void save_for_ever(struct visitor *visitor, int acknowledge) {
    struct tablet *tablet = county_tablet(visitor->county, visitor_path(visitor, "wang"));
    struct session *session = county_session(tablet, "wang");

    for (;;) {
        struct dot dot = visitor_save(visitor, session, VILLAGE_A, "户主");

        if (write(acknowledge, &dot.number, sizeof(dot.number)) != sizeof(dot.number))
            _exit(1);
        if (dot.number % 7 == 0)
            visitor_edit(visitor, session, dot, "head/phone", "13900000000");
        if (dot.number % 23 == 0) { /* locking cuts batches: be killed in there too */
            visitor_must(visitor, session_close(session, &visitor->err));
            session = county_session(tablet, "wang");
        }
    }
}

static void what_was_acknowledged_survives_kill_9(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    uint64_t last = 0;

    tablet_close(tablet);
    for (int round = 0; round < 12; round++) {
        int pipes[2], status;
        uint64_t number;
        ssize_t got;
        pid_t child;

        assert_int_equal(pipe(pipes), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(pipes[0]);
            save_for_ever(visitor, pipes[1]);
        }
        close(pipes[1]);
        for (int i = 0; i < 5 + 3 * round; i++) {
            got = read(pipes[0], &number, sizeof(number));
            assert_int_equal(got, sizeof(number));
            last = number;
        }
        kill(child, SIGKILL);
        while ((got = read(pipes[0], &number, sizeof(number))) == sizeof(number))
            last = number; /* acknowledged before it died */
        close(pipes[0]);
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        visitor->county->random += 77; /* the child had a clock and entropy of its own */
        tablet = county_tablet(visitor->county, visitor_path(visitor, "wang"));
        assert_true(visitor_status(visitor, tablet).on_tablet >= last);
        assert_false(visitor_noticed(visitor, tablet, NOTICE_INCARNATED));
        (void)county_session(tablet, "wang");
        visitor_verify(visitor, tablet);
        tablet_close(tablet);
    }
    tablet = county_tablet(visitor->county, visitor_path(visitor, "wang"));
    last = visitor_status(visitor, tablet).on_tablet;
    county_sync(visitor->county, tablet, RC_OK, NULL);
    (void)county_session(tablet, "wang");
    county_sync(visitor->county, tablet, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, tablet).on_server, last);
    visitor_verify(visitor, tablet);
    tablet_close(tablet);
}

/* ---- one owner ---- */

static void a_second_process_is_refused(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(try_open(visitor, "wang") == RC_LOCKED ? 0 : 1);
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_false(visitor_noticed(visitor, tablet, NOTICE_INCARNATED));
    tablet_close(tablet);
    assert_int_equal(try_open(visitor, "wang"), RC_OK);
}

/* ---- trouble with the disk ---- */

static void a_full_disk_loses_nothing_that_was_saved(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "早存的");
    struct rlimit limit, full;
    uint64_t saved;
    enum rc rc = RC_OK;

    /* A file may not grow any more: what a full disk looks like to one file. */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_IGN);
    full = limit;
    full.rlim_cur = 700 * 1024;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    for (int i = 0; i < 2000 && rc == RC_OK; i++)
        rc = visitor_try_save(visitor, wang, VILLAGE_A, "撑满磁盘的一户");
    saved = visitor_status(visitor, tablet).on_tablet;
    assert_int_equal(rc, RC_IO);
    assert_true(saved > 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    /* With room again it goes on, with the very next number. */
    visitor_save(visitor, wang, VILLAGE_A, "后存的");
    assert_int_equal(visitor_status(visitor, tablet).on_tablet, saved + 1);
    assert_string_equal(visitor_text(visitor, wang, record, "head/name"), "早存的");
    visitor_verify(visitor, tablet);
    tablet_close(tablet);
    tablet = county_tablet(visitor->county, visitor_path(visitor, "wang"));
    assert_int_equal(visitor_status(visitor, tablet).on_tablet, saved + 1);
    tablet_close(tablet);
}

static void set_modes(struct visitor *visitor, mode_t files, mode_t folder) {
    const char *path = visitor_path(visitor, "wang"), **names;
    size_t count;

    assert_int_equal(chmod(visitor->folder, 0755), 0);
    assert_int_equal(chmod(path, 0755), 0);
    visitor_must(visitor, file_list(path, 100, &visitor->arena, &names, &count, &visitor->err));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(chmod(arena_text(&visitor->arena, "%s/%s", path, names[i]), files), 0);
    assert_int_equal(chmod(path, folder), 0);
}

/* The folders above are private to this test: let the other user through, who may not write. */
static void let_through(struct visitor *visitor) {
    char *path = arena_text(&visitor->arena, "%s", visitor_path(visitor, "wang"));

    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        struct stat info;

        *slash = '\0';
        if (stat(path, &info) == 0 && (info.st_mode & 0777) == 0700 && info.st_uid == geteuid())
            assert_int_equal(chmod(path, 0711), 0);
        *slash = '/';
    }
}

static void a_read_only_folder_is_told(void **state) {
    struct visitor *visitor = *state;
    int status;
    pid_t child;

    tablet_close(visitor_enrol(visitor, "wang", 1));
    let_through(visitor);
    set_modes(visitor, 0444, 0555);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        enum rc rc;

        if (geteuid() == 0 && setuid(65534) != 0) /* root may write everywhere */
            _exit(2);
        rc = try_open(visitor, "wang");
        _exit(rc == RC_IO || rc == RC_DENIED ? 0 : 1);
    }
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    set_modes(visitor, 0600, 0755);
    assert_int_equal(try_open(visitor, "wang"), RC_OK);
}

/* ---- copies ---- */

static void without_its_sidecar_a_copy_begins_a_new_actor(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct dot first = visitor_save(visitor, wang, VILLAGE_A, "旧身的"), second;

    county_sync(visitor->county, tablet, RC_OK, NULL);
    tablet_close(tablet);
    visitor_must(visitor, file_remove(visitor_path(visitor, "wang/incarnation"), &visitor->err));
    tablet = county_tablet(visitor->county, visitor_path(visitor, "wang"));
    assert_true(visitor_noticed(visitor, tablet, NOTICE_INCARNATED));
    wang = county_session(tablet, "wang");
    second = visitor_save(visitor, wang, VILLAGE_A, "新身的");
    assert_int_not_equal(first.actor, second.actor);
    assert_int_equal(second.number, 1);
    visitor_edit(visitor, wang, first, "head/phone", "13800000001");
    county_sync(visitor->county, tablet, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, tablet).on_tablet, 3);
    assert_int_equal(visitor_status(visitor, tablet).on_server, 3);
    assert_int_equal(visitor_status(visitor, tablet).quarantined, 0);
    assert_string_equal(visitor_text(visitor, wang, first, "head/phone"), "13800000001");
    visitor_verify(visitor, tablet);
    tablet_close(tablet);
    /* Only once: the new sidecar fits. */
    tablet = county_tablet(visitor->county, visitor_path(visitor, "wang"));
    assert_int_equal(visitor_status(visitor, tablet).actor, second.actor);
    tablet_close(tablet);
}

/* Changes that only it has may yet get another name, by which a new actor could not mean them. */
static void a_copy_with_unsent_changes_goes_on_until_the_county_has_them(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1), *clone;
    struct session *wang = county_session(tablet, "wang"), *other;
    struct dot mine, theirs;

    tablet_close(tablet);
    visitor_copy(visitor, "wang", "clone"); /* with everything */
    tablet = county_tablet(visitor->county, visitor_path(visitor, "wang"));
    clone = county_tablet(visitor->county, visitor_path(visitor, "clone"));
    wang = county_session(tablet, "wang");
    other = county_session(clone, "wang");
    mine = visitor_save(visitor, wang, VILLAGE_A, "甲");
    theirs = visitor_save(visitor, other, VILLAGE_A, "乙");
    assert_true(dot_equal(mine, theirs));
    tablet_close(tablet);
    visitor_must(visitor, file_remove(visitor_path(visitor, "wang/incarnation"), &visitor->err));
    tablet = county_tablet(visitor->county, visitor_path(visitor, "wang"));
    wang = county_session(tablet, "wang");
    visitor_edit(visitor, wang, mine, "head/phone", "13800000001");
    visitor_edit(visitor, wang, mine, "head/phone", "13800000002");
    county_sync(visitor->county, clone, RC_OK, NULL);
    county_sync(visitor->county, tablet, RC_OK, NULL);
    assert_true(visitor_noticed(visitor, tablet, NOTICE_FORKED));
    assert_int_not_equal(visitor_status(visitor, tablet).actor, mine.actor);
    county_sync(visitor->county, clone, RC_OK, NULL);
    assert_int_equal(visitor_count(visitor, wang, "甲"), 1);
    assert_int_equal(visitor_count(visitor, other, "甲"), 1);
    assert_int_equal(visitor_count(visitor, wang, ""), 2);
    assert_int_equal(visitor_count(visitor, other, ""), 2);
    assert_string_equal(visitor_text(visitor, other, theirs, "head/phone"), "");
    assert_int_equal(visitor_status(visitor, tablet).quarantined, 0);
    visitor_verify(visitor, tablet);
    visitor_verify(visitor, clone);
    tablet_close(tablet);
    tablet_close(clone);
}

static void a_backup_put_back_begins_a_new_actor(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct dot old = visitor_save(visitor, wang, VILLAGE_A, "备份前"), lost, after;

    county_sync(visitor->county, tablet, RC_OK, NULL);
    tablet_close(tablet);
    /* A backup leaves the sidecar out. */
    visitor_copy(visitor, "wang", "backup");
    visitor_must(visitor, file_remove(visitor_path(visitor, "backup/incarnation"), &visitor->err));
    tablet = county_tablet(visitor->county, visitor_path(visitor, "wang"));
    wang = county_session(tablet, "wang");
    lost = visitor_save(visitor, wang, VILLAGE_A, "备份后");
    county_sync(visitor->county, tablet, RC_OK, NULL);
    tablet_close(tablet);
    tablet = county_tablet(visitor->county, visitor_path(visitor, "backup"));
    wang = county_session(tablet, "wang");
    after = visitor_save(visitor, wang, VILLAGE_A, "恢复后");
    assert_int_not_equal(after.actor, old.actor);
    county_sync(visitor->county, tablet, RC_OK, NULL);
    /* What the tablet had lost comes back from the county. */
    assert_string_equal(visitor_text(visitor, wang, lost, "head/name"), "备份后");
    assert_int_equal(visitor_count(visitor, wang, ""), 3);
    visitor_verify(visitor, tablet);
    tablet_close(tablet);
}

static void a_foreign_device_key_is_refused(void **state) {
    struct visitor *visitor = *state;
    struct buf key;

    tablet_close(visitor_enrol(visitor, "wang", 1));
    tablet_close(visitor_enrol(visitor, "zhao", 1));
    buf_init(&key, 4096);
    visitor_must(visitor,
                 file_read(visitor_path(visitor, "zhao/device.key"), 4096, &key, &visitor->err));
    visitor_must(visitor, file_write(visitor_path(visitor, "wang/device.key"), buf_view(&key),
                                     FILE_MODE_PRIVATE, &visitor->err));
    buf_release(&key);
    assert_int_equal(try_open(visitor, "wang"), RC_CORRUPT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, visitor_set_up, visitor_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_folder_without_a_tablet_says_what_to_do),
        TEST(everything_is_there_after_a_restart),
        TEST(what_was_acknowledged_survives_kill_9),
        TEST(a_second_process_is_refused),
        TEST(a_full_disk_loses_nothing_that_was_saved),
        TEST(a_read_only_folder_is_told),
        TEST(without_its_sidecar_a_copy_begins_a_new_actor),
        TEST(a_copy_with_unsent_changes_goes_on_until_the_county_has_them),
        TEST(a_backup_put_back_begins_a_new_actor),
        TEST(a_foreign_device_key_is_refused),
    };

    return cmocka_run_group_tests_name("tablet", tests, NULL, NULL);
}
