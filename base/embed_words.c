/* embed_words: turns the word catalogue into a C table; runs at build time on the building machine.
 *
 *     embed_words zh.tsv words_zh.c
 *
 * Input: `english<TAB>chinese` lines, escapes \n \t \" \\, # comments, empty lines. The table is
 * sorted by the bytes of the English side. A malformed line, an empty side or an English side that
 * stands there twice ends the build with file and line. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES_MAX 4096
#define ENTRIES_MAX    8192

struct entry {
    char *english;
    char *chinese;
    unsigned line;
};

static int compare(const void *left, const void *right) {
    return strcmp(((const struct entry *)left)->english, ((const struct entry *)right)->english);
}

/* Undoes the escapes; NULL for an unknown one or an empty text. */
static char *unescape(const char *text) {
    char *out = malloc(strlen(text) + 1);
    size_t size = 0;

    if (out == NULL)
        return NULL;
    for (; *text != '\0'; text++) {
        char c = *text;

        if (c == '\\') {
            text++;
            c = *text == 'n' ? '\n' : *text == 't' ? '\t' : *text;
            if (*text == '\0' || strchr("nt\"\\", *text) == NULL) {
                free(out);
                return NULL;
            }
        }
        out[size++] = c;
    }
    out[size] = '\0';
    if (size == 0) {
        free(out);
        return NULL;
    }
    return out;
}

static void write_literal(FILE *out, const char *text) {
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            fputs("\\n", out);
        else if (*text == '\t')
            fputs("\\t", out);
        else if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
    fputc('"', out);
}

static bool read_catalogue(const char *path, FILE *in, struct entry *entries, size_t *count) {
    char line[LINE_BYTES_MAX];
    unsigned number = 0;

    while (fgets(line, sizeof(line), in) != NULL) {
        size_t length = strlen(line);
        char *tab;

        number++;
        if (length + 1 == sizeof(line) && line[length - 1] != '\n') {
            fprintf(stderr, "%s:%u: the line is too long\n", path, number);
            return false;
        }
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
            line[--length] = '\0';
        if (length == 0 || line[0] == '#')
            continue;
        tab = strchr(line, '\t');
        if (tab == NULL || strchr(tab + 1, '\t') != NULL) {
            fprintf(stderr, "%s:%u: expected english<TAB>chinese\n", path, number);
            return false;
        }
        if (*count == ENTRIES_MAX) {
            fprintf(stderr, "%s:%u: more than %d entries\n", path, number, ENTRIES_MAX);
            return false;
        }
        *tab = '\0';
        entries[*count].line = number;
        entries[*count].english = unescape(line);
        entries[*count].chinese = unescape(tab + 1);
        if (entries[*count].english == NULL || entries[*count].chinese == NULL) {
            fprintf(stderr, "%s:%u: an empty side or an unknown escape\n", path, number);
            return false;
        }
        (*count)++;
    }
    return ferror(in) == 0;
}

int main(int argc, char **argv) {
    struct entry entries[ENTRIES_MAX];
    size_t count = 0;
    size_t index;
    FILE *in;
    FILE *out;

    if (argc != 3) {
        fprintf(stderr, "usage: embed_words IN.tsv OUT.c\n");
        return 2;
    }
    in = fopen(argv[1], "r");
    if (in == NULL) {
        perror(argv[1]);
        return 1;
    }
    if (!read_catalogue(argv[1], in, entries, &count)) {
        fprintf(stderr, "%s: not readable as a catalogue\n", argv[1]);
        return 1;
    }
    fclose(in);
    qsort(entries, count, sizeof(entries[0]), compare);
    for (index = 1; index < count; index++) {
        if (compare(&entries[index - 1], &entries[index]) == 0) {
            fprintf(stderr, "%s: lines %u and %u have the same English side\n", argv[1],
                    entries[index - 1].line, entries[index].line);
            return 1;
        }
    }
    out = fopen(argv[2], "w");
    if (out == NULL) {
        perror(argv[2]);
        return 1;
    }
    fprintf(out, "/* Made by embed_words. Do not edit. */\n#include \"base/words.h\"\n\n"
                 "const struct word words_zh[] = {\n");
    for (index = 0; index < count; index++) {
        fputs("    {", out);
        write_literal(out, entries[index].english);
        fputs(", ", out);
        write_literal(out, entries[index].chinese);
        fputs("},\n", out);
    }
    /* An empty initialiser is not C11; the last entry is not counted. */
    fprintf(out, "    {\"\", \"\"},\n};\nconst size_t words_zh_count = %zu;\n", count);
    if (ferror(out) != 0 || fclose(out) != 0) {
        perror(argv[2]);
        return 1;
    }
    return 0;
}
