/* people.c: the county's staff: the verbs of people.h. */
#include "syncd/desk/people.h"

#include "base/text.h"
#include "syncd/desk/grant.h"
#include "syncd/desk/login.h"
#include "syncd/desk/reset.h"
#include "syncd/desk/witness.h"
#include "syncd/sync/quarantine.h"

#include <strings.h>

/* --- secrets --- */

/* Of the lists that guessers begin with, those that are long enough to get here, and what people of
 * this office would think of. */
static const char *const common_secrets[] = {
    "1234567890",    "0123456789",   "0987654321",  "9876543210",   "12345678910",
    "qwertyuiop",    "1qaz2wsx3edc", "asdfghjkl;",  "password12",   "password123",
    "password1234",  "passw0rd123",  "admin12345",  "admin123456",  "administrator",
    "letmein123",    "iloveyou123",  "welcome123",  "abc1234567",   "abcd123456",
    "a123456789",    "aa12345678",   "aa123456789", "woaini1314",   "woaini520",
    "woaini5201314", "5201314520",   "1314520520",  "yangguang1",   "yangguang123",
    "minzhengju",    "minzheng123",  "dibao12345",  "pingjiang123", "yueyang123",
    "changeme12",
};

static bool is_monotone(struct view secret) {
    for (size_t i = 1; i < secret.size; i++)
        if (secret.data[i] != secret.data[0])
            return false;
    return true;
}

enum rc people_secret_check(struct view name, struct view secret, struct err *err) {
    size_t letters = 0;
    bool is_common = is_monotone(secret);

    if (!utf8_valid(secret) || secret.size >= LIMIT_SECRET_BYTES)
        return err_set(err, RC_INVALID, "the new secret: must be text of less than %u bytes",
                       LIMIT_SECRET_BYTES);
    for (size_t i = 0; i < secret.size; i++)
        letters += (secret.data[i] & 0xc0) != 0x80;
    if (letters < PEOPLE_SECRET_LETTERS)
        return err_set(err, RC_INVALID,
                       "the new secret: is too short; take %u characters or more, a few words "
                       "are easiest to remember",
                       PEOPLE_SECRET_LETTERS);
    for (size_t i = 0; i < sizeof(common_secrets) / sizeof(common_secrets[0]); i++)
        is_common = is_common ||
                    (strlen(common_secrets[i]) == secret.size &&
                     strncasecmp((const char *)secret.data, common_secrets[i], secret.size) == 0);
    if (is_common || view_equal(secret, name))
        return err_set(err, RC_INVALID,
                       "the new secret: is one of those that everybody tries first; take another");
    return RC_OK;
}

void people_one_time(const struct env *env, char out[PEOPLE_ONE_TIME_BYTES]) {
    static const char letters[] = "23456789abcdefghjkmnpqrstuvwxyz!"; /* 31, and one never drawn */
    size_t at = 0;

    for (size_t i = 0; i < 12; i++) {
        if (i > 0 && i % 4 == 0)
            out[at++] = '-';
        out[at++] = letters[env_random_below(env, sizeof(letters) - 2)];
    }
    out[at] = '\0';
}

/* --- verbs --- */

enum rc people_name_free(struct work *work, struct view name, uint64_t but, struct err *err) {
    struct stored_person other;
    enum rc rc = store_person_named(work->ledger->store, name, &work->arena, &other, err);

    if (rc == RC_OK && !other.disabled && other.person != but)
        return err_set(err, RC_CONFLICT, "%.*s: there is a user of this name; choose another",
                       VIEW_PRINT(name));
    if (rc == RC_NOT_FOUND)
        err_clear(err);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc people_update(struct work *work, const struct stored_person *person, struct err *err) {
    struct stored_person *row = WORK_ADD(work, persons, person_count, person_capacity);

    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    *row = *person;
    row->name = arena_view(&work->arena, person->name);
    row->wrapped = arena_view(&work->arena, person->wrapped);
    row->areas = person->area_count == 0 ? NULL
                                         : arena_copy(&work->arena, person->areas,
                                                      person->area_count * sizeof(uint64_t));
    return arena_check(&work->arena, "a step of the writer", err);
}

enum rc people_now(struct work *work, uint64_t id, struct stored_person *out, struct err *err) {
    const struct stored_person *known;
    enum rc rc = work_person(work, id, &known, err);

    if (rc == RC_NOT_FOUND || (rc == RC_OK && known->device != 0))
        return err_set(err, RC_NOT_FOUND, "there is no such user; see: yg-syncd user list");
    if (rc == RC_OK)
        *out = *known;
    return rc;
}

/* One step of the writer that is about one person. */
struct person_step {
    const char *who, *action;
    struct stored_person person; /* to be added; else only .person counts */
    bool must_change;
    uint64_t replaces, by;
    struct grant_order rights; /* that he is to have */
    struct view reason;
    bool waits; /* the outcome: for a second one */
};

static enum rc person_act(const struct person_step *step, struct work *work, uint64_t person,
                          struct view reason, bool is_alone, struct err *err) {
    char object[17];
    enum rc rc;

