/* test_fault_memory.c: without memory a thing is not made, and says so; it is never made otherwise
 * than it would have been. Every request for memory of each making is refused, once and from then
 * on: what comes out is an error, or the same bytes. A row of a tablet that was locked under other
 * data than its own, and salts of another scope, were what this found first. */
#include "agent/store/inside.h"
#include "agent/store/traffic.h"
#include "base/asset.h"
#include "base/json.h"
#include "base/zip.h"
#include "schema/form/form_json.h"
#include "schema/vote/profile.h"
#include "schema/wire/bundle.h"
#include "tests/fault/fault.h"
#include "tests/fault/stage.h"
#include "tests/sim/vfs.h"
#include "tests/support/formkit.h"
#include "tests/support/wire.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

extern const struct asset_table asset_forms;

typedef enum rc make(void *context, struct buf *out, struct err *err);

/* One request is refused, and with after all behind it. false: there are not so many. */
static bool refuse(make *run, void *context, enum fault_kind kind, uint64_t number, bool after,
                   struct view whole, struct buf *part) {
    struct err err;
    enum rc rc;

    err_init(&err, LANG_EN);
    buf_clear(part);
    fault_arm(kind, number, after);
    rc = run(context, part, &err);
    fault_disarm();
    if (rc == RC_OK && !view_equal(buf_view(part), whole))
        fail_msg("%s %u: something else was made", fault_name(kind), (unsigned)number);
    if (rc != RC_OK && (rc != RC_NO_MEMORY || err.text[0] == '\0'))
        fail_msg("%s %u: %s: %s", fault_name(kind), (unsigned)number, rc_name(rc), err.text);
    return fault_struck();
}

/* Returns how many requests there are, without those of arenas that have some left. */
static uint64_t refuse_each(make *run, void *context) {
    struct buf whole, part;
    struct err err;
    uint64_t number = 0;

    err_init(&err, LANG_EN);
    buf_init(&whole, 1u << 20);
    buf_init(&part, 1u << 20);
    (void)buf_reserve(&whole, 1u << 19); /* not what is tested */
    (void)buf_reserve(&part, 1u << 19);
    assert_int_equal(run(context, &whole, &err), RC_OK);
    assert_true(whole.size > 0);
    for (int after = 0; after < 2; after++) {
        number = 1;
        while (refuse(run, context, FAULT_ARENA, number, after == 1, buf_view(&whole), &part))
            number++;
        number = 1;
        while (refuse(run, context, FAULT_MEMORY, number, after == 1, buf_view(&whole), &part))
            number++;
    }
    buf_release(&whole);
    buf_release(&part);
    return number - 1;
}

/* ---- rows of a tablet ---- */

static enum rc lock_and_unlock(void *context, struct buf *out, struct err *err) {
    struct tablet *tablet = context;
    struct open_key key = {.key = 7, .lock = {1, 2, 3}};
    struct buf locked;
    enum rc rc;

    buf_init(&locked, 4096);
    rc = row_lock(tablet, &key, "change", 5, 1, view_text("what somebody saved"), &locked, err);
    if (rc == RC_OK) {
        fault_pause(); /* it must open with all the memory there is */
        rc = row_unlock(&key, "change", 5, 1, buf_view(&locked), out, err);
        fault_resume();
        assert_int_equal(rc, RC_OK);
        out->size = 0;
        rc = row_unlock(&key, "change", 5, 1, buf_view(&locked), out, err);
    }
    buf_release(&locked);
    return rc;
}

static void a_row_that_was_locked_opens(void **state) {
    struct wire_world world = {.wall_ms = 1};
    struct env env = wire_env(&world);
    struct tablet *tablet = calloc(1, sizeof(*tablet));

    (void)state;
    assert_non_null(tablet);
    tablet->env = &env;
    assert_true(refuse_each(lock_and_unlock, tablet) > 0);
    free(tablet);
}

static enum rc derive(void *context, struct buf *out, struct err *err) {
    struct secrets *secrets = context;
    struct own_scope scope = {.area = 430626117205, .audience = 1, .form = 3};
    uint8_t salt[16], nonce[16];

    own_salt_secret(secrets, 11, &scope, 2, salt);
    bundle_nonce(11, 2, 3, nonce);
    buf_add(out, salt, sizeof(salt));
    buf_add(out, nonce, sizeof(nonce));
    return buf_check(out, "salts", err);
}

static void salts_and_nonces_need_no_memory(void **state) {
    struct secrets *secrets = calloc(1, sizeof(*secrets));

    (void)state;
    assert_non_null(secrets);
    assert_int_equal(refuse_each(derive, secrets), 0);
    free(secrets);
}

/* ---- frames ---- */

/* The leaves of what was decoded: they are made over all that a change says. */
static enum rc decode(void *context, struct buf *out, struct err *err) {
    struct wire_kit *kit = context;
    struct arena arena;
    struct frame frame;
    enum rc rc;

