/* ledger.h: a handle of the store together with the forms that were read through it, and with
 * working memory for whoever has it.
 *
 * Forms are immutable, so each handle keeps those it has met. One thread at a time, as the handle
 * itself. */
#ifndef YG_SYNCD_SYNC_LEDGER_H
#define YG_SYNCD_SYNC_LEDGER_H

#include "base/zip.h"
#include "schema/succession.h"
#include "syncd/store/store.h"

struct form_rules;
struct ledger_form;

struct ledger {
    struct store *store; /* owned */
    struct zip_inflater *inflater;
    struct arena visit; /* of one exchange; reset by who borrows the ledger, before use */
    struct ledger_form **forms;
    size_t count, capacity;
    struct succession areas; /* as of the last ledger_refresh */
    uint32_t areas_news;     /* serial of the county's news that told of it; 0: never any */
    struct arena areas_arena;
    struct buf areas_setting;
    enum rc trouble; /* of ledger_lookup */
};

/* Takes the store over, also when it fails. */
enum rc ledger_open(struct store *store, struct ledger **out, struct err *err);
void ledger_close(struct ledger *ledger);
/* Reads the table of areas again, if it has changed. To be called before each use of the ledger. */
enum rc ledger_refresh(struct ledger *ledger, struct err *err);

/* RC_OK with *out NULL when no such form has been published. */
enum rc ledger_form(struct ledger *ledger, uint64_t id, const struct form **out, struct err *err);
/* For reading_governing_form; context is the ledger. What cannot be understood reads as unknown; so
 * does what could not be read, or not for want of memory, but then ledger_trouble tells, and what
 * was read with it must not be used. */
const struct form *ledger_lookup(void *context, uint64_t id);
/* RC_OK, or why ledger_lookup could not read a form since the last call. */
enum rc ledger_trouble(struct ledger *ledger, struct err *err);
/* The newest version of a name; RC_NOT_FOUND when there is none. */
enum rc ledger_newest(struct ledger *ledger, struct view name, const struct form **out,
                      struct err *err);
/* The constraints of one of the ledger's forms; NULL: it has none (or comes from before there were
 * XForms, or is one that this program cannot run). */
enum rc ledger_rules(struct ledger *ledger, const struct form *form, const struct form_rules **out,
                     struct err *err);
/* Adds to the reading what its form's constraints say. Takes a fraction of a millisecond. A record
 * that the engine refuses as too large has no such conflicts. */
enum rc ledger_examine(struct ledger *ledger, struct reading *reading, struct arena *arena,
                       struct err *err);
/* reading_make with the governing form, through the table of areas. Arrays in the arena. */
enum rc ledger_see(struct ledger *ledger, const struct record *record, struct arena *arena,
                   struct reading *reading, struct err *err);
/* The same, of a stored record, which is unpacked. */
enum rc ledger_read(struct ledger *ledger, const struct stored_record *stored, struct arena *arena,
                    struct record *record, struct reading *reading, struct err *err);

#endif
