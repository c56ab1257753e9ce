/* test_form_difference.c: what is told of two versions of a form, and the shelf of the console. */
#include "base/json.h"
#include "schema/form/form_difference.h"
#include "schema/form/xlsform.h"
#include "syncd/desk/form_shelf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
    struct arena arena;
    struct err err;
    struct buf told; /* "kind part name property effect\n" */
};

static int start(void **state) {
    static struct world world;

    arena_init(&world.arena, 64u << 20);
    err_init(&world.err, LANG_EN);
    buf_init(&world.told, 1u << 20);
    *state = &world;
    return 0;
}

static int stop(void **state) {
    struct world *world = *state;

    arena_release(&world->arena);
    buf_release(&world->told);
    return 0;
}

static const struct form *compile(struct world *world, const char *survey, const char *choices,
                                  const char *table, const struct form *previous) {
    struct sheet *sheets = arena_array(&world->arena, 3, sizeof(*sheets));
    struct form_file *file = arena_alloc(&world->arena, sizeof(*file));
    struct workbook workbook = {.sheet_count = 3, .sheets = sheets, .file_count = 1, .files = file};
    struct findings findings = {0};
    struct form *form = NULL;
    struct buf json;
    struct view text;
    enum rc rc;

    *file = (struct form_file){view_text("areas.csv"), view_text(table)};
    rc = sheet_from_csv(view_text("survey"), view_text(survey), &world->arena, &sheets[0],
                        &world->err);
    assert_int_equal(rc, RC_OK);
    rc = sheet_from_csv(view_text("choices"), view_text(choices), &world->arena, &sheets[1],
                        &world->err);
    assert_int_equal(rc, RC_OK);
    rc = sheet_from_csv(view_text("settings"), view_text("form_id,version\nhome,1\n"),
                        &world->arena, &sheets[2], &world->err);
    assert_int_equal(rc, RC_OK);
    buf_init(&json, 8u << 20);
    rc = xlsform_compile(&workbook, previous, previous == NULL ? 1 : previous->sequence + 1, NULL,
                         &world->arena, &findings, &json, &world->err);
    assert_int_equal(rc, RC_OK);
    text = arena_view(&world->arena, buf_view(&json));
    buf_release(&json);
    assert_int_equal(form_load(text, &world->arena, &form, &world->err), RC_OK);
    return form;
}

static enum rc note(void *context, const struct form_difference *difference, struct err *err) {
    struct world *world = context;

    (void)err;
    buf_addf(&world->told, "%d %d %.*s%s%.*s %s %.*s>%.*s%s\n", difference->kind, difference->part,
             VIEW_PRINT(difference->name), difference->choice.size > 0 ? "/" : "",
             VIEW_PRINT(difference->choice),
             difference->property == NULL ? "-" : difference->property,
             VIEW_PRINT(difference->before), VIEW_PRINT(difference->after),
             difference->effect == NULL ? "" : " !");
    return RC_OK;
}

static const char *told(struct world *world, const struct form *before, const struct form *after) {
    buf_clear(&world->told);
    assert_int_equal(form_difference(before, after, note, world, &world->err), RC_OK);
    return buf_text(&world->told);
}

#define SURVEY  "type,name,label,required,constraint,bind::yg:merge\n"
#define CHOICES "list_name,name,label\nyn,1,Yes\nyn,2,No\n"

static void the_same_is_no_difference(void **state) {
    struct world *world = *state;
    const struct form *form =
        compile(world, SURVEY "text,name,Name,,,\nselect_one yn,q,Q,,,\n", CHOICES, "a\n", NULL);

    assert_string_equal(told(world, form, form), "");
}

static void each_change_is_told_with_its_effect(void **state) {
    struct world *world = *state;
    const struct form *before =
        compile(world, SURVEY "text,name,Name,,,\ntext,note,Note,,,\nselect_one yn,q,Q,,,\n",
                CHOICES, "a\n", NULL);
    const struct form *after =
        compile(world,
                SURVEY "text,name,Full name,yes,string-length(.) > 1,latest\n"
                       "select_one yn,q,Q,,,\ninteger,age,Age,,,\n",
                "list_name,name,label\nyn,1,Yes\nyn,3,Maybe\n", "b\n", before);

    assert_string_equal(told(world, before, after), "3 2 name label Name>Full name\n"
                                                    "3 2 name constraint >string-length(.) > 1 !\n"
                                                    "3 2 name policy human>latest !\n"
                                                    "3 2 name required no>yes !\n"
                                                    "1 2 age - >Age\n"
                                                    "2 2 note - Note> !\n"
                                                    "1 3 yn/3 - >Maybe\n"
                                                    "2 3 yn/2 - No> !\n"
                                                    "3 4 areas.csv - > !\n");
    /* And the other way round: what came went, what went came. */
    told(world, after, before);
    assert_non_null(strstr(buf_text(&world->told), "2 2 age - Age> !\n"));
    assert_non_null(strstr(buf_text(&world->told), "1 2 note - >Note\n"));
}

