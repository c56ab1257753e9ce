/* tidy.h: the rules of the house as a program.
 *
 * Sources are added one by one or read from a tree; the checks then add findings. Paths are
 * relative to the root of the tree, as in "base/err.h". Everything is owned by struct tidy until
 * tidy_release. Out of memory ends the process: this is a tool of the build. */
#ifndef YG_TESTS_TIDY_TIDY_H
#define YG_TESTS_TIDY_TIDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum tidy_rule {
    TIDY_FLOOR,
    TIDY_ROOM,
    TIDY_PATH,
    TIDY_DOOR,
    TIDY_PURE,
    TIDY_BANNED,
    TIDY_ENTRY,
    TIDY_WORLD,
    TIDY_STATE,
    TIDY_LENGTH,
    TIDY_WIDTH,
    TIDY_TAB,
    TIDY_OPENING,
    TIDY_GUARD,
    TIDY_DEAD,
    TIDY_WORDS,
    TIDY_RULES
};

struct tidy_include {
    int line;
    bool quoted;    /* "x.h", not <x.h> */
    char path[200]; /* what stands between the quotes; cut if longer, and then it matches nothing */
};

struct tidy_file {
    char *path;
    char *text; /* NUL-terminated */
    char *code; /* the text with comments, strings and characters blanked; NULL unless .c or .h */
    struct tidy_include *includes;
    size_t include_count;
};

struct tidy_finding {
    enum tidy_rule rule;
    char text[400]; /* "file:line: rule: what is wrong" */
};

struct tidy {
    struct tidy_file *files;
    size_t file_count;
    struct tidy_finding *findings;
    size_t finding_count;
};

void tidy_init(struct tidy *tidy);
void tidy_release(struct tidy *tidy);

/* One word for a rule ("floor"), and a sentence that states it. */
const char *tidy_rule_name(enum tidy_rule rule);
const char *tidy_rule_sentence(enum tidy_rule rule);

/* Adds one source; path and text are copied. */
void tidy_add(struct tidy *tidy, const char *path, const char *text);

/* Adds all sources of the floors below root. False if the tree cannot be read (errno says why). */
bool tidy_load(struct tidy *tidy, const char *root);

const struct tidy_file *tidy_find(const struct tidy *tidy, const char *path);

/* 0 base, 1 schema, 2 agent and syncd, 3 tests; -1 elsewhere. */
int tidy_floor(const char *path);

/* May code in `from` use code in `to`? Only direction; rooms are another question. */
bool tidy_may_use(const char *from, const char *to);

/* Is it a module of base/ that touches clock, disk, network or log, so that schema/ keeps off? */
bool tidy_is_machine(const char *path);

/* The programs of the build (base/embed.c and its like): they have a main of their own. */
bool tidy_is_host_tool(const char *path);

/* The first line of code in which the word stands, 1 if it stands nowhere. */
int tidy_line_of(const struct tidy_file *file, const char *word);

void tidy_report(struct tidy *tidy, enum tidy_rule rule, const char *path, int line,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The rules that the sources show. */
void tidy_check_sources(struct tidy *tidy);

/* The rule of the catalogue: what people read stands in base/words/zh.tsv, and nothing else. */
void tidy_check_words(struct tidy *tidy);

/* The rules that only objects show, from the output of `nm -A -f sysv OBJECT...`: hidden state,
 * and who really calls whom. Object names end in obj/FLAVOUR/FILE.o. */
void tidy_check_symbols(struct tidy *tidy, const char *listing);

#endif
