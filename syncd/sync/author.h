/* author.h: the server's own changes: what staff decide at the console and on the command line.
 * A decision is a change like any other: by the server's actor, in the person's name, signed with
 * the person's key where its kind asks for it. */
#ifndef YG_SYNCD_SYNC_AUTHOR_H
#define YG_SYNCD_SYNC_AUTHOR_H

#include "schema/edit.h"
#include "syncd/sync/work.h"

struct author_request {
    struct dot record; /* not of CHANGE_CREATE: the change itself names the new record */
    enum change_kind kind;
    /* CHANGE_CREATE: a record of the newest version of this form, in this area. */
    struct view form;
    uint64_t area;
    uint64_t person;
    const uint8_t *person_secret; /* 64 bytes; the signing key, unlocked by the person's secret */
    struct view reason;
    /* Fills the draft, looking at edit->reading: the state as it is now, in the writer. */
    enum rc (*build)(void *context, struct edit *edit, struct err *err);
    void *context;
};

/* Makes the change, judges and merges it into the working set; made is its dot. RC_DENIED with the
 * reason when it may not be admitted: then nothing of this step may be committed. Fields that only
 * the server writes may be written here. */
enum rc author_change(struct work *work, const struct author_request *request, struct dot *made,
                      struct err *err);

/* The server's actor of this epoch, from the settings; made by `init` and by a restore. */
enum rc author_actor(struct work *work, uint64_t *actor, struct err *err);

#endif
