/* meeting_vote.c: voting on the command line: on the tablet, secretly; counts of paper and hands.
 *
 * At a terminal the tablet (or laptop) goes round: seat, then each household; what is typed is not
 * shown, and the screen is cleared between two voters. A file of ballots is for rehearsals and for
 * tests: "SEAT: PLACE=ANSWER ...", one member a line; PLACE is a household's place on the agenda or
 * * for all that are not named; ANSWER is yes, no:REASON,REASON, abstain or unused. */
#include "agent/face/meeting.h"
#include "base/text.h"
#include "base/words.h"

#include <stdlib.h>

#define BALLOTS_BYTES (256u * 1024u)
#define CLEAR_SCREEN  "\033[2J\033[3J\033[H"

struct voting {
    struct at_meeting at;
    struct urn *urn;
    struct meeting_secrets secrets;
    struct meeting_answer answers[VOTE_ITEMS_MAX];
    uint32_t count;
};

static void voting_end(struct voting *voting) {
    urn_close(voting->urn);
    voting->urn = NULL;
    crypt_wipe(&voting->secrets, sizeof(voting->secrets));
    crypt_wipe(voting->answers, sizeof(voting->answers));
}

/* ---- a file of ballots ---- */

static enum rc read_pair(struct voting *voting, struct view pair, struct view *all,
                         struct err *err) {
    const struct meeting *meeting = &voting->at.at.meeting;
    size_t equals = 0;
    uint64_t place = 0;

    while (equals < pair.size && pair.data[equals] != '=')
        equals++;
    if (equals == 1 && pair.data[0] == '*') {
        *all = view_slice(pair, 2, pair.size);
        return RC_OK;
    }
    if (!parse_u64(view_slice(pair, 0, equals), &place) || place < 1 ||
        place > meeting->item_count || voting->count == VOTE_ITEMS_MAX)
        return err_set(err, RC_INVALID, "write SEAT: PLACE=ANSWER ..., such as 3: *=yes 2=no:1");
    voting->answers[voting->count].item = meeting->items[place - 1].id;
    return meeting_answer_word(view_slice(pair, equals + 1, pair.size),
                               &voting->answers[voting->count++], err);
}

static enum rc add_rest(struct voting *voting, uint64_t seat, struct view all, struct err *err) {
    const struct meeting *meeting = &voting->at.at.meeting;
    uint32_t named = voting->count;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < meeting->item_count && rc == RC_OK; i++) {
        const struct meeting_item *item = &meeting->items[i];
        bool done = (meeting_voters(meeting, voting->urn, item) & seat) == 0;

        for (uint32_t k = 0; k < named && !done; k++)
            done = instance_equal(voting->answers[k].item, item->id);
        if (done)
            continue;
        voting->answers[voting->count].item = item->id;
        rc = meeting_answer_word(all, &voting->answers[voting->count++], err);
    }
    return rc;
}

static enum rc cast_line(struct voting *voting, struct view line, struct err *err) {
    struct view all = {0}, word;
    uint64_t seat = 0;
    size_t at = 0;
    enum rc rc = RC_OK;

    while (at < line.size && line.data[at] != ':')
        at++;
    if (at == line.size || !parse_u64(text_trim(view_slice(line, 0, at)), &seat) || seat < 1 ||
        seat > VOTE_SEATS_MAX)
        return err_set(err, RC_INVALID, "write SEAT: PLACE=ANSWER ..., such as 3: *=yes 2=no:1");
    voting->count = 0;
    for (at++; rc == RC_OK && (word = text_word(line, &at)).size > 0;)
        rc = read_pair(voting, word, &all, err);
    if (rc == RC_OK && all.size > 0)
        rc = add_rest(voting, vote_seat((unsigned)seat), all, err);
    if (rc == RC_OK)
        rc = meeting_cast(voting->at.visit.session, voting->urn, voting->at.id, (uint32_t)seat,
                          voting->answers, voting->count, err);
    crypt_wipe(voting->answers, sizeof(voting->answers));
    return rc;
}

static enum rc cast_file(struct voting *voting, const char *file, struct err *err) {
    struct command *command = voting->at.visit.command;
    struct buf text;
    size_t line = 0;
    enum rc rc;

