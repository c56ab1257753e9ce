/* crypt.h: hashes, signatures and sealing; the only door to libsodium.
 *
 * Everything that crosses the wire can be made with the primitives of Node's crypto module, so
 * that a second client needs no libsodium: BLAKE2b-512, SHA-256, Ed25519, X25519,
 * ChaCha20-Poly1305. What never leaves the machine uses more: rows at rest XChaCha20-Poly1305,
 * secrets Argon2id.
 *
 * All randomness comes from the struct env that the caller passes. */
#ifndef YG_BASE_CRYPT_H
#define YG_BASE_CRYPT_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/env.h"
#include "base/err.h"

#define CRYPT_HASH_BYTES        32u
#define CRYPT_KEY_BYTES         32u
#define CRYPT_SEED_BYTES        32u
#define CRYPT_SIGN_PUBLIC_BYTES 32u
#define CRYPT_SIGN_SECRET_BYTES 64u
#define CRYPT_SIGNATURE_BYTES   64u
#define CRYPT_BOX_PUBLIC_BYTES  32u
#define CRYPT_BOX_SECRET_BYTES  32u
#define CRYPT_SALT_BYTES        16u
#define CRYPT_SEAL_EXTRA_BYTES  48u /* what crypt_seal adds: ephemeral key 32, tag 16 */
#define CRYPT_LOCK_EXTRA_BYTES  40u /* what crypt_lock adds: nonce 24, tag 16 */

/* Must succeed once in a process before anything else here is used. May be called again. RC_IO. */
enum rc crypt_start(struct err *err);

/* ---- hashes ----
 *
 * hash(tag, data) = the first 32 bytes of BLAKE2b-512(tag || 0x00 || data). The tag is a short
 * ASCII literal that names the use ("yg leaf"), so that a hash made for one use is worth nothing in
 * another. The whole 64-byte hash is cut, rather than asking BLAKE2b for 32 bytes, because that is
 * what other libraries offer.
 *
 * mac(key, tag, data) = hash(tag, key || data) with a key of exactly 32 bytes. BLAKE2b is not open
 * to length extension, so a key in front is a sound MAC and key derivation. */

/* Only for the stack: it needs its alignment. */
struct crypt_hasher {
    alignas(64) uint8_t state[384];
};

void crypt_hasher_init(struct crypt_hasher *hasher, const char *tag);
void crypt_hasher_add(struct crypt_hasher *hasher, const void *data, size_t size);
void crypt_hasher_end(struct crypt_hasher *hasher, uint8_t out[CRYPT_HASH_BYTES]);

void crypt_hash(const char *tag, struct view data, uint8_t out[CRYPT_HASH_BYTES]);

/* The pieces are hashed as if they stood in one row: the caller fixes their lengths. */
void crypt_hash_pieces(const char *tag, const struct view *pieces, size_t count,
                       uint8_t out[CRYPT_HASH_BYTES]);

void crypt_mac(const uint8_t key[CRYPT_KEY_BYTES], const char *tag, struct view data,
               uint8_t out[CRYPT_HASH_BYTES]);

/* The whole BLAKE2b-512 of the data, untagged; for tests against published vectors. */
void crypt_blake2b_512(struct view data, uint8_t out[64]);

/* SHA-256, for attachments, which are named by what other programs can compute. */
struct crypt_sha256 {
    alignas(16) uint8_t state[104];
};
void crypt_sha256_init(struct crypt_sha256 *hasher);
void crypt_sha256_add(struct crypt_sha256 *hasher, const void *data, size_t size);
void crypt_sha256_end(struct crypt_sha256 *hasher, uint8_t out[32]);

/* ---- signatures: Ed25519, detached ---- */

/* The key pair of a seed (RFC 8032's private key). The secret key is seed || public key. */
void crypt_sign_keypair(const uint8_t seed[CRYPT_SEED_BYTES],
                        uint8_t public_key[CRYPT_SIGN_PUBLIC_BYTES],
                        uint8_t secret_key[CRYPT_SIGN_SECRET_BYTES]);

void crypt_sign(const uint8_t secret_key[CRYPT_SIGN_SECRET_BYTES], struct view message,
                uint8_t signature[CRYPT_SIGNATURE_BYTES]);

