/* audit.h: an audit file (.yga): records with everything that proves them, for somebody who has
 * neither the county's server nor a reason to trust it. docs/audit.md specifies the bytes, so that
 * anyone can write a second verifier; check.h is ours.
 *
 * FILE: magic (8 bytes), then parts: kind (1 byte), content sized. Kinds ascend; the first part is
 * AUDIT_HEAD, the last AUDIT_END, which holds a hash of every part before it and the county's
 * signature over all. So each byte is under the signature, and a part that was touched is named.
 *
 *   AUDIT_FORM     the form versions that were filled, with the income table among their files
 *   AUDIT_PEOPLE   who wrote: keys, which are self-certifying, and names, which are the county's
 * word AUDIT_DEVICES  with which tablets AUDIT_FEED     every entry of a feed from its first to its
 * head: leaves of all changes AUDIT_BATCH    signed heads of the batches in which the changes came,
 * with all their leaves AUDIT_RECORD   a record: the changes themselves, and the state that the
 * county says they make AUDIT_INCOME   what the county says that a household lives on AUDIT_LOG the
 * staff log's chain from before the first act shown to its head AUDIT_FILES    what the answers
 * name: hashes, and where the attachments are AUDIT_CONTENT  one attachment
 *
 * A change is given with its salt, so that its leaf can be made again. Of a change of which the law
 * has erased something, or which is masked in this export, what is left is given with the leaf. */
#ifndef YG_SCHEMA_AUDIT_AUDIT_H
#define YG_SCHEMA_AUDIT_AUDIT_H

#include "schema/limits.h"
#include "schema/wire/batch.h"
#include "schema/wire/exchange.h"

#define AUDIT_VERSION     1u
#define AUDIT_FILE_BYTES  (UINT64_C(2) << 30) /* of a file that is read; larger sets in several */
#define AUDIT_PART_BYTES  (256u * 1024u * 1024u)
#define AUDIT_PARTS_MAX   4000000u
#define AUDIT_MAGIC_BYTES 8u

enum audit_part {
    AUDIT_HEAD = 1,
    AUDIT_FORM,
    AUDIT_PEOPLE,
    AUDIT_DEVICES,
    AUDIT_FEED,
    AUDIT_BATCH,
    AUDIT_RECORD,
    AUDIT_INCOME,
    AUDIT_LOG,
    AUDIT_FILES,
    AUDIT_CONTENT,
    AUDIT_END,
    AUDIT_PART_COUNT,
};

/* ---- the container ---- */

struct audit_writer {
    enum rc (*write)(void *sink, struct view bytes, struct err *err);
    void *sink;
    struct buf hashes;
    uint32_t count;
    uint8_t kind; /* of the last part */
    uint64_t bytes;
};
/* Writes the magic. Parts then in order of their kinds, and audit_end. */
enum rc audit_begin(struct audit_writer *writer,
                    enum rc (*write)(void *sink, struct view bytes, struct err *err), void *sink,
                    struct err *err);
enum rc audit_add(struct audit_writer *writer, enum audit_part kind, struct view content,
                  struct err *err);
enum rc audit_end(struct audit_writer *writer, const uint8_t county_secret[64], struct err *err);
void audit_release(struct audit_writer *writer); /* in every case */

struct audit_piece {
    uint8_t kind;
    struct view content;
    uint64_t at; /* offset of the content in the file */
};
/* The parts of a file, in the arena. RC_INVALID: not such a file. RC_UNSUPPORTED. RC_CORRUPT: it
 * cannot be walked to its end; then *count are those before, and *at is where it breaks. Nothing is
 * proven yet. */
enum rc audit_parts(struct view file, struct arena *arena, struct audit_piece **out,
                    uint32_t *count, uint64_t *at, struct err *err);
/* Whether the last part fits the others and this county has signed it. *first: the first part that
 * is not what was signed, or the count of parts. RC_CORRUPT, RC_DENIED. */
enum rc audit_signed(const struct audit_piece *parts, uint32_t count,
                     const uint8_t county_public[32], uint32_t *first, struct err *err);

/* ---- head ---- */

enum audit_selection { AUDIT_RECORDS = 1, AUDIT_AREA = 2, AUDIT_ALL = 3 };

struct audit_head {
    uint8_t county_public[32];
    uint32_t epoch;
    int64_t made_ms;
    struct view by;     /* who asked for it */
    struct view reason; /* of a full export */
    bool masked;
    uint8_t selection; /* enum audit_selection */
    uint32_t area_count;
    uint64_t *areas; /* of AUDIT_AREA */
    uint64_t county_area;
    struct view succession; /* the table of areas (schema/succession.h), or empty */
    uint32_t record_count;  /* how many AUDIT_RECORD follow */
};
void audit_head_write(const struct audit_head *head, struct buf *out);
enum rc audit_head_read(struct view content, struct arena *arena, struct audit_head *out,
                        struct err *err);

/* ---- people and devices: varint count, then each ---- */

struct audit_person {
    uint8_t sign_public[32];
    uint8_t role;
    struct view name;
    uint64_t device; /* where the key lives; 0: staff */
};
struct audit_device {
    uint8_t sign_public[32];
    struct view name;
    int64_t enrolled_ms;
};
void audit_person_write(const struct audit_person *person, struct buf *out);
enum rc audit_people_read(struct view content, struct arena *arena, struct audit_person **out,
                          uint32_t *count, struct err *err);
