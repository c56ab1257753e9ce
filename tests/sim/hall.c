/* hall.c: the county: its service on a disk, opened and closed as often as its power goes. Forms
 * and staff are made once in a process, and each world begins with a copy of that disk and of those
 * of the first tablets. */
#include "agent/store/traffic.h"
#include "base/file.h"
#include "syncd/sync/auth.h"
#include "syncd/sync/examine.h"
#include "tests/sim/world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define FOLDER      "/county/data"
#define HOUR_MS     INT64_C(3600000)
#define SHEET_BYTES (256u * 1024u)

static const char *const people[PEOPLE] = {"wang", "zhang", "li", "zhao"};
static const struct {
    uint32_t count;
    uint64_t areas[3];
} grants[PEOPLE] = {
    {2, {VILLAGE_A, VILLAGE_B, 0}},
    {1, {VILLAGE_A, 0, 0}},
    {3, {VILLAGE_A, VILLAGE_B, VILLAGE_C}},
    {2, {VILLAGE_B, VILLAGE_C, 0}},
};

static struct {
    struct disk *forms, *backups; /* of this world */
    struct start {
        struct disk *hall, *pads[PEOPLE];
        uint64_t devices[PEOPLE];
    } starts[2]; /* without and with the forms of meetings */
} ready;

/* ---- the service ---- */

static enum rc give_office(void *context, const struct command *command, const struct office **out,
                           struct err *err) {
    struct world *world = context;

    (void)command;
    (void)err;
    *out = service_office(world->hall.service);
    return RC_OK;
}

bool hall_open(struct world *world) {
    struct service_options options = {.directory = FOLDER, .env = &world->hall.machine.env};
    enum rc rc;

    err_clear(&world->err);
    machine_tempt_start(&world->hall.machine, TURN_HALL, TURN_HALL_DISK);
    rc = service_open(&options, &world->hall.service, &world->err);
    if (rc != RC_OK)
        world->hall.service = NULL;
    if (disk_is_dead(world->hall.machine.disk)) {
        hall_close(world);
        machine_calm(&world->hall.machine);
        disk_restart(world->hall.machine.disk);
        world->crashed++;
        tell(world, "the county loses its power while it starts");
        return false;
    }
    machine_calm(&world->hall.machine);
    if (rc == RC_IO || rc == RC_NOT_FOUND) /* keys that cannot be read look missing */
        return false;
    world_must(world, rc, "the county cannot be opened");
    oracle_hall_opened(world);
    return world->hall.service != NULL;
}

void hall_close(struct world *world) {
    service_close(world->hall.service);
    world->hall.service = NULL;
}

bool hall_up(struct world *world) {
    if (world->hall.service != NULL)
        return true;
    if (world->now_ms < world->hall.down_until_ms)
        return false;
    return hall_open(world);
}

bool hall_after(struct world *world) {
    struct hall *hall = &world->hall;

    if (!disk_is_dead(hall->machine.disk)) {
        machine_calm(&hall->machine);
        return false;
    }
    hall_close(world);
    machine_calm(&hall->machine);
    if (disk_open_files(hall->machine.disk) != 0)
        world_fail(world, "the county leaves %u files open", disk_open_files(hall->machine.disk));
    disk_restart(hall->machine.disk);
    hall->down_until_ms =
        one_in(world, 3) ? world->now_ms + (int64_t)chance(world, 24 * (uint64_t)HOUR_MS) : 0;
    world->crashed++;
    tell(world, "the county loses its power");
    return true;
}

struct ledger *hall_read(struct world *world) {
    const struct office *office = service_office(world->hall.service);
    struct ledger *ledger = NULL;

    world_must(world, office->borrow(office->context, &ledger, &world->err), "a reader");
    return ledger;
}

void hall_give_back(struct world *world, struct ledger *ledger) {
    const struct office *office = service_office(world->hall.service);

    office->give_back(office->context, ledger);
}

const struct office *hall_office(struct world *world) {
    return service_office(world->hall.service);
}

void hall_examine(struct world *world) {
    bool more = true;

    while (more && world->hall.service != NULL) {
        enum rc rc = examine_portion(hall_office(world), 50, &more, &world->err);

        if (rc == RC_IO && !world->healing)
            break;
        world_must(world, rc, "the examiner");
    }
    (void)hall_after(world);
}

