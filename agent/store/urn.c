/* urn.c: see urn.h.
 *
 * Table urn: actor, number: the meeting as it was called when the urn was made, known: its actor as
 * it is called now, because copies of this tablet had used the number, too; maker: the own actor
 * that made it; mode, round; passes, memory_kib: the cost of the secrets; chair, teller: salts;
 * sealed: the block.
 *
 * BLOCK, numbers little-endian: version (1 byte), mode, round (4), seats (8), item count (4),
 * joined (1), then for each item, in order of ids: id (actor 8, number 8, ordinal 4), counters
 * (yes, no, abstain, invalid, unused, one for each reason: 1 byte each), agreed (1), marks (8), and
 * for each teller: whether he has counted (1), his counters, his marks (8). Its size depends on
 * nothing but the number of items.
 *
 * key = mac(stretch(chair's secret), "yg urn", stretch(teller's secret) || meeting), or for paper
 * and hands mac(area's locking key, "yg urn open", meeting). Associated data: "urn", meeting,
 * round, mode: an urn of an earlier round put back does not open as a later one. In both the
 * meeting is called as it was then. */
#include "agent/store/urn.h"

#include "agent/store/inside.h"
#include "base/planted.h"

#include <stdlib.h>

#define VERSION     1u
#define HEAD_BYTES  19u
#define COUNTERS    (5u + VOTE_REASON_COUNT)
#define SHEET_BYTES (1u + COUNTERS + 8u)
#define ITEM_BYTES  (20u + COUNTERS + 1u + 8u + 2u * SHEET_BYTES)
#define BLOCK_BYTES (HEAD_BYTES + VOTE_ITEMS_MAX * ITEM_BYTES)

enum {
    AT_COUNTERS = 20,
    AT_AGREED = 20 + COUNTERS,
    AT_MARKS = 21 + COUNTERS,
    AT_SHEETS = 29 + COUNTERS
};
enum { YES = 0, NO, ABSTAIN, INVALID, UNUSED, REASONS };

struct secret_part { /* in guarded memory */
    uint8_t key[CRYPT_KEY_BYTES];
    uint8_t block[BLOCK_BYTES];
    uint8_t next[BLOCK_BYTES]; /* what the block becomes, if the disk takes it */
};

struct urn {
    struct tablet *tablet;
    struct dot meeting; /* as it was called when the urn was opened */
    uint64_t born;      /* its actor's name when the urn was made */
    uint64_t maker;
    uint32_t round, item_count;
    uint8_t mode;
    size_t size;                    /* of the block */
    bool broken;                    /* the disk may hold another block than memory */
    uint8_t nonce[URN_NONCE_BYTES]; /* of the block on disk: it tells whether it is still ours */
    struct secret_part *secret;
};

/* ---- numbers in the block ---- */

