/* enrol.c: how a device comes to belong to a county, and the list of TLS keys, byte by byte.
 *
 * REQUEST of POST /v1/enrol: version (1), code_id (16), device signing key (32), device box key
 * (32), person's signing key (32), person's name (text: varint size, UTF-8), nonce (16), wall_ms
 * (zigzag varint), mac (32): mac(code_key, "yg enrol", all before).
 *
 * ANSWER: version (1), county's signing key (32), county's box key (32), epoch (varint), server_ms
 * (zigzag varint), device (id), device's name (text), person's name (text), role (1), scope (as in
 * exchange.c), pins (varint count, 32 each), next nonce (16), mac (32): mac(code_key,
 * "yg enrolled", the request's bytes without its mac || all before in the answer).
 *
 * KEY LIST of GET /v1/keys: version (1), serial (varint), pins (varint count, 32 each), signature
 * (64), county's, tag "yg keys", over all before. */
#include "base/crypt.h"
#include "base/text.h"
#include "schema/wire/exchange.h"
#include "schema/wire/word.h"

#define ENROL_VERSION   1u
#define MAC_BYTES       32u
#define CODE_BYTES      16u
#define PINS_MAX        64u
#define ENROL_BYTES_MAX (16u * 1024u)

void enrol_derive(struct view code, uint8_t code_id[16], uint8_t code_key[32]) {
    uint8_t hash[CRYPT_HASH_BYTES], bytes[CODE_BYTES];

    if (crockford_decode(code, bytes, sizeof(bytes)))
        code = view_of(bytes, sizeof(bytes));
    crypt_hash("yg code id", code, hash);
    memcpy(code_id, hash, 16);
    crypt_hash("yg code key", code, code_key);
    crypt_wipe(bytes, sizeof(bytes));
}

static void add_pins(struct buf *out, const uint8_t (*pins)[32], uint32_t count) {
    buf_add_varint(out, count);
    for (uint32_t i = 0; i < count; i++)
        buf_add(out, pins[i], 32);
}

static const uint8_t (*read_pins(struct reader *in, struct arena *arena, uint32_t *count))[32] {
    uint32_t promised = (uint32_t)read_varint_max(in, PINS_MAX);
    uint8_t(*pins)[32] = arena_array(arena, promised, sizeof(*pins));

    *count = 0;
    if (pins == NULL || in->failed)
        return NULL;
    for (uint32_t i = 0; i < promised; i++)
        word_read_fixed(in, pins[i], sizeof(pins[i]));
    *count = promised;
    return (const uint8_t(*)[32])pins;
}

static struct view read_name(struct reader *in) {
    struct view name = read_bytes(in, read_varint_max(in, LIMIT_NAME_BYTES));

    if (!utf8_valid(name))
        reader_fail(in);
    return name;
}

/* ---- request ---- */

static void add_request(struct buf *out, const struct enrol_request *request) {
    buf_add_u8(out, ENROL_VERSION);
    buf_add(out, request->code_id, sizeof(request->code_id));
    buf_add(out, request->device_sign_public, 32);
    buf_add(out, request->device_box_public, 32);
    buf_add(out, request->person_sign_public, 32);
    buf_add_sized(out, request->person_name);
    buf_add(out, request->nonce, sizeof(request->nonce));
    buf_add_zigzag(out, request->wall_ms);
}

enum rc enrol_write_request(const struct enrol_request *request, const uint8_t code_key[32],
                            struct buf *out, struct err *err) {
    size_t before = out->size;
    uint8_t mac[MAC_BYTES];
    enum rc rc;

    if (request->person_name.size > LIMIT_NAME_BYTES)
        return err_set(err, RC_LIMIT, "name: longer than %u bytes", LIMIT_NAME_BYTES);
    add_request(out, request);
    rc = buf_check(out, "enrolment", err);
    if (rc != RC_OK)
        return rc;
    crypt_mac(code_key, "yg enrol", view_of(out->data + before, out->size - before), mac);
    buf_add(out, mac, sizeof(mac));
    return buf_check(out, "enrolment", err);
}

