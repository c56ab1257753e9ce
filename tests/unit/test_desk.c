/* test_desk.c: the county's command line: people, forms, tablets, reading and deciding. */
#include "tests/support/clerk.h"

#include "base/file.h"
#include "base/words.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static const struct instance_id ROOT;

/* --- people --- */

static void a_user_is_added_once_and_unlocks_with_the_secret(void **state) {
    struct clerk *world = *state;
    struct staff staff;
    struct command command = {0};
    struct seat seat;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_user(world, "李四", "county");
    RUNS(world, 1, "user", "add", "李四", "--role", "county");
    SAYS(world->err, "choose another");
    RUNS(world, 2, "user", "add", "钱五");
    RUNS(world, 1, "user", "add", "钱五", "--role", "king");
    RUNS(world, 1, "user", "add", "钱五", "--role", "county", "--areas", "430681");
    SAYS(world->err, "outside of this county");
    RUNS(world, 0, "user", "list", "--json");
    SAYS(world->out, "\"430626000000\"");
    clerk_must(seat_open(&world->desk, &command, &seat, &err), &err);
    clerk_must(people_unlock(&seat, view_text("李四"), view_text("county-secret"), &staff, &err),
               &err);
    assert_int_equal(staff.role, ROLE_COUNTY);
    assert_int_not_equal(staff.person, 0);
    assert_int_equal(people_unlock(&seat, view_text("李四"), view_text("other"), &staff, &err),
                     RC_DENIED);
    assert_int_equal(staff.person, 0);
    assert_int_equal(
        people_unlock(&seat, view_text("nobody"), view_text("county-secret"), &staff, &err),
        RC_DENIED);
    seat_close(&seat);
}

static void without_a_secret_nobody_is_added(void **state) {
    struct clerk *world = *state;

    world->environment.passphrase = NULL;
    RUNS(world, 1, "user", "add", "李四", "--role", "county");
    SAYS(world->err, "YG_PASSPHRASE");
    RUNS(world, 0, "user", "list");
    SAYS(world->err, "there are none");
}

/* --- forms --- */

static void a_form_is_published_once(void **state) {
    struct clerk *world = *state;

    RUNS(world, 0, "form", "publish", world->form);
    SAYS(world->err, "number 1");
    RUNS(world, 0, "form", "publish", world->form);
    SAYS(world->err, "nothing to publish");
    clerk_form(world, CLERK_SURVEY "text,notes,Notes,,,,,\n");
    RUNS(world, 0, "form", "publish", world->form, "--json");
    SAYS(world->out, "\"sequence\": 2");
    SAYS(world->err, "tell the two apart");
    RUNS(world, 0, "form", "list", "--json");
    {
        struct json *json = clerk_json(world);

        assert_int_equal(json_count(json), 2);
        json_free(json);
    }
    RUNS(world, 0, "log");
    SAYS(world->out, "form publish");
}

static void a_wrong_form_is_refused_with_its_places(void **state) {
    struct clerk *world = *state;

    clerk_form(world, CLERK_SURVEY "wibble,notes,Notes,,,,,\n");
    RUNS(world, 1, "form", "publish", world->form);
    SAYS(world->err, "error: ");
    SAYS(world->err, "12"); /* the row, as a spreadsheet counts */
    SAYS(world->err, "nothing was published");
    RUNS(world, 1, "form", "publish", world->form, "--json");
    SAYS(world->out, "\"published\": false");
    SAYS(world->out, "\"row\": 12");
    RUNS(world, 0, "form", "list");
    SAYS(world->err, "there are none");
    RUNS(world, 1, "form", "publish", "/nonexistent/form");
    RUNS(world, 1, "form", "publish", world->data); /* a folder without sheets */
}

/* --- devices --- */

static void an_invitation_is_a_code_alone(void **state) {
    struct clerk *world = *state;

    RUNS(world, 0, "device", "invite", "--areas", VILLAGE, "--name", "t1", "--person", "王五");
    assert_int_equal(strlen(world->out), 32); /* 26 digits, 5 dashes, a newline */
    assert_string_equal(world->err, "");
    RUNS(world, 2, "device", "invite");
    RUNS(world, 1, "device", "invite", "--areas", "12x");
}

