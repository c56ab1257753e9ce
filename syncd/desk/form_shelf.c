/* form_shelf.c: see form_shelf.h. */
#include "syncd/desk/form_shelf.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SWEPT_MAX                                                                                  \
    (2u * FORM_SHELF_FORMS * LIMIT_FORM_MEDIA) /* with what a kill left half written */

struct shelf_place {
    uint8_t owner[32];
    int64_t used_ms;
    size_t bytes;
    struct arena arena;
    struct shelved_form form;
};

enum rc form_shelf_init(struct form_shelf *shelf, const char *directory, struct err *err) {
    *shelf = (struct form_shelf){.directory = directory};
    if (pthread_mutex_init(&shelf->lock, NULL) != 0)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    return RC_OK;
}

/* ---- contents of media ---- */

static enum rc folder_of(const char *directory, char out[FILE_PATH_BYTES_MAX], struct err *err) {
    int size = snprintf(out, FILE_PATH_BYTES_MAX, "%s/brought", directory);

    if (size < 0 || size >= (int)FILE_PATH_BYTES_MAX)
        return err_set(err, RC_LIMIT, "%s: the path is too long; use a shorter folder", directory);
    return RC_OK;
}

enum rc form_shelf_path(const struct form_shelf *shelf, const uint8_t owner[32],
                        const uint8_t hash[32], char out[FILE_PATH_BYTES_MAX], struct err *err) {
    char whose[17], hex[65];
    int size;

    hex_encode(view_of(owner, 8), whose);
    hex_encode(view_of(hash, 32), hex);
    size = snprintf(out, FILE_PATH_BYTES_MAX, "%s/brought/%s-%s", shelf->directory, whose, hex);
    if (size < 0 || size >= (int)FILE_PATH_BYTES_MAX)
        return err_set(err, RC_LIMIT, "%s: the path is too long; use a shorter folder",
                       shelf->directory);
    return RC_OK;
}

enum rc form_shelf_bring(const struct form_shelf *shelf, const uint8_t owner[32],
                         const uint8_t hash[32], struct view content, struct err *err) {
    char path[FILE_PATH_BYTES_MAX];
    enum rc rc = folder_of(shelf->directory, path, err);

    if (rc == RC_OK)
        rc = file_make_directory(path, err);
    if (rc == RC_OK)
        rc = form_shelf_path(shelf, owner, hash, path, err);
    return rc == RC_OK ? file_write(path, content, FILE_MODE_PRIVATE, err) : rc;
}

enum rc form_shelf_sweep(const char *directory, struct err *err) {
    char folder[FILE_PATH_BYTES_MAX], path[FILE_PATH_BYTES_MAX + 300];
    const char **names = NULL;
    size_t count = 0;
    struct arena arena;
    enum rc rc = folder_of(directory, folder, err);

    if (rc != RC_OK || !file_is_directory(folder))
        return rc;
    arena_init(&arena, 4u * 1024u * 1024u);
    rc = file_list(folder, SWEPT_MAX, &arena, &names, &count, err);
    for (size_t i = 0; i < count && rc == RC_OK; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        rc = file_remove(path, err);
    }
    arena_release(&arena);
    return rc;
}

static bool names_content(const struct shelved_form *form, const uint8_t hash[32]) {
    for (uint32_t i = 0; form != NULL && i < form->media_count; i++)
        if (memcmp(form->media[i].hash, hash, 32) == 0)
            return true;
    return false;
}

/* Those of the one that the other, which may be NULL, does not name. What cannot be removed now is
 * when the service starts. */
static void remove_media(const struct form_shelf *shelf, const uint8_t owner[32],
                         const struct shelved_form *of, const struct shelved_form *but) {
    char path[FILE_PATH_BYTES_MAX];
    struct err ignored;

    err_init(&ignored, LANG_EN);
    for (uint32_t i = 0; i < of->media_count; i++)
        if (!names_content(but, of->media[i].hash) &&
            form_shelf_path(shelf, owner, of->media[i].hash, path, &ignored) == RC_OK)
            (void)file_remove(path, &ignored);
}

/* ---- places ---- */

static void clear(struct shelf_place **place) {
    if (*place != NULL)
        arena_release(&(*place)->arena);
    free(*place);
    *place = NULL;
}

static void empty(const struct form_shelf *shelf, struct shelf_place **place) {
    if (*place != NULL)
        remove_media(shelf, (*place)->owner, &(*place)->form, NULL);
    clear(place);
}

void form_shelf_release(struct form_shelf *shelf) {
    for (size_t i = 0; i < FORM_SHELF_FORMS; i++)
        empty(shelf, &shelf->places[i]);
    pthread_mutex_destroy(&shelf->lock);
}

static enum rc copy(const struct shelved_form *from, struct arena *arena, struct shelved_form *to,
                    struct err *err) {
    *to = *from;
    to->name = arena_view(arena, from->name);
    to->workbook = arena_view(arena, from->workbook);
    to->json = arena_view(arena, from->json);
    for (uint32_t i = 0; i < from->file_count; i++)
        to->files[i] = (struct form_file){.name = arena_view(arena, from->files[i].name),
                                          .content = arena_view(arena, from->files[i].content)};
    for (uint32_t i = 0; i < from->media_count; i++)
        to->media[i].name = arena_view(arena, from->media[i].name);
    for (uint32_t i = 0; i < from->left_count; i++)
        to->left[i] = arena_view(arena, from->left[i]);
    return arena_check(arena, "a form", err);
}

