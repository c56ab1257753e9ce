/* rules.c: the rules that can be read from the sources. The tables in this file are the house
 * plan: a new library, room or exception is one line here, with its reason. */
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "tests/tidy/tidy.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { LINES_MAX = 1000, COLUMNS_MAX = 100 };

static const struct {
    const char *name, *sentence;
} rules[TIDY_RULES] = {
    [TIDY_FLOOR] = {"floor",
                    "base <- schema <- agent | syncd | verify <- tests, never up, never across"},
    [TIDY_ROOM] = {"room", "rooms of a floor look down, and doors do not know each other"},
    [TIDY_PATH] = {"path", "an include names a file of the tree by its path from the root"},
    [TIDY_DOOR] = {"door", "each library's header is included by its one module"},
    [TIDY_PURE] = {"pure", "schema/ uses no clock, disk, network or bare memory"},
    [TIDY_BANNED] = {"banned", "no banned function"},
    [TIDY_ENTRY] = {"entry", "only main.c has a main and reads the environment"},
    [TIDY_WORLD] = {"world", "clock and entropy come from base/env.c"},
    [TIDY_STATE] = {"state", "no mutable variable outlives a call, except in main.c"},
    [TIDY_LENGTH] = {"length", "files have at most 1000 lines"},
    [TIDY_WIDTH] = {"width", "lines of C have at most 100 columns"},
    [TIDY_TAB] = {"tab", "no tab in C"},
    [TIDY_OPENING] = {"opening", "a file opens with a comment, a header's begins with its name"},
    [TIDY_GUARD] = {"guard", "a header is guarded by its path, YG_BASE_ERR_H"},
    [TIDY_DEAD] = {"dead", "somebody includes each header"},
    [TIDY_WORDS] = {"words", "base/words/zh.tsv has every message, and only those"},
};

/* Libraries, by the beginning of what is included, and the module that is their door. */
static const struct {
    const char *header, *door;
} doors[] = {
    {"sqlite3", "base/db.c"},
    {"curl/", "base/httpc.c"},
    {"cjson/", "base/json.c"},
    {"zlib.h", "base/zip.c"},
    {"sodium", "base/crypt.c"},
    {"microhttpd.h", "base/httpd.c"},
    {"gnutls/crypto.h", "base/digest.c"},
    {"gnutls/", "base/tls.c"},
    {"libxml/", "base/xml.c"},
    {"zip.h", "base/archive.c"},
    {"xlsxwriter.h", "base/sheet.c"},
    {"qrencode.h", "base/qr.c"},
    {"libpq-fe.h", "syncd/store/postgres.c"},
};

/* The C library without machine, and then what the operating system adds. */
static const char *const pure_headers[] = {
    "assert.h", "ctype.h",    "errno.h",  "float.h",   "inttypes.h", "limits.h",
    "math.h",   "stdalign.h", "stdarg.h", "stdbool.h", "stddef.h",   "stdint.h",
    "stdio.h",  "stdlib.h",   "string.h", "tgmath.h",
};
static const char *const system_headers[] = {
    "arpa/",       "dirent.h",   "endian.h", "fcntl.h",     "fnmatch.h", "ftw.h",     "grp.h",
    "linux/",      "net/",       "netdb.h",  "netinet/",    "poll.h",    "pthread.h", "pwd.h",
    "malloc.h",    "sanitizer/", "sched.h",  "semaphore.h", "setjmp.h",  "signal.h",  "spawn.h",
    "stdatomic.h", "strings.h",  "sys/",     "syslog.h",    "termios.h", "time.h",    "unistd.h",
};

/* Modules of base/ that touch the machine. */
static const char *const machine[] = {
    "base/control.", "base/db.",     "base/env.",         "base/file.", "base/http.",
    "base/httpc.",   "base/gpsd.",   "base/httpd.",       "base/log.",  "base/spool.",
    "base/tls.",     "base/webapi.", "base/webapi_page.",
};

/* Rooms from below to above: a room may look into lower ones of its floor, never into another of
 * its own height. main.c stands above all. */
