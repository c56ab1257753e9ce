/* serve.c: the process that stays: it owns the data, takes commands through DIR/control, syncs now
 * and then, and locks people who have gone.
 *
 * The calling thread waits for a signal or for the next thing to do; commands run in the threads
 * of the control socket. SIGTERM and SIGINT are blocked and taken by sigtimedwait, so nothing runs
 * inside a signal handler. SIGUSR1, from one of our own threads, wakes the loop for a sync that
 * somebody asked for. The web app (api.h) is served from here, too. */
#include "agent/face/api.h"
#include "agent/face/face.h"
#include "agent/face/launch.h"
#include "agent/sync/sync.h"
#include "base/file.h"
#include "base/gpsd.h"
#include "base/log.h"
#include "base/text.h"

#include <signal.h>

#define EVERY_S      60u
#define EVERY_S_MAX  (24u * 60u * 60u)
#define IDLE_MIN     15u
#define IDLE_MIN_MAX (24u * 60u)
#define LOOK_MS      5000 /* how late idle people may be locked */
#define JITTER       5u   /* a fifth more or less, so that tablets do not come together */
#define RETRY_S_MAX  3600

struct service {
    struct face *face;
    struct log log;
    int64_t every_ms, idle_ms;
    int64_t next_ms; /* monotonic */
    bool failed;     /* the last sync did: it is logged once */
};

static enum rc number_option(const struct command *command, const char *name, uint64_t least,
                             uint64_t most, uint64_t otherwise, uint64_t *out, struct err *err) {
    const char *text = command_option(command, name);

    *out = otherwise;
    if (text == NULL)
        return RC_OK;
    if (!parse_u64(view_text(text), out) || *out < least || *out > most)
        return err_set(err, RC_USAGE, "%s %s: write a number from %llu to %llu", name, text,
                       (unsigned long long)least, (unsigned long long)most);
    return RC_OK;
}

/* ---- sync ---- */

/* When the server has named a time, nobody comes before it. */
static void plan_later(struct service *service, int64_t least_ms) {
    const struct env *env = service->face->env;
    uint64_t spread = (uint64_t)least_ms / JITTER;

    service->next_ms =
        env_monotonic_ms(env) + least_ms + (int64_t)env_random_below(env, spread + 1);
}

static void plan(struct service *service, int64_t wait_ms) {
    const struct env *env = service->face->env;
    uint64_t spread = (uint64_t)wait_ms / JITTER;

    if (spread > 0)
        wait_ms += (int64_t)env_random_below(env, 2 * spread + 1) - (int64_t)spread;
    service->next_ms = env_monotonic_ms(env) + wait_ms;
}

void face_want_sync(struct face *face, enum lang lang) {
    pthread_mutex_lock(&face->mutex);
    face->syncs_asked++;
    face->sync_lang = lang;
    if (face->is_serving)
        (void)pthread_kill(face->loop, SIGUSR1);
    pthread_mutex_unlock(&face->mutex);
}

bool face_is_syncing(struct face *face) {
    bool is;

    pthread_mutex_lock(&face->mutex);
    is = face->syncing || face->syncs_asked != face->syncs_answered;
    pthread_mutex_unlock(&face->mutex);
    return is;
}

/* How many have asked until now, and in which language the last one did. */
static uint64_t asked(struct face *face, enum lang *lang) {
    uint64_t count;

    pthread_mutex_lock(&face->mutex);
    count = face->syncs_asked;
    *lang = count != face->syncs_answered ? face->sync_lang : LANG_EN;
    pthread_mutex_unlock(&face->mutex);
    return count;
}

static void answer_asked(struct face *face, uint64_t count) {
    pthread_mutex_lock(&face->mutex);
    face->syncs_answered = count;
    pthread_mutex_unlock(&face->mutex);
}

static bool is_asked(struct face *face) {
    enum lang lang;

    return asked(face, &lang) != face->syncs_answered;
}

static void sync_progress(void *context, uint64_t done, uint64_t total) {
    struct face *face = context;

    face->sync_done = done;
    face->sync_total = total;
}

static void sync_once(struct service *service) {
    struct face *face = service->face;
    enum lang lang;
    uint64_t count = asked(face, &lang);
    const struct sync_options options = {.progress = sync_progress, .progress_context = face};
    struct session *nobody = NULL;
    struct sync_report report;
    struct err err;
    enum rc rc;

    err_init(&err, lang);
    face_take_turn(face);
    rc = face_exchange(face, face->tablet, &nobody, NULL, &options, &report, &err);
    face_end_turn(face);
    answer_asked(face, count);
    if (rc == RC_OK) {
        if (service->failed || report.sent + report.received > 0)
            log_info(&service->log, LOG_EVENT("sync.done"), LOG_UINT("sent", report.sent),
                     LOG_UINT("received", report.received), LOG_UINT("unsent", report.unsent),
                     LOG_INT("ms", report.elapsed_ms));
    } else if (!service->failed) {
        log_warn(&service->log, LOG_EVENT("sync.failed"), LOG_TEXT("why", err.text));
    }
    service->failed = rc != RC_OK;
    if (report.retry_after_s > 0 && report.retry_after_s <= RETRY_S_MAX)
        plan_later(service, report.retry_after_s * 1000);
    else
        plan(service, service->every_ms);
}

/* ---- the loop ---- */

