/* main.c: yg-verify checks an audit file (.yga) of a county, by itself: no server, no database, no
 * network. It is one small program over base/ and schema/, so that whoever wants to know what it
 * does can read it; docs/audit.md specifies the file for those who would rather write another.
 *
 * Exit status: 0 everything holds, 1 something does not, 2 wrong usage, 3 the file cannot be read.
 */
#include "base/crypt.h"
#include "base/date.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/words.h"
#include "schema/audit/check.h"
#include "schema/form/answers.h"
#include "schema/role.h"

#include <stdio.h>
#include <stdlib.h>

#define FINDINGS_MAX 100u
#define TEXT_BYTES   (16u * 1024u * 1024u)

struct run {
    enum lang lang;
    bool json, values, acts;
    const char *path;
    bool has_county;
    uint8_t county[32];
    uint64_t findings;
    struct json *document, *found_list, *feed_list, *record_list, *act_list;
};

static const char USAGE[] =
    "usage: yg-verify [--county KEY] [--values] [--log] [--json] [--lang zh|en] FILE.yga\n";

/* ---- what the checker tells ---- */

static void on_found(void *context, const struct audit_finding *finding) {
    struct run *run = context;

    if (run->findings++ >= FINDINGS_MAX)
        return;
    if (run->json) {
        struct json *item = json_add_object(run->found_list, NULL);

        json_add_int(item, "byte", (int64_t)finding->at);
        json_add_text(item, "part", finding->part);
        json_add_text(item, "text", finding->text);
        return;
    }
    printf(words(run->lang, "WRONG  %s, from byte %llu: %s\n"), words(run->lang, finding->part),
           (unsigned long long)finding->at, finding->text);
}

static void on_feed(void *context, const struct feed_head *head) {
    struct run *run = context;
    char area[AREA_TEXT_BYTES], chain[65];
    struct json *item;

    if (!run->json)
        return;
    area_text(head->area, area);
    hex_encode(view_of(head->chain, 32), chain);
    item = json_add_object(run->feed_list, NULL);
    json_add_text(item, "area", area);
    json_add_text(item, "audience", audience_name((enum audience)head->audience));
    json_add_int(item, "position", (int64_t)head->position);
    json_add_text(item, "chain", chain);
}

static void print_values(const struct json *values) {
    for (const struct json *item = json_first(values); item != NULL; item = json_next(item)) {
        struct buf text;

        buf_init(&text, TEXT_BYTES);
        if (json_type(item) == JSON_TEXT)
            buf_add_view(&text, json_text(item));
        else
            json_print(item, false, &text);
        printf("    %s: %s\n", json_key(item), buf_text(&text));
        buf_release(&text);
    }
}

static void on_record(void *context, const struct record *record, const struct reading *reading) {
    struct run *run = context;
    struct json *item = json_object(), *values = json_add_object(item, "values");
    char id[DOT_TEXT_BYTES];
    struct err err;

    dot_text(record->id, id);
    err_init(&err, run->lang);
    json_add_text(item, "id", id);
    json_add_view(item, "form", reading->form == NULL ? view_text("") : reading->form->name);
    json_add_int(item, "conflicts", reading->conflict_count);
    (void)answers_values(reading, false, values, &err);
    if (run->json) {
        json_add_tree(run->record_list, NULL, item);
        return;
    }
    printf("%s\n", id);
    print_values(values);
    json_free(item);
}

static void on_act(void *context, const struct audit_act *act) {
    struct run *run = context;
    char at[TIME_TEXT_BYTES];
    struct json *item;

    time_format(act->at_ms, at);
    if (!run->json) {
        printf("%8llu  %s  %.*s  %.*s  %.*s  %.*s\n", (unsigned long long)act->serial, at,
               VIEW_PRINT(act->who), VIEW_PRINT(act->action), VIEW_PRINT(act->object),
               VIEW_PRINT(act->reason));
        return;
    }
    item = json_add_object(run->act_list, NULL);
    json_add_int(item, "number", (int64_t)act->serial);
    json_add_text(item, "at", at);
    json_add_view(item, "who", act->who);
    json_add_view(item, "action", act->action);
    json_add_view(item, "object", act->object);
    json_add_view(item, "reason", act->reason);
}

/* ---- for people ---- */

static void line(const struct run *run, const char *english, uint64_t count) {
    printf("%12llu  %s\n", (unsigned long long)count, words(run->lang, english));
}

