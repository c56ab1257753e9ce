/* console_form.c: published forms: which there are, who published them when, what is different
 * between versions, and which tablets have them.
 *
 * What the county knows of a tablet: how far it had taken the forms at the beginning of the
 * exchange that is remembered (sync/hello.h), and when it was seen last. A form that was given in
 * the last exchange is confirmed by the next one. */
#include "base/words.h"
#include "schema/form/form_difference.h"
#include "syncd/desk/console.h"
#include "syncd/desk/device.h"
#include "syncd/desk/form_report.h"
#include "syncd/sync/hello.h"

#define VERSIONS_MAX    1000u
#define TABLETS_MAX     2000u
#define DIFFERENCES_MAX 2000u
#define ACTS_LOOKED     200u /* around the moment of publication */

#define BY_TABLET_READERS (BY_MANAGERS | BY_RELEASERS | BY_AUDITORS) /* of /api/devices */

/* ---- versions ---- */

struct versions {
    struct console_call *call;
    struct view name;         /* only these; empty: the newest of each name */
    struct stored_form *list; /* in order of publication, or of the first of each name */
    uint32_t *of_name;        /* how many there are of each */
    uint32_t count, capacity, name_count, name_capacity;
};

/* Where the newest of that name stands; the count if there is none yet. */
static uint32_t place_of(const struct versions *versions, struct view name) {
    uint32_t i = 0;

    while (i < versions->count && !view_equal(versions->list[i].name, name))
        i++;
    return i;
}

static enum rc version_visit(void *context, const struct stored_form *form, struct err *err) {
    struct versions *versions = context;
    struct arena *arena = &versions->call->seat.arena;
    uint32_t at = versions->count;
    bool is_one = versions->name.size > 0;

    if (is_one && !view_equal(versions->name, form->name))
        return RC_OK;
    if (!is_one)
        at = place_of(versions, form->name);
    if (at == VERSIONS_MAX)
        return err_set(err, RC_LIMIT, "forms: more than %u versions", VERSIONS_MAX);
    if (at == versions->count &&
        (arena_push(arena, &versions->list, &versions->count, &versions->capacity,
                    sizeof(*versions->list)) == NULL ||
         arena_push(arena, &versions->of_name, &versions->name_count, &versions->name_capacity,
                    sizeof(*versions->of_name)) == NULL))
        return arena_check(arena, "a list", err);
    versions->of_name[at]++;
    if (form->sequence > versions->list[at].sequence) {
        struct stored_form *row = &versions->list[at];

        *row = *form;
        row->name = arena_view(arena, form->name);
        row->version = arena_view(arena, form->version);
        row->compressed = (struct view){0};
    }
    return arena_check(arena, "a list", err);
}

static void add_version(struct json *item, const struct stored_form *form) {
    console_add_id(item, "form", form->form);
    json_add_view(item, "version", form->version);
    json_add_int(item, "sequence", form->sequence);
    json_add_text(item, "audience", audience_name((enum audience)form->audience));
    console_add_time(item, "published", form->published_ms);
}

static enum rc add_newest(struct versions *all, const struct stored_form *newest, uint32_t count,
                          struct json *items, struct err *err) {
    struct console_call *call = all->call;
    const struct form *form = NULL;
    struct json *item = json_add_object(items, NULL);
    enum rc rc = ledger_form(call->seat.ledger, newest->form, &form, err);

    if (rc != RC_OK)
        return rc;
    json_add_view(item, "name", newest->name);
    if (form != NULL) {
        json_add_view(
            item, "title",
            *form_label(form, &form->title, view_text(err->lang == LANG_ZH ? "zh" : "en")));
        json_add_int(item, "fields", form->field_count);
    }
    json_add_int(item, "versions", count);
    add_version(item, newest);
    return RC_OK;
}

enum rc console_forms(struct console_call *call, struct err *err) {
    struct versions all = {.call = call};
    struct json *json = json_object(), *items = json_add_array(json, "items");
    enum rc rc = store_forms(call->seat.ledger->store, 0, version_visit, &all, err);

    for (uint32_t i = 0; i < all.count && rc == RC_OK; i++)
        rc = add_newest(&all, &all.list[i], all.of_name[i], items, err);
    json_add_null(json, "next");
    if (rc == RC_OK)
        return console_reply(call, json, err);
    json_free(json);
    return rc;
}

