/* fill.c: the questions of a form one by one in a terminal: a real way to work on a laptop over
 * ssh.
 *
 * The dialogue holds nothing itself: each answer is a step of drafts.c, in the running service or,
 * if none runs, in a tablet that this command opens and unlocks for its own time. So whatever was
 * answered is on disk before the next question comes, and a lost line loses nothing.
 *
 * Input lines: an answer; the number of a choice (several parted by spaces); nothing goes on. Lines
 * that begin with a colon are for the dialogue, see say_help. */
#include "agent/face/face.h"
#include "agent/sync/sync.h"
#include "base/text.h"
#include "base/words.h"

#include <stdio.h>
#include <stdlib.h>

#define STEP_BYTES     (32u * 1024u * 1024u)
#define LINE_MAX_BYTES 65536u

struct dialogue {
    struct face *face;
    struct command *command;
    char draft[24];
    struct json *document;       /* the newest answer of a step */
    const struct json *question; /* at hand; NULL: behind the last one */
    char *line;
    size_t line_room;
    bool ended; /* standard input has ended */
};

/* --- steps --- */

/* Runs `draft VERB DRAFT [WORD]`; its answer becomes the document. RC_INVALID: the step was
 * refused, and the person has been told why. */
static enum rc step(struct dialogue *at, const char *verb, const char *word, struct err *err) {
    const char *words[8] = {"draft", verb, at->draft};
    struct json_limits limits = {.bytes = STEP_BYTES, .depth = 16};
    struct json *document = NULL;
    size_t count = 3;
    struct buf out;
    int status = 0;
    enum rc rc;

    if (word != NULL)
        words[count++] = word;
    words[count++] = "--json";
    buf_init(&out, STEP_BYTES);
    rc = command_inside(&at->face->table, at->command, words, count, &out, &status, err);
    if (rc == RC_OK && status != 0)
        rc = RC_INVALID;
    else if (rc == RC_OK)
        rc = json_parse(buf_view(&out), limits, &document, err);
    buf_release(&out);
    if (rc == RC_OK) {
        json_free(at->document);
        at->document = document;
    }
    return rc;
}

/* The place is found again by its ref: the list may have changed around it. */
static void find(struct dialogue *at, struct view ref) {
    at->question = json_first(json_get(at->document, "questions"));
    while (at->question != NULL && !view_equal(json_text(json_get(at->question, "ref")), ref))
        at->question = json_next(at->question);
    if (at->question == NULL)
        at->question = json_first(json_get(at->document, "questions"));
}

static enum rc step_here(struct dialogue *at, const char *verb, const char *word, struct err *err) {
    char ref[LIMIT_PATH_BYTES + 256u];
    enum rc rc;

    snprintf(ref, sizeof(ref), "%.*s",
             VIEW_PRINT(view_slice(json_text(json_get(at->question, "ref")), 0, sizeof(ref) - 1)));
    rc = step(at, verb, word, err);
    if (rc == RC_OK)
        find(at, view_text(ref));
    return rc;
}

/* --- the terminal --- */

static void print(struct dialogue *at, const char *text) {
    struct err ignored;

    err_init(&ignored, at->command->lang);
    (void)command_print(at->command, view_text(text), &ignored);
}

static void __attribute__((format(printf, 2, 3)))
printf_to(struct dialogue *at, const char *format, ...) {
    struct err ignored;
    va_list arguments;
    struct buf text;

    err_init(&ignored, at->command->lang);
    buf_init(&text, LINE_MAX_BYTES);
    va_start(arguments, format);
    buf_addv(&text, format, arguments);
    va_end(arguments);
    (void)command_print(at->command, buf_view(&text), &ignored);
    buf_release(&text);
}

static const char *say(const struct dialogue *at, const char *english) {
    return words(at->command->lang, english);
}

static void say_help(struct dialogue *at) {
    print(
        at,
        say(at, WORD("an answer, the number of a choice (several parted by spaces), or nothing to "
                     "go on; and:\n"
                     "  :back    to the question before    :clear  take the answer away\n"
                     "  :add     one more of a repeat      :drop   remove this one\n"
                     "  :missing what is missing or wrong  :finish save the record\n"
                     "  :quit    leave; the draft stays    :help   this\n")));
}

