/* compile_circle.c: questions that wait for each other.
 *
 * The value of a computed question waits for what its calculation reads; whether a question is
 * there waits for what its relevance reads, and for the groups around it. A circle of such waits
 * never comes to rest if a calculation is part of it, or if a question or group decides about
 * itself. Questions that only hide each other may: people answer one of them first. Looking at
 * another instance of the same repeat (indexed-repeat, a predicate) is no wait for oneself. */
#include "base/text.h"
#include "schema/form/compile.h"
#include "schema/form/xform.h"
#include "schema/form/xpath.h"

#define EDGES_MAX    400000u
#define CIRCLE_SHOWN 300u /* bytes of a circle that a message has room for */

struct edge {
    uint32_t from, to;
    bool is_calculation;
};

struct graph {
    struct compiler *compiler;
    struct edge *edges;
    uint32_t count, capacity;
    const uint32_t *first;   /* by row: where its edges begin; one more at the end */
    const uint32_t *by_path; /* rows sorted by their paths */
};

static void edge_add(struct graph *graph, uint32_t from, uint32_t to, bool is_calculation) {
    struct edge *edge;

    if (graph->count == EDGES_MAX)
        return;
    edge = arena_push(graph->compiler->arena, &graph->edges, &graph->count, &graph->capacity,
                      sizeof(*edge));
    if (edge == NULL)
        graph->compiler->failed = RC_NO_MEMORY;
    else
        *edge = (struct edge){.from = from, .to = to, .is_calculation = is_calculation};
}

/* Whether what stands there chooses another instance of a repeat, or is chosen there. */
static bool is_elsewhere(struct view text, const struct xpath_reference *reference) {
    size_t start = reference->place.offset, end = start + reference->place.length;
    struct call call;

    if (reference->filtered || reference->inner || reference->loose || reference->instance.size > 0)
        return true;
    for (size_t at = 0; call_next(text, at, "indexed-repeat", &call); at = call.start + 1)
        if (start > call.start && end < call.end)
            return true;
    return false;
}

static uint32_t row_at(const struct graph *graph, struct view path) {
    uint32_t low = 0, high = graph->compiler->row_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2, row = graph->by_path[middle];
        int order = view_compare(graph->compiler->rows[row].xpath, path);

        if (order == 0)
            return row;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NO_ROW;
}

/* A word without quotes is a path to what is below the question, where there never is anything. */
static bool is_bare(const struct compiler *compiler, uint32_t row,
                    const struct xpath_reference *reference) {
    struct view path = compiler->rows[row].xpath;

    return compiler->rows[row].spec->kind == ROW_FIELD && reference->instance.size == 0 &&
           !reference->inner && !reference->loose && reference->path.size > path.size + 1 &&
           memcmp(reference->path.data, path.data, path.size) == 0 &&
           reference->path.data[path.size] == '/';
}

static void edges_of(struct graph *graph, uint32_t row, struct view text, bool is_calculation) {
    struct compiler *compiler = graph->compiler;
    const struct xform xform = {.compiler = compiler};
    struct context context = xform_context(&xform, row);
    struct xpath_reference *references;
    struct xpath *expression;
    uint32_t count = 0;
    struct buf expanded;
    struct err err;

    if (text.size == 0)
        return;
    err_init(&err, compiler->err->lang);
    buf_init(&expanded, LIMIT_XFORM_BYTES);
    xform_expand(&xform, text, &context, &expanded);
    if (buf_check(&expanded, "form", &err) == RC_OK &&
        xpath_parse(buf_view(&expanded), compiler->arena, &expression, NULL, &err) == RC_OK &&
        xpath_references(expression, context.path, compiler->arena, &references, &count, &err) ==
            RC_OK)
        for (uint32_t i = 0; i < count; i++) {
            uint32_t target = row_at(graph, references[i].path);

            if (target == NO_ROW && is_bare(compiler, row, &references[i]))
                finding_add(
                    compiler, false, compiler->survey.sheet, compiler->rows[row].row,
                    compiler->survey.first[is_calculation ? COLUMN_CALCULATION : COLUMN_RELEVANT],
                    "the name \"%.*s\" means nothing here; a text needs quotes, a question "
                    "${ and }",
                    VIEW_PRINT(finding_shown(view_slice(references[i].path, context.path.size + 1,
                                                        references[i].path.size))));
            if (target != NO_ROW && !is_elsewhere(buf_view(&expanded), &references[i]))
                edge_add(graph, row, target, is_calculation);
        }
    if (expanded.failed == RC_NO_MEMORY)
        compiler->failed = RC_NO_MEMORY;
    buf_release(&expanded);
}

struct pathed {
    struct view path;
    uint32_t row;
};

static int by_path(const void *left, const void *right) {
    return view_compare(((const struct pathed *)left)->path, ((const struct pathed *)right)->path);
}

