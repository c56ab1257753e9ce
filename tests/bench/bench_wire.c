/* bench_wire.c: bytes and time of frames, against `xz -9e` of the same changes as lines of JSON. */
#include "base/crypt.h"
#include "tests/support/survey.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SURVEYS 500u
#define ROUNDS  12u
#define ACTOR   UINT64_C(0x0123456789abcdef)
#define FORM    UINT64_C(0x1122334455667788)
#define PERSON  UINT64_C(0x99aabbccddeeff00)

static double now_us(void) {
    struct timespec time;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void secret_of(void *context, uint64_t run, uint8_t secret[16]) {
    uint8_t hash[32];

    (void)context;
    crypt_hash("bench", view_of(&run, sizeof(run)), hash);
    memcpy(secret, hash, 16);
}

static void pack_with_xz(int in, int out) {
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && null >= 0 && dup2(null, 2) >= 0)
        (void)execlp("xz", "xz", "-9e", "-c", (char *)NULL);
    _exit(127);
}

/* An open temporary file without a name. */
static int scratch_file(void) {
    char path[] = "/tmp/bench_wire.XXXXXX";
    int file = mkstemp(path);

    if (file >= 0)
        (void)unlink(path);
    return file;
}

/* The size of what `xz -9e` makes of it; 0 without xz. */
static long xz_bytes(const struct buf *lines) {
    int in = scratch_file(), out = scratch_file(), status = -1;
    long size = 0;
    struct stat about;
    pid_t child;

    if (in >= 0 && out >= 0 && write(in, lines->data, lines->size) == (ssize_t)lines->size &&
        lseek(in, 0, SEEK_SET) == 0) {
        child = fork();
        if (child == 0)
            pack_with_xz(in, out);
        if (child > 0 && waitpid(child, &status, 0) == child && status == 0 &&
            fstat(out, &about) == 0)
            size = about.st_size;
    }
    (void)close(in);
    (void)close(out);
    return size;
}

static int fail(const struct err *err) {
    (void)fprintf(stderr, "bench_wire: %s\n", err->text);
    return 1;
}

static int run(const char *what, struct frame *frame, int level, const struct buf *lines) {
    struct zip_deflater *deflater = NULL;
    struct zip_inflater *inflater = NULL;
    struct arena arena;
    struct err err;
    struct buf out;
    double encode = 1e18, decode = 1e18;
    long xz = xz_bytes(lines);
    double count = frame->count;
    size_t entries = 0;

    err_init(&err, LANG_EN);
    buf_init(&out, 8u << 20);
    arena_init(&arena, 512u << 20);
    for (uint32_t i = 0; i < frame->count; i++)
        entries += frame->changes[i].change.entry_count;
    if (zip_deflater_new(level, &deflater, &err) != RC_OK ||
        zip_inflater_new(&inflater, &err) != RC_OK)
        return fail(&err);
    for (unsigned i = 0; i < ROUNDS; i++) {
        double start = now_us();

        buf_clear(&out);
        if (frame_encode(frame, secret_of, NULL, deflater, &out, &err) != RC_OK)
            return fail(&err);
        encode = now_us() - start < encode ? now_us() - start : encode;
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct frame back;
        double start = now_us();

        arena_reset(&arena);
        if (frame_decode(buf_view(&out), inflater, &arena, &back, &err) != RC_OK)
            return fail(&err);
        decode = now_us() - start < decode ? now_us() - start : decode;
    }
    (void)printf("%-18s level %d: %7.1f B each (%zu B), %5.1f entries each; lines %7.1f, "
                 "xz -9e %7.1f (ratio %.3f); encode %.1f us, decode with leaves %.1f us each\n",
                 what, level, (double)out.size / count, out.size, (double)entries / count,
                 (double)lines->size / count, (double)xz / count,
                 xz > 0 ? (double)out.size / (double)xz : 0.0, encode / count, decode / count);
    zip_deflater_free(deflater);
    zip_inflater_free(inflater);
    buf_release(&out);
    arena_release(&arena);
    return 0;
}

static int surveys(uint32_t count, bool members) {
    struct chance chance = {.state = 7};
    struct arena arena;
    struct buf lines;
    struct frame frame = {.actor = ACTOR, .area = 430621101000, .audience = 1, .form = FORM};
    int64_t wall_ms = 1763884800000;
    int result = 0;

    arena_init(&arena, 256u << 20);
    buf_init(&lines, 64u << 20);
    frame.count = count;
    frame.changes = arena_array(&arena, count, sizeof(*frame.changes));
    if (frame.changes == NULL)
        return 1;
    for (uint32_t i = 0; i < count; i++) {
        (members ? survey_household : survey_make)(&chance, (struct dot){ACTOR, 1000 + i}, FORM,
                                                   PERSON, &wall_ms, &arena,
                                                   &frame.changes[i].change);
        survey_line(&frame.changes[i].change, &lines);
    }
    result |= run(members ? "with members" : "surveys", &frame, 6, &lines);
    if (count == 500 && !members)
        result |= run("surveys", &frame, 9, &lines);
    arena_release(&arena);
    buf_release(&lines);
    return result;
}

static int edits(uint32_t count) {
    struct chance chance = {.state = 11};
    struct arena arena;
    struct buf lines;
    struct frame frame = {.actor = ACTOR, .area = 430621101000, .audience = 1, .form = FORM};
    int64_t wall_ms = 1763884800000;
    int result;

    arena_init(&arena, 256u << 20);
    buf_init(&lines, 64u << 20);
    frame.count = count;
    frame.changes = arena_array(&arena, count, sizeof(*frame.changes));
    if (frame.changes == NULL)
        return 1;
    for (uint32_t i = 0; i < count; i++) {
        survey_edit(&chance, (struct dot){ACTOR, 1600 + i},
                    (struct dot){ACTOR, 1000 + chance_below(&chance, 500)}, FORM, PERSON, &wall_ms,
                    &arena, &frame.changes[i].change);
        survey_line(&frame.changes[i].change, &lines);
    }
    result = run("edits", &frame, 9, &lines);
    arena_release(&arena);
    buf_release(&lines);
    return result;
}

int main(void) {
    struct err err;

    err_init(&err, LANG_EN);
    if (crypt_start(&err) != RC_OK)
        return fail(&err);
    return surveys(500, false) | surveys(50, false) | surveys(1, false) | surveys(300, true) |
           edits(1) | edits(10) | edits(100);
}
