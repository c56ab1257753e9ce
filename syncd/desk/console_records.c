/* console_records.c: lists of records for the pages: filtered, sorted, searched, counted, exported.
 *
 * The text of a search stands in the body of a POST, never in an address. A cursor holds what the
 * last record was sorted by, maybe a name: it is locked with the county's index key. */
#include "base/crypt.h"
#include "base/date.h"
#include "base/file.h"
#include "base/spool.h"
#include "base/text.h"
#include "schema/task.h"
#include "syncd/desk/console.h"
#include "syncd/desk/export.h"
#include "syncd/desk/record_words.h"
#include "syncd/sync/listed.h"

#include <stdio.h>

#define CURSOR_BYTES 40u
#define CURSOR_TEXT  (2u * (CURSOR_BYTES + CRYPT_LOCK_EXTRA_BYTES))
#define LIST_DEFAULT 50u
#define TEXT_BYTES   512u
#define CURSOR_NAME  "yg list"

/* ---- what is asked for ---- */

struct asked {
    struct record_query query;
    struct record_cursor after;
    struct query_word words[QUERY_WORDS_MAX];
    uint64_t area;
};

static const struct choice REVIEWS[] = {
    {"none", 0},         {"return", NOTE_RETURN}, {"approve", NOTE_APPROVE},
    {"mark", NOTE_MARK}, {"reopen", NOTE_REOPEN}, {NULL, 0}};

/* A parameter as a text in the arena; empty when it is missing. */
static enum rc filter(struct console_call *call, const char *key, struct view *out,
                      struct err *err) {
    struct buf text;
    enum rc rc;

    buf_init(&text, TEXT_BYTES);
    rc = console_filter(call, key, &text, err);
    if (rc == RC_OK)
        rc = buf_check(&text, key, err);
    *out = arena_view(&call->seat.arena, buf_view(&text));
    buf_release(&text);
    return rc == RC_OK ? arena_check(&call->seat.arena, "a list", err) : rc;
}

/* Words with commas between; bit: a bit for each value, else the values are bits. */
static enum rc choices(struct console_call *call, const char *key, const struct choice *known,
                       bool bit, uint8_t *out, struct err *err) {
    struct view text = {0};
    enum rc rc = filter(call, key, &text, err);

    for (size_t start = 0; rc == RC_OK && start < text.size;) {
        const struct choice *choice;
        size_t end = start;

        while (end < text.size && text.data[end] != ',')
            end++;
        choice = choice_find(known, view_slice(text, start, end - start));
        if (choice == NULL)
            return err_set(err, RC_INVALID, "%s: no such word; docs/console.md lists them", key);
        *out |= (uint8_t)(bit ? 1u << choice->value : choice->value);
        start = end + 1;
    }
    return rc;
}

static enum rc order(struct console_call *call, struct record_query *query, struct err *err) {
    struct view text = {0}, way = {0};
    const struct choice *choice = record_orders;
    enum rc rc = filter(call, "order", &text, err);

    if (rc == RC_OK)
        rc = filter(call, "descending", &way, err);
    if (rc != RC_OK)
        return rc;
    if (text.size > 0)
        choice = choice_find(record_orders, text);
    if (choice == NULL)
        return err_set(err, RC_INVALID, "%s: no such word; docs/console.md lists them", "order");
    query->order = (enum record_order)choice->value;
    query->descending = way.size > 0 ? view_is(way, "1") : choice->value <= RECORDS_BY_CREATED;
    return RC_OK;
}

static enum rc person(struct console_call *call, struct record_query *query, struct err *err) {
    struct view text = {0};
    enum rc rc = filter(call, "person", &text, err);

    return rc == RC_OK && text.size > 0 ? id_parse(text, &query->person, err) : rc;
}

/* A day in China: its first moment, or the first of the next. */
static enum rc day(struct console_call *call, const char *key, int64_t *out, bool end,
                   struct err *err) {
    struct view text = {0};
    struct date date;
    enum rc rc = filter(call, key, &text, err);

    if (rc != RC_OK || text.size == 0)
        return rc;
    if (!date_parse(text, &date))
        return err_set(err, RC_INVALID, "%s: a day like 2026-11-23", key);
    *out = ((int64_t)date_to_days(date) + (end ? 1 : 0)) * 86400000 - 8 * 3600000 - (end ? 1 : 0);
    return RC_OK;
}

