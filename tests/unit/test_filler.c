/* test_filler.c: a draft that changes a record ends when its person has done nothing wrong,
 * whatever others have said in the record meanwhile. */
#include "tests/support/visitor.h"

#include "agent/field/filler.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FARM VILLAGE_A

struct farm {
    struct visitor *visitor;
    struct tablet *a, *b;
    struct session *wang, *li;
    struct dot record;
};

static void publish(struct visitor *visitor) {
    char folder[300], path[340];

    snprintf(folder, sizeof(folder), "%s/farm", visitor->folder);
    visitor_must(visitor, file_make_directory(folder, &visitor->err));
    snprintf(path, sizeof(path), "%s/survey.csv", folder);
    visitor_must(visitor, file_write(path,
                                     view_text("type,name,label,constraint,bind::yg:merge\n"
                                               "text,name,Name,,\n"
                                               "text,phone,Phone,,latest\n"
                                               "integer,pigs,Pigs,. >= 0,\n"
                                               "integer,beds,Beds,. <= ${pigs} + 5,\n"),
                                     FILE_MODE_SHARED, &visitor->err));
    snprintf(path, sizeof(path), "%s/choices.csv", folder);
    visitor_must(visitor, file_write(path, view_text("list_name,name,label\n"), FILE_MODE_SHARED,
                                     &visitor->err));
    snprintf(path, sizeof(path), "%s/settings.csv", folder);
    visitor_must(visitor, file_write(path,
                                     view_text("form_id,form_title,version,instance_name\n"
                                               "farm,Farm,v1,${name}\n"),
                                     FILE_MODE_SHARED, &visitor->err));
    county_publish(visitor->county, folder);
}

static int set_up(void **state) {
    static struct farm farm;

    if (visitor_set_up(state) != 0)
        return -1;
    farm = (struct farm){.visitor = *state};
    publish(farm.visitor);
    farm.a = visitor_enrol(farm.visitor, "wang", 1);
    farm.b = visitor_enrol(farm.visitor, "li", 1);
    farm.wang = county_session(farm.a, "wang");
    farm.li = county_session(farm.b, "li");
    *state = &farm;
    return 0;
}

static int tear_down(void **state) {
    struct farm *farm = *state;

    tablet_close(farm->a);
    tablet_close(farm->b);
    *state = farm->visitor;
    return visitor_tear_down(state);
}

static void must(struct farm *farm, enum rc rc) {
    visitor_must(farm->visitor, rc);
}

static void put(struct farm *farm, struct filler *filler, const char *ref, const char *text) {
    struct engine_place place;

    must(farm, engine_place(filler_engine(filler), view_text(ref), &place, &farm->visitor->err));
    must(farm, engine_set(filler_engine(filler), place, view_text(text), &farm->visitor->err));
    must(farm, filler_keep(filler, &farm->visitor->err));
}

static struct filler *edit(struct farm *farm, struct session *session) {
    struct filler *filler;

    must(farm, filler_edit(session, farm->record, &filler, &farm->visitor->err));
    return filler;
}

static void end(struct farm *farm, struct filler *filler) {
    uint32_t problems;
    struct dot record;

    must(farm, filler_finish(filler, &record, &problems, &farm->visitor->err));
    filler_close(filler);
    farm->record = record;
}

static void says(struct farm *farm, struct session *session, const char *ref, const char *text) {
    struct filler *filler = edit(farm, session);

    put(farm, filler, ref, text);
    end(farm, filler);
}

static void meet(struct farm *farm) {
    for (int i = 0; i < 2; i++) {
        county_sync(farm->visitor->county, farm->a, RC_OK, NULL);
        county_sync(farm->visitor->county, farm->b, RC_OK, NULL);
    }
}

/* A farm with pigs and beds on both tablets. */
static void begin(struct farm *farm, const char *pigs, const char *beds) {
    struct filler *filler;

    must(farm, filler_begin(farm->wang, view_text("farm"), FARM, &filler, &farm->visitor->err));
    put(farm, filler, "/data/name", "Gao");
    put(farm, filler, "/data/pigs", pigs);
    put(farm, filler, "/data/beds", beds);
    end(farm, filler);
    meet(farm);
}

static void a_contradiction_does_not_keep_others_from_saving(void **state) {
    struct farm *farm = *state;
    struct filler *filler;

    begin(farm, "3", "8");
    says(farm, farm->wang, "/data/pigs", "4");
    says(farm, farm->li, "/data/pigs", "5");
    meet(farm);
    filler = edit(farm, farm->wang);
    put(farm, filler, "/data/phone", "111");
    end(farm, filler);
    assert_string_equal(visitor_text(farm->visitor, farm->wang, farm->record, "phone"), "111");
    assert_string_equal(visitor_text(farm->visitor, farm->wang, farm->record, "pigs"), "?");
}

/* The rule is over an answer that somebody else has changed since the draft was begun. */
static void a_draft_stands_on_the_record_as_it_is(void **state) {
    struct farm *farm = *state;
    struct filler *filler;

    begin(farm, "3", "8");
    filler = edit(farm, farm->wang);
    says(farm, farm->li, "/data/pigs", "30");
    meet(farm);
    put(farm, filler, "/data/beds", "20");
    end(farm, filler);
    assert_string_equal(visitor_text(farm->visitor, farm->wang, farm->record, "beds"), "20");
    assert_string_equal(visitor_text(farm->visitor, farm->wang, farm->record, "pigs"), "30");
}

static void ones_own_mistake_is_still_one(void **state) {
    struct farm *farm = *state;
    struct filler *filler;
    uint32_t problems;
    struct dot record;

    begin(farm, "3", "8");
    filler = edit(farm, farm->wang);
    put(farm, filler, "/data/beds", "9");
    assert_int_equal(filler_finish(filler, &record, &problems, &farm->visitor->err), RC_INVALID);
    assert_int_equal(problems, 1);
    filler_close(filler);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_contradiction_does_not_keep_others_from_saving, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_draft_stands_on_the_record_as_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ones_own_mistake_is_still_one, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
