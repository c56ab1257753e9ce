/* tablet.c: commands about the tablet as a whole: enrolment, people, lock, forms. */
#include "agent/face/columns.h"
#include "agent/face/face.h"
#include "agent/sync/sync.h"
#include "schema/role.h"

/* ---- enrolment ---- */

static enum rc enrolled(struct command *command, struct tablet *tablet, struct err *err) {
    struct arena arena;
    struct tablet_status status;
    struct json *document;
    char device[17];
    enum rc rc;

    arena_init(&arena, FACE_ARENA_BYTES);
    rc = tablet_status(tablet, &arena, &status, err);
    if (rc != RC_OK)
        goto out;
    id_text(status.device, device);
    if (!command->json) {
        command_say(command, "enrolled as %.*s; now: yg-agent sync",
                    VIEW_PRINT(status.device_name));
        rc = command_printf(command, err, "%s\n", device);
        goto out;
    }
    document = json_object();
    json_add_text(document, "device", device);
    json_add_view(document, "name", status.device_name);
    json_add_view(document, "server", status.server);
    add_areas(document, "areas", status.areas, status.area_count);
    rc = command_print_json(command, document, err);
out:
    arena_release(&arena);
    return rc;
}

enum rc face_enrol(void *context, struct command *command, struct err *err) {
    struct face *face = context;
    const char *server = command_option(command, "--server");
    const char *code = command_option(command, "--code");
    char secret[LIMIT_SECRET_BYTES + 1] = "";
    struct enrol_options options = {.directory = command->data, .tablet = face->options};
    struct tablet *tablet = NULL;
    enum rc rc;

    if (server == NULL || code == NULL)
        return err_set(err, RC_USAGE, "enrol: give --server URL and --code CODE");
    /* Before anybody types a secret for nothing. */
    if (tablet_exists(command->data))
        return err_set(err, RC_CONFLICT,
                       "%s: a tablet is enrolled here already; give another folder with --data",
                       command->data);
    rc = face_new_secret(command, "a secret for the first person: ", secret, sizeof(secret), err);
    if (rc != RC_OK)
        goto out;
    options.server = view_text(server);
    options.code = view_text(code);
    options.person_name = view_text(command_option(command, "--name"));
    options.secret = view_text(secret);
    rc = enrol_run(&options, &tablet, err);
    if (rc == RC_OK)
        rc = enrolled(command, tablet, err);
    tablet_close(tablet);
out:
    crypt_wipe(secret, sizeof(secret));
    return rc;
}

/* ---- people ---- */

/* The first line of a file, or typed. The secret in the command is the acting person's. */
static enum rc new_person_secret(struct command *command, char *out, size_t size, struct err *err) {
    const char *path = command_option(command, "--new-passphrase-file");
    struct view given = command->secret;
    enum rc rc;

    out[0] = '\0';
    if (path == NULL) {
        command->secret = view_text(NULL);
        rc = face_new_secret(command, "a secret for the new person: ", out, size, err);
        command->secret = given;
        command->wants_secret = false; /* asking once more would give the acting person's again */
        if (rc == RC_DENIED)
            return err_set(err, RC_DENIED,
                           "a secret for the new person is needed: give "
                           "--new-passphrase-file FILE, or set YG_NEW_PASSPHRASE");
        return rc;
    }
    return command_read_secret(command, path, out, size, err);
}

enum rc face_person_add(void *context, struct command *command, struct err *err) {
    const char *list = command_option(command, "--areas");
    char secret[LIMIT_SECRET_BYTES + 1] = "", id[17];
    uint64_t areas[LIMIT_AREAS], person;
    uint32_t area_count = 0;
    struct json *document;
    struct visit visit;
    enum rc rc;

    if (list != NULL) {
        rc = area_list_parse(view_text(list), areas, &area_count, err);
        if (rc != RC_OK)
            return rc;
    }
    rc = visit_open(context, command, NEED_SESSION, &visit, err);
    if (rc == RC_OK)
        rc = new_person_secret(command, secret, sizeof(secret), err);
    if (rc == RC_OK)
        rc = session_add_person(visit.session, view_text(command->words[0]), view_text(secret),
                                areas, area_count, &person, err);
    crypt_wipe(secret, sizeof(secret));
    if (rc == RC_OK && !command->json) {
        id_text(person, id);
        rc = command_printf(command, err, "%s\n", id);
    } else if (rc == RC_OK) {
        id_text(person, id);
        document = json_object();
        json_add_text(document, "id", id);
        json_add_text(document, "name", command->words[0]);
        rc = command_print_json(command, document, err);
    }
    visit_close(&visit);
    return rc;
}

