/* Thin covers over libsodium that fix the formats of crypt.h. Its calls are unchecked where they
 * fail only for lengths that are constants here. */
#include "base/crypt.h"

#include <assert.h>
#include <sodium.h>

static_assert(sizeof(struct crypt_hasher) >= sizeof(crypto_generichash_state), "hasher too small");
static_assert(sizeof(struct crypt_sha256) >= sizeof(crypto_hash_sha256_state), "hasher too small");
static_assert(CRYPT_SIGN_SECRET_BYTES == crypto_sign_SECRETKEYBYTES, "Ed25519");
static_assert(CRYPT_SEAL_EXTRA_BYTES ==
                  crypto_scalarmult_BYTES + crypto_aead_chacha20poly1305_ietf_ABYTES,
              "seal");
static_assert(CRYPT_LOCK_EXTRA_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES +
                                            crypto_aead_xchacha20poly1305_ietf_ABYTES,
              "lock");

#define BLAKE_BYTES 64u

enum rc crypt_start(struct err *err) {
    if (sodium_init() < 0)
        return err_set(err, RC_IO, "the cryptographic library does not start");
    return RC_OK;
}

/* ---- hashes ---- */

static crypto_generichash_state *blake(struct crypt_hasher *hasher) {
    return (crypto_generichash_state *)(void *)hasher->state;
}

void crypt_hasher_init(struct crypt_hasher *hasher, const char *tag) {
    /* These calls fail only for lengths out of range, which ours are not. */
    (void)crypto_generichash_init(blake(hasher), NULL, 0, BLAKE_BYTES);
    crypt_hasher_add(hasher, tag, strlen(tag) + 1); /* the terminator is the 0x00 */
}

void crypt_hasher_add(struct crypt_hasher *hasher, const void *data, size_t size) {
    (void)crypto_generichash_update(blake(hasher), data, size);
}

void crypt_hasher_end(struct crypt_hasher *hasher, uint8_t out[CRYPT_HASH_BYTES]) {
    uint8_t whole[BLAKE_BYTES];

    (void)crypto_generichash_final(blake(hasher), whole, sizeof(whole));
    memcpy(out, whole, CRYPT_HASH_BYTES);
    crypt_wipe(whole, sizeof(whole)); /* hashes are used as keys, too */
}

void crypt_hash_pieces(const char *tag, const struct view *pieces, size_t count,
                       uint8_t out[CRYPT_HASH_BYTES]) {
    struct crypt_hasher hasher;
    size_t index;

    crypt_hasher_init(&hasher, tag);
    for (index = 0; index < count; index++)
        crypt_hasher_add(&hasher, pieces[index].data, pieces[index].size);
    crypt_hasher_end(&hasher, out);
}

void crypt_hash(const char *tag, struct view data, uint8_t out[CRYPT_HASH_BYTES]) {
    crypt_hash_pieces(tag, &data, 1, out);
}

void crypt_mac(const uint8_t key[CRYPT_KEY_BYTES], const char *tag, struct view data,
               uint8_t out[CRYPT_HASH_BYTES]) {
    struct crypt_hasher hasher;

    crypt_hasher_init(&hasher, tag);
    crypt_hasher_add(&hasher, key, CRYPT_KEY_BYTES);
    crypt_hasher_add(&hasher, data.data, data.size);
    crypt_hasher_end(&hasher, out);
    crypt_wipe(&hasher, sizeof(hasher));
}

void crypt_blake2b_512(struct view data, uint8_t out[64]) {
    (void)crypto_generichash(out, BLAKE_BYTES, data.data, data.size, NULL, 0);
}

static crypto_hash_sha256_state *sha(struct crypt_sha256 *hasher) {
    return (crypto_hash_sha256_state *)(void *)hasher->state;
}

void crypt_sha256_init(struct crypt_sha256 *hasher) {
    (void)crypto_hash_sha256_init(sha(hasher));
}

void crypt_sha256_add(struct crypt_sha256 *hasher, const void *data, size_t size) {
    if (size > 0)
        (void)crypto_hash_sha256_update(sha(hasher), data, size);
}

void crypt_sha256_end(struct crypt_sha256 *hasher, uint8_t out[32]) {
    (void)crypto_hash_sha256_final(sha(hasher), out);
}

/* ---- signatures ---- */

