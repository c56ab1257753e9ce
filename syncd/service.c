/* service.c: see service.h. */
#include "syncd/service.h"

#include "base/control.h"
#include "base/crypt.h"
#include "base/file.h"
#include "base/httpd.h"
#include "base/planted.h"
#include "base/tls.h"
#include "syncd/desk/console.h"
#include "syncd/desk/export.h"
#include "syncd/sync/api.h"
#include "syncd/sync/area.h"
#include "syncd/sync/attachment.h"
#include "syncd/sync/examine.h"
#include "syncd/sync/listed.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define READERS_MAX  64u
#define PATH_BYTES   4096u
#define HTTP_THREADS 16u

/* While one writes, others open and decode; more would only hold memory, because the writer is what
 * they all wait for. A room keeps what a portion of an exchange usually takes. */
#define ROOMS           2u
#define ROOM_BYTES_MAX  (512u * 1024u * 1024u)
#define ROOM_KEPT_BYTES (10u * 1024u * 1024u)

/* Of the threads that serve, some are always left for those who only ask. */
#define GATE_SMALL_MAX (HTTP_THREADS - 2u)
#define GATE_LARGE_MAX (HTTP_THREADS / 2u)
#define GATE_BYTES_MAX (64u * 1024u * 1024u)

struct service {
    struct keys keys;
    struct gate gate;
    struct office office;
    char directory[PATH_BYTES];
    char database[PATH_BYTES + 16];
    struct writer *writer;
    struct file_lock lock;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool writing; /* somebody is the writer now */
    struct writer_job *first, *last;
    uint64_t steps; /* of the writer: whether there may be something to examine */
    bool stopping;
    pthread_mutex_t examining;
    struct ledger *idle[READERS_MAX];
    size_t idle_count;
    struct ingest_room rooms[ROOMS];
    struct ingest_room *free_rooms[ROOMS];
    size_t free_room_count;
    pthread_cond_t room_free;
};

/* --- readers --- */

static enum rc borrow(void *context, struct ledger **out, struct err *err) {
    struct service *service = context;
    struct store *store = NULL;
    enum rc rc;

    *out = NULL;
    pthread_mutex_lock(&service->mutex);
    if (service->idle_count > 0)
        *out = service->idle[--service->idle_count];
    pthread_mutex_unlock(&service->mutex);
    if (*out != NULL) {
        rc = ledger_refresh(*out, err);
        if (rc != RC_OK && !PLANTED(READER_LOST)) { /* whoever gets none gives none back */
            ledger_close(*out);
            *out = NULL;
        }
        return rc;
    }
    rc = store_sqlite_open(service->database, false, &store, err);
    return rc == RC_OK ? ledger_open(store, out, err) : rc;
}

static void give_back(void *context, struct ledger *ledger) {
    struct service *service = context;

    pthread_mutex_lock(&service->mutex);
    if (service->idle_count < READERS_MAX) {
        service->idle[service->idle_count++] = ledger;
        ledger = NULL;
    }
    pthread_mutex_unlock(&service->mutex);
    ledger_close(ledger);
}

/* --- rooms --- */

static struct ingest_room *enter(void *context) {
    struct service *service = context;
    struct ingest_room *room;

    pthread_mutex_lock(&service->mutex);
    while (service->free_room_count == 0)
        pthread_cond_wait(&service->room_free, &service->mutex);
    room = service->free_rooms[--service->free_room_count];
    pthread_mutex_unlock(&service->mutex);
    return room;
}

static void leave(void *context, struct ingest_room *room) {
    struct service *service = context;

    arena_reset(&room->arena);
    pthread_mutex_lock(&service->mutex);
    service->free_rooms[service->free_room_count++] = room;
    pthread_cond_signal(&service->room_free);
    pthread_mutex_unlock(&service->mutex);
}

/* --- the writer --- */

struct waiting_job {
    struct service *service;
    bool done;
};

/* Called by the writer, without the mutex: the waiter reads it under the mutex. */
static void job_done(void *context, struct writer_job *job) {
    struct waiting_job *waiting = context;

    (void)job;
    pthread_mutex_lock(&waiting->service->mutex);
    waiting->done = true;
    pthread_cond_broadcast(&waiting->service->changed);
    pthread_mutex_unlock(&waiting->service->mutex);
}

