/* check.c: the verifier, from part to part. */
#include "schema/audit/check.h"

#include "base/crypt.h"
#include "base/zip.h"
#include "schema/audit/check_parts.h"

#include <stdlib.h>

#define RUN_BYTES    (3u * 1024u * 1024u * 1024u)
#define RECORD_BYTES (768u * 1024u * 1024u)

static const char *part_name(uint8_t kind) {
    static const char *const names[AUDIT_PART_COUNT] = {
        "file",   "head",   "form",      "people",      "devices",    "feed", "batch",
        "record", "income", "staff log", "attachments", "attachment", "end"};

    return kind < AUDIT_PART_COUNT ? names[kind] : names[0];
}

void check_add(struct check *check, const struct err *found) {
    const struct audit_finding finding = {
        .at = check->piece == NULL ? 0 : check->piece->at,
        .part = part_name(check->piece == NULL ? 0 : check->piece->kind),
        .text = found->text,
    };

    check->result->differences++;
    if (check->options->found != NULL)
        check->options->found(check->options->context, &finding);
}

bool check_ends(enum rc rc) {
    return rc == RC_NO_MEMORY || rc == RC_IO;
}

const struct form *check_form(void *context, uint64_t id) {
    const struct check *check = context;

    for (uint32_t i = 0; i < check->form_count; i++)
        if (check->forms[i]->id == id)
            return check->forms[i];
    return NULL;
}

/* ---- small parts ---- */

static enum rc take_form(struct check *check, struct view content, struct err *err) {
    const struct form **row;
    struct form *form = NULL;
    struct reader in;
    struct buf json;
    struct view kept = {0};
    enum rc rc;

    reader_init(&in, content);
    (void)read_varint_max(&in, LIMIT_NUMBER);
    buf_init(&json, LIMIT_FORM_BYTES);
    rc = zip_inflate(read_bytes(&in, read_left(&in)), LIMIT_FORM_BYTES, 0, &json, err);
    if (rc == RC_OK) {
        kept = arena_view(check->arena, buf_view(&json));
        rc = arena_check(check->arena, "a form", err);
    }
    if (rc == RC_OK)
        rc = form_load(kept, check->arena, &form, err);
    buf_release(&json);
    if (rc != RC_OK)
        return rc;
    row = arena_push(check->arena, &check->forms, &check->form_count, &check->form_capacity,
                     sizeof(*row));
    if (row == NULL)
        return arena_check(check->arena, "the forms", err);
    *row = form;
    check->result->forms++;
    return RC_OK;
}

static enum rc take_people(struct check *check, struct view content, struct err *err) {
    uint32_t count = 0;
    enum rc rc = audit_people_read(content, check->arena, &check->people, &count, err);

    if (rc != RC_OK)
        return rc;
    check->person_ids = arena_array(check->arena, count, sizeof(*check->person_ids));
    if (check->person_ids == NULL)
        return arena_check(check->arena, "the people of an audit file", err);
    for (uint32_t i = 0; i < count; i++)
        check->person_ids[i] = id_of_person(check->people[i].sign_public);
    check->person_count = count;
    check->result->people = count;
    return RC_OK;
}

const struct audit_person *check_person_named(const struct check *check, uint64_t person) {
    for (uint32_t i = 0; i < check->person_count; i++)
        if (check->person_ids[i] == person)
            return &check->people[i];
    return NULL;
}

static enum rc take_devices(struct check *check, struct view content, struct err *err) {
    uint32_t count = 0;
    enum rc rc = audit_devices_read(content, check->arena, &check->devices, &count, err);

    if (rc != RC_OK)
        return rc;
    check->device_ids = arena_array(check->arena, count, sizeof(*check->device_ids));
    if (check->device_ids == NULL)
        return arena_check(check->arena, "the devices of an audit file", err);
    for (uint32_t i = 0; i < count; i++)
        check->device_ids[i] = batch_device(check->devices[i].sign_public);
    check->device_count = count;
    check->result->devices = count;
    return RC_OK;
}

static enum rc take_files(struct check *check, struct view content, struct err *err) {
    enum rc rc = audit_files_read(content, check->arena, &check->files, &check->file_count, err);

    check->result->files = rc == RC_OK ? check->file_count : 0;
    return rc;
}

static enum rc take_content(struct check *check, struct view content, struct err *err) {
    struct crypt_sha256 hasher;
    uint8_t hash[32];
    struct view stated = view_slice(content, 0, 32);
    struct view bytes = view_slice(content, 32, content.size);

    crypt_sha256_init(&hasher);
    crypt_sha256_add(&hasher, bytes.data, bytes.size);
    crypt_sha256_end(&hasher, hash);
    if (!view_equal(stated, view_of(hash, sizeof(hash))))
        return err_set(err, RC_CORRUPT, "an attachment is not the one that its hash names");
    for (uint32_t i = 0; i < check->file_count; i++)
        if (memcmp(check->files[i].hash, hash, sizeof(hash)) == 0 &&
            check->files[i].size_bytes == bytes.size) {
            check->result->contents++;
            return RC_OK;
        }
    return err_set(err, RC_CORRUPT, "an attachment is none of those that are listed");
}

/* ---- the whole ---- */

static int by_id(const void *left, const void *right) {
    return dot_compare(((const struct checked *)left)->id, ((const struct checked *)right)->id);
}

