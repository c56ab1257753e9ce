/* Tests of base/http (routing without sockets) and of base/httpd with base/httpc over loopback. */
#include "base/http.h"
#include "base/httpc.h"
#include "base/httpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define BODY_CAP    100000u
#define FLAG_CLOSED 1u

static struct err err;

/* What the handlers of this test share: one place for a deferred exchange, and its completer. */
struct world {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct http_exchange *waiting;
    bool may_complete;
    bool ends;
    pthread_t completer;
    bool has_completer;
    unsigned finished;
    struct httpd *server;
};

static enum rc handle_echo(void *context, struct http_exchange *exchange, struct err *e) {
    (void)context;
    (void)e;
    buf_add_view(&exchange->response.body, exchange->request.body);
    return RC_OK;
}

static enum rc handle_name(void *context, struct http_exchange *exchange, struct err *e) {
    const struct http_request *request = &exchange->request;
    struct buf query;
    enum rc rc = RC_OK;

    (void)context;
    buf_init(&query, 100);
    rc = http_request_query(request, "q", &query, e);
    buf_addf(&exchange->response.body, "%s|%s|%s|%s", http_request_param(request, "id"),
             rc == RC_OK ? buf_text(&query) : "-", request->method,
             request->lang == LANG_ZH ? "zh" : "en");
    buf_release(&query);
    exchange->response.content_type = "text/plain";
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc handle_asset(void *context, struct http_exchange *exchange, struct err *e) {
    const char *rest = http_request_param(&exchange->request, "*");

    (void)context;
    (void)e;
    exchange->response.body_static = view_text(strcmp(rest, "a/b.css") == 0 ? "body{}" : "other");
    return RC_OK;
}

static enum rc handle_fail(void *context, struct http_exchange *exchange, struct err *e) {
    (void)context;
    buf_add_text(&exchange->response.body, "half an answer");
    return err_set(e, RC_CONFLICT, "record \"%s\": has moved on\x01", "\xff");
}

static enum rc handle_busy(void *context, struct http_exchange *exchange, struct err *e) {
    (void)context;
    exchange->response.status = 429;
    return http_response_header(&exchange->response, "Retry-After", "7", e);
}

static enum rc handle_long(void *context, struct http_exchange *exchange, struct err *e);

static enum rc handle_big(void *context, struct http_exchange *exchange, struct err *e) {
    (void)context;
    (void)e;
    for (int i = 0; i < 20000; i++)
        buf_add_text(&exchange->response.body, "0123456789");
    return RC_OK;
}

static enum rc handle_defer(void *context, struct http_exchange *exchange, struct err *e) {
    struct world *world = context;

