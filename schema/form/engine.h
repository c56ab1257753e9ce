/* engine.h: filling a form: one draft, its answers, and what the form's rules make of them.
 *
 * An engine holds one instance of a form (model.h). After every change everything is computed
 * again: what is relevant, calculated values, how many instances repeats have, which choices there
 * are, what is required, read-only or wrong. There is no event to wait for: when a call returns,
 * the draft is settled. A caller that shows it asks engine_changes what is different.
 *
 * Relevance is inherited. What is not relevant keeps its answer in the draft, is not seen by any
 * expression, and is not submitted. An answer that a choice list no longer offers is
 * dropped, and comes back if the list offers it again before anything else is answered there.
 * A calculation writes its field whenever its result changes, so that people may correct a
 * calculated answer until then; uuid(), random() and now() in it are asked again only when
 * something else in it has changed.
 *
 * An instance of a repeat has an id of 64 bits that it keeps as long as it lives, also in a draft
 * that is written and read again. A place is a field and the id of the innermost repeat instance
 * that it stands in: it goes on meaning the same thing when instances before it are removed.
 *
 * A warning (bind::yg:warning in the sheet, yg:warning in the XForm) is a condition that an answer
 * should meet, but may break: it is said beside the question and refuses nothing. Like a constraint
 * it is only asked of an answer, and only where the answer is right otherwise.
 *
 * An expression that fails (a sum over text is no failure, a missing list is) makes a problem of
 * its field, which engine_finish lists; it never stops the filling.
 *
 * The engine is pure. Clock, time zone, randomness, and who and where one is come from the host. */
#ifndef YG_SCHEMA_FORM_ENGINE_H
#define YG_SCHEMA_FORM_ENGINE_H

#include "schema/form/model.h"

#define ENGINE_BYTES          (64u * 1024u * 1024u) /* of one draft; honest ones take 1 to 5 MiB */
#define ENGINE_INSTANCES_MAX  5000u                 /* of one repeat under one parent */
#define ENGINE_NODES_MAX      200000u
#define ENGINE_STEPS          40000000u /* of all expressions in one call: half a second */
#define ENGINE_PASSES_MAX     32u       /* over the rules, until nothing changes */
#define ENGINE_INSTANCE_BYTES (16u * 1024u * 1024u) /* of a draft as XML */

/* The namespace of the attribute by which a draft keeps the ids of its repeat instances. */
#define ENGINE_ID_URI "urn:yangguang:instance"

struct engine_host {
    void *context;
    int64_t (*now_ms)(void *context);                        /* never NULL */
    int64_t (*offset_ms)(void *context, int64_t utc_ms);     /* local time; NULL: China */
    void (*random)(void *context, void *bytes, size_t size); /* never NULL */
    /* The id of a new repeat instance, unique in the record and not 0; NULL: from random. */
    uint64_t (*instance_id)(void *context);
    /* Where one is, as "latitude longitude altitude accuracy"; NULL: not known. */
    struct view (*geopoint)(void *context);
    struct view device_id, user_name, email, phone_number;
};

struct engine_place {
    uint32_t field;    /* of the form; MODEL_NONE: nowhere */
    uint64_t instance; /* innermost repeat instance; 0 outside of repeats. Of an instance of a
                        * repeat itself: its own id; of the repeat as a whole: that around it */
};

struct engine_cell;

struct engine {
    const struct model *model;
    struct engine_host host;
    enum lang lang;    /* of our own messages */
    uint32_t language; /* of the form */
    struct arena tree; /* nodes, cells, values */
    struct arena scratch;
    size_t settled_bytes; /* of the tree after it was last packed */
    struct xml_node *document;
    struct engine_cell **cells; /* by field, then in document order */
    uint32_t *start;            /* of each field's cells; one more at the end */
    uint32_t cell_count, cell_room;
    uint32_t added_count; /* nodes that came since the cells were linked */
    uint64_t clock;       /* counts changes; a mark is a value of it */
    uint32_t steps;
    uint32_t pass, rendering;
    bool is_probing, was_touched; /* uuid(), random() and now() give constants, and tell */
    bool has_moved;               /* instances came or went */
    bool is_opening;              /* an instance from outside is being opened */
    struct xml_node *rendering_node;
    const char *itext_kind; /* which form of a translation jr:itext() gives */
    struct err trouble;     /* of the expression that failed last */
};

/* ---- beginning and ending ---- */

/* Empty; begin with engine_begin or engine_open. The form, and what the host points to, must
 * outlive the engine. cap_bytes bounds the draft in memory (ENGINE_BYTES). */
void engine_init(struct engine *engine, const struct model *model, const struct engine_host *host,
                 enum lang lang, size_t cap_bytes);
void engine_release(struct engine *engine);

/* A new instance: the form's defaults, metadata, calculations, actions of first loading. */
enum rc engine_begin(struct engine *engine, struct err *err);

enum engine_open_mode {
    ENGINE_RESUME, /* a draft of this device goes on */
    ENGINE_EDIT,   /* a submission is corrected: it gets a new instanceID; the old one becomes its
                    * deprecatedID */
};

/* Opens an instance as XML. Its root must be that of the form. Nodes that the form does not know
 * stay as they are; nodes that it lacks come from the form. Calculations are made again, but not
 * over answers that people may have corrected, nor over random values. RC_INVALID with line,
 * RC_LIMIT: then no draft is open. */
enum rc engine_open(struct engine *engine, enum engine_open_mode mode, struct view xml,
                    struct err *err);

/* ---- places ---- */

/* "/data/member[2]/name"; a repeat without position is the whole repeat, anything below one
 * without position is in its first instance. RC_NOT_FOUND. */
enum rc engine_place(const struct engine *engine, struct view ref, struct engine_place *place,
                     struct err *err);

