/* bench_form.c: loading a form, beginning a draft, answering, and the memory of it; importing a
 * workbook. A form of 300 rows is made here; with YG_TEST_DATA the XForms and workbooks of
 * data/forms are measured, too: the largest workbook is to be a form within 300 ms. */
#include "base/file.h"
#include "schema/form/workbook.h"
#include "schema/limits.h"
#include "tests/support/enginekit.h"

#include <dirent.h>
#include <unistd.h>

#define ROWS    300u
#define ROUNDS  20u
#define IMPORTS 3u

static double now_us(void) {
    struct timespec time;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* Of this process, in KiB. */
static long resident(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    long pages = 0;

    if (file == NULL)
        return 0;
    if (fscanf(file, "%*s %ld", &pages) != 1)
        pages = 0;
    (void)fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Of ten rows: three numbers, two texts, a date, two selects of ten choices, a calculation and a
 * note; every other one has a condition, every third a constraint. Two languages. */
static void make_form(struct buf *out) {
    static const char *const types[10] = {"int",    "string", "int",     "string",  "date",
                                          "string", "string", "decimal", "decimal", "string"};

    buf_add_text(out, "<h:html xmlns=\"http://www.w3.org/2002/xforms\" "
                      "xmlns:h=\"http://www.w3.org/1999/xhtml\" "
                      "xmlns:jr=\"http://openrosa.org/javarosa\"><h:head><h:title>B</h:title>"
                      "<model><itext>");
    for (uint32_t language = 0; language < 2; language++) {
        buf_addf(out, "<translation lang=\"%s\">", language == 0 ? "中文 (zh)" : "English (en)");
        for (uint32_t i = 0; i < ROWS; i++)
            buf_addf(out,
                     "<text id=\"q%u\"><value>Question %u of <output value=\"/data/q1\"/>"
                     "</value></text>",
                     i, i);
        for (uint32_t i = 0; i < 10; i++)
            buf_addf(out, "<text id=\"c%u\"><value>Choice %u</value></text>", i, i);
        buf_add_text(out, "</translation>");
    }
    buf_add_text(out, "</itext><instance><data id=\"bench\">");
    for (uint32_t i = 0; i < ROWS; i++)
        buf_addf(out, "<q%u/>", i);
    buf_add_text(out, "</data></instance><instance id=\"list\"><root>");
    for (uint32_t i = 0; i < 50; i++)
        buf_addf(out, "<item><itextId>c%u</itextId><name>n%u</name><of>%u</of></item>", i % 10, i,
                 i / 10);
    buf_add_text(out, "</root></instance>");
    for (uint32_t i = 0; i < ROWS; i++) {
        buf_addf(out, "<bind nodeset=\"/data/q%u\" type=\"%s\"", i, types[i % 10]);
        if (i % 2 == 1 && i > 10)
            buf_addf(out, " relevant=\"/data/q%u != '' and /data/q0 &lt; %u\"", i - i % 10 - 10, i);
        if (i % 3 == 0)
            buf_add_text(out, " constraint=\". != 'never' and string-length(.) &lt; 50\"");
        if (i % 10 == 8)
            buf_addf(out,
                     " calculate=\"if(/data/q%u &gt; 3, /data/q%u * 1.5 + /data/q%u, "
                     "round(/data/q%u div 7, 2))\"",
                     i - 8, i - 8, i - 6, i - 6);
        if (i % 10 == 9)
            buf_add_text(out, " readonly=\"true()\"");
        buf_add_text(out, "/>");
    }
    buf_add_text(out, "</model></h:head><h:body>");
    for (uint32_t i = 0; i < ROWS; i++) {
        bool selects = i % 10 == 5 || i % 10 == 6;

        if (i % 10 == 8)
            continue;
        buf_addf(out, "<%s ref=\"/data/q%u\"><label ref=\"jr:itext('q%u')\"/>",
                 selects ? "select1" : "input", i, i);
        if (selects)
            buf_addf(out,
                     "<itemset nodeset=\"instance('list')/root/item[of = /data/q%u mod 5]\">"
                     "<value ref=\"name\"/><label ref=\"jr:itext(itextId)\"/></itemset>",
                     i - i % 10);
        buf_addf(out, "</%s>", selects ? "select1" : "input");
    }
    buf_add_text(out, "</h:body></h:html>");
}

/* An answer to every question that takes a number. */
static uint32_t fill(struct enginekit *kit) {
    uint32_t answered = 0;

    for (uint32_t i = 0; i < kit->model->field_count; i++) {
        struct engine_place place = {.field = i};

        if (engine_set(&kit->engine, place, view_text("7"), &kit->err) == RC_OK)
            answered++;
        err_clear(&kit->err);
    }
    return answered;
}

static void measure(const char *name, struct view form) {
    struct enginekit kit;
    double load_us = 0, begin_us = 0, answer_us, compute_us, changes_us, start;
    struct engine_place *places = NULL, first = {.field = 1};
    uint32_t count = 0, answered;
    uint64_t mark = 0;

    enginekit_init(&kit);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        start = now_us();
        if (enginekit_load(&kit, form) != RC_OK) {
            printf("%-44s %s\n", name, kit.err.text);
            enginekit_release(&kit);
            return;
        }
        load_us += now_us() - start;
        start = now_us();
        if (engine_begin(&kit.engine, &kit.err) != RC_OK) {
            printf("%-44s %s\n", name, kit.err.text);
            enginekit_release(&kit);
            return;
        }
        begin_us += now_us() - start;
    }
    start = now_us();
    answered = fill(&kit);
    answer_us = now_us() - start;
    while (first.field < kit.model->field_count &&
           engine_set(&kit.engine, first, view_text("7"), &kit.err) != RC_OK)
        first.field++;
    start = now_us();
    for (uint32_t i = 0; i < 10 * ROUNDS; i++)
        (void)engine_recompute(&kit.engine, &kit.err);
    compute_us = (now_us() - start) / (10 * ROUNDS);
    (void)engine_changes(&kit.engine, 0, &kit.arena, &places, &count, &mark, &kit.err);
    start = now_us();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        arena_reset(&kit.arena);
        (void)engine_changes(&kit.engine, mark, &kit.arena, &places, &count, &mark, &kit.err);
    }
    changes_us = (now_us() - start) / ROUNDS;
    printf("%-44s %4u fields  load %6.2f ms  begin %6.2f ms  answer %6.3f ms  "
           "recompute %6.3f ms  changes %6.3f ms  form %zu KiB  draft %zu KiB  scratch %zu KiB\n",
           name, kit.model->field_count, load_us / ROUNDS / 1000, begin_us / ROUNDS / 1000,
           answered == 0 ? 0 : answer_us / answered / 1000, compute_us / 1000, changes_us / 1000,
           kit.form_arena.held_bytes / 1024, kit.engine.tree.held_bytes / 1024,
           kit.engine.scratch.held_bytes / 1024);
    enginekit_release(&kit);
}

