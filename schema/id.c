/* Names as text have one spelling only, so that texts can be compared, stored and searched. */
#include "schema/id.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/crypt.h"
#include "base/text.h"
#include "schema/limits.h"

#define ACTOR_DIGITS 16u

int dot_order(const void *left, const void *right) {
    return dot_compare(*(const struct dot *)left, *(const struct dot *)right);
}

bool dots_have(const struct dot *dots, uint32_t count, struct dot dot) {
    return count > 0 && bsearch(&dot, dots, count, sizeof(dot), dot_order) != NULL;
}

void dot_text(struct dot dot, char out[DOT_TEXT_BYTES]) {
    (void)snprintf(out, DOT_TEXT_BYTES, "%016" PRIx64 "-%" PRIu64, dot.actor, dot.number);
}

void instance_text(struct instance_id id, char out[INSTANCE_TEXT_BYTES]) {
    (void)snprintf(out, INSTANCE_TEXT_BYTES, "%016" PRIx64 "-%" PRIu64 ".%" PRIu32, id.dot.actor,
                   id.dot.number, id.ordinal);
}

void version_text(struct version_id id, char out[INSTANCE_TEXT_BYTES]) {
    if (id.ordinal == 0)
        dot_text(id.dot, out);
    else
        instance_text((struct instance_id){.dot = id.dot, .ordinal = id.ordinal}, out);
}

/* Lower case only: every name has one spelling. */
static bool actor_parse(struct view text, uint64_t *out) {
    uint64_t value = 0;

    if (text.size != ACTOR_DIGITS)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t digit = text.data[i];

        if (digit >= '0' && digit <= '9')
            value = value << 4 | (uint64_t)(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            value = value << 4 | (uint64_t)(digit - 'a' + 10);
        else
            return false;
    }
    *out = value;
    return true;
}

static bool dot_read(struct view text, struct dot *out) {
    struct dot dot;

    if (text.size <= ACTOR_DIGITS || text.data[ACTOR_DIGITS] != '-' ||
        !actor_parse(view_slice(text, 0, ACTOR_DIGITS), &dot.actor) ||
        !parse_u64(view_slice(text, ACTOR_DIGITS + 1, text.size), &dot.number))
        return false;
    if (dot.actor == 0 || dot.number == 0 || dot.number > LIMIT_NUMBER)
        return false;
    *out = dot;
    return true;
}

/* "DOT.N"; without a point *has_ordinal is false and the ordinal 0. */
static bool numbered_read(struct view text, struct dot *dot, uint32_t *ordinal, bool *has_ordinal) {
    const uint8_t *point = text.size == 0 ? NULL : memchr(text.data, '.', text.size);
    uint64_t number;
    size_t at;

    *ordinal = 0;
    *has_ordinal = point != NULL;
    if (point == NULL)
        return dot_read(text, dot);
    at = (size_t)(point - text.data);
    if (!parse_u64(view_slice(text, at + 1, text.size), &number) || number == 0 ||
        number > UINT32_MAX)
        return false;
    *ordinal = (uint32_t)number;
    return dot_read(view_slice(text, 0, at), dot);
}

enum rc dot_parse(struct view text, struct dot *out, struct err *err) {
    if (!dot_read(text, out))
        return err_set(err, RC_INVALID,
                       "not the name of a record or change; it looks like 0123456789abcdef-42");
    return RC_OK;
}

enum rc instance_parse(struct view text, struct instance_id *out, struct err *err) {
    struct instance_id id;
    bool has_ordinal;

    if (!numbered_read(text, &id.dot, &id.ordinal, &has_ordinal) || !has_ordinal)
        return err_set(err, RC_INVALID,
                       "not the name of an instance; it looks like 0123456789abcdef-42.3");
    *out = id;
    return RC_OK;
}

enum rc version_parse(struct view text, struct version_id *out, struct err *err) {
    struct version_id id;
    bool has_ordinal;

    if (!numbered_read(text, &id.dot, &id.ordinal, &has_ordinal))
        return err_set(err, RC_INVALID,
                       "not the name of a version; it looks like 0123456789abcdef-42");
    *out = id;
    return RC_OK;
}

bool name_in_text(struct view text, struct dot *out) {
    uint32_t ordinal;
    bool has_ordinal;

    return numbered_read(text, out, &ordinal, &has_ordinal);
}

uint64_t id_from_hash(const uint8_t hash[32]) {
    uint64_t id = 0;

    for (size_t i = 0; i < 8; i++)
        id = id << 8 | hash[i];
    return id;
}

uint64_t id_of_person(const uint8_t sign_public[32]) {
    uint8_t hash[32];

    crypt_hash("yg person id", view_of(sign_public, 32), hash);
    return id_from_hash(hash);
}

void id_text(uint64_t id, char out[17]) {
    (void)snprintf(out, 17, "%016" PRIx64, id);
}

enum rc id_parse(struct view text, uint64_t *out, struct err *err) {
    if (!actor_parse(text, out))
        return err_set(err, RC_INVALID, "not an id; it has 16 hexadecimal digits in lower case");
    return RC_OK;
}

void buf_add_id(struct buf *out, uint64_t id) {
    uint8_t bytes[8];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(id >> (56 - 8 * i));
    buf_add(out, bytes, sizeof(bytes));
}

uint64_t read_id(struct reader *in) {
    struct view bytes = read_bytes(in, 8);
    uint64_t id = 0;

    for (size_t i = 0; i < bytes.size; i++)
        id = id << 8 | bytes.data[i];
    return id;
}
