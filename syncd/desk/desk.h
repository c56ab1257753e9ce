/* desk.h: the staff's door on the command line: what the county's people do and see. Each command
 * works on the office, which is the running service's or one opened for the moment.
 *
 * Sensitive fields are masked unless --reveal --reason TEXT is given, and every look behind the
 * mask is an act in the staff log. */
#ifndef YG_SYNCD_DESK_DESK_H
#define YG_SYNCD_DESK_DESK_H

#include "base/command.h"
#include "base/date.h"
#include "schema/form/answers.h"
#include "syncd/sync/office.h"

/* The context of every command here. */
struct desk {
    void *context;
    enum rc (*office)(void *context, const struct command *command, const struct office **out,
                      struct err *err);
};

#define DESK_ARENA_BYTES (512u * 1024u * 1024u)

/* What most commands need: an office, a reader, an arena. Close it in every case. */
struct seat {
    const struct office *office;
    const char *who; /* for the staff log: the user at the console, else "command line" */
    struct ledger *ledger;
    struct arena arena;
};
enum rc seat_open(struct desk *desk, const struct command *command, struct seat *seat,
                  struct err *err);
/* The same, of an office that is there already, for somebody else than the command line. */
enum rc seat_open_at(const struct office *office, const char *who, struct seat *seat,
                     struct err *err);
void seat_close(struct seat *seat);

/* Fits person_name of answers.h; context is the seat. Unknown persons: empty. */
struct view seat_person_name(void *seat, uint64_t person);

struct seen_record {
    struct stored_record stored;
    struct record record;
    struct reading reading;
};
enum rc seat_record(struct seat *seat, const char *id, struct seen_record *out, struct err *err);

/* The document of `show --json`: {id, form, version, area, values, conflicts, sealed, position}.
 * position counts the changes that the state has absorbed. The caller frees *out. */
enum rc seen_json(struct seat *seat, const struct seen_record *seen, bool mask, struct json **out,
                  struct err *err);
/* A JSON value as people read it: texts bare, arrays with " | " between. */
void json_as_text(const struct json *value, struct buf *out);

/* Whether sensitive values stay masked; asks for --reason when --reveal is given, and logs. */
enum rc seat_mask(struct seat *seat, const struct command *command, const char *object,
                  bool *masked, struct err *err);

/* What became of a change that was kept aside: "waits", "released", "returned", and why it was
 * returned (else empty). */
enum rc seat_quarantine_state(struct seat *seat, const struct stored_quarantine *row,
                              const char **state, struct view *reason, struct err *err);

/* A device by its id or its name. RC_NOT_FOUND; RC_CONFLICT: several have this name. */
enum rc seat_device(struct seat *seat, const char *text, struct stored_device *out,
                    struct err *err);

/* A person by id or name, of tablets and staff. RC_NOT_FOUND; RC_CONFLICT: several have this name.
 */
enum rc seat_person(struct seat *seat, const char *text, uint64_t *person, struct err *err);

/* The area that the county is responsible for, as given at `init`. */
enum rc seat_root_area(struct seat *seat, uint64_t *area, struct err *err);
/* RC_INVALID, naming it, when one of them does not lie within that. */
enum rc seat_areas_check(struct seat *seat, const uint64_t *areas, uint32_t count, struct err *err);
/* An area as somebody wrote it, by the code in force for it. RC_INVALID as area_parse says. */
enum rc seat_area(struct seat *seat, const char *text, uint64_t *area, struct err *err);
/* Grants as they are in force: through the table of areas. list may have room for count only. */
void seat_areas_current(struct seat *seat, uint64_t *list, uint32_t *count);
/* A list of areas as an array of codes, and as people write it. */
void seat_areas_json(struct json *parent, const char *key, const uint64_t *areas, uint32_t count);
void seat_areas_text(const uint64_t *areas, uint32_t count, struct buf *out);

/* Milliseconds as RFC 3339 in China time; "-" for 0. */
void time_text(int64_t time_ms, char out[TIME_TEXT_BYTES]);

/* --- people (people.c) --- */

/* The signing key of a staff member, by name and secret. RC_DENIED without saying which is wrong.
 * The caller wipes it. */
struct staff {
    uint64_t person;
    uint8_t role;
    uint8_t secret_key[64];
};
enum rc people_unlock(struct seat *seat, struct view name, struct view secret, struct staff *out,
                      struct err *err);

