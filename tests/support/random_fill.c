/* random_fill.c: see random_fill.h. */
#include "tests/support/random_fill.h"

#include <stdlib.h>

#define OPTIONS_TRIED 5u
#define ROUNDS_MAX    6u
#define ATTEMPTS      24u
#define PLACES_MAX    20000u
#define INSTANCES     3u /* of a repeat, at most */
#define ANSWER_BYTES  4096u

uint32_t random_fill_below(struct random_fill *fill, uint32_t limit) {
    fill->seed = fill->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return limit == 0 ? 0 : (uint32_t)(fill->seed >> 33) % limit;
}

static bool toss(struct random_fill *fill, uint32_t of) {
    return random_fill_below(fill, of) == 0;
}

static const char *pick(struct random_fill *fill, const char *const *list, uint32_t count) {
    return list[random_fill_below(fill, count)];
}

#define PICK(fill, list) pick(fill, list, (uint32_t)(sizeof(list) / sizeof((list)[0])))

/* --- by type --- */

static void digits(struct random_fill *fill, uint32_t count, struct buf *out) {
    for (uint32_t i = 0; i < count; i++)
        buf_addf(out, "%u", i == 0 ? 1 + random_fill_below(fill, 9) : random_fill_below(fill, 10));
}

static void add_text(struct random_fill *fill, uint32_t attempt, struct buf *out) {
    static const char *const words[] = {"Wang", "李四", "well water", "a < b & c", "n/a", "O'Neil"};

    if (attempt < 3)
        buf_addf(out, "%s %u", PICK(fill, words), random_fill_below(fill, 100));
    else
        digits(fill, 1 + attempt % 14, out);
}

static void add_whole(struct random_fill *fill, uint32_t attempt, struct buf *out) {
    static const uint32_t limits[] = {10, 3, 100, 1, 1000, 30, 2, 20000};

    buf_addf(out, "%u", random_fill_below(fill, limits[attempt % 8]));
}

static void add_date(struct random_fill *fill, uint32_t attempt, struct buf *out) {
    uint32_t year = attempt % 3 == 0   ? 2026 - random_fill_below(fill, 3)
                    : attempt % 3 == 1 ? 1940 + random_fill_below(fill, 80)
                                       : 2026 + random_fill_below(fill, 4);

    buf_addf(out, "%u-%02u-%02u", year, 1 + random_fill_below(fill, 12),
             1 + random_fill_below(fill, 28));
}

static void add_clock(struct random_fill *fill, struct buf *out) {
    buf_addf(out, "%02u:%02u:%02u.000+08:00", random_fill_below(fill, 24),
             random_fill_below(fill, 60), random_fill_below(fill, 60));
}

static void add_point(struct random_fill *fill, struct buf *out) {
    buf_addf(out, "%u.%04u %u.%04u 12.5 %u", 20 + random_fill_below(fill, 20),
             random_fill_below(fill, 10000), 100 + random_fill_below(fill, 20),
             random_fill_below(fill, 10000), 1 + random_fill_below(fill, 9));
}

static void add_points(struct random_fill *fill, bool is_closed, struct buf *out) {
    size_t start = out->size, end;

    add_point(fill, out);
    end = out->size;
    for (uint32_t i = 0; i < 3; i++) {
        buf_add_text(out, ";");
        add_point(fill, out);
    }
    if (is_closed) {
        buf_add_text(out, ";");
        for (size_t i = start; i < end; i++)
            buf_add_u8(out, out->data[i]);
    }
}

static void add_typed(struct random_fill *fill, enum model_type type, uint32_t attempt,
                      struct buf *out) {
    switch (type) {
    case MODEL_INT:
        add_whole(fill, attempt, out);
        break;
    case MODEL_DECIMAL:
        add_whole(fill, attempt, out);
        buf_addf(out, ".%u", 1 + random_fill_below(fill, 9));
        break;
    case MODEL_BOOLEAN:
        buf_add_text(out, toss(fill, 2) ? "true" : "false");
        break;
    case MODEL_DATE:
        add_date(fill, attempt, out);
        break;
    case MODEL_TIME:
        add_clock(fill, out);
        break;
    case MODEL_DATETIME:
        add_date(fill, attempt, out);
        buf_add_text(out, "T");
        add_clock(fill, out);
        break;
    case MODEL_GEOPOINT:
        add_point(fill, out);
        break;
    case MODEL_GEOTRACE:
    case MODEL_GEOSHAPE:
        add_points(fill, type == MODEL_GEOSHAPE, out);
        break;
    case MODEL_BINARY:
        buf_addf(out, "%u.jpg", random_fill_below(fill, 1000000));
        break;
    case MODEL_BARCODE:
        digits(fill, 13, out);
        break;
    default:
        add_text(fill, attempt, out);
        break;
    }
}

/* --- by question --- */

