/* bench_tablet.c: a tablet with 10,000 households: saving, cutting, sending, taking, unlocking,
 * listing; seconds, bytes and memory. One line of JSON for each. */
#include "tests/support/visitor.h"

#include "agent/sync/inside.h"
#include "schema/edit.h"

#include <stdio.h>
#include <unistd.h>

#define HOUSEHOLDS 10000u

static double now_s(void) {
    return (double)env_monotonic_ms(env_system()) / 1000.0;
}

static long resident_kib(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    long size = 0, resident = 0;

    if (file != NULL && fscanf(file, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    if (file != NULL)
        fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void say(const char *what, double since) {
    printf("{\"bench\":\"%s\",\"s\":%.3f,\"resident_kib\":%ld}\n", what, now_s() - since,
           resident_kib());
    fflush(stdout);
}

static void bulk(struct visitor *visitor, struct session *session, uint32_t count) {
    static const char *const paths[] = {"head/phone",     "home/group_name", "home/hukou_no",
                                        "home/live_addr", "bank/bank_name",  "bank/account_name"};
    const struct form *form = tablet_form_named(session_tablet(session), view_text("household"));
    const uint16_t name = form_field_by_path(form, view_text("head/name"))->number;
    struct save *save = NULL;
    struct err *err = &visitor->err;
    struct arena arena;

    arena_init(&arena, 16u * 1024u * 1024u);
    visitor_must(visitor, save_open(session, &save, err));
    for (uint32_t i = 0; i < count; i++) {
        struct value value;
        struct change change;
        struct edit edit;
        const struct instance_id root = {{0, 0}, 0};

        arena_reset(&arena);
        visitor->county->now_ms += 1000;
        value = value_of_text(view_text(arena_text(&arena, "户主%u", i)));
        visitor_must(visitor, edit_start(&edit, CHANGE_CREATE, save_next(save),
                                         session_person(session), form, NULL, NULL, &arena, err));
        visitor_must(visitor, edit_set_area(&edit, VILLAGE_A, err));
        visitor_must(visitor, edit_set(&edit, root, name, &value, 0, err));
        for (size_t k = 0; k < sizeof(paths) / sizeof(paths[0]); k++) {
            const struct form_field *field = form_field_by_path(form, view_text(paths[k]));

            value = value_of_text(view_text(arena_text(&arena, "第%zu项的内容%u", k, i * 7919u)));
            if (field != NULL)
                visitor_must(visitor, edit_set(&edit, root, field->number, &value, 0, err));
        }
        visitor_must(visitor, edit_finish(&edit, view_text(""), &change, err));
        visitor_must(visitor, save_add(save, &change, NULL, form, err));
        if (save_count(save) == 500)
            visitor_must(visitor, save_commit(save, err));
    }
    visitor_must(visitor, save_commit(save, err));
    save_close(save);
    arena_release(&arena);
}

int main(void) {
    struct visitor *visitor;
    void *state;
    struct tablet *a, *b;
    struct session *wang, *zhao;
    struct sync_report report;
    double since;

    if (visitor_set_up(&state) != 0)
        return 1;
    visitor = state;
    a = visitor_enrol(visitor, "wang", 1);
    b = visitor_enrol(visitor, "zhao", 1);
    wang = county_session(a, "wang");
    say("start", now_s());
    since = now_s();
    bulk(visitor, wang, HOUSEHOLDS);
    say("save 10,000 households", since);
    since = now_s();
    visitor_must(visitor, outbox_cut(a, &visitor->err));
    say("cut batches", since);
    since = now_s();
    county_sync(visitor->county, a, RC_OK, &report);
    say("send (county in the same process)", since);
    printf("{\"bytes_up\":%llu,\"bytes_down\":%llu,\"requests\":%u}\n",
           (unsigned long long)report.bytes_up, (unsigned long long)report.bytes_down,
           report.requests);
    visitor_must(visitor, session_close(wang, &visitor->err));
    tablet_close(a);
    zhao = county_session(b, "zhao");
    since = now_s();
    county_sync(visitor->county, b, RC_OK, &report);
    say("take 10,000 households", since);
    printf("{\"bytes_up\":%llu,\"bytes_down\":%llu,\"requests\":%u}\n",
           (unsigned long long)report.bytes_up, (unsigned long long)report.bytes_down,
           report.requests);
    visitor_must(visitor, session_close(zhao, &visitor->err));
    tablet_close(b);
    b = county_tablet(visitor->county, visitor_path(visitor, "zhao"));
    since = now_s();
    zhao = county_session(b, "zhao");
    say("unlock", since);
    since = now_s();
    (void)visitor_count(visitor, zhao, "户主77");
    say("search", since);
    since = now_s();
    visitor_verify(visitor, b);
    say("verify", since);
    since = now_s();
    county_sync(visitor->county, b, RC_OK, &report);
    say("empty sync", since);
    printf("{\"bytes_up\":%llu,\"bytes_down\":%llu,\"requests\":%u}\n",
           (unsigned long long)report.bytes_up, (unsigned long long)report.bytes_down,
           report.requests);
    tablet_close(b);
    return visitor_tear_down(&state);
}
