/* export.c: the way of an export: which versions of the form there are, record after record in
 * pages, and the command. See export.h.
 *
 * Records are read in pages, each written out before the next is read, so that a slow reader holds
 * neither memory nor the store. */
#include "syncd/desk/export_table.h"
#include "syncd/sync/examine.h"

#include <stdio.h>

#define PAGE_RECORDS 200u
#define FOUND_PAGE   1000u
#define OUT_BYTES    (64u * 1024u * 1024u)
#define FLUSH_BYTES  (128u * 1024u)
#define VERSIONS_MAX 1000u

static const struct format {
    const char *name;
    enum export_format format;
    const char *media;
} FORMATS[] = {
    {"csv", EXPORT_CSV, "text/csv; charset=utf-8"},
    {"zip", EXPORT_ZIP, "application/zip"},
    {"xlsx", EXPORT_XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"json", EXPORT_JSON, "application/json"},
    {"jsonl", EXPORT_JSONL, "application/jsonl"},
    {"geojson", EXPORT_GEOJSON, "application/geo+json"},
};
#define FORMAT_COUNT (sizeof(FORMATS) / sizeof(FORMATS[0]))

const enum export_format *export_format_named(const char *name) {
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (strcmp(FORMATS[i].name, name) == 0)
            return &FORMATS[i].format;
    return NULL;
}

const char *export_media_type(enum export_format format) {
    return FORMATS[format].media;
}

const char *export_ending(enum export_format format) {
    return FORMATS[format].name;
}

/* --- versions --- */

static enum rc version_visit(void *context, const struct stored_form *stored, struct err *err) {
    struct exporting *at = context;
    const struct form *form = NULL;
    enum rc rc;

    if (!view_equal(stored->name, at->order->form))
        return RC_OK;
    if (at->version_count == VERSIONS_MAX)
        return err_set(err, RC_LIMIT, "%.*s: more than %u versions", VIEW_PRINT(at->order->form),
                       VERSIONS_MAX);
    rc = ledger_form(at->seat->ledger, stored->form, &form, err);
    if (rc != RC_OK || form == NULL)
        return rc;
    memmove(at->versions + 1, at->versions, at->version_count * sizeof(*at->versions));
    at->versions[0] = form;
    at->version_count++;
    return RC_OK;
}

static enum rc find_versions(struct exporting *at, struct err *err) {
    enum rc rc;

    at->versions = arena_array(&at->seat->arena, VERSIONS_MAX, sizeof(*at->versions));
    if (at->versions == NULL)
        return arena_check(&at->seat->arena, "an export", err);
    rc = store_forms(at->seat->ledger->store, 0, version_visit, at, err);
    if (rc == RC_OK && at->version_count == 0)
        rc = err_set(err, RC_NOT_FOUND,
                     "--form %.*s: there is no such form; see: yg-syncd form list",
                     VIEW_PRINT(at->order->form));
    return rc;
}

/* --- one record --- */

static bool is_json(const struct exporting *at) {
    return at->order->format == EXPORT_JSON || at->order->format == EXPORT_JSONL;
}

static enum rc write_json(struct exporting *at, const struct seen_record *seen, struct err *err) {
    struct json *json = NULL;
    enum rc rc = seen_json(at->seat, seen, at->order->masked, &json, err);

    if (rc != RC_OK)
        return rc;
    if (at->order->format == EXPORT_JSON)
        buf_add_text(&at->out, at->records == 0 ? "[\n" : ",\n");
    json_print(json, false, &at->out);
    if (at->order->format == EXPORT_JSONL)
        buf_add_text(&at->out, "\n");
    json_free(json);
    return RC_OK;
}

static enum rc write_record(struct exporting *at, const struct stored_record *stored,
                            struct err *err) {
    struct seen_record seen = {.stored = *stored};
    struct ledger *ledger = at->seat->ledger;
    enum rc rc = ledger_read(ledger, stored, &at->arena, &seen.record, &seen.reading, err);

    if (rc == RC_OK)
        rc = examine_known(ledger->store, stored->id, &seen.reading, &at->arena, err);
    if (rc != RC_OK)
        return rc;
    if (at->order->format == EXPORT_GEOJSON)
        return export_features(at, &seen, err);
    rc = is_json(at) ? write_json(at, &seen, err) : export_lines(at, &seen, err);
    at->records++;
    return rc;
}

