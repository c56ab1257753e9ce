/* test_attachment_sync.c: photos from a tablet's disk to a county's, over good links and bad ones.
 */
#include "tests/support/picture.h"
#include "tests/support/visitor.h"

#include "agent/field/filler.h"
#include "agent/store/blobs.h"
#include "agent/store/drafts.h"
#include "base/db.h"
#include "base/file.h"
#include "base/text.h"
#include "syncd/sync/attachment.h"
#include "syncd/sync/redact.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define CHUNK ATTACHMENT_CHUNK_BYTES

struct photo {
    struct buf content;
    uint8_t hash[32];
    char hex[65];
};

/* Adds it; draft 0: not for a draft. */
static struct photo take(struct visitor *visitor, struct session *session, size_t size,
                         uint32_t seed, uint64_t draft) {
    struct photo photo;

    buf_init(&photo.content, LIMIT_PHOTO_BYTES);
    picture_jpeg(&photo.content, size, seed);
    visitor_must(visitor, blobs_add(session, VILLAGE_A, ATTACHMENT_FOR_IMAGE,
                                    buf_view(&photo.content), draft, photo.hash, &visitor->err));
    hex_encode(view_of(photo.hash, 32), photo.hex);
    return photo;
}

/* Adds it and saves a change that names it. */
static struct photo attach(struct visitor *visitor, struct session *session, struct dot record,
                           size_t size, uint32_t seed) {
    struct photo photo = take(visitor, session, size, seed, 0);

    visitor_edit(visitor, session, record, "head/name", photo.hex);
    return photo;
}

static bool is_at_county(struct visitor *visitor, const struct photo *photo) {
    char path[ATTACHMENT_PATH_BYTES];
    struct buf found;
    bool same;

    visitor_must(visitor, attachment_path(visitor->county->office.directory, photo->hash, path,
                                          &visitor->err));
    if (!file_exists(path))
        return false;
    buf_init(&found, LIMIT_ATTACHMENT_BYTES);
    visitor_must(visitor, file_read(path, LIMIT_ATTACHMENT_BYTES, &found, &visitor->err));
    same = view_equal(buf_view(&found), buf_view(&photo->content));
    buf_release(&found);
    assert_true(same);
    return true;
}

/* RC_NOT_FOUND: the county has heard of no such thing. */
static enum rc row_of(struct visitor *visitor, const struct photo *photo,
                      struct stored_attachment *out) {
    struct ledger *ledger = county_read(visitor->county);
    enum rc rc = store_attachment(ledger->store, photo->hash, out, &visitor->err);

    ledger_close(ledger);
    err_clear(&visitor->err);
    return rc;
}

/* ---- a link that breaks ---- */

struct road {
    struct county *county;
    struct link link;
    uint32_t count;              /* requests for attachments so far */
    uint32_t text_late;          /* of POST /v1/sync behind the first of them */
    uint32_t lose_up, lose_down; /* which one of them, from 1; 0: none */
    uint64_t bytes_up;
};

static enum rc road_exchange(void *context, const char *path, struct view body, struct buf *answer,
                             struct link_result *result, struct err *err) {
    struct road *road = context;
    bool lane = strcmp(path, "/v1/attachments") == 0;
    enum rc rc;

    *result = (struct link_result){.retry_after_s = -1};
    road->count += lane;
    road->text_late += !lane && road->count > 0;
    if (lane && road->count == road->lose_up)
        return err_set(err, RC_NETWORK, "the request was lost");
    rc = road->county->link.exchange(road->county->link.context, path, body, answer, result, err);
    if (lane)
        road->bytes_up += body.size;
    if (rc == RC_OK && lane && road->count == road->lose_down)
        return err_set(err, RC_NETWORK, "the answer was lost");
    return rc;
}

static enum rc travel(struct visitor *visitor, struct tablet *tablet, struct road *road,
                      struct sync_report *report) {
    enum rc rc;

    road->county = visitor->county;
    road->link = (struct link){road, road_exchange};
    rc = sync_run(tablet, &road->link, NULL, report, &visitor->err);
    err_clear(&visitor->err);
    return rc;
}

