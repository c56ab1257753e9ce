/* runner.c: runs test programs side by side and adds up what they report.
 *
 *   runner [--jobs N] [--logs DIR] [--build DIR] { --label WORD | --limit SECONDS | TEST }...
 *
 * A TEST is a program, a script (.sh by bash, .mjs by node), or a shell command with a name in
 * front of it: "tidy: build/host/tidy --tap .". --label and --limit hold for the tests after them.
 * Every test must report in TAP on its standard output, as cmocka does when CMOCKA_MESSAGE_OUTPUT
 * is TAP. Comments and anything else it prints are kept in DIR/LABEL-NAME.log and shown when the
 * test fails.
 *
 * What counts as a failure besides `not ok`: an exit status other than 0 with no failed case
 * (a crash, a sanitizer's report, a failed group set-up), fewer cases than the plan promised, no
 * case at all, and a test that is still running at its limit. Each of these adds one failed case.
 *
 * Every test gets an empty folder of its own as TMPDIR, a process group of its own, which is
 * killed when the test has ended (a test must not leave servers behind), no standard input,
 * and YG_BUILD, the absolute path of the build folder.
 *
 * The last line is `N passed, N failed`, with `, N skipped` where cases were skipped. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { JOBS_MAX = 64, SHOWN_LINES_MAX = 300, LINE_BYTES = 4096, PATH_BYTES = 1024 };

struct test {
    const char *command;
    const char *label;
    bool shell;
    char name[256]; /* for people and for file names: no slash, no space */
    int limit_s;
    pid_t pid; /* 0: not started; -1: ended */
    int64_t started_ms;
    bool timed_out;
};

struct counts {
    unsigned long passed, failed, skipped;
};

struct runner {
    struct test *tests;
    size_t count;
    size_t jobs;
    const char *logs;
    char folder[PATH_BYTES]; /* holds the tests' temporary folders */
    sigset_t normal_signals; /* the mask while we sleep, and that of the tests */
    struct counts total;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number) {
    interrupted = signal_number;
}

/* SIGCHLD needs a handler only so that it ends the sleep of the main loop. */
static void on_child(int signal_number) {
    (void)signal_number;
}

static void die(const char *what) {
    fprintf(stderr, "runner: %s: %s\n", what, strerror(errno));
    exit(3);
}