static void say(const struct run *run, const char *english) {
    printf("  - %s\n", words(run->lang, english));
}

static void print_head(const struct run *run, const struct audit_head *head) {
    char made[TIME_TEXT_BYTES], key[65], area[AREA_TEXT_BYTES];

    time_format(head->made_ms, made);
    hex_encode(view_of(head->county_public, 32), key);
    area_text(head->county_area, area);
    printf(words(run->lang, "county %s, key %s\n"), area, key);
    printf(words(run->lang, "made %s by %.*s\n"), made, VIEW_PRINT(head->by));
    if (head->reason.size > 0)
        printf(words(run->lang, "reason: %.*s\n"), VIEW_PRINT(head->reason));
}

static void print_proven(const struct run *run, const struct audit_result *result) {
    const struct {
        const char *english;
        uint64_t count;
    } lines[] = {
        {WORD("records, made again from their changes"), result->records},
        {WORD("changes, each at its place in the feeds"), result->changes},
        {WORD("of these as their authors wrote them"), result->open},
        {WORD("of these signed by a device, in its order"), result->signed_by_device},
        {WORD("of these signed by a person"), result->signed_by_person},
        {WORD("of these with something erased by law: the rest is the county's word"),
         result->erased},
        {WORD("of these with something masked here: the rest is the county's word"),
         result->masked},
        {WORD("changes in quarantine, which count nowhere"), result->asides},
        {WORD("changes of others in the same feeds, of which only the leaf is here"),
         result->withheld},
        {WORD("open questions in these records"), result->conflicts},
        {WORD("incomes, the same to the fen"), result->incomes},
        {WORD("feeds"), result->feeds},
        {WORD("feed entries"), result->entries},
        {WORD("acts of the staff log that lead to its head"), result->acts},
        {WORD("of these shown"), result->acts_shown},
        {WORD("attachments that are named"), result->files},
        {WORD("attachments that are here, and are what their hash says"), result->contents},
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        line(run, lines[i].english, lines[i].count);
}

static void print_unproven(const struct run *run, const struct audit_result *result) {
    printf("%s\n", words(run->lang, "Not proven by this file:"));
    if (!run->has_county)
        say(run, WORD("that the key above is the county's; give the one that you know with "
                      "--county KEY"));
    say(run, WORD("that the heads of feeds and staff log are those that the tablets hold; compare "
                  "them (--json) with a tablet's"));
    say(run, WORD("names and roles of people, names of tablets: they are the county's word"));
    if (result->changes > result->signed_by_device)
        say(run, WORD("which device wrote the changes without a device's signature: the county's "
                      "own, and those brought back by others"));
    if (result->head.selection == AUDIT_RECORDS)
        say(run, WORD("that none of the changes of which only the leaf is here is of one of these "
                      "records; an export of the area proves that"));
    if (result->unknown_forms > 0)
        say(run, WORD("what the answers of forms mean that are not in the file"));
}

static void print_result(const struct run *run, const struct audit_result *result) {
    if (result->has_head)
        print_head(run, &result->head);
    print_proven(run, result);
    if (run->findings > FINDINGS_MAX)
        printf(words(run->lang, "... and %llu more\n"),
               (unsigned long long)(run->findings - FINDINGS_MAX));
    if (result->differences > 0) {
        printf(words(run->lang, "NOT VALID: %llu things are wrong\n"),
               (unsigned long long)result->differences);
        return;
    }
    print_unproven(run, result);
    if (result->whole)
        printf("%s\n", words(run->lang, "No change is missing in the feeds that were chosen."));
    printf("%s\n", words(run->lang, "VALID"));
}

/* ---- for programs ---- */

static void add_counts(struct json *json, const struct audit_result *result) {
    const struct {
        const char *key;
        uint64_t count;
    } counts[] = {
        {"records", result->records},
        {"changes", result->changes},
        {"open", result->open},
        {"signed_by_device", result->signed_by_device},
        {"signed_by_person", result->signed_by_person},
        {"erased", result->erased},
        {"masked_changes", result->masked},
        {"quarantined", result->asides},
        {"withheld", result->withheld},
        {"conflicts", result->conflicts},
        {"incomes", result->incomes},
        {"feed_count", result->feeds},
        {"entries", result->entries},
        {"batches", result->batches},
        {"acts", result->acts},
        {"acts_shown", result->acts_shown},
        {"attachments", result->files},
        {"contents", result->contents},
        {"differences", result->differences},
    };

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        json_add_int(json, counts[i].key, (int64_t)counts[i].count);
}

static void print_json(struct run *run, const struct audit_result *result) {
    struct json *json = run->document, *log;
    char text[65];
    struct buf out;

    json_add_bool(json, "valid", result->differences == 0);
    if (result->has_head) {
        hex_encode(view_of(result->head.county_public, 32), text);
        json_add_text(json, "county_key", text);
        json_add_bool(json, "county_known", run->has_county);
        time_format(result->head.made_ms, text);
        json_add_text(json, "made", text);
        json_add_view(json, "by", result->head.by);
        json_add_view(json, "reason", result->head.reason);
        json_add_bool(json, "masked", result->head.masked);
        json_add_bool(json, "whole", result->whole);
    }
    add_counts(json, result);
    log = json_add_object(json, "log");
    json_add_int(log, "number", (int64_t)(result->log.first + result->log.count) - 1);
    hex_encode(view_of(result->log.head, 32), text);
    json_add_text(log, "chain", text);
    buf_init(&out, UINT32_MAX);
    json_print(json, true, &out);
    (void)fwrite(out.data, 1, out.size, stdout);
    buf_release(&out);
}

/* ---- main ---- */

static bool parse(struct run *run, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];

        if (strcmp(word, "--json") == 0)
            run->json = true;
        else if (strcmp(word, "--values") == 0)
            run->values = true;
        else if (strcmp(word, "--log") == 0)
            run->acts = true;
        else if (strcmp(word, "--lang") == 0 && i + 1 < argc)
            run->lang = strcmp(argv[++i], "zh") == 0 ? LANG_ZH : LANG_EN;
        else if (strcmp(word, "--county") == 0 && i + 1 < argc)
            run->has_county = hex_decode(view_text(argv[++i]), run->county, sizeof(run->county));
        else if (word[0] == '-' || run->path != NULL)
            return false;
        else
            run->path = word;
        if (strcmp(word, "--county") == 0 && !run->has_county)
            return false;
    }
    return run->path != NULL;
}

