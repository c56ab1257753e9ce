/* enginekit.h: a form and an engine for tests, with a clock that stands and random bytes from a
 * counter, so that every run is the same. */
#ifndef YG_TESTS_SUPPORT_ENGINEKIT_H
#define YG_TESTS_SUPPORT_ENGINEKIT_H

#include "schema/form/engine.h"

struct enginekit {
    struct arena form_arena, arena; /* of the form; of answers that engine functions give */
    struct model *model;            /* NULL until a form is loaded */
    struct engine engine;
    struct buf xml;
    struct err err;
    int64_t now_ms; /* 2026-11-23T12:00:00+08:00 at first */
    uint64_t random;
    bool random_is_half;       /* random() is always 0.5, as it can be in another engine, too */
    const char *attachment;    /* the content of every attached list; NULL: there is none */
    model_attachment_fn *give; /* gives attached lists instead; may be NULL */
    void *giver;
    bool has_engine;
};

void enginekit_init(struct enginekit *kit);
void enginekit_release(struct enginekit *kit);

/* Loads and makes an engine, in which nothing has been begun. May be called again. */
enum rc enginekit_load(struct enginekit *kit, struct view form);

/* The same with model and body only: everything around them is added. */
enum rc enginekit_load_parts(struct enginekit *kit, const char *head, const char *body);

/* By refs as people write them. */
enum rc enginekit_set(struct enginekit *kit, const char *ref, const char *value);
enum rc enginekit_add(struct enginekit *kit, const char *ref, uint64_t id);
enum rc enginekit_remove(struct enginekit *kit, const char *ref);
/* Terminated copies in the arena; "?" where there is no such place. */
const char *enginekit_value(struct enginekit *kit, const char *ref);
const char *enginekit_label(struct enginekit *kit, const char *ref);
const char *enginekit_error(struct enginekit *kit, const char *ref);
/* All false where there is no such place. */
struct engine_state enginekit_look(struct enginekit *kit, const char *ref);
bool enginekit_relevant(struct enginekit *kit, const char *ref);
/* The draft or submission, terminated; valid until the next call. */
const char *enginekit_xml(struct enginekit *kit, enum engine_write_mode mode);

#endif
