/* Seals: what they cover, what came late.
 *
 * A seal of a scope lists dots: every change of which its author held a version in that scope, or
 * knew that it replaces one. Changes in the list, and changes that name the seal's digest in
 * `under`, are in force; all others are late. A version in a sealed scope counts when its change is
 * in force and no change in force has replaced it: so a late replacement does nothing (what it
 * replaced was kept, ENTRY_KEEP), and an amendment does what it says. Several live seals of one
 * scope are in conflict when their digests differ; meanwhile all that any of them covers counts.
 *
 * The digest names a seal by what people signed: the first 16 bytes of hash("yg seal digest", B)
 * with B = scope (1 byte), then for every version in scope that counts, in order of the state:
 *   instance (actor 8 bytes big-endian, number varint, ordinal varint), field (varint),
 *   dot (actor 8 bytes, number varint), ordinal (varint), value (value.c). */
#include "base/crypt.h"
#include "schema/limits.h"
#include "schema/reading_build.h"

#define SCOPE_COUNT (FIELD_SEAL_LAST - FIELD_SEAL + 1u)

uint8_t reading_scope(const struct form *form, const struct version *version) {
    const struct form_field *found = NULL;
    uint16_t field = version->field;
    struct place place;
    struct err ignored;

    if (form == NULL)
        return FORM_NO_SCOPE;
    if (field == FIELD_EXISTS && !instance_is_root(version->instance)) {
        err_init(&ignored, LANG_EN);
        field = 0;
        if (version->value.type == VALUE_INT) {
            field = (uint16_t)version->value.number;
        } else if (value_is_cover(&version->value)) {
            /* Tag, then the repeat: no need to decode the whole list. */
            struct reader in;

            reader_init(&in, view_slice(version->value.bytes, 1, version->value.bytes.size));
            field = (uint16_t)read_varint_max(&in, FIELD_LAST);
        } else if (place_decode(version->value.bytes, &place, &ignored) == RC_OK) {
            field = place.repeat;
        }
    }
    if (field >= FIELD_FIRST_OF_FORM)
        found = form_field_by_number(form, field);
    return found == NULL ? FORM_NO_SCOPE : found->scope;
}

static void put_in_force(struct reading_build *build, const struct seal *seal, uint16_t bit) {
    const struct record *record = build->record;

    for (uint32_t i = 0; i < record->absorbed_count; i++) {
        const struct absorbed *absorbed = &record->absorbed[i];

        if (dots_have(seal->dots, seal->count, absorbed->dot))
            build->in_force[i] |= bit;
        for (uint32_t k = 0; k < absorbed->under_count; k++) {
            if (memcmp(absorbed->under[k], seal->digest, sizeof(seal->digest)) == 0)
                build->in_force[i] |= bit;
        }
    }
}

static void read_scope(struct reading_build *build, uint32_t scope) {
    const struct record *record = build->record;
    struct instance_id root = {.ordinal = 0};
    uint32_t count;
    const struct version *versions =
        record_field(record, root, (uint16_t)(FIELD_SEAL + scope), &count);
    const struct version **live = NULL;
    const struct value *first = NULL;
    uint32_t live_count = 0;
    bool unequal = false;
    struct err ignored;

    if (count == 0)
        return;
    err_init(&ignored, LANG_EN);
    live = arena_array(build->arena, count, sizeof(*live));
    if (build->in_force == NULL)
        build->in_force =
            arena_array(build->arena, record->absorbed_count, sizeof(*build->in_force));
    if (live == NULL || build->in_force == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        struct seal seal;

        if (versions[i].replaced_count > 0 || versions[i].value.type != VALUE_BYTES ||
            seal_decode(versions[i].value.bytes, build->arena, &seal, &ignored) != RC_OK)
            continue;
        build->sealed |= (uint16_t)(1u << scope);
        put_in_force(build, &seal, (uint16_t)(1u << scope));
        live[live_count++] = &versions[i];
        if (first == NULL)
            first = &versions[i].value;
        else if (memcmp(first->bytes.data, seal.digest, sizeof(seal.digest)) != 0)
            unequal = true;
    }
    if (unequal) {
        struct conflict *conflict =
            build_conflict(build, CONFLICT_SEAL, 0, (uint16_t)(FIELD_SEAL + scope));

        if (conflict != NULL) {
            conflict->version_count = live_count;
            conflict->versions = live;
        }
    }
}

static bool replaced_in_force(const struct reading_build *build, const struct version *version,
                              uint16_t bit) {
    for (uint32_t i = 0; i < version->replaced_count; i++) {
        if ((build->in_force[version->replaced_by[i]] & bit) != 0)
            return true;
    }
    return false;
}

/* Most records have never been sealed: one look instead of one for each scope. */
static bool has_seals(const struct record *record) {
    struct instance_id root = {.ordinal = 0};
    uint32_t count;
    const struct version *at = record_field(record, root, FIELD_SEAL, &count);

    return at != NULL && at < record->versions + record->version_count &&
           instance_is_root(at->instance) && at->field <= FIELD_SEAL_LAST;
}

