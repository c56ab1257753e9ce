/* Verdicts in words: the name for programs, the sentence for people. */
#include "schema/merge.h"

static const struct {
    const char *name;
    const char *words;
} verdicts[VERDICT_COUNT] = {
    [VERDICT_ADMIT] = {"admit", "accepted"},
    [VERDICT_FOUR_EYES] = {"four_eyes", "whoever wrote one side may not decide; ask somebody else"},
    [VERDICT_NEEDS_RESOLVE] = {"needs_resolve",
                               "replaces another person's side of an open conflict without a "
                               "decision"},
    [VERDICT_NEEDS_AMEND] = {"needs_amend", "writes what is sealed without an amendment"},
    [VERDICT_NOT_SIGNED] = {"not_signed", "the signature of a person is missing"},
    [VERDICT_NO_REASON] = {"no_reason", "the reason is missing"},
    [VERDICT_SERVER_FIELD] = {"server_field", "writes a field that only the server writes"},
    [VERDICT_WRONG_VALUE] = {"wrong_value", "a value that the form does not allow"},
    [VERDICT_UNKNOWN_FORM] = {"unknown_form", "of a form that is not known here yet"},
    [VERDICT_OUT_OF_SCOPE] = {"out_of_scope", "of an area that was not granted"},
    [VERDICT_NOT_ALLOWED] = {"not_allowed", "the role of this person does not allow it"},
    [VERDICT_TOO_LARGE] = {"too_large", "the record would become too large"},
    [VERDICT_MALFORMED] = {"malformed",
                           "cannot be understood: it was damaged, or the program that wrote it is "
                           "faulty"},
    [VERDICT_NO_RECORD] = {"no_record", "of a record that its author could not have known"},
    [VERDICT_BAD_SIGNATURE] = {"bad_signature",
                               "the signature does not fit, or the person is not known here"},
};

const char *verdict_name(enum verdict verdict) {
    return (unsigned)verdict < VERDICT_COUNT ? verdicts[verdict].name : "unknown";
}

const char *verdict_words(enum verdict verdict) {
    return (unsigned)verdict < VERDICT_COUNT ? verdicts[verdict].words : "unknown";
}
