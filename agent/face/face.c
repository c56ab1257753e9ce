/* face.c: who may touch the tablet now, and as whom; see face.h. */
#include "agent/face/face.h"

#include "agent/field/filler.h"
#include "agent/store/urn.h"
#include "agent/sync/sync.h"
#include "base/date.h"

#define FILLER_IDLE_MS INT64_C(180000) /* a form's program takes some MiB */

void face_init(struct face *face, const struct env *env) {
    *face = (struct face){.env = env, .options = {.env = env}};
    face->table = (struct command_table){
        .program = "yg-agent",
        .summary = "household surveys on a tablet, without a network, merged later",
        .specs = face_specs,
        .count = face_spec_count,
        .socket = "control",
        .default_data = "tablet",
        .context = face,
    };
    /* Only a programmer's error could make these fail: the attributes are the default ones. */
    (void)pthread_mutex_init(&face->mutex, NULL);
    (void)pthread_cond_init(&face->turn_came, NULL);
    (void)pthread_cond_init(&face->synced, NULL);
}

void face_release(struct face *face) {
    (void)pthread_cond_destroy(&face->synced);
    (void)pthread_cond_destroy(&face->turn_came);
    (void)pthread_mutex_destroy(&face->mutex);
}

void face_take_turn(struct face *face) {
    uint64_t mine;

    pthread_mutex_lock(&face->mutex);
    mine = face->turns_taken++;
    while (face->turn != mine)
        pthread_cond_wait(&face->turn_came, &face->mutex);
    pthread_mutex_unlock(&face->mutex);
}

void face_end_turn(struct face *face) {
    pthread_mutex_lock(&face->mutex);
    face->turn++;
    pthread_cond_broadcast(&face->turn_came);
    pthread_mutex_unlock(&face->mutex);
}

void face_put_away(struct seat *seat) {
    filler_close(seat->filler);
    seat->filler = NULL;
}

enum rc face_close_seat(struct seat *seat, struct err *err) {
    enum rc rc;

    face_put_away(seat);
    urn_close(seat->urn); /* it stays on disk, and is opened again with its two secrets */
    rc = session_close(seat->session, err);
    *seat = (struct seat){0};
    return rc;
}

void face_lock_idle(struct face *face, int64_t idle_ms) {
    int64_t now_ms = env_monotonic_ms(face->env);
    struct err ignored;

    for (size_t i = 0; i < FACE_SEATS_MAX; i++) {
        struct seat *seat = &face->seats[i];

        if (seat->filler != NULL && now_ms - seat->filler_used_ms >= FILLER_IDLE_MS)
            face_put_away(seat);
        if (seat->session == NULL || seat->busy > 0 || now_ms - seat->used_ms < idle_ms)
            continue;
        err_init(&ignored, LANG_EN);
        /* What could not be cut into batches stays sealed for its person and waits for him. */
        (void)face_close_seat(seat, &ignored);
    }
}

/* ---- sessions ---- */

/* The open session of the person named on the command line; without a name, of the only one. */
static enum rc find_seat(struct visit *visit, struct seat **out, struct err *err) {
    const char *name = visit->command->person;
    size_t open = 0;
    uint64_t id = 0;
    struct err ignored;

    *out = NULL;
    err_init(&ignored, LANG_EN);
    if (name != NULL && id_parse(view_text(name), &id, &ignored) != RC_OK)
        id = 0;
    for (size_t i = 0; i < FACE_SEATS_MAX; i++) {
        struct seat *seat = &visit->face->seats[i];

        if (seat->session == NULL)
            continue;
        if (name != NULL && !view_is(session_person_name(seat->session), name) &&
            session_person(seat->session) != id)
            continue;
        open++;
        *out = seat;
    }
    if (open > 1) {
        *out = NULL;
        if (visit->command->secret.size == 0)
            return err_set(err, RC_INVALID,
                           "several people have unlocked this tablet; say who acts: --person P");
    }
    return RC_OK;
}

static enum rc open_session(struct visit *visit, enum need need, struct err *err) {
    struct command *command = visit->command;
    char secret[LIMIT_SECRET_BYTES + 1];
    enum rc rc;

    if (visit->face->tablet != NULL) {
        rc = find_seat(visit, &visit->seat, err);
        if (rc != RC_OK)
            return need == WANT_SESSION ? RC_OK : rc;
        if (visit->seat != NULL) {
            visit->session = visit->seat->session;
            visit->seat->used_ms = env_monotonic_ms(visit->face->env);
            return RC_OK;
        }
    }
    if (need == WANT_SESSION && command->secret.size == 0)
        return RC_OK;
    rc = command_secret(command, "secret: ", secret, sizeof(secret), err);
    if (rc == RC_OK)
        rc = session_open(visit->tablet, view_text(command->person), view_text(secret),
                          &visit->session, err);
    crypt_wipe(secret, sizeof(secret));
    return rc;
}

