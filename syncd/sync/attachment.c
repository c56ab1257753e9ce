/* attachment.c: see attachment.h.
 *
 * What has come of an attachment is the size of its file under incoming/: whole chunks count, the
 * rest is written again. Chunks are not synced one by one; should a power cut leave a hole, the
 * hash tells, and it begins again. */
#include "syncd/sync/attachment.h"

#include "base/crypt.h"
#include "base/file.h"
#include "base/planted.h"
#include "base/text.h"
#include "schema/wire/batch.h"
#include "syncd/sync/attachment_told.h"
#include "syncd/sync/auth.h"

#include <stdio.h>

#define FREE_BYTES_MIN (256u * 1024u * 1024u) /* left on the disk for text, which goes first */
#define READ_BYTES     ATTACHMENT_CHUNK_BYTES

struct offered {
    struct attachment_label label;
    struct attachment_told *told;
    bool known;    /* the store has a row */
    bool put;      /* a row is to be written */
    bool received; /* it says that the content is here */
    char path[ATTACHMENT_PATH_BYTES], part[ATTACHMENT_PATH_BYTES];
};

struct visit {
    const struct office *office;
    struct ledger *ledger;
    struct arena *arena;
    struct attachment_request request;
    struct stored_device device;
    struct offered *offered;
    struct attachment_answer answer;
    struct buf plain; /* of one chunk */
    int64_t now_ms;
    bool room_checked;
    uint64_t bundled; /* the device whose bundle it comes in; 0: over HTTP */
    uint32_t arrived;
};

/* ---- files ---- */

enum rc attachment_path(const char *directory, const uint8_t hash[32],
                        char out[ATTACHMENT_PATH_BYTES], struct err *err) {
    char hex[65];
    int size;

    hex_encode(view_of(hash, 32), hex);
    size = snprintf(out, ATTACHMENT_PATH_BYTES, "%s/attachments/%.2s/%.2s/%s", directory, hex,
                    hex + 2, hex);
    if (size < 0 || size >= (int)ATTACHMENT_PATH_BYTES)
        return err_set(err, RC_LIMIT, "%s: the path is too long; use a shorter folder", directory);
    return RC_OK;
}

static enum rc part_path(const char *directory, const uint8_t name[ATTACHMENT_NAME_BYTES],
                         char out[ATTACHMENT_PATH_BYTES], struct err *err) {
    char hex[2 * ATTACHMENT_NAME_BYTES + 1];
    int size;

    hex_encode(view_of(name, ATTACHMENT_NAME_BYTES), hex);
    size = snprintf(out, ATTACHMENT_PATH_BYTES, "%s/attachments/incoming/%s", directory, hex);
    if (size < 0 || size >= (int)ATTACHMENT_PATH_BYTES)
        return err_set(err, RC_LIMIT, "%s: the path is too long; use a shorter folder", directory);
    return RC_OK;
}

static enum rc make_folder_of(const char *path, struct err *err) {
    char folder[ATTACHMENT_PATH_BYTES];
    const char *slash = strrchr(path, '/');

    memcpy(folder, path, (size_t)(slash - path));
    folder[slash - path] = '\0';
    return file_make_directory(folder, err);
}

enum rc attachment_file_check(const char *path, const uint8_t hash[32], uint32_t size,
                              struct err *err) {
    struct crypt_sha256 hasher;
    uint64_t at = 0, bytes = 0;
    uint8_t found[32];
    struct buf piece;
    enum rc rc = file_size(path, &bytes, err);

    if (rc == RC_OK && bytes != size)
        rc = err_set(err, RC_CORRUPT, "%s: it does not have the size that it came with", path);
    if (rc != RC_OK)
        return rc;
    crypt_sha256_init(&hasher);
    buf_init(&piece, READ_BYTES);
    while (at < size && rc == RC_OK) {
        buf_clear(&piece);
        rc = file_read_at(path, at, READ_BYTES, &piece, err);
        if (rc == RC_OK && piece.size == 0)
            rc = err_set(err, RC_CORRUPT, "%s: it does not have the size that it came with", path);
        crypt_sha256_add(&hasher, piece.data, piece.size);
        at += piece.size;
    }
    crypt_sha256_end(&hasher, found);
    buf_release(&piece);
    if (rc == RC_OK && memcmp(found, hash, sizeof(found)) != 0)
        rc = err_set(err, RC_CORRUPT, "%s: its content is not what its name says", path);
    return rc;
}

enum rc attachment_room(const char *directory, struct err *err) {
    uint64_t bytes = 0;
    enum rc rc = file_free_bytes(directory, &bytes, err);

    if (rc == RC_OK && bytes < FREE_BYTES_MIN)
        rc = err_set(err, RC_IO,
                     "%s: the disk is nearly full; attachments stay on the tablets until there is "
                     "room",
                     directory);
    return rc;
}

