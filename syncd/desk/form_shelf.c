/* form_shelf.c: see form_shelf.h. */
#include "syncd/desk/form_shelf.h"

#include <stdlib.h>
#include <string.h>

struct shelf_place {
    uint8_t owner[32];
    int64_t used_ms;
    size_t bytes;
    struct arena arena;
    struct shelved_form form;
};

enum rc form_shelf_init(struct form_shelf *shelf, struct err *err) {
    *shelf = (struct form_shelf){0};
    if (pthread_mutex_init(&shelf->lock, NULL) != 0)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    return RC_OK;
}

static void clear(struct shelf_place **place) {
    if (*place != NULL)
        arena_release(&(*place)->arena);
    free(*place);
    *place = NULL;
}

void form_shelf_release(struct form_shelf *shelf) {
    for (size_t i = 0; i < FORM_SHELF_FORMS; i++)
        clear(&shelf->places[i]);
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
            clear(place);
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
    enum rc rc;

    if (fresh == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    memcpy(fresh->owner, owner, 32);
    fresh->used_ms = now_ms;
    fresh->bytes = size_of(form);
    arena_init(&fresh->arena, FORM_SHELF_BYTES * 2u);
    rc = copy(form, &fresh->arena, &fresh->form, err);
    pthread_mutex_lock(&shelf->lock);
    place = place_of(shelf, owner, now_ms, &taken);
    if (rc == RC_OK && (place == NULL || taken + fresh->bytes > FORM_SHELF_BYTES))
        rc = err_set(err, RC_AGAIN,
                     "too many forms are being checked just now; try again in a while, or use: "
                     "yg-syncd form check");
    if (rc == RC_OK) {
        clear(place);
        *place = fresh;
        fresh = NULL;
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
            clear(&shelf->places[i]);
    pthread_mutex_unlock(&shelf->lock);
}
