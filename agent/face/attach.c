/* attach.c: photos, sound and files into a record. The file is read by the command, sealed at once,
 * and may be deleted afterwards. Into a draft: drafts.c. */
#include "agent/face/assign.h"
#include "agent/face/draft.h"
#include "agent/store/blobs.h"
#include "base/text.h"
#include "schema/form/answers.h"

#include <stdio.h>

#define ATTACH_HEX_BYTES 65u

/* Reads the file (or standard input for "-"), looks at it, and keeps it sealed for the save that
 * follows. hex: its hash, which is the answer. */
static enum rc attach_file(struct session *session, const struct command *command, uint64_t area,
                           const struct form_field *field, const char *file,
                           char hex[ATTACH_HEX_BYTES], struct err *err) {
    enum attachment_use use = attachment_use_of(field);
    uint8_t hash[32];
    struct buf content;
    enum rc rc;

    if (field->type != FIELD_TYPE_ATTACHMENT)
        return err_set(err, RC_INVALID, "%.*s: this question takes no photo, sound or file",
                       VIEW_PRINT(field->path));
    buf_init(&content, LIMIT_ATTACHMENT_BYTES);
    rc = command_read(command, file, attachment_bytes_max(use), &content, err);
    if (rc == RC_OK) {
        rc = blobs_add(session, area, use, buf_view(&content), 0, hash, err);
        if (rc != RC_OK)
            err_prefix(err, "%.200s: ", file);
    }
    if (rc == RC_OK)
        hex_encode(view_of(hash, sizeof(hash)), hex);
    crypt_buf_release(&content);
    return rc;
}

static enum rc write_field(struct draft *draft, const char *path, const char *file,
                           char hex[ATTACH_HEX_BYTES], struct err *err) {
    char word[LIMIT_PATH_BYTES + ATTACH_HEX_BYTES + 4];
    const struct form_field *field = NULL;
    struct instance_id instance;
    uint16_t number = 0;
    enum rc rc = answers_path(draft->seen.form, &draft->seen.reading, view_text(path), &instance,
                              &number, err);

    if (rc != RC_OK)
        return rc;
    if (number >= FIELD_FIRST_OF_FORM)
        field = form_field_by_number(draft->seen.form, number);
    if (field == NULL || strlen(path) > LIMIT_PATH_BYTES)
        return err_set(err, RC_INVALID, "%.60s: this question takes no photo, sound or file", path);
    rc = attach_file(draft->visit.session, draft->visit.command, draft->seen.area, field, file, hex,
                     err);
    if (rc != RC_OK)
        return rc;
    snprintf(word, sizeof(word), "%s%s=%s", path, field->policy == POLICY_UNION ? "+" : "", hex);
    return assign(&draft->edit, word, err);
}

enum rc face_attach(void *context, struct command *command, struct err *err) {
    bool amends = command_option(command, "--reason") != NULL;
    const char *reason = NULL;
    char hex[ATTACH_HEX_BYTES];
    struct draft draft;
    enum rc rc = amends ? draft_reason(command, &reason, err) : RC_OK;

    if (rc != RC_OK)
        return rc;
    rc = draft_open(context, command, amends ? CHANGE_AMEND : CHANGE_EDIT, &draft, err);
    if (rc == RC_OK)
        rc = write_field(&draft, command->words[1], command->words[2], hex, err);
    rc = draft_end(&draft, rc, reason, err);
    return rc == RC_OK && !command->json ? command_printf(command, err, "%s\n", hex) : rc;
}
