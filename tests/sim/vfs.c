/* vfs.c: SQLite's own door to files (its "VFS"), over disk.h. It promises SQLite what the one for
 * Linux promises: locks between all that have a file open, shared memory for the write-ahead log,
 * that a write does no harm beside it, and that syncing a new journal syncs the names in its
 * folder.
 */
#include "tests/sim/vfs.h"

#include "tests/sim/disk.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES   512
#define REGIONS_MAX  64
#define SECTOR_BYTES 4096

/* Who holds what of a file: one for all that have it open. */
struct locks {
    uint32_t shared;      /* so many hold SHARED or more */
    const void *reserved; /* who holds RESERVED or more */
    const void *pending;  /* who holds PENDING or EXCLUSIVE */
    uint32_t mapped;      /* so many use the shared memory */
    void *regions[REGIONS_MAX];
    uint32_t shm_shared[SQLITE_SHM_NLOCK];
    const void *shm_exclusive[SQLITE_SHM_NLOCK];
};

struct file {
    sqlite3_file base;
    struct disk_file *file;
    int level;
    bool maps;
    uint32_t shm_mine; /* bits of shared locks */
    bool forget;       /* remove when closed */
    bool fresh;        /* its name may not be durable yet */
    char path[PATH_BYTES];
};

static int64_t world_ms;
static uint64_t world_random;

void vfs_world(int64_t now_ms, uint64_t seed) {
    world_ms = now_ms;
    world_random = seed;
}

static struct locks *locks_of(struct file *file) {
    return *disk_locks(file->file); /* made by open_file */
}

/* ---- one file ---- */

static int unlock(sqlite3_file *base, int level) {
    struct file *file = (struct file *)base;
    struct locks *locks = locks_of(file);

    if (level >= file->level)
        return SQLITE_OK;
    if (locks->reserved == file && level < SQLITE_LOCK_RESERVED)
        locks->reserved = NULL;
    if (locks->pending == file && level < SQLITE_LOCK_PENDING)
        locks->pending = NULL;
    if (level == SQLITE_LOCK_NONE)
        locks->shared--;
    file->level = level;
    return SQLITE_OK;
}

static int lock(sqlite3_file *base, int level) {
    struct file *file = (struct file *)base;
    struct locks *locks = locks_of(file);

    if (level <= file->level)
        return SQLITE_OK;
    if (level == SQLITE_LOCK_SHARED) {
        if (locks->pending != NULL)
            return SQLITE_BUSY;
        locks->shared++;
    } else if (level == SQLITE_LOCK_RESERVED) {
        if (locks->reserved != NULL)
            return SQLITE_BUSY;
        locks->reserved = file;
    } else {
        if ((locks->pending != NULL && locks->pending != file) ||
            (locks->reserved != NULL && locks->reserved != file))
            return SQLITE_BUSY;
        locks->pending = file;
        locks->reserved = file;
        if (locks->shared > 1) {
            file->level = SQLITE_LOCK_PENDING;
            return SQLITE_BUSY;
        }
    }
    file->level = level;
    return SQLITE_OK;
}

static int check_reserved(sqlite3_file *base, int *out) {
    *out = locks_of((struct file *)base)->reserved != NULL;
    return SQLITE_OK;
}

static int shm_unmap(sqlite3_file *base, int forget) {
    struct file *file = (struct file *)base;
    struct locks *locks = locks_of(file);

    (void)forget;
    if (!file->maps)
        return SQLITE_OK;
    for (int i = 0; i < SQLITE_SHM_NLOCK; i++) {
        if ((file->shm_mine >> i & 1) != 0)
            locks->shm_shared[i]--;
        if (locks->shm_exclusive[i] == file)
            locks->shm_exclusive[i] = NULL;
    }
    file->shm_mine = 0;
    file->maps = false;
    if (--locks->mapped == 0) {
        for (int i = 0; i < REGIONS_MAX; i++) {
            free(locks->regions[i]);
            locks->regions[i] = NULL;
        }
    }
    return SQLITE_OK;
}

