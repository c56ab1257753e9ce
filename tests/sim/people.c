/* people.c: what people do on a tablet: new homes, edits, members that come and go, seals, moves,
 * decisions. Every change carries a text of its own as its reason, by which the oracle finds it
 * again; every text answer carries the canary. */
#include "tests/sim/world.h"

#include <stdio.h>

static const struct instance_id ROOT;

struct task {
    struct world *world;
    bool has_photo;
    uint32_t photo; /* that the change names */
    struct pad *pad;
    const struct form *form;
    struct seen seen;
    struct edit edit;
    struct instance_id members[8];
    uint32_t member_count;
    bool names;
    uint32_t named; /* the save that made the record which an answer names */
};

static const struct form_field *field_of(const struct task *task, const char *path) {
    return form_field_by_path(task->form, view_text(path));
}

static struct value text_value(struct task *task) {
    return value_of_text(view_text(oracle_token(task->world)));
}

static enum rc set(struct task *task, struct instance_id instance, const char *path) {
    const struct form_field *field = field_of(task, path);
    struct value value;
    uint8_t rank = 0;

    if (field == NULL)
        return RC_NOT_FOUND;
    if (field->type == FIELD_TYPE_INTEGER)
        value = value_of_int((int64_t)chance(task->world, 20));
    else if (one_in(task->world, 6))
        value = value_of_text(view_text(one_in(task->world, 2) ? CANARY "s" : CANARY "o"));
    else
        value = text_value(task);
    if (field->policy == POLICY_AUTHORITY)
        rank = (uint8_t)(1 + chance(task->world, 4));
    return edit_set(&task->edit, instance, field->number, &value, rank, &task->world->err);
}

/* By which the oracle knows again which record later changes mean. */
static enum rc set_mark(struct task *task) {
    struct value value = text_value(task);

    return edit_set(&task->edit, ROOT, field_of(task, "mark")->number, &value, 0,
                    &task->world->err);
}

/* A die of its own, so that who does what else does not hang on it. */
static uint64_t kin_die(const struct world *world) {
    uint64_t die = (world->seed << 12 | world->save_count) * UINT64_C(0x9e3779b97f4a7c15);

    die = (die ^ die >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return die ^ die >> 32;
}

/* An answer that is the name of some home. */
static enum rc set_kin(struct task *task) {
    struct world *world = task->world;
    struct list_query query = {.form_name = view_text("home")};
    char name[DOT_TEXT_BYTES];
    struct listed *listed;
    struct value value;
    struct seen seen;
    uint32_t count = 0, total;
    enum rc rc = session_list(task->pad->session, &query, &world->arena, &listed, &count, &total,
                              &world->err);

    if (rc != RC_OK || count == 0)
        return rc;
    rc = session_see(task->pad->session, listed[(kin_die(world) >> 8) % (count < 6 ? count : 6)].id,
                     &world->arena, &seen, &world->err);
    if (rc != RC_OK)
        return rc;
    task->names = true;
    task->named = oracle_mark(&seen.record);
    dot_text(seen.record.id, name);
    value = value_of_text(view_text(arena_text(&world->arena, "%s", name)));
    tell(world, "  kin: %s", name);
    return edit_set(&task->edit, ROOT, field_of(task, "kin")->number, &value, 0, &world->err);
}

static enum rc set_some(struct task *task, uint32_t count) {
    static const char *const paths[] = {"name",  "phone",  "remark", "pigs",   "pigs",  "beds",
                                        "rooms", "months", "label",  "source", "birth", "card",
                                        "card",  "bank",   "more2",  "more3"};
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        const char *path = paths[chance(task->world, sizeof(paths) / sizeof(paths[0]))];

        rc = set(task, ROOT, path);
        if (rc == RC_OK && strcmp(path, "bank") == 0)
            rc = set(task, ROOT, "account");
        if (rc == RC_NOT_FOUND) { /* the form has no such question yet */
            err_clear(&task->world->err);
            rc = RC_OK;
        }
    }
    return rc;
}

