/* exchange.h: one request and one answer, POST /v1/sync. Both bodies are a version byte and then
 * parts: kind (1 byte), length (varint), content. Unknown kinds are skipped, so that either side
 * may be newer. exchange.c opens with the layout of every part.
 *
 * Up:   HELLO, then WANT, then BATCH... (own ones, and other tablets' as baggage); after a restore
 *       of the county also SLICE... and OFFER (slice.h)
 * Down: ANSWER (always, first), then SIGNED (receipts, scope, heads, certificates; when there is
 *       something to say), AREAS (when the table has changed), KEPT (when baggage waits here), then
 *       FORM..., SNAPSHOT..., then for each feed CHUNK... and ENTRY... in feed order, and CURSOR
 *       after them, and END (always, last). When the tablet says
 *       that it is locked, the parts after SNAPSHOT come inside SEALED, sealed for the device's
 *       vault key, and are kept as they are until somebody unlocks. */
#ifndef YG_SCHEMA_WIRE_EXCHANGE_H
#define YG_SCHEMA_WIRE_EXCHANGE_H

#include "schema/limits.h"
#include "schema/wire/batch.h"

#define EXCHANGE_VERSION 1

enum part_kind {
    PART_HELLO = 1,
    PART_BATCH = 2,
    PART_OFFER = 3,
    PART_SLICE = 4,
    PART_CREDENTIAL = 5, /* either way: credential.h */
    PART_WANT = 6,       /* snapshot.h, as the two below */
    PART_ALARM = 7,
    PART_PROGRAM = 8, /* up: what the tablet's program calls itself, a text; for staff to look at */
    PART_ANSWER = 16,
    PART_SIGNED = 17,
    PART_FORM = 18,
    PART_ENTRY = 19,
    PART_CURSOR = 20,
    PART_SEALED = 21,
    PART_SNAPSHOT = 22,
    /* reserved: 23 attachment state, 24 standards, 25 message to people */
    PART_AREAS = 26,
    PART_CHUNK = 27,
    PART_KEPT = 28,
    PART_END = 29, /* the nonce of the hello that is answered */
};

struct cursor {
    uint64_t area;
    uint8_t audience;
    uint64_t position; /* last entry taken; 0: none */
    uint8_t digest[8]; /* first bytes of the feed's chain at position; zeros at 0 */
};

/* What a receipt has said of an own actor's numbers, in whatever epoch: the names in forks stand
 * for all up to number. Batches are known by the marks to be of this history, not of a copy's. */
struct told {
    uint64_t actor;
    uint64_t number;
    struct view forks; /* lineage; empty: they have the actor's name */
    uint32_t mark_count;
    struct told_mark {
        uint64_t number;
        uint8_t hash[32]; /* chain there */
    } * marks;
};

#define PROGRAM_BYTES_MAX 40u

struct hello {
    uint64_t device;
    uint64_t actor;
    uint32_t epoch;         /* 0: knows none */
    uint32_t scope_serial;  /* the scope it works under */
    uint32_t scope_confirm; /* scope serial it has applied, see scope_at */
    uint64_t scope_at;      /* own number up to which the former scope was in force */
    uint64_t form_position; /* last form publication taken */
    bool locked;
    bool whole;            /* give my own frames whole, not as FEED_OWN: mine did not fit */
    int64_t wall_ms;       /* the device's clock at sending */
    uint64_t own_last;     /* its newest number, sent or not: what waits is own_last - receipt */
    uint32_t max_bytes;    /* of the answer; 0: LIMIT_PULL_BYTES */
    uint8_t nonce[16];     /* from the last answer; zeros: has none */
    uint32_t person_count; /* persons that want a certificate, or are new on this tablet */
    struct hello_person {
        uint8_t sign_public[32];
        struct view name;
    } * persons;
    uint32_t cursor_count;
    struct cursor *cursors;
    uint32_t told_count;
    const struct told *told; /* what the county may not know any more of its own word */
    uint8_t signature[64];   /* device's, over tag "yg hello" and the part without signature */
    struct view program;     /* of the part behind it, not of its content; empty: it did not say */
};

/* What became of a change that was not plainly accepted; or, later, that it was released: then the
 * verdict is VERDICT_ADMIT. */
struct outcome {
    uint64_t number;
    uint8_t verdict; /* enum verdict (merge.h): quarantined for this reason */
};

