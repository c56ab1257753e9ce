/* login.c: see login.h. */
#include "base/text.h"
#include "syncd/desk/login_inside.h"
#include "syncd/desk/people.h"
#include "syncd/desk/reset.h"
#include "syncd/desk/second.h"

#define REFUSED_ACTS_AN_HOUR 60u /* of names that nobody has, in the staff log */
#define HOUR_MS              ((int64_t)60 * 60 * 1000)

void login_desk_init(struct login_desk *desk) {
    *desk = (struct login_desk){0};
    (void)pthread_mutex_init(&desk->mutex, NULL);
}

void login_desk_release(struct login_desk *desk) {
    (void)pthread_mutex_destroy(&desk->mutex);
}

int64_t login_wait_ms(uint32_t failures) {
    uint32_t doubled;

    if (failures < LOGIN_FREE)
        return 0;
    doubled = failures - LOGIN_FREE;
    if (doubled >= 16 || (LOGIN_WAIT_MS << doubled) > LOGIN_WAIT_MAX_MS)
        return LOGIN_WAIT_MAX_MS;
    return LOGIN_WAIT_MS << doubled;
}

enum rc refuse_wait(int64_t left_ms, struct err *err) {
    return err_set(err, RC_AGAIN,
                   "too many wrong secrets; try again in %lld seconds, or ask the administrator",
                   (long long)((left_ms + 999) / 1000));
}

static enum rc check_address(const struct login_desk *desk, struct seat *seat,
                             const struct login_from *from, struct view name, struct err *err) {
    const struct office *office = seat->office;
    int64_t left_ms = from->is_shared ? 0
                                      : address_wait_ms(&desk->addresses, office->keys,
                                                        from->address, env_wall_ms(office->env));

    if (left_ms == 0 || address_is_known(&desk->addresses, office->keys, from->address, name))
        return RC_OK;
    return err_set(err, RC_AGAIN,
                   "too many wrong logins came from your address; try again in %lld seconds",
                   (long long)((left_ms + 999) / 1000));
}

static void note_address(struct login_desk *desk, struct seat *seat, const struct login_from *from,
                         struct view name, enum rc rc) {
    const struct office *office = seat->office;

    if (from->is_shared)
        return;
    if (rc == RC_OK)
        address_welcome(&desk->addresses, office->keys, from->address, name);
    else if (rc == RC_DENIED)
        address_failed(&desk->addresses, office->keys, from->address, env_wall_ms(office->env));
}

static enum rc refuse_secret(struct err *err) {
    return err_set(err, RC_DENIED, "name or secret is wrong");
}

/* ---- tokens ---- */

