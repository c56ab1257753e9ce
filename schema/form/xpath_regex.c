/* Compiling regular expressions (xpath_regex_match.c says how they work). A counted repetition is
 * written out: its part of the pattern is compiled again and again. */
#include "schema/form/xpath_regex_inside.h"

#include "base/text.h"
#include "base/words.h"

#define NEST_MAX   50u
#define REPEAT_MAX 1000u

struct compiler {
    struct view text;
    size_t at;
    uint32_t nest;
    struct regex *regex;
    uint32_t class_capacity;
    struct arena *arena;
    struct err *err;
};

static enum rc parse_choice(struct compiler *compiler);

static enum rc bad(struct compiler *compiler, enum rc rc, const char *what) {
    return err_set(compiler->err, rc, "the pattern, character %zu: %s",
                   utf8_length(view_slice(compiler->text, 0, compiler->at)) + 1,
                   words(compiler->err->lang, what));
}

static enum rc no_memory(struct compiler *compiler) {
    return arena_check(compiler->arena, WORD("expression"), compiler->err);
}

static enum rc emit(struct compiler *compiler, enum code code, uint32_t value) {
    struct regex *regex = compiler->regex;
    struct instruction *slot;

    if (regex->count == REGEX_PROGRAM_MAX)
        return err_set(compiler->err, RC_LIMIT,
                       "the pattern is too long when its repetitions are written out");
    slot = arena_push(compiler->arena, &regex->program, &regex->count, &regex->capacity,
                      sizeof(*slot));
    if (slot == NULL)
        return no_memory(compiler);
    *slot = (struct instruction){.code = code, .value = value, .next = regex->count};
    return RC_OK;
}

/* Makes room for one instruction before start: what stands there moves, with its targets. */
static enum rc insert(struct compiler *compiler, uint32_t start, enum code code) {
    struct regex *regex = compiler->regex;

    if (emit(compiler, code, 0) != RC_OK)
        return compiler->err->rc;
    memmove(regex->program + start + 1, regex->program + start,
            (regex->count - 1 - start) * sizeof(*regex->program));
    for (uint32_t i = start + 1; i < regex->count; i++) {
        regex->program[i].next += regex->program[i].next >= start;
        regex->program[i].other +=
            regex->program[i].other >= start && regex->program[i].code == CODE_FORK;
    }
    regex->program[start] = (struct instruction){.code = code, .next = start + 1};
    return RC_OK;
}

static bool more(const struct compiler *compiler) {
    return compiler->at < compiler->text.size;
}

static uint32_t peek(const struct compiler *compiler) {
    size_t at = compiler->at;

    return more(compiler) ? utf8_next(compiler->text, &at) : 0;
}

static uint32_t next(struct compiler *compiler) {
    return more(compiler) ? utf8_next(compiler->text, &compiler->at) : 0;
}

static bool take(struct compiler *compiler, const char *token) {
    struct view wanted = view_text(token);

    if (!view_equal(view_slice(compiler->text, compiler->at, wanted.size), wanted))
        return false;
    compiler->at += wanted.size;
    return true;
}

/* ---- classes ---- */

static enum rc add_range(struct compiler *compiler, struct class *class, uint32_t low,
                         uint32_t high) {
    struct range *slot = arena_push(compiler->arena, &class->ranges, &class->count,
                                    &class->capacity, sizeof(*class->ranges));

    if (slot == NULL)
        return no_memory(compiler);
    if (class->count > REGEX_PROGRAM_MAX)
        return bad(compiler, RC_LIMIT, WORD("a class with too many members"));
    if (class->count > compiler->regex->widest)
        compiler->regex->widest = class->count;
    *slot = (struct range){.low = low, .high = high};
    return RC_OK;
}