static size_t size_of(const struct shelved_form *form) {
    size_t size = sizeof(struct shelf_place) + form->workbook.size + form->json.size;

    for (uint32_t i = 0; i < form->file_count; i++)
        size += form->files[i].content.size + form->files[i].name.size;
    return size;
}

/* The place of that owner, else a free one, else NULL; forgets what is over on the way. */
static struct shelf_place **place_of(struct form_shelf *shelf, const uint8_t owner[32],
                                     int64_t now_ms, size_t *taken) {
    struct shelf_place **own = NULL, **vacant = NULL;

    *taken = 0;
    for (size_t i = 0; i < FORM_SHELF_FORMS; i++) {
        struct shelf_place **place = &shelf->places[i];

        if (*place != NULL && now_ms - (*place)->used_ms > FORM_SHELF_FOR_MS)
            empty(shelf, place);
        if (*place == NULL)
            vacant = vacant == NULL ? place : vacant;
        else if (memcmp((*place)->owner, owner, 32) == 0)
            own = place;
        else
            *taken += (*place)->bytes;
    }
    return own != NULL ? own : vacant;
}

enum rc form_shelf_put(struct form_shelf *shelf, const uint8_t owner[32], int64_t now_ms,
                       const struct shelved_form *form, struct err *err) {
    struct shelf_place **place, *fresh = calloc(1, sizeof(*fresh));
    size_t taken;
    enum rc rc = RC_OK;

    if (fresh == NULL)
        rc = err_set(err, RC_NO_MEMORY, "out of memory");
    if (rc == RC_OK) {
        memcpy(fresh->owner, owner, 32);
        fresh->used_ms = now_ms;
        fresh->bytes = size_of(form);
        arena_init(&fresh->arena, FORM_SHELF_BYTES * 2u);
        rc = copy(form, &fresh->arena, &fresh->form, err);
    }
    pthread_mutex_lock(&shelf->lock);
    place = place_of(shelf, owner, now_ms, &taken);
    if (rc == RC_OK && (place == NULL || taken + fresh->bytes > FORM_SHELF_BYTES))
        rc = err_set(err, RC_AGAIN,
                     "too many forms are being checked just now; try again in a while, or use: "
                     "yg-syncd form check");
    if (rc == RC_OK) {
        if (*place != NULL)
            remove_media(shelf, owner, &(*place)->form, form);
        clear(place);
        *place = fresh;
        fresh = NULL;
    } else {
        remove_media(shelf, owner, form, place != NULL && *place != NULL ? &(*place)->form : NULL);
    }
    pthread_mutex_unlock(&shelf->lock);
    clear(&fresh);
    return rc;
}

static struct shelf_place *find(struct form_shelf *shelf, const uint8_t owner[32], int64_t now_ms) {
    size_t taken;
    struct shelf_place **place = place_of(shelf, owner, now_ms, &taken);

    if (place == NULL || *place == NULL)
        return NULL;
    (*place)->used_ms = now_ms;
    return *place;
}

static enum rc nothing(struct err *err) {
    return err_set(err, RC_NOT_FOUND,
                   "nothing of yours is being checked (any more); upload the "
                   "workbook again");
}

enum rc form_shelf_get(struct form_shelf *shelf, const uint8_t owner[32], int64_t now_ms,
                       struct arena *arena, struct shelved_form *out, struct err *err) {
    struct shelf_place *place;
    enum rc rc;

    pthread_mutex_lock(&shelf->lock);
    place = find(shelf, owner, now_ms);
    rc = place == NULL ? nothing(err) : copy(&place->form, arena, out, err);
    pthread_mutex_unlock(&shelf->lock);
    return rc;
}

enum rc form_shelf_json(struct form_shelf *shelf, const uint8_t owner[32], int64_t now_ms,
                        struct arena *arena, struct view *out, struct err *err) {
    struct shelf_place *place;
    enum rc rc = RC_OK;

    pthread_mutex_lock(&shelf->lock);
    place = find(shelf, owner, now_ms);
    if (place == NULL || place->form.json.size == 0) {
        rc = nothing(err);
    } else {
        *out = arena_view(arena, place->form.json);
        rc = arena_check(arena, "a form", err);
    }
    pthread_mutex_unlock(&shelf->lock);
    return rc;
}

void form_shelf_forget(struct form_shelf *shelf, const uint8_t owner[32]) {
    pthread_mutex_lock(&shelf->lock);
    for (size_t i = 0; i < FORM_SHELF_FORMS; i++)
        if (shelf->places[i] != NULL && memcmp(shelf->places[i]->owner, owner, 32) == 0)
            empty(shelf, &shelf->places[i]);
    pthread_mutex_unlock(&shelf->lock);
}

void form_shelf_tidy(struct form_shelf *shelf, int64_t now_ms) {
    static const uint8_t nobody[32];
    size_t taken;

    pthread_mutex_lock(&shelf->lock);
    (void)place_of(shelf, nobody, now_ms, &taken);
    pthread_mutex_unlock(&shelf->lock);
}
