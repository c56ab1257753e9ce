/* forms.c: the forms that the tablet holds. Not private: stored as they came, compressed JSON.
 *
 * A form lives in an arena of its own as long as the tablet, because records, readings and drafts
 * point into it. One that this program cannot read is kept, so that a newer program finds it. */
#include "agent/store/inside.h"

#include "base/list.h"
#include "base/zip.h"

#include <stdlib.h>

#define FORM_ARENA_BYTES (64u * 1024u * 1024u)
#define FORMS_MAX        4096u

enum rc tablet_read_form(struct view compressed_json, struct arena *arena, struct form **out,
                         struct err *err) {
    struct buf json;
    struct view kept;
    enum rc rc;

    *out = NULL;
    buf_init(&json, LIMIT_FORM_BYTES);
    rc = zip_inflate(compressed_json, LIMIT_FORM_BYTES, 0, &json, err);
    if (rc == RC_OK) {
        kept = arena_view(arena, buf_view(&json)); /* the form may borrow from its text */
        rc = arena_check(arena, "a form", err);
    }
    if (rc == RC_OK)
        rc = form_load(kept, arena, out, err);
    buf_release(&json);
    return rc;
}

static struct form_slot *slot_of(const struct tablet *tablet, uint64_t form) {
    for (size_t i = 0; i < tablet->form_count; i++) {
        if (tablet->forms[i]->form == form)
            return tablet->forms[i];
    }
    return NULL;
}

static void slot_free(struct form_slot *slot) {
    if (slot != NULL)
        arena_release(&slot->arena);
    free(slot);
}