/* ---- who published ---- */

struct act_search {
    uint64_t serial; /* of the first act that was seen */
    int64_t at_ms;
    char object[17];
    uint32_t looked;
    struct arena *arena;
    struct view who, reason;
};

static enum rc first_act(void *context, const struct stored_act *act, struct err *err) {
    struct act_search *search = context;

    (void)err;
    search->serial = act->serial;
    search->at_ms = act->at_ms;
    return RC_NOT_FOUND;
}

static enum rc publication_visit(void *context, const struct stored_act *act, struct err *err) {
    struct act_search *search = context;

    (void)err;
    if (view_is(act->action, "form publish") && view_is(act->object, search->object)) {
        search->who = arena_view(search->arena, act->who);
        search->reason = arena_view(search->arena, act->reason);
        return RC_NOT_FOUND;
    }
    return ++search->looked == ACTS_LOOKED ? RC_NOT_FOUND : RC_OK;
}

/* The act bears the same time as the form. The log is in order of time, but for a clock that was
 * set back; who published then stays unknown here, and stands in the log. */
static enum rc add_publisher(struct console_call *call, struct json *item,
                             const struct stored_form *form, struct err *err) {
    struct store *store = call->seat.ledger->store;
    struct act_search search = {.arena = &call->seat.arena};
    struct store_counts counts;
    uint64_t low = 0, high;
    enum rc rc = store_count(store, &counts, err);

    high = rc == RC_OK ? counts.acts : 0;
    while (low < high && rc == RC_OK) { /* acts up to low are older */
        uint64_t middle = low + (high - low) / 2;

        rc = store_acts(store, middle, first_act, &search, err);
        rc = rc == RC_NOT_FOUND ? RC_OK : rc;
        if (search.serial == middle + 1 && search.at_ms < form->published_ms)
            low = middle + 1;
        else
            high = middle;
    }
    id_text(form->form, search.object);
    if (rc == RC_OK)
        rc = store_acts(store, low, publication_visit, &search, err);
    if (rc == RC_NOT_FOUND)
        rc = RC_OK;
    err_clear(err);
    if (search.who.size > 0) {
        json_add_view(item, "by", search.who);
        json_add_view(item, "reason", search.reason);
    }
    return rc;
}

/* ---- tablets ---- */

struct tablets {
    const struct versions *versions;
    struct json *items;
    uint32_t count;
};

static enum rc tablet_visit(void *context, const struct stored_device *device, struct err *err) {
    struct tablets *tablets = context;
    struct console_call *call = tablets->versions->call;
    struct device_facts facts;
    struct hello hello = {0};
    uint32_t has = 0;
    struct json *item;
    enum rc rc;

    if (device->scope.revoked || tablets->count == TABLETS_MAX)
        return RC_OK;
    rc = device_facts(&call->seat, device, &facts, err);
    if (rc != RC_OK || !console_holds_any(call, facts.areas, facts.area_count))
        return rc;
    rc = hello_recall(call->seat.ledger->store, device->device, &call->seat.arena, &hello, err);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    for (uint32_t i = 0; i < tablets->versions->count; i++) {
        const struct stored_form *form = &tablets->versions->list[i];

        if (form->position <= hello.form_position && form->sequence > has)
            has = form->sequence;
    }
    tablets->count++;
    item = json_add_object(tablets->items, NULL);
    console_add_id(item, "device", device->device);
    json_add_view(item, "name", device->name);
    json_add_view(item, "person", seat_person_name(&call->seat, device->person));
    json_add_int(item, "has", has);
    console_add_time(item, "seen", device->seen_ms);
    return RC_OK;
}

/* ---- one form ---- */

static enum rc find_form(struct console_call *call, const char *param, const struct form **out,
                         struct err *err) {
    uint64_t id;
    enum rc rc = console_param_id(call, param, &id, err);

    if (rc == RC_OK)
        rc = ledger_form(call->seat.ledger, id, out, err);
    if (rc == RC_OK && *out == NULL)
        rc = err_set(err, RC_NOT_FOUND, "there is no such form");
    return rc;
}

