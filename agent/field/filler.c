/* What is kept of a draft: a byte of the version, the form's id, the area, the record (actor and
 * number; 0 for a new one), all 8 bytes; the title, sized; which of the record, its instances and
 * what answers name are of our own changes (varint count, each: actor by which it was called, 8
 * bytes; varint number; actor under which we gave the number, 8 bytes); then what filling_keep
 * writes.
 *
 * Where there are copies of the tablet, or the county was restored, own numbers get other names,
 * and the former ones may be those of somebody else's records. So a draft is resumed by our own. */
#include "agent/field/filler.h"

#include "agent/field/home_visit.h"
#include "agent/store/blobs.h"
#include "agent/store/drafts.h"
#include "agent/store/traffic.h"
#include "base/text.h"

#include <stdlib.h>

#define KEPT_VERSION  3
#define WITHOUT_NAMES 2
#define TITLE_BYTES   512u /* of a draft, in lists */
#define FILLER_BYTES  (64u * 1024u * 1024u)
#define DEVICE_BYTES  32u

struct filler {
    struct session *session;
    uint64_t draft;
    uint64_t area;
    struct dot record;
    uint32_t namings;   /* of the tablet, when it was begun or resumed */
    struct arena arena; /* of the program */
    struct form_program program;
    struct filling filling;
    struct filler_shown shown;
    struct past past;    /* of the record that is changed */
    struct past earlier; /* of the visit before a new one; read when it is first shown */
    bool has_earlier;
    char device[DEVICE_BYTES];
};

static int64_t now_of(void *context) {
    const struct filler *filler = context;

    return env_wall_ms(tablet_env(session_tablet(filler->session)));
}

static void draw_of(void *context, void *bytes, size_t size) {
    const struct filler *filler = context;

    env_entropy(tablet_env(session_tablet(filler->session)), bytes, size);
}

