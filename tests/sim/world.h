/* world.h: a county, its tablets, their disks, network, clocks and people, in one process and one
 * thread, all out of one seed. The code of agent/ and syncd/ is that of the programs; only clock,
 * entropy, link and disk are the world's.
 *
 * A world plays steps (people.c, staff.c, and what breaks: pad.c, hall.c, net.c), heals, and ends.
 * The oracle (oracle.c) knows what every person saved and what every acknowledgement promised; what
 * breaks a promise ends the world through world_fail. */
#ifndef YG_TESTS_SIM_WORLD_H
#define YG_TESTS_SIM_WORLD_H

#include "agent/field/meeting.h"
#include "agent/store/session.h"
#include "agent/sync/sync.h"
#include "schema/edit.h"
#include "schema/form/engine.h"
#include "syncd/desk/desk.h"
#include "syncd/service.h"
#include "tests/sim/census.h"
#include "tests/sim/disk.h"
#include "tests/sim/forget.h"

#include <setjmp.h>

#define PADS_MAX   9
#define PEOPLE     4u /* tablets at the beginning; two people may share one later */
#define SAVES_MAX  1200u
#define STICKS_MAX 10
#define LATER_MAX  16
#define LOG_LINES  400
#define LINE_BYTES 200
/* In every answer that somebody gives, and in every secret: not to be found on a tablet's disk. */
#define CANARY "zQ7-Kx9p"

#define VILLAGE_A UINT64_C(430626117205)
#define VILLAGE_B UINT64_C(430626117206)
#define VILLAGE_C UINT64_C(430626117207)

/* What can go wrong, or happen at all, in this world. Each seed draws which. */
enum turn {
    TURN_LOSS,      /* requests or answers are lost */
    TURN_TWICE,     /* requests come twice */
    TURN_LATER,     /* requests come hours later, behind others */
    TURN_CUT,       /* answers are cut off, or are those of an earlier request */
    TURN_AWAY,      /* tablets are without a network for days */
    TURN_POWER,     /* of tablets */
    TURN_HALL,      /* power of the county */
    TURN_DISK,      /* tablets' disks fail */
    TURN_HALL_DISK, /* the county's disk fails */
    TURN_FULL,      /* disks are full */
    TURN_CLOCK,     /* clocks are wrong, and jump */
    TURN_CLONE,
    TURN_PUT_BACK, /* a tablet from its own backup */
    TURN_RESTORE,  /* the county from a backup */
    TURN_SCOPE,    /* areas are granted and withdrawn */
    TURN_REVOKE,
    TURN_FORM, /* new versions */
    TURN_AREA, /* areas are merged */
    TURN_STICK,
    TURN_LEND,
    TURN_ERASE,
    TURN_STAFF,  /* staff resolve, release, return */
    TURN_SEAL,   /* seals, amendments */
    TURN_MOVE,   /* records move, are withdrawn */
    TURN_MONTHS, /* long pauses */
    TURN_BACKUP, /* backups, confirmed ones, too */
    TURN_DRAFT,  /* people leave forms half-way */
    TURN_PHOTO,  /* photos and files */
    TURN_POISON, /* a broken tablet's changes */
    TURN_VOTE,   /* a meeting, before everything else or in its midst */
    TURN_ENROL,  /* new tablets */
    TURN_AMID,   /* all this, too, while a tablet waits for its answer */
    TURN_COUNT,
};

struct world;

struct machine {
    struct world *world;
    struct disk *disk;
    char name[16]; /* of the disk */
    struct env env;
    uint64_t random;
    int64_t offset_ms; /* its clock minus the true time */
};

/* ---- what is known of each save ---- */

enum save_state {
    SAVE_SURE = 1, /* the person was told "saved" */
    SAVE_MAYBE,    /* the disk refused: it may be there or not; or its only disk is gone */
    SAVE_ERASED,   /* by law: it has no text any more */
};

struct photo { /* photo.c */
    uint8_t hash[32];
    bool acked;  /* the county has said that it has it */
    bool erased; /* perhaps, by law */
};

