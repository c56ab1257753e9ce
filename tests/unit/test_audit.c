/* test_audit.c: audit files: what a county exports is valid, and nothing that was changed in it
 * passes, whoever changed it: somebody with the file alone, or somebody with the county's key. */
#include "tests/support/clerk.h"

#include "base/crypt.h"
#include "base/file.h"
#include "schema/audit/check.h"
#include "schema/merge.h"
#include "syncd/desk/audit.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define FILE_BYTES (64u * 1024u * 1024u)

/* ---- a county with something of everything ---- */

struct story {
    const char *home, *other, *quiet; /* in conflict and resolved; erased in; untouched */
};

static struct story tell(struct clerk *world) {
    struct story story;

    clerk_begin(world);
    clerk_user(world, "li", "county");
    story.home = clerk_conflict(world);
    story.other = clerk_new(world, world->wang, CLERK_HOME("要删除的人"));
    story.quiet = clerk_new(world, world->zhang, CLERK_HOME("张家"));
    clerk_sync(world);
    clerk_edit(world, world->zhang, story.other, "bank", "农行");
    clerk_sync(world);
    RUNS(world, 0, "resolve", story.home, "pigs", "--value", "5", "--as", "li", "--reason", "seen");
    RUNS(world, 0, "redact", story.other, "name", "--reason", "asked for");
    clerk_sync(world);
    return story;
}

/* ---- exporting and checking ---- */

static enum rc add_bytes(void *sink, struct view bytes, struct err *err) {
    struct buf *out = sink;

    buf_add_view(out, bytes);
    return buf_check(out, "a file", err);
}

static void export_to(struct clerk *world, uint8_t selection, bool full, const char *record,
                      struct buf *out) {
    uint64_t area = UINT64_C(430626117205);
    struct dot id = {0, 0};
    struct audit_wish wish = {.selection = selection,
                              .records = &id,
                              .areas = &area,
                              .full = full,
                              .by = view_text("test"),
                              .reason = view_text("a test"),
                              .day = 20000};
    const struct office *office = service_office(world->service);
    struct ledger *ledger = NULL;
    struct err err;

    err_init(&err, LANG_EN);
    wish.record_count = record != NULL;
    wish.area_count = selection == AUDIT_AREA;
    if (record != NULL)
        clerk_must(dot_parse(view_text(record), &id, &err), &err);
    buf_init(out, FILE_BYTES);
    clerk_must(office->borrow(office->context, &ledger, &err), &err);
    clerk_must(audit_export(office, ledger, &wish, add_bytes, out, &err), &err);
    office->give_back(office->context, ledger);
}

static char first_finding[600];

static void note_finding(void *context, const struct audit_finding *finding) {
    (void)context;
    if (first_finding[0] == '\0')
        snprintf(first_finding, sizeof(first_finding), "%s at %llu: %s", finding->part,
                 (unsigned long long)finding->at, finding->text);
}

static enum rc check(struct view file, const uint8_t *county, struct audit_result *result) {
    const struct audit_options options = {.county_public = county, .found = note_finding};
    struct err err;

    err_init(&err, LANG_EN);
    first_finding[0] = '\0';
    return audit_check(file, &options, result, &err);
}

static bool passes(struct view file) {
    struct audit_result result;

    return check(file, NULL, &result) == RC_OK && result.differences == 0;
}

static struct audit_result valid(struct view file) {
    struct audit_result result;

    assert_int_equal(check(file, NULL, &result), RC_OK);
    if (result.differences != 0)
        fail_msg("%s", first_finding);
    return result;
}

/* ---- what is right is found right ---- */

static void a_whole_county_is_valid_in_full_and_masked(void **state) {
    struct clerk *world = *state;
    struct audit_result result;
    struct buf file;

    tell(world);
    export_to(world, AUDIT_ALL, true, NULL, &file);
    result = valid(buf_view(&file));
    assert_int_equal(result.records, 3);
    assert_true(result.whole);
    assert_int_equal(result.withheld, 0);
    assert_int_equal(result.masked, 0);
    assert_int_equal(result.erased, 1);
    assert_int_equal(result.open + result.erased, result.changes);
    assert_int_equal(result.signed_by_person, 1);
    assert_int_equal(result.signed_by_device, result.changes - 1); /* all but the resolution */
    assert_null(memmem(file.data, file.size, "要删除的人", strlen("要删除的人")));
    assert_non_null(memmem(file.data, file.size, "13812345678", 11));
    buf_release(&file);
    export_to(world, AUDIT_ALL, false, NULL, &file);
    result = valid(buf_view(&file));
    assert_int_equal(result.records, 3);
    assert_int_equal(result.masked, 2);
    assert_null(memmem(file.data, file.size, "13812345678", 11));
    buf_release(&file);
}

