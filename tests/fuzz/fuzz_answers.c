/* Any bytes as answers to one form with every type: as JSON, as one text per field, as a path, and
 * as the row of a CSV file. A value that parses must pass the check. */
#include "schema/form/answers.h"
#include "schema/form/rows.h"
#include "tests/support/formkit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char survey[] =
    "type,name,label,bind::yg:merge,required\ntext,text,T,,yes\ninteger,integer,I,,\ndecimal,"
    "decimal,D,,\ndate,date,D,,\ntime,time,T,,\ndatetime,datetime,D,,\nselect_one c,one,O,,\n"
    "select_multiple c,some,S,,\nselect_multiple c,set,S,union,\ntext,notes,N,union,\ngeopoint,"
    "place,P,,\nimage,photo,P,,\nacknowledge,ok,A,,\nbegin group,g,G,,\nbegin repeat,r,R,,\n"
    "integer,n,N,,yes\nend repeat,,,,\nend group,,,,\n";
static const char choices[] = "list_name,name,label\nc,a,A\nc,b,B\nc,long,L\n";

static void fill_json(struct formkit *kit, struct view text) {
    const struct dot dot = {.actor = 1, .number = 1};
    struct json *json = NULL;
    struct buf problems;
    struct edit edit;

    buf_init(&problems, 1024 * 1024);
    if (json_parse(text, JSON_LIMITS_DEFAULT, &json, &kit->err) == RC_OK &&
        edit_start(&edit, CHANGE_CREATE, dot, 1, kit->form, NULL, NULL, &kit->arena, &kit->err) ==
            RC_OK)
        (void)answers_fill(&edit, (struct instance_id){0}, FORM_NO_PARENT, json, &problems,
                           &kit->err);
    json_free(json);
    buf_release(&problems);
}

static void fill_row(struct formkit *kit, struct view text) {
    const struct dot dot = {.actor = 1, .number = 1};
    struct view cells[32];
    struct rows_map map;
    struct buf problems;
    struct edit edit;
    size_t count = 0, start = 0;

    for (size_t i = 0; i <= text.size && count < 32; i++) {
        if (i < text.size && text.data[i] != ',')
            continue;
        cells[count++] = view_slice(text, start, i - start);
        start = i + 1;
    }
    buf_init(&problems, 1024 * 1024);
    if (rows_map_make(kit->form, FORM_NO_PARENT, view_text("f"), cells, count,
                      (struct rows_options){.skip_unknown = true}, &kit->arena, &map,
                      &kit->err) == RC_OK &&
        edit_start(&edit, CHANGE_CREATE, dot, 1, kit->form, NULL, NULL, &kit->arena, &kit->err) ==
            RC_OK)
        (void)rows_fill(&edit, &map, (struct instance_id){0}, cells, count, 2, &problems,
                        &kit->err);
    buf_release(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct view text = view_of(data, size);
    struct instance_id instance;
    struct formkit kit;
    uint16_t number;

    formkit_init(&kit, LANG_ZH);
    if (formkit_compile(&kit, survey, choices, "form_id\nf\n", NULL, 1) != RC_OK)
        abort();
    for (uint32_t i = 0; i < kit.form->field_count; i++) {
        const struct form_field *field = &kit.form->fields[i];
        struct value value;

        if (form_value_parse(kit.form, field, text, &kit.arena, &value, &kit.err) == RC_OK &&
            form_value_check(kit.form, field, &value, &kit.err) != RC_OK)
            abort();
    }
    fill_json(&kit, text);
    fill_row(&kit, text);
    (void)answers_path(kit.form, NULL, text, &instance, &number, &kit.err);
    formkit_release(&kit);
    return 0;
}