static enum rc make(struct session *session, const struct form *form, struct filler **out,
                    struct err *err) {
    struct filler *filler = calloc(1, sizeof(*filler));
    struct engine_host host = {.context = filler, .now_ms = now_of, .random = draw_of};
    enum rc rc;

    *out = filler;
    if (filler == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    filler->session = session;
    filler->namings = tablet_namings(session_tablet(session));
    arena_init(&filler->arena, FILLER_BYTES);
    past_init(&filler->past);
    past_init(&filler->earlier);
    snprintf(filler->device, sizeof(filler->device), "%016llx",
             (unsigned long long)tablet_facts(session_tablet(session))->device);
    host.device_id = view_text(filler->device);
    host.user_name = session_person_name(session);
    rc = form_program_load(form, &filler->arena, &filler->program, err);
    if (rc == RC_OK)
        filling_init(&filler->filling, &filler->program, &host, err->lang);
    return rc;
}

void filler_close(struct filler *filler) {
    if (filler == NULL)
        return;
    if (filler->filling.program != NULL)
        filling_release(&filler->filling);
    past_release(&filler->past);
    past_release(&filler->earlier);
    arena_release(&filler->arena);
    free(filler);
}

/* Cut between two characters. */
static struct view title_of(const struct filler *filler) {
    struct view title = filler_title(filler);

    if (title.size <= TITLE_BYTES)
        return title;
    title.size = TITLE_BYTES;
    while (title.size > 0 && !utf8_valid(title))
        title.size--;
    return title;
}

/* Which of our own changes the draft names, each once. */
static enum rc keep_names(struct filler *filler, struct view kept, struct buf *out,
                          struct err *err) {
    struct dot *dots, *named, *own;
    struct arena arena;
    uint32_t count = 0, own_count = 0;
    enum rc rc;

    arena_init(&arena, FILLER_BYTES);
    rc = filling_dots(&filler->filling, kept, &arena, &dots, &count, err);
    named = arena_array(&arena, (size_t)count + 1, sizeof(*named));
    own = arena_array(&arena, (size_t)count + 1, sizeof(*own));
    if (rc == RC_OK)
        rc = arena_check(&arena, "a draft", err);
    if (rc != RC_OK)
        goto out;
    if (count > 0)
        memcpy(named, dots, count * sizeof(*named));
    named[count++] = filler->record;
    qsort(named, count, sizeof(*named), dot_order);
    for (uint32_t i = 0; i < count; i++) {
        const struct dot dot = named[i];

        if ((own_count > 0 && dot_equal(named[own_count - 1], dot)) ||
            !tablet_own_dot(session_tablet(filler->session), dot, &own[own_count]))
            continue;
        named[own_count++] = dot;
    }
    buf_add_varint(out, own_count);
    for (uint32_t i = 0; i < own_count; i++) {
        buf_add_le64(out, named[i].actor);
        buf_add_varint(out, named[i].number);
        buf_add_le64(out, own[i].actor);
    }
out:
    arena_release(&arena);
    return rc;
}

static enum rc keep(struct filler *filler, struct buf *out, struct err *err) {
    struct buf kept;
    enum rc rc;

    buf_init(&kept, DRAFT_BYTES_MAX);
    rc = filling_keep(&filler->filling, &kept, err);
    buf_add_u8(out, KEPT_VERSION);
    buf_add_le64(out, filler->program.form->id);
    buf_add_le64(out, filler->area);
    buf_add_le64(out, filler->record.actor);
    buf_add_le64(out, filler->record.number);
    buf_add_sized(out, title_of(filler));
    if (rc == RC_OK)
        rc = keep_names(filler, buf_view(&kept), out, err);
    buf_add_view(out, buf_view(&kept));
    crypt_buf_release(&kept);
    return rc == RC_OK ? buf_check(out, "a draft", err) : rc;
}

/* The draft's first row. Ends the filler when it fails. */
static enum rc add_draft(struct filler **out, enum rc rc, struct err *err) {
    struct filler *filler = *out;
    struct buf bytes;

    buf_init(&bytes, DRAFT_BYTES_MAX);
    if (rc == RC_OK)
        rc = keep(filler, &bytes, err);
    if (rc == RC_OK)
        rc = drafts_add(filler->session, filler->area, buf_view(&bytes), &filler->draft, err);
    crypt_buf_release(&bytes);
    if (rc != RC_OK) {
        filler_close(filler);
        *out = NULL;
    }
    return rc;
}

enum rc filler_begin(struct session *session, struct view form_name, uint64_t area,
                     struct filler **out, struct err *err) {
    struct tablet *tablet = session_tablet(session);
    const struct form *form = tablet_form_named(tablet, form_name);
    enum rc rc;

    *out = NULL;
    if (form == NULL)
        return err_set(err, RC_NOT_FOUND, "%.*s: no form of this name is here; see: yg-agent forms",
                       VIEW_PRINT(view_slice(form_name, 0, 60)));
    area = succession_of(tablet_areas(tablet), area);
    if (!session_may(session, area))
        return err_set(err, RC_DENIED, "%012llu: this area is not yours", (unsigned long long)area);
    rc = make(session, form, out, err);
    if (rc == RC_OK) {
        (*out)->area = area;
        rc = filling_begin(&(*out)->filling, err);
    }
    return add_draft(out, rc, err);
}

/* The record as it is now, with a form that is here. */
static enum rc see(struct session *session, struct dot record, struct arena *arena,
                   struct seen *seen, struct err *err) {
    enum rc rc = session_see(session, record, arena, seen, err);

    if (rc == RC_OK && seen->form == NULL)
        return err_set(err, RC_UNSUPPORTED,
                       "the form of this record has not come yet; run: yg-agent sync");
    return rc;
}

enum rc filler_edit(struct session *session, struct dot record, struct filler **out,
                    struct err *err) {
    struct arena arena;
    struct seen seen;
    enum rc rc;

    *out = NULL;
    arena_init(&arena, FILLER_BYTES);
    rc = see(session, record, &arena, &seen, err);
    if (rc == RC_OK && seen.reading.withdrawn)
        rc = err_set(err, RC_CONFLICT, "this record was withdrawn");
    if (rc == RC_OK) {
        rc = make(session, seen.form, out, err);
        if (rc == RC_OK) {
            (*out)->area = seen.area;
            (*out)->record = seen.record.id;
            rc = filling_see(&(*out)->filling, &seen.reading, err);
            if (rc == RC_OK)
                rc = past_read(&(*out)->past, session, &(*out)->program, &seen, err->lang, err);
        }
        rc = add_draft(out, rc, err);
    }
    arena_release(&arena);
    return rc;
}

struct names {
    uint32_t count;
    struct filling_name *list;
};

static enum rc read_names(const struct tablet *tablet, struct reader *in, struct arena *arena,
                          struct names *out, struct err *err) {
    uint64_t count = read_varint_max(in, read_left(in));

    out->list = arena_array(arena, count, sizeof(*out->list));
    for (uint64_t i = 0; i < count && out->list != NULL; i++) {
        struct filling_name *name = &out->list[out->count++];
        struct dot own;

        name->was.actor = read_le64(in);
        name->was.number = read_varint(in);
        own = (struct dot){read_le64(in), name->was.number};
        name->now = tablet_dot_now(tablet, own);
    }
    return arena_check(arena, "a draft", err);
}

/* The bytes of a draft, and what stands before the filling; views borrow from the bytes, names are
 * in the arena. */
static enum rc read_draft(struct session *session, uint64_t draft, struct buf *bytes,
                          struct reader *in, struct arena *arena, struct draft_head *head,
                          struct names *names, struct err *err) {
    enum rc rc = drafts_get(session, draft, bytes, err);
    uint8_t version;

    if (rc != RC_OK)
        return rc;
    reader_init(in, buf_view(bytes));
    version = read_u8(in);
    if (version != KEPT_VERSION && version != WITHOUT_NAMES)
        return err_set(err, RC_UNSUPPORTED, "draft %llu was written by a newer program",
                       (unsigned long long)draft);
    head->form = tablet_form(session_tablet(session), read_le64(in));
    head->area = read_le64(in);
    head->record.actor = read_le64(in);
    head->record.number = read_le64(in);
    head->title = read_sized(in);
    if (version == KEPT_VERSION)
        rc = read_names(session_tablet(session), in, arena, names, err);
    head->record = filling_name_now(names->list, names->count, head->record);
    return rc;
}

enum rc filler_peek(struct session *session, uint64_t draft, struct arena *arena,
                    struct draft_head *out, struct err *err) {
    struct names names = {0};
    struct reader in;
    struct buf bytes;
    enum rc rc;

    *out = (struct draft_head){0};
    buf_init(&bytes, DRAFT_BYTES_MAX);
    rc = read_draft(session, draft, &bytes, &in, arena, out, &names, err);
    if (rc == RC_OK) {
        out->title = arena_view(arena, out->title);
        rc = arena_check(arena, "the list", err);
    }
    crypt_buf_release(&bytes);
    return rc;
}

/* Of the record as it is now. One that is not here (any more) has nothing to tell. */
static enum rc resume_past(struct filler *filler, struct err *err) {
    struct arena arena;
    struct seen seen;
    enum rc rc;

    if (filler->record.number == 0)
        return RC_OK;
    arena_init(&arena, FILLER_BYTES);
    rc = see(filler->session, filler->record, &arena, &seen, err);
    if (rc == RC_OK)
        rc = past_read(&filler->past, filler->session, &filler->program, &seen, err->lang, err);
    if (rc == RC_NOT_FOUND || rc == RC_UNSUPPORTED) {
        err_clear(err);
        rc = RC_OK;
    }
    arena_release(&arena);
    return rc;
}

enum rc filler_resume(struct session *session, uint64_t draft, struct filler **out,
                      struct err *err) {
    struct draft_head head = {0};
    struct names names = {0};
    struct arena arena;
    struct reader in;
    struct buf bytes;
    enum rc rc;

    *out = NULL;
    arena_init(&arena, DRAFT_BYTES_MAX);
    buf_init(&bytes, DRAFT_BYTES_MAX);
    rc = read_draft(session, draft, &bytes, &in, &arena, &head, &names, err);
    if (rc != RC_OK)
        goto out;
    if (head.form == NULL) {
        rc = err_set(err, RC_CORRUPT, "draft %llu is of a form that is not here; run verify",
                     (unsigned long long)draft);
        goto out;
    }
    rc = make(session, head.form, out, err);
    if (rc == RC_OK) {
        (*out)->draft = draft;
        (*out)->area = head.area;
        (*out)->record = head.record;
        rc = filling_resume(&(*out)->filling, read_bytes(&in, read_left(&in)), names.list,
                            names.count, err);
        if (rc == RC_OK)
            rc = resume_past(*out, err);
    }
    if (rc != RC_OK) {
        filler_close(*out);
        *out = NULL;
    }
out:
    crypt_buf_release(&bytes);
    arena_release(&arena);
    return rc;
}

bool filler_is_renamed(const struct filler *filler) {
    return filler->namings != tablet_namings(session_tablet(filler->session));
}

uint64_t filler_draft(const struct filler *filler) {
    return filler->draft;
}

struct session *filler_session(const struct filler *filler) {
    return filler->session;
}

struct engine *filler_engine(struct filler *filler) {
    return &filler->filling.engine;
}

struct filler_shown *filler_shown(struct filler *filler) {
    return &filler->shown;
}

const struct form_program *filler_program(const struct filler *filler) {
    return &filler->program;
}

const struct form *filler_form(const struct filler *filler) {
    return filler->program.form;
}

uint64_t filler_area(const struct filler *filler) {
    return filler->area;
}

struct dot filler_record(const struct filler *filler) {
    return filler->record;
}

/* The compiled field at a place; FORM_NO_PARENT: none. */
static uint32_t compiled_at(const struct filler *filler, struct engine_place place) {
    return place.field == MODEL_NONE ? FORM_NO_PARENT : filler->program.compiled[place.field];
}

enum rc filler_read_earlier(struct filler *filler, struct err *err) {
    enum rc rc;

    if (filler->has_earlier)
        return RC_OK;
    rc = earlier_read(&filler->earlier, filler, err);
    filler->has_earlier = rc == RC_OK;
    return rc;
}

const struct past_cell *filler_earlier(const struct filler *filler, struct engine_place place) {
    uint32_t field = compiled_at(filler, place);

    return field == FORM_NO_PARENT || place.instance != 0
               ? NULL
               : past_find(&filler->earlier, field, place.instance);
}

const struct past_cell *filler_past(const struct filler *filler, struct engine_place place) {
    uint32_t field = compiled_at(filler, place);

    return field == FORM_NO_PARENT ? NULL : past_find(&filler->past, field, place.instance);
}

struct view filler_base(const struct filler *filler, struct engine_place place) {
    uint32_t field = compiled_at(filler, place);

    return field == FORM_NO_PARENT ? (struct view){0}
                                   : filling_base_text(&filler->filling, field, place.instance);
}

struct view filler_title(const struct filler *filler) {
    return engine_instance_name(&filler->filling.engine);
}

enum rc filler_keep(struct filler *filler, struct err *err) {
    struct buf bytes;
    enum rc rc;

    buf_init(&bytes, DRAFT_BYTES_MAX);
    rc = keep(filler, &bytes, err);
    if (rc == RC_OK)
        rc = drafts_put(filler->session, filler->draft, buf_view(&bytes), err);
    crypt_buf_release(&bytes);
    return rc;
}

enum rc filler_discard(struct filler *filler, struct err *err) {
    return drafts_remove(filler->session, filler->draft, err);
}

/* --- the end --- */

/* Removals are changes of their own and go first: should the power fail between them and the rest,
 * the draft is still there and takes them for done. */
static enum rc remove_instances(struct filler *filler, const struct filled *filled,
                                struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < filled->removed_count && rc == RC_OK; i++) {
        struct change change;
        const struct seen_instance *there;
        struct arena arena;
        struct seen seen;
        struct edit edit;

        arena_init(&arena, FILLER_BYTES);
        rc = see(filler->session, filler->record, &arena, &seen, err);
        there = rc == RC_OK ? reading_instance(&seen.reading, filled->removed[i]) : NULL;
        if (there != NULL && !there->removed) {
            rc = edit_start(&edit, CHANGE_REMOVE, session_next_dot(filler->session),
                            session_person(filler->session), seen.form, &seen.record, &seen.reading,
                            &arena, err);
            if (rc == RC_OK)
                rc = edit_remove_instance(&edit, filled->removed[i], err);
            if (rc == RC_OK)
                rc = edit_finish(&edit, (struct view){0}, &change, err);
            if (rc == RC_OK)
                rc = session_save(filler->session, &change, &seen.record, seen.form, err);
        }
        arena_release(&arena);
    }
    return rc;
}