static void a_record_comes_with_the_leaves_of_the_others(void **state) {
    struct clerk *world = *state;
    struct story story = tell(world);
    struct audit_result result;
    struct buf file;

    export_to(world, AUDIT_RECORDS, true, story.home, &file);
    result = valid(buf_view(&file));
    assert_int_equal(result.records, 1);
    assert_int_equal(result.withheld, 3);
    assert_false(result.whole);
    assert_int_equal(result.signed_by_device, result.changes - 1);
    assert_int_equal(result.acts_shown, 1); /* the resolution */
    assert_null(memmem(file.data, file.size, "张家", strlen("张家")));
    buf_release(&file);
}

static void a_record_that_moved_is_proven_in_both_areas(void **state) {
    struct clerk *world = *state;
    struct audit_result result;
    struct seen seen;
    struct edit edit;
    const char *record;
    struct buf file;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    record = clerk_new(world, world->wang, CLERK_HOME("搬家的"));
    clerk_sync(world);
    clerk_start(world, world->wang, record, CHANGE_MOVE, &seen, &edit);
    clerk_must(edit_set_area(&edit, UINT64_C(430626117206), &err), &err);
    clerk_finish(world, world->wang, &seen, &edit);
    clerk_sync(world);
    export_to(world, AUDIT_AREA, true, NULL, &file);
    result = valid(buf_view(&file));
    assert_int_equal(result.records, 1);
    assert_true(result.whole);
    buf_release(&file);
    export_to(world, AUDIT_RECORDS, false, record, &file);
    valid(buf_view(&file));
    buf_release(&file);
}

static void another_countys_key_does_not_fit(void **state) {
    struct clerk *world = *state;
    struct audit_result result;
    uint8_t key[32] = {1};
    struct buf file;

    tell(world);
    export_to(world, AUDIT_ALL, true, NULL, &file);
    assert_int_equal(check(buf_view(&file), key, &result), RC_OK);
    assert_true(result.differences > 0);
    assert_int_equal(
        check(buf_view(&file), service_office(world->service)->keys->sign_public, &result), RC_OK);
    assert_int_equal(result.differences, 0);
    buf_release(&file);
}

/* ---- somebody with the file alone ---- */

static void no_changed_byte_passes(void **state) {
    struct clerk *world = *state;
    struct story story = tell(world);
    struct buf file;

    export_to(world, AUDIT_RECORDS, true, story.other, &file);
    valid(buf_view(&file));
    for (size_t i = 0; i < file.size; i += 1 + file.size / 700) {
        file.data[i] ^= (uint8_t)(1u << i % 8);
        if (passes(buf_view(&file)))
            fail_msg("byte %zu of %zu was changed and nobody saw it", i, file.size);
        file.data[i] ^= (uint8_t)(1u << i % 8);
    }
    for (size_t size = 0; size < file.size; size += 1 + file.size / 300)
        if (passes(view_of(file.data, size)))
            fail_msg("cut off at %zu of %zu, and nobody saw it", size, file.size);
    buf_add_u8(&file, 0);
    assert_false(passes(buf_view(&file)));
    buf_release(&file);
}

/* ---- somebody with the county's key: signs again what he has changed ---- */

struct parts {
    struct arena arena;
    struct audit_piece *list;
    uint32_t count;
};

static void open_parts(struct view file, struct parts *parts) {
    uint64_t at;
    struct err err;

    err_init(&err, LANG_EN);
    arena_init(&parts->arena, FILE_BYTES);
    clerk_must(audit_parts(file, &parts->arena, &parts->list, &parts->count, &at, &err), &err);
}

