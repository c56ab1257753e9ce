/* Every visible instance of the repeats member, income, expense, supporter and property becomes one
 * fact, in the order of the reading. */
#include "schema/income_facts.h"

#include <limits.h>

struct gather {
    const struct reading *reading;
    const struct form *form;
    struct arena *arena;
    struct income_household *out;
    struct income_unclear *unclear;
    uint32_t unclear_capacity;
    struct instance_id at;    /* the instance at hand */
    const struct view *names; /* of the members */
};

static void mark_unclear(struct gather *gather, uint16_t field, enum income_unclear_why why) {
    struct income_unclear *unclear =
        arena_push(gather->arena, &gather->unclear, &gather->out->unclear_count,
                   &gather->unclear_capacity, sizeof(*unclear));

    if (unclear != NULL)
        *unclear =
            (struct income_unclear){.instance = gather->at, .field = field, .why = (uint8_t)why};
}

/* The value of a field of the instance at hand; NULL without one. */
static const struct value *value_at(struct gather *gather, const char *path) {
    const struct form_field *field = form_field_by_path(gather->form, view_text(path));
    const struct cell *cell;

    if (field == NULL)
        return NULL;
    cell = reading_cell(gather->reading, gather->at, field->number);
    if (cell != NULL && cell->kind == CELL_CONFLICT)
        mark_unclear(gather, field->number, INCOME_UNCLEAR_CONFLICT);
    return cell != NULL && cell->kind == CELL_VALUE ? &cell->value : NULL;
}

static struct view text_at(struct gather *gather, const char *path) {
    const struct value *value = value_at(gather, path);

    return value != NULL && value->type == VALUE_TEXT ? value->bytes : (struct view){0};
}

static bool is_at(struct gather *gather, const char *path, const char *text) {
    return view_is(text_at(gather, path), text);
}

/* A choice whose names are numbers; 0 without one. */
static int32_t code_at(struct gather *gather, const char *path) {
    int64_t code = 0;

    return parse_i64(text_at(gather, path), &code) && code >= 0 && code <= INT32_MAX ? (int32_t)code
                                                                                     : 0;
}

/* A whole number, or otherwise. */
static int64_t number_at(struct gather *gather, const char *path, int64_t otherwise) {
    const struct value *value = value_at(gather, path);

    return value != NULL && value->type == VALUE_INT ? value->number : otherwise;
}

/* The same where few are meant; what is too large stays too large. */
static int32_t small_at(struct gather *gather, const char *path, int32_t otherwise) {
    int64_t number = number_at(gather, path, otherwise);

    return number > INT32_MAX ? INT32_MAX : number < -1 ? -1 : (int32_t)number;
}

static struct decimal decimal_at(struct gather *gather, const char *path) {
    const struct value *value = value_at(gather, path);

    if (value != NULL && value->type == VALUE_DECIMAL)
        return decimal_trim((struct decimal){.mantissa = value->number, .scale = value->scale});
    return (struct decimal){.mantissa =
                                value != NULL && value->type == VALUE_INT ? value->number : 0};
}

static struct date date_at(struct gather *gather, const char *path) {
    const struct value *value = value_at(gather, path);

    return value != NULL && value->type == VALUE_DATE ? date_from_days(value->number)
                                                      : (struct date){0};
}

/* The first of two fields that has an answer. */
static const char *answered(struct gather *gather, const char *first, const char *second) {
    return value_at(gather, first) != NULL ? first : second;
}

/* The instances of a repeat in their order; *count of them. */
static struct instance_id *instances_of(struct gather *gather, const char *repeat,
                                        uint32_t *count) {
    const struct form_field *field = form_field_by_path(gather->form, view_text(repeat));
    struct instance_id *list = NULL;
    uint32_t capacity = 0;

    *count = 0;
    for (uint32_t i = 0; field != NULL && i < gather->reading->instance_count; i++) {
        const struct seen_instance *seen = &gather->reading->instances[i];
        struct instance_id *id;

        if (seen->repeat != field->number || seen->removed)
            continue;
        id = arena_push(gather->arena, &list, count, &capacity, sizeof(*id));
        if (id == NULL)
            return NULL;
        *id = seen->id;
    }
    return list;
}

