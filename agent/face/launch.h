/* launch.h: who may speak to the web app: browsers that were opened by the tablet's own user.
 *
 * Anybody on the machine can connect to 127.0.0.1. So the service draws a token of 128 bits when it
 * starts and writes it into DIR/launch.html (0600): a page that posts the token to /api/launch, and
 * with that gets its browser a cookie for as long as the service runs. The token is in no argv, no
 * URL and no history. Whoever can read the file may read the tablet's folder, too; seeing anything
 * of a person takes that person's secret on top (`unlock`).
 *
 * A browser acts for the person who unlocked in it, which is known by the serial of the seat that
 * the unlock gave (face.h): when that seat is locked, the browser acts for nobody. */
#ifndef YG_AGENT_FACE_LAUNCH_H
#define YG_AGENT_FACE_LAUNCH_H

#include "base/buf.h"
#include "base/env.h"
#include "base/err.h"

#include <pthread.h>
#include <stdbool.h>

#define LAUNCH_FILE         "launch.html"
#define LAUNCH_TOKEN_BYTES  16u
#define LAUNCH_TEXT_BYTES   (2u * LAUNCH_TOKEN_BYTES + 1u) /* hexadecimal, with its end */
#define LAUNCH_BROWSERS_MAX 16u /* one more takes the place of the one that was away longest */

struct launch {
    const struct env *env;
    char *path; /* of the file */
    uint8_t token[LAUNCH_TOKEN_BYTES];
    pthread_mutex_t mutex;
    struct browser {
        uint8_t cookie[LAUNCH_TOKEN_BYTES];
        uint64_t seat;   /* serial of the unlock in it; 0: nobody */
        int64_t used_ms; /* monotonic; 0: an empty slot */
    } browsers[LAUNCH_BROWSERS_MAX];
};

/* Draws the token and writes the file. Release it also after a failure. */
enum rc launch_init(struct launch *launch, const struct env *env, const char *directory,
                    uint16_t port, enum lang lang, struct err *err);
/* Removes the file. */
void launch_release(struct launch *launch);

/* Whether this is the token, as hexadecimal. Takes as long for any of the right length. */
bool launch_knows(const struct launch *launch, struct view token);
/* A new cookie for a browser that has shown the token. */
void launch_admit(struct launch *launch, char cookie[LAUNCH_TEXT_BYTES]);
/* Whether a browser has this cookie; *seat is its unlock. */
bool launch_find(struct launch *launch, struct view cookie, uint64_t *seat);
/* From now on the browser acts in this seat; 0: for nobody. */
void launch_sit(struct launch *launch, struct view cookie, uint64_t seat);

#endif
