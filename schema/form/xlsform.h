/* xlsform.h: an XLSForm, as county staff write it, becomes a compiled form and an ODK XForm.
 *
 * Input is a workbook: named sheets of cells, from a folder of CSV files (survey.csv, choices.csv,
 * settings.csv) or from an .xlsx file; reading files is the caller's business. Sloppiness that real
 * forms show is accepted where its meaning is plain ("list name", "begin_group", trailing spaces,
 * smart quotes, yes/true/TRUE). Everything else is a finding that names sheet, row and column, in
 * both languages; any error finding refuses the form. With `lenient` what can be made sense of is
 * accepted and listed as a warning: choice names that stand twice, the reserved name "meta",
 * references that mean the nearest of several questions, columns without a namespace.
 *
 * Sheets: survey, choices, settings, entities, external_choices; their names in any case. What
 * else is there is ignored; a name that is nearly one of these is a warning, one that begins with
 * an underscore never is.
 *
 * Extension columns: bind::yg:merge (a policy), bind::yg:group (a name: fields with the same name
 * in the same instance are one merge group), bind::yg:seal (a scope name), bind::yg:rank
 * (declared, observed, matched, document), bind::yg:key (yes), bind::yg:post (yes, mask, no),
 * bind::yg:sensitive (yes), bind::yg:warning (an expression that should hold; where it does not,
 * people are asked to look again, and nothing is refused), bind::yg:warning_message::LANGUAGE
 * (what they are told). Settings: form_id, form_title, version, default_language,
 * instance_name, style, namespaces, name, public_key, submission_url, auto_send, auto_delete,
 * client_editable, allow_choice_duplicates, attribute::*, yg:audience (field, office,
 * restricted). */
#ifndef YG_SCHEMA_FORM_XLSFORM_H
#define YG_SCHEMA_FORM_XLSFORM_H

#include "schema/form.h"

struct sheet {
    struct view name; /* "survey" */
    uint32_t row_count, column_count;
    const struct view *cells; /* row-major; row 0 is the head */
};

struct workbook {
    uint32_t sheet_count;
    const struct sheet *sheets;
    uint32_t file_count; /* lists and tables beside it, see struct form_file */
    const struct form_file *files;
    uint32_t media_count; /* what was brought for its questions to show; in any order */
    const struct form_medium *media;
};

struct xlsform_options {
    bool lenient;
    struct view fallback_name; /* the form_id when the settings name none; empty: that is wrong */
    bool wants_media;          /* what the form shows and was not brought is a warning */
    struct view root_name;     /* of the XForm's instance without settings' name; empty: "data" */
};

/* Whether a sheet with that name means something to an XLSForm. A folder of CSV files has tables
 * beside the sheets; this tells them apart. */
bool xlsform_sheet_known(struct view name);

struct finding {
    bool is_error; /* else a warning */
    struct view sheet;
    uint32_t row;    /* as a spreadsheet shows it: the head is row 1; 0: the whole sheet */
    uint32_t column; /* 1 = A; 0: the whole row */
    char text[512];  /* in err->lang, place included */
};

struct findings {
    uint32_t count, error_count;
    struct finding *list; /* in the arena, sorted within a sheet; at most 200, the rest counted */
};

/* Reads a sheet from the bytes of a CSV file. */
enum rc sheet_from_csv(struct view name, struct view csv, struct arena *arena, struct sheet *out,
                       struct err *err);

/* Compiles. previous is the last published version of the same name or NULL: it gives field
 * numbers, and what would retype or reuse a number is an error. sequence is stored in the form.
 * options may be NULL: strict, form_id demanded. On success *json holds the canonical bytes for
 * form_load, the XForm and the workbook's files among them. RC_INVALID when findings has errors. */
enum rc xlsform_compile(const struct workbook *workbook, const struct form *previous,
                        uint32_t sequence, const struct xlsform_options *options,
                        struct arena *arena, struct findings *findings, struct buf *json,
                        struct err *err);

#endif
