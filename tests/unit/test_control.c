/* Tests of base/control: a command and a service over a real socket. */
#include "base/control.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

struct rig {
    char folder[64];
    char path[96];
    struct control_server *server;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned inside; /* handlers that wait now */
    unsigned seen;   /* the most at a time */
    bool open;       /* they may go */
    bool write_failed;
};

static struct err err;

static int set_up(void **state) {
    struct rig *rig = calloc(1, sizeof(*rig));

    assert_non_null(rig);
    (void)snprintf(rig->folder, sizeof(rig->folder), "/tmp/yg_test_control_XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    (void)snprintf(rig->path, sizeof(rig->path), "%s/control", rig->folder);
    assert_int_equal(pthread_mutex_init(&rig->mutex, NULL), 0);
    assert_int_equal(pthread_cond_init(&rig->changed, NULL), 0);
    err_init(&err, LANG_EN);
    *state = rig;
    return 0;
}

static int tear_down(void **state) {
    struct rig *rig = *state;

    control_stop(rig->server);
    assert_int_equal(rmdir(rig->folder), 0); /* the socket is gone */
    assert_int_equal(pthread_cond_destroy(&rig->changed), 0);
    assert_int_equal(pthread_mutex_destroy(&rig->mutex), 0);
    free(rig);
    return 0;
}

static void say(struct control_reply *reply, enum control_stream stream, const char *text) {
    struct err e;

    err_init(&e, LANG_EN);
    (void)control_reply_write(reply, stream, view_text(text), &e);
}

/* The service of these tests. */
static int handle(void *context, const struct control_request *request,
                  struct control_reply *reply) {
    struct rig *rig = context;
    const char *verb = request->argument_count == 0 ? "" : request->arguments[0];
    struct err e;

    err_init(&e, request->lang);
    if (strcmp(verb, "words") == 0) {
        for (size_t i = 0; i < request->argument_count; i++) {
            say(reply, CONTROL_STDOUT, request->arguments[i]);
            say(reply, CONTROL_STDOUT, "\n");
        }
        say(reply, CONTROL_STDERR, request->directory);
        say(reply, CONTROL_STDERR, request->lang == LANG_ZH ? "|zh" : "|en");
        say(reply, CONTROL_STDERR, request->is_terminal ? "|tty|" : "|-|");
        say(reply, CONTROL_STDERR, request->secret == NULL ? "none" : request->secret);
        return 7;
    }
    if (strcmp(verb, "cat") == 0)
        return (int)control_reply_write(reply, CONTROL_STDOUT, request->input, &e);
    if (strcmp(verb, "wait") == 0) {
        pthread_mutex_lock(&rig->mutex);
        rig->inside++;
        rig->seen = rig->inside > rig->seen ? rig->inside : rig->seen;
        pthread_cond_broadcast(&rig->changed);
        while (!rig->open)
            pthread_cond_wait(&rig->changed, &rig->mutex);
        rig->inside--;
        pthread_mutex_unlock(&rig->mutex);
        say(reply, CONTROL_STDOUT, "waited");
        return 0;
    }
    if (strcmp(verb, "flood") == 0) {
        static const uint8_t zeros[100000];
        enum rc rc = RC_OK;

        while (rc == RC_OK)
            rc = control_reply_write(reply, CONTROL_STDOUT, view_of(zeros, sizeof(zeros)), &e);
        pthread_mutex_lock(&rig->mutex);
        rig->write_failed = rc == RC_NETWORK;
        pthread_cond_broadcast(&rig->changed);
        pthread_mutex_unlock(&rig->mutex);
        return 0;
    }
    return 1;
}

struct heard {
    struct buf streams[2];
    bool refuse;
};

static void heard_init(struct heard *heard) {
    memset(heard, 0, sizeof(*heard));
    buf_init(&heard->streams[0], CONTROL_REQUEST_BYTES_MAX);
    buf_init(&heard->streams[1], CONTROL_REQUEST_BYTES_MAX);
}

static void heard_release(struct heard *heard) {
    buf_release(&heard->streams[0]);
    buf_release(&heard->streams[1]);
}

static enum rc hear(void *context, enum control_stream stream, struct view bytes, struct err *e) {
    struct heard *heard = context;

    if (heard->refuse)
        return err_set(e, RC_IO, "output: cannot be written");
    buf_add_view(&heard->streams[stream - 1], bytes);
    return RC_OK;
}

static void listen_on(struct rig *rig) {
    if (control_listen(rig->path, handle, rig, &rig->server, &err) != RC_OK)
        fail_msg("%s (%s)", err.text, err.detail);
}

static enum rc call(const char *path, const char *verb, struct heard *heard, int *status) {
    struct control_request request = {.argument_count = 1, .arguments = {verb}, .directory = "/"};
    struct err e;

    err_init(&e, LANG_EN);
    return control_call(path, &request, hear, heard, status, &e);
}

static void test_round_trip(void **state) {
    struct rig *rig = *state;
    struct control_request request = {.argument_count = 4,
                                      .arguments = {"words", "", "two words", "\xf0\xa0\xae\xb7"},
                                      .directory = "/some/where",
                                      .lang = LANG_ZH,
                                      .is_terminal = true,
                                      .secret = "open sesame"};
    struct heard heard;
    struct stat found;
    int status = -1;

    listen_on(rig);
    assert_int_equal(stat(rig->path, &found), 0);
    assert_int_equal(found.st_mode & 07777, 0600);
    heard_init(&heard);
    assert_int_equal(control_call(rig->path, &request, hear, &heard, &status, &err), RC_OK);
    assert_int_equal(status, 7);
    assert_string_equal(buf_text(&heard.streams[0]), "words\n\ntwo words\n\xf0\xa0\xae\xb7\n");
    assert_string_equal(buf_text(&heard.streams[1]), "/some/where|zh|tty|open sesame");
    heard_release(&heard);

    /* No secret and an empty one are not the same. */
    heard_init(&heard);
    request.secret = NULL;
    request.is_terminal = false;
    request.lang = LANG_EN;
    request.argument_count = 1;
    assert_int_equal(control_call(rig->path, &request, hear, &heard, &status, &err), RC_OK);
    assert_string_equal(buf_text(&heard.streams[1]), "/some/where|en|-|none");
    buf_clear(&heard.streams[1]);
    request.secret = "";
    assert_int_equal(control_call(rig->path, &request, hear, &heard, &status, &err), RC_OK);
    assert_string_equal(buf_text(&heard.streams[1]), "/some/where|en|-|");
    request.argument_count = 0;
    assert_int_equal(control_call(rig->path, &request, hear, &heard, &status, &err), RC_OK);
    assert_int_equal(status, 1);
    heard_release(&heard);
}

static void test_large_input(void **state) {
    struct rig *rig = *state;
    struct control_request request = {.argument_count = 1, .arguments = {"cat"}, .directory = "/"};
    struct heard heard;
    size_t size = 3u * 1024 * 1024 + 17;
    uint8_t *bytes = malloc(size);
    int status = -1;

    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 7 + (i >> 9));
    request.input = view_of(bytes, size);
    listen_on(rig);
    heard_init(&heard);
    assert_int_equal(control_call(rig->path, &request, hear, &heard, &status, &err), RC_OK);
    assert_int_equal(status, 0);
    assert_true(view_equal(buf_view(&heard.streams[0]), request.input));
    assert_int_equal(heard.streams[1].size, 0);

    request.input.size = CONTROL_REQUEST_BYTES_MAX; /* is refused before it is looked at */
    assert_int_equal(control_call(rig->path, &request, hear, &heard, &status, &err), RC_LIMIT);
    request.input.size = 0;
    request.argument_count = CONTROL_ARGUMENTS_MAX + 1;
    assert_int_equal(control_call(rig->path, &request, hear, &heard, &status, &err), RC_LIMIT);
    heard_release(&heard);
    free(bytes);
}

