/* grant.c: see grant.h. What he has meanwhile is what lies both in his areas and in those that he
 * is to get: of two areas one of which lies in the other, the smaller. */
#include "syncd/desk/grant.h"

#include "syncd/desk/login.h"
#include "syncd/desk/people.h"
#include "syncd/desk/witness.h"
#include "syncd/sync/quarantine.h"

#define TEXT_BYTES 8192u

bool grant_waits(const struct stored_login *login) {
    return login->grant.by != 0;
}

void grant_text(enum role role, const uint64_t *areas, uint32_t area_count, struct view reason,
                struct buf *out) {
    buf_add_text(out, role_name(role));
    buf_add_text(out, " ");
    seat_areas_text(areas, area_count, out);
    if (reason.size > 0)
        buf_add_text(out, ": ");
    buf_add_view(out, reason);
}

static bool all_within(const struct succession *table, const uint64_t *outer, uint32_t outer_count,
                       const uint64_t *inner, uint32_t inner_count) {
    for (uint32_t i = 0; i < inner_count; i++)
        if (!succession_grants(table, outer, outer_count, inner[i]))
            return false;
    return true;
}

static bool gives(const struct work *work, const struct grant_order *order,
                  const struct stored_person *person) {
    if (person->disabled)
        return order->enables;
    return !role_within((enum role)order->role, (enum role)person->role) ||
           !all_within(&work->ledger->areas, person->areas, person->area_count, order->areas,
                       order->area_count);
}

/* Those of `from` that lie in `in`, behind the others of the list. */
static void add_within(const struct succession *table, const uint64_t *in, uint32_t in_count,
                       const uint64_t *from, uint32_t from_count, uint64_t *list, uint32_t *count) {
    for (uint32_t i = 0; i < from_count; i++)
        if (succession_grants(table, in, in_count, from[i]) &&
            !area_list_contains(list, *count, from[i]))
            list[(*count)++] = from[i];
}

/* What he keeps of his rights until the others are confirmed. */
static enum rc keep(struct work *work, const struct grant_order *order,
                    struct stored_person *person, struct err *err) {
    const struct succession *table = &work->ledger->areas;
    uint32_t count = 0, most = order->area_count + person->area_count;
    uint64_t *both = arena_array(&work->arena, most > 0 ? most : 1, sizeof(*both));

    if (both == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    if (role_within((enum role)order->role, (enum role)person->role))
        person->role = order->role;
    add_within(table, person->areas, person->area_count, order->areas, order->area_count, both,
               &count);
    add_within(table, order->areas, order->area_count, person->areas, person->area_count, both,
               &count);
    if (count > LIMIT_AREAS)
        return err_set(err, RC_LIMIT, "areas: more than %u", LIMIT_AREAS);
    if (count > 0) {
        person->areas = both;
        person->area_count = count;
    }
    return RC_OK;
}

static enum rc hold(struct work *work, const struct grant_order *order, struct stored_login *login,
                    struct err *err) {
    login->grant = (struct stored_grant){
        .by = order->by,
        .at_ms = work->now_ms,
        .role = order->role,
        .enables = order->enables,
        .area_count = order->area_count,
        .areas = arena_copy(&work->arena, order->areas, order->area_count * sizeof(uint64_t))};
    return arena_check(&work->arena, "a step of the writer", err);
}

enum rc grant_note(struct work *work, const struct grant_order *order, struct stored_person *person,
                   struct stored_login *login, bool *is_alone, struct err *err) {
    const struct witness_matter matter = {.person = person,
                                          .former = login->former,
                                          .by = order->by,
                                          .areas = order->areas,
                                          .area_count = order->area_count};
    bool found = false, is_more = gives(work, order, person);
    enum rc rc = RC_OK;

    login->grant = (struct stored_grant){0};
    if (is_more && order->by != 0)
        rc = witness_find(work, &matter, &found, err);
    *is_alone = is_more && !found;
    if (rc != RC_OK)
        return rc;
    if (found) {
        rc = hold(work, order, login, err);
        return rc == RC_OK && !person->disabled ? keep(work, order, person, err) : rc;
    }
    person->role = order->role;
    person->areas = arena_copy(&work->arena, order->areas, order->area_count * sizeof(uint64_t));
    person->area_count = order->area_count;
    person->disabled = person->disabled && !order->enables;
    return arena_check(&work->arena, "a step of the writer", err);
}

/* --- confirming --- */

struct confirm {
    const char *who;
    uint64_t person, by;
    int64_t at_ms;
    struct view reason;
};

static enum rc check_confirm(const struct confirm *confirm, struct work *work,
                             const struct stored_person *person, const struct stored_login *login,
                             struct err *err) {
    const struct stored_grant *grant = &login->grant;
    const struct witness_matter matter = {.person = person,
                                          .former = login->former,
                                          .by = grant->by,
                                          .areas = grant->areas,
                                          .area_count = grant->area_count};

    if (!grant_waits(login) || (confirm->by != 0 && grant->at_ms != confirm->at_ms))
        return err_set(err, RC_CONFLICT, "%.*s: these rights do not wait any more; look again",
                       VIEW_PRINT(person->name));
    return confirm->by == 0 ? RC_OK : witness_check(work, &matter, confirm->by, err);
}

/* "county 430626000000: called him" */
static enum rc confirm_act(const struct confirm *confirm, struct work *work,
                           const struct stored_grant *grant, struct err *err) {
    char object[17];
    struct buf text;
    enum rc rc;

    id_text(confirm->person, object);
    buf_init(&text, TEXT_BYTES);
    grant_text((enum role)grant->role, grant->areas, grant->area_count, confirm->reason, &text);
    rc = buf_check(&text, "the reason", err);
    if (rc == RC_OK)
        rc = work_act(work, confirm->who,
                      grant->enables ? "user enable confirm" : "user rights confirm", object,
                      buf_view(&text), err);
    buf_release(&text);
    return rc;
}

static enum rc confirm_step(void *context, struct work *work, struct err *err) {
    const struct confirm *confirm = context;
    struct stored_person person;
    struct stored_grant grant = {0};
    struct stored_login login;
    enum rc rc = people_now(work, confirm->person, &person, err);

    if (rc == RC_OK)
        rc = login_row(work, confirm->person, &login, err);
    if (rc == RC_OK)
        rc = check_confirm(confirm, work, &person, &login, err);
    if (rc == RC_OK && login.grant.enables)
        rc = people_name_free(work, person.name, person.person, err);
    if (rc != RC_OK)
        return rc;
    grant = login.grant;
    login.grant = (struct stored_grant){0};
    person.role = grant.role;
    person.areas = grant.areas;
    person.area_count = grant.area_count;
    person.disabled = person.disabled && !grant.enables;
    rc = people_update(work, &person, err);
    if (rc == RC_OK)
        rc = login_put(work, &login, err);
    if (rc == RC_OK)
        rc = login_end_all(work, person.person, NULL, err);
    return rc == RC_OK ? confirm_act(confirm, work, &grant, err) : rc;
}

enum rc grant_confirm(struct seat *seat, uint64_t person, uint64_t by, int64_t at_ms,
                      struct view reason, struct err *err) {
    struct confirm confirm = {
        .who = seat->who, .person = person, .by = by, .at_ms = at_ms, .reason = reason};
    uint32_t admitted = 0;
    enum rc rc = office_act(seat->office, confirm_step, &confirm, err);

    return rc == RC_OK ? quarantine_rejudge(seat->office, 0, &admitted, err) : rc;
}
