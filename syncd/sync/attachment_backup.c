/* attachment_backup.c: see attachment_backup.h. What is to be looked at is read from the store
 * first, because each file takes its time; one that is erased meanwhile is left out when its turn
 * comes. */
#include "syncd/sync/attachment_backup.h"

#include "base/crypt.h"
#include "base/file.h"
#include "base/text.h"
#include "syncd/sync/attachment.h"

#include <stdio.h>

#define LIST_BYTES        (512u * 1024u * 1024u)
#define SEALED_CHUNK_MAX  (ATTACHMENT_CHUNK_BYTES + CRYPT_LOCK_EXTRA_BYTES)
#define CONFIRMED_AT_ONCE 1000u /* in one commit */

struct copying {
    const struct office *office;
    const char *folder;
    struct ledger *ledger;
    struct arena arena;
    struct stored_attachment *items;
    uint32_t count, capacity;
    uint32_t confirmed_count;
    uint8_t (*confirmed)[32]; /* not committed yet */
    struct attachment_copied *report;
    struct buf plain, locked;
    char path[ATTACHMENT_PATH_BYTES], copy[ATTACHMENT_PATH_BYTES], part[ATTACHMENT_PATH_BYTES];
    uint8_t key[CRYPT_KEY_BYTES];
};

static enum rc list_visit(void *context, const struct stored_attachment *item, struct err *err) {
    struct copying *copying = context;
    struct stored_attachment *row;

    if (!item->erased && item->received_ms == 0)
        return RC_OK;
    row = arena_push(&copying->arena, &copying->items, &copying->count, &copying->capacity,
                     sizeof(*row));
    if (row == NULL)
        return arena_check(&copying->arena, "a list of attachments", err);
    *row = *item;
    return RC_OK;
}

/* ---- paths and keys ---- */

static enum rc aim(struct copying *copying, const struct stored_attachment *item, struct err *err) {
    const uint8_t *backup_key = copying->office->keys->backup_key;
    uint8_t mac[CRYPT_HASH_BYTES];
    char hex[33];
    int size;

    crypt_mac(backup_key, "yg attachment copy", view_of(item->hash, 32), copying->key);
    crypt_mac(backup_key, "yg attachment name", view_of(item->hash, 32), mac);
    hex_encode(view_of(mac, 16), hex);
    size = snprintf(copying->copy, sizeof(copying->copy), "%s/%.2s/%s", copying->folder, hex, hex);
    if (size < 0 || (size_t)size + 8 >= sizeof(copying->copy))
        return err_set(err, RC_LIMIT, "%s: the path is too long; use a shorter folder",
                       copying->folder);
    return attachment_path(copying->office->directory, item->hash, copying->path, err);
}

/* What is being written, before it has its name. */
static enum rc part_of(struct copying *copying, const char *path, struct err *err) {
    int size = snprintf(copying->part, sizeof(copying->part), "%s.part", path);
    char *slash;
    enum rc rc;

    if (size < 0 || (size_t)size >= sizeof(copying->part))
        return err_set(err, RC_LIMIT, "%s: the path is too long; use a shorter folder", path);
    slash = strrchr(copying->part, '/');
    *slash = '\0';
    rc = file_make_directory(copying->part, err);
    *slash = '/';
    if (rc == RC_OK && file_exists(copying->part)) /* of a run that was killed */
        rc = file_remove(copying->part, err);
    return rc;
}

static enum rc keep(struct copying *copying, const char *path, struct err *err) {
    enum rc rc = file_sync(copying->part, err);

    return rc == RC_OK ? file_rename(copying->part, path, err) : rc;
}

/* ---- one file ---- */

static struct view about(uint32_t index, uint8_t out[VARINT_BYTES_MAX]) {
    return view_of(out, varint_put(out, index));
}

