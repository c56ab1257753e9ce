/* tally_words.c: a result in words beside its numbers, so that everybody in the room can follow it:
 * what was asked for, how many that is, and how many there are. */
#include "schema/vote/tally.h"

#include "base/words.h"

#include <stdarg.h>
#include <stdio.h>

const char *tally_state_name(enum tally_state state) {
    static const char *const names[] = {"open", "passed", "failed", "void"};

    return names[state];
}

const char *tally_next_name(enum tally_next next) {
    static const char *const names[] = {"wait", "submit", "investigate", "again"};

    return names[next];
}

const char *tally_state_words(enum tally_state state) {
    switch (state) {
    case TALLY_PASSED:
        return WORD("the panel finds the facts true");
    case TALLY_FAILED:
        return WORD("the panel does not find the facts true");
    case TALLY_VOID:
        return WORD("the vote is void");
    case TALLY_OPEN:
        break;
    }
    return WORD("not voted yet");
}

const char *tally_next_words(enum tally_next next) {
    switch (next) {
    case TALLY_SUBMIT:
        return WORD("next: submit to the township");
    case TALLY_INVESTIGATE:
        return WORD("next: investigate again; a vote never refuses an application");
    case TALLY_AGAIN:
        return WORD("next: vote again in a new meeting");
    case TALLY_WAIT:
        break;
    }
    return WORD("next: vote");
}

static const struct {
    const char *name, *text;
} void_words[TALLY_VOID_BITS] = {
    {"no_quorum", WORD("too few were present")},
    {"too_small", WORD("fewer are due than a panel must have")},
    {"even", WORD("an odd number must be due")},
    {"few_reps", WORD("too few villagers' representatives were present")},
    {"much_committee", WORD("too many of the village committee were present")},
    {"few_voters", WORD("too few may vote on this household: postpone it")},
    {"mode", WORD("this way of voting is not allowed, or the tablets voted in different ways")},
    {"rules", WORD("a tablet counted under other rules than the meeting's")},
    {"twice", WORD("a member has voted on two tablets")},
    {"contradicts", WORD("one tablet has said two different things")},
    {"stranger", WORD("somebody has voted who was absent or had to withdraw")},
    {"missing", WORD("somebody who may vote has not voted")},
    {"mismatch", WORD("votes and voters are not as many")},
    {"abstained", WORD("somebody abstained, which these rules do not allow")},
    {"withheld", WORD("the result does not fit the number of votes")},
};

static uint32_t bit_index(enum tally_void bit) {
    uint32_t index = 0;

    while (index + 1 < TALLY_VOID_BITS && (uint32_t)bit >> index != 1)
        index++;
    return index;
}

const char *tally_void_name(enum tally_void bit) {
    return void_words[bit_index(bit)].name;
}

const char *tally_void_words(enum tally_void bit) {
    return void_words[bit_index(bit)].text;
}

/* ---- the parts ---- */

struct saying {
    const struct tally *tally;
    const struct vote_rules *rules;
    enum lang lang;
    struct arena *arena;
    struct tally_part *parts;
    uint32_t count;
};

static void __attribute__((format(printf, 4, 5)))
say(struct saying *at, const char *kind, bool ok, const char *format, ...) {
    char text[400];
    va_list arguments;

    if (at->count == TALLY_PARTS_MAX)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), words(at->lang, format), arguments);
    va_end(arguments);
    at->parts[at->count++] =
        (struct tally_part){.kind = kind, .ok = ok, .text = arena_view(at->arena, view_text(text))};
}

static bool is_void(const struct saying *at, uint32_t bits) {
    return (at->tally->voids & bits) != 0;
}