static void put_le(uint8_t *at, uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get_le(const uint8_t *at, unsigned bytes) {
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static uint8_t *item_at(uint8_t *block, uint32_t index) {
    return block + HEAD_BYTES + (size_t)index * ITEM_BYTES;
}

static const uint8_t *item_of(const struct urn *urn, uint32_t index) {
    return item_at(urn->secret->block, index);
}

/* ---- memory ---- */

static struct urn *make(struct tablet *tablet, struct dot meeting, struct err *err) {
    struct urn *urn = calloc(1, sizeof(*urn));

    if (urn != NULL)
        urn->secret = calloc(1, sizeof(*urn->secret));
    if (urn == NULL || urn->secret == NULL) {
        free(urn);
        (void)err_set(err, RC_NO_MEMORY, "out of memory");
        return NULL;
    }
    (void)crypt_guard(urn->secret, sizeof(*urn->secret));
    urn->tablet = tablet;
    urn->meeting = meeting;
    urn->born = meeting.actor;
    return urn;
}

void urn_close(struct urn *urn) {
    if (urn == NULL)
        return;
    crypt_unguard(urn->secret, sizeof(*urn->secret));
    free(urn->secret);
    free(urn);
}

static uint64_t present_actor(const struct tablet *tablet) {
    const struct own_actor *actor = tablet_actor(tablet, tablet_actor_count(tablet) - 1);

    return actor == NULL ? 0 : actor->actor;
}

/* ---- keys ---- */

struct salts {
    uint8_t chair[CRYPT_SALT_BYTES], teller[CRYPT_SALT_BYTES];
    struct crypt_cost cost;
};

static enum rc check_secrets(const struct urn_secrets *secrets, struct err *err) {
    if (secrets->chair.size < URN_SECRET_BYTES_MIN || secrets->teller.size < URN_SECRET_BYTES_MIN)
        return err_set(err, RC_INVALID, "a secret for the vote has %u characters or more",
                       URN_SECRET_BYTES_MIN);
    if (view_equal(secrets->chair, secrets->teller))
        return err_set(err, RC_INVALID,
                       "chair and teller each think up a secret of their own; these are the same");
    return RC_OK;
}

static enum rc derive_secret(struct urn *urn, const struct urn_secrets *secrets,
                             const struct salts *salts, struct err *err) {
    uint8_t chair[CRYPT_KEY_BYTES], data[CRYPT_KEY_BYTES + 16];
    enum rc rc = crypt_stretch(secrets->chair, salts->chair, salts->cost, chair, err);

    if (rc == RC_OK)
        rc = crypt_stretch(secrets->teller, salts->teller, salts->cost, data, err);
    if (rc == RC_OK) {
        put_le(data + CRYPT_KEY_BYTES, urn->born, 8);
        put_le(data + CRYPT_KEY_BYTES + 8, urn->meeting.number, 8);
        crypt_mac(chair, "yg urn", view_of(data, sizeof(data)), urn->secret->key);
    }
    crypt_wipe(chair, sizeof(chair));
    crypt_wipe(data, sizeof(data));
    return rc;
}

static enum rc derive_open(struct session *session, struct urn *urn, uint64_t area,
                           struct err *err) {
    enum rc rc = tablet_regain(session->tablet, err);
    const struct area_key *key = area_key_of(session->tablet, area);
    const struct open_key *open =
        key == NULL ? NULL : area_key_open(session->tablet, session, key->key);
    uint8_t data[16];

    if (rc != RC_OK)
        return rc;
    if (open == NULL || !session_may(session, area))
        return err_set(err, RC_DENIED, "the key of this area is not yours; see person list");
    put_le(data, urn->born, 8);
    put_le(data + 8, urn->meeting.number, 8);
    crypt_mac(open->lock, "yg urn open", view_of(data, sizeof(data)), urn->secret->key);
    return RC_OK;
}

static enum rc derive(struct session *session, struct urn *urn, uint64_t area,
                      const struct urn_secrets *secrets, const struct salts *salts,
                      struct err *err) {
    return urn->mode == VOTE_SECRET_DEVICE ? derive_secret(urn, secrets, salts, err)
                                           : derive_open(session, urn, area, err);
}

/* ---- the row ---- */

static void associated(const struct urn *urn, uint8_t out[24]) {
    memcpy(out, "urn", 3);
    put_le(out + 3, urn->born, 8);
    put_le(out + 11, urn->meeting.number, 8);
    put_le(out + 19, urn->round, 4);
    out[23] = urn->mode;
}

static enum rc lock_block(struct urn *urn, const uint8_t *block, struct buf *out, struct err *err) {
    uint8_t about[24];

    associated(urn, about);
    buf_init(out, BLOCK_BYTES + CRYPT_LOCK_EXTRA_BYTES);
    return crypt_lock(urn->tablet->env, urn->secret->key, view_of(block, urn->size),
                      view_of(about, sizeof(about)), out, err);
}

static enum rc under_way(struct err *err) {
    return err_set(err, RC_CONFLICT,
                   "voting is under way on this tablet already; go on with "
                   "its two secrets, or make the round void");
}

static enum rc insert_row(struct urn *urn, const struct salts *salts, struct err *err) {
    struct statement *add = urn->tablet->sql[SQL_URN_ADD];
    struct buf locked;
    enum rc rc = lock_block(urn, urn->secret->block, &locked, err);

    if (rc == RC_OK)
        rc = tablet_begin(urn->tablet, err);
    if (rc != RC_OK) {
        buf_release(&locked);
        return rc;
    }
    statement_bind_i64(add, 1, (int64_t)urn->meeting.actor);
    statement_bind_i64(add, 2, (int64_t)urn->meeting.number);
    statement_bind_i64(add, 3, urn->mode);
    statement_bind_i64(add, 4, urn->round);
    statement_bind_i64(add, 5, salts->cost.passes);
    statement_bind_i64(add, 6, salts->cost.memory_kib);
    statement_bind_blob(add, 7, view_of(salts->chair, sizeof(salts->chair)));
    statement_bind_blob(add, 8, view_of(salts->teller, sizeof(salts->teller)));
    statement_bind_blob(add, 9, buf_view(&locked));
    statement_bind_i64(add, 10, (int64_t)urn->maker);
    rc = statement_run(add, err);
    if (rc == RC_OK)
        rc = tablet_commit(urn->tablet, err);
    else
        tablet_rollback(urn->tablet);
    if (rc == RC_OK)
        memcpy(urn->nonce, locked.data, sizeof(urn->nonce));
    buf_release(&locked);
    return rc == RC_CONFLICT ? under_way(err) : rc;
}

static enum rc moved_on(struct err *err) {
    return err_set(err, RC_CONFLICT,
                   "voting was continued or ended elsewhere on this tablet; open it again with its "
                   "two secrets");
}

/* Writes secret->next over the row; memory follows when the disk has it. */
static enum rc write_next(struct urn *urn, struct err *err) {
    struct statement *put = urn->tablet->sql[SQL_URN_PUT];
    struct buf locked;
    enum rc rc = lock_block(urn, urn->secret->next, &locked, err);

    if (rc == RC_OK)
        rc = tablet_begin(urn->tablet, err);
    if (rc == RC_OK) {
        statement_bind_i64(put, 1, (int64_t)urn->meeting.actor);
        statement_bind_i64(put, 2, (int64_t)urn->meeting.number);
        statement_bind_blob(put, 3, buf_view(&locked));
        statement_bind_blob(put, 4, view_of(urn->nonce, sizeof(urn->nonce)));
        rc = statement_run(put, err);
        if (rc == RC_OK && db_changes(urn->tablet->db) != 1)
            rc = moved_on(err);
        if (rc == RC_OK)
            rc = tablet_commit(urn->tablet, err);
        else
            tablet_rollback(urn->tablet);
    }
    if (rc == RC_OK) {
        memcpy(urn->secret->block, urn->secret->next, urn->size);
        memcpy(urn->nonce, locked.data, sizeof(urn->nonce));
    } else {
        urn->broken = rc == RC_IO;
    }
    buf_release(&locked);
    crypt_wipe(urn->secret->next, urn->size);
    return rc;
}

/* The statement stands on the row: mode, round, passes, memory_kib, chair, teller, sealed, actor,
 * maker. */
static enum rc find_row(struct tablet *tablet, struct dot meeting, struct err *err) {
    struct statement *get = tablet->sql[SQL_URN_GET];
    enum rc rc;

    statement_bind_i64(get, 1, (int64_t)meeting.actor);
    statement_bind_i64(get, 2, (int64_t)meeting.number);
    rc = statement_one(get, err);
    return rc == RC_NOT_FOUND
               ? err_set(err, rc, "there is no voting of this meeting on this tablet")
               : rc;
}

enum rc urn_find(struct session *session, struct dot meeting, struct urn_about *out,
                 struct err *err) {
    struct statement *get = session->tablet->sql[SQL_URN_GET];
    enum rc rc = find_row(session->tablet, meeting, err);

    *out = (struct urn_about){0};
    if (rc != RC_OK)
        return rc;
    *out = (struct urn_about){.mode = (uint8_t)statement_i64(get, 0),
                              .round = (uint32_t)statement_i64(get, 1)};
    statement_reset(get);
    return RC_OK;
}

/* ---- a new one ---- */

static int by_id(const void *left, const void *right) {
    return instance_compare(*(const struct instance_id *)left, *(const struct instance_id *)right);
}

static enum rc fill_block(struct urn *urn, const struct urn_plan *plan, struct err *err) {
    struct instance_id *items = calloc(plan->item_count + 1u, sizeof(*items));
    uint8_t *block = urn->secret->block;

    if (items == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    memcpy(items, plan->items, plan->item_count * sizeof(*items));
    qsort(items, plan->item_count, sizeof(*items), by_id);
    block[0] = VERSION;
    block[1] = plan->mode;
    put_le(block + 2, plan->round, 4);
    put_le(block + 6, plan->seats, 8);
    put_le(block + 14, plan->item_count, 4);
    block[18] = plan->joined;
    for (uint32_t i = 0; i < plan->item_count; i++)
        urn_name_item(urn, i, items[i]);
    free(items);
    urn->size = HEAD_BYTES + (size_t)plan->item_count * ITEM_BYTES;
    return RC_OK;
}

enum rc urn_new(struct session *session, const struct urn_plan *plan,
                const struct urn_secrets *secrets, struct urn **out, struct err *err) {
    struct salts salts = {.cost = session->tablet->cost};
    struct urn *urn = NULL;
    enum rc rc = RC_OK;

    *out = NULL;
    if (plan->item_count == 0 || plan->item_count > VOTE_ITEMS_MAX || plan->seats == 0)
        return err_set(err, RC_INVALID, "a vote needs somebody present and 1 to %u households",
                       VOTE_ITEMS_MAX);
    if (plan->mode == VOTE_SECRET_DEVICE)
        rc = check_secrets(secrets, err);
    if (rc == RC_OK)
        rc = find_row(session->tablet, plan->meeting, err);
    statement_reset(session->tablet->sql[SQL_URN_GET]);
    if (rc != RC_NOT_FOUND)
        return rc == RC_OK ? under_way(err) : rc;
    err_clear(err);
    urn = make(session->tablet, plan->meeting, err);
    if (urn == NULL)
        return RC_NO_MEMORY;
    urn->mode = plan->mode;
    urn->round = plan->round;
    urn->item_count = plan->item_count;
    urn->maker = present_actor(session->tablet);
    env_entropy(session->tablet->env, salts.chair, sizeof(salts.chair));
    env_entropy(session->tablet->env, salts.teller, sizeof(salts.teller));
    rc = fill_block(urn, plan, err);
    if (rc == RC_OK)
        rc = derive(session, urn, plan->area, secrets, &salts, err);
    if (rc == RC_OK)
        rc = insert_row(urn, &salts, err);
    if (rc == RC_OK)
        *out = urn;
    else
        urn_close(urn);
    return rc;
}

/* ---- the one that is there ---- */

static enum rc unlock_block(struct urn *urn, struct view sealed, struct err *err) {
    uint8_t about[24];
    struct buf plain;
    enum rc rc;

    associated(urn, about);
    buf_init(&plain, BLOCK_BYTES);
    rc = buf_reserve(&plain, BLOCK_BYTES) == NULL
             ? err_set(err, RC_NO_MEMORY, "out of memory")
             : crypt_unlock(urn->secret->key, sealed, view_of(about, sizeof(about)), &plain, err);
    if (rc == RC_OK) {
        memcpy(urn->secret->block, plain.data, plain.size);
        urn->size = plain.size;
    }
    crypt_buf_release(&plain);
    if (rc != RC_OK)
        return rc;
    if (urn->size >= HEAD_BYTES)
        urn->item_count = (uint32_t)get_le(urn->secret->block + 14, 4);
    if (urn->size < HEAD_BYTES || urn->secret->block[0] != VERSION ||
        urn->size != HEAD_BYTES + (size_t)urn->item_count * ITEM_BYTES)
        return err_set(err, RC_UNSUPPORTED,
                       "a newer program has begun this voting; go on with that one");
    return RC_OK;
}

static enum rc open_row(struct session *session, struct urn *urn, uint64_t area,
                        const struct urn_secrets *secrets, struct err *err) {
    struct statement *get = session->tablet->sql[SQL_URN_GET];
    enum rc rc = find_row(session->tablet, urn->meeting, err);
    struct view chair, teller;
    struct salts salts;

    if (rc != RC_OK)
        return rc;
    urn->mode = (uint8_t)statement_i64(get, 0);
    urn->round = (uint32_t)statement_i64(get, 1);
    salts.cost = (struct crypt_cost){.passes = (uint32_t)statement_i64(get, 2),
                                     .memory_kib = (uint32_t)statement_i64(get, 3)};
    urn->born = (uint64_t)statement_i64(get, 7);
    urn->maker = (uint64_t)statement_i64(get, 8);
    if (urn->maker == 0)
        urn->maker = present_actor(session->tablet);
    chair = statement_blob(get, 4);
    teller = statement_blob(get, 5);
    if (chair.size != CRYPT_SALT_BYTES || teller.size != CRYPT_SALT_BYTES) {
        rc = err_set(err, RC_CORRUPT, "tablet.db, table urn: a row is damaged; run verify");
    } else {
        memcpy(salts.chair, chair.data, CRYPT_SALT_BYTES);
        memcpy(salts.teller, teller.data, CRYPT_SALT_BYTES);
        rc = derive(session, urn, area, secrets, &salts, err);
    }
    if (rc == RC_OK)
        rc = unlock_block(urn, statement_blob(get, 6), err);
    if (rc == RC_OK) /* which unlocking has seen to be there */
        memcpy(urn->nonce, statement_blob(get, 6).data, sizeof(urn->nonce));
    statement_reset(get);
    return rc;
}

enum rc urn_open(struct session *session, struct dot meeting, uint64_t area,
                 const struct urn_secrets *secrets, struct urn **out, struct err *err) {
    struct urn *urn = make(session->tablet, meeting, err);
    enum rc rc;

    *out = NULL;
    if (urn == NULL)
        return RC_NO_MEMORY;
    rc = open_row(session, urn, area, secrets, err);
    if (rc == RC_DENIED && urn->mode == VOTE_SECRET_DEVICE)
        rc = err_set(err, RC_DENIED,
                     "one of the two secrets is wrong; both are asked again. If one is forgotten, "
                     "make the round void and vote again");
    if (rc == RC_INVALID)
        rc = err_set(err, RC_DENIED, "the secrets of chair and teller are both needed");
    if (rc == RC_OK)
        *out = urn;
    else
        urn_close(urn);
    return rc;
}

/* ---- looking ---- */

struct dot urn_meeting(const struct urn *urn) {
    return urn->meeting;
}

uint64_t urn_maker(const struct urn *urn) {
    return urn->maker;
}

uint8_t urn_mode(const struct urn *urn) {
    return urn->mode;
}

uint32_t urn_round(const struct urn *urn) {
    return urn->round;
}

uint64_t urn_seats(const struct urn *urn) {
    return get_le(urn->secret->block + 6, 8);
}

bool urn_joined(const struct urn *urn) {
    return urn->secret->block[18] != 0;
}

uint32_t urn_item_count(const struct urn *urn) {
    return urn->item_count;
}

struct instance_id urn_item(const struct urn *urn, uint32_t index) {
    const uint8_t *item = item_of(urn, index);

    return (struct instance_id){.dot = {get_le(item, 8), get_le(item + 8, 8)},
                                .ordinal = (uint32_t)get_le(item + 16, 4)};
}

void urn_name_item(struct urn *urn, uint32_t index, struct instance_id id) {
    uint8_t *item = item_at(urn->secret->block, index);

    put_le(item, id.dot.actor, 8);
    put_le(item + 8, id.dot.number, 8);
    put_le(item + 16, id.ordinal, 4);
}

uint32_t urn_index(const struct urn *urn, struct instance_id id) {
    for (uint32_t i = 0; i < urn->item_count; i++)
        if (instance_equal(urn_item(urn, i), id))
            return i;
    return UINT32_MAX;
}

uint64_t urn_marks(const struct urn *urn, uint32_t index) {
    return get_le(item_of(urn, index) + AT_MARKS, 8);
}

/* ---- voting ---- */

static enum rc check_open(const struct urn *urn, struct err *err) {
    return urn->broken
               ? err_set(err, RC_IO, "the disk refused; open the voting again with its two secrets")
               : RC_OK;
}

static enum rc check_vote(const struct urn *urn, uint64_t seat, const struct urn_vote *vote,
                          struct err *err) {
    if (vote->item >= urn->item_count || vote->answer < URN_YES || vote->answer > URN_UNUSED ||
        vote->reasons >> VOTE_REASON_COUNT != 0 || (vote->reasons != 0 && vote->answer != URN_NO))
        return err_set(err, RC_INVALID, "this is no answer that can be given here");
    if ((get_le(item_at(urn->secret->next, vote->item) + AT_MARKS, 8) & seat) != 0)
        return err_set(err, RC_CONFLICT, "this seat has voted on it already");
    return RC_OK;
}

static void count_vote(uint8_t *item, uint64_t seat, const struct urn_vote *vote) {
    static const uint8_t counter[] = {
        [URN_YES] = YES, [URN_NO] = NO, [URN_ABSTAIN] = ABSTAIN, [URN_UNUSED] = UNUSED};

    item[AT_COUNTERS + counter[vote->answer]]++;
    for (unsigned r = 0; r < VOTE_REASON_COUNT; r++)
        item[AT_COUNTERS + REASONS + r] =
            (uint8_t)(item[AT_COUNTERS + REASONS + r] + (vote->reasons >> r & 1));
    put_le(item + AT_MARKS, get_le(item + AT_MARKS, 8) | seat, 8);
}

enum rc urn_cast(struct urn *urn, uint32_t seat, const struct urn_vote *votes, uint32_t count,
                 struct err *err) {
    uint64_t bit = vote_seat(seat);
    enum rc rc = check_open(urn, err);

    if (rc == RC_OK && urn->mode != VOTE_SECRET_DEVICE)
        rc = err_set(err, RC_INVALID, "this meeting does not vote on the tablet; enter the counts");
    if (rc == RC_OK && (bit == 0 || (urn_seats(urn) & bit) == 0))
        rc = err_set(err, RC_DENIED, "this seat does not vote on this tablet");
    if (rc == RC_OK && count == 0)
        rc = err_set(err, RC_INVALID, "this is no answer that can be given here");
    if (rc != RC_OK)
        return rc;
    memcpy(urn->secret->next, urn->secret->block, urn->size);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        rc = check_vote(urn, bit, &votes[i], err);
        if (rc == RC_OK)
            count_vote(item_at(urn->secret->next, votes[i].item), bit, &votes[i]);
    }
    if (rc == RC_OK && PLANTED(VOTE_PARTED)) { /* counters now, marks in another transaction */
        for (uint32_t i = 0; i < count; i++)
            put_le(item_at(urn->secret->next, votes[i].item) + AT_MARKS,
                   urn_marks(urn, votes[i].item), 8);
        rc = write_next(urn, err);
        memcpy(urn->secret->next, urn->secret->block, urn->size);
        for (uint32_t i = 0; i < count; i++)
            put_le(item_at(urn->secret->next, votes[i].item) + AT_MARKS,
                   urn_marks(urn, votes[i].item) | bit, 8);
    }
    if (rc == RC_OK)
        return write_next(urn, err);
    crypt_wipe(urn->secret->next, urn->size);
    return rc;
}

/* ---- counting by hand ---- */

static bool fits(uint32_t number) {
    return number <= VOTE_SEATS_MAX;
}

static bool write_sheet(uint8_t *sheet, const struct vote_count *count) {
    bool good = fits(count->yes) && fits(count->no) && fits(count->abstain) &&
                fits(count->invalid) && fits(count->unused);

    sheet[0] = 1;
    sheet[1 + YES] = (uint8_t)count->yes;
    sheet[1 + NO] = (uint8_t)count->no;
    sheet[1 + ABSTAIN] = (uint8_t)count->abstain;
    sheet[1 + INVALID] = (uint8_t)count->invalid;
    sheet[1 + UNUSED] = (uint8_t)count->unused;
    for (unsigned r = 0; r < VOTE_REASON_COUNT; r++) {
        good = good && fits(count->reasons[r]);
        sheet[1 + REASONS + r] = (uint8_t)count->reasons[r];
    }
    put_le(sheet + 1 + COUNTERS, count->marks, 8);
    return good;
}

static enum urn_entered compare_sheets(uint8_t *item) {
    uint8_t *first = item + AT_SHEETS, *second = first + SHEET_BYTES;
    bool same = memcmp(first, second, SHEET_BYTES) == 0;

    if (first[0] == 0 || second[0] == 0)
        return URN_WAITS;
    if (same) {
        memcpy(item + AT_COUNTERS, first + 1, COUNTERS);
        memcpy(item + AT_MARKS, first + 1 + COUNTERS, 8);
        item[AT_AGREED] = 1;
    }
    memset(first, 0, (size_t)2 * SHEET_BYTES);
    return same ? URN_AGREED : URN_DIFFERS;
}

enum rc urn_enter(struct urn *urn, uint32_t index, unsigned teller, const struct vote_count *count,
                  enum urn_entered *state, struct err *err) {
    enum rc rc = check_open(urn, err);
    uint8_t *item;

    if (rc == RC_OK && urn->mode == VOTE_SECRET_DEVICE)
        rc = err_set(err, RC_INVALID, "this meeting votes on the tablet; nothing is entered");
    if (rc == RC_OK && (index >= urn->item_count || teller > 1))
        rc = err_set(err, RC_INVALID, "teller 1 or 2 counts one household of the agenda");
    if (rc != RC_OK)
        return rc;
    memcpy(urn->secret->next, urn->secret->block, urn->size);
    item = item_at(urn->secret->next, index);
    if (item[AT_AGREED] != 0)
        rc = err_set(err, RC_CONFLICT, "both tellers have counted this household already");
    else if (!write_sheet(item + AT_SHEETS + teller * SHEET_BYTES, count))
        rc = err_set(err, RC_INVALID, "a count is at most %u", VOTE_SEATS_MAX);
    if (rc == RC_OK) {
        *state = compare_sheets(item);
        return write_next(urn, err);
    }
    crypt_wipe(urn->secret->next, urn->size);
    return rc;
}

/* ---- the end ---- */

enum rc urn_counts(const struct urn *urn, struct arena *arena, const struct vote_item_count **out,
                   uint32_t *count, struct err *err) {
    struct vote_item_count *items = arena_array(arena, urn->item_count, sizeof(*items));

    *count = 0;
    if (items == NULL)
        return arena_check(arena, "votes", err);
    for (uint32_t i = 0; i < urn->item_count; i++) {
        const uint8_t *item = item_of(urn, i), *counters = item + AT_COUNTERS;
        struct vote_count *to = &items[*count].count;

        if (urn_marks(urn, i) == 0)
            continue; /* nobody has voted on it */
        items[*count].item = urn_item(urn, i);
        to->yes = counters[YES];
        to->no = counters[NO];
        to->abstain = counters[ABSTAIN];
        to->invalid = counters[INVALID];
        to->unused = counters[UNUSED];
        for (unsigned r = 0; r < VOTE_REASON_COUNT; r++)
            to->reasons[r] = counters[REASONS + r];
        to->marks = urn_marks(urn, i);
        ++*count;
    }
    if (*count > 1)
        qsort(items, *count, sizeof(*items), vote_item_order);
    *out = items;
    return RC_OK;
}

void urn_nonce(const struct urn *urn, uint8_t out[URN_NONCE_BYTES]) {
    memcpy(out, urn->nonce, URN_NONCE_BYTES);
}

enum rc urn_delete(struct tablet *tablet, struct dot meeting, const uint8_t *nonce,
                   struct err *err) {
    static const enum sql steps[] = {SQL_URN_BLANK, SQL_URN_DELETE};
    struct view sealed;
    enum rc rc = find_row(tablet, meeting, err);

    if (rc != RC_OK)
        return rc;
    sealed = statement_blob(tablet->sql[SQL_URN_GET], 6);
    if (nonce != NULL &&
        !view_equal(view_slice(sealed, 0, URN_NONCE_BYTES), view_of(nonce, URN_NONCE_BYTES)))
        rc = moved_on(err);
    statement_reset(tablet->sql[SQL_URN_GET]);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && rc == RC_OK; i++) {
        struct statement *step = tablet->sql[steps[i]];

        statement_bind_i64(step, 1, (int64_t)meeting.actor);
        statement_bind_i64(step, 2, (int64_t)meeting.number);
        rc = statement_run(step, err);
    }
    if (rc == RC_OK)
        tablet->purge_due = true; /* the log is emptied after the commit */
    return rc;
}

enum rc urn_void(struct session *session, struct dot meeting, struct err *err) {
    struct tablet *tablet = session->tablet;
    enum rc rc = tablet_begin(tablet, err);

    if (rc != RC_OK)
        return rc;
    rc = urn_delete(tablet, meeting, NULL, err);
    if (rc == RC_OK)
        return tablet_commit(tablet, err);
    tablet_rollback(tablet);
    return rc;
}
