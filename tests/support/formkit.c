/* formkit.c: see formkit.h. */
#include "tests/support/formkit.h"

#define FORMKIT_BYTES (64u * 1024 * 1024)

void formkit_init(struct formkit *kit, enum lang lang) {
    *kit = (struct formkit){0};
    arena_init(&kit->arena, FORMKIT_BYTES);
    buf_init(&kit->json, FORMKIT_BYTES);
    err_init(&kit->err, lang);
}

void formkit_release(struct formkit *kit) {
    arena_release(&kit->arena);
    buf_release(&kit->json);
}

static enum rc compile(struct formkit *kit, const struct view texts[3], const struct form *previous,
                       uint32_t sequence) {
    static const char *const names[] = {"survey", "choices", "settings"};
    struct sheet sheets[3];
    struct workbook workbook = {.sheets = sheets};
    enum rc rc = RC_OK;

    kit->form = NULL;
    err_clear(&kit->err);
    for (uint32_t i = 0; i < 3 && rc == RC_OK; i++)
        if (texts[i].data != NULL)
            rc = sheet_from_csv(view_text(names[i]), texts[i], &kit->arena,
                                &sheets[workbook.sheet_count++], &kit->err);
    buf_clear(&kit->json);
    if (rc == RC_OK)
        rc = xlsform_compile(&workbook, previous, sequence, NULL, &kit->arena, &kit->findings,
                             &kit->json, &kit->err);
    if (rc == RC_OK)
        rc = form_load(buf_view(&kit->json), &kit->arena, &kit->form, &kit->err);
    return rc;
}

enum rc formkit_workbook(struct formkit *kit, const struct formkit_sheet *texts, uint32_t count,
                         const struct workbook *files, const struct xlsform_options *options) {
    struct sheet sheets[16];
    struct workbook workbook = {.sheets = sheets};
    enum rc rc = RC_OK;

    if (files != NULL)
        workbook = (struct workbook){
            .sheets = sheets, .file_count = files->file_count, .files = files->files};
    kit->form = NULL;
    err_clear(&kit->err);
    for (uint32_t i = 0; i < count && i < 16 && rc == RC_OK; i++)
        rc = sheet_from_csv(view_text(texts[i].name), view_text(texts[i].text), &kit->arena,
                            &sheets[workbook.sheet_count++], &kit->err);
    buf_clear(&kit->json);
    if (rc == RC_OK)
        rc = xlsform_compile(&workbook, NULL, 1, options, &kit->arena, &kit->findings, &kit->json,
                             &kit->err);
    if (rc == RC_OK)
        rc = form_load(buf_view(&kit->json), &kit->arena, &kit->form, &kit->err);
    return rc;
}

enum rc formkit_compile(struct formkit *kit, const char *survey, const char *choices,
                        const char *settings, const struct form *previous, uint32_t sequence) {
    const struct view texts[3] = {view_text(survey), view_text(choices), view_text(settings)};

    return compile(kit, texts, previous, sequence);
}

enum rc formkit_folder(struct formkit *kit, const char *folder) {
    static const char *const names[] = {"survey", "choices", "settings"};
    struct view texts[3];

    for (uint32_t i = 0; i < 3; i++) {
        const char *path = arena_text(&kit->arena, "%s/%s.csv", folder, names[i]);
        size_t room = 1024 * 1024, size;
        uint8_t *bytes = arena_alloc(&kit->arena, room);
        FILE *file = path == NULL ? NULL : fopen(path, "rb");

        if (file == NULL || bytes == NULL)
            return err_set(&kit->err, RC_IO, "%s: cannot be read", folder);
        size = fread(bytes, 1, room, file);
        (void)fclose(file);
        texts[i] = view_of(bytes, size);
    }
    return compile(kit, texts, NULL, 1);
}
