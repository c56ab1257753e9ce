/* form_difference.c: see form_difference.h. Fields are the same if their paths are: their numbers
 * follow the paths. Languages are the same if their names are. */
#include "schema/form/form_difference.h"

#include "base/words.h"
#include "schema/area.h"
#include "schema/form/form_json.h"

#include <stdio.h>
#include <string.h>

struct differing {
    const struct form *before, *after;
    form_difference_visit *visit;
    void *context;
    struct err *err;
};

static enum rc tell(const struct differing *at, struct form_difference difference) {
    return at->visit(at->context, &difference, at->err);
}

/* --- what a change does to answers that are there --- */

#define KEPT_UNSEEN WORD("answers stay in the records, and are not shown any more")
#define NO_CHOICE   WORD("answers that say it are no choice any more, and show as broken rules")
#define RULE        WORD("answers that are there are held against it, and may show as broken rules")
#define WARNS       WORD("answers that are there are held against it when a record is edited")
#define DEMANDS     WORD("records without an answer have to be completed when they are edited next")
#define COMPUTES    WORD("is computed anew in every record")
#define HIDES       WORD("answers that are there may be hidden, or others be asked for")
#define MERGES      WORD("different answers that stand side by side are merged by the new policy")
#define SEALS       WORD("holds for seals that are made from now on")
#define MASKS       WORD("lists and exports show it otherwise from now on")
#define READS       WORD("what is computed with it changes in every record")

/* --- one property --- */

static enum rc text_property(const struct differing *at, struct form_difference base,
                             const char *property, struct view before, struct view after,
                             const char *effect) {
    if (view_equal(before, after))
        return RC_OK;
    base.kind = FORM_CHANGED;
    base.property = property;
    base.before = before;
    base.after = after;
    base.effect = effect;
    return tell(at, base);
}

static enum rc flag_property(const struct differing *at, struct form_difference base,
                             const char *property, bool before, bool after, const char *effect) {
    return text_property(at, base, property, view_text(before ? "yes" : "no"),
                         view_text(after ? "yes" : "no"), effect);
}

static struct view in_language(const struct form *form, const struct form_text *text,
                               struct view language) {
    for (uint32_t i = 0; i < form->language_count; i++)
        if (view_equal(form->languages[i], language))
            return text->by_language == NULL ? (struct view){0} : text->by_language[i];
    return (struct view){0};
}

static enum rc words_property(const struct differing *at, struct form_difference base,
                              const char *property, const struct form_text *before,
                              const struct form_text *after) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < at->after->language_count && rc == RC_OK; i++) {
        base.language = at->after->languages[i];
        rc = text_property(at, base, property, in_language(at->before, before, base.language),
                           in_language(at->after, after, base.language), NULL);
    }
    for (uint32_t i = 0; i < at->before->language_count && rc == RC_OK; i++) {
        bool stays = false;

        base.language = at->before->languages[i];
        for (uint32_t k = 0; k < at->after->language_count; k++)
            stays = stays || view_equal(at->after->languages[k], base.language);
        if (!stays)
            rc = text_property(at, base, property, in_language(at->before, before, base.language),
                               (struct view){0}, NULL);
    }
    return rc;
}

/* --- settings --- */

static enum rc settings(const struct differing *at) {
    const struct form *before = at->before, *after = at->after;
    struct form_difference base = {.part = FORM_PART_SETTING};
    enum rc rc = text_property(at, base, WORD("version"), before->version, after->version, NULL);

    if (rc == RC_OK)
        rc = words_property(at, base, WORD("title"), &before->title, &after->title);
    if (rc == RC_OK)
        rc = text_property(at, base, WORD("audience"),
                           view_text(audience_name((enum audience)before->audience)),
                           view_text(audience_name((enum audience)after->audience)),
                           WORD("other tablets and people see its records"));
    if (rc == RC_OK)
        rc = text_property(at, base, WORD("instance name"), before->instance_name,
                           after->instance_name, WORD("records are called otherwise in lists"));
    return rc;
}

/* --- fields --- */

struct field_text {
    const char *name;
    size_t at; /* of a struct view in struct form_field */
    const char *effect;
};

static const struct field_text FIELD_TEXTS[] = {
    {WORD("type"), offsetof(struct form_field, xlsform_type), NULL},
    {WORD("relevant"), offsetof(struct form_field, relevant), HIDES},
    {WORD("constraint"), offsetof(struct form_field, constraint), RULE},
    {WORD("warning"), offsetof(struct form_field, warning), WARNS},
    {WORD("calculation"), offsetof(struct form_field, calculation), COMPUTES},
    {WORD("choice filter"), offsetof(struct form_field, choice_filter), RULE},
    {WORD("required"), offsetof(struct form_field, required_if), DEMANDS},
    {WORD("read only"), offsetof(struct form_field, read_only_if), NULL},
    {WORD("default"), offsetof(struct form_field, default_value), NULL},
    {WORD("appearance"), offsetof(struct form_field, appearance), NULL},
    {WORD("parameters"), offsetof(struct form_field, parameters), NULL},
    {WORD("repeat count"), offsetof(struct form_field, repeat_count), HIDES},
    {WORD("trigger"), offsetof(struct form_field, trigger), NULL},
};

