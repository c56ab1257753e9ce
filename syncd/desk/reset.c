/* reset.c: see reset.h. */
#include "syncd/desk/reset.h"

bool reset_waits(const struct stored_login *login) {
    return login->reset_by != 0 && login->reset_confirmed_by == 0;
}

/* By his place; that he is himself is another question. */
static bool may_confirm(const struct work *work, const struct stored_person *who,
                        const struct stored_person *person, uint64_t reset_by) {
    if (who->disabled || who->device != 0 || who->person == reset_by ||
        who->person == person->person || (who->role != ROLE_ADMIN && who->role != ROLE_COUNTY))
        return false;
    for (uint32_t i = 0; i < person->area_count; i++)
        if (!succession_grants(&work->ledger->areas, who->areas, who->area_count, person->areas[i]))
            return false;
    return true;
}

struct find_second {
    struct work *work;
    const struct stored_person *person;
    uint64_t reset_by, former;
    bool found;
};

static enum rc second_visit(void *context, const struct stored_person *who, struct err *err) {
    struct find_second *find = context;
    struct stored_login login;
    enum rc rc;

    if (who->person == find->former || !may_confirm(find->work, who, find->person, find->reset_by))
        return RC_OK;
    rc = store_login(find->work->ledger->store, who->person, &find->work->arena, &login, err);
    if (rc == RC_NOT_FOUND) { /* he has never been here */
        err_clear(err);
        return RC_OK;
    }
    if (rc == RC_OK && login.seen_ms != 0 && !login.must_change && !reset_waits(&login))
        find->found = true;
    return rc;
}

enum rc reset_note(struct work *work, const struct stored_person *person, uint64_t by,
                   struct stored_login *login, struct err *err) {
    struct find_second find = {
        .work = work, .person = person, .reset_by = by, .former = login->former};
    enum rc rc = RC_OK;

    login->reset_by = by;
    login->reset_ms = work->now_ms;
    if (by != 0)
        rc = store_persons(work->ledger->store, second_visit, &find, err);
    login->reset_confirmed_by = find.found ? 0 : by;
    return rc;
}

struct confirm {
    const char *who;
    uint64_t person, by;
    struct view reason;
};

static enum rc check_confirm(const struct confirm *confirm, struct work *work,
                             const struct stored_login *login, struct err *err) {
    struct stored_person person, by;
    enum rc rc = store_person(work->ledger->store, confirm->person, &work->arena, &person, err);

    if (rc == RC_NOT_FOUND || (rc == RC_OK && person.device != 0))
        return err_set(err, RC_NOT_FOUND, "there is no such user; see: yg-syncd user list");
    if (rc == RC_OK && (person.disabled || !reset_waits(login)))
        return err_set(err, RC_CONFLICT, "%.*s: no reset waits to be confirmed",
                       VIEW_PRINT(person.name));
    if (rc != RC_OK || confirm->by == 0)
        return rc;
    rc = store_person(work->ledger->store, confirm->by, &work->arena, &by, err);
    if (rc == RC_OK && !may_confirm(work, &by, &person, login->reset_by))
        rc = err_set(err, RC_DENIED,
                     "a reset is confirmed by a second administrator or county reviewer; ask one");
    return rc;
}

static enum rc confirm_step(void *context, struct work *work, struct err *err) {
    const struct confirm *confirm = context;
    struct stored_login login = {0}, *row;
    char object[17];
    enum rc rc = store_login(work->ledger->store, confirm->person, &work->arena, &login, err);

    if (rc == RC_NOT_FOUND)
        err_clear(err);
    else if (rc != RC_OK)
        return rc;
    rc = check_confirm(confirm, work, &login, err);
    if (rc != RC_OK)
        return rc;
    login.reset_confirmed_by = confirm->by != 0 ? confirm->by : login.reset_by;
    row = WORK_ADD(work, logins, login_count, login_capacity);
    if (row != NULL)
        *row = login;
    id_text(confirm->person, object);
    rc = arena_check(&work->arena, "a step of the writer", err);
    return rc == RC_OK
               ? work_act(work, confirm->who, "user reset confirm", object, confirm->reason, err)
               : rc;
}

enum rc reset_confirm(struct seat *seat, uint64_t person, uint64_t by, struct view reason,
                      struct err *err) {
    struct confirm confirm = {.who = seat->who, .person = person, .by = by, .reason = reason};

    return office_act(seat->office, confirm_step, &confirm, err);
}
