/* Each part of an .xlsx is read once from its beginning to its end, event by event: a sheet with
 * styled empty cells has megabytes of XML and a few hundred texts. Elements are known by their
 * local names: the transitional and the strict kind differ only in their namespaces. */
#include "schema/form/workbook_part.h"

#include "base/text.h"
#include "base/xml.h"
#include "schema/form/workbook_style.h"
#include "schema/limits.h"

#include <stdlib.h>

#define STRINGS_MAX    2000000u
#define STYLES_MAX     65536u
#define SHEETS_MAX     256u
#define RELATIONS_MAX  4096u
#define FORMATS_MAX    4096u
#define CELL_BYTES_MAX 65536u
#define NUMBER_BYTES   64u

#define WORKBOOK_XML_LIMITS                                                                        \
    ((struct xml_limits){.bytes = LIMIT_SHEET_XML_BYTES,                                           \
                         .text_bytes = 1024u * 1024u,                                              \
                         .depth = 64,                                                              \
                         .attributes = 100})

enum rc workbook_cell(struct sheet_build *build, uint32_t row, uint32_t column, struct view text,
                      struct err *err) {
    if (text_trim(text).size == 0)
        return RC_OK;
    return sheet_build_cell(build, row, column, text, err);
}

/* A part that is being read; its bytes live in an arena of their own. */
struct part {
    struct arena arena;
    struct xml_reader *reader;
    const struct xml_event *event;
};

static void part_close(struct part *part) {
    xml_reader_close(part->reader);
    arena_release(&part->arena);
}

static enum rc part_open(struct part *part, struct xlsx *xlsx, struct view name, struct err *err) {
    struct view bytes;
    enum rc rc;

    *part = (struct part){0};
    arena_init(&part->arena, 2 * LIMIT_SHEET_XML_BYTES);
    rc = archive_read(xlsx->archive, name, LIMIT_SHEET_XML_BYTES, &part->arena, &bytes, err);
    if (rc == RC_OK)
        rc = xml_reader_open(bytes, WORKBOOK_XML_LIMITS, &part->reader, err);
    return rc;
}

static enum rc part_next(struct part *part, struct err *err) {
    return xml_reader_next(part->reader, &part->event, err);
}

static bool starts(const struct part *part, const char *name) {
    return part->event->kind == XML_EVENT_START && view_is(part->event->name, name);
}

static bool ends(const struct part *part, const char *name) {
    return part->event->kind == XML_EVENT_END && view_is(part->event->name, name);
}

static struct view attribute(const struct part *part, const char *name) {
    for (uint32_t i = 0; i < part->event->attribute_count; i++)
        if (view_is(part->event->attributes[i].name, name))
            return part->event->attributes[i].value;
    return (struct view){0};
}

/* Appends the texts of the element that has just opened, up to its end; not those of the reading
 * aids (rPh) in it. */
static enum rc gather_text(struct part *part, struct buf *out, struct err *err) {
    uint32_t depth = part->event->depth;
    bool in_text = view_is(part->event->name, "v") || view_is(part->event->name, "t");
    enum rc rc;

    while ((rc = part_next(part, err)) == RC_OK) {
        if (part->event->kind == XML_EVENT_END && part->event->depth == depth)
            return buf_check(out, "a cell", err);
        if (starts(part, "rPh")) {
            rc = xml_reader_skip(part->reader, err);
            if (rc != RC_OK)
                return rc;
        } else if (starts(part, "t")) {
            in_text = true;
        } else if (ends(part, "t")) {
            in_text = false;
        } else if (in_text && part->event->kind == XML_EVENT_TEXT) {
            buf_add_view(out, part->event->text);
        }
    }
    return rc;
}

/* --- relations, the workbook, texts, styles --- */

enum rc xlsx_read_relations(struct xlsx *xlsx, struct view part_name,
                            struct workbook_relations *out, struct err *err) {
    struct part part;
    enum rc rc = part_open(&part, xlsx, part_name, err);

    while (rc == RC_OK && (rc = part_next(&part, err)) == RC_OK &&
           part.event->kind != XML_EVENT_DONE) {
        struct workbook_relation *relation;

        if (!starts(&part, "Relationship") || out->count == RELATIONS_MAX)
            continue;
        relation =
            arena_push(xlsx->arena, &out->list, &out->count, &out->capacity, sizeof(*relation));
        if (relation == NULL) {
            rc = arena_check(xlsx->arena, "workbook", err);
            break;
        }
        *relation = (struct workbook_relation){
            .id = arena_view(xlsx->arena, attribute(&part, "Id")),
            .type = arena_view(xlsx->arena, attribute(&part, "Type")),
            .target = arena_view(xlsx->arena, attribute(&part, "Target"))};
    }
    part_close(&part);
    return rc;
}

bool xlsx_is_worksheet(const struct workbook_relations *relations, struct view id) {
    static const char type[] = "/worksheet";

    for (uint32_t i = 0; i < relations->count; i++) {
        struct view is = relations->list[i].type;

        if (view_equal(relations->list[i].id, id))
            return is.size >= strlen(type) &&
                   view_is(view_slice(is, is.size - strlen(type), strlen(type)), type);
    }
    return false;
}