static void write_job(void *context, struct writer_job *job) {
    struct service *service = context;
    struct waiting_job waiting = {.service = service};

    job->next = NULL;
    job->done = job_done;
    job->done_context = &waiting;
    pthread_mutex_lock(&service->mutex);
    if (service->last == NULL)
        service->first = job;
    else
        service->last->next = job;
    service->last = job;
    while (!waiting.done) {
        struct writer_job *jobs = service->first;

        if (service->writing || jobs == NULL) {
            pthread_cond_wait(&service->changed, &service->mutex);
            continue;
        }
        service->first = NULL;
        service->last = NULL;
        service->writing = true;
        pthread_mutex_unlock(&service->mutex);
        writer_step(service->writer, jobs);
        pthread_mutex_lock(&service->mutex);
        service->writing = false;
        service->steps++;
        pthread_cond_broadcast(&service->changed);
    }
    pthread_mutex_unlock(&service->mutex);
}

/* --- the examiner --- */

/* Waits for a moment in which nobody writes, but not for ever: under a load that does not end, a
 * small portion is taken after so many turns of the writers. */
#define EXAMINER_TURNS   64u
#define EXAMINER_HURRIED 32u

static void begin_examining(void *context) {
    pthread_mutex_lock(&((struct service *)context)->examining);
}

static void end_examining(void *context) {
    pthread_mutex_unlock(&((struct service *)context)->examining);
}

/* How many changes may be examined now; 0: the service stops. seen: steps when the examiner last
 * found nothing. */
static uint32_t examiner_wait(struct service *service, uint64_t seen) {
    uint32_t most = EXAMINE_CHANGES_MAX;

    pthread_mutex_lock(&service->mutex);
    while (!service->stopping && service->steps == seen)
        pthread_cond_wait(&service->changed, &service->mutex);
    for (uint32_t turn = 0; !service->stopping && (service->writing || service->first != NULL);
         turn++) {
        if (turn == EXAMINER_TURNS) {
            most = EXAMINER_HURRIED;
            break;
        }
        pthread_cond_wait(&service->changed, &service->mutex);
    }
    if (service->stopping)
        most = 0;
    pthread_mutex_unlock(&service->mutex);
    return most;
}

static uint64_t steps_of(struct service *service) {
    uint64_t steps;

    pthread_mutex_lock(&service->mutex);
    steps = service->steps;
    pthread_mutex_unlock(&service->mutex);
    return steps;
}

static void *examiner_run(void *context) {
    struct service *service = context;
    bool relists = true;
    uint64_t seen = UINT64_MAX; /* what lies there since the last time is looked at first */
    uint32_t most;

    while ((most = examiner_wait(service, seen)) > 0) {
        struct err err;
        uint64_t steps = steps_of(service);
        bool more;

        err_init(&err, LANG_EN);
        if (relists && listed_portion(&service->office, &relists, &err) != RC_OK) {
            log_warn(service->office.log, LOG_EVENT("list.failed"), LOG_TEXT("why", err.text));
            err_clear(&err);
            relists = false;
        }
        if (relists)
            continue;
        if (examine_portion(&service->office, most, &more, &err) != RC_OK) {
            log_warn(service->office.log, LOG_EVENT("examiner.failed"), LOG_TEXT("why", err.text));
            more = false;
            steps = steps_of(service); /* again after the next step that is not one's own */
        }
        if (!more)
            seen = steps;
    }
    return NULL;
}

static enum rc examiner_start(struct service *service, pthread_t *thread, struct err *err) {
    if (pthread_create(thread, NULL, examiner_run, service) != 0)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    return RC_OK;
}

static void examiner_stop(struct service *service, pthread_t thread) {
    pthread_mutex_lock(&service->mutex);
    service->stopping = true;
    pthread_cond_broadcast(&service->changed);
    pthread_mutex_unlock(&service->mutex);
    pthread_join(thread, NULL);
}

/* --- opening and making --- */

