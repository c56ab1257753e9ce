/* resolve_command.c: `yg-syncd resolve`: one answer, somebody's name and secret, and a reason. */
#include "base/crypt.h"
#include "base/text.h"
#include "syncd/desk/resolve.h"

static enum rc which_answer(const struct command *command, struct resolve_order *order,
                            struct err *err) {
    static const struct {
        const char *option;
        enum resolution answer;
    } options[] = {
        {"--keep", RESOLUTION_KEEP},     {"--value", RESOLUTION_VALUE},
        {"--remove", RESOLUTION_REMOVE}, {"--accept", RESOLUTION_ACCEPT},
        {"--same", RESOLUTION_SAME},     {"--different", RESOLUTION_DIFFER},
    };
    const char *value = command_option(command, "--value");
    size_t given = 0, path_size = strlen(order->path);

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (command_option(command, options[i].option) != NULL) {
            order->answer = options[i].answer;
            given++;
        }
    if (given != 1)
        return err_set(err, RC_USAGE,
                       "give one answer: --keep DOT, --value V, --remove, --accept, --same or "
                       "--different");
    if (order->answer == RESOLUTION_KEEP || order->answer == RESOLUTION_VALUE)
        order->text = order->answer == RESOLUTION_KEEP ? command_option(command, "--keep") : value;
    if (order->answer == RESOLUTION_VALUE && path_size >= 5 &&
        strcmp(order->path + path_size - 5, "@same") == 0) {
        if (value[0] != '=' && value[0] != '!')
            return err_set(err, RC_USAGE, "--value: write =ID (the same) or !ID (not the same)");
        order->answer = value[0] == '=' ? RESOLUTION_SAME : RESOLUTION_DIFFER;
    }
    return RC_OK;
}

/* The number that show gives. */
static enum rc read_position(const struct command *command, struct resolve_order *order,
                             struct err *err) {
    const char *text = command_option(command, "--position");

    order->has_position = text != NULL;
    if (text != NULL && !parse_u64(view_text(text), &order->position))
        return err_set(err, RC_USAGE, "--position %s: write the number that show gives", text);
    return RC_OK;
}

static enum rc unlock(struct seat *seat, struct command *command, struct staff *staff,
                      struct err *err) {
    const char *user = command_option(command, "--as");
    char secret[LIMIT_SECRET_BYTES];
    enum rc rc = command_secret(command, "secret: ", secret, sizeof(secret), err);

    if (rc == RC_OK)
        rc = people_unlock(seat, view_text(user), view_text(secret), staff, err);
    crypt_wipe(secret, sizeof(secret));
    if (rc == RC_OK && !role_may((enum role)staff->role, ABILITY_RESOLVE))
        rc = err_set(err, RC_DENIED, "%s: the role %s decides no conflicts; ask somebody else",
                     user, role_name((enum role)staff->role));
    return rc;
}

static enum rc print_made(struct command *command, const struct resolve_order *order,
                          const struct resolved *resolved, struct err *err) {
    char dot[DOT_TEXT_BYTES], id[DOT_TEXT_BYTES];
    struct json *json;

    dot_text(resolved->made, dot);
    dot_text(resolved->record, id);
    if (!command->json) {
        command_say(command, "decided: %s of %s", order->path, id);
        return command_printf(command, err, "%s\n", dot);
    }
    json = json_object();
    json_add_text(json, "id", id);
    json_add_text(json, "path", order->path);
    json_add_text(json, "dot", dot);
    return command_print_json(command, json, err);
}

enum rc desk_resolve(void *context, struct command *command, struct err *err) {
    const char *reason = command_option(command, "--reason");
    const char *user = command_option(command, "--as");
    struct resolve_order order = {.record = command->words[0], .path = command->words[1]};
    struct resolved resolved;
    struct staff staff = {0};
    struct seat seat;
    enum rc rc = which_answer(command, &order, err);

    if (rc == RC_OK)
        rc = read_position(command, &order, err);
    if (rc != RC_OK)
        return rc;
    if (user == NULL)
        return err_set(err, RC_USAGE, "--as USER is missing; a decision is somebody's");
    if (reason == NULL || text_trim(view_text(reason)).size == 0)
        return err_set(err, RC_USAGE, "--reason TEXT is missing; a decision says why");
    order.reason = view_text(reason);
    rc = seat_open(context, command, &seat, err);
    if (rc == RC_OK)
        rc = unlock(&seat, command, &staff, err);
    if (rc == RC_OK)
        rc = resolve_record(&seat, &order, &staff, user, &resolved, err);
    if (rc == RC_OK)
        rc = print_made(command, &order, &resolved, err);
    crypt_wipe(&staff, sizeof(staff));
    seat_close(&seat);
    return rc;
}
