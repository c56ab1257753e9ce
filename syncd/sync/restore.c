/* restore.c: see restore.h. The database is written under another name, checked, given its new
 * epoch, and only then takes its place: a restore that is broken off leaves no county behind. */
#include "syncd/sync/restore.h"

#include "base/date.h"
#include "base/file.h"
#include "base/spool.h"
#include "base/text.h"
#include "syncd/store/store.h"
#include "syncd/sync/redact.h"
#include "syncd/sync/scope.h"

#include <stdio.h>

#define SETTING_BYTES_MAX (1024u * 1024u)
#define EPOCH_STEP_MAX    (1u << 20)

struct restoring {
    const struct restore_options *options;
    struct arena *arena;
    struct backup_info *info;
    struct keys keys;
    struct spool *spool;
    char database[FILE_PATH_BYTES_MAX], making[FILE_PATH_BYTES_MAX];
    char redactions[FILE_PATH_BYTES_MAX];
    struct store *store;
    int64_t now_ms;
    uint32_t epoch;
    struct stored_actor *actors;
    uint32_t actor_count, actor_capacity;
    struct stored_device *devices;
    uint32_t device_count, device_capacity;
    struct stored_setting *settings;
    uint32_t setting_count, setting_capacity;
};

static enum rc no_room(struct restoring *at, struct err *err) {
    return arena_check(at->arena, "a restore", err);
}

/* --- files --- */

static enum rc path_join(const char *folder, const char *name, char out[FILE_PATH_BYTES_MAX],
                         struct err *err) {
    int size = snprintf(out, FILE_PATH_BYTES_MAX, "%s/%s", folder, name);

    if (size < 0 || (size_t)size >= FILE_PATH_BYTES_MAX)
        return err_set(err, RC_LIMIT, "%s: the path is too long; use a shorter folder", folder);
    return RC_OK;
}

static void remove_making(const struct restoring *at) {
    static const char *const endings[] = {"", ".part", ".lock", "-wal", "-shm", "-journal"};
    char path[FILE_PATH_BYTES_MAX + 16];
    struct err ignored;

    err_init(&ignored, LANG_EN);
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", at->making, endings[i]);
        (void)file_remove(path, &ignored);
    }
}

static enum rc piece_sink(void *context, struct view piece, struct err *err) {
    struct restoring *at = context;

    return spool_write(at->spool, piece, err);
}

static enum rc write_database(struct restoring *at, struct err *err) {
    enum rc rc;

    remove_making(at); /* of a restore that was broken off */
    rc = spool_create(at->making, FILE_MODE_PRIVATE, &at->spool, err);
    if (rc == RC_OK)
        rc = backup_file_read(at->options->backup, &at->keys, piece_sink, at, at->arena, at->info,
                              err);
    if (rc == RC_OK)
        rc = spool_finish(at->spool, err);
    else
        spool_close(at->spool);
    at->spool = NULL;
    return rc;
}

/* --- what is new --- */

static enum rc check_held(struct restoring *at, struct err *err) {
    enum rc rc = store_check(at->store, err);

    for (uint32_t i = 0; i < at->info->actor_count && rc == RC_OK; i++) {
        const struct backup_actor *held = &at->info->actors[i];
        struct stored_actor actor;
        char id[17];

        rc = store_actor(at->store, held->actor, &actor, err);
        if (rc == RC_OK && actor.number >= held->number)
            continue;
        if (rc != RC_OK && rc != RC_NOT_FOUND)
            return rc;
        id_text(held->actor, id);
        rc = err_set(err, RC_CORRUPT, "the backup does not hold what it says of actor %s", id);
    }
    return rc;
}

static enum rc add_actor(struct restoring *at, const struct stored_actor *actor, struct err *err) {
    struct stored_actor *row =
        arena_push(at->arena, &at->actors, &at->actor_count, &at->actor_capacity, sizeof(*row));

    if (row == NULL)
        return no_room(at, err);
    *row = *actor;
    return RC_OK;
}

static enum rc actor_visit(void *context, const struct stored_actor *actor, struct err *err) {
    struct stored_actor retired = *actor;

    retired.retired = true;
    return actor->retired ? RC_OK : add_actor(context, &retired, err);
}

static enum rc add_setting(struct restoring *at, const char *name, struct view value,
                           struct err *err) {
    struct stored_setting *row = arena_push(at->arena, &at->settings, &at->setting_count,
                                            &at->setting_capacity, sizeof(*row));

    if (row == NULL)
        return no_room(at, err);
    *row = (struct stored_setting){arena_text(at->arena, "%s", name), arena_view(at->arena, value)};
    return no_room(at, err);
}

