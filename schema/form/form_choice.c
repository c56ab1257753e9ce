/* form_choice.c: see form_choice.h. */
#include "schema/form/form_choice.h"

#include "base/text.h"
#include "schema/limits.h"

#define LABEL_CHARACTERS  40u
#define LISTED_CHOICES    8u
#define LISTED_TEXT_BYTES 200u

static const struct form_list *list_of(const struct form *form, const struct form_field *field) {
    return field->list < form->list_count ? &form->lists[field->list] : NULL;
}

/* Exactly one name stands in the text. */
static bool takes_one(const struct form_field *field) {
    return field->type == FIELD_TYPE_SELECT_ONE || field->policy == POLICY_UNION;
}

uint32_t word_distance(struct view left, struct view right, uint32_t limit) {
    uint32_t row[NEAREST_BYTES + 1];

    left = view_slice(left, 0, NEAREST_BYTES);
    right = view_slice(right, 0, NEAREST_BYTES);
    if (left.size > right.size + limit || right.size > left.size + limit)
        return limit + 1;
    for (uint32_t j = 0; j <= right.size; j++)
        row[j] = j;
    for (size_t i = 0; i < left.size; i++) {
        uint32_t corner = row[0];

        row[0] = (uint32_t)i + 1;
        for (size_t j = 0; j < right.size; j++) {
            uint32_t change = corner + (left.data[i] == right.data[j] ? 0 : 1);
            uint32_t skip = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;

            corner = row[j + 1];
            row[j + 1] = change < skip ? change : skip;
        }
    }
    return row[right.size];
}

/* The choice that was probably meant: the one with this text as label, else the name that differs
 * least, if not by more than a third of it. */
static const struct form_choice *nearest(const struct form *form, const struct form_list *list,
                                         struct view text) {
    uint32_t best = (uint32_t)(text.size < NEAREST_BYTES ? text.size : NEAREST_BYTES) / 3 + 1;
    const struct form_choice *found = NULL;

    for (uint32_t i = 0; i < list->choice_count; i++) {
        const struct form_choice *choice = &list->choices[i];
        uint32_t distance;

        for (uint32_t j = 0; j < form->language_count && choice->label.by_language != NULL; j++)
            if (view_equal(choice->label.by_language[j], text))
                return choice;
        if (text.size < 3 && choice->name.size < 3)
            continue; /* every code of one or two digits is near to every other */
        distance = word_distance(choice->name, text, best);
        if (distance < best) {
            best = distance;
            found = choice;
        }
    }
    return found;
}

static enum rc refuse(const struct form *form, const struct form_field *field, struct view text,
                      struct err *err) {
    struct view label = utf8_cut(form_field_label(form, field, err->lang), LABEL_CHARACTERS);
    const struct form_list *list = list_of(form, field);
    const struct form_choice *near = nearest(form, list, text);
    char listed[LISTED_TEXT_BYTES];
    size_t used = 0;

    text = utf8_cut(text, LABEL_CHARACTERS);
    if (near != NULL)
        return err_set(
            err, RC_INVALID, "%.*s: \"%.*s\" is not a choice of %.*s; did you mean \"%.*s\"?",
            VIEW_PRINT(label), VIEW_PRINT(text), VIEW_PRINT(list->name), VIEW_PRINT(near->name));
    listed[0] = '\0';
    for (uint32_t i = 0; i < list->choice_count; i++) {
        struct view name = utf8_cut(list->choices[i].name, LABEL_CHARACTERS);
        bool fits = i < LISTED_CHOICES && used + name.size + 8 < sizeof(listed);

        used += (size_t)snprintf(listed + used, sizeof(listed) - used, "%s%.*s", i == 0 ? "" : ", ",
                                 fits ? (int)name.size : 3, fits ? (const char *)name.data : "...");
        if (!fits)
            break;
    }
    return err_set(err, RC_INVALID, "%.*s: \"%.*s\" is not a choice of %.*s; choose from: %s",
                   VIEW_PRINT(label), VIEW_PRINT(text), VIEW_PRINT(list->name), listed);
}

/* The next word at *at, empty at the end. */
static struct view next_word(struct view text, size_t *at) {
    size_t start;

    while (*at < text.size && text.data[*at] <= ' ')
        (*at)++;
    for (start = *at; *at < text.size && text.data[*at] > ' ';)
        (*at)++;
    return view_slice(text, start, *at - start);
}

bool form_choices_known(const struct form *form, const struct form_field *field, struct view text) {
    const struct form_list *list = list_of(form, field);

    return list != NULL && form_list_choice(list, text) != NULL;
}

enum rc form_choices_parse(const struct form *form, const struct form_field *field,
                           struct view text, struct arena *arena, struct view *out,
                           struct err *err) {
    const struct form_list *list = list_of(form, field);
    size_t at = 0, size = 0;
    struct view word;
    uint8_t *joined;
    bool *chosen;

    *out = text;
    if (takes_one(field)) {
        if (list != NULL && form_list_choice(list, text) == NULL)
            return refuse(form, field, text, err);
        *out = arena_view(arena, text);
        return arena_check(arena, "form", err);
    }
    joined = arena_alloc(arena, text.size + 1);
    chosen = arena_array(arena, list == NULL ? 1 : list->choice_count, sizeof(*chosen));
    if (joined == NULL || chosen == NULL)
        return arena_check(arena, "form", err);
    while ((word = next_word(text, &at)).size > 0) {
        const struct form_choice *choice = list == NULL ? NULL : form_list_choice(list, word);

        if (list == NULL) {
            if (size > 0)
                joined[size++] = ' ';
            memcpy(joined + size, word.data, word.size);
            size += word.size;
        } else if (choice == NULL) {
            return refuse(form, field, word, err);
        } else {
            chosen[choice - list->choices] = true;
        }
    }
    for (uint32_t i = 0; list != NULL && i < list->choice_count; i++) {
        struct view name = list->choices[i].name;

        if (!chosen[i])
            continue;
        if (size > 0)
            joined[size++] = ' ';
        memcpy(joined + size, name.data, name.size);
        size += name.size;
    }
    *out = view_of(joined, size);
    return RC_OK;
}

enum rc form_choices_check(const struct form *form, const struct form_field *field,
                           struct view text, struct err *err) {
    const struct form_list *list = list_of(form, field);
    const struct form_choice *last = NULL;
    size_t at = 0, size = 0;
    struct view word;

    if (list == NULL)
        return RC_OK;
    if (takes_one(field))
        return form_list_choice(list, text) == NULL ? refuse(form, field, text, err) : RC_OK;
    while ((word = next_word(text, &at)).size > 0) {
        const struct form_choice *choice = form_list_choice(list, word);

        if (choice == NULL)
            return refuse(form, field, word, err);
        if (last != NULL && choice <= last)
            break;
        last = choice;
        size += word.size + (size > 0 ? 1 : 0);
    }
    if (word.size > 0 || size != text.size) {
        struct view label = utf8_cut(form_field_label(form, field, err->lang), LABEL_CHARACTERS);

        return err_set(err, RC_INVALID,
                       "%.*s: the chosen names stand in order of the list, each once, with one "
                       "space between them",
                       VIEW_PRINT(label));
    }
    return RC_OK;
}
