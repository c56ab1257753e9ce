/* login_inside.h: what the files of login.h share. */
#ifndef YG_SYNCD_DESK_LOGIN_INSIDE_H
#define YG_SYNCD_DESK_LOGIN_INSIDE_H

#include "syncd/desk/login.h"

/* A session that begins, or goes on under a new token. */
struct begin {
    struct stored_session row;
    const struct stored_person *person;
    bool is_first;              /* no session before: make room */
    bool is_login;              /* the secret, or the code, was given now */
    bool ends_others;           /* all other sessions of the person end */
    struct view wrapped_secret; /* a new one; empty: it stays */
    const uint8_t *before;      /* name of the session that this one takes the place of */
    uint64_t code_step;         /* of the code that was taken; 0: none */
    bool sets_second;           /* the second factor becomes: */
    struct view second;
    const char *action; /* of one more act in the log; NULL: none */
};

/* In the writer; context is the begin. */
enum rc begin_step(void *context, struct work *work, struct err *err);
/* A new token for the row, which is otherwise filled; committed by the step. */
enum rc begin_session(struct seat *seat, struct begin *begin, const uint8_t secret_key[64],
                      enum rc (*step)(void *context, struct work *work, struct err *err),
                      char token[LOGIN_TOKEN_TEXT_BYTES], struct err *err);
/* What comes behind the secret. */
enum rc stage_after(const struct login_desk *desk, struct seat *seat,
                    const struct stored_login *login, enum role role, bool code_given,
                    enum login_stage *out, struct err *err);
/* The login of a person; empty, with his id, when there is none yet. */
enum rc login_of(struct seat *seat, uint64_t person, struct stored_login *out, struct err *err);
enum rc note_failure(struct seat *seat, const struct stored_person *person, const char *address,
                     const char *what, struct err *err);
enum rc refuse_wait(int64_t left_ms, struct err *err);

#endif