enum rc visit_open(struct face *face, struct command *command, enum need need, struct visit *visit,
                   struct err *err) {
    enum rc rc = RC_OK;

    *visit = (struct visit){.face = face, .command = command};
    arena_init(&visit->arena, FACE_ARENA_BYTES);
    face_take_turn(face);
    if (face->tablet != NULL) {
        visit->tablet = face->tablet;
    } else {
        rc = tablet_open(command->data, &face->options, &visit->tablet, err);
        visit->own_tablet = rc == RC_OK;
        if (rc == RC_OK)
            sync_attach(visit->tablet);
    }
    if (rc == RC_OK && need != NEED_TABLET)
        rc = open_session(visit, need, err);
    return rc;
}

void visit_close(struct visit *visit) {
    struct err err;

    err_init(&err, visit->command->lang);
    if (visit->session != NULL && visit->seat == NULL) {
        if (session_close(visit->session, &err) != RC_OK)
            command_say(visit->command,
                        "saved, but not yet prepared for sending: %s; the next unlock does it",
                        err.text);
    } else if (visit->seat != NULL) {
        visit->seat->used_ms = env_monotonic_ms(visit->face->env);
    }
    if (visit->own_tablet)
        tablet_close(visit->tablet);
    arena_release(&visit->arena);
    face_end_turn(visit->face);
}

void visit_pause(struct visit *visit) {
    if (visit->seat != NULL)
        visit->seat->busy++;
    face_end_turn(visit->face);
    face_take_turn(visit->face);
    if (visit->seat != NULL) {
        visit->seat->busy--;
        visit->seat->used_ms = env_monotonic_ms(visit->face->env);
    }
}

enum rc visit_see(struct visit *visit, const char *record, struct seen *out, struct err *err) {
    struct dot id;
    enum rc rc = dot_parse(view_text(record), &id, err);

    if (rc != RC_OK) {
        err_prefix(err, "%.60s: ", record);
        return rc;
    }
    rc = session_see(visit->session, id, &visit->arena, out, err);
    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_NOT_FOUND, "%s: there is no such record here; see: yg-agent list",
                       record);
    return rc;
}

/* ---- secrets ---- */

enum rc face_new_secret(struct command *command, const char *prompt, char *out, size_t size,
                        struct err *err) {
    char again[LIMIT_SECRET_BYTES + 1];
    bool is_given = command->secret.size > 0;
    enum rc rc = command_secret(command, prompt, out, size, err);

    if (rc != RC_OK || is_given)
        return rc;
    rc = command_secret(command, "the same again: ", again, sizeof(again), err);
    if (rc == RC_OK && strcmp(out, again) != 0)
        rc = err_set(err, RC_INVALID, "the two secrets differ; type the same one twice");
    crypt_wipe(again, sizeof(again));
    return rc;
}

/* ---- progress ---- */

void face_progress_end(struct command *command) {
    struct err ignored;

    err_init(&ignored, command->lang);
    if (command->is_terminal)
        (void)command->write(command->sink, CONTROL_STDERR, view_text("\r\033[K"), &ignored);
}

/* ---- JSON ---- */

void add_dot(struct json *object, const char *key, struct dot dot) {
    char text[DOT_TEXT_BYTES];

    dot_text(dot, text);
    json_add_text(object, key, text);
}

void add_time(struct json *object, const char *key, int64_t wall_ms) {
    char text[TIME_TEXT_BYTES];

    if (wall_ms == 0) {
        json_add_null(object, key);
        return;
    }
    time_format(wall_ms, text);
    json_add_text(object, key, text);
}

void add_area(struct json *object, const char *key, uint64_t area) {
    char text[AREA_TEXT_BYTES];

    area_text(area, text);
    json_add_text(object, key, text);
}

void add_area_names(struct json *object, const struct tablet *tablet, const uint64_t *areas,
                    uint32_t count) {
    struct json *names = NULL;

    for (uint32_t i = 0; i < count; i++) {
        struct view name = succession_name(tablet_areas(tablet), areas[i]);
        char area[AREA_TEXT_BYTES];

        if (name.size == 0)
            continue;
        if (names == NULL)
            names = json_add_object(object, "area_names");
        area_text(areas[i], area);
        json_add_view(names, area, name);
    }
}

void area_words(const struct tablet *tablet, uint64_t area, struct buf *out) {
    struct view name = succession_name(tablet_areas(tablet), area);
    char text[AREA_TEXT_BYTES];

    area_text(area, text);
    buf_add_text(out, text);
    if (name.size > 0)
        buf_addf(out, " %.*s", VIEW_PRINT(name));
}

void add_areas(struct json *object, const char *key, const uint64_t *areas, uint32_t count) {
    struct json *list = json_add_array(object, key);

    for (uint32_t i = 0; i < count; i++)
        add_area(list, NULL, areas[i]);
}
