/* log_head.c: see log_head.h. */
#include "syncd/sync/log_head.h"

#include "base/crypt.h"
#include "syncd/sync/alarm.h"

struct act_search {
    uint64_t serial;
    uint8_t *out;
    bool found;
};

static enum rc act_visit(void *context, const struct stored_act *act, struct err *err) {
    struct act_search *search = context;

    (void)err;
    search->found = act->serial == search->serial;
    memcpy(search->out, act->chain, 32);
    return RC_NOT_FOUND;
}

enum rc log_chain_at(struct store *store, uint64_t serial, uint8_t out[32], struct err *err) {
    struct act_search search = {.serial = serial, .out = out};
    enum rc rc;

    memset(out, 0, 32);
    if (serial == 0)
        return RC_OK;
    rc = store_acts(store, serial - 1, act_visit, &search, err);
    return rc == RC_OK && !search.found ? RC_NOT_FOUND : rc;
}

enum rc log_head(struct store *store, struct feed_head *out, struct err *err) {
    struct store_counts counts;
    enum rc rc = store_count(store, &counts, err);

    *out = (struct feed_head){0};
    if (rc != RC_OK)
        return rc;
    out->position = counts.acts;
    rc = log_chain_at(store, out->position, out->chain, err);
    return rc == RC_NOT_FOUND ? err_set(err, RC_CORRUPT, "staff log: act %llu is missing",
                                        (unsigned long long)out->position)
                              : rc;
}

static const struct cursor *log_cursor(const struct hello *hello) {
    for (uint32_t i = 0; i < hello->cursor_count; i++)
        if (hello->cursors[i].area == 0 && hello->cursors[i].audience == 0)
            return &hello->cursors[i];
    return NULL;
}

static enum rc compare(const struct office *office, struct store *store, uint64_t device,
                       const struct cursor *cursor, struct arena *arena, struct err *err) {
    struct feed_alarm alarm = {.position = cursor->position, .epoch = office->epoch};
    uint8_t chain[32];
    enum rc rc = log_chain_at(store, cursor->position, chain, err);

    if (rc != RC_NOT_FOUND &&
        (rc != RC_OK || crypt_equal(chain, cursor->digest, sizeof(cursor->digest))))
        return rc;
    memcpy(alarm.chain, cursor->digest, sizeof(cursor->digest));
    return alarm_note(office, device, &alarm, arena, err);
}

enum rc log_head_give(const struct office *office, struct store *store, const struct hello *hello,
                      struct arena *arena, struct answer *answer, struct err *err) {
    const struct cursor *cursor = log_cursor(hello);
    struct feed_head head, *heads;
    enum rc rc = RC_OK;

    if (cursor == NULL || hello->epoch != office->epoch)
        return RC_OK;
    if (cursor->position > 0)
        rc = compare(office, store, hello->device, cursor, arena, err);
    if (rc == RC_OK)
        rc = log_head(store, &head, err);
    if (rc != RC_OK || (head.position == cursor->position &&
                        crypt_equal(head.chain, cursor->digest, sizeof(cursor->digest))))
        return rc;
    heads = arena_array(arena, answer->head_count + 1u, sizeof(*heads));
    if (heads == NULL)
        return arena_check(arena, "an answer", err);
    if (answer->head_count > 0)
        memcpy(heads, answer->heads, answer->head_count * sizeof(*heads));
    heads[answer->head_count++] = head;
    answer->heads = heads;
    return RC_OK;
}