    buf_init(&text, BALLOTS_BYTES);
    (void)buf_reserve(&text, BALLOTS_BYTES); /* so that it never moves, and is wiped as a whole */
    rc = command_read(command, file, BALLOTS_BYTES, &text, err);
    for (size_t at = 0; rc == RC_OK && at < text.size;) {
        size_t end = at;
        struct view one;

        while (end < text.size && text.data[end] != '\n')
            end++;
        one = text_trim(view_slice(buf_view(&text), at, end - at));
        at = end + 1;
        line++;
        if (one.size > 0 && (rc = cast_line(voting, one, err)) != RC_OK)
            err_prefix(err, "%.100s, line %zu: ", file, line);
    }
    crypt_buf_release(&text);
    if (command->input.size > 0) /* what standard input had */
        crypt_wipe((void *)(uintptr_t)command->input.data, command->input.size);
    return rc;
}

/* ---- at a terminal ---- */

static enum rc ask_line(struct command *command, const char *prompt, char *out, size_t size,
                        struct err *err) {
    struct view own = command->secret;
    enum rc rc;

    command->secret = view_text(NULL);
    rc = command_secret(command, prompt, out, size, err);
    command->secret = own;
    command->wants_secret = false;
    return rc;
}

/* What the urn would refuse, while the voter is still there to hear it. */
static enum rc check_answer(const struct vote_rules *rules, const struct meeting_answer *answer,
                            struct err *err) {
    if (answer->answer == URN_ABSTAIN && vote_number(rules, VOTE_ABSTAIN) == 0)
        return err_set(err, RC_INVALID, "the rules of this meeting do not allow to abstain");
    if (answer->answer == URN_NO && answer->reasons == 0 && vote_number(rules, VOTE_REASONS) != 0)
        return err_set(err, RC_INVALID, "whoever says no gives a reason from the list");
    if (answer->answer != URN_NO && answer->reasons != 0)
        return err_set(err, RC_INVALID, "this is no answer that can be given here");
    return RC_OK;
}

static enum rc ask_household(struct voting *voting, uint32_t place, const struct meeting_item *item,
                             struct err *err) {
    struct command *command = voting->at.visit.command;
    struct meeting_answer *answer = &voting->answers[voting->count];
    char line[64];
    enum rc rc;

    command_say(command, "%u. %.*s", place, VIEW_PRINT(utf8_cut_bytes(item->subject, 90)));
    do {
        rc = ask_line(command, WORD("  1 true, 2 not true (2:1 with reason 1), 3 abstain: "), line,
                      sizeof(line), err);
        if (rc != RC_OK)
            break;
        answer->item = item->id;
        rc = meeting_answer_word(text_trim(view_text(line)), answer, err);
        if (rc == RC_OK)
            rc = check_answer(&voting->at.at.meeting.rules, answer, err);
        if (rc == RC_INVALID) /* only he sees it: the screen is cleared before the next one */
            command_say(command, "%s", err->text);
    } while (rc == RC_INVALID);
    crypt_wipe(line, sizeof(line));
    voting->count += rc == RC_OK;
    return rc;
}

static bool may_vote(const struct voting *voting, const struct meeting_item *item, uint32_t seat) {
    uint32_t index = urn_index(voting->urn, item->id);
    uint64_t voters = meeting_voters(&voting->at.at.meeting, voting->urn, item);

    return index != UINT32_MAX && (voters & ~urn_marks(voting->urn, index) & vote_seat(seat)) != 0;
}

static enum rc ask_voter(struct voting *voting, uint32_t seat, struct err *err) {
    const struct meeting *meeting = &voting->at.at.meeting;
    struct command *command = voting->at.visit.command;
    enum rc rc = RC_OK;

    voting->count = 0;
    for (unsigned reason = 0; reason < VOTE_REASON_COUNT; reason++)
        command_say(command, "  reason %u: %s", reason + 1,
                    words(command->lang, vote_reason_words(reason)));
    for (uint32_t i = 0; i < meeting->item_count && rc == RC_OK; i++)
        if (may_vote(voting, &meeting->items[i], seat))
            rc = ask_household(voting, i + 1, &meeting->items[i], err);
    if (rc == RC_OK && voting->count == 0)
        rc = err_set(err, RC_DENIED,
                     "this seat is not present, has voted, or does not vote on this tablet");
    if (rc == RC_OK)
        rc = meeting_cast(voting->at.visit.session, voting->urn, voting->at.id, seat,
                          voting->answers, voting->count, err);
    crypt_wipe(voting->answers, sizeof(voting->answers));
    return rc;
}

static enum rc ask_all(struct voting *voting, struct err *err) {
    struct command *command = voting->at.visit.command;
    char line[64];
    enum rc rc;

