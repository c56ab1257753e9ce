/* audit.h: the desk's answers to an auditor: files that prove what they say (schema/audit/audit.h),
 * and the questions of an inspector as reports. No printing here: commands (audit_command.c) and
 * the console show what these functions give. */
#ifndef YG_SYNCD_DESK_AUDIT_H
#define YG_SYNCD_DESK_AUDIT_H

#include "schema/audit/audit.h"
#include "syncd/sync/office.h"

/* ---- the signed export ---- */

#define AUDIT_RECORDS_MAX 1000000u

struct audit_wish {
    uint8_t selection; /* enum audit_selection */
    uint32_t record_count;
    const struct dot *records; /* AUDIT_RECORDS */
    uint32_t area_count;
    uint64_t *areas; /* AUDIT_AREA: by the codes in force, with what lies beneath */
    bool full;       /* sensitive values too; else they are masked */
    bool contents;   /* the attachments themselves, too */
    struct view by, reason;
    int64_t day; /* on which incomes are computed: days since 1970-01-01 */
};

/* Writes a whole file through write. Reads one moment of the county, however long it takes. The
 * caller has put the act into the staff log before. RC_NOT_FOUND: one of the records; RC_LIMIT.
 * What was written is no file unless RC_OK comes back. */
enum rc audit_export(const struct office *office, struct ledger *ledger,
                     const struct audit_wish *wish,
                     enum rc (*write)(void *sink, struct view bytes, struct err *err), void *sink,
                     struct err *err);

/* ---- the staff log ---- */

struct audit_log_wish {     /* what is empty or 0 does not matter */
    struct view who;        /* exactly */
    struct view action;     /* "device": also "device revoke" */
    struct view object;     /* a record: also its fields */
    int64_t from_ms, to_ms; /* before to */
    uint64_t after;         /* serial */
};
/* In order of serial. */
/* Whether an act is one of those that are wished for. */
bool audit_log_fits(const struct audit_log_wish *wish, const struct stored_act *act);
enum rc audit_log(struct store *store, const struct audit_log_wish *wish, store_visit_act *visit,
                  void *context, struct err *err);

/* ---- an inspector's questions ---- */

enum audit_question {
    AUDIT_VISITS = 1, /* sealed visits without two investigators, without two of their signatures,
                       * or first made after the household's meeting */
    AUDIT_CHANGES,    /* who changed an answer, from what to what, on which device, offline or not,
                       * when it came in, and why */
    AUDIT_INCOMES,    /* incomes by the table of the form that the record was filled with */
    AUDIT_TABLET,     /* which records a tablet held and which it wrote */
};

/* A part of a report that walks through records, by their ids: visits, incomes, tablet. */
struct audit_portion {
    struct dot after;   /* what comes behind this record; number 0: from the beginning */
    uint32_t look_most; /* records that are looked at */
    struct dot reached; /* out: the last one that was looked at, and told if there was a line */
    uint32_t looked;    /* out */
    bool more;          /* out: there are others behind it */
};

struct audit_ask {
    uint8_t question; /* enum audit_question */
    struct ledger *ledger;
    struct arena *arena; /* of the whole report */
    enum lang lang;
    bool masked;
    uint64_t area;     /* AUDIT_VISITS, AUDIT_INCOMES: with what lies beneath; 0 all */
    struct dot record; /* AUDIT_CHANGES; AUDIT_INCOMES: only this one, unless number is 0 */
    struct view path;  /* AUDIT_CHANGES: as in `show`; empty: every answer */
    uint64_t device;   /* AUDIT_TABLET */
    int64_t day;       /* AUDIT_INCOMES: of reference */
    struct audit_portion *part; /* NULL: the whole report */
};

enum audit_cell_kind { AUDIT_TEXT = 1, AUDIT_NUMBER, AUDIT_FEN, AUDIT_FLAG, AUDIT_TIME };

struct audit_cell {
    const char *key; /* for programs, and a key of the catalogue for people */
    uint8_t kind;    /* enum audit_cell_kind */
    struct view text;
    int64_t number;
};
#define AUDIT_CELLS_MAX 16u

/* Every line of a question has the same keys in the same order. */
typedef enum rc audit_visit_line(void *context, const struct audit_cell *cells, uint32_t count,
                                 struct err *err);
enum rc audit_report(const struct audit_ask *ask, audit_visit_line *visit, void *context,
                     struct err *err);
/* Its text, in place of what out holds. In a table for people flags are yes and no; for programs
 * (CSV) 1 and 0. */
void audit_cell_text(const struct audit_cell *cell, bool is_csv, enum lang lang, struct buf *out);
/* Adds the cell to a JSON object under its key. */
struct json;
void audit_cell_json(const struct audit_cell *cell, struct json *item);
/* The keys of the question's lines, ended by NULL. */
const char *const *audit_report_keys(enum audit_question question);

#endif
