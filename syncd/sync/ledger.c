/* ledger.c: see ledger.h. */
#include "syncd/sync/ledger.h"

#include "base/list.h"
#include "schema/form/rules.h"

#include <stdlib.h>

#define LEDGER_FORMS_MAX 100000u
#define VISIT_BYTES_MAX  (512u * 1024u * 1024u)
#define VISIT_KEPT_BYTES (256u * 1024u)
#define AREAS_BYTES_MAX  (4u * 1024u * 1024u)

struct ledger_form {
    uint64_t id;
    struct arena arena;
    const struct form *form; /* in its arena */
    bool rules_read;         /* what follows has been asked for */
    struct arena rules_arena;
    struct form_program program;
    struct form_rules rules;
};

enum rc ledger_open(struct store *store, struct ledger **out, struct err *err) {
    struct ledger *ledger = calloc(1, sizeof(*ledger));
    enum rc rc;

    if (ledger == NULL) {
        store_close(store);
        return err_set(err, RC_NO_MEMORY, "out of memory");
    }
    ledger->store = store;
    arena_init(&ledger->visit, VISIT_BYTES_MAX);
    arena_keep(&ledger->visit, VISIT_KEPT_BYTES);
    arena_init(&ledger->areas_arena, AREAS_BYTES_MAX);
    buf_init(&ledger->areas_setting, AREAS_BYTES_MAX);
    rc = zip_inflater_new(&ledger->inflater, err);
    if (rc == RC_OK)
        rc = ledger_refresh(ledger, err);
    if (rc != RC_OK) {
        ledger_close(ledger);
        return rc;
    }
    *out = ledger;
    return RC_OK;
}

static void form_free(struct ledger_form *form) {
    if (form == NULL)
        return;
    arena_release(&form->arena);
    arena_release(&form->rules_arena);
    free(form);
}

void ledger_close(struct ledger *ledger) {
    if (ledger == NULL)
        return;
    for (size_t i = 0; i < ledger->count; i++)
        form_free(ledger->forms[i]);
    free(ledger->forms);
    arena_release(&ledger->visit);
    arena_release(&ledger->areas_arena);
    buf_release(&ledger->areas_setting);
    zip_inflater_free(ledger->inflater);
    store_close(ledger->store);
    free(ledger);
}

static enum rc areas_decode(struct ledger *ledger, struct err *err) {
    struct reader reader;

    arena_reset(&ledger->areas_arena);
    reader_init(&reader, buf_view(&ledger->areas_setting));
    ledger->areas_news = (uint32_t)read_varint_max(&reader, UINT32_MAX);
    if (reader.failed)
        return reader_check(&reader, "the setting areas", err);
    return succession_read(read_bytes(&reader, read_left(&reader)), &ledger->areas_arena,
                           &ledger->areas, err);
}

enum rc ledger_refresh(struct ledger *ledger, struct err *err) {
    struct arena arena;
    struct view setting = {0};
    enum rc rc;

    arena_init(&arena, AREAS_BYTES_MAX);
    rc = store_setting(ledger->store, "areas", &arena, &setting, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        rc = RC_OK;
    } else if (rc == RC_OK && !view_equal(setting, buf_view(&ledger->areas_setting))) {
        buf_clear(&ledger->areas_setting);
        buf_add_view(&ledger->areas_setting, setting);
        rc = buf_check(&ledger->areas_setting, "the setting areas", err);
        if (rc == RC_OK)
            rc = areas_decode(ledger, err);
    }
    arena_release(&arena);
    return rc;
}

static enum rc form_read(struct ledger *ledger, uint64_t id, struct ledger_form *out,
                         struct err *err) {
    struct arena scratch;
    struct stored_form stored;
    struct buf json;
    struct form *form = NULL;
    enum rc rc;

    arena_init(&scratch, LIMIT_FORM_BYTES + 65536u);
    buf_init(&json, LIMIT_FORM_BYTES);
    rc = store_form(ledger->store, id, &scratch, &stored, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        rc = RC_OK;
        goto out;
    }
    if (rc == RC_OK)
        rc = zip_inflate(stored.compressed, LIMIT_FORM_BYTES, 0, &json, err);
    if (rc == RC_OK) {
        /* The form may borrow from the text, which therefore lives as long. */
        struct view text = arena_view(&out->arena, buf_view(&json));

        rc = text.data == NULL ? arena_check(&out->arena, "a form", err)
                               : form_load(text, &out->arena, &form, err);
    }
    out->form = form;
out:
    arena_release(&scratch);
    buf_release(&json);
    return rc;
}

enum rc ledger_form(struct ledger *ledger, uint64_t id, const struct form **out, struct err *err) {
    struct ledger_form *form;
    enum rc rc;