static void a_revoked_device_is_refused(void **state) {
    struct clerk *world = *state;
    struct json *json;

    clerk_begin(world);
    clerk_new(world, world->wang, CLERK_HOME("张三"));
    county_sync(world->county, world->a, RC_OK, NULL);
    RUNS(world, 0, "device", "list", "--json");
    json = clerk_json(world);
    assert_int_equal(json_count(json), 2);
    json_free(json);
    RUNS(world, 0, "device", "scope", "wang", "--areas", "430626117", "--json");
    SAYS(world->out, "\"serial\": 2");
    RUNS(world, 0, "device", "list");
    SAYS(world->out, "430626117000");
    RUNS(world, 2, "device", "revoke", "wang");
    RUNS(world, 0, "device", "revoke", "wang", "--reason", "lost on the bus");
    RUNS(world, 1, "device", "revoke", "wang", "--reason", "again");
    RUNS(world, 1, "device", "scope", "wang", "--areas", "430626117");
    SAYS(world->err, "enrol it anew");
    RUNS(world, 1, "device", "revoke", "nobody", "--reason", "x");
    RUNS(world, 0, "device", "list");
    SAYS(world->out, "revoked");
    RUNS(world, 0, "log");
    SAYS(world->out, "lost on the bus");
    RUNS(world, 0, "verify");
}

/* --- reading --- */

static void sensitive_values_stay_masked_unless_revealed_and_that_is_logged(void **state) {
    struct clerk *world = *state;
    const char *record;
    struct json *json;

    clerk_begin(world);
    record = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    RUNS(world, 0, "records", "--json");
    json = clerk_json(world);
    assert_int_equal(json_count(json), 1);
    assert_string_equal(json_text_or(json_get(json_at(json, 0), "id"), ""), record);
    assert_string_equal(json_text_or(json_get(json_at(json, 0), "title"), ""), "王桂兰");
    json_free(json);
    RUNS(world, 0, "records", "--area", "430626118");
    SAYS(world->err, "there are none");
    RUNS(world, 0, "show", record, "--json");
    json = clerk_json(world);
    assert_int_equal(json_count(json), 8);
    assert_string_equal(json_text_or(json_get(json, "area"), ""), VILLAGE);
    assert_string_equal(json_text_or(json_get(json, "form"), ""), "home");
    assert_string_equal(json_text_or(json_get(json, "version"), ""), "v1");
    assert_string_equal(json_text_or(json_get(json_get(json, "values"), "name"), ""), "王桂兰");
    json_free(json);
    KEEPS_QUIET(world->out, "13812345678");
    RUNS(world, 0, "show", record);
    SAYS(world->out, "王桂兰");
    KEEPS_QUIET(world->out, "13812345678");
    RUNS(world, 0, "history", record);
    KEEPS_QUIET(world->out, "13812345678");
    RUNS(world, 2, "show", record, "--reveal");
    RUNS(world, 0, "log");
    KEEPS_QUIET(world->out, "reveal");
    RUNS(world, 0, "show", record, "--reveal", "--reason", "call the family");
    SAYS(world->out, "13812345678");
    RUNS(world, 0, "log", "--json");
    SAYS(world->out, "call the family");
    SAYS(world->out, record);
    RUNS(world, 1, "show", "0123456789abcdef-42");
    RUNS(world, 1, "show", "gibberish");
}

static void history_tells_every_value(void **state) {
    struct clerk *world = *state;
    const char *record;
    struct json *json;

    clerk_begin(world);
    record = clerk_conflict(world);
    RUNS(world, 0, "history", record, "pigs", "--json");
    json = clerk_json(world);
    assert_int_equal(json_count(json), 3);
    assert_string_equal(json_text_or(json_get(json_at(json, 0), "value"), ""), "3");
    assert_string_equal(json_text_or(json_get(json_at(json, 0), "kind"), ""), "create");
    assert_string_equal(json_text_or(json_get(json_at(json, 1), "author"), ""), "wang");
    assert_string_equal(json_text_or(json_get(json_at(json, 1), "device"), ""), "wang");
    assert_string_equal(json_text_or(json_at(json_get(json_at(json, 2), "replaces"), 0), ""),
                        record);
    json_free(json);
    RUNS(world, 1, "history", record, "no/such");
    RUNS(world, 1, "history", "0123456789abcdef-42");
}

