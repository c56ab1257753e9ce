/* meeting.c: an evaluation meeting on the command line, without the voting; see meeting.h. */
#include "agent/face/meeting.h"

#include "base/text.h"
#include "base/words.h"

#define SIGNATURE_BYTES (8u * 1024u * 1024u)

/* ---- what all share ---- */

enum rc at_meeting_open(struct face *face, struct command *command, struct at_meeting *out,
                        struct err *err) {
    enum rc rc = visit_open(face, command, NEED_SESSION, &out->visit, err);

    if (rc == RC_OK && (rc = dot_parse(view_text(command->words[0]), &out->id, err)) != RC_OK)
        err_prefix(err, "%.60s: ", command->words[0]);
    if (rc == RC_OK)
        rc = meeting_see(out->visit.session, out->id, &out->visit.arena, &out->at, err);
    return rc;
}

enum rc at_meeting_end(struct at_meeting *at, enum rc rc, struct err *err) {
    struct command *command = at->visit.command;

    if (rc == RC_OK && command->json) {
        struct json *document = json_object();

        add_dot(document, "id", at->id);
        rc = command_print_json(command, document, err);
    }
    visit_close(&at->visit);
    return rc;
}

enum rc meeting_number_word(const char *what, const char *word, uint32_t most, uint32_t *out,
                            struct err *err) {
    uint64_t number = 0;

    if (word == NULL || !parse_u64(view_text(word), &number) || number > most)
        return err_set(err, RC_USAGE, "%s: write a number from 0 to %u", what, most);
    *out = (uint32_t)number;
    return RC_OK;
}

enum rc meeting_seats_word(const char *word, uint64_t *out, struct err *err) {
    if (!vote_seats_parse(view_text(word), out) || *out == 0)
        return err_set(err, RC_USAGE, "%.60s: write seats such as 1-5,7", word);
    return RC_OK;
}

enum rc at_meeting_item(const struct at_meeting *at, const char *word,
                        const struct meeting_item **out, struct err *err) {
    uint64_t position = 0;

    *out = meeting_household(&at->at.meeting, view_text(word));
    if (*out == NULL && parse_u64(view_text(word), &position) && position >= 1 &&
        position <= at->at.meeting.item_count)
        *out = &at->at.meeting.items[position - 1];
    return *out != NULL ? RC_OK
                        : err_set(err, RC_NOT_FOUND,
                                  "%.60s: name a household by its place on the agenda or its "
                                  "record; see: yg-agent meeting show",
                                  word);
}

/* One secret; the person's own must not be taken for it. */
static enum rc ask_secret(struct command *command, const char *option, const char *prompt,
                          char *out, size_t size, struct err *err) {
    const char *file = command_option(command, option);
    struct view own = command->secret;
    enum rc rc;

    if (file != NULL)
        return command_read_secret(command, file, out, size, err);
    command->secret = view_text(NULL);
    rc = command_secret(command, prompt, out, size, err);
    command->secret = own;
    command->wants_secret = false; /* asking once more would give the acting person's again */
    return rc == RC_DENIED ? err_set(err, RC_DENIED,
                                     "the secrets of chair and teller are needed: type them at a "
                                     "terminal, or give --chair-file and --teller-file")
                           : rc;
}

enum rc meeting_secrets_ask(struct command *command, struct meeting_secrets *out,
                            struct urn_secrets *views, struct err *err) {
    enum rc rc = ask_secret(command, "--chair-file", WORD("one-time secret of the chair: "),
                            out->chair, sizeof(out->chair), err);

    if (rc == RC_OK)
        rc = ask_secret(command, "--teller-file", WORD("one-time secret of the teller: "),
                        out->teller, sizeof(out->teller), err);
    views->chair = view_text(out->chair);
    views->teller = view_text(out->teller);
    return rc;
}

/* ---- calling ---- */

static enum rc read_plan(const struct command *command, struct meeting_plan *plan,
                         struct dot *households, struct view *tellers, struct err *err) {
    const char *panel = command_option(command, "--panel"), *teller;
    enum rc rc = face_area(command, &plan->area, err);

    if (rc == RC_OK && panel == NULL)
        rc = err_set(err, RC_USAGE, "meeting new: give --panel RECORD; list --form panel has them");
    if (rc == RC_OK && (rc = dot_parse(view_text(panel), &plan->panel, err)) != RC_OK)
        err_prefix(err, "--panel: ");
    plan->title = view_text(command_option(command, "--title"));
    plan->place = view_text(command_option(command, "--place"));
    plan->chair = view_text(command_option(command, "--chair"));
    plan->recorder = view_text(command_option(command, "--recorder"));
    plan->observer = view_text(command_option(command, "--observer"));
    while (plan->teller_count < MEETING_TELLERS_MAX &&
           (teller = command_option_at(command, "--teller", plan->teller_count)) != NULL)
        tellers[plan->teller_count++] = view_text(teller);
    for (size_t i = 0; i < command->word_count && rc == RC_OK; i++) {
        rc = dot_parse(view_text(command->words[i]), &households[i], err);
        if (rc != RC_OK)
            err_prefix(err, "%.60s: ", command->words[i]);
        plan->household_count++;
    }
    plan->tellers = tellers;
    plan->households = households;
    return rc;
}

