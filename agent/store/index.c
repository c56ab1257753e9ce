/* index.c: what lists and search read, in memory, for one session.
 *
 * Each record has a sealed summary row that was made when its view last changed, so that unlocking
 * opens 10,000 small rows instead of merging 10,000 records. Entries stand in an array; a table of
 * slots with linear probing finds them by dot. Removal moves the last entry into the hole. */
#include "agent/store/inside.h"

#include "base/list.h"
#include "base/text.h"

#include <stdlib.h>

#define SUMMARY_VERSION 2u
#define INDEX_MAX       1000000u

void summary_encode(const struct summary *summary, struct buf *out) {
    buf_add_u8(out, SUMMARY_VERSION);
    buf_add_id(out, summary->form);
    buf_add_varint(out, summary->area);
    buf_add_zigzag(out, summary->changed_ms);
    buf_add_varint(out, summary->conflicts);
    buf_add_u8(out, (uint8_t)((summary->form_known ? 1 : 0) | (summary->withdrawn ? 2 : 0) |
                              (summary->sealed ? 4 : 0) | (summary->met ? 8 : 0)));
    buf_add_varint(out, summary->own_serial);
    buf_add_varint(out, summary->own_number);
    buf_add_sized(out, summary->title);
    buf_add_sized(out, summary->search);
    gist_encode(&summary->gist, out);
}

enum rc summary_decode(struct view bytes, struct dot id, struct summary *out, struct err *err) {
    struct reader in;
    uint8_t version, flags;

    reader_init(&in, bytes);
    version = read_u8(&in);
    if (version == 0 || version > SUMMARY_VERSION)
        return err_set(err, RC_UNSUPPORTED,
                       "a summary was written by a newer program; update yg-agent");
    out->id = id;
    out->form = read_id(&in);
    out->area = read_varint(&in);
    out->changed_ms = read_zigzag(&in);
    out->conflicts = (uint32_t)read_varint_max(&in, UINT32_MAX);
    flags = read_u8(&in);
    out->form_known = (flags & 1) != 0;
    out->withdrawn = (flags & 2) != 0;
    out->sealed = (flags & 4) != 0;
    out->met = (flags & 8) != 0;
    out->own_serial = (uint32_t)read_varint_max(&in, UINT32_MAX);
    out->own_number = read_varint(&in);
    out->title = read_sized(&in);
    out->search = read_sized(&in);
    /* Version 1 had none: such a record is found by its name only, until its next change. */
    out->gist = version == 1 ? (struct gist){.kind = GIST_NONE} : gist_decode(&in);
    return reader_check(&in, "a summary", err);
}

/* ---- the table of slots ---- */

static size_t slot_at(const struct index *index, struct dot id) {
    uint64_t mixed = (id.actor ^ (id.number * 0x9e3779b97f4a7c15u)) * 0xff51afd7ed558ccdu;

    return (size_t)(mixed >> 20) & (index->slot_count - 1);
}

/* The slot of this dot, or the free one where it would go. */
static size_t slot_find(const struct index *index, struct dot id) {
    size_t at = slot_at(index, id);

    while (index->slots[at] != 0 && !dot_equal(index->entries[index->slots[at] - 1].summary.id, id))
        at = (at + 1) & (index->slot_count - 1);
    return at;
}

static enum rc slots_rebuild(struct index *index, size_t count, struct err *err) {
    uint32_t *slots = calloc(count, sizeof(*slots));

    if (slots == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory for the list of records");
    free(index->slots);
    index->slots = slots;
    index->slot_count = count;
    for (size_t i = 0; i < index->count; i++)
        slots[slot_find(index, index->entries[i].summary.id)] = (uint32_t)i + 1;
    return RC_OK;
}

static void texts_free(struct index_entry *entry) {
    if (entry->texts != NULL)
        crypt_wipe(entry->texts, entry->texts_bytes);
    free(entry->texts);
    entry->texts = NULL;
}

static enum rc texts_copy(struct index_entry *entry, const struct summary *summary,
                          struct err *err) {
    size_t bytes = summary->title.size + summary->search.size;
    uint8_t *texts = malloc(bytes == 0 ? 1 : bytes);

    if (texts == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory for the list of records");
    if (summary->title.size > 0)
        memcpy(texts, summary->title.data, summary->title.size);
    if (summary->search.size > 0)
        memcpy(texts + summary->title.size, summary->search.data, summary->search.size);
    texts_free(entry);
    entry->summary = *summary;
    entry->texts = texts;
    entry->texts_bytes = bytes;
    entry->summary.title = view_of(texts, summary->title.size);
    entry->summary.search = view_of(texts + summary->title.size, summary->search.size);
    return RC_OK;
}

enum rc index_put(struct index *index, const struct summary *summary, struct err *err) {
    size_t at;
    enum rc rc = RC_OK;

