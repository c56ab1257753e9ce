/* login.h: coming in at the console, and staying: who somebody is, shown by his secret and, where
 * it is asked for, by a second factor; and the session that the browser holds afterwards.
 *
 * Wrong secrets and codes are counted in the store, so that starting the service again forgives
 * nobody: after LOGIN_FREE failures each further one doubles the time in which nothing is tried,
 * from LOGIN_WAIT_MS to LOGIN_WAIT_MAX_MS. Names that do not exist are treated alike, in memory.
 * Whoever tries many names from one address is slowed by address.h.
 *
 * A session is named by the hash of a token of 256 bits that only the browser has; the row holds
 * the person's signing key under a key made of that token. So a copied database lets nobody in and
 * signs nothing, and a restart of the service ends no session. Every step up (secret, code, change)
 * and every change of a secret gives a new token: a token that was known before is worth nothing
 * after.
 *
 * A session ends after LOGIN_IDLE_MS without use, after LOGIN_LONGEST_MS in any case, when the
 * person is disabled or given other rights, and when the county comes back from a backup. */
#ifndef YG_SYNCD_DESK_LOGIN_H
#define YG_SYNCD_DESK_LOGIN_H

#include "base/crypt.h"
#include "syncd/desk/address.h"
#include "syncd/desk/desk.h"
#include "syncd/desk/second.h"

#include <pthread.h>

#define LOGIN_TOKEN_TEXT_BYTES 65u /* 64 hexadecimal digits and a NUL */
#define LOGIN_IDLE_MS          ((int64_t)30 * 60 * 1000)
#define LOGIN_LONGEST_MS       ((int64_t)12 * 60 * 60 * 1000)
#define LOGIN_TOUCH_MS         ((int64_t)60 * 1000) /* how late a use may be written down */
#define LOGIN_FREE             5u
#define LOGIN_WAIT_MS          ((int64_t)30 * 1000)
#define LOGIN_WAIT_MAX_MS      ((int64_t)60 * 60 * 1000)
#define LOGIN_SESSIONS_MAX     8u /* of one person; the one that was not used for longest ends */
#define LOGIN_STRANGERS        64u
#define LOGIN_AGENT_BYTES      200u
#define LOGIN_SECOND_BYTES     512u
/* Who needs a second factor where the county has not set it: those who manage, decide last, and see
 * all; on loopback nobody. */
#define LOGIN_SECOND_ROLES   (1u << ROLE_ADMIN | 1u << ROLE_COUNTY | 1u << ROLE_AUDITOR)
#define LOGIN_SECOND_SETTING "second factor" /* a bit for each role that needs one, 32 bits */

/* What is still between the person and his work. Stored; never renumbered. */
enum login_stage {
    LOGIN_CODE = 1,   /* a code of the second factor */
    LOGIN_CHANGE = 2, /* a secret of his own */
    LOGIN_ENROL = 3,  /* a second factor, which his role needs and he does not have */
    LOGIN_DONE = 4,
};

/* One for the whole console. The mutex is held while a secret is tried: parallel guesses wait for
 * each other, and only one Argon2id takes its 64 MiB at a time. */
struct login_desk {
    pthread_mutex_t mutex;
    uint32_t second_roles; /* that need a second factor, where the county has not set it */
    struct login_stranger {
        uint8_t hash[8];
        uint32_t failures;
        int64_t wait_ms;
    } strangers[LOGIN_STRANGERS];
    struct address_limit addresses;
    int64_t logged_ms; /* refused strangers in the staff log: so many an hour, not more */
    uint32_t logged_count;
};

/* Where a request comes from. */
struct login_from {
    const char *address, *agent;
    bool is_shared; /* the address of a gateway that everybody comes through: nobody's own */
};

/* A session as it is now, with its person. Views in the seat's arena. */
struct login_session {
    struct stored_session stored;
    struct stored_person person; /* areas: in force */
    struct stored_login login;
    enum login_stage stage;
};

void login_desk_init(struct login_desk *desk);
void login_desk_release(struct login_desk *desk);

