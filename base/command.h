/* command.h: command lines as data, and where their output goes.
 *
 * A program has a table of commands; each declares its options, reads them through
 * struct command and writes through the same. The same code runs whether the command was started
 * by itself (output goes to the process's own streams) or was handed to the running service
 * through the control socket (output goes back through it). No global state: several commands may
 * run at once.
 *
 * Exit status: 0 done, 1 refused or not found, 2 wrong usage, 3 trouble with disk or network. */
#ifndef YG_BASE_COMMAND_H
#define YG_BASE_COMMAND_H

#include "base/buf.h"
#include "base/control.h"
#include "base/err.h"
#include "base/json.h"

#include <stdbool.h>

#define COMMAND_OPTIONS_MAX 32
#define COMMAND_WORDS_MAX   200 /* words that are not options */

struct command_option {
    const char *name;  /* "--area" */
    const char *value; /* how the value is called in help: "CODE"; NULL: a flag */
    const char *help;  /* English, key of the catalogue */
    bool repeated;     /* may stand several times */
};

struct command;

struct command_spec {
    const char *name;                     /* "device invite": one or two words */
    const char *arguments;                /* how they are called in help: "RECORD [FIELD]" */
    int least, most;                      /* how many words are wanted; most -1: any number */
    const struct command_option *options; /* ends with a NULL name; may be NULL */
    const char *help;                     /* one English line, key of the catalogue */
    enum rc (*run)(void *context, struct command *command, struct err *err);
    bool reads_input; /* may read standard input when a word or value is "-" */
    bool local;       /* never handed to the service: init, serve, enrol */
};

/* What every command understands beside its own options: --data DIR, --json, --help, --lang zh|en,
 * --passphrase-file FILE, --person P. */
struct command {
    const struct command_spec *spec;
    void *context; /* the program's */
    enum lang lang;
    bool json;             /* --json: print one JSON document */
    bool is_terminal;      /* show progress */
    const char *directory; /* working directory of the caller, for relative paths */
    const char *data;      /* --data */
    const char *person;    /* --person, NULL when not given */
    struct view secret;    /* YG_PASSPHRASE or the file's first line; empty when not given */
    bool wants_secret;     /* in the service: command_secret found none; ask who called */
    struct view input;     /* standard input, when it was read */
    size_t word_count;
    const char *words[COMMAND_WORDS_MAX]; /* behind the command's name */
    size_t option_count;
    struct command_given {
        const char *name, *value;
    } given[COMMAND_WORDS_MAX];
    /* where output goes */
    enum rc (*write)(void *sink, enum control_stream stream, struct view bytes, struct err *err);
    void *sink;
};

/* The value of an option, "" for a flag, NULL when it was not given. The last one wins. */
const char *command_option(const struct command *command, const char *name);
/* The i-th value of a repeated option, NULL behind the last. */
const char *command_option_at(const struct command *command, const char *name, size_t i);

/* Adds to standard output. RC_NETWORK when nobody listens any more. */
enum rc command_print(struct command *command, struct view text, struct err *err);
enum rc command_printf(struct command *command, struct err *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A line for people on standard error, in their language: words(lang, format). */
void command_say(struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Progress on a terminal only: "\rtext". */
void command_progress(struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Prints the document and a newline; frees it. A NULL document is RC_NO_MEMORY. */
enum rc command_print_json(struct command *command, struct json *document, struct err *err);
/* A path as the caller meant it: relative ones begin at his working directory. */
enum rc command_path(const struct command *command, const char *path, char *out, size_t size,
                     struct err *err);
/* Reads a file the caller named, or his standard input for "-". */
enum rc command_read(const struct command *command, const char *path, size_t max_bytes,
                     struct buf *out, struct err *err);

/* The first line of such a file, a secret: terminated, without its end. The caller wipes out.
 * RC_LIMIT when it does not fit. */
enum rc command_read_secret(const struct command *command, const char *path, char *out, size_t size,
                            struct err *err);

/* --- for main and for the control socket --- */

struct command_table {
    const char *program; /* "yg-agent" */
    const char *summary; /* English, key of the catalogue */
    const struct command_spec *specs;
    size_t count;
    const char *socket;       /* name of the control socket in the data directory: "control" */
    const char *default_data; /* when --data is not given */
    void *context;
};

/* From the process's own main: parses, hands the command to the service when one listens in the
 * data directory, else runs it here. environment: a few variables that main read (each may be
 * NULL). Returns the exit status. */
struct command_environment {
    const char *passphrase; /* YG_PASSPHRASE */
    const char *language;   /* LC_ALL, LC_MESSAGES or LANG, the first that is set */
    const char *data;       /* YG_DATA */
};
int command_main(const struct command_table *table, int argc, char **argv,
                 const struct command_environment *environment);

/* In the service: runs what came through the socket. context is the table. */
int command_serve(void *context, const struct control_request *request,
                  struct control_reply *reply);

/* Runs another command line of the table from inside of a command that holds a dialogue: in the
 * service if one listens in the data directory, else here. Language, person, data and secret are
 * the outer command's; standard output is appended to out, standard error goes where the outer
 * one's goes. RC_OK: it has run, *exit_status is its status, and why it failed was told. RC_DENIED:
 * the service wants a secret and none was given. */
enum rc command_inside(const struct command_table *table, const struct command *outer,
                       const char *const *words, size_t count, struct buf *out, int *exit_status,
                       struct err *err);

/* Whoever needs a secret asks here: the given one, or typed at the terminal without echo. RC_DENIED
 * when there is none, naming the mend. In the service it is RC_DENIED, too, with wants_secret: then
 * the caller's process asks at its terminal and hands the command over once more, so a command asks
 * before it changes anything. The caller wipes out. */
enum rc command_secret(struct command *command, const char *prompt, char *out, size_t size,
                       struct err *err);

#endif
