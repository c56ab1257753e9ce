/* Loading XForms: what is read, what is noted, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schema/form/model_value.h"
#include "tests/support/enginekit.h"

static struct enginekit kit;

static int setup(void **state) {
    (void)state;
    enginekit_init(&kit);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    enginekit_release(&kit);
    return 0;
}

static void load(const char *head, const char *body) {
    if (enginekit_load_parts(&kit, head, body) != RC_OK)
        fail_msg("%s", kit.err.text);
}

static void refuses(const char *head, const char *body, const char *why) {
    assert_int_not_equal(enginekit_load_parts(&kit, head, body), RC_OK);
    if (strstr(kit.err.text, why) == NULL)
        fail_msg("%s", kit.err.text);
    err_clear(&kit.err);
}

static void fields_and_controls_are_flat(void **state) {
    const struct model_field *field;
    uint32_t name;

    (void)state;
    load("<instance><data id='f1' version='3'><g><name/></g><m jr:template=''><w/></m></data>"
         "</instance><bind nodeset='/data/g/name' type='xsd:string' required='true()'/>",
         "<group ref='/data/g'><label>G</label><input ref='/data/g/name'><label>N</label>"
         "<hint>H</hint></input></group><group ref='/data/m'><label>M</label>"
         "<repeat nodeset='/data/m'><range ref='/data/m/w' start='1' end='5' step='1'/></repeat>"
         "</group>");
    assert_true(view_is(kit.model->title, "T"));
    assert_true(view_is(kit.model->id, "f1"));
    assert_true(view_is(kit.model->version, "3"));
    name = model_field_at(kit.model, view_text("/data/g/name"));
    assert_int_not_equal(name, MODEL_NONE);
    field = &kit.model->fields[name];
    assert_non_null(field->required.xpath);
    assert_int_equal(kit.model->controls[field->control].kind, MODEL_INPUT);
    assert_true(kit.model->fields[model_field_at(kit.model, view_text("/data/m"))].is_repeat);
    assert_int_equal(model_field_at(kit.model, view_text("/data/m[2]/w")),
                     model_field_at(kit.model, view_text("/data/m/w")));
    field = &kit.model->fields[model_field_at(kit.model, view_text("/data/m/w"))];
    assert_int_equal(kit.model->controls[field->control].parameter_count, 3);
    assert_int_not_equal(kit.model->instance_id, MODEL_NONE);
    assert_int_equal(kit.model->note_count, 0);
}

static void sloppiness_is_noted(void **state) {
    (void)state;
    load("<instance><data id='t'><a/></data></instance><bind nodeset='/data/b' type='int'/>"
         "<instance id='l' src='jr://file-csv/l.csv'/>",
         "<input ref='/data/c'/><input ref='/data/a'/>");
    assert_int_equal(kit.model->note_count, 3);
    assert_int_equal(kit.model->control_count, 1);
}

static void what_makes_no_sense_is_refused_with_its_line(void **state) {
    (void)state;
    refuses("", "", "primary instance");
    refuses("<instance><data id='t'><a/></data></instance>\n"
            "<bind nodeset='/data/a' relevant='1 +'/>",
            "", "line 4");
    refuses("<instance><data id='t'><a/></data></instance>",
            "<repeat><input ref='/data/a'/></repeat>", "repeat");
    refuses("<instance><data id='t'><a/></data></instance>",
            "<select1 ref='/data/a'><item><label>x</label></item></select1>", "choice");
    refuses("<instance><data id='t'><a/></data></instance>",
            "<repeat nodeset='/data'><input ref='/data/a'/></repeat>", "repeat");
    refuses("<instance><data id='t'><a/></data></instance>",
            "<repeat nodeset='/data/@id'><input ref='/data/a'/></repeat>", "repeat");
    assert_int_equal(enginekit_load(&kit, view_text("<html/>")), RC_INVALID);
    assert_int_equal(enginekit_load(&kit, view_text("no form")), RC_INVALID);
}

static void circles_are_refused_with_their_path(void **state) {
    (void)state;
    refuses("<instance><data id='t'><a/><b/><c/></data></instance>"
            "<bind nodeset='/data/a' calculate='/data/b + 1'/>"
            "<bind nodeset='/data/b' calculate='/data/c + 1'/>"
            "<bind nodeset='/data/c' calculate='/data/a + 1'/>",
            "", "/data/a -> /data/b -> /data/c -> /data/a");
    refuses("<instance><data id='t'><a/></data></instance>"
            "<bind nodeset='/data/a' calculate='. + 1'/>",
            "", "/data/a -> /data/a");
    refuses("<instance><data id='t'><a/></data></instance>"
            "<bind nodeset='/data/a' relevant='. &gt; 0'/>",
            "", "/data/a -> /data/a");
    refuses("<instance><data id='t'><g><a/></g></data></instance>"
            "<bind nodeset='/data/g' relevant='/data/g/a &gt; 0'/>",
            "", "/data/g -> /data/g/a");
    refuses("<instance><data id='t'><a/><b/></data></instance>"
            "<bind nodeset='/data/a' relevant='/data/b = 1'/>"
            "<bind nodeset='/data/b' calculate='/data/a'/>",
            "", "circle");
    load("<instance><data id='t'><a/></data></instance>"
         "<bind nodeset='/data/a' constraint='. &gt; 0' required='. = 1'/>",
         "<input ref='/data/a'/>");
    /* A forgotten pair of quotes is no circle: nothing depends on what is not there. */
    load("<instance><data id='t'><a/></data></instance>"
         "<bind nodeset='/data/a' calculate='Town' relevant='none/of/this'/>",
         "<input ref='/data/a'/>");
    refuses("<instance><data id='t'><a/></data></instance>"
            "<bind nodeset='/data/a' calculate='concat(/data/a/text(), 1)'/>",
            "", "/data/a -> /data/a");
}

