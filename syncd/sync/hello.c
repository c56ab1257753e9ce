/* hello.c: see hello.h.
 *
 * The setting: version (1 byte, now 1), wall_ms (zigzag varint), epoch, form position (varints),
 * varint count of cursors, each: area (varint), audience (1 byte), position (varint), digest (8).
 */
#include "syncd/sync/hello.h"

#include "syncd/sync/news.h"

#include <stdio.h>

#define HELLO_VERSION     1u
#define NAME_BYTES        32u
#define SETTING_BYTES_MAX (LIMIT_EXCHANGE_CURSORS * 32u)
#define CURSOR_BYTES_MIN  11u

static void setting_name(uint64_t device, char out[NAME_BYTES]) {
    char id[17];

    id_text(device, id);
    snprintf(out, NAME_BYTES, "cursors %s", id);
}

static enum rc read_setting(struct view setting, struct arena *arena, struct hello *out,
                            struct err *err) {
    struct reader in;
    uint64_t count;

    reader_init(&in, setting);
    if (read_u8(&in) != HELLO_VERSION)
        return err_set(err, RC_UNSUPPORTED, "the cursors of a device: of a newer yg-syncd");
    out->wall_ms = read_zigzag(&in);
    out->epoch = (uint32_t)read_varint_max(&in, UINT32_MAX);
    out->form_position = read_varint(&in);
    count = read_varint_max(&in, setting.size / CURSOR_BYTES_MIN);
    out->cursors = arena_array(arena, (size_t)count + 1u, sizeof(*out->cursors));
    if (out->cursors == NULL)
        return arena_check(arena, "the cursors of a device", err);
    for (; out->cursor_count < count && !in.failed; out->cursor_count++) {
        struct cursor *cursor = &out->cursors[out->cursor_count];
        struct view digest;

        cursor->area = read_varint(&in);
        cursor->audience = read_u8(&in);
        cursor->position = read_varint(&in);
        digest = read_bytes(&in, sizeof(cursor->digest));
        if (digest.size == sizeof(cursor->digest))
            memcpy(cursor->digest, digest.data, digest.size);
    }
    return reader_check(&in, "the cursors of a device", err);
}

enum rc hello_recall(struct store *store, uint64_t device, struct arena *arena, struct hello *out,
                     struct err *err) {
    char name[NAME_BYTES];
    struct view setting = {0};
    enum rc rc;

    *out = (struct hello){.device = device};
    setting_name(device, name);
    rc = store_setting(store, name, arena, &setting, err);
    return rc != RC_OK ? rc : read_setting(setting, arena, out, err);
}

enum rc hello_remember(struct work *work, const struct hello *hello, bool bundled, bool *newest,
                       struct err *err) {
    char name[NAME_BYTES];
    struct hello known = {0};
    struct buf setting;
    enum rc rc = RC_OK;

    *newest = true;
    setting_name(hello->device, name);
    if (bundled) {
        rc = hello_recall(work->ledger->store, hello->device, &work->arena, &known, err);
        *newest = rc == RC_NOT_FOUND || (rc == RC_OK && known.wall_ms <= hello->wall_ms);
        if (rc == RC_NOT_FOUND) {
            err_clear(err);
            rc = RC_OK;
        }
    }
    if (rc != RC_OK || !*newest)
        return rc;
    buf_init(&setting, SETTING_BYTES_MAX);
    buf_add_u8(&setting, HELLO_VERSION);
    buf_add_zigzag(&setting, hello->wall_ms);
    buf_add_varint(&setting, hello->epoch);
    buf_add_varint(&setting, hello->form_position);
    buf_add_varint(&setting, hello->cursor_count);
    for (uint32_t i = 0; i < hello->cursor_count; i++) {
        buf_add_varint(&setting, hello->cursors[i].area);
        buf_add_u8(&setting, hello->cursors[i].audience);
        buf_add_varint(&setting, hello->cursors[i].position);
        buf_add(&setting, hello->cursors[i].digest, sizeof(hello->cursors[i].digest));
    }
    rc = buf_check(&setting, "the cursors of a device", err);
    if (rc == RC_OK)
        rc = work_put_setting(work, name, buf_view(&setting), err);
    buf_release(&setting);
    return rc;
}