static struct view parameter(const struct question *question, const char *name) {
    for (uint32_t i = 0; i < question->parameter_count; i++)
        if (view_is(question->parameters[i].name, name))
            return question->parameters[i].value;
    return (struct view){0};
}

static double number_of(struct view text, double otherwise) {
    char copy[32];

    if (text.size == 0 || text.size >= sizeof(copy))
        return otherwise;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return strtod(copy, NULL);
}

static void add_range(struct random_fill *fill, const struct question *question, struct buf *out) {
    double start = number_of(parameter(question, "start"), 0);
    double end = number_of(parameter(question, "end"), 10);
    double step = number_of(parameter(question, "step"), 1);
    uint32_t steps = step > 0 && end > start ? (uint32_t)((end - start) / step) : 0;
    double value = start + step * random_fill_below(fill, steps + 1);

    if (question->type == MODEL_INT)
        buf_addf(out, "%.0f", value);
    else
        buf_addf(out, "%g", value);
}

static void add_several(struct random_fill *fill, const struct question *question, bool all,
                        struct buf *out) {
    uint32_t start = random_fill_below(fill, question->option_count);

    for (uint32_t i = 0; i < question->option_count; i++) {
        uint32_t at = (start + i) % question->option_count;

        if (!all && i > 0 && !toss(fill, 3))
            continue;
        buf_addf(out, "%s%.*s", out->size > 0 ? " " : "", VIEW_PRINT(question->options[at].value));
    }
}

void random_fill_answer(struct random_fill *fill, const struct question *question, uint32_t attempt,
                        struct buf *out) {
    buf_clear(out);
    switch (question->kind) {
    case MODEL_INPUT:
    case MODEL_UPLOAD:
        add_typed(fill, question->type, attempt, out);
        break;
    case MODEL_SELECT_ONE:
        if (question->option_count > 0)
            buf_add_view(out,
                         question->options[random_fill_below(fill, question->option_count)].value);
        break;
    case MODEL_SELECT_MANY:
    case MODEL_RANK:
        if (question->option_count > 0)
            add_several(fill, question, question->kind == MODEL_RANK, out);
        break;
    case MODEL_RANGE:
        add_range(fill, question, out);
        break;
    case MODEL_TRIGGER:
        buf_add_text(out, "OK");
        break;
    default:
        break;
    }
}

/* --- the whole form --- */

struct seen {
    struct engine_place *list;
    bool *is_answered;
    uint32_t count;
};

/* Whether to go by. What had an answer and has none now is asked again: a choice list that depends
 * on another answer has dropped it. */
static bool is_done(struct seen *seen, const struct engine *engine, struct engine_place place,
                    uint32_t *index) {
    for (uint32_t i = 0; i < seen->count; i++)
        if (seen->list[i].field == place.field && seen->list[i].instance == place.instance) {
            *index = i;
            return !seen->is_answered[i] || engine_value(engine, place).size > 0;
        }
    *index = seen->count;
    if (seen->count == PLACES_MAX)
        return true;
    seen->list[seen->count++] = place;
    return false;
}

/* Every answer that the engine takes is told, so that another engine can be given the same. */
static enum rc set(struct random_fill *fill, struct engine *engine, struct engine_place place,
                   struct view text, struct err *err) {
    enum rc rc = engine_set(engine, place, text, err);

    if (rc == RC_OK && fill->tell != NULL)
        fill->tell(fill->context, engine, place, text);
    return rc;
}

static uint32_t relevant_stops(struct engine *engine, struct err *err) {
    struct question *stops = NULL;
    struct arena arena;
    uint32_t count = 0, relevant = 0;

    arena_init(&arena, ENGINE_BYTES);
    if (engine_walk(engine, &arena, &stops, &count, err) == RC_OK)
        for (uint32_t i = 0; i < count; i++)
            relevant += stops[i].is_relevant ? 1 : 0;
    arena_release(&arena);
    return relevant;
}

/* Forms begin with questions that end them: consent, age, "may we come in". Most of the time that
 * answer is taken which opens most questions, or little of the form would ever be seen. */
static void open_most(struct random_fill *fill, struct engine *engine, struct question *question,
                      struct buf *best, struct err *err) {
    uint32_t most = 0;

    if (question->kind != MODEL_SELECT_ONE || question->option_count > OPTIONS_TRIED ||
        toss(fill, 4))
        return;
    for (uint32_t i = 0; i < question->option_count; i++) {
        uint32_t opened;

        if (set(fill, engine, question->place, question->options[i].value, err) != RC_OK)
            continue;
        opened = relevant_stops(engine, err);
        if (opened < most || (opened == most && toss(fill, 2)))
            continue;
        most = opened;
        buf_clear(best);
        buf_add_view(best, question->options[i].value);
    }
    err_clear(err);
}