static enum rc flush(struct exporting *at, size_t least, struct err *err) {
    enum rc rc = buf_check(&at->out, "a page of the export", err);

    if (at->out.size < least || at->out.size == 0)
        return rc;
    if (rc == RC_OK)
        rc = at->order->write(at->order->context, buf_view(&at->out), err);
    buf_clear(&at->out);
    return rc;
}

/* --- pages --- */

struct page { /* ids, so that no walk is open while lines are written */
    struct dot ids[FOUND_PAGE];
    uint32_t count, most;
    struct record_cursor last;
};

static enum rc list_visit(void *context, const struct stored_record *stored, struct err *err) {
    struct page *page = context;

    (void)err;
    page->ids[page->count++] = stored->id;
    return page->count == page->most ? RC_NOT_FOUND : RC_OK;
}

static enum rc found_visit(void *context, const struct found_record *found, struct err *err) {
    struct page *page = context;

    page->last = found->cursor;
    return list_visit(page, &found->record, err);
}

static enum rc write_page(struct exporting *at, const struct page *page, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < page->count && rc == RC_OK; i++) {
        struct stored_record stored;

        arena_reset(&at->arena);
        rc = store_record(at->seat->ledger->store, page->ids[i], &at->arena, &stored, err);
        if (rc == RC_OK && view_equal(stored.form_name, at->order->form))
            rc = write_record(at, &stored, err);
        if (rc == RC_OK)
            rc = flush(at, FLUSH_BYTES, err);
    }
    if (at->order->progress != NULL)
        at->order->progress(at->order->context, at->records);
    return rc;
}

static enum rc write_listed(struct exporting *at, struct page *page, struct err *err) {
    struct dot after = {0, 0};
    enum rc rc;

    page->most = PAGE_RECORDS;
    do {
        page->count = 0;
        rc = store_list(at->seat->ledger->store, at->order->form, at->order->area, after,
                        list_visit, page, err);
        if (page->count > 0)
            after = page->ids[page->count - 1];
        if (rc == RC_OK)
            rc = write_page(at, page, err);
    } while (rc == RC_OK && page->count == page->most);
    return rc;
}

static enum rc write_found(struct exporting *at, struct page *page, struct err *err) {
    struct record_query query = *at->order->query;
    struct record_cursor after;
    uint64_t total = 0;
    enum rc rc;

    page->most = FOUND_PAGE;
    query.form_name = at->order->form;
    query.order = RECORDS_BY_CREATED; /* does not change while it is written */
    query.descending = false;
    query.after = NULL;
    query.most = FOUND_PAGE;
    do {
        page->count = 0;
        rc = store_find(at->seat->ledger->store, &query, found_visit, page, &total, err);
        after = page->last;
        query.after = &after;
        if (rc == RC_OK)
            rc = write_page(at, page, err);
    } while (rc == RC_OK && page->count == page->most);
    return rc;
}

static enum rc write_all(struct exporting *at, struct err *err) {
    struct page *page = calloc(1, sizeof(*page));
    bool tables = !is_json(at) && at->order->format != EXPORT_GEOJSON;
    enum rc rc = page == NULL ? err_set(err, RC_NO_MEMORY, "out of memory") : RC_OK;

    if (rc == RC_OK && tables)
        rc = export_heads(at, err);
    if (at->order->format == EXPORT_GEOJSON)
        buf_add_text(&at->out, "{\"type\":\"FeatureCollection\",\"features\":[\n");
    if (rc == RC_OK)
        rc = at->order->query == NULL ? write_listed(at, page, err) : write_found(at, page, err);
    if (at->order->format == EXPORT_JSON)
        buf_add_text(&at->out, at->records == 0 ? "[]\n" : "\n]\n");
    if (at->order->format == EXPORT_GEOJSON)
        buf_add_text(&at->out, "\n]}\n");
    if (rc == RC_OK)
        rc = tables ? export_pack(at, err) : flush(at, 0, err);
    free(page);
    return rc;
}

