/* Any bytes as a request, an answer, an enrolment, a list of keys. What is signed or carries a mac
 * gets a good one first, or nothing behind it would ever be reached. */
#include "base/crypt.h"
#include "schema/wire/credential.h"
#include "schema/wire/exchange.h"
#include "schema/wire/slice.h"
#include "schema/wire/word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
    struct arena arena;
    struct err err;
    uint8_t public_key[32], secret[64];
};

static void read_signed(struct fuzz *fuzz, struct view content) {
    struct answer answer = {0};
    struct view pieces[2] = {view_of(answer.nonce, sizeof(answer.nonce)), content};
    uint8_t signature[64];
    struct buf bytes;

    word_sign("yg receipt", pieces, 2, fuzz->secret, signature);
    buf_init(&bytes, content.size + 64);
    buf_add_view(&bytes, content);
    buf_add(&bytes, signature, 64);
    (void)exchange_read_signed(buf_view(&bytes), fuzz->public_key, &fuzz->arena, &answer,
                               &fuzz->err);
    buf_release(&bytes);
}

/* What is read must be written as it came. */
static void read_hello(struct fuzz *fuzz, struct view content) {
    struct hello hello;
    struct buf out;

    if (exchange_read_hello(content, &fuzz->arena, &hello, &fuzz->err) != RC_OK)
        return;
    buf_init(&out, content.size * 2 + 4096);
    if (exchange_add_hello(&out, &hello, fuzz->secret, &fuzz->err) != RC_OK)
        abort();
    buf_release(&out);
}

static void read_entry(struct fuzz *fuzz, struct view content) {
    struct feed_entry entry;
    uint8_t digest[32];
    uint64_t actor, *numbers;
    uint32_t count;

    if (exchange_read_entry(content, &entry, &fuzz->err) != RC_OK)
        return;
    feed_entry_digest(&entry, NULL, digest);
    (void)feed_entry_time(&entry, INT64_MIN);
    (void)feed_entry_admits(&entry, 511);
    (void)own_read(entry.content, &fuzz->arena, &actor, &numbers, &count, &fuzz->err);
}

/* As if the county had signed it. */
static void read_credential(struct fuzz *fuzz, struct view content) {
    struct credential credential;
    uint8_t signature[64];
    struct buf bytes;

    buf_init(&bytes, LIMIT_EXCHANGE_BYTES);
    word_sign("yg credential", &content, 1, fuzz->secret, signature);
    buf_add_view(&bytes, content);
    buf_add(&bytes, signature, sizeof(signature));
    (void)credential_read(buf_view(&bytes), fuzz->public_key, &fuzz->arena, &credential,
                          &fuzz->err);
    buf_release(&bytes);
}

/* As if it had been sealed for the county. */
static void read_slice(struct fuzz *fuzz, struct view content) {
    static const uint8_t outer[5] = {1};
    uint8_t box_public[32], box_secret[32];
    struct slice slice;
    struct buf bytes;

    crypt_box_keypair(fuzz->public_key, box_public, box_secret);
    buf_init(&bytes, LIMIT_SLICE_BYTES);
    buf_add(&bytes, outer, sizeof(outer));
    if (crypt_seal(env_system(), box_public, content, view_of(outer, sizeof(outer)), &bytes,
                   &fuzz->err) == RC_OK)
        (void)slice_open(buf_view(&bytes), 0, box_public, box_secret, &fuzz->arena, &slice,
                         &fuzz->err);
    buf_release(&bytes);
}

static void read_parts(struct fuzz *fuzz, struct view body) {
    struct feed_alarm alarm;
    struct slice_offer *offers;
    uint32_t count;
    struct reader in;
    struct part part;
    struct answer answer;
    struct cursor cursor;
    struct view json;
    uint64_t position;

    if (exchange_open(body, &in, &fuzz->err) != RC_OK)
        return;
    while (exchange_next(&in, &part, &fuzz->err) == RC_OK) {
        read_hello(fuzz, part.content);
        read_signed(fuzz, part.content);
        read_entry(fuzz, part.content);
        (void)exchange_verify_hello(part.content, fuzz->public_key, &fuzz->err);
        (void)exchange_read_answer(part.content, &answer, &fuzz->err);
        (void)exchange_read_form(part.content, &position, &json, &fuzz->err);
        (void)exchange_read_alarm(part.content, &alarm, &fuzz->err);
        (void)offer_read(part.content, &fuzz->arena, &offers, &count, &fuzz->err);
        read_credential(fuzz, part.content);
        read_slice(fuzz, part.content);
        (void)exchange_read_cursor(part.content, &cursor, &fuzz->err);
    }
}

static void read_enrolment(struct fuzz *fuzz, struct view bytes) {
    const uint8_t key[32] = {9};
    struct enrol_request request;
    struct enrol_answer answer;
    struct buf body, empty;

    (void)enrol_read_request(bytes, &request, &fuzz->err);
    (void)enrol_check_request(bytes, key, &fuzz->err);
    memset(&request, 0, sizeof(request));
    buf_init(&empty, 1000);
    buf_init(&body, bytes.size + 1000);
    /* The mac is over the request, then the answer. */
    if (enrol_write_request(&request, key, &empty, &fuzz->err) == RC_OK) {
        uint8_t mac[32];

        buf_add(&body, empty.data, empty.size - 32);
        buf_add_view(&body, bytes);
        crypt_mac(key, "yg enrolled", buf_view(&body), mac);
        buf_add(&body, mac, 32);
        (void)enrol_read_answer(view_slice(buf_view(&body), empty.size - 32, body.size), &request,
                                key, &fuzz->arena, &answer, &fuzz->err);
    }
    buf_release(&empty);
    buf_release(&body);
}

static void read_keys(struct fuzz *fuzz, struct view bytes) {
    struct key_list list;
    uint8_t signature[64];
    struct buf body;

    word_sign("yg keys", &bytes, 1, fuzz->secret, signature);
    buf_init(&body, bytes.size + 64);
    buf_add_view(&body, bytes);
    buf_add(&body, signature, 64);
    (void)key_list_read(buf_view(&body), fuzz->public_key, &fuzz->arena, &list, &fuzz->err);
    buf_release(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t seed[32] = {5};
    struct fuzz fuzz;

    err_init(&fuzz.err, LANG_EN);
    if (crypt_start(&fuzz.err) != RC_OK)
        abort();
    arena_init(&fuzz.arena, 64u << 20);
    crypt_sign_keypair(seed, fuzz.public_key, fuzz.secret);
    read_parts(&fuzz, view_of(data, size));
    read_enrolment(&fuzz, view_of(data, size));
    read_keys(&fuzz, view_of(data, size));
    arena_release(&fuzz.arena);
    return 0;
}
