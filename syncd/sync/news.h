/* news.h: what the county has to tell tablets about their own changes although they did not send
 * any: a backup holds them now (the watermark), or staff have dealt with what was in quarantine.
 *
 * The setting "news" counts such events. An answer's nonce carries the count that its tablet has
 * been told (auth.h), so that an empty sync costs one comparison and says nothing, and what was
 * lost with a cut line is told again. */
#ifndef YG_SYNCD_SYNC_NEWS_H
#define YG_SYNCD_SYNC_NEWS_H

#include "syncd/sync/work.h"

/* The serial of the latest news; 0: none yet. */
enum rc news_serial(struct store *store, struct arena *arena, uint32_t *serial, struct err *err);
/* One more, once for each step of the writer. */
enum rc news_raise(struct work *work, uint32_t *serial, struct err *err);

/* A setting as this step of the writer sees it. RC_NOT_FOUND. */
enum rc work_setting(struct work *work, const char *name, struct view *out, struct err *err);
/* name and value are copied. */
enum rc work_put_setting(struct work *work, const char *name, struct view value, struct err *err);

/* --- the watermark: up to where each actor's changes are in a backup that was read back --- */

struct watermark {
    uint64_t actor, number;
};

/* 0 when no backup holds anything of this actor. */
enum rc watermark_of(struct store *store, uint64_t actor, struct arena *arena, uint64_t *number,
                     struct err *err);
/* Moves it; nothing goes back. positions sorted by actor. Raises the news if anything moved. */
enum rc watermark_move(struct work *work, const struct watermark *positions, uint32_t count,
                       struct err *err);

/* --- what becomes of quarantined changes --- */

/* Visits what of this history, and of those that it grew out of as far as they are its own, was
 * settled in news after `told`, or waits, if asked for. */
enum rc news_of_history(struct store *store, uint64_t history, uint32_t told, bool waiting,
                        store_visit_quarantine *visit, void *context, struct err *err);
/* Outcomes of the changes of this history (receipt_history in fork.h), those included that it grew
 * out of, that were settled in news after `told`: released ones with VERDICT_ADMIT, returned ones
 * with their verdict and the reason of staff. waiting: those that wait, too, as far as the receipt
 * goes: after a restore its author may believe that they were released. At most 20,000, the oldest
 * ones. They are added to what the receipt holds. */
enum rc news_outcomes(struct store *store, uint64_t history, uint32_t told, bool waiting,
                      struct arena *arena, struct receipt *receipt, struct err *err);

/* Under this name the reason of a return is kept as a setting. */
void news_reason_name(struct dot dot, char out[DOT_TEXT_BYTES + 16]);

#endif
