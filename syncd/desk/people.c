/* people.c: the county's staff: who they are, and the keys with which they sign decisions.
 *
 * A person's signing key is made here and leaves this function only wrapped under the person's own
 * secret. stored_person.wrapped is:
 *
 *   version   1 byte, 1
 *   passes, memory in KiB   32 bits each, little-endian: the cost of Argon2id when it was wrapped
 *   salt      16 bytes
 *   locked    crypt_lock(Argon2id(secret, salt, cost), seed of the key, "yg staff key" || public
 * key)
 *
 * Opening it with a wrong secret and asking for somebody who does not exist take the same time and
 * give the same answer. */
#include "base/crypt.h"
#include "base/words.h"
#include "syncd/desk/desk.h"
#include "syncd/desk/listing.h"
#include "syncd/sync/quarantine.h"

#define WRAP_VERSION     1u
#define WRAP_BYTES_MAX   512u
#define ASSOCIATED_BYTES 44u

static void associate(const uint8_t sign_public[32], uint8_t out[ASSOCIATED_BYTES]) {
    memcpy(out, "yg staff key", 12);
    memcpy(out + 12, sign_public, 32);
}

static enum rc wrap_key(const struct env *env, struct view secret, const uint8_t seed[32],
                        const uint8_t sign_public[32], struct buf *out, struct err *err) {
    struct crypt_cost cost = CRYPT_COST_DEFAULT;
    uint8_t salt[CRYPT_SALT_BYTES], key[CRYPT_KEY_BYTES], associated[ASSOCIATED_BYTES];
    enum rc rc;

    env_entropy(env, salt, sizeof(salt));
    associate(sign_public, associated);
    rc = crypt_stretch(secret, salt, cost, key, err);
    if (rc == RC_OK) {
        buf_add_u8(out, WRAP_VERSION);
        buf_add_le32(out, cost.passes);
        buf_add_le32(out, cost.memory_kib);
        buf_add(out, salt, sizeof(salt));
        rc = crypt_lock(env, key, view_of(seed, CRYPT_SEED_BYTES),
                        view_of(associated, sizeof(associated)), out, err);
    }
    crypt_wipe(key, sizeof(key));
    return rc;
}

static enum rc unwrap_key(const struct stored_person *person, struct view secret,
                          uint8_t secret_key[64], struct err *err) {
    uint8_t key[CRYPT_KEY_BYTES], associated[ASSOCIATED_BYTES], sign_public[32];
    struct crypt_cost cost;
    struct reader reader;
    struct view salt;
    struct buf seed;
    enum rc rc;

    reader_init(&reader, person->wrapped);
    if (read_u8(&reader) != WRAP_VERSION)
        return err_set(err, RC_UNSUPPORTED,
                       "%.*s: the key was wrapped by a newer program; update this one",
                       VIEW_PRINT(person->name));
    cost.passes = read_le32(&reader);
    cost.memory_kib = read_le32(&reader);
    salt = read_bytes(&reader, CRYPT_SALT_BYTES);
    if (reader.failed)
        return reader_check(&reader, "a wrapped key", err);
    buf_init(&seed, WRAP_BYTES_MAX);
    associate(person->sign_public, associated);
    rc = crypt_stretch(secret, salt.data, cost, key, err);
    if (rc == RC_OK)
        rc = crypt_unlock(key, view_slice(person->wrapped, reader.at, reader.size),
                          view_of(associated, sizeof(associated)), &seed, err);
    if (rc == RC_OK && seed.size != CRYPT_SEED_BYTES)
        rc = err_set(err, RC_CORRUPT, "a wrapped key: it has the wrong size; restore a backup");
    if (rc == RC_OK)
        crypt_sign_keypair(seed.data, sign_public, secret_key);
    crypt_wipe(key, sizeof(key));
    if (seed.data != NULL)
        crypt_wipe(seed.data, seed.size);
    buf_release(&seed);
    return rc;
}