/* The draft stands on what the record says now, and the person has to look again. */
static enum rc renew(struct filler *filler, const struct reading *reading, uint32_t moved,
                     struct err *err) {
    enum rc rc = filling_renew(&filler->filling, reading, err);

    if (rc == RC_OK)
        rc = filler_keep(filler, err);
    if (rc != RC_OK)
        return rc;
    return err_set(err, RC_CONFLICT,
                   "%u answers were changed by somebody else meanwhile, and read so now; look at "
                   "them again",
                   moved);
}

/* One attempt to write the filling against the record as it is. save NULL: only looks. */
static enum rc write_change(struct filler *filler, struct save *save, struct arena *arena,
                            struct filled *filled, struct err *err) {
    bool is_new = filler->record.number == 0;
    struct dot dot = save == NULL ? session_next_dot(filler->session) : save_next(save);
    struct seen seen = {0};
    struct change change;
    struct edit edit;
    enum rc rc = RC_OK;

    if (!is_new)
        rc = see(filler->session, filler->record, arena, &seen, err);
    if (rc == RC_OK)
        rc = edit_start(&edit, is_new ? CHANGE_CREATE : CHANGE_EDIT, dot,
                        session_person(filler->session), filler->program.form,
                        is_new ? NULL : &seen.record, is_new ? NULL : &seen.reading, arena, err);
    if (rc == RC_OK && is_new)
        rc = edit_set_area(&edit, filler->area, err);
    if (rc == RC_OK)
        rc = filling_write(&filler->filling, &edit, arena, filled, err);
    if (rc == RC_OK && filled->moved_count > 0)
        return renew(filler, &seen.reading, filled->moved_count, err);
    if (rc != RC_OK || save == NULL)
        return rc;
    if (!is_new && filled->written == 0)
        return blobs_keep(filler->session, &seen.record, arena, err);
    rc = edit_finish(&edit, (struct view){0}, &change, err);
    if (rc == RC_OK && is_new)
        filler->record = change.record;
    return rc == RC_OK
               ? save_add(save, &change, is_new ? NULL : &seen.record, filler->program.form, err)
               : rc;
}

