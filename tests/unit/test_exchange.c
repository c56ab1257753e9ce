/* test_exchange.c: requests and answers, feeds, enrolment, the list of keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/crypt.h"
#include "schema/area.h"
#include "schema/wire/exchange.h"
#include "schema/wire/lineage.h"
#include "schema/wire/word.h"
#include "tests/support/wire.h"

#define FORKS                                                                                      \
    "\1"                                                                                           \
    "actorone"                                                                                     \
    "\14"                                                                                          \
    "forkname" /* a lineage of one row */
#define NOW      INT64_C(1763884800000)
#define TOWNSHIP UINT64_C(430621101000)

struct kit {
    struct arena arena;
    struct buf out;
    struct err err;
    uint8_t public_key[32], secret_key[64];
};

static int start(void **state) {
    struct kit *kit = calloc(1, sizeof(*kit));
    uint8_t seed[32] = {7};

    if (kit == NULL)
        return -1;
    *state = kit;
    err_init(&kit->err, LANG_EN);
    arena_init(&kit->arena, 16u << 20);
    buf_init(&kit->out, 16u << 20);
    if (crypt_start(&kit->err) != RC_OK)
        return -1;
    crypt_sign_keypair(seed, kit->public_key, kit->secret_key);
    return 0;
}

static int stop(void **state) {
    struct kit *kit = *state;

    arena_release(&kit->arena);
    buf_release(&kit->out);
    free(kit);
    return 0;
}

/* The content of the only part of that kind. */
static struct view only_part(struct kit *kit, uint8_t kind) {
    struct reader in;
    struct part part;

    assert_int_equal(exchange_open(buf_view(&kit->out), &in, &kit->err), RC_OK);
    while (exchange_next(&in, &part, &kit->err) == RC_OK) {
        if (part.kind == kind)
            return part.content;
    }
    fail_msg("no part %u", kind);
    return part.content;
}

static struct hello small_hello(struct cursor *cursor) {
    *cursor =
        (struct cursor){.area = TOWNSHIP, .audience = 1, .position = 12345, .digest = {1, 2, 3}};
    return (struct hello){.device = 0x1111222233334444,
                          .actor = 0x5555666677778888,
                          .epoch = 1,
                          .scope_serial = 2,
                          .scope_confirm = 2,
                          .form_position = 3,
                          .wall_ms = NOW,
                          .own_last = 4321,
                          .nonce = {9, 9},
                          .cursor_count = 1,
                          .cursors = cursor};
}

static void an_empty_exchange_is_small(void **state) {
    struct kit *kit = *state;
    struct cursor cursor;
    struct hello hello = small_hello(&cursor);
    struct answer answer = {.epoch = 1, .server_ms = NOW, .nonce = {4}};

    exchange_start(&kit->out);
    assert_int_equal(exchange_add_hello(&kit->out, &hello, kit->secret_key, &kit->err), RC_OK);
    assert_true(kit->out.size <= 130);
    buf_clear(&kit->out);
    exchange_start(&kit->out);
    exchange_add_answer(&kit->out, &answer);
    assert_true(kit->out.size <= 60);
}

static void a_hello_comes_back(void **state) {
    struct kit *kit = *state;
    struct hello_person persons[2] = {{{1}, {0}}, {{2}, {0}}};
    struct cursor cursors[3] = {
        {TOWNSHIP, 1, 0, {0}}, {430600000000, 2, 77, {8, 7}}, {430621101207, 3, 1, {1}}};
    struct hello hello = small_hello(cursors), back;
    struct view content;

    persons[1].name = view_text("李四");
    cursors[0] = (struct cursor){TOWNSHIP, 1, 0, {0}};
    hello.scope_confirm = 1;
    hello.scope_at = 99;
    hello.locked = true;
    hello.whole = true;
    hello.max_bytes = 70000;
    hello.persons = persons;
    hello.person_count = 2;
    hello.cursor_count = 3;
    exchange_start(&kit->out);
    assert_int_equal(exchange_add_hello(&kit->out, &hello, kit->secret_key, &kit->err), RC_OK);
    content = only_part(kit, PART_HELLO);
    assert_int_equal(exchange_read_hello(content, &kit->arena, &back, &kit->err), RC_OK);
    assert_true(back.device == hello.device && back.actor == hello.actor);
    assert_true(back.epoch == 1 && back.scope_serial == 2 && back.scope_confirm == 1);
    assert_true(back.scope_at == 99 && back.form_position == 3 && back.locked && back.whole);
    assert_true(back.wall_ms == NOW && back.own_last == 4321 && back.max_bytes == 70000);
    assert_memory_equal(back.nonce, hello.nonce, 16);
    assert_int_equal(back.person_count, 2);
    assert_true(view_is(back.persons[1].name, "李四") && back.persons[1].sign_public[0] == 2);
    assert_int_equal(back.cursor_count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(back.cursors[i].area == cursors[i].area);
        assert_int_equal(back.cursors[i].audience, cursors[i].audience);
        assert_true(back.cursors[i].position == cursors[i].position);
        assert_memory_equal(back.cursors[i].digest, cursors[i].digest, 8);
    }
}

