/* Searches of a county of many blocks against a plain look at every record: names in every writing,
 * words that people type of them, tails, villages, and all of it together with other filters. */
#include "tests/support/county_case.h"

#include "base/pinyin.h"
#include "base/text.h"
#include "syncd/store/listed.h"

enum {
    RECORDS = 1800,
    PER_COMMIT = 60,
    EDITS = 300,
    QUESTIONS = 500,
    VILLAGES = 60,
    NAMES_MAX = 5,
};

static uint64_t dice = 88172645463325252u;

static uint64_t below(uint64_t limit) {
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (dice >> 8) % limit;
}

#define PICK(array) ((array)[below(COUNT(array))])

/* Several readings, ü, Latin letters, the dot of minorities, digits, and what is beyond the table.
 */
static const char *const FIRST[] = {"王", "王", "单", "曾", "吕", "重", "张", "欧", "阿",
                                    "A",  "z",  "·",  "1",  "𠮷", "刘", "爨", "解", "万"};
static const char *const FURTHER[] = {"芳", "伟", "阳", "女", "安", "娥", "·",  "B", "i",
                                      "7",  "𠮷", "国", "长", "乐", "放", "万", " ", "芳"};

struct household {
    struct dot id; /* tells its index */
    uint64_t revision;
    char names[LISTED_NAMES_BYTES];
    size_t size;
    uint32_t tails[3], tail_count;
    uint64_t areas[2];
    uint32_t area_count;
    bool listed;
};

static struct household households[RECORDS];

static uint64_t village(uint64_t index) {
    return 430626100000u + index / 12 * 1000u + 201u + index % 12;
}

static void add(struct household *house, const char *text) {
    size_t size = strlen(text);

    if (house->size + size < sizeof(house->names)) {
        memcpy(house->names + house->size, text, size);
        house->size += size;
    }
}

static void make_names(struct household *house) {
    house->size = 0;
    house->listed = below(20) != 0;
    for (uint64_t i = below(NAMES_MAX); i > 0; i--) {
        add(house, house->size > 0 ? "\n" : "");
        add(house, PICK(FIRST));
        for (uint64_t j = below(4); j > 0; j--)
            add(house, PICK(FURTHER));
    }
    house->tail_count = (uint32_t)below(4);
    for (uint32_t i = 0; i < house->tail_count; i++)
        house->tails[i] = (uint32_t)below(300) * UINT32_C(0x01010101);
}

/* Half of the batches are of one village, half of any. */
static void make(struct household *house, uint32_t index) {
    uint64_t batch = index / PER_COMMIT;

    *house =
        (struct household){.id = {LOW + batch % 3, batch / 3 * PER_COMMIT + index % PER_COMMIT + 1},
                           .area_count = below(60) == 0 ? 2 : 1};
    house->areas[0] = village(batch % 2 == 0 ? batch : below(VILLAGES));
    house->areas[1] = village(VILLAGES + below(9)); /* they are sorted */
    make_names(house);
}

static void put(struct county_store *county, struct household *const *which, uint32_t count) {
    static struct stored_record records[PER_COMMIT];
    static struct stored_listed listed[PER_COMMIT];
    struct store_delta delta = {.records = records, .listed = listed};

    for (uint32_t i = 0; i < count; i++) {
        struct household *house = which[i];

        records[delta.record_count++] = (struct stored_record){
            .id = house->id,
            .revision = house->revision++,
            .form = 1,
            .form_name = view_text(house->id.number % 5 == 0 ? "visit" : "household"),
            .audience = 1,
            .area_count = house->area_count,
            .areas = house->areas,
            .title = utf8_cut_bytes(view_of(house->names, house->size), 24),
            .created_ms = (int64_t)house->id.number,
            .changed_ms = (int64_t)below(1000),
            .packed = view_text("packed"),
        };
        if (house->listed)
            listed[delta.listed_count++] =
                (struct stored_listed){.record = house->id,
                                       .created_by = 1,
                                       .changed_by = 1 + below(3),
                                       .names = view_of(house->names, house->size),
                                       .tail_count = house->tail_count,
                                       .tails = house->tails};
    }
    county_commit(county, &delta);
}

