/* form_check.c: whether a form would do, before anybody publishes it. Needs no county: a village's
 * staff can check a questionnaire on any machine. What publishing against earlier versions would
 * find besides (numbers, retyped questions) is found by publishing only. */
#include "syncd/desk/desk.h"
#include "syncd/desk/form_report.h"

struct checking {
    struct command *command;
    struct arena arena;
    struct form_source source;
    struct findings findings;
    struct buf json;
    struct form *form; /* NULL: it could not be made */
    struct form_trouble *troubles;
    uint32_t trouble_count;
};

static uint32_t warnings_of(const struct checking *at) {
    return at->findings.count - at->findings.error_count;
}

static enum rc print_json(struct checking *at, struct err *err) {
    struct json *json = json_object(), *array;

    json_add_bool(json, "ok", at->form != NULL);
    if (at->form != NULL) {
        json_add_view(json, "name", at->form->name);
        json_add_view(json, "version", at->form->version);
        json_add_int(json, "fields", at->form->field_count);
    }
    json_add_int(json, "errors", at->findings.error_count);
    json_add_int(json, "warnings", warnings_of(at));
    form_findings_json(json, &at->source, &at->findings);
    array = json_add_array(json, "trouble");
    for (uint32_t i = 0; i < at->trouble_count; i++) {
        struct json *item = json_add_object(array, NULL);

        json_add_view(item, "ref", at->troubles[i].ref);
        json_add_view(item, "text", at->troubles[i].text);
    }
    return command_print_json(at->command, json, err);
}

static enum rc print_lines(struct checking *at, struct err *err) {
    form_findings_say(at->command, &at->source, &at->findings);
    for (uint32_t i = 0; i < at->trouble_count; i++)
        command_say(at->command, "warning: in a new draft: %.*s%s%.*s",
                    VIEW_PRINT(at->troubles[i].ref), at->troubles[i].ref.size > 0 ? ": " : "",
                    VIEW_PRINT(at->troubles[i].text));
    if (at->form == NULL)
        return RC_OK;
    command_say(at->command, "%.*s: %u fields, no errors, %u warnings", VIEW_PRINT(at->form->name),
                at->form->field_count, warnings_of(at));
    (void)err;
    return RC_OK;
}

enum rc desk_form_check(void *context, struct command *command, struct err *err) {
    struct checking at = {.command = command};
    const char *word = command->words[0];
    struct err made;
    enum rc rc;

    (void)context;
    err_init(&made, err->lang);
    arena_init(&at.arena, DESK_ARENA_BYTES);
    buf_init(&at.json, LIMIT_FORM_BYTES);
    rc = form_read(command, word, command_option(command, "--media"), &at.arena, &at.source, err);
    if (rc != RC_OK)
        goto out;
    made.rc = form_make(command_option(command, "--lenient") != NULL, &at.source, NULL, 1,
                        &at.arena, &at.findings, &at.json, &at.form, &made);
    if (made.rc != RC_OK)
        at.form = NULL;
    else
        rc = form_try(at.form, err->lang, &at.arena, &at.troubles, &at.trouble_count, err);
    if (rc == RC_OK)
        rc = command->json ? print_json(&at, err) : print_lines(&at, err);
    if (rc == RC_OK && made.rc == RC_INVALID && at.findings.error_count > 0)
        rc = err_set(err, RC_INVALID, "%s: %u errors, %u warnings; mend the errors", word,
                     at.findings.error_count, warnings_of(&at));
    else if (rc == RC_OK && made.rc != RC_OK) {
        *err = made;
        rc = made.rc;
    }
out:
    buf_release(&at.json);
    arena_release(&at.arena);
    return rc;
}
