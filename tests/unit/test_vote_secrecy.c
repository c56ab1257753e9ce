/* What an urn leaves behind: nothing that orders or links votes. Looked at are the database, its
 * log after every vote and after the close, freed pages, and the memory of this process; two orders
 * of the same answers are told apart by nothing but ciphertext. And what a power cut leaves: at
 * every place at which the log can end, marks and counts agree. */
#include "tests/support/panel.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FILE_BYTES (64u << 20)
#define WAL_HEAD   32u
#define FRAME_HEAD 24u
#define PAGE       4096u
#define FRAME      (FRAME_HEAD + PAGE)
#define VOTERS     8u
#define HOUSEHOLDS 6u
#define RUNS       120u

struct disk {
    struct buf db, wal;
};

struct village {
    struct visitor *visitor;
    struct tablet *tablet;
    struct session *session;
    struct dot meeting;
};

static struct village village_of(void **state, const char *name, uint64_t random) {
    struct village village = {.visitor = *state};

    village.visitor->county->random = random;
    village.tablet = visitor_enrol(village.visitor, name, 1);
    village.session = county_session(village.tablet, name);
    village.meeting = panel_open(village.visitor, village.session, VOTERS, VOTERS, HOUSEHOLDS);
    return village;
}

static void read_into(struct visitor *visitor, const char *folder, const char *file,
                      struct buf *out) {
    char path[FILE_PATH_BYTES_MAX];

    snprintf(path, sizeof(path), "%s/%s", visitor_path(visitor, folder), file);
    buf_init(out, FILE_BYTES);
    if (file_exists(path))
        visitor_must(visitor, file_read(path, FILE_BYTES, out, &visitor->err));
}

static struct disk take(struct visitor *visitor, const char *name) {
    struct disk snapshot;

    read_into(visitor, name, "tablet.db", &snapshot.db);
    read_into(visitor, name, "tablet.db-wal", &snapshot.wal);
    return snapshot;
}

static void drop(struct disk *snapshot) {
    buf_release(&snapshot->db);
    buf_release(&snapshot->wal);
}

