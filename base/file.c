/* Files as a whole, with fsync where a power cut could take something away, and the reasons of
 * the system in words. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/list.h"
#include "base/words.h"

#define READ_STEP_BYTES 65536u

enum rc file_fail(const char *action, const char *path, int error, struct err *err) {
    const char *doing = words(err->lang, action);

    switch (error) {
    case ENOENT:
        return err_set(err, RC_NOT_FOUND, "%s: %s: no such file or folder", path, doing);
    case EACCES:
    case EPERM:
        return err_set(err, RC_IO,
                       "%s: %s: no permission; check the owner and mode of the "
                       "file and its folder",
                       path, doing);
    case ENOMEM:
        return err_set(err, RC_NO_MEMORY, "%s: %s: out of memory", path, doing);
    case ENOSPC:
    case EDQUOT:
        return err_set(err, RC_IO, "%s: %s: the disk is full; free some space and try again", path,
                       doing);
    case EROFS:
        return err_set(err, RC_IO, "%s: %s: the file system is read-only", path, doing);
    case ENOTDIR:
        return err_set(err, RC_IO, "%s: %s: a part of the path is not a folder", path, doing);
    case EISDIR:
        return err_set(err, RC_INVALID, "%s: %s: it is a folder", path, doing);
    case ENAMETOOLONG:
        return err_set(err, RC_INVALID, "%s: %s: the path is too long", path, doing);
    case EMFILE:
    case ENFILE:
        return err_set(err, RC_IO, "%s: %s: too many open files", path, doing);
    default:
        err_set(err, RC_IO, "%s: %s: the disk refuses", path, doing);
        return err_detail(err, "errno %d: %s", error, strerrordesc_np(error));
    }
}

/* ---- reading ---- */

enum rc file_read_descriptor(int descriptor, const char *name, size_t max_bytes, struct buf *out,
                             struct err *err) {
    size_t start = out->size;
    enum rc rc = RC_OK;

    while (rc == RC_OK) {
        size_t left = max_bytes - (out->size - start);
        size_t step = left < READ_STEP_BYTES ? left : READ_STEP_BYTES;
        uint8_t beyond;
        uint8_t *room;
        ssize_t got;

        if (step > out->cap_bytes - out->size)
            step = out->cap_bytes - out->size;
        /* With the limit reached, one byte more tells whether the file ends here. */
        room = step > 0 ? buf_reserve(out, step) : &beyond;
        if (room == NULL) {
            rc = buf_check(out, name, err);
            break;
        }
        got = read(descriptor, room, step > 0 ? step : 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            rc = file_fail("cannot read", name, errno, err);
        else if (got == 0)
            return RC_OK;
        else if (step == 0)
            rc = err_set(err, RC_LIMIT, "%s: larger than the limit of %zu bytes", name,
                         out->size - start);
        else
            out->size += (size_t)got;
    }
    out->size = start;
    return rc;
}

enum rc file_read(const char *path, size_t max_bytes, struct buf *out, struct err *err) {
    int descriptor;
    enum rc rc;

    if (out->failed != RC_OK)
        return buf_check(out, path, err);
    descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return file_fail("cannot read", path, errno, err);
    rc = file_read_descriptor(descriptor, path, max_bytes, out, err);
    close(descriptor);
    return rc;
}

/* ---- writing ---- */

static enum rc write_all(int descriptor, const char *path, struct view left, struct err *err) {
    while (left.size > 0) {
        ssize_t done = write(descriptor, left.data, left.size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return file_fail("cannot write", path, errno, err);
        left = view_slice(left, (size_t)done, left.size);
    }
    return RC_OK;
}

enum rc file_sync_directory(const char *path, struct err *err) {
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum rc rc = RC_OK;

    if (descriptor < 0)
        return file_fail("cannot write", path, errno, err);
    if (fsync(descriptor) != 0)
        rc = file_fail("cannot write", path, errno, err);
    close(descriptor);
    return rc;
}

/* The folder that holds path: everything before the last slash. */
static void parent_of(const char *path, char out[FILE_PATH_BYTES_MAX]) {
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path);

    if (slash == NULL)
        memcpy(out, ".", 2);
    else if (length == 0)
        memcpy(out, "/", 2);
    else {
        memcpy(out, path, length);
        out[length] = '\0';
    }
}

static enum rc sync_parent(const char *path, struct err *err) {
    char parent[FILE_PATH_BYTES_MAX];

    parent_of(path, parent);
    return file_sync_directory(parent, err);
}

enum rc file_write(const char *path, struct view contents, mode_t mode, struct err *err) {
    char temporary[FILE_PATH_BYTES_MAX];
    int length = snprintf(temporary, sizeof(temporary), "%s.tmp-%ld", path, (long)getpid());
    int descriptor;
    enum rc rc;

    if (length < 0 || (size_t)length >= sizeof(temporary))
        return file_fail("cannot write", path, ENAMETOOLONG, err);
    /* One that is left over belongs to a dead process with our number. */
    (void)unlink(temporary);
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (descriptor < 0)
        return file_fail("cannot create", path, errno, err);
    /* Sticks have no modes: that is no harm for what everybody may read. */
    rc = fchmod(descriptor, mode) == 0 || (errno == EPERM && mode == FILE_MODE_SHARED)
             ? RC_OK
             : file_fail("cannot write", path, errno, err);
    if (rc == RC_OK)
        rc = write_all(descriptor, path, contents, err);
    if (rc == RC_OK && fsync(descriptor) != 0)
        rc = file_fail("cannot write", path, errno, err);
    if (close(descriptor) != 0 && rc == RC_OK)
        rc = file_fail("cannot write", path, errno, err);
    if (rc == RC_OK && rename(temporary, path) != 0)
        rc = file_fail("cannot write", path, errno, err);
    if (rc != RC_OK) {
        (void)unlink(temporary);
        return rc;
    }
    return sync_parent(path, err);
}

enum rc file_append(const char *path, struct view contents, mode_t mode, struct err *err) {
    bool fresh = false;
    int descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    enum rc rc;

    if (descriptor < 0 && errno == ENOENT) {
        fresh = true;
        descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, mode);
    }
    if (descriptor < 0)
        return file_fail("cannot write", path, errno, err);
    rc = write_all(descriptor, path, contents, err);
    if (rc == RC_OK && fsync(descriptor) != 0)
        rc = file_fail("cannot write", path, errno, err);
    if (close(descriptor) != 0 && rc == RC_OK)
        rc = file_fail("cannot write", path, errno, err);
    return rc == RC_OK && fresh ? sync_parent(path, err) : rc;
}

