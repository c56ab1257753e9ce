/* table.c: every command of yg-agent, its words and its options. docs/yg-agent.1 says the same at
 * length; a test compares the names. */
#include "agent/face/face.h"

#define NO_MORE                                                                                    \
    { NULL, NULL, NULL, false }

static const struct command_option enrol_options[] = {
    {"--server", "URL", "the county's server, such as https://county.example:8443", false},
    {"--code", "CODE", "the one-time code from the county's staff", false},
    {"--name", "PERSON", "name of the first person (else as in the invitation)", false},
    NO_MORE,
};

static const struct command_option person_add_options[] = {
    {"--areas", "CODE,...", "only these areas (else all that you have)", false},
    {"--new-passphrase-file", "FILE", "the new person's secret (else YG_NEW_PASSPHRASE)", false},
    NO_MORE,
};

static const struct command_option new_options[] = {
    {"--area", "CODE", "the village, as a code of 12 digits", false},
    {"--file", "FILE", "answers as a JSON object, nested as the form; - reads standard input",
     false},
    {"--draft", NULL, "save also while required answers are missing", false},
    NO_MORE,
};

static const struct command_option reason_options[] = {
    {"--reason", "TEXT", "why; everybody who may see the record can read it", false},
    NO_MORE,
};

static const struct command_option remove_options[] = {
    {"--record", NULL, "withdraw the whole record instead of an instance", false},
    {"--reason", "TEXT", "why; everybody who may see the record can read it", false},
    NO_MORE,
};

static const struct command_option move_options[] = {
    {"--area", "CODE", "where the record belongs from now on", false},
    {"--reason", "TEXT", "why; everybody who may see the record can read it", false},
    NO_MORE,
};

static const struct command_option list_options[] = {
    {"--form", "FORM", "only records of this form", false},
    {"--area", "CODE", "only this area and what lies beneath it", false},
    {"--search", "TEXT", "only records in which every word occurs", false},
    {"--pending", NULL, "only records with changes that are not on the server yet", false},
    {"--withdrawn", NULL, "withdrawn records too", false},
    {"--limit", "N", "at most so many", false},
    NO_MORE,
};

static const struct command_option resolve_options[] = {
    {"--keep", "DOT", "the side that is right, by its dot; keeps a removed instance", false},
    {"--value", "V", "a third value that is right", false},
    {"--remove", NULL, "an instance that one removed and another edited: remove it", false},
    {"--accept", NULL, "the answer is right although it breaks a rule of the form", false},
    {"--same", NULL, "the two instances are the same", false},
    {"--different", NULL, "the two instances are not the same", false},
    {"--reason", "TEXT", "why; everybody who may see the record can read it", false},
    NO_MORE,
};

static const struct command_option import_options[] = {
    {"--area", "CODE", "the village to which all records belong", false},
    {"--repeat", "NAME=FILE.csv", "rows of a repeat, joined by the key column", true},
    {"--key", "COLUMN", "the column that stands in all files and joins them", false},
    {"--skip-unknown-columns", NULL, "ignore columns that the form does not have", false},
    {"--partial", NULL, "save the good rows and list the bad ones", false},
    NO_MORE,
};

static const struct command_option sync_options[] = {
    {"--server", "URL", "use this server, and remember it", false},
    NO_MORE,
};

static const struct command_option serve_options[] = {
    {"--every", "SECONDS", "sync so often, 60 if not given; 0: only on command", false},
    {"--idle", "MINUTES", "lock people who did nothing for so long, 15 if not given", false},
    NO_MORE,
};

