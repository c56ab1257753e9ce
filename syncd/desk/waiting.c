/* waiting.c: what reached the county before what its author wrote in front of it. It waits, sealed,
 * until that comes; where the author's tablet is lost, that may be never, and only staff can look
 * for it: on another tablet that carries it, or on a stick. */
#include "base/text.h"
#include "schema/wire/batch.h"
#include "syncd/desk/desk.h"
#include "syncd/desk/listing.h"

#define OPEN_ARENA_BYTES (64u * 1024u * 1024u)

struct behind { /* one actor's batches, by their first numbers */
    uint64_t actor, device;
    uint64_t lacks_from, lacks_to; /* in front of the first of them */
    uint64_t batches, changes;
    int64_t since_ms;
};

struct list_waiting {
    struct seat *seat;
    struct command *command;
    struct listing table;
    struct behind behind; /* the one that is counted; batches 0: none yet */
};

static enum rc print_behind(struct list_waiting *list, struct err *err) {
    const struct behind *behind = &list->behind;
    char actor[17], since[TIME_TEXT_BYTES];
    struct stored_device device = {.name = view_text("?")};
    enum rc rc;

    if (behind->batches == 0)
        return RC_OK;
    rc = store_device(list->seat->ledger->store, behind->device, &list->seat->arena, &device, err);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    id_text(behind->actor, actor);
    time_text(behind->since_ms, since);
    if (list->command->json) {
        struct json *json = json_object();

        json_add_view(json, "device", device.name);
        json_add_text(json, "actor", actor);
        json_add_int(json, "lacks_from", (int64_t)behind->lacks_from);
        json_add_int(json, "lacks_to", (int64_t)behind->lacks_to);
        json_add_int(json, "batches", (int64_t)behind->batches);
        json_add_int(json, "changes", (int64_t)behind->changes);
        json_add_text(json, "since", since);
        return listing_item(&list->table, json, err);
    }
    listing_cell(&list->table, device.name);
    listing_cell(&list->table, view_text(actor));
    listing_cellf(&list->table, "%llu-%llu", (unsigned long long)behind->lacks_from,
                  (unsigned long long)behind->lacks_to);
    listing_cellf(&list->table, "%llu", (unsigned long long)behind->changes);
    listing_cell(&list->table, view_text(since));
    return RC_OK;
}

/* Who wrote it stands in the batch also where the county has heard nothing else of that actor. */
static enum rc author_of(struct list_waiting *list, const struct stored_pending *row,
                         uint64_t *device, struct err *err) {
    const struct keys *keys = list->seat->office->keys;
    struct arena arena;
    struct batch batch;
    enum rc rc;

    arena_init(&arena, OPEN_ARENA_BYTES);
    rc = batch_open(row->bytes, keys->box_public, keys->box_secret, &arena, &batch, err);
    *device = rc == RC_OK ? batch.device : 0;
    arena_release(&arena);
    return rc;
}

static enum rc begin_behind(struct list_waiting *list, const struct stored_pending *row,
                            struct err *err) {
    struct behind *behind = &list->behind;
    struct stored_actor actor = {0};
    enum rc rc = store_actor(list->seat->ledger->store, row->actor, &actor, err);

    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    *behind = (struct behind){.actor = row->actor,
                              .lacks_from = actor.number + 1,
                              .lacks_to = row->first - 1,
                              .since_ms = row->received_ms};
    return author_of(list, row, &behind->device, err);
}

static enum rc waiting_visit(void *context, const struct stored_pending *row, struct err *err) {
    struct list_waiting *list = context;
    enum rc rc = RC_OK;

    if (list->behind.batches == 0 || list->behind.actor != row->actor) {
        rc = print_behind(list, err);
        if (rc == RC_OK)
            rc = begin_behind(list, row, err);
    }
    list->behind.batches++;
    list->behind.changes += row->last - row->first + 1;
    if (row->received_ms < list->behind.since_ms)
        list->behind.since_ms = row->received_ms;
    return rc;
}

enum rc desk_waiting(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {"tablet", "actor", "missing", "changes", "since", NULL};
    struct seat seat;
    struct list_waiting list = {.seat = &seat, .command = command};
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK) {
        listing_start(&list.table, command, &seat.arena, heads);
        rc = store_pending(seat.ledger->store, 0, waiting_visit, &list, err);
        if (rc == RC_OK)
            rc = print_behind(&list, err);
        rc = listing_end(&list.table, rc, err);
    }
    seat_close(&seat);
    return rc;
}
