/* Workbooks as Excel, LibreOffice and programs write them; what is damaged or hostile is refused
 * with its place; what base/sheet writes reads back. */
#include "schema/form/workbook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <unistd.h>
#include <zip.h>

#include "base/file.h"
#include "base/sheet.h"
#include "schema/form/workbook_style.h"

#define MAIN   "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define RELS   "http://schemas.openxmlformats.org/package/2006/relationships"
#define OFFICE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

struct kit {
    struct arena arena;
    struct err err;
    zip_source_t *source;
    zip_t *zip;
    struct buf bytes;
    struct workbook workbook;
};

static void add(struct kit *kit, const char *name, const char *text) {
    zip_source_t *part = zip_source_buffer(kit->zip, text, strlen(text), 0);

    assert_non_null(part);
    assert_true(zip_file_add(kit->zip, name, part, ZIP_FL_ENC_UTF_8) >= 0);
}

static void begin(struct kit *kit) {
    zip_error_t why;

    err_init(&kit->err, LANG_EN);
    arena_init(&kit->arena, 64u << 20);
    buf_init(&kit->bytes, 16u << 20);
    kit->source = zip_source_buffer_create(NULL, 0, 0, &why);
    assert_non_null(kit->source);
    kit->zip = zip_open_from_source(kit->source, ZIP_TRUNCATE, &why);
    assert_non_null(kit->zip);
    zip_source_keep(kit->source);
}

/* The archive's bytes, and what the reader makes of them. */
static enum rc end(struct kit *kit) {
    zip_stat_t stat;
    uint8_t *room;

    assert_int_equal(zip_close(kit->zip), 0);
    zip_stat_init(&stat);
    assert_int_equal(zip_source_stat(kit->source, &stat), 0);
    assert_int_equal(zip_source_open(kit->source), 0);
    room = buf_reserve(&kit->bytes, stat.size);
    assert_non_null(room);
    assert_int_equal(zip_source_read(kit->source, room, stat.size), (zip_int64_t)stat.size);
    kit->bytes.size += stat.size;
    zip_source_close(kit->source);
    return workbook_read(buf_view(&kit->bytes), &kit->arena, &kit->workbook, &kit->err);
}

static void done(struct kit *kit) {
    zip_source_free(kit->source);
    buf_release(&kit->bytes);
    arena_release(&kit->arena);
}

static void add_frame(struct kit *kit, const char *workbook) {
    add(kit, "_rels/.rels",
        "<Relationships xmlns='" RELS "'><Relationship Id='r1' Type='" OFFICE
        "/officeDocument' Target='xl/book.xml'/></Relationships>");
    add(kit, "xl/_rels/book.xml.rels",
        "<Relationships xmlns='" RELS "'>"
        "<Relationship Id='a' Type='" OFFICE "/worksheet' Target='/xl/far/one.xml'/>"
        "<Relationship Id='b' Type='" OFFICE "/worksheet' Target='worksheets/two.xml'/>"
        "<Relationship Id='c' Type='" OFFICE "/chartsheet' Target='chart.xml'/>"
        "<Relationship Id='d' Type='" OFFICE "/sharedStrings' Target='texts.xml'/>"
        "<Relationship Id='e' Type='" OFFICE "/styles' Target='looks.xml'/></Relationships>");
    add(kit, "xl/book.xml", workbook);
    add(kit, "xl/chart.xml", "<c/>");
}

#define BOOK                                                                                       \
    "<x:workbook xmlns:x='" MAIN "' xmlns:r='" OFFICE "'><x:sheets>"                               \
    "<x:sheet name='choices' sheetId='7' r:id='b'/><x:sheet name='Chart' sheetId='8' r:id='c'/>"   \
    "<x:sheet name='survey' sheetId='2' r:id='a'/></x:sheets></x:workbook>"

static const char *cell(const struct kit *kit, uint32_t sheet, uint32_t row, uint32_t column) {
    const struct sheet *at = &kit->workbook.sheets[sheet];
    static const char outside[] = "(outside)";

    assert_true(sheet < kit->workbook.sheet_count);
    if (row >= at->row_count || column >= at->column_count)
        return outside;
    if (at->cells[row * at->column_count + column].size == 0)
        return "";
    return (const char *)at->cells[row * at->column_count + column].data;
}