static int close_file(sqlite3_file *base) {
    struct file *file = (struct file *)base;

    (void)shm_unmap(base, 0);
    (void)unlock(base, SQLITE_LOCK_NONE);
    disk_close(file->file);
    if (file->forget)
        (void)disk_unlink(file->path);
    return SQLITE_OK;
}

static int read_file(sqlite3_file *base, void *bytes, int size, sqlite3_int64 at) {
    struct file *file = (struct file *)base;
    size_t got = 0;

    if (disk_read(file->file, (uint64_t)at, bytes, (size_t)size, &got) != 0)
        return SQLITE_IOERR_READ;
    if (got == (size_t)size)
        return SQLITE_OK;
    memset((char *)bytes + got, 0, (size_t)size - got);
    return SQLITE_IOERR_SHORT_READ;
}

static int write_file(sqlite3_file *base, const void *bytes, int size, sqlite3_int64 at) {
    int error = disk_write(((struct file *)base)->file, (uint64_t)at, bytes, (size_t)size);

    return error == 0 ? SQLITE_OK : error == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 size) {
    return disk_truncate(((struct file *)base)->file, (uint64_t)size) == 0 ? SQLITE_OK
                                                                           : SQLITE_IOERR_TRUNCATE;
}

/* The folder of a path is synced. */
static int sync_folder(const char *path) {
    char folder[PATH_BYTES];
    char *slash;

    (void)snprintf(folder, sizeof(folder), "%s", path);
    slash = strrchr(folder, '/');
    if (slash != NULL)
        *slash = '\0';
    return disk_sync_names(folder) == 0 ? SQLITE_OK : SQLITE_IOERR_DIR_FSYNC;
}

static int sync_file(sqlite3_file *base, int flags) {
    struct file *file = (struct file *)base;
    int result = disk_sync(file->file) == 0 ? SQLITE_OK : SQLITE_IOERR_FSYNC;

    (void)flags;
    if (result == SQLITE_OK && file->fresh) {
        result = sync_folder(file->path);
        file->fresh = result != SQLITE_OK;
    }
    return result;
}

static int size_file(sqlite3_file *base, sqlite3_int64 *out) {
    *out = (sqlite3_int64)disk_size(((struct file *)base)->file);
    return SQLITE_OK;
}

