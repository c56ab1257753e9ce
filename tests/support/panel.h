/* panel.h: a village's panel and its meetings, for tests; builds on visitor.h. Every failure ends
 * the test. */
#ifndef YG_TESTS_SUPPORT_PANEL_H
#define YG_TESTS_SUPPORT_PANEL_H

#include "agent/field/meeting.h"
#include "tests/support/visitor.h"

#define PANEL_CHAIR  "river-stone"
#define PANEL_TELLER "white-crane"

/* Publishes the forms panel and meeting; tablets that are enrolled later have them. */
void panel_publish(struct visitor *visitor);
/* A panel of so many active members: every third is of the party branch, all others represent
 * villagers. One more has left. */
struct dot panel_new(struct visitor *visitor, struct session *session, uint32_t members);
/* A meeting of that panel about so many new households, called. */
struct dot panel_meeting(struct visitor *visitor, struct session *session, struct dot panel,
                         uint32_t households);
/* The same, opened, and the first so many members have signed in. */
struct dot panel_open(struct visitor *visitor, struct session *session, uint32_t members,
                      uint32_t present, uint32_t households);
struct meeting_seen panel_see(struct visitor *visitor, struct session *session, struct dot id);
struct urn *panel_urn(struct visitor *visitor, struct session *session, struct dot id);
/* Opens it again with the two secrets. */
struct urn *panel_resume(struct visitor *visitor, struct session *session, struct dot id);
/* One member's answer to all households that he may vote on. */
void panel_cast(struct visitor *visitor, struct session *session, struct urn *urn, struct dot id,
                uint32_t seat, enum urn_answer answer);
/* Closes the meeting, and the urn. */
void panel_close(struct visitor *visitor, struct session *session, struct dot id, struct urn *urn);
struct tally panel_tally(struct visitor *visitor, struct session *session, struct dot id,
                         uint32_t item);

#endif
