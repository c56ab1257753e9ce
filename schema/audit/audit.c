/* audit.c: the container of an audit file, and its head.
 *
 *   magic    8 bytes: 89 59 47 41 0d 0a 1a 0a
 *   parts    each: byte kind, sized content
 *
 * The last part, AUDIT_END: varint count, then for each part before it hash("yg audit part", kind
 * || content); then 64 bytes: sign("yg audit", magic || everything of this part before) with the
 * county's key.
 *
 * HEAD: version (1), county's signing key (32), epoch (varint), made (signed), by, reason (texts),
 * byte 1 masked, byte selection, varint count of areas, each an area; area of the county; table of
 * areas (sized); varint how many records. */
#include "schema/audit/audit.h"

#include "base/crypt.h"
#include "schema/wire/word.h"

static const uint8_t magic[AUDIT_MAGIC_BYTES] = {0x89, 'Y', 'G', 'A', 0x0d, 0x0a, 0x1a, 0x0a};

static void part_hash(uint8_t kind, struct view content, uint8_t out[32]) {
    const struct view pieces[2] = {view_of(&kind, 1), content};

    crypt_hash_pieces("yg audit part", pieces, 2, out);
}

/* ---- writing ---- */

static enum rc write_part(struct audit_writer *writer, uint8_t kind, struct view content,
                          struct err *err) {
    uint8_t front[1 + VARINT_BYTES_MAX] = {kind};
    size_t size = 1 + varint_put(front + 1, content.size);
    enum rc rc = writer->write(writer->sink, view_of(front, size), err);

    writer->bytes += size + content.size;
    return rc == RC_OK ? writer->write(writer->sink, content, err) : rc;
}

enum rc audit_begin(struct audit_writer *writer,
                    enum rc (*write)(void *sink, struct view bytes, struct err *err), void *sink,
                    struct err *err) {
    *writer = (struct audit_writer){.write = write, .sink = sink, .bytes = sizeof(magic)};
    buf_init(&writer->hashes, AUDIT_PARTS_MAX * 32u + 128u);
    return write(sink, view_of(magic, sizeof(magic)), err);
}

enum rc audit_add(struct audit_writer *writer, enum audit_part kind, struct view content,
                  struct err *err) {
    uint8_t hash[32];

    if ((writer->kind == 0) != (kind == AUDIT_HEAD) || (uint8_t)kind < writer->kind)
        return err_set(err, RC_INVALID, "an audit file: its parts are not in order");
    if (content.size > AUDIT_PART_BYTES || writer->count == AUDIT_PARTS_MAX ||
        writer->bytes + content.size > AUDIT_FILE_BYTES - AUDIT_PARTS_MAX)
        return err_set(err, RC_LIMIT,
                       "an audit file: it grows too large; choose fewer records or a smaller area");
    writer->kind = (uint8_t)kind;
    writer->count++;
    part_hash(writer->kind, content, hash);
    buf_add(&writer->hashes, hash, sizeof(hash));
    return write_part(writer, writer->kind, content, err);
}

enum rc audit_end(struct audit_writer *writer, const uint8_t county_secret[64], struct err *err) {
    uint8_t signature[CRYPT_SIGNATURE_BYTES];
    struct buf content;
    enum rc rc;

    buf_init(&content, AUDIT_PARTS_MAX * 32u + 128u);
    buf_add_varint(&content, writer->count);
    buf_add_view(&content, buf_view(&writer->hashes));
    rc = buf_check(&writer->hashes, "an audit file", err);
    if (rc == RC_OK)
        rc = buf_check(&content, "an audit file", err);
    if (rc == RC_OK) {
        const struct view pieces[2] = {view_of(magic, sizeof(magic)), buf_view(&content)};

        word_sign("yg audit", pieces, 2, county_secret, signature);
        buf_add(&content, signature, sizeof(signature));
        rc = buf_check(&content, "an audit file", err);
    }
    if (rc == RC_OK)
        rc = write_part(writer, AUDIT_END, buf_view(&content), err);
    buf_release(&content);
    return rc;
}

void audit_release(struct audit_writer *writer) {
    buf_release(&writer->hashes);
}

/* ---- reading ---- */

