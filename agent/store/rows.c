/* rows.c: sealing of rows, and which key seals what.
 *
 * Before it is locked a row is padded: a byte 0x80, then zeros up to a multiple of 64, so that its
 * size tells little. Associated data is the table's name, a zero byte, the key's id, the row's
 * number and its generation (8 bytes each, little-endian): a row moved to another place, or an
 * older generation put back under a newer number, does not open.
 *
 * One seed stands behind each area key. The locking key and the box are derived from it by tagged
 * MACs; the box's public half is kept in clear, so that entries of an area can be sealed while
 * nobody entitled has unlocked. */
#include "agent/store/inside.h"

#include "base/list.h"
#include "base/planted.h"

#define PAD_STEP    64u
#define ABOUT_BYTES 64u /* a table's name and 25 bytes; without memory, which may be missing */

static void associated(const char *table, uint64_t key, uint64_t row, uint64_t generation,
                       struct buf *out) {
    buf_add_text(out, table);
    buf_add_u8(out, 0);
    buf_add_le64(out, key);
    buf_add_le64(out, row);
    buf_add_le64(out, generation);
}

enum rc row_lock(struct tablet *tablet, const struct open_key *key, const char *table, uint64_t row,
                 uint64_t generation, struct view plain, struct buf *out, struct err *err) {
    uint8_t memory[ABOUT_BYTES];
    struct buf padded, about;
    size_t full = (plain.size / PAD_STEP + 1) * PAD_STEP;
    uint8_t *place;
    enum rc rc;

    buf_init(&padded, LIMIT_RECORD_BYTES * 2);
    buf_init_on(&about, memory, sizeof(memory));
    associated(table, key->key, row, generation, &about);
    place = buf_reserve(&padded, full);
    if (place != NULL) {
        memset(place, 0, full);
        if (plain.size > 0)
            memcpy(place, plain.data, plain.size);
        place[plain.size] = 0x80;
        padded.size += full;
    }
    rc = buf_check(&padded, "a row", err);
    if (rc == RC_OK)
        rc = buf_check(&about, "a row", err);
    if (rc == RC_OK)
        rc = crypt_lock(tablet->env, key->lock, buf_view(&padded), buf_view(&about), out, err);
    if (PLANTED(IN_CLEAR) && rc == RC_OK)
        rc = setting_put(tablet, "last", plain, err);
    crypt_buf_release(&padded);
    return rc;
}

enum rc row_unlock(const struct open_key *key, const char *table, uint64_t row, uint64_t generation,
                   struct view locked, struct buf *out, struct err *err) {
    uint8_t memory[ABOUT_BYTES];
    struct buf about;
    size_t before = out->size;
    enum rc rc;

    buf_init_on(&about, memory, sizeof(memory));
    associated(table, key->key, row, generation, &about);
    rc = buf_check(&about, "a row", err);
    if (rc == RC_OK)
        rc = crypt_unlock(key->lock, locked, buf_view(&about), out, err);
    if (rc == RC_DENIED)
        return err_set(err, RC_CORRUPT,
                       "tablet.db, table %s: a row is not what was written; run verify", table);
    if (rc != RC_OK)
        return rc;
    while (out->size > before && out->data[out->size - 1] == 0)
        out->size--;
    if (out->size == before || out->data[out->size - 1] != 0x80)
        return err_set(err, RC_CORRUPT,
                       "tablet.db, table %s: a row is not what was written; run verify", table);
    out->size--;
    return RC_OK;
}

/* ---- keys ---- */

void area_key_derive(const uint8_t seed[CRYPT_KEY_BYTES], uint64_t key, struct open_key *out,
                     uint8_t box_public[CRYPT_BOX_PUBLIC_BYTES]) {
    uint8_t box_seed[CRYPT_SEED_BYTES];

    out->key = key;
    crypt_mac(seed, "yg area lock", (struct view){0}, out->lock);
    crypt_mac(seed, "yg area box", (struct view){0}, box_seed);
    crypt_box_keypair(box_seed, box_public, out->box_secret);
    crypt_wipe(box_seed, sizeof(box_seed));
}

/* The most specific key; of an area itself, or of one that the area took the place of. */
static const struct area_key *key_holding(const struct tablet *tablet, uint64_t area,
                                          bool succeeded) {
    const struct area_key *best = NULL;

    for (size_t i = 0; i < tablet->key_count; i++) {
        const struct area_key *key = &tablet->keys[i];
        uint64_t holds = succeeded ? succession_of(&tablet->areas, key->area) : key->area;

        if (key->area != 0 && area_contains(holds, area) &&
            (best == NULL || area_contains(best->area, key->area)))
            best = key;
    }
    return best;
}

const struct area_key *area_key_of(const struct tablet *tablet, uint64_t area) {
    uint64_t current = succession_of(&tablet->areas, area);
    const struct area_key *best = key_holding(tablet, area, false);

    if (best == NULL && current != area)
        best = key_holding(tablet, current, false);
    if (best == NULL && tablet->areas.count > 0)
        best = key_holding(tablet, current, true);
    for (size_t i = 0; i < tablet->key_count && best == NULL; i++)
        if (tablet->keys[i].area == 0)
            best = &tablet->keys[i];
    return best;
}

const struct area_key *area_key_find(const struct tablet *tablet, uint64_t key) {
    for (size_t i = 0; i < tablet->key_count; i++) {
        if (tablet->keys[i].key == key)
            return &tablet->keys[i];
    }
    return NULL;
}

static const struct open_key *held_by(const struct session *session, uint64_t key) {
    for (size_t i = 0; i < session->secrets->key_count; i++) {
        if (session->secrets->keys[i].key == key)
            return &session->secrets->keys[i];
    }
    return NULL;
}

