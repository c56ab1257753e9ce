/* enrol.c: how a folder becomes a tablet.
 *
 * The code that the county printed never travels: keys derived from it sign both the request and
 * the answer, so that a stranger in the middle can neither enrol nor pass himself off as the
 * county.
 *
 * The answer may be lost after the county has already taken the request, so the same request must
 * be possible again: the device's seed stands in device.key, and the seeds of vault and person
 * stand in the file `enrolling`, locked with the person's secret, until the tablet is made: version
 * (1), salt (16), passes, memory in KiB (varints), locked seeds (the rest) */
#include "agent/sync/link_http.h"

#include "base/file.h"
#include "base/json.h"

#include <stdio.h>

#define PENDING_VERSION   1u
#define PENDING_BYTES_MAX 1024u
#define SEEDS_BYTES       80u /* vault 32, person 32, nonce 16 */
#define ANSWER_BYTES_MAX  65536u

struct enrolling {
    const struct enrol_options *options;
    char pending[FILE_PATH_BYTES_MAX];
    uint8_t device_seed[32];
    uint8_t seeds[SEEDS_BYTES];
    uint8_t code_key[32];
    struct enrol_request request;
    struct arena arena;
    struct enrol_answer answer;
};

/* ---- the file `enrolling` ---- */

static enum rc pending_write(struct enrolling *run, struct err *err) {
    const struct env *env = run->options->tablet.env;
    struct crypt_cost cost = run->options->tablet.cost;
    uint8_t salt[CRYPT_SALT_BYTES], key[CRYPT_KEY_BYTES];
    struct buf file;
    enum rc rc;

    if (cost.passes == 0)
        cost = CRYPT_COST_DEFAULT;
    env_entropy(env, run->seeds, sizeof(run->seeds));
    env_entropy(env, salt, sizeof(salt));
    buf_init(&file, PENDING_BYTES_MAX);
    buf_add_u8(&file, PENDING_VERSION);
    buf_add(&file, salt, sizeof(salt));
    buf_add_varint(&file, cost.passes);
    buf_add_varint(&file, cost.memory_kib);
    rc = crypt_stretch(run->options->secret, salt, cost, key, err);
    if (rc == RC_OK)
        rc = crypt_lock(env, key, view_of(run->seeds, sizeof(run->seeds)),
                        view_text("yg enrolling"), &file, err);
    if (rc == RC_OK)
        rc = file_write(run->pending, buf_view(&file), FILE_MODE_PRIVATE, err);
    crypt_wipe(key, sizeof(key));
    buf_release(&file);
    return rc;
}

static enum rc pending_read(struct enrolling *run, struct err *err) {
    uint8_t salt[CRYPT_SALT_BYTES] = {0}, key[CRYPT_KEY_BYTES];
    struct crypt_cost cost;
    struct buf file, seeds;
    struct reader in;
    struct view bytes;
    enum rc rc;

    buf_init(&file, PENDING_BYTES_MAX);
    buf_init(&seeds, PENDING_BYTES_MAX);
    rc = file_read(run->pending, PENDING_BYTES_MAX, &file, err);
    if (rc != RC_OK)
        goto out;
    reader_init(&in, buf_view(&file));
    if (read_u8(&in) != PENDING_VERSION)
        reader_fail(&in);
    bytes = read_bytes(&in, sizeof(salt));
    if (bytes.size == sizeof(salt))
        memcpy(salt, bytes.data, sizeof(salt));
    cost.passes = (uint32_t)read_varint_max(&in, UINT32_MAX);
    cost.memory_kib = (uint32_t)read_varint_max(&in, UINT32_MAX);
    bytes = read_bytes(&in, read_left(&in));
    rc = reader_check(&in, "the file enrolling", err);
    if (rc == RC_OK)
        rc = crypt_stretch(run->options->secret, salt, cost, key, err);
    if (rc == RC_OK)
        rc = crypt_unlock(key, bytes, view_text("yg enrolling"), &seeds, err);
    if (rc == RC_OK && seeds.size != SEEDS_BYTES)
        rc =
            err_set(err, RC_CORRUPT, "%s: damaged; remove it and ask for a new code", run->pending);
    else if (rc == RC_DENIED)
        rc = err_set(err, RC_DENIED,
                     "an enrolment was begun here with another secret; give that one, or start in "
                     "an empty folder with a new code");
    if (rc == RC_OK)
        memcpy(run->seeds, seeds.data, SEEDS_BYTES);
    crypt_wipe(key, sizeof(key));
out:
    crypt_buf_release(&seeds);
    buf_release(&file);
    return rc;
}

static enum rc prepare(struct enrolling *run, struct err *err) {
    const char *directory = run->options->directory;
    int written = snprintf(run->pending, sizeof(run->pending), "%s/enrolling", directory);
    enum rc rc;

    if (written < 0 || (size_t)written >= sizeof(run->pending))
        return err_set(err, RC_LIMIT, "%s: the path is too long; choose a shorter --data",
                       directory);
    /* Only a finished tablet is refused; what is left of a cut-off enrolment is gone on with. */
    if (tablet_exists(directory) && !file_exists(run->pending))
        return err_set(err, RC_CONFLICT,
                       "%s: a tablet is enrolled here already; choose an empty folder", directory);
    rc = tablet_device_seed(directory, run->options->tablet.env, run->device_seed, err);
    if (rc != RC_OK)
        return rc;
    return file_exists(run->pending) ? pending_read(run, err) : pending_write(run, err);
}

