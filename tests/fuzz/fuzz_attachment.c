/* Any bytes as a photo, a label, a request, an answer. What is signed or sealed gets a good
 * signature or seal first, or nothing behind it would ever be reached. */
#include "base/crypt.h"
#include "schema/wire/attachment_pull.h"
#include "schema/wire/word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_label(struct view bytes, struct err *err) {
    static const uint8_t outer[5] = {1};
    const uint8_t seed[32] = {3};
    uint8_t box_public[32], box_secret[32];
    struct attachment_label label;
    struct buf sealed;

    crypt_box_keypair(seed, box_public, box_secret);
    (void)attachment_label_open(bytes, 0, box_public, box_secret, &label, err);
    buf_init(&sealed, bytes.size + 256);
    buf_add(&sealed, outer, sizeof(outer));
    if (crypt_seal(env_system(), box_public, bytes, view_of(outer, sizeof(outer)), &sealed, err) ==
        RC_OK)
        (void)attachment_label_open(buf_view(&sealed), 0, box_public, box_secret, &label, err);
    buf_release(&sealed);
}

static void read_pull(struct view bytes, const uint8_t public_key[32], const uint8_t secret[64],
                      struct err *err) {
    uint8_t signature[64];
    struct pull_request request;
    struct pull_answer answer;
    struct buf body;

    buf_init(&body, bytes.size + 64);
    word_sign("yg attachment given", &bytes, 1, secret, signature);
    buf_add_view(&body, bytes);
    buf_add(&body, signature, sizeof(signature));
    (void)pull_answer_read(buf_view(&body), public_key, &answer, err);
    (void)pull_request_read(buf_view(&body), &request, err);
    buf_release(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct view bytes = view_of(data, size);
    const uint8_t seed[32] = {5};
    uint8_t public_key[32], secret[64], signature[64];
    struct attachment_request request;
    struct attachment_answer answer;
    enum attachment_kind kind;
    struct arena arena;
    struct buf body;
    struct err err;

    err_init(&err, LANG_EN);
    if (crypt_start(&err) != RC_OK)
        abort();
    arena_init(&arena, 64u << 20);
    (void)attachment_check(bytes, ATTACHMENT_FOR_FILE, &kind, &err);
    (void)attachment_check(bytes, ATTACHMENT_FOR_IMAGE, &kind, &err);
    read_label(bytes, &err);
    crypt_sign_keypair(seed, public_key, secret);
    word_sign("yg attachments", &bytes, 1, secret, signature);
    buf_init(&body, size + 64);
    buf_add_view(&body, bytes);
    buf_add(&body, signature, sizeof(signature));
    if (attachment_request_read(buf_view(&body), &arena, &request, &err) == RC_OK &&
        attachment_request_verify(buf_view(&body), public_key, &err) != RC_OK)
        abort();
    (void)attachment_answer_read(buf_view(&body), public_key, &arena, &answer, &err);
    read_pull(bytes, public_key, secret, &err);
    buf_release(&body);
    arena_release(&arena);
    return 0;
}
