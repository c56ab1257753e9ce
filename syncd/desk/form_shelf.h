/* form_shelf.h: forms that staff have brought to the console and not published yet: in memory only,
 * one for each login, few at a time, forgotten after an hour without use. What is shelved is the
 * workbook and the tables and media beside it, and what was made of them last, for trying it out.
 *
 * Everything is copied in and out, so that nobody waits while somebody else's form is compiled. */
#ifndef YG_SYNCD_DESK_FORM_SHELF_H
#define YG_SYNCD_DESK_FORM_SHELF_H

#include "base/arena.h"
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
    struct form_medium media[LIMIT_FORM_MEDIA]; /* brought; the contents are among attachments */
    uint32_t left_count;
    struct view left[LIMIT_FORM_FILES + LIMIT_FORM_MEDIA]; /* of the newest version, not kept */
    struct view json;                                      /* compiled; empty: it could not be */
};

struct form_shelf {
    pthread_mutex_t lock;
    struct shelf_place *places[FORM_SHELF_FORMS];
};

enum rc form_shelf_init(struct form_shelf *shelf, struct err *err);
void form_shelf_release(struct form_shelf *shelf);

/* owner: the name of a session. In place of what he had. RC_AGAIN: the shelf is full. */
enum rc form_shelf_put(struct form_shelf *shelf, const uint8_t owner[32], int64_t now_ms,
                       const struct shelved_form *form, struct err *err);
/* A copy in the arena. RC_NOT_FOUND. */
enum rc form_shelf_get(struct form_shelf *shelf, const uint8_t owner[32], int64_t now_ms,
                       struct arena *arena, struct shelved_form *out, struct err *err);
/* Only what was compiled. RC_NOT_FOUND. */
enum rc form_shelf_json(struct form_shelf *shelf, const uint8_t owner[32], int64_t now_ms,
                        struct arena *arena, struct view *out, struct err *err);
void form_shelf_forget(struct form_shelf *shelf, const uint8_t owner[32]);

#endif