/* --- the shelf --- */

static void the_shelf_keeps_apart_and_forgets(void **state) {
    struct world *world = *state;
    static struct shelved_form form, back;
    uint8_t one[32] = {1}, two[32] = {2};
    struct form_shelf shelf;
    struct view json;
    char bytes[] = "workbook";

    assert_int_equal(form_shelf_init(&shelf, ".", &world->err), RC_OK);
    form = (struct shelved_form){.name = view_text("a.xlsx"), .workbook = view_text(bytes)};
    assert_int_equal(form_shelf_put(&shelf, one, 1000, &form, &world->err), RC_OK);
    bytes[0] = 'x'; /* it was copied */
    assert_int_equal(form_shelf_get(&shelf, one, 2000, &world->arena, &back, &world->err), RC_OK);
    assert_true(view_is(back.workbook, "workbook"));
    assert_int_equal(form_shelf_get(&shelf, two, 2000, &world->arena, &back, &world->err),
                     RC_NOT_FOUND);
    assert_int_equal(form_shelf_json(&shelf, one, 2000, &world->arena, &json, &world->err),
                     RC_NOT_FOUND);
    form.json = view_text("{}");
    assert_int_equal(form_shelf_put(&shelf, one, 3000, &form, &world->err), RC_OK);
    assert_int_equal(form_shelf_json(&shelf, one, 3000, &world->arena, &json, &world->err), RC_OK);
    assert_true(view_is(json, "{}"));
    assert_int_equal(
        form_shelf_get(&shelf, one, 3001 + FORM_SHELF_FOR_MS, &world->arena, &back, &world->err),
        RC_NOT_FOUND);
    form_shelf_release(&shelf);
}

static void a_full_shelf_says_so(void **state) {
    struct world *world = *state;
    static struct shelved_form form, back;
    static const uint8_t large[20u << 20] = {0};
    struct form_shelf shelf;
    uint8_t owner[32] = {0};

    assert_int_equal(form_shelf_init(&shelf, ".", &world->err), RC_OK);
    form = (struct shelved_form){.workbook = view_text("x")};
    for (uint8_t i = 1; i <= FORM_SHELF_FORMS; i++) {
        owner[0] = i;
        assert_int_equal(form_shelf_put(&shelf, owner, 1, &form, &world->err), RC_OK);
    }
    owner[0] = 99;
    assert_int_equal(form_shelf_put(&shelf, owner, 1, &form, &world->err), RC_AGAIN);
    for (uint8_t i = 3; i <= FORM_SHELF_FORMS; i++) {
        owner[0] = i;
        form_shelf_forget(&shelf, owner);
    }
    form.workbook = view_of(large, sizeof(large));
    owner[0] = 1;
    assert_int_equal(form_shelf_put(&shelf, owner, 1, &form, &world->err), RC_OK);
    owner[0] = 2;
    assert_int_equal(form_shelf_put(&shelf, owner, 1, &form, &world->err), RC_OK);
    owner[0] = 3;
    assert_int_equal(form_shelf_put(&shelf, owner, 1, &form, &world->err), RC_AGAIN);
    owner[0] = 2; /* what was refused took nothing from others */
    assert_int_equal(form_shelf_get(&shelf, owner, 1, &world->arena, &back, &world->err), RC_OK);
    form_shelf_release(&shelf);
}

/* ---- contents of media ---- */

static struct form_medium medium(const char *name, uint8_t mark) {
    struct form_medium made = {.name = view_text(name), .size = 1};

    memset(made.hash, mark, sizeof(made.hash));
    return made;
}

static uint32_t files_in(struct world *world, const char *directory) {
    char folder[300];
    const char **names;
    size_t count = 0;

    snprintf(folder, sizeof(folder), "%s/brought", directory);
    if (!file_is_directory(folder))
        return 0;
    assert_int_equal(file_list(folder, 100, &world->arena, &names, &count, &world->err), RC_OK);
    return (uint32_t)count;
}

static void bring(struct world *world, struct form_shelf *shelf, const uint8_t owner[32],
                  const struct form_medium *item) {
    assert_int_equal(
        form_shelf_bring(shelf, owner, item->hash, view_of(item->hash, 1), &world->err), RC_OK);
}

