/* CSV as spreadsheets write it, what is refused and where, and formulas disarmed. */
#include "base/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Reads a whole table and shows it as cells in [] with | behind each row; "rc: message" on
 * failure. A step above 0 streams it in pieces of that size. */
struct source {
    struct view left;
    size_t step;
};

static enum rc give(void *context, uint8_t *bytes, size_t size, size_t *got, struct err *err) {
    struct source *source = context;
    struct view piece = view_slice(source->left, 0, source->step < size ? source->step : size);

    (void)err;
    if (piece.size > 0)
        memcpy(bytes, piece.data, piece.size);
    source->left = view_slice(source->left, piece.size, source->left.size);
    *got = piece.size;
    return RC_OK;
}

static void show(struct view text, size_t step, struct csv_limits limits, struct buf *out) {
    struct source source = {text, step};
    struct csv *csv;
    struct csv_row row;
    struct err err;
    enum rc rc;
    size_t index;

    err_init(&err, LANG_EN);
    buf_clear(out);
    if (step == 0)
        assert_int_equal(csv_open(text, limits, &csv, &err), RC_OK);
    else
        assert_int_equal(csv_open_stream(give, &source, limits, &csv, &err), RC_OK);
    while ((rc = csv_next(csv, &row, &err)) == RC_OK && row.count > 0) {
        for (index = 0; index < row.count; index++) {
            assert_int_equal(row.cells[index].data[row.cells[index].size], 0);
            buf_addf(out, "[%.*s]", VIEW_PRINT(row.cells[index]));
        }
        buf_add_text(out, "|");
    }
    if (rc == RC_OK) { /* the end stays the end */
        assert_int_equal(csv_next(csv, &row, &err), RC_OK);
        assert_int_equal(row.count, 0);
    } else {
        buf_addf(out, "%s: %s", rc_name(rc), err.text);
        assert_int_equal(csv_next(csv, &row, &err), rc);
        assert_int_equal(row.count, 0);
    }
    csv_close(csv);
}

static void check_bytes(const char *bytes, size_t size, const char *expected) {
    static const size_t steps[] = {0, 1, 2, 3, 65536};
    struct buf out;
    size_t index;

    buf_init(&out, 1u << 20);
    for (index = 0; index < sizeof(steps) / sizeof(steps[0]); index++) {
        show(view_of(bytes, size), steps[index], CSV_LIMITS_DEFAULT, &out);
        if (expected[0] == '[' || expected[0] == '\0')
            assert_string_equal(buf_text(&out), expected);
        else if (strstr(buf_text(&out), expected) == NULL)
            fail_msg("expected %s in %s", expected, buf_text(&out));
    }
    buf_release(&out);
}

static void check(const char *text, const char *expected) {
    check_bytes(text, strlen(text), expected);
}

static void reads_what_spreadsheets_write(void **state) {
    (void)state;
    check("", "");
    check("\n\r\n\n", "");
    check("a,b\r\nc,d\r\n", "[a][b]|[c][d]|");
    check("a,b\nc,d", "[a][b]|[c][d]|");
    check("a\rb\r", "[a]|[b]|");
    check("a,\n,b\n", "[a][]|[][b]|");
    check(",\n", "[][]|");
    check("\"\"\n", "[]|");
    check("a\n\n\nb\n", "[a]|[b]|");
    check("\xEF\xBB\xBF"
          "a,b\n",
          "[a][b]|");
    check("\xEF\xBB\xBF", "");
    check("\"a,b\",\"c\"\"d\",\"e\r\nf\"\n", "[a,b][c\"d][e\r\nf]|");
    check("\"\"\"\"\n", "[\"]|");
    check("a,b,c\nd\n", "[a][b][c]|[d]|");
    check(" a , b \n", "[ a ][ b ]|");
    check("\xE5\xA7\x93\xE5\x90\x8D,\xF0\xA0\xAE\xB7\n",
          "[\xE5\xA7\x93\xE5\x90\x8D][\xF0\xA0\xAE\xB7]|");
}

static void refuses_what_would_need_guessing(void **state) {
    (void)state;
    check("a,b\nc,d\"e\n", "invalid: line 2, column 2: a quote inside");
    check("a,\"b\"c\n", "invalid: line 1, column 2: text behind");
    check("a\nb,\"c\nd\n", "invalid: line 2, column 2: the quote that opens here");
    check("\"", "invalid: line 1, column 1: the quote that opens here");
    check("a\n\"x\ny\",\xC4\xE3\n", "invalid: line 3, column 2: not UTF-8");
    check("\xEF\xBB", "not UTF-8");
    check_bytes("a,b\0c\n", 6, "invalid: line 1, column 2: a NUL byte");
    check_bytes("a,\"b\0c\"\n", 8, "invalid: line 1, column 2: a NUL byte");
}

static void rows_know_where_they_stand(void **state) {
    struct csv *csv;
    struct csv_row row;
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    assert_int_equal(csv_open(view_text("h\n\n\"a\nb\"\r\nc\rd\n"), CSV_LIMITS_DEFAULT, &csv, &err),
                     RC_OK);
    assert_int_equal(csv_next(csv, &row, &err), RC_OK);
    assert_int_equal(row.number, 1);
    assert_int_equal(row.line, 1);
    assert_int_equal(csv_next(csv, &row, &err), RC_OK);
    assert_int_equal(row.number, 2);
    assert_int_equal(row.line, 3);
    assert_int_equal(csv_next(csv, &row, &err), RC_OK);
    assert_int_equal(row.number, 3);
    assert_int_equal(row.line, 5);
    assert_int_equal(csv_next(csv, &row, &err), RC_OK);
    assert_int_equal(row.line, 6);
    csv_close(csv);
    csv_close(NULL);
}

