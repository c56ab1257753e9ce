/* pinyin.c: see pinyin.h. A search looks at millions of names, so what cannot match is left after
 * one look at the first letter. */
#include "base/pinyin.h"

#include <string.h>

#define RANK_HAN   0x1000u
#define RANK_OTHER 0xf000u

static bool is_han(uint32_t character) {
    return character >= PINYIN_FIRST && character <= PINYIN_LAST;
}

static size_t further_at(uint32_t character) {
    size_t low = 0, high = pinyin_further_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (pinyin_further[middle].character < character)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t pinyin_readings(uint32_t character, const char *out[PINYIN_READINGS_MAX]) {
    uint16_t first = is_han(character) ? pinyin_first[character - PINYIN_FIRST] : 0;
    size_t count = 0;

    if (first != 0)
        out[count++] = pinyin_syllables[first];
    if (!is_han(character))
        return 0;
    for (size_t i = further_at(character);
         i < pinyin_further_count && pinyin_further[i].character == character &&
         count < PINYIN_READINGS_MAX;
         i++)
        if (pinyin_further[i].syllable != first)
            out[count++] = pinyin_syllables[pinyin_further[i].syllable];
    return count;
}

static uint8_t lower(uint32_t character) {
    return (uint8_t)(character >= 'A' && character <= 'Z' ? character + 32 : character);
}

uint16_t pinyin_rank(uint16_t unit) {
    if (unit < 0x80)
        return (uint16_t)(1u + lower(unit));
    if (is_han(unit) && pinyin_first[unit - PINYIN_FIRST] != 0)
        return (uint16_t)(RANK_HAN + pinyin_first[unit - PINYIN_FIRST]);
    return (uint16_t)(RANK_OTHER + (unit >> 4));
}

static bool same_letter(uint8_t known, uint8_t typed) {
    return known == typed || (known == 'v' && typed == 'u');
}

static bool begins(const uint16_t *name, size_t count, const uint8_t *word, size_t size);

static bool reads(const char *reading, const uint16_t *name, size_t count, const uint8_t *word,
                  size_t size) {
    size_t same = 0;

    while (same < size && reading[same] != '\0' && same_letter((uint8_t)reading[same], word[same]))
        same++;
    if (same == 0)
        return false;
    if (same == size ||
        (reading[same] == '\0' && begins(name + 1, count - 1, word + same, size - same)))
        return true;
    return begins(name + 1, count - 1, word + 1, size - 1); /* by its initial */
}

/* As deep as the word is long. */
static bool begins(const uint16_t *name, size_t count, const uint8_t *word, size_t size) {
    uint16_t first;

    if (size == 0)
        return true;
    if (count == 0)
        return false;
    if (name[0] < 0x80) /* Latin letters, and the dot of a minority's name is passed over */
        return lower(name[0]) == word[0] && begins(name + 1, count - 1, word + 1, size - 1);
    if (name[0] == 0xb7)
        return begins(name + 1, count - 1, word, size);
    if (!is_han(name[0]) || !pinyin_may_begin(name[0], word[0]))
        return false;
    first = pinyin_first[name[0] - PINYIN_FIRST];
    if (first != 0 && reads(pinyin_syllables[first], name, count, word, size))
        return true;
    for (size_t i = further_at(name[0]);
         i < pinyin_further_count && pinyin_further[i].character == name[0]; i++)
        if (reads(pinyin_syllables[pinyin_further[i].syllable], name, count, word, size))
            return true;
    return false;
}

bool pinyin_begins(const uint16_t *name, size_t count, struct view word) {
    return begins(name, count, word.data, word.size);
}

uint32_t pinyin_second(struct view word, bool *alone) {
    uint32_t letters = word.size > 1 ? UINT32_C(1) << (word.data[1] - 'a') : 0;

    *alone = word.size == 1;
    for (size_t i = 1; i < pinyin_syllable_count; i++) {
        const char *reading = pinyin_syllables[i];
        size_t same = 0;

        while (same < word.size && reading[same] != '\0' &&
               same_letter((uint8_t)reading[same], word.data[same]))
            same++;
        if (same > 0 && same == word.size)
            *alone = true;
        else if (same > 0 && reading[same] == '\0')
            letters |= UINT32_C(1) << (word.data[same] - 'a');
    }
    return letters;
}
