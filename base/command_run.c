/* command_run.c: where a command runs: here, or in the service that owns the data. */
#include "base/command_parts.h"
#include "base/crypt.h"
#include "base/file.h"
#include "base/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define COMMAND_INPUT_BYTES  (48u * 1024u * 1024u)
#define COMMAND_SECRET_BYTES 1024u

/* What the service answers when it needs a secret: not an exit status, the caller asks for it. */
#define STATUS_ASK 125

static enum lang language_of(const char *text, enum lang otherwise) {
    if (text == NULL || text[0] == '\0')
        return otherwise;
    return strncmp(text, "zh", 2) == 0 ? LANG_ZH : LANG_EN;
}

/* --- running --- */

static int report(const struct command_table *table, struct command *command, enum rc rc,
                  const struct err *err) {
    struct err ignored;
    struct buf line;

    if (rc == RC_OK)
        return 0;
    err_init(&ignored, LANG_EN);
    buf_init(&line, COMMAND_LINE_BYTES);
    buf_addf(&line, "%s: %s%s%s%s\n", table->program, err->text, err->detail[0] == '\0' ? "" : " (",
             err->detail, err->detail[0] == '\0' ? "" : ")");
    (void)command->write(command->sink, CONTROL_STDERR, buf_view(&line), &ignored);
    buf_release(&line);
    return rc_exit_status(rc);
}

static enum rc run_here(const struct command_table *table, struct command *command,
                        struct err *err) {
    command->context = table->context;
    return command->spec->run(table->context, command, err);
}

static enum rc write_standard(void *sink, enum control_stream stream, struct view bytes,
                              struct err *err) {
    (void)sink;
    return control_sink_standard(NULL, stream, bytes, err);
}

static enum rc read_secret(const struct command *command, const char *passphrase, char *out,
                           size_t size, struct err *err) {
    const char *file = command_option(command, "--passphrase-file");

    if (file != NULL)
        return command_read_secret(command, file, out, size, err);
    out[0] = '\0';
    if (passphrase != NULL && snprintf(out, size, "%s", passphrase) >= (int)size)
        return err_set(err, RC_LIMIT, "the secret is too long; use a shorter one");
    return RC_OK;
}

/* Whether the command names standard input. */
static bool wants_input(const struct command *command) {
    if (!command->spec->reads_input)
        return false;
    for (size_t i = 0; i < command->word_count; i++)
        if (strcmp(command->words[i], "-") == 0)
            return true;
    for (size_t i = 0; i < command->option_count; i++)
        if (strcmp(command->given[i].value, "-") == 0)
            return true;
    return false;
}

