/* bench_sync.c: the whole path with the real programs: tablets that have worked offline sync with a
 * county over loopback; bytes, requests, seconds, memory, records a second. Everything is durable:
 * the county commits with an fsync before it acknowledges.
 *
 *     YG_BUILD=build bench_sync [records per agent [agents [agents in a village]]]
 *
 * With a number of agents only their race is run: 20 600 is the evening when all come home. Where
 * nothing is said of villages all are of one, and each brings what all others have written.
 *
 * Ratios count, taken in one run: the limit beside the rate is what the same disk does when frames
 * of the same surveys are inflated and each survey is put into SQLite as one blob, 500 in a
 * transaction, with the same fsyncs. */
#include "agent/store/session.h"
#include "agent/sync/sync.h"
#include "base/crypt.h"
#include "base/db.h"
#include "base/file.h"
#include "base/text.h"
#include "schema/edit.h"
#include "schema/wire/frame.h"
#include "tests/support/shell.h"
#include "tests/support/survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST_VILLAGE UINT64_C(430626117205)

static char folder[256], build[256], url[128];
static pid_t server;

static void must(enum rc rc, const struct err *err, const char *what) {
    if (rc == RC_OK)
        return;
    fprintf(stderr, "bench_sync: %s: %s %s\n", what, err->text, err->detail);
    if (server > 0)
        kill(server, SIGTERM);
    exit(1);
}

/* Runs the command with $B and $F replaced by build and folder, $1 and $2 by a and b. */
static void shell(const char *format, const char *a, const char *b) {
    struct buf command;

    buf_init(&command, 4096);
    for (const char *at = format; *at != '\0'; at++) {
        const char *text = NULL;

        if (at[0] == '$' && at[1] != '\0')
            text = at[1] == 'B'   ? build
                   : at[1] == 'F' ? folder
                   : at[1] == '1' ? a
                   : at[1] == '2' ? b
                                  : NULL;
        if (text == NULL) {
            buf_add_u8(&command, (uint8_t)*at);
            continue;
        }
        buf_add_text(&command, text);
        at++;
    }
    if (command.failed != RC_OK || shell_run(buf_text(&command)) != 0) {
        fprintf(stderr, "bench_sync: failed: %s\n", buf_text(&command));
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

static long resident_kb(pid_t pid, const char *what) {
    char path[64], line[256];
    long kb = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, what, strlen(what)) == 0)
            kb = strtol(line + strlen(what) + 1, NULL, 10);
    if (file != NULL)
        fclose(file);
    return kb;
}

/* What the process has used so far. Seconds of CPU are robust where others share the machine, and
 * the rate is not. */
struct usage {
    double user_s, system_s;
};

static struct usage used(pid_t pid) {
    struct usage usage = {0};
    char path[64], text[1024];
    char *at;
    double ticks = (double)sysconf(_SC_CLK_TCK);
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (file == NULL)
        return usage;
    at = fgets(text, sizeof(text), file) == NULL ? NULL : strrchr(text, ')');
    fclose(file);
    for (int field = 2; at != NULL && field < 14; field++) { /* field 2 ends with the bracket */
        at = strchr(at, ' ');
        at = at == NULL ? NULL : at + 1;
    }
    if (at == NULL)
        return usage;
    usage.user_s = (double)strtoul(at, &at, 10) / ticks;
    usage.system_s = (double)strtoul(at, NULL, 10) / ticks;
    return usage;
}

/* --- the county, as its users start it --- */

static void write_text(const char *name, struct view text) {
    char path[512];
    struct err err;

    err_init(&err, LANG_EN);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    must(file_write(path, text, FILE_MODE_PRIVATE, &err), &err, name);
}

/* A form whose fields have the numbers and types of tests/support/survey.c; with rules, every
 * number has a constraint that reads another one, and all hold. */
