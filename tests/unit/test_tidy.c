/* test_tidy.c: every rule of the house fires on a small bad tree, and only that rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/tidy/tidy.h"

struct source {
    const char *path, *text;
};

/* A tree that keeps all rules; each test adds one bad file to it. */
static const struct source good[] = {
    {"base/err.h", "/* err.h: errors. */\n#ifndef YG_BASE_ERR_H\n#define YG_BASE_ERR_H\n#endif\n"},
    {"base/db.h", "/* db.h: disk. */\n#ifndef YG_BASE_DB_H\n#define YG_BASE_DB_H\n"
                  "#include \"base/err.h\"\n#endif\n"},
    {"base/db.c", "/* The door to SQLite. */\n#include <sqlite3.h>\n#include \"base/db.h\"\n"
                  "int f(void) { return err_set(err, g(1, 2), \"row %d: \"\n\"wrong\\n\", 3); }\n"},
    {"base/words/zh.tsv", "# The catalogue.\n\nrow %d: wrong\\n\t第 %d 行不对\\n\n"},
    {"schema/id.h", "/* id.h: names. */\n#ifndef YG_SCHEMA_ID_H\n#define YG_SCHEMA_ID_H\n"
                    "#include \"base/err.h\"\n#endif\n"},
    {"schema/id.c", "/* Names. */\n#include <string.h>\n#include \"schema/id.h\"\n"
                    "/* \"strcpy(getenv(time(0)))\" in a comment is no code */\n"
                    "static const char text[] = \"strcpy( \\\" abort(\";\n"
                    "int id(struct env *env) { return env->time(env) + '\"' + 0x1fULL; }\n"},
    {"agent/store/store.h", "/* store.h: memory. */\n#ifndef YG_AGENT_STORE_STORE_H\n"
                            "#define YG_AGENT_STORE_STORE_H\n#include \"schema/id.h\"\n#endif\n"},
    {"agent/sync/link.c", "/* The link. */\n#include <unistd.h>\n"
                          "#include \"agent/store/store.h\"\n"},
    {"agent/sync/link.h", "/* link.h: link. */\n#ifndef YG_AGENT_SYNC_LINK_H\n"
                          "#define YG_AGENT_SYNC_LINK_H\n#endif\n"},
    {"agent/face/cli.h", "/* cli.h: words. */\n#ifndef YG_AGENT_FACE_CLI_H\n"
                         "#define YG_AGENT_FACE_CLI_H\n#include \"agent/sync/link.h\"\n#endif\n"},
    {"syncd/desk/cli.h", "/* cli.h: words. */\n#ifndef YG_SYNCD_DESK_CLI_H\n"
                         "#define YG_SYNCD_DESK_CLI_H\n#endif\n"},
    {"agent/main.c", "/* The agent. */\n#include \"agent/face/cli.h\"\n"
                     "int main(void) { return getenv(\"X\") ? 1 : exit(0); }\n"},
    {"tests/unit/test_x.c", "/* A test. */\n#include <cmocka.h>\n#include <sqlite3.h>\n"
                            "#include \"agent/face/cli.h\"\n#include \"base/db.h\"\n"
                            "#include \"syncd/desk/cli.h\"\nint main(void) { return 0; }\n"},
};

static void add_good(struct tidy *tidy) {
    tidy_init(tidy);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        tidy_add(tidy, good[i].path, good[i].text);
}

/* One finding, and it begins as expected: "file:line: rule: ". */
static void assert_finding(const struct tidy *tidy, const char *expected) {
    for (size_t i = 0; i < tidy->finding_count; i++)
        if (strncmp(tidy->findings[i].text, expected, strlen(expected)) != 0)
            fail_msg("expected %s, found %s", expected, tidy->findings[i].text);
    assert_int_equal(tidy->finding_count, 1);
}

/* The good tree and this source together have exactly this finding, or none (NULL). */
static void check_source(const char *path, const char *text, const char *expected) {
    struct tidy tidy;
    add_good(&tidy);
    tidy_add(&tidy, path, text);
    tidy_check_sources(&tidy);
    tidy_check_words(&tidy);
    if (expected)
        assert_finding(&tidy, expected);
    else
        assert_int_equal(tidy.finding_count, 0);
    tidy_release(&tidy);
}

