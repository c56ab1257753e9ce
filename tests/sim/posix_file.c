/* posix_file.c: base/file.c on the simulated disks. */
#include "base/file.h"

#include "base/list.h"
#include "base/words.h"
#include "tests/sim/posix_use.h"

#include "base/file.c"