static bool paths_sort(struct graph *graph) {
    const struct compiler *compiler = graph->compiler;
    struct pathed *sorted = compile_array(graph->compiler, compiler->row_count, sizeof(*sorted));
    uint32_t *rows = compile_array(graph->compiler, compiler->row_count, sizeof(*rows));

    if (sorted == NULL || rows == NULL)
        return false;
    for (uint32_t i = 0; i < compiler->row_count; i++)
        sorted[i] = (struct pathed){.path = compiler->rows[i].xpath, .row = i};
    qsort(sorted, compiler->row_count, sizeof(*sorted), by_path);
    for (uint32_t i = 0; i < compiler->row_count; i++)
        rows[i] = sorted[i].row;
    graph->by_path = rows;
    return true;
}

static bool graph_make(struct graph *graph) {
    const struct compiler *compiler = graph->compiler;
    uint32_t *first = compile_array(graph->compiler, compiler->row_count + 1u, sizeof(*first));

    if (first == NULL || !paths_sort(graph))
        return false;
    for (uint32_t i = 0; i < compiler->row_count; i++) {
        const struct survey_row *row = &compiler->rows[i];

        first[i] = graph->count;
        if (row->trigger.size == 0)
            edges_of(graph, i, row->calculation, true);
        edges_of(graph, i, row->relevant, false);
        if (row->parent != NO_PARENT)
            edge_add(graph, i, row->parent, false);
    }
    first[compiler->row_count] = graph->count;
    graph->first = first;
    return compiler->failed == RC_OK;
}

/* The shortest way from one row to another; before[] gets the steps. False if there is none. */
static bool way_find(const struct graph *graph, uint32_t from, uint32_t to, uint32_t *before,
                     uint32_t *queue) {
    uint32_t head = 0, tail = 0;

    for (uint32_t i = 0; i < graph->compiler->row_count; i++)
        before[i] = NO_ROW;
    before[from] = from;
    queue[tail++] = from;
    while (head < tail && queue[head] != to) {
        uint32_t at = queue[head++];

        for (uint32_t i = graph->first[at]; i < graph->first[at + 1]; i++) {
            uint32_t next = graph->edges[i].to;

            if (before[next] == NO_ROW) {
                before[next] = at;
                queue[tail++] = next;
            }
        }
    }
    return head < tail;
}

/* "a <- b <- a" read along the waits: who waits, for whom, back to who waits. */
static void say_circle(struct graph *graph, uint32_t from, uint32_t to, const uint32_t *before,
                       enum column_kind kind) {
    const struct compiler *compiler = graph->compiler;
    struct view start = compiler->rows[from].name;
    struct buf names, ways;

    buf_init(&names, CIRCLE_SHOWN * 4);
    buf_init(&ways, CIRCLE_SHOWN * 4);
    /* before[] leads from `from` back to `to`; the circle is from -> to -> ... -> from. */
    for (uint32_t at = from, steps = 0; at != to && steps < 8; at = before[at], steps++) {
        struct view name = compiler->rows[at].name;

        buf_clear(&ways);
        buf_addf(&ways, " → %.*s%.*s", VIEW_PRINT(finding_shown(name)),
                 VIEW_PRINT(buf_view(&names)));
        buf_clear(&names);
        buf_add_view(&names, buf_view(&ways));
    }
    buf_clear(&ways);
    buf_addf(&ways, "%.*s → %.*s%.*s", VIEW_PRINT(finding_shown(start)),
             VIEW_PRINT(finding_shown(compiler->rows[to].name)), VIEW_PRINT(buf_view(&names)));
    finding_add(graph->compiler, true, compiler->survey.sheet, compiler->rows[from].row,
                compiler->survey.first[kind],
                "these questions wait for each other: %.*s; break the circle",
                VIEW_PRINT(utf8_cut_bytes(buf_view(&ways), CIRCLE_SHOWN)));
    buf_release(&names);
    buf_release(&ways);
}

static bool is_inside(const struct compiler *compiler, uint32_t row, uint32_t group) {
    while (row != group && row != NO_PARENT)
        row = compiler->rows[row].parent;
    return row == group;
}

static void find_circles(struct graph *graph) {
    struct compiler *compiler = graph->compiler;
    uint32_t *before = compile_array(compiler, compiler->row_count, sizeof(*before));
    uint32_t *queue = compile_array(compiler, compiler->row_count, sizeof(*queue));
    bool *said = compile_array(compiler, compiler->row_count, sizeof(*said));

    if (before == NULL || queue == NULL || said == NULL)
        return;
    for (uint32_t i = 0; i < graph->count; i++) {
        const struct edge *edge = &graph->edges[i];
        const struct survey_row *from = &compiler->rows[edge->from];
        bool decides_itself = !edge->is_calculation && edge->to != from->parent &&
                              is_inside(compiler, edge->to, edge->from);

        if ((!edge->is_calculation && !decides_itself) || said[edge->from] ||
            !way_find(graph, edge->to, edge->from, before, queue))
            continue;
        for (uint32_t at = edge->from; at != edge->to; at = before[at])
            said[at] = true;
        said[edge->to] = true;
        say_circle(graph, edge->from, edge->to, before,
                   edge->is_calculation ? COLUMN_CALCULATION : COLUMN_RELEVANT);
    }
}

void compile_circles(struct compiler *compiler) {
    struct graph graph = {.compiler = compiler};

    if (compiler->findings->error_count == 0 && compiler->row_count > 0 && graph_make(&graph))
        find_circles(&graph);
}
