/* token.c: see token.h. A token's row is a session without a browser and without a key. */
#include "syncd/desk/token.h"

#include "base/text.h"

#define PREFIX       "ygt_"
#define PREFIX_BYTES 4u
#define DAY_MS       ((int64_t)24 * 60 * 60 * 1000)
#define HOUR_MS      ((int64_t)60 * 60 * 1000)

static const struct {
    const char *name;
    uint32_t bit;
    uint32_t needs; /* of the person's role, any of these */
} abilities[] = {
    {"read", TOKEN_READ, ABILITY_READ},
    {"export", TOKEN_EXPORT, ABILITY_MOVE | ABILITY_AUDIT},
    {"audit", TOKEN_AUDIT, ABILITY_AUDIT},
    {"manage", TOKEN_MANAGE, ABILITY_MANAGE | ABILITY_AUDIT | ABILITY_RELEASE},
    {"reveal", TOKEN_REVEAL, ABILITY_REVEAL},
};
#define ABILITIES (sizeof(abilities) / sizeof(abilities[0]))

void token_desk_init(struct token_desk *desk) {
    *desk = (struct token_desk){0};
    (void)pthread_mutex_init(&desk->mutex, NULL);
}

void token_desk_release(struct token_desk *desk) {
    (void)pthread_mutex_destroy(&desk->mutex);
}

/* ---- what it may ---- */

static enum rc ability_parse(struct view word, uint32_t *out, struct err *err) {
    for (size_t i = 0; i < ABILITIES; i++)
        if (view_is(word, abilities[i].name)) {
            *out |= abilities[i].bit;
            return RC_OK;
        }
    return err_set(err, RC_INVALID, "%.*s: a token may read, export, audit, manage or reveal",
                   VIEW_PRINT(word));
}

enum rc token_abilities_parse(struct view text, uint32_t *out, struct err *err) {
    size_t start = 0;
    enum rc rc = RC_OK;

    *out = 0;
    while (rc == RC_OK && start <= text.size) {
        size_t end = start;

        while (end < text.size && text.data[end] != ',')
            end++;
        rc = ability_parse(text_trim(view_slice(text, start, end - start)), out, err);
        start = end + 1;
    }
    return rc;
}

void token_abilities_text(uint32_t bits, struct buf *out) {
    size_t before = out->size;

    for (size_t i = 0; i < ABILITIES; i++)
        if ((bits & abilities[i].bit) != 0) {
            buf_add_text(out, out->size > before ? "," : "");
            buf_add_text(out, abilities[i].name);
        }
}

/* Nobody gives more than he has. */
static enum rc check_abilities(const struct stored_person *person, uint32_t wanted,
                               struct err *err) {
    uint32_t has = role_abilities((enum role)person->role);

    if ((wanted & ~(uint32_t)TOKEN_REVEAL) == 0)
        return err_set(err, RC_INVALID, "a token: say what it may, as read or export");
    for (size_t i = 0; i < ABILITIES; i++)
        if ((wanted & abilities[i].bit) != 0 && (has & abilities[i].needs) == 0)
            return err_set(err, RC_DENIED, "a token never may more than its person; not: %s",
                           abilities[i].name);
    return RC_OK;
}

/* ---- its text ---- */

static bool token_read(struct view text, uint8_t out[32]) {
    return text.size == TOKEN_TEXT_BYTES - 1 && memcmp(text.data, PREFIX, PREFIX_BYTES) == 0 &&
           hex_decode(view_slice(text, PREFIX_BYTES, text.size - PREFIX_BYTES), out, 32);
}

/* Not as a session's: a token is no cookie, nor the other way round. */
static void token_name(const uint8_t token[32], uint8_t name[32]) {
    crypt_hash("yg token", view_of(token, 32), name);
}

uint64_t token_id(const struct stored_session *token) {
    uint64_t id = 0;

    for (size_t i = 0; i < 8; i++)
        id = id << 8 | token->name[i];
    return id;
}

/* ---- making one ---- */

struct make {
    const struct token_order *order;
    const char *who;
    struct stored_session row;
    uint32_t count;
    bool is_taken;
};

static enum rc other_visit(void *context, const struct stored_session *session, struct err *err) {
    struct make *make = context;

