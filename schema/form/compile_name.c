/* compile_name.c: names that stand twice, and ${references}.
 *
 * A name may stand in several groups. A reference then means the question with which the place of
 * the reference shares most of its groups; if two share as many, nobody can tell, and the author
 * may write the path, ${group/name}. */
#include "base/text.h"
#include "schema/form/compile.h"
#include "schema/form/form_choice.h"

struct named {
    struct view name;
    uint32_t parent;
    uint32_t row;
};

static int by_place(const void *left, const void *right) {
    const struct named *a = left, *b = right;
    int order;

    if (a->parent != b->parent)
        return a->parent < b->parent ? -1 : 1;
    order = view_compare(a->name, b->name);
    if (order != 0)
        return order;
    return a->row < b->row ? -1 : a->row > b->row;
}

static int by_name(const void *left, const void *right) {
    const struct named *a = left, *b = right;
    int order = view_compare(a->name, b->name);

    if (order != 0)
        return order;
    return a->row < b->row ? -1 : a->row > b->row;
}

/* --- references --- */

bool reference_next(struct view text, size_t from, struct reference *out) {
    static const char last_saved[] = "last-saved#";
    const size_t prefix = sizeof(last_saved) - 1;

    for (size_t i = from; i + 1 < text.size; i++) {
        size_t end = i + 2;

        if (text.data[i] != '$' || text.data[i + 1] != '{')
            continue;
        while (end < text.size && text.data[end] != '}')
            end++;
        *out = (struct reference){.start = i, .end = end, .is_closed = end < text.size};
        out->name = text_trim(view_slice(text, i + 2, end - i - 2));
        out->end += out->is_closed ? 1 : 0;
        if (out->name.size > prefix && memcmp(out->name.data, last_saved, prefix) == 0) {
            out->name = view_slice(out->name, prefix, out->name.size);
            out->is_last_saved = true;
        }
        return true;
    }
    return false;
}

/* How many groups two rows share, counted from the top. */
static uint32_t shared(const struct compiler *compiler, uint32_t left, uint32_t right) {
    const struct survey_row *rows = compiler->rows;
    uint32_t depth = 0;

    for (uint32_t a = rows[left].parent; a != NO_PARENT; a = rows[a].parent)
        for (uint32_t b = right; b != NO_PARENT; b = rows[b].parent)
            depth += a == b ? 1 : 0;
    return depth;
}

/* "group/name", from the top: the way to say which of several is meant. */
static uint32_t path_row(const struct compiler *compiler, struct view path) {
    size_t skip = compiler->root_name.size + 2;

    for (uint32_t i = 0; i < compiler->row_count; i++)
        if (view_equal(view_slice(compiler->rows[i].xpath, skip, path.size + 1), path))
            return i;
    return NO_ROW;
}