/* All parts in order, signed anew; skip: one that is left out; put: what takes one's place. */
static void sign_again(struct clerk *world, const struct parts *parts, uint32_t skip, uint32_t put,
                       struct view content, struct buf *out) {
    struct audit_writer writer;
    struct err err;

    err_init(&err, LANG_EN);
    buf_init(out, FILE_BYTES);
    clerk_must(audit_begin(&writer, add_bytes, out, &err), &err);
    for (uint32_t i = 0; i + 1 < parts->count; i++)
        if (i != skip)
            clerk_must(audit_add(&writer, parts->list[i].kind,
                                 i == put ? content : parts->list[i].content, &err),
                       &err);
    clerk_must(audit_end(&writer, service_office(world->service)->keys->sign_secret, &err), &err);
    audit_release(&writer);
}

static bool is_left_over(struct parts *parts, const struct audit_piece *part, size_t offset) {
    const uint8_t *byte = part->content.data + offset;
    struct audit_record record;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(audit_record_read(part->content, &parts->arena, &record, &err), &err);
    for (uint32_t i = 0; i < record.change_count; i++) {
        const struct audit_change *change = &record.changes[i];

        if ((change->flags & AUDIT_OPEN) == 0 && byte >= change->canonical.data &&
            byte < change->canonical.data + change->canonical.size)
            return true;
    }
    return false;
}

/* Bytes that nothing but the county's word stands for; docs/audit.md lists them. */
static bool is_the_countys_word(struct parts *parts, const struct audit_piece *part,
                                size_t offset) {
    switch (part->kind) {
    case AUDIT_RECORD: /* what is left of a change of which something is erased */
        return is_left_over(parts, part, offset);
    case AUDIT_HEAD:   /* when, by whom, why: the county's statement about the file */
    case AUDIT_PEOPLE: /* names and roles: keys are tried below */
    case AUDIT_DEVICES:
    case AUDIT_FILES: /* sizes and where they are */
        return true;
    case AUDIT_FORM: /* the position of its publication */
        return offset == 0;
    default:
        return false;
    }
}

static void no_part_can_be_changed_by_who_has_the_key(void **state) {
    struct clerk *world = *state;
    struct parts parts;
    struct buf file, forged;
    uint32_t tried = 0;

    tell(world);
    export_to(world, AUDIT_ALL, true, NULL, &file);
    open_parts(buf_view(&file), &parts);
    for (uint32_t p = 0; p + 1 < parts.count; p++) {
        struct view content = parts.list[p].content;
        uint8_t *copy = arena_copy(&parts.arena, content.data, content.size);
        size_t step = 1 + content.size / 80;

        for (size_t i = 0; i < content.size; i += step) {
            if (is_the_countys_word(&parts, &parts.list[p], i))
                continue;
            copy[i] ^= (uint8_t)(1u << i % 8);
            sign_again(world, &parts, UINT32_MAX, p, view_of(copy, content.size), &forged);
            if (passes(buf_view(&forged)))
                fail_msg("part %u of kind %u, byte %zu of %zu: changed, and nobody saw it", p,
                         parts.list[p].kind, i, content.size);
            buf_release(&forged);
            copy[i] ^= (uint8_t)(1u << i % 8);
            tried++;
        }
    }
    assert_true(tried > 500);
    arena_release(&parts.arena);
    buf_release(&file);
}

static void no_part_can_be_left_out(void **state) {
    struct clerk *world = *state;
    struct parts parts;
    struct buf file, forged;

    tell(world);
    export_to(world, AUDIT_ALL, true, NULL, &file);
    open_parts(buf_view(&file), &parts);
    for (uint32_t p = 1; p + 1 < parts.count; p++) {
        struct audit_result result;
        uint8_t kind = parts.list[p].kind;

        sign_again(world, &parts, p, UINT32_MAX, (struct view){0}, &forged);
        assert_int_equal(check(buf_view(&forged), NULL, &result), RC_OK);
        if (kind == AUDIT_FORM)
            assert_true(result.unknown_forms > 0);
        else if (result.differences == 0 && kind != AUDIT_BATCH && kind != AUDIT_LOG &&
                 kind != AUDIT_FILES) /* less is proven, and the counts say so */
            fail_msg("a part of kind %u was left out, and nobody saw it", kind);
        buf_release(&forged);
    }
    arena_release(&parts.arena);
    buf_release(&file);
}

/* ---- what a forger would do: each by its name, and all signed again ---- */

