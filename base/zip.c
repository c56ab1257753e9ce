/* zlib is fed and emptied in bounded steps, because it counts in unsigned int and because memory
 * must follow what really comes out. */
#include "base/zip.h"

#define ZLIB_CONST /* input pointers are const */
#include <zlib.h>

#define FIRST_STEP_BYTES 1024u
#define STEP_BYTES_MAX   (1024u * 1024u)

struct zip_inflater {
    z_stream stream;
};

struct zip_deflater {
    z_stream stream;
};

enum rc zip_inflater_new(struct zip_inflater **inflater, struct err *err) {
    struct zip_inflater *made = calloc(1, sizeof(*made));

    *inflater = NULL;
    if (made == NULL || inflateInit(&made->stream) != Z_OK) {
        free(made);
        return err_set(err, RC_NO_MEMORY, "%s: out of memory", "zlib");
    }
    *inflater = made;
    return RC_OK;
}

void zip_inflater_free(struct zip_inflater *inflater) {
    if (inflater == NULL)
        return;
    inflateEnd(&inflater->stream);
    free(inflater);
}

enum rc zip_deflater_new(int level, struct zip_deflater **deflater, struct err *err) {
    struct zip_deflater *made = calloc(1, sizeof(*made));

    *deflater = NULL;
    if (made == NULL || deflateInit(&made->stream, level) != Z_OK) {
        free(made);
        return err_set(err, RC_NO_MEMORY, "%s: out of memory", "zlib");
    }
    *deflater = made;
    return RC_OK;
}

void zip_deflater_free(struct zip_deflater *deflater) {
    if (deflater == NULL)
        return;
    deflateEnd(&deflater->stream);
    free(deflater);
}

/* zlib counts in unsigned int: a piece may be longer, so it is fed bit by bit. */
static void feed(z_stream *stream, struct view *left) {
    uInt step = left->size > STEP_BYTES_MAX ? STEP_BYTES_MAX : (uInt)left->size;

    stream->next_in = left->data;
    stream->avail_in = step;
    left->data = left->data == NULL ? NULL : left->data + step;
    left->size -= step;
}

static enum rc corrupt(struct zip_inflater *inflater, struct err *err) {
    err_set(err, RC_CORRUPT, "compressed data is damaged");
    return err_detail(err, "%s", inflater->stream.msg == NULL ? "" : inflater->stream.msg);
}

/* Inflates until the stream's end; at most max bytes come out. Room grows with what has come out:
 * a kilobyte at first, then as much again as there is already. */
static enum rc inflate_all(struct zip_inflater *inflater, struct view packed, size_t max,
                           struct buf *out, struct err *err) {
    z_stream *stream = &inflater->stream;
    size_t start = out->size;
    int state = Z_OK;

    stream->avail_in = 0;
    while (state != Z_STREAM_END) {
        size_t done = out->size - start;
        size_t step = done < FIRST_STEP_BYTES ? FIRST_STEP_BYTES : done;
        uint8_t *room;
        uint8_t beyond;

        if (stream->avail_in == 0) {
            if (packed.size == 0)
                return err_set(err, RC_CORRUPT, "compressed data ends too early");
            feed(stream, &packed);
        }
        if (step > STEP_BYTES_MAX)
            step = STEP_BYTES_MAX;
        if (step > max - done)
            step = max - done;
        /* With the room used up, one byte more tells a full stream from one that is too long. */
        room = step > 0 ? buf_reserve(out, step) : &beyond;
        if (room == NULL)
            return buf_check(out, "compressed data", err);
        stream->next_out = room;
        stream->avail_out = step > 0 ? (uInt)step : 1;
        state = inflate(stream, Z_NO_FLUSH);
        if (step > 0)
            out->size += step - stream->avail_out;
        else if (stream->avail_out == 0)
            return err_set(err, RC_LIMIT,
                           "compressed data unpacks to more than the limit of %zu bytes", max);
        if (state == Z_MEM_ERROR)
            return err_set(err, RC_NO_MEMORY, "%s: out of memory", "zlib");
        /* Z_BUF_ERROR only says that this step could not move; more input or room follows. */
        if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR)
            return corrupt(inflater, err);
    }
    if (stream->avail_in > 0 || packed.size > 0)
        return err_set(err, RC_CORRUPT, "compressed data has bytes behind its end");
    return RC_OK;
}