    arena_init(&arena, 64u << 20);
    rc = frame_decode(buf_view(&kit->out), kit->inflater, &arena, &frame, err);
    for (uint32_t i = 0; rc == RC_OK && i < frame.count; i++)
        buf_add(out, frame.changes[i].leaf, sizeof(frame.changes[i].leaf));
    for (uint32_t i = 0; rc == RC_OK && i < frame.count; i++)
        buf_add_u8(out, frame.changes[i].change.insane);
    arena_release(&arena);
    return rc == RC_OK ? buf_check(out, "leaves", err) : rc;
}

static enum rc encode(void *context, struct buf *out, struct err *err) {
    struct wire_kit *kit = context;

    return frame_encode(&kit->frame, wire_secret, NULL, kit->deflater, out, err);
}

static void a_frame_is_what_it_would_have_been(void **state) {
    struct wire_kit *kit = *state;

    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct chance chance = {seed};

        buf_clear(&kit->out);
        wire_frame(&chance, 12, &kit->arena, &kit->frame);
        assert_int_equal(encode(kit, &kit->out, &kit->err), RC_OK);
        assert_true(refuse_each(encode, kit) > 3);
        assert_true(refuse_each(decode, kit) > 3);
    }
}

/* ---- rules of a meeting ---- */

static enum rc parse_rules(void *context, struct buf *out, struct err *err) {
    struct vote_rules rules;
    enum rc rc = vote_rules_parse(*(const struct view *)context, &rules, err);

    if (rc == RC_OK)
        buf_add(out, rules.values, sizeof(rules.values));
    return rc;
}

static enum rc load_rules(void *context, struct buf *out, struct err *err) {
    struct vote_book book;
    struct arena arena;
    enum rc rc;

    arena_init(&arena, 8u << 20);
    rc = vote_book_load(*(const struct view *)context, &arena, &book, err);
    for (uint32_t i = 0; rc == RC_OK && i < book.count; i++)
        buf_add_view(out, book.rows[i].profile);
    arena_release(&arena);
    return rc;
}

static void a_rule_that_cannot_be_read_now_is_not_anothers(void **state) {
    const struct asset *asset = asset_find(&asset_forms, "meeting/" VOTE_RULES_FILE);
    struct view text;

    (void)state;
    assert_non_null(asset);
    text = view_of(asset->data, asset->size);
    assert_true(refuse_each(load_rules, &text) > 0);
}

static void rules_that_cannot_be_read_now_are_not_missing(void **state) {
    const struct asset *asset = asset_find(&asset_forms, "meeting/" VOTE_RULES_FILE);
    struct date day = {2024, 6, 1};
    struct vote_rules rules;
    struct vote_book book;
    struct arena arena;
    struct buf text;
    struct err err;
    struct view view;

    (void)state;
    assert_non_null(asset);
    err_init(&err, LANG_EN);
    arena_init(&arena, 8u << 20);
    assert_int_equal(vote_book_load(view_of(asset->data, asset->size), &arena, &book, &err), RC_OK);
    assert_int_equal(vote_book_find(&book, STAGE_AREA, day, &rules, &err), RC_OK);
    buf_init(&text, VOTE_RULES_TEXT_MAX);
    vote_rules_text(&rules, &text);
    view = buf_view(&text);
    assert_true(refuse_each(parse_rules, &view) > 0);
    buf_release(&text);
    arena_release(&arena);
}

/* ---- JSON ---- */

static enum rc print(void *context, struct buf *out, struct err *err) {
    struct json *document = json_object();
    struct json *list = json_add_array(document, "list");
    struct buf text;

    (void)context;
    buf_init(&text, 4096);
    for (int i = 0; i < 100; i++)
        buf_addf(&text, "%d ", i);
    for (int i = 0; i < 5; i++) {
        struct json *item = json_add_object(list, NULL);

        json_add_text(item, "name", "somebody");
        json_add_view(item, "view", view_text("something"));
        json_add_int(item, "number", i);
        json_add_bool(item, "open", true);
        json_add_null(item, "nothing");
        json_add_buf(item, "text", &text);
    }
    buf_release(&text);
    if (document == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    json_print(document, false, out);
    json_free(document);
    return buf_check(out, "an answer", err);
}

static void a_document_lacks_nothing(void **state) {
    (void)state;
    assert_true(refuse_each(print, NULL) > 40);
}

/* ---- forms of the county ---- */

static enum rc note_form(void *context, const struct stored_form *form, struct err *err) {
    (void)err;
    *(uint64_t *)context = form->form;
    return RC_OK;
}

static enum rc keep_form(void *context, const struct stored_form *form, struct err *err) {
    return zip_inflate(form->compressed, LIMIT_FORM_BYTES, 0, context, err);
}

static enum rc load_form(void *context, struct buf *out, struct err *err) {
    struct arena arena;
    struct form *form;
    enum rc rc;

