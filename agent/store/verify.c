/* verify.c: recomputes what the tablet says of itself.
 *
 * Own log: numbers run from 1 without gap; each chain hash follows from the one before and the
 * change's leaf (salt and canonical bytes), as far as the changes can be read; the last one is what
 * the actor's row says. States: each opens, unpacks, packs to the same bytes (so its digest is what
 * every other place would compute). Reasons: each opens. Summaries: equal to what the view gives
 * now. Keys: each that somebody who has unlocked has a share of opens. */
#include "agent/store/inside.h"

#define NUMBER_MASK ((UINT64_C(1) << CHANGE_NUMBER_BITS) - 1)

struct check {
    struct tablet *tablet;
    tablet_progress *progress;
    void *context;
    uint64_t done, total;
    struct buf *problems;
    struct tablet_verified *out;
};

static void problem(struct check *check, const char *what, struct dot dot) {
    char text[DOT_TEXT_BYTES];

    dot_text(dot, text);
    check->out->problems++;
    buf_addf(check->problems, "%s: %s\n", text, what);
}

static void step(struct check *check) {
    check->done++;
    if (check->progress != NULL && check->done % 256 == 0)
        check->progress(check->context, check->done, check->total);
}

/* Whether the law took something of it: then its leaf is not of what is left. */
static bool is_erased(struct view canonical) {
    struct arena arena;
    struct change change = {.erased = false};
    struct err ignored;

    if (canonical.size == 0 || canonical.data[canonical.size - 1] != 2)
        return false;
    err_init(&ignored, LANG_EN);
    arena_init(&arena, 64u * 1024u * 1024u);
    if (change_decode(canonical, &arena, &change, &ignored) != RC_OK)
        change.erased = false;
    arena_release(&arena);
    return change.erased;
}

/* The chain after this change: recomputed if it can be read, else as stored. */
static enum rc next_hash(struct check *check, const struct own_actor *actor,
                         struct statement *range, uint8_t chain[32], struct err *err) {
    struct tablet *tablet = check->tablet;
    uint64_t row = (uint64_t)statement_i64(range, 0), number = row & NUMBER_MASK;
    const struct open_key *key = area_key_open(tablet, NULL, (uint64_t)statement_i64(range, 2));
    struct view stored = statement_blob(range, 4), canonical;
    const struct dot dot = {actor->actor, number};
    uint8_t secret[16], salt[16], leaf[32];
    struct own_scope scope;
    enum rc rc;

    if (stored.size != 32) {
        problem(check, "the chain hash is missing", dot);
        return RC_OK;
    }
    if (statement_blob(range, 3).size == 0 && statement_blob(range, 5).size == 32) {
        chain_next(chain, statement_blob(range, 5).data, chain); /* forgotten: the leaf is here */
        if (memcmp(chain, stored.data, 32) != 0) {
            problem(check, "the chain hash does not follow", dot);
            memcpy(chain, stored.data, 32);
        }
        return RC_OK;
    }
    if (key == NULL) {
        check->out->unreadable++;
        memcpy(chain, stored.data, 32);
        return RC_OK;
    }
    buf_clear(&tablet->plain);
    rc = row_unlock(key, "change", row, 0, statement_blob(range, 3), &tablet->plain, err);
    if (rc == RC_OK)
        rc = own_change_decode(buf_view(&tablet->plain), &scope, &canonical, err);
    if (rc == RC_NO_MEMORY)
        return rc;
    if (rc != RC_OK) {
        err_clear(err);
        problem(check, "the change does not open", dot);
        memcpy(chain, stored.data, 32);
        return RC_OK;
    }
    if (is_erased(canonical) && statement_blob(range, 5).size == sizeof(leaf)) {
        memcpy(leaf, statement_blob(range, 5).data, sizeof(leaf));
    } else {
        own_salt_secret(tablet->sessions->secrets, actor->actor, &scope, number / 64, secret);
        chain_salt(secret, number, salt);
        chain_leaf(salt, canonical, leaf);
    }
    if (!view_equal(statement_blob(range, 5), view_of(leaf, sizeof(leaf))))
        problem(check, "the leaf is not that of the change", dot);
    chain_next(chain, leaf, chain);
    if (memcmp(chain, stored.data, 32) != 0) {
        problem(check, "the chain hash does not follow", dot);
        memcpy(chain, stored.data, 32);
    }
    return RC_OK;
}

