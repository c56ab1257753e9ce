/* compile.h: inside the XLSForm compiler. It runs in this order:
 *   compile_sheet.c      the sheets, and those whose names are nearly right
 *   compile_head.c       languages, what each column of a sheet means
 *   compile_settings.c   the settings
 *   compile_choices.c    the lists
 *   compile_survey.c     the rows of the survey sheet: a tree of rows, and a field for each that
 *                        has one in the compiled form (compile_type.c: types, compile_parameter.c:
 *                        what stands in the column parameters)
 *   compile_name.c       names that stand twice, references that lead nowhere
 *   compile_entity.c     entities: where each is declared, what is saved to it
 *   compile_number.c     numbers, retired paths, merge groups and seal scopes, against the
 *                        previous version
 *   compile_syntax.c     expressions that can not be read
 *   compile_circle.c     questions that wait for each other
 *   xform.c              the XForm
 * xlsform.c holds them together. Whatever is wrong becomes a finding and the work goes on. */
#ifndef YG_SCHEMA_FORM_COMPILE_H
#define YG_SCHEMA_FORM_COMPILE_H

#include "schema/form/form_json.h"
#include "schema/form/xlsform.h"
#include "schema/limits.h"

#define FINDINGS_KEPT 200u
#define NO_COLUMN     UINT32_MAX
#define NO_ROW        UINT32_MAX
#define NO_FIELD      UINT32_MAX
#define NO_PARENT     UINT32_MAX

enum column_kind {
    COLUMN_NONE = 0, /* not one of ours */
    COLUMN_IGNORED,  /* known to XLSForm, of no use here */
    COLUMN_TYPE,
    COLUMN_NAME,
    COLUMN_LABEL, /* from here to the next comment: a text per language */
    COLUMN_HINT,
    COLUMN_GUIDANCE,
    COLUMN_IMAGE,
    COLUMN_BIG_IMAGE,
    COLUMN_AUDIO,
    COLUMN_VIDEO,
    COLUMN_CONSTRAINT_MESSAGE,
    COLUMN_REQUIRED_MESSAGE,
    COLUMN_WARNING_MESSAGE,
    COLUMN_NO_APP_MESSAGE,
    COLUMN_TITLE,
    COLUMN_REQUIRED, /* one per sheet */
    COLUMN_READ_ONLY,
    COLUMN_RELEVANT,
    COLUMN_CONSTRAINT,
    COLUMN_WARNING,
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
    COLUMN_SAVE_TO,
    COLUMN_DISABLED,
    COLUMN_BIND, /* several per sheet, each with its attribute: from here to the next comment */
    COLUMN_CONTROL,
    COLUMN_INSTANCE,
    COLUMN_ATTRIBUTE,
    COLUMN_LIST_NAME, /* one per sheet again */
    COLUMN_ENTITY_ID,
    COLUMN_CREATE_IF,
    COLUMN_UPDATE_IF,
    COLUMN_REPEAT,
    COLUMN_FORM_ID,
    COLUMN_VERSION,
    COLUMN_DEFAULT_LANGUAGE,
    COLUMN_INSTANCE_NAME,
    COLUMN_AUDIENCE,
    COLUMN_ALLOW_DUPLICATES,
    COLUMN_ROOT_NAME,
    COLUMN_STYLE,
    COLUMN_SUBMISSION_URL,
    COLUMN_PUBLIC_KEY,
    COLUMN_AUTO_SEND,
    COLUMN_AUTO_DELETE,
    COLUMN_CLIENT_EDITABLE,
    COLUMN_NAMESPACES,
    COLUMN_INSTANCE_XMLNS,
    COLUMN_PREFIX,
    COLUMN_DELIMITER,
    COLUMN_OMIT_INSTANCE_ID,
    COLUMN_COUNT,
};

struct column {
    uint8_t kind;          /* enum column_kind */
    bool translated;       /* a text whose head names a language */
    uint32_t language;     /* of a text, index into the form's languages */
    struct view attribute; /* COLUMN_BIND, CONTROL, INSTANCE, ATTRIBUTE: as written */
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
};

/* One name=value of the column parameters. */
struct parameter {
    struct view name, value; /* names in lower case */
};

