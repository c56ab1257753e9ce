/* record.h: the merged state of one record, and its packed form.
 *
 * The state is what is left when every change that was absorbed has done its work:
 *   absorbed   the dots of all changes applied so far, with who, when and which form
 *   versions   per instance and field, every value that no absorbed change names as replaced;
 *              and, for fields that can be sealed (ENTRY_KEEP), also the replaced ones, each with
 *              the changes that replaced it, because a seal may cover them
 *   awaited    versions that an absorbed change names as replaced but whose own change has not
 *              arrived: when it does, it arrives replaced
 *   erasures   what the law has taken out of this record (erasure.h). A version that one of them
 *              names has the value VALUE_ERASED, whenever it arrives and whatever it says
 * The state never needs the form. What people see is read from it by reading.h. Two states of one
 * record can be joined (merge.h).
 *
 * Packed bytes are canonical: equal states have equal bytes, so a digest of them compares tablets,
 * servers and storage engines. */
#ifndef YG_SCHEMA_RECORD_H
#define YG_SCHEMA_RECORD_H

#include "schema/change.h"

enum absorbed_flag {
    ABSORBED_PROVISIONAL =
        1, /* time_ms is the author's own clock: no server has corrected it yet */
};

struct absorbed {
    struct dot dot;
    uint8_t kind;  /* enum change_kind */
    uint8_t flags; /* enum absorbed_flag */
    uint64_t form;
    uint64_t person;
    int64_t time_ms; /* corrected once by the server at ingest; the author's clock until then */
    uint64_t lamport;
    uint32_t under_count;
    const uint8_t (*under)[16];
};

struct version {
    struct instance_id instance;
    uint16_t field;
    uint8_t rank;
    uint32_t change;  /* index into absorbed: who wrote it, and the dot of its name */
    uint32_t ordinal; /* the rest of its name */
    struct value value;
    uint32_t replaced_count;     /* 0: live */
    const uint32_t *replaced_by; /* sorted indices into absorbed; only for kept ones */
};

struct awaited {
    struct instance_id instance;
    uint16_t field;
    bool keep; /* every change that replaces it asked to keep it */
    struct version_id version;
    uint32_t replaced_count;
    const uint32_t *replaced_by; /* sorted indices into absorbed; empty unless keep */
};

struct record {
    struct dot id;
    uint32_t absorbed_count;
    const struct absorbed *absorbed; /* sorted by dot */
    uint32_t version_count;
    const struct version *versions; /* sorted by instance, field, dot, ordinal */
    uint32_t awaited_count;
    const struct awaited *awaited; /* sorted by instance, field, version */
    uint32_t erasure_count;
    const struct view *erasures; /* erasure_encode; sorted by bytes, each once */
};

/* An empty state: nothing absorbed. */
void record_init(struct record *record, struct dot id);

bool record_has_absorbed(const struct record *record, struct dot dot);
/* The same; *at is its index in absorbed, or where it would have to stand. */
bool record_find(const struct record *record, struct dot dot, uint32_t *at);
struct version_id version_name(const struct record *record, const struct version *version);
/* The slice of versions of one field; count 0 when there is none. */
const struct version *record_field(const struct record *record, struct instance_id instance,
                                   uint16_t field, uint32_t *count);
/* The first version that one state has and the other has not; NULL: they differ elsewhere, or not
 * at all. */
const struct version *record_difference(const struct record *is, const struct record *should);
/* The largest Lamport time absorbed. */
uint64_t record_lamport(const struct record *record);

/* Adds the packed bytes to out. RC_LIMIT beyond LIMIT_RECORD_BYTES or LIMIT_RECORD_CHANGES. */
enum rc record_pack(const struct record *record, struct buf *out, struct err *err);
/* Arrays in the arena; values borrow from bytes. Checks everything, trusts nothing: other bytes
 * than those that record_pack writes are RC_CORRUPT. */
enum rc record_unpack(struct view bytes, struct arena *arena, struct record *out, struct err *err);
/* How many changes the packed state holds, without looking further; 0: the bytes are damaged. */
uint32_t record_packed_changes(struct view bytes);
/* hash("yg record", packed bytes) */
void record_digest(struct view packed, uint8_t out[32]);

#endif
