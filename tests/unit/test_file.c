/* Files, folders and locks in a fresh directory, with their refusals. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Every test runs in a fresh directory, which is also the working directory. */
static char place[] = "/tmp/yg-test-file-XXXXXX";

static int enter(void **state) {
    (void)state;
    memcpy(place + sizeof(place) - 7, "XXXXXX", 6);
    return mkdtemp(place) != NULL && chdir(place) == 0 ? 0 : -1;
}

static void remove_tree(const char *path) {
    struct arena arena;
    struct err err;
    const char **names;
    size_t count;
    size_t index;

    err_init(&err, LANG_EN);
    arena_init(&arena, 1u << 20);
    if (file_is_directory(path) && file_list(path, 1000, &arena, &names, &count, &err) == RC_OK)
        for (index = 0; index < count; index++)
            remove_tree(arena_text(&arena, "%s/%s", path, names[index]));
    arena_release(&arena);
    assert_int_equal(remove(path), 0);
}

static int leave(void **state) {
    (void)state;
    if (chdir("/") != 0)
        return -1;
    remove_tree(place);
    return 0;
}

static mode_t mode_of(const char *path) {
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void assert_contents(const char *path, const char *expected) {
    struct buf buf;
    struct err err;

    err_init(&err, LANG_EN);
    buf_init(&buf, 1000);
    assert_int_equal(file_read(path, 1000, &buf, &err), RC_OK);
    assert_string_equal(buf_text(&buf), expected);
    buf_release(&buf);
}

static void writing_replaces_as_a_whole(void **state) {
    struct arena arena;
    struct err err;
    const char **names;
    size_t count;
    mode_t old = umask(0077);

    (void)state;
    err_init(&err, LANG_EN);
    arena_init(&arena, 10000);
    assert_int_equal(file_write("a", view_text("one"), 0644, &err), RC_OK);
    assert_contents("a", "one");
    assert_int_equal(mode_of("a"), 0644);
    assert_int_equal(file_write("a", view_text("2"), FILE_MODE_PRIVATE, &err), RC_OK);
    assert_contents("a", "2");
    assert_int_equal(mode_of("a"), 0600);
    assert_int_equal(file_write("a", (struct view){0}, FILE_MODE_PRIVATE, &err), RC_OK);
    assert_contents("a", "");
    assert_int_equal(file_list(".", 10, &arena, &names, &count, &err), RC_OK);
    assert_int_equal(count, 1);
    umask(old);
    arena_release(&arena);
}

static void a_failed_write_leaves_the_old_file(void **state) {
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    assert_int_equal(file_write("missing/a", view_text("x"), 0600, &err), RC_NOT_FOUND);
    assert_non_null(strstr(err.text, "missing/a"));
    assert_int_equal(file_write("d", view_text("x"), 0600, &err), RC_OK);
    assert_int_equal(file_write("d/a", view_text("x"), 0600, &err), RC_IO);
    assert_int_equal(file_make_directory("dir/sub", &err), RC_OK);
    assert_int_not_equal(file_write("dir", view_text("x"), 0600, &err), RC_OK);
    assert_true(file_is_directory("dir/sub"));
    /* No temporary file stays. */
    {
        struct arena arena;
        const char **names;
        size_t count;

        arena_init(&arena, 10000);
        assert_int_equal(file_list(".", 10, &arena, &names, &count, &err), RC_OK);
        assert_int_equal(count, 2);
        arena_release(&arena);
    }
    if (access("/dev/full", W_OK) == 0) {
        assert_int_equal(file_append("/dev/full", view_text("x"), 0600, &err), RC_IO);
        assert_non_null(strstr(err.text, "disk is full"));
    }
}

static void reading_stops_at_the_limit(void **state) {
    struct buf buf;
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    buf_init(&buf, 1000);
    assert_int_equal(file_write("a", view_text("12345"), 0600, &err), RC_OK);
    buf_add_text(&buf, ">");
    assert_int_equal(file_read("a", 4, &buf, &err), RC_LIMIT);
    assert_non_null(strstr(err.text, "a: larger than the limit of 4 bytes"));
    assert_int_equal(buf.size, 1);
    assert_int_equal(file_read("a", 5, &buf, &err), RC_OK);
    assert_string_equal(buf_text(&buf), ">12345");
    assert_int_equal(file_read("none", 5, &buf, &err), RC_NOT_FOUND);
    assert_int_equal(file_read(".", 5, &buf, &err), RC_INVALID);
    buf_release(&buf);
    buf_init(&buf, 3); /* the cap of the buffer is a limit as well */
    assert_int_equal(file_read("a", 100, &buf, &err), RC_LIMIT);
    buf_release(&buf);
}

static void a_pipe_is_read_to_its_end(void **state) {
    int ends[2];
    struct buf buf;
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    buf_init(&buf, 1000);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "piped", 5), 5);
    close(ends[1]);
    assert_int_equal(file_read_descriptor(ends[0], "standard input", 1000, &buf, &err), RC_OK);
    assert_string_equal(buf_text(&buf), "piped");
    close(ends[0]);
    assert_int_equal(file_read_descriptor(ends[0], "standard input", 1000, &buf, &err), RC_IO);
    assert_non_null(strstr(err.text, "standard input"));
    buf_release(&buf);
}

