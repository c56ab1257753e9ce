/* The door to libxml2 and the tree above it: what is read, what is refused, what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "base/xml.h"
#include "base/xml_tree.h"

#include <cmocka.h>

struct rig {
    struct arena arena;
    struct buf out;
    struct err err;
};

static void start(struct rig *rig) {
    arena_init(&rig->arena, 16u << 20);
    buf_init(&rig->out, 1u << 20);
    err_init(&rig->err, LANG_EN);
}

static void stop(struct rig *rig) {
    arena_release(&rig->arena);
    buf_release(&rig->out);
}

/* The events as one line: "<a x=1>t</a>". */
static enum rc tell(struct rig *rig, struct view text, struct xml_limits limits) {
    struct xml_reader *reader;
    const struct xml_event *event;
    enum rc rc = xml_reader_open(text, limits, &reader, &rig->err);

    buf_clear(&rig->out);
    while (rc == RC_OK) {
        rc = xml_reader_next(reader, &event, &rig->err);
        if (rc != RC_OK || event->kind == XML_EVENT_DONE)
            break;
        switch (event->kind) {
        case XML_EVENT_START:
            buf_addf(&rig->out, "<%.*s{%.*s}", VIEW_PRINT(event->name), VIEW_PRINT(event->uri));
            for (uint32_t i = 0; i < event->attribute_count; i++)
                buf_addf(&rig->out, " %.*s{%.*s}=%.*s", VIEW_PRINT(event->attributes[i].name),
                         VIEW_PRINT(event->attributes[i].uri),
                         VIEW_PRINT(event->attributes[i].value));
            buf_addf(&rig->out, "@%u>", event->line);
            break;
        case XML_EVENT_END:
            buf_addf(&rig->out, "</%.*s@%u>", VIEW_PRINT(event->name), event->depth);
            break;
        case XML_EVENT_TEXT:
            buf_addf(&rig->out, "[%.*s]", VIEW_PRINT(event->text));
            break;
        case XML_EVENT_COMMENT:
            buf_addf(&rig->out, "!%.*s!", VIEW_PRINT(event->text));
            break;
        default:
            buf_addf(&rig->out, "?%.*s:%.*s?", VIEW_PRINT(event->name), VIEW_PRINT(event->text));
            break;
        }
    }
    if (rc != RC_OK && reader != NULL) /* and it says so again */
        assert_int_equal(xml_reader_next(reader, &event, &rig->err), rc);
    xml_reader_close(reader);
    return rc;
}

static void test_events(void **state) {
    struct rig rig;

    (void)state;
    start(&rig);
    assert_int_equal(tell(&rig,
                          view_text("<?xml version='1.0'?><!DOCTYPE a>\n<a x='1&lt;&#228;2' "
                                    "xmlns:p='urn:p' p:y=''>\n<p:b/>t&amp;<![CDATA[<u>]]>v"
                                    "<!--c--><?do it?></a>"),
                          XML_LIMITS_DEFAULT),
                     RC_OK);
    assert_string_equal(buf_text(&rig.out),
                        "<a{} x{}=1<\303\2442 y{urn:p}=@2>[\n]<b{urn:p}@3></b@2>[t&<u>v]!c!?do:it?"
                        "</a@1>");
    /* The name of a namespace is any text. */
    assert_int_equal(tell(&rig, view_text("<a xmlns='\xe9\x98\xb3 {}'/>"), XML_LIMITS_DEFAULT),
                     RC_OK);
    assert_string_equal(buf_text(&rig.out), "<a{\xe9\x98\xb3 {}}@1></a@1>");
    assert_int_equal(tell(&rig, view_of("\xff\xfe<\0a\0/\0>\0", 10), XML_LIMITS_DEFAULT), RC_OK);
    assert_string_equal(buf_text(&rig.out), "<a{}@1></a@1>");
    stop(&rig);
}

static void test_refused(void **state) {
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "XML, line 1: the document ends before it is complete or goes on behind its end"},
        {"hello", "XML, line 1: this is not XML: it must begin with <"},
        {"<a>\n<b></a>", "XML, line 2: a closing tag does not match its opening tag"},
        {"<a>", "XML, line 1: the document ends before it is complete or goes on behind its end"},
        {"<a/><b/>",
         "XML, line 1: the document ends before it is complete or goes on behind its end"},
        {"<a>&nbsp;</a>",
         "XML, line 1: an entity that XML does not know; write the character itself"},
        {"<a b='1' b='2'/>", "XML, line 1: an attribute stands twice in one element"},
        {"<a b=1/>", "XML, line 1: the value of an attribute must stand in quotes"},
        {"<a>\x01</a>", "XML, line 1: a character that XML does not allow"},
        {"<p:a/>", "XML, line 1: a prefix that no xmlns declares"},
        {"<a xmlns='x&amp;y'/>", "XML, line 1: an & in the name of a namespace; take another name"},
        {"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
         "XML, line 1: entities must not be declared here"},
        {"<!DOCTYPE a [<!ENTITY e 'x'>]><a b='&e;'/>",
         "XML, line 1: entities must not be declared here"},
    };
    struct rig rig;

    (void)state;
    start(&rig);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(tell(&rig, view_text(cases[i].text), XML_LIMITS_DEFAULT), RC_INVALID);
        assert_string_equal(rig.err.text, cases[i].words);
    }
    stop(&rig);
}