static bool has(struct world *world, struct form_shelf *shelf, const uint8_t owner[32],
                const struct form_medium *item) {
    char path[FILE_PATH_BYTES_MAX];

    assert_int_equal(form_shelf_path(shelf, owner, item->hash, path, &world->err), RC_OK);
    return file_exists(path);
}

static void contents_go_with_the_form_that_names_them(void **state) {
    struct world *world = *state;
    static struct shelved_form form, refused;
    char directory[256], folder[300];
    struct form_medium pig = medium("pig.png", 1), goat = medium("goat.png", 2),
                       same = medium("swine.png", 1), cow = medium("pig.png", 3);
    uint8_t one[32] = {1}, two[32] = {2}, owner[32] = {0}, *large = calloc(1, FORM_SHELF_BYTES);
    struct form_shelf shelf;
    const char *temporary = getenv("TMPDIR");

    assert_non_null(large);
    snprintf(directory, sizeof(directory), "%s/yg-shelf-XXXXXX",
             temporary == NULL ? "/tmp" : temporary);
    assert_non_null(mkdtemp(directory));
    snprintf(folder, sizeof(folder), "%s/brought", directory);
    assert_int_equal(form_shelf_init(&shelf, directory, &world->err), RC_OK);
    form = (struct shelved_form){.workbook = view_text("x"), .media_count = 3};
    form.media[0] = pig;
    form.media[1] = goat;
    form.media[2] = same;
    bring(world, &shelf, one, &pig);
    bring(world, &shelf, one, &goat);
    assert_int_equal(form_shelf_put(&shelf, one, 1, &form, &world->err), RC_OK);
    bring(world, &shelf, two, &pig);
    assert_int_equal(form_shelf_put(&shelf, two, 1, &form, &world->err), RC_OK);
    assert_int_equal(files_in(world, directory), 3);

    /* One of two names of a content is left out: it stays. Then another one takes its place. */
    form.media[0] = goat;
    form.media[1] = same;
    form.media_count = 2;
    assert_int_equal(form_shelf_put(&shelf, one, 2, &form, &world->err), RC_OK);
    assert_true(has(world, &shelf, one, &pig) && has(world, &shelf, one, &goat));
    bring(world, &shelf, one, &cow);
    form.media[1] = cow;
    assert_int_equal(form_shelf_put(&shelf, one, 3, &form, &world->err), RC_OK);
    assert_false(has(world, &shelf, one, &pig));
    assert_true(has(world, &shelf, one, &cow) && has(world, &shelf, two, &pig));

    /* What is not taken goes, too; what was there before does not. */
    refused = form;
    refused.media[refused.media_count++] = pig;
    refused.workbook = view_of(large, FORM_SHELF_BYTES);
    bring(world, &shelf, one, &pig);
    assert_int_equal(form_shelf_put(&shelf, one, 4, &refused, &world->err), RC_AGAIN);
    free(large);
    assert_false(has(world, &shelf, one, &pig));
    assert_true(has(world, &shelf, one, &cow) && has(world, &shelf, one, &goat));

    form_shelf_forget(&shelf, one);
    assert_int_equal(files_in(world, directory), 1);
    form_shelf_tidy(&shelf, 1 + FORM_SHELF_FOR_MS);
    assert_int_equal(files_in(world, directory), 1);
    form_shelf_tidy(&shelf, 2 + FORM_SHELF_FOR_MS);
    assert_int_equal(files_in(world, directory), 0);

    /* Nobody's after a kill; and with the service goes the rest. */
    bring(world, &shelf, owner, &pig);
    assert_int_equal(form_shelf_sweep(directory, &world->err), RC_OK);
    assert_int_equal(files_in(world, directory), 0);
    bring(world, &shelf, one, &goat);
    form.media_count = 1;
    assert_int_equal(form_shelf_put(&shelf, one, 5, &form, &world->err), RC_OK);
    form_shelf_release(&shelf);
    assert_int_equal(files_in(world, directory), 0);
    assert_int_equal(file_remove(folder, &world->err), RC_OK);
    assert_int_equal(form_shelf_sweep(directory, &world->err), RC_OK);
    assert_int_equal(file_remove(directory, &world->err), RC_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_is_no_difference, start, stop),
        cmocka_unit_test_setup_teardown(each_change_is_told_with_its_effect, start, stop),
        cmocka_unit_test_setup_teardown(the_shelf_keeps_apart_and_forgets, start, stop),
        cmocka_unit_test_setup_teardown(a_full_shelf_says_so, start, stop),
        cmocka_unit_test_setup_teardown(contents_go_with_the_form_that_names_them, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
