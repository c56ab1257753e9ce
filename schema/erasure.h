/* erasure.h: what the law takes out of a record, and what it leaves.
 *
 * Somebody has a right that an answer be erased: not corrected, but gone, with every version that
 * the field ever had. An erasure names, for good, the changes in which something is erased and the
 * fields; and it says when, by whose order and why. Of a change that it names stay its name, kind,
 * author, times, leaf, what it replaces, and the answers that are not erased. Its erased answers
 * become VALUE_ERASED; its reason and its evidence go too, because people repeat answers in them;
 * and its salt and signature, because with them a guess could be tried out. The leaf stays, so
 * every chain goes on to verify; the change's own content is vouched for by the county from then
 * on.
 *
 * Whatever is written later is no business of the erasure: a late change that is not named is a new
 * fact. Fields below FIELD_FIRST_OF_FORM (area, instances, seals) are never erased: without them
 * nobody could merge any more.
 *
 * In a state the erasures are a set of byte strings, and every version that one of them names is
 * VALUE_ERASED: merge_erase, merge_apply and merge_join keep it so. */
#ifndef YG_SCHEMA_ERASURE_H
#define YG_SCHEMA_ERASURE_H

#include "schema/record.h"

struct erased_cell {
    bool everywhere; /* the field in every instance of its repeat */
    struct instance_id instance;
    uint16_t field;
};

struct erasure {
    int64_t at_ms;
    struct view who; /* the name of who ordered it */
    struct view reason;
    uint32_t cell_count; /* 0: every field of the form */
    const struct erased_cell *cells;
    uint32_t dot_count;
    const struct dot *dots; /* sorted: the changes in which something is erased */
};

/* Bytes: 1, at (signed), who and reason (texts), varint count of cells, each: byte 1 everywhere
 * else 0, varint field, and if not everywhere the instance; then the dots as in a cover. */
void erasure_encode(const struct erasure *erasure, struct buf *out);
/* Arrays in the arena, texts borrow. RC_CORRUPT, RC_LIMIT. */
enum rc erasure_decode(struct view bytes, struct arena *arena, struct erasure *out,
                       struct err *err);

/* Whether the erasure names this change; this entry of a change that it names. */
bool erasure_names(const struct erasure *erasure, struct dot dot);
bool erasure_covers(const struct erasure *erasure, struct instance_id instance, uint16_t field);

/* Takes out of the change what the erasure says, if it names it: entries are copied into the arena,
 * change->erased is set. An insane change loses all it says. *done tells whether the change is
 * named. The caller keeps the leaf. lineage: under which names the change is to be read, where it
 * still has those of its author; NULL: it has been read already. */
struct lineage;
enum rc erasure_apply(const struct erasure *erasure, const struct lineage *lineage,
                      struct change *change, struct arena *arena, bool *done, struct err *err);
/* The same for all that stand in a state. */
enum rc erasure_apply_all(const struct record *record, const struct lineage *lineage,
                          struct change *change, struct arena *arena, bool *done, struct err *err);

/* Makes the versions of a state agree with its erasures; versions may be copied into the arena. */
enum rc erasure_enforce(struct record *record, struct arena *arena, struct err *err);

/* The newest erasure of the state that took what this change said there. RC_NOT_FOUND: the change
 * came erased, and nobody has told why yet. */
enum rc erasure_find(const struct record *record, struct dot dot, struct instance_id instance,
                     uint16_t field, struct arena *arena, struct erasure *out);
/* What is shown in place of the answer, in words: by law, when, by whom, why. found: what
 * erasure_find returned. */
void erasure_text(enum rc found, const struct erasure *erasure, enum lang lang, struct buf *out);

#endif