static enum rc add_photo(struct task *task, uint64_t area) {
    struct world *world = task->world;
    const struct form_field *field = field_of(task, "photo");
    struct value value;
    char hex[65];
    enum rc rc;

    if (!world->turns[TURN_PHOTO] || !one_in(world, 4))
        return RC_OK;
    rc = photo_take(world, task->pad, area, hex, &task->photo);
    if (rc != RC_OK)
        return rc;
    task->has_photo = true;
    value = value_of_text(view_text(arena_text(&world->arena, "%s", hex)));
    return edit_set(&task->edit, ROOT, field->number, &value, 0, &world->err);
}

static enum rc add_member(struct task *task) {
    struct instance_id member;
    enum rc rc = edit_add_instance(&task->edit, field_of(task, "member")->number, ROOT, &member,
                                   &task->world->err);

    if (rc == RC_OK)
        rc = set(task, member, "member/called");
    if (rc == RC_OK && one_in(task->world, 2))
        rc = set(task, member, "member/wage");
    if (rc == RC_OK && one_in(task->world, 2))
        rc = set(task, member, "member/number");
    return rc;
}

static struct instance_id some_member(struct task *task) {
    return task->members[chance(task->world, task->member_count)];
}

static enum rc set_of_member(struct task *task) {
    static const char *const paths[] = {"member/called", "member/wage", "member/number"};

    return set(task, some_member(task), paths[chance(task->world, 3)]);
}

/* ---- saving ---- */

/* What the disk, or somebody's decision meanwhile, may refuse; anything else is a mistake. */
static bool may_refuse(enum rc rc) {
    return rc == RC_OK || rc == RC_DENIED || rc == RC_CONFLICT || rc == RC_INVALID ||
           rc == RC_NOT_FOUND || rc == RC_IO;
}

static void finish(struct task *task, enum rc rc, const char *what) {
    struct world *world = task->world;
    const struct record *state = task->edit.state;
    struct change change = {0};
    bool tried = false;

    if (rc == RC_OK)
        rc = edit_finish(&task->edit, view_text(oracle_token(world)), &change, &world->err);
    if (rc == RC_OK) {
        tried = true;
        rc = session_save(task->pad->session, &change, state, task->form, &world->err);
    }
    tell(world, "%s %s %04x-%u as %04x-%u: %s%s%s", task->pad->machine.name, what,
         (unsigned)(task->edit.change.record.actor >> 48),
         (unsigned)task->edit.change.record.number, (unsigned)(task->edit.change.dot.actor >> 48),
         (unsigned)task->edit.change.dot.number, rc_name(rc), " ",
         rc == RC_OK ? oracle_token(world) : world->err.text);
    if (!may_refuse(rc))
        world_fail(world, "%s %s: %s: %s %s", task->pad->machine.name, what, rc_name(rc),
                   world->err.text, world->err.detail);
    if (rc == RC_OK && task->has_photo)
        photo_saved(task->pad, task->photo);
    world->meant = UINT32_MAX;
    if (tried && change.kind != CHANGE_CREATE)
        world->meant = oracle_mark(&task->seen.record);
    world->named = tried && task->names ? task->named : UINT32_MAX;
    if (tried)
        oracle_saved(world, task->pad, rc,
                     change.kind == CHANGE_CREATE ? change.dot : change.record);
    if (rc == RC_IO && one_in(world, 2))
        pad_close(world, task->pad);
}

