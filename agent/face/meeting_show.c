/* meeting_show.c: a meeting in words: who is due, what came of each household, what is wrong. */
#include "agent/face/columns.h"
#include "agent/face/meeting.h"
#include "base/words.h"
#include "schema/vote/meeting_json.h"

static enum rc print_head(const struct at_meeting *at, struct err *err) {
    const struct meeting *meeting = &at->at.meeting;
    struct command *command = at->visit.command;
    uint8_t hash[CRYPT_HASH_BYTES];
    enum rc rc = command_printf(command, err, "%.*s: %s\n", VIEW_PRINT(meeting->title),
                                words(command->lang, meeting_state_words(meeting->state)));

    if (rc == RC_OK && meeting->has_rules)
        rc = command_printf(command, err, words(command->lang, "rules: %.*s\n"),
                            VIEW_PRINT(meeting->rules.profile));
    if (rc == RC_OK)
        rc = command_printf(command, err, words(command->lang, "due %u, present %u\n"),
                            vote_seats_count(meeting->expected),
                            vote_seats_count(meeting->present & meeting->expected));
    if (rc == RC_OK && meeting_result_hash(meeting, hash))
        rc = command_printf(command, err, words(command->lang, "result %02x%02x%02x%02x\n"),
                            hash[0], hash[1], hash[2], hash[3]);
    return rc;
}

static enum rc print_members(const struct at_meeting *at, struct err *err) {
    struct command *command = at->visit.command;
    struct columns columns;
    enum rc rc;

    columns_init(&columns, 3);
    columns_add_words(&columns, command->lang, WORD("seat"));
    columns_add_words(&columns, command->lang, WORD("name"));
    columns_add_words(&columns, command->lang, WORD("present"));
    columns_end_row(&columns);
    for (uint32_t i = 0; i < at->at.meeting.member_count; i++) {
        const struct meeting_member *member = &at->at.meeting.members[i];
        struct buf seat;

        buf_init(&seat, 16);
        buf_addf(&seat, "%u", member->seat);
        columns_add(&columns, buf_view(&seat));
        columns_add(&columns, member->name);
        columns_add_words(&columns, command->lang, member->present ? WORD("yes") : WORD("no"));
        columns_end_row(&columns);
        buf_release(&seat);
    }
    rc = columns_print(&columns, command, err);
    columns_release(&columns);
    return rc;
}

static enum rc print_item(struct at_meeting *at, uint32_t index, struct err *err) {
    const struct meeting_item *item = &at->at.meeting.items[index];
    struct command *command = at->visit.command;
    const struct tally_part *parts;
    struct tally tally;
    uint32_t count = 0;
    enum rc rc;

    meeting_tally(&at->at.meeting, item, &tally);
    rc = command_printf(command, err, "\n%u. %.*s (%.*s): %s\n", index + 1,
                        VIEW_PRINT(item->subject), VIEW_PRINT(item->household),
                        words(command->lang, tally_state_words((enum tally_state)tally.state)));
    if (rc == RC_OK && at->at.meeting.has_rules)
        rc = tally_explain(&tally, &at->at.meeting.rules, command->lang, &at->visit.arena, &parts,
                           &count, err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        rc = command_printf(command, err, "   %s %.*s\n", parts[i].ok ? " " : "!",
                            VIEW_PRINT(parts[i].text));
    return rc;
}

static enum rc print_problems(const struct at_meeting *at, struct err *err) {
    struct command *command = at->visit.command;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < MEETING_PROBLEM_BITS && rc == RC_OK; i++)
        if ((at->at.meeting.problems >> i & 1) != 0)
            rc = command_printf(
                command, err, "%s %s\n", i == 0 ? "\n!" : "!",
                words(command->lang, meeting_problem_words((enum meeting_problem)(1u << i))));
    return rc;
}

enum rc face_meeting_show(void *context, struct command *command, struct err *err) {
    struct at_meeting at = {0};
    struct json *document;
    enum rc rc = at_meeting_open(context, command, &at, err);

    if (rc == RC_OK && command->json) {
        document = json_object();
        rc = meeting_json(&at.at.meeting, command->lang, &at.visit.arena, document, err);
        if (rc == RC_OK)
            rc = command_print_json(command, document, err);
        else
            json_free(document);
    } else if (rc == RC_OK) {
        rc = print_head(&at, err);
        if (rc == RC_OK)
            rc = print_members(&at, err);
        for (uint32_t i = 0; rc == RC_OK && i < at.at.meeting.item_count; i++)
            rc = print_item(&at, i, err);
        if (rc == RC_OK)
            rc = print_problems(&at, err);
    }
    visit_close(&at.visit);
    return rc;
}