static void every_kind_of_cell_comes_out_as_people_read_it(void **state) {
    struct kit kit = {0};

    (void)state;
    begin(&kit);
    add_frame(&kit, BOOK);
    add(&kit, "xl/texts.xml",
        "<sst xmlns='" MAIN "'><si><t>type</t></si>"
        "<si><r><rPr><b/></rPr><t xml:space='preserve'>户 </t></r><r><t>主</t></r>"
        "<rPh sb='0' eb='1'><t>こ</t></rPh></si><si><t>  </t></si></sst>");
    add(&kit, "xl/looks.xml",
        "<styleSheet xmlns='" MAIN "'><numFmts><numFmt numFmtId='170' formatCode='yyyy\\-mm\\-dd'/>"
        "<numFmt numFmtId='171' formatCode='[Red]\"days\" 0.0'/></numFmts>"
        "<cellStyleXfs><xf numFmtId='14'/></cellStyleXfs>"
        "<cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='170'/><xf numFmtId='171'/>"
        "</cellXfs></styleSheet>");
    add(&kit, "xl/far/one.xml",
        "<worksheet xmlns='" MAIN "'><sheetData>"
        "<row r='1'><c r='A1' t='s'><v>0</v></c><c r='C1' t='s'><v>1</v></c><c t='s'><v>2</v></c>"
        "</row><row r='4'><c t='inlineStr'><is><t>in &amp; line</t></is></c>"
        "<c t='str'><f>A1&amp;\"x\"</f><v>typex</v></c><c t='b'><v>1</v></c><c t='b'><v>0</v></c>"
        "<c t='e'><v>#N/A</v></c></row>"
        "<row><c><v>3</v></c><c><v>1.1000000000000001</v></c><c><v>1E-3</v></c>"
        "<c s='1'><v>45619</v></c><c s='2'><v>45619.427083333336</v></c><c s='1'><v>0.75</v></c>"
        "<c s='3'><v>45619</v></c><c s='1'><v>-4</v></c></row>"
        "</sheetData></worksheet>");
    add(&kit, "xl/worksheets/two.xml",
        "<worksheet xmlns='http://purl.oclc.org/ooxml/spreadsheetml/main'><sheetData>"
        "<row r='2'><c r='B2'><v>-0</v></c></row></sheetData></worksheet>");
    assert_int_equal(end(&kit), RC_OK);
    assert_int_equal(kit.workbook.sheet_count, 2);
    assert_true(view_is(kit.workbook.sheets[0].name, "choices"));
    assert_true(view_is(kit.workbook.sheets[1].name, "survey"));
    assert_string_equal(cell(&kit, 0, 1, 1), "0");
    assert_string_equal(cell(&kit, 0, 0, 0), "");
    assert_string_equal(cell(&kit, 1, 0, 0), "type");
    assert_string_equal(cell(&kit, 1, 0, 1), "");
    assert_string_equal(cell(&kit, 1, 0, 2), "户 主");
    assert_string_equal(cell(&kit, 1, 0, 3), "");
    assert_string_equal(cell(&kit, 1, 1, 0), "");
    assert_string_equal(cell(&kit, 1, 3, 0), "in & line");
    assert_string_equal(cell(&kit, 1, 3, 1), "typex");
    assert_string_equal(cell(&kit, 1, 3, 2), "TRUE");
    assert_string_equal(cell(&kit, 1, 3, 3), "FALSE");
    assert_string_equal(cell(&kit, 1, 3, 4), "#N/A");
    assert_string_equal(cell(&kit, 1, 4, 0), "3");
    assert_string_equal(cell(&kit, 1, 4, 1), "1.1");
    assert_string_equal(cell(&kit, 1, 4, 2), "0.001");
    assert_string_equal(cell(&kit, 1, 4, 3), "2024-11-23");
    assert_string_equal(cell(&kit, 1, 4, 4), "2024-11-23T10:15:00");
    assert_string_equal(cell(&kit, 1, 4, 5), "18:00:00");
    assert_string_equal(cell(&kit, 1, 4, 6), "45619");
    assert_string_equal(cell(&kit, 1, 4, 7), "-4");
    done(&kit);
}