/* Whether the session counts no more. */
bool login_is_over(const struct stored_session *session, uint32_t epoch, int64_t now_ms);

/* How long nothing is tried after so many failures. */
int64_t login_wait_ms(uint32_t failures);

/* By name and secret: a new session, at its first stage. RC_DENIED: name or secret is wrong,
 * without saying which; RC_AGAIN: too many were. */
enum rc login_begin(struct login_desk *desk, struct seat *seat, const struct login_from *from,
                    struct view name, struct view secret, char token[LOGIN_TOKEN_TEXT_BYTES],
                    struct err *err);
/* RC_NOT_FOUND (err clear): there is no such session (any more). */
enum rc login_find(struct seat *seat, struct view token, struct login_session *out,
                   struct err *err);
/* It is being used. Written down at most once in LOGIN_TOUCH_MS. */
enum rc login_touch(struct seat *seat, const struct login_session *session, struct err *err);
/* Ends one session: of the person himself, or by somebody who manages him (by is for the log). */
enum rc login_end(struct seat *seat, const struct login_session *session, struct err *err);
/* The person's signing key, out of the session. The caller wipes it. */
enum rc login_key(const struct login_session *session, struct view token, uint8_t secret_key[64],
                  struct err *err);
/* A new secret, by who knows the old one. All other sessions of the person end; this one goes on
 * under a new token. RC_DENIED: the old one is wrong; RC_INVALID: see people_secret_check. */
enum rc login_change(struct login_desk *desk, struct seat *seat,
                     const struct login_session *session, struct view old_secret,
                     struct view new_secret, char token[LOGIN_TOKEN_TEXT_BYTES], struct err *err);

/* Once more by who is logged in already, before what would outlast the login. RC_DENIED: wrong, and
 * counted. */
enum rc login_check_secret(struct login_desk *desk, struct seat *seat,
                           const struct login_session *session, struct view secret,
                           struct err *err);

/* The second factor of a session at its stage LOGIN_CODE: a code of the telephone, or one on paper.
 * RC_DENIED: wrong, or used already; it counts as a failure. */
enum rc login_code(struct login_desk *desk, struct seat *seat, const struct login_session *session,
                   struct view token_now, struct view code, char token[LOGIN_TOKEN_TEXT_BYTES],
                   struct err *err);
/* What a telephone is to take over: the secret of second_offer as base 32, and as otpauth://. */
enum rc login_offer(struct seat *seat, const struct login_session *session, struct buf *base32,
                    struct buf *uri, struct err *err);
/* The telephone has it: the session goes on, all others of the person end. paper: as in second.h.
 */
enum rc login_enrol(struct login_desk *desk, struct seat *seat, const struct login_session *session,
                    struct view token_now, struct view code,
                    char paper[SECOND_PAPER_CODES][SECOND_PAPER_BYTES],
                    char token[LOGIN_TOKEN_TEXT_BYTES], struct err *err);
/* Takes somebody's second factor away, whose telephone is gone; his sessions end. RC_CONFLICT: he
 * has none. */
enum rc login_drop_second(struct seat *seat, uint64_t person, struct view reason, struct err *err);
/* Ends the session of this name, of this person. RC_NOT_FOUND. */
enum rc login_revoke(struct seat *seat, uint64_t person, const uint8_t name[32], struct err *err);

/* --- within a step of the writer --- */

/* The login of a person as it is; empty, with his id, when there is none yet. */
enum rc login_row(struct work *work, uint64_t person, struct stored_login *out, struct err *err);
enum rc login_put(struct work *work, const struct stored_login *login, struct err *err);
/* The secret is for one time. former: who he was before a reset, 0 nobody (he is new); his second
 * factor is taken over. reset.h sees to it that by (0: the command line) is not alone in it. */
enum rc login_must_change(struct work *work, const struct stored_person *person, uint64_t former,
                          uint64_t by, struct err *err);
/* Ends all sessions of the person but the one of this name, and not those of programs (token.h);
 * NULL: all, and those. */
enum rc login_end_all(struct work *work, uint64_t person, const uint8_t *but, struct err *err);

#endif