/* ---- tests ---- */

static void a_photo_goes_when_the_text_has_gone(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "户主");
    struct photo photo = attach(visitor, wang, record, 2 * CHUNK + 77, 1);
    struct road road = {.lose_up = 0};
    struct stored_attachment row;
    struct sync_report report;
    struct buf back;

    assert_int_equal(visitor_status(visitor, tablet).attachments.waiting, 1);
    assert_int_equal(visitor_status(visitor, tablet).attachments.waiting_bytes, 2 * CHUNK + 77);
    assert_int_equal(row_of(visitor, &photo, &row), RC_NOT_FOUND);
    assert_int_equal(travel(visitor, tablet, &road, &report), RC_OK);
    assert_int_equal(report.sent, 2);
    assert_int_equal(report.attachments, 1);
    assert_int_equal(road.text_late, 0);
    assert_true(is_at_county(visitor, &photo));
    assert_int_equal(row_of(visitor, &photo, &row), RC_OK);
    assert_int_equal(row.size, photo.content.size);
    assert_int_equal(row.kind, ATTACHMENT_JPEG);
    assert_true(row.area == VILLAGE_A);
    assert_true(row.received_ms != 0);
    assert_int_equal(visitor_status(visitor, tablet).attachments.waiting, 0);
    assert_int_equal(visitor_status(visitor, tablet).attachments.on_server, 1);
    /* An empty sync is one request again. */
    assert_int_equal(travel(visitor, tablet, &road, &report), RC_OK);
    assert_int_equal(report.requests, 1);
    buf_init(&back, LIMIT_PHOTO_BYTES);
    visitor_must(visitor, blobs_read(wang, photo.hash, &back, &visitor->err));
    assert_true(view_equal(buf_view(&back), buf_view(&photo.content)));
    buf_release(&back);
    buf_release(&photo.content);
    tablet_close(tablet);
}

static void a_bad_disk_is_noticed(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "户主");
    struct photo photo = attach(visitor, wang, record, CHUNK + 9, 1);
    struct tablet_verified verified;
    struct db *db = NULL;
    struct buf problems;

    visitor_verify(visitor, tablet);
    tablet_close(tablet);
    visitor_must(visitor,
                 db_open(arena_text(&visitor->arena, "%s/tablet.db", visitor_path(visitor, "wang")),
                         DB_OWNER, NULL, &db, &visitor->err));
    visitor_must(visitor,
                 db_execute(db, "UPDATE blob_chunk SET bytes = zeroblob(60) WHERE id % 256 = 1",
                            &visitor->err));
    db_close(db);
    tablet = county_tablet(visitor->county, visitor_path(visitor, "wang"));
    wang = county_session(tablet, "wang");
    buf_init(&problems, 4096);
    assert_int_equal(tablet_verify(tablet, NULL, NULL, &problems, &verified, &visitor->err),
                     RC_CORRUPT);
    err_clear(&visitor->err);
    assert_int_equal(verified.problems, 1);
    assert_non_null(strstr(buf_text(&problems), "attachment 1"));
    buf_release(&problems);
    buf_release(&photo.content);
    tablet_close(tablet);
}

