/* news.c: see news.h.
 *
 * The setting "watermark" is a table: actor (8, little-endian), number (8), ascending by actor. It
 * is read only when there is news, and has 16 bytes for each incarnation that ever was. */
#include "syncd/sync/news.h"

#include <stdio.h>

#define ROW_BYTES    16u
#define OUTCOMES_MAX 20000u

enum rc work_setting(struct work *work, const char *name, struct view *out, struct err *err) {
    for (uint32_t i = work->setting_count; i > 0; i--)
        if (strcmp(work->settings[i - 1].name, name) == 0) {
            *out = work->settings[i - 1].value;
            return RC_OK;
        }
    return store_setting(work->ledger->store, name, &work->arena, out, err);
}

enum rc work_put_setting(struct work *work, const char *name, struct view value, struct err *err) {
    struct stored_setting *row = NULL;

    for (uint32_t i = 0; i < work->setting_count && row == NULL; i++)
        if (strcmp(work->settings[i].name, name) == 0)
            row = &work->settings[i];
    if (row == NULL) {
        row = WORK_ADD(work, settings, setting_count, setting_capacity);
        if (row == NULL)
            return arena_check(&work->arena, "a step of the writer", err);
        row->name = arena_text(&work->arena, "%s", name);
    }
    row->value = arena_view(&work->arena, value);
    return arena_check(&work->arena, "a step of the writer", err);
}

static enum rc read_serial(enum rc rc, struct view setting, uint32_t *serial, struct err *err) {
    struct reader reader;

    *serial = 0;
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    reader_init(&reader, setting);
    *serial = (uint32_t)read_varint_max(&reader, UINT32_MAX);
    return reader_check(&reader, "the setting news", err);
}

enum rc news_serial(struct store *store, struct arena *arena, uint32_t *serial, struct err *err) {
    struct view setting = {0};
    enum rc rc = store_setting(store, "news", arena, &setting, err);

    return read_serial(rc, setting, serial, err);
}

enum rc news_raise(struct work *work, uint32_t *serial, struct err *err) {
    struct view setting = {0};
    uint8_t bytes[VARINT_BYTES_MAX];
    enum rc rc;

    for (uint32_t i = 0; i < work->setting_count; i++)
        if (strcmp(work->settings[i].name, "news") == 0) /* raised in this step already */
            return read_serial(RC_OK, work->settings[i].value, serial, err);
    rc = store_setting(work->ledger->store, "news", &work->arena, &setting, err);
    rc = read_serial(rc, setting, serial, err);
    if (rc != RC_OK)
        return rc;
    (*serial)++;
    return work_put_setting(work, "news", view_of(bytes, varint_put(bytes, *serial)), err);
}

/* --- the watermark --- */

static uint64_t le64_at(struct view table, size_t at) {
    uint64_t value = 0;

    for (unsigned i = 0; i < 8; i++)
        value |= (uint64_t)table.data[at + i] << (8 * i);
    return value;
}

enum rc watermark_of(struct store *store, uint64_t actor, struct arena *arena, uint64_t *number,
                     struct err *err) {
    struct view table = {0};
    size_t low = 0, high;
    enum rc rc = store_setting(store, "watermark", arena, &table, err);

    *number = 0;
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    high = table.size / ROW_BYTES;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (le64_at(table, middle * ROW_BYTES) < actor)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < table.size / ROW_BYTES && le64_at(table, low * ROW_BYTES) == actor)
        *number = le64_at(table, low * ROW_BYTES + 8);
    return RC_OK;
}

enum rc watermark_move(struct work *work, const struct watermark *positions, uint32_t count,
                       struct err *err) {
    struct view old = {0};
    struct buf table;
    size_t at = 0;
    uint32_t i = 0, serial;
    enum rc rc = work_setting(work, "watermark", &old, err);

    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        rc = RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    buf_init(&table, old.size + (size_t)count * ROW_BYTES + 1);
    while (at + ROW_BYTES <= old.size || i < count) {
        bool has_old = at + ROW_BYTES <= old.size;
        uint64_t actor = has_old ? le64_at(old, at) : 0, number;

        if (has_old && (i == count || actor < positions[i].actor)) {
            number = le64_at(old, at + 8);
            at += ROW_BYTES;
        } else if (!has_old || positions[i].actor < actor) {
            actor = positions[i].actor;
            number = positions[i++].number;
        } else { /* both */
            number = le64_at(old, at + 8);
            if (positions[i].number > number)
                number = positions[i].number;
            i++;
            at += ROW_BYTES;
        }
        buf_add_le64(&table, actor);
        buf_add_le64(&table, number);
    }
    rc = buf_check(&table, "the watermark", err);
    if (rc == RC_OK && view_equal(buf_view(&table), old))
        goto out; /* confirmed before: nothing new to tell */
    if (rc == RC_OK)
        rc = work_put_setting(work, "watermark", buf_view(&table), err);
    if (rc == RC_OK)
        rc = news_raise(work, &serial, err);
out:
    buf_release(&table);
    return rc;
}

