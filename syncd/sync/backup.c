/* backup.c: see backup.h.
 *
 * The database is copied in one step, so that the copy is of one moment, into the county's own
 * folder: it is not encrypted yet and must not lie anywhere else. Then the copy becomes the backup,
 * piece by piece, while the service goes on. The actors' positions are read before the copy is
 * made, so the backup holds at least what it says. */
#include "syncd/sync/backup.h"

#include "base/file.h"
#include "base/text.h"
#include "syncd/sync/marks.h"
#include "syncd/sync/news.h"

#include <stdio.h>

struct backup_paths {
    char copy[FILE_PATH_BYTES_MAX];
    char lock[FILE_PATH_BYTES_MAX];
};

/* --- positions --- */

struct position_list {
    struct arena *arena;
    struct backup_info *info;
    uint32_t capacity, feed_capacity;
};

static enum rc position_visit(void *context, const struct stored_actor *actor, struct err *err) {
    struct position_list *list = context;
    struct backup_actor *held = arena_push(
        list->arena, &list->info->actors, &list->info->actor_count, &list->capacity, sizeof(*held));

    if (held == NULL)
        return arena_check(list->arena, "a backup", err);
    *held = (struct backup_actor){.actor = actor->actor, .number = actor->number};
    memcpy(held->hash, actor->hash, 32);
    return RC_OK;
}

static enum rc feed_visit(void *context, const struct stored_feed *feed, struct err *err) {
    struct position_list *list = context;
    struct backup_feed *held = arena_push(list->arena, &list->info->feeds, &list->info->feed_count,
                                          &list->feed_capacity, sizeof(*held));

    if (held == NULL)
        return arena_check(list->arena, "a backup", err);
    *held = (struct backup_feed){
        .area = feed->area, .audience = feed->audience, .position = feed->position};
    return RC_OK;
}

/* --- the act --- */

struct backup_act {
    const char *path, *action;
    const struct backup_info *info;
    bool confirm;
};

static enum rc backup_act(void *context, struct work *work, struct err *err) {
    const struct backup_act *act = context;
    struct watermark *positions = NULL;
    char digest[65];
    enum rc rc = RC_OK;

    hex_encode(view_of(act->info->digest, 32), digest);
    if (act->confirm) {
        positions = arena_array(&work->arena, act->info->actor_count + 1u, sizeof(*positions));
        if (positions == NULL)
            return arena_check(&work->arena, "a step of the writer", err);
        for (uint32_t i = 0; i < act->info->actor_count; i++)
            positions[i] =
                (struct watermark){act->info->actors[i].actor, act->info->actors[i].number};
        rc = watermark_move(work, positions, act->info->actor_count, err);
        if (rc == RC_OK)
            rc = marks_move(work, act->info->feeds, act->info->feed_count, err);
    }
    return rc != RC_OK
               ? rc
               : work_act(work, "command line", act->action, digest, view_text(act->path), err);
}

/* --- making one --- */

static enum rc make_paths(const struct office *office, struct backup_paths *paths,
                          struct err *err) {
    int copy = snprintf(paths->copy, sizeof(paths->copy), "%s/backup.tmp", office->directory);
    int lock = snprintf(paths->lock, sizeof(paths->lock), "%s/backup.lock", office->directory);

    if (copy < 0 || (size_t)copy >= sizeof(paths->copy) || lock < 0 ||
        (size_t)lock >= sizeof(paths->lock))
        return err_set(err, RC_LIMIT, "%s: the path is too long; use a shorter folder",
                       office->directory);
    return RC_OK;
}

static enum rc remove_copy(const char *path, struct err *err) {
    struct err ignored;
    enum rc rc;

    err_init(&ignored, err->lang);
    rc = file_remove(path, &ignored);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        *err = ignored;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc copy_and_write(const struct office *office, struct ledger *ledger,
                              const struct backup_paths *paths, const char *path,
                              struct arena *arena, struct backup_info *info, struct err *err) {
    const uint64_t everywhere = 0;
    struct position_list list = {.arena = arena, .info = info};
    enum rc rc = remove_copy(paths->copy, err); /* of a backup that was killed */

