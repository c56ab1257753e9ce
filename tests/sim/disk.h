/* disk.h: the disk of one machine in the simulated world: files in memory, of which a power cut
 * leaves what was synced, and of the rest whatever chance leaves.
 *
 * Beneath it stand SQLite (vfs.c) and the files of base/file.h and base/spool.h (posix.c), so that
 * a machine has one disk, and one power cut takes everything at the same moment. A path is
 * "/MACHINE/rest"; disk_mount says which disk that is.
 *
 * Calls return 0 or an errno. One thread. Out of memory ends the program: this is a test. */
#ifndef YG_TESTS_SIM_DISK_H
#define YG_TESTS_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_SECTOR_BYTES 512u

struct disk;
struct disk_file;

/* Chance: one in so many calls fails with EIO; 0: none. */
struct disk_faults {
    uint32_t read_errors, write_errors, sync_errors;
    uint64_t room_bytes; /* what all files together may have, beyond it ENOSPC; 0: no limit */
    uint32_t stalls;     /* one in so many syncs takes seconds */
    uint32_t portions;   /* one in so many reads and writes does less than it was asked for */
};

struct disk *disk_new(uint64_t seed);
void disk_free(struct disk *disk); /* NULL is allowed; no file may be open */
/* The files as they can be read now, wholly durable: a clone, an image. */
struct disk *disk_copy(const struct disk *disk, uint64_t seed);

/* From now on /NAME/... lies on this disk; NULL: nowhere. */
void disk_mount(const char *name, struct disk *disk);

void disk_set_faults(struct disk *disk, const struct disk_faults *faults);
/* The power goes with the so many-th next call that would change the disk (1: the very next), in
 * the midst of it. 0: it stays. From then on every call fails with EIO, until disk_restart. */
void disk_cut_after(struct disk *disk, uint64_t calls);
/* As disk_cut_after, but writes do not count: in the midst of syncing, creating, renaming, removing
 * or cutting shorter, which are few. */
void disk_cut_between(struct disk *disk, uint64_t calls);
bool disk_is_dead(const struct disk *disk);
/* What has survived is all there is now. No file may be open any more. */
void disk_restart(struct disk *disk);
/* So many files are open on it. */
uint32_t disk_open_files(const struct disk *disk);
/* Calls that changed it; stalls since the last question, in milliseconds. */
uint64_t disk_writes(const struct disk *disk);
int64_t disk_stalled_ms(struct disk *disk);
/* The same, and the question stays open: what the machine's clock must show beyond the world's. */
int64_t disk_stalling_ms(const struct disk *disk);
/* What went wrong on it since the last question. cut: in the midst of what the power went; NULL: it
 * did not. */
struct disk_harm {
    uint32_t reads, writes, syncs, full, stalls, portions;
    const char *cut;
};
struct disk_harm disk_harm(struct disk *disk);

/* Whoever writes these bytes on this disk breaks a promise: found counts how often, and where keeps
 * the first path. Empty: nothing is looked for. */
void disk_forbid(struct disk *disk, const char *bytes);
uint64_t disk_forbidden(const struct disk *disk, const char **where);

/* Whether they stand in a file as it can be read now. */
bool disk_holds(const struct disk *disk, const void *bytes, size_t size);

/* ---- what the machine above uses ---- */

#define DISK_CREATE    1u
#define DISK_EXCLUSIVE 2u /* with DISK_CREATE: EEXIST */
#define DISK_EMPTY     4u /* cut to nothing */
int disk_open(const char *path, unsigned flags, struct disk_file **out);
void disk_close(struct disk_file *file);
/* *got is less than size at the end of the file only. */
int disk_read(struct disk_file *file, uint64_t at, void *bytes, size_t size, size_t *got);
int disk_write(struct disk_file *file, uint64_t at, const void *bytes, size_t size);
/* How much of a read or write of so many bytes the system does at once: at least one. Whoever asks
 * the system itself (posix.c) has to ask again for the rest; SQLite's own door does. */
size_t disk_portion(struct disk_file *file, size_t size);
int disk_truncate(struct disk_file *file, uint64_t size);
int disk_sync(struct disk_file *file);
uint64_t disk_size(const struct disk_file *file);
/* One room of the file's own for whoever locks it (vfs.c, posix.c); freed with free() when nobody
 * has the file open any more. */
void **disk_locks(struct disk_file *file);

int disk_unlink(const char *path);
int disk_rename(const char *from, const char *to, bool replace);
int disk_make_folder(const char *path);
/* Names become durable by this alone. */
int disk_sync_names(const char *folder);
/* 0: nothing there, 1: a file, 2: a folder. */
int disk_kind(const char *path, uint64_t *size);
/* The at-th name in the folder, in no order; NULL: no more. */
const char *disk_name(const char *folder, uint32_t at);
uint64_t disk_room(const char *path);

#endif
