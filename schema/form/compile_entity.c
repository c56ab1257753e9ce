/* compile_entity.c: the entities sheet: what is declared, and in which group.
 *
 * An entity lives in the innermost repeat that anything it needs lives in; everything else that it
 * needs must be in that repeat or around it. Within the repeat (or the form) each group declares
 * one entity at most: it is the group that holds all questions saved to it, or without these the
 * innermost group that its expressions look into, or, if that is taken, the next one around. A form
 * with one entity and no repeat declares it at the top. */
#include "base/text.h"
#include "schema/form/compile.h"

struct declared { /* while it is placed */
    struct entity *entity;
    uint32_t scope;     /* the repeat it lives in, or NO_PARENT */
    uint32_t preferred; /* the group, or NO_PARENT */
    bool has_saved;
};

#define WRONG_ENTITY(compiler, at, kind, ...)                                                      \
    finding_add((compiler), true, (compiler)->entities.sheet, (at),                                \
                (compiler)->entities.first[kind], __VA_ARGS__)

static bool begins(struct view text, const char *start) {
    size_t size = strlen(start);

    return text.size >= size && memcmp(text.data, start, size) == 0;
}

static void check_declaration(struct compiler *compiler, const struct entity *entity) {
    uint32_t row = entity->row;

    if (entity->list.size == 0)
        WRONG_ENTITY(compiler, row, COLUMN_LIST_NAME, "the name of the entity list is missing");
    else if (begins(entity->list, "__"))
        WRONG_ENTITY(compiler, row, COLUMN_LIST_NAME,
                     "\"%.*s\" begins with two underscores, which only the system's names do",
                     VIEW_PRINT(finding_shown(entity->list)));
    else if (memchr(entity->list.data, '.', entity->list.size) != NULL ||
             !form_name_valid(entity->list))
        WRONG_ENTITY(compiler, row, COLUMN_LIST_NAME,
                     "\"%.*s\" can not be the name of an entity list; use letters, digits, _ and -",
                     VIEW_PRINT(finding_shown(entity->list)));
    if (entity->label.size == 0 && (entity->id.size == 0 || entity->create_if.size > 0))
        WRONG_ENTITY(
            compiler, row, COLUMN_LABEL,
            "an entity that is made needs a label; only one that is changed, by its entity_id, "
            "needs none");
    if (entity->id.size > 0 && entity->create_if.size > 0 && entity->update_if.size == 0)
        WRONG_ENTITY(compiler, row, COLUMN_UPDATE_IF,
                     "with create_if and entity_id, update_if must say when the entity is changed");
    if (entity->id.size == 0 && entity->update_if.size > 0)
        WRONG_ENTITY(compiler, row, COLUMN_ENTITY_ID,
                     "update_if needs the entity_id of what is changed");
}

static void read_declarations(struct compiler *compiler) {
    const struct table *table = &compiler->entities;
    uint32_t capacity = 0;

    for (uint32_t row = 1; table->sheet != NULL && row < table->sheet->row_count; row++) {
        struct entity *entity;

        if (row_is_empty(table->sheet, row))
            continue;
        entity = arena_push(compiler->arena, &compiler->entities_declared, &compiler->entity_count,
                            &capacity, sizeof(*entity));
        if (entity == NULL) {
            compiler->failed = RC_NO_MEMORY;
            return;
        }
        *entity = (struct entity){.row = row,
                                  .list = table_cell(table, row, COLUMN_LIST_NAME),
                                  .label = table_cell(table, row, COLUMN_LABEL),
                                  .id = table_cell(table, row, COLUMN_ENTITY_ID),
                                  .create_if = table_cell(table, row, COLUMN_CREATE_IF),
                                  .update_if = table_cell(table, row, COLUMN_UPDATE_IF),
                                  .container = NO_PARENT};
        check_declaration(compiler, entity);
    }
}

/* --- saving --- */

/* Splits "list#property". */
static struct view property_of(struct view text, struct view *list, bool *is_doubled) {
    const uint8_t *mark = memchr(text.data, '#', text.size);
    size_t at = mark == NULL ? 0 : (size_t)(mark - text.data);
    struct view rest;

    *list = view_slice(text, 0, at);
    if (mark == NULL) {
        *is_doubled = false;
        return text;
    }
    rest = view_slice(text, at + 1, text.size);
    *is_doubled = rest.size > 0 && memchr(rest.data, '#', rest.size) != NULL;
    return rest;
}

static bool is_reserved(struct view name) {
    char small[8];

    if (name.size == 0 || name.size >= sizeof(small))
        return false;
    memcpy(small, name.data, name.size);
    small[name.size] = '\0';
    text_to_lower(small);
    return strcmp(small, "name") == 0 || strcmp(small, "label") == 0;
}

