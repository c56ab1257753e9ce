/* Strict JSON: exact numbers, refusals with their place, limits, printing. */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct json *parse(const char *text) {
    struct json *json;
    struct err err;

    err_init(&err, LANG_EN);
    if (json_parse(view_text(text), JSON_LIMITS_DEFAULT, &json, &err) != RC_OK)
        fail_msg("%s: %s", text, err.text);
    return json;
}

static void refuses_view(struct view text, const char *message) {
    struct json *json;
    struct err err;

    err_init(&err, LANG_EN);
    assert_int_equal(json_parse(text, JSON_LIMITS_DEFAULT, &json, &err), RC_INVALID);
    assert_null(json);
    if (strstr(err.text, message) == NULL)
        fail_msg("expected %s in %s", message, err.text);
}

static void refuses(const char *text, const char *message) {
    refuses_view(view_text(text), message);
}

static void a_tree_is_read_in_order(void **state) {
    struct json *json = parse(" {\"b\": [1, true, null, \"x\"],\r\n\t\"a\": {}, \"\": []} ");
    const struct json *item = json_first(json);
    bool flag;

    (void)state;
    assert_int_equal(json_type(json), JSON_OBJECT);
    assert_int_equal(json_count(json), 3);
    assert_string_equal(json_key(item), "b");
    assert_int_equal(json_count(item), 4);
    assert_int_equal(json_type(json_at(item, 0)), JSON_NUMBER);
    assert_true(json_bool(json_at(item, 1), &flag) && flag);
    assert_int_equal(json_type(json_at(item, 2)), JSON_NULL);
    assert_string_equal(json_text_or(json_at(item, 3), "-"), "x");
    assert_null(json_at(item, 4));
    item = json_next(item);
    assert_string_equal(json_key(item), "a");
    assert_int_equal(json_type(item), JSON_OBJECT);
    assert_null(json_first(item));
    assert_int_equal(json_type(json_get(json, "")), JSON_ARRAY);
    assert_null(json_get(json, "B"));
    json_free(json);
    json_free(NULL);
}

static void getters_take_nothing_for_an_answer(void **state) {
    struct json *json = parse("{\"n\": 1.5}");
    const struct json *none = json_get(json_get(json, "missing"), "deeper");
    int64_t number;
    bool flag;

    (void)state;
    assert_null(none);
    assert_int_equal(json_type(none), JSON_NONE);
    assert_int_equal(json_count(none), 0);
    assert_null(json_text(none).data);
    assert_null(json_number_text(none).data);
    assert_string_equal(json_key(none), "");
    assert_string_equal(json_text_or(none, "-"), "-");
    assert_false(json_int(none, &number));
    assert_false(json_int(json_get(json, "n"), &number));
    assert_false(json_bool(json_get(json, "n"), &flag));
    assert_null(json_text(json_get(json, "n")).data);
    assert_null(json_at(json, 0));
    assert_null(json_get(json_get(json, "n"), "x"));
    json_free(json);
}

static void numbers_keep_their_text_and_value(void **state) {
    struct json *json = parse("[123.450, 9007199254740993, -9223372036854775808, 1e3, 1.50E+1, "
                              "5e-3, -0, 0.1, 1.0, 1200e-2, 9223372036854775807, 0e9]");
    static const char *const texts[] = {"123.450",
                                        "9007199254740993",
                                        "-9223372036854775808",
                                        "1e3",
                                        "1.50E+1",
                                        "5e-3",
                                        "-0",
                                        "0.1",
                                        "1.0",
                                        "1200e-2"};
    struct decimal decimal;
    int64_t value;
    size_t index;

    (void)state;
    for (index = 0; index < sizeof(texts) / sizeof(texts[0]); index++)
        assert_true(view_is(json_number_text(json_at(json, index)), texts[index]));
    assert_true(json_decimal(json_at(json, 0), &decimal));
    assert_int_equal(decimal.mantissa, 123450);
    assert_int_equal(decimal.scale, 3);
    assert_true(json_int(json_at(json, 1), &value) && value == INT64_C(9007199254740993));
    assert_true(json_int(json_at(json, 2), &value) && value == INT64_MIN);
    assert_true(json_int(json_at(json, 3), &value) && value == 1000);
    assert_true(json_int(json_at(json, 4), &value) && value == 15);
    assert_true(json_decimal(json_at(json, 5), &decimal));
    assert_int_equal(decimal.mantissa, 5);
    assert_int_equal(decimal.scale, 3);
    assert_true(json_int(json_at(json, 6), &value) && value == 0);
    assert_false(json_int(json_at(json, 7), &value));
    assert_true(json_int(json_at(json, 8), &value) && value == 1);
    assert_true(json_int(json_at(json, 9), &value) && value == 12);
    assert_true(json_int(json_at(json, 10), &value) && value == INT64_MAX);
    assert_true(json_int(json_at(json, 11), &value) && value == 0);
    json_free(json);
}

