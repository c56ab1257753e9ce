/* buf.h: bytes. A view looks at bytes of somebody else, a buf grows and owns its bytes, a reader
 * walks over bytes that came from outside.
 *
 * Failure is sticky in both directions, so that encoders and decoders read like a list of fields:
 * the adders of a buf return nothing and remember in `failed` that the cap or the memory ran out
 * (the contents are then unspecified); buf_check reports it once at the end. The getters of a
 * reader return 0 or an empty view after the first failure; read_done reports it.
 *
 * Integers are varints: 7 bits a byte, lowest first, the high bit says that more follows (LEB128).
 * There is exactly one encoding of a number: a reader refuses a last byte of zero in a longer
 * varint, and more than 64 bits. Signed numbers are folded first (zigzag: 0 -1 1 -2 2 ...). */
#ifndef YG_BASE_BUF_H
#define YG_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Bytes owned by somebody else. data may be NULL when size is 0. Not terminated. */
struct view {
    const uint8_t *data;
    size_t size;
};

/* For printf: printf("%.*s", VIEW_PRINT(view)). Views longer than INT_MAX must not be printed. */
#define VIEW_PRINT(view) ((int)(view).size), ((const char *)(view).data)

static inline struct view view_of(const void *data, size_t size) {
    return (struct view){.data = data, .size = size};
}

/* The text without its terminator. NULL gives an empty view. */
static inline struct view view_text(const char *text) {
    return (struct view){.data = (const uint8_t *)text, .size = text == NULL ? 0 : strlen(text)};
}

static inline bool view_equal(struct view left, struct view right) {
    return left.size == right.size &&
           (left.size == 0 || memcmp(left.data, right.data, left.size) == 0);
}

static inline bool view_is(struct view left, const char *text) {
    return view_equal(left, view_text(text));
}

/* <0, 0, >0 by unsigned bytes, a prefix before the longer one. */
int view_compare(struct view left, struct view right);

/* At most size bytes from offset at; both are clamped to what is there. */
struct view view_slice(struct view view, size_t at, size_t size);

/* ---- growable bytes ---- */

#define VARINT_BYTES_MAX 10u

struct buf {
    uint8_t *data;    /* NULL until the first byte */
    size_t size;      /* bytes in use */
    size_t capacity;  /* bytes allocated */
    size_t cap_bytes; /* the limit given at init; size never exceeds it */
    enum rc failed;   /* RC_OK, RC_LIMIT or RC_NO_MEMORY; sticky until buf_clear */
    bool lent;        /* buf_init_on: the bytes are the caller's */
};

/* Empty, nothing allocated. cap_bytes is the largest size that the contents may reach. */
void buf_init(struct buf *buf, size_t cap_bytes);

/* The same on memory of the caller, which must outlive it: for what has a small, known size, such
 * as what a hash or a seal is made over. It never asks for memory, so it cannot fail while there is
 * room. Not for buf_take. */
void buf_init_on(struct buf *buf, void *memory, size_t size);

/* Frees the bytes; the buf is then as after buf_init. Safe to call twice. */
void buf_release(struct buf *buf);

/* Forgets contents and failure, keeps the memory for the next use. */
void buf_clear(struct buf *buf);

/* Makes room for extra more bytes and returns where they go (data + size), or NULL after setting
 * failed. The caller writes at most extra bytes there and then adds what he wrote to buf->size. */
uint8_t *buf_reserve(struct buf *buf, size_t extra);