    for (;;) {
        uint64_t seat = 0;

        rc = ask_line(command, WORD("seat (0 to end): "), line, sizeof(line), err);
        if (rc != RC_OK)
            return rc;
        if (!parse_u64(text_trim(view_text(line)), &seat) || seat > VOTE_SEATS_MAX) {
            command_say(command, "write the number of a seat");
            continue;
        }
        if (seat == 0)
            return RC_OK;
        rc = ask_voter(voting, (uint32_t)seat, err);
        (void)command_print(command, view_text(CLEAR_SCREEN), err);
        if (rc == RC_OK)
            command_say(command, "voted; pass it on");
        else if (rc == RC_CONFLICT || rc == RC_DENIED) /* about the seat, not about an answer */
            command_say(command, "%s", err->text);
        else
            return rc;
        err_clear(err);
    }
}

/* ---- the urn ---- */

/* Goes on with the voting that is under way, or begins one. */
static enum rc open_urn(struct voting *voting, struct meeting_vote *vote, struct err *err) {
    struct command *command = voting->at.visit.command;
    struct session *session = voting->at.visit.session;
    const char *seats = command_option(command, "--seats");
    const char *code = command_option(command, "--code");
    struct urn_about about;
    struct dot joined;
    enum rc rc = RC_OK;

    if (urn_find(session, voting->at.id, &about, err) == RC_OK) {
        if (about.mode == VOTE_SECRET_DEVICE)
            rc = meeting_secrets_ask(command, &voting->secrets, &vote->secrets, err);
        return rc == RC_OK
                   ? meeting_resume_vote(session, voting->at.id, &vote->secrets, &voting->urn, err)
                   : rc;
    }
    err_clear(err);
    vote->small_is_known = command_option(command, "--few") != NULL;
    if (seats != NULL)
        rc = meeting_seats_word(seats, &vote->seats, err);
    if (rc == RC_OK && code != NULL) {
        vote->joined = true;
        rc = meeting_join(session, view_text(code), &joined, &vote->seats, err);
        if (rc == RC_OK && !dot_equal(joined, voting->at.id))
            rc = err_set(err, RC_INVALID, "--code: of another meeting");
    }
    if (rc == RC_OK && vote->mode == VOTE_SECRET_DEVICE)
        rc = meeting_secrets_ask(command, &voting->secrets, &vote->secrets, err);
    if (rc == RC_OK)
        rc = meeting_begin_vote(session, voting->at.id, vote, &voting->urn, err);
    if (rc == RC_OK) /* the rules may have come with the code */
        rc = meeting_see(session, voting->at.id, &voting->at.visit.arena, &voting->at.at, err);
    return rc;
}

static enum rc print_votes(struct voting *voting, struct err *err) {
    const struct meeting *meeting = &voting->at.at.meeting;
    struct command *command = voting->at.visit.command;
    uint32_t left = 0;

    for (uint32_t i = 0; i < meeting->item_count; i++) {
        uint32_t index = urn_index(voting->urn, meeting->items[i].id);

        if (index != UINT32_MAX)
            left += (meeting_voters(meeting, voting->urn, &meeting->items[i]) &
                     ~urn_marks(voting->urn, index)) != 0;
    }
    if (command->json) {
        struct json *document = json_object();

        add_dot(document, "id", voting->at.id);
        json_add_int(document, "round", urn_round(voting->urn));
        json_add_int(document, "households_left", left);
        return command_print_json(command, document, err);
    }
    command_say(command, "households on which votes are still missing: %u", left);
    return RC_OK;
}

enum rc face_meeting_vote(void *context, struct command *command, struct err *err) {
    struct meeting_vote vote = {.mode = VOTE_SECRET_DEVICE};
    const char *ballots = command_option(command, "--ballots");
    struct voting *voting = calloc(1, sizeof(*voting));
    enum rc rc;

