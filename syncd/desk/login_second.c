/* login_second.c: the second factor at the console: asked for, taken up, taken away; see login.h.
 */
#include "base/text.h"
#include "syncd/desk/login_inside.h"
#include "syncd/desk/second.h"

#define ISSUER "Yangguang"

static enum rc refuse_code(struct err *err) {
    return err_set(err, RC_DENIED, "the code does not fit; look at the clock of the telephone");
}

/* The signing key travels from token to token inside of the session. */
static enum rc go_on(struct seat *seat, const struct login_session *session, struct view token_now,
                     struct begin *begin, char token[LOGIN_TOKEN_TEXT_BYTES], struct err *err) {
    uint8_t secret_key[64];
    enum rc rc = login_key(session, token_now, secret_key, err);

    begin->person = &session->person;
    begin->before = session->stored.name;
    if (rc == RC_OK)
        rc = begin_session(seat, begin, secret_key, begin_step, token, err);
    crypt_wipe(secret_key, sizeof(secret_key));
    return rc;
}

/* A code of the telephone sets code_step; one on paper is taken out of the second factor. */
static enum rc try_code(struct seat *seat, const struct stored_login *login, struct view code,
                        struct begin *begin, struct buf *sealed, struct err *err) {
    const struct office *office = seat->office;
    struct second second;
    enum rc rc = second_open(office->keys, login->person, login->second, &second, err);

    if (rc == RC_OK && !totp_fits(second.secret, code, env_wall_ms(office->env), login->code_step,
                                  &begin->code_step)) {
        begin->sets_second = second_take_paper(&second, code);
        rc = begin->sets_second
                 ? second_seal(office->keys, office->env, login->person, &second, sealed, err)
                 : refuse_code(err);
        begin->second = buf_view(sealed);
    }
    crypt_wipe(&second, sizeof(second));
    return rc;
}

enum rc login_code(struct login_desk *desk, struct seat *seat, const struct login_session *session,
                   struct view token_now, struct view code, char token[LOGIN_TOKEN_TEXT_BYTES],
                   struct err *err) {
    struct begin begin = {.row = session->stored, .is_login = true};
    int64_t now_ms = env_wall_ms(seat->office->env);
    enum login_stage stage = LOGIN_CODE;
    struct stored_login login;
    struct buf sealed;
    enum rc rc;

    buf_init(&sealed, LOGIN_SECOND_BYTES);
    (void)pthread_mutex_lock(&desk->mutex);
    rc = login_of(seat, session->person.person, &login, err);
    if (rc == RC_OK && now_ms < login.wait_ms)
        rc = refuse_wait(login.wait_ms - now_ms, err);
    else if (rc == RC_OK)
        rc = try_code(seat, &login, code, &begin, &sealed, err);
    if (rc == RC_DENIED) {
        rc = note_failure(seat, &session->person, "console", "wrong code", err);
        rc = rc == RC_OK ? refuse_code(err) : rc;
    }
    if (rc == RC_OK)
        rc = stage_after(desk, seat, &login, (enum role)session->person.role, true, &stage, err);
    begin.row.stage = (uint8_t)stage;
    if (rc == RC_OK)
        rc = go_on(seat, session, token_now, &begin, token, err);
    (void)pthread_mutex_unlock(&desk->mutex);
    buf_release(&sealed);
    return rc;
}

enum rc login_offer(struct seat *seat, const struct login_session *session, struct buf *base32,
                    struct buf *uri, struct err *err) {
    uint8_t secret[TOTP_SECRET_BYTES];
    struct view name = session->person.name;
    enum rc rc;

    second_offer(seat->office->keys, session->stored.name, secret);
    totp_base32(secret, sizeof(secret), base32);
    crypt_wipe(secret, sizeof(secret));
    buf_add_text(uri, "otpauth://totp/" ISSUER ":");
    for (size_t i = 0; i < name.size; i++)
        buf_addf(uri, "%%%02X", name.data[i]);
    buf_addf(uri, "?secret=%s&issuer=" ISSUER, buf_text(base32));
    rc = buf_check(base32, "a second factor", err);
    return rc == RC_OK ? buf_check(uri, "a second factor", err) : rc;
}

