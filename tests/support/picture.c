/* picture.c: see picture.h. No more of each format than what schema/attachment.c looks at. */
#include "tests/support/picture.h"

/* The scan has no FF, so that it ends where it should. */
void picture_jpeg(struct buf *out, size_t size, uint32_t seed) {
    static const uint8_t head[] = {0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1,  2, /* a segment */
                                   0xFF, 0xC0, 0,    11,   8, 0, 16, 0, 16, 1,  1, 0x11,
                                   0,    0xFF, 0xDA, 0,    8, 1, 1,  0, 0,  63, 0};
    static const uint8_t end[] = {0xFF, 0xD9};
    uint32_t state = seed * 2654435761u + 12345u;

    buf_add(out, head, sizeof(head));
    for (size_t i = sizeof(head) + sizeof(end); i < size; i++) {
        state = state * 1664525u + 1013904223u;
        buf_add_u8(out, (uint8_t)((state >> 24) % 255u));
    }
    buf_add(out, end, sizeof(end));
}

static void big32(struct buf *out, uint32_t value) {
    for (unsigned i = 0; i < 4; i++)
        buf_add_u8(out, (uint8_t)(value >> (24 - 8 * i)));
}

static void chunk(struct buf *out, const char *name, const char *content, uint32_t size) {
    big32(out, size);
    buf_add_text(out, name);
    buf_add(out, content, size);
    big32(out, 0);
}

void picture_png(struct buf *out) {
    buf_add(out, "\x89PNG\r\n\x1A\n", 8);
    chunk(out, "IHDR", "\0\0\0\1\0\0\0\1\x08\0\0\0\0", 13);
    chunk(out, "IDAT", "12345", 5);
    chunk(out, "IEND", "", 0);
}

static void riff(struct buf *out, const char *form, const char *name) {
    buf_add_text(out, "RIFF");
    buf_add_le32(out, 4 + 8 + 6);
    buf_add_text(out, form);
    buf_add_text(out, name);
    buf_add_le32(out, 5);
    buf_add(out, "12345\0", 6);
}

void picture_webp(struct buf *out) {
    riff(out, "WEBP", "VP8X");
}

void picture_wav(struct buf *out) {
    riff(out, "WAVE", "data");
}

static void box(struct buf *out, const char *name, const char *content) {
    big32(out, (uint32_t)(8 + strlen(content)));
    buf_add_text(out, name);
    buf_add_text(out, content);
}

void picture_m4a(struct buf *out) {
    box(out, "ftyp", "M4A 1234");
    box(out, "moov", "here");
    box(out, "mdat", "there");
}

void picture_ogg(struct buf *out) {
    static const uint8_t head[27] = {'O', 'g', 'g', 'S', [26] = 2};

    buf_add(out, head, sizeof(head));
    buf_add(out, "\2\3", 2);
    buf_add(out, "12345", 5);
}

/* A head, and a segment of known size with tracks and a cluster of unknown size. */
void picture_webm(struct buf *out) {
    buf_add(out,
            "\x1A\x45\xDF\xA3\x84"
            "webm",
            9);
    buf_add(out, "\x18\x53\x80\x67\x99", 5);
    buf_add(out,
            "\x16\x54\xAE\x6B\x83"
            "opu",
            8);
    buf_add(out, "\x1F\x43\xB6\x75\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 12);
    buf_add(out,
            "\xA3\x83"
            "abc",
            5);
}

void picture_pdf(struct buf *out) {
    buf_add_text(out, "%PDF-1.4\n1 0 obj\nendobj\n%%EOF\n");
}
