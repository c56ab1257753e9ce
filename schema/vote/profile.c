/* profile.c: see profile.h. One table says of each rule how it is written; everything else follows
 * from it: reading a file, writing and reading a snapshot. */
#include "schema/vote/profile.h"

#include "base/csv_table.h"
#include "base/text.h"
#include "base/words.h"
#include "schema/area.h"

enum shape { SHAPE_NUMBER, SHAPE_FLAG, SHAPE_SHARE, SHAPE_WORD, SHAPE_MODES };

#define WORDS_MAX 4u

static const struct {
    const char *name;
    uint8_t shape;
    const char *words[WORDS_MAX + 1]; /* of value 1, 2, ...; NULL: not allowed here */
} rules[VOTE_RULE_COUNT] = {
    [VOTE_MIN_MEMBERS] = {"min_members", SHAPE_NUMBER, {NULL}},
    [VOTE_ODD] = {"odd_required", SHAPE_FLAG, {NULL}},
    [VOTE_MIN_VOTERS] = {"min_voters", SHAPE_NUMBER, {NULL}},
    [VOTE_MIN_REPS] = {"min_reps", SHAPE_SHARE, {NULL}},
    [VOTE_MAX_COMMITTEE] = {"max_committee", SHAPE_SHARE, {NULL}},
    [VOTE_QUORUM] = {"quorum", SHAPE_SHARE, {NULL}},
    [VOTE_QUORUM_BASE] = {"quorum_base", SHAPE_WORD, {NULL, NULL, NULL, "expected", "roster"}},
    [VOTE_MODES] = {"vote_modes", SHAPE_MODES, {NULL}},
    [VOTE_THRESHOLD] = {"threshold", SHAPE_SHARE, {NULL}},
    [VOTE_THRESHOLD_STRICT] = {"threshold_strict", SHAPE_FLAG, {NULL}},
    [VOTE_THRESHOLD_BASE] = {"threshold_base", SHAPE_WORD, {NULL, "present", "valid", "expected"}},
    [VOTE_ABSTAIN] = {"abstain_allowed", SHAPE_FLAG, {NULL}},
    [VOTE_REASONS] = {"reasons_required_on_no", SHAPE_FLAG, {NULL}},
    [VOTE_RECUSAL] = {"relatives_withdraw", SHAPE_FLAG, {NULL}},
    [VOTE_TELLERS] = {"min_tellers", SHAPE_NUMBER, {NULL}},
    [VOTE_OBSERVER] = {"observer_required", SHAPE_FLAG, {NULL}},
    [VOTE_SECRECY_MIN] = {"secrecy_min", SHAPE_NUMBER, {NULL}},
    [VOTE_SECRECY_MARGIN] = {"secrecy_margin", SHAPE_NUMBER, {NULL}},
    [VOTE_RANK] = {"rank", SHAPE_FLAG, {NULL}},
    [VOTE_TOP] = {"top", SHAPE_NUMBER, {NULL}},
    [VOTE_WHEN] = {"held", SHAPE_WORD, {NULL, "always", "on_objection", "optional"}},
};

static const char *const modes[VOTE_MODE_LAST + 1] = {
    [VOTE_SECRET_DEVICE] = "secret_device",
    [VOTE_SECRET_PAPER] = "secret_paper",
    [VOTE_HANDS] = "hands",
};

const char *vote_mode_name(unsigned mode) {
    return mode <= VOTE_MODE_LAST ? modes[mode] : NULL;
}

unsigned vote_mode_parse(struct view text) {
    for (unsigned i = 1; i <= VOTE_MODE_LAST; i++)
        if (view_is(text, modes[i]))
            return i;
    return 0;
}

const char *vote_rule_name(enum vote_rule rule) {
    return rules[rule].name;
}

/* ---- one value ---- */

static bool number_of(struct view text, int64_t most, int32_t *out) {
    int64_t value;

    if (!parse_i64(text, &value) || value < 0 || value > most)
        return false;
    *out = (int32_t)value;
    return true;
}

/* "2/3", or "0" for none; never more than the whole. */
static bool share_of(struct view text, struct vote_value *out) {
    size_t slash = 0;

    while (slash < text.size && text.data[slash] != '/')
        slash++;
    if (slash == text.size)
        return number_of(text, 0, &out->number);
    return number_of(view_slice(text, 0, slash), VOTE_NUMBER_MAX, &out->number) &&
           number_of(view_slice(text, slash + 1, text.size), VOTE_NUMBER_MAX, &out->over) &&
           out->number >= 1 && out->over >= out->number;
}

