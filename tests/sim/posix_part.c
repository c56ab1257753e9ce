/* posix_part.c: base/file_part.c on the simulated disks. */
#include "base/file.h"

#include "tests/sim/posix_use.h"

#include "base/file_part.c"
