/* stage.h: a county and two tablets on simulated disks, in one process, for scenarios in which
 * anything may fail at any moment: every step returns what went wrong instead of ending the test.
 * Disks can be put aside and brought back, so that a scenario is played again and again from the
 * same beginning. */
#ifndef YG_TESTS_FAULT_STAGE_H
#define YG_TESTS_FAULT_STAGE_H

#include "agent/store/session.h"
#include "agent/sync/sync.h"
#include "schema/edit.h"
#include "syncd/desk/desk.h"
#include "syncd/service.h"
#include "tests/sim/disk.h"

#define STAGE_AREA   UINT64_C(430626117205)
#define STAGE_COUNTY "/county/data"

enum { WANG, LI, TABLETS };
enum { DISK_WANG, DISK_LI, DISK_COUNTY, DISK_SHELF, DISKS };

struct stage_image {
    struct disk *disks[DISKS];
    int64_t now_ms;
    uint64_t random;
    char codes[TABLETS][40];
};

struct stage {
    struct env env;
    int64_t now_ms;
    uint64_t random;
    struct disk *disks[DISKS];
    struct service *service; /* NULL: down */
    struct desk desk;
    struct link link;
    struct tablet *tablets[TABLETS];   /* NULL: switched off */
    struct session *sessions[TABLETS]; /* NULL: locked */
    char codes[TABLETS][40];           /* of invitations */
    struct arena arena;
    struct buf stick; /* a bundle */
};

/* A new county with the form "home", a chief of staff, and invitations for both tablets. Ends the
 * program when it cannot. */
void stage_init(struct stage *stage);
void stage_release(struct stage *stage);

/* Everything must be closed. */
void stage_keep(struct stage *stage, struct stage_image *image);
void stage_bring(struct stage *stage, const struct stage_image *image, uint64_t seed);
void stage_image_release(struct stage_image *image);

enum rc stage_open_county(struct stage *stage, struct err *err);
/* The tablet is switched on and unlocked. */
enum rc stage_open_tablet(struct stage *stage, int at, struct err *err);
/* Locks and switches it off. */
enum rc stage_close_tablet(struct stage *stage, int at, struct err *err);
/* Everything off, whatever state it is in; what died starts with what its disk has kept. false:
 * something has left a file open. */
bool stage_down(struct stage *stage);

/* A command of the desk, with the chief's secret: words and "--options" with values, then NULL. */
enum rc stage_run(struct stage *stage, struct err *err,
                  enum rc (*run)(void *, struct command *, struct err *), const char *first, ...);
enum rc stage_publish(struct stage *stage, const char *folder, struct err *err);
/* Writes a sheet to the shelf; never counted as a fault's call. */
void stage_sheet(struct stage *stage, const char *folder, const char *name, struct view text);
void stage_home_form(struct stage *stage, const char *folder, unsigned version);
enum rc stage_sync(struct stage *stage, int at, struct err *err);

/* The record of this form with this title; RC_NOT_FOUND. */
enum rc stage_find(struct stage *stage, int at, const char *form, const char *title,
                   struct dot *out, struct err *err);
/* A new home. */
enum rc stage_home(struct stage *stage, int at, const char *name, struct dot *out, struct err *err);
enum rc stage_edit(struct stage *stage, int at, struct dot record, const char *path,
                   struct value value, struct err *err);

#endif
