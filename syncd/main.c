/* main.c: yg-syncd, the county's program. The only file of it that reads arguments and
 * environment; the table below is the command line, docs/yg-syncd.8 says the same in prose. */
#include "base/crypt.h"
#include "base/words.h"
#include "syncd/desk/desk.h"
#include "syncd/service.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct program {
    struct desk desk;
    struct service *service; /* opened by the first who needs it, or by serve */
    const struct command_table *table;
    struct log log;
};

/* Inside `serve` the service is there already, so commands that come through the socket share it;
 * a command by itself opens the county for the moment. */
static enum rc program_office(void *context, const struct command *command,
                              const struct office **out, struct err *err) {
    struct program *program = context;
    enum rc rc = RC_OK;

    if (program->service == NULL) {
        struct service_options options = {.directory = command->data, .env = env_system()};

        rc = service_open(&options, &program->service, err);
    }
    if (rc == RC_OK)
        *out = service_office(program->service);
    return rc;
}

/* --- init --- */

static enum rc print_halves(struct command *command, const char *area, const char *first,
                            const char *second, struct err *err) {
    struct json *json;
    enum rc rc;

    if (command->json) {
        json = json_object();
        json_add_text(json, "area", area);
        json_add_text(json, "first_half", first);
        json_add_text(json, "second_half", second);
        return command_print_json(command, json, err);
    }
    rc = command_printf(
        command, err, "%s\n\n",
        words(command->lang,
              "The county is made. Its keys can be recovered only from the two halves below.\n"
              "Write each on paper, give them to two people, and let neither see the other's.\n"
              "They are not kept here and are not shown again."));
    if (rc == RC_OK)
        rc = command_printf(command, err, words(command->lang, "first half:   %s\n"), first);
    if (rc == RC_OK)
        rc = command_printf(command, err, words(command->lang, "second half:  %s\n"), second);
    return rc;
}

static enum rc run_init(void *context, struct command *command, struct err *err) {
    const char *code = command_option(command, "--area");
    char first[80] = "", second[80] = "", area[AREA_TEXT_BYTES];
    uint64_t root = 0;
    enum rc rc;

    (void)context;
    if (code == NULL)
        return err_set(err, RC_USAGE, "--area CODE is missing; see: yg-syncd init --help");
    rc = area_parse(view_text(code), &root, err);
    if (rc == RC_OK)
        rc = service_create(command->data, env_system(), root, first, second, err);
    if (rc == RC_OK) {
        area_text(root, area);
        rc = print_halves(command, area, first, second, err);
    }
    crypt_wipe(first, sizeof(first));
    crypt_wipe(second, sizeof(second));
    return rc;
}

/* --- serve --- */

/* SIGTERM and SIGINT are blocked before the first thread starts, so that every thread inherits
 * that and only this wait receives them. */
static void stop_signals(sigset_t *set) {
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
}

static void wait_for_signal(void) {
    sigset_t set;
    int number;

    stop_signals(&set);
    while (sigwait(&set, &number) != 0)
        ;
}

static enum rc run_serve(void *context, struct command *command, struct err *err) {
    struct desk *desk = context;
    struct program *program = desk->context;
    struct serve_options serve = {
        .listen = command_option(command, "--listen"),
        .plain = command_option(command, "--plain") != NULL,
        .port_file = command_option(command, "--port-file"),
    };
    struct service_options options = {
        .directory = command->data, .env = env_system(), .log = &program->log};
    char port_file[4096];
    sigset_t set;
    enum rc rc = RC_OK;

    if (serve.listen == NULL)
        return err_set(err, RC_USAGE, "--listen HOST:PORT is missing; see: yg-syncd serve --help");
    if (serve.port_file != NULL) {
        rc = command_path(command, serve.port_file, port_file, sizeof(port_file), err);
        serve.port_file = port_file;
    }
    if (rc != RC_OK)
        return rc;
    stop_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    log_init(&program->log, env_system(), LOG_LEVEL_INFO, stderr);
    rc = service_open(&options, &program->service, err);
    if (rc == RC_OK)
        rc = service_serve(program->service, &serve, program->table, wait_for_signal, command, err);
    if (rc == RC_OK)
        log_info(&program->log, LOG_EVENT("service.stopped"));
    return rc;
}

/* --- the command line --- */

#define END                                                                                        \
    { NULL, NULL, NULL, false }
#define REVEAL                                                                                     \
    {"--reveal", NULL, "show sensitive values; asks for --reason and is logged", false}, {         \
        "--reason", "TEXT", "why; it is logged", false                                             \
    }

static const struct command_option INIT[] = {
    {"--area", "CODE", "the area that this county is responsible for, as 430626", false}, END};
static const struct command_option SERVE[] = {
    {"--listen", "HOST:PORT", "where tablets reach it, as 0.0.0.0:8443; port 0 takes any", false},
    {"--plain", NULL, "without TLS; on loopback only", false},
    {"--port-file", "FILE", "write the address there once it listens", false},
    END};
static const struct command_option USER_ADD[] = {
    {"--role", "ROLE", "village, investigator, clerk, township, county, admin, auditor or city",
     false},
    {"--areas", "CODE,...", "where; the whole county when left out", false},
    END};
static const struct command_option USER_LIST[] = {
    {"--all", NULL, "also the people on the tablets", false}, END};
