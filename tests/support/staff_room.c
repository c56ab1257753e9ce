/* staff_room.c: see staff_room.h. */
#include "tests/support/staff_room.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

const struct login_from staff_from = {.address = STAFF_ADDRESS, .agent = "browser\x01\xff"};

void sit(struct staff_room *room) {
    clerk_must(seat_open_at(service_office(room->clerk->service), "test", &room->seat, &room->err),
               &room->err);
}

void sit_again(struct staff_room *room) {
    seat_close(&room->seat);
    sit(room);
    err_clear(&room->err);
}

void wait_ms(struct staff_room *room, int64_t ms) {
    room->clerk->county->now_ms += ms;
    sit_again(room);
}

void add(struct staff_room *room, const char *name, enum role role, bool must_change,
         uint64_t *id) {
    const uint64_t area = UINT64_C(430626000000);
    const struct new_person person = {.name = view_text(name),
                                      .role = role,
                                      .areas = &area,
                                      .area_count = 1,
                                      .secret = view_text(STAFF_SECRET),
                                      .must_change = must_change};

    clerk_must(people_add(&room->seat, &person, id, &room->err), &room->err);
    sit_again(room);
}

int staff_room_set_up(void **state) {
    struct staff_room *room = calloc(1, sizeof(*room));
    void *clerk = NULL;

    assert_non_null(room);
    err_init(&room->err, LANG_EN);
    if (clerk_set_up(&clerk) != 0)
        return -1;
    room->clerk = clerk;
    login_desk_init(&room->desk);
    sit(room);
    add(room, "lihua", ROLE_COUNTY, false, &room->li);
    *state = room;
    return 0;
}

int staff_room_tear_down(void **state) {
    struct staff_room *room = *state;
    void *clerk = room->clerk;

    seat_close(&room->seat);
    login_desk_release(&room->desk);
    free(room);
    return clerk_tear_down(&clerk);
}

enum rc try(struct staff_room *room, const char *name, const char *secret) {
    enum rc rc;

    sit_again(room);
    rc = login_begin(&room->desk, &room->seat, &staff_from, view_text(name), view_text(secret),
                     room->token, &room->err);
    seat_close(&room->seat);
    sit(room);
    return rc;
}

struct stored_login login_now(struct staff_room *room, uint64_t person) {
    struct stored_login login = {0};
    enum rc rc;

    sit_again(room);
    rc = store_login(room->seat.ledger->store, person, &room->seat.arena, &login, &room->err);
    if (rc != RC_NOT_FOUND)
        clerk_must(rc, &room->err);
    err_clear(&room->err);
    return login;
}
