/* visitor.c: see visitor.h. */
#include "tests/support/visitor.h"

#include "base/file.h"
#include "schema/edit.h"

#include <ftw.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

static const struct instance_id ROOT;

void visitor_must(struct visitor *visitor, enum rc rc) {
    if (rc != RC_OK)
        fail_msg("%s: %s %s", rc_name(rc), visitor->err.text, visitor->err.detail);
}

int visitor_set_up(void **state) {
    struct visitor *visitor = calloc(1, sizeof(*visitor));
    const char *temporary = getenv("TMPDIR");

    assert_non_null(visitor);
    snprintf(visitor->folder, sizeof(visitor->folder), "%s/yg-visitor-XXXXXX",
             temporary == NULL ? "/tmp" : temporary);
    assert_non_null(mkdtemp(visitor->folder));
    err_init(&visitor->err, LANG_EN);
    arena_init(&visitor->arena, 256u * 1024u * 1024u);
    visitor->county = county_new(7);
    county_publish(visitor->county, "schema/forms/household");
    *state = visitor;
    return 0;
}

int visitor_set_up_with_files(void **state) {
    int rc = visitor_set_up(state);
    struct visitor *visitor = *state;

    visitor->county->office.directory = visitor_path(visitor, "county");
    visitor_must(visitor, file_make_directory(visitor->county->office.directory, &visitor->err));
    return rc;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk) {
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

int visitor_tear_down(void **state) {
    struct visitor *visitor = *state;

    county_free(visitor->county);
    arena_release(&visitor->arena);
    assert_int_equal(nftw(visitor->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(visitor);
    return 0;
}

void visitor_copy(struct visitor *visitor, const char *from, const char *to) {
    const char *source = visitor_path(visitor, from), *target = visitor_path(visitor, to), **names;
    size_t count;

    visitor_must(visitor, file_make_directory(target, &visitor->err));
    visitor_must(visitor, file_list(source, 100, &visitor->arena, &names, &count, &visitor->err));
    for (size_t i = 0; i < count; i++) {
        struct buf bytes;

        buf_init(&bytes, 256u * 1024u * 1024u);
        visitor_must(visitor, file_read(arena_text(&visitor->arena, "%s/%s", source, names[i]),
                                        256u * 1024u * 1024u, &bytes, &visitor->err));
        visitor_must(visitor, file_write(arena_text(&visitor->arena, "%s/%s", target, names[i]),
                                         buf_view(&bytes), FILE_MODE_PRIVATE, &visitor->err));
        buf_release(&bytes);
    }
}

void visitor_remove(struct visitor *visitor, const char *name) {
    assert_int_equal(nftw(visitor_path(visitor, name), remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

const char *visitor_path(struct visitor *visitor, const char *name) {
    return arena_text(&visitor->arena, "%s/%s", visitor->folder, name);
}

struct tablet *visitor_enrol(struct visitor *visitor, const char *name, uint32_t villages) {
    static const uint64_t areas[] = {VILLAGE_A, VILLAGE_B};
    struct tablet *tablet =
        county_enrol(visitor->county, visitor_path(visitor, name), name, areas, villages);
    struct session *session = county_session(tablet, name);

    county_sync(visitor->county, tablet, RC_OK, NULL);
    visitor_must(visitor, session_close(session, &visitor->err));
    return tablet;
}

struct two_clerks visitor_two_clerks(struct visitor *visitor, const uint64_t *zhangs_areas,
                                     uint32_t count) {
    struct two_clerks two;

    visitor->county->role = ROLE_CLERK;
    two.a = visitor_enrol(visitor, "wang", 2);
    two.b =
        county_enrol(visitor->county, visitor_path(visitor, "zhang"), "zhang", zhangs_areas, count);
    two.wang = county_session(two.a, "wang");
    two.zhang = county_session(two.b, "zhang");
    return two;
}

static uint16_t number_of(const struct form *form, const char *path) {
    const struct form_field *field = form_field_by_path(form, view_text(path));

    assert_non_null(field);
    return field->number;
}

static enum rc try_save(struct visitor *visitor, struct session *session, uint64_t village,
                        const char *name, struct dot *dot) {
    const struct form *form = tablet_form_named(session_tablet(session), view_text("household"));
    struct value value = value_of_text(view_text(name));
    struct change change;
    struct edit edit;
    struct err *err = &visitor->err;

    assert_non_null(form);
    *dot = session_next_dot(session);
    visitor_must(visitor, edit_start(&edit, CHANGE_CREATE, *dot, session_person(session), form,
                                     NULL, NULL, &visitor->arena, err));
    visitor_must(visitor, edit_set_area(&edit, village, err));
    visitor_must(visitor, edit_set(&edit, ROOT, number_of(form, "head/name"), &value, 0, err));
    visitor_must(visitor, edit_finish(&edit, view_text(""), &change, err));
    return session_save(session, &change, NULL, form, err);
}

struct dot visitor_save(struct visitor *visitor, struct session *session, uint64_t village,
                        const char *name) {
    struct dot dot;

    visitor->county->now_ms += 60000;
    visitor_must(visitor, try_save(visitor, session, village, name, &dot));
    return dot;
}

enum rc visitor_try_save(struct visitor *visitor, struct session *session, uint64_t village,
                         const char *name) {
    struct dot dot;

    return try_save(visitor, session, village, name, &dot);
}

static void begin(struct visitor *visitor, struct session *session, struct dot record,
                  enum change_kind kind, struct seen *seen, struct edit *edit) {
    struct err *err = &visitor->err;

    visitor->county->now_ms += 60000;
    visitor_must(visitor, session_see(session, record, &visitor->arena, seen, err));
    visitor_must(visitor,
                 edit_start(edit, kind, session_next_dot(session), session_person(session),
                            seen->form, &seen->record, &seen->reading, &visitor->arena, err));
}

static void finish(struct visitor *visitor, struct session *session, struct seen *seen,
                   struct edit *edit, const char *reason) {
    struct change change;

    visitor_must(visitor, edit_finish(edit, view_text(reason), &change, &visitor->err));
    visitor_must(visitor, session_save(session, &change, &seen->record, seen->form, &visitor->err));
}

void visitor_edit(struct visitor *visitor, struct session *session, struct dot record,
                  const char *path, const char *text) {
    struct value value = value_of_text(view_text(text));
    struct seen seen;
    struct edit edit;

    begin(visitor, session, record, CHANGE_EDIT, &seen, &edit);
    visitor_must(visitor,
                 edit_set(&edit, ROOT, number_of(seen.form, path), &value, 0, &visitor->err));
    finish(visitor, session, &seen, &edit, "");
}

void visitor_move(struct visitor *visitor, struct session *session, struct dot record,
                  uint64_t village) {
    struct seen seen;
    struct edit edit;

    begin(visitor, session, record, CHANGE_MOVE, &seen, &edit);
    visitor_must(visitor, edit_set_area(&edit, village, &visitor->err));
    finish(visitor, session, &seen, &edit, "");
}

void visitor_resolve(struct visitor *visitor, struct session *session, struct dot record,
                     const char *path, const char *text) {
    const struct conflict *conflict = NULL;
    struct seen seen;
    struct edit edit;

    begin(visitor, session, record, CHANGE_RESOLVE, &seen, &edit);
    for (uint32_t i = 0; i < seen.reading.conflict_count; i++) {
        if (seen.reading.conflicts[i].field == number_of(seen.form, path))
            conflict = &seen.reading.conflicts[i];
    }
    assert_non_null(conflict);
    for (uint32_t i = 0; i < conflict->version_count; i++) {
        if (view_is(conflict->versions[i]->value.bytes, text))
            visitor_must(visitor,
                         edit_resolve_keep(&edit, conflict,
                                           version_name(&seen.record, conflict->versions[i]),
                                           &visitor->err));
    }
    finish(visitor, session, &seen, &edit, "seen the register");
}

const char *visitor_text(struct visitor *visitor, struct session *session, struct dot record,
                         const char *path) {
    struct seen seen;
    const struct cell *cell;
    struct buf text;
    const char *out;

    visitor_must(visitor, session_see(session, record, &visitor->arena, &seen, &visitor->err));
    cell = reading_cell(&seen.reading, ROOT, number_of(seen.form, path));
    if (cell == NULL || cell->kind == CELL_EMPTY)
        return "";
    if (cell->kind == CELL_CONFLICT)
        return "?";
    buf_init(&text, LIMIT_VALUE_BYTES);
    value_text(&cell->value, &text);
    out = arena_text(&visitor->arena, "%s", buf_text(&text));
    buf_release(&text);
    return out;
}

uint32_t visitor_count(struct visitor *visitor, struct session *session, const char *search) {
    struct list_query query = {.search = view_text(search)};
    struct listed *listed;
    uint32_t count = 0, total = 0;

    visitor_must(visitor, session_list(session, &query, &visitor->arena, &listed, &count, &total,
                                       &visitor->err));
    assert_int_equal(count, total);
    return count;
}

struct tablet_status visitor_status(struct visitor *visitor, struct tablet *tablet) {
    struct tablet_status status;

    visitor_must(visitor, tablet_status(tablet, &visitor->arena, &status, &visitor->err));
    return status;
}

bool visitor_noticed(struct visitor *visitor, struct tablet *tablet, enum notice_kind kind) {
    struct notice *notices;
    uint32_t count = 0;
    bool found = false;

    visitor_must(visitor, tablet_notices(tablet, &visitor->arena, &notices, &count, &visitor->err));
    for (uint32_t i = 0; i < count; i++)
        found = found || notices[i].kind == kind;
    return found;
}

void visitor_verify(struct visitor *visitor, struct tablet *tablet) {
    struct tablet_verified verified;
    struct buf problems;

    buf_init(&problems, 65536);
    if (tablet_verify(tablet, NULL, NULL, &problems, &verified, &visitor->err) != RC_OK)
        fail_msg("%s\n%s", visitor->err.text, buf_text(&problems));
    buf_release(&problems);
}