static void numbers_that_would_change_are_refused(void **state) {
    (void)state;
    refuses("9223372036854775808", "cannot be kept exactly");
    refuses("[1,\n 1e19]", "line 2, column 2: the number cannot be kept exactly");
    refuses("1e999999999999", "cannot be kept exactly");
    refuses("1e-19", "cannot be kept exactly");
    refuses("0.1234567890123456789", "cannot be kept exactly");
    refuses("01", "malformed number");
    refuses("-", "malformed number");
    refuses("1.", "malformed number");
    refuses("1e", "malformed number");
    refuses("1e+", "malformed number");
    refuses("1-2", "malformed number");
    refuses("--1", "malformed number");
    refuses("+1", "expected a value");
    refuses(".5", "expected a value");
    refuses("NaN", "expected a value");
    refuses("Infinity", "expected a value");
}

static void strings_are_unescaped(void **state) {
    struct json *json = parse("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\", \"\\u9633\\u0041\", "
                              "\"\\ud842\\udfb7\", \"\xF0\xA0\xAE\xB7\", \"\\u001f\", \"\", "
                              "\"N1\", \"S\", \"1\"]");

    (void)state;
    assert_string_equal(json_text_or(json_at(json, 0), ""), "\"\\/\b\f\n\r\t");
    assert_string_equal(json_text_or(json_at(json, 1), ""), "\xE9\x98\xB3"
                                                            "A");
    assert_string_equal(json_text_or(json_at(json, 2), ""), "\xF0\xA0\xAE\xB7");
    assert_string_equal(json_text_or(json_at(json, 3), ""), "\xF0\xA0\xAE\xB7");
    assert_string_equal(json_text_or(json_at(json, 4), ""), "\x1f");
    assert_true(view_is(json_text(json_at(json, 5)), ""));
    assert_non_null(json_text(json_at(json, 5)).data);
    assert_string_equal(json_text_or(json_at(json, 6), ""), "N1");
    assert_string_equal(json_text_or(json_at(json, 7), ""), "S");
    assert_int_equal(json_type(json_at(json, 8)), JSON_TEXT);
    json_free(json);
}

static void bad_strings_are_refused(void **state) {
    (void)state;
    refuses("\"abc", "line 1, column 1: the string that begins here");
    refuses("\"\\", "an unknown escape");
    refuses("\"\\x\"", "an unknown escape");
    refuses("\"\\u12\"", "four hexadecimal digits");
    refuses("\"\\u12g4\"", "four hexadecimal digits");
    refuses("\"\\u0000\"", "NUL");
    refuses("\"\\ud800\"", "surrogate");
    refuses("\"\\ud800\\u0041\"", "surrogate");
    refuses("\"\\udc00\"", "surrogate");
    refuses("\"\\ud800\\", "surrogate");
    refuses("[\"a\nb\"]", "line 1, column 4: a control character");
    refuses("[\n\"\xE9\x98\xB3\xC0\x80\"]", "line 2, column 3: not UTF-8");
    refuses_view(view_of("[\"a\0b\"]", 7), "NUL");
    refuses_view(view_of("1\0", 2), "NUL");
    refuses("\"\xED\xA0\x80\"", "not UTF-8");
}

