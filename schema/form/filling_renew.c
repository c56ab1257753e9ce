/* Somebody else has changed the record while a person was filling. The record as it is now is
 * opened anew; instances that the person has added or removed, and the answers that he has changed,
 * are put on top. An answer that somebody else has changed, too, is left as it is now: the person
 * sees it and says again what he means. */
#include "base/text.h"
#include "schema/form/filling_parts.h"
#include "schema/limits.h"

struct renewal {
    struct filling *from, to;
    struct live live; /* of from */
    struct live now;  /* of to, before anything is put on top */
};

static bool is_live(const struct live *live, uint64_t id) {
    for (uint32_t i = 1; i < live->count; i++)
        if (live->list[i].id == id)
            return true;
    return false;
}

/* What cannot be done any more (the parent was removed meanwhile) is left out. */
static enum rc forgive(enum rc rc, struct err *err) {
    if (rc != RC_NOT_FOUND && rc != RC_DENIED && rc != RC_INVALID && rc != RC_CONFLICT)
        return rc;
    err_clear(err);
    return RC_OK;
}

static enum rc renew_instances(struct renewal *at, struct err *err) {
    const struct form_program *program = at->to.program;
    enum rc rc = RC_OK;

    for (uint32_t i = 1; i < at->live.count && rc == RC_OK; i++) {
        const struct live_instance *instance = &at->live.list[i];
        struct engine_place added;

        if (filling_old(at->from, instance->id) != NULL || is_live(&at->now, instance->id))
            continue;
        rc = forgive(engine_add(&at->to.engine,
                                (struct engine_place){.field = program->fields[instance->repeat],
                                                      .instance = instance->parent},
                                instance->id, &added, err),
                     err);
    }
    for (uint32_t i = 1; i < at->now.count && rc == RC_OK; i++) {
        const struct live_instance *instance = &at->now.list[i];

        if (filling_old(at->from, instance->id) == NULL || is_live(&at->live, instance->id))
            continue;
        rc = forgive(engine_remove(&at->to.engine,
                                   (struct engine_place){.field = program->fields[instance->repeat],
                                                         .instance = instance->id},
                                   err),
                     err);
    }
    return rc;
}

/* The words of left that right lacks. */
static void add_lacking(struct buf *out, struct view left, struct view right) {
    size_t from = 0;

    while (from < left.size) {
        struct view word = text_word(left, &from);

        if (word.size == 0 || text_has_word(right, word))
            continue;
        if (out->size > 0)
            buf_add_u8(out, ' ');
        buf_add_view(out, word);
    }
}

/* Photos: those that are there now, without those that the person has taken out, and his own. */
static enum rc renew_album(struct renewal *at, uint32_t field, uint64_t id, struct view text,
                           struct view base, struct err *err) {
    struct engine_place place = {.field = at->to.program->fields[field], .instance = id};
    struct view now = filling_live_text(&at->to, field, id);
    struct buf kept, gone, mine;
    enum rc rc;

    buf_init(&kept, LIMIT_VALUE_BYTES * 4);
    buf_init(&gone, LIMIT_VALUE_BYTES * 4);
    buf_init(&mine, LIMIT_VALUE_BYTES * 4);
    add_lacking(&gone, base, text);
    add_lacking(&mine, text, base);
    add_lacking(&kept, now, buf_view(&gone));
    add_lacking(&kept, buf_view(&mine), now);
    rc = buf_check(&gone, "an answer", err);
    if (rc == RC_OK)
        rc = buf_check(&mine, "an answer", err);
    if (rc == RC_OK)
        rc = buf_check(&kept, "an answer", err);
    if (rc == RC_OK)
        rc = forgive(engine_set(&at->to.engine, place, buf_view(&kept), err), err);
    buf_release(&gone);
    buf_release(&mine);
    buf_release(&kept);
    return rc;
}

static enum rc renew_answer(struct renewal *at, uint32_t field, uint64_t id, struct err *err) {
    struct engine_place place = {.field = at->to.program->fields[field], .instance = id};
    struct view text = filling_live_text(at->from, field, id);
    struct view base = filling_base_text(at->from, field, id);

    if (!view_equal(text, base) && filling_is_album(&at->to.program->form->fields[field]))
        return renew_album(at, field, id, text, base, err);
    if (view_equal(text, base) || !view_equal(filling_base_text(&at->to, field, id), base))
        return RC_OK;
    return forgive(engine_set(&at->to.engine, place, text, err), err);
}

/* Twice: an answer may have to wait until another one makes it relevant. */
static enum rc renew_answers(struct renewal *at, struct err *err) {
    const struct form *form = at->to.program->form;
    enum rc rc = RC_OK;

    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < at->live.count && rc == RC_OK; i++)
            for (uint32_t f = 0; f < form->field_count && rc == RC_OK; f++)
                if (form->fields[f].repeat == at->live.list[i].repeat &&
                    filling_writes(&form->fields[f]) && at->to.program->fields[f] != MODEL_NONE)
                    rc = renew_answer(at, f, at->live.list[i].id, err);
    return rc;
}

enum rc filling_renew(struct filling *filling, const struct reading *reading, struct err *err) {
    struct renewal at = {.from = filling};
    struct arena arena;
    enum rc rc;

    arena_init(&arena, FILLING_BYTES);
    filling_init(&at.to, filling->program, &filling->engine.host, filling->engine.lang);
    rc = filling_see(&at.to, reading, err);
    if (rc == RC_OK)
        rc = filling_instances(filling, &arena, &at.live, err);
    if (rc == RC_OK)
        rc = filling_instances(&at.to, &arena, &at.now, err);
    if (rc == RC_OK)
        rc = renew_instances(&at, err);
    if (rc == RC_OK)
        rc = renew_answers(&at, err);
    if (rc == RC_OK) {
        filling_release(filling);
        *filling = at.to;
    } else {
        filling_release(&at.to);
    }
    arena_release(&arena);
    return rc;
}
