/* bench_xpath: what expressions cost, for a made-up form of 300 questions with 300 expressions as
 * real ones write them, and a choice list of 20,000. Targets (design of the form engine): all
 * expressions within 1 ms; loading, of which this is a part, within 20 ms. */
#include "base/date.h"
#include "schema/form/xpath.h"

#define QUESTIONS 300u
#define ITEMS     20000u
#define ROUNDS    200u

static int64_t now_ns(void) {
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void must(enum rc rc, const struct err *err) {
    if (rc == RC_OK)
        return;
    (void)fprintf(stderr, "bench_xpath: %s\n", err->text);
    exit(1);
}

static int64_t give_now(void *user) {
    (void)user;
    return INT64_C(1795392000000);
}

static int64_t give_offset(void *user, int64_t utc_ms) {
    (void)user;
    (void)utc_ms;
    return 8 * MS_PER_HOUR;
}

static struct xml_node *give_instance(void *user, struct view id) {
    (void)id;
    return user;
}

static void add_expression(struct buf *out, uint32_t i) {
    switch (i % 6) {
    case 0:
        buf_addf(out, "/data/g%u/q%u = 'yes'", i / 10, i);
        return;
    case 1:
        buf_addf(out, "selected(../q%u, 'c%u') and /data/g%u/q%u != ''", i, i, i / 10, i);
        return;
    case 2:
        buf_addf(out, ". >= 0 and . <= %u.50", i);
        return;
    case 3:
        buf_addf(out, "if(/data/g%u/q%u > 10, round(../q%u * 1.25, 2), 0)", i / 10, i, i);
        return;
    case 4:
        buf_addf(out, "sum(/data/g%u/*) div count(../*) + coalesce(../q%u, 0)", i / 10, i);
        return;
    default:
        buf_addf(out, "int((today() - date('19%02u-05-06')) div 365.25) < 18", 50 + i % 50);
        return;
    }
}

static struct xml_node *tree(struct arena *arena, struct buf *text, struct err *err) {
    struct xml_node *document;
    struct xml_limits limits = XML_LIMITS_DEFAULT;

    must(xml_tree_parse(buf_view(text), limits, arena, &document, err), err);
    return document;
}

static struct xml_node *make_form(struct arena *arena, struct buf *text, struct err *err) {
    buf_clear(text);
    buf_add_text(text, "<data>");
    for (uint32_t i = 0; i < QUESTIONS; i++) {
        if (i % 10 == 0)
            buf_addf(text, "<g%u>", i / 10);
        buf_addf(text, "<q%u>%u</q%u>", i, i * 7 % 100, i);
        if (i % 10 == 9)
            buf_addf(text, "</g%u>", i / 10);
    }
    buf_add_text(text, "</data>");
    return tree(arena, text, err);
}

static struct xml_node *make_list(struct arena *arena, struct buf *text, struct err *err) {
    buf_clear(text);
    buf_add_text(text, "<instance><root>");
    for (uint32_t i = 0; i < ITEMS; i++)
        buf_addf(text, "<item><name>v%u</name><label>Village %u</label><town>t%u</town></item>", i,
                 i, i % 500);
    buf_add_text(text, "</root></instance>");
    return xml_root(tree(arena, text, err));
}

int main(void) {
    struct arena arena, scratch;
    struct buf text;
    struct err err;
    struct xpath *expressions[QUESTIONS];
    struct xml_node *nodes[QUESTIONS];
    struct xpath_host host = {.now_ms = give_now, .offset_ms = give_offset};
    struct xpath_scope scope = {.host = &host};
    struct xpath_value value;
    struct xpath *choice;
    int64_t start, parse_ns, evaluate_ns, list_ns, tree_ns;
    uint32_t at = 0;

    err_init(&err, LANG_EN);
    arena_init(&arena, 256u << 20);
    arena_init(&scratch, 64u << 20);
    arena_keep(&scratch, 16u << 20);
    buf_init(&text, 16u << 20);
    host.primary = make_form(&arena, &text, &err);
    for (struct xml_node *node = host.primary; node != NULL; node = xml_walk(node, host.primary))
        if (node->kind == XML_ELEMENT && node->name.data[0] == 'q')
            nodes[at++] = node;

    start = now_ns();
    for (uint32_t i = 0; i < QUESTIONS; i++) {
        buf_clear(&text);
        add_expression(&text, i);
        must(xpath_parse(buf_view(&text), &arena, &expressions[i], NULL, &err), &err);
    }
    parse_ns = now_ns() - start;

    start = now_ns();
    for (uint32_t round = 0; round < ROUNDS; round++) {
        arena_reset(&scratch);
        for (uint32_t i = 0; i < QUESTIONS; i++) {
            scope.node = nodes[i];
            must(xpath_evaluate(expressions[i], &scope, &scratch, &value, &err), &err);
        }
    }
    evaluate_ns = (now_ns() - start) / ROUNDS;

    start = now_ns();
    host.user = make_list(&arena, &text, &err);
    tree_ns = now_ns() - start;
    host.instance = give_instance;
    must(xpath_parse(view_text("instance('v')/root/item[town = concat('t', /data/g0/q1)]/label"),
                     &arena, &choice, NULL, &err),
         &err);
    scope.node = nodes[0];
    start = now_ns();
    for (uint32_t round = 0; round < 20; round++) {
        arena_reset(&scratch);
        must(xpath_evaluate(choice, &scope, &scratch, &value, &err), &err);
    }
    list_ns = (now_ns() - start) / 20;
    if (value.count != ITEMS / 500)
        return 1;

    printf("parse 300 expressions      %8.3f ms\n", (double)parse_ns / 1e6);
    printf("evaluate 300 expressions   %8.3f ms\n", (double)evaluate_ns / 1e6);
    printf("parse a list of 20,000     %8.3f ms, %zu kB of XML, %zu kB held\n",
           (double)tree_ns / 1e6, text.size / 1024, arena.held_bytes / 1024);
    printf("filter a list of 20,000    %8.3f ms\n", (double)list_ns / 1e6);
    buf_release(&text);
    arena_release(&arena);
    arena_release(&scratch);
    return 0;
}
