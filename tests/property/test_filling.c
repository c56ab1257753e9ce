/* Random answers, additions, removals and languages on forms of every kind of rule: every call
 * ends, memory stays bounded, computing again changes nothing, and a draft that is written and
 * opened again is the same draft. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/enginekit.h"

#define ROUNDS 60u
#define STEPS  60u

static const struct {
    const char *model, *body;
} forms[] = {
    /* Conditions, calculations, constraints, choices that depend on each other. */
    {"<instance><data id='t'><n/><d/><g><a/><h><b/></h></g><x/><y/><pick/><many/></data></instance>"
     "<instance id='l'><root><item><name>a</name><n>1</n></item><item><name>b</name><n>2</n></item>"
     "<item><name>c</name><n>2</n></item></root></instance>"
     "<bind nodeset='/data/n' type='int' constraint='. &lt; 5'/>"
     "<bind nodeset='/data/d' type='decimal'/>"
     "<bind nodeset='/data/g' relevant='/data/n &gt; 1'/>"
     "<bind nodeset='/data/g/h' relevant=\"../a != ''\"/>"
     "<bind nodeset='/data/x' calculate=\"/data/n * /data/d\"/>"
     "<bind nodeset='/data/y' calculate=\"concat(/data/x, '-', /data/g/a, random())\"/>",
     "<input ref='/data/n'/><input ref='/data/d'/><input ref='/data/g/a'/>"
     "<input ref='/data/g/h/b'/><select1 ref='/data/pick'>"
     "<itemset nodeset=\"instance('l')/root/item[n = /data/n]\"><value ref='name'/></itemset>"
     "</select1><select ref='/data/many'><itemset nodeset=\"instance('l')/root/item\">"
     "<value ref='name'/></itemset></select>"},
    /* Circles. */
    {"<instance><data id='t'><a/><b/><c/><d/></data></instance>"
     "<bind nodeset='/data/a' relevant=\"/data/b = ''\"/>"
     "<bind nodeset='/data/b' relevant=\"/data/a != ''\"/>"
     "<bind nodeset='/data/c' relevant=\"/data/d = '' or /data/a = '1'\"/>"
     "<bind nodeset='/data/d' relevant=\"/data/c = '' or /data/b = '2'\"/>",
     "<input ref='/data/a'/><input ref='/data/b'/><input ref='/data/c'/><input ref='/data/d'/>"},
    /* Repeats: counted, nested, reading each other; actions. */
    {"<instance><data id='t'><n/><m jr:template=''><age/><k/><w jr:template=''><p/></w></m>"
     "<r jr:template=''><q/></r><total/><copy/></data></instance>"
     "<bind nodeset='/data/n' type='int'/><bind nodeset='/data/m/age' type='int'/>"
     "<bind nodeset='/data/m/k' calculate=\"coalesce(/data/m[position() = "
     "position(current()/..) - 1]/k, 0) + coalesce(../age, 0)\"/>"
     "<bind nodeset='/data/total' calculate='sum(/data/m/w/p) + count(/data/r)'/>",
     "<input ref='/data/n'><setvalue event='xforms-value-changed' ref='/data/copy' "
     "value='/data/n + 1'/></input><repeat nodeset='/data/m'><input ref='/data/m/age'/>"
     "<repeat nodeset='/data/m/w'><input ref='/data/m/w/p'/></repeat></repeat>"
     "<repeat nodeset='/data/r' jr:count='/data/n mod 7'>"
     "<setvalue event='odk-new-repeat' ref='/data/r/q' value='position(..)'/>"
     "<input ref='/data/r/q'/></repeat>"},
};

static struct enginekit kit;
static uint64_t seed;

static uint32_t below(uint32_t bound) {
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % bound);
}

static const char *any_value(void) {
    static const char *const values[] = {
        "",  "1",   "2",     "3",     "7",  "12.50",        "a",     "b",
        "c", "a b", "a b c", "x y z", "-1", "999999999999", "&<>\"'"};

    return values[below(sizeof(values) / sizeof(values[0]))];
}

static void any_step(void) {
    struct question *stops = NULL;
    uint32_t count = 0;

    arena_reset(&kit.arena);
    assert_int_equal(engine_walk(&kit.engine, &kit.arena, &stops, &count, &kit.err), RC_OK);
    if (count == 0)
        return;
    {
        struct question stop = stops[below(count)];
        struct engine_place added;
        enum rc rc;

        if (stop.kind != MODEL_REPEAT)
            rc = engine_set(&kit.engine, stop.place, view_text(any_value()), &kit.err);
        else if (stop.is_instance)
            rc = engine_remove(&kit.engine, stop.place, &kit.err);
        else
            rc = engine_add(&kit.engine, stop.place, 0, &added, &kit.err);
        assert_true(rc == RC_OK || rc == RC_DENIED || rc == RC_INVALID || rc == RC_NOT_FOUND);
    }
}

static char *draft_text(void) {
    const char *text = enginekit_xml(&kit, ENGINE_DRAFT);

    return arena_copy(&kit.arena, text, strlen(text));
}

static void check_again(void) {
    const char *before = draft_text();

    assert_int_equal(engine_recompute(&kit.engine, &kit.err), RC_OK);
    assert_string_equal(draft_text(), before);
    assert_int_equal(engine_open(&kit.engine, ENGINE_RESUME, view_text(before), &kit.err), RC_OK);
    assert_string_equal(draft_text(), before);
}

static void any_filling_ends_and_settles(void **state) {
    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t form = round % (sizeof(forms) / sizeof(forms[0]));

        seed = round + 1;
        enginekit_init(&kit);
        assert_int_equal(enginekit_load_parts(&kit, forms[form].model, forms[form].body), RC_OK);
        assert_int_equal(engine_begin(&kit.engine, &kit.err), RC_OK);
        for (uint32_t step = 0; step < STEPS; step++) {
            any_step();
            if (step % 8 == 0)
                check_again();
        }
        assert_true(kit.engine.tree.held_bytes < 3u * 1024u * 1024u);
        assert_true(kit.engine.scratch.held_bytes < 3u * 1024u * 1024u);
        enginekit_release(&kit);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_filling_ends_and_settles)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
