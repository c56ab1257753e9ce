/* memory_gist.c: what is about a record, and how it stands, in the naive engine; see memory.h. */
#include "syncd/store/memory.h"

#include <stdlib.h>

enum rc gists_put(struct content *content, const struct store_delta *delta, struct err *err) {
    struct item_list *list = &content->lists[LIST_GISTS];
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->gist_count && rc == RC_OK; i++) {
        const struct stored_gist *item = &delta->gists[i];
        size_t at = 0;
        int order = 1;

        while (at < list->count &&
               (order = dot_compare(((struct stored_gist *)list_at(list, at))->record,
                                    item->record)) < 0)
            at++;
        if (at < list->count && order == 0)
            list_remove(list, at);
        if (item->gist.kind == GIST_NONE)
            continue;
        rc = list_add(list, item, err);
        if (rc == RC_OK) {
            memmove(list_at(list, at + 1), list_at(list, at),
                    (list->count - 1 - at) * list->item_bytes);
            memcpy(list_at(list, at), item, list->item_bytes);
        }
    }
    return rc;
}

enum rc memory_about(struct store *store, struct dot about, store_visit_gist *visit, void *context,
                     struct err *err) {
    const struct item_list *list = LIST(LIST_GISTS);
    enum rc rc = RC_OK;

    for (size_t i = 0; i < list->count && rc == RC_OK; i++) {
        const struct stored_gist *item = list_at(list, i);

        if (dot_equal(item->gist.about, about))
            rc = visit(context, item, err);
    }
    return rc;
}

static bool belongs(const struct stored_gist *item, uint8_t kind, uint8_t state, uint64_t area) {
    struct area_range range = area_range_of(area);

    return item->gist.kind == kind && item->gist.state == state && item->area >= range.low &&
           item->area <= range.high;
}

static int by_moment(const void *left, const void *right) {
    const struct stored_gist *a = left, *b = right;

    if (a->gist.when != b->gist.when)
        return a->gist.when < b->gist.when ? -1 : 1;
    return dot_compare(a->record, b->record);
}

enum rc memory_gists(struct store *store, uint8_t kind, uint8_t state, uint64_t area,
                     store_visit_gist *visit, void *context, struct err *err) {
    const struct item_list *list = LIST(LIST_GISTS);
    struct stored_gist *found = calloc(list->count + 1, sizeof(*found));
    size_t count = 0;
    enum rc rc = RC_OK;

    if (found == NULL)
        return err_set(err, RC_NO_MEMORY, "store: out of memory");
    for (size_t i = 0; i < list->count; i++)
        if (belongs(list_at(list, i), kind, state, area))
            found[count++] = *(const struct stored_gist *)list_at(list, i);
    if (count > 1)
        qsort(found, count, sizeof(*found), by_moment);
    for (size_t i = 0; i < count && rc == RC_OK; i++)
        rc = visit(context, &found[i], err);
    free(found);
    return rc;
}

enum rc memory_gist_count(struct store *store, uint8_t kind, uint8_t state, uint64_t area,
                          int64_t before, struct gist_counts *out, struct err *err) {
    const struct item_list *list = LIST(LIST_GISTS);

    (void)err;
    *out = (struct gist_counts){0, 0};
    for (size_t i = 0; i < list->count; i++) {
        const struct stored_gist *item = list_at(list, i);

        if (!belongs(item, kind, state, area))
            continue;
        out->all++;
        out->before += item->gist.when < before;
    }
    return RC_OK;
}
