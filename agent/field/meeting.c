/* meeting.c: the record of a meeting before and beside the voting; see meeting.h. */
#include "agent/field/meeting_inside.h"

#include "agent/store/blobs.h"
#include "agent/store/traffic.h"
#include "base/text.h"
#include "schema/title.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- one change ---- */

enum rc meeting_see(struct session *session, struct dot id, struct arena *arena,
                    struct meeting_seen *out, struct err *err) {
    enum rc rc = session_see(session, id, arena, &out->seen, err);

    if (rc == RC_OK && out->seen.form == NULL)
        rc = err_set(err, RC_UNSUPPORTED,
                     "the form of this record has not come yet; run: yg-agent sync");
    return rc == RC_OK ? meeting_read(&out->seen.reading, arena, &out->meeting, err) : rc;
}

enum rc meeting_edit_start(struct meeting_edit *edit, struct session *session, struct dot id,
                           enum change_kind kind, struct err *err) {
    enum rc rc;

    *edit = (struct meeting_edit){.session = session};
    arena_init(&edit->arena, MEETING_ARENA_BYTES);
    rc = meeting_see(session, id, &edit->arena, &edit->at, err);
    if (rc == RC_OK && edit->at.seen.reading.withdrawn)
        rc = err_set(err, RC_CONFLICT, "this meeting has been withdrawn");
    if (rc == RC_OK && edit->at.meeting.sealed)
        rc = err_set(err, RC_CONFLICT, "this meeting is signed and over; call a new one");
    if (rc != RC_OK)
        return rc;
    return edit_start(&edit->edit, kind, session_next_dot(session), session_person(session),
                      edit->at.seen.form, &edit->at.seen.record, &edit->at.seen.reading,
                      &edit->arena, err);
}

static enum rc save_edit(struct meeting_edit *edit, struct err *err) {
    struct change change;
    struct save *save = NULL;
    enum rc rc;

    rc = edit_finish(&edit->edit, view_text(NULL), &change, err);
    if (rc == RC_OK)
        rc = save_open(edit->session, &save, err);
    if (rc == RC_OK)
        rc = save_add(save, &change, &edit->at.seen.record, edit->at.seen.form, err);
    if (rc == RC_OK && edit->ends_urn.number != 0)
        save_ends_urn(save, edit->ends_urn, edit->urn);
    if (rc == RC_OK)
        rc = save_commit(save, err);
    save_close(save);
    return rc;
}

enum rc meeting_edit_end(struct meeting_edit *edit, enum rc rc, struct err *err) {
    if (rc == RC_OK && edit->edit.entry_count > 0)
        rc = save_edit(edit, err);
    arena_release(&edit->arena);
    return rc;
}

/* Whether the record says so already: then there is nothing to save. */
static bool says(const struct edit *edit, struct instance_id instance, uint16_t field,
                 const struct value *value) {
    const struct cell *cell =
        edit->reading == NULL ? NULL : reading_cell(edit->reading, instance, field);

    if (cell != NULL && cell->kind == CELL_VALUE)
        return value_equal(&cell->value, value);
    for (uint32_t i = 0; cell != NULL && cell->kind == CELL_SET && i < cell->version_count; i++)
        if (value_equal(&cell->versions[i]->value, value))
            return true;
    return false;
}

enum rc meeting_put(struct edit *edit, struct instance_id instance, const char *path,
                    struct view text, struct err *err) {
    const struct form_field *field = form_field_by_path(edit->form, view_text(path));
    struct value value;
    enum rc rc;

    if (field == NULL)
        return err_set(err, RC_UNSUPPORTED,
                       "the form meeting has no field %s; publish the one of this version", path);
    rc = form_value_parse(edit->form, field, text, edit->arena, &value, err);
    if (rc == RC_OK && (value.type == VALUE_NULL || says(edit, instance, field->number, &value)))
        return RC_OK;
    return rc == RC_OK ? edit_set(edit, instance, field->number, &value, field->rank, err) : rc;
}

enum rc meeting_put_number(struct edit *edit, struct instance_id instance, const char *path,
                           int64_t number, struct err *err) {
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)number);
    return meeting_put(edit, instance, path, view_text(text), err);
}

enum rc meeting_put_now(struct edit *edit, const struct session *session,
                        struct instance_id instance, const char *path, struct err *err) {
    char text[TIME_TEXT_BYTES];

    time_format(env_wall_ms(tablet_env(session_tablet(session))), text);
    return meeting_put(edit, instance, path, view_text(text), err);
}

/* ---- calling one ---- */