static uint32_t part_of(const struct parts *parts, uint8_t kind, uint32_t which) {
    for (uint32_t i = 0; i < parts->count; i++)
        if (parts->list[i].kind == kind && which-- == 0)
            return i;
    fail_msg("no part of kind %u", kind);
    return 0;
}

static void read_record(struct parts *parts, uint32_t part, struct audit_record *out) {
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(audit_record_read(parts->list[part].content, &parts->arena, out, &err), &err);
}

static void refuses_record(struct clerk *world, struct parts *parts, uint32_t part,
                           const struct audit_record *record, const char *what) {
    struct buf content, forged;

    buf_init(&content, FILE_BYTES);
    audit_record_write(record, &content);
    sign_again(world, parts, UINT32_MAX, part, buf_view(&content), &forged);
    if (passes(buf_view(&forged)))
        fail_msg("%s: nobody saw it", what);
    buf_release(&content);
    buf_release(&forged);
}

/* The change decoded, changed and encoded again. */
static struct view change_again(struct parts *parts, struct view canonical,
                                void (*touch)(struct change *)) {
    struct change change;
    struct buf bytes;
    struct view kept;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(change_decode(canonical, &parts->arena, &change, &err), &err);
    touch(&change);
    buf_init(&bytes, LIMIT_CHANGE_BYTES);
    clerk_must(change_encode(&change, &bytes, &err), &err);
    kept = arena_view(&parts->arena, buf_view(&bytes));
    buf_release(&bytes);
    return kept;
}

static void touch_author(struct change *change) {
    change->person ^= 1;
}
static void touch_time(struct change *change) {
    change->wall_ms += 60000;
}
static void touch_reason(struct change *change) {
    change->reason = view_text("another reason");
}
static void touch_form(struct change *change) {
    change->form ^= 1;
}
static void touch_order(struct change *change) {
    change->lamport += 1;
}
static void touch_value(struct change *change) {
    struct entry *entries = (struct entry *)(uintptr_t)change->entries;

    for (uint32_t i = 0; i < change->entry_count; i++)
        if (entries[i].value.type == VALUE_TEXT && entries[i].field >= FIELD_FIRST_OF_FORM)
            entries[i].value.bytes = view_text("forged");
}

static void a_forged_change_is_found(void **state) {
    static const struct {
        const char *what;
        void (*touch)(struct change *);
    } forgeries[] = {{"author", touch_author}, {"time", touch_time},   {"reason", touch_reason},
                     {"form", touch_form},     {"order", touch_order}, {"value", touch_value}};
    struct clerk *world = *state;
    struct parts parts;
    struct audit_record record;
    struct buf file;
    uint32_t part;

    tell(world);
    export_to(world, AUDIT_ALL, true, NULL, &file);
    open_parts(buf_view(&file), &parts);
    for (uint32_t which = 0; which < 3; which++) {
        part = part_of(&parts, AUDIT_RECORD, which);
        for (size_t f = 0; f < sizeof(forgeries) / sizeof(forgeries[0]); f++) {
            read_record(&parts, part, &record);
            if ((record.changes[0].flags & AUDIT_OPEN) == 0)
                continue;
            record.changes[0].canonical =
                change_again(&parts, record.changes[0].canonical, forgeries[f].touch);
            refuses_record(world, &parts, part, &record, forgeries[f].what);
        }
    }
    arena_release(&parts.arena);
    buf_release(&file);
}

static void changes_cannot_be_taken_out_or_put_in(void **state) {
    struct clerk *world = *state;
    struct parts parts;
    struct audit_record record;
    struct buf file;
    uint32_t part;

    tell(world);
    export_to(world, AUDIT_ALL, true, NULL, &file);
    open_parts(buf_view(&file), &parts);
    for (uint32_t which = 0; which < 3; which++) {
        part = part_of(&parts, AUDIT_RECORD, which);
        read_record(&parts, part, &record);
        for (uint32_t gone = 0; gone < record.change_count; gone++) {
            struct audit_record less = record;

            less.changes = arena_array(&parts.arena, record.change_count, sizeof(*less.changes));
            less.change_count = 0;
            for (uint32_t i = 0; i < record.change_count; i++)
                if (i != gone)
                    less.changes[less.change_count++] = record.changes[i];
            refuses_record(world, &parts, part, &less, "a change was taken out");
        }
        {
            struct audit_record more = record;

            more.changes =
                arena_array(&parts.arena, record.change_count + 1u, sizeof(*more.changes));
            memcpy(more.changes, record.changes, record.change_count * sizeof(*more.changes));
            more.changes[more.change_count++] = record.changes[0];
            refuses_record(world, &parts, part, &more, "a change stands there twice");
        }
    }
    arena_release(&parts.arena);
    buf_release(&file);
}

