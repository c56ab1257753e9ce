/* filling.h: a form being filled: between an engine, which knows the form's rules, and a record,
 * which knows who wrote what.
 *
 * A program is a compiled form with its XForm loaded; immutable, shared by any number of fillings.
 * A filling is begun for a new record, or for what a reading shows of an existing one; it is kept
 * as bytes between two answers (filling_keep), and in the end writes an edit: only what the person
 * has changed, new instances of repeats, and which ones were removed.
 *
 *   what is not relevant is not written: irrelevance never writes
 *   calculations are not written: they are computed from the merged answers, wherever they are
 *   a field in conflict shows no value; left empty it is not touched
 *   a field under union shows nothing of what is there, and what is typed adds an element; but
 *   select_multiple and photos show all of it, parted by spaces, and what is taken out is removed
 *
 * Repeat instances are known to the engine by 64-bit ids: those of a record by a hash of their
 * names, new ones by what the host draws. */
#ifndef YG_SCHEMA_FORM_FILLING_H
#define YG_SCHEMA_FORM_FILLING_H

#include "schema/edit.h"
#include "schema/form/engine.h"

struct form_program {
    const struct form *form;
    struct model *model;
    uint32_t *fields;   /* by index of the compiled field: its field in the XForm, or MODEL_NONE */
    uint32_t *compiled; /* by field of the XForm: the index, or FORM_NO_PARENT */
};

/* Everything in the arena; the form must outlive it. RC_UNSUPPORTED for a form of before there were
 * XForms; else as xform_load. */
enum rc form_program_load(const struct form *form, struct arena *arena, struct form_program *out,
                          struct err *err);

struct filled_cell {
    uint32_t field;    /* index in the compiled form */
    uint64_t instance; /* engine's id, 0 for the record */
    struct view text;
};

struct filling {
    const struct form_program *program;
    struct engine engine;
    struct arena arena; /* of what follows */
    uint32_t base_count;
    struct filled_cell *base; /* what was there when it began; sorted by instance, field */
    uint32_t old_count;
    struct old_instance { /* repeat instances that were there */
        uint64_t id;
        struct instance_id instance;
    } * olds;
};

void filling_init(struct filling *filling, const struct form_program *program,
                  const struct engine_host *host, enum lang lang);
void filling_release(struct filling *filling);

/* A new record, without instances of repeats that people add themselves. */
enum rc filling_begin(struct filling *filling, struct err *err);
/* An existing one, as it reads. The reading's form must be the program's. */
enum rc filling_see(struct filling *filling, const struct reading *reading, struct err *err);

/* What stood in a cell when the filling began; empty: nothing. field is an index of the compiled
 * form. */
struct view filling_base_text(const struct filling *filling, uint32_t field, uint64_t instance);

/* Appends all that is needed to go on later; and goes on with it. The form must be the same. */
enum rc filling_keep(struct filling *filling, struct buf *out, struct err *err);
/* The changes that instances and answers are named by, in the arena, some of them several times.
 * kept: what filling_keep has written. */
enum rc filling_dots(const struct filling *filling, struct view kept, struct arena *arena,
                     struct dot **out, uint32_t *count, struct err *err);
struct filling_name { /* what one of these changes was called, and is */
    struct dot was, now;
};
enum rc filling_resume(struct filling *filling, struct view kept, const struct filling_name *names,
                       uint32_t name_count, struct err *err);
/* What it is called now. */
struct dot filling_name_now(const struct filling_name *names, uint32_t count, struct dot was);

/* Writes into a draft of a change: CHANGE_CREATE for a new record, CHANGE_EDIT (or CHANGE_AMEND)
 * for an existing one, made against its newest reading. removed: instances that the person has
 * taken away, which is a change of its own for each (edit_remove_instance). moved: paths (with
 * instance ids) of fields that the person has changed and somebody else meanwhile, too: nothing of
 * them is written, show them again. Both in the arena. The caller asks engine_finish before, and
 * does not write while problems are left. RC_INVALID names the field. */
struct filled {
    uint32_t removed_count;
    const struct instance_id *removed;
    uint32_t moved_count;
    const struct filled_cell *moved;
    uint32_t written; /* fields and instances */
};
enum rc filling_write(struct filling *filling, struct edit *edit, struct arena *arena,
                      struct filled *out, struct err *err);

/* The same answers over a newer reading of the record: what both have changed reads as in the
 * record, all else that the person changed stays. On failure the filling is as before. */
enum rc filling_renew(struct filling *filling, const struct reading *reading, struct err *err);

/* The engine's id of a repeat instance of a record. */
uint64_t filling_instance(struct instance_id instance);

/* Appends what a field of a reading says in the words of an XForm: nothing in a conflict, nor of
 * what a filling does not show. */
void filling_cell_text(const struct reading *reading, struct instance_id instance,
                       const struct form_field *field, struct buf *out);

/* The XForm instance of a reading: answers of all fields, with the ids of repeat instances, for
 * engine_open. */
enum rc filling_instance_xml(const struct form_program *program, const struct reading *reading,
                             struct buf *out, struct err *err);

#endif
