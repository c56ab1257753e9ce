/* commands.c: the desk's part of the command line, as data. docs/yg-syncd.8 says the same in prose.
 */
#include "syncd/desk/desk.h"
#include "syncd/desk/meeting.h"

#define END                                                                                        \
    { NULL, NULL, NULL, false }
#define REVEAL                                                                                     \
    {"--reveal", NULL, "show sensitive values; asks for --reason and is logged", false}, {         \
        "--reason", "TEXT", "why; it is logged", false                                             \
    }

static const struct command_option USER_ADD[] = {
    {"--role", "ROLE",
     "village, investigator, clerk, township, county, admin, auditor, city, joint or pollster",
     false},
    {"--areas", "CODE,...", "where; the whole county when left out", false},
    {"--one-time", NULL, "print a secret for the first login instead of asking for one", false},
    END};
static const struct command_option CONFIRM[] = {{"--reason", "TEXT", "why; it is logged", false},
                                                END};
static const struct command_option USER_LIST[] = {
    {"--all", NULL, "also the people on the tablets", false}, END};
static const struct command_option TOKEN_ADD[] = {
    {"--as", "USER", "whose it is; takes that user's secret", false},
    {"--may", "WHAT,...", "read, export, audit, manage; read when left out", false},
    {"--areas", "CODE,...", "areas that it may read; all of the user's when left out", false},
    {"--until", "DAY", "the last day; a year from now when left out", false},
    {"--reveal", NULL, "may look behind the mask, with a reason each time", false},
    END};
static const struct command_option INVITE[] = {
    {"--areas", "CODE,...", "areas that the tablet may hold", false},
    {"--name", "N", "name of the tablet", false},
    {"--role", "ROLE", "role of its first person; investigator when left out", false},
    END};
static const struct command_option REVOKE[] = {
    {"--reason", "TEXT", "why; it is logged", false},
    {"--wipe", NULL, "and let it forget what it holds, as soon as nobody has unlocked it", false},
    END};
static const struct command_option SCOPE[] = {
    {"--areas", "CODE,...",
     "areas that the tablet may hold from now on; left out, to be confirmed: as before", false},
    {"--reason", "TEXT", "why; it is logged", false},
    END};
static const struct command_option RECORDS[] = {
    {"--form", "F", "only records of this form", false},
    {"--area", "A", "only records of this area and what lies beneath", false},
    {"--find", "TEXT",
     "only records with these words: a name or its pinyin, the end of an ID number, a village",
     false},
    {"--state", "S", "only records that are in conflict, quarantined, sealed or withdrawn", false},
    {"--sort", "BY", "changed, created, area or name", false},
    {"--reverse", NULL, "the other way round", false},
    {"--limit", "N", "how many at most; 50 with --find, --state or --sort", false},
    END};
static const struct command_option SHOW[] = {REVEAL, END};
static const struct command_option INCOME[] = {
    {"--on", "DAY", "the day of the application; ages count on it; today if not given", false},
    REVEAL,
    END};
static const struct command_option MEETINGS[] = {
    {"--area", "A", "only of this area and what lies beneath", false}, END};
static const struct command_option CONFLICTS[] = {
    {"--area", "A", "only of this area and what lies beneath", false}, REVEAL, END};
static const struct command_option RESOLVE[] = {
    {"--keep", "DOT", "this side is right, as its dot in show", false},
    {"--value", "V", "neither is right: this is; a group as {\"field\": \"value\", ...}", false},
    {"--remove", NULL, "the removal stands, although somebody edited inside", false},
    {"--same", NULL, "the two that are proposed are one", false},
    {"--different", NULL, "the two that are proposed are two", false},
    {"--accept", NULL, "the broken rule is accepted as it is", false},
    {"--as", "USER", "who decides; takes that user's secret", false},
    {"--reason", "TEXT", "why; it is kept with the decision", false},
    {"--position", "N", "only if show still gives this position", false},
    END};
static const struct command_option AREA_MERGE[] = {
    {"--into", "CODE", "the area that takes their place", false},
    {"--reason", "TEXT", "why, with the decree; it is logged", false},
    END};
static const struct command_option AREA_OTHER[] = {
    {"--reason", "TEXT", "why, with the decree; it is logged", false}, END};
static const struct command_option QUARANTINE[] = {{"--all", NULL, "also what is settled", false},
                                                   END};