/* ---- request and answer ---- */

static void make_request(struct enrolling *run) {
    struct enrol_request *request = &run->request;
    const struct env *env = run->options->tablet.env;
    uint8_t secret[CRYPT_SIGN_SECRET_BYTES];

    enrol_derive(run->options->code, request->code_id, run->code_key);
    crypt_sign_keypair(run->device_seed, request->device_sign_public, secret);
    crypt_box_keypair(run->seeds, request->device_box_public, secret);
    crypt_sign_keypair(run->seeds + 32, request->person_sign_public, secret);
    crypt_wipe(secret, sizeof(secret));
    memcpy(request->nonce, run->seeds + 64, sizeof(request->nonce));
    request->person_name = run->options->person_name;
    request->wall_ms = env_wall_ms(env);
}

static enum rc refused(int status, struct view body, struct err *err) {
    struct json *json = NULL;
    struct err ignored;
    enum rc rc;

    err_init(&ignored, err->lang);
    if (json_parse(body, JSON_LIMITS_DEFAULT, &json, &ignored) != RC_OK)
        json = NULL;
    rc = err_set(err, status >= 400 && status < 500 ? RC_DENIED : RC_NETWORK,
                 "the server refused the enrolment (status %d): %s", status,
                 json_text_or(json_get(json, "message"), "no reason given"));
    json_free(json);
    return rc;
}

static enum rc ask(struct enrolling *run, struct link *link, struct err *err) {
    struct link_result result = {.status = 0};
    struct buf body, answer;
    struct view kept;
    enum rc rc;

    buf_init(&body, ANSWER_BYTES_MAX);
    buf_init(&answer, ANSWER_BYTES_MAX);
    rc = enrol_write_request(&run->request, run->code_key, &body, err);
    if (rc == RC_OK)
        rc = link->exchange(link->context, "/v1/enrol", buf_view(&body), &answer, &result, err);
    if (rc == RC_OK && result.status != 200)
        rc = refused(result.status, buf_view(&answer), err);
    kept = arena_view(&run->arena, buf_view(&answer));
    if (rc == RC_OK)
        rc = arena_check(&run->arena, "an answer", err);
    if (rc == RC_OK)
        rc = enrol_read_answer(kept, &run->request, run->code_key, &run->arena, &run->answer, err);
    if (rc == RC_OK && run->answer.device != batch_device(run->request.device_sign_public))
        rc = err_set(err, RC_CORRUPT, "the answer names another device; ask for a new code");
    buf_release(&body);
    buf_release(&answer);
    return rc;
}

static enum rc make_tablet(struct enrolling *run, struct tablet **out, struct err *err) {
    const struct enrol_options *options = run->options;
    struct tablet_founding founding = {
        .secret = options->secret, .server = options->server, .answer = run->answer};
    enum rc rc;

    memcpy(founding.device_seed, run->device_seed, 32);
    memcpy(founding.vault_seed, run->seeds, 32);
    memcpy(founding.person_seed, run->seeds + 32, 32);
    rc = tablet_create(options->directory, &options->tablet, &founding, out, err);
    /* Made before, and only the file was left: a crash at the very end. */
    if (rc == RC_CONFLICT && tablet_open(options->directory, &options->tablet, out, err) == RC_OK)
        rc = RC_OK;
    if (rc == RC_OK) {
        rc = file_remove(run->pending, err);
        if (rc != RC_OK) {
            tablet_close(*out);
            *out = NULL;
        }
    }
    if (rc == RC_OK) {
        err_clear(err);
        sync_attach(*out);
    }
    crypt_wipe(&founding, sizeof(founding));
    return rc;
}

enum rc enrol_run(const struct enrol_options *options, struct tablet **out, struct err *err) {
    struct enrolling run = {.options = options};
    struct link_http *http = NULL;
    struct link *link = options->link;
    enum rc rc = crypt_start(err);

    *out = NULL;
    if (rc == RC_OK && options->code.size == 0)
        rc = err_set(err, RC_INVALID, "--code: give the code that the county has printed");
    if (rc == RC_OK && options->secret.size < 8)
        rc = err_set(err, RC_INVALID, "the secret is too short; use at least 8 characters");
    if (rc != RC_OK)
        return rc;
    arena_init(&run.arena, ANSWER_BYTES_MAX * 8);
    if (link == NULL) {
        rc = link_http_first(options->server, &http, err);
        link = http == NULL ? NULL : link_http_link(http);
    }
    if (rc == RC_OK)
        rc = prepare(&run, err);
    if (rc == RC_OK) {
        make_request(&run);
        rc = ask(&run, link, err);
    }
    if (rc == RC_OK)
        rc = make_tablet(&run, out, err);
    link_http_close(http);
    arena_release(&run.arena);
    crypt_wipe(&run, sizeof(run));
    return rc;
}
