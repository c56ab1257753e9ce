/* attachment_told.c: see attachment_told.h. The setting is names and hashes in a row, 48 bytes
 * each, the last offered one last. */
#include "syncd/sync/attachment_told.h"

#include "base/file.h"
#include "syncd/sync/attachment.h"
#include "syncd/sync/news.h"

#include <stdio.h>

#define NAME_BYTES 32u
#define ROW_BYTES  (ATTACHMENT_NAME_BYTES + 32u)

static void setting_name(uint64_t device, char out[NAME_BYTES]) {
    char id[17];

    id_text(device, id);
    snprintf(out, NAME_BYTES, "attachments %s", id);
}

static bool is_among(const struct told_name *names, uint32_t count, const uint8_t *name) {
    for (uint32_t i = 0; i < count; i++)
        if (memcmp(names[i].name, name, ATTACHMENT_NAME_BYTES) == 0)
            return true;
    return false;
}

enum rc told_remember(struct work *work, uint64_t device, const struct told_name *names,
                      uint32_t count, struct err *err) {
    char name[NAME_BYTES];
    struct view known = {0};
    struct buf rows;
    size_t from = 0;
    enum rc rc;

    setting_name(device, name);
    rc = work_setting(work, name, &known, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        rc = RC_OK;
    }
    if (known.size / ROW_BYTES + count > TOLD_MAX)
        from = (known.size / ROW_BYTES + count - TOLD_MAX) * ROW_BYTES;
    buf_init(&rows, (TOLD_MAX + count) * ROW_BYTES);
    for (size_t at = from; at + ROW_BYTES <= known.size; at += ROW_BYTES)
        if (!is_among(names, count, known.data + at))
            buf_add(&rows, known.data + at, ROW_BYTES);
    for (uint32_t i = 0; i < count; i++) {
        buf_add(&rows, names[i].name, sizeof(names[i].name));
        buf_add(&rows, names[i].hash, sizeof(names[i].hash));
    }
    if (rc == RC_OK)
        rc = buf_check(&rows, "a step of the writer", err);
    if (rc == RC_OK)
        rc = work_put_setting(work, name, buf_view(&rows), err);
    buf_release(&rows);
    return rc;
}

/* 0: there is nothing to say of it yet. */
static enum rc state_of(const struct office *office, struct store *store, const uint8_t hash[32],
                        uint8_t *state, struct err *err) {
    char path[ATTACHMENT_PATH_BYTES];
    struct stored_attachment row;
    enum rc rc = store_attachment(store, hash, &row, err);

    *state = 0;
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc == RC_OK)
        rc = attachment_path(office->directory, hash, path, err);
    if (rc != RC_OK)
        return rc;
    if (row.erased)
        *state = ATTACHMENT_ERASED;
    else if (row.received_ms != 0 && file_exists(path))
        *state = row.backed_up_ms != 0 ? ATTACHMENT_BACKED_UP : ATTACHMENT_HERE;
    return RC_OK;
}

enum rc told_recall(const struct office *office, struct store *store, uint64_t device,
                    struct arena *arena, struct buf *out, struct err *err) {
    struct attachment_answer answer = {.epoch = office->epoch};
    struct view known = {0};
    char name[NAME_BYTES];
    enum rc rc;

    setting_name(device, name);
    rc = store_setting(store, name, arena, &known, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    answer.told = arena_array(arena, known.size / ROW_BYTES + 1, sizeof(*answer.told));
    if (answer.told == NULL)
        return arena_check(arena, "a bundle", err);
    for (size_t at = 0; at + ROW_BYTES <= known.size && rc == RC_OK; at += ROW_BYTES) {
        struct attachment_told *told = &answer.told[answer.count];

        memcpy(told->name, known.data + at, sizeof(told->name));
        rc = state_of(office, store, known.data + at + ATTACHMENT_NAME_BYTES, &told->state, err);
        answer.count += told->state != 0;
    }
    if (rc == RC_OK && answer.count > 0)
        rc = attachment_answer_write(&answer, office->keys->sign_secret, out, err);
    return rc;
}
