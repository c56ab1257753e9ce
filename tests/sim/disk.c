/* disk.c: see disk.h.
 *
 * A file is what can be read now and what is durable, with the list of the sectors in which the two
 * may differ. Syncing copies those sectors. A power cut takes, for each of them, the new content or
 * the old one, by chance; sectors beyond the durable end may be empty or full of rubbish instead.
 * A file that was cut shorter is shorter or is not: its length is one number in the journal of a
 * file system. (A write-ahead log of which only the beginning were left would bring old pages
 * back.) That is what SQLite expects of a disk (a write does not harm bytes beside it, also in its
 * own sector), and no more.
 *
 * A name is what stands in the folder now and what stands there durably; creating, renaming and
 * removing become durable when the folder is synced. At a power cut the changes of names since then
 * are all there or none, as in the journal of a file system. */
#include "tests/sim/disk.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MACHINES_MAX  64
#define NAME_BYTES    32
#define STALL_MS      3000
#define FORBIDDEN_MAX 64u

static const char WRITING[] = "writing";

struct node {
    uint32_t names; /* that lead to it, now or durably */
    uint32_t open;
    uint8_t *bytes, *durable;
    uint64_t size, durable_size, room, durable_room;
    uint8_t *marked; /* one byte a sector: is in the list */
    uint64_t marked_room;
    uint32_t *changed; /* sectors */
    size_t changed_count, changed_room;
    void *locks;
};

struct name {
    char *path; /* "/MACHINE/rest" without the machine: "rest" */
    bool folder;
    struct node *now, *durable;
};

struct disk {
    uint64_t random;
    struct name *names;
    size_t name_count, name_room;
    struct disk_faults faults;
    uint64_t calls_left; /* to the power cut; 0: none is due */
    bool writes_pass;    /* and do not count among them */
    bool dead;
    uint32_t open;
    uint64_t writes, used_bytes;
    int64_t stalled_ms;
    struct disk_harm harm;
    char forbidden[FORBIDDEN_MAX];
    uint64_t found;
    char where[128];
};

struct disk_file {
    struct disk *disk;
    struct node *node;
    char path[128];
};

static struct {
    char name[NAME_BYTES];
    struct disk *disk;
} machines[MACHINES_MAX];

static void *must(void *memory) {
    if (memory == NULL) {
        fprintf(stderr, "out of memory\n");
        abort();
    }
    return memory;
}

static uint64_t chance(struct disk *disk, uint64_t below) {
    uint64_t mixed = disk->random += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (mixed ^ (mixed >> 31)) % below;
}

static bool fails(struct disk *disk, uint32_t one_in) {
    return one_in > 0 && chance(disk, one_in) == 0;
}

/* ---- nodes ---- */

static void node_put(struct disk *disk, struct node *node) {
    if (node == NULL || node->names > 0 || node->open > 0)
        return;
    disk->used_bytes -= node->size;
    free(node->bytes);
    free(node->durable);
    free(node->marked);
    free(node->changed);
    free(node->locks);
    free(node);
}

static void let_go(struct disk *disk, struct node **place) {
    struct node *node = *place;

    *place = NULL;
    if (node == NULL)
        return;
    node->names--;
    node_put(disk, node);
}

static void lead_to(struct disk *disk, struct node **place, struct node *node) {
    if (*place == node)
        return;
    if (node != NULL)
        node->names++;
    let_go(disk, place);
    *place = node;
}

static void grow(uint8_t **bytes, uint64_t *room, uint64_t size) {
    uint64_t more = *room == 0 ? 4096 : *room;

    if (size <= *room)
        return;
    while (more < size)
        more *= 2;
    *bytes = must(realloc(*bytes, more));
    memset(*bytes + *room, 0, more - *room);
    *room = more;
}

