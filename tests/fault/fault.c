/* fault.c: see fault.h. */
#include "tests/fault/fault.h"

#include "base/arena.h"
#include "tests/sim/disk.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <execinfo.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static struct {
    enum fault_kind kind;
    uint64_t number, calls;
    bool ever_after, struck, county, struck_county;
    unsigned paused;
    unsigned machine_count;
    struct disk *machines[FAULT_MACHINES];
    bool learns;
    int depth; /* of the stack of whoever armed */
} state;

/* Places by the hash of their stack, open addressing; 0: free. */
#define PLACES     (1u << 20)
#define STACK_MOST 200
static struct { uint64_t seen[PLACES], first[PLACES], count, used; } places;

const char *fault_name(enum fault_kind kind) {
    static const char *const names[FAULT_KINDS] = {"none",  "memory", "open",  "read",
                                                   "write", "sync",   "power", "arena"};

    return names[kind];
}

void fault_arm(enum fault_kind kind, uint64_t number, bool ever_after) {
    state.kind = kind;
    state.number = number;
    state.calls = 0;
    state.ever_after = ever_after;
    state.struck = false;
    state.struck_county = false;
}

void fault_disarm(void) {
    state.kind = FAULT_NONE;
    state.learns = false;
}

void fault_learn(bool forget) {
    void *frames[STACK_MOST];

    if (forget) {
        memset(places.seen, 0, sizeof(places.seen));
        places.used = 0;
    }
    places.count = 0;
    state.depth = backtrace(frames, STACK_MOST);
    state.learns = true;
}

const uint64_t *fault_places(uint64_t *count) {
    *count = places.count;
    return places.first;
}

static void learn(enum fault_kind kind) {
    void *frames[STACK_MOST];
    uint64_t hash = (uint64_t)kind + 1;
    int depth;
    size_t at;

    state.paused++; /* what follows may ask for memory itself */
    depth = backtrace(frames, STACK_MOST) - state.depth - 1;
    state.paused--;
    for (int i = 1; i < depth; i++)
        hash = (hash ^ (uint64_t)(uintptr_t)frames[i]) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 29;
    if (hash == 0)
        hash = 1;
    for (at = hash % PLACES; places.seen[at] != 0; at = (at + 1) % PLACES)
        if (places.seen[at] == hash)
            return;
    if (places.used + 1 >= PLACES)
        abort();
    places.used++;
    places.seen[at] = hash;
    places.first[places.count++] = state.calls;
}

uint64_t fault_calls(void) {
    return state.calls;
}

bool fault_struck(void) {
    return state.struck;
}

bool fault_struck_county(void) {
    return state.struck_county;
}

void fault_county(bool in) {
    state.county = in;
}

void fault_pause(void) {
    state.paused++;
}

void fault_resume(void) {
    state.paused--;
}

void fault_machines(struct disk *const *disks, unsigned count) {
    state.machine_count = count;
    memcpy(state.machines, disks, count * sizeof(*disks));
}

static bool strikes(enum fault_kind kind) {
    if (state.kind != kind || state.paused > 0)
        return false;
    state.calls++;
    if (state.learns)
        learn(kind);
    if (state.number == 0 || state.calls < state.number ||
        (state.calls > state.number && !state.ever_after))
        return false;
    state.struck_county = state.struck_county || state.county;
    state.struck = true;
    return true;
}

/* ---- memory ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);

/* A place for a breakpoint: here memory runs out. */
static bool memory_runs_out(void) {
    if (!strikes(FAULT_MEMORY))
        return false;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size) {
    return memory_runs_out() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return memory_runs_out() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size) {
    return memory_runs_out() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text) {
    return memory_runs_out() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t size) {
    return memory_runs_out() ? NULL : __real_strndup(text, size);
}

/* An arena that has failed goes on failing. */
static bool arena_runs_out(struct arena *arena) {
    if (!strikes(FAULT_ARENA))
        return false;
    if (arena->failed == RC_OK)
        arena->failed = RC_NO_MEMORY;
    return true;
}

#define ARENA_CALL(name, parameters, arguments)                                                    \
    void *__real_##name parameters;                                                                \
    void *__wrap_##name parameters;                                                                \
    void *__wrap_##name parameters {                                                               \
        return arena_runs_out(arena) ? NULL : __real_##name arguments;                             \
    }
ARENA_CALL(arena_alloc, (struct arena * arena, size_t size), (arena, size))
ARENA_CALL(arena_array, (struct arena * arena, size_t count, size_t size), (arena, count, size))
ARENA_CALL(arena_room, (struct arena * arena, size_t count, size_t size), (arena, count, size))
ARENA_CALL(arena_copy, (struct arena * arena, const void *data, size_t size), (arena, data, size))

void *__real_arena_push(struct arena *arena, void *list, uint32_t *count, uint32_t *capacity,
                        size_t size);
void *__wrap_arena_push(struct arena *arena, void *list, uint32_t *count, uint32_t *capacity,
                        size_t size);
struct view __real_arena_view(struct arena *arena, struct view view);
struct view __wrap_arena_view(struct arena *arena, struct view view);

void *__wrap_arena_push(struct arena *arena, void *list, uint32_t *count, uint32_t *capacity,
                        size_t size) {
    if (*count == *capacity && arena_runs_out(arena)) /* otherwise there is room */
        return NULL;
    return __real_arena_push(arena, list, count, capacity, size);
}

