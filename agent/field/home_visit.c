/* home_visit.c: see home_visit.h. */
#include "agent/field/home_visit.h"

#include "agent/store/drafts.h"
#include "base/crypt.h"
#include "base/date.h"
#include "base/text.h"
#include "schema/facts_hash.h"
#include "schema/merge.h"
#include "schema/task.h"
#include "schema/title.h"

#define ARENA_BYTES (64u * 1024u * 1024u)
#define REF_BYTES   160u

/* ---- answers of a draft, by name ---- */

static enum rc place_of(struct filler *filler, const char *path, struct engine_place *place,
                        struct err *err) {
    const struct engine *engine = filler_engine(filler);
    char ref[REF_BYTES];

    snprintf(ref, sizeof(ref), "%.*s/%s", VIEW_PRINT(engine->model->fields[0].path), path);
    return engine_place(engine, view_text(ref), place, err);
}

/* A form that has no such question goes without: an older version. */
static enum rc answer(struct filler *filler, const char *path, struct view text, struct err *err) {
    struct engine_place place;
    enum rc rc = place_of(filler, path, &place, err);

    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    return rc == RC_OK ? engine_set(filler_engine(filler), place, text, err) : rc;
}

static struct view answered(struct filler *filler, const char *path) {
    struct engine_place place;
    struct err ignored;

    err_init(&ignored, LANG_EN);
    return place_of(filler, path, &place, &ignored) == RC_OK
               ? engine_value(filler_engine(filler), place)
               : (struct view){0};
}

static enum rc answer_dot(struct filler *filler, const char *path, struct dot dot,
                          struct err *err) {
    char text[DOT_TEXT_BYTES];

    if (dot.number == 0)
        return RC_OK;
    dot_text(dot, text);
    return answer(filler, path, view_text(text), err);
}

static enum rc answer_now(struct filler *filler, const char *path, int64_t now_ms,
                          struct err *err) {
    char text[TIME_TEXT_BYTES];

    time_format(now_ms, text);
    return answer(filler, path, view_text(text), err);
}

/* How many instances a repeat of the record has now. */
static uint32_t instances(struct filler *filler, const char *repeat) {
    uint32_t count = 0;
    char path[REF_BYTES];
    struct engine_place place;
    struct err ignored;

    for (;; count++) {
        err_init(&ignored, LANG_EN);
        snprintf(path, sizeof(path), "%s[%u]", repeat, count + 1);
        if (place_of(filler, path, &place, &ignored) != RC_OK)
            return count;
    }
}

/* ---- beginning ---- */

static bool is_visit(const struct filler *filler) {
    return view_is(filler_form(filler)->name, VISIT_FORM);
}

struct dot home_visit_household(struct filler *filler) {
    struct dot household = {0, 0};
    struct err ignored;

    err_init(&ignored, LANG_EN);
    if (!is_visit(filler) ||
        dot_parse(answered(filler, "household"), &household, &ignored) != RC_OK)
        return (struct dot){0, 0};
    return household;
}

static enum rc add_investigator(struct filler *filler, const struct session *session, bool is_lead,
                                struct err *err) {
    uint32_t at = instances(filler, "investigator");
    struct engine_place repeat, added;
    char path[REF_BYTES], id[17];
    enum rc rc = RC_OK;

    snprintf(path, sizeof(path), "investigator[%u]/name", at == 0 ? 1 : at);
    /* A form begins with one that is empty. */
    if (at == 0 || answered(filler, path).size > 0) {
        rc = place_of(filler, "investigator", &repeat, err);
        if (rc == RC_OK)
            rc = engine_add(filler_engine(filler), repeat, 0, &added, err);
        at++;
    }
    snprintf(path, sizeof(path), "investigator[%u]/name", at);
    if (rc == RC_OK)
        rc = answer(filler, path, session_person_name(session), err);
    id_text(session_person(session), id);
    snprintf(path, sizeof(path), "investigator[%u]/person", at);
    if (rc == RC_OK)
        rc = answer(filler, path, view_text(id), err);
    snprintf(path, sizeof(path), "investigator[%u]/role", at);
    if (rc == RC_OK)
        rc = answer(filler, path, view_text(is_lead ? "lead" : "second"), err);
    return rc;
}