static enum rc paths(const char *directory, char *database, size_t size, struct err *err) {
    int length = snprintf(database, size, "%s/county.db", directory);

    if (length < 0 || (size_t)length >= size)
        return err_set(err, RC_LIMIT, "%s: the path is too long; use a shorter folder", directory);
    return RC_OK;
}

static enum rc take_lock(const char *directory, struct file_lock *lock, struct err *err) {
    char path[PATH_BYTES + 16];

    snprintf(path, sizeof(path), "%s/lock", directory);
    return file_lock_take(path, lock, err);
}

static enum rc load_epoch(struct service *service, struct err *err) {
    struct ledger *ledger = NULL;
    struct arena arena;
    struct view setting;
    struct reader reader;
    enum rc rc = borrow(service, &ledger, err);

    arena_init(&arena, 65536);
    if (rc == RC_OK)
        rc = store_setting(ledger->store, "epoch", &arena, &setting, err);
    if (rc == RC_OK) {
        reader_init(&reader, setting);
        service->office.epoch = (uint32_t)read_varint_max(&reader, UINT32_MAX);
        rc = reader_check(&reader, "the setting epoch", err);
    }
    if (ledger != NULL)
        give_back(service, ledger);
    arena_release(&arena);
    return rc;
}

/* A killed service may have left files of what was erased. */
static enum rc sweep(struct service *service, struct err *err) {
    struct ledger *ledger = NULL;
    enum rc rc = borrow(service, &ledger, err);

    if (rc == RC_OK)
        rc = attachment_sweep(ledger->store, service->directory, err);
    if (ledger != NULL)
        give_back(service, ledger);
    return rc;
}

enum rc service_open(const struct service_options *options, struct service **out, struct err *err) {
    struct service *service = calloc(1, sizeof(*service));
    struct store *store = NULL;
    uint32_t moved;
    enum rc rc;

