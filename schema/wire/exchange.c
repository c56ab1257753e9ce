/* exchange.c: the parts of a request and of an answer, byte by byte.
 *
 * BODY: version (1 byte, now 1), then parts: kind (1 byte), size (varint), content. A part of an
 * unknown kind is skipped. Words: varint, signed (zigzag varint), id (8 bytes big-endian), text
 * (varint size, UTF-8), area (word.h: with the audience).
 *
 * HELLO (1):
 *   flags      1 byte: 1 locked, 2 whole, 4 confirm, 8 nonce, 16 persons, 32 max_bytes, 64
 * scope_at, 128 told device, actor   id each epoch, scope_serial   varint each scope_confirm
 * varint, if 4; else it equals scope_serial scope_at   varint, if 64; else 0 form_position   varint
 *   wall_ms    signed
 *   own_last   varint
 *   max_bytes  varint, if 32; else 0
 *   nonce      16 bytes, if 8; else zeros
 *   persons    if 16: varint count, each: key (32), name (text)
 *   cursors    varint count, each: area, position (varint), digest (8 bytes unless position is 0)
 *   told       if 128: varint count, each: id, number (varint), varint 0 or 1: lineage follows,
 *              lineage, varint count of marks, each: number (varint), chain (32)
 *   signature  64 bytes, device's, tag "yg hello", over the content up to here
 *
 * BATCH (2): a batch (batch.c).
 * OFFER (3), SLICE (4): slice.c. CREDENTIAL (5): credential.h.
 * WANT (6), SNAPSHOT (22), CHUNK (27): snapshot.c.
 * ALARM (7): area, position (varint), chain (32), epoch (varint).
 *
 * ANSWER (16): flags (1 byte: 1 more), epoch (varint), server_ms (signed), nonce (16 bytes).
 *
 * SIGNED (17):
 *   flags      1 byte: 1 receipts, 2 scope, 4 heads, 8 certificates, 16 forms, 32 marks, 64 lacking
 *   receipts   if 1: varint count, each: bits (1 byte: 1 fork, 2 want, 4 backed up, 8 outcomes,
 *              16 returns), actor (id), number (varint), hash (32), lineage (lineage.h), want_from
 *              (varint), backed_up (varint), outcomes (varint count, each:
 *              number (varint), verdict (1 byte)), returns (varint count, each: number (varint),
 *              reason (text)), as the bits say
 *   scope      if 2: serial (varint), audience mask (1 byte), bits (1 byte: 1 revoked, 2 wipe),
 *              varint count of areas, areas (audience 0)
 *   heads      if 4: varint count, each: area, position (varint), chain (32)
 *   certificates  if 8: varint count, each: key (32), role (1 byte), name (text)
 *   forms      if 16: varint count, 32 bytes each
 *   marks      if 32: varint count, each: area, position (varint)
 *   lacking    if 64: varint count, 8 bytes each
 *   signature  64 bytes, county's, tag "yg receipt", over the 16 bytes of ANSWER's nonce and the
 *              content up to here
 *
 * FORM (18): position (varint), compressed JSON to the end.
 * ENTRY (19): area, position (varint), then the body (feed.c).
 * CURSOR (20): as in HELLO.
 * SEALED (21): parts as above, sealed for the device's vault key, associated data "yg down".
 *
 * AREAS (26): the whole table of areas that were merged or renamed (succession.h), then the
 * county's signature (64 bytes, tag "yg areas") over the 16 bytes of ANSWER's nonce and the table.
 *
 * KEPT (28): 32 bytes for each batch, hash("yg baggage", the batch); then the county's signature
 * (64 bytes, tag "yg kept") over the 16 bytes of ANSWER's nonce and what is before it.
 */
#include "schema/wire/exchange.h"

#include "base/crypt.h"
#include "schema/wire/lineage.h"
#include "schema/wire/word.h"

