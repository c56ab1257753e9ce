/* compile_extension.c: our own columns of the survey sheet: how a field merges, what seals it,
 * where it may be shown, which answers people are asked to look at again. A seal and the mark
 * sensitive on a group or repeat hold for all within. */
#include "base/text.h"
#include "schema/form/compile.h"

struct view survey_cell(const struct survey *survey, enum column_kind kind) {
    return table_cell(&survey->compiler->survey, survey->row, kind);
}

bool survey_flag(struct survey *survey, enum column_kind kind, struct view *otherwise) {
    int answer = yes_or_no(survey_cell(survey, kind));

    if (answer >= 0)
        return answer == 1;
    if (otherwise != NULL)
        *otherwise = survey_expression(survey, kind);
    else
        FINDING(survey, true, kind, "\"%.*s\" is neither yes nor no; write yes, or leave it empty",
                VIEW_PRINT(finding_shown(survey_cell(survey, kind))));
    return false;
}

static void read_merge(struct survey *survey, struct form_field *field) {
    struct view text = survey_cell(survey, COLUMN_MERGE);
    bool ordered = field->type == FIELD_TYPE_INTEGER || field->type == FIELD_TYPE_DECIMAL ||
                   field->type == FIELD_TYPE_DATE || field->type == FIELD_TYPE_TIME ||
                   field->type == FIELD_TYPE_DATETIME;
    bool derived = field->type == FIELD_TYPE_CALCULATE;
    uint8_t policy = 0;

    if (derived || field->type == FIELD_TYPE_META)
        field->policy = POLICY_LATEST;
    if (text.size == 0)
        return;
    while (policy <= POLICY_SERVER && !view_is(text, form_policy_names[policy]))
        policy++;
    if (policy > POLICY_SERVER) {
        FINDING(survey, true, COLUMN_MERGE,
                "\"%.*s\" is not a merge policy; write human, latest, max, min, or, union, "
                "authority, once or server",
                VIEW_PRINT(finding_shown(text)));
        return;
    }
    if ((policy == POLICY_MAX || policy == POLICY_MIN) && !ordered)
        FINDING(survey, true, COLUMN_MERGE, "%s needs numbers or dates; this type has no order",
                form_policy_names[policy]);
    else if (derived && policy != POLICY_LATEST)
        FINDING(survey, true, COLUMN_MERGE, "computed values are never merged; leave this empty");
    else
        field->policy = policy;
}

static void read_posting(struct survey *survey, struct form_field *field) {
    struct view text = survey_cell(survey, COLUMN_POST);

    if (view_is(text, "mask"))
        field->posting = POSTING_MASK;
    else if (yes_or_no(text) == 1)
        field->posting = POSTING_YES;
    else if (yes_or_no(text) != 0)
        FINDING(survey, true, COLUMN_POST, "\"%.*s\" is not yes, mask or no",
                VIEW_PRINT(finding_shown(text)));
    if (field->sensitive && field->posting == POSTING_YES)
        FINDING(survey, true, COLUMN_POST,
                "a sensitive answer is never posted as it is; write mask or no");
}

static void read_rank(struct survey *survey, struct form_field *field) {
    static const char *const ranks[] = {"", "declared", "observed", "matched", "document"};
    struct view text = survey_cell(survey, COLUMN_RANK);
    uint8_t rank = 0;

    while (rank < sizeof(ranks) / sizeof(ranks[0]) && !view_is(text, ranks[rank]))
        rank++;
    if (rank < sizeof(ranks) / sizeof(ranks[0]))
        field->rank = rank;
    else
        FINDING(survey, true, COLUMN_RANK,
                "\"%.*s\" is not a rank; write declared, observed, matched or document",
                VIEW_PRINT(finding_shown(text)));
}

/* Our own columns. */
void survey_extensions(struct survey *survey, struct form_field *field, struct row_note *note) {
    static const uint8_t of_answers[] = {COLUMN_MERGE, COLUMN_GROUP, COLUMN_RANK,
                                         COLUMN_KEY,   COLUMN_POST,  COLUMN_WARNING};
    struct view scope = survey_cell(survey, COLUMN_SEAL);

    if (scope.size > 0 && !form_name_valid(scope))
        FINDING(survey, true, COLUMN_SEAL,
                "\"%.*s\" can not be a name; use letters, digits, _ - and ., and no blank",
                VIEW_PRINT(finding_shown(scope)));
    else if (scope.size > 0)
        note->scope = scope;
    if (survey_cell(survey, COLUMN_SENSITIVE).size > 0)
        field->sensitive = survey_flag(survey, COLUMN_SENSITIVE, NULL);
    if (!form_field_holds_value(field)) {
        for (size_t i = 0; i < sizeof(of_answers); i++)
            if (survey_cell(survey, (enum column_kind)of_answers[i]).size > 0)
                FINDING(survey, true, of_answers[i],
                        "a group, repeat or note holds no answer; leave this empty here");
        return;
    }
    read_merge(survey, field);
    read_posting(survey, field);
    read_rank(survey, field);
    if (field->warning.size == 0 && field->warning_message.by_language != NULL)
        FINDING(survey, false, COLUMN_WARNING_MESSAGE,
                "nothing says when this is shown; write in bind::yg:warning what must hold");
    field->key = survey_flag(survey, COLUMN_KEY, NULL);
    note->group = survey_cell(survey, COLUMN_GROUP);
}