static void duplicate_keys_are_refused_after_unescaping(void **state) {
    struct json *json;

    (void)state;
    refuses("{\"a\":1,\n\"b\":2, \"a\":3}", "line 2, column 8: this key stands twice");
    refuses("{\"a\":1,\"\\u0061\":2}", "this key stands twice");
    refuses("{\"\":1,\"\":2}", "this key stands twice");
    refuses("{\"x\":{\"k\":[{\"a\":1,\"a\":2}]}}", "this key stands twice");
    /* The same key at different depths, or in neighbours, is fine. */
    json = parse("{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]},\"b\":{\"a\":1}}");
    assert_int_equal(json_count(json), 2);
    json_free(json);
}

static void structure_is_strict(void **state) {
    (void)state;
    refuses("", "the text ends too early");
    refuses("  \n ", "line 2, column 2: the text ends too early");
    refuses("[1,]", "expected a value");
    refuses("[1 2]", "expected a comma or ]");
    refuses("[1", "expected a comma or ]");
    refuses("{\"a\":1", "expected a comma or }");
    refuses("{\"a\":1]", "expected a comma or }");
    refuses("{\"a\" 1}", "expected a colon");
    refuses("{\"a\":}", "expected a value");
    refuses("{\"a\":1,}", "expected a key");
    refuses("{a:1}", "expected a key");
    refuses("{'a':1}", "expected a key");
    refuses("{", "expected a key");
    refuses("[", "the text ends too early");
    refuses("1 2", "there is something behind");
    refuses("{} x", "line 1, column 4: there is something behind");
    refuses("tru", "expected a value");
    refuses("truex", "there is something behind");
    refuses("// c\n1", "expected a value");
    refuses("\xEF\xBB\xBF{}", "expected a value");
}

static void limits_hold(void **state) {
    struct json_limits limits = {.bytes = 10, .depth = 2};
    struct json *json;
    struct err err;
    char deep[2001];

    (void)state;
    err_init(&err, LANG_EN);
    assert_int_equal(json_parse(view_text("[[1],{}]"), limits, &json, &err), RC_OK);
    json_free(json);
    assert_int_equal(json_parse(view_text("[[[1]]]"), limits, &json, &err), RC_LIMIT);
    assert_non_null(strstr(err.text, "column 3: nested deeper than 2 levels"));
    assert_int_equal(json_parse(view_text("[[1],  {}  ]"), limits, &json, &err), RC_LIMIT);
    limits.depth = 0;
    assert_int_equal(json_parse(view_text("7"), limits, &json, &err), RC_OK);
    json_free(json);
    assert_int_equal(json_parse(view_text("[]"), limits, &json, &err), RC_LIMIT);

    /* Whatever the caller asks for, the depth stays below what recursion can take. */
    memset(deep, '[', 1000);
    memset(deep + 1000, ']', 1000);
    deep[2000] = '\0';
    limits = (struct json_limits){.bytes = 10000, .depth = SIZE_MAX};
    assert_int_equal(json_parse(view_text(deep), limits, &json, &err), RC_LIMIT);
    assert_int_equal(json_parse(view_text(deep + (1000 - JSON_DEPTH_MAX)), limits, &json, &err),
                     RC_INVALID); /* 512 open, 1,000 close */
    deep[1000 + JSON_DEPTH_MAX] = '\0';
    assert_int_equal(json_parse(view_text(deep + (1000 - JSON_DEPTH_MAX)), limits, &json, &err),
                     RC_OK);
    json_free(json);
}

static void a_million_brackets_do_no_harm(void **state) {
    size_t size = 1000000;
    char *text = malloc(size);
    struct json *json;
    struct err err;

    (void)state;
    assert_non_null(text);
    memset(text, '[', size);
    err_init(&err, LANG_EN);
    assert_int_equal(json_parse(view_of(text, size), JSON_LIMITS_DEFAULT, &json, &err), RC_LIMIT);
    memset(text, '{', size);
    assert_int_equal(json_parse(view_of(text, size), JSON_LIMITS_DEFAULT, &json, &err), RC_INVALID);
    free(text);
}