enum hello_flag {
    HELLO_LOCKED = 1,
    HELLO_WHOLE = 2,
    HELLO_CONFIRM = 4,
    HELLO_NONCE = 8,
    HELLO_PERSONS = 16,
    HELLO_MAX_BYTES = 32,
    HELLO_SCOPE_AT = 64,
    HELLO_TOLD = 128,
    HELLO_KNOWN = 255,
};

#define PERSONS_MAX      256u
#define PERSON_BYTES_MIN 33u
#define CURSOR_BYTES_MIN 2u
#define TOLD_BYTES_MIN   11u
#define MARK_BYTES       33u
#define HELLO_BYTES_MAX  (256u * 1024u)
#define ANSWER_MORE      1u

static const uint8_t zeros[16];

void exchange_start(struct buf *out) {
    buf_add_u8(out, EXCHANGE_VERSION);
}

void exchange_add_part(struct buf *out, uint8_t kind, struct view content) {
    buf_add_u8(out, kind);
    buf_add_sized(out, content);
}

static void add_cursor(struct buf *out, const struct cursor *cursor) {
    word_add_area(out, cursor->area, cursor->audience);
    buf_add_varint(out, cursor->position);
    if (cursor->position > 0)
        buf_add(out, cursor->digest, sizeof(cursor->digest));
}

static void read_cursor(struct reader *in, struct cursor *out) {
    memset(out, 0, sizeof(*out));
    out->area = word_read_area(in, &out->audience);
    out->position = read_varint_max(in, LIMIT_NUMBER);
    if (out->position > 0)
        word_read_fixed(in, out->digest, sizeof(out->digest));
}

/* ---- hello ---- */

static void add_told(struct buf *out, const struct told *told) {
    buf_add_id(out, told->actor);
    buf_add_varint(out, told->number);
    buf_add_varint(out, told->forks.size > 0);
    buf_add_view(out, told->forks);
    buf_add_varint(out, told->mark_count);
    for (uint32_t i = 0; i < told->mark_count; i++) {
        buf_add_varint(out, told->marks[i].number);
        buf_add(out, told->marks[i].hash, sizeof(told->marks[i].hash));
    }
}

static void read_told(struct reader *in, struct arena *arena, struct told *out) {
    uint32_t count;

    out->actor = read_id(in);
    out->number = read_varint_max(in, LIMIT_NUMBER);
    if (read_varint_max(in, 1) == 1)
        out->forks = lineage_skip(in);
    count = (uint32_t)read_varint_max(in, HELLO_BYTES_MAX);
    if (count > read_left(in) / MARK_BYTES)
        reader_fail(in);
    out->marks = arena_array(arena, in->failed ? 0 : count, sizeof(*out->marks));
    for (uint32_t i = 0; out->marks != NULL && !in->failed && i < count; i++) {
        out->marks[i].number = read_varint_max(in, LIMIT_NUMBER);
        word_read_fixed(in, out->marks[i].hash, sizeof(out->marks[i].hash));
        out->mark_count++;
    }
}

static void read_all_told(struct reader *in, struct arena *arena, struct hello *out) {
    uint32_t count = (uint32_t)read_varint_max(in, HELLO_BYTES_MAX);
    struct told *told;

    if (count == 0 || count > read_left(in) / TOLD_BYTES_MIN)
        reader_fail(in);
    told = arena_array(arena, in->failed ? 0 : count, sizeof(*told));
    out->told = told;
    for (; told != NULL && !in->failed && out->told_count < count; out->told_count++)
        read_told(in, arena, &told[out->told_count]);
}

