/* sqlite_words.c: which records meet the words of a question, by their names and tails.
 *
 * Millions of names are looked at, and nearly none is meant. So the words become one table: for
 * each unit of UTF-16, of which words it can be the first one that matters and of which the second.
 * One walk over the units of a record then tells for all words at once which of them two units that
 * stand side by side allow: at the beginning of a name for letters, anywhere for other words. For
 * most words that is the answer; for the others the names are compared (listed_name_meets).
 *
 * Latin letters, and the dot in the names of minorities, are read by rules of their own: records
 * with such names are compared in any case. */
#include "syncd/store/sqlite_finding.h"

#include "base/pinyin.h"

#include <stdlib.h>

#define UNITS        0x10000u
#define WORD_BITS    0x3fu
#define LINE_END     0x40u
#define IRREGULAR    0x80u
#define SECOND_SHIFT 8
#define DOT          0xb7u

/* --- the table --- */

static bool is_letter(uint32_t unit) {
    return (unit >= 'a' && unit <= 'z') || (unit >= 'A' && unit <= 'Z');
}

static void allow(uint16_t *table, uint16_t unit, unsigned bit) {
    table[unit] |= (uint16_t)(1u << bit);
    if (unit >= 'a' && unit <= 'z')
        table[unit - 32] |= (uint16_t)(1u << bit);
}

static void allow_all(uint16_t *table, unsigned bit) {
    for (uint32_t unit = 0; unit < UNITS; unit++)
        table[unit] |= (uint16_t)(1u << bit);
}

static void add_text(struct word_scan *scan, const struct listed_word *word, unsigned w) {
    scan->inside |= (uint8_t)(1u << w);
    allow(scan->units, word->units[0], w);
    if (word->unit_count > 1)
        allow(scan->units, word->units[1], w + SECOND_SHIFT);
    else
        allow_all(scan->units, w + SECOND_SHIFT);
    if (word->unit_count <= 2)
        scan->exact |= (uint8_t)(1u << w);
}

static void add_letters(struct word_scan *scan, const struct listed_word *word, unsigned w) {
    struct view text = word->word->text;
    bool alone;
    uint32_t first = UINT32_C(1) << (text.data[0] - 'a'), second = pinyin_second(text, &alone);

    scan->letters |= (uint8_t)(1u << w);
    for (uint32_t unit = PINYIN_FIRST; unit <= PINYIN_LAST; unit++) {
        uint32_t initials = pinyin_letters[unit - PINYIN_FIRST];

        scan->units[unit] |= (uint16_t)((initials & first) != 0 ? 1u << w : 0);
        scan->units[unit] |= (uint16_t)((initials & second) != 0 ? 1u << (w + SECOND_SHIFT) : 0);
    }
    if (alone)
        allow_all(scan->units, w + SECOND_SHIFT);
    /* One letter, or two that are initials and nothing else. */
    if (text.size == 1 ||
        (text.size == 2 && !alone && second == UINT32_C(1) << (text.data[1] - 'a')))
        scan->exact |= (uint8_t)(1u << w);
}

enum rc words_prepare(struct finding *finding, struct err *err) {
    struct word_scan *scan = &finding->scan;

    scan->units = calloc(UNITS, sizeof(*scan->units));
    if (scan->units == NULL)
        return err_set(err, RC_NO_MEMORY, "store: out of memory");
    scan->units['\n'] = LINE_END;
    for (uint32_t unit = 0; unit <= DOT; unit++)
        if (is_letter(unit) || unit == DOT)
            scan->units[unit] |= IRREGULAR;
    for (unsigned w = 0; w < finding->word_count; w++) {
        const struct listed_word *word = &finding->words[w];

        if (word->word->has_tail)
            scan->tails |= (uint8_t)(1u << w);
        if (word->unit_count > 0 && word->is_letters)
            add_letters(scan, word, w);
        else if (word->unit_count > 0)
            add_text(scan, word, w);
    }
    return RC_OK;
}

/* --- records --- */