    (void)e;
    http_exchange_defer(exchange);
    pthread_mutex_lock(&world->mutex);
    world->waiting = exchange;
    pthread_cond_broadcast(&world->changed);
    pthread_mutex_unlock(&world->mutex);
    return RC_OK;
}

static enum rc guard(void *context, struct http_exchange *exchange, struct err *e) {
    (void)context;
    if (http_request_header(&exchange->request, "x-bent") != NULL) {
        http_response_error(&exchange->response, 421, "host", "not our name");
        return err_set(e, RC_DENIED, "not our name");
    }
    if ((exchange->route->flags & FLAG_CLOSED) != 0 &&
        http_request_header(&exchange->request, "x-key") == NULL)
        return err_set(e, RC_DENIED, "no key");
    return RC_OK;
}

static void finish(void *context, struct http_exchange *exchange) {
    struct world *world = context;

    pthread_mutex_lock(&world->mutex);
    world->finished++;
    pthread_mutex_unlock(&world->mutex);
    (void)http_response_header(&exchange->response, "X-Safe", "yes", &err);
}

static const struct http_route routes[] = {
    {"GET", "/", 0, 0, handle_echo},
    {"POST", "/echo", 0, BODY_CAP, handle_echo},
    {"PUT", "/echo", 0, BODY_CAP, handle_echo},
    {"GET", "/name/:id", 0, 0, handle_name},
    {"GET", "/name/:id/more/:other", 0, 0, handle_name},
    {"GET", "/assets/*", 0, 0, handle_asset},
    {"POST", "/fail", 0, 1000, handle_fail},
    {"GET", "/busy", 0, 0, handle_busy},
    {"GET", "/long", 0, 0, handle_long},
    {"GET", "/big", 0, 0, handle_big},
    {"POST", "/closed", FLAG_CLOSED, 1000, handle_echo},
    {"POST", "/defer", 0, BODY_CAP, handle_defer},
};

/* ---- without sockets ---- */

static struct http_table make_table(struct world *world) {
    return (struct http_table){.routes = routes,
                               .count = sizeof(routes) / sizeof(routes[0]),
                               .context = world,
                               .guard = guard,
                               .finish = finish};
}

static void world_init(struct world *world) {
    memset(world, 0, sizeof(*world));
    assert_int_equal(pthread_mutex_init(&world->mutex, NULL), 0);
    assert_int_equal(pthread_cond_init(&world->changed, NULL), 0);
    err_init(&err, LANG_EN);
}

static void world_release(struct world *world) {
    assert_int_equal(pthread_cond_destroy(&world->changed), 0);
    assert_int_equal(pthread_mutex_destroy(&world->mutex), 0);
}

/* Routes a request; the response body stays in exchange. */
static unsigned route(struct http_exchange *exchange, const char *method, const char *target,
                      const char *body) {
    struct world world;
    struct http_table table = make_table(&world);
    unsigned status = 0;

    world_init(&world);
    http_exchange_init(exchange, 1000000);
    assert_int_equal(http_request_init(&exchange->request, method, target, view_text(body), &err),
                     RC_OK);
    assert_true(http_route(&table, exchange));
    assert_int_equal(world.finished, 1);
    status = exchange->response.status;
    world_release(&world);
    return status;
}

static void assert_body(struct http_exchange *exchange, const char *want) {
    assert_string_equal(buf_text(&exchange->response.body), want);
    http_exchange_release(exchange);
}

static void test_patterns(void **state) {
    static const struct {
        const char *target;
        unsigned status;
        const char *body;
    } cases[] = {
        {"/", 200, ""},
        {"/?x", 200, ""},
        {"/name/7", 200, "7|-|GET|en"},
        {"/name/a%2Fb%20c?q=1", 200, "a/b c|1|GET|en"},
        {"/name/7/more/x?p=1&q=%E6%9D%8E+%2b&q=2", 200, "7|\xe6\x9d\x8e +|GET|en"},
        {"/name/7?qq=1&q", 200, "7||GET|en"},
        {"/name/7/", 404, NULL},
        {"/name/", 404, NULL},
        {"/name", 404, NULL},
        {"//name/7", 404, NULL},
        {"/name/7/more", 404, NULL},
        {"/Name/7", 404, NULL},
        {"/echo", 405, NULL},
        {"/assets", 404, NULL},
        {"/name/7?q=%zz", 400, NULL},
    };
    struct http_exchange exchange;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned status = route(&exchange, "GET", cases[i].target, NULL);

        if (status != cases[i].status)
            fail_msg("%s: %u", cases[i].target, status);
        if (cases[i].body != NULL)
            assert_string_equal(buf_text(&exchange.response.body), cases[i].body);
        http_exchange_release(&exchange);
    }
    assert_int_equal(route(&exchange, "GET", "/assets/a/b.css", NULL), 200);
    assert_true(view_is(exchange.response.body_static, "body{}"));
    http_exchange_release(&exchange);
    assert_int_equal(route(&exchange, "GET", "/assets/", NULL), 200);
    assert_true(view_is(exchange.response.body_static, "other"));
    http_exchange_release(&exchange);
    assert_int_equal(route(&exchange, "HEAD", "/name/7", NULL), 200);
    assert_body(&exchange, "7|-|HEAD|en");
}

static void test_bad_targets(void **state) {
    static const char *const targets[] = {
        "",        "name",        "http://host/",
        "/a b",    "/a\tb",       "/%",
        "/%4",     "/%4g",        "/%00",
        "/a/../b", "/a/%2e%2E/b", "/./a",
        "/a/..",   "/\x7f",       "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17",
    };
    struct http_request request;
    char longest[HTTP_TARGET_BYTES_MAX + 2];

    (void)state;
    err_init(&err, LANG_EN);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        if (http_request_init(&request, "GET", targets[i], (struct view){0}, &err) != RC_INVALID)
            fail_msg("%s was accepted", targets[i]);
    memset(longest, 'a', sizeof(longest));
    longest[0] = '/';
    longest[HTTP_TARGET_BYTES_MAX] = '\0';
    assert_int_equal(http_request_init(&request, "GET", longest, (struct view){0}, &err), RC_OK);
    assert_int_equal(strlen(request.segments[0]), HTTP_TARGET_BYTES_MAX - 1);
    longest[HTTP_TARGET_BYTES_MAX] = 'a';
    longest[HTTP_TARGET_BYTES_MAX + 1] = '\0';
    assert_int_equal(http_request_init(&request, "GET", longest, (struct view){0}, &err),
                     RC_INVALID);
    /* The raw path stays as it was sent: it is what signatures cover. */
    assert_int_equal(http_request_init(&request, "GET", "/a%20b?c=%20", (struct view){0}, &err),
                     RC_OK);
    assert_string_equal(request.path, "/a%20b");
    assert_string_equal(request.query, "c=%20");
}