static void test_nobody_listens(void **state) {
    struct rig *rig = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct heard heard;
    int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int status = -1;

    heard_init(&heard);
    assert_int_equal(call(rig->path, "words", &heard, &status), RC_NOT_FOUND);
    assert_int_equal(call("/no/such/folder/control", "words", &heard, &status), RC_NOT_FOUND);
    /* What a killed service leaves behind. */
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", rig->path);
    assert_int_equal(bind(dead, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(close(dead), 0);
    assert_int_equal(call(rig->path, "words", &heard, &status), RC_NOT_FOUND);
    listen_on(rig); /* takes its place */
    assert_int_equal(call(rig->path, "words", &heard, &status), RC_OK);
    assert_int_equal(status, 7);
    heard_release(&heard);
}

static void test_second_service(void **state) {
    struct rig *rig = *state;
    struct control_server *second = NULL;
    struct heard heard;
    int status = -1;

    listen_on(rig);
    assert_int_equal(control_listen(rig->path, handle, rig, &second, &err), RC_LOCKED);
    assert_null(second);
    heard_init(&heard);
    assert_int_equal(call(rig->path, "words", &heard, &status), RC_OK); /* undisturbed */
    heard_release(&heard);
    control_stop(rig->server);
    rig->server = NULL;
    assert_int_equal(access(rig->path, F_OK), -1);
    listen_on(rig);
}

static void test_a_file_in_the_way(void **state) {
    struct rig *rig = *state;
    FILE *file = fopen(rig->path, "w");

    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(control_listen(rig->path, handle, rig, &rig->server, &err), RC_CONFLICT);
    assert_null(rig->server);
    assert_int_equal(unlink(rig->path), 0); /* still there */
    assert_int_equal(control_listen("/no/such/folder/control", handle, rig, &rig->server, &err),
                     RC_IO);
    assert_null(rig->server);
}

static void test_long_path(void **state) {
    struct rig *rig = *state;
    char folder[400];
    char path[420];
    char name[151];
    struct heard heard;
    struct stat found;
    int status = -1;

    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    (void)snprintf(folder, sizeof(folder), "%s/%s", rig->folder, name);
    (void)snprintf(path, sizeof(path), "%s/control", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    heard_init(&heard);
    assert_int_equal(call(path, "words", &heard, &status), RC_NOT_FOUND);
    if (control_listen(path, handle, rig, &rig->server, &err) != RC_OK)
        fail_msg("%s (%s)", err.text, err.detail);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 07777, 0600);
    assert_int_equal(call(path, "words", &heard, &status), RC_OK);
    assert_int_equal(status, 7);
    heard_release(&heard);
    control_stop(rig->server);
    rig->server = NULL;
    assert_int_equal(rmdir(folder), 0);
}

struct caller {
    pthread_t thread;
    struct rig *rig;
    bool good;
};

static void *call_wait(void *context) {
    struct caller *caller = context;
    struct heard heard;
    int status = -1;

    heard_init(&heard);
    caller->good = call(caller->rig->path, "wait", &heard, &status) == RC_OK && status == 0 &&
                   strcmp(buf_text(&heard.streams[0]), "waited") == 0;
    heard_release(&heard);
    return NULL;
}

static void await_inside(struct rig *rig, unsigned count) {
    pthread_mutex_lock(&rig->mutex);
    while (rig->inside < count)
        pthread_cond_wait(&rig->changed, &rig->mutex);
    pthread_mutex_unlock(&rig->mutex);
}

static void let_go(struct rig *rig) {
    pthread_mutex_lock(&rig->mutex);
    rig->open = true;
    pthread_cond_broadcast(&rig->changed);
    pthread_mutex_unlock(&rig->mutex);
}

static void test_several_at_a_time(void **state) {
    struct rig *rig = *state;
    struct caller callers[3 * CONTROL_THREADS];
    size_t count = sizeof(callers) / sizeof(callers[0]);

    listen_on(rig);
    for (size_t i = 0; i < count; i++) {
        callers[i] = (struct caller){.rig = rig};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call_wait, &callers[i]), 0);
    }
    await_inside(rig, CONTROL_THREADS);
    let_go(rig);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
        assert_true(callers[i].good);
    }
    assert_int_equal(rig->seen, CONTROL_THREADS);
}

