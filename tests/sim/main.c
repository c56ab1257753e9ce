/* main.c: sim plays worlds.
 *
 *   sim SEED                 that world, step by step, on standard output
 *   sim --seeds N [--start FIRST] [--jobs J] [--tap] [--census]
 *                            N worlds in J processes; one line for each that fails. --census: what
 *                            happened in them, how often, in how many, and in which one last
 *
 *   sim --crowd N [SEED]     one evening on which N tablets come home within three minutes
 *   sim --teeth --seeds N    built with planted mistakes (build/test/planted): the first seed that
 * finds each
 *
 * --planted NAME: with that mistake.
 *
 * Worlds of one process follow each other; a crash ends that process, and another goes on behind
 * the seed that crashed. */
#include "tests/sim/planted.h"
#include "tests/sim/vfs.h"
#include "tests/sim/world.h"

#include "base/crypt.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX 64

struct range {
    uint64_t first, count;
    uint32_t jobs;
    bool tap, teeth, census;
    const char *planted; /* the name of a mistake; NULL: none */
};

struct shared {             /* with the processes that play */
    volatile uint64_t next; /* of each process: the seed at hand */
    volatile uint64_t failed;
    volatile uint64_t steps, saved, crashed;
    char failure[160]; /* of the last world that failed */
    struct census census;
};

static int play_one(uint64_t seed) {
    struct world *world = calloc(1, sizeof(*world));
    bool good;

    if (world == NULL)
        return 3;
    good = world_play(world, seed, true);
    printf("%s", good ? "" : "\n");
    printf(
        "seed %llu: %s; %u steps, %u saved, %u synced, %u decided, %u power cuts, trace %016llx\n",
        (unsigned long long)seed, good ? "every promise was kept" : world->failure, world->step,
        world->saved, world->synced, world->resolved, world->crashed,
        (unsigned long long)world->trace);
    if (good) {
        world_release(world);
        free(world);
    }
    return good ? 0 : 1;
}

/* What broke, and the one command that plays it again. */
static void tell_failed(const struct range *range, uint64_t seed, const char *what,
                        const char *program) {
    const char *lead = range->tap ? "# " : "", *planted = range->planted;

    printf("%sseed %llu: %s\n%s  again: %s%s%s %llu\n", lead, (unsigned long long)seed, what, lead,
           program, planted == NULL ? "" : " --planted ", planted == NULL ? "" : planted,
           (unsigned long long)seed);
}

/* Plays first, first + jobs, ... of the range, from the at-th on. */
static void play_many(const struct range *range, uint64_t from, const char *program,
                      struct shared *shared) {
    struct world *world = calloc(1, sizeof(*world));

    for (uint64_t seed = from; world != NULL && seed < range->first + range->count;
         seed += range->jobs) {
        shared->next = seed;
        world->census = range->census ? &shared->census : NULL;
        if (world_play(world, seed, false)) {
            shared->steps += world->step;
            shared->saved += world->saved;
            shared->crashed += world->crashed;
            world_release(world);
            continue;
        }
        tell_failed(range, seed, world->failure, program);
        fflush(stdout);
        shared->failed++;
        world = calloc(1, sizeof(*world)); /* the failed one is as it was in the middle */
    }
    free(world);
    shared->next = UINT64_MAX;
}

static pid_t start(const struct range *range, uint64_t from, const char *program,
                   struct shared *shared) {
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        play_many(range, from, program, shared);
        fflush(stdout);
        _exit(0);
    }
    return child;
}

