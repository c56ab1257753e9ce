/* test_attachment_pull.c: a tablet gets a photo that another one took: in pieces, sealed, and only
 * what a record of its areas names. */
#include "tests/support/picture.h"
#include "tests/support/visitor.h"

#include "agent/store/blobs.h"
#include "base/crypt.h"
#include "base/file.h"
#include "base/text.h"
#include "schema/wire/attachment_pull.h"
#include "syncd/sync/attachment.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define CHUNK ATTACHMENT_CHUNK_BYTES

struct photo {
    struct buf content;
    uint8_t hash[32];
    char hex[65];
};

/* Takes it and saves a change that names it. */
static void take(struct visitor *visitor, struct session *session, uint64_t village,
                 struct dot record, size_t size, struct photo *photo) {
    buf_init(&photo->content, LIMIT_PHOTO_BYTES);
    picture_jpeg(&photo->content, size, (uint32_t)size);
    visitor_must(visitor, blobs_add(session, village, ATTACHMENT_FOR_IMAGE,
                                    buf_view(&photo->content), 0, photo->hash, &visitor->err));
    hex_encode(view_of(photo->hash, 32), photo->hex);
    visitor_edit(visitor, session, record, "head/name", photo->hex);
}

/* ---- a link that breaks, and one that lies ---- */

struct road {
    struct county *county;
    struct link link;
    uint32_t count; /* pulls so far */
    uint32_t lose;  /* which answer is lost, from 1; 0: none */
    uint32_t bend;  /* which answer's last byte is another one */
    uint32_t amid;  /* before which answer comes somebody attaches the same photo himself */
    struct session *session;
    const struct photo *photo;
};

static enum rc attach_same(const struct road *road, struct err *err) {
    uint8_t hash[32];

    return blobs_add(road->session, VILLAGE_A, ATTACHMENT_FOR_IMAGE,
                     buf_view(&road->photo->content), 0, hash, err);
}

static enum rc road_exchange(void *context, const char *path, struct view body, struct buf *answer,
                             struct link_result *result, struct err *err) {
    struct road *road = context;
    bool is_pull = strcmp(path, "/v1/attachments/pull") == 0;
    enum rc rc =
        road->county->link.exchange(road->county->link.context, path, body, answer, result, err);

    road->count += is_pull;
    if (rc == RC_OK && is_pull && road->count == road->amid)
        rc = attach_same(road, err);
    if (rc == RC_OK && is_pull && road->count == road->lose)
        return err_set(err, RC_NETWORK, "the answer was lost");
    if (rc == RC_OK && is_pull && road->count == road->bend)
        answer->data[answer->size - 70] ^= 1;
    return rc;
}

static enum rc pull(struct visitor *visitor, struct session *session, struct road *road,
                    const struct photo *photo, struct dot record, uint64_t village) {
    struct attachment_wanted wanted = {.record = record, .area = village};
    enum rc rc;

    memcpy(wanted.hash, photo->hash, sizeof(wanted.hash));
    road->county = visitor->county;
    road->session = session;
    road->photo = photo;
    road->link = (struct link){road, road_exchange};
    rc = sync_pull_attachment(session, &road->link, &wanted, &visitor->err);
    err_clear(&visitor->err);
    return rc;
}

static enum blob_place place(struct visitor *visitor, struct session *session,
                             const struct photo *photo) {
    struct blob_seen seen;

    visitor_must(visitor, blobs_look(session, photo->hash, &seen, &visitor->err));
    if (seen.place != BLOB_ELSEWHERE) {
        assert_int_equal(seen.size, photo->content.size);
        assert_int_equal(seen.kind, ATTACHMENT_JPEG);
    }
    return seen.place;
}

static bool is_same(struct visitor *visitor, struct session *session, const struct photo *photo) {
    struct buf found;
    bool same;

    buf_init(&found, LIMIT_PHOTO_BYTES);
    visitor_must(visitor, blobs_read(session, photo->hash, &found, &visitor->err));
    same = view_equal(buf_view(&found), buf_view(&photo->content));
    buf_release(&found);
    return same;
}

/* ---- tests ---- */

struct two { /* tablets; the first took a photo, the second has the record */
    struct tablet *first, *second;
    struct session *wang, *li;
    struct dot record;
    struct photo photo;
};

static struct two meet(struct visitor *visitor, size_t size) {
    struct two two = {.first = visitor_enrol(visitor, "wang", 1)};

    two.wang = county_session(two.first, "wang");
    two.record = visitor_save(visitor, two.wang, VILLAGE_A, "户主");
    take(visitor, two.wang, VILLAGE_A, two.record, size, &two.photo);
    county_sync(visitor->county, two.first, RC_OK, NULL);
    two.second = visitor_enrol(visitor, "li", 1);
    two.li = county_session(two.second, "li");
    county_sync(visitor->county, two.second, RC_OK, NULL);
    return two;
}

static void part(struct two *two) {
    buf_release(&two->photo.content);
    tablet_close(two->first);
    tablet_close(two->second);
}

