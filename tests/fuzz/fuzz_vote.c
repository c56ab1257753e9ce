/* Any bytes as the result of a tablet, as the rules of an evaluation, as their snapshot: nothing
 * crashes, and what is read is written again as it came. */
#include "schema/vote/tally.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good) {
    if (!good)
        abort();
}

static void read_batch(struct view bytes, struct arena *arena, struct err *err) {
    struct vote_rules rules = {.values = {[VOTE_THRESHOLD] = {1, 2}}};
    struct vote_facts facts = {.expected = UINT64_MAX, .present = UINT64_MAX};
    struct vote_batch batch;
    struct vote_heard heard = {.batch = &batch};
    const struct tally_part *parts;
    struct tally tally;
    struct buf again;
    uint32_t count;

    if (vote_batch_decode(bytes, arena, &batch, err) != RC_OK)
        return;
    buf_init(&again, VOTE_BATCH_BYTES);
    need(vote_batch_encode(&batch, &again, err) == RC_OK);
    need(view_equal(buf_view(&again), bytes));
    buf_release(&again);
    for (unsigned i = 0; i < VOTE_RULE_COUNT; i++)
        rules.values[i].over = rules.values[i].over == 0 ? 1 : rules.values[i].over;
    for (uint32_t i = 0; i < batch.item_count; i++) {
        tally_count(&rules, &facts, batch.items[i].item, &heard, 1, &tally);
        need(tally.state != TALLY_OPEN);
        need(tally_explain(&tally, &rules, LANG_ZH, arena, &parts, &count, err) == RC_OK ||
             arena->failed != RC_OK);
    }
}

static void read_rules(struct view bytes, struct arena *arena, struct err *err) {
    const struct date day = {2026, 11, 23};
    struct vote_rules rules;
    struct vote_book book;
    struct buf text;

    buf_init(&text, VOTE_RULES_TEXT_MAX);
    if (vote_rules_parse(bytes, &rules, err) == RC_OK) {
        vote_rules_text(&rules, &text);
        need(view_equal(buf_view(&text), bytes));
    }
    buf_clear(&text);
    if (vote_book_load(bytes, arena, &book, err) == RC_OK &&
        vote_book_find(&book, UINT64_C(430626117205), day, &rules, err) == RC_OK) {
        vote_rules_text(&rules, &text);
        need(text.failed != RC_OK || vote_rules_parse(buf_view(&text), &rules, err) == RC_OK);
    }
    buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct view bytes = view_of(data, size);
    struct arena arena;
    struct err err;
    uint64_t seats;

    err_init(&err, LANG_EN);
    arena_init(&arena, 16u << 20);
    read_batch(bytes, &arena, &err);
    read_rules(bytes, &arena, &err);
    (void)vote_seats_parse(bytes, &seats);
    arena_release(&arena);
    return 0;
}