static void appending_and_sizes(void **state) {
    struct err err;
    uint64_t bytes;

    (void)state;
    err_init(&err, LANG_EN);
    assert_int_equal(file_append("log", view_text("one\n"), 0600, &err), RC_OK);
    assert_int_equal(file_append("log", view_text("two\n"), 0600, &err), RC_OK);
    assert_contents("log", "one\ntwo\n");
    assert_int_equal(file_size("log", &bytes, &err), RC_OK);
    assert_int_equal(bytes, 8);
    assert_int_equal(file_size("none", &bytes, &err), RC_NOT_FOUND);
    assert_int_equal(file_free_bytes(".", &bytes, &err), RC_OK);
    assert_true(bytes > 0);
    assert_int_equal(file_free_bytes("none", &bytes, &err), RC_NOT_FOUND);
    assert_true(file_exists("log"));
    assert_false(file_is_directory("log"));
    assert_int_equal(file_remove("log", &err), RC_OK);
    assert_false(file_exists("log"));
    assert_int_equal(file_remove("log", &err), RC_NOT_FOUND);
}

static void directories_are_private_and_repeatable(void **state) {
    struct err err;
    char path[FILE_PATH_BYTES_MAX + 10];

    (void)state;
    err_init(&err, LANG_EN);
    assert_int_equal(file_make_directory("a//b/c/", &err), RC_OK);
    assert_int_equal(file_make_directory("a/b/c", &err), RC_OK);
    assert_true(file_is_directory("a/b/c"));
    assert_int_equal(mode_of("a"), 0700);
    assert_int_equal(mode_of("a/b/c"), 0700);
    snprintf(path, sizeof(path), "%s/x/y", place);
    assert_int_equal(file_make_directory(path, &err), RC_OK);
    assert_true(file_is_directory("x/y"));
    assert_int_equal(file_write("f", view_text("x"), 0600, &err), RC_OK);
    assert_int_equal(file_make_directory("f", &err), RC_CONFLICT);
    assert_int_not_equal(file_make_directory("f/g", &err), RC_OK);
    assert_int_not_equal(file_make_directory("", &err), RC_OK);
    memset(path, 'x', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(file_make_directory(path, &err), RC_INVALID);
    assert_int_equal(file_write(path, view_text("x"), 0600, &err), RC_INVALID);
    if (geteuid() != 0) { /* root may do everything */
        assert_int_equal(chmod("a", 0500), 0);
        assert_int_equal(file_make_directory("a/z", &err), RC_IO);
        assert_int_equal(file_write("a/z", view_text("x"), 0600, &err), RC_IO);
        assert_int_equal(chmod("a", 0700), 0);
    }
}

static void lists_are_sorted_and_bounded(void **state) {
    static const char *const made[] = {"b", "a", ".h", "B", "\xE9\x98\xB3"};
    static const char *const sorted[] = {".h", "B", "a", "b", "\xE9\x98\xB3"};
    struct arena arena;
    struct err err;
    const char **names;
    size_t count;
    size_t index;

    (void)state;
    err_init(&err, LANG_EN);
    arena_init(&arena, 100000);
    assert_int_equal(file_list(".", 5, &arena, &names, &count, &err), RC_OK);
    assert_int_equal(count, 0);
    for (index = 0; index < 5; index++)
        assert_int_equal(file_write(made[index], view_text("x"), 0600, &err), RC_OK);
    assert_int_equal(file_list(".", 5, &arena, &names, &count, &err), RC_OK);
    assert_int_equal(count, 5);
    for (index = 0; index < 5; index++)
        assert_string_equal(names[index], sorted[index]);
    assert_int_equal(file_list(".", 4, &arena, &names, &count, &err), RC_LIMIT);
    assert_int_equal(count, 0);
    assert_int_equal(file_list("none", 4, &arena, &names, &count, &err), RC_NOT_FOUND);
    assert_int_equal(file_list("a", 4, &arena, &names, &count, &err), RC_IO);
    arena_release(&arena);
}

static void a_lock_has_one_owner(void **state) {
    struct file_lock first;
    struct file_lock second;
    struct err err;
    char owner[32];

    (void)state;
    err_init(&err, LANG_EN);
    assert_int_equal(file_lock_take("lock", &first, &err), RC_OK);
    assert_int_equal(mode_of("lock"), 0600);
    assert_int_equal(file_lock_take("lock", &second, &err), RC_LOCKED);
    snprintf(owner, sizeof(owner), "(%ld)", (long)getpid());
    assert_non_null(strstr(err.text, owner));
    file_unlock(&second);
    file_unlock(&first);
    file_unlock(&first);
    assert_int_equal(file_lock_take("lock", &second, &err), RC_OK);
    file_unlock(&second);
    assert_true(file_exists("lock"));
    assert_int_equal(file_lock_take("none/lock", &second, &err), RC_NOT_FOUND);
    file_unlock(&second);
}

static void the_end_of_a_process_frees_its_lock(void **state) {
    struct file_lock lock;
    struct err err;
    int ends[2];
    char byte;
    pid_t child;

    (void)state;
    err_init(&err, LANG_EN);
    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool held = file_lock_take("lock", &lock, &err) == RC_OK;

        (void)!write(ends[1], held ? "y" : "n", 1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_int_equal(file_lock_take("lock", &lock, &err), RC_LOCKED);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(file_lock_take("lock", &lock, &err), RC_OK);
    file_unlock(&lock);
    close(ends[0]);
    close(ends[1]);
}

static void reasons_have_words(void **state) {
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    assert_int_equal(file_fail("cannot write", "x", ENOSPC, &err), RC_IO);
    assert_string_equal(err.text,
                        "x: cannot write: the disk is full; free some space and try again");
    assert_int_equal(file_fail("cannot write", "x", EROFS, &err), RC_IO);
    assert_non_null(strstr(err.text, "read-only"));
    assert_int_equal(file_fail("cannot write", "x", EACCES, &err), RC_IO);
    assert_int_equal(file_fail("cannot write", "x", EIO, &err), RC_IO);
    assert_non_null(strstr(err.detail, "errno 5"));
    err_init(&err, LANG_ZH);
    file_fail("cannot write", "x", ENOSPC, &err);
    assert_null(strstr(err.text, "disk"));
    assert_null(strstr(err.text, "cannot"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writing_replaces_as_a_whole, enter, leave),
        cmocka_unit_test_setup_teardown(a_failed_write_leaves_the_old_file, enter, leave),
        cmocka_unit_test_setup_teardown(reading_stops_at_the_limit, enter, leave),
        cmocka_unit_test_setup_teardown(a_pipe_is_read_to_its_end, enter, leave),
        cmocka_unit_test_setup_teardown(appending_and_sizes, enter, leave),
        cmocka_unit_test_setup_teardown(directories_are_private_and_repeatable, enter, leave),
        cmocka_unit_test_setup_teardown(lists_are_sorted_and_bounded, enter, leave),
        cmocka_unit_test_setup_teardown(a_lock_has_one_owner, enter, leave),
        cmocka_unit_test_setup_teardown(the_end_of_a_process_frees_its_lock, enter, leave),
        cmocka_unit_test(reasons_have_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
