/* redactions.c: see redactions.h. The file is small, so it is replaced as a whole: what a crash
 * leaves is the old one or the new one. */
#include "syncd/sync/redactions.h"

#include "base/crypt.h"
#include "base/file.h"
#include "schema/limits.h"
#include "schema/wire/word.h"

#define CHAIN_BYTES CRYPT_HASH_BYTES

static const uint8_t MAGIC[8] = {'Y', 'G', 'E', 'R', 'A', 'S', 'E', '1'};

static void chain_on(uint8_t chain[CHAIN_BYTES], struct view content) {
    const struct view pieces[2] = {view_of(chain, CHAIN_BYTES), content};

    crypt_hash_pieces("yg redaction", pieces, 2, chain);
}

static enum rc damaged(const char *path, struct err *err) {
    return err_set(err, RC_CORRUPT,
                   "%s: does not say what this county wrote; copy it from where it is kept", path);
}

/* Behind the last entry that is whole: at, and the chain there. */
static enum rc read_all(const char *path, const struct keys *keys, struct buf *file,
                        struct arena *arena, struct ordered_redaction **list, uint32_t *count,
                        uint8_t chain[CHAIN_BYTES], size_t *at, struct err *err) {
    uint32_t capacity = 0;
    struct reader in;
    enum rc rc = file_read(path, REDACTIONS_BYTES_MAX, file, err);

    *list = NULL;
    *count = 0;
    *at = 0;
    memset(chain, 0, CHAIN_BYTES);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    reader_init(&in, buf_view(file));
    if (!view_equal(read_bytes(&in, sizeof(MAGIC)), view_of(MAGIC, sizeof(MAGIC))))
        return damaged(path, err);
    for (*at = in.at; read_left(&in) > 0; *at = in.at) {
        struct view content = read_sized(&in), said = read_bytes(&in, CHAIN_BYTES);
        struct view signature = read_bytes(&in, 64), pieces[1];
        struct ordered_redaction *row;
        struct reader inside;

        if (in.failed)
            break;
        chain_on(chain, content);
        pieces[0] = view_of(chain, CHAIN_BYTES);
        if (!crypt_equal(said.data, chain, CHAIN_BYTES) ||
            !word_signed("yg redaction", pieces, 1, keys->sign_public, signature.data))
            return damaged(path, err);
        row = arena_push(arena, list, count, &capacity, sizeof(*row));
        if (row == NULL)
            return arena_check(arena, "the redactions", err);
        reader_init(&inside, content);
        row->record.actor = read_id(&inside);
        row->record.number = read_varint_max(&inside, LIMIT_NUMBER);
        row->erasure = arena_view(arena, read_bytes(&inside, read_left(&inside)));
        if (inside.failed)
            return damaged(path, err);
    }
    return arena_check(arena, "the redactions", err);
}

enum rc redactions_read(const char *path, const struct keys *keys, struct arena *arena,
                        struct ordered_redaction **out, uint32_t *count, struct err *err) {
    uint8_t chain[CHAIN_BYTES];
    struct buf file;
    size_t at;
    enum rc rc;

    buf_init(&file, REDACTIONS_BYTES_MAX);
    rc = read_all(path, keys, &file, arena, out, count, chain, &at, err);
    buf_release(&file);
    return rc;
}

static enum rc write_with(const char *path, const struct keys *keys, struct view before,
                          uint8_t chain[CHAIN_BYTES], struct dot record, struct view erasure,
                          struct err *err) {
    const struct view pieces[1] = {view_of(chain, CHAIN_BYTES)};
    uint8_t signature[64];
    struct buf content, file;
    enum rc rc;

    buf_init(&content, REDACTIONS_BYTES_MAX);
    buf_init(&file, REDACTIONS_BYTES_MAX);
    if (before.size == 0)
        before = view_of(MAGIC, sizeof(MAGIC));
    buf_add_view(&file, before);
    buf_add_id(&content, record.actor);
    buf_add_varint(&content, record.number);
    buf_add_view(&content, erasure);
    chain_on(chain, buf_view(&content));
    word_sign("yg redaction", pieces, 1, keys->sign_secret, signature);
    buf_add_sized(&file, buf_view(&content));
    buf_add(&file, chain, CHAIN_BYTES);
    buf_add(&file, signature, sizeof(signature));
    rc = buf_check(&content, "the redactions", err);
    if (rc == RC_OK)
        rc = buf_check(&file, "the redactions", err);
    if (rc == RC_OK)
        rc = file_write(path, buf_view(&file), FILE_MODE_PRIVATE, err);
    buf_release(&content);
    buf_release(&file);
    return rc;
}

enum rc redactions_add(const char *path, const struct keys *keys, struct dot record,
                       struct view erasure, struct err *err) {
    struct ordered_redaction *list = NULL;
    uint8_t chain[CHAIN_BYTES];
    bool known = false;
    struct arena arena;
    struct buf file;
    uint32_t count = 0;
    size_t at = 0;
    enum rc rc;

    arena_init(&arena, REDACTIONS_BYTES_MAX * 2);
    buf_init(&file, REDACTIONS_BYTES_MAX);
    rc = read_all(path, keys, &file, &arena, &list, &count, chain, &at, err);
    for (uint32_t i = 0; i < count && !known; i++)
        known = dot_equal(list[i].record, record) && view_equal(list[i].erasure, erasure);
    if (rc == RC_OK && !known)
        rc =
            write_with(path, keys, view_slice(buf_view(&file), 0, at), chain, record, erasure, err);
    buf_release(&file);
    arena_release(&arena);
    return rc;
}