/* Appends the ref with positions from 1. Nothing if there is no such place (any more). */
void engine_ref(const struct engine *engine, struct engine_place place, struct buf *out);

/* ---- changing ---- */

/* Answers. The text is read as the field's data type (model_value.h), choices by their values,
 * several parted by spaces; empty text takes the answer away. RC_NOT_FOUND, RC_DENIED (read-only,
 * or not relevant), RC_INVALID (not of the type, not among the choices): then nothing changes.
 * A broken constraint is no failure: the answer is kept, and its question shows the error. */
enum rc engine_set(struct engine *engine, struct engine_place place, struct view text,
                   struct err *err);

/* A new instance at the end of a repeat (place of the repeat as a whole). id 0: a new one.
 * RC_DENIED where the form says how many there are, RC_CONFLICT for an id in use, RC_LIMIT. */
enum rc engine_add(struct engine *engine, struct engine_place repeat, uint64_t id,
                   struct engine_place *added, struct err *err);

/* Removes an instance and all that is in it. RC_NOT_FOUND, RC_DENIED. */
enum rc engine_remove(struct engine *engine, struct engine_place instance, struct err *err);

/* Another language for labels and messages: "中文 (zh)" or "zh". No answer changes by it, not even
 * a calculated one that took a label; the next change computes it anew. RC_NOT_FOUND. */
enum rc engine_speak(struct engine *engine, struct view language, struct err *err);

/* Computes everything again; for a clock that went on. */
enum rc engine_recompute(struct engine *engine, struct err *err);

/* ---- looking ---- */

enum engine_violation {
    ENGINE_FINE = 0,
    ENGINE_MISSING,    /* required, and no answer */
    ENGINE_CONSTRAINT, /* the form's condition does not hold */
    ENGINE_TYPE,       /* not of the data type; can only come with an opened instance */
    ENGINE_TROUBLE,    /* an expression of the form failed */
};

struct option {
    struct view value;
    struct view label;
    bool is_selected;
    struct view image, audio, video; /* "jr://images/goat.jpg"; empty: none */
};

/* One stop on the way through the body. A repeat stops as a whole, then at each instance. */
struct question {
    struct engine_place place;
    uint32_t control; /* of the form; MODEL_NONE for fields that no control shows */
    uint32_t depth;   /* of groups and repeats around it */
    enum model_kind kind;
    enum model_type type;
    bool is_instance;  /* kind MODEL_REPEAT: one instance, not the whole */
    uint32_t position; /* of an instance, from 1 */
    uint32_t count;    /* of instances, where the whole repeat stops */
    bool is_relevant, is_required, is_read_only;
    bool can_add, can_remove;

    struct view ref;
    struct view label, hint, guidance, image, audio, video;
    struct view appearance;
    struct view value;
    enum engine_violation violation;
    struct view error; /* what to tell about it, in the language in use */
    bool is_warned;
    struct view warning; /* what to look at again; empty: nothing */
    uint32_t option_count;
    struct option *options;
    uint32_t parameter_count;
    const struct model_parameter *parameters;
};

/* All stops in the order of the body, also those that are not relevant; only what the first block
 * of struct question holds. In the arena. */
enum rc engine_walk(struct engine *engine, struct arena *arena, struct question **stops,
                    uint32_t *count, struct err *err);

/* Fills the rest of a stop, or of a question of which only the place is set. */
enum rc engine_ask(struct engine *engine, struct arena *arena, struct question *question,
                   struct err *err);

/* The stored text, also of what is not relevant; valid until the next change. */
struct view engine_value(const struct engine *engine, struct engine_place place);

/* The state of a field: false if the place does not exist. Any pointer may be NULL. */
struct engine_state {
    bool is_relevant, is_required, is_read_only;
    enum engine_violation violation;
    bool is_warned;
};
bool engine_look(struct engine *engine, struct engine_place place, struct engine_state *state);

/* The places whose relevance, value, error, choices or label have changed since the mark (0: all),
 * and the mark to ask with next time. Removed places are not among them: ask engine_walk. */
enum rc engine_changes(struct engine *engine, uint64_t since, struct arena *arena,
                       struct engine_place **places, uint32_t *count, uint64_t *mark,
                       struct err *err);

/* ---- ending ---- */

/* Fills in what belongs to the end (end time, instanceID), computes, and lists what is still
 * wrong, in the order of the body. None: the instance may be submitted. */
enum rc engine_finish(struct engine *engine, struct arena *arena, struct question **problems,
                      uint32_t *count, struct err *err);

/* Lists what people should look at again, in the order of the body; none of it hinders. Asked after
 * engine_finish it speaks of what is submitted. */
enum rc engine_warnings(struct engine *engine, struct arena *arena, struct question **warnings,
                        uint32_t *count, struct err *err);

/* The first stop with a violation at or behind that place (field MODEL_NONE: from the beginning);
 * field MODEL_NONE if there is none. */
enum rc engine_first_problem(struct engine *engine, struct engine_place from,
                             struct engine_place *problem, struct err *err);

/* meta/instanceName, meta/instanceID; empty where there is none. Until the next change. */
struct view engine_instance_name(const struct engine *engine);
struct view engine_instance_id(const struct engine *engine);

/* The names of the files that belong to the submission. */
enum rc engine_attachments(struct engine *engine, struct arena *arena, struct view **names,
                           uint32_t *count, struct err *err);

enum engine_write_mode {
    ENGINE_DRAFT,      /* everything, with the ids of repeat instances; for engine_open */
    ENGINE_SUBMISSION, /* what is relevant, as ODK's programs write it */
};

/* Appends the instance as XML. */
enum rc engine_write(struct engine *engine, enum engine_write_mode mode, struct buf *out,
                     struct err *err);

#endif
