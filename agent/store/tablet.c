/* tablet.c: opening, creating and closing the tablet's memory, and its transactions.
 *
 * What memory holds besides sessions is a copy of rows: after a rollback it is read again. */
#include "agent/store/inside.h"

#include "base/file.h"
#include "base/list.h"
#include "base/text.h"

#include <stdlib.h>

#define ROW_BYTES_MAX     (LIMIT_RECORD_BYTES * 2)
#define SCRATCH_BYTES_MAX (256u * 1024u * 1024u)
#define DEVICE_HEAD       "yg device 1\n"

enum rc tablet_file(const struct tablet *tablet, const char *name, char *out, size_t size,
                    struct err *err) {
    int written = snprintf(out, size, "%s/%s", tablet->directory, name);

    if (written < 0 || (size_t)written >= size)
        return err_set(err, RC_LIMIT, "%s: the path is too long; choose a shorter --data",
                       tablet->directory);
    return RC_OK;
}

static enum rc path_in(const char *directory, const char *name, char *out, size_t size,
                       struct err *err) {
    struct tablet at = {.directory = (char *)(uintptr_t)directory};

    return tablet_file(&at, name, out, size, err);
}

bool tablet_exists(const char *directory) {
    char path[FILE_PATH_BYTES_MAX];
    struct err err;

    err_init(&err, LANG_EN);
    return path_in(directory, "tablet.db", path, sizeof(path), &err) == RC_OK && file_exists(path);
}

/* ---- the device's key: "yg device 1", then the seed in hexadecimal, each on a line ---- */

static enum rc device_seed_read(const char *path, uint8_t seed[32], struct err *err) {
    struct buf text;
    struct reader in;
    struct view head, digits;
    enum rc rc;

    buf_init(&text, 4096);
    rc = file_read(path, 4096, &text, err);
    if (rc == RC_OK) {
        reader_init(&in, buf_view(&text));
        head = read_bytes(&in, sizeof(DEVICE_HEAD) - 1);
        digits = read_bytes(&in, 64);
        if (!view_is(head, DEVICE_HEAD) || !hex_decode(digits, seed, 32))
            rc = err_set(err, RC_CORRUPT, "%s: not a device key; enrol in an empty folder", path);
    }
    if (text.data != NULL)
        crypt_wipe(text.data, text.size);
    buf_release(&text);
    return rc;
}

enum rc tablet_device_seed(const char *directory, const struct env *env,
                           uint8_t seed[CRYPT_SEED_BYTES], struct err *err) {
    char path[FILE_PATH_BYTES_MAX], digits[65];
    struct buf text;
    enum rc rc = file_make_directory(directory, err);

    if (rc == RC_OK)
        rc = path_in(directory, "device.key", path, sizeof(path), err);
    if (rc != RC_OK)
        return rc;
    if (file_exists(path))
        return device_seed_read(path, seed, err);
    env_entropy(env, seed, CRYPT_SEED_BYTES);
    hex_encode(view_of(seed, CRYPT_SEED_BYTES), digits);
    buf_init(&text, 256);
    buf_addf(&text, "%s%s\n", DEVICE_HEAD, digits);
    rc = buf_check(&text, "the device's key", err);
    if (rc == RC_OK)
        rc = file_write(path, buf_view(&text), FILE_MODE_PRIVATE, err);
    if (text.data != NULL)
        crypt_wipe(text.data, text.size);
    crypt_wipe(digits, sizeof(digits));
    buf_release(&text);
    return rc;
}

/* ---- life ---- */

static void release(struct tablet *tablet) {
    if (tablet == NULL)
        return;
    db_close(tablet->db);
    for (size_t i = 0; i < tablet->form_count; i++) {
        arena_release(&tablet->forms[i]->arena);
        free(tablet->forms[i]);
    }
    free(tablet->forms);
    free(tablet->keys);
    free(tablet->actors);
    free(tablet->touched);
    arena_release(&tablet->facts_arena);
    arena_release(&tablet->pending_arena);
    arena_release(&tablet->scratch);
    if (tablet->plain.data != NULL)
        crypt_wipe(tablet->plain.data, tablet->plain.capacity);
    buf_release(&tablet->plain);
    buf_release(&tablet->locked);
    crypt_wipe(tablet->device_secret, sizeof(tablet->device_secret));
    free(tablet->directory);
    free(tablet);
}