static uint32_t member_named(struct gather *gather, const char *path) {
    const struct form_field *field = form_field_by_path(gather->form, view_text(path));
    struct view name = text_trim(text_at(gather, path));
    uint32_t found = INCOME_NOBODY, hits = 0;

    if (name.size == 0)
        return INCOME_NOBODY;
    for (uint32_t i = 0; i < gather->out->facts.member_count; i++)
        if (view_equal(gather->names[i], name)) {
            found = i;
            hits++;
        }
    if (hits != 1 && field != NULL)
        mark_unclear(gather, field->number, INCOME_UNCLEAR_OWNER);
    return hits == 1 ? found : INCOME_NOBODY;
}

/* --- the repeats --- */

static void read_members(struct gather *gather) {
    struct income_facts *facts = &gather->out->facts;
    const struct instance_id *ids = instances_of(gather, "member", &facts->member_count);
    struct income_member *members =
        arena_array(gather->arena, facts->member_count, sizeof(*members));
    struct view *names = arena_array(gather->arena, facts->member_count, sizeof(*names));

    for (uint32_t i = 0; i < facts->member_count && members != NULL && names != NULL; i++) {
        const char *labour;

        gather->at = ids[i];
        names[i] = text_trim(text_at(gather, "member/name"));
        labour = answered(gather, "member/labour_observed", "member/labour");
        members[i] = (struct income_member){
            .birth = date_at(gather, "member/birth"),
            .counted = is_at(gather, "member/counting/counted", "1"),
            .student = is_at(gather, "member/employment", "2") || is_at(gather, labour, "4"),
            .cannot_work = is_at(gather, labour, "3"),
            .is_carer = is_at(gather, "member/is_carer", "1"),
            .seriously_ill = text_at(gather, "member/illness_major").size > 0,
            .health = code_at(gather, answered(gather, "member/health_observed", "member/health")),
            .disability = code_at(gather, "member/disability/dis_grade"),
            .works_far =
                is_at(gather, "member/work_place", "3") || is_at(gather, "member/work_place", "4")};
        if (members[i].counted && members[i].birth.year == 0) {
            const struct form_field *birth =
                form_field_by_path(gather->form, view_text("member/birth"));

            mark_unclear(gather, birth == NULL ? 0 : birth->number, INCOME_UNCLEAR_BIRTH);
        }
    }
    facts->members = members;
    gather->out->members = ids;
    gather->names = names;
}

static void read_items(struct gather *gather) {
    struct income_facts *facts = &gather->out->facts;
    const struct instance_id *ids = instances_of(gather, "income", &facts->item_count);
    struct income_item *items = arena_array(gather->arena, facts->item_count, sizeof(*items));

    for (uint32_t i = 0; i < facts->item_count && items != NULL; i++) {
        struct view method;

        gather->at = ids[i];
        method = text_at(gather, "income/method");
        items[i] = (struct income_item){
            .code = text_at(gather, "income/item_code"),
            .member = member_named(gather, "income/owner"),
            .quantity = decimal_at(gather, answered(gather, "income/qty_observed", "income/qty")),
            .amount_fen = number_at(
                gather, answered(gather, "income/document_fen", "income/declared_fen"), -1),
            .by_document = (view_is(method, "1") || view_is(method, "6")) &&
                           value_at(gather, "income/document_fen") != NULL,
            .loss_percent = small_at(gather, "income/loss_pct", 0),
            .from = date_at(gather, "income/period_from"),
            .to = date_at(gather, "income/period_to")};
    }
    facts->items = items;
    gather->out->items = ids;
}

static void read_expenses(struct gather *gather) {
    struct income_facts *facts = &gather->out->facts;
    const struct instance_id *ids = instances_of(gather, "expense", &facts->expense_count);
    struct income_expense *expenses =
        arena_array(gather->arena, facts->expense_count, sizeof(*expenses));

    for (uint32_t i = 0; i < facts->expense_count && expenses != NULL; i++) {
        int32_t kind;

        gather->at = ids[i];
        kind = code_at(gather, "expense/kind");
        expenses[i] = (struct income_expense){
            .kind = kind <= UINT8_MAX ? (uint8_t)kind : 0,
            .member = member_named(gather, "expense/owner"),
            .self_paid_fen = number_at(gather, "expense/amount_fen", 0) -
                             number_at(gather, "expense/insurance_paid_fen", 0)};
    }
    facts->expenses = expenses;
}