const struct open_key *area_key_open(const struct tablet *tablet, const struct session *session,
                                     uint64_t key) {
    const struct open_key *open = NULL;

    if (session != NULL)
        return held_by(session, key);
    for (session = tablet->sessions; session != NULL && open == NULL; session = session->next)
        open = held_by(session, key);
    return open;
}

enum rc area_keys_load(struct tablet *tablet, struct err *err) {
    struct statement *list = tablet->sql[SQL_KEY_LIST];
    enum rc rc;

    tablet->key_count = 0;
    while ((rc = statement_step(list, err)) == RC_OK) {
        struct area_key *key;
        struct view box = statement_blob(list, 2);

        if (box.size != CRYPT_BOX_PUBLIC_BYTES) {
            rc = err_set(err, RC_CORRUPT, "tablet.db: a key is damaged; enrol the tablet anew");
            break;
        }
        rc = array_grow(&tablet->keys, sizeof(*tablet->keys), tablet->key_count + 1, KEYS_MAX,
                        "keys of areas", &tablet->key_capacity, err);
        if (rc != RC_OK)
            break;
        key = &tablet->keys[tablet->key_count++];
        key->key = (uint64_t)statement_i64(list, 0);
        key->area = (uint64_t)statement_i64(list, 1);
        memcpy(key->box_public, box.data, sizeof(key->box_public));
    }
    statement_reset(list);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc area_key_share(struct tablet *tablet, uint64_t key, uint64_t person,
                       const uint8_t box_public[CRYPT_BOX_PUBLIC_BYTES],
                       const uint8_t seed[CRYPT_KEY_BYTES], struct err *err) {
    struct statement *add = tablet->sql[SQL_SHARE_ADD];
    uint8_t about[8];
    struct buf sealed;
    enum rc rc;

    for (size_t i = 0; i < sizeof(about); i++)
        about[i] = (uint8_t)(key >> (8 * i));
    buf_init(&sealed, 256);
    rc = crypt_seal(tablet->env, box_public, view_of(seed, CRYPT_KEY_BYTES),
                    view_of(about, sizeof(about)), &sealed, err);
    if (rc == RC_OK) {
        statement_bind_i64(add, 1, (int64_t)key);
        statement_bind_i64(add, 2, (int64_t)person);
        statement_bind_blob(add, 3, buf_view(&sealed));
        rc = statement_run(add, err);
    }
    buf_release(&sealed);
    return rc;
}

static bool has_key(const struct tablet *tablet, uint64_t area) {
    for (size_t i = 0; i < tablet->key_count; i++) {
        if (tablet->keys[i].area == area)
            return true;
    }
    return false;
}

static bool person_wants(const struct tablet *tablet, const struct person_row *person,
                         uint64_t area) {
    struct reader in;
    bool wants = person->areas.size == 0 || area == 0;

    reader_init(&in, person->areas);
    while (!wants && read_left(&in) > 0)
        wants =
            succession_of(&tablet->areas, read_le64(&in)) == succession_of(&tablet->areas, area);
    return wants;
}

static enum rc key_add(struct tablet *tablet, uint64_t area, const struct person_row *persons,
                       uint32_t person_count, struct err *err) {
    struct statement *add = tablet->sql[SQL_KEY_ADD];
    uint8_t seed[CRYPT_KEY_BYTES];
    struct open_key open;
    struct area_key made = {.area = area};
    struct session *session;
    enum rc rc;

    rc = array_grow(&tablet->keys, sizeof(*tablet->keys), tablet->key_count + 1, KEYS_MAX,
                    "keys of areas", &tablet->key_capacity, err);
    if (rc != RC_OK)
        return rc;
    env_entropy(tablet->env, seed, sizeof(seed));
    do
        made.key = env_random_u64(tablet->env) >> 1;
    while (made.key == 0 || area_key_find(tablet, made.key) != NULL);
    area_key_derive(seed, made.key, &open, made.box_public);
    statement_bind_i64(add, 1, (int64_t)made.key);
    statement_bind_i64(add, 2, (int64_t)area);
    statement_bind_blob(add, 3, view_of(made.box_public, sizeof(made.box_public)));
    rc = statement_run(add, err);
    for (uint32_t i = 0; i < person_count && rc == RC_OK; i++) {
        if (!person_wants(tablet, &persons[i], area))
            continue;
        rc = area_key_share(tablet, made.key, persons[i].person, persons[i].box_public, seed, err);
        for (session = tablet->sessions; session != NULL; session = session->next) {
            struct secrets *secrets = session->secrets;

            if (session->person == persons[i].person && secrets->key_count < KEYS_MAX)
                secrets->keys[secrets->key_count++] = open;
        }
    }
    if (rc == RC_OK)
        tablet->keys[tablet->key_count++] = made;
    crypt_wipe(seed, sizeof(seed));
    crypt_wipe(&open, sizeof(open));
    return rc;
}

/* An area beneath one that has a key already gets none of its own: its rows are locked with the
 * outer one. area 0 makes the common key. */
enum rc area_keys_grant(struct tablet *tablet, const uint64_t *areas, uint32_t count,
                        struct err *err) {
    struct arena arena;
    struct person_row *persons;
    uint32_t person_count;
    enum rc rc;

    arena_init(&arena, 1024 * 1024);
    rc = person_rows(tablet, &arena, &persons, &person_count, err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        const struct area_key *outer = areas[i] == 0 ? NULL : area_key_of(tablet, areas[i]);

        if (has_key(tablet, areas[i]) || (outer != NULL && outer->area != 0))
            continue;
        rc = key_add(tablet, areas[i], persons, person_count, err);
    }
    arena_release(&arena);
    return rc;
}
