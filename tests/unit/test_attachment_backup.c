/* test_attachment_backup.c: the copies of photos in a folder of their own: only what was read back
 * from there counts as safe, for by that tablets forget theirs; whatever has happened to a copy. */
#include "tests/support/picture.h"
#include "tests/support/visitor.h"

#include "agent/store/blobs.h"
#include "base/file.h"
#include "base/text.h"
#include "syncd/sync/attachment.h"
#include "syncd/sync/attachment_backup.h"
#include "syncd/sync/redact.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define CHUNK ATTACHMENT_CHUNK_BYTES
enum { PHOTOS = 3 };

/* Three photos that the county has, of one chunk and of several. */
struct scene {
    struct visitor *visitor;
    struct tablet *tablet;
    struct dot records[PHOTOS];
    struct buf photos[PHOTOS];
    uint8_t hashes[PHOTOS][32];
    const char *paths[PHOTOS];  /* at the county */
    const char *copies[PHOTOS]; /* in the folder, once they are there, in the order of photos */
    const char *folder;
};

static struct attachment_copied run(struct scene *scene,
                                    enum rc (*step)(const struct office *, const char *,
                                                    struct attachment_copied *, struct err *)) {
    struct visitor *visitor = scene->visitor;
    struct attachment_copied report;

    visitor_must(visitor, step(&visitor->county->office, scene->folder, &report, &visitor->err));
    return report;
}

static void assert_report(struct attachment_copied is, uint64_t done, uint64_t before,
                          uint64_t missing, uint64_t damaged) {
    assert_int_equal(is.done, done);
    assert_int_equal(is.before, before);
    assert_int_equal(is.missing, missing);
    assert_int_equal(is.damaged, damaged);
}

static struct scene begin(void **state) {
    static const size_t sizes[PHOTOS] = {900, CHUNK, 2 * CHUNK + 77};
    struct scene scene = {.visitor = *state};
    struct visitor *visitor = scene.visitor;
    struct session *wang;

    scene.tablet = visitor_enrol(visitor, "wang", 1);
    wang = county_session(scene.tablet, "wang");
    scene.folder = visitor_path(visitor, "copies");
    for (uint32_t i = 0; i < PHOTOS; i++) {
        char hex[65], path[ATTACHMENT_PATH_BYTES];

        buf_init(&scene.photos[i], LIMIT_PHOTO_BYTES);
        picture_jpeg(&scene.photos[i], sizes[i], i + 1);
        visitor_must(visitor,
                     blobs_add(wang, VILLAGE_A, ATTACHMENT_FOR_IMAGE, buf_view(&scene.photos[i]), 0,
                               scene.hashes[i], &visitor->err));
        hex_encode(view_of(scene.hashes[i], 32), hex);
        scene.records[i] = visitor_save(visitor, wang, VILLAGE_A, "户主");
        visitor_edit(visitor, wang, scene.records[i], "head/name", hex);
        visitor_must(visitor, attachment_path(visitor->county->office.directory, scene.hashes[i],
                                              path, &visitor->err));
        scene.paths[i] = arena_text(&visitor->arena, "%s", path);
    }
    county_sync(visitor->county, scene.tablet, RC_OK, NULL);
    for (uint32_t i = 0; i < PHOTOS; i++)
        assert_true(file_exists(scene.paths[i]));
    return scene;
}

static void end(struct scene *scene) {
    for (uint32_t i = 0; i < PHOTOS; i++)
        buf_release(&scene->photos[i]);
    tablet_close(scene->tablet);
}

/* All that lies in the folder; how many. */
static size_t walk(struct scene *scene, const char **out, size_t most) {
    struct visitor *visitor = scene->visitor;
    const char **parts, **names;
    size_t part_count, name_count, count = 0;

    visitor_must(visitor, file_list(scene->folder, 1000, &visitor->arena, &parts, &part_count,
                                    &visitor->err));
    for (size_t i = 0; i < part_count; i++) {
        const char *part = arena_text(&visitor->arena, "%s/%s", scene->folder, parts[i]);

        visitor_must(visitor,
                     file_list(part, 1000, &visitor->arena, &names, &name_count, &visitor->err));
        for (size_t k = 0; k < name_count; k++) {
            assert_true(count < most);
            out[count++] = arena_text(&visitor->arena, "%s/%s", part, names[k]);
        }
    }
    return count;
}

