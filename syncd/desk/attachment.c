/* attachment.c: what is known of photos, sound and files, and a look at one of them. */
#include "syncd/sync/attachment.h"
#include "base/file.h"
#include "base/text.h"
#include "base/words.h"
#include "syncd/desk/desk.h"
#include "syncd/desk/listing.h"
#include "syncd/sync/attachment_backup.h"

struct attachment_list {
    struct seat *seat;
    struct command *command;
    struct listing listing;
};

static struct view device_name(struct seat *seat, uint64_t id) {
    struct stored_device device;
    struct err ignored;

    err_init(&ignored, LANG_EN);
    if (store_device(seat->ledger->store, id, &seat->arena, &device, &ignored) != RC_OK)
        return view_text("?");
    return device.name;
}

static const char *state_of(const struct stored_attachment *item) {
    if (item->erased)
        return WORD("erased by law");
    if (item->backed_up_ms != 0)
        return WORD("backed up");
    return item->received_ms != 0 ? WORD("here") : WORD("still on the tablet");
}

static enum rc list_visit(void *context, const struct stored_attachment *item, struct err *err) {
    struct attachment_list *list = context;
    struct view device = device_name(list->seat, item->device);
    char hex[65], area[AREA_TEXT_BYTES], announced[TIME_TEXT_BYTES], received[TIME_TEXT_BYTES];
    struct json *json;

    hex_encode(view_of(item->hash, 32), hex);
    area_text(item->area, area);
    time_text(item->announced_ms, announced);
    time_text(item->received_ms, received);
    if (list->command->json) {
        json = json_object();
        json_add_text(json, "hash", hex);
        json_add_text(json, "type", attachment_media_type(item->kind));
        json_add_int(json, "bytes", item->size);
        json_add_text(json, "area", area);
        json_add_view(json, "device", device);
        json_add_text(json, "announced", announced);
        json_add_text(json, "received", received);
        json_add_text(json, "state", state_of(item));
        return listing_item(&list->listing, json, err);
    }
    listing_cell(&list->listing, view_text(hex));
    listing_cell(&list->listing, view_text(attachment_media_type(item->kind)));
    listing_cellf(&list->listing, "%u", (unsigned)item->size);
    listing_cell(&list->listing, view_text(area));
    listing_cell(&list->listing, device);
    listing_cell(&list->listing, view_text(announced));
    listing_cell(&list->listing, view_text(words(list->command->lang, state_of(item))));
    return RC_OK;
}

enum rc desk_attachments(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {"hash",   "type",      "bytes", "area",
                                        "device", "announced", "state", NULL};
    struct seat seat;
    struct attachment_list list = {.seat = &seat, .command = command};
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK) {
        listing_start(&list.listing, command, &seat.arena, heads);
        rc = store_attachments(seat.ledger->store, command_option(command, "--missing") != NULL,
                               list_visit, &list, err);
        rc = listing_end(&list.listing, rc, err);
    }
    seat_close(&seat);
    return rc;
}

/* --- save --- */

static enum rc save_act(void *context, struct work *work, struct err *err) {
    struct command *command = context;

    return work_act(work, "command line", "attachment save", command->words[0],
                    view_text(command_option(command, "--reason")), err);
}

static enum rc find(struct seat *seat, const char *text, struct stored_attachment *item,
                    struct err *err) {
    uint8_t hash[32];
    enum rc rc;

    if (!hex_decode(view_text(text), hash, sizeof(hash)))
        return err_set(err, RC_USAGE,
                       "%.70s: an attachment is named by 64 hexadecimal digits; see: yg-syncd "
                       "attachments",
                       text);
    rc = store_attachment(seat->ledger->store, hash, item, err);
    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_NOT_FOUND,
                       "%s: no tablet has announced it; see: yg-syncd attachments", text);
    if (rc == RC_OK && item->erased)
        return err_set(err, RC_NOT_FOUND, "%s: it was erased by law", text);
    if (rc == RC_OK && item->received_ms == 0) {
        struct view device = device_name(seat, item->device);

        return err_set(err, RC_NOT_FOUND, "%s: it is still on the tablet %.*s", text,
                       VIEW_PRINT(device));
    }
    return rc;
}

/* The look is in the staff log before anybody sees anything. */
static enum rc save_to(struct seat *seat, struct command *command,
                       const struct stored_attachment *item, const char *to, struct err *err) {
    char path[ATTACHMENT_PATH_BYTES];
    struct buf content;
    enum rc rc = attachment_path(seat->office->directory, item->hash, path, err);

    if (rc == RC_OK)
        rc = attachment_file_check(path, item->hash, item->size, err);
    if (rc == RC_OK)
        rc = office_act(seat->office, save_act, command, err);
    buf_init(&content, LIMIT_ATTACHMENT_BYTES);
    if (rc == RC_OK)
        rc = file_read(path, LIMIT_ATTACHMENT_BYTES, &content, err);
    if (rc == RC_OK)
        rc = to == NULL ? command_print(command, buf_view(&content), err)
                        : file_write(to, buf_view(&content), FILE_MODE_PRIVATE, err);
    buf_release(&content);
    return rc;
}

enum rc desk_attachment_save(void *context, struct command *command, struct err *err) {
    const char *reason = command_option(command, "--reason");
    bool to_output = strcmp(command->words[1], "-") == 0;
    char to[FILE_PATH_BYTES_MAX] = "";
    struct stored_attachment item;
    struct seat seat;
    enum rc rc = RC_OK;

