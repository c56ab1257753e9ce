/* forget.c: what the program does behind each sync when staff have ordered a tablet to forget: the
 * code of agent/face, which cannot be included beside that of the county's desk. */
#include "tests/sim/forget.h"

#include "agent/face/face.h"
#include "agent/store/inside.h"

enum rc forget_ordered(struct tablet *tablet, struct session **session, struct err *err) {
    struct face face = {.tablet = NULL}; /* nobody has a seat: the session is a command's own */

    return face_wipe(&face, tablet, session, err);
}

bool forget_keys(struct tablet *tablet, const char *person, uint8_t out[FORGET_KEYS_BYTES]) {
    struct arena arena;
    struct person_row *rows;
    struct err ignored;
    uint32_t count = 0;
    bool found = false;

    err_init(&ignored, LANG_EN);
    arena_init(&arena, 1024 * 1024);
    if (person_rows(tablet, &arena, &rows, &count, &ignored) != RC_OK)
        count = 0;
    for (uint32_t i = 0; i < count && !found; i++) {
        found = view_is(rows[i].name, person) && rows[i].wrapped.size > FORGET_KEYS_BYTES;
        if (found)
            memcpy(out, rows[i].wrapped.data, FORGET_KEYS_BYTES);
    }
    arena_release(&arena);
    return found;
}