enum rc zip_inflater_run(struct zip_inflater *inflater, struct view packed, size_t max_bytes,
                         size_t exact_bytes, struct buf *out, struct err *err) {
    size_t start = out->size;
    enum rc rc;

    if (out->failed != RC_OK)
        return buf_check(out, "compressed data", err);
    if (max_bytes > out->cap_bytes - start)
        max_bytes = out->cap_bytes - start;
    if (exact_bytes > max_bytes)
        return err_set(err, RC_LIMIT, "compressed data unpacks to more than the limit of %zu bytes",
                       max_bytes);
    if (exact_bytes > 0)
        max_bytes = exact_bytes;
    if (inflateReset(&inflater->stream) != Z_OK)
        return corrupt(inflater, err);
    rc = inflate_all(inflater, packed, max_bytes, out, err);
    if (exact_bytes > 0 && (rc == RC_LIMIT || (rc == RC_OK && out->size - start != exact_bytes)))
        rc = err_set(err, RC_CORRUPT, "compressed data does not unpack to its stated %zu bytes",
                     exact_bytes);
    if (rc != RC_OK)
        out->size = start;
    return rc;
}

/* Pushes one piece, then flushes. */
static enum rc deflate_piece(struct zip_deflater *deflater, struct view piece, int flush,
                             struct buf *out, struct err *err) {
    z_stream *stream = &deflater->stream;
    bool more = true;

    while (more) {
        int mode;

        feed(stream, &piece);
        mode = piece.size > 0 ? Z_NO_FLUSH : flush;
        /* Room left over means that zlib has nothing more to give for this input. */
        do {
            size_t step = piece.size / 2 + stream->avail_in / 2 + FIRST_STEP_BYTES;
            uint8_t *room;
            int state;

            /* The cap may be nearer than a comfortable step. */
            if (step > out->cap_bytes - out->size && out->cap_bytes > out->size)
                step = out->cap_bytes - out->size;
            if (step > STEP_BYTES_MAX)
                step = STEP_BYTES_MAX;
            room = buf_reserve(out, step);
            if (room == NULL)
                return buf_check(out, "compressed data", err);
            stream->next_out = room;
            stream->avail_out = (uInt)step;
            state = deflate(stream, mode);
            out->size += step - stream->avail_out;
            if (state == Z_STREAM_END)
                return RC_OK;
            if (state != Z_OK && state != Z_BUF_ERROR)
                return err_set(err, RC_NO_MEMORY, "%s: out of memory", "zlib");
        } while (stream->avail_out == 0 || stream->avail_in > 0);
        more = piece.size > 0;
    }
    return RC_OK;
}

enum rc zip_deflater_run(struct zip_deflater *deflater, const struct view *pieces, size_t count,
                         bool flush_between, struct buf *out, struct err *err) {
    enum rc rc = RC_OK;
    size_t index;

    if (out->failed != RC_OK)
        return buf_check(out, "compressed data", err);
    if (deflateReset(&deflater->stream) != Z_OK)
        return err_set(err, RC_NO_MEMORY, "%s: out of memory", "zlib");
    for (index = 0; index < count && rc == RC_OK; index++) {
        bool last = index + 1 == count;

        /* Z_BLOCK with nothing new would end an empty block. */
        if (pieces[index].size == 0)
            continue;
        rc = deflate_piece(deflater, pieces[index], flush_between && !last ? Z_BLOCK : Z_NO_FLUSH,
                           out, err);
    }
    if (rc == RC_OK)
        rc = deflate_piece(deflater, (struct view){0}, Z_FINISH, out, err);
    return rc;
}

enum rc zip_inflate(struct view packed, size_t max_bytes, size_t exact_bytes, struct buf *out,
                    struct err *err) {
    struct zip_inflater *inflater;
    enum rc rc = zip_inflater_new(&inflater, err);

    if (rc == RC_OK)
        rc = zip_inflater_run(inflater, packed, max_bytes, exact_bytes, out, err);
    zip_inflater_free(inflater);
    return rc;
}

enum rc zip_deflate_pieces(const struct view *pieces, size_t count, int level, bool flush_between,
                           struct buf *out, struct err *err) {
    struct zip_deflater *deflater;
    enum rc rc = zip_deflater_new(level, &deflater, err);

    if (rc == RC_OK)
        rc = zip_deflater_run(deflater, pieces, count, flush_between, out, err);
    zip_deflater_free(deflater);
    return rc;
}

enum rc zip_deflate(struct view plain, int level, struct buf *out, struct err *err) {
    return zip_deflate_pieces(&plain, 1, level, false, out, err);
}