void crypt_sign_keypair(const uint8_t seed[CRYPT_SEED_BYTES],
                        uint8_t public_key[CRYPT_SIGN_PUBLIC_BYTES],
                        uint8_t secret_key[CRYPT_SIGN_SECRET_BYTES]) {
    (void)crypto_sign_seed_keypair(public_key, secret_key, seed);
}

void crypt_sign(const uint8_t secret_key[CRYPT_SIGN_SECRET_BYTES], struct view message,
                uint8_t signature[CRYPT_SIGNATURE_BYTES]) {
    (void)crypto_sign_detached(signature, NULL, message.data, message.size, secret_key);
}

bool crypt_verify(const uint8_t public_key[CRYPT_SIGN_PUBLIC_BYTES], struct view message,
                  const uint8_t signature[CRYPT_SIGNATURE_BYTES]) {
    return crypto_sign_verify_detached(signature, message.data, message.size, public_key) == 0;
}

/* ---- sealing ---- */

void crypt_box_keypair(const uint8_t seed[CRYPT_SEED_BYTES],
                       uint8_t public_key[CRYPT_BOX_PUBLIC_BYTES],
                       uint8_t secret_key[CRYPT_BOX_SECRET_BYTES]) {
    memmove(secret_key, seed, CRYPT_BOX_SECRET_BYTES);
    (void)crypto_scalarmult_base(public_key, secret_key);
}

/* The key of one sealed message; false for a public key of small order. */
static bool seal_key(const uint8_t secret_key[32], const uint8_t their_public_key[32],
                     const uint8_t ephemeral[32], const uint8_t recipient[32], uint8_t key[32]) {
    uint8_t shared[32];
    struct view pieces[3] = {view_of(shared, 32), view_of(ephemeral, 32), view_of(recipient, 32)};

    if (crypto_scalarmult(shared, secret_key, their_public_key) != 0)
        return false;
    crypt_hash_pieces("yg seal", pieces, 3, key);
    crypt_wipe(shared, sizeof(shared));
    return true;
}

enum rc crypt_seal(const struct env *env, const uint8_t public_key[CRYPT_BOX_PUBLIC_BYTES],
                   struct view plain, struct view associated, struct buf *out, struct err *err) {
    static const uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES] = {0};
    uint8_t seed[CRYPT_SEED_BYTES];
    uint8_t secret[CRYPT_BOX_SECRET_BYTES];
    uint8_t key[CRYPT_KEY_BYTES];
    uint8_t *room;
    enum rc rc = RC_OK;

    /* A size that overflows is beyond every cap. */
    room = buf_reserve(out, plain.size > SIZE_MAX - CRYPT_SEAL_EXTRA_BYTES
                                ? SIZE_MAX
                                : plain.size + CRYPT_SEAL_EXTRA_BYTES);
    if (room == NULL)
        return buf_check(out, "sealed data", err);
    env_entropy(env, seed, sizeof(seed));
    crypt_box_keypair(seed, room, secret);
    if (!seal_key(secret, public_key, room, public_key, key)) {
        rc = err_set(err, RC_INVALID, "the public key to seal for is not a valid key");
    } else {
        (void)crypto_aead_chacha20poly1305_ietf_encrypt(room + CRYPT_BOX_PUBLIC_BYTES, NULL,
                                                        plain.data, plain.size, associated.data,
                                                        associated.size, NULL, nonce, key);
        out->size += plain.size + CRYPT_SEAL_EXTRA_BYTES;
    }
    crypt_wipe(seed, sizeof(seed));
    crypt_wipe(secret, sizeof(secret));
    crypt_wipe(key, sizeof(key));
    return rc;
}

static enum rc refuse(struct err *err) {
    return err_set(err, RC_DENIED, "sealed data does not open: wrong key, or it was changed");
}