static void token_text(const uint8_t bytes[32], char out[LOGIN_TOKEN_TEXT_BYTES]) {
    for (size_t i = 0; i < 32; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static bool token_read(struct view text, uint8_t out[32]) {
    static const char digits[] = "0123456789abcdef";

    if (text.size != LOGIN_TOKEN_TEXT_BYTES - 1)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        const char *found = text.data[i] == 0 ? NULL : strchr(digits, (char)text.data[i]);

        if (found == NULL)
            return false;
        out[i / 2] = (uint8_t)(out[i / 2] << 4 | (uint8_t)(found - digits));
    }
    return true;
}

/* What is stored of a token, and what is not. */
static void token_names(const uint8_t token[32], uint8_t name[32], uint8_t key[32]) {
    crypt_hash("yg session", view_of(token, 32), name);
    crypt_hash("yg session key", view_of(token, 32), key);
}

static enum rc wrap_key(const struct env *env, const uint8_t key[32], const uint8_t name[32],
                        const uint8_t secret_key[64], struct buf *out, struct err *err) {
    return crypt_lock(env, key, view_of(secret_key, CRYPT_SEED_BYTES), view_of(name, 32), out, err);
}

enum rc login_key(const struct login_session *session, struct view token, uint8_t secret_key[64],
                  struct err *err) {
    uint8_t bytes[32] = {0}, name[32], key[32], sign_public[32];
    struct buf seed;
    enum rc rc = RC_DENIED;

    buf_init(&seed, 256);
    if (token_read(token, bytes)) {
        token_names(bytes, name, key);
        rc = crypt_unlock(key, session->stored.wrapped, view_of(name, 32), &seed, err);
    }
    if (rc == RC_OK && seed.size == CRYPT_SEED_BYTES)
        crypt_sign_keypair(seed.data, sign_public, secret_key);
    else if (rc == RC_OK)
        rc = err_set(err, RC_CORRUPT, "a session's key: it has the wrong size; log in again");
    crypt_wipe(bytes, sizeof(bytes));
    crypt_wipe(key, sizeof(key));
    crypt_buf_release(&seed);
    return rc;
}

/* ---- rows, within a step of the writer ---- */

enum rc login_row(struct work *work, uint64_t person, struct stored_login *out, struct err *err) {
    enum rc rc;

    for (uint32_t i = work->login_count; i > 0; i--)
        if (work->logins[i - 1].person == person) {
            *out = work->logins[i - 1];
            return RC_OK;
        }
    *out = (struct stored_login){0};
    rc = store_login(work->ledger->store, person, &work->arena, out, err);
    out->person = person;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc login_put(struct work *work, const struct stored_login *login, struct err *err) {
    struct stored_login *row = WORK_ADD(work, logins, login_count, login_capacity);

    if (row != NULL) {
        *row = *login;
        row->second = arena_view(&work->arena, login->second);
        row->grant.areas = login->grant.area_count == 0
                               ? NULL
                               : arena_copy(&work->arena, login->grant.areas,
                                            login->grant.area_count * sizeof(uint64_t));
    }
    return arena_check(&work->arena, "a step of the writer", err);
}

/* A telephone outlives a forgotten secret: sealed anew, because it was sealed for the former. */
static enum rc inherit_second(struct work *work, const struct stored_login *former,
                              struct stored_login *login, struct err *err) {
    struct second second;
    struct buf sealed;
    enum rc rc = second_open(work->keys, former->person, former->second, &second, err);

    buf_init(&sealed, LOGIN_SECOND_BYTES);
    if (rc == RC_OK)
        rc = second_seal(work->keys, work->env, login->person, &second, &sealed, err);
    if (rc == RC_OK) {
        login->second = arena_view(&work->arena, buf_view(&sealed));
        login->code_step = former->code_step;
        rc = arena_check(&work->arena, "a step of the writer", err);
    }
    crypt_wipe(&second, sizeof(second));
    buf_release(&sealed);
    return rc;
}

enum rc login_must_change(struct work *work, const struct stored_person *person, uint64_t former,
                          uint64_t by, struct err *err) {
    struct stored_login login, before = {0};
    enum rc rc = login_row(work, person->person, &login, err);

    login.must_change = true;
    login.former = former;
    if (rc == RC_OK && former != 0)
        rc = login_row(work, former, &before, err);
    if (rc == RC_OK && before.second.size > 0)
        rc = inherit_second(work, &before, &login, err);
    if (rc == RC_OK && (former != 0 || by != 0))
        rc = reset_note(work, person, by, &login, err);
    return rc == RC_OK ? login_put(work, &login, err) : rc;
}

static enum rc end_one(struct work *work, const uint8_t name[32], struct err *err) {
    struct stored_session *row = WORK_ADD(work, ended, ended_count, ended_capacity);

    if (row != NULL)
        memcpy(row->name, name, 32);
    return arena_check(&work->arena, "a step of the writer", err);
}

struct end_all {
    struct work *work;
    uint64_t person;
    const uint8_t *but;
};

static enum rc end_visit(void *context, const struct stored_session *session, struct err *err) {
    struct end_all *end = context;

    if (session->person != end->person || (end->but != NULL && session->abilities != 0) ||
        (end->but != NULL && memcmp(session->name, end->but, 32) == 0))
        return RC_OK;
    return end_one(end->work, session->name, err);
}

enum rc login_end_all(struct work *work, uint64_t person, const uint8_t *but, struct err *err) {
    struct end_all end = {.work = work, .person = person, .but = but};

    return store_sessions(work->ledger->store, end_visit, &end, err);
}

bool login_is_over(const struct stored_session *session, uint32_t epoch, int64_t now_ms) {
    return session->epoch != epoch || now_ms >= session->until_ms ||
           (session->abilities == 0 && now_ms - session->used_ms >= LOGIN_IDLE_MS);
}

/* Room for one more: what is over goes, and of this person's the one that was not used for longest.
 */
struct make_room {
    struct work *work;
    uint64_t person;
    uint32_t epoch, count;
    uint8_t oldest[32];
    int64_t oldest_ms;
};

static enum rc room_visit(void *context, const struct stored_session *session, struct err *err) {
    struct make_room *room = context;

    if (login_is_over(session, room->epoch, room->work->now_ms))
        return end_one(room->work, session->name, err);
    if (session->person != room->person || session->abilities != 0)
        return RC_OK;
    room->count++;
    if (room->count == 1 || session->used_ms < room->oldest_ms) {
        room->oldest_ms = session->used_ms;
        memcpy(room->oldest, session->name, 32);
    }
    return RC_OK;
}

static enum rc make_room(struct work *work, uint64_t person, uint32_t epoch, struct err *err) {
    struct make_room room = {.work = work, .person = person, .epoch = epoch};
    enum rc rc = store_sessions(work->ledger->store, room_visit, &room, err);

    return rc == RC_OK && room.count >= LOGIN_SESSIONS_MAX ? end_one(work, room.oldest, err) : rc;
}

/* ---- a failure ---- */

struct failure {
    struct view name;
    uint64_t person;
    const char *address, *what;
};

static enum rc failure_step(void *context, struct work *work, struct err *err) {
    const struct failure *failure = context;
    struct stored_login login;
    char who[LIMIT_NAME_BYTES + 1];
    enum rc rc = RC_OK;

    if (failure->person != 0) {
        rc = login_row(work, failure->person, &login, err);
        login.failures += login.failures < UINT32_MAX;
        login.wait_ms =
            login_wait_ms(login.failures) == 0 ? 0 : work->now_ms + login_wait_ms(login.failures);
        if (rc == RC_OK)
            rc = login_put(work, &login, err);
    }
    snprintf(who, sizeof(who), "%.*s", VIEW_PRINT(failure->name));
    return rc == RC_OK ? work_act(work, who, "login refused", failure->address,
                                  view_text(failure->what), err)
                       : rc;
}

enum rc note_failure(struct seat *seat, const struct stored_person *person, const char *address,
                     const char *what, struct err *err) {
    struct failure failure = {
        .name = person->name, .person = person->person, .address = address, .what = what};

    return office_act(seat->office, failure_step, &failure, err);
}

/* A name that nobody has costs what a wrong secret costs, and is told the same. Its text is not
 * logged: people type their secret into the wrong field. */
static enum rc refuse_stranger(struct login_desk *desk, struct seat *seat,
                               const struct login_from *from, struct view name, struct view secret,
                               struct err *err) {
    static const uint8_t no_salt[CRYPT_SALT_BYTES] = {0};
    const struct failure failure = {
        .name = view_text("?"), .address = from->address, .what = "a name that nobody has"};
    int64_t now_ms = env_wall_ms(seat->office->env);
    uint8_t hash[32], unused[CRYPT_KEY_BYTES];
    struct login_stranger *slot;
    enum rc rc;

    crypt_mac(seat->office->keys->index_key, "yg stranger", name, hash);
    slot = &desk->strangers[hash[8] % LOGIN_STRANGERS];
    if (memcmp(slot->hash, hash, sizeof(slot->hash)) != 0) {
        *slot = (struct login_stranger){0};
        memcpy(slot->hash, hash, sizeof(slot->hash));
    }
    if (now_ms < slot->wait_ms)
        return refuse_wait(slot->wait_ms - now_ms, err);
    rc = crypt_stretch(secret, no_salt, CRYPT_COST_DEFAULT, unused, err);
    if (rc != RC_OK && rc != RC_INVALID)
        return rc;
    slot->failures++;
    slot->wait_ms = login_wait_ms(slot->failures) == 0 ? 0 : now_ms + login_wait_ms(slot->failures);
    if (now_ms - desk->logged_ms >= HOUR_MS || now_ms < desk->logged_ms) {
        desk->logged_ms = now_ms;
        desk->logged_count = 0;
    }
    if (desk->logged_count < REFUSED_ACTS_AN_HOUR) {
        desk->logged_count++;
        rc = office_act(seat->office, failure_step, (void *)(uintptr_t)&failure, err);
        if (rc != RC_OK)
            return rc;
    }
    return refuse_secret(err);
}

/* ---- beginning and going on ---- */

static enum rc take_code(struct stored_login *login, const struct begin *begin, struct err *err) {
    if (begin->code_step == 0)
        return RC_OK;
    if (begin->code_step <= login->code_step) /* two at the same moment */
        return err_set(err, RC_DENIED, "the code was used already; wait for the next one");
    login->code_step = begin->code_step;
    return RC_OK;
}

/* What it does to the person's login, and to the log. */
static enum rc begin_login(const struct begin *begin, struct work *work, struct err *err) {
    struct stored_login login;
    char who[LIMIT_NAME_BYTES + 1], object[17];
    bool is_in = begin->is_login && begin->row.stage != LOGIN_CODE;
    enum rc rc = login_row(work, begin->row.person, &login, err);

    if (rc == RC_OK)
        rc = take_code(&login, begin, err);
    if (begin->sets_second)
        login.second = begin->second;
    /* Right codes must not make room for guessing more secrets, nor the other way round. */
    if (is_in) {
        login.failures = 0;
        login.wait_ms = 0;
        login.seen_ms = work->now_ms;
    }
    snprintf(who, sizeof(who), "%.*s", VIEW_PRINT(begin->person->name));
    id_text(begin->row.person, object);
    if (rc == RC_OK)
        rc = login_put(work, &login, err);
    if (rc == RC_OK && begin->action != NULL)
        rc = work_act(work, who, begin->action, object, (struct view){0}, err);
    return rc == RC_OK && is_in ? work_act(work, who, "login", "console", begin->row.address, err)
                                : rc;
}

enum rc begin_step(void *context, struct work *work, struct err *err) {
    struct begin *begin = context;
    struct stored_session *row;
    enum rc rc = RC_OK;

    if (begin->is_first)
        rc = make_room(work, begin->row.person, begin->row.epoch, err);
    if (rc == RC_OK && begin->ends_others)
        rc = login_end_all(work, begin->row.person, begin->before, err);
    if (rc == RC_OK && begin->before != NULL)
        rc = end_one(work, begin->before, err);
    if (rc == RC_OK)
        rc = begin_login(begin, work, err);
    if (rc != RC_OK)
        return rc;
    row = WORK_ADD(work, sessions, session_count, session_capacity);
    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    *row = begin->row;
    row->address = arena_view(&work->arena, begin->row.address);
    row->agent = arena_view(&work->arena, begin->row.agent);
    row->wrapped = arena_view(&work->arena, begin->row.wrapped);
    return arena_check(&work->arena, "a step of the writer", err);
}

enum rc begin_session(struct seat *seat, struct begin *begin, const uint8_t secret_key[64],
                      enum rc (*step)(void *context, struct work *work, struct err *err),
                      char token[LOGIN_TOKEN_TEXT_BYTES], struct err *err) {
    uint8_t bytes[32], key[32];
    struct buf wrapped;
    enum rc rc;

    env_entropy(seat->office->env, bytes, sizeof(bytes));
    token_names(bytes, begin->row.name, key);
    buf_init(&wrapped, 256);
    rc = wrap_key(seat->office->env, key, begin->row.name, secret_key, &wrapped, err);
    begin->row.wrapped = buf_view(&wrapped);
    if (rc == RC_OK)
        rc = office_act(seat->office, step, begin, err);
    if (rc == RC_OK)
        token_text(bytes, token);
    crypt_wipe(bytes, sizeof(bytes));
    crypt_wipe(key, sizeof(key));
    buf_release(&wrapped);
    return rc;
}

/* Which roles need a second factor: as the county has set it, else as this console has it. */
static enum rc second_roles(const struct login_desk *desk, struct seat *seat, uint32_t *out,
                            struct err *err) {
    struct view setting;
    struct reader reader;
    enum rc rc =
        store_setting(seat->ledger->store, LOGIN_SECOND_SETTING, &seat->arena, &setting, err);

    *out = desk->second_roles;
    if (rc == RC_NOT_FOUND)
        return RC_OK;
    if (rc != RC_OK)
        return rc;
    reader_init(&reader, setting);
    *out = read_le32(&reader);
    return reader_check(&reader, "the setting second factor", err);
}

enum rc stage_after(const struct login_desk *desk, struct seat *seat,
                    const struct stored_login *login, enum role role, bool code_given,
                    enum login_stage *out, struct err *err) {
    uint32_t roles;
    enum rc rc = second_roles(desk, seat, &roles, err);

    if (login->second.size > 0 && !code_given)
        *out = LOGIN_CODE;
    else if (login->must_change)
        *out = LOGIN_CHANGE;
    else if (login->second.size == 0 && rc == RC_OK && (roles >> role & 1u) != 0)
        *out = LOGIN_ENROL;
    else
        *out = LOGIN_DONE;
    return rc;
}

enum rc login_of(struct seat *seat, uint64_t person, struct stored_login *out, struct err *err) {
    enum rc rc;

    *out = (struct stored_login){.person = person};
    rc = store_login(seat->ledger->store, person, &seat->arena, out, err);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc try_secret(struct login_desk *desk, struct seat *seat, const struct login_from *from,
                          struct view name, struct view secret, struct stored_person *person,
                          struct stored_login *login, uint8_t secret_key[64], struct err *err) {
    int64_t now_ms = env_wall_ms(seat->office->env);
    enum rc rc = store_person_named(seat->ledger->store, name, &seat->arena, person, err);

    if (rc == RC_NOT_FOUND || (rc == RC_OK && person->disabled))
        return refuse_stranger(desk, seat, from, name, secret, err);
    if (rc == RC_OK)
        rc = login_of(seat, person->person, login, err);
    if (rc == RC_OK && now_ms < login->wait_ms)
        return refuse_wait(login->wait_ms - now_ms, err);
    if (rc == RC_OK)
        rc = people_unwrap(person, secret, secret_key, err);
    if (rc == RC_DENIED || rc == RC_INVALID) {
        rc = note_failure(seat, person, from->address, "wrong secret", err);
        return rc == RC_OK ? refuse_secret(err) : rc;
    }
    return rc;
}

enum rc login_check_secret(struct login_desk *desk, struct seat *seat,
                           const struct login_session *session, struct view secret,
                           struct err *err) {
    const struct login_from from = {.address = "console"};
    struct stored_person person;
    struct stored_login login;
    uint8_t secret_key[64] = {0};
    enum rc rc;

    (void)pthread_mutex_lock(&desk->mutex);
    rc = try_secret(desk, seat, &from, session->person.name, secret, &person, &login, secret_key,
                    err);
    if (rc == RC_OK && person.person != session->person.person)
        rc = refuse_secret(err);
    (void)pthread_mutex_unlock(&desk->mutex);
    crypt_wipe(secret_key, sizeof(secret_key));
    return rc;
}

/* The browser's own words, no longer than needed and without controls. */
static struct view agent_text(struct seat *seat, const char *agent) {
    size_t size = agent == NULL ? 0 : strlen(agent);
    char *copy;

    size = size > LOGIN_AGENT_BYTES ? LOGIN_AGENT_BYTES : size;
    copy = arena_copy(&seat->arena, agent == NULL ? "" : agent, size + 1);
    if (copy == NULL)
        return (struct view){0};
    for (size_t i = 0; i < size; i++)
        if (copy[i] < ' ' || copy[i] > '~')
            copy[i] = '?';
    return view_of(copy, size);
}

enum rc login_begin(struct login_desk *desk, struct seat *seat, const struct login_from *from,
                    struct view name, struct view secret, char token[LOGIN_TOKEN_TEXT_BYTES],
                    struct err *err) {
    int64_t now_ms = env_wall_ms(seat->office->env);
    struct stored_person person;
    struct stored_login login;
    uint8_t secret_key[64];
    struct begin begin = {.person = &person, .is_first = true, .is_login = true};
    enum login_stage stage = LOGIN_CODE;
    enum rc rc;

    (void)pthread_mutex_lock(&desk->mutex);
    rc = check_address(desk, seat, from, name, err);
    if (rc == RC_OK) {
        rc = try_secret(desk, seat, from, name, secret, &person, &login, secret_key, err);
        note_address(desk, seat, from, name, rc);
    }
    if (rc == RC_OK)
        rc = stage_after(desk, seat, &login, (enum role)person.role, false, &stage, err);
    if (rc == RC_OK) {
        begin.row = (struct stored_session){
            .person = person.person,
            .epoch = seat->office->epoch,
            .stage = (uint8_t)stage,
            .since_ms = now_ms,
            .used_ms = now_ms,
            .until_ms = now_ms + LOGIN_LONGEST_MS,
            .address = view_text(from->address),
            .agent = agent_text(seat, from->agent),
        };
        rc = begin_session(seat, &begin, secret_key, begin_step, token, err);
    }
    (void)pthread_mutex_unlock(&desk->mutex);
    crypt_wipe(secret_key, sizeof(secret_key));
    return rc;
}

enum rc login_find(struct seat *seat, struct view token, struct login_session *out,
                   struct err *err) {
    struct store *store = seat->ledger->store;
    uint8_t bytes[32] = {0}, name[32], key[32];
    enum rc rc;

    if (!token_read(token, bytes))
        return RC_NOT_FOUND;
    token_names(bytes, name, key);
    crypt_wipe(bytes, sizeof(bytes));
    crypt_wipe(key, sizeof(key));
    rc = store_session(store, name, &seat->arena, &out->stored, err);
    if (rc == RC_OK && out->stored.abilities != 0)
        rc = RC_NOT_FOUND;
    if (rc == RC_OK &&
        login_is_over(&out->stored, seat->office->epoch, env_wall_ms(seat->office->env)))
        rc = RC_NOT_FOUND;
    if (rc == RC_OK)
        rc = store_person(store, out->stored.person, &seat->arena, &out->person, err);
    if (rc == RC_OK && (out->person.disabled || out->person.device != 0))
        rc = RC_NOT_FOUND;
    if (rc == RC_OK)
        rc = login_of(seat, out->stored.person, &out->login, err);
    if (rc == RC_OK) {
        seat_areas_current(seat, out->person.areas, &out->person.area_count);
        out->stage = (enum login_stage)out->stored.stage;
    }
    return rc;
}

struct touch {
    const uint8_t *name;
    uint64_t end_person; /* whose session ends; 0: it is only used */
    struct view who;
};

static enum rc touch_step(void *context, struct work *work, struct err *err) {
    const struct touch *touch = context;
    struct stored_session session, *row;
    enum rc rc = store_session(work->ledger->store, touch->name, &work->arena, &session, err);

    if (rc == RC_NOT_FOUND) /* it has ended meanwhile */
        return RC_OK;
    if (rc != RC_OK)
        return rc;
    for (uint32_t i = 0; i < work->ended_count; i++)
        if (memcmp(work->ended[i].name, touch->name, 32) == 0)
            return RC_OK;
    row = WORK_ADD(work, sessions, session_count, session_capacity);
    if (row != NULL) {
        *row = session;
        row->used_ms = work->now_ms;
    }
    return arena_check(&work->arena, "a step of the writer", err);
}

enum rc login_touch(struct seat *seat, const struct login_session *session, struct err *err) {
    struct touch touch = {.name = session->stored.name};
    int64_t since_ms = env_wall_ms(seat->office->env) - session->stored.used_ms;

    if (since_ms >= 0 && since_ms < LOGIN_TOUCH_MS)
        return RC_OK;
    return office_act(seat->office, touch_step, &touch, err);
}

struct end {
    const struct login_session *session;
    const char *who;
};

static enum rc end_step(void *context, struct work *work, struct err *err) {
    const struct end *end = context;
    char object[17];
    enum rc rc = end_one(work, end->session->stored.name, err);

    id_text(end->session->person.person, object);
    return rc == RC_OK ? work_act(work, end->who, "logout", object, (struct view){0}, err) : rc;
}

enum rc login_end(struct seat *seat, const struct login_session *session, struct err *err) {
    struct end end = {.session = session, .who = seat->who};

    return office_act(seat->office, end_step, &end, err);
}

/* ---- a new secret ---- */

static enum rc change_step(void *context, struct work *work, struct err *err) {
    struct begin *begin = context;
    const struct stored_person *known;
    struct stored_person *row;
    struct stored_login login;
    enum rc rc = work_person(work, begin->row.person, &known, err);

    if (rc == RC_OK && known->disabled)
        rc = err_set(err, RC_DENIED, "%.*s: is disabled already", VIEW_PRINT(known->name));
    if (rc != RC_OK)
        return rc;
    row = WORK_ADD(work, persons, person_count, person_capacity);
    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    *row = *known;
    row->wrapped = arena_view(&work->arena, begin->wrapped_secret);
    rc = login_row(work, begin->row.person, &login, err);
    login.must_change = false;
    login.changed_ms = work->now_ms;
    login.failures = 0;
    login.wait_ms = 0;
    if (rc == RC_OK)
        rc = login_put(work, &login, err);
    return rc == RC_OK ? begin_step(begin, work, err) : rc;
}

enum rc login_change(struct login_desk *desk, struct seat *seat,
                     const struct login_session *session, struct view old_secret,
                     struct view new_secret, char token[LOGIN_TOKEN_TEXT_BYTES], struct err *err) {
    const struct login_from from = {.address = "console"};
    struct stored_person person;
    struct stored_login login = {0};
    uint8_t secret_key[64] = {0};
    struct begin begin = {.person = &session->person,
                          .row = session->stored,
                          .before = session->stored.name,
                          .ends_others = true,
                          .action = "secret change"};
    enum login_stage stage = LOGIN_CODE;
    struct buf wrapped;
    enum rc rc = people_secret_check(session->person.name, new_secret, err);

    if (rc == RC_OK && view_equal(old_secret, new_secret))
        rc = err_set(err, RC_INVALID, "the new secret: is the old one; take another");
    if (rc != RC_OK)
        return rc;
    buf_init(&wrapped, PEOPLE_WRAP_BYTES);
    (void)pthread_mutex_lock(&desk->mutex);
    rc = try_secret(desk, seat, &from, session->person.name, old_secret, &person, &login,
                    secret_key, err);
    if (rc == RC_OK && person.person != session->person.person)
        rc = refuse_secret(err);
    if (rc == RC_OK)
        rc = people_wrap(seat->office->env, new_secret, secret_key, person.sign_public, &wrapped,
                         err);
    login.must_change = false;
    if (rc == RC_OK)
        rc = stage_after(desk, seat, &login, (enum role)person.role, true, &stage, err);
    if (rc == RC_OK) {
        begin.wrapped_secret = buf_view(&wrapped);
        begin.row.stage = (uint8_t)stage;
        rc = begin_session(seat, &begin, secret_key, change_step, token, err);
    }
    (void)pthread_mutex_unlock(&desk->mutex);
    crypt_wipe(secret_key, sizeof(secret_key));
    buf_release(&wrapped);
    return rc;
}
