/* fork_strays.c: numbers that stand in the log under another name than that of their history; see
 * fork.h.
 *
 * The setting: varint count, each: varint first, varint last - first, id name. */
#include "syncd/sync/fork.h"

#include "syncd/sync/news.h"

#include <stdio.h>

#define NAME_BYTES   32u
#define STRAY_BYTES  10u
#define STRAYS_MAX   100000u
#define STRAYS_BYTES (32u * STRAYS_MAX)

static void setting_name(uint64_t actor, char out[NAME_BYTES]) {
    char id[17];

    id_text(actor, id);
    snprintf(out, NAME_BYTES, "strays %s", id);
}

enum rc fork_strays(struct fork_source source, const struct stored_actor *history,
                    struct arena *arena, struct stray **out, uint32_t *count, struct err *err) {
    char name[NAME_BYTES];
    struct view setting = {0};
    struct reader in;
    uint64_t all;
    enum rc rc;

    *out = NULL;
    *count = 0;
    if (history->fork_of == 0 && !history->retired)
        return RC_OK; /* nobody knows it by another name */
    setting_name(history->actor, name);
    rc = source.work != NULL ? work_setting(source.work, name, &setting, err)
                             : store_setting(source.store, name, arena, &setting, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    reader_init(&in, setting);
    all = read_varint_max(&in, setting.size / STRAY_BYTES);
    *out = arena_array(arena, (size_t)all + 1u, sizeof(**out));
    if (*out == NULL)
        return arena_check(arena, "lineage", err);
    for (; *count < all && !in.failed; (*count)++) {
        struct stray *stray = &(*out)[*count];

        stray->first = read_varint_max(&in, LIMIT_NUMBER);
        stray->last = stray->first + read_varint_max(&in, LIMIT_NUMBER);
        stray->name = read_id(&in);
    }
    return reader_check(&in, "lineage", err);
}

enum rc fork_strays_within(struct fork_source source, const struct stored_actor *history,
                           uint64_t first, uint64_t last, struct arena *arena, struct stray **out,
                           uint32_t *count, struct err *err) {
    uint32_t all = 0;
    enum rc rc = fork_strays(source, history, arena, out, &all, err);

    *count = 0;
    for (uint32_t i = 0; i < all && rc == RC_OK; i++) {
        struct stray stray = (*out)[i];

        if (stray.first < first)
            stray.first = first;
        if (stray.last > last)
            stray.last = last;
        if (stray.first <= stray.last)
            (*out)[(*count)++] = stray;
    }
    return rc;
}

enum rc fork_put_strays(struct work *work, const struct stored_actor *history,
                        const struct stray *strays, uint32_t count, struct err *err) {
    char name[NAME_BYTES];
    struct stray *known = NULL;
    uint32_t known_count = 0;
    struct buf bytes;
    enum rc rc = fork_strays(fork_in_work(work), history, &work->arena, &known, &known_count, err);

    if (rc != RC_OK || count == 0)
        return rc;
    if (count + known_count > STRAYS_MAX)
        return err_set(err, RC_DENIED,
                       "batch: too many of its numbers have another name already; "
                       "enrol the tablet anew");
    setting_name(history->actor, name);
    buf_init(&bytes, STRAYS_BYTES);
    buf_add_varint(&bytes, known_count + count);
    for (uint32_t i = 0; i < known_count + count; i++) {
        const struct stray *stray = i < known_count ? &known[i] : &strays[i - known_count];

        buf_add_varint(&bytes, stray->first);
        buf_add_varint(&bytes, stray->last - stray->first);
        buf_add_id(&bytes, stray->name);
    }
    rc = buf_check(&bytes, "lineage", err);
    if (rc == RC_OK)
        rc = work_put_setting(work, name, buf_view(&bytes), err);
    buf_release(&bytes);
    return rc;
}