enum rc attachment_keep(const char *directory, const uint8_t hash[32], struct view content,
                        struct err *err) {
    char path[ATTACHMENT_PATH_BYTES];
    enum rc rc = attachment_path(directory, hash, path, err);

    if (rc == RC_OK && file_exists(path)) {
        rc = attachment_file_check(path, hash, (uint32_t)content.size, err);
        if (rc != RC_CORRUPT)
            return rc == RC_OK ? file_settle(path, err) : rc;
        err_clear(err);
        rc = RC_OK;
    }
    if (rc == RC_OK)
        rc = attachment_room(directory, err);
    if (rc == RC_OK)
        rc = make_folder_of(path, err);
    return rc == RC_OK ? file_write(path, content, FILE_MODE_PRIVATE, err) : rc;
}

static enum rc sweep_visit(void *context, const struct stored_attachment *item, struct err *err) {
    const char *directory = context;
    char path[ATTACHMENT_PATH_BYTES];
    enum rc rc;

    if (!item->erased)
        return RC_OK;
    rc = attachment_path(directory, item->hash, path, err);
    return rc == RC_OK && file_exists(path) ? file_remove(path, err) : rc;
}

enum rc attachment_sweep(struct store *store, const char *directory, struct err *err) {
    return store_attachments(store, false, sweep_visit, (void *)(uintptr_t)directory, err);
}

/* ---- what is here of one that is offered ---- */

static void received(struct offered *offered) {
    offered->put = !offered->received || offered->put;
    offered->received = true;
    offered->told->state = ATTACHMENT_HERE;
}

/* All of it has come: under its hash, or away with it. */
static enum rc finish(struct offered *offered, struct err *err) {
    enum rc rc =
        attachment_file_check(offered->part, offered->label.hash, offered->label.size, err);
    struct err ignored;

    if (rc == RC_CORRUPT) {
        err_clear(err);
        offered->told->state = ATTACHMENT_WRONG;
        return file_remove(offered->part, err);
    }
    if (rc == RC_OK && !PLANTED(PHOTO_UNFLUSHED))
        rc = file_sync(offered->part, err);
    if (rc == RC_OK)
        rc = make_folder_of(offered->path, err);
    if (rc == RC_OK)
        rc = file_rename(offered->part, offered->path, err);
    if (rc == RC_CONFLICT) { /* somebody else has brought the same meanwhile */
        err_clear(err);
        err_init(&ignored, err->lang);
        (void)file_remove(offered->part, &ignored);
        rc = file_settle(offered->path, err);
    }
    if (rc == RC_OK)
        received(offered);
    return rc;
}

static enum rc look_for_part(struct visit *visit, struct offered *offered, struct err *err) {
    uint32_t count = attachment_chunk_count(offered->label.size);
    uint64_t bytes = 0;
    enum rc rc;

    offered->told->state = ATTACHMENT_LACKING;
    rc = part_path(visit->office->directory, offered->told->name, offered->part, err);
    if (rc != RC_OK || !file_exists(offered->part))
        return rc;
    rc = file_size(offered->part, &bytes, err);
    if (rc != RC_OK)
        return rc;
    if (bytes >= offered->label.size)
        return finish(offered, err); /* we were cut off before it was under its hash */
    offered->told->next = (uint32_t)(bytes / ATTACHMENT_CHUNK_BYTES);
    if (offered->told->next >= count)
        offered->told->next = count - 1;
    return RC_OK;
}

/* The store does not know it, or says that it is here and it is not. */
static enum rc look_for_file(struct visit *visit, struct offered *offered, struct err *err) {
    enum rc rc = RC_NOT_FOUND;

    if (file_exists(offered->path))
        rc = attachment_file_check(offered->path, offered->label.hash, offered->label.size, err);
    if (rc == RC_OK) {
        /* It may have come in an exchange that the disk refused at its last step. */
        rc = file_settle(offered->path, err);
        if (rc == RC_OK)
            received(offered);
        return rc;
    }
    if (rc == RC_CORRUPT) {
        log_warn(visit->office->log, LOG_EVENT("attachment.damaged"), LOG_TEXT("why", err->text));
        err_clear(err);
        rc = file_remove(offered->path, err);
        if (rc != RC_OK)
            return rc;
    } else if (rc != RC_NOT_FOUND) {
        return rc;
    }
    err_clear(err);
    offered->put = offered->put || offered->received;
    offered->received = false;
    return look_for_part(visit, offered, err);
}