    id_text(person, object);
    rc = work_act(work, step->who, step->action, object, reason, err);
    return rc == RC_OK && is_alone ? witness_missing(work, step->who, object, step->action, err)
                                   : rc;
}

static enum rc add_step(void *context, struct work *work, struct err *err) {
    struct person_step *step = context;
    struct stored_login login;
    enum rc rc = people_name_free(work, step->person.name, step->replaces, err);

    step->person.created_ms = work->now_ms;
    if (rc == RC_OK)
        rc = people_update(work, &step->person, err);
    if (rc == RC_OK && step->must_change)
        rc = login_must_change(work, &step->person, step->replaces, step->by, err);
    if (rc == RC_OK)
        rc = login_row(work, step->person.person, &login, err);
    return rc == RC_OK ? person_act(step, work, step->person.person, step->person.name,
                                    !reset_waits(&login), err)
                       : rc;
}

static enum rc name_check(struct view name, struct err *err) {
    struct view trimmed = text_trim(name);

    if (trimmed.size == 0 || trimmed.size != name.size || name.size > LIMIT_NAME_BYTES ||
        !utf8_valid(name))
        return err_set(err, RC_INVALID,
                       "the name must have 1 to %u bytes, without spaces at its ends",
                       LIMIT_NAME_BYTES);
    return RC_OK;
}

/* A key of his own, under the secret. */
static enum rc new_key(const struct env *env, struct view secret, struct stored_person *person,
                       struct buf *wrapped, struct err *err) {
    uint8_t seed[CRYPT_SEED_BYTES], secret_key[64];
    enum rc rc;

    env_entropy(env, seed, sizeof(seed));
    crypt_sign_keypair(seed, person->sign_public, secret_key);
    rc = people_wrap(env, secret, seed, person->sign_public, wrapped, err);
    crypt_wipe(seed, sizeof(seed));
    crypt_wipe(secret_key, sizeof(secret_key));
    person->person = id_of_person(person->sign_public);
    person->wrapped = buf_view(wrapped);
    return rc;
}

enum rc people_add(struct seat *seat, const struct new_person *person, uint64_t *id,
                   struct err *err) {
    struct person_step step = {.who = seat->who,
                               .action = "user add",
                               .must_change = person->must_change,
                               .by = person->by,
                               .person = {.name = person->name,
                                          .role = (uint8_t)person->role,
                                          .area_count = person->area_count}};
    struct buf wrapped;
    uint32_t admitted = 0;
    enum rc rc = name_check(person->name, err);

    step.person.areas =
        arena_copy(&seat->arena, person->areas, person->area_count * sizeof(uint64_t));
    buf_init(&wrapped, PEOPLE_WRAP_BYTES);
    if (rc == RC_OK)
        rc = arena_check(&seat->arena, "a person", err);
    if (rc == RC_OK)
        rc = new_key(seat->office->env, person->secret, &step.person, &wrapped, err);
    if (rc == RC_OK)
        rc = office_act(seat->office, add_step, &step, err);
    *id = step.person.person;
    buf_release(&wrapped);
    return rc == RC_OK ? quarantine_rejudge(seat->office, 0, &admitted, err) : rc;
}

enum rc people_find(struct seat *seat, uint64_t id, struct stored_person *out, struct err *err) {
    enum rc rc = store_person(seat->ledger->store, id, &seat->arena, out, err);

    if (rc == RC_OK && out->device != 0)
        rc = RC_NOT_FOUND;
    return rc == RC_NOT_FOUND ? err_set(err, rc, "there is no such user; see: yg-syncd user list")
                              : rc;
}

/* He is out; what he was to get besides is no more. */
static enum rc put_out(struct work *work, struct stored_person *person, struct err *err) {
    struct stored_login login;
    enum rc rc = witness_touched(work, person, err);

    if (rc == RC_OK)
        rc = login_row(work, person->person, &login, err);
    if (rc == RC_OK && grant_waits(&login)) {
        login.grant = (struct stored_grant){0};
        rc = login_put(work, &login, err);
    }
    person->disabled = true;
    if (rc == RC_OK)
        rc = people_update(work, person, err);
    return rc == RC_OK ? login_end_all(work, person->person, NULL, err) : rc;
}

static enum rc disable_step(void *context, struct work *work, struct err *err) {
    struct person_step *step = context;
    struct stored_person person;
    enum rc rc = people_now(work, step->person.person, &person, err);

    if (rc == RC_OK && person.disabled)
        rc = err_set(err, RC_CONFLICT, "%.*s: is disabled already", VIEW_PRINT(person.name));
    if (rc == RC_OK)
        rc = put_out(work, &person, err);
    return rc == RC_OK ? person_act(step, work, person.person, step->reason, false, err) : rc;
}

enum rc people_disable(struct seat *seat, uint64_t id, struct view reason, struct err *err) {
    struct person_step step = {
        .who = seat->who, .action = "user disable", .person = {.person = id}, .reason = reason};