/* The next line without its end; NULL when there is none any more. */
static char *read_line(struct dialogue *at) {
    ssize_t size;

    print(at, "> ");
    size = getline(&at->line, &at->line_room, stdin);
    if (size < 0) {
        at->ended = true;
        return NULL;
    }
    while (size > 0 && (at->line[size - 1] == '\n' || at->line[size - 1] == '\r'))
        at->line[--size] = '\0';
    return at->line;
}

static bool kind_is(const struct dialogue *at, const char *kind) {
    return strcmp(json_text_or(json_get(at->question, "kind"), ""), kind) == 0;
}

static bool flag(const struct json *question, const char *name) {
    bool value = false;

    return json_bool(json_get(question, name), &value) && value;
}

static int64_t number(const struct json *question, const char *name) {
    int64_t value = 0;

    return json_int(json_get(question, name), &value) ? value : 0;
}

/* What the form asks people to look at again. */
static void show_warning(struct dialogue *at) {
    struct view warning = json_text(json_get(at->question, "warning"));

    if (warning.size > 0)
        printf_to(at, "  ? %.*s\n", VIEW_PRINT(warning));
}

static void show_question(struct dialogue *at) {
    struct view label = json_text(json_get(at->question, "label"));
    struct view hint = json_text(json_get(at->question, "hint"));
    struct view value = json_text(json_get(at->question, "value"));
    struct view error = json_text(json_get(at->question, "error"));
    int64_t index = 0;

    if (label.size == 0)
        label = json_text(json_get(at->question, "ref"));
    printf_to(at, "\n%.*s%s\n", VIEW_PRINT(label), flag(at->question, "required") ? " *" : "");
    if (hint.size > 0)
        printf_to(at, "  (%.*s)\n", VIEW_PRINT(hint));
    if (kind_is(at, "repeat"))
        printf_to(at, "  %s %lld\n", say(at, WORD("there are:")),
                  (long long)number(at->question, "count"));
    if (kind_is(at, "instance"))
        printf_to(at, "  %s %lld\n", say(at, WORD("number:")),
                  (long long)number(at->question, "position"));
    for (const struct json *option = json_first(json_get(at->question, "options")); option != NULL;
         option = json_next(option))
        printf_to(at, "  %s %2lld  %.*s\n", flag(option, "selected") ? "*" : " ",
                  (long long)++index, VIEW_PRINT(json_text(json_get(option, "label"))));
    if (value.size > 0 && index == 0)
        printf_to(at, "  = %.*s\n", VIEW_PRINT(value));
    if (error.size > 0)
        printf_to(at, "  ! %.*s\n", VIEW_PRINT(error));
    show_warning(at);
}

/* --- answers --- */

/* Numbers of choices become their values; what is no such number stays as it is. */
static void choices_of(struct dialogue *at, const char *line, struct buf *out) {
    const struct json *options = json_get(at->question, "options");
    struct view left = view_text(line);

    while (left.size > 0) {
        uint64_t index = 0;
        size_t size = 0;
        struct view word;

        while (size < left.size && left.data[size] != ' ' && left.data[size] != ',')
            size++;
        word = view_slice(left, 0, size);
        left = view_slice(left, size + (size < left.size ? 1 : 0), left.size);
        if (word.size == 0)
            continue;
        if (parse_u64(word, &index) && index >= 1 && index <= json_count(options))
            word = json_text(json_get(json_at(options, (size_t)index - 1), "value"));
        if (out->data[out->size - 1] != '=')
            buf_add_u8(out, ' ');
        buf_add_view(out, word);
    }
}

static enum rc answer(struct dialogue *at, const char *line, struct err *err) {
    struct buf word;
    enum rc rc;

    buf_init(&word, LINE_MAX_BYTES);
    buf_add_view(&word, json_text(json_get(at->question, "ref")));
    buf_add_u8(&word, '=');
    if (json_get(at->question, "options") != NULL)
        choices_of(at, line, &word);
    else
        buf_add_text(&word, line);
    rc = buf_check(&word, "an answer", err);
    if (rc == RC_OK)
        rc = step_here(at, "answer", buf_text(&word), err);
    buf_release(&word);
    return rc;
}