struct view __wrap_arena_view(struct arena *arena, struct view view) {
    return arena_runs_out(arena) ? (struct view){0} : __real_arena_view(arena, view);
}

/* SQLite wants to know how large a piece is, so its size stands before it. */
#define HEAD 16

static void *sqlite_malloc(int size) {
    int *piece = malloc((size_t)size + HEAD);

    if (piece == NULL)
        return NULL;
    *piece = size;
    return (char *)piece + HEAD;
}

static void sqlite_free(void *memory) {
    if (memory != NULL)
        free((char *)memory - HEAD);
}

static void *sqlite_realloc(void *memory, int size) {
    int *piece = realloc((char *)memory - HEAD, (size_t)size + HEAD);

    if (piece == NULL)
        return NULL;
    *piece = size;
    return (char *)piece + HEAD;
}

static int sqlite_size(void *memory) {
    int size = 0;

    if (memory != NULL)
        memcpy(&size, (char *)memory - HEAD, sizeof(size));
    return size;
}

static int sqlite_round(int size) {
    return (size + 7) & ~7;
}

static int sqlite_start(void *context) {
    (void)context;
    return SQLITE_OK;
}

static void sqlite_stop(void *context) {
    (void)context;
}

static void *cjson_malloc(size_t size) {
    return malloc(size);
}

static void cjson_free(void *memory) {
    free(memory);
}

void fault_begin(void) {
    static const sqlite3_mem_methods methods = {sqlite_malloc, sqlite_free,  sqlite_realloc,
                                                sqlite_size,   sqlite_round, sqlite_start,
                                                sqlite_stop,   NULL};
    cJSON_Hooks hooks = {cjson_malloc, cjson_free};

    cJSON_InitHooks(&hooks);
    /* Lookaside would hide most of SQLite's requests from us. */
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) != SQLITE_OK)
        abort();
}

/* ---- disk ---- */

#define DISK_CALL(name, parameters, arguments)                                                     \
    int __real_##name parameters;                                                                  \
    int __wrap_##name parameters;                                                                  \
    static int inside_##name parameters {                                                          \
        int answer;                                                                                \
        fault_pause();                                                                             \
        answer = __real_##name arguments;                                                          \
        fault_resume();                                                                            \
        return answer;                                                                             \
    }
DISK_CALL(disk_open, (const char *path, unsigned flags, struct disk_file **out), (path, flags, out))
DISK_CALL(disk_read, (struct disk_file * file, uint64_t at, void *bytes, size_t size, size_t *got),
          (file, at, bytes, size, got))
DISK_CALL(disk_write, (struct disk_file * file, uint64_t at, const void *bytes, size_t size),
          (file, at, bytes, size))
DISK_CALL(disk_truncate, (struct disk_file * file, uint64_t size), (file, size))
DISK_CALL(disk_sync, (struct disk_file * file), (file))
DISK_CALL(disk_unlink, (const char *path), (path))
DISK_CALL(disk_rename, (const char *from, const char *to, bool replace), (from, to, replace))
DISK_CALL(disk_make_folder, (const char *path), (path))
DISK_CALL(disk_sync_names, (const char *folder), (folder))

static void power(void) {
    if (!strikes(FAULT_POWER))
        return;
    for (unsigned at = 0; at < state.machine_count; at++)
        disk_cut_after(state.machines[at], 1);
}

int __wrap_disk_open(const char *path, unsigned flags, struct disk_file **out) {
    if (strikes(FAULT_OPEN)) {
        *out = NULL;
        return EIO;
    }
    return inside_disk_open(path, flags, out);
}

int __wrap_disk_read(struct disk_file *file, uint64_t at, void *bytes, size_t size, size_t *got) {
    if (strikes(FAULT_READ)) {
        *got = 0;
        return EIO;
    }
    return inside_disk_read(file, at, bytes, size, got);
}

int __wrap_disk_write(struct disk_file *file, uint64_t at, const void *bytes, size_t size) {
    if (strikes(FAULT_WRITE))
        return ENOSPC;
    power();
    return inside_disk_write(file, at, bytes, size);
}

int __wrap_disk_truncate(struct disk_file *file, uint64_t size) {
    if (strikes(FAULT_WRITE))
        return EIO;
    power();
    return inside_disk_truncate(file, size);
}

int __wrap_disk_sync(struct disk_file *file) {
    if (strikes(FAULT_SYNC))
        return EIO;
    power();
    return inside_disk_sync(file);
}

int __wrap_disk_unlink(const char *path) {
    if (strikes(FAULT_WRITE))
        return EIO;
    power();
    return inside_disk_unlink(path);
}

int __wrap_disk_rename(const char *from, const char *to, bool replace) {
    if (strikes(FAULT_WRITE))
        return EIO;
    power();
    return inside_disk_rename(from, to, replace);
}

int __wrap_disk_make_folder(const char *path) {
    if (strikes(FAULT_WRITE))
        return ENOSPC;
    power();
    return inside_disk_make_folder(path);
}

int __wrap_disk_sync_names(const char *folder) {
    if (strikes(FAULT_SYNC))
        return EIO;
    power();
    return inside_disk_sync_names(folder);
}
