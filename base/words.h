/* words.h: the catalogue that turns English literals into Chinese.
 *
 * The key of a message is its English format literal itself, so code reads like prose and a
 * missing translation shows English instead of nothing. The catalogue's source is
 * base/words/zh.tsv: one message a line, `english<TAB>chinese`, with the escapes \n \t \" \\ ;
 * empty lines and lines that start with # are skipped. base/embed_words.c turns it into a sorted
 * table at build time; nothing is allocated or sorted at run time. */
#ifndef YG_BASE_WORDS_H
#define YG_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct word {
    const char *english;
    const char *chinese;
};

/* The generated table, sorted by the bytes of the English side; each English side once. */
extern const struct word words_zh[];
extern const size_t words_zh_count;

/* The text for one language: the Chinese side if lang is LANG_ZH and the catalogue has it,
 * otherwise the English literal itself. Both are valid for ever. Never NULL. */
const char *words(enum lang lang, const char *english) __attribute__((format_arg(2)));

/* Marks a message that stands in a table and reaches words() later, so that `make tidy` asks for
 * its line in the catalogue. */
#define WORD(english) english

/* Whether both formats take the same arguments: the same printf conversions (length and letter) in
 * the same order. The Chinese side may name its arguments by position (%2$s); then it must name
 * each argument at least once, and it may not mix both ways. `*` widths count as arguments. A
 * malformed format agrees with nothing. For tests. */
bool words_agree(const char *english, const char *chinese);

#endif
