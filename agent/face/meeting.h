/* meeting.h: what the commands `meeting …` share. */
#ifndef YG_AGENT_FACE_MEETING_H
#define YG_AGENT_FACE_MEETING_H

#include "agent/face/face.h"
#include "agent/field/meeting.h"

struct at_meeting {
    struct visit visit;
    struct dot id;
    struct meeting_seen at;
};

/* Opens the visit and reads the meeting that the first word names. Close the visit in every case.
 */
enum rc at_meeting_open(struct face *face, struct command *command, struct at_meeting *out,
                        struct err *err);
/* {"id"} under --json, otherwise nothing; closes the visit. */
enum rc at_meeting_end(struct at_meeting *at, enum rc rc, struct err *err);

/* A household of the agenda: its position from 1, or its record. */
enum rc at_meeting_item(const struct at_meeting *at, const char *word,
                        const struct meeting_item **out, struct err *err);
/* "1-5,7", of an argument or an option. */
enum rc meeting_seats_word(const char *word, uint64_t *out, struct err *err);
enum rc meeting_number_word(const char *what, const char *word, uint32_t most, uint32_t *out,
                            struct err *err);

/* "yes", "no:1,3", "abstain", "unused"; also 1, 2, 3 as on the screen. The item stays as it is. */
enum rc meeting_answer_word(struct view text, struct meeting_answer *out, struct err *err);

/* The one-time secrets of chair and teller: from --chair-file and --teller-file, or typed. */
struct meeting_secrets {
    char chair[LIMIT_SECRET_BYTES + 1], teller[LIMIT_SECRET_BYTES + 1];
};
enum rc meeting_secrets_ask(struct command *command, struct meeting_secrets *out,
                            struct urn_secrets *views, struct err *err);

#endif
