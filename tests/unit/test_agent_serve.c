/* Tests of `yg-agent serve`: one process owns the data, commands reach it through its socket. */
#include "tests/support/face_rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void test_commands_through_the_socket(void **state) {
    struct face_rig *rig = *state;
    struct json *json;
    bool flag = false;
    char *id;

    rig_serve(rig);
    rig_good(rig, "status", "--json");
    json = rig_json(rig);
    assert_true(json_bool(json_get(json, "serving"), &flag) && flag);
    assert_true(json_bool(json_get(json, "locked"), &flag) && flag);
    json_free(json);
    /* answers from the caller's file, read for him by the service */
    rig_good(rig, "new", "house", "--area", RIG_AREA, "--file",
             rig_file(rig, "a.json", view_text("{\"head\":{\"name\":\"张三\"}}")));
    id = rig_line(rig);
    rig_good(rig, "set", id, "income=3");
    json = rig_show(rig, id);
    assert_string_equal(rig_value(json, "income"), "3");
    json_free(json);
    rig_bad(rig, 1, "no such record", "show", "0123456789abcdef-1");
    rig_bad(rig, 2, "usage", "show");
    rig_good(rig, "import", "house",
             rig_file(rig, "b.csv", view_text("head/name,income\n李四,1\n王五,2\n")), "--area",
             RIG_AREA);
    assert_string_equal(rig_out(rig), "2\n");
    rig_stop(rig);
    /* the same data without it */
    json = rig_show(rig, id);
    assert_string_equal(rig_value(json, "head/name"), "张三");
    json_free(json);
    free(id);
}

static void test_unlock_holds_until_lock(void **state) {
    struct face_rig *rig = *state;

    rig_serve(rig);
    /* acting as somebody takes his secret, here too */
    rig->secret = NULL;
    rig_bad(rig, 1, "YG_PASSPHRASE", "list");
    rig->secret = "wrong";
    rig_bad(rig, 1, "secret", "unlock");
    rig_bad(rig, 1, "secret", "list");
    rig->secret = RIG_SECRET;
    rig_good(rig, "list"); /* does not leave it open */
    rig->secret = NULL;
    rig_bad(rig, 1, "YG_PASSPHRASE", "list");
    rig->secret = RIG_SECRET;
    assert_int_equal(rig_run(rig, "unlock", NULL), 0);
    rig->secret = NULL;
    rig_good(rig, "list");
    rig_good(rig, "list", "--person", "wang");
    rig_bad(rig, 1, "", "list", "--person", "li");
    /* unlocking again asks for the secret again */
    rig_bad(rig, 1, "YG_PASSPHRASE", "unlock");
    rig_good(rig, "lock");
    rig_bad(rig, 1, "YG_PASSPHRASE", "list");
    rig_good(rig, "lock");
    rig_stop(rig);
}

static void test_one_owner(void **state) {
    struct face_rig *rig = *state;
    struct tablet *tablet = NULL;
    struct tablet_options options = {.env = rig->face.env};

    rig_serve(rig);
    rig_bad(rig, 1, "", "serve");
    assert_int_equal(tablet_open(rig->data, &options, &tablet, &rig->err), RC_LOCKED);
    rig_bad(rig, 1, "already", "enrol", "--server", "http://127.0.0.1:1", "--code", "x");
    rig_good(rig, "list");
    rig_stop(rig);
    rig_good(rig, "list");
}

static void test_two_people(void **state) {
    struct face_rig *rig = *state;
    char folder[300];

    rig_serve(rig);
    /* the new person's secret from a file named relative to the caller */
    assert_non_null(getcwd(folder, sizeof(folder)));
    (void)rig_file(rig, "li", view_text("the secret of li\n"));
    assert_int_equal(chdir(rig->folder), 0);
    rig_good(rig, "person", "add", "li", "--new-passphrase-file", "li");
    assert_int_equal(chdir(folder), 0);
    rig_bad(rig, 1, "--new-passphrase-file", "person", "add", "zhao", "--person", "wang");
    assert_int_equal(rig_run(rig, "unlock", "--person", "wang", NULL), 0);
    rig->secret = "the secret of li";
    assert_int_equal(rig_run(rig, "unlock", "--person", "li", NULL), 0);
    rig->secret = NULL;
    rig_bad(rig, 1, "--person", "list");
    rig_good(rig, "list", "--person", "li");
    rig_good(rig, "lock", "--person", "li");
    rig_good(rig, "list"); /* one is left */
    rig_bad(rig, 1, "YG_PASSPHRASE", "list", "--person", "li");
    rig_stop(rig);
}