/* --- deciding --- */

static void a_conflict_is_listed_and_decided(void **state) {
    struct clerk *world = *state;
    const char *record, *dot;
    struct json *json;

    clerk_begin(world);
    clerk_user(world, "李四", "county");
    record = clerk_conflict(world);
    RUNS(world, 0, "conflicts", "--json");
    json = clerk_json(world);
    assert_int_equal(json_count(json), 1);
    assert_string_equal(json_text_or(json_get(json_at(json, 0), "path"), ""), "pigs");
    assert_int_equal(json_count(json_get(json_at(json, 0), "sides")), 2);
    json_free(json);
    RUNS(world, 0, "conflicts", "--area", "430626118");
    SAYS(world->err, "there are none");
    dot = clerk_side(world, record, "pigs", "4");
    RUNS(world, 2, "resolve", record, "pigs", "--keep", dot, "--as", "李四");
    RUNS(world, 2, "resolve", record, "pigs", "--keep", dot, "--reason", "x");
    RUNS(world, 2, "resolve", record, "pigs", "--as", "李四", "--reason", "x");
    RUNS(world, 1, "resolve", record, "name", "--keep", dot, "--as", "李四", "--reason", "x");
    RUNS(world, 1, "resolve", record, "pigs", "--keep", record, "--as", "李四", "--reason", "x");
    RUNS(world, 1, "resolve", record, "pigs", "--value", "many", "--as", "李四", "--reason", "x");
    RUNS(world, 0, "resolve", record, "pigs", "--keep", dot, "--as", "李四", "--reason",
         "counted together", "--json");
    RUNS(world, 0, "conflicts");
    SAYS(world->err, "there are none");
    RUNS(world, 0, "history", record, "pigs");
    SAYS(world->out, "counted together");
    SAYS(world->out, "李四");
    RUNS(world, 1, "resolve", record, "pigs", "--keep", dot, "--as", "李四", "--reason", "x");
    clerk_sync(world);
    {
        struct seen seen;
        struct dot id;
        struct err err;

        err_init(&err, LANG_EN);
        clerk_must(dot_parse(view_text(record), &id, &err), &err);
        clerk_must(session_see(world->zhang, id, &world->arena, &seen, &err), &err);
        assert_int_equal(seen.reading.conflict_count, 0);
    }
    RUNS(world, 0, "log");
    SAYS(world->out, "resolve");
    RUNS(world, 0, "verify", "--json");
    SAYS(world->out, "\"signatures\": 1");
}

static void a_third_value_and_a_state_that_has_moved_on(void **state) {
    struct clerk *world = *state;
    const char *record;

    clerk_begin(world);
    clerk_user(world, "李四", "county");
    record = clerk_conflict(world);
    RUNS(world, 1, "resolve", record, "pigs", "--value", "5", "--as", "李四", "--reason", "x",
         "--position", "2");
    SAYS(world->err, "moved on");
    RUNS(world, 0, "resolve", record, "pigs", "--value", "5", "--as", "李四", "--reason", "x",
         "--position", "3");
    RUNS(world, 0, "show", record, "--json");
    SAYS(world->out, "\"pigs\": 5");
}

static void roles_and_secrets_are_asked(void **state) {
    struct clerk *world = *state;
    const char *record, *dot;

    clerk_begin(world);
    clerk_user(world, "李四", "county");
    clerk_user(world, "admin", "admin");
    RUNS(world, 0, "user", "add", "elsewhere", "--role", "township", "--areas", "430626118");
    record = clerk_conflict(world);
    dot = clerk_side(world, record, "pigs", "4");
    RUNS(world, 1, "resolve", record, "pigs", "--keep", dot, "--as", "admin", "--reason", "x");
    SAYS(world->err, "decides no conflicts");
    RUNS(world, 1, "resolve", record, "pigs", "--keep", dot, "--as", "elsewhere", "--reason", "x");
    RUNS(world, 1, "resolve", record, "pigs", "--keep", dot, "--as", "wang", "--reason", "x");
    world->environment.passphrase = "wrong";
    RUNS(world, 1, "resolve", record, "pigs", "--keep", dot, "--as", "李四", "--reason", "x");
    SAYS(world->err, "name or secret");
    RUNS(world, 0, "conflicts", "--json");
    SAYS(world->out, "pigs");
    RUNS(world, 0, "quarantine"); /* a refused decision leaves no trace */
    SAYS(world->err, "there are none");
    RUNS(world, 0, "verify");
}

