/* listing.c: see listing.h. */
#include "syncd/desk/listing.h"

#include "base/text.h"
#include "base/words.h"

#include <stdio.h>

#define OUT_BYTES   (16u * 1024u * 1024u)
#define FLUSH_BYTES (48u * 1024u)
#define GAP         2u

/* Ranges that East Asian terminals show in two columns. */
static const struct {
    uint32_t first, last;
} wide[] = {
    {0x1100, 0x115f}, {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},
    {0xa000, 0xa4cf}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe4f},   {0xff00, 0xff60},
    {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x2fffd}, {0x30000, 0x3fffd},
};

size_t listing_width(struct view text) {
    size_t at = 0, width = 0;

    while (at < text.size) {
        uint32_t character = utf8_next(text, &at);
        bool is_wide = false;

        for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]) && !is_wide; i++)
            is_wide = character >= wide[i].first && character <= wide[i].last;
        width += is_wide ? 2 : 1;
    }
    return width;
}

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

static bool grow(struct listing *listing) {
    size_t wanted = listing->capacity == 0 ? 256 : listing->capacity * 2;
    struct view *cells = arena_array(listing->arena, wanted, sizeof(*cells));

    if (cells == NULL) {
        listing->failed = listing->arena->failed;
        return false;
    }
    if (listing->count > 0)
        memcpy(cells, listing->cells, listing->count * sizeof(*cells));
    listing->cells = cells;
    listing->capacity = wanted;
    return true;
}

void listing_cell(struct listing *listing, struct view text) {
    uint32_t column = (uint32_t)(listing->count % listing->columns);
    uint8_t *copy;
    size_t width;

    if (listing->failed != RC_OK || (listing->count == listing->capacity && !grow(listing)))
        return;
    copy =
        arena_copy(listing->arena, text.data == NULL ? (const uint8_t *)"" : text.data, text.size);
    if (copy == NULL) {
        listing->failed = listing->arena->failed;
        return;
    }
    for (size_t i = 0; i < text.size; i++)
        if (copy[i] < 0x20 || copy[i] == 0x7f)
            copy[i] = ' ';
    width = listing_width(text);
    if (width > listing->width[column])
        listing->width[column] = (uint32_t)width;
    listing->cells[listing->count++] = view_of(copy, text.size);
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
        size_t width = listing_width(cells[i]);

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
        for (size_t at = 0; at + listing->columns <= listing->count && rc == RC_OK;
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
