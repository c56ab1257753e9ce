/* people.c: the county's staff: the verbs of people.h. */
#include "syncd/desk/people.h"

#include "base/text.h"
#include "syncd/desk/login.h"
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

static enum rc name_taken(struct work *work, struct view name, uint64_t but, struct err *err) {
    struct stored_person other;
    enum rc rc = store_person_named(work->ledger->store, name, &work->arena, &other, err);

    if (rc == RC_OK && !other.disabled && other.person != but)
        return err_set(err, RC_CONFLICT, "%.*s: there is a user of this name; choose another",
                       VIEW_PRINT(name));
    if (rc == RC_NOT_FOUND)
        err_clear(err);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc put_person(struct work *work, const struct stored_person *person, struct err *err) {
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

/* One step of the writer that is about one person. */
struct person_step {
    const char *who, *action;
    struct stored_person person; /* to be added; else only .person counts */
    bool must_change;
    bool disabled;
    uint64_t replaces, by;
    struct view reason;
};

static enum rc person_act(const struct person_step *step, struct work *work, uint64_t person,
                          struct view reason, struct err *err) {
    char object[17];

    id_text(person, object);
    return work_act(work, step->who, step->action, object, reason, err);
}

static enum rc add_step(void *context, struct work *work, struct err *err) {
    struct person_step *step = context;
    enum rc rc = name_taken(work, step->person.name, step->replaces, err);

    step->person.created_ms = work->now_ms;
    if (rc == RC_OK)
        rc = put_person(work, &step->person, err);
    if (rc == RC_OK && step->must_change)
        rc = login_must_change(work, &step->person, step->replaces, step->by, err);
    return rc == RC_OK ? person_act(step, work, step->person.person, step->person.name, err) : rc;
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

/* As the writer has it: others may have changed it meanwhile. */
static enum rc staff_now(struct work *work, uint64_t id, struct stored_person *out,
                         struct err *err) {
    const struct stored_person *known;
    enum rc rc = work_person(work, id, &known, err);

    if (rc == RC_NOT_FOUND || (rc == RC_OK && known->device != 0))
        return err_set(err, RC_NOT_FOUND, "there is no such user; see: yg-syncd user list");
    if (rc == RC_OK)
        *out = *known;
    return rc;
}

static enum rc disable_step(void *context, struct work *work, struct err *err) {
    struct person_step *step = context;
    struct stored_person person;
    enum rc rc = staff_now(work, step->person.person, &person, err);

    if (rc == RC_OK && person.disabled == step->disabled)
        rc = step->disabled
                 ? err_set(err, RC_CONFLICT, "%.*s: is disabled already", VIEW_PRINT(person.name))
                 : err_set(err, RC_CONFLICT, "%.*s: is not disabled", VIEW_PRINT(person.name));
    if (rc == RC_OK && !step->disabled)
        rc = name_taken(work, person.name, person.person, err);
    if (rc == RC_OK) {
        person.disabled = step->disabled;
        rc = put_person(work, &person, err);
    }
    if (rc == RC_OK)
        rc = login_end_all(work, person.person, NULL, err);
    return rc == RC_OK ? person_act(step, work, person.person, step->reason, err) : rc;
}

enum rc people_set_disabled(struct seat *seat, uint64_t id, bool disabled, struct view reason,
                            struct err *err) {
    struct person_step step = {.who = seat->who,
                               .action = disabled ? "user disable" : "user enable",
                               .person = {.person = id},
                               .disabled = disabled,
                               .reason = reason};

    return office_act(seat->office, disable_step, &step, err);
}

static enum rc rights_step(void *context, struct work *work, struct err *err) {
    struct person_step *step = context;
    struct stored_person person;
    enum rc rc = staff_now(work, step->person.person, &person, err);

    if (rc != RC_OK)
        return rc;
    person.role = step->person.role;
    person.areas = step->person.areas;
    person.area_count = step->person.area_count;
    rc = put_person(work, &person, err);
    if (rc == RC_OK)
        rc = login_end_all(work, person.person, NULL, err);
    return rc == RC_OK ? person_act(step, work, person.person, step->reason, err) : rc;
}

/* "county 430626: why" */
enum rc people_set_rights(struct seat *seat, uint64_t id, enum role role, const uint64_t *areas,
                          uint32_t area_count, struct view reason, struct err *err) {
    struct person_step step = {
        .who = seat->who,
        .action = "user rights",
        .person = {.person = id, .role = (uint8_t)role, .area_count = area_count}};
    struct buf text;
    uint32_t admitted = 0;
    enum rc rc;

    buf_init(&text, 8192);
    buf_add_text(&text, role_name(role));
    buf_add_text(&text, " ");
    seat_areas_text(areas, area_count, &text);
    if (reason.size > 0)
        buf_add_text(&text, ": ");
    buf_add_view(&text, reason);
    step.person.areas = arena_copy(&seat->arena, areas, area_count * sizeof(uint64_t));
    step.reason = buf_view(&text);
    rc = buf_check(&text, "the reason", err);
    if (rc == RC_OK)
        rc = arena_check(&seat->arena, "a person", err);
    if (rc == RC_OK)
        rc = office_act(seat->office, rights_step, &step, err);
    if (rc == RC_OK)
        rc = quarantine_rejudge(seat->office, 0, &admitted, err);
    buf_release(&text);
    return rc;
}

static enum rc reset_step(void *context, struct work *work, struct err *err) {
    struct person_step *step = context;
    struct stored_person old;
    enum rc rc = staff_now(work, step->replaces, &old, err);

    if (rc == RC_OK && old.disabled)
        rc = err_set(err, RC_CONFLICT, "%.*s: is disabled already", VIEW_PRINT(old.name));
    if (rc != RC_OK)
        return rc;
    step->person.name = old.name;
    step->person.role = old.role;
    step->person.areas = old.areas;
    step->person.area_count = old.area_count;
    old.disabled = true;
    rc = put_person(work, &old, err);
    if (rc == RC_OK)
        rc = login_end_all(work, old.person, NULL, err);
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
