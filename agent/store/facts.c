/* facts.c: what the tablet knows about itself and its county, as one row of the table setting:
 *
 *   version (1), then in order: county signing key, county sealing key, vault key (32 each), device
 *   (8), device name, server (sized), epoch, scope: serial, flags (1 revoked, 2 wipe), audience
 *   mask, areas (count, then each), scope_at, form position (varints), hello nonce (16), offset,
 *   synced, tried (zigzag), key serial, pins (count, 32 each), incarnation, former (16 each),
 *   lamport, wiped (varints); since version 2: scope confirmed (varint), answered, bundled
 *   (zigzag), former scopes: count, then each: actor serial, number, scope serial (varints) */
#include "agent/store/inside.h"

#define FACTS_VERSION   2u
#define FACTS_PINS_MAX  64u
#define FACTS_BYTES_MAX 65536u

void facts_encode(const struct facts *facts, struct buf *out) {
    buf_add_u8(out, FACTS_VERSION);
    buf_add(out, facts->county_sign_public, 32);
    buf_add(out, facts->county_box_public, 32);
    buf_add(out, facts->vault_public, 32);
    buf_add_le64(out, facts->device);
    buf_add_sized(out, facts->device_name);
    buf_add_sized(out, facts->server);
    buf_add_varint(out, facts->epoch);
    buf_add_varint(out, facts->scope.serial);
    buf_add_u8(out, (uint8_t)((facts->scope.revoked ? 1 : 0) | (facts->scope.wipe ? 2 : 0)));
    buf_add_u8(out, facts->scope.audience_mask);
    buf_add_varint(out, facts->scope.area_count);
    for (uint32_t i = 0; i < facts->scope.area_count; i++)
        buf_add_varint(out, facts->scope.areas[i]);
    buf_add_varint(out, facts->scope_at);
    buf_add_varint(out, facts->form_position);
    buf_add(out, facts->hello_nonce, 16);
    buf_add_zigzag(out, facts->offset_ms);
    buf_add_zigzag(out, facts->synced_ms);
    buf_add_zigzag(out, facts->tried_ms);
    buf_add_varint(out, facts->key_serial);
    buf_add_varint(out, facts->pin_count);
    for (uint32_t i = 0; i < facts->pin_count; i++)
        buf_add(out, facts->pins[i], 32);
    buf_add(out, facts->incarnation, 16);
    buf_add(out, facts->former, 16);
    buf_add_varint(out, facts->lamport);
    buf_add_varint(out, facts->wiped ? 1 : 0);
    buf_add_varint(out, facts->scope_confirmed);
    buf_add_zigzag(out, facts->answered_ms);
    buf_add_zigzag(out, facts->bundled_ms);
    buf_add_varint(out, facts->former_count);
    for (uint32_t i = 0; i < facts->former_count; i++) {
        buf_add_varint(out, facts->former_scopes[i].actor_serial);
        buf_add_varint(out, facts->former_scopes[i].number);
        buf_add_varint(out, facts->former_scopes[i].scope_serial);
    }
}

static void read_into(struct reader *in, uint8_t *out, size_t size) {
    struct view bytes = read_bytes(in, size);

    if (bytes.size == size)
        memcpy(out, bytes.data, size);
}

static enum rc read_scope(struct reader *in, struct arena *arena, struct scope *out,
                          struct err *err) {
    uint8_t flags;

    out->serial = (uint32_t)read_varint_max(in, UINT32_MAX);
    flags = read_u8(in);
    out->revoked = (flags & 1) != 0;
    out->wipe = (flags & 2) != 0;
    out->audience_mask = read_u8(in);
    out->area_count = (uint32_t)read_varint_max(in, LIMIT_AREAS);
    out->areas = arena_array(arena, out->area_count, sizeof(*out->areas));
    if (out->areas == NULL)
        return arena_check(arena, "the tablet's facts", err);
    for (uint32_t i = 0; i < out->area_count; i++)
        out->areas[i] = read_varint(in);
    return RC_OK;
}

static void read_version_2(struct reader *in, struct facts *out) {
    out->scope_confirmed = (uint32_t)read_varint_max(in, UINT32_MAX);
    out->answered_ms = read_zigzag(in);
    out->bundled_ms = read_zigzag(in);
    out->former_count = (uint32_t)read_varint_max(in, FORMER_SCOPES_MAX);
    for (uint32_t i = 0; i < out->former_count; i++) {
        out->former_scopes[i].actor_serial = (uint32_t)read_varint_max(in, UINT32_MAX);
        out->former_scopes[i].number = read_varint(in);
        out->former_scopes[i].scope_serial = (uint32_t)read_varint_max(in, UINT32_MAX);
    }
}

enum rc facts_decode(struct view bytes, struct arena *arena, struct facts *out, struct err *err) {
    struct reader in;
    uint8_t(*pins)[32], version;