/* From the bytes of an .xlsx to a compiled form with its XForm, loaded as a tablet does. */
static void measure_import(const char *name, struct view bytes) {
    const struct xlsform_options options = {.lenient = true, .fallback_name = view_text("form")};
    double best_us = 0, read_us = 0;
    uint32_t fields = 0;
    size_t held = 0;
    struct err err;

    err_init(&err, LANG_EN);
    for (uint32_t i = 0; i < IMPORTS; i++) {
        struct findings findings = {0};
        struct workbook workbook;
        struct form *form = NULL;
        struct model *model = NULL;
        struct arena arena;
        struct buf json;
        double start = now_us(), read, whole;
        enum rc rc;

        arena_init(&arena, 512u * 1024u * 1024u);
        buf_init(&json, LIMIT_FORM_BYTES);
        rc = workbook_read(bytes, &arena, &workbook, &err);
        read = now_us() - start;
        if (rc == RC_OK)
            rc = xlsform_compile(&workbook, NULL, 1, &options, &arena, &findings, &json, &err);
        if (rc == RC_OK)
            rc = form_load(buf_view(&json), &arena, &form, &err);
        if (rc == RC_OK)
            rc = model_load(form->xform, NULL, &arena, &model, &err);
        whole = now_us() - start;
        if (rc == RC_OK && (best_us == 0 || whole < best_us)) {
            best_us = whole;
            read_us = read;
            fields = form->field_count;
            held = arena.held_bytes;
        }
        arena_release(&arena);
        buf_release(&json);
    }
    if (best_us == 0)
        printf("%-56s %s\n", name, err.text);
    else
        printf("%-56s %4u fields  import %6.2f ms, of which reading %6.2f ms  memory %zu KiB\n",
               name, fields, best_us / 1000, read_us / 1000, held / 1024);
}

static void measure_folder(const char *folder) {
    char path[FILE_PATH_BYTES_MAX];
    struct dirent *entry;
    DIR *directory;

    (void)snprintf(path, sizeof(path), "%s/data/forms", folder);
    directory = opendir(path);
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        struct buf form;
        struct err err;
        size_t size = strlen(entry->d_name);
        bool is_workbook = size > 5 && strcmp(entry->d_name + size - 5, ".xlsx") == 0;

        if (!is_workbook && (size < 4 || strcmp(entry->d_name + size - 4, ".xml") != 0))
            continue;
        (void)snprintf(path, sizeof(path), "%s/data/forms/%s", folder, entry->d_name);
        err_init(&err, LANG_EN);
        buf_init(&form, LIMIT_WORKBOOK_BYTES);
        if (file_read(path, LIMIT_WORKBOOK_BYTES, &form, &err) != RC_OK)
            printf("%s\n", err.text);
        else if (is_workbook)
            measure_import(entry->d_name, buf_view(&form));
        else
            measure(entry->d_name, buf_view(&form));
        buf_release(&form);
    }
    if (directory != NULL)
        (void)closedir(directory);
}

int main(void) {
    const char *folder = getenv("YG_TEST_DATA");
    struct buf form;
    long before;

    buf_init(&form, MODEL_BYTES_MAX);
    make_form(&form);
    before = resident();
    measure("made: 300 rows, 50 choices, 2 languages", buf_view(&form));
    printf("resident: %ld KiB before, %ld KiB behind\n", before, resident());
    if (folder != NULL)
        measure_folder(folder);
    buf_release(&form);
    return 0;
}