static void check_symbols(const char *listing, const char *expected) {
    struct tidy tidy;
    add_good(&tidy);
    tidy_check_symbols(&tidy, listing);
    if (expected)
        assert_finding(&tidy, expected);
    else
        assert_int_equal(tidy.finding_count, 0);
    tidy_release(&tidy);
}

static void test_good_tree_has_no_findings(void **state) {
    (void)state;
    struct tidy tidy;
    add_good(&tidy);
    tidy_check_sources(&tidy);
    tidy_check_words(&tidy);
    if (tidy.finding_count)
        fail_msg("%s", tidy.findings[0].text);
    tidy_release(&tidy);
}

static void test_floor(void **state) {
    (void)state;
    check_source("base/x.c", "/* x */\n#include \"schema/id.h\"\n", "base/x.c:2: floor: ");
    check_source("schema/x.c", "/* x */\n\n#include \"agent/store/store.h\"\n",
                 "schema/x.c:3: floor: ");
    check_source("agent/sync/x.c", "/* x */\n#include \"syncd/desk/cli.h\"\n",
                 "agent/sync/x.c:2: floor: ");
    check_source("syncd/desk/x.c",
                 "/* x */\n# include \"agent/face/cli.h\"\n"
                 "#include \"agent/face/cli.h\"\n",
                 "syncd/desk/x.c:3: floor: ");
}

static void test_room(void **state) {
    (void)state;
    check_source("agent/store/x.c", "/* x */\n#include \"agent/sync/link.h\"\n",
                 "agent/store/x.c:2: room: ");
    check_source("agent/field/x.c", "/* x */\n#include \"agent/sync/link.h\"\n",
                 "agent/field/x.c:2: room: ");
    check_source("syncd/odk/x.c", "/* x */\n#include \"syncd/desk/cli.h\"\n",
                 "syncd/odk/x.c:2: room: ");
}

static void test_path(void **state) {
    (void)state;
    check_source("base/x.c", "/* x */\n#include \"err.h\"\n", "base/x.c:2: path: ");
}

static void test_door(void **state) {
    (void)state;
    check_source("syncd/store/x.c", "/* x */\n#include <sqlite3.h>\n",
                 "syncd/store/x.c:2: door: only base/db.c");
    check_source("base/x.c", "/* x */\n#include <curl/curl.h>\n", "base/x.c:2: door: only ");
    check_source("base/x.c", "/* x */\n#include <openssl/evp.h>\n", "base/x.c:2: door: <openssl");
}

static void test_pure_includes(void **state) {
    (void)state;
    check_source("schema/x.c", "/* x */\n#include \"base/db.h\"\n", "schema/x.c:2: pure: ");
    check_source("schema/form/x.c", "/* x */\n#include <fcntl.h>\n", "schema/form/x.c:2: pure: ");
}

static void test_banned(void **state) {
    (void)state;
    check_source("base/x.c", "/* x */\nvoid f(void) { strcpy (a, b); }\n", "base/x.c:2: banned: ");
    check_source("base/x.c", "/* x */\n\nvoid f(void) { abort(); }\n", "base/x.c:3: banned: ");
    check_source("tests/unit/test_y.c", "/* x */\nvoid f(void) { usleep(5); }\n",
                 "tests/unit/test_y.c:2: banned: ");
}

static void test_entry(void **state) {
    (void)state;
    check_source("agent/face/x.c", "/* x */\nchar *f(void) { return getenv(\"HOME\"); }\n",
                 "agent/face/x.c:2: entry: ");
    check_source("syncd/desk/x.c", "/* x */\nextern char **environ;\n",
                 "syncd/desk/x.c:2: entry: ");
    check_source("base/x.c", "/* x */\nint main(void) { return 0; }\n", "base/x.c:2: entry: ");
}

static void test_world(void **state) {
    (void)state;
    check_source("agent/sync/x.c", "/* x */\nlong f(void) { return time(NULL); }\n",
                 "agent/sync/x.c:2: world: ");
}

