/* alarm.c: the county's history did not go on from what it had signed before. That means that
 * somebody has edited it, or put an older state of it in its place without saying so. What the
 * tablet had kept is written down here, shown to people, and told to the county's staff. */
#include "agent/store/inside.h"

#define ALARMS_MAX 1000u

enum rc tablet_alarm(struct tablet *tablet, const struct feed_cursor *kept, struct err *err) {
    struct statement *add = tablet->sql[SQL_ALARM_ADD];
    enum rc rc;

    statement_bind_i64(add, 1, (int64_t)kept->area);
    statement_bind_i64(add, 2, kept->audience);
    statement_bind_i64(add, 3, (int64_t)kept->position);
    statement_bind_blob(add, 4, view_of(kept->chain, sizeof(kept->chain)));
    statement_bind_i64(add, 5, tablet->facts.epoch);
    statement_bind_i64(add, 6, env_wall_ms(tablet->env));
    rc = statement_run(add, err);
    if (rc != RC_OK || db_changes(tablet->db) == 0)
        return rc;
    rc = tablet_notice(tablet, NOTICE_FEED_BROKEN, kept->area, kept->position, err);
    /* What was taken out of the history may be lost there: it is offered again. */
    return rc == RC_OK ? tablet_slices_doubt(tablet, err) : rc;
}

enum rc tablet_alarms(struct tablet *tablet, struct arena *arena, struct alarm **out,
                      uint32_t *count, struct err *err) {
    struct statement *list = tablet->sql[SQL_ALARM_LIST];
    uint32_t capacity = 0;
    enum rc rc;

    *out = NULL;
    *count = 0;
    while ((rc = statement_step(list, err)) == RC_OK && *count < ALARMS_MAX) {
        struct alarm *alarm = arena_push(arena, out, count, &capacity, sizeof(*alarm));
        struct view chain = statement_blob(list, 4);

        if (alarm == NULL)
            break;
        *alarm = (struct alarm){
            .id = (uint64_t)statement_i64(list, 0),
            .kept = {.area = (uint64_t)statement_i64(list, 1),
                     .audience = (uint8_t)statement_i64(list, 2),
                     .position = (uint64_t)statement_i64(list, 3)},
            .epoch = (uint32_t)statement_i64(list, 5),
            .at_ms = statement_i64(list, 6),
            .told = statement_i64(list, 7) != 0,
            .seen = statement_i64(list, 8) != 0,
        };
        if (chain.size == sizeof(alarm->kept.chain))
            memcpy(alarm->kept.chain, chain.data, chain.size);
    }
    statement_reset(list);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    return arena_check(arena, "the alarms", err);
}

enum rc tablet_alarms_told(struct tablet *tablet, uint64_t up_to, struct err *err) {
    struct statement *told = tablet->sql[SQL_ALARM_TOLD];

    statement_bind_i64(told, 1, (int64_t)up_to);
    return statement_run(told, err);
}

enum rc tablet_alarms_seen(struct tablet *tablet, uint64_t up_to, struct err *err) {
    struct statement *seen = tablet->sql[SQL_ALARM_SEEN];

    statement_bind_i64(seen, 1, (int64_t)up_to);
    return statement_run(seen, err);
}
