/* xform_reference.c: ${name} becomes a path.
 *
 * Within a repeat "the name" is the one of the same instance. So where the node of an expression
 * and its target share a repeat, the path is relative, from the node up to what they share and down
 * again; everywhere else it is absolute. Within the brackets of a secondary instance or of an
 * itemset "." is an item, so the relative path begins at current(). indexed-repeat() chooses the
 * instance itself, so what it is given stays absolute. Each path is put between blanks. */
#include "base/text.h"
#include "schema/form/xform.h"

static bool is_name_byte(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c >= 0x80;
}

struct context xform_context(const struct xform *xform, uint32_t row) {
    const struct survey_row *at = &xform->compiler->rows[row];

    return (struct context){.path = at->xpath, .row = row, .repeat = at->repeat, .items = NO_ROW};
}

/* Behind a string literal that begins here. */
static size_t literal_end(struct view text, size_t at) {
    uint8_t quote = text.data[at++];

    while (at < text.size && text.data[at] != quote)
        at++;
    return at < text.size ? at + 1 : at;
}

bool call_next(struct view text, size_t from, const char *function, struct call *out) {
    size_t size = strlen(function);

    for (size_t i = from; i + size < text.size; i++) {
        size_t at = i + size, depth = 1, argument;

        if (memcmp(text.data + i, function, size) != 0 || (i > 0 && is_name_byte(text.data[i - 1])))
            continue;
        while (at < text.size && text.data[at] <= ' ')
            at++;
        if (at == text.size || text.data[at] != '(')
            continue;
        *out = (struct call){.start = i};
        argument = ++at;
        while (at < text.size && depth > 0) {
            uint8_t c = text.data[at];

            if (c == '\'' || c == '"') {
                at = literal_end(text, at);
                continue;
            }
            depth += c == '(' || c == '[' ? 1 : 0;
            depth -= c == ')' || c == ']' ? 1 : 0;
            if (((c == ',' && depth == 1) || depth == 0) && out->argument_count < 8) {
                out->arguments[out->argument_count++] = view_slice(text, argument, at - argument);
                argument = at + 1;
            }
            at++;
        }
        out->end = at;
        return true;
    }
    return false;
}

/* --- paths --- */

/* Behind the common steps of two paths, of which the last of either is never common. */
static size_t common_steps(struct view from, struct view to) {
    size_t common = 0;

    for (size_t i = 0; i < from.size && i < to.size && from.data[i] == to.data[i]; i++) {
        bool from_ends = i + 1 < from.size && from.data[i + 1] == '/';
        bool to_ends = i + 1 < to.size && to.data[i + 1] == '/';

        if (from_ends && to_ends)
            common = i + 1;
    }
    return common;
}

void xform_path(struct view from, struct view to, struct buf *out) {
    size_t common = common_steps(from, to);

    for (size_t i = common; i < from.size; i++)
        if (from.data[i] == '/')
            buf_add_text(out, i == common ? ".." : "/..");
    buf_add_view(out, view_slice(to, common, to.size));
}

static bool within(const struct compiler *compiler, uint32_t row, uint32_t repeat) {
    for (uint32_t at = compiler->rows[row].repeat; at != NO_PARENT; at = compiler->rows[at].repeat)
        if (at == repeat)
            return true;
    return false;
}

static bool share_repeat(const struct compiler *compiler, uint32_t target, uint32_t repeat) {
    for (; repeat != NO_PARENT; repeat = compiler->rows[repeat].repeat)
        if (within(compiler, target, repeat))
            return true;
    return false;
}

/* Whether the reference chooses nodes for indexed-repeat: its first argument, and the repeats. */
static bool is_indexed(struct view text, const struct reference *reference) {
    struct call call;

    for (size_t at = 0; call_next(text, at, "indexed-repeat", &call); at = call.start + 1) {
        if (reference->start < call.start || reference->end > call.end)
            continue;
        for (size_t i = 0; i < call.argument_count; i++) {
            size_t start = (size_t)(call.arguments[i].data - text.data);

            if (reference->start >= start && reference->end <= start + call.arguments[i].size)
                return i == 0 || i == 1 || i == 3 || i == 5;
        }
    }
    return false;
}

/* Whether it stands in brackets of a text that looks into a secondary instance. */
static bool in_predicate(struct view text, size_t at) {
    struct call call;
    size_t depth = 0;

    if (!call_next(text, 0, "instance", &call))
        return false;
    for (size_t i = call.end; i < at; i++) {
        depth += text.data[i] == '[' ? 1 : 0;
        depth -= text.data[i] == ']' && depth > 0 ? 1 : 0;
    }
    return depth > 0;
}