static void only_what_was_saved_is_sent(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct photo kept, retaken, lost;
    struct stored_attachment row;
    struct buf back;
    uint64_t draft = 0;

    buf_init(&back, LIMIT_PHOTO_BYTES);
    visitor_must(visitor, drafts_add(wang, VILLAGE_A, view_text("draft"), &draft, &visitor->err));
    kept = take(visitor, wang, 1000, 1, draft);
    lost = take(visitor, wang, 1000, 2, 0); /* nothing holds it */
    county_sync(visitor->county, tablet, RC_OK, NULL);
    assert_int_equal(row_of(visitor, &kept, &row), RC_NOT_FOUND);
    tablet_close(tablet);
    tablet = county_tablet(visitor->county, visitor_path(visitor, "wang"));
    wang = county_session(tablet, "wang");
    assert_int_equal(blobs_read(wang, lost.hash, &back, &visitor->err), RC_NOT_FOUND);
    err_clear(&visitor->err);
    visitor_must(visitor, blobs_read(wang, kept.hash, &back, &visitor->err));
    /* The same once more, beneath the same key: it is there once. */
    buf_release(&kept.content);
    kept = take(visitor, wang, 1000, 1, draft);
    retaken = take(visitor, wang, 1000, 3, draft);
    (void)visitor_save(visitor, wang, VILLAGE_A, kept.hex);
    visitor_must(visitor, drafts_remove(wang, draft, &visitor->err));
    assert_int_equal(blobs_read(wang, retaken.hash, &back, &visitor->err), RC_NOT_FOUND);
    err_clear(&visitor->err);
    county_sync(visitor->county, tablet, RC_OK, NULL);
    assert_true(is_at_county(visitor, &kept));
    assert_int_equal(row_of(visitor, &retaken, &row), RC_NOT_FOUND);
    buf_release(&back);
    buf_release(&kept.content);
    buf_release(&retaken.content);
    buf_release(&lost.content);
    tablet_close(tablet);
}

/* Whichever request or answer is lost, nothing else is, and little is sent twice. */
static void every_request_may_be_lost(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "户主");

    for (uint32_t at = 1; at <= 5; at++)
        for (uint32_t down = 0; down < 2; down++) {
            struct photo photo =
                attach(visitor, wang, record, 9 * CHUNK + 12345, at * 2 + down + 100);
            struct road road = {.lose_up = down ? 0 : at, .lose_down = down ? at : 0};
            struct sync_report report;
            enum rc rc = travel(visitor, tablet, &road, &report);

            if (rc != RC_OK) {
                assert_int_equal(report.unsent, 0);
                road.lose_up = road.lose_down = 0;
                assert_int_equal(travel(visitor, tablet, &road, &report), RC_OK);
            }
            assert_true(is_at_county(visitor, &photo));
            assert_true(road.bytes_up < 11 * (CHUNK + 100u) + 4 * CHUNK);
            buf_release(&photo.content);
        }
    tablet_close(tablet);
}

/* The county keeps whole chunks of what it has; a torn one is written again. */
static void it_goes_on_from_any_chunk(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "户主");
    const char *incoming =
        arena_text(&visitor->arena, "%s/attachments/incoming", visitor->county->office.directory);

    for (uint32_t chunk = 0; chunk < 3; chunk++) {
        struct photo photo = attach(visitor, wang, record, 6 * CHUNK - 5, chunk + 50);
        struct road road = {.lose_up = 4};
        struct sync_report report;
        const char **names;
        size_t count;

        assert_int_equal(travel(visitor, tablet, &road, &report), RC_NETWORK);
        visitor_must(visitor,
                     file_list(incoming, 10, &visitor->arena, &names, &count, &visitor->err));
        assert_int_equal(count, 1);
        assert_int_equal(truncate(arena_text(&visitor->arena, "%s/%s", incoming, names[0]),
                                  (off_t)chunk * CHUNK + 100),
                         0);
        road = (struct road){.lose_up = 0};
        assert_int_equal(travel(visitor, tablet, &road, &report), RC_OK);
        assert_true(is_at_county(visitor, &photo));
        assert_true(road.bytes_up < (7 - chunk) * (CHUNK + 100u));
        buf_release(&photo.content);
    }
    tablet_close(tablet);
}