/* ---- directories ---- */

bool file_is_directory(const char *path) {
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool file_exists(const char *path) {
    struct stat status;

    return lstat(path, &status) == 0;
}

static enum rc make_one(const char *path, struct err *err) {
    if (mkdir(path, 0700) == 0)
        return sync_parent(path, err);
    if (errno != EEXIST)
        return file_fail("cannot create", path, errno, err);
    if (!file_is_directory(path))
        return err_set(err, RC_CONFLICT, "%s: cannot create the folder: a file stands there", path);
    return RC_OK;
}

enum rc file_make_directory(const char *path, struct err *err) {
    char part[FILE_PATH_BYTES_MAX];
    size_t length = strlen(path);
    size_t at;

    if (length == 0 || length >= sizeof(part))
        return file_fail("cannot create", path, length == 0 ? ENOENT : ENAMETOOLONG, err);
    if (file_is_directory(path))
        return RC_OK;
    memcpy(part, path, length + 1);
    for (at = 1; at <= length; at++) {
        enum rc rc;

        if ((part[at] != '/' && part[at] != '\0') || part[at - 1] == '/')
            continue;
        part[at] = '\0';
        /* Parents that exist may lie where we may not write; they are left alone. */
        rc = file_is_directory(part) ? RC_OK : make_one(part, err);
        if (rc != RC_OK)
            return rc;
        part[at] = path[at];
    }
    return RC_OK;
}

/* File systems of USB sticks know no RENAME_NOREPLACE: there we look first. */
enum rc file_rename(const char *from, const char *to, struct err *err) {
    bool taken = false;

    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return sync_parent(to, err);
    taken = errno == EEXIST;
    if (!taken && (errno == EINVAL || errno == ENOSYS || errno == EPERM)) {
        taken = file_exists(to);
        if (!taken && rename(from, to) == 0)
            return sync_parent(to, err);
    }
    if (taken)
        return err_set(err, RC_CONFLICT,
                       "%s: exists already and is not overwritten; use another name", to);
    return file_fail("cannot create", to, errno, err);
}

enum rc file_settle(const char *path, struct err *err) {
    enum rc rc = file_sync(path, err);

    return rc == RC_OK ? sync_parent(path, err) : rc;
}

enum rc file_remove(const char *path, struct err *err) {
    if (remove(path) != 0)
        return file_fail("cannot remove", path, errno, err);
    return RC_OK;
}

static int compare_names(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static enum rc read_names(DIR *directory, const char *path, size_t max_count, struct arena *arena,
                          const char ***found, size_t *count, struct err *err) {
    size_t room = 0;

    for (;;) {
        struct dirent *entry;
        const char *name;
        enum rc rc;

        errno = 0;
        entry = readdir(directory);
        if (entry == NULL)
            return errno == 0 ? RC_OK : file_fail("cannot read", path, errno, err);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        rc = array_grow(found, sizeof(**found), *count + 1, max_count, path, &room, err);
        if (rc != RC_OK)
            return rc;
        name = arena_copy(arena, entry->d_name, strlen(entry->d_name));
        if (name == NULL)
            return arena_check(arena, path, err);
        (*found)[(*count)++] = name;
    }
}

enum rc file_list(const char *path, size_t max_count, struct arena *arena, const char ***names,
                  size_t *count, struct err *err) {
    DIR *directory = opendir(path);
    const char **found = NULL;
    enum rc rc;

    *names = NULL;
    *count = 0;
    if (directory == NULL)
        return file_fail("cannot read", path, errno, err);
    rc = read_names(directory, path, max_count, arena, &found, count, err);
    closedir(directory);
    if (rc == RC_OK) {
        if (*count > 0)
            qsort(found, *count, sizeof(*found), compare_names);
        *names = arena_array(arena, *count, sizeof(**names));
        if (*names == NULL)
            rc = arena_check(arena, path, err);
        else if (*count > 0)
            memcpy(*names, found, *count * sizeof(**names));
    }
    if (rc != RC_OK)
        *count = 0;
    free(found);
    return rc;
}

/* ---- the rest ---- */

enum rc file_free_bytes(const char *path, uint64_t *bytes, struct err *err) {
    struct statvfs status;

    *bytes = 0;
    if (statvfs(path, &status) != 0)
        return file_fail("cannot read", path, errno, err);
    *bytes = (uint64_t)status.f_bavail * (uint64_t)status.f_frsize;
    return RC_OK;
}

enum rc file_size(const char *path, uint64_t *bytes, struct err *err) {
    struct stat status;

    *bytes = 0;
    if (stat(path, &status) != 0)
        return file_fail("cannot read", path, errno, err);
    *bytes = (uint64_t)status.st_size;
    return RC_OK;
}

enum rc file_open(const char *path, int *descriptor, uint64_t *bytes, struct err *err) {
    struct stat status;

    *bytes = 0;
    *descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (*descriptor < 0)
        return file_fail("cannot read", path, errno, err);
    if (fstat(*descriptor, &status) != 0) {
        int why = errno;

        (void)close(*descriptor); /* only read from */
        *descriptor = -1;
        return file_fail("cannot read", path, why, err);
    }
    *bytes = (uint64_t)status.st_size;
    return RC_OK;
}

/* The process id in a lock file, 0 if it is not readable. For the message only. */
static long lock_owner(int descriptor) {
    char text[24];
    ssize_t got = pread(descriptor, text, sizeof(text) - 1, 0);

    if (got <= 0)
        return 0;
    text[got] = '\0';
    return strtol(text, NULL, 10);
}

enum rc file_lock_take(const char *path, struct file_lock *lock, struct err *err) {
    char owner[24];
    int length;
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    lock->descriptor = -1;
    if (descriptor < 0)
        return file_fail("cannot lock", path, errno, err);
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        int error = errno;
        long process = lock_owner(descriptor);

        close(descriptor);
        if (error != EWOULDBLOCK)
            return file_fail("cannot lock", path, error, err);
        if (process <= 0)
            return err_set(err, RC_LOCKED, "%s: another process is using this data", path);
        return err_set(err, RC_LOCKED, "%s: another process (%ld) is using this data", path,
                       process);
    }
    length = snprintf(owner, sizeof(owner), "%ld\n", (long)getpid());
    /* The lock holds without it, so a full disk does not matter here. */
    if (ftruncate(descriptor, 0) == 0 && length > 0)
        (void)!pwrite(descriptor, owner, (size_t)length, 0);
    lock->descriptor = descriptor;
    return RC_OK;
}

void file_unlock(struct file_lock *lock) {
    if (lock->descriptor < 0)
        return;
    close(lock->descriptor);
    lock->descriptor = -1;
}