static void reference_path(const struct xform *xform, struct view text,
                           const struct reference *reference, const struct context *context,
                           struct buf *out) {
    const struct compiler *compiler = xform->compiler;
    bool ambiguous;
    uint32_t target = reference_row(compiler, reference->name, context->row, &ambiguous);

    if (target == NO_ROW) /* has been said */
        return;
    if (reference->is_last_saved) {
        buf_add_text(out, "instance('__last-saved')");
        buf_add_view(out, compiler->rows[target].xpath);
        return;
    }
    if (context->items != NO_ROW && within(compiler, target, context->items)) {
        struct view path = compiler->rows[target].xpath;

        buf_add_text(out, ".");
        buf_add_view(out, view_slice(path, compiler->rows[context->items].xpath.size, path.size));
        return;
    }
    if (context->path.size == 0 || !share_repeat(compiler, target, context->repeat) ||
        is_indexed(text, reference)) {
        buf_add_view(out, compiler->rows[target].xpath);
        return;
    }
    if (context->is_current || in_predicate(text, reference->start))
        buf_add_text(out, "current()/");
    xform_path(context->path, compiler->rows[target].xpath, out);
}

void xform_expand(const struct xform *xform, struct view text, const struct context *context,
                  struct buf *out) {
    struct reference reference;
    size_t at = 0;

    for (; reference_next(text, at, &reference); at = reference.end) {
        buf_add_view(out, view_slice(text, at, reference.start - at));
        buf_add_u8(out, ' ');
        reference_path(xform, text, &reference, context, out);
        buf_add_u8(out, ' ');
    }
    buf_add_view(out, view_slice(text, at, text.size));
}

struct buf *xform_scratch(struct xform *xform) {
    if (xform->scratch.failed != RC_OK && xform->out->failed == RC_OK)
        xform->out->failed = xform->scratch.failed;
    buf_clear(&xform->scratch);
    return &xform->scratch;
}

void xform_expression(struct xform *xform, const char *name, struct view text,
                      const struct context *context) {
    struct buf *scratch = xform_scratch(xform);

    xform_expand(xform, text, context, scratch);
    put_attribute(xform->out, name, buf_view(scratch));
}

void xform_expression_once(struct xform *xform, size_t start, const char *name, struct view text,
                           const struct context *context) {
    struct buf *scratch = xform_scratch(xform);

    xform_expand(xform, text, context, scratch);
    put_attribute_once(xform->out, start, name, buf_view(scratch));
}

/* --- defaults --- */

static bool is_word(struct view text, size_t at, const char *word) {
    size_t size = strlen(word);

    return at + size <= text.size && memcmp(text.data + at, word, size) == 0 &&
           (at + size == text.size || !is_name_byte(text.data[at + size]));
}

/* A default is an expression if it has a reference, a call, a predicate, a union or arithmetic. A
 * hyphen in a date or a place is none, nor is one within a word. */
bool default_is_dynamic(struct view text, const struct survey_row *row) {
    const char *type = row->spec->bind == NULL ? "" : row->spec->bind;
    bool has_hyphens =
        strncmp(type, "geo", 3) == 0 || strncmp(type, "date", 4) == 0 || strcmp(type, "time") == 0;

    for (size_t i = 0; i < text.size;) {
        uint8_t c = text.data[i];
        size_t start = i;

        if (c == '\'' || c == '"') {
            i = literal_end(text, i);
        } else if (c == '[' || c == '|' || c == '*' || c == '+' ||
                   (c == '$' && i + 1 < text.size && text.data[i + 1] == '{')) {
            return true;
        } else if (c == '-') {
            bool is_sign = i + 1 < text.size && text.data[i + 1] >= '0' && text.data[i + 1] <= '9';

            if (!has_hyphens && !(is_sign && i == 0))
                return true;
            i++;
        } else if (is_name_byte(c)) {
            if (start > 0 && text.data[start - 1] <= ' ' &&
                (is_word(text, i, "div") || is_word(text, i, "mod")))
                return true;
            while (i < text.size && (is_name_byte(text.data[i]) || text.data[i] == ':'))
                i++;
            if (i < text.size && text.data[i] == '(')
                return true;
        } else {
            i++;
        }
    }
    return false;
}
