/* api_list.c: many records at once: home, lists and search. */
#include "agent/face/api_inside.h"

#include "agent/face/show.h"
#include "agent/store/drafts.h"

#define HOME_ITEMS 20u
#define TEXT_BYTES 4096u

static struct json *add_listed(struct json *list, const struct visit *visit,
                               const struct listed *listed) {
    struct json *item = listed_json(list, listed);
    struct view name = succession_name(tablet_areas(visit->tablet), listed->area);

    if (name.size > 0)
        json_add_view(item, "area_name", name);
    return item;
}

/* Two edits may break a rule of the form together; that shows only in the record itself. */
static enum rc has_questions(struct visit *visit, struct listed *listed, struct err *err) {
    struct arena arena;
    struct seen seen;
    enum rc rc = RC_OK;

    if (listed->conflicts > 0)
        return RC_OK;
    arena_init(&arena, FACE_ARENA_BYTES);
    rc = session_see(visit->session, listed->id, &arena, &seen, err);
    if (rc == RC_OK)
        listed->conflicts = seen.reading.conflict_count;
    arena_release(&arena);
    return rc;
}

static enum rc add_questions(struct visit *visit, struct list_query query, struct json *list,
                             uint32_t *total, struct err *err) {
    uint32_t offset = query.offset, limit = query.limit, count;
    struct listed *listed;
    enum rc rc;

    query.offset = query.limit = 0;
    rc = session_list(visit->session, &query, &visit->arena, &listed, &count, total, err);
    *total = 0;
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        rc = has_questions(visit, &listed[i], err);
        if (rc != RC_OK || listed[i].conflicts == 0)
            continue;
        if (*total >= offset && *total - offset < limit)
            (void)add_listed(list, visit, &listed[i]);
        ++*total;
    }
    return rc;
}

