/* check_record.c: a record of an audit file, made again from its changes.
 *
 * Of each change: its leaf is made from salt and bytes; a feed of the file has this very leaf under
 * this name, which fixes when it came in and how its names are read; a batch signed by a device has
 * it; a person's signature, where there is one, fits. Then all are merged, what the feeds say was
 * erased by law is taken out, and the packed state must be the one that the county claims. */
#include "base/crypt.h"
#include "schema/audit/check_parts.h"
#include "schema/erasure.h"
#include "schema/form/answers.h"
#include "schema/merge.h"

#define AREAS_MAX 256u /* of one record, over all its time */

struct making {
    struct check *check;
    struct audit_record stated;
    struct record state;
    struct buf packed;
    char name[DOT_TEXT_BYTES]; /* of the record */
    uint64_t areas[AREAS_MAX]; /* where its changes say that it lives */
    uint32_t area_count;
    struct dot placed[AREAS_MAX]; /* the first change that each feed has */
    uint32_t feeds[AREAS_MAX];
    uint32_t feed_count;
};

/* change: as its author wrote it. */
static enum rc check_author(struct making *making, const struct change *change,
                            const struct audit_change *given, const char *dot, struct err *err) {
    struct check *check = making->check;
    const struct audit_person *person = check_person_named(check, change->person);
    bool must = change->kind == CHANGE_RESOLVE || change->kind == CHANGE_SEAL ||
                change->kind == CHANGE_AMEND;
    uint8_t hash[32];
    enum rc rc;

    if (change->person != 0 && person == NULL)
        CHECK_FOUND(check, "change %s: its author is not among the people", dot);
    if ((given->flags & AUDIT_OPEN) == 0)
        return RC_OK;
    if (!change->is_signed) {
        if (must)
            CHECK_FOUND(check, "change %s: a decision without its person's signature", dot);
        return RC_OK;
    }
    rc = change_signed_hash(change, hash, err);
    if (rc != RC_OK)
        return rc;
    if (person == NULL || !crypt_verify(person->sign_public, view_of(hash, 32), change->signature))
        CHECK_FOUND(check, "change %s: the signature of its author does not fit", dot);
    else
        check->result->signed_by_person++;
    return RC_OK;
}

/* Names as they are known: read through the lineage of the entry. */
static enum rc rename_change(struct making *making, struct view forks, struct change *change,
                             struct err *err) {
    struct arena *arena = making->check->record;
    struct frame_change item = {.change = *change};
    struct frame frame = {.actor = change->dot.actor, .count = 1, .changes = &item};
    struct lineage lineage;
    enum rc rc = lineage_decode(forks, arena, &lineage, err);

    if (rc == RC_OK)
        rc = frame_rename(&frame, &lineage, arena, err);
    *change = item.change;
    return rc;
}

/* What the erasures of the record name is gone from the change, and nothing else. */
static enum rc check_erased(struct making *making, const struct change *change,
                            const struct audit_change *given, const char *dot, struct err *err) {
    struct check *check = making->check;
    struct change should = *change;
    bool named = false, agrees;
    enum rc rc = erasure_apply_all(&making->state, NULL, &should, check->record, &named, err);

    agrees = named == ((given->flags & AUDIT_ERASED) != 0);
    if (given->flags == AUDIT_ERASED)
        for (uint32_t i = 0; rc == RC_OK && agrees && i < change->entry_count; i++)
            agrees = (change->entries[i].value.type == VALUE_ERASED) ==
                     (should.entries[i].value.type == VALUE_ERASED);
    if (rc == RC_OK && !agrees)
        CHECK_FOUND(check, "change %s: what is missing in it is not what the law has erased", dot);
    return rc;
}

static enum rc merge_change(struct making *making, const struct change *change,
                            const struct feed_entry *entry, struct err *err) {
    struct arena *arena = making->check->record;
    const struct admission admission = {.time_ms = feed_entry_time(entry, change->wall_ms)};

    return merge_apply(&making->state, change, admission, arena, &making->state, err);
}

