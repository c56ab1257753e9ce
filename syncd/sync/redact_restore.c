/* redact_restore.c: see redact.h. After a restore every erasure of the file beside the database is
 * applied again. One that the backup knew already changes nothing. So it is with those that tablets
 * carry back. */
#include "syncd/sync/attachment.h"
#include "syncd/sync/redact_inside.h"
#include "syncd/sync/redactions.h"

struct restored {
    const struct ordered_redaction *ordered;
    bool news;
    bool last;
};

static enum rc again_act(void *context, struct work *work, struct err *err) {
    struct restored *restored = context;
    const struct ordered_redaction *ordered = restored->ordered;
    struct erasure erasure;
    char id[DOT_TEXT_BYTES];
    enum rc rc = redact_again(work, ordered->record, ordered->erasure, &restored->news, err);

    if (rc == RC_OK)
        rc = erasure_decode(ordered->erasure, &work->arena, &erasure, err);
    work->scrub = restored->last;
    if (rc != RC_OK || !restored->news)
        return rc;
    dot_text(ordered->record, id);
    return work_act(work, "program", "redact again", id, erasure.reason, err);
}

static void nobody_waits(void *context, struct writer_job *job) {
    (void)context;
    (void)job;
}

static enum rc apply_all(struct writer *writer, const struct ordered_redaction *list,
                         uint32_t count, uint32_t *applied, struct err *err) {
    for (uint32_t i = 0; i < count; i++) {
        struct restored restored = {.ordered = &list[i], .last = i + 1 == count};
        struct arena arena;
        struct writer_job job = {.arena = &arena,
                                 .act = again_act,
                                 .context = &restored,
                                 .alone = true,
                                 .done = nobody_waits};

        arena_init(&arena, 1024u * 1024u);
        err_init(&job.err, err->lang);
        writer_step(writer, &job);
        arena_release(&arena);
        if (job.err.rc != RC_OK) {
            *err = job.err;
            return err_prefix(err, "redaction %u: ", i + 1);
        }
        *applied += restored.news;
    }
    return RC_OK;
}

enum rc redact_restored(struct store *store, const struct keys *keys, const struct env *env,
                        const char *path, struct arena *arena, uint32_t *applied, struct err *err) {
    struct ordered_redaction *list = NULL;
    struct writer *writer = NULL;
    uint32_t count = 0;
    enum rc rc = redactions_read(path, keys, arena, &list, &count, err);

    *applied = 0;
    if (rc != RC_OK) {
        store_close(store);
        return rc;
    }
    rc = writer_open(store, keys, env, NULL, &writer, err);
    if (rc == RC_OK)
        rc = apply_all(writer, list, count, applied, err);
    writer_close(writer);
    return rc;
}

/* --- carried back by tablets --- */

struct carried_redaction {
    const struct office *office;
    struct ordered_redaction ordered;
};

static enum rc carried_act(void *context, struct work *work, struct err *err) {
    const struct carried_redaction *carried = context;
    struct restored restored = {.ordered = &carried->ordered, .last = true};
    char path[FILE_PATH_BYTES_MAX];
    enum rc rc = again_act(&restored, work, err);

    work->scrub = restored.news;
    if (rc == RC_OK && restored.news)
        rc = redact_path(carried->office, path, err);
    if (rc == RC_OK && restored.news)
        rc = redactions_add(path, work->keys, carried->ordered.record, carried->ordered.erasure,
                            err);
    return rc;
}

enum rc redact_carried(const struct office *office, struct dot record, struct view erasure,
                       struct err *err) {
    struct carried_redaction carried = {office, {record, erasure}};

    struct ledger *ledger = NULL;
    enum rc rc = office_act(office, carried_act, &carried, err);

    if (rc == RC_OK)
        rc = office->borrow(office->context, &ledger, err);
    if (rc == RC_OK)
        rc = attachment_sweep(ledger->store, office->directory, err);
    if (ledger != NULL)
        office->give_back(office->context, ledger);
    return rc;
}
