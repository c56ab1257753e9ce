/* test_outbox.c: own changes become batches that only the county can open: contiguous, grouped by
 * area, within the limits, with a chain that fits, and cut anew while they are small. */
#include "tests/support/visitor.h"

#include "agent/sync/inside.h"
#include "schema/edit.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

struct outbox {
    struct visitor *visitor;
    struct tablet *tablet;
    uint32_t batches, frames, changes;
    uint64_t next;  /* number expected */
    size_t largest; /* bytes */
    uint64_t firsts[64];
};

static enum rc keep(void *context, const struct outbox_batch *batch, struct err *err) {
    struct outbox *outbox = context;

    (void)err;
    assert_int_equal(batch->first, outbox->next);
    assert_true(batch->last >= batch->first);
    assert_true(batch->bytes.size <= LIMIT_BATCH_BYTES);
    outbox->next = batch->last + 1;
    outbox->firsts[outbox->batches++] = batch->first;
    if (batch->bytes.size > outbox->largest)
        outbox->largest = batch->bytes.size;
    return RC_OK;
}

/* Opens a batch as the county would, and checks what the county would check. */
static enum rc check(void *context, const struct outbox_batch *stored, struct err *err) {
    struct outbox *outbox = context;
    struct visitor *visitor = outbox->visitor;
    const struct keys *keys = &visitor->county->keys;
    struct zip_inflater *inflater = NULL;
    struct arena arena;
    struct batch batch;
    uint8_t chain[32], (*leaves)[32];
    uint64_t count = stored->last - stored->first + 1;

    arena_init(&arena, 256u * 1024u * 1024u);
    visitor_must(visitor, zip_inflater_new(&inflater, err));
    visitor_must(visitor, batch_open(stored->bytes, keys->box_public, keys->box_secret, &arena,
                                     &batch, err));
    assert_int_equal(batch.introduces, stored->first == 1);
    assert_int_equal(batch.outer.first, stored->first);
    assert_int_equal(batch.outer.last, stored->last);
    leaves = arena_array(&arena, (size_t)count, 32);
    for (uint32_t i = 0; i < batch.frame_count; i++) {
        struct frame frame;

        visitor_must(visitor, frame_decode(batch.frames[i], inflater, &arena, &frame, err));
        assert_true(frame.count <= LIMIT_FRAME_CHANGES);
        for (uint32_t k = 0; k < frame.count; k++) {
            uint64_t number = frame.changes[k].change.dot.number;

            assert_true(number >= stored->first && number <= stored->last);
            memcpy(leaves[number - stored->first], frame.changes[k].leaf, 32);
            for (uint32_t e = 0; e < frame.changes[k].change.entry_count; e++) {
                const struct entry *entry = &frame.changes[k].change.entries[e];

                if (entry->field == FIELD_AREA)
                    assert_int_equal(entry->value.number, frame.area);
            }
        }
        outbox->frames++;
        outbox->changes += frame.count;
    }
    memcpy(chain, batch.previous, 32);
    for (uint64_t i = 0; i < count; i++)
        chain_next(chain, leaves[i], chain);
    visitor_must(visitor, batch_verify(&batch, chain, tablet_device_public(outbox->tablet), err));
    zip_inflater_free(inflater);
    arena_release(&arena);
    return RC_OK;
}

static struct outbox look(struct visitor *visitor, struct tablet *tablet, uint64_t next) {
    struct outbox outbox = {.visitor = visitor, .tablet = tablet, .next = next};

    visitor_must(visitor, tablet_outbox(tablet, keep, &outbox, &visitor->err));
    visitor_must(visitor, tablet_outbox(tablet, check, &outbox, &visitor->err));
    return outbox;
}

static void bulk(struct visitor *visitor, struct session *session, uint32_t count) {
    const struct form *form = tablet_form_named(session_tablet(session), view_text("household"));
    const uint16_t name = form_field_by_path(form, view_text("head/name"))->number;
    struct save *save = NULL;
    struct err *err = &visitor->err;

    visitor_must(visitor, save_open(session, &save, err));
    for (uint32_t i = 0; i < count; i++) {
        struct value value = value_of_text(view_text("批量导入的户主"));
        struct change change;
        struct edit edit;

        visitor->county->now_ms += 1000;
        visitor_must(visitor,
                     edit_start(&edit, CHANGE_CREATE, save_next(save), session_person(session),
                                form, NULL, NULL, &visitor->arena, err));
        visitor_must(visitor, edit_set_area(&edit, i % 2 == 0 ? VILLAGE_A : VILLAGE_B, err));
        visitor_must(visitor,
                     edit_set(&edit, (struct instance_id){{0, 0}, 0}, name, &value, 0, err));
        visitor_must(visitor, edit_finish(&edit, view_text(""), &change, err));
        visitor_must(visitor, save_add(save, &change, NULL, form, err));
        if (save_count(save) == 500)
            visitor_must(visitor, save_commit(save, err));
    }
    visitor_must(visitor, save_commit(save, err));
    save_close(save);
}

