/* test_gap.c: batches that come before what stands in front of them, as sticks and other tablets
 * bring them: they wait, nothing of them is served, what is missing is asked for, and when it comes
 * all count, once. And a batch that another device brings as its own. */
#include "syncd/sync/writer.h"
#include "tests/support/survey.h"
#include "tests/support/visitor.h"

#include "agent/store/traffic.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

enum { BATCHES = 3, EACH = 2 };

/* A tablet whose requests never arrive, and the batches that were in them: of two changes each,
 * a new home and a long remark, for only a large last batch is not cut anew with what follows. */
struct scene {
    struct visitor *visitor;
    struct link link;
    struct tablet *tablet, *other;
    struct view batches[BATCHES]; /* sealed */
    struct arena arena;
};

static enum rc overhear(void *context, const char *path, struct view body, struct buf *answer,
                        struct link_result *result, struct err *err) {
    struct scene *scene = context;
    struct batch_outer outer;
    struct reader in;
    struct part part;

    (void)path;
    (void)answer;
    *result = (struct link_result){.retry_after_s = -1};
    visitor_must(scene->visitor, exchange_open(body, &in, err));
    while (exchange_next(&in, &part, err) == RC_OK) {
        if (part.kind != PART_BATCH)
            continue;
        visitor_must(scene->visitor, batch_peek(part.content, &outer, err));
        assert_true(outer.first % EACH == 1 && outer.last == outer.first + 1 &&
                    outer.last <= BATCHES * EACH);
        scene->batches[outer.first / EACH] = arena_view(&scene->arena, part.content);
    }
    return err_set(err, RC_NETWORK, "lost");
}

static struct scene *begin(void **state) {
    struct scene *scene = calloc(1, sizeof(*scene));
    struct sync_report report;
    struct session *wang;
    struct chance chance = {.state = 1};
    char remark[100000] = "";

    assert_non_null(scene);
    scene->visitor = *state;
    scene->link = (struct link){scene, overhear};
    arena_init(&scene->arena, 16u << 20);
    scene->other = visitor_enrol(scene->visitor, "li", 1);
    scene->tablet = visitor_enrol(scene->visitor, "wang", 1);
    (void)county_session(scene->other, "li");
    wang = county_session(scene->tablet, "wang");
    for (uint32_t i = 0; i < BATCHES; i++) {
        struct dot home = visitor_save(scene->visitor, wang, VILLAGE_A, "户主");

        for (size_t k = 0; k + 1 < sizeof(remark); k++) /* nothing that could be packed */
            remark[k] = (char)('0' + chance_below(&chance, 64));
        visitor_edit(scene->visitor, wang, home, "head/name", remark);
        assert_int_equal(sync_run(scene->tablet, &scene->link, NULL, &report, &scene->visitor->err),
                         RC_NETWORK);
        err_clear(&scene->visitor->err);
        assert_non_null(scene->batches[i].data);
    }
    return scene;
}

static void end(struct scene *scene) {
    tablet_close(scene->tablet);
    tablet_close(scene->other);
    arena_release(&scene->arena);
    free(scene);
}

/* As if this tablet had brought it. */
static enum rc bring(struct scene *scene, uint32_t which, const struct tablet *by,
                     struct receipt *receipt) {
    struct visitor *visitor = scene->visitor;
    struct county *county = visitor->county;
    struct ledger *ledger = county_read(county);
    struct zip_inflater *inflater;
    struct stored_device device;
    struct ingested in;
    struct writer_batch batch = {.ingested = &in};
    struct writer_job job = {.arena = &scene->arena, .batch_count = 1, .batches = &batch};

    err_init(&job.err, LANG_EN);
    visitor_must(visitor, zip_inflater_new(&inflater, &visitor->err));
    visitor_must(visitor, ingest_open(&county->keys, scene->batches[which], inflater, &scene->arena,
                                      &in, &visitor->err));
    visitor_must(visitor, store_device(ledger->store, tablet_facts(by)->device, &scene->arena,
                                       &device, &visitor->err));
    batch.source = (struct admit_source){.device = &device};
    county->office.write(county->office.context, &job);
    assert_int_equal(job.err.rc, RC_OK); /* one batch never stops the others */
    *receipt = batch.receipt;
    zip_inflater_free(inflater);
    ledger_close(ledger);
    return batch.rc;
}

/* What another tablet of the village gets to see. */
static void assert_seen(struct scene *scene, uint64_t homes) {
    county_sync(scene->visitor->county, scene->other, RC_OK, NULL);
    assert_int_equal(visitor_status(scene->visitor, scene->other).records, homes);
}

static void what_comes_too_early_waits_and_is_asked_for(void **state) {
    static const uint8_t orders[][BATCHES] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                              {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        struct visitor *visitor = *state;
        struct scene *scene = begin(state);
        bool here[BATCHES + 1] = {false};
        uint32_t whole = 0;
        uint64_t had;

        county_sync(visitor->county, scene->other, RC_OK, NULL);
        had = visitor_status(visitor, scene->other).records;
        for (size_t k = 0; k < BATCHES; k++) {
            struct receipt receipt;
            uint32_t which = orders[i][k];

            for (int again = 0; again < 2; again++) { /* a second time it is nothing new */
                assert_int_equal(bring(scene, which, scene->tablet, &receipt), RC_OK);
                here[which] = true;
                while (here[whole])
                    whole++;
                if (again == 1 && which < whole) /* never of more than the batch showed */
                    assert_int_equal(receipt.number, (which + 1) * EACH);
                else
                    assert_int_equal(receipt.number, whole * EACH);
                assert_int_equal(receipt.want_from, which >= whole ? whole * EACH + 1 : 0);
                assert_int_equal(receipt.outcome_count, 0);
            }
            assert_seen(scene, had + whole);
        }
        /* The tablet learns it, and has nothing more to send. */
        county_sync(visitor->county, scene->tablet, RC_OK, NULL);
        assert_int_equal(visitor_status(visitor, scene->tablet).unsent, 0);
        visitor_verify(visitor, scene->tablet);
        end(scene);
        visitor_remove(visitor, "wang");
        visitor_remove(visitor, "li");
    }
}

static void nobody_brings_anothers_as_his_own(void **state) {
    struct scene *scene = begin(state);
    struct receipt receipt;

    assert_int_equal(bring(scene, 0, scene->tablet, &receipt), RC_OK);
    assert_int_equal(bring(scene, 1, scene->other, &receipt), RC_DENIED);
    assert_int_equal(bring(scene, 1, scene->tablet, &receipt), RC_OK);
    assert_int_equal(receipt.number, 2 * EACH);
    county_sync(scene->visitor->county, scene->tablet, RC_OK, NULL);
    assert_int_equal(visitor_status(scene->visitor, scene->tablet).unsent, 0);
    end(scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_comes_too_early_waits_and_is_asked_for, visitor_set_up,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(nobody_brings_anothers_as_his_own, visitor_set_up,
                                        visitor_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
