/* Any bytes as a bundle; and any bytes as its parts, behind a head that fits, with right checks as
 * far as they can be walked. */
#include "base/crypt.h"
#include "schema/wire/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every part takes at least a kind, a size and a check. */
static void read_all(struct view bytes) {
    struct bundle_head head;
    struct reader parts;
    struct arena arena;
    struct part part;
    struct err err;
    size_t seen = 0;

    err_init(&err, LANG_EN);
    arena_init(&arena, 64u << 20);
    if (bundle_open(bytes, &arena, &head, &parts, &err) == RC_OK) {
        while (bundle_next(&parts, &part, &err) != RC_NOT_FOUND)
            if (++seen > bytes.size / 10 + 1)
                abort();
        for (uint32_t i = 0; i < head.row_count; i++)
            if (head.rows[i].first == 0 || head.rows[i].last < head.rows[i].first)
                abort();
    }
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct view input = view_of(data, size);
    struct bundle_row row = {.actor = 7, .first = 1, .last = 3, .has_previous = true};
    const struct bundle_head head = {.direction = BUNDLE_UP,
                                     .county = 0x01020304,
                                     .device = 9,
                                     .part_count = 2,
                                     .row_count = 1,
                                     .rows = &row};
    struct buf parts, bundle;
    struct err err;

    err_init(&err, LANG_EN);
    if (crypt_start(&err) != RC_OK)
        abort();
    read_all(input);
    if (size > 4096)
        return 0;
    buf_init(&parts, 65536);
    buf_init(&bundle, 65536);
    bundle_add_part(&parts, BUNDLE_BATCH, view_slice(input, 0, size / 2));
    buf_add_view(&parts, view_slice(input, size / 2, size - size / 2));
    if (bundle_write(&head, buf_view(&parts), &bundle, &err) != RC_OK)
        abort();
    read_all(buf_view(&bundle));
    buf_release(&parts);
    buf_release(&bundle);
    return 0;
}