/* What a tablet was told of its names, for a county that was restored. */
static void a_hello_tells_what_it_was_told(void **state) {
    struct kit *kit = *state;
    const struct fork_range range = {21, 5, 22};
    struct told_mark marks[2] = {{6, {1}}, {9, {2}}};
    struct told told[2] = {
        {.actor = 21, .number = 9, .mark_count = 2, .marks = marks},
        {.actor = 31, .number = 4},
    };
    struct cursor cursor = {0};
    struct hello hello = small_hello(&cursor), back;
    struct lineage lineage;
    struct view content;
    struct buf forks;

    buf_init(&forks, 100);
    lineage_encode(&(struct lineage){1, &range}, &forks);
    told[0].forks = buf_view(&forks);
    hello.told = told;
    hello.told_count = 2;
    exchange_start(&kit->out);
    assert_int_equal(exchange_add_hello(&kit->out, &hello, kit->secret_key, &kit->err), RC_OK);
    content = only_part(kit, PART_HELLO);
    assert_int_equal(exchange_read_hello(content, &kit->arena, &back, &kit->err), RC_OK);
    assert_int_equal(back.told_count, 2);
    assert_true(back.told[0].actor == 21 && back.told[0].number == 9);
    assert_int_equal(lineage_decode(back.told[0].forks, &kit->arena, &lineage, &kit->err), RC_OK);
    assert_true(lineage.count == 1 && lineage.ranges[0].name == 22);
    assert_int_equal(back.told[0].mark_count, 2);
    assert_true(back.told[0].marks[1].number == 9 && back.told[0].marks[1].hash[0] == 2);
    assert_true(back.told[1].actor == 31 && back.told[1].forks.size == 0 &&
                back.told[1].mark_count == 0);
    for (size_t i = 1; i < content.size; i++)
        assert_int_not_equal(
            exchange_read_hello(view_slice(content, 0, i), &kit->arena, &back, &kit->err), RC_OK);
    buf_release(&forks);
}

static void a_hello_is_signed(void **state) {
    struct kit *kit = *state;
    struct cursor cursor;
    struct hello hello = small_hello(&cursor), back;
    struct view content;
    uint8_t *bytes;

    exchange_start(&kit->out);
    assert_int_equal(exchange_add_hello(&kit->out, &hello, kit->secret_key, &kit->err), RC_OK);
    content = only_part(kit, PART_HELLO);
    assert_int_equal(exchange_verify_hello(content, kit->public_key, &kit->err), RC_OK);
    bytes = arena_copy(&kit->arena, content.data, content.size);
    assert_non_null(bytes);
    for (size_t i = 0; i < content.size; i++) {
        bytes[i] ^= 1;
        assert_int_equal(
            exchange_verify_hello(view_of(bytes, content.size), kit->public_key, &kit->err),
            RC_DENIED);
        bytes[i] ^= 1;
        assert_int_not_equal(exchange_read_hello(view_of(bytes, i), &kit->arena, &back, &kit->err),
                             RC_OK);
    }
}

