/* waiting.c: see waiting.h. */
#include "syncd/desk/waiting.h"

#include "base/text.h"
#include "schema/wire/batch.h"
#include "syncd/desk/listing.h"

#define OPEN_ARENA_BYTES (64u * 1024u * 1024u)

struct walk {
    struct seat *seat;
    enum rc (*visit)(void *context, const struct waiting *waiting, struct err *err);
    void *context;
    struct waiting at; /* the one that is counted; batches 0: none yet */
};

static enum rc author_of(struct walk *walk, const struct stored_pending *row, uint64_t *device,
                         struct err *err) {
    const struct keys *keys = walk->seat->office->keys;
    struct arena arena;
    struct batch batch;
    enum rc rc;

    arena_init(&arena, OPEN_ARENA_BYTES);
    rc = batch_open(row->bytes, keys->box_public, keys->box_secret, &arena, &batch, err);
    *device = rc == RC_OK ? batch.device : 0;
    arena_release(&arena);
    return rc;
}

static enum rc begin(struct walk *walk, const struct stored_pending *row, struct err *err) {
    struct stored_actor actor = {0};
    enum rc rc = store_actor(walk->seat->ledger->store, row->actor, &actor, err);

    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    walk->at = (struct waiting){.actor = row->actor,
                                .lacks_from = actor.number + 1,
                                .lacks_to = row->first - 1,
                                .since_ms = row->received_ms};
    return author_of(walk, row, &walk->at.device, err);
}

static enum rc end(struct walk *walk, struct err *err) {
    return walk->at.batches == 0 ? RC_OK : walk->visit(walk->context, &walk->at, err);
}

static enum rc pending_visit(void *context, const struct stored_pending *row, struct err *err) {
    struct walk *walk = context;
    enum rc rc = RC_OK;

    if (walk->at.batches == 0 || walk->at.actor != row->actor) {
        rc = end(walk, err);
        if (rc == RC_OK)
            rc = begin(walk, row, err);
    }
    walk->at.batches++;
    walk->at.changes += row->last - row->first + 1;
    if (row->received_ms < walk->at.since_ms)
        walk->at.since_ms = row->received_ms;
    return rc;
}

enum rc waiting_each(struct seat *seat,
                     enum rc (*visit)(void *context, const struct waiting *waiting,
                                      struct err *err),
                     void *context, struct err *err) {
    struct walk walk = {.seat = seat, .visit = visit, .context = context};
    enum rc rc = store_pending(seat->ledger->store, 0, pending_visit, &walk, err);

    return rc == RC_OK ? end(&walk, err) : rc;
}

/* --- the command --- */

struct list_waiting {
    struct seat *seat;
    struct command *command;
    struct listing table;
};

static enum rc list_visit(void *context, const struct waiting *waiting, struct err *err) {
    struct list_waiting *list = context;
    char actor[17], since[TIME_TEXT_BYTES];
    struct stored_device device = {.name = view_text("?")};
    enum rc rc =
        store_device(list->seat->ledger->store, waiting->device, &list->seat->arena, &device, err);

    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    id_text(waiting->actor, actor);
    time_text(waiting->since_ms, since);
    if (list->command->json) {
        struct json *json = json_object();

        json_add_view(json, "device", device.name);
        json_add_text(json, "actor", actor);
        json_add_int(json, "lacks_from", (int64_t)waiting->lacks_from);
        json_add_int(json, "lacks_to", (int64_t)waiting->lacks_to);
        json_add_int(json, "batches", (int64_t)waiting->batches);
        json_add_int(json, "changes", (int64_t)waiting->changes);
        json_add_text(json, "since", since);
        return listing_item(&list->table, json, err);
    }
    listing_cell(&list->table, device.name);
    listing_cell(&list->table, view_text(actor));
    listing_cellf(&list->table, "%llu-%llu", (unsigned long long)waiting->lacks_from,
                  (unsigned long long)waiting->lacks_to);
    listing_cellf(&list->table, "%llu", (unsigned long long)waiting->changes);
    listing_cell(&list->table, view_text(since));
    return RC_OK;
}

enum rc desk_waiting(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {"tablet", "actor", "missing", "changes", "since", NULL};
    struct seat seat;
    struct list_waiting list = {.seat = &seat, .command = command};
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK) {
        listing_start(&list.table, command, &seat.arena, heads);
        rc = listing_end(&list.table, waiting_each(&seat, list_visit, &list, err), err);
    }
    seat_close(&seat);
    return rc;
}