enum rc face_meeting_new(void *context, struct command *command, struct err *err) {
    struct dot households[COMMAND_WORDS_MAX];
    struct view tellers[MEETING_TELLERS_MAX];
    struct meeting_plan plan = {0};
    char text[DOT_TEXT_BYTES];
    struct at_meeting at = {0};
    enum rc rc = read_plan(command, &plan, households, tellers, err);

    if (rc != RC_OK)
        return rc;
    rc = visit_open(context, command, NEED_SESSION, &at.visit, err);
    if (rc == RC_OK) {
        plan.area = succession_of(tablet_areas(at.visit.tablet), plan.area);
        rc = meeting_new(at.visit.session, &plan, &at.id, err);
    }
    if (rc == RC_OK && !command->json) {
        dot_text(at.id, text);
        rc = command_printf(command, err, "%s\n", text);
    }
    return at_meeting_end(&at, rc, err);
}

enum rc face_meeting_household(void *context, struct command *command, struct err *err) {
    struct at_meeting at = {0};
    struct dot household;
    enum rc rc = dot_parse(view_text(command->words[1]), &household, err);

    if (rc != RC_OK)
        return err_prefix(err, "%.60s: ", command->words[1]);
    rc = at_meeting_open(context, command, &at, err);
    if (rc == RC_OK)
        rc = meeting_add_household(at.visit.session, at.id, household, err);
    return at_meeting_end(&at, rc, err);
}

/* ---- in the room ---- */

enum rc face_meeting_open(void *context, struct command *command, struct err *err) {
    struct at_meeting at = {0};
    enum rc rc = at_meeting_open(context, command, &at, err);

    if (rc == RC_OK)
        rc = meeting_open(at.visit.session, at.id, err);
    return at_meeting_end(&at, rc, err);
}

enum rc face_meeting_sign_in(void *context, struct command *command, struct err *err) {
    const char *file = command_option(command, "--signature");
    struct at_meeting at = {0};
    struct buf signature;
    uint64_t seats = 0;
    enum rc rc = meeting_seats_word(command->words[1], &seats, err);

    if (rc != RC_OK)
        return rc;
    buf_init(&signature, SIGNATURE_BYTES);
    rc = at_meeting_open(context, command, &at, err);
    if (rc == RC_OK && file != NULL)
        rc = command_read(command, file, SIGNATURE_BYTES, &signature, err);
    if (rc == RC_OK)
        rc = meeting_sign_in(at.visit.session, at.id, seats, buf_view(&signature), err);
    buf_release(&signature);
    return at_meeting_end(&at, rc, err);
}

enum rc face_meeting_recuse(void *context, struct command *command, struct err *err) {
    const struct meeting_item *item = NULL;
    struct at_meeting at = {0};
    uint32_t seat = 0, reason = 1;
    enum rc rc = meeting_number_word("SEAT", command->words[2], VOTE_SEATS_MAX, &seat, err);

    if (rc == RC_OK && command->word_count > 3)
        rc = meeting_number_word("REASON", command->words[3], 9, &reason, err);
    if (rc != RC_OK)
        return rc;
    rc = at_meeting_open(context, command, &at, err);
    if (rc == RC_OK)
        rc = at_meeting_item(&at, command->words[1], &item, err);
    if (rc == RC_OK)
        rc = meeting_recuse(at.visit.session, at.id, item->id, seat, reason, err);
    return at_meeting_end(&at, rc, err);
}

enum rc face_meeting_step(void *context, struct command *command, struct err *err) {
    struct at_meeting at = {0};
    uint32_t step = 0;
    enum rc rc = meeting_number_word("STEP", command->words[1], MEETING_STEPS, &step, err);

    if (rc != RC_OK)
        return rc;
    rc = at_meeting_open(context, command, &at, err);
    if (rc == RC_OK)
        rc = meeting_step(at.visit.session, at.id, step, err);
    return at_meeting_end(&at, rc, err);
}

/* ---- the end ---- */

enum rc face_meeting_void(void *context, struct command *command, struct err *err) {
    struct at_meeting at = {0};
    enum rc rc = at_meeting_open(context, command, &at, err);

    if (rc == RC_OK)
        rc = meeting_void(at.visit.session, at.id, view_text(command_option(command, "--reason")),
                          err);
    return at_meeting_end(&at, rc, err);
}

/* "ROLE=NAME" */
static enum rc read_signer(const char *word, struct meeting_signer *out, struct err *err) {
    const char *equals = strchr(word, '=');

    if (equals == NULL || equals == word || equals[1] == '\0')
        return err_set(err, RC_USAGE,
                       "--signer: write ROLE=NAME, such as chair=Li; roles: chair, "
                       "recorder, teller, member, observer");
    *out = (struct meeting_signer){.role = view_of(word, (size_t)(equals - word)),
                                   .name = view_text(equals + 1)};
    return RC_OK;
}