    (void)err;
    if (session->abilities == 0 || session->person != make->row.person)
        return RC_OK;
    make->count++;
    make->is_taken = make->is_taken || view_equal(session->label, make->row.label);
    return RC_OK;
}

static enum rc check_areas(struct work *work, const struct stored_person *person,
                           const struct token_order *order, struct err *err) {
    for (uint32_t i = 0; i < order->area_count; i++)
        if (!succession_grants(&work->ledger->areas, person->areas, person->area_count,
                               order->areas[i]))
            return err_set(err, RC_DENIED, "a token never may more than its person; not: %s",
                           "areas");
    return RC_OK;
}

static enum rc make_step(void *context, struct work *work, struct err *err) {
    struct make *make = context;
    const struct token_order *order = make->order;
    struct stored_person person;
    struct stored_session *row;
    enum rc rc = store_person(work->ledger->store, order->person, &work->arena, &person, err);

    if (rc == RC_NOT_FOUND || (rc == RC_OK && (person.disabled || person.device != 0)))
        return err_set(err, RC_NOT_FOUND, "there is no such user; see: yg-syncd user list");
    if (rc == RC_OK)
        rc = check_abilities(&person, order->abilities, err);
    if (rc == RC_OK)
        rc = check_areas(work, &person, order, err);
    make->count = 0;
    if (rc == RC_OK)
        rc = store_sessions(work->ledger->store, other_visit, make, err);
    if (rc == RC_OK && make->is_taken)
        rc = err_set(err, RC_CONFLICT, "%.*s: there is a token of this name; revoke it first",
                     VIEW_PRINT(order->name));
    if (rc == RC_OK && make->count >= TOKENS_MAX)
        rc = err_set(err, RC_LIMIT, "a person has at most %u tokens; revoke one first", TOKENS_MAX);
    if (rc != RC_OK)
        return rc;
    row = WORK_ADD(work, sessions, session_count, session_capacity);
    if (row != NULL) {
        *row = make->row;
        row->label = arena_view(&work->arena, order->name);
        row->area_count = order->area_count > 0 ? order->area_count : person.area_count;
        row->areas = arena_copy(&work->arena, order->area_count > 0 ? order->areas : person.areas,
                                row->area_count * sizeof(uint64_t));
    }
    rc = arena_check(&work->arena, "a step of the writer", err);
    return rc == RC_OK ? work_act(work, make->who, "token add",
                                  arena_text(&work->arena, "%016llx",
                                             (unsigned long long)token_id(&make->row)),
                                  order->name, err)
                       : rc;
}

static enum rc check_order(const struct token_order *order, int64_t now_ms, struct err *err) {
    if (order->name.size == 0 || order->name.size > LIMIT_NAME_BYTES || !utf8_valid(order->name) ||
        text_trim(order->name).size != order->name.size)
        return err_set(err, RC_INVALID,
                       "the name must have 1 to %u bytes, without spaces at its ends",
                       LIMIT_NAME_BYTES);
    if (order->until_ms != 0 &&
        (order->until_ms <= now_ms || order->until_ms - now_ms > TOKEN_DAYS_MOST * DAY_MS))
        return err_set(err, RC_INVALID, "until: name a day to come, within %d days",
                       TOKEN_DAYS_MOST);
    return RC_OK;
}

enum rc token_make(struct seat *seat, const struct token_order *order, char token[TOKEN_TEXT_BYTES],
                   struct err *err) {
    const struct office *office = seat->office;
    int64_t now_ms = env_wall_ms(office->env);
    struct make make = {
        .order = order,
        .who = seat->who,
        .row = {.person = order->person,
                .epoch = office->epoch,
                .stage = LOGIN_DONE,
                .since_ms = now_ms,
                .until_ms = order->until_ms != 0 ? order->until_ms : now_ms + TOKEN_DAYS * DAY_MS,
                .label = order->name,
                .abilities = order->abilities}};
    uint8_t bytes[32];
    char hex[65];
    enum rc rc = check_order(order, now_ms, err);

    env_entropy(office->env, bytes, sizeof(bytes));
    token_name(bytes, make.row.name);
    if (rc == RC_OK)
        rc = office_act(office, make_step, &make, err);
    if (rc == RC_OK) {
        hex_encode(view_of(bytes, sizeof(bytes)), hex);
        snprintf(token, TOKEN_TEXT_BYTES, PREFIX "%s", hex);
        crypt_wipe(hex, sizeof(hex));
    }
    crypt_wipe(bytes, sizeof(bytes));
    return rc;
}