    if (rc == RC_OK)
        rc = store_actors(ledger->store, position_visit, &list, err);
    if (rc == RC_OK)
        rc = store_feeds(ledger->store, &everywhere, 1, UINT8_MAX, feed_visit, &list, err);
    if (rc == RC_OK)
        rc = store_backup(ledger->store, paths->copy, err);
    if (rc == RC_OK)
        rc = backup_file_write(path, office->keys, office->env, paths->copy, info, err);
    if (rc == RC_OK)
        return remove_copy(paths->copy, err);
    (void)file_remove(paths->copy, &(struct err){.lang = err->lang});
    return rc;
}

enum rc backup_make(const struct office *office, const char *path, struct arena *arena,
                    struct backup_info *info, struct err *err) {
    struct backup_paths paths;
    struct file_lock lock = {.descriptor = -1};
    struct ledger *ledger = NULL;
    struct backup_act act = {.path = path, .action = "backup", .info = info};
    enum rc rc = make_paths(office, &paths, err);

    *info = (struct backup_info){.epoch = office->epoch, .made_ms = env_wall_ms(office->env)};
    if (rc == RC_OK && file_exists(path))
        rc = err_set(err, RC_CONFLICT,
                     "%s: exists already and is not overwritten; use another name", path);
    if (rc == RC_OK)
        rc = file_lock_take(paths.lock, &lock, err);
    if (rc == RC_OK)
        rc = office->borrow(office->context, &ledger, err);
    if (rc == RC_OK)
        rc = copy_and_write(office, ledger, &paths, path, arena, info, err);
    if (ledger != NULL)
        office->give_back(office->context, ledger);
    file_unlock(&lock);
    return rc == RC_OK ? office_act(office, backup_act, &act, err) : rc;
}

/* --- confirming one --- */

static enum rc check_actor(struct store *store, const struct backup_actor *held,
                           struct arena *arena, bool *moved, struct err *err) {
    struct stored_actor actor;
    uint64_t number = 0;
    char id[17];
    enum rc rc = store_actor(store, held->actor, &actor, err);

    if (rc == RC_NOT_FOUND || (rc == RC_OK && actor.number < held->number) ||
        (rc == RC_OK && actor.number == held->number && memcmp(actor.hash, held->hash, 32) != 0)) {
        id_text(held->actor, id);
        return err_set(err, RC_CONFLICT,
                       "the backup holds changes of actor %s that are not here; it is of another "
                       "life of this county, make a new one",
                       id);
    }
    if (rc == RC_OK)
        rc = watermark_of(store, held->actor, arena, &number, err);
    *moved = *moved || held->number > number;
    return rc;
}

static enum rc check_here(const struct office *office, struct ledger *ledger, const char *path,
                          const struct backup_info *info, bool *moved, struct err *err) {
    struct arena arena;
    enum rc rc = RC_OK;

    if (info->epoch != office->epoch)
        return err_set(err, RC_CONFLICT,
                       "backup %s: made before this county was restored; make a new one", path);
    arena_init(&arena, 64u * 1024u * 1024u);
    for (uint32_t i = 0; i < info->actor_count && rc == RC_OK; i++) {
        arena_reset(&arena);
        rc = check_actor(ledger->store, &info->actors[i], &arena, moved, err);
    }
    arena_release(&arena);
    return rc;
}

enum rc backup_confirm(const struct office *office, const char *path, struct arena *arena,
                       struct backup_info *info, bool *moved, struct err *err) {
    struct ledger *ledger = NULL;
    struct backup_act act = {
        .path = path, .action = "backup confirm", .info = info, .confirm = true};
    enum rc rc = backup_file_read(path, office->keys, NULL, NULL, arena, info, err);

    *moved = false;
    if (rc == RC_OK)
        rc = office->borrow(office->context, &ledger, err);
    if (rc == RC_OK)
        rc = check_here(office, ledger, path, info, moved, err);
    if (ledger != NULL)
        office->give_back(office->context, ledger);
    return rc == RC_OK ? office_act(office, backup_act, &act, err) : rc;
}