    if (reason == NULL || text_trim(view_text(reason)).size == 0)
        return err_set(err, RC_USAGE,
                       "--reason TEXT is missing; looking at what is masked is logged");
    if (!to_output)
        rc = command_path(command, command->words[1], to, sizeof(to), err);
    if (rc == RC_OK && !to_output && file_exists(to))
        rc = err_set(err, RC_CONFLICT, "%s: there is such a file already; give another name", to);
    if (rc != RC_OK)
        return rc;
    rc = seat_open(context, command, &seat, err);
    if (rc == RC_OK)
        rc = find(&seat, command->words[0], &item, err);
    if (rc == RC_OK)
        rc = save_to(&seat, command, &item, to_output ? NULL : to, err);
    if (rc == RC_OK && command->json && !to_output) {
        struct json *json = json_object();

        json_add_text(json, "file", to);
        json_add_text(json, "type", attachment_media_type(item.kind));
        json_add_int(json, "bytes", item.size);
        rc = command_print_json(command, json, err);
    }
    seat_close(&seat);
    return rc;
}

/* --- backup, confirm, restore, verify --- */

typedef enum rc copy_all(const struct office *office, const char *folder,
                         struct attachment_copied *report, struct err *err);

static enum rc print_copied(struct command *command, const struct attachment_copied *copied,
                            copy_all *all, struct err *err) {
    unsigned long long done = copied->done, before = copied->before;
    struct json *json;

    if (command->json) {
        json = json_object();
        json_add_int(json, "done", (int64_t)copied->done);
        json_add_int(json, "before", (int64_t)copied->before);
        json_add_int(json, "missing", (int64_t)copied->missing);
        json_add_int(json, "damaged", (int64_t)copied->damaged);
        return command_print_json(command, json, err);
    }
    if (all == attachment_backup_make)
        command_say(command,
                    "%llu copied, %llu were there already; next: yg-syncd attachment confirm, "
                    "from where they are kept",
                    done, before);
    else if (all == attachment_backup_confirm)
        command_say(command, "%llu read back and safe now, %llu were before", done, before);
    else
        command_say(command, "%llu put back, %llu were here", done, before);
    if (copied->missing > 0)
        command_say(command, "%llu are missing", (unsigned long long)copied->missing);
    return RC_OK;
}

static enum rc run_copy(struct desk *desk, struct command *command, copy_all *all,
                        struct err *err) {
    char folder[FILE_PATH_BYTES_MAX];
    struct attachment_copied copied;
    struct seat seat;
    enum rc rc = command_path(command, command->words[0], folder, sizeof(folder), err);

    if (rc != RC_OK)
        return rc;
    rc = seat_open(desk, command, &seat, err);
    if (rc == RC_OK)
        rc = all(seat.office, folder, &copied, err);
    if (rc == RC_OK)
        rc = print_copied(command, &copied, all, err);
    if (rc == RC_OK && copied.damaged > 0)
        rc = err_set(err, RC_CORRUPT,
                     "%llu attachments are damaged; the log of the service says which",
                     (unsigned long long)copied.damaged);
    seat_close(&seat);
    return rc;
}

enum rc desk_attachment_backup(void *context, struct command *command, struct err *err) {
    return run_copy(context, command, attachment_backup_make, err);
}

enum rc desk_attachment_confirm(void *context, struct command *command, struct err *err) {
    return run_copy(context, command, attachment_backup_confirm, err);
}

enum rc desk_attachment_restore(void *context, struct command *command, struct err *err) {
    return run_copy(context, command, attachment_backup_restore, err);
}

struct checking {
    struct seat *seat;
    struct command *command;
    uint64_t good, bad;
};

static enum rc check_visit(void *context, const struct stored_attachment *item, struct err *err) {
    struct checking *checking = context;
    char path[ATTACHMENT_PATH_BYTES];
    enum rc rc;

    if (item->received_ms == 0 || item->erased)
        return RC_OK;
    rc = attachment_path(checking->seat->office->directory, item->hash, path, err);
    if (rc == RC_OK)
        rc = attachment_file_check(path, item->hash, item->size, err);
    if (rc == RC_CORRUPT || rc == RC_NOT_FOUND) {
        command_say(checking->command, "difference: %s", err->text);
        err_clear(err);
        checking->bad++;
        return RC_OK;
    }
    checking->good += rc == RC_OK;
    return rc;
}

enum rc desk_attachment_verify(void *context, struct command *command, struct err *err) {
    struct seat seat;
    struct checking checking = {.seat = &seat, .command = command};
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK)
        rc = store_attachments(seat.ledger->store, false, check_visit, &checking, err);
    if (rc == RC_OK && command->json) {
        struct json *json = json_object();

        json_add_int(json, "good", (int64_t)checking.good);
        json_add_int(json, "damaged", (int64_t)checking.bad);
        rc = command_print_json(command, json, err);
    } else if (rc == RC_OK) {
        command_say(command, "%llu attachments are what their names say",
                    (unsigned long long)checking.good);
    }
    if (rc == RC_OK && checking.bad > 0)
        rc = err_set(err, RC_CORRUPT,
                     "%llu attachments are damaged or missing; tablets that still have them send "
                     "them again, or: yg-syncd attachment restore",
                     (unsigned long long)checking.bad);
    seat_close(&seat);
    return rc;
}