void audit_device_write(const struct audit_device *device, struct buf *out);
enum rc audit_devices_read(struct view content, struct arena *arena, struct audit_device **out,
                           uint32_t *count, struct err *err);

/* ---- feed: area, varint position, chain (32), then the entries 1 to position ---- */

void audit_feed_write(const struct feed_head *head, struct buf *out);
/* An entry as its digest is made of it: frame is the decoded content of a FEED_FRAME. Others are
 * given by the hash of their content, or whole. */
enum rc audit_entry_write(const struct feed_entry *entry, const struct frame *frame, bool whole,
                          struct buf *out, struct err *err);

struct audit_leaf {
    uint64_t number;
    const uint8_t *leaf; /* 32 bytes */
};
struct audit_entry {
    struct feed_entry entry; /* kind, times, forks; content where it is given whole */
    uint64_t actor;          /* FEED_FRAME: as the author wrote it */
    uint32_t leaf_count;
    struct audit_leaf *leaves;
    bool whole;
    uint8_t digest[32]; /* for the chain */
};
void audit_feed_read(struct reader *in, struct feed_head *out);
/* The next entry, with its digest. The reader fails on what is malformed. */
enum rc audit_entry_read(struct reader *in, struct arena *arena, struct audit_entry *out,
                         struct err *err);

/* ---- batch: sized batch_proof, then the leaves first to last ---- */

/* ---- record ---- */

enum audit_change_flag {
    AUDIT_OPEN = 1,   /* salt and canonical bytes are as the author made them */
    AUDIT_ERASED = 2, /* the law has erased something of it */
    AUDIT_MASKED = 4, /* something of it is masked in this file */
};
struct audit_change {
    uint8_t flags;
    uint8_t salt[16];      /* AUDIT_OPEN */
    uint8_t leaf[32];      /* of the others */
    struct view canonical; /* as the author wrote it, or what is left of that */
};
struct audit_aside { /* a change in quarantine: it counts nowhere */
    struct dot dot;  /* as it is known */
    uint8_t verdict;
    uint8_t leaf[32];
};
struct audit_record {
    struct dot id;
    struct view state;        /* record_pack; masked as the changes are */
    uint8_t state_digest[32]; /* of the county's own state (record_digest): the same, if unmasked */
    uint32_t change_count;
    struct audit_change *changes;
    uint32_t aside_count;
    struct audit_aside *asides;
};
void audit_record_write(const struct audit_record *record, struct buf *out);
enum rc audit_record_read(struct view content, struct arena *arena, struct audit_record *out,
                          struct err *err);

/* ---- income ---- */

enum audit_income_bit {
    AUDIT_ELIGIBLE = 1,
    AUDIT_EDGE = 2,
    AUDIT_CAR = 4,
    AUDIT_COMPANY = 8,
    AUDIT_ASSETS = 16,
    AUDIT_UNCLEAR = 32, /* something is: nothing is decided */
};
struct audit_income {
    struct dot record;
    int64_t day; /* of reference: days since 1970-01-01 */
    struct view table;
    uint32_t persons;
    int64_t standard_fen, total_fen, deducted_fen, net_fen, per_head_fen, benefit_fen;
    uint8_t bits;
};
void audit_income_write(const struct audit_income *income, struct buf *out);
enum rc audit_income_read(struct view content, struct audit_income *out, struct err *err);
/* Computes it by the table among the files of the reading's form. RC_UNSUPPORTED: there is none;
 * else as income_compute. The table's name lives in the arena. */
struct reading;
enum rc audit_income_make(const struct reading *reading, struct dot record, int64_t day,
                          struct arena *arena, struct audit_income *out, struct err *err);

/* ---- staff log: varint first serial, chain before it (32), chain at the head (32), varint how
 * many; each: byte 0 and the act's digest, or byte 1, time, and the four texts ---- */

struct audit_act {
    uint64_t serial;
    int64_t at_ms;
    struct view who, action, object, reason;
};
/* digest = hash("yg act content", serial (varint), time (signed), and the four texts, sized). */
void act_digest(const struct audit_act *act, uint8_t out[32]);
/* next = hash("yg act", previous || digest); the log begins with 32 zeros. */
void act_chain_next(const uint8_t previous[32], const uint8_t digest[32], uint8_t out[32]);

struct audit_log_head {
    uint64_t first;
    uint8_t before[32], head[32];
    uint64_t count;
};
void audit_log_write(const struct audit_log_head *head, struct buf *out);
void audit_act_write(const struct audit_act *act, const uint8_t digest[32], struct buf *out);
void audit_log_read(struct reader *in, struct audit_log_head *out);
/* *shown: the act is given; digest is made in both cases. */
void audit_act_read(struct reader *in, uint64_t serial, struct audit_act *out, bool *shown,
                    uint8_t digest[32]);

/* ---- attachments ---- */

enum audit_file_state {
    AUDIT_FILE_UNKNOWN = 0,
    AUDIT_FILE_TABLET,
    AUDIT_FILE_HERE,
    AUDIT_FILE_ERASED
};
struct audit_file {
    uint8_t hash[32];
    uint64_t size_bytes;
    uint8_t state; /* enum audit_file_state */
};
void audit_file_write(const struct audit_file *file, struct buf *out);
enum rc audit_files_read(struct view content, struct arena *arena, struct audit_file **out,
                         uint32_t *count, struct err *err);

#endif
