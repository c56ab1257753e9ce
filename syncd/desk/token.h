/* token.h: how another program reads at the console for somebody: with a token in the place of a
 * login. "ygt_" and 64 hexadecimal digits: 256 random bits, told once; of them only a hash is
 * stored, with what the token may.
 *
 * A token belongs to the person who made it, with his secret, and never may more than he may at
 * the moment of the request: his role is asked at each route, his areas are cut with the token's.
 * It only reads: lists, records, files to take away. What is sensitive is masked unless it was made
 * with `reveal`, and then with a reason each time, as for people. It holds no signing key.
 *
 * It ends at its day, when it is revoked, when its person is disabled, reset or given other rights,
 * and when the county comes back from a backup. */
#ifndef YG_SYNCD_DESK_TOKEN_H
#define YG_SYNCD_DESK_TOKEN_H

#include "syncd/desk/login.h"

enum token_ability {
    TOKEN_READ = 1 << 0,   /* records and all about them */
    TOKEN_EXPORT = 1 << 1, /* files of records */
    TOKEN_AUDIT = 1 << 2,  /* the staff log, the audit's questions and files */
    TOKEN_MANAGE = 1 << 3, /* lists of people and tablets */
    TOKEN_REVEAL = 1 << 4, /* behind the mask, with a reason */
};

#define TOKEN_TEXT_BYTES   69u /* with its NUL */
#define TOKENS_MAX         20u /* of one person */
#define TOKEN_DAYS         365
#define TOKEN_DAYS_MOST    1100
#define TOKEN_REFUSED_ACTS 60u /* wrong ones in the staff log: so many an hour, not more */

/* Wrong tokens by address; one for the whole console. */
struct token_desk {
    pthread_mutex_t mutex;
    struct address_limit addresses;
    int64_t logged_ms;
    uint32_t logged_count;
};

void token_desk_init(struct token_desk *desk);
void token_desk_release(struct token_desk *desk);

/* "read,export"; RC_INVALID lists the words. */
enum rc token_abilities_parse(struct view text, uint32_t *out, struct err *err);
/* Appends them, reveal too. */
void token_abilities_text(uint32_t abilities, struct buf *out);

struct token_order {
    uint64_t person;
    struct view name;      /* what it is for */
    uint32_t abilities;    /* enum token_ability */
    const uint64_t *areas; /* within the person's; count 0: all of his */
    uint32_t area_count;
    int64_t until_ms; /* 0: TOKEN_DAYS from now */
};

/* RC_DENIED: more than the person may; RC_CONFLICT: he has one of this name; RC_LIMIT: or too many.
 */
enum rc token_make(struct seat *seat, const struct token_order *order, char token[TOKEN_TEXT_BYTES],
                   struct err *err);

/* Who a token stands for, as a session whose person has the areas that are left. RC_NOT_FOUND: none
 * (any more); RC_AGAIN: too many wrong ones came from there. */
enum rc token_find(struct token_desk *desk, struct seat *seat, const struct login_from *from,
                   struct view text, struct login_session *out, struct err *err);
/* It is being used. Written down at most once in LOGIN_TOUCH_MS. */
enum rc token_touch(struct seat *seat, const struct login_session *session, const char *address,
                    struct err *err);
/* The act that names the token, before anything is shown or taken away. */
enum rc token_note_use(struct seat *seat, const struct login_session *session, const char *what,
                       struct err *err);

/* Tokens in all; by person and name in the order of the store. */
typedef enum rc token_visit(void *context, const struct stored_session *token, struct err *err);
enum rc token_list(struct seat *seat, token_visit *visit, void *context, struct err *err);
uint64_t token_id(const struct stored_session *token);
/* person 0: of anybody. RC_NOT_FOUND. */
enum rc token_revoke(struct seat *seat, uint64_t person, uint64_t id, struct view reason,
                     struct err *err);

#endif
