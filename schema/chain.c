/* Leaves and chains. salt = first 16 bytes of hash("yg salt", secret || number as 8 bytes,
 * big-endian). */
#include "base/crypt.h"
#include "schema/change.h"

static void number_bytes(uint64_t number, uint8_t out[8]) {
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(number >> (56 - 8 * i));
}

static void hash_two(const char *tag, struct view first, struct view second, uint8_t out[32]) {
    struct view pieces[2] = {first, second};

    crypt_hash_pieces(tag, pieces, 2, out);
}

void chain_salt(const uint8_t secret[16], uint64_t number, uint8_t salt[16]) {
    uint8_t bytes[8];
    uint8_t hash[CRYPT_HASH_BYTES];

    number_bytes(number, bytes);
    hash_two("yg salt", view_of(secret, 16), view_of(bytes, sizeof(bytes)), hash);
    memcpy(salt, hash, 16);
}

void chain_leaf(const uint8_t salt[16], struct view canonical, uint8_t leaf[32]) {
    hash_two("yg leaf", view_of(salt, 16), canonical, leaf);
}

void chain_start(uint64_t actor, uint8_t out[32]) {
    uint8_t bytes[8];

    number_bytes(actor, bytes);
    crypt_hash("yg actor", view_of(bytes, sizeof(bytes)), out);
}

void chain_next(const uint8_t previous[32], const uint8_t leaf[32], uint8_t out[32]) {
    hash_two("yg chain", view_of(previous, 32), view_of(leaf, 32), out);
}