static uint32_t frame_page(const struct buf *wal, size_t frame) {
    const uint8_t *at = wal->data + WAL_HEAD + frame * FRAME;

    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static size_t frames(const struct buf *wal) {
    return wal->size < WAL_HEAD ? 0 : (wal->size - WAL_HEAD) / FRAME;
}

/* ---- two orders ---- */

static const enum urn_answer answers[VOTERS] = {URN_YES, URN_NO,  URN_YES, URN_ABSTAIN,
                                                URN_YES, URN_YES, URN_NO,  URN_YES};

/* Order 0: as they sit; order 1: turned round, and with the answers the other way about. */
static uint32_t seat_of(unsigned order, uint32_t turn) {
    return order == 0 ? turn + 1 : VOTERS - turn;
}

static enum urn_answer answer_of(unsigned order, uint32_t turn) {
    return answers[order == 0 ? turn : VOTERS - 1 - turn];
}

static void two_orders_have_one_shape(void **state) {
    struct visitor *visitor = *state;
    struct disk seen[2][VOTERS + 2];
    static const char *const names[2] = {"wang", "zhang"};

    panel_publish(visitor);
    for (unsigned order = 0; order < 2; order++) {
        /* Equal but for the order: even keys and nonces are, so that whatever differs is told. */
        struct village village;
        struct urn *urn;

        visitor->county->now_ms = INT64_C(1764000000000);
        village = village_of(state, names[order], 99);
        urn = panel_urn(visitor, village.session, village.meeting);
        for (uint32_t turn = 0; turn < VOTERS; turn++) {
            panel_cast(visitor, village.session, urn, village.meeting, seat_of(order, turn),
                       answer_of(order, turn));
            seen[order][turn] = take(visitor, names[order]);
        }
        panel_close(visitor, village.session, village.meeting, urn);
        seen[order][VOTERS] = take(visitor, names[order]);
        tablet_close(village.tablet);
        seen[order][VOTERS + 1] = take(visitor, names[order]);
    }
    for (uint32_t i = 0; i < VOTERS; i++) {
        struct buf *a = &seen[0][i].wal, *b = &seen[1][i].wal;

        assert_int_equal(a->size, b->size);
        assert_int_equal(frames(a), frames(b));
        for (size_t k = 0; k < frames(a); k++)
            assert_int_equal(frame_page(a, k), frame_page(b, k));
    }
    for (uint32_t i = VOTERS; i < VOTERS + 2; i++) {
        assert_int_equal(seen[0][i].db.size, seen[1][i].db.size);
        assert_int_equal(seen[0][i].wal.size, seen[1][i].wal.size);
    }
    for (uint32_t i = 1; i < VOTERS; i++) { /* each vote writes as many pages as any other */
        size_t before = frames(&seen[0][i - 1].wal), after = frames(&seen[0][i].wal);

        assert_true(after > before);
        assert_int_equal(after - before, frames(&seen[0][1].wal) - frames(&seen[0][0].wal));
        for (size_t k = before; k < after; k++)
            assert_int_equal(frame_page(&seen[0][i].wal, k),
                             frame_page(&seen[0][i].wal, k - (after - before)));
    }
    for (unsigned order = 0; order < 2; order++)
        for (uint32_t i = 0; i < VOTERS + 2; i++)
            drop(&seen[order][i]);
}

/* ---- a classifier ---- */

enum { FEATURES = 8 };

static uint32_t ones(const uint8_t *bytes, size_t size) {
    uint32_t count = 0;

    for (size_t i = 0; i < size; i++)
        for (uint8_t byte = bytes[i]; byte != 0; byte &= (uint8_t)(byte - 1))
            count++;
    return count;
}

/* What somebody who copied the disk after every vote could measure without the secrets. */
static void measure(const struct disk *list, uint32_t count, double out[FEATURES]) {
    memset(out, 0, FEATURES * sizeof(*out));
    for (uint32_t i = 0; i < count; i++) {
        const struct buf *wal = &list[i].wal;
        size_t last = frames(wal);
        const uint8_t *page = wal->data + WAL_HEAD + (last - 1) * FRAME + FRAME_HEAD;
        const uint8_t *earlier = page - FRAME;
        double weight = i < count / 2 ? 1 : -1; /* the first votes against the last ones */

        out[0] += (double)wal->size;
        out[1] += (double)last;
        out[2] += weight * ones(page, PAGE);
        out[3] += weight * ones(earlier, PAGE);
        for (size_t k = 0; k < PAGE; k++) {
            out[4] += weight * page[k];
            out[5] += weight * (page[k] ^ earlier[k]);
            out[6] += weight * (double)(page[k] < earlier[k]);
        }
        out[7] += weight * page[PAGE - 1];
    }
}

/* Yes first or no first: the same answers. */
static void a_classifier_does_no_better_than_chance(void **state) {
    static double features[RUNS][FEATURES];
    static unsigned orders[RUNS];
    struct visitor *visitor = *state;
    struct village village;

    panel_publish(visitor);
    village = village_of(state, "wang", 99);
    for (uint32_t run = 0; run < RUNS; run++) {
        struct disk seen[VOTERS];
        struct urn *urn;

        visitor->county->random = 1000 + run * UINT64_C(0x9e3779b97f4a7c15);
        orders[run] = (unsigned)(env_random_u64(&visitor->county->env) >> 40 & 1);
        urn = panel_urn(visitor, village.session, village.meeting);
        for (uint32_t turn = 0; turn < VOTERS; turn++) {
            bool yes = (turn < VOTERS / 2) == (orders[run] == 0);

            panel_cast(visitor, village.session, urn, village.meeting, turn + 1,
                       yes ? URN_YES : URN_NO);
            seen[turn] = take(visitor, "wang");
        }
        measure(seen, VOTERS, features[run]);
        for (uint32_t turn = 0; turn < VOTERS; turn++)
            drop(&seen[turn]);
        urn_close(urn);
        visitor_must(visitor, urn_void(village.session, village.meeting, &visitor->err));
    }
    tablet_close(village.tablet);
    /* Learns the mean of each order from the first half, guesses the second half. */
    for (unsigned f = 0; f < FEATURES; f++) {
        double sum[2] = {0, 0}, mean[2];
        uint32_t count[2] = {0, 0}, right = 0;

        for (uint32_t run = 0; run < RUNS / 2; run++) {
            sum[orders[run]] += features[run][f];
            count[orders[run]]++;
        }
        assert_true(count[0] > 10 && count[1] > 10);
        mean[0] = sum[0] / count[0];
        mean[1] = sum[1] / count[1];
        for (uint32_t run = RUNS / 2; run < RUNS; run++) {
            double to[2] = {features[run][f] - mean[0], features[run][f] - mean[1]};
            unsigned guess = to[0] * to[0] < to[1] * to[1] ? 0 : 1;

            right += guess == orders[run];
        }
        /* 60 guesses: chance gives 30, and with this seed, which is fixed, never 45 (4 sigma). */
        if (right >= 45 || right <= 15)
            fail_msg("feature %u tells the order in %u of %u runs", f, right, RUNS / 2);
    }
}

/* ---- what is left ---- */

/* As the urn holds a household: its id, then yes, no, abstained, invalid, not used. XORed with
 * 0x55, so that the pattern itself is not found. */
static void pattern_of(struct instance_id item, uint8_t yes, uint8_t no, uint8_t out[25]) {
    for (unsigned i = 0; i < 8; i++) {
        out[i] = (uint8_t)(item.dot.actor >> (8 * i)) ^ 0x55;
        out[8 + i] = (uint8_t)(item.dot.number >> (8 * i)) ^ 0x55;
    }
    for (unsigned i = 0; i < 4; i++)
        out[16 + i] = (uint8_t)(item.ordinal >> (8 * i)) ^ 0x55;
    memset(out + 20, 0x55, 5);
    out[20] ^= yes;
    out[21] ^= no;
}

static bool __attribute__((no_sanitize("address")))
holds(const uint8_t *bytes, size_t size, const uint8_t *pattern, size_t wanted) {
    for (size_t i = 0; i + wanted <= size; i++) {
        size_t k = 0;

        while (k < wanted && bytes[i + k] == (pattern[k] ^ 0x55))
            k++;
        if (k == wanted)
            return true;
    }
    return false;
}

/* Every page of this process that can be written. */
static bool memory_holds(const uint8_t *pattern, size_t wanted) {
    FILE *maps = fopen("/proc/self/maps", "r"), *memory = fopen("/proc/self/mem", "rb");
    char line[512];
    bool found = false;
    uint8_t *copy = malloc(1u << 20);

    assert_true(maps != NULL && memory != NULL && copy != NULL);
    assert_int_equal(setvbuf(memory, NULL, _IONBF, 0), 0);
    while (!found && fgets(line, sizeof(line), maps) != NULL) {
        unsigned long from, to;
        char mode[8];

        if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3 || mode[0] != 'r' ||
            mode[1] != 'w' || to - from > (1ul << 30) ||
            (from <= (uintptr_t)copy && (uintptr_t)copy < to))
            continue;
        for (unsigned long at = from; at < to && !found; at += (1u << 20) - wanted) {
            size_t want = to - at < (1u << 20) ? to - at : 1u << 20, got;

            if (fseek(memory, (long)at, SEEK_SET) != 0)
                break;
            got = fread(copy, 1, want, memory);
            found = holds(copy, got, pattern, wanted);
            if (got < want || to - at <= (1u << 20))
                break;
        }
    }
    crypt_wipe(copy, 1u << 20); /* or the next search would find what this one has found */
    free(copy);
    (void)fclose(maps);
    (void)fclose(memory);
    return found;
}