static void whoever_wrote_one_side_does_not_decide(void **state) {
    struct clerk *world = *state;
    const char *record, *dot;

    clerk_begin(world);
    clerk_user(world, "李四", "county");
    record = clerk_conflict(world);
    RUNS(world, 0, "resolve", record, "pigs", "--value", "5", "--as", "李四", "--reason", "first");
    /* Wang, who has not seen it, is of another opinion: now 李四 is one of the sides. */
    clerk_edit(world, world->wang, record, "pigs", "7");
    clerk_sync(world);
    dot = clerk_side(world, record, "pigs", "5");
    RUNS(world, 1, "resolve", record, "pigs", "--keep", dot, "--as", "李四", "--reason", "mine");
    SAYS(world->err, "somebody else");
}

static void a_group_is_decided_as_a_whole(void **state) {
    struct clerk *world = *state;
    const char *record;
    struct seen seen;
    struct edit edit;

    clerk_begin(world);
    clerk_user(world, "李四", "county");
    record = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    clerk_start(world, world->wang, record, CHANGE_EDIT, &seen, &edit);
    clerk_set(world, &edit, ROOT,
              (const struct answer_pair[]){{"bank", "ABC"}, {"account", "111"}, {NULL, NULL}});
    clerk_finish(world, world->wang, &seen, &edit);
    clerk_start(world, world->zhang, record, CHANGE_EDIT, &seen, &edit);
    clerk_set(world, &edit, ROOT,
              (const struct answer_pair[]){{"bank", "ICBC"}, {"account", "222"}, {NULL, NULL}});
    clerk_finish(world, world->zhang, &seen, &edit);
    clerk_sync(world);
    RUNS(world, 0, "conflicts");
    SAYS(world->out, "group");
    RUNS(world, 1, "resolve", record, "account", "--value", "333", "--as", "李四", "--reason", "x");
    SAYS(world->err, "give its value, too"); /* the bank is in question as well */
    RUNS(world, 1, "resolve", record, "account", "--value", "{\"account\": \"333\"}", "--as",
         "李四", "--reason", "x");
    RUNS(world, 0, "resolve", record, "account", "--value",
         "{\"account\": \"333\", \"bank\": \"ICBC\"}", "--as", "李四", "--reason", "x");
    RUNS(world, 0, "show", record, "--json", "--reveal", "--reason", "test");
    SAYS(world->out, "\"account\": \"333\"");
    SAYS(world->out, "\"bank\": \"ICBC\"");
    RUNS(world, 0, "conflicts");
    SAYS(world->err, "there are none");
}

/* The sides name the same bank: only the account is in question. */
static void what_a_group_agrees_on_need_not_be_said_again(void **state) {
    struct clerk *world = *state;
    const char *record;
    struct seen seen;
    struct edit edit;

    clerk_begin(world);
    clerk_user(world, "李四", "county");
    record = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    clerk_start(world, world->wang, record, CHANGE_EDIT, &seen, &edit);
    clerk_set(world, &edit, ROOT,
              (const struct answer_pair[]){{"bank", "ABC"}, {"account", "111"}, {NULL, NULL}});
    clerk_finish(world, world->wang, &seen, &edit);
    clerk_start(world, world->zhang, record, CHANGE_EDIT, &seen, &edit);
    clerk_set(world, &edit, ROOT,
              (const struct answer_pair[]){{"bank", "ABC"}, {"account", "222"}, {NULL, NULL}});
    clerk_finish(world, world->zhang, &seen, &edit);
    clerk_sync(world);
    RUNS(world, 0, "resolve", record, "account", "--value", "333", "--as", "李四", "--reason", "x");
    RUNS(world, 0, "show", record, "--json", "--reveal", "--reason", "test");
    SAYS(world->out, "\"account\": \"333\"");
    SAYS(world->out, "\"bank\": \"ABC\"");
}

