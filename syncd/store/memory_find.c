/* memory_find.c: lists, filtered, sorted and counted, by looking at every record; see memory.h. */
#include "syncd/store/memory.h"

#include "syncd/store/listed.h"

#include <stdlib.h>

static struct stored_listed *find_listed(const struct content *content, struct dot record) {
    const struct item_list *list = &content->lists[LIST_LISTED];

    for (size_t i = 0; i < list->count; i++) {
        struct stored_listed *item = list_at(list, i);

        if (dot_equal(item->record, record))
            return item;
    }
    return NULL;
}

static struct stored_review *find_review(const struct content *content, struct dot record) {
    const struct item_list *list = &content->lists[LIST_REVIEWS];

    for (size_t i = 0; i < list->count; i++) {
        struct stored_review *item = list_at(list, i);

        if (dot_equal(item->record, record))
            return item;
    }
    return NULL;
}

static enum rc put_listed(struct content *content, const struct stored_listed *from,
                          struct arena *bytes, struct err *err) {
    struct stored_listed *known = find_listed(content, from->record);
    struct stored_listed listed = *from;
    uint32_t *tails = arena_array(bytes, from->tail_count + 1u, sizeof(*tails));

    if (tails == NULL)
        return arena_check(bytes, "the store's memory", err);
    for (uint32_t i = 0; i < from->tail_count; i++)
        tails[i] = from->tails[i];
    listed.tails = tails;
    listed.names = arena_view(bytes, from->names);
    if (known == NULL)
        return list_add(&content->lists[LIST_LISTED], &listed, err);
    *known = listed;
    return RC_OK;
}

static enum rc put_review(struct content *content, struct stored_review review, struct err *err) {
    struct stored_review *known = find_review(content, review.record);
    bool stands = review.stands;

    review.at_ms = (int64_t)listed_time(review.at_ms);
    review.stands = false;
    if (content_record(content, review.record) == NULL)
        return RC_OK;
    if (known == NULL)
        return list_add(&content->lists[LIST_REVIEWS], &review, err);
    if (stands || review.at_ms > known->at_ms ||
        (review.at_ms == known->at_ms && review.state > known->state))
        *known = review;
    return RC_OK;
}

enum rc listed_put(struct content *content, const struct store_delta *delta, struct arena *bytes,
                   struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->listed_count && rc == RC_OK; i++)
        if (content_record(content, delta->listed[i].record) != NULL)
            rc = put_listed(content, &delta->listed[i], bytes, err);
    for (unsigned pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < delta->review_count && rc == RC_OK; i++)
            if (delta->reviews[i].stands == (pass == 0))
                rc = put_review(content, delta->reviews[i], err);
    return rc;
}

/* --- one record --- */

struct seen_listed {
    struct found_record found;
    const struct stored_listed *listed; /* may be NULL */
};

static void see(const struct content *content, const struct record_query *query,
                const struct stored_record *record, struct seen_listed *out) {
    const struct stored_review *review = find_review(content, record->id);

    *out = (struct seen_listed){.listed = find_listed(content, record->id)};
    out->found.record = *record;
    out->found.record.packed = view_of(NULL, 0);
    if (record->withdrawn)
        out->found.states |= RECORD_WITHDRAWN;
    if (record->sealed_scopes != 0)
        out->found.states |= RECORD_SEALED;
    for (size_t i = 0; i < content->lists[LIST_CONFLICTS].count; i++)
        if (dot_equal(
                ((struct stored_conflict *)list_at(&content->lists[LIST_CONFLICTS], i))->record,
                record->id))
            out->found.states |= RECORD_CONFLICT;
    for (size_t i = 0; i < content->lists[LIST_QUARANTINE].count; i++) {
        const struct stored_quarantine *item = list_at(&content->lists[LIST_QUARANTINE], i);

        if (item->settled == 0 && dot_equal(item->record, record->id))
            out->found.states |= RECORD_QUARANTINED;
    }
    if (review != NULL) {
        out->found.review = review->state;
        out->found.review_ms = review->at_ms;
    }
    if (out->listed != NULL) {
        out->found.created_by = out->listed->created_by;
        out->found.changed_by = out->listed->changed_by;
    }
    out->found.cursor.record = record->id;
    listed_key(query, record->area_count > 0 ? record->areas[0] : 0,
               listed_time(record->created_ms), listed_time(record->changed_ms),
               listed_code(record->title), out->found.cursor.key);
}

static bool lies_in(const struct stored_record *record, const uint64_t *areas, uint32_t count) {
    if (record->area_count == 0)
        return listed_in_areas(0, areas, count);
    for (uint32_t i = 0; i < record->area_count; i++)
        if (listed_in_areas(record->areas[i], areas, count))
            return true;
    return false;
}

