/* check_chain.c: the chains of an audit file. A feed's entries must lead from nothing to the head
 * that is stated, a batch's leaves to what its device has signed, the staff log's acts to its head.
 */
#include "base/crypt.h"
#include "schema/audit/check_parts.h"

#include <stdlib.h>

static int leaf_order(uint64_t a_actor, uint64_t a_number, const uint8_t *a_leaf, uint64_t b_actor,
                      uint64_t b_number, const uint8_t *b_leaf) {
    if (a_actor != b_actor)
        return a_actor < b_actor ? -1 : 1;
    if (a_number != b_number)
        return a_number < b_number ? -1 : 1;
    return memcmp(a_leaf, b_leaf, 32);
}

static int by_place(const void *left, const void *right) {
    const struct placed *a = left, *b = right;

    return leaf_order(a->actor, a->number, a->leaf, b->actor, b->number, b->leaf);
}

static int by_writing(const void *left, const void *right) {
    const struct written *a = left, *b = right;

    return leaf_order(a->actor, a->number, a->leaf, b->actor, b->number, b->leaf);
}

void check_sort_leaves(struct check *check) {
    if (check->placed_count > 0)
        qsort(check->placed, check->placed_count, sizeof(*check->placed), by_place);
    if (check->written_count > 0)
        qsort(check->written, check->written_count, sizeof(*check->written), by_writing);
}

