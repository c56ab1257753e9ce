/* embed_pinyin.c: makes the table of readings of Han characters; runs at build time on the building
 * machine.
 *
 *     embed_pinyin list                       writes every character of the block, one a line
 *     embed_pinyin FURTHER TABLE.c < READ     READ: their readings in the same order, one a line
 *
 * In between stands ICU's uconv, which knows the commonest reading of each. FURTHER
 * (base/pinyin.tsv) has further ones: of surnames, and of characters that are read in several ways.
 * Lines that are not one syllable of a to z (a character without a reading stays what it is) give
 * none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST         0x4e00u
#define LAST          0x9fffu
#define COUNT         (LAST - FIRST + 1u)
#define SYLLABLES_MAX 1000u
#define FURTHER_MAX   1000u
#define LINE_BYTES    256u

static char syllables[SYLLABLES_MAX][8];
static unsigned syllable_count;
static char readings[COUNT][8];
static struct further {
    unsigned character;
    char reading[8];
} further[FURTHER_MAX];
static unsigned further_count;

static void fail(const char *what, unsigned line) {
    fprintf(stderr, "embed_pinyin: line %u: %s\n", line, what);
    exit(1);
}

static void list(void) {
    for (unsigned c = FIRST; c <= LAST; c++)
        printf("%c%c%c\n", (int)(0xe0 | c >> 12), (int)(0x80 | (c >> 6 & 0x3f)),
               (int)(0x80 | (c & 0x3f)));
}

static int is_syllable(const char *text) {
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz");

    return text[size] == '\0' && size > 0 && size < 7;
}

static int by_text(const void *left, const void *right) {
    return strcmp(left, right);
}

static int by_character(const void *left, const void *right) {
    const struct further *a = left, *b = right;

    if (a->character != b->character)
        return a->character < b->character ? -1 : 1;
    return strcmp(a->reading, b->reading);
}

/* The number of a syllable, from 1; in the order of the alphabet once they are sorted. */
static unsigned number_of(const char *text) {
    const char *found = bsearch(text, syllables, syllable_count, sizeof(syllables[0]), by_text);

    return found == NULL ? 0 : (unsigned)((found - syllables[0]) / 8) + 1;
}

static void add_syllable(const char *text) {
    for (unsigned i = 0; i < syllable_count; i++)
        if (strcmp(syllables[i], text) == 0)
            return;
    if (syllable_count == SYLLABLES_MAX)
        fail("too many syllables", 0);
    memcpy(syllables[syllable_count++], text, strlen(text) + 1);
}

static int read_line(FILE *file, char line[LINE_BYTES]) {
    if (fgets(line, LINE_BYTES, file) == NULL)
        return 0;
    line[strcspn(line, "\r\n")] = '\0';
    return 1;
}

static unsigned decode(const unsigned char *text) {
    if ((text[0] & 0xf0) != 0xe0 || (text[1] & 0xc0) != 0x80 || (text[2] & 0xc0) != 0x80)
        return 0;
    return (unsigned)(text[0] & 0x0f) << 12 | (unsigned)(text[1] & 0x3f) << 6 | (text[2] & 0x3f);
}

/* "character<TAB>reading reading ...": further ones than ICU's. */
static void read_further(const char *path) {
    FILE *file = fopen(path, "r");
    char line[LINE_BYTES];

    if (file == NULL)
        fail(path, 0);
    for (unsigned number = 1; read_line(file, line); number++) {
        unsigned character = decode((const unsigned char *)line);

        if (line[0] == '#' || line[0] == '\0')
            continue;
        if (character < FIRST || character > LAST || line[3] != '\t')
            fail("not a character, a tab and readings", number);
        for (char *word = line + 4; *word != '\0';) {
            size_t size = strcspn(word, " ");
            char *next = word + size + (word[size] == ' ');

            word[size] = '\0';
            if (!is_syllable(word) || further_count == FURTHER_MAX)
                fail("not a syllable, or too many", number);
            further[further_count].character = character;
            memcpy(further[further_count++].reading, word, size + 1);
            word = next;
        }
    }
    fclose(file);
}

static void read_readings(void) {
    char line[LINE_BYTES];
    unsigned known = 0;

    for (unsigned i = 0; i < COUNT; i++) {
        if (!read_line(stdin, line))
            fail("the readings end too early; is ICU's uconv there?", i + 1);
        if (!is_syllable(line))
            continue;
        memcpy(readings[i], line, strlen(line) + 1);
        known++;
    }
    if (known < 20000)
        fail("fewer than 20,000 characters have a reading; is ICU's uconv there?", known);
}

/* The first letters of all its readings, a bit each. */
static unsigned long letters_of(unsigned index) {
    unsigned long letters =
        readings[index][0] == '\0' ? 0 : 1ul << (unsigned)(readings[index][0] - 'a');

    for (unsigned i = 0; i < further_count; i++)
        if (further[i].character == FIRST + index)
            letters |= 1ul << (unsigned)(further[i].reading[0] - 'a');
    return letters;
}

static void write_table(FILE *out) {
    fputs("/* made by base/embed_pinyin.c */\n#include \"base/pinyin.h\"\n\n", out);
    fputs("const char *const pinyin_syllables[] = {\n    \"\",\n", out);
    for (unsigned i = 0; i < syllable_count; i++)
        fprintf(out, "    \"%s\",\n", syllables[i]);
    fprintf(out, "};\nconst size_t pinyin_syllable_count = %u;\n", syllable_count + 1);
    fputs("const uint16_t pinyin_first[] = {", out);
    for (unsigned i = 0; i < COUNT; i++)
        fprintf(out, "%s%u,", i % 16 == 0 ? "\n    " : " ", number_of(readings[i]));
    fputs("\n};\nconst uint32_t pinyin_letters[] = {", out);
    for (unsigned i = 0; i < COUNT; i++)
        fprintf(out, "%s0x%lx,", i % 8 == 0 ? "\n    " : " ", letters_of(i));
    fputs("\n};\nconst struct pinyin_further pinyin_further[] = {\n", out);
    for (unsigned i = 0; i < further_count; i++)
        fprintf(out, "    {0x%x, %u},\n", further[i].character, number_of(further[i].reading));
    fprintf(out, "};\nconst size_t pinyin_further_count = %u;\n", further_count);
}

int main(int argc, char **argv) {
    FILE *out;

    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        list();
        return 0;
    }
    if (argc != 3) {
        fprintf(stderr, "usage: embed_pinyin list | embed_pinyin FURTHER TABLE.c\n");
        return 2;
    }
    read_further(argv[1]);
    read_readings();
    for (unsigned i = 0; i < COUNT; i++)
        if (readings[i][0] != '\0')
            add_syllable(readings[i]);
    for (unsigned i = 0; i < further_count; i++)
        add_syllable(further[i].reading);
    qsort(syllables, syllable_count, sizeof(syllables[0]), by_text);
    qsort(further, further_count, sizeof(further[0]), by_character);
    out = fopen(argv[2], "w");
    if (out == NULL)
        fail(argv[2], 0);
    write_table(out);
    return fclose(out) == 0 ? 0 : 1;
}