static void both_calendars_have_their_days(void **state) {
    static const struct {
        double serial;
        bool from_1904;
        const char *text;
    } days[] = {
        {1, false, "1900-01-01"},  {59, false, "1900-02-28"},
        {61, false, "1900-03-01"}, {2958465, false, "9999-12-31"},
        {0, true, "1904-01-01"},   {44157.5, true, "2024-11-23T12:00:00"},
        {0.5, false, "12:00:00"},  {-1, false, ""},
        {2958466, false, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        char text[SERIAL_TEXT_BYTES] = "";

        serial_format(days[i].serial, days[i].from_1904, text);
        assert_string_equal(text, days[i].text);
    }
}

static void what_is_wrong_has_its_place(void **state) {
    static const struct {
        const char *sheet, *message;
        enum rc rc;
    } cases[] = {
        {"<worksheet><sheetData><row r='2'><c r='B2' t='s'><v>9</v></c></row></sheetData>"
         "</worksheet>",
         "survey: row 2, column 2: the workbook has no such text", RC_INVALID},
        {"<worksheet><sheetData><row r='1'><c r='B1'><v>1</v></c><c r='A1'><v>1</v></c></row>"
         "</sheetData></worksheet>",
         "survey: the cells of a sheet are not in their order", RC_INVALID},
        {"<worksheet><sheetData><row><c r='1B'><v>1</v></c></row></sheetData></worksheet>",
         "survey: 1B: is no cell", RC_INVALID},
        {"<worksheet><sheetData><row><c r='A999999999'><v>1</v></c></row></sheetData></worksheet>",
         "survey: A999999999: is no cell", RC_INVALID},
        {"<worksheet><sheetData><row>", "survey: ", RC_INVALID},
        {"<!DOCTYPE a [<!ENTITY b 'c'>]><worksheet/>", "survey: ", RC_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kit kit = {0};

        begin(&kit);
        add_frame(&kit, BOOK);
        add(&kit, "xl/worksheets/two.xml", "<worksheet/>");
        add(&kit, "xl/far/one.xml", cases[i].sheet);
        assert_int_equal(end(&kit), cases[i].rc);
        if (strncmp(kit.err.text, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("case %zu: %s", i, kit.err.text);
        done(&kit);
    }
}

static void other_archives_and_damaged_ones_are_refused(void **state) {
    struct workbook workbook;
    struct kit kit = {0};
    struct err err;

    (void)state;
    begin(&kit);
    add(&kit, "readme.txt", "no workbook");
    assert_int_equal(end(&kit), RC_NOT_FOUND);
    for (size_t cut = 0; cut < kit.bytes.size; cut++) {
        err_init(&err, LANG_EN);
        assert_int_not_equal(
            workbook_read(view_slice(buf_view(&kit.bytes), 0, cut), &kit.arena, &workbook, &err),
            RC_OK);
        assert_true(err.text[0] != '\0');
    }
    done(&kit);
    err_init(&err, LANG_EN);
    arena_init(&kit.arena, 1u << 20);
    assert_int_equal(workbook_read(view_text("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 nothing"),
                                   &kit.arena, &workbook, &err),
                     RC_UNSUPPORTED);
    assert_non_null(strstr(err.text, "save it as .xlsx"));
    arena_release(&kit.arena);
}

static void a_bomb_is_refused_before_it_is_inflated(void **state) {
    size_t size = 8u << 20;
    char *zeros = calloc(1, size + 1);
    struct kit kit = {0};

    (void)state;
    assert_non_null(zeros);
    memset(zeros, ' ', size);
    begin(&kit);
    add_frame(&kit, BOOK);
    add(&kit, "xl/worksheets/two.xml", "<worksheet/>");
    add(&kit, "xl/far/one.xml", zeros);
    assert_int_equal(end(&kit), RC_LIMIT);
    assert_non_null(strstr(kit.err.text, "packed suspiciously well"));
    done(&kit);
    free(zeros);
}

static void what_we_write_reads_back(void **state) {
    char folder[] = "/tmp/yg-test-workbook-XXXXXX", path[64];
    struct sheet_file *file;
    struct kit kit = {0};

    (void)state;
    err_init(&kit.err, LANG_EN);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/out.xlsx", folder);
    assert_int_equal(sheet_file_open(path, folder, &file, &kit.err), RC_OK);
    assert_int_equal(sheet_file_add(file, view_text("survey"), &kit.err), RC_OK);
    assert_int_equal(sheet_file_text(file, 0, 0, view_text("type"), &kit.err), RC_OK);
    assert_int_equal(sheet_file_text(file, 2, 3, view_text("=1+1"), &kit.err), RC_OK);
    assert_int_equal(sheet_file_text(file, 2, 4, view_text("行一\n<b>&"), &kit.err), RC_OK);
    assert_int_equal(sheet_file_add(file, view_text("a/b"), &kit.err), RC_INVALID);
    assert_int_equal(sheet_file_text(file, 3, SHEET_FILE_COLUMNS_MAX, view_text("x"), &kit.err),
                     RC_LIMIT);
    assert_int_equal(sheet_file_close(file, &kit.err), RC_OK);
    arena_init(&kit.arena, 64u << 20);
    buf_init(&kit.bytes, 1u << 20);
    assert_int_equal(file_read(path, 1u << 20, &kit.bytes, &kit.err), RC_OK);
    assert_int_equal(workbook_read(buf_view(&kit.bytes), &kit.arena, &kit.workbook, &kit.err),
                     RC_OK);
    assert_string_equal(cell(&kit, 0, 0, 0), "type");
    assert_string_equal(cell(&kit, 0, 2, 3), "=1+1");
    assert_string_equal(cell(&kit, 0, 2, 4), "行一\n<b>&");
    assert_int_equal(remove(path), 0);
    assert_int_equal(remove(folder), 0);
    buf_release(&kit.bytes);
    arena_release(&kit.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_cell_comes_out_as_people_read_it),
        cmocka_unit_test(both_calendars_have_their_days),
        cmocka_unit_test(what_is_wrong_has_its_place),
        cmocka_unit_test(other_archives_and_damaged_ones_are_refused),
        cmocka_unit_test(a_bomb_is_refused_before_it_is_inflated),
        cmocka_unit_test(what_we_write_reads_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
