/* scope.c: see scope.h.
 *
 * The setting: varint count, each: serial (varint), bits (1 byte: 1 revoked), until_actor (8,
 * little-endian), until (varint), varint count of areas, areas (varints). */
#include "syncd/sync/scope.h"

#include "syncd/sync/news.h"

#include <stdio.h>

#define SETTING_BYTES_MAX (1024u * 1024u)
#define SCOPE_BYTES_MIN   12u

void scope_setting_name(uint64_t device, char out[SCOPE_SETTING_BYTES_MAX]) {
    char id[17];

    id_text(device, id);
    snprintf(out, SCOPE_SETTING_BYTES_MAX, "scopes %s", id);
}

void scope_setting_write(const struct past_scopes *former, struct buf *out) {
    uint32_t first = former->count > SCOPES_KEPT_MAX ? former->count - SCOPES_KEPT_MAX : 0;

    buf_add_varint(out, former->count - first);
    for (uint32_t i = first; i < former->count; i++) {
        const struct past_scope *scope = &former->list[i];

        buf_add_varint(out, scope->serial);
        buf_add_u8(out, scope->revoked);
        buf_add_le64(out, scope->until_actor);
        buf_add_varint(out, scope->until);
        buf_add_varint(out, scope->area_count);
        for (uint32_t a = 0; a < scope->area_count; a++)
            buf_add_varint(out, scope->areas[a]);
    }
}

enum rc scope_setting_read(struct view setting, struct arena *arena, struct past_scopes *out,
                           struct err *err) {
    struct reader in;
    uint64_t count;

    *out = (struct past_scopes){0};
    reader_init(&in, setting);
    count = read_varint_max(&in, setting.size / SCOPE_BYTES_MIN);
    out->list = arena_array(arena, (size_t)count + 1u, sizeof(*out->list)); /* room for one more */
    if (out->list == NULL)
        return arena_check(arena, "the former scopes", err);
    for (; out->count < count && !in.failed; out->count++) {
        struct past_scope *scope = &out->list[out->count];

        scope->serial = (uint32_t)read_varint_max(&in, UINT32_MAX);
        scope->revoked = (read_u8(&in) & 1u) != 0;
        scope->until_actor = read_le64(&in);
        scope->until = read_varint(&in);
        scope->area_count = (uint32_t)read_varint_max(&in, LIMIT_AREAS);
        scope->areas = arena_array(arena, scope->area_count + 1u, sizeof(*scope->areas));
        if (scope->areas == NULL)
            return arena_check(arena, "the former scopes", err);
        for (uint32_t a = 0; a < scope->area_count; a++)
            scope->areas[a] = read_varint(&in);
    }
    return reader_check(&in, "the former scopes", err);
}

enum rc scope_past(struct work *work, uint64_t device, struct past_scopes *out, struct err *err) {
    static const uint8_t none = 0;
    char name[SCOPE_SETTING_BYTES_MAX];
    struct view setting = {0};
    enum rc rc;

    scope_setting_name(device, name);
    rc = work_setting(work, name, &setting, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        setting = view_of(&none, 1);
    } else if (rc != RC_OK) {
        return rc;
    }
    return scope_setting_read(setting, &work->arena, out, err);
}

static enum rc put_former(struct work *work, uint64_t device, const struct past_scopes *former,
                          struct err *err) {
    char name[SCOPE_SETTING_BYTES_MAX];
    struct buf setting;
    enum rc rc;

    scope_setting_name(device, name);
    buf_init(&setting, SETTING_BYTES_MAX);
    scope_setting_write(former, &setting);
    rc = buf_check(&setting, "the former scopes", err);
    if (rc == RC_OK)
        rc = work_put_setting(work, name, buf_view(&setting), err);
    buf_release(&setting);
    return rc;
}

enum rc scope_remember(struct work *work, const struct stored_device *before, struct err *err) {
    struct past_scopes former;
    enum rc rc = scope_past(work, before->device, &former, err);

    if (rc != RC_OK)
        return rc;
    if (former.count > 0 && former.list[former.count - 1].serial >= before->scope.serial)
        return RC_OK; /* is there already */
    former.list[former.count++] = (struct past_scope){
        .serial = before->scope.serial,
        .revoked = before->scope.revoked,
        .area_count = before->scope.area_count,
        .areas = before->scope.areas,
    };
    return put_former(work, before->device, &former, err);
}

enum rc scope_confirmed(struct work *work, uint64_t device, uint32_t serial, uint64_t actor,
                        uint64_t at, struct err *err) {
    struct past_scopes former;
    bool any = false;
    enum rc rc = scope_past(work, device, &former, err);

    for (uint32_t i = 0; i < former.count && rc == RC_OK; i++) {
        struct past_scope *scope = &former.list[i];

        if (scope->serial >= serial || scope->until_actor != 0)
            continue;
        scope->until_actor = actor;
        scope->until = at;
        any = true;
    }
    return rc == RC_OK && any ? put_former(work, device, &former, err) : rc;
}

bool scope_allowed(const struct past_scopes *former, const struct succession *table, uint64_t actor,
                   uint64_t number, uint64_t area) {
    for (uint32_t i = 0; i < former->count; i++) {
        const struct past_scope *scope = &former->list[i];

        if (scope->until_actor == actor && number <= scope->until)
            return !scope->revoked &&
                   succession_grants(table, scope->areas, scope->area_count, area);
    }
    return false;
}
