/* sqlite_people_read.c: reading what sqlite_people.c writes. */
#include "syncd/store/sqlite.h"

enum { SCOPE_REVOKED = 1, SCOPE_WIPE = 2 };

/* --- rows: everything is copied into the arena --- */

static enum rc device_row(struct statement *row, struct arena *arena, struct stored_device *out,
                          struct err *err) {
    int64_t flags = statement_i64(row, 13);
    enum rc rc;

    *out = (struct stored_device){
        .device = column_name(row, 0),
        .name = column_text(row, 1, arena),
        .person = column_name(row, 4),
        .enrolled_ms = statement_i64(row, 5),
        .seen_ms = statement_i64(row, 6),
        .offset_ms = statement_i64(row, 7),
        .own_last = column_bits(row, 8),
        .actor = column_name(row, 9),
        .scope = {.serial = (uint32_t)statement_i64(row, 10),
                  .audience_mask = (uint8_t)statement_i64(row, 12),
                  .revoked = (flags & SCOPE_REVOKED) != 0,
                  .wipe = (flags & SCOPE_WIPE) != 0},
        .scope_confirmed = (uint32_t)statement_i64(row, 14),
        .scope_at = column_bits(row, 15),
        .program = column_text(row, 16, arena),
    };
    rc = column_bytes(row, 2, out->sign_public, sizeof out->sign_public, err);
    if (rc == RC_OK) {
        rc = column_bytes(row, 3, out->box_public, sizeof out->box_public, err);
    }
    if (rc == RC_OK) {
        rc = areas_unpack(statement_blob(row, 11), arena, &out->scope.areas, &out->scope.area_count,
                          err);
    }
    return rc == RC_OK ? arena_check(arena, "a device", err) : rc;
}

static enum rc person_row(struct statement *row, struct arena *arena, struct stored_person *out,
                          struct err *err) {
    enum rc rc;

    *out = (struct stored_person){
        .person = column_name(row, 0),
        .name = column_text(row, 1, arena),
        .role = (uint8_t)statement_i64(row, 3),
        .device = column_name(row, 4),
        .wrapped = column_blob(row, 6, arena),
        .disabled = statement_i64(row, 7) != 0,
        .created_ms = statement_i64(row, 8),
    };
    rc = column_bytes(row, 2, out->sign_public, sizeof out->sign_public, err);
    if (rc == RC_OK) {
        rc = areas_unpack(statement_blob(row, 5), arena, &out->areas, &out->area_count, err);
    }
    return rc == RC_OK ? arena_check(arena, "a person", err) : rc;
}

static enum rc invitation_row(struct statement *row, struct arena *arena,
                              struct stored_invitation *out, struct err *err) {
    enum rc rc;

    *out = (struct stored_invitation){
        .device_name = column_text(row, 2, arena),
        .person_name = column_text(row, 3, arena),
        .role = (uint8_t)statement_i64(row, 4),
        .expires_ms = statement_i64(row, 6),
        .device = column_name(row, 7),
    };
    rc = column_bytes(row, 0, out->code_id, sizeof out->code_id, err);
    if (rc == RC_OK) {
        rc = column_bytes(row, 1, out->code_key, sizeof out->code_key, err);
    }
    if (rc == RC_OK) {
        rc = areas_unpack(statement_blob(row, 5), arena, &out->areas, &out->area_count, err);
    }
    return rc == RC_OK ? arena_check(arena, "an invitation", err) : rc;
}

static enum rc actor_row(struct statement *row, struct stored_actor *out, struct err *err) {
    *out = (struct stored_actor){
        .actor = column_name(row, 0),
        .device = column_name(row, 1),
        .number = column_bits(row, 2),
        .lamport = column_bits(row, 4),
        .fork_of = column_name(row, 5),
        .fork_from = column_bits(row, 6),
        .retired = statement_i64(row, 7) != 0,
    };
    return column_bytes(row, 3, out->hash, sizeof out->hash, err);
}

static enum rc form_row(struct statement *row, struct arena *arena, struct stored_form *out,
                        struct err *err) {
    *out = (struct stored_form){
        .form = column_name(row, 1),
        .position = column_bits(row, 0),
        .name = column_text(row, 2, arena),
        .version = column_text(row, 3, arena),
        .sequence = (uint32_t)statement_i64(row, 4),
        .audience = (uint8_t)statement_i64(row, 5),
        .published_ms = statement_i64(row, 6),
        .compressed = column_blob(row, 7, arena),
    };
    return arena == NULL ? RC_OK : arena_check(arena, "a form", err);
}

/* --- one --- */

enum rc sqlite_setting(struct store *store, const char *name, struct arena *arena, struct view *out,
                       struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_SETTING];
    enum rc rc;

    statement_bind_text(row, 1, view_text(name));
    rc = statement_one(row, err);
    if (rc == RC_OK) {
        *out = column_blob(row, 0, arena);
        statement_reset(row);
        rc = arena_check(arena, "a setting", err);
    }
    return rc;
}

