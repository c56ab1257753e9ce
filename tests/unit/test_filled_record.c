/* A record goes into an engine and comes back: as a new record, as an edit that holds only what was
 * changed, over a draft that was kept, and beside what somebody else wrote meanwhile. */
#include "schema/form/filling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schema/form/answers.h"
#include "schema/merge.h"
#include "tests/support/enginekit.h"
#include "tests/support/formkit.h"

static const char survey[] =
    "type,name,label,required,relevant,constraint,calculation,bind::yg:merge\n"
    "start,started,,,,,,once\n"
    "text,name,Name,yes,,string-length(.) >= 2,,human\n"
    "integer,age,Age,,,. >= 0 and . <= 130,,human\n"
    "text,school,School,,${age} < 20,,,human\n"
    "select_multiple cause,causes,Causes,,,,,union\n"
    "text,remark,Remark,,,,,union\n"
    "image,photos,Photos,,,,,union\n"
    "begin repeat,member,Member,,,,,\n"
    "text,name,Name,yes,,,,human\n"
    "begin repeat,job,Job,,,,,\n"
    "decimal,pay,Pay,,,. >= 0,,human\n"
    "end repeat,,,,,,,\n"
    "end repeat,,,,,,,\n"
    "calculate,total,,,,,sum(${pay}),\n";
static const char choices[] = "list_name,name,label\ncause,1,Ill\ncause,2,Old\ncause,3,Alone\n";
static const char settings[] = "form_id\ntest\n";

struct world {
    struct formkit kit;
    struct form_program program;
    struct engine_host host;
    uint64_t seed;
    struct filling filling;
    struct record record;
    struct reading reading;
    struct filled filled;
    struct err err;
};

static struct world world;

static void must(enum rc rc) {
    if (rc != RC_OK)
        fail_msg("%s", world.err.text);
}

static int64_t stands_still(void *context) {
    (void)context;
    return INT64_C(1795400000000);
}

static void draw(void *context, void *bytes, size_t size) {
    uint64_t *seed = context;

    for (size_t i = 0; i < size; i++) {
        *seed = *seed * UINT64_C(6364136223846793005) + 1;
        ((uint8_t *)bytes)[i] = (uint8_t)(*seed >> 56);
    }
}

static int set_up(void **state) {
    (void)state;
    world = (struct world){.seed = 1};
    world.host =
        (struct engine_host){.context = &world.seed, .now_ms = stands_still, .random = draw};
    formkit_init(&world.kit, LANG_EN);
    err_init(&world.err, LANG_EN);
    if (formkit_compile(&world.kit, survey, choices, settings, NULL, 1) != RC_OK)
        fail_msg("%s", world.kit.err.text);
    must(form_program_load(world.kit.form, &world.kit.arena, &world.program, &world.err));
    filling_init(&world.filling, &world.program, &world.host, LANG_EN);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    filling_release(&world.filling);
    formkit_release(&world.kit);
    return 0;
}

static struct engine_place place(const char *ref) {
    struct engine_place place;

    must(engine_place(&world.filling.engine, view_text(ref), &place, &world.err));
    return place;
}

static void answer(const char *ref, const char *text) {
    must(engine_set(&world.filling.engine, place(ref), view_text(text), &world.err));
}

static void add(const char *ref) {
    struct engine_place added;

    must(engine_add(&world.filling.engine, place(ref), 0, &added, &world.err));
}

static void read_again(void) {
    must(reading_make(&world.record, world.kit.form, &world.kit.arena, &world.reading, &world.err));
}

/* Writes what the filling holds, as the next change of an actor. */
static void save(enum change_kind kind, struct dot dot) {
    bool is_new = kind == CHANGE_CREATE;
    struct change change;
    struct record next;
    struct edit edit;

    must(edit_start(&edit, kind, dot, dot.actor, world.kit.form, is_new ? NULL : &world.record,
                    is_new ? NULL : &world.reading, &world.kit.arena, &world.err));
    if (is_new)
        must(edit_set_area(&edit, 430626100200, &world.err));
    must(filling_write(&world.filling, &edit, &world.kit.arena, &world.filled, &world.err));
    must(edit_finish(&edit, view_text(""), &change, &world.err));
    change.wall_ms = 1000;
    if (is_new)
        record_init(&world.record, change.record);
    must(merge_apply(&world.record, &change, (struct admission){.time_ms = 1000}, &world.kit.arena,
                     &next, &world.err));
    world.record = next;
    read_again();
}