static const struct command_option INVITE[] = {
    {"--areas", "CODE,...", "areas that the tablet may hold", false},
    {"--name", "N", "name of the tablet", false},
    {"--role", "ROLE", "role of its first person; investigator when left out", false},
    END};
static const struct command_option REVOKE[] = {{"--reason", "TEXT", "why; it is logged", false},
                                               END};
static const struct command_option SCOPE[] = {
    {"--areas", "CODE,...", "areas that the tablet may hold from now on", false},
    {"--reason", "TEXT", "why; it is logged", false},
    END};
static const struct command_option RECORDS[] = {
    {"--form", "F", "only records of this form", false},
    {"--area", "A", "only records of this area and what lies beneath", false},
    END};
static const struct command_option SHOW[] = {REVEAL, END};
static const struct command_option CONFLICTS[] = {
    {"--area", "A", "only of this area and what lies beneath", false}, REVEAL, END};
static const struct command_option RESOLVE[] = {
    {"--keep", "DOT", "this side is right, as its dot in show", false},
    {"--value", "V", "neither is right: this is; a group as {\"field\": \"value\", ...}", false},
    {"--remove", NULL, "the removal stands, although somebody edited inside", false},
    {"--same", NULL, "the two that are proposed are one", false},
    {"--different", NULL, "the two that are proposed are two", false},
    {"--accept", NULL, "the broken rule is accepted as it is", false},
    {"--as", "USER", "who decides; takes that user's secret", false},
    {"--reason", "TEXT", "why; it is kept with the decision", false},
    {"--position", "N", "only if show still gives this position", false},
    END};
static const struct command_option QUARANTINE[] = {{"--all", NULL, "also what is settled", false},
                                                   END};
static const struct command_option EXPORT[] = {
    {"--form", "F", "the form whose records are written", false},
    {"--csv", NULL, "a table for spreadsheets; --json gives nested documents", false},
    {"--repeat", "NAME", "the table of this repeat, one line an instance", false},
    REVEAL,
    END};

#define DESK(name, arguments, least, most, options, help, run)                                     \
    { name, arguments, least, most, options, help, run, false, false }

static const struct command_spec SPECS[] = {
    {"init", "--area CODE", 0, 0, INIT, "make a county and print its two recovery halves", run_init,
     false, true},
    {"serve", "--listen HOST:PORT", 0, 0, SERVE, "serve the tablets until SIGTERM or SIGINT",
     run_serve, false, true},
    DESK("form publish", "PATH", 1, 1, NULL, "publish a form from a folder of CSV sheets",
         desk_form_publish),
    DESK("form list", "", 0, 0, NULL, "list the published forms", desk_form_list),
    DESK("user add", "NAME --role ROLE", 1, 1, USER_ADD,
         "add somebody of the staff, with a secret of his own", desk_user_add),
    DESK("user list", "", 0, 0, USER_LIST, "list the staff", desk_user_list),
    DESK("device invite", "--areas CODE,...", 0, 0, INVITE,
         "make a code with which one tablet can enrol within 24 hours", desk_device_invite),
    DESK("device list", "", 0, 0, NULL, "list the tablets, and what waits on them",
         desk_device_list),
    DESK("device revoke", "DEVICE --reason TEXT", 1, 1, REVOKE, "let a tablet sync no more",
         desk_device_revoke),
    DESK("device scope", "DEVICE --areas CODE,...", 1, 1, SCOPE,
         "change the areas that a tablet may hold", desk_device_scope),
    DESK("records", "", 0, 0, RECORDS, "list records", desk_records),
    DESK("show", "RECORD", 1, 1, SHOW, "show a record: values, conflicts, seals", desk_show),
    DESK("history", "RECORD [FIELD]", 1, 2, SHOW, "every value that a record or field ever had",
         desk_history),
    DESK("conflicts", "", 0, 0, CONFLICTS, "list open questions by due date", desk_conflicts),
    DESK("resolve", "RECORD FIELD (--keep DOT | --value V) --as USER --reason TEXT", 2, 2, RESOLVE,
         "answer an open question, in somebody's name", desk_resolve),
    DESK("quarantine", "", 0, 0, QUARANTINE, "list changes that were kept aside, and why",
         desk_quarantine),
    DESK("export", "--form F (--csv | --json)", 0, 0, EXPORT, "write all records of a form",
         desk_export),
    DESK("log", "", 0, 0, NULL, "list what the staff did", desk_log),
    DESK("verify", "", 0, 0, NULL, "recompute every chain and every state from the log",
         desk_verify),
};

int main(int argc, char **argv) {
    struct program program = {0};
    struct command_table table = {
        .program = "yg-syncd",
        .summary = "the county's side of Yangguang: takes what tablets send, merges it, keeps it",
        .specs = SPECS,
        .count = sizeof(SPECS) / sizeof(SPECS[0]),
        .socket = "control",
        .default_data = "county",
        .context = &program.desk,
    };
    const char *language = getenv("LC_ALL");
    struct command_environment environment = {.passphrase = getenv("YG_PASSPHRASE"),
                                              .data = getenv("YG_DATA")};
    int status;

    if (language == NULL || language[0] == '\0')
        language = getenv("LC_MESSAGES");
    if (language == NULL || language[0] == '\0')
        language = getenv("LANG");
    environment.language = language;
    program.desk = (struct desk){.context = &program, .office = program_office};
    program.table = &table;
    status = command_main(&table, argc, argv, &environment);
    service_close(program.service);
    return status;
}
