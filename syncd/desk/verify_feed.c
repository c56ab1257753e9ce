/* verify_feed.c: what the tablets are served, and what the staff did: both are chains, so that a
 * line that was changed, taken out or put in shows. */
#include "base/crypt.h"
#include "syncd/desk/verify.h"

#define FRAME_ARENA_BYTES (96u * 1024u * 1024u)

struct feed_check {
    struct verify *verify;
    struct stored_feed *feeds; /* in the seat's arena */
    uint32_t count, capacity;
    struct zip_inflater *inflater;
    struct arena arena; /* of the entry at hand */
    const struct stored_feed *feed;
    char place[64];
    uint64_t position;
    uint8_t chain[32];
};

static enum rc feed_visit(void *context, const struct stored_feed *feed, struct err *err) {
    struct feed_check *check = context;
    struct arena *arena = &check->verify->seat->arena;

    if (check->count == check->capacity) {
        uint32_t wanted = check->capacity * 2 + 64;
        struct stored_feed *grown = arena_array(arena, wanted, sizeof(*grown));

        if (grown == NULL)
            return arena_check(arena, "the feeds", err);
        if (check->count > 0)
            memcpy(grown, check->feeds, check->count * sizeof(*grown));
        check->feeds = grown;
        check->capacity = wanted;
    }
    check->feeds[check->count++] = *feed;
    return RC_OK;
}

static enum rc entry_visit(void *context, const struct stored_entry *stored, struct err *err) {
    struct feed_check *check = context;
    struct verify *verify = check->verify;
    const struct feed_entry *entry = &stored->entry;
    struct frame frame = {0};
    uint8_t digest[32];
    enum rc rc = RC_OK;

    arena_reset(&check->arena);
    verify->entries++;
    if (verify->entries % 64 == 1)
        command_progress(verify->command, "feed entry %llu", (unsigned long long)verify->entries);
    if (entry->position != check->position + 1)
        VERIFY_FOUND(verify, "%s: entry %llu is missing", check->place,
                     (unsigned long long)(check->position + 1));
    check->position = entry->position;
    if (entry->kind == FEED_FRAME)
        rc = frame_decode(entry->content, check->inflater, &check->arena, &frame, err);
    if (rc == RC_NO_MEMORY)
        return rc;
    if (rc != RC_OK) {
        VERIFY_FOUND(verify, "%s, entry %llu: %s", check->place,
                     (unsigned long long)entry->position, err->text);
        err_clear(err);
    } else {
        feed_entry_digest(entry, entry->kind == FEED_FRAME ? &frame : NULL, digest);
        feed_chain_next(check->chain, digest, check->chain);
        if (!crypt_equal(check->chain, stored->chain, 32) && stored->frame != 0)
            VERIFY_FOUND(verify,
                         "%s, entry %llu, frame %llu of the log: the chain does not continue",
                         check->place, (unsigned long long)entry->position,
                         (unsigned long long)stored->frame);
        else if (!crypt_equal(check->chain, stored->chain, 32))
            VERIFY_FOUND(verify, "%s, entry %llu: the chain does not continue", check->place,
                         (unsigned long long)entry->position);
    }
    memcpy(check->chain, stored->chain, 32); /* go on from what is there, to find the next one */
    if (entry->position == check->feed->position &&
        !crypt_equal(check->chain, check->feed->chain, 32))
        VERIFY_FOUND(verify, "%s: its head differs from its last entry %llu", check->place,
                     (unsigned long long)entry->position);
    return RC_OK;
}

static enum rc check_feed(struct feed_check *check, const struct stored_feed *feed,
                          struct err *err) {
    char area[AREA_TEXT_BYTES];
    enum rc rc;

    area_text(feed->area, area);
    snprintf(check->place, sizeof(check->place), "feed %s %s", area,
             audience_name((enum audience)feed->audience));
    check->feed = feed;
    check->position = 0;
    memset(check->chain, 0, sizeof(check->chain));
    check->verify->feeds++;
    rc = store_entries(check->verify->seat->ledger->store, feed->area, feed->audience, 0,
                       entry_visit, check, err);
    if (rc != RC_OK) {
        err_prefix(err, "%s: ", check->place);
        return verify_after(check->verify, rc, err);
    }
    if (check->position < feed->position)
        VERIFY_FOUND(check->verify, "%s: %llu entries are missing at its end", check->place,
                     (unsigned long long)(feed->position - check->position));
    return RC_OK;
}

enum rc verify_feeds(struct verify *verify, struct err *err) {
    struct feed_check check = {.verify = verify};
    const uint64_t everywhere = 0;
    enum rc rc = zip_inflater_new(&check.inflater, err);

    arena_init(&check.arena, FRAME_ARENA_BYTES);
    if (rc == RC_OK)
        rc = store_feeds(verify->seat->ledger->store, &everywhere, 1, UINT8_MAX, feed_visit, &check,
                         err);
    for (uint32_t i = 0; i < check.count && rc == RC_OK; i++)
        rc = check_feed(&check, &check.feeds[i], err);
    zip_inflater_free(check.inflater);
    arena_release(&check.arena);
    return rc;
}

/* --- the staff log --- */

struct act_check {
    struct verify *verify;
    uint64_t serial;
    uint8_t chain[32];
};

static enum rc act_visit(void *context, const struct stored_act *act, struct err *err) {
    struct act_check *check = context;
    uint8_t expected[32];

    (void)err;
    check->verify->acts++;
    if (act->serial != check->serial + 1)
        VERIFY_FOUND(check->verify, "staff log: act %llu is missing",
                     (unsigned long long)(check->serial + 1));
    check->serial = act->serial;
    act_chain(check->chain, act, expected);
    if (!crypt_equal(expected, act->chain, 32))
        VERIFY_FOUND(check->verify, "staff log, act %llu: the chain does not continue",
                     (unsigned long long)act->serial);
    memcpy(check->chain, act->chain, 32);
    return RC_OK;
}

enum rc verify_acts(struct verify *verify, struct err *err) {
    struct act_check check = {.verify = verify};

    return store_acts(verify->seat->ledger->store, 0, act_visit, &check, err);
}