static uint32_t unit_at(const uint8_t *units, uint32_t at) {
    return (uint32_t)units[2 * at] | (uint32_t)units[2 * at + 1] << 8;
}

/* Bits of words that the names may meet. Without branches: what comes next is never known. */
static uint32_t scan_names(const struct word_scan *scan, const uint8_t *units, uint32_t count) {
    const uint32_t letters = scan->letters, inside = scan->inside;
    uint32_t begins = inside | letters, open = 0, hit = 0, seen = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t unit = scan->units[unit_at(units, i)];

        hit |= open & unit >> SECOND_SHIFT;
        open = unit & begins;
        seen |= unit;
        begins = inside | ((0u - (unit / LINE_END & 1u)) & letters);
    }
    hit |= open & (uint32_t)scan->units['\n'] >> SECOND_SHIFT;
    return (hit & WORD_BITS) | ((seen & IRREGULAR) != 0 && count > 0 ? letters | IRREGULAR : 0);
}

static uint8_t tails_meet(const struct finding *finding, const uint8_t *tails, uint32_t count) {
    uint8_t bits = 0;

    for (uint32_t w = 0; w < finding->word_count; w++)
        for (uint32_t i = 0; i < count && (finding->scan.tails & 1u << w) != 0; i++)
            if ((unit_at(tails, 2 * i) | unit_at(tails, 2 * i + 1) << 16) ==
                finding->words[w].word->tail)
                bits |= (uint8_t)(1u << w);
    return bits;
}

static uint8_t names_meet(const struct finding *finding, const uint8_t *units, uint32_t count,
                          uint8_t unsure) {
    uint16_t names[LISTED_UNITS_MAX];
    uint8_t bits = 0;

    for (uint32_t i = 0; i < count; i++)
        names[i] = (uint16_t)unit_at(units, i);
    for (uint32_t w = 0; w < finding->word_count; w++)
        if ((unsure & 1u << w) != 0 && listed_name_meets(&finding->words[w], names, count))
            bits |= (uint8_t)(1u << w);
    return bits;
}

/* reached: words that an area of the record may meet as well. */
static uint8_t words_of(const struct finding *finding, const uint8_t *tails, uint32_t tail_count,
                        const uint8_t *units, uint32_t count, uint8_t reached) {
    uint32_t maybe = scan_names(&finding->scan, units, count);
    uint8_t sure = (uint8_t)(maybe & finding->scan.exact);

    /* What was found by two units is sure; what letters may mean is not. */
    if ((maybe & IRREGULAR) != 0)
        sure &= finding->scan.inside;
    maybe &= WORD_BITS;
    if (tail_count > 0 && finding->scan.tails != 0)
        sure |= tails_meet(finding, tails, tail_count);
    maybe &= ~(uint32_t)sure;
    if (((maybe | sure | reached) & finding->wanted) != finding->wanted)
        return 0;
    return maybe == 0 ? sure : sure | names_meet(finding, units, count, (uint8_t)maybe);
}

enum rc words_mark(struct finding *finding, int64_t block, struct view words, struct err *err) {
    const uint8_t *at = words.data, *end = words.data + words.size;
    int64_t row = block * WORD_ROWS;
    uint8_t reached = finding_reached(finding, row / LINE_ROWS);

    for (uint32_t i = 0; i < WORD_ROWS && at < end && row < finding->rows; i++, row++) {
        uint32_t tails = at[0], count;
        const uint8_t *units = at + 1 + 4 * (size_t)tails;

        if (end - at < 3 + 4 * (ptrdiff_t)tails)
            return err_set(err, RC_CORRUPT, "store: a block of the list is damaged");
        count = unit_at(units, 0);
        units += 2;
        if (count > LISTED_UNITS_MAX || end - units < 2 * (ptrdiff_t)count)
            return err_set(err, RC_CORRUPT, "store: a block of the list is damaged");
        if (count > 0 || tails > 0)
            finding->marks[row] |= words_of(finding, at + 1, tails, units, count, reached);
        at = units + 2 * (size_t)count;
    }
    return RC_OK;
}
