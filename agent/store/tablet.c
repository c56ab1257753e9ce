/* tablet.c: opening and closing the tablet's memory, and its transactions.
 *
 * What memory holds besides sessions is a copy of rows: after a rollback it is read again. */
#include "agent/store/inside.h"

#include "base/file.h"
#include "base/list.h"
#include "base/planted.h"

#include <stdlib.h>

#define ROW_BYTES_MAX     (LIMIT_RECORD_BYTES * 2)
#define SCRATCH_BYTES_MAX (256u * 1024u * 1024u)

enum rc tablet_file(const struct tablet *tablet, const char *name, char *out, size_t size,
                    struct err *err) {
    int written = snprintf(out, size, "%s/%s", tablet->directory, name);

    if (written < 0 || (size_t)written >= size)
        return err_set(err, RC_LIMIT, "%s: the path is too long; choose a shorter --data",
                       tablet->directory);
    return RC_OK;
}

enum rc tablet_path(const char *directory, const char *name, char *out, size_t size,
                    struct err *err) {
    struct tablet at = {.directory = (char *)(uintptr_t)directory};

    return tablet_file(&at, name, out, size, err);
}

bool tablet_exists(const char *directory) {
    char path[FILE_PATH_BYTES_MAX];
    struct err err;

    err_init(&err, LANG_EN);
    return tablet_path(directory, "tablet.db", path, sizeof(path), &err) == RC_OK &&
           file_exists(path);
}

/* ---- life ---- */

void tablet_release(struct tablet *tablet) {
    if (tablet == NULL)
        return;
    db_close(tablet->db);
    for (size_t i = 0; i < tablet->form_count; i++) {
        arena_release(&tablet->forms[i]->arena);
        free(tablet->forms[i]);
    }
    free(tablet->forms);
    rules_forget(tablet);
    free(tablet->keys);
    free(tablet->actors);
    free(tablet->touched);
    arena_release(&tablet->areas_arena);
    arena_release(&tablet->facts_arena);
    arena_release(&tablet->lineages);
    arena_release(&tablet->pending_arena);
    arena_release(&tablet->scratch);
    crypt_buf_release(&tablet->plain);
    buf_release(&tablet->locked);
    crypt_wipe(tablet->device_secret, sizeof(tablet->device_secret));
    free(tablet->directory);
    free(tablet);
}

enum rc tablet_prepare(const char *directory, const struct tablet_options *options,
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
    arena_init(&tablet->areas_arena, 1024 * 1024);
    arena_init(&tablet->lineages, 16 * 1024 * 1024);
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
        tablet_release(tablet);
        return rc;
    }
    *out = tablet;
    return RC_OK;
}

static enum rc load_actors(struct tablet *tablet, struct err *err) {
    struct statement *list = tablet->sql[SQL_ACTOR_LIST];
    enum rc rc;

    tablet->actor_count = 0;
    arena_reset(&tablet->lineages);
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
            .told = (uint64_t)statement_i64(list, 10),
            .began = (uint32_t)statement_i64(list, 11),
        };
        memcpy(actor->nonce, nonce.data, sizeof(actor->nonce));
        memcpy(actor->hash, hash.data, sizeof(actor->hash));
        rc = lineage_decode(statement_blob(list, 9), &tablet->lineages, &actor->lineage, err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(list);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc tablet_reload(struct tablet *tablet, struct err *err) {
    enum rc rc = facts_load(tablet, err);

    if (rc == RC_OK)
        rc = areas_load(tablet, err);
    if (rc == RC_OK)
        rc = load_actors(tablet, err);
    if (rc == RC_OK)
        rc = area_keys_load(tablet, err);
    return rc;
}

/* Attachments that were added for a save that never came. */
static enum rc forget_orphans(struct tablet *tablet, struct err *err) {
    enum rc rc = db_begin(tablet->db, err);

    if (rc == RC_OK)
        rc = blobs_orphans(tablet, err);
    if (rc == RC_OK)
        return db_commit(tablet->db, err);
    db_rollback(tablet->db);
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
    rc = tablet_path(directory, "device.key", path, sizeof(path), err);
    if (rc == RC_OK)
        rc = tablet_device_seed_read(path, seed, err);
    if (rc == RC_OK)
        rc = tablet_prepare(directory, options, seed, &tablet, err);
    crypt_wipe(seed, sizeof(seed));
    if (rc == RC_OK)
        rc = tablet_reload(tablet, err);
    if (rc == RC_OK && tablet->facts.device != batch_device(tablet->device_public))
        rc = err_set(err, RC_CORRUPT,
                     "%s: device.key belongs to another tablet; put the right one back", directory);
    if (rc == RC_OK)
        rc = tablet_check_incarnation(tablet, err);
    if (rc == RC_OK)
        rc = forms_load(tablet, err);
    if (rc == RC_OK)
        rc = forget_orphans(tablet, err);
    if (rc != RC_OK) {
        tablet_release(tablet);
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
    tablet_release(tablet);
}

/* ---- transactions ---- */

enum rc tablet_regain(struct tablet *tablet, struct err *err) {
    struct err why;
    enum rc rc;

    if (!tablet->lost)
        return RC_OK;
    err_init(&why, err->lang);
    rc = tablet_reload(tablet, &why);
    if (rc == RC_OK)
        rc = forms_reload(tablet, &why);
    tablet->lost = rc != RC_OK;
    return rc == RC_OK
               ? RC_OK
               : err_set(err, RC_IO, "the tablet's memory could not be read; open it again");
}

enum rc tablet_begin(struct tablet *tablet, struct err *err) {
    enum rc rc = tablet_regain(tablet, err);

    tablet->conflicted = 0;
    return rc == RC_OK ? db_begin(tablet->db, err) : rc;
}

enum rc tablet_commit(struct tablet *tablet, struct err *err) {
    enum rc rc = doubt_settle(tablet, err);
    struct err later;

    if (rc == RC_OK)
        rc = db_commit(tablet->db, err);
    if (rc != RC_OK) {
        tablet_rollback(tablet);
        return PLANTED(SAVED_ANYWAY) ? RC_OK : rc;
    }
    /* The transaction is on disk; nothing below may say otherwise. A sidecar that could not be
     * written stays due (tablet_check_incarnation knows the former nonce), an index that could not
     * be renewed is read anew when it is next asked. */
    err_init(&later, err->lang);
    (void)incarnation_settle(tablet, &later);
    purge_settle(tablet);
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
    tablet->purge_due = false;
    tablet->conflicted = 0;
    arena_reset(&tablet->pending_arena);
    /* Nothing can be saved or sent until it can be read again (tablet_regain). Whoever looks for a
     * key, or for what is unsent, before a transaction regains it first: what memory still has may
     * have been rolled back. */
    tablet->lost =
        tablet_reload(tablet, &ignored) != RC_OK || forms_reload(tablet, &ignored) != RC_OK;
    if (tablet->lost)
        tablet->actor_count = tablet->key_count = 0;
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
    enum rc rc = tablet_regain(tablet, err);
    struct facts facts = tablet->facts;

    facts.server = url;
    return rc == RC_OK ? tablet_put_facts(tablet, &facts, err) : rc;
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