static void test_errors_are_json(void **state) {
    struct http_exchange exchange;

    (void)state;
    assert_int_equal(route(&exchange, "POST", "/fail", "x"), 409);
    assert_string_equal(exchange.response.content_type, "application/json");
    assert_body(&exchange, "{\"error\":\"conflict\",\"message\":"
                           "\"record \\\"?\\\": has moved on\\u0001\"}\n");
    assert_int_equal(route(&exchange, "DELETE", "/echo", NULL), 405);
    assert_int_equal(exchange.response.header_count, 2);
    assert_string_equal(exchange.response.headers[0].name, "Allow");
    assert_string_equal(exchange.response.headers[0].value, "POST, PUT");
    http_exchange_release(&exchange);
    assert_int_equal(route(&exchange, "POST", "/closed", "x"), 403);
    assert_body(&exchange, "{\"error\":\"denied\",\"message\":\"no key\"}\n");
}

static void test_body_cap(void **state) {
    struct http_exchange exchange;
    char *body = malloc(BODY_CAP + 2);

    (void)state;
    assert_non_null(body);
    memset(body, 'x', BODY_CAP + 1);
    body[BODY_CAP] = '\0';
    assert_int_equal(route(&exchange, "POST", "/echo", body), 200);
    assert_int_equal(exchange.response.body.size, BODY_CAP);
    http_exchange_release(&exchange);
    body[BODY_CAP] = 'x';
    body[BODY_CAP + 1] = '\0';
    assert_int_equal(route(&exchange, "POST", "/echo", body), 413);
    http_exchange_release(&exchange);
    free(body);
}

/* A guard may refuse in its own way: with a status and a word that no rc has. */
static void test_guard_with_a_status_of_its_own(void **state) {
    struct http_exchange exchange;
    struct world world;
    struct http_table table = make_table(&world);

    (void)state;
    world_init(&world);
    http_exchange_init(&exchange, 1000000);
    assert_int_equal(http_request_init(&exchange.request, "GET", "/", view_text(""), &err), RC_OK);
    assert_int_equal(http_request_add_header(&exchange.request, "X-Bent", "1", &err), RC_OK);
    assert_true(http_route(&table, &exchange));
    assert_int_equal(exchange.response.status, 421);
    assert_int_equal(world.finished, 1);
    assert_body(&exchange, "{\"error\":\"host\",\"message\":\"not our name\"}\n");
    world_release(&world);
}

static void test_response_cap(void **state) {
    struct world world;
    struct http_table table = make_table(&world);
    struct http_exchange exchange;

    (void)state;
    world_init(&world);
    http_exchange_init(&exchange, 4096);
    assert_int_equal(http_request_init(&exchange.request, "GET", "/big", (struct view){0}, &err),
                     RC_OK);
    assert_true(http_route(&table, &exchange));
    assert_int_equal(exchange.response.status, 500);
    assert_non_null(strstr(buf_text(&exchange.response.body), "\"error\":\"limit\""));
    http_exchange_release(&exchange);
    world_release(&world);
}

static void test_request_headers(void **state) {
    struct http_request request;

    (void)state;
    err_init(&err, LANG_EN);
    assert_int_equal(http_request_init(&request, "GET", "/", (struct view){0}, &err), RC_OK);
    assert_int_equal(http_request_add_header(&request, "X-One", "1", &err), RC_OK);
    assert_int_equal(
        http_request_add_header(&request, "Accept-Language", "fr, zh-CN;q=0.9, en", &err), RC_OK);
    assert_string_equal(http_request_header(&request, "x-oNE"), "1");
    assert_null(http_request_header(&request, "X-On"));
    assert_int_equal(request.lang, LANG_ZH);
    while (request.header_count < HTTP_REQUEST_HEADERS_MAX)
        assert_int_equal(http_request_add_header(&request, "A", "", &err), RC_OK);
    assert_int_equal(http_request_add_header(&request, "A", "", &err), RC_LIMIT);
}

static void test_response_headers(void **state) {
    struct http_exchange exchange;
    char value[HTTP_HEADER_VALUE_MAX + 1];

    (void)state;
    err_init(&err, LANG_EN);
    http_exchange_init(&exchange, 4096);
    assert_int_equal(http_response_header(&exchange.response, "A", "x\r\nB: y", &err), RC_INVALID);
    memset(value, 'x', sizeof(value));
    value[HTTP_HEADER_VALUE_MAX] = '\0';
    assert_int_equal(http_response_header(&exchange.response, "A", value, &err), RC_LIMIT);
    for (int i = 0; i < HTTP_RESPONSE_HEADERS_MAX; i++)
        assert_int_equal(http_response_header(&exchange.response, "A", "x", &err), RC_OK);
    assert_int_equal(http_response_header(&exchange.response, "A", "x", &err), RC_LIMIT);
    http_exchange_release(&exchange);
}

static void count_completion(struct http_exchange *exchange) {
    unsigned *count = exchange->transport;

    (*count)++;
}