struct save {
    uint8_t state;
    uint64_t actor, number;
    uint8_t hash[32];   /* chain hash behind it */
    uint8_t before[32]; /* in front of it, if quiet */
    struct dot record;
    struct dot logged; /* as the county's log last named it; 0-0: not seen there yet */
    uint32_t meant;    /* the save that created its record; UINT32_MAX: not known */
    uint32_t named;    /* that of the record which an answer of it names; UINT32_MAX: likewise */
    bool staff;        /* made at the county */
    bool quiet;        /* without a token: known by number, leaf and history (quiet.c) */
    int64_t at_ms;
    uint32_t found; /* scratch: times in the log */
};

#define PHOTOS_MAX       48u
#define DRAFT_ANSWERS    7u
#define DRAFT_TEXT_BYTES 80u
#define DRAFTS_KEPT      4u /* on one tablet */
#define DRAFTS_DONE_MAX  200u

struct kept { /* a draft on a tablet's disk (draft.c) */
    uint64_t draft;
    char person[16];
    uint32_t number; /* in this world */
    bool is_new;
    uint32_t answers;                            /* given so far */
    uint32_t own;                                /* mask of texts that its person wrote */
    char texts[DRAFT_ANSWERS][DRAFT_TEXT_BYTES]; /* confirmed */
    uint32_t asked;                              /* this one less 1 may read maybe; 0: none */
    char maybe[DRAFT_TEXT_BYTES];
    bool loose;         /* it was renewed perhaps: read it as it is */
    bool discarding;    /* perhaps it is gone */
    bool ending, ended; /* the disk refused its end; its change is there nevertheless */
    struct dot end;     /* that change */
    uint32_t save;      /* of one that has ended */
};

struct image { /* a disk put aside, with what it holds */
    struct disk *disk;
    uint64_t photos;
    uint32_t draft_count;
    struct kept drafts[DRAFTS_KEPT];
    bool draft_maybe;
    uint32_t held_count;
    uint32_t *held;
    int64_t at_ms;
};

struct pad {
    struct machine machine;
    bool there;
    struct tablet *tablet;   /* NULL: switched off */
    struct session *session; /* NULL: locked */
    char person[16];         /* whose session */
    uint32_t person_count;
    char people[3][16];
    struct link link;
    int64_t away_until_ms;
    uint64_t device;
    uint32_t held_count, held_room;
    uint32_t *held;  /* saves that its disk must have: indices */
    uint64_t photos; /* mask of those that a change saved here names */
    uint32_t draft_count;
    struct kept drafts[DRAFTS_KEPT];
    bool draft_maybe; /* there may be one that nobody knows of */
    struct image backup;
    struct buf last_answer; /* for TURN_CUT */
    int last_status;        /* its */
    uint64_t noted_actor;   /* whose numbers vote.c knows of, up to */
    uint64_t noted;
    uint32_t granted; /* times staff changed its scope; 0: as enrolled */
    bool joined;      /* the second tablet of the meeting, or a copy of it */
    bool wiped;       /* it has forgotten what it held, by order of the county */
    bool has_keys;    /* its person's, as they are on its disk (forget.h) */
    uint8_t keys[FORGET_KEYS_BYTES];
};

struct acked { /* the county has said that it has the actor up to here */
    uint64_t actor, number;
};

struct order { /* an erasure that the county's disk has refused: it is to be repeated */
    struct dot record;
    const char *path; /* NULL: the whole record */
};

struct hall {
    struct machine machine;
    struct service *service; /* NULL: down */
    int64_t down_until_ms;
    bool gives_snapshots; /* in the place of entries, which alone can be proven */
    struct desk desk;
    uint32_t acked_count;
    struct acked acked[256];
    uint32_t backup_count;
    char backups[4][48];
    char confirmed[48]; /* the newest backup that was read back; empty: none */
    uint32_t form_version;
    uint32_t restores;
    uint64_t merged_into; /* VILLAGE_C is a part of it */
    uint32_t order_count;
    struct order orders[8];
    bool merge_unsure; /* the disk refused that; perhaps it is not */
};

struct stick { /* a bundle in somebody's pocket */
    struct buf bytes;
    uint64_t device; /* the tablet that the county wrote it for; 0: for the county */
};

struct later { /* a request that is still on its way */
    int64_t at_ms;
    char path[32];
    struct buf body;
};

