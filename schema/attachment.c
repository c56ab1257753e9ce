/* attachment.c: see attachment.h.
 *
 *   JPEG   FFD8, then segments (FF, marker, size, content) with a frame header (C0 to CF but C4,
 *          C8, CC) of a width and height, up to a scan (DA); behind it an end (FFD9). Cameras put
 *          other things behind the end
 *   PNG    89 "PNG" 0D 0A 1A 0A, then chunks (size, name, content, check), IHDR first, IEND last
 *   WebP, WAV   "RIFF", size, "WEBP" or "WAVE", then chunks (name, size, content, even)
 *   M4A    boxes (size, name, content), "ftyp" first, with "moov" and "mdat"
 *   Ogg    pages "OggS", each with a table of its sizes, up to the end
 *   WebM   EBML elements (id, size, content): 1A45DFA3, then a segment (18538067) with tracks
 *          (1654AE6B) and clusters (1F43B675); recorders leave the size of these two open, and then
 *          what is in them follows
 *   PDF    "%PDF-" and, near the end, "%%EOF"
 *   GIF    "GIF87a" or "GIF89a", and 3B at the end
 *   MP3    frames (FF, then three bits), maybe behind a tag ("ID3", 3 bytes, size in 4 times
 *          7 bits)
 */
#include "schema/attachment.h"

#include <string.h>

#define PDF_TAIL_BYTES 2048u

const char *attachment_media_type(uint8_t kind) {
    static const char *const types[] = {
        [ATTACHMENT_OTHER] = "application/octet-stream",
        [ATTACHMENT_JPEG] = "image/jpeg",
        [ATTACHMENT_PNG] = "image/png",
        [ATTACHMENT_WEBP] = "image/webp",
        [ATTACHMENT_M4A] = "audio/mp4",
        [ATTACHMENT_OGG] = "audio/ogg",
        [ATTACHMENT_WAV] = "audio/wav",
        [ATTACHMENT_PDF] = "application/pdf",
        [ATTACHMENT_WEBM] = "audio/webm",
        [ATTACHMENT_GIF] = "image/gif",
        [ATTACHMENT_MP3] = "audio/mpeg",
    };

    return types[kind <= ATTACHMENT_KIND_LAST ? kind : ATTACHMENT_OTHER];
}

static bool has(struct view content, size_t at, const char *text, size_t size) {
    return content.size >= at && content.size - at >= size &&
           memcmp(content.data + at, text, size) == 0;
}

static bool is_mp3_frame(struct view content, size_t at) {
    return content.size >= 4 && at <= content.size - 4 && content.data[at] == 0xFF &&
           (content.data[at + 1] & 0xE6) == 0xE2 && (content.data[at + 2] & 0xF0) != 0xF0;
}

enum attachment_kind attachment_sniff(struct view content) {
    if (has(content, 0, "\xFF\xD8\xFF", 3))
        return ATTACHMENT_JPEG;
    if (has(content, 0, "\x89PNG\r\n\x1A\n", 8))
        return ATTACHMENT_PNG;
    if (has(content, 0, "RIFF", 4) && has(content, 8, "WEBP", 4))
        return ATTACHMENT_WEBP;
    if (has(content, 0, "RIFF", 4) && has(content, 8, "WAVE", 4))
        return ATTACHMENT_WAV;
    if (has(content, 4, "ftypM4A", 7) || has(content, 4, "ftypmp4", 7) ||
        has(content, 4, "ftypiso", 7) || has(content, 4, "ftyp3gp", 7))
        return ATTACHMENT_M4A;
    if (has(content, 0, "OggS", 4))
        return ATTACHMENT_OGG;
    if (has(content, 0, "%PDF-", 5))
        return ATTACHMENT_PDF;
    if (has(content, 0, "\x1A\x45\xDF\xA3", 4))
        return ATTACHMENT_WEBM;
    if (has(content, 0, "GIF87a", 6) || has(content, 0, "GIF89a", 6))
        return ATTACHMENT_GIF;
    if (has(content, 0, "ID3", 3) || is_mp3_frame(content, 0))
        return ATTACHMENT_MP3;
    return ATTACHMENT_OTHER;
}

/* --- whole? --- */

static uint64_t read_big(struct reader *in, unsigned size) {
    struct view bytes = read_bytes(in, size);
    uint64_t value = 0;

    for (size_t i = 0; i < bytes.size; i++)
        value = value << 8 | bytes.data[i];
    return value;
}