static void a_removal_against_an_edit_is_kept_or_removed(void **state) {
    struct clerk *world = *state;
    const char *record, *path;
    struct instance_id member = {.ordinal = 1};
    char name[INSTANCE_TEXT_BYTES];
    struct seen seen;
    struct edit edit;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    clerk_user(world, "李四", "county");
    record = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    clerk_start(world, world->wang, record, CHANGE_EDIT, &seen, &edit);
    member = seen.reading.instances[0].id;
    clerk_set(world, &edit, member,
              (const struct answer_pair[]){{"member/wage", "900"}, {NULL, NULL}});
    clerk_finish(world, world->wang, &seen, &edit);
    clerk_start(world, world->zhang, record, CHANGE_REMOVE, &seen, &edit);
    clerk_must(edit_remove_instance(&edit, member, &err), &err);
    clerk_finish(world, world->zhang, &seen, &edit);
    clerk_sync(world);
    RUNS(world, 0, "conflicts");
    SAYS(world->out, "removed");
    instance_text(member, name);
    path = arena_text(&world->arena, "member[%s]", name);
    RUNS(world, 1, "resolve", record, path, "--value", "5", "--as", "李四", "--reason", "x");
    RUNS(world, 0, "resolve", record, path, "--value", "remove", "--as", "李四", "--reason", "x");
    RUNS(world, 0, "show", record, "--json");
    KEEPS_QUIET(world->out, "member[");
    RUNS(world, 0, "verify");
}

static void two_records_with_one_key_are_proposed_and_answered(void **state) {
    struct clerk *world = *state;
    const struct answer_pair same[] = {{"name", "王桂兰"}, {"card", "430699A"}, {NULL, NULL}};
    const char *one, *two, *answer;

    clerk_begin(world);
    clerk_user(world, "李四", "county");
    one = clerk_new(world, world->wang, same);
    two = clerk_new(world, world->zhang, same);
    clerk_sync(world);
    RUNS(world, 0, "conflicts");
    SAYS(world->out, "the same as");
    answer = arena_text(&world->arena, "!%s", two);
    RUNS(world, 1, "resolve", one, "@same", "--value", "!0123456789abcdef-1", "--as", "李四",
         "--reason", "x");
    RUNS(world, 2, "resolve", one, "@same", "--value", two, "--as", "李四", "--reason", "x");
    /* Either of the two may be named: the answer is kept at the younger. */
    RUNS(world, 0, "resolve", one, "@same", "--value", answer, "--as", "李四", "--reason",
         "two people");
    RUNS(world, 0, "conflicts");
    SAYS(world->err, "there are none");
    RUNS(world, 1, "resolve", two, "@same", "--different", "--as", "李四", "--reason", "x");
    RUNS(world, 0, "verify");
}

static void what_is_kept_aside_is_listed_with_its_reason(void **state) {
    struct clerk *world = *state;
    const char *record;
    struct json *json;

    clerk_begin(world);
    record = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    RUNS(world, 0, "device", "scope", "wang", "--areas", "430626118");
    county_sync(world->county, world->a, RC_OK, NULL);
    RUNS(world, 0, "quarantine", "--json");
    json = clerk_json(world);
    assert_int_equal(json_count(json), 1);
    assert_string_equal(json_text_or(json_get(json_at(json, 0), "id"), ""), record);
    assert_string_equal(json_text_or(json_get(json_at(json, 0), "verdict"), ""), "out_of_scope");
    json_free(json);
    RUNS(world, 1, "show", record);
    RUNS(world, 0, "history", record, "--json");
    SAYS(world->out, "out_of_scope");
    RUNS(world, 0, "verify");
}

static void wrong_usage_is_status_two(void **state) {
    struct clerk *world = *state;

    RUNS(world, 2, "wibble");
    RUNS(world, 2, "records", "--wibble");
    RUNS(world, 2, "show");
    RUNS(world, 2, "show", "a", "b");
    RUNS(world, 2, "resolve", "0123456789abcdef-1", "x");
    RUNS(world, 1, "records", "--area", "x");
    RUNS(world, 0, "records", "--help");
    SAYS(world->out, "--area");
    RUNS(world, 0, "records", "--lang", "zh");
}

