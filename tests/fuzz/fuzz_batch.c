/* Any bytes as a batch: as they are, and as the inside of a box that opens; its frames are decoded,
 * too. */
#include "base/crypt.h"
#include "schema/limits.h"
#include "schema/wire/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void entropy(void *context, void *bytes, size_t size) {
    (void)context;
    memset(bytes, 3, size);
}

static void open_it(struct view bytes, const uint8_t public_key[32], const uint8_t secret[32]) {
    const uint8_t last_hash[32] = {1};
    struct arena arena;
    struct batch batch;
    struct zip_inflater *inflater = NULL;
    struct frame frame;
    struct batch_outer outer;
    struct err err;

    err_init(&err, LANG_EN);
    arena_init(&arena, 64u << 20);
    (void)batch_peek(bytes, &outer, &err);
    if (batch_open(bytes, public_key, secret, &arena, &batch, &err) == RC_OK) {
        if (zip_inflater_new(&inflater, &err) != RC_OK ||
            batch_verify(&batch, last_hash, public_key, &err) == RC_OK)
            abort();
        for (uint32_t i = 0; i < batch.frame_count; i++)
            (void)frame_decode_raw(batch.frames[i], inflater, &arena, &frame, &err);
    }
    zip_inflater_free(inflater);
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint8_t outer[] = {1, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 1, 0};
    const struct env env = {.entropy = entropy};
    const uint8_t seed[32] = {5};
    uint8_t public_key[32], secret[32];
    struct buf sealed;
    struct err err;

    err_init(&err, LANG_EN);
    if (crypt_start(&err) != RC_OK)
        abort();
    crypt_box_keypair(seed, public_key, secret);
    open_it(view_of(data, size), public_key, secret);
    buf_init(&sealed, LIMIT_BATCH_BYTES);
    buf_add(&sealed, outer, sizeof(outer));
    if (crypt_seal(&env, public_key, view_of(data, size), view_of(outer, sizeof(outer)), &sealed,
                   &err) == RC_OK)
        open_it(buf_view(&sealed), public_key, secret);
    buf_release(&sealed);
    return 0;
}