static void create(struct task *task) {
    static const uint64_t areas[] = {VILLAGE_A, VILLAGE_B, VILLAGE_C};
    struct world *world = task->world;
    struct session *session = task->pad->session;
    uint64_t area = areas[chance(world, 3)];
    enum rc rc;

    task->form = tablet_form_named(task->pad->tablet, view_text("home"));
    if (task->form == NULL || !session_may(session, area))
        return;
    rc = edit_start(&task->edit, CHANGE_CREATE, session_next_dot(session), session_person(session),
                    task->form, NULL, NULL, &world->arena, &world->err);
    if (rc == RC_OK)
        rc = edit_set_area(&task->edit, area, &world->err);
    if (rc == RC_OK)
        rc = set(task, ROOT, "name");
    if (rc == RC_OK)
        rc = set_mark(task);
    if (rc == RC_OK)
        rc = set_some(task, (uint32_t)chance(world, 5));
    if (rc == RC_OK && kin_die(world) % 3 == 0)
        rc = set_kin(task);
    for (uint64_t members = chance(world, 3); rc == RC_OK && members > 0; members--)
        rc = add_member(task);
    if (rc == RC_OK)
        rc = add_photo(task, area);
    finish(task, rc, "saves a new home");
}

static bool start(struct task *task, enum change_kind kind) {
    struct world *world = task->world;
    struct session *session = task->pad->session;
    struct list_query query = {.form_name = view_text("home"),
                               .questions_only = kind == CHANGE_RESOLVE};
    struct listed *listed;
    uint32_t count = 0, total;
    enum rc rc = session_list(session, &query, &world->arena, &listed, &count, &total, &world->err);

    if (rc == RC_OK && count == 0)
        return false;
    if (rc == RC_OK)
        rc = session_see(session, listed[chance(world, count < 6 ? count : 6)].id, &world->arena,
                         &task->seen, &world->err);
    task->form = rc == RC_OK ? task->seen.form : NULL;
    if (rc == RC_OK && task->form != NULL) {
        for (uint32_t i = 0; i < task->seen.reading.instance_count && task->member_count < 8; i++)
            if (!task->seen.reading.instances[i].removed)
                task->members[task->member_count++] = task->seen.reading.instances[i].id;
        if (kind == CHANGE_RESOLVE && task->seen.reading.conflict_count == 0)
            return false;
        rc = edit_start(&task->edit, kind, session_next_dot(session), session_person(session),
                        task->form, &task->seen.record, &task->seen.reading, &world->arena,
                        &world->err);
    }
    if (!may_refuse(rc))
        world_fail(world, "%s cannot open a record that it lists: %s: %s", task->pad->machine.name,
                   rc_name(rc), world->err.text);
    return rc == RC_OK && task->form != NULL;
}

/* ---- decisions ---- */

static enum rc keep_one(struct task *task, const struct conflict *conflict) {
    uint64_t which = chance(task->world, conflict->version_count);

    return edit_resolve_keep(&task->edit, conflict,
                             version_name(&task->seen.record, conflict->versions[which]),
                             &task->world->err);
}

static void resolve(struct task *task) {
    struct world *world = task->world;
    const struct reading *reading;
    const struct conflict *conflict = NULL;
    char answer[INSTANCE_TEXT_BYTES + 1] = "!";
    enum rc rc;

    if (!start(task, CHANGE_RESOLVE))
        return;
    reading = &task->seen.reading;
    for (int tries = 0; tries < 3; tries++) { /* rather one that somebody else has to answer */
        conflict = &reading->conflicts[chance(world, reading->conflict_count)];
        if (!reading_wrote_side(reading, conflict, task->edit.change.person))
            break;
    }
    switch (conflict->kind) {
    case CONFLICT_SOFT:
        task->edit.change.kind = CHANGE_ACCEPT;
        rc = edit_accept(&task->edit, conflict, &world->err);
        break;
    case CONFLICT_SAME:
        if (conflict->field == FIELD_SAME) { /* two have answered, and contradict each other */
            rc = keep_one(task, conflict);
            break;
        }
        task->edit.change.kind = CHANGE_SAME;
        instance_text(conflict->other, answer + 1);
        answer[0] = one_in(world, 2) ? '=' : '!';
        rc = edit_same(&task->edit, conflict->instance, view_text(answer), &world->err);
        break;
    case CONFLICT_REMOVED:
        if (one_in(world, 2)) {
            rc = edit_resolve_remove(&task->edit, conflict, &world->err);
            break;
        }
        /* fall through */
    default:
        rc = keep_one(task, conflict);
        break;
    }
    finish(task, rc,
           arena_text(&world->arena, "decides (%s) about",
                      conflict_kind_name((enum conflict_kind)conflict->kind)));
    world->resolved += rc == RC_OK;
}