struct calling {
    struct session *session;
    const struct meeting_plan *plan;
    struct arena arena;
    struct edit edit;
    struct seen panel;
    uint32_t seats;
    struct view households[VOTE_ITEMS_MAX]; /* as texts */
    struct instance_id items[VOTE_ITEMS_MAX];
};

static struct view panel_text(const struct calling *at, struct instance_id instance,
                              const char *path) {
    uint16_t field = meeting_field(at->panel.form, path);
    const struct cell *cell = field == 0 ? NULL : reading_cell(&at->panel.reading, instance, field);

    return cell != NULL && cell->kind == CELL_VALUE && cell->value.type == VALUE_TEXT
               ? cell->value.bytes
               : (struct view){0};
}

static enum rc add_member(struct calling *at, struct instance_id from, struct err *err) {
    char roster[INSTANCE_TEXT_BYTES];
    struct edit *edit = &at->edit;
    struct instance_id member;
    enum rc rc;

    if (++at->seats > VOTE_SEATS_MAX)
        return err_set(err, RC_LIMIT, "a panel has at most %u active members", VOTE_SEATS_MAX);
    instance_text(from, roster);
    rc = edit_add_instance(edit, meeting_field(edit->form, "member"), meeting_root, &member, err);
    if (rc == RC_OK)
        rc = meeting_put_number(edit, member, "member/seat", at->seats, err);
    if (rc == RC_OK)
        rc = meeting_put(edit, member, "member/name", panel_text(at, from, "member/name"), err);
    if (rc == RC_OK)
        rc = meeting_put(edit, member, "member/category", panel_text(at, from, "member/category"),
                         err);
    return rc == RC_OK ? meeting_put(edit, member, "member/roster", view_text(roster), err) : rc;
}

/* Whoever has declared the family withdraws. */
static enum rc recuse_relatives(struct calling *at, struct instance_id from, struct err *err) {
    uint16_t repeat = meeting_field(at->panel.form, "member/relative");
    const struct reading *reading = &at->panel.reading;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < reading->instance_count && rc == RC_OK; i++) {
        const struct seen_instance *relative = &reading->instances[i];
        struct view household;

        if (relative->repeat != repeat || relative->removed ||
            !instance_equal(relative->parent, from))
            continue;
        household = panel_text(at, relative->id, "member/relative/household");
        for (uint32_t k = 0; k < at->plan->household_count && rc == RC_OK; k++) {
            char text[32];

            if (household.size == 0 || !view_equal(household, at->households[k]))
                continue;
            snprintf(text, sizeof(text), "%u 1", at->seats);
            rc = meeting_put(&at->edit, at->items[k], "item/recused", view_text(text), err);
        }
    }
    return rc;
}

static enum rc add_members(struct calling *at, struct err *err) {
    uint16_t repeat = meeting_field(at->panel.form, "member");
    const struct reading *reading = &at->panel.reading;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < reading->instance_count && rc == RC_OK; i++) {
        const struct seen_instance *member = &reading->instances[i];

        if (member->repeat != repeat || member->removed ||
            !view_is(panel_text(at, member->id, "member/active"), "1"))
            continue;
        rc = add_member(at, member->id, err);
        if (rc == RC_OK)
            rc = recuse_relatives(at, member->id, err);
    }
    if (rc == RC_OK && at->seats == 0)
        rc = err_set(err, RC_INVALID, "this panel has no active members");
    return rc;
}

/* What a list shows of the household: its title, in the arena. */
static enum rc household_title(struct session *session, struct dot id, struct arena *arena,
                               struct view *out, struct err *err) {
    struct arena scratch;
    struct buf title;
    struct seen seen;
    enum rc rc;

    arena_init(&scratch, MEETING_ARENA_BYTES);
    buf_init(&title, TITLE_BYTES);
    rc = session_see(session, id, &scratch, &seen, err);
    if (rc == RC_OK) {
        title_make(&seen.reading, &title);
        *out = arena_view(arena, buf_view(&title));
        rc = buf_check(&title, "the title", err);
        if (rc == RC_OK)
            rc = arena_check(arena, "a meeting", err);
    }
    buf_release(&title);
    arena_release(&scratch);
    return rc;
}

static enum rc add_item(struct edit *edit, struct session *session, struct dot household,
                        int64_t order, struct view *text_out, struct instance_id *item,
                        struct err *err) {
    char *text = arena_alloc(edit->arena, DOT_TEXT_BYTES);
    struct view title = {0};
    enum rc rc = household_title(session, household, edit->arena, &title, err);

    if (text == NULL)
        return arena_check(edit->arena, "a meeting", err);
    dot_text(household, text);
    *text_out = view_text(text);
    if (rc == RC_OK)
        rc = edit_add_instance(edit, meeting_field(edit->form, "item"), meeting_root, item, err);
    if (rc == RC_OK)
        rc = meeting_put(edit, *item, "item/household", *text_out, err);
    if (rc == RC_OK)
        rc = meeting_put(edit, *item, "item/subject", title, err);
    return rc == RC_OK ? meeting_put_number(edit, *item, "item/order", order, err) : rc;
}