enum rc people_unlock(struct seat *seat, struct view name, struct view secret, struct staff *out,
                      struct err *err) {
    static const uint8_t no_salt[CRYPT_SALT_BYTES] = {0};
    struct stored_person person;
    uint8_t unused[CRYPT_KEY_BYTES];
    enum rc rc = store_person_named(seat->ledger->store, name, &seat->arena, &person, err);

    *out = (struct staff){0};
    if (rc == RC_OK && person.disabled)
        rc = RC_NOT_FOUND;
    if (rc == RC_OK) {
        rc = unwrap_key(&person, secret, out->secret_key, err);
        out->person = person.person;
        out->role = person.role;
    } else if (rc == RC_NOT_FOUND) {
        (void)crypt_stretch(secret, no_salt, CRYPT_COST_DEFAULT, unused, err);
        rc = RC_DENIED;
    }
    if (rc != RC_OK)
        crypt_wipe(out, sizeof(*out));
    if (rc == RC_DENIED || rc == RC_INVALID)
        return err_set(err, RC_DENIED, "%.*s: name or secret is wrong; see: yg-syncd user list",
                       VIEW_PRINT(name));
    return rc;
}

/* --- finding one by id or name --- */

struct find_person {
    struct view name;
    uint64_t id, found;
    uint32_t count;
};

static enum rc find_visit(void *context, const struct stored_person *person, struct err *err) {
    struct find_person *find = context;

    (void)err;
    if (!person->disabled &&
        (find->id != 0 ? person->person == find->id : view_equal(person->name, find->name))) {
        find->found = person->person;
        find->count++;
    }
    return RC_OK;
}

enum rc seat_person(struct seat *seat, const char *text, uint64_t *person, struct err *err) {
    struct find_person find = {.name = view_text(text)};
    struct err ignored;
    enum rc rc;

    err_init(&ignored, LANG_EN);
    if (id_parse(find.name, &find.id, &ignored) != RC_OK)
        find.id = 0;
    rc = store_persons(seat->ledger->store, find_visit, &find, err);
    if (rc == RC_OK && find.count == 0)
        rc = err_set(err, RC_NOT_FOUND,
                     "%s: there is no such person; see: yg-syncd user list --all", text);
    if (rc == RC_OK && find.count > 1)
        rc = err_set(err, RC_CONFLICT,
                     "%s: several people have this name; give the id, see: yg-syncd user list "
                     "--all",
                     text);
    *person = find.found;
    return rc;
}

/* --- user add --- */

struct add_person {
    struct stored_person person;
};

static enum rc add_act(void *context, struct work *work, struct err *err) {
    struct add_person *add = context;
    struct stored_person *row, other;
    char object[17];
    enum rc rc =
        store_person_named(work->ledger->store, add->person.name, &work->arena, &other, err);

    if (rc == RC_OK && !other.disabled)
        return err_set(err, RC_CONFLICT, "%.*s: there is a user of this name; choose another",
                       VIEW_PRINT(add->person.name));
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    row = WORK_ADD(work, persons, person_count, person_capacity);
    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    add->person.created_ms = work->now_ms;
    *row = add->person;
    id_text(row->person, object);
    return work_act(work, "command line", "user add", object, row->name, err);
}

/* Asked twice where it is typed: nobody could repair a mistyped secret. */
static enum rc new_secret(struct command *command, char out[LIMIT_SECRET_BYTES], struct err *err) {
    char again[LIMIT_SECRET_BYTES];
    bool was_given = command->secret.size > 0;
    enum rc rc = command_secret(command, "secret of the new user: ", out, LIMIT_SECRET_BYTES, err);

    if (rc != RC_OK || was_given)
        return rc;
    rc = command_secret(command, "the same once more: ", again, sizeof(again), err);
    if (rc == RC_OK && strcmp(out, again) != 0)
        rc = err_set(err, RC_INVALID, "the two secrets differ; type them again");
    crypt_wipe(again, sizeof(again));
    return rc;
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

enum rc desk_user_add(void *context, struct command *command, struct err *err) {
    struct add_person add = {0};
    struct seat seat;
    uint64_t areas[LIMIT_AREAS];
    uint8_t seed[CRYPT_SEED_BYTES] = {0}, secret_key[64] = {0};
    char secret[LIMIT_SECRET_BYTES] = "", id[17];
    const char *role_text = command_option(command, "--role");
    const char *area_list = command_option(command, "--areas");
    enum role role = ROLE_COUNTY;
    uint32_t admitted = 0;
    struct buf wrapped;
    struct json *json;
    enum rc rc;