static void an_answer_comes_back(void **state) {
    struct kit *kit = *state;
    struct outcome outcomes[2] = {{17, 4}, {19, 1}};
    struct returned returns[1] = {{19, view_text("不是你的村")}};
    struct receipt receipts[2] = {{.actor = 5,
                                   .number = 20,
                                   .hash = {3},
                                   .forks = view_text(FORKS),
                                   .want_from = 21,
                                   .backed_up = 10,
                                   .outcome_count = 2,
                                   .outcomes = outcomes,
                                   .return_count = 1,
                                   .returns = returns},
                                  {.actor = 7, .number = 1, .hash = {4}}};
    uint64_t areas[2] = {TOWNSHIP, 430621000000};
    struct feed_head heads[1] = {{TOWNSHIP, 1, 50, {2}}};
    struct certificate certificates[1] = {{{1}, {0}, 3}};
    uint8_t hashes[2][32] = {{1}, {2}};
    struct answer back, answer = {.epoch = 2,
                                  .server_ms = NOW,
                                  .nonce = {8},
                                  .more = true,
                                  .receipt_count = 2,
                                  .receipts = receipts,
                                  .has_scope = true,
                                  .scope = {3, 2, areas, 6, true, false},
                                  .head_count = 1,
                                  .heads = heads,
                                  .certificate_count = 1,
                                  .certificates = certificates,
                                  .form_hash_count = 2,
                                  .form_hashes = (const uint8_t(*)[32])hashes};
    struct view content;

    certificates[0].name = view_text("王五");
    exchange_start(&kit->out);
    exchange_add_answer(&kit->out, &answer);
    assert_int_equal(exchange_add_signed(&kit->out, &answer, kit->secret_key, &kit->err), RC_OK);
    assert_int_equal(exchange_read_answer(only_part(kit, PART_ANSWER), &back, &kit->err), RC_OK);
    assert_true(back.epoch == 2 && back.server_ms == NOW && back.more && !back.has_signed);
    content = only_part(kit, PART_SIGNED);
    assert_int_equal(exchange_read_signed(content, kit->public_key, &kit->arena, &back, &kit->err),
                     RC_OK);
    assert_true(back.has_signed && back.receipt_count == 2);
    assert_true(view_is(back.receipts[0].forks, FORKS));
    assert_true(back.receipts[0].want_from == 21 && back.receipts[0].backed_up == 10);
    assert_int_equal(back.receipts[0].outcome_count, 2);
    assert_true(back.receipts[0].outcomes[1].number == 19);
    assert_int_equal(back.receipts[0].outcomes[1].verdict, 1);
    assert_int_equal(back.receipts[0].return_count, 1);
    assert_true(back.receipts[0].returns[0].number == 19);
    assert_true(view_is(back.receipts[0].returns[0].reason, "不是你的村"));
    assert_int_equal(back.receipts[1].return_count, 0);
    assert_true(back.receipts[1].actor == 7 && back.receipts[1].hash[0] == 4);
    assert_true(back.has_scope && back.scope.serial == 3 && back.scope.revoked);
    assert_false(back.scope.wipe);
    assert_true(back.scope.area_count == 2 && back.scope.areas[1] == 430621000000);
    assert_int_equal(back.scope.audience_mask, 6);
    assert_true(back.head_count == 1 && back.heads[0].position == 50);
    assert_true(view_is(back.certificates[0].name, "王五"));
    assert_int_equal(back.certificates[0].role, 3);
    assert_true(back.form_hash_count == 2 && back.form_hashes[1][0] == 2);
    /* The signature binds the nonce that came beside it. */
    back.nonce[0] ^= 1;
    assert_int_equal(exchange_read_signed(content, kit->public_key, &kit->arena, &back, &kit->err),
                     RC_DENIED);
}

/* A signature does not make sense of what has none. */
static void what_is_signed_is_read_to_its_end(void **state) {
    struct kit *kit = *state;
    struct receipt receipt = {.actor = 5, .number = 40, .hash = {1}};
    struct answer answer = {.epoch = 2, .nonce = {4}, .receipt_count = 1, .receipts = &receipt};
    struct view pieces[2] = {view_of(answer.nonce, sizeof(answer.nonce))};
    struct view content;
    uint8_t body[500];
    size_t size;

    exchange_start(&kit->out);
    assert_int_equal(exchange_add_signed(&kit->out, &answer, kit->secret_key, &kit->err), RC_OK);
    content = only_part(kit, PART_SIGNED);
    size = content.size - CRYPT_SIGNATURE_BYTES;
    assert_true(content.size < sizeof(body));
    for (size_t more = 0; more <= 1; more++) {
        struct answer back = {.nonce = {4}};

        memcpy(body, content.data, size);
        body[size] = 0xff;
        pieces[1] = view_of(body, size + more);
        word_sign("yg receipt", pieces, 2, kit->secret_key, body + size + more);
        assert_int_equal(exchange_read_signed(view_of(body, content.size + more), kit->public_key,
                                              &kit->arena, &back, &kit->err),
                         more == 0 ? RC_OK : RC_CORRUPT);
    }
}