    *out = NULL;
    for (size_t i = 0; i < ledger->count; i++)
        if (ledger->forms[i]->id == id) {
            *out = ledger->forms[i]->form;
            return RC_OK;
        }
    form = calloc(1, sizeof(*form));
    if (form == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    form->id = id;
    arena_init(&form->arena, 8u * LIMIT_FORM_BYTES);
    arena_init(&form->rules_arena, MODEL_ARENA_BYTES);
    rc = form_read(ledger, id, form, err);
    /* An unknown form is asked for again next time: it may have been published meanwhile. */
    if (rc == RC_OK && form->form != NULL)
        rc = array_grow(&ledger->forms, sizeof(struct ledger_form *), ledger->count + 1,
                        LEDGER_FORMS_MAX, "forms", &ledger->capacity, err);
    if (rc != RC_OK || form->form == NULL) {
        form_free(form);
        return rc;
    }
    ledger->forms[ledger->count++] = form;
    *out = form->form;
    return RC_OK;
}

const struct form *ledger_lookup(void *context, uint64_t id) {
    struct ledger *ledger = context;
    const struct form *form = NULL;
    struct err err;
    enum rc rc;

    err_init(&err, LANG_EN);
    rc = ledger_form(ledger, id, &form, &err);
    if (rc == RC_OK)
        return form;
    if (rc == RC_IO || rc == RC_NO_MEMORY)
        ledger->trouble = rc;
    return NULL;
}

enum rc ledger_trouble(struct ledger *ledger, struct err *err) {
    enum rc rc = ledger->trouble;

    ledger->trouble = RC_OK;
    if (rc == RC_NO_MEMORY)
        return err_set(err, rc, "form: out of memory");
    if (rc != RC_OK)
        return err_set(err, rc, "database: a form cannot be read; check the disk of the county");
    return RC_OK;
}

struct newest {
    struct view name;
    uint64_t id;
    uint32_t sequence;
};

static enum rc newest_visit(void *context, const struct stored_form *form, struct err *err) {
    struct newest *newest = context;

    (void)err;
    if (view_equal(form->name, newest->name) && form->sequence > newest->sequence) {
        newest->id = form->form;
        newest->sequence = form->sequence;
    }
    return RC_OK;
}

enum rc ledger_newest(struct ledger *ledger, struct view name, const struct form **out,
                      struct err *err) {
    struct newest newest = {.name = name};
    enum rc rc = store_forms(ledger->store, 0, newest_visit, &newest, err);

    *out = NULL;
    if (rc != RC_OK)
        return rc;
    if (newest.sequence == 0)
        return err_set(err, RC_NOT_FOUND,
                       "no form named %.*s has been published; see: yg-syncd form publish",
                       VIEW_PRINT(name));
    return ledger_form(ledger, newest.id, out, err);
}

enum rc ledger_rules(struct ledger *ledger, const struct form *form, const struct form_rules **out,
                     struct err *err) {
    struct ledger_form *found = NULL;
    enum rc rc = RC_OK;

    *out = NULL;
    for (size_t i = 0; i < ledger->count && found == NULL; i++)
        if (ledger->forms[i]->form == form)
            found = ledger->forms[i];
    if (found == NULL)
        return RC_OK;
    if (!found->rules_read && form_has_rules(form)) {
        rc = form_program_load(form, &found->rules_arena, &found->program, err);
        if (rc == RC_OK)
            rc = form_rules_load(&found->program, &found->rules_arena, &found->rules, err);
        if (rc != RC_OK)
            found->rules = (struct form_rules){0};
        if (found->rules.count == 0)
            arena_release(&found->rules_arena);
    }
    if (rc == RC_NO_MEMORY)
        return rc;
    if (rc != RC_OK)
        err_clear(err);
    found->rules_read = true;
    if (found->rules.count > 0)
        *out = &found->rules;
    return RC_OK;
}

enum rc ledger_examine(struct ledger *ledger, struct reading *reading, struct arena *arena,
                       struct err *err) {
    const struct form_rules *rules = NULL;
    struct broken_rule *broken = NULL;
    uint32_t count = 0;
    enum rc rc = ledger_rules(ledger, reading->form, &rules, err);

    if (rc != RC_OK || rules == NULL)
        return rc;
    rc = rules_find(rules, reading, arena, &broken, &count, err);
    if (rc == RC_OK)
        return rules_add(reading, broken, count, arena, err);
    if (rc == RC_NO_MEMORY || arena->failed != RC_OK)
        return rc;
    err_clear(err);
    return RC_OK;
}

enum rc ledger_see(struct ledger *ledger, const struct record *record, struct arena *arena,
                   struct reading *reading, struct err *err) {
    const struct form *form = reading_governing_form(record, ledger_lookup, ledger);
    enum rc rc = ledger_trouble(ledger, err);

    if (rc == RC_OK)
        rc = reading_make(record, form, arena, reading, err);
    if (rc != RC_OK)
        return rc;
    reading_succeed(&ledger->areas, reading, arena);
    return arena_check(arena, "reading of a record", err);
}

enum rc ledger_read(struct ledger *ledger, const struct stored_record *stored, struct arena *arena,
                    struct record *record, struct reading *reading, struct err *err) {
    enum rc rc = record_unpack(stored->packed, arena, record, err);

    if (rc != RC_OK)
        return rc;
    return ledger_see(ledger, record, arena, reading, err);
}