static void reads(const char *expected) {
    struct json *json = json_object();
    struct buf text;

    buf_init(&text, 65536);
    must(answers_values(&world.reading, false, json, &world.err));
    json_print(json, false, &text);
    json_free(json);
    assert_non_null(strstr(buf_text(&text), expected) ? "" : NULL);
    if (strstr(buf_text(&text), expected) == NULL)
        fail_msg("%s\nlacks %s", buf_text(&text), expected);
    buf_release(&text);
}

static void value_is(const char *path, const char *expected) {
    struct instance_id instance;
    struct buf text;
    uint16_t field;

    buf_init(&text, 65536);
    must(answers_path(world.kit.form, &world.reading, view_text(path), &instance, &field,
                      &world.err));
    filling_cell_text(&world.reading, instance, form_field_by_number(world.kit.form, field), &text);
    assert_string_equal(buf_text(&text), expected);
    buf_release(&text);
}

static uint32_t count_of(const char *repeat) {
    uint16_t number = form_field_by_path(world.kit.form, view_text(repeat))->number;
    uint32_t count = 0;

    for (uint32_t i = 0; i < world.reading.instance_count; i++)
        if (world.reading.instances[i].repeat == number && !world.reading.instances[i].removed)
            count++;
    return count;
}

/* A record with one member who has two jobs. */
static void create(void) {
    must(filling_begin(&world.filling, &world.err));
    answer("/data/name", "钟秀英");
    answer("/data/age", "72");
    answer("/data/causes", "2 1");
    answer("/data/remark", "first");
    if (engine_place(&world.filling.engine, view_text("/data/member[1]/name"),
                     &(struct engine_place){0}, &world.err) != RC_OK)
        add("/data/member");
    answer("/data/member[1]/name", "李平");
    if (engine_place(&world.filling.engine, view_text("/data/member[1]/job[1]/pay"),
                     &(struct engine_place){0}, &world.err) != RC_OK)
        add("/data/member[1]/job");
    answer("/data/member[1]/job[1]/pay", "10.50");
    add("/data/member[1]/job");
    answer("/data/member[1]/job[2]/pay", "0.25");
    save(CHANGE_CREATE, (struct dot){.actor = 0xA1, .number = 1});
}

static void again(void) {
    filling_release(&world.filling);
    filling_init(&world.filling, &world.program, &world.host, LANG_EN);
}

static void a_new_record_holds_what_was_answered(void **state) {
    (void)state;
    create();
    value_is("name", "钟秀英");
    value_is("age", "72");
    value_is("causes", "1 2");
    reads("\"remark\":[\"first\"]");
    reads("10.50");
    assert_int_equal(count_of("member"), 1);
    assert_int_equal(count_of("member/job"), 2);
    assert_int_equal(world.filled.removed_count, 0);
    /* computed, not stored */
    assert_null(reading_cell(&world.reading, (struct instance_id){0},
                             form_field_by_path(world.kit.form, view_text("total"))->number));
    assert_string_equal(
        (const char *)arena_view(&world.kit.arena,
                                 engine_value(&world.filling.engine, place("/data/total")))
            .data,
        "10.75");
}

static void an_edit_holds_only_what_changed(void **state) {
    (void)state;
    create();
    again();
    must(filling_see(&world.filling, &world.reading, &world.err));
    assert_string_equal((const char *)arena_view(&world.kit.arena,
                                                 engine_value(&world.filling.engine,
                                                              place("/data/member[1]/job[2]/pay")))
                            .data,
                        "0.25");
    answer("/data/age", "73");
    answer("/data/causes", "3 1");
    answer("/data/remark", "second");
    add("/data/member");
    answer("/data/member[2]/name", "王五");
    must(engine_remove(
        &world.filling.engine,
        (struct engine_place){.field = place("/data/member[1]/job[1]/pay").field - 1,
                              .instance = place("/data/member[1]/job[1]/pay").instance},
        &world.err));
    save(CHANGE_EDIT, (struct dot){.actor = 0xA1, .number = 2});
    value_is("age", "73");
    value_is("causes", "1 3");
    reads("\"remark\":[\"first\",\"second\"]");
    assert_int_equal(count_of("member"), 2);
    assert_int_equal(count_of("member/job"), 2); /* removing is a change of its own */
    assert_int_equal(world.filled.removed_count, 1);
    assert_int_equal(world.filled.moved_count, 0);
}