static void told_alone(struct kit *kit, const struct answer *answer, struct answer *back) {
    buf_clear(&kit->out);
    exchange_start(&kit->out);
    exchange_add_answer(&kit->out, answer);
    assert_int_equal(exchange_add_signed(&kit->out, answer, kit->secret_key, &kit->err), RC_OK);
    assert_int_equal(exchange_read_answer(only_part(kit, PART_ANSWER), back, &kit->err), RC_OK);
    assert_int_equal(exchange_read_signed(only_part(kit, PART_SIGNED), kit->public_key, &kit->arena,
                                          back, &kit->err),
                     RC_OK);
    assert_int_equal(back->receipt_count, answer->receipt_count);
    assert_int_equal(back->has_scope, answer->has_scope);
    assert_int_equal(back->head_count, answer->head_count);
    assert_int_equal(back->certificate_count, answer->certificate_count);
    assert_int_equal(back->form_hash_count, answer->form_hash_count);
    assert_int_equal(back->mark_count, answer->mark_count);
    assert_int_equal(back->has_lacking, answer->has_lacking);
    assert_int_equal(back->lacking_count, answer->lacking_count);
}

/* Only under this county's signature, for this answer, and whole. */
static void kept_batches_come_back(void **state) {
    static const uint8_t nonce[16] = {8}, other[16] = {9};
    struct kit *kit = *state;
    uint8_t names[LIMIT_EXCHANGE_BATCHES + 1][32] = {{0}};
    const uint8_t(*back)[32] = NULL;
    struct view content;
    uint32_t count = 0;

    kept_name(view_text("a batch"), names[0]);
    kept_name(view_text("another"), names[1]);
    assert_memory_not_equal(names[0], names[1], 32);
    exchange_start(&kit->out);
    exchange_add_kept(&kit->out, (const uint8_t(*)[32])names, 2, nonce, kit->secret_key);
    content = only_part(kit, PART_KEPT);
    assert_int_equal(exchange_read_kept(content, nonce, kit->public_key, &back, &count, &kit->err),
                     RC_OK);
    assert_int_equal(count, 2);
    assert_memory_equal(back, names, sizeof(names[0]) * 2);
    assert_int_equal(exchange_read_kept(content, other, kit->public_key, &back, &count, &kit->err),
                     RC_DENIED);
    for (size_t i = 0; i < content.size; i++)
        assert_int_not_equal(exchange_read_kept(view_slice(content, 0, i), nonce, kit->public_key,
                                                &back, &count, &kit->err),
                             RC_OK);
    buf_clear(&kit->out);
    exchange_start(&kit->out);
    exchange_add_kept(&kit->out, (const uint8_t(*)[32])names, LIMIT_EXCHANGE_BATCHES + 1, nonce,
                      kit->secret_key);
    assert_int_equal(exchange_read_kept(only_part(kit, PART_KEPT), nonce, kit->public_key, &back,
                                        &count, &kit->err),
                     RC_CORRUPT);
}

