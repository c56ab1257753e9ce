/* libzip reads the directory at the end of the archive; entries are found by name in it. */
#include "base/archive.h"

#include <zip.h>

#define NAME_BYTES_MAX 512u
#define STEP_BYTES     (1024u * 1024u)

struct archive {
    zip_t *zip;
};

enum rc archive_open(struct view bytes, struct archive **out, struct err *err) {
    struct archive *archive = calloc(1, sizeof(*archive));
    zip_source_t *source = NULL;
    enum rc rc = RC_OK;
    zip_error_t why;

    *out = NULL;
    zip_error_init(&why);
    if (archive == NULL)
        rc = err_set(err, RC_NO_MEMORY, "%s: out of memory", "libzip");
    if (rc == RC_OK) {
        source = zip_source_buffer_create(bytes.data, bytes.size, 0, &why);
        if (source != NULL)
            archive->zip = zip_open_from_source(source, ZIP_RDONLY, &why);
        if (archive->zip != NULL)
            source = NULL; /* belongs to the archive now */
        else
            rc = err_set(err, RC_INVALID, "this is not a readable .zip archive: %s",
                         zip_error_strerror(&why));
    }
    if (rc == RC_OK && zip_get_num_entries(archive->zip, 0) > (zip_int64_t)ARCHIVE_ENTRIES_MAX)
        rc = err_set(err, RC_LIMIT, "the archive has more than %u files", ARCHIVE_ENTRIES_MAX);
    zip_error_fini(&why);
    zip_source_free(source);
    if (rc == RC_OK)
        *out = archive;
    else
        archive_close(archive);
    return rc;
}

void archive_close(struct archive *archive) {
    if (archive == NULL)
        return;
    if (archive->zip != NULL)
        zip_discard(archive->zip);
    free(archive);
}

/* libzip wants a terminated name. */
static bool name_of(struct view name, char out[NAME_BYTES_MAX]) {
    if (name.size == 0 || name.size >= NAME_BYTES_MAX || memchr(name.data, '\0', name.size))
        return false;
    memcpy(out, name.data, name.size);
    out[name.size] = '\0';
    return true;
}

bool archive_has(const struct archive *archive, struct view name) {
    char text[NAME_BYTES_MAX];

    return name_of(name, text) && zip_name_locate(archive->zip, text, 0) >= 0;
}

static enum rc check_entry(const zip_stat_t *stat, struct view name, size_t max_bytes,
                           struct err *err) {
    if ((stat->valid & ZIP_STAT_SIZE) == 0 || (stat->valid & ZIP_STAT_COMP_SIZE) == 0)
        return err_set(err, RC_CORRUPT, "%.*s: the archive does not tell its size",
                       VIEW_PRINT(name));
    if ((stat->valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat->encryption_method != ZIP_EM_NONE)
        return err_set(err, RC_UNSUPPORTED, "%.*s: is encrypted; save it without a password",
                       VIEW_PRINT(name));
    if (stat->size > max_bytes || stat->size / ARCHIVE_RATIO_MAX > stat->comp_size)
        return err_set(err, RC_LIMIT, "%.*s: is larger than %zu bytes, or packed suspiciously well",
                       VIEW_PRINT(name), max_bytes);
    return RC_OK;
}

enum rc archive_read(struct archive *archive, struct view name, size_t max_bytes,
                     struct arena *arena, struct view *out, struct err *err) {
    char text[NAME_BYTES_MAX];
    zip_file_t *file = NULL;
    uint8_t *bytes = NULL;
    zip_int64_t index, got = 1;
    size_t size = 0;
    zip_stat_t stat;
    enum rc rc;

    *out = (struct view){0};
    index = name_of(name, text) ? zip_name_locate(archive->zip, text, 0) : -1;
    if (index < 0)
        return err_set(err, RC_NOT_FOUND, "the archive has no file %.*s", VIEW_PRINT(name));
    zip_stat_init(&stat);
    if (zip_stat_index(archive->zip, (zip_uint64_t)index, 0, &stat) != 0)
        return err_set(err, RC_CORRUPT, "%.*s: cannot be read: %s", VIEW_PRINT(name),
                       zip_strerror(archive->zip));
    rc = check_entry(&stat, name, max_bytes, err);
    if (rc != RC_OK)
        return rc;
    bytes = arena_room(arena, stat.size + 1, 1);
    if (bytes == NULL)
        return arena_check(arena, "an archive", err);
    file = zip_fopen_index(archive->zip, (zip_uint64_t)index, 0);
    while (file != NULL && got > 0 && size <= stat.size) {
        size_t step = stat.size + 1 - size;

        got = zip_fread(file, bytes + size, step < STEP_BYTES ? step : STEP_BYTES);
        if (got > 0)
            size += (size_t)got;
    }
    if (file == NULL || got < 0 || size != stat.size)
        rc = err_set(err, RC_CORRUPT, "%.*s: the archive is damaged", VIEW_PRINT(name));
    if (file != NULL)
        zip_fclose(file);
    if (rc == RC_OK)
        *out = view_of(bytes, size);
    return rc;
}

enum rc archive_write(const char *path, const char *const *names, const char *const *files,
                      uint32_t count, struct err *err) {
    int why = 0;
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &why);
    enum rc rc = RC_OK;

    if (zip == NULL)
        return err_set(err, RC_IO, "%s: the archive cannot be written", path);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        zip_source_t *source = zip_source_file(zip, files[i], 0, -1);

        if (source == NULL || zip_file_add(zip, names[i], source, ZIP_FL_ENC_UTF_8) < 0) {
            zip_source_free(source);
            rc = err_set(err, RC_IO, "%s: the archive cannot be written", path);
        }
    }
    if (rc == RC_OK && zip_close(zip) == 0)
        return RC_OK;
    zip_discard(zip);
    return rc == RC_OK ? err_set(err, RC_IO, "%s: the archive cannot be written", path) : rc;
}