static void mark(struct node *node, uint64_t from, uint64_t to) {
    for (uint64_t sector = from / DISK_SECTOR_BYTES; sector * DISK_SECTOR_BYTES < to; sector++) {
        grow(&node->marked, &node->marked_room, sector + 1);
        if (node->marked[sector] != 0)
            continue;
        if (node->changed_count == node->changed_room) {
            node->changed_room = node->changed_room == 0 ? 64 : node->changed_room * 2;
            node->changed =
                must(realloc(node->changed, node->changed_room * sizeof(node->changed[0])));
        }
        node->marked[sector] = 1;
        node->changed[node->changed_count++] = (uint32_t)sector;
    }
}

/* Sets the size of what can be read; what is cut off or comes new is zero. */
static void resize(struct disk *disk, struct node *node, uint64_t size) {
    if (size < node->size) {
        memset(node->bytes + size, 0, node->size - size);
        mark(node, size, node->size);
    }
    grow(&node->bytes, &node->room, size);
    disk->used_bytes = disk->used_bytes - node->size + size;
    node->size = size;
}

static uint64_t sector_bytes(uint64_t size, uint64_t sector) {
    uint64_t from = sector * DISK_SECTOR_BYTES;

    return from >= size ? 0 : size - from > DISK_SECTOR_BYTES ? DISK_SECTOR_BYTES : size - from;
}

static void keep_sector(struct node *node, uint32_t sector) {
    uint64_t from = (uint64_t)sector * DISK_SECTOR_BYTES;
    uint64_t size = sector_bytes(node->size, sector);

    grow(&node->durable, &node->durable_room, from + DISK_SECTOR_BYTES);
    memset(node->durable + from, 0, DISK_SECTOR_BYTES);
    if (size > 0)
        memcpy(node->durable + from, node->bytes + from, size);
}

static void forget_changes(struct node *node) {
    for (size_t i = 0; i < node->changed_count; i++)
        node->marked[node->changed[i]] = 0;
    node->changed_count = 0;
}

static void settle(struct node *node) {
    for (size_t i = 0; i < node->changed_count; i++)
        keep_sector(node, node->changed[i]);
    forget_changes(node);
    grow(&node->durable, &node->durable_room, node->size);
    node->durable_size = node->size;
}

/* The power is gone: what is durable becomes what can be read, with what chance has let through. */
static void lose(struct disk *disk, struct node *node) {
    uint64_t longest = node->size > node->durable_size ? node->size : node->durable_size;
    uint64_t shortest = node->size < node->durable_size ? node->size : node->durable_size;
    uint64_t size = node->durable_size;
    uint64_t luck = chance(disk, 4); /* 0: nothing came through, 1: everything, else by chance */
    uint64_t cut_at = UINT64_MAX;    /* where the old end stands, if it was not cut off */

    if (luck == 1)
        size = node->size;
    else if (luck > 1 && longest > shortest)
        size = shortest + chance(disk, longest - shortest + 1);
    if (node->size < node->durable_size) {
        size = size - shortest < (longest - shortest) / 2 ? node->size : node->durable_size;
        cut_at = size == node->size ? UINT64_MAX : node->size;
    }
    for (size_t i = 0; i < node->changed_count; i++) {
        uint64_t from = (uint64_t)node->changed[i] * DISK_SECTOR_BYTES;

        if (luck == 1 || (luck > 1 && chance(disk, 2) == 0)) {
            if (from + DISK_SECTOR_BYTES <= cut_at)
                keep_sector(node, node->changed[i]);
        } else if (luck > 1 && from >= node->durable_size && chance(disk, 3) == 0) {
            grow(&node->durable, &node->durable_room, from + DISK_SECTOR_BYTES);
            for (uint64_t b = 0; b < DISK_SECTOR_BYTES; b++)
                node->durable[from + b] = (uint8_t)chance(disk, 256);
        }
    }
    forget_changes(node);
    grow(&node->durable, &node->durable_room, size > 0 ? size : 1);
    if (size < node->durable_room)
        memset(node->durable + size, 0, node->durable_room - size);
    disk->used_bytes = disk->used_bytes - node->size + size;
    free(node->bytes);
    node->bytes = must(malloc(node->durable_room));
    memcpy(node->bytes, node->durable, node->durable_room);
    node->room = node->durable_room;
    node->size = size;
    node->durable_size = size;
}

/* ---- names ---- */