static struct view text_at(const struct form_field *field, size_t offset) {
    struct view text;

    memcpy(&text, (const char *)field + offset, sizeof(text));
    return text;
}

static struct view scope_of(const struct form *form, const struct form_field *field) {
    return field->scope == FORM_NO_SCOPE ? (struct view){0} : form->scopes[field->scope];
}

static struct view group_of(const struct form *form, const struct form_field *field) {
    const struct form_field *first =
        field->merge_group == 0 ? NULL : form_field_by_number(form, field->merge_group);

    return first == NULL ? (struct view){0} : first->path;
}

static const char *posting_word(uint8_t posting) {
    return posting == POSTING_YES ? "yes" : posting == POSTING_MASK ? "mask" : "no";
}

static enum rc field_words(const struct differing *at, struct form_difference base,
                           const struct form_field *before, const struct form_field *after) {
    enum rc rc = words_property(at, base, WORD("label"), &before->label, &after->label);

    if (rc == RC_OK)
        rc = words_property(at, base, WORD("hint"), &before->hint, &after->hint);
    if (rc == RC_OK)
        rc = words_property(at, base, WORD("constraint message"), &before->constraint_message,
                            &after->constraint_message);
    if (rc == RC_OK)
        rc = words_property(at, base, WORD("required message"), &before->required_message,
                            &after->required_message);
    if (rc == RC_OK)
        rc = words_property(at, base, WORD("warning message"), &before->warning_message,
                            &after->warning_message);
    return rc;
}

static enum rc field_rules(const struct differing *at, struct form_difference base,
                           const struct form_field *before, const struct form_field *after) {
    enum rc rc =
        text_property(at, base, WORD("policy"), view_text(policy_name((enum policy)before->policy)),
                      view_text(policy_name((enum policy)after->policy)), MERGES);

    if (rc == RC_OK)
        rc = text_property(at, base, WORD("merge group"), group_of(at->before, before),
                           group_of(at->after, after), MERGES);
    if (rc == RC_OK)
        rc = text_property(at, base, WORD("seal"), scope_of(at->before, before),
                           scope_of(at->after, after), SEALS);
    if (rc == RC_OK)
        rc = flag_property(at, base, WORD("sensitive"), before->sensitive, after->sensitive, MASKS);
    if (rc == RC_OK)
        rc = text_property(at, base, WORD("posting"), view_text(posting_word(before->posting)),
                           view_text(posting_word(after->posting)), MASKS);
    if (rc == RC_OK)
        rc = flag_property(at, base, WORD("required"), before->required, after->required,
                           after->required ? DEMANDS : NULL);
    if (rc == RC_OK)
        rc = flag_property(at, base, WORD("read only"), before->read_only, after->read_only, NULL);
    if (rc == RC_OK)
        rc = flag_property(at, base, WORD("key"), before->key, after->key,
                           WORD("the same answer elsewhere proposes two records as one"));
    return rc;
}

static enum rc field_changed(const struct differing *at, const struct form_field *before,
                             const struct form_field *after) {
    struct form_difference base = {.part = FORM_PART_FIELD, .name = after->path};
    enum rc rc = field_words(at, base, before, after);

    for (size_t i = 0; i < sizeof(FIELD_TEXTS) / sizeof(FIELD_TEXTS[0]) && rc == RC_OK; i++)
        rc = text_property(at, base, FIELD_TEXTS[i].name, text_at(before, FIELD_TEXTS[i].at),
                           text_at(after, FIELD_TEXTS[i].at), FIELD_TEXTS[i].effect);
    return rc == RC_OK ? field_rules(at, base, before, after) : rc;
}

static struct view label_of(const struct form *form, const struct form_text *text) {
    return *form_label(form, text, (struct view){0});
}

static enum rc fields(const struct differing *at) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < at->after->field_count && rc == RC_OK; i++) {
        const struct form_field *after = &at->after->fields[i];
        const struct form_field *before = form_field_by_path(at->before, after->path);

        rc = before != NULL
                 ? field_changed(at, before, after)
                 : tell(at, (struct form_difference){.kind = FORM_ADDED,
                                                     .part = FORM_PART_FIELD,
                                                     .name = after->path,
                                                     .after = label_of(at->after, &after->label),
                                                     .effect = after->required ? DEMANDS : NULL});
    }
    for (uint32_t i = 0; i < at->before->field_count && rc == RC_OK; i++) {
        const struct form_field *before = &at->before->fields[i];

        if (form_field_by_path(at->after, before->path) == NULL)
            rc = tell(at, (struct form_difference){
                              .kind = FORM_REMOVED,
                              .part = FORM_PART_FIELD,
                              .name = before->path,
                              .before = label_of(at->before, &before->label),
                              .effect = form_field_holds_value(before) ? KEPT_UNSEEN : NULL});
    }
    return rc;
}

