/* api_meeting.h: what the routes of a meeting share (api_meeting.c, api_vote.c). */
#ifndef YG_AGENT_FACE_API_MEETING_H
#define YG_AGENT_FACE_API_MEETING_H

#include "agent/face/api_inside.h"
#include "agent/face/meeting.h"

struct web_meeting_at {
    struct visit visit;
    struct dot id;
    struct meeting_seen at;
};

/* A visit with the meeting of the route. Close the visit in every case. */
enum rc web_at_meeting(struct web_call *call, struct web_meeting_at *at, struct err *err);
/* Closes the visit, and answers {} when rc is RC_OK. */
enum rc web_meeting_end(struct web_call *call, struct web_meeting_at *at, enum rc rc,
                        struct err *err);
/* An array of seats in the body; 0 when it is missing. */
enum rc web_seats(const struct web_call *call, const char *key, uint64_t *out, struct err *err);
/* The household of the agenda that "item" of the body names. */
enum rc web_item(const struct web_call *call, const struct meeting *meeting,
                 const struct meeting_item **out, struct err *err);

#endif
