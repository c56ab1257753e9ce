/* bundle.c: the layout of a bundle.
 *
 *   magic     8 bytes: 89 59 47 42 0d 0a 1a 0a ("YGB" between bytes that a transfer as text would
 *             change)
 *   version   1 byte, now 1
 *   head      varint size, then:
 *     direction  1 byte: 1 up, 2 down
 *     flags      1 byte: 1 more: not everything went into it
 *     county     4 bytes, big-endian
 *     device     id
 *     made       zigzag varint, milliseconds
 *     parts      varint: how many follow
 *     rows       varint count, each: actor (id), first (varint), last - first (varint), 1 byte: 1
 * if the chain hash before first follows (32 bytes) check     8 bytes: the beginning of hash("yg
 * bundle", everything before) parts     each: kind (1 byte), size (varint), content, check: 8
 * bytes, the beginning of hash("yg bundle part", kind || content)
 *
 * The checks are no protection against malice: batches and answers carry their own signatures. They
 * say whether the stick has kept what was written, without any key. */
#include "schema/wire/bundle.h"

#include "base/crypt.h"
#include "schema/wire/word.h"

#define CHECK_BYTES      8u
#define HEAD_BYTES_MAX   (LIMIT_BUNDLE_ROWS * 64u)
#define ROW_BYTES_MIN    11u
#define FLAG_MORE        1u
#define ROW_HAS_PREVIOUS 1u

static const uint8_t magic[8] = {0x89, 'Y', 'G', 'B', 0x0d, 0x0a, 0x1a, 0x0a};

static void part_check(uint8_t kind, struct view content, uint8_t out[CRYPT_HASH_BYTES]) {
    const struct view pieces[2] = {view_of(&kind, 1), content};

    crypt_hash_pieces("yg bundle part", pieces, 2, out);
}

void bundle_add_part(struct buf *parts, uint8_t kind, struct view content) {
    uint8_t check[CRYPT_HASH_BYTES];

    part_check(kind, content, check);
    buf_add_u8(parts, kind);
    buf_add_sized(parts, content);
    buf_add(parts, check, CHECK_BYTES);
}

enum rc bundle_add_row(struct bundle_head *head, struct arena *arena, const struct bundle_row *row,
                       struct err *err) {
    struct bundle_row *last = head->row_count == 0 ? NULL : &head->rows[head->row_count - 1];

    if (last != NULL && last->actor == row->actor && last->last + 1 == row->first) {
        last->last = row->last;
        return RC_OK;
    }
    if (head->rows == NULL)
        head->rows = arena_array(arena, LIMIT_BUNDLE_ROWS, sizeof(*head->rows));
    if (head->rows == NULL)
        return arena_check(arena, "a bundle", err);
    if (head->row_count == LIMIT_BUNDLE_ROWS)
        return err_set(err, RC_LIMIT, "a bundle: more than %u ranges; write a second one",
                       LIMIT_BUNDLE_ROWS);
    head->rows[head->row_count++] = *row;
    return RC_OK;
}

static void add_head(struct buf *out, const struct bundle_head *head) {
    buf_add_u8(out, head->direction);
    buf_add_u8(out, head->more ? FLAG_MORE : 0);
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_add_u8(out, (uint8_t)(head->county >> shift));
    buf_add_id(out, head->device);
    buf_add_zigzag(out, head->made_ms);
    buf_add_varint(out, head->part_count);
    buf_add_varint(out, head->row_count);
    for (uint32_t i = 0; i < head->row_count; i++) {
        const struct bundle_row *row = &head->rows[i];

        buf_add_id(out, row->actor);
        buf_add_varint(out, row->first);
        buf_add_varint(out, row->last - row->first);
        buf_add_u8(out, row->has_previous ? ROW_HAS_PREVIOUS : 0);
        if (row->has_previous)
            buf_add(out, row->previous, sizeof(row->previous));
    }
}

enum rc bundle_write(const struct bundle_head *head, struct view parts, struct buf *out,
                     struct err *err) {
    uint8_t check[CRYPT_HASH_BYTES];
    struct buf bytes;
    size_t start = out->size;
    enum rc rc;

    buf_init(&bytes, HEAD_BYTES_MAX);
    add_head(&bytes, head);
    rc = buf_check(&bytes, "a bundle", err);
    if (rc == RC_OK) {
        buf_add(out, magic, sizeof(magic));
        buf_add_u8(out, BUNDLE_VERSION);
        buf_add_sized(out, buf_view(&bytes));
        rc = buf_check(out, "a bundle", err);
    }
    if (rc == RC_OK) {
        crypt_hash("yg bundle", view_of(out->data + start, out->size - start), check);
        buf_add(out, check, CHECK_BYTES);
        buf_add_view(out, parts);
        rc = buf_check(out, "a bundle", err);
    }
    if (rc == RC_OK && out->size - start > LIMIT_BUNDLE_BYTES)
        rc = err_set(err, RC_LIMIT, "a bundle: more than %u bytes", LIMIT_BUNDLE_BYTES);
    buf_release(&bytes);
    return rc;
}