struct poison { /* a broken tablet (poison.c) */
    bool there;
    uint8_t nonce[16], secret[64], chain[32];
    uint64_t actor, device, person;
    uint64_t number;     /* of its last change */
    bool pending;        /* its last batch is not at the county yet */
    bool gone;           /* the county lacks what it has forgotten */
    bool odd_sane;       /* the odd change of that batch is only unknown */
    uint32_t first_save; /* of that batch */
    struct buf batch;
};

struct granted { /* to a device, as staff have said last (scope.c) */
    uint64_t device;
    uint8_t areas; /* bits */
    bool revoked, unknown;
    bool wipe;         /* and it is to forget what it holds */
    bool may_be_wiped; /* staff have said so once, whatever became of it */
};

#define BALLOT_ITEMS 3u
#define CLOSINGS_MAX 200u

struct closing { /* somebody tried to count an urn: of its seats these had voted */
    uint64_t seats, marks;
};

struct ballot {    /* a meeting (vote.c) */
    uint32_t step; /* before which it is held */
    bool held;
    bool on_the_way; /* when the rest of the world began, it was not all at the county */
    bool copied;     /* a tablet of it, while people voted */
    uint32_t call;   /* the save that made its record */
    struct meeting_vote votes[2]; /* on the first tablet, and on the one that joined */
    uint32_t item_count;
    uint8_t chosen[BALLOT_ITEMS][16]; /* by seat: enum urn_answer */
    uint32_t closing_count;
    struct closing closings[CLOSINGS_MAX];
};

struct world {
    uint64_t seed, random;
    int64_t now_ms;
    bool tells;
    struct census *census; /* of what is told; NULL: nobody asks */
    bool turns[TURN_COUNT];
    uint32_t weights[TURN_COUNT];
    uint32_t step, steps;
    bool healing; /* nothing breaks any more */
    bool calm;    /* for the moment */
    bool still;   /* for the moment nothing happens amid a sync, and no start is disturbed */
    struct pad
        *busy; /* waits for an answer: others go on, and people work on it; NULL: none does */
    struct hall hall;
    struct pad pads[PADS_MAX];
    int pad_count;
    struct save saves[SAVES_MAX];
    uint32_t save_count;
    uint32_t meant, named; /* of the next save: as above */
    struct poison poison;
    uint32_t granted_count;
    struct granted granted[32]; /* whoever is enrolled anew is another device */
    struct ballot ballot;
    uint32_t photo_count;
    struct photo photos[PHOTOS_MAX];
    uint32_t drafts, done_count;
    struct kept done[DRAFTS_DONE_MAX]; /* those of which a change came */
    struct stick sticks[STICKS_MAX];
    struct later later[LATER_MAX];
    uint32_t enrolled;  /* tablets that came later */
    uint32_t forgotten; /* of these, by a county that was restored, and not seen since */
    uint32_t names;     /* of disks, forms, backups */
    char said[300];     /* the end of what the last command printed */
    struct arena arena; /* of one step */
    struct err err;
    char log[LOG_LINES][LINE_BYTES];
    uint32_t log_count;
    uint64_t trace; /* hash of all that was told: equal seeds, equal traces */
    char failure[LINE_BYTES * 4];
    jmp_buf out;
    uint64_t moved;                            /* changes sent and received so far */
    uint32_t saved, synced, crashed, resolved; /* counts, for the report */
};

/* ---- world.c ---- */

/* Plays a whole world; false: a promise was broken, *world->failure says which. Of what *world held
 * only its census is kept. */
bool world_play(struct world *world, uint64_t seed, bool tells);
void world_release(struct world *world);

uint64_t chance(struct world *world, uint64_t below);
/* Any that does not wait for an answer: one that may be switched off, and may sync. */
struct pad *some_pad(struct world *world);
/* Between a request and its work, or between that and its answer's coming. */
void step_amid(struct world *world, struct pad *pad, bool may_lock);
static inline bool one_in(struct world *world, uint64_t count) {
    return chance(world, count) == 0;
}
void tell(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_fail(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));
/* Fails unless RC_OK; what: what was tried. */
void world_must(struct world *world, enum rc rc, const char *what);
void machine_init(struct machine *machine, struct world *world, const char *name,
                  struct disk *disk);
