/* form_shelf.h: forms that staff have brought to the console and not published yet: in memory only,
 * one for each login, few at a time, forgotten after an hour without use. What is shelved is the
 * workbook and the tables and media beside it, and what was made of them last, for trying it out.
 *
 * Everything is copied in and out, so that nobody waits while somebody else's form is compiled.
 *
 * The contents of media are too large for memory. Each login has its own copies in a folder that
 * belongs to the shelf alone, DIR/brought: they come before the form that names them is put, and go
 * with it. Nothing on the shelf outlives the service, so whatever is there when it starts is
 * rubbish. Among the attachments, which stay for ever, a content comes when it is published. */
#ifndef YG_SYNCD_DESK_FORM_SHELF_H
#define YG_SYNCD_DESK_FORM_SHELF_H

#include "base/arena.h"
#include "base/file.h"
#include "schema/form.h"
#include "schema/limits.h"

#include <pthread.h>

#define FORM_SHELF_FORMS  8u
#define FORM_SHELF_BYTES  (48u * 1024u * 1024u) /* of all together */
#define FORM_SHELF_FOR_MS 3600000

struct shelved_form {
    struct view name;     /* of the workbook's file, as it was called; may be empty */
    struct view workbook; /* .xlsx */
    uint32_t file_count;
    struct form_file files[LIMIT_FORM_FILES]; /* tables that were brought */
    uint32_t media_count;
    struct form_medium media[LIMIT_FORM_MEDIA]; /* brought; the contents are in the folder */
    uint32_t left_count;
    struct view left[LIMIT_FORM_FILES + LIMIT_FORM_MEDIA]; /* of the newest version, not kept */
    struct view json;                                      /* compiled; empty: it could not be */
};

struct form_shelf {
    pthread_mutex_t lock;
    const char *directory;
    struct shelf_place *places[FORM_SHELF_FORMS];
};

/* directory: the data's; it has to live as long. */
enum rc form_shelf_init(struct form_shelf *shelf, const char *directory, struct err *err);
void form_shelf_release(struct form_shelf *shelf);
/* Empties the folder: before the service takes requests. */
enum rc form_shelf_sweep(const char *directory, struct err *err);

/* Where the content of this hash is that he has brought, or would be. RC_LIMIT: too long. */
enum rc form_shelf_path(const struct form_shelf *shelf, const uint8_t owner[32],
                        const uint8_t hash[32], char out[FILE_PATH_BYTES_MAX], struct err *err);
/* Puts a content there; the form that names it is put right after. */
enum rc form_shelf_bring(const struct form_shelf *shelf, const uint8_t owner[32],
                         const uint8_t hash[32], struct view content, struct err *err);

/* owner: the name of a session. In place of what he had; contents that were brought for the one and
 * that the other does not name are removed, those of the form too if it is not taken. RC_AGAIN: the
 * shelf is full. */
enum rc form_shelf_put(struct form_shelf *shelf, const uint8_t owner[32], int64_t now_ms,
                       const struct shelved_form *form, struct err *err);
/* A copy in the arena. RC_NOT_FOUND. */
enum rc form_shelf_get(struct form_shelf *shelf, const uint8_t owner[32], int64_t now_ms,
                       struct arena *arena, struct shelved_form *out, struct err *err);
/* Only what was compiled. RC_NOT_FOUND. */
enum rc form_shelf_json(struct form_shelf *shelf, const uint8_t owner[32], int64_t now_ms,
                        struct arena *arena, struct view *out, struct err *err);
void form_shelf_forget(struct form_shelf *shelf, const uint8_t owner[32]);
/* Forgets what was not used for an hour; cheap, for every request. */
void form_shelf_tidy(struct form_shelf *shelf, int64_t now_ms);

#endif