static void test_length(void **state) {
    (void)state;
    char text[1200] = "/* x */\n";
    memset(text + 8, '\n', 999);
    struct tidy tidy;
    add_good(&tidy);
    tidy_add(&tidy, "base/x.c", text);
    tidy_check_sources(&tidy);
    assert_int_equal(tidy.finding_count, 0); /* 1000 lines are well */
    tidy_release(&tidy);
    text[8 + 999] = '\n';
    check_source("base/x.c", text, "base/x.c:1001: length: ");
    check_source("agent/web/x.js", text, "agent/web/x.js:1001: length: ");
}

static void test_width(void **state) {
    (void)state;
    char text[400] = "/* x */\n// ";
    for (int i = 0; i < 48; i++)
        memcpy(text + 11 + 3 * i, "村", 3);
    memcpy(text + 11 + 3 * 48, "a\n", 3);
    struct tidy tidy;
    add_good(&tidy);
    tidy_add(&tidy, "base/x.c", text); /* 3 + 96 + 1 columns */
    tidy_check_sources(&tidy);
    assert_int_equal(tidy.finding_count, 0);
    tidy_release(&tidy);
    memcpy(text + 11 + 3 * 48, "ab\n", 4);
    check_source("base/x.c", text, "base/x.c:2: width: 101 columns");
}

static void test_tab(void **state) {
    (void)state;
    check_source("base/x.c", "/* x */\n\tint x;\n", "base/x.c:2: tab: ");
}

static void test_opening(void **state) {
    (void)state;
    check_source("base/x.c", "#include \"base/err.h\"\n", "base/x.c:1: opening: ");
    struct tidy tidy;
    add_good(&tidy);
    tidy_add(&tidy, "base/x.h",
             "/* y.h: wrong name. */\n#ifndef YG_BASE_X_H\n"
             "#define YG_BASE_X_H\n#endif\n");
    tidy_add(&tidy, "base/x.c", "/* x */\n#include \"base/x.h\"\n");
    tidy_check_sources(&tidy);
    assert_finding(&tidy, "base/x.h:1: opening: ");
    tidy_release(&tidy);
}

static void test_guard(void **state) {
    (void)state;
    struct tidy tidy;
    add_good(&tidy);
    tidy_add(&tidy, "base/x.h", "/* x.h: x. */\n#ifndef X_H\n#define X_H\n#endif\n");
    tidy_add(&tidy, "base/x.c", "/* x */\n#include \"base/x.h\"\n");
    tidy_check_sources(&tidy);
    assert_finding(&tidy, "base/x.h:1: guard: ");
    tidy_release(&tidy);
}

static void test_dead(void **state) {
    (void)state;
    check_source("base/x.h", "/* x.h: x. */\n#ifndef YG_BASE_X_H\n#define YG_BASE_X_H\n#endif\n",
                 "base/x.h:1: dead: ");
}

static void test_words_of_messages(void **state) {
    (void)state;
    check_source("schema/x.c",
                 "/* x */\nvoid f(void) { err_set(err, 1, \"no\" /* */ \" row\"); }\n",
                 "schema/x.c:2: words: not in base/words/zh.tsv: no row");
    check_source(
        "syncd/desk/x.c",
        "/* x */\nvoid f(int a) { command_say(c,\n a ? \"row %d: wrong\\n\"\n : \"row\", 3); }\n",
        "syncd/desk/x.c:4: words: not in");
    check_source("base/x.c", "/* x */\nchar *f(void) { return words(lang, \"\\\"row\\\"\"); }\n",
                 "base/x.c:2: words: not in base/words/zh.tsv: \"row\"");
    check_source("base/x.c",
                 "/* x */\nvoid f(void) { err_prefix(err, \"row %\" PRIu64 \": wrong\\n\", 3); }\n",
                 "base/x.c:2: words: a macro");
    check_source("base/x.c",
                 "/* x */\nvoid f(void) { err_prefix(err, PRIu64 \"row %d: wrong\\n\", 3); }\n",
                 "base/x.c:2: words: a macro");
}