static enum rc add_form(struct console_call *call, const struct form *form, struct json *json,
                        struct err *err) {
    struct versions versions = {.call = call, .name = form->name};
    struct json *array;
    enum rc rc;

    console_add_id(json, "form", form->id);
    json_add_view(json, "name", form->name);
    json_add_view(json, "title",
                  *form_label(form, &form->title, view_text(err->lang == LANG_ZH ? "zh" : "en")));
    json_add_view(json, "version", form->version);
    json_add_int(json, "sequence", form->sequence);
    array = json_add_array(json, "languages");
    for (uint32_t i = 0; i < form->language_count; i++)
        json_add_view(array, NULL, form->languages[i]);
    array = json_add_array(json, "files");
    for (uint32_t i = 0; i < form->file_count; i++)
        json_add_view(array, NULL, form->files[i].name);
    array = json_add_array(json, "fields");
    for (uint32_t i = 0; i < form->field_count; i++)
        form_field_json(array, form, &form->fields[i]);
    rc = store_forms(call->seat.ledger->store, 0, version_visit, &versions, err);
    array = json_add_array(json, "versions");
    for (uint32_t i = versions.count; i > 0 && rc == RC_OK; i--) {
        struct json *item = json_add_object(array, NULL);

        add_version(item, &versions.list[i - 1]);
        rc = add_publisher(call, item, &versions.list[i - 1], err);
    }
    if (rc == RC_OK && (BY_TABLET_READERS & BY(call->role)) != 0) {
        struct tablets tablets = {.versions = &versions, .items = json_add_array(json, "tablets")};

        rc = store_devices(call->seat.ledger->store, tablet_visit, &tablets, err);
    }
    return rc;
}

enum rc console_form(struct console_call *call, struct err *err) {
    const struct form *form = NULL;
    struct json *json = json_object();
    enum rc rc = find_form(call, "form", &form, err);

    if (rc == RC_OK)
        rc = add_form(call, form, json, err);
    if (rc == RC_OK)
        return console_reply(call, json, err);
    json_free(json);
    return rc;
}

/* ---- differences ---- */

struct difference_list {
    struct json *items;
    uint32_t count;
    enum lang lang;
};

static enum rc difference_visit(void *context, const struct form_difference *difference,
                                struct err *err) {
    static const char *const kinds[] = {"", "added", "removed", "changed"};
    static const char *const parts[] = {"", "setting", "field", "choice", "file"};
    struct difference_list *list = context;
    struct json *item;

    (void)err;
    if (list->count++ >= DIFFERENCES_MAX)
        return RC_OK;
    item = json_add_object(list->items, NULL);
    json_add_text(item, "kind", kinds[difference->kind]);
    json_add_text(item, "part", parts[difference->part]);
    json_add_view(item, "name", difference->name);
    if (difference->part == FORM_PART_CHOICE)
        json_add_view(item, "choice", difference->choice);
    if (difference->property != NULL) {
        json_add_text(item, "key", difference->property);
        json_add_text(item, "property", words(list->lang, difference->property));
    }
    if (difference->language.size > 0)
        json_add_view(item, "language", difference->language);
    json_add_view(item, "before", difference->before);
    json_add_view(item, "after", difference->after);
    if (difference->effect != NULL)
        json_add_text(item, "effect", words(list->lang, difference->effect));
    return RC_OK;
}

enum rc console_add_difference(struct json *json, const struct form *before,
                               const struct form *after, enum lang lang, struct err *err) {
    struct difference_list list = {.items = json_add_array(json, "difference"), .lang = lang};
    enum rc rc = form_difference(before, after, difference_visit, &list, err);

    json_add_bool(json, "more", list.count > DIFFERENCES_MAX);
    return rc;
}

enum rc console_form_difference(struct console_call *call, struct err *err) {
    const struct form *before = NULL, *after = NULL;
    struct json *json = json_object();
    enum rc rc = find_form(call, "form", &before, err);

    if (rc == RC_OK)
        rc = find_form(call, "other", &after, err);
    if (rc == RC_OK && !view_equal(before->name, after->name))
        rc = err_set(err, RC_INVALID, "these are two forms, not two versions of one");
    if (rc == RC_OK)
        rc = console_add_difference(json, before, after, err->lang, err);
    if (rc == RC_OK)
        return console_reply(call, json, err);
    json_free(json);
    return rc;
}
