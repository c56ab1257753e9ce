/* visitor.h: what a caseworker does on a tablet, in one line each, for tests. Builds on realm.h;
 * every failure ends the test. */
#ifndef YG_TESTS_SUPPORT_VISITOR_H
#define YG_TESTS_SUPPORT_VISITOR_H

#include "tests/support/realm.h"

#define VILLAGE_A COUNTY_AREA
#define VILLAGE_B UINT64_C(430626117206)

struct visitor {
    struct county *county;
    char folder[256]; /* a fresh one; tablets live beneath it */
    struct arena arena;
    struct err err;
};

/* A county with the household form published. For cmocka's setup and teardown. */
int visitor_set_up(void **state);
int visitor_set_up_with_files(void **state); /* the county takes photos, too */
int visitor_tear_down(void **state);

void visitor_must(struct visitor *visitor, enum rc rc);
const char *visitor_path(struct visitor *visitor, const char *name);
/* Copies the files of folder FROM to the new folder TO, as a clone or a backup would. */
void visitor_copy(struct visitor *visitor, const char *from, const char *to);
/* Removes the folder and what is in it. */
void visitor_remove(struct visitor *visitor, const char *name);
/* Enrols in folder NAME for the first village, or both, and syncs once for the forms. */
struct tablet *visitor_enrol(struct visitor *visitor, const char *name, uint32_t villages);

/* Two clerks, who may move records, with a tablet each: Wang for both villages, Zhang for these
 * areas. The caller closes the tablets. */
struct two_clerks {
    struct tablet *a, *b;
    struct session *wang, *zhang;
};
struct two_clerks visitor_two_clerks(struct visitor *visitor, const uint64_t *zhangs_areas,
                                     uint32_t count);

/* A new household of this name in this village; its id. */
struct dot visitor_save(struct visitor *visitor, struct session *session, uint64_t village,
                        const char *name);
/* The same without ending the test. */
enum rc visitor_try_save(struct visitor *visitor, struct session *session, uint64_t village,
                         const char *name);
void visitor_edit(struct visitor *visitor, struct session *session, struct dot record,
                  const char *path, const char *text);
void visitor_move(struct visitor *visitor, struct session *session, struct dot record,
                  uint64_t village);
/* Keeps the side with this text. */
void visitor_resolve(struct visitor *visitor, struct session *session, struct dot record,
                     const char *path, const char *text);

/* The value of a field as text; "?" in a conflict, "" when there is none. In the arena. */
const char *visitor_text(struct visitor *visitor, struct session *session, struct dot record,
                         const char *path);
/* How many records a search finds. */
uint32_t visitor_count(struct visitor *visitor, struct session *session, const char *search);
struct tablet_status visitor_status(struct visitor *visitor, struct tablet *tablet);
/* Whether there is a notice of this kind. */
bool visitor_noticed(struct visitor *visitor, struct tablet *tablet, enum notice_kind kind);
/* Fails the test unless tablet_verify finds nothing. */
void visitor_verify(struct visitor *visitor, struct tablet *tablet);

#endif