/* The entity that the row is saved to; NULL after a finding. */
static struct entity *saved_to(struct compiler *compiler, uint32_t index) {
    const struct survey_row *row = &compiler->rows[index];
    struct survey survey = {.compiler = compiler, .sheet = compiler->survey.sheet, .row = row->row};
    struct view list, name;
    bool is_doubled;

    name = property_of(row->save_to, &list, &is_doubled);
    if (compiler->entity_count == 0)
        FINDING(&survey, true, COLUMN_SAVE_TO,
                "nothing is declared that could be saved to; add a sheet entities");
    else if (row->spec->kind == ROW_BEGIN)
        FINDING(&survey, true, COLUMN_SAVE_TO,
                "a group or repeat can not be saved to an entity; leave this empty here");
    else if (is_doubled)
        FINDING(&survey, true, COLUMN_SAVE_TO, "write one # at most, between list and property");
    else if (is_reserved(name))
        FINDING(&survey, true, COLUMN_SAVE_TO,
                "a property can not be named name or label, which every entity has");
    else if (begins(name, "__"))
        FINDING(&survey, true, COLUMN_SAVE_TO,
                "\"%.*s\" begins with two underscores, which only the system's names do",
                VIEW_PRINT(finding_shown(name)));
    else if (!form_name_valid(name))
        FINDING(&survey, true, COLUMN_SAVE_TO,
                "\"%.*s\" can not be a name; use letters, digits, _ - and ., and no blank",
                VIEW_PRINT(finding_shown(name)));
    else if (list.size == 0 && compiler->entity_count > 1)
        FINDING(&survey, true, COLUMN_SAVE_TO,
                "with several entities, write list#property here, to say which is meant");
    else if (list.size == 0)
        return compiler->entities_declared;
    else
        for (uint32_t i = 0; i < compiler->entity_count; i++)
            if (view_equal(compiler->entities_declared[i].list, list))
                return &compiler->entities_declared[i];
    if (list.size > 0 && compiler->entity_count > 0 && !is_doubled && form_name_valid(name))
        FINDING(&survey, true, COLUMN_SAVE_TO,
                "the entity list \"%.*s\" is not on the sheet entities",
                VIEW_PRINT(finding_shown(list)));
    return NULL;
}

static void check_properties(struct compiler *compiler) {
    for (uint32_t i = 0; i < compiler->row_count; i++) {
        for (uint32_t j = 0; j < i && compiler->rows[i].save_to.size > 0; j++) {
            const struct survey_row *a = &compiler->rows[j], *b = &compiler->rows[i];

            if (!view_equal(a->save_to, b->save_to))
                continue;
            finding_add(compiler, true, compiler->survey.sheet, b->row,
                        compiler->survey.first[COLUMN_SAVE_TO],
                        "\"%.*s\" is saved by row %u already; choose another property",
                        VIEW_PRINT(finding_shown(b->save_to)), a->row + 1);
            break;
        }
    }
}

/* --- placing --- */

/* Whether one repeat is the other or lies around it. */
static bool around(const struct compiler *compiler, uint32_t outer, uint32_t inner) {
    while (inner != outer && inner != NO_PARENT)
        inner = compiler->rows[inner].repeat;
    return inner == outer;
}

static uint32_t depth_of(const struct compiler *compiler, uint32_t row) {
    uint32_t depth = 0;

    for (; row != NO_PARENT; row = compiler->rows[row].parent)
        depth++;
    return depth;
}

static uint32_t repeats_around(const struct compiler *compiler, uint32_t repeat) {
    uint32_t count = 0;

    for (; repeat != NO_PARENT; repeat = compiler->rows[repeat].repeat)
        count++;
    return count;
}

static uint32_t common_group(const struct compiler *compiler, uint32_t left, uint32_t right) {
    for (; left != NO_PARENT; left = compiler->rows[left].parent)
        for (uint32_t at = right; at != NO_PARENT; at = compiler->rows[at].parent)
            if (at == left)
                return left;
    return NO_PARENT;
}

typedef void visit_fn(struct compiler *compiler, struct declared *declared, uint32_t row,
                      bool is_saved);

