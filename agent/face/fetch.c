/* fetch.c: what was attached to a record, where each of it is, and bringing here what another
 * tablet took: `attachments`. */
#include "agent/face/columns.h"
#include "agent/face/face.h"
#include "agent/field/album.h"
#include "agent/sync/sync.h"
#include "base/text.h"
#include "schema/form/answers.h"

#define PATH_BYTES (LIMIT_PATH_BYTES + LIMIT_INSTANCE_DEPTH * INSTANCE_TEXT_BYTES)

struct listing {
    struct visit *visit;
    const struct seen *seen;
    struct json *list;
    struct buf text;
};

static enum rc add_value(struct listing *listing, const struct cell *cell,
                         const struct value *value, struct err *err) {
    struct json *item;
    enum rc rc;

    buf_clear(&listing->text);
    value_text(value, &listing->text);
    rc =
        album_add_one(listing->visit->session, buf_view(&listing->text), listing->list, &item, err);
    if (rc != RC_OK || item == NULL)
        return rc;
    buf_clear(&listing->text);
    rc = answers_path_text(&listing->seen->reading, cell->instance, cell->field, &listing->text,
                           err);
    if (rc == RC_OK)
        json_add_buf(item, "path", &listing->text);
    return rc;
}

/* Both sides of a conflict, too. */
static enum rc add_all(struct listing *listing, struct err *err) {
    const struct reading *reading = &listing->seen->reading;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < reading->cell_count && rc == RC_OK; i++) {
        const struct cell *cell = &reading->cells[i];
        const struct form_field *field =
            listing->seen->form == NULL ? NULL
                                        : form_field_by_number(listing->seen->form, cell->field);

        if (field == NULL || field->type != FIELD_TYPE_ATTACHMENT)
            continue;
        if (cell->kind == CELL_VALUE)
            rc = add_value(listing, cell, &cell->value, err);
        for (uint32_t k = 0; cell->kind != CELL_VALUE && k < cell->version_count && rc == RC_OK;
             k++)
            rc = add_value(listing, cell, &cell->versions[k]->value, err);
    }
    return rc;
}

static enum rc print(struct command *command, struct json *list, struct err *err) {
    struct columns columns;
    enum rc rc;

    if (command->json)
        return command_print_json(command, list, err);
    columns_init(&columns, 3);
    for (const struct json *item = json_first(list); item != NULL; item = json_next(item)) {
        columns_add_text(&columns, json_text_or(json_get(item, "state"), ""));
        columns_add_text(&columns, json_text_or(json_get(item, "path"), ""));
        columns_add_text(&columns, json_text_or(json_get(item, "hash"), ""));
        columns_end_row(&columns);
    }
    rc = columns_print(&columns, command, err);
    columns_release(&columns);
    json_free(list);
    return rc;
}

static enum rc list_all(struct visit *visit, const struct seen *seen, struct err *err) {
    struct listing listing = {.visit = visit, .seen = seen, .list = json_array()};
    enum rc rc;

    buf_init(&listing.text, PATH_BYTES + LIMIT_VALUE_BYTES);
    rc = add_all(&listing, err);
    buf_release(&listing.text);
    if (rc == RC_OK)
        return print(visit->command, listing.list, err);
    json_free(listing.list);
    return rc;
}

enum rc face_attachments(void *context, struct command *command, struct err *err) {
    const char *hex = command_option(command, "--fetch");
    struct attachment_wanted wanted;
    struct visit visit;
    struct seen seen;
    enum rc rc = visit_open(context, command, NEED_SESSION, &visit, err);

    if (rc == RC_OK)
        rc = visit_see(&visit, command->words[0], &seen, err);
    if (rc == RC_OK && hex != NULL) {
        wanted = (struct attachment_wanted){.record = seen.record.id, .area = seen.area};
        if (strlen(hex) != 64 || !hex_decode(view_text(hex), wanted.hash, sizeof(wanted.hash)))
            rc = err_set(err, RC_INVALID,
                         "an answer here is the name of an attachment, 64 hexadecimal digits");
        else
            rc = face_pull(&visit, &wanted, err);
    }
    if (rc == RC_OK)
        rc = list_all(&visit, &seen, err);
    visit_close(&visit);
    return rc;
}