/* Each kind of thing that an answer may tell, with none of the others beside it. */
static void one_thing_alone_comes_back(void **state) {
    struct kit *kit = *state;
    struct receipt receipt = {.actor = 5, .number = 20, .hash = {3}};
    uint64_t area = TOWNSHIP;
    struct feed_head head = {TOWNSHIP, 1, 50, {2}};
    struct certificate certificate = {{1}, {0}, 3};
    uint8_t hash[1][32] = {{9}}, lacking[1][8] = {{4}};
    struct feed_mark mark = {TOWNSHIP, 2, 77};
    struct answer back;

    certificate.name = view_text("one");
    told_alone(kit, &(struct answer){.epoch = 1, .server_ms = NOW}, &back);
    told_alone(kit, &(struct answer){.epoch = 1, .receipt_count = 1, .receipts = &receipt}, &back);
    assert_true(back.receipts[0].number == 20);
    told_alone(
        kit,
        &(struct answer){.epoch = 1, .has_scope = true, .scope = {3, 1, &area, 6, false, true}},
        &back);
    assert_true(back.scope.wipe && !back.scope.revoked);
    told_alone(kit, &(struct answer){.epoch = 1, .head_count = 1, .heads = &head}, &back);
    assert_true(back.heads[0].position == 50 && back.heads[0].chain[0] == 2);
    told_alone(kit,
               &(struct answer){.epoch = 1, .certificate_count = 1, .certificates = &certificate},
               &back);
    assert_true(view_is(back.certificates[0].name, "one"));
    told_alone(kit,
               &(struct answer){
                   .epoch = 1, .form_hash_count = 1, .form_hashes = (const uint8_t(*)[32])hash},
               &back);
    assert_int_equal(back.form_hashes[0][0], 9);
    told_alone(kit, &(struct answer){.epoch = 1, .mark_count = 1, .marks = &mark}, &back);
    assert_true(back.marks[0].area == TOWNSHIP && back.marks[0].audience == 2);
    assert_true(back.marks[0].position == 77);
    told_alone(kit, &(struct answer){.epoch = 1, .has_lacking = true}, &back);
    told_alone(kit,
               &(struct answer){.epoch = 1,
                                .has_lacking = true,
                                .lacking_count = 1,
                                .lacking = (const uint8_t(*)[8])lacking},
               &back);
    assert_int_equal(back.lacking[0][0], 4);
    told_alone(kit,
               &(struct answer){.epoch = 1, .mark_count = 1, .marks = &mark, .has_lacking = true},
               &back);
}

static void unknown_parts_are_skipped(void **state) {
    struct kit *kit = *state;
    struct cursor back, cursor = {TOWNSHIP, 1, 5, {1}};
    struct reader in;
    struct part part;

    exchange_start(&kit->out);
    buf_add_u8(&kit->out, 200);
    buf_add_sized(&kit->out, view_text("from the future"));
    exchange_add_cursor(&kit->out, &cursor);
    assert_int_equal(exchange_read_cursor(only_part(kit, PART_CURSOR), &back, &kit->err), RC_OK);
    assert_true(back.position == 5 && back.area == TOWNSHIP);
    assert_int_equal(exchange_open(buf_view(&kit->out), &in, &kit->err), RC_OK);
    assert_int_equal(exchange_next(&in, &part, &kit->err), RC_OK);
    assert_int_equal(part.kind, 200);
    assert_int_equal(exchange_next(&in, &part, &kit->err), RC_OK);
    assert_int_equal(exchange_next(&in, &part, &kit->err), RC_NOT_FOUND);
    assert_int_equal(exchange_next(&in, &part, &kit->err), RC_NOT_FOUND);
}

static void broken_bodies_are_told(void **state) {
    struct kit *kit = *state;
    struct reader in;
    struct part part;

    assert_int_equal(exchange_open(view_of(NULL, 0), &in, &kit->err), RC_CORRUPT);
    assert_int_equal(exchange_open(view_text("\2abc"), &in, &kit->err), RC_UNSUPPORTED);
    assert_int_equal(exchange_open(view_text("\1\2\x7f"), &in, &kit->err), RC_OK);
    assert_int_equal(exchange_next(&in, &part, &kit->err), RC_CORRUPT);
    assert_int_equal(exchange_next(&in, &part, &kit->err), RC_CORRUPT);
}

static void areas_have_one_encoding(void **state) {
    static const uint64_t areas[] = {
        0, 430000000000, 430600000000, 430621000000, 430621101000, 430621101207, 999999999999};
    struct kit *kit = *state;
    uint8_t audience;

    for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
        struct reader in;

        buf_clear(&kit->out);
        word_add_area(&kit->out, areas[i], 2);
        reader_init(&in, buf_view(&kit->out));
        assert_true(word_read_area(&in, &audience) == areas[i]);
        assert_int_equal(audience, 2);
        assert_true(read_done(&in));
    }
    buf_clear(&kit->out);
    buf_add_varint(&kit->out, UINT64_C(430621000000) << 5);
    {
        struct reader in;

        reader_init(&in, buf_view(&kit->out));
        (void)word_read_area(&in, &audience);
        assert_true(in.failed);
    }
}

