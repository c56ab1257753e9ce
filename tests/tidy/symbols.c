/* symbols.c: the rules that only objects show.
 *
 * The listing comes from `nm -A -f sysv`; its lines look like
 *
 *   build/obj/release/base/err.o:err_init  |0000000000000000|   T  |   FUNC|00000040|   |.text
 *
 * A symbol that an object needs (class U) is looked up among those that the other objects define:
 * a declaration written by hand in a .c file gets around every include rule, but not around this.
 * What no object defines comes from a library; schema/ may only have the few functions below. */
#include <stdlib.h>
#include <string.h>

#include "tests/tidy/tidy.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct symbol {
    char file[200]; /* "base/err.c" */
    char name[128];
    char class;
    char section[48];
};

/* Everything that schema/ may ask of the C library: bytes in, verdict out. The names with
 * underscores are what the compiler makes of the plain ones. */
static const char *const pure[] = {
    "memcpy",
    "memmove",
    "memset",
    "memcmp",
    "memchr",
    "memrchr",
    "memmem",
    "strlen",
    "strnlen",
    "strcmp",
    "strncmp",
    "strchr",
    "strrchr",
    "strstr",
    "strspn",
    "strcspn",
    "strpbrk",
    "bsearch",
    "qsort",
    "qsort_r",
    "snprintf",
    "vsnprintf",
    "strtol",
    "strtoul",
    "strtoll",
    "strtoull",
    "strtod",
    "fabs",
    "floor",
    "ceil",
    "trunc",
    "round",
    "llround",
    "lround",
    "rint",
    "nearbyint",
    "fmod",
    "pow",
    "sqrt",
    "exp",
    "exp10",
    "log",
    "log10",
    "log2",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "atan2",
    "hypot",
    "cbrt",
    "ldexp",
    "frexp",
    "modf",
    "abs",
    "__assert_fail",
    "__errno_location",
    "__ctype_b_loc",
    "__stack_chk_fail",
    "__divti3", /* division of 128 bits, by the compiler */
    "__snprintf_chk",
    "__vsnprintf_chk",
    "__memcpy_chk",
    "__memmove_chk",
    "__memset_chk",
    "__isoc99_sscanf",
    "_GLOBAL_OFFSET_TABLE_",
};

/* Variables that must be, each with its reason. */
static const struct {
    const char *file, *name, *reason;
} allowed_state[] = {
    {"", "", "none so far"},
};

static void trimmed(char *to, size_t room, const char *from, size_t length) {
    while (length > 0 && *from == ' ')
        from++, length--;
    while (length > 0 && from[length - 1] == ' ')
        length--;
    if (length >= room)
        length = room - 1;
    memcpy(to, from, length);
    to[length] = '\0';
}

static bool parse(const char *line, size_t length, struct symbol *symbol) {
    char copy[1024];
    if (length >= sizeof(copy))
        return false;
    memcpy(copy, line, length);
    copy[length] = '\0';
    const char *file = strstr(copy, "obj/");
    const char *object = strstr(copy, ".o:");
    if (!file || !object)
        return false;
    file += 4;
    file += strcspn(file, "/") + 1; /* the flavour */
    const char *name = object + 3;
    const char *field = name;
    const char *fields[7];
    for (size_t i = 0; i < COUNT(fields); i++) {
        fields[i] = field;
        field = strchr(field, '|');
        if (!field && i + 1 < COUNT(fields))
            return false;
        if (field)
            field++;
    }
    if (file >= object)
        return false;
    (void)snprintf(symbol->file, sizeof(symbol->file), "%.*s.c", (int)(object - file), file);
    trimmed(symbol->name, sizeof(symbol->name), name, (size_t)(fields[1] - name) - 1);
    char class[8];
    trimmed(class, sizeof(class), fields[2], (size_t)(fields[3] - fields[2]) - 1);
    symbol->class = class[0];
    trimmed(symbol->section, sizeof(symbol->section), fields[6], strlen(fields[6]));
    return true;
}

static int by_name(const void *left, const void *right) {
    return strcmp(((const struct symbol *)left)->name, ((const struct symbol *)right)->name);
}

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

static bool is_pure(const char *name) {
    for (size_t i = 0; i < COUNT(pure); i++)
        if (strcmp(name, pure[i]) == 0)
            return true;
    return false;
}

static void check_state(struct tidy *tidy, const struct symbol *symbol) {
    const char *section = symbol->section;
    bool writable = symbol->class == 'C' || begins(section, ".bss") || begins(section, ".tbss") ||
                    begins(section, ".tdata") ||
                    (begins(section, ".data") && !begins(section, ".data.rel.ro"));
    size_t length = strlen(symbol->file);
    if (!writable || (length > 7 && strcmp(symbol->file + length - 7, "/main.c") == 0))
        return;
    for (size_t i = 0; i < COUNT(allowed_state); i++)
        if (strcmp(symbol->file, allowed_state[i].file) == 0 &&
            strcmp(symbol->name, allowed_state[i].name) == 0)
            return;
    char word[128]; /* a static inside a function is called name.0 */
    trimmed(word, sizeof(word), symbol->name, strcspn(symbol->name, "."));
    tidy_report(tidy, TIDY_STATE, symbol->file, tidy_line_of(tidy_find(tidy, symbol->file), word),
                "%s is a mutable variable", word);
}

static void check_use(struct tidy *tidy, const struct symbol *user, const struct symbol *owner) {
    int line = tidy_line_of(tidy_find(tidy, user->file), user->name);
    if (!owner) {
        if (tidy_floor(user->file) == 1 && !is_pure(user->name))
            tidy_report(tidy, TIDY_PURE, user->file, line, "may not call %s", user->name);
    } else if (tidy_floor(user->file) >= 0 && !tidy_may_use(user->file, owner->file)) {
        tidy_report(tidy, TIDY_FLOOR, user->file, line, "may not use %s of %s", user->name,
                    owner->file);
    } else if (tidy_floor(user->file) == 1 && tidy_is_machine(owner->file)) {
        tidy_report(tidy, TIDY_PURE, user->file, line, "may not use %s of %s", user->name,
                    owner->file);
    }
}

void tidy_check_symbols(struct tidy *tidy, const char *listing) {
    size_t lines = 1, count = 0, defined = 0;
    for (const char *c = listing; *c; c++)
        lines += *c == '\n';
    struct symbol *symbols = calloc(lines, sizeof(*symbols));
    struct symbol *owners = calloc(lines, sizeof(*owners));
    if (!symbols || !owners) {
        fprintf(stderr, "tidy: out of memory\n");
        exit(3);
    }
    for (const char *line = listing; *line;) {
        size_t length = strcspn(line, "\n");
        if (parse(line, length, &symbols[count])) {
            char class = symbols[count].class;
            if (class >= 'A' && class <= 'Z' && class != 'U' && class != 'W')
                owners[defined++] = symbols[count];
            count++;
        }
        line += length + (line[length] == '\n');
    }
    qsort(owners, defined, sizeof(*owners), by_name);
    for (size_t i = 0; i < count; i++) {
        const struct symbol *symbol = &symbols[i];
        if (symbol->class == 'U')
            check_use(tidy, symbol, bsearch(symbol, owners, defined, sizeof(*owners), by_name));
        else
            check_state(tidy, symbol);
    }
    free(symbols);
    free(owners);
}