const struct command_spec face_specs[] = {
    {.name = "enrol",
     .arguments = "--server URL --code CODE",
     .options = enrol_options,
     .help = "make this tablet one of the county's, and its first person",
     .run = face_enrol,
     .local = true},
    {.name = "person add",
     .arguments = "NAME",
     .least = 1,
     .most = 1,
     .options = person_add_options,
     .help = "let another person work on this tablet, with a secret of their own",
     .run = face_person_add,
     .reads_input = true},
    {.name = "person list",
     .arguments = "",
     .help = "who works on this tablet",
     .run = face_person_list},
    {.name = "lock",
     .arguments = "",
     .help = "prepare unsent changes for sending and forget the keys",
     .run = face_lock},
    {.name = "unlock",
     .arguments = "",
     .help = "check the secret, apply what came while locked; stays open inside the service",
     .run = face_unlock},
    {.name = "forms", .arguments = "", .help = "the forms on this tablet", .run = face_forms},
    {.name = "new",
     .arguments = "FORM --area CODE",
     .least = 1,
     .most = 1,
     .options = new_options,
     .help = "make a record; prints its id",
     .run = face_new,
     .reads_input = true},
    {.name = "set",
     .arguments = "RECORD PATH=VALUE...",
     .least = 2,
     .most = -1,
     .help = "write answers; PATH+=VALUE adds to a set, PATH-=VALUE takes from it",
     .run = face_set},
    {.name = "add",
     .arguments = "RECORD REPEAT [PATH=VALUE...]",
     .least = 2,
     .most = -1,
     .help = "add an instance of a repeat; prints its id",
     .run = face_add},
    {.name = "remove",
     .arguments = "RECORD [INSTANCE]",
     .least = 1,
     .most = 2,
     .options = remove_options,
     .help = "remove an instance of a repeat, or withdraw the record",
     .run = face_remove},
    {.name = "seal",
     .arguments = "RECORD SCOPE",
     .least = 2,
     .most = 2,
     .help = "close a part of the record; afterwards only amendments",
     .run = face_seal},
    {.name = "amend",
     .arguments = "RECORD PATH=VALUE... --reason TEXT",
     .least = 2,
     .most = -1,
     .options = reason_options,
     .help = "write answers in a sealed part",
     .run = face_amend},
    {.name = "move",
     .arguments = "RECORD --area CODE --reason TEXT",
     .least = 1,
     .most = 1,
     .options = move_options,
     .help = "put the record into another area",
     .run = face_move},
    {.name = "show",
     .arguments = "RECORD",
     .least = 1,
     .most = 1,
     .help = "everything in one record",
     .run = face_show},
    {.name = "list",
     .arguments = "",
     .options = list_options,
     .help = "the records that you may see, newest first",
     .run = face_list},
    {.name = "conflicts",
     .arguments = "[RECORD]",
     .most = 1,
     .help = "open questions, with all sides",
     .run = face_conflicts},
    {.name = "resolve",
     .arguments = "RECORD FIELD --keep DOT|--value V --reason TEXT",
     .least = 2,
     .most = 2,
     .options = resolve_options,
     .help = "answer an open question",
     .run = face_resolve},
    {.name = "history",
     .arguments = "RECORD [FIELD]",
     .least = 1,
     .most = 2,
     .help = "the changes of a record, or all versions of a field, that this tablet holds",
     .run = face_history},
    {.name = "import",
     .arguments = "FORM FILE.csv --area CODE",
     .least = 2,
     .most = 2,
     .options = import_options,
     .help = "make a record of every row; prints how many",
     .run = face_import,
     .reads_input = true},
    {.name = "sync",
     .arguments = "",
     .options = sync_options,
     .help = "send and receive; works locked too",
     .run = face_sync},
    {.name = "status",
     .arguments = "",
     .help = "what is on the tablet, on the server, backed up, and what waits for whom",
     .run = face_status},
    {.name = "quarantine",
     .arguments = "",
     .help = "own changes that wait for the county's staff",
     .run = face_quarantine},
    {.name = "verify",
     .arguments = "",
     .help = "recompute every chain and every state; with a secret, the contents too",
     .run = face_verify},
    {.name = "serve",
     .arguments = "",
     .options = serve_options,
     .help = "own the data, take commands, sync now and then, until stopped",
     .run = face_serve,
     .local = true},
};

const size_t face_spec_count = sizeof(face_specs) / sizeof(face_specs[0]);
