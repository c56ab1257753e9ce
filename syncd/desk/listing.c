/* listing.c: see listing.h. */
#include "syncd/desk/listing.h"

#include "base/text.h"
#include "base/words.h"

#include <stdio.h>

#define OUT_BYTES   (16u * 1024u * 1024u)
#define FLUSH_BYTES (48u * 1024u)
#define GAP         2u

void listing_start(struct listing *listing, struct command *command, struct arena *arena,
                   const char *const *heads) {
    *listing = (struct listing){.command = command, .arena = arena};
    buf_init(&listing->out, OUT_BYTES);
    while (heads[listing->columns] != NULL && listing->columns < LISTING_COLUMNS_MAX)
        listing->columns++;
    if (!command->json)
        for (uint32_t i = 0; i < listing->columns; i++)
            listing_cell(listing, view_text(words(command->lang, heads[i])));
}

void listing_cell(struct listing *listing, struct view text) {
    uint32_t column = listing->count % listing->columns;
    struct view *cell;
    uint32_t width;
    uint8_t *copy;

    if (listing->failed != RC_OK)
        return;
    copy =
        arena_copy(listing->arena, text.data == NULL ? (const uint8_t *)"" : text.data, text.size);
    cell = copy == NULL ? NULL
                        : arena_push(listing->arena, &listing->cells, &listing->count,
                                     &listing->capacity, sizeof(*cell));
    if (cell == NULL) {
        listing->failed = listing->arena->failed;
        return;
    }
    for (size_t i = 0; i < text.size; i++)
        if (copy[i] < 0x20 || copy[i] == 0x7f)
            copy[i] = ' ';
    width = text_width(text);
    if (width > listing->width[column])
        listing->width[column] = width;
    *cell = view_of(copy, text.size);
}

void listing_cellf(struct listing *listing, const char *format, ...) {
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    listing_cell(listing, view_text(text));
}

static enum rc flush(struct listing *listing, struct err *err) {
    enum rc rc = buf_check(&listing->out, "the output", err);

    if (rc == RC_OK && listing->out.size > 0)
        rc = command_print(listing->command, buf_view(&listing->out), err);
    buf_clear(&listing->out);
    return rc;
}

enum rc listing_item(struct listing *listing, struct json *item, struct err *err) {
    if (item == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    buf_add_text(&listing->out, listing->items++ == 0 ? "[\n" : ",\n");
    json_print(item, false, &listing->out);
    json_free(item);
    return listing->out.size >= FLUSH_BYTES ? flush(listing, err) : RC_OK;
}

static void add_row(struct listing *listing, const struct view *cells) {
    uint32_t last = listing->columns;

    while (last > 1 && cells[last - 1].size == 0)
        last--;
    for (uint32_t i = 0; i < last; i++) {
        uint32_t width = text_width(cells[i]);

        buf_add_view(&listing->out, cells[i]);
        for (; i + 1 < last && width < listing->width[i] + GAP; width++)
            buf_add_u8(&listing->out, ' ');
    }
    buf_add_u8(&listing->out, '\n');
}

enum rc listing_end(struct listing *listing, enum rc rc, struct err *err) {
    if (rc == RC_OK && listing->failed != RC_OK)
        rc = arena_check(listing->arena, "a table", err);
    if (rc == RC_OK && listing->command->json) {
        buf_add_text(&listing->out, listing->items == 0 ? "[]\n" : "\n]\n");
    } else if (rc == RC_OK && listing->count <= listing->columns) {
        command_say(listing->command, "there are none");
    } else {
        for (uint32_t at = 0; at + listing->columns <= listing->count && rc == RC_OK;
             at += listing->columns) {
            add_row(listing, listing->cells + at);
            if (listing->out.size >= FLUSH_BYTES)
                rc = flush(listing, err);
        }
    }
    if (rc == RC_OK)
        rc = flush(listing, err);
    buf_release(&listing->out);
    return rc;
}
