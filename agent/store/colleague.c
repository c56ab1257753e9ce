/* colleague.c: another person on the same tablet. Whoever adds him gives him the keys that he holds
 * himself; nobody can give more. The county certifies the new signing key at the next sync. */
#include "agent/store/inside.h"

#include <stdlib.h>

struct shared_seed {
    uint64_t key;
    uint8_t seed[CRYPT_KEY_BYTES];
};

static bool same_area(const struct tablet *tablet, uint64_t a, uint64_t b) {
    return succession_of(&tablet->areas, a) == succession_of(&tablet->areas, b);
}

/* Gives the new person the keys of the areas, and the common one. */
static enum rc share_all(struct session *session, const struct person_row *person,
                         const uint64_t *areas, uint32_t area_count, struct err *err) {
    struct tablet *tablet = session->tablet;
    struct statement *list = tablet->sql[SQL_SHARE_LIST];
    struct shared_seed *seeds = calloc(KEYS_MAX, sizeof(*seeds));
    uint8_t box_public[32], box_secret[32];
    struct buf seed;
    size_t count = 0;
    enum rc rc;

    if (seeds == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    buf_init(&seed, 256);
    crypt_box_keypair(session->secrets->box_secret, box_public, box_secret); /* its public half */
    crypt_wipe(box_secret, sizeof(box_secret));
    statement_bind_i64(list, 1, (int64_t)session->person);
    while ((rc = statement_step(list, err)) == RC_OK && count < KEYS_MAX) {
        const struct area_key *key = area_key_find(tablet, (uint64_t)statement_i64(list, 0));
        uint8_t about[8];
        bool wanted = key != NULL && (key->area == 0 || area_count == 0);

        for (uint32_t i = 0; i < area_count && key != NULL; i++)
            wanted = wanted || same_area(tablet, areas[i], key->area);
        if (!wanted)
            continue;
        for (size_t i = 0; i < sizeof(about); i++)
            about[i] = (uint8_t)(key->key >> (8 * i));
        buf_clear(&seed);
        rc = crypt_seal_open(box_public, session->secrets->box_secret, statement_blob(list, 1),
                             view_of(about, sizeof(about)), &seed, err);
        if (rc != RC_OK)
            break;
        seeds[count].key = key->key;
        memcpy(seeds[count++].seed, seed.data, 32);
    }
    statement_reset(list);
    rc = rc == RC_NOT_FOUND ? RC_OK : rc;
    for (size_t i = 0; i < count && rc == RC_OK; i++)
        rc = area_key_share(tablet, seeds[i].key, person->person, person->box_public, seeds[i].seed,
                            err);
    crypt_wipe(seeds, KEYS_MAX * sizeof(*seeds));
    free(seeds);
    crypt_buf_release(&seed);
    return rc;
}

static enum rc check_areas(const struct session *session, const uint64_t *areas, uint32_t count,
                           struct err *err) {
    const struct tablet *tablet = session->tablet;

    if (count > LIMIT_AREAS)
        return err_set(err, RC_LIMIT, "areas: more than %u", LIMIT_AREAS);
    for (uint32_t i = 0; i < count; i++) {
        const struct area_key *key = area_key_of(tablet, areas[i]);
        char text[AREA_TEXT_BYTES];

        if (key != NULL && same_area(tablet, key->area, areas[i]) && session_may(session, areas[i]))
            continue;
        area_text(areas[i], text);
        return err_set(err, RC_DENIED,
                       "area %s: not one of the areas granted to this tablet and to you", text);
    }
    return RC_OK;
}

enum rc session_add_person(struct session *session, struct view name, struct view secret,
                           const uint64_t *areas, uint32_t area_count, uint64_t *person,
                           struct err *err) {
    struct tablet *tablet = session->tablet;
    struct person_row row;
    uint8_t seed[CRYPT_SEED_BYTES];
    enum rc rc = tablet_regain(tablet, err);

    if (rc != RC_OK)
        return rc;
    if (area_count == 0) {
        areas = session->areas;
        area_count = session->area_count;
    }
    rc = check_areas(session, areas, area_count, err);
    if (rc == RC_OK)
        rc = tablet_begin(tablet, err);
    if (rc != RC_OK)
        return rc;
    env_entropy(tablet->env, seed, sizeof(seed));
    rc = person_insert(tablet, name, secret, 0, seed, areas, area_count, &row, err);
    crypt_wipe(seed, sizeof(seed));
    if (rc == RC_OK)
        rc = share_all(session, &row, areas, area_count, err);
    if (rc == RC_OK)
        rc = tablet_commit(tablet, err);
    else
        tablet_rollback(tablet);
    if (rc == RC_OK)
        *person = row.person;
    return rc;
}