    arena_init(&arena, 16u << 20);
    rc = form_load(buf_view(context), &arena, &form, err);
    if (rc == RC_OK)
        form_write(form, out);
    arena_release(&arena);
    return rc;
}

static enum rc compile_form(void *context, struct buf *out, struct err *err) {
    static const char survey[] =
        "type,name,label,relevant,constraint,calculation,choice_filter,required\n"
        "text,surname,Surname,,,,,yes\n"
        "text,name,Name,,string-length(.) < 30,,,\n"
        "select_one yn,pigs_any,Any pigs?,${name} != '',,,,\n"
        "integer,pigs,Pigs,${pigs_any} = 'yes',. >= 0 and . < 1000,,,\n"
        "begin repeat,member,Member,,,,,\n"
        "integer,wage,Wage,${pigs} > 0,. >= 0,,,\n"
        "select_one town,town,Town,,,,province = ${surname},\n"
        "end repeat,,,,,,,\n"
        "calculate,sum,,,,sum(${wage}) + ${pigs},,\n"
        "note,told,There are ${pigs} pigs,,,,,\n";
    static const char choices[] = "list_name,name,label,province\n"
                                  "yn,yes,Yes,\nyn,no,No,\ntown,a,A,x\ntown,b,B,y\n";
    static const char settings[] =
        "form_id,form_title,version,instance_name\nhome,Home,v1,${surname} ${name}\n";
    struct formkit kit;
    enum rc rc;

    (void)context;
    formkit_init(&kit, LANG_EN);
    rc = formkit_compile(&kit, survey, choices, settings, NULL, 1);
    *err = kit.err;
    if (rc == RC_OK)
        buf_add_view(out, buf_view(&kit.json));
    formkit_release(&kit);
    return rc;
}

static void a_form_is_compiled_as_it_stands_or_not_at_all(void **state) {
    (void)state;
    assert_true(refuse_each(compile_form, NULL) > 0);
}

/* "Unknown" would hide what was asked with it until the program is started again. */
static void a_form_that_cannot_be_read_now_is_not_wrong(void **state) {
    static struct stage stage;
    const struct office *office;
    struct ledger *ledger;
    struct buf text;
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    buf_init(&text, LIMIT_FORM_BYTES);
    stage_init(&stage);
    assert_int_equal(stage_open_county(&stage, &err), RC_OK);
    office = service_office(stage.service);
    assert_int_equal(office->borrow(office->context, &ledger, &err), RC_OK);
    assert_int_equal(store_forms(ledger->store, 0, keep_form, &text, &err), RC_OK);
    office->give_back(office->context, ledger);
    assert_true(refuse_each(load_form, &text) > 0);
    buf_release(&text);
    stage_release(&stage);
}

static void a_form_that_cannot_be_had_is_not_an_unknown_one(void **state) {
    static struct stage stage;
    const struct office *office;
    struct ledger *ledger;
    uint64_t form = 0;
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    stage_init(&stage);
    assert_int_equal(stage_open_county(&stage, &err), RC_OK);
    office = service_office(stage.service);
    assert_int_equal(office->borrow(office->context, &ledger, &err), RC_OK);
    assert_int_equal(store_forms(ledger->store, 0, note_form, &form, &err), RC_OK);
    for (uint64_t number = 1;; number++) {
        const struct form *found;
        enum rc rc;

        fault_arm(FAULT_MEMORY, number, false);
        found = ledger_lookup(ledger, form);
        fault_disarm();
        rc = ledger_trouble(ledger, &err);
        if (!fault_struck())
            break;
        assert_int_equal(rc, found != NULL ? RC_OK : RC_NO_MEMORY);
        assert_int_equal(ledger_trouble(ledger, &err), RC_OK); /* told once */
    }
    assert_non_null(ledger_lookup(ledger, form));
    assert_null(ledger_lookup(ledger, form + 1));
    assert_int_equal(ledger_trouble(ledger, &err), RC_OK); /* that one is unknown */
    office->give_back(office->context, ledger);
    stage_release(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_that_was_locked_opens),
        cmocka_unit_test(salts_and_nonces_need_no_memory),
        cmocka_unit_test_setup_teardown(a_frame_is_what_it_would_have_been, wire_kit_start,
                                        wire_kit_stop),
        cmocka_unit_test(a_rule_that_cannot_be_read_now_is_not_anothers),
        cmocka_unit_test(rules_that_cannot_be_read_now_are_not_missing),
        cmocka_unit_test(a_document_lacks_nothing),
        cmocka_unit_test(a_form_is_compiled_as_it_stands_or_not_at_all),
        cmocka_unit_test(a_form_that_cannot_be_read_now_is_not_wrong),
        cmocka_unit_test(a_form_that_cannot_be_had_is_not_an_unknown_one),
    };

    fault_begin();
    vfs_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