struct receipt {
    uint64_t actor;
    uint64_t number;    /* everything up to here is committed */
    uint8_t hash[32];   /* chain hash there, as the server recomputed it */
    struct view forks;  /* not empty: the database was copied; its lineage; incarnate anew */
    uint64_t want_from; /* not 0: a gap; send again from here */
    uint64_t backed_up; /* watermark: a backup that was read back holds up to here */
    uint32_t outcome_count;
    struct outcome *outcomes;
    uint32_t return_count; /* of those in quarantine: what staff gave back, with their reason */
    struct returned {
        uint64_t number;
        struct view reason; /* at most LIMIT_REASON_BYTES */
    } * returns;
};

struct feed_head {
    uint64_t area;
    uint8_t audience;
    uint64_t position;
    uint8_t chain[32];
};

struct feed_mark { /* a backup that was read back holds this feed up to here */
    uint64_t area;
    uint8_t audience;
    uint64_t position;
};

/* What a tablet had kept of a feed, and what the county's history does not go on from. */
struct feed_alarm {
    uint64_t area;
    uint8_t audience;
    uint64_t position;
    uint8_t chain[32];
    uint32_t epoch; /* in which it happened */
};

struct certificate { /* of a person: sign_public is known to the county */
    uint8_t sign_public[32];
    struct view name;
    uint8_t role;
};

struct scope {
    uint32_t serial;
    uint32_t area_count;
    uint64_t *areas;
    uint8_t audience_mask; /* bit per enum audience */
    bool revoked;          /* the device may no longer sync */
    bool wipe;
};

struct answer {
    uint32_t epoch;
    int64_t server_ms;
    uint8_t nonce[16]; /* for the next hello */
    bool more;         /* ask again at once */
    bool has_signed;
    /* of PART_SIGNED; signed by the county's key over tag "yg receipt", nonce and content */
    uint32_t receipt_count;
    struct receipt *receipts;
    bool has_scope;
    struct scope scope;
    uint32_t head_count;
    struct feed_head *heads;
    uint32_t certificate_count;
    struct certificate *certificates;
    uint32_t form_hash_count; /* every form in this answer, by hash */
    const uint8_t (*form_hashes)[32];
    uint32_t mark_count;
    struct feed_mark *marks;
    bool has_lacking; /* the offer was looked at: of these slices something is lacking here */
    uint32_t lacking_count;
    const uint8_t (*lacking)[8];
    uint8_t signature[64];
};

enum entry_kind {
    FEED_FRAME = 1,  /* a frame with the mask of its admitted changes */
    FEED_ENTER = 2,  /* a record comes in, with its state, which is joined */
    FEED_LEAVE = 3,  /* a record has gone to another area */
    FEED_REDACT = 4, /* something of a record was erased by law: what, why, by whose order */
    FEED_OWN = 5,    /* on the wire only, instead of a FEED_FRAME of changes that the tablet itself
                      * has sent: their numbers. Its digest is that of the FEED_FRAME, computed from
                      * the tablet's own leaves; when that does not follow, it asks for `whole` */
    FEED_ERASED = 6, /* what a FEED_ENTER has become after something in its state was erased. Its
                      * digest is that of the FEED_ENTER, whose content's hash it carries */
};

#define FEED_SALT_BYTES 16u

struct feed_entry {
    uint64_t area;
    uint8_t audience;
    uint64_t position;
    uint8_t kind;        /* enum entry_kind */
    int64_t received_ms; /* by the server */
    int64_t offset_ms;   /* of the device's clock: corrected = min(wall + offset, received) */
    struct view forks;   /* FEED_FRAME: a lineage: under which names to read it; empty: its own */
    struct view mask;    /* FEED_FRAME: bit i: change i admitted; empty: all */
    struct view content; /* FEED_FRAME: frame; FEED_OWN: own_write; others: feed_record_add */
};

/* Content of the entries about one record:
 *   FEED_ENTER   salt (16 random bytes), dot, packed record
 *   FEED_LEAVE   dot
 *   FEED_REDACT  dot, erasure_encode (schema/erasure.h)
 *   FEED_ERASED  hash of the FEED_ENTER's content (32), dot, packed record
 * where dot is actor (8 bytes, big-endian) and number (varint). The salt keeps those who hold the
 * chain from trying out what was erased; it goes with it. front is the salt or the hash. */
void feed_record_add(struct buf *out, struct view front, struct dot record, struct view rest);
enum rc feed_record_read(const struct feed_entry *entry, struct dot *record, struct view *rest,
                         struct err *err);
