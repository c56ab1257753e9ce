/* reset.c: see reset.h. */
#include "syncd/desk/reset.h"

#include "syncd/desk/login.h"
#include "syncd/desk/witness.h"

bool reset_waits(const struct stored_login *login) {
    return login->reset_by != 0 && login->reset_confirmed_by == 0;
}

enum rc reset_note(struct work *work, const struct stored_person *person, uint64_t by,
                   struct stored_login *login, struct err *err) {
    const struct witness_matter matter = {.person = person, .former = login->former, .by = by};
    bool found = false;
    enum rc rc = RC_OK;

    login->reset_by = by;
    login->reset_ms = work->now_ms;
    if (by != 0)
        rc = witness_find(work, &matter, &found, err);
    login->reset_confirmed_by = found ? 0 : by;
    return rc;
}

struct confirm {
    const char *who;
    uint64_t person, by;
    struct view reason;
};

static enum rc check_confirm(const struct confirm *confirm, struct work *work,
                             const struct stored_login *login, struct err *err) {
    struct stored_person person;
    struct witness_matter matter = {
        .person = &person, .former = login->former, .by = login->reset_by};
    enum rc rc = store_person(work->ledger->store, confirm->person, &work->arena, &person, err);

    if (rc == RC_NOT_FOUND || (rc == RC_OK && person.device != 0))
        return err_set(err, RC_NOT_FOUND, "there is no such user; see: yg-syncd user list");
    if (rc == RC_OK && (person.disabled || !reset_waits(login)))
        return err_set(err, RC_CONFLICT, "%.*s: no secret waits to be confirmed",
                       VIEW_PRINT(person.name));
    if (rc != RC_OK || confirm->by == 0)
        return rc;
    return witness_check(work, &matter, confirm->by, err);
}

static enum rc confirm_step(void *context, struct work *work, struct err *err) {
    const struct confirm *confirm = context;
    struct stored_login login;
    char object[17];
    enum rc rc = login_row(work, confirm->person, &login, err);

    if (rc == RC_OK)
        rc = check_confirm(confirm, work, &login, err);
    if (rc != RC_OK)
        return rc;
    login.reset_confirmed_by = confirm->by != 0 ? confirm->by : login.reset_by;
    rc = login_put(work, &login, err);
    id_text(confirm->person, object);
    return rc == RC_OK ? work_act(work, confirm->who,
                                  login.former != 0 ? "user reset confirm" : "user add confirm",
                                  object, confirm->reason, err)
                       : rc;
}

enum rc reset_confirm(struct seat *seat, uint64_t person, uint64_t by, struct view reason,
                      struct err *err) {
    struct confirm confirm = {.who = seat->who, .person = person, .by = by, .reason = reason};

    return office_act(seat->office, confirm_step, &confirm, err);
}