static void what_arrives_wrong_is_sent_again_from_zero(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "户主");
    struct photo photo = attach(visitor, wang, record, 6 * CHUNK, 50);
    const char *incoming =
        arena_text(&visitor->arena, "%s/attachments/incoming", visitor->county->office.directory);
    struct road road = {.lose_up = 3};
    struct sync_report report;
    const char **names;
    size_t count;
    bool moved;

    assert_int_equal(travel(visitor, tablet, &road, &report), RC_NETWORK);
    visitor_must(visitor, file_list(incoming, 10, &visitor->arena, &names, &count, &visitor->err));
    visitor_must(visitor,
                 file_write_at(arena_text(&visitor->arena, "%s/%s", incoming, names[0]), 1000,
                               view_text("a bad disk"), FILE_MODE_PRIVATE, &visitor->err));
    road = (struct road){.lose_up = 0};
    assert_int_equal(travel(visitor, tablet, &road, &report), RC_OK);
    assert_true(is_at_county(visitor, &photo));
    assert_false(visitor_noticed(visitor, tablet, NOTICE_ATTACHMENT));
    buf_release(&photo.content);
    /* Again and again: people are told, and it is let be. */
    photo = attach(visitor, wang, record, 1000, 51);
    for (uint32_t i = 0; i < BLOB_TRIES; i++) {
        visitor_must(visitor, tablet_begin(tablet, &visitor->err));
        visitor_must(visitor, tablet_blob_told(tablet, 2, ATTACHMENT_WRONG, &moved, &visitor->err));
        visitor_must(visitor, tablet_commit(tablet, &visitor->err));
    }
    assert_true(visitor_noticed(visitor, tablet, NOTICE_ATTACHMENT));
    assert_int_equal(visitor_status(visitor, tablet).attachments.refused, 1);
    buf_release(&photo.content);
    tablet_close(tablet);
}

static void it_goes_while_locked_and_after_a_wipe(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "户主");
    struct photo first = attach(visitor, wang, record, CHUNK + 1, 1),
                 second = attach(visitor, wang, record, CHUNK, 2);
    struct road road = {.lose_up = 0};
    struct sync_report report;

    visitor_must(visitor, session_close(wang, &visitor->err));
    assert_int_equal(travel(visitor, tablet, &road, &report), RC_OK);
    assert_true(is_at_county(visitor, &first));
    assert_true(is_at_county(visitor, &second));
    wang = county_session(tablet, "wang");
    buf_release(&first.content);
    first = attach(visitor, wang, record, CHUNK + 1, 3);
    visitor_must(visitor, session_close(wang, &visitor->err));
    visitor_must(visitor, tablet_wipe(tablet, &visitor->err));
    county_sync(visitor->county, tablet, RC_OK, NULL);
    assert_true(is_at_county(visitor, &first));
    buf_release(&first.content);
    buf_release(&second.content);
    tablet_close(tablet);
}

static void the_same_photo_of_two_tablets_travels_once(void **state) {
    struct visitor *visitor = *state;
    struct tablet *a = visitor_enrol(visitor, "wang", 1), *b = visitor_enrol(visitor, "zhao", 1);
    struct session *wang = county_session(a, "wang"), *zhao = county_session(b, "zhao");
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "户主"),
               other = visitor_save(visitor, zhao, VILLAGE_A, "另一户");
    struct photo first = attach(visitor, wang, record, 3 * CHUNK, 1),
                 second = attach(visitor, zhao, other, 3 * CHUNK, 1);
    struct road road = {.lose_up = 0};
    struct sync_report report;

    assert_int_equal(travel(visitor, a, &road, &report), RC_OK);
    assert_int_equal(travel(visitor, b, &road, &report), RC_OK);
    assert_true(road.bytes_up < 4 * CHUNK);
    assert_int_equal(visitor_status(visitor, b).attachments.on_server, 1);
    buf_release(&first.content);
    buf_release(&second.content);
    tablet_close(a);
    tablet_close(b);
}

static void a_county_that_lost_it_gets_it_again(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "户主");
    struct photo photo = attach(visitor, wang, record, CHUNK + 1, 1);
    char path[ATTACHMENT_PATH_BYTES];

    county_sync(visitor->county, tablet, RC_OK, NULL);
    assert_true(is_at_county(visitor, &photo));
    visitor_must(visitor, attachment_path(visitor->county->office.directory, photo.hash, path,
                                          &visitor->err));
    visitor_must(visitor, file_remove(path, &visitor->err));
    visitor->county->office.epoch = 2;
    county_sync(visitor->county, tablet, RC_OK, NULL);
    assert_true(is_at_county(visitor, &photo));
    buf_release(&photo.content);
    tablet_close(tablet);
}

