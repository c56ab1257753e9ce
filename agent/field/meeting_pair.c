/* meeting_pair.c: two tablets at one meeting, without a network between them; see meeting.h.
 *
 * CODE: Crockford's base 32, in groups of five, of 16 bytes: the meeting's own code (5), the
 * beginning of a hash over what both tablets must agree on (3), the seats of the second tablet (8,
 * little-endian). The hash: "yg meeting pair" over the meeting's id, the hash of its rules, and the
 * ids of its members with their seats and of its households, in order. */
#include "agent/field/meeting_inside.h"

#include "agent/store/traffic.h"
#include "base/text.h"

#define CODE_BYTES  16u
#define CODE_GROUP  5u
#define JOIN_BYTES  5u
#define CHECK_BYTES 3u

static void add_instance(struct buf *out, struct instance_id id) {
    buf_add_id(out, id.dot.actor);
    buf_add_varint(out, id.dot.number);
    buf_add_varint(out, id.ordinal);
}

static enum rc check_of(const struct meeting *meeting, uint8_t out[CRYPT_HASH_BYTES],
                        struct err *err) {
    struct buf bytes;
    enum rc rc;

    buf_init(&bytes, 64u * 1024u);
    buf_add_id(&bytes, meeting->id.actor);
    buf_add_varint(&bytes, meeting->id.number);
    buf_add(&bytes, meeting->rules_hash, sizeof(meeting->rules_hash));
    for (uint32_t i = 0; i < meeting->member_count; i++) {
        buf_add_varint(&bytes, meeting->members[i].seat);
        add_instance(&bytes, meeting->members[i].id);
    }
    buf_add_varint(&bytes, meeting->item_count);
    for (uint32_t i = 0; i < meeting->item_count; i++)
        add_instance(&bytes, meeting->items[i].id);
    rc = buf_check(&bytes, "a meeting", err);
    if (rc == RC_OK)
        crypt_hash("yg meeting pair", buf_view(&bytes), out);
    buf_release(&bytes);
    return rc;
}

enum rc meeting_pair(struct session *session, struct dot id, uint64_t seats,
                     char out[MEETING_CODE_BYTES], struct err *err) {
    uint8_t code[CODE_BYTES], check[CRYPT_HASH_BYTES];
    struct meeting_seen at;
    struct urn_about about;
    struct arena arena;
    enum rc rc;

    arena_init(&arena, MEETING_ARENA_BYTES);
    rc = meeting_see(session, id, &arena, &at, err);
    if (rc == RC_OK && (!at.meeting.has_rules || at.meeting.state >= MEETING_CLOSED))
        rc = err_set(err, RC_CONFLICT, "two tablets are paired while the meeting is open");
    if (rc == RC_OK && (seats == 0 || (seats & ~at.meeting.expected) != 0))
        rc = err_set(err, RC_NOT_FOUND, "there is no such seat; see: yg-agent meeting show");
    if (rc == RC_OK && urn_find(session, id, &about, err) == RC_OK)
        rc = err_set(err, RC_CONFLICT, "voting has begun on this tablet; pair before that");
    if (rc == RC_OK && !crockford_decode(at.meeting.join_code, code, JOIN_BYTES))
        rc = err_set(err, RC_UNSUPPORTED, "this meeting has no code; call a new one");
    if (rc == RC_OK)
        rc = check_of(&at.meeting, check, err);
    if (rc == RC_OK) {
        err_clear(err);
        memcpy(code + JOIN_BYTES, check, CHECK_BYTES);
        for (unsigned i = 0; i < 8; i++)
            code[JOIN_BYTES + CHECK_BYTES + i] = (uint8_t)(seats >> (8 * i));
        crockford_encode(view_of(code, sizeof(code)), CODE_GROUP, out);
    }
    arena_release(&arena);
    return rc;
}

/* The meeting on this tablet that has this code. */
static enum rc find_meeting(struct session *session, const uint8_t code[CODE_BYTES],
                            struct arena *arena, struct dot *out, struct err *err) {
    struct list_query query = {.form_name = view_text(MEETING_FORM)};
    struct listed *list;
    uint32_t count, total;
    enum rc rc = session_list(session, &query, arena, &list, &count, &total, err);

    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        uint8_t join[JOIN_BYTES];
        struct meeting_seen at;

        if (meeting_see(session, list[i].id, arena, &at, err) != RC_OK ||
            !crockford_decode(at.meeting.join_code, join, JOIN_BYTES) ||
            memcmp(join, code, JOIN_BYTES) != 0)
            continue;
        err_clear(err);
        *out = list[i].id;
        return RC_OK;
    }
    return rc != RC_OK
               ? rc
               : err_set(err, RC_NOT_FOUND,
                         "this tablet does not hold the meeting: sync both tablets after calling "
                         "it, before going to the village");
}

