/* county.c: see county.h. Whatever goes wrong here fails the test that called. */
#include "tests/support/county.h"

#include "base/crypt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

void county_path(char path[300], const char *name) {
    static unsigned count;
    const char *folder = getenv("TMPDIR");

    (void)snprintf(path, 300, "%s/county-%ld-%u-%s", folder ? folder : "/tmp", (long)getpid(),
                   ++count, name);
}

void county_remove_files(const char *path) {
    static const char *const ENDS[] = {"", "-wal", "-shm", ".lock"};

    for (size_t i = 0; i < sizeof(ENDS) / sizeof(ENDS[0]); i++) {
        char name[310];

        (void)snprintf(name, sizeof(name), "%s%s", path, ENDS[i]);
        (void)unlink(name);
    }
}

static void must(struct county_store *county, enum rc rc) {
    if (rc != RC_OK)
        print_message("county: %s (%s)\n", county->err.text, county->err.detail);
    assert_int_equal(rc, RC_OK);
}

static void open_for_writing(struct county_store *county) {
    if (county->engine == COUNTY_SQLITE)
        must(county, store_sqlite_open(county->path, true, &county->store, &county->err));
    else
        must(county, store_memory_open(county->memory, true, &county->store, &county->err));
}

void county_init(struct county_store *county, enum county_engine engine) {
    memset(county, 0, sizeof(*county));
    county->engine = engine;
    err_init(&county->err, LANG_EN);
    arena_init(&county->arena, 256u << 20);
    must(county, crypt_start(&county->err));
    if (engine == COUNTY_SQLITE)
        county_path(county->path, "store.db");
    else
        must(county, store_memory_new(&county->memory, &county->err));
    open_for_writing(county);
}

void county_release(struct county_store *county) {
    store_close(county->store);
    store_memory_free(county->memory);
    arena_release(&county->arena);
    if (county->engine == COUNTY_SQLITE)
        county_remove_files(county->path);
}

struct store *county_reader(struct county_store *county) {
    struct store *reader = NULL;

    if (county->engine == COUNTY_SQLITE)
        must(county, store_sqlite_open(county->path, false, &reader, &county->err));
    else
        must(county, store_memory_open(county->memory, false, &reader, &county->err));
    return reader;
}

void county_reopen(struct county_store *county) {
    store_close(county->store);
    open_for_writing(county);
}

void county_digest(struct county_store *county, uint8_t out[32]) {
    must(county, store_digest(county->store, out, &county->err));
}

void county_commit(struct county_store *county, const struct store_delta *delta) {
    must(county, store_commit(county->store, delta, &county->err));
}

void county_refuses(struct county_store *county, const struct store_delta *delta, enum rc rc) {
    uint8_t before[32], after[32];

    county_digest(county, before);
    assert_int_equal(store_commit(county->store, delta, &county->err), rc);
    assert_true(county->err.text[0] != '\0');
    county_digest(county, after);
    assert_memory_equal(before, after, 32);
}