static void *stop(void *context) {
    struct rig *rig = context;

    control_stop(rig->server);
    return NULL;
}

static void test_stop_waits(void **state) {
    struct rig *rig = *state;
    struct caller caller = {.rig = rig};
    pthread_t stopper;

    listen_on(rig);
    assert_int_equal(pthread_create(&caller.thread, NULL, call_wait, &caller), 0);
    await_inside(rig, 1);
    assert_int_equal(pthread_create(&stopper, NULL, stop, rig), 0);
    let_go(rig);
    assert_int_equal(pthread_join(caller.thread, NULL), 0);
    assert_int_equal(pthread_join(stopper, NULL), 0);
    assert_true(caller.good);
    rig->server = NULL;
}

static void test_the_command_goes_away(void **state) {
    struct rig *rig = *state;
    struct heard heard;
    int status = -1;

    listen_on(rig);
    heard_init(&heard);
    heard.refuse = true;
    assert_int_equal(call(rig->path, "flood", &heard, &status), RC_IO);
    assert_int_equal(status, -1);
    pthread_mutex_lock(&rig->mutex);
    while (!rig->write_failed)
        pthread_cond_wait(&rig->changed, &rig->mutex);
    pthread_mutex_unlock(&rig->mutex);
    heard.refuse = false;
    assert_int_equal(call(rig->path, "words", &heard, &status), RC_OK); /* nobody else suffers */
    heard_release(&heard);
}

