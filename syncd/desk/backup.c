/* backup.c: the county into a file, the proof that the file is good, and back again. */
#include "syncd/sync/backup.h"
#include "base/crypt.h"
#include "base/file.h"
#include "base/text.h"
#include "base/words.h"
#include "syncd/desk/desk.h"
#include "syncd/sync/restore.h"

#define RESTORE_ARENA_BYTES (1024u * 1024u * 1024u)

/* --- backup, backup confirm --- */

static enum rc print_backup(struct command *command, const char *path,
                            const struct backup_info *info, bool confirmed, bool moved,
                            struct err *err) {
    char made[TIME_TEXT_BYTES], digest[65];
    struct json *json;

    time_text(info->made_ms, made);
    hex_encode(view_of(info->digest, 32), digest);
    if (command->json) {
        json = json_object();
        json_add_text(json, "file", path);
        json_add_text(json, "made", made);
        json_add_text(json, "digest", digest);
        json_add_int(json, "epoch", info->epoch);
        json_add_int(json, "bytes", (int64_t)info->database_bytes);
        json_add_int(json, "actors", info->actor_count);
        json_add_bool(json, "confirmed", confirmed);
        if (confirmed)
            json_add_bool(json, "moved", moved);
        return command_print_json(command, json, err);
    }
    if (!confirmed)
        command_say(command,
                    "backup %s is written; bring it to where it is kept, then: yg-syncd backup "
                    "confirm FILE",
                    path);
    else if (moved)
        command_say(command,
                    "backup %s of %s is whole; the tablets learn at their next sync that what it "
                    "holds is safe",
                    path, made);
    else
        command_say(command, "backup %s of %s is whole; it holds nothing that was not safe before",
                    path, made);
    return command_printf(command, err, "%s\n", digest);
}

static enum rc run_backup(struct desk *desk, struct command *command, const char *word,
                          bool confirm, struct err *err) {
    struct seat seat;
    struct backup_info info;
    char path[FILE_PATH_BYTES_MAX];
    bool moved = false;
    enum rc rc = command_path(command, word, path, sizeof(path), err);

    if (rc != RC_OK)
        return rc;
    rc = seat_open(desk, command, &seat, err);
    if (rc == RC_OK)
        rc = confirm ? backup_confirm(seat.office, path, &seat.arena, &info, &moved, err)
                     : backup_make(seat.office, path, &seat.arena, &info, err);
    if (rc == RC_OK)
        rc = print_backup(command, path, &info, confirm, moved, err);
    seat_close(&seat);
    return rc;
}

enum rc desk_backup(void *context, struct command *command, struct err *err) {
    return run_backup(context, command, command->words[0], false, err);
}

enum rc desk_backup_confirm(void *context, struct command *command, struct err *err) {
    return run_backup(context, command, command->words[0], true, err);
}

/* --- restore --- */

struct halves {
    char first[256], second[256]; /* as written or typed */
};

static enum rc read_half(struct command *command, const char *option, const char *prompt,
                         char out[256], struct err *err) {
    const char *file = command_option(command, option);
    struct view line;
    struct buf text;
    enum rc rc;

    if (file == NULL)
        return command_secret(command, prompt, out, 256, err);
    buf_init(&text, 4096);
    rc = command_read(command, file, 4096, &text, err);
    line = text_trim(buf_view(&text));
    if (rc == RC_OK && line.size >= 256)
        rc = err_set(err, RC_INVALID,
                     "recovery half: not of the form 1-XXXXX-...; copy it again from the paper");
    if (rc == RC_OK) {
        memcpy(out, line.data, line.size);
        out[line.size] = '\0';
    }
    crypt_buf_release(&text);
    return rc;
}

static enum rc read_halves(struct command *command, struct halves *halves, bool *given,
                           struct err *err) {
    bool first = command_option(command, "--first-half") != NULL;
    bool second = command_option(command, "--second-half") != NULL;
    enum rc rc;

    *given = first || second || command_option(command, "--halves") != NULL;
    if (!*given)
        return RC_OK;
    if (command->secret.size > 0 && (!first || !second))
        return err_set(err, RC_USAGE,
                       "the halves are not one secret; give --first-half FILE and --second-half "
                       "FILE, or type both");
    rc = read_half(command, "--first-half", "first half: ", halves->first, err);
    if (rc == RC_OK)
        rc = read_half(command, "--second-half", "second half: ", halves->second, err);
    return rc;
}

static enum rc print_restored(struct command *command, const struct backup_info *info,
                              uint32_t epoch, struct err *err) {
    char made[TIME_TEXT_BYTES], path[FILE_PATH_BYTES_MAX];
    bool has_list;
    struct json *json;

    snprintf(path, sizeof(path), "%s/redactions", command->data);
    has_list = file_exists(path);
    time_text(info->made_ms, made);
    if (command->json) {
        json = json_object();
        json_add_text(json, "made", made);
        json_add_int(json, "epoch", epoch);
        json_add_int(json, "actors", info->actor_count);
        json_add_int(json, "redactions", info->redactions);
        return command_print_json(command, json, err);
    }
    command_say(command, "the county is restored as it was at %s; its epoch is %u", made,
                (unsigned)epoch);
    if (has_list)
        command_say(command, "erased again by law: %u redactions since that backup",
                    (unsigned)info->redactions);
    else
        command_say(command,
                    "there was no file redactions here: if anything was erased by law since "
                    "that backup, it is back; see docs/operations.md");
    command_say(command, "now look at docs/operations.md: what was decided since then is to be "
                         "decided again, and tablets send again what they have");
    return RC_OK;
}

enum rc desk_restore(void *context, struct command *command, struct err *err) {
    struct restore_options options = {.directory = command->data, .env = env_system()};
    struct backup_info info;
    struct halves halves = {"", ""};
    struct arena arena;
    char path[FILE_PATH_BYTES_MAX];
    uint32_t epoch = 0;
    bool given = false;
    enum rc rc = command_path(command, command->words[0], path, sizeof(path), err);

    (void)context;
    arena_init(&arena, RESTORE_ARENA_BYTES);
    if (rc == RC_OK)
        rc = read_halves(command, &halves, &given, err);
    options.backup = path;
    if (given) {
        options.first_half = halves.first;
        options.second_half = halves.second;
    }
    if (rc == RC_OK)
        rc = restore_county(&options, &arena, &info, &epoch, err);
    if (rc == RC_OK)
        rc = print_restored(command, &info, epoch, err);
    if (rc == RC_OK && info.made_ms > env_wall_ms(options.env))
        command_say(command, "the backup was made at a time that this computer's clock has not "
                             "reached yet; see that the clock is right before tablets come");
    crypt_wipe(&halves, sizeof(halves));
    arena_release(&arena);
    return rc;
}
