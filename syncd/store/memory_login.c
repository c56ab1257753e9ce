/* memory_login.c: logins and sessions in the naive engine; see memory.h. */
#include "syncd/store/memory.h"

static struct stored_login copy_login(struct arena *arena, const struct stored_login *from) {
    struct stored_login to = *from;

    to.second = arena_view(arena, from->second);
    to.grant.areas =
        from->grant.area_count == 0
            ? NULL
            : arena_copy(arena, from->grant.areas, from->grant.area_count * sizeof(uint64_t));
    return to;
}

static struct stored_session copy_session(struct arena *arena, const struct stored_session *from) {
    struct stored_session to = *from;

    to.address = arena_view(arena, from->address);
    to.agent = arena_view(arena, from->agent);
    to.wrapped = arena_view(arena, from->wrapped);
    to.label = arena_view(arena, from->label);
    to.areas = from->area_count == 0
                   ? NULL
                   : arena_copy(arena, from->areas, from->area_count * sizeof(uint64_t));
    return to;
}

/* Where it is, or where it would have to stand. */
static size_t login_at(const struct item_list *list, uint64_t person) {
    size_t at = 0;

    while (at < list->count && ((struct stored_login *)list_at(list, at))->person < person)
        at++;
    return at;
}

static size_t session_at(const struct item_list *list, const uint8_t name[32], bool *found) {
    size_t at = 0;
    int order = 1;

    while (at < list->count &&
           (order = memcmp(((struct stored_session *)list_at(list, at))->name, name, 32)) < 0)
        at++;
    *found = at < list->count && order == 0;
    return at;
}

/* A new item comes to stand at its place. */
static enum rc insert(struct item_list *list, size_t at, const void *item, struct err *err) {
    enum rc rc = list_add(list, item, err);

    if (rc == RC_OK) {
        memmove(list_at(list, at + 1), list_at(list, at),
                (list->count - 1 - at) * list->item_bytes);
        memcpy(list_at(list, at), item, list->item_bytes);
    }
    return rc;
}

enum rc logins_put(struct content *content, const struct store_delta *delta, struct arena *bytes,
                   struct err *err) {
    struct item_list *logins = &content->lists[LIST_LOGINS];
    struct item_list *sessions = &content->lists[LIST_SESSIONS];
    enum rc rc = RC_OK;
    bool found;

    for (uint32_t i = 0; i < delta->login_count && rc == RC_OK; i++) {
        struct stored_login item = copy_login(bytes, &delta->logins[i]);
        size_t at = login_at(logins, item.person);

        if (at < logins->count &&
            ((struct stored_login *)list_at(logins, at))->person == item.person)
            *(struct stored_login *)list_at(logins, at) = item;
        else
            rc = insert(logins, at, &item, err);
    }
    for (uint32_t i = 0; i < delta->ended_count && rc == RC_OK; i++) {
        size_t at = session_at(sessions, delta->ended[i].name, &found);

        if (found)
            list_remove(sessions, at);
    }
    for (uint32_t i = 0; i < delta->session_count && rc == RC_OK; i++) {
        struct stored_session item = copy_session(bytes, &delta->sessions[i]);
        size_t at = session_at(sessions, item.name, &found);

        if (found)
            *(struct stored_session *)list_at(sessions, at) = item;
        else
            rc = insert(sessions, at, &item, err);
    }
    return rc;
}

enum rc memory_login(struct store *store, uint64_t person, struct arena *arena,
                     struct stored_login *out, struct err *err) {
    const struct item_list *list = LIST(LIST_LOGINS);
    size_t at = login_at(list, person);

    if (at == list->count || ((struct stored_login *)list_at(list, at))->person != person)
        return RC_NOT_FOUND;
    *out = copy_login(arena, list_at(list, at));
    return arena_check(arena, "a login", err);
}

enum rc memory_session(struct store *store, const uint8_t *name, struct arena *arena,
                       struct stored_session *out, struct err *err) {
    bool found;
    size_t at = session_at(LIST(LIST_SESSIONS), name, &found);

    if (!found)
        return RC_NOT_FOUND;
    *out = copy_session(arena, list_at(LIST(LIST_SESSIONS), at));
    return arena_check(arena, "a session", err);
}

enum rc memory_logins(struct store *store, store_visit_login *visit, void *context,
                      struct err *err) {
    const struct item_list *list = LIST(LIST_LOGINS);
    enum rc rc = RC_OK;

    for (size_t i = 0; i < list->count && rc == RC_OK; i++)
        rc = visit(context, list_at(list, i), err);
    return rc;
}

enum rc memory_sessions(struct store *store, store_visit_session *visit, void *context,
                        struct err *err) {
    const struct item_list *list = LIST(LIST_SESSIONS);
    enum rc rc = RC_OK;

    for (size_t i = 0; i < list->count && rc == RC_OK; i++)
        rc = visit(context, list_at(list, i), err);
    return rc;
}
