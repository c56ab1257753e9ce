/* trace_form.c: fills an XForm with random answers and tells what it did, and how everything then
 * stands, as one JSON document; for the differential test (differential/run.mjs), which does the
 * same to another engine.
 *
 *   trace_form FILE NAME SEED     NAME: as in data/forms, or a folder: whose tables it may read
 *
 * {"steps": [["/data/age", "7"], ["/data/member[2]", null], ...],      null: an instance was added
 *  "nodes": [["/data/age", "7", true, ""], ...]}  value, relevant, "required" or "constraint" */
#include "base/file.h"
#include "base/json.h"
#include "tests/support/enginekit.h"
#include "tests/support/random_fill.h"
#include "tests/support/realform.h"

#include <stdlib.h>

#define OUT_BYTES (64u * 1024u * 1024u)

struct trace {
    struct buf out, ref;
    uint32_t steps;
};

static void put_ref(struct trace *trace, const struct engine *engine, struct engine_place place) {
    buf_clear(&trace->ref);
    engine_ref(engine, place, &trace->ref);
    json_print_text(buf_view(&trace->ref), &trace->out);
}

static void tell(void *context, const struct engine *engine, struct engine_place place,
                 struct view text) {
    struct trace *trace = context;
    bool is_instance = engine->model->fields[place.field].is_repeat;

    buf_add_text(&trace->out, trace->steps++ == 0 ? "\n[" : ",\n[");
    put_ref(trace, engine, place);
    buf_add_text(&trace->out, ",");
    if (is_instance)
        buf_add_text(&trace->out, "null");
    else
        json_print_text(text, &trace->out);
    buf_add_text(&trace->out, "]");
}

static void put_node(struct trace *trace, struct engine *engine, struct engine_place place) {
    struct engine_state state;

    if (!engine->model->fields[place.field].is_leaf || !engine_look(engine, place, &state))
        return;
    buf_add_text(&trace->out, trace->steps++ == 0 ? "\n[" : ",\n[");
    put_ref(trace, engine, place);
    buf_add_text(&trace->out, ",");
    json_print_text(engine_value(engine, place), &trace->out);
    buf_addf(&trace->out, ",%s,\"%s\"]", state.is_relevant ? "true" : "false",
             state.violation == ENGINE_MISSING      ? "required"
             : state.violation == ENGINE_CONSTRAINT ? "constraint"
             : state.violation == ENGINE_FINE       ? ""
                                                    : "trouble");
}

static enum rc run(struct enginekit *kit, struct trace *trace, struct view form, uint64_t seed) {
    struct random_fill fill = {.seed = seed, .tell = tell, .context = trace};
    struct engine_place *places = NULL;
    uint32_t count = 0;
    uint64_t mark = 0;
    enum rc rc = enginekit_load(kit, form);

    buf_add_text(&trace->out, "{\"steps\":[");
    if (rc == RC_OK)
        rc = engine_begin(&kit->engine, &kit->err);
    if (rc == RC_OK)
        rc = random_fill_run(&fill, &kit->engine, &kit->err);
    if (rc == RC_OK)
        rc = engine_changes(&kit->engine, 0, &kit->arena, &places, &count, &mark, &kit->err);
    buf_add_text(&trace->out, "],\n\"nodes\":[");
    trace->steps = 0;
    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        put_node(trace, &kit->engine, places[i]);
    buf_add_text(&trace->out, "]}\n");
    return rc == RC_OK ? buf_check(&trace->out, "trace", &kit->err) : rc;
}

int main(int argc, char **argv) {
    struct enginekit kit;
    struct arena arena;
    struct realform_tables tables = {.arena = &arena};
    struct trace trace = {0};
    struct buf form;
    enum rc rc;

    if (argc != 4) {
        fprintf(stderr, "usage: trace_form FILE NAME SEED\n");
        return 2;
    }
    arena_init(&arena, 512u * 1024u * 1024u);
    buf_init(&form, MODEL_BYTES_MAX);
    buf_init(&trace.out, OUT_BYTES);
    buf_init(&trace.ref, 65536);
    enginekit_init(&kit);
    tables.form = argv[2];
    kit.give = realform_table;
    kit.giver = &tables;
    kit.random_is_half = true;
    rc = file_read(argv[1], MODEL_BYTES_MAX, &form, &kit.err);
    if (rc == RC_OK)
        rc = run(&kit, &trace, buf_view(&form), strtoull(argv[3], NULL, 10));
    if (rc == RC_OK)
        (void)fwrite(trace.out.data, 1, trace.out.size, stdout);
    else
        fprintf(stderr, "%s\n", kit.err.text);
    enginekit_release(&kit);
    buf_release(&trace.ref);
    buf_release(&trace.out);
    buf_release(&form);
    arena_release(&arena);
    return rc == RC_OK ? 0 : 1;
}
