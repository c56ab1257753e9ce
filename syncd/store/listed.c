/* listed.c: see listed.h. */
#include "syncd/store/listed.h"

#include "base/pinyin.h"
#include "base/text.h"

uint64_t listed_time(int64_t time_ms) {
    const int64_t last = (INT64_C(1) << 48) - 1;

    return (uint64_t)(time_ms < 0 ? 0 : time_ms > last ? last : time_ms);
}

uint32_t listed_units(struct view text, uint16_t out[LISTED_UNITS_MAX]) {
    uint32_t count = 0;

    for (size_t at = 0; at < text.size && count + 2 <= LISTED_UNITS_MAX;) {
        uint32_t character = utf8_next(text, &at);

        if (character == UTF8_BAD)
            character = 0xfffd;
        if (character >= 0x10000) {
            out[count++] = (uint16_t)(0xd800 + ((character - 0x10000) >> 10));
            character = 0xdc00 + ((character - 0x10000) & 0x3ff);
        }
        out[count++] = (uint16_t)character;
    }
    return count;
}

uint64_t listed_code(struct view title) {
    uint16_t units[LISTED_UNITS_MAX];
    uint32_t count = listed_units(utf8_cut_bytes(title, 24), units);
    uint64_t code = 0;

    for (uint32_t i = 0; i < 4; i++)
        code = code << 16 | (i < count ? units[i] : 0);
    return code;
}

uint64_t listed_reading(uint64_t code) {
    uint64_t reading = 0;

    for (int shift = 48; shift >= 0; shift -= 16) {
        uint16_t unit = (uint16_t)(code >> shift);

        reading = reading << 16 | (unit == 0 ? 0 : pinyin_rank(unit));
    }
    return reading;
}

static uint16_t lower(uint16_t unit) {
    return (uint16_t)(unit >= 'A' && unit <= 'Z' ? unit + 32 : unit);
}

void listed_word_init(struct listed_word *word, const struct query_word *from) {
    uint16_t units[LISTED_UNITS_MAX];

    *word = (struct listed_word){.word = from, .is_letters = from->text.size > 0};
    for (size_t i = 0; i < from->text.size; i++)
        word->is_letters &= from->text.data[i] >= 'a' && from->text.data[i] <= 'z';
    word->unit_count = listed_units(from->text, units);
    if (word->unit_count > QUERY_WORD_BYTES_MAX)
        word->unit_count = QUERY_WORD_BYTES_MAX;
    memcpy(word->units, units, word->unit_count * sizeof(units[0]));
}

/* The next place of this unit, four at a time; count where there is none. */
static uint32_t next_unit(const uint16_t *units, uint32_t at, uint32_t count, uint16_t unit) {
    const uint64_t ones = UINT64_C(0x0001000100010001), pattern = ones * unit;

    for (; at + 4 <= count; at += 4) {
        uint64_t four;

        memcpy(&four, units + at, sizeof(four));
        four ^= pattern;
        if (((four - ones) & ~four & ones << 15) != 0) /* one of them is 0 */
            break;
    }
    while (at < count && units[at] != unit)
        at++;
    return at;
}

static bool holds(const struct listed_word *word, const uint16_t *units, uint32_t count) {
    bool has_case = word->units[0] < 0x80;

    for (uint32_t at = 0; at + word->unit_count <= count; at++) {
        uint32_t same = 0;

        if (!has_case)
            at = next_unit(units, at, count, word->units[0]);
        if (at + word->unit_count > count || lower(units[at]) != word->units[0])
            continue;
        while (same < word->unit_count && lower(units[at + same]) == word->units[same])
            same++;
        if (same == word->unit_count)
            return true;
    }
    return false;
}

/* Letters: one look at the first character tells of nearly every name that it is not the one. */
static bool begins_somewhere(const struct listed_word *word, const uint16_t *units, uint32_t count,
                             bool *has_letters) {
    struct view text = word->word->text;
    bool meets = false;

    for (uint32_t at = 0; at < count && !meets;) {
        uint32_t end = at;

        while (end < count && units[end] != '\n') {
            *has_letters |= (uint16_t)(lower(units[end]) - 'a') < 26u;
            end++;
        }
        meets = end > at && pinyin_may_begin(units[at], text.data[0]) &&
                pinyin_begins(units + at, end - at, text);
        at = end + 1;
    }
    return meets;
}

bool listed_name_meets(const struct listed_word *word, const uint16_t *units, uint32_t count) {
    bool has_letters = false;

    if (word->unit_count == 0)
        return false;
    if (!word->is_letters)
        return holds(word, units, count);
    return begins_somewhere(word, units, count, &has_letters) ||
           (has_letters && holds(word, units, count));
}

bool listed_in_areas(uint64_t area, const uint64_t *areas, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct area_range range = area_range_of(areas[i]);

        if (area >= range.low && area <= range.high)
            return true;
    }
    return false;
}

void listed_key(const struct record_query *query, uint64_t area, uint64_t created, uint64_t changed,
                uint64_t code, uint64_t key[3]) {
    uint64_t turn = query->descending ? UINT64_MAX : 0;

    switch (query->order) {
    case RECORDS_BY_CHANGED:
        key[0] = changed;
        key[1] = key[2] = 0;
        break;
    case RECORDS_BY_CREATED:
        key[0] = created;
        key[1] = key[2] = 0;
        break;
    case RECORDS_BY_AREA:
        key[0] = area;
        key[1] = listed_reading(code);
        key[2] = code;
        break;
    case RECORDS_BY_NAME:
        key[0] = listed_reading(code);
        key[1] = code;
        key[2] = 0;
        break;
    }
    for (int i = 0; i < 3; i++)
        key[i] ^= turn;
}

int listed_compare(const struct record_query *query, const struct record_cursor *left,
                   const struct record_cursor *right) {
    for (int i = 0; i < 3; i++)
        if (left->key[i] != right->key[i])
            return left->key[i] < right->key[i] ? -1 : 1;
    return query->descending ? dot_compare(right->record, left->record)
                             : dot_compare(left->record, right->record);
}
