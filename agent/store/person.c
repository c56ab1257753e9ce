/* person.c: the tablet's workers and their secrets.
 *
 * A person has a signing key and a box; both seeds are wrapped by a key stretched from his secret
 * (Argon2id, salt and cost beside it). A try is counted on disk before it is made, so that ending
 * the process does not give it back; after TRIES_FREE wrong ones each further try has to wait,
 * twice as long every time. */
#include "agent/store/inside.h"

#include "base/text.h"

#define TRIES_FREE         10u
#define RETRY_FIRST_MS     1000
#define RETRY_MAX_MS       (60 * 60 * 1000)
#define WRAPPED_PLAIN      64u
#define SECRET_BYTES_MIN   8u
#define PERSONS_MAX        64u
#define PERSON_AREAS_BYTES (LIMIT_AREAS * 8)

static void copy_exact(uint8_t *out, size_t size, struct view from, bool *right) {
    if (from.size == size)
        memcpy(out, from.data, size);
    else
        *right = false;
}

enum rc person_rows(struct tablet *tablet, struct arena *arena, struct person_row **out,
                    uint32_t *count, struct err *err) {
    struct statement *list = tablet->sql[SQL_PERSON_LIST];
    struct person_row *rows = arena_array(arena, PERSONS_MAX, sizeof(*rows));
    uint32_t found = 0;
    bool right = true;
    enum rc rc;

    if (rows == NULL)
        return arena_check(arena, "the tablet's persons", err);
    while ((rc = statement_step(list, err)) == RC_OK && found < PERSONS_MAX) {
        struct person_row *row = &rows[found++];

        row->person = (uint64_t)statement_i64(list, 0);
        row->name = arena_view(arena, statement_text(list, 1));
        row->role = (uint8_t)statement_i64(list, 2);
        copy_exact(row->sign_public, 32, statement_blob(list, 3), &right);
        copy_exact(row->box_public, 32, statement_blob(list, 4), &right);
        copy_exact(row->salt, CRYPT_SALT_BYTES, statement_blob(list, 5), &right);
        row->cost.passes = (uint32_t)statement_i64(list, 6);
        row->cost.memory_kib = (uint32_t)statement_i64(list, 7);
        row->wrapped = arena_view(arena, statement_blob(list, 8));
        row->areas = arena_view(arena, statement_blob(list, 9));
        row->tries = (uint32_t)statement_i64(list, 10);
        row->retry_ms = statement_i64(list, 11);
        row->certified = statement_i64(list, 12) != 0;
    }
    statement_reset(list);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    if (!right)
        return err_set(err, RC_CORRUPT, "tablet.db: a person is damaged; enrol the tablet anew");
    *out = rows;
    *count = found;
    return arena_check(arena, "the tablet's persons", err);
}

static void wrap_about(uint64_t person, uint8_t out[16]) {
    memcpy(out, "ygperson", 8);
    for (size_t i = 0; i < 8; i++)
        out[8 + i] = (uint8_t)(person >> (8 * i));
}

static enum rc wrap(struct tablet *tablet, struct person_row *row, struct view secret,
                    const uint8_t plain[WRAPPED_PLAIN], struct buf *out, struct err *err) {
    uint8_t stretched[CRYPT_KEY_BYTES], about[16];
    enum rc rc;

    row->cost = tablet->cost;
    env_entropy(tablet->env, row->salt, sizeof(row->salt));
    wrap_about(row->person, about);
    rc = crypt_stretch(secret, row->salt, row->cost, stretched, err);
    if (rc == RC_OK)
        rc = crypt_lock(tablet->env, stretched, view_of(plain, WRAPPED_PLAIN),
                        view_of(about, sizeof(about)), out, err);
    crypt_wipe(stretched, sizeof(stretched));
    return rc;
}

static enum rc check_new(struct view name, struct view secret, struct err *err) {
    if (name.size == 0 || name.size > LIMIT_NAME_BYTES || !utf8_valid(name))
        return err_set(err, RC_INVALID, "person: a name of 1 to %u bytes is needed",
                       LIMIT_NAME_BYTES);
    if (secret.size < SECRET_BYTES_MIN)
        return err_set(err, RC_INVALID,
                       "person: the secret is too short; use at least %u characters",
                       SECRET_BYTES_MIN);
    if (secret.size > LIMIT_SECRET_BYTES)
        return err_set(err, RC_LIMIT, "person: the secret is longer than %u bytes",
                       LIMIT_SECRET_BYTES);
    return RC_OK;
}

