/* file.h: whole files, directories and locks.
 *
 * Every message names the path and, where the system said why, the mend: disk full, read-only
 * folder, no permission, too many open files. Return values: RC_NOT_FOUND (no such file),
 * RC_LIMIT (larger than the cap), RC_IO (all else that the disk refuses,
 * a full disk and a read-only file system included). */
#ifndef YG_BASE_FILE_H
#define YG_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define FILE_PATH_BYTES_MAX 4096u

/* Modes for file_write and file_append. */
#define FILE_MODE_PRIVATE ((mode_t)0600)
#define FILE_MODE_SHARED  ((mode_t)0644)

/* Turns an errno into the rc and message described above; for other modules that touch files.
 * action is an English literal: "cannot read", "cannot write", "cannot create". */
enum rc file_fail(const char *action, const char *path, int error, struct err *err);

/* Appends the whole file to out. RC_LIMIT if it has more than max_bytes. Directories are refused.
 */
enum rc file_read(const char *path, size_t max_bytes, struct buf *out, struct err *err);

/* The same from an open descriptor (0 for standard input) up to its end; name is for messages. */
enum rc file_read_descriptor(int descriptor, const char *name, size_t max_bytes, struct buf *out,
                             struct err *err);

/* Replaces the file as a whole or not at all: writes "path.tmp-PID", fsyncs it, renames it, fsyncs
 * the directory. When it returns RC_OK the contents survive a power cut. The mode is exact,
 * whatever the umask; on a stick, which has no modes, only FILE_MODE_SHARED can be written. On
 * failure the old file is untouched and the temporary one is gone. */
enum rc file_write(const char *path, struct view contents, mode_t mode, struct err *err);

/* Appends and fsyncs; creates the file with the mode if it is missing. A failure may leave part of
 * the contents. */
enum rc file_append(const char *path, struct view contents, mode_t mode, struct err *err);

/* Parts of a file (file_part.c). Writes at an offset, which may be the end; creates the file. Not
 * durable before file_sync. */
enum rc file_write_at(const char *path, uint64_t offset, struct view contents, mode_t mode,
                      struct err *err);
/* Appends what is there from offset on, at most max_bytes: less at the end of the file. */
enum rc file_read_at(const char *path, uint64_t offset, size_t max_bytes, struct buf *out,
                     struct err *err);
/* fsync of a file. */
enum rc file_sync(const char *path, struct err *err);
/* The file that stands there, whoever wrote it, survives a power cut from now on, with its name:
 * one that was found may be what a call left behind that failed at its last step. */
enum rc file_settle(const char *path, struct err *err);

/* Creates the directory and its missing parents, each with mode 0700. Already there: RC_OK. */
enum rc file_make_directory(const char *path, struct err *err);

/* True for whatever can be seen there; false also when it cannot be told. */
bool file_exists(const char *path);
bool file_is_directory(const char *path);

/* Gives the file another name on the same file system, durably; never in the place of another one
 * (RC_CONFLICT). */
enum rc file_rename(const char *from, const char *to, struct err *err);

/* RC_NOT_FOUND if it is missing. Only files and empty directories. */
enum rc file_remove(const char *path, struct err *err);

/* Names in a directory without . and .., sorted by bytes, in the arena. At most max_count names
 * (RC_LIMIT). */
enum rc file_list(const char *path, size_t max_count, struct arena *arena, const char ***names,
                  size_t *count, struct err *err);

/* Bytes that an unprivileged process may still write on the file system of path. */
enum rc file_free_bytes(const char *path, uint64_t *bytes, struct err *err);

enum rc file_size(const char *path, uint64_t *bytes, struct err *err);

/* fsync of a directory, so that names created in it survive a power cut. */
enum rc file_sync_directory(const char *path, struct err *err);

/* A file for reading, and how long it is now. The caller closes *descriptor. */
enum rc file_open(const char *path, int *descriptor, uint64_t *bytes, struct err *err);

/* An exclusive lock on a file of its own, held until file_unlock or the end of the process. The
 * file is created with mode 0600 and holds the owner's process id as text; it stays when the lock
 * goes, because removing it would race. */
struct file_lock {
    int descriptor; /* -1 when not held */
};

/* RC_LOCKED if another process (or another lock of this one) holds it; the message gives its
 * process id where it is known. Never waits. *lock is always valid for file_unlock afterwards. */
enum rc file_lock_take(const char *path, struct file_lock *lock, struct err *err);
void file_unlock(struct file_lock *lock);

#endif