static enum rc prepare(const char *directory, const struct tablet_options *options,
                       const uint8_t seed[32], struct tablet **out, struct err *err) {
    struct tablet *tablet = calloc(1, sizeof(*tablet));
    char path[FILE_PATH_BYTES_MAX];
    enum rc rc = crypt_start(err);

    *out = NULL;
    if (rc != RC_OK || tablet == NULL) {
        free(tablet);
        return rc != RC_OK ? rc : err_set(err, RC_NO_MEMORY, "out of memory");
    }
    tablet->env = options->env;
    tablet->cost = options->cost.passes != 0 ? options->cost : CRYPT_COST_DEFAULT;
    arena_init(&tablet->facts_arena, 1024 * 1024);
    arena_init(&tablet->pending_arena, SCRATCH_BYTES_MAX);
    arena_init(&tablet->scratch, SCRATCH_BYTES_MAX);
    buf_init(&tablet->plain, ROW_BYTES_MAX);
    buf_init(&tablet->locked, ROW_BYTES_MAX);
    tablet->directory = strdup(directory);
    if (tablet->directory == NULL)
        rc = err_set(err, RC_NO_MEMORY, "out of memory");
    crypt_sign_keypair(seed, tablet->device_public, tablet->device_secret);
    if (rc == RC_OK)
        rc = tablet_file(tablet, "tablet.db", path, sizeof(path), err);
    if (rc == RC_OK)
        rc = tablet_sql_open(path, options->vfs_name, &tablet->db, tablet->sql, err);
    if (rc != RC_OK) {
        release(tablet);
        return rc;
    }
    *out = tablet;
    return RC_OK;
}

static enum rc load_actors(struct tablet *tablet, struct err *err) {
    struct statement *list = tablet->sql[SQL_ACTOR_LIST];
    enum rc rc;

    tablet->actor_count = 0;
    while ((rc = statement_step(list, err)) == RC_OK) {
        struct view nonce = statement_blob(list, 2), hash = statement_blob(list, 4);
        struct own_actor *actor;

        if (nonce.size != 16 || hash.size != 32) {
            rc = err_set(err, RC_CORRUPT, "tablet.db: an actor is damaged; run verify");
            break;
        }
        rc = array_grow(&tablet->actors, sizeof(*tablet->actors), tablet->actor_count + 1, 65536,
                        "incarnations", &tablet->actor_capacity, err);
        if (rc != RC_OK)
            break;
        actor = &tablet->actors[tablet->actor_count++];
        *actor = (struct own_actor){
            .serial = (uint32_t)statement_i64(list, 0),
            .actor = (uint64_t)statement_i64(list, 1),
            .number = (uint64_t)statement_i64(list, 3),
            .lamport = (uint64_t)statement_i64(list, 5),
            .receipt = (uint64_t)statement_i64(list, 6),
            .backed_up = (uint64_t)statement_i64(list, 7),
            .sent = (uint64_t)statement_i64(list, 8),
            .fork_actor = (uint64_t)statement_i64(list, 9),
            .fork_from = (uint64_t)statement_i64(list, 10),
        };
        memcpy(actor->nonce, nonce.data, sizeof(actor->nonce));
        memcpy(actor->hash, hash.data, sizeof(actor->hash));
    }
    statement_reset(list);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc tablet_reload(struct tablet *tablet, struct err *err) {
    enum rc rc = facts_load(tablet, err);

    if (rc == RC_OK)
        rc = load_actors(tablet, err);
    if (rc == RC_OK)
        rc = area_keys_load(tablet, err);
    return rc;
}

enum rc tablet_open(const char *directory, const struct tablet_options *options,
                    struct tablet **out, struct err *err) {
    char path[FILE_PATH_BYTES_MAX];
    uint8_t seed[32];
    struct tablet *tablet = NULL;
    enum rc rc;

