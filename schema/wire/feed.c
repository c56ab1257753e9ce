/* feed.c: entries of a feed: their bytes, their digests, their chain.
 *
 * BODY, as stored and behind area and position in PART_ENTRY:
 *   kind       1 byte: the low 4 bits enum entry_kind; 128: forks follow; 64: mask follows
 *   received   signed (zigzag varint), milliseconds
 *   offset     signed
 *   forks      if 128: lineage (lineage.h)
 *   mask       if 64: varint size, bytes: bit i of byte i / 8 (lowest first): change i is admitted
 *   content    to the end
 *
 * Digests are over leaves, not over bytes: a frame that is cut anew, or whose content is erased by
 * law, digests as before; so does a record's entry that has lost some of its state, because it
 * carries the hash of what it was. exchange.h says over what. */
#include "base/crypt.h"
#include "schema/wire/exchange.h"
#include "schema/wire/word.h"

enum body_bit { BODY_KIND = 15, BODY_MASK = 64, BODY_FORKS = 128 };

#define ENTRY_HEAD_BYTES_MAX (128u + LIMIT_LINEAGE * 25u)
#define MASK_BYTES_MAX       (LIMIT_FRAME_CHANGES / 8)

static void add_head(struct buf *out, const struct feed_entry *entry) {
    unsigned kind = entry->kind | (entry->forks.size > 0 ? BODY_FORKS : 0u) |
                    (entry->mask.size > 0 ? BODY_MASK : 0u);

    buf_add_u8(out, (uint8_t)kind);
    buf_add_zigzag(out, entry->received_ms);
    buf_add_zigzag(out, entry->offset_ms);
    buf_add_view(out, entry->forks);
    if (entry->mask.size > 0)
        buf_add_sized(out, entry->mask);
}

void feed_entry_body(struct buf *out, const struct feed_entry *entry) {
    add_head(out, entry);
    buf_add_view(out, entry->content);
}

enum rc feed_entry_body_decode(struct view body, struct feed_entry *out, struct err *err) {
    struct reader in;
    unsigned kind;

    reader_init(&in, body);
    kind = read_u8(&in);
    out->kind = kind & BODY_KIND;
    if ((kind & ~(unsigned)(BODY_KIND | BODY_FORKS | BODY_MASK)) != 0)
        return err_set(err, RC_UNSUPPORTED, "feed entry: of a newer format; update this program");
    out->received_ms = read_zigzag(&in);
    out->offset_ms = read_zigzag(&in);
    out->forks = (struct view){0};
    if ((kind & BODY_FORKS) != 0)
        out->forks = lineage_skip(&in);
    out->mask = (struct view){0};
    if ((kind & BODY_MASK) != 0)
        out->mask = read_bytes(&in, read_varint_max(&in, MASK_BYTES_MAX));
    if ((kind & BODY_MASK) != 0 && out->mask.size == 0)
        reader_fail(&in);
    out->content = read_bytes(&in, read_left(&in));
    return reader_check(&in, "feed entry", err);
}

void exchange_add_entry(struct buf *out, const struct feed_entry *entry) {
    struct buf head;

    buf_init(&head, ENTRY_HEAD_BYTES_MAX + MASK_BYTES_MAX);
    word_add_area(&head, entry->area, entry->audience);
    buf_add_varint(&head, entry->position);
    add_head(&head, entry);
    if (head.failed != RC_OK) {
        out->failed = out->failed == RC_OK ? head.failed : out->failed;
    } else {
        buf_add_u8(out, PART_ENTRY);
        buf_add_varint(out, head.size + entry->content.size);
        buf_add_view(out, buf_view(&head));
        buf_add_view(out, entry->content);
    }
    buf_release(&head);
}

enum rc exchange_read_entry(struct view content, struct feed_entry *out, struct err *err) {
    struct reader in;

    memset(out, 0, sizeof(*out));
    reader_init(&in, content);
    out->area = word_read_area(&in, &out->audience);
    out->position = read_varint_max(&in, LIMIT_NUMBER);
    if (in.failed)
        return reader_check(&in, "feed entry", err);
    return feed_entry_body_decode(view_of(in.data + in.at, read_left(&in)), out, err);
}

bool feed_entry_admits(const struct feed_entry *entry, uint32_t i) {
    if (entry->mask.size == 0)
        return true;
    return i / 8 < entry->mask.size && (entry->mask.data[i / 8] >> i % 8 & 1) != 0;
}