static void say_panel(struct saying *at) {
    const struct tally *tally = at->tally;
    const struct vote_rules *rules = at->rules;
    struct vote_value quorum = rules->values[VOTE_QUORUM], reps = rules->values[VOTE_MIN_REPS];

    say(at, "panel", !is_void(at, TALLY_TOO_SMALL | TALLY_EVEN),
        WORD("due: %u; a panel has at least %d"), tally->expected,
        vote_number(rules, VOTE_MIN_MEMBERS));
    if (is_void(at, TALLY_EVEN))
        say(at, "panel", false, WORD("due are %u, and the rules ask for an odd number"),
            tally->expected);
    if (quorum.number > 0)
        say(at, "quorum", tally->quorum_ok,
            WORD("present: %u of %u; at least %d/%d of them are needed, that is %u"),
            tally->present, tally->quorum_base, quorum.number, quorum.over, tally->quorum_needed);
    if (reps.number > 0)
        say(at, "reps", !is_void(at, TALLY_FEW_REPS),
            WORD("villagers' representatives: %u; at least %d/%d of those present, that is %u"),
            tally->reps, reps.number, reps.over, tally->reps_needed);
    if (vote_number(rules, VOTE_MAX_COMMITTEE) > 0)
        say(at, "committee", !is_void(at, TALLY_MUCH_COMMITTEE),
            WORD("of the village committee: %u; at most %u"), tally->committee,
            tally->committee_most);
    say(at, "voters", !is_void(at, TALLY_FEW_VOTERS),
        WORD("may vote on this household: %u (%u had to withdraw); at least %d are needed"),
        tally->eligible, tally->recused, vote_number(rules, VOTE_MIN_VOTERS));
}

static void say_threshold(struct saying *at) {
    const struct tally *tally = at->tally;
    struct vote_value share = at->rules->values[VOTE_THRESHOLD];
    bool strict = vote_number(at->rules, VOTE_THRESHOLD_STRICT) != 0;
    int32_t base = vote_number(at->rules, VOTE_THRESHOLD_BASE);

    say(at, "threshold", tally->state != TALLY_FAILED,
        base == VOTE_PRESENT && strict
            ? WORD("more than %d/%d of the %u who were present and may vote: %u yes needed")
        : base == VOTE_PRESENT
            ? WORD("at least %d/%d of the %u who were present and may vote: %u yes needed")
        : base == VOTE_VALID && strict
            ? WORD("more than %d/%d of the %u valid votes: %u yes needed")
        : base == VOTE_VALID ? WORD("at least %d/%d of the %u valid votes: %u yes needed")
        : strict ? WORD("more than %d/%d of the %u who are due and may vote: %u yes needed")
                 : WORD("at least %d/%d of the %u who are due and may vote: %u yes needed"),
        share.number, share.over, tally->base, tally->needed);
}

static void say_counts(struct saying *at) {
    const struct tally *tally = at->tally;

    if (tally->state == TALLY_OPEN)
        return;
    if (tally->withheld)
        say(at, "counts", true,
            WORD("the counts are not shown: with so few votes, or so few that differ, they could "
                 "tell "
                 "how somebody voted"));
    else
        say(at, "counts", true, WORD("yes %u, no %u, abstained %u, invalid %u, not used %u"),
            tally->yes, tally->no, tally->abstain, tally->invalid, tally->unused);
    if (tally->late > 0)
        say(at, "late", false,
            WORD("%u results of tablets came after the sealing and are not counted"), tally->late);
}

enum rc tally_explain(const struct tally *tally, const struct vote_rules *rules, enum lang lang,
                      struct arena *arena, const struct tally_part **out, uint32_t *count,
                      struct err *err) {
    struct saying at = {.tally = tally, .rules = rules, .lang = lang, .arena = arena};

    at.parts = arena_array(arena, TALLY_PARTS_MAX, sizeof(*at.parts));
    if (at.parts == NULL)
        return arena_check(arena, "a result", err);
    say_panel(&at);
    say_counts(&at);
    say_threshold(&at);
    for (uint32_t i = 0; i < TALLY_VOID_BITS && tally->state == TALLY_VOID; i++)
        if ((tally->voids >> i & 1) != 0)
            say(&at, "void", false, "%s", words(lang, void_words[i].text));
    say(&at, "next", tally->state == TALLY_PASSED, "%s",
        words(lang, tally_next_words((enum tally_next)tally->next)));
    *out = at.parts;
    *count = at.count;
    return arena_check(arena, "a result", err);
}