static enum rc answer(struct random_fill *fill, struct engine *engine, struct arena *arena,
                      struct question *question, struct err *err) {
    struct engine_state state;
    struct buf text;
    bool found = false;
    enum rc rc = RC_OK;

    buf_init(&text, ANSWER_BYTES);
    for (uint32_t i = 0; i < ATTEMPTS && !found; i++) {
        rc = engine_ask(engine, arena, question, err);
        if (rc != RC_OK)
            break;
        random_fill_answer(fill, question, i, &text);
        if (text.size == 0)
            break;
        if (i == 0)
            open_most(fill, engine, question, &text, err);
        rc = set(fill, engine, question->place, buf_view(&text), err);
        if (rc == RC_LIMIT || rc == RC_NO_MEMORY)
            break;
        found = rc == RC_OK && engine_look(engine, question->place, &state) &&
                state.violation == ENGINE_FINE;
        err_clear(err);
        rc = RC_OK;
    }
    if (rc == RC_OK && found)
        fill->answered++;
    else if (rc == RC_OK)
        fill->given_up++;
    if (rc == RC_OK && !found && text.size > 0) {
        (void)set(fill, engine, question->place, (struct view){0}, err);
        err_clear(err);
    }
    buf_release(&text);
    return rc;
}

static enum rc visit(struct random_fill *fill, struct engine *engine, struct arena *arena,
                     struct question *stop, struct err *err) {
    struct engine_state state;
    struct engine_place added;
    enum rc rc = RC_OK;

    if (stop->kind == MODEL_GROUP || (stop->kind == MODEL_REPEAT && stop->is_instance))
        return RC_OK;
    if (stop->kind != MODEL_REPEAT) {
        if (!engine_look(engine, stop->place, &state))
            return RC_OK;
        if (state.is_read_only) { /* a required note is how authors stop people */
            fill->given_up += state.is_required ? 1 : 0;
            return RC_OK;
        }
        if (!state.is_required && toss(fill, 20)) {
            fill->skipped++;
            return RC_OK;
        }
        return answer(fill, engine, arena, stop, err);
    }
    for (uint32_t i = stop->count; i < INSTANCES && stop->can_add && !toss(fill, 3); i++) {
        rc = engine_add(engine, stop->place, 0, &added, err);
        if (rc != RC_OK)
            break;
        if (fill->tell != NULL)
            fill->tell(fill->context, engine, added, (struct view){0});
        fill->added++;
    }
    if (rc == RC_DENIED || rc == RC_NOT_FOUND) { /* its number has been decided meanwhile */
        err_clear(err);
        rc = RC_OK;
    }
    return rc;
}

/* An answer that was right may be wrong by a later one. */
static enum rc take_back(struct random_fill *fill, struct engine *engine, struct arena *arena,
                         bool *is_clean, struct err *err) {
    struct question *stops = NULL;
    uint32_t count = 0;
    enum rc rc;

    *is_clean = true;
    arena_reset(arena);
    rc = engine_walk(engine, arena, &stops, &count, err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        if (stops[i].violation != ENGINE_CONSTRAINT)
            continue;
        *is_clean = false;
        fill->given_up++;
        rc = set(fill, engine, stops[i].place, (struct view){0}, err);
        if (rc == RC_DENIED || rc == RC_NOT_FOUND) {
            err_clear(err);
            rc = RC_OK;
        }
    }
    return rc;
}

enum rc random_fill_run(struct random_fill *fill, struct engine *engine, struct err *err) {
    struct seen seen = {.list = calloc(PLACES_MAX, sizeof(struct engine_place)),
                        .is_answered = calloc(PLACES_MAX, sizeof(bool))};
    struct arena arena, asked;
    bool is_new = true;
    enum rc rc = seen.list == NULL || seen.is_answered == NULL ? RC_NO_MEMORY : RC_OK;

    arena_init(&arena, ENGINE_BYTES);
    arena_init(&asked, ENGINE_BYTES);
    for (uint32_t round = 0; round < ROUNDS_MAX && is_new && rc == RC_OK; round++) {
        struct question *stops = NULL;
        struct engine_state state;
        uint32_t count = 0, index;

        is_new = false;
        arena_reset(&arena);
        rc = engine_walk(engine, &arena, &stops, &count, err);
        for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
            /* Answers before this one may have changed what the walk found. */
            if (!engine_look(engine, stops[i].place, &state) || !state.is_relevant ||
                is_done(&seen, engine, stops[i].place, &index))
                continue;
            is_new = true;
            arena_reset(&asked);
            rc = visit(fill, engine, &asked, &stops[i], err);
            seen.is_answered[index] = engine_value(engine, stops[i].place).size > 0;
        }
    }
    is_new = true;
    for (uint32_t round = 0; round < ROUNDS_MAX && is_new && rc == RC_OK; round++) {
        bool is_clean = true;

        rc = take_back(fill, engine, &arena, &is_clean, err);
        is_new = !is_clean;
    }
    arena_release(&asked);
    arena_release(&arena);
    free(seen.is_answered);
    free(seen.list);
    return rc;
}