static void add_hello(struct buf *out, const struct hello *hello) {
    bool nonce = memcmp(hello->nonce, zeros, sizeof(hello->nonce)) != 0;
    unsigned flags = (hello->locked ? HELLO_LOCKED : 0u) | (hello->whole ? HELLO_WHOLE : 0u) |
                     (hello->scope_confirm != hello->scope_serial ? HELLO_CONFIRM : 0u) |
                     (nonce ? HELLO_NONCE : 0u) | (hello->person_count > 0 ? HELLO_PERSONS : 0u) |
                     (hello->max_bytes > 0 ? HELLO_MAX_BYTES : 0u) |
                     (hello->scope_at > 0 ? HELLO_SCOPE_AT : 0u) |
                     (hello->told_count > 0 ? HELLO_TOLD : 0u);

    buf_add_u8(out, (uint8_t)flags);
    buf_add_id(out, hello->device);
    buf_add_id(out, hello->actor);
    buf_add_varint(out, hello->epoch);
    buf_add_varint(out, hello->scope_serial);
    if ((flags & HELLO_CONFIRM) != 0)
        buf_add_varint(out, hello->scope_confirm);
    if ((flags & HELLO_SCOPE_AT) != 0)
        buf_add_varint(out, hello->scope_at);
    buf_add_varint(out, hello->form_position);
    buf_add_zigzag(out, hello->wall_ms);
    buf_add_varint(out, hello->own_last);
    if ((flags & HELLO_MAX_BYTES) != 0)
        buf_add_varint(out, hello->max_bytes);
    if (nonce)
        buf_add(out, hello->nonce, sizeof(hello->nonce));
    if (hello->person_count > 0)
        buf_add_varint(out, hello->person_count);
    for (uint32_t i = 0; i < hello->person_count; i++) {
        buf_add(out, hello->persons[i].sign_public, 32);
        buf_add_sized(out, hello->persons[i].name);
    }
    buf_add_varint(out, hello->cursor_count);
    for (uint32_t i = 0; i < hello->cursor_count; i++)
        add_cursor(out, &hello->cursors[i]);
    if (hello->told_count > 0)
        buf_add_varint(out, hello->told_count);
    for (uint32_t i = 0; i < hello->told_count; i++)
        add_told(out, &hello->told[i]);
}

enum rc exchange_add_hello(struct buf *out, const struct hello *hello,
                           const uint8_t device_secret[64], struct err *err) {
    struct buf content;
    struct view said;
    uint8_t signature[CRYPT_SIGNATURE_BYTES];
    enum rc rc;

    if (hello->person_count > PERSONS_MAX || hello->cursor_count > LIMIT_EXCHANGE_CURSORS)
        return err_set(err, RC_LIMIT, "hello: more than %u persons or %u cursors", PERSONS_MAX,
                       LIMIT_EXCHANGE_CURSORS);
    buf_init(&content, HELLO_BYTES_MAX);
    add_hello(&content, hello);
    rc = buf_check(&content, "hello", err);
    if (rc == RC_OK) {
        said = buf_view(&content);
        word_sign("yg hello", &said, 1, device_secret, signature);
        buf_add(&content, signature, sizeof(signature));
        rc = buf_check(&content, "hello", err);
    }
    if (rc == RC_OK) {
        exchange_add_part(out, PART_HELLO, buf_view(&content));
        rc = buf_check(out, "hello", err);
    }
    buf_release(&content);
    return rc;
}

static void read_persons(struct reader *in, struct arena *arena, struct hello *out) {
    uint32_t count = (uint32_t)read_varint_max(in, PERSONS_MAX);

    if (count == 0 || count > read_left(in) / PERSON_BYTES_MIN)
        reader_fail(in);
    out->persons = arena_array(arena, in->failed ? 0 : count, sizeof(*out->persons));
    if (in->failed || out->persons == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        word_read_fixed(in, out->persons[i].sign_public, 32);
        out->persons[i].name = read_bytes(in, read_varint_max(in, LIMIT_NAME_BYTES));
    }
    out->person_count = count;
}

