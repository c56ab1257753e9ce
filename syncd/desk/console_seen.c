/* console_seen.c: see console_seen.h. */
#include "syncd/desk/console_seen.h"

#include "base/text.h"
#include "schema/attachment.h"

/* ---- the record ---- */

struct assignment {
    uint64_t person;
    bool found;
};

static enum rc assignment_visit(void *context, const struct stored_gist *item, struct err *err) {
    struct assignment *find = context;
    const struct gist *gist = &item->gist;

    (void)err;
    find->found = find->found || (gist->kind == GIST_TASK && gist->code[0] == TASK_THIRD_PARTY &&
                                  gist->person == find->person && gist->state != TASK_CANCELLED);
    return RC_OK;
}

/* Elsewhere; or nothing that somebody was sent to who sees only that. */
static enum rc is_hidden(struct console_call *call, const struct stored_record *stored,
                         bool *hidden, struct err *err) {
    struct assignment find = {.person = call->person};
    enum rc rc = RC_OK;

    *hidden = !console_holds_any(call, stored->areas, stored->area_count);
    if (*hidden || role_may(call->role, ABILITY_READ))
        return RC_OK;
    rc = store_about(call->seat.ledger->store, stored->id, assignment_visit, &find, err);
    *hidden = !find.found;
    return rc;
}

enum rc console_seen(struct console_call *call, struct seen_record *out, struct err *err) {
    const char *id = console_param(call, "record");
    bool hidden = false;
    enum rc rc = seat_record(&call->seat, id, out, err);

    if (rc == RC_OK)
        rc = is_hidden(call, &out->stored, &hidden, err);
    if (rc == RC_INVALID || (rc == RC_OK && hidden))
        return err_set(err, RC_NOT_FOUND, "%s: there is no such record", id);
    return rc;
}

enum rc console_stored(struct console_call *call, struct dot id, struct stored_record *out,
                       struct err *err) {
    char text[DOT_TEXT_BYTES];
    bool hidden = false;
    enum rc rc = store_record(call->seat.ledger->store, id, &call->seat.arena, out, err);

    dot_text(id, text);
    if (rc == RC_OK)
        rc = is_hidden(call, out, &hidden, err);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && hidden))
        return err_set(err, RC_NOT_FOUND, "%s: there is no such record", text);
    return rc;
}

/* ---- behind the mask ---- */

struct look {
    const char *who, *object;
    struct view reason;
};

static enum rc reveal_act(void *context, struct work *work, struct err *err) {
    const struct look *look = context;

    return work_act(work, look->who, "reveal", look->object, look->reason, err);
}

enum rc console_mask(struct console_call *call, const char *object, bool *masked, struct err *err) {
    struct look look = {.who = call->seat.who, .object = object};
    enum rc rc;

    *masked = call->body == NULL;
    if (*masked)
        return RC_OK;
    rc = console_reason(call, &look.reason, err);
    return rc == RC_OK ? office_act(call->seat.office, reveal_act, &look, err) : rc;
}

/* ---- what is told ---- */

static struct view device_name(struct console_call *call, uint64_t id) {
    struct stored_device device;
    struct err ignored;

    err_init(&ignored, LANG_EN);
    if (store_device(call->seat.ledger->store, id, &call->seat.arena, &device, &ignored) != RC_OK)
        return (struct view){0};
    return device.name;
}

struct json *console_add_attachment(struct console_call *call, struct json *parent, const char *key,
                                    struct view hash) {
    struct stored_attachment stored;
    struct json *item;
    uint8_t bytes[32];
    char hex[65];
    struct err ignored;

    err_init(&ignored, LANG_EN);
    if (!hex_decode(hash, bytes, sizeof(bytes)))
        return NULL;
    item = json_add_object(parent, key);
    hex_encode(view_of(bytes, sizeof(bytes)), hex);
    json_add_text(item, "hash", hex);
    if (store_attachment(call->seat.ledger->store, bytes, &stored, &ignored) != RC_OK) {
        json_add_text(item, "state", "unknown");
        return item;
    }
    json_add_text(item, "state",
                  stored.erased              ? "erased"
                  : stored.backed_up_ms != 0 ? "backed_up"
                  : stored.received_ms != 0  ? "here"
                                             : "tablet");
    json_add_view(item, "device", device_name(call, stored.device));
    json_add_text(item, "type", attachment_media_type(stored.kind));
    json_add_int(item, "bytes", stored.size);
    return item;
}

