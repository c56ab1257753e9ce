/* glibc keeps freed pieces below its mmap threshold in the heap; a document of 10,000 records as
 * JSON is a hundred thousand of them, 12 MiB. */
#include "base/memory.h"

#include <malloc.h>

void memory_give_back(void) {
    (void)malloc_trim(0);
}