enum rc meeting_join(struct session *session, struct view text, struct dot *id, uint64_t *seats,
                     struct err *err) {
    uint8_t code[CODE_BYTES], check[CRYPT_HASH_BYTES] = {0};
    struct meeting_edit edit;
    struct arena arena;
    enum rc rc;

    if (!crockford_decode(text, code, sizeof(code)))
        return err_set(err, RC_INVALID, "this is no code of a meeting; type it as it is shown");
    arena_init(&arena, MEETING_ARENA_BYTES);
    rc = find_meeting(session, code, &arena, id, err);
    arena_release(&arena);
    if (rc != RC_OK)
        return rc;
    *seats = 0;
    for (unsigned i = 0; i < 8; i++)
        *seats |= (uint64_t)code[JOIN_BYTES + CHECK_BYTES + i] << (8 * i);
    /* The rules are written down here, too: equal ones are one when they meet. Others are not
     * written: where the clocks are years apart they would contradict those of the meeting. */
    rc = meeting_edit_start(&edit, session, *id, CHANGE_EDIT, err);
    if (rc == RC_OK)
        rc = meeting_open_here(&edit, err);
    if (rc == RC_OK)
        rc = check_of(&edit.at.meeting, check, err);
    if (rc == RC_OK && memcmp(check, code + JOIN_BYTES, CHECK_BYTES) != 0)
        rc = err_set(err, RC_CONFLICT,
                     "the two tablets do not hold the same meeting (members, households or rules "
                     "differ): sync both, or vote on one tablet");
    return meeting_edit_end(&edit, rc, err);
}

/* ---- results from tablet to tablet ---- */

bool meeting_is_own(const struct session *session, uint64_t actor) {
    return tablet_own_actor(session_tablet(session), actor) != NULL;
}

enum rc meeting_part(struct session *session, struct dot id, struct buf *out, struct err *err) {
    const struct vote_heard *own = NULL;
    struct meeting_seen at;
    struct arena arena;
    enum rc rc;

    arena_init(&arena, MEETING_ARENA_BYTES);
    rc = meeting_see(session, id, &arena, &at, err);
    for (uint32_t i = 0; rc == RC_OK && i < at.meeting.heard_count; i++) {
        const struct vote_heard *heard = &at.meeting.heard[i];

        if (!meeting_is_own(session, heard->batch->tablet))
            continue;
        if (own != NULL && memcmp(own->batch->hash, heard->batch->hash, CRYPT_HASH_BYTES) != 0)
            rc = err_set(err, RC_CONFLICT,
                         "the votes of this tablet have been counted twice, on a copy of it or "
                         "after it was put back, and differently: sync both tablets, so that "
                         "everybody sees it");
        own = heard;
    }
    if (rc == RC_OK && own == NULL)
        rc = err_set(err, RC_NOT_FOUND,
                     "this tablet has not counted yet; run: yg-agent meeting "
                     "close");
    if (rc == RC_OK)
        buf_add_view(out, own->text);
    arena_release(&arena);
    return rc;
}

enum rc meeting_take(struct session *session, struct dot id, struct view text, struct err *err) {
    struct meeting_edit edit;
    struct vote_batch batch;
    bool known = false;
    enum rc rc = meeting_edit_start(&edit, session, id, CHANGE_EDIT, err);

    text = text_trim(text);
    if (rc == RC_OK && vote_batch_parse(text, &edit.arena, &batch, err) != RC_OK)
        rc = err_set(err, RC_INVALID, "this is not the result of a tablet, or not all of it");
    if (rc == RC_OK && !dot_equal(batch.meeting, id))
        rc = err_set(err, RC_INVALID, "this is the result of another meeting");
    if (rc == RC_OK && memcmp(batch.rules, edit.at.meeting.rules_hash, sizeof(batch.rules)) != 0)
        rc = err_set(err, RC_INVALID, "the other tablet has voted under other rules");
    for (uint32_t i = 0; rc == RC_OK && i < edit.at.meeting.heard_count; i++)
        known = known ||
                memcmp(edit.at.meeting.heard[i].batch->hash, batch.hash, sizeof(batch.hash)) == 0;
    if (rc == RC_OK && !known)
        rc = meeting_put(&edit.edit, meeting_root, "votes", text, err);
    return meeting_edit_end(&edit, rc, err);
}
