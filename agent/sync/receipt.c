/* receipt.c: what the server says it has of our changes.
 *
 * A receipt names a number and the chain hash there, as the server recomputed it. It counts only if
 * our own chain says the same: otherwise another copy of this tablet is at work (or this one was
 * put back), and a new incarnation begins; nothing is forgotten. Within an epoch receipts only
 * grow. */
#include "agent/sync/inside.h"

#include "base/planted.h"

#define TRUNK_BYTES_MAX 65536u

static bool is_current(const struct tablet *tablet, const struct own_actor *actor) {
    return actor->serial == tablet_actor_count(tablet);
}

/* Where the name of its present history begins, and what the history before is called. tip->name 0:
 * it has its own. */
static enum rc tip_of(const struct own_actor *actor, struct fork_range *tip, uint64_t *before,
                      struct err *err) {
    struct lineage trunk;
    struct arena arena;
    enum rc rc;

    *tip = (struct fork_range){0};
    *before = actor->actor;
    arena_init(&arena, TRUNK_BYTES_MAX);
    rc = lineage_trunk(&actor->lineage, &arena, &trunk, err);
    if (rc == RC_OK && trunk.count > 0)
        *tip = trunk.ranges[trunk.count - 1];
    if (rc == RC_OK && trunk.count > 1)
        *before = trunk.ranges[trunk.count - 2].name;
    arena_release(&arena);
    return rc;
}

/* Whether the last name is only that of a county which was restored: no copy is at work then. */
static enum rc of_restored(struct tablet *tablet, const struct own_actor *actor, bool *out,
                           struct err *err) {
    struct fork_range tip;
    uint64_t before;
    uint8_t leaf[32];
    enum rc rc = tip_of(actor, &tip, &before, err);

    *out = rc == RC_OK && tip.name == 0 && actor->lineage.count > 0; /* strays alone */
    if (rc != RC_OK || tip.name == 0)
        return rc;
    rc = tablet_own_change(tablet, (struct dot){actor->actor, tip.from}, leaf, NULL, err);
    if (rc == RC_OK)
        *out = tip.name == lineage_name(before, tip.from, leaf, tablet_facts(tablet)->epoch);
    if (rc == RC_NOT_FOUND)
        err_clear(err);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* Another life of this actor: told to people, and left behind, as soon as all of ours has a name.
 * Until then what others have under the same numbers stays out. */
static enum rc leave_actor(struct tablet *tablet, const struct own_actor *actor,
                           enum notice_kind notice, uint64_t number, struct flow *flow,
                           struct err *err) {
    bool current = is_current(tablet, actor), quiet = false;
    enum rc rc = RC_OK;

    if (notice == NOTICE_FORKED)
        rc = of_restored(tablet, actor, &quiet, err);
    if (rc == RC_OK && !quiet)
        rc = tablet_notice(tablet, notice, actor->actor, number, err);

    if (rc != RC_OK || !current)
        return rc;
    flow->held = !tablet_may_incarnate(tablet);
    return flow->held ? RC_OK : tablet_incarnate(tablet, err);
}

static enum rc take_outcomes(struct tablet *tablet, const struct own_actor *actor,
                             const struct receipt *receipt, struct sync_report *report,
                             struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < receipt->outcome_count && rc == RC_OK; i++) {
        bool is_new;

        rc = tablet_put_verdict(tablet, actor, receipt->outcomes[i].number,
                                receipt->outcomes[i].verdict, &is_new, err);
        if (is_new)
            report->quarantined++;
    }
    for (uint32_t i = 0; i < receipt->return_count && rc == RC_OK; i++)
        rc = tablet_put_return(tablet, actor, &receipt->returns[i], err);
    return rc;
}