static enum rc count_entries(void *context, const struct stored_feed *feed, struct err *err) {
    uint64_t *reach = context;

    (void)err;
    *reach += feed->position;
    return RC_OK;
}

uint64_t hall_reach(struct world *world) {
    const uint64_t all = 0;
    uint64_t reach = 0;
    struct ledger *ledger = hall_read(world);
    enum rc rc = store_feeds(ledger->store, &all, 1, UINT8_MAX, count_entries, &reach, &world->err);

    hall_give_back(world, ledger);
    world_must(world, rc, "the feeds");
    return reach;
}

/* ---- secrets ---- */

enum rc __real_crypt_stretch(struct view secret, const uint8_t salt[CRYPT_SALT_BYTES],
                             struct crypt_cost cost, uint8_t out[CRYPT_KEY_BYTES], struct err *err);
enum rc __wrap_crypt_stretch(struct view secret, const uint8_t salt[CRYPT_SALT_BYTES],
                             struct crypt_cost cost, uint8_t out[CRYPT_KEY_BYTES], struct err *err);

/* The linker leads every call here: a tenth of a second for each decision would be most of what a
 * world takes. */
enum rc __wrap_crypt_stretch(struct view secret, const uint8_t salt[CRYPT_SALT_BYTES],
                             struct crypt_cost cost, uint8_t out[CRYPT_KEY_BYTES],
                             struct err *err) {
    cost = (struct crypt_cost){.passes = 1, .memory_kib = CRYPT_COST_MEMORY_KIB_MIN};
    return __real_crypt_stretch(secret, salt, cost, out, err);
}

/* ---- commands ---- */

static enum rc drop(void *sink, enum control_stream stream, struct view bytes, struct err *err) {
    struct world *world = sink;
    struct view differences = bytes;

    (void)stream;
    (void)err;
    for (size_t at = 0; at + 14 < bytes.size; at++) /* of verify: what it found */
        if (memcmp(bytes.data + at, "\"differences\":", 14) == 0)
            differences = view_slice(bytes, at, bytes.size);
    (void)snprintf(world->said, sizeof(world->said), "%.*s", VIEW_PRINT(differences));
    return RC_OK;
}

enum rc hall_run(struct world *world, enum rc (*run)(void *, struct command *, struct err *),
                 const char *first, ...) {
    struct command command = {.lang = LANG_EN,
                              .json = true,
                              .directory = FOLDER,
                              .data = FOLDER,
                              .secret = view_text(CANARY "county-secret"),
                              .write = drop,
                              .sink = world};
    va_list arguments;

    va_start(arguments, first);
    for (const char *word = first; word != NULL; word = va_arg(arguments, const char *)) {
        if (strncmp(word, "--", 2) == 0)
            command.given[command.option_count++] =
                (struct command_given){word, va_arg(arguments, const char *)};
        else
            command.words[command.word_count++] = word;
    }
    va_end(arguments);
    err_clear(&world->err);
    return run(&world->hall.desk, &command, &world->err);
}

/* ---- forms ---- */

static const char SURVEY[] =
    "type,name,label,constraint,bind::yg:merge,bind::yg:group,bind::yg:key,bind::yg:seal\n"
    "text,name,Name,,,,,\n"
    "text,mark,Mark,,latest,,,\n"
    "text,phone,Phone,,latest,,,\n"
    "text,remark,Remark,,latest,,,\n"
    "integer,pigs,Pigs,. >= 0,,,,\n"
    "integer,beds,Beds,. <= ${pigs} + 5,,,,\n"
    "integer,rooms,Rooms,,max,,,\n"
    "integer,months,Months,,min,,,\n"
    "text,label,Label,,union,,,\n"
    "text,birth,Birth,,once,,,\n"
    "text,source,Source,,authority,,,\n"
    "text,bank,Bank,,,account,,\n"
    "text,account,Account,,,account,,\n"
    "text,card,Card,,,,yes,\n"
    "file,photo,Photo,,,,,\n"
    "text,finding,Finding,,,,,visit\n"
    "integer,score,Score,,,,,visit\n"
    "begin repeat,member,Member,,,,,\n"
    "text,called,Called,,,,,\n"
    "integer,wage,Wage,,,,,\n"
    "text,number,Number,,,,yes,\n"
    "end repeat,,,,,,,\n"
    "text,kin,Kin,,,,,\n";

