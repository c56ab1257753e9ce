/* quarantine.c: changes that were kept aside, and what staff decide about them: in somebody's name,
 * with his secret, within his areas, and with a reason that the author reads when a change comes
 * back. */
#include "syncd/sync/quarantine.h"
#include "base/crypt.h"
#include "base/text.h"
#include "base/words.h"
#include "syncd/desk/desk.h"
#include "syncd/desk/listing.h"

/* --- quarantine --- */

struct list_quarantine {
    struct seat *seat;
    struct command *command;
    struct listing listing;
};

static struct view device_name(struct seat *seat, uint64_t id) {
    struct stored_device device;
    struct err ignored;

    err_init(&ignored, LANG_EN);
    if (id == 0 || store_device(seat->ledger->store, id, &seat->arena, &device, &ignored) != RC_OK)
        return view_text("county");
    return device.name;
}

/* What became of it, and why it came back. */
enum rc seat_quarantine_state(struct seat *seat, const struct stored_quarantine *row,
                              const char **state, struct view *reason, struct err *err) {
    struct stored_change change;
    enum rc rc;

    *state = "waits";
    *reason = view_text("");
    if (row->settled == 0)
        return RC_OK;
    rc = store_change(seat->ledger->store, row->dot, &change, err);
    if (rc != RC_OK)
        return rc;
    *state = change.verdict == VERDICT_ADMIT ? "released" : "returned";
    if (change.verdict == VERDICT_ADMIT)
        return RC_OK;
    rc = quarantine_reason(seat->ledger->store, row->dot, &seat->arena, reason, err);
    if (rc == RC_NOT_FOUND)
        err_clear(err);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc quarantine_visit(void *context, const struct stored_quarantine *row,
                                struct err *err) {
    struct list_quarantine *list = context;
    enum verdict verdict = (enum verdict)row->verdict;
    char dot[DOT_TEXT_BYTES], id[DOT_TEXT_BYTES], area[AREA_TEXT_BYTES], since[TIME_TEXT_BYTES];
    struct view author = seat_person_name(list->seat, row->person);
    struct view device = device_name(list->seat, row->device), reason;
    const char *state = NULL;
    enum rc rc = seat_quarantine_state(list->seat, row, &state, &reason, err);

    if (rc != RC_OK)
        return rc;
    dot_text(row->dot, dot);
    dot_text(row->record, id);
    area_text(row->area, area);
    time_text(row->since_ms, since);
    if (list->command->json) {
        struct json *json = json_object();

        json_add_text(json, "dot", dot);
        json_add_text(json, "id", id);
        json_add_text(json, "area", area);
        json_add_view(json, "author", author);
        json_add_view(json, "device", device);
        json_add_text(json, "verdict", verdict_name(verdict));
        json_add_text(json, "why", words(list->command->lang, verdict_words(verdict)));
        json_add_text(json, "since", since);
        json_add_bool(json, "settled", row->settled != 0);
        json_add_text(json, "state", state);
        if (reason.size > 0)
            json_add_view(json, "reason", reason);
        return listing_item(&list->listing, json, err);
    }
    listing_cell(&list->listing, view_text(dot));
    listing_cell(&list->listing, view_text(id));
    listing_cell(&list->listing, view_text(area));
    listing_cell(&list->listing, author);
    listing_cell(&list->listing, device);
    listing_cell(&list->listing, view_text(since));
    listing_cell(&list->listing, view_text(words(list->command->lang, state)));
    listing_cell(&list->listing, view_text(words(list->command->lang, verdict_words(verdict))));
    return RC_OK;
}

enum rc desk_quarantine(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {"dot",   "record", "area", "author", "device",
                                        "since", "state",  "why",  NULL};
    struct seat seat;
    struct list_quarantine list = {.seat = &seat, .command = command};
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK) {
        listing_start(&list.listing, command, &seat.arena, heads);
        rc = store_quarantine(seat.ledger->store, command_option(command, "--all") != NULL,
                              quarantine_visit, &list, err);
        rc = listing_end(&list.listing, rc, err);
    }
    seat_close(&seat);
    return rc;
}

