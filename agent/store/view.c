/* view.c: the tablet's view of a record, and its summary.
 *
 * view = join of the confirmed states (one for each key that the record came in under), with the
 * own changes on top that no feed has brought back yet, in order of their numbers. When the county
 * knows a range of our numbers under a fork's name, those changes are read under that name here
 * too, so that the view names versions as everybody else does. */
#include "agent/store/inside.h"

#include "base/list.h"
#include "base/text.h"
#include "schema/title.h"

/* ---- own changes ---- */

void own_change_encode(const struct own_scope *scope, struct view canonical, struct buf *out) {
    buf_add_varint(out, scope->area);
    buf_add_u8(out, scope->audience);
    buf_add_id(out, scope->form);
    buf_add_sized(out, canonical);
}

enum rc own_change_decode(struct view plain, struct own_scope *scope, struct view *canonical,
                          struct err *err) {
    struct reader in;

    reader_init(&in, plain);
    scope->area = read_varint(&in);
    scope->audience = read_u8(&in);
    scope->form = read_id(&in);
    *canonical = read_sized(&in);
    return reader_check(&in, "a saved change", err);
}

enum rc own_change_open(struct tablet *tablet, const struct open_key *key, uint64_t row,
                        struct view sealed, struct own_scope *scope, struct view *canonical,
                        bool *damaged, struct err *err) {
    enum rc rc;

    buf_clear(&tablet->plain);
    rc = row_unlock(key, "change", row, 0, sealed, &tablet->plain, err);
    if (rc == RC_OK)
        rc = own_change_decode(buf_view(&tablet->plain), scope, canonical, err);
    *damaged = rc == RC_CORRUPT;
    if (*damaged)
        err_clear(err);
    return *damaged ? RC_OK : rc;
}

void own_salt_secret(const struct secrets *secrets, uint64_t actor, const struct own_scope *scope,
                     uint64_t run, uint8_t out[16]) {
    uint8_t memory[4 * 8 + 1], hash[CRYPT_HASH_BYTES];
    struct buf about;

    buf_init_on(&about, memory, sizeof(memory)); /* no memory may be missing for it */
    buf_add_le64(&about, actor);
    buf_add_le64(&about, scope->area);
    buf_add_u8(&about, scope->audience);
    buf_add_le64(&about, scope->form);
    buf_add_le64(&about, run);
    crypt_mac(secrets->salt_secret, "yg run", buf_view(&about), hash);
    memcpy(out, hash, 16);
    crypt_wipe(hash, sizeof(hash));
}

enum rc own_change_rename(const struct tablet *tablet, uint32_t serial, struct change *change,
                          struct arena *arena, struct err *err) {
    const struct own_actor *actor = tablet_actor(tablet, serial - 1);
    struct frame_change one = {.change = *change};
    struct frame frame = {.count = 1, .changes = &one};
    enum rc rc;

    if (actor == NULL)
        return RC_OK;
    frame.actor = actor->actor;
    rc = frame_rename(&frame, &actor->lineage, arena, err);
    *change = one.change;
    return rc;
}

static int range_order(const void *left, const void *right) {
    const struct fork_range *a = left, *b = right;

    if (a->actor != b->actor)
        return a->actor < b->actor ? -1 : 1;
    return a->from < b->from ? -1 : a->from > b->from;
}

/* Names of these numbers, in their order, are read as the numbers; what lies between them is not.
 */
static enum rc read_back(struct tablet *tablet, const struct own_actor *actor, struct arena *arena,
                         struct lineage *out, struct err *err) {
    struct statement *overlay = tablet->sql[SQL_CHANGE_OVERLAY_OF];
    struct fork_range *ranges = NULL, *begin, *end = NULL;
    uint32_t count = 0, capacity = 0;
    enum rc rc;

    statement_bind_i64(overlay, 1, change_row(actor->serial, 0));
    statement_bind_i64(overlay, 2, change_row(actor->serial, actor->number));
    while ((rc = statement_step(overlay, err)) == RC_OK) {
        uint64_t row = (uint64_t)statement_i64(overlay, 0);
        uint64_t number = row & ((UINT64_C(1) << CHANGE_NUMBER_BITS) - 1);
        uint64_t name = lineage_read(&actor->lineage, (struct dot){actor->actor, number}).actor;

        if (name == actor->actor)
            continue;
        if (end != NULL && end->actor == name && end->from == number) {
            end->from++;
            continue;
        }
        begin = arena_push(arena, &ranges, &count, &capacity, sizeof(*begin));
        if (begin != NULL)
            *begin = (struct fork_range){name, number, actor->actor};
        end = arena_push(arena, &ranges, &count, &capacity, sizeof(*end));
        if (end == NULL)
            break;
        *end = (struct fork_range){name, number + 1, name};
    }
    statement_reset(overlay);
    if (rc != RC_NOT_FOUND && rc != RC_OK)
        return rc;
    if (count > 1)
        qsort(ranges, count, sizeof(*ranges), range_order);
    *out = (struct lineage){count, ranges};
    return arena_check(arena, "a save", err);
}

