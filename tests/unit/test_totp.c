/* The codes of RFC 6238, appendix B (its six last digits of eight), and what fits when. */
#include "base/totp.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SECRET ((const uint8_t *)"12345678901234567890")

static void test_published_codes(void **state) {
    static const struct {
        int64_t seconds;
        uint32_t code;
    } cases[] = {{59, 287082},       {1111111109, 81804},  {1111111111, 50471},
                 {1234567890, 5924}, {2000000000, 279037}, {20000000000, 353130}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(totp_code(SECRET, (uint64_t)cases[i].seconds / 30), cases[i].code);
}

static void test_fits(void **state) {
    uint64_t step = 0;

    (void)state;
    assert_true(totp_fits(SECRET, view_text("287082"), 59000, 0, &step));
    assert_int_equal(step, 1);
    assert_true(totp_fits(SECRET, view_text("287 082"), 59000, 0, &step));
    assert_true(totp_fits(SECRET, view_text("287082"), 60000, 0, &step)); /* the one before */
    assert_true(totp_fits(SECRET, view_text("287082"), 89999, 0, &step));
    assert_false(totp_fits(SECRET, view_text("287082"), 90000, 0, &step));
    assert_true(totp_fits(SECRET, view_text("287082"), 1, 0, &step));      /* the one after */
    assert_false(totp_fits(SECRET, view_text("287082"), 59000, 1, &step)); /* taken already */
    assert_false(totp_fits(SECRET, view_text("287083"), 59000, 0, &step));
    assert_false(totp_fits(SECRET, view_text("28708"), 59000, 0, &step));
    assert_false(totp_fits(SECRET, view_text("2870820"), 59000, 0, &step));
    assert_false(totp_fits(SECRET, view_text("28708x"), 59000, 0, &step));
    assert_false(totp_fits(SECRET, view_text(""), 59000, 0, &step));
    assert_true(
        totp_fits(SECRET, view_text("081804"), 1111111109000, 0, &step)); /* a zero in front */
    assert_false(totp_fits(SECRET, view_text("081804"), -5, 0, &step));
}

static void test_base32(void **state) {
    static const struct {
        const char *plain, *text;
    } cases[] = {{"", ""},
                 {"f", "MY"},
                 {"fo", "MZXQ"},
                 {"foo", "MZXW6"},
                 {"foob", "MZXW6YQ"},
                 {"fooba", "MZXW6YTB"},
                 {"foobar", "MZXW6YTBOI"}}; /* RFC 4648 */

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf out;

        buf_init(&out, 64);
        totp_base32((const uint8_t *)cases[i].plain, strlen(cases[i].plain), &out);
        assert_true(view_is(buf_view(&out), cases[i].text));
        buf_release(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_published_codes),
                                       cmocka_unit_test(test_fits), cmocka_unit_test(test_base32)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