static const struct range digits[] = {{'0', '9'}};
static const struct range letters[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
static const struct range spaces[] = {{'\t', '\r'}, {' ', ' '}};

/* The ranges of \d \w \s, sorted; NULL for another letter. */
static const struct range *known_ranges(uint32_t letter, size_t *count) {
    switch (letter | 0x20) {
    case 'd':
        *count = 1;
        return digits;
    case 'w':
        *count = 4;
        return letters;
    case 's':
        *count = 2;
        return spaces;
    default:
        return NULL;
    }
}

/* A capital letter means everything else. */
static enum rc add_known(struct compiler *compiler, struct class *class, uint32_t letter) {
    size_t count = 0;
    const struct range *ranges = known_ranges(letter, &count);
    bool other = letter < 'a';
    uint32_t from = 1;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < count && rc == RC_OK; i++) {
        if (!other)
            rc = add_range(compiler, class, ranges[i].low, ranges[i].high);
        else if (ranges[i].low > from)
            rc = add_range(compiler, class, from, ranges[i].low - 1);
        from = ranges[i].high + 1;
    }
    return rc == RC_OK && other ? add_range(compiler, class, from, 0x10FFFF) : rc;
}

static enum rc read_hex(struct compiler *compiler, size_t count, uint32_t *character) {
    uint8_t bytes[2] = {0};
    struct view text = view_slice(compiler->text, compiler->at, count);

    if (text.size != count || !hex_decode(text, bytes, count / 2))
        return bad(compiler, RC_INVALID, WORD("expected hexadecimal digits"));
    *character = count == 2 ? bytes[0] : (uint32_t)bytes[0] << 8 | bytes[1];
    compiler->at += count;
    return RC_OK;
}

/* The character that an escape means, behind its backslash. */
static enum rc read_escape(struct compiler *compiler, uint32_t *character) {
    static const char names[] = "tnrfv0";
    static const char meanings[] = "\t\n\r\f\v";
    const char *found;
    uint32_t letter;

    if (!more(compiler))
        return bad(compiler, RC_INVALID, WORD("it ends with a backslash"));
    letter = next(compiler);
    if (letter == 'x')
        return read_hex(compiler, 2, character);
    if (letter == 'u')
        return read_hex(compiler, 4, character);
    found = letter < 0x80 ? strchr(names, (int)letter) : NULL;
    if (found != NULL && letter != 0 && letter != '0') {
        *character = (uint8_t)meanings[found - names];
        return RC_OK;
    }
    if ((letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
        (letter >= 'A' && letter <= 'Z'))
        return bad(compiler, RC_UNSUPPORTED, WORD("we do not have this escape"));
    *character = letter;
    return RC_OK;
}

static bool is_known(uint32_t letter) {
    return letter != 0 && letter < 0x80 && strchr("dDwWsS", (int)letter) != NULL;
}

/* One member of a class; *range tells that it is a character, which may begin a range. */
static enum rc read_member(struct compiler *compiler, struct class *class, uint32_t *character,
                           bool *range) {
    *range = true;
    *character = next(compiler);
    if (*character != '\\')
        return RC_OK;
    if (is_known(peek(compiler))) {
        *range = false;
        return add_known(compiler, class, next(compiler));
    }
    if (peek(compiler) == 'b') {
        compiler->at++;
        *character = '\b';
        return RC_OK;
    }
    return read_escape(compiler, character);
}

/* Behind the opening bracket. */
static enum rc parse_class(struct compiler *compiler) {
    struct regex *regex = compiler->regex;
    struct class *slot = arena_push(compiler->arena, &regex->classes, &regex->class_count,
                                    &compiler->class_capacity, sizeof(*regex->classes));
    struct class made = {0};
    uint32_t index = regex->class_count - 1;
    bool first = true;

