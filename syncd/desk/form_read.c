/* form_read.c: see form_read.h. */
#include "syncd/desk/form_read.h"

#include "base/crypt.h"
#include "base/file.h"
#include "base/text.h"
#include "schema/attachment.h"
#include "schema/form/workbook.h"

#define TABLE_BYTES_MAX (16u * 1024u * 1024u)
#define NAMES_MAX       10000u

struct form_reading {
    struct arena *arena;
    struct form_source *source;
    struct sheet *sheets;
    struct form_file *files;
    uint32_t left_capacity;
};

static bool ends_in(const char *name, const char *end) {
    size_t length = strlen(name), size = strlen(end);

    return length > size && strcmp(name + length - size, end) == 0;
}

static bool ends_in_one(const char *name, const char *const *ends) {
    for (; *ends != NULL; ends++)
        if (ends_in(name, *ends))
            return true;
    return false;
}

static bool is_table(const char *name) {
    static const char *const ends[] = {".csv", ".xml", ".geojson", NULL};

    return ends_in_one(name, ends);
}

static bool ends_in_one_of_any_case(struct view name, const char *const *ends) {
    char small[LIMIT_NAME_BYTES + 1];

    if (name.size >= sizeof(small))
        return false;
    memcpy(small, name.data, name.size);
    small[name.size] = '\0';
    text_to_lower(small);
    return ends_in_one(small, ends);
}

bool form_is_medium(struct view name) {
    static const char *const ends[] = {".png", ".jpg", ".jpeg", ".gif",  ".webp",
                                       ".mp3", ".m4a", ".wav",  ".ogg",  ".oga",
                                       ".mp4", ".m4v", ".3gp",  ".webm", NULL};

    return ends_in_one_of_any_case(name, ends);
}

/* ODK's programs know these, and tablets do not show them. */
static bool is_left(const char *name) {
    static const char *const ends[] = {".svg", ".mkv", ".pdf", ".zip", ".mbtiles", NULL};

    return ends_in_one_of_any_case(view_text(name), ends);
}

/* --- names --- */

struct view form_stem(struct view path) {
    size_t start, dot;

    while (path.size > 0 && path.data[path.size - 1] == '/')
        path.size--;
    start = path.size;
    while (start > 0 && path.data[start - 1] != '/')
        start--;
    path = view_slice(path, start, path.size);
    dot = path.size;
    while (dot > 0 && path.data[dot - 1] != '.')
        dot--;
    if (dot > 1 && path.size - dot <= 4) /* .xlsx, .xlsm; a folder "v1.household" keeps its name */
        path.size = dot - 1;
    return path;
}

/* What a name may not have becomes an underscore, as when people name files "Form (2).xlsx". */
static struct view fit_name(struct arena *arena, struct view stem) {
    char *name = arena_alloc(arena, stem.size + 2);
    size_t size = 0;

    if (name == NULL)
        return (struct view){0};
    if (stem.size == 0 || (stem.data[0] >= '0' && stem.data[0] <= '9') || stem.data[0] == '-' ||
        stem.data[0] == '.')
        name[size++] = '_';
    for (size_t i = 0; i < stem.size; i++) {
        uint8_t byte = stem.data[i];
        bool fits = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                    (byte >= 'A' && byte <= 'Z') || byte >= 0x80 || byte == '-' || byte == '.';

        name[size++] = fits ? (char)byte : '_';
    }
    return view_of(name, size);
}

/* --- files --- */

static enum rc read_contents(struct form_reading *at, const char *path, size_t cap,
                             struct view *out, struct err *err) {
    struct buf contents;
    enum rc rc;

    buf_init(&contents, cap);
    rc = file_read(path, cap, &contents, err);
    if (rc == RC_OK) {
        *out = arena_view(at->arena, buf_view(&contents));
        rc = arena_check(at->arena, "a form", err);
    }
    buf_release(&contents);
    return rc;
}

static enum rc add_left(struct form_reading *at, const char *name, struct err *err) {
    struct form_source *source = at->source;
    const char **slot;

    if (source->left_count == FORM_READ_LEFT_MAX)
        return RC_OK;
    slot = arena_push(at->arena, &source->left, &source->left_count, &at->left_capacity,
                      sizeof(*slot));
    if (slot == NULL)
        return arena_check(at->arena, "a form", err);
    *slot = name;
    return RC_OK;
}

