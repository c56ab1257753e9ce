/* credential.c: see credential.h. */
#include "schema/wire/credential.h"

#include "base/crypt.h"
#include "schema/wire/word.h"

#define CREDENTIAL_VERSION 1u
#define PERSON_BYTES_MIN   34u

enum rc credential_write(const struct credential *credential, const uint8_t county_secret[64],
                         struct buf *out, struct err *err) {
    uint8_t signature[CRYPT_SIGNATURE_BYTES];
    struct view said;
    size_t start = out->size;

    buf_add_u8(out, CREDENTIAL_VERSION);
    buf_add(out, credential->sign_public, 32);
    buf_add(out, credential->box_public, 32);
    buf_add_sized(out, credential->name);
    buf_add_zigzag(out, credential->enrolled_ms);
    scope_add(out, &credential->scope);
    buf_add_varint(out, credential->person_count);
    for (uint32_t i = 0; i < credential->person_count; i++) {
        buf_add(out, credential->persons[i].sign_public, 32);
        buf_add_u8(out, credential->persons[i].role);
        buf_add_sized(out, credential->persons[i].name);
    }
    if (buf_check(out, "a credential", err) != RC_OK)
        return err->rc;
    said = view_slice(buf_view(out), start, out->size - start);
    word_sign("yg credential", &said, 1, county_secret, signature);
    buf_add(out, signature, sizeof(signature));
    return buf_check(out, "a credential", err);
}

static void read_persons(struct reader *in, struct arena *arena, struct credential *out) {
    uint32_t count = (uint32_t)read_varint_max(in, LIMIT_CREDENTIAL_PERSONS);

    if (count > read_left(in) / PERSON_BYTES_MIN)
        reader_fail(in);
    out->persons = arena_array(arena, in->failed ? 0 : count, sizeof(*out->persons));
    if (out->persons == NULL || in->failed)
        return;
    for (; out->person_count < count && !in->failed; out->person_count++) {
        struct certificate *person = &out->persons[out->person_count];

        word_read_fixed(in, person->sign_public, 32);
        person->role = read_u8(in);
        person->name = read_bytes(in, read_varint_max(in, LIMIT_NAME_BYTES));
    }
}

enum rc credential_read(struct view content, const uint8_t county_public[32], struct arena *arena,
                        struct credential *out, struct err *err) {
    struct reader in;
    struct view said;

    *out = (struct credential){.enrolled_ms = 0};
    if (content.size <= CRYPT_SIGNATURE_BYTES || content.size > LIMIT_CREDENTIAL_BYTES)
        return err_set(err, RC_CORRUPT, "a credential: damaged; ask the county for a new code");
    said = view_slice(content, 0, content.size - CRYPT_SIGNATURE_BYTES);
    if (!word_signed("yg credential", &said, 1, county_public, content.data + said.size))
        return err_set(err, RC_DENIED,
                       "a credential: this county has not signed it; ask for a new code");
    reader_init(&in, said);
    if (read_u8(&in) != CREDENTIAL_VERSION && !in.failed)
        return err_set(err, RC_UNSUPPORTED, "a credential: of a newer format; update this program");
    word_read_fixed(&in, out->sign_public, 32);
    word_read_fixed(&in, out->box_public, 32);
    out->name = read_bytes(&in, read_varint_max(&in, LIMIT_NAME_BYTES));
    out->enrolled_ms = read_zigzag(&in);
    scope_read(&in, arena, &out->scope);
    read_persons(&in, arena, out);
    if (arena->failed != RC_OK)
        return arena_check(arena, "a credential", err);
    return reader_check(&in, "a credential", err);
}
