/* open.c: `open` starts a browser on the running service's launch page (launch.h), with a profile
 * of its own in memory: no history, no cache, no stored form data outlive the window. A browser
 * whose options we do not know, or xdg-open, gets the page only, and keeps its own profile; there
 * the app goes on in the language that it was left in. A new profile has none yet, so it is told
 * that of the environment, behind the address of the page. */
#include "agent/face/face.h"
#include "agent/face/launch.h"
#include "base/file.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

#define ARGUMENTS_MAX 12
#define PROFILE_BYTES 256u
#define WALK_FILES    16
#define OUT_BYTES     (1024u * 1024u)

/* ---- is anybody there ---- */

static enum rc check_service(struct face *face, struct command *command, struct err *err) {
    static const char *const words[] = {"status", "--json"};
    struct json *status = NULL;
    bool serving = false;
    struct buf out;
    int exit_status = 0;
    enum rc rc;

    buf_init(&out, OUT_BYTES);
    rc = command_inside(&face->table, command, words, 2, &out, &exit_status, err);
    if (rc == RC_OK && exit_status == 0)
        rc = json_parse(buf_view(&out), JSON_LIMITS_DEFAULT, &status, err);
    if (rc == RC_OK && (!json_bool(json_get(status, "serving"), &serving) || !serving))
        rc = err_set(err, RC_NOT_FOUND, "%s: nothing is served from there; run: yg-agent serve",
                     command->data);
    json_free(status);
    buf_release(&out);
    return rc;
}

/* ---- the profile ---- */

static const char *variable(const struct face *face, const char *name) {
    size_t size = strlen(name);

    for (char *const *at = face->environment; at != NULL && *at != NULL; at++)
        if (strncmp(*at, name, size) == 0 && (*at)[size] == '=')
            return *at + size + 1;
    return NULL;
}

/* Nothing where nobody has said: a computer that was set up without a language (LANG=C) is used in
 * Chinese all the same. */
static const char *language_of(const struct face *face, const struct command *command) {
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *said = command_option(command, "--lang");

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && said == NULL; i++) {
        said = variable(face, names[i]);
        if (said != NULL && said[0] == '\0')
            said = NULL;
    }
    return said == NULL                  ? ""
           : strncmp(said, "zh", 2) == 0 ? "#zh"
           : strncmp(said, "en", 2) == 0 ? "#en"
                                         : "";
}

/* In memory where the system has such a folder. */
static enum rc make_profile(const struct face *face, char path[PROFILE_BYTES], struct err *err) {
    const char *temporary = variable(face, "TMPDIR");
    const char *const places[] = {"/dev/shm", temporary != NULL ? temporary : "/tmp"};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        int size = snprintf(path, PROFILE_BYTES, "%s/yg-open-XXXXXX", places[i]);

        if (size > 0 && (size_t)size < PROFILE_BYTES && mkdtemp(path) != NULL)
            return RC_OK;
    }
    return file_fail("cannot create", path, errno, err);
}

static int remove_one(const char *path, const struct stat *state, int kind, struct FTW *at) {
    (void)state;
    (void)kind;
    (void)at;
    (void)remove(path);
    return 0;
}

/* ---- the browser ---- */

struct start {
    const char *program;
    bool has_profile;
    const char *arguments[ARGUMENTS_MAX];
    char profile[PROFILE_BYTES];
    const char *language; /* "#zh", "#en", "" */
    char option[PROFILE_BYTES + 32];
    char page[3 * FILE_PATH_BYTES_MAX + 16];
    char spoken[3 * FILE_PATH_BYTES_MAX + 24]; /* the page with its language */
    char app[3 * FILE_PATH_BYTES_MAX + 32];
};

static bool is_named(const char *program, const char *part) {
    const char *slash = strrchr(program, '/');

    return strstr(slash == NULL ? program : slash + 1, part) != NULL;
}

