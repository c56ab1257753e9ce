/* bench_county.c: makes a county of any size in a folder, for bench_console.mjs and for whoever
 * wants to look at one; and how fast the writer takes it.
 *
 *     YG_BUILD=build bench_county [FOLDER [RECORDS]]     (without a folder: 20,000, thrown away)
 *
 * What stands in it came the way that everything comes: batches that 500 tablets have signed and
 * sealed, opened and admitted by the county's own code, so that `yg-syncd verify` finds nothing in
 * it. Only HTTP and the tablets' own files are left out. Per million records: 880,000 households of
 * 30 townships with 20 villages each, every fifth edited later; 5,000 of them with an open
 * conflict; 100,000 visits, sealed; 10,000 notes and as many tasks; 600 meetings; 2,000 changes
 * that are kept aside; 300,000 frames, over a year; 50,000 acts of the staff. Five people may log
 * in, each with the secret "the long secret of NAME": admin, county, clerk, township (of 430626103)
 * and auditor. */
#include "base/crypt.h"
#include "base/date.h"
#include "base/file.h"
#include "schema/form/answers.h"
#include "schema/form/fill.h"
#include "schema/wire/batch.h"
#include "syncd/service.h"
#include "syncd/sync/area.h"
#include "syncd/sync/author.h"
#include "syncd/sync/examine.h"
#include "syncd/sync/ingest.h"
#include "syncd/sync/news.h"
#include "tests/support/shell.h"
#include "tests/support/survey.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

enum {
    TOWNSHIPS = 30,
    VILLAGES = 600,
    TABLETS = 500,
    JOB_CHANGES = 1000,
    FRAME_MOST = 64,
    KNOWN_MOST = 65536,
    DAYS = 365,
};
#define COUNTY UINT64_C(430626000000)
#define DAY_MS INT64_C(86400000)

static const char *const SURNAMES[] = {"王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周",
                                       "徐", "孙", "马", "朱", "胡", "郭", "何", "林", "高", "罗",
                                       "郑", "梁", "谢", "宋", "唐", "许", "韩", "邓", "冯", "曹",
                                       "彭", "曾", "肖", "田", "董", "潘", "袁", "蔡", "蒋", "余"};
static const char *const GIVEN[] = {"芳", "伟", "娜", "敏", "静", "秀", "强", "磊", "军", "洋",
                                    "勇", "艳", "杰", "娟", "涛", "明", "超", "兰", "霞", "平",
                                    "刚", "桂", "英", "华", "玉", "红", "建", "国", "文", "辉"};
static const char *const PLACES[] = {"石牌", "南江", "梅仙", "龙门", "长寿", "岑川", "三市", "板江",
                                     "大洲", "安定", "瓮江", "伍市", "浯口", "向家", "福寿", "童市",
                                     "虹桥", "木金", "余坪", "上塔", "洪家", "清水", "白沙", "双江",
                                     "黄石", "松山", "新塘", "西冲", "东源", "高坪"};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct tablet {
    uint8_t sign_public[32], sign_secret[64], person_public[32], person_secret[64];
    uint64_t device, person, actor, number;
    uint64_t areas[3];
    uint8_t nonce[16], hash[32];
};

static struct err err;
static struct chance chance = {20261123};
static struct tablet tablets[TABLETS];
static struct service *service;
static const struct office *office;
static struct ledger *ledger;
static const struct form *household, *visit;
static int64_t clock_ms;
static uint64_t lamport, people, quarantined, changes, frames;
static struct arena making, opened, results;
static struct zip_deflater *deflater;
static struct zip_inflater *inflater;
static struct writer_batch batches[JOB_CHANGES + 64];
static struct ingested ingested[JOB_CHANGES + 64];
static uint32_t batch_count, job_changes;
static struct known {
    struct dot id;
    uint64_t area;
    char name[32];
} known[KNOWN_MOST];
static uint32_t known_count;

static void must(enum rc rc, const char *what) {
    if (rc == RC_OK)
        return;
    fprintf(stderr, "bench_county: %s: %s %s\n", what, err.text, err.detail);
    exit(1);
}