static void test_defer_without_sockets(void **state) {
    struct world world;
    struct http_table table = make_table(&world);
    struct http_exchange exchange;
    unsigned completed = 0;

    (void)state;
    world_init(&world);
    http_exchange_init(&exchange, 4096);
    assert_int_equal(http_request_init(&exchange.request, "POST", "/defer", view_text("x"), &err),
                     RC_OK);
    exchange.transport = &completed;
    exchange.on_complete = count_completion;
    assert_false(http_route(&table, &exchange));
    assert_ptr_equal(world.waiting, &exchange);
    assert_int_equal(world.finished, 0);
    assert_int_equal(completed, 0);
    http_finish(&table, &exchange);
    http_exchange_complete(&exchange);
    assert_int_equal(world.finished, 1);
    assert_int_equal(completed, 1);
    http_exchange_release(&exchange);
    world_release(&world);
}

/* ---- over loopback ---- */

/* Completes deferred exchanges, each once may_complete is set. */
static void *complete(void *context) {
    struct world *world = context;

    pthread_mutex_lock(&world->mutex);
    while (!world->ends) {
        if (world->waiting != NULL && world->may_complete) {
            struct http_exchange *exchange = world->waiting;

            world->waiting = NULL;
            buf_add_text(&exchange->response.body, "later: ");
            buf_add_view(&exchange->response.body, exchange->request.body);
            http_exchange_complete(exchange);
        } else {
            pthread_cond_wait(&world->changed, &world->mutex);
        }
    }
    pthread_mutex_unlock(&world->mutex);
    return NULL;
}

struct rig {
    struct world world;
    struct http_table table;
    struct httpd_options options;
    struct httpc *client;
    struct buf answer;
    struct httpc_result result;
    char url[64];
};

static void rig_start(struct rig *rig) {
    struct httpc_options options;

    assert_int_equal(httpd_start(&rig->options, &rig->table, &rig->world.server, &err), RC_OK);
    assert_int_equal(pthread_create(&rig->world.completer, NULL, complete, &rig->world), 0);
    rig->world.has_completer = true;
    httpc_options_default(&options);
    options.trust = HTTPC_PLAIN;
    assert_int_equal(httpc_open(&options, &rig->client, &err), RC_OK);
}

static int set_up(void **state) {
    struct rig *rig = calloc(1, sizeof(*rig));

    assert_non_null(rig);
    world_init(&rig->world);
    rig->world.may_complete = true;
    rig->table = make_table(&rig->world);
    httpd_options_default(&rig->options);
    buf_init(&rig->answer, 1000000);
    *state = rig;
    return 0;
}

static void end_completer(struct rig *rig) {
    pthread_mutex_lock(&rig->world.mutex);
    rig->world.ends = true;
    pthread_cond_broadcast(&rig->world.changed);
    pthread_mutex_unlock(&rig->world.mutex);
    if (rig->world.has_completer)
        assert_int_equal(pthread_join(rig->world.completer, NULL), 0);
}

static int tear_down(void **state) {
    struct rig *rig = *state;

    httpc_close(rig->client);
    httpd_stop(rig->world.server);
    end_completer(rig);
    buf_release(&rig->answer);
    world_release(&rig->world);
    free(rig);
    return 0;
}

static const char *url(struct rig *rig, const char *path) {
    (void)snprintf(rig->url, sizeof(rig->url), "http://127.0.0.1:%u%s",
                   (unsigned)httpd_port(rig->world.server), path);
    return rig->url;
}

static int post(struct rig *rig, const char *path, const char *body) {
    enum rc rc = RC_OK;

    buf_clear(&rig->answer);
    rc = httpc_post(rig->client, url(rig, path), view_text(body), NULL, &rig->answer, &rig->result,
                    &err);
    if (rc != RC_OK)
        fail_msg("%s (%s)", err.text, err.detail);
    return rig->result.status;
}

static int get(struct rig *rig, const char *path) {
    buf_clear(&rig->answer);
    assert_int_equal(httpc_get(rig->client, url(rig, path), &rig->answer, &rig->result, &err),
                     RC_OK);
    return rig->result.status;
}