void machine_release(struct machine *machine);
/* Power, disk and clock faults as this world has them, for the next thing that the machine does. */
void machine_tempt(struct machine *machine, enum turn power, enum turn disk);
/* The same for its start, once the world's steps have begun. */
void machine_tempt_start(struct machine *machine, enum turn power, enum turn disk);
void machine_calm(struct machine *machine);

/* ---- hall.c: the county ---- */

/* Once in a process: the county, its forms and staff, and enrolled tablets, on disks of which each
 * world gets copies. */
void hall_prepare(void);
void hall_start(struct world *world); /* a fresh county */
void hall_begin(struct world *world); /* and the first tablets */
bool hall_open(struct world *world);  /* false: the disk refuses for now */
/* Whether it is up; opens it when its time has come. */
bool hall_up(struct world *world);
void hall_close(struct world *world);
/* Called after everything that the county did: notices that its power has gone. true: it has. */
bool hall_after(struct world *world);
struct ledger *hall_read(struct world *world);
void hall_give_back(struct world *world, struct ledger *ledger);
const struct office *hall_office(struct world *world);
/* A command of the desk: words and "--options" with values, ended by NULL. */
enum rc hall_run(struct world *world, enum rc (*run)(void *, struct command *, struct err *),
                 const char *first, ...);
/* The examiner, until it has nothing more. */
void hall_examine(struct world *world);
/* How many entries all its feeds have together: grows with whatever tablets have yet to take. */
uint64_t hall_reach(struct world *world);
void hall_form(struct world *world, uint32_t version); /* writes the sheets and publishes */

/* ---- pad.c: a tablet ---- */

struct pad *pad_new(struct world *world, const char *name, struct disk *disk);
void pad_open(struct world *world, struct pad *pad);
void pad_close(struct world *world, struct pad *pad);
bool pad_unlock(struct world *world, struct pad *pad);
bool pad_ready(struct world *world, struct pad *pad); /* switched on and somebody has unlocked */
/* After everything that the tablet did: notices that the power has gone, and starts it again. */
void pad_after(struct world *world, struct pad *pad);
void pad_hold(struct pad *pad, uint32_t save);
void pad_sync(struct world *world, struct pad *pad);
void pad_release(struct pad *pad);
void pad_blank(struct world *world, struct pad *pad);
void pad_lose(struct world *world); /* one of them, for good, with its disk */
void step_pad(struct world *world, enum turn turn);
/* A copy of the whole disk becomes a tablet of its own, the last one. */
void pad_copy(struct world *world, struct pad *pad);
void pad_put_aside(struct world *world, struct pad *pad);
void pad_put_back(struct world *world, struct pad *pad); /* from what was put aside last */

/* ---- net.c ---- */

void net_begin(struct world *world, struct pad *pad);
void net_later(struct world *world); /* delivers what is due */
void step_stick(struct world *world);

/* ---- people.c, staff.c ---- */

void step_people(struct world *world);
/* On this tablet, which waits for an answer: its disk is good meanwhile, and no photo is brought.
 */
void people_amid(struct world *world, struct pad *pad);
void step_staff(struct world *world, enum turn turn);
/* Of every tablet that a restored county had forgotten, and that has shown itself since. */
void staff_confirm(struct world *world);
void staff_decide(struct world *world);
/* What staff were told to do again, because the disk had refused it. */
void staff_repeat(struct world *world);

/* ---- draft.c ---- */

void step_draft(struct world *world, struct pad *pad);
void draft_pad_opened(struct pad *pad);
void draft_unlocked(struct world *world, struct pad *pad);
void draft_end_all(struct world *world, struct pad *pad);
void draft_in_log(struct world *world, uint32_t save, const struct change *change);

/* ---- photo.c ---- */

struct filler;

/* For the save that follows; hex is its name. */
enum rc photo_take(struct world *world, struct pad *pad, uint64_t area, char hex[65],
                   uint32_t *number);
/* As the answer of a draft. */
enum rc photo_draft(struct world *world, struct pad *pad, struct filler *filler,
                    struct engine_place place, char hex[65], uint32_t *number);
void photo_saved(struct pad *pad, uint32_t number);
void photo_named(struct world *world, struct pad *pad, const char *hex);
void photo_synced(struct world *world, struct pad *pad);
void photo_hall_opened(struct world *world);
void photo_erased(struct world *world);
void step_photo(struct world *world, struct pad *pad);
void photo_end(struct world *world);