/* ---- cursors ---- */

static enum rc cursor_write(struct console_call *call, const struct record_cursor *cursor,
                            struct json *parent, struct err *err) {
    const struct office *office = call->seat.office;
    struct buf plain, locked;
    char text[CURSOR_TEXT + 1];
    enum rc rc;

    buf_init(&plain, CURSOR_BYTES);
    buf_init(&locked, CURSOR_TEXT);
    for (int i = 0; i < 3; i++)
        buf_add_le64(&plain, cursor->key[i]);
    buf_add_le64(&plain, cursor->record.actor);
    buf_add_le64(&plain, cursor->record.number);
    rc = buf_check(&plain, "a list", err);
    if (rc == RC_OK)
        rc = crypt_lock(office->env, office->keys->index_key, buf_view(&plain),
                        view_text(CURSOR_NAME), &locked, err);
    if (rc == RC_OK) {
        hex_encode(buf_view(&locked), text);
        json_add_text(parent, "next", text);
    }
    buf_release(&plain);
    buf_release(&locked);
    return rc;
}

static enum rc cursor_read(struct console_call *call, struct asked *asked, struct err *err) {
    uint8_t bytes[CURSOR_TEXT / 2];
    struct view text = {0};
    struct reader reader;
    struct buf plain;
    enum rc rc = filter(call, "after", &text, err);

    if (rc != RC_OK || text.size == 0)
        return rc;
    buf_init(&plain, CURSOR_BYTES);
    if (text.size != CURSOR_TEXT || !hex_decode(text, bytes, sizeof(bytes)) ||
        crypt_unlock(call->seat.office->keys->index_key, view_of(bytes, sizeof(bytes)),
                     view_text(CURSOR_NAME), &plain, err) != RC_OK ||
        plain.size != CURSOR_BYTES) {
        buf_release(&plain);
        return err_set(err, RC_INVALID, "%s: this is no cursor of a list", "after");
    }
    reader_init(&reader, buf_view(&plain));
    for (int i = 0; i < 3; i++)
        asked->after.key[i] = read_le64(&reader);
    asked->after.record.actor = read_le64(&reader);
    asked->after.record.number = read_le64(&reader);
    asked->query.after = &asked->after;
    buf_release(&plain);
    return RC_OK;
}

static enum rc read_asked(struct console_call *call, struct asked *asked, struct err *err) {
    struct record_query *query = &asked->query;
    struct view text = {0};
    uint64_t most = LIST_DEFAULT;
    enum rc rc = console_need_area(call, &asked->area, err);

    query->words = asked->words;
    query->areas = asked->area == 0 ? call->areas : &asked->area;
    query->area_count = asked->area == 0 ? call->area_count : 1;
    if (query->area_count == 0)
        return err_set(err, RC_DENIED, "%s: lies outside of your areas", "area");
    if (rc == RC_OK)
        rc = filter(call, "form", &query->form_name, err);
    if (rc == RC_OK)
        rc = choices(call, "state", record_states, false, &query->with, err);
    if (rc == RC_OK)
        rc = choices(call, "without", record_states, false, &query->without, err);
    if (rc == RC_OK)
        rc = choices(call, "review", REVIEWS, true, &query->reviews, err);
    if (rc == RC_OK)
        rc = person(call, query, err);
    if (rc == RC_OK)
        rc = day(call, "from", &query->changed_from_ms, false, err);
    if (rc == RC_OK)
        rc = day(call, "to", &query->changed_to_ms, true, err);
    if (rc == RC_OK)
        rc = order(call, query, err);
    if (rc == RC_OK)
        rc = console_number(call, "limit", CONSOLE_PAGE_ITEMS, LIST_DEFAULT, &most, err);
    if (rc == RC_OK && call->body != NULL)
        rc = filter(call, "text", &text, err);
    if (rc == RC_OK && text.size > 0)
        rc = listed_words(call->seat.ledger, call->seat.office->keys, text, &call->seat.arena,
                          asked->words, &query->word_count, err);
    query->most = (uint32_t)most;
    return rc == RC_OK ? cursor_read(call, asked, err) : rc;
}

