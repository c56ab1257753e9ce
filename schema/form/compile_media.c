/* compile_media.c: the pictures, sounds and films that questions and choices show.
 *
 * A cell names one of them, "goat.jpg"; what was brought with the form is put into the form by
 * name, hash and size. All of it is carried, for a name may also come out of a table or an
 * expression. A name that nothing was brought for is a warning: the form works without, and says on
 * the tablet what is not there. */
#include "base/text.h"
#include "schema/form/compile.h"

#include <stdlib.h>
#include <string.h>

static int medium_compare(const void *left, const void *right) {
    const struct form_medium *a = left, *b = right;

    return view_compare(a->name, b->name);
}

/* The last step: "jr://images/goat.jpg" means the same. */
static struct view name_of(struct view cell) {
    size_t start = cell.size;

    if (cell.size < 5 || memcmp(cell.data, "jr://", 5) != 0)
        return cell;
    while (start > 0 && cell.data[start - 1] != '/')
        start--;
    return view_slice(cell, start, cell.size);
}

static void check_cell(struct compiler *compiler, const struct sheet *sheet, uint32_t row,
                       uint32_t column) {
    struct view name = name_of(cell_at(sheet, row, column));
    struct reference reference;

    if (name.size == 0 || view_is(name, "-") || reference_next(name, 0, &reference) ||
        form_medium_named(&compiler->form, name) != NULL)
        return;
    finding_add(compiler, false, sheet, row, column,
                "\"%.*s\" was not brought with the form; tablets show its name in its place",
                VIEW_PRINT(finding_shown(name)));
}

static void check_table(struct compiler *compiler, const struct table *table) {
    const struct sheet *sheet = table->sheet;

    for (uint32_t column = 0; sheet != NULL && column < sheet->column_count; column++) {
        uint8_t kind = table->columns[column].kind;

        if (kind < COLUMN_IMAGE || kind > COLUMN_VIDEO)
            continue;
        for (uint32_t row = 1; row < sheet->row_count; row++)
            check_cell(compiler, sheet, row, column);
    }
}

void compile_media(struct compiler *compiler) {
    const struct workbook *workbook = compiler->workbook;
    uint32_t count = workbook->media_count;
    struct form_medium *media = compile_array(compiler, count + 1u, sizeof(*media));
    uint64_t bytes = 0;

    if (media == NULL)
        return;
    if (count > 0) {
        memcpy(media, workbook->media, count * sizeof(*media));
        qsort(media, count, sizeof(*media), medium_compare);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct sheet place = {.name = media[i].name};

        bytes += media[i].size;
        if (i > 0 && view_equal(media[i].name, media[i - 1].name))
            finding_add(compiler, true, &place, NO_ROW, NO_COLUMN, "this file stands here twice");
    }
    if (count > LIMIT_FORM_MEDIA || bytes > LIMIT_MEDIA_BYTES) {
        finding_add(compiler, true, compiler->survey.sheet, NO_ROW, NO_COLUMN,
                    "its pictures, sounds and films are more than %u, or more than %u MiB together",
                    LIMIT_FORM_MEDIA, LIMIT_MEDIA_BYTES / (1024u * 1024u));
        return;
    }
    compiler->form.media = media;
    compiler->form.media_count = count;
    if (!compiler->options.wants_media)
        return;
    check_table(compiler, &compiler->survey);
    check_table(compiler, &compiler->choices);
}
