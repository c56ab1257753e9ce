/* face_rig.c: see face_rig.h. */
#include "tests/support/face_rig.h"

#include "agent/store/traffic.h"
#include "base/file.h"
#include "base/zip.h"
#include "schema/role.h"
#include "tests/support/formkit.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char survey[] =
    "type,name,label::中文 (zh),label::English (en),required,bind::yg:merge,bind::yg:key,"
    "bind::yg:group,bind::yg:seal\n"
    "begin group,head,户主,Head,,,,,\n"
    "text,name,姓名,Name,yes,human,,,\n"
    "text,phone,电话,Telephone,,latest,,,\n"
    "end group,,,,,,,,\n"
    "integer,income,收入,Income,,human,,,\n"
    "date,since,起,Since,,human,,,\n"
    "select_one yes_no,poor,困难,Poor,,human,,,\n"
    "select_multiple colour,colours,颜色,Colours,,union,,,\n"
    "select_multiple colour,plain,颜色,Plain,,human,,,\n"
    "text,bank,银行,Bank,,human,,bank,\n"
    "text,account,账号,Account,,human,,bank,\n"
    "text,opinion,意见,Opinion,,human,,,visit\n"
    "begin repeat,member,成员,Member,,,,,\n"
    "text,name,姓名,Name,yes,human,,,\n"
    "text,id_no,证号,Number,,human,yes,,\n"
    "integer,wage,工资,Wage,,human,,,\n"
    "begin repeat,job,工作,Job,,,,,\n"
    "integer,pay,报酬,Pay,,human,,,\n"
    "end repeat,,,,,,,,\n"
    "end repeat,,,,,,,,\n";
static const char choices[] = "list_name,name,label::中文 (zh),label::English (en)\n"
                              "yes_no,1,是,Yes\nyes_no,0,否,No\n"
                              "colour,red,红,Red\ncolour,green,绿,Green\ncolour,blue,蓝,Blue\n";
static const char settings[] = "form_id,form_title,version,default_language,instance_name\n"
                               "house,House,1,zh,${head/name}\n";

static void must(struct face_rig *rig, enum rc rc) {
    if (rc != RC_OK)
        fail_msg("%s: %s %s", rc_name(rc), rig->err.text, rig->err.detail);
}

static struct tablet_options cheap(const struct face_rig *rig) {
    return (struct tablet_options){.env = rig->face.env,
                                   .cost = {.passes = 1, .memory_kib = CRYPT_COST_MEMORY_KIB_MIN}};
}

static void found(struct face_rig *rig) {
    struct tablet_founding founding = {.secret = view_text(RIG_SECRET),
                                       .server = view_text("http://127.0.0.1:1")};
    struct tablet_options options = cheap(rig);
    uint8_t seed[32] = {7}, device[32], secret[64];
    uint64_t area;
    struct tablet *tablet;

    must(rig, area_parse(view_text(RIG_AREA), &area, &rig->err));
    must(rig, tablet_device_seed(rig->data, options.env, founding.device_seed, &rig->err));
    memset(founding.vault_seed, 2, sizeof(founding.vault_seed));
    memset(founding.person_seed, 3, sizeof(founding.person_seed));
    crypt_sign_keypair(seed, founding.answer.county_sign_public, secret);
    crypt_box_keypair(seed, founding.answer.county_box_public, secret);
    founding.answer.epoch = 1;
    crypt_sign_keypair(founding.device_seed, device, secret);
    founding.answer.device = batch_device(device);
    founding.answer.device_name = view_text("tablet one");
    founding.answer.person_name = view_text("wang");
    founding.answer.role = ROLE_INVESTIGATOR;
    founding.answer.scope = (struct scope){
        .serial = 1, .area_count = 1, .areas = &area, .audience_mask = 1u << AUDIENCE_FIELD};
    must(rig, tablet_create(rig->data, &options, &founding, &tablet, &rig->err));
    tablet_close(tablet);
}

void rig_form(struct face_rig *rig, const char *rows, const char *lists, const char *heads,
              uint64_t position) {
    struct tablet_options options = cheap(rig);
    struct formkit kit;
    struct tablet *tablet;
    struct buf packed;
    bool is_new;

    formkit_init(&kit, LANG_EN);
    if (formkit_compile(&kit, rows, lists, heads, NULL, 1) != RC_OK)
        fail_msg("%s / %s", kit.err.text, kit.findings.count > 0 ? kit.findings.list[0].text : "");
    buf_init(&packed, LIMIT_FORM_BYTES);
    must(rig, zip_deflate(buf_view(&kit.json), ZIP_LEVEL_DEFAULT, &packed, &rig->err));
    must(rig, tablet_open(rig->data, &options, &tablet, &rig->err));
    must(rig, tablet_begin(tablet, &rig->err));
    must(rig,
         tablet_put_form(tablet, kit.form->id, position, buf_view(&packed), &is_new, &rig->err));
    must(rig, tablet_commit(tablet, &rig->err));
    tablet_close(tablet);
    buf_release(&packed);
    formkit_release(&kit);
}

void rig_init_empty(struct face_rig *rig, const struct env *env, const char *secret) {
    const char *folder = getenv("TMPDIR");

    *rig = (struct face_rig){.secret = secret};
    err_init(&rig->err, LANG_EN);
    must(rig, crypt_start(&rig->err));
    (void)snprintf(rig->folder, sizeof(rig->folder), "%s/yg-face-XXXXXX",
                   folder == NULL || strlen(folder) > 100 ? "/tmp" : folder);
    assert_non_null(mkdtemp(rig->folder));
    (void)snprintf(rig->data, sizeof(rig->data), "%s/tablet", rig->folder);
    buf_init(&rig->out, 64u << 20);
    buf_init(&rig->err_out, 64u << 20);
    face_init(&rig->face, env);
    rig->face.options.cost = cheap(rig).cost;
}

