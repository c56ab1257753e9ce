/* test_poison.c: one change among good ones that makes no sense holds nobody up. A device that
 * sends such changes, in every way there is, goes on; its neighbours reach everybody; nobody but
 * the staff and its author hears of them; and whatever is done to the log they lie in, the county
 * verifies. */
#include "tests/support/clerk.h"
#include "tests/support/insane.h"
#include "tests/support/wire.h"

#include "agent/store/traffic.h"
#include "schema/limits.h"
#include "syncd/sync/quarantine.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define EACH 5u
#define ODD  2u

struct sender { /* one more life of Wang's device, without its program's good sense */
    struct clerk *world;
    uint64_t actor, number;
    uint64_t twisted_from; /* from there on the homes have other names; 0: nowhere */
    uint8_t chain[32], nonce[16];
    const struct form *form;
    struct zip_deflater *deflater;
    struct zip_inflater *inflater;
    struct arena arena;
    struct receipt receipt; /* of the last batch; its outcomes are copied */
    struct outcome outcomes[8];
    const char *what; /* is wrong with the last batch */
};

static void begin(struct sender *sender, struct clerk *world) {
    struct err err;

    err_init(&err, LANG_EN);
    *sender = (struct sender){.world = world, .nonce = {9, 9, 9}};
    sender->actor = batch_actor(tablet_device_public(world->a), sender->nonce);
    chain_start(sender->actor, sender->chain);
    sender->form = tablet_form_named(world->a, view_text("home"));
    assert_non_null(sender->form);
    arena_init(&sender->arena, 512u * 1024u * 1024u);
    clerk_must(zip_deflater_new(ZIP_LEVEL_DEFAULT, &sender->deflater, &err), &err);
    clerk_must(zip_inflater_new(&sender->inflater, &err), &err);
}

static void end(struct sender *sender) {
    zip_deflater_free(sender->deflater);
    zip_inflater_free(sender->inflater);
    arena_release(&sender->arena);
}

/* A new home of that name. */
static void make_home(struct sender *sender, uint64_t number, struct change *out) {
    const struct form_field *name = form_field_by_path(sender->form, view_text("name"));
    struct entry *entries = arena_array(&sender->arena, 2, sizeof(*entries));

    assert_non_null(entries);
    entries[0] = (struct entry){.field = FIELD_AREA, .value = value_of_int((int64_t)COUNTY_AREA)};
    entries[1] = (struct entry){
        .field = (uint16_t)name->number,
        .value = value_of_text(view_text(arena_text(
            &sender->arena, "%s %llu",
            sender->twisted_from != 0 && number >= sender->twisted_from ? "house" : "home",
            (unsigned long long)number)))};
    *out = (struct change){.dot = {sender->actor, number},
                           .kind = CHANGE_CREATE,
                           .record = {sender->actor, number},
                           .form = sender->form->id,
                           .person = session_person(sender->world->wang),
                           .wall_ms = sender->world->county->now_ms,
                           .lamport = number,
                           .entry_count = 2,
                           .entries = entries};
}

struct admission_act {
    struct sender *sender;
    struct view sealed;
};

static enum rc admit_act(void *context, struct work *work, struct err *err) {
    struct admission_act *act = context;
    struct sender *sender = act->sender;
    struct stored_device device;
    struct admit_source source = {.device = &device};
    struct ingested in;
    enum rc rc = ingest_open(work->keys, act->sealed, sender->inflater, &sender->arena, &in, err);

    if (rc == RC_OK)
        rc = ingest_verify(&in, tablet_device_public(sender->world->a), err);
    if (rc == RC_OK)
        rc = work_device(work, tablet_facts(sender->world->a)->device, &device, err);
    if (rc == RC_OK)
        rc = admit_batch(work, &in, &source, &sender->receipt, err);
    for (uint32_t i = 0; rc == RC_OK && i < sender->receipt.outcome_count && i < 8; i++)
        sender->outcomes[i] = sender->receipt.outcomes[i];
    return rc;
}

/* Five homes from first on, the third made insane in this way. False behind the last way. last is
 * the chain behind them. */