static enum rc read_rows(struct reader *in, struct arena *arena, struct bundle_head *out,
                         struct err *err) {
    out->row_count = (uint32_t)read_varint_max(in, LIMIT_BUNDLE_ROWS);
    if (out->row_count > read_left(in) / ROW_BYTES_MIN)
        reader_fail(in);
    if (in->failed || out->row_count == 0)
        return RC_OK;
    out->rows = arena_array(arena, out->row_count, sizeof(*out->rows));
    if (out->rows == NULL)
        return arena_check(arena, "a bundle", err);
    for (uint32_t i = 0; i < out->row_count; i++) {
        struct bundle_row *row = &out->rows[i];
        uint64_t more;

        row->actor = read_id(in);
        row->first = read_varint_max(in, LIMIT_NUMBER);
        more = read_varint_max(in, LIMIT_NUMBER);
        row->last = row->first + more;
        if (row->first == 0 || row->last > LIMIT_NUMBER)
            reader_fail(in);
        row->has_previous = (read_u8(in) & ROW_HAS_PREVIOUS) != 0;
        if (row->has_previous)
            word_read_fixed(in, row->previous, sizeof(row->previous));
    }
    return RC_OK;
}

static enum rc read_head(struct view bytes, struct arena *arena, struct bundle_head *out,
                         struct err *err) {
    uint8_t county[4];
    struct reader in;

    reader_init(&in, bytes);
    out->direction = read_u8(&in);
    out->more = (read_u8(&in) & FLAG_MORE) != 0;
    word_read_fixed(&in, county, sizeof(county));
    for (size_t i = 0; i < sizeof(county) && !in.failed; i++)
        out->county = out->county << 8 | county[i];
    out->device = read_id(&in);
    out->made_ms = read_zigzag(&in);
    out->part_count = (uint32_t)read_varint_max(&in, LIMIT_BUNDLE_PARTS);
    if (read_rows(&in, arena, out, err) != RC_OK)
        return err->rc;
    if (out->direction != BUNDLE_UP && out->direction != BUNDLE_DOWN)
        reader_fail(&in);
    return reader_check(&in, "a bundle", err);
}

enum rc bundle_open(struct view bytes, struct arena *arena, struct bundle_head *out,
                    struct reader *parts, struct err *err) {
    uint8_t check[CRYPT_HASH_BYTES];
    struct view head, stored;
    struct reader in;
    size_t end;

    memset(out, 0, sizeof(*out));
    if (bytes.size > LIMIT_BUNDLE_BYTES)
        return err_set(err, RC_LIMIT, "a bundle: more than %u bytes", LIMIT_BUNDLE_BYTES);
    reader_init(&in, bytes);
    if (!view_equal(read_bytes(&in, sizeof(magic)), view_of(magic, sizeof(magic))))
        return err_set(err, RC_INVALID, "this is not a bundle; its name should end with .ygb");
    if (read_u8(&in) != BUNDLE_VERSION && !in.failed)
        return err_set(err, RC_UNSUPPORTED, "a bundle of a newer format; update this program");
    head = read_sized(&in);
    end = in.at;
    stored = read_bytes(&in, CHECK_BYTES);
    if (in.failed || head.size > HEAD_BYTES_MAX)
        return err_set(err, RC_CORRUPT,
                       "the bundle is damaged at its beginning; copy it from its source again");
    crypt_hash("yg bundle", view_slice(bytes, 0, end), check);
    if (!view_equal(stored, view_of(check, CHECK_BYTES)))
        return err_set(err, RC_CORRUPT,
                       "the bundle is damaged at its beginning; copy it from its source again");
    *parts = in;
    return read_head(head, arena, out, err);
}

enum rc bundle_next(struct reader *parts, struct part *out, struct err *err) {
    uint8_t check[CRYPT_HASH_BYTES];
    struct view stored;

    *out = (struct part){0};
    if (read_left(parts) == 0)
        return RC_NOT_FOUND;
    out->kind = read_u8(parts);
    out->content = read_sized(parts);
    stored = read_bytes(parts, CHECK_BYTES);
    if (parts->failed) {
        reader_init(parts, (struct view){0}); /* where the next part begins cannot be known */
        return err_set(err, RC_CORRUPT, "the bundle was cut off; copy it from its source again");
    }
    part_check(out->kind, out->content, check);
    if (!view_equal(stored, view_of(check, CHECK_BYTES)))
        return err_set(err, RC_CORRUPT, "a part of the bundle is damaged");
    return RC_OK;
}

void bundle_nonce(uint64_t device, uint32_t epoch, int64_t server_ms, uint8_t out[16]) {
    uint8_t memory[64], hash[CRYPT_HASH_BYTES];
    struct buf about;

    buf_init_on(&about, memory, sizeof(memory));
    buf_add_id(&about, device);
    buf_add_varint(&about, epoch);
    buf_add_zigzag(&about, server_ms);
    crypt_hash("yg bundle answer", buf_view(&about), hash);
    memcpy(out, hash, 16);
}