static void lists_come_from_files(void **state) {
    (void)state;
    kit.attachment = "name,label\n a ,A\nb,\"B, b\"\n";
    load("<instance><data id='t'><q/></data></instance>"
         "<instance id='l' src='jr://file-csv/l.csv'/>",
         "<select1 ref='/data/q'><itemset nodeset=\"instance('l')/root/item\"><value ref='name'/>"
         "<label ref='label'/></itemset></select1>");
    assert_int_equal(kit.model->instance_count, 1);
    assert_int_equal(engine_begin(&kit.engine, &kit.err), RC_OK);
    assert_int_equal(enginekit_set(&kit, "/data/q", "b"), RC_OK);
    /* What some tools write there holds the list's place, and no choices. */
    load("<instance><data id='t'><q/></data></instance>"
         "<instance id='l' src='jr://file-csv/l.csv'><root><item><name>_</name><label>_</label>"
         "</item></root></instance>",
         "<select1 ref='/data/q'><itemset nodeset=\"instance('l')/root/item\"><value ref='name'/>"
         "<label ref='label'/></itemset></select1>");
    assert_int_equal(engine_begin(&kit.engine, &kit.err), RC_OK);
    assert_int_equal(enginekit_set(&kit, "/data/q", "_"), RC_INVALID);
    assert_int_equal(enginekit_set(&kit, "/data/q", "b"), RC_OK);
    kit.attachment =
        "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"id\":67,"
        "\"geometry\":{\"type\":\"Point\",\"coordinates\":[113.1,29.4]},"
        "\"properties\":{\"name\":\"well\"}}]}";
    load("<instance><data id='t'><q/><at/></data></instance>"
         "<instance id='l' src='jr://file/l.geojson'/>"
         "<bind nodeset='/data/at' calculate=\"instance('l')/root/item[id = /data/q]/geometry\"/>",
         "<select1 ref='/data/q'><itemset nodeset=\"instance('l')/root/item\"><value ref='id'/>"
         "<label ref='name'/></itemset></select1>");
    assert_int_equal(engine_begin(&kit.engine, &kit.err), RC_OK);
    assert_int_equal(enginekit_set(&kit, "/data/q", "67"), RC_OK);
    assert_string_equal(enginekit_value(&kit, "/data/at"), "29.4 113.1 0 0");
    kit.attachment = "\"open";
    assert_int_equal(enginekit_load_parts(&kit,
                                          "<instance><data id='t'/></instance><instance id='l' "
                                          "src='jr://file-csv/l.csv'/>",
                                          ""),
                     RC_INVALID);
}