static const struct {
    const char *room;
    int height;
} rooms[] = {
    {"agent/store/", 0}, {"agent/field/", 1}, {"agent/sync/", 1},
    {"agent/face/", 2},  {"syncd/store/", 0}, {"syncd/sync/", 1},
    {"syncd/desk/", 2},  {"syncd/board/", 2}, {"syncd/odk/", 2},
};

/* Without clock or entropy nothing may go on, and no caller could do better. */
static const char may_abort[] = "base/env.c";

/* base/banned.h poisons the first lines of these; the rest would be too wide a net there. */
static const char *const banned[] = {
    "strcpy", "strcat", "stpcpy",  "strncpy", "strncat", "sprintf", "vsprintf",
    "gets",   "strtok", "atoi",    "atol",    "atoll",   "atof",    "rand",
    "srand",  "tmpnam", "tempnam", "mktemp",  "ctime",   "asctime", "localtime",
    "gmtime", "mktime", "alloca",  "system",  "popen",   "strdupa", "setlocale",
};
static const char *const ending[] = {"abort", "exit", "_exit", "quick_exit"};
static const char *const sleeping[] = {"sleep", "usleep", "nanosleep"};
static const char *const environment[] = {
    "getenv",  "secure_getenv", "setenv",      "unsetenv", "putenv", "clearenv",
    "environ", "getopt",        "getopt_long", "optarg",   "optind",
};
static const char *const clocks[] = {
    "time",   "clock_gettime", "gettimeofday", "getrandom",  "getentropy",
    "random", "rand_r",        "drand48",      "arc4random", "timespec_get",
};

const char *tidy_rule_name(enum tidy_rule rule) {
    return rules[rule].name;
}

const char *tidy_rule_sentence(enum tidy_rule rule) {
    return rules[rule].sentence;
}

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

/* A name that ends in '/' or '.' stands for all that begin with it. */
static bool listed(const char *name, const char *const *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char last = list[i][strlen(list[i]) - 1];
        if (last == '/' || last == '.' ? begins(name, list[i]) : strcmp(name, list[i]) == 0)
            return true;
    }
    return false;
}

int tidy_floor(const char *path) {
    if (begins(path, "base/"))
        return 0;
    if (begins(path, "schema/"))
        return 1;
    if (begins(path, "agent/") || begins(path, "syncd/") || begins(path, "verify/"))
        return 2;
    return begins(path, "tests/") ? 3 : -1;
}

bool tidy_may_use(const char *from, const char *to) {
    int from_floor = tidy_floor(from), to_floor = tidy_floor(to);
    if (to_floor > from_floor)
        return false;
    return from_floor != 2 || to_floor != 2 ||
           (begins(from, "agent/") == begins(to, "agent/") &&
            begins(from, "verify/") == begins(to, "verify/"));
}

bool tidy_is_machine(const char *path) {
    return listed(path, machine, COUNT(machine));
}

bool tidy_is_host_tool(const char *path) {
    return begins(path, "base/embed");
}

static bool is_main(const char *path) {
    return strcmp(path, "agent/main.c") == 0 || strcmp(path, "syncd/main.c") == 0 ||
           strcmp(path, "verify/main.c") == 0;
}

static int room_of(const char *path) {
    for (size_t i = 0; i < COUNT(rooms); i++)
        if (begins(path, rooms[i].room))
            return (int)i;
    return -1;
}

static void check_quoted(struct tidy *tidy, const struct tidy_file *file,
                         const struct tidy_include *include) {
    const char *to = include->path;
    if (!tidy_find(tidy, to)) {
        tidy_report(tidy, TIDY_PATH, file->path, include->line, "\"%s\" is no file of the tree",
                    to);
        return;
    }
    if (!tidy_may_use(file->path, to)) {
        tidy_report(tidy, TIDY_FLOOR, file->path, include->line, "may not include %s", to);
        return;
    }
    if (tidy_floor(file->path) == 1 && tidy_is_machine(to))
        tidy_report(tidy, TIDY_PURE, file->path, include->line, "may not include %s", to);
    int from_room = room_of(file->path), to_room = room_of(to);
    if (from_room >= 0 && to_room >= 0 && from_room != to_room &&
        rooms[to_room].height >= rooms[from_room].height)
        tidy_report(tidy, TIDY_ROOM, file->path, include->line, "%s may not look into %s",
                    rooms[from_room].room, rooms[to_room].room);
}

