/* area.c: the county's table of areas that were merged, got another code or another name
 * (schema/succession.h), as it came last, in the entry "areas" of the table setting.
 *
 * Grants, keys and records keep the codes that they were written with; whoever compares them goes
 * through the table. So a merger moves nothing on the tablet: the records come again in the feed of
 * the area that took the place, under the key that their own area has here. */
#include "agent/store/inside.h"

#define TABLE_BYTES_MAX (1024u * 1024u)

static enum rc take(struct tablet *tablet, struct view bytes, struct err *err) {
    struct arena arena;
    struct succession areas;
    enum rc rc;

    arena_init(&arena, TABLE_BYTES_MAX * 4);
    bytes = arena_view(&arena, bytes);
    rc = arena_check(&arena, "areas", err);
    if (rc == RC_OK)
        rc = succession_read(bytes, &arena, &areas, err);
    if (rc != RC_OK) {
        arena_release(&arena);
        return rc;
    }
    arena_release(&tablet->areas_arena);
    tablet->areas_arena = arena;
    tablet->areas = areas;
    return RC_OK;
}

enum rc areas_load(struct tablet *tablet, struct err *err) {
    struct buf bytes;
    enum rc rc;

    buf_init(&bytes, TABLE_BYTES_MAX);
    rc = setting_find(tablet, "areas", &bytes, err);
    if (rc == RC_OK)
        rc = take(tablet, buf_view(&bytes), err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        tablet->areas = (struct succession){0};
        rc = RC_OK;
    }
    buf_release(&bytes);
    return rc;
}

/* Whether every act that is known stands in the table. */
static enum rc goes_on(const struct tablet *tablet, struct view table, bool *out, struct err *err) {
    struct succession next;
    struct arena arena;
    enum rc rc;

    arena_init(&arena, TABLE_BYTES_MAX * 4);
    rc = succession_read(table, &arena, &next, err);
    *out = rc == RC_OK && next.count >= tablet->areas.count;
    for (uint32_t i = 0; *out && i < tablet->areas.count; i++)
        *out = next.acts[i].kind == tablet->areas.acts[i].kind &&
               next.acts[i].from == tablet->areas.acts[i].from &&
               next.acts[i].to == tablet->areas.acts[i].to;
    arena_release(&arena);
    return rc;
}

/* A restored county has forgotten acts: what was in force through them is not any more. */
static enum rc take_back(struct tablet *tablet, struct err *err) {
    struct facts facts = tablet->facts;
    enum rc rc = doubt_all(tablet, err);

    if (facts.scope_confirmed == facts.scope.serial)
        facts.scope_confirmed = 0; /* tablet_purge looks again */
    return rc == RC_OK ? tablet_put_facts(tablet, &facts, err) : rc;
}

enum rc tablet_put_areas(struct tablet *tablet, struct view table, struct err *err) {
    struct buf former;
    uint32_t known = tablet->areas.count;
    bool same, on = false;
    enum rc rc;

    buf_init(&former, TABLE_BYTES_MAX);
    succession_write(&tablet->areas, &former);
    same = former.failed == RC_OK && view_equal(buf_view(&former), table);
    buf_release(&former);
    if (same)
        return RC_OK;
    rc = goes_on(tablet, table, &on, err);
    if (rc == RC_OK)
        rc = take(tablet, table, err);
    if (rc == RC_OK && !on)
        rc = take_back(tablet, err);
    if (rc == RC_OK)
        rc = setting_put(tablet, "areas", table, err);
    if (rc == RC_OK && tablet->areas.count > known)
        rc = tablet_notice(tablet, NOTICE_AREAS, 0, tablet->areas.count, err);
    for (struct session *session = tablet->sessions; session != NULL; session = session->next)
        session->index_stale = true; /* lists show the codes in force */
    return rc;
}

enum rc tablet_grow_areas(struct tablet *tablet, struct view table, struct err *err) {
    bool on;
    enum rc rc = goes_on(tablet, table, &on, err);

    return rc == RC_OK && on ? tablet_put_areas(tablet, table, err) : rc;
}

const struct succession *tablet_areas(const struct tablet *tablet) {
    return &tablet->areas;
}

bool tablet_in_scope(const struct tablet *tablet, uint64_t area) {
    const struct scope *scope = &tablet->facts.scope;

    return succession_grants(&tablet->areas, scope->areas, scope->area_count, area);
}