static bool is_frame_header(uint8_t marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

/* The scan's bytes hold no FFD9: there an FF is followed by 00 or a restart mark. */
static bool has_end(struct view left) {
    for (size_t i = 0; i + 1 < left.size; i++)
        if (left.data[i] == 0xFF && left.data[i + 1] == 0xD9)
            return true;
    return false;
}

static bool jpeg_whole(struct view content) {
    bool has_size = false;
    struct reader in;

    reader_init(&in, view_slice(content, 2, content.size));
    while (!in.failed) {
        uint8_t marker = 0;
        struct view segment;
        uint64_t size;

        if (read_u8(&in) != 0xFF)
            return false;
        do
            marker = read_u8(&in);
        while (marker == 0xFF && !in.failed);
        size = read_big(&in, 2);
        segment = read_bytes(&in, size < 2 ? UINT64_MAX : size - 2);
        if (is_frame_header(marker) && segment.size >= 6)
            has_size = (segment.data[1] | segment.data[2]) != 0 &&
                       (segment.data[3] | segment.data[4]) != 0;
        if (marker == 0xDA)
            return has_size &&
                   has_end(view_slice(content, content.size - read_left(&in), content.size));
    }
    return false;
}

static bool png_whole(struct view content) {
    bool first = true;
    struct reader in;

    reader_init(&in, view_slice(content, 8, content.size));
    while (!in.failed && read_left(&in) > 0) {
        uint64_t size = read_big(&in, 4);
        struct view name = read_bytes(&in, 4);

        (void)read_bytes(&in, size);
        (void)read_bytes(&in, 4);
        if (in.failed || (first && (!view_is(name, "IHDR") || size != 13)))
            return false;
        first = false;
        if (view_is(name, "IEND"))
            return true;
    }
    return false;
}

static bool riff_whole(struct view content, const char *wanted, const char *other) {
    bool found = false;
    struct reader in;
    uint32_t size;

    reader_init(&in, view_slice(content, 4, content.size));
    size = read_le32(&in);
    if (in.failed || size < 4 || size > content.size - 8)
        return false;
    reader_init(&in, view_slice(content, 12, (size_t)size - 4));
    while (!in.failed && read_left(&in) >= 8) {
        struct view name = read_bytes(&in, 4);
        uint32_t bytes = read_le32(&in);

        found = found || view_is(name, wanted) || (other != NULL && has(name, 0, other, 3));
        (void)read_bytes(&in, bytes);
        if (bytes % 2 == 1 && read_left(&in) > 0)
            (void)read_u8(&in);
    }
    return found && !in.failed;
}

static bool boxes_whole(struct view content) {
    bool moov = false, mdat = false;
    struct reader in;

    reader_init(&in, content);
    while (!in.failed && read_left(&in) > 0) {
        uint64_t size = read_big(&in, 4), head = 8;
        struct view name = read_bytes(&in, 4);

        if (size == 1) {
            size = read_big(&in, 8);
            head = 16;
        } else if (size == 0) { /* up to the end */
            size = head + read_left(&in);
        }
        if (in.failed || size < head)
            return false;
        moov = moov || view_is(name, "moov");
        mdat = mdat || view_is(name, "mdat");
        (void)read_bytes(&in, size - head);
    }
    return moov && mdat && !in.failed;
}

static bool ogg_whole(struct view content) {
    struct reader in;

    reader_init(&in, content);
    while (!in.failed && read_left(&in) > 0) {
        struct view head = read_bytes(&in, 27), sizes;
        uint64_t sum = 0;

        if (in.failed || !has(head, 0, "OggS", 4))
            return false;
        sizes = read_bytes(&in, head.data[26]);
        for (size_t i = 0; i < sizes.size; i++)
            sum += sizes.data[i];
        (void)read_bytes(&in, sum);
    }
    return !in.failed;
}

#define WEBM_SEGMENT  0x18538067u
#define WEBM_CLUSTER  0x1F43B675u
#define WEBM_TRACKS   0x1654AE6Bu
#define EBML_OPEN     UINT64_MAX /* a size that is not told */
#define EBML_ID_BYTES 4u

/* A number whose first byte tells by its leading zeros how many follow; an id keeps that mark. */
static uint64_t read_ebml(struct reader *in, bool is_id) {
    uint8_t first = read_u8(in);
    unsigned more = 0;
    uint64_t value, ones;

    while (more < 8 && (first & 0x80u >> more) == 0)
        more++;
    if (more == 8 || (is_id && more >= EBML_ID_BYTES)) {
        reader_fail(in);
        return 0;
    }
    value = is_id ? first : first & (0x7Fu >> more);
    ones = 0x7Fu >> more;
    for (unsigned i = 0; i < more; i++) {
        value = value << 8 | read_u8(in);
        ones = ones << 8 | 0xFF;
    }
    return !is_id && value == ones ? EBML_OPEN : value;
}

/* What has a segment or a cluster around it is walked through; all else is passed over whole. */
static bool webm_whole(struct view content) {
    bool segment = false, tracks = false, cluster = false;
    struct reader in;

    reader_init(&in, content);
    while (!in.failed && read_left(&in) > 0) {
        uint64_t id = read_ebml(&in, true), size = read_ebml(&in, false);

        segment = segment || id == WEBM_SEGMENT;
        tracks = tracks || (segment && id == WEBM_TRACKS);
        cluster = cluster || (tracks && id == WEBM_CLUSTER);
        if (id == WEBM_SEGMENT || id == WEBM_CLUSTER) {
            if (size != EBML_OPEN && size > read_left(&in))
                return false;
            continue;
        }
        if (size == EBML_OPEN)
            return false;
        (void)read_bytes(&in, size);
    }
    return cluster && !in.failed;
}

static bool pdf_whole(struct view content) {
    size_t from = content.size > PDF_TAIL_BYTES ? content.size - PDF_TAIL_BYTES : 0;

    for (size_t i = from; i < content.size; i++)
        if (has(content, i, "%%EOF", 5))
            return true;
    return false;
}

static bool gif_whole(struct view content) {
    size_t end = content.size;

    while (end > 0 && content.data[end - 1] == 0)
        end--;
    return end > 13 && content.data[end - 1] == 0x3B;
}

static bool mp3_whole(struct view content) {
    size_t at = 0;

    if (has(content, 0, "ID3", 3)) {
        if (content.size < 10)
            return false;
        for (size_t i = 6; i < 10; i++)
            at = at << 7 | (content.data[i] & 0x7Fu);
        at += 10;
        while (at < content.size && content.data[at] == 0) /* tags are padded */
            at++;
    }
    return is_mp3_frame(content, at);
}

static bool is_whole(struct view content, enum attachment_kind kind) {
    switch (kind) {
    case ATTACHMENT_JPEG:
        return jpeg_whole(content);
    case ATTACHMENT_PNG:
        return png_whole(content);
    case ATTACHMENT_WEBP:
        return riff_whole(content, "VP8 ", "VP8");
    case ATTACHMENT_WAV:
        return riff_whole(content, "data", NULL);
    case ATTACHMENT_M4A:
        return boxes_whole(content);
    case ATTACHMENT_OGG:
        return ogg_whole(content);
    case ATTACHMENT_WEBM:
        return webm_whole(content);
    case ATTACHMENT_PDF:
        return pdf_whole(content);
    case ATTACHMENT_GIF:
        return gif_whole(content);
    case ATTACHMENT_MP3:
        return mp3_whole(content);
    default:
        return true;
    }
}

/* --- fit for its use? --- */

enum attachment_use attachment_use_of(const struct form_field *field) {
    static const char *const images[] = {"image", "photo", "signature"};
    static const char *const sounds[] = {"audio", "background audio", "background-audio"};

    for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++)
        if (view_is(field->xlsform_type, images[i]))
            return ATTACHMENT_FOR_IMAGE;
    for (size_t i = 0; i < sizeof(sounds) / sizeof(sounds[0]); i++)
        if (view_is(field->xlsform_type, sounds[i]))
            return ATTACHMENT_FOR_SOUND;
    return ATTACHMENT_FOR_FILE;
}