    return office_act(seat->office, disable_step, &step, err);
}

static bool is_same(const struct stored_person *a, const struct stored_person *b) {
    return a->role == b->role && a->disabled == b->disabled && a->area_count == b->area_count &&
           (a->area_count == 0 ||
            memcmp(a->areas, b->areas, a->area_count * sizeof(*a->areas)) == 0);
}

/* The person as he is, on his way to the rights of the step. */
static enum rc give(struct person_step *step, struct work *work, struct stored_person *person,
                    const char *waiting_action, struct err *err) {
    const struct stored_person before = *person;
    struct stored_login login;
    bool is_alone = false;
    enum rc rc = login_row(work, person->person, &login, err);

    if (rc == RC_OK)
        rc = grant_note(work, &step->rights, person, &login, &is_alone, err);
    if (rc == RC_OK)
        rc = login_put(work, &login, err);
    if (rc == RC_OK && !is_same(&before, person)) {
        rc = witness_touched(work, &before, err);
        if (rc == RC_OK)
            rc = people_update(work, person, err);
        if (rc == RC_OK)
            rc = login_end_all(work, person->person, NULL, err);
    }
    step->waits = grant_waits(&login);
    if (step->waits)
        step->action = waiting_action;
    return rc == RC_OK ? person_act(step, work, person->person, step->reason, is_alone, err) : rc;
}

static enum rc enable_step(void *context, struct work *work, struct err *err) {
    struct person_step *step = context;
    struct stored_person person;
    enum rc rc = people_now(work, step->person.person, &person, err);

    if (rc == RC_OK && !person.disabled)
        rc = err_set(err, RC_CONFLICT, "%.*s: is not disabled", VIEW_PRINT(person.name));
    if (rc == RC_OK)
        rc = people_name_free(work, person.name, person.person, err);
    if (rc != RC_OK)
        return rc;
    step->rights = (struct grant_order){.by = step->by,
                                        .role = person.role,
                                        .enables = true,
                                        .areas = person.areas,
                                        .area_count = person.area_count};
    return give(step, work, &person, "user enable proposed", err);
}

enum rc people_enable(struct seat *seat, uint64_t id, uint64_t by, struct view reason, bool *waits,
                      struct err *err) {
    struct person_step step = {.who = seat->who,
                               .action = "user enable",
                               .person = {.person = id},
                               .by = by,
                               .reason = reason};
    enum rc rc = office_act(seat->office, enable_step, &step, err);

    *waits = step.waits;
    return rc;
}

static enum rc rights_step(void *context, struct work *work, struct err *err) {
    struct person_step *step = context;
    struct stored_person person;
    enum rc rc = people_now(work, step->person.person, &person, err);

    return rc == RC_OK ? give(step, work, &person, "user rights proposed", err) : rc;
}

enum rc people_set_rights(struct seat *seat, uint64_t id, const struct new_rights *rights,
                          bool *waits, struct err *err) {
    struct person_step step = {.who = seat->who,
                               .action = "user rights",
                               .person = {.person = id},
                               .rights = {.by = rights->by,
                                          .role = (uint8_t)rights->role,
                                          .area_count = rights->area_count}};
    struct buf text;
    uint32_t admitted = 0;
    enum rc rc;

    buf_init(&text, 8192);
    grant_text(rights->role, rights->areas, rights->area_count, rights->reason, &text);
    step.rights.areas =
        arena_copy(&seat->arena, rights->areas, rights->area_count * sizeof(uint64_t));
    step.reason = buf_view(&text);
    rc = buf_check(&text, "the reason", err);
    if (rc == RC_OK)
        rc = arena_check(&seat->arena, "a person", err);
    if (rc == RC_OK)
        rc = office_act(seat->office, rights_step, &step, err);
    if (rc == RC_OK)
        rc = quarantine_rejudge(seat->office, 0, &admitted, err);
    buf_release(&text);
    *waits = step.waits;
    return rc;
}

static enum rc reset_step(void *context, struct work *work, struct err *err) {
    struct person_step *step = context;
    struct stored_person old;
    enum rc rc = people_now(work, step->replaces, &old, err);

    if (rc == RC_OK && old.disabled)
        rc = err_set(err, RC_CONFLICT, "%.*s: is disabled already", VIEW_PRINT(old.name));
    if (rc != RC_OK)
        return rc;
    step->person.name = old.name;
    step->person.role = old.role;
    step->person.areas = old.areas;
    step->person.area_count = old.area_count;
    rc = put_out(work, &old, err);
    return rc == RC_OK ? add_step(step, work, err) : rc;
}

enum rc people_reset(struct seat *seat, uint64_t id, uint64_t by, struct view one_time,
                     uint64_t *now, struct err *err) {
    struct person_step step = {
        .who = seat->who, .action = "user reset", .must_change = true, .replaces = id, .by = by};
    struct buf wrapped;
    enum rc rc;

    buf_init(&wrapped, PEOPLE_WRAP_BYTES);
    rc = new_key(seat->office->env, one_time, &step.person, &wrapped, err);
    if (rc == RC_OK)
        rc = office_act(seat->office, reset_step, &step, err);
    *now = step.person.person;
    buf_release(&wrapped);
    return rc;
}