static void write_form(bool rules) {
    static const char *const type_names[] = {"text", "integer", "decimal", "date", "text", "text"};
    const char *types[SURVEY_FIELDS];
    struct chance chance = {1};
    struct arena arena;
    struct buf survey;
    int64_t wall_ms = 0;

    for (uint32_t i = 0; i < SURVEY_FIELDS; i++)
        types[i] = "text";
    arena_init(&arena, 64u * 1024u * 1024u);
    for (uint32_t n = 1; n < 200; n++) {
        struct change change;

        survey_make(&chance, (struct dot){1, n}, 1, 1, &wall_ms, &arena, &change);
        for (uint32_t e = 0; e < change.entry_count; e++)
            if (change.entries[e].field >= FIELD_FIRST_OF_FORM &&
                change.entries[e].value.type != VALUE_NULL)
                types[change.entries[e].field - FIELD_FIRST_OF_FORM] =
                    type_names[change.entries[e].value.type];
    }
    buf_init(&survey, 1u << 20);
    buf_add_text(&survey, "type,name,label,bind::yg:merge,constraint\n");
    for (uint32_t i = 0, last = 0; i < SURVEY_FIELDS; i++) {
        bool is_number = strcmp(types[i], "integer") == 0 || strcmp(types[i], "decimal") == 0;

        buf_addf(&survey, "%s,%s,%s,human,", types[i], survey_field_name(i), survey_field_name(i));
        if (rules && is_number)
            buf_addf(&survey, ". > ${%s} + 1 or . >= 0", survey_field_name(last));
        buf_add_u8(&survey, '\n');
        last = is_number ? i : last;
    }
    shell("mkdir -p '$F/form'", "", "");
    write_text("form/survey.csv", buf_view(&survey));
    write_text("form/settings.csv", view_text("form_id,form_title,version\nbench,Bench,1\n"));
    write_text("form/choices.csv", view_text("list_name,name,label\n"));
    buf_release(&survey);
    arena_release(&arena);
}

static void start_county(const char *plain) {
    char address[512], data[512];
    struct buf text;
    struct err err;

    err_init(&err, LANG_EN);
    snprintf(address, sizeof(address), "%s/address", folder);
    snprintf(data, sizeof(data), "%s/county", folder);
    (void)unlink(address);
    server = fork();
    if (server == 0) {
        char program[512];

        snprintf(program, sizeof(program), "%s/county.log", folder);
        if (freopen(program, "w", stderr) == NULL)
            _exit(1);
        snprintf(program, sizeof(program), "%s/yg-syncd", build);
        execl(program, program, "serve", "--data", data, "--listen", "127.0.0.1:0", "--port-file",
              address, plain, (char *)NULL);
        _exit(1);
    }
    while (!file_exists(address) && waitpid(server, NULL, WNOHANG) == 0)
        usleep(2000);
    buf_init(&text, 200);
    must(file_read(address, 200, &text, &err), &err, "serve");
    snprintf(url, sizeof(url), "%s", buf_text(&text));
    buf_release(&text);
}

static void stop_county(void) {
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
    server = 0;
}

/* --- tablets --- */

static struct tablet *open_tablet(const char *name) {
    struct tablet_options options = {.env = env_system()};
    struct tablet *tablet = NULL;
    char path[512];
    struct err err;

    err_init(&err, LANG_EN);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    must(tablet_open(path, &options, &tablet, &err), &err, "tablet");
    sync_attach(tablet);
    return tablet;
}

static struct session *open_session(struct tablet *tablet) {
    struct session *session = NULL;
    struct err err;

    err_init(&err, LANG_EN);
    must(session_open(tablet, view_text(""), view_text("benchmark"), &session, &err), &err,
         "session");
    return session;
}