void buf_add(struct buf *buf, const void *data, size_t size);
void buf_add_view(struct buf *buf, struct view view);
void buf_add_text(struct buf *buf, const char *text); /* without its terminator */
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_addv(struct buf *buf, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
void buf_add_u8_slow(struct buf *buf, uint8_t value);
void buf_add_varint_slow(struct buf *buf, uint64_t value);
void buf_add_le32(struct buf *buf, uint32_t value);
void buf_add_le64(struct buf *buf, uint64_t value);

/* A varint of the size, then the bytes. */
void buf_add_sized(struct buf *buf, struct view view);

/* Contents as a view; valid until the next change of the buf. */
static inline struct view buf_view(const struct buf *buf) {
    return (struct view){.data = buf->data, .size = buf->size};
}

/* Contents as a terminated text (the terminator is not counted in size and not under the cap).
 * Valid until the next change. Never NULL: "" when there was no memory, which sets failed. */
const char *buf_text(struct buf *buf);

/* RC_OK, or the sticky failure with a message that names what ("the batch") and the cap. */
enum rc buf_check(const struct buf *buf, const char *what, struct err *err);

/* Gives the bytes away: the caller frees them with free(). The buf is then empty with its cap. Not
 * terminated. NULL if nothing was ever added or the buf has failed (then the bytes are freed). */
uint8_t *buf_take(struct buf *buf, size_t *size);

static inline void buf_add_u8(struct buf *buf, uint8_t value) {
    if (buf->size < buf->capacity && buf->size < buf->cap_bytes)
        buf->data[buf->size++] = value;
    else
        buf_add_u8_slow(buf, value);
}

/* Writes value at out, which has room for VARINT_BYTES_MAX bytes; returns the bytes written. */
static inline size_t varint_put(uint8_t *out, uint64_t value) {
    size_t size = 0;

    while (value >= 0x80) {
        out[size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[size++] = (uint8_t)value;
    return size;
}

/* The bytes that varint_put would write. */
static inline size_t varint_size(uint64_t value) {
    size_t size = 1;

    while (value >= 0x80) {
        value >>= 7;
        size++;
    }
    return size;
}

static inline void buf_add_varint(struct buf *buf, uint64_t value) {
    if (value < 0x80)
        buf_add_u8(buf, (uint8_t)value);
    else if (buf->capacity - buf->size >= VARINT_BYTES_MAX &&
             buf->cap_bytes - buf->size >= VARINT_BYTES_MAX)
        buf->size += varint_put(buf->data + buf->size, value);
    else
        buf_add_varint_slow(buf, value);
}

static inline uint64_t zigzag_fold(int64_t value) {
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t zigzag_unfold(uint64_t folded) {
    uint64_t bits = (folded >> 1) ^ ((folded & 1) != 0 ? UINT64_MAX : 0);
    int64_t value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

static inline void buf_add_zigzag(struct buf *buf, int64_t value) {
    buf_add_varint(buf, zigzag_fold(value));
}

/* ---- bounded reading ---- */

struct reader {
    const uint8_t *data;
    size_t size;
    size_t at; /* equals size after a failure, so that every later read fails too */
    bool failed;
};

static inline void reader_init(struct reader *reader, struct view view) {
    *reader = (struct reader){.data = view.data, .size = view.size};
}

/* Makes the reader fail from now on; for callers that find a value to be nonsense. */
static inline void reader_fail(struct reader *reader) {
    reader->at = reader->size;
    reader->failed = true;
}

static inline size_t read_left(const struct reader *reader) {
    return reader->size - reader->at;
}

/* True if nothing failed and every byte was read. */
static inline bool read_done(const struct reader *reader) {
    return !reader->failed && reader->at == reader->size;
}

static inline uint8_t read_u8(struct reader *reader) {
    if (reader->at >= reader->size) {
        reader_fail(reader);
        return 0;
    }
    return reader->data[reader->at++];
}

uint64_t read_varint_slow(struct reader *reader);

static inline uint64_t read_varint(struct reader *reader) {
    if (reader->at < reader->size && reader->data[reader->at] < 0x80)
        return reader->data[reader->at++];
    return read_varint_slow(reader);
}

static inline int64_t read_zigzag(struct reader *reader) {
    return zigzag_unfold(read_varint(reader));
}

/* A varint that must not exceed max; more is a failure. For counts and sizes. */
static inline uint64_t read_varint_max(struct reader *reader, uint64_t max) {
    uint64_t value = read_varint(reader);

    if (value > max) {
        reader_fail(reader);
        return 0;
    }
    return value;
}

uint32_t read_le32(struct reader *reader);
uint64_t read_le64(struct reader *reader);

/* The next size bytes, in place. Fewer left: a failure and an empty view. */
static inline struct view read_bytes(struct reader *reader, uint64_t size) {
    struct view view = {0};

    if (size > reader->size - reader->at) {
        reader_fail(reader);
        return view;
    }
    if (size == 0) /* also of a reader over nothing, whose data is NULL */
        return view;
    view = view_of(reader->data + reader->at, (size_t)size);
    reader->at += (size_t)size;
    return view;
}

/* The counterpart of buf_add_sized. */
static inline struct view read_sized(struct reader *reader) {
    return read_bytes(reader, read_varint(reader));
}

/* RC_OK if read_done, else RC_CORRUPT with a message that names what was read. */
enum rc reader_check(const struct reader *reader, const char *what, struct err *err);

#endif
