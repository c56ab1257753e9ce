/* former.h: receipts for the incarnations of a tablet that its hello does not name, because it has
 * left them behind (docs/protocol.md, section 13). Their changes may wait in quarantine like any
 * others, and staff release or return them. */
#ifndef YG_SYNCD_SYNC_FORMER_H
#define YG_SYNCD_SYNC_FORMER_H

#include "schema/wire/exchange.h"
#include "syncd/sync/fork.h"

struct former_wish {
    uint64_t device;
    uint64_t present;  /* the actor of the hello */
    uint32_t told;     /* news that the tablet knows */
    bool is_new_epoch; /* it has to hear what is known of each of them */
};

/* Adds to the answer a receipt for each of them of which there is news, of what it grew out of,
 * too, forks of the present actor included, and in a new epoch for all. What waits or is settled
 * the caller adds (news.h). In the arena. Where copies have grown out of one actor there may be two
 * receipts for it, told apart by their hash. */
enum rc former_receipts(struct store *store, const struct former_wish *wish, struct arena *arena,
                        struct answer *answer, struct err *err);

#endif
