/* found.c: the beginning of a tablet: the device's key, the first person, the keys of the granted
 * areas, and what all its persons share: the vault and the master of all salts. */
#include "agent/store/inside.h"

#include "base/file.h"
#include "base/text.h"

#include <stdlib.h>

#define DEVICE_HEAD "yg device 1\n"

/* ---- the device's key: "yg device 1", then the seed in hexadecimal, each on a line ---- */

enum rc tablet_device_seed_read(const char *path, uint8_t seed[32], struct err *err) {
    struct buf text;
    struct reader in;
    struct view head, digits;
    enum rc rc;

    buf_init(&text, 4096);
    rc = file_read(path, 4096, &text, err);
    if (rc == RC_OK) {
        reader_init(&in, buf_view(&text));
        head = read_bytes(&in, sizeof(DEVICE_HEAD) - 1);
        digits = read_bytes(&in, 64);
        if (!view_is(head, DEVICE_HEAD) || !hex_decode(digits, seed, 32))
            rc = err_set(err, RC_CORRUPT, "%s: not a device key; enrol in an empty folder", path);
    }
    crypt_buf_release(&text);
    return rc;
}

enum rc tablet_device_seed(const char *directory, const struct env *env,
                           uint8_t seed[CRYPT_SEED_BYTES], struct err *err) {
    char path[FILE_PATH_BYTES_MAX], digits[65];
    struct buf text;
    enum rc rc = file_make_directory(directory, err);

    if (rc == RC_OK)
        rc = tablet_path(directory, "device.key", path, sizeof(path), err);
    if (rc != RC_OK)
        return rc;
    if (file_exists(path))
        return tablet_device_seed_read(path, seed, err);
    env_entropy(env, seed, CRYPT_SEED_BYTES);
    hex_encode(view_of(seed, CRYPT_SEED_BYTES), digits);
    buf_init(&text, 256);
    buf_addf(&text, "%s%s\n", DEVICE_HEAD, digits);
    rc = buf_check(&text, "the device's key", err);
    if (rc == RC_OK)
        rc = file_write(path, buf_view(&text), FILE_MODE_PRIVATE, err);
    crypt_wipe(digits, sizeof(digits));
    crypt_buf_release(&text);
    return rc;
}

/* ---- the beginning ---- */

/* The secrets that every person of the tablet shares, sealed with the common key. */
static enum rc put_common(struct tablet *tablet, const struct tablet_founding *founding,
                          const struct secrets *secrets, struct err *err) {
    const struct open_key *common = &secrets->keys[0];
    uint8_t salt[CRYPT_KEY_BYTES];
    struct buf sealed;
    enum rc rc;

    env_entropy(tablet->env, salt, sizeof(salt));
    buf_init(&sealed, 1024);
    rc = row_lock(tablet, common, "vault", 0, 0, view_of(founding->vault_seed, 32), &sealed, err);
    if (rc == RC_OK)
        rc = setting_put(tablet, "vault", buf_view(&sealed), err);
    buf_clear(&sealed);
    if (rc == RC_OK)
        rc = row_lock(tablet, common, "salt", 0, 0, view_of(salt, sizeof(salt)), &sealed, err);
    if (rc == RC_OK)
        rc = setting_put(tablet, "salt", buf_view(&sealed), err);
    buf_release(&sealed);
    crypt_wipe(salt, sizeof(salt));
    return rc;
}

static enum rc found(struct tablet *tablet, const struct tablet_founding *founding,
                     struct err *err) {
    const struct enrol_answer *answer = &founding->answer;
    struct facts facts = {.device = answer->device,
                          .device_name = answer->device_name,
                          .server = founding->server,
                          .epoch = answer->epoch,
                          .scope = answer->scope,
                          .scope_confirmed = answer->scope.serial,
                          .offset_ms = answer->server_ms - env_wall_ms(tablet->env),
                          .pin_count = answer->pin_count,
                          .pins = answer->pins};
    /* A session of the first person, so that the keys made here can be used at once. */
    struct session first = {.tablet = tablet};
    struct person_row person;
    uint8_t vault_secret[32];
    const uint64_t common = 0;
    enum rc rc;

    first.secrets = calloc(1, sizeof(*first.secrets));
    if (first.secrets == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    memcpy(facts.county_sign_public, answer->county_sign_public, 32);
    memcpy(facts.county_box_public, answer->county_box_public, 32);
    memcpy(facts.hello_nonce, answer->next_nonce, 16);
    crypt_box_keypair(founding->vault_seed, facts.vault_public, vault_secret);
    crypt_wipe(vault_secret, sizeof(vault_secret));
    rc = person_insert(tablet, answer->person_name, founding->secret, answer->role,
                       founding->person_seed, NULL, 0, &person, err);
    first.person = person.person;
    tablet->sessions = &first;
    if (rc == RC_OK)
        rc = tablet_put_facts(tablet, &facts, err);
    if (rc == RC_OK)
        rc = area_keys_grant(tablet, &common, 1, err);
    if (rc == RC_OK)
        rc = put_common(tablet, founding, first.secrets, err);
    if (rc == RC_OK)
        rc = area_keys_grant(tablet, answer->scope.areas, answer->scope.area_count, err);
    if (rc == RC_OK)
        rc = tablet_incarnate(tablet, err);
    tablet->sessions = NULL;
    crypt_wipe(first.secrets, sizeof(*first.secrets));
    free(first.secrets);
    return rc;
}

enum rc tablet_create(const char *directory, const struct tablet_options *options,
                      const struct tablet_founding *founding, struct tablet **out,
                      struct err *err) {
    uint8_t seed[32];
    bool same;
    struct tablet *tablet = NULL;
    struct statement *get;
    enum rc rc = crypt_start(err);

    *out = NULL;
    if (rc == RC_OK)
        rc = file_make_directory(directory, err);
    if (rc == RC_OK)
        rc = tablet_device_seed(directory, options->env, seed, err);
    if (rc != RC_OK)
        return rc;
    same = crypt_equal(seed, founding->device_seed, sizeof(seed));
    crypt_wipe(seed, sizeof(seed));
    if (!same)
        return err_set(err, RC_CONFLICT, "%s: another device's key is here; choose an empty folder",
                       directory);
    rc = tablet_prepare(directory, options, founding->device_seed, &tablet, err);
    if (rc == RC_OK) { /* a file without facts is what a cut-off enrolment leaves */
        get = tablet->sql[SQL_SETTING_GET];
        statement_bind_text(get, 1, view_text("facts"));
        rc = statement_one(get, err);
        if (rc == RC_OK) {
            statement_reset(get);
            rc =
                err_set(err, RC_CONFLICT,
                        "%s: a tablet is enrolled here already; choose an empty folder", directory);
        } else if (rc == RC_NOT_FOUND) {
            rc = db_begin(tablet->db, err);
        }
    }
    if (rc == RC_OK)
        rc = found(tablet, founding, err);
    if (rc == RC_OK)
        rc = tablet_commit(tablet, err);
    if (rc == RC_OK)
        rc = file_sync_directory(directory, err);
    if (rc == RC_OK)
        rc = tablet_reload(tablet, err);
    if (rc != RC_OK) {
        tablet_release(tablet);
        tablet = NULL;
    }
    *out = tablet;
    return rc;
}