    if (slot == NULL)
        return no_memory(compiler);
    made.negated = take(compiler, "^");
    while (first || peek(compiler) != ']') {
        uint32_t low, high;
        bool range;

        first = false;
        if (!more(compiler))
            return bad(compiler, RC_INVALID, WORD("a [ is never closed"));
        if (read_member(compiler, &made, &low, &range) != RC_OK)
            return compiler->err->rc;
        if (!range)
            continue;
        high = low;
        if (peek(compiler) == '-' && compiler->at + 1 < compiler->text.size &&
            compiler->text.data[compiler->at + 1] != ']') {
            compiler->at++;
            if (read_member(compiler, &made, &high, &range) != RC_OK)
                return compiler->err->rc;
            if (!range || high < low)
                return bad(compiler, RC_INVALID, WORD("a range whose end lies before its begin"));
        }
        if (add_range(compiler, &made, low, high) != RC_OK)
            return compiler->err->rc;
    }
    compiler->at++;
    regex->classes[index] = made;
    return emit(compiler, CODE_CLASS, index);
}

static enum rc emit_known(struct compiler *compiler, uint32_t letter) {
    struct regex *regex = compiler->regex;
    struct class *slot = arena_push(compiler->arena, &regex->classes, &regex->class_count,
                                    &compiler->class_capacity, sizeof(*regex->classes));
    struct class made = {0};
    uint32_t index = regex->class_count - 1;

    if (slot == NULL)
        return no_memory(compiler);
    if (add_known(compiler, &made, letter) != RC_OK)
        return compiler->err->rc;
    regex->classes[index] = made;
    return emit(compiler, CODE_CLASS, index);
}

/* ---- structure ---- */

static enum rc parse_group(struct compiler *compiler) {
    enum rc rc;

    if (take(compiler, "?")) {
        if (!take(compiler, ":"))
            return bad(compiler, RC_UNSUPPORTED,
                       WORD("we do not have looking ahead, looking behind and flags here"));
    }
    if (++compiler->nest > NEST_MAX)
        return bad(compiler, RC_LIMIT, WORD("too many nested groups"));
    rc = parse_choice(compiler);
    compiler->nest--;
    if (rc == RC_OK && !take(compiler, ")"))
        return bad(compiler, RC_INVALID, WORD("a ( is never closed"));
    return rc;
}

static enum rc parse_atom(struct compiler *compiler) {
    uint32_t character = next(compiler);

    switch (character) {
    case '(':
        return parse_group(compiler);
    case '[':
        return parse_class(compiler);
    case '.':
        return emit(compiler, CODE_ANY, 0);
    case '^':
        return emit(compiler, CODE_BEGIN, 0);
    case '$':
        return emit(compiler, CODE_END, 0);
    case '*':
    case '+':
    case '?':
        return bad(compiler, RC_INVALID, WORD("there is nothing to repeat"));
    case '\\':
        if (is_known(peek(compiler)))
            return emit_known(compiler, next(compiler));
        if (take(compiler, "b"))
            return emit(compiler, CODE_EDGE, 0);
        if (take(compiler, "B"))
            return emit(compiler, CODE_EDGE, 1);
        if (read_escape(compiler, &character) != RC_OK)
            return compiler->err->rc;
        return emit(compiler, CODE_CHARACTER, character);
    default:
        return emit(compiler, CODE_CHARACTER, character);
    }
}

/* "{2}", "{2,}", "{2,5}"; *is is false for a brace that means itself. */
static bool read_braces(struct compiler *compiler, uint32_t *least, uint32_t *most) {
    size_t start = compiler->at;
    size_t from;

    if (!take(compiler, "{"))
        return false;
    *least = 0;
    *most = 0;
    for (from = compiler->at; peek(compiler) >= '0' && peek(compiler) <= '9' && *least < 100000;)
        *least = *least * 10 + next(compiler) - '0';
    if (compiler->at == from)
        goto none;
    *most = *least;
    if (take(compiler, ",")) {
        *most = peek(compiler) == '}' ? UINT32_MAX : 0;
        while (peek(compiler) >= '0' && peek(compiler) <= '9' && *most < 100000)
            *most = *most * 10 + next(compiler) - '0';
    }
    if (take(compiler, "}"))
        return true;
none:
    compiler->at = start;
    return false;
}

static bool read_repeat(struct compiler *compiler, uint32_t *least, uint32_t *most) {
    *least = 0;
    *most = UINT32_MAX;
    if (take(compiler, "*"))
        return true;
    if (take(compiler, "+")) {
        *least = 1;
        return true;
    }
    if (take(compiler, "?")) {
        *most = 1;
        return true;
    }
    return read_braces(compiler, least, most);
}

/* Once more what stands between two places of the pattern. */
static enum rc again(struct compiler *compiler, size_t from) {
    size_t behind = compiler->at;
    enum rc rc;