/* ---- the list ---- */

struct found_walk {
    struct console_call *call;
    struct json *items;
    uint32_t count;
    struct record_cursor last;
};

static void add_person(struct console_call *call, struct json *item, const char *key,
                       uint64_t person) {
    struct json *object;

    if (person == 0) {
        json_add_null(item, key);
        return;
    }
    object = json_add_object(item, key);
    console_add_id(object, "person", person);
    json_add_view(object, "name", seat_person_name(&call->seat, person));
}

static enum rc found_visit(void *context, const struct found_record *found, struct err *err) {
    struct found_walk *walk = context;
    const struct stored_record *record = &found->record;
    struct json *item = json_add_object(walk->items, NULL), *list;
    char id[DOT_TEXT_BYTES];

    dot_text(record->id, id);
    json_add_text(item, "id", id);
    json_add_view(item, "form", record->form_name);
    json_add_view(item, "title", record->title);
    list = json_add_array(item, "areas");
    for (uint32_t i = 0; i < record->area_count; i++)
        console_add_area(walk->call, list, NULL, record->areas[i]);
    list = json_add_array(item, "states");
    for (const struct choice *state = record_states; state->name != NULL; state++)
        if ((found->states & state->value) != 0)
            json_add_text(list, NULL, state->name);
    for (const struct choice *review = REVIEWS; review->name != NULL; review++)
        if (review->value == found->review)
            json_add_text(item, "review", review->name);
    console_add_time(item, "reviewed", found->review_ms);
    console_add_time(item, "created", record->created_ms);
    console_add_time(item, "changed", record->changed_ms);
    add_person(walk->call, item, "created_by", found->created_by);
    add_person(walk->call, item, "changed_by", found->changed_by);
    walk->count++;
    walk->last = found->cursor;
    if (item == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    return arena_check(&walk->call->seat.arena, "an answer", err); /* names, too */
}

enum rc console_records(struct console_call *call, struct err *err) {
    struct asked asked = {.area = 0};
    struct json *json = json_object();
    struct found_walk walk = {.call = call, .items = json_add_array(json, "items")};
    uint64_t total = 0;
    enum rc rc = read_asked(call, &asked, err);

    if (rc == RC_OK)
        rc = store_find(call->seat.ledger->store, &asked.query, found_visit, &walk, &total, err);
    json_add_int(json, "total", (int64_t)total);
    if (rc == RC_OK && walk.count > 0 && walk.count == asked.query.most)
        rc = cursor_write(call, &walk.last, json, err);
    else
        json_add_null(json, "next");
    if (rc != RC_OK) {
        json_free(json);
        return rc;
    }
    return console_reply(call, json, err);
}

/* ---- counts ---- */

static enum rc tally_visit(void *context, const struct record_tally *tally, struct err *err) {
    struct found_walk *walk = context;
    struct json *item = json_add_object(walk->items, NULL), *reviews;

    console_add_area(walk->call, item, "area", tally->area);
    json_add_view(item, "form", tally->form_name);
    json_add_int(item, "records", (int64_t)tally->records);
    json_add_int(item, "conflicts", (int64_t)tally->conflicts);
    json_add_int(item, "sealed", (int64_t)tally->sealed);
    json_add_int(item, "withdrawn", (int64_t)tally->withdrawn);
    reviews = json_add_object(item, "reviews");
    for (const struct choice *review = REVIEWS; review->name != NULL; review++)
        json_add_int(reviews, review->name, (int64_t)tally->reviewed[review->value]);
    console_add_time(item, "changed", tally->changed_ms);
    return item == NULL ? err_set(err, RC_NO_MEMORY, "out of memory") : RC_OK;
}

enum rc console_tally(struct console_call *call, struct err *err) {
    struct asked asked = {.area = 0};
    struct json *json = json_object();
    struct found_walk walk = {.call = call, .items = json_add_array(json, "items")};
    enum rc rc = read_asked(call, &asked, err);

    if (rc == RC_OK)
        rc = store_tally(call->seat.ledger->store, &asked.query, tally_visit, &walk, err);
    json_add_null(json, "next");
    if (rc != RC_OK) {
        json_free(json);
        return rc;
    }
    return console_reply(call, json, err);
}

/* ---- taking them away ---- */

struct export_act {
    const char *who, *action, *object;
    struct view reason;
};

static enum rc export_act(void *context, struct work *work, struct err *err) {
    const struct export_act *act = context;