static enum rc add_list(struct visit *visit, const struct list_query *query, struct json *list,
                        uint32_t *total, struct err *err) {
    struct listed *listed;
    uint32_t count = 0;
    enum rc rc;

    if (query->questions_only)
        return add_questions(visit, *query, list, total, err);
    rc = session_list(visit->session, query, &visit->arena, &listed, &count, total, err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        (void)add_listed(list, visit, &listed[i]);
    return rc;
}

/* ---- lists ---- */

static enum rc is_set(const struct web_call *call, const char *key, bool *out, struct err *err) {
    const struct json *item = json_get(call->body, key);
    struct buf text;
    enum rc rc = RC_OK;

    *out = false;
    if (json_bool(item, out))
        return RC_OK;
    buf_init(&text, 64);
    if (call->body == NULL)
        rc = web_filter(call, key, &text, err);
    *out = view_is(buf_view(&text), "1") || view_is(buf_view(&text), "true");
    buf_release(&text);
    return rc;
}

struct filters {
    struct buf form, area, search;
};

static enum rc read_query(const struct web_call *call, struct filters *filters,
                          struct list_query *query, struct err *err) {
    uint64_t offset = 0, limit = 0;
    enum rc rc = web_filter(call, "form", &filters->form, err);

    if (rc == RC_OK)
        rc = web_filter(call, "area", &filters->area, err);
    /* Words of names are sent by POST: addresses stay in histories. */
    if (rc == RC_OK && call->body != NULL)
        rc = web_filter(call, "words", &filters->search, err);
    if (rc == RC_OK)
        rc = web_number(call, "offset", UINT32_MAX, 0, &offset, err);
    if (rc == RC_OK)
        rc = web_number(call, "limit", WEB_ITEMS_MAX, 50, &limit, err);
    if (rc == RC_OK)
        rc = is_set(call, "conflicts", &query->questions_only, err);
    if (rc == RC_OK)
        rc = is_set(call, "pending", &query->pending_only, err);
    if (rc == RC_OK)
        rc = is_set(call, "withdrawn", &query->withdrawn_too, err);
    if (rc == RC_OK && filters->area.size > 0)
        rc = area_parse(buf_view(&filters->area), &query->area, err);
    query->form_name = buf_view(&filters->form);
    query->no_sayings = filters->form.size == 0;
    query->search = buf_view(&filters->search);
    query->offset = (uint32_t)offset;
    query->limit = limit == 0 ? 1 : (uint32_t)limit;
    return rc;
}

static enum rc reply_list(struct web_call *call, const struct list_query *query, struct err *err) {
    struct json *document = json_object(), *list = json_add_array(document, "records");
    struct visit visit;
    uint32_t total = 0;
    enum rc rc = web_visit(call, &visit, err);

    if (rc == RC_OK)
        rc = add_list(&visit, query, list, &total, err);
    if (rc == RC_OK) {
        json_add_int(document, "total", total);
        rc = web_reply(call, document, err);
        document = NULL;
    }
    json_free(document);
    visit_close(&visit);
    return rc;
}

enum rc web_records(struct web_call *call, struct err *err) {
    struct list_query query = {0};
    struct filters filters;
    enum rc rc;

    buf_init(&filters.form, TEXT_BYTES);
    buf_init(&filters.area, TEXT_BYTES);
    buf_init(&filters.search, TEXT_BYTES);
    rc = read_query(call, &filters, &query, err);
    if (rc == RC_OK)
        rc = reply_list(call, &query, err);
    buf_release(&filters.form);
    buf_release(&filters.area);
    buf_release(&filters.search);
    return rc;
}

/* ---- home ---- */

static enum rc add_waiting(struct visit *visit, struct json *document, struct err *err) {
    struct json *quarantined = json_add_array(document, "quarantined");
    struct json *returned = json_add_array(document, "returned");
    struct tablet_quarantined *waiting;
    uint32_t count = 0;
    enum rc rc = tablet_quarantine(visit->tablet, &visit->arena, &waiting, &count, err);

    for (uint32_t i = 0; i < count && i < WEB_ITEMS_MAX && rc == RC_OK; i++)
        quarantined_json(waiting[i].returned ? returned : quarantined, &waiting[i]);
    return rc;
}

static enum rc count_of(struct visit *visit, struct list_query query, struct json *counts,
                        const char *key, struct err *err) {
    struct listed *listed;
    uint32_t count, total = 0;
    enum rc rc;

    query.limit = 1;
    rc = session_list(visit->session, &query, &visit->arena, &listed, &count, &total, err);
    json_add_int(counts, key, total);
    return rc;
}

static enum rc add_home(const struct web_call *call, struct visit *visit, struct json *document,
                        struct err *err) {
    const struct list_query all = {.no_sayings = true, .limit = HOME_ITEMS};
    const struct list_query conflicts = {.questions_only = true, .limit = WEB_ITEMS_MAX};
    struct json *drafts = json_add_array(document, "drafts"), *counts;
    uint32_t records = 0, open = 0;
    enum rc rc = web_add_drafts(call, visit, drafts, err);

    if (rc == RC_OK)
        rc = add_list(visit, &conflicts, json_add_array(document, "conflicts"), &open, err);
    if (rc == RC_OK)
        rc = web_add_today(visit, document, err);
    if (rc == RC_OK)
        rc = add_waiting(visit, document, err);
    if (rc == RC_OK)
        rc = add_list(visit, &all, json_add_array(document, "recent"), &records, err);
    counts = json_add_object(document, "counts");
    json_add_int(counts, "records", records);
    json_add_int(counts, "conflicts", open);
    json_add_int(counts, "drafts", (int64_t)json_count(drafts));
    if (rc == RC_OK)
        rc = count_of(visit, (struct list_query){.pending_only = true}, counts, "pending", err);
    return rc;
}

enum rc web_home(struct web_call *call, struct err *err) {
    struct json *document = json_object();
    struct visit visit;
    enum rc rc = web_visit(call, &visit, err);

    if (rc == RC_OK)
        rc = add_home(call, &visit, document, err);
    if (rc == RC_OK) {
        rc = web_reply(call, document, err);
        document = NULL;
    }
    json_free(document);
    visit_close(&visit);
    return rc;
}
