/* Any bytes as an audit file; and any bytes as its parts, in their order, with an end that fits and
 * a signature that holds: what a county might put its name to. */
#include "base/crypt.h"
#include "schema/audit/check.h"

#define MAX_BYTES 16384u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum rc add_bytes(void *sink, struct view bytes, struct err *err) {
    struct buf *out = sink;

    buf_add_view(out, bytes);
    return buf_check(out, "a file", err);
}

static uint64_t check(struct view file, struct err *err) {
    const struct audit_options options = {0};
    struct audit_result result;

    return audit_check(file, &options, &result, err) == RC_OK ? result.differences : 1;
}

/* Behind a head that fits: byte kind, byte size, and so many bytes, until the input ends. */
static void sign_parts(struct view input, struct buf *out, struct err *err) {
    uint8_t seed[32] = {1}, secret[64];
    struct audit_head head = {.selection = AUDIT_ALL, .county_area = UINT64_C(430626000000)};
    struct audit_writer writer;
    struct reader in;
    struct buf content;

    crypt_sign_keypair(seed, head.county_public, secret);
    buf_init(&content, 65536);
    audit_head_write(&head, &content);
    if (audit_begin(&writer, add_bytes, out, err) != RC_OK ||
        audit_add(&writer, AUDIT_HEAD, buf_view(&content), err) != RC_OK)
        abort();
    reader_init(&in, input);
    while (read_left(&in) > 2) {
        uint8_t kind = (uint8_t)(AUDIT_FORM + read_u8(&in) % (AUDIT_END - AUDIT_FORM));
        size_t wanted = read_u8(&in);
        struct view part = read_bytes(&in, wanted < read_left(&in) ? wanted : read_left(&in));

        if (kind < writer.kind)
            break;
        if (audit_add(&writer, (enum audit_part)kind, part, err) != RC_OK)
            abort();
    }
    if (audit_end(&writer, secret, err) != RC_OK)
        abort();
    audit_release(&writer);
    buf_release(&content);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct view input = view_of(data, size);
    struct buf file;
    struct err err;

    err_init(&err, LANG_EN);
    if (crypt_start(&err) != RC_OK)
        abort();
    buf_init(&file, 1u << 20);
    if (check(input, &err) == 0 &&
        size <= MAX_BYTES) { /* one of the corpus: nobody finds a signature by chance */
        buf_add_view(&file, input);
        file.data[size / 2] ^= 1;
        if (check(buf_view(&file), &err) == 0)
            abort();
        buf_clear(&file);
    }
    if (size > MAX_BYTES) {
        buf_release(&file);
        return 0;
    }
    err_clear(&err);
    sign_parts(input, &file, &err);
    (void)check(buf_view(&file), &err);
    file.data[file.size - 1] ^= 1;
    if (check(buf_view(&file), &err) == 0)
        abort();
    buf_release(&file);
    return 0;
}
