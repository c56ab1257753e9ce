/* The drawing of a QR code: its size, its three corners, its quiet zone. */
#include "base/qr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SIDE_MAX 200u

/* Draws the path again. */
static void draw(struct buf *path, bool dark[SIDE_MAX][SIDE_MAX]) {
    const char *at = buf_text(path);
    unsigned x, y, run, back;
    int used;

    while (sscanf(at, "M%u %uh%uv1h-%uz%n", &x, &y, &run, &back, &used) == 4) {
        assert_int_equal(run, back);
        for (unsigned i = 0; i < run; i++) {
            assert_true(x + i < SIDE_MAX && y < SIDE_MAX);
            dark[y][x + i] = true;
        }
        at += used;
    }
    assert_int_equal(*at, '\0');
}

static void assert_corner(bool dark[SIDE_MAX][SIDE_MAX], unsigned x, unsigned y) {
    for (unsigned i = 0; i < 7; i++)
        for (unsigned j = 0; j < 7; j++) {
            bool ring = i == 0 || j == 0 || i == 6 || j == 6;
            bool heart = i > 1 && i < 5 && j > 1 && j < 5;

            assert_int_equal(dark[y + i][x + j], ring || heart);
        }
}

static void test_drawing(void **state) {
    static bool dark[SIDE_MAX][SIDE_MAX];
    struct err err;
    struct buf path;
    unsigned size = 0;

    (void)state;
    err_init(&err, LANG_EN);
    buf_init(&path, 1u << 20);
    assert_int_equal(qr_path(view_text("HTTPS://EXAMPLE.ORG/"), &size, &path, &err), RC_OK);
    assert_int_equal((size - 2 * QR_QUIET - 17) % 4, 0); /* 21, 25, 29 ... modules */
    draw(&path, dark);
    assert_corner(dark, QR_QUIET, QR_QUIET);
    assert_corner(dark, size - QR_QUIET - 7, QR_QUIET);
    assert_corner(dark, QR_QUIET, size - QR_QUIET - 7);
    for (unsigned i = 0; i < size; i++)
        for (unsigned j = 0; j < QR_QUIET; j++)
            assert_false(dark[i][j] || dark[j][i] || dark[i][size - 1 - j] ||
                         dark[size - 1 - j][i]);
    buf_release(&path);
}

static void test_limits(void **state) {
    static uint8_t long_text[QR_TEXT_BYTES_MAX + 1];
    struct err err;
    struct buf path;
    unsigned size;

    (void)state;
    err_init(&err, LANG_EN);
    buf_init(&path, 1u << 20);
    memset(long_text, 'x', sizeof(long_text));
    assert_int_equal(qr_path(view_text(""), &size, &path, &err), RC_LIMIT);
    assert_int_equal(qr_path(view_of(long_text, sizeof(long_text)), &size, &path, &err), RC_LIMIT);
    assert_int_equal(qr_path(view_of(long_text, QR_TEXT_BYTES_MAX), &size, &path, &err), RC_OK);
    buf_release(&path);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_drawing),
                                       cmocka_unit_test(test_limits)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