    memset(out, 0, sizeof(*out));
    reader_init(&in, bytes);
    version = read_u8(&in);
    if (version < 1 || version > FACTS_VERSION)
        return err_set(err, RC_UNSUPPORTED,
                       "the tablet's facts: written by a newer program; update yg-agent");
    read_into(&in, out->county_sign_public, 32);
    read_into(&in, out->county_box_public, 32);
    read_into(&in, out->vault_public, 32);
    out->device = read_le64(&in);
    out->device_name = arena_view(arena, read_sized(&in));
    out->server = arena_view(arena, read_sized(&in));
    out->epoch = (uint32_t)read_varint_max(&in, UINT32_MAX);
    if (read_scope(&in, arena, &out->scope, err) != RC_OK)
        return err->rc;
    out->scope_at = read_varint(&in);
    out->form_position = read_varint(&in);
    read_into(&in, out->hello_nonce, 16);
    out->offset_ms = read_zigzag(&in);
    out->synced_ms = read_zigzag(&in);
    out->tried_ms = read_zigzag(&in);
    out->key_serial = read_varint(&in);
    out->pin_count = (uint32_t)read_varint_max(&in, FACTS_PINS_MAX);
    pins = arena_array(arena, out->pin_count, 32);
    if (pins == NULL)
        return arena_check(arena, "the tablet's facts", err);
    for (uint32_t i = 0; i < out->pin_count; i++)
        read_into(&in, pins[i], 32);
    out->pins = (const uint8_t(*)[32])pins;
    read_into(&in, out->incarnation, 16);
    read_into(&in, out->former, 16);
    out->lamport = read_varint(&in);
    out->wiped = read_varint_max(&in, 1) == 1;
    if (version >= 2)
        read_version_2(&in, out);
    else
        out->scope_confirmed = out->scope.serial;
    if (arena_check(arena, "the tablet's facts", err) != RC_OK)
        return err->rc;
    return reader_check(&in, "the tablet's facts", err);
}

/* ---- settings ---- */

enum rc setting_get(struct tablet *tablet, const char *name, struct buf *out, struct err *err) {
    enum rc rc = setting_find(tablet, name, out, err);

    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_CORRUPT, "tablet.db: the entry %s is missing; enrol the tablet anew",
                       name);
    return rc;
}

/* RC_NOT_FOUND: it was never put. */
enum rc setting_find(struct tablet *tablet, const char *name, struct buf *out, struct err *err) {
    struct statement *get = tablet->sql[SQL_SETTING_GET];
    enum rc rc;

    statement_bind_text(get, 1, view_text(name));
    rc = statement_one(get, err);
    if (rc != RC_OK)
        return rc;
    buf_add_view(out, statement_blob(get, 0));
    statement_reset(get);
    return buf_check(out, "a setting", err);
}

enum rc setting_put(struct tablet *tablet, const char *name, struct view value, struct err *err) {
    struct statement *put = tablet->sql[SQL_SETTING_PUT];

    statement_bind_text(put, 1, view_text(name));
    statement_bind_blob(put, 2, value);
    return statement_run(put, err);
}

const struct facts *tablet_facts(const struct tablet *tablet) {
    return &tablet->facts;
}

/* Whole or not at all: half of them would be written by whoever changes one. */
static enum rc take_facts(struct tablet *tablet, struct view bytes, struct err *err) {
    struct arena arena;
    struct facts copy;
    enum rc rc;

    arena_init(&arena, FACTS_BYTES_MAX * 2);
    rc = facts_decode(bytes, &arena, &copy, err);
    if (rc != RC_OK) {
        arena_release(&arena);
        return rc;
    }
    arena_release(&tablet->facts_arena);
    tablet->facts_arena = arena;
    tablet->facts = copy;
    return RC_OK;
}

/* Writes the facts and reads them back into an arena of their own, so that what is in memory
 * always is what is on disk, and borrows from nobody. After a rollback on a disk that could not be
 * read it is not: what was rolled back must not be written by somebody else. */
enum rc tablet_put_facts(struct tablet *tablet, const struct facts *facts, struct err *err) {
    struct buf bytes;
    enum rc rc;

    if (tablet->lost)
        return err_set(err, RC_IO, "the tablet's memory could not be read; open it again");
    buf_init(&bytes, FACTS_BYTES_MAX);
    facts_encode(facts, &bytes);
    rc = buf_check(&bytes, "the tablet's facts", err);
    if (rc == RC_OK)
        rc = setting_put(tablet, "facts", buf_view(&bytes), err);
    if (rc == RC_OK)
        rc = take_facts(tablet, buf_view(&bytes), err);
    buf_release(&bytes);
    return rc;
}

enum rc facts_load(struct tablet *tablet, struct err *err) {
    struct buf bytes;
    enum rc rc;

    buf_init(&bytes, FACTS_BYTES_MAX);
    rc = setting_get(tablet, "facts", &bytes, err);
    if (rc == RC_OK)
        rc = take_facts(tablet, buf_view(&bytes), err);
    buf_release(&bytes);
    return rc;
}