int64_t feed_entry_time(const struct feed_entry *entry, int64_t wall_ms) {
    int64_t time;

    /* Clocks come from anywhere: what does not even fit is later than anything. */
    if (__builtin_add_overflow(wall_ms, entry->offset_ms, &time))
        return wall_ms < 0 ? INT64_MIN : entry->received_ms;
    return time < entry->received_ms ? time : entry->received_ms;
}

/* ---- entries about one record ---- */

void feed_record_add(struct buf *out, struct view front, struct dot record, struct view rest) {
    buf_add_view(out, front);
    buf_add_id(out, record.actor);
    buf_add_varint(out, record.number);
    buf_add_view(out, rest);
}

enum rc feed_record_read(const struct feed_entry *entry, struct dot *record, struct view *rest,
                         struct err *err) {
    struct reader in;

    reader_init(&in, entry->content);
    if (entry->kind == FEED_ENTER)
        (void)read_bytes(&in, FEED_SALT_BYTES);
    else if (entry->kind == FEED_ERASED)
        (void)read_bytes(&in, CRYPT_HASH_BYTES);
    record->actor = read_id(&in);
    record->number = read_varint_max(&in, LIMIT_NUMBER);
    *rest = read_bytes(&in, read_left(&in));
    if (record->actor == 0 || record->number == 0)
        reader_fail(&in);
    return reader_check(&in, "feed entry", err);
}

enum rc feed_entered_hash(const struct feed_entry *entry, uint8_t out[32], struct err *err) {
    if (entry->kind == FEED_ENTER) {
        crypt_hash("yg content", entry->content, out);
        return RC_OK;
    }
    if (entry->kind != FEED_ERASED || entry->content.size < CRYPT_HASH_BYTES)
        return err_set(err, RC_CORRUPT, "a feed entry is damaged; sync again");
    memcpy(out, entry->content.data, CRYPT_HASH_BYTES);
    return RC_OK;
}

/* ---- digests and the chain ---- */

static void hash_varint(struct crypt_hasher *hasher, uint64_t value) {
    uint8_t bytes[VARINT_BYTES_MAX];

    crypt_hasher_add(hasher, bytes, varint_put(bytes, value));
}

static void hash_id(struct crypt_hasher *hasher, uint64_t id) {
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(id >> (56 - 8 * i));
    crypt_hasher_add(hasher, bytes, sizeof(bytes));
}

void feed_entry_digest(const struct feed_entry *entry, const struct frame *frame, uint8_t out[32]) {
    bool is_frame = entry->kind == FEED_FRAME || entry->kind == FEED_OWN;
    struct crypt_hasher hasher;
    uint8_t content[CRYPT_HASH_BYTES];

    crypt_hasher_init(&hasher, "yg entry");
    hash_varint(&hasher, is_frame                     ? FEED_FRAME
                         : entry->kind == FEED_ERASED ? FEED_ENTER
                                                      : entry->kind);
    hash_varint(&hasher, zigzag_fold(entry->received_ms));
    hash_varint(&hasher, zigzag_fold(entry->offset_ms));
    if (entry->forks.size > 0)
        crypt_hasher_add(&hasher, entry->forks.data, entry->forks.size);
    else
        hash_varint(&hasher, 0);
    if (is_frame && frame != NULL) {
        hash_id(&hasher, frame->actor);
        for (uint32_t i = 0; i < frame->count; i++) {
            if (!feed_entry_admits(entry, i))
                continue;
            hash_varint(&hasher, frame->changes[i].change.dot.number);
            crypt_hasher_add(&hasher, frame->changes[i].leaf, sizeof(frame->changes[i].leaf));
        }
    } else if (entry->kind == FEED_ERASED && entry->content.size >= sizeof(content)) {
        crypt_hasher_add(&hasher, entry->content.data, sizeof(content));
    } else {
        crypt_hash("yg content", entry->content, content);
        crypt_hasher_add(&hasher, content, sizeof(content));
    }
    crypt_hasher_end(&hasher, out);
}

void feed_chain_next(const uint8_t previous[32], const uint8_t digest[32], uint8_t out[32]) {
    const struct view pieces[2] = {view_of(previous, 32), view_of(digest, 32)};

    crypt_hash_pieces("yg feed", pieces, 2, out);
}
