/* posix_spool.c: base/spool.c on the simulated disks. */
#include "base/spool.h"

#include "base/file.h"
#include "tests/sim/posix_use.h"

#include "base/spool.c"