uint32_t attachment_bytes_max(enum attachment_use use) {
    return use == ATTACHMENT_FOR_IMAGE ? LIMIT_PHOTO_BYTES : LIMIT_ATTACHMENT_BYTES;
}

static bool is_image(enum attachment_kind kind) {
    return kind >= ATTACHMENT_JPEG && kind <= ATTACHMENT_WEBP;
}

static bool is_sound(enum attachment_kind kind) {
    return (kind >= ATTACHMENT_M4A && kind <= ATTACHMENT_WAV) || kind == ATTACHMENT_WEBM;
}

enum rc attachment_check(struct view content, enum attachment_use use, enum attachment_kind *kind,
                         struct err *err) {
    *kind = attachment_sniff(content);
    if (content.size == 0)
        return err_set(err, RC_INVALID, "the attachment is empty; take it again");
    if (use == ATTACHMENT_FOR_IMAGE && !is_image(*kind))
        return err_set(err, RC_INVALID,
                       "the attachment is no photo, whatever its name says; this question takes "
                       "JPEG, PNG or WebP");
    if (use == ATTACHMENT_FOR_SOUND && !is_sound(*kind))
        return err_set(err, RC_INVALID,
                       "the attachment is no sound, whatever its name says; this question takes "
                       "M4A, Ogg, WAV or WebM");
    if (content.size > attachment_bytes_max(use))
        return err_set(err, RC_LIMIT,
                       "the attachment has %zu bytes, more than the %u allowed here; make it "
                       "smaller",
                       content.size, (unsigned)attachment_bytes_max(use));
    if (!is_whole(content, *kind))
        return err_set(err, RC_INVALID,
                       "the attachment begins as %s and is damaged or cut off; copy it again, or "
                       "take it again",
                       attachment_media_type((uint8_t)*kind));
    return RC_OK;
}

enum rc attachment_check_medium(struct view content, enum attachment_kind *kind, struct err *err) {
    *kind = attachment_sniff(content);
    if (!is_image(*kind) && !is_sound(*kind) && *kind != ATTACHMENT_GIF && *kind != ATTACHMENT_MP3)
        return err_set(err, RC_INVALID,
                       "this is no picture, sound or film, whatever its name says; a form takes "
                       "JPEG, PNG, WebP, GIF, MP3, M4A, Ogg, WAV, MP4 and WebM");
    if (content.size > LIMIT_MEDIUM_BYTES)
        return err_set(err, RC_LIMIT,
                       "it has %zu bytes, more than the %u that a form may show; make it smaller",
                       content.size, LIMIT_MEDIUM_BYTES);
    if (!is_whole(content, *kind))
        return err_set(err, RC_INVALID, "it begins as %s and is damaged or cut off; copy it again",
                       attachment_media_type((uint8_t)*kind));
    return RC_OK;
}