    if ((index->count + 1) * 2 > index->slot_count)
        rc = slots_rebuild(index, index->slot_count == 0 ? 64 : index->slot_count * 2, err);
    if (rc != RC_OK)
        return rc;
    at = slot_find(index, summary->id);
    if (index->slots[at] != 0)
        return texts_copy(&index->entries[index->slots[at] - 1], summary, err);
    rc = array_grow(&index->entries, sizeof(*index->entries), index->count + 1, INDEX_MAX,
                    "records", &index->capacity, err);
    if (rc != RC_OK)
        return rc;
    index->entries[index->count] = (struct index_entry){.texts = NULL};
    rc = texts_copy(&index->entries[index->count], summary, err);
    if (rc == RC_OK)
        index->slots[at] = (uint32_t)++index->count;
    return rc;
}

const struct index_entry *index_get(const struct index *index, struct dot id) {
    size_t at;

    if (index->slot_count == 0)
        return NULL;
    at = slot_find(index, id);
    return index->slots[at] == 0 ? NULL : &index->entries[index->slots[at] - 1];
}

void index_remove(struct index *index, struct dot id) {
    size_t at, next;
    uint32_t entry;

    if (index->slot_count == 0)
        return;
    at = slot_find(index, id);
    entry = index->slots[at];
    if (entry == 0)
        return;
    index->slots[at] = 0;
    /* Those behind the hole may have been pushed past it: they are put in anew. */
    for (next = (at + 1) & (index->slot_count - 1); index->slots[next] != 0;
         next = (next + 1) & (index->slot_count - 1)) {
        uint32_t moved = index->slots[next];

        index->slots[next] = 0;
        index->slots[slot_find(index, index->entries[moved - 1].summary.id)] = moved;
    }
    texts_free(&index->entries[entry - 1]);
    if (entry != index->count) {
        at = slot_find(index, index->entries[index->count - 1].summary.id);
        index->entries[entry - 1] = index->entries[index->count - 1];
        index->slots[at] = entry;
    }
    index->count--;
}

void index_release(struct index *index) {
    for (size_t i = 0; i < index->count; i++)
        texts_free(&index->entries[i]);
    free(index->entries);
    free(index->slots);
    *index = (struct index){.entries = NULL};
}

/* ---- filling ---- */

static enum rc put_sealed(struct session *session, uint64_t record, uint64_t generation,
                          struct dot id, const struct open_key *key, struct view sealed,
                          struct err *err) {
    struct buf *plain = &session->tablet->plain;
    struct summary summary;
    enum rc rc;

    buf_clear(plain);
    rc = row_unlock(key, "summary", record, generation, sealed, plain, err);
    if (rc == RC_OK)
        rc = summary_decode(buf_view(plain), id, &summary, err);
    if (rc == RC_OK)
        summary.area = succession_of(&session->tablet->areas, summary.area);
    if (rc == RC_OK)
        rc = index_put(&session->index, &summary, err);
    return rc;
}

enum rc index_load(struct session *session, struct err *err) {
    struct tablet *tablet = session->tablet;
    struct statement *list = tablet->sql[SQL_SUMMARY_LIST];
    enum rc rc;

    while ((rc = statement_step(list, err)) == RC_OK) {
        const struct open_key *key =
            area_key_open(tablet, session, (uint64_t)statement_i64(list, 1));
        const struct dot id = {(uint64_t)statement_i64(list, 4), (uint64_t)statement_i64(list, 5)};

        if (key == NULL)
            continue;
        rc = put_sealed(session, (uint64_t)statement_i64(list, 0), (uint64_t)statement_i64(list, 2),
                        id, key, statement_blob(list, 3), err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(list);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc index_fresh(struct session *session, struct err *err) {
    enum rc rc = tablet_regain(session->tablet, err);

    if (rc != RC_OK || !session->index_stale)
        return rc;
    index_release(&session->index);
    rc = index_load(session, err);
    if (rc == RC_OK)
        session->index_stale = false;
    return rc;
}

/* A record whose summary is gone under one key may still stand under another that this session
 * holds: then that one counts. */
static enum rc renew_gone(struct session *session, const struct touched *touched, struct err *err) {
    struct tablet *tablet = session->tablet;
    struct statement *keys = tablet->sql[SQL_SUMMARY_KEYS];
    bool elsewhere = false;
    enum rc rc;

    statement_bind_i64(keys, 1, (int64_t)touched->record);
    while ((rc = statement_step(keys, err)) == RC_OK) {
        if (area_key_open(tablet, session, (uint64_t)statement_i64(keys, 0)) != NULL)
            elsewhere = true;
    }
    statement_reset(keys);
    if (rc != RC_NOT_FOUND)
        return rc;
    if (!elsewhere)
        index_remove(&session->index, touched->id);
    return RC_OK;
}

enum rc index_renew(struct tablet *tablet, struct err *err) {
    struct session *session;
    enum rc rc = RC_OK;

    for (session = tablet->sessions; session != NULL; session = session->next) {
        if (session->index_stale) /* it is read anew before it is asked */
            continue;
        for (size_t i = 0; i < tablet->touched_count && rc == RC_OK; i++) {
            const struct touched *touched = &tablet->touched[i];
            struct summary summary;

            if (area_key_open(tablet, session, touched->key) == NULL)
                continue;
            if (touched->plain.size == 0) {
                rc = renew_gone(session, touched, err);
                continue;
            }
            rc = summary_decode(touched->plain, touched->id, &summary, err);
            if (rc == RC_OK)
                rc = index_put(&session->index, &summary, err);
        }
    }
    return rc;
}
