/* compile_settings.c: what the settings sheet says. Only its second row counts. */
#include "base/text.h"
#include "schema/form/compile.h"

void compile_settings(struct compiler *compiler) {
    const struct table *table = &compiler->settings;
    struct form *form = &compiler->form;
    enum audience audience = AUDIENCE_FIELD;
    struct view cell;

    form->audience = AUDIENCE_FIELD;
    form->name = table_cell(table, 1, COLUMN_FORM_ID);
    form->version = table_cell(table, 1, COLUMN_VERSION);
    form->title = table_text(compiler, table, 1, COLUMN_TITLE);
    form->instance_name = table_cell(table, 1, COLUMN_INSTANCE_NAME);
    compiler->root_name = table_cell(table, 1, COLUMN_ROOT_NAME);
    compiler->namespaces = table_cell(table, 1, COLUMN_NAMESPACES);
    if (compiler->root_name.size == 0)
        compiler->root_name = compiler->options.root_name;
    if (compiler->root_name.size == 0)
        compiler->root_name = view_text("data");
    if (form->name.size == 0 && compiler->options.fallback_name.size > 0) {
        struct sheet place = {.name = view_text("settings")};

        form->name = compiler->options.fallback_name;
        if (compiler->options.lenient)
            finding_add(compiler, false, &place, NO_ROW, NO_COLUMN,
                        "form_id is missing; the form is called \"%.*s\"",
                        VIEW_PRINT(finding_shown(form->name)));
    }
    compiler->allow_duplicates = yes_or_no(table_cell(table, 1, COLUMN_ALLOW_DUPLICATES)) == 1;
    if (table->sheet == NULL && form->name.size > 0)
        return;
    if (table->sheet == NULL) {
        struct sheet missing = {.name = view_text("settings")};

        finding_add(compiler, true, &missing, NO_ROW, NO_COLUMN, "the sheet is missing");
        return;
    }
    if (!form_name_valid(compiler->root_name))
        finding_add(compiler, true, table->sheet, 1, table->first[COLUMN_ROOT_NAME],
                    "\"%.*s\" can not be a name; use letters, digits, _ - and ., and no blank",
                    VIEW_PRINT(finding_shown(compiler->root_name)));
    if (form->name.size == 0)
        finding_add(compiler, true, table->sheet, NO_ROW, NO_COLUMN,
                    "form_id is missing; write the name of the form in row 2 below form_id");
    else if (!form_name_valid(form->name))
        finding_add(compiler, true, table->sheet, 1, table->first[COLUMN_FORM_ID],
                    "\"%.*s\" can not be a name; use letters, digits, _ - and ., and no blank",
                    VIEW_PRINT(finding_shown(form->name)));
    if (form->version.size > LIMIT_NAME_BYTES)
        finding_add(compiler, true, table->sheet, 1, table->first[COLUMN_VERSION],
                    "the text is too long; at most %u bytes are allowed", LIMIT_NAME_BYTES);
    cell = table_cell(table, 1, COLUMN_AUDIENCE);
    if (cell.size > 0 && audience_parse(cell, &audience, &(struct err){0}) != RC_OK)
        finding_add(compiler, true, table->sheet, 1, table->first[COLUMN_AUDIENCE],
                    "\"%.*s\" is not an audience; write field, office or restricted",
                    VIEW_PRINT(finding_shown(cell)));
    form->audience = (uint8_t)audience;
}