static bool send(struct sender *sender, uint64_t first, uint32_t way, const uint8_t previous[32],
                 uint8_t last[32]) {
    struct frame frame = {.actor = sender->actor,
                          .area = COUNTY_AREA,
                          .audience = AUDIENCE_FIELD,
                          .form = sender->form->id,
                          .count = EACH};
    struct buf encoded, sealed, canonical;
    struct view frames[1];
    struct batch batch = {.introduces = first == 1, .frame_count = 1, .frames = frames};
    struct admission_act act = {.sender = sender};
    uint8_t chain[32];
    struct err err;

    err_init(&err, LANG_EN);
    arena_reset(&sender->arena);
    buf_init(&encoded, LIMIT_FRAME_BYTES);
    buf_init(&sealed, LIMIT_BATCH_BYTES);
    buf_init(&canonical, LIMIT_FRAME_RAW_BYTES);
    frame.changes = arena_array(&sender->arena, EACH, sizeof(*frame.changes));
    assert_non_null(frame.changes);
    memcpy(chain, previous, 32);
    for (uint32_t i = 0; i < EACH; i++) {
        struct frame_change *item = &frame.changes[i];
        uint8_t secret[16];

        make_home(sender, first + i, &item->change);
        if (i == ODD)
            sender->what = insane_make(way, &sender->arena, &item->change);
        wire_secret(NULL, item->change.dot.number / 64, secret);
        chain_salt(secret, item->change.dot.number, item->salt);
        buf_clear(&canonical);
        clerk_must(change_encode_raw(&item->change, &canonical, &err), &err);
        chain_leaf(item->salt, buf_view(&canonical), item->leaf);
        chain_next(chain, item->leaf, chain);
    }
    if (sender->what != NULL) {
        const struct facts *facts = tablet_facts(sender->world->a);

        clerk_must(frame_encode(&frame, wire_secret, NULL, sender->deflater, &encoded, &err), &err);
        frames[0] = buf_view(&encoded);
        batch.outer = (struct batch_outer){batch_county(facts->county_sign_public), sender->actor,
                                           first, first + EACH - 1};
        batch.device = facts->device;
        batch.epoch = facts->epoch;
        batch.scope_serial = facts->scope.serial;
        batch.wall_ms = sender->world->county->now_ms;
        memcpy(batch.nonce, sender->nonce, sizeof(batch.nonce));
        memcpy(batch.previous, previous, 32);
        clerk_must(batch_write(&batch, chain, tablet_device_secret(sender->world->a),
                               facts->county_box_public, &sender->world->county->env, &sealed,
                               &err),
                   &err);
        act.sealed = buf_view(&sealed);
        if (office_act(service_office(sender->world->service), admit_act, &act, &err) != RC_OK)
            fail_msg("%s: %s %s", sender->what, err.text, err.detail);
        memcpy(last, chain, 32);
    }
    buf_release(&encoded);
    buf_release(&sealed);
    buf_release(&canonical);
    return sender->what != NULL;
}

/* All ways, one batch after the other; how many. */
static uint32_t send_all(struct sender *sender) {
    uint32_t way = 0;

    for (; send(sender, sender->number + 1, way, sender->chain, sender->chain); way++) {
        sender->number += EACH;
        if (sender->receipt.number != sender->number || sender->receipt.want_from != 0 ||
            sender->receipt.outcome_count != 1 ||
            sender->outcomes[0].number != sender->number - EACH + 1 + ODD ||
            sender->outcomes[0].verdict != VERDICT_MALFORMED)
            fail_msg("%s: not its own outcome alone", sender->what);
        assert_memory_equal(sender->receipt.hash, sender->chain, 32);
    }
    return way;
}

static uint32_t listed_by(struct session *session) {
    struct list_query query = {.limit = 1};
    struct listed *listed;
    uint32_t count = 0, total = 0;
    struct arena arena;
    struct err err;

    err_init(&err, LANG_EN);
    arena_init(&arena, 64u * 1024u * 1024u);
    clerk_must(session_list(session, &query, &arena, &listed, &count, &total, &err), &err);
    arena_release(&arena);
    return total;
}

/* The verdict is for a person to read, and nothing that is in it is shown. */
static void staff_see_it(struct clerk *world, const struct sender *sender, uint64_t number) {
    char dot[DOT_TEXT_BYTES];

    dot_text((struct dot){sender->actor, number}, dot);
    RUNS(world, 0, "quarantine");
    SAYS(world->out, dot);
    SAYS(world->out, "cannot be understood");
    RUNS(world, 1, "quarantine", "release", dot, "--as", "Li Si", "--reason", "let it be");
    SAYS(world->err, "cannot be released, only returned");
    SAYS(world->err, "cannot be understood");
    RUNS(world, 0, "quarantine", "return", dot, "--as", "Li Si", "--reason", "the disk is bad");
}