enum rc xlsx_read_workbook(struct xlsx *xlsx, struct view part_name, struct err *err) {
    struct part part;
    enum rc rc = part_open(&part, xlsx, part_name, err);

    while (rc == RC_OK && (rc = part_next(&part, err)) == RC_OK &&
           part.event->kind != XML_EVENT_DONE) {
        if (starts(&part, "workbookPr")) {
            struct view calendar = attribute(&part, "date1904");

            xlsx->from_1904 = view_is(calendar, "1") || view_is(calendar, "true");
        } else if (starts(&part, "sheet")) {
            struct xlsx_sheet *sheet;

            if (xlsx->sheet_count == SHEETS_MAX) {
                rc = err_set(err, RC_LIMIT, "a workbook has at most %u sheets", SHEETS_MAX);
                break;
            }
            sheet = arena_push(xlsx->arena, &xlsx->sheets, &xlsx->sheet_count,
                               &xlsx->sheet_capacity, sizeof(*sheet));
            if (sheet == NULL) {
                rc = arena_check(xlsx->arena, "workbook", err);
                break;
            }
            sheet->name = arena_view(xlsx->arena, attribute(&part, "name"));
            sheet->relation = arena_view(xlsx->arena, attribute(&part, "id"));
        }
    }
    part_close(&part);
    return rc;
}

enum rc xlsx_read_strings(struct xlsx *xlsx, struct view part_name, struct err *err) {
    struct part part;
    struct buf text;
    enum rc rc = part_open(&part, xlsx, part_name, err);

    buf_init(&text, CELL_BYTES_MAX);
    while (rc == RC_OK && (rc = part_next(&part, err)) == RC_OK &&
           part.event->kind != XML_EVENT_DONE) {
        struct view *string;

        if (!starts(&part, "si"))
            continue;
        buf_clear(&text);
        rc = gather_text(&part, &text, err);
        if (rc != RC_OK)
            break;
        if (xlsx->string_count == STRINGS_MAX) {
            rc = err_set(err, RC_LIMIT, "a workbook has at most %u texts", STRINGS_MAX);
            break;
        }
        string = arena_push(xlsx->arena, &xlsx->strings, &xlsx->string_count,
                            &xlsx->string_capacity, sizeof(*string));
        if (string == NULL)
            rc = arena_check(xlsx->arena, "workbook", err);
        else
            *string = arena_view(xlsx->arena, buf_view(&text));
    }
    buf_release(&text);
    part_close(&part);
    return rc;
}

struct formats { /* the workbook's own number formats: which of them show dates */
    uint32_t count, capacity;
    uint64_t *dates;
};

static bool is_date(const struct formats *formats, struct view id_text) {
    uint64_t id = 0;

    if (!parse_u64(id_text, &id) || id > UINT32_MAX)
        return false;
    for (uint32_t i = 0; i < formats->count; i++)
        if (formats->dates[i] == id)
            return true;
    return number_format_is_date((uint32_t)id, (struct view){0});
}

enum rc xlsx_read_styles(struct xlsx *xlsx, struct view part_name, struct err *err) {
    struct formats formats = {0};
    bool in_cells = false;
    struct part part;
    enum rc rc = part_open(&part, xlsx, part_name, err);

    while (rc == RC_OK && (rc = part_next(&part, err)) == RC_OK &&
           part.event->kind != XML_EVENT_DONE) {
        uint64_t id = 0;

        if (starts(&part, "cellXfs") || ends(&part, "cellXfs"))
            in_cells = part.event->kind == XML_EVENT_START;
        if (starts(&part, "numFmt") && formats.count < FORMATS_MAX &&
            parse_u64(attribute(&part, "numFmtId"), &id) &&
            number_format_is_date(0, attribute(&part, "formatCode"))) {
            uint64_t *date = arena_push(&part.arena, &formats.dates, &formats.count,
                                        &formats.capacity, sizeof(*date));

            if (date == NULL)
                rc = arena_check(&part.arena, "workbook", err);
            else
                *date = id;
        } else if (in_cells && starts(&part, "xf") && xlsx->style_count < STYLES_MAX) {
            bool *style = arena_push(xlsx->arena, &xlsx->style_is_date, &xlsx->style_count,
                                     &xlsx->style_capacity, sizeof(*style));

            if (style == NULL)
                rc = arena_check(xlsx->arena, "workbook", err);
            else
                *style = is_date(&formats, attribute(&part, "numFmtId"));
        }
    }
    part_close(&part);
    return rc;
}

/* --- a sheet --- */

/* "BC12": column 54, row 11. False for what is no such name. */
static bool parse_reference(struct view text, uint32_t *row, uint32_t *column) {
    uint64_t number = 0;
    uint32_t letters = 0;
    size_t at = 0;

    for (; at < text.size && text.data[at] >= 'A' && text.data[at] <= 'Z' && at < 3; at++)
        letters = letters * 26 + (uint32_t)(text.data[at] - 'A') + 1;
    if (at == 0 || !parse_u64(view_slice(text, at, text.size), &number) || number == 0 ||
        number > SHEET_ROWS_MAX || letters > SHEET_COLUMNS_MAX)
        return false;
    *row = (uint32_t)number - 1;
    *column = letters - 1;
    return true;
}

