/* publish.c: forms come into force. What staff bring (form_read.h) is compiled against the newest
 * version of the same name, which gives the field numbers, and becomes the next version. Published
 * forms are immutable; publishing the same content again changes nothing. */
#include "base/words.h"
#include "base/zip.h"
#include "syncd/desk/desk.h"
#include "syncd/desk/form_report.h"
#include "syncd/desk/listing.h"
#include "syncd/sync/quarantine.h"
#include "syncd/sync/replay.h"

#include <stdio.h>

struct publishing {
    struct seat *seat;
    struct command *command;
    struct form_source source;
    struct findings findings;
    struct buf json;           /* of the version at hand */
    struct form *form;         /* the same, loaded */
    const struct form *newest; /* NULL: the first of its name */
    struct buf compressed;
};

/* --- compiling --- */

static enum rc compile(struct publishing *at, const struct form *previous, uint32_t sequence,
                       struct err *err) {
    return form_make(at->command, &at->source, previous, sequence, &at->seat->arena, &at->findings,
                     &at->json, &at->form, err);
}

/* Compiled as what the newest version is, the same content gives the same bytes and hash. */
static enum rc compile_next(struct publishing *at, bool *is_same, struct err *err) {
    enum rc rc = compile(at, NULL, 1, err);

    *is_same = false;
    if (rc != RC_OK)
        return rc;
    rc = ledger_newest(at->seat->ledger, at->form->name, &at->newest, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        at->newest = NULL;
        return RC_OK;
    }
    if (rc == RC_OK)
        rc = compile(at, at->newest, at->newest->sequence, err);
    if (rc != RC_OK)
        return rc;
    *is_same = at->form->id == at->newest->id;
    return *is_same ? RC_OK : compile(at, at->newest, at->newest->sequence + 1, err);
}

/* --- the act --- */

struct last_form {
    struct view name;
    uint64_t position;
    uint32_t sequence;
};

static enum rc last_visit(void *context, const struct stored_form *form, struct err *err) {
    struct last_form *last = context;

    (void)err;
    last->position = form->position;
    if (view_equal(form->name, last->name) && form->sequence > last->sequence)
        last->sequence = form->sequence;
    return RC_OK;
}

static enum rc publish_act(void *context, struct work *work, struct err *err) {
    struct publishing *at = context;
    const struct form *form = at->form;
    struct last_form last = {.name = form->name};
    struct stored_form *row;
    char object[17];
    enum rc rc = store_forms(work->ledger->store, 0, last_visit, &last, err);

    if (rc != RC_OK)
        return rc;
    if (last.sequence + 1 != form->sequence)
        return err_set(err, RC_CONFLICT,
                       "%.*s: somebody else has published it meanwhile; publish again",
                       VIEW_PRINT(form->name));
    row = WORK_ADD(work, forms, form_count, form_capacity);
    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    *row = (struct stored_form){
        .form = form->id,
        .position = last.position + 1,
        .name = form->name,
        .version = form->version,
        .sequence = form->sequence,
        .audience = form->audience,
        .published_ms = work->now_ms,
        .compressed = buf_view(&at->compressed),
    };
    id_text(form->id, object);
    return work_act(work, "command line", "form publish", object, form->name, err);
}

static enum rc print_result(struct publishing *at, bool published, struct err *err) {
    const struct form *form = at->form;
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
    form_findings_json(json, &at->source, &at->findings);
    return command_print_json(at->command, json, err);
}

static enum rc refuse(struct publishing *at, const char *word, struct err *err) {
    if (at->command->json) {
        struct json *json = json_object();
        enum rc rc;

        json_add_bool(json, "published", false);
        form_findings_json(json, &at->source, &at->findings);
        rc = command_print_json(at->command, json, err);
        if (rc != RC_OK)
            return rc;
    }
    return err_set(err, RC_INVALID,
                   "%s: %u errors, nothing was published; mend them and publish again", word,
                   at->findings.error_count);
}

enum rc desk_form_publish(void *context, struct command *command, struct err *err) {
    struct seat seat;
    struct publishing at = {.seat = &seat, .command = command};
    bool is_same = false;
    uint32_t admitted = 0, understood = 0;
    enum rc rc = seat_open(context, command, &seat, err);

    buf_init(&at.json, LIMIT_FORM_BYTES);
    buf_init(&at.compressed, LIMIT_FORM_BYTES);
    if (rc == RC_OK)
        rc = form_read(command, command->words[0], &seat.arena, &at.source, err);
    if (rc == RC_OK) {
        rc = compile_next(&at, &is_same, err);
        form_findings_say(command, &at.source, &at.findings);
        if (rc == RC_INVALID && at.findings.error_count > 0)
            rc = refuse(&at, command->words[0], err);
    }
    if (rc != RC_OK)
        goto out;
    if (!is_same && at.newest != NULL && view_equal(at.newest->version, at.form->version))
        command_say(command,
                    "warning: the settings still say version %.*s; change it, so that people can "
                    "tell the two apart",
                    VIEW_PRINT(at.form->version));
    if (!is_same) {
        rc = zip_deflate(buf_view(&at.json), ZIP_LEVEL_BEST, &at.compressed, err);
        if (rc == RC_OK)
            rc = office_act(seat.office, publish_act, &at, err);
        if (rc == RC_OK)
            rc = quarantine_rejudge(seat.office, 0, &admitted, err);
        if (rc == RC_OK)
            rc = replay_unknown(seat.office, &understood, err);
    }
    if (rc == RC_OK)
        rc = print_result(&at, !is_same, err);
out:
    buf_release(&at.json);
    buf_release(&at.compressed);
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
