/* world_fixture.h: tablets and people who record one household, offline, and meet. Everything lives
 * in one arena; what goes wrong fails the test at once, with the message. */
#ifndef YG_TESTS_UNIT_WORLD_FIXTURE_H
#define YG_TESTS_UNIT_WORLD_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schema/edit.h"
#include "schema/merge.h"
#include "tests/unit/form_fixture.h"

#define AREA_SHIPAI UINT64_C(430626104000)
#define AREA_OTHER  UINT64_C(430626105000)

static const struct instance_id ROOT = {.ordinal = 0};

struct world {
    struct arena arena;
    struct err err;
    struct form_fixture fixture;
};

struct tablet {
    struct world *world;
    uint64_t actor;
    uint64_t person;
    uint64_t next; /* number of its next change */
    int64_t clock_ms;
    bool has_record;
    struct record state;
    struct reading reading; /* of state, when has_record */
    struct edit draft;
};

static inline void world_start(struct world *world) {
    memset(world, 0, sizeof(*world));
    err_init(&world->err, LANG_EN);
    arena_init(&world->arena, (size_t)256 << 20);
    fixture_household(&world->fixture);
}

static inline void world_end(struct world *world) {
    arena_release(&world->arena);
}

#define OK(world, call)                                                                            \
    do {                                                                                           \
        if ((call) != RC_OK)                                                                       \
            fail_msg("%s", (world)->err.text);                                                     \
    } while (0)

static inline struct tablet tablet_of(struct world *world, uint64_t actor, uint64_t person) {
    return (struct tablet){
        .world = world, .actor = actor, .person = person, .next = 1, .clock_ms = 1000000};
}

static inline void tablet_read(struct tablet *tablet) {
    OK(tablet->world, reading_make(&tablet->state, &tablet->world->fixture.form,
                                   &tablet->world->arena, &tablet->reading, &tablet->world->err));
}

static inline void tablet_apply(struct tablet *tablet, const struct change *change,
                                struct admission admission) {
    if (!tablet->has_record)
        record_init(&tablet->state, change->record);
    tablet->has_record = true;
    OK(tablet->world, merge_apply(&tablet->state, change, admission, &tablet->world->arena,
                                  &tablet->state, &tablet->world->err));
    tablet_read(tablet);
}

/* A change from elsewhere, whose author's clock the server found right. */
static inline void tablet_receive(struct tablet *tablet, const struct change *change) {
    tablet_apply(tablet, change, (struct admission){.time_ms = change->wall_ms});
}

static inline void tablet_begin(struct tablet *tablet, enum change_kind kind) {
    bool is_new = kind == CHANGE_CREATE;

    OK(tablet->world,
       edit_start(&tablet->draft, kind,
                  (struct dot){.actor = tablet->actor, .number = tablet->next}, tablet->person,
                  &tablet->world->fixture.form, is_new ? NULL : &tablet->state,
                  is_new ? NULL : &tablet->reading, &tablet->world->arena, &tablet->world->err));
}

/* Completes the draft, stamps it and applies it to the tablet's own state. */
static inline const struct change *tablet_save(struct tablet *tablet, const char *reason) {
    struct change *change = arena_alloc(&tablet->world->arena, sizeof(*change));

    assert_non_null(change);
    OK(tablet->world, edit_finish(&tablet->draft, view_text(reason), change, &tablet->world->err));
    change->wall_ms = tablet->clock_ms++;
    change->lamport = 1 + (tablet->has_record ? record_lamport(&tablet->state) : 0);
    change->is_signed = true;
    tablet->next++;
    tablet_apply(tablet, change,
                 (struct admission){.time_ms = change->wall_ms, .provisional = true});
    return change;
}

static inline void tablet_set(struct tablet *tablet, struct instance_id instance, int field,
                              struct value value, uint8_t rank) {
    OK(tablet->world,
       edit_set(&tablet->draft, instance, (uint16_t)field, &value, rank, &tablet->world->err));
}

static inline struct value text_value(const char *text) {
    return value_of_text(view_text(text));
}

/* One edit of one field. */
static inline const struct change *tablet_edit(struct tablet *tablet, struct instance_id instance,
                                               int field, struct value value) {
    tablet_begin(tablet, CHANGE_EDIT);
    tablet_set(tablet, instance, field, value, 0);
    return tablet_save(tablet, "");
}

static inline struct instance_id tablet_add(struct tablet *tablet, int repeat,
                                            struct instance_id parent) {
    struct instance_id id;

    OK(tablet->world,
       edit_add_instance(&tablet->draft, (uint16_t)repeat, parent, &id, &tablet->world->err));
    return id;
}

/* A household with a name and one member, whose id is given back. */
static inline const struct change *tablet_create(struct tablet *tablet, const char *name,
                                                 struct instance_id *member) {
    tablet_begin(tablet, CHANGE_CREATE);
    OK(tablet->world, edit_set_area(&tablet->draft, AREA_SHIPAI, &tablet->world->err));
    tablet_set(tablet, ROOT, F_NAME, text_value(name), 0);
    tablet_set(tablet, ROOT, F_PIGS, value_of_int(3), 0);
    if (member != NULL) {
        *member = tablet_add(tablet, F_MEMBER, ROOT);
        tablet_set(tablet, *member, F_MEMBER_NAME, text_value("member"), 0);
        tablet_set(tablet, *member, F_WAGE, value_of_int(1000), 0);
    }
    return tablet_save(tablet, "");
}

static inline const struct conflict *find_conflict(const struct tablet *tablet, int kind,
                                                   struct instance_id instance, int field) {
    for (uint32_t i = 0; i < tablet->reading.conflict_count; i++) {
        const struct conflict *conflict = &tablet->reading.conflicts[i];

        if (conflict->kind == kind && conflict->field == field &&
            instance_equal(conflict->instance, instance))
            return conflict;
    }
    return NULL;
}

static inline const struct cell *tablet_cell(const struct tablet *tablet,
                                             struct instance_id instance, int field) {
    return reading_cell(&tablet->reading, instance, (uint16_t)field);
}

static inline void assert_reads(const struct tablet *tablet, struct instance_id instance, int field,
                                struct value expected) {
    const struct cell *cell = tablet_cell(tablet, instance, field);

    assert_non_null(cell);
    assert_int_equal(cell->kind, CELL_VALUE);
    assert_true(value_equal(&cell->value, &expected));
}

static inline enum verdict tablet_judge(struct tablet *server, const struct change *change) {
    return merge_judge(&server->state, change, &server->world->fixture.form, false,
                       &server->world->arena);
}

static inline void record_bytes(struct world *world, const struct record *record, struct buf *out) {
    buf_clear(out);
    OK(world, record_pack(record, out, &world->err));
}

static inline bool same_state(struct world *world, const struct record *a, const struct record *b) {
    struct buf left;
    struct buf right;
    bool same;

    buf_init(&left, (size_t)64 << 20);
    buf_init(&right, (size_t)64 << 20);
    record_bytes(world, a, &left);
    record_bytes(world, b, &right);
    same = view_equal(buf_view(&left), buf_view(&right));
    buf_release(&left);
    buf_release(&right);
    return same;
}

#endif