/* Until a signal: the number of it, or 0 when something is to be done. */
static int wait_signal(const struct service *service, const sigset_t *signals) {
    int64_t left_ms = LOOK_MS;
    struct timespec timeout;
    int signal;

    if (service->every_ms > 0) {
        int64_t until_ms = service->next_ms - env_monotonic_ms(service->face->env);

        left_ms = until_ms < 0 ? 0 : until_ms < left_ms ? until_ms : left_ms;
    }
    timeout.tv_sec = left_ms / 1000;
    timeout.tv_nsec = left_ms % 1000 * 1000000;
    signal = sigtimedwait(signals, NULL, &timeout);
    return signal > 0 ? signal : 0;
}

static void loop(struct service *service, const sigset_t *signals) {
    struct face *face = service->face;

    for (;;) {
        int signal = wait_signal(service, signals);

        if (signal == SIGTERM || signal == SIGINT) {
            log_info(&service->log, LOG_EVENT("serve.stop"), LOG_INT("signal", signal));
            return;
        }
        face_take_turn(face);
        face_lock_idle(face, service->idle_ms);
        face_end_turn(face);
        if (is_asked(face) ||
            (service->every_ms > 0 && env_monotonic_ms(face->env) >= service->next_ms))
            sync_once(service);
    }
}

/* The web app, unless it is not wanted. A launch page that a killed service has left is of no use
 * to anybody. */
static enum rc start_web(struct face *face, struct command *command, struct web **web,
                         struct err *err) {
    char path[FILE_PATH_BYTES_MAX];
    struct err ignored;
    uint64_t port;
    enum rc rc = number_option(command, "--http", 0, UINT16_MAX, 0, &port, err);

    if (rc != RC_OK)
        return rc;
    if (command_option(command, "--no-http") == NULL)
        return web_start(face, command->data, (uint16_t)port, command->lang, web, err);
    err_init(&ignored, LANG_EN);
    if ((size_t)snprintf(path, sizeof(path), "%s/" LAUNCH_FILE, command->data) < sizeof(path))
        (void)file_remove(path, &ignored);
    return RC_OK;
}

static enum rc say_serving(struct command *command, const struct web *web, struct err *err) {
    enum rc rc = command_printf(command, err, "serving %s\n", command->data);

    if (rc == RC_OK && web != NULL)
        rc = command_printf(command, err, "http://127.0.0.1:%u\n", web_port(web));
    return rc;
}

static void set_loop(struct face *face, bool is_serving) {
    pthread_mutex_lock(&face->mutex);
    face->loop = pthread_self();
    face->is_serving = is_serving;
    pthread_mutex_unlock(&face->mutex);
}

static enum rc run(struct service *service, struct command *command, const sigset_t *signals,
                   struct err *err) {
    struct face *face = service->face;
    struct control_server *server = NULL;
    struct web *web = NULL;
    char path[FILE_PATH_BYTES_MAX];
    int length = snprintf(path, sizeof(path), "%s/%s", command->data, face->table.socket);
    enum rc rc;

    if (length < 0 || (size_t)length >= sizeof(path))
        return err_set(err, RC_LIMIT, "%s: the path is too long; use a shorter one", command->data);
    rc = control_listen(path, command_serve, &face->table, &server, err);
    if (rc != RC_OK)
        return rc;
    set_loop(face, true);
    rc = start_web(face, command, &web, err);
    if (rc == RC_OK)
        rc = say_serving(command, web, err);
    if (rc == RC_OK) {
        log_info(&service->log, LOG_EVENT("serve.start"));
        plan(service, 0);
        loop(service, signals);
    }
    set_loop(face, false);
    web_stop(web);
    control_stop(server);
    return rc;
}

enum rc face_serve(void *context, struct command *command, struct err *err) {
    struct face *face = context;
    struct service service = {.face = face};
    uint64_t every_s, idle_min, gpsd_port = 0;
    sigset_t signals, blocked, before;
    enum rc rc = number_option(command, "--every", 0, EVERY_S_MAX, EVERY_S, &every_s, err);

    if (rc == RC_OK)
        rc = number_option(command, "--idle", 1, IDLE_MIN_MAX, IDLE_MIN, &idle_min, err);
    if (rc == RC_OK)
        rc = number_option(command, "--gpsd", 0, UINT16_MAX, GPSD_PORT, &gpsd_port, err);
    if (rc == RC_OK)
        rc = tablet_open(command->data, &face->options, &face->tablet, err);
    if (rc != RC_OK)
        return rc;
    face->gpsd_port = (uint16_t)gpsd_port;
    sync_attach(face->tablet);
    service.every_ms = (int64_t)every_s * 1000;
    service.idle_ms = (int64_t)idle_min * 60 * 1000;
    log_init(&service.log, face->env, LOG_LEVEL_INFO, stderr);
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGUSR1);
    blocked = signals;
    (void)sigaddset(&blocked, SIGPIPE); /* a reader of our output that has gone */
    /* The threads of the socket inherit the mask. */
    (void)pthread_sigmask(SIG_BLOCK, &blocked, &before);
    rc = run(&service, command, &signals, err);
    for (size_t i = 0; i < FACE_SEATS_MAX; i++) {
        struct err ignored;

        err_init(&ignored, LANG_EN);
        if (face->seats[i].session != NULL)
            (void)face_close_seat(&face->seats[i], &ignored);
    }
    tablet_close(face->tablet);
    face->tablet = NULL;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    log_release(&service.log);
    return rc;
}
