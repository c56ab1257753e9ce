/* Tests of base/tls, and of httpd and httpc speaking TLS with pins. */
#include "base/httpc.h"
#include "base/httpd.h"
#include "base/tls.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW_MS  INT64_C(1767225600000)
#define AAA_PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static struct err err;

static enum rc handle_tls(void *context, struct http_exchange *exchange, struct err *e) {
    (void)context;
    (void)e;
    buf_addf(&exchange->response.body, "%s %s", exchange->request.is_tls ? "tls" : "plain",
             exchange->request.peer);
    return RC_OK;
}

static const struct http_route routes[] = {{"POST", "/", 0, 1000000, handle_tls}};
static const struct http_table table = {.routes = routes, .count = 1};

struct rig {
    struct httpd *server;
    struct buf certificate;
    struct buf key;
    struct buf answer;
    struct httpc_result result;
    char pin[TLS_PIN_TEXT_BYTES];
    char url[64];
};

static void make_key(struct buf *certificate, struct buf *key, char pin[TLS_PIN_TEXT_BYTES]) {
    uint8_t bytes[TLS_PIN_BYTES];

    buf_init(certificate, TLS_PEM_BYTES_MAX);
    buf_init(key, TLS_PEM_BYTES_MAX);
    assert_int_equal(tls_make("county.example", NOW_MS, certificate, key, &err), RC_OK);
    assert_int_equal(tls_pin(buf_view(certificate), bytes, &err), RC_OK);
    tls_pin_text(bytes, pin);
}

static int set_up(void **state) {
    struct rig *rig = calloc(1, sizeof(*rig));
    struct httpd_options options;

    assert_non_null(rig);
    err_init(&err, LANG_EN);
    make_key(&rig->certificate, &rig->key, rig->pin);
    buf_init(&rig->answer, 1000);
    httpd_options_default(&options);
    options.certificate_pem = buf_text(&rig->certificate);
    options.key_pem = buf_text(&rig->key);
    if (httpd_start(&options, &table, &rig->server, &err) != RC_OK)
        fail_msg("%s", err.text);
    (void)snprintf(rig->url, sizeof(rig->url), "https://127.0.0.1:%u/",
                   (unsigned)httpd_port(rig->server));
    *state = rig;
    return 0;
}

static int tear_down(void **state) {
    struct rig *rig = *state;

    httpd_stop(rig->server);
    buf_release(&rig->certificate);
    buf_release(&rig->key);
    buf_release(&rig->answer);
    free(rig);
    return 0;
}

static struct httpc *open_client(enum httpc_trust trust, const char *pins) {
    struct httpc_options options;
    struct httpc *client = NULL;

    httpc_options_default(&options);
    options.trust = trust;
    options.pins = pins;
    if (httpc_open(&options, &client, &err) != RC_OK)
        fail_msg("%s", err.text);
    return client;
}

static enum rc post(struct rig *rig, struct httpc *client) {
    buf_clear(&rig->answer);
    return httpc_post(client, rig->url, view_text("secret"), NULL, &rig->answer, &rig->result,
                      &err);
}

static void test_right_pin(void **state) {
    struct rig *rig = *state;
    struct httpc *client = open_client(HTTPC_PINNED, rig->pin);

    for (int i = 0; i < 20; i++) {
        if (post(rig, client) != RC_OK)
            fail_msg("%s (%s)", err.text, err.detail);
        assert_string_equal(buf_text(&rig->answer), "tls 127.0.0.1");
        assert_int_equal(rig->result.reused, i > 0);
    }
    httpc_close(client);
}

static void test_one_of_two_pins(void **state) {
    struct rig *rig = *state;
    char pins[2 * TLS_PIN_TEXT_BYTES];
    struct httpc *client = NULL;

    (void)snprintf(pins, sizeof(pins), "%s;%s", AAA_PIN, rig->pin);
    client = open_client(HTTPC_PINNED, pins);
    assert_int_equal(post(rig, client), RC_OK);
    assert_string_equal(buf_text(&rig->answer), "tls 127.0.0.1");
    httpc_close(client);
}

/* The wrong key hears nothing of the request. */
static void test_wrong_pin(void **state) {
    struct rig *rig = *state;
    struct httpc *client = open_client(HTTPC_PINNED, AAA_PIN);

    for (int i = 0; i < 2; i++) {
        assert_int_equal(post(rig, client), RC_DENIED);
        assert_true(rig->result.pin_mismatch);
        assert_int_equal(rig->result.status, 0);
        assert_int_equal(rig->result.bytes_up, 0);
        assert_int_equal(rig->answer.size, 0);
    }
    httpc_close(client);
}

