/* slices.c: what the tablet keeps of other people's work for a county that may lose it
 * (schema/wire/slice.h).
 *
 * A slice is sealed for the county as soon as it has come: nobody here can read it. It waits until
 * a backup of the county holds every feed in it as far as it goes, and then as long as own changes
 * do (forget.c). A restored county is offered all of them; which positions its feeds have now for
 * what is in a slice is known when the county lacks nothing of it any more, and the tablet has
 * taken the feeds anew. */
#include "agent/store/inside.h"

#include "base/date.h"

static int64_t county_now(const struct tablet *tablet) {
    return env_wall_ms(tablet->env) + tablet->facts.offset_ms;
}

enum rc tablet_slice_put(struct tablet *tablet, const struct kept_slice *slice,
                         const struct feed_cursor *feeds, uint32_t feed_count, struct err *err) {
    struct statement *put = tablet->sql[SQL_SLICE_PUT], *at = tablet->sql[SQL_SLICE_FEED_PUT];
    enum rc rc;

    statement_bind_blob(put, 1, view_of(slice->name, sizeof(slice->name)));
    statement_bind_blob(put, 2, slice->dots);
    statement_bind_blob(put, 3, slice->bytes);
    rc = statement_run(put, err);
    for (uint32_t i = 0; i < feed_count && rc == RC_OK; i++) {
        statement_bind_blob(at, 1, view_of(slice->name, sizeof(slice->name)));
        statement_bind_i64(at, 2, (int64_t)feeds[i].area);
        statement_bind_i64(at, 3, feeds[i].audience);
        statement_bind_i64(at, 4, (int64_t)feeds[i].position);
        rc = statement_run(at, err);
    }
    return rc;
}

enum rc tablet_slices(struct tablet *tablet, enum slice_state state, slice_visit *visit,
                      void *context, struct err *err) {
    struct statement *list = tablet->sql[SQL_SLICE_LIST];
    enum rc rc;

    statement_bind_i64(list, 1, state);
    while ((rc = statement_step(list, err)) == RC_OK) {
        struct kept_slice slice = {.id = (uint64_t)statement_i64(list, 0),
                                   .dots = statement_blob(list, 2),
                                   .bytes = statement_blob(list, 3)};
        struct view name = statement_blob(list, 1);

        if (name.size == sizeof(slice.name))
            memcpy(slice.name, name.data, name.size);
        rc = visit(context, &slice, err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(list);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc tablet_slice_state(struct tablet *tablet, uint64_t id, enum slice_state state,
                           struct err *err) {
    struct statement *put = tablet->sql[SQL_SLICE_STATE];

    statement_bind_i64(put, 1, (int64_t)id);
    statement_bind_i64(put, 2, state);
    return statement_run(put, err);
}

enum rc tablet_slice_tried(struct tablet *tablet, uint64_t id, struct err *err) {
    struct statement *put = tablet->sql[SQL_SLICE_TRIED];

    statement_bind_i64(put, 1, (int64_t)id);
    statement_bind_i64(put, 2, SLICE_TRIES);
    return statement_run(put, err);
}

enum rc tablet_slices_settle(struct tablet *tablet, struct err *err) {
    enum rc rc = statement_run(tablet->sql[SQL_SLICE_FEED_SETTLE], err);

    return rc == RC_OK ? statement_run(tablet->sql[SQL_SLICE_SETTLE], err) : rc;
}

enum rc tablet_slices_doubt(struct tablet *tablet, struct err *err) {
    enum rc rc = statement_run(tablet->sql[SQL_SLICE_FEED_DOUBT], err);

    return rc == RC_OK ? statement_run(tablet->sql[SQL_SLICE_DOUBT], err) : rc;
}

enum rc tablet_slices_marked(struct tablet *tablet, const struct feed_mark *marks, uint32_t count,
                             struct err *err) {
    struct statement *held = tablet->sql[SQL_SLICE_FEED_HELD];
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        statement_bind_i64(held, 1, (int64_t)marks[i].area);
        statement_bind_i64(held, 2, marks[i].audience);
        statement_bind_i64(held, 3, (int64_t)marks[i].position);
        rc = statement_run(held, err);
    }
    return rc;
}

enum rc slices_withdrawn(struct tablet *tablet, struct err *err) {
    struct statement *list = tablet->sql[SQL_SLICE_AREAS], *gone = tablet->sql[SQL_SLICE_WITHDRAWN];
    uint64_t area = 0;
    enum rc rc;

    for (;;) {
        statement_bind_i64(list, 1, (int64_t)area);
        rc = statement_one(list, err);
        if (rc != RC_OK)
            return rc == RC_NOT_FOUND ? RC_OK : rc;
        area = (uint64_t)statement_i64(list, 0);
        statement_reset(list);
        if (tablet_in_scope(tablet, area))
            continue;
        statement_bind_i64(gone, 1, (int64_t)area);
        rc = statement_run(gone, err);
        if (rc != RC_OK)
            return rc;
    }
}

enum rc slices_forget(struct tablet *tablet, struct err *err) {
    struct statement *covered = tablet->sql[SQL_SLICE_COVERED];
    struct statement *forget = tablet->sql[SQL_SLICE_FORGET];
    int64_t now = county_now(tablet);
    enum rc rc;

    statement_bind_i64(covered, 1, now);
    rc = statement_run(covered, err);
    if (rc != RC_OK)
        return rc;
    statement_bind_i64(forget, 1, now - FORGET_DAYS * MS_PER_DAY);
    rc = statement_run(forget, err);
    return rc == RC_OK ? statement_run(tablet->sql[SQL_SLICE_FEED_FORGET], err) : rc;
}

enum rc tablet_slices_due(struct tablet *tablet, uint64_t *count, struct err *err) {
    struct statement *due = tablet->sql[SQL_SLICE_COUNT];
    enum rc rc = statement_one(due, err);

    *count = rc == RC_OK ? (uint64_t)statement_i64(due, 0) : 0;
    if (rc == RC_OK)
        statement_reset(due);
    return rc;
}