enum rc enrol_read_request(struct view body, struct enrol_request *out, struct err *err) {
    struct reader in;

    memset(out, 0, sizeof(*out));
    reader_init(&in, body);
    if (body.size > ENROL_BYTES_MAX)
        reader_fail(&in);
    if (read_u8(&in) != ENROL_VERSION && !in.failed)
        return err_set(err, RC_UNSUPPORTED, "enrolment: of a newer format; update this program");
    word_read_fixed(&in, out->code_id, sizeof(out->code_id));
    word_read_fixed(&in, out->device_sign_public, 32);
    word_read_fixed(&in, out->device_box_public, 32);
    word_read_fixed(&in, out->person_sign_public, 32);
    out->person_name = read_name(&in);
    word_read_fixed(&in, out->nonce, sizeof(out->nonce));
    out->wall_ms = read_zigzag(&in);
    (void)read_bytes(&in, MAC_BYTES);
    return reader_check(&in, "enrolment", err);
}

static enum rc check_mac(const uint8_t code_key[32], const char *tag, struct view said,
                         const uint8_t *theirs, struct err *err) {
    uint8_t mac[MAC_BYTES];

    crypt_mac(code_key, tag, said, mac);
    if (!crypt_equal(mac, theirs, sizeof(mac)))
        return err_set(err, RC_DENIED, "enrolment: the code does not fit; ask for a new one");
    return RC_OK;
}

enum rc enrol_check_request(struct view body, const uint8_t code_key[32], struct err *err) {
    if (body.size < MAC_BYTES)
        return err_set(err, RC_CORRUPT, "enrolment: too short");
    return check_mac(code_key, "yg enrol", view_slice(body, 0, body.size - MAC_BYTES),
                     body.data + body.size - MAC_BYTES, err);
}

/* ---- answer ---- */

enum rc enrol_write_answer(const struct enrol_answer *answer, const struct enrol_request *request,
                           const uint8_t code_key[32], struct buf *out, struct err *err) {
    struct buf said;
    uint8_t mac[MAC_BYTES];
    size_t request_bytes;
    enum rc rc;

    if (answer->pin_count > PINS_MAX || answer->scope.area_count > LIMIT_AREAS ||
        answer->device_name.size > LIMIT_NAME_BYTES || answer->person_name.size > LIMIT_NAME_BYTES)
        return err_set(err, RC_LIMIT, "enrolment: too many pins or areas, or a long name");
    buf_init(&said, 2 * ENROL_BYTES_MAX);
    add_request(&said, request);
    request_bytes = said.size;
    buf_add_u8(&said, ENROL_VERSION);
    buf_add(&said, answer->county_sign_public, 32);
    buf_add(&said, answer->county_box_public, 32);
    buf_add_varint(&said, answer->epoch);
    buf_add_zigzag(&said, answer->server_ms);
    buf_add_id(&said, answer->device);
    buf_add_sized(&said, answer->device_name);
    buf_add_sized(&said, answer->person_name);
    buf_add_u8(&said, answer->role);
    scope_add(&said, &answer->scope);
    add_pins(&said, answer->pins, answer->pin_count);
    buf_add(&said, answer->next_nonce, sizeof(answer->next_nonce));
    rc = buf_check(&said, "enrolment", err);
    if (rc == RC_OK) {
        crypt_mac(code_key, "yg enrolled", buf_view(&said), mac);
        buf_add(out, said.data + request_bytes, said.size - request_bytes);
        buf_add(out, mac, sizeof(mac));
        rc = buf_check(out, "enrolment", err);
    }
    buf_release(&said);
    return rc;
}

