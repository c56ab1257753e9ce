/* text.h: texts and numbers as text. All functions are pure; they work on views and never on
 * locale. Predicates return bool and carry no message, because only the caller knows the place. */
#ifndef YG_BASE_TEXT_H
#define YG_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* ---- UTF-8 ---- */

/* Strict UTF-8: no surrogates, no overlong forms, nothing above U+10FFFF, no U+0000. Characters
 * beyond the basic plane (rare Han of names) are welcome. */
bool utf8_valid(struct view text);

/* Reads one character at *at (which must be below text.size) of any bytes and moves *at behind it.
 * Invalid bytes give UTF8_BAD and move by one. */
#define UTF8_BAD UINT32_MAX
uint32_t utf8_next(struct view text, size_t *at);

/* Writes one character; returns its bytes (1 to 4), 0 if it is not a character. */
size_t utf8_put(uint32_t character, uint8_t out[4]);

/* Number of characters (code points) of valid UTF-8. */
size_t utf8_length(struct view text);

/* The longest prefix of whole characters with at most max_characters (or max_bytes). */
struct view utf8_cut(struct view text, size_t max_characters);
struct view utf8_cut_bytes(struct view text, size_t max_bytes);

/* How many columns of a terminal the text takes: a Han character is as wide as two Latin ones. */
uint32_t text_width(struct view text);

/* ---- cleaning ---- */

/* The next word of a text, parted by blanks and control characters, from *at on, which moves behind
 * it; empty when there is none any more. */
struct view text_word(struct view text, size_t *at);
/* Whether one of them is this word. */
bool text_has_word(struct view text, struct view word);

/* Without ASCII white space and ideographic spaces (U+3000) at both ends. */
struct view text_trim(struct view text);

/* Full-width digits, letters, ．－＋／ and the ideographic space become ASCII; all else stays. out
 * has room for text.size bytes (folding never grows; out may be text's own memory). Returns the
 * bytes written. */
size_t text_fold_width(struct view text, char *out);

/* ASCII only; other bytes stay. In place. */
void text_to_upper(char *text);
void text_to_lower(char *text);

/* ---- numbers ---- */

/* Optional sign ('-' only), decimal digits, nothing else; false when malformed or out of range.
 * No '+', no leading zeros but "0" itself, no "-0": exactly the canonical texts. */
bool parse_i64(struct view text, int64_t *value);
bool parse_u64(struct view text, uint64_t *value);

/* An exact decimal number: mantissa / 10^scale. 123.450 is {123450, 3}: the scale is kept as it
 * was typed. */
struct decimal {
    int64_t mantissa;
    uint8_t scale; /* 0 .. DECIMAL_SCALE_MAX */
};

#define DECIMAL_SCALE_MAX  18u
#define DECIMAL_TEXT_BYTES 24u /* sign, 19 digits, point, leading zero, terminator */

/* "-12.50", "0.5", "7": optional '-', at least one digit before the point, at least one behind it
 * if there is a point. Leading zeros are allowed and dropped. False when malformed, with more than
 * 18 digits behind the point, or when the mantissa does not fit. */
bool decimal_parse(struct view text, struct decimal *decimal);

/* The canonical text with exactly scale digits behind the point. Returns its length. */
size_t decimal_format(struct decimal decimal, char out[DECIMAL_TEXT_BYTES]);

/* Without trailing zeros behind the point; zero has scale 0. */
struct decimal decimal_trim(struct decimal decimal);

/* The same number with another scale; false if it would not be exact or not fit. */
bool decimal_rescale(struct decimal decimal, uint8_t scale, struct decimal *result);

/* <0, 0, >0 by value: 1.0 equals 1.00. */
int decimal_compare(struct decimal left, struct decimal right);

/* ---- bytes as text ---- */

/* Lower-case hexadecimal; out has 2 * bytes.size + 1 bytes and is terminated. */
void hex_encode(struct view bytes, char *out);

/* Exactly size bytes from 2 * size digits of either case; false otherwise. */
bool hex_decode(struct view text, uint8_t *out, size_t size);

#define DOUBLE_TEXT_BYTES 32u

/* The shortest decimal text that reads back as the number: "3", "0.1", "1200000", "1e+30". Returns
 * its length. */
size_t double_format(double number, char out[DOUBLE_TEXT_BYTES]);

/* Crockford's base 32 (no I, L, O, U), for codes that people type. Upper case, most significant bit
 * first, the last digit filled with zero bits. With group > 0 a dash stands after every group
 * digits. out has CROCKFORD_BYTES(size, group) bytes. */
#define CROCKFORD_DIGITS(size) (((size)*8 + 4) / 5)
#define CROCKFORD_BYTES(size, group)                                                               \
    (CROCKFORD_DIGITS(size) + ((group) == 0 ? 0 : CROCKFORD_DIGITS(size) / (group)) + 1)
void crockford_encode(struct view bytes, size_t group, char *out);

/* Exactly size bytes. Either case; I and L read as 1, O as 0; dashes and spaces are ignored; fill
 * bits must be zero. False otherwise. */
bool crockford_decode(struct view text, uint8_t *out, size_t size);

#endif