/* Ten entities of ten each, ten times: a gigabyte if anybody expanded it. A file is never read. */
static void test_bombs(void **state) {
    struct rig rig;
    struct buf text;

    (void)state;
    start(&rig);
    buf_init(&text, 1u << 20);
    buf_add_text(&text, "<!DOCTYPE a [<!ENTITY e0 'aaaaaaaaaa'>");
    for (int i = 1; i < 10; i++) {
        buf_addf(&text, "<!ENTITY e%d '", i);
        for (int k = 0; k < 10; k++)
            buf_addf(&text, "&e%d;", i - 1);
        buf_add_text(&text, "'>");
    }
    buf_add_text(&text, "]><a>&e9;</a>");
    assert_int_equal(tell(&rig, buf_view(&text), XML_LIMITS_DEFAULT), RC_INVALID);
    assert_int_equal(tell(&rig,
                          view_text("<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"
                                    "<a>&e;</a>"),
                          XML_LIMITS_DEFAULT),
                     RC_INVALID);
    assert_int_equal(
        tell(&rig, view_text("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"), XML_LIMITS_DEFAULT),
        RC_OK);
    buf_release(&text);
    stop(&rig);
}

static void test_limits(void **state) {
    struct xml_limits limits = {.bytes = 60, .text_bytes = 5, .depth = 2, .attributes = 2};
    struct rig rig;

    (void)state;
    start(&rig);
    assert_int_equal(tell(&rig, view_text("<a><b x='12345' y=''>12345</b></a>"), limits), RC_OK);
    assert_int_equal(tell(&rig, view_text("<a><b><c/></b></a>"), limits), RC_LIMIT);
    assert_string_equal(rig.err.text, "XML, line 1: nested deeper than 2 levels");
    assert_int_equal(tell(&rig, view_text("<a x='' y='' z=''/>"), limits), RC_LIMIT);
    assert_int_equal(tell(&rig, view_text("<a>12<![CDATA[3456]]></a>"), limits), RC_LIMIT);
    assert_string_equal(rig.err.text, "XML, line 1: a text longer than 5 bytes");
    assert_int_equal(tell(&rig, view_text("<a x='123456'/>"), limits), RC_LIMIT);
    assert_int_equal(
        tell(&rig, view_text("<a>                                                       </a>"),
             limits),
        RC_LIMIT);
    stop(&rig);
}

static struct xml_node *parse(struct rig *rig, const char *text) {
    struct xml_node *document = NULL;

    assert_int_equal(
        xml_tree_parse(view_text(text), XML_LIMITS_DEFAULT, &rig->arena, &document, &rig->err),
        RC_OK);
    return document;
}

static void expect(struct rig *rig, const struct xml_node *node, const char *text) {
    buf_clear(&rig->out);
    xml_write(node, false, &rig->out);
    assert_string_equal(buf_text(&rig->out), text);
}

static void test_round_trip(void **state) {
    static const char *const texts[] = {
        "<a/>",
        "<a xmlns=\"urn:a\" xmlns:p=\"urn:p\" p:x=\"&lt;&quot;&#10;\">&gt;\n<c xmlns=\"\"/></a>",
        "<a><!--c--><?t d?>\xe9\x98\xb3\xe5\x85\x89</a>",
    };
    struct rig rig;

    (void)state;
    start(&rig);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect(&rig, xml_root(parse(&rig, texts[i])), texts[i]);
    expect(&rig, parse(&rig, "<!--x--><a/>"),
           "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!--x-->\n<a/>\n");
    buf_clear(&rig.out);
    xml_write(xml_root(parse(&rig, "<a><b>t</b> <c><d/></c></a>")), true, &rig.out);
    assert_string_equal(buf_text(&rig.out), "<a>\n  <b>t</b>\n  <c>\n    <d/>\n  </c>\n</a>");
    stop(&rig);
}