/* --- questions --- */

struct typed {
    char text[QUERY_WORD_BYTES_MAX + 1];
    size_t size;
    uint64_t areas[VILLAGES];
};

static void type(struct typed *typed, const char *text, size_t size) {
    if (typed->size + size > QUERY_WORD_BYTES_MAX)
        return;
    memcpy(typed->text + typed->size, text, size);
    typed->size += size;
}

/* Of a name: letters as somebody might type it, or a part of it. */
static void type_name(struct typed *typed, struct view names) {
    bool letters = below(3) != 0;
    uint64_t skip = letters ? 0 : below(6), most = 1 + below(4);

    for (size_t at = 0; at < names.size && most > 0;) {
        const char *readings[PINYIN_READINGS_MAX];
        size_t from = at, count;
        uint32_t character = utf8_next(names, &at);

        if (character == '\n') {
            typed->size = below(2) == 0 ? 0 : typed->size;
            if (typed->size > 0)
                return;
            continue;
        }
        if (skip > 0) {
            skip--;
            continue;
        }
        most--;
        count = pinyin_readings(character, readings);
        if (letters && count > 0) {
            const char *reading = readings[below(count)];

            type(typed, reading, below(2) == 0 ? 1 : strlen(reading) - (most == 0 ? below(2) : 0));
        } else if (character >= 'A' && character <= 'Z') {
            type(typed, &(char){(char)(character + 32)}, 1);
        } else if (character != ' ') {
            type(typed, (const char *)names.data + from, at - from);
        }
    }
}

static void make_word(struct typed *typed, struct query_word *word) {
    static const char *const RARE[] = {"w", "zy", "lu", "nv", "x", "爨", "不", "anba", "b", "1"};
    const struct household *house = &households[below(RECORDS)];

    typed->size = 0;
    *word = (struct query_word){.has_tail = below(4) == 0, .areas = typed->areas};
    if (below(6) == 0)
        type(typed, PICK(RARE), 1);
    else if (below(8) != 0)
        type_name(typed, view_of(house->names, house->size));
    typed->text[typed->size] = '\0';
    if (!utf8_valid(view_of(typed->text, typed->size)))
        typed->size = 0;
    word->text = view_of(typed->text, typed->size);
    word->tail = house->tail_count > 0 ? house->tails[0] : 7;
    if (below(3) == 0)
        word->area_count = (uint32_t)below(12);
    for (uint32_t i = 0; i < word->area_count; i++)
        typed->areas[i] =
            below(20) == 0 ? village(below(VILLAGES)) / 1000 * 1000 : village(below(VILLAGES));
}

static bool in_areas(const struct household *house, const uint64_t *areas, uint32_t count) {
    for (uint32_t i = 0; i < house->area_count; i++)
        if (listed_in_areas(house->areas[i], areas, count))
            return true;
    return false;
}

static bool meets(const struct household *house, const struct query_word *word) {
    uint16_t units[LISTED_UNITS_MAX];
    struct listed_word ready;

    listed_word_init(&ready, word);
    if (house->listed) {
        if (listed_name_meets(&ready, units,
                              listed_units(view_of(house->names, house->size), units)))
            return true;
        for (uint32_t i = 0; i < house->tail_count && word->has_tail; i++)
            if (house->tails[i] == word->tail)
                return true;
    }
    return in_areas(house, word->areas, word->area_count);
}

static bool passes(const struct household *house, const struct record_query *query) {
    bool is_visit = house->id.number % 5 == 0;

    if (query->form_name.size > 0 && view_is(query->form_name, "visit") != is_visit)
        return false;
    if (query->area_count > 0 && !in_areas(house, query->areas, query->area_count))
        return false;
    for (uint32_t i = 0; i < query->word_count; i++)
        if (!meets(house, &query->words[i]))
            return false;
    return true;
}