static enum rc check_actor(struct check *check, const struct own_actor *actor, struct err *err) {
    struct statement *range = check->tablet->sql[SQL_CHANGE_RANGE];
    uint8_t chain[32];
    uint64_t expected = 1;
    enum rc rc;

    chain_start(actor->actor, chain);
    statement_bind_i64(range, 1, change_row(actor->serial, 1));
    statement_bind_i64(range, 2, change_row(actor->serial, NUMBER_MASK));
    while ((rc = statement_step(range, err)) == RC_OK) {
        uint64_t number = (uint64_t)statement_i64(range, 0) & NUMBER_MASK;

        if (number != expected)
            problem(check, "a number is missing before this one",
                    (struct dot){actor->actor, number});
        expected = number + 1;
        rc = next_hash(check, actor, range, chain, err);
        if (rc != RC_OK)
            break;
        check->out->changes++;
        step(check);
    }
    statement_reset(range);
    if (rc != RC_NOT_FOUND)
        return rc;
    if (expected != actor->number + 1 || memcmp(chain, actor->hash, 32) != 0)
        problem(check, "the newest change is not the one that was counted",
                (struct dot){actor->actor, actor->number});
    return RC_OK;
}

static enum rc check_states(struct check *check, uint64_t record, struct dot id, struct err *err) {
    struct tablet *tablet = check->tablet;
    struct statement *states = tablet->sql[SQL_STATE_LIST];
    enum rc rc;

    statement_bind_i64(states, 1, (int64_t)record);
    while ((rc = statement_step(states, err)) == RC_OK) {
        const struct open_key *key =
            area_key_open(tablet, NULL, (uint64_t)statement_i64(states, 0));
        struct record state;
        struct buf packed;

        if (key == NULL) {
            check->out->unreadable++;
            continue;
        }
        buf_init(&packed, LIMIT_RECORD_BYTES * 2);
        buf_clear(&tablet->plain);
        rc = row_unlock(key, "state", record, (uint64_t)statement_i64(states, 1),
                        statement_blob(states, 2), &tablet->plain, err);
        if (rc == RC_OK)
            rc = record_unpack(buf_view(&tablet->plain), &tablet->scratch, &state, err);
        if (rc == RC_OK)
            rc = record_pack(&state, &packed, err);
        if (rc == RC_OK &&
            (!dot_equal(state.id, id) || !view_equal(buf_view(&packed), buf_view(&tablet->plain))))
            problem(check, "the confirmed state is not canonical", id);
        buf_release(&packed);
        if (rc == RC_NO_MEMORY)
            break;
        if (rc != RC_OK) {
            err_clear(err);
            problem(check, "the confirmed state does not open", id);
        }
    }
    statement_reset(states);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc check_reasons(struct check *check, uint64_t record, struct dot id, struct err *err) {
    bool whole;
    enum rc rc = reasons_check(check->tablet, record, &whole, err);

    if (rc == RC_OK && !whole)
        problem(check, "the reason of a change does not open", id);
    return rc;
}

static bool same_summary(const struct summary *a, const struct summary *b) {
    return a->form == b->form && a->area == b->area && a->changed_ms == b->changed_ms &&
           a->conflicts == b->conflicts && a->withdrawn == b->withdrawn && a->sealed == b->sealed &&
           view_equal(a->title, b->title) && view_equal(a->search, b->search);
}

static enum rc check_summary(struct check *check, uint64_t record, struct dot id, struct err *err) {
    struct tablet *tablet = check->tablet;
    struct session *session;
    enum rc rc = RC_OK;