static void test_namespaces_move_along(void **state) {
    struct xml_node *document, *inner, *made;
    struct rig rig;

    (void)state;
    start(&rig);
    document = parse(&rig, "<h:a xmlns:h=\"urn:h\" xmlns:q=\"urn:q\" xmlns=\"urn:d\"><b q:x=\"1\"/>"
                           "</h:a>");
    inner = xml_child(xml_root(document), "b");
    expect(&rig, inner, "<b xmlns:q=\"urn:q\" xmlns=\"urn:d\" q:x=\"1\"/>");
    made = xml_element_new(&rig.arena, view_text("z"), view_text("urn:z"), view_text("new"));
    xml_insert_before(inner, made);
    expect(&rig, xml_root(document),
           "<h:a xmlns:h=\"urn:h\" xmlns:q=\"urn:q\" xmlns=\"urn:d\"><z:new xmlns:z=\"urn:z\"/>"
           "<b q:x=\"1\"/></h:a>");
    assert_true(view_is(xml_namespace(inner, view_text("q")), "urn:q"));
    assert_null(xml_namespace(inner, view_text("nobody")).data);
    document = parse(&rig, "<a xmlns:q=\"urn:q\"><b xmlns:q=\"urn:q\"><q:c/></b></a>");
    inner = xml_child(xml_child(xml_root(document), "b"), "c");
    expect(&rig, inner, "<q:c xmlns:q=\"urn:q\"/>");
    stop(&rig);
}

static void test_changing(void **state) {
    struct xml_node *root, *copy, *b;
    struct view text;
    struct rig rig;

    (void)state;
    start(&rig);
    root = xml_root(parse(&rig, "<a><b k=\"1\">one</b><b>two</b></a>"));
    b = xml_child(root, "b");
    copy = xml_clone(b, &rig.arena);
    assert_true(xml_set_value(copy, &rig.arena, view_text("three & more")));
    assert_true(xml_set_attribute(copy, &rig.arena, view_text(""), view_text(""), view_text("k"),
                                  view_text("3")));
    xml_insert_after(b, copy);
    expect(&rig, root, "<a><b k=\"1\">one</b><b k=\"3\">three &amp; more</b><b>two</b></a>");
    xml_remove(b);
    xml_append(root, b);
    assert_true(xml_set_value(b, &rig.arena, view_text("")));
    xml_remove(xml_attribute(b, "k"));
    expect(&rig, root, "<a><b k=\"3\">three &amp; more</b><b>two</b><b/></a>");
    assert_true(view_is(xml_attribute_value(copy, "k"), "3"));
    assert_int_equal(xml_text(root, &rig.arena, &text, &rig.err), RC_OK);
    assert_true(view_is(text, "three & moretwo"));
    assert_int_equal(xml_tree_number(root, 10), 17);
    assert_int_equal(copy->order, 11);
    assert_int_equal(b->order, 16);
    copy = xml_clone(root, &rig.arena);
    assert_ptr_not_equal(copy, root);
    expect(&rig, copy, "<a><b k=\"3\">three &amp; more</b><b>two</b><b/></a>");
    stop(&rig);
}

static void test_memory_is_bounded(void **state) {
    struct xml_node *document;
    struct rig rig;

    (void)state;
    start(&rig);
    arena_release(&rig.arena);
    arena_init(&rig.arena, 4096);
    buf_add_text(&rig.out, "<a>");
    for (int i = 0; i < 50; i++)
        buf_add_text(&rig.out, "<b/>");
    buf_add_text(&rig.out, "</a>");
    assert_int_equal(
        xml_tree_parse(buf_view(&rig.out), XML_LIMITS_DEFAULT, &rig.arena, &document, &rig.err),
        RC_LIMIT);
    assert_null(document);
    stop(&rig);
}

static void test_skip(void **state) {
    const struct xml_event *event;
    struct xml_reader *reader;
    struct rig rig;

    (void)state;
    start(&rig);
    assert_int_equal(xml_reader_open(view_text("<a><b><b/>x</b><c/></a>"), XML_LIMITS_DEFAULT,
                                     &reader, &rig.err),
                     RC_OK);
    assert_int_equal(xml_reader_next(reader, &event, &rig.err), RC_OK);
    assert_int_equal(xml_reader_next(reader, &event, &rig.err), RC_OK);
    assert_int_equal(xml_reader_skip(reader, &rig.err), RC_OK);
    assert_int_equal(xml_reader_next(reader, &event, &rig.err), RC_OK);
    assert_true(view_is(event->name, "c"));
    assert_int_equal(xml_reader_skip(reader, &rig.err), RC_OK);
    assert_int_equal(xml_reader_next(reader, &event, &rig.err), RC_OK);
    assert_int_equal(event->kind, XML_EVENT_END);
    assert_true(view_is(event->name, "a"));
    xml_reader_close(reader);
    stop(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),     cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bombs),      cmocka_unit_test(test_limits),
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_namespaces_move_along),
        cmocka_unit_test(test_changing),   cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_skip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