/* How many members a text of names tells, parted by spaces, commas or the enumeration comma. */
static int32_t members_named(struct gather *gather, const char *path) {
    struct view text = text_at(gather, path);
    int32_t count = 0;

    for (uint32_t i = 0; i < gather->out->facts.member_count; i++) {
        struct view name = gather->names[i];

        for (size_t from = 0; name.size > 0 && from + name.size <= text.size; from++)
            if (memcmp(text.data + from, name.data, name.size) == 0) {
                count++;
                break;
            }
    }
    return count;
}

static void read_supporters(struct gather *gather) {
    struct income_facts *facts = &gather->out->facts;
    const struct instance_id *ids = instances_of(gather, "supporter", &facts->supporter_count);
    struct income_supporter *supporters =
        arena_array(gather->arena, facts->supporter_count, sizeof(*supporters));

    for (uint32_t i = 0; i < facts->supporter_count && supporters != NULL; i++) {
        int32_t here;

        gather->at = ids[i];
        here = members_named(gather, "supporter/supports");
        supporters[i] = (struct income_supporter){
            .income_fen = number_at(
                gather,
                answered(gather, "supporter/annual_income_fen", "supporter/declared_income_fen"),
                0),
            .family_size = small_at(gather, "supporter/family_size", 1),
            .duty_count = small_at(gather, "supporter/duty_count", 1),
            .supported_here = here,
            .urban = is_at(gather, "supporter/standard_kind", "U"),
            .incapable = text_at(gather, "supporter/incapable_reason").size > 0,
            .basis = (uint8_t)(code_at(gather, "supporter/basis") & 0xff),
            .agreed_fen = number_at(gather, "supporter/agreed_fen", -1),
            .actual_fen = number_at(gather, "supporter/actual_fen", -1)};
        if (here == 0) {
            const struct form_field *field =
                form_field_by_path(gather->form, view_text("supporter/supports"));

            mark_unclear(gather, field == NULL ? 0 : field->number, INCOME_UNCLEAR_OWNER);
        }
    }
    facts->supporters = supporters;
    gather->out->supporters = ids;
}

static uint8_t holding_kind(struct gather *gather) {
    switch (code_at(gather, "property/kind")) {
    case 2: /* a motor cycle or a farm vehicle is no car */
        return is_at(gather, "property/vehicle/vehicle_kind", "2") ? INCOME_PROPERTY_CAR
                                                                   : INCOME_PROPERTY_OTHER;
    case 4: /* deposits, securities, insurance, money lent */
    case 5:
    case 6:
    case 7:
        return INCOME_PROPERTY_ASSETS;
    case 8:
        return INCOME_PROPERTY_COMPANY;
    default:
        return INCOME_PROPERTY_OTHER;
    }
}

static void read_holdings(struct gather *gather) {
    struct income_facts *facts = &gather->out->facts;
    const struct instance_id *ids = instances_of(gather, "property", &facts->holding_count);
    struct income_holding *holdings =
        arena_array(gather->arena, facts->holding_count, sizeof(*holdings));

    for (uint32_t i = 0; i < facts->holding_count && holdings != NULL; i++) {
        gather->at = ids[i];
        holdings[i] = (struct income_holding){
            .kind = holding_kind(gather),
            .value_fen = number_at(
                gather, answered(gather, "property/value_fen", "property/declared_fen"), 0),
            .exempt = is_at(gather, "property/exempt", "1")};
    }
    facts->holdings = holdings;
}

enum rc income_household_read(const struct reading *reading, struct date reference,
                              struct arena *arena, struct income_household *out, struct err *err) {
    struct gather gather = {.reading = reading, .form = reading->form, .arena = arena, .out = out};

    *out = (struct income_household){0};
    if (reading->form == NULL)
        return err_set(err, RC_INVALID, "income: the record's form is not known here");
    out->facts.reference = reference;
    out->facts.urban = is_at(&gather, "home/hukou_nature", "1");
    read_members(&gather);
    read_items(&gather);
    read_expenses(&gather);
    read_supporters(&gather);
    read_holdings(&gather);
    out->unclear = gather.unclear;
    return arena_check(arena, "income", err);
}