    for (session = tablet->sessions; session != NULL && rc == RC_OK; session = session->next) {
        const struct index_entry *entry = index_get(&session->index, id);
        struct record view;
        struct summary summary;

        rc = view_build(tablet, session, record, id, &tablet->scratch, &view, err);
        if (rc == RC_NOT_FOUND) {
            if (entry != NULL)
                problem(check, "listed, but there is no record", id);
            rc = RC_OK;
            continue;
        }
        if (rc == RC_OK)
            rc = view_summary(tablet, &view, &tablet->scratch, &summary, err);
        if (rc == RC_NO_MEMORY)
            return rc;
        if (rc != RC_OK) {
            err_clear(err);
            problem(check, "the record cannot be read", id);
            rc = RC_OK;
        } else if (entry == NULL) {
            problem(check, "there is a record that is not listed", id);
        } else if (!same_summary(&entry->summary, &summary)) {
            problem(check, "the list does not show what the record says", id);
        }
    }
    return rc;
}

static enum rc check_records(struct check *check, struct err *err) {
    struct tablet *tablet = check->tablet;
    struct statement *next = tablet->sql[SQL_RECORD_ALL];
    uint64_t record = 0;
    enum rc rc;

    for (;;) {
        struct dot id;

        statement_bind_i64(next, 1, (int64_t)record);
        rc = statement_one(next, err);
        if (rc != RC_OK)
            return rc == RC_NOT_FOUND ? RC_OK : rc;
        record = (uint64_t)statement_i64(next, 0);
        id = (struct dot){(uint64_t)statement_i64(next, 1), (uint64_t)statement_i64(next, 2)};
        statement_reset(next);
        arena_reset(&tablet->scratch);
        rc = check_states(check, record, id, err);
        if (rc == RC_OK)
            rc = check_reasons(check, record, id, err);
        if (rc == RC_OK)
            rc = check_summary(check, record, id, err);
        if (rc != RC_OK)
            return rc;
        check->out->records++;
        step(check);
    }
}

/* ---- keys ---- */

/* Those that unlocking could not open. */
static enum rc check_shares(struct check *check, const struct session *session, struct err *err) {
    struct tablet *tablet = check->tablet;
    struct statement *list = tablet->sql[SQL_SHARE_LIST];
    enum rc rc;

    statement_bind_i64(list, 1, (int64_t)session->person);
    while ((rc = statement_step(list, err)) == RC_OK) {
        const struct area_key *key = area_key_find(tablet, (uint64_t)statement_i64(list, 0));
        char text[AREA_TEXT_BYTES];

        if (key == NULL || area_key_open(tablet, session, key->key) != NULL)
            continue;
        check->out->problems++;
        area_text(key->area, text);
        buf_addf(check->problems, "area %s: its key is damaged for %.*s\n", text,
                 VIEW_PRINT(session->name));
    }
    statement_reset(list);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc tablet_verify(struct tablet *tablet, tablet_progress *progress, void *context,
                      struct buf *problems, struct tablet_verified *out, struct err *err) {
    struct check check = {.tablet = tablet,
                          .progress = progress,
                          .context = context,
                          .problems = problems,
                          .out = out};
    enum rc rc = tablet_regain(tablet, err);

    memset(out, 0, sizeof(*out));
    if (rc != RC_OK)
        return rc;
    for (size_t i = 0; i < tablet->actor_count; i++)
        check.total += tablet->actors[i].number;
    rc = db_integrity_check(tablet->db, err);
    if (rc == RC_CORRUPT) {
        out->problems++;
        buf_addf(problems, "tablet.db: %s\n", err->text);
        rc = RC_OK;
    }
    for (struct session *session = tablet->sessions; session != NULL && rc == RC_OK;
         session = session->next) {
        rc = index_fresh(session, err);
        if (rc == RC_OK)
            rc = check_shares(&check, session, err);
    }
    for (size_t i = 0; i < tablet->actor_count && rc == RC_OK; i++)
        rc = check_actor(&check, &tablet->actors[i], err);
    if (rc == RC_OK && tablet->sessions != NULL)
        rc = check_records(&check, err);
    if (rc == RC_OK)
        rc = blobs_check(tablet, problems, &out->problems, err);
    if (rc == RC_OK && out->problems > 0)
        rc = err_set(err, RC_CORRUPT,
                     "%llu things on this tablet are not as they were written; tell the county",
                     (unsigned long long)out->problems);
    return rc;
}
