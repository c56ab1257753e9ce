/* The vectors were computed with other implementations (OpenSSL through Node, the reference
 * argon2) or stand in the RFCs named beside them. */
#include "base/crypt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

/* Entropy that counts upwards from a start. */
static void counting(void *context, void *bytes, size_t size) {
    uint8_t *next = context;
    uint8_t *out = bytes;

    while (size-- > 0)
        *out++ = (*next)++;
}

static void assert_hex(const uint8_t *bytes, const char *expected) {
    char text[300];

    assert_true(strlen(expected) < sizeof(text));
    hex_encode(view_of(bytes, strlen(expected) / 2), text);
    assert_string_equal(text, expected);
}

static void fill(uint8_t *bytes, uint8_t start, size_t size) {
    while (size-- > 0)
        *bytes++ = start++;
}

static void hashes_match_other_implementations(void **state) {
    struct view abc = view_text("abc");
    struct view pieces[3] = {view_text("a"), {0}, view_text("bc")};
    struct crypt_sha256 sha256;
    uint8_t key[32];
    uint8_t out[64];

    (void)state;
    crypt_blake2b_512(abc, out); /* RFC 7693, appendix A */
    assert_hex(out, "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
                    "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
    crypt_hash("yg test", abc, out);
    assert_hex(out, "1648c8f65b572e11ceda4c7334f256af6aded7619ee92e32d1e2fdc37828c3a0");
    crypt_hash_pieces("yg test", pieces, 3, out);
    assert_hex(out, "1648c8f65b572e11ceda4c7334f256af6aded7619ee92e32d1e2fdc37828c3a0");
    fill(key, 0, sizeof(key));
    crypt_mac(key, "yg test", abc, out);
    assert_hex(out, "740bbd62668a2f55e4b25a3f598c520efb744b25931299c876a3b3734e701099");
    crypt_sha256_init(&sha256); /* FIPS 180-2 */
    crypt_sha256_add(&sha256, "ab", 2);
    crypt_sha256_add(&sha256, NULL, 0);
    crypt_sha256_add(&sha256, "c", 1);
    crypt_sha256_end(&sha256, out);
    assert_hex(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void tags_and_keys_part_the_hashes(void **state) {
    uint8_t key[32] = {0};
    uint8_t left[32];
    uint8_t right[32];

    (void)state;
    crypt_hash("yg a", view_text("bc"), left);
    crypt_hash("yg ab", view_text("c"), right);
    assert_memory_not_equal(left, right, 32);
    crypt_mac(key, "yg a", view_text("bc"), left);
    key[31] = 1;
    crypt_mac(key, "yg a", view_text("bc"), right);
    assert_memory_not_equal(left, right, 32);
    crypt_hash("yg a", (struct view){0}, left);
    crypt_hash("yg a", view_text(""), right);
    assert_memory_equal(left, right, 32);
}

static void signatures_match_rfc_8032(void **state) {
    uint8_t seed[32];
    uint8_t public_key[32];
    uint8_t secret_key[64];
    uint8_t signature[64];

    (void)state;
    assert_true(hex_decode(
        view_text("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"), seed, 32));
    crypt_sign_keypair(seed, public_key, secret_key);
    assert_hex(public_key, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    crypt_sign(secret_key, (struct view){0}, signature);
    assert_hex(signature, "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555f"
                          "b8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
    assert_true(crypt_verify(public_key, (struct view){0}, signature));

    assert_true(hex_decode(
        view_text("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"), seed, 32));
    crypt_sign_keypair(seed, public_key, secret_key);
    assert_hex(public_key, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    crypt_sign(secret_key, view_text("r"), signature);
    assert_hex(signature, "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da08"
                          "5ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    assert_true(crypt_verify(public_key, view_text("r"), signature));
}

static void a_changed_message_key_or_signature_does_not_verify(void **state) {
    static const uint8_t zeros[64] = {0};
    uint8_t seed[32];
    uint8_t public_key[32];
    uint8_t secret_key[64];
    uint8_t signature[64];
    size_t index;

    (void)state;
    fill(seed, 7, sizeof(seed));
    crypt_sign_keypair(seed, public_key, secret_key);
    crypt_sign(secret_key, view_text("message"), signature);
    assert_true(crypt_verify(public_key, view_text("message"), signature));
    assert_false(crypt_verify(public_key, view_text("messagf"), signature));
    assert_false(crypt_verify(public_key, view_text("message "), signature));
    for (index = 0; index < 64; index++) {
        signature[index] ^= 4;
        assert_false(crypt_verify(public_key, view_text("message"), signature));
        signature[index] ^= 4;
    }
    public_key[3] ^= 1;
    assert_false(crypt_verify(public_key, view_text("message"), signature));
    assert_false(crypt_verify(zeros, view_text("message"), zeros)); /* a key of small order */
}

/* Made with Node's crypto from the text in crypt.h. */
static const char sealed_hex[] =
    "79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a21a69e411d5e4c07a955e05a"
    "fb32a5176609a8d5ffa9769fc5ab8352";

static void sealing_matches_another_implementation(void **state) {
    uint8_t next = 0x40;
    struct env env = {.context = &next, .entropy = counting};
    uint8_t seed[32];
    uint8_t public_key[32];
    uint8_t secret_key[32];
    struct buf sealed;
    struct buf opened;
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    buf_init(&sealed, 1000);
    buf_init(&opened, 1000);
    fill(seed, 0x80, sizeof(seed));
    crypt_box_keypair(seed, public_key, secret_key);
    assert_hex(public_key, "493e82fc74464a59268817623d2053c5eb8e2cc4a988b4fee179ec6b010d531d");
    assert_int_equal(crypt_seal(&env, public_key, view_text("hello county"), view_text("batch 7"),
                                &sealed, &err),
                     RC_OK);
    assert_int_equal(sealed.size, 12 + CRYPT_SEAL_EXTRA_BYTES);
    assert_hex(sealed.data, sealed_hex);
    buf_add_text(&opened, "> ");
    assert_int_equal(crypt_seal_open(public_key, secret_key, buf_view(&sealed),
                                     view_text("batch 7"), &opened, &err),
                     RC_OK);
    assert_string_equal(buf_text(&opened), "> hello county");
    buf_release(&sealed);
    buf_release(&opened);
}

static void sealed_bytes_open_only_unchanged_and_with_the_key(void **state) {
    static const uint8_t zeros[32] = {0};
    const struct env *env = env_system();
    uint8_t seed[32];
    uint8_t public_key[32];
    uint8_t secret_key[32];
    uint8_t other_public[32];
    uint8_t other_secret[32];
    struct view associated = view_text("x");
    struct buf sealed;
    struct buf opened;
    struct err err;
    size_t at;

    (void)state;
    err_init(&err, LANG_EN);
    buf_init(&sealed, 100);
    buf_init(&opened, 100);
    env_entropy(env, seed, sizeof(seed));
    crypt_box_keypair(seed, public_key, secret_key);
    env_entropy(env, seed, sizeof(seed));
    crypt_box_keypair(seed, other_public, other_secret);
    assert_int_equal(crypt_seal(env, public_key, view_text("secret"), associated, &sealed, &err),
                     RC_OK);
    for (at = 0; at < sealed.size; at++) {
        assert_int_equal(crypt_seal_open(public_key, secret_key, view_of(sealed.data, at),
                                         associated, &opened, &err),
                         RC_DENIED);
        sealed.data[at] ^= 1;
        assert_int_equal(
            crypt_seal_open(public_key, secret_key, buf_view(&sealed), associated, &opened, &err),
            RC_DENIED);
        sealed.data[at] ^= 1;
    }
    assert_int_equal(
        crypt_seal_open(public_key, secret_key, buf_view(&sealed), view_text("y"), &opened, &err),
        RC_DENIED);
    assert_int_equal(
        crypt_seal_open(other_public, other_secret, buf_view(&sealed), associated, &opened, &err),
        RC_DENIED);
    assert_int_equal(opened.size, 0);
    assert_int_equal(
        crypt_seal_open(public_key, secret_key, buf_view(&sealed), associated, &opened, &err),
        RC_OK);
    /* A key of small order would give a shared secret that everybody knows. */
    buf_clear(&sealed);
    assert_int_equal(crypt_seal(env, zeros, view_text("secret"), associated, &sealed, &err),
                     RC_INVALID);
    assert_int_equal(sealed.size, 0);
    /* Limits of the buffer. */
    buf_release(&sealed);
    buf_init(&sealed, 53);
    assert_int_equal(crypt_seal(env, public_key, view_text("secret"), associated, &sealed, &err),
                     RC_LIMIT);
    buf_release(&sealed);
    buf_release(&opened);
}

static void locked_rows_open_only_unchanged_and_with_the_key(void **state) {
    uint8_t next = 0;
    struct env env = {.context = &next, .entropy = counting};
    uint8_t key[32];
    struct view associated = view_text("table|key|1");
    struct buf locked;
    struct buf opened;
    struct err err;
    size_t at;

    (void)state;
    err_init(&err, LANG_EN);
    buf_init(&locked, 1000);
    buf_init(&opened, 1000);
    fill(key, 1, sizeof(key));
    assert_int_equal(crypt_lock(&env, key, view_text("row"), associated, &locked, &err), RC_OK);
    assert_int_equal(locked.size, 3 + CRYPT_LOCK_EXTRA_BYTES);
    assert_int_equal(locked.data[23], 23); /* the nonce is the env's */
    for (at = 0; at < locked.size; at++) {
        assert_int_equal(crypt_unlock(key, view_of(locked.data, at), associated, &opened, &err),
                         RC_DENIED);
        locked.data[at] ^= 0x80;
        assert_int_equal(crypt_unlock(key, buf_view(&locked), associated, &opened, &err),
                         RC_DENIED);
        locked.data[at] ^= 0x80;
    }
    assert_int_equal(crypt_unlock(key, buf_view(&locked), (struct view){0}, &opened, &err),
                     RC_DENIED);
    assert_int_equal(opened.size, 0);
    assert_int_equal(crypt_unlock(key, buf_view(&locked), associated, &opened, &err), RC_OK);
    assert_string_equal(buf_text(&opened), "row");
    key[0] ^= 1;
    assert_int_equal(crypt_unlock(key, buf_view(&locked), associated, &opened, &err), RC_DENIED);
    key[0] ^= 1;
    /* Nothing is a row, too; and the same row locked again is other bytes. */
    at = locked.size;
    assert_int_equal(crypt_lock(&env, key, view_text("row"), associated, &locked, &err), RC_OK);
    assert_memory_not_equal(locked.data, locked.data + at, at);
    buf_clear(&locked);
    buf_clear(&opened);
    assert_int_equal(crypt_lock(&env, key, (struct view){0}, associated, &locked, &err), RC_OK);
    assert_int_equal(crypt_unlock(key, buf_view(&locked), associated, &opened, &err), RC_OK);
    assert_int_equal(opened.size, 0);
    buf_release(&locked);
    buf_release(&opened);
}

static void secrets_are_stretched_within_bounds(void **state) {
    const uint8_t *salt = (const uint8_t *)"0123456789abcdef";
    struct view secret = view_text("correct horse");
    struct crypt_cost cost = {.passes = 2, .memory_kib = 256};
    char long_secret[CRYPT_SECRET_BYTES_MAX + 1];
    uint8_t out[32];
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    assert_int_equal(crypt_stretch(secret, salt, cost, out, &err), RC_OK);
    assert_hex(out, "05a5b87e96872a309958018361dbedaf12ef4a1fd245350fa04881eb2b646c2b");
    assert_int_equal(crypt_stretch(view_text(""), salt, cost, out, &err), RC_INVALID);
    memset(long_secret, 'x', sizeof(long_secret));
    assert_int_equal(
        crypt_stretch(view_of(long_secret, sizeof(long_secret)), salt, cost, out, &err),
        RC_INVALID);
    cost.passes = 0;
    assert_int_equal(crypt_stretch(secret, salt, cost, out, &err), RC_INVALID);
    cost.passes = CRYPT_COST_PASSES_MAX + 1;
    assert_int_equal(crypt_stretch(secret, salt, cost, out, &err), RC_INVALID);
    cost = (struct crypt_cost){.passes = 1, .memory_kib = 7};
    assert_int_equal(crypt_stretch(secret, salt, cost, out, &err), RC_INVALID);
    cost.memory_kib = UINT32_MAX;
    assert_int_equal(crypt_stretch(secret, salt, cost, out, &err), RC_INVALID);
    cost = CRYPT_COST_DEFAULT;
    assert_true(cost.memory_kib <= CRYPT_COST_MEMORY_KIB_MAX);
    assert_true(cost.passes <= CRYPT_COST_PASSES_MAX);
}

static void secret_memory_is_wiped(void **state) {
    static const uint8_t zeros[64] = {0};
    uint8_t secret[64];

    (void)state;
    fill(secret, 1, sizeof(secret));
    (void)crypt_guard(secret, sizeof(secret)); /* the system may refuse */
    assert_int_equal(secret[0], 1);
    crypt_unguard(secret, sizeof(secret));
    assert_memory_equal(secret, zeros, sizeof(secret));
    fill(secret, 1, sizeof(secret));
    assert_false(crypt_equal(secret, zeros, sizeof(secret)));
    crypt_wipe(secret, sizeof(secret));
    assert_true(crypt_equal(secret, zeros, sizeof(secret)));
    assert_true(crypt_equal(secret, zeros, 0));
}

static int start(void **state) {
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    return crypt_start(&err) == RC_OK && crypt_start(&err) == RC_OK ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_match_other_implementations),
        cmocka_unit_test(tags_and_keys_part_the_hashes),
        cmocka_unit_test(signatures_match_rfc_8032),
        cmocka_unit_test(a_changed_message_key_or_signature_does_not_verify),
        cmocka_unit_test(sealing_matches_another_implementation),
        cmocka_unit_test(sealed_bytes_open_only_unchanged_and_with_the_key),
        cmocka_unit_test(locked_rows_open_only_unchanged_and_with_the_key),
        cmocka_unit_test(secrets_are_stretched_within_bounds),
        cmocka_unit_test(secret_memory_is_wiped),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