/* The first 32 bytes of a FEED_ERASED, made from a FEED_ENTER or taken from a FEED_ERASED. */
enum rc feed_entered_hash(const struct feed_entry *entry, uint8_t out[32], struct err *err);

/* Content of FEED_OWN: actor (8, big-endian), then runs of numbers until the end: gap behind the
 * previous run (varint; for the first run its first number), length (varint). */
void own_write(struct buf *out, uint64_t actor, const uint64_t *numbers, uint32_t count);
enum rc own_read(struct view content, struct arena *arena, uint64_t *actor, uint64_t **numbers,
                 uint32_t *count, struct err *err);

/* Chain of a feed, over leaves, so that content erased by law leaves the proof intact:
 *   next   = hash("yg feed", previous || digest), starting from 32 zeros
 *   digest = hash("yg entry", kind, received_ms, offset_ms as varints, the lineage (a byte 0 for
 *            an empty one), then
 *            FEED_FRAME: actor (8), then for each admitted change its number (varint) and leaf;
 *            others: hash("yg content", content); FEED_ERASED: as the FEED_ENTER, with the hash
 * that it carries) frame is the decoded content of a FEED_FRAME (leaves before any renaming); NULL
 * otherwise. */
void feed_entry_digest(const struct feed_entry *entry, const struct frame *frame, uint8_t out[32]);
/* A FEED_OWN digests as the FEED_FRAME it stands for: frame then needs only actor, count, and
 * number, erased and leaf of each change. */
void feed_chain_next(const uint8_t previous[32], const uint8_t digest[32], uint8_t out[32]);
/* Whether change i of a FEED_FRAME is admitted. */
bool feed_entry_admits(const struct feed_entry *entry, uint32_t i);
/* The corrected time of a change in a FEED_FRAME entry. */
int64_t feed_entry_time(const struct feed_entry *entry, int64_t wall_ms);

/* --- writing --- parts are added to out, which starts with exchange_start. */
void exchange_start(struct buf *out);
enum rc exchange_add_hello(struct buf *out, const struct hello *hello,
                           const uint8_t device_secret[64], struct err *err);
void exchange_add_part(struct buf *out, uint8_t kind, struct view content);
void exchange_add_batch(struct buf *out, struct view batch);
void exchange_add_alarm(struct buf *out, const struct feed_alarm *alarm);
void exchange_add_answer(struct buf *out, const struct answer *answer);
enum rc exchange_add_signed(struct buf *out, const struct answer *answer,
                            const uint8_t county_secret[64], struct err *err);
void exchange_add_form(struct buf *out, uint64_t position, struct view compressed_json);
void exchange_add_entry(struct buf *out, const struct feed_entry *entry);
void exchange_add_cursor(struct buf *out, const struct cursor *cursor);
/* The county's table of areas, as succession_write gives it; nonce: of this answer. */
void exchange_add_areas(struct buf *out, struct view table, const uint8_t nonce[16],
                        const uint8_t county_secret[64]);
/* Of the batches of other tablets in the request those that wait here for what stands in front of
 * them, by kept_name; at most LIMIT_EXCHANGE_BATCHES; nonce: of this answer. */
void exchange_add_kept(struct buf *out, const uint8_t (*names)[32], uint32_t count,
                       const uint8_t nonce[16], const uint8_t county_secret[64]);
void kept_name(struct view batch, uint8_t out[32]);
/* The body of an entry as stored: all but area, audience and position. */
void feed_entry_body(struct buf *out, const struct feed_entry *entry);
enum rc feed_entry_body_decode(struct view body, struct feed_entry *out, struct err *err);

/* PART_SEALED: parts (as written by the verbs above, without version byte) sealed for the device's
 * vault key (crypt_seal, associated data "yg down"). */
struct env;
enum rc exchange_add_sealed(struct buf *out, struct view parts, const uint8_t box_public[32],
                            const struct env *env, struct err *err);
/* Appends the parts; walk them with reader_init and exchange_next. RC_DENIED: not for this key. */
enum rc exchange_open_sealed(struct view content, const uint8_t box_public[32],
                             const uint8_t box_secret[32], struct buf *parts, struct err *err);

