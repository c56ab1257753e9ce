/* census.c: see census.h. */
#include "tests/sim/census.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_name(const char *word, size_t size) {
    static const char *const names[] = {"wang", "zhang", "li", "zhao", "guest#", "clone#", "new#"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (size == strlen(names[i]) && memcmp(word, names[i], size) == 0)
            return true;
    return false;
}

/* Of a change or record: digits of the actor and a number, as in "04af-12". */
static size_t id_bytes(const char *text) {
    size_t size = 0;

    while (size < 16 && isxdigit((unsigned char)text[size]))
        size++;
    if (size < 4 || text[size++] != '-' || !isdigit((unsigned char)text[size]))
        return 0;
    while (isdigit((unsigned char)text[size]))
        size++;
    return size;
}

/* Numbers and ids become "#", people and tablets "T". */
static void kind_of(const char *line, char out[CENSUS_TEXT_BYTES]) {
    size_t size = 0, word = 0; /* where the word at hand begins in out */

    while (size + 2 < CENSUS_TEXT_BYTES) {
        size_t id = word == size ? id_bytes(line) : 0;

        if (id > 0 || isdigit((unsigned char)*line)) {
            line += id;
            while (isdigit((unsigned char)*line) ||
                   (*line == '.' && isdigit((unsigned char)line[1])))
                line++;
            out[size++] = '#';
            continue;
        }
        if (isalpha((unsigned char)*line)) {
            out[size++] = *line++;
            continue;
        }
        if (is_name(out + word, size - word)) {
            size = word;
            out[size++] = 'T';
        }
        if (*line == '\0')
            break;
        out[size++] = *line++;
        word = size;
    }
    out[size] = '\0';
}

static struct census_row *find_row(struct census *census, const char *what) {
    for (uint32_t i = 0; i < census->count; i++)
        if (strcmp(census->rows[i].what, what) == 0)
            return &census->rows[i];
    if (census->count == CENSUS_ROWS)
        return NULL;
    census->rows[census->count] = (struct census_row){.times = 0};
    memcpy(census->rows[census->count].what, what, strlen(what) + 1);
    return &census->rows[census->count++];
}

void census_line(struct census *census, uint64_t seed, const char *line) {
    char what[CENSUS_TEXT_BYTES];
    struct census_row *row;

    kind_of(line, what);
    row = find_row(census, what);
    if (row == NULL) {
        census->left_out++;
        return;
    }
    row->times++;
    row->worlds += row->worlds == 0 || row->seed != seed;
    row->seed = seed;
}

void census_join(struct census *into, const struct census *from) {
    for (uint32_t i = 0; i < from->count; i++) {
        struct census_row *row = find_row(into, from->rows[i].what);

        if (row == NULL) {
            into->left_out += from->rows[i].times;
            continue;
        }
        row->times += from->rows[i].times;
        row->worlds += from->rows[i].worlds;
        row->seed = from->rows[i].seed;
    }
    into->left_out += from->left_out;
}

static int by_text(const void *left, const void *right) {
    return strcmp(((const struct census_row *)left)->what,
                  ((const struct census_row *)right)->what);
}

void census_print(struct census *census, const char *lead) {
    qsort(census->rows, census->count, sizeof(census->rows[0]), by_text);
    printf("%s%8s %7s %8s\n", lead, "times", "worlds", "seed");
    for (uint32_t i = 0; i < census->count; i++)
        printf("%s%8llu %7llu %8llu  %s\n", lead, (unsigned long long)census->rows[i].times,
               (unsigned long long)census->rows[i].worlds, (unsigned long long)census->rows[i].seed,
               census->rows[i].what);
    if (census->left_out > 0)
        printf("%s%llu lines had no room\n", lead, (unsigned long long)census->left_out);
}