static enum rc copy_out(struct copying *copying, const struct stored_attachment *item,
                        struct err *err) {
    uint8_t bytes[VARINT_BYTES_MAX];
    enum rc rc = attachment_file_check(copying->path, item->hash, item->size, err);

    if (rc == RC_OK)
        rc = part_of(copying, copying->copy, err);
    for (uint32_t i = 0; i < attachment_chunk_count(item->size) && rc == RC_OK; i++) {
        buf_clear(&copying->plain);
        buf_clear(&copying->locked);
        rc = file_read_at(copying->path, (uint64_t)i * ATTACHMENT_CHUNK_BYTES,
                          ATTACHMENT_CHUNK_BYTES, &copying->plain, err);
        if (rc == RC_OK)
            rc = crypt_lock(copying->office->env, copying->key, buf_view(&copying->plain),
                            about(i, bytes), &copying->locked, err);
        if (rc == RC_OK)
            rc = file_write_at(copying->part, (uint64_t)i * SEALED_CHUNK_MAX,
                               buf_view(&copying->locked), FILE_MODE_PRIVATE, err);
    }
    return rc == RC_OK ? keep(copying, copying->copy, err) : rc;
}

/* Opens the copy from where it lies; with `into` it is written there. */
static enum rc read_back(struct copying *copying, const struct stored_attachment *item,
                         const char *into, struct err *err) {
    uint8_t bytes[VARINT_BYTES_MAX], hash[32];
    struct crypt_sha256 hasher;
    enum rc rc = RC_OK;

    crypt_sha256_init(&hasher);
    for (uint32_t i = 0; i < attachment_chunk_count(item->size) && rc == RC_OK; i++) {
        buf_clear(&copying->plain);
        buf_clear(&copying->locked);
        rc = file_read_at(copying->copy, (uint64_t)i * SEALED_CHUNK_MAX, SEALED_CHUNK_MAX,
                          &copying->locked, err);
        if (rc == RC_OK)
            rc = crypt_unlock(copying->key, buf_view(&copying->locked), about(i, bytes),
                              &copying->plain, err);
        crypt_sha256_add(&hasher, copying->plain.data, copying->plain.size);
        if (rc == RC_OK && into != NULL)
            rc = file_write_at(into, (uint64_t)i * ATTACHMENT_CHUNK_BYTES,
                               buf_view(&copying->plain), FILE_MODE_PRIVATE, err);
    }
    crypt_sha256_end(&hasher, hash);
    if (rc == RC_DENIED || (rc == RC_OK && memcmp(hash, item->hash, sizeof(hash)) != 0))
        rc = err_set(err, RC_CORRUPT, "%s: its content is not what its name says", copying->copy);
    return rc;
}

/* ---- all of them ---- */

typedef enum rc copy_one(struct copying *copying, const struct stored_attachment *item,
                         struct err *err);

/* Damaged ones are counted; the disk's refusals end it. */
static enum rc after(struct copying *copying, enum rc rc, struct err *err) {
    if (rc == RC_OK) {
        copying->report->done++;
    } else if (rc == RC_CORRUPT) {
        log_warn(copying->office->log, LOG_EVENT("attachment.damaged"), LOG_TEXT("why", err->text));
        copying->report->damaged++;
    } else if (rc == RC_NOT_FOUND) {
        copying->report->missing++;
    } else {
        return rc;
    }
    err_clear(err);
    return RC_OK;
}

static enum rc make_one(struct copying *copying, const struct stored_attachment *item,
                        struct err *err) {
    if (item->erased)
        return file_exists(copying->copy) ? file_remove(copying->copy, err) : RC_OK;
    if (file_exists(copying->copy)) {
        copying->report->before++;
        return RC_OK;
    }
    return after(copying, copy_out(copying, item, err), err);
}

static enum rc restore_one(struct copying *copying, const struct stored_attachment *item,
                           struct err *err) {
    enum rc rc;

    if (item->erased)
        return RC_OK;
    if (file_exists(copying->path)) { /* perhaps of a restore that the disk refused at its end */
        copying->report->before++;
        return file_settle(copying->path, err);
    }
    if (!file_exists(copying->copy))
        return after(copying, RC_NOT_FOUND, err);
    rc = part_of(copying, copying->path, err);
    if (rc == RC_OK)
        rc = read_back(copying, item, copying->part, err);
    if (rc == RC_OK)
        rc = keep(copying, copying->path, err);
    return after(copying, rc, err);
}

