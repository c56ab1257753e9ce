/* plane.h: lists of numbers and of texts, laid out so that zlib finds little left to do.
 *
 * A plane holds n values of one kind, where n is known from what was read before. A writer tries
 * several codings, estimates what each will cost after compression and takes the cheapest; a
 * reader follows the coding byte. The byte layout stands at the top of plane_read.c.
 *
 * The bytes of a body lie in up to 15 lanes. Lane 0 is read in order and holds all heads and
 * everything short. The bytes of long planes go to other lanes, where planes with similar
 * statistics lie together and get a Huffman table of their own. The raw lane lies outside the
 * compression and holds what nothing can compress: ids, hashes, signatures, salts. */
#ifndef YG_SCHEMA_WIRE_PLANE_H
#define YG_SCHEMA_WIRE_PLANE_H

#include "base/arena.h"

#define PLANE_LANES     15u    /* numbers 0 to 14 */
#define PLANE_LETTERS   16384u /* in the table of characters of one frame */
#define PLANE_DEPTH_MAX 2u     /* a table of texts holds a plane of texts, which holds no table */

enum plane_ints_coding {
    INTS_VARINTS = 0,
    INTS_CONSTANT = 1,
    INTS_BITS = 2,
    INTS_TABLE = 3,
    INTS_TABLE_DENSE = 4,
    INTS_BYTES = 5,
};

enum plane_texts_coding {
    TEXTS_PLAIN = 0,
    TEXTS_TABLE = 1,
    TEXTS_NUMBERS = 2,
    TEXTS_TURNED = 3,
    TEXTS_LETTERS = 4,
};

#define PLANE_DELTA 8u /* flag in the coding byte of a plane of numbers */

/* ---- writing ---- */

struct plane_slot { /* a long plane, whose lane is chosen at the end */
    size_t patch;   /* where its lane's number stands: high half of a byte of lane 0 */
    size_t at, size;
};

struct plane_writer {
    struct arena *arena;
    struct buf lane0, raw, data;
    struct plane_slot *slots;
    uint32_t slot_count, slot_capacity;
    uint16_t *letters; /* by character of the basic plane: 1 + its index, 0: none; may be NULL */
};

/* The arena is for scratch; it must outlive the writer. Release frees the bufs. */
void plane_writer_init(struct plane_writer *writer, struct arena *arena, size_t cap_bytes);
void plane_writer_release(struct plane_writer *writer);

void plane_add_ints(struct plane_writer *writer, const int64_t *values, uint32_t count);
/* utf8: the texts are valid UTF-8, so that they may be coded by characters. */
void plane_add_texts(struct plane_writer *writer, const struct view *texts, uint32_t count,
                     bool utf8);

/* The bytes of a plane, once lane 0 says everything about it; shared by the writers of planes. The
 * byte of lane 0 at patch names the lane in its high half. */
void plane_place(struct plane_writer *writer, size_t patch, struct view bytes);

/* Chooses the table of characters for texts that will be added later, writes it to lane 0. */
void plane_add_letters(struct plane_writer *writer, const struct view *texts, size_t count);

/* Assigns lanes and gives the body in pieces (lane sizes, lane 0, lane 1, ...), at most
 * PLANE_LANES + 1. The pieces live in the arena and in the writer. */
enum rc plane_writer_finish(struct plane_writer *writer, struct view *pieces, uint32_t *count,
                            struct err *err);

/* ---- reading ---- */

struct plane_letter {
    uint8_t size;
    uint8_t bytes[4];
};

struct plane_reader {
    struct arena *arena;              /* of texts */
    struct arena *scratch;            /* of everything else */
    struct reader lanes[PLANE_LANES]; /* lane 0 carries the failure of all */
    struct reader raw;
    struct plane_letter *letters;
    uint32_t letter_count;
    size_t text_bytes_left; /* what texts may still unfold to */
};

/* body and raw must outlive what is read: texts borrow from them or live in the arena. Numbers live
 * in scratch (which may be the same arena). */
void plane_reader_init(struct plane_reader *reader, struct view body, struct view raw,
                       size_t text_bytes_max, struct arena *arena, struct arena *scratch);
void plane_fail(struct plane_reader *reader);
bool plane_failed(const struct plane_reader *reader);
/* Everything was read, in every lane. */
bool plane_done(const struct plane_reader *reader);

/* out has room for count values. Nothing is written beyond it; after a failure it is zeros. */
void plane_read_ints(struct plane_reader *reader, int64_t *out, uint32_t count);
/* In the arena; NULL after a failure. */
int64_t *plane_ints(struct plane_reader *reader, uint32_t count);
void plane_read_texts(struct plane_reader *reader, struct view *out, uint32_t count);
void plane_read_letters(struct plane_reader *reader);

#endif