static void test_words_of_tables(void **state) {
    (void)state;
    check_source(
        "base/x.c",
        "/* x */\n#define WORD(english) english\n"
        "const char *t[] = {\"a\", WORD(\"row %d: wrong\\n\"),\n    WORD(\"no\" \" row\")};\n",
        "base/x.c:4: words: not in base/words/zh.tsv: no row");
}

static void test_words_of_commands(void **state) {
    (void)state;
    check_source("agent/face/x.c",
                 "/* x */\nstatic const struct command_option o[] = {\n"
                 "    {\"--area\", \"CODE\", \"where\", false}, {NULL, NULL, NULL, false}};\n",
                 "agent/face/x.c:3: words: not in base/words/zh.tsv: where");
    check_source("agent/face/x.c",
                 "/* x */\n#define REASON \\\n    { \"--reason\", NULL, \"why\", false }\n",
                 "agent/face/x.c:3: words: not in base/words/zh.tsv: why");
    check_source("agent/face/x.c",
                 "/* x */\nconst struct command_spec specs[] = {\n    {\"row\", \"\", 0, 0, NULL, "
                 "\"row %d: wrong\\n\", f},\n    ROW(\"list\", \"A\", \"list rows\", f)};\n",
                 "agent/face/x.c:4: words: not in base/words/zh.tsv: list rows");
    check_source("agent/face/x.c",
                 "/* x */\nstatic const struct command_table t = {.program = \"yg\",\n"
                 "    .summary = \"what\", .socket = \"control\"};\n",
                 "agent/face/x.c:3: words: not in base/words/zh.tsv: what");
}

/* What has nothing to translate, what is no message, and what only looks like one. */
static void test_words_of_nobody(void **state) {
    (void)state;
    check_source("base/x.c", "/* x */\nvoid f(void) { err_prefix(err, \"%.*s, %-3d: \", 1); }\n",
                 NULL);
    check_source("base/x.c", "/* x */\nvoid f(void) { err_prefix(err, \"--area %s: \", a); }\n",
                 NULL);
    check_source("base/x.c",
                 "/* x */\nvoid f(void) { err_set(err, 1, format(\"no\"), \"key\", '\"'); }\n",
                 NULL);
    check_source("base/x.c",
                 "/* x */\nvoid f(void) { o->words(o, \"no\"); /* words(1, \"no\") */ }\n", NULL);
    check_source("tests/unit/test_y.c", "/* x */\nvoid f(void) { err_set(err, 1, \"no\"); }\n",
                 NULL);
    check_source("base/embed.c", "/* embed.c: x */\nvoid f(void) { err_set(err, 1, \"no\"); }\n",
                 NULL);
}

static void test_words_that_nobody_says(void **state) {
    (void)state;
    struct tidy tidy;
    tidy_init(&tidy);
    tidy_add(&tidy, "base/words/zh.tsv", "# x\nin a table\t甲\n\ndead %d\t乙\nin a comment\t丙\n");
    tidy_add(&tidy, "base/x.c",
             "/* x */\n/* \"in a comment\" */\nstatic const char t[] = \"in \" \"a table\";\n");
    tidy_add(&tidy, "tests/unit/test_y.c", "/* x */\nconst char *t = \"dead %d\";\n");
    tidy_check_words(&tidy);
    assert_int_equal(tidy.finding_count, 2);
    assert_string_equal(tidy.findings[0].text, "base/words/zh.tsv:4: words: nobody says: dead %d");
    assert_string_equal(tidy.findings[1].text,
                        "base/words/zh.tsv:5: words: nobody says: in a comment");
    tidy_release(&tidy);
}

#define SYMBOL(file, name, class, section)                                                         \
    "build/obj/release/" file ".o:" name                                                           \
    "  |0000000000000000|   " class "  |            OBJECT|0000000000000004|     |" section "\n"

static void test_state(void **state) {
    (void)state;
    check_symbols(SYMBOL("schema/id", "text", "r", ".rodata"), NULL);
    check_symbols(SYMBOL("schema/id", "names", "d", ".data.rel.ro.local"), NULL);
    check_symbols(SYMBOL("agent/main", "stop", "b", ".bss"), NULL);
    check_symbols(SYMBOL("schema/id", "text.0", "b", ".bss"), "schema/id.c:5: state: text ");
    check_symbols(SYMBOL("agent/sync/link", "mode", "D", ".data"), "agent/sync/link.c:1: state: ");
    check_symbols(SYMBOL("base/db", "names", "d", ".data.rel.local"), "base/db.c:1: state: ");
    check_symbols(SYMBOL("base/db", "errors", "b", ".tbss"), "base/db.c:1: state: ");
}