/* A sheet of the form, or a table beside it that the form reads. */
static enum rc add_table(struct form_reading *at, const char *folder, const char *file,
                         bool has_sheets, struct err *err) {
    struct workbook *workbook = &at->source->workbook;
    struct view bytes, name = view_text(file), stem;
    const char *path = arena_text(at->arena, "%s/%s", folder, file);
    enum rc rc;

    if (path == NULL)
        return arena_check(at->arena, "a form", err);
    if (workbook->sheet_count == FORM_READ_SHEETS_MAX || workbook->file_count == LIMIT_FORM_FILES)
        return err_set(err, RC_LIMIT, "%s: more than %u sheets", at->source->word,
                       FORM_READ_SHEETS_MAX);
    rc = read_contents(at, path, TABLE_BYTES_MAX, &bytes, err);
    if (rc != RC_OK)
        return rc;
    stem = view_slice(name, 0, name.size - 4);
    if (!has_sheets || !ends_in(file, ".csv") || !xlsform_sheet_known(stem)) {
        at->files[workbook->file_count++] = (struct form_file){.name = name, .content = bytes};
        return RC_OK;
    }
    rc = sheet_from_csv(stem, bytes, at->arena, &at->sheets[workbook->sheet_count++], err);
    if (rc != RC_OK)
        err_prefix(err, "%s: ", file);
    return rc;
}

enum rc form_medium_look(struct view name, struct view content, struct form_medium *out,
                         struct err *err) {
    struct crypt_sha256 hasher;
    enum attachment_kind kind;
    enum rc rc = attachment_check_medium(content, &kind, err);

    *out =
        (struct form_medium){.name = name, .size = (uint32_t)content.size, .kind = (uint8_t)kind};
    crypt_sha256_init(&hasher);
    crypt_sha256_add(&hasher, content.data, content.size);
    crypt_sha256_end(&hasher, out->hash);
    if (rc != RC_OK)
        err_prefix(err, "%.*s: ", VIEW_PRINT(utf8_cut(name, 60)));
    return rc;
}

static enum rc add_medium(struct form_reading *at, const char *folder, const char *file,
                          struct err *err) {
    const char *path = arena_text(at->arena, "%s/%s", folder, file);
    struct form_medium medium;
    struct buf content;
    enum rc rc;

    if (path == NULL)
        return arena_check(at->arena, "a form", err);
    buf_init(&content, LIMIT_MEDIUM_BYTES);
    rc = file_read(path, LIMIT_MEDIUM_BYTES, &content, err);
    if (rc == RC_OK)
        rc = form_medium_look(view_text(file), buf_view(&content), &medium, err);
    if (rc == RC_OK)
        rc = form_source_add_medium(at->source, medium, path, at->arena, err);
    buf_release(&content);
    return rc;
}

static enum rc add_folder(struct form_reading *at, const char *folder, bool has_sheets,
                          struct err *err) {
    const char **names = NULL;
    size_t count = 0;
    enum rc rc = file_list(folder, NAMES_MAX, at->arena, &names, &count, err);

    for (size_t i = 0; i < count && rc == RC_OK; i++) {
        if (is_table(names[i]))
            rc = add_table(at, folder, names[i], has_sheets, err);
        else if (form_is_medium(view_text(names[i])))
            rc = add_medium(at, folder, names[i], err);
        else if (is_left(names[i]))
            rc = add_left(at, names[i], err);
    }
    return rc;
}

static enum rc read_folder(struct form_reading *at, const char *folder, struct err *err) {
    enum rc rc = add_folder(at, folder, true, err);

    at->source->workbook.sheets = at->sheets;
    if (rc == RC_OK && at->source->workbook.sheet_count == 0)
        rc = err_set(err, RC_NOT_FOUND,
                     "%s: no sheets there; a form is a folder with survey.csv, choices.csv and "
                     "settings.csv",
                     at->source->word);
    return rc;
}

static enum rc workbook_of(struct form_source *source, struct view bytes, struct arena *arena,
                           struct err *err) {
    enum rc rc;

    if (!workbook_is_one(bytes))
        return err_set(err, RC_UNSUPPORTED,
                       "%s: a form is an Excel workbook (.xlsx), or a folder with survey.csv, "
                       "choices.csv and settings.csv",
                       source->word);
    rc = workbook_read(bytes, arena, &source->workbook, err);
    if (rc != RC_OK)
        err_prefix(err, "%s: ", source->word);
    return rc;
}

static enum rc read_workbook(struct form_reading *at, const char *path, bool finds_media,
                             struct err *err) {
    struct view bytes, name = view_text(path);
    const char *folder;
    enum rc rc = read_contents(at, path, LIMIT_WORKBOOK_BYTES, &bytes, err);

    if (rc == RC_OK)
        rc = workbook_of(at->source, bytes, at->arena, err);
    if (rc != RC_OK || !finds_media)
        return rc;
    if (ends_in(path, ".xlsx") || ends_in(path, ".xlsm"))
        name.size -= 5;
    folder = arena_text(at->arena, "%.*s" FORM_MEDIA_ENDING, VIEW_PRINT(name));
    if (folder == NULL)
        return arena_check(at->arena, "a form", err);
    return file_is_directory(folder) ? add_folder(at, folder, false, err) : RC_OK;
}

