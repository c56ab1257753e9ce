/* frame_parts.h: what frame.c, frame_encode.c and frame_decode.c share. Internal. */
#ifndef YG_SCHEMA_WIRE_FRAME_PARTS_H
#define YG_SCHEMA_WIRE_FRAME_PARTS_H

#include "schema/wire/frame.h"

#define FRAME_VERSION 1u

enum frame_flag {
    FRAME_DEFLATED = 1, /* the body is a zlib stream */
    FRAME_SALTS = 2,    /* salts one by one, not secrets of runs */
    FRAME_GAPS = 4,     /* numbers are not contiguous */
    FRAME_ERASED = 8,   /* of some changes something is erased; salts are one by one then */
    FRAME_FLAGS_KNOWN = 15,
};

enum frame_feature {
    FEATURE_REASON = 1,
    FEATURE_EVIDENCE = 2,
    FEATURE_UNDER = 4,
    FEATURE_SIGNED = 8,
    FEATURE_INSTANCES = 16,
    FEATURE_LETTERS = 32,
    FEATURE_ACTORS = 64,
    FEATURE_ORDINALS = 128, /* some replaced version has an ordinal */
};

/* Types of columns: those of values, and two of the frame's own. What is erased stands in a mixed
 * column, where 6 means VALUE_ERASED. */
enum { COLUMN_MIXED = 6, COLUMN_PLACE = 7 };

enum { PRESENT_ALL = 0, PRESENT_ONE = 1, PRESENT_LIST = 2, PRESENT_COUNTS = 3 };

enum column_tag {
    TAG_TYPE = 7,
    TAG_PRESENT_SHIFT = 3,
    TAG_REPLACES_ONE = 32,
    TAG_ATTRIBUTES = 64,
    TAG_KEEP = 128,
};

enum column_attribute {
    ATTRIBUTE_FLAGS = 1,    /* a plane of flags */
    ATTRIBUTE_RANKS = 2,    /* a plane of ranks */
    ATTRIBUTE_REPLACES = 4, /* a plane of counts of replaced versions */
    ATTRIBUTE_RANK_SHIFT = 4,
    ATTRIBUTE_KNOWN = 0x77,
};

#define FRAME_LEVELS_MAX  64u
#define FRAME_ENTRIES_MAX (512u * 1024u) /* in all changes together; replaced versions likewise */

/* Everything up to the body. */
struct frame_front {
    struct frame_head head;
    unsigned flags;
    uint64_t body_bytes; /* open */
    struct view raw;
    struct view body;
};
enum rc frame_read_front(struct view bytes, struct frame_front *out, struct err *err);

#endif