static int64_t made_wall_ms(void *context) {
    (void)context;
    return clock_ms;
}

static int64_t made_monotonic_ms(void *context) {
    (void)context;
    return env_monotonic_ms(env_system());
}

static void made_entropy(void *context, void *bytes, size_t size) {
    (void)context;
    env_entropy(env_system(), bytes, size);
}

static const struct env made_env = {NULL, made_wall_ms, made_monotonic_ms, made_entropy};

static uint64_t village(uint32_t index) {
    return COUNTY + 100000 + (uint64_t)(index % TOWNSHIPS) * 1000 + 200 + index / TOWNSHIPS;
}

static uint32_t below(uint32_t bound) {
    return chance_below(&chance, bound);
}

static void make_name(char *out, size_t size) {
    (void)snprintf(out, size, "%s%s%s", SURNAMES[below(14) == 0 ? 0 : below(40)],
                   GIVEN[below(COUNT(GIVEN))], below(3) == 0 ? "" : GIVEN[below(COUNT(GIVEN))]);
}

/* ---- answers ---- */

static const struct instance_id ROOT;

static void put(struct edit *edit, struct instance_id instance, const char *path,
                const char *text) {
    const struct form_field *field = form_field_by_path(edit->form, view_text(path));

    if (field == NULL) {
        fprintf(stderr, "bench_county: %s: the form has no such field\n", path);
        exit(1);
    }
    must(fill_text(edit, instance, field, view_text(text), &err), path);
}

static struct instance_id add(struct edit *edit, const char *repeat) {
    struct instance_id id;

    must(edit_add_instance(edit, form_field_by_path(edit->form, view_text(repeat))->number, ROOT,
                           &id, &err),
         repeat);
    return id;
}

