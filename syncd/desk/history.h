/* history.h: every value that anybody ever gave a record or one of its fields, from the log: who,
 * with which device, when by his clock as corrected and when it came in, in which kind of change
 * and for what reason, and what it replaced. Changes in quarantine stand there too, marked; one
 * that makes no sense is a line of its own, and nothing of what it says is shown. */
#ifndef YG_SYNCD_DESK_HISTORY_H
#define YG_SYNCD_DESK_HISTORY_H

#include "syncd/desk/desk.h"
#include "syncd/desk/log_frames.h"

/* One value that somebody wrote. Views live during the call. */
struct history_row {
    const struct stored_change *indexed; /* verdict: why it was kept aside */
    const struct change *change;
    const struct entry *entry;
    struct view path;  /* as `show` has it; empty of what makes no sense */
    struct view value; /* in words, masked where it has to be */
    struct view author, device;
    uint64_t area; /* of the frame: where it was written */
    int64_t made_ms, received_ms;
};
typedef enum rc history_visit(void *context, const struct history_row *row, struct err *err);

struct history {
    struct seat *seat;
    struct seen_record seen;
    bool one_field;
    struct instance_id instance;
    uint16_t field;
    struct log_frames frames;
    struct stored_change *changes; /* in order of commit, in the seat's arena */
    size_t count, capacity;
    /* of the walk */
    bool masked;
    enum lang lang;
    history_visit *visit;
    void *context;
};

/* Of a record, or with a path of one of its fields. RC_NOT_FOUND. Close it in every case; one of
 * zeros may be closed, too. */
enum rc history_open(struct seat *seat, const char *record, struct view path,
                     struct history *history, struct err *err);
/* In order of commit. */
enum rc history_walk(struct history *history, bool masked, enum lang lang, history_visit *visit,
                     void *context, struct err *err);
void history_close(struct history *history);

/* The name of the device of an actor; "county" of the county's own, empty where it is unknown. */
struct view history_device(struct seat *seat, uint64_t actor);

#endif