static void nothing_is_left(void **state) {
    struct visitor *visitor = *state;
    char secrets[2][24];
    uint8_t hidden[2][24], pattern[25], sealed[64];
    struct meeting_vote vote = {.mode = VOTE_SECRET_DEVICE};
    struct disk before, after;
    struct village village;
    struct meeting_seen at;
    struct urn *urn;

    panel_publish(visitor);
    village = village_of(state, "wang", 99);
    for (unsigned i = 0; i < 2; i++) { /* not as literals: those stand in the program */
        env_entropy(&visitor->county->env, hidden[i], 20);
        for (unsigned k = 0; k < 20; k++) {
            secrets[i][k] = (char)('a' + hidden[i][k] % 26);
            hidden[i][k] = (uint8_t)secrets[i][k] ^ 0x55;
        }
    }
    vote.secrets = (struct urn_secrets){view_of(secrets[0], 20), view_of(secrets[1], 20)};
    visitor_must(visitor,
                 meeting_begin_vote(village.session, village.meeting, &vote, &urn, &visitor->err));
    crypt_wipe(secrets, sizeof(secrets));
    at = panel_see(visitor, village.session, village.meeting);
    for (uint32_t seat = 1; seat <= VOTERS; seat++) {
        panel_cast(visitor, village.session, urn, village.meeting, seat,
                   seat <= 3 ? URN_NO : URN_YES);
        pattern_of(at.meeting.items[0].id, seat <= 3 ? 0 : (uint8_t)(seat - 3),
                   seat <= 3 ? (uint8_t)seat : 3, pattern);
        before = take(visitor, "wang");
        assert_false(holds(before.db.data, before.db.size, pattern, 25));
        assert_false(holds(before.wal.data, before.wal.size, pattern, 25));
        drop(&before);
    }
    assert_true(memory_holds(pattern, 25)); /* while it is open: the search works */
    before = take(visitor, "wang");
    memcpy(sealed, before.wal.data + before.wal.size - 512, sizeof(sealed));
    panel_close(visitor, village.session, village.meeting, urn);
    after = take(visitor, "wang");
    assert_int_equal(after.wal.size, 0); /* the log is empty */
    assert_null(memmem(after.db.data, after.db.size, sealed, sizeof(sealed)));
    assert_false(memory_holds(pattern, 25));
    for (uint32_t done = 1; done < VOTERS; done++) { /* nor any state on the way */
        pattern_of(at.meeting.items[0].id, done <= 3 ? 0 : (uint8_t)(done - 3),
                   done <= 3 ? (uint8_t)done : 3, pattern);
        assert_false(memory_holds(pattern, 25));
    }
    assert_false(memory_holds(hidden[0], 20));
    assert_false(memory_holds(hidden[1], 20));
    /* What is there are the counts, in the record of the meeting and nowhere else. */
    assert_int_equal(panel_tally(visitor, village.session, village.meeting, 0).no, 3);
    drop(&before);
    drop(&after);
    tablet_close(village.tablet);
}