static enum rc save_all(struct filler *filler, struct arena *arena, struct err *err) {
    struct dot before = filler->record;
    struct filled filled;
    struct save *save = NULL;
    enum rc rc = write_change(filler, NULL, arena, &filled, err);

    if (rc == RC_OK)
        rc = remove_instances(filler, &filled, err);
    if (rc == RC_OK)
        rc = save_open(filler->session, &save, err);
    if (rc == RC_OK)
        rc = write_change(filler, save, arena, &filled, err);
    if (rc == RC_OK && save_count(save) == 0) {
        rc = drafts_remove(filler->session, filler->draft, err);
    } else if (rc == RC_OK) {
        save_ends_draft(save, filler->draft);
        rc = save_commit(save, err);
        if (before.number == 0) /* only a new one has the name that we gave */
            filler->record = tablet_dot_now(session_tablet(filler->session), filler->record);
    }
    save_close(save);
    if (rc != RC_OK)
        filler->record = before;
    return rc;
}

bool filler_inherits(const struct filler *filler, const struct question *problem) {
    const struct past_cell *past = filler_past(filler, problem->place);

    return (problem->violation == ENGINE_CONSTRAINT || problem->violation == ENGINE_TYPE) &&
           past != NULL && (past->is_broken || past->is_accepted) &&
           view_equal(text_trim(engine_value(&filler->filling.engine, problem->place)),
                      filler_base(filler, problem->place));
}