/* Tests stand above all and may open any library themselves, to look behind a door. */
static void check_system(struct tidy *tidy, const struct tidy_file *file,
                         const struct tidy_include *include) {
    int floor = tidy_floor(file->path);
    if (floor == 3)
        return;
    for (size_t i = 0; i < COUNT(doors); i++) {
        if (!begins(include->path, doors[i].header))
            continue;
        if (strcmp(file->path, doors[i].door) != 0)
            tidy_report(tidy, TIDY_DOOR, file->path, include->line, "only %s includes <%s>",
                        doors[i].door, include->path);
        return;
    }
    if (listed(include->path, pure_headers, COUNT(pure_headers)))
        return;
    if (!listed(include->path, system_headers, COUNT(system_headers)))
        tidy_report(tidy, TIDY_DOOR, file->path, include->line,
                    "<%s> is of no library we know: give it a door", include->path);
    else if (floor == 1)
        tidy_report(tidy, TIDY_PURE, file->path, include->line, "may not include <%s>",
                    include->path);
}

/* Calls fn for every word of the code; `called` tells whether a parenthesis follows. */
static void check_words(struct tidy *tidy, const struct tidy_file *file) {
    const char *path = file->path;
    int floor = tidy_floor(path), line = 1;
    bool of_house = floor >= 0 && floor < 3 && !tidy_is_host_tool(path);
    for (const char *c = file->code; *c;) {
        if (!isalpha((unsigned char)*c) && *c != '_') {
            line += *c == '\n';
            /* 0x1fULL is no word. */
            if (isdigit((unsigned char)*c))
                while (isalnum((unsigned char)*c) || *c == '_')
                    c++;
            else
                c++;
            continue;
        }
        char word[64];
        size_t length = 0;
        bool member = c > file->code && (c[-1] == '.' || (c[-1] == '>' && c > file->code + 1));
        for (; isalnum((unsigned char)*c) || *c == '_'; c++)
            if (length < sizeof(word) - 1)
                word[length++] = *c;
        word[length] = '\0';
        bool called = c[strspn(c, " ")] == '(' && !member;
        if (strcmp(path, "base/banned.h") == 0)
            continue;
        if (called && listed(word, banned, COUNT(banned)))
            tidy_report(tidy, TIDY_BANNED, path, line, "%s() is banned", word);
        if (called && of_house && !is_main(path) && strcmp(path, may_abort) != 0 &&
            listed(word, ending, COUNT(ending)))
            tidy_report(tidy, TIDY_BANNED, path, line, "%s(): only main.c ends a process", word);
        if (called && (begins(path, "tests/unit/") || begins(path, "tests/property/")) &&
            listed(word, sleeping, COUNT(sleeping)))
            tidy_report(tidy, TIDY_BANNED, path, line, "%s(): a test does not wait", word);
        if (of_house && !is_main(path) &&
            ((!member && listed(word, environment, COUNT(environment))) ||
             (called && strcmp(word, "main") == 0)))
            tidy_report(tidy, TIDY_ENTRY, path, line, "%s belongs into main.c", word);
        if (called && of_house && strcmp(path, "base/env.c") != 0 &&
            listed(word, clocks, COUNT(clocks)))
            tidy_report(tidy, TIDY_WORLD, path, line, "%s(): ask struct env", word);
    }
}