static enum rc look(struct visit *visit, uint32_t index, struct err *err) {
    struct offered *offered = &visit->offered[index];
    struct stored_attachment row;
    enum rc rc = attachment_label_open(
        visit->request.offers[index], batch_county(visit->office->keys->sign_public),
        visit->office->keys->box_public, visit->office->keys->box_secret, &offered->label, err);

    attachment_name(visit->request.offers[index], offered->told->name);
    if (rc != RC_OK) {
        log_warn(visit->office->log, LOG_EVENT("attachment.refused"), LOG_TEXT("why", err->text));
        err_clear(err);
        offered->told->state = ATTACHMENT_REFUSED;
        return RC_OK;
    }
    rc = attachment_path(visit->office->directory, offered->label.hash, offered->path, err);
    if (rc == RC_OK)
        rc = store_attachment(visit->ledger->store, offered->label.hash, &row, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        offered->put = true; /* announced: text knows by now what is still to come */
        return look_for_file(visit, offered, err);
    }
    if (rc != RC_OK)
        return rc;
    offered->known = true;
    offered->received = row.received_ms != 0;
    if (row.erased) {
        offered->told->state = ATTACHMENT_ERASED;
        rc = part_path(visit->office->directory, offered->told->name, offered->part, err);
        return rc == RC_OK && file_exists(offered->part) ? file_remove(offered->part, err) : rc;
    }
    if (offered->received && file_exists(offered->path)) {
        offered->told->state = row.backed_up_ms != 0 ? ATTACHMENT_BACKED_UP : ATTACHMENT_HERE;
    } else {
        return look_for_file(visit, offered, err);
    }
    return RC_OK;
}

/* ---- chunks ---- */

static enum rc check_room(struct visit *visit, struct err *err) {
    if (visit->room_checked)
        return RC_OK;
    visit->room_checked = true;
    return attachment_room(visit->office->directory, err);
}

static enum rc take_chunk(struct visit *visit, const struct attachment_chunk *chunk,
                          struct err *err) {
    struct offered *offered = &visit->offered[chunk->offer];
    struct attachment_told *told = offered->told;
    enum rc rc;

    if (told->state != ATTACHMENT_LACKING || chunk->index != told->next)
        return RC_OK; /* it has it already, or another one is missing before */
    buf_clear(&visit->plain);
    rc = attachment_chunk_open(offered->label.key, chunk->index, chunk->sealed, &visit->plain, err);
    if (rc == RC_OK &&
        visit->plain.size != attachment_chunk_size(offered->label.size, chunk->index))
        rc = RC_DENIED;
    if (rc == RC_DENIED || rc == RC_INVALID || rc == RC_LIMIT) {
        err_clear(err);
        told->state = ATTACHMENT_WRONG;
        return file_exists(offered->part) ? file_remove(offered->part, err) : RC_OK;
    }
    if (rc == RC_OK)
        rc = check_room(visit, err);
    if (rc == RC_OK && told->next == 0)
        rc = make_folder_of(offered->part, err);
    if (rc == RC_OK)
        rc = file_write_at(offered->part, (uint64_t)told->next * ATTACHMENT_CHUNK_BYTES,
                           buf_view(&visit->plain), FILE_MODE_PRIVATE, err);
    if (rc == RC_OK && ++told->next == attachment_chunk_count(offered->label.size))
        rc = finish(offered, err);
    return rc;
}

/* ---- the store ---- */

static enum rc remember(struct visit *visit, struct work *work, struct err *err) {
    struct told_name *names = arena_array(&work->arena, visit->answer.count + 1u, sizeof(*names));
    uint32_t count = 0;

    if (names == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    for (uint32_t i = 0; i < visit->answer.count; i++) {
        const struct offered *offered = &visit->offered[i];

        if (offered->told->state == ATTACHMENT_REFUSED)
            continue;
        memcpy(names[count].name, offered->told->name, sizeof(names[count].name));
        memcpy(names[count++].hash, offered->label.hash, sizeof(names[count].hash));
    }
    return told_remember(work, visit->bundled, names, count, err);
}

static enum rc put_act(void *context, struct work *work, struct err *err) {
    struct visit *visit = context;

    if (visit->bundled != 0 && remember(visit, work, err) != RC_OK)
        return err->rc;
    for (uint32_t i = 0; i < visit->answer.count; i++) {
        const struct offered *offered = &visit->offered[i];
        struct stored_attachment *row;
        enum rc rc;

        if (!offered->put)
            continue;
        row = WORK_ADD(work, attachments, attachment_count, attachment_capacity);
        if (row == NULL)
            return arena_check(&work->arena, "a step of the writer", err);
        /* Read again: another exchange may have written it meanwhile. */
        rc = store_attachment(work->ledger->store, offered->label.hash, row, err);
        if (rc == RC_NOT_FOUND) {
            err_clear(err);
            *row = (struct stored_attachment){.size = offered->label.size,
                                              .kind = offered->label.kind,
                                              .area = offered->label.area,
                                              .device = visit->device.device,
                                              .announced_ms = work->now_ms};
            memcpy(row->hash, offered->label.hash, sizeof(row->hash));
        } else if (rc != RC_OK) {
            return rc;
        }
        if (!offered->received) {
            row->received_ms = row->backed_up_ms = 0;
        } else if (row->received_ms == 0) {
            row->received_ms = work->now_ms;
            visit->arrived++;
        }
    }
    return RC_OK;
}

static enum rc put_rows(struct visit *visit, struct err *err) {
    struct writer_job job = {.arena = visit->arena, .act = put_act, .context = visit};
    bool any = visit->bundled != 0;

