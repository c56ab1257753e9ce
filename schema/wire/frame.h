/* frame.h: up to LIMIT_FRAME_CHANGES changes of one actor, of one area, audience and form version,
 * laid out by columns and compressed. The unit of transport, of storage and of the feed.
 *
 * frame.c opens with the byte layout; docs/protocol.md specifies it for other implementers. What
 * matters here: decoding gives exactly the changes that were encoded, so that their canonical
 * bytes, leaves and chains can be recomputed; nothing in it needs the form. Salts travel as one
 * secret for each run of 64 numbers, or one by one when a frame has been cut anew (so that a cut
 * frame tells nothing about what was left out). */
#ifndef YG_SCHEMA_WIRE_FRAME_H
#define YG_SCHEMA_WIRE_FRAME_H

#include "base/zip.h"
#include "schema/change.h"
#include "schema/wire/lineage.h"

struct frame_change {
    struct change change;
    uint8_t salt[16];
    uint8_t leaf[32]; /* computed by frame_decode, or carried where change.erased: then there is no
                       * salt, and what is left of the change proves nothing by itself */
};

struct frame {
    uint64_t actor;
    uint64_t area;
    uint8_t audience;
    uint64_t form;
    uint32_t count;
    struct frame_change *changes; /* ascending numbers */
};

/* salt secrets of whole runs: gives the 16 bytes of the run number / 64 of this frame's scope */
typedef void frame_secret(void *context, uint64_t run, uint8_t secret[16]);

/* Encodes. With secret NULL, or when a change is erased, salts travel one by one: the secret of a
 * run would give the erased change's salt away, too. All changes must be by frame->actor and of
 * frame->form. The compressor is reused between calls; ZIP_LEVEL_DEFAULT suffices (level 9 saves
 * half a percent and takes twice the time). RC_INVALID for a change that fails change_check,
 * unless it is marked insane and the columns can carry it, as they can what frame_decode_raw gave;
 * RC_LIMIT when the changes are too many or too large for one frame (LIMIT_FRAME_CHANGES,
 * LIMIT_FRAME_BYTES compressed, LIMIT_FRAME_RAW_BYTES of canonical bytes, 524,288 entries or
 * replaced versions): the caller then makes two of them. */
enum rc frame_encode(const struct frame *frame, frame_secret *secret, void *context,
                     struct zip_deflater *deflater, struct buf *out, struct err *err);

/* Only the head: actor, area, audience, form, count, first and last number. Cheap. */
struct frame_head {
    uint64_t actor, area, form, first, last;
    uint8_t audience;
    uint32_t count;
    bool one_by_one; /* it has salts, not the secrets of runs, which tell the salts of others */
};
enum rc frame_peek(struct view bytes, struct frame_head *out, struct err *err);

/* Decodes into the arena. Leaves are computed. Hostile input gives RC_CORRUPT, RC_LIMIT or
 * RC_UNSUPPORTED; a change that decodes but fails change_check, or has more than
 * LIMIT_CHANGE_BYTES, gives RC_INVALID or RC_LIMIT. For frames of feeds, in which no such change
 * may be. */
enum rc frame_decode(struct view bytes, struct zip_inflater *inflater, struct arena *arena,
                     struct frame *out, struct err *err);

/* The same for frames of batches and of the log: such a change is marked insane and has its leaf;
 * its neighbours are not touched by it. */
enum rc frame_decode_raw(struct view bytes, struct zip_inflater *inflater, struct arena *arena,
                         struct frame *out, struct err *err);

/* Every name that the lineage knows better, as author, record, instance or replaced, and in places,
 * covers, seals, acceptances and answers (of FIELD_SAME, and those that are a name and nothing
 * else), reads as the lineage says: how a fork's own numbers are understood. Changes the decoded
 * frame; new arrays are in the arena. Leaves stay as they are: they prove what was written. Of an
 * insane change only its own name and its record's are read. RC_NO_MEMORY, RC_LIMIT of the arena.
 */
enum rc frame_rename(struct frame *frame, const struct lineage *lineage, struct arena *arena,
                     struct err *err);

#endif
