/* store.h: the tablet's memory: one directory, one file, one owner.
 *
 *   DIR/tablet.db    SQLite, WAL, synchronous=FULL, owned exclusively while open
 *   DIR/device.key   the device's signing key (0600): it moves batches, also while locked
 *   DIR/incarnation  a nonce that must be left out of backups: when it does not fit the database,
 *                    the database was copied or restored, and a new actor begins
 *
 * Rows are sealed before SQLite sees them. In clear on disk: random ids, dots, counters, codes of
 * areas, sync state, forms, and the names of the tablet's own workers, who must be able to choose
 * themselves before they unlock. Nothing of a citizen, and nothing that anybody answered.
 *
 * Whoever works opens a session (session.h) with his secret. Without a session the tablet is
 * locked: it can still sync (agent/sync), moving bytes that it cannot read.
 *
 * Every verb is one transaction: when it returns RC_OK it is on disk; kill -9 at any moment leaves
 * the state before or after it. One thread at a time may use a tablet and its sessions. */
#ifndef YG_AGENT_STORE_STORE_H
#define YG_AGENT_STORE_STORE_H

#include "base/crypt.h"
#include "base/env.h"
#include "schema/form.h"
#include "schema/succession.h"
#include "schema/wire/exchange.h"

struct tablet;

struct tablet_options {
    const struct env *env;  /* must outlive the tablet */
    const char *vfs_name;   /* NULL: the system's */
    struct crypt_cost cost; /* of new secrets; zeros: CRYPT_COST_DEFAULT */
};

/* Whether the directory holds an enrolled tablet (or what is left of one). */
bool tablet_exists(const char *directory);

/* RC_NOT_FOUND: not enrolled. RC_LOCKED: another process owns the file. RC_CORRUPT, RC_IO,
 * RC_UNSUPPORTED (written by a newer program). *out is NULL on failure. */
enum rc tablet_open(const char *directory, const struct tablet_options *options,
                    struct tablet **out, struct err *err);

/* Closes its sessions (as session_close: what is unsent is cut into batches first; a failure there
 * loses nothing and is not reported) and the file. NULL is allowed. */
void tablet_close(struct tablet *tablet);

/* Removes every person's wrapped keys and all that is sealed for them, in order of a wipe from the
 * county; the batches sealed for the county stay and can still be sent. No session may be open.
 * Once more does what the disk may have refused the first time. */
enum rc tablet_wipe(struct tablet *tablet, struct err *err);

/* ---- the beginning: called by enrolment (agent/sync/enrol.c) and by tests ---- */

struct tablet_founding {
    uint8_t device_seed[CRYPT_SEED_BYTES]; /* of the device's signing key */
    uint8_t vault_seed[CRYPT_SEED_BYTES];  /* of the box that opens what came while locked */
    uint8_t person_seed[CRYPT_SEED_BYTES]; /* of the first person's signing key */
    struct view secret;                    /* of the first person */
    struct view server;                    /* URL */
    struct enrol_answer answer;
};

/* Makes a new tablet with its first person and opens it. RC_CONFLICT if there is one already. An
 * existing device.key is kept if it holds the same seed. */
enum rc tablet_create(const char *directory, const struct tablet_options *options,
                      const struct tablet_founding *founding, struct tablet **out, struct err *err);

/* The seed in DIR/device.key, made and written if there is none: an enrolment that was cut off is
 * repeated with the same device. Makes the directory. */
enum rc tablet_device_seed(const char *directory, const struct env *env,
                           uint8_t seed[CRYPT_SEED_BYTES], struct err *err);

/* ---- what can be known without a session ---- */

const struct env *tablet_env(const struct tablet *tablet);
const char *tablet_directory(const struct tablet *tablet);
struct view tablet_server(const struct tablet *tablet); /* URL, as enrolled or set later */
enum rc tablet_set_server(struct tablet *tablet, struct view url, struct err *err);
bool tablet_locked(const struct tablet *tablet); /* no session is open */