struct placed *check_placed(const struct check *check, struct dot dot, const uint8_t leaf[32],
                            uint32_t *count) {
    const struct placed wanted = {.actor = dot.actor, .number = dot.number, .leaf = leaf};
    uint32_t low = 0, high = check->placed_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (by_place(&check->placed[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *count = 0;
    while (low + *count < check->placed_count &&
           by_place(&check->placed[low + *count], &wanted) == 0)
        ++*count;
    return *count == 0 ? NULL : &check->placed[low];
}

bool check_written(const struct check *check, struct dot dot, const uint8_t leaf[32]) {
    const struct written wanted = {.actor = dot.actor, .number = dot.number, .leaf = leaf};

    return check->written_count > 0 && bsearch(&wanted, check->written, check->written_count,
                                               sizeof(wanted), by_writing) != NULL;
}

/* ---- feeds ---- */

static enum rc place_leaves(struct check *check, const struct audit_entry *entry, struct err *err) {
    for (uint32_t i = 0; i < entry->leaf_count; i++) {
        struct placed *row = arena_push(check->arena, &check->placed, &check->placed_count,
                                        &check->placed_capacity, sizeof(*row));

        if (row == NULL)
            return arena_check(check->arena, "the leaves of an audit file", err);
        *row = (struct placed){.actor = entry->actor,
                               .number = entry->leaves[i].number,
                               .leaf = entry->leaves[i].leaf,
                               .entry = entry,
                               .feed = check->feed_count - 1};
    }
    check->result->leaves += entry->leaf_count;
    return RC_OK;
}

static enum rc keep_redaction(struct check *check, const struct feed_entry *entry,
                              struct err *err) {
    struct redaction *row = arena_push(check->arena, &check->redactions, &check->redaction_count,
                                       &check->redaction_capacity, sizeof(*row));

    if (row == NULL)
        return arena_check(check->arena, "the erasures of an audit file", err);
    return feed_record_read(entry, &row->record, &row->erasure, err);
}

static enum rc take_entry(struct check *check, struct reader *in, uint8_t chain[32],
                          struct err *err) {
    struct audit_entry *entry = arena_alloc(check->arena, sizeof(*entry));
    enum rc rc;

    if (entry == NULL)
        return arena_check(check->arena, "the entries of an audit file", err);
    rc = audit_entry_read(in, check->arena, entry, err);
    if (rc != RC_OK || in->failed)
        return rc;
    feed_chain_next(chain, entry->digest, chain);
    check->result->entries++;
    rc = place_leaves(check, entry, err);
    if (rc == RC_OK && entry->whole && entry->entry.kind == FEED_REDACT)
        rc = keep_redaction(check, &entry->entry, err);
    return rc;
}

enum rc check_feed(struct check *check, struct view content, struct err *err) {
    struct feed_head *head = arena_push(check->arena, &check->feeds, &check->feed_count,
                                        &check->feed_capacity, sizeof(*head));
    uint8_t chain[32] = {0};
    char area[AREA_TEXT_BYTES];
    struct reader in;
    enum rc rc = RC_OK;

    if (head == NULL)
        return arena_check(check->arena, "the feeds of an audit file", err);
    reader_init(&in, content);
    audit_feed_read(&in, head);
    for (uint32_t i = 0; i + 1 < check->feed_count; i++)
        if (check->feeds[i].area == head->area && check->feeds[i].audience == head->audience)
            return err_set(err, RC_CORRUPT, "the same feed stands there twice");
    for (uint64_t i = 0; i < head->position && rc == RC_OK && !in.failed; i++)
        rc = take_entry(check, &in, chain, err);
    if (rc == RC_OK)
        rc = reader_check(&in, "a feed of an audit file", err);
    if (rc != RC_OK)
        return rc;
    area_text(head->area, area);
    if (!crypt_equal(chain, head->chain, sizeof(chain)))
        return err_set(
            err, RC_CORRUPT, "feed %s %s: its %llu entries do not lead to the head that is stated",
            area, audience_name((enum audience)head->audience), (unsigned long long)head->position);
    check->result->feeds++;
    if (check->options->feed != NULL)
        check->options->feed(check->options->context, head);
    return RC_OK;
}

static bool is_chosen(const struct audit_head *head, uint64_t area) {
    return head->selection == AUDIT_ALL ||
           (head->selection == AUDIT_AREA &&
            area_list_contains(head->areas, head->area_count, area));
}

void check_whole(struct check *check) {
    struct audit_result *result = check->result;
    uint64_t missing = 0;
    const struct placed *first = NULL;

    for (uint32_t i = 0; i < check->placed_count; i++) {
        const struct placed *placed = &check->placed[i];

        if (placed->given)
            continue;
        result->withheld++;
        if (!is_chosen(&result->head, check->feeds[placed->feed].area))
            continue;
        missing++;
        first = first == NULL ? placed : first;
    }
    result->whole = result->head.selection != AUDIT_RECORDS && missing == 0;
    if (missing > 0) {
        char dot[DOT_TEXT_BYTES], area[AREA_TEXT_BYTES];

        dot_text((struct dot){first->actor, first->number}, dot);
        area_text(check->feeds[first->feed].area, area);
        CHECK_FOUND(check,
                    "%llu changes stand in the feeds that were chosen and are not given; the first "
                    "is %s, in the feed of %s",
                    (unsigned long long)missing, dot, area);
    }
}

/* ---- batches ---- */

static const struct audit_device *find_device(const struct check *check, uint64_t id) {
    for (uint32_t i = 0; i < check->device_count; i++)
        if (check->device_ids[i] == id)
            return &check->devices[i];
    return NULL;
}

enum rc check_batch(struct check *check, struct view content, struct err *err) {
    const struct audit_device *device;
    uint32_t before = check->written_count;
    struct batch_proof proof;
    struct reader in;
    uint8_t chain[32];
    uint64_t count;
    enum rc rc;

    reader_init(&in, content);
    rc = batch_proof_read(read_sized(&in), &proof, err);
    if (rc != RC_OK)
        return rc;
    count = proof.batch.outer.last - proof.batch.outer.first + 1;
    if (count > read_left(&in) / 32)
        reader_fail(&in);
    memcpy(chain, proof.batch.previous, sizeof(chain));
    for (uint64_t i = 0; i < count && !in.failed; i++) {
        struct written *row = arena_push(check->arena, &check->written, &check->written_count,
                                         &check->written_capacity, sizeof(*row));

        if (row == NULL)
            return arena_check(check->arena, "the leaves of an audit file", err);
        *row = (struct written){proof.batch.outer.actor, proof.batch.outer.first + i,
                                read_bytes(&in, 32).data};
        chain_next(chain, row->leaf, chain);
    }
    rc = reader_check(&in, "a batch of an audit file", err);
    if (rc == RC_OK && proof.batch.outer.county != batch_county(check->result->head.county_public))
        rc = err_set(err, RC_CORRUPT, "a batch was sealed for another county");
    device = find_device(check, proof.batch.device);
    if (rc == RC_OK && device == NULL)
        rc = err_set(err, RC_CORRUPT, "the device that signed a batch is not among the devices");
    if (rc == RC_OK)
        rc = batch_proof_verify(&proof, chain, device->sign_public, err);
    if (rc != RC_OK)
        check->written_count = before;
    else
        check->result->batches++;
    return rc;
}

/* ---- the staff log ---- */

enum rc check_log(struct check *check, struct view content, struct err *err) {
    struct audit_log_head *head = &check->result->log;
    uint8_t chain[32], digest[32];
    struct reader in;
    enum rc rc;

    reader_init(&in, content);
    audit_log_read(&in, head);
    memcpy(chain, head->before, sizeof(chain));
    for (uint64_t i = 0; i < head->count && !in.failed; i++) {
        struct audit_act act;
        bool shown;

        audit_act_read(&in, head->first + i, &act, &shown, digest);
        if (in.failed)
            break;
        act_chain_next(chain, digest, chain);
        check->result->acts++;
        check->result->acts_shown += shown;
        if (shown && check->options->act != NULL)
            check->options->act(check->options->context, &act);
    }
    rc = reader_check(&in, "the staff log of an audit file", err);
    if (rc == RC_OK && head->first == 1) {
        static const uint8_t none[32];

        if (!crypt_equal(head->before, none, sizeof(none)))
            rc = err_set(err, RC_CORRUPT, "the staff log does not begin at its beginning");
    }
    if (rc == RC_OK && !crypt_equal(chain, head->head, sizeof(chain)))
        rc = err_set(err, RC_CORRUPT,
                     "the acts of the staff log do not lead to the head that is stated");
    return rc;
}
