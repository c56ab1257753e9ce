/* meeting_inside.h: one change of a meeting's record; only for the files agent/field/meeting*.c. */
#ifndef YG_AGENT_FIELD_MEETING_INSIDE_H
#define YG_AGENT_FIELD_MEETING_INSIDE_H

#include "agent/field/meeting.h"
#include "schema/edit.h"

#define MEETING_ARENA_BYTES (64u * 1024u * 1024u)

/* End it in every case. */
struct meeting_edit {
    struct session *session;
    struct arena arena;
    struct meeting_seen at;
    struct edit edit;
    struct dot ends_urn;   /* with the save; number 0: none */
    const struct urn *urn; /* which one it must be; NULL: any */
};

enum rc meeting_edit_start(struct meeting_edit *edit, struct session *session, struct dot id,
                           enum change_kind kind, struct err *err);
/* Saves when rc is RC_OK and there is something to save. Returns rc, or what went wrong. */
enum rc meeting_edit_end(struct meeting_edit *edit, enum rc rc, struct err *err);

/* Writes text into a field by its path: the answer, or one more element of a set. */
enum rc meeting_put(struct edit *edit, struct instance_id instance, const char *path,
                    struct view text, struct err *err);
enum rc meeting_put_number(struct edit *edit, struct instance_id instance, const char *path,
                           int64_t number, struct err *err);
/* The tablet's clock, as a time. */
enum rc meeting_put_now(struct edit *edit, const struct session *session,
                        struct instance_id instance, const char *path, struct err *err);

/* meeting_pair.c: this tablet counted as that actor; it may have begun a new life since. */
bool meeting_is_own(const struct session *session, uint64_t actor);

/* meeting.c: the rules of today where there are none yet, and the state OPEN. */
enum rc meeting_open_here(struct meeting_edit *edit, struct err *err);

static const struct instance_id meeting_root = {.ordinal = 0};

#endif