static const struct command_option SETTLE[] = {
    {"--as", "USER", "who decides; takes that user's secret", false},
    {"--reason", "TEXT", "why; the author reads it when a change comes back", false},
    END};
#define AS                                                                                         \
    { "--as", "USER", "who says it; takes that user's secret", false }
static const struct command_option TASK_ASSIGN[] = {
    {"--kind", "K", "1 new, 2 review, 3 spot check, 4 tip, 5 relief, 6 third party, 9 other",
     false},
    {"--to", "PERSON", "who shall do it, by id or name; anybody of the area when left out", false},
    {"--due", "DAY", "until when", false},
    {"--message", "TEXT", "what there is to do", false},
    {"--area", "A", "where, when it is about no record", false},
    AS,
    END};
static const struct command_option TASK_LIST[] = {
    {"--area", "A", "only of this area and what lies beneath", false},
    {"--all", NULL, "also those that are done or cancelled", false},
    END};
static const struct command_option TASK_CHANGE[] = {
    {"--to", "PERSON", "who shall do it, by id or name; - for anybody of the area", false},
    {"--due", "DAY", "until when; - for no day", false},
    AS,
    END};
static const struct command_option TASK_CANCEL[] = {
    {"--reason", "TEXT", "why; it is kept with the task", false}, AS, END};
static const struct command_option NOTE[] = {
    {"--text", "TEXT", "what there is to say", false},
    {"--kind", "KIND", "comment (if not given), return, approve, mark or reopen", false},
    AS,
    END};
static const struct command_option RETURN[] = {
    {"--note", "TEXT", "what has to be mended", false}, AS, END};
static const struct command_option REDACT[] = {
    {"--as", "USER", "who orders it; takes that user's secret", false},
    {"--reason", "TEXT", "why; it is shown wherever the answer stood", false},
    END};
static const struct command_option EXPORT[] = {
    {"--form", "F", "the form whose records are written", false},
    {"--area", "A", "only records of this area and what lies beneath", false},
    {"--format", "FORMAT", "csv, zip, xlsx, json, jsonl or geojson", false},
    {"--csv", NULL, "a table for spreadsheets; --json gives nested documents", false},
    {"--repeat", "NAME", "the table of this repeat, one line an instance", false},
    REVEAL,
    END};

static const struct command_option AUDIT_EXPORT_OPTIONS[] = {
    {"--records", "ID,...", "these records", true},
    {"--area", "A", "all records of this area and what lies beneath", false},
    {"--all", NULL, "all records of the county", false},
    {"--attachments", NULL, "the attachments themselves, too; asks for --reveal", false},
    {"--on", "DAY", "the day for which incomes are computed; today if not given", false},
    REVEAL,
    END};

static const struct command_option AUDIT_REPORT_OPTIONS[] = {
    {"--area", "A", "only of this area and what lies beneath", false},
    {"--on", "DAY", "the day for which incomes are computed; today if not given", false},
    {"--csv", NULL, "a table for spreadsheets", false},
    REVEAL,
    END};
static const struct command_option LOG[] = {
    {"--who", "NAME", "only what this user or program did", false},
    {"--action", "WORDS", "only this action, as resolve, or all that begin with it, as device",
     false},
    {"--object", "ID", "only about this record, tablet or person", false},
    {"--from", "DAY", "from this day on", false},
    {"--to", "DAY", "up to the end of this day", false},
    END};

static const struct command_option ATTACHMENTS[] = {
    {"--missing", NULL, "only those that have not come yet", false}, END};
static const struct command_option ATTACHMENT_SAVE[] = {
    {"--reason", "TEXT", "why; it is logged", false}, END};
static const struct command_option RESTORE[] = {
    {"--halves", NULL, "make the keys from both recovery halves, typed", false},
    {"--first-half", "FILE", "the first recovery half from a file", false},
    {"--second-half", "FILE", "the second recovery half from a file", false},
    END};

static const struct command_option BUNDLE_WRITE[] = {
    {"--device", "DEVICE", "the tablet it is for, by id or name", false},
    {"--from-start", NULL, "everything, although the tablet has told how far it is", false},
    END};

#define LENIENT                                                                                    \
    { "--lenient", NULL, "accept what can be made sense of, and list it", false }
static const struct command_option FORM_READ[] = {
    LENIENT,
    {"--media", "DIR",
     "the folder of its tables, pictures, sounds and films; NAME-media when left "
     "out",
     false},
    END};
