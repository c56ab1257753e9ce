/* reaper.c: see reaper.h. The thread sleeps until the earliest deadline that it knows of, or until
 * somebody sets an earlier one and writes to the eventfd. Deadlines that move away need no wake-up:
 * it finds nothing to cut and sleeps again. */
#include "base/reaper.h"

#include "base/env.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define NEVER        INT64_MAX
#define SLEEP_MS_MAX 3600000

struct reaper {
    int wake; /* eventfd */
    pthread_t thread;
    pthread_mutex_t mutex;
    /* Under the mutex: */
    struct reaper_line *lines;
    int64_t until_ms; /* when the thread will wake by itself */
    bool ends;
};

static int64_t now_ms(void) {
    return env_monotonic_ms(env_system());
}

static void wake(struct reaper *reaper) {
    uint64_t one = 1;

    /* Can only fail when the counter is full, and then the thread wakes anyway. */
    (void)!write(reaper->wake, &one, sizeof(one));
}

static void cut(struct reaper_line *line) {
    (void)shutdown(line->descriptor, SHUT_RDWR); /* fails when the peer has gone: just as well */
    line->deadline_ms = NEVER;
    line->is_cut = true;
}

static void *run(void *context) {
    struct reaper *reaper = context;
    struct pollfd wait = {.fd = reaper->wake, .events = POLLIN};
    uint64_t count = 0;

    for (;;) {
        int64_t now = now_ms();
        int64_t next = NEVER;
        bool ends = false;
        int timeout = -1;

        pthread_mutex_lock(&reaper->mutex);
        for (struct reaper_line *line = reaper->lines; line != NULL; line = line->next) {
            if (line->deadline_ms <= now)
                cut(line);
            if (line->deadline_ms < next)
                next = line->deadline_ms;
        }
        reaper->until_ms = next;
        ends = reaper->ends;
        pthread_mutex_unlock(&reaper->mutex);
        if (ends)
            return NULL;
        if (next != NEVER)
            timeout = next - now > SLEEP_MS_MAX ? SLEEP_MS_MAX : (int)(next - now) + 1;
        if (poll(&wait, 1, timeout) > 0)
            (void)!read(reaper->wake, &count, sizeof(count));
    }
}

enum rc reaper_start(struct reaper **out_reaper, struct err *err) {
    struct reaper *reaper = calloc(1, sizeof(*reaper));

    *out_reaper = NULL;
    if (reaper == NULL)
        return err_set(err, RC_NO_MEMORY, "HTTP server: out of memory");
    reaper->until_ms = NEVER;
    reaper->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (reaper->wake < 0 || pthread_mutex_init(&reaper->mutex, NULL) != 0)
        goto out;
    if (pthread_create(&reaper->thread, NULL, run, reaper) != 0) {
        (void)pthread_mutex_destroy(&reaper->mutex);
        goto out;
    }
    *out_reaper = reaper;
    return RC_OK;
out:
    if (reaper->wake >= 0)
        (void)close(reaper->wake);
    free(reaper);
    return err_set(err, RC_NO_MEMORY, "HTTP server: no more threads or descriptors");
}

void reaper_stop(struct reaper *reaper) {
    if (reaper == NULL)
        return;
    pthread_mutex_lock(&reaper->mutex);
    reaper->ends = true;
    pthread_mutex_unlock(&reaper->mutex);
    wake(reaper);
    (void)pthread_join(reaper->thread, NULL);
    (void)pthread_mutex_destroy(&reaper->mutex);
    (void)close(reaper->wake);
    free(reaper);
}

/* Under the mutex. */
static void set_deadline(struct reaper *reaper, struct reaper_line *line, int64_t patience_ms) {
    line->deadline_ms = patience_ms == REAPER_NEVER ? NEVER : now_ms() + patience_ms;
    if (line->deadline_ms < reaper->until_ms)
        wake(reaper);
}

void reaper_watch(struct reaper *reaper, struct reaper_line *line, int descriptor,
                  int64_t patience_ms) {
    *line = (struct reaper_line){.descriptor = descriptor};
    pthread_mutex_lock(&reaper->mutex);
    line->next = reaper->lines;
    if (line->next != NULL)
        line->next->previous = line;
    reaper->lines = line;
    set_deadline(reaper, line, patience_ms);
    pthread_mutex_unlock(&reaper->mutex);
}

void reaper_forget(struct reaper *reaper, struct reaper_line *line) {
    pthread_mutex_lock(&reaper->mutex);
    if (line->previous != NULL)
        line->previous->next = line->next;
    else
        reaper->lines = line->next;
    if (line->next != NULL)
        line->next->previous = line->previous;
    pthread_mutex_unlock(&reaper->mutex);
}

void reaper_extend(struct reaper *reaper, struct reaper_line *line, int64_t patience_ms) {
    pthread_mutex_lock(&reaper->mutex);
    if (!line->is_cut)
        set_deadline(reaper, line, patience_ms);
    pthread_mutex_unlock(&reaper->mutex);
}

void reaper_mark(struct reaper *reaper, struct reaper_line *line, bool unfinished) {
    pthread_mutex_lock(&reaper->mutex);
    line->unfinished = unfinished;
    pthread_mutex_unlock(&reaper->mutex);
}

void reaper_cut_unfinished(struct reaper *reaper) {
    pthread_mutex_lock(&reaper->mutex);
    for (struct reaper_line *line = reaper->lines; line != NULL; line = line->next)
        if (line->unfinished)
            cut(line);
    pthread_mutex_unlock(&reaper->mutex);
}