    if (role_text == NULL)
        return err_set(err, RC_USAGE, "--role ROLE is missing; see: yg-syncd user add --help");
    buf_init(&wrapped, WRAP_BYTES_MAX);
    add.person.name = view_text(command->words[0]);
    rc = name_check(add.person.name, err);
    if (rc == RC_OK)
        rc = role_parse(view_text(role_text), &role, err);
    if (rc == RC_OK && area_list != NULL)
        rc = area_list_parse(view_text(area_list), areas, &add.person.area_count, err);
    if (rc != RC_OK)
        return rc;
    rc = seat_open(context, command, &seat, err);
    if (rc == RC_OK && area_list == NULL) {
        rc = seat_root_area(&seat, &areas[0], err);
        add.person.area_count = 1;
    }
    if (rc == RC_OK)
        rc = seat_areas_check(&seat, areas, add.person.area_count, err);
    if (rc == RC_OK)
        seat_areas_current(&seat, areas, &add.person.area_count);
    if (rc == RC_OK)
        rc = new_secret(command, secret, err);
    if (rc == RC_OK) {
        env_entropy(seat.office->env, seed, sizeof(seed));
        crypt_sign_keypair(seed, add.person.sign_public, secret_key);
        rc = wrap_key(seat.office->env, view_text(secret), seed, add.person.sign_public, &wrapped,
                      err);
    }
    if (rc != RC_OK)
        goto out;
    add.person.person = id_of_person(add.person.sign_public);
    add.person.role = (uint8_t)role;
    add.person.areas = areas;
    add.person.wrapped = buf_view(&wrapped);
    rc = office_act(seat.office, add_act, &add, err);
    if (rc == RC_OK)
        rc = quarantine_rejudge(seat.office, 0, &admitted, err);
    if (rc != RC_OK)
        goto out;
    id_text(add.person.person, id);
    if (command->json) {
        json = json_object();
        json_add_text(json, "person", id);
        json_add_view(json, "name", add.person.name);
        json_add_text(json, "role", role_name(role));
        rc = command_print_json(command, json, err);
    } else {
        command_say(command, "user %s added as %s", command->words[0],
                    words(command->lang, role_name(role)));
    }
out:
    crypt_wipe(seed, sizeof(seed));
    crypt_wipe(secret_key, sizeof(secret_key));
    crypt_wipe(secret, sizeof(secret));
    buf_release(&wrapped);
    seat_close(&seat);
    return rc;
}

/* --- user list --- */

struct list_people {
    struct seat *seat;
    struct command *command;
    struct listing table;
    bool all;
};

static enum rc person_visit(void *context, const struct stored_person *person, struct err *err) {
    struct list_people *list = context;
    char id[17], device[17] = "-", created[TIME_TEXT_BYTES];
    const char *role = role_name((enum role)person->role);
    struct buf areas;

    if (person->device != 0 && !list->all)
        return RC_OK;
    id_text(person->person, id);
    if (person->device != 0)
        id_text(person->device, device);
    time_text(person->created_ms, created);
    if (list->command->json) {
        struct json *json = json_object();

        json_add_text(json, "person", id);
        json_add_view(json, "name", person->name);
        json_add_text(json, "role", role);
        seat_areas_json(json, "areas", person->areas, person->area_count);
        if (person->device != 0)
            json_add_text(json, "device", device);
        json_add_bool(json, "disabled", person->disabled);
        json_add_text(json, "created", created);
        return listing_item(&list->table, json, err);
    }
    buf_init(&areas, 4096);
    seat_areas_text(person->areas, person->area_count, &areas);
    listing_cell(&list->table, person->name);
    listing_cell(&list->table, view_text(words(list->command->lang, role)));
    listing_cell(&list->table, buf_view(&areas));
    listing_cell(&list->table, view_text(device));
    listing_cell(&list->table, view_text(created));
    listing_cell(&list->table, view_text(id));
    buf_release(&areas);
    return RC_OK;
}

enum rc desk_user_list(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {"name", "role", "areas", "device", "created", "id", NULL};
    struct seat seat;
    struct list_people list = {
        .seat = &seat, .command = command, .all = command_option(command, "--all") != NULL};
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK) {
        listing_start(&list.table, command, &seat.arena, heads);
        rc = store_persons(seat.ledger->store, person_visit, &list, err);
        rc = listing_end(&list.table, rc, err);
    }
    seat_close(&seat);
    return rc;
}