enum rc crypt_seal_open(const uint8_t public_key[CRYPT_BOX_PUBLIC_BYTES],
                        const uint8_t secret_key[CRYPT_BOX_SECRET_BYTES], struct view sealed,
                        struct view associated, struct buf *out, struct err *err) {
    static const uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES] = {0};
    uint8_t key[CRYPT_KEY_BYTES];
    struct view inner;
    uint8_t *room;
    int opened;

    if (sealed.size < CRYPT_SEAL_EXTRA_BYTES)
        return refuse(err);
    room = buf_reserve(out, sealed.size - CRYPT_SEAL_EXTRA_BYTES);
    if (room == NULL)
        return buf_check(out, "sealed data", err);
    if (!seal_key(secret_key, sealed.data, sealed.data, public_key, key))
        return refuse(err);
    inner = view_slice(sealed, CRYPT_BOX_PUBLIC_BYTES, sealed.size);
    opened = crypto_aead_chacha20poly1305_ietf_decrypt(
        room, NULL, NULL, inner.data, inner.size, associated.data, associated.size, nonce, key);
    crypt_wipe(key, sizeof(key));
    if (opened != 0)
        return refuse(err);
    out->size += sealed.size - CRYPT_SEAL_EXTRA_BYTES;
    return RC_OK;
}

/* ---- locking ---- */

enum rc crypt_lock(const struct env *env, const uint8_t key[CRYPT_KEY_BYTES], struct view plain,
                   struct view associated, struct buf *out, struct err *err) {
    uint8_t *room;

    room = buf_reserve(out, plain.size > SIZE_MAX - CRYPT_LOCK_EXTRA_BYTES
                                ? SIZE_MAX
                                : plain.size + CRYPT_LOCK_EXTRA_BYTES);
    if (room == NULL)
        return buf_check(out, "locked data", err);
    env_entropy(env, room, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        room + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, NULL, plain.data, plain.size,
        associated.data, associated.size, NULL, room, key);
    out->size += plain.size + CRYPT_LOCK_EXTRA_BYTES;
    return RC_OK;
}

enum rc crypt_unlock(const uint8_t key[CRYPT_KEY_BYTES], struct view locked, struct view associated,
                     struct buf *out, struct err *err) {
    struct view inner;
    uint8_t *room;

    if (locked.size < CRYPT_LOCK_EXTRA_BYTES)
        return refuse(err);
    room = buf_reserve(out, locked.size - CRYPT_LOCK_EXTRA_BYTES);
    if (room == NULL)
        return buf_check(out, "locked data", err);
    inner = view_slice(locked, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, locked.size);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(room, NULL, NULL, inner.data, inner.size,
                                                   associated.data, associated.size, locked.data,
                                                   key) != 0)
        return refuse(err);
    out->size += locked.size - CRYPT_LOCK_EXTRA_BYTES;
    return RC_OK;
}

/* ---- secrets that people type ---- */

enum rc crypt_stretch(struct view secret, const uint8_t salt[CRYPT_SALT_BYTES],
                      struct crypt_cost cost, uint8_t out[CRYPT_KEY_BYTES], struct err *err) {
    if (secret.size == 0 || secret.size > CRYPT_SECRET_BYTES_MAX)
        return err_set(err, RC_INVALID, "the secret must have 1 to %u bytes",
                       CRYPT_SECRET_BYTES_MAX);
    if (cost.passes < 1 || cost.passes > CRYPT_COST_PASSES_MAX ||
        cost.memory_kib < CRYPT_COST_MEMORY_KIB_MIN || cost.memory_kib > CRYPT_COST_MEMORY_KIB_MAX)
        return err_set(err, RC_INVALID, "the stored cost of a secret is out of bounds");
    if (crypto_pwhash(out, CRYPT_KEY_BYTES, (const char *)secret.data, secret.size, salt,
                      cost.passes, (size_t)cost.memory_kib * 1024,
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
        return err_set(err, RC_NO_MEMORY, "not enough memory to check a secret (%u MiB)",
                       cost.memory_kib / 1024);
    return RC_OK;
}

/* ---- secret memory ---- */

void crypt_wipe(void *memory, size_t size) {
    sodium_memzero(memory, size);
}

void crypt_buf_release(struct buf *secret) {
    if (secret->data != NULL)
        crypt_wipe(secret->data, secret->capacity);
    buf_release(secret);
}

bool crypt_equal(const void *left, const void *right, size_t size) {
    return sodium_memcmp(left, right, size) == 0;
}

bool crypt_guard(void *memory, size_t size) {
    return sodium_mlock(memory, size) == 0;
}

void crypt_unguard(void *memory, size_t size) {
    /* Wipes first; unlocking what was never locked is refused, which does no harm. */
    (void)sodium_munlock(memory, size);
}