enum rc sqlite_device(struct store *store, uint64_t device, struct arena *arena,
                      struct stored_device *out, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_DEVICE];
    enum rc rc;

    statement_bind_i64(row, 1, bias(device));
    rc = statement_one(row, err);
    if (rc == RC_OK) {
        rc = device_row(row, arena, out, err);
        statement_reset(row);
    }
    return rc;
}

enum rc sqlite_person(struct store *store, uint64_t person, struct arena *arena,
                      struct stored_person *out, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_PERSON];
    enum rc rc;

    statement_bind_i64(row, 1, bias(person));
    rc = statement_one(row, err);
    if (rc == RC_OK) {
        rc = person_row(row, arena, out, err);
        statement_reset(row);
    }
    return rc;
}

enum rc sqlite_person_named(struct store *store, struct view name, struct arena *arena,
                            struct stored_person *out, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_PERSON_NAMED];
    enum rc rc;

    statement_bind_text(row, 1, name);
    statement_bind_i64(row, 2, bias(0));
    rc = statement_one(row, err);
    if (rc == RC_OK) {
        rc = person_row(row, arena, out, err);
        statement_reset(row);
    }
    return rc;
}

enum rc sqlite_invitation(struct store *store, const uint8_t *code_id, struct arena *arena,
                          struct stored_invitation *out, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_INVITATION];
    enum rc rc;

    statement_bind_blob(row, 1, view_of(code_id, sizeof out->code_id));
    rc = statement_one(row, err);
    if (rc == RC_OK) {
        rc = invitation_row(row, arena, out, err);
        statement_reset(row);
    }
    return rc;
}

enum rc sqlite_actor(struct store *store, uint64_t actor, struct stored_actor *out,
                     struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_ACTOR];
    enum rc rc;

    statement_bind_i64(row, 1, bias(actor));
    rc = statement_one(row, err);
    if (rc == RC_OK) {
        rc = actor_row(row, out, err);
        statement_reset(row);
    }
    return rc;
}

enum rc sqlite_form(struct store *store, uint64_t form, struct arena *arena,
                    struct stored_form *out, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_FORM];
    enum rc rc;

    statement_bind_i64(row, 1, bias(form));
    rc = statement_one(row, err);
    if (rc == RC_OK) {
        rc = form_row(row, arena, out, err);
        statement_reset(row);
    }
    return rc;
}

/* --- walks --- each row is read into `item` by `read`, then shown */

#define EACH(row, item, read)                                                                      \
    do {                                                                                           \
        while ((rc = statement_step(row, err)) == RC_OK) {                                         \
            rc = read;                                                                             \
            if (rc == RC_OK) {                                                                     \
                rc = visit(context, item, err);                                                    \
            }                                                                                      \
            if (rc != RC_OK) {                                                                     \
                break;                                                                             \
            }                                                                                      \
        }                                                                                          \
        statement_reset(row);                                                                      \
    } while (0)

enum rc sqlite_settings(struct store *store, store_visit_setting *visit, void *context,
                        struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_SETTINGS];
    struct arena arena;
    enum rc rc;

    arena_init(&arena, WALK_BYTES);
    while ((rc = statement_step(row, err)) == RC_OK) {
        struct view name; /* the copy in the arena is terminated */

        arena_reset(&arena);
        name = column_text(row, 0, &arena);
        rc = arena_check(&arena, "a setting", err);
        if (rc == RC_OK) {
            rc = visit(context, (const char *)name.data, statement_blob(row, 1), err);
        }
        if (rc != RC_OK) {
            break;
        }
    }
    statement_reset(row);
    arena_release(&arena);
    return rc;
}

enum rc sqlite_devices(struct store *store, store_visit_device *visit, void *context,
                       struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_DEVICES];
    struct stored_device device;
    struct arena arena;
    enum rc rc;

    arena_init(&arena, WALK_BYTES);
    EACH(row, &device, (arena_reset(&arena), device_row(row, &arena, &device, err)));
    arena_release(&arena);
    return rc;
}

static enum rc show_persons(struct statement *row, store_visit_person *visit, void *context,
                            struct err *err) {
    struct stored_person person;
    struct arena arena;
    enum rc rc;

    arena_init(&arena, WALK_BYTES);
    EACH(row, &person, (arena_reset(&arena), person_row(row, &arena, &person, err)));
    arena_release(&arena);
    return rc;
}

enum rc sqlite_persons(struct store *store, store_visit_person *visit, void *context,
                       struct err *err) {
    return show_persons(sqlite_of(store)->sql[SQL_PERSONS], visit, context, err);
}

enum rc sqlite_device_persons(struct store *store, uint64_t device, store_visit_person *visit,
                              void *context, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_DEVICE_PERSONS];

    statement_bind_i64(row, 1, bias(device));
    return show_persons(row, visit, context, err);
}

enum rc sqlite_new_persons(struct store *store, int64_t after_ms, store_visit_person *visit,
                           void *context, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_NEW_PERSONS];

    statement_bind_i64(row, 1, after_ms);
    return show_persons(row, visit, context, err);
}

