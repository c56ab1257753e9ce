/* vfs.h: SQLite on the simulated disks. */
#ifndef YG_TESTS_SIM_VFS_H
#define YG_TESTS_SIM_VFS_H

#include <stdint.h>

/* From now on every database of this process lies on the disks of disk.h, because what opens one
 * without naming a VFS gets SQLite's default. Once, before the first database. */
void vfs_begin(void);
/* What SQLite takes for the time, and where its random numbers begin. */
void vfs_world(int64_t now_ms, uint64_t seed);

#endif