    return work_act(work, act->who, act->action, act->object, act->reason, err);
}

static enum rc spool_out(void *context, struct view bytes, struct err *err) {
    return spool_write(context, bytes, err);
}

/* The file is removed while it is being sent. */
static enum rc run_export(struct console_call *call, struct export_order *order, uint64_t *records,
                          struct err *err) {
    char path[FILE_PATH_BYTES_MAX], hex[17], name[HTTP_HEADER_VALUE_MAX];
    struct http_response *response = &call->exchange->response;
    uint8_t random[8];
    struct spool *spool = NULL;
    struct err ignored;
    enum rc rc;

    err_init(&ignored, LANG_EN);
    env_entropy(call->seat.office->env, random, sizeof(random));
    hex_encode(view_of(random, sizeof(random)), hex);
    snprintf(path, sizeof(path), "%.3900s/exports", call->seat.office->directory);
    rc = file_make_directory(path, err);
    snprintf(path, sizeof(path), "%.3900s/exports/%s.out", call->seat.office->directory, hex);
    if (rc == RC_OK)
        rc = spool_create(path, 0600, &spool, err);
    order->context = spool;
    order->write = spool_out;
    if (rc == RC_OK)
        rc = export_run(&call->seat, order, records, err);
    if (rc == RC_OK)
        rc = spool_finish(spool, err);
    else
        spool_close(spool);
    if (rc == RC_OK)
        rc = http_response_file(response, path, err);
    if (file_exists(path))
        (void)file_remove(path, &ignored); /* else the next start does */
    if (rc != RC_OK)
        return rc;
    snprintf(name, sizeof(name), "attachment; filename=\"%.60s.%s\"", "records",
             export_ending(order->format));
    webapi_header(response, "Content-Disposition", name);
    response->content_type = export_media_type(order->format);
    return RC_OK;
}

enum rc console_export(struct console_call *call, struct err *err) {
    struct asked asked = {.area = 0};
    struct export_order order = {.masked = true, .query = &asked.query};
    struct view format = {0}, reveal = {0};
    const enum export_format *named;
    char object[LIMIT_NAME_BYTES + 100];
    struct export_act act = {call->seat.who, "export", object, view_text("")};
    uint64_t records = 0;
    enum rc rc = read_asked(call, &asked, err);

    if (rc == RC_OK)
        rc = filter(call, "format", &format, err);
    if (rc == RC_OK)
        rc = filter(call, "reveal", &reveal, err);
    if (rc == RC_OK)
        rc = console_text(call, "repeat", &order.repeat, err);
    if (rc != RC_OK)
        return rc;
    named = export_format_named(arena_text(&call->seat.arena, "%.*s", VIEW_PRINT(format)));
    if (named == NULL || asked.query.form_name.size == 0 ||
        asked.query.form_name.size > LIMIT_NAME_BYTES)
        return err_set(err, RC_INVALID, "form, format: say which; docs/console.md lists them");
    order.form = asked.query.form_name;
    order.format = *named;
    order.lang = call->exchange->request.lang;
    order.masked = !view_is(reveal, "1");
    if (!order.masked && (BY(call->role) & BY_REVEALERS) == 0)
        return err_set(err, RC_DENIED, "reveal: your role does not see what is masked");
    if (!order.masked)
        rc = console_check_reveal(call, err);
    if (!order.masked && rc == RC_OK)
        rc = console_reason(call, &act.reason, err);
    snprintf(object, sizeof(object), "%.*s%s", VIEW_PRINT(order.form),
             order.masked ? "" : ": unmasked");
    if (rc == RC_OK)
        rc = office_act(call->seat.office, export_act, &act, err);
    if (rc == RC_OK)
        rc = run_export(call, &order, &records, err);
    if (rc == RC_OK) {
        snprintf(object, sizeof(object), "%.*s: %llu, %s", VIEW_PRINT(order.form),
                 (unsigned long long)records, export_ending(order.format));
        act.action = "exported";
        rc = office_act(call->seat.office, export_act, &act, err);
    }
    return rc;
}