enum rc form_read(const struct command *command, const char *word, const char *media,
                  struct arena *arena, struct form_source *out, struct err *err) {
    struct form_reading at = {.arena = arena, .source = out};
    char path[FILE_PATH_BYTES_MAX], folder[FILE_PATH_BYTES_MAX];
    enum rc rc = command_path(command, word, path, sizeof(path), err);

    *out = (struct form_source){.word = word, .stem = fit_name(arena, form_stem(view_text(word)))};
    at.sheets = arena_array(arena, FORM_READ_SHEETS_MAX, sizeof(*at.sheets));
    at.files = arena_array(arena, LIMIT_FORM_FILES, sizeof(*at.files));
    if (rc == RC_OK)
        rc = arena_check(arena, "a form", err);
    if (rc != RC_OK)
        return rc;
    if (!file_exists(path))
        return err_set(err, RC_NOT_FOUND,
                       "%s: there is nothing of this name; a form is an Excel workbook (.xlsx), or "
                       "a folder with survey.csv, choices.csv and settings.csv",
                       word);
    rc = file_is_directory(path) ? read_folder(&at, path, err)
                                 : read_workbook(&at, path, media == NULL, err);
    if (rc == RC_OK && media != NULL)
        rc = command_path(command, media, folder, sizeof(folder), err);
    if (rc == RC_OK && media != NULL)
        rc = add_folder(&at, folder, false, err);
    out->workbook.files = at.files;
    return rc;
}

enum rc form_read_workbook(const char *what, struct view bytes, struct arena *arena,
                           struct form_source *out, struct err *err) {
    enum rc rc;

    *out = (struct form_source){.word = what, .stem = fit_name(arena, form_stem(view_text(what)))};
    /* It is there; what is not there is something in it. */
    rc = workbook_of(out, bytes, arena, err);
    if (rc == RC_NOT_FOUND)
        rc = err->rc = RC_INVALID;
    return rc;
}

/* What a path, a spreadsheet or a tablet's disk would take for something else is no name. */
static bool is_file_name(struct view name, bool is_of_medium) {
    char text[LIMIT_NAME_BYTES + 1];

    if (name.size == 0 || name.size > LIMIT_NAME_BYTES || name.data[0] == '.' || !utf8_valid(name))
        return false;
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] < ' ' || name.data[i] == 0x7f ||
            strchr("/\\:*?\"<>|", name.data[i]) != NULL)
            return false;
    if (is_of_medium)
        return form_is_medium(name);
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    return is_table(text);
}

enum rc form_source_add(struct form_source *source, struct form_file file, struct arena *arena,
                        struct err *err) {
    struct workbook *workbook = &source->workbook;
    struct form_file *files;

    if (!is_file_name(file.name, false))
        return err_set(err, RC_INVALID,
                       "%.*s: a table beside a form is named like areas.csv, plots.geojson or "
                       "list.xml",
                       VIEW_PRINT(utf8_cut(file.name, 60)));
    if (file.content.size > TABLE_BYTES_MAX || workbook->file_count == LIMIT_FORM_FILES)
        return err_set(err, RC_LIMIT, "%.*s: too large, or one of more than %u tables",
                       VIEW_PRINT(file.name), LIMIT_FORM_FILES);
    files = arena_array(arena, workbook->file_count + 1, sizeof(*files));
    if (files == NULL)
        return arena_check(arena, "a form", err);
    for (uint32_t i = 0; i < workbook->file_count; i++)
        files[i] = workbook->files[i];
    workbook->files = files;
    for (uint32_t i = 0; i < workbook->file_count; i++)
        if (view_equal(files[i].name, file.name)) {
            files[i] = file;
            return RC_OK;
        }
    files[workbook->file_count++] = file;
    return RC_OK;
}

enum rc form_source_add_medium(struct form_source *source, struct form_medium medium,
                               const char *path, struct arena *arena, struct err *err) {
    struct form_medium *media;
    const char **paths;
    uint32_t at = 0;

    if (!is_file_name(medium.name, true))
        return err_set(err, RC_INVALID,
                       "%.*s: what a form shows is named like goat.jpg, bell.mp3 or how.mp4",
                       VIEW_PRINT(utf8_cut(medium.name, 60)));
    while (at < source->media_count && !view_equal(source->media[at].name, medium.name))
        at++;
    if (at == LIMIT_FORM_MEDIA)
        return err_set(err, RC_LIMIT, "%.*s: a form shows at most %u pictures, sounds and films",
                       VIEW_PRINT(medium.name), LIMIT_FORM_MEDIA);
    if (source->media == NULL) {
        source->media = arena_array(arena, LIMIT_FORM_MEDIA, sizeof(*media));
        source->media_paths = arena_array(arena, LIMIT_FORM_MEDIA, sizeof(*paths));
    }
    if (source->media == NULL || source->media_paths == NULL)
        return arena_check(arena, "a form", err);
    source->media[at] = medium;
    source->media_paths[at] = path;
    source->media_count += at == source->media_count;
    source->workbook.media = source->media;
    source->workbook.media_count = source->media_count;
    return RC_OK;
}
