/* Regular expressions as a machine with many hands (Thompson, 1968).
 *
 * The pattern becomes a program of tests and forks. The text is read once; at each character the
 * set of all places at which the program may stand moves on together. So nothing is ever tried
 * twice, and no pattern can be slow for more than its length. As only the answer is wanted, not
 * what each group found, a place in the set needs no memory of how it was reached. */
#include "schema/form/xpath_regex_inside.h"

#include "base/text.h"
#include "base/words.h"

static uint32_t fold(uint32_t character) {
    return character >= 'A' && character <= 'Z' ? character + 32 : character;
}

static bool in_class(const struct class *class, uint32_t character) {
    bool in = false;

    for (uint32_t i = 0; i < class->count && !in; i++)
        in = character >= class->ranges[i].low && character <= class->ranges[i].high;
    return in;
}

static bool passes(const struct regex *regex, const struct instruction *at, uint32_t character) {
    const struct class *class;

    switch (at->code) {
    case CODE_CHARACTER:
        return at->value == character || (regex->fold && fold(at->value) == fold(character));
    case CODE_ANY:
        return character != '\n';
    case CODE_CLASS:
        class = &regex->classes[at->value];
        if (in_class(class, character))
            return !class->negated;
        if (regex->fold &&
            (in_class(class, fold(character)) ||
             (character >= 'a' && character <= 'z' && in_class(class, character - 32))))
            return !class->negated;
        return class->negated;
    default:
        return false;
    }
}

/* The places where the program may stand. */
struct places {
    uint32_t *list;
    uint32_t count;
    uint32_t *mark; /* the round in which a place was added last */
};

struct matcher {
    const struct regex *regex;
    struct view text;
    uint32_t *stack;
    uint32_t round;
};

static bool is_letter(struct view text, size_t at) {
    uint8_t byte = at < text.size ? text.data[at] : 0;

    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '_';
}

static bool holds(const struct matcher *matcher, const struct instruction *at, size_t offset) {
    bool edge;

    if (at->code == CODE_BEGIN)
        return offset == 0;
    if (at->code == CODE_END)
        return offset == matcher->text.size;
    edge = (offset > 0 && is_letter(matcher->text, offset - 1)) != is_letter(matcher->text, offset);
    return edge == (at->value == 0);
}

/* Adds a place and all that are reached from it without reading. */
static void add(struct matcher *matcher, struct places *places, uint32_t place, size_t offset) {
    uint32_t depth = 0;

    matcher->stack[depth++] = place;
    while (depth > 0) {
        const struct instruction *at;

        place = matcher->stack[--depth];
        if (places->mark[place] == matcher->round)
            continue;
        places->mark[place] = matcher->round;
        at = &matcher->regex->program[place];
        switch (at->code) {
        case CODE_FORK:
            matcher->stack[depth++] = at->other;
            matcher->stack[depth++] = at->next;
            break;
        case CODE_JUMP:
            matcher->stack[depth++] = at->next;
            break;
        case CODE_BEGIN:
        case CODE_END:
        case CODE_EDGE:
            if (holds(matcher, at, offset))
                matcher->stack[depth++] = at->next;
            break;
        default:
            places->list[places->count++] = place;
            break;
        }
    }
}

enum rc regex_match(const struct regex *regex, struct view text, struct arena *scratch,
                    uint32_t *steps, bool *matches, struct err *err) {
    struct matcher matcher = {.regex = regex, .text = text, .round = 1};
    /* Every place is expanded once in a round and pushes two at most. */
    uint32_t *memory = arena_array(scratch, (size_t)regex->count * 5 + 2, sizeof(*memory));
    struct places now, then;
    uint32_t cost = 1 + regex->widest / 16;
    size_t at = 0;

    *matches = false;
    if (memory == NULL)
        return arena_check(scratch, WORD("expression"), err);
    now = (struct places){.list = memory, .mark = memory + regex->count};
    then = (struct places){.list = memory + regex->count * 2, .mark = memory + regex->count};
    matcher.stack = memory + regex->count * 3;
    add(&matcher, &now, 0, 0);
    while (at < text.size && now.count > 0) {
        uint32_t character = utf8_next(text, &at);
        struct places spare = now;

        if (*steps < now.count * cost) {
            *steps = 0;
            return err_set(err, RC_LIMIT, "expression: it takes too many steps; simplify it");
        }
        *steps -= now.count * cost;
        matcher.round++;
        then.count = 0;
        for (uint32_t i = 0; i < now.count; i++) {
            const struct instruction *place = &regex->program[now.list[i]];

            if (passes(regex, place, character))
                add(&matcher, &then, place->next, at);
        }
        now = then;
        then = spare;
    }
    if (at < text.size)
        return RC_OK;
    for (uint32_t i = 0; i < now.count && !*matches; i++)
        *matches = regex->program[now.list[i]].code == CODE_MATCH;
    return RC_OK;
}