static enum rc device_visit(void *context, const struct stored_device *device, struct err *err) {
    struct restoring *at = context;
    struct stored_device *row =
        arena_push(at->arena, &at->devices, &at->device_count, &at->device_capacity, sizeof(*row));

    if (row == NULL)
        return no_room(at, err);
    *row = *device;
    row->name = arena_view(at->arena, device->name);
    row->program = arena_view(at->arena, device->program);
    row->scope.areas =
        arena_copy(at->arena, device->scope.areas, device->scope.area_count * sizeof(uint64_t));
    return no_room(at, err);
}

/* What was in force stays in force, under a serial that the lost part of this county's life cannot
 * have given to something else. */
static enum rc renew_scope(struct restoring *at, struct stored_device *device, struct err *err) {
    static const uint8_t none = 0;
    char name[SCOPE_SETTING_BYTES_MAX];
    struct past_scopes former;
    struct view setting = {0};
    struct buf written;
    enum rc rc;

    scope_setting_name(device->device, name);
    rc = store_setting(at->store, name, at->arena, &setting, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        setting = view_of(&none, 1);
        rc = RC_OK;
    }
    if (rc == RC_OK)
        rc = scope_setting_read(setting, at->arena, &former, err);
    if (rc != RC_OK)
        return rc;
    former.list[former.count++] = (struct past_scope){
        .serial = device->scope.serial,
        .revoked = device->scope.revoked,
        .area_count = device->scope.area_count,
        .areas = device->scope.areas,
    };
    buf_init(&written, SETTING_BYTES_MAX);
    scope_setting_write(&former, &written);
    rc = buf_check(&written, "the former scopes", err);
    if (rc == RC_OK)
        rc = add_setting(at, name, buf_view(&written), err);
    buf_release(&written);
    device->scope.serial++;
    if (device->scope.serial < at->epoch)
        device->scope.serial = at->epoch;
    return rc;
}

/* Later restores are told apart by the time. A clock that has not reached the backup's epoch (it
 * was ahead when that began, or is behind now) tells nothing, and two restores of one backup must
 * differ all the same: then it is a number out of a million. */
static uint32_t epoch_after(const struct env *env, uint32_t old, int64_t seconds) {
    uint32_t span = UINT32_MAX - old < EPOCH_STEP_MAX ? UINT32_MAX - old : EPOCH_STEP_MAX;
    uint8_t bytes[4];

    if (seconds > (int64_t)old && seconds < (int64_t)UINT32_MAX)
        return (uint32_t)seconds;
    env_entropy(env, bytes, sizeof(bytes));
    return old + 1u +
           (bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
            (uint32_t)bytes[3] << 24) %
               span;
}

static enum rc new_epoch(struct restoring *at, struct err *err) {
    struct view setting = {0};
    struct reader reader;
    uint32_t old;
    enum rc rc = store_setting(at->store, "epoch", at->arena, &setting, err);

    if (rc != RC_OK)
        return rc;
    reader_init(&reader, setting);
    old = (uint32_t)read_varint_max(&reader, UINT32_MAX - 1u);
    at->epoch = epoch_after(at->options->env, old, at->now_ms / 1000);
    return reader_check(&reader, "the setting epoch", err);
}

static enum rc own_actor(struct restoring *at, struct err *err) {
    uint8_t nonce[16], bytes[8];
    struct stored_actor actor = {0};
    enum rc rc;

    env_entropy(at->options->env, nonce, sizeof(nonce));
    actor.actor = batch_actor(at->keys.sign_public, nonce);
    chain_start(actor.actor, actor.hash);
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(actor.actor >> (8 * i));
    rc = add_actor(at, &actor, err);
    return rc == RC_OK ? add_setting(at, "actor", view_of(bytes, sizeof(bytes)), err) : rc;
}

static enum rc renew(struct restoring *at, struct err *err) {
    uint8_t bytes[VARINT_BYTES_MAX];
    char digest[65], made[TIME_TEXT_BYTES];
    struct stored_act act = {.at_ms = at->now_ms, .who = view_text("command line")};
    struct store_delta delta = {.act_count = 1, .acts = &act};
    enum rc rc = new_epoch(at, err);

