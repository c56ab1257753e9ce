/* listed.c: see listed.h. */
#include "syncd/sync/listed.h"

#include "base/crypt.h"
#include "base/text.h"
#include "schema/task.h"
#include "schema/title.h"
#include "syncd/sync/news.h"

#define SETTING      "listed"
#define PORTION      256u
#define ID_BYTES     18u
#define OLD_ID_BYTES 15u
#define TAIL_BYTES   4u

/* --- one record --- */

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static bool is_identity_number(struct view text) {
    if (text.size != ID_BYTES && text.size != OLD_ID_BYTES)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (!is_digit(text.data[i]) &&
            !(i == ID_BYTES - 1 && (text.data[i] == 'X' || text.data[i] == 'x')))
            return false;
    return true;
}

static uint32_t tail_hash(const struct keys *keys, const uint8_t last[TAIL_BYTES]) {
    uint8_t tail[TAIL_BYTES], hash[CRYPT_HASH_BYTES];

    for (unsigned i = 0; i < TAIL_BYTES; i++)
        tail[i] = last[i] == 'x' ? 'X' : last[i];
    crypt_mac(keys->index_key, "yg tail", view_of(tail, sizeof(tail)), hash);
    return (uint32_t)hash[0] | (uint32_t)hash[1] << 8 | (uint32_t)hash[2] << 16 |
           (uint32_t)hash[3] << 24;
}

static bool ends_with(struct view text, const char *end) {
    struct view tail = view_text(end);

    return text.size >= tail.size &&
           view_equal(view_slice(text, text.size - tail.size, tail.size), tail);
}

static bool is_name(const struct form_field *field) {
    return field->type == FIELD_TYPE_TEXT &&
           (view_is(field->name, "name") || (!field->sensitive && ends_with(field->name, "_name")));
}

struct collecting {
    const struct keys *keys;
    uint8_t names[LISTED_NAMES_BYTES];
    size_t size;
    uint32_t tails[LISTED_TAILS_MAX];
    uint32_t tail_count;
};

/* Each once, one a line; what does not fit is left out. */
static void add_name(struct collecting *at, struct view name) {
    name = text_trim(name);
    for (size_t line = 0; line < at->size;) {
        size_t end = line;

        while (end < at->size && at->names[end] != '\n')
            end++;
        if (view_equal(view_of(at->names + line, end - line), name))
            return;
        line = end + 1;
    }
    if (name.size == 0 || at->size + name.size + 1 > sizeof(at->names))
        return;
    if (at->size > 0)
        at->names[at->size++] = '\n';
    for (size_t i = 0; i < name.size; i++)
        at->names[at->size++] = name.data[i] < ' ' ? ' ' : name.data[i];
}

static void add_tail(struct collecting *at, struct view number) {
    uint32_t hash = tail_hash(at->keys, number.data + number.size - TAIL_BYTES);

    for (uint32_t i = 0; i < at->tail_count; i++)
        if (at->tails[i] == hash)
            return;
    if (at->tail_count < LISTED_TAILS_MAX)
        at->tails[at->tail_count++] = hash;
}

static void add_cell(struct collecting *at, const struct reading *reading, const struct cell *cell,
                     const struct form_field *field) {
    if (cell->kind == CELL_ERASED || !reading_shows(reading, cell->instance))
        return;
    for (uint32_t i = 0; i < cell->version_count; i++) {
        const struct value *value = &cell->versions[i]->value;

        if (value->type != VALUE_TEXT)
            continue;
        if (is_identity_number(value->bytes))
            add_tail(at, value->bytes);
        else if (is_name(field))
            add_name(at, value->bytes);
    }
}

/* Cells are sorted by instance and field, fields by number: so both go side by side. */
static void add_cells(struct collecting *at, const struct reading *reading) {
    const struct form *form = reading->form;
    uint32_t next = 0;

    for (uint32_t i = 0; i < reading->cell_count; i++) {
        const struct cell *cell = &reading->cells[i];

        if (i == 0 || cell->field < reading->cells[i - 1].field)
            next = 0;
        while (next < form->field_count && form->fields[form->by_number[next]].number < cell->field)
            next++;
        if (next < form->field_count && form->fields[form->by_number[next]].number == cell->field)
            add_cell(at, reading, cell, &form->fields[form->by_number[next]]);
    }
}