    *out = NULL;
    if (!tablet_exists(directory))
        return err_set(err, RC_NOT_FOUND,
                       "%s: no tablet is enrolled here; run yg-agent enrol --server URL --code "
                       "CODE",
                       directory);
    rc = path_in(directory, "device.key", path, sizeof(path), err);
    if (rc == RC_OK)
        rc = device_seed_read(path, seed, err);
    if (rc == RC_OK)
        rc = prepare(directory, options, seed, &tablet, err);
    crypt_wipe(seed, sizeof(seed));
    if (rc == RC_OK)
        rc = tablet_reload(tablet, err);
    if (rc == RC_OK && tablet->facts.device != batch_device(tablet->device_public))
        rc = err_set(err, RC_CORRUPT,
                     "%s: device.key belongs to another tablet; put the right one back", directory);
    if (rc == RC_OK)
        rc = incarnation_check(tablet, err);
    if (rc == RC_OK)
        rc = forms_load(tablet, err);
    if (rc != RC_OK) {
        release(tablet);
        tablet = NULL;
    }
    *out = tablet;
    return rc;
}

void tablet_close(struct tablet *tablet) {
    struct err err;

    if (tablet == NULL)
        return;
    err_init(&err, LANG_EN);
    while (tablet->sessions != NULL)
        (void)session_close(tablet->sessions, &err); /* the caller could not mend it any more */
    release(tablet);
}

/* ---- the beginning ---- */

/* The secrets that every person of the tablet shares, sealed with the common key. */
static enum rc put_common(struct tablet *tablet, const struct tablet_founding *founding,
                          const struct secrets *secrets, struct err *err) {
    const struct open_key *common = &secrets->keys[0];
    uint8_t salt[CRYPT_KEY_BYTES];
    struct buf sealed;
    enum rc rc;

    env_entropy(tablet->env, salt, sizeof(salt));
    buf_init(&sealed, 1024);
    rc = row_lock(tablet, common, "vault", 0, 0, view_of(founding->vault_seed, 32), &sealed, err);
    if (rc == RC_OK)
        rc = setting_put(tablet, "vault", buf_view(&sealed), err);
    buf_clear(&sealed);
    if (rc == RC_OK)
        rc = row_lock(tablet, common, "salt", 0, 0, view_of(salt, sizeof(salt)), &sealed, err);
    if (rc == RC_OK)
        rc = setting_put(tablet, "salt", buf_view(&sealed), err);
    buf_release(&sealed);
    crypt_wipe(salt, sizeof(salt));
    return rc;
}

static enum rc found(struct tablet *tablet, const struct tablet_founding *founding,
                     struct err *err) {
    const struct enrol_answer *answer = &founding->answer;
    struct facts facts = {.device = answer->device,
                          .device_name = answer->device_name,
                          .server = founding->server,
                          .epoch = answer->epoch,
                          .scope = answer->scope,
                          .offset_ms = answer->server_ms - env_wall_ms(tablet->env),
                          .pin_count = answer->pin_count,
                          .pins = answer->pins};
    /* A session of the first person, so that the keys made here can be used at once. */
    struct session first = {.tablet = tablet};
    struct person_row person;
    uint8_t vault_secret[32];
    const uint64_t common = 0;
    enum rc rc;

    first.secrets = calloc(1, sizeof(*first.secrets));
    if (first.secrets == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    memcpy(facts.county_sign_public, answer->county_sign_public, 32);
    memcpy(facts.county_box_public, answer->county_box_public, 32);
    memcpy(facts.hello_nonce, answer->next_nonce, 16);
    crypt_box_keypair(founding->vault_seed, facts.vault_public, vault_secret);
    crypt_wipe(vault_secret, sizeof(vault_secret));
    rc = person_insert(tablet, answer->person_name, founding->secret, answer->role,
                       founding->person_seed, NULL, 0, &person, err);
    first.person = person.person;
    tablet->sessions = &first;
    if (rc == RC_OK)
        rc = tablet_put_facts(tablet, &facts, err);
    if (rc == RC_OK)
        rc = area_keys_grant(tablet, &common, 1, err);
    if (rc == RC_OK)
        rc = put_common(tablet, founding, first.secrets, err);
    if (rc == RC_OK)
        rc = area_keys_grant(tablet, answer->scope.areas, answer->scope.area_count, err);
    if (rc == RC_OK)
        rc = tablet_incarnate(tablet, err);
    tablet->sessions = NULL;
    crypt_wipe(first.secrets, sizeof(*first.secrets));
    free(first.secrets);
    return rc;
}

enum rc tablet_create(const char *directory, const struct tablet_options *options,
                      const struct tablet_founding *founding, struct tablet **out,
                      struct err *err) {
    uint8_t seed[32];
    bool same;
    struct tablet *tablet = NULL;
    struct statement *get;
    enum rc rc = crypt_start(err);