/* The resolution is taken out everywhere: in the record and in the state that the county claims. Of
 * an area its leaf in the feed gives it away; the feed itself leads to a head that tablets keep. */
static void a_resolution_cannot_be_hidden(void **state) {
    struct clerk *world = *state;
    struct story story = tell(world);
    struct parts parts;
    struct audit_record record, former;
    struct buf file;
    uint32_t part = 0;

    export_to(world, AUDIT_ALL, true, NULL, &file);
    open_parts(buf_view(&file), &parts);
    for (uint32_t which = 0; which < 3; which++) {
        char id[DOT_TEXT_BYTES];

        part = part_of(&parts, AUDIT_RECORD, which);
        read_record(&parts, part, &record);
        dot_text(record.id, id);
        if (strcmp(id, story.home) == 0)
            break;
    }
    former = record;
    former.change_count--; /* in order of commit: the resolution is the last */
    {
        struct record state_before;
        struct err err;
        struct buf packed;

        /* The state as it was: every change but that one, merged as the county merges. */
        err_init(&err, LANG_EN);
        record_init(&state_before, former.id);
        for (uint32_t i = 0; i < former.change_count; i++) {
            struct record is;
            struct change change;
            uint32_t at = 0;

            clerk_must(record_unpack(record.state, &parts.arena, &is, &err), &err);
            clerk_must(change_decode(former.changes[i].canonical, &parts.arena, &change, &err),
                       &err);
            assert_true(record_find(&is, change.dot, &at));
            clerk_must(merge_apply(&state_before, &change,
                                   (struct admission){.time_ms = is.absorbed[at].time_ms},
                                   &parts.arena, &state_before, &err),
                       &err);
        }
        buf_init(&packed, LIMIT_RECORD_BYTES);
        clerk_must(record_pack(&state_before, &packed, &err), &err);
        former.state = arena_view(&parts.arena, buf_view(&packed));
        record_digest(former.state, former.state_digest);
        buf_release(&packed);
    }
    refuses_record(world, &parts, part, &former, "a resolution was hidden");
    arena_release(&parts.arena);
    buf_release(&file);
}

static void a_certificate_cannot_be_replaced(void **state) {
    struct clerk *world = *state;
    struct parts parts;
    struct buf file, forged, content;
    struct audit_person *people;
    struct audit_device *devices;
    uint32_t count = 0, part;
    struct err err;

    tell(world);
    err_init(&err, LANG_EN);
    export_to(world, AUDIT_ALL, true, NULL, &file);
    open_parts(buf_view(&file), &parts);
    buf_init(&content, FILE_BYTES);
    part = part_of(&parts, AUDIT_PEOPLE, 0);
    clerk_must(audit_people_read(parts.list[part].content, &parts.arena, &people, &count, &err),
               &err);
    for (uint32_t gone = 0; gone < count; gone++) {
        buf_clear(&content);
        buf_add_varint(&content, count);
        for (uint32_t i = 0; i < count; i++) {
            struct audit_person person = people[i];

            if (i == gone)
                memset(person.sign_public, 7, sizeof(person.sign_public));
            audit_person_write(&person, &content);
        }
        sign_again(world, &parts, UINT32_MAX, part, buf_view(&content), &forged);
        assert_false(passes(buf_view(&forged)));
        buf_release(&forged);
    }
    part = part_of(&parts, AUDIT_DEVICES, 0);
    clerk_must(audit_devices_read(parts.list[part].content, &parts.arena, &devices, &count, &err),
               &err);
    assert_int_equal(count, 2);
    buf_clear(&content);
    buf_add_varint(&content, count);
    for (uint32_t i = 0; i < count; i++) {
        memset(devices[0].sign_public, 9, sizeof(devices[0].sign_public));
        audit_device_write(&devices[i], &content);
    }
    sign_again(world, &parts, UINT32_MAX, part, buf_view(&content), &forged);
    assert_false(passes(buf_view(&forged)));
    buf_release(&forged);
    buf_release(&content);
    arena_release(&parts.arena);
    buf_release(&file);
}

