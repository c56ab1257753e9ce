/* change.h: what one person saved once in one record. Immutable.
 *
 * A change names what it replaces: for each field it touches, the versions that its author's state
 * held and that this value takes the place of. A new record replaces nothing. Applying changes is
 * therefore set algebra (merge.h), whatever the order in which they arrive.
 *
 * Canonical bytes (change_encode) are the row form: what is hashed into the leaf, and what a tablet
 * keeps sealed. Frames (frame.h) are the column form of the same content. Entries stand in one
 * order only: by instance (the record itself first, then instance_compare), then field number,
 * then ordinal, which is the position among the entries of that instance and field, from 0.
 *
 * Field numbers below FIELD_FIRST_OF_FORM belong to every record. */
#ifndef YG_SCHEMA_CHANGE_H
#define YG_SCHEMA_CHANGE_H

#include "base/arena.h"
#include "schema/id.h"
#include "schema/value.h"

enum change_kind {
    CHANGE_CREATE = 1,  /* its dot becomes the record's id */
    CHANGE_EDIT = 2,    /* writes fields, adds instances */
    CHANGE_REMOVE = 3,  /* removes an instance or withdraws the record */
    CHANGE_RESOLVE = 4, /* answers conflicts; reason and signature required */
    CHANGE_SEAL = 5,    /* closes a scope of fields; signature required */
    CHANGE_AMEND = 6,   /* writes sealed fields; names the seals in under; reason and signature */
    CHANGE_MOVE = 7,    /* writes FIELD_AREA */
    CHANGE_ACCEPT = 8,  /* accepts a broken constraint, naming the versions it looked at */
    CHANGE_SAME = 9,    /* says that two records or two instances are the same, or are not */
};

enum field_number {
    FIELD_AREA = 1,   /* on the record: VALUE_INT, the area's code; policy human */
    FIELD_EXISTS = 2, /* on an instance: VALUE_INT, the field number of its repeat (outermost
                       * repeats), or VALUE_BYTES (place_encode) when it lies in another instance;
                       * a removal writes VALUE_BYTES cover_encode(): the dots it saw inside.
                       * On the record itself only a withdrawal writes it, and a resolve that
                       * keeps the record: VALUE_INT 0. */
    FIELD_SAME = 3,   /* VALUE_TEXT: "=ID" is the same as, "!ID" is not; one answer per ID */
    FIELD_ACCEPT = 4, /* VALUE_BYTES acceptance_encode(): what was accepted; policy union */
    FIELD_SEAL = 16,  /* 16 + scope (0..15): VALUE_BYTES seal_encode(); unequal ones conflict */
    FIELD_SEAL_LAST = 31,
    FIELD_FIRST_OF_FORM = 32,
    FIELD_LAST = 65535,
};

enum entry_flag {
    ENTRY_KEEP = 1, /* the field can be sealed: what this replaces stays in the state, marked */
};

struct entry {
    struct instance_id instance; /* whose field it is; the root for the record's own */
    uint16_t field;
    uint8_t flags;    /* enum entry_flag */
    uint8_t rank;     /* source: 0 none, 1 declared, 2 observed, 3 matched, 4 document */
    uint32_t ordinal; /* derived: see above */
    struct value value;
    uint32_t replaces_count;
    const struct version_id *replaces; /* sorted, no doubles */
};

struct change {
    struct dot dot;
    uint8_t kind;      /* enum change_kind */
    struct dot record; /* CHANGE_CREATE: equal to dot */
    uint64_t form;     /* form id (form.h); which version the author filled */
    uint64_t person;   /* id_of_person; 0: the program itself */
    int64_t wall_ms;   /* the author's clock, as it was */
    uint64_t lamport;  /* 1 + the largest the author's actor had seen */
    struct view reason;
    uint32_t evidence_count;
    const uint8_t (*evidence)[32]; /* SHA-256 of attachments */
    uint32_t under_count;
    const uint8_t (*under)[16]; /* digests of the seals that this change knew and goes beyond */
    uint32_t entry_count;
    const struct entry *entries;
    bool is_signed;
    uint8_t signature[64]; /* the person's, over change_signed_hash */
    bool erased; /* something of it was erased by law (erasure.h): what is left is not what its leaf
                  * was made of; its reason, evidence and signature are gone too */
    bool insane; /* it came in a frame and fails change_check (frame_decode_raw): it is kept and
                  * passed on as it is, and nobody reads more than its name out of it */
};

