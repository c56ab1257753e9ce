/* listed.h: what lists of records are searched by (store_find): names of people, hashes of the
 * tails of their identity numbers, who created and changed a record, and what staff said of it; and
 * the gist of tasks and notes, by which they are found (store_about, store_gists).
 *
 * All of it is read off the state when a step of the writer settles a record, and goes into the
 * same commit. For records from before there were lists, or from before what is said here changed,
 * the service makes it anew, a portion at a time; the setting "listed" tells how far it is: varint
 * version, then the last record (actor, number: le64); 2^64 - 1 twice: all.
 *
 * Names: answers to text questions called `name`, or `..._name` where they are not sensitive; and
 * the title. Identity numbers: any text of 17 digits and a digit or X, or of 15 digits. */
#ifndef YG_SYNCD_SYNC_LISTED_H
#define YG_SYNCD_SYNC_LISTED_H

#include "syncd/sync/office.h"

#define LISTED_VERSION 4u

/* Memory in the arena. */
enum rc listed_make(const struct keys *keys, const struct record *state,
                    const struct reading *reading, struct view title, struct arena *arena,
                    struct stored_listed *out, struct err *err);

/* Whether this record is a note of staff that judges another; review states are enum note_kind of
 * schema/task.h. */
bool listed_review(const struct reading *reading, struct stored_review *out);

/* Of a note that was there before this step: what is said of its record now, whether the note still
 * stands or was withdrawn. *changed: it is to be put. In the writer. */
enum rc listed_standing(const struct work *work, const struct reading *reading, bool *changed,
                        struct stored_review *out, struct err *err);

/* Whether this record is a task, a note or a visit, and so has a gist in the store: that of a
 * withdrawn one is GIST_NONE. */
bool listed_gist(const struct reading *reading, struct stored_gist *out);

/* The next records that want it. *more: there may be others, so ask again. */
enum rc listed_portion(const struct office *office, bool *more, struct err *err);
/* In the writer: all is made again, from the beginning. */
enum rc listed_again(struct work *work, struct err *err);
/* The setting of a county in which there is nothing to be made. */
void listed_done(struct buf *out);

/* What somebody typed, as words: letters are folded, four characters that can be the end of an
 * identity number are hashed, and areas are those with the word in their name. Memory in the
 * arena; words has room for QUERY_WORDS_MAX. RC_LIMIT. */
enum rc listed_words(struct ledger *ledger, const struct keys *keys, struct view text,
                     struct arena *arena, struct query_word *words, uint32_t *count,
                     struct err *err);

#endif
