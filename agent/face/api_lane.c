/* api_lane.c: what takes long goes in a lane of its own. A photo that another tablet took may come
 * over a slow line for minutes; meanwhile the two threads of the server serve pages. One thread is
 * enough here: such requests would wait for each other anyway, because a tablet talks to its county
 * once at a time.
 *
 * A request in the lane is deferred (http.h): the server holds its connection, nobody's thread.
 * When the service stops, the one at work ends by itself, and those behind it are told to come
 * again. */
#include "agent/face/api_inside.h"

#include <pthread.h>
#include <stdlib.h>

#define WAITING_MAX 16u /* a page asks for one photo at a time */

struct lane {
    pthread_mutex_t mutex;
    pthread_cond_t came;
    pthread_t thread;
    bool is_running, stopping;
    struct web_call *waiting[WAITING_MAX]; /* a ring */
    unsigned first, count;
};

static struct web_call *next(struct lane *lane, bool *stopping) {
    struct web_call *call = NULL;

    pthread_mutex_lock(&lane->mutex);
    while (lane->count == 0 && !lane->stopping)
        pthread_cond_wait(&lane->came, &lane->mutex);
    if (lane->count > 0) {
        call = lane->waiting[lane->first];
        lane->first = (lane->first + 1) % WAITING_MAX;
        lane->count--;
    }
    *stopping = lane->stopping;
    pthread_mutex_unlock(&lane->mutex);
    return call;
}

static enum rc say_stopping(struct err *err) {
    return err_set(err, RC_AGAIN, "the service is stopping; try again");
}

static void *run(void *context) {
    struct lane *lane = context;
    struct web_call *call;
    bool stopping;

    while ((call = next(lane, &stopping)) != NULL) {
        struct err err;

        err_init(&err, call->command.lang);
        web_conclude(call, stopping ? say_stopping(&err) : web_do(call, &err), &err);
    }
    return NULL;
}

enum rc lane_start(struct lane **out, struct err *err) {
    struct lane *lane = calloc(1, sizeof(*lane));

    *out = NULL;
    if (lane == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    /* Only a programmer's error could make these fail: the attributes are the default ones. */
    (void)pthread_mutex_init(&lane->mutex, NULL);
    (void)pthread_cond_init(&lane->came, NULL);
    lane->is_running = pthread_create(&lane->thread, NULL, run, lane) == 0;
    if (!lane->is_running) {
        lane_free(lane);
        return err_set(err, RC_NO_MEMORY, "service: no thread can be started");
    }
    *out = lane;
    return RC_OK;
}

enum rc lane_add(struct lane *lane, struct web_call *call, struct err *err) {
    enum rc rc = RC_OK;

    pthread_mutex_lock(&lane->mutex);
    if (lane->stopping)
        rc = say_stopping(err);
    else if (lane->count == WAITING_MAX)
        rc = err_set(err, RC_AGAIN, "too many photos are being fetched; try again");
    if (rc == RC_OK) {
        http_exchange_defer(call->exchange);
        lane->waiting[(lane->first + lane->count++) % WAITING_MAX] = call;
        pthread_cond_signal(&lane->came);
    }
    pthread_mutex_unlock(&lane->mutex);
    return rc;
}

void lane_stop(struct lane *lane) {
    if (lane == NULL)
        return;
    pthread_mutex_lock(&lane->mutex);
    lane->stopping = true;
    pthread_cond_signal(&lane->came);
    pthread_mutex_unlock(&lane->mutex);
}

void lane_free(struct lane *lane) {
    if (lane == NULL)
        return;
    if (lane->is_running)
        (void)pthread_join(lane->thread, NULL);
    (void)pthread_cond_destroy(&lane->came);
    (void)pthread_mutex_destroy(&lane->mutex);
    free(lane);
}