static void add_persons(const struct record *state, struct stored_listed *out) {
    const struct absorbed *first = NULL, *last = NULL;

    for (uint32_t i = 0; i < state->absorbed_count; i++) {
        const struct absorbed *absorbed = &state->absorbed[i];

        if (dot_equal(absorbed->dot, state->id) || (first == NULL && absorbed->person != 0))
            first = absorbed;
        if (last == NULL || absorbed->time_ms >= last->time_ms)
            last = absorbed;
    }
    out->created_by = first == NULL ? 0 : first->person;
    out->changed_by = last == NULL ? 0 : last->person;
}

enum rc listed_make(const struct keys *keys, const struct record *state,
                    const struct reading *reading, struct view title, struct arena *arena,
                    struct stored_listed *out, struct err *err) {
    struct collecting at;

    at.keys = keys;
    at.size = 0;
    at.tail_count = 0;
    *out = (struct stored_listed){.record = state->id};
    add_persons(state, out);
    add_name(&at, title);
    if (reading->form != NULL && reading->form->by_number != NULL)
        add_cells(&at, reading);
    out->names = arena_view(arena, view_of(at.names, at.size));
    out->tail_count = at.tail_count;
    out->tails = arena_copy(arena, at.tails, at.tail_count * sizeof(at.tails[0]));
    return arena_check(arena, "a step of the writer", err);
}

bool listed_review(const struct reading *reading, struct stored_review *out) {
    struct note note;

    if (reading->form == NULL || reading->withdrawn || !view_is(reading->form->name, NOTE_FORM))
        return false;
    note_read(reading, &note);
    *out = (struct stored_review){.record = note.about, .at_ms = note.at_ms, .state = note.kind};
    return note.about.number != 0 && note.kind != NOTE_COMMENT && note.kind <= REVIEW_STATE_MAX;
}

/* ---- what stands when a word of staff no longer does ---- */

struct standing {
    const struct work *work;
    struct dot self;
    bool was_known;
    struct stored_review review;
};

static bool is_review(const struct gist *gist) {
    return gist->kind == GIST_NOTE && gist->state != NOTE_COMMENT &&
           gist->state <= REVIEW_STATE_MAX;
}

static void consider(struct standing *at, const struct gist *gist) {
    if (!is_review(gist) || gist->when < at->review.at_ms ||
        (gist->when == at->review.at_ms && gist->state < at->review.state))
        return;
    at->review.at_ms = gist->when;
    at->review.state = gist->state;
}

/* As this step has left it, or NULL. */
static const struct stored_gist *gist_of_step(const struct work *work, struct dot record) {
    for (uint32_t i = work->gist_count; i > 0; i--)
        if (dot_equal(work->gists[i - 1].record, record))
            return &work->gists[i - 1];
    return NULL;
}

static enum rc standing_visit(void *context, const struct stored_gist *stored, struct err *err) {
    struct standing *at = context;
    const struct stored_gist *now = gist_of_step(at->work, stored->record);

    (void)err;
    if (dot_equal(stored->record, at->self))
        at->was_known = true;
    else if (now == NULL)
        consider(at, &stored->gist);
    return RC_OK;
}

enum rc listed_standing(const struct work *work, const struct reading *reading, bool *changed,
                        struct stored_review *out, struct err *err) {
    struct standing at = {.work = work, .self = reading->record->id};
    struct stored_review own;
    struct note note;
    enum rc rc;

    *changed = false;
    if (reading->form == NULL || !view_is(reading->form->name, NOTE_FORM))
        return RC_OK;
    note_read(reading, &note);
    if (note.about.number == 0)
        return RC_OK;
    at.review = (struct stored_review){.record = note.about, .stands = true};
    rc = store_about(work->ledger->store, note.about, standing_visit, &at, err);
    if (rc != RC_OK || !at.was_known)
        return rc;
    for (uint32_t i = 0; i < work->gist_count; i++) {
        const struct stored_gist *row = &work->gists[i];

        if (dot_equal(row->gist.about, note.about) && !dot_equal(row->record, at.self) &&
            gist_of_step(work, row->record) == row)
            consider(&at, &row->gist);
    }
    if (listed_review(reading, &own))
        consider(&at, &(struct gist){.kind = GIST_NOTE, .state = own.state, .when = own.at_ms});
    *changed = true;
    *out = at.review;
    return RC_OK;
}

