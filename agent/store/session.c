/* session.c: opening and closing somebody's work.
 *
 * All secrets of a session stand in one guarded block that is wiped when it closes. */
#include "agent/store/inside.h"

#include "base/list.h"
#include "base/text.h"

#include <stdlib.h>

#define NAMES_BYTES_MAX (4u * 1024u * 1024u)
#define AUTHORS_MAX     100000u

/* ---- who ---- */

static enum rc choose(const struct person_row *rows, uint32_t count, struct view name,
                      const struct person_row **out, struct err *err) {
    struct err ignored;
    uint64_t id = 0;

    err_init(&ignored, LANG_EN);
    if (name.size == 0 && count == 1) {
        *out = &rows[0];
        return RC_OK;
    }
    if (name.size == 0)
        return err_set(err, RC_INVALID,
                       "several people use this tablet; say who with --person NAME");
    if (id_parse(name, &id, &ignored) != RC_OK)
        id = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (view_equal(rows[i].name, name) || (id != 0 && rows[i].person == id)) {
            *out = &rows[i];
            return RC_OK;
        }
    }
    return err_set(err, RC_NOT_FOUND,
                   "person %.*s: nobody of that name uses this tablet; see person list",
                   VIEW_PRINT(name));
}

/* ---- keys ---- */

/* What an area's key locks stays closed, and everything else opens. Without the common key nothing
 * can be opened. */
static enum rc tell_damaged(const struct session *session, uint64_t key, struct err *err) {
    const struct area_key *known = area_key_find(session->tablet, key);

    if (known != NULL && known->area == 0)
        return err_set(err, RC_CORRUPT, "tablet.db: a key is damaged; run verify");
    err_clear(err);
    return tablet_notice(session->tablet, NOTICE_KEY, known == NULL ? 0 : known->area,
                         session->person, err);
}

static enum rc open_shares(struct session *session, const struct person_row *row, struct err *err) {
    struct tablet *tablet = session->tablet;
    struct statement *list = tablet->sql[SQL_SHARE_LIST];
    struct buf seed;
    enum rc rc;

    buf_init(&seed, 256);
    statement_bind_i64(list, 1, (int64_t)row->person);
    while ((rc = statement_step(list, err)) == RC_OK) {
        uint64_t key = (uint64_t)statement_i64(list, 0);
        uint8_t about[8], box_public[CRYPT_BOX_PUBLIC_BYTES];

        for (size_t i = 0; i < sizeof(about); i++)
            about[i] = (uint8_t)(key >> (8 * i));
        buf_clear(&seed);
        rc = crypt_seal_open(row->box_public, session->secrets->box_secret, statement_blob(list, 1),
                             view_of(about, sizeof(about)), &seed, err);
        if (rc == RC_OK && session->secrets->key_count == KEYS_MAX)
            rc = err_set(err, RC_CORRUPT, "tablet.db: a key is damaged; run verify");
        if (rc == RC_DENIED || (rc == RC_OK && seed.size != CRYPT_KEY_BYTES)) {
            rc = tell_damaged(session, key, err);
            if (rc == RC_OK)
                continue;
        }
        if (rc != RC_OK)
            break;
        area_key_derive(seed.data, key, &session->secrets->keys[session->secrets->key_count++],
                        box_public);
    }
    statement_reset(list);
    crypt_buf_release(&seed);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc open_setting(struct session *session, const char *name, uint8_t out[32],
                            struct err *err) {
    struct tablet *tablet = session->tablet;
    const struct area_key *common = area_key_of(tablet, 0);
    const struct open_key *key =
        common == NULL ? NULL : area_key_open(tablet, session, common->key);
    struct buf sealed, plain;
    enum rc rc;