/* Saves surveys offline, 500 in a transaction; returns the seconds it took. */
static double work_offline(struct session *session, uint32_t in_village, uint64_t seed,
                           uint32_t count, struct buf *lines) {
    const struct form *form = tablet_form_named(session_tablet(session), view_text("bench"));
    struct chance chance = {seed};
    struct arena arena;
    struct save *save = NULL;
    struct err err;
    int64_t wall_ms = env_wall_ms(env_system());
    double started = now_s();

    err_init(&err, LANG_EN);
    arena_init(&arena, 256u * 1024u * 1024u);
    must(save_open(session, &save, &err), &err, "save");
    for (uint32_t i = 0; i < count; i++) {
        struct change made, change;
        struct edit edit;
        struct dot dot = save_next(save);

        survey_make(&chance, dot, form->id, 1, &wall_ms, &arena, &made);
        if (lines != NULL)
            survey_line(&made, lines);
        must(edit_start(&edit, CHANGE_CREATE, dot, session_person(session), form, NULL, NULL,
                        &arena, &err),
             &err, "edit");
        must(edit_set_area(&edit, FIRST_VILLAGE + in_village, &err), &err, "area");
        for (uint32_t e = 0; e < made.entry_count; e++)
            if (made.entries[e].field >= FIELD_FIRST_OF_FORM &&
                (made.entries[e].value.type != VALUE_TEXT ||
                 made.entries[e].value.bytes.size > 0)) {
                const char *name = survey_field_name(made.entries[e].field - FIELD_FIRST_OF_FORM);
                const struct form_field *field = form_field_by_path(form, view_text(name));

                must(edit_set(&edit, made.entries[e].instance, field->number,
                              &made.entries[e].value, 0, &err),
                     &err, name);
            }
        must(edit_finish(&edit, view_text(""), &change, &err), &err, "finish");
        must(save_add(save, &change, NULL, form, &err), &err, "add");
        if (save_count(save) == 500 || i + 1 == count)
            must(save_commit(save, &err), &err, "commit");
        arena_reset(&arena);
    }
    save_close(save);
    arena_release(&arena);
    return now_s() - started;
}

struct patience { /* what a tablet was asked for, and where its time went */
    uint32_t turned_away;
    double waited_s, longest_s; /* after being turned away; the longest sync without that */
    double cpu_s;               /* its own, for all of it */
};

static struct sync_report sync_once(struct tablet *tablet, struct patience *patience) {
    struct sync_report report;
    struct link_http *http = NULL;
    struct err err;
    enum rc rc;

    err_init(&err, LANG_EN);
    must(link_http_open(tablet, view_text(""), &http, &err), &err, "link");
    /* The county may ask for patience when all come at once: wait as long as it says. */
    for (;;) {
        double started = now_s(), took;
        unsigned seconds;

        rc = sync_run(tablet, link_http_link(http), NULL, &report, &err);
        took = now_s() - started;
        if (took > patience->longest_s)
            patience->longest_s = took;
        if (rc != RC_AGAIN)
            break;
        seconds = report.retry_after_s > 0 ? (unsigned)report.retry_after_s : 1u;
        patience->turned_away++;
        patience->waited_s += seconds;
        sleep(seconds);
        err_clear(&err);
    }
    must(rc, &err, "sync");
    link_http_close(http);
    return report;
}

/* A secret that costs next to nothing to stretch: hundreds of tablets are enrolled. */
static const struct tablet_options TABLET = {.cost = {.passes = 1, .memory_kib = 256}};

static void village(uint32_t number, char out[AREA_TEXT_BYTES]) {
    area_text(FIRST_VILLAGE + number, out);
}

static void enrol(const char *name, uint32_t in_village) {
    struct enrol_options options = {.tablet = TABLET, .secret = view_text("benchmark")};
    struct patience patience = {0};
    char path[600], area[AREA_TEXT_BYTES];
    struct tablet *tablet = NULL;
    struct buf code;
    struct err err;

    err_init(&err, LANG_EN);
    buf_init(&code, 200);
    village(in_village, area);
    shell("'$B/yg-syncd' device invite --areas $2 --person '$1' --data '$F/county' > '$F/code'",
          name, area);
    snprintf(path, sizeof(path), "%s/code", folder);
    must(file_read(path, 200, &code, &err), &err, "code");
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    options.tablet.env = env_system();
    options.directory = path;
    options.server = view_text(url);
    options.code = text_trim(buf_view(&code));
    must(enrol_run(&options, &tablet, &err), &err, "enrol");
    sync_attach(tablet);
    (void)sync_once(tablet, &patience);
    tablet_close(tablet);
    buf_release(&code);
}