/* Forms begin with one instance of each repeat; nobody has said anything in these yet. */
static enum rc drop_empty(struct filler *filler, struct err *err) {
    static const char *const repeats[] = {"present[1]", "neighbour[1]", "opinion[1]", "signed[1]"};
    enum rc rc = RC_OK;

    for (size_t i = 0; i < sizeof(repeats) / sizeof(repeats[0]) && rc == RC_OK; i++) {
        struct engine_place place;
        struct err ignored;

        err_init(&ignored, LANG_EN);
        if (place_of(filler, repeats[i], &place, &ignored) == RC_OK)
            rc = engine_remove(filler_engine(filler), place, err);
    }
    return rc;
}

static enum rc fill(struct filler *filler, struct session *session, const struct seen *household,
                    char kind, struct dot task, struct err *err) {
    const char kind_text[2] = {kind, '\0'};
    struct buf title;
    enum rc rc = answer_dot(filler, "household", household->record.id, err);

    buf_init(&title, LIMIT_VALUE_BYTES);
    title_make(&household->reading, &title);
    if (rc == RC_OK)
        rc = buf_check(&title, "the title", err);
    if (rc == RC_OK)
        rc = answer(filler, "household_name", buf_view(&title), err);
    buf_release(&title);
    if (rc == RC_OK)
        rc = answer_dot(filler, "task", task, err);
    if (rc == RC_OK)
        rc = answer(filler, "kind", view_text(kind_text), err);
    if (rc == RC_OK)
        rc = answer_now(filler, "begun", env_wall_ms(tablet_env(session_tablet(session))), err);
    if (rc == RC_OK)
        rc = drop_empty(filler, err);
    if (rc == RC_OK)
        rc = add_investigator(filler, session, true, err);
    return rc == RC_OK ? filler_keep(filler, err) : rc;
}

/* The kind that nobody has said: whoever was visited is reviewed. */
static enum rc kind_of(struct session *session, struct dot household, char *kind,
                       struct arena *arena, struct err *err) {
    struct list_query query = {.form_name = view_text(VISIT_FORM), .about = household};
    struct listed *visits;
    uint32_t count, total;
    enum rc rc;

    if (*kind != '0')
        return RC_OK;
    rc = session_list(session, &query, arena, &visits, &count, &total, err);
    *kind = '1';
    for (uint32_t i = 0; rc == RC_OK && i < count; i++)
        if (visits[i].sealed)
            *kind = '2';
    return rc;
}

/* The person's own draft of a visit to this household, opened; *out NULL: there is none. */
static enum rc find_draft(struct session *session, struct dot household, struct arena *arena,
                          struct filler **out, struct err *err) {
    struct kept_draft *drafts;
    char wanted[DOT_TEXT_BYTES];
    uint32_t count = 0;
    enum rc rc = drafts_list(session, arena, &drafts, &count, err);

    *out = NULL;
    dot_text(household, wanted);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        struct draft_head head;
        struct filler *filler = NULL;
        struct err ignored;

        err_init(&ignored, err->lang);
        if (filler_peek(session, drafts[i].draft, arena, &head, &ignored) != RC_OK ||
            head.form == NULL || !view_is(head.form->name, VISIT_FORM) || head.record.number != 0 ||
            filler_resume(session, drafts[i].draft, &filler, &ignored) != RC_OK)
            continue;
        if (view_is(answered(filler, "household"), wanted)) {
            *out = filler;
            return RC_OK;
        }
        filler_close(filler);
    }
    return rc;
}

enum rc home_visit_draft(struct session *session, struct dot household, uint64_t *draft,
                         struct err *err) {
    struct filler *filler;
    struct arena arena;
    enum rc rc;

    *draft = 0;
    arena_init(&arena, ARENA_BYTES);
    rc = find_draft(session, household, &arena, &filler, err);
    if (rc == RC_OK && filler != NULL)
        *draft = filler_draft(filler);
    filler_close(filler);
    arena_release(&arena);
    return rc;
}