static enum rc advance(struct tablet *tablet, struct own_actor next, const struct receipt *receipt,
                       struct sync_report *report, struct flow *flow, struct err *err) {
    enum rc rc;

    if (receipt->number > next.told)
        next.told = receipt->number;
    if (receipt->number > next.receipt) {
        report->sent += receipt->number - next.receipt;
        next.receipt = PLANTED(FALSE_DONE) ? next.number : receipt->number;
        flow->advanced = true;
    }
    if (receipt->want_from != 0 && receipt->want_from <= next.receipt) {
        next.receipt = receipt->want_from - 1; /* it lacks what it once had */
        flow->advanced = true;
    }
    if (receipt->backed_up > next.backed_up) {
        next.backed_up = receipt->backed_up < next.receipt ? receipt->backed_up : next.receipt;
        rc = tablet_mark(tablet, &next, err);
        if (rc != RC_OK)
            return rc;
    }
    if (next.backed_up > next.receipt)
        next.backed_up = next.receipt;
    rc = tablet_put_actor(tablet, &next, err);
    return rc == RC_OK ? tablet_outbox_receipted(tablet, &next, err) : rc;
}

/* Whether our own chain says the same. */
static enum rc fits(struct tablet *tablet, const struct own_actor *actor,
                    const struct receipt *receipt, bool *out, struct err *err) {
    uint8_t hash[32];
    enum rc rc;

    *out = false;
    if (receipt->number > actor->number)
        return RC_OK;
    rc = tablet_chain(tablet, actor, receipt->number, hash, err);
    *out = rc == RC_OK && crypt_equal(hash, receipt->hash, sizeof(hash));
    return rc;
}

/* Numbers behind this one are known by another name: the county may speak of what ours grew out of,
 * which ends here. */
static enum rc is_root(const struct own_actor *actor, uint64_t number, bool *out, struct err *err) {
    struct fork_range tip;
    uint64_t before;
    enum rc rc = tip_of(actor, &tip, &before, err);

    *out = rc == RC_OK && tip.from > number;
    return rc;
}

static enum rc take(struct tablet *tablet, const struct receipt *receipt, enum freshness freshness,
                    struct sync_report *report, struct flow *flow, struct err *err) {
    const struct own_actor *actor = tablet_own_actor(tablet, receipt->actor);
    struct own_actor next;
    uint8_t hash[32];
    bool anew, root = false;
    enum rc rc;

    if (actor == NULL) /* of another tablet, whose batches we carried */
        return tablet_baggage_receipted(tablet, receipt->actor, receipt->number, err);
    next = *actor;
    if (receipt->number > actor->number) /* it has more of us than we do: we were put back */
        return leave_actor(tablet, actor, NOTICE_FORKED, receipt->number, flow, err);
    rc = tablet_chain(tablet, actor, receipt->number, hash, err);
    if (rc != RC_OK)
        return rc;
    if (!crypt_equal(hash, receipt->hash, sizeof(hash)))
        return leave_actor(tablet, actor, NOTICE_RECEIPT_BROKEN, receipt->number, flow, err);
    rc = is_root(actor, receipt->number, &root, err);
    if (rc != RC_OK)
        return rc;
    if (receipt->number < actor->receipt &&
        (freshness == ANSWER_STALE ||
         (receipt->want_from == 0 && (freshness == ANSWER_BUNDLED || root))))
        return take_outcomes(tablet, &next, receipt, report, err); /* overtaken by another one */
    if (receipt->number < actor->receipt && receipt->want_from == 0)
        return tablet_notice(tablet, NOTICE_RECEIPT_BROKEN, actor->actor, receipt->number, err);
    rc = tablet_fork(tablet, actor, receipt->forks, receipt->number, &anew, err);
    flow->anew = flow->anew || anew;
    if (rc != RC_OK)
        return rc;
    next = *tablet_own_actor(tablet, receipt->actor);
    rc = advance(tablet, next, receipt, report, flow, err);
    if (rc == RC_OK)
        rc = take_outcomes(tablet, &next, receipt, report, err);
    if (rc == RC_OK) /* behind them: what waits there waits also where its record has left */
        rc = tablet_settle_left(tablet, tablet_own_actor(tablet, receipt->actor), err);
    if (rc == RC_OK && receipt->forks.size > 0) {
        flow->advanced = true;
        rc = is_current(tablet, &next)
                 ? leave_actor(tablet, &next, NOTICE_FORKED,
                               next.lineage.count == 0
                                   ? receipt->number
                                   : next.lineage.ranges[next.lineage.count - 1].from,
                               flow, err)
                 : RC_OK;
    }
    return rc;
}