enum rc face_meeting_sign(void *context, struct command *command, struct err *err) {
    struct meeting_signer signers[VOTE_SEATS_MAX];
    struct at_meeting at = {0};
    uint32_t count = 0;
    const char *word;
    enum rc rc = RC_OK;

    while (rc == RC_OK && count < VOTE_SEATS_MAX &&
           (word = command_option_at(command, "--signer", count)) != NULL)
        rc = read_signer(word, &signers[count++], err);
    if (rc != RC_OK)
        return rc;
    rc = at_meeting_open(context, command, &at, err);
    if (rc == RC_OK)
        rc = meeting_sign(at.visit.session, at.id, signers, count,
                          command_option(command, "--incomplete") != NULL, err);
    return at_meeting_end(&at, rc, err);
}

/* ---- two tablets ---- */

enum rc face_meeting_pair(void *context, struct command *command, struct err *err) {
    struct at_meeting at = {0};
    char code[MEETING_CODE_BYTES];
    uint64_t seats = 0;
    enum rc rc = meeting_seats_word(command->words[1], &seats, err);

    if (rc != RC_OK)
        return rc;
    rc = at_meeting_open(context, command, &at, err);
    if (rc == RC_OK)
        rc = meeting_pair(at.visit.session, at.id, seats, code, err);
    if (rc == RC_OK && command->json) {
        struct json *document = json_object();

        add_dot(document, "id", at.id);
        json_add_text(document, "code", code);
        rc = command_print_json(command, document, err);
    } else if (rc == RC_OK) {
        rc = command_printf(command, err, "%s\n", code);
    }
    visit_close(&at.visit);
    return rc;
}

enum rc face_meeting_join(void *context, struct command *command, struct err *err) {
    char text[DOT_TEXT_BYTES];
    struct at_meeting at = {0};
    uint64_t seats;
    enum rc rc = visit_open(context, command, NEED_SESSION, &at.visit, err);

    if (rc == RC_OK)
        rc = meeting_join(at.visit.session, view_text(command->words[0]), &at.id, &seats, err);
    if (rc == RC_OK && !command->json) {
        dot_text(at.id, text);
        rc = command_printf(command, err, "%s\n", text);
    }
    return at_meeting_end(&at, rc, err);
}

enum rc face_meeting_part(void *context, struct command *command, struct err *err) {
    struct at_meeting at = {0};
    struct buf text;
    enum rc rc = at_meeting_open(context, command, &at, err);

    buf_init(&text, 4 * VOTE_BATCH_BYTES);
    if (rc == RC_OK)
        rc = meeting_part(at.visit.session, at.id, &text, err);
    if (rc == RC_OK && command->json) {
        struct json *document = json_object();

        add_dot(document, "id", at.id);
        json_add_buf(document, "part", &text);
        rc = command_print_json(command, document, err);
    } else if (rc == RC_OK) {
        rc = command_printf(command, err, "%s\n", buf_text(&text));
    }
    buf_release(&text);
    visit_close(&at.visit);
    return rc;
}

enum rc face_meeting_take(void *context, struct command *command, struct err *err) {
    struct at_meeting at = {0};
    struct buf text;
    enum rc rc = at_meeting_open(context, command, &at, err);

    buf_init(&text, 4 * VOTE_BATCH_BYTES);
    if (rc == RC_OK)
        rc = command_read(command, command->words[1], 4 * VOTE_BATCH_BYTES, &text, err);
    if (rc == RC_OK)
        rc = meeting_take(at.visit.session, at.id, buf_view(&text), err);
    buf_release(&text);
    return at_meeting_end(&at, rc, err);
}

enum rc meeting_answer_word(struct view text, struct meeting_answer *out, struct err *err) {
    size_t colon = 0;
    struct view word;

    while (colon < text.size && text.data[colon] != ':')
        colon++;
    word = view_slice(text, 0, colon);
    out->reasons = 0;
    out->answer = view_is(word, "yes") || view_is(word, "1")       ? URN_YES
                  : view_is(word, "no") || view_is(word, "2")      ? URN_NO
                  : view_is(word, "abstain") || view_is(word, "3") ? URN_ABSTAIN
                  : view_is(word, "unused")                        ? URN_UNUSED
                                                                   : 0;
    for (size_t at = colon + 1; at < text.size; at++) {
        uint8_t digit = text.data[at];

        if (digit == ',')
            continue;
        if (digit < '1' || digit >= '1' + VOTE_REASON_COUNT)
            return err_set(err, RC_INVALID, "reasons are 1 to %u", (unsigned)VOTE_REASON_COUNT);
        out->reasons |= (uint8_t)(1u << (digit - '1'));
    }
    /* What was typed is not repeated: messages go to screens and logs. */
    return out->answer != 0
               ? RC_OK
               : err_set(err, RC_INVALID, "an answer is yes, no:REASON, abstain or unused");
}