void seals_read(struct reading_build *build) {
    const struct record *record = build->record;

    build->live = arena_array(build->arena, record->version_count, sizeof(*build->live));
    if (build->live == NULL)
        return;
    for (uint32_t i = 0; i < record->version_count; i++)
        build->live[i] = record->versions[i].replaced_count == 0;
    if (!has_seals(record))
        return;
    for (uint32_t scope = 0; scope < SCOPE_COUNT; scope++)
        read_scope(build, scope);
    if (build->sealed == 0 || build->arena->failed != RC_OK)
        return;
    build->late = arena_array(build->arena, record->version_count, sizeof(*build->late));
    if (build->late == NULL)
        return;
    for (uint32_t i = 0; i < record->version_count; i++) {
        const struct version *version = &record->versions[i];
        uint8_t scope = reading_scope(build->form, version);
        uint16_t bit = scope == FORM_NO_SCOPE ? 0 : (uint16_t)(1u << scope);

        if ((build->sealed & bit) == 0)
            continue;
        if ((build->in_force[version->change] & bit) != 0) {
            build->live[i] = !replaced_in_force(build, version, bit);
        } else {
            build->live[i] = false;
            if (version->replaced_count == 0)
                build->late[build->late_count++] = version;
        }
    }
}

/* ---- making one ---- */

static void add_digest_part(struct buf *out, const struct record *record,
                            const struct version *version) {
    struct version_id name = version_name(record, version);

    buf_add_id(out, version->instance.dot.actor);
    buf_add_varint(out, version->instance.dot.number);
    buf_add_varint(out, version->instance.ordinal);
    buf_add_varint(out, version->field);
    buf_add_id(out, name.dot.actor);
    buf_add_varint(out, name.dot.number);
    buf_add_varint(out, name.ordinal);
    value_encode(&version->value, out);
}

enum rc reading_seal(const struct reading *reading, uint32_t scope, struct arena *arena,
                     struct seal *out, struct err *err) {
    const struct record *record = reading->record;
    uint16_t bit = (uint16_t)(1u << scope);
    bool sealed = (reading->sealed_scopes & bit) != 0;
    bool *covered = arena_array(arena, record->absorbed_count, sizeof(*covered));
    struct dot *dots = arena_array(arena, record->absorbed_count, sizeof(*dots));
    uint8_t hash[CRYPT_HASH_BYTES];
    struct buf bytes;
    enum rc rc;

    if (covered == NULL || dots == NULL)
        return arena_check(arena, "seal", err);
    buf_init(&bytes, LIMIT_RECORD_BYTES * 4u);
    buf_add_u8(&bytes, (uint8_t)scope);
    for (uint32_t i = 0; i < record->version_count; i++) {
        const struct version *version = &record->versions[i];

        if (reading_scope(reading->form, version) != scope)
            continue;
        if (reading->live[i])
            add_digest_part(&bytes, record, version);
        covered[version->change] = true;
        for (uint32_t k = 0; k < version->replaced_count; k++)
            covered[version->replaced_by[k]] = true;
    }
    rc = buf_check(&bytes, "seal", err);
    if (rc == RC_OK) {
        crypt_hash("yg seal digest", buf_view(&bytes), hash);
        memset(out, 0, sizeof(*out));
        memcpy(out->digest, hash, sizeof(out->digest));
        /* What came late stays late when a scope is sealed again. */
        for (uint32_t i = 0; i < record->absorbed_count; i++) {
            if (covered[i] && (!sealed || (reading->in_force[i] & bit) != 0))
                dots[out->count++] = record->absorbed[i].dot;
        }
        out->dots = dots;
    }
    buf_release(&bytes);
    return rc;
}

uint32_t reading_signers(const struct reading *reading, uint32_t scope, uint64_t *persons,
                         uint32_t room) {
    const struct record *record = reading->record;
    struct instance_id root = {.ordinal = 0};
    const struct value *first = NULL;
    uint32_t count, used = 0;
    const struct version *versions =
        record_field(record, root, (uint16_t)(FIELD_SEAL + scope), &count);

    for (uint32_t i = 0; i < count; i++) {
        uint64_t person = record->absorbed[versions[i].change].person;
        uint32_t at = 0;

        if (versions[i].replaced_count > 0 || versions[i].value.type != VALUE_BYTES ||
            versions[i].value.bytes.size < 16)
            continue;
        if (first == NULL)
            first = &versions[i].value;
        else if (memcmp(first->bytes.data, versions[i].value.bytes.data, 16) != 0)
            return 0;
        while (at < used && persons[at] < person)
            at++;
        if ((at < used && persons[at] == person) || used == room)
            continue;
        for (uint32_t k = used++; k > at; k--)
            persons[k] = persons[k - 1];
        persons[at] = person;
    }
    return used;
}