/* Which copy is whose: by their sizes, which differ. */
static void make(struct scene *scene) {
    const char *found[PHOTOS];

    assert_report(run(scene, attachment_backup_make), PHOTOS, 0, 0, 0);
    assert_int_equal(walk(scene, found, PHOTOS), PHOTOS);
    for (size_t i = 0; i < PHOTOS; i++) {
        uint64_t bytes;
        size_t whose;

        visitor_must(scene->visitor, file_size(found[i], &bytes, &scene->visitor->err));
        whose = bytes > 2 * CHUNK ? 2 : bytes > CHUNK ? 1 : 0;
        assert_null(scene->copies[whose]);
        scene->copies[whose] = found[i];
    }
}

static struct buf content(struct scene *scene, const char *path) {
    struct buf bytes;

    buf_init(&bytes, LIMIT_ATTACHMENT_BYTES);
    visitor_must(scene->visitor,
                 file_read(path, LIMIT_ATTACHMENT_BYTES, &bytes, &scene->visitor->err));
    return bytes;
}

static void put(struct scene *scene, const char *path, struct view bytes) {
    visitor_must(scene->visitor, file_write(path, bytes, FILE_MODE_PRIVATE, &scene->visitor->err));
}

static void turn_a_byte(struct scene *scene, const char *path, size_t at) {
    struct buf bytes = content(scene, path);

    bytes.data[at] ^= 1;
    put(scene, path, buf_view(&bytes));
    buf_release(&bytes);
}

static bool is_safe(struct scene *scene, uint32_t which) {
    struct ledger *ledger = county_read(scene->visitor->county);
    struct stored_attachment row;

    visitor_must(scene->visitor,
                 store_attachment(ledger->store, scene->hashes[which], &row, &scene->visitor->err));
    ledger_close(ledger);
    return row.backed_up_ms != 0;
}

/* ---- tests ---- */

static void only_what_was_read_back_is_safe(void **state) {
    struct scene scene = begin(state);

    make(&scene);
    for (uint32_t i = 0; i < PHOTOS; i++)
        assert_false(is_safe(&scene, i));
    assert_report(run(&scene, attachment_backup_make), 0, PHOTOS, 0, 0);
    assert_report(run(&scene, attachment_backup_confirm), PHOTOS, 0, 0, 0);
    for (uint32_t i = 0; i < PHOTOS; i++)
        assert_true(is_safe(&scene, i));
    assert_report(run(&scene, attachment_backup_confirm), 0, PHOTOS, 0, 0);
    end(&scene);
}

/* Neither what it shows nor what it is called by, nor how it begins. */
static void a_copy_tells_nothing(void **state) {
    struct scene scene = begin(state);

    make(&scene);
    for (uint32_t i = 0; i < PHOTOS; i++) {
        struct buf copy = content(&scene, scene.copies[i]);
        char hex[65];

        hex_encode(view_of(scene.hashes[i], 32), hex);
        hex[16] = '\0';
        assert_null(strstr(scene.copies[i], hex));
        assert_null(memmem(copy.data, copy.size, scene.photos[i].data + 20, 16));
        assert_null(memmem(copy.data, copy.size, scene.hashes[i], 16));
        buf_release(&copy);
    }
    end(&scene);
}

static void a_copy_that_is_not_whole_is_not_safe(void **state) {
    struct scene scene = begin(state);
    struct buf last;

    make(&scene);
    turn_a_byte(&scene, scene.copies[0], 100);
    last = content(&scene, scene.copies[2]);
    put(&scene, scene.copies[2], view_slice(buf_view(&last), 0, last.size - 1));
    visitor_must(scene.visitor, file_remove(scene.copies[1], &scene.visitor->err));
    assert_report(run(&scene, attachment_backup_confirm), 0, 0, 1, 2);
    for (uint32_t i = 0; i < PHOTOS; i++)
        assert_false(is_safe(&scene, i));
    /* The one that is whole again is, whatever is with the others. */
    put(&scene, scene.copies[2], buf_view(&last));
    assert_report(run(&scene, attachment_backup_confirm), 1, 0, 1, 1);
    assert_true(is_safe(&scene, 2) && !is_safe(&scene, 0) && !is_safe(&scene, 1));
    assert_report(run(&scene, attachment_backup_make), 1, 2, 0, 0); /* a copy is not looked at */
    buf_release(&last);
    end(&scene);
}