    compiler->at = from;
    rc = emit(compiler, CODE_JUMP, 0); /* so that also copies of nothing come to an end */
    if (rc == RC_OK)
        rc = parse_atom(compiler);
    compiler->at = behind;
    return rc;
}

/* x{least,most} is x least times, then x? nested or a loop. The first x stands there already. */
static enum rc repeat(struct compiler *compiler, size_t from, uint32_t start, uint32_t least,
                      uint32_t most) {
    struct regex *regex = compiler->regex;
    bool endless = most == UINT32_MAX;
    uint32_t copies = endless ? (least == 0 ? 1 : least) : most;

    if (least > REPEAT_MAX || (!endless && (most > REPEAT_MAX || most < least)))
        return bad(compiler, RC_INVALID, WORD("a count that makes no sense here"));
    if (most == 0) {
        regex->count = start;
        return RC_OK;
    }
    for (uint32_t copy = 1; copy <= copies; copy++) {
        bool optional = copy > least;
        bool loop = endless && copy == copies;

        if (copy > 1) {
            start = regex->count;
            if (again(compiler, from) != RC_OK)
                return compiler->err->rc;
        }
        if (optional) {
            if (insert(compiler, start, CODE_FORK) != RC_OK)
                return compiler->err->rc;
        }
        if (loop) {
            if (emit(compiler, CODE_FORK, 0) != RC_OK)
                return compiler->err->rc;
            regex->program[regex->count - 1].other = regex->program[regex->count - 1].next;
            regex->program[regex->count - 1].next = optional ? start + 1 : start;
        }
        if (optional)
            regex->program[start].other = regex->count;
    }
    return RC_OK;
}

static enum rc parse_sequence(struct compiler *compiler) {
    while (more(compiler) && peek(compiler) != '|' && peek(compiler) != ')') {
        size_t from = compiler->at;
        uint32_t start = compiler->regex->count;
        uint32_t least, most;
        enum rc rc = parse_atom(compiler);

        if (rc == RC_OK && read_repeat(compiler, &least, &most)) {
            rc = repeat(compiler, from, start, least, most);
            (void)(take(compiler, "?") || take(compiler, "+")); /* lazy or possessive: the same */
        }
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

static enum rc parse_choice(struct compiler *compiler) {
    struct regex *regex = compiler->regex;
    uint32_t start = regex->count;
    enum rc rc = parse_sequence(compiler);

    while (rc == RC_OK && take(compiler, "|")) {
        uint32_t jump;

        rc = insert(compiler, start, CODE_FORK);
        if (rc == RC_OK)
            rc = emit(compiler, CODE_JUMP, 0);
        if (rc != RC_OK)
            return rc;
        jump = regex->count - 1;
        regex->program[start].other = regex->count;
        /* Alternatives hang to the right: the rest is a choice of its own. */
        rc = ++compiler->nest > NEST_MAX * 4
                 ? bad(compiler, RC_LIMIT, WORD("too many nested groups"))
                 : parse_choice(compiler);
        compiler->nest--;
        regex->program[jump].next = regex->count;
    }
    return rc;
}

enum rc regex_parse(struct view pattern, struct arena *arena, struct regex **out, struct err *err) {
    struct compiler compiler = {.text = pattern, .arena = arena, .err = err};
    struct regex *regex = arena_alloc(arena, sizeof(*regex));
    enum rc rc;

    *out = NULL;
    compiler.regex = regex;
    if (regex == NULL)
        return no_memory(&compiler);
    regex->fold = take(&compiler, "(?i)");
    rc = parse_choice(&compiler);
    if (rc != RC_OK)
        return rc;
    if (more(&compiler))
        return bad(&compiler, RC_INVALID, WORD("a ) that closes nothing"));
    rc = emit(&compiler, CODE_MATCH, 0);
    if (rc == RC_OK)
        *out = regex;
    return rc;
}