/* A row of the survey sheet that stays, in order of the sheet; groups hold what follows them up to
 * end. Some rows are made: or_other's second question, the count of a repeat. */
struct survey_row {
    const struct type_spec *spec;
    uint32_t row;            /* in the sheet, 0-based (the head is row 0); of who made it */
    bool is_made;            /* it has no row of its own */
    bool has_label;          /* it has a label, in whatever language, or media */
    bool has_hint;           /* or guidance */
    uint32_t field;          /* in the compiled form, or NO_FIELD */
    uint32_t parent, repeat; /* rows around it, or NO_PARENT */
    uint32_t end;            /* behind its last descendant */
    struct view name;
    struct view xpath; /* "/data/group/name" */
    struct view type;  /* as written */
    uint32_t list;     /* index into lists, or FORM_NO_LIST */
    struct view file;  /* choices from a file, its name; or from a repeat: "${name}" */
    bool or_other;
    struct view relevant, constraint, warning, calculation, required, read_only, default_value,
        choice_filter, appearance, repeat_count, trigger, label; /* label: of made rows */
    uint32_t parameter_count;
    const struct parameter *parameters;
    uint32_t count_row; /* of a repeat: the made row that counts, or NO_ROW */
    uint32_t entity;    /* declared in this group: index into entities, or NO_ROW */
    struct view save_to;
    bool is_trigger; /* some row's trigger names it */
};

struct list_note {        /* what is remembered of a list beside its choices */
    uint32_t row;         /* where it begins */
    const uint32_t *rows; /* of its choices in the sheet; NO_ROW: the made "other" */
    bool is_used;         /* by a select */
    bool is_instance;     /* by more than search() */
};

struct entity {
    uint32_t row; /* in the entities sheet */
    struct view list, label, id, create_if, update_if;
    uint32_t container; /* the row of its group, or NO_PARENT: the form itself */
};

struct compiler {
    const struct workbook *workbook;
    const struct form *previous;
    struct xlsform_options options;
    struct arena *arena;
    struct findings *findings;
    struct err *err;
    enum rc failed; /* RC_LIMIT or RC_NO_MEMORY: the work stops */

    struct form form; /* what becomes of it; its arrays are below while they grow */
    struct view languages[LIMIT_FORM_LANGUAGES];
    struct view default_language; /* as the settings say */
    struct view root_name;        /* of the XForm's instance */
    struct view namespaces;       /* as the settings say */
    struct view instance_name;    /* as an expression */
    bool allow_duplicates;
    bool has_extensions; /* a column bind::yg:* */
    struct table survey, choices, settings, entities, external_choices, osm;

    struct form_list *lists;
    struct list_note *list_notes;
    uint32_t list_capacity;
    struct form_field *fields;
    struct row_note *notes;
    uint32_t field_capacity;
    struct view *scopes;

    struct survey_row *rows;
    uint32_t row_count, row_capacity;
    const uint32_t *rows_by_name; /* sorted; made by compile_names */
    struct entity *entities_declared;
    uint32_t entity_count;
};

/* --- findings: compile_finding.c --- */

/* Adds a finding about a cell; row 0-based as in struct sheet (NO_ROW: the sheet), column 0-based
 * (NO_COLUMN: the row). The literal is a key of the catalogue. */
void finding_add(struct compiler *compiler, bool is_error, const struct sheet *sheet, uint32_t row,
                 uint32_t column, const char *literal, ...) __attribute__((format(printf, 6, 7)));

/* As much of a text as a message shows. */
struct view finding_shown(struct view text);

/* Memory from the arena; NULL sets failed. */
void *compile_array(struct compiler *compiler, size_t count, size_t size);

/* "yes", "true", "1" and their likes: 1; "no", "false", "0", "": 0; anything else: -1. */
int yes_or_no(struct view cell);

/* --- sheets and cells: compile_sheet.c --- */

/* The sheet with that name, in any case; NULL if there is none. */
const struct sheet *compile_sheet(const struct compiler *compiler, const char *name);
/* Says which sheets have nearly that name. */
void compile_sheet_similar(struct compiler *compiler, const char *name, bool is_error);
/* The trimmed text of a cell; empty outside of the sheet. */
struct view cell_at(const struct sheet *sheet, uint32_t row, uint32_t column);
/* Whether a name of a list or file can stand in quotes in an expression: it has no quotes, no
 * control characters, and nothing that XML escapes. */
