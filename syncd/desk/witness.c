/* witness.c: see witness.h. */
#include "syncd/desk/witness.h"

#include "syncd/desk/reset.h"
#include "syncd/sync/news.h"

#define FORMERS_MAX 32u

static bool has_areas(const struct work *work, const struct stored_person *who,
                      const uint64_t *areas, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (!succession_grants(&work->ledger->areas, who->areas, who->area_count, areas[i]))
            return false;
    return true;
}

/* By his place; whether he has been here is another question. */
static bool has_place(const struct work *work, const struct stored_person *who,
                      const struct witness_matter *matter) {
    return !who->disabled && who->device == 0 && who->person != matter->by &&
           who->person != matter->person->person && who->person != matter->former &&
           (who->role == ROLE_ADMIN || who->role == ROLE_COUNTY) &&
           has_areas(work, who, matter->person->areas, matter->person->area_count) &&
           has_areas(work, who, matter->areas, matter->area_count);
}

/* Whether one is a name that the other had before his secret was reset. */
static enum rc was_once(struct work *work, uint64_t person, uint64_t once, bool *was,
                        struct err *err) {
    enum rc rc = RC_OK;

    *was = person == once;
    for (unsigned i = 0; i < FORMERS_MAX && !*was && rc == RC_OK && person != 0; i++) {
        struct stored_login login = {0};

        rc = store_login(work->ledger->store, person, &work->arena, &login, err);
        if (rc == RC_NOT_FOUND) {
            err_clear(err);
            return RC_OK;
        }
        person = login.former;
        *was = person != 0 && person == once;
    }
    return rc;
}

/* A reset leaves the same human. */
static enum rc is_one_of_them(struct work *work, const struct witness_matter *matter, uint64_t who,
                              bool *is, struct err *err) {
    enum rc rc = was_once(work, who, matter->by, is, err);

    if (rc == RC_OK && !*is)
        rc = was_once(work, matter->by, who, is, err);
    if (rc == RC_OK && !*is)
        rc = was_once(work, who, matter->person->person, is, err);
    if (rc == RC_OK && !*is)
        rc = was_once(work, matter->person->person, who, is, err);
    return rc;
}

struct find {
    struct work *work;
    const struct witness_matter *matter;
    bool found;
};

static enum rc find_visit(void *context, const struct stored_person *who, struct err *err) {
    struct find *find = context;
    struct stored_login login;
    bool is_one_of_two = false;
    enum rc rc;

    if (find->found || !has_place(find->work, who, find->matter))
        return RC_OK;
    rc = store_login(find->work->ledger->store, who->person, &find->work->arena, &login, err);
    if (rc == RC_NOT_FOUND) { /* he has never been here */
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK || login.seen_ms == 0 || login.must_change || reset_waits(&login))
        return rc;
    rc = is_one_of_them(find->work, find->matter, who->person, &is_one_of_two, err);
    find->found = rc == RC_OK && !is_one_of_two;
    return rc;
}

enum rc witness_find(struct work *work, const struct witness_matter *matter, bool *found,
                     struct err *err) {
    struct find find = {.work = work, .matter = matter};
    struct view touched;
    enum rc rc = store_setting(work->ledger->store, WITNESS_SETTING, &work->arena, &touched, err);

    find.found = rc == RC_OK;
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        rc = store_persons(work->ledger->store, find_visit, &find, err);
    }
    *found = find.found;
    return rc;
}

enum rc witness_touched(struct work *work, const struct stored_person *person, struct err *err) {
    struct stored_login login = {0};
    uint8_t now[8];
    enum rc rc;

    if (person->role != ROLE_ADMIN && person->role != ROLE_COUNTY)
        return RC_OK;
    rc = store_login(work->ledger->store, person->person, &work->arena, &login, err);
    if (rc == RC_NOT_FOUND)
        err_clear(err);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && login.seen_ms == 0))
        return RC_OK;
    for (unsigned i = 0; i < sizeof(now); i++)
        now[i] = (uint8_t)((uint64_t)work->now_ms >> (8 * i));
    return rc == RC_OK ? work_put_setting(work, WITNESS_SETTING, view_of(now, sizeof(now)), err)
                       : rc;
}

enum rc witness_check(struct work *work, const struct witness_matter *matter, uint64_t who,
                      struct err *err) {
    struct stored_person person;
    bool is_one_of_two = false;
    enum rc rc = store_person(work->ledger->store, who, &work->arena, &person, err);

    if (rc == RC_OK)
        rc = is_one_of_them(work, matter, who, &is_one_of_two, err);
    if (rc == RC_OK && (is_one_of_two || !has_place(work, &person, matter)))
        rc = err_set(err, RC_DENIED,
                     "this is confirmed by a second administrator or county reviewer who has its "
                     "areas; ask one");
    return rc;
}

enum rc witness_missing(struct work *work, const char *who, const char *object, const char *action,
                        struct err *err) {
    return work_act(work, who, "no second person", object, view_text(action), err);
}