static int64_t now_ms(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        die("clock_gettime");
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool ends_with(const char *text, const char *end) {
    size_t text_length = strlen(text), end_length = strlen(end);
    return text_length >= end_length && strcmp(text + text_length - end_length, end) == 0;
}

/* "build/test/asan/unit/test_buf" is called unit-test_buf; "tidy: COMMAND" is called tidy. */
static void name_test(struct test *test, const char *word) {
    const char *colon = strstr(word, ": ");
    const char *from = word;
    size_t length = strlen(word);
    test->command = word;
    if (colon) {
        test->shell = true;
        test->command = colon + 2;
        length = (size_t)(colon - word);
    } else {
        const char *last = strrchr(word, '/');
        for (from = last ? last : word; from > word && from[-1] != '/';)
            from--;
    }
    (void)snprintf(test->name, sizeof(test->name), "%.*s", (int)(length - (size_t)(from - word)),
                   from);
    for (char *c = test->name; *c; c++)
        if (*c == '/')
            *c = '-';
}

static void log_path(const struct runner *runner, const struct test *test, char path[PATH_BYTES]) {
    (void)snprintf(path, PATH_BYTES, "%s/%s-%s.log", runner->logs, test->label, test->name);
}

static void temporary_path(const struct runner *runner, const struct test *test,
                           char path[PATH_BYTES + 16]) {
    (void)snprintf(path, PATH_BYTES + 16, "%s/%zu", runner->folder, (size_t)(test - runner->tests));
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk) {
    (void)status;
    (void)walk;
    /* Tests make folders read-only to see what happens; open them again to empty them. */
    if (type == FTW_DNR)
        (void)chmod(path, 0700);
    (void)remove(path);
    return 0;
}

static void remove_tree(const char *path) {
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Runs in the child: never returns. */
static void become_test(const struct runner *runner, const struct test *test, const char *log,
                        const char *temporary) {
    (void)setpgid(0, 0);
    (void)sigprocmask(SIG_SETMASK, &runner->normal_signals, NULL);
    int input = open("/dev/null", O_RDONLY);
    int output = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (input < 0 || output < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
        _exit(127);
    (void)close(input);
    (void)close(output);
    if (setenv("TMPDIR", temporary, 1) != 0)
        _exit(127);
    if (test->shell)
        (void)execl("/bin/sh", "sh", "-c", test->command, (char *)NULL);
    else if (ends_with(test->command, ".mjs"))
        (void)execlp("node", "node", test->command, (char *)NULL);
    else if (ends_with(test->command, ".sh"))
        (void)execlp("bash", "bash", test->command, (char *)NULL);
    else
        (void)execl(test->command, test->command, (char *)NULL);
    fprintf(stderr, "runner: cannot run %s: %s\n", test->command, strerror(errno));
    _exit(127);
}

static void start_test(const struct runner *runner, struct test *test) {
    char log[PATH_BYTES], temporary[PATH_BYTES + 16];
    log_path(runner, test, log);
    temporary_path(runner, test, temporary);
    if (mkdir(temporary, 0700) != 0)
        die(temporary);
    (void)fflush(NULL);
    test->started_ms = now_ms();
    test->pid = fork();
    if (test->pid < 0)
        die("fork");
    if (test->pid == 0)
        become_test(runner, test, log, temporary);
    /* Both sides set the group, so that it stands whoever runs first. */
    (void)setpgid(test->pid, test->pid);
}

/* Adds up the TAP lines of one log. A skipped case counts as skipped whether it says ok or not,
 * because cmocka 1.1 says "not ok 3 # SKIP name". */
static struct counts count_cases(FILE *log, unsigned long *planned) {
    struct counts counts = {0, 0, 0};
    char line[LINE_BYTES];
    bool line_start = true;
    *planned = 0;
    while (fgets(line, sizeof(line), log)) {
        bool whole_line = strchr(line, '\n') != NULL;
        if (line_start) {
            bool ok = strncmp(line, "ok ", 3) == 0;
            bool not_ok = strncmp(line, "not ok ", 7) == 0;
            if ((ok || not_ok) && strstr(line, "# SKIP"))
                counts.skipped++;
            else if (ok)
                counts.passed++;
            else if (not_ok)
                counts.failed++;
            else if (strncmp(line, "1..", 3) == 0)
                *planned += strtoul(line + 3, NULL, 10);
        }
        line_start = whole_line;
    }
    return counts;
}

/* The end of the log, indented: it may be long, and its last words say most. */
static void show_log(FILE *log) {
    char line[LINE_BYTES];
    unsigned long lines = 0;
    rewind(log);
    while (fgets(line, sizeof(line), log))
        lines++;
    rewind(log);
    for (unsigned long number = 0; fgets(line, sizeof(line), log); number++) {
        if (number + SHOWN_LINES_MAX < lines)
            continue;
        line[strcspn(line, "\n")] = '\0';
        printf("        %s\n", line);
    }
}

static void finish_test(struct runner *runner, struct test *test, int status) {
    char path[PATH_BYTES], temporary[PATH_BYTES + 16], why[128] = "";
    pid_t group = test->pid;
    test->pid = -1;
    (void)kill(-group, SIGKILL); /* servers that it left behind; mostly there is nobody */
    temporary_path(runner, test, temporary);
    remove_tree(temporary);

    log_path(runner, test, path);
    FILE *log = fopen(path, "r");
    if (!log)
        die(path);
    unsigned long planned;
    struct counts counts = count_cases(log, &planned);
    unsigned long cases = counts.passed + counts.failed + counts.skipped;
    bool bad_exit = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    if (test->timed_out)
        (void)snprintf(why, sizeof(why), "still running after %d s, killed", test->limit_s);
    else if (WIFSIGNALED(status))
        (void)snprintf(why, sizeof(why), "ended by signal %d", WTERMSIG(status));
    else if (bad_exit && counts.failed == 0)
        (void)snprintf(why, sizeof(why), "exit status %d", WEXITSTATUS(status));
    else if (cases < planned)
        (void)snprintf(why, sizeof(why), "%lu of %lu cases ran", cases, planned);
    else if (cases == 0)
        (void)snprintf(why, sizeof(why), "it reported no case");
    if (why[0])
        counts.failed++;

    printf("  %-4s %-8s %-32s %4lu", counts.failed ? "FAIL" : "ok", test->label, test->name,
           counts.passed);
    if (counts.failed)
        printf(", %lu failed", counts.failed);
    if (counts.skipped)
        printf(", %lu skipped", counts.skipped);
    printf("  %.1f s%s%s\n", (double)(now_ms() - test->started_ms) / 1000, why[0] ? "  " : "", why);
    if (counts.failed) {
        show_log(log);
        printf("        (all of it: %s)\n", path);
    }
    (void)fclose(log);
    (void)fflush(stdout);
    runner->total.passed += counts.passed;
    runner->total.failed += counts.failed;
    runner->total.skipped += counts.skipped;
}

/* Kills what is over its limit. Returns how long the next one may still run. */
static int64_t enforce_limits(struct runner *runner) {
    int64_t wait_ms = 60000;
    for (size_t i = 0; i < runner->count; i++) {
        struct test *test = &runner->tests[i];
        if (test->pid <= 0 || test->timed_out)
            continue;
        int64_t left_ms = test->started_ms + (int64_t)test->limit_s * 1000 - now_ms();
        if (left_ms <= 0) {
            test->timed_out = true;
            (void)kill(-test->pid, SIGKILL);
        } else if (left_ms < wait_ms) {
            wait_ms = left_ms;
        }
    }
    return wait_ms;
}

static void run_all(struct runner *runner) {
    size_t next = 0, running = 0;
    sigset_t ours;
    (void)sigemptyset(&ours);
    (void)sigaddset(&ours, SIGCHLD);
    (void)sigaddset(&ours, SIGINT);
    (void)sigaddset(&ours, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &ours, &runner->normal_signals);
    while ((next < runner->count || running > 0) && !interrupted) {
        while (next < runner->count && running < runner->jobs) {
            start_test(runner, &runner->tests[next++]);
            running++;
        }
        int status;
        pid_t pid;
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
            for (size_t i = 0; i < next; i++) {
                if (runner->tests[i].pid != pid)
                    continue;
                finish_test(runner, &runner->tests[i], status);
                running--;
            }
        }
        if (running == 0 || (running < runner->jobs && next < runner->count))
            continue;
        /* Signals are let in only while we sleep: none can slip through between look and sleep. */
        int64_t wait_ms = enforce_limits(runner);
        struct timespec wait = {(time_t)(wait_ms / 1000), (long)(wait_ms % 1000) * 1000000};
        (void)ppoll(NULL, 0, &wait, &runner->normal_signals);
    }
    (void)sigprocmask(SIG_SETMASK, &runner->normal_signals, NULL);
    for (size_t i = 0; i < runner->count; i++)
        if (runner->tests[i].pid > 0)
            (void)kill(-runner->tests[i].pid, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
}

static int number_of(const char *option, const char *text, int most) {
    char *end;
    errno = 0;
    long number = text ? strtol(text, &end, 10) : 0;
    if (!text || errno != 0 || *end || number < 1 || number > most) {
        fprintf(stderr, "runner: %s needs a number from 1 to %d\n", option, most);
        exit(2);
    }
    return (int)number;
}

static void read_arguments(struct runner *runner, int count, char **arguments) {
    const char *label = "test";
    int limit_s = 120;
    for (int i = 1; i < count; i++) {
        const char *word = arguments[i];
        const char *value = i + 1 < count ? arguments[i + 1] : NULL;
        bool option = strncmp(word, "--", 2) == 0;
        if (option && !value) {
            fprintf(stderr, "runner: %s needs a value\n", word);
            exit(2);
        }
        i += option;
        if (strcmp(word, "--jobs") == 0) {
            runner->jobs = (size_t)number_of(word, value, JOBS_MAX);
        } else if (strcmp(word, "--logs") == 0) {
            runner->logs = value;
        } else if (strcmp(word, "--build") == 0) {
            char path[PATH_MAX];
            if (!realpath(value, path))
                die(value);
            if (setenv("YG_BUILD", path, 1) != 0)
                die("setenv");
        } else if (strcmp(word, "--label") == 0) {
            label = value;
        } else if (strcmp(word, "--limit") == 0) {
            limit_s = number_of(word, value, 24 * 3600);
        } else if (option) {
            fprintf(stderr, "runner: unknown option %s\n", word);
            exit(2);
        } else {
            struct test *test = &runner->tests[runner->count++];
            *test = (struct test){.label = label, .limit_s = limit_s};
            name_test(test, word);
        }
    }
}

int main(int argc, char **argv) {
    struct runner runner = {.jobs = 1, .logs = "build/logs"};
    const char *temporary = getenv("TMPDIR");
    runner.tests = calloc((size_t)argc, sizeof(*runner.tests));
    if (!runner.tests)
        die("out of memory");
    read_arguments(&runner, argc, argv);
    if (mkdir(runner.logs, 0755) != 0 && errno != EEXIST)
        die(runner.logs);
    (void)snprintf(runner.folder, sizeof(runner.folder), "%s/yg-test-XXXXXX",
                   temporary && temporary[0] ? temporary : "/tmp");
    if (!mkdtemp(runner.folder))
        die(runner.folder);

    /* One report format for all, and sanitizers that speak up instead of cmocka's handlers. */
    if (setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1) != 0 ||
        setenv("ASAN_OPTIONS", "allow_user_segv_handler=0:detect_leaks=1", 0) != 0 ||
        setenv("UBSAN_OPTIONS", "print_stacktrace=1", 0) != 0)
        die("setenv");
    struct sigaction interrupt = {.sa_handler = on_interrupt}, child = {.sa_handler = on_child};
    if (sigaction(SIGINT, &interrupt, NULL) != 0 || sigaction(SIGTERM, &interrupt, NULL) != 0 ||
        sigaction(SIGCHLD, &child, NULL) != 0)
        die("sigaction");

    int64_t started_ms = now_ms();
    run_all(&runner);
    remove_tree(runner.folder);
    free(runner.tests);
    if (interrupted) {
        fprintf(stderr, "runner: interrupted\n");
        return 130;
    }
    printf("  %.1f s\n", (double)(now_ms() - started_ms) / 1000);
    printf("%lu passed, %lu failed", runner.total.passed, runner.total.failed);
    if (runner.total.skipped)
        printf(", %lu skipped", runner.total.skipped);
    printf("\n");
    return runner.total.failed ? 1 : 0;
}