enum rc exchange_read_hello(struct view content, struct arena *arena, struct hello *out,
                            struct err *err) {
    struct reader in;
    unsigned flags;
    uint32_t count;

    memset(out, 0, sizeof(*out));
    reader_init(&in, content);
    flags = read_u8(&in);
    if ((flags & ~(unsigned)HELLO_KNOWN) != 0)
        return err_set(err, RC_UNSUPPORTED, "hello: of a newer format; update this program");
    out->locked = (flags & HELLO_LOCKED) != 0;
    out->whole = (flags & HELLO_WHOLE) != 0;
    out->device = read_id(&in);
    out->actor = read_id(&in);
    out->epoch = (uint32_t)read_varint_max(&in, UINT32_MAX);
    out->scope_serial = (uint32_t)read_varint_max(&in, UINT32_MAX);
    out->scope_confirm = out->scope_serial;
    if ((flags & HELLO_CONFIRM) != 0)
        out->scope_confirm = (uint32_t)read_varint_max(&in, UINT32_MAX);
    if ((flags & HELLO_SCOPE_AT) != 0)
        out->scope_at = read_varint_max(&in, LIMIT_NUMBER);
    out->form_position = read_varint_max(&in, LIMIT_NUMBER);
    out->wall_ms = read_zigzag(&in);
    out->own_last = read_varint_max(&in, LIMIT_NUMBER);
    if ((flags & HELLO_MAX_BYTES) != 0)
        out->max_bytes = (uint32_t)read_varint_max(&in, UINT32_MAX);
    if ((flags & HELLO_NONCE) != 0)
        word_read_fixed(&in, out->nonce, sizeof(out->nonce));
    if ((flags & HELLO_PERSONS) != 0)
        read_persons(&in, arena, out);
    count = (uint32_t)read_varint_max(&in, LIMIT_EXCHANGE_CURSORS);
    if (count > read_left(&in) / CURSOR_BYTES_MIN)
        reader_fail(&in);
    out->cursors = arena_array(arena, in.failed ? 0 : count, sizeof(*out->cursors));
    if (out->cursors != NULL && !in.failed) {
        for (uint32_t i = 0; i < count; i++)
            read_cursor(&in, &out->cursors[i]);
        out->cursor_count = count;
    }
    if ((flags & HELLO_TOLD) != 0)
        read_all_told(&in, arena, out);
    word_read_fixed(&in, out->signature, sizeof(out->signature));
    if (arena->failed != RC_OK)
        return arena_check(arena, "hello", err);
    return reader_check(&in, "hello", err);
}

enum rc exchange_verify_hello(struct view content, const uint8_t device_public[32],
                              struct err *err) {
    struct view said;

    if (content.size < CRYPT_SIGNATURE_BYTES)
        return err_set(err, RC_CORRUPT, "hello: too short");
    said = view_slice(content, 0, content.size - CRYPT_SIGNATURE_BYTES);
    if (!word_signed("yg hello", &said, 1, device_public, content.data + said.size))
        return err_set(err, RC_DENIED, "hello: the device's signature does not fit");
    return RC_OK;
}

/* ---- batches, answer, forms, cursors ---- */

void exchange_add_batch(struct buf *out, struct view batch) {
    exchange_add_part(out, PART_BATCH, batch);
}

void exchange_add_alarm(struct buf *out, const struct feed_alarm *alarm) {
    struct buf content;

    buf_init(&content, 128);
    word_add_area(&content, alarm->area, alarm->audience);
    buf_add_varint(&content, alarm->position);
    buf_add(&content, alarm->chain, sizeof(alarm->chain));
    buf_add_varint(&content, alarm->epoch);
    if (content.failed != RC_OK)
        out->failed = out->failed == RC_OK ? content.failed : out->failed;
    else
        exchange_add_part(out, PART_ALARM, buf_view(&content));
    buf_release(&content);
}

enum rc exchange_read_alarm(struct view content, struct feed_alarm *out, struct err *err) {
    struct reader in;