/* --- outcomes --- */

void news_reason_name(struct dot dot, char out[DOT_TEXT_BYTES + 16]) {
    char text[DOT_TEXT_BYTES];

    dot_text(dot, text);
    snprintf(out, DOT_TEXT_BYTES + 16, "returned %s", text);
}

struct history_walk {
    uint64_t last; /* of the history at hand that is the first one's, too */
    store_visit_quarantine *visit;
    void *context;
    bool ended; /* by whoever looks */
};

static enum rc history_visit(void *context, const struct stored_quarantine *row, struct err *err) {
    struct history_walk *walk = context;
    enum rc rc = row->dot.number > walk->last ? RC_OK : walk->visit(walk->context, row, err);

    walk->ended = rc == RC_NOT_FOUND;
    return rc;
}

enum rc news_of_history(struct store *store, uint64_t history, uint32_t told, bool waiting,
                        store_visit_quarantine *visit, void *context, struct err *err) {
    struct history_walk walk = {.last = UINT64_MAX, .visit = visit, .context = context};
    struct stored_actor actor = {.fork_of = history};
    enum rc rc = RC_OK;

    while (actor.fork_of != 0 && rc == RC_OK && !walk.ended) {
        history = actor.fork_of;
        rc = store_actor_quarantine(store, history, told, waiting, history_visit, &walk, err);
        if (rc == RC_OK && !walk.ended)
            rc = store_actor(store, history, &actor, err);
        walk.last = actor.fork_from - 1;
    }
    if (rc == RC_NOT_FOUND) /* nobody has shown it yet */
        err_clear(err);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

struct outcome_walk {
    struct store *store;
    struct arena *arena;
    struct receipt *receipt;
    uint32_t capacity, return_capacity;
};

static enum rc add_return(struct outcome_walk *walk, struct dot dot, struct err *err) {
    struct receipt *receipt = walk->receipt;
    char name[DOT_TEXT_BYTES + 16];
    struct view reason = {0};
    struct returned *row;
    enum rc rc;

    news_reason_name(dot, name);
    rc = store_setting(walk->store, name, walk->arena, &reason, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    row = arena_push(walk->arena, &receipt->returns, &receipt->return_count, &walk->return_capacity,
                     sizeof(*row));
    if (row == NULL)
        return arena_check(walk->arena, "an answer", err);
    *row = (struct returned){.number = dot.number, .reason = reason};
    return RC_OK;
}

static enum rc outcome_visit(void *context, const struct stored_quarantine *row, struct err *err) {
    struct outcome_walk *walk = context;
    struct receipt *receipt = walk->receipt;
    struct stored_change change;
    struct outcome *outcome;
    enum rc rc;

    if (row->settled == 0 && row->dot.number > receipt->number)
        return RC_OK;
    if (receipt->outcome_count >= OUTCOMES_MAX)
        return RC_NOT_FOUND;
    rc = store_change(walk->store, row->dot, &change, err);
    if (rc != RC_OK)
        return rc;
    outcome = arena_push(walk->arena, &receipt->outcomes, &receipt->outcome_count, &walk->capacity,
                         sizeof(*outcome));
    if (outcome == NULL)
        return arena_check(walk->arena, "an answer", err);
    *outcome = (struct outcome){.number = row->dot.number, .verdict = change.verdict};
    return change.verdict == VERDICT_ADMIT ? RC_OK : add_return(walk, row->dot, err);
}

enum rc news_outcomes(struct store *store, uint64_t history, uint32_t told, bool waiting,
                      struct arena *arena, struct receipt *receipt, struct err *err) {
    struct outcome_walk walk = {
        .store = store, .arena = arena, .receipt = receipt, .capacity = receipt->outcome_count};

    return news_of_history(store, history, told, waiting, outcome_visit, &walk, err);
}
