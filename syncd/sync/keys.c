/* keys.c: see keys.h.
 *
 * DIR/keys/root holds "yg county keys 1\n" and the seed in hexadecimal: whoever can read it is the
 * county, so it is 0600 and belongs on an encrypted disk. The halves are a random pad and the pad
 * xor the seed, each with four check bytes, in base32. */
#include "syncd/sync/keys.h"

#include "base/crypt.h"
#include "base/file.h"
#include "base/text.h"
#include "base/tls.h"
#include "schema/wire/batch.h"

#include <stdio.h>

#define PATH_BYTES 4096u
#define HEAD       "yg county keys 1\n"

static enum rc path_join(char out[PATH_BYTES], const char *directory, const char *name,
                         struct err *err) {
    int size = snprintf(out, PATH_BYTES, "%s/%s", directory, name);

    if (size < 0 || (size_t)size >= PATH_BYTES)
        return err_set(err, RC_LIMIT, "%s: the path is too long; use a shorter folder", directory);
    return RC_OK;
}

static void derive(const uint8_t seed[32], const char *use, uint8_t out[32]) {
    crypt_mac(seed, "yg county", view_text(use), out);
}

void keys_derive(const uint8_t seed[32], struct keys *out) {
    uint8_t part[32];

    derive(seed, "sign", part);
    crypt_sign_keypair(part, out->sign_public, out->sign_secret);
    derive(seed, "box", part);
    crypt_box_keypair(part, out->box_public, out->box_secret);
    derive(seed, "index", out->index_key);
    derive(seed, "nonce", out->nonce_key);
    derive(seed, "salt", out->salt_secret);
    derive(seed, "backup", out->backup_key);
    crypt_wipe(part, sizeof(part));
    out->county = batch_county(out->sign_public);
}

static enum rc write_seed(const char *directory, const uint8_t seed[32], struct err *err) {
    char folder[PATH_BYTES], path[PATH_BYTES], text[sizeof(HEAD) + 65];
    char digits[65];
    enum rc rc = path_join(folder, directory, "keys", err);

    if (rc == RC_OK)
        rc = path_join(path, directory, "keys/root", err);
    if (rc == RC_OK)
        rc = file_make_directory(folder, err);
    if (rc != RC_OK)
        return rc;
    hex_encode(view_of(seed, 32), digits);
    snprintf(text, sizeof(text), "%s%s", HEAD, digits);
    rc = file_write(path, view_text(text), FILE_MODE_PRIVATE, err);
    crypt_wipe(text, sizeof(text));
    crypt_wipe(digits, sizeof(digits));
    return rc;
}

static void half_check(const uint8_t half[32], uint8_t which, uint8_t check[4]) {
    uint8_t hash[32];
    struct view pieces[2] = {view_of(&which, 1), view_of(half, 32)};

    crypt_hash_pieces("yg recovery", pieces, 2, hash);
    memcpy(check, hash, 4);
}

/* "1-" or "2-", then 36 bytes in base 32, in groups for reading aloud. */
static void half_text(const uint8_t half[32], uint8_t which, char out[RECOVERY_HALF_BYTES]) {
    uint8_t bytes[36];

    memcpy(bytes, half, 32);
    half_check(half, which, bytes + 32);
    out[0] = (char)('0' + which);
    out[1] = '-';
    crockford_encode(view_of(bytes, sizeof(bytes)), 5, out + 2);
    crypt_wipe(bytes, sizeof(bytes));
}

static enum rc half_parse(struct view text, uint8_t half[32], uint8_t *which, struct err *err) {
    uint8_t bytes[36], check[4];

    text = text_trim(text);
    if (text.size < 3 || (text.data[0] != '1' && text.data[0] != '2') || text.data[1] != '-' ||
        !crockford_decode(view_slice(text, 2, text.size), bytes, sizeof(bytes)))
        return err_set(err, RC_INVALID,
                       "recovery half: not of the form 1-XXXXX-...; copy it again from the paper");
    *which = (uint8_t)(text.data[0] - '0');
    memcpy(half, bytes, 32);
    half_check(half, *which, check);
    if (!crypt_equal(check, bytes + 32, 4))
        return err_set(err, RC_INVALID,
                       "recovery half %d: a character is wrong; copy it again from the paper",
                       (int)*which);
    crypt_wipe(bytes, sizeof(bytes));
    return RC_OK;
}