/* What the answer's i-th receipt is to us. The county knows the device, of which there may be
 * copies, and tells of the histories of all. */
enum bearing {
    OF_OUR_ROOTS, /* it fits, but another one that goes farther fits, too */
    OURS,         /* or, if our chain does not say the same and no other receipt fits: an alarm */
    OF_A_COPY     /* it does not fit, another one does */
};

static enum rc bearing_of(struct tablet *tablet, const struct answer *answer, uint32_t i,
                          enum bearing *out, struct err *err) {
    const struct receipt *receipt = &answer->receipts[i];
    const struct own_actor *actor = tablet_own_actor(tablet, receipt->actor);
    bool own = true, other = false;
    enum rc rc = RC_OK;

    *out = OURS;
    if (actor == NULL)
        return RC_OK;
    rc = fits(tablet, actor, receipt, &own, err);
    for (uint32_t k = 0; k < answer->receipt_count && rc == RC_OK && !other; k++) {
        const struct receipt *next = &answer->receipts[k];

        if (k != i && next->actor == actor->actor && (!own || next->number > receipt->number))
            rc = fits(tablet, actor, next, &other, err);
    }
    if (other)
        *out = own ? OF_OUR_ROOTS : OF_A_COPY;
    return rc;
}

/* In a new epoch: what the county has never heard of an actor that we have left, it lacks, whatever
 * a backup once held. Of the present one it knows by the hello. */
static enum rc ask_for_former(struct tablet *tablet, const struct answer *answer, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i + 1 < tablet_actor_count(tablet) && rc == RC_OK; i++) {
        struct own_actor next = *tablet_actor(tablet, i);
        bool heard = next.receipt == 0;

        for (uint32_t k = 0; k < answer->receipt_count && !heard; k++)
            heard = answer->receipts[k].actor == next.actor;
        if (heard)
            continue;
        next.receipt = next.sent = next.backed_up = 0;
        rc = tablet_put_actor(tablet, &next, err);
    }
    return rc;
}

enum rc receipt_take_all(struct tablet *tablet, const struct answer *answer,
                         enum freshness freshness, struct sync_report *report, struct flow *flow,
                         struct err *err) {
    enum rc rc = RC_OK;

    for (enum bearing turn = OF_OUR_ROOTS; turn <= OURS; turn++)
        for (uint32_t i = 0; i < answer->receipt_count && rc == RC_OK; i++) {
            const struct receipt *receipt = &answer->receipts[i];
            enum bearing bearing;

            rc = bearing_of(tablet, answer, i, &bearing, err);
            if (rc != RC_OK || bearing != turn)
                continue;
            rc = turn == OURS ? take(tablet, receipt, freshness, report, flow, err)
                              : take_outcomes(tablet, tablet_own_actor(tablet, receipt->actor),
                                              receipt, report, err);
        }
    return rc == RC_OK && flow->new_epoch ? ask_for_former(tablet, answer, err) : rc;
}

enum rc receipt_new_epoch(struct tablet *tablet, uint32_t epoch, struct err *err) {
    enum rc rc = tablet_notice(tablet, NOTICE_EPOCH, 0, epoch, err);

    if (rc == RC_OK)
        rc = tablet_doubt_county(tablet, err);
    for (uint32_t i = 0; i < tablet_actor_count(tablet) && rc == RC_OK; i++) {
        struct own_actor next = *tablet_actor(tablet, i);

        next.receipt = next.backed_up; /* what a backup was proven to hold is there again */
        next.sent = next.receipt;
        rc = tablet_put_actor(tablet, &next, err);
    }
    return rc;
}