static enum rc call_service(const struct command_table *table, struct command *command,
                            size_t count, const char *const *arguments, char *secret, int *status,
                            struct err *err) {
    char path[COMMAND_PATH_BYTES];
    struct control_request *request = calloc(1, sizeof(*request));
    enum rc rc;

    if (request == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    snprintf(path, sizeof(path), "%s/%s", command->data, table->socket);
    request->directory = command->directory;
    request->lang = command->lang;
    request->is_terminal = command->is_terminal;
    request->secret = command->secret.size == 0 ? NULL : (const char *)command->secret.data;
    request->input = command->input;
    if (count > CONTROL_ARGUMENTS_MAX) {
        free(request);
        return err_set(err, RC_USAGE, "too many words");
    }
    request->argument_count = count;
    for (size_t i = 0; i < count; i++)
        request->arguments[i] = arguments[i];
    rc = control_call(path, request, control_sink_standard, NULL, status, err);
    if (rc == RC_OK && *status == STATUS_ASK) {
        rc = command_secret(command, "secret: ", secret, COMMAND_SECRET_BYTES, err);
        request->secret = secret;
        if (rc == RC_OK)
            rc = control_call(path, request, control_sink_standard, NULL, status, err);
        if (rc == RC_NOT_FOUND)
            rc = err_set(err, RC_NETWORK, "the service has gone; run the command again");
    }
    free(request);
    return rc;
}

/* Another process owns the data: a service that is just starting, or a command that is about to
 * end. Gives it two seconds before the refusal is told. Nothing has been done yet. */
static enum rc run_patiently(const struct command_table *table, struct command *command,
                             size_t count, const char *const *arguments, char *secret, bool *done,
                             int *status, struct err *err) {
    const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    enum rc rc = run_here(table, command, err);

    for (int i = 0; i < 40 && rc == RC_LOCKED && !command->spec->local; i++) {
        (void)nanosleep(&pause, NULL);
        err_clear(err);
        rc = call_service(table, command, count, arguments, secret, status, err);
        *done = rc != RC_NOT_FOUND;
        if (*done)
            return rc;
        err_clear(err);
        rc = run_here(table, command, err);
    }
    return rc;
}

static int print_help(const struct command_table *table, const struct command_spec *spec,
                      enum lang lang, struct command *command) {
    struct err err;
    struct buf text;

    err_init(&err, lang);
    buf_init(&text, COMMAND_LINE_BYTES);
    if (spec == NULL)
        command_help_all(&text, lang, table);
    else
        command_help(&text, lang, table->program, spec);
    (void)command->write(command->sink, CONTROL_STDOUT, buf_view(&text), &err);
    buf_release(&text);
    return 0;
}

static enum rc prepare(const struct command_table *table, struct command *command,
                       const struct command_environment *environment, char *secret, char *data,
                       struct buf *input, struct err *err) {
    const char *given = command->data;
    enum rc rc;

    if (given == NULL)
        given = environment->data != NULL ? environment->data : table->default_data;
    rc = command_path(command, given, data, COMMAND_PATH_BYTES, err);
    command->data = data;
    if (rc == RC_OK)
        rc = read_secret(command, environment->passphrase, secret, COMMAND_SECRET_BYTES, err);
    if (rc == RC_OK)
        command->secret = view_text(secret);
    if (rc == RC_OK && wants_input(command))
        rc = file_read_descriptor(0, "standard input", COMMAND_INPUT_BYTES, input, err);
    command->input = buf_view(input);
    return rc;
}

int command_main(const struct command_table *table, int argc, char **argv,
                 const struct command_environment *environment) {
    char directory[COMMAND_PATH_BYTES], data[COMMAND_PATH_BYTES], secret[COMMAND_SECRET_BYTES];
    const char *const *arguments = (const char *const *)(argv + 1);
    size_t count = argc > 0 ? (size_t)argc - 1 : 0;
    struct command *command = calloc(1, sizeof(*command));
    struct buf input;
    struct err err;
    bool done = false; /* by the service, which has told everything */
    int status = 3;
    enum rc rc;

    err_init(&err, language_of(environment->language, LANG_EN));
    if (command == NULL)
        return 3;
    buf_init(&input, COMMAND_INPUT_BYTES);
    command->lang = err.lang;
    command->write = write_standard;
    command->is_terminal = isatty(2) == 1;
    command->directory = getcwd(directory, sizeof(directory)) == NULL ? "." : directory;
    if (count == 0 || strcmp(arguments[0], "--help") == 0 || strcmp(arguments[0], "help") == 0) {
        for (size_t i = 0; i + 1 < count; i++)
            if (strcmp(arguments[i], "--lang") == 0)
                err.lang = language_of(arguments[i + 1], err.lang);
        (void)print_help(table, NULL, err.lang, command);
        status = count == 0 ? 2 : 0;
        goto out;
    }
    rc = command_parse(table, command, count, arguments, &err);
    if (command_option(command, "--lang") != NULL) {
        command->lang = language_of(command_option(command, "--lang"), err.lang);
        err.lang = command->lang;
    }
    if (rc == RC_OK && command_option(command, "--help") != NULL) {
        status = print_help(table, command->spec, command->lang, command);
        goto out;
    }
    if (rc == RC_OK)
        rc = crypt_start(&err);
    if (rc == RC_OK)
        rc = prepare(table, command, environment, secret, data, &input, &err);
    if (rc == RC_OK && !command->spec->local) {
        rc = call_service(table, command, count, arguments, secret, &status, &err);
        if (rc == RC_OK)
            goto out;
        if (rc == RC_NOT_FOUND) { /* nobody listens: run it here */
            err_clear(&err);
            rc = RC_OK;
        }
    }
    if (rc == RC_OK)
        rc = run_patiently(table, command, count, arguments, secret, &done, &status, &err);
    if (rc == RC_OK && done)
        goto out;
    status = report(table, command, rc, &err);
out:
    crypt_wipe(secret, sizeof(secret));
    buf_release(&input);
    free(command);
    return status;
}

static enum rc write_reply(void *sink, enum control_stream stream, struct view bytes,
                           struct err *err) {
    return control_reply_write(sink, stream, bytes, err);
}

int command_serve(void *context, const struct control_request *request,
                  struct control_reply *reply) {
    const struct command_table *table = context;
    struct command *command = calloc(1, sizeof(*command));
    struct err err;
    int status;
    enum rc rc;

    err_init(&err, request->lang);
    if (command == NULL)
        return 3;
    command->lang = request->lang;
    command->is_terminal = request->is_terminal;
    command->directory = request->directory;
    command->secret = view_text(request->secret);
    command->input = request->input;
    command->write = write_reply;
    command->sink = reply;
    rc = command_parse(table, command, request->argument_count, request->arguments, &err);
    if (rc == RC_OK && command->spec->local)
        rc = err_set(&err, RC_USAGE, "%s: cannot run inside the service", command->spec->name);
    if (rc == RC_OK) {
        command->context = table->context;
        rc = command->spec->run(table->context, command, &err);
    }
    status =
        rc == RC_DENIED && command->wants_secret ? STATUS_ASK : report(table, command, rc, &err);
    free(command);
    return status;
}

/* --- a command inside of a command --- */

struct inner {
    const struct command *outer;
    struct buf *out;
};

static enum rc write_inner(void *sink, enum control_stream stream, struct view bytes,
                           struct err *err) {
    struct inner *inner = sink;

    if (stream != CONTROL_STDOUT)
        return inner->outer->write(inner->outer->sink, stream, bytes, err);
    buf_add_view(inner->out, bytes);
    return buf_check(inner->out, "output", err);
}

enum rc command_inside(const struct command_table *table, const struct command *outer,
                       const char *const *words, size_t count, struct buf *out, int *exit_status,
                       struct err *err) {
    struct command *command = calloc(1, sizeof(*command));
    struct control_request *request = calloc(1, sizeof(*request));
    struct inner inner = {.outer = outer, .out = out};
    char path[COMMAND_PATH_BYTES];
    enum rc rc = RC_OK;

    if (command == NULL || request == NULL || count + 2 > CONTROL_ARGUMENTS_MAX) {
        rc = err_set(err, RC_NO_MEMORY, "out of memory");
        goto out;
    }
    for (size_t i = 0; i < count; i++)
        request->arguments[request->argument_count++] = words[i];
    if (outer->person != NULL) {
        request->arguments[request->argument_count++] = "--person";
        request->arguments[request->argument_count++] = outer->person;
    }
    request->directory = outer->directory;
    request->lang = outer->lang;
    request->secret = outer->secret.size == 0 ? NULL : (const char *)outer->secret.data;
    snprintf(path, sizeof(path), "%s/%s", outer->data, table->socket);
    rc = control_call(path, request, write_inner, &inner, exit_status, err);
    if (rc == RC_OK && *exit_status == STATUS_ASK)
        rc = err_set(err, RC_DENIED,
                     "a secret is needed: set YG_PASSPHRASE or give --passphrase-file FILE");
    if (rc != RC_NOT_FOUND)
        goto out;
    err_clear(err);
    command->lang = outer->lang;
    command->directory = outer->directory;
    command->secret = outer->secret;
    command->write = write_inner;
    command->sink = &inner;
    rc = command_parse(table, command, request->argument_count, request->arguments, err);
    if (rc == RC_OK) {
        command->data = outer->data;
        rc = run_here(table, command, err);
    }
    *exit_status = report(table, command, rc, err);
    err_clear(err);
    rc = RC_OK;
out:
    free(request);
    free(command);
    return rc;
}

/* --- secrets --- */

enum rc command_secret(struct command *command, const char *prompt, char *out, size_t size,
                       struct err *err) {
    struct termios before, silent;
    size_t length = 0;

    if (command->secret.size > 0) {
        if (command->secret.size >= size)
            return err_set(err, RC_LIMIT, "the secret is too long; use a shorter one");
        memcpy(out, command->secret.data, command->secret.size);
        out[command->secret.size] = '\0';
        return RC_OK;
    }
    command->wants_secret = command->write != write_standard;
    if (command->wants_secret || isatty(0) != 1 || tcgetattr(0, &before) != 0)
        return err_set(err, RC_DENIED,
                       "a secret is needed: set YG_PASSPHRASE or give --passphrase-file FILE");
    (void)command->write(command->sink, CONTROL_STDERR, view_text(words(command->lang, prompt)),
                         err);
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    if (tcsetattr(0, TCSAFLUSH, &silent) != 0)
        return err_set(err, RC_IO, "the terminal cannot hide what is typed; set YG_PASSPHRASE");
    while (length + 1 < size && read(0, out + length, 1) == 1 && out[length] != '\n')
        length++;
    out[length] = '\0';
    (void)tcsetattr(0, TCSAFLUSH, &before);
    (void)command->write(command->sink, CONTROL_STDERR, view_text("\n"), err);
    return length > 0 ? RC_OK : err_set(err, RC_DENIED, "the secret is empty; type it again");
}