static void go_on(struct dialogue *at) {
    at->question = json_next(at->question);
}

/* What a person cannot answer here is passed by, and what the program has filled in. */
static bool is_passed(const struct json *question) {
    const char *kind = json_text_or(json_get(question, "kind"), "");

    if (strcmp(json_text_or(json_get(question, "appearance"), ""), "hidden") == 0 &&
        (json_text(json_get(question, "value")).size > 0 || !flag(question, "required")))
        return true;

    return strcmp(kind, "group") == 0 || strcmp(kind, "note") == 0 || strcmp(kind, "upload") == 0 ||
           flag(question, "read_only");
}

static void go_back(struct dialogue *at) {
    const struct json *before = NULL;

    for (const struct json *item = json_first(json_get(at->document, "questions"));
         item != NULL && item != at->question; item = json_next(item))
        if (!is_passed(item))
            before = item;
    if (before != NULL)
        at->question = before;
}

static void list_missing(struct dialogue *at) {
    bool any = false;

    for (const struct json *item = json_first(json_get(at->document, "questions")); item != NULL;
         item = json_next(item)) {
        struct view label = json_text(json_get(item, "label"));

        if (json_get(item, "error") != NULL) {
            any = true;
            printf_to(at, "  %.*s: %.*s\n", VIEW_PRINT(label),
                      VIEW_PRINT(json_text(json_get(item, "error"))));
        } else if (json_get(item, "warning") != NULL) {
            printf_to(at, "  ? %.*s: %.*s\n", VIEW_PRINT(label),
                      VIEW_PRINT(json_text(json_get(item, "warning"))));
        }
    }
    if (!any)
        printf_to(at, "  %s\n", say(at, WORD("nothing is missing")));
}

/* Saves; with problems left the dialogue goes to the first of them. */
static enum rc finish(struct dialogue *at, bool *done, struct err *err) {
    struct view record;
    enum rc rc = step(at, "finish", NULL, err);

    if (rc == RC_OK) {
        record = json_text(json_get(at->document, "id"));
        printf_to(at, "%.*s\n", VIEW_PRINT(record));
        *done = true;
        return RC_OK;
    }
    if (rc != RC_INVALID)
        return rc;
    rc = step(at, "show", NULL, err);
    if (rc != RC_OK)
        return rc;
    list_missing(at);
    at->question = json_first(json_get(at->document, "questions"));
    while (at->question != NULL && json_get(at->question, "error") == NULL)
        go_on(at);
    return RC_OK;
}

/* One line that begins with a colon. */
static enum rc obey(struct dialogue *at, const char *line, bool *done, struct err *err) {
    struct view ref = json_text(json_get(at->question, "ref"));
    char word[LIMIT_PATH_BYTES + 256u];

    snprintf(word, sizeof(word), "%.*s", VIEW_PRINT(view_slice(ref, 0, sizeof(word) - 1)));
    if (strcmp(line, ":quit") == 0) {
        *done = true;
        command_say(at->command, "the draft stays; go on with: yg-agent fill %s", at->draft);
        return RC_OK;
    }
    if (strcmp(line, ":finish") == 0)
        return finish(at, done, err);
    if (strcmp(line, ":missing") == 0)
        list_missing(at);
    else if (strcmp(line, ":back") == 0)
        go_back(at);
    else if (at->question != NULL && strcmp(line, ":clear") == 0)
        return answer(at, "", err);
    else if (at->question != NULL && strcmp(line, ":add") == 0)
        return step_here(at, "add", word, err);
    else if (at->question != NULL && strcmp(line, ":drop") == 0)
        return step_here(at, "remove", word, err);
    else
        say_help(at);
    return RC_OK;
}

static enum rc talk(struct dialogue *at, struct err *err) {
    bool done = false;
    enum rc rc = step(at, "show", NULL, err);