/* Nonsense is answered by closing, and by nothing else. */
static void test_nonsense(void **state) {
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", 18},
        {"YGC1\xff\xff\xff\xff", 8},      /* too long */
        {"YGC1\0\0\0\0", 8},              /* nothing in it */
        {"YGC1\0\0\0\4\0\0\0\1", 12},     /* no argument there */
        {"YGC1\0\0\0\4\0\0\xff\xff", 12}, /* too many arguments */
        {"YGC1\0\0\0\4\x80\0\0\0", 12},   /* unknown flag */
        {"YGC1\0\0\0\4\0\7\0\0", 12},     /* unknown language */
        {"YGC1\0\0\0\x14\0\0\0\1\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0", 28},
        {"YGC1\0\0\0\x11\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0X", 25},  /* something behind */
        {"YGC1\0\0\0\x11\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0", 25}, /* NUL in a text */
    };
    struct rig *rig = *state;
    struct heard heard;
    int status = -1;

    listen_on(rig);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char byte = 0;

        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", rig->path);
        assert_int_equal(connect(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(send(descriptor, cases[i].bytes, cases[i].size, MSG_NOSIGNAL),
                         cases[i].size);
        if (recv(descriptor, &byte, 1, 0) > 0)
            fail_msg("case %zu was answered", i);
        assert_int_equal(close(descriptor), 0);
    }
    heard_init(&heard);
    assert_int_equal(call(rig->path, "words", &heard, &status), RC_OK);
    heard_release(&heard);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),
        TEST(test_large_input),
        TEST(test_nobody_listens),
        TEST(test_second_service),
        TEST(test_a_file_in_the_way),
        TEST(test_long_path),
        TEST(test_several_at_a_time),
        TEST(test_stop_waits),
        TEST(test_the_command_goes_away),
        TEST(test_nonsense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