    if (service == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    service->lock.descriptor = -1;
    pthread_mutex_init(&service->mutex, NULL);
    pthread_mutex_init(&service->examining, NULL);
    pthread_cond_init(&service->changed, NULL);
    pthread_cond_init(&service->room_free, NULL);
    gate_init(&service->gate, GATE_SMALL_MAX, GATE_LARGE_MAX, GATE_BYTES_MAX);
    for (size_t i = 0; i < ROOMS; i++) {
        arena_init(&service->rooms[i].arena, ROOM_BYTES_MAX);
        arena_keep(&service->rooms[i].arena, ROOM_KEPT_BYTES);
        service->free_rooms[service->free_room_count++] = &service->rooms[i];
    }
    snprintf(service->directory, sizeof(service->directory), "%s", options->directory);
    service->office = (struct office){
        .keys = &service->keys,
        .env = options->env,
        .log = options->log,
        .directory = service->directory,
        .gate = &service->gate,
        .context = service,
        .borrow = borrow,
        .give_back = give_back,
        .enter = enter,
        .leave = leave,
        .begin_examining = begin_examining,
        .end_examining = end_examining,
        .write = write_job,
    };
    rc = paths(options->directory, service->database, sizeof(service->database), err);
    if (rc == RC_OK)
        rc = keys_read(options->directory, &service->keys, err);
    if (rc == RC_OK)
        rc = take_lock(options->directory, &service->lock, err);
    if (rc == RC_OK)
        rc = store_sqlite_open(service->database, true, &store, err);
    if (rc == RC_OK)
        rc = writer_open(store, &service->keys, options->env, options->log, &service->writer, err);
    if (rc == RC_OK)
        rc = load_epoch(service, err);
    if (rc == RC_OK)
        rc = sweep(service, err);
    if (rc == RC_OK)
        rc = export_sweep(service->directory, err);
    if (rc == RC_OK)
        rc = form_shelf_sweep(service->directory, err);
    if (rc == RC_OK) /* the rest of what being killed cut off */
        rc = area_move(&service->office, &moved, err);
    if (rc != RC_OK) {
        service_close(service);
        return rc;
    }
    *out = service;
    return RC_OK;
}

void service_close(struct service *service) {
    if (service == NULL)
        return;
    for (size_t i = 0; i < service->idle_count; i++)
        ledger_close(service->idle[i]);
    writer_close(service->writer);
    file_unlock(&service->lock);
    keys_wipe(&service->keys);
    for (size_t i = 0; i < ROOMS; i++)
        arena_release(&service->rooms[i].arena);
    pthread_cond_destroy(&service->room_free);
    pthread_cond_destroy(&service->changed);
    pthread_mutex_destroy(&service->examining);
    pthread_mutex_destroy(&service->mutex);
    free(service);
}

const struct office *service_office(struct service *service) {
    return &service->office;
}

static enum rc first_delta(struct store *store, const struct keys *keys, const struct env *env,
                           uint64_t root, struct err *err) {
    uint8_t nonce[16], actor_bytes[8], epoch = 1, area_bytes[8];
    uint64_t actor_id;
    struct buf listed;
    enum rc rc;
    struct stored_actor actor = {0};
    struct stored_setting settings[4];
    struct stored_act act = {
        .at_ms = env_wall_ms(env),
        .who = view_text("program"),
        .action = view_text("init"),
        .object = view_text("county"),
    };
    struct store_delta delta = {
        .actor_count = 1, .actors = &actor, .act_count = 1, .acts = &act, .setting_count = 4};

    env_entropy(env, nonce, sizeof(nonce));
    actor_id = batch_actor(keys->sign_public, nonce);
    actor.actor = actor_id;
    chain_start(actor_id, actor.hash);
    for (unsigned i = 0; i < 8; i++) {
        actor_bytes[i] = (uint8_t)(actor_id >> (8 * i));
        area_bytes[i] = (uint8_t)(root >> (8 * i));
    }
    settings[0] = (struct stored_setting){"actor", view_of(actor_bytes, 8)};
    settings[1] = (struct stored_setting){"epoch", view_of(&epoch, 1)};
    settings[2] = (struct stored_setting){"area", view_of(area_bytes, 8)};
    buf_init(&listed, 64);
    listed_done(&listed);
    settings[3] = (struct stored_setting){"listed", buf_view(&listed)};
    delta.settings = settings;
    rc = buf_check(&listed, "the setting listed", err);
    if (rc == RC_OK)
        rc = store_commit(store, &delta, err);
    buf_release(&listed);
    return rc;
}

enum rc service_create(const char *directory, const struct env *env, uint64_t root,
                       char first_half[80], char second_half[80], struct err *err) {
    char database[PATH_BYTES];
    struct store *store = NULL;
    struct keys keys;
    enum rc rc = paths(directory, database, sizeof(database), err);

    if (rc == RC_OK)
        rc = file_make_directory(directory, err);
    if (rc == RC_OK && file_exists(database))
        rc = err_set(err, RC_CONFLICT, "%s: there is a county here already; use another --data",
                     directory);
    if (rc != RC_OK)
        return rc;
    rc = keys_create(directory, env, &keys, first_half, second_half, err);
    if (rc == RC_OK)
        rc = store_sqlite_open(database, true, &store, err);
    if (rc == RC_OK)
        rc = first_delta(store, &keys, env, root, err);
    store_close(store);
    keys_wipe(&keys);
    return rc;
}

/* --- serving --- */

static enum rc parse_listen(const char *option, const char *listen, bool plain, char *host,
                            size_t size, uint16_t *port, struct err *err) {
    const char *colon = strrchr(listen, ':');
    unsigned long number;
    char *end = NULL;
    size_t length = colon == NULL ? 0 : (size_t)(colon - listen);

    if (colon == NULL || colon[1] == '\0' || length == 0 || length >= size)
        return err_set(err, RC_USAGE, "%s %s: write HOST:PORT, for example 127.0.0.1:8443", option,
                       listen);
    number = strtoul(colon + 1, &end, 10);
    if (*end != '\0' || number > 65535)
        return err_set(err, RC_USAGE, "%s %s: the port is a number up to 65535", option, listen);
    memcpy(host, listen, length);
    host[length] = '\0';
    if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
        memmove(host, host + 1, length - 2);
        host[length - 2] = '\0';
    }
    *port = (uint16_t)number;
    if (plain && strncmp(host, "127.", 4) != 0 && strcmp(host, "::1") != 0)
        return err_set(err, RC_DENIED, "--plain: only on loopback; leave it out, and TLS is used");
    return RC_OK;
}

