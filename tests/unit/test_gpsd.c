/* test_gpsd.c: a receiver that knows, one that does not, one that talks nonsense, and none. */
#include "base/gpsd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct receiver {
    int listener;
    uint16_t port;
    const char *says;
    char heard[200];
};

static void *serve(void *context) {
    struct receiver *receiver = context;
    int with = accept(receiver->listener, NULL, NULL);
    ssize_t got;

    if (with < 0)
        return NULL;
    got = recv(with, receiver->heard, sizeof(receiver->heard) - 1, 0);
    receiver->heard[got < 0 ? 0 : got] = '\0';
    (void)send(with, receiver->says, strlen(receiver->says), MSG_NOSIGNAL);
    close(with);
    return NULL;
}

static void listen_on(struct receiver *receiver) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    receiver->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(receiver->listener >= 0);
    assert_int_equal(bind(receiver->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(receiver->listener, 1), 0);
    assert_int_equal(getsockname(receiver->listener, (struct sockaddr *)&address, &size), 0);
    receiver->port = ntohs(address.sin_port);
}

static enum rc ask(const char *says, struct gpsd_fix *fix, struct err *err) {
    struct receiver receiver = {.says = says};
    const struct env *env = env_system();
    pthread_t thread;
    enum rc rc;

    err_init(err, LANG_EN);
    listen_on(&receiver);
    assert_int_equal(pthread_create(&thread, NULL, serve, &receiver), 0);
    rc = gpsd_ask(receiver.port, env, 20000, fix, err);
    assert_int_equal(pthread_join(thread, NULL), 0);
    close(receiver.listener);
    assert_non_null(strstr(receiver.heard, "?WATCH"));
    return rc;
}

static const char version[] = "{\"class\":\"VERSION\",\"release\":\"3.22\"}\n";

static void a_fix_is_taken_as_it_was_written(void **state) {
    struct gpsd_fix fix;
    struct err err;

    (void)state;
    assert_int_equal(ask("{\"class\":\"VERSION\"}\n{\"class\":\"TPV\",\"mode\":1}\n"
                         "{\"class\":\"TPV\",\"mode\":3,\"lat\":29.123456789,\"lon\":113.5,"
                         "\"altHAE\":61.25,\"eph\":7.5}\n",
                         &fix, &err),
                     RC_OK);
    assert_string_equal(fix.latitude, "29.123456789");
    assert_string_equal(fix.longitude, "113.5");
    assert_string_equal(fix.altitude, "61.25");
    assert_string_equal(fix.accuracy, "7.5");
}

static void of_two_directions_the_worse_counts(void **state) {
    struct gpsd_fix fix;
    struct err err;

    (void)state;
    assert_int_equal(ask("{\"class\":\"TPV\",\"mode\":2,\"lat\":-1,\"lon\":2,\"epx\":9.5,"
                         "\"epy\":12}\n",
                         &fix, &err),
                     RC_OK);
    assert_string_equal(fix.accuracy, "12");
    assert_string_equal(fix.altitude, "");
    assert_int_equal(
        ask("{\"class\":\"TPV\",\"mode\":2,\"lat\":1,\"lon\":2,\"epx\":9}\n", &fix, &err), RC_OK);
    assert_string_equal(fix.accuracy, "");
}

static void without_a_fix_people_are_told_to_go_out(void **state) {
    struct gpsd_fix fix;
    struct err err;

    (void)state;
    assert_int_equal(ask(version, &fix, &err), RC_NOT_FOUND);
    assert_int_equal(ask("{\"class\":\"TPV\",\"mode\":1,\"lat\":1,\"lon\":2}\n", &fix, &err),
                     RC_NOT_FOUND);
    assert_int_equal(
        ask("{\"class\":\"TPV\",\"mode\":3,\"lat\":\"north\",\"lon\":2}\n", &fix, &err),
        RC_NOT_FOUND);
    assert_int_equal(ask("{\"class\":\"TPV\",\"mode\":3,\"lat\":1e1,\"lon\":2}\n", &fix, &err),
                     RC_NOT_FOUND);
    assert_int_equal(ask("GET out of here\n{{{\n\n", &fix, &err), RC_NOT_FOUND);
    assert_string_equal(fix.latitude, "");
}

static void nobody_there_is_told_at_once(void **state) {
    struct receiver receiver = {.says = ""};
    const struct env *env = env_system();
    struct gpsd_fix fix;
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    listen_on(&receiver);
    close(receiver.listener);
    assert_int_equal(gpsd_ask(receiver.port, env, 20000, &fix, &err), RC_NETWORK);
    assert_int_equal(ask("", &fix, &err), RC_NETWORK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fix_is_taken_as_it_was_written),
        cmocka_unit_test(of_two_directions_the_worse_counts),
        cmocka_unit_test(without_a_fix_people_are_told_to_go_out),
        cmocka_unit_test(nobody_there_is_told_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