static int control(sqlite3_file *base, int operation, void *argument) {
    (void)base;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int sector(sqlite3_file *base) {
    (void)base;
    return SECTOR_BYTES;
}

static int traits(sqlite3_file *base) {
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out) {
    struct file *file = (struct file *)base;
    struct locks *locks = locks_of(file);

    assert(region < REGIONS_MAX);
    if (!file->maps) {
        file->maps = true;
        locks->mapped++;
    }
    if (locks->regions[region] == NULL && extend != 0)
        locks->regions[region] = calloc(1, (size_t)size);
    *out = locks->regions[region];
    return *out == NULL && extend != 0 ? SQLITE_NOMEM : SQLITE_OK;
}

static int shm_lock(sqlite3_file *base, int from, int count, int flags) {
    struct file *file = (struct file *)base;
    struct locks *locks = locks_of(file);

    for (int i = from; i < from + count; i++) {
        bool mine = (file->shm_mine >> i & 1) != 0;

        if ((flags & SQLITE_SHM_UNLOCK) != 0)
            continue;
        if (locks->shm_exclusive[i] != NULL && locks->shm_exclusive[i] != file)
            return SQLITE_BUSY;
        if ((flags & SQLITE_SHM_EXCLUSIVE) != 0 && locks->shm_shared[i] > (mine ? 1u : 0u))
            return SQLITE_BUSY;
    }
    for (int i = from; i < from + count; i++) {
        bool mine = (file->shm_mine >> i & 1) != 0;

        if ((flags & SQLITE_SHM_EXCLUSIVE) != 0) {
            locks->shm_exclusive[i] = (flags & SQLITE_SHM_UNLOCK) != 0 ? NULL : file;
        } else if ((flags & SQLITE_SHM_UNLOCK) != 0 && mine) {
            file->shm_mine &= ~(1u << i);
            locks->shm_shared[i]--;
        } else if ((flags & SQLITE_SHM_UNLOCK) == 0 && !mine) {
            file->shm_mine |= 1u << i;
            locks->shm_shared[i]++;
        }
    }
    return SQLITE_OK;
}

static void shm_barrier(sqlite3_file *base) {
    (void)base;
}

static const sqlite3_io_methods METHODS = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_file,
    .xLock = lock,
    .xUnlock = unlock,
    .xCheckReservedLock = check_reserved,
    .xFileControl = control,
    .xSectorSize = sector,
    .xDeviceCharacteristics = traits,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

/* ---- all files ---- */

/* VACUUM keeps its copy in a file without a name, on whatever disk: here on that of /temporary,
 * which the world need not have. */
static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *out) {
    static unsigned temporary;
    struct file *file = (struct file *)base;
    int error;

    (void)vfs;
    memset(file, 0, sizeof(*file));
    if (path == NULL) {
        (void)snprintf(file->path, sizeof(file->path), "/temporary/%u", ++temporary);
        file->forget = true;
        path = file->path;
    } else {
        (void)snprintf(file->path, sizeof(file->path), "%s", path);
        file->forget = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    }
    error = disk_open(path,
                      ((flags & SQLITE_OPEN_CREATE) != 0 ? DISK_CREATE : 0) |
                          ((flags & SQLITE_OPEN_EXCLUSIVE) != 0 ? DISK_EXCLUSIVE : 0),
                      &file->file);
    if (error != 0)
        return error == EIO ? SQLITE_IOERR : SQLITE_CANTOPEN;
    if (*disk_locks(file->file) == NULL)
        *disk_locks(file->file) = calloc(1, sizeof(struct locks));
    if (*disk_locks(file->file) == NULL) {
        disk_close(file->file);
        return SQLITE_NOMEM;
    }
    /* As the one for Linux: of journals only, whose folder holds the database, too. */
    file->fresh = (flags & SQLITE_OPEN_CREATE) != 0 &&
                  (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
    file->base.pMethods = &METHODS;
    if (out != NULL)
        *out = flags;
    return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int sync) {
    int error = disk_unlink(path);

    (void)vfs;
    if (error != 0)
        return error == ENOENT ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
    return sync == 0 ? SQLITE_OK : sync_folder(path);
}

static int access_file(sqlite3_vfs *vfs, const char *path, int flags, int *out) {
    uint64_t size;

    (void)vfs;
    /* As the one for Linux: an empty file is none. */
    *out = disk_kind(path, &size) != 0 && (flags != SQLITE_ACCESS_EXISTS || size > 0);
    return SQLITE_OK;
}

static int full_path(sqlite3_vfs *vfs, const char *path, int size, char *out) {
    (void)vfs;
    (void)snprintf(out, (size_t)size, "%s", path);
    return SQLITE_OK;
}

static int randomness(sqlite3_vfs *vfs, int size, char *out) {
    (void)vfs;
    for (int i = 0; i < size; i++) {
        world_random = world_random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        out[i] = (char)(world_random >> 56);
    }
    return size;
}

static int nap(sqlite3_vfs *vfs, int us) {
    (void)vfs;
    world_ms += us / 1000;
    return us;
}

static int current_time(sqlite3_vfs *vfs, sqlite3_int64 *out) {
    (void)vfs;
    *out = INT64_C(210866760000000) + world_ms; /* since noon of 24 November 4714 BC */
    return SQLITE_OK;
}

static int last_error(sqlite3_vfs *vfs, int size, char *out) {
    (void)vfs;
    (void)size;
    (void)out;
    return 0;
}

void vfs_begin(void) {
    static sqlite3_vfs vfs = {
        .iVersion = 2,
        .szOsFile = sizeof(struct file),
        .mxPathname = PATH_BYTES - 1,
        .zName = "simulated",
        .xOpen = open_file,
        .xDelete = delete_file,
        .xAccess = access_file,
        .xFullPathname = full_path,
        .xRandomness = randomness,
        .xSleep = nap,
        .xGetLastError = last_error,
        .xCurrentTimeInt64 = current_time,
    };

    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        abort();
}