/* Forms live as long as the tablet. NULL for an unknown id. */
const struct form *tablet_form(const struct tablet *tablet, uint64_t form_id);
/* The newest version of this name, for new records; NULL if there is none. */
const struct form *tablet_form_named(const struct tablet *tablet, struct view name);
/* The newest version of every name, in order of name. The array lives in the arena. */
enum rc tablet_forms(const struct tablet *tablet, struct arena *arena,
                     const struct form *const **out, uint32_t *count, struct err *err);
/* form_lookup of reading.h; context is the tablet. */
const struct form *tablet_form_lookup(void *context, uint64_t form_id);

/* The county's table of areas that were merged or renamed; as long as the tablet, until a newer one
 * comes. */
const struct succession *tablet_areas(const struct tablet *tablet);
/* Whether the tablet may hold this area, by its grants read through that table. */
bool tablet_in_scope(const struct tablet *tablet, uint64_t area);

struct tablet_person {
    uint64_t person;
    struct view name;
    uint8_t role; /* 0 until the county has certified the key */
    bool certified;
    uint32_t area_count; /* 0: every area granted to the tablet */
    const uint64_t *areas;
    uint32_t tries;   /* wrong secrets since the last right one */
    int64_t retry_ms; /* no try before this moment; 0 none */
    bool open;        /* has a session now */
};
enum rc tablet_persons(struct tablet *tablet, struct arena *arena, struct tablet_person **out,
                       uint32_t *count, struct err *err);

/* Why something waits on the tablet. */
enum waiting {
    WAITING_NOTHING = 0,
    WAITING_FOR_SYNC,   /* nothing is wrong, there was no sync since */
    WAITING_FOR_UNLOCK, /* not yet sealed for the county, and who wrote it must unlock first */
    WAITING_FOR_ANSWER, /* sent, no receipt has come */
    WAITING_REVOKED,    /* the county has withdrawn the device */
    WAITING_FOR_BUNDLE, /* written to a bundle, and the county's bundle has not come back */
};
const char *waiting_name(enum waiting waiting);  /* "sync", "unlock"... for JSON */
const char *waiting_words(enum waiting waiting); /* an English sentence, key of the catalogue */

#define CLOCK_WARN_MS INT64_C(300000) /* 5 minutes */

struct tablet_status {
    uint64_t device, actor;
    struct view device_name, server;
    /* The three states, counted in own changes of all incarnations; each includes the next. */
    uint64_t on_tablet, on_server, backed_up;
    uint64_t unsent;      /* on_tablet minus on_server */
    enum waiting waiting; /* why, when unsent is not 0 */
    uint64_t quarantined; /* own changes that wait for staff, or were given back */
    uint64_t returned;    /* given back with a reason that nobody has read */
    uint64_t records;     /* that the tablet holds, own or pulled */
    uint64_t inbox;       /* parts that came while locked */
    uint64_t snapshot_chunks, snapshot_taken; /* of areas that come as a snapshot, and do so yet */
    uint64_t notices;                         /* unseen */
    uint64_t carried; /* batches of other tablets that wait to be brought to the county */
    uint64_t carried_bytes;
    struct {
        uint64_t waiting, waiting_bytes; /* saved, and not at the county yet */
        uint64_t on_server;              /* and not known to be in a backup */
        uint64_t backed_up;              /* of those that are still here */
        uint64_t refused;                /* they do not arrive as they are, or are not taken */
    } attachments;
    bool leaving;       /* withdrawn areas are still here: own changes must be receipted first, or
                         * somebody who may see them must unlock */
    int64_t synced_ms;  /* last complete sync, tablet's clock; 0 never */
    int64_t tried_ms;   /* last attempt */
    int64_t bundled_ms; /* a bundle was last written; 0 never */
    bool clock_wrong;   /* off by more than CLOCK_WARN_MS */
    int64_t offset_ms;  /* server clock minus tablet clock, at the last sync */
    uint32_t epoch;
    uint32_t scope_serial;
    uint32_t area_count; /* the codes in force for what was granted */
    const uint64_t *areas;
    bool revoked;
    uint32_t form_count; /* names */
    int64_t
        ready_until_ms; /* when the tablet should have synced again (30 days); 0: never synced */
};
/* Texts and arrays live in the arena. */
enum rc tablet_status(struct tablet *tablet, struct arena *arena, struct tablet_status *out,
                      struct err *err);