static void test_symbols_keep_the_floors(void **state) {
    (void)state;
    check_symbols(SYMBOL("base/db", "db_open", "T", ".text")
                      SYMBOL("agent/sync/link", "db_open", "U", "*UND*"),
                  NULL);
    check_symbols(SYMBOL("schema/id", "id_make", "T", ".text")
                      SYMBOL("base/db", "id_make", "U", "*UND*"),
                  "base/db.c:1: floor: ");
    check_symbols(SYMBOL("syncd/store/store", "get", "T", ".text")
                      SYMBOL("agent/sync/link", "get", "U", "*UND*"),
                  "agent/sync/link.c:1: floor: ");
}

static void test_pure_symbols(void **state) {
    (void)state;
    static const char *const machine[] = {
        "open",   "read",   "write",   "socket", "time",   "clock_gettime", "getrandom",
        "malloc", "calloc", "realloc", "free",   "getenv", "sqlite3_open",  "fopen",
    };
    check_symbols(SYMBOL("schema/id", "memcpy", "U", "*UND*"), NULL);
    for (size_t i = 0; i < sizeof(machine) / sizeof(machine[0]); i++) {
        char listing[300];
        (void)snprintf(listing, sizeof(listing), SYMBOL("schema/id", "%s", "U", "*UND*"),
                       machine[i]);
        check_symbols(listing, "schema/id.c:");
    }
    check_symbols(SYMBOL("base/db", "db_open", "T", ".text")
                      SYMBOL("schema/id", "db_open", "U", "*UND*"),
                  "schema/id.c:1: pure: may not use db_open of base/db.c");
}

/* The way from the disk: a tree in a folder, with what must be left alone beside it. */
static void test_load(void **state) {
    (void)state;
    char root[] = "/tmp/yg-tidy-XXXXXX", path[200];
    assert_non_null(mkdtemp(root));
    static const char *const folders[] = {"base", "base/node_modules", "other"};
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", root, folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
        (void)snprintf(path, sizeof(path), "%s/%s/x.c", root, folders[i]);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs("int x;\n", file) >= 0);
        assert_int_equal(fclose(file), 0);
    }
    struct tidy tidy;
    tidy_init(&tidy);
    assert_true(tidy_load(&tidy, root));
    assert_int_equal(tidy.file_count, 1);
    tidy_check_sources(&tidy);
    assert_finding(&tidy, "base/x.c:1: opening: ");
    tidy_release(&tidy);
    for (size_t i = 3; i-- > 0;) {
        (void)snprintf(path, sizeof(path), "%s/%s/x.c", root, folders[i]);
        assert_int_equal(unlink(path), 0);
        (void)snprintf(path, sizeof(path), "%s/%s", root, folders[i]);
        assert_int_equal(rmdir(path), 0);
    }
    assert_int_equal(rmdir(root), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_tree_has_no_findings),
        cmocka_unit_test(test_floor),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_door),
        cmocka_unit_test(test_pure_includes),
        cmocka_unit_test(test_banned),
        cmocka_unit_test(test_entry),
        cmocka_unit_test(test_world),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_tab),
        cmocka_unit_test(test_opening),
        cmocka_unit_test(test_guard),
        cmocka_unit_test(test_dead),
        cmocka_unit_test(test_words_of_messages),
        cmocka_unit_test(test_words_of_tables),
        cmocka_unit_test(test_words_of_commands),
        cmocka_unit_test(test_words_of_nobody),
        cmocka_unit_test(test_words_that_nobody_says),
        cmocka_unit_test(test_state),
        cmocka_unit_test(test_symbols_keep_the_floors),
        cmocka_unit_test(test_pure_symbols),
        cmocka_unit_test(test_load),
    };
    return cmocka_run_group_tests_name("tidy", tests, NULL, NULL);
}