enum rc enrol_read_answer(struct view body, const struct enrol_request *request,
                          const uint8_t code_key[32], struct arena *arena, struct enrol_answer *out,
                          struct err *err) {
    struct reader in;
    struct buf said;
    enum rc rc;

    memset(out, 0, sizeof(*out));
    if (body.size < MAC_BYTES || body.size > ENROL_BYTES_MAX)
        return err_set(err, RC_CORRUPT, "enrolment: too short or too long");
    if (body.data[0] != ENROL_VERSION)
        return err_set(err, RC_UNSUPPORTED, "enrolment: of a newer format; update this program");
    buf_init(&said, 2 * ENROL_BYTES_MAX);
    add_request(&said, request);
    buf_add_view(&said, view_slice(body, 0, body.size - MAC_BYTES));
    rc = buf_check(&said, "enrolment", err);
    if (rc == RC_OK)
        rc = check_mac(code_key, "yg enrolled", buf_view(&said), body.data + body.size - MAC_BYTES,
                       err);
    buf_release(&said);
    if (rc != RC_OK)
        return rc;
    reader_init(&in, view_slice(body, 1, body.size - MAC_BYTES - 1));
    word_read_fixed(&in, out->county_sign_public, 32);
    word_read_fixed(&in, out->county_box_public, 32);
    out->epoch = (uint32_t)read_varint_max(&in, UINT32_MAX);
    out->server_ms = read_zigzag(&in);
    out->device = read_id(&in);
    out->device_name = read_name(&in);
    out->person_name = read_name(&in);
    out->role = read_u8(&in);
    scope_read(&in, arena, &out->scope);
    out->pins = read_pins(&in, arena, &out->pin_count);
    word_read_fixed(&in, out->next_nonce, sizeof(out->next_nonce));
    if (arena->failed != RC_OK)
        return arena_check(arena, "enrolment", err);
    return reader_check(&in, "enrolment", err);
}

/* ---- list of TLS keys ---- */

enum rc key_list_write(const struct key_list *list, const uint8_t county_secret[64],
                       struct buf *out, struct err *err) {
    size_t before = out->size;
    uint8_t signature[CRYPT_SIGNATURE_BYTES];
    struct view said;
    enum rc rc;

    if (list->pin_count > PINS_MAX)
        return err_set(err, RC_LIMIT, "list of keys: more than %u", PINS_MAX);
    buf_add_u8(out, ENROL_VERSION);
    buf_add_varint(out, list->serial);
    add_pins(out, list->pins, list->pin_count);
    rc = buf_check(out, "list of keys", err);
    if (rc != RC_OK)
        return rc;
    said = view_of(out->data + before, out->size - before);
    word_sign("yg keys", &said, 1, county_secret, signature);
    buf_add(out, signature, sizeof(signature));
    return buf_check(out, "list of keys", err);
}

enum rc key_list_read(struct view body, const uint8_t county_public[32], struct arena *arena,
                      struct key_list *out, struct err *err) {
    struct reader in;
    struct view said;

    memset(out, 0, sizeof(*out));
    if (body.size <= CRYPT_SIGNATURE_BYTES || body.size > ENROL_BYTES_MAX)
        return err_set(err, RC_CORRUPT, "list of keys: too short or too long");
    if (body.data[0] != ENROL_VERSION)
        return err_set(err, RC_UNSUPPORTED, "list of keys: of a newer format; update this program");
    said = view_slice(body, 0, body.size - CRYPT_SIGNATURE_BYTES);
    if (!word_signed("yg keys", &said, 1, county_public, body.data + said.size))
        return err_set(err, RC_DENIED, "list of keys: the county's signature does not fit");
    reader_init(&in, view_slice(said, 1, said.size));
    out->serial = read_varint_max(&in, LIMIT_NUMBER);
    out->pins = read_pins(&in, arena, &out->pin_count);
    if (arena->failed != RC_OK)
        return arena_check(arena, "list of keys", err);
    return reader_check(&in, "list of keys", err);
}
