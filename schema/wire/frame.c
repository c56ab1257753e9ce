/* frame.c: the layout of a frame, its head, and the reading of forks.
 *
 * Words: varint, signed (zigzag varint), id (8 bytes big-endian), area (word.h). Planes of numbers
 * and of texts, lanes and the table of characters: plane_read.c. [n] means a plane of n numbers.
 *
 *   version     1 byte, now 1
 *   flags       1 byte: 1 body deflated, 2 salts one by one, 4 numbers with gaps, 8 in some changes
 *               something was erased by law (2 is set then)
 *   actor, form id each
 *   area        area word with the audience
 *   first       varint: the first change's number
 *   count       varint: N changes, 1 to 512
 *   gaps        if flag 4: varint, at least 1: numbers skipped between the first and the last
 *   open bytes  if flag 1: varint, size of the body when inflated
 *   raw bytes   varint, size of the raw lane
 *   raw lane    ids, salts, hashes and signatures, in the order in which the body asks for them
 *   body        to the end; a zlib stream if flag 1
 *
 * The body is lanes of planes. Lane 0 is read in this order:
 *   features    1 byte: 1 reasons, 2 evidence, 4 under, 8 signatures, 16 instances, 32 characters,
 *               64 other actors, 128 ordinals of replaced versions
 *   actors      if 64: varint a; raw: a ids. Actor 0 is the frame's own, actor i the i-th of these
 *   gaps        if flag 4: [N - 1] number - number before - 1
 *   erased      if flag 8: list over the N changes; raw: 32 bytes each, the leaves of these. What
 *               is left of them follows as of the others, with values of type 6 for what is gone
 *   salts       raw: 16 bytes for each run of 64 numbers (number / 64) in which a change lies,
 *               ascending; with flag 2 one salt for each change that is not erased
 *   kinds       [N]
 *   records     refs of the M changes that are not creates (a create's record is its own dot);
 *               home is the record of the change before in the frame
 *   persons     varint p; raw: p ids; if p > 0: [N] 0 none (id 0), i the i-th
 *   wall        [N] milliseconds
 *   lamport     [N] lamport - number
 *   reasons     if 1: list over N; texts of those
 *   evidence    if 2: list over N; [k] counts; raw: 32 bytes each
 *   under       if 4: list over N; [k] counts; raw: 16 bytes each
 *   signatures  if 8: list over N; raw: 64 bytes each
 *   characters  if 32: the table of characters
 *   instances   if 16: [N] how many instances other than the record itself each change writes to:
 *               R in all; varint L, 1 to 64 levels; if L > 1: [R] the level of each, 1 to L; refs
 * of the R: home is an instance that this change adds, with the ordinal that follows the last such
 * one of this change (1 first); then [R'] the ordinals of those that are not home columns     for
 * level 0 and then each of 1 to L: varint c, then c columns replaced    the K replaced versions, in
 * order of the columns, in each of its entries: refs, home is the dot of the entry's instance, or
 * the record if that is the record itself; if 128: [K] ordinals
 *
 * A list over n: varint k (at least 1), then [k] the index of the first, and for the others the
 * index - index before - 1.
 *
 * Refs of n dots: [n] 0 home, else 1 + actor; then for those that are not home [n'] the number, of
 * the own actor (actor 0) as number of the change that refers - number. What home is, each use
 * says.
 *
 * A level is a group of rows with similar columns; which, is the writer's choice. Level 0 has one
 * row for each of the N changes: the record itself. Level l has a row for each instance of that
 * level, in the order of the R, which is the canonical order of instances within each change.
 *
 * A column is one field in the rows of one level, in ascending order of field:
 *   field       varint: field - field of the column before - 1 (0 stands before the first)
 *   tag         1 byte: bits 0 to 2 the type (0 to 5 as values; 6 mixed, 7 place), bits 3 and 4 the
 *               presence, 32 each entry replaces one version, 64 attributes follow, 128 all have
 *               the flag KEEP
 *   attributes  if 64: 1 byte: 1 flags, 2 ranks, 4 counts of replaced versions; bits 4 to 6 the
 * rank of all entries if there is no plane of ranks presence    0: every row has one entry. 1:
 * varint row, only this one. 2: list over the rows. 3: [rows] how many entries each has (sets may
 * have several). E entries in all, by row flags       if attribute 1: [E];  ranks: if 2: [E];
 * replaced: if 4: [E] values      by type: null: nothing; integer, date: [E]; decimal: [E] scales,
 * [E] mantissas; text, bytes: texts; mixed: [E] types (0 to 7; 6 here is erased, of
 *               which there is nothing), then for each type that occurs, ascending, its values.
 * place (a VALUE_BYTES of place_encode): [E] repeats; refs of the parents' dots, home is the change
 * itself; [E] for home the row's ordinal - parent's ordinal, else the parent's ordinal */
#include "schema/wire/frame.h"

#include "schema/limits.h"
#include "schema/wire/frame_parts.h"
#include "schema/wire/word.h"

enum rc frame_read_front(struct view bytes, struct frame_front *out, struct err *err) {
    struct frame_head *head = &out->head;
    struct reader in;
    uint64_t gaps = 0;

    memset(out, 0, sizeof(*out));
    if (bytes.size > LIMIT_FRAME_BYTES)
        return err_set(err, RC_LIMIT, "frame: more than %u bytes", LIMIT_FRAME_BYTES);
    reader_init(&in, bytes);
    if (read_u8(&in) != FRAME_VERSION && !in.failed)
        return err_set(err, RC_UNSUPPORTED, "frame: of a newer format; update this program");
    out->flags = read_u8(&in);
    if ((out->flags & ~(unsigned)FRAME_FLAGS_KNOWN) != 0)
        return err_set(err, RC_UNSUPPORTED, "frame: of a newer format; update this program");
    head->one_by_one = (out->flags & FRAME_SALTS) != 0;
    if ((out->flags & (FRAME_ERASED | FRAME_SALTS)) == FRAME_ERASED)
        reader_fail(&in);
    head->actor = read_id(&in);
    head->form = read_id(&in);
    head->area = word_read_area(&in, &head->audience);
    head->first = read_varint_max(&in, LIMIT_NUMBER);
    head->count = (uint32_t)read_varint_max(&in, LIMIT_FRAME_CHANGES);
    if (head->first == 0 || head->count == 0)
        reader_fail(&in);
    if ((out->flags & FRAME_GAPS) != 0) {
        gaps = read_varint_max(&in, LIMIT_NUMBER);
        if (gaps == 0)
            reader_fail(&in);
    }
    head->last = head->first + (head->count - 1) + gaps;
    if (head->last > LIMIT_NUMBER)
        reader_fail(&in);
    if ((out->flags & FRAME_DEFLATED) != 0) {
        out->body_bytes = read_varint(&in);
        if (out->body_bytes > LIMIT_FRAME_RAW_BYTES)
            return err_set(err, RC_LIMIT, "frame: unpacks to more than %u bytes",
                           LIMIT_FRAME_RAW_BYTES);
        if (out->body_bytes == 0)
            reader_fail(&in);
    }
    out->raw = read_sized(&in);
    out->body = read_bytes(&in, read_left(&in));
    return reader_check(&in, "frame", err);
}

enum rc frame_peek(struct view bytes, struct frame_head *out, struct err *err) {
    struct frame_front front;
    enum rc rc = frame_read_front(bytes, &front, err);

    *out = front.head;
    return rc;
}