enum rc home_visit_begin(struct session *session, struct dot household, char kind, struct dot task,
                         struct filler **out, struct err *err) {
    struct arena arena;
    struct seen seen;
    enum rc rc;

    *out = NULL;
    arena_init(&arena, ARENA_BYTES);
    rc = session_see(session, household, &arena, &seen, err);
    if (rc == RC_OK && (seen.form == NULL || !view_is(seen.form->name, HOUSEHOLD_FORM)))
        rc = err_set(err, RC_INVALID, "this record is no household; a visit is to a household");
    if (rc == RC_OK)
        rc = find_draft(session, household, &arena, out, err);
    if (rc != RC_OK || *out != NULL)
        goto out;
    rc = kind_of(session, household, &kind, &arena, err);
    if (rc == RC_OK)
        rc = filler_begin(session, view_text(VISIT_FORM), seen.area, out, err);
    if (rc == RC_OK) {
        rc = fill(*out, session, &seen, kind, task, err);
        if (rc != RC_OK) {
            struct err ignored;

            err_init(&ignored, err->lang);
            (void)filler_discard(*out, &ignored); /* the first failure is told */
            filler_close(*out);
            *out = NULL;
        }
    }
out:
    arena_release(&arena);
    return rc;
}

enum rc home_visit_join(struct filler *filler, struct session *session, struct err *err) {
    uint32_t count = instances(filler, "investigator");
    char path[REF_BYTES], id[17];
    enum rc rc;

    if (!is_visit(filler))
        return err_set(err, RC_INVALID, "this draft is no visit");
    if (!session_may(session, filler_area(filler)))
        return err_set(err, RC_DENIED, "%.*s: this area is not theirs",
                       VIEW_PRINT(session_person_name(session)));
    id_text(session_person(session), id);
    for (uint32_t i = 1; i <= count; i++) {
        snprintf(path, sizeof(path), "investigator[%u]/person", i);
        if (view_is(answered(filler, path), id))
            return err_set(err, RC_CONFLICT,
                           "%.*s: is in this visit already; the second one is somebody else",
                           VIEW_PRINT(session_person_name(session)));
    }
    rc = add_investigator(filler, session, false, err);
    return rc == RC_OK ? filler_keep(filler, err) : rc;
}

/* ---- the end of the draft ---- */

static enum rc household_hash(struct session *session, struct dot household,
                              char out[FACTS_HASH_TEXT_BYTES], struct err *err) {
    struct arena arena;
    struct seen seen;
    enum rc rc;

    arena_init(&arena, ARENA_BYTES);
    rc = session_see(session, household, &arena, &seen, err);
    if (rc == RC_OK && seen.form == NULL)
        rc = RC_NOT_FOUND;
    if (rc == RC_OK)
        rc = facts_hash(&seen.reading, out, err);
    arena_release(&arena);
    return rc;
}

enum rc home_visit_complete(struct filler *filler, struct err *err) {
    struct session *session = filler_session(filler);
    char hash[FACTS_HASH_TEXT_BYTES];
    struct err ignored;
    struct dot household;
    enum rc rc = RC_OK;

    err_init(&ignored, LANG_EN);
    /* A change to one that is saved keeps what was said at its end. */
    if (!is_visit(filler) || filler_record(filler).number != 0)
        return RC_OK;
    if (answered(filler, "ended").size == 0)
        rc = answer_now(filler, "ended", env_wall_ms(tablet_env(session_tablet(session))), err);
    if (rc != RC_OK || dot_parse(answered(filler, "household"), &household, &ignored) != RC_OK)
        return rc;
    rc = household_hash(session, household, hash, err);
    if (rc == RC_NOT_FOUND) { /* a household that is not on this tablet */
        err_clear(err);
        return RC_OK;
    }
    if (rc == RC_OK)
        rc = answer(filler, "facts_hash", view_text(hash), err);
    return rc;
}

/* ---- a visit that is saved ---- */

static struct view text_at(const struct seen *seen, struct instance_id instance, const char *path) {
    const struct form_field *field = form_field_by_path(seen->form, view_text(path));
    const struct cell *cell =
        field == NULL ? NULL : reading_cell(&seen->reading, instance, field->number);

    return cell != NULL && cell->kind == CELL_VALUE && cell->value.type == VALUE_TEXT
               ? cell->value.bytes
               : (struct view){0};
}

static struct dot dot_at(const struct seen *seen, const char *path) {
    struct dot dot = {0, 0};
    struct err ignored;

    err_init(&ignored, LANG_EN);
    return dot_parse(text_at(seen, (struct instance_id){{0, 0}, 0}, path), &dot, &ignored) == RC_OK
               ? dot
               : (struct dot){0, 0};
}