/* ---- values ---- */

static const char *read_as(enum model_type type, const char *text) {
    static char result[200];
    struct buf out;

    buf_init(&out, sizeof(result));
    if (!model_value_read(type, view_text(text), &out)) {
        assert_int_equal(out.size, 0);
        (void)snprintf(result, sizeof(result), "refused");
    } else {
        (void)snprintf(result, sizeof(result), "%s", buf_text(&out));
    }
    buf_release(&out);
    return result;
}

static const char *cast_to(enum model_type type, const char *text) {
    static char result[200];
    struct buf out;

    buf_init(&out, sizeof(result));
    model_value_cast(type, view_text(text), &out);
    (void)snprintf(result, sizeof(result), "%s", buf_text(&out));
    buf_release(&out);
    return result;
}

static void texts_are_read_as_types(void **state) {
    (void)state;
    assert_string_equal(read_as(MODEL_INT, "+0012"), "12");
    assert_string_equal(read_as(MODEL_INT, "-0"), "0");
    assert_string_equal(read_as(MODEL_INT, "12.0"), "12");
    assert_string_equal(read_as(MODEL_INT, "12.5"), "refused");
    assert_string_equal(read_as(MODEL_INT, "9223372036854775808"), "refused");
    assert_string_equal(read_as(MODEL_DECIMAL, "10.0"), "10.0");
    assert_string_equal(read_as(MODEL_DECIMAL, ".5"), "0.5");
    assert_string_equal(read_as(MODEL_DECIMAL, "-00.50"), "-0.50");
    assert_string_equal(read_as(MODEL_DECIMAL, "１２．５"), "12.5");
    assert_string_equal(read_as(MODEL_DECIMAL, "1e3"), "refused");
    assert_string_equal(read_as(MODEL_DECIMAL, "."), "refused");
    assert_string_equal(read_as(MODEL_DATE, "2024-02-29"), "2024-02-29");
    assert_string_equal(read_as(MODEL_DATE, "2025-02-29"), "refused");
    assert_string_equal(read_as(MODEL_TIME, "9:30"), "refused");
    assert_string_equal(read_as(MODEL_TIME, "09:30"), "09:30");
    assert_string_equal(read_as(MODEL_DATETIME, "2026-11-23T09:30:00.000+08:00"),
                        "2026-11-23T09:30:00.000+08:00");
    assert_string_equal(read_as(MODEL_GEOPOINT, "29.37 113.13"), "29.37 113.13");
    assert_string_equal(read_as(MODEL_GEOPOINT, "91 0"), "refused");
    assert_string_equal(read_as(MODEL_GEOPOINT, "29.37"), "refused");
    assert_string_equal(read_as(MODEL_GEOTRACE, "1 1;2 2; 3 3 0 0;"), "1 1;2 2;3 3 0 0");
    assert_string_equal(read_as(MODEL_GEOSHAPE, "1 1;200 2"), "refused");
    assert_string_equal(read_as(MODEL_STRING, " a "), " a ");
    assert_string_equal(read_as(MODEL_INT, "  "), "");
}

static void computed_texts_are_cast(void **state) {
    (void)state;
    assert_string_equal(cast_to(MODEL_INT, "4.9"), "4");
    assert_string_equal(cast_to(MODEL_INT, "-4.9"), "-4");
    assert_string_equal(cast_to(MODEL_INT, "x"), "");
    assert_string_equal(cast_to(MODEL_DECIMAL, "4.90"), "4.90");
    assert_string_equal(cast_to(MODEL_DATE, "2026-11-23T09:30:00.000+08:00"), "2026-11-23");
    assert_string_equal(cast_to(MODEL_DATE, "20780"), "2026-11-23");
    assert_string_equal(cast_to(MODEL_STRING, "x"), "x");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(fields_and_controls_are_flat),
        TEST(sloppiness_is_noted),
        TEST(what_makes_no_sense_is_refused_with_its_line),
        TEST(circles_are_refused_with_their_path),
        TEST(lists_come_from_files),
        TEST(texts_are_read_as_types),
        TEST(computed_texts_are_cast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