/* Prepares in children, then lets all sync at once; returns the seconds until all have receipts. */
static double race(const char *prefix, uint32_t agents, uint32_t count, uint32_t together,
                   struct patience *all) {
    int ready[2], go[2], done[2];
    double started;
    char byte = 0;

    if (pipe(ready) != 0 || pipe(go) != 0 || pipe(done) != 0)
        exit(1);
    for (uint32_t a = 0; a < agents; a++) {
        if (fork() == 0) {
            char name[32];
            struct tablet *tablet;
            struct session *session;
            struct err err;

            server = 0;
            err_init(&err, LANG_EN);
            snprintf(name, sizeof(name), "%s%u-%u", prefix, agents, a);
            tablet = open_tablet(name);
            session = open_session(tablet);
            (void)work_offline(session, a / together, 1000 + a, count, NULL);
            must(session_close(session, &err), &err, "close"); /* cuts and seals the batches */
            close(go[1]);
            if (write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 0)
                _exit(1);
            {
                struct patience patience = {0};
                struct usage before = used(getpid());
                struct sync_report report = sync_once(tablet, &patience);
                struct usage after = used(getpid());

                patience.cpu_s = after.user_s + after.system_s - before.user_s - before.system_s;
                if (write(done[1], &patience, sizeof(patience)) != sizeof(patience))
                    _exit(1);
                if (report.unsent != 0) {
                    fprintf(stderr, "bench_sync: %s: %llu of its changes were not taken\n", name,
                            (unsigned long long)report.unsent);
                    _exit(1);
                }
            }
            tablet_close(tablet);
            _exit(0);
        }
        /* One after the other: stretching a secret takes 64 MiB. */
        if (read(ready[0], &byte, 1) != 1)
            exit(1);
    }
    started = now_s();
    close(go[1]), close(ready[1]), close(done[1]);
    *all = (struct patience){0};
    for (uint32_t a = 0; a < agents; a++) {
        struct patience one;

        if (read(done[0], &one, sizeof(one)) != sizeof(one))
            exit(1);
        all->turned_away += one.turned_away;
        all->waited_s += one.waited_s;
        all->cpu_s += one.cpu_s;
        if (one.longest_s > all->longest_s)
            all->longest_s = one.longest_s;
    }
    started = now_s() - started;
    for (uint32_t a = 0; a < agents; a++) {
        int status = 0;

        if (wait(&status) < 0 || status != 0)
            fprintf(stderr, "bench_sync: an agent failed\n");
    }
    close(ready[0]), close(go[0]), close(done[0]);
    return started;
}

/* --- the limit: inflate, and one blob for each survey --- */