static void person_json(struct json *list, const struct tablet_person *person) {
    struct json *item = json_add_object(list, NULL);
    char id[17];

    id_text(person->person, id);
    json_add_text(item, "id", id);
    json_add_view(item, "name", person->name);
    if (person->role == 0)
        json_add_null(item, "role");
    else
        json_add_text(item, "role", role_name((enum role)person->role));
    json_add_bool(item, "certified", person->certified);
    json_add_bool(item, "open", person->open);
    add_areas(item, "areas", person->areas, person->area_count);
    add_time(item, "retry", person->retry_ms);
}

static void person_row(struct columns *columns, const struct tablet_person *person,
                       enum lang lang) {
    char id[17];

    id_text(person->person, id);
    columns_add_text(columns, id);
    columns_add(columns, person->name);
    columns_add_text(columns, person->role == 0 ? "-" : role_name((enum role)person->role));
    columns_add_words(columns, lang, person->open ? "unlocked" : "locked");
    columns_add_words(columns, lang,
                      person->certified ? "certified" : "not certified yet: sync first");
    columns_end_row(columns);
}

enum rc face_person_list(void *context, struct command *command, struct err *err) {
    struct tablet_person *persons;
    struct columns columns;
    struct json *list;
    struct visit visit;
    uint32_t count;
    enum rc rc = visit_open(context, command, NEED_TABLET, &visit, err);

    if (rc == RC_OK)
        rc = tablet_persons(visit.tablet, &visit.arena, &persons, &count, err);
    if (rc == RC_OK && command->json) {
        list = json_array();
        for (uint32_t i = 0; i < count; i++)
            person_json(list, &persons[i]);
        rc = command_print_json(command, list, err);
    } else if (rc == RC_OK) {
        columns_init(&columns, 5);
        for (uint32_t i = 0; i < count; i++)
            person_row(&columns, &persons[i], command->lang);
        rc = columns_print(&columns, command, err);
        columns_release(&columns);
    }
    visit_close(&visit);
    return rc;
}

/* ---- lock ---- */

/* Inside the service: of one person, or of everybody. */
static enum rc lock_seats(struct face *face, struct command *command, struct err *err) {
    enum rc rc = RC_OK;
    bool found = false;

    for (size_t i = 0; i < FACE_SEATS_MAX; i++) {
        struct seat *seat = &face->seats[i];
        char id[17];

        if (seat->session == NULL)
            continue;
        id_text(session_person(seat->session), id);
        if (command->person != NULL && strcmp(command->person, id) != 0 &&
            !view_is(session_person_name(seat->session), command->person))
            continue;
        found = true;
        if (seat->busy > 0)
            return err_set(err, RC_AGAIN, "%.*s is in the middle of an import; lock afterwards",
                           VIEW_PRINT(session_person_name(seat->session)));
        /* The keys are gone even when the cutting fails; that is still worth telling. */
        if (face_close_seat(seat, err) != RC_OK)
            rc = err->rc;
    }
    if (!found && command->person != NULL)
        command_say(command, "%s: had not unlocked", command->person);
    return rc;
}

/* Without the service the tablet is locked between two commands anyway; unless something could not
 * be prepared for sending. */
static enum rc lock_alone(struct visit *visit, struct err *err) {
    struct tablet_status status;
    enum rc rc = tablet_status(visit->tablet, &visit->arena, &status, err);

    if (rc == RC_OK && visit->session == NULL && status.waiting == WAITING_FOR_UNLOCK)
        rc = err_set(err, RC_DENIED,
                     "%llu changes are not prepared for sending; lock with the secret of who "
                     "wrote them",
                     (unsigned long long)status.unsent);
    if (rc == RC_OK && visit->session != NULL && visit->seat == NULL) {
        rc = session_close(visit->session, err);
        visit->session = NULL;
    }
    return rc;
}

enum rc face_lock(void *context, struct command *command, struct err *err) {
    struct face *face = context;
    struct visit visit;
    enum rc rc =
        visit_open(face, command, face->tablet != NULL ? NEED_TABLET : WANT_SESSION, &visit, err);

    if (rc == RC_OK)
        rc = face->tablet != NULL ? lock_seats(face, command, err) : lock_alone(&visit, err);
    if (rc == RC_OK && command->json) {
        struct json *document = json_object();

        json_add_bool(document, "locked", true);
        rc = command_print_json(command, document, err);
    }
    visit_close(&visit);
    return rc;
}