    if (voting == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    (void)crypt_guard(voting, sizeof(*voting));
    rc = at_meeting_open(context, command, &voting->at, err);
    if (rc == RC_OK)
        rc = open_urn(voting, &vote, err);
    if (rc == RC_OK && ballots != NULL)
        rc = cast_file(voting, ballots, err);
    else if (rc == RC_OK && command_option(command, "--begin") == NULL)
        rc = ask_all(voting, err);
    if (rc == RC_OK)
        rc = print_votes(voting, err);
    voting_end(voting);
    visit_close(&voting->at.visit);
    crypt_unguard(voting, sizeof(*voting));
    free(voting);
    return rc;
}

/* ---- counts by hand ---- */

static enum rc read_counts(const struct command *command, struct vote_count *out, struct err *err) {
    const struct {
        const char *name;
        uint32_t *to;
    } numbers[] = {{"--yes", &out->yes},
                   {"--no", &out->no},
                   {"--abstain", &out->abstain},
                   {"--invalid", &out->invalid},
                   {"--unused", &out->unused}};
    const char *word;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && rc == RC_OK; i++)
        if ((word = command_option(command, numbers[i].name)) != NULL)
            rc = meeting_number_word(numbers[i].name, word, VOTE_SEATS_MAX, numbers[i].to, err);
    for (uint32_t i = 0; rc == RC_OK && (word = command_option_at(command, "--reason", i)) != NULL;
         i++) {
        if (word[0] < '1' || word[0] >= '1' + (char)VOTE_REASON_COUNT || word[1] != '=')
            return err_set(err, RC_USAGE, "--reason: write REASON=COUNT, such as 1=3");
        rc = meeting_number_word("--reason", word + 2, VOTE_SEATS_MAX, &out->reasons[word[0] - '1'],
                                 err);
    }
    return rc;
}

static enum rc print_entered(struct voting *voting, enum urn_entered entered, struct err *err) {
    static const char *const names[] = {"waits", "agreed", "differs"};
    struct command *command = voting->at.visit.command;

    if (command->json) {
        struct json *document = json_object();

        add_dot(document, "id", voting->at.id);
        json_add_text(document, "entered", names[entered]);
        return command_print_json(command, document, err);
    }
    command_say(command, "%s",
                words(command->lang,
                      entered == URN_WAITS    ? WORD("kept; now the other teller counts")
                      : entered == URN_AGREED ? WORD("both tellers have counted the same")
                                              : WORD("the two counts differ; both count again")));
    return entered == URN_DIFFERS
               ? err_set(err, RC_CONFLICT, "the two tellers have not counted the same")
               : RC_OK;
}

static enum rc count_by_hand(void *context, struct command *command, uint8_t mode,
                             struct err *err) {
    struct meeting_vote vote = {.mode = mode, .small_is_known = mode == VOTE_HANDS};
    const struct meeting_item *item = NULL;
    struct vote_count count = {0};
    struct voting voting = {0};
    enum urn_entered entered = URN_WAITS;
    uint32_t teller = 0;
    enum rc rc =
        meeting_number_word("--teller", command_option(command, "--teller"), 2, &teller, err);

    if (rc == RC_OK)
        rc = read_counts(command, &count, err);
    if (rc != RC_OK)
        return rc;
    rc = at_meeting_open(context, command, &voting.at, err);
    if (rc == RC_OK)
        rc = at_meeting_item(&voting.at, command->words[1], &item, err);
    if (rc == RC_OK)
        rc = open_urn(&voting, &vote, err);
    if (rc == RC_OK)
        rc = meeting_enter(voting.at.visit.session, voting.urn, voting.at.id, item->id, teller,
                           &count, &entered, err);
    if (rc == RC_OK)
        rc = print_entered(&voting, entered, err);
    voting_end(&voting);
    visit_close(&voting.at.visit);
    return rc;
}

enum rc face_meeting_paper(void *context, struct command *command, struct err *err) {
    return count_by_hand(context, command, VOTE_SECRET_PAPER, err);
}

enum rc face_meeting_hands(void *context, struct command *command, struct err *err) {
    return count_by_hand(context, command, VOTE_HANDS, err);
}

/* ---- closing ---- */

enum rc face_meeting_close(void *context, struct command *command, struct err *err) {
    struct voting voting = {0};
    struct urn_secrets secrets = {{0}, {0}};
    struct urn_about about;
    enum rc rc = at_meeting_open(context, command, &voting.at, err);

    if (rc == RC_OK && urn_find(voting.at.visit.session, voting.at.id, &about, err) == RC_OK) {
        if (about.mode == VOTE_SECRET_DEVICE)
            rc = meeting_secrets_ask(command, &voting.secrets, &secrets, err);
        if (rc == RC_OK)
            rc = meeting_resume_vote(voting.at.visit.session, voting.at.id, &secrets, &voting.urn,
                                     err);
    } else if (rc == RC_OK) {
        err_clear(err);
    }
    if (rc == RC_OK)
        rc = meeting_close(voting.at.visit.session, voting.at.id, voting.urn,
                           command_option(command, "--rest-unused") != NULL, err);
    voting_end(&voting);
    return at_meeting_end(&voting.at, rc, err);
}