static double plain_limit(uint32_t count) {
    static const char *const sql[] = {"INSERT INTO blob(id, bytes) VALUES(?1, ?2)"};
    struct db_options options;
    struct statement *insert = NULL;
    struct db *db = NULL;
    struct zip_inflater *inflater = NULL;
    struct buf raw, packed, open;
    struct chance chance = {7};
    struct arena arena;
    int64_t wall_ms = 0;
    uint64_t id = 0;
    char path[512];
    double seconds = 0;
    struct err err;

    err_init(&err, LANG_EN);
    arena_init(&arena, 256u * 1024u * 1024u);
    buf_init(&raw, 64u << 20), buf_init(&packed, 64u << 20), buf_init(&open, 64u << 20);
    db_options_default(&options);
    snprintf(path, sizeof(path), "%s/limit.db", folder);
    must(db_open(path, DB_WRITER, &options, &db, &err), &err, "db");
    must(db_execute(db, "CREATE TABLE blob(id INTEGER PRIMARY KEY, bytes BLOB)", &err), &err, "db");
    must(db_prepare_all(db, sql, 1, &insert, &err), &err, "db");
    must(zip_inflater_new(&inflater, &err), &err, "zip");
    for (uint32_t done = 0; done < count; done += 500) {
        size_t at[501] = {0};
        double started;

        buf_clear(&raw), buf_clear(&packed), buf_clear(&open);
        for (uint32_t i = 0; i < 500; i++) {
            struct change change;

            survey_make(&chance, (struct dot){1, ++id}, 1, 1, &wall_ms, &arena, &change);
            must(change_encode(&change, &raw, &err), &err, "encode");
            at[i + 1] = raw.size;
        }
        arena_reset(&arena);
        must(zip_deflate(buf_view(&raw), 6, &packed, &err), &err, "deflate");
        started = now_s();
        must(zip_inflater_run(inflater, buf_view(&packed), 64u << 20, 0, &open, &err), &err,
             "inflate");
        must(db_begin(db, &err), &err, "begin");
        for (uint32_t i = 0; i < 500; i++) {
            statement_bind_i64(insert, 1, (int64_t)(id - 499 + i));
            statement_bind_blob(insert, 2, view_of(open.data + at[i], at[i + 1] - at[i]));
            must(statement_run(insert, &err), &err, "insert");
        }
        must(db_commit(db, &err), &err, "commit");
        seconds += now_s() - started;
    }
    zip_inflater_free(inflater);
    db_close(db);
    buf_release(&raw), buf_release(&packed), buf_release(&open);
    arena_release(&arena);
    return count / seconds;
}

/* --- what is printed --- */

static uint64_t xz_bytes(struct view lines) {
    char path[600];
    struct buf text;
    struct err err;
    uint64_t bytes;

    err_init(&err, LANG_EN);
    write_text("lines", lines);
    if (shell_run("command -v xz > /dev/null") != 0)
        return 0;
    shell("xz -9e -c '$F/lines' | wc -c > '$F/size'", "", "");
    snprintf(path, sizeof(path), "%s/size", folder);
    buf_init(&text, 64);
    must(file_read(path, 64, &text, &err), &err, "xz");
    bytes = strtoull(buf_text(&text), NULL, 10);
    buf_release(&text);
    return bytes;
}

static void show(const char *what, const struct sync_report *report, double seconds) {
    printf("%-34s %9llu up %8llu down %4u requests %8.3f s\n", what,
           (unsigned long long)report->bytes_up, (unsigned long long)report->bytes_down,
           report->requests, seconds);
}

static void exchanges(void) {
    struct tablet *tablet;
    struct session *session;
    struct sync_report report;
    struct patience patience = {0};
    struct buf lines;
    double started, seconds;

    enrol("one", 0);
    tablet = open_tablet("one");
    session = open_session(tablet);
    buf_init(&lines, 64u << 20);
    seconds = work_offline(session, 0, 99, 1000, &lines);
    printf("saved 1,000 surveys of 92 fields offline in %.2f s (%zu bytes as lines, xz -9e %llu)\n",
           seconds, lines.size, (unsigned long long)xz_bytes(buf_view(&lines)));
    started = now_s();
    report = sync_once(tablet, &patience);
    show("1,000 surveys of 92 fields", &report, now_s() - started);
    started = now_s();
    report = sync_once(tablet, &patience);
    show("nothing new", &report, now_s() - started);
    (void)work_offline(session, 0, 5, 1, NULL);
    started = now_s();
    report = sync_once(tablet, &patience);
    show("one new survey", &report, now_s() - started);
    printf("this process with 1,001 records unlocked: %ld kB resident\n",
           resident_kb(getpid(), "VmRSS:"));
    buf_release(&lines);
    tablet_close(tablet);
}

