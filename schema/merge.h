/* merge.h: what happens when changes meet. Pure functions of states.
 *
 * merge_apply and merge_join are commutative, associative and idempotent: any order of arrival, any
 * duplication, any split of the changes among states that are joined later gives the same bytes.
 * Nothing is refused here: whether a change may be admitted at all is judged before, by
 * merge_judge, on the server. */
#ifndef YG_SCHEMA_MERGE_H
#define YG_SCHEMA_MERGE_H

#include "schema/record.h"

struct form;

/* What the server fixed about a change when it came in. */
struct admission {
    int64_t time_ms;  /* corrected time, or the author's clock when provisional */
    bool provisional; /* not yet seen by the server: own changes on a tablet */
};

/* out = state with the change absorbed. A change that is already absorbed changes nothing, except
 * that a corrected time takes the place of a provisional one. The arrays of out live in the arena
 * and may share memory with state and change. RC_INVALID if the change is of another record. */
enum rc merge_apply(const struct record *state, const struct change *change,
                    struct admission admission, struct arena *arena, struct record *out,
                    struct err *err);

/* out = state with this corrected time for a change that it has absorbed under another: a county
 * that was restored fixes the times of what it lost anew. Elsewhere a change has one corrected
 * time. */
enum rc merge_retime(const struct record *state, struct dot dot, int64_t time_ms,
                     struct arena *arena, struct record *out, struct err *err);

/* out = state after this erasure (erasure_encode; erasure.h), which out borrows: what it names is
 * erased now, and arrives erased from now on. RC_INVALID, RC_CORRUPT when it does not decode. */
enum rc merge_erase(const struct record *state, struct view erasure, struct arena *arena,
                    struct record *out, struct err *err);

/* out = everything both know. */
enum rc merge_join(const struct record *a, const struct record *b, struct arena *arena,
                   struct record *out, struct err *err);

/* May this change be admitted? Asked by the server before it applies, and by a tablet before it
 * saves. form may be NULL when the version is unknown: then only form-free rules are judged. */
enum verdict {
    VERDICT_ADMIT = 0,
    VERDICT_FOUR_EYES,     /* resolves a conflict of which its person wrote one side */
    VERDICT_NEEDS_RESOLVE, /* an edit that replaces another person's side of a conflict */
    VERDICT_NEEDS_AMEND,   /* an edit that replaces what a seal covers while knowing the seal */
    VERDICT_NOT_SIGNED,    /* resolve, seal and amend carry a person's signature */
    VERDICT_NO_REASON,     /* resolve and amend carry a reason */
    VERDICT_SERVER_FIELD,  /* policy `server`: only the server's own actors write it */
    VERDICT_WRONG_VALUE,   /* type, choice or bounds of the form are not met */
    VERDICT_UNKNOWN_FORM,  /* kept, forwarded, understood later */
    VERDICT_OUT_OF_SCOPE,  /* area not granted at that time (decided by ingest) */
    VERDICT_NOT_ALLOWED,   /* the person's role (decided by ingest) */
    VERDICT_TOO_LARGE,     /* the record would outgrow LIMIT_RECORD_BYTES */
    VERDICT_MALFORMED,     /* decodes as a frame, but not as a sane change */
    VERDICT_NO_RECORD,     /* names a record that its actor could not have known */
    VERDICT_BAD_SIGNATURE, /* the person's signature does not fit, or the person is unknown */
    VERDICT_COUNT,
};
const char *verdict_name(enum verdict verdict);  /* "four_eyes", ... for JSON */
const char *verdict_words(enum verdict verdict); /* an English sentence, key of the catalogue */

/* Judged on the state as it is before the change is applied. by_server: the change is one of the
 * server's own actor. The first verdict that applies is given, in this order: malformed, signature,
 * reason, server's fields, values, four eyes, needs resolve, needs amend, size. An absorbed change
 * is admitted. A change of which something was erased is not asked for signature and reason. An
 * author knows a seal when the same actor made it before, when the change names it, or when it
 * replaces an amendment under it. An edit of a `once` field that has another value needs an
 * amendment too. A full arena gives VERDICT_TOO_LARGE. */
enum verdict merge_judge(const struct record *state, const struct change *change,
                         const struct form *form, bool by_server, struct arena *arena);

#endif