    for (uint32_t i = 0; i < visit->answer.count; i++)
        any = any || visit->offered[i].put;
    if (!any)
        return RC_OK;
    err_init(&job.err, err->lang);
    visit->office->write(visit->office->context, &job);
    if (job.err.rc != RC_OK)
        *err = job.err;
    return job.err.rc;
}

/* ---- the visit ---- */

static enum rc know_device(struct visit *visit, struct view body, struct err *err) {
    enum rc rc = attachment_request_read(body, visit->arena, &visit->request, err);

    if (rc == RC_OK)
        rc = store_device(visit->ledger->store, visit->request.device, visit->arena, &visit->device,
                          err);
    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_DENIED, "this tablet is not enrolled here");
    return rc != RC_OK ? rc : attachment_request_verify(body, visit->device.sign_public, err);
}

static enum rc visit_run(struct visit *visit, struct view body, struct buf *out, unsigned *status,
                         struct err *err) {
    uint32_t news, count;
    enum rc rc = know_device(visit, body, err);

    if (rc != RC_OK)
        return rc;
    if (visit->bundled != 0 && visit->bundled != visit->device.device)
        return err_set(err, RC_DENIED, "attachments of another tablet than the bundle");
    if (visit->bundled == 0 && !auth_nonce_good(visit->office->keys, visit->device.device,
                                                visit->now_ms, visit->request.nonce, &news)) {
        *status = 401;
        return RC_OK;
    }
    count = visit->request.offer_count;
    visit->offered = arena_array(visit->arena, count + 1u, sizeof(*visit->offered));
    visit->answer.told = arena_array(visit->arena, count + 1u, sizeof(*visit->answer.told));
    if (visit->offered == NULL || visit->answer.told == NULL)
        return arena_check(visit->arena, "a request for attachments", err);
    visit->answer.epoch = visit->office->epoch;
    for (; visit->answer.count < count && rc == RC_OK; visit->answer.count++) {
        visit->offered[visit->answer.count].told = &visit->answer.told[visit->answer.count];
        rc = look(visit, visit->answer.count, err);
    }
    for (uint32_t i = 0; i < visit->request.chunk_count && rc == RC_OK; i++)
        rc = take_chunk(visit, &visit->request.chunks[i], err);
    if (rc == RC_OK)
        rc = put_rows(visit, err);
    return rc != RC_OK ? rc
                       : attachment_answer_write(&visit->answer, visit->office->keys->sign_secret,
                                                 out, err);
}

static enum rc run(struct visit *visit, struct view body, struct buf *answer, unsigned *status,
                   struct err *err) {
    const struct office *office = visit->office;
    enum rc rc = office->borrow(office->context, &visit->ledger, err);

    *status = 200;
    if (rc != RC_OK)
        return rc;
    visit->arena = &visit->ledger->visit;
    arena_reset(visit->arena);
    buf_init(&visit->plain, ATTACHMENT_CHUNK_BYTES);
    rc = visit_run(visit, body, answer, status, err);
    buf_release(&visit->plain);
    if (visit->offered != NULL)
        crypt_wipe(visit->offered, visit->answer.count * sizeof(*visit->offered));
    arena_reset(visit->arena);
    office->give_back(office->context, visit->ledger);
    return rc;
}

enum rc attachment_exchange(const struct office *office, struct view body, struct buf *answer,
                            unsigned *status, struct err *err) {
    struct visit visit = {.office = office, .now_ms = env_wall_ms(office->env)};

    return run(&visit, body, answer, status, err);
}

enum rc attachment_take(const struct office *office, struct view body, uint64_t device,
                        uint32_t *arrived, struct err *err) {
    struct visit visit = {.office = office, .now_ms = env_wall_ms(office->env), .bundled = device};
    struct buf answer;
    unsigned status;
    enum rc rc;

    buf_init(&answer, LIMIT_ATTACHMENT_REQUEST);
    rc = run(&visit, body, &answer, &status, err);
    buf_release(&answer);
    *arrived += visit.arrived;
    return rc;
}
