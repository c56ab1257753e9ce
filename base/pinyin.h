/* pinyin.h: how Han characters are read, for whoever searches by the letters of a name (wf, wangf,
 * wangfang for 王芳) and for lists in the order of the alphabet. Syllables without tones; ü is
 * written v, and u finds it too.
 *
 * The table is made at build time from ICU's readings and base/pinyin.tsv (base/embed_pinyin.c). It
 * has the 20,992 characters of Unicode's first Han block; others have no reading. */
#ifndef YG_BASE_PINYIN_H
#define YG_BASE_PINYIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define PINYIN_FIRST        0x4e00u
#define PINYIN_LAST         0x9fffu
#define PINYIN_READINGS_MAX 8u

/* The generated table. pinyin_first has the number of the commonest reading, 0 for none; numbers
 * are in the order of the alphabet. */
struct pinyin_further {
    uint16_t character;
    uint16_t syllable;
};
extern const char *const pinyin_syllables[];
extern const size_t pinyin_syllable_count;
extern const uint16_t pinyin_first[];
extern const uint32_t pinyin_letters[]; /* the first letters of all readings, a bit each */
extern const struct pinyin_further pinyin_further[]; /* sorted by character */
extern const size_t pinyin_further_count;

/* The readings of a character, the commonest first; returns how many there are. */
size_t pinyin_readings(uint32_t character, const char *out[PINYIN_READINGS_MAX]);

/* Where a UTF-16 unit stands among others: ASCII (letters without case), then Han characters by
 * their commonest reading, then the rest. Never 0. */
uint16_t pinyin_rank(uint16_t unit);

/* Whether a name, as UTF-16 units, begins as these lower-case letters say: each character by one of
 * its readings, by the beginning of the last one, or by its initial alone; Latin letters by
 * themselves. The word is not empty. */
bool pinyin_begins(const uint16_t *name, size_t count, struct view word);

/* Of names that begin so: the letters, a bit each, with which their second character may begin (any
 * that is not a Han character may stand there as well). *alone: the first may be all that is said.
 * What is not in the answer is certain. */
uint32_t pinyin_second(struct view word, bool *alone);

/* Whether a name that begins with this unit can begin with this letter; false is certain. */
static inline bool pinyin_may_begin(uint16_t unit, uint8_t letter) {
    if (unit < PINYIN_FIRST || unit > PINYIN_LAST || letter < 'a' || letter > 'z')
        return true;
    return (pinyin_letters[unit - PINYIN_FIRST] & UINT32_C(1) << (letter - 'a')) != 0;
}

#endif