static void write_sheet(struct world *world, const char *folder, const char *name,
                        const char *text) {
    char path[200];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    world_must(world, file_make_directory(folder, &world->err), "a folder for the form");
    world_must(world, file_write(path, view_text(text), FILE_MODE_SHARED, &world->err),
               "a sheet of the form");
}

void hall_form(struct world *world, uint32_t version) {
    char folder[100], survey[4000], settings[200];
    int size = snprintf(survey, sizeof(survey), "%s", SURVEY);
    enum rc rc;

    for (uint32_t more = 2; more <= version; more++)
        size += snprintf(survey + size, sizeof(survey) - (size_t)size, "text,more%u,More,,%s,,,\n",
                         more, more % 2 == 0 ? "latest" : "");
    (void)snprintf(settings, sizeof(settings),
                   "form_id,form_title,version,instance_name\nhome,Home,v%u,${name}\n", version);
    (void)snprintf(folder, sizeof(folder), "/forms/home%u", version);
    write_sheet(world, folder, "survey.csv", survey);
    write_sheet(world, folder, "settings.csv", settings);
    rc = hall_run(world, desk_form_publish, folder, NULL);
    if (rc != RC_OK && rc != RC_IO)
        world_must(world, rc, "publishing a form");
    if (rc == RC_OK)
        world->hall.form_version = version;
    tell(world, "version %u of the form: %s", version, rc_name(rc));
}

/* ---- the beginning ---- */

static void prepare_tablet(struct world *world, uint32_t at) {
    struct invitation invitation = {
        .device_name = view_text(people[at]),
        .person_name = view_text(people[at]),
        .role = at >= 2 ? ROLE_CLERK : ROLE_INVESTIGATOR, /* who may move records */
        .areas = grants[at].areas,
        .area_count = grants[at].count,
    };
    struct pad *pad = pad_new(world, people[at], disk_new(at + 1));
    char code[CODE_TEXT_BYTES], secret[80], folder[40];
    struct enrol_options options = {
        .directory = folder,
        .server = view_text("http://127.0.0.1:1"),
        .tablet = {.env = &pad->machine.env, .cost = {.passes = 1, .memory_kib = 8}},
        .link = &pad->link};
    struct sync_report report;

    net_begin(world, pad);
    (void)snprintf(secret, sizeof(secret), CANARY "secret-of-%s", people[at]);
    (void)snprintf(folder, sizeof(folder), "/%s/tablet", people[at]);
    world_must(world, auth_invite(hall_office(world), &invitation, "test", code, &world->err),
               "an invitation");
    options.code = view_text(code);
    options.secret = view_text(secret);
    world_must(world, enrol_run(&options, &pad->tablet, &world->err), "enrolling");
    world_must(world, sync_run(pad->tablet, &pad->link, NULL, &report, &world->err),
               "the first sync");
    pad->device = tablet_facts(pad->tablet)->device;
    tablet_close(pad->tablet);
    pad->tablet = NULL;
}

/* Sheets of forms, and backups, lie elsewhere than the county: on disks that do not fail. */
static void fresh_shelves(void) {
    disk_free(ready.forms);
    disk_free(ready.backups);
    ready.forms = disk_new(1);
    ready.backups = disk_new(2);
    disk_mount("forms", ready.forms);
    disk_mount("backups", ready.backups);
}

