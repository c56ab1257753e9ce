/* file_part.c: files that come and go piece by piece; see file.h. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static enum rc write_all_at(int descriptor, const char *path, uint64_t offset, struct view left,
                            struct err *err) {
    while (left.size > 0) {
        ssize_t done = pwrite(descriptor, left.data, left.size, (off_t)offset);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return file_fail("cannot write", path, errno, err);
        offset += (uint64_t)done;
        left = view_slice(left, (size_t)done, left.size);
    }
    return RC_OK;
}

enum rc file_write_at(const char *path, uint64_t offset, struct view contents, mode_t mode,
                      struct err *err) {
    int descriptor = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode);
    enum rc rc;

    if (descriptor < 0)
        return file_fail("cannot write", path, errno, err);
    rc = write_all_at(descriptor, path, offset, contents, err);
    if (close(descriptor) != 0 && rc == RC_OK)
        rc = file_fail("cannot write", path, errno, err);
    return rc;
}

enum rc file_read_at(const char *path, uint64_t offset, size_t max_bytes, struct buf *out,
                     struct err *err) {
    int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    uint8_t *room = NULL;
    size_t size = 0;
    enum rc rc = RC_OK;

    if (descriptor < 0)
        return file_fail("cannot read", path, errno, err);
    room = buf_reserve(out, max_bytes);
    while (room != NULL && size < max_bytes) {
        ssize_t got = pread(descriptor, room + size, max_bytes - size, (off_t)(offset + size));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            rc = file_fail("cannot read", path, errno, err);
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    close(descriptor);
    if (room == NULL)
        return buf_check(out, path, err);
    if (rc == RC_OK)
        out->size += size;
    return rc;
}

enum rc file_sync(const char *path, struct err *err) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    enum rc rc = RC_OK;

    if (descriptor < 0)
        return file_fail("cannot write", path, errno, err);
    if (fsync(descriptor) != 0)
        rc = file_fail("cannot write", path, errno, err);
    close(descriptor);
    return rc;
}
