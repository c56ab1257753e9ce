/* incarnation.c: one actor for one life of one database.
 *
 * The nonce of the present incarnation stands in the database and in the file `incarnation` beside
 * it, which backups leave out. Nothing is written before the two have been compared. If they differ
 * the database was copied or put back: its actor may be at work elsewhere, or may have gone on, so
 * a new one begins at number 1. The former actor's changes stay as they are and are still sent.
 *
 * But not while the former one has numbers without a receipt. Another copy may have used them, and
 * then the county gives ours another name (schema/wire/lineage.h), under which only changes of the
 * same actor mean them. So this database goes on under its actor, as any copy does that has not
 * noticed yet; the files stay apart, and the new actor begins when the county has all of the
 * former.
 *
 * A new nonce is committed to the database first, together with the former one; then the file is
 * written. A crash in between leaves a file with the former nonce, which is told from a foreign one
 * by just that. */
#include "agent/store/inside.h"

#include "base/file.h"
#include "base/list.h"
#include "base/text.h"

static enum rc sidecar_write(struct tablet *tablet, struct err *err) {
    char path[FILE_PATH_BYTES_MAX], text[34];
    enum rc rc = tablet_file(tablet, "incarnation", path, sizeof(path), err);

    if (rc != RC_OK)
        return rc;
    hex_encode(view_of(tablet->facts.incarnation, 16), text);
    text[32] = '\n';
    return file_write(path, view_of(text, 33), FILE_MODE_PRIVATE, err);
}

/* Zeros when there is none that can be understood: then a new incarnation begins. */
static enum rc sidecar_read(struct tablet *tablet, uint8_t nonce[16], struct err *err) {
    char path[FILE_PATH_BYTES_MAX];
    struct buf text;
    enum rc rc = tablet_file(tablet, "incarnation", path, sizeof(path), err);

    memset(nonce, 0, 16);
    if (rc != RC_OK)
        return rc;
    buf_init(&text, 256);
    rc = file_read(path, 256, &text, err);
    if (rc == RC_OK && !hex_decode(view_slice(buf_view(&text), 0, 32), nonce, 16))
        memset(nonce, 0, 16);
    buf_release(&text);
    if (rc == RC_NOT_FOUND || rc == RC_LIMIT) {
        err_clear(err);
        rc = RC_OK;
    }
    return rc;
}

static bool is_zero(const uint8_t nonce[16]) {
    static const uint8_t zeros[16];

    return memcmp(nonce, zeros, sizeof(zeros)) == 0;
}

enum rc tablet_incarnate(struct tablet *tablet, struct err *err) {
    struct statement *add = tablet->sql[SQL_ACTOR_ADD];
    struct facts facts = tablet->facts;
    struct own_actor actor = {.serial = (uint32_t)tablet->actor_count + 1, .began = facts.epoch};
    enum rc rc;

    env_entropy(tablet->env, actor.nonce, sizeof(actor.nonce));
    actor.actor = batch_actor(tablet->device_public, actor.nonce);
    chain_start(actor.actor, actor.hash);
    if (tablet->actor_count > 0)
        actor.lamport = tablet->actors[tablet->actor_count - 1].lamport;
    memcpy(facts.former, facts.incarnation, sizeof(facts.former));
    memcpy(facts.incarnation, actor.nonce, sizeof(facts.incarnation));
    rc = array_grow(&tablet->actors, sizeof(*tablet->actors), tablet->actor_count + 1, 65536,
                    "incarnations", &tablet->actor_capacity, err);
    if (rc != RC_OK)
        return rc;
    statement_bind_i64(add, 1, actor.serial);
    statement_bind_i64(add, 2, (int64_t)actor.actor);
    statement_bind_blob(add, 3, view_of(actor.nonce, sizeof(actor.nonce)));
    statement_bind_blob(add, 4, view_of(actor.hash, sizeof(actor.hash)));
    statement_bind_i64(add, 5, (int64_t)actor.lamport);
    statement_bind_i64(add, 6, actor.began);
    rc = statement_run(add, err);
    if (rc == RC_OK)
        rc = tablet_put_facts(tablet, &facts, err);
    if (rc == RC_OK) {
        tablet->actors[tablet->actor_count++] = actor;
        tablet->sidecar_due = true;
    }
    return rc;
}

bool tablet_may_incarnate(const struct tablet *tablet) {
    const struct own_actor *actor = tablet_actor(tablet, tablet_actor_count(tablet) - 1);

    return actor == NULL || actor->receipt >= actor->number;
}

enum rc incarnation_settle(struct tablet *tablet, struct err *err) {
    enum rc rc;

    if (!tablet->sidecar_due)
        return RC_OK;
    rc = sidecar_write(tablet, err);
    if (rc == RC_OK)
        tablet->sidecar_due = false;
    return rc;
}

/* A county that was restored cannot know what it had called by a name that is older than its epoch;
 * more numbers under it would get another name. */
static enum rc begin_in_epoch(struct tablet *tablet, struct err *err) {
    const struct own_actor *actor = tablet_actor(tablet, tablet_actor_count(tablet) - 1);
    enum rc rc;

    if (actor == NULL || tablet->facts.epoch <= 1 || actor->began == tablet->facts.epoch ||
        !tablet_may_incarnate(tablet))
        return RC_OK;
    rc = tablet_begin(tablet, err);
    if (rc != RC_OK)
        return rc;
    rc = tablet_incarnate(tablet, err);
    if (rc == RC_OK)
        return tablet_commit(tablet, err);
    tablet_rollback(tablet);
    return rc;
}

enum rc tablet_check_incarnation(struct tablet *tablet, struct err *err) {
    uint8_t nonce[16];
    enum rc rc = tablet_regain(tablet, err); /* or any nonce is another's */

    if (rc == RC_OK)
        rc = sidecar_read(tablet, nonce, err);
    if (rc != RC_OK)
        return rc;
    if (!is_zero(nonce) && memcmp(nonce, tablet->facts.incarnation, 16) == 0)
        return begin_in_epoch(tablet, err);
    /* The first incarnation has no former one: its file may be missing after a crash while no
     * change was made. That is not a copy. */
    if ((!is_zero(nonce) && memcmp(nonce, tablet->facts.former, 16) == 0) ||
        (is_zero(nonce) && tablet->actor_count == 1 && tablet->actors[0].number == 0)) {
        tablet->sidecar_due = true;
        return incarnation_settle(tablet, err);
    }
    if (!tablet_may_incarnate(tablet))
        return RC_OK;
    rc = tablet_begin(tablet, err);
    if (rc != RC_OK)
        return rc;
    rc = tablet_incarnate(tablet, err);
    if (rc == RC_OK) { /* what stands in the file now is what will be there if we crash */
        struct facts facts = tablet->facts;

        memcpy(facts.former, nonce, sizeof(facts.former));
        rc = tablet_put_facts(tablet, &facts, err);
    }
    if (rc == RC_OK)
        rc = tablet_notice(tablet, NOTICE_INCARNATED, tablet->actors[tablet->actor_count - 1].actor,
                           0, err);
    if (rc == RC_OK)
        return tablet_commit(tablet, err);
    tablet_rollback(tablet);
    return rc;
}