enum rc keys_create(const char *directory, const struct env *env, struct keys *out,
                    char first_half[RECOVERY_HALF_BYTES], char second_half[RECOVERY_HALF_BYTES],
                    struct err *err) {
    uint8_t seed[32], pad[32], rest[32];
    char path[PATH_BYTES];
    enum rc rc = path_join(path, directory, "keys/root", err);

    if (rc != RC_OK)
        return rc;
    if (file_exists(path))
        return err_set(err, RC_CONFLICT, "%s: there is a county here already; use another --data",
                       directory);
    env_entropy(env, seed, sizeof(seed));
    env_entropy(env, pad, sizeof(pad));
    for (size_t i = 0; i < 32; i++)
        rest[i] = seed[i] ^ pad[i];
    rc = write_seed(directory, seed, err);
    if (rc == RC_OK) {
        keys_derive(seed, out);
        half_text(pad, 1, first_half);
        half_text(rest, 2, second_half);
    }
    crypt_wipe(seed, sizeof(seed));
    crypt_wipe(pad, sizeof(pad));
    crypt_wipe(rest, sizeof(rest));
    return rc;
}

enum rc keys_recover(const char *directory, struct view first_half, struct view second_half,
                     struct keys *out, struct err *err) {
    uint8_t one[32], two[32], which_one = 0, which_two = 0;
    enum rc rc = half_parse(first_half, one, &which_one, err);

    if (rc == RC_OK)
        rc = half_parse(second_half, two, &which_two, err);
    if (rc == RC_OK && which_one == which_two)
        rc = err_set(err, RC_INVALID, "both are half %d; the other custodian's half is needed",
                     (int)which_one);
    if (rc == RC_OK) {
        for (size_t i = 0; i < 32; i++)
            one[i] ^= two[i];
        rc = write_seed(directory, one, err);
        keys_derive(one, out);
    }
    crypt_wipe(one, sizeof(one));
    crypt_wipe(two, sizeof(two));
    return rc;
}

enum rc keys_read(const char *directory, struct keys *out, struct err *err) {
    char path[PATH_BYTES];
    uint8_t seed[32];
    struct buf text;
    enum rc rc = path_join(path, directory, "keys/root", err);

    buf_init(&text, 4096);
    if (rc == RC_OK)
        rc = file_read(path, 4096, &text, err);
    if (rc == RC_NOT_FOUND)
        rc = err_set(err, RC_NOT_FOUND,
                     "%s: no county here; make one with: yg-syncd init --data %s --area CODE",
                     directory, directory);
    if (rc != RC_OK)
        goto out;
    if (text.size < strlen(HEAD) || memcmp(text.data, HEAD, strlen(HEAD)) != 0 ||
        !hex_decode(text_trim(view_slice(buf_view(&text), strlen(HEAD), text.size)), seed, 32)) {
        rc = err_set(err, RC_CORRUPT,
                     "%s: not a file of county keys; restore it from both recovery halves", path);
        goto out;
    }
    keys_derive(seed, out);
    crypt_wipe(seed, sizeof(seed));
out:
    crypt_buf_release(&text);
    return rc;
}

void keys_wipe(struct keys *keys) {
    crypt_wipe(keys, sizeof(*keys));
}

enum rc keys_tls(const char *directory, int64_t now_ms, struct buf *certificate, struct buf *key,
                 struct err *err) {
    char certificate_path[PATH_BYTES], key_path[PATH_BYTES];
    enum rc rc = path_join(certificate_path, directory, "keys/tls.crt", err);

    if (rc == RC_OK)
        rc = path_join(key_path, directory, "keys/tls.key", err);
    if (rc != RC_OK)
        return rc;
    if (file_exists(certificate_path) && file_exists(key_path)) {
        rc = file_read(certificate_path, TLS_PEM_BYTES_MAX, certificate, err);
        if (rc == RC_OK)
            rc = file_read(key_path, TLS_PEM_BYTES_MAX, key, err);
        return rc;
    }
    rc = tls_make("yg-syncd", now_ms, certificate, key, err);
    if (rc == RC_OK)
        rc = file_write(key_path, buf_view(key), FILE_MODE_PRIVATE, err);
    if (rc == RC_OK)
        rc = file_write(certificate_path, buf_view(certificate), FILE_MODE_PRIVATE, err);
    return rc;
}

enum rc keys_pin(const char *directory, uint8_t pin[32], struct err *err) {
    char path[PATH_BYTES];
    struct buf certificate;
    enum rc rc = path_join(path, directory, "keys/tls.crt", err);

    buf_init(&certificate, TLS_PEM_BYTES_MAX);
    if (rc == RC_OK)
        rc = file_read(path, TLS_PEM_BYTES_MAX, &certificate, err);
    if (rc == RC_OK)
        rc = tls_pin(buf_view(&certificate), pin, err);
    buf_release(&certificate);
    return rc;
}