static void compose(struct start *start) {
    const char **next = start->arguments;

    *next++ = start->program;
    snprintf(start->spoken, sizeof(start->spoken), "%s%s", start->page, start->language);
    if (is_named(start->program, "chrom")) {
        start->has_profile = true;
        snprintf(start->option, sizeof(start->option), "--user-data-dir=%s", start->profile);
        snprintf(start->app, sizeof(start->app), "--app=%s", start->spoken);
        *next++ = start->option;
        *next++ = "--no-first-run";
        *next++ = "--no-default-browser-check";
        *next++ = "--disable-sync";
        *next++ = "--disable-background-networking";
        *next++ = "--disk-cache-size=1";
        *next++ = start->app;
    } else if (is_named(start->program, "firefox")) {
        start->has_profile = true;
        *next++ = "--no-remote";
        *next++ = "--profile";
        *next++ = start->profile;
        *next++ = start->spoken;
    } else {
        *next++ = start->page;
    }
    *next = NULL;
}

/* A path as an address: everything but plain letters, digits and a few signs is escaped. */
static void address_of(const char *path, char *out, size_t size) {
    size_t at = (size_t)snprintf(out, size, "file://");

    for (; *path != '\0' && at + 4 < size; path++) {
        unsigned char byte = (unsigned char)*path;

        if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
            (byte >= '0' && byte <= '9') || strchr("/-._~", byte) != NULL)
            out[at++] = (char)byte;
        else
            at += (size_t)snprintf(out + at, size - at, "%%%02X", byte);
    }
    out[at] = '\0';
}

/* The signals are blocked here, not in the browser. */
static int spawn(const struct face *face, struct start *start, const sigset_t *mask, pid_t *child) {
    posix_spawnattr_t attributes;
    int failed = posix_spawnattr_init(&attributes);

    if (failed != 0)
        return failed;
    (void)posix_spawnattr_setsigmask(&attributes, mask);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    failed = posix_spawnp(child, start->program, NULL, &attributes,
                          (char *const *)(uintptr_t)start->arguments, face->environment);
    (void)posix_spawnattr_destroy(&attributes);
    return failed;
}

/* Until the browser ends; whoever ends us, ends it first, so that the profile can be removed. */
static void await(pid_t child, const sigset_t *signals) {
    int status;

    while (waitpid(child, &status, WNOHANG) == 0) {
        int signal = sigwaitinfo(signals, NULL);

        if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP)
            (void)kill(child, SIGTERM);
    }
}

static enum rc run_browser(const struct face *face, struct start *start, const char *wanted,
                           struct err *err) {
    static const char *const known[] = {"chromium", "chromium-browser", "google-chrome",
                                        "xdg-open"};
    sigset_t signals, before;
    pid_t child = 0;
    int failed = ENOENT;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGCHLD);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &signals, &before);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]) && failed == ENOENT; i++) {
        start->program = wanted != NULL ? wanted : known[i];
        compose(start);
        failed = spawn(face, start, &before, &child);
        if (wanted != NULL)
            break;
    }
    if (failed == 0)
        await(child, &signals);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed == ENOENT)
        return err_set(err, RC_NOT_FOUND,
                       "%s: there is no such browser; name another with --browser PROGRAM",
                       wanted != NULL ? wanted : "chromium, xdg-open");
    return failed == 0 ? RC_OK : file_fail("cannot start", start->program, failed, err);
}

enum rc face_open(void *context, struct command *command, struct err *err) {
    struct face *face = context;
    struct start *start;
    char path[FILE_PATH_BYTES_MAX];
    int size = snprintf(path, sizeof(path), "%s/" LAUNCH_FILE, command->data);
    enum rc rc = check_service(face, command, err);

    if (rc != RC_OK)
        return rc;
    if (size < 0 || (size_t)size >= sizeof(path))
        return err_set(err, RC_LIMIT, "%s: the path is too long; use a shorter one", command->data);
    if (!file_exists(path))
        return err_set(err, RC_NOT_FOUND,
                       "%s: the service was started with --no-http; start it without",
                       command->data);
    start = calloc(1, sizeof(*start));
    if (start == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    address_of(path, start->page, sizeof(start->page));
    start->language = language_of(face, command);
    rc = make_profile(face, start->profile, err);
    if (rc == RC_OK) {
        rc = run_browser(face, start, command_option(command, "--browser"), err);
        (void)nftw(start->profile, remove_one, WALK_FILES, FTW_DEPTH | FTW_PHYS);
    }
    free(start);
    return rc;
}