    if (rc == RC_OK)
        at->question = json_first(json_get(at->document, "questions"));
    while (rc == RC_OK && !done) {
        const char *line;

        if (at->question == NULL) {
            print(at,
                  say(at,
                      WORD("\nthat was the last question; :finish saves, :help tells the rest\n")));
        } else {
            show_question(at);
            if (is_passed(at->question)) {
                go_on(at);
                continue;
            }
        }
        line = read_line(at);
        if (line == NULL) {
            command_say(at->command, "the draft stays; go on with: yg-agent fill %s", at->draft);
            break;
        }
        if (line[0] == ':') {
            rc = obey(at, line, &done, err);
        } else if (at->question != NULL && line[0] != '\0' && !kind_is(at, "repeat") &&
                   !kind_is(at, "instance")) {
            rc = answer(at, line, err);
            if (rc == RC_OK && json_get(at->question, "error") == NULL) {
                show_warning(at); /* told in passing; :back leads to it */
                go_on(at);
            }
        } else if (at->question != NULL) {
            go_on(at);
        }
        if (rc == RC_INVALID) { /* told; the question comes again */
            err_clear(err);
            rc = RC_OK;
        }
    }
    return rc;
}

/* --- the beginning --- */

static enum rc begin(struct dialogue *at, struct err *err) {
    const char *word = at->command->words[0], *area = command_option(at->command, "--area");
    const char *words[6] = {"draft", "begin", word};
    size_t count = 3;
    struct json *document = NULL;
    uint64_t draft = 0;
    int64_t begun = 0;
    struct buf out;
    int status = 0;
    enum rc rc;

    if (parse_u64(view_text(word), &draft)) {
        snprintf(at->draft, sizeof(at->draft), "%llu", (unsigned long long)draft);
        return RC_OK;
    }
    if (area != NULL) {
        words[count++] = "--area";
        words[count++] = area;
    }
    words[count++] = "--json";
    buf_init(&out, STEP_BYTES);
    rc = command_inside(&at->face->table, at->command, words, count, &out, &status, err);
    if (rc == RC_OK && status != 0)
        rc = err_set(err, RC_INVALID, "nothing was begun");
    if (rc == RC_OK)
        rc = json_parse(buf_view(&out), JSON_LIMITS_DEFAULT, &document, err);
    if (rc == RC_OK && !json_int(json_get(document, "draft"), &begun))
        rc = err_set(err, RC_CORRUPT, "nothing was begun");
    snprintf(at->draft, sizeof(at->draft), "%lld", (long long)begun);
    json_free(document);
    buf_release(&out);
    return rc;
}

/* Without a service: the tablet is opened and unlocked for as long as the dialogue takes. */
static enum rc take_tablet(struct dialogue *at, struct err *err) {
    static const char *const unlock[] = {"unlock", "--json"};
    struct face *face = at->face;
    struct buf out;
    int status = 0;
    enum rc rc = tablet_open(at->command->data, &face->options, &face->tablet, err);

    if (rc == RC_LOCKED) { /* a service has it: its steps go there */
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    sync_attach(face->tablet);
    buf_init(&out, STEP_BYTES);
    rc = command_inside(&face->table, at->command, unlock, 2, &out, &status, err);
    if (rc == RC_OK && status != 0)
        rc = err_set(err, RC_DENIED, "the tablet could not be unlocked");
    buf_release(&out);
    return rc;
}

static void give_tablet(struct face *face) {
    tablet_close(face->tablet); /* and with it the session */
    face->tablet = NULL;
    memset(face->seats, 0, sizeof(face->seats));
}

enum rc face_fill(void *context, struct command *command, struct err *err) {
    struct dialogue at = {.face = context, .command = command};
    char secret[LIMIT_SECRET_BYTES + 1] = "";
    enum rc rc = RC_OK;

    if (command->secret.size == 0 && command->is_terminal) {
        rc = command_secret(command, "secret: ", secret, sizeof(secret), err);
        command->secret = view_text(secret);
    }
    if (rc == RC_OK)
        rc = take_tablet(&at, err);
    if (rc == RC_OK)
        rc = begin(&at, err);
    if (rc == RC_OK) {
        say_help(&at);
        rc = talk(&at, err);
    }
    give_tablet(context);
    json_free(at.document);
    free(at.line);
    crypt_wipe(secret, sizeof(secret));
    return rc;
}
