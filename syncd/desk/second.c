/* second.c: see second.h. */
#include "syncd/desk/second.h"

#include "base/crypt.h"

#define VERSION     1u
#define PLAIN_BYTES 256u

static void key_of(const struct keys *keys, uint64_t person, uint8_t key[CRYPT_KEY_BYTES],
                   uint8_t associated[17]) {
    memcpy(associated, "yg second", 9);
    for (unsigned i = 0; i < 8; i++)
        associated[9 + i] = (uint8_t)(person >> (8 * i));
    crypt_mac(keys->index_key, "yg second", view_of(associated, 17), key);
}

void second_offer(const struct keys *keys, const uint8_t session[32],
                  uint8_t secret[TOTP_SECRET_BYTES]) {
    uint8_t hash[CRYPT_HASH_BYTES];

    crypt_mac(keys->index_key, "yg second offer", view_of(session, 32), hash);
    memcpy(secret, hash, TOTP_SECRET_BYTES);
    crypt_wipe(hash, sizeof(hash));
}

/* Letters and digits only, in lower case. */
static void paper_hash(struct view code, uint8_t out[SECOND_HASH_BYTES]) {
    uint8_t plain[SECOND_PAPER_BYTES] = {0}, hash[CRYPT_HASH_BYTES];
    size_t size = 0;

    for (size_t i = 0; i < code.size; i++) {
        uint8_t letter = code.data[i];

        if (letter >= 'A' && letter <= 'Z')
            letter = (uint8_t)(letter - 'A' + 'a');
        if (letter == ' ' || letter == '-')
            continue;
        if (size == sizeof(plain)) /* longer than any of ours */
            break;
        plain[size++] = letter;
    }
    crypt_hash("yg paper code", view_of(plain, sizeof(plain)), hash);
    memcpy(out, hash, SECOND_HASH_BYTES);
    crypt_wipe(plain, sizeof(plain));
}

void second_paper(const struct env *env, struct second *second,
                  char codes[SECOND_PAPER_CODES][SECOND_PAPER_BYTES]) {
    static const char letters[] = "23456789abcdefghjkmnpqrstuvwxyz";

    for (size_t i = 0; i < SECOND_PAPER_CODES; i++) {
        for (size_t at = 0; at < SECOND_PAPER_BYTES - 1; at++)
            codes[i][at] = at == 5 ? '-' : letters[env_random_below(env, sizeof(letters) - 1)];
        codes[i][SECOND_PAPER_BYTES - 1] = '\0';
        paper_hash(view_text(codes[i]), second->paper[i]);
    }
    second->paper_count = SECOND_PAPER_CODES;
}

bool second_take_paper(struct second *second, struct view code) {
    uint8_t hash[SECOND_HASH_BYTES];
    uint32_t found = SECOND_PAPER_CODES;

    paper_hash(code, hash);
    for (uint32_t i = 0; i < second->paper_count; i++)
        if (crypt_equal(hash, second->paper[i], sizeof(hash)))
            found = i;
    if (found == SECOND_PAPER_CODES)
        return false;
    second->paper_count--;
    memmove(second->paper[found], second->paper[second->paper_count], SECOND_HASH_BYTES);
    return true;
}

enum rc second_seal(const struct keys *keys, const struct env *env, uint64_t person,
                    const struct second *second, struct buf *out, struct err *err) {
    uint8_t key[CRYPT_KEY_BYTES], associated[17];
    struct buf plain;
    enum rc rc;

    buf_init(&plain, PLAIN_BYTES);
    buf_add_u8(&plain, VERSION);
    buf_add(&plain, second->secret, sizeof(second->secret));
    buf_add_u8(&plain, (uint8_t)second->paper_count);
    buf_add(&plain, second->paper, second->paper_count * SECOND_HASH_BYTES);
    key_of(keys, person, key, associated);
    rc = buf_check(&plain, "a second factor", err);
    if (rc == RC_OK)
        rc = crypt_lock(env, key, buf_view(&plain), view_of(associated, sizeof(associated)), out,
                        err);
    crypt_wipe(key, sizeof(key));
    crypt_buf_release(&plain);
    return rc;
}

enum rc second_open(const struct keys *keys, uint64_t person, struct view sealed,
                    struct second *out, struct err *err) {
    uint8_t key[CRYPT_KEY_BYTES], associated[17];
    struct reader reader = {0};
    struct view secret, paper;
    struct buf plain;
    enum rc rc;

    *out = (struct second){0};
    buf_init(&plain, PLAIN_BYTES);
    key_of(keys, person, key, associated);
    rc = crypt_unlock(key, sealed, view_of(associated, sizeof(associated)), &plain, err);
    if (rc == RC_OK) {
        reader_init(&reader, buf_view(&plain));
        if (read_u8(&reader) != VERSION)
            reader.failed = true;
        secret = read_bytes(&reader, sizeof(out->secret));
        out->paper_count = read_u8(&reader);
        if (out->paper_count > SECOND_PAPER_CODES)
            reader.failed = true;
        paper = read_bytes(&reader, out->paper_count * SECOND_HASH_BYTES);
        if (!reader.failed) {
            memcpy(out->secret, secret.data, secret.size);
            if (paper.size > 0)
                memcpy(out->paper, paper.data, paper.size);
        }
    }
    if (rc == RC_DENIED || (rc == RC_OK && reader.failed))
        rc = err_set(err, RC_CORRUPT,
                     "the second factor cannot be read; let the administrator remove it");
    crypt_wipe(key, sizeof(key));
    crypt_buf_release(&plain);
    return rc;
}