static bool modes_of(struct view text, int32_t *out) {
    struct view word;

    for (size_t at = 0; (word = text_word(text, &at)).size > 0;) {
        unsigned mode = vote_mode_parse(word);

        if (mode == 0 || (*out >> mode & 1) != 0)
            return false;
        *out |= 1 << mode;
    }
    return *out != 0;
}

static bool value_of(enum vote_rule rule, struct view text, struct vote_value *out) {
    *out = (struct vote_value){.over = 1};
    switch ((enum shape)rules[rule].shape) {
    case SHAPE_NUMBER:
        return number_of(text, VOTE_NUMBER_MAX, &out->number);
    case SHAPE_FLAG:
        out->number = view_is(text, "yes");
        return out->number == 1 || view_is(text, "no");
    case SHAPE_SHARE:
        return share_of(text, out);
    case SHAPE_MODES:
        return modes_of(text, &out->number);
    case SHAPE_WORD:
        for (int32_t i = 1; i <= (int32_t)WORDS_MAX; i++)
            if (rules[rule].words[i] != NULL && view_is(text, rules[rule].words[i]))
                out->number = i;
        return out->number != 0;
    }
    return false;
}

void vote_value_text(enum vote_rule rule, struct vote_value value, struct buf *out) {
    bool first = true;

    switch ((enum shape)rules[rule].shape) {
    case SHAPE_NUMBER:
        buf_addf(out, "%d", value.number);
        break;
    case SHAPE_FLAG:
        buf_add_text(out, value.number != 0 ? "yes" : "no");
        break;
    case SHAPE_SHARE:
        if (value.number == 0)
            buf_add_text(out, "0");
        else
            buf_addf(out, "%d/%d", value.number, value.over);
        break;
    case SHAPE_WORD:
        buf_add_text(out, rules[rule].words[value.number]);
        break;
    case SHAPE_MODES:
        for (unsigned i = 1; i <= VOTE_MODE_LAST; i++) {
            if ((value.number >> i & 1) == 0)
                continue;
            buf_addf(out, "%s%s", first ? "" : " ", modes[i]);
            first = false;
        }
        break;
    }
}

static const char *mend_of(enum vote_rule rule) {
    switch ((enum shape)rules[rule].shape) {
    case SHAPE_NUMBER:
        return WORD("write a whole number from 0 to 1000");
    case SHAPE_FLAG:
        return WORD("write yes or no");
    case SHAPE_SHARE:
        return WORD("write a share such as 2/3, or 0 for none");
    case SHAPE_MODES:
        return WORD("write one or more of secret_device, secret_paper, hands");
    case SHAPE_WORD:
        break;
    }
    return rule == VOTE_QUORUM_BASE      ? WORD("write expected or roster")
           : rule == VOTE_THRESHOLD_BASE ? WORD("write present, valid or expected")
                                         : WORD("write always, on_objection or optional");
}

/* ---- the file ---- */

enum column { PROFILE = 0, FROM, AREA, RULE, VALUE, LOCKED, STATED, COLUMN_COUNT };
static const char *const column_names[COLUMN_COUNT] = {"profile", "valid_from", "area",  "rule",
                                                       "value",   "locked",     "stated"};

struct loading {
    struct csv_table table;
    struct arena *arena;
    struct err *err;
    struct vote_row *rows;
    uint32_t count, capacity;
};

static struct view cell(const struct loading *at, enum column column) {
    return csv_table_cell(&at->table, column);
}

static enum rc wrong(const struct loading *at, enum column column, const char *mend) {
    return csv_table_wrong(&at->table, column, mend, at->err);
}

/* Empty means no. */
static bool yes_no(struct view text, bool *out) {
    *out = view_is(text, "yes");
    return *out || text.size == 0 || view_is(text, "no");
}

static enum rc take_row(struct loading *at) {
    struct vote_row *row =
        arena_push(at->arena, &at->rows, &at->count, &at->capacity, sizeof(*row));
    struct view area = cell(at, AREA), name = cell(at, PROFILE);
    struct err ignored;
    uint8_t rule = 0;