static void many_changes_become_few_batches(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 2);
    struct session *wang = county_session(tablet, "wang");
    struct outbox outbox;

    bulk(visitor, wang, 2300);
    assert_int_equal(visitor_count(visitor, wang, ""), 2300);
    visitor_must(visitor, outbox_cut(tablet, &visitor->err));
    outbox = look(visitor, tablet, 1);
    assert_int_equal(outbox.next, 2301);
    assert_int_equal(outbox.changes, 2300);
    assert_int_equal(outbox.batches, 3);
    assert_int_equal(outbox.frames, 6); /* two areas in each */
    visitor_verify(visitor, tablet);
    /* All of it in one request, and nothing left. */
    {
        struct sync_report report;

        county_sync(visitor->county, tablet, RC_OK, &report);
        assert_int_equal(report.sent, 2300);
        assert_int_equal(report.requests, 1);
    }
    assert_int_equal(look(visitor, tablet, 0).batches, 0);
    tablet_close(tablet);
}

static void a_small_tail_is_cut_anew(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct outbox outbox;

    for (int i = 0; i < 5; i++) { /* one visit after another, each locked */
        struct session *wang = county_session(tablet, "wang");

        visitor_save(visitor, wang, VILLAGE_A, "一户");
        visitor_must(visitor, session_close(wang, &visitor->err));
    }
    outbox = look(visitor, tablet, 1);
    assert_int_equal(outbox.batches, 1);
    assert_int_equal(outbox.changes, 5);
    tablet_close(tablet);
}

static void cutting_again_changes_nothing(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");

    visitor_must(visitor, outbox_cut(tablet, &visitor->err)); /* nothing to do */
    assert_int_equal(look(visitor, tablet, 1).batches, 0);
    visitor_save(visitor, wang, VILLAGE_A, "一户");
    visitor_must(visitor, outbox_cut(tablet, &visitor->err));
    visitor_must(visitor, outbox_cut(tablet, &visitor->err));
    assert_int_equal(look(visitor, tablet, 1).batches, 1);
    tablet_close(tablet);
}

/* li's changes cannot be read by zhao: what follows them waits for li, and status says so. */
static void who_is_not_here_is_waited_for(void **state) {
    static const uint64_t only_a = VILLAGE_A, only_b = VILLAGE_B;
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 2);
    struct session *wang = county_session(tablet, "wang"), *li, *zhao;
    uint64_t person;

    visitor_must(visitor, session_add_person(wang, view_text("li"), view_text("secret-of-li"),
                                             &only_a, 1, &person, &visitor->err));
    visitor_must(visitor, session_add_person(wang, view_text("zhao"), view_text("secret-of-zhao"),
                                             &only_b, 1, &person, &visitor->err));
    county_sync(visitor->county, tablet, RC_OK, NULL);
    visitor_must(visitor, session_close(wang, &visitor->err));
    li = county_session(tablet, "li");
    visitor_save(visitor, li, VILLAGE_A, "李记的");
    tablet_set_traffic(tablet, NULL); /* as if the process were killed: nothing is cut */
    visitor_must(visitor, session_close(li, &visitor->err));
    sync_attach(tablet);
    assert_int_equal(visitor_status(visitor, tablet).waiting, WAITING_FOR_UNLOCK);
    zhao = county_session(tablet, "zhao");
    visitor_save(visitor, zhao, VILLAGE_B, "赵记的");
    county_sync(visitor->county, tablet, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, tablet).unsent, 2);
    visitor_must(visitor, session_close(zhao, &visitor->err));
    assert_int_equal(visitor_status(visitor, tablet).waiting, WAITING_FOR_UNLOCK);
    li = county_session(tablet, "li");
    visitor_must(visitor, session_close(li, &visitor->err)); /* li's part is sealed now */
    zhao = county_session(tablet, "zhao");
    county_sync(visitor->county, tablet, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, tablet).unsent, 0);
    assert_int_equal(visitor_status(visitor, tablet).quarantined, 0);
    tablet_close(tablet);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, visitor_set_up, visitor_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(many_changes_become_few_batches),
        TEST(a_small_tail_is_cut_anew),
        TEST(cutting_again_changes_nothing),
        TEST(who_is_not_here_is_waited_for),
    };

    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
