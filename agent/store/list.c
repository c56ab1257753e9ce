/* list.c: lists and search over a session's index, and opening one record. */
#include "agent/store/inside.h"

#include "base/text.h"

#include <stdlib.h>

#define WORDS_MAX 8u

/* ---- matching ---- */

struct words {
    size_t count;
    struct view words[WORDS_MAX];
    char text[SUMMARY_SEARCH_BYTES + 1];
};

/* Lower case, full-width folded, cut at spaces; more than WORDS_MAX words are ignored. */
static void words_make(struct view search, struct words *out) {
    size_t size = search.size < SUMMARY_SEARCH_BYTES ? search.size : SUMMARY_SEARCH_BYTES;
    size_t start = 0;

    out->count = 0;
    size = size == 0 ? 0 : text_fold_width(view_of(search.data, size), out->text);
    out->text[size] = '\0';
    text_to_lower(out->text);
    for (size_t i = 0; i <= size; i++) {
        if (i < size && out->text[i] != ' ')
            continue;
        if (i > start && out->count < WORDS_MAX)
            out->words[out->count++] = view_of(out->text + start, i - start);
        start = i + 1;
    }
}

static bool words_match(const struct words *words, struct view text) {
    for (size_t i = 0; i < words->count; i++) {
        if (text.size == 0 ||
            memmem(text.data, text.size, words->words[i].data, words->words[i].size) == NULL)
            return false;
    }
    return true;
}

static bool is_pending(const struct tablet *tablet, const struct summary *summary) {
    const struct own_actor *actor =
        summary->own_serial == 0 ? NULL : tablet_actor(tablet, summary->own_serial - 1);

    return actor != NULL && summary->own_number > actor->receipt;
}

static bool matches(const struct tablet *tablet, const struct list_query *query,
                    const struct words *words, const struct summary *summary) {
    const struct form *form;

    if (summary->withdrawn && !query->withdrawn_too)
        return false;
    if (query->questions_only && summary->conflicts == 0 &&
        !(summary->met && tablet_form_has_rules(tablet, summary->form)))
        return false;
    if (query->area != 0 &&
        !area_contains(succession_of(&tablet->areas, query->area), summary->area))
        return false;
    if (query->no_sayings && (summary->gist.kind == GIST_TASK || summary->gist.kind == GIST_NOTE))
        return false;
    if (query->about.number != 0 && !dot_equal(summary->gist.about, query->about))
        return false;
    if (query->pending_only && !is_pending(tablet, summary))
        return false;
    if (query->form_name.size > 0) {
        form = tablet_form(tablet, summary->form);
        if (form == NULL || !view_equal(form->name, query->form_name))
            return false;
    }
    return words_match(words, summary->search);
}

static int newest_first(const void *left, const void *right) {
    const struct summary *a = *(const struct summary *const *)left;
    const struct summary *b = *(const struct summary *const *)right;

    if (a->changed_ms != b->changed_ms)
        return a->changed_ms > b->changed_ms ? -1 : 1;
    return dot_compare(a->id, b->id);
}

enum rc session_list(struct session *session, const struct list_query *query, struct arena *arena,
                     struct listed **out, uint32_t *count, uint32_t *total, struct err *err) {
    const struct tablet *tablet = session->tablet;
    const struct index *index = &session->index;
    const struct summary **found;
    struct words words;
    struct listed *listed;
    uint32_t matched = 0, shown;

    if (index_fresh(session, err) != RC_OK)
        return err->rc;
    found = calloc(index->count == 0 ? 1 : index->count, sizeof(const struct summary *));
    if (found == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory for the list of records");
    words_make(query->search, &words);
    for (size_t i = 0; i < index->count; i++) {
        if (matches(tablet, query, &words, &index->entries[i].summary))
            found[matched++] = &index->entries[i].summary;
    }
    if (matched > 0)
        qsort(found, matched, sizeof(const struct summary *), newest_first);
    shown = query->offset >= matched ? 0 : matched - query->offset;
    if (query->limit != 0 && shown > query->limit)
        shown = query->limit;
    listed = arena_array(arena, shown, sizeof(*listed));
    for (uint32_t i = 0; i < shown && listed != NULL; i++) {
        const struct summary *summary = found[query->offset + i];
        const struct form *form = tablet_form(tablet, summary->form);

        listed[i] = (struct listed){.id = summary->id,
                                    .form = summary->form,
                                    .form_name = form == NULL ? (struct view){0} : form->name,
                                    .area = summary->area,
                                    .title = arena_view(arena, summary->title),
                                    .changed_ms = summary->changed_ms,
                                    .conflicts = summary->conflicts,
                                    .pending = is_pending(tablet, summary),
                                    .withdrawn = summary->withdrawn,
                                    .sealed = summary->sealed,
                                    .gist = summary->gist};
    }
    free(found);
    *out = listed;
    *count = shown;
    *total = matched;
    return arena_check(arena, "the list of records", err);
}

/* ---- one record ---- */

static enum rc no_record(struct dot id, struct err *err) {
    char text[DOT_TEXT_BYTES];

    dot_text(id, text);
    return err_set(err, RC_NOT_FOUND, "record %s: not on this tablet, or not in your areas", text);
}

enum rc session_record(struct session *session, struct dot id, struct arena *arena,
                       struct record *out, struct err *err) {
    uint64_t record;
    enum rc rc = index_fresh(session, err);

    if (rc != RC_OK)
        return rc;
    if (index_get(&session->index, id) == NULL)
        return no_record(id, err);
    rc = record_number(session->tablet, id, false, &record, err);
    if (rc == RC_OK)
        rc = view_build(session->tablet, session, record, id, arena, out, err);
    return rc == RC_NOT_FOUND ? no_record(id, err) : rc;
}

enum rc session_see(struct session *session, struct dot id, struct arena *arena, struct seen *out,
                    struct err *err) {
    const struct index_entry *entry;
    enum rc rc;

    memset(out, 0, sizeof(*out));
    rc = session_record(session, id, arena, &out->record, err);
    if (rc != RC_OK)
        return rc;
    entry = index_get(&session->index, id);
    out->form = reading_governing_form(&out->record, tablet_form_lookup, session->tablet);
    rc = reading_make(&out->record, out->form, arena, &out->reading, err);
    if (rc != RC_OK)
        return rc;
    reading_succeed(&session->tablet->areas, &out->reading, arena);
    rc = tablet_examine(session->tablet, &out->reading, arena, err);
    if (rc != RC_OK)
        return rc;
    out->area = out->reading.area_count > 0 ? out->reading.areas[0] : 0;
    out->position = out->record.absorbed_count;
    out->pending = entry != NULL && is_pending(session->tablet, &entry->summary);
    return arena_check(arena, "reading of a record", err);
}
