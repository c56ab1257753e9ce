/* bench_crowd.c: what one tablet costs the county where many others are known, and where much of
 * theirs is or was kept aside: an empty sync; a batch; news for the tablet; changes of a colleague,
 * with whom they are; and the first sync after the county was restored from a backup, in which a
 * batch comes under a name that is older than its epoch. Microseconds of the processor in the
 * county's own code, over a file of SQLite; what counts are the ratios between the rows, and these
 * should be near 1.
 *
 *     bench_crowd [rounds] */
#include "syncd/sync/news.h"
#include "tests/support/clerk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum question { EMPTY, BATCH, NEWS, ENTRIES, RESTORED, QUESTIONS };

struct crowd { /* of others */
    unsigned tablets, rows;
};

/* The link of the realm, and what is behind it is timed. */
struct timed {
    struct link inner;
    double us;
};

static double processor_us(void) {
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static enum rc timed_exchange(void *context, const char *path, struct view body, struct buf *answer,
                              struct link_result *result, struct err *err) {
    struct timed *timed = context;
    double started = processor_us();
    enum rc rc = timed->inner.exchange(timed->inner.context, path, body, answer, result, err);

    timed->us += processor_us() - started;
    return rc;
}

/* Strangers of other villages, each with two people, an actor, a feed, and rows that were dealt
 * with. */
static void fill(struct clerk *world, struct crowd crowd) {
    char sql[4096];

    snprintf(
        sql, sizeof(sql),
        "CREATE TEMP TABLE n AS WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM c"
        "  WHERE i < max(%u, %u)) SELECT i, random() AS device, random() AS actor FROM c;"
        "INSERT INTO device (device, name, sign_public, box_public, person, enrolled, seen,"
        "  clock_offset, own_last, actor, scope_serial, scope_areas, scope_audiences, scope_flags,"
        "  scope_confirmed, scope_at) SELECT n.device, 'tablet ' || n.i, randomblob(32),"
        "  randomblob(32), d.person, d.enrolled, d.seen, 0, 5, n.actor, d.scope_serial,"
        "  d.scope_areas, d.scope_audiences, d.scope_flags, d.scope_confirmed, 0"
        "  FROM (SELECT * FROM device LIMIT 1) AS d, n WHERE n.i <= %u;"
        "INSERT INTO person (person, name, sign_public, role, device, areas, wrapped, disabled,"
        "  created) SELECT random(), 'person ' || n.i || twice.i, randomblob(32), p.role, n.device,"
        "  p.areas, p.wrapped, 0, 0 FROM (SELECT * FROM person WHERE name = 'wang') AS p, n,"
        "  (SELECT 1 AS i UNION ALL SELECT 2) AS twice WHERE n.i <= %u;"
        "INSERT INTO actor (actor, device, number, hash, lamport, fork_of, fork_from, retired)"
        "  SELECT n.actor, n.device, 5, randomblob(32), 5, a.fork_of, 0, a.retired"
        "  FROM (SELECT * FROM actor WHERE fork_from = 0 LIMIT 1) AS a, n WHERE n.i <= %u;"
        "INSERT INTO quarantine (actor, number, record_actor, record_number, area, person, device,"
        "  verdict, since, settled) SELECT n.actor, 1, n.actor, 1, 430626117206, 1, n.device, 2,"
        "  n.i, (n.i %% 2) * 1000000 FROM n WHERE n.i <= %u;"
        "INSERT INTO feed (area, audience, position, chain) SELECT 430681100000 + n.i, 1, 1,"
        "  randomblob(32) FROM n WHERE n.i <= %u",
        crowd.tablets, crowd.rows, crowd.tablets, crowd.tablets, crowd.tablets, crowd.rows,
        crowd.tablets);
    clerk_tamper(world, sql);
}

static enum rc raise_act(void *context, struct work *work, struct err *err) {
    uint32_t serial;

    (void)context;
    return news_raise(work, &serial, err);
}

static int by_size(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

/* What the backup does not hold comes again. */
static void lose(struct clerk *world, struct timed *timed, const char *file, unsigned round) {
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    county_sync(world->county, world->a, RC_OK, NULL);
    clerk_restore(world, file, arena_text(&world->arena, "restored%u", round));
    timed->us = 0;
    county_sync(world->county, world->a, RC_OK, NULL);
}

/* The median. */
static double ask(struct clerk *world, struct timed *timed, enum question question,
                  unsigned rounds) {
    const char *file = clerk_path(world, "one.backup");
    double *us = calloc(rounds, sizeof(*us)), median;
    struct err err;

    err_init(&err, LANG_EN);
    if (us == NULL)
        exit(1);
    if (question == RESTORED)
        RUNS(world, 0, "backup", file);
    for (unsigned i = 0; i < rounds; i++) {
        world->county->now_ms += 1000;
        if (question == BATCH)
            clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
        if (question == NEWS)
            clerk_must(office_act(&world->county->office, raise_act, NULL, &err), &err);
        if (question == ENTRIES) {
            clerk_new(world, world->zhang, CLERK_HOME("张伟"));
            county_sync(world->county, world->b, RC_OK, NULL);
        }
        timed->us = 0;
        if (question == RESTORED)
            lose(world, timed, file, i);
        else
            (void)clerk_one_round(world, world->a);
        us[i] = timed->us;
    }
    qsort(us, rounds, sizeof(*us), by_size);
    median = us[rounds / 2];
    free(us);
    return median;
}

static void measure(struct crowd crowd, unsigned rounds, double first[QUESTIONS]) {
    void *state = NULL;
    struct clerk *world;
    struct timed timed = {.us = 0};

    if (clerk_set_up(&state) != 0)
        exit(1);
    world = state;
    clerk_begin(world);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    fill(world, crowd);
    clerk_sync(world);
    RUNS(world, 0, "backup", clerk_path(world, "first.backup"));
    RUNS(world, 0, "backup", "confirm", clerk_path(world, "first.backup"));
    clerk_sync(world);
    timed.inner = world->county->link;
    world->county->link = (struct link){&timed, timed_exchange};
    printf("%6u %6u ", crowd.tablets, crowd.rows);
    for (enum question question = EMPTY; question < QUESTIONS; question++) {
        double us = ask(world, &timed, question, rounds);

        if (first[question] == 0)
            first[question] = us;
        printf(" %7.0f (%4.1f)", us, us / first[question]);
    }
    printf("\n");
    clerk_tear_down(&state);
}

int main(int argc, char **argv) {
    static const struct crowd CROWDS[] = {{100, 0}, {5000, 0}, {100, 5000}, {5000, 5000}};
    unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 31;
    double first[QUESTIONS] = {0};

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf(
        "of others      us of the county (and against the first line)\n"
        "tablets  rows   nothing new     one batch          news       entries  after restore\n");
    for (size_t i = 0; i < sizeof(CROWDS) / sizeof(CROWDS[0]); i++)
        measure(CROWDS[i], rounds, first);
    return 0;
}