    if (key == NULL)
        return err_set(err, RC_CORRUPT, "tablet.db: a key is missing; run verify");
    buf_init(&sealed, 1024);
    buf_init(&plain, 1024);
    rc = setting_get(tablet, name, &sealed, err);
    if (rc == RC_OK)
        rc = row_unlock(key, name, 0, 0, buf_view(&sealed), &plain, err);
    if (rc == RC_OK && plain.size != 32)
        rc = err_set(err, RC_CORRUPT, "tablet.db: a key is damaged; run verify");
    if (rc == RC_OK)
        memcpy(out, plain.data, 32);
    crypt_buf_release(&plain);
    buf_release(&sealed);
    return rc;
}

static enum rc open_vault(struct session *session, struct err *err) {
    uint8_t seed[32], box_public[32];
    enum rc rc = open_setting(session, "vault", seed, err);

    if (rc == RC_OK) {
        crypt_box_keypair(seed, box_public, session->secrets->vault_secret);
        rc = open_setting(session, "salt", session->secrets->salt_secret, err);
    }
    crypt_wipe(seed, sizeof(seed));
    return rc;
}

/* ---- authors ---- */

static enum rc add_author(struct session *session, uint64_t person, struct view name,
                          struct err *err) {
    struct author *author;
    enum rc rc = array_grow(&session->authors, sizeof(*session->authors), session->author_count + 1,
                            AUTHORS_MAX, "authors", &session->author_capacity, err);

    if (rc != RC_OK)
        return rc;
    author = &session->authors[session->author_count++];
    *author = (struct author){.person = person, .name = arena_view(&session->arena, name)};
    return arena_check(&session->arena, "the names of authors", err);
}

static enum rc load_authors(struct session *session, struct err *err) {
    struct tablet *tablet = session->tablet;
    struct statement *list = tablet->sql[SQL_AUTHOR_LIST];
    const struct area_key *common = area_key_of(tablet, 0);
    const struct open_key *key =
        common == NULL ? NULL : area_key_open(tablet, session, common->key);
    enum rc rc;

