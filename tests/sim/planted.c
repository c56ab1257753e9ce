/* planted.c: which of the mistakes of base/planted.h is planted in this process. */
#include "tests/sim/planted.h"

#include <string.h>

static int now;

static const char *const names[PLANTED_COUNT] = {
    [PLANTED_NOTHING] = "nothing",
    [PLANTED_NO_SYNC] = "no-sync",
    [PLANTED_ACK_ANYWAY] = "ack-anyway",
    [PLANTED_SAVED_ANYWAY] = "saved-anyway",
    [PLANTED_FEED_SKIPS] = "feed-skips",
    [PLANTED_LATE_DROPPED] = "late-dropped",
    [PLANTED_QUARANTINE_DROPPED] = "quarantine-dropped",
    [PLANTED_QUARANTINE_SERVED] = "quarantine-served",
    [PLANTED_FRAME_AREA] = "frame-area",
    [PLANTED_NO_ENTER] = "no-enter",
    [PLANTED_PROPOSALS_LAST] = "proposals-last",
    [PLANTED_READER_LOST] = "reader-lost",
    [PLANTED_FALSE_DONE] = "false-done",
    [PLANTED_NOT_IDEMPOTENT] = "not-idempotent",
    [PLANTED_IN_CLEAR] = "in-clear",
    [PLANTED_DRAFT_FIRST] = "draft-first",
    [PLANTED_PHOTO_UNFLUSHED] = "photo-unflushed",
    [PLANTED_PHOTO_ORPHAN] = "photo-orphan",
    [PLANTED_POISON_BLOCKS] = "poison-blocks",
    [PLANTED_VOTE_PARTED] = "vote-parted",
    [PLANTED_URN_FIRST] = "urn-first",
    [PLANTED_OLDEST_READS] = "oldest-reads",
    [PLANTED_LOSER_HIDDEN] = "loser-hidden",
    [PLANTED_LIST_KEPT] = "list-kept",
    [PLANTED_STALE_TWIN] = "stale-twin",
    [PLANTED_ASKED_AGAIN] = "asked-again",
    [PLANTED_ACCEPTED_FOR_EVER] = "accepted-for-ever",
    [PLANTED_LOSER_DROPPED] = "loser-dropped",
    [PLANTED_EDIT_DECIDES] = "edit-decides",
    [PLANTED_ERASED_CONTENDS] = "erased-contends",
    [PLANTED_ERASED_IN_PART] = "erased-in-part",
    [PLANTED_WITHDRAWN_SERVED] = "withdrawn-served",
    [PLANTED_NOT_PURGED] = "not-purged",
    [PLANTED_COPY_COUNTED] = "copy-counted",
    [PLANTED_FORMER_NAME] = "former-name",
    [PLANTED_ANSWERS_STAY] = "answers-stay",
};

#ifdef YG_PLANTED
int planted_now(void) {
    return now;
}
#endif

const char *planted_name(int mistake) {
    return names[mistake];
}

void planted_choose(int mistake) {
    now = mistake;
}

int planted_find(const char *name) {
    for (int i = 0; i < (int)PLANTED_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}
