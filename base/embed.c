/* embed: packs files into a C table; runs at build time on the building machine.
 *
 *     embed OUT.c SYMBOL ROOT FILE...
 *
 * Every FILE must lie below ROOT; its name in the table is its path below ROOT. The table is sorted
 * by name, so the output does not depend on the order of the arguments. Bytes are written as
 * numbers, because C11 promises no more than 4,095 characters in a string literal. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct file {
    const char *path;
    const char *name;
    size_t size;
};

static int compare(const void *left, const void *right) {
    return strcmp(((const struct file *)left)->name, ((const struct file *)right)->name);
}

static const char *name_below(const char *root, const char *path) {
    size_t length = strlen(root);

    while (length > 0 && root[length - 1] == '/')
        length--;
    if (strncmp(root, path, length) != 0 || path[length] != '/' || path[length + 1] == '\0')
        return NULL;
    return path + length + 1;
}

static void write_name(FILE *out, const char *name) {
    for (; *name != '\0'; name++) {
        if (*name == '"' || *name == '\\')
            fputc('\\', out);
        fputc(*name, out);
    }
}

static bool write_bytes(FILE *out, struct file *file, size_t index) {
    FILE *in = fopen(file->path, "rb");
    int byte;

    if (in == NULL) {
        perror(file->path);
        return false;
    }
    fprintf(out, "static const uint8_t bytes_%zu[] = {", index);
    file->size = 0;
    while ((byte = fgetc(in)) != EOF) {
        fprintf(out, "%s%d,", file->size % 24 == 0 ? "\n    " : "", byte);
        file->size++;
    }
    fputs("\n    0};\n", out);
    if (ferror(in) != 0) {
        perror(file->path);
        fclose(in);
        return false;
    }
    fclose(in);
    return true;
}

int main(int argc, char **argv) {
    struct file *files;
    size_t count;
    size_t index;
    FILE *out;

    if (argc < 4) {
        fprintf(stderr, "usage: embed OUT.c SYMBOL ROOT FILE...\n");
        return 2;
    }
    count = (size_t)(argc - 4);
    files = calloc(count + 1, sizeof(*files));
    if (files == NULL) {
        perror("embed");
        return 1;
    }
    for (index = 0; index < count; index++) {
        files[index].path = argv[index + 4];
        files[index].name = name_below(argv[3], files[index].path);
        if (files[index].name == NULL) {
            fprintf(stderr, "embed: %s is not below %s\n", files[index].path, argv[3]);
            return 1;
        }
    }
    qsort(files, count, sizeof(*files), compare);
    for (index = 1; index < count; index++) {
        if (compare(&files[index - 1], &files[index]) == 0) {
            fprintf(stderr, "embed: %s stands there twice\n", files[index].path);
            return 1;
        }
    }
    out = fopen(argv[1], "w");
    if (out == NULL) {
        perror(argv[1]);
        return 1;
    }
    fprintf(out, "/* Made by embed. Do not edit. */\n#include \"base/asset.h\"\n\n");
    for (index = 0; index < count; index++)
        if (!write_bytes(out, &files[index], index))
            return 1;
    fprintf(out, "\nstatic const struct asset items[] = {\n");
    for (index = 0; index < count; index++) {
        fputs("    {\"", out);
        write_name(out, files[index].name);
        fprintf(out, "\", bytes_%zu, %zu},\n", index, files[index].size);
    }
    /* An empty initialiser is not C11; the last entry is not counted. */
    fprintf(out, "    {NULL, NULL, 0},\n};\n\n");
    fprintf(out, "extern const struct asset_table %s;\n", argv[2]);
    fprintf(out, "const struct asset_table %s = {items, %zu};\n", argv[2], count);
    if (ferror(out) != 0 || fclose(out) != 0) {
        perror(argv[1]);
        return 1;
    }
    free(files);
    return 0;
}
