/* words.c: the rule that everything people read stands in the catalogue, and nothing else does.
 *
 * A message is a string literal at a certain argument of a few functions (the table below), the
 * help of an option or command, or the summary of a program. Each must be the English side of a
 * line of base/words/zh.tsv. The other way round, each English side must be some literal of the
 * programs, written anywhere: many reach words() through a table. Literals that stand side by side
 * are one, as for the compiler. A macro between them hides a part from the catalogue, so messages
 * hold none: a number is cast to unsigned long long instead of printed with PRIu64. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tidy/tidy.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char catalogue_path[] = "base/words/zh.tsv";

enum { LITERAL_BYTES = 2048 };

/* Who passes a literal to words(), and at which argument, from 1. */
static const struct {
    const char *name;
    int argument;
} speakers[] = {
    {"err_set", 3},         {"err_prefix", 2},        {"command_say", 2}, {"command_progress", 2},
    {"words", 2},           {"command_secret", 2},    {"buf_check", 2},   {"arena_check", 2},
    {"reader_check", 2},    {"file_fail", 1},         {"finding_add", 6}, {"scan_limit", 2},
    {"face_new_secret", 2}, {"columns_add_words", 3}, {"tls_fail", 1},    {"bad", 2},
    {"bad_at", 3},          {"text_row", 3},          {"number_row", 3},  {"time_row", 3},
    {"head_row", 3},        {"array_grow", 5},        {"WORD", 1},        {"FINDING", 4},
    {"WRONG_ENTITY", 4},    {"WRONG_PARAMETER", 2},
};

/* --- literals --- */

struct literal {
    char text[LITERAL_BYTES]; /* as the program sees it; cut if longer */
    size_t end;               /* in the code, behind the last quote */
    bool has_macro;           /* a word stands right beside the quotes */
};

/* One step of a text with the escapes \n \t \\ \" ; others stay as they are. */
static char unescape(const char **text) {
    char c = *(*text)++;
    if (c != '\\' || **text == '\0')
        return c;
    c = *(*text)++;
    return c == 'n' ? '\n' : c == 't' ? '\t' : c;
}

