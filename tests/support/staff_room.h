/* staff_room.h: the county's staff and their logins, for tests: a clerk's county with a county
 * reviewer, Li Hua, in it; time goes by as the test says. */
#ifndef YG_TESTS_SUPPORT_STAFF_ROOM_H
#define YG_TESTS_SUPPORT_STAFF_ROOM_H

#include "syncd/desk/login.h"
#include "syncd/desk/people.h"
#include "tests/support/clerk.h"

#define STAFF_SECRET "a long secret of li"
#define MINUTE_MS    INT64_C(60000)

struct staff_room {
    struct clerk *clerk;
    struct login_desk desk;
    struct seat seat;
    struct err err;
    uint64_t li;
    char token[LOGIN_TOKEN_TEXT_BYTES]; /* of the last login */
};

/* Fixture of cmocka: *state is a struct staff_room. */
int staff_room_set_up(void **state);
int staff_room_tear_down(void **state);

/* After the test has closed the seat. */
void sit(struct staff_room *room);
/* What was committed is seen by a reader that is borrowed anew. */
void sit_again(struct staff_room *room);
void wait_ms(struct staff_room *room, int64_t ms);

/* Somebody of the whole county, with STAFF_SECRET. */
void add(struct staff_room *room, const char *name, enum role role, bool must_change, uint64_t *id);
/* A login, from STAFF_ADDRESS. */
#define STAFF_ADDRESS "192.0.2.7"
extern const struct login_from staff_from;
enum rc try(struct staff_room *room, const char *name, const char *secret);
/* The login of the person as it is now. */
struct stored_login login_now(struct staff_room *room, uint64_t person);

#endif
