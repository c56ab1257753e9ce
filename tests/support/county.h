/* county.h: a county's store for tests, in either engine. */
#ifndef YG_TESTS_SUPPORT_COUNTY_H
#define YG_TESTS_SUPPORT_COUNTY_H

#include "syncd/store/store.h"

enum county_engine { COUNTY_SQLITE, COUNTY_MEMORY };

struct county_store {
    enum county_engine engine;
    char path[300];              /* COUNTY_SQLITE: in TMPDIR, removed by county_release */
    struct store_memory *memory; /* COUNTY_MEMORY */
    struct store *store;         /* for writing */
    struct arena arena;          /* for results */
    struct err err;
};

/* An empty county. Fails the test when it cannot. */
void county_init(struct county_store *county, enum county_engine engine);
void county_release(struct county_store *county);
/* One more handle for reading; the caller closes it. */
struct store *county_reader(struct county_store *county);
/* Closes the handle for writing and opens it again. */
void county_reopen(struct county_store *county);
/* A path for a file of that name in TMPDIR, which is new in this process. */
void county_path(char path[300], const char *name);
void county_remove_files(const char *path);

void county_digest(struct county_store *county, uint8_t out[32]);
/* Commits and asserts RC_OK; commits and asserts that it was refused and nothing happened. */
void county_commit(struct county_store *county, const struct store_delta *delta);
void county_refuses(struct county_store *county, const struct store_delta *delta, enum rc rc);

#endif