/* The disk of a path, and what stands behind the machine's name. NULL: no such machine. */
static struct disk *find_disk(const char *path, const char **rest) {
    for (size_t i = 0; path[0] == '/' && i < MACHINES_MAX; i++) {
        size_t length = strlen(machines[i].name);

        if (machines[i].disk == NULL || strncmp(path + 1, machines[i].name, length) != 0)
            continue;
        *rest = path + 1 + length;
        if (**rest == '\0')
            return machines[i].disk;
        if (**rest == '/') {
            while (**rest == '/')
                ++*rest;
            return machines[i].disk;
        }
    }
    return NULL;
}

static struct name *find_name(struct disk *disk, const char *rest) {
    for (size_t i = 0; i < disk->name_count; i++)
        if (strcmp(disk->names[i].path, rest) == 0)
            return &disk->names[i];
    return NULL;
}

static struct name *add_name(struct disk *disk, const char *rest) {
    if (disk->name_count == disk->name_room) {
        disk->name_room = disk->name_room == 0 ? 16 : disk->name_room * 2;
        disk->names = must(realloc(disk->names, disk->name_room * sizeof(disk->names[0])));
    }
    disk->names[disk->name_count] = (struct name){.path = must(strdup(rest))};
    return &disk->names[disk->name_count++];
}

static void drop_nameless(struct disk *disk) {
    size_t kept = 0;

    for (size_t i = 0; i < disk->name_count; i++) {
        if (disk->names[i].now == NULL && disk->names[i].durable == NULL && !disk->names[i].folder)
            free(disk->names[i].path);
        else
            disk->names[kept++] = disk->names[i];
    }
    disk->name_count = kept;
}

/* ---- the machine ---- */

struct disk *disk_new(uint64_t seed) {
    struct disk *disk = must(calloc(1, sizeof(*disk)));

    disk->random = seed;
    return disk;
}

void disk_free(struct disk *disk) {
    if (disk == NULL)
        return;
    assert(disk->open == 0);
    for (size_t i = 0; i < MACHINES_MAX; i++)
        if (machines[i].disk == disk)
            machines[i].disk = NULL;
    for (size_t i = 0; i < disk->name_count; i++) {
        let_go(disk, &disk->names[i].now);
        let_go(disk, &disk->names[i].durable);
        free(disk->names[i].path);
    }
    free(disk->names);
    free(disk);
}

struct disk *disk_copy(const struct disk *disk, uint64_t seed) {
    struct disk *copy = disk_new(seed);

    memcpy(copy->forbidden, disk->forbidden, sizeof(copy->forbidden));
    for (size_t i = 0; i < disk->name_count; i++) {
        const struct name *name = &disk->names[i];
        struct name *made;
        struct node *node;

        if (name->folder) {
            add_name(copy, name->path)->folder = true;
            continue;
        }
        if (name->now == NULL)
            continue;
        made = add_name(copy, name->path);
        node = must(calloc(1, sizeof(*node)));
        resize(copy, node, name->now->size);
        if (node->size > 0)
            memcpy(node->bytes, name->now->bytes, node->size);
        mark(node, 0, node->size);
        settle(node);
        lead_to(copy, &made->now, node);
        lead_to(copy, &made->durable, node);
    }
    return copy;
}

void disk_mount(const char *name, struct disk *disk) {
    size_t at = 0, empty = MACHINES_MAX;

    for (at = 0; at < MACHINES_MAX && strcmp(machines[at].name, name) != 0; at++)
        if (machines[at].disk == NULL && empty == MACHINES_MAX)
            empty = at;
    if (at == MACHINES_MAX)
        at = empty;
    assert(at < MACHINES_MAX && strlen(name) < NAME_BYTES);
    (void)snprintf(machines[at].name, NAME_BYTES, "%s", name);
    machines[at].disk = disk;
}

int64_t disk_stalling_ms(const struct disk *disk) {
    return disk->stalled_ms;
}

void disk_set_faults(struct disk *disk, const struct disk_faults *faults) {
    disk->faults = *faults;
}