    session->author_count = 0;
    while (key != NULL && (rc = statement_step(list, err)) == RC_OK) {
        buf_clear(&tablet->plain);
        rc = crypt_seal_open(common->box_public, key->box_secret, statement_blob(list, 1),
                             view_text("yg author"), &tablet->plain, err);
        if (rc == RC_OK)
            rc = add_author(session, (uint64_t)statement_i64(list, 0), buf_view(&tablet->plain),
                            err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(list);
    return key == NULL || rc == RC_NOT_FOUND ? RC_OK : rc;
}

struct view session_author(void *context, uint64_t person) {
    struct session *session = context;

    if (person == session->person)
        return session->name;
    for (size_t i = 0; i < session->author_count; i++) {
        if (session->authors[i].person == person)
            return session->authors[i].name;
    }
    return (struct view){0};
}

enum rc tablet_put_author(struct tablet *tablet, const struct certificate *certificate,
                          struct err *err) {
    struct statement *put = tablet->sql[SQL_AUTHOR_PUT];
    const struct area_key *common = area_key_of(tablet, 0);
    uint64_t person = id_of_person(certificate->sign_public);
    struct session *session;
    struct statement *certify = tablet->sql[SQL_PERSON_CERTIFY];
    enum rc rc;

    if (common == NULL)
        return err_set(err, RC_CORRUPT, "tablet.db: a key is missing; run verify");
    statement_bind_i64(certify, 1, (int64_t)person);
    statement_bind_i64(certify, 2, certificate->role);
    rc = statement_run(certify, err);
    buf_clear(&tablet->locked);
    if (rc == RC_OK)
        rc = crypt_seal(tablet->env, common->box_public, certificate->name, view_text("yg author"),
                        &tablet->locked, err);
    if (rc == RC_OK) {
        statement_bind_i64(put, 1, (int64_t)person);
        statement_bind_blob(put, 2, buf_view(&tablet->locked));
        rc = statement_run(put, err);
    }
    for (session = tablet->sessions; session != NULL && rc == RC_OK; session = session->next) {
        if (session->person == person)
            session->role = certificate->role;
        if (session_author(session, person).data == NULL)
            rc = add_author(session, person, certificate->name, err);
    }
    return rc;
}

/* ---- opening and closing ---- */

static void unlink_session(struct session *session) {
    struct session **at = &session->tablet->sessions;

    while (*at != NULL && *at != session)
        at = &(*at)->next;
    if (*at != NULL)
        *at = session->next;
}

static void release(struct session *session) {
    unlink_session(session);
    index_release(&session->index);
    if (session->secrets != NULL)
        crypt_unguard(session->secrets, sizeof(*session->secrets));
    free(session->secrets);
    free(session->authors);
    arena_release(&session->arena);
    free(session);
}

static enum rc make(struct tablet *tablet, const struct person_row *row, struct session **out,
                    struct err *err) {
    struct session *session = calloc(1, sizeof(*session));
    struct reader in;
    enum rc rc;

    *out = NULL;
    if (session == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    session->tablet = tablet;
    arena_init(&session->arena, NAMES_BYTES_MAX);
    session->secrets = calloc(1, sizeof(*session->secrets));
    if (session->secrets == NULL) {
        release(session);
        return err_set(err, RC_NO_MEMORY, "out of memory");
    }
    (void)crypt_guard(session->secrets, sizeof(*session->secrets)); /* best effort by contract */
    session->person = row->person;
    session->role = row->role;
    memcpy(session->sign_public, row->sign_public, sizeof(session->sign_public));
    session->name = arena_view(&session->arena, row->name);
    rc = arena_check(&session->arena, "the tablet's persons", err);
    if (rc != RC_OK) {
        release(session);
        return rc;
    }
    reader_init(&in, row->areas);
    while (read_left(&in) >= 8 && session->area_count < LIMIT_AREAS)
        session->areas[session->area_count++] = read_le64(&in);
    *out = session;
    return RC_OK;
}

enum rc session_open(struct tablet *tablet, struct view name, struct view secret,
                     struct session **out, struct err *err) {
    struct arena arena;
    struct person_row *rows;
    const struct person_row *row = NULL;
    struct session *session = NULL;
    uint32_t count;
    enum rc rc;

    *out = NULL;
    rc =
        tablet_regain(tablet, err); /* or no key would be known, and all would seem to be missing */
    if (rc != RC_OK)
        return rc;
    arena_init(&arena, 1024 * 1024);
    rc = person_rows(tablet, &arena, &rows, &count, err);
    if (rc == RC_OK)
        rc = choose(rows, count, name, &row, err);
    if (rc == RC_OK)
        rc = make(tablet, row, &session, err);
    if (rc == RC_OK)
        rc = person_unwrap(tablet, row, secret, session->secrets, err);
    if (rc == RC_OK)
        rc = open_shares(session, row, err);
    if (rc == RC_OK)
        rc = open_vault(session, err);
    if (rc == RC_OK)
        rc = load_authors(session, err);
    if (rc == RC_OK)
        rc = index_load(session, err);
    if (rc == RC_OK) {
        session->next = tablet->sessions;
        tablet->sessions = session;
        if (tablet->traffic != NULL)
            rc = tablet->traffic->on_open(tablet, err);
        if (rc == RC_OK)
            rc = doubt_open(tablet, err);
    }
    if (rc != RC_OK && session != NULL) {
        release(session);
        session = NULL;
    }
    arena_release(&arena);
    *out = session;
    return rc;
}

enum rc session_close(struct session *session, struct err *err) {
    enum rc rc = RC_OK;

    if (session == NULL)
        return RC_OK;
    if (session->tablet->traffic != NULL)
        rc = session->tablet->traffic->on_close(session->tablet, err);
    release(session);
    return rc;
}

uint64_t session_person(const struct session *session) {
    return session->person;
}

struct view session_person_name(const struct session *session) {
    return session->name;
}

uint8_t session_role(const struct session *session) {
    return session->role;
}

struct tablet *session_tablet(const struct session *session) {
    return session->tablet;
}

bool session_may(const struct session *session, uint64_t area) {
    return tablet_in_scope(session->tablet, area) &&
           (session->area_count == 0 ||
            succession_grants(&session->tablet->areas, session->areas, session->area_count, area));
}
