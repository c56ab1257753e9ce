/* id.h: the names of things.
 *
 * An actor is one incarnation of one database on one device, named by the first 8 bytes of a hash
 * of the device's key and a nonce, read as a big-endian number; never 0. A dot (actor, number)
 * names a change: numbers of an actor run 1, 2, 3... without gaps. A record is named by the dot of
 * the change that created it; an instance of a repeat by the dot of the change that added it and
 * an ordinal within that change (1, 2, ...). The record itself, as the outermost instance, is the
 * instance with number 0.
 *
 * Text forms, as people and programs meet them on the command line:
 *   dot       "0123456789abcdef-42"
 *   instance  "0123456789abcdef-42.3"
 *   version   "0123456789abcdef-42" or, when one change wrote several elements of a set,
 *             "0123456789abcdef-42.1" (ordinal 0 is not written) */
#ifndef YG_SCHEMA_ID_H
#define YG_SCHEMA_ID_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct dot {
    uint64_t actor;
    uint64_t number;
};

struct instance_id {
    struct dot dot;   /* the change that added it; number 0: the record itself */
    uint32_t ordinal; /* 1, 2, ... within that change; 0 for the record itself */
};

/* A version of a field: the change that wrote it and, for sets, which element of that change. */
struct version_id {
    struct dot dot;
    uint32_t ordinal;
};

#define DOT_TEXT_BYTES      40u /* enough for any dot with its NUL */
#define INSTANCE_TEXT_BYTES 56u

/* Order: actor, then number, then ordinal. Negative, 0, positive. Inline, because every value of
 * every record passes them. */
static inline int dot_compare(struct dot a, struct dot b) {
    if (a.actor != b.actor)
        return a.actor < b.actor ? -1 : 1;
    return a.number == b.number ? 0 : a.number < b.number ? -1 : 1;
}

static inline int instance_compare(struct instance_id a, struct instance_id b) {
    int dots = dot_compare(a.dot, b.dot);

    if (dots != 0)
        return dots;
    return a.ordinal == b.ordinal ? 0 : a.ordinal < b.ordinal ? -1 : 1;
}

static inline int version_id_compare(struct version_id a, struct version_id b) {
    int dots = dot_compare(a.dot, b.dot);

    if (dots != 0)
        return dots;
    return a.ordinal == b.ordinal ? 0 : a.ordinal < b.ordinal ? -1 : 1;
}

static inline bool dot_equal(struct dot a, struct dot b) {
    return a.actor == b.actor && a.number == b.number;
}

static inline bool instance_equal(struct instance_id a, struct instance_id b) {
    return a.ordinal == b.ordinal && dot_equal(a.dot, b.dot);
}

static inline bool instance_is_root(struct instance_id a) {
    return a.dot.number == 0;
}

/* The order of dots for qsort and bsearch. */
int dot_order(const void *left, const void *right);
/* Whether it is one of these, which stand in their order. */
bool dots_have(const struct dot *dots, uint32_t count, struct dot dot);

void dot_text(struct dot dot, char out[DOT_TEXT_BYTES]);
void instance_text(struct instance_id id, char out[INSTANCE_TEXT_BYTES]);
void version_text(struct version_id id, char out[INSTANCE_TEXT_BYTES]);

/* RC_INVALID unless the whole text is exactly one such name. */
enum rc dot_parse(struct view text, struct dot *out, struct err *err);
enum rc instance_parse(struct view text, struct instance_id *out, struct err *err);
enum rc version_parse(struct view text, struct version_id *out, struct err *err);
/* Whether a text is, byte for byte, the name of a record or change, or of an instance, and then of
 * which change: an answer that is one is read through lineages like every other name. */
bool name_in_text(struct view text, struct dot *out);

/* The first 8 bytes of a hash as a big-endian number, for actors, devices, persons and forms. */
uint64_t id_from_hash(const uint8_t hash[32]);
/* A person is named by his key: id_from_hash(hash("yg person id", signing key)). */
uint64_t id_of_person(const uint8_t sign_public[32]);
void id_text(uint64_t id, char out[17]); /* 16 lower-case hexadecimal digits */
enum rc id_parse(struct view text, uint64_t *out, struct err *err);

/* Eight bytes, big-endian: as the hash had them. For encoders and decoders. */
void buf_add_id(struct buf *out, uint64_t id);
uint64_t read_id(struct reader *in);

#endif