    *out = NULL;
    if (rc == RC_OK)
        rc = file_make_directory(directory, err);
    if (rc == RC_OK)
        rc = tablet_device_seed(directory, options->env, seed, err);
    if (rc != RC_OK)
        return rc;
    same = crypt_equal(seed, founding->device_seed, sizeof(seed));
    crypt_wipe(seed, sizeof(seed));
    if (!same)
        return err_set(err, RC_CONFLICT,
                       "%s: another device's key is here; choose an empty folder", directory);
    rc = prepare(directory, options, founding->device_seed, &tablet, err);
    if (rc == RC_OK) { /* a file without facts is what a cut-off enrolment leaves */
        get = tablet->sql[SQL_SETTING_GET];
        statement_bind_text(get, 1, view_text("facts"));
        rc = statement_one(get, err);
        if (rc == RC_OK) {
            statement_reset(get);
            rc = err_set(err, RC_CONFLICT,
                         "%s: a tablet is enrolled here already; choose an empty folder",
                         directory);
        } else if (rc == RC_NOT_FOUND) {
            rc = db_begin(tablet->db, err);
        }
    }
    if (rc == RC_OK)
        rc = found(tablet, founding, err);
    if (rc == RC_OK)
        rc = tablet_commit(tablet, err);
    if (rc == RC_OK)
        rc = file_sync_directory(directory, err);
    if (rc == RC_OK)
        rc = tablet_reload(tablet, err);
    if (rc != RC_OK) {
        release(tablet);
        tablet = NULL;
    }
    *out = tablet;
    return rc;
}

/* ---- transactions ---- */

enum rc tablet_begin(struct tablet *tablet, struct err *err) {
    return db_begin(tablet->db, err);
}

enum rc tablet_commit(struct tablet *tablet, struct err *err) {
    enum rc rc = db_commit(tablet->db, err);
    struct err later;

    if (rc != RC_OK) {
        tablet_rollback(tablet);
        return rc;
    }
    /* The transaction is on disk; nothing below may say otherwise. A sidecar that could not be
     * written stays due (incarnation_check knows the former nonce), an index that could not be
     * renewed is read anew when it is next asked. */
    err_init(&later, err->lang);
    (void)incarnation_settle(tablet, &later);
    if (index_renew(tablet, &later) != RC_OK) {
        for (struct session *session = tablet->sessions; session != NULL; session = session->next)
            session->index_stale = true;
    }
    tablet->touched_count = 0;
    arena_reset(&tablet->pending_arena);
    return RC_OK;
}

void tablet_rollback(struct tablet *tablet) {
    struct err ignored; /* the caller's error is the one to report; a second one adds nothing */

    err_init(&ignored, LANG_EN);
    db_rollback(tablet->db);
    tablet->touched_count = 0;
    tablet->sidecar_due = false;
    arena_reset(&tablet->pending_arena);
    if (tablet_reload(tablet, &ignored) != RC_OK)
        tablet->actor_count = 0; /* nothing can be saved until the tablet is opened again */
    (void)forms_reload(tablet, &ignored);
}

/* ---- small answers ---- */

void tablet_set_traffic(struct tablet *tablet, const struct traffic *traffic) {
    tablet->traffic = traffic;
}

const struct env *tablet_env(const struct tablet *tablet) {
    return tablet->env;
}

const char *tablet_directory(const struct tablet *tablet) {
    return tablet->directory;
}

struct view tablet_server(const struct tablet *tablet) {
    return tablet->facts.server;
}

enum rc tablet_set_server(struct tablet *tablet, struct view url, struct err *err) {
    struct facts facts = tablet->facts;

    facts.server = url;
    return tablet_put_facts(tablet, &facts, err);
}

bool tablet_locked(const struct tablet *tablet) {
    return tablet->sessions == NULL;
}

const uint8_t *tablet_device_public(const struct tablet *tablet) {
    return tablet->device_public;
}

const uint8_t *tablet_device_secret(const struct tablet *tablet) {
    return tablet->device_secret;
}

uint32_t tablet_actor_count(const struct tablet *tablet) {
    return (uint32_t)tablet->actor_count;
}

const struct own_actor *tablet_actor(const struct tablet *tablet, uint32_t index) {
    return index < tablet->actor_count ? &tablet->actors[index] : NULL;
}
