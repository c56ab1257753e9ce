/* memory.h: giving memory back to the system. What was freed stays with the process, to be used
 * again; after something large it is worth more to the rest of a small tablet. */
#ifndef YG_BASE_MEMORY_H
#define YG_BASE_MEMORY_H

#define MEMORY_LARGE_BYTES (256u * 1024u) /* an answer after which it is worth the milliseconds */

/* Returns the free pages of the heap. Takes some milliseconds for some ten MiB. */
void memory_give_back(void);

#endif
