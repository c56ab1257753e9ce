/* spool.c: see spool.h. */
#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

struct spool {
    int descriptor;
    bool writing;
    char path[FILE_PATH_BYTES_MAX];
    char part[FILE_PATH_BYTES_MAX + 8];
};

static enum rc spool_new(const char *path, bool writing, struct spool **out, struct err *err) {
    struct spool *spool;

    *out = NULL;
    if (strlen(path) >= sizeof(spool->path))
        return err_set(err, RC_LIMIT, "%s: the path is too long; use a shorter folder", path);
    spool = calloc(1, sizeof(*spool));
    if (spool == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    spool->descriptor = -1;
    spool->writing = writing;
    snprintf(spool->path, sizeof(spool->path), "%s", path);
    snprintf(spool->part, sizeof(spool->part), "%s.part", path);
    *out = spool;
    return RC_OK;
}

static enum rc exists_already(const char *path, struct err *err) {
    return err_set(err, RC_CONFLICT, "%s: exists already and is not overwritten; use another name",
                   path);
}

enum rc spool_create(const char *path, mode_t mode, struct spool **out, struct err *err) {
    struct spool *spool = NULL;
    enum rc rc;

    *out = NULL;
    if (file_exists(path))
        return exists_already(path, err);
    rc = spool_new(path, true, &spool, err);
    if (rc != RC_OK)
        return rc;
    spool->descriptor =
        open(spool->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (spool->descriptor < 0 || fchmod(spool->descriptor, mode) != 0)
        rc = file_fail("cannot create", spool->part, errno, err);
    if (rc != RC_OK)
        spool_close(spool);
    else
        *out = spool;
    return rc;
}

enum rc spool_write(struct spool *spool, struct view bytes, struct err *err) {
    while (bytes.size > 0) {
        ssize_t done = write(spool->descriptor, bytes.data, bytes.size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return file_fail("cannot write", spool->part, errno, err);
        bytes = view_slice(bytes, (size_t)done, bytes.size);
    }
    return RC_OK;
}

enum rc spool_finish(struct spool *spool, struct err *err) {
    enum rc rc = RC_OK;

    if (fsync(spool->descriptor) != 0)
        rc = file_fail("cannot write", spool->part, errno, err);
    if (close(spool->descriptor) != 0 && rc == RC_OK)
        rc = file_fail("cannot write", spool->part, errno, err);
    spool->descriptor = -1;
    if (rc == RC_OK)
        rc = file_rename(spool->part, spool->path, err);
    spool->writing = rc != RC_OK; /* there is no part any more */
    spool_close(spool);
    return rc;
}

enum rc spool_open(const char *path, struct spool **out, struct err *err) {
    struct spool *spool = NULL;
    enum rc rc = spool_new(path, false, &spool, err);

    *out = NULL;
    if (rc != RC_OK)
        return rc;
    spool->descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (spool->descriptor < 0) {
        rc = file_fail("cannot read", path, errno, err);
        spool_close(spool);
        return rc;
    }
    (void)posix_fadvise(spool->descriptor, 0, 0, POSIX_FADV_DONTNEED); /* a hint, no more */
    *out = spool;
    return RC_OK;
}

enum rc spool_read(struct spool *spool, size_t size, struct buf *out, struct err *err) {
    uint8_t block[65536];

    while (size > 0) {
        ssize_t done = read(spool->descriptor, block, size < sizeof(block) ? size : sizeof(block));

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return file_fail("cannot read", spool->path, errno, err);
        if (done == 0)
            break;
        buf_add(out, block, (size_t)done);
        size -= (size_t)done;
    }
    return buf_check(out, spool->path, err);
}

void spool_close(struct spool *spool) {
    if (spool == NULL)
        return;
    if (spool->descriptor >= 0)
        (void)close(spool->descriptor);
    if (spool->writing)
        (void)unlink(spool->part);
    free(spool);
}