static void feed_entries_come_back(void **state) {
    struct kit *kit = *state;
    struct feed_entry back, entry = {.area = TOWNSHIP,
                                     .audience = 1,
                                     .position = 300,
                                     .kind = FEED_FRAME,
                                     .received_ms = NOW,
                                     .offset_ms = -5000,
                                     .forks = view_text(FORKS)};

    entry.mask = view_text("\5");
    entry.content = view_text("a frame");
    exchange_start(&kit->out);
    exchange_add_entry(&kit->out, &entry);
    assert_int_equal(exchange_read_entry(only_part(kit, PART_ENTRY), &back, &kit->err), RC_OK);
    assert_true(back.position == 300 && back.area == TOWNSHIP && back.kind == FEED_FRAME);
    assert_true(back.received_ms == NOW && back.offset_ms == -5000);
    assert_true(view_is(back.forks, FORKS));
    assert_true(view_equal(back.content, entry.content) && view_equal(back.mask, entry.mask));
    assert_true(feed_entry_admits(&back, 0) && !feed_entry_admits(&back, 1));
    assert_true(feed_entry_admits(&back, 2) && !feed_entry_admits(&back, 8));
}

/* An entry that is about a record of nobody, or about none of his, is damage. */
static void an_entry_is_about_a_record(void **state) {
    static const struct {
        struct dot record;
        enum rc rc;
    } cases[] = {{{5, 7}, RC_OK}, {{0, 7}, RC_CORRUPT}, {{5, 0}, RC_CORRUPT}, {{0, 0}, RC_CORRUPT}};
    struct kit *kit = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct feed_entry entry = {.kind = FEED_LEAVE};
        struct dot record;
        struct view rest;

        buf_clear(&kit->out);
        feed_record_add(&kit->out, view_text(""), cases[i].record, view_text("rest"));
        entry.content = buf_view(&kit->out);
        assert_int_equal(feed_record_read(&entry, &record, &rest, &kit->err), cases[i].rc);
        if (cases[i].rc == RC_OK)
            assert_true(dot_equal(record, cases[i].record) && view_is(rest, "rest"));
    }
}

static void corrected_time_is_never_after_receipt(void **state) {
    const struct feed_entry entry = {.received_ms = NOW, .offset_ms = 1000};

    (void)state;
    assert_true(feed_entry_time(&entry, NOW - 5000) == NOW - 4000);
    assert_true(feed_entry_time(&entry, NOW) == NOW);
    assert_true(feed_entry_time(&entry, INT64_MAX) == NOW);
}

/* The chain of a feed does not move when a frame is cut to what it admits, or its content erased.
 */
static void digests_are_over_leaves(void **state) {
    struct kit *kit = *state;
    struct chance chance = {.state = 5};
    struct frame frame = {0}, cut = {0};
    struct feed_entry entry = {.kind = FEED_FRAME, .received_ms = NOW};
    struct feed_entry own = {.kind = FEED_OWN, .received_ms = NOW};
    uint8_t a[32], b[32], next[32];

    wire_frame(&chance, 1, &kit->arena, &frame);
    frame.count = 3;
    frame.changes = arena_array(&kit->arena, 3, sizeof(*frame.changes));
    assert_non_null(frame.changes);
    for (uint32_t i = 0; i < 3; i++) {
        frame.changes[i].change.dot = (struct dot){frame.actor, 10 + i};
        frame.changes[i].leaf[0] = (uint8_t)i;
    }
    cut = frame;
    cut.changes = arena_copy(&kit->arena, frame.changes, 3 * sizeof(*frame.changes));
    assert_non_null(cut.changes);
    cut.changes[1] = cut.changes[2];
    cut.count = 2;
    entry.mask = view_text("\5");
    feed_entry_digest(&entry, &frame, a);
    entry.mask = (struct view){0};
    feed_entry_digest(&entry, &cut, b);
    assert_memory_equal(a, b, 32);
    feed_entry_digest(&own, &cut, b);
    assert_memory_equal(a, b, 32);
    cut.changes[1].leaf[5] ^= 1;
    feed_entry_digest(&entry, &cut, b);
    assert_memory_not_equal(a, b, 32);
    feed_chain_next(a, b, next);
    assert_memory_not_equal(next, a, 32);
}

static struct enrol_request some_request(uint8_t code_key[32]) {
    struct enrol_request request = {.device_sign_public = {1},
                                    .device_box_public = {2},
                                    .person_sign_public = {3},
                                    .nonce = {4},
                                    .wall_ms = NOW};