/* --- commands; context is a struct desk --- */

extern const struct command_spec desk_commands[]; /* commands.c */
extern const size_t desk_command_count;

enum rc desk_user_add(void *context, struct command *command, struct err *err);
enum rc desk_user_second(void *context, struct command *command, struct err *err);
enum rc desk_user_confirm(void *context, struct command *command, struct err *err);
enum rc desk_token_add(void *context, struct command *command, struct err *err);
enum rc desk_token_list(void *context, struct command *command, struct err *err);
enum rc desk_token_revoke(void *context, struct command *command, struct err *err);
enum rc desk_user_list(void *context, struct command *command, struct err *err);
enum rc desk_device_invite(void *context, struct command *command, struct err *err);
enum rc desk_device_list(void *context, struct command *command, struct err *err);
enum rc desk_device_revoke(void *context, struct command *command, struct err *err);
enum rc desk_device_scope(void *context, struct command *command, struct err *err);
enum rc desk_area_list(void *context, struct command *command, struct err *err);
enum rc desk_area_merge(void *context, struct command *command, struct err *err);
enum rc desk_area_recode(void *context, struct command *command, struct err *err);
enum rc desk_area_names(void *context, struct command *command, struct err *err);
enum rc desk_area_rename(void *context, struct command *command, struct err *err);
enum rc desk_form_check(void *context, struct command *command, struct err *err);
enum rc desk_form_publish(void *context, struct command *command, struct err *err);
enum rc desk_form_list(void *context, struct command *command, struct err *err);
enum rc desk_form_show(void *context, struct command *command, struct err *err);
enum rc desk_form_convert(void *context, struct command *command, struct err *err);
enum rc desk_records(void *context, struct command *command, struct err *err);
enum rc desk_reindex(void *context, struct command *command, struct err *err);
enum rc desk_income(void *context, struct command *command, struct err *err);
enum rc desk_show(void *context, struct command *command, struct err *err);
enum rc desk_history(void *context, struct command *command, struct err *err);
enum rc desk_conflicts(void *context, struct command *command, struct err *err);
enum rc desk_resolve(void *context, struct command *command, struct err *err);
enum rc desk_task_assign(void *context, struct command *command, struct err *err);
enum rc desk_task_list(void *context, struct command *command, struct err *err);
enum rc desk_task_change(void *context, struct command *command, struct err *err);
enum rc desk_task_cancel(void *context, struct command *command, struct err *err);
enum rc desk_note(void *context, struct command *command, struct err *err);
enum rc desk_return(void *context, struct command *command, struct err *err);
enum rc desk_notes(void *context, struct command *command, struct err *err);
enum rc desk_redact(void *context, struct command *command, struct err *err);
enum rc desk_waiting(void *context, struct command *command, struct err *err);
enum rc desk_quarantine(void *context, struct command *command, struct err *err);
enum rc desk_quarantine_release(void *context, struct command *command, struct err *err);
enum rc desk_quarantine_return(void *context, struct command *command, struct err *err);
enum rc desk_attachments(void *context, struct command *command, struct err *err);
enum rc desk_attachment_backup(void *context, struct command *command, struct err *err);
enum rc desk_attachment_confirm(void *context, struct command *command, struct err *err);
enum rc desk_attachment_restore(void *context, struct command *command, struct err *err);
enum rc desk_attachment_verify(void *context, struct command *command, struct err *err);
enum rc desk_attachment_save(void *context, struct command *command, struct err *err);
enum rc desk_export(void *context, struct command *command, struct err *err);
enum rc desk_audit_report(void *context, struct command *command, struct err *err);
enum rc desk_audit_export(void *context, struct command *command, struct err *err);
enum rc desk_backup(void *context, struct command *command, struct err *err);
enum rc desk_backup_confirm(void *context, struct command *command, struct err *err);
enum rc desk_restore(void *context, struct command *command, struct err *err);
enum rc desk_bundle_read(void *context, struct command *command, struct err *err);
enum rc desk_bundle_write(void *context, struct command *command, struct err *err);
enum rc desk_verify(void *context, struct command *command, struct err *err);
enum rc desk_log(void *context, struct command *command, struct err *err);

#endif
