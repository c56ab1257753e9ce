/* sync.h: the tablet's way out and in: enrolment and the exchange, without sockets or clock.
 *
 * sync_run repeats one exchange until there is nothing more to send or to take: hello and batches
 * up; receipts, scope, forms and feed entries down. Each answer is applied in one transaction, with
 * the cursors it leads to; a cut connection simply leads to a repeat. Attachments follow in a lane
 * of their own. It works with and without an
 * open session: while locked, what comes down stays sealed until somebody unlocks. */
#ifndef YG_AGENT_SYNC_SYNC_H
#define YG_AGENT_SYNC_SYNC_H

#include "agent/store/session.h"
#include "agent/store/store.h"
#include "base/log.h"

/* ---- the link: injected; link_http below is the real one ---- */

struct link_result {
    int status;            /* HTTP status */
    int64_t retry_after_s; /* -1 when not said */
    uint64_t bytes_up;     /* heads included */
    uint64_t bytes_down;
};

struct link {
    void *context;
    /* POSTs body to path ("/v1/sync") and appends the answer's body. RC_OK: some status came. */
    enum rc (*exchange)(void *context, const char *path, struct view body, struct buf *answer,
                        struct link_result *result, struct err *err);
};

/* ---- sync ---- */

/* Seals for the county what the keys of whoever has unlocked can read of what is not sealed yet, as
 * session_close does: for whom must know that it was done. */
enum rc sync_seal(struct tablet *tablet, struct err *err);

/* Once after tablet_open: lets session_open apply what came while locked and session_close cut
 * unsent changes into batches. enrol_run does it itself. */
void sync_attach(struct tablet *tablet);

struct sync_report {
    uint64_t sent;     /* changes that were accepted for the first time */
    uint64_t received; /* feed entries' changes and records taken */
    uint64_t bytes_up, bytes_down;
    uint32_t requests;
    uint64_t quarantined;  /* own changes newly in quarantine */
    uint64_t conflicts;    /* records that have open conflicts now and had none before */
    uint64_t forms;        /* new ones */
    uint64_t unsent;       /* what is still only on the tablet */
    uint64_t attachments;  /* that arrived at the county for the first time */
    bool locked;           /* ran without a session */
    bool more;             /* the server has more, rounds_max was reached */
    int64_t retry_after_s; /* of a 429; -1 none */
    int64_t elapsed_ms;
};

struct sync_options {
    uint32_t rounds_max;       /* 0: until done */
    uint32_t answer_bytes_max; /* 0: LIMIT_PULL_BYTES */
    struct log *log;           /* NULL: silent */
    tablet_progress *progress; /* changes sent and to be sent; may be NULL */
    void *progress_context;
};

/* options may be NULL. The report is right also after a failure. RC_NETWORK: cut, refused; what
 * was receipted counts. RC_AGAIN: the server asks for patience (retry_after_s). RC_DENIED: revoked,
 * or an answer that is not the county's. RC_CORRUPT: the answer is broken; nothing of it was
 * applied. */
enum rc sync_run(struct tablet *tablet, struct link *link, const struct sync_options *options,
                 struct sync_report *report, struct err *err);

/* ---- photos of other tablets ---- */

struct attachment_wanted {
    uint8_t hash[32];
    struct dot record; /* of this tablet, in which it is named */
    uint64_t area;     /* of the record */
};
/* Brings one here, unless it is; sealed like the tablet's own. What has come stays when it breaks
 * off. The session must stay open meanwhile. RC_NOT_FOUND: the county does not have it (yet).
 * RC_AGAIN: sync first. RC_DENIED: not for this tablet. RC_CORRUPT: it was something else. */
enum rc sync_pull_attachment(struct session *session, struct link *link,
                             const struct attachment_wanted *wanted, struct err *err);

/* ---- bundles: the same batches and answers in a file (schema/wire/bundle.h) ---- */

struct bundle_written {
    uint64_t changes;     /* own ones in it */
    uint64_t unready;     /* own ones that are not: who wrote them must unlock first */
    uint64_t carried;     /* batches of other tablets in it */
    uint64_t attachments; /* photos and files in it that were not sent before */
    bool more;            /* it is full: write another one when its receipts have come */
};

/* Everything that is not receipted, the baggage, and behind them attachments, as a file for the
 * county, given to keep, which returns when it is safe. Works locked. An empty one is written, too:
 * it tells the county how far this tablet is. */
typedef enum rc bundle_keep(void *context, struct view bytes, struct err *err);
enum rc sync_bundle_write(struct tablet *tablet, bundle_keep *keep, void *context,
                          struct bundle_written *report, struct err *err);

struct bundle_taken {
    bool from_county;        /* else of another tablet: kept as baggage */
    uint64_t device;         /* up: who wrote it */
    int64_t made_ms;         /* clock of who wrote it */
    struct sync_report sync; /* from the county: what its answers did */
    bool sealed;             /* entries wait until somebody unlocks */
    bool outdated;           /* written before the county was restored: nothing was taken */
    uint64_t gaps;           /* entries ahead of this tablet: an earlier bundle is missing */
    uint64_t damaged;        /* parts that the stick has not kept */
    uint64_t own;            /* batches of this tablet itself: left */
    uint64_t baggage;        /* batches that are carried now and were not before */
    uint64_t known;          /* batches that were carried already */
    bool more;               /* the county had more than went into it */
};

/* Takes a bundle: one of the county for this device is applied as an answer would be; one of
 * another tablet is carried from now on. Twice, out of order and cut off is fine, and the report
 * says so. RC_INVALID: not a bundle. RC_DENIED: of another county or for another tablet.
 * RC_CORRUPT: nothing of it could be read. Each part is a transaction: after a failure what came
 * before counts. */
enum rc sync_bundle_read(struct tablet *tablet, struct view bytes, struct bundle_taken *report,
                         struct err *err);

/* ---- the real link ---- */

struct link_http;

/* server: NULL or empty takes the tablet's. https with the county's pins; http only to a loopback
 * address. When the server shows a key that is not pinned, its signed list of keys is fetched,
 * checked against the county's key, stored, and the request repeated once. */
enum rc link_http_open(struct tablet *tablet, struct view server, struct link_http **out,
                       struct err *err);
struct link *link_http_link(struct link_http *http);

/* Called around waiting for the network, while nothing of the tablet is touched: so a service can
 * serve others meanwhile. They may save, and open and close sessions, as if the line had been cut
 * and the answer came late; only one sync runs at a time. */
struct link_pause {
    void *context;
    void (*away)(void *context);
    void (*back)(void *context);
};
void link_http_pause(struct link_http *http, const struct link_pause *pause);
void link_http_close(struct link_http *http); /* NULL is allowed */

/* ---- enrolment ---- */

struct enrol_options {
    const char *directory;
    struct tablet_options tablet;
    struct view server;      /* https://host:port, or http:// on loopback */
    struct view code;        /* as typed */
    struct view person_name; /* empty: as in the invitation */
    struct view secret;
    struct link *link; /* NULL: over HTTP; tests inject one */
};

/* Enrols, and opens the new tablet (locked). RC_CONFLICT: there is a tablet already. RC_DENIED:
 * wrong, used or expired code, or not the county that gave it. A cut-off enrolment is repeated
 * with the same directory and code. */
enum rc enrol_run(const struct enrol_options *options, struct tablet **out, struct err *err);

#endif