/* --- choices --- */

static const struct form_list *list_named(const struct form *form, struct view name) {
    for (uint32_t i = 0; i < form->list_count; i++)
        if (view_equal(form->lists[i].name, name))
            return &form->lists[i];
    return NULL;
}

/* what is there and not in the other form. */
static enum rc came_or_went(const struct differing *at, const struct form *form,
                            const struct form *other, uint8_t kind) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < form->list_count; i++) {
        const struct form_list *list = &form->lists[i], *there = list_named(other, list->name);

        for (uint32_t k = 0; k < list->choice_count && rc == RC_OK; k++) {
            const struct form_choice *choice = &list->choices[k];
            struct view label = label_of(form, &choice->label);

            if (there != NULL && form_list_choice(there, choice->name) != NULL)
                continue;
            rc = tell(at, (struct form_difference){
                              .kind = kind,
                              .part = FORM_PART_CHOICE,
                              .name = list->name,
                              .choice = choice->name,
                              .before = kind == FORM_REMOVED ? label : (struct view){0},
                              .after = kind == FORM_ADDED ? label : (struct view){0},
                              .effect = kind == FORM_REMOVED ? NO_CHOICE : NULL});
        }
    }
    return rc;
}

static enum rc choices(const struct differing *at) {
    enum rc rc = came_or_went(at, at->after, at->before, FORM_ADDED);

    for (uint32_t i = 0; i < at->after->list_count && rc == RC_OK; i++) {
        const struct form_list *list = &at->after->lists[i];
        const struct form_list *there = list_named(at->before, list->name);

        for (uint32_t k = 0; there != NULL && k < list->choice_count && rc == RC_OK; k++) {
            const struct form_choice *before = form_list_choice(there, list->choices[k].name);
            struct form_difference base = {
                .part = FORM_PART_CHOICE, .name = list->name, .choice = list->choices[k].name};

            if (before != NULL)
                rc = words_property(at, base, WORD("label"), &before->label,
                                    &list->choices[k].label);
        }
    }
    return rc == RC_OK ? came_or_went(at, at->before, at->after, FORM_REMOVED) : rc;
}

/* --- tables beside it --- */

static const struct form_file *file_named(const struct form *form, struct view name) {
    for (uint32_t i = 0; i < form->file_count; i++)
        if (view_equal(form->files[i].name, name))
            return &form->files[i];
    return NULL;
}

static enum rc files(const struct differing *at) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < at->after->file_count && rc == RC_OK; i++) {
        const struct form_file *after = &at->after->files[i];
        const struct form_file *before = file_named(at->before, after->name);
        struct form_difference difference = {.kind = before == NULL ? FORM_ADDED : FORM_CHANGED,
                                             .part = FORM_PART_FILE,
                                             .name = after->name,
                                             .effect = before == NULL ? NULL : READS};

        if (before == NULL || !view_equal(before->content, after->content))
            rc = tell(at, difference);
    }
    for (uint32_t i = 0; i < at->before->file_count && rc == RC_OK; i++)
        if (file_named(at->after, at->before->files[i].name) == NULL)
            rc = tell(at, (struct form_difference){.kind = FORM_REMOVED,
                                                   .part = FORM_PART_FILE,
                                                   .name = at->before->files[i].name,
                                                   .effect = READS});
    return rc;
}

/* --- what it shows --- */

static enum rc media(const struct differing *at) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < at->after->media_count && rc == RC_OK; i++) {
        const struct form_medium *after = &at->after->media[i];
        const struct form_medium *before = form_medium_named(at->before, after->name);

        if (before == NULL || memcmp(before->hash, after->hash, sizeof(after->hash)) != 0)
            rc = tell(at,
                      (struct form_difference){.kind = before == NULL ? FORM_ADDED : FORM_CHANGED,
                                               .part = FORM_PART_FILE,
                                               .name = after->name});
    }
    for (uint32_t i = 0; i < at->before->media_count && rc == RC_OK; i++)
        if (form_medium_named(at->after, at->before->media[i].name) == NULL)
            rc = tell(at, (struct form_difference){.kind = FORM_REMOVED,
                                                   .part = FORM_PART_FILE,
                                                   .name = at->before->media[i].name});
    return rc;
}

enum rc form_difference(const struct form *before, const struct form *after,
                        form_difference_visit *visit, void *context, struct err *err) {
    const struct differing at = {before, after, visit, context, err};
    enum rc rc = settings(&at);

    if (rc == RC_OK)
        rc = fields(&at);
    if (rc == RC_OK)
        rc = choices(&at);
    if (rc == RC_OK)
        rc = files(&at);
    return rc == RC_OK ? media(&at) : rc;
}
