/* office.c: see office.h. */
#include "syncd/sync/office.h"

enum rc office_act(const struct office *office,
                   enum rc (*act)(void *context, struct work *work, struct err *err), void *context,
                   struct err *err) {
    struct arena arena;
    struct writer_job job = {.arena = &arena, .act = act, .context = context, .alone = true};

    arena_init(&arena, 1024u * 1024u);
    err_init(&job.err, err->lang);
    office->write(office->context, &job);
    if (job.err.rc != RC_OK)
        *err = job.err;
    arena_release(&arena);
    return job.err.rc;
}
