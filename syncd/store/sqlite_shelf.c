/* sqlite_shelf.c: in which row a record stands.
 *
 * Records are rows in order of arrival, so that new ones go to the end of the table: a row put
 * between others costs SQLite a rearrangement of three pages, and touches pages that are nowhere
 * near in the memory of a county with a thousand tablets. To find them again, a shelf says that the
 * ids from first to last stand in the rows from `row` on, at the same distances. The records that
 * come together in one commit have numbers side by side, so they share a shelf.
 *
 * The last shelf grows as long as ids go up by small steps and it is the one at the end of the
 * table; ids left out leave rows unused, which costs nothing and is where they go if they come
 * later. Shelves do not overlap, and are never taken down or moved. */
#include "syncd/store/sqlite.h"

enum { SHELF_GAP = 32 };

static bool covers(struct shelf shelf, int64_t id) {
    return shelf.first != 0 && id >= shelf.first && id <= shelf.last;
}

static int64_t row_on(struct shelf shelf, int64_t id) {
    return shelf.row + (id - shelf.first);
}

/* The last shelf of the prefix that begins at or before id. */
static enum rc shelf_before(struct sqlite *sqlite, int64_t id, struct shelf *out, struct err *err) {
    struct statement *find = sqlite->sql[SQL_SHELF];
    enum rc rc;

    statement_bind_i64(find, 1, id);
    statement_bind_i64(find, 2, id & ~LOW_MASK);
    rc = statement_one(find, err);
    if (rc == RC_OK) {
        *out =
            (struct shelf){statement_i64(find, 0), statement_i64(find, 1), statement_i64(find, 2)};
        statement_reset(find);
    }
    return rc;
}

enum rc shelf_find(struct sqlite *sqlite, int64_t id, int64_t *row, struct err *err) {
    enum rc rc = RC_OK;

    if (!covers(sqlite->seen_shelf, id)) {
        rc = shelf_before(sqlite, id, &sqlite->seen_shelf, err);
        if (rc == RC_OK && !covers(sqlite->seen_shelf, id))
            rc = RC_NOT_FOUND;
    }
    if (rc == RC_OK)
        *row = row_on(sqlite->seen_shelf, id);
    return rc;
}

enum rc shelf_close(struct sqlite *sqlite, struct err *err) {
    struct statement *put = sqlite->sql[SQL_SHELF_PUT];
    const struct shelf *shelf = &sqlite->open_shelf;

    if (shelf->first == 0)
        return RC_OK;
    statement_bind_i64(put, 1, shelf->first);
    statement_bind_i64(put, 2, shelf->last);
    statement_bind_i64(put, 3, shelf->row);
    sqlite->open_shelf.first = 0;
    return statement_run(put, err);
}

/* Whether the shelf stands at the end of the table and id may be put on it. */
static bool can_grow(const struct sqlite *sqlite, struct shelf shelf, int64_t id) {
    return shelf.first != 0 && id > shelf.last && id - shelf.last <= SHELF_GAP &&
           shelf.first >> LOW_BITS == id >> LOW_BITS &&
           row_on(shelf, shelf.last) + 1 == sqlite->county.next_row;
}

/* Makes shelf the open one, up to id, which is its new last. */
static enum rc shelf_open(struct sqlite *sqlite, struct shelf shelf, int64_t id, struct err *err) {
    struct statement *next = sqlite->sql[SQL_SHELF_NEXT];
    enum rc rc = shelf_close(sqlite, err);

    if (rc == RC_OK) {
        statement_bind_i64(next, 1, id);
        rc = statement_one(next, err);
    }
    if (rc == RC_OK) {
        sqlite->open_limit = statement_is_null(next, 0) ? INT64_MAX : statement_i64(next, 0);
        statement_reset(next);
        shelf.last = id;
        sqlite->open_shelf = shelf;
        sqlite->county.next_row = row_on(shelf, id) + 1;
    }
    return rc;
}

enum rc shelf_put(struct sqlite *sqlite, int64_t id, int64_t *row, struct err *err) {
    struct shelf *open = &sqlite->open_shelf;
    struct shelf shelf = {0};
    enum rc rc = RC_OK;

    if (!covers(*open, id)) {
        if (can_grow(sqlite, *open, id) && id < sqlite->open_limit) {
            open->last = id;
            sqlite->county.next_row = row_on(*open, id) + 1;
        } else {
            rc = shelf_find(sqlite, id, row, err);
            if (rc != RC_NOT_FOUND)
                return rc;
            rc = shelf_before(sqlite, id, &shelf, err);
            if (rc == RC_NOT_FOUND || (rc == RC_OK && !can_grow(sqlite, shelf, id)))
                shelf = (struct shelf){id, id, sqlite->county.next_row};
            if (rc == RC_OK || rc == RC_NOT_FOUND)
                rc = shelf_open(sqlite, shelf, id, err);
        }
    }
    if (rc == RC_OK)
        *row = row_on(*open, id);
    return rc;
}