static void count_change(struct making *making, const struct audit_change *given) {
    struct audit_result *result = making->check->result;

    result->changes++;
    result->open += (given->flags & AUDIT_OPEN) != 0;
    result->erased += (given->flags & AUDIT_ERASED) != 0;
    result->masked += given->flags == AUDIT_MASKED;
}

/* ---- where it lived ---- */

static void note_areas(struct making *making, const struct change *change) {
    for (uint32_t i = 0; i < change->entry_count && making->area_count < AREAS_MAX; i++)
        if (change->entries[i].field == FIELD_AREA && change->entries[i].value.type == VALUE_INT)
            making->areas[making->area_count++] = (uint64_t)change->entries[i].value.number;
}

static void note_feeds(struct making *making, const struct placed *placed, uint32_t count,
                       const struct change *change) {
    struct check *check = making->check;
    const struct form *form = check_form(check, change->form);
    char dot[DOT_TEXT_BYTES];

    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = 0;

        if (form != NULL && check->feeds[placed[i].feed].audience != form->audience) {
            dot_text(change->dot, dot);
            CHECK_FOUND(check, "change %s: it stands in a feed of another audience than its form",
                        dot);
        }
        while (at < making->feed_count && making->feeds[at] != placed[i].feed)
            at++;
        if (at < making->feed_count || at == AREAS_MAX)
            continue;
        making->feeds[making->feed_count] = placed[i].feed;
        making->placed[making->feed_count++] = change->dot;
    }
}

/* By one of the codes that it ever had: its own, or one that took its place. */
static bool was_there(const struct making *making, uint64_t area) {
    for (uint32_t i = 0; i < making->area_count; i++) {
        struct succession then = making->check->areas;
        uint32_t acts = then.count;

        if (making->areas[i] == area)
            return true;
        for (then.count = 1; then.count <= acts; then.count++)
            if (succession_of(&then, making->areas[i]) == area)
                return true;
    }
    return false;
}

/* A feed's chain does not say of which area it is; the records in it do. */
static void check_areas(struct making *making) {
    struct check *check = making->check;

    for (uint32_t i = 0; i < making->feed_count; i++) {
        uint64_t feed = check->feeds[making->feeds[i]].area;
        char area[AREA_TEXT_BYTES], dot[DOT_TEXT_BYTES];

        if (was_there(making, feed))
            continue;
        area_text(feed, area);
        dot_text(making->placed[i], dot);
        CHECK_FOUND(check,
                    "record %s: change %s stands in the feed of %s, where the record never was",
                    making->name, dot, area);
    }
}

/* ---- one change ---- */

/* The leaf in the feeds; said and NULL where there is none, or it has been used already. */
static const struct placed *find_place(struct making *making, const struct change *change,
                                       const uint8_t leaf[32], const char *dot) {
    struct check *check = making->check;
    uint32_t count = 0;
    struct placed *placed = check_placed(check, change->dot, leaf, &count);

    if (placed == NULL) {
        CHECK_FOUND(check, "record %s: no feed has its change %s with this content", making->name,
                    dot);
        return NULL;
    }
    if (placed->given) {
        CHECK_FOUND(check, "record %s: its change %s is given twice", making->name, dot);
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++)
        placed[i].given = true;
    note_feeds(making, placed, count, change);
    note_areas(making, change);
    return placed;
}