    memset(out, 0, sizeof(*out));
    reader_init(&in, content);
    out->area = word_read_area(&in, &out->audience);
    out->position = read_varint_max(&in, LIMIT_NUMBER);
    word_read_fixed(&in, out->chain, sizeof(out->chain));
    out->epoch = (uint32_t)read_varint_max(&in, UINT32_MAX);
    return reader_check(&in, "an alarm", err);
}

void exchange_add_answer(struct buf *out, const struct answer *answer) {
    uint8_t bytes[1 + 2 * VARINT_BYTES_MAX + 16];
    size_t size = 0;

    bytes[size++] = answer->more ? ANSWER_MORE : 0;
    size += varint_put(bytes + size, answer->epoch);
    size += varint_put(bytes + size, zigzag_fold(answer->server_ms));
    memcpy(bytes + size, answer->nonce, sizeof(answer->nonce));
    exchange_add_part(out, PART_ANSWER, view_of(bytes, size + sizeof(answer->nonce)));
}

enum rc exchange_read_answer(struct view content, struct answer *out, struct err *err) {
    struct reader in;
    unsigned flags;

    memset(out, 0, sizeof(*out));
    reader_init(&in, content);
    flags = read_u8(&in);
    if ((flags & ~ANSWER_MORE) != 0)
        return err_set(err, RC_UNSUPPORTED, "answer: of a newer format; update this program");
    out->more = (flags & ANSWER_MORE) != 0;
    out->epoch = (uint32_t)read_varint_max(&in, UINT32_MAX);
    out->server_ms = read_zigzag(&in);
    word_read_fixed(&in, out->nonce, sizeof(out->nonce));
    return reader_check(&in, "answer", err);
}

void exchange_add_form(struct buf *out, uint64_t position, struct view compressed_json) {
    buf_add_u8(out, PART_FORM);
    buf_add_varint(out, varint_size(position) + compressed_json.size);
    buf_add_varint(out, position);
    buf_add_view(out, compressed_json);
}

enum rc exchange_read_form(struct view content, uint64_t *position, struct view *compressed_json,
                           struct err *err) {
    struct reader in;

    reader_init(&in, content);
    *position = read_varint_max(&in, LIMIT_NUMBER);
    *compressed_json = read_bytes(&in, read_left(&in));
    return reader_check(&in, "form", err);
}

void exchange_add_cursor(struct buf *out, const struct cursor *cursor) {
    struct buf content;

    buf_init(&content, 64);
    add_cursor(&content, cursor);
    if (content.failed != RC_OK)
        out->failed = out->failed == RC_OK ? content.failed : out->failed;
    else
        exchange_add_part(out, PART_CURSOR, buf_view(&content));
    buf_release(&content);
}

enum rc exchange_read_cursor(struct view content, struct cursor *out, struct err *err) {
    struct reader in;

    reader_init(&in, content);
    read_cursor(&in, out);
    return reader_check(&in, "cursor", err);
}

/* ---- parts with a signature of their own ---- */

static void add_signed_part(struct buf *out, uint8_t kind, const char *tag, struct view content,
                            const uint8_t nonce[16], const uint8_t county_secret[64]) {
    const struct view pieces[2] = {view_of(nonce, 16), content};
    uint8_t signature[CRYPT_SIGNATURE_BYTES];

    word_sign(tag, pieces, 2, county_secret, signature);
    buf_add_u8(out, kind);
    buf_add_varint(out, content.size + sizeof(signature));
    buf_add_view(out, content);
    buf_add(out, signature, sizeof(signature));
}

void exchange_add_areas(struct buf *out, struct view table, const uint8_t nonce[16],
                        const uint8_t county_secret[64]) {
    add_signed_part(out, PART_AREAS, "yg areas", table, nonce, county_secret);
}

void kept_name(struct view batch, uint8_t out[32]) {
    crypt_hash("yg baggage", batch, out);
}

void exchange_add_kept(struct buf *out, const uint8_t (*names)[32], uint32_t count,
                       const uint8_t nonce[16], const uint8_t county_secret[64]) {
    add_signed_part(out, PART_KEPT, "yg kept", view_of(names, (size_t)count * sizeof(*names)),
                    nonce, county_secret);
}