static int play_range(const struct range *range, const char *program) {
    struct shared *shared = mmap(NULL, sizeof(*shared) * JOBS_MAX, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t children[JOBS_MAX];
    uint32_t running = range->jobs;
    uint64_t failed = 0, steps = 0, saved = 0, crashed = 0;

    if (shared == MAP_FAILED)
        return 3;
    for (uint32_t job = 0; job < range->jobs; job++)
        children[job] = start(range, range->first + job, program, &shared[job]);
    while (running > 0) {
        int status = 0;
        pid_t ended = wait(&status);
        char crash[60];

        for (uint32_t job = 0; job < range->jobs; job++) {
            uint64_t seed = shared[job].next;

            if (ended < 0 || children[job] != ended)
                continue;
            if (seed == UINT64_MAX) {
                running--;
                continue;
            }
            (void)snprintf(crash, sizeof(crash), "the program crashed (%s %d)",
                           WIFSIGNALED(status) ? "signal" : "status",
                           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
            tell_failed(range, seed, crash, program);
            shared[job].failed++;
            children[job] = start(range, seed + range->jobs, program, &shared[job]);
        }
        if (ended < 0)
            break;
    }
    for (uint32_t job = 0; job < range->jobs; job++) {
        failed += shared[job].failed;
        steps += shared[job].steps;
        saved += shared[job].saved;
        crashed += shared[job].crashed;
    }
    printf("%s%llu worlds, %llu steps, %llu saves, %llu power cuts: %llu broke a promise\n",
           range->tap ? "# " : "", (unsigned long long)range->count, (unsigned long long)steps,
           (unsigned long long)saved, (unsigned long long)crashed, (unsigned long long)failed);
    if (range->census) {
        for (uint32_t job = 1; job < range->jobs; job++)
            census_join(&shared[0].census, &shared[job].census);
        census_print(&shared[0].census, range->tap ? "# " : "");
    }
    if (range->tap)
        printf("%sok 1 - %llu worlds from seed %llu on keep every promise\n1..1\n",
               failed == 0 ? "" : "not ", (unsigned long long)range->count,
               (unsigned long long)range->first);
    return failed == 0 ? 0 : 1;
}

/* ---- teeth ---- */

/* The first seed that the mistake breaks; 0: none. Each world in a process of its own, because a
 * mistake may crash it. */
static uint64_t first_broken(const struct range *range, int mistake, char what[160]) {
    struct shared *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint64_t found = 0;
    int status = 0;
    pid_t child;

    if (shared == MAP_FAILED)
        return 0;
    child = fork();
    if (child == 0) {
        planted_choose(mistake);
        for (uint64_t seed = range->first; seed < range->first + range->count; seed++) {
            struct world *world = calloc(1, sizeof(*world));

            shared->next = seed;
            if (world == NULL || !world_play(world, seed, false)) {
                (void)snprintf(shared->failure, sizeof(shared->failure), "%.159s",
                               world == NULL ? "no memory" : world->failure);
                _exit(1);
            }
            world_release(world);
            free(world);
        }
        _exit(0);
    }
    if (child > 0 && waitpid(child, &status, 0) == child && status != 0)
        found = shared->next;
    (void)snprintf(what, 160, "%.159s",
                   shared->failure[0] == '\0' ? "it crashed" : shared->failure);
    (void)munmap(shared, sizeof(*shared));
    return found;
}

static int play_teeth(const struct range *range) {
    int missed = 0, count = 0;

    for (int mistake = 1; mistake < (int)PLANTED_COUNT; mistake++) {
        char what[160] = "";
        uint64_t found = first_broken(range, mistake, what);

        missed += found == 0;
        printf("%sok %d - %s is found", found == 0 ? "not " : "", ++count, planted_name(mistake));
        if (found != 0)
            printf(" by seed %llu: %s", (unsigned long long)found, what);
        printf("\n");
        fflush(stdout);
    }
    printf("1..%d\n", count);
    return missed == 0 ? 0 : 1;
}

static int play_crowd(uint64_t seed, uint32_t count, const char *program) {
    struct world *world = calloc(1, sizeof(*world));
    char figures[300] = "";
    bool good = world != NULL && crowd_play(world, seed, count, figures, sizeof(figures));

    printf("%u tablets at once: %s\n%s\n", count,
           good            ? "every promise was kept"
           : world != NULL ? world->failure
                           : "no memory",
           figures);
    if (!good)
        printf("  again: %s --crowd %u %llu\n", program, count, (unsigned long long)seed);
    return good ? 0 : 1;
}

int main(int argc, char **argv) {
    uint32_t crowd = 0;
    struct range range = {.first = 1, .count = 0, .jobs = 2};
    uint64_t one = 0;
    struct err err;

    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;

        if (strcmp(argv[i], "--tap") == 0)
            range.tap = true;
        else if (strcmp(argv[i], "--census") == 0)
            range.census = true;
        else if (strcmp(argv[i], "--teeth") == 0)
            range.teeth = true;
        else if (strcmp(argv[i], "--planted") == 0 && more)
            range.planted = argv[++i];
        else if (strcmp(argv[i], "--seeds") == 0 && more)
            range.count = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--crowd") == 0 && more)
            crowd = (uint32_t)strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--start") == 0 && more)
            range.first = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--jobs") == 0 && more)
            range.jobs = (uint32_t)strtoull(argv[++i], NULL, 10);
        else
            one = strtoull(argv[i], NULL, 10);
    }
    if (range.planted != NULL && planted_find(range.planted) < 0) {
        fprintf(stderr, "no mistake is called %s; see tests/sim/planted.c\n", range.planted);
        return 2;
    }
    if (range.planted != NULL)
        planted_choose(planted_find(range.planted));
    if (range.first == 0) /* a seed alone cannot be 0 */
        range.first = 1;
    if (range.jobs == 0 || range.jobs > JOBS_MAX)
        range.jobs = 1;
    err_init(&err, LANG_EN);
    if ((one == 0 && range.count == 0 && crowd == 0) || crypt_start(&err) != RC_OK) {
        fprintf(stderr,
                "usage: %s SEED | --seeds N [--start FIRST] [--jobs J] [--tap] [--census]\n",
                argv[0]);
        return 2;
    }
    vfs_begin();
    vfs_world(0, 1);
    hall_prepare();
    if (crowd > 0)
        return play_crowd(one != 0 ? one : 1, crowd, argv[0]);
    if (range.teeth)
        return play_teeth(&range);
    return one != 0 ? play_one(one) : play_range(&range, argv[0]);
}
