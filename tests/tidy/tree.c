/* tree.c: reads the sources and takes them apart as far as the rules need it: which lines include
 * what, and what is code rather than comment or literal. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/tidy/tidy.h"

static void *must(void *memory) {
    if (!memory) {
        fprintf(stderr, "tidy: out of memory\n");
        exit(3);
    }
    return memory;
}

void tidy_init(struct tidy *tidy) {
    *tidy = (struct tidy){0};
}

void tidy_release(struct tidy *tidy) {
    for (size_t i = 0; i < tidy->file_count; i++) {
        free(tidy->files[i].path);
        free(tidy->files[i].text);
        free(tidy->files[i].code);
        free(tidy->files[i].includes);
    }
    free(tidy->files);
    free(tidy->findings);
    *tidy = (struct tidy){0};
}

static bool has_ending(const char *path, const char *ending) {
    size_t length = strlen(path), ending_length = strlen(ending);
    return length > ending_length && strcmp(path + length - ending_length, ending) == 0;
}

/* Comments and the insides of literals become spaces; lines stay where they are. */
static char *blank(const char *text) {
    char *code = must(strdup(text));
    enum { CODE, LINE, BLOCK, STRING, CHARACTER } state = CODE;
    for (char *c = code; *c; c++) {
        char here = *c, next = c[1];
        if (state == CODE) {
            if (here == '/' && (next == '/' || next == '*')) {
                state = next == '/' ? LINE : BLOCK;
                *c++ = ' ';
                *c = ' ';
            } else if (here == '"') {
                state = STRING;
            } else if (here == '\'') {
                state = CHARACTER;
            }
        } else if (state == BLOCK && here == '*' && next == '/') {
            *c++ = ' ';
            *c = ' ';
            state = CODE;
        } else if (here == '\n') {
            if (state != BLOCK)
                state = CODE;
        } else if ((state == STRING && here == '"') || (state == CHARACTER && here == '\'')) {
            state = CODE;
        } else {
            *c = ' ';
            if ((state == STRING || state == CHARACTER) && here == '\\' && next && next != '\n')
                *++c = ' ';
        }
    }
    return code;
}

static void add_include(struct tidy_file *file, int line, const char *rest) {
    rest += strspn(rest, " ");
    if (*rest != '"' && *rest != '<')
        return;
    size_t length = strcspn(rest + 1, *rest == '"' ? "\"\n" : ">\n");
    struct tidy_include include = {.line = line, .quoted = *rest == '"'};
    if (length >= sizeof(include.path))
        length = sizeof(include.path) - 1;
    memcpy(include.path, rest + 1, length);
    include.path[length] = '\0';
    file->includes =
        must(realloc(file->includes, (file->include_count + 1) * sizeof(*file->includes)));
    file->includes[file->include_count++] = include;
}

static void find_includes(struct tidy_file *file) {
    static const char word[] = "#include";
    int line = 1;
    for (const char *c = file->code; *c; line++) {
        const char *start = c + strspn(c, " ");
        if (strncmp(start, word, sizeof(word) - 1) == 0)
            add_include(file, line, file->text + (start - file->code) + sizeof(word) - 1);
        c += strcspn(c, "\n");
        if (*c)
            c++;
    }
}

void tidy_add(struct tidy *tidy, const char *path, const char *text) {
    tidy->files = must(realloc(tidy->files, (tidy->file_count + 1) * sizeof(*tidy->files)));
    struct tidy_file *file = &tidy->files[tidy->file_count++];
    *file = (struct tidy_file){.path = must(strdup(path)), .text = must(strdup(text))};
    if (has_ending(path, ".c") || has_ending(path, ".h")) {
        file->code = blank(text);
        find_includes(file);
    }
}

static bool add_from_disk(struct tidy *tidy, const char *full, const char *path) {
    FILE *stream = fopen(full, "r");
    if (!stream)
        return false;
    char *text = NULL;
    size_t size = 0, room = 0;
    for (;;) {
        if (room - size < 2)
            text = must(realloc(text, room = room ? room * 2 : 16384));
        size_t got = fread(text + size, 1, room - size - 1, stream);
        if (got == 0)
            break;
        size += got;
    }
    bool good = !ferror(stream);
    (void)fclose(stream);
    text[size] = '\0';
    if (good)
        tidy_add(tidy, path, text);
    free(text);
    return good;
}

static bool is_source(const char *name) {
    static const char *const endings[] = {".c",   ".h",   ".js",   ".mjs", ".sh",
                                          ".css", ".sql", ".html", ".tsv"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (has_ending(name, endings[i]))
            return true;
    return false;
}

static bool load_folder(struct tidy *tidy, const char *root, const char *folder) {
    char full[4096], path[2048];
    (void)snprintf(full, sizeof(full), "%s/%s", root, folder);
    struct dirent **entries;
    int count = scandir(full, &entries, NULL, alphasort);
    if (count < 0)
        return errno == ENOENT;
    bool good = true;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        struct stat status;
        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        (void)snprintf(full, sizeof(full), "%s/%s", root, path);
        if (good && name[0] != '.' && strcmp(name, "node_modules") != 0) {
            if (stat(full, &status) != 0)
                good = false;
            else if (S_ISDIR(status.st_mode))
                good = load_folder(tidy, root, path);
            else if (is_source(name))
                good = add_from_disk(tidy, full, path);
        }
        free(entries[i]);
    }
    free(entries);
    return good;
}

bool tidy_load(struct tidy *tidy, const char *root) {
    static const char *const floors[] = {"base",   "schema", "agent",     "syncd",
                                         "verify", "tests",  "packaging", ".ci"};
    for (size_t i = 0; i < sizeof(floors) / sizeof(floors[0]); i++)
        if (!load_folder(tidy, root, floors[i]))
            return false;
    return true;
}

const struct tidy_file *tidy_find(const struct tidy *tidy, const char *path) {
    for (size_t i = 0; i < tidy->file_count; i++)
        if (strcmp(tidy->files[i].path, path) == 0)
            return &tidy->files[i];
    return NULL;
}

int tidy_line_of(const struct tidy_file *file, const char *word) {
    size_t length = strlen(word);
    int line = 1;
    for (const char *c = file && file->code ? file->code : ""; *c; c++) {
        bool starts = c == file->code || (!isalnum((unsigned char)c[-1]) && c[-1] != '_');
        if (starts && strncmp(c, word, length) == 0 && !isalnum((unsigned char)c[length]) &&
            c[length] != '_')
            return line;
        line += *c == '\n';
    }
    return 1;
}

void tidy_report(struct tidy *tidy, enum tidy_rule rule, const char *path, int line,
                 const char *format, ...) {
    tidy->findings =
        must(realloc(tidy->findings, (tidy->finding_count + 1) * sizeof(*tidy->findings)));
    struct tidy_finding *finding = &tidy->findings[tidy->finding_count++];
    char what[300];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    finding->rule = rule;
    (void)snprintf(finding->text, sizeof(finding->text), "%s:%d: %s: %s", path, line,
                   tidy_rule_name(rule), what);
}