/* A bare TCP connection to the server, for what no client library would send. */
static int dial(const struct rig *rig) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(httpd_port(rig->world.server))};
    struct timeval patience = {.tv_sec = 20}; /* only reached when the server fails the test */
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(descriptor >= 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)),
                     0);
    assert_int_equal(connect(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    return descriptor;
}

static void send_text(int descriptor, const char *text) {
    assert_int_equal(send(descriptor, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads until the server closes (resets: it did not wait for more), within answer, or fails. */
static void read_to_end(int descriptor, char *answer, size_t size) {
    size_t at = 0;

    for (;;) {
        ssize_t got = recv(descriptor, answer + at, size - 1 - at, 0);

        if (got == 0 || (got < 0 && errno == ECONNRESET))
            break;
        assert_true(got > 0 && at < size - 1);
        at += (size_t)got;
    }
    answer[at] = '\0';
}

/* Sends bytes on a connection of its own and returns what came until the server closed. */
static void talk(const struct rig *rig, const char *text, char *answer, size_t size) {
    int descriptor = dial(rig);

    send_text(descriptor, text);
    read_to_end(descriptor, answer, size);
    assert_int_equal(close(descriptor), 0);
}

/* Takes twice as long as a client may be silent: until the server has cut one, and another. */
static enum rc handle_long(void *context, struct http_exchange *exchange, struct err *e) {
    char answer[100];

    for (int i = 0; i < 2; i++)
        talk(context, "", answer, sizeof(answer));
    return handle_busy(context, exchange, e);
}

static void test_round_trip(void **state) {
    struct rig *rig = *state;

    rig_start(rig);
    assert_int_equal(post(rig, "/echo", "hello"), 200);
    assert_string_equal(buf_text(&rig->answer), "hello");
    assert_int_equal(post(rig, "/echo", ""), 200);
    assert_int_equal(rig->answer.size, 0);
    assert_int_equal(get(rig, "/name/%E6%9D%8E?q=a%26b"), 200);
    assert_string_equal(buf_text(&rig->answer), "\xe6\x9d\x8e|a&b|GET|en");
    assert_int_equal(get(rig, "/nothing"), 404);
    assert_non_null(strstr(buf_text(&rig->answer), "\"not_found\""));
    assert_int_equal(get(rig, "/a/../b"), 404); /* curl has tidied it up */
    assert_int_equal(get(rig, "/assets/a/b.css"), 200);
    assert_string_equal(buf_text(&rig->answer), "body{}");
    assert_int_equal(get(rig, "/big"), 200);
    assert_int_equal(rig->answer.size, 200000);
    assert_int_equal(get(rig, "/echo"), 405);
}

static void test_one_connection_for_many(void **state) {
    struct rig *rig = *state;

    rig_start(rig);
    for (int i = 0; i < 100; i++) {
        char body[16];

        (void)snprintf(body, sizeof(body), "%d", i);
        assert_int_equal(post(rig, i % 2 == 0 ? "/echo" : "/closed", body), i % 2 == 0 ? 200 : 403);
        assert_int_equal(rig->result.reused, i > 0);
        if (i % 2 == 0)
            assert_string_equal(buf_text(&rig->answer), body);
    }
}

/* Byte counts are those of the wire, and the heads leave room for an empty sync in 500 bytes. */
static void test_small_heads(void **state) {
    static const char request[] = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    struct rig *rig = *state;
    char answer[1000];
    int descriptor = -1;
    ssize_t got = 0;

    rig->table.finish = NULL;
    rig_start(rig);
    assert_int_equal(post(rig, "/echo", "abc"), 200);
    descriptor = dial(rig);
    send_text(descriptor, request);
    got = recv(descriptor, answer, sizeof(answer) - 1, 0);
    assert_true(got > 0);
    answer[got] = '\0';
    assert_string_equal(answer, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    assert_int_equal(close(descriptor), 0);
    assert_int_equal(rig->result.bytes_down, (size_t)got);
    /* Host is longer in the real one: "127.0.0.1:" and the port. */
    (void)snprintf(answer, sizeof(answer), "127.0.0.1:%u", (unsigned)httpd_port(rig->world.server));
    assert_int_equal(rig->result.bytes_up, sizeof(request) - 1 + strlen(answer) - 1);
    assert_true(rig->result.bytes_up + rig->result.bytes_down < 160);
}

static void test_body_caps(void **state) {
    struct rig *rig = *state;
    char *body = malloc(BODY_CAP * 2 + 1);
    char head[200];
    char answer[2000];

    assert_non_null(body);
    rig_start(rig);
    memset(body, 'x', BODY_CAP * 2);
    body[BODY_CAP] = '\0';
    assert_int_equal(post(rig, "/echo", body), 200);
    assert_int_equal(rig->answer.size, BODY_CAP);
    body[BODY_CAP] = 'x';
    body[BODY_CAP * 2] = '\0';
    assert_int_equal(post(rig, "/echo", body), 413);
    assert_non_null(strstr(buf_text(&rig->answer), "larger than 100000 bytes"));
    assert_int_equal(post(rig, "/nothing", body), 404);
    assert_int_equal(post(rig, "/closed", body), 403);
    assert_int_equal(post(rig, "/echo", "after all that"), 200);
    assert_true(rig->result.reused); /* refusing did not cost the connection */
    free(body);

    /* Who asks first is told first, and is not waited for. */
    (void)snprintf(head, sizeof(head),
                   "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %u\r\n"
                   "Expect: 100-continue\r\n\r\n",
                   BODY_CAP + 1);
    talk(rig, head, answer, sizeof(answer));
    assert_non_null(strstr(answer, "HTTP/1.1 413 "));
    assert_null(strstr(answer, "100 Continue"));
    /* Nor is a body without end. */
    talk(rig, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\nx", answer,
         sizeof(answer));
    assert_non_null(strstr(answer, "HTTP/1.1 413 "));
}

static void test_chunks(void **state) {
    struct rig *rig = *state;
    char answer[2000];
    int descriptor = -1;

    rig_start(rig);
    talk(rig,
         "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
         "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
         answer, sizeof(answer));
    assert_non_null(strstr(answer, "\r\n\r\nabcde"));
    /* Without a declared length the cap is met on the way. */
    descriptor = dial(rig);
    send_text(descriptor, "POST /fail HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                          "Connection: close\r\n\r\n");
    for (int i = 0; i < 101; i++)
        send_text(descriptor, "a\r\n0123456789\r\n");
    send_text(descriptor, "0\r\n\r\n");
    read_to_end(descriptor, answer, sizeof(answer));
    assert_int_equal(close(descriptor), 0);
    assert_non_null(strstr(answer, "HTTP/1.1 413 "));
}

static void test_smuggling(void **state) {
    static const char *const requests[] = {
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
        "0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", /* no Host */
        "GET /name/%00 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET name HTTP/1.1\r\nHost: a\r\n\r\n",
    };
    struct rig *rig = *state;
    char answer[4000];

    rig_start(rig);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        talk(rig, requests[i], answer, sizeof(answer));
        /* Nothing behind it is taken for a request: the connection is out of step. */
        if (strncmp(answer, "HTTP/1.1 400 ", 13) != 0 || strstr(answer, "HTTP/1.1 2") != NULL)
            fail_msg("request %zu: %s", i, answer);
    }
    assert_int_equal(post(rig, "/echo", "fine"), 200);
}

static void test_too_many_headers(void **state) {
    struct rig *rig = *state;
    char text[4000] = "GET / HTTP/1.1\r\nHost: a\r\n";
    char answer[4000];
    size_t size = strlen(text);

    rig_start(rig);
    for (int i = 0; i < HTTP_REQUEST_HEADERS_MAX; i++)
        size += (size_t)snprintf(text + size, sizeof(text) - size, "X-%d: y\r\n", i);
    (void)snprintf(text + size, sizeof(text) - size, "\r\n");
    talk(rig, text, answer, sizeof(answer));
    assert_non_null(strstr(answer, "HTTP/1.1 431 "));
}

static void test_deferred(void **state) {
    struct rig *rig = *state;

    rig_start(rig);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(post(rig, "/defer", "body"), 200);
        assert_string_equal(buf_text(&rig->answer), "later: body");
        assert_int_equal(rig->result.reused, i > 0);
    }
}

static void *post_deferred(void *context) {
    struct rig *rig = context;

    return post(rig, "/defer", "x") == 200 ? rig : NULL;
}

/* A deferred exchange holds no thread: with one thread, others are served meanwhile. */
static void test_deferred_holds_no_thread(void **state) {
    struct rig *rig = *state;
    pthread_t thread;
    void *good = NULL;
    char answer[1000];

    rig->options.threads = 1;
    rig->world.may_complete = false;
    rig_start(rig);
    assert_int_equal(pthread_create(&thread, NULL, post_deferred, rig), 0);
    pthread_mutex_lock(&rig->world.mutex);
    while (rig->world.waiting == NULL)
        pthread_cond_wait(&rig->world.changed, &rig->world.mutex);
    pthread_mutex_unlock(&rig->world.mutex);

    talk(rig, "GET /name/7 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", answer,
         sizeof(answer));
    assert_non_null(strstr(answer, "7|-|GET"));
    pthread_mutex_lock(&rig->world.mutex);
    rig->world.may_complete = true;
    pthread_cond_broadcast(&rig->world.changed);
    pthread_mutex_unlock(&rig->world.mutex);
    assert_int_equal(pthread_join(thread, &good), 0);
    assert_ptr_equal(good, rig);
}

static void *stop(void *context) {
    struct rig *rig = context;

    httpd_stop(rig->world.server);
    return NULL;
}

/* Stopping waits for what runs and answers it. */
static void test_graceful_stop(void **state) {
    struct rig *rig = *state;
    pthread_t poster;
    pthread_t stopper;
    void *good = NULL;

    rig->world.may_complete = false;
    rig_start(rig);
    assert_int_equal(pthread_create(&poster, NULL, post_deferred, rig), 0);
    pthread_mutex_lock(&rig->world.mutex);
    while (rig->world.waiting == NULL)
        pthread_cond_wait(&rig->world.changed, &rig->world.mutex);
    pthread_mutex_unlock(&rig->world.mutex);
    assert_int_equal(pthread_create(&stopper, NULL, stop, rig), 0);
    pthread_mutex_lock(&rig->world.mutex);
    rig->world.may_complete = true;
    pthread_cond_broadcast(&rig->world.changed);
    pthread_mutex_unlock(&rig->world.mutex);
    assert_int_equal(pthread_join(poster, &good), 0);
    assert_int_equal(pthread_join(stopper, NULL), 0);
    assert_ptr_equal(good, rig);
    rig->world.server = NULL;
}

/* Stopping does not wait for those who are still sending. */
static void test_stop_cuts_senders(void **state) {
    struct rig *rig = *state;
    char answer[100];
    int descriptor = -1;

    rig_start(rig);
    descriptor = dial(rig);
    send_text(descriptor, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    assert_int_equal(post(rig, "/echo", "x"), 200); /* by now the first one is known or queued */
    httpd_stop(rig->world.server);
    rig->world.server = NULL;
    read_to_end(descriptor, answer, sizeof(answer));
    assert_int_equal(close(descriptor), 0);
}

static void test_slow_clients(void **state) {
    static const char *const starts[] = {
        "",
        "POST /echo HT",
        "POST /echo HTTP/1.1\r\nHost: a\r\nX: ",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
        /* A second request that does not end. */
        "GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HT",
    };
    struct rig *rig = *state;
    char answer[1000];

    rig->options.idle_timeout_ms = 60000; /* so that it is not silence that ends them */
    rig->options.total_timeout_ms = 500;
    rig_start(rig);
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]) - 1; i++) {
        talk(rig, starts[i], answer, sizeof(answer)); /* fails unless the server closes */
        assert_string_equal(answer, "");
    }
    httpd_stop(rig->world.server);
    rig->world.server = NULL;
    rig->options.idle_timeout_ms = 1;
    assert_int_equal(httpd_start(&rig->options, &rig->table, &rig->world.server, &err), RC_OK);
    talk(rig, starts[4], answer, sizeof(answer));
    assert_non_null(strstr(answer, "HTTP/1.1 200 OK"));
    assert_null(strstr(answer + 1, "HTTP/1.1 4"));
}

static void test_long_work(void **state) {
    struct rig *rig = *state;

    rig->options.total_timeout_ms = 1000; /* a busy machine may need a part of it to ask at all */
    rig_start(rig);
    assert_int_equal(get(rig, "/long"), 429);
    httpd_stop(rig->world.server);
    rig->options.total_timeout_ms = 60000;
    rig->options.idle_timeout_ms = 1000;
    assert_int_equal(httpd_start(&rig->options, &rig->table, &rig->world.server, &err), RC_OK);
    assert_int_equal(get(rig, "/long"), 429);
}

static void test_client_errors(void **state) {
    struct rig *rig = *state;
    struct httpc_options options;
    struct httpc_request request = {.method = "GET"};
    struct httpc *client = NULL;
    struct buf small;

    rig_start(rig);
    assert_int_equal(get(rig, "/busy"), 429);
    assert_int_equal(rig->result.retry_after_s, 7);
    assert_int_equal(get(rig, "/"), 200);
    assert_int_equal(rig->result.retry_after_s, -1);

    buf_init(&small, 1000);
    buf_add_text(&small, "before");
    assert_int_equal(httpc_get(rig->client, url(rig, "/big"), &small, &rig->result, &err),
                     RC_LIMIT);
    assert_string_equal(buf_text(&small), "before");
    buf_release(&small);

    assert_int_equal(httpc_get(rig->client, "https://127.0.0.1/", &rig->answer, &rig->result, &err),
                     RC_INVALID);
    assert_int_equal(httpc_get(rig->client, "file:///etc/passwd", &rig->answer, &rig->result, &err),
                     RC_INVALID);
    request.url = url(rig, "/");
    request.header_count = 1;
    request.headers[0] = "A: b\r\nC: d";
    assert_int_equal(httpc_send(rig->client, &request, &rig->answer, &rig->result, &err),
                     RC_INVALID);

    httpc_options_default(&options);
    assert_int_equal(httpc_open(&options, &client, &err), RC_INVALID); /* pins are missing */
    assert_null(client);
    options.trust = HTTPC_PLAIN;
    options.pins = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_int_equal(httpc_open(&options, &client, &err), RC_INVALID);

    (void)url(rig, "/");
    httpd_stop(rig->world.server);
    rig->world.server = NULL;
    assert_int_equal(httpc_get(rig->client, rig->url, &rig->answer, &rig->result, &err),
                     RC_NETWORK);
    assert_int_equal(rig->result.status, 0);
    assert_true(err.detail[0] != '\0');
}

static void test_methods_and_headers(void **state) {
    struct rig *rig = *state;
    const char *key = "X-Key: 1";
    struct httpc_request request = {
        .method = "PUT", .body = view_text("put"), .content_type = "a/b"};

    rig_start(rig);
    request.url = url(rig, "/echo");
    assert_int_equal(httpc_send(rig->client, &request, &rig->answer, &rig->result, &err), RC_OK);
    assert_string_equal(buf_text(&rig->answer), "put");
    buf_clear(&rig->answer);
    request = (struct httpc_request){.method = "HEAD", .url = url(rig, "/name/7")};
    assert_int_equal(httpc_send(rig->client, &request, &rig->answer, &rig->result, &err), RC_OK);
    assert_int_equal(rig->result.status, 200);
    assert_int_equal(rig->answer.size, 0);
    request = (struct httpc_request){.method = "DELETE", .url = url(rig, "/echo")};
    assert_int_equal(httpc_send(rig->client, &request, &rig->answer, &rig->result, &err), RC_OK);
    assert_int_equal(rig->result.status, 405);
    request = (struct httpc_request){.method = "POST",
                                     .url = url(rig, "/closed"),
                                     .body = view_text("in"),
                                     .header_count = 1,
                                     .headers = {key}};
    buf_clear(&rig->answer);
    assert_int_equal(httpc_send(rig->client, &request, &rig->answer, &rig->result, &err), RC_OK);
    assert_string_equal(buf_text(&rig->answer), "in");
}

static void test_timeouts_of_the_client(void **state) {
    struct rig *rig = *state;
    struct httpc_options options;
    struct httpc *client = NULL;

    rig->world.may_complete = false;
    rig_start(rig);
    httpc_options_default(&options);
    options.trust = HTTPC_PLAIN;
    options.total_timeout_ms = 1000; /* a busy machine may need a part of it to connect */
    assert_int_equal(httpc_open(&options, &client, &err), RC_OK);
    assert_int_equal(httpc_post(client, url(rig, "/defer"), view_text("x"), NULL, &rig->answer,
                                &rig->result, &err),
                     RC_NETWORK);
    assert_non_null(strstr(err.text, "too slow"));
    assert_true(rig->result.bytes_up > 0);
    httpc_close(client);
    /* The server completes it to nobody, and goes on. */
    pthread_mutex_lock(&rig->world.mutex);
    rig->world.may_complete = true;
    pthread_cond_broadcast(&rig->world.changed);
    pthread_mutex_unlock(&rig->world.mutex);
    assert_int_equal(post(rig, "/echo", "x"), 200);
}

static void test_bad_options(void **state) {
    struct rig *rig = *state;
    struct httpd *second = NULL;

    rig_start(rig);
    rig->options.port = httpd_port(rig->world.server);
    assert_int_equal(httpd_start(&rig->options, &rig->table, &second, &err), RC_NETWORK);
    assert_non_null(strstr(err.text, "in use"));
    rig->options.port = 0;
    rig->options.host = "localhost";
    assert_int_equal(httpd_start(&rig->options, &rig->table, &second, &err), RC_INVALID);
    rig->options.host = "192.0.2.1"; /* of nobody */
    assert_int_equal(httpd_start(&rig->options, &rig->table, &second, &err), RC_NETWORK);
    rig->options.host = "127.0.0.1";
    rig->options.threads = 0;
    assert_int_equal(httpd_start(&rig->options, &rig->table, &second, &err), RC_INVALID);
    rig->options.threads = 1;
    rig->options.key_pem = "x";
    assert_int_equal(httpd_start(&rig->options, &rig->table, &second, &err), RC_INVALID);
    rig->options.certificate_pem = "x";
    assert_int_equal(httpd_start(&rig->options, &rig->table, &second, &err), RC_INVALID);
    assert_null(second);
}

#define TEST(function)    cmocka_unit_test(function)
#define NETWORK(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_patterns),
        TEST(test_bad_targets),
        TEST(test_errors_are_json),
        TEST(test_guard_with_a_status_of_its_own),
        TEST(test_body_cap),
        TEST(test_response_cap),
        TEST(test_request_headers),
        TEST(test_response_headers),
        TEST(test_defer_without_sockets),
        NETWORK(test_round_trip),
        NETWORK(test_one_connection_for_many),
        NETWORK(test_small_heads),
        NETWORK(test_body_caps),
        NETWORK(test_chunks),
        NETWORK(test_smuggling),
        NETWORK(test_too_many_headers),
        NETWORK(test_deferred),
        NETWORK(test_deferred_holds_no_thread),
        NETWORK(test_graceful_stop),
        NETWORK(test_stop_cuts_senders),
        NETWORK(test_slow_clients),
        NETWORK(test_long_work),
        NETWORK(test_client_errors),
        NETWORK(test_methods_and_headers),
        NETWORK(test_timeouts_of_the_client),
        NETWORK(test_bad_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
