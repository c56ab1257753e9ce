/* The growing half of buf.h and the slow paths of its integers. */
#include "base/buf.h"

#include "base/words.h"

#define FIRST_BYTES 64u

int view_compare(struct view left, struct view right) {
    size_t common = left.size < right.size ? left.size : right.size;
    int order = common == 0 ? 0 : memcmp(left.data, right.data, common);

    if (order != 0)
        return order;
    return left.size < right.size ? -1 : left.size > right.size;
}

struct view view_slice(struct view view, size_t at, size_t size) {
    if (at > view.size)
        at = view.size;
    if (size > view.size - at)
        size = view.size - at;
    return view_of(view.data == NULL ? NULL : view.data + at, size);
}

void buf_init(struct buf *buf, size_t cap_bytes) {
    *buf = (struct buf){.cap_bytes = cap_bytes};
}

void buf_init_on(struct buf *buf, void *memory, size_t size) {
    *buf = (struct buf){.data = memory, .capacity = size, .cap_bytes = size, .lent = true};
}

void buf_release(struct buf *buf) {
    if (buf->lent) {
        buf_init_on(buf, buf->data, buf->capacity);
        return;
    }
    free(buf->data);
    buf_init(buf, buf->cap_bytes);
}

void buf_clear(struct buf *buf) {
    buf->size = 0;
    buf->failed = RC_OK;
}

/* Room for extra bytes behind the contents, the cap not considered. */
static bool grow(struct buf *buf, size_t extra) {
    size_t room = buf->capacity == 0 ? FIRST_BYTES : buf->capacity;
    uint8_t *data;

    if (buf->data != NULL && extra <= buf->capacity - buf->size)
        return true;
    if (buf->lent || extra > SIZE_MAX / 2 - buf->size) {
        buf->failed = buf->lent ? RC_LIMIT : RC_NO_MEMORY;
        return false;
    }
    while (room < buf->size + extra)
        room *= 2;
    data = realloc(buf->data, room);
    if (data == NULL) {
        buf->failed = RC_NO_MEMORY;
        return false;
    }
    buf->data = data;
    buf->capacity = room;
    return true;
}

uint8_t *buf_reserve(struct buf *buf, size_t extra) {
    if (buf->failed != RC_OK)
        return NULL;
    if (extra > buf->cap_bytes - buf->size) {
        buf->failed = RC_LIMIT;
        return NULL;
    }
    return grow(buf, extra) ? buf->data + buf->size : NULL;
}

void buf_add(struct buf *buf, const void *data, size_t size) {
    uint8_t *room = buf_reserve(buf, size);

    if (room == NULL || size == 0)
        return;
    memcpy(room, data, size);
    buf->size += size;
}

void buf_add_view(struct buf *buf, struct view view) {
    buf_add(buf, view.data, view.size);
}

void buf_add_text(struct buf *buf, const char *text) {
    buf_add(buf, text, strlen(text));
}

void buf_addf(struct buf *buf, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    buf_addv(buf, format, arguments);
    va_end(arguments);
}

void buf_addv(struct buf *buf, const char *format, va_list arguments) {
    va_list again;
    int length;

    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) {
        buf->failed = RC_NO_MEMORY; /* the only way our formats can fail */
        return;
    }
    /* The terminator that vsnprintf writes is not contents: it may stand beyond the cap. */
    if (buf_reserve(buf, (size_t)length) == NULL || !grow(buf, (size_t)length + 1))
        return;
    vsnprintf((char *)buf->data + buf->size, (size_t)length + 1, format, arguments);
    buf->size += (size_t)length;
}

void buf_add_u8_slow(struct buf *buf, uint8_t value) {
    buf_add(buf, &value, 1);
}

void buf_add_varint_slow(struct buf *buf, uint64_t value) {
    uint8_t bytes[VARINT_BYTES_MAX];

    buf_add(buf, bytes, varint_put(bytes, value));
}

void buf_add_le32(struct buf *buf, uint32_t value) {
    uint8_t bytes[4];
    unsigned index;

    for (index = 0; index < 4; index++)
        bytes[index] = (uint8_t)(value >> (8 * index));
    buf_add(buf, bytes, sizeof(bytes));
}

void buf_add_le64(struct buf *buf, uint64_t value) {
    uint8_t bytes[8];
    unsigned index;

    for (index = 0; index < 8; index++)
        bytes[index] = (uint8_t)(value >> (8 * index));
    buf_add(buf, bytes, sizeof(bytes));
}

void buf_add_sized(struct buf *buf, struct view view) {
    buf_add_varint(buf, view.size);
    buf_add_view(buf, view);
}

const char *buf_text(struct buf *buf) {
    if (!grow(buf, 1))
        return "";
    buf->data[buf->size] = '\0';
    return (const char *)buf->data;
}

enum rc buf_check(const struct buf *buf, const char *what, struct err *err) {
    if (buf->failed == RC_LIMIT)
        return err_set(err, RC_LIMIT, "%s: larger than the limit of %zu bytes",
                       words(err->lang, what), buf->cap_bytes);
    if (buf->failed != RC_OK)
        return err_set(err, buf->failed, "%s: out of memory", words(err->lang, what));
    return RC_OK;
}

uint8_t *buf_take(struct buf *buf, size_t *size) {
    uint8_t *data = buf->data;

    *size = buf->size;
    if (buf->failed != RC_OK) {
        free(data);
        data = NULL;
        *size = 0;
    }
    buf_init(buf, buf->cap_bytes);
    return data;
}

uint64_t read_varint_slow(struct reader *reader) {
    uint64_t value = 0;
    unsigned shift;

    for (shift = 0; shift < 64 && reader->at < reader->size; shift += 7) {
        uint8_t byte = reader->data[reader->at++];

        /* The tenth byte holds bit 63 alone. */
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            if (byte == 0 && shift > 0)
                break;
            return value;
        }
    }
    reader_fail(reader);
    return 0;
}

uint32_t read_le32(struct reader *reader) {
    struct view bytes = read_bytes(reader, 4);
    uint32_t value = 0;
    size_t index;

    for (index = bytes.size; index-- > 0;)
        value = value << 8 | bytes.data[index];
    return value;
}

uint64_t read_le64(struct reader *reader) {
    struct view bytes = read_bytes(reader, 8);
    uint64_t value = 0;
    size_t index;

    for (index = bytes.size; index-- > 0;)
        value = value << 8 | bytes.data[index];
    return value;
}

enum rc reader_check(const struct reader *reader, const char *what, struct err *err) {
    if (reader->failed)
        return err_set(err, RC_CORRUPT, "%s: truncated or malformed", words(err->lang, what));
    if (reader->at != reader->size)
        return err_set(err, RC_CORRUPT, "%s: %zu bytes too many at the end", words(err->lang, what),
                       reader->size - reader->at);
    return RC_OK;
}