static void what_is_not_relevant_is_not_written(void **state) {
    (void)state;
    must(filling_begin(&world.filling, &world.err));
    answer("/data/name", "小明");
    answer("/data/age", "12");
    answer("/data/school", "第一小学");
    answer("/data/age", "40");
    save(CHANGE_CREATE, (struct dot){.actor = 0xA1, .number = 1});
    value_is("school", "");
    again();
    must(filling_see(&world.filling, &world.reading, &world.err));
    answer("/data/age", "12");
    answer("/data/school", "第一小学");
    save(CHANGE_EDIT, (struct dot){.actor = 0xA1, .number = 2});
    value_is("school", "第一小学");
    again();
    must(filling_see(&world.filling, &world.reading, &world.err));
    answer("/data/age", "41"); /* irrelevance never writes: the answer stays in the record */
    save(CHANGE_EDIT, (struct dot){.actor = 0xA1, .number = 3});
    value_is("school", "第一小学");
}

static void a_kept_draft_goes_on(void **state) {
    struct buf kept, broken;

    (void)state;
    create();
    again();
    must(filling_see(&world.filling, &world.reading, &world.err));
    answer("/data/age", "80");
    buf_init(&kept, 1u << 20);
    must(filling_keep(&world.filling, &kept, &world.err));
    again();
    must(filling_resume(&world.filling, buf_view(&kept), NULL, 0, &world.err));
    answer("/data/member[1]/name", "李安");
    save(CHANGE_EDIT, (struct dot){.actor = 0xA1, .number = 2});
    value_is("age", "80");
    assert_int_equal(world.filled.written, 2);
    for (size_t cut = 0; cut < kept.size; cut += 7) {
        again();
        assert_int_not_equal(filling_resume(&world.filling, view_slice(buf_view(&kept), 0, cut),
                                            NULL, 0, &world.err),
                             RC_OK);
    }
    buf_init(&broken, 1u << 20);
    buf_add_view(&broken, buf_view(&kept));
    broken.data[3] ^= 1;
    again();
    assert_int_equal(filling_resume(&world.filling, buf_view(&broken), NULL, 0, &world.err),
                     RC_CONFLICT);
    buf_release(&broken);
    buf_release(&kept);
}

static void what_somebody_else_wrote_meanwhile_is_told(void **state) {
    struct value value = value_of_int(55);
    struct change change;
    struct record next;
    struct edit edit;

    (void)state;
    create();
    again();
    must(filling_see(&world.filling, &world.reading, &world.err));
    answer("/data/age", "73");
    answer("/data/name", "钟秀兰");
    must(edit_start(&edit, CHANGE_EDIT, (struct dot){.actor = 0xB2, .number = 1}, 9, world.kit.form,
                    &world.record, &world.reading, &world.kit.arena, &world.err));
    must(edit_set(&edit, (struct instance_id){0},
                  form_field_by_path(world.kit.form, view_text("age"))->number, &value, 0,
                  &world.err));
    must(edit_finish(&edit, view_text(""), &change, &world.err));
    must(merge_apply(&world.record, &change, (struct admission){.time_ms = 2000}, &world.kit.arena,
                     &next, &world.err));
    world.record = next;
    read_again();
    save(CHANGE_EDIT, (struct dot){.actor = 0xA1, .number = 2});
    value_is("age", "55");
    value_is("name", "钟秀兰");
    assert_int_equal(world.filled.moved_count, 1);
    assert_string_equal((const char *)world.filled.moved[0].text.data, "73");
}

