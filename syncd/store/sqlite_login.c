/* sqlite_login.c: what guards staff at the console, and who sits there now. */
#include "syncd/store/sqlite.h"

static enum rc login_put(struct sqlite *sqlite, const struct stored_login *login, struct err *err) {
    struct statement *put = sqlite->sql[SQL_LOGIN_PUT];
    enum rc rc;

    areas_pack(&sqlite->areas, login->grant.areas, login->grant.area_count);
    statement_bind_i64(put, 1, bias(login->person));
    statement_bind_i64(put, 2, login->failures);
    statement_bind_i64(put, 3, login->wait_ms);
    statement_bind_i64(put, 4, login->must_change);
    statement_bind_i64(put, 5, login->changed_ms);
    statement_bind_i64(put, 6, login->seen_ms);
    statement_bind_i64(put, 7, bias(login->former));
    statement_bind_i64(put, 8, bits(login->code_step));
    statement_bind_blob(put, 9, login->second);
    statement_bind_i64(put, 10, bits(login->reset_by));
    statement_bind_i64(put, 11, login->reset_ms);
    statement_bind_i64(put, 12, bits(login->reset_confirmed_by));
    statement_bind_i64(put, 13, bits(login->grant.by));
    statement_bind_i64(put, 14, login->grant.at_ms);
    statement_bind_i64(put, 15, login->grant.role);
    statement_bind_i64(put, 16, login->grant.enables);
    statement_bind_blob(put, 17, buf_view(&sqlite->areas));
    rc = buf_check(&sqlite->areas, "a login's areas", err);
    return rc == RC_OK ? statement_run(put, err) : rc;
}

static enum rc session_put(struct sqlite *sqlite, const struct stored_session *session,
                           struct err *err) {
    struct statement *put = sqlite->sql[SQL_SESSION_PUT];
    enum rc rc;

    areas_pack(&sqlite->areas, session->areas, session->area_count);
    statement_bind_blob(put, 1, view_of(session->name, sizeof session->name));
    statement_bind_i64(put, 2, bias(session->person));
    statement_bind_i64(put, 3, session->epoch);
    statement_bind_i64(put, 4, session->stage);
    statement_bind_i64(put, 5, session->since_ms);
    statement_bind_i64(put, 6, session->used_ms);
    statement_bind_i64(put, 7, session->until_ms);
    statement_bind_text(put, 8, session->address);
    statement_bind_text(put, 9, session->agent);
    statement_bind_blob(put, 10, session->wrapped);
    statement_bind_text(put, 11, session->label);
    statement_bind_i64(put, 12, session->abilities);
    statement_bind_blob(put, 13, buf_view(&sqlite->areas));
    rc = buf_check(&sqlite->areas, "a session's areas", err);
    return rc == RC_OK ? statement_run(put, err) : rc;
}

enum rc logins_write(struct sqlite *sqlite, const struct store_delta *delta, struct err *err) {
    struct statement *remove = sqlite->sql[SQL_SESSION_REMOVE];
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->login_count && rc == RC_OK; i++) {
        rc = login_put(sqlite, &delta->logins[i], err);
    }
    for (uint32_t i = 0; i < delta->ended_count && rc == RC_OK; i++) {
        statement_bind_blob(remove, 1, view_of(delta->ended[i].name, sizeof delta->ended[i].name));
        rc = statement_run(remove, err);
    }
    for (uint32_t i = 0; i < delta->session_count && rc == RC_OK; i++) {
        rc = session_put(sqlite, &delta->sessions[i], err);
    }
    return rc;
}

static enum rc login_row(struct statement *row, struct arena *arena, struct stored_login *out,
                         struct err *err) {
    enum rc rc;

    *out = (struct stored_login){
        .person = column_name(row, 0),
        .failures = (uint32_t)statement_i64(row, 1),
        .wait_ms = statement_i64(row, 2),
        .must_change = statement_i64(row, 3) != 0,
        .changed_ms = statement_i64(row, 4),
        .seen_ms = statement_i64(row, 5),
        .former = column_name(row, 6),
        .code_step = column_bits(row, 7),
        .second = column_blob(row, 8, arena),
        .reset_by = column_bits(row, 9),
        .reset_ms = statement_i64(row, 10),
        .reset_confirmed_by = column_bits(row, 11),
        .grant = {.by = column_bits(row, 12),
                  .at_ms = statement_i64(row, 13),
                  .role = (uint8_t)statement_i64(row, 14),
                  .enables = statement_i64(row, 15) != 0},
    };
    rc = areas_unpack(statement_blob(row, 16), arena, &out->grant.areas, &out->grant.area_count,
                      err);
    return rc == RC_OK ? arena_check(arena, "a login", err) : rc;
}

static enum rc session_row(struct statement *row, struct arena *arena, struct stored_session *out,
                           struct err *err) {
    enum rc rc;

    *out = (struct stored_session){
        .person = column_name(row, 1),
        .epoch = (uint32_t)statement_i64(row, 2),
        .stage = (uint8_t)statement_i64(row, 3),
        .since_ms = statement_i64(row, 4),
        .used_ms = statement_i64(row, 5),
        .until_ms = statement_i64(row, 6),
        .address = column_text(row, 7, arena),
        .agent = column_text(row, 8, arena),
        .wrapped = column_blob(row, 9, arena),
        .label = column_text(row, 10, arena),
        .abilities = (uint32_t)statement_i64(row, 11),
    };
    rc = column_bytes(row, 0, out->name, sizeof out->name, err);
    if (rc == RC_OK) {
        rc = areas_unpack(statement_blob(row, 12), arena, &out->areas, &out->area_count, err);
    }
    return rc == RC_OK ? arena_check(arena, "a session", err) : rc;
}

enum rc sqlite_login(struct store *store, uint64_t person, struct arena *arena,
                     struct stored_login *out, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_LOGIN];
    enum rc rc;

    statement_bind_i64(row, 1, bias(person));
    rc = statement_one(row, err);
    if (rc == RC_OK) {
        rc = login_row(row, arena, out, err);
        statement_reset(row);
    }
    return rc;
}

enum rc sqlite_session(struct store *store, const uint8_t *name, struct arena *arena,
                       struct stored_session *out, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_SESSION];
    enum rc rc;

    statement_bind_blob(row, 1, view_of(name, sizeof out->name));
    rc = statement_one(row, err);
    if (rc == RC_OK) {
        rc = session_row(row, arena, out, err);
        statement_reset(row);
    }
    return rc;
}

enum rc sqlite_logins(struct store *store, store_visit_login *visit, void *context,
                      struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_LOGINS];
    struct arena arena;
    enum rc rc;

    arena_init(&arena, WALK_BYTES);
    while ((rc = statement_step(row, err)) == RC_OK) {
        struct stored_login item;

        arena_reset(&arena);
        rc = login_row(row, &arena, &item, err);
        if (rc == RC_OK) {
            rc = visit(context, &item, err);
        }
        if (rc != RC_OK) {
            break;
        }
    }
    statement_reset(row);
    arena_release(&arena);
    return rc;
}

enum rc sqlite_sessions(struct store *store, store_visit_session *visit, void *context,
                        struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_SESSIONS];
    struct arena arena;
    enum rc rc;

    arena_init(&arena, WALK_BYTES);
    while ((rc = statement_step(row, err)) == RC_OK) {
        struct stored_session item;

        arena_reset(&arena);
        rc = session_row(row, &arena, &item, err);
        if (rc == RC_OK) {
            rc = visit(context, &item, err);
        }
        if (rc != RC_OK) {
            break;
        }
    }
    statement_reset(row);
    arena_release(&arena);
    return rc;
}
