/* fault.h: what a program asks of the machine, and the one time that it does not get it.
 *
 * Memory: the linker leads every malloc, calloc, realloc, strdup and strndup of our objects here
 * (-Wl,--wrap), and SQLite and cJSON are told to ask here, too. Arenas likewise. Disk: the calls of
 * tests/sim/disk.h. Each kind is counted on its own from fault_arm on; the call with the given
 * number fails, once or with all that follow.
 *
 * What the test itself and the simulated disk need is not counted: calls between fault_pause and
 * fault_resume, and whatever the disk does inside. One thread. */
#ifndef YG_TESTS_FAULT_FAULT_H
#define YG_TESTS_FAULT_FAULT_H

#include <stdbool.h>
#include <stdint.h>

enum fault_kind {
    FAULT_NONE = 0,
    FAULT_MEMORY,
    FAULT_OPEN,  /* of a file that exists or is made */
    FAULT_READ,  /* EIO */
    FAULT_WRITE, /* ENOSPC: writing, growing, a new name */
    FAULT_SYNC,  /* EIO: of a file or of the names in a folder */
    FAULT_POWER, /* of all machines, each in the midst of the next change of its disk */
    FAULT_ARENA, /* memory, where an arena is asked: most often it has some left, so that
                  * FAULT_MEMORY does not come to these places */
    FAULT_KINDS,
};
const char *fault_name(enum fault_kind kind);

/* Once, before SQLite is used. */
void fault_begin(void);
/* From now on; number 0: only count. */
void fault_arm(enum fault_kind kind, uint64_t number, bool ever_after);
void fault_disarm(void);
/* Calls of the armed kind so far; whether the one that fails has been reached. */
uint64_t fault_calls(void);
bool fault_struck(void);
/* While calls are only counted: which of them are the first from their place, that is, from this
 * line beneath these callers, up to whoever armed and the function called from there. forget: also
 * of what was counted before. */
void fault_learn(bool forget);
/* Numbers of those calls since fault_arm, in order; *count of them. */
const uint64_t *fault_places(uint64_t *count);
/* One of them struck between fault_county(true) and fault_county(false): a tablet may go on without
 * what it lacked, and then be told by a county that lacks it, too. */
bool fault_struck_county(void);
void fault_county(bool in);

/* Whose power it is. */
#define FAULT_MACHINES 8
struct disk;
void fault_machines(struct disk *const *disks, unsigned count);

void fault_pause(void);
void fault_resume(void);

#endif
