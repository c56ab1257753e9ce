/* verify.h: inside `verify`. Each part walks one kind of proof and adds what it finds; a part that
 * meets broken bytes says where and lets the others go on. */
#ifndef YG_SYNCD_DESK_VERIFY_H
#define YG_SYNCD_DESK_VERIFY_H

#include "syncd/desk/desk.h"
#include "syncd/desk/log_frames.h"

#define VERIFY_FOUND_MAX 50u

struct verify {
    struct seat *seat;
    struct command *command;
    struct err found;  /* scratch of the finding being made, in the language of the command */
    struct json *list; /* the first findings, as texts */
    uint64_t differences;
    uint64_t frames, changes, admitted, signatures, actors, records, absorbed, feeds, entries, acts;
    uint64_t snapshots;
};

/* One difference: err_set's arguments. The literal is a key of the catalogue. */
#define VERIFY_FOUND(verify, ...)                                                                  \
    do {                                                                                           \
        err_clear(&(verify)->found);                                                               \
        (void)err_set(&(verify)->found, RC_CORRUPT, __VA_ARGS__);                                  \
        verify_add(verify, &(verify)->found);                                                      \
    } while (0)
void verify_add(struct verify *verify, const struct err *found);
/* What a failed walk means: broken content is a difference (RC_OK comes back, the next part may
 * begin), anything else ends the command. */
enum rc verify_after(struct verify *verify, enum rc rc, struct err *err);

/* verify_log.c: every frame decodes, the index names what is in it, persons' signatures hold, and
 * every actor's chain, folded from the leaves, ends where the actor's row says. */
enum rc verify_log(struct verify *verify, struct err *err);
/* verify_state.c: every record's state, made again from the changes that were admitted. */
enum rc verify_states(struct verify *verify, struct err *err);
/* verify_conflict.c: the open questions of a record, as it reads by the log, are those in the list.
 * Adds to the reading. */
enum rc verify_conflicts(struct verify *verify, const struct stored_record *stored,
                         struct reading *reading, struct arena *arena, struct err *err);
/* verify_feed.c: every feed's chain from its entries; the staff log's chain. */
enum rc verify_feeds(struct verify *verify, struct err *err);
enum rc verify_acts(struct verify *verify, struct err *err);
/* verify_inflow.c: what came in by day and area, as the log has it. */
enum rc verify_inflow(struct verify *verify, struct err *err);
/* verify_snapshot.c: what new tablets are given. */
enum rc verify_snapshots(struct verify *verify, struct err *err);

#endif