/* *out stays NULL when there was an error; an unreadable form is not one. */
static enum rc slot_make(uint64_t form, uint64_t position, struct view json, struct form_slot **out,
                         struct err *err) {
    struct form_slot *slot = calloc(1, sizeof(*slot));
    struct err reading;
    enum rc rc;

    *out = NULL;
    if (slot == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    slot->form = form;
    slot->position = position;
    arena_init(&slot->arena, FORM_ARENA_BYTES);
    err_init(&reading, err->lang);
    rc = tablet_read_form(json, &slot->arena, &slot->loaded, &reading);
    if (rc == RC_NO_MEMORY) {
        slot_free(slot);
        *err = reading;
        return rc;
    }
    if (rc != RC_OK || slot->loaded->id != form) {
        slot->loaded = NULL;
        arena_release(&slot->arena);
    } else {
        slot->has_rules = form_has_rules(slot->loaded);
    }
    *out = slot;
    return RC_OK;
}

static enum rc slot_push(struct tablet *tablet, struct form_slot *slot, struct err *err) {
    enum rc rc = array_grow(&tablet->forms, sizeof(*tablet->forms), tablet->form_count + 1,
                            FORMS_MAX, "forms", &tablet->form_capacity, err);

    if (rc == RC_OK)
        tablet->forms[tablet->form_count++] = slot;
    return rc;
}

enum rc forms_load(struct tablet *tablet, struct err *err) {
    struct statement *list = tablet->sql[SQL_FORM_LIST];
    enum rc rc;

    while ((rc = statement_step(list, err)) == RC_OK) {
        struct form_slot *slot = NULL;

        rc = slot_make((uint64_t)statement_i64(list, 0), (uint64_t)statement_i64(list, 1),
                       statement_blob(list, 2), &slot, err);
        if (rc == RC_OK)
            rc = slot_push(tablet, slot, err);
        if (rc != RC_OK) {
            slot_free(slot);
            break;
        }
    }
    statement_reset(list);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* What was added by the transaction that was rolled back stands at the end: positions only grow.
 * It is dropped; nobody can have begun to use it. */
enum rc forms_reload(struct tablet *tablet, struct err *err) {
    struct statement *list = tablet->sql[SQL_FORM_LIST];
    size_t kept = 0;
    enum rc rc;

    while ((rc = statement_step(list, err)) == RC_OK)
        kept++;
    statement_reset(list);
    if (rc != RC_NOT_FOUND)
        return rc;
    if (tablet->form_count > kept)
        rules_forget(tablet);
    while (tablet->form_count > kept)
        slot_free(tablet->forms[--tablet->form_count]);
    return RC_OK;
}

enum rc tablet_put_form(struct tablet *tablet, uint64_t form, uint64_t position,
                        struct view compressed_json, bool *is_new, struct err *err) {
    struct statement *put = tablet->sql[SQL_FORM_PUT];
    struct facts facts = tablet->facts;
    struct form_slot *slot = NULL;
    enum rc rc = RC_OK;

    *is_new = slot_of(tablet, form) == NULL;
    if (*is_new) {
        statement_bind_i64(put, 1, (int64_t)form);
        statement_bind_i64(put, 2, (int64_t)position);
        statement_bind_blob(put, 3, compressed_json);
        rc = statement_run(put, err);
        if (rc == RC_OK)
            rc = slot_make(form, position, compressed_json, &slot, err);
        if (rc == RC_OK)
            rc = slot_push(tablet, slot, err);
        if (rc != RC_OK)
            slot_free(slot);
        else if (slot->loaded == NULL)
            rc = tablet_notice(tablet, NOTICE_FORM_BROKEN, form, position, err);
        else
            rc = doubt_again(tablet, err);
    }
    if (rc == RC_OK && position > facts.form_position) {
        facts.form_position = position;
        rc = tablet_put_facts(tablet, &facts, err);
    }
    return rc;
}

bool tablet_form_has_rules(const struct tablet *tablet, uint64_t form_id) {
    const struct form_slot *slot = slot_of(tablet, form_id);

    return slot != NULL && slot->has_rules;
}

void rules_forget(struct tablet *tablet) {
    arena_release(&tablet->rules.arena);
    tablet->rules = (struct tablet_rules){0};
}

/* A form that this program cannot run has no rules here. */
static enum rc rules_of(struct tablet *tablet, const struct form *form, struct err *err) {
    struct tablet_rules *rules = &tablet->rules;
    enum rc rc;

    if (rules->form == form)
        return RC_OK;
    rules_forget(tablet);
    arena_init(&rules->arena, MODEL_ARENA_BYTES);
    rc = form_program_load(form, &rules->arena, &rules->program, err);
    if (rc == RC_OK)
        rc = form_rules_load(&rules->program, &rules->arena, &rules->rules, err);
    if (rc == RC_NO_MEMORY)
        return rc;
    if (rc != RC_OK) {
        err_clear(err);
        rules->rules = (struct form_rules){0};
    }
    rules->form = form;
    return RC_OK;
}

enum rc tablet_examine(struct tablet *tablet, struct reading *reading, struct arena *arena,
                       struct err *err) {
    struct broken_rule *broken = NULL;
    uint32_t count = 0;
    enum rc rc;

    if (reading->form == NULL || !tablet_form_has_rules(tablet, reading->form->id))
        return RC_OK;
    rc = rules_of(tablet, reading->form, err);
    if (rc == RC_OK)
        rc = rules_find(&tablet->rules.rules, reading, arena, &broken, &count, err);
    if (rc == RC_OK)
        return rules_add(reading, broken, count, arena, err);
    if (rc == RC_NO_MEMORY || arena->failed != RC_OK)
        return rc;
    err_clear(err); /* too large to be computed: it can still be shown */
    return RC_OK;
}

const struct form *tablet_form(const struct tablet *tablet, uint64_t form_id) {
    const struct form_slot *slot = slot_of(tablet, form_id);

    return slot == NULL ? NULL : slot->loaded;
}

const struct form *tablet_form_lookup(void *context, uint64_t form_id) {
    return tablet_form(context, form_id);
}

static bool is_newer(const struct form *form, const struct form *than) {
    return than == NULL || form->sequence > than->sequence;
}

const struct form *tablet_form_named(const struct tablet *tablet, struct view name) {
    const struct form *newest = NULL;

    for (size_t i = 0; i < tablet->form_count; i++) {
        const struct form *form = tablet->forms[i]->loaded;

        if (form != NULL && view_equal(form->name, name) && is_newer(form, newest))
            newest = form;
    }
    return newest;
}

static int by_name(const void *left, const void *right) {
    const struct form *const *a = left;
    const struct form *const *b = right;

    return view_compare((*a)->name, (*b)->name);
}

enum rc tablet_forms(const struct tablet *tablet, struct arena *arena,
                     const struct form *const **out, uint32_t *count, struct err *err) {
    const struct form **forms = arena_array(arena, tablet->form_count, sizeof(const struct form *));
    uint32_t found = 0;

    if (forms == NULL)
        return arena_check(arena, "the list of forms", err);
    for (size_t i = 0; i < tablet->form_count; i++) {
        const struct form *form = tablet->forms[i]->loaded;

        if (form != NULL && tablet_form_named(tablet, form->name) == form)
            forms[found++] = form;
    }
    if (found > 0)
        qsort(forms, found, sizeof(const struct form *), by_name);
    *out = forms;
    *count = found;
    return RC_OK;
}