/* Always asks for the secret, also of somebody who has unlocked already. */
enum rc visit_take_seat(struct visit *visit, struct seat **out, struct err *err) {
    struct seat *seat = NULL;
    uint64_t person = session_person(visit->session);

    for (size_t i = 0; i < FACE_SEATS_MAX; i++) {
        struct seat *at = &visit->face->seats[i];

        if (at->session != NULL && session_person(at->session) == person) {
            at->used_ms = env_monotonic_ms(visit->face->env);
            *out = at;
            return RC_OK;
        }
        if (at->session == NULL && seat == NULL)
            seat = at;
    }
    if (seat == NULL)
        return err_set(err, RC_LIMIT, "%u people have unlocked this tablet; lock some of them",
                       FACE_SEATS_MAX);
    *seat = (struct seat){.session = visit->session,
                          .serial = ++visit->face->seats_taken,
                          .used_ms = env_monotonic_ms(visit->face->env)};
    visit->seat = seat;
    *out = seat;
    return RC_OK;
}

enum rc face_unlock(void *context, struct command *command, struct err *err) {
    char secret[LIMIT_SECRET_BYTES + 1] = "", id[17];
    struct tablet_status status;
    struct json *document;
    struct seat *seat;
    struct visit visit;
    enum rc rc = visit_open(context, command, NEED_TABLET, &visit, err);

    if (rc == RC_OK)
        rc = command_secret(command, "secret: ", secret, sizeof(secret), err);
    if (rc == RC_OK)
        rc = session_open(visit.tablet, view_text(command->person), view_text(secret),
                          &visit.session, err);
    crypt_wipe(secret, sizeof(secret));
    if (rc == RC_OK && !visit.own_tablet)
        rc = visit_take_seat(&visit, &seat, err);
    if (rc == RC_OK)
        rc = tablet_status(visit.tablet, &visit.arena, &status, err);
    if (rc == RC_OK && command->json) {
        document = json_object();
        id_text(session_person(visit.session), id);
        json_add_text(document, "id", id);
        json_add_view(document, "name", session_person_name(visit.session));
        json_add_int(document, "records", (int64_t)status.records);
        json_add_bool(document, "open", !visit.own_tablet);
        rc = command_print_json(command, document, err);
    } else if (rc == RC_OK) {
        command_say(command, "%.*s: the secret is right; %llu records on the tablet",
                    VIEW_PRINT(session_person_name(visit.session)),
                    (unsigned long long)status.records);
    }
    visit_close(&visit);
    return rc;
}

/* ---- forms ---- */

static void form_json(struct json *list, const struct form *form, enum lang lang) {
    struct json *item = json_add_object(list, NULL);
    struct json *scopes;
    char id[17];

    json_add_view(item, "form", form->name);
    json_add_view(item, "version", form->version);
    id_text(form->id, id);
    json_add_text(item, "id", id);
    json_add_view(item, "title",
                  *form_label(form, &form->title, view_text(lang == LANG_ZH ? "zh" : "en")));
    json_add_int(item, "fields", form->field_count);
    scopes = json_add_array(item, "scopes");
    for (uint32_t i = 0; i < form->scope_count; i++)
        json_add_view(scopes, NULL, form->scopes[i]);
}

enum rc face_forms(void *context, struct command *command, struct err *err) {
    const struct form *const *forms;
    struct columns columns;
    struct json *list;
    struct visit visit;
    uint32_t count;
    enum rc rc = visit_open(context, command, NEED_TABLET, &visit, err);

    if (rc == RC_OK)
        rc = tablet_forms(visit.tablet, &visit.arena, &forms, &count, err);
    if (rc == RC_OK && count == 0)
        command_say(command, "no form has come yet; run: yg-agent sync");
    if (rc == RC_OK && command->json) {
        list = json_array();
        for (uint32_t i = 0; i < count; i++)
            form_json(list, forms[i], command->lang);
        rc = command_print_json(command, list, err);
    } else if (rc == RC_OK) {
        struct view language = view_text(command->lang == LANG_ZH ? "zh" : "en");

        columns_init(&columns, 3);
        for (uint32_t i = 0; i < count; i++) {
            columns_add(&columns, forms[i]->name);
            columns_add(&columns, forms[i]->version);
            columns_add(&columns, *form_label(forms[i], &forms[i]->title, language));
            columns_end_row(&columns);
        }
        rc = columns_print(&columns, command, err);
        columns_release(&columns);
    }
    visit_close(&visit);
    return rc;
}
