/* compile.h: inside the XLSForm compiler. It runs in this order:
 *   compile_head.c      settings, languages, what each column of a sheet means
 *   compile_choices.c   the lists
 *   compile_survey.c    the rows of the survey sheet become fields (compile_type.c: their types)
 *   compile_name.c      names that stand twice, references that lead nowhere
 *   compile_number.c    numbers, retired paths, merge groups and seal scopes, against the
 *                       previous version
 * xlsform.c holds them together. Whatever is wrong becomes a finding and the work goes on. */
#ifndef YG_SCHEMA_FORM_COMPILE_H
#define YG_SCHEMA_FORM_COMPILE_H

#include "schema/form/form_json.h"
#include "schema/form/xlsform.h"
#include "schema/limits.h"

#define FINDINGS_KEPT 200u
#define NO_COLUMN     UINT32_MAX

enum column_kind {
    COLUMN_NONE = 0, /* not one of ours */
    COLUMN_IGNORED,  /* known to XLSForm, of no use here */
    COLUMN_TYPE,
    COLUMN_NAME,
    COLUMN_LABEL, /* from here to the next comment: a text per language */
    COLUMN_HINT,
    COLUMN_CONSTRAINT_MESSAGE,
    COLUMN_REQUIRED_MESSAGE,
    COLUMN_TITLE,
    COLUMN_REQUIRED, /* one per sheet */
    COLUMN_READ_ONLY,
    COLUMN_RELEVANT,
    COLUMN_CONSTRAINT,
    COLUMN_CALCULATION,
    COLUMN_CHOICE_FILTER,
    COLUMN_DEFAULT,
    COLUMN_APPEARANCE,
    COLUMN_PARAMETERS,
    COLUMN_REPEAT_COUNT,
    COLUMN_TRIGGER,
    COLUMN_MERGE,
    COLUMN_GROUP,
    COLUMN_SEAL,
    COLUMN_RANK,
    COLUMN_KEY,
    COLUMN_POST,
    COLUMN_SENSITIVE,
    COLUMN_LIST_NAME,
    COLUMN_FORM_ID,
    COLUMN_VERSION,
    COLUMN_DEFAULT_LANGUAGE,
    COLUMN_INSTANCE_NAME,
    COLUMN_AUDIENCE,
    COLUMN_ALLOW_DUPLICATES,
    COLUMN_COUNT,
};

struct column {
    uint8_t kind;      /* enum column_kind */
    uint32_t language; /* of a text, index into the form's languages */
};

struct table { /* a sheet whose head is understood */
    const struct sheet *sheet;
    struct column *columns;       /* column_count of the sheet */
    uint32_t first[COLUMN_COUNT]; /* the first column of a kind, or NO_COLUMN */
};

/* What is remembered of a survey row beside its field. */
struct row_note {
    uint32_t row;      /* in the sheet, 0-based (the head is row 0) */
    struct view group; /* bind::yg:group */
    struct view scope; /* bind::yg:seal, its own or inherited */
    bool is_made;      /* or_other's second field: it has no row of its own */
};

struct compiler {
    const struct workbook *workbook;
    const struct form *previous;
    struct arena *arena;
    struct findings *findings;
    struct err *err;
    enum rc failed; /* RC_LIMIT or RC_NO_MEMORY: the work stops */

    struct form form; /* what becomes of it; its arrays are below while they grow */
    struct view languages[LIMIT_FORM_LANGUAGES];
    struct view default_language; /* as the settings say */
    bool allow_duplicates;
    struct table survey, choices, settings;

    struct form_list *lists;
    uint32_t *list_rows; /* where each list begins, for findings */
    uint32_t list_capacity;
    struct form_field *fields;
    struct row_note *notes;
    uint32_t field_capacity;
    struct view *scopes;
};

/* --- findings: compile_finding.c --- */

/* Adds a finding about a cell; row 0-based as in struct sheet (NO_ROW: the sheet), column 0-based
 * (NO_COLUMN: the row). The literal is a key of the catalogue. */
#define NO_ROW UINT32_MAX
void finding_add(struct compiler *compiler, bool is_error, const struct sheet *sheet, uint32_t row,
                 uint32_t column, const char *literal, ...) __attribute__((format(printf, 6, 7)));

/* As much of a text as a message shows. */
struct view finding_shown(struct view text);

/* Memory from the arena; NULL sets failed. */
void *compile_array(struct compiler *compiler, size_t count, size_t size);

/* "yes", "true", "1" and their likes: 1; "no", "false", "0", "": 0; anything else: -1. */
int yes_or_no(struct view cell);

/* --- cells: compile_head.c --- */

const struct sheet *compile_sheet(const struct compiler *compiler, const char *name);
/* The trimmed text of a cell; empty outside of the sheet. */
struct view cell_at(const struct sheet *sheet, uint32_t row, uint32_t column);
/* Of the first column of that kind; empty if there is none. */
struct view table_cell(const struct table *table, uint32_t row, enum column_kind kind);
/* All languages of a text. */
struct form_text table_text(struct compiler *compiler, const struct table *table, uint32_t row,
                            enum column_kind kind);
bool row_is_empty(const struct sheet *sheet, uint32_t row);

/* Reads settings, then the heads of all three sheets. */
void compile_heads(struct compiler *compiler);
void compile_settings(struct compiler *compiler);

/* --- the parts --- */

void compile_choices(struct compiler *compiler);
/* The index of a list; FORM_NO_LIST if there is none with that name. */
uint32_t compile_list(const struct compiler *compiler, struct view name);
/* Makes sure that a list has the choice "other". */
void compile_list_other(struct compiler *compiler, uint32_t list);

void compile_survey(struct compiler *compiler);
/* Names that stand twice, references to names that do not exist. */
void compile_names(struct compiler *compiler);
void compile_numbers(struct compiler *compiler);

/* --- types: compile_type.c --- */

enum row_kind { ROW_FIELD = 0, ROW_BEGIN, ROW_END, ROW_SKIP, ROW_UNKNOWN };

struct row_type {
    uint8_t kind; /* enum row_kind */
    uint8_t type; /* enum field_type; of ROW_END: which it closes */
    bool is_select;
    bool from_file; /* the choices stand in a file of their own */
    bool or_other;
    struct view list;    /* list or file name */
    const char *nearest; /* ROW_UNKNOWN: what was probably meant, or NULL */
};

struct row_type row_type_parse(struct view text, struct view parameters);

/* --- rows of the survey sheet: compile_survey.c, compile_extension.c --- */

struct open_group {
    uint32_t field;
    uint32_t row;
};

struct survey { /* while it is read */
    struct compiler *compiler;
    const struct sheet *sheet;
    uint32_t row; /* at hand */
    uint32_t depth;
    struct open_group open[FORM_DEPTH];
};

/* A finding about the column of a kind in the row at hand. */
#define FINDING(at, is_error, kind, ...)                                                           \
    finding_add((at)->compiler, (is_error), (at)->sheet, (at)->row,                                \
                (at)->compiler->survey.first[kind], __VA_ARGS__)

struct view survey_cell(const struct survey *survey, enum column_kind kind);
/* The same without smart quotes, which word processors make and nobody means. */
struct view survey_expression(struct survey *survey, enum column_kind kind);
/* A cell of yes or no. What is neither goes to otherwise as an expression, or is an error if that
 * is NULL. */
bool survey_flag(struct survey *survey, enum column_kind kind, struct view *otherwise);
/* bind::yg:* of the row at hand. */
void survey_extensions(struct survey *survey, struct form_field *field, struct row_note *note);

#endif