/* The real sheets, which lie outside of the world. */
static void publish_real(struct world *world, const char *name) {
    static const char *const sheets[] = {"survey", "choices", "settings", "evaluation_rules"};
    char from[80], folder[80], file[80], *text = calloc(1, SHEET_BYTES);

    assert(text != NULL);
    (void)snprintf(folder, sizeof(folder), "/forms/%s", name);
    for (size_t i = 0; i < sizeof(sheets) / sizeof(sheets[0]); i++) {
        FILE *sheet;
        size_t size;

        (void)snprintf(from, sizeof(from), "schema/forms/%s/%s.csv", name, sheets[i]);
        (void)snprintf(file, sizeof(file), "%s.csv", sheets[i]);
        sheet = fopen(from, "r");
        if (sheet == NULL)
            continue;
        size = fread(text, 1, SHEET_BYTES - 1, sheet);
        text[size] = '\0';
        fclose(sheet);
        write_sheet(world, folder, file, text);
    }
    free(text);
    world_must(world, hall_run(world, desk_form_publish, folder, NULL),
               "publishing a form of meetings; run it where schema/ lies");
}

static void prepare(struct start *start, bool votes) {
    struct world *world = calloc(1, sizeof(*world));
    char first[80], second[80];

    assert(world != NULL);
    err_init(&world->err, LANG_EN);
    arena_init(&world->arena, 256u * 1024u * 1024u);
    if (setjmp(world->out) != 0) {
        fprintf(stderr, "the county cannot be made: %s\n", world->failure);
        abort();
    }
    world->healing = true;
    world->now_ms = INT64_C(1795300000000);
    fresh_shelves();
    machine_init(&world->hall.machine, world, "county", disk_new(3));
    world_must(world,
               service_create(FOLDER, &world->hall.machine.env, UINT64_C(430626000000), first,
                              second, &world->err),
               "making a county");
    world->hall.desk = (struct desk){.context = world, .office = give_office};
    if (!hall_open(world))
        world_fail(world, "opening: %s", world->err.text);
    hall_form(world, 1);
    if (votes) {
        publish_real(world, "panel");
        publish_real(world, "meeting");
    }
    world_must(world, hall_run(world, desk_user_add, "chief", "--role", "county", NULL), "a chief");
    world_must(world, hall_run(world, desk_user_add, "deputy", "--role", "county", NULL),
               "a deputy");
    for (uint32_t at = 0; at < PEOPLE; at++)
        prepare_tablet(world, at);
    hall_close(world);
    start->hall = disk_copy(world->hall.machine.disk, 0);
    for (uint32_t at = 0; at < PEOPLE; at++) {
        start->pads[at] = disk_copy(world->pads[at].machine.disk, 0);
        start->devices[at] = world->pads[at].device;
    }
    for (int at = 0; at < world->pad_count; at++)
        pad_release(&world->pads[at]);
    machine_release(&world->hall.machine);
    arena_release(&world->arena);
    free(world);
}

void hall_prepare(void) {
    disk_mount("temporary", disk_new(2));
    prepare(&ready.starts[0], false);
    prepare(&ready.starts[1], true);
}

void hall_start(struct world *world) {
    const struct start *start = &ready.starts[world->turns[TURN_VOTE]];

    fresh_shelves();
    machine_init(&world->hall.machine, world, "county",
                 disk_copy(start->hall, chance(world, UINT64_MAX)));
    world->hall.form_version = 1;
    world->hall.desk = (struct desk){.context = world, .office = give_office};
    if (!hall_open(world))
        world_fail(world, "opening: %s", world->err.text);
}

void hall_begin(struct world *world) {
    const struct start *start = &ready.starts[world->turns[TURN_VOTE]];
    uint32_t count = 2 + (uint32_t)chance(world, PEOPLE - 1);

    hall_start(world);
    if (one_in(world, 2)) { /* a county that prefers to give snapshots */
        struct office *office = (struct office *)(uintptr_t)hall_office(world);

        office->snapshot_tail_bytes = 1;
        office->snapshot_chunk_bytes = 256;
        world->hall.gives_snapshots = true;
    }
    for (uint32_t at = 0; at < count; at++) {
        struct pad *pad =
            pad_new(world, people[at], disk_copy(start->pads[at], chance(world, UINT64_MAX)));

        pad->device = start->devices[at];
        scope_granted(world, pad->device, grants[at].areas, grants[at].count, RC_OK);
        net_begin(world, pad);
        pad_open(world, pad);
        if (!pad_unlock(world, pad))
            world_fail(world, "%s cannot be unlocked: %s", people[at], world->err.text);
    }
}