static enum rc put_head(struct calling *at, struct err *err) {
    const struct meeting_plan *plan = at->plan;
    const struct {
        const char *path;
        struct view text;
    } fields[] = {{"title", plan->title},
                  {"place", plan->place},
                  {"chair", plan->chair},
                  {"recorder", plan->recorder},
                  {"observer", plan->observer}};
    char panel[DOT_TEXT_BYTES], code[CROCKFORD_BYTES(5, 0)];
    uint8_t random[5];
    enum rc rc = edit_set_area(&at->edit, plan->area, err);

    if (rc == RC_OK && plan->title.size == 0)
        rc = err_set(err, RC_INVALID, "a meeting has a name, such as \"first quarter of 2027\"");
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && rc == RC_OK; i++)
        rc =
            fields[i].text.size > MEETING_TEXT_BYTES
                ? err_set(err, RC_LIMIT, "%s: at most %u bytes", fields[i].path, MEETING_TEXT_BYTES)
                : meeting_put(&at->edit, meeting_root, fields[i].path, fields[i].text, err);
    for (uint32_t i = 0; i < plan->teller_count && rc == RC_OK; i++)
        rc = meeting_put(&at->edit, meeting_root, "tellers", plan->tellers[i], err);
    dot_text(plan->panel, panel);
    env_entropy(tablet_env(session_tablet(at->session)), random, sizeof(random));
    crockford_encode(view_of(random, sizeof(random)), 0, code);
    if (rc == RC_OK)
        rc = meeting_put(&at->edit, meeting_root, "panel", view_text(panel), err);
    return rc == RC_OK ? meeting_put(&at->edit, meeting_root, "join_code", view_text(code), err)
                       : rc;
}

static enum rc call(struct calling *at, const struct form *form, struct dot *out, struct err *err) {
    const struct meeting_plan *plan = at->plan;
    struct change change;
    enum rc rc = session_see(at->session, plan->panel, &at->arena, &at->panel, err);

    if (rc == RC_OK && (at->panel.form == NULL || !view_is(at->panel.form->name, PANEL_FORM)))
        rc = err_set(err, RC_INVALID, "the panel is a record of the form panel");
    if (rc == RC_OK && plan->household_count > VOTE_ITEMS_MAX)
        rc = err_set(err, RC_LIMIT, "a meeting hears at most %u households", VOTE_ITEMS_MAX);
    if (rc == RC_OK)
        rc = edit_start(&at->edit, CHANGE_CREATE, session_next_dot(at->session),
                        session_person(at->session), form, NULL, NULL, &at->arena, err);
    if (rc == RC_OK)
        rc = put_head(at, err);
    for (uint32_t i = 0; i < plan->household_count && rc == RC_OK; i++)
        rc = add_item(&at->edit, at->session, plan->households[i], (int64_t)i + 1,
                      &at->households[i], &at->items[i], err);
    if (rc == RC_OK)
        rc = add_members(at, err);
    if (rc == RC_OK)
        rc = meeting_put_number(&at->edit, meeting_root, "roster_size", at->seats, err);
    if (rc == RC_OK)
        rc = meeting_put_number(&at->edit, meeting_root, "state", MEETING_PLANNED, err);
    if (rc == RC_OK)
        rc = edit_finish(&at->edit, view_text(NULL), &change, err);
    if (rc == RC_OK)
        rc = session_save(at->session, &change, NULL, form, err);
    if (rc == RC_OK)
        *out = tablet_dot_now(session_tablet(at->session), change.dot);
    return rc;
}

