/* plays_more.h: scenes that are too long to stand in plays.c, and what plays share. */
#ifndef YG_TESTS_FAULT_PLAYS_MORE_H
#define YG_TESTS_FAULT_PLAYS_MORE_H

#include "tests/fault/stage.h"

/* plays.c */
enum rc play_open_all(struct stage *stage, struct err *err);
enum rc play_sync_all(struct stage *stage, struct err *err);
/* RC_OK and made: it is there now. */
enum rc play_home_once(struct stage *stage, int at, const char *name, struct dot *out,
                       struct err *err);

/* Fits bundle_write: a stick is not what fails. */
enum rc play_put_on_stick(void *stage, struct view bytes, struct err *err);

/* plays_meeting.c: a meeting of seven, with secret ballots about two households. */
enum rc meeting_prepare(struct stage *stage, struct err *err);
enum rc meeting_act(struct stage *stage, struct err *err);

/* plays_road.c: a stick between two tablets; a photo that another tablet took. */
enum rc relay_act(struct stage *stage, struct err *err);
enum rc pull_act(struct stage *stage, struct err *err);

/* plays_desk.c: an audit file that the verifier finds valid; the console, from the login over a
 * list and a decision to an export. */
enum rc audit_act(struct stage *stage, struct err *err);
enum rc console_prepare(struct stage *stage, struct err *err);
enum rc console_act(struct stage *stage, struct err *err);

#endif