enum rc audit_parts(struct view file, struct arena *arena, struct audit_piece **out,
                    uint32_t *count, uint64_t *at, struct err *err) {
    struct reader in;
    uint32_t capacity = 0;
    uint8_t last = 0;

    *out = NULL;
    *count = 0;
    *at = 0;
    reader_init(&in, file);
    if (!view_equal(read_bytes(&in, sizeof(magic)), view_of(magic, sizeof(magic))))
        return err_set(err, RC_INVALID, "this is no audit file; its name should end with .yga");
    do {
        struct audit_piece piece;

        *at = in.at;
        piece.kind = read_u8(&in);
        piece.content = read_sized(&in);
        piece.at = in.at - piece.content.size;
        if (in.failed || piece.content.size > AUDIT_PART_BYTES)
            return err_set(err, RC_CORRUPT,
                           "the file breaks off in the part that begins at byte %llu",
                           (unsigned long long)*at);
        if (piece.kind == 0 || piece.kind >= AUDIT_PART_COUNT || piece.kind < last ||
            (last == 0) != (piece.kind == AUDIT_HEAD) || *count == AUDIT_PARTS_MAX)
            return err_set(err, RC_CORRUPT, "byte %llu: a part of this kind does not belong there",
                           (unsigned long long)*at);
        last = piece.kind;
        {
            struct audit_piece *row = arena_push(arena, out, count, &capacity, sizeof(*row));

            if (row == NULL)
                return arena_check(arena, "an audit file", err);
            *row = piece;
        }
    } while (last != AUDIT_END);
    *at = in.at;
    if (!read_done(&in))
        return err_set(err, RC_CORRUPT, "there are %llu bytes behind the end of the file",
                       (unsigned long long)read_left(&in));
    return RC_OK;
}

enum rc audit_signed(const struct audit_piece *parts, uint32_t count,
                     const uint8_t county_public[32], uint32_t *first, struct err *err) {
    const struct audit_piece *end = &parts[count - 1];
    uint8_t hash[32], signature[CRYPT_SIGNATURE_BYTES];
    struct view pieces[2] = {view_of(magic, sizeof(magic)), {0}};
    struct reader in;

    *first = count;
    reader_init(&in, end->content);
    if (read_varint(&in) != count - 1) {
        *first = count - 1;
        return err_set(err, RC_CORRUPT, "parts were added to the file or taken out of it");
    }
    for (uint32_t i = 0; i + 1 < count; i++) {
        struct view stated = read_bytes(&in, sizeof(hash));

        part_hash(parts[i].kind, parts[i].content, hash);
        if (!view_equal(stated, view_of(hash, sizeof(hash)))) {
            *first = i;
            return err_set(err, RC_CORRUPT, "this part is not what the county has signed");
        }
    }
    pieces[1] = view_of(in.data, in.at);
    word_read_fixed(&in, signature, sizeof(signature));
    if (!read_done(&in) || !word_signed("yg audit", pieces, 2, county_public, signature)) {
        *first = count - 1;
        return err_set(err, RC_DENIED, "the county's signature does not fit");
    }
    return RC_OK;
}

/* ---- head ---- */

void audit_head_write(const struct audit_head *head, struct buf *out) {
    buf_add_u8(out, AUDIT_VERSION);
    buf_add(out, head->county_public, sizeof(head->county_public));
    buf_add_varint(out, head->epoch);
    buf_add_zigzag(out, head->made_ms);
    buf_add_sized(out, head->by);
    buf_add_sized(out, head->reason);
    buf_add_u8(out, head->masked);
    buf_add_u8(out, head->selection);
    buf_add_varint(out, head->area_count);
    for (uint32_t i = 0; i < head->area_count; i++)
        word_add_area(out, head->areas[i], 0);
    word_add_area(out, head->county_area, 0);
    buf_add_sized(out, head->succession);
    buf_add_varint(out, head->record_count);
}

static bool flag_read(struct reader *in) {
    uint8_t byte = read_u8(in);

    if (byte > 1)
        reader_fail(in);
    return byte == 1;
}

enum rc audit_head_read(struct view content, struct arena *arena, struct audit_head *out,
                        struct err *err) {
    struct reader in;
    uint8_t audience;

    *out = (struct audit_head){0};
    reader_init(&in, content);
    if (read_u8(&in) != AUDIT_VERSION && !in.failed)
        return err_set(err, RC_UNSUPPORTED, "an audit file of a newer format; update this program");
    word_read_fixed(&in, out->county_public, sizeof(out->county_public));
    out->epoch = (uint32_t)read_varint_max(&in, UINT32_MAX);
    out->made_ms = read_zigzag(&in);
    out->by = read_sized(&in);
    out->reason = read_sized(&in);
    out->masked = flag_read(&in);
    out->selection = read_u8(&in);
    if (out->selection < AUDIT_RECORDS || out->selection > AUDIT_ALL)
        reader_fail(&in);
    out->area_count = (uint32_t)read_varint_max(&in, LIMIT_AREAS);
    out->areas = arena_array(arena, out->area_count, sizeof(*out->areas));
    if (out->areas == NULL)
        return arena_check(arena, "an audit file", err);
    for (uint32_t i = 0; i < out->area_count; i++)
        out->areas[i] = word_read_area(&in, &audience);
    out->county_area = word_read_area(&in, &audience);
    out->succession = read_sized(&in);
    out->record_count = (uint32_t)read_varint_max(&in, AUDIT_PARTS_MAX);
    return reader_check(&in, "the head of an audit file", err);
}