/* ---- using it ---- */

static enum rc refused_step(void *context, struct work *work, struct err *err) {
    return work_act(work, "?", "token refused", context, view_text("a token that there is not"),
                    err);
}

static enum rc note_wrong(struct token_desk *desk, struct seat *seat, const struct login_from *from,
                          struct err *err) {
    int64_t now_ms = env_wall_ms(seat->office->env);
    bool is_logged;

    (void)pthread_mutex_lock(&desk->mutex);
    if (!from->is_shared)
        address_failed(&desk->addresses, seat->office->keys, from->address, now_ms);
    if (now_ms - desk->logged_ms >= HOUR_MS || now_ms < desk->logged_ms) {
        desk->logged_ms = now_ms;
        desk->logged_count = 0;
    }
    is_logged = desk->logged_count < TOKEN_REFUSED_ACTS;
    desk->logged_count += is_logged;
    (void)pthread_mutex_unlock(&desk->mutex);
    return is_logged ? office_act(seat->office, refused_step, (void *)(uintptr_t)from->address, err)
                     : RC_OK;
}

static int64_t wait_ms(struct token_desk *desk, struct seat *seat, const struct login_from *from) {
    int64_t left_ms;

    if (from->is_shared)
        return 0;
    (void)pthread_mutex_lock(&desk->mutex);
    left_ms = address_wait_ms(&desk->addresses, seat->office->keys, from->address,
                              env_wall_ms(seat->office->env));
    (void)pthread_mutex_unlock(&desk->mutex);
    return left_ms;
}

/* Where both may: of two areas of which one lies within the other, the smaller. */
static enum rc cut_areas(struct seat *seat, struct login_session *session, struct err *err) {
    struct stored_session *token = &session->stored;
    struct stored_person *person = &session->person;
    uint64_t *list = arena_array(&seat->arena, LIMIT_AREAS, sizeof(*list));
    uint32_t count = 0;

    if (list == NULL)
        return arena_check(&seat->arena, "a token", err);
    seat_areas_current(seat, token->areas, &token->area_count);
    for (uint32_t i = 0; i < token->area_count; i++)
        for (uint32_t j = 0; j < person->area_count; j++) {
            uint64_t mine = token->areas[i], his = person->areas[j];
            uint64_t both = area_contains(his, mine) ? mine : area_contains(mine, his) ? his : 0;

            if (both != 0 && count < LIMIT_AREAS && !area_list_contains(list, count, both))
                list[count++] = both;
        }
    person->areas = list;
    person->area_count = count;
    return RC_OK;
}

static enum rc find_stored(struct seat *seat, struct view text, struct login_session *out,
                           struct err *err) {
    struct store *store = seat->ledger->store;
    uint8_t bytes[32] = {0}, name[32];
    enum rc rc;

    if (!token_read(text, bytes))
        return RC_NOT_FOUND;
    token_name(bytes, name);
    crypt_wipe(bytes, sizeof(bytes));
    rc = store_session(store, name, &seat->arena, &out->stored, err);
    if (rc == RC_OK &&
        (out->stored.abilities == 0 ||
         login_is_over(&out->stored, seat->office->epoch, env_wall_ms(seat->office->env))))
        rc = RC_NOT_FOUND;
    if (rc == RC_OK)
        rc = store_person(store, out->stored.person, &seat->arena, &out->person, err);
    if (rc == RC_OK && (out->person.disabled || out->person.device != 0))
        rc = RC_NOT_FOUND;
    if (rc != RC_OK)
        return rc;
    seat_areas_current(seat, out->person.areas, &out->person.area_count);
    out->stage = LOGIN_DONE;
    rc = store_login(store, out->person.person, &seat->arena, &out->login, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        rc = RC_OK;
    }
    return rc == RC_OK ? cut_areas(seat, out, err) : rc;
}

enum rc token_find(struct token_desk *desk, struct seat *seat, const struct login_from *from,
                   struct view text, struct login_session *out, struct err *err) {
    int64_t left_ms = wait_ms(desk, seat, from);
    enum rc rc;

    if (left_ms > 0)
        return err_set(err, RC_AGAIN,
                       "too many wrong tokens came from your address; try again in %lld seconds",
                       (long long)((left_ms + 999) / 1000));
    rc = find_stored(seat, text, out, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        rc = note_wrong(desk, seat, from, err);
        rc = rc == RC_OK ? RC_NOT_FOUND : rc;
    }
    return rc;
}