/* --- help, man page, catalogue --- */

static bool is_ours(const char *name, size_t size) {
    static const char *const others[] = {"--area",
                                         "--listen",
                                         "--plain",
                                         "--port-file",
                                         "--data",
                                         "--json",
                                         "--lang",
                                         "--passphrase-file",
                                         "--person",
                                         "--help",
                                         "--console",
                                         "--console-name",
                                         "--console-port-file"};

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (strlen(others[i]) == size && memcmp(others[i], name, size) == 0)
            return true;
    for (size_t i = 0; i < desk_command_count; i++)
        for (const struct command_option *option = desk_commands[i].options;
             option != NULL && option->name != NULL; option++)
            if (strlen(option->name) == size && memcmp(option->name, name, size) == 0)
                return true;
    return false;
}

/* The text of the page without the escapes of roff that stand inside names. */
static char *man_page(struct clerk *world) {
    struct buf page;
    char *text;
    size_t to = 0;
    struct err err;

    err_init(&err, LANG_EN);
    buf_init(&page, 1024u * 1024u);
    clerk_must(file_read("docs/yg-syncd.8", 1024u * 1024u, &page, &err), &err);
    text = arena_text(&world->arena, "%s", buf_text(&page));
    buf_release(&page);
    for (size_t at = 0; text[at] != '\0'; at++) {
        if (text[at] == '\\' && text[at + 1] == 'f')
            at += 2;
        else if (text[at] != '\\')
            text[to++] = text[at];
    }
    text[to] = '\0';
    return text;
}

static void the_man_page_has_every_command_and_option_and_no_other(void **state) {
    struct clerk *world = *state;
    const char *page = man_page(world);

    for (size_t i = 0; i < desk_command_count; i++) {
        SAYS(page, desk_commands[i].name);
        for (const struct command_option *option = desk_commands[i].options;
             option != NULL && option->name != NULL; option++)
            SAYS(page, option->name);
    }
    for (const char *at = strstr(page, "--"); at != NULL; at = strstr(at + 2, "--")) {
        size_t size = 2 + strspn(at + 2, "abcdefghijklmnopqrstuvwxyz-");

        if (size > 2 && !is_ours(at, size))
            fail_msg("the page names %.*s, which no command has", (int)size, at);
    }
}

static void help_is_there_in_both_languages(void **state) {
    struct clerk *world = *state;

    for (size_t i = 0; i < desk_command_count; i++) {
        const struct command_spec *spec = &desk_commands[i];

        if (words(LANG_ZH, spec->help) == spec->help)
            fail_msg("no Chinese for: %s", spec->help);
        for (const struct command_option *option = spec->options;
             option != NULL && option->name != NULL; option++)
            if (words(LANG_ZH, option->help) == option->help)
                fail_msg("no Chinese for: %s", option->help);
    }
    RUNS(world, 0, "resolve", "--help");
    SAYS(world->out, "--keep DOT");
    RUNS(world, 0, "records", "--lang", "zh");
    SAYS(world->err, "没有");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, clerk_set_up, clerk_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_user_is_added_once_and_unlocks_with_the_secret),
        CASE(without_a_secret_nobody_is_added),
        CASE(a_form_is_published_once),
        CASE(a_wrong_form_is_refused_with_its_places),
        CASE(an_invitation_is_a_code_alone),
        CASE(a_revoked_device_is_refused),
        CASE(sensitive_values_stay_masked_unless_revealed_and_that_is_logged),
        CASE(history_tells_every_value),
        CASE(a_conflict_is_listed_and_decided),
        CASE(a_third_value_and_a_state_that_has_moved_on),
        CASE(roles_and_secrets_are_asked),
        CASE(whoever_wrote_one_side_does_not_decide),
        CASE(a_group_is_decided_as_a_whole),
        CASE(what_a_group_agrees_on_need_not_be_said_again),
        CASE(a_removal_against_an_edit_is_kept_or_removed),
        CASE(two_records_with_one_key_are_proposed_and_answered),
        CASE(what_is_kept_aside_is_listed_with_its_reason),
        CASE(wrong_usage_is_status_two),
        CASE(the_man_page_has_every_command_and_option_and_no_other),
        CASE(help_is_there_in_both_languages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