static bool is_wide(uint32_t point) {
    static const struct {
        uint32_t from, to;
    } wide[] = {
        {0x1100, 0x115f}, {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
        {0xf900, 0xfaff}, {0xfe30, 0xfe6f},   {0xff00, 0xff60},
        {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd},
    };
    for (size_t i = 0; i < COUNT(wide); i++)
        if (point >= wide[i].from && point <= wide[i].to)
            return true;
    return false;
}

static size_t columns(const char *line, size_t length) {
    size_t sum = 0;
    for (size_t i = 0; i < length;) {
        unsigned char first = (unsigned char)line[i++];
        int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
        uint32_t point = more == 0 ? first : (uint32_t)(first & (0x3f >> more));
        for (; more > 0 && i < length; more--)
            point = point << 6 | ((uint32_t)line[i++] & 0x3f);
        sum += is_wide(point) ? 2 : 1;
    }
    return sum;
}

static void check_lines(struct tidy *tidy, const struct tidy_file *file) {
    int number = 0;
    for (const char *line = file->text; *line;) {
        size_t length = strcspn(line, "\n");
        number++;
        if (file->code && columns(line, length) > COLUMNS_MAX)
            tidy_report(tidy, TIDY_WIDTH, file->path, number, "%zu columns, at most %d",
                        columns(line, length), COLUMNS_MAX);
        if (file->code && memchr(line, '\t', length))
            tidy_report(tidy, TIDY_TAB, file->path, number, "a tab");
        line += length + (line[length] == '\n');
    }
    /* The catalogue is one list, and looked up by key. */
    if (number > LINES_MAX && strcmp(file->path, "base/words/zh.tsv") != 0)
        tidy_report(tidy, TIDY_LENGTH, file->path, number, "%d lines, at most %d: split it", number,
                    LINES_MAX);
}

static bool is_header(const struct tidy_file *file) {
    size_t length = strlen(file->path);
    return length > 2 && strcmp(file->path + length - 2, ".h") == 0;
}

/* The name of a unit or property test says what it is; it may open as it likes. */
static void check_opening(struct tidy *tidy, const struct tidy_file *file) {
    if (!is_header(file) &&
        (begins(file->path, "tests/unit/") || begins(file->path, "tests/property/")))
        return;
    const char *slash = strrchr(file->path, '/');
    char opening[256];
    (void)snprintf(opening, sizeof(opening), "/* %s: ", slash ? slash + 1 : file->path);
    if (!is_header(file))
        opening[2] = '\0';
    if (!begins(file->text, opening))
        tidy_report(tidy, TIDY_OPENING, file->path, 1, "does not begin with \"%s\"", opening);
}

static void check_guard(struct tidy *tidy, const struct tidy_file *file) {
    char guard[256];
    (void)snprintf(guard, sizeof(guard), "YG_%s", file->path);
    for (char *c = guard; *c; c++)
        *c = isalnum((unsigned char)*c) ? (char)toupper(*c) : '_';
    char lines[600];
    (void)snprintf(lines, sizeof(lines), "#ifndef %s\n#define %s\n", guard, guard);
    if (!strstr(file->text, lines))
        tidy_report(tidy, TIDY_GUARD, file->path, 1, "is not guarded by %s", guard);
}

static void check_dead(struct tidy *tidy, const struct tidy_file *header) {
    for (size_t i = 0; i < tidy->file_count; i++) {
        const struct tidy_file *file = &tidy->files[i];
        for (size_t k = 0; k < file->include_count; k++)
            if (file->includes[k].quoted && strcmp(file->includes[k].path, header->path) == 0)
                return;
    }
    tidy_report(tidy, TIDY_DEAD, header->path, 1, "nobody includes it");
}

void tidy_check_sources(struct tidy *tidy) {
    for (size_t i = 0; i < tidy->file_count; i++) {
        const struct tidy_file *file = &tidy->files[i];
        check_lines(tidy, file);
        if (!file->code)
            continue;
        check_opening(tidy, file);
        check_words(tidy, file);
        for (size_t k = 0; k < file->include_count; k++) {
            if (file->includes[k].quoted)
                check_quoted(tidy, file, &file->includes[k]);
            else
                check_system(tidy, file, &file->includes[k]);
        }
        if (is_header(file)) {
            check_guard(tidy, file);
            check_dead(tidy, file);
        }
    }
}