static void limits_hold(void **state) {
    struct csv_limits limits = {.cell_bytes = 4, .columns = 3};
    struct buf out;

    (void)state;
    buf_init(&out, 1000);
    show(view_text("abcd,b,c\n"), 0, limits, &out);
    assert_string_equal(buf_text(&out), "[abcd][b][c]|");
    show(view_text("a\nabcde\n"), 0, limits, &out);
    assert_string_equal(buf_text(&out),
                        "[a]|limit: line 2, column 1: the cell has more than 4 bytes");
    show(view_text("\"abcde"), 0, limits, &out);
    assert_string_equal(buf_text(&out), "limit: line 1, column 1: the cell has more than 4 bytes");
    show(view_text("a,b,c,d\n"), 0, limits, &out);
    assert_string_equal(buf_text(&out), "limit: line 1: more than 3 columns");
    buf_release(&out);
}

static enum rc refuse(void *context, uint8_t *bytes, size_t size, size_t *got, struct err *err) {
    (void)context;
    (void)size;
    bytes[0] = 'a';
    *got = 0;
    return err_set(err, RC_IO, "the disk refuses");
}

static void the_callback_may_fail(void **state) {
    struct csv *csv;
    struct csv_row row;
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    assert_int_equal(csv_open_stream(refuse, NULL, CSV_LIMITS_DEFAULT, &csv, &err), RC_OK);
    assert_int_equal(csv_next(csv, &row, &err), RC_IO);
    assert_string_equal(err.text, "the disk refuses");
    assert_int_equal(csv_next(csv, &row, &err), RC_IO);
    csv_close(csv);
}

static void writes_quotes_where_needed(void **state) {
    struct csv_writer writer;
    struct buf out;

    (void)state;
    buf_init(&out, 1000);
    csv_writer_init(&writer, &out, true);
    csv_write_cell(&writer, CSV_TEXT, view_text("plain"));
    csv_write_cell(&writer, CSV_TEXT, view_text("a,b"));
    csv_write_cell(&writer, CSV_TEXT, view_text("say \"x\""));
    csv_write_cell(&writer, CSV_TEXT, view_text("two\nlines"));
    csv_write_cell(&writer, CSV_TEXT, view_text(" space"));
    csv_write_cell(&writer, CSV_TEXT, (struct view){0});
    csv_write_end_row(&writer);
    csv_write_cell(&writer, CSV_VALUE, (struct view){0});
    csv_write_end_row(&writer);
    assert_string_equal(buf_text(&out),
                        "\xEF\xBB\xBFplain,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\","
                        "\" space\",\r\n\"\"\r\n");
    buf_release(&out);
}

static void formulas_of_texts_are_disarmed(void **state) {
    static const char *const armed[] = {"=1+1", "+1", "-1", "@x", "\tx"};
    struct csv_writer writer;
    struct buf out;
    size_t index;

    (void)state;
    buf_init(&out, 1000);
    for (index = 0; index < sizeof(armed) / sizeof(armed[0]); index++) {
        buf_clear(&out);
        csv_writer_init(&writer, &out, false);
        csv_write_cell(&writer, CSV_TEXT, view_text(armed[index]));
        assert_int_equal(buf_text(&out)[0], '\'');
        buf_clear(&out);
        csv_writer_init(&writer, &out, false);
        csv_write_cell(&writer, CSV_VALUE, view_text(armed[index]));
        assert_string_equal(buf_text(&out), armed[index]);
    }
    buf_clear(&out);
    csv_writer_init(&writer, &out, false);
    csv_write_cell(&writer, CSV_TEXT, view_text("\r=1"));
    assert_string_equal(buf_text(&out), "\"'\r=1\"");
    buf_clear(&out);
    csv_writer_init(&writer, &out, false);
    csv_write_cell(&writer, CSV_TEXT, view_text("a=1"));
    assert_string_equal(buf_text(&out), "a=1");
    buf_release(&out);
}

static void what_is_written_is_read_back(void **state) {
    static const char *const cells[] = {"", "a", "\"", ",", "\r\n", " ", "\"\"", "x\ry", "a b "};
    size_t count = sizeof(cells) / sizeof(cells[0]);
    struct csv_writer writer;
    struct csv_row row;
    struct csv *csv;
    struct err err;
    struct buf out;
    size_t index;

    (void)state;
    err_init(&err, LANG_EN);
    buf_init(&out, 1000);
    csv_writer_init(&writer, &out, true);
    for (index = 0; index < count; index++)
        csv_write_cell(&writer, CSV_VALUE, view_text(cells[index]));
    csv_write_end_row(&writer);
    for (index = 0; index < count; index++) {
        csv_write_cell(&writer, CSV_VALUE, view_text(cells[index]));
        csv_write_end_row(&writer);
    }
    assert_int_equal(csv_open(buf_view(&out), CSV_LIMITS_DEFAULT, &csv, &err), RC_OK);
    assert_int_equal(csv_next(csv, &row, &err), RC_OK);
    assert_int_equal(row.count, count);
    for (index = 0; index < count; index++)
        assert_true(view_is(row.cells[index], cells[index]));
    for (index = 0; index < count; index++) {
        assert_int_equal(csv_next(csv, &row, &err), RC_OK);
        assert_int_equal(row.count, 1);
        assert_true(view_is(row.cells[0], cells[index]));
    }
    csv_close(csv);
    buf_release(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_spreadsheets_write),
        cmocka_unit_test(refuses_what_would_need_guessing),
        cmocka_unit_test(rows_know_where_they_stand),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(the_callback_may_fail),
        cmocka_unit_test(writes_quotes_where_needed),
        cmocka_unit_test(formulas_of_texts_are_disarmed),
        cmocka_unit_test(what_is_written_is_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