static bool is_word(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

/* Blanks; in a macro also the backslash that continues a line. */
static size_t skip_space(const char *code, size_t at) {
    while (code[at] && strchr(" \n\\", code[at]))
        at++;
    return at;
}

/* The literal whose first quote stands at `at`, with its neighbours. */
static void read_literal(const struct tidy_file *file, size_t at, struct literal *literal) {
    size_t size = 0, before = at;
    while (before > 0 && strchr(" \n\\", file->code[before - 1]))
        before--;
    literal->has_macro = before > 0 && is_word(file->code[before - 1]);
    do {
        size_t close = at + 1 + strcspn(file->code + at + 1, "\"");
        const char *c = file->text + at + 1;
        while (c < file->text + close) {
            char next = unescape(&c);
            if (size < sizeof(literal->text) - 1)
                literal->text[size++] = next;
        }
        literal->end = close + (file->code[close] != '\0');
        at = skip_space(file->code, literal->end);
    } while (file->code[at] == '"');
    literal->text[size] = '\0';
    literal->has_macro = literal->has_macro || is_word(file->code[at]);
}

/* Nothing but conversions, signs and names of options: there is nothing to translate. */
static bool says_nothing(const char *text) {
    while (*text) {
        if (strncmp(text, "--", 2) == 0) {
            text += strspn(text, "-abcdefghijklmnopqrstuvwxyz");
        } else if (*text == '%') {
            text += 1 + strspn(text + 1, "-+ #0123456789.*$hljzt");
            text += *text != '\0';
        } else if (isalpha((unsigned char)*text) || (unsigned char)*text >= 0x80) {
            return false;
        } else {
            text++;
        }
    }
    return true;
}

/* --- the catalogue --- */

struct line {
    char *english;
    int number;
    bool used;
};

struct catalogue {
    struct line *lines; /* sorted by english */
    size_t count;
};

static void *must(void *memory) {
    if (!memory) {
        fprintf(stderr, "tidy: out of memory\n");
        exit(3);
    }
    return memory;
}

static int compare_lines(const void *left, const void *right) {
    return strcmp(((const struct line *)left)->english, ((const struct line *)right)->english);
}

static void read_catalogue(const struct tidy *tidy, struct catalogue *catalogue) {
    const struct tidy_file *file = tidy_find(tidy, catalogue_path);
    int number = 0;
    *catalogue = (struct catalogue){.lines = must(calloc(1, sizeof(struct line)))};
    for (const char *text = file ? file->text : ""; *text; text += *text == '\n') {
        const char *end = text + strcspn(text, "\n");
        const char *tab = text + strcspn(text, "\t\n");
        number++;
        if (*text != '#' && *tab == '\t') {
            char *english = must(malloc((size_t)(tab - text) + 1));
            size_t size = 0;
            while (text < tab)
                english[size++] = unescape(&text);
            english[size] = '\0';
            catalogue->lines =
                must(realloc(catalogue->lines, (catalogue->count + 1) * sizeof(*catalogue->lines)));
            catalogue->lines[catalogue->count++] = (struct line){english, number, false};
        }
        text = end;
    }
    qsort(catalogue->lines, catalogue->count, sizeof(*catalogue->lines), compare_lines);
}

static struct line *find_line(const struct catalogue *catalogue, char *english) {
    struct line key = {.english = english};
    return bsearch(&key, catalogue->lines, catalogue->count, sizeof(key), compare_lines);
}

/* --- who speaks --- */

struct search {
    struct tidy *tidy;
    const struct tidy_file *file;
    const struct catalogue *catalogue;
};

static int line_at(const struct tidy_file *file, size_t at) {
    int line = 1;
    for (size_t i = 0; i < at; i++)
        line += file->text[i] == '\n';
    return line;
}

static void check_message(const struct search *search, size_t at, struct literal *literal) {
    int line = line_at(search->file, at);
    if (literal->has_macro)
        tidy_report(search->tidy, TIDY_WORDS, search->file->path, line,
                    "a macro inside of a message; cast to unsigned long long and print %%llu");
    else if (!says_nothing(literal->text) && !find_line(search->catalogue, literal->text))
        tidy_report(search->tidy, TIDY_WORDS, search->file->path, line, "not in %s: %.120s",
                    catalogue_path, literal->text);
}

/* Behind the bracket that closes the one at `at`. */
static size_t skip_brackets(const char *code, size_t at) {
    int depth = 0;
    for (; code[at]; at++) {
        if (strchr("([{", code[at]))
            depth++;
        else if (strchr(")]}", code[at]) && --depth == 0)
            return at + 1;
        else if (code[at] == '"')
            at += 1 + strcspn(code + at + 1, "\"");
        if (!code[at])
            break;
    }
    return at;
}

/* The literals of one argument of the call whose parenthesis stands at `at`; those inside of
 * further calls are none of ours. */
static void check_call(const struct search *search, size_t at, int wanted) {
    const char *code = search->file->code;
    int argument = 1, depth = 1;
    for (at++; code[at] && depth > 0;) {
        if (code[at] == '"') {
            struct literal literal;
            read_literal(search->file, at, &literal);
            if (argument == wanted)
                check_message(search, at, &literal);
            if (literal.has_macro)
                return; /* what follows is the rest of the same */
            at = literal.end;
        } else if (strchr("([{", code[at]) && is_word(code[at - 1])) {
            at = skip_brackets(code, at);
        } else {
            depth += strchr("([{", code[at]) != NULL;
            depth -= strchr(")]}", code[at]) != NULL;
            argument += depth == 1 && code[at] == ',';
            at++;
        }
    }
}

/* The last literal of the list in brackets at `at` is the help of an option or a command. */
static void check_last(const struct search *search, size_t at) {
    size_t end = skip_brackets(search->file->code, at), last = 0;
    struct literal literal;
    while (at < end) {
        if (search->file->code[at] == '"') {
            read_literal(search->file, at, &literal);
            last = at;
            at = literal.end;
        } else {
            at++;
        }
    }
    if (last == 0)
        return;
    read_literal(search->file, last, &literal);
    check_message(search, last, &literal);
}

/* A table of commands: each element is a list in braces, or in the parentheses of a macro. */
static void check_table(const struct search *search, size_t at) {
    const char *code = search->file->code;
    at += strcspn(code + at, "={;()");
    if (code[at] != '=')
        return;
    at = skip_space(code, at + 1);
    if (code[at] != '{')
        return;
    size_t end = skip_brackets(code, at);
    for (at++; at < end;) {
        if (strchr("({", code[at])) {
            check_last(search, at);
            at = skip_brackets(code, at);
        } else {
            at++;
        }
    }
}

static void check_speakers(const struct search *search) {
    const struct tidy_file *file = search->file;
    const char *code = file->code;
    for (size_t at = 0; code[at];) {
        size_t start = at;
        if (code[at] == '"') {
            at += 1 + strcspn(code + at + 1, "\"");
            at += code[at] != '\0';
            continue;
        }
        if (!is_word(code[at])) {
            /* {"--option", ...}: what stands in a table of options, or in a macro for one. */
            size_t inside = skip_space(code, at + 1);
            if (code[at++] == '{' && strncmp(file->text + inside, "\"--", 3) == 0)
                check_last(search, start);
            continue;
        }
        while (is_word(code[at]))
            at++;
        char word[64] = "";
        if (at - start < sizeof(word))
            memcpy(word, code + start, at - start);
        size_t behind = skip_space(code, at);
        bool member = start > 0 && (code[start - 1] == '.' || code[start - 1] == '>');
        if (strcmp(word, "command_spec") == 0)
            check_table(search, at);
        if (member && strcmp(word, "summary") == 0 && code[behind] == '=')
            check_call(search, behind, 1);
        if (member || code[behind] != '(')
            continue;
        for (size_t i = 0; i < COUNT(speakers); i++)
            if (strcmp(word, speakers[i].name) == 0)
                check_call(search, behind, speakers[i].argument);
    }
}

static void mark_used(const struct search *search) {
    for (size_t at = 0; search->file->code[at];) {
        struct literal literal;
        if (search->file->code[at] != '"') {
            at++;
            continue;
        }
        read_literal(search->file, at, &literal);
        struct line *line = find_line(search->catalogue, literal.text);
        if (line)
            line->used = true;
        at = literal.end;
    }
}

void tidy_check_words(struct tidy *tidy) {
    struct catalogue catalogue;
    read_catalogue(tidy, &catalogue);
    for (size_t i = 0; i < tidy->file_count; i++) {
        struct search search = {tidy, &tidy->files[i], &catalogue};
        int floor = tidy_floor(search.file->path);
        if (!search.file->code || floor < 0 || floor > 2 || tidy_is_host_tool(search.file->path))
            continue;
        check_speakers(&search);
        mark_used(&search);
    }
    for (size_t i = 0; i < catalogue.count; i++) {
        if (!catalogue.lines[i].used)
            tidy_report(tidy, TIDY_WORDS, catalogue_path, catalogue.lines[i].number,
                        "nobody says: %.120s", catalogue.lines[i].english);
        free(catalogue.lines[i].english);
    }
    free(catalogue.lines);
}
