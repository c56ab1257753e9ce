/* clerk.h: somebody at the county's desk, for tests: a county on disk, its command line run through
 * its table, and two tablets, of Wang and Zhang, that sync with it in this process. */
#ifndef YG_TESTS_SUPPORT_CLERK_H
#define YG_TESTS_SUPPORT_CLERK_H

#include "base/json.h"
#include "schema/edit.h"
#include "syncd/desk/desk.h"
#include "syncd/service.h"
#include "tests/support/realm.h"

#define VILLAGE "430626117205"

struct clerk {
    struct county *county; /* clock, entropy and link of the realm; its office is the service's */
    struct service *service;
    struct desk desk;
    struct command_table table;
    struct command_environment environment;
    char folder[256], data[300], form[300];
    struct arena arena;
    char *out, *err; /* of the last command, in the arena */
    struct tablet *a, *b;
    struct session *wang, *zhang;
};

/* Ends the test unless RC_OK. */
void clerk_must(enum rc rc, const struct err *err);

/* Fixture of cmocka: *state is a struct clerk. */
int clerk_set_up(void **state);
int clerk_tear_down(void **state);
/* After the test has closed world->service. */
void clerk_open(struct clerk *world);
/* Copies a folder of files; both names lie in world->folder. */
void clerk_copy(struct clerk *world, const char *from, const char *to);
/* A name in world->folder, in the arena. */
const char *clerk_path(struct clerk *world, const char *name);
/* The county is lost, and made again from the file in a new folder, with its keys at hand, and
 * served from there. How many erasures it gave again. */
uint32_t clerk_restore(struct clerk *world, const char *file, const char *name);

/* --- forms --- */

#define CLERK_SURVEY                                                                               \
    "type,name,label,required,bind::yg:merge,bind::yg:group,bind::yg:key,bind::yg:sensitive\n"     \
    "text,name,Name,yes,,,,\n"                                                                     \
    "text,phone,Phone,,latest,,,yes\n"                                                             \
    "integer,pigs,Pigs,,,,,\n"                                                                     \
    "text,bank,Bank,,,account,,\n"                                                                 \
    "text,account,Account,,,account,,yes\n"                                                        \
    "text,card,Card,,,,yes,yes\n"                                                                  \
    "begin repeat,member,Member,,,,,\n"                                                            \
    "text,called,Called,,,,,\n"                                                                    \
    "integer,wage,Wage,,,,,\n"                                                                     \
    "end repeat,,,,,,,\n"

/* Writes the sheets of the form "home" to world->form. */
void clerk_form(struct clerk *world, const char *survey);

/* --- commands --- */

/* Runs words, ended by NULL; what it printed is in world->out and world->err. */
int clerk_run(struct clerk *world, const char *first, ...);
/* What was printed, as a document that the caller frees. */
struct json *clerk_json(struct clerk *world);

#define RUNS(world, status, ...)                                                                   \
    do {                                                                                           \
        int got = clerk_run(world, __VA_ARGS__, NULL);                                             \
        if (got != (status))                                                                       \
            fail_msg("%s: status %d: %s%s", #__VA_ARGS__, got, (world)->out, (world)->err);        \
    } while (0)

#define SAYS(text, part)                                                                           \
    do {                                                                                           \
        if (strstr(text, part) == NULL)                                                            \
            fail_msg("\"%s\" is missing in: %s", part, text);                                      \
    } while (0)
#define KEEPS_QUIET(text, part)                                                                    \
    do {                                                                                           \
        if (strstr(text, part) != NULL)                                                            \
            fail_msg("\"%s\" must not stand in: %s", part, text);                                  \
    } while (0)

/* --- tablets and records --- */

/* Publishes the form and gives Wang and Zhang a tablet each. */
void clerk_begin(struct clerk *world);
/* Until both have everything. */
void clerk_sync(struct clerk *world);
void clerk_user(struct clerk *world, const char *name, const char *role);

struct answer_pair {
    const char *path, *text;
};

#define CLERK_HOME(name)                                                                           \
    (const struct answer_pair[]) {                                                                 \
        {"name", name}, {"phone", "13812345678"}, {"pigs", "3"}, {                                 \
            NULL, NULL                                                                             \
        }                                                                                          \
    }

/* A new home with these answers (ended by a NULL path) and one member; its id as text. */
const char *clerk_new(struct clerk *world, struct session *session,
                      const struct answer_pair *pairs);
const char *clerk_new_in(struct clerk *world, struct session *session, uint64_t area,
                         const struct answer_pair *pairs);
/* A change in three steps; the dot as text. */
void clerk_start(struct clerk *world, struct session *session, const char *record,
                 enum change_kind kind, struct seen *seen, struct edit *edit);
void clerk_set(struct clerk *world, struct edit *edit, struct instance_id instance,
               const struct answer_pair *pairs);
const char *clerk_finish(struct clerk *world, struct session *session, struct seen *seen,
                         struct edit *edit);
/* One field of the record itself, a minute later; the dot as text. */
const char *clerk_edit(struct clerk *world, struct session *session, const char *record,
                       const char *path, const char *text);
/* It lies in this area from now on; the dot as text. */
const char *clerk_move(struct clerk *world, struct session *session, const char *record,
                       uint64_t area);
/* A home on which Wang says 4 pigs and Zhang says 6; its id. */
const char *clerk_conflict(struct clerk *world);
/* The dot of the side with this value. */
const char *clerk_side(struct clerk *world, const char *record, const char *path,
                       const char *value);

/* --- what there is --- */

struct store_counts clerk_counts(struct clerk *world);
/* How many changes of its own the tablet knows to be kept aside. */
uint32_t clerk_kept_aside(struct clerk *world, struct tablet *tablet);
/* Whether `yg-syncd show` of the record says so. */
bool clerk_shows(struct clerk *world, const char *record, const char *text);
/* Fails the test where `verify` of the tablet finds anything. */
void clerk_verify(struct tablet *tablet);
/* What a number of the tablet's first actor is called now. */
const char *clerk_own_name(struct clerk *world, const struct tablet *tablet, uint64_t number);
/* Whether the tablet has told people so. */
bool clerk_noticed(struct clerk *world, struct tablet *tablet, uint8_t kind);
/* How many records a person's list has. */
uint32_t clerk_listed(struct clerk *world, struct session *session);
/* One exchange, no more; whether there is more to do. */
bool clerk_one_round(struct clerk *world, struct tablet *tablet);
/* The county's file, changed by somebody with a database editor. sql may hold several. */
void clerk_tamper(struct clerk *world, const char *sql);

#endif
