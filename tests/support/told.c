/* told.c: an example of what a tablet tells a county that was restored. */
#include "tests/support/told.h"

#include "schema/change.h"
#include "schema/wire/lineage.h"

enum rc told_hello(struct hello *hello, const struct frame *frame, uint64_t other,
                   const uint8_t device_sign[64], struct buf *out, uint64_t *name,
                   struct err *err) {
    struct fork_range range = {hello->actor, 8, 0};
    struct lineage lineage = {1, &range};
    struct told_mark marks[2] = {{8, {0}}, {9, {0}}}, mark = {3, {0}};
    struct told told[2] = {{.actor = hello->actor, .number = 9, .mark_count = 2, .marks = marks},
                           {.actor = other, .number = 3, .mark_count = 1, .marks = &mark}};
    struct buf forks;
    enum rc rc;

    chain_start(hello->actor, marks[0].hash);
    for (uint32_t i = 0; i < 8; i++)
        chain_next(marks[0].hash, frame->changes[i].leaf, marks[0].hash);
    chain_next(marks[0].hash, frame->changes[8].leaf, marks[1].hash);
    memset(mark.hash, 0x66, sizeof(mark.hash));
    range.name = lineage_name(hello->actor, 8, frame->changes[7].leaf, TOLD_FORMER_EPOCH);
    buf_init(&forks, 1000);
    lineage_encode(&lineage, &forks);
    told[0].forks = buf_view(&forks);
    hello->epoch = TOLD_EPOCH;
    hello->told_count = 2;
    hello->told = told;
    rc = exchange_add_hello(out, hello, device_sign, err);
    *name = range.name;
    hello->told = NULL;
    buf_release(&forks);
    return rc;
}
