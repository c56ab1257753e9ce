/* face_rig.h: a tablet in a folder of its own, and yg-agent's commands run against it in this
 * process, with what they print caught. Every failure of the rig itself ends the test. */
#ifndef YG_TESTS_SUPPORT_FACE_RIG_H
#define YG_TESTS_SUPPORT_FACE_RIG_H

#include "agent/face/face.h"

#include <sys/types.h>

#define RIG_AREA   "430626117205"
#define RIG_SECRET "the secret of wang"

struct face_rig {
    char folder[128];   /* holds everything */
    char data[160];     /* folder/tablet */
    const char *secret; /* YG_PASSPHRASE of the next commands; NULL: not set */
    struct face face;
    struct buf out, err_out; /* of the last command */
    struct err err;
    pid_t service;
};

/* A tablet of the person "wang" with the form "house" (see face_rig.c). */
void rig_init(struct face_rig *rig);
/* The same without a tablet: the caller has put one, or puts one, into rig->data. */
void rig_init_empty(struct face_rig *rig, const struct env *env, const char *secret);
void rig_release(struct face_rig *rig);
/* The same as fixtures of cmocka: *state is a rig of its own for each test. */
int rig_set_up(void **state);
int rig_tear_down(void **state);

/* Runs the words (ends with NULL) and --data; returns the exit status. */
int rig_run(struct face_rig *rig, ...) __attribute__((sentinel));
/* Asserts that it succeeds with nothing on standard error. */
#define rig_good(rig, ...)                                                                         \
    do {                                                                                           \
        int rig_status = rig_run(rig, __VA_ARGS__, (const char *)NULL);                            \
        if (rig_status != 0 || (rig)->err_out.size > 0)                                            \
            fail_msg("%d: %s", rig_status, rig_err(rig));                                          \
    } while (0)
/* Asserts the exit status, and that standard error has the words. */
#define rig_bad(rig, status, words, ...)                                                           \
    do {                                                                                           \
        int rig_status = rig_run(rig, __VA_ARGS__, (const char *)NULL);                            \
        if (rig_status != (status) || strstr(rig_err(rig), words) == NULL)                         \
            fail_msg("%d: %s", rig_status, rig_err(rig));                                          \
    } while (0)

const char *rig_out(struct face_rig *rig); /* terminated */
const char *rig_err(struct face_rig *rig);
/* The line on standard output without its end, in memory of its own (free). */
char *rig_line(struct face_rig *rig);
/* The JSON document on standard output; json_free. */
struct json *rig_json(struct face_rig *rig);
/* `show --json`. */
struct json *rig_show(struct face_rig *rig, const char *record);
/* A value of it, NULL when there is none. */
const char *rig_value(const struct json *shown, const char *path);

/* Writes folder/name and gives its path, valid until the next call. */
const char *rig_file(struct face_rig *rig, const char *name, struct view text);

/* Publishes a form as a sync would. */
void rig_form(struct face_rig *rig, const char *survey, const char *choices, const char *settings,
              uint64_t position);

/* `serve --every 0` in a process of its own; returns when it listens. */
void rig_serve(struct face_rig *rig);
/* SIGTERM; asserts that it ends with status 0. */
void rig_stop(struct face_rig *rig);

#endif