enum rc login_enrol(struct login_desk *desk, struct seat *seat, const struct login_session *session,
                    struct view token_now, struct view code,
                    char paper[SECOND_PAPER_CODES][SECOND_PAPER_BYTES],
                    char token[LOGIN_TOKEN_TEXT_BYTES], struct err *err) {
    const struct office *office = seat->office;
    struct begin begin = {.row = session->stored,
                          .sets_second = true,
                          .ends_others = true,
                          .action = "second factor"};
    struct second second = {0};
    struct buf sealed;
    enum rc rc = RC_OK;

    (void)pthread_mutex_lock(&desk->mutex);
    buf_init(&sealed, LOGIN_SECOND_BYTES);
    second_offer(office->keys, session->stored.name, second.secret);
    if (!totp_fits(second.secret, code, env_wall_ms(office->env), 0, &begin.code_step))
        rc = refuse_code(err);
    if (rc == RC_OK) {
        second_paper(office->env, &second, paper);
        rc = second_seal(office->keys, office->env, session->person.person, &second, &sealed, err);
    }
    begin.second = buf_view(&sealed);
    begin.row.stage = LOGIN_DONE;
    if (rc == RC_OK)
        rc = go_on(seat, session, token_now, &begin, token, err);
    (void)pthread_mutex_unlock(&desk->mutex);
    crypt_wipe(&second, sizeof(second));
    buf_release(&sealed);
    return rc;
}

/* ---- by who manages people ---- */

struct drop {
    uint64_t person;
    const char *who;
    struct view reason;
    const uint8_t *session; /* to be ended; NULL: the second factor goes */
};

static enum rc drop_step(void *context, struct work *work, struct err *err) {
    const struct drop *drop = context;
    struct stored_login login;
    char object[17];
    enum rc rc = login_row(work, drop->person, &login, err);

    if (rc == RC_OK && login.second.size == 0)
        rc = err_set(err, RC_CONFLICT, "there is no second factor to remove");
    login.second = (struct view){0};
    login.code_step = 0; /* those of another secret are others */
    if (rc == RC_OK)
        rc = login_put(work, &login, err);
    if (rc == RC_OK)
        rc = login_end_all(work, drop->person, NULL, err);
    id_text(drop->person, object);
    return rc == RC_OK
               ? work_act(work, drop->who, "second factor remove", object, drop->reason, err)
               : rc;
}

enum rc login_drop_second(struct seat *seat, uint64_t person, struct view reason, struct err *err) {
    struct drop drop = {.person = person, .who = seat->who, .reason = reason};

    return office_act(seat->office, drop_step, &drop, err);
}

static enum rc revoke_step(void *context, struct work *work, struct err *err) {
    const struct drop *drop = context;
    struct stored_session session, *row;
    char object[17];
    enum rc rc = store_session(work->ledger->store, drop->session, &work->arena, &session, err);

    if (rc == RC_NOT_FOUND ||
        (rc == RC_OK && (session.person != drop->person || session.abilities != 0)))
        return err_set(err, RC_NOT_FOUND, "there is no such session (any more)");
    if (rc != RC_OK)
        return rc;
    row = WORK_ADD(work, ended, ended_count, ended_capacity);
    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    memcpy(row->name, drop->session, 32);
    id_text(drop->person, object);
    return work_act(work, drop->who, "session end", object, (struct view){0}, err);
}

enum rc login_revoke(struct seat *seat, uint64_t person, const uint8_t name[32], struct err *err) {
    struct drop drop = {.person = person, .who = seat->who, .session = name};

    return office_act(seat->office, revoke_step, &drop, err);
}
