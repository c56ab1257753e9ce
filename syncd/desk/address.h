/* address.h: how often somebody may be wrong from one address: at the login, and with the tokens of
 * programs. Accounts have a limit of their own (login.h); this one is for whoever tries many names.
 *
 * Each wrong attempt costs ADDRESS_COST_MS, and time pays it back: so ADDRESS_FREE are free, and
 * then one in ADDRESS_COST_MS. Nothing grows beyond that: an office behind one address that was
 * held up is let in again as soon as the guessing stops. Who has logged in from there before is not
 * held up by it at all: his account's own limit is enough.
 *
 * In memory, of a fixed size: where there are more addresses than room, the one that owes least is
 * forgotten, and a restart of the service forgets all. What an account owes stands in the store,
 * and is what bounds a guesser, however often the service starts and from however many addresses he
 * comes: a dozen tries in the first hour, one an hour from then on. Tokens are of 256 bits. Of IPv6
 * the first half counts, because whoever has one address there has all of that half. Not safe for
 * threads by itself. */
#ifndef YG_SYNCD_DESK_ADDRESS_H
#define YG_SYNCD_DESK_ADDRESS_H

#include "base/buf.h"
#include "syncd/sync/keys.h"

#define ADDRESS_COST_MS ((int64_t)30 * 1000)
#define ADDRESS_FREE    50u
#define ADDRESS_SETS    256u
#define ADDRESS_WAYS    4u
#define ADDRESS_KNOWN   2048u

struct address_limit {
    struct address_slot {
        uint8_t hash[8];
        int64_t owes_until_ms; /* when all is paid back */
    } slots[ADDRESS_SETS][ADDRESS_WAYS];
    uint8_t known[ADDRESS_KNOWN][8]; /* who has come in from where */
};

/* How long nothing is to be tried from there; 0: at once. An empty address is never held up. */
int64_t address_wait_ms(const struct address_limit *limit, const struct keys *keys,
                        const char *address, int64_t now_ms);
/* One was wrong. */
void address_failed(struct address_limit *limit, const struct keys *keys, const char *address,
                    int64_t now_ms);
/* This person has come in from there; whether he has before. */
void address_welcome(struct address_limit *limit, const struct keys *keys, const char *address,
                     struct view name);
bool address_is_known(const struct address_limit *limit, const struct keys *keys,
                      const char *address, struct view name);

#endif