enum rc sqlite_invitations(struct store *store, store_visit_invitation *visit, void *context,
                           struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_INVITATIONS];
    struct stored_invitation invitation;
    struct arena arena;
    enum rc rc;

    arena_init(&arena, WALK_BYTES);
    EACH(row, &invitation, (arena_reset(&arena), invitation_row(row, &arena, &invitation, err)));
    arena_release(&arena);
    return rc;
}

static enum rc show_actors(struct statement *row, store_visit_actor *visit, void *context,
                           struct err *err) {
    struct stored_actor actor;
    enum rc rc;

    EACH(row, &actor, actor_row(row, &actor, err));
    return rc;
}

enum rc sqlite_actors(struct store *store, store_visit_actor *visit, void *context,
                      struct err *err) {
    return show_actors(sqlite_of(store)->sql[SQL_ACTORS], visit, context, err);
}

enum rc sqlite_device_actors(struct store *store, uint64_t device, store_visit_actor *visit,
                             void *context, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_DEVICE_ACTORS];

    statement_bind_i64(row, 1, bias(device));
    return show_actors(row, visit, context, err);
}

enum rc sqlite_actor_forks(struct store *store, uint64_t actor, store_visit_actor *visit,
                           void *context, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_ACTOR_FORKS];

    statement_bind_i64(row, 1, bias(actor));
    return show_actors(row, visit, context, err);
}

enum rc sqlite_forms(struct store *store, uint64_t after, store_visit_form *visit, void *context,
                     struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_FORMS];
    struct stored_form form;
    enum rc rc;

    statement_bind_i64(row, 1, after > INT64_MAX ? INT64_MAX : (int64_t)after);
    EACH(row, &form, form_row(row, NULL, &form, err));
    return rc;
}

static enum rc quarantine_row(struct statement *row, struct stored_quarantine *out) {
    *out = (struct stored_quarantine){
        .dot = {column_name(row, 0), column_name(row, 1)},
        .record = {column_bits(row, 2), column_bits(row, 3)},
        .area = column_bits(row, 4),
        .person = column_name(row, 5),
        .device = column_name(row, 6),
        .verdict = (uint8_t)statement_i64(row, 7),
        .since_ms = statement_i64(row, 8),
        .settled = (uint32_t)statement_i64(row, 9),
    };
    return RC_OK;
}

static enum rc show_quarantine(struct statement *row, store_visit_quarantine *visit, void *context,
                               struct err *err) {
    struct stored_quarantine item;
    enum rc rc;

    EACH(row, &item, quarantine_row(row, &item));
    return rc;
}

enum rc sqlite_quarantined(struct store *store, struct dot dot, struct stored_quarantine *out,
                           struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_QUARANTINED];
    enum rc rc;

    statement_bind_i64(row, 1, bias(dot.actor));
    statement_bind_i64(row, 2, bias(dot.number));
    rc = statement_one(row, err);
    if (rc == RC_OK) {
        rc = quarantine_row(row, out);
        statement_reset(row);
    }
    return rc;
}

enum rc sqlite_quarantine(struct store *store, bool settled_too, store_visit_quarantine *visit,
                          void *context, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_QUARANTINE];

    statement_bind_i64(row, 1, settled_too);
    return show_quarantine(row, visit, context, err);
}

enum rc sqlite_actor_quarantine(struct store *store, uint64_t actor, uint32_t after_settled,
                                bool waiting_too, store_visit_quarantine *visit, void *context,
                                struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_ACTOR_QUARANTINE];

    statement_bind_i64(row, 1, bias(actor));
    statement_bind_i64(row, 2, after_settled);
    statement_bind_i64(row, 3, waiting_too);
    return show_quarantine(row, visit, context, err);
}

enum rc sqlite_waiting(struct store *store, uint64_t device, const struct stored_quarantine *after,
                       store_visit_quarantine *visit, void *context, struct err *err) {
    struct statement *row =
        sqlite_of(store)->sql[device == 0 ? SQL_WAITING_ALL : SQL_DEVICE_WAITING];

    statement_bind_i64(row, 1, after == NULL ? INT64_MIN : after->since_ms);
    statement_bind_i64(row, 2, after == NULL ? INT64_MIN : bias(after->dot.actor));
    statement_bind_i64(row, 3, after == NULL ? INT64_MIN : bias(after->dot.number));
    if (device != 0)
        statement_bind_i64(row, 4, bias(device));
    return show_quarantine(row, visit, context, err);
}

static enum rc pending_row(struct statement *row, struct stored_pending *out) {
    *out = (struct stored_pending){
        .actor = column_name(row, 0),
        .first = column_name(row, 1),
        .last = column_bits(row, 2),
        .carrier = column_name(row, 3),
        .received_ms = statement_i64(row, 4),
        .bytes = statement_blob(row, 5),
    };
    return RC_OK;
}

enum rc sqlite_pending(struct store *store, uint64_t actor, store_visit_pending *visit,
                       void *context, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_PENDING];
    struct stored_pending item;
    enum rc rc;

    statement_bind_i64(row, 1, bias(actor));
    statement_bind_i64(row, 2, actor == 0 ? INT64_MAX : bias(actor));
    EACH(row, &item, pending_row(row, &item));
    return rc;
}