/* Every question that the entity needs, the saved ones first. */
static void visit(struct compiler *compiler, struct declared *declared, visit_fn *fn) {
    const struct entity *entity = declared->entity;
    const struct view texts[] = {entity->label, entity->id, entity->create_if, entity->update_if};
    struct reference reference;
    bool ambiguous;

    for (uint32_t i = 0; i < compiler->row_count; i++) {
        struct view list;
        bool doubled;

        if (compiler->rows[i].save_to.size == 0)
            continue;
        (void)property_of(compiler->rows[i].save_to, &list, &doubled);
        if (list.size == 0 ? compiler->entity_count == 1 : view_equal(list, entity->list))
            fn(compiler, declared, i, true);
    }
    for (size_t i = 0; i < 4; i++) {
        for (size_t at = 0; reference_next(texts[i], at, &reference); at = reference.end) {
            uint32_t row = reference_row(compiler, reference.name, NO_PARENT, &ambiguous);

            if (row != NO_ROW && !reference.is_last_saved)
                fn(compiler, declared, row, false);
            else if (row == NO_ROW)
                WRONG_ENTITY(compiler, entity->row, COLUMN_LABEL,
                             "${%.*s} means a question that does not exist; check the name",
                             VIEW_PRINT(finding_shown(reference.name)));
        }
    }
}

static void find_scope(struct compiler *compiler, struct declared *declared, uint32_t row,
                       bool is_saved) {
    uint32_t repeat = compiler->rows[row].repeat;

    (void)is_saved;
    if (repeats_around(compiler, repeat) > repeats_around(compiler, declared->scope))
        declared->scope = repeat;
}

static void find_group(struct compiler *compiler, struct declared *declared, uint32_t row,
                       bool is_saved) {
    const struct survey_row *at = &compiler->rows[row];
    struct entity *entity = declared->entity;

    if (is_saved && at->repeat != declared->scope) {
        finding_add(
            compiler, true, compiler->survey.sheet, at->row, compiler->survey.first[COLUMN_SAVE_TO],
            "this question is in another repeat than what else the entity %.*s needs; bring "
            "it there by a calculate",
            VIEW_PRINT(finding_shown(entity->list)));
    } else if (!is_saved && !around(compiler, at->repeat, declared->scope)) {
        WRONG_ENTITY(
            compiler, entity->row, COLUMN_LABEL,
            "${%.*s} is in another repeat than what else this entity needs; bring it there by a "
            "calculate",
            VIEW_PRINT(finding_shown(at->name)));
    } else if (is_saved) {
        declared->preferred = declared->has_saved
                                  ? common_group(compiler, declared->preferred, at->parent)
                                  : at->parent;
        declared->has_saved = true;
    } else if (!declared->has_saved && at->repeat == declared->scope &&
               depth_of(compiler, at->parent) > depth_of(compiler, declared->preferred)) {
        declared->preferred = at->parent;
    }
}

static const struct entity *holder(const struct compiler *compiler, uint32_t container,
                                   const bool *placed) {
    for (uint32_t i = 0; i < compiler->entity_count; i++)
        if (placed[i] && compiler->entities_declared[i].container == container)
            return &compiler->entities_declared[i];
    return NULL;
}

static void place(struct compiler *compiler, struct declared *declared, bool *placed) {
    struct entity *entity = declared->entity;
    uint32_t group = declared->preferred;
    const struct entity *taken = holder(compiler, group, placed);

    while (taken != NULL && !declared->has_saved && group != declared->scope &&
           group != NO_PARENT) {
        group = compiler->rows[group].parent;
        taken = holder(compiler, group, placed);
    }
    if (taken != NULL) {
        WRONG_ENTITY(
            compiler, entity->row, COLUMN_LIST_NAME,
            "the entity in row %u has the group already that this one belongs in; put their "
            "questions into groups of their own",
            taken->row + 1);
        return;
    }
    entity->container = group;
    placed[entity - compiler->entities_declared] = true;
}

static void place_all(struct compiler *compiler) {
    uint32_t count = compiler->entity_count;
    struct declared *declared = compile_array(compiler, count, sizeof(*declared));
    bool *placed = compile_array(compiler, count, sizeof(*placed));

    if (declared == NULL || placed == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        declared[i] = (struct declared){
            .entity = &compiler->entities_declared[i], .scope = NO_PARENT, .preferred = NO_PARENT};
        visit(compiler, &declared[i], find_scope);
        declared[i].preferred = declared[i].scope;
        visit(compiler, &declared[i], find_group);
        if (count == 1 && declared[i].scope == NO_PARENT)
            declared[i].preferred = NO_PARENT;
    }
    for (int saved = 1; saved >= 0; saved--)
        for (uint32_t i = 0; i < count; i++)
            if (declared[i].has_saved == (saved == 1))
                place(compiler, &declared[i], placed);
}

void compile_entities(struct compiler *compiler) {
    read_declarations(compiler);
    for (uint32_t i = 0; i < compiler->row_count; i++)
        if (compiler->rows[i].save_to.size > 0)
            (void)saved_to(compiler, i);
    check_properties(compiler);
    if (compiler->findings->error_count == 0 && compiler->entity_count > 0)
        place_all(compiler);
}