    if (row == NULL)
        return arena_check(at->arena, "evaluation rules", at->err);
    if (at->count > VOTE_ROWS_MAX)
        return err_set(at->err, RC_LIMIT, "evaluation rules have at most %u rows", VOTE_ROWS_MAX);
    err_init(&ignored, LANG_EN);
    *row = (struct vote_row){.profile = arena_view(at->arena, name), .line = at->table.row.line};
    if (name.size == 0 || name.size > 60 || memchr(name.data, '\n', name.size) != NULL)
        return wrong(at, PROFILE, WORD("write the profile's name, such as 2021-national"));
    if (row->profile.size != name.size)
        return arena_check(at->arena, "evaluation rules", at->err);
    if (!date_parse(cell(at, FROM), &row->valid_from))
        return wrong(at, FROM, WORD("write the day from which it holds, such as 2021-07-01"));
    if (area.size > 0 && area_parse(area, &row->area, &ignored) != RC_OK)
        return wrong(at, AREA, WORD("write a division code, or nothing for everywhere"));
    while (rule < VOTE_RULE_COUNT && !view_is(cell(at, RULE), rules[rule].name))
        rule++;
    if (rule == VOTE_RULE_COUNT)
        return wrong(at, RULE, WORD("there is no such rule; docs/votes.md lists them"));
    row->rule = rule;
    if (!value_of((enum vote_rule)rule, cell(at, VALUE), &row->value))
        return wrong(at, VALUE, mend_of((enum vote_rule)rule));
    if (!yes_no(cell(at, LOCKED), &row->locked))
        return wrong(at, LOCKED, WORD("write yes or no"));
    return yes_no(cell(at, STATED), &row->stated) ? RC_OK
                                                  : wrong(at, STATED, WORD("write yes or no"));
}

static bool same_day(struct date left, struct date right) {
    return date_to_days(left) == date_to_days(right);
}

/* Whether the row may stand beside an earlier one. */
static enum rc check_pair(const struct vote_row *row, const struct vote_row *other,
                          struct err *err) {
    if (!view_equal(row->profile, other->profile))
        return RC_OK;
    if (row->area == 0 && other->area == 0 && !same_day(row->valid_from, other->valid_from))
        return err_set(err, RC_INVALID,
                       "evaluation rules, row %llu, valid_from: the profile %.*s begins on one "
                       "day; a new day is a new profile",
                       (unsigned long long)row->line, VIEW_PRINT(row->profile));
    if (row->rule != other->rule)
        return RC_OK;
    if (row->area == other->area && same_day(row->valid_from, other->valid_from))
        return err_set(err, RC_INVALID,
                       "evaluation rules, row %llu: %s stands already in row %llu; remove one",
                       (unsigned long long)row->line, rules[row->rule].name,
                       (unsigned long long)other->line);
    return RC_OK;
}

static bool lies_beneath(const struct vote_row *row, const struct vote_row *above) {
    return view_equal(row->profile, above->profile) && row->rule == above->rule && row->area != 0 &&
           row->area != above->area && (above->area == 0 || area_contains(above->area, row->area));
}

static enum rc check_rows(const struct loading *at) {
    for (uint32_t i = 0; i < at->count; i++) {
        const struct vote_row *row = &at->rows[i];
        uint32_t seen = 0;
        enum rc rc;

        for (uint32_t k = 0; k < i; k++)
            if ((rc = check_pair(row, &at->rows[k], at->err)) != RC_OK)
                return rc;
        for (uint32_t k = 0; k < at->count; k++) {
            const struct vote_row *other = &at->rows[k];

            if (view_equal(other->profile, row->profile) && other->area == 0)
                seen |= UINT32_C(1) << other->rule;
            if (other->locked && lies_beneath(row, other))
                return err_set(at->err, RC_INVALID,
                               "evaluation rules, row %llu: %s is locked by row %llu; remove this "
                               "row",
                               (unsigned long long)row->line, rules[row->rule].name,
                               (unsigned long long)other->line);
        }
        for (uint32_t r = 0; r < VOTE_RULE_COUNT; r++)
            if ((seen >> r & 1) == 0)
                return err_set(at->err, RC_INVALID,
                               "evaluation rules: the profile %.*s lacks %s; add a row without an "
                               "area",
                               VIEW_PRINT(row->profile), rules[r].name);
    }
    return at->count > 0 ? RC_OK
                         : err_set(at->err, RC_INVALID, "evaluation rules: there is no row");
}

enum rc vote_book_load(struct view csv, struct arena *arena, struct vote_book *out,
                       struct err *err) {
    struct loading at = {.arena = arena, .err = err};
    enum rc rc =
        csv_table_open(&at.table, csv, WORD("evaluation rules"), column_names, COLUMN_COUNT, err);

    *out = (struct vote_book){0};
    while (rc == RC_OK && (rc = csv_table_next(&at.table, err)) == RC_OK && at.table.row.count > 0)
        rc = take_row(&at);
    if (rc == RC_OK)
        rc = check_rows(&at);
    if (rc == RC_OK)
        rc = arena_check(arena, "evaluation rules", err);
    if (rc == RC_OK)
        *out = (struct vote_book){.count = at.count, .rows = at.rows};
    csv_table_close(&at.table);
    return rc;
}