static bool meets(const struct seen_listed *seen, const struct query_word *from) {
    struct listed_word word;
    uint16_t units[LISTED_UNITS_MAX];

    listed_word_init(&word, from);
    if (seen->listed != NULL) {
        if (listed_name_meets(&word, units, listed_units(seen->listed->names, units)))
            return true;
        for (uint32_t i = 0; i < seen->listed->tail_count && from->has_tail; i++)
            if (seen->listed->tails[i] == from->tail)
                return true;
    }
    return from->area_count > 0 && lies_in(&seen->found.record, from->areas, from->area_count);
}

static bool passes(const struct seen_listed *seen, const struct record_query *query) {
    const struct stored_record *record = &seen->found.record;
    uint64_t changed = listed_time(record->changed_ms);

    if (query->form_name.size > 0 && !view_equal(query->form_name, record->form_name))
        return false;
    if ((seen->found.states & query->with) != query->with ||
        (seen->found.states & query->without) != 0)
        return false;
    if (query->audiences != 0 &&
        (record->audience > AUDIENCE_LAST || (query->audiences & 1u << record->audience) == 0))
        return false;
    if (query->reviews != 0 && (query->reviews & 1u << seen->found.review) == 0)
        return false;
    if (changed < listed_time(query->changed_from_ms) ||
        (query->changed_to_ms != 0 && changed > listed_time(query->changed_to_ms)))
        return false;
    if (query->person != 0 && seen->found.created_by != query->person &&
        seen->found.changed_by != query->person)
        return false;
    if (query->area_count > 0 && !lies_in(record, query->areas, query->area_count))
        return false;
    for (uint32_t i = 0; i < query->word_count; i++)
        if (!meets(seen, &query->words[i]))
            return false;
    return true;
}

/* --- the verbs --- */

enum rc memory_find(struct store *store, const struct record_query *query, store_visit_found *visit,
                    void *context, uint64_t *total, struct err *err) {
    const struct content *content = content_of(store);
    const struct item_list *records = LIST(LIST_RECORDS);
    struct record_cursor last = {{0}, {0, 0}};
    const struct record_cursor *after = query->after;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < records->count; i++) {
        struct seen_listed seen;

        see(content, query, list_at(records, i), &seen);
        *total += passes(&seen, query);
    }
    for (uint32_t shown = 0; shown < query->most && rc == RC_OK; shown++) {
        struct seen_listed best = {.listed = NULL};
        bool any = false;

        for (size_t i = 0; i < records->count; i++) {
            struct seen_listed seen;

            see(content, query, list_at(records, i), &seen);
            if (!passes(&seen, query) ||
                (after != NULL && listed_compare(query, &seen.found.cursor, after) <= 0))
                continue;
            if (!any || listed_compare(query, &seen.found.cursor, &best.found.cursor) < 0)
                best = seen;
            any = true;
        }
        if (!any)
            break;
        last = best.found.cursor;
        after = &last;
        rc = visit(context, &best.found, err);
    }
    return rc;
}

static int tally_order(const void *left, const void *right) {
    const struct record_tally *a = left, *b = right;

    if (a->area != b->area)
        return a->area < b->area ? -1 : 1;
    return view_compare(a->form_name, b->form_name);
}

enum rc memory_tally(struct store *store, const struct record_query *query,
                     store_visit_tally *visit, void *context, struct err *err) {
    const struct content *content = content_of(store);
    const struct item_list *records = LIST(LIST_RECORDS);
    struct record_tally *tallies = calloc(records->count + 1, sizeof(*tallies));
    size_t count = 0;
    enum rc rc = tallies == NULL ? err_set(err, RC_NO_MEMORY, "store: out of memory") : RC_OK;

    for (size_t i = 0; i < records->count && rc == RC_OK; i++) {
        const struct stored_record *record = list_at(records, i);
        uint64_t area = record->area_count > 0 ? record->areas[0] : 0;
        int64_t changed = (int64_t)listed_time(record->changed_ms);
        struct seen_listed seen;
        size_t at = 0;

        see(content, query, record, &seen);
        if (!passes(&seen, query))
            continue;
        while (at < count &&
               (tallies[at].area != area || !view_equal(tallies[at].form_name, record->form_name)))
            at++;
        if (at == count)
            tallies[count++] = (struct record_tally){.area = area, .form_name = record->form_name};
        tallies[at].records++;
        tallies[at].conflicts += (seen.found.states & RECORD_CONFLICT) != 0;
        tallies[at].sealed += (seen.found.states & RECORD_SEALED) != 0;
        tallies[at].withdrawn += (seen.found.states & RECORD_WITHDRAWN) != 0;
        tallies[at].reviewed[seen.found.review]++;
        if (changed > tallies[at].changed_ms)
            tallies[at].changed_ms = changed;
    }
    if (count > 1)
        qsort(tallies, count, sizeof(*tallies), tally_order);
    for (size_t i = 0; i < count && rc == RC_OK; i++)
        rc = visit(context, &tallies[i], err);
    free(tallies);
    return rc;
}