static void a_photo_comes_when_it_is_asked_for(void **state) {
    struct visitor *visitor = *state;
    struct two two = meet(visitor, 2 * CHUNK + 77);
    struct road road = {.lose = 0};
    struct sync_report report;

    assert_int_equal(place(visitor, two.wang, &two.photo), BLOB_AT_COUNTY);
    assert_int_equal(place(visitor, two.li, &two.photo), BLOB_ELSEWHERE);
    assert_int_equal(pull(visitor, two.li, &road, &two.photo, two.record, VILLAGE_A), RC_OK);
    assert_int_equal(road.count, 1);
    assert_int_equal(place(visitor, two.li, &two.photo), BLOB_COPY);
    assert_true(is_same(visitor, two.li, &two.photo));
    visitor_verify(visitor, two.second);
    /* It is nothing of this tablet's, and asking again asks nobody. */
    assert_int_equal(visitor_status(visitor, two.second).attachments.waiting, 0);
    county_sync(visitor->county, two.second, RC_OK, &report);
    assert_int_equal(report.requests, 1);
    assert_int_equal(pull(visitor, two.li, &road, &two.photo, two.record, VILLAGE_A), RC_OK);
    assert_int_equal(road.count, 1);
    /* Until its person attaches the same himself. */
    visitor_must(visitor,
                 blobs_add(two.li, VILLAGE_A, ATTACHMENT_FOR_IMAGE, buf_view(&two.photo.content), 0,
                           two.photo.hash, &visitor->err));
    visitor_edit(visitor, two.li, two.record, "head/phone", two.photo.hex);
    assert_int_equal(visitor_status(visitor, two.second).attachments.waiting, 1);
    county_sync(visitor->county, two.second, RC_OK, NULL);
    assert_int_equal(place(visitor, two.li, &two.photo), BLOB_AT_COUNTY);
    part(&two);
}

static void what_has_come_is_not_asked_for_twice(void **state) {
    struct visitor *visitor = *state;
    struct two two = meet(visitor, 9 * CHUNK + 5);
    struct road road = {.lose = 2};

    assert_int_equal(pull(visitor, two.li, &road, &two.photo, two.record, VILLAGE_A), RC_NETWORK);
    assert_int_equal(place(visitor, two.li, &two.photo), BLOB_ELSEWHERE);
    visitor_verify(visitor, two.second);
    tablet_close(two.second);
    two.second = county_tablet(visitor->county, visitor_path(visitor, "li"));
    two.li = county_session(two.second, "li");
    assert_int_equal(pull(visitor, two.li, &road, &two.photo, two.record, VILLAGE_A), RC_OK);
    assert_int_equal(road.count, 4); /* of 10 chunks: 4, 4 that were lost, 4, 2 */
    assert_true(is_same(visitor, two.li, &two.photo));
    part(&two);
}

/* What is being brought, and comes from its own person meanwhile: it is his, whole, and is sent. */
static void attached_before_it_came(struct visitor *visitor, size_t size, uint32_t answer,
                                    uint32_t requests) {
    struct two two = meet(visitor, size);
    struct road road = {.amid = answer};

    assert_int_equal(pull(visitor, two.li, &road, &two.photo, two.record, VILLAGE_A), RC_OK);
    assert_int_equal(road.count, requests);
    assert_int_equal(place(visitor, two.li, &two.photo), BLOB_IN_DRAFT);
    assert_true(is_same(visitor, two.li, &two.photo));
    visitor_edit(visitor, two.li, two.record, "head/phone", two.photo.hex);
    county_sync(visitor->county, two.second, RC_OK, NULL);
    assert_int_equal(place(visitor, two.li, &two.photo), BLOB_AT_COUNTY);
    visitor_verify(visitor, two.second);
    part(&two);
}

static void what_is_attached_before_it_came_is_here(void **state) {
    attached_before_it_came(*state, 2 * CHUNK + 77, 1, 1);
}

static void what_is_attached_while_a_part_has_come_is_here(void **state) {
    attached_before_it_came(*state, 9 * CHUNK + 5, 2, 2);
}

static void only_what_a_record_of_its_areas_names_is_given(void **state) {
    struct visitor *visitor = *state;
    struct two two = meet(visitor, 1000);
    struct tablet *third = visitor_enrol(visitor, "zhao", 2);
    struct session *zhao = county_session(third, "zhao");
    struct dot far = visitor_save(visitor, zhao, VILLAGE_B, "别村");
    struct photo other, unsent;
    struct road road = {.lose = 0};

    take(visitor, zhao, VILLAGE_B, far, 1200, &other);
    county_sync(visitor->county, third, RC_OK, NULL);
    assert_int_equal(pull(visitor, two.li, &road, &other, far, VILLAGE_A), RC_DENIED);
    assert_int_equal(pull(visitor, two.li, &road, &other, two.record, VILLAGE_A), RC_DENIED);
    assert_int_equal(
        pull(visitor, two.li, &road, &two.photo, (struct dot){.actor = 7, .number = 1}, VILLAGE_A),
        RC_DENIED);
    assert_int_equal(place(visitor, two.li, &other), BLOB_ELSEWHERE);
    /* The one that may see both villages gets it. */
    county_sync(visitor->county, third, RC_OK, NULL);
    assert_int_equal(pull(visitor, zhao, &road, &two.photo, two.record, VILLAGE_A), RC_OK);
    /* Named, and still on the other tablet. */
    take(visitor, two.wang, VILLAGE_A, two.record, 1400, &unsent);
    assert_int_equal(pull(visitor, two.li, &road, &unsent, two.record, VILLAGE_A), RC_DENIED);
    buf_release(&other.content);
    buf_release(&unsent.content);
    tablet_close(third);
    part(&two);
}