/* False for a wrong signature, also for keys of small order. */
bool crypt_verify(const uint8_t public_key[CRYPT_SIGN_PUBLIC_BYTES], struct view message,
                  const uint8_t signature[CRYPT_SIGNATURE_BYTES]);

/* ---- sealing for a public key ----
 *
 * key    = first 32 bytes of BLAKE2b-512("yg seal" || 0x00 || shared || ephemeral || recipient)
 *          with shared = X25519(ephemeral secret, recipient's public key)
 * sealed = ephemeral public key (32) || ChaCha20-Poly1305-IETF(key, nonce 0, plain, associated),
 *          that is: ciphertext || tag (16)
 *
 * The nonce may be zero because every key is used once. The sender stays anonymous: who needs the
 * author signs inside. */

/* The X25519 key pair of a seed: the secret key is the seed itself (clamped inside X25519). */
void crypt_box_keypair(const uint8_t seed[CRYPT_SEED_BYTES],
                       uint8_t public_key[CRYPT_BOX_PUBLIC_BYTES],
                       uint8_t secret_key[CRYPT_BOX_SECRET_BYTES]);

/* Appends the sealed bytes to out. RC_INVALID for a public key of small order, RC_LIMIT and
 * RC_NO_MEMORY of out. plain may not lie in out. */
enum rc crypt_seal(const struct env *env, const uint8_t public_key[CRYPT_BOX_PUBLIC_BYTES],
                   struct view plain, struct view associated, struct buf *out, struct err *err);

/* Appends the plain bytes to out. RC_DENIED if the key is wrong or any byte was changed, which
 * cannot be told apart; out is then as long as before. */
enum rc crypt_seal_open(const uint8_t public_key[CRYPT_BOX_PUBLIC_BYTES],
                        const uint8_t secret_key[CRYPT_BOX_SECRET_BYTES], struct view sealed,
                        struct view associated, struct buf *out, struct err *err);

/* ---- locking with a shared key: rows at rest ----
 *
 * locked = nonce (24, random) || XChaCha20-Poly1305-IETF ciphertext || tag (16) */

/* Appends. Failures of out. plain may not lie in out. */
enum rc crypt_lock(const struct env *env, const uint8_t key[CRYPT_KEY_BYTES], struct view plain,
                   struct view associated, struct buf *out, struct err *err);

/* Appends. RC_DENIED as crypt_seal_open. */
enum rc crypt_unlock(const uint8_t key[CRYPT_KEY_BYTES], struct view locked, struct view associated,
                     struct buf *out, struct err *err);

/* ---- secrets that people type: Argon2id ---- */

struct crypt_cost {
    uint32_t passes;
    uint32_t memory_kib;
};

/* The cost of a new secret: about 0.1 s on a laptop and half a second on a tablet. The cost is
 * stored beside the salt, so it can rise later. */
#define CRYPT_COST_DEFAULT ((struct crypt_cost){.passes = 3, .memory_kib = 64 * 1024})

/* What we accept from storage, so that a changed file cannot make us hang or exhaust memory. */
#define CRYPT_COST_MEMORY_KIB_MIN 8u
#define CRYPT_COST_MEMORY_KIB_MAX (256u * 1024u)
#define CRYPT_COST_PASSES_MAX     10u
#define CRYPT_SECRET_BYTES_MAX    1024u

/* Argon2id, version 1.3, one lane, 32 bytes out. RC_INVALID for a cost out of bounds or a secret
 * that is empty or too long, RC_NO_MEMORY. */
enum rc crypt_stretch(struct view secret, const uint8_t salt[CRYPT_SALT_BYTES],
                      struct crypt_cost cost, uint8_t out[CRYPT_KEY_BYTES], struct err *err);

/* ---- secret memory ---- */

/* Overwrites with zeros; never optimised away. */
void crypt_wipe(void *memory, size_t size);
/* Wipes all the memory of a buffer that held a secret, and releases it. */
void crypt_buf_release(struct buf *secret);

/* Constant time in the contents. */
bool crypt_equal(const void *left, const void *right, size_t size);

/* Keeps the pages out of swap and core dumps. Best effort: false if the system refuses (the limit
 * on locked memory), which is not an error. */
bool crypt_guard(void *memory, size_t size);

/* Wipes and releases what crypt_guard locked. Right also when it had refused. */
void crypt_unguard(void *memory, size_t size);

#endif