void disk_cut_after(struct disk *disk, uint64_t calls) {
    disk->calls_left = calls;
    disk->writes_pass = false;
}

void disk_cut_between(struct disk *disk, uint64_t calls) {
    disk->calls_left = calls;
    disk->writes_pass = true;
}

bool disk_is_dead(const struct disk *disk) {
    return disk->dead;
}

void disk_restart(struct disk *disk) {
    bool names_kept = chance(disk, 2) == 0;

    assert(disk->open == 0);
    for (size_t i = 0; i < disk->name_count; i++) {
        struct name *name = &disk->names[i];

        if (names_kept)
            lead_to(disk, &name->durable, name->now);
        else
            lead_to(disk, &name->now, name->durable);
    }
    for (size_t i = 0; i < disk->name_count; i++)
        if (disk->names[i].now != NULL)
            lose(disk, disk->names[i].now);
    drop_nameless(disk);
    disk->dead = false;
    disk->calls_left = 0;
}

uint32_t disk_open_files(const struct disk *disk) {
    return disk->open;
}

uint64_t disk_writes(const struct disk *disk) {
    return disk->writes;
}

int64_t disk_stalled_ms(struct disk *disk) {
    int64_t stalled_ms = disk->stalled_ms;

    disk->stalled_ms = 0;
    return stalled_ms;
}

struct disk_harm disk_harm(struct disk *disk) {
    struct disk_harm harm = disk->harm;

    disk->harm = (struct disk_harm){0};
    return harm;
}

void disk_forbid(struct disk *disk, const char *bytes) {
    assert(strlen(bytes) < FORBIDDEN_MAX);
    (void)snprintf(disk->forbidden, sizeof(disk->forbidden), "%s", bytes);
}

uint64_t disk_forbidden(const struct disk *disk, const char **where) {
    *where = disk->where;
    return disk->found;
}

bool disk_holds(const struct disk *disk, const void *bytes, size_t size) {
    for (size_t i = 0; i < disk->name_count; i++) {
        const struct node *node = disk->names[i].now;

        if (node != NULL && node->size > 0 && memmem(node->bytes, node->size, bytes, size) != NULL)
            return true;
    }
    return false;
}

/* A call that changes the disk: whether it may. *cut: the power goes in the midst of it. */
static int change(struct disk *disk, const char *what, bool *cut) {
    *cut = false;
    if (disk->dead)
        return EIO;
    disk->writes++;
    if (disk->calls_left > 0 && !(disk->writes_pass && what == WRITING) &&
        --disk->calls_left == 0) {
        disk->dead = true;
        disk->harm.cut = what;
        *cut = true;
    }
    return 0;
}

/* ---- files ---- */

int disk_open(const char *path, unsigned flags, struct disk_file **out) {
    const char *rest = NULL;
    struct disk *disk = find_disk(path, &rest);
    struct name *name;
    struct disk_file *file;

    *out = NULL;
    if (disk == NULL)
        return ENOENT;
    if (disk->dead)
        return EIO;
    name = find_name(disk, rest);
    if (rest[0] == '\0' || (name != NULL && name->folder))
        return EISDIR;
    if (name != NULL && name->now != NULL && (flags & DISK_EXCLUSIVE) != 0)
        return EEXIST;
    if (name == NULL || name->now == NULL) {
        bool cut = false;
        int error = (flags & DISK_CREATE) == 0 ? ENOENT : change(disk, "creating a file", &cut);

        if (error != 0)
            return error;
        if (name == NULL)
            name = add_name(disk, rest);
        lead_to(disk, &name->now, must(calloc(1, sizeof(struct node))));
        if (cut)
            return EIO;
    }
    file = must(calloc(1, sizeof(*file)));
    file->disk = disk;
    file->node = name->now;
    (void)snprintf(file->path, sizeof(file->path), "%s", path);
    file->node->open++;
    disk->open++;
    *out = file;
    return (flags & DISK_EMPTY) != 0 && file->node->size > 0 ? disk_truncate(file, 0) : 0;
}