static void add_people(const struct seen *seen, const uint64_t *signers, uint32_t signer_count,
                       struct home_visit *out) {
    const struct form_field *repeat = form_field_by_path(seen->form, view_text("investigator"));

    for (uint32_t i = 0; repeat != NULL && i < seen->reading.instance_count; i++) {
        const struct seen_instance *instance = &seen->reading.instances[i];
        struct home_visit_person person = {0};
        struct view role;
        struct err ignored;

        if (instance->removed || instance->repeat != repeat->number ||
            out->people_count == HOME_VISIT_PEOPLE_MAX)
            continue;
        err_init(&ignored, LANG_EN);
        if (id_parse(text_at(seen, instance->id, "investigator/person"), &person.person,
                     &ignored) != RC_OK)
            person.person = 0;
        person.name = text_at(seen, instance->id, "investigator/name");
        role = text_at(seen, instance->id, "investigator/role");
        person.role = role.size > 0 ? (char)role.data[0] : '\0';
        person.is_relative = view_is(text_at(seen, instance->id, "investigator/is_relative"), "1");
        for (uint32_t k = 0; k < signer_count && person.person != 0; k++)
            person.signed_ |= signers[k] == person.person;
        out->people[out->people_count++] = person;
    }
}

static enum rc compare_facts(struct session *session, const struct seen *seen,
                             struct home_visit *out, struct err *err) {
    struct view kept = text_at(seen, (struct instance_id){{0, 0}, 0}, "facts_hash");
    char now[FACTS_HASH_TEXT_BYTES];
    enum rc rc;

    if (kept.size == 0 || out->household.number == 0)
        return RC_OK;
    rc = household_hash(session, out->household, now, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc == RC_OK)
        out->facts = view_is(kept, now) ? FACTS_SAME : FACTS_CHANGED;
    return rc;
}

enum rc home_visit_see(struct session *session, const struct seen *seen, struct arena *arena,
                       struct home_visit *out, struct err *err) {
    uint64_t *signers = arena_array(arena, HOME_VISIT_PEOPLE_MAX, sizeof(*signers));
    uint32_t scope = form_scope(seen->form, VISIT_SCOPE), count = 0, signed_count = 0;

    *out = (struct home_visit){.people_count = 0};
    if (signers == NULL)
        return arena_check(arena, "a visit", err);
    if (seen->form == NULL || !view_is(seen->form->name, VISIT_FORM) || scope == FORM_NO_SCOPE)
        return err_set(err, RC_INVALID, "this record is no visit");
    count = reading_signers(&seen->reading, scope, signers, HOME_VISIT_PEOPLE_MAX);
    out->household = dot_at(seen, "household");
    out->task = dot_at(seen, "task");
    out->sealed = (seen->reading.sealed_scopes & (1u << scope)) != 0;
    add_people(seen, signers, count, out);
    for (uint32_t i = 0; i < out->people_count; i++) {
        signed_count += out->people[i].signed_;
        out->named |= out->people[i].person != 0;
    }
    out->complete = (out->named ? signed_count : count) >= HOME_VISIT_SIGNERS;
    return compare_facts(session, seen, out, err);
}

/* ---- signing ---- */

struct signing {
    struct session *session;
    struct save *save;
    struct arena *arena;
};

static enum rc start(const struct signing *signing, enum change_kind kind, const struct seen *seen,
                     struct edit *edit, struct err *err) {
    return edit_start(edit, kind, save_next(signing->save), session_person(signing->session),
                      seen->form, &seen->record, &seen->reading, signing->arena, err);
}

static enum rc end(const struct signing *signing, struct edit *edit, const struct seen *seen,
                   struct change *change, struct err *err) {
    enum rc rc = edit_finish(edit, (struct view){0}, change, err);

    return rc == RC_OK ? save_add(signing->save, change, &seen->record, seen->form, err) : rc;
}

static enum rc set(struct edit *edit, const char *path, struct view text, struct err *err) {
    const struct form_field *field = form_field_by_path(edit->form, view_text(path));
    struct value value;
    enum rc rc;