/* ---- what somebody does next ---- */

static void edit(struct task *task) {
    struct world *world = task->world;
    enum rc rc;

    if (!start(task, CHANGE_EDIT))
        return;
    rc = set_some(task, 1 + (uint32_t)chance(world, 3));
    if (rc == RC_OK && task->member_count > 0 && one_in(world, 3))
        rc = set_of_member(task);
    if (rc == RC_OK && one_in(world, 5))
        rc = add_member(task);
    if (rc == RC_OK && kin_die(world) % 6 == 0)
        rc = set_kin(task);
    if (rc == RC_OK)
        rc = add_photo(task, task->seen.area);
    finish(task, rc, "edits");
}

static void remove_something(struct task *task) {
    struct world *world = task->world;
    bool whole; /* with all its members */

    if (!start(task, CHANGE_REMOVE))
        return;
    whole = world->turns[TURN_MOVE] && one_in(world, 4);
    if (task->member_count == 0 && !whole)
        return;
    finish(task, edit_remove_instance(&task->edit, whole ? ROOT : some_member(task), &world->err),
           whole ? "withdraws" : "removes from");
}

static void move(struct task *task) {
    static const uint64_t areas[] = {VILLAGE_A, VILLAGE_B, VILLAGE_C};
    struct world *world = task->world;
    uint64_t area = areas[chance(world, 3)];

    if (!start(task, CHANGE_MOVE) || !session_may(task->pad->session, area))
        return;
    finish(task, edit_set_area(&task->edit, area, &world->err), "moves");
}

static void seal(struct task *task) {
    struct world *world = task->world;
    bool amends = one_in(world, 3);
    enum rc rc;

    if (!start(task, amends ? CHANGE_AMEND : CHANGE_SEAL))
        return;
    rc = amends ? set(task, ROOT, one_in(world, 2) ? "finding" : "score")
                : edit_seal(&task->edit, 0, &world->err);
    finish(task, rc, amends ? "amends" : "seals");
}

static void answer_sealed(struct task *task) {
    enum rc rc;

    if (!start(task, CHANGE_EDIT))
        return;
    rc = set(task, ROOT, "finding");
    if (rc == RC_OK)
        rc = set(task, ROOT, "score");
    finish(task, rc, "writes a finding into");
}

static void work(struct world *world, struct pad *pad) {
    struct task task = {.world = world, .pad = pad};
    uint64_t what = chance(world, 100);

    machine_tempt(&pad->machine, TURN_POWER, TURN_DISK);
    if (world->turns[TURN_DRAFT] && one_in(world, 5))
        step_draft(world, pad);
    else if (what < 30)
        create(&task);
    else if (what < 68)
        edit(&task);
    else if (what < 80)
        resolve(&task);
    else if (what < 86)
        remove_something(&task);
    else if (what < 91 && world->turns[TURN_MOVE])
        move(&task);
    else if (what < 95 && world->turns[TURN_SEAL])
        answer_sealed(&task);
    else if (world->turns[TURN_SEAL])
        seal(&task);
    else
        edit(&task);
    pad_after(world, pad);
}

void step_people(struct world *world) {
    struct pad *pad = some_pad(world);

    if (world->save_count + 1 >= SAVES_MAX || !pad_ready(world, pad))
        return;
    err_clear(&world->err);
    if (world->turns[TURN_PHOTO] && one_in(world, 10))
        step_photo(world, pad);
    else
        work(world, pad);
}

void people_amid(struct world *world, struct pad *pad) {
    if (world->save_count + 1 >= SAVES_MAX || !pad_unlock(world, pad))
        return;
    err_clear(&world->err);
    work(world, pad);
}