/* --- release, return --- */

static enum rc unlock(struct seat *seat, struct command *command, const char *user,
                      struct stored_person *person, struct err *err) {
    char secret[LIMIT_SECRET_BYTES];
    struct staff staff = {0};
    enum rc rc = command_secret(command, "secret: ", secret, sizeof(secret), err);

    if (rc == RC_OK)
        rc = people_unlock(seat, view_text(user), view_text(secret), &staff, err);
    crypt_wipe(secret, sizeof(secret));
    if (rc == RC_OK && !role_may((enum role)staff.role, ABILITY_RELEASE))
        rc = err_set(err, RC_DENIED,
                     "%s: the role %s releases and returns nothing; ask somebody else", user,
                     role_name((enum role)staff.role));
    if (rc == RC_OK)
        rc = store_person(seat->ledger->store, staff.person, &seat->arena, person, err);
    crypt_wipe(&staff, sizeof(staff));
    return rc;
}

static enum rc read_dots(struct seat *seat, const struct command *command,
                         struct quarantine_request *request, struct err *err) {
    struct dot *dots = arena_array(&seat->arena, command->word_count, sizeof(*dots));
    enum rc rc = RC_OK;

    if (dots == NULL)
        return arena_check(&seat->arena, "a request", err);
    for (size_t i = 0; i < command->word_count && rc == RC_OK; i++)
        rc = dot_parse(view_text(command->words[i]), &dots[i], err);
    request->dots = dots;
    request->count = (uint32_t)command->word_count;
    return rc;
}

static enum rc print_settled(struct command *command, const struct quarantine_request *request,
                             struct err *err) {
    struct json *json, *array;

    if (!command->json) {
        if (request->release)
            command_say(command, "%u released; they reach the tablets at their next sync",
                        request->count);
        else
            command_say(command, "%u returned; the author sees it at the next sync",
                        request->count);
        return RC_OK;
    }
    json = json_object();
    array = json_add_array(json, request->release ? "released" : "returned");
    for (size_t i = 0; i < command->word_count; i++)
        json_add_text(array, NULL, command->words[i]);
    return command_print_json(command, json, err);
}

static enum rc settle(struct desk *desk, struct command *command, bool release, struct err *err) {
    const char *user = command_option(command, "--as");
    const char *reason = command_option(command, "--reason");
    struct quarantine_request request = {.release = release, .who = user};
    struct stored_person person;
    struct seat seat;
    enum rc rc;

    if (user == NULL)
        return err_set(err, RC_USAGE, "--as USER is missing; a decision is somebody's");
    if (reason == NULL || text_trim(view_text(reason)).size == 0)
        return err_set(err, RC_USAGE, "--reason TEXT is missing; a decision says why");
    if (strlen(reason) > LIMIT_REASON_BYTES)
        return err_set(err, RC_LIMIT, "--reason: at most %u bytes; say it shorter",
                       LIMIT_REASON_BYTES);
    request.reason = view_text(reason);
    rc = seat_open(desk, command, &seat, err);
    if (rc == RC_OK)
        rc = read_dots(&seat, command, &request, err);
    if (rc == RC_OK)
        rc = unlock(&seat, command, user, &person, err);
    if (rc == RC_OK) {
        request.areas = person.areas;
        request.area_count = person.area_count;
        rc = office_act(seat.office, quarantine_settle_act, &request, err);
    }
    if (rc == RC_OK)
        rc = print_settled(command, &request, err);
    seat_close(&seat);
    return rc;
}

enum rc desk_quarantine_release(void *context, struct command *command, struct err *err) {
    return settle(context, command, true, err);
}

enum rc desk_quarantine_return(void *context, struct command *command, struct err *err) {
    return settle(context, command, false, err);
}
