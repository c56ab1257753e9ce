/* meeting.h: evaluation meetings as the county sees them: read and counted by the same code as on
 * the tablets (schema/vote), checked against each other. For the command line and the console.
 *
 * The county changes nothing in a meeting and decides nothing about it: it lists what is wrong, and
 * what a person has to look at. */
#ifndef YG_SYNCD_DESK_MEETING_H
#define YG_SYNCD_DESK_MEETING_H

#include "schema/vote/meeting.h"
#include "syncd/desk/desk.h"

struct desk_meeting {
    struct seen_record seen;
    struct meeting meeting;
};

/* RC_NOT_FOUND; RC_UNSUPPORTED: not a meeting. */
enum rc desk_meeting_read(struct seat *seat, const char *id, struct desk_meeting *out,
                          struct err *err);

/* All meetings of an area (0: all) and what lies beneath; withdrawn ones are left out. Arrays in
 * the seat's arena; LIMIT: DESK_MEETINGS_MAX. */
#define DESK_MEETINGS_MAX 20000u
enum rc desk_meetings_read(struct seat *seat, uint64_t area, struct desk_meeting **out,
                           uint32_t *count, struct err *err);

/* How the households of one meeting came out. */
struct meeting_sum {
    uint32_t passed, failed, voided, open;
};
void desk_meeting_sum(const struct meeting *meeting, struct meeting_sum *out);

/* A household that two meetings have decided on (passed or failed): a person says which counts. */
struct meeting_double {
    const struct meeting *meeting;
    const struct meeting_item *item;
    const struct meeting *other;
    bool differs; /* the two came out differently */
};
/* Doubles of one meeting (NULL: of all), each pair once. In the arena. */
enum rc desk_meeting_doubles(const struct desk_meeting *list, uint32_t count,
                             const struct meeting *of, struct arena *arena,
                             struct meeting_double **out, uint32_t *out_count, struct err *err);

enum rc desk_meetings(void *context, struct command *command, struct err *err);
enum rc desk_meeting_show(void *context, struct command *command, struct err *err);

#endif