enum rc exchange_read_areas(struct view content, const uint8_t nonce[16],
                            const uint8_t county_public[32], struct view *table, struct err *err) {
    struct view pieces[2] = {view_of(nonce, 16)};

    if (content.size < CRYPT_SIGNATURE_BYTES)
        return err_set(err, RC_CORRUPT, "areas: too short");
    pieces[1] = view_slice(content, 0, content.size - CRYPT_SIGNATURE_BYTES);
    if (!word_signed("yg areas", pieces, 2, county_public, content.data + pieces[1].size))
        return err_set(err, RC_DENIED, "areas: the county's signature does not fit");
    *table = pieces[1];
    return RC_OK;
}

enum rc exchange_read_kept(struct view content, const uint8_t nonce[16],
                           const uint8_t county_public[32], const uint8_t (**names)[32],
                           uint32_t *count, struct err *err) {
    struct view pieces[2] = {view_of(nonce, 16)};

    if (content.size < CRYPT_SIGNATURE_BYTES)
        return err_set(err, RC_CORRUPT, "kept batches: too short");
    pieces[1] = view_slice(content, 0, content.size - CRYPT_SIGNATURE_BYTES);
    if (pieces[1].size % 32 != 0 || pieces[1].size / 32 > LIMIT_EXCHANGE_BATCHES)
        return err_set(err, RC_CORRUPT, "kept batches: not a list of names");
    if (!word_signed("yg kept", pieces, 2, county_public, content.data + pieces[1].size))
        return err_set(err, RC_DENIED, "kept batches: the county's signature does not fit");
    *names = (const uint8_t(*)[32])pieces[1].data;
    *count = (uint32_t)(pieces[1].size / 32);
    return RC_OK;
}

/* ---- walking ---- */

enum rc exchange_open(struct view body, struct reader *out, struct err *err) {
    reader_init(out, body);
    if (body.size > LIMIT_EXCHANGE_BYTES)
        return err_set(err, RC_LIMIT, "exchange: more than %u bytes", LIMIT_EXCHANGE_BYTES);
    if (body.size == 0)
        return err_set(err, RC_CORRUPT, "exchange: empty");
    if (read_u8(out) != EXCHANGE_VERSION)
        return err_set(err, RC_UNSUPPORTED, "exchange: of a newer format; update this program");
    return RC_OK;
}

enum rc exchange_next(struct reader *in, struct part *out, struct err *err) {
    memset(out, 0, sizeof(*out));
    if (in->failed)
        return err_set(err, RC_CORRUPT, "exchange: damaged");
    if (read_left(in) == 0)
        return err_set(err, RC_NOT_FOUND, "exchange: no more parts");
    out->kind = read_u8(in);
    out->content = read_sized(in);
    if (in->failed)
        return err_set(err, RC_CORRUPT, "exchange: damaged");
    return RC_OK;
}

void exchange_add_end(struct buf *out, const uint8_t nonce[16]) {
    exchange_add_part(out, PART_END, view_of(nonce, 16));
}

enum rc exchange_check_end(struct view body, const uint8_t nonce[16], struct err *err) {
    struct reader parts;
    struct part part, last = {.kind = 0};
    enum rc rc = exchange_open(body, &parts, err);

    while (rc == RC_OK && (rc = exchange_next(&parts, &part, err)) == RC_OK)
        last = part;
    if (rc == RC_UNSUPPORTED || rc == RC_LIMIT)
        return rc;
    if (rc != RC_NOT_FOUND || last.kind != PART_END)
        return err_set(err, RC_NETWORK, "the answer was cut off on its way; sync again");
    err_clear(err);
    if (!view_equal(last.content, view_of(nonce, 16)))
        return err_set(err, RC_NETWORK, "the answer is that of an earlier request; sync again");
    return RC_OK;
}