static enum rc verify(struct run *run, struct audit_result *result, struct err *err) {
    const struct audit_options options = {
        .county_public = run->has_county ? run->county : NULL,
        .context = run,
        .found = on_found,
        .feed = on_feed,
        .record = run->values ? on_record : NULL,
        .act = run->acts ? on_act : NULL,
    };
    struct buf file;
    enum rc rc;

    buf_init(&file, AUDIT_FILE_BYTES);
    rc = file_read(run->path, AUDIT_FILE_BYTES, &file, err);
    if (rc == RC_OK) {
        run->document = json_object();
        run->found_list = json_add_array(run->document, "findings");
        run->feed_list = json_add_array(run->document, "feeds");
        if (run->values)
            run->record_list = json_add_array(run->document, "values");
        if (run->acts)
            run->act_list = json_add_array(run->document, "act_list");
        rc = audit_check(buf_view(&file), &options, result, err);
    }
    if (rc == RC_OK && run->json)
        print_json(run, result);
    else if (rc == RC_OK)
        print_result(run, result);
    json_free(run->document);
    buf_release(&file);
    return rc;
}

int main(int argc, char **argv) {
    const char *language = getenv("LC_ALL");
    struct run run = {.lang = LANG_EN};
    struct audit_result result;
    struct err err;
    enum rc rc;

    if (language == NULL || language[0] == '\0')
        language = getenv("LC_MESSAGES");
    if (language == NULL || language[0] == '\0')
        language = getenv("LANG");
    if (language != NULL && strncmp(language, "zh", 2) == 0)
        run.lang = LANG_ZH;
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("yg-verify %s\n", YG_VERSION);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        printf("%s", words(run.lang, USAGE));
        return 0;
    }
    if (!parse(&run, argc, argv)) {
        fprintf(stderr, "%s", words(run.lang, USAGE));
        return 2;
    }
    err_init(&err, run.lang);
    rc = crypt_start(&err);
    if (rc == RC_OK)
        rc = verify(&run, &result, &err);
    if (rc != RC_OK) {
        fprintf(stderr, "yg-verify: %s\n", err.text);
        return rc == RC_INVALID || rc == RC_UNSUPPORTED || rc == RC_CORRUPT ? 1 : 3;
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        return 3;
    return result.differences == 0 ? 0 : 1;
}
