/* publish.c: forms come into force from the command line, and which ones are. */
#include "base/words.h"
#include "syncd/desk/form_candidate.h"
#include "syncd/desk/listing.h"

#include <stdio.h>

/* --- form publish --- */

struct publishing {
    struct command *command;
    struct form_source source;
    struct form_candidate candidate;
};

static enum rc print_result(const struct publishing *at, struct err *err) {
    const struct form *form = at->candidate.form;
    bool published = !at->candidate.is_same;
    struct json *json;
    char id[17];

    if (!at->command->json) {
        if (published)
            command_say(at->command, "%.*s: version %.*s is published as number %u",
                        VIEW_PRINT(form->name), VIEW_PRINT(form->version), form->sequence);
        else
            command_say(at->command,
                        "%.*s: this is what number %u says already; nothing to publish",
                        VIEW_PRINT(form->name), form->sequence);
        return RC_OK;
    }
    json = json_object();
    id_text(form->id, id);
    json_add_bool(json, "published", published);
    json_add_text(json, "form", id);
    json_add_view(json, "name", form->name);
    json_add_view(json, "version", form->version);
    json_add_int(json, "sequence", form->sequence);
    form_findings_json(json, &at->source, &at->candidate.findings);
    return command_print_json(at->command, json, err);
}

static enum rc refuse(const struct publishing *at, const char *word, struct err *err) {
    if (at->command->json) {
        struct json *json = json_object();
        enum rc rc;

        json_add_bool(json, "published", false);
        form_findings_json(json, &at->source, &at->candidate.findings);
        rc = command_print_json(at->command, json, err);
        if (rc != RC_OK)
            return rc;
    }
    return err_set(err, RC_INVALID,
                   "%s: %u errors, nothing was published; mend them and publish again", word,
                   at->candidate.findings.error_count);
}

static enum rc publish(struct publishing *at, struct err *err) {
    struct form_candidate *candidate = &at->candidate;
    enum rc rc = form_candidate_make(candidate, err);

    form_findings_say(at->command, &at->source, &candidate->findings);
    if (rc == RC_INVALID && candidate->findings.error_count > 0)
        return refuse(at, at->command->words[0], err);
    if (rc != RC_OK)
        return rc;
    if (!candidate->is_same && candidate->newest != NULL &&
        view_equal(candidate->newest->version, candidate->form->version))
        command_say(at->command,
                    "warning: the settings still say version %.*s; change it, so that people can "
                    "tell the two apart",
                    VIEW_PRINT(candidate->form->version));
    rc = form_candidate_publish(candidate, candidate->form->name, err);
    return rc == RC_OK ? print_result(at, err) : rc;
}

enum rc desk_form_publish(void *context, struct command *command, struct err *err) {
    struct seat seat;
    struct publishing at = {.command = command};
    enum rc rc = seat_open(context, command, &seat, err);

    form_candidate_init(&at.candidate, &seat, &at.source,
                        command_option(command, "--lenient") != NULL);
    if (rc == RC_OK)
        rc = form_read(command, command->words[0], command_option(command, "--media"), &seat.arena,
                       &at.source, err);
    if (rc == RC_OK)
        rc = publish(&at, err);
    form_candidate_release(&at.candidate);
    seat_close(&seat);
    return rc;
}

/* --- form list --- */

struct list_forms {
    struct command *command;
    struct listing table;
};

static enum rc form_visit(void *context, const struct stored_form *form, struct err *err) {
    struct list_forms *list = context;
    char id[17], published[TIME_TEXT_BYTES];
    const char *audience = audience_name((enum audience)form->audience);

    id_text(form->form, id);
    time_text(form->published_ms, published);
    if (list->command->json) {
        struct json *json = json_object();

        json_add_text(json, "form", id);
        json_add_view(json, "name", form->name);
        json_add_view(json, "version", form->version);
        json_add_int(json, "sequence", form->sequence);
        json_add_text(json, "audience", audience);
        json_add_text(json, "published", published);
        return listing_item(&list->table, json, err);
    }
    listing_cell(&list->table, form->name);
    listing_cell(&list->table, form->version);
    listing_cellf(&list->table, "%u", form->sequence);
    listing_cell(&list->table, view_text(audience));
    listing_cell(&list->table, view_text(published));
    listing_cell(&list->table, view_text(id));
    return RC_OK;
}

enum rc desk_form_list(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {"name",      "version", "number", "audience",
                                        "published", "id",      NULL};
    struct seat seat;
    struct list_forms list = {.command = command};
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK) {
        listing_start(&list.table, command, &seat.arena, heads);
        rc = store_forms(seat.ledger->store, 0, form_visit, &list, err);
        rc = listing_end(&list.table, rc, err);
    }
    seat_close(&seat);
    return rc;
}