/* The record by the draft's form, be it an older one than governs by now. */
static enum rc read_now(struct filler *filler, struct arena *arena, struct reading *out,
                        struct err *err) {
    struct seen seen;
    enum rc rc = see(filler->session, filler->record, arena, &seen, err);

    if (rc != RC_OK)
        return rc;
    *out = seen.reading;
    return seen.form == filler->program.form
               ? RC_OK
               : reading_make(&seen.record, filler->program.form, arena, out, err);
}

/* Problems that the record has whoever opens it: rules over an answer in which people contradict
 * each other have no value, and an older form may not know what makes an answer right. */
static enum rc old_problems(struct filler *filler, const struct reading *reading,
                            struct arena *arena, struct question **list, uint32_t *count,
                            struct err *err) {
    struct filling plain;
    enum rc rc;

    filling_init(&plain, &filler->program, &filler->filling.engine.host, err->lang);
    rc = filling_see(&plain, reading, err);
    if (rc == RC_OK)
        rc = engine_finish(&plain.engine, arena, list, count, err);
    filling_release(&plain);
    return rc;
}

static bool is_old(const struct filler *filler, const struct question *problem,
                   const struct question *old, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (old[i].place.field == problem->place.field &&
            old[i].place.instance == problem->place.instance &&
            old[i].violation == problem->violation && problem->violation != ENGINE_MISSING)
            return view_equal(text_trim(engine_value(&filler->filling.engine, problem->place)),
                              filler_base(filler, problem->place));
    return false;
}

