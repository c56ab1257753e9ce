/* workbook_part.h: inside the workbook reader: the parts of an .xlsx. */
#ifndef YG_SCHEMA_FORM_WORKBOOK_PART_H
#define YG_SCHEMA_FORM_WORKBOOK_PART_H

#include "base/archive.h"
#include "schema/form/sheet_build.h"

struct workbook_relation {
    struct view id, type, target;
};

struct workbook_relations {
    uint32_t count, capacity;
    struct workbook_relation *list;
};

struct xlsx_sheet {
    struct view name, relation;
};

struct xlsx {
    struct arena *arena; /* of what comes out */
    struct archive *archive;
    bool from_1904;
    uint32_t sheet_count, sheet_capacity;
    struct xlsx_sheet *sheets;
    uint32_t string_count, string_capacity;
    struct view *strings;
    uint32_t style_count, style_capacity;
    bool *style_is_date; /* by the style's number */
};

/* A cell into the sheet; white space alone is nothing. */
enum rc workbook_cell(struct sheet_build *build, uint32_t row, uint32_t column, struct view text,
                      struct err *err);

/* Each reads one part. RC_INVALID names part and line. */
enum rc xlsx_read_relations(struct xlsx *xlsx, struct view part, struct workbook_relations *out,
                            struct err *err);
enum rc xlsx_read_workbook(struct xlsx *xlsx, struct view part, struct err *err);
enum rc xlsx_read_strings(struct xlsx *xlsx, struct view part, struct err *err);
enum rc xlsx_read_styles(struct xlsx *xlsx, struct view part, struct err *err);
enum rc xlsx_read_sheet(struct xlsx *xlsx, struct view name, struct view part, struct sheet *out,
                        struct err *err);

/* A chart or a dialogue may stand among the sheets as well. */
bool xlsx_is_worksheet(const struct workbook_relations *relations, struct view id);

#endif