enum rc own_change_unname(struct tablet *tablet, struct change *change, struct arena *arena,
                          struct err *err) {
    const struct own_actor *actor = tablet_actor(tablet, tablet_actor_count(tablet) - 1);
    struct frame_change one = {.change = *change};
    struct frame frame = {.actor = change->dot.actor, .count = 1, .changes = &one};
    struct lineage back;
    enum rc rc;

    if (actor == NULL || actor->lineage.count == 0)
        return RC_OK;
    rc = read_back(tablet, actor, arena, &back, err);
    if (rc == RC_OK)
        rc = frame_rename(&frame, &back, arena, err);
    *change = one.change;
    return rc;
}

static enum rc add_own(struct tablet *tablet, uint64_t row, const struct open_key *key,
                       struct view sealed, struct arena *arena, struct record *record,
                       struct err *err) {
    struct admission admission = {.provisional = true};
    struct own_scope scope;
    struct change change;
    struct view canonical, kept;
    bool damaged;
    enum rc rc = own_change_open(tablet, key, row, sealed, &scope, &canonical, &damaged, err);

    /* What the disk has spoilt is not seen; the outbox tells people and the county of it. */
    if (rc != RC_OK || damaged)
        return rc;
    kept = arena_view(arena, canonical);
    rc = arena_check(arena, "a record", err);
    if (rc == RC_OK)
        rc = change_decode(kept, arena, &change, err);
    if (rc != RC_OK)
        return rc;
    rc = own_change_rename(tablet, (uint32_t)(row >> CHANGE_NUMBER_BITS), &change, arena, err);
    if (rc != RC_OK)
        return rc;
    admission.time_ms = change.wall_ms;
    return merge_apply(record, &change, admission, arena, record, err);
}

