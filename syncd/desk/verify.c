/* verify.c: recomputes what can be recomputed, and compares. While the service runs, tablets go on
 * writing: heads are read before what leads up to them, so that what is newer never counts as a
 * difference. */
#include "syncd/desk/verify.h"

#include "base/words.h"

void verify_add(struct verify *verify, const struct err *found) {
    if (verify->differences++ < VERIFY_FOUND_MAX) {
        json_add_text(verify->list, NULL, found->text);
        if (!verify->command->json) {
            command_progress(verify->command, "%s", "");
            command_say(verify->command, "difference: %s", found->text);
        }
    }
}

enum rc verify_after(struct verify *verify, enum rc rc, struct err *err) {
    switch (rc) {
    case RC_CORRUPT:
    case RC_INVALID:
    case RC_LIMIT:
    case RC_UNSUPPORTED:
    case RC_NOT_FOUND:
    case RC_DENIED:
        verify_add(verify, err);
        err_clear(err);
        return RC_OK;
    default:
        return rc;
    }
}

static enum rc check_file(struct verify *verify, struct err *err) {
    return store_check(verify->seat->ledger->store, err);
}

/* Every admitted change has become part of some record, and nothing else has. Only when nothing
 * was written meanwhile. */
static enum rc check_sums(struct verify *verify, const struct store_counts *before,
                          struct err *err) {
    struct store_counts after;
    enum rc rc = store_count(verify->seat->ledger->store, &after, err);

    if (rc != RC_OK || after.changes != before->changes || after.frames != before->frames)
        return rc;
    if (verify->differences == 0 && verify->admitted != verify->absorbed)
        VERIFY_FOUND(verify, "the log admits %llu changes, but the records hold %llu",
                     (unsigned long long)verify->admitted, (unsigned long long)verify->absorbed);
    if (verify->acts < before->acts)
        VERIFY_FOUND(verify, "staff log: %llu acts are missing at its end",
                     (unsigned long long)(before->acts - verify->acts));
    if (verify->frames < before->frames)
        VERIFY_FOUND(verify, "log: %llu frames are missing",
                     (unsigned long long)(before->frames - verify->frames));
    return RC_OK;
}

struct count_line {
    const char *name, *key;
    uint64_t count;
};

static enum rc print_counts(struct verify *verify, struct err *err) {
    const struct count_line lines[] = {
        {"frames", "frames", verify->frames},
        {"changes", "changes", verify->changes},
        {"signatures", "signatures", verify->signatures},
        {"actors", "actors", verify->actors},
        {"records", "records", verify->records},
        {"feeds", "feeds", verify->feeds},
        {"feed entries", "entries", verify->entries},
        {"acts of the staff log", "acts", verify->acts},
        {"snapshots for new tablets", "snapshots", verify->snapshots},
        {"differences", "difference_count", verify->differences},
    };
    struct json *json;
    enum rc rc = RC_OK;

    command_progress(verify->command, "%s", "");
    if (verify->command->json) {
        json = json_object();
        json_add_bool(json, "ok", verify->differences == 0);
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
            json_add_int(json, lines[i].key, (int64_t)lines[i].count);
        json_add_tree(json, "differences", verify->list);
        verify->list = NULL;
        return command_print_json(verify->command, json, err);
    }
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) && rc == RC_OK; i++)
        rc =
            command_printf(verify->command, err, "%12llu  %s\n", (unsigned long long)lines[i].count,
                           words(verify->command->lang, lines[i].name));
    return rc;
}

enum rc desk_verify(void *context, struct command *command, struct err *err) {
    static enum rc (*const parts[])(struct verify *, struct err *) = {
        check_file,   verify_log,  verify_inflow,   verify_states,
        verify_feeds, verify_acts, verify_snapshots};
    struct seat seat;
    struct verify verify = {.seat = &seat, .command = command, .list = json_array()};
    struct store_counts before;
    enum rc rc = seat_open(context, command, &seat, err);

    err_init(&verify.found, err->lang);
    if (rc == RC_OK)
        rc = store_count(seat.ledger->store, &before, err);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && rc == RC_OK; i++)
        rc = verify_after(&verify, parts[i](&verify, err), err);
    if (rc == RC_OK)
        rc = check_sums(&verify, &before, err);
    if (rc == RC_OK)
        rc = print_counts(&verify, err);
    json_free(verify.list);
    seat_close(&seat);
    if (rc == RC_OK && verify.differences > 0)
        return err_set(err, RC_CORRUPT,
                       "%llu differences; keep a copy of the data directory, then restore a backup",
                       (unsigned long long)verify.differences);
    return rc;
}