/* --- answers --- */

struct found_set {
    const struct record_query *query;
    bool found[RECORDS];
    uint32_t count, page;
    struct record_cursor last;
};

static enum rc see_found(void *context, const struct found_record *item, struct err *err) {
    struct found_set *answer = context;
    uint64_t of_actor = item->record.id.number - 1;
    uint64_t batch = of_actor / PER_COMMIT * 3 + (item->record.id.actor - LOW);
    uint64_t i = batch * PER_COMMIT + of_actor % PER_COMMIT;

    (void)err;
    assert_true(i < RECORDS && dot_equal(households[i].id, item->record.id) && !answer->found[i]);
    assert_true(answer->count == 0 ||
                listed_compare(answer->query, &answer->last, &item->cursor) < 0);
    answer->found[i] = true;
    answer->count++;
    answer->page++;
    answer->last = item->cursor;
    return RC_OK;
}

static enum rc see_tally(void *context, const struct record_tally *item, struct err *err) {
    (void)err;
    *(uint64_t *)context += item->records;
    return RC_OK;
}

/* How many were found. */
static uint32_t ask(struct county_store *county, int number) {
    static struct found_set answer;
    struct typed typed[3];
    struct query_word words[3];
    uint64_t areas[2] = {village(below(VILLAGES)), village(below(VILLAGES)) / 1000 * 1000};
    struct record_query query = {
        .form_name = view_text(below(4) == 0 ? "visit" : ""),
        .area_count = (uint32_t)(below(4) == 0 ? 1 + below(2) : 0),
        .areas = areas,
        .word_count = 1 + (uint32_t)below(3),
        .words = words,
        .order = (enum record_order)below(4),
        .descending = below(2) == 0,
        .most = 40 + (uint32_t)below(900),
    };
    uint64_t total = 0, counted = 0;

    for (int i = 0; i < 3; i++)
        make_word(&typed[i], &words[i]);
    answer = (struct found_set){.query = &query};
    do {
        answer.page = 0;
        query.after = answer.count > 0 ? &answer.last : NULL;
        assert_int_equal(
            store_find(county->store, &query, see_found, &answer, &total, &county->err), RC_OK);
    } while (answer.page == query.most);
    assert_int_equal(store_tally(county->store, &query, see_tally, &counted, &county->err), RC_OK);
    for (uint32_t i = 0; i < RECORDS; i++)
        if (passes(&households[i], &query) != answer.found[i])
            fail_msg("question %d (%.*s, %.*s): %.*s is%s found", number, (int)typed[0].size,
                     typed[0].text, (int)typed[1].size, typed[1].text, (int)households[i].size,
                     households[i].names, answer.found[i] ? "" : " not");
    assert_int_equal(total, answer.count);
    assert_int_equal(counted, answer.count);
    return answer.count;
}

static void test_search(void **state) {
    struct household *batch[PER_COMMIT];
    struct county_store county;
    uint32_t found = 0, empty = 0;

    (void)state;
    county_init(&county, COUNTY_SQLITE);
    for (uint32_t i = 0; i < RECORDS; i++) {
        make(&households[i], i);
        batch[i % PER_COMMIT] = &households[i];
        if (i % PER_COMMIT == PER_COMMIT - 1)
            put(&county, batch, PER_COMMIT);
    }
    for (int i = 0; i < QUESTIONS; i++) {
        uint32_t count;

        if (i < EDITS) {
            batch[0] = &households[below(RECORDS)];
            if (batch[0]->listed)
                make_names(batch[0]);
            batch[0]->listed = true;
            put(&county, batch, 1);
        }
        count = ask(&county, i);
        found += count > 0;
        empty += count == 0;
    }
    assert_in_range(found, QUESTIONS / 4, QUESTIONS);
    assert_in_range(empty, QUESTIONS / 20, QUESTIONS);
    county_release(&county);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_search)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