enum rc view_build(struct tablet *tablet, const struct session *session, uint64_t record,
                   struct dot id, struct arena *arena, struct record *out, struct err *err) {
    struct statement *states = tablet->sql[SQL_STATE_LIST];
    struct statement *overlay = tablet->sql[SQL_CHANGE_OVERLAY];
    enum rc rc;

    record_init(out, id);
    statement_bind_i64(states, 1, (int64_t)record);
    while ((rc = statement_step(states, err)) == RC_OK) {
        const struct open_key *key =
            area_key_open(tablet, session, (uint64_t)statement_i64(states, 0));
        struct record state;
        struct view kept;

        if (key == NULL)
            continue;
        buf_clear(&tablet->plain);
        rc = row_unlock(key, "state", record, (uint64_t)statement_i64(states, 1),
                        statement_blob(states, 2), &tablet->plain, err);
        kept = arena_view(arena, buf_view(&tablet->plain));
        if (rc == RC_OK)
            rc = arena_check(arena, "a record", err);
        if (rc == RC_OK)
            rc = record_unpack(kept, arena, &state, err);
        if (rc == RC_OK && out->absorbed_count == 0)
            *out = state;
        else if (rc == RC_OK)
            rc = merge_join(out, &state, arena, out, err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(states);
    if (rc != RC_NOT_FOUND)
        return rc;
    statement_bind_i64(overlay, 1, (int64_t)record);
    while ((rc = statement_step(overlay, err)) == RC_OK) {
        const struct open_key *key =
            area_key_open(tablet, session, (uint64_t)statement_i64(overlay, 1));

        if (key == NULL)
            continue;
        rc = add_own(tablet, (uint64_t)statement_i64(overlay, 0), key, statement_blob(overlay, 2),
                     arena, out, err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(overlay);
    if (rc != RC_NOT_FOUND)
        return rc;
    return out->absorbed_count > 0 ? RC_OK : RC_NOT_FOUND;
}

enum rc record_number(struct tablet *tablet, struct dot id, bool add, uint64_t *out,
                      struct err *err) {
    struct statement *find = tablet->sql[SQL_RECORD_FIND];
    enum rc rc;

    statement_bind_i64(find, 1, (int64_t)id.actor);
    statement_bind_i64(find, 2, (int64_t)id.number);
    rc = statement_one(find, err);
    if (rc == RC_OK) {
        *out = (uint64_t)statement_i64(find, 0);
        statement_reset(find);
    }
    if (rc != RC_NOT_FOUND || !add)
        return rc;
    find = tablet->sql[SQL_RECORD_ADD];
    statement_bind_i64(find, 1, (int64_t)id.actor);
    statement_bind_i64(find, 2, (int64_t)id.number);
    rc = statement_run(find, err);
    *out = (uint64_t)db_last_insert_id(tablet->db);
    return rc;
}

/* ---- summaries ---- */

static void add_word(struct buf *out, const struct value *value) {
    size_t before = out->size;
    size_t room = out->size < SUMMARY_SEARCH_BYTES ? SUMMARY_SEARCH_BYTES - out->size : 0;

    if (room < 2 || (value->type != VALUE_TEXT && value->type != VALUE_INT))
        return;
    if (before > 0)
        buf_add_u8(out, '\n');
    value_text(value, out);
    if (out->size > SUMMARY_SEARCH_BYTES)
        out->size = before + 1 +
                    utf8_cut_bytes(view_of(out->data + before + 1, out->size - before - 1),
                                   SUMMARY_SEARCH_BYTES - before - 1)
                        .size;
}

/* What people look for: keys (numbers of identity, of households) first, then whatever text was
 * typed, of the record and of its instances; never choices. */
static void make_search(const struct reading *reading, struct view title, struct buf *out) {
    buf_add_view(out, title);
    for (int keys = 1; keys >= 0; keys--) {
        for (uint32_t i = 0; i < reading->cell_count && out->size < SUMMARY_SEARCH_BYTES; i++) {
            const struct cell *cell = &reading->cells[i];
            const struct form_field *field =
                reading->form == NULL ? NULL : form_field_by_number(reading->form, cell->field);

            if (cell->version_count == 0 || field == NULL || field->key != (keys == 1) ||
                (keys == 0 && field->type != FIELD_TYPE_TEXT))
                continue;
            add_word(out, &cell->versions[0]->value);
        }
    }
    for (size_t i = 0; i < out->size; i++) {
        if (out->data[i] >= 'A' && out->data[i] <= 'Z')
            out->data[i] = (uint8_t)(out->data[i] + ('a' - 'A'));
    }
}

static void newest_own(const struct tablet *tablet, const struct record *record,
                       struct summary *out) {
    for (uint32_t i = 0; i < record->absorbed_count; i++) {
        const struct dot dot = record->absorbed[i].dot;

        for (size_t a = tablet->actor_count; a > 0; a--) {
            const struct own_actor *actor = &tablet->actors[a - 1];

            if (actor->serial < out->own_serial)
                break;
            if (dot.actor !=
                lineage_read(&actor->lineage, (struct dot){actor->actor, dot.number}).actor)
                continue;
            if (actor->serial > out->own_serial || dot.number > out->own_number) {
                out->own_serial = actor->serial;
                out->own_number = dot.number;
            }
        }
    }
}

enum rc view_summary(struct tablet *tablet, const struct record *record, struct arena *arena,
                     struct summary *out, struct err *err) {
    const struct form *form = reading_governing_form(record, tablet_form_lookup, tablet);
    struct reading reading;
    struct buf text;
    enum rc rc = reading_make(record, form, arena, &reading, err);

    if (rc != RC_OK)
        return rc;
    reading_succeed(&tablet->areas, &reading, arena);
    *out = (struct summary){.id = record->id,
                            .form = form == NULL ? 0 : form->id,
                            .area = reading.area_count > 0 ? reading.areas[0] : 0,
                            .conflicts = reading.conflict_count,
                            .form_known = form != NULL,
                            .withdrawn = reading.withdrawn,
                            .sealed = reading.sealed_scopes != 0};
    for (uint32_t i = 0; i < record->absorbed_count; i++) {
        if (i == 0 || record->absorbed[i].time_ms > out->changed_ms)
            out->changed_ms = record->absorbed[i].time_ms;
        out->met |= record->absorbed[i].dot.actor != record->absorbed[0].dot.actor;
    }
    newest_own(tablet, record, out);
    gist_make(&reading, &out->gist);
    buf_init(&text, LIMIT_VALUE_BYTES * 2);
    title_make(&reading, &text);
    rc = buf_check(&text, "a summary", err);
    out->title = arena_view(arena, utf8_cut_bytes(buf_view(&text), SUMMARY_TITLE_BYTES));
    buf_clear(&text);
    make_search(&reading, out->title, &text);
    out->search = arena_view(arena, utf8_cut_bytes(buf_view(&text), SUMMARY_SEARCH_BYTES));
    if (rc == RC_OK)
        rc = buf_check(&text, "a summary", err);
    crypt_buf_release(&text);
    return rc != RC_OK ? rc : arena_check(arena, "a summary", err);
}