/* The acts in another order, one less, one more: the chain leads nowhere. */
static void the_staff_log_cannot_be_rearranged(void **state) {
    struct clerk *world = *state;
    struct parts parts;
    struct audit_log_head head;
    struct audit_act acts[64];
    bool shown;
    uint8_t digest[32];
    struct buf file, forged, content;
    struct reader in;
    uint32_t part;

    tell(world);
    export_to(world, AUDIT_ALL, true, NULL, &file);
    open_parts(buf_view(&file), &parts);
    part = part_of(&parts, AUDIT_LOG, 0);
    reader_init(&in, parts.list[part].content);
    audit_log_read(&in, &head);
    assert_true(head.count >= 3 && head.count < 64);
    for (uint64_t i = 0; i < head.count; i++)
        audit_act_read(&in, head.first + i, &acts[i], &shown, digest);
    for (int forgery = 0; forgery < 3; forgery++) {
        struct audit_log_head as = head;

        buf_init(&content, FILE_BYTES);
        as.count = head.count - (forgery == 1) + (forgery == 2);
        audit_log_write(&as, &content);
        for (uint64_t i = 0; i < head.count; i++) {
            uint64_t from = forgery == 0 && i < 2 ? 1 - i : i;

            if (forgery == 1 && i == 1)
                continue;
            audit_act_write(&acts[from], NULL, &content);
            if (forgery == 2 && i == 1)
                audit_act_write(&acts[from], NULL, &content);
        }
        sign_again(world, &parts, UINT32_MAX, part, buf_view(&content), &forged);
        assert_false(passes(buf_view(&forged)));
        buf_release(&forged);
        buf_release(&content);
    }
    arena_release(&parts.arena);
    buf_release(&file);
}

/* ---- the command ---- */

static void the_command_writes_a_file_and_the_log_says_so(void **state) {
    struct clerk *world = *state;
    struct story story = tell(world);
    const char *path = arena_text(&world->arena, "%s/one.yga", world->folder);
    struct audit_result result;
    struct buf file;
    struct err err;

    err_init(&err, LANG_EN);
    RUNS(world, 2, "audit", "export", path);
    RUNS(world, 2, "audit", "export", path, "--all", "--area", VILLAGE);
    RUNS(world, 2, "audit", "export", path, "--all", "--reveal");
    RUNS(world, 2, "audit", "export", path, "--all", "--attachments");
    assert_false(file_exists(path));
    RUNS(world, 0, "audit", "export", path, "--records", story.home);
    RUNS(world, 1, "audit", "export", path, "--records", story.home);
    SAYS(world->err, "exists already");
    buf_init(&file, FILE_BYTES);
    clerk_must(file_read(path, FILE_BYTES, &file, &err), &err);
    result = valid(buf_view(&file));
    assert_true(result.head.masked);
    buf_release(&file);
    path = arena_text(&world->arena, "%s/two.yga", world->folder);
    RUNS(world, 0, "audit", "export", path, "--area", VILLAGE, "--reveal", "--reason", "audit 7");
    RUNS(world, 0, "log");
    SAYS(world->out, "audit export in full");
    SAYS(world->out, "audit 7");
    RUNS(world, 1, "audit", "export", arena_text(&world->arena, "%s/no.yga", world->folder),
         "--records", "00000000000000aa-1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_whole_county_is_valid_in_full_and_masked, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_record_comes_with_the_leaves_of_the_others, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_record_that_moved_is_proven_in_both_areas, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(another_countys_key_does_not_fit, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(no_changed_byte_passes, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(no_part_can_be_changed_by_who_has_the_key, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(no_part_can_be_left_out, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_forged_change_is_found, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(changes_cannot_be_taken_out_or_put_in, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_resolution_cannot_be_hidden, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_certificate_cannot_be_replaced, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(the_staff_log_cannot_be_rearranged, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(the_command_writes_a_file_and_the_log_says_so, clerk_set_up,
                                        clerk_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