const struct checked *check_made(const struct check *check, struct dot id) {
    const struct checked wanted = {.id = id};

    return check->checked_count == 0
               ? NULL
               : bsearch(&wanted, check->checked, check->checked_count, sizeof(wanted), by_id);
}

static enum rc check_kind(struct check *check, uint8_t kind,
                          enum rc (*take)(struct check *, struct view, struct err *),
                          struct err *err) {
    for (uint32_t i = 0; i < check->piece_count; i++) {
        enum rc rc;

        check->piece = &check->pieces[i];
        if (check->piece->kind != kind)
            continue;
        rc = take(check, check->piece->content, err);
        if (check_ends(rc))
            return rc;
        if (rc != RC_OK)
            check_add(check, err);
        err_clear(err);
    }
    check->piece = NULL;
    return RC_OK;
}

/* Kinds of which there is at most one part. */
static void check_single(struct check *check) {
    static const uint8_t single[] = {AUDIT_HEAD, AUDIT_PEOPLE, AUDIT_DEVICES, AUDIT_LOG,
                                     AUDIT_FILES};

    for (uint32_t i = 1; i < check->piece_count; i++)
        for (size_t s = 0; s < sizeof(single); s++)
            if (check->pieces[i].kind == single[s] && check->pieces[i - 1].kind == single[s]) {
                check->piece = &check->pieces[i];
                CHECK_FOUND(check, "a part of this kind stands there twice");
            }
    check->piece = NULL;
}

static enum rc check_head(struct check *check, struct err *err) {
    struct audit_result *result = check->result;
    const uint8_t *county = check->options->county_public;
    uint32_t first = 0;
    enum rc rc;

    check->piece = &check->pieces[0];
    rc = audit_head_read(check->piece->content, check->arena, &result->head, err);
    if (rc == RC_OK && result->head.succession.size > 0)
        rc = succession_read(result->head.succession, check->arena, &check->areas, err);
    if (rc == RC_UNSUPPORTED || check_ends(rc))
        return rc;
    if (rc != RC_OK) {
        check_add(check, err);
        err_clear(err);
        return RC_OK;
    }
    result->has_head = true;
    if (county != NULL && memcmp(county, result->head.county_public, 32) != 0)
        CHECK_FOUND(check, "the file is of another county than the key that was given");
    if (check->pieces[check->piece_count - 1].kind != AUDIT_END)
        return RC_OK; /* said already */
    if (audit_signed(check->pieces, check->piece_count,
                     county == NULL ? result->head.county_public : county, &first, err) != RC_OK) {
        check->piece = &check->pieces[first < check->piece_count ? first : 0];
        check_add(check, err);
    }
    err_clear(err);
    return RC_OK;
}

static enum rc check_all(struct check *check, struct err *err) {
    struct audit_result *result = check->result;
    enum rc rc = check_head(check, err);

    if (rc != RC_OK || !result->has_head)
        return rc;
    check_single(check);
    rc = check_kind(check, AUDIT_FORM, take_form, err);
    if (rc == RC_OK)
        rc = check_kind(check, AUDIT_PEOPLE, take_people, err);
    if (rc == RC_OK)
        rc = check_kind(check, AUDIT_DEVICES, take_devices, err);
    if (rc == RC_OK)
        rc = check_kind(check, AUDIT_FEED, check_feed, err);
    if (rc == RC_OK)
        rc = check_kind(check, AUDIT_BATCH, check_batch, err);
    check_sort_leaves(check);
    if (rc == RC_OK)
        rc = check_kind(check, AUDIT_FILES, take_files, err);
    if (rc == RC_OK)
        rc = check_kind(check, AUDIT_RECORD, check_record, err);
    if (check->checked_count > 0)
        qsort(check->checked, check->checked_count, sizeof(*check->checked), by_id);
    if (rc == RC_OK)
        rc = check_kind(check, AUDIT_INCOME, check_income, err);
    if (rc == RC_OK)
        rc = check_kind(check, AUDIT_LOG, check_log, err);
    if (rc == RC_OK)
        rc = check_kind(check, AUDIT_CONTENT, take_content, err);
    if (rc == RC_OK && result->records != result->head.record_count)
        CHECK_FOUND(check, "the file says that it has %u records, and has %llu",
                    result->head.record_count, (unsigned long long)result->records);
    if (rc == RC_OK)
        check_whole(check);
    return rc;
}

enum rc audit_check(struct view file, const struct audit_options *options, struct audit_result *out,
                    struct err *err) {
    struct arena arena, record;
    struct check check = {.options = options, .result = out, .arena = &arena, .record = &record};
    struct audit_piece *pieces = NULL, broken = {0};
    uint64_t at = 0;
    enum rc rc;

    *out = (struct audit_result){0};
    arena_init(&arena, RUN_BYTES);
    arena_init(&record, RECORD_BYTES);
    err_init(&check.found, err->lang);
    rc = audit_parts(file, &arena, &pieces, &check.piece_count, &at, err);
    check.pieces = pieces;
    out->parts = check.piece_count;
    if (rc == RC_CORRUPT) {
        broken.at = at;
        check.piece = &broken;
        check_add(&check, err);
        err_clear(err);
        rc = RC_OK;
    }
    if (rc == RC_OK && check.piece_count > 0)
        rc = check_all(&check, err);
    out->head.areas = NULL; /* was in the arena */
    arena_release(&arena);
    arena_release(&record);
    return rc;
}
