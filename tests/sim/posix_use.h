/* posix_use.h: the simulated calls under the system's names; included behind all system headers. */
#ifndef YG_TESTS_SIM_POSIX_USE_H
#define YG_TESTS_SIM_POSIX_USE_H

#include "tests/sim/posix.h"

#undef open
#undef read
#undef pread
#define open          sim_open
#define close         sim_close
#define read          sim_read
#define write         sim_write
#define pread         sim_pread
#define pwrite        sim_pwrite
#define fsync         sim_fsync
#define ftruncate     sim_ftruncate
#define fchmod        sim_fchmod
#define flock         sim_flock
#define posix_fadvise sim_fadvise
#define unlink        sim_unlink
#define remove        sim_unlink
#define rename        sim_rename
#define renameat2     sim_renameat2
#define mkdir         sim_mkdir
#define stat(p, s)    sim_stat(p, s)
#define lstat(p, s)   sim_stat(p, s)
#define statvfs(p, s) sim_statvfs(p, s)
#define opendir       sim_opendir
#define readdir       sim_readdir
#define closedir      sim_closedir
#define DIR           struct sim_folder

#endif
