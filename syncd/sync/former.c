/* former.c: see former.h. */
#include "syncd/sync/former.h"

#include "syncd/sync/news.h"

struct walk {
    struct store *store;
    const struct former_wish *wish;
    struct arena *arena;
    struct stored_actor *list;
    uint32_t count, capacity;
};

static enum rc news_visit(void *context, const struct stored_quarantine *row, struct err *err) {
    (void)row;
    (void)err;
    *(bool *)context = true;
    return RC_NOT_FOUND;
}

static enum rc actor_visit(void *context, const struct stored_actor *actor, struct err *err) {
    struct walk *walk = context;
    struct stored_actor *row;
    bool has_news = walk->wish->is_new_epoch;
    enum rc rc = RC_OK;

    if (actor->actor == walk->wish->present)
        return RC_OK;
    if (!has_news)
        rc = news_of_history(walk->store, actor->actor, walk->wish->told, false, news_visit,
                             &has_news, err);
    if (rc != RC_OK || !has_news)
        return rc;
    row = arena_push(walk->arena, &walk->list, &walk->count, &walk->capacity, sizeof(*row));
    if (row == NULL)
        return arena_check(walk->arena, "an answer", err);
    *row = *actor;
    return RC_OK;
}

/* Whether the answer speaks of this history already: its batches have just come. */
static bool is_told(const struct answer *answer, const struct receipt *receipt) {
    for (uint32_t i = 0; i < answer->receipt_count; i++)
        if (answer->receipts[i].actor == receipt->actor &&
            view_equal(answer->receipts[i].forks, receipt->forks))
            return true;
    return false;
}

static enum rc add(struct walk *walk, const struct stored_actor *actor, struct answer *answer,
                   struct err *err) {
    struct receipt receipt;
    enum rc rc = receipt_of(actor, walk->store, walk->arena, &receipt, err);

    /* It may have been told that a backup holds more than the one we come from. */
    if (walk->wish->is_new_epoch)
        receipt.want_from = receipt.number + 1;
    if (rc == RC_OK && !is_told(answer, &receipt))
        answer->receipts[answer->receipt_count++] = receipt;
    return rc;
}

enum rc former_receipts(struct store *store, const struct former_wish *wish, struct arena *arena,
                        struct answer *answer, struct err *err) {
    struct walk walk = {.store = store, .wish = wish, .arena = arena};
    struct receipt *more;
    enum rc rc = store_device_actors(store, wish->device, actor_visit, &walk, err);

    if (rc != RC_OK || walk.count == 0)
        return rc;
    more = arena_array(arena, answer->receipt_count + walk.count, sizeof(*more));
    if (more == NULL)
        return arena_check(arena, "an answer", err);
    if (answer->receipt_count > 0)
        memcpy(more, answer->receipts, answer->receipt_count * sizeof(*more));
    answer->receipts = more;
    for (uint32_t i = 0; i < walk.count && rc == RC_OK; i++)
        rc = add(&walk, &walk.list[i], answer, err);
    return rc;
}
