/* log.h: lines of key=value pairs for the people who run the programs.
 *
 *     time=2026-11-23T10:15:00+08:00 level=info event=sync.done actor=4f2a accepted=500
 *
 * A log line never carries payloads: no names of citizens, no answers, no keys or secrets. Values
 * with spaces, quotes or control characters are quoted and escaped, so that no input can forge a
 * line. The log is passed explicitly; a NULL log is silent. Safe to use from several threads. */
#ifndef YG_BASE_LOG_H
#define YG_BASE_LOG_H

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#include "base/env.h"
#include "base/err.h"

#define LOG_LINE_BYTES_MAX 1024u /* longer lines are cut and end with "..." */

enum log_level { LOG_LEVEL_ERROR = 0, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum log_kind { LOG_KIND_END = 0, LOG_KIND_TEXT, LOG_KIND_INT, LOG_KIND_UINT };

/* One pair. Made with the macros below. Keys are literals of a-z, 0-9, _ and dot. */
struct log_field {
    enum log_kind kind;
    const char *key;
    const char *text; /* NULL shows as - */
    int64_t number;
};

#define LOG_TEXT(name, value)                                                                      \
    ((struct log_field){.kind = LOG_KIND_TEXT, .key = (name), .text = (value)})
#define LOG_INT(name, value)                                                                       \
    ((struct log_field){.kind = LOG_KIND_INT, .key = (name), .number = (int64_t)(value)})
#define LOG_UINT(name, value)                                                                      \
    ((struct log_field){.kind = LOG_KIND_UINT, .key = (name), .number = (int64_t)(value)})
#define LOG_EVENT(name) LOG_TEXT("event", name)

/* log_info(log, LOG_EVENT("sync.done"), LOG_TEXT("actor", text), LOG_INT("accepted", n)); */
#define log_at(log, level, ...)                                                                    \
    log_write((log), (level), (const struct log_field[]){__VA_ARGS__, {.kind = LOG_KIND_END}})
#define log_error(log, ...) log_at(log, LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(log, ...)  log_at(log, LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(log, ...)  log_at(log, LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(log, ...) log_at(log, LOG_LEVEL_DEBUG, __VA_ARGS__)

struct log {
    const struct env *env;
    enum log_level level; /* lines above it are dropped; read without the lock: set it early */
    FILE *file;           /* not owned; NULL when there is a callback */
    void (*line)(void *context, const char *line); /* without the newline; called under the lock */
    void *context;
    pthread_mutex_t mutex;
};

/* Lines go to the file, one write each, flushed. */
void log_init(struct log *log, const struct env *env, enum log_level level, FILE *file);

/* Lines go to the callback, which must not log. */
void log_init_callback(struct log *log, const struct env *env, enum log_level level,
                       void (*line)(void *context, const char *line), void *context);

void log_release(struct log *log);

/* Writes one line; fields end with LOG_KIND_END. Failures to write are ignored: there is nowhere
 * to report them. Use the macros. */
void log_write(struct log *log, enum log_level level, const struct log_field *fields);

#endif