static void test_unpinned(void **state) {
    struct rig *rig = *state;
    struct httpc *client = open_client(HTTPC_UNPINNED, NULL);

    assert_int_equal(post(rig, client), RC_OK);
    assert_false(rig->result.pin_mismatch);
    httpc_close(client);
}

/* Neither side falls back to plain HTTP. */
static void test_no_plain(void **state) {
    struct rig *rig = *state;
    struct httpc *pinned = open_client(HTTPC_PINNED, rig->pin);
    struct httpc *unpinned = open_client(HTTPC_UNPINNED, NULL);
    struct httpc *plain = open_client(HTTPC_PLAIN, NULL);

    assert_int_equal(post(rig, plain), RC_INVALID); /* an https address */
    memmove(rig->url + 4, rig->url + 5, strlen(rig->url + 5) + 1);
    assert_memory_equal(rig->url, "http://", 7);
    assert_int_equal(post(rig, pinned), RC_INVALID);
    assert_int_equal(post(rig, unpinned), RC_INVALID);
    assert_int_equal(post(rig, plain), RC_NETWORK);
    assert_false(rig->result.pin_mismatch);
    httpc_close(pinned);
    httpc_close(unpinned);
    httpc_close(plain);
}

static void test_malformed_pins(void **state) {
    static const char *const pins[] = {
        "",
        "sha256//",
        "sha256//AAAA=",
        AAA_PIN ";",
        ";" AAA_PIN,
        AAA_PIN " ;" AAA_PIN,
        "sha1//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "/etc/passwd",
    };
    struct httpc_options options;
    struct httpc *client = NULL;

    (void)state;
    err_init(&err, LANG_EN);
    httpc_options_default(&options);
    for (size_t i = 0; i < sizeof(pins) / sizeof(pins[0]); i++) {
        options.pins = pins[i];
        assert_int_equal(httpc_open(&options, &client, &err), RC_INVALID);
        assert_null(client);
    }
    options.pins = AAA_PIN;
    options.trust = HTTPC_UNPINNED;
    assert_int_equal(httpc_open(&options, &client, &err), RC_INVALID);
}

static void test_keys_differ(void **state) {
    struct buf certificates[2];
    struct buf keys[2];
    char pins[2][TLS_PIN_TEXT_BYTES];
    uint8_t pin[TLS_PIN_BYTES];

    (void)state;
    err_init(&err, LANG_EN);
    for (int i = 0; i < 2; i++) {
        make_key(&certificates[i], &keys[i], pins[i]);
        assert_int_equal(strlen(pins[i]), TLS_PIN_TEXT_BYTES - 1);
        assert_memory_equal(pins[i], "sha256//", 8);
        assert_non_null(strstr(buf_text(&keys[i]), "PRIVATE KEY"));
        assert_null(strstr(buf_text(&certificates[i]), "PRIVATE KEY"));
    }
    assert_string_not_equal(pins[0], pins[1]);
    assert_int_equal(tls_pin(buf_view(&keys[0]), pin, &err), RC_INVALID);
    assert_int_equal(tls_pin(view_text("nonsense"), pin, &err), RC_INVALID);
    assert_int_equal(tls_pin((struct view){0}, pin, &err), RC_INVALID);
    for (int i = 0; i < 2; i++) {
        buf_release(&certificates[i]);
        buf_release(&keys[i]);
    }
}

/* Against a value computed by hand with other tools: 32 bytes of 0, 1, 2 ... 31. */
static void test_pin_text(void **state) {
    uint8_t pin[TLS_PIN_BYTES];
    char text[TLS_PIN_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(pin); i++)
        pin[i] = (uint8_t)i;
    tls_pin_text(pin, text);
    assert_string_equal(text, "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
}

/* A server does not start with a key of somebody else. */
static void test_mixed_up_key(void **state) {
    struct rig *rig = *state;
    struct httpd_options options;
    struct httpd *server = NULL;
    struct buf certificate;
    struct buf key;
    char pin[TLS_PIN_TEXT_BYTES];

    make_key(&certificate, &key, pin);
    httpd_options_default(&options);
    options.certificate_pem = buf_text(&rig->certificate);
    options.key_pem = buf_text(&key);
    assert_int_equal(httpd_start(&options, &table, &server, &err), RC_INVALID);
    assert_null(server);
    buf_release(&certificate);
    buf_release(&key);
}

#define NETWORK(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        NETWORK(test_right_pin),
        NETWORK(test_one_of_two_pins),
        NETWORK(test_wrong_pin),
        NETWORK(test_unpinned),
        NETWORK(test_no_plain),
        NETWORK(test_mixed_up_key),
        cmocka_unit_test(test_malformed_pins),
        cmocka_unit_test(test_keys_differ),
        cmocka_unit_test(test_pin_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
