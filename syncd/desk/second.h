/* second.h: the second factor of a login: a secret that a telephone also has (base/totp.h), and ten
 * codes on paper for the day on which the telephone is gone, each for one time.
 *
 * stored_login.second is crypt_lock(key of the person, made of a county's key that is not in the
 * store; "yg second" || person) over: version (1 byte, 1), secret (20), count (1), and of each code
 * on paper that is left the first 16 bytes of its hash. So a copied database gives no codes. */
#ifndef YG_SYNCD_DESK_SECOND_H
#define YG_SYNCD_DESK_SECOND_H

#include "base/totp.h"
#include "syncd/sync/office.h"

#define SECOND_PAPER_CODES 10u
#define SECOND_PAPER_BYTES 12u /* "k7f3m-92mxa", with its NUL */
#define SECOND_HASH_BYTES  16u

struct second {
    uint8_t secret[TOTP_SECRET_BYTES];
    uint32_t paper_count;
    uint8_t paper[SECOND_PAPER_CODES][SECOND_HASH_BYTES];
};

/* The secret that is offered in this session: the same whenever it is asked for, and kept nowhere
 * until a code shows that the telephone has it. */
void second_offer(const struct keys *keys, const uint8_t session[32],
                  uint8_t secret[TOTP_SECRET_BYTES]);
/* New codes on paper, in place of all there were. */
void second_paper(const struct env *env, struct second *second,
                  char codes[SECOND_PAPER_CODES][SECOND_PAPER_BYTES]);
/* Whether it is one of them; it is then taken out. Case, spaces and hyphens do not count. */
bool second_take_paper(struct second *second, struct view code);

/* Appends. */
enum rc second_seal(const struct keys *keys, const struct env *env, uint64_t person,
                    const struct second *second, struct buf *out, struct err *err);
/* RC_CORRUPT: it is not this person's, or of another county. */
enum rc second_open(const struct keys *keys, uint64_t person, struct view sealed,
                    struct second *out, struct err *err);

#endif