/* Whether the row goes before the one that was found so far. */
static bool is_nearer(const struct vote_row *row, const struct vote_row *found) {
    if (found == NULL)
        return true;
    if (row->area != found->area)
        return found->area == 0 || (row->area != 0 && area_contains(found->area, row->area));
    return date_to_days(row->valid_from) > date_to_days(found->valid_from);
}

enum rc vote_book_find(const struct vote_book *book, uint64_t area, struct date day,
                       struct vote_rules *out, struct err *err) {
    const struct vote_row *governing = NULL;
    int64_t today = date_to_days(day);

    *out = (struct vote_rules){0};
    for (uint32_t i = 0; i < book->count; i++) {
        const struct vote_row *row = &book->rows[i];

        if (row->area == 0 && date_to_days(row->valid_from) <= today &&
            (governing == NULL ||
             date_to_days(row->valid_from) > date_to_days(governing->valid_from)))
            governing = row;
    }
    if (governing == NULL)
        return err_set(err, RC_NOT_FOUND,
                       "evaluation rules: no profile holds on this day; look at the tablet's "
                       "clock, or sync for newer rules");
    out->profile = governing->profile;
    out->valid_from = governing->valid_from;
    for (uint32_t r = 0; r < VOTE_RULE_COUNT; r++) {
        const struct vote_row *found = NULL;

        for (uint32_t i = 0; i < book->count; i++) {
            const struct vote_row *row = &book->rows[i];

            if (row->rule == r && view_equal(row->profile, governing->profile) &&
                date_to_days(row->valid_from) <= today &&
                (row->area == 0 || area_contains(row->area, area)) && is_nearer(row, found))
                found = row;
        }
        if (found == NULL) /* check_rows has seen to it that this is never so */
            return err_set(err, RC_INVALID, "evaluation rules: the rule %s is missing",
                           rules[r].name);
        out->values[r] = found->value;
        if (!found->stated)
            out->unstated |= UINT32_C(1) << r;
    }
    return RC_OK;
}

/* ---- snapshots ---- */

void vote_rules_text(const struct vote_rules *of, struct buf *out) {
    char day[DATE_TEXT_BYTES];

    date_format(of->valid_from, day);
    buf_addf(out, "profile=%.*s\nvalid_from=%s", VIEW_PRINT(of->profile), day);
    for (uint32_t r = 0; r < VOTE_RULE_COUNT; r++) {
        buf_addf(out, "\n%s=", rules[r].name);
        vote_value_text((enum vote_rule)r, of->values[r], out);
        if ((of->unstated >> r & 1) != 0)
            buf_add_text(out, " ?");
    }
}

/* The rest of the next line, which must begin with name and "=". */
static bool next_line(struct view text, size_t *at, const char *name, struct view *out) {
    size_t end = *at, head = strlen(name) + 1;

    while (end < text.size && text.data[end] != '\n')
        end++;
    if (*at > text.size || end - *at < head || memcmp(text.data + *at, name, head - 1) != 0 ||
        text.data[*at + head - 1] != '=')
        return false;
    *out = view_slice(text, *at + head, end - *at - head);
    *at = end + 1;
    return true;
}

enum rc vote_rules_parse(struct view text, struct vote_rules *out, struct err *err) {
    struct view line = {0};
    struct buf again;
    size_t at = 0;
    bool good;

    *out = (struct vote_rules){0};
    good = next_line(text, &at, "profile", &out->profile) &&
           next_line(text, &at, "valid_from", &line) && date_parse(line, &out->valid_from);
    for (uint32_t r = 0; r < VOTE_RULE_COUNT && good; r++) {
        good = next_line(text, &at, rules[r].name, &line);
        if (good && line.size >= 2 && memcmp(line.data + line.size - 2, " ?", 2) == 0) {
            out->unstated |= UINT32_C(1) << r;
            line.size -= 2;
        }
        good = good && value_of((enum vote_rule)r, line, &out->values[r]);
    }
    /* Written anew it is the same, or two texts would mean one thing. */
    buf_init(&again, VOTE_RULES_TEXT_MAX);
    if (good)
        vote_rules_text(out, &again);
    if (again.failed == RC_NO_MEMORY) { /* that says nothing about the rules */
        buf_release(&again);
        return err_set(err, RC_NO_MEMORY, "out of memory");
    }
    good = good && again.failed == RC_OK && view_equal(buf_view(&again), text);
    buf_release(&again);
    return good ? RC_OK : err_set(err, RC_CORRUPT, "the meeting's rules cannot be read");
}

void vote_rules_hash(struct view text, uint8_t out[CRYPT_HASH_BYTES]) {
    crypt_hash("yg vote rules", text, out);
}