void disk_close(struct disk_file *file) {
    struct node *node = file->node;

    node->open--;
    if (node->open == 0) {
        free(node->locks);
        node->locks = NULL;
    }
    file->disk->open--;
    node_put(file->disk, node);
    free(file);
}

int disk_read(struct disk_file *file, uint64_t at, void *bytes, size_t size, size_t *got) {
    const struct node *node = file->node;

    *got = 0;
    if (file->disk->dead)
        return EIO;
    if (fails(file->disk, file->disk->faults.read_errors)) {
        file->disk->harm.reads++;
        return EIO;
    }
    if (at < node->size)
        *got = node->size - at < size ? node->size - at : size;
    if (*got > 0)
        memcpy(bytes, node->bytes + at, *got);
    return 0;
}

static void look(struct disk_file *file, const void *bytes, size_t size) {
    struct disk *disk = file->disk;
    size_t length = strlen(disk->forbidden);

    if (length == 0 || memmem(bytes, size, disk->forbidden, length) == NULL)
        return;
    if (disk->found++ == 0)
        (void)snprintf(disk->where, sizeof(disk->where), "%s", file->path);
}

int disk_write(struct disk_file *file, uint64_t at, const void *bytes, size_t size) {
    struct disk *disk = file->disk;
    struct node *node = file->node;
    bool cut = false;
    int error = change(disk, WRITING, &cut);
    uint64_t end = at + size;

    if (error == 0 && fails(disk, disk->faults.write_errors)) {
        error = EIO;
        disk->harm.writes++;
        size = chance(disk, size + 1); /* part of it may have been written */
        end = at + size;
    } else if (error == 0 && disk->faults.room_bytes != 0 && end > node->size &&
               disk->used_bytes + (end - node->size) > disk->faults.room_bytes) {
        disk->harm.full++;
        return ENOSPC;
    }
    if (disk->dead && !cut)
        return EIO;
    look(file, bytes, size);
    if (size > 0) {
        if (end > node->size)
            resize(disk, node, end);
        memcpy(node->bytes + at, bytes, size);
        mark(node, at, end);
    }
    return cut ? EIO : error;
}

size_t disk_portion(struct disk_file *file, size_t size) {
    struct disk *disk = file->disk;

    if (size < 2 || !fails(disk, disk->faults.portions))
        return size;
    disk->harm.portions++;
    return 1 + chance(disk, size - 1);
}

int disk_truncate(struct disk_file *file, uint64_t size) {
    bool cut = false;
    int error = change(file->disk, "cutting a file shorter", &cut);

    if (error != 0)
        return error;
    resize(file->disk, file->node, size);
    return cut ? EIO : 0;
}

int disk_sync(struct disk_file *file) {
    struct disk *disk = file->disk;
    bool cut = false;
    int error = change(disk, "syncing a file", &cut);

    if (error != 0)
        return error;
    if (cut)
        return EIO;
    if (fails(disk, disk->faults.stalls)) {
        disk->stalled_ms += STALL_MS;
        disk->harm.stalls++;
    }
    if (fails(disk, disk->faults.sync_errors)) {
        disk->harm.syncs++;
        /* Some of it was written, and the system thinks no more of the rest. */
        for (size_t i = 0; i < file->node->changed_count; i++)
            if (chance(disk, 2) == 0)
                keep_sector(file->node, file->node->changed[i]);
        return EIO;
    }
    settle(file->node);
    return 0;
}

uint64_t disk_size(const struct disk_file *file) {
    return file->node->size;
}

void **disk_locks(struct disk_file *file) {
    return &file->node->locks;
}

int disk_unlink(const char *path) {
    const char *rest = NULL;
    struct disk *disk = find_disk(path, &rest);
    struct name *name = disk == NULL ? NULL : find_name(disk, rest);
    bool cut = false;
    int error;

    if (disk != NULL && disk->dead)
        return EIO;
    if (name == NULL || (name->now == NULL && !name->folder))
        return ENOENT;
    error = change(disk, "removing a file", &cut);
    if (error != 0)
        return error;
    name->folder = false;
    let_go(disk, &name->now);
    return cut ? EIO : 0;
}