#define ADDRESS_BYTES 200u

/* The address as people type it; written to the file of that name, if there is one. */
static enum rc announce(const char *port_file, bool plain, const char *host, uint16_t port,
                        char text[ADDRESS_BYTES], struct err *err) {
    bool is_v6 = strchr(host, ':') != NULL;

    snprintf(text, ADDRESS_BYTES, "%s://%s%s%s:%u", plain ? "http" : "https", is_v6 ? "[" : "",
             host, is_v6 ? "]" : "", (unsigned)port);
    return port_file == NULL ? RC_OK
                             : file_write(port_file, view_text(text), FILE_MODE_PRIVATE, err);
}

/* The staff's door, with the same TLS key as the tablets'. */
static enum rc open_console(struct service *service, const struct serve_options *options,
                            const struct httpd_options *http, struct console **console,
                            struct command *command, struct err *err) {
    struct console_options door = {.office = &service->office,
                                   .certificate_pem = http->certificate_pem,
                                   .key_pem = http->key_pem,
                                   .name = options->console_name};
    char host[128], address[ADDRESS_BYTES];
    enum rc rc;

    if (options->console == NULL)
        return RC_OK;
    rc = parse_listen("--console", options->console, options->plain, host, sizeof(host), &door.port,
                      err);
    door.host = host;
    if (rc == RC_OK)
        rc = console_start(&door, console, err);
    if (rc == RC_OK)
        rc = announce(options->console_port_file, options->plain, host, console_port(*console),
                      address, err);
    if (rc == RC_OK)
        command_say(command, "console on %s", address);
    return rc;
}

enum rc service_serve(struct service *service, const struct serve_options *options,
                      const struct command_table *table, void (*wait)(void),
                      struct command *command, struct err *err) {
    struct http_table routes = {
        .routes = api_routes, .count = api_route_count, .context = &service->office};
    struct httpd_options http;
    struct buf certificate, key;
    struct control_server *control = NULL;
    struct httpd *server = NULL;
    struct console *console = NULL;
    char host[128], address[ADDRESS_BYTES], socket[PATH_BYTES + 16];
    pthread_t examiner;
    bool examining = false;
    enum rc rc;

    httpd_options_default(&http);
    buf_init(&certificate, TLS_PEM_BYTES_MAX);
    buf_init(&key, TLS_PEM_BYTES_MAX);
    rc = parse_listen("--listen", options->listen, options->plain, host, sizeof(host), &http.port,
                      err);
    if (rc == RC_OK && !options->plain) {
        rc =
            keys_tls(service->directory, env_wall_ms(service->office.env), &certificate, &key, err);
        if (rc == RC_OK)
            rc = keys_pin(service->directory, service->office.pin, err);
        service->office.pin_count = 1;
        http.certificate_pem = buf_text(&certificate);
        http.key_pem = buf_text(&key);
    }
    if (rc != RC_OK)
        goto out;
    http.host = host;
    http.threads = HTTP_THREADS;
    http.connections_max = 4096;
    rc = httpd_start(&http, &routes, &server, err);
    if (rc != RC_OK)
        goto out;
    snprintf(socket, sizeof(socket), "%s/control", service->directory);
    rc = control_listen(socket, command_serve, (void *)(uintptr_t)table, &control, err);
    if (rc == RC_OK)
        rc = examiner_start(service, &examiner, err);
    examining = rc == RC_OK;
    if (rc == RC_OK)
        rc = open_console(service, options, &http, &console, command, err);
    if (rc == RC_OK)
        rc = announce(options->port_file, options->plain, host, httpd_port(server), address, err);
    if (rc == RC_OK)
        command_say(command, "serving on %s", address);
    if (rc == RC_OK)
        wait();
out:
    control_stop(control);
    console_stop(console);
    httpd_stop(server);
    if (examining)
        examiner_stop(service, examiner);
    buf_release(&certificate);
    crypt_buf_release(&key);
    return rc;
}