bool listed_gist(const struct reading *reading, struct stored_gist *out) {
    if (reading->form == NULL ||
        (!view_is(reading->form->name, NOTE_FORM) && !view_is(reading->form->name, TASK_FORM) &&
         !view_is(reading->form->name, VISIT_FORM)))
        return false;
    *out = (struct stored_gist){.record = reading->record->id,
                                .area = reading->area_count > 0 ? reading->areas[0] : 0};
    if (!reading->withdrawn)
        gist_make(reading, &out->gist);
    return true;
}

/* --- records from before --- */

struct listing_from {
    uint32_t version;
    struct dot after;
};

static bool is_done(const struct listing_from *from) {
    return from->version == LISTED_VERSION && from->after.actor == UINT64_MAX &&
           from->after.number == UINT64_MAX;
}

static void encode(const struct listing_from *from, struct buf *out) {
    buf_add_varint(out, from->version);
    buf_add_le64(out, from->after.actor);
    buf_add_le64(out, from->after.number);
}

void listed_done(struct buf *out) {
    encode(&(struct listing_from){LISTED_VERSION, {UINT64_MAX, UINT64_MAX}}, out);
}

/* Of another version: from the beginning. */
static enum rc decode(enum rc rc, struct view setting, struct listing_from *out, struct err *err) {
    struct reader reader;

    *out = (struct listing_from){.version = LISTED_VERSION};
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    reader_init(&reader, setting);
    if (read_varint(&reader) == LISTED_VERSION) {
        out->after.actor = read_le64(&reader);
        out->after.number = read_le64(&reader);
        return reader_check(&reader, "the setting listed", err);
    }
    return RC_OK;
}

static enum rc put_position(struct work *work, const struct listing_from *from, struct err *err) {
    struct buf setting;
    enum rc rc;

    buf_init(&setting, 64);
    encode(from, &setting);
    rc = buf_check(&setting, "the setting listed", err);
    if (rc == RC_OK)
        rc = work_put_setting(work, SETTING, buf_view(&setting), err);
    buf_release(&setting);
    return rc;
}

enum rc listed_again(struct work *work, struct err *err) {
    return put_position(work, &(struct listing_from){.version = LISTED_VERSION}, err);
}

struct portion {
    struct work *work;
    struct listing_from from;
    uint32_t count;
    bool more;
};

static enum rc portion_visit(void *context, const struct stored_record *stored, struct err *err) {
    struct portion *portion = context;
    struct work *work = portion->work;
    struct stored_listed *listed;
    struct stored_review review;
    struct stored_gist gist;
    struct record record;
    struct reading reading;
    enum rc rc;

    if (portion->count == PORTION) {
        portion->more = true;
        return RC_NOT_FOUND;
    }
    portion->count++;
    portion->from.after = stored->id;
    arena_reset(&work->reading);
    rc = ledger_read(work->ledger, stored, &work->reading, &record, &reading, err);
    listed = rc == RC_OK ? WORK_ADD(work, listed, listed_count, listed_capacity) : NULL;
    if (rc == RC_OK && listed == NULL)
        rc = arena_check(&work->arena, "a step of the writer", err);
    if (rc == RC_OK)
        rc = listed_make(work->keys, &record, &reading, stored->title, &work->arena, listed, err);
    if (rc == RC_OK && listed_review(&reading, &review)) {
        struct stored_review *row = WORK_ADD(work, reviews, review_count, review_capacity);

        if (row == NULL)
            return arena_check(&work->arena, "a step of the writer", err);
        *row = review;
    }
    if (rc == RC_OK && listed_gist(&reading, &gist)) {
        struct stored_gist *row = WORK_ADD(work, gists, gist_count, gist_capacity);

        if (row == NULL)
            return arena_check(&work->arena, "a step of the writer", err);
        *row = gist;
    }
    return rc;
}

