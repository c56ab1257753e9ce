/* alarm.c: see alarm.h. The setting "alarm DEVICE": our epoch (varint), then the content of the
 * newest PART_ALARM. */
#include "syncd/sync/alarm.h"

#include "base/crypt.h"
#include "syncd/sync/log_head.h"
#include "syncd/sync/news.h"

#include <stdio.h>

#define NAME_BYTES 32u

static void setting_name(uint64_t device, char out[NAME_BYTES]) {
    char id[17];

    id_text(device, id);
    snprintf(out, NAME_BYTES, "alarm %s", id);
}

struct alarm_act {
    uint64_t device;
    struct feed_alarm alarm;
    struct view setting;
};

static enum rc note_act(void *context, struct work *work, struct err *err) {
    const struct alarm_act *act = context;
    char name[NAME_BYTES], object[17], area[AREA_TEXT_BYTES], reason[160];
    struct view known = {0};
    enum rc rc;

    setting_name(act->device, name);
    rc = work_setting(work, name, &known, err);
    if (rc == RC_OK && view_equal(known, act->setting))
        return RC_OK;
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    id_text(act->device, object);
    area_text(act->alarm.area, area);
    if (act->alarm.area == 0)
        snprintf(reason, sizeof(reason),
                 "staff log: this log is not the one that was signed at act %llu",
                 (unsigned long long)act->alarm.position);
    else
        snprintf(reason, sizeof(reason),
                 "feed %s %s: this history is not the one that was signed at position %llu", area,
                 audience_name((enum audience)act->alarm.audience),
                 (unsigned long long)act->alarm.position);
    rc = work_put_setting(work, name, act->setting, err);
    return rc == RC_OK ? work_act(work, "device", "alarm", object, view_text(reason), err) : rc;
}

/* What the tablet kept is in our history after all: it was put right since. */
static enum rc is_ours(struct store *store, const struct feed_alarm *alarm, bool *out,
                       struct err *err) {
    uint8_t chain[32];
    enum rc rc = alarm->area == 0 ? log_chain_at(store, alarm->position, chain, err)
                                  : store_feed_chain(store, alarm->area, alarm->audience,
                                                     alarm->position, chain, err);

    *out = rc == RC_OK && crypt_equal(chain, alarm->chain, sizeof(chain));
    if (rc == RC_NOT_FOUND)
        err_clear(err);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc note(const struct office *office, uint64_t device, const struct feed_alarm *alarm,
                    struct view content, struct arena *arena, struct err *err) {
    struct alarm_act act = {.device = device, .alarm = *alarm};
    struct buf setting;
    enum rc rc;

    buf_init(&setting, 128);
    buf_add_varint(&setting, office->epoch);
    buf_add_view(&setting, content);
    rc = buf_check(&setting, "an alarm", err);
    act.setting = arena_view(arena, buf_view(&setting));
    buf_release(&setting);
    if (rc == RC_OK)
        rc = arena_check(arena, "an alarm", err);
    if (rc == RC_OK)
        rc = office_act(office, note_act, &act, err);
    if (rc == RC_OK)
        log_error(office->log, LOG_EVENT("history.alarm"), LOG_UINT("area", alarm->area),
                  LOG_UINT("position", alarm->position));
    return rc;
}

enum rc alarm_note(const struct office *office, uint64_t device, const struct feed_alarm *alarm,
                   struct arena *arena, struct err *err) {
    struct buf part;
    struct reader in;
    enum rc rc;

    buf_init(&part, 128);
    exchange_add_alarm(&part, alarm);
    reader_init(&in, buf_view(&part));
    (void)read_u8(&in);
    rc = buf_check(&part, "an alarm", err);
    if (rc == RC_OK)
        rc = note(office, device, alarm, read_sized(&in), arena, err);
    buf_release(&part);
    return rc;
}

enum rc alarm_take(const struct office *office, struct store *store, uint64_t device,
                   struct view content, struct arena *arena, struct err *err) {
    struct feed_alarm alarm;
    bool ours = false;
    enum rc rc = exchange_read_alarm(content, &alarm, err);

    if (rc == RC_OK)
        rc = is_ours(store, &alarm, &ours, err);
    if (rc != RC_OK || ours || alarm.epoch != office->epoch)
        return rc; /* of another life: that this one is another is known */
    return note(office, device, &alarm, content, arena, err);
}

enum rc alarm_raised(const struct office *office, struct store *store, uint64_t device,
                     struct arena *arena, bool *out, struct err *err) {
    char name[NAME_BYTES];
    struct view setting = {0};
    struct reader in;
    enum rc rc;

    setting_name(device, name);
    rc = store_setting(store, name, arena, &setting, err);
    reader_init(&in, setting);
    *out = rc == RC_OK && read_varint(&in) == office->epoch && !in.failed;
    if (rc == RC_NOT_FOUND)
        err_clear(err);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}
