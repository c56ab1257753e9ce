/* people.h: the county's staff: who they are, what they may, and the keys with which they sign.
 * Commands (people.c) and the console's routes (console_people.c) call the same verbs.
 *
 * Nobody's secret is kept. A secret that somebody else has chosen is for one time: its owner must
 * change it before the console gives him anything. Whoever has forgotten his is reset: since nobody
 * else can open his key, he becomes a new person of the same name with a new key, and the old one
 * is disabled; stored_login.former remembers who he was, so that nobody decides over what he
 * wrote himself (sync/judge.c).
 *
 * Who may manage whom is the caller's business; these verbs only keep the data sound, and log. */
#ifndef YG_SYNCD_DESK_PEOPLE_H
#define YG_SYNCD_DESK_PEOPLE_H

#include "base/crypt.h"
#include "syncd/desk/desk.h"

#define PEOPLE_WRAP_BYTES     512u
#define PEOPLE_ONE_TIME_BYTES 20u /* "7f3k-92ma-xq4d", with its NUL */
#define PEOPLE_SECRET_LETTERS 10u /* the least, of a secret at the console */

/* --- keys (people_key.c) --- */

/* The seed of a signing key under a secret: appends to out, of PEOPLE_WRAP_BYTES. */
enum rc people_wrap(const struct env *env, struct view secret, const uint8_t seed[CRYPT_SEED_BYTES],
                    const uint8_t sign_public[32], struct buf *out, struct err *err);
/* The signing key: the seed and the public key behind it. RC_DENIED: the secret is wrong. Takes
 * 64 MiB and a tenth of a second. The caller wipes it. */
enum rc people_unwrap(const struct stored_person *person, struct view secret,
                      uint8_t secret_key[64], struct err *err);

/* --- verbs (people.c) --- */

/* What a secret must be: PEOPLE_SECRET_LETTERS or more, and none of those that everybody tries
 * first. Nothing about kinds of letters: that makes secrets worse. RC_INVALID says why. */
enum rc people_secret_check(struct view name, struct view secret, struct err *err);
/* A secret for one time, of 60 bits. */
void people_one_time(const struct env *env, char out[PEOPLE_ONE_TIME_BYTES]);

struct new_person {
    struct view name;
    enum role role;
    const uint64_t *areas; /* within the county, in force */
    uint32_t area_count;
    struct view secret;
    bool must_change; /* the secret is for one time */
    uint64_t by;      /* the person who does it; 0: the command line */
};
/* By somebody: he waits for a second one, see reset.h. RC_CONFLICT: there is a user of this name.
 */
enum rc people_add(struct seat *seat, const struct new_person *person, uint64_t *id,
                   struct err *err);
/* Somebody of the staff, by id; RC_NOT_FOUND also for people of tablets. In the seat's arena. */
enum rc people_find(struct seat *seat, uint64_t id, struct stored_person *out, struct err *err);
/* He is out, and his sessions end. RC_CONFLICT: he is so already. */
enum rc people_disable(struct seat *seat, uint64_t id, struct view reason, struct err *err);
/* Let in again; by: the person who does it, 0: the command line; waits: for a second one, see
 * grant.h. RC_CONFLICT: he is in, or another has the name by now. */
enum rc people_enable(struct seat *seat, uint64_t id, uint64_t by, struct view reason, bool *waits,
                      struct err *err);
/* What somebody may. */
struct new_rights {
    enum role role;
    const uint64_t *areas;
    uint32_t area_count;
    uint64_t by; /* as above */
    struct view reason;
};
/* Role and areas from now on, or, what they give, once a second one has confirmed it: grant.h.
 * Where he is not what he was, the sessions end, so that nothing goes on under old rights. */
enum rc people_set_rights(struct seat *seat, uint64_t id, const struct new_rights *rights,
                          bool *waits, struct err *err);
/* See above, and reset.h; by: the person who does it. *now is the new person's id; the second
 * factor stays. */
enum rc people_reset(struct seat *seat, uint64_t id, uint64_t by, struct view one_time,
                     uint64_t *now, struct err *err);

/* --- within a step of the writer --- */

/* Somebody of the staff as the writer has him; RC_NOT_FOUND also for people of tablets. */
enum rc people_now(struct work *work, uint64_t id, struct stored_person *out, struct err *err);
enum rc people_update(struct work *work, const struct stored_person *person, struct err *err);
/* RC_CONFLICT: another user has the name. */
enum rc people_name_free(struct work *work, struct view name, uint64_t but, struct err *err);

#endif