static enum rc take_change(struct making *making, const struct audit_change *given,
                           struct err *err) {
    struct check *check = making->check;
    const struct placed *placed;
    struct change change;
    char dot[DOT_TEXT_BYTES];
    uint8_t leaf[32];
    enum rc rc = change_decode(given->canonical, check->record, &change, err);

    if (rc != RC_OK)
        return rc;
    dot_text(change.dot, dot);
    memcpy(leaf, given->leaf, sizeof(leaf));
    if ((given->flags & AUDIT_OPEN) != 0)
        chain_leaf(given->salt, given->canonical, leaf);
    if (change.erased == ((given->flags & AUDIT_OPEN) != 0))
        CHECK_FOUND(check, "change %s: it is not as whole as the file says", dot);
    if ((given->flags & AUDIT_MASKED) != 0 && !check->result->head.masked)
        CHECK_FOUND(check, "change %s: it is masked in a file that is not", dot);
    placed = find_place(making, &change, leaf, dot);
    if (placed == NULL)
        return RC_OK;
    count_change(making, given);
    check->result->signed_by_device += check_written(check, change.dot, leaf);
    check->result->unknown_forms += check_form(check, change.form) == NULL;
    rc = check_author(making, &change, given, dot, err);
    if (rc == RC_OK)
        rc = rename_change(making, placed->entry->entry.forks, &change, err);
    if (rc == RC_OK)
        rc = check_erased(making, &change, given, dot, err);
    if (rc != RC_OK)
        return rc;
    if (!dot_equal(change.record, making->stated.id)) {
        CHECK_FOUND(check, "record %s: change %s is of another record", making->name, dot);
        return RC_OK;
    }
    return merge_change(making, &change, &placed->entry->entry, err);
}

/* Merging leaves what it no longer needs in the arena: a long history is packed from time to time.
 */
static enum rc compact(struct making *making, struct err *err) {
    struct arena *arena = making->check->record;
    struct buf state;
    enum rc rc;

    buf_init(&state, LIMIT_RECORD_BYTES);
    rc = record_pack(&making->state, &state, err);
    if (rc == RC_OK) {
        arena_reset(arena);
        rc = record_unpack(arena_view(arena, buf_view(&state)), arena, &making->state, err);
    }
    buf_release(&state);
    return rc;
}

static enum rc take_changes(struct making *making, struct err *err) {
    const struct check *check = making->check;
    enum rc rc = RC_OK;

    record_init(&making->state, making->stated.id);
    for (uint32_t i = 0; i < check->redaction_count && rc == RC_OK; i++)
        if (dot_equal(check->redactions[i].record, making->stated.id))
            rc = merge_erase(&making->state, check->redactions[i].erasure, check->record,
                             &making->state, err);
    for (uint32_t i = 0; i < making->stated.change_count && rc == RC_OK; i++) {
        rc = take_change(making, &making->stated.changes[i], err);
        if (rc == RC_OK && i % 16 == 15)
            rc = compact(making, err);
    }
    return rc;
}

/* ---- the state ---- */

static enum rc see(struct check *check, const struct record *record, struct reading *reading,
                   struct err *err) {
    enum rc rc = reading_make(record, reading_governing_form(record, check_form, check),
                              check->record, reading, err);

    if (rc == RC_OK && check->areas.count > 0) {
        reading_succeed(&check->areas, reading, check->record);
        rc = arena_check(check->record, "a record", err);
    }
    return rc;
}

static enum rc say_difference(struct making *making, struct err *err) {
    struct check *check = making->check;
    const struct version *version;
    struct record stated;
    struct reading reading;
    struct buf path;
    enum rc rc = record_unpack(making->stated.state, check->record, &stated, err);

    if (rc != RC_OK)
        return rc;
    version = record_difference(&stated, &making->state);
    if (version == NULL) {
        CHECK_FOUND(check,
                    "record %s: the county's state holds %u changes, those given make one of %u; "
                    "the values agree",
                    making->name, stated.absorbed_count, making->state.absorbed_count);
        return RC_OK;
    }
    buf_init(&path, 65536);
    rc = see(check, &making->state, &reading, err);
    if (rc == RC_OK)
        rc = answers_path_text(&reading, version->instance, version->field, &path, err);
    CHECK_FOUND(check, "record %s: the county's state is not what the changes make, first at %s",
                making->name, rc == RC_OK ? buf_text(&path) : "?");
    buf_release(&path);
    err_clear(err);
    return check_ends(rc) ? rc : RC_OK;
}