enum rc meeting_new(struct session *session, const struct meeting_plan *plan, struct dot *out,
                    struct err *err) {
    const struct form *form = tablet_form_named(session_tablet(session), view_text(MEETING_FORM));
    struct calling *at;
    enum rc rc;

    *out = (struct dot){0, 0};
    if (form == NULL)
        return err_set(err, RC_NOT_FOUND, "%s: there is no such form here; see: yg-agent forms",
                       MEETING_FORM);
    at = calloc(1, sizeof(*at));
    if (at == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    at->session = session;
    at->plan = plan;
    arena_init(&at->arena, MEETING_ARENA_BYTES);
    rc = call(at, form, out, err);
    arena_release(&at->arena);
    free(at);
    return rc;
}

enum rc meeting_add_household(struct session *session, struct dot id, struct dot household,
                              struct err *err) {
    struct meeting_edit edit;
    struct instance_id item;
    char text[DOT_TEXT_BYTES];
    struct view name;
    enum rc rc = meeting_edit_start(&edit, session, id, CHANGE_EDIT, err);

    dot_text(household, text);
    if (rc == RC_OK && edit.at.meeting.state >= MEETING_VOTING)
        rc = err_set(err, RC_CONFLICT, "voting has begun; call a new meeting for more households");
    if (rc == RC_OK && meeting_household(&edit.at.meeting, view_text(text)) != NULL)
        rc = err_set(err, RC_CONFLICT, "%s: stands on the agenda already", text);
    if (rc == RC_OK && edit.at.meeting.item_count >= VOTE_ITEMS_MAX)
        rc = err_set(err, RC_LIMIT, "a meeting hears at most %u households", VOTE_ITEMS_MAX);
    if (rc == RC_OK)
        rc = add_item(&edit.edit, session, household, (int64_t)edit.at.meeting.item_count + 1,
                      &name, &item, err);
    return meeting_edit_end(&edit, rc, err);
}

/* ---- in the room ---- */

enum rc meeting_rules_today(struct session *session, const struct form *form, uint64_t area,
                            struct arena *arena, struct vote_rules *out, struct err *err) {
    struct date today = date_from_ms(env_wall_ms(tablet_env(session_tablet(session))));
    struct view csv = {0};
    struct vote_book book;
    enum rc rc;

    for (uint32_t i = 0; i < form->file_count; i++)
        if (view_is(form->files[i].name, VOTE_RULES_FILE))
            csv = form->files[i].content;
    if (csv.size == 0)
        return err_set(err, RC_UNSUPPORTED,
                       "the form of this record has no file %s; attach it and publish the form "
                       "again",
                       VOTE_RULES_FILE);
    rc = vote_book_load(csv, arena, &book, err);
    return rc == RC_OK ? vote_book_find(&book, area, today, out, err) : rc;
}

static enum rc write_rules(struct meeting_edit *edit, struct err *err) {
    char hex[2 * CRYPT_HASH_BYTES + 1];
    uint8_t hash[CRYPT_HASH_BYTES];
    struct vote_rules rules;
    struct buf text;
    enum rc rc = meeting_rules_today(edit->session, edit->at.seen.form, edit->at.seen.area,
                                     &edit->arena, &rules, err);

    if (rc != RC_OK)
        return rc;
    buf_init(&text, VOTE_RULES_TEXT_MAX);
    vote_rules_text(&rules, &text);
    rc = buf_check(&text, "evaluation rules", err);
    if (rc == RC_OK) {
        vote_rules_hash(buf_view(&text), hash);
        hex_encode(view_of(hash, sizeof(hash)), hex);
        rc = meeting_put(&edit->edit, meeting_root, "rules", buf_view(&text), err);
    }
    if (rc == RC_OK)
        rc = meeting_put(&edit->edit, meeting_root, "rules_hash", view_text(hex), err);
    if (rc == RC_OK)
        memcpy(edit->at.meeting.rules_hash, hash, sizeof(hash)); /* as it will be */
    buf_release(&text);
    return rc;
}

enum rc meeting_open_here(struct meeting_edit *edit, struct err *err) {
    enum rc rc = edit->at.meeting.has_rules ? RC_OK : write_rules(edit, err);

    return rc == RC_OK ? meeting_put_number(&edit->edit, meeting_root, "state", MEETING_OPEN, err)
                       : rc;
}

enum rc meeting_open(struct session *session, struct dot id, struct err *err) {
    struct meeting_edit edit;
    enum rc rc = meeting_edit_start(&edit, session, id, CHANGE_EDIT, err);

    if (rc == RC_OK && edit.at.meeting.state != MEETING_PLANNED)
        rc = err_set(err, RC_CONFLICT, "this meeting is open already; it only goes forward");
    if (rc == RC_OK)
        rc = meeting_open_here(&edit, err);
    if (rc == RC_OK)
        rc = meeting_put_now(&edit.edit, session, meeting_root, "begun", err);
    return meeting_edit_end(&edit, rc, err);
}

static enum rc not_open(struct err *err) {
    return err_set(err, RC_CONFLICT, "the meeting is not open; run: yg-agent meeting open");
}

static enum rc sign_one(struct meeting_edit *edit, const struct meeting_member *member,
                        struct view signature, struct err *err) {
    char hex[65];
    uint8_t hash[32];
    enum rc rc = RC_OK;

    if (!member->present)
        rc = meeting_put(&edit->edit, member->id, "member/present", view_text("1"), err);
    if (rc == RC_OK && !member->present)
        rc = meeting_put_now(&edit->edit, edit->session, member->id, "member/present_at", err);
    if (rc != RC_OK || signature.size == 0)
        return rc;
    rc =
        blobs_add(edit->session, edit->at.seen.area, ATTACHMENT_FOR_IMAGE, signature, 0, hash, err);
    if (rc != RC_OK)
        return rc;
    hex_encode(view_of(hash, sizeof(hash)), hex);
    return meeting_put(&edit->edit, member->id, "member/signature", view_text(hex), err);
}

enum rc meeting_sign_in(struct session *session, struct dot id, uint64_t seats,
                        struct view signature, struct err *err) {
    struct meeting_edit edit;
    enum rc rc = meeting_edit_start(&edit, session, id, CHANGE_EDIT, err);

    if (rc == RC_OK && edit.at.meeting.state == MEETING_PLANNED)
        rc = not_open(err);
    if (rc == RC_OK && edit.at.meeting.state >= MEETING_CLOSED)
        rc = err_set(err, RC_CONFLICT, "voting is over; nobody signs in any more");
    if (rc == RC_OK && (seats == 0 || (seats & ~edit.at.meeting.expected) != 0))
        rc = err_set(err, RC_NOT_FOUND, "there is no such seat; see: yg-agent meeting show");
    if (rc == RC_OK && signature.size > 0 && vote_seats_count(seats) != 1)
        rc = err_set(err, RC_INVALID, "a signature belongs to one seat");
    for (uint32_t i = 0; rc == RC_OK && i < edit.at.meeting.member_count; i++)
        if ((vote_seat(edit.at.meeting.members[i].seat) & seats) != 0)
            rc = sign_one(&edit, &edit.at.meeting.members[i], signature, err);
    return meeting_edit_end(&edit, rc, err);
}

enum rc meeting_recuse(struct session *session, struct dot id, struct instance_id item,
                       uint32_t seat, uint32_t reason, struct err *err) {
    struct meeting_edit edit;
    const struct meeting_item *found;
    struct urn_about about;
    char text[32];
    enum rc rc = meeting_edit_start(&edit, session, id, CHANGE_EDIT, err);

    found = rc == RC_OK ? meeting_item(&edit.at.meeting, item) : NULL;
    if (rc == RC_OK && (found == NULL || meeting_seat(&edit.at.meeting, seat) == NULL))
        rc = err_set(err, RC_NOT_FOUND,
                     "there is no such seat or household; see: yg-agent meeting "
                     "show");
    if (rc == RC_OK && !((reason >= 1 && reason <= 3) || reason == 9))
        rc = err_set(err, RC_INVALID,
                     "why: 1 near relative, 2 interest, 3 own application, 9 other");
    /* Once votes are in, a withdrawal would make one of them a stranger's, and void the item. */
    if (rc == RC_OK &&
        (edit.at.meeting.state >= MEETING_CLOSED || urn_find(session, id, &about, err) == RC_OK))
        rc = err_set(err, RC_CONFLICT, "voting has begun; whoever has to withdraw says so before");
    if (rc == RC_OK) {
        err_clear(err);
        snprintf(text, sizeof(text), "%u %u", seat, reason);
        rc = meeting_put(&edit.edit, found->id, "item/recused", view_text(text), err);
    }
    return meeting_edit_end(&edit, rc, err);
}

enum rc meeting_step(struct session *session, struct dot id, uint32_t step, struct err *err) {
    char path[16];
    struct meeting_edit edit;
    enum rc rc = meeting_edit_start(&edit, session, id, CHANGE_EDIT, err);

    if (rc == RC_OK && (step < 1 || step > MEETING_STEPS))
        rc = err_set(err, RC_INVALID, "a meeting has the steps 1 to %u", MEETING_STEPS);
    if (rc == RC_OK && edit.at.meeting.state == MEETING_PLANNED)
        rc = not_open(err);
    if (rc == RC_OK && (edit.at.meeting.steps >> (step - 1) & 1) == 0) {
        snprintf(path, sizeof(path), "step%u", step);
        rc = meeting_put(&edit.edit, meeting_root, path, view_text("1"), err);
        snprintf(path, sizeof(path), "step%u_at", step);
        if (rc == RC_OK)
            rc = meeting_put_now(&edit.edit, session, meeting_root, path, err);
    }
    return meeting_edit_end(&edit, rc, err);
}