enum rc person_insert(struct tablet *tablet, struct view name, struct view secret, uint8_t role,
                      const uint8_t sign_seed[32], const uint64_t *areas, uint32_t area_count,
                      struct person_row *out, struct err *err) {
    struct statement *add = tablet->sql[SQL_PERSON_ADD];
    struct person_row row = {.name = name, .role = role};
    uint8_t plain[WRAPPED_PLAIN], sign_secret[CRYPT_SIGN_SECRET_BYTES];
    uint8_t box_secret[CRYPT_BOX_SECRET_BYTES];
    struct buf wrapped, list;
    enum rc rc = check_new(name, secret, err);

    if (rc != RC_OK)
        return rc;
    buf_init(&wrapped, 1024);
    buf_init(&list, PERSON_AREAS_BYTES);
    memcpy(plain, sign_seed, 32);
    env_entropy(tablet->env, plain + 32, 32);
    crypt_sign_keypair(sign_seed, row.sign_public, sign_secret);
    crypt_box_keypair(plain + 32, row.box_public, box_secret);
    row.person = id_of_person(row.sign_public);
    for (uint32_t i = 0; i < area_count; i++)
        buf_add_le64(&list, areas[i]);
    rc = buf_check(&list, "a person's areas", err);
    if (rc == RC_OK)
        rc = wrap(tablet, &row, secret, plain, &wrapped, err);
    if (rc == RC_OK) {
        statement_bind_i64(add, 1, (int64_t)row.person);
        statement_bind_text(add, 2, name);
        statement_bind_i64(add, 3, role);
        statement_bind_blob(add, 4, view_of(row.sign_public, 32));
        statement_bind_blob(add, 5, view_of(row.box_public, 32));
        statement_bind_blob(add, 6, view_of(row.salt, sizeof(row.salt)));
        statement_bind_i64(add, 7, row.cost.passes);
        statement_bind_i64(add, 8, row.cost.memory_kib);
        statement_bind_blob(add, 9, buf_view(&wrapped));
        statement_bind_blob(add, 10, buf_view(&list));
        statement_bind_i64(add, 11, role != 0);
        rc = statement_run(add, err);
        if (rc == RC_CONFLICT)
            rc = err_set(err, RC_CONFLICT,
                         "person %.*s: the name is taken on this tablet; choose another",
                         VIEW_PRINT(name));
    }
    *out = row;
    crypt_wipe(plain, sizeof(plain));
    crypt_wipe(sign_secret, sizeof(sign_secret));
    crypt_wipe(box_secret, sizeof(box_secret));
    buf_release(&wrapped);
    buf_release(&list);
    return rc;
}

/* ---- the secret ---- */

static int64_t delay_ms(uint32_t tries) {
    int64_t delay = RETRY_FIRST_MS;

    for (uint32_t i = TRIES_FREE; i < tries && delay < RETRY_MAX_MS; i++)
        delay *= 2;
    return delay < RETRY_MAX_MS ? delay : RETRY_MAX_MS;
}

static enum rc put_tries(struct tablet *tablet, uint64_t person, uint32_t tries, int64_t retry_ms,
                         struct err *err) {
    struct statement *put = tablet->sql[SQL_PERSON_TRIES];

    statement_bind_i64(put, 1, (int64_t)person);
    statement_bind_i64(put, 2, tries);
    statement_bind_i64(put, 3, retry_ms);
    return statement_run(put, err);
}