static const struct command_option FORM_SHOW[] = {
    {"--version", "N", "the version of this number; the newest when left out", false},
    {"--xform", NULL, "print its XForm, as ODK's programs read it", false},
    END};
static const struct command_option FORM_CONVERT[] = {
    {"--to", "FORMAT", "xform, xlsx or csv", false},
    {"--force", NULL, "replace what is there", false},
    LENIENT,
    END};

#define DESK(name, arguments, least, most, options, help, run)                                     \
    { name, arguments, least, most, options, help, run, false, false }

const struct command_spec desk_commands[] = {
    {"form check", "PATH", 1, 1, FORM_READ,
     "list what is wrong with a form, before it is published", desk_form_check, false, true},
    DESK("form publish", "PATH", 1, 1, FORM_READ,
         "publish a form from an Excel workbook or a folder of CSV sheets", desk_form_publish),
    DESK("form list", "", 0, 0, NULL, "list the published forms", desk_form_list),
    DESK("form show", "NAME", 1, 1, FORM_SHOW, "show a published form: its fields and versions",
         desk_form_show),
    {"form convert", "PATH --to FORMAT [OUT]", 1, 2, FORM_CONVERT,
     "write a form as an XForm, a workbook or a folder of CSV sheets", desk_form_convert, false,
     true},
    DESK("user add", "NAME --role ROLE", 1, 1, USER_ADD,
         "add somebody of the staff, with a secret of his own", desk_user_add),
    DESK("user list", "", 0, 0, USER_LIST, "list the staff", desk_user_list),
    DESK("user confirm", "NAME --reason TEXT", 1, 1, CONFIRM,
         "confirm somebody's new secret, or rights, in the place of a second administrator",
         desk_user_confirm),
    DESK("user second-factor", "ROLE,...", 1, 1, NULL,
         "set which roles need a second factor at the console; none for no role", desk_user_second),
    DESK("token add", "NAME --as USER", 1, 1, TOKEN_ADD,
         "let a program read at the console for somebody: print a token", desk_token_add),
    DESK("token list", "", 0, 0, NULL, "list the tokens of programs", desk_token_list),
    DESK("token revoke", "TOKEN --reason TEXT", 1, 1, CONFIRM, "make a token worthless at once",
         desk_token_revoke),
    DESK("device invite", "--areas CODE,...", 0, 0, INVITE,
         "make a code with which one tablet can enrol within 24 hours", desk_device_invite),
    DESK("device list", "", 0, 0, NULL, "list the tablets, and what waits on them",
         desk_device_list),
    DESK("device revoke", "DEVICE --reason TEXT", 1, 1, REVOKE, "let a tablet sync no more",
         desk_device_revoke),
    DESK("device scope", "DEVICE [--areas CODE,...]", 1, 1, SCOPE,
         "change the areas that a tablet may hold", desk_device_scope),
    DESK("area list", "", 0, 0, NULL, "list areas that were merged, or got another code or name",
         desk_area_list),
    DESK("area merge", "OLD... --into NEW --reason TEXT", 1, -1, AREA_MERGE,
         "let one area take the place of others", desk_area_merge),
    DESK("area recode", "OLD NEW --reason TEXT", 2, 2, AREA_OTHER, "give an area another code",
         desk_area_recode),
    DESK("area rename", "CODE NAME --reason TEXT", 2, 2, AREA_OTHER, "give an area another name",
         desk_area_rename),
    DESK("area names", "FILE --reason TEXT", 1, 1, AREA_OTHER,
         "give many areas their names: a CSV file of codes and names", desk_area_names),
    DESK("reindex", "", 0, 0, NULL, "make anew what lists of records are searched by",
         desk_reindex),
    DESK("records", "", 0, 0, RECORDS, "list records", desk_records),
    DESK("show", "RECORD", 1, 1, SHOW, "show a record: values, conflicts, seals", desk_show),
    DESK("income", "RECORD", 1, 1, INCOME, "what a household lives on, by the county's table",
         desk_income),
    DESK("meetings", "", 0, 0, MEETINGS, "list evaluation meetings and how they came out",
         desk_meetings),
    DESK("meeting show", "MEETING", 1, 1, NULL,
         "one meeting: the result of each household and why, what is wrong", desk_meeting_show),
    DESK("history", "RECORD [FIELD]", 1, 2, SHOW, "every value that a record or field ever had",
         desk_history),
    DESK("conflicts", "", 0, 0, CONFLICTS, "list open questions by due date", desk_conflicts),
    DESK("resolve", "RECORD FIELD (--keep DOT | --value V) --as USER --reason TEXT", 2, 2, RESOLVE,
         "answer an open question, in somebody's name", desk_resolve),
    DESK("task assign", "[RECORD] --kind K --as USER", 0, 1, TASK_ASSIGN,
         "give workers something to do: a visit, a check", desk_task_assign),
    DESK("task list", "", 0, 0, TASK_LIST, "list what workers have to do", desk_task_list),
    DESK("task change", "TASK --as USER", 1, 1, TASK_CHANGE,
         "give a task to somebody else, or another day", desk_task_change),
    DESK("task cancel", "TASK --reason TEXT --as USER", 1, 1, TASK_CANCEL, "take a task back",
         desk_task_cancel),
    DESK("note", "RECORD [FIELD] --text TEXT --as USER", 1, 2, NOTE,
         "write a note about a record; its tablets get it", desk_note),
    DESK("return", "RECORD [FIELD] --note TEXT --as USER", 1, 2, RETURN,
         "give a record back to be mended; it stands on the home page of its author", desk_return),
    DESK("notes", "RECORD", 1, 1, NULL, "list the notes about a record", desk_notes),
    DESK("quarantine", "", 0, 0, QUARANTINE, "list changes that were kept aside, and why",
         desk_quarantine),
    DESK("quarantine release", "DOT... --as USER --reason TEXT", 1, -1, SETTLE,
         "admit changes that were kept aside", desk_quarantine_release),
    DESK("quarantine return", "DOT... --as USER --reason TEXT", 1, -1, SETTLE,
         "give changes that were kept aside back to their author", desk_quarantine_return),
    DESK("waiting", "", 0, 0, NULL,
         "list what waits for changes that were written before it and have not come", desk_waiting),
    DESK("redact", "RECORD [FIELD] --reason TEXT", 1, 2, REDACT,
         "erase every version of an answer, as the law demands", desk_redact),
    DESK("attachments", "", 0, 0, ATTACHMENTS, "list photos, sound and files, and where they are",
         desk_attachments),
    DESK("attachment save", "HASH FILE --reason TEXT", 2, 2, ATTACHMENT_SAVE,
         "write one of them into a file; it is logged", desk_attachment_save),
    DESK("attachment backup", "FOLDER", 1, 1, NULL,
         "add encrypted copies of all of them to a folder", desk_attachment_backup),
    DESK("attachment confirm", "FOLDER", 1, 1, NULL,
         "read the copies back; what they hold is safe from then on", desk_attachment_confirm),
    DESK("attachment restore", "FOLDER", 1, 1, NULL,
         "put back from the copies what is missing here", desk_attachment_restore),
    DESK("attachment verify", "", 0, 0, NULL, "check every one of them against its hash",
         desk_attachment_verify),
    DESK("export", "--form F (--csv | --json)", 0, 0, EXPORT, "write all records of a form",
         desk_export),
    DESK("audit export", "FILE (--records ID,... | --area A | --all)", 1, 1, AUDIT_EXPORT_OPTIONS,
         "write records with all that proves them; yg-verify checks it", desk_audit_export),
    DESK("audit report", "QUESTION [RECORD [FIELD] | DEVICE]", 1, 3, AUDIT_REPORT_OPTIONS,
         "answer an inspector: visits, changes, incomes or tablet", desk_audit_report),
    DESK("log", "", 0, 0, LOG, "list what the staff did", desk_log),
    DESK("backup", "FILE", 1, 1, NULL, "write everything into one encrypted file", desk_backup),
    DESK("backup confirm", "FILE", 1, 1, NULL,
         "read a backup back, and tell the tablets that it is safe", desk_backup_confirm),
    {"restore", "FILE --data NEWDIR", 1, 1, RESTORE, "make the county again from a backup",
     desk_restore, true, true},
    {"bundle read", "FILE", 1, 1, NULL, "take what tablets sent on a stick", desk_bundle_read, true,
     false},
    DESK("bundle write", "FILE --device DEVICE", 1, 1, BUNDLE_WRITE,
         "write answers for a tablet without a network", desk_bundle_write),
    DESK("verify", "", 0, 0, NULL, "recompute every chain and every state from the log",
         desk_verify),
};
const size_t desk_command_count = sizeof(desk_commands) / sizeof(desk_commands[0]);
