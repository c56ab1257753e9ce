/* main.c: yg-syncd, the county's program. The only file of it that reads arguments and
 * environment. The desk's commands are in desk/commands.c; docs/yg-syncd.8 says in prose what all
 * of them do. */
#include "base/crypt.h"
#include "base/words.h"
#include "syncd/desk/desk.h"
#include "syncd/service.h"

#include <assert.h>
#include <malloc.h>
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

/* malloc's defaults keep a heap for each thread, with what it once freed, and give large blocks
 * back to the system each time, so that each time their pages must be had again. */
static void tune_memory(void) {
    (void)mallopt(M_ARENA_MAX, 2);
    (void)mallopt(M_MMAP_THRESHOLD, 4 * 1024 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 4 * 1024 * 1024);
}

static enum rc run_serve(void *context, struct command *command, struct err *err) {
    struct desk *desk = context;
    struct program *program = desk->context;
    struct serve_options serve = {
        .listen = command_option(command, "--listen"),
        .plain = command_option(command, "--plain") != NULL,
        .port_file = command_option(command, "--port-file"),
        .console = command_option(command, "--console"),
        .console_port_file = command_option(command, "--console-port-file"),
        .console_name = command_option(command, "--console-name"),
    };
    struct service_options options = {
        .directory = command->data, .env = env_system(), .log = &program->log};
    char port_file[4096], console_port_file[4096];
    sigset_t set;
    enum rc rc = RC_OK;

    if (serve.listen == NULL)
        return err_set(err, RC_USAGE, "--listen HOST:PORT is missing; see: yg-syncd serve --help");
    if (serve.port_file != NULL) {
        rc = command_path(command, serve.port_file, port_file, sizeof(port_file), err);
        serve.port_file = port_file;
    }
    if (rc == RC_OK && serve.console_port_file != NULL) {
        rc = command_path(command, serve.console_port_file, console_port_file,
                          sizeof(console_port_file), err);
        serve.console_port_file = console_port_file;
    }
    if (rc != RC_OK)
        return rc;
    tune_memory();
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

static const struct command_option INIT[] = {
    {"--area", "CODE", "the area that this county is responsible for, as 430626", false},
    {NULL, NULL, NULL, false}};
static const struct command_option SERVE[] = {
    {"--listen", "HOST:PORT", "where tablets reach it, as 0.0.0.0:8443; port 0 takes any", false},
    {"--plain", NULL, "without TLS; on loopback only", false},
    {"--port-file", "FILE", "write the address there once it listens", false},
    {"--console", "HOST:PORT", "where the staff's browsers reach the console; none if not given",
     false},
    {"--console-name", "HOST", "the console's name in addresses, behind a gateway with TLS", false},
    {"--console-port-file", "FILE", "write the console's address there", false},
    {NULL, NULL, NULL, false}};

static const struct command_spec LOCAL[] = {
    {"init", "--area CODE", 0, 0, INIT, "make a county and print its two recovery halves", run_init,
     false, true},
    {"serve", "--listen HOST:PORT", 0, 0, SERVE, "serve the tablets until SIGTERM or SIGINT",
     run_serve, false, true},
};
#define LOCAL_COUNT  (sizeof(LOCAL) / sizeof(LOCAL[0]))
#define COMMANDS_MAX 64u

int main(int argc, char **argv) {
    struct program program = {0};
    struct command_spec specs[COMMANDS_MAX];
    struct command_table table = {
        .program = "yg-syncd",
        .summary = "the county's side of Yangguang: takes what tablets send, merges it, keeps it",
        .specs = specs,
        .count = LOCAL_COUNT + desk_command_count,
        .socket = "control",
        .default_data = "county",
        .context = &program.desk,
    };
    const char *language = getenv("LC_ALL");
    struct command_environment environment = {.passphrase = getenv("YG_PASSPHRASE"),
                                              .data = getenv("YG_DATA")};
    int status;

    assert(table.count <= COMMANDS_MAX);
    memcpy(specs, LOCAL, sizeof(LOCAL));
    memcpy(specs + LOCAL_COUNT, desk_commands, desk_command_count * sizeof(specs[0]));
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