    request.person_name = view_text("张三");
    enrol_derive(view_text("AB12C-D34EF-G56HJ-K78MN-P90QR-0"), request.code_id, code_key);
    return request;
}

static void a_device_enrols(void **state) {
    struct kit *kit = *state;
    uint8_t code_key[32];
    struct enrol_request back, request = some_request(code_key);
    uint64_t areas[1] = {TOWNSHIP};
    uint8_t pins[2][32] = {{5}, {6}};
    struct enrol_answer answer = {.county_sign_public = {7},
                                  .county_box_public = {8},
                                  .epoch = 1,
                                  .server_ms = NOW,
                                  .device = 42,
                                  .role = 2,
                                  .scope = {1, 1, areas, 2, false, false},
                                  .pin_count = 2,
                                  .pins = (const uint8_t(*)[32])pins,
                                  .next_nonce = {9}};
    struct enrol_answer told;
    size_t request_bytes;

    answer.device_name = view_text("平板一");
    answer.person_name = view_text("张三");
    assert_int_equal(enrol_write_request(&request, code_key, &kit->out, &kit->err), RC_OK);
    request_bytes = kit->out.size;
    assert_int_equal(enrol_read_request(buf_view(&kit->out), &back, &kit->err), RC_OK);
    assert_int_equal(enrol_check_request(buf_view(&kit->out), code_key, &kit->err), RC_OK);
    assert_memory_equal(back.code_id, request.code_id, 16);
    assert_true(view_is(back.person_name, "张三") && back.wall_ms == NOW);
    kit->out.data[20] ^= 1;
    assert_int_equal(enrol_check_request(buf_view(&kit->out), code_key, &kit->err), RC_DENIED);
    kit->out.data[20] ^= 1;
    assert_int_equal(enrol_write_answer(&answer, &back, code_key, &kit->out, &kit->err), RC_OK);
    {
        struct view body =
            view_slice(buf_view(&kit->out), request_bytes, kit->out.size - request_bytes);

        assert_int_equal(enrol_read_answer(body, &request, code_key, &kit->arena, &told, &kit->err),
                         RC_OK);
        assert_true(told.device == 42 && told.role == 2 && told.pin_count == 2);
        assert_true(view_is(told.device_name, "平板一") && told.scope.areas[0] == TOWNSHIP);
        assert_memory_equal(told.pins[1], pins[1], 32);
        assert_memory_equal(told.next_nonce, answer.next_nonce, 16);
        /* It answers this request and no other. */
        request.nonce[0] ^= 1;
        assert_int_equal(enrol_read_answer(body, &request, code_key, &kit->arena, &told, &kit->err),
                         RC_DENIED);
        request.nonce[0] ^= 1;
        code_key[0] ^= 1;
        assert_int_equal(enrol_read_answer(body, &request, code_key, &kit->arena, &told, &kit->err),
                         RC_DENIED);
    }
}

static void codes_are_forgiving(void **state) {
    uint8_t a[16], b[16], key_a[32], key_b[32];

    (void)state;
    enrol_derive(view_text("AB12C-D34EF-G56HJ-K78MN-P90QR-0"), a, key_a);
    enrol_derive(view_text("ab12cd34efg56hjk78mnp9oqro"), b, key_b);
    assert_memory_equal(a, b, 16);
    assert_memory_equal(key_a, key_b, 32);
    enrol_derive(view_text("AB12C-D34EF-G56HJ-K78MN-P90QR-4"), b, key_b);
    assert_memory_not_equal(a, b, 16);
}

static void lists_of_keys_are_signed(void **state) {
    struct kit *kit = *state;
    uint8_t pins[1][32] = {{5}};
    struct key_list back, list = {.serial = 8, .pin_count = 1, .pins = (const uint8_t(*)[32])pins};

    assert_int_equal(key_list_write(&list, kit->secret_key, &kit->out, &kit->err), RC_OK);
    assert_int_equal(
        key_list_read(buf_view(&kit->out), kit->public_key, &kit->arena, &back, &kit->err), RC_OK);
    assert_true(back.serial == 8 && back.pin_count == 1 && back.pins[0][0] == 5);
    kit->out.data[1] ^= 1;
    assert_int_equal(
        key_list_read(buf_view(&kit->out), kit->public_key, &kit->arena, &back, &kit->err),
        RC_DENIED);
}