enum rc export_run(struct seat *seat, const struct export_order *order, uint64_t *records,
                   struct err *err) {
    struct exporting at = {.seat = seat, .order = order};
    bool tables = order->format <= EXPORT_XLSX;
    enum rc rc;

    *records = 0;
    arena_init(&at.arena, DESK_ARENA_BYTES);
    arena_keep(&at.arena, 1024u * 1024u);
    buf_init(&at.text, LIMIT_VALUE_BYTES * 8u);
    buf_init(&at.conflicts, LIMIT_PATH_BYTES * 1024u);
    buf_init(&at.out, OUT_BYTES);
    rc = find_versions(&at, err);
    if (rc == RC_OK && tables)
        rc = export_tables(&at, err);
    if (rc == RC_OK && tables)
        rc = export_open(&at, err);
    if (rc == RC_OK)
        rc = write_all(&at, err);
    *records = at.records;
    export_close(&at);
    buf_release(&at.out);
    buf_release(&at.conflicts);
    buf_release(&at.text);
    arena_release(&at.arena);
    return rc;
}

/* --- the command --- */

static enum rc command_write(void *context, struct view bytes, struct err *err) {
    return command_print(context, bytes, err);
}

static void command_tell(void *context, uint64_t records) {
    command_progress(context, "%llu records", (unsigned long long)records);
}

struct export_act {
    const char *who, *action, *object, *reason;
};

static enum rc export_act(void *context, struct work *work, struct err *err) {
    const struct export_act *act = context;

    return work_act(work, act->who, act->action, act->object, view_text(act->reason), err);
}

static enum rc read_format(const struct command *command, struct export_order *order,
                           struct err *err) {
    const char *format = command_option(command, "--format");
    const enum export_format *named = format == NULL ? NULL : export_format_named(format);
    bool csv = command_option(command, "--csv") != NULL;

    if (csv + command->json + (format != NULL) != 1)
        return err_set(err, RC_USAGE,
                       "say --csv, --json or --format csv, zip, xlsx, json, jsonl or geojson");
    if (format != NULL && named == NULL)
        return err_set(err, RC_USAGE, "--format %s: say csv, zip, xlsx, json, jsonl or geojson",
                       format);
    order->format = named != NULL ? *named : csv ? EXPORT_CSV : EXPORT_JSON;
    order->repeat = command_option(command, "--repeat");
    if (order->repeat != NULL && order->format != EXPORT_CSV)
        return err_set(err, RC_USAGE,
                       "--repeat belongs to CSV; all other formats hold the repeats already");
    return RC_OK;
}

enum rc desk_export(void *context, struct command *command, struct err *err) {
    const char *form = command_option(command, "--form");
    const char *area = command_option(command, "--area");
    const char *reason = command_option(command, "--reason");
    struct export_order order = {.lang = command->lang,
                                 .context = command,
                                 .write = command_write,
                                 .progress = command_tell};
    char object[LIMIT_NAME_BYTES + 100];
    struct export_act act = {"command line", "export", object, reason == NULL ? "" : reason};
    uint64_t records = 0;
    struct seat seat;
    enum rc rc;

    if (form == NULL || strlen(form) > LIMIT_NAME_BYTES)
        return err_set(err, RC_USAGE, "--form F is missing; see: yg-syncd form list");
    rc = read_format(command, &order, err);
    if (rc != RC_OK)
        return rc;
    order.form = view_text(form);
    snprintf(object, sizeof(object), "%s", form);
    rc = seat_open(context, command, &seat, err);
    if (rc == RC_OK && area != NULL)
        rc = seat_area(&seat, area, &order.area, err);
    if (rc == RC_OK)
        rc = seat_mask(&seat, command, form, &order.masked, err);
    if (rc == RC_OK)
        rc = office_act(seat.office, export_act, &act, err);
    if (rc == RC_OK)
        rc = export_run(&seat, &order, &records, err);
    command_progress(command, "%s", "");
    if (rc == RC_OK) {
        snprintf(object, sizeof(object), "%s: %llu, %s", form, (unsigned long long)records,
                 export_ending(order.format));
        act.action = "exported";
        rc = office_act(seat.office, export_act, &act, err);
    }
    seat_close(&seat);
    return rc;
}