/* Takes the record's name, which is the hash, by law. */
static void redact_name(struct visitor *visitor, struct tablet *tablet, struct dot record) {
    const struct form *form = tablet_form_named(tablet, view_text("household"));
    struct erased_cell cell = {.field = form_field_by_path(form, view_text("head/name"))->number};
    struct redaction redaction = {.record = record,
                                  .who = view_text("li"),
                                  .reason = view_text("asked for it"),
                                  .cell_count = 1,
                                  .cells = &cell};
    struct redact_order order = {.redaction = &redaction, .office = &visitor->county->office};
    struct ledger *ledger;

    visitor_must(visitor, office_act(&visitor->county->office, redact_act, &order, &visitor->err));
    ledger = county_read(visitor->county);
    visitor_must(visitor,
                 attachment_sweep(ledger->store, visitor->county->office.directory, &visitor->err));
    ledger_close(ledger);
}

static void what_the_law_erases_is_gone_on_both_sides(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct dot first = visitor_save(visitor, wang, VILLAGE_A, "户主"),
               second = visitor_save(visitor, wang, VILLAGE_A, "另一户");
    struct photo shared = attach(visitor, wang, first, 1000, 1), own;
    struct buf back;

    buf_init(&back, LIMIT_PHOTO_BYTES);
    visitor_edit(visitor, wang, second, "head/name", shared.hex);
    own = attach(visitor, wang, first, 1000, 2); /* in the place of the other */
    county_sync(visitor->county, tablet, RC_OK, NULL);
    assert_true(is_at_county(visitor, &own));
    redact_name(visitor, tablet, first);
    assert_false(is_at_county(visitor, &own));
    assert_true(is_at_county(visitor, &shared)); /* the second one still names it */
    county_sync(visitor->county, tablet, RC_OK, NULL);
    assert_int_equal(blobs_read(wang, own.hash, &back, &visitor->err), RC_NOT_FOUND);
    err_clear(&visitor->err);
    visitor_must(visitor, blobs_read(wang, shared.hash, &back, &visitor->err));
    redact_name(visitor, tablet, second);
    assert_false(is_at_county(visitor, &shared));
    /* Who brings it again brings it in vain. */
    buf_release(&own.content);
    own = attach(visitor, wang, visitor_save(visitor, wang, VILLAGE_A, "第三户"), 1000, 2);
    county_sync(visitor->county, tablet, RC_OK, NULL);
    assert_false(is_at_county(visitor, &own));
    assert_int_equal(blobs_read(wang, own.hash, &back, &visitor->err), RC_NOT_FOUND);
    err_clear(&visitor->err);
    buf_release(&back);
    buf_release(&own.content);
    buf_release(&shared.content);
    tablet_close(tablet);
}

static void nothing_of_it_lies_open_on_the_tablet(void **state) {
    static const char MARK[] = "0123456789 the mark of this photo 0123456789";
    static const char *const files[] = {"tablet.db", "tablet.db-wal"};
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "户主");
    uint8_t hash[32];
    char hex[65];

    visitor_must(visitor, blobs_add(wang, VILLAGE_A, ATTACHMENT_FOR_FILE, view_text(MARK), 0, hash,
                                    &visitor->err));
    hex_encode(view_of(hash, 32), hex);
    visitor_edit(visitor, wang, record, "head/name", hex);
    for (size_t i = 0; i < 2; i++) {
        struct buf disk;

        buf_init(&disk, 64u * 1024u * 1024u);
        visitor_must(visitor, file_read(arena_text(&visitor->arena, "%s/%s",
                                                   tablet_directory(tablet), files[i]),
                                        64u * 1024u * 1024u, &disk, &visitor->err));
        assert_null(memmem(disk.data, disk.size, MARK, sizeof(MARK) - 1));
        assert_null(memmem(disk.data, disk.size, hash, 16));
        assert_null(memmem(disk.data, disk.size, hex, 32));
        buf_release(&disk);
    }
    tablet_close(tablet);
}