static void tree_attachment(void *context, struct view hash, struct json *item) {
    console_add_attachment(context, item, "attachment", hash);
}

void console_tree(struct console_call *call, const struct reading *reading, bool masked,
                  struct answers_tree *out) {
    enum lang lang = call->exchange->request.lang;

    *out = (struct answers_tree){.reading = reading,
                                 .language = view_text(lang == LANG_ZH ? "zh" : "en"),
                                 .lang = lang,
                                 .mask = masked,
                                 .arena = &call->seat.arena,
                                 .attachment = tree_attachment,
                                 .context = call};
}

const struct form_field *console_add_answer(struct console_call *call, struct json *item,
                                            const struct reading *reading, bool masked,
                                            uint16_t number, struct view value) {
    const struct form *form = reading->form;
    const struct form_field *field =
        form == NULL || number < FIELD_FIRST_OF_FORM ? NULL : form_field_by_number(form, number);
    const struct form_choice *choice = NULL;
    struct answers_tree tree;

    console_tree(call, reading, masked, &tree);
    answers_tree_label(&tree, item, field);
    if (field == NULL || (field->sensitive && masked))
        return field;
    if (field->list != FORM_NO_LIST)
        choice = form_list_choice(&form->lists[field->list], value);
    if (choice != NULL)
        json_add_view(item, "text", *form_label(form, &choice->label, tree.language));
    if (field->type == FIELD_TYPE_ATTACHMENT)
        console_add_attachment(call, item, "attachment", value);
    return field;
}

#define FORMERS_MAX 64u

/* Also who he was before his secret was reset, as sync/judge.c has it. */
static enum rc is_mine(const struct console_call *call, uint64_t person, bool *mine,
                       struct err *err) {
    struct store *store = call->seat.ledger->store;
    uint64_t me = call->person;
    enum rc rc = RC_OK;

    *mine = false;
    for (unsigned i = 0; i < FORMERS_MAX && rc == RC_OK && me != 0 && !*mine; i++) {
        struct stored_login login;
        struct arena arena;

        *mine = me == person;
        arena_init(&arena, 64u * 1024u);
        rc = store_login(store, me, &arena, &login, err);
        me = rc == RC_OK ? login.former : 0;
        arena_release(&arena);
    }
    if (rc == RC_NOT_FOUND)
        err_clear(err);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc console_add_person(struct console_call *call, struct json *parent, const char *key,
                           uint64_t person, struct err *err) {
    struct json *item;
    bool mine = false;
    enum rc rc = RC_OK;

    if (person == 0) {
        json_add_null(parent, key);
        return RC_OK;
    }
    rc = is_mine(call, person, &mine, err);
    item = json_add_object(parent, key);
    console_add_id(item, "person", person);
    json_add_view(item, "name", seat_person_name(&call->seat, person));
    json_add_bool(item, "mine", mine);
    return rc;
}

void console_add_dot(struct json *parent, const char *key, struct dot dot) {
    char text[DOT_TEXT_BYTES];

    dot_text(dot, text);
    json_add_text(parent, key, text);
}

void console_add_brief(struct console_call *call, struct json *item,
                       const struct stored_record *stored) {
    struct json *list;

    console_add_dot(item, "id", stored->id);
    json_add_view(item, "form", stored->form_name);
    json_add_view(item, "title", stored->title);
    list = json_add_array(item, "areas");
    for (uint32_t i = 0; i < stored->area_count; i++)
        console_add_area(call, list, NULL, stored->areas[i]);
}

/* ---- what is asked, and by whom ---- */

enum rc console_word(struct console_call *call, const char *key, struct view *out,
                     struct err *err) {
    struct buf text;
    enum rc rc;

    buf_init(&text, LIMIT_ANSWERS_BYTES);
    rc = console_filter(call, key, &text, err);
    if (rc == RC_OK)
        rc = buf_check(&text, key, err);
    *out = arena_view(&call->seat.arena, buf_view(&text));
    buf_release(&text);
    return rc == RC_OK ? arena_check(&call->seat.arena, "a request", err) : rc;
}

enum rc console_speaker(struct console_call *call, struct staff *staff, struct speaker *speaker,
                        struct err *err) {
    *staff = (struct staff){.person = call->person, .role = (uint8_t)call->role};
    *speaker = (struct speaker){.staff = staff, .name = view_text(call->seat.who)};
    return console_key(call, staff->secret_key, err);
}