static void what_the_county_has_lost_is_said_to_be_missing(void **state) {
    struct visitor *visitor = *state;
    struct two two = meet(visitor, 3 * CHUNK);
    char path[ATTACHMENT_PATH_BYTES];
    struct road road = {.bend = 1};
    struct buf bytes;

    assert_int_equal(pull(visitor, two.li, &road, &two.photo, two.record, VILLAGE_A), RC_DENIED);
    /* A bad disk. */
    visitor_must(visitor, attachment_path(visitor->county->office.directory, two.photo.hash, path,
                                          &visitor->err));
    visitor_must(visitor,
                 file_write_at(path, 300000, view_text("other"), FILE_MODE_PRIVATE, &visitor->err));
    assert_int_equal(pull(visitor, two.li, &road, &two.photo, two.record, VILLAGE_A), RC_CORRUPT);
    assert_int_equal(place(visitor, two.li, &two.photo), BLOB_ELSEWHERE);
    visitor_verify(visitor, two.second);
    visitor_must(visitor, file_remove(path, &visitor->err));
    assert_int_equal(pull(visitor, two.li, &road, &two.photo, two.record, VILLAGE_A), RC_NOT_FOUND);
    buf_init(&bytes, LIMIT_PHOTO_BYTES);
    assert_int_equal(blobs_read(two.li, two.photo.hash, &bytes, &visitor->err), RC_NOT_FOUND);
    err_clear(&visitor->err);
    buf_release(&bytes);
    part(&two);
}

static void answers_that_are_not_sane_are_refused(void **state) {
    struct visitor *visitor = *state;
    const uint8_t seed[32] = {3};
    uint8_t public_key[32], secret[64];
    struct pull_answer answer = {.epoch = 1, .state = PULL_HERE, .size = 5, .chunk_count = 1}, read;
    struct pull_request request = {.device = 5, .first = LIMIT_ATTACHMENT_CHUNKS}, asked;
    struct buf body;

    crypt_sign_keypair(seed, public_key, secret);
    buf_init(&body, PULL_ANSWER_BYTES_MAX);
    answer.chunks[0] = view_text("12345");
    visitor_must(visitor, pull_answer_write(&answer, secret, &body, &visitor->err));
    visitor_must(visitor, pull_answer_read(buf_view(&body), public_key, &read, &visitor->err));
    assert_true(view_is(read.chunks[0], "12345"));
    for (size_t size = 0; size < body.size; size++)
        assert_int_not_equal(pull_answer_read(view_slice(buf_view(&body), 0, size), public_key,
                                              &read, &visitor->err),
                             RC_OK);
    buf_clear(&body);
    answer.chunks[0] = view_text("1234"); /* not the size of its place */
    visitor_must(visitor, pull_answer_write(&answer, secret, &body, &visitor->err));
    assert_int_equal(pull_answer_read(buf_view(&body), public_key, &read, &visitor->err),
                     RC_CORRUPT);
    buf_clear(&body);
    visitor_must(visitor, pull_request_write(&request, secret, &body, &visitor->err));
    assert_int_equal(pull_request_read(buf_view(&body), &asked, &visitor->err), RC_CORRUPT);
    err_clear(&visitor->err);
    buf_release(&body);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_photo_comes_when_it_is_asked_for,
                                        visitor_set_up_with_files, visitor_tear_down),
        cmocka_unit_test_setup_teardown(what_has_come_is_not_asked_for_twice,
                                        visitor_set_up_with_files, visitor_tear_down),
        cmocka_unit_test_setup_teardown(what_is_attached_before_it_came_is_here,
                                        visitor_set_up_with_files, visitor_tear_down),
        cmocka_unit_test_setup_teardown(what_is_attached_while_a_part_has_come_is_here,
                                        visitor_set_up_with_files, visitor_tear_down),
        cmocka_unit_test_setup_teardown(only_what_a_record_of_its_areas_names_is_given,
                                        visitor_set_up_with_files, visitor_tear_down),
        cmocka_unit_test_setup_teardown(what_the_county_has_lost_is_said_to_be_missing,
                                        visitor_set_up_with_files, visitor_tear_down),
        cmocka_unit_test_setup_teardown(answers_that_are_not_sane_are_refused,
                                        visitor_set_up_with_files, visitor_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
