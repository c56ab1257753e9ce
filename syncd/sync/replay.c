/* replay.c: see replay.h. */
#include "syncd/sync/replay.h"

#include "syncd/sync/examine.h"

#define PORTION 1000u

struct replay {
    struct dot after; /* where the next portion begins */
    struct dot ids[PORTION];
    uint32_t count;
    uint32_t understood;
};

static enum rc collect(void *context, const struct stored_record *stored, struct err *err) {
    struct replay *replay = context;

    (void)err;
    replay->after = stored->id;
    if (stored->form == 0)
        replay->ids[replay->count++] = stored->id;
    return replay->count == PORTION ? RC_NOT_FOUND : RC_OK;
}

static enum rc read_portion(void *context, struct work *work, struct err *err) {
    struct replay *replay = context;
    enum rc rc;

    replay->count = 0;
    rc = store_list(work->ledger->store, view_text(""), 0, replay->after, collect, replay, err);
    if (rc == RC_OK)
        rc = work_prefetch(work, replay->ids, replay->count, err);
    for (uint32_t i = 0; i < replay->count && rc == RC_OK; i++) {
        struct work_record *record = NULL;

        rc = work_record(work, replay->ids[i], &record, err);
        if (rc == RC_OK &&
            reading_governing_form(&record->state, ledger_lookup, work->ledger) != NULL) {
            record->touched = true;
            replay->understood++;
        }
        if (rc == RC_OK)
            rc = ledger_trouble(work->ledger, err);
    }
    return rc == RC_OK && replay->understood > 0 ? examine_again(work, err) : rc;
}

enum rc replay_unknown(const struct office *office, uint32_t *understood, struct err *err) {
    struct replay replay = {0};
    enum rc rc;

    do
        rc = office_act(office, read_portion, &replay, err);
    while (rc == RC_OK && replay.count == PORTION);
    *understood = replay.understood;
    return rc;
}