static uint32_t count_problems(const struct filler *filler, const struct question *list,
                               uint32_t count, const struct question *old, uint32_t old_count) {
    uint32_t problems = 0;

    for (uint32_t i = 0; i < count; i++)
        problems += !filler_inherits(filler, &list[i]) && !is_old(filler, &list[i], old, old_count);
    return problems;
}

/* A problem may come of what the draft stands on: others have changed the record since. Counts
 * those that are left when it stands on the record as it is now. */
static enum rc look_at_record(struct filler *filler, struct arena *arena, uint32_t *problems,
                              struct err *err) {
    struct question *list = NULL, *old = NULL;
    uint32_t count = 0, old_count = 0;
    struct reading reading;
    struct filled filled;
    enum rc rc = write_change(filler, NULL, arena, &filled, err);

    if (rc == RC_OK)
        rc = read_now(filler, arena, &reading, err);
    if (rc == RC_OK)
        rc = filling_renew(&filler->filling, &reading, err);
    if (rc == RC_OK)
        rc = resume_past(filler, err);
    if (rc == RC_OK)
        rc = old_problems(filler, &reading, arena, &old, &old_count, err);
    if (rc == RC_OK)
        rc = engine_finish(&filler->filling.engine, arena, &list, &count, err);
    if (rc == RC_OK)
        *problems = count_problems(filler, list, count, old, old_count);
    return rc;
}

enum rc filler_finish(struct filler *filler, struct dot *record, uint32_t *problems,
                      struct err *err) {
    struct question *list = NULL;
    struct arena arena;
    uint32_t count = 0;
    enum rc rc;

    arena_init(&arena, FILLER_BYTES);
    *problems = 0;
    rc = home_visit_complete(filler, err);
    if (rc == RC_OK)
        rc = engine_finish(&filler->filling.engine, &arena, &list, &count, err);
    if (rc == RC_OK)
        *problems = count_problems(filler, list, count, NULL, 0);
    if (rc == RC_OK && *problems > 0 && filler->record.number != 0)
        rc = look_at_record(filler, &arena, problems, err);
    if (rc == RC_OK && *problems > 0)
        rc = err_set(err, RC_INVALID, "%u answers are missing or wrong; see the list", *problems);
    if (rc == RC_OK)
        rc = save_all(filler, &arena, err);
    if (rc == RC_OK)
        *record = filler->record;
    arena_release(&arena);
    return rc;
}