struct cell {
    uint32_t row, column;
    struct view type; /* s, str, inlineStr, b, e, d, n or nothing */
    uint64_t style;
    struct buf text;
};

/* A number as a person reads it in the sheet. */
static struct view number_text(const struct xlsx *xlsx, const struct cell *cell,
                               char out[NUMBER_BYTES]) {
    struct view text = text_trim(buf_view(&cell->text));
    char plain[NUMBER_BYTES], *end;
    size_t size;
    double number;

    if (text.size == 0 || text.size >= NUMBER_BYTES)
        return text;
    memcpy(plain, text.data, text.size);
    plain[text.size] = '\0';
    number = strtod(plain, &end);
    if (end == plain || *end != '\0')
        return text;
    if (cell->style < xlsx->style_count && xlsx->style_is_date[cell->style]) {
        size = serial_format(number, xlsx->from_1904, out);
        if (size > 0)
            return view_of(out, size);
    }
    return view_of(out, double_format(number, out));
}

static enum rc end_cell(struct xlsx *xlsx, struct sheet_build *build, const struct cell *cell,
                        struct view type, struct err *err) {
    struct view text = buf_view(&cell->text);
    char number[NUMBER_BYTES];
    uint64_t index = 0;

    if (view_is(type, "s")) {
        if (!parse_u64(text_trim(text), &index) || index >= xlsx->string_count)
            return err_set(err, RC_INVALID, "row %u, column %u: the workbook has no such text",
                           cell->row + 1, cell->column + 1);
        text = xlsx->strings[index];
    } else if (view_is(type, "b")) {
        text = view_text(view_is(text_trim(text), "1") ? "TRUE" : "FALSE");
    } else if (type.size == 0 || view_is(type, "n")) {
        text = number_text(xlsx, cell, number);
    }
    return workbook_cell(build, cell->row, cell->column, text, err);
}

/* The cell that has just opened, to its end. Without a name of its own it stands right of the one
 * before; cell->row and column say where that would be. */
static enum rc read_cell(struct xlsx *xlsx, struct part *part, struct sheet_build *build,
                         struct cell *cell, struct err *err) {
    struct view reference = attribute(part, "r"), type = attribute(part, "t");
    uint32_t depth = part->event->depth;
    char kind[16] = "";
    enum rc rc = RC_OK;

    if (reference.size > 0 && !parse_reference(reference, &cell->row, &cell->column))
        return err_set(err, RC_INVALID, "%.*s: is no cell of a sheet with at most %u rows",
                       VIEW_PRINT(view_slice(reference, 0, 16)), SHEET_ROWS_MAX);
    if (type.size > 0 && type.size < sizeof(kind))
        memcpy(kind, type.data, type.size);
    cell->style = 0;
    if (attribute(part, "s").size > 0 && !parse_u64(attribute(part, "s"), &cell->style))
        cell->style = 0;
    buf_clear(&cell->text);
    while (rc == RC_OK && (rc = part_next(part, err)) == RC_OK) {
        if (part->event->kind == XML_EVENT_END && part->event->depth == depth)
            break;
        if (starts(part, "v") || starts(part, "is"))
            rc = gather_text(part, &cell->text, err);
        else if (part->event->kind == XML_EVENT_START)
            rc = xml_reader_skip(part->reader, err);
    }
    return rc == RC_OK ? end_cell(xlsx, build, cell, view_text(kind), err) : rc;
}

enum rc xlsx_read_sheet(struct xlsx *xlsx, struct view name, struct view part_name,
                        struct sheet *out, struct err *err) {
    struct cell cell = {0};
    struct sheet_build build;
    uint32_t next_row = 0;
    bool in_data = false;
    struct part part;
    enum rc rc = part_open(&part, xlsx, part_name, err);

    buf_init(&cell.text, CELL_BYTES_MAX);
    sheet_build_init(&build, xlsx->arena);
    while (rc == RC_OK && (rc = part_next(&part, err)) == RC_OK &&
           part.event->kind != XML_EVENT_DONE) {
        if (starts(&part, "sheetData") || ends(&part, "sheetData")) {
            in_data = part.event->kind == XML_EVENT_START;
        } else if (in_data && starts(&part, "row")) {
            uint64_t number = 0;

            cell.row = next_row;
            cell.column = 0;
            if (parse_u64(attribute(&part, "r"), &number) && number > 0 && number <= SHEET_ROWS_MAX)
                cell.row = (uint32_t)number - 1;
            next_row = cell.row + 1;
        } else if (in_data && starts(&part, "c")) {
            rc = read_cell(xlsx, &part, &build, &cell, err);
            cell.column++;
        }
    }
    if (rc == RC_OK)
        rc = sheet_build_end(&build, name, out, err);
    if (rc != RC_OK)
        err_prefix(err, "%.*s: ", VIEW_PRINT(name));
    buf_release(&cell.text);
    part_close(&part);
    return rc;
}
