/* told.c: an example of what a tablet tells a county that was restored; and of answers that are
 * names. */
#include "tests/support/told.h"

#include "schema/change.h"
#include "schema/wire/lineage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

#define FIELD 33u /* of a form */

static struct view read_as(const struct lineage *lineage, struct view text, struct arena *arena) {
    const uint64_t actor = lineage->ranges[0].actor;
    struct entry entry = {.field = FIELD, .value = value_of_text(text)};
    struct frame_change one = {.change = {.dot = {actor, 9},
                                          .record = {actor, 9},
                                          .kind = CHANGE_CREATE,
                                          .entry_count = 1,
                                          .entries = &entry}};
    struct frame frame = {.actor = actor, .count = 1, .changes = &one};
    struct err err;

    err_init(&err, LANG_EN);
    assert_int_equal(frame_rename(&frame, lineage, arena, &err), RC_OK);
    return one.change.entries[0].value.bytes;
}

void told_answers(const struct lineage *lineage, uint64_t other, struct arena *arena,
                  struct buf *json) {
    /* of this actor, of another one, and what is no name */
    static const char *const own[] = {"-3",
                                      "-4",
                                      "-5.1",
                                      "-6",
                                      "-4294967296.7",
                                      "-6.4294967295",
                                      "-04",
                                      "-4.0",
                                      "-4.01",
                                      "-4.",
                                      "- 4",
                                      "-4 ",
                                      "-0",
                                      "",
                                      "-4.1.1",
                                      "-4.4294967296",
                                      "-9007199254740991",
                                      "-9007199254740992"};
    const uint64_t actor = lineage->ranges[0].actor;

    for (uint32_t i = 0; i < lineage->count; i++)
        buf_addf(json, "%s\"%016llx\"", i == 0 ? "\"names\": [" : ", ",
                 (unsigned long long)lineage->ranges[i].name);
    buf_add_view(json, view_text("],\n\"answers\": ["));
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]) + 3; i++) {
        char text[80];
        struct view read;

        if (i == 0)
            snprintf(text, sizeof(text), "%016llx-4", (unsigned long long)other);
        else if (i == 1)
            snprintf(text, sizeof(text), "%016llX-4", (unsigned long long)actor);
        else if (i == 2)
            snprintf(text, sizeof(text), "=%016llx-4", (unsigned long long)actor);
        else
            snprintf(text, sizeof(text), "%016llx%s", (unsigned long long)actor, own[i - 3]);
        read = read_as(lineage, view_text(text), arena);
        buf_addf(json, "%s[\"%s\", \"%.*s\"]", i == 0 ? "\n" : ",\n", text, VIEW_PRINT(read));
    }
    buf_add_view(json, view_text("\n]}],\n"));
}