struct use {
    const struct login_session *session;
    const char *who, *text; /* text: from which address, or what for */
};

static enum rc touch_step(void *context, struct work *work, struct err *err) {
    const struct use *use = context;
    struct stored_session session, *row;
    enum rc rc =
        store_session(work->ledger->store, use->session->stored.name, &work->arena, &session, err);

    if (rc != RC_OK) {
        err_clear(err);
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    }
    for (uint32_t i = 0; i < work->ended_count; i++)
        if (memcmp(work->ended[i].name, session.name, sizeof(session.name)) == 0)
            return RC_OK;
    row = WORK_ADD(work, sessions, session_count, session_capacity);
    if (row != NULL) {
        *row = session;
        row->used_ms = work->now_ms;
        row->address = arena_view(&work->arena, view_text(use->text));
    }
    return arena_check(&work->arena, "a step of the writer", err);
}

enum rc token_touch(struct seat *seat, const struct login_session *session, const char *address,
                    struct err *err) {
    struct use use = {.session = session, .text = address};
    int64_t since_ms = env_wall_ms(seat->office->env) - session->stored.used_ms;

    if (since_ms >= 0 && since_ms < LOGIN_TOUCH_MS)
        return RC_OK;
    return office_act(seat->office, touch_step, &use, err);
}

static enum rc use_step(void *context, struct work *work, struct err *err) {
    const struct use *use = context;
    const struct stored_session *token = &use->session->stored;
    const char *object = arena_text(&work->arena, "%016llx %.*s",
                                    (unsigned long long)token_id(token), VIEW_PRINT(token->label));

    if (object == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    return work_act(work, use->who, "token use", object, view_text(use->text), err);
}

enum rc token_note_use(struct seat *seat, const struct login_session *session, const char *what,
                       struct err *err) {
    struct use use = {.session = session, .who = seat->who, .text = what};

    return office_act(seat->office, use_step, &use, err);
}

/* ---- lists, and the end ---- */

struct list {
    token_visit *visit;
    void *context;
};

static enum rc list_visit(void *context, const struct stored_session *session, struct err *err) {
    const struct list *list = context;

    return session->abilities == 0 ? RC_OK : list->visit(list->context, session, err);
}

enum rc token_list(struct seat *seat, token_visit *visit, void *context, struct err *err) {
    struct list list = {.visit = visit, .context = context};

    return store_sessions(seat->ledger->store, list_visit, &list, err);
}

struct revoke {
    const char *who;
    uint64_t person, id;
    struct view reason;
    bool found;
    uint8_t name[32];
};

static enum rc revoke_visit(void *context, const struct stored_session *session, struct err *err) {
    struct revoke *revoke = context;

    (void)err;
    if (session->abilities == 0 || token_id(session) != revoke->id ||
        (revoke->person != 0 && session->person != revoke->person))
        return RC_OK;
    revoke->found = true;
    memcpy(revoke->name, session->name, sizeof(revoke->name));
    return RC_OK;
}

static enum rc revoke_step(void *context, struct work *work, struct err *err) {
    struct revoke *revoke = context;
    struct stored_session *row;
    char object[17];
    enum rc rc;

    revoke->found = false;
    rc = store_sessions(work->ledger->store, revoke_visit, revoke, err);
    if (rc == RC_OK && !revoke->found)
        rc = err_set(err, RC_NOT_FOUND, "there is no such token (any more)");
    if (rc != RC_OK)
        return rc;
    row = WORK_ADD(work, ended, ended_count, ended_capacity);
    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    memcpy(row->name, revoke->name, sizeof(row->name));
    id_text(revoke->id, object);
    return work_act(work, revoke->who, "token revoke", object, revoke->reason, err);
}

enum rc token_revoke(struct seat *seat, uint64_t person, uint64_t id, struct view reason,
                     struct err *err) {
    struct revoke revoke = {.who = seat->who, .person = person, .id = id, .reason = reason};

    return office_act(seat->office, revoke_step, &revoke, err);
}