    if (rc == RC_OK)
        rc = store_actors(at->store, actor_visit, at, err);
    if (rc == RC_OK)
        rc = own_actor(at, err);
    if (rc == RC_OK)
        rc = add_setting(at, "epoch", view_of(bytes, varint_put(bytes, at->epoch)), err);
    if (rc == RC_OK)
        rc = store_devices(at->store, device_visit, at, err);
    for (uint32_t i = 0; i < at->device_count && rc == RC_OK; i++)
        rc = renew_scope(at, &at->devices[i], err);
    if (rc != RC_OK)
        return rc;
    hex_encode(view_of(at->info->digest, 32), digest);
    time_format(at->info->made_ms, made);
    act.action = view_text("restore");
    act.object = view_text(digest);
    act.reason = view_text(arena_text(at->arena, "from a backup of %s", made));
    delta.actor_count = at->actor_count;
    delta.actors = at->actors;
    delta.device_count = at->device_count;
    delta.devices = at->devices;
    delta.setting_count = at->setting_count;
    delta.settings = at->settings;
    rc = no_room(at, err);
    return rc == RC_OK ? store_commit(at->store, &delta, err) : rc;
}

/* --- all of it --- */

static enum rc take_place(struct restoring *at, struct err *err) {
    char wal[FILE_PATH_BYTES_MAX + 8];
    uint64_t left = 0;
    enum rc rc = RC_OK;

    snprintf(wal, sizeof(wal), "%s-wal", at->making);
    if (file_exists(wal))
        rc = file_size(wal, &left, err);
    if (rc == RC_OK && left > 0)
        rc = err_set(err, RC_IO, "%s: the database could not be closed; restore again", at->making);
    if (rc == RC_OK)
        rc = file_rename(at->making, at->database, err);
    return rc;
}

static enum rc restore_into(struct restoring *at, struct err *err) {
    enum rc rc = write_database(at, err);

    if (rc == RC_OK)
        rc = store_sqlite_open(at->making, true, &at->store, err);
    if (rc == RC_OK)
        rc = check_held(at, err);
    if (rc == RC_OK)
        rc = renew(at, err);
    if (rc == RC_OK) {
        rc = redact_restored(at->store, &at->keys, at->options->env, at->redactions, at->arena,
                             &at->info->redactions, err);
        at->store = NULL;
    }
    store_close(at->store);
    at->store = NULL;
    if (rc == RC_OK)
        rc = take_place(at, err);
    remove_making(at);
    return rc;
}

static enum rc take_keys(struct restoring *at, bool *made, struct err *err) {
    const struct restore_options *options = at->options;
    char path[FILE_PATH_BYTES_MAX];
    enum rc rc = path_join(options->directory, "keys/root", path, err);

    *made = false;
    if (rc != RC_OK)
        return rc;
    if (options->first_half == NULL) {
        rc = keys_read(options->directory, &at->keys, err);
        if (rc == RC_NOT_FOUND)
            return err_set(err, RC_NOT_FOUND,
                           "%s: no keys there; copy the folder keys/ there, or give both recovery "
                           "halves with --halves",
                           options->directory);
        return rc;
    }
    if (file_exists(path))
        return err_set(err, RC_CONFLICT,
                       "%s: there are keys already; leave the halves out, or use another folder",
                       options->directory);
    *made = true;
    return keys_recover(options->directory, view_text(options->first_half),
                        view_text(options->second_half), &at->keys, err);
}

enum rc restore_county(const struct restore_options *options, struct arena *arena,
                       struct backup_info *info, uint32_t *epoch, struct err *err) {
    struct restoring at = {
        .options = options, .arena = arena, .info = info, .now_ms = env_wall_ms(options->env)};
    struct file_lock lock = {.descriptor = -1};
    char path[FILE_PATH_BYTES_MAX];
    struct err ignored;
    bool made_keys = false;
    enum rc rc = path_join(options->directory, "county.db", at.database, err);

    *info = (struct backup_info){0};
    if (rc == RC_OK)
        rc = path_join(options->directory, "restoring.db", at.making, err);
    if (rc == RC_OK)
        rc = path_join(options->directory, "redactions", at.redactions, err);
    if (rc == RC_OK)
        rc = path_join(options->directory, "lock", path, err);
    if (rc == RC_OK)
        rc = file_make_directory(options->directory, err);
    if (rc == RC_OK && file_exists(at.database))
        rc = err_set(err, RC_CONFLICT, "%s: there is a county here already; use another --data",
                     options->directory);
    if (rc == RC_OK)
        rc = file_lock_take(path, &lock, err);
    if (rc == RC_OK)
        rc = take_keys(&at, &made_keys, err);
    if (rc == RC_OK)
        rc = restore_into(&at, err);
    if (rc == RC_OK)
        *epoch = at.epoch;
    err_init(&ignored, err->lang);
    if (rc != RC_OK && made_keys && path_join(options->directory, "keys/root", path, &ignored) == 0)
        (void)file_remove(path, &ignored);
    file_unlock(&lock);
    keys_wipe(&at.keys);
    return rc;
}
