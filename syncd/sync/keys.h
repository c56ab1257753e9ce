/* keys.h: the county's own keys, and the folder they live in.
 *
 *   DIR/keys/root       the recovery seed's public check and the secrets below, mode 0600
 *   DIR/keys/tls.crt, tls.key   the server's TLS certificate and key; may be replaced: the county's
 *                       signature over the list of pins is what tablets trust
 *
 * One random seed makes them all: signing key, sealing key, index key (for same-as proposals: a
 * keyed hash whose key is outside the database), nonce key, salt secret. At `init` the seed is
 * printed as two halves for two custodians; either alone says nothing, both make the keys again.
 * The halves never stay on the server. */
#ifndef YG_SYNCD_SYNC_KEYS_H
#define YG_SYNCD_SYNC_KEYS_H

#include "base/buf.h"
#include "base/env.h"
#include "base/err.h"

struct keys {
    uint8_t sign_public[32], sign_secret[64];
    uint8_t box_public[32], box_secret[32];
    uint8_t index_key[32];
    uint8_t nonce_key[32];
    uint8_t salt_secret[32];
    uint8_t backup_key[32];
    uint32_t county; /* the tag that batches carry */
};

#define RECOVERY_HALF_BYTES 80u /* text of a half, with its NUL */

/* Everything follows from the seed. */
void keys_derive(const uint8_t seed[32], struct keys *out);

/* Makes a seed, writes DIR/keys/, gives the two halves. RC_CONFLICT if keys are there already. */
enum rc keys_create(const char *directory, const struct env *env, struct keys *out,
                    char first_half[RECOVERY_HALF_BYTES], char second_half[RECOVERY_HALF_BYTES],
                    struct err *err);
/* Writes DIR/keys/ again from both halves, in the place of what is there. */
enum rc keys_recover(const char *directory, struct view first_half, struct view second_half,
                     struct keys *out, struct err *err);
enum rc keys_read(const char *directory, struct keys *out, struct err *err);
void keys_wipe(struct keys *keys);

/* The TLS certificate and key as PEM texts; makes them when they are missing. */
enum rc keys_tls(const char *directory, int64_t now_ms, struct buf *certificate, struct buf *key,
                 struct err *err);
/* Pins in force: of the certificate in use. RC_NOT_FOUND before there is one. */
enum rc keys_pin(const char *directory, uint8_t pin[32], struct err *err);

#endif