/* Whether an entry stands in the same run of canonical bytes as the one before it: of the same
 * instance, in order, with the ordinal that is due. In a sane change all entries of an instance
 * do. */
static inline bool entry_follows(const struct entry *previous, const struct entry *entry) {
    return instance_equal(previous->instance, entry->instance) &&
           (previous->field == entry->field
                ? entry->ordinal == previous->ordinal + 1
                : previous->field < entry->field && entry->ordinal == 0);
}

/* Adds the canonical bytes to out. Calls change_check first and returns its RC_INVALID or RC_LIMIT,
 * so that whoever encodes need not check. */
enum rc change_encode(const struct change *change, struct buf *out, struct err *err);

/* The same for any change that a frame can carry, sane or not: what its leaf is made of. Nothing is
 * checked. RC_LIMIT or RC_NO_MEMORY of the buffer. */
enum rc change_encode_raw(const struct change *change, struct buf *out, struct err *err);

/* Reads canonical bytes; arrays are in the arena, views borrow from bytes. Everything
 * change_check says is checked. */
enum rc change_decode(struct view bytes, struct arena *arena, struct change *out, struct err *err);

/* Form-free sanity: what each kind may write, order of entries, counts, numbers, texts, limits;
 * ordinals right; nothing refers to itself or to a later change of its own actor. Messages name the
 * place. Whether a signature, a reason or the right role is there is not asked here: such a change
 * is sane, and merge_judge quarantines it with a verdict. Lamport times run to LIMIT_NUMBER: who
 * makes a change takes min(1 + record_lamport, LIMIT_NUMBER). */
enum rc change_check(const struct change *change, struct err *err);

/* What a person signs: tag "yg person", over the canonical bytes with no signature. Of a change
 * that is not sane there is none: zeros, which no signature fits. */
enum rc change_signed_hash(const struct change *change, uint8_t out[32], struct err *err);

/* Sorts entries into canonical order (those of one field stay in the order given), sets ordinals.
 * For builders. */
void change_sort(struct entry *entries, uint32_t count);

/* --- structured values of pseudo-fields --- */

struct place { /* FIELD_EXISTS of a nested instance */
    uint16_t repeat;
    struct instance_id parent;
};
void place_encode(const struct place *place, struct buf *out);
enum rc place_decode(struct view bytes, struct place *out, struct err *err);

struct cover {                 /* FIELD_EXISTS of a removal */
    uint16_t repeat;           /* of the removed instance; 0 for the record */
    struct instance_id parent; /* its parent, root usually */
    uint32_t count;
    const struct dot *dots; /* sorted: every change with a live version inside, as the author saw */
};
void cover_encode(const struct cover *cover, struct buf *out);
enum rc cover_decode(struct view bytes, struct arena *arena, struct cover *out, struct err *err);

struct seal {           /* FIELD_SEAL + scope */
    uint8_t digest[16]; /* names the seal: hash over what it covers, see seals.c */
    uint32_t count;
    const struct dot *dots; /* sorted: every change with a version in scope that the author held */
};
void seal_encode(const struct seal *seal, struct buf *out);
enum rc seal_decode(struct view bytes, struct arena *arena, struct seal *out, struct err *err);

struct acceptance { /* FIELD_ACCEPT, written on the instance of the field */
    uint16_t field;
    uint32_t count;
    const struct version_id *versions; /* sorted: exactly the live ones that the author saw */
};
void acceptance_encode(const struct acceptance *acceptance, struct buf *out);
enum rc acceptance_decode(struct view bytes, struct arena *arena, struct acceptance *out,
                          struct err *err);

/* Whether the value of a FIELD_EXISTS is a removal (its first byte says so). */
bool value_is_cover(const struct value *value);

/* --- leaves and chains --- */

/* salt of change `number` under the secret of its run of 64 numbers (number / 64). */
void chain_salt(const uint8_t secret[16], uint64_t number, uint8_t salt[16]);
/* leaf = hash("yg leaf", salt || canonical bytes): the proof that stays when content is erased. */
void chain_leaf(const uint8_t salt[16], struct view canonical, uint8_t leaf[32]);
/* next = hash("yg chain", previous || leaf). The chain of an actor starts from
 * hash("yg actor", actor as 8 bytes big-endian). */
void chain_start(uint64_t actor, uint8_t out[32]);
void chain_next(const uint8_t previous[32], const uint8_t leaf[32], uint8_t out[32]);

#endif