void rig_init(struct face_rig *rig) {
    rig_init_empty(rig, env_system(), RIG_SECRET);
    found(rig);
    rig_form(rig, survey, choices, settings, 1);
}

static int remove_one(const char *path, const struct stat *found_stat, int type,
                      struct FTW *position) {
    (void)found_stat;
    (void)type;
    (void)position;
    return remove(path);
}

void rig_release(struct face_rig *rig) {
    if (rig->service != 0)
        rig_stop(rig);
    face_release(&rig->face);
    buf_release(&rig->out);
    buf_release(&rig->err_out);
    (void)nftw(rig->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int rig_set_up(void **state) {
    struct face_rig *rig = malloc(sizeof(*rig));

    assert_non_null(rig);
    rig_init(rig);
    *state = rig;
    return 0;
}

int rig_tear_down(void **state) {
    rig_release(*state);
    free(*state);
    return 0;
}

/* ---- running ---- */

struct caught {
    int saved, file, stream;
    char path[200];
};

static void catch_start(struct face_rig *rig, int stream, struct caught *caught) {
    (void)fflush(stream == 1 ? stdout : stderr);
    (void)snprintf(caught->path, sizeof(caught->path), "%s/stream-%d", rig->folder, stream);
    caught->stream = stream;
    caught->saved = dup(stream);
    caught->file = open(caught->path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(caught->saved >= 0 && caught->file >= 0);
    assert_int_equal(dup2(caught->file, stream), stream);
}

static void catch_end(struct face_rig *rig, struct caught *caught, struct buf *out) {
    (void)fflush(caught->stream == 1 ? stdout : stderr);
    assert_int_equal(dup2(caught->saved, caught->stream), caught->stream);
    (void)close(caught->saved);
    (void)close(caught->file);
    buf_clear(out);
    must(rig, file_read(caught->path, 64u << 20, out, &rig->err));
}

static int run(struct face_rig *rig, va_list words) {
    struct command_environment environment = {.passphrase = rig->secret, .language = "en"};
    struct caught out, err_out;
    char *argv[64] = {(char *)"yg-agent"};
    char data[200];
    int argc = 1, status;

    for (const char *word; (word = va_arg(words, const char *)) != NULL && argc < 60;)
        argv[argc++] = (char *)(uintptr_t)word;
    (void)snprintf(data, sizeof(data), "--data=%s", rig->data);
    argv[argc++] = data;
    catch_start(rig, 1, &out);
    catch_start(rig, 2, &err_out);
    status = command_main(&rig->face.table, argc, argv, &environment);
    catch_end(rig, &err_out, &rig->err_out);
    catch_end(rig, &out, &rig->out);
    return status;
}

int rig_run(struct face_rig *rig, ...) {
    va_list words;
    int status;

    va_start(words, rig);
    status = run(rig, words);
    va_end(words);
    return status;
}

const char *rig_out(struct face_rig *rig) {
    return buf_text(&rig->out);
}

const char *rig_err(struct face_rig *rig) {
    return buf_text(&rig->err_out);
}

char *rig_line(struct face_rig *rig) {
    char *line = strdup(rig_out(rig));

    assert_non_null(line);
    assert_true(strlen(line) > 1 && strchr(line, '\n') == line + strlen(line) - 1);
    line[strlen(line) - 1] = '\0';
    return line;
}

struct json *rig_json(struct face_rig *rig) {
    struct json *json = NULL;

    must(rig, json_parse(buf_view(&rig->out), (struct json_limits){.bytes = 64u << 20, .depth = 32},
                         &json, &rig->err));
    return json;
}

struct json *rig_show(struct face_rig *rig, const char *record) {
    rig_good(rig, "show", record, "--json");
    return rig_json(rig);
}

const char *rig_value(const struct json *shown, const char *path) {
    const struct json *item = json_get(json_get(shown, "values"), path);

    if (json_type(item) == JSON_NUMBER)
        return (const char *)json_number_text(item).data;
    return json_text_or(item, NULL);
}

const char *rig_file(struct face_rig *rig, const char *name, struct view text) {
    static char path[200];

    (void)snprintf(path, sizeof(path), "%s/%s", rig->folder, name);
    must(rig, file_write(path, text, FILE_MODE_PRIVATE, &rig->err));
    return path;
}

/* ---- the service ---- */

void rig_serve(struct face_rig *rig) {
    struct command_environment environment = {.language = "en"};
    char data[200], line[400];
    char *argv[] = {(char *)"yg-agent", (char *)"serve", (char *)"--every=0", data};
    int ends[2];
    ssize_t size;

    (void)snprintf(data, sizeof(data), "--data=%s", rig->data);
    assert_int_equal(pipe(ends), 0);
    (void)fflush(NULL);
    rig->service = fork();
    assert_true(rig->service >= 0);
    if (rig->service == 0) {
        int silent = open("/dev/null", O_WRONLY);

        if (dup2(ends[1], 1) == 1 && dup2(silent, 2) == 2)
            _exit(command_main(&rig->face.table, 4, argv, &environment));
        _exit(9);
    }
    (void)close(ends[1]);
    size = read(ends[0], line, sizeof(line)); /* one write of the service: it listens now */
    assert_true(size > 8);
    assert_memory_equal(line, "serving ", 8);
    (void)close(ends[0]);
}

void rig_stop(struct face_rig *rig) {
    int status = -1;

    assert_int_equal(kill(rig->service, SIGTERM), 0);
    assert_int_equal(waitpid(rig->service, &status, 0), rig->service);
    rig->service = 0;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}