int disk_rename(const char *from, const char *to, bool replace) {
    const char *rest = NULL, *to_rest = NULL;
    struct disk *disk = find_disk(from, &rest), *to_disk = find_disk(to, &to_rest);
    struct name *source, *target;
    bool cut = false;
    int error;

    if (disk == NULL || disk != to_disk)
        return ENOENT;
    if (disk->dead)
        return EIO;
    source = find_name(disk, rest);
    if (source == NULL || source->now == NULL)
        return ENOENT;
    target = find_name(disk, to_rest);
    if (target != NULL && (target->now != NULL || target->folder) && !replace)
        return EEXIST;
    error = change(disk, "renaming a file", &cut);
    if (error != 0)
        return error;
    if (target == NULL) {
        target = add_name(disk, to_rest);
        source = find_name(disk, rest);
    }
    lead_to(disk, &target->now, source->now);
    let_go(disk, &source->now);
    return cut ? EIO : 0;
}

int disk_make_folder(const char *path) {
    const char *rest = NULL;
    struct disk *disk = find_disk(path, &rest);
    struct name *name;
    bool cut = false;
    int error;

    if (disk == NULL)
        return EACCES;
    if (disk->dead)
        return EIO;
    name = find_name(disk, rest);
    if (rest[0] == '\0' || (name != NULL && (name->folder || name->now != NULL)))
        return EEXIST;
    error = change(disk, "making a folder", &cut);
    if (error != 0)
        return error;
    if (name == NULL)
        name = add_name(disk, rest);
    name->folder = true;
    return cut ? EIO : 0;
}

/* Whether the name stands directly in the folder. */
static bool lies_in(const char *path, const char *folder) {
    size_t length = strlen(folder);

    while (length > 0 && folder[length - 1] == '/')
        length--;
    if (length == 0)
        return strchr(path, '/') == NULL;
    return strncmp(path, folder, length) == 0 && path[length] == '/' &&
           strchr(path + length + 1, '/') == NULL;
}

int disk_sync_names(const char *folder) {
    const char *rest = NULL;
    struct disk *disk = find_disk(folder, &rest);
    bool cut = false;
    int error = disk == NULL ? ENOENT : change(disk, "syncing a folder", &cut);

    if (error != 0 || cut)
        return error != 0 ? error : EIO;
    if (fails(disk, disk->faults.sync_errors)) {
        disk->harm.syncs++;
        return EIO;
    }
    for (size_t i = 0; i < disk->name_count; i++)
        if (lies_in(disk->names[i].path, rest))
            lead_to(disk, &disk->names[i].durable, disk->names[i].now);
    drop_nameless(disk);
    return 0;
}

int disk_kind(const char *path, uint64_t *size) {
    const char *rest = NULL;
    struct disk *disk = find_disk(path, &rest);
    const struct name *name;

    *size = 0;
    if (disk == NULL || disk->dead)
        return strcmp(path, "/") == 0 ? 2 : 0;
    if (rest[0] == '\0')
        return 2;
    name = find_name(disk, rest);
    if (name == NULL || (name->now == NULL && !name->folder))
        return 0;
    *size = name->folder ? 0 : name->now->size;
    return name->folder ? 2 : 1;
}

const char *disk_name(const char *folder, uint32_t at) {
    const char *rest = NULL;
    struct disk *disk = find_disk(folder, &rest);

    for (size_t i = 0; disk != NULL && i < disk->name_count; i++) {
        const struct name *name = &disk->names[i];

        if ((name->folder || name->now != NULL) && lies_in(name->path, rest) && at-- == 0) {
            const char *slash = strrchr(name->path, '/');

            return slash == NULL ? name->path : slash + 1;
        }
    }
    return NULL;
}

uint64_t disk_room(const char *path) {
    const char *rest = NULL;
    struct disk *disk = find_disk(path, &rest);
    uint64_t room =
        disk == NULL || disk->faults.room_bytes == 0 ? (uint64_t)64 << 30 : disk->faults.room_bytes;

    return disk == NULL || disk->used_bytes >= room ? 0 : room - disk->used_bytes;
}