/* Another photo's copy, or another chunk's, in its place. */
static void copies_cannot_be_exchanged(void **state) {
    struct scene scene = begin(state);
    struct buf first, last;
    size_t sealed;

    make(&scene);
    first = content(&scene, scene.copies[1]);
    last = content(&scene, scene.copies[2]);
    sealed = first.size; /* of a whole chunk */
    put(&scene, scene.copies[0], buf_view(&first));
    for (size_t i = 0; i < sealed; i++) {
        uint8_t was = last.data[i];

        last.data[i] = last.data[sealed + i];
        last.data[sealed + i] = was;
    }
    put(&scene, scene.copies[2], buf_view(&last));
    assert_report(run(&scene, attachment_backup_confirm), 1, 0, 0, 2);
    assert_true(is_safe(&scene, 1) && !is_safe(&scene, 0) && !is_safe(&scene, 2));
    buf_release(&first);
    buf_release(&last);
    end(&scene);
}

static void what_is_wrong_here_is_not_copied(void **state) {
    struct scene scene = begin(state);
    const char *found[PHOTOS];

    turn_a_byte(&scene, scene.paths[0], 100);
    visitor_must(scene.visitor, file_remove(scene.paths[1], &scene.visitor->err));
    assert_report(run(&scene, attachment_backup_make), 1, 0, 1, 1);
    assert_int_equal(walk(&scene, found, PHOTOS), 1);
    end(&scene);
}

static void what_was_lost_comes_back(void **state) {
    struct scene scene = begin(state);

    make(&scene);
    assert_report(run(&scene, attachment_backup_restore), 0, PHOTOS, 0, 0);
    for (uint32_t i = 0; i < PHOTOS; i++)
        visitor_must(scene.visitor, file_remove(scene.paths[i], &scene.visitor->err));
    visitor_must(scene.visitor, file_remove(scene.copies[0], &scene.visitor->err));
    turn_a_byte(&scene, scene.copies[1], 100);
    assert_report(run(&scene, attachment_backup_restore), 1, 0, 1, 1);
    assert_false(file_exists(scene.paths[0]) || file_exists(scene.paths[1]));
    for (uint32_t i = 2; i < PHOTOS; i++) {
        struct buf back = content(&scene, scene.paths[i]);

        assert_true(view_equal(buf_view(&back), buf_view(&scene.photos[i])));
        buf_release(&back);
    }
    end(&scene);
}

/* A run that was killed has left the part of a copy. */
static void what_was_left_halfway_is_begun_anew(void **state) {
    struct scene scene = begin(state);
    const char *found[PHOTOS];
    const char *part;

    make(&scene);
    part = arena_text(&scene.visitor->arena, "%s.part", scene.copies[0]);
    visitor_must(scene.visitor, file_remove(scene.copies[0], &scene.visitor->err));
    put(&scene, part, view_text("longer than nothing, and something else"));
    assert_report(run(&scene, attachment_backup_make), 1, 2, 0, 0);
    assert_int_equal(walk(&scene, found, PHOTOS), PHOTOS);
    assert_report(run(&scene, attachment_backup_confirm), PHOTOS, 0, 0, 0);
    end(&scene);
}

static void what_the_law_erased_leaves_the_folder(void **state) {
    struct scene scene = begin(state);
    struct visitor *visitor = scene.visitor;
    const struct form *form = tablet_form_named(scene.tablet, view_text("household"));
    struct erased_cell cell = {.field = form_field_by_path(form, view_text("head/name"))->number};
    struct redaction redaction = {.record = scene.records[1],
                                  .who = view_text("li"),
                                  .reason = view_text("asked for it"),
                                  .cell_count = 1,
                                  .cells = &cell};
    struct redact_order order = {.redaction = &redaction, .office = &visitor->county->office};

    make(&scene);
    visitor_must(visitor, office_act(&visitor->county->office, redact_act, &order, &visitor->err));
    assert_report(run(&scene, attachment_backup_make), 0, 2, 0, 0);
    assert_true(file_exists(scene.copies[0]) && !file_exists(scene.copies[1]) &&
                file_exists(scene.copies[2]));
    assert_report(run(&scene, attachment_backup_confirm), 2, 0, 0, 0);
    visitor_must(visitor, file_remove(scene.paths[0], &visitor->err));
    assert_report(run(&scene, attachment_backup_restore), 1, 1, 0, 0); /* and does not come back */
    end(&scene);
}

#define WITH_FILES(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, visitor_set_up_with_files, visitor_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FILES(only_what_was_read_back_is_safe),
        WITH_FILES(a_copy_tells_nothing),
        WITH_FILES(a_copy_that_is_not_whole_is_not_safe),
        WITH_FILES(copies_cannot_be_exchanged),
        WITH_FILES(what_is_wrong_here_is_not_copied),
        WITH_FILES(what_was_lost_comes_back),
        WITH_FILES(what_was_left_halfway_is_begun_anew),
        WITH_FILES(what_the_law_erased_leaves_the_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