bool name_is_quotable(struct view name);
bool row_is_empty(const struct sheet *sheet, uint32_t row);
/* Of the first column of that kind; empty if there is none. */
struct view table_cell(const struct table *table, uint32_t row, enum column_kind kind);
/* All languages of a text. */
struct form_text table_text(struct compiler *compiler, const struct table *table, uint32_t row,
                            enum column_kind kind);
/* Whether a text of that kind stands in the row in a column that names its language. */
bool table_translated(const struct table *table, uint32_t row, enum column_kind kind);
bool table_has_text(const struct table *table, uint32_t row, enum column_kind kind);

/* --- heads: compile_head.c --- */

/* Understands the heads of all sheets. */
void compile_heads(struct compiler *compiler);

/* --- the parts --- */

void compile_settings(struct compiler *compiler);
void compile_choices(struct compiler *compiler);
/* The index of a list; FORM_NO_LIST if there is none with that name. */
uint32_t compile_list(const struct compiler *compiler, struct view name);
/* Makes sure that a list has the choice "other". */
void compile_list_other(struct compiler *compiler, uint32_t list);

void compile_survey(struct compiler *compiler);
/* Names that stand twice, references to names that do not exist. */
void compile_names(struct compiler *compiler);
void compile_entities(struct compiler *compiler);
void compile_numbers(struct compiler *compiler);
void compile_syntax(struct compiler *compiler);
/* Whether it is XPath once its references are paths. */
bool expression_is_readable(struct compiler *compiler, struct view text);
void compile_circles(struct compiler *compiler);
/* What questions and choices show; says what was not brought. */
void compile_media(struct compiler *compiler);

/* --- references: compile_name.c --- */

/* Where the next ${name} or ${last-saved#name} begins at or behind `from`, and what it holds; false
 * if there is none. */
struct reference {
    size_t start, end; /* of the whole, with its brackets */
    struct view name;
    bool is_last_saved;
    bool is_closed; /* false: the bracket never closes; end is the end of the text */
};
bool reference_next(struct view text, size_t from, struct reference *out);

/* The row that a reference means: of several with that name the nearest to the row `from`
 * (NO_PARENT: from the top); NO_ROW if there is none. *ambiguous: two are equally near. */
uint32_t reference_row(const struct compiler *compiler, struct view name, uint32_t from,
                       bool *ambiguous);

/* --- types: compile_type.c --- */

enum row_kind {
    ROW_FIELD = 0,
    ROW_BEGIN,
    ROW_END,
    ROW_AUDIT,
    ROW_EXTERNAL, /* a file that expressions read */
    ROW_UNKNOWN,
};

/* What a type is in the XForm. */
struct type_spec {
    const char *text; /* lower case, words parted by one blank */
    uint8_t kind;     /* enum row_kind */
    uint8_t type;     /* enum field_type; of ROW_END: which it closes */
    const char *bind; /* the XForm's data type */
    const char *control;
    const char *detail; /* media type of an upload, parameter of a preload */
    const char *preload;
};

struct row_type {
    uint8_t kind; /* enum row_kind */
    uint8_t type; /* enum field_type; of ROW_END: which it closes */
    const struct type_spec *spec;
    bool is_select;
    bool from_file;   /* the choices stand in a file of their own */
    bool is_external; /* select_one_external */
    bool or_other;
    struct view list;    /* list or file name */
    const char *nearest; /* ROW_UNKNOWN: what was probably meant, or NULL */
};

struct row_type row_type_parse(struct view text, struct view parameters);
/* The spec with exactly that text. */
const struct type_spec *type_spec_named(const char *text);

/* --- rows of the survey sheet: compile_survey.c, compile_extension.c, compile_parameter.c --- */

struct open_group {
    uint32_t index; /* of its row */
    uint32_t row;   /* in the sheet */
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

/* Reads and checks the column parameters of the row at hand. */
void survey_parameters(struct survey *survey, struct survey_row *row);
/* The value of a parameter; empty if it is not there. */
struct view row_parameter(const struct survey_row *row, const char *name);
/* What only the finished tree can tell of parameters: lists and references they name. */
void compile_parameters(struct compiler *compiler);

#endif
