/* posix.c: see posix.h. Descriptors are places in a table, from 1000 on so that nobody takes them
 * for real ones; folders have one, too, because their names are synced through it. */
#include "tests/sim/posix.h"

#include "tests/sim/disk.h"

#include <stdarg.h>
#include <stdbool.h>

#define FIRST      1000
#define COUNT      64
#define PATH_BYTES 512

static struct {
    bool used, folder;
    struct disk_file *file;
    uint64_t at;
    bool appends;
    char path[PATH_BYTES];
} table[COUNT];

struct sim_folder {
    char path[PATH_BYTES];
    uint32_t at;
    struct dirent entry;
};

static int failed(int error) {
    errno = error;
    return -1;
}

int sim_open(const char *path, int flags, ...) {
    uint64_t size;
    int at = 0, error;

    while (at < COUNT && table[at].used)
        at++;
    if (at == COUNT)
        return failed(EMFILE);
    if ((flags & O_DIRECTORY) != 0) {
        if (disk_kind(path, &size) != 2)
            return failed(ENOENT);
    } else {
        if ((flags & (O_WRONLY | O_RDWR)) == 0 && disk_kind(path, &size) == 2)
            return failed(EISDIR);
        error = disk_open(path,
                          ((flags & O_CREAT) != 0 ? DISK_CREATE : 0) |
                              ((flags & O_EXCL) != 0 ? DISK_EXCLUSIVE : 0) |
                              ((flags & O_TRUNC) != 0 ? DISK_EMPTY : 0),
                          &table[at].file);
        if (error != 0) {
            if (table[at].file != NULL)
                disk_close(table[at].file);
            table[at].file = NULL;
            return failed(error);
        }
    }
    table[at].used = true;
    table[at].folder = (flags & O_DIRECTORY) != 0;
    table[at].at = 0;
    table[at].appends = (flags & O_APPEND) != 0;
    (void)snprintf(table[at].path, PATH_BYTES, "%s", path);
    return FIRST + at;
}

int sim_close(int descriptor) {
    int at = descriptor - FIRST;

    if (!table[at].folder) {
        void **locks = disk_locks(table[at].file);

        if (*locks == &table[at])
            *locks = NULL;
        disk_close(table[at].file);
    }
    table[at].file = NULL;
    table[at].used = false;
    return 0;
}

ssize_t sim_pread(int descriptor, void *bytes, size_t size, off_t at) {
    struct disk_file *file = table[descriptor - FIRST].file;
    size_t got = 0;
    int error = disk_read(file, (uint64_t)at, bytes, disk_portion(file, size), &got);

    return error == 0 ? (ssize_t)got : failed(error);
}

ssize_t sim_read(int descriptor, void *bytes, size_t size) {
    ssize_t got = sim_pread(descriptor, bytes, size, (off_t)table[descriptor - FIRST].at);

    if (got > 0)
        table[descriptor - FIRST].at += (uint64_t)got;
    return got;
}

ssize_t sim_pwrite(int descriptor, const void *bytes, size_t size, off_t at) {
    struct disk_file *file = table[descriptor - FIRST].file;
    int error;

    size = disk_portion(file, size);
    error = disk_write(file, (uint64_t)at, bytes, size);
    return error == 0 ? (ssize_t)size : failed(error);
}

ssize_t sim_write(int descriptor, const void *bytes, size_t size) {
    int at = descriptor - FIRST;
    ssize_t done;

    if (table[at].appends)
        table[at].at = disk_size(table[at].file);
    done = sim_pwrite(descriptor, bytes, size, (off_t)table[at].at);
    if (done > 0)
        table[at].at += (uint64_t)done;
    return done;
}

int sim_fsync(int descriptor) {
    int at = descriptor - FIRST;
    int error = table[at].folder ? disk_sync_names(table[at].path) : disk_sync(table[at].file);

    return error == 0 ? 0 : failed(error);
}

int sim_ftruncate(int descriptor, off_t size) {
    int error = disk_truncate(table[descriptor - FIRST].file, (uint64_t)size);

    return error == 0 ? 0 : failed(error);
}

int sim_fchmod(int descriptor, mode_t mode) {
    (void)descriptor;
    (void)mode;
    return 0;
}

/* The lock of a file is whose descriptor it is. */
int sim_flock(int descriptor, int operation) {
    int at = descriptor - FIRST;
    void **locks = disk_locks(table[at].file);

    (void)operation;
    if (*locks != NULL && *locks != &table[at])
        return failed(EWOULDBLOCK);
    *locks = &table[at];
    return 0;
}

int sim_fadvise(int descriptor, off_t at, off_t size, int advice) {
    (void)descriptor;
    (void)at;
    (void)size;
    (void)advice;
    return 0;
}

int sim_unlink(const char *path) {
    int error = disk_unlink(path);

    return error == 0 ? 0 : failed(error);
}

int sim_rename(const char *from, const char *to) {
    int error = disk_rename(from, to, true);

    return error == 0 ? 0 : failed(error);
}

int sim_renameat2(int from_folder, const char *from, int to_folder, const char *to,
                  unsigned flags) {
    int error = disk_rename(from, to, false);

    (void)from_folder;
    (void)to_folder;
    (void)flags;
    return error == 0 ? 0 : failed(error);
}

int sim_mkdir(const char *path, mode_t mode) {
    int error = disk_make_folder(path);

    (void)mode;
    return error == 0 ? 0 : failed(error);
}

int sim_stat(const char *path, struct stat *out) {
    uint64_t size = 0;
    int kind = disk_kind(path, &size);

    memset(out, 0, sizeof(*out));
    if (kind == 0)
        return failed(ENOENT);
    out->st_mode = kind == 2 ? S_IFDIR | 0700 : S_IFREG | 0600;
    out->st_size = (off_t)size;
    return 0;
}

int sim_statvfs(const char *path, struct statvfs *out) {
    memset(out, 0, sizeof(*out));
    out->f_frsize = 1;
    out->f_bavail = disk_room(path);
    return 0;
}

struct sim_folder *sim_opendir(const char *path) {
    struct sim_folder *folder;
    uint64_t size;

    if (disk_kind(path, &size) != 2) {
        errno = ENOENT;
        return NULL;
    }
    folder = calloc(1, sizeof(*folder));
    if (folder != NULL)
        (void)snprintf(folder->path, sizeof(folder->path), "%s", path);
    return folder;
}

struct dirent *sim_readdir(struct sim_folder *folder) {
    const char *name = disk_name(folder->path, folder->at++);

    if (name == NULL)
        return NULL;
    (void)snprintf(folder->entry.d_name, sizeof(folder->entry.d_name), "%s", name);
    return &folder->entry;
}

int sim_closedir(struct sim_folder *folder) {
    free(folder);
    return 0;
}
