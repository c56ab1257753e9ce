/* posix.h: the system's calls for files, over the simulated disks (disk.h). Whoever includes this
 * behind the system's headers gets these in their place; so base/file.c, base/file_part.c and
 * base/spool.c are compiled as they are, and lie on the same disk as the databases. */
#ifndef YG_TESTS_SIM_POSIX_H
#define YG_TESTS_SIM_POSIX_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <unistd.h>

struct sim_folder;

int sim_open(const char *path, int flags, ...);
int sim_close(int descriptor);
ssize_t sim_read(int descriptor, void *bytes, size_t size);
ssize_t sim_write(int descriptor, const void *bytes, size_t size);
ssize_t sim_pread(int descriptor, void *bytes, size_t size, off_t at);
ssize_t sim_pwrite(int descriptor, const void *bytes, size_t size, off_t at);
int sim_fsync(int descriptor);
int sim_ftruncate(int descriptor, off_t size);
int sim_fchmod(int descriptor, mode_t mode);
int sim_flock(int descriptor, int operation);
int sim_fadvise(int descriptor, off_t at, off_t size, int advice);
int sim_unlink(const char *path);
int sim_rename(const char *from, const char *to);
int sim_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags);
int sim_mkdir(const char *path, mode_t mode);
int sim_stat(const char *path, struct stat *out);
int sim_statvfs(const char *path, struct statvfs *out);
struct sim_folder *sim_opendir(const char *path);
struct dirent *sim_readdir(struct sim_folder *folder);
int sim_closedir(struct sim_folder *folder);

#endif
