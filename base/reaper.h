/* reaper.h: deadlines for the connections of httpd.c.
 *
 * The HTTP library's timeout counts silence only, so that a client who sends a byte now and then
 * could hold a connection for ever. Each connection is therefore a line on the reaper's list, with
 * a deadline; a thread cuts the lines whose deadline has passed. Cutting is shutdown(), never
 * close(): the descriptor stays its owner's, who then sees a closed connection and cleans up as
 * usual. All functions are safe from any thread. */
#ifndef YG_BASE_REAPER_H
#define YG_BASE_REAPER_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define REAPER_NEVER INT64_C(-1)

struct reaper;

/* A watched connection; part of its owner's struct, filled by reaper_watch. */
struct reaper_line {
    struct reaper_line *previous;
    struct reaper_line *next;
    int descriptor;
    int64_t deadline_ms; /* of the monotonic clock; INT64_MAX: none */
    bool is_cut;
    bool unfinished; /* see reaper_cut_unfinished */
};

/* Starts the thread. RC_NO_MEMORY. */
enum rc reaper_start(struct reaper **reaper, struct err *err);

/* Ends the thread and frees; no line may be watched any more. NULL is allowed. */
void reaper_stop(struct reaper *reaper);

/* Watches a connection until reaper_forget, which must come before its descriptor is closed. */
void reaper_watch(struct reaper *reaper, struct reaper_line *line, int descriptor,
                  int64_t patience_ms);
void reaper_forget(struct reaper *reaper, struct reaper_line *line);

/* A new deadline, patience_ms from now or REAPER_NEVER. A line that was cut stays cut. */
void reaper_extend(struct reaper *reaper, struct reaper_line *line, int64_t patience_ms);

/* Marks a line as in the middle of receiving something, or not; cuts all that are marked. */
void reaper_mark(struct reaper *reaper, struct reaper_line *line, bool unfinished);
void reaper_cut_unfinished(struct reaper *reaper);

#endif
