/* A workbook is a zip archive of XML parts. They are found by their relations, not by their names:
 *   xl/workbook.xml            sheets in order: name and relation; the calendar
 *   xl/_rels/workbook.xml.rels relation -> part
 *   sharedStrings, styles      parts by the type of the relation
 * The name of the first part itself may differ, too; _rels/.rels tells it. */
#include "schema/form/workbook.h"

#include "schema/form/sheet_build.h"
#include "schema/form/workbook_part.h"
#include "schema/limits.h"

#define PART_NAME_BYTES 512u

static const uint8_t zip_magic[] = {'P', 'K', 3, 4};
static const uint8_t compound_magic[] = {0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};

static bool begins(struct view bytes, const uint8_t *magic, size_t size) {
    return bytes.size >= size && memcmp(bytes.data, magic, size) == 0;
}

bool workbook_is_one(struct view bytes) {
    return begins(bytes, zip_magic, sizeof(zip_magic)) ||
           begins(bytes, compound_magic, sizeof(compound_magic));
}

/* The part that a relation of a part points to: absolute, or beside that part. */
static struct view resolve(struct arena *arena, struct view base, struct view target) {
    size_t folder = base.size;
    char *path;

    if (target.size > 0 && target.data[0] == '/')
        return view_slice(target, 1, target.size);
    while (folder > 0 && base.data[folder - 1] != '/')
        folder--;
    while (target.size > 3 && memcmp(target.data, "../", 3) == 0 && folder > 0) {
        target = view_slice(target, 3, target.size);
        do
            folder--;
        while (folder > 0 && base.data[folder - 1] != '/');
    }
    if (folder + target.size > PART_NAME_BYTES)
        return (struct view){0};
    path = arena_text(arena, "%.*s%.*s", (int)folder, (const char *)base.data, VIEW_PRINT(target));
    return view_text(path);
}

/* "xl/workbook.xml" -> "xl/_rels/workbook.xml.rels" */
static struct view relations_of(struct arena *arena, struct view part) {
    size_t folder = part.size;

    while (folder > 0 && part.data[folder - 1] != '/')
        folder--;
    return view_text(arena_text(arena, "%.*s_rels/%.*s.rels", (int)folder, (const char *)part.data,
                                (int)(part.size - folder), (const char *)part.data + folder));
}

static bool ends_with(struct view text, const char *end) {
    size_t size = strlen(end);

    return text.size >= size && memcmp(text.data + text.size - size, end, size) == 0;
}

/* The target of the first relation of that type, or with that id. */
static struct view find_relation(struct arena *arena, const struct workbook_relations *relations,
                                 struct view part, const char *type, struct view id) {
    for (uint32_t i = 0; i < relations->count; i++) {
        const struct workbook_relation *relation = &relations->list[i];

        if (type != NULL ? ends_with(relation->type, type) : view_equal(relation->id, id))
            return resolve(arena, part, relation->target);
    }
    return (struct view){0};
}

static enum rc read_sheets(struct xlsx *xlsx, const struct workbook_relations *relations,
                           struct view part, struct workbook *out, struct err *err) {
    struct sheet *sheets = arena_array(xlsx->arena, xlsx->sheet_count, sizeof(*sheets));
    uint32_t count = 0;
    enum rc rc = RC_OK;

    if (sheets == NULL)
        return arena_check(xlsx->arena, "workbook", err);
    for (uint32_t i = 0; i < xlsx->sheet_count && rc == RC_OK; i++) {
        const struct xlsx_sheet *sheet = &xlsx->sheets[i];
        struct view target = find_relation(xlsx->arena, relations, part, NULL, sheet->relation);

        if (target.size == 0 || !archive_has(xlsx->archive, target))
            rc = err_set(err, RC_INVALID, "sheet %.*s: the workbook does not hold it",
                         VIEW_PRINT(sheet->name));
        else if (xlsx_is_worksheet(relations, sheet->relation))
            rc = xlsx_read_sheet(xlsx, sheet->name, target, &sheets[count++], err);
    }
    *out = (struct workbook){.sheet_count = count, .sheets = sheets};
    return rc;
}

static enum rc read_xlsx(struct view bytes, struct arena *arena, struct workbook *out,
                         struct err *err) {
    struct xlsx xlsx = {.arena = arena};
    struct workbook_relations top = {0}, relations = {0};
    struct view part, strings, styles;
    enum rc rc = archive_open(bytes, &xlsx.archive, err);

    if (rc == RC_OK)
        rc = xlsx_read_relations(&xlsx, view_text("_rels/.rels"), &top, err);
    if (rc != RC_OK)
        goto out;
    part = find_relation(arena, &top, (struct view){0}, "/officeDocument", (struct view){0});
    if (part.size == 0) {
        rc = err_set(err, RC_INVALID, "this archive is not an Excel workbook (.xlsx)");
        goto out;
    }
    part = arena_view(arena, part);
    rc = xlsx_read_relations(&xlsx, relations_of(arena, part), &relations, err);
    if (rc == RC_OK)
        rc = xlsx_read_workbook(&xlsx, part, err);
    if (rc != RC_OK)
        goto out;
    strings = find_relation(arena, &relations, part, "/sharedStrings", (struct view){0});
    styles = find_relation(arena, &relations, part, "/styles", (struct view){0});
    if (strings.size > 0 && archive_has(xlsx.archive, strings))
        rc = xlsx_read_strings(&xlsx, strings, err);
    if (rc == RC_OK && styles.size > 0 && archive_has(xlsx.archive, styles))
        rc = xlsx_read_styles(&xlsx, styles, err);
    if (rc == RC_OK)
        rc = read_sheets(&xlsx, &relations, part, out, err);
    if (rc == RC_OK)
        rc = arena_check(arena, "workbook", err);
out:
    archive_close(xlsx.archive);
    return rc;
}

enum rc workbook_read(struct view bytes, struct arena *arena, struct workbook *out,
                      struct err *err) {
    *out = (struct workbook){0};
    if (bytes.size > LIMIT_WORKBOOK_BYTES)
        return err_set(err, RC_LIMIT, "a workbook has at most %u bytes", LIMIT_WORKBOOK_BYTES);
    if (begins(bytes, zip_magic, sizeof(zip_magic)))
        return read_xlsx(bytes, arena, out, err);
    if (begins(bytes, compound_magic, sizeof(compound_magic)))
        return err_set(err, RC_UNSUPPORTED,
                       "workbooks of the old kind (.xls), or with a password, are not read; open "
                       "it in Excel, WPS or LibreOffice and save it as .xlsx without a password");
    return err_set(err, RC_INVALID, "this is not an Excel workbook (.xlsx)");
}