/* ---- several at once ---- */

struct talker {
    struct face_rig *rig;
    char path[200];
    unsigned good;
};

static enum rc swallow(void *context, enum control_stream stream, struct view bytes,
                       struct err *err) {
    (void)context;
    (void)stream;
    (void)bytes;
    (void)err;
    return RC_OK;
}

static void *talk(void *context) {
    struct talker *talker = context;
    char socket[200];

    (void)snprintf(socket, sizeof(socket), "%s/control", talker->rig->data);
    for (unsigned i = 0; i < 8; i++) {
        struct control_request request = {
            .argument_count = 6,
            .arguments = {"new", "house", "--area", RIG_AREA, "--file", talker->path},
            .directory = "/",
            .secret = RIG_SECRET};
        struct err err;
        int status = -1;

        err_init(&err, LANG_EN);
        if (control_call(socket, &request, swallow, NULL, &status, &err) == RC_OK && status == 0)
            talker->good++;
    }
    return NULL;
}

static void test_several_at_once(void **state) {
    struct face_rig *rig = *state;
    struct talker talkers[3];
    pthread_t threads[3];
    struct json *list;

    rig_serve(rig);
    for (size_t i = 0; i < 3; i++) {
        talkers[i] = (struct talker){.rig = rig};
        (void)snprintf(talkers[i].path, sizeof(talkers[i].path), "%s",
                       rig_file(rig, "a.json", view_text("{\"head\":{\"name\":\"张三\"}}")));
        assert_int_equal(pthread_create(&threads[i], NULL, talk, &talkers[i]), 0);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(talkers[i].good, 8);
    }
    rig_good(rig, "list", "--json");
    list = rig_json(rig);
    assert_int_equal(json_count(list), 24);
    json_free(list);
    rig_stop(rig);
}

/* ---- a line that hangs ---- */

struct hanging {
    struct face_rig *rig;
    char url[64];
    int status;
};

static void *hang(void *context) {
    struct hanging *hanging = context;
    struct control_request request = {
        .argument_count = 3, .arguments = {"sync", "--server", hanging->url}, .directory = "/"};
    char path[200];
    struct err err;

    err_init(&err, LANG_EN);
    (void)snprintf(path, sizeof(path), "%s/control", hanging->rig->data);
    if (control_call(path, &request, swallow, NULL, &hanging->status, &err) != RC_OK)
        hanging->status = -2;
    return NULL;
}

static void test_work_goes_on_while_a_sync_hangs(void **state) {
    struct face_rig *rig = *state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct hanging hanging = {.rig = rig, .status = -1};
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0), line;
    pthread_t thread;
    char byte, *id;

    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(hanging.url, sizeof(hanging.url), "http://127.0.0.1:%u",
                   (unsigned)ntohs(address.sin_port));
    rig_serve(rig);
    assert_int_equal(rig_run(rig, "unlock", NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, hang, &hanging), 0);
    line = accept(listener, NULL, NULL);
    assert_true(line >= 0);
    assert_int_equal(read(line, &byte, 1), 1); /* the request is on its way, no answer comes */
    rig->secret = NULL;
    rig_good(rig, "status", "--json");
    rig_good(rig, "new", "house", "--area", RIG_AREA, "--file",
             rig_file(rig, "a.json", view_text("{\"head\":{\"name\":\"张三\"}}")));
    id = rig_line(rig);
    rig_good(rig, "show", id);
    rig_good(rig, "lock");
    rig->secret = RIG_SECRET;
    rig_good(rig, "set", id, "income=3");
    assert_int_equal(rig_run(rig, "unlock", NULL), 0);
    rig->secret = NULL;
    (void)close(line);
    (void)close(listener);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(hanging.status, 3);
    rig_good(rig, "show", id);
    rig_good(rig, "lock");
    rig_stop(rig);
    free(id);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_commands_through_the_socket, rig_set_up,
                                        rig_tear_down),
        cmocka_unit_test_setup_teardown(test_unlock_holds_until_lock, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_one_owner, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_two_people, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_several_at_once, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_work_goes_on_while_a_sync_hangs, rig_set_up,
                                        rig_tear_down),
    };

    return cmocka_run_group_tests_name("agent serve", tests, NULL, NULL);
}