/* --- reading --- */
struct part {
    uint8_t kind;
    struct view content;
};
/* Closes an answer. nonce: of the hello. */
void exchange_add_end(struct buf *out, const uint8_t nonce[16]);
/* RC_NETWORK: the answer was cut off on its way, perhaps just between two parts; or it is that of
 * another request. nonce: as the hello had it. */
enum rc exchange_check_end(struct view body, const uint8_t nonce[16], struct err *err);
enum rc exchange_open(struct view body, struct reader *out, struct err *err);
/* RC_NOT_FOUND at the end. */
enum rc exchange_next(struct reader *in, struct part *out, struct err *err);
enum rc exchange_read_hello(struct view content, struct arena *arena, struct hello *out,
                            struct err *err);
enum rc exchange_verify_hello(struct view content, const uint8_t device_public[32],
                              struct err *err);
enum rc exchange_read_answer(struct view content, struct answer *out, struct err *err);
enum rc exchange_read_signed(struct view content, const uint8_t county_public[32],
                             struct arena *arena, struct answer *out, struct err *err);
enum rc exchange_read_form(struct view content, uint64_t *position, struct view *compressed_json,
                           struct err *err);
enum rc exchange_read_entry(struct view content, struct feed_entry *out, struct err *err);
/* RC_DENIED: the county did not sign it for this answer. */
enum rc exchange_read_areas(struct view content, const uint8_t nonce[16],
                            const uint8_t county_public[32], struct view *table, struct err *err);
/* names point into content. RC_DENIED: as above. */
enum rc exchange_read_kept(struct view content, const uint8_t nonce[16],
                           const uint8_t county_public[32], const uint8_t (**names)[32],
                           uint32_t *count, struct err *err);
enum rc exchange_read_alarm(struct view content, struct feed_alarm *out, struct err *err);
enum rc exchange_read_cursor(struct view content, struct cursor *out, struct err *err);

/* --- enrolment: POST /v1/enrol ---
 * The code (128 bits, base32) never travels. Both sides derive from it: code_id =
 * first 16 bytes of hash("yg code id", code), code_key = hash("yg code key", code). The request
 * and the answer each carry mac(code_key): so a stranger in the middle can neither enrol nor pass
 * himself off as the county, whatever TLS key he shows. */
struct enrol_request {
    uint8_t code_id[16];
    uint8_t device_sign_public[32];
    uint8_t device_box_public[32]; /* vault: what comes down while locked is sealed for it */
    uint8_t person_sign_public[32];
    struct view person_name; /* empty: as in the invitation */
    uint8_t nonce[16];
    int64_t wall_ms;
};
struct enrol_answer {
    uint8_t county_sign_public[32];
    uint8_t county_box_public[32];
    uint32_t epoch;
    int64_t server_ms;
    uint64_t device;
    struct view device_name;
    struct view person_name;
    uint8_t role;
    struct scope scope;
    uint32_t pin_count; /* SHA-256 of the server's TLS public keys */
    const uint8_t (*pins)[32];
    uint8_t next_nonce[16];
};
/* code: as it was printed or typed (dashes, blanks and case do not matter), or its 16 bytes. Hashed
 * are the 16 bytes; a text that is no code is hashed as it is, and will fit nothing. */
void enrol_derive(struct view code, uint8_t code_id[16], uint8_t code_key[32]);
enum rc enrol_write_request(const struct enrol_request *request, const uint8_t code_key[32],
                            struct buf *out, struct err *err);
enum rc enrol_read_request(struct view body, struct enrol_request *out, struct err *err);
enum rc enrol_check_request(struct view body, const uint8_t code_key[32], struct err *err);
enum rc enrol_write_answer(const struct enrol_answer *answer, const struct enrol_request *request,
                           const uint8_t code_key[32], struct buf *out, struct err *err);
enum rc enrol_read_answer(struct view body, const struct enrol_request *request,
                          const uint8_t code_key[32], struct arena *arena, struct enrol_answer *out,
                          struct err *err);

/* --- TLS keys: GET /v1/keys --- the pins that are in force, signed by the county's key with a
 * serial that only grows: hosts, gateways and TLS keys change without enrolling again. */
struct key_list {
    uint64_t serial;
    uint32_t pin_count;
    const uint8_t (*pins)[32];
};
enum rc key_list_write(const struct key_list *list, const uint8_t county_secret[64],
                       struct buf *out, struct err *err);
enum rc key_list_read(struct view body, const uint8_t county_public[32], struct arena *arena,
                      struct key_list *out, struct err *err);

#endif
