/* command.c: see command.h. Words are matched against the table by their first one or two; what
 * begins with "--" is an option, with its value behind it or after "="; "--" ends the options. */
#include "base/command.h"

#include "base/crypt.h"
#include "base/file.h"
#include "base/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define COMMAND_PATH_BYTES   4096u
#define COMMAND_INPUT_BYTES  (48u * 1024u * 1024u)
#define COMMAND_SECRET_BYTES 1024u
#define SECRET_FILE_BYTES    4096u
#define COMMAND_LINE_BYTES   (64u * 1024u)

/* What the service answers when it needs a secret: not an exit status, the caller asks for it. */
#define STATUS_ASK 125

static const struct command_option COMMON[] = {
    {"--data", "DIR", "the data directory", false},
    {"--json", NULL, "print one JSON document", false},
    {"--lang", "zh|en", "language of messages", false},
    {"--person", "P", "who acts, where several people share a device", false},
    {"--passphrase-file", "FILE", "read the secret from this file (else YG_PASSPHRASE)", false},
    {"--help", NULL, "show this help", false},
    {NULL, NULL, NULL, false},
};

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
    struct buf text;
    enum rc rc;

    if (document == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    buf_init(&text, 256u * 1024u * 1024u);
    json_print(document, true, &text); /* with its newline */
    rc = buf_check(&text, "the JSON document", err);
    if (rc == RC_OK)
        rc = command_print(command, buf_view(&text), err);
    buf_release(&text);
    json_free(document);
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

/* --- help --- */

static void help_options(struct buf *out, enum lang lang, const struct command_option *options) {
    char left[80];

    for (; options != NULL && options->name != NULL; options++) {
        snprintf(left, sizeof(left), "%s%s%s", options->name, options->value == NULL ? "" : " ",
                 options->value == NULL ? "" : options->value);
        buf_addf(out, "  %-28s %s\n", left, words(lang, options->help));
    }
}

static void help_command(struct buf *out, enum lang lang, const char *program,
                         const struct command_spec *spec) {
    buf_addf(out, "%s %s%s%s\n\n%s\n\n", program, spec->name, spec->arguments[0] == '\0' ? "" : " ",
             spec->arguments, words(lang, spec->help));
    help_options(out, lang, spec->options);
    help_options(out, lang, COMMON);
}

static void help_program(struct buf *out, enum lang lang, const struct command_table *table) {
    char left[120];

    buf_addf(out, "%s: %s\n\n", table->program, words(lang, table->summary));
    for (size_t i = 0; i < table->count; i++) {
        snprintf(left, sizeof(left), "%s %s", table->specs[i].name, table->specs[i].arguments);
        buf_addf(out, "  %-44s %s\n", left, words(lang, table->specs[i].help));
    }
    buf_addf(out, "\n%s COMMAND --help\n", table->program);
}

/* --- parsing --- */

static const struct command_option *find_option(const struct command_option *options,
                                                const char *name, size_t size) {
    for (; options != NULL && options->name != NULL; options++)
        if (strlen(options->name) == size && memcmp(options->name, name, size) == 0)
            return options;
    return NULL;
}

static const struct command_spec *find_spec(const struct command_table *table, size_t count,
                                            const char *const *arguments, size_t *used) {
    char both[128];

    *used = 0;
    if (count > 1) {
        snprintf(both, sizeof(both), "%s %s", arguments[0], arguments[1]);
        for (size_t i = 0; i < table->count; i++)
            if (strcmp(table->specs[i].name, both) == 0) {
                *used = 2;
                return &table->specs[i];
            }
    }
    for (size_t i = 0; i < table->count && count > 0; i++)
        if (strcmp(table->specs[i].name, arguments[0]) == 0) {
            *used = 1;
            return &table->specs[i];
        }
    return NULL;
}

static enum rc parse_option(struct command *command, size_t count, const char *const *arguments,
                            size_t *at, struct err *err) {
    const char *text = arguments[*at];
    const char *equals = strchr(text, '=');
    size_t size = equals == NULL ? strlen(text) : (size_t)(equals - text);
    const struct command_option *option = find_option(command->spec->options, text, size);
    struct command_given *given = &command->given[command->option_count];

    if (option == NULL)
        option = find_option(COMMON, text, size);
    if (option == NULL)
        return err_set(err, RC_USAGE, "%s: no such option; see: %s --help", text,
                       command->spec->name);
    if (command->option_count == COMMAND_WORDS_MAX)
        return err_set(err, RC_USAGE, "too many options");
    if (!option->repeated && command_option(command, option->name) != NULL)
        return err_set(err, RC_USAGE, "%s: given twice; leave one out", option->name);
    given->name = option->name;
    given->value = "";
    if (option->value == NULL && equals != NULL)
        return err_set(err, RC_USAGE, "%s: takes no value", option->name);
    if (option->value != NULL) {
        if (equals == NULL && *at + 1 >= count)
            return err_set(err, RC_USAGE, "%s: its value (%s) is missing", option->name,
                           option->value);
        given->value = equals != NULL ? equals + 1 : arguments[++*at];
    }
    command->option_count++;
    return RC_OK;
}

static enum rc parse(const struct command_table *table, struct command *command, size_t count,
                     const char *const *arguments, struct err *err) {
    size_t at = 0;
    bool options_end = false;
    enum rc rc = RC_OK;

    command->spec = find_spec(table, count, arguments, &at);
    if (command->spec == NULL)
        return err_set(err, RC_USAGE, "%s: no such command; see: %s --help",
                       count == 0 ? "" : arguments[0], table->program);
    for (; at < count && rc == RC_OK; at++) {
        const char *text = arguments[at];

        if (!options_end && strcmp(text, "--") == 0)
            options_end = true;
        else if (!options_end && strncmp(text, "--", 2) == 0)
            rc = parse_option(command, count, arguments, &at, err);
        else if (command->word_count == COMMAND_WORDS_MAX)
            rc = err_set(err, RC_USAGE, "too many words");
        else
            command->words[command->word_count++] = text;
    }
    if (rc != RC_OK)
        return rc;
    command->json = command_option(command, "--json") != NULL;
    command->person = command_option(command, "--person");
    command->data = command_option(command, "--data");
    if (command_option(command, "--help") != NULL)
        return RC_OK;
    if ((int)command->word_count < command->spec->least ||
        (command->spec->most >= 0 && (int)command->word_count > command->spec->most))
        return err_set(err, RC_USAGE, "wrong number of words; usage: %s %s %s", table->program,
                       command->spec->name, command->spec->arguments);
    return RC_OK;
}

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
    if (text.data != NULL)
        crypt_wipe(text.data, text.capacity);
    buf_release(&text);
    return rc;
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
        help_program(&text, lang, table);
    else
        help_command(&text, lang, table->program, spec);
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
    rc = parse(table, command, count, arguments, &err);
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
    rc = parse(table, command, request->argument_count, request->arguments, &err);
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
    rc = parse(table, command, request->argument_count, request->arguments, err);
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