static void neighbours_arrive_and_nothing_else(void **state) {
    struct clerk *world = *state;
    struct sender sender;
    struct store_counts now;
    uint32_t ways, admitted = 0;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    clerk_user(world, "Li Si", "county");
    begin(&sender, world);
    ways = send_all(&sender);
    assert_true(ways > 30);
    now = clerk_counts(world);
    assert_int_equal(now.quarantined, ways);
    assert_int_equal(now.records, ways * (EACH - 1));
    clerk_sync(world);
    assert_int_equal(listed_by(world->zhang), ways * (EACH - 1));
    RUNS(world, 0, "verify");
    staff_see_it(world, &sender, 1 + ODD);
    assert_int_equal(clerk_counts(world).quarantined, ways - 1);
    /* Nothing that changes elsewhere makes sense of them. */
    clerk_must(quarantine_rejudge(service_office(world->service), 0, &admitted, &err), &err);
    assert_int_equal(admitted, 0);
    RUNS(world, 0, "quarantine", "--json");
    SAYS(world->out, "malformed");
    clerk_sync(world);
    RUNS(world, 0, "verify");
    end(&sender);
}

static void the_history_names_it(void **state) {
    struct clerk *world = *state;
    struct sender sender;
    char dot[DOT_TEXT_BYTES];

    clerk_begin(world);
    begin(&sender, world);
    /* a clock far in the past, a reason that is no text: both of a record of its own */
    for (uint32_t way = 6; way <= 8; way += 2) {
        assert_true(send(&sender, sender.number + 1, way, sender.chain, sender.chain));
        sender.number += EACH;
        dot_text((struct dot){sender.actor, sender.number - EACH + 1 + ODD}, dot);
        RUNS(world, 0, "history", dot);
        SAYS(world->out, "(cannot be understood)");
        RUNS(world, 0, "history", dot, "--json");
        SAYS(world->out, "\"malformed\"");
        json_free(clerk_json(world));
    }
    end(&sender);
}

/* The frame is written anew without what the law took from its neighbour. */
static void a_neighbour_can_be_erased(void **state) {
    struct clerk *world = *state;
    struct sender sender;
    char dot[DOT_TEXT_BYTES];
    uint32_t ways;

    clerk_begin(world);
    begin(&sender, world);
    ways = send_all(&sender);
    clerk_sync(world);
    for (uint32_t way = 0; way < ways; way++) {
        dot_text((struct dot){sender.actor, EACH * way + 1}, dot);
        RUNS(world, 0, "redact", dot, "name", "--reason", "request");
    }
    RUNS(world, 0, "verify");
    assert_int_equal(clerk_counts(world).quarantined, ways);
    /* What makes no sense is erased whole: way 6 is a record of its own. */
    dot_text((struct dot){sender.actor, EACH * 6 + 1 + ODD}, dot);
    RUNS(world, 0, "redact", dot, "--reason", "request");
    RUNS(world, 0, "verify");
    clerk_sync(world);
    RUNS(world, 0, "verify");
    end(&sender);
}

/* The same numbers again, other from the fourth on: the third is compared by its leaf, and more of
 * its kind come under the fork's name. */
static void a_copy_is_told_apart(void **state) {
    struct clerk *world = *state;
    struct sender sender;
    uint8_t chain[32];
    uint32_t ways;

    clerk_begin(world);
    begin(&sender, world);
    chain_start(sender.actor, chain);
    ways = send_all(&sender);
    assert_true(send(&sender, 1, 0, chain, chain)); /* a repeat */
    assert_int_equal(sender.receipt.forks.size, 0);
    assert_int_equal(sender.receipt.outcome_count, 1);
    sender.twisted_from = 4;
    chain_start(sender.actor, chain);
    assert_true(send(&sender, 1, 0, chain, chain));
    assert_true(sender.receipt.forks.size > 0);
    for (uint32_t way = 1; way < ways; way++) {
        assert_true(send(&sender, EACH * way + 1, way, chain, chain));
        assert_int_equal(sender.receipt.number, EACH * (way + 1));
        assert_int_equal(sender.outcomes[0].verdict, VERDICT_MALFORMED);
    }
    clerk_sync(world);
    assert_int_equal(clerk_counts(world).quarantined, 2 * ways - 1);
    assert_int_equal(listed_by(world->zhang), ways * (EACH - 1) * 2 - 2);
    RUNS(world, 0, "verify");
    end(&sender);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(neighbours_arrive_and_nothing_else, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(the_history_names_it, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_neighbour_can_be_erased, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_copy_is_told_apart, clerk_set_up, clerk_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