/* An identity number that nobody else has, its date of birth, and whether it is a man's. */
static bool identity(char number[19], char birth[11]) {
    static const int WEIGHTS[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    uint64_t n = people++;
    unsigned year = 1935 + (unsigned)(n % 80), month = 1 + (unsigned)(n / 80 % 12);
    unsigned day = 1 + (unsigned)(n / 960 % 28), order = (unsigned)(n / 26880 % 1000);
    int sum = 0;

    (void)snprintf(number, 19, "430626%04u%02u%02u%03u", year, month, day, order);
    (void)snprintf(birth, 11, "%04u-%02u-%02u", year, month, day);
    for (int i = 0; i < 17; i++)
        sum += (number[i] - '0') * WEIGHTS[i];
    number[17] = "10X98765432"[sum % 11];
    number[18] = '\0';
    return order % 2 == 1;
}

static void add_member(struct edit *edit, const char *name, const char *relation) {
    struct instance_id member = add(edit, "member");
    char number[19], birth[11];
    bool is_man = identity(number, birth);

    put(edit, member, "member/name", name);
    put(edit, member, "member/relation", relation);
    put(edit, member, "member/id_type", "1");
    put(edit, member, "member/id_no", number);
    put(edit, member, "member/sex", is_man ? "1" : "2");
    put(edit, member, "member/birth", birth);
    put(edit, member, "member/ethnicity", "01");
    put(edit, member, "member/counting/in_hukou", "1");
    put(edit, member, "member/counting/counted", "1");
}

static void fill_household(struct edit *edit, uint64_t area, char name[32]) {
    struct instance_id income;
    char text[64];

    make_name(name, 32);
    must(edit_set_area(edit, area, &err), "area");
    put(edit, ROOT, "head/name", name);
    (void)snprintf(text, sizeof(text), "139%08u", below(100000000));
    put(edit, ROOT, "head/phone", text);
    (void)snprintf(text, sizeof(text), "%u组", 1 + below(20));
    put(edit, ROOT, "home/group_name", text);
    put(edit, ROOT, "home/hukou_nature", "2");
    (void)snprintf(text, sizeof(text), "平江县%s村%u号", PLACES[below(COUNT(PLACES))], below(900));
    put(edit, ROOT, "home/hukou_addr", text);
    put(edit, ROOT, "situation/cause_main", below(2) == 0 ? "1" : "5");
    add_member(edit, name, "02");
    for (uint32_t i = below(4); i > 0; i--) {
        make_name(text, 32);
        add_member(edit, text, "99");
    }
    income = add(edit, "income");
    put(edit, income, "income/owner", name);
    put(edit, income, "income/item_code", "W102");
    (void)snprintf(text, sizeof(text), "%u", 20 + below(100));
    put(edit, income, "income/qty", text);
    put(edit, income, "income/unit", "day");
}

static void fill_visit(struct edit *edit, uint64_t area, const struct known *home) {
    char text[64];

    must(edit_set_area(edit, area, &err), "area");
    dot_text(home->id, text);
    put(edit, ROOT, "household", text);
    put(edit, ROOT, "household_name", home->name);
    put(edit, ROOT, "kind", "2");
    time_format(clock_ms - 7200000, text);
    put(edit, ROOT, "begun", text);
    put(edit, ROOT, "outcome", "1");
    for (uint32_t i = 0; i < 2; i++) {
        struct instance_id one = add(edit, "investigator");

        make_name(text, 32);
        put(edit, one, "investigator/name", text);
        (void)snprintf(text, sizeof(text), "%u", 1000 + i * 500 + below(500));
        put(edit, one, "investigator/staff_no", text);
        put(edit, one, "investigator/role", i == 0 ? "lead" : "second");
    }
}

/* ---- batches ---- */

struct cutting {
    struct tablet *tablet;
    struct frame parts[2]; /* households; visits */
    uint64_t first;
    uint8_t previous[32];
};

static void salt_secret(void *context, uint64_t run, uint8_t secret[16]) {
    const struct tablet *tablet = context;

    for (int i = 0; i < 16; i++)
        secret[i] = (uint8_t)((tablet->actor * 31 + run * 17) >> (i * 3));
}

static void cut_start(struct cutting *cut, struct tablet *tablet, uint64_t area) {
    *cut = (struct cutting){.tablet = tablet, .first = tablet->number + 1};
    memcpy(cut->previous, tablet->hash, 32);
    for (int i = 0; i < 2; i++) {
        const struct form *form = i == 0 ? household : visit;

        cut->parts[i] = (struct frame){
            .actor = tablet->actor,
            .area = area,
            .audience = form->audience,
            .form = form->id,
            .changes = arena_array(&making, FRAME_MOST, sizeof(struct frame_change))};
    }
}

static struct dot next_dot(const struct cutting *cut) {
    return (struct dot){cut->tablet->actor, cut->tablet->number + 1};
}

/* The draft becomes the tablet's next change, in a part of its batch. */
static const struct change *cut_add(struct cutting *cut, int part, struct edit *edit) {
    struct tablet *tablet = cut->tablet;
    struct frame_change *to = &cut->parts[part].changes[cut->parts[part].count++];
    struct change *change = &to->change;
    uint8_t secret[16], hash[32];
    struct buf canonical;

    must(edit_finish(edit, view_text(""), change, &err), "finish");
    change->dot = next_dot(cut);
    change->record = edit->change.record;
    change->form = edit->form->id;
    change->person = tablet->person;
    change->wall_ms = clock_ms - 3600000;
    change->lamport = ++lamport;
    if (change->kind == CHANGE_SEAL) {
        must(change_signed_hash(change, hash, &err), "sign");
        crypt_sign(tablet->person_secret, view_of(hash, 32), change->signature);
        change->is_signed = true;
    }
    buf_init(&canonical, LIMIT_CHANGE_BYTES);
    salt_secret(tablet, change->dot.number / 64, secret);
    chain_salt(secret, change->dot.number, to->salt);
    must(change_encode(change, &canonical, &err), "encode");
    chain_leaf(to->salt, buf_view(&canonical), to->leaf);
    chain_next(tablet->hash, to->leaf, hash);
    memcpy(tablet->hash, hash, 32);
    tablet->number++;
    buf_release(&canonical);
    return change;
}

static void cut_end(struct cutting *cut) {
    struct tablet *tablet = cut->tablet;
    struct view views[2];
    struct buf bytes[2], sealed;
    struct batch batch = {.outer = {.county = office->keys->county,
                                    .actor = tablet->actor,
                                    .first = cut->first,
                                    .last = tablet->number},
                          .device = tablet->device,
                          .introduces = cut->first == 1,
                          .epoch = 1,
                          .scope_serial = 1,
                          .wall_ms = clock_ms,
                          .frames = views};
    struct stored_device *device = arena_alloc(&opened, sizeof(*device));

    if (cut->parts[0].count + cut->parts[1].count == 0)
        return;
    memcpy(batch.nonce, tablet->nonce, 16);
    memcpy(batch.previous, cut->previous, 32);
    for (int i = 0; i < 2; i++) {
        buf_init(&bytes[i], LIMIT_FRAME_BYTES);
        if (cut->parts[i].count == 0)
            continue;
        must(frame_encode(&cut->parts[i], salt_secret, tablet, deflater, &bytes[i], &err), "frame");
        views[batch.frame_count++] = buf_view(&bytes[i]);
        job_changes += cut->parts[i].count;
    }
    buf_init(&sealed, LIMIT_BATCH_BYTES);
    must(batch_write(&batch, tablet->hash, tablet->sign_secret, office->keys->box_public, &made_env,
                     &sealed, &err),
         "batch");
    must(ingest_open(office->keys, arena_view(&opened, buf_view(&sealed)), inflater, &opened,
                     &ingested[batch_count], &err),
         "open");
    *device = (struct stored_device){.device = tablet->device};
    batches[batch_count] =
        (struct writer_batch){.ingested = &ingested[batch_count], .source = {.device = device}};
    batch_count++;
    frames += batch.frame_count;
    buf_release(&sealed);
    buf_release(&bytes[0]);
    buf_release(&bytes[1]);
}

static void hand_in(void) {
    struct writer_job job = {.arena = &results, .batch_count = batch_count, .batches = batches};

    err_init(&job.err, LANG_EN);
    office->write(office->context, &job);
    err = job.err;
    must(job.err.rc, "writer");
    for (uint32_t i = 0; i < batch_count; i++) {
        must(batches[i].rc, "batch");
        quarantined += batches[i].receipt.outcome_count;
    }
    changes += job_changes;
    batch_count = job_changes = 0;
    arena_reset(&opened);
    arena_reset(&results);
}

/* ---- households and visits ---- */

static void start_edit(struct cutting *cut, const struct form *form, enum change_kind kind,
                       const struct record *record, const struct reading *reading,
                       struct edit *edit) {
    must(edit_start(edit, kind, next_dot(cut), cut->tablet->person, form, record, reading, &making,
                    &err),
         "edit");
}

/* What else is made of a new household. */
enum fate { FATE_PLAIN, FATE_CONTRADICTED, FATE_ASIDE };

static void set_cause(struct cutting *cut, const struct record *record,
                      const struct reading *reading, const char *cause) {
    struct edit edit;

    start_edit(cut, household, CHANGE_EDIT, record, reading, &edit);
    put(&edit, ROOT, "situation/cause_main", cause);
    (void)cut_add(cut, 0, &edit);
}

static void add_household(struct cutting *cut, uint64_t area, struct cutting *other,
                          enum fate fate) {
    struct known *to = &known[known_count < KNOWN_MOST ? known_count++ : below(KNOWN_MOST)];
    const struct change *change;
    struct record record, made;
    struct reading reading;
    struct edit edit;
    char phone[16];

    start_edit(cut, household, CHANGE_CREATE, NULL, NULL, &edit);
    to->area = area;
    to->id = next_dot(cut);
    fill_household(&edit, area, to->name);
    change = cut_add(cut, 0, &edit);
    if (fate == FATE_PLAIN && below(5) != 0)
        return;
    record_init(&made, change->record);
    must(
        merge_apply(&made, change, (struct admission){.time_ms = clock_ms}, &making, &record, &err),
        "merge");
    must(reading_make(&record, household, &making, &reading, &err), "read");
    if (fate == FATE_CONTRADICTED) /* two people, and neither has seen the other */
        set_cause(cut, &record, &reading, "3");
    if (fate != FATE_PLAIN) {
        set_cause(other, &record, &reading, "4");
        return;
    }
    start_edit(cut, household, CHANGE_EDIT, &record, &reading, &edit);
    (void)snprintf(phone, sizeof(phone), "138%08u", below(100000000));
    put(&edit, ROOT, "head/phone", phone);
    (void)cut_add(cut, 0, &edit);
}

static void add_visit(struct cutting *cut, uint64_t area, const struct known *home) {
    const struct change *change;
    struct record record, made;
    struct reading reading;
    struct edit edit;

    start_edit(cut, visit, CHANGE_CREATE, NULL, NULL, &edit);
    fill_visit(&edit, area, home);
    change = cut_add(cut, 1, &edit);
    record_init(&made, change->record);
    must(
        merge_apply(&made, change, (struct admission){.time_ms = clock_ms}, &making, &record, &err),
        "merge");
    must(reading_make(&record, visit, &making, &reading, &err), "read");
    start_edit(cut, visit, CHANGE_SEAL, &record, &reading, &edit);
    must(edit_seal(&edit, form_scope(visit, "visit"), &err), "seal");
    (void)cut_add(cut, 1, &edit);
}

/* One tablet comes home with what it wrote in one village. */
static uint32_t come_home(uint32_t records) {
    uint32_t number = below(TABLETS), made = 0, homes = 1 + below(6);
    struct tablet *tablet = &tablets[number];
    uint64_t area = tablet->areas[below(3)];
    enum fate fate = FATE_PLAIN;
    struct cutting cut, other;

    if (below(50) == 0) { /* 5,000 of 250,000; the next tablet works in that village, too */
        fate = FATE_CONTRADICTED;
        area = tablet->areas[1];
        number++;
    } else if (below(125) == 0) { /* 2,000: the other one has nothing to do there */
        fate = FATE_ASIDE;
        number += TABLETS / 2;
    }
    cut_start(&cut, tablet, area);
    cut_start(&other, &tablets[number % TABLETS], area);
    for (; homes > 0 && made < records; homes--, made++) {
        add_household(&cut, area, &other, fate);
        fate = FATE_PLAIN;
    }
    for (uint32_t i = below(5) == 0 ? 2 : 0; i > 0 && made < records; i--, made++)
        add_visit(&cut, area, &known[below(known_count)]);
    cut_end(&cut);
    cut_end(&other);
    arena_reset(&making);
    return made;
}

/* ---- what the county's staff do ---- */

struct words {
    const char *form;
    const struct known *about;
    uint32_t nth;
};

static void add_items(struct json *answers) {
    struct json *items = json_add_array(answers, "item");
    char text[DOT_TEXT_BYTES];

    for (uint32_t i = 0; i < 10; i++) {
        const struct known *home = &known[below(known_count)];
        struct json *item = json_add_object(items, NULL);

        dot_text(home->id, text);
        json_add_text(item, "household", text);
        json_add_text(item, "subject", home->name);
        json_add_int(item, "order", i + 1);
    }
}

static enum rc write_words(void *context, struct edit *edit, struct err *failure) {
    static const char *const KINDS[] = {"comment", "return", "approve", "mark"};
    const struct words *words = context;
    struct json *answers = json_object();
    char text[DOT_TEXT_BYTES];
    struct buf problems;
    enum rc rc;

    buf_init(&problems, 65536);
    dot_text(words->about->id, text);
    if (strcmp(words->form, "note") == 0) {
        json_add_text(answers, "about", text);
        json_add_text(answers, "kind", KINDS[words->nth % 4]);
        json_add_text(answers, "text", "请补充收入证明材料");
        json_add_text(answers, "from", "clerk");
    } else if (strcmp(words->form, "task") == 0) {
        struct date due = date_from_ms(clock_ms + (int64_t)below(30) * DAY_MS);

        json_add_text(answers, "household", text);
        json_add_text(answers, "kind", "2");
        id_text(tablets[below(TABLETS)].person, text);
        json_add_text(answers, "assignee", text);
        (void)snprintf(text, sizeof(text), "%04d-%02d-%02d", due.year, due.month, due.day);
        json_add_text(answers, "due", text);
        json_add_text(answers, "message", "请于月底前入户复核");
        json_add_text(answers, "state", words->nth % 4 == 0 ? "open" : "done");
    } else {
        (void)snprintf(text, sizeof(text), "第%u次评议会", words->nth + 1);
        json_add_text(answers, "title", text);
        add_items(answers);
    }
    rc = answers_fill(edit, ROOT, FORM_NO_PARENT, answers, &problems, failure);
    buf_release(&problems);
    json_free(answers);
    return rc;
}

static struct words saying;
static uint32_t say_count;

static enum rc say_act(void *context, struct work *work, struct err *failure) {
    enum rc rc = RC_OK;

    (void)context;
    for (uint32_t i = 0; i < say_count && rc == RC_OK; i++) {
        struct author_request request = {
            .kind = CHANGE_CREATE, .form = view_text(saying.form), .build = write_words};
        struct dot made;

        saying.about = &known[below(known_count)];
        request.area = saying.about->area;
        request.context = &saying;
        rc = author_change(work, &request, &made, failure);
        saying.nth++;
    }
    return rc;
}

static void say(const char *form, uint32_t count) {
    saying = (struct words){.form = form};
    for (uint32_t done = 0; done < count; done += say_count) {
        say_count = count - done < 250 ? count - done : 250;
        must(office_act(office, say_act, NULL, &err), form);
        clock_ms += DAY_MS / 400;
    }
    changes += count;
    frames += count;
}

static enum rc log_act(void *context, struct work *work, struct err *failure) {
    static const char *const DOES[] = {"reveal", "resolve", "export", "note comment", "login"};
    enum rc rc = RC_OK;

    (void)context;
    for (uint32_t i = 0; i < 1000 && rc == RC_OK; i++) {
        char object[DOT_TEXT_BYTES];

        dot_text(known[below(known_count)].id, object);
        rc = work_act(work, below(3) == 0 ? "clerk" : "county", DOES[below(5)], object,
                      view_text("复核"), failure);
    }
    return rc;
}

/* ---- tablets and their people ---- */

static void make_tablet(uint32_t number) {
    struct tablet *tablet = &tablets[number];
    uint8_t seed[32];

    chance_bytes(&chance, seed, 32);
    crypt_sign_keypair(seed, tablet->sign_public, tablet->sign_secret);
    chance_bytes(&chance, seed, 32);
    crypt_sign_keypair(seed, tablet->person_public, tablet->person_secret);
    chance_bytes(&chance, tablet->nonce, 16);
    tablet->device = batch_device(tablet->sign_public);
    tablet->person = id_of_person(tablet->person_public);
    tablet->actor = batch_actor(tablet->sign_public, tablet->nonce);
    chain_start(tablet->actor, tablet->hash);
    tablet->areas[0] = village(number);
    tablet->areas[1] = village((number + 1) % TABLETS);
    tablet->areas[2] = village(TABLETS + number % (VILLAGES - TABLETS));
}

/* At the end once more: what their last exchange has left. */
static enum rc tablets_act(void *context, struct work *work, struct err *failure) {
    bool at_end = context != NULL;

    for (uint32_t i = 0; i < TABLETS; i++) {
        struct tablet *tablet = &tablets[i];
        struct stored_device *device = WORK_ADD(work, devices, device_count, device_capacity);
        struct stored_person *person =
            at_end ? NULL : WORK_ADD(work, persons, person_count, person_capacity);
        uint64_t *areas = arena_copy(&work->arena, tablet->areas, sizeof(tablet->areas));
        char *name = arena_text(&work->arena, "平板%03u", i + 1);
        char text[32];

        if (device == NULL || areas == NULL || name == NULL)
            return arena_check(&work->arena, "a step of the writer", failure);
        *device = (struct stored_device){.device = tablet->device,
                                         .name = view_text(name),
                                         .person = tablet->person,
                                         .enrolled_ms = clock_ms,
                                         .scope = {.serial = 1,
                                                   .area_count = 3,
                                                   .areas = areas,
                                                   .audience_mask = 1 << AUDIENCE_FIELD},
                                         .scope_confirmed = 1};
        memcpy(device->sign_public, tablet->sign_public, 32);
        memcpy(device->box_public, tablet->sign_public, 32);
        if (at_end) {
            device->enrolled_ms = clock_ms - DAYS * DAY_MS;
            device->seen_ms = i % 10 == 9 ? 0 : clock_ms - (int64_t)below(30) * DAY_MS;
            device->actor = tablet->actor;
            device->own_last = tablet->number + below(4);
            device->offset_ms = (int64_t)below(2000) - 1000;
        }
        if (person == NULL)
            continue;
        make_name(text, sizeof(text));
        *person = (struct stored_person){.person = tablet->person,
                                         .name = arena_view(&work->arena, view_text(text)),
                                         .role = ROLE_INVESTIGATOR,
                                         .device = tablet->device,
                                         .area_count = 3,
                                         .areas = areas,
                                         .created_ms = clock_ms};
        memcpy(person->sign_public, tablet->person_public, 32);
    }
    return arena_check(&work->arena, "a step of the writer", failure);
}

static void name_areas(void) {
    static struct area_act acts[VILLAGES + TOWNSHIPS];
    static char names[VILLAGES + TOWNSHIPS][40];
    struct area_request request = {.acts = acts, .count = VILLAGES + TOWNSHIPS};

    for (uint32_t i = 0; i < VILLAGES + TOWNSHIPS; i++) {
        uint64_t area =
            i < VILLAGES ? village(i) : COUNTY + 100000 + (uint64_t)(i - VILLAGES) * 1000;

        if (i < VILLAGES)
            (void)snprintf(names[i], sizeof(names[i]), "%s%s村", PLACES[i % COUNT(PLACES)],
                           GIVEN[i / TOWNSHIPS]);
        else
            (void)snprintf(names[i], sizeof(names[i]), "%s镇", PLACES[i - VILLAGES]);
        acts[i] = (struct area_act){
            .kind = AREA_NAMED, .from = area, .to = area, .name = view_text(names[i])};
    }
    request.reason = view_text("区划");
    must(office_act(office, area_act, &request, &err), "names of areas");
}

/* ---- all of it ---- */

static double now_s(clockid_t clock) {
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void shell(const char *folder, const char *command) {
    struct buf line;
    const char *programs = getenv("YG_BUILD");

    buf_init(&line, 65536);
    buf_addf(&line, "set -e; y() { '%s/yg-syncd' \"$@\" --data '%s' > /dev/null 2>&1; }; %s",
             programs == NULL ? "build" : programs, folder, command);
    if (shell_run(buf_text(&line)) != 0) {
        fprintf(stderr, "bench_county: %s\n", command);
        exit(1);
    }
    buf_release(&line);
}

static void begin(const char *folder) {
    struct service_options options = {.directory = folder, .env = &made_env};

    shell(folder, "y init --area 430626; "
                  "for form in household visit note task meeting; do "
                  "y form publish schema/forms/$form; done; "
                  "for role in admin county clerk auditor township; do area=430626; "
                  "[ $role != township ] || area=430626103; "
                  "YG_PASSPHRASE=\"the long secret of $role\" "
                  "y user add $role --role $role --areas $area; done");
    must(service_open(&options, &service, &err), "open");
    office = service_office(service);
    must(office->borrow(office->context, &ledger, &err), "borrow");
    must(ledger_newest(ledger, view_text("household"), &household, &err), "form");
    must(ledger_newest(ledger, view_text("visit"), &visit, &err), "form");
    for (uint32_t i = 0; i < TABLETS; i++)
        make_tablet(i);
    must(office_act(office, tablets_act, NULL, &err), "tablets");
    name_areas();
}

/* Runs the rules of the forms over everything, as the service does when it rests. */
static void examine(void) {
    double started = now_s(CLOCK_PROCESS_CPUTIME_ID);

    for (bool more = true; more;)
        must(examine_portion(office, EXAMINE_CHANGES_MAX, &more, &err), "examine");
    printf("rules: %.1f us of CPU a change\n",
           (now_s(CLOCK_PROCESS_CPUTIME_ID) - started) / (double)changes * 1e6);
}

/* What was made here breaks none of them: nobody needs to wait for that. */
static enum rc examined_act(void *context, struct work *work, struct err *failure) {
    struct buf setting;
    enum rc rc;

    (void)context;
    buf_init(&setting, 64);
    buf_add_varint(&setting, frames);
    buf_add_varint(&setting, 0);
    rc = work_put_setting(work, "examined", buf_view(&setting), failure);
    buf_release(&setting);
    return rc;
}

static void make(const char *folder, uint32_t records, bool is_for_good) {
    double started = now_s(CLOCK_MONOTONIC), cpu = now_s(CLOCK_PROCESS_CPUTIME_ID), writing = 0;
    uint32_t made = 0, goal = records - records / 50;
    int64_t end_ms = env_wall_ms(env_system());

    clock_ms = end_ms - DAYS * DAY_MS;
    begin(folder);
    while (made < goal) {
        double before;

        while (job_changes < JOB_CHANGES && batch_count < JOB_CHANGES && made < goal)
            made += come_home(goal - made);
        clock_ms = end_ms - DAYS * DAY_MS + (int64_t)((double)made / goal * (DAYS - 2)) * DAY_MS;
        before = now_s(CLOCK_PROCESS_CPUTIME_ID);
        hand_in();
        writing += now_s(CLOCK_PROCESS_CPUTIME_ID) - before;
    }
    printf("%" PRIu64 " changes in %" PRIu64 " frames: %.1f us of CPU a change in the writer; "
           "%.0f s in all, %.0f s of CPU\n",
           changes, frames, writing / (double)changes * 1e6, now_s(CLOCK_MONOTONIC) - started,
           now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    say("note", records / 100);
    say("task", records / 100);
    say("meeting", records / 1600);
    for (uint32_t i = 0; i < records / 20000; i++)
        must(office_act(office, log_act, NULL, &err), "log");
    clock_ms = end_ms;
    must(office_act(office, tablets_act, &clock_ms, &err), "tablets");
    if (is_for_good)
        must(office_act(office, examined_act, NULL, &err), "examined");
    else
        examine();
    printf("%" PRIu64 " changes kept aside\n", quarantined);
    office->give_back(office->context, ledger);
    service_close(service);
}

static void remove_folder(const char *folder) {
    struct buf line;

    buf_init(&line, 1024);
    buf_addf(&line, "rm -rf '%s'", folder);
    (void)shell_run(buf_text(&line));
    buf_release(&line);
}

int main(int argc, char **argv) {
    uint32_t records = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000000;
    const char *folder = argc > 1 ? argv[1] : NULL, *temporary = getenv("TMPDIR");
    char made[256];

    setvbuf(stdout, NULL, _IOLBF, 0);
    err_init(&err, LANG_EN);
    must(crypt_start(&err), "crypt");
    arena_init(&making, 256u << 20);
    arena_init(&opened, 512u << 20);
    arena_init(&results, 64u << 20);
    arena_keep(&making, 16u << 20);
    arena_keep(&opened, 64u << 20);
    must(zip_deflater_new(ZIP_LEVEL_DEFAULT, &deflater, &err), "zip");
    must(zip_inflater_new(&inflater, &err), "zip");
    if (folder == NULL) {
        (void)snprintf(made, sizeof(made), "%s/bench_county-%ld", temporary ? temporary : "/tmp",
                       (long)getpid());
        folder = made;
        records = 20000;
    }
    make(folder, records, folder != made);
    if (folder == made)
        remove_folder(folder);
    zip_deflater_free(deflater);
    zip_inflater_free(inflater);
    arena_release(&making);
    arena_release(&opened);
    arena_release(&results);
    return 0;
}
