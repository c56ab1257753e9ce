/* command.c: what commands use: their options, where their output goes, the caller's files. */
#include "base/command_parts.h"
#include "base/crypt.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/words.h"

#include <stdarg.h>
#include <stdio.h>

#define SECRET_FILE_BYTES 4096u

const char *command_option(const struct command *command, const char *name) {
    for (size_t i = command->option_count; i > 0; i--)
        if (strcmp(command->given[i - 1].name, name) == 0)
            return command->given[i - 1].value;
    return NULL;
}

const char *command_option_at(const struct command *command, const char *name, size_t i) {
    for (size_t at = 0; at < command->option_count; at++)
        if (strcmp(command->given[at].name, name) == 0 && i-- == 0)
            return command->given[at].value;
    return NULL;
}

/* --- output --- */

enum rc command_print(struct command *command, struct view text, struct err *err) {
    return command->write(command->sink, CONTROL_STDOUT, text, err);
}

static enum rc __attribute__((format(printf, 4, 0)))
print_formatted(struct command *command, enum control_stream stream, struct err *err,
                const char *format, va_list arguments) {
    struct buf line;
    enum rc rc;

    buf_init(&line, COMMAND_LINE_BYTES);
    buf_addv(&line, format, arguments);
    rc = buf_check(&line, "a line of output", err);
    if (rc == RC_OK)
        rc = command->write(command->sink, stream, buf_view(&line), err);
    buf_release(&line);
    return rc;
}

enum rc command_printf(struct command *command, struct err *err, const char *format, ...) {
    va_list arguments;
    enum rc rc;

    va_start(arguments, format);
    rc = print_formatted(command, CONTROL_STDOUT, err, format, arguments);
    va_end(arguments);
    return rc;
}

/* The catalogue's formats take the same arguments; a test of the catalogue checks that. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
void command_say(struct command *command, const char *format, ...) {
    struct err ignored;
    va_list arguments;

    err_init(&ignored, command->lang);
    va_start(arguments, format);
    /* Nothing can be done when nobody reads what is said beside the output. */
    (void)print_formatted(command, CONTROL_STDERR, &ignored, words(command->lang, format),
                          arguments);
    va_end(arguments);
    (void)command->write(command->sink, CONTROL_STDERR, view_text("\n"), &ignored);
}

void command_progress(struct command *command, const char *format, ...) {
    struct err ignored;
    va_list arguments;

    if (!command->is_terminal)
        return;
    err_init(&ignored, command->lang);
    (void)command->write(command->sink, CONTROL_STDERR, view_text("\r\033[K"), &ignored);
    va_start(arguments, format);
    (void)print_formatted(command, CONTROL_STDERR, &ignored, words(command->lang, format),
                          arguments);
    va_end(arguments);
}
#pragma GCC diagnostic pop

enum rc command_print_json(struct command *command, struct json *document, struct err *err) {
    bool large;
    struct buf text;
    enum rc rc;

    if (document == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    buf_init(&text, 256u * 1024u * 1024u);
    json_print(document, true, &text); /* with its newline */
    rc = buf_check(&text, "the JSON document", err);
    if (rc == RC_OK)
        rc = command_print(command, buf_view(&text), err);
    large = text.size > MEMORY_LARGE_BYTES;
    buf_release(&text);
    json_free(document);
    if (large)
        memory_give_back();
    return rc;
}

/* --- the caller's files --- */

enum rc command_path(const struct command *command, const char *path, char *out, size_t size,
                     struct err *err) {
    int length = path[0] == '/' ? snprintf(out, size, "%s", path)
                                : snprintf(out, size, "%s/%s", command->directory, path);

    if (length < 0 || (size_t)length >= size)
        return err_set(err, RC_LIMIT, "%s: the path is too long; use a shorter one", path);
    return RC_OK;
}

enum rc command_read(const struct command *command, const char *path, size_t max_bytes,
                     struct buf *out, struct err *err) {
    char whole[COMMAND_PATH_BYTES];
    enum rc rc;

    if (strcmp(path, "-") == 0) {
        if (command->input.size > max_bytes)
            return err_set(err, RC_LIMIT, "standard input: more than %zu bytes; split it",
                           max_bytes);
        buf_add_view(out, command->input);
        return buf_check(out, "standard input", err);
    }
    rc = command_path(command, path, whole, sizeof(whole), err);
    return rc == RC_OK ? file_read(whole, max_bytes, out, err) : rc;
}

enum rc command_read_secret(const struct command *command, const char *path, char *out, size_t size,
                            struct err *err) {
    struct buf text;
    size_t length = 0;
    enum rc rc;

    out[0] = '\0';
    buf_init(&text, SECRET_FILE_BYTES);
    rc = command_read(command, path, SECRET_FILE_BYTES, &text, err);
    while (rc == RC_OK && length < text.size && text.data[length] != '\n' &&
           text.data[length] != '\r')
        length++;
    if (rc == RC_OK && length >= size)
        rc = err_set(err, RC_LIMIT, "the secret is too long; use a shorter one");
    if (rc == RC_OK && length > 0) {
        memcpy(out, text.data, length);
        out[length] = '\0';
    }
    crypt_buf_release(&text);
    return rc;
}