/* Two people add the same file, and the one whose change names it loses his tablet. The other's
 * changes do not name it, for the record says so already. */
static void what_a_record_names_already_is_sent_too(void **state) {
    struct visitor *visitor = *state;
    struct tablet *a = visitor_enrol(visitor, "wang", 1), *b = visitor_enrol(visitor, "zhao", 1);
    struct session *wang = county_session(a, "wang"), *zhao;
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "户主"), finished;
    struct photo first = attach(visitor, wang, record, 5000, 1), again;
    struct photo second = take(visitor, wang, 6000, 2, 0);
    struct road road = {.lose_up = 1};
    struct filler *filler;
    struct sync_report report;
    uint32_t problems;

    assert_int_equal(travel(visitor, a, &road, &report), RC_NETWORK); /* the text has gone */
    county_sync(visitor->county, b, RC_OK, NULL);
    zhao = county_session(b, "zhao");
    again = take(visitor, zhao, 5000, 1, 0);
    assert_memory_equal(again.hash, first.hash, 32);
    visitor_edit(visitor, zhao, record, "head/phone", "13900000000");
    assert_int_equal(visitor_status(visitor, b).attachments.waiting, 1);
    county_sync(visitor->county, b, RC_OK, NULL);
    assert_true(is_at_county(visitor, &first));
    buf_release(&again.content);

    /* so it is where a draft has nothing to say */
    visitor_edit(visitor, wang, record, "head/name", second.hex);
    road = (struct road){.lose_up = 1};
    assert_int_equal(travel(visitor, a, &road, &report), RC_NETWORK);
    county_sync(visitor->county, b, RC_OK, NULL);
    visitor_must(visitor, filler_edit(zhao, record, &filler, &visitor->err));
    again = take(visitor, zhao, 6000, 2, filler_draft(filler));
    visitor_must(visitor, filler_finish(filler, &finished, &problems, &visitor->err));
    filler_close(filler);
    assert_int_equal(visitor_status(visitor, b).attachments.waiting, 1);
    county_sync(visitor->county, b, RC_OK, NULL);
    assert_true(is_at_county(visitor, &second));
    buf_release(&again.content);
    buf_release(&first.content);
    buf_release(&second.content);
    tablet_close(a);
    tablet_close(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_photo_goes_when_the_text_has_gone,
                                        visitor_set_up_with_files, visitor_tear_down),
        cmocka_unit_test_setup_teardown(a_bad_disk_is_noticed, visitor_set_up_with_files,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(only_what_was_saved_is_sent, visitor_set_up_with_files,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(every_request_may_be_lost, visitor_set_up_with_files,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(it_goes_on_from_any_chunk, visitor_set_up_with_files,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(what_arrives_wrong_is_sent_again_from_zero,
                                        visitor_set_up_with_files, visitor_tear_down),
        cmocka_unit_test_setup_teardown(it_goes_while_locked_and_after_a_wipe,
                                        visitor_set_up_with_files, visitor_tear_down),
        cmocka_unit_test_setup_teardown(the_same_photo_of_two_tablets_travels_once,
                                        visitor_set_up_with_files, visitor_tear_down),
        cmocka_unit_test_setup_teardown(a_county_that_lost_it_gets_it_again,
                                        visitor_set_up_with_files, visitor_tear_down),
        cmocka_unit_test_setup_teardown(what_the_law_erases_is_gone_on_both_sides,
                                        visitor_set_up_with_files, visitor_tear_down),
        cmocka_unit_test_setup_teardown(nothing_of_it_lies_open_on_the_tablet,
                                        visitor_set_up_with_files, visitor_tear_down),
        cmocka_unit_test_setup_teardown(what_a_record_names_already_is_sent_too,
                                        visitor_set_up_with_files, visitor_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