/* Runs of own numbers, apart and side by side; cut anywhere they are refused, or fewer whole runs.
 */
static void own_numbers_come_back(void **state) {
    struct kit *kit = *state;
    const uint64_t numbers[] = {1, 2, 3, 7, 9, 10, 300, 301, 302, 303, 1000000, 1000007};
    const uint32_t most = sizeof(numbers) / sizeof(numbers[0]);
    uint64_t actor, *back;
    uint32_t count;

    for (uint32_t from = 0; from < most; from++) {
        buf_clear(&kit->out);
        own_write(&kit->out, 77, numbers + from, most - from);
        assert_int_equal(
            own_read(buf_view(&kit->out), &kit->arena, &actor, &back, &count, &kit->err), RC_OK);
        assert_int_equal(actor, 77);
        assert_int_equal(count, most - from);
        assert_memory_equal(back, numbers + from, count * sizeof(*back));
        for (size_t cut = 0; cut < kit->out.size; cut++) {
            uint32_t fewer;

            if (own_read(view_of(kit->out.data, cut), &kit->arena, &actor, &back, &fewer,
                         &kit->err) != RC_OK)
                continue;
            assert_true(fewer < count);
            assert_memory_equal(back, numbers + from, fewer * sizeof(*back));
        }
    }
}

/* What no writer makes: runs of nothing, the number 0, more than a frame has, beyond all numbers.
 */
static void odd_own_numbers_are_refused(void **state) {
    static const struct {
        uint64_t gap, length;
        enum rc rc;
    } cases[] = {
        {1, 0, RC_CORRUPT},
        {0, 1, RC_CORRUPT},
        {1, LIMIT_FRAME_CHANGES, RC_OK},
        {1, LIMIT_FRAME_CHANGES + 1, RC_CORRUPT},
        {UINT64_MAX - 1, 1, RC_OK},
        {UINT64_MAX, 1, RC_CORRUPT},
    };
    struct kit *kit = *state;
    uint64_t actor, *back;
    uint32_t count;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buf_clear(&kit->out);
        buf_add_id(&kit->out, 77);
        buf_add_varint(&kit->out, cases[i].gap);
        buf_add_varint(&kit->out, cases[i].length);
        assert_int_equal(
            own_read(buf_view(&kit->out), &kit->arena, &actor, &back, &count, &kit->err),
            cases[i].rc);
        if (cases[i].rc == RC_OK)
            assert_true(back[count - 1] == cases[i].gap + cases[i].length - 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_exchange_is_small, start, stop),
        cmocka_unit_test_setup_teardown(a_hello_comes_back, start, stop),
        cmocka_unit_test_setup_teardown(a_hello_tells_what_it_was_told, start, stop),
        cmocka_unit_test_setup_teardown(a_hello_is_signed, start, stop),
        cmocka_unit_test_setup_teardown(an_answer_comes_back, start, stop),
        cmocka_unit_test_setup_teardown(what_is_signed_is_read_to_its_end, start, stop),
        cmocka_unit_test_setup_teardown(one_thing_alone_comes_back, start, stop),
        cmocka_unit_test_setup_teardown(unknown_parts_are_skipped, start, stop),
        cmocka_unit_test_setup_teardown(broken_bodies_are_told, start, stop),
        cmocka_unit_test_setup_teardown(kept_batches_come_back, start, stop),
        cmocka_unit_test_setup_teardown(areas_have_one_encoding, start, stop),
        cmocka_unit_test_setup_teardown(feed_entries_come_back, start, stop),
        cmocka_unit_test_setup_teardown(corrected_time_is_never_after_receipt, start, stop),
        cmocka_unit_test_setup_teardown(an_entry_is_about_a_record, start, stop),
        cmocka_unit_test_setup_teardown(digests_are_over_leaves, start, stop),
        cmocka_unit_test_setup_teardown(a_device_enrols, start, stop),
        cmocka_unit_test_setup_teardown(codes_are_forgiving, start, stop),
        cmocka_unit_test_setup_teardown(lists_of_keys_are_signed, start, stop),
        cmocka_unit_test_setup_teardown(own_numbers_come_back, start, stop),
        cmocka_unit_test_setup_teardown(odd_own_numbers_are_refused, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
