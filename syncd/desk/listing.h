/* listing.h: how the desk prints lists: aligned columns for people, one JSON array for programs.
 *
 * People's tables are kept in the arena until the end, because widths depend on every cell; Han
 * characters take two columns of a terminal. JSON items are streamed, so that a list of a million
 * records needs no memory. */
#ifndef YG_SYNCD_DESK_LISTING_H
#define YG_SYNCD_DESK_LISTING_H

#include "base/arena.h"
#include "base/command.h"

#define LISTING_COLUMNS_MAX 16u

struct listing {
    struct command *command;
    struct arena *arena;
    struct buf out;
    enum rc failed; /* sticky; reported by listing_end */
    size_t items;   /* JSON items so far */
    uint32_t columns;
    uint32_t width[LISTING_COLUMNS_MAX];
    struct view *cells; /* in the arena, row by row */
    uint32_t count, capacity;
};

/* heads: English words, keys of the catalogue, ended by NULL. With --json they are not shown. */
void listing_start(struct listing *listing, struct command *command, struct arena *arena,
                   const char *const *heads);
/* The next cell; copied. Line breaks and other controls become spaces. */
void listing_cell(struct listing *listing, struct view text);
void listing_cellf(struct listing *listing, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The next item of the array; freed here. RC_NO_MEMORY for NULL. */
enum rc listing_item(struct listing *listing, struct json *item, struct err *err);
/* Prints what is left and releases. Without rows people are told so on standard error. rc is the
 * result of the walk that filled it: when it is not RC_OK, nothing more is printed and it comes
 * back. */
enum rc listing_end(struct listing *listing, enum rc rc, struct err *err);

#endif