static enum rc portion_act(void *context, struct work *work, struct err *err) {
    struct portion *portion = context;
    struct view setting = {0};
    enum rc rc = work_setting(work, SETTING, &setting, err);

    portion->work = work;
    rc = decode(rc, setting, &portion->from, err);
    if (rc != RC_OK || is_done(&portion->from))
        return rc;
    rc = store_list(work->ledger->store, view_text(""), 0, portion->from.after, portion_visit,
                    portion, err);
    if (rc == RC_OK && !portion->more)
        portion->from.after = (struct dot){UINT64_MAX, UINT64_MAX};
    return rc == RC_OK ? put_position(work, &portion->from, err) : rc;
}

enum rc listed_portion(const struct office *office, bool *more, struct err *err) {
    struct portion portion = {.work = NULL};
    struct listing_from from = {0};
    struct ledger *ledger = NULL;
    struct arena arena;
    struct view setting = {0};
    enum rc rc = office->borrow(office->context, &ledger, err);

    *more = false;
    arena_init(&arena, 4096);
    if (rc == RC_OK)
        rc = decode(store_setting(ledger->store, SETTING, &arena, &setting, err), setting, &from,
                    err);
    if (ledger != NULL)
        office->give_back(office->context, ledger);
    arena_release(&arena);
    if (rc != RC_OK || is_done(&from))
        return rc;
    rc = office_act(office, portion_act, &portion, err);
    *more = rc == RC_OK && portion.more;
    return rc;
}

/* --- what somebody typed --- */

static bool is_tail(struct view word) {
    for (size_t i = 0; i < word.size; i++)
        if (!is_digit(word.data[i]) && !(i == TAIL_BYTES - 1 && word.data[i] == 'x'))
            return false;
    return word.size == TAIL_BYTES;
}

static bool holds(struct view text, struct view part) {
    for (size_t at = 0; at + part.size <= text.size; at++)
        if (memcmp(text.data + at, part.data, part.size) == 0)
            return true;
    return false;
}

static enum rc add_areas(struct ledger *ledger, struct arena *arena, struct query_word *word,
                         struct err *err) {
    const struct succession *table = &ledger->areas;
    uint64_t *areas = arena_array(arena, table->count + 1u, sizeof(*areas));

    if (areas == NULL)
        return arena_check(arena, "a search", err);
    for (uint32_t i = 0; i < table->count; i++) {
        const struct area_act *act = &table->acts[i];
        uint64_t now = succession_of(table, act->from);
        bool known = false;

        if (act->kind != AREA_NAMED || !holds(succession_name(table, now), word->text))
            continue;
        for (uint32_t j = 0; j < word->area_count; j++)
            known |= areas[j] == now;
        if (!known)
            areas[word->area_count++] = now;
    }
    word->areas = areas;
    return RC_OK;
}

enum rc listed_words(struct ledger *ledger, const struct keys *keys, struct view text,
                     struct arena *arena, struct query_word *words, uint32_t *count,
                     struct err *err) {
    char *folded = arena_alloc(arena, text.size + 1);
    struct view part;
    size_t at = 0;
    enum rc rc = RC_OK;

    *count = 0;
    if (folded == NULL)
        return arena_check(arena, "a search", err);
    folded[text_fold_width(text, folded)] = '\0';
    text_to_lower(folded);
    text = view_text(folded);
    while (rc == RC_OK && (part = text_word(text, &at)).size > 0) {
        struct query_word *word = &words[*count];

        if (*count == QUERY_WORDS_MAX)
            return err_set(err, RC_LIMIT, "a search has at most %u words", QUERY_WORDS_MAX);
        if (part.size > QUERY_WORD_BYTES_MAX)
            return err_set(err, RC_LIMIT, "a word of a search has at most %u bytes",
                           QUERY_WORD_BYTES_MAX);
        ++*count;
        *word = (struct query_word){.text = part, .has_tail = is_tail(part)};
        if (word->has_tail)
            word->tail = tail_hash(keys, part.data);
        rc = add_areas(ledger, arena, word, err);
    }
    return rc;
}
