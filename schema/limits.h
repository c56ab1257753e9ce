/* limits.h: every bound of the domain, on one page, with its reason.
 *
 * Whoever decodes checks these before it allocates; whoever encodes refuses what the other side
 * would refuse. A limit that is met gives RC_LIMIT and a message that names it. Raising one is a
 * change of the protocol: old peers refuse what is larger. */
#ifndef YG_SCHEMA_LIMITS_H
#define YG_SCHEMA_LIMITS_H

#include <stdint.h>

/* Numbers of an actor, Lamport times and (either sign) clocks: programs that hold numbers as
 * doubles must agree with us. */
#define LIMIT_NUMBER ((UINT64_C(1) << 53) - 1)

/* One answer. The longest honest ones are minutes of a meeting; photos are attachments. */
#define LIMIT_VALUE_BYTES  (256u * 1024u)
#define LIMIT_REASON_BYTES 2000u
#define LIMIT_EVIDENCE     32u /* attachment hashes in one change */
#define LIMIT_UNDER        8u  /* seals that one amendment acknowledges */

/* One change: a large household has about 40 instances of 20 fields; an import may have more. */
#define LIMIT_CHANGE_ENTRIES 20000u
#define LIMIT_CHANGE_BYTES   (2u * 1024u * 1024u) /* canonical */
#define LIMIT_REPLACES       256u                 /* versions that one entry replaces */

/* One record's merged state, packed. Beyond it a change is quarantined, never dropped. */
#define LIMIT_RECORD_BYTES   (8u * 1024u * 1024u)
#define LIMIT_RECORD_CHANGES 50000u
#define LIMIT_INSTANCE_DEPTH 8u

/* What the law takes out of one record. The reason is shown wherever the answer stood. */
#define LIMIT_RECORD_ERASURES      256u
#define LIMIT_ERASURE_REASON_BYTES 500u
#define LIMIT_ERASURE_CELLS        20000u

/* Transport. A frame of 500 surveys is about 60 kB compressed and 400 kB open. */
#define LIMIT_FRAME_CHANGES    512u
#define LIMIT_FRAME_BYTES      (1024u * 1024u)      /* compressed */
#define LIMIT_FRAME_RAW_BYTES  (8u * 1024u * 1024u) /* open */
#define LIMIT_BATCH_FRAMES     256u
#define LIMIT_BATCH_BYTES      (4u * 1024u * 1024u)  /* sealed */
#define LIMIT_EXCHANGE_BYTES   (16u * 1024u * 1024u) /* either direction of one request */
#define LIMIT_EXCHANGE_BATCHES 64u
#define LIMIT_EXCHANGE_CURSORS 4096u
#define LIMIT_SLICE_BYTES      (8u * 1024u * 1024u) /* an answer's entries with their proof */
#define LIMIT_OFFERS           512u                 /* slices that one request offers */
#define LIMIT_OFFER_BYTES      (1024u * 1024u)
#define LIMIT_LINEAGE          64u                  /* copies of copies that nobody noticed */
#define LIMIT_PULL_BYTES       (2u * 1024u * 1024u) /* what the server puts in one answer */

/* A snapshot of a feed: the states of an area's records, for a tablet that is new or far behind. A
 * chunk is closed at about its target, some 100 to 200 kB compressed: seconds on a slow link, and
 * never asked for twice. It is larger only if one record is. */
#define LIMIT_SNAPSHOT_CHUNKS      4096u
#define LIMIT_SNAPSHOT_CHUNK_BYTES (6u * 1024u * 1024u)  /* compressed */
#define LIMIT_SNAPSHOT_OPEN_BYTES  (16u * 1024u * 1024u) /* open */
#define LIMIT_SNAPSHOT_BYTES       (32u * 1024u * 1024u) /* all chunks; beyond: the history */
#define SNAPSHOT_CHUNK_TARGET      (768u * 1024u)        /* packed records in one chunk */
#define SNAPSHOT_TAIL_BYTES        (128u * 1024u)        /* a tail below this is given as it is */

/* Attachments. A photo is scaled on the device before it is added; 8 MiB is one that was not. An
 * hour of speech has some 30 MiB. A chunk is seconds on a slow link, and never sent twice. */
#define LIMIT_PHOTO_BYTES        (8u * 1024u * 1024u)
#define LIMIT_ATTACHMENT_BYTES   (32u * 1024u * 1024u) /* sound, files */
#define LIMIT_ALBUM              200u                  /* in one answer */
#define ATTACHMENT_CHUNK_BYTES   (256u * 1024u)        /* all chunks but the last have this size */
#define LIMIT_ATTACHMENT_CHUNKS  (LIMIT_ATTACHMENT_BYTES / ATTACHMENT_CHUNK_BYTES)
#define LIMIT_ATTACHMENT_LABEL   256u                 /* bytes, sealed */
#define LIMIT_ATTACHMENT_OFFERS  64u                  /* in one request */
#define LIMIT_ATTACHMENT_REQUEST (2u * 1024u * 1024u) /* bytes of one request, chunks included */

/* A bundle on a stick: 64 MiB hold some 400,000 surveys. What is more goes into the next one. */
#define LIMIT_BUNDLE_BYTES (64u * 1024u * 1024u)
#define LIMIT_BUNDLE_PARTS 65536u
#define LIMIT_BUNDLE_ROWS  4096u /* ranges of numbers in its index */

/* Forms. */
#define LIMIT_FORM_FIELDS     4096u
#define LIMIT_FORM_CHOICES    20000u
#define LIMIT_FORM_BYTES      (8u * 1024u * 1024u)  /* compiled JSON */
#define LIMIT_WORKBOOK_BYTES  (16u * 1024u * 1024u) /* an .xlsx as it is brought */
#define LIMIT_SHEET_XML_BYTES (64u * 1024u * 1024u) /* one part of an .xlsx, unpacked */
#define LIMIT_FORM_LANGUAGES  16u
#define LIMIT_FORM_FILES      64u                  /* lists and tables beside it */
#define LIMIT_FORM_MEDIA      500u                 /* pictures, sounds and films of its questions */
#define LIMIT_MEDIUM_BYTES    (8u * 1024u * 1024u) /* one of them */
#define LIMIT_MEDIA_BYTES     (64u * 1024u * 1024u) /* all of one form: every tablet gets them */
#define LIMIT_XFORM_BYTES     (4u * 1024u * 1024u)  /* its XForm */
#define LIMIT_NAME_BYTES      255u
#define LIMIT_PATH_BYTES      1024u
#define LIMIT_ANSWERS_BYTES   (8u * 1024u * 1024u) /* a file of answers for `new` */
#define LIMIT_ANSWERS_DEPTH   32u

/* People and devices. */
#define LIMIT_AREAS        64u   /* areas granted to one device or person */
#define LIMIT_AREA_ACTS    4096u /* mergers, new codes and names that a county remembers */
#define LIMIT_SECRET_BYTES 512u  /* a passphrase */

#endif
