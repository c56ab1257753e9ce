/* people_key.c: the keys with which the county's staff sign decisions; see people.h.
 *
 * A person's signing key is made here and is kept only wrapped under the person's own secret.
 * stored_person.wrapped is:
 *
 *   version   1 byte, 1
 *   passes, memory in KiB   32 bits each, little-endian: the cost of Argon2id when it was wrapped
 *   salt      16 bytes
 *   locked    crypt_lock(Argon2id(secret, salt, cost), seed of the key, "yg staff key" || public
 * key)
 *
 * Opening it with a wrong secret and asking for somebody who does not exist take the same time and
 * give the same answer. */
#include "syncd/desk/people.h"

#include "base/crypt.h"
#include "syncd/desk/reset.h"

#define WRAP_VERSION     1u
#define ASSOCIATED_BYTES 44u

static void associate(const uint8_t sign_public[32], uint8_t out[ASSOCIATED_BYTES]) {
    memcpy(out, "yg staff key", 12);
    memcpy(out + 12, sign_public, 32);
}

enum rc people_wrap(const struct env *env, struct view secret, const uint8_t seed[CRYPT_SEED_BYTES],
                    const uint8_t sign_public[32], struct buf *out, struct err *err) {
    struct crypt_cost cost = CRYPT_COST_DEFAULT;
    uint8_t salt[CRYPT_SALT_BYTES], key[CRYPT_KEY_BYTES], associated[ASSOCIATED_BYTES];
    enum rc rc;

    env_entropy(env, salt, sizeof(salt));
    associate(sign_public, associated);
    rc = crypt_stretch(secret, salt, cost, key, err);
    if (rc == RC_OK) {
        buf_add_u8(out, WRAP_VERSION);
        buf_add_le32(out, cost.passes);
        buf_add_le32(out, cost.memory_kib);
        buf_add(out, salt, sizeof(salt));
        rc = crypt_lock(env, key, view_of(seed, CRYPT_SEED_BYTES),
                        view_of(associated, sizeof(associated)), out, err);
    }
    crypt_wipe(key, sizeof(key));
    return rc;
}

enum rc people_unwrap(const struct stored_person *person, struct view secret,
                      uint8_t secret_key[64], struct err *err) {
    uint8_t key[CRYPT_KEY_BYTES], associated[ASSOCIATED_BYTES], sign_public[32];
    struct crypt_cost cost;
    struct reader reader;
    struct view salt;
    struct buf seed;
    enum rc rc;

    reader_init(&reader, person->wrapped);
    if (read_u8(&reader) != WRAP_VERSION)
        return err_set(err, RC_UNSUPPORTED,
                       "%.*s: the key was wrapped by a newer program; update this one",
                       VIEW_PRINT(person->name));
    cost.passes = read_le32(&reader);
    cost.memory_kib = read_le32(&reader);
    salt = read_bytes(&reader, CRYPT_SALT_BYTES);
    if (reader.failed)
        return reader_check(&reader, "a wrapped key", err);
    buf_init(&seed, PEOPLE_WRAP_BYTES);
    associate(person->sign_public, associated);
    rc = crypt_stretch(secret, salt.data, cost, key, err);
    if (rc == RC_OK)
        rc = crypt_unlock(key, view_slice(person->wrapped, reader.at, reader.size),
                          view_of(associated, sizeof(associated)), &seed, err);
    if (rc == RC_OK && seed.size != CRYPT_SEED_BYTES)
        rc = err_set(err, RC_CORRUPT, "a wrapped key: it has the wrong size; restore a backup");
    if (rc == RC_OK)
        crypt_sign_keypair(seed.data, sign_public, secret_key);
    crypt_wipe(key, sizeof(key));
    crypt_buf_release(&seed);
    return rc;
}

/* A secret for one time, and one that no second one has confirmed, sign nothing. */
static enum rc check_own(struct seat *seat, const struct stored_person *person, bool *own,
                         struct err *err) {
    struct stored_login login = {0};
    enum rc rc = store_login(seat->ledger->store, person->person, &seat->arena, &login, err);

    *own = !login.must_change && !reset_waits(&login);
    if (rc == RC_NOT_FOUND)
        err_clear(err);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc people_unlock(struct seat *seat, struct view name, struct view secret, struct staff *out,
                      struct err *err) {
    static const uint8_t no_salt[CRYPT_SALT_BYTES] = {0};
    struct stored_person person;
    uint8_t unused[CRYPT_KEY_BYTES];
    bool is_own = false;
    enum rc rc = store_person_named(seat->ledger->store, name, &seat->arena, &person, err);

    *out = (struct staff){0};
    if (rc == RC_OK && person.disabled)
        rc = RC_NOT_FOUND;
    if (rc == RC_OK)
        rc = check_own(seat, &person, &is_own, err);
    if (rc == RC_OK) {
        rc = people_unwrap(&person, secret, out->secret_key, err);
        out->person = person.person;
        out->role = person.role;
    } else if (rc == RC_NOT_FOUND) {
        (void)crypt_stretch(secret, no_salt, CRYPT_COST_DEFAULT, unused, err);
        rc = RC_DENIED;
    }
    if (rc != RC_OK)
        crypt_wipe(out, sizeof(*out));
    if (rc == RC_DENIED || rc == RC_INVALID)
        return err_set(err, RC_DENIED, "%.*s: name or secret is wrong; see: yg-syncd user list",
                       VIEW_PRINT(name));
    if (rc == RC_OK && !is_own) {
        crypt_wipe(out, sizeof(*out));
        return err_set(err, RC_DENIED,
                       "%.*s: the secret was somebody else's choice; change it at the console, and "
                       "have it confirmed, first",
                       VIEW_PRINT(name));
    }
    return rc;
}