/* ---- power cuts ---- */

static void write_copy(struct visitor *visitor, const struct disk *snapshot, size_t wal_bytes) {
    static const char *const kept[] = {"device.key", "incarnation"};
    char path[FILE_PATH_BYTES_MAX];
    struct buf small;

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        read_into(visitor, "wang", kept[i], &small);
        snprintf(path, sizeof(path), "%s/%s", visitor_path(visitor, "cut"), kept[i]);
        visitor_must(visitor, file_write(path, buf_view(&small), 0600, &visitor->err));
        buf_release(&small);
    }
    snprintf(path, sizeof(path), "%s/tablet.db", visitor_path(visitor, "cut"));
    visitor_must(visitor, file_write(path, buf_view(&snapshot->db), 0600, &visitor->err));
    snprintf(path, sizeof(path), "%s/tablet.db-wal", visitor_path(visitor, "cut"));
    visitor_must(visitor, file_write(path, view_slice(buf_view(&snapshot->wal), 0, wal_bytes), 0600,
                                     &visitor->err));
}

/* How many have voted, after a restart; 0 also when there is no urn yet. */
static uint32_t look_after_cut(struct village *village) {
    struct visitor *visitor = village->visitor;
    struct tablet *tablet = county_tablet(visitor->county, visitor_path(visitor, "cut"));
    struct session *session = county_session(tablet, "wang");
    const struct vote_item_count *counts;
    uint32_t voted = 0, count = 0;
    struct urn_about about;
    struct urn *urn;

    if (urn_find(session, village->meeting, &about, &visitor->err) == RC_OK) {
        urn = panel_resume(visitor, session, village->meeting);
        visitor_must(visitor, urn_counts(urn, &visitor->arena, &counts, &count, &visitor->err));
        assert_true(count == 0 || count == HOUSEHOLDS);
        for (uint32_t i = 0; i < count; i++) {
            const struct vote_count *at = &counts[i].count;

            assert_int_equal(at->yes + at->no + at->abstain, vote_seats_count(at->marks));
            assert_int_equal(at->reasons[0], at->no);
            assert_int_equal(at->marks, counts[0].count.marks);
            voted = vote_seats_count(at->marks);
        }
        /* Voting goes on: whoever is missing votes, and nobody twice. */
        if (voted > 0 && voted < VOTERS)
            panel_cast(visitor, session, urn, village->meeting, voted + 1, URN_YES);
        urn_close(urn);
    }
    tablet_close(tablet);
    return voted;
}

static void a_power_cut_parts_nothing(void **state) {
    struct visitor *visitor = *state;
    struct village village;
    struct disk snapshot;
    uint32_t before = 0, seen = 0;
    struct urn *urn;

    panel_publish(visitor);
    village = village_of(state, "wang", 99);
    visitor_must(visitor, file_make_directory(visitor_path(visitor, "cut"), &visitor->err));
    urn = panel_urn(visitor, village.session, village.meeting);
    for (uint32_t seat = 1; seat <= 4; seat++)
        panel_cast(visitor, village.session, urn, village.meeting, seat,
                   seat % 2 == 0 ? URN_NO : URN_YES);
    snapshot = take(visitor, "wang");
    urn_close(urn);
    tablet_close(village.tablet);
    assert_true(frames(&snapshot.wal) > 8);
    /* At the end of every page of the last votes, and in the middle of it. */
    for (size_t i = frames(&snapshot.wal) - 8; i <= frames(&snapshot.wal); i++)
        for (unsigned half = 0; half < 2; half++) {
            size_t end = WAL_HEAD + i * FRAME + (half == 0 ? 0 : FRAME / 2);
            uint32_t voted;

            if (end > snapshot.wal.size)
                continue;
            write_copy(visitor, &snapshot, end);
            voted = look_after_cut(&village);
            assert_true(voted >= before);
            seen |= 1u << voted;
            before = voted;
        }
    assert_int_equal(before, 4);
    assert_true((seen & 1u << 3) != 0); /* the cuts did fall between votes */
    drop(&snapshot);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, visitor_set_up, visitor_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(two_orders_have_one_shape),
        TEST(a_classifier_does_no_better_than_chance),
        TEST(nothing_is_left),
        TEST(a_power_cut_parts_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