static double race_and_show(const char *prefix, uint32_t agents, uint32_t count,
                            uint32_t together) {
    double seconds, micro = 1e6 / (double)(agents * count);
    struct usage before, after;
    struct patience patience;

    for (uint32_t a = 0; a < agents; a++) {
        char name[32];

        snprintf(name, sizeof(name), "%s%u-%u", prefix, agents, a);
        enrol(name, a / together);
    }
    before = used(server);
    seconds = race(prefix, agents, count, together, &patience);
    after = used(server);
    printf("%u agents x %u surveys, TLS: %8.0f records/s merged and durable (%.2f s)\n", agents,
           count, agents * count / seconds, seconds);
    printf("  of the county's CPU, a record:  %8.1f us user, %.1f us system\n",
           (after.user_s - before.user_s) * micro, (after.system_s - before.system_s) * micro);
    printf("  of the tablets' CPU, a record:  %8.1f us\n", patience.cpu_s * micro);
    printf("  turned away %u times, %.1f s of waiting a tablet, longest exchange %.1f s\n",
           patience.turned_away, patience.waited_s / agents, patience.longest_s);
    printf("  yg-syncd: %ld kB resident, %ld kB at most\n", resident_kb(server, "VmRSS:"),
           resident_kb(server, "VmHWM:"));
    return agents * count / seconds;
}

/* The same with a form that has constraints; then the examiner, until nothing is left. */
static void race_with_rules(uint32_t count, double plain) {
    struct usage before, after;
    double rate, started, ended;

    write_form(true);
    shell("sed -i 's/,1$/,2/' '$F/form/settings.csv'", "", "");
    shell("'$B/yg-syncd' form publish '$F/form' --data '$F/county' > /dev/null 2>&1", "", "");
    rate = race_and_show("rule", 8, count, 8);
    printf("  with constraints: %.2f of the rate without\n", rate / plain);
    before = used(server);
    started = now_s();
    ended = started;
    for (after = before; now_s() - ended < 0.5;) { /* until it rests */
        struct usage now = used(server);

        if (now.user_s + now.system_s > after.user_s + after.system_s)
            ended = now_s();
        after = now;
        usleep(20000);
    }
    printf("  examined in the %.2f s after that: %.1f us of CPU a record\n", ended - started,
           (after.user_s + after.system_s - before.user_s - before.system_s) * 1e6 /
               (8.0 * (double)count));
}

int main(int argc, char **argv) {
    uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 5000;
    const char *temporary = getenv("TMPDIR"), *programs = getenv("YG_BUILD");
    struct err err;

    err_init(&err, LANG_EN);
    snprintf(build, sizeof(build), "%s", programs == NULL ? "build" : programs);
    snprintf(folder, sizeof(folder), "%s/yg-bench-XXXXXX", temporary == NULL ? "/tmp" : temporary);
    if (mkdtemp(folder) == NULL)
        return 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    must(crypt_start(&err), &err, "crypt");
    write_form(false);
    shell("'$B/yg-syncd' init --area 430626 --data '$F/county' > /dev/null", "", "");
    shell("'$B/yg-syncd' form publish '$F/form' --data '$F/county' > /dev/null", "", "");
    start_county(NULL);
    if (argc > 2) {
        uint32_t agents = (uint32_t)strtoul(argv[2], NULL, 10);
        uint32_t together = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : agents;

        (void)race_and_show("race", agents, count, together == 0 ? agents : together);
    } else {
        exchanges();
        (void)race_and_show("race", 1, count, 1);
        race_with_rules(count, race_and_show("race", 8, count, 8));
        printf("limit: inflate and one blob each:   %8.0f records/s\n", plain_limit(20000));
    }
    stop_county();
    shell("du -sk '$F/county' | sed 's/\\t.*/ kB in the county folder/'", "", "");
    shell("rm -rf '$F'", "", "");
    return 0;
}
