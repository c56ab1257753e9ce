/* bench_snapshot.c: what a new tablet must fetch of an area whose households have each been edited
 * many times, with the real programs over loopback: the history, as it was before there were
 * snapshots; a snapshot that must be made first; one that is there.
 *
 *     YG_BUILD=build bench_snapshot [households [edits of each]] */
#include "agent/store/session.h"
#include "agent/sync/link_http.h"
#include "agent/sync/sync.h"
#include "base/crypt.h"
#include "base/file.h"
#include "schema/edit.h"
#include "schema/wire/snapshot.h"
#include "tests/support/shell.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define AREA "430626117205"

static char folder[256], build[256], url[128];
static pid_t server;

static void must(enum rc rc, const struct err *err, const char *what) {
    if (rc == RC_OK)
        return;
    fprintf(stderr, "bench_snapshot: %s: %s %s\n", what, err->text, err->detail);
    if (server > 0)
        kill(server, SIGTERM);
    exit(1);
}

__attribute__((format(printf, 1, 2))) static void shell(const char *format, ...) {
    struct buf command;
    va_list arguments;

    buf_init(&command, 4096);
    buf_addf(&command, "B='%s' F='%s' YG_PASSPHRASE=benchmark; export YG_PASSPHRASE; ", build,
             folder);
    va_start(arguments, format);
    buf_addv(&command, format, arguments);
    va_end(arguments);
    if (shell_run(buf_text(&command)) != 0) {
        fprintf(stderr, "bench_snapshot: %s\n", buf_text(&command));
        if (server > 0)
            kill(server, SIGTERM);
        exit(1);
    }
    buf_release(&command);
}

