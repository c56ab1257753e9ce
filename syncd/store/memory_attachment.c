/* memory_attachment.c: attachments in the naive engine; see memory.h. */
#include "syncd/store/memory.h"

enum rc attachments_put(struct content *content, const struct store_delta *delta, struct err *err) {
    struct item_list *list = &content->lists[LIST_ATTACHMENTS];
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->attachment_count && rc == RC_OK; i++) {
        const struct stored_attachment *item = &delta->attachments[i];
        size_t at = 0;

        while (at < list->count &&
               memcmp(((struct stored_attachment *)list_at(list, at))->hash, item->hash, 32) < 0)
            at++;
        if (at < list->count &&
            memcmp(((struct stored_attachment *)list_at(list, at))->hash, item->hash, 32) == 0) {
            *(struct stored_attachment *)list_at(list, at) = *item;
            continue;
        }
        rc = list_add(list, item, err);
        if (rc == RC_OK) {
            struct stored_attachment *items = list_at(list, 0);

            memmove(items + at + 1, items + at, (list->count - 1 - at) * sizeof(*items));
            items[at] = *item;
        }
    }
    return rc;
}

enum rc memory_attachment(struct store *store, const uint8_t *hash, struct stored_attachment *out,
                          struct err *err) {
    const struct item_list *list = LIST(LIST_ATTACHMENTS);

    (void)err;
    for (size_t i = 0; i < list->count; i++) {
        const struct stored_attachment *item = list_at(list, i);

        if (memcmp(item->hash, hash, sizeof item->hash) == 0) {
            *out = *item;
            return RC_OK;
        }
    }
    return RC_NOT_FOUND;
}

enum rc memory_attachments(struct store *store, bool missing_only, store_visit_attachment *visit,
                           void *context, struct err *err) {
    const struct item_list *list = LIST(LIST_ATTACHMENTS);
    enum rc rc = RC_OK;

    for (size_t i = 0; i < list->count && rc == RC_OK; i++) {
        const struct stored_attachment *item = list_at(list, i);

        if (!missing_only || (item->received_ms == 0 && !item->erased))
            rc = visit(context, item, err);
    }
    return rc;
}