uint32_t reference_row(const struct compiler *compiler, struct view name, uint32_t from,
                       bool *ambiguous) {
    uint32_t low = 0, high = compiler->row_count, found = NO_ROW, best = 0;

    *ambiguous = false;
    if (compiler->rows_by_name == NULL || name.size == 0)
        return NO_ROW;
    if (memchr(name.data, '/', name.size) != NULL)
        return path_row(compiler, name);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (view_compare(compiler->rows[compiler->rows_by_name[middle]].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < compiler->row_count; low++) {
        uint32_t row = compiler->rows_by_name[low], depth;

        if (!view_equal(compiler->rows[row].name, name))
            break;
        if (compiler->rows[row].spec->kind == ROW_EXTERNAL)
            continue;
        depth = from == NO_PARENT ? 0 : shared(compiler, row, from);
        if (found == NO_ROW || depth > best) {
            found = row;
            best = depth;
            *ambiguous = false;
        } else if (depth == best) {
            *ambiguous = true;
        }
    }
    return found;
}

struct place { /* of a text with references */
    const struct sheet *sheet;
    uint32_t row, column; /* in the sheet */
    uint32_t from;        /* row of the tree, or NO_PARENT */
};

static void unknown(struct compiler *compiler, const struct place *place, struct view name) {
    const struct survey_row *near = NULL;
    uint32_t best = 3;

    for (uint32_t i = 0; i < compiler->row_count; i++) {
        uint32_t distance = word_distance(name, compiler->rows[i].name, best);

        if (distance < best && name.size > 2) {
            best = distance;
            near = &compiler->rows[i];
        }
    }
    if (near != NULL)
        finding_add(compiler, true, place->sheet, place->row, place->column,
                    "${%.*s} means a question that does not exist; did you mean ${%.*s}?",
                    VIEW_PRINT(finding_shown(name)), VIEW_PRINT(finding_shown(near->name)));
    else
        finding_add(compiler, true, place->sheet, place->row, place->column,
                    "${%.*s} means a question that does not exist; check the name",
                    VIEW_PRINT(finding_shown(name)));
}

static void check_references(struct compiler *compiler, struct view text,
                             const struct place *place) {
    struct reference reference;

    for (size_t at = 0; reference_next(text, at, &reference); at = reference.end) {
        bool ambiguous;
        uint32_t target;

        if (!reference.is_closed || memchr(reference.name.data, '{', reference.name.size) != NULL) {
            finding_add(compiler, true, place->sheet, place->row, place->column,
                        "a ${ is never closed; add the }");
            return;
        }
        target = reference_row(compiler, reference.name, place->from, &ambiguous);
        if (target == NO_ROW)
            unknown(compiler, place, reference.name);
        else if (ambiguous)
            finding_add(compiler, !compiler->options.lenient, place->sheet, place->row,
                        place->column,
                        "${%.*s} may mean several questions; give them different names",
                        VIEW_PRINT(finding_shown(reference.name)));
    }
}

/* Every cell of the row that may have references. */
static void check_row(struct compiler *compiler, uint32_t index) {
    static const uint8_t kinds[] = {COLUMN_RELEVANT,      COLUMN_CONSTRAINT, COLUMN_CALCULATION,
                                    COLUMN_CHOICE_FILTER, COLUMN_DEFAULT,    COLUMN_TRIGGER,
                                    COLUMN_REPEAT_COUNT,  COLUMN_REQUIRED,   COLUMN_READ_ONLY,
                                    COLUMN_PARAMETERS,    COLUMN_TYPE,       COLUMN_APPEARANCE,
                                    COLUMN_BIND,          COLUMN_CONTROL,    COLUMN_WARNING};
    const struct table *table = &compiler->survey;
    struct place place = {.sheet = table->sheet, .row = compiler->rows[index].row, .from = index};

    if (compiler->rows[index].is_made)
        return;
    for (place.column = 0; place.column < table->sheet->column_count; place.column++) {
        uint8_t kind = table->columns[place.column].kind;
        bool has = kind >= COLUMN_LABEL && kind < COLUMN_TITLE;

        for (size_t i = 0; i < sizeof(kinds) && !has; i++)
            has = kinds[i] == kind;
        if (has)
            check_references(compiler, cell_at(table->sheet, place.row, place.column), &place);
    }
}

static void check_choices(struct compiler *compiler) {
    const struct table *table = &compiler->choices;
    struct place place = {.sheet = table->sheet, .from = NO_PARENT};

    for (place.row = 1; table->sheet != NULL && place.row < table->sheet->row_count; place.row++)
        for (place.column = 0; place.column < table->sheet->column_count; place.column++)
            if (table->columns[place.column].kind >= COLUMN_LABEL &&
                table->columns[place.column].kind < COLUMN_TITLE)
                check_references(compiler, cell_at(table->sheet, place.row, place.column), &place);
}

static void check_instance_name(struct compiler *compiler) {
    struct place place = {.sheet = compiler->settings.sheet,
                          .row = 1,
                          .column = compiler->settings.first[COLUMN_INSTANCE_NAME],
                          .from = NO_PARENT};

    check_references(compiler, compiler->form.instance_name, &place);
}

/* --- triggers --- */

/* "${a}, ${b}": each is a question that people see, and that the answer of this row follows. */
static void check_trigger(struct compiler *compiler, uint32_t index) {
    const struct survey_row *row = &compiler->rows[index];
    struct survey survey = {.compiler = compiler, .sheet = compiler->survey.sheet, .row = row->row};
    struct reference reference;
    bool ambiguous, comma = true;
    size_t at = 0;

    while (reference_next(row->trigger, at, &reference)) {
        uint32_t target = reference_row(compiler, reference.name, index, &ambiguous);

        for (size_t i = at; i < reference.start; i++) {
            if (row->trigger.data[i] != ',' && row->trigger.data[i] > ' ') {
                FINDING(&survey, true, COLUMN_TRIGGER,
                        "a trigger is ${question}, or several of them parted by commas");
                return;
            }
            comma = comma || (at > 0 && row->trigger.data[i] == ',');
        }
        if (!comma) {
            FINDING(&survey, true, COLUMN_TRIGGER,
                    "a trigger is ${question}, or several of them parted by commas");
            return;
        }
        comma = false;
        at = reference.end;
        if (target == NO_ROW)
            continue; /* said already */
        compiler->rows[target].is_trigger = true;
        if (compiler->rows[target].spec->control == NULL ||
            compiler->rows[target].spec->kind != ROW_FIELD ||
            (!compiler->rows[target].has_label && !compiler->rows[target].has_hint))
            FINDING(&survey, true, COLUMN_TRIGGER,
                    "${%.*s} is never shown to people, so it can not be a trigger",
                    VIEW_PRINT(finding_shown(reference.name)));
    }
    while (at < row->trigger.size && (row->trigger.data[at] == ',' || row->trigger.data[at] <= ' '))
        at++;
    if (at < row->trigger.size)
        FINDING(&survey, true, COLUMN_TRIGGER,
                "a trigger is ${question}, or several of them parted by commas");
}

/* --- names --- */

static bool same_but_case(struct view left, struct view right) {
    if (left.size != right.size || left.size == 0)
        return false;
    for (size_t i = 0; i < left.size; i++) {
        uint8_t a = left.data[i], b = right.data[i];

        a |= a >= 'A' && a <= 'Z' ? 32 : 0;
        b |= b >= 'A' && b <= 'Z' ? 32 : 0;
        if (a != b)
            return false;
    }
    return true;
}

static void check_doubles(struct compiler *compiler, struct named *names, uint32_t count) {
    const struct survey_row *rows = compiler->rows;

    qsort(names, count, sizeof(*names), by_place);
    for (uint32_t i = 1; i < count; i++)
        if (names[i].parent == names[i - 1].parent && names[i].name.size > 0 &&
            view_equal(names[i].name, names[i - 1].name))
            finding_add(compiler, true, compiler->survey.sheet, rows[names[i].row].row,
                        compiler->survey.first[COLUMN_NAME],
                        "the name \"%.*s\" stands in this group already, in row %u; choose another",
                        VIEW_PRINT(finding_shown(names[i].name)), rows[names[i - 1].row].row + 1);
    /* Neighbours of one parent are few enough to look at in pairs, up to a bound. */
    for (uint32_t i = 1; i < count; i++) {
        for (uint32_t j = i; j-- > 0 && names[j].parent == names[i].parent && i - j < 2000;) {
            uint32_t first = names[i].row < names[j].row ? i : j, second = i + j - first;

            if (same_but_case(names[i].name, names[j].name) &&
                !view_equal(names[i].name, names[j].name))
                finding_add(compiler, false, compiler->survey.sheet, rows[names[second].row].row,
                            compiler->survey.first[COLUMN_NAME],
                            "the name \"%.*s\" differs from that of row %u by capitals only; "
                            "choose another",
                            VIEW_PRINT(finding_shown(names[second].name)),
                            rows[names[first].row].row + 1);
        }
    }
}

/* In paths of repeats an instance is looked up by the name of its repeat. */
static void check_repeats(struct compiler *compiler) {
    for (uint32_t i = 0; i + 1 < compiler->row_count; i++) {
        uint32_t row = compiler->rows_by_name[i];

        for (uint32_t j = i + 1; j < compiler->row_count; j++) {
            uint32_t other = compiler->rows_by_name[j];
            const struct survey_row *a = &compiler->rows[row], *b = &compiler->rows[other];

            if (!view_equal(a->name, b->name))
                break;
            if (a->spec->type == FIELD_TYPE_REPEAT && b->spec->type == FIELD_TYPE_REPEAT &&
                a->parent != b->parent)
                finding_add(compiler, !compiler->options.lenient, compiler->survey.sheet, b->row,
                            compiler->survey.first[COLUMN_NAME],
                            "the repeat in row %u is named \"%.*s\" too; choose another name",
                            a->row + 1, VIEW_PRINT(finding_shown(b->name)));
        }
    }
}

void compile_names(struct compiler *compiler) {
    uint32_t count = compiler->row_count, kept = 0;
    struct named *names = compile_array(compiler, count, sizeof(*names));
    uint32_t *sorted = compile_array(compiler, count, sizeof(*sorted));

    if (names == NULL || sorted == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        if (compiler->rows[i].spec->kind != ROW_EXTERNAL)
            names[kept++] = (struct named){
                .name = compiler->rows[i].name, .parent = compiler->rows[i].parent, .row = i};
    check_doubles(compiler, names, kept);
    for (uint32_t i = 0; i < count; i++)
        names[i] = (struct named){.name = compiler->rows[i].name, .row = i};
    qsort(names, count, sizeof(*names), by_name);
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = names[i].row;
    compiler->rows_by_name = sorted;
    check_repeats(compiler);
    for (uint32_t i = 0; i < count; i++)
        check_row(compiler, i);
    for (uint32_t i = 0; i < count; i++)
        if (compiler->rows[i].trigger.size > 0)
            check_trigger(compiler, i);
    check_choices(compiler);
    check_instance_name(compiler);
}