static double now_s(void) {
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void start_county(void) {
    char address[512], program[512], data[512];
    struct buf text;
    struct err err;

    err_init(&err, LANG_EN);
    snprintf(address, sizeof(address), "%s/address", folder);
    snprintf(program, sizeof(program), "%s/yg-syncd", build);
    snprintf(data, sizeof(data), "%s/county", folder);
    server = fork();
    if (server == 0) {
        char log[512];

        snprintf(log, sizeof(log), "%s/county.log", folder);
        if (freopen(log, "w", stderr) == NULL)
            _exit(1);
        execl(program, program, "serve", "--data", data, "--listen", "127.0.0.1:0", "--port-file",
              address, (char *)NULL);
        _exit(1);
    }
    while (!file_exists(address) && waitpid(server, NULL, WNOHANG) == 0)
        usleep(2000);
    buf_init(&text, 200);
    must(file_read(address, 200, &text, &err), &err, "serve");
    snprintf(url, sizeof(url), "%s", buf_text(&text));
    buf_release(&text);
}

static void enrol(const char *name) {
    shell("$B/yg-syncd device invite --areas " AREA " --person %s --data $F/county > $F/code",
          name);
    shell("$B/yg-agent enrol --server '%s' --code \"$(cat $F/code)\" --data $F/%s > /dev/null", url,
          name);
}

static struct tablet *open_tablet(const char *name, struct session **session) {
    struct tablet_options options = {.env = env_system()};
    struct tablet *tablet = NULL;
    char path[512];
    struct err err;

    err_init(&err, LANG_EN);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    must(tablet_open(path, &options, &tablet, &err), &err, "tablet");
    sync_attach(tablet);
    must(session_open(tablet, view_text(""), view_text("benchmark"), session, &err), &err,
         "session");
    return tablet;
}

/* An older program does not say that it takes snapshots. */
static enum rc deaf_exchange(void *context, const char *path, struct view body, struct buf *answer,
                             struct link_result *result, struct err *err) {
    const struct link *link = context;
    struct buf without;
    struct reader in;
    struct part part;
    enum rc rc;

    buf_init(&without, LIMIT_EXCHANGE_BYTES);
    exchange_start(&without);
    rc = exchange_open(body, &in, err);
    while (rc == RC_OK && (rc = exchange_next(&in, &part, err)) == RC_OK)
        if (part.kind != PART_WANT)
            exchange_add_part(&without, part.kind, part.content);
    err_clear(err);
    rc = link->exchange(link->context, path, buf_view(&without), answer, result, err);
    buf_release(&without);
    return rc;
}

static struct sync_report sync_once(struct tablet *tablet, bool deaf) {
    struct link_http *http = NULL;
    struct sync_report report;
    struct link link;
    struct err err;

    err_init(&err, LANG_EN);
    must(link_http_open(tablet, view_text(""), &http, &err), &err, "link");
    link = (struct link){link_http_link(http), deaf_exchange};
    must(sync_run(tablet, deaf ? &link : link_http_link(http), NULL, &report, &err), &err, "sync");
    link_http_close(http);
    return report;
}

/* One edit of each record: its phone, which keeps no former value. */
static void edit_all(struct session *session, const struct listed *list, uint32_t count,
                     uint32_t round) {
    const struct instance_id root = {{0, 0}, 0};
    struct save *save = NULL;
    struct arena arena;
    struct err err;

    err_init(&err, LANG_EN);
    arena_init(&arena, 64u * 1024u * 1024u);
    must(save_open(session, &save, &err), &err, "save");
    for (uint32_t i = 0; i < count; i++) {
        struct seen seen;
        struct edit edit;
        struct change change;
        struct value value;

        arena_reset(&arena);
        value = value_of_text(view_text(arena_text(&arena, "138%08u", i * 131u + round)));
        must(session_see(session, list[i].id, &arena, &seen, &err), &err, "see");
        must(edit_start(&edit, CHANGE_EDIT, save_next(save), session_person(session), seen.form,
                        &seen.record, &seen.reading, &arena, &err),
             &err, "edit");
        must(edit_set(&edit, root, form_field_by_path(seen.form, view_text("head/phone"))->number,
                      &value, 0, &err),
             &err, "phone");
        must(edit_finish(&edit, view_text(""), &change, &err), &err, "finish");
        must(save_add(save, &change, &seen.record, seen.form, &err), &err, "add");
        if (save_count(save) == 500 || i + 1 == count)
            must(save_commit(save, &err), &err, "commit");
    }
    save_close(save);
    arena_release(&arena);
}

static void new_tablet(const char *name, const char *what, bool deaf, uint32_t wanted) {
    struct session *session = NULL;
    struct sync_report report;
    struct tablet *tablet;
    double started;

    enrol(name);
    tablet = open_tablet(name, &session);
    started = now_s();
    report = sync_once(tablet, deaf);
    printf("%-34s %9llu down %4u requests %8.3f s%s\n", what, (unsigned long long)report.bytes_down,
           report.requests, now_s() - started,
           report.received < wanted ? "  BUT NOT ALL OF IT" : "");
    tablet_close(tablet);
}

int main(int argc, char **argv) {
    uint32_t households = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 10000;
    uint32_t edits = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 20;
    const char *temporary = getenv("TMPDIR"), *programs = getenv("YG_BUILD");
    struct list_query query = {.limit = 0};
    struct session *session = NULL;
    struct tablet *tablet;
    struct listed *list;
    struct arena arena;
    uint32_t count, total;
    struct err err;

    err_init(&err, LANG_EN);
    arena_init(&arena, 256u * 1024u * 1024u);
    snprintf(build, sizeof(build), "%s", programs == NULL ? "build" : programs);
    snprintf(folder, sizeof(folder), "%s/yg-bench-XXXXXX", temporary == NULL ? "/tmp" : temporary);
    if (mkdtemp(folder) == NULL)
        return 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    must(crypt_start(&err), &err, "crypt");
    shell("$B/yg-syncd init --area 430626 --data $F/county > /dev/null &&"
          " $B/yg-syncd form publish schema/forms/household --data $F/county > /dev/null");
    start_county();
    enrol("wang");
    shell("mkdir $F/csv && $B/generate --seed 1 --count %u --small --csv $F/csv &&"
          " $B/yg-agent sync --data $F/wang > /dev/null &&"
          " $B/yg-agent import household $F/csv/household.csv --area " AREA
          " $(for n in member income; do [ ! -f $F/csv/$n.csv ] ||"
          " echo --repeat $n=$F/csv/$n.csv; done)"
          " --key key --data $F/wang > /dev/null",
          households);
    tablet = open_tablet("wang", &session);
    (void)sync_once(tablet, false);
    must(session_list(session, &query, &arena, &list, &count, &total, &err), &err, "list");
    for (uint32_t round = 0; round < edits; round++) {
        edit_all(session, list, count, round);
        (void)sync_once(tablet, false);
    }
    tablet_close(tablet);
    printf("%u households, %u edits of each\n", count, edits);
    new_tablet("history", "a new tablet, by history", true, count);
    new_tablet("first", "a new tablet, snapshot to be made", false, count);
    new_tablet("second", "a new tablet, snapshot is there", false, count);
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
    shell("grep -h snapshot.made $F/county.log || true; rm -rf $F");
    arena_release(&arena);
    return 0;
}