/* Own changes in quarantine. */
struct tablet_quarantined {
    struct dot dot;
    struct dot record;
    uint8_t verdict;    /* enum verdict */
    bool returned;      /* staff have looked at it and gave it back; else it waits for them */
    bool seen;          /* somebody here has read why */
    struct view reason; /* of a returned one; empty where no open session may read it */
};
/* Those whose reason is here have been read by somebody. */
enum rc tablet_returns_seen(struct tablet *tablet, const struct tablet_quarantined *list,
                            uint32_t count, struct err *err);
enum rc tablet_quarantine(struct tablet *tablet, struct arena *arena,
                          struct tablet_quarantined **out, uint32_t *count, struct err *err);

/* What happened that people should know. */
enum notice_kind {
    NOTICE_INCARNATED = 1, /* the directory was copied or restored: a new actor began */
    NOTICE_FORKED,         /* the county has seen the same numbers from another copy */
    NOTICE_RECEIPT_BROKEN, /* a receipt that our own chain contradicts */
    NOTICE_FEED_BROKEN,    /* a feed that does not follow what came before: history was changed */
    NOTICE_EPOCH,          /* the county was restored from a backup */
    NOTICE_SCOPE,          /* areas were granted or withdrawn */
    NOTICE_REVOKED,
    NOTICE_CLOCK,       /* the tablet's clock is off by more than 5 minutes */
    NOTICE_FORM_BROKEN, /* a form came that cannot be read: a newer program is needed */
    NOTICE_PINS,        /* the server's TLS keys have changed, certified by the county */
    NOTICE_BAGGAGE,     /* the county refused what was carried for another tablet */
    NOTICE_PURGED,      /* what belonged to withdrawn areas was removed */
    NOTICE_AREAS,       /* areas were merged, or have another code or name */
    NOTICE_ATTACHMENT,  /* the county does not take an attachment */
    NOTICE_DAMAGED,     /* an own change cannot be read any more: about actor, number */
    NOTICE_KEY,         /* somebody's key of an area is damaged: about area, number: person */
};
const char *notice_name(enum notice_kind kind);
const char *notice_words(enum notice_kind kind);

struct notice {
    uint64_t serial;
    int64_t at_ms;
    uint8_t kind;
    uint64_t about;  /* area, actor, or 0 */
    uint64_t number; /* position, epoch, or 0 */
    bool seen;
};
enum rc tablet_notices(struct tablet *tablet, struct arena *arena, struct notice **out,
                       uint32_t *count, struct err *err);
/* Marks all up to this serial as seen; they are kept. */
enum rc tablet_notices_seen(struct tablet *tablet, uint64_t serial, struct err *err);

/* The county's history was changed: what stood there when this tablet saw it. They stay. */
struct alarm {
    uint64_t id;
    struct feed_head kept;
    uint32_t epoch;
    int64_t at_ms;
    bool told; /* to the county */
    bool seen;
};
enum rc tablet_alarms(struct tablet *tablet, struct arena *arena, struct alarm **out,
                      uint32_t *count, struct err *err);
/* Marks all up to this id as seen. */
enum rc tablet_alarms_seen(struct tablet *tablet, uint64_t up_to, struct err *err);

/* Recomputes what can be recomputed: the file itself, the chain of every actor from its start,
 * and, with a session that is open, the leaves from the sealed changes, every confirmed state
 * against its digest, every summary against its record, and every attachment against its hash.
 * problems gets one line each. RC_CORRUPT when there was any. progress may be NULL. */
typedef void tablet_progress(void *context, uint64_t done, uint64_t total);
struct tablet_verified {
    uint64_t changes, records, unreadable; /* unreadable: no open session holds the key */
    uint64_t problems;
};
enum rc tablet_verify(struct tablet *tablet, tablet_progress *progress, void *context,
                      struct buf *problems, struct tablet_verified *out, struct err *err);

#endif
