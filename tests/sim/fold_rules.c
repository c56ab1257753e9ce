/* fold_rules.c: which rules of the form are broken by what people have said together, as
 * docs/protocol.md says it (section 13, Broken rules). The rules are those of the form of hall.c,
 * computed by hand: no engine, and no expression, is asked. */
#include "tests/sim/fold.h"

static const struct instance_id ROOT;

static const struct form_field *named(const struct form *form, const char *path) {
    for (uint32_t i = 0; i < form->field_count; i++)
        if (view_is(form->fields[i].path, path))
            return &form->fields[i];
    return NULL;
}

/* What the law has erased breaks nothing. */
static bool fits(const struct form_field *field, const struct value *value) {
    if (value->type == VALUE_ERASED)
        return true;
    switch (field->type) {
    case FIELD_TYPE_INTEGER:
        return value->type == VALUE_INT;
    case FIELD_TYPE_ATTACHMENT:
        return value->type == VALUE_TEXT && value->bytes.size == 64;
    default:
        return value->type == VALUE_TEXT;
    }
}

/* pigs: not less than none. beds: at most five more than pigs, and without an answer about pigs
 * that cannot be so; while people contradict each other about pigs, or what was said is erased,
 * nobody knows. */
static bool is_broken(const struct fold *fold, const struct story *story,
                      const struct form_field *field, const struct said *said) {
    int64_t number = said->fact->entry->value.number;
    struct said pigs;

    if (view_is(field->path, "pigs"))
        return number < 0;
    if (!view_is(field->path, "beds") ||
        !fold_reads(fold, named(story->form, "pigs"), story->record, ROOT, &pigs) ||
        pigs.kind == CELL_CONFLICT || pigs.kind == CELL_ERASED)
        return false;
    return pigs.kind != CELL_VALUE || number > pigs.fact->entry->value.number + 5;
}

/* Whether the acceptance, as section 5 writes it, is of this field and of these versions alone. */
static bool accepts(const struct fact *acceptance, const struct form_field *field,
                    const struct said *said) {
    struct reader in;
    uint64_t count;

    reader_init(&in, acceptance->entry->value.bytes);
    if (read_varint(&in) != field->number)
        return false;
    count = read_varint(&in);
    if (count != said->count)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        struct dot dot = {.actor = read_id(&in)};
        uint64_t ordinal;
        bool found = false;

        dot.number = read_varint(&in);
        ordinal = read_varint(&in);
        for (uint32_t k = 0; k < said->count && !found; k++)
            found = dot_equal(said->list[k]->dot, dot) && said->list[k]->ordinal == ordinal;
        if (!found)
            return false;
    }
    return true;
}

static bool is_accepted(const struct fold *fold, const struct story *story,
                        const struct form_field *field, struct instance_id instance,
                        const struct said *said) {
    for (uint32_t i = 0; i < fold->count; i++) {
        const struct fact *fact = &fold->facts[i];

        if (dot_equal(fact->record, story->record) && fact->entry->field == FIELD_ACCEPT &&
            instance_compare(fact->entry->instance, instance) == 0 &&
            fact->entry->value.type == VALUE_BYTES && fold_is_live(fold, fact) &&
            accepts(fact, field, said))
            return true;
    }
    return false;
}

/* ---- the comparison ---- */

struct asked { /* the county's list, about one answer */
    struct instance_id instance;
    uint16_t field;
    bool found;
};

static enum rc look(void *context, const struct stored_conflict *row, struct err *err) {
    struct asked *asked = context;

    (void)err;
    asked->found = asked->found || (row->kind == CONFLICT_SOFT && row->field == asked->field &&
                                    instance_compare(row->instance, asked->instance) == 0);
    return RC_OK;
}

void fold_compare_rules(const struct fold *fold, const struct story *story,
                        const struct form_field *field, struct instance_id instance,
                        const struct said *said) {
    struct asked asked = {.instance = instance, .field = field->number};
    bool expected = false;

    if (!view_is(story->form->name, "home"))
        return;
    for (uint32_t i = 0; i < said->count; i++) /* of a set: of each element */
        expected =
            expected || (said->kind == CELL_SET && said->list[i]->entry->value.type != VALUE_NULL &&
                         !fits(field, &said->list[i]->entry->value));
    if (said->kind == CELL_VALUE)
        expected = !fits(field, &said->fact->entry->value) || is_broken(fold, story, field, said);
    if (expected)
        expected =
            !fold_is_hidden(story, instance) && !is_accepted(fold, story, field, instance, said);
    world_must(
        fold->world,
        store_record_conflicts(fold->ledger->store, story->record, look, &asked, &fold->world->err),
        "what is open about a record");
    if (asked.found != expected)
        fold_differs(fold, said->list[0],
                     expected ? "a rule of the form is broken, and nobody is asked"
                              : "people are asked about a rule that is not broken");
}