/* ---- poison.c ---- */

void step_poison(struct world *world);
bool poison_request(struct world *world, struct view body, bool breaks, struct buf *out);
void poison_answered(struct world *world);
void poison_end(struct world *world, struct pad *pad, struct ledger *ledger);
void poison_release(struct world *world);

/* ---- vote.c ---- */

void vote_draw(struct world *world); /* when */
void vote_play(struct world *world);
void vote_end_all(struct world *world, struct pad *pad); /* urns that are still there */
void vote_end(struct world *world);

/* ---- enrol.c ---- */

void step_enrol(struct world *world);
void enrol_check(struct world *world);
/* A tablet that was refused, and has nothing by which it could be known again. false: it has. */
bool enrol_anew(struct world *world, struct pad *pad);
/* The county is open again, out of a backup: which of them it still knows. */
void enrol_restored(struct world *world);

/* ---- scope.c ---- */

/* rc: of the command that says so. */
void scope_granted(struct world *world, uint64_t device, const uint64_t *areas, uint32_t count,
                   enum rc rc);
void scope_revoked(struct world *world, uint64_t device, bool wipe, enum rc rc);
/* Whether staff have ever said that it is to forget what it holds. */
bool scope_may_be_wiped(struct world *world, uint64_t device);
/* By a county that was restored. */
void scope_forgotten(struct world *world);
void scope_answered(struct world *world, struct pad *pad, struct view answer);
void scope_end(struct world *world, struct pad *pad);

/* ---- crowd.c ---- */

/* So many tablets within three minutes; false as world_play. out: a line with the figures. */
bool crowd_play(struct world *world, uint64_t seed, uint32_t count, char *out, size_t size);

/* ---- fold.c ---- */

/* After some steps: what there is now. */
void fold_look(struct world *world);
void fold_end(struct world *world);

/* ---- oracle.c ---- */

/* The save that created this record, by the mark that it wrote there; UINT32_MAX: it has none. */
uint32_t oracle_mark(const struct record *state);
/* Text with the canary and the number of the next save, in the world's arena. */
const char *oracle_token(struct world *world);
/* rc: of the save with that token; change may be NULL where it never came to one. */
void oracle_saved(struct world *world, struct pad *pad, enum rc rc, struct dot record);
/* Notices a tablet that has forgotten what it held, and what can be nowhere any more by that. */
void oracle_looks_wiped(struct world *world, struct pad *pad);
/* Of a tablet that has forgotten what it held: changes that it can still send. */
uint64_t oracle_sealed(struct world *world, struct pad *pad);
void oracle_pad_opened(struct world *world, struct pad *pad);
void oracle_hall_opened(struct world *world);
void oracle_answered(struct world *world, struct pad *pad);
void oracle_synced(struct world *world, struct pad *pad, const struct sync_report *report);
/* The county is about to be lost: what its log has. */
void oracle_losing(struct world *world);
/* A disk is gone with what only it held. */
void oracle_disk_gone(struct world *world, const uint32_t *held, uint32_t count);
void oracle_erased(struct world *world, struct dot record);
/* The county is open again, out of a backup. */
void oracle_restored(struct world *world);
void oracle_wrote(struct world *world); /* no plaintext on any tablet's disk */
void oracle_end(struct world *world);

/* ---- quiet.c: which save a change of the log is that brings no token ---- */

struct ledger;
struct logged {
    struct dot written; /* by its author */
    struct dot name;    /* in the log */
    bool carried;       /* there by others, and perhaps not where its author has it */
    const uint8_t *leaf;
};
enum quiet {
    QUIET_NONE,     /* nobody has saved such a one without a token, behind that */
    QUIET_FOUND,    /* counted in saves[].found */
    QUIET_UNPROVEN, /* one of several, and the log does not say which: not counted yet */
};
/* unproven: only such are counted, when all others have been. */
enum quiet quiet_find(struct world *world, struct ledger *ledger, const struct logged *logged,
                      bool unproven);

/* ---- show.c: for the reader of a failure ---- */

void show_record(struct world *world, const struct record *record, const char *who);
void show_history(struct world *world, struct pad *pad, struct ledger *ledger, struct dot record);

#endif
