/* A line is made in a buffer on the stack and written as a whole under the lock. */
#include "base/log.h"

#include <inttypes.h>
#include <stdbool.h>

#include "base/date.h"

struct line {
    char text[LOG_LINE_BYTES_MAX];
    size_t size;
    bool full;
};

static void put(struct line *line, char c) {
    /* Four bytes stay free for the dots and the terminator. */
    if (line->size + 4 < sizeof(line->text))
        line->text[line->size++] = c;
    else
        line->full = true;
}

static void put_text(struct line *line, const char *text) {
    for (; *text != '\0'; text++)
        put(line, *text);
}

static bool is_plain(const char *text) {
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7F || *text == '"' || *text == '=' ||
            *text == '\\')
            return false;
    return true;
}

static void put_quoted(struct line *line, const char *text) {
    static const char digits[] = "0123456789abcdef";

    put(line, '"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\') {
            put(line, '\\');
            put(line, (char)c);
        } else if (c == '\n') {
            put_text(line, "\\n");
        } else if (c < ' ' || c == 0x7F) {
            put_text(line, "\\x");
            put(line, digits[c >> 4]);
            put(line, digits[c & 15]);
        } else {
            put(line, (char)c);
        }
    }
    put(line, '"');
}

static void put_field(struct line *line, const struct log_field *field) {
    char number[24];

    put(line, ' ');
    put_text(line, field->key);
    put(line, '=');
    switch (field->kind) {
    case LOG_KIND_TEXT:
        if (field->text == NULL)
            put(line, '-');
        else if (is_plain(field->text))
            put_text(line, field->text);
        else
            put_quoted(line, field->text);
        break;
    case LOG_KIND_INT:
        snprintf(number, sizeof(number), "%" PRId64, field->number);
        put_text(line, number);
        break;
    case LOG_KIND_UINT:
        snprintf(number, sizeof(number), "%" PRIu64, (uint64_t)field->number);
        put_text(line, number);
        break;
    case LOG_KIND_END:
        break;
    }
}

/* Ends the line; a cut one ends with dots and not within a character. */
static void finish(struct line *line) {
    if (line->full) {
        while (line->size > 0 && ((unsigned char)line->text[line->size - 1] & 0xC0) == 0x80)
            line->size--;
        if (line->size > 0 && (unsigned char)line->text[line->size - 1] >= 0x80)
            line->size--;
        memcpy(line->text + line->size, "...", 3);
        line->size += 3;
    }
    line->text[line->size] = '\0';
}

void log_init(struct log *log, const struct env *env, enum log_level level, FILE *file) {
    *log = (struct log){.env = env, .level = level, .file = file};
    pthread_mutex_init(&log->mutex, NULL);
}

void log_init_callback(struct log *log, const struct env *env, enum log_level level,
                       void (*line)(void *context, const char *line), void *context) {
    log_init(log, env, level, NULL);
    log->line = line;
    log->context = context;
}

void log_release(struct log *log) {
    pthread_mutex_destroy(&log->mutex);
}

static const char *level_name(enum log_level level) {
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_WARN:
        return "warn";
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_DEBUG:
        break;
    }
    return "debug";
}

void log_write(struct log *log, enum log_level level, const struct log_field *fields) {
    struct line line = {.size = 0};
    char time[TIME_TEXT_BYTES];

    if (log == NULL || level > log->level)
        return;
    time_format(env_wall_ms(log->env), time);
    put_text(&line, "time=");
    put_text(&line, time);
    put_text(&line, " level=");
    put_text(&line, level_name(level));
    for (; fields->kind != LOG_KIND_END; fields++)
        put_field(&line, fields);
    finish(&line);
    pthread_mutex_lock(&log->mutex);
    if (log->line != NULL) {
        log->line(log->context, line.text);
    } else if (log->file != NULL) {
        fputs(line.text, log->file);
        fputc('\n', log->file);
        fflush(log->file);
    }
    pthread_mutex_unlock(&log->mutex);
}