static enum rc check_state(struct making *making, struct err *err) {
    struct check *check = making->check;
    const struct record *state = &making->state;
    struct checked *row;
    struct reading reading;
    uint8_t digest[32];
    enum rc rc = record_pack(state, &making->packed, err);

    if (rc != RC_OK)
        return rc;
    if (!view_equal(buf_view(&making->packed), making->stated.state))
        return say_difference(making, err);
    record_digest(making->stated.state, digest);
    if (!check->result->head.masked &&
        memcmp(digest, making->stated.state_digest, sizeof(digest)) != 0)
        CHECK_FOUND(check, "record %s: the digest of its state is another", making->name);
    row = arena_push(check->arena, &check->checked, &check->checked_count, &check->checked_capacity,
                     sizeof(*row));
    if (row == NULL)
        return arena_check(check->arena, "the records of an audit file", err);
    *row = (struct checked){making->stated.id, making->stated.state};
    rc = see(check, state, &reading, err);
    if (rc != RC_OK)
        return rc;
    check->result->conflicts += reading.conflict_count;
    if (check->options->record != NULL)
        check->options->record(check->options->context, state, &reading);
    return RC_OK;
}

enum rc check_record(struct check *check, struct view content, struct err *err) {
    struct making making = {.check = check};
    enum rc rc;

    check->result->records++;
    arena_reset(check->record);
    /* The lists of the record stay while the record's own arena is packed anew. */
    rc = audit_record_read(content, check->arena, &making.stated, err);
    if (rc != RC_OK)
        return rc;
    dot_text(making.stated.id, making.name);
    check->result->asides += making.stated.aside_count;
    buf_init(&making.packed, LIMIT_RECORD_BYTES);
    rc = take_changes(&making, err);
    if (rc == RC_OK)
        check_areas(&making);
    if (rc == RC_OK)
        rc = check_state(&making, err);
    if (rc != RC_OK && !check_ends(rc))
        err_prefix(err, "record %s: ", making.name);
    buf_release(&making.packed);
    return rc;
}

/* ---- income ---- */

enum rc check_income(struct check *check, struct view content, struct err *err) {
    struct audit_income stated = {0}, made = {0};
    struct record record;
    struct reading reading;
    struct buf left, right;
    char name[DOT_TEXT_BYTES];
    const struct checked *at;
    enum rc rc = audit_income_read(content, &stated, err);

    if (rc != RC_OK)
        return rc;
    dot_text(stated.record, name);
    at = check_made(check, stated.record);
    if (at == NULL)
        return err_set(err, RC_CORRUPT, "record %s: an income of a record that is not proven",
                       name);
    arena_reset(check->record);
    rc = record_unpack(at->state, check->record, &record, err);
    if (rc == RC_OK)
        rc = see(check, &record, &reading, err);
    if (rc == RC_OK)
        rc = audit_income_make(&reading, stated.record, stated.day, check->record, &made, err);
    if (rc != RC_OK)
        return err_prefix(err, "record %s: ", name);
    buf_init(&left, 4096);
    buf_init(&right, 4096);
    audit_income_write(&stated, &left);
    audit_income_write(&made, &right);
    rc = buf_check(&left, "an income", err);
    if (rc == RC_OK)
        rc = buf_check(&right, "an income", err);
    if (rc == RC_OK && !view_equal(buf_view(&left), buf_view(&right)))
        CHECK_FOUND(check, "record %s: its income is %lld fen by the table, not %lld", name,
                    (long long)made.net_fen, (long long)stated.net_fen);
    else if (rc == RC_OK)
        check->result->incomes++;
    buf_release(&left);
    buf_release(&right);
    return rc;
}