    if (field == NULL)
        return RC_OK;
    rc = form_value_parse(edit->form, field, text, edit->arena, &value, err);
    return rc == RC_OK ? edit_set(edit, (struct instance_id){{0, 0}, 0}, field->number, &value,
                                  field->rank, err)
                       : rc;
}

/* Done, by this visit; unless it is done or gone already. */
static enum rc close_task(const struct signing *signing, struct dot task, struct dot visit,
                          struct err *err) {
    char id[DOT_TEXT_BYTES];
    struct change change;
    struct seen seen;
    struct task now;
    struct edit edit;
    enum rc rc = session_see(signing->session, task, signing->arena, &seen, err);

    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK || seen.form == NULL)
        return rc;
    task_read(&seen.reading, &now);
    if (now.state != TASK_OPEN)
        return RC_OK;
    dot_text(visit, id);
    rc = start(signing, CHANGE_EDIT, &seen, &edit, err);
    if (rc == RC_OK)
        rc = set(&edit, "state", view_text(task_state_name(TASK_DONE)), err);
    if (rc == RC_OK)
        rc = set(&edit, "visit", view_text(id), err);
    return rc == RC_OK ? end(signing, &edit, &seen, &change, err) : rc;
}

static enum rc may_sign(const struct session *session, const struct home_visit *visit,
                        struct err *err) {
    if (!visit->named)
        return RC_OK;
    for (uint32_t i = 0; i < visit->people_count; i++) {
        if (visit->people[i].person != session_person(session))
            continue;
        if (visit->people[i].is_relative)
            return err_set(err, RC_DENIED,
                           "%.*s: is a near relative of the household and does not sign",
                           VIEW_PRINT(session_person_name(session)));
        return RC_OK;
    }
    return err_set(err, RC_DENIED, "%.*s: is not one of this visit's investigators",
                   VIEW_PRINT(session_person_name(session)));
}

/* The visit as it will be with the change, which is not on disk yet. */
static enum rc look_ahead(const struct signing *signing, const struct seen *seen,
                          const struct change *change, struct home_visit *out, struct err *err) {
    const struct admission admission = {.time_ms = change->wall_ms, .provisional = true};
    struct seen ahead = *seen;
    enum rc rc = merge_apply(&seen->record, change, admission, signing->arena, &ahead.record, err);

    if (rc == RC_OK)
        rc = reading_make(&ahead.record, seen->form, signing->arena, &ahead.reading, err);
    return rc == RC_OK ? home_visit_see(signing->session, &ahead, signing->arena, out, err) : rc;
}

/* The signature, and with the last one the end of the task: in one save, because a visit that is
 * done with a task that stays open would send people to the same door again. */
static enum rc sign(const struct signing *signing, const struct seen *seen, struct err *err) {
    struct view outcome = text_at(seen, (struct instance_id){{0, 0}, 0}, "outcome");
    struct home_visit after;
    struct change change;
    struct edit edit;
    enum rc rc = start(signing, CHANGE_SEAL, seen, &edit, err);

    if (rc == RC_OK)
        rc = edit_seal(&edit, form_scope(seen->form, VISIT_SCOPE), err);
    if (rc == RC_OK)
        rc = end(signing, &edit, seen, &change, err);
    if (rc == RC_OK)
        rc = look_ahead(signing, seen, &change, &after, err);
    /* Nobody at home, or broken off: somebody has to go again. */
    if (rc == RC_OK && after.complete && after.task.number != 0 && !view_is(outcome, "3") &&
        !view_is(outcome, "6"))
        rc = close_task(signing, after.task, seen->record.id, err);
    return rc == RC_OK ? save_commit(signing->save, err) : rc;
}

enum rc home_visit_sign(struct session *session, struct dot visit, struct err *err) {
    struct arena arena;
    struct signing signing = {.session = session, .arena = &arena};
    struct home_visit before;
    struct seen seen;
    enum rc rc;

    arena_init(&arena, ARENA_BYTES);
    rc = session_see(session, visit, &arena, &seen, err);
    if (rc == RC_OK)
        rc = home_visit_see(session, &seen, &arena, &before, err);
    if (rc == RC_OK)
        rc = may_sign(session, &before, err);
    if (rc == RC_OK)
        rc = save_open(session, &signing.save, err);
    if (rc == RC_OK)
        rc = sign(&signing, &seen, err);
    save_close(signing.save);
    arena_release(&arena);
    return rc;
}