enum rc person_unwrap(struct tablet *tablet, const struct person_row *row, struct view secret,
                      struct secrets *out, struct err *err) {
    int64_t now = env_wall_ms(tablet->env);
    uint32_t tries = row->tries + 1;
    uint8_t stretched[CRYPT_KEY_BYTES], about[16], box_public[32], sign_public[32];
    struct buf plain;
    enum rc rc;

    if (row->wrapped.size == 0)
        return err_set(err, RC_DENIED,
                       "this tablet was wiped by the county; enrol it anew in an empty folder");
    /* A clock that was set back must not lock a person out for longer than the delay itself. */
    if (row->retry_ms > now && row->retry_ms - now <= RETRY_MAX_MS)
        return err_set(err, RC_AGAIN, "%.*s: %u wrong secrets; try again in %lld seconds",
                       VIEW_PRINT(row->name), (unsigned)row->tries,
                       (long long)((row->retry_ms - now + 999) / 1000));
    if (secret.size == 0 || secret.size > LIMIT_SECRET_BYTES)
        return err_set(err, RC_DENIED, "%.*s: the secret is wrong", VIEW_PRINT(row->name));
    rc =
        put_tries(tablet, row->person, tries, tries >= TRIES_FREE ? now + delay_ms(tries) : 0, err);
    if (rc != RC_OK)
        return rc;
    buf_init(&plain, 256);
    wrap_about(row->person, about);
    rc = crypt_stretch(secret, row->salt, row->cost, stretched, err);
    if (rc == RC_OK)
        rc = crypt_unlock(stretched, row->wrapped, view_of(about, sizeof(about)), &plain, err);
    if (rc == RC_DENIED)
        err_set(err, RC_DENIED, "%.*s: the secret is wrong", VIEW_PRINT(row->name));
    if (rc == RC_OK && plain.size != WRAPPED_PLAIN)
        rc = err_set(err, RC_CORRUPT, "tablet.db: a person is damaged; enrol the tablet anew");
    if (rc == RC_OK) {
        crypt_sign_keypair(plain.data, sign_public, out->sign_secret);
        crypt_box_keypair(plain.data + 32, box_public, out->box_secret);
        rc = put_tries(tablet, row->person, 0, 0, err);
    }
    crypt_buf_release(&plain);
    crypt_wipe(stretched, sizeof(stretched));
    return rc;
}

enum rc tablet_persons(struct tablet *tablet, struct arena *arena, struct tablet_person **out,
                       uint32_t *count, struct err *err) {
    struct person_row *rows;
    struct tablet_person *persons;
    enum rc rc = person_rows(tablet, arena, &rows, count, err);

    if (rc != RC_OK)
        return rc;
    persons = arena_array(arena, *count, sizeof(*persons));
    if (persons == NULL)
        return arena_check(arena, "the tablet's persons", err);
    for (uint32_t i = 0; i < *count; i++) {
        uint64_t *areas = arena_array(arena, rows[i].areas.size / 8, sizeof(*areas));
        const struct session *session = tablet->sessions;
        struct reader in;

        if (areas == NULL)
            return arena_check(arena, "the tablet's persons", err);
        reader_init(&in, rows[i].areas);
        persons[i] = (struct tablet_person){.person = rows[i].person,
                                            .name = rows[i].name,
                                            .role = rows[i].role,
                                            .certified = rows[i].certified,
                                            .area_count = (uint32_t)(rows[i].areas.size / 8),
                                            .areas = areas,
                                            .tries = rows[i].tries,
                                            .retry_ms = rows[i].retry_ms};
        for (uint32_t k = 0; k < persons[i].area_count; k++)
            areas[k] = read_le64(&in);
        while (session != NULL && session->person != rows[i].person)
            session = session->next;
        persons[i].open = session != NULL;
    }
    *out = persons;
    return RC_OK;
}

enum rc tablet_new_persons(struct tablet *tablet, struct arena *arena, struct hello_person **out,
                           uint32_t *count, struct err *err) {
    struct person_row *rows;
    struct hello_person *persons;
    uint32_t all;
    enum rc rc = person_rows(tablet, arena, &rows, &all, err);

    *count = 0;
    if (rc != RC_OK)
        return rc;
    persons = arena_array(arena, all, sizeof(*persons));
    if (persons == NULL)
        return arena_check(arena, "the tablet's persons", err);
    for (uint32_t i = 0; i < all; i++) {
        if (rows[i].certified)
            continue;
        memcpy(persons[*count].sign_public, rows[i].sign_public, 32);
        persons[(*count)++].name = rows[i].name;
    }
    *out = persons;
    return RC_OK;
}