/* ---- watermarks ---- */

static enum rc confirm_act(void *context, struct work *work, struct err *err) {
    const struct copying *copying = context;

    for (uint32_t i = 0; i < copying->confirmed_count; i++) {
        struct stored_attachment *row =
            WORK_ADD(work, attachments, attachment_count, attachment_capacity);
        enum rc rc;

        if (row == NULL)
            return arena_check(&work->arena, "a step of the writer", err);
        rc = store_attachment(work->ledger->store, copying->confirmed[i], row, err);
        if (rc != RC_OK)
            return rc;
        row->backed_up_ms = work->now_ms;
    }
    return RC_OK;
}

static enum rc commit_confirmed(struct copying *copying, struct err *err) {
    enum rc rc = RC_OK;

    if (copying->confirmed_count > 0)
        rc = office_act(copying->office, confirm_act, copying, err);
    copying->confirmed_count = 0;
    return rc;
}

static enum rc confirm_one(struct copying *copying, const struct stored_attachment *item,
                           struct err *err) {
    enum rc rc;

    if (item->erased)
        return RC_OK;
    if (item->backed_up_ms != 0) {
        copying->report->before++;
        return RC_OK;
    }
    if (!file_exists(copying->copy))
        return after(copying, RC_NOT_FOUND, err);
    rc = file_settle(copying->copy, err); /* tablets forget theirs by this */
    if (rc == RC_OK)
        rc = read_back(copying, item, NULL, err);
    if (rc == RC_OK) {
        memcpy(copying->confirmed[copying->confirmed_count++], item->hash, 32);
        copying->report->done++;
        return copying->confirmed_count == CONFIRMED_AT_ONCE ? commit_confirmed(copying, err)
                                                             : RC_OK;
    }
    return after(copying, rc, err);
}

static enum rc run(const struct office *office, const char *folder, copy_one *one,
                   struct attachment_copied *report, struct err *err) {
    struct copying copying = {.office = office, .folder = folder, .report = report};
    enum rc rc = office->borrow(office->context, &copying.ledger, err);

    *report = (struct attachment_copied){0};
    arena_init(&copying.arena, LIST_BYTES);
    buf_init(&copying.plain, ATTACHMENT_CHUNK_BYTES);
    buf_init(&copying.locked, SEALED_CHUNK_MAX);
    copying.confirmed = arena_array(&copying.arena, CONFIRMED_AT_ONCE, 32);
    if (rc == RC_OK)
        rc = arena_check(&copying.arena, "a list of attachments", err);
    if (rc == RC_OK)
        rc = store_attachments(copying.ledger->store, false, list_visit, &copying, err);
    for (uint32_t i = 0; i < copying.count && rc == RC_OK; i++) {
        rc = aim(&copying, &copying.items[i], err);
        if (rc == RC_OK)
            rc = one(&copying, &copying.items[i], err);
    }
    if (rc == RC_OK)
        rc = commit_confirmed(&copying, err);
    if (copying.ledger != NULL)
        office->give_back(office->context, copying.ledger);
    crypt_wipe(copying.key, sizeof(copying.key));
    buf_release(&copying.plain);
    buf_release(&copying.locked);
    arena_release(&copying.arena);
    return rc;
}

enum rc attachment_backup_make(const struct office *office, const char *folder,
                               struct attachment_copied *report, struct err *err) {
    return run(office, folder, make_one, report, err);
}

enum rc attachment_backup_confirm(const struct office *office, const char *folder,
                                  struct attachment_copied *report, struct err *err) {
    return run(office, folder, confirm_one, report, err);
}

enum rc attachment_backup_restore(const struct office *office, const char *folder,
                                  struct attachment_copied *report, struct err *err) {
    return run(office, folder, restore_one, report, err);
}
