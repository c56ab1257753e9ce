/* realm.h: a whole county in one process, for tests: the real exchange, writer and feeds over the
 * in-memory store, with a clock and entropy of the test's own, and links that lead tablets to it
 * without a network. Every failure ends the test. */
#ifndef YG_TESTS_SUPPORT_REALM_H
#define YG_TESTS_SUPPORT_REALM_H

#include "agent/store/session.h"
#include "agent/sync/sync.h"
#include "syncd/sync/api.h"
#include "syncd/sync/auth.h"

struct county {
    struct env env; /* virtual: the clock stands until the test moves it */
    int64_t now_ms;
    uint64_t random;
    struct keys keys;
    struct store_memory *memory;
    struct writer *writer;
    struct office office;
    struct ingest_room room;
    struct link link; /* leads here */
    uint32_t requests;
    uint8_t role; /* of whom county_enrol invites; 0: investigator */
    /* Faults of the link: the next so many requests are lost on the way up, or answered into the
     * void (the county has done its work). */
    uint32_t lose_up, lose_down;
};

#define COUNTY_AREA UINT64_C(430626117205)

struct county *county_new(uint64_t seed);
void county_free(struct county *county);

/* Publishes a form of a folder of CSV sheets ("schema/forms/household"). */
void county_publish(struct county *county, const char *folder);
/* Enrols a new tablet in directory for these areas; its person is called name with the secret
 * "secret-of-NAME". */
struct tablet *county_enrol(struct county *county, const char *directory, const char *name,
                            const uint64_t *areas, uint32_t area_count);
/* Opens it again after a close. */
struct tablet *county_tablet(struct county *county, const char *directory);
struct session *county_session(struct tablet *tablet, const char *name);
/* One whole sync; the report may be NULL. Fails the test unless the result is wanted. */
void county_sync(struct county *county, struct tablet *tablet, enum rc wanted,
                 struct sync_report *report);
/* A reader of the store; give it back with ledger_close. */
struct ledger *county_read(struct county *county);

#endif
