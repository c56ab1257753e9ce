/* service.h: the county's office made of real things: keys, a SQLite file, readers, and a writer
 * that any thread may drive. Used by `serve` for months and by every command for a moment.
 *
 * Group commit without a thread of its own: whoever hands in a job while nobody is writing becomes
 * the writer, takes all jobs that stand in the queue, and commits them once; those who come
 * meanwhile wait, and one of them is the next writer. */
#ifndef YG_SYNCD_SERVICE_H
#define YG_SYNCD_SERVICE_H

#include "base/command.h"
#include "syncd/sync/office.h"

struct service;

struct service_options {
    const char *directory;
    const struct env *env;
    struct log *log; /* may be NULL */
};

/* Opens the county in this directory. RC_NOT_FOUND: none there. RC_LOCKED: another process. */
enum rc service_open(const struct service_options *options, struct service **out, struct err *err);
void service_close(struct service *service);
const struct office *service_office(struct service *service);

/* Makes a county: keys, store, epoch 1, its own actor. root is the area it is responsible for. */
enum rc service_create(const char *directory, const struct env *env, uint64_t root,
                       char first_half[80], char second_half[80], struct err *err);

struct serve_options {
    const char *listen;    /* HOST:PORT */
    bool plain;            /* plain HTTP, on loopback only */
    const char *port_file; /* where the address is written once it listens; may be NULL */
    /* The staff's console (desk/console.h); NULL: none. */
    const char *console;           /* HOST:PORT */
    const char *console_port_file; /* as port_file */
    const char *console_name;      /* HOST[:PORT] of a gateway with TLS before it; may be NULL */
};

/* Serves tablets and commands until *stop is set (by a signal); wait is called to sleep until
 * then. table is served on the control socket. */
enum rc service_serve(struct service *service, const struct serve_options *options,
                      const struct command_table *table, void (*wait)(void),
                      struct command *command, struct err *err);

#endif