static void a_filling_goes_on_over_a_newer_record(void **state) {
    struct value value = value_of_int(55);
    struct change change;
    struct record next;
    struct edit edit;

    (void)state;
    create();
    again();
    must(filling_see(&world.filling, &world.reading, &world.err));
    answer("/data/age", "73");
    answer("/data/name", "钟秀兰");
    add("/data/member");
    answer("/data/member[2]/name", "王五");
    add("/data/member[2]/job");
    answer("/data/member[2]/job[1]/pay", "7");
    must(edit_start(&edit, CHANGE_EDIT, (struct dot){.actor = 0xB2, .number = 1}, 9, world.kit.form,
                    &world.record, &world.reading, &world.kit.arena, &world.err));
    must(edit_set(&edit, (struct instance_id){0},
                  form_field_by_path(world.kit.form, view_text("age"))->number, &value, 0,
                  &world.err));
    must(edit_finish(&edit, view_text(""), &change, &world.err));
    must(merge_apply(&world.record, &change, (struct admission){.time_ms = 2000}, &world.kit.arena,
                     &next, &world.err));
    world.record = next;
    read_again();
    must(filling_renew(&world.filling, &world.reading, &world.err));
    save(CHANGE_EDIT, (struct dot){.actor = 0xA1, .number = 2});
    assert_int_equal(world.filled.moved_count, 0);
    value_is("age", "55");
    value_is("name", "钟秀兰");
    assert_int_equal(count_of("member"), 2);
    assert_int_equal(count_of("member/job"), 3);
    again();
    must(filling_see(&world.filling, &world.reading, &world.err));
    answer("/data/age", "74");
    save(CHANGE_EDIT, (struct dot){.actor = 0xA1, .number = 3});
    value_is("age", "74");
}

#define PHOTO_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PHOTO_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define PHOTO_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define PHOTO_D "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"

/* Somebody else takes the first photo out and adds another one. */
static void change_album_elsewhere(void) {
    uint16_t field = form_field_by_path(world.kit.form, view_text("photos"))->number;
    struct value gone = {.type = VALUE_TEXT, .bytes = view_text(PHOTO_A)};
    struct value mine = {.type = VALUE_TEXT, .bytes = view_text(PHOTO_D)};
    struct instance_id root = {0};
    struct change change;
    struct record next;
    struct edit edit;

    must(edit_start(&edit, CHANGE_EDIT, (struct dot){.actor = 0xB2, .number = 1}, 9, world.kit.form,
                    &world.record, &world.reading, &world.kit.arena, &world.err));
    must(edit_remove_element(&edit, root, field, &gone, &world.err));
    must(edit_set(&edit, root, field, &mine, 0, &world.err));
    must(edit_finish(&edit, view_text(""), &change, &world.err));
    must(merge_apply(&world.record, &change, (struct admission){.time_ms = 2000}, &world.kit.arena,
                     &next, &world.err));
    world.record = next;
    read_again();
}

static void photos_are_a_set_that_is_shown(void **state) {
    (void)state;
    must(filling_begin(&world.filling, &world.err));
    answer("/data/name", "钟秀英");
    answer("/data/photos", PHOTO_A " " PHOTO_B);
    save(CHANGE_CREATE, (struct dot){.actor = 0xA1, .number = 1});
    reads("\"photos\":[\"" PHOTO_A "\",\"" PHOTO_B "\"]");
    again();
    must(filling_see(&world.filling, &world.reading, &world.err));
    assert_true(
        view_is(engine_value(&world.filling.engine, place("/data/photos")), PHOTO_A " " PHOTO_B));
    answer("/data/photos", PHOTO_B " " PHOTO_C);
    save(CHANGE_EDIT, (struct dot){.actor = 0xA1, .number = 2});
    reads("\"photos\":[\"" PHOTO_B "\",\"" PHOTO_C "\"]");
    assert_int_equal(world.filled.moved_count, 0);
}

static void photos_of_two_people_add_up(void **state) {
    (void)state;
    for (int renewed = 0; renewed < 2; renewed++) {
        again();
        must(filling_begin(&world.filling, &world.err));
        answer("/data/name", "钟秀英");
        answer("/data/photos", PHOTO_A " " PHOTO_B);
        save(CHANGE_CREATE, (struct dot){.actor = 0xA1, .number = 1});
        again();
        must(filling_see(&world.filling, &world.reading, &world.err));
        answer("/data/photos", PHOTO_C);
        change_album_elsewhere();
        if (renewed)
            must(filling_renew(&world.filling, &world.reading, &world.err));
        save(CHANGE_EDIT, (struct dot){.actor = 0xA1, .number = 2});
        reads("\"photos\":[\"" PHOTO_C "\",\"" PHOTO_D "\"]");
        assert_int_equal(world.filled.moved_count, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(photos_are_a_set_that_is_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(photos_of_two_people_add_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_record_holds_what_was_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_edit_holds_only_what_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_relevant_is_not_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_kept_draft_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_somebody_else_wrote_meanwhile_is_told, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_filling_goes_on_over_a_newer_record, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