static void built_trees_print_exactly(void **state) {
    struct json *json = json_object();
    struct json *list;
    struct buf out;

    (void)state;
    assert_non_null(json);
    assert_non_null(json_add_int(json, "min", INT64_MIN));
    assert_non_null(json_add_decimal(json, "money", (struct decimal){-1250, 2}));
    assert_non_null(json_add_number(json, "raw", view_text("123.450")));
    assert_null(json_add_number(json, "bad", view_text("1.")));
    list = json_add_array(json, "list");
    assert_non_null(json_add_text(list, NULL, "a\"b\\\n</script>"));
    assert_non_null(json_add_view(list, NULL, view_of("xyz", 2)));
    assert_non_null(json_add_bool(list, NULL, true));
    assert_non_null(json_add_bool(list, NULL, false));
    assert_non_null(json_add_null(list, NULL));
    assert_non_null(json_add_object(list, NULL));
    assert_null(json_add_text(list, NULL, "\xFF"));
    assert_null(json_add_view(list, NULL, view_of("a\0b", 3)));
    assert_null(json_add_text(json, NULL, "an object's member needs a key"));
    assert_null(json_add_text(json, "\xFF", "x"));
    assert_null(json_add_int(NULL, "x", 1));
    buf_init(&out, 10000);
    json_print(json, false, &out);
    assert_string_equal(buf_text(&out),
                        "{\"min\":-9223372036854775808,\"money\":-12.50,\"raw\":123.450,\"list\":"
                        "[\"a\\\"b\\\\\\n\\u003c/script\\u003e\",\"xy\",true,false,null,{}]}");
    buf_clear(&out);
    json_print(json_get(json, "list"), true, &out);
    assert_string_equal(buf_text(&out), "[\n  \"a\\\"b\\\\\\n\\u003c/script\\u003e\",\n  \"xy\",\n"
                                        "  true,\n  false,\n  null,\n  {}\n]\n");
    json_free(json);
    buf_release(&out);
}

static void printing_and_parsing_agree(void **state) {
    static const char text[] =
        "{\"\":[1,2.50,-0,1e3,\"\\u2028\\u2029\\u007f\",{\"a\":{},\"b\":[]},[[[]]]],"
        "\"\xE9\x98\xB3\\n\":\"\xF0\xA0\xAE\xB7\"}";
    struct json *json = parse(text);
    struct json *copy = json_copy(json_first(json));
    struct json *parent = json_object();
    struct buf out;

    (void)state;
    buf_init(&out, 10000);
    json_print(json, false, &out);
    assert_string_equal(buf_text(&out), text);
    buf_clear(&out);
    json_free(json);
    assert_non_null(json_add_tree(parent, "copy", copy));
    json_print(parent, false, &out);
    assert_string_equal(buf_text(&out),
                        "{\"copy\":[1,2.50,-0,1e3,\"\\u2028\\u2029\\u007f\",{\"a\":{},\"b\":[]},"
                        "[[[]]]]}");
    json_free(parent);
    assert_null(json_copy(NULL));
    buf_release(&out);
    buf_init(&out, 5);
    parent = parse("[1,2,3,4]");
    json_print(parent, false, &out);
    assert_int_equal(out.failed, RC_LIMIT);
    json_free(parent);
    buf_release(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_is_read_in_order),
        cmocka_unit_test(getters_take_nothing_for_an_answer),
        cmocka_unit_test(numbers_keep_their_text_and_value),
        cmocka_unit_test(numbers_that_would_change_are_refused),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(bad_strings_are_refused),
        cmocka_unit_test(duplicate_keys_are_refused_after_unescaping),
        cmocka_unit_test(structure_is_strict),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(a_million_brackets_do_no_harm),
        cmocka_unit_test(built_trees_print_exactly),
        cmocka_unit_test(printing_and_parsing_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
